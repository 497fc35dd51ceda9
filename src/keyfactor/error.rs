//! What can go wrong, and what the server says about it.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::certificate_stores::{AddCertificates, AddOutcome, RemoveCertificates, RemoveOutcome, ScheduleInventory};
use super::error_code::{ErrorCode, ErrorKind};
use super::lookup_error::LookupError;
use super::orchestrator_jobs::{ControlJobs, JobsReport, WatchStopped};
use super::said::{FailedOperation, Said};
use super::types::PermissionScope;
use crate::lenient::Message;
use crate::transport::{
    self, Answer, AuthenticationError, Called, ConfigurationError, DecodeError, Evidence, FromFailure, Refusal,
    TransportError,
};
use crate::validation::ValidationError;

/// The response header with the server's correlation id.
pub(super) const CORRELATION_ID: &str = "x-keyfactor-correlation-id";

/// The response header with the server's version.
pub(super) const PRODUCT_VERSION: &str = "x-keyfactor-product-version";

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
    /// No valid credential could be had. The operation was not sent, or was refused with 401 before.
    #[error(transparent)]
    Authentication(Box<AuthenticationError>),
    /// Nothing of a change can have arrived, or a read got no answer.
    #[error(transparent)]
    Transport(Box<TransportError>),
    /// The server refused. Of a call on several stores or certificates, whether the server did a part before it refused
    /// is documented nowhere.
    #[error(transparent)]
    Api(Box<ApiError>),
    /// A change may have arrived. **Do not send it again before you know.**
    #[error(transparent)]
    OutcomeUnknown(Box<OutcomeUnknown>),
    /// A read was answered 2xx in another shape.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// What was read cannot be relied on, or is not what was asked for. Nothing was changed.
    #[error(transparent)]
    Lookup(Box<LookupError>),
    /// The server refused to answer while jobs were followed. What was known of them is inside.
    #[error(transparent)]
    WatchStopped(Box<WatchStopped>),
    /// `require_complete` or `require_success` found a gap. The change took place; the outcome is inside.
    #[error(transparent)]
    Incomplete(Box<Incomplete>),
}

impl Error {
    pub(super) fn incomplete(gap: String, outcome: Outcome) -> Self {
        Self::Incomplete(Box::new(Incomplete::new(gap, outcome)))
    }

    /// No answer came in the time that this crate gave a call.
    pub(super) fn given_up(call: &'static str, elapsed: Duration, called: impl Into<Called<Request>>) -> Self {
        Self::from_failure(transport::Failure::given_up(call, elapsed), called)
    }

    fn evidence(&self) -> Evidence<'_, ErrorCode> {
        match self {
            Self::Authentication(error) => error.evidence(),
            Self::Transport(error) => error.evidence(),
            Self::Api(error) => error.evidence(),
            Self::OutcomeUnknown(error) => error.evidence(),
            Self::Decode(error) => error.evidence(),
            Self::WatchStopped(error) => error.error().evidence(),
            Self::Configuration(_) | Self::Validation(_) | Self::Lookup(_) | Self::Incomplete(_) => Evidence::NONE,
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

    /// The HTTP status as a kind to match on, if an answer began and was not a success.
    #[must_use]
    pub fn kind(&self) -> Option<ErrorKind> {
        self.status().filter(|status| !status.is_success()).map(ErrorKind::of)
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
            Self::WatchStopped(error) => error.error().remediation(),
            _ => None,
        }
    }

    /// The raw body as far as it came, lossy UTF-8, bounded by the client's answer limit.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.evidence().answer.map(|answer| answer.body.as_str())
    }

    /// How many times the call was sent, if it was sent.
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

impl From<LookupError> for Error {
    fn from(error: LookupError) -> Self {
        Self::Lookup(Box::new(error))
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
    /// For [`CertificateStores::execute`](super::CertificateStores::execute).
    AddCertificates(AddCertificates),
    /// For [`CertificateStores::execute`](super::CertificateStores::execute).
    ScheduleInventory(ScheduleInventory),
    /// For [`OrchestratorJobs::execute`](super::OrchestratorJobs::execute).
    ControlJobs(ControlJobs),
}

impl Request {
    /// Where the server was asked to look for permissions, if the call has such a scope.
    fn scope(&self) -> Option<PermissionScope> {
        match self {
            Self::RemoveCertificates(request) => Some(*request.scope()),
            Self::AddCertificates(request) => Some(*request.scope()),
            Self::ScheduleInventory(_) | Self::ControlJobs(_) => None,
        }
    }

