//! Every fault against every kind of call: what the server saw, and how the call ended. One cell each.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clm::keyfactor::{CertificateLocation, Schedule};
use clm::testing::{FakeAppViewX, FakeKeyfactor};
use clm::{RetryPolicy, appviewx, keyfactor};
use support::fault::{Fault, FaultServer, Length, Seen};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// What one call is expected to come to. The numbers are those of the design's table, copied by hand.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cell {
    /// Complete requests that the server received.
    copies: usize,
    attempts: u32,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum End {
    Done,
    /// Nothing can have arrived.
    Transport,
    /// Refused with this status.
    Api(u16),
    /// Refused with this status, after a copy that was never answered.
    ApiAfterUnanswered(u16),
    /// With the status of the answer, if one began.
    Unknown(Option<u16>),
    /// Any other variant. No cell expects it.
    Other,
}

const fn ok(copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Done }
}

const fn transport(copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Transport }
}

const fn api(status: u16, copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Api(status) }
}

const fn echo(status: u16, copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::ApiAfterUnanswered(status) }
}

const fn unknown(status: u16, copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Unknown(Some(status)) }
}

/// Unknown, and no head of an answer came.
const fn silent(copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Unknown(None) }
}

const NOW: Option<&str> = Some("0");
/// Longer than any budget here: the call ends at once with what it has.
const LATER: Option<&str> = Some("3600");
const FAILURE: &str =
    r#"{"response": null, "message": "no", "appStatusCode": "CERT-GEN-0033", "tags": {}, "headers": null}"#;

