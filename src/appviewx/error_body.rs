//! What can be read out of a refusal.

use std::fmt;

use serde_json::Value;

use super::envelope::{is_failure, says_no_records};
use super::error_code::ErrorCode;
use super::outline::without_long_members;
use super::short_envelope::{ShortEnvelope, as_text};
use super::types::ResourceId;
use crate::operation::ErrorBody;
use crate::transport::{Answer, ServerText};

/// The code of an older page for "there is nothing".
const NO_RECORDS: &str = "NO_RECORDS_FOUND";

/// The most bytes of an answer that are looked at as a whole.
const LARGEST: usize = 1024 * 1024;

/// What could be read out of a refusal's body.
#[derive(Default)]
pub struct AppViewXErrorBody {
    pub(super) code: Option<ErrorCode>,
    message: Option<ServerText>,
    pub(super) tags: Value,
    /// As they were sent, to be compared.
    pub(super) ids_to_compare: Vec<ResourceId>,
    /// The same, to be shown.
    pub(super) successful_ids: Vec<ResourceId>,
    /// It says that there is nothing, which of a search is an answer.
    pub(super) no_records: bool,
    is_abridged: bool,
}

// The tags have no documented content, so they are not shown.
impl fmt::Debug for AppViewXErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, tags: _, ids_to_compare: _, successful_ids, no_records, is_abridged } = self;
        f.debug_struct("AppViewXErrorBody")
            .field("code", code)
            .field("message", message)
            .field("successful_ids", successful_ids)
            .field("no_records", no_records)
            .field("is_abridged", is_abridged)
            .finish_non_exhaustive()
    }
}

impl ErrorBody<ErrorCode> for AppViewXErrorBody {
    fn code(&self) -> Option<&ErrorCode> {
        self.code.as_ref()
    }

    fn message(&self) -> Option<&ServerText> {
        self.message.as_ref()
    }

    fn is_abridged(&self) -> bool {
        self.is_abridged
    }
}

impl AppViewXErrorBody {
    pub(super) fn of(answer: &Answer) -> Self {
        let body = answer.body.as_str();
        // Only a 2xx answer to a call that reads can be so large.
        let envelope = if body.len() > LARGEST {
            without_long_members(body).and_then(|brief| ShortEnvelope::read(&brief))
        } else {
            ShortEnvelope::read(body)
        };
        let Ok(mut envelope) = envelope else {
            return Self { message: answer.said_as_text(), ..Self::default() };
        };
        let ids_to_compare = envelope.successful_ids();
        let message = envelope.message().map(str::to_owned);
        let message_inside = envelope.inner_text("message").map(str::to_owned);
        let code_inside = envelope.inner("appStatusCode").filter(|code| is_failure(code));
        let code_outside = envelope.app_status_code();
        let code = match code_inside {
            Some(inside) if !code_outside.is_some_and(is_failure) => Some(inside),
            _ => code_outside,
        };
        let no_records = match code.filter(|code| is_failure(code)).and_then(Value::as_str) {
            Some(code) => code.trim() == NO_RECORDS,
            None => [&message, &message_inside].into_iter().flatten().any(|text| says_no_records(text)),
        };
        let message = message.or(message_inside);
        let code = code.map(|code| match code {
            Value::String(code) => ErrorCode::said_in(answer, code, message.as_deref()),
            other => ErrorCode::said_in(answer, &as_text(other), None),
        });
        let message = message.map(|message| answer.said(&message));
        let successful_ids = ids_to_compare.iter().map(|id| answer.said(id.as_str()).into_string().into()).collect();
        let (is_abridged, tags) = (envelope.is_abridged(), envelope.take_tags());
        let tags = answer.secrets.redact_value(&tags);
        Self { code, message, tags, ids_to_compare, successful_ids, no_records, is_abridged }
    }
}
