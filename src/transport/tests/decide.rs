//! The decision table, cell by cell: copied by hand from the design, computed by nothing.

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::super::cause::Cause;
use super::super::end::{Answer, FailureKind};
use super::super::request::Effect::{self, Change, Read, RepeatableChange};
use super::super::retry::{Body, Next, Try, decide};
use super::super::secrets::Secrets;

/// What follows from a try.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Cell {
    /// `Ok`.
    Done,
    Over(Ends),
    Again(Ends),
    Renew(Ends),
}

/// How the call ends if nothing else follows.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Ends {
    NotDone,
    Refused,
    Unreadable,
    /// Unknown, with an answer that came whole.
    Unknown,
    /// Unknown, with an answer and what became of the rest of it.
    UnknownCut,
    /// Unknown, without an answer.
    UnknownSilent,
}

use Cell::{Again, Done, Over, Renew};
use Ends::{NotDone, Refused, Unknown, UnknownCut, UnknownSilent, Unreadable};

const CAUSE: &str = "the cause";
const BODY: &str = "what came";
const UNTRUSTED: &str = "could not connect: the server's certificate was not accepted";

fn head(status: u16, body: Body) -> Try {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("kept"))]);
    let status = StatusCode::from_u16(status).unwrap();
    Try::Head(Answer { status, headers, body: BODY.as_bytes().to_vec().into(), secrets: Secrets::default() }, body)
}

/// The cell, once everything that has to survive was found in it.
fn cell_of(row: &str, effect: Effect, outcome: Try) -> Cell {
    let kept = |answer: &Answer| {
        assert_eq!(answer.body.as_str(), BODY, "{row}: the body is lost");
        assert_eq!(answer.header("authorization"), Some("kept"), "{row}: the headers are lost");
    };
    let ends_as = |end: Box<FailureKind>| {
        let (answer, because, ends) = match *end {
            FailureKind::NotDone { what, cause, remedy: _ } => {
                let known =
                    ["could not connect", "no response was received", "no complete response was received", UNTRUSTED];
                assert!(known.contains(&what), "{row}: {what}");
                (None, Some(cause), NotDone)
            }
            FailureKind::Refused { answer, after_unanswered_copy: false } => (Some(answer), None, Refused),
            FailureKind::Unreadable { answer, cause } => (Some(answer), Some(cause), Unreadable),
            FailureKind::Unknown { answer: Some(answer), cause: None } => (Some(answer), None, Unknown),
            FailureKind::Unknown { answer: Some(answer), cause } => (Some(answer), cause, UnknownCut),
            FailureKind::Unknown { answer: None, cause: Some(cause) } => (None, Some(cause), UnknownSilent),
            other => panic!("{row}: {other:?}"),
        };
        answer.iter().for_each(kept);
        assert!(because.is_none_or(|because| because.to_string() == CAUSE), "{row}: another cause");
        ends
    };
    match decide(effect, outcome) {
        Next::Done(answer) => {
            kept(&answer);
            Done
        }
        Next::Over(end) => Over(ends_as(end)),
        Next::Again(end) => Again(ends_as(end)),
        Next::Renew(end) => Renew(ends_as(end)),
    }
}

#[test]
fn without_a_head() {
    for (effect, not_connected, no_head) in [
        (Read, Again(NotDone), Again(NotDone)),
        (Change, Again(NotDone), Over(UnknownSilent)),
        (RepeatableChange, Again(NotDone), Again(UnknownSilent)),
    ] {
        assert_eq!(cell_of("not connected", effect, Try::NotConnected(Cause::new(CAUSE))), not_connected, "{effect:?}");
        let untrusted = Try::Untrusted { cause: Cause::new(CAUSE), remedy: "" };
        assert_eq!(cell_of("untrusted", effect, untrusted), Over(NotDone), "{effect:?}");
        assert_eq!(cell_of("no head", effect, Try::NoHead(Cause::new(CAUSE))), no_head, "{effect:?}");
    }
}

