//! How answers are taken.

use super::envelope::Envelope;
use super::error_code::ErrorCode;
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
    match ErrorCode::of(envelope.code().unwrap_or_default(), None) {
        // Nobody knows that this code is a refusal, and a 2xx says that the change was carried out.
        ErrorCode::Other(code) => {
            let code = one_line(&exchange.answer.secrets.redact(&code));
            let cause = Cause::new(format!("no documented refusal has the appStatusCode {code}"));
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
    let json = lenient::json(body).map_err(|error| ReadError::Unreadable(Cause::json(&error)))?;
    if !Envelope::is_one(&json) {
        return Ok(());
    }
    match effect {
        RawEffect::Read => envelope(exchange).map(drop),
        RawEffect::Change => taken(exchange).map(drop),
    }
}