/// Three tries at most. In the order: a change with the fault at its first try, at every try; a change with
/// `repeat_after_silence()` with the fault at its first try, at every try.
#[rustfmt::skip]
const ONE_FAULT: &[(Fault, [Cell; 4])] = &[
    //                                 change: first try   every try             repeated: first try   every try
    (Fault::Good,                      [ok(1, 1),            ok(1, 1),            ok(1, 1),            ok(1, 1)]),
    // No connection: nothing was sent.
    (Fault::Refuse,                    [ok(1, 2),            transport(0, 3),     ok(1, 2),            transport(0, 3)]),
    // No head of an answer. What cannot be told from a request that arrived counts as one.
    (Fault::CloseOnAccept,             [silent(0, 1),        silent(0, 1),        ok(1, 2),            silent(0, 3)]),
    (Fault::Reset,                     [silent(0, 1),        silent(0, 1),        ok(1, 2),            silent(0, 3)]),
    (Fault::CloseAfterHead,            [silent(0, 1),        silent(0, 1),        ok(1, 2),            silent(0, 3)]),
    (Fault::CloseAfterHalfBody,        [silent(0, 1),        silent(0, 1),        ok(1, 2),            silent(0, 3)]),
    (Fault::CloseBeforeAnswer,         [silent(1, 1),        silent(1, 1),        ok(2, 2),            silent(3, 3)]),
    (Fault::HalfHead,                  [silent(1, 1),        silent(1, 1),        ok(2, 2),            silent(3, 3)]),
    // The limit of one try is that of all tries, so silence that lasts leaves no time for a second one.
    (Fault::Hang,                      [silent(1, 1),        silent(1, 1),        silent(1, 1),        silent(1, 1)]),
    (Fault::TrickledHead,              [silent(1, 1),        silent(1, 1),        silent(1, 1),        silent(1, 1)]),
    // A head that cannot be read.
    (Fault::NotHttp,                   [silent(1, 1),        silent(1, 1),        ok(2, 2),            silent(3, 3)]),
    (Fault::HugeHeader,                [silent(1, 1),        silent(1, 1),        ok(2, 2),            silent(3, 3)]),
    (Fault::Length(Length::NoNumber),  [silent(1, 1),        silent(1, 1),        ok(2, 2),            silent(3, 3)]),
    (Fault::Length(Length::Twice),     [silent(1, 1),        silent(1, 1),        ok(2, 2),            silent(3, 3)]),
    // 2xx, and a body that breaks off, comes late or is malformed.
    (Fault::HalfBody,                  [unknown(200, 1, 1),  unknown(200, 1, 1),  ok(2, 2),            unknown(200, 3, 3)]),
    (Fault::Cut(200),                  [unknown(200, 1, 1),  unknown(200, 1, 1),  ok(2, 2),            unknown(200, 3, 3)]),
    (Fault::Length(Length::TooLarge),  [unknown(200, 1, 1),  unknown(200, 1, 1),  ok(2, 2),            unknown(200, 3, 3)]),
    (Fault::TrickledBody,              [unknown(200, 1, 1),  unknown(200, 1, 1),  ok(2, 2),            unknown(200, 3, 3)]),
    (Fault::BodyHangs,                 [unknown(200, 1, 1),  unknown(200, 1, 1),  ok(2, 2),            unknown(200, 3, 3)]),
    (Fault::ChunkedGarbage,            [unknown(200, 1, 1),  unknown(200, 1, 1),  ok(2, 2),            unknown(200, 3, 3)]),
    (Fault::ChunkedUnended,            [unknown(200, 1, 1),  unknown(200, 1, 1),  ok(2, 2),            unknown(200, 3, 3)]),
    // 2xx, and a body that is too large or of another shape.
    (Fault::Endless(200),              [unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1)]),
    (Fault::Length(Length::TooSmall),  [unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1)]),
    (Fault::HalfBodyUnannounced,       [unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1)]),
    (Fault::Html(200),                 [unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1)]),
    (Fault::NotUtf8,                   [unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1)]),
    (Fault::Gzip,                      [unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1)]),
    (Fault::Body(200, ""),             [unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1)]),
    (Fault::Body(200, "null"),         [unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1),  unknown(200, 1, 1)]),
    (Fault::Status(204, None),         [unknown(204, 1, 1),  unknown(204, 1, 1),  unknown(204, 1, 1),  unknown(204, 1, 1)]),
    // 2xx whose envelope says failure. Only AppViewX has such an envelope; Keyfactor's answer is an array.
    (Fault::Body(200, FAILURE),        [unknown(200, 1, 1),  unknown(200, 1, 1),  api(200, 1, 1),      api(200, 1, 1)]),
    // Odd, but no fault.
    (Fault::Interim,                   [ok(1, 1),            ok(1, 1),            ok(1, 1),            ok(1, 1)]),
    (Fault::NotUtf8Inside,             [ok(1, 1),            ok(1, 1),            ok(1, 1),            ok(1, 1)]),
    (Fault::Bom,                       [ok(1, 1),            ok(1, 1),            ok(1, 1),            ok(1, 1)]),
    // 429: refused before it acted, and tried again.
    (Fault::Status(429, None),         [ok(2, 2),            api(429, 3, 3),      ok(2, 2),            api(429, 3, 3)]),
    (Fault::Status(429, NOW),          [ok(2, 2),            api(429, 3, 3),      ok(2, 2),            api(429, 3, 3)]),
    (Fault::Status(429, LATER),        [api(429, 1, 1),      api(429, 1, 1),      api(429, 1, 1),      api(429, 1, 1)]),
    (Fault::Cut(429),                  [ok(2, 2),            api(429, 3, 3),      ok(2, 2),            api(429, 3, 3)]),
    (Fault::Html(429),                 [ok(2, 2),            api(429, 3, 3),      ok(2, 2),            api(429, 3, 3)]),
    // 408, 502, 503, 504: somebody may have passed it on.
    (Fault::Status(408, None),         [unknown(408, 1, 1),  unknown(408, 1, 1),  ok(2, 2),            unknown(408, 3, 3)]),
    (Fault::Status(408, NOW),          [unknown(408, 1, 1),  unknown(408, 1, 1),  ok(2, 2),            unknown(408, 3, 3)]),
    (Fault::Status(408, LATER),        [unknown(408, 1, 1),  unknown(408, 1, 1),  unknown(408, 1, 1),  unknown(408, 1, 1)]),
    (Fault::Status(502, None),         [unknown(502, 1, 1),  unknown(502, 1, 1),  ok(2, 2),            unknown(502, 3, 3)]),
    (Fault::Status(502, NOW),          [unknown(502, 1, 1),  unknown(502, 1, 1),  ok(2, 2),            unknown(502, 3, 3)]),
    (Fault::Status(502, LATER),        [unknown(502, 1, 1),  unknown(502, 1, 1),  unknown(502, 1, 1),  unknown(502, 1, 1)]),
    (Fault::Html(502),                 [unknown(502, 1, 1),  unknown(502, 1, 1),  ok(2, 2),            unknown(502, 3, 3)]),
    (Fault::Status(503, None),         [unknown(503, 1, 1),  unknown(503, 1, 1),  ok(2, 2),            unknown(503, 3, 3)]),
    (Fault::Status(503, NOW),          [unknown(503, 1, 1),  unknown(503, 1, 1),  ok(2, 2),            unknown(503, 3, 3)]),
    (Fault::Status(503, LATER),        [unknown(503, 1, 1),  unknown(503, 1, 1),  unknown(503, 1, 1),  unknown(503, 1, 1)]),
    (Fault::Cut(503),                  [unknown(503, 1, 1),  unknown(503, 1, 1),  ok(2, 2),            unknown(503, 3, 3)]),
    (Fault::Status(504, None),         [unknown(504, 1, 1),  unknown(504, 1, 1),  ok(2, 2),            unknown(504, 3, 3)]),
    (Fault::Status(504, NOW),          [unknown(504, 1, 1),  unknown(504, 1, 1),  ok(2, 2),            unknown(504, 3, 3)]),
    (Fault::Status(504, LATER),        [unknown(504, 1, 1),  unknown(504, 1, 1),  unknown(504, 1, 1),  unknown(504, 1, 1)]),
    // 500 and every other 5xx: it failed half-way, and will again.
    (Fault::Status(500, None),         [unknown(500, 1, 1),  unknown(500, 1, 1),  unknown(500, 1, 1),  unknown(500, 1, 1)]),
    (Fault::Status(500, NOW),          [unknown(500, 1, 1),  unknown(500, 1, 1),  unknown(500, 1, 1),  unknown(500, 1, 1)]),
    (Fault::Status(500, LATER),        [unknown(500, 1, 1),  unknown(500, 1, 1),  unknown(500, 1, 1),  unknown(500, 1, 1)]),
    (Fault::Cut(500),                  [unknown(500, 1, 1),  unknown(500, 1, 1),  unknown(500, 1, 1),  unknown(500, 1, 1)]),
    (Fault::Status(599, None),         [unknown(599, 1, 1),  unknown(599, 1, 1),  unknown(599, 1, 1),  unknown(599, 1, 1)]),
    (Fault::Status(599, NOW),          [unknown(599, 1, 1),  unknown(599, 1, 1),  unknown(599, 1, 1),  unknown(599, 1, 1)]),
    (Fault::Status(599, LATER),        [unknown(599, 1, 1),  unknown(599, 1, 1),  unknown(599, 1, 1),  unknown(599, 1, 1)]),
    // Outside 2xx to 5xx: no refusal that anybody knows.
    (Fault::Status(101, None),         [unknown(101, 1, 1),  unknown(101, 1, 1),  unknown(101, 1, 1),  unknown(101, 1, 1)]),
    (Fault::Status(600, None),         [unknown(600, 1, 1),  unknown(600, 1, 1),  unknown(600, 1, 1),  unknown(600, 1, 1)]),
    // Every other 4xx, 401 with a credential that cannot be renewed among them.
    (Fault::Status(401, None),         [api(401, 1, 1),      api(401, 1, 1),      api(401, 1, 1),      api(401, 1, 1)]),
    (Fault::Status(401, NOW),          [api(401, 1, 1),      api(401, 1, 1),      api(401, 1, 1),      api(401, 1, 1)]),
    (Fault::Status(401, LATER),        [api(401, 1, 1),      api(401, 1, 1),      api(401, 1, 1),      api(401, 1, 1)]),
    (Fault::Status(403, None),         [api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1)]),
    (Fault::Status(403, NOW),          [api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1)]),
    (Fault::Status(403, LATER),        [api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1)]),
    (Fault::Html(403),                 [api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1)]),
    (Fault::Cut(403),                  [api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1)]),
    (Fault::Endless(403),              [api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1),      api(403, 1, 1)]),
    (Fault::Status(404, None),         [api(404, 1, 1),      api(404, 1, 1),      api(404, 1, 1),      api(404, 1, 1)]),
    (Fault::Status(404, NOW),          [api(404, 1, 1),      api(404, 1, 1),      api(404, 1, 1),      api(404, 1, 1)]),
    (Fault::Status(404, LATER),        [api(404, 1, 1),      api(404, 1, 1),      api(404, 1, 1),      api(404, 1, 1)]),
    (Fault::Status(409, None),         [api(409, 1, 1),      api(409, 1, 1),      api(409, 1, 1),      api(409, 1, 1)]),
    (Fault::Status(409, NOW),          [api(409, 1, 1),      api(409, 1, 1),      api(409, 1, 1),      api(409, 1, 1)]),
    (Fault::Status(409, LATER),        [api(409, 1, 1),      api(409, 1, 1),      api(409, 1, 1),      api(409, 1, 1)]),
    (Fault::Status(413, None),         [api(413, 1, 1),      api(413, 1, 1),      api(413, 1, 1),      api(413, 1, 1)]),
    (Fault::Status(413, NOW),          [api(413, 1, 1),      api(413, 1, 1),      api(413, 1, 1),      api(413, 1, 1)]),
    (Fault::Status(413, LATER),        [api(413, 1, 1),      api(413, 1, 1),      api(413, 1, 1),      api(413, 1, 1)]),
    // 3xx, never followed.
    (Fault::Status(301, None),         [api(301, 1, 1),      api(301, 1, 1),      api(301, 1, 1),      api(301, 1, 1)]),
    (Fault::Status(301, NOW),          [api(301, 1, 1),      api(301, 1, 1),      api(301, 1, 1),      api(301, 1, 1)]),
    (Fault::Status(301, LATER),        [api(301, 1, 1),      api(301, 1, 1),      api(301, 1, 1),      api(301, 1, 1)]),
    (Fault::Status(302, None),         [api(302, 1, 1),      api(302, 1, 1),      api(302, 1, 1),      api(302, 1, 1)]),
    (Fault::Status(302, NOW),          [api(302, 1, 1),      api(302, 1, 1),      api(302, 1, 1),      api(302, 1, 1)]),
    (Fault::Status(302, LATER),        [api(302, 1, 1),      api(302, 1, 1),      api(302, 1, 1),      api(302, 1, 1)]),
    (Fault::Status(303, None),         [api(303, 1, 1),      api(303, 1, 1),      api(303, 1, 1),      api(303, 1, 1)]),
    (Fault::Status(303, NOW),          [api(303, 1, 1),      api(303, 1, 1),      api(303, 1, 1),      api(303, 1, 1)]),
    (Fault::Status(303, LATER),        [api(303, 1, 1),      api(303, 1, 1),      api(303, 1, 1),      api(303, 1, 1)]),
    (Fault::Status(304, None),         [api(304, 1, 1),      api(304, 1, 1),      api(304, 1, 1),      api(304, 1, 1)]),
    (Fault::Status(304, NOW),          [api(304, 1, 1),      api(304, 1, 1),      api(304, 1, 1),      api(304, 1, 1)]),
    (Fault::Status(304, LATER),        [api(304, 1, 1),      api(304, 1, 1),      api(304, 1, 1),      api(304, 1, 1)]),
    (Fault::Status(307, None),         [api(307, 1, 1),      api(307, 1, 1),      api(307, 1, 1),      api(307, 1, 1)]),
    (Fault::Status(307, NOW),          [api(307, 1, 1),      api(307, 1, 1),      api(307, 1, 1),      api(307, 1, 1)]),
    (Fault::Status(307, LATER),        [api(307, 1, 1),      api(307, 1, 1),      api(307, 1, 1),      api(307, 1, 1)]),
    (Fault::Status(308, None),         [api(308, 1, 1),      api(308, 1, 1),      api(308, 1, 1),      api(308, 1, 1)]),
    (Fault::Status(308, NOW),          [api(308, 1, 1),      api(308, 1, 1),      api(308, 1, 1),      api(308, 1, 1)]),
    (Fault::Status(308, LATER),        [api(308, 1, 1),      api(308, 1, 1),      api(308, 1, 1),      api(308, 1, 1)]),
    (Fault::Status(302, Some("soon")), [api(302, 1, 1),      api(302, 1, 1),      api(302, 1, 1),      api(302, 1, 1)]),
    // A date that has passed means now; what is neither a number nor a date means nothing.
    (Fault::Status(429, Some("Sun, 06 Nov 1994 08:49:37 GMT")),
                                       [ok(2, 2),            api(429, 3, 3),      ok(2, 2),            api(429, 3, 3)]),
    (Fault::Status(429, Some("Fri, 31 Dec 9999 23:59:59 GMT")),
                                       [api(429, 1, 1),      api(429, 1, 1),      api(429, 1, 1),      api(429, 1, 1)]),
    (Fault::Status(429, Some("soon")), [ok(2, 2),            api(429, 3, 3),      ok(2, 2),            api(429, 3, 3)]),
];

