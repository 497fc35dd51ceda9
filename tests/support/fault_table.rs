//! The table of faults, and what all its columns share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clm::RetryPolicy;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::fault::{Fault, Length};

/// What one call is expected to come to. The numbers are those of the design's table, copied by hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Complete requests that the server received.
    pub copies: usize,
    pub attempts: u32,
    pub end: End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Done,
    /// Nothing can have arrived.
    Transport,
    /// Refused with this status.
    Api(u16),
    /// Refused with this status, after a copy that was never answered.
    ApiAfterUnanswered(u16),
    /// With the status of the answer, if one began.
    Unknown(Option<u16>),
    /// A read was answered 2xx in another shape.
    Decode,
    /// Any other variant. No cell expects it.
    Other,
}

pub const fn ok(copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Done }
}

pub const fn transport(copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Transport }
}

pub const fn api(status: u16, copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Api(status) }
}

pub const fn echo(status: u16, copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::ApiAfterUnanswered(status) }
}

pub const fn unknown(status: u16, copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Unknown(Some(status)) }
}

/// Unknown, and no head of an answer came.
pub const fn silent(copies: usize, attempts: u32) -> Cell {
    Cell { copies, attempts, end: End::Unknown(None) }
}

pub const NOW: Option<&str> = Some("0");
/// Longer than any budget here: the call ends at once with what it has.
pub const LATER: Option<&str> = Some("3600");
pub const FAILURE: &str =
    r#"{"response": null, "message": "no", "appStatusCode": "CERT-GEN-0033", "tags": {}, "headers": null}"#;

/// Three tries at most. In the order: a change with the fault at its first try, at every try; a change with
/// `repeat_after_silence()` with the fault at its first try, at every try.
#[rustfmt::skip]
pub const ONE_FAULT: &[(Fault, [Cell; 4])] = &[
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
    // An answer that begins before a small request is read cannot be told from one that is quick.
    (Fault::AnsweredUnread(429),       [ok(2, 2),            api(429, 3, 3),      ok(2, 2),            api(429, 3, 3)]),
    (Fault::AnsweredUnread(400),       [api(400, 1, 1),      api(400, 1, 1),      api(400, 1, 1),      api(400, 1, 1)]),
    (Fault::AnsweredUnread(503),       [unknown(503, 1, 1),  unknown(503, 1, 1),  ok(2, 2),            unknown(503, 3, 3)]),
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

/// Three tries, and real limits: short only where the fault is one of time, and then nothing else waits.
pub fn limits<Settings>(
    builder: clm::ClientBuilder<Settings>,
    script: &[Fault],
    then: Fault,
) -> clm::ClientBuilder<Settings> {
    let any = |fault| then == fault || script.contains(&fault);
    let policy = RetryPolicy::DEFAULT.pauses(Duration::from_millis(1), Duration::from_millis(5)).max_tries(3);
    let slow = any(Fault::Hang) || any(Fault::TrickledHead);
    let (connect, change) = if slow { (1_400, 1_500) } else { (5_000, 20_000) };
    let between = if any(Fault::TrickledBody) || any(Fault::BodyHangs) { 300 } else { 10_000 };
    builder
        .retry_policy(policy)
        .connect_timeout(Duration::from_millis(connect))
        .change_timeout(Duration::from_millis(change))
        // Of a read, one try has less than all of them: silence leaves time for the next one.
        .read_timeout(Duration::from_millis(if slow { 1_500 } else { 20_000 }))
        .read_budget(Duration::from_secs(20))
        .between_bytes_timeout(Duration::from_millis(between))
        .max_answer_bytes(64 * 1024)
}

/// What every task came to, in their order; `None` for one that did not end, or panicked.
pub async fn observe_all<T, O, F>(tasks: &[T], observe: fn(T) -> F) -> Vec<Option<O>>
where
    T: Copy + Send + 'static,
    O: Send + 'static,
    F: Future<Output = O> + Send + 'static,
{
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
    let mut observed: Vec<Option<O>> = tasks.iter().map(|_| None).collect();
    while let Some(ended) = running.join_next().await {
        if let Ok((number, outcome)) = ended {
            observed[number] = outcome;
        }
    }
    observed
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} copies, {} attempts, {:?}", self.copies, self.attempts, self.end)
    }
}