    /// What the account needs, if the server answers 403.
    fn permission_needed(&self) -> &'static str {
        match self {
            Self::RemoveCertificates(request) => request.permission_needed(),
            Self::AddCertificates(_) => AddCertificates::permission_needed(),
            Self::ScheduleInventory(_) => ScheduleInventory::permission_needed(),
            Self::ControlJobs(request) => request.permission_needed(),
        }
    }
}

/// The outcome inside an [`Incomplete`].
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Of [`CertificateStores::remove_certificates`](super::CertificateStores::remove_certificates).
    RemoveCertificates(RemoveOutcome),
    /// Of [`CertificateStores::add_certificates`](super::CertificateStores::add_certificates).
    AddCertificates(AddOutcome),
    /// Of [`OrchestratorJobs::watch`](super::OrchestratorJobs::watch).
    Jobs(JobsReport),
}

impl FromFailure for Error {
    type Request = Request;
    type Code = ErrorCode;

    fn said(answer: &Answer) -> (Option<ErrorCode>, Option<Message>) {
        let said = Said::of(answer);
        (said.code, said.message)
    }

    fn how_to_find_out(request: &Request) -> &'static str {
        match request {
            Request::RemoveCertificates(_) | Request::AddCertificates(_) => {
                "Look for jobs on these stores before you send it again: GET /OrchestratorJobs/ScheduledJobs for those \
                 that wait, GET /OrchestratorJobs/JobHistory for those that ran. The stores' inventory shows what is in \
                 them, but only as of its last run."
            }
            Request::ScheduleInventory(_) => {
                "Read the stores again: GET /CertificateStores/{id} shows the inventory schedule. To ask for an inventory \
                 twice does no harm, unless it replaces a schedule."
            }
            Request::ControlJobs(_) => {
                "Read the jobs again: GET /OrchestratorJobs/ScheduledJobs shows those that wait, \
                 GET /OrchestratorJobs/JobHistory the status of those that ran."
            }
        }
    }

    fn authentication(error: AuthenticationError) -> Self {
        Self::Authentication(Box::new(error))
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

    fn refused(called: Called<Request>, refusal: Refusal) -> Self {
        let said = Said::of(&refusal.answer);
        let (scope, permission_needed) = match &called {
            Called::Change(request) => (request.scope(), request.permission_needed()),
            Called::Read { permission_needed } => (None, *permission_needed),
        };
        Self::Api(Box::new(ApiError { scope, permission_needed, said, refusal }))
    }
}

/// The server refused, with a status that says so.
#[derive(Debug)]
pub struct ApiError {
    scope: Option<PermissionScope>,
    /// What the account needs, if the answer is 403.
    permission_needed: &'static str,
    said: Said,
    refusal: Refusal,
}

impl ApiError {
    fn evidence(&self) -> Evidence<'_, ErrorCode> {
        let Refusal { answer, trace, .. } = &self.refusal;
        Evidence { trace: Some(trace), answer: Some(answer), code: self.code(), message: self.message() }
    }

    /// Whether an earlier copy of this change went unanswered, because the request said `repeat_after_silence()`. The
    /// refusal may then be the echo of that first copy: it proves nothing about it.
    #[must_use]
    pub fn after_unanswered_copy(&self) -> bool {
        self.refusal.after_unanswered_copy
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.refusal.answer.status
    }

    /// The status as a kind to match on.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::of(self.refusal.answer.status)
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
        self.said.message.as_ref().map(Message::as_str)
    }

    /// What failed, one by one, if the server said so.
    #[must_use]
    pub fn failed_operations(&self) -> &[FailedOperation] {
        &self.said.failed_operations
    }

    /// What to do about it.
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        match self.kind() {
            ErrorKind::Forbidden => Some(self.permission_needed),
            kind => kind.remediation(),
        }
    }

    /// The raw body as far as it came, lossy UTF-8.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.refusal.answer.body
    }

    /// The server's correlation id, if it sent one.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.refusal.answer.header(CORRELATION_ID)
    }

    /// Where the server was asked to look for permissions, if the call has such a scope.
    #[must_use]
    pub fn scope(&self) -> Option<&PermissionScope> {
        self.scope.as_ref()
    }

    /// How many times the call was sent.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.refusal.trace.attempts
    }

    /// How long it took altogether.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.refusal.trace.elapsed
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.refusal.trace.call)?;
        self.evidence().write_answer(f)
    }
}

impl std::error::Error for ApiError {}
