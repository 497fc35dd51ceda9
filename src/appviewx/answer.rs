//! How answers are taken.

use super::envelope::Envelope;
use super::error_code::ErrorCode;
use super::outline::Outline;
use super::vendor::ReadError;
use crate::lenient::one_line;
use crate::operation::RawEffect;
use crate::transport::{Cause, Exchange};

/// The envelope of the answer to a call that only reads, unless it says that the call was refused.
pub(super) fn envelope(exchange: &Exchange) -> Result<Envelope, ReadError> {
    envelope_of(exchange.answer.body.as_str())
}

/// The same, of an answer that was written again without its rows.
pub(super) fn envelope_of(body: &str) -> Result<Envelope, ReadError> {
    let envelope = Envelope::read(body).map_err(ReadError::Unreadable)?;
    if envelope.says_failure() || envelope.says_failure_inside() {
        return Err(ReadError::Refused);
    }
    Ok(envelope)
}

/// The envelope of the answer to a change, unless it says that the change was refused.
pub(super) fn taken(exchange: &Exchange) -> Result<Envelope, ReadError> {
    let envelope = Envelope::read(exchange.answer.body.as_str()).map_err(ReadError::Unreadable)?;
    if !envelope.says_failure() {
        return Ok(envelope);
    }
    match ErrorCode::said_in(&exchange.answer, &envelope.code().unwrap_or_default(), None) {
        // Nobody knows that this code is a refusal, and a 2xx says that the change was carried out.
        ErrorCode::Other(code) => {
            let cause = Cause::new(format!("no documented refusal has the appStatusCode {}", one_line(&code)));
            Err(ReadError::Unreadable(cause))
        }
        _ => Err(ReadError::Refused),
    }
}

/// Whether the answer to a raw call says that it failed. What is no envelope of the vendor's says nothing.
pub(super) fn check_raw(exchange: &Exchange, effect: RawEffect) -> Result<(), ReadError> {
    let body = exchange.answer.body.as_str().trim_start_matches('\u{feff}').trim_start();
    if !body.starts_with('{') {
        return Ok(());
    }
    match (Outline::read(body).map_err(ReadError::Unreadable)?, effect) {
        (Outline::Foreign | Outline::Success, _) => Ok(()),
        (Outline::Failure, RawEffect::Read) => Err(ReadError::Refused),
        (Outline::Failure, RawEffect::Change) => match taken(exchange) {
            Ok(_) => {
                Err(ReadError::Unreadable(Cause::new("the answer says that the call failed, and that it did not")))
            }
            Err(error) => Err(error),
        },
    }
}
