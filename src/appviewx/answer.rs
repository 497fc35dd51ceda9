//! How answers are taken.

use super::envelope::Envelope;
use super::error_code::ErrorCode;
use super::vendor::ReadError;
use crate::lenient::one_line;
use crate::transport::{Cause, Exchange};

/// The envelope of the answer to a call that only reads, unless it says that the call was refused.
pub(super) fn envelope(exchange: &Exchange) -> Result<Envelope, ReadError> {
    let envelope = Envelope::read(&exchange.answer.body).map_err(ReadError::Unreadable)?;
    if envelope.says_failure() || envelope.says_failure_inside() {
        return Err(ReadError::Refused);
    }
    Ok(envelope)
}

/// The envelope of the answer to a change, unless it says that the change was refused.
pub(super) fn taken(exchange: &Exchange) -> Result<Envelope, ReadError> {
    let envelope = Envelope::read(&exchange.answer.body).map_err(ReadError::Unreadable)?;
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
