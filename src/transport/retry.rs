//! What one try of a call proves. A reviewer can hold [`decide`] against the table in the crate's documentation.

use http::StatusCode;

use super::error::{Answer, Cause, End};
use super::request::Effect;

/// How one try went, as far as it can be seen from here.
#[derive(Debug)]
pub(crate) enum Try {
    /// No connection came about: DNS, TCP, a proxy's CONNECT, or TLS before our last handshake message.
    NotConnected(Cause),
    /// Bytes may have left, and no response head came.
    NoHead(Cause),
    /// A response head came, and a body that ended in some way.
    Head(Answer, Body),
}

/// How a body ended.
#[derive(Debug)]
pub(crate) enum Body {
    Complete,
    /// It broke off, came too late or was malformed.
    Cut(Cause),
    /// It is larger than the client takes; the rest was not read.
    TooLarge(Cause),
}

/// Where "nothing was sent" and "may have been sent" cannot be told apart, the answer is "may have been sent".
pub(crate) fn decide(effect: Effect, tried: Try) -> Result<Answer, Box<End>> {
    use Effect::{Change, Read};
    let end = match (tried, effect) {
        (Try::NotConnected(cause), _) => End::NotDone { what: "no connection came about", cause },
        (Try::NoHead(cause), Read) => End::NotDone { what: "no answer came", cause },
        (Try::NoHead(cause), Change) => End::Unknown { answer: None, cause: Some(cause) },
        (Try::Head(answer, body), _) if answer.status.is_success() => match (body, effect) {
            (Body::Complete, _) => return Ok(answer),
            (Body::Cut(cause), Read) => End::NotDone { what: "no whole answer came", cause },
            (Body::TooLarge(cause), Read) => End::Unreadable { answer, cause },
            (Body::Cut(cause) | Body::TooLarge(cause), Change) => {
                End::Unknown { answer: Some(answer), cause: Some(cause) }
            }
        },
        // A gateway that gave up, or a server that failed half-way, may have passed the change on first.
        (Try::Head(answer, body), Change) if is_inconclusive(answer.status) => {
            let cause = match body {
                Body::Complete => None,
                Body::Cut(cause) | Body::TooLarge(cause) => Some(cause),
            };
            End::Unknown { answer: Some(answer), cause }
        }
        // A status that refuses is complete with its head; its body is kept as far as it came.
        (Try::Head(answer, _), _) => End::Refused(answer),
    };
    Err(Box::new(end))
}

fn is_inconclusive(status: StatusCode) -> bool {
    status == StatusCode::REQUEST_TIMEOUT || status.is_server_error()
}