/// Faults that follow one another: those of the first tries, that of all later ones; then a change, and a change with
/// `repeat_after_silence()`.
#[rustfmt::skip]
const SEVERAL_FAULTS: &[(&[Fault], Fault, [Cell; 2])] = &[
    //                                                                          change               repeated
    (&[Fault::Refuse, Fault::Refuse],            Fault::Good,                  [ok(1, 3),            ok(1, 3)]),
    (&[Fault::Refuse, Fault::Status(429, NOW)],  Fault::Good,                  [ok(2, 3),            ok(2, 3)]),
    (&[Fault::Status(429, NOW), Fault::Refuse],  Fault::Good,                  [ok(2, 3),            ok(2, 3)]),
    (&[Fault::Status(429, NOW)],                 Fault::Refuse,                [transport(1, 3),     transport(1, 3)]),
    (&[Fault::Refuse],                           Fault::Status(429, NOW),      [api(429, 2, 3),      api(429, 2, 3)]),
    (&[Fault::Refuse],                           Fault::Status(403, None),     [api(403, 1, 2),      api(403, 1, 2)]),
    (&[Fault::Status(429, NOW)],                 Fault::CloseBeforeAnswer,     [silent(2, 2),        silent(3, 3)]),
    (&[Fault::Status(429, NOW)],                 Fault::Status(503, None),     [unknown(503, 2, 2),  unknown(503, 3, 3)]),
    (&[Fault::Refuse, Fault::HalfBody],          Fault::Good,                  [unknown(200, 1, 2),  ok(2, 3)]),
    // After a copy that was never answered, nothing but an answer that says so is a success or a refusal.
    (&[Fault::CloseBeforeAnswer],                Fault::Refuse,                [silent(1, 1),        silent(1, 3)]),
    (&[Fault::Status(503, None), Fault::Refuse], Fault::Good,                  [unknown(503, 1, 1),  ok(2, 3)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(500, None),     [silent(1, 1),        unknown(500, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Html(200),             [silent(1, 1),        unknown(200, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Endless(200),          [silent(1, 1),        unknown(200, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(503, LATER),    [silent(1, 1),        unknown(503, 2, 2)]),
    // A refusal after such a copy may be its echo.
    (&[Fault::CloseBeforeAnswer],                Fault::Status(403, None),     [silent(1, 1),        echo(403, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(401, None),     [silent(1, 1),        echo(401, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(302, None),     [silent(1, 1),        echo(302, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Status(429, NOW),      [silent(1, 1),        echo(429, 3, 3)]),
    (&[Fault::Status(503, None)],                Fault::Status(409, None),     [unknown(503, 1, 1),  echo(409, 2, 2)]),
    (&[Fault::HalfBody],                         Fault::Status(404, None),     [unknown(200, 1, 1),  echo(404, 2, 2)]),
    (&[Fault::CloseBeforeAnswer],                Fault::Body(200, FAILURE),    [silent(1, 1),        echo(200, 2, 2)]),
];

/// The calls of the table. No public call only reads in this version; that column is driven inside the crate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Call {
    Change,
    Repeated,
}

/// One cell to be tested.
#[derive(Clone, Copy)]
struct Task {
    call: Call,
    script: &'static [Fault],
    then: Fault,
    expected: Cell,
}

/// What a call came to.
struct Observed {
    cell: Cell,
    /// How many times the fake behind the faults made the change.
    changes: usize,
    seen: Seen,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_of_the_table() {
    let tasks = tasks();
    let room = Arc::new(Semaphore::new(16));
    let mut running = JoinSet::new();
    for (number, task) in tasks.iter().copied().enumerate() {
        let room = Arc::clone(&room);
        running.spawn(async move {
            let _permit = room.acquire().await.unwrap();
            // So that a cell which never ends fails alone, and by its name.
            (number, tokio::time::timeout(Duration::from_secs(30), observe(task)).await.ok())
        });
    }
    let mut observed: Vec<Option<Observed>> = tasks.iter().map(|_| None).collect();
    while let Some(ended) = running.join_next().await {
        if let Ok((number, outcome)) = ended {
            observed[number] = outcome;
        }
    }

    let mut failed = 0;
    for (task, observed) in tasks.iter().zip(&observed) {
        let verdict = verdict(task, observed.as_ref());
        failed += usize::from(verdict.is_err());
        println!("{task} {}", verdict.unwrap_or_else(|problem| format!("FAILED: {problem}")));
    }
    let in_crate = print_reads();
    let tested = tasks.len();
    println!("{tested} cells tested, {} passed, {failed} failed; {in_crate} in-crate", tested - failed);
    assert_eq!(failed, 0, "cells failed; their lines say FAILED");
}

fn tasks() -> Vec<Task> {
    let mut tasks = Vec::new();
    for (fault, [change_first, change_every, repeated_first, repeated_every]) in ONE_FAULT {
        let first = std::slice::from_ref(fault);
        for (call, script, then, expected) in [
            (Call::Change, first, Fault::Good, *change_first),
            (Call::Change, &[], *fault, *change_every),
            (Call::Repeated, first, Fault::Good, *repeated_first),
            (Call::Repeated, &[], *fault, *repeated_every),
        ] {
            tasks.push(Task { call, script, then, expected });
        }
    }
    for (script, then, [change, repeated]) in SEVERAL_FAULTS {
        tasks.push(Task { call: Call::Change, script, then: *then, expected: *change });
        tasks.push(Task { call: Call::Repeated, script, then: *then, expected: *repeated });
    }
    tasks
}

/// The column of the calls that only read, so that no cell is left out in silence. Gives the number of its cells.
fn print_reads() -> usize {
    let mut cells = 0;
    for (fault, _) in ONE_FAULT {
        for tries in ["first try", "every try"] {
            println!("{:<10} {tries}: {fault:?}: in-crate (tests of retry::decide)", "Read");
            cells += 1;
        }
    }
    cells
}

fn verdict(task: &Task, observed: Option<&Observed>) -> Result<String, String> {
    let Observed { cell, changes, seen } = observed.ok_or("the cell did not end, or panicked")?;
    if *cell != task.expected {
        return Err(format!("expected {}, came to {cell} ({seen:?})", task.expected));
    }
    if task.call == Call::Change && *changes > 1 {
        return Err(format!("the change was made {changes} times ({seen:?})"));
    }
    if *changes > cell.copies {
        return Err(format!("{changes} changes were made of {} copies ({seen:?})", cell.copies));
    }
    Ok(cell.to_string())
}

async fn observe(task: Task) -> Observed {
    match task.call {
        Call::Change => remove(task).await,
        Call::Repeated => unassign(task).await,
    }
}

async fn remove(task: Task) -> Observed {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "web01.pfx");
    let server = FaultServer::before(&fake.url());
    server.play(task.script.iter().copied(), task.then);
    let builder = keyfactor::Client::builder(format!("{}/KeyfactorAPI", server.origin()));
    let client = task.limits(builder).credentials(fake.credentials()).build().unwrap();
    let location = CertificateLocation::new(store, "web01.pfx");
    let call = client.certificate_stores().remove_certificates([location], Schedule::Immediate).send();
    let ended = server.follow(call).await;
    let (end, attempts) = match &ended {
        Ok(outcome) => (End::Done, outcome.attempts()),
        Err(error) => {
            let end = match error {
                keyfactor::Error::Transport(_) => End::Transport,
                keyfactor::Error::Api(refusal) if refusal.after_unanswered_copy() => {
                    End::ApiAfterUnanswered(refusal.status().as_u16())
                }
                keyfactor::Error::Api(refusal) => End::Api(refusal.status().as_u16()),
                keyfactor::Error::OutcomeUnknown(unknown) => {
                    assert_eq!(unknown.body().is_some(), unknown.status().is_some(), "{unknown:?}");
                    End::Unknown(unknown.status().map(|status| status.as_u16()))
                }
                _ => End::Other,
            };
            (end, error.attempts().unwrap_or(0))
        }
    };
    let seen = server.seen();
    Observed { cell: Cell { copies: seen.copies, attempts, end }, changes: fake.jobs().len(), seen }
}

async fn unassign(task: Task) -> Observed {
    const ID: &str = "67bc2ca76a105e1a05691c1c";
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(ID, "Web");
    let server = FaultServer::before(&fake.url());
    server.play(task.script.iter().copied(), task.then);
    let builder = appviewx::Client::builder(server.origin());
    let client = task.limits(builder).credentials(fake.credentials()).build().unwrap();
    let call = client.certificate_groups().unassign([ID]).repeat_after_silence().send();
    let ended = server.follow(call).await;
    let (end, attempts) = match &ended {
        Ok(outcome) => (End::Done, outcome.attempts()),
        Err(error) => {
            let end = match error {
                appviewx::Error::Transport(_) => End::Transport,
                appviewx::Error::Api(refusal) if refusal.after_unanswered_copy() => {
                    End::ApiAfterUnanswered(refusal.status().as_u16())
                }
                appviewx::Error::Api(refusal) => End::Api(refusal.status().as_u16()),
                appviewx::Error::OutcomeUnknown(unknown) => {
                    assert_eq!(unknown.body().is_some(), unknown.status().is_some(), "{unknown:?}");
                    End::Unknown(unknown.status().map(|status| status.as_u16()))
                }
                _ => End::Other,
            };
            (end, error.attempts().unwrap_or(0))
        }
    };
    let seen = server.seen();
    let changes = usize::from(fake.group_of(ID).as_deref() == Some("Default"));
    Observed { cell: Cell { copies: seen.copies, attempts, end }, changes, seen }
}

impl Task {
    /// Three tries, and real limits: short only where the fault is one of time, and then nothing else waits.
    fn limits<Settings>(&self, builder: clm::ClientBuilder<Settings>) -> clm::ClientBuilder<Settings> {
        let any = |fault| self.then == fault || self.script.contains(&fault);
        let policy = RetryPolicy::DEFAULT.pauses(Duration::from_millis(1), Duration::from_millis(5)).max_tries(3);
        let (connect, change) =
            if any(Fault::Hang) || any(Fault::TrickledHead) { (1_400, 1_500) } else { (5_000, 20_000) };
        let between = if any(Fault::TrickledBody) || any(Fault::BodyHangs) { 300 } else { 10_000 };
        builder
            .retry_policy(policy)
            .connect_timeout(Duration::from_millis(connect))
            .change_timeout(Duration::from_millis(change))
            .between_bytes_timeout(Duration::from_millis(between))
            .max_answer_bytes(64 * 1024)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = match self.call {
            Call::Change => "Change",
            Call::Repeated => "Repeatable",
        };
        match (self.script, self.then) {
            ([], every) => write!(f, "{call:<10} every try: {every:?}:"),
            ([first], Fault::Good) => write!(f, "{call:<10} first try: {first:?}:"),
            (first, then) => write!(f, "{call:<10} {first:?}, then {then:?}:"),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} copies, {} attempts, {:?}", self.copies, self.attempts, self.end)
    }
}
