//! What can be read out of a refusal.

use std::fmt;

use serde_json::Value;

use super::envelope::{Envelope, is_failure, says_no_records};
use super::error_code::ErrorCode;
use super::outline::without_long_members;
use super::types::ResourceId;
use crate::lenient;
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
    pub(super) successful_ids: Vec<ResourceId>,
    /// The same, to be shown.
    pub(super) shown_ids: Vec<ResourceId>,
    /// It says that there is nothing, which of a search is an answer.
    pub(super) no_records: bool,
}

// The tags have no documented content, so they are not shown.
impl fmt::Debug for AppViewXErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, tags: _, successful_ids: _, shown_ids, no_records } = self;
        f.debug_struct("AppViewXErrorBody")
            .field("code", code)
            .field("message", message)
            .field("successful_ids", shown_ids)
            .field("no_records", no_records)
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
}

impl AppViewXErrorBody {
    pub(super) fn of(answer: &Answer) -> Self {
        let body = answer.body.as_str();
        // Only a 2xx answer to a call that reads can be so large.
        let envelope = if body.len() > LARGEST {
            without_long_members(body).and_then(|brief| Envelope::read(&brief))
        } else {
            Envelope::read(body)
        };
        let Ok(envelope) = envelope else {
            return Self { message: answer.said_as_text(), ..Self::default() };
        };
        let successful_ids = envelope.successful_ids();
        let Envelope { response, message, app_status_code, tags } = envelope;
        let message_inside = lenient::text(&response, "message").map(str::to_owned);
        let code_inside = lenient::member(&response, "appStatusCode").filter(|code| is_failure(code));
        let code = match code_inside {
            Some(inside) if !is_failure(&app_status_code) => Some(inside),
            _ => Some(&app_status_code).filter(|code| !code.is_null()),
        };
        let no_records = match code.filter(|code| is_failure(code)).and_then(Value::as_str) {
            Some(code) => code.trim() == NO_RECORDS,
            None => [&message, &message_inside].into_iter().flatten().any(|text| says_no_records(text)),
        };
        let message = message.or(message_inside);
        let code = code.map(|code| match code {
            Value::String(code) => ErrorCode::said_in(answer, code, message.as_deref()),
            other => ErrorCode::said_in(answer, &other.to_string(), None),
        });
        let message = message.map(|message| answer.said(&message));
        let shown_ids = successful_ids.iter().map(|id| answer.said(id.as_str()).into_string().into()).collect();
        let tags = answer.secrets.redact_value(&tags);
        Self { code, message, tags, successful_ids, shown_ids, no_records }
    }
}
