//! What can go wrong, and what the server says about it.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::certificate_stores::{RemoveCertificates, RemoveOutcome};
use super::types::PermissionScope;
use crate::lenient::{self, one_line};
use crate::transport::{self, Answer, ConfigurationError, DecodeError, Evidence, FromFailure, Trace, TransportError};
use crate::validation::ValidationError;

/// The response header with the server's correlation id.
pub(super) const CORRELATION_ID: &str = "x-keyfactor-correlation-id";

/// A change may have arrived, and was not clearly refused. See [`clm::OutcomeUnknown`](crate::OutcomeUnknown).
pub type OutcomeUnknown = transport::OutcomeUnknown<Request, ErrorCode>;

/// An outcome with a gap. See [`clm::Incomplete`](crate::Incomplete).
pub type Incomplete = transport::Incomplete<Outcome>;

/// Every way in which a call can fail.
///
/// A call ends in one of three ways: `Ok`; an error that proves that nothing happened; or
/// [`OutcomeUnknown`](Self::OutcomeUnknown).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client could not be built. Nothing was sent.
    #[error(transparent)]
    Configuration(Box<ConfigurationError>),
    /// The request was refused before the wire. Nothing was sent.
    #[error(transparent)]
    Validation(Box<ValidationError>),
    /// Nothing of a change can have arrived, or a read got no answer.
    #[error(transparent)]
    Transport(Box<TransportError>),
    /// The server refused.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// A change may have arrived. **Do not send it again before you know.**
    #[error(transparent)]
    OutcomeUnknown(Box<OutcomeUnknown>),
    /// A read was answered 2xx in another shape.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// `require_complete` found a gap. The change took place; the outcome is inside.
    #[error(transparent)]
    Incomplete(Box<Incomplete>),
}

impl Error {
    pub(super) fn incomplete(gap: String, outcome: Outcome) -> Self {
        Self::Incomplete(Box::new(Incomplete::new(gap, outcome)))
    }

    fn evidence(&self) -> Evidence<'_, ErrorCode> {
        match self {
            Self::Transport(error) => error.evidence(),
            Self::Api(error) => error.evidence(),
            Self::OutcomeUnknown(error) => error.evidence(),
            Self::Decode(error) => error.evidence(),
            Self::Configuration(_) | Self::Validation(_) | Self::Incomplete(_) => Evidence::NONE,
        }
    }

    /// The vendor's code, if the server sent one.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        self.evidence().code
    }

    /// The HTTP status, if an answer began.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.evidence().answer.map(|answer| answer.status)
    }

    /// What the server said, if it said something readable.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.evidence().message
    }

    /// What to do about it.
    #[must_use]
    pub fn remediation(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.remediation(),
            Self::OutcomeUnknown(error) => Some(error.how_to_find_out()),
            _ => None,
        }
    }

    /// The raw body as far as it came, lossy UTF-8, bounded by the client's answer limit.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.evidence().answer.map(|answer| answer.body.as_str())
    }

    /// How many times the call was tried, if it was sent.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        self.evidence().trace.map(|trace| trace.attempts)
    }

    /// How long the call took altogether, if it was sent.
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        self.evidence().trace.map(|trace| trace.elapsed)
    }

    /// The server's correlation id, if it sent one.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.evidence().answer?.header(CORRELATION_ID)
    }
}

impl From<ConfigurationError> for Error {
    fn from(error: ConfigurationError) -> Self {
        Self::Configuration(Box::new(error))
    }
}

impl From<ValidationError> for Error {
    fn from(error: ValidationError) -> Self {
        Self::Validation(Box::new(error))
    }
}

/// The request inside an [`OutcomeUnknown`]: give it to its handle's `execute` if you decide to send it again.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Request {
    /// For [`CertificateStores::execute`](super::CertificateStores::execute).
    RemoveCertificates(RemoveCertificates),
}

impl Request {
    fn scope(&self) -> &PermissionScope {
        match self {
            Self::RemoveCertificates(request) => request.scope(),
        }
    }
}

/// The outcome inside an [`Incomplete`].
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Of [`CertificateStores::remove_certificates`](super::CertificateStores::remove_certificates).
    RemoveCertificates(RemoveOutcome),
}

impl FromFailure for Error {
    type Request = Request;
    type Code = ErrorCode;

    fn said(answer: &Answer) -> (Option<ErrorCode>, Option<String>) {
        let said = Said::of(&answer.body);
        (said.code, said.message)
    }

