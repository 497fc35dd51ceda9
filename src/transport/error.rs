//! What went wrong on the road, and whether anything can have arrived.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::audit::Audit;
use crate::lenient::{Message, one_line};

/// Which call it was, and what was spent on it.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    /// Method and path.
    pub(crate) call: String,
    pub(crate) attempts: u32,
    pub(crate) elapsed: Duration,
    /// The server's, of the last answer.
    pub(crate) correlation_id: Option<String>,
}

/// What an error has to show, whichever variant it is. The vendors' accessors are all read from here.
pub(crate) struct Evidence<'a, Code> {
    pub(crate) trace: Option<&'a Trace>,
    pub(crate) answer: Option<&'a Answer>,
    pub(crate) code: Option<&'a Code>,
    pub(crate) message: Option<&'a str>,
}

impl<Code> Evidence<'_, Code> {
    pub(crate) const NONE: Self = Self { trace: None, answer: None, code: None, message: None };
}

/// The client could not be built. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("the client cannot be built: {setting}: {problem}")]
pub struct ConfigurationError {
    setting: &'static str,
    problem: Cow<'static, str>,
    #[source]
    cause: Option<Cause>,
}

impl ConfigurationError {
    pub(crate) fn new(setting: &'static str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { setting, problem: problem.into(), cause: None }
    }

    pub(crate) fn caused_by(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The name of the setting, as the builder spells it.
    #[must_use]
    pub fn setting(&self) -> &str {
        self.setting
    }

    /// What is wrong with it. Never contains a secret's value.
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

/// No server acted on the call: nothing of a change can have arrived, or a read got no answer.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what} after {} attempt(s)", trace.call, trace.attempts)]
pub struct TransportError {
    what: &'static str,
    trace: Trace,
    #[source]
    cause: Cause,
}

impl TransportError {
    pub(crate) fn evidence<Code>(&self) -> Evidence<'_, Code> {
        Evidence { trace: Some(&self.trace), ..Evidence::NONE }
    }

    /// How many times the call was sent.
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

/// No valid credential could be had: the function, login or token request that gives it failed or took too long. The
/// operation was not sent, or was refused with 401 before.
#[derive(Debug, thiserror::Error)]
#[error("{}: no valid credential could be had: {}", trace.call, error.what)]
pub struct AuthenticationError {
    error: NoCredential,
    /// The 401, if the operation was sent.
    refused: Option<Answer>,
    trace: Trace,
    #[source]
    cause: Option<Cause>,
}

impl AuthenticationError {
    pub(crate) fn evidence<Code>(&self) -> Evidence<'_, Code> {
        Evidence { trace: Some(&self.trace), answer: self.refused.as_ref(), ..Evidence::NONE }
    }

    /// What went wrong with the credential.
    #[must_use]
    pub fn problem(&self) -> &'static str {
        self.error.what
    }

    /// The status with which the operation was refused, if it was sent.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.refused.as_ref().map(|answer| answer.status)
    }

    /// How many times the operation was sent.
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

/// Why there is no credential. All calls that waited for the same renewal share it.
#[derive(Clone, Debug)]
pub(crate) struct NoCredential {
    what: &'static str,
    cause: Option<Cause>,
}

impl NoCredential {
    pub(crate) fn new(what: &'static str, cause: Option<Cause>) -> Self {
        Self { what, cause }
    }

    pub(crate) fn into_cause(self) -> Cause {
        Cause { text: self.what.to_owned(), source: self.cause.map(Box::new) }
    }
}

/// A change may have arrived, and was not clearly refused. **Do not send it again before you know.**
///
/// It holds the request as it was built and whatever came back, so that nothing is lost. [`how_to_find_out`] says
/// where to look. Sending the request again is up to you: the resource handles' `execute` takes it.
///
/// [`how_to_find_out`]: Self::how_to_find_out
#[derive(Debug)]
pub struct OutcomeUnknown<Request, Code> {
    request: Request,
    code: Option<Code>,
    message: Option<Message>,
    answer: Option<Answer>,
    how_to_find_out: &'static str,
    trace: Trace,
    cause: Option<Cause>,
}

