//! Error responses.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::error_code::ErrorCode;
use crate::lenient::{self, Budget, Members, Shape};
use crate::operation::ErrorBody;
use crate::transport::{Answer, ServerText};

/// A failed part of a call, as the server reported it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Error;
/// use clm::testing::FakeAnswer;
///
/// let failed = clm::serde_json::json!([{"Reason": "The store is locked."}]);
/// let body = clm::serde_json::json!({"Message": "Some operations failed.", "FailedOperations": failed});
/// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
/// if let Err(Error::Api(error)) = keyfactor.certificates().get(scene.certificate()).send().await
/// {
///     error.failed_operations().iter().for_each(|it| eprintln!("{it:?}"));
/// # assert_eq!(error.failed_operations().len(), 1);
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Serialize)]
pub struct FailedOperation {
    reason: Option<ServerText>,
    #[serde(skip)]
    raw: Value,
}

// What else stands in it is not known, so it is not shown.
impl fmt::Debug for FailedOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, raw: _ } = self;
        f.debug_struct("FailedOperation").field("reason", reason).finish_non_exhaustive()
    }
}

impl FailedOperation {
    /// Those that the member `FailedOperations` of an answer names.
    pub(super) fn all_of(entries: Option<Value>, answer: &Answer) -> Vec<Self> {
        let Some(Value::Array(entries)) = entries else { return Vec::new() };
        let reason = |raw: &Value| lenient::text(raw, "Reason").map(|text| answer.said(text));
        let operation = |raw: &Value| Self { reason: reason(raw), raw: answer.secrets.redact_value(raw) };
        entries.iter().map(operation).collect()
    }

    /// Returns the reason for the failure.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, Schedule};
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"Message": "no", "FailedOperations": [{"Reason": "the alias is unknown"}]});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// let Err(Error::Api(error)) = removed else { panic!() };
    /// for failed in error.failed_operations() {
    ///     println!("{}", failed.reason().unwrap_or("no reason"));
    /// }
    /// # assert_eq!(error.failed_operations().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_ref().map(ServerText::as_str)
    }

    /// Returns the complete entry. Its other members are undocumented by the vendor. Secrets of the request are
    /// redacted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, Schedule};
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"Message": "no", "FailedOperations": [{"Reason": "the alias is unknown"}]});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(400).json(body), 1);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// let Err(Error::Api(error)) = removed else { panic!() };
    /// assert_eq!(error.failed_operations()[0].raw()["Reason"], "the alias is unknown");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

/// The readable parts of an error response. No form is required, because the vendor documents none.
#[derive(Debug, Default)]
pub struct KeyfactorErrorBody {
    pub(super) code: Option<ErrorCode>,
    pub(super) message: Option<ServerText>,
    pub(super) failed_operations: Vec<FailedOperation>,
    is_abridged: bool,
}

/// What is looked for in it.
static SHAPE: Shape =
    Shape { names: &["ErrorCode", "Message", "FailedOperations", "errors", "detail", "title"], inner: None };

impl KeyfactorErrorBody {
    pub(super) fn of(answer: &Answer) -> Self {
        let body = answer.body.as_str();
        let budget = Budget::for_body(body);
        let is_text = |found: &Members| found.other().is_some_and(Value::is_string);
        let Some(mut found) = lenient::members(body, &SHAPE, &budget).ok().filter(|found| !is_text(found)) else {
            return Self { message: answer.said_as_text(), ..Self::default() };
        };
        let failed_operations = FailedOperation::all_of(found.take("FailedOperations"), answer);
        let message = found
            .text("Message")
            .map(str::to_owned)
            .or_else(|| joined(failed_operations.iter().filter_map(FailedOperation::reason).map(str::to_owned)))
            .or_else(|| problem_details(&found, answer))
            .map(|message| answer.said(&message));
        let code = match found.get("ErrorCode") {
            Some(Value::String(code)) if !code.trim().is_empty() => Some(ErrorCode::said_in(answer, code)),
            Some(Value::Number(code)) => Some(ErrorCode::said_in(answer, &code.to_string())),
            _ => None,
        };
        Self { code, message, failed_operations, is_abridged: budget.is_spent() }
    }
}

impl ErrorBody<ErrorCode> for KeyfactorErrorBody {
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

/// An RFC 7807 problem: its detail or title, and the fields that ASP.NET names in `errors`. Each text is redacted by itself: a
/// server may have cut it.
fn problem_details(found: &Members, answer: &Answer) -> Option<String> {
    let said = |text: &str| answer.said(text).into_string();
    let fields = found.get("errors").and_then(Value::as_object).into_iter().flatten().map(|(field, texts)| {
        let texts = match texts {
            Value::Array(texts) => joined(texts.iter().filter_map(Value::as_str).map(said)),
            other => other.as_str().map(said),
        };
        format!("{}: {}", said(field), texts.unwrap_or_default())
    });
    let head = found.text("detail").or_else(|| found.text("title")).map(said);
    joined(head.into_iter().chain(fields))
}

fn joined(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}