    fn how_to_find_out(request: &Request) -> &'static str {
        match request {
            Request::RemoveCertificates(_) => {
                "Look for jobs on these stores before you send the removal again: GET /OrchestratorJobs/ScheduledJobs \
                 for those that wait, GET /OrchestratorJobs/JobHistory for those that ran. The stores' inventory shows \
                 what is gone, but only as of its last run."
            }
        }
    }

    fn transport(error: TransportError) -> Self {
        Self::Transport(Box::new(error))
    }

    fn decode(error: DecodeError) -> Self {
        Self::Decode(Box::new(error))
    }

    fn unknown(error: OutcomeUnknown) -> Self {
        Self::OutcomeUnknown(Box::new(error))
    }

    fn refused(request: Request, answer: Answer, trace: Trace) -> Self {
        let said = Said::of(&answer.body);
        Self::Api(Box::new(ApiError { scope: *request.scope(), said, answer, trace }))
    }
}

/// The server refused, with a status that says so.
#[derive(Debug)]
pub struct ApiError {
    scope: PermissionScope,
    said: Said,
    answer: Answer,
    trace: Trace,
}

impl ApiError {
    fn evidence(&self) -> Evidence<'_, ErrorCode> {
        Evidence { trace: Some(&self.trace), answer: Some(&self.answer), code: self.code(), message: self.message() }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status
    }

    /// The status as a kind to match on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::of(self.answer.status)
    }

    /// The vendor's code, if there was one.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        self.said.code.as_ref()
    }

    /// What the server said: the vendor's `Message`, else the reasons of the failed operations, else an RFC 7807
    /// problem's detail, else the text or page title that came instead.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.said.message.as_deref()
    }

    /// What failed, one by one, if the server said so.
    #[must_use]
    pub fn failed_operations(&self) -> &[FailedOperation] {
        &self.said.failed_operations
    }

    /// What to do about it.
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        match (self.kind(), self.scope) {
            (ErrorKind::Forbidden, PermissionScope::SystemWideOrContainers) => Some(
                "Without a scope the account needs the permission to read certificates system-wide, and the permission \
                 to schedule on certificate stores, system-wide or for the stores' containers. If it may read \
                 certificates only in a collection, name that collection with `collection_id`.",
            ),
            (ErrorKind::Forbidden, PermissionScope::Collection { .. }) => Some(
                "The account needs the permission to read certificates in this collection, the certificate must be in \
                 it, and it needs the permission to schedule on certificate stores, system-wide or for the stores' \
                 containers.",
            ),
            (ErrorKind::Forbidden, PermissionScope::Container { .. }) => Some(
                "The account needs the permission to read certificates and the permission to schedule on certificate \
                 stores. `container_id` may have no effect on this call: if the account may read certificates only in \
                 a collection, name that collection with `collection_id` instead.",
            ),
            (kind, _) => kind.remediation(),
        }
    }

    /// The raw body as far as it came, lossy UTF-8.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.answer.body
    }

    /// The server's correlation id, if it sent one.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.answer.header(CORRELATION_ID)
    }

    /// Where the server was asked to look for permissions.
    #[must_use]
    pub fn scope(&self) -> &PermissionScope {
        &self.scope
    }

    /// How many times the call was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.trace.attempts
    }

    /// How long it took altogether.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.trace.elapsed
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the server answered {}", self.trace.call, self.answer.status)?;
        if let Some(code) = &self.said.code {
            write!(f, " ({})", one_line(code.as_str()))?;
        }
        if let Some(message) = &self.said.message {
            write!(f, ": {}", one_line(message))?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

/// One part of a call that failed, as the server reported it.
#[derive(Clone, PartialEq, Debug)]
pub struct FailedOperation {
    reason: Option<String>,
    raw: Value,
}

impl FailedOperation {
    /// Why it failed.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// The whole entry. Which other members it has is documented nowhere.
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.raw
    }
}

/// What kind of refusal a status is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400, seen: a value that the server does not take, or a rule of the business.
    BadRequest,
    /// 401, documented: bad credentials, or an identity provider that the server does not know.
    Unauthorized,
    /// 403, documented: a permission is missing.
    Forbidden,
    /// 404, seen: something that was named does not exist, or the base URL is wrong.
    NotFound,
    /// 413, seen: the request is larger than the server takes.
    PayloadTooLarge,
    /// 429, assumed: too many requests; no vendor page mentions it, a proxy may send it.
    TooManyRequests,
    /// 5xx, assumed: the server or a gateway before it failed.
    Server,
    /// Any other status, redirects among them: they are never followed.
    Other(StatusCode),
}

