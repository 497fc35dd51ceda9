//! The vendor's envelope around an answer that is no page of a list: to a change, a login or a token request, and every refusal.

use std::collections::HashSet;

use serde_json::Value;

use super::envelope::is_failure;
use super::types::ResourceId;
use crate::lenient::{self, Budget, LevelOf, Members, Shape};
use crate::transport::Cause;

static RESPONSE: Shape = Shape {
    names: &[
        "Successful Ids",
        "Failed Ids",
        "appStatusCode",
        "httpStatusCode",
        "status",
        "message",
        "statusDescription",
        "sessionId",
        "availableLoginAttemptCount",
        "requestId",
        "requestIds",
    ],
    inner: None,
};

static ENVELOPE: Shape =
    Shape { names: &["message", "appStatusCode", "tags", "headers"], inner: Some(("response", &RESPONSE)) };

/// The envelope, read in bounded memory: what stands there twice is seen, and what would take too much memory is left out.
pub(super) struct ShortEnvelope {
    members: Members,
    is_abridged: bool,
}

/// What the codes and statuses in an envelope say, all of them taken together.
#[derive(Debug)]
pub(super) enum Verdict {
    /// None of them says that the call failed.
    Success,
    /// It failed, and nothing in the answer says otherwise. With the code, unless only a status says it.
    Failure(Option<String>),
    /// It failed and it did not.
    Contradiction(&'static str),
}

impl ShortEnvelope {
    pub(super) fn read(body: &str) -> Result<Self, Cause> {
        let envelope = Self::read_any(body)?;
        if envelope.is_one() || (envelope.members.is_object() && envelope.members.is_empty()) {
            return Ok(envelope);
        }
        Err(Cause::new("expected an object with the members of the vendor's envelope"))
    }

    /// The same of what may be no envelope.
    pub(super) fn read_any(body: &str) -> Result<Self, Cause> {
        let budget = Budget::for_body(body);
        let members = lenient::members(body, &ENVELOPE, &budget).map_err(|error| Cause::json(&error))?;
        Ok(Self { members, is_abridged: budget.is_spent() })
    }

    /// Whether it has a member of the vendor's envelope.
    pub(super) fn is_one(&self) -> bool {
        self.members.has_any()
    }

    /// Whether the answer holds more than is kept here.
    pub(super) fn is_abridged(&self) -> bool {
        self.is_abridged
    }

    pub(super) fn message(&self) -> Option<&str> {
        self.members.text("message")
    }