#[test]
fn with_a_head_before_the_request_was_written() {
    for (status, [read, ..], ..) in TABLE {
        let read = if (200..300).contains(&status) { Again(NotDone) } else { read };
        for (effect, expected) in [(Read, read), (Change, Over(UnknownCut)), (RepeatableChange, Again(UnknownCut))] {
            let Try::Head(answer, _) = head(status, Body::Complete) else { unreachable!() };
            let expected = if status == 413 { Over(Refused) } else { expected };
            let case = format!("{effect:?} answered {status} too early");
            assert_eq!(cell_of(&case, effect, Try::TooEarly(answer, Cause::new(CAUSE))), expected, "{case}");
        }
    }
}

/// Of a read, of a change, of a repeatable change: body complete, cut, too large. An encoded one counts as too large.
type Row = (u16, [Cell; 3], [Cell; 3], [Cell; 3]);

#[rustfmt::skip]
const TABLE: [Row; 23] = [
    (200, [Done, Again(NotDone), Over(Unreadable)], [Done, Over(UnknownCut), Over(UnknownCut)], [Done, Again(UnknownCut), Over(UnknownCut)]),
    (201, [Done, Again(NotDone), Over(Unreadable)], [Done, Over(UnknownCut), Over(UnknownCut)], [Done, Again(UnknownCut), Over(UnknownCut)]),
    (204, [Done, Again(NotDone), Over(Unreadable)], [Done, Over(UnknownCut), Over(UnknownCut)], [Done, Again(UnknownCut), Over(UnknownCut)]),
    (206, [Done, Again(NotDone), Over(Unreadable)], [Done, Over(UnknownCut), Over(UnknownCut)], [Done, Again(UnknownCut), Over(UnknownCut)]),
    (301, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (304, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (307, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (400, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (401, [Renew(Refused), Renew(Refused), Renew(Refused)], [Renew(Refused), Renew(Refused), Renew(Refused)], [Renew(Refused), Renew(Refused), Renew(Refused)]),
    (403, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (404, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (408, [Again(Refused), Again(Refused), Again(Refused)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)], [Again(Unknown), Again(UnknownCut), Again(UnknownCut)]),
    (409, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (413, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (429, [Again(Refused), Again(Refused), Again(Refused)], [Again(Refused), Again(Refused), Again(Refused)], [Again(Refused), Again(Refused), Again(Refused)]),
    (499, [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)], [Over(Refused), Over(Refused), Over(Refused)]),
    (500, [Over(Refused), Over(Refused), Over(Refused)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)]),
    (501, [Over(Refused), Over(Refused), Over(Refused)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)]),
    (502, [Again(Refused), Again(Refused), Again(Refused)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)], [Again(Unknown), Again(UnknownCut), Again(UnknownCut)]),
    (503, [Again(Refused), Again(Refused), Again(Refused)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)], [Again(Unknown), Again(UnknownCut), Again(UnknownCut)]),
    (504, [Again(Refused), Again(Refused), Again(Refused)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)], [Again(Unknown), Again(UnknownCut), Again(UnknownCut)]),
    (505, [Over(Refused), Over(Refused), Over(Refused)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)]),
    (599, [Over(Refused), Over(Refused), Over(Refused)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)], [Over(Unknown), Over(UnknownCut), Over(UnknownCut)]),
];

#[test]
fn with_a_head() {
    for (status, read, change, repeatable) in TABLE {
        for (effect, expected) in [(Read, read), (Change, change), (RepeatableChange, repeatable)] {
            let cause = || Cause::new(CAUSE);
            let bodies = [Body::Complete, Body::Cut(cause()), Body::TooLarge(cause()), Body::Encoded(cause())];
            let [complete, cut, unusable] = expected;
            for (body, expected) in bodies.into_iter().zip([complete, cut, unusable, unusable]) {
                let told = format!("{effect:?} answered {status}, {body:?}");
                assert_eq!(cell_of(&told, effect, head(status, body)), expected, "{told}");
            }
        }
    }
}
