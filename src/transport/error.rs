//! The errors that both vendors share: what went wrong on the road, and whether anything can have arrived.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::cause::Cause;
use super::end::{Answer, Evidence, Trace};
use crate::lenient::Message;

/// The client could not be built. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("the client cannot be built: {setting}: {problem}")]
pub struct ConfigurationError {
    setting: Cow<'static, str>,
    problem: Cow<'static, str>,
    #[source]
    cause: Option<Cause>,
}

impl ConfigurationError {
    pub(crate) fn new(setting: impl Into<Cow<'static, str>>, problem: impl Into<Cow<'static, str>>) -> Self {
        Self { setting: setting.into(), problem: problem.into(), cause: None }
    }

    /// The same problem, of a setting that the caller knows by another name.
    pub(crate) fn named(self, setting: impl Into<Cow<'static, str>>) -> Self {
        Self { setting: setting.into(), ..self }
    }

    pub(crate) fn caused_by(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The name of the setting, as the builder, the environment or the configuration file spells it.
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
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
    pub(super) what: &'static str,
    pub(super) trace: Trace,
    #[source]
    pub(super) cause: Cause,
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

/// A change may have arrived, and was not clearly refused. **Do not send it again before you know.**
///
/// It holds the request as it was built and whatever came back, so that nothing is lost. [`how_to_find_out`] says
/// where to look. Sending the request again is up to you: the resource handles' `execute` takes it.
///
/// [`how_to_find_out`]: Self::how_to_find_out
#[derive(Debug)]
pub struct OutcomeUnknown<Request, Code> {
    pub(super) request: Request,
    pub(super) code: Option<Code>,
    pub(super) message: Option<Message>,
    pub(super) answer: Option<Answer>,
    pub(super) how_to_find_out: &'static str,
    pub(super) trace: Trace,
    pub(super) cause: Option<Cause>,
}

impl<Request, Code> OutcomeUnknown<Request, Code> {
    pub(crate) fn evidence(&self) -> Evidence<'_, Code> {
        Evidence { trace: Some(&self.trace), answer: self.answer.as_ref(), code: self.code(), message: self.message() }
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
        self.evidence().write_answer(f)?;
        if answer.status.is_success() {
            f.write_str(", but its answer cannot be read")?;
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
    pub(super) answer: Answer,
    pub(super) trace: Trace,
    #[source]
    pub(super) cause: Cause,
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
