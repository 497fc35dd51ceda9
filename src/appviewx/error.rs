//! What can go wrong, and what the server says about it.

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;

use super::certificate_groups::{
    AssignBackOutcome, AssignCertificates, AssignManyOutcome, AssignOutcome, GroupConfirmation, GroupPlan,
    UnassignCertificates, UnassignManyOutcome, UnassignOutcome,
};
use super::envelope::Said;
use super::error_code::ErrorCode;
use super::lookup::LookupError;
use super::types::ResourceId;
use crate::lenient::Message;
use crate::transport::{
    self, Answer, AuthenticationError, Called, ConfigurationError, DecodeError, Evidence, FromFailure, Refusal,
    TransportError,
};
use crate::validation::ValidationError;

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
    /// `require_complete` found a gap. What was done is done; the outcome is inside.
    #[error(transparent)]
    Incomplete(Box<Incomplete>),
}

impl Error {
    pub(super) fn incomplete(gap: String, outcome: Outcome) -> Self {
        Self::Incomplete(Box::new(Incomplete::new(gap, outcome)))
    }

    fn evidence(&self) -> Evidence<'_, ErrorCode> {
        match self {
            Self::Authentication(error) => error.evidence(),
            Self::Transport(error) => error.evidence(),
            Self::Api(error) => error.evidence(),
            Self::OutcomeUnknown(error) => error.evidence(),
            Self::Decode(error) => error.evidence(),
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

/// The request inside an [`OutcomeUnknown`]: give it to what its variant names if you decide to send it again.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Request {
    /// For [`CertificateGroups::execute`](super::CertificateGroups::execute).
    UnassignCertificates(UnassignCertificates),
    /// For [`CertificateGroups::execute`](super::CertificateGroups::execute).
    AssignCertificates(AssignCertificates),
    /// For [`Client::logout`](super::Client::logout).
    Logout,
}

/// The outcome inside an [`Incomplete`].
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Of [`CertificateGroups::unassign`](super::CertificateGroups::unassign).
    UnassignCertificates(UnassignOutcome),
    /// Of [`CertificateGroups::assign`](super::CertificateGroups::assign).
    AssignCertificates(AssignOutcome),
    /// Of an unassignment [`in_calls`](super::UnassignCertificatesBuilder::in_calls).
    UnassignMany(UnassignManyOutcome),
    /// Of an assignment [`in_calls`](super::AssignCertificatesBuilder::in_calls).
    AssignMany(AssignManyOutcome),
    /// Of [`CertificateGroups::confirm_group`](super::CertificateGroups::confirm_group).
    ConfirmGroup(GroupConfirmation),
    /// Of [`CertificateGroups::remember_groups`](super::CertificateGroups::remember_groups).
    RememberGroups(GroupPlan),
    /// Of [`CertificateGroups::assign_back`](super::CertificateGroups::assign_back).
    AssignBack(AssignBackOutcome),
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
            Request::UnassignCertificates(_) => {
                "Look at the certificates' group before you send the unassignment again: POST /certificate/search by \
                 resource id, or the certificate inventory in the portal. A certificate that was unassigned is in the \
                 default group. Whether unassigning twice is harmless is documented nowhere."
            }
            Request::Logout => {
                "Log out again: the client still knows the session. A 401 then means that the session is over already; \
                 that a session which nobody uses ends by itself is likely, but documented nowhere."
            }
            Request::AssignCertificates(_) => {
                "Look at the certificates' group before you send the assignment again: POST /certificate/search by \
                 resource id, or the certificate inventory in the portal. Whether assigning twice is harmless is \
                 documented nowhere."
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
        let read_permission = match called {
            Called::Change(_) => None,
            Called::Read { permission_needed } => Some(permission_needed),
        };
        Self::Api(Box::new(ApiError { read_permission, said, refusal }))
    }
}

/// The server refused: with a status that says so, or with an `appStatusCode` that does.
#[derive(Debug)]
pub struct ApiError {
    /// What the account needs, if this was a call that only reads.
    read_permission: Option<&'static str>,
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

    /// The HTTP status. It is 2xx where only the `appStatusCode` says that the call was refused.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.refusal.answer.status
    }

    /// The vendor's `appStatusCode`, if there was one.
    #[must_use]
    pub fn code(&self) -> Option<&ErrorCode> {
        self.said.code.as_ref()
    }

    /// What the server said: the vendor's `message`, else the text or page title that came instead.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.said.message.as_ref().map(Message::as_str)
    }

    /// The vendor's `tags`: additional information, of no documented shape. Null if there was none.
    #[must_use]
    pub fn tags(&self) -> &Value {
        &self.said.tags
    }

    /// Ids that the answer names as successful although it says that it failed. Which of the two is true is documented
    /// nowhere: look before you act on them.
    #[must_use]
    pub fn successful_ids(&self) -> &[ResourceId] {
        &self.said.successful_ids
    }

    /// Whether the vendor says that there is nothing, rather than that something went wrong.
    pub(super) fn says_no_records(&self) -> bool {
        self.said.no_records
    }

    /// What to do about it.
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        // The code's own remedy names the right to change groups.
        let denied = matches!(self.code(), Some(ErrorCode::ApiAccessDenied))
            || self.code().is_none() && self.status() == StatusCode::FORBIDDEN;
        if let (true, Some(permission)) = (denied, self.read_permission) {
            return Some(permission);
        }
        match self.code().and_then(ErrorCode::remediation) {
            None if self.status() == StatusCode::UNAUTHORIZED => ErrorCode::AuthenticationFailed.remediation(),
            None if self.status().is_redirection() => {
                Some("Redirects are never followed. Use the address of the server itself as the base URL.")
            }
            remediation => remediation,
        }
    }

    /// The raw body as far as it came, lossy UTF-8.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.refusal.answer.body
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