impl<Request, Code> OutcomeUnknown<Request, Code> {
    pub(crate) fn evidence(&self) -> Evidence<'_, Code> {
        let answer = self.answer.as_ref();
        Evidence {
            trace: Some(&self.trace),
            answer,
            code: self.code.as_ref(),
            message: self.message.as_ref().map(Message::as_str),
        }
    }

    /// The request as it was sent.
    #[must_use]
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Gives the request back.
    #[must_use]
    pub fn into_request(self) -> Request {
        self.request
    }

    /// The status, if an answer began.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// The answer's headers, if an answer began.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.answer.as_ref().map(|answer| &answer.headers)
    }

    /// The body as far as it came, lossy UTF-8.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.answer.as_ref().map(|answer| answer.body.as_str())
    }

    /// The vendor's code, if the answer had one.
    #[must_use]
    pub fn code(&self) -> Option<&Code> {
        self.code.as_ref()
    }

    /// The vendor's message, if the answer had one.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_ref().map(Message::as_str)
    }

    /// Where to look to learn whether the change took place.
    #[must_use]
    pub fn how_to_find_out(&self) -> &'static str {
        self.how_to_find_out
    }

    /// How many times the call was sent.
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

impl<Request, Code: fmt::Display> fmt::Display for OutcomeUnknown<Request, Code> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the outcome is unknown: ", self.trace.call)?;
        let Some(answer) = &self.answer else {
            return f.write_str("no answer came, and the request may have arrived");
        };
        write!(f, "the server answered {}", answer.status)?;
        if answer.status.is_success() {
            f.write_str(", but its answer cannot be read")?;
        }
        if let Some(code) = &self.code {
            write!(f, " ({})", one_line(&code.to_string()))?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {}", one_line(message.as_str()))?;
        }
        Ok(())
    }
}

impl<Request: fmt::Debug, Code: fmt::Debug + fmt::Display> StdError for OutcomeUnknown<Request, Code> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

/// A read was answered 2xx, but in a shape that cannot be taken.
#[derive(Debug, thiserror::Error)]
#[error("{}: the server answered {}, but its answer cannot be read", trace.call, answer.status)]
pub struct DecodeError {
    answer: Answer,
    trace: Trace,
    #[source]
    cause: Cause,
}

impl DecodeError {
    pub(crate) fn evidence<Code>(&self) -> Evidence<'_, Code> {
        Evidence { trace: Some(&self.trace), answer: Some(&self.answer), ..Evidence::NONE }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status
    }

    /// The body as far as it was read, lossy UTF-8.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.answer.body
    }

    /// How many times the call was sent.
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

/// An outcome with a gap, made an error by `require_complete`. The outcome itself is inside: nothing is lost.
#[derive(Debug, thiserror::Error)]
#[error("{gap}")]
pub struct Incomplete<Outcome> {
    gap: String,
    outcome: Outcome,
}

impl<Outcome> Incomplete<Outcome> {
    pub(crate) fn new(gap: String, outcome: Outcome) -> Self {
        Self { gap, outcome }
    }

    /// The outcome as it was.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Gives the outcome back.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        self.outcome
    }
}

/// What a server answered, as far as it came.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Bounded by the client's answer limit; bytes that are no UTF-8 are replaced.
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

// A header may set a cookie and a body may carry a token, so neither is shown.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, body } = self;
        f.debug_struct("Answer")
            .field("status", status)
            .field("headers", &headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", body.len()))
            .finish()
    }
}

/// A complete 2xx answer, and what it took to get it.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) answer: Answer,
    pub(crate) trace: Trace,
    pub(crate) audit: Audit,
    /// An earlier copy of this change went unanswered.
    pub(crate) after_unanswered_copy: bool,
}

/// A call that did not end in a complete 2xx answer.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) end: Box<End>,
    pub(crate) trace: Trace,
    pub(crate) audit: Audit,
}

/// How a failed call ended.
#[derive(Debug)]
pub(crate) enum End {
    /// Nothing of a change can have arrived, or a read got no answer.
    NotDone { what: &'static str, cause: Cause },
    /// The server refused, with a status that says so; perhaps a second copy, after a first that it never answered.
    Refused { answer: Answer, after_unanswered_copy: bool },
    /// The credential could not be had or renewed.
    NotAuthenticated { error: NoCredential, refused: Option<Answer> },
    /// A change may have arrived.
    Unknown { answer: Option<Answer>, cause: Option<Cause> },
    /// A read was answered 2xx in a way that cannot be taken.
    Unreadable { answer: Answer, cause: Cause },
}

impl Exchange {
    /// A 2xx answer to a change in a shape that nobody expected: it may well have been carried out.
    pub(crate) fn unreadable_change(self, cause: Cause) -> Failure {
        let Self { answer, trace, audit, .. } = self;
        Failure { end: Box::new(End::Unknown { answer: Some(answer), cause: Some(cause) }), trace, audit }
    }

