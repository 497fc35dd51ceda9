//! How answers are taken.

use super::envelope::Envelope;
use super::error_code::ErrorCode;
use super::outline::Outline;
use super::short_envelope::{ShortEnvelope, Verdict};
use super::vendor::ReadError;
use crate::lenient::{self, one_line};
use crate::operation::RawEffect;
use crate::transport::{Cause, Exchange};

/// The envelope of the answer to a call that only reads, unless it says that the call was refused.
pub(super) fn envelope(exchange: &Exchange) -> Result<Envelope, ReadError> {
    envelope_of(exchange.answer.body.as_str())
}

/// The same, of an answer that was written again without its rows.
pub(super) fn envelope_of(body: &str) -> Result<Envelope, ReadError> {
    let envelope = Envelope::read(body).map_err(ReadError::Unreadable)?;
    match Outline::read(lenient::without_mark(body)).map_err(ReadError::Unreadable)? {
        Outline::Failure => Err(ReadError::Refused),
        Outline::Foreign | Outline::Success => Ok(envelope),
    }
}

/// The envelope of the answer to a change, unless it says that the change was refused.
pub(super) fn taken(exchange: &Exchange) -> Result<ShortEnvelope, ReadError> {
    let envelope = ShortEnvelope::read(exchange.answer.body.as_str()).map_err(ReadError::Unreadable)?;
    // Nobody knows that another code is a refusal, and a 2xx says that the change was carried out.
    let unreadable = |cause: String| Err(ReadError::Unreadable(Cause::new(cause)));
    match envelope.verdict() {
        Verdict::Success => Ok(envelope),
        Verdict::Contradiction(how) => unreadable(format!("the response contradicts itself: {how}")),
        Verdict::Failure(Some(code)) => match ErrorCode::said_in(&exchange.answer, &code, None) {
            ErrorCode::Other(code) => {
                unreadable(format!("the appStatusCode {} is not documented as a refusal", one_line(&code)))
            }
            _ => Err(ReadError::Refused),
        },
        Verdict::Failure(None) => unreadable("a status reports failure, but no code gives the reason".to_owned()),
    }
}

/// Whether the answer to a raw call says that it failed. What is no envelope of the vendor's says nothing.
pub(super) fn check_raw(exchange: &Exchange, effect: RawEffect) -> Result<(), ReadError> {
    let body = exchange.answer.body.as_str().trim_start_matches('\u{feff}').trim_start();
    if !body.starts_with('{') {
        return Ok(());
    }
    match effect {
        RawEffect::Read => match Outline::read(body).map_err(ReadError::Unreadable)? {
            Outline::Foreign | Outline::Success => Ok(()),
            Outline::Failure => Err(ReadError::Refused),
        },
        RawEffect::Change if ShortEnvelope::read_any(body).map_err(ReadError::Unreadable)?.is_one() => {
            taken(exchange).map(drop)
        }
        RawEffect::Change => Ok(()),
    }
}
