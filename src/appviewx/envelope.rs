//! The vendor's envelope around every answer.

use http::HeaderValue;
use serde_json::Value;

use super::types::ResourceId;
use crate::lenient;
use crate::transport::Cause;

/// The members of the vendor's envelope. An object with none of them is somebody else's.
const MEMBERS: [&str; 5] = ["response", "message", "appStatusCode", "tags", "headers"];

/// The media type of every envelope.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The vendor's envelope around every answer. Its members come in either spelling, and of any type.
pub(super) struct Envelope {
    pub(super) response: Value,
    pub(super) message: Option<String>,
    pub(super) app_status_code: Value,
    pub(super) tags: Value,
}

impl Envelope {
    pub(super) fn read(body: &str) -> Result<Self, Cause> {
        let mut json = lenient::json(body).map_err(|error| Cause::json(&error))?;
        let known =
            json.as_object().is_some_and(|members| members.is_empty() || members.keys().any(|it| is_member(it)));
        if !known {
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
        is_failure(&self.app_status_code)
    }

    /// Whether the envelope inside the envelope, which a search has, says that the call failed.
    pub(super) fn says_failure_inside(&self) -> bool {
        let member = |name| lenient::member(&self.response, name);
        let status = member("httpStatusCode").and_then(lenient::number);
        member("appStatusCode").is_some_and(is_failure) || status.is_some_and(|status| !(200..300).contains(&status))
    }
}

/// Whether a member of this name belongs to the vendor's envelope.
pub(super) fn is_member(name: &str) -> bool {
    MEMBERS.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// A blank code says nothing, and one client's `Success` is the other's `SUCCESS`.
pub(super) fn is_failure(app_status_code: &Value) -> bool {
    match app_status_code {
        Value::Null => false,
        Value::String(code) => !code.trim().is_empty() && !code.trim().eq_ignore_ascii_case("SUCCESS"),
        _ => true,
    }
}

/// The vendor's sentence is "No matching records found for the given input."
pub(super) fn says_no_records(message: &str) -> bool {
    message.to_ascii_lowercase().contains("no matching record")
}
