//! The vendor's envelope around every answer, and what can be read out of a refusal.

use std::fmt;

use serde_json::{Map, Value};

use super::error_code::ErrorCode;
use super::types::ResourceId;
use crate::lenient::{self, Message};
use crate::transport::{Answer, Cause};

/// The members of the vendor's envelope. An object with none of them is somebody else's.
const MEMBERS: [&str; 5] = ["response", "message", "appStatusCode", "tags", "headers"];

/// The code of an older page for "there is nothing".
const NO_RECORDS: &str = "NO_RECORDS_FOUND";

/// The vendor's envelope around every answer. Its members come in either spelling, and of any type.
pub(super) struct Envelope {
    pub(super) response: Value,
    pub(super) message: Option<String>,
    app_status_code: Value,
    tags: Value,
}

impl Envelope {
    pub(super) fn read(body: &str) -> Result<Self, Cause> {
        let mut json = lenient::json(body).map_err(|error| Cause::json(&error))?;
        let known = MEMBERS.iter().any(|name| lenient::member(&json, name).is_some());
        if !known && !json.as_object().is_some_and(Map::is_empty) {
            return Err(Cause::new("an object with the members of the vendor's envelope was expected"));
        }
        let mut member = |name| lenient::take_member(&mut json, name).unwrap_or_default();
        let [response, message, app_status_code, tags] =
            ["response", "message", "appStatusCode", "tags"].map(&mut member);
        let message = message.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        Ok(Self { response, message, app_status_code, tags })
    }

    /// What the vendor's sample calls `Successful Ids`. Entries that are no text are kept as they were written.
    pub(super) fn successful_ids(&self) -> Vec<ResourceId> {
        lenient::member(&self.response, "Successful Ids")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned).into())
            .collect()
    }

    /// The code, if the answer has one.
    pub(super) fn code(&self) -> Option<String> {
        match &self.app_status_code {
            Value::Null => None,
            Value::String(code) => Some(code.clone()),
            other => Some(other.to_string()),
        }
    }

    /// "It is a non-null value for a failure", says the vendor's page; some successes carry `SUCCESS`.
    pub(super) fn says_failure(&self) -> bool {
        fails(&self.app_status_code)
    }

    /// Whether the envelope inside the envelope, which a search has, says that the call failed.
    pub(super) fn says_failure_inside(&self) -> bool {
        let member = |name| lenient::member(&self.response, name);
        let status = member("httpStatusCode").and_then(lenient::number);
        member("appStatusCode").is_some_and(fails) || status.is_some_and(|status| !(200..300).contains(&status))
    }
}

/// A blank code says nothing, and one client's `Success` is the other's `SUCCESS`.
fn fails(app_status_code: &Value) -> bool {
    match app_status_code {
        Value::Null => false,
        Value::String(code) => !code.trim().is_empty() && !code.trim().eq_ignore_ascii_case("SUCCESS"),
        _ => true,
    }
}

/// What could be read out of a refusal's body.
#[derive(Default)]
pub(super) struct Said {
    pub(super) code: Option<ErrorCode>,
    pub(super) message: Option<Message>,
    pub(super) tags: Value,
    pub(super) successful_ids: Vec<ResourceId>,
    /// It says that there is nothing, which of a search is an answer.
    pub(super) no_records: bool,
}

// The tags have no documented content, so they are not shown.
impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, message, tags: _, successful_ids, no_records } = self;
        f.debug_struct("Said")
            .field("code", code)
            .field("message", message)
            .field("successful_ids", successful_ids)
            .field("no_records", no_records)
            .finish_non_exhaustive()
    }
}

impl Said {
    pub(super) fn of(answer: &Answer) -> Self {
        let redact = |text: &str| answer.secrets.redact(text);
        let Ok(envelope) = Envelope::read(&answer.body) else {
            let message = lenient::message_of_text(&redact(&answer.body));
            return Self { message: message.map(Message::from), ..Self::default() };
        };
        let successful_ids = envelope.successful_ids();
        let Envelope { response, message, app_status_code, tags } = envelope;
        let message_inside = lenient::text(&response, "message").map(str::to_owned);
        let code_inside = lenient::member(&response, "appStatusCode").filter(|code| fails(code));
        let code = match code_inside {
            Some(inside) if !fails(&app_status_code) => Some(inside),
            _ => Some(&app_status_code).filter(|code| !code.is_null()),
        };
        let no_records = match code.filter(|code| fails(code)).and_then(Value::as_str) {
            Some(code) => code.trim() == NO_RECORDS,
            None => [&message, &message_inside].into_iter().flatten().any(|said| says_no_records(said)),
        };
        let message = message.or(message_inside);
        let code = code.map(|code| match code {
            Value::String(code) => ErrorCode::of(code.clone(), message.as_deref()),
            other => ErrorCode::Other(other.to_string()),
        });
        let code = code.map(|code| match code {
            ErrorCode::Other(code) => ErrorCode::Other(redact(&code)),
            documented => documented,
        });
        let message = message.map(|message| redact(&message));
        Self { code, message: message.map(Message::from), tags, successful_ids, no_records }
    }
}

/// The vendor's sentence is "No matching records found for the given input."
pub(super) fn says_no_records(message: &str) -> bool {
    message.to_ascii_lowercase().contains("no matching record")
}
