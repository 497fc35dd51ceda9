//! The vendor's envelope around every answer.

use http::HeaderValue;
use serde_json::Value;

use crate::lenient::{self, Budget, Kept};
use crate::transport::Cause;

/// The members of the vendor's envelope. An object with none of them is somebody else's.
const MEMBERS: [&str; 5] = ["response", "message", "appStatusCode", "tags", "headers"];

/// The media type of every envelope.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The vendor's envelope around every answer. Its members come in either spelling, and of any type.
pub(super) struct Envelope {
    pub(super) response: Value,
    pub(super) message: Option<String>,
}

impl Envelope {
    pub(super) fn read(body: &str) -> Result<Self, Cause> {
        let budget = Budget::for_body(body);
        let json = lenient::read_seed(body, Kept::member(&budget)).map_err(|error| Cause::json(&error))?;
        let mut json =
            json.filter(|_| !budget.is_spent()).ok_or_else(|| Cause::new("reading it would take too much memory"))?;
        let known =
            json.as_object().is_some_and(|members| members.is_empty() || members.keys().any(|it| is_member(it)));
        if !known {
            return Err(Cause::new("expected an object with the members of the vendor's envelope"));
        }
        let mut member = |name| lenient::take_member(&mut json, name).unwrap_or_default();
        let [response, message] = ["response", "message"].map(&mut member);
        let message = message.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        Ok(Self { response, message })
    }
}

/// Whether a member of this name belongs to the vendor's envelope.
pub(super) fn is_member(name: &str) -> bool {
    MEMBERS.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// "It is a non-null value for a failure", says the vendor's page; some successes carry `SUCCESS`. A blank code says nothing, and one client's `Success` is the other's `SUCCESS`.
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