    /// A 2xx answer whose content says that the call was refused.
    pub(crate) fn refused(self) -> Failure {
        let Self { answer, trace, audit, after_unanswered_copy } = self;
        Failure { end: Box::new(End::Refused { answer, after_unanswered_copy }), trace, audit }
    }
}

/// What a vendor makes of a failed call. One place turns an [`End`] into the variants of the vendor's error enum.
pub(crate) trait FromFailure: Sized {
    type Request;
    type Code;

    /// The vendor's code and message in an answer.
    fn said(answer: &Answer) -> (Option<Self::Code>, Option<Message>);
    /// Where to look after a change whose outcome is unknown.
    fn how_to_find_out(request: &Self::Request) -> &'static str;

    fn transport(error: TransportError) -> Self;
    fn decode(error: DecodeError) -> Self;
    fn unknown(error: OutcomeUnknown<Self::Request, Self::Code>) -> Self;
    fn authentication(error: AuthenticationError) -> Self;
    fn refused(request: Self::Request, refusal: Refusal) -> Self;

    fn from_failure(failure: Failure, request: Self::Request) -> Self {
        let Failure { end, trace, audit } = failure;
        audit.finish(end.name(), &trace, "");
        match *end {
            End::NotDone { what, cause } => Self::transport(TransportError { what, trace, cause }),
            End::Refused { answer, after_unanswered_copy } => {
                Self::refused(request, Refusal { answer, trace, after_unanswered_copy })
            }
            End::NotAuthenticated { error, refused } => {
                let cause = error.cause.clone();
                Self::authentication(AuthenticationError { error, refused, trace, cause })
            }
            End::Unreadable { answer, cause } => Self::decode(DecodeError { answer, trace, cause }),
            End::Unknown { answer, cause } => {
                // A 2xx says nothing about a failure, and half of it would only look as if it did.
                let refusal = answer.as_ref().filter(|answer| !answer.status.is_success());
                let (code, message) = refusal.map_or((None, None), Self::said);
                let how_to_find_out = Self::how_to_find_out(&request);
                Self::unknown(OutcomeUnknown { request, code, message, answer, how_to_find_out, trace, cause })
            }
        }
    }
}

/// What the vendors' `ApiError` is made of.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) answer: Answer,
    pub(crate) trace: Trace,
    pub(crate) after_unanswered_copy: bool,
}

impl End {
    /// How the audit names it.
    fn name(&self) -> &'static str {
        match self {
            Self::NotDone { .. } => "not sent",
            Self::Refused { after_unanswered_copy: false, .. } => "refused",
            Self::Refused { after_unanswered_copy: true, .. } => "refused after an unanswered copy",
            Self::NotAuthenticated { .. } => "not authenticated",
            Self::Unknown { .. } => "outcome unknown",
            Self::Unreadable { .. } => "answer unreadable",
        }
    }
}

/// The texts of an error and of those below it. No foreign error type is kept, so none becomes part of the API.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

impl Cause {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), source: None }
    }

    /// The texts on one line, for a log.
    pub(crate) fn whole(&self) -> String {
        let mut text = one_line(&self.text);
        let mut below = self.source.as_deref();
        while let Some(cause) = below {
            text += ": ";
            text += &one_line(&cause.text);
            below = cause.source.as_deref();
        }
        text
    }

    /// Why text is not the JSON that was expected: the place only, since serde's own words may quote the body.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        Self::new(format!("not the expected JSON at line {}, column {}", error.line(), error.column()))
    }

    /// The texts of any error that is known to hold no URL and no secret.
    pub(crate) fn of_error(error: &(dyn StdError + 'static)) -> Self {
        Self::chain(error)
    }

    /// Call `without_url` on the error first: a URL may hold what must not be shown.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        debug_assert!(error.url().is_none(), "the URL must be taken off first");
        Self::chain(error)
    }

    fn chain(error: &dyn StdError) -> Self {
        let source = error.source().map(|below| Box::new(Self::chain(below)));
        Self { text: error.to_string(), source }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|below| below as _)
    }
}