impl ErrorKind {
    fn of(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::BadRequest,
            StatusCode::UNAUTHORIZED => Self::Unauthorized,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            status if status.is_server_error() => Self::Server,
            status => Self::Other(status),
        }
    }

    fn remediation(self) -> Option<&'static str> {
        match self {
            Self::BadRequest => Some("Correct what the message names; sent again as it is, the request fails again."),
            Self::Unauthorized => Some(
                "Check user name and password (the vendor's tools send `DOMAIN\\user`) or the token and its expiry, and \
                 that the server knows the identity provider.",
            ),
            Self::NotFound => Some(
                "Check the ids that the request names, and that the base URL ends in the server's API path \
                 (`KeyfactorAPI` unless the installation chose another).",
            ),
            Self::PayloadTooLarge => Some("Send fewer locations in one call."),
            Self::TooManyRequests => Some("Wait before the next call, and make fewer at once."),
            Self::Other(status) if status.is_redirection() => {
                Some("Redirects are never followed. Use the address of the server itself as the base URL.")
            }
            Self::Forbidden | Self::Server | Self::Other(_) => None,
        }
    }
}

/// The vendor's error codes. They are **not unique**: one code can stand for unrelated causes, so read the message too.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum ErrorCode {
    /// `0xA0110002`, seen: no private key could be found for the certificate.
    PrivateKeyNotFound,
    /// `0xA0110007`, seen: the header that names the certificate format is missing.
    CertificateFormatMissing,
    /// `0xA0110029`, seen with two unrelated causes when a certificate authority was to be deleted.
    CertificateAuthorityNotDeleted,
    /// `0xA011004A`, reported by a vendor's test: a list was to be sorted by a field that it cannot be sorted by.
    InvalidSortField,
    /// `0xA0130000`, seen: the object was not found.
    ObjectNotFound,
    /// `0xA0140002`, seen with 403: a permission is missing.
    PermissionDenied,
    /// Any other code, as it was sent.
    Other(String),
}

impl ErrorCode {
    /// The code as the vendor writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::PrivateKeyNotFound => "0xA0110002",
            Self::CertificateFormatMissing => "0xA0110007",
            Self::CertificateAuthorityNotDeleted => "0xA0110029",
            Self::InvalidSortField => "0xA011004A",
            Self::ObjectNotFound => "0xA0130000",
            Self::PermissionDenied => "0xA0140002",
            Self::Other(code) => code,
        }
    }

    fn of(code: &str) -> Self {
        [
            Self::PrivateKeyNotFound,
            Self::CertificateFormatMissing,
            Self::CertificateAuthorityNotDeleted,
            Self::InvalidSortField,
            Self::ObjectNotFound,
            Self::PermissionDenied,
        ]
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(code.trim()))
        .unwrap_or_else(|| Self::Other(code.to_owned()))
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What could be read out of an answer's body. No shape is required: the vendor documents none.
#[derive(Debug, Default)]
struct Said {
    code: Option<ErrorCode>,
    message: Option<String>,
    failed_operations: Vec<FailedOperation>,
}

impl Said {
    fn of(body: &str) -> Self {
        let json = match lenient::json(body) {
            Ok(Value::String(text)) => return Self { message: lenient::message_of_text(&text), ..Self::default() },
            Ok(json) => json,
            Err(_) => return Self { message: lenient::message_of_text(body), ..Self::default() },
        };
        let failed_operations: Vec<FailedOperation> = lenient::member(&json, "FailedOperations")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|raw| FailedOperation { reason: lenient::text(raw, "Reason").map(str::to_owned), raw: raw.clone() })
            .collect();
        let message = lenient::text(&json, "Message")
            .map(str::to_owned)
            .or_else(|| joined(failed_operations.iter().filter_map(FailedOperation::reason).map(str::to_owned)))
            .or_else(|| problem_details(&json));
        let code = lenient::text(&json, "ErrorCode").map(ErrorCode::of);
        Self { code, message, failed_operations }
    }
}

/// An RFC 7807 problem: its detail or title, and the fields that ASP.NET names in `errors`.
fn problem_details(json: &Value) -> Option<String> {
    let fields =
        lenient::member(json, "errors").and_then(Value::as_object).into_iter().flatten().map(|(field, said)| {
            let said = match said {
                Value::Array(texts) => joined(texts.iter().filter_map(Value::as_str).map(str::to_owned)),
                other => other.as_str().map(str::to_owned),
            };
            format!("{field}: {}", said.unwrap_or_default())
        });
    let head = lenient::text(json, "detail").or_else(|| lenient::text(json, "title")).map(str::to_owned);
    joined(head.into_iter().chain(fields))
}

fn joined(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}