    pub(super) fn take_message(&mut self) -> Option<String> {
        match self.members.take("message") {
            Some(Value::String(text)) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    pub(super) fn take_tags(&mut self) -> Value {
        self.members.take("tags").unwrap_or_default()
    }

    /// The outer code as it was written, if there is one.
    pub(super) fn app_status_code(&self) -> Option<&Value> {
        self.members.get("appStatusCode")
    }

    /// The same as text.
    pub(super) fn code(&self) -> Option<String> {
        self.app_status_code().map(as_text)
    }

    /// A member of the response.
    pub(super) fn inner(&self, name: &str) -> Option<&Value> {
        self.members.inner()?.get(name)
    }

    /// A member of the response that is a text and not blank.
    pub(super) fn inner_text(&self, name: &str) -> Option<&str> {
        self.members.inner()?.text(name)
    }

    /// Whether two different values of a member stand in the response.
    pub(super) fn is_disputed_inside(&self, name: &str) -> bool {
        self.members.inner_is_disputed() || self.members.inner().is_some_and(|inner| inner.is_disputed(name))
    }

    /// Whether there is a response that is not null.
    pub(super) fn has_response(&self) -> bool {
        self.members.inner().is_some()
    }

    /// The response itself, if it is neither null nor an object.
    pub(super) fn response(&self) -> Option<&Value> {
        self.members.inner()?.other()
    }

    /// What the vendor's sample calls `Successful Ids`. Entries that are no text are kept as they were written.
    pub(super) fn successful_ids(&self) -> Vec<ResourceId> {
        ids(self.inner("Successful Ids")).map(ResourceId::from).collect()
    }

    /// The same, taken out.
    pub(super) fn take_successful_ids(&mut self) -> Vec<ResourceId> {
        let Some(Value::Array(ids)) = self.members.take_inner("Successful Ids") else { return Vec::new() };
        let text = |id| if let Value::String(text) = id { text } else { id.to_string() };
        ids.into_iter().map(|id| ResourceId::from(text(id))).collect()
    }

    /// An answer says that a call failed by an `appStatusCode` outside or inside, by an inner `httpStatusCode`, or by an inner
    /// `status`; it says that it did not by the same, and by the ids that it calls successful. No page of the vendor says
    /// which of two that disagree is true.
    pub(super) fn verdict(&self) -> Verdict {
        let outer = Said::by_code(self.members.outer());
        let inner = self.members.inner().map_or([Said::Nothing, Said::Nothing, Said::Nothing], |inner| {
            [Said::by_code(inner), Said::by_http_status(inner), Said::by_status(inner)]
        });
        if self.members.inner_is_disputed() {
            return Verdict::Contradiction("it contains two different responses");
        }
        if self.is_disputed_inside("Successful Ids") {
            return Verdict::Contradiction("it contains two lists of successful ids");
        }
        let [inner_code, ..] = &inner;
        if [&outer, inner_code].iter().any(|said| **said == Said::Both) {
            return Verdict::Contradiction("it contains two different appStatusCodes in the same place");
        }
        let has_failed = |said: &Said| matches!(said, Said::Failure(_) | Said::Both);
        let has_succeeded = |said: &Said| matches!(said, Said::Success | Said::Both);
        if !has_failed(&outer) && !inner.iter().any(has_failed) {
            return self.check_ids();
        }
        if has_succeeded(&outer) || inner.iter().any(has_succeeded) {
            return Verdict::Contradiction("one code or status reports failure, another success");
        }
        if ids(self.inner("Successful Ids")).next().is_some() {
            return Verdict::Contradiction("a code or status reports failure, but it lists successful ids");
        }
        let code = |said: &Said| if let Said::Failure(code) = said { code.clone() } else { None };
        Verdict::Failure(code(&outer).or_else(|| code(inner_code)))
    }

    /// `Failed Ids` is a member that no page documents; an id in both lists is neither.
    fn check_ids(&self) -> Verdict {
        let Some(failed) = self.inner("Failed Ids") else { return Verdict::Success };
        let failed: HashSet<String> = ids(Some(failed)).collect();
        if !failed.is_empty() && ids(self.inner("Successful Ids")).any(|id| failed.contains(&id)) {
            return Verdict::Contradiction("it lists an id as both failed and successful");
        }
        Verdict::Success
    }
}

fn ids(list: Option<&Value>) -> impl Iterator<Item = String> {
    list.and_then(Value::as_array).into_iter().flatten().map(as_text)
}

/// A text as it is, anything else as it was written.
pub(super) fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What one member says, in all places where it stands.
#[derive(PartialEq, Eq, Debug)]
enum Said {
    Nothing,
    Success,
    /// With the code, if it is one.
    Failure(Option<String>),
    Both,
}

impl Said {
    fn by_code(members: LevelOf<'_>) -> Self {
        let Some(found) = members.found("appStatusCode") else { return Self::Nothing };
        match found.value() {
            _ if found.is_disputed() => Self::Both,
            Some(code) if is_failure(code) && found.has_null() => Self::Both,
            Some(code) if is_failure(code) => Self::Failure(Some(as_text(code))),
            Some(Value::String(code)) if !code.trim().is_empty() => Self::Success,
            _ => Self::Nothing,
        }
    }

    fn by_http_status(members: LevelOf<'_>) -> Self {
        let Some(found) = members.found("httpStatusCode") else { return Self::Nothing };
        match found.value().and_then(lenient::number) {
            _ if found.is_disputed() => Self::Both,
            Some(200..=299) => Self::Success,
            Some(_) => Self::Failure(None),
            None => Self::Nothing,
        }
    }

    /// `SUCCESS` is what logins are documented with. Of other words, these are **assumed** to say that something failed.
    fn by_status(members: LevelOf<'_>) -> Self {
        let Some(found) = members.found("status") else { return Self::Nothing };
        let word = found.value().and_then(Value::as_str).map(|word| word.trim().to_ascii_uppercase());
        match word.as_deref() {
            _ if found.is_disputed() => Self::Both,
            Some("SUCCESS") => Self::Success,
            Some("FAIL" | "FAILED" | "FAILURE" | "ERROR") => Self::Failure(None),
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(body: &str) -> String {
        match ShortEnvelope::read(body).unwrap().verdict() {
            Verdict::Success => "success".to_owned(),
            Verdict::Failure(code) => format!("failure {}", code.unwrap_or_default()),
            Verdict::Contradiction(_) => "contradiction".to_owned(),
        }
    }

    #[test]
    fn all_codes_and_statuses_count_together() {
        let ids = r#""Successful Ids": ["a"]"#;
        for (body, expected) in [
            ("{}", "success"),
            (r#"{"appStatusCode": null, "response": {"appStatusCode": null}}"#, "success"),
            (r#"{"appStatusCode": "SUCCESS", "response": {"appStatusCode": " "}}"#, "success"),
            (r#"{"appStatusCode": null, "APPSTATUSCODE": "success"}"#, "success"),
            (r#"{"response": {"httpStatusCode": "200", "status": "Success"}}"#, "success"),
            (r#"{"response": {"status": "IN PROGRESS"}}"#, "success"),
            (r#"{"appStatusCode": "X"}"#, "failure X"),
            (r#"{"appStatusCode": "X", "appStatusCode": "X"}"#, "failure X"),
            (r#"{"response": {"appStatusCode": "X"}}"#, "failure X"),
            (r#"{"appStatusCode": "X", "response": {"appStatusCode": "Y"}}"#, "failure X"),
            (r#"{"response": {"httpStatusCode": 500}}"#, "failure "),
            (r#"{"response": {"status": "failed"}}"#, "failure "),
            (r#"{"appStatusCode": "X", "appStatusCode": null}"#, "contradiction"),
            (r#"{"appStatusCode": null, "AppStatusCode": "X"}"#, "contradiction"),
            (r#"{"appStatusCode": "X", "appStatusCode": "SUCCESS"}"#, "contradiction"),
            (r#"{"response": {"appStatusCode": "X", "appstatuscode": null}}"#, "contradiction"),
            (r#"{"appStatusCode": "SUCCESS", "response": {"appStatusCode": "X"}}"#, "contradiction"),
            (r#"{"appStatusCode": "X", "response": {"appStatusCode": "SUCCESS"}}"#, "contradiction"),
            (r#"{"response": {"appStatusCode": "X", "httpStatusCode": 200}}"#, "contradiction"),
            (r#"{"response": {"appStatusCode": "X", "status": "SUCCESS"}}"#, "contradiction"),
            (r#"{"response": {"httpStatusCode": 200, "httpStatusCode": 500}}"#, "contradiction"),
            (r#"{"response": {}, "Response": {"appStatusCode": "X"}}"#, "contradiction"),
            (r#"{"response": null, "Response": {"appStatusCode": "X"}}"#, "failure X"),
        ] {
            assert_eq!(verdict(body), expected, "{body}");
        }
        for with in [r#""appStatusCode": "X""#, r#""httpStatusCode": 409"#, r#""status": "ERROR""#] {
            assert_eq!(verdict(&format!(r#"{{"response": {{{with}, {ids}}}}}"#)), "contradiction", "{with}");
        }
        for with in [r#""Failed Ids": ["a"]"#, r#""successful ids": ["b"]"#] {
            assert_eq!(verdict(&format!(r#"{{"response": {{{with}, {ids}}}}}"#)), "contradiction", "{with}");
        }
        for with in [r#""Failed Ids": ["b"]"#, r#""successful ids": null"#, r#""appStatusCode": "Success""#] {
            assert_eq!(verdict(&format!(r#"{{"response": {{{with}, {ids}}}}}"#)), "success", "{with}");
        }
    }
}
