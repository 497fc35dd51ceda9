//! The errors that both vendors share: what went wrong on the way, and whether anything can have arrived.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

use super::cause::Cause;
use super::end::{Answer, Evidence, Trace};
use super::request::CallName;

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
    pub(super) remedy: Option<&'static str>,
}

impl TransportError {
    /// The call cannot be made.
    pub(crate) fn nothing_sent(call: CallName, cause: Cause) -> Self {
        let trace = Trace { call, attempts: 0, elapsed: Duration::ZERO, correlation_id: None };
        Self { what: "nothing was sent", trace, cause, remedy: None }
    }

    pub(crate) fn evidence<Code>(&self) -> Evidence<'_, Code> {
        Evidence { trace: Some(&self.trace), ..Evidence::NONE }
    }

    /// What to do about it, if that is known: of a certificate that was not accepted, and of a connection that did not come
    /// about because of the proxy, the name of the host, the address, or the time that it took.
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        self.remedy.or_else(|| self.cause.remedy())
    }

    /// Whether the next call meets the same: a certificate that was not accepted stays so, and was tried once.
    pub(crate) fn is_lasting(&self) -> bool {
        self.remedy.is_some()
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

/// A read was answered 2xx, but in a shape that cannot be taken.
#[derive(Debug, thiserror::Error)]
#[error("{}: the server answered {}, but its answer cannot be read", trace.call, answer.status)]
pub struct DecodeError {
    pub(super) answer: Answer,
    pub(super) trace: Trace,
    #[source]
    pub(super) cause: Cause,
    /// One row cannot be read; those before it were.
    pub(super) is_of_row: bool,
}

impl DecodeError {
    /// Why one row cannot be read, if that is what is wrong with the answer.
    pub(crate) fn fault_of_row(&self) -> Option<String> {
        self.is_of_row.then(|| self.cause.whole())
    }

    pub(crate) fn new(answer: Answer, trace: Trace, cause: Cause) -> Self {
        Self { answer, trace, cause, is_of_row: false }
    }

    pub(crate) fn evidence<Code>(&self) -> Evidence<'_, Code> {
        Evidence { trace: Some(&self.trace), answer: Some(&self.answer), ..Evidence::NONE }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status
    }

    /// The body as far as it was read, lossy UTF-8. **It may repeat a secret** if the server does.
    #[must_use]
    pub fn body(&self) -> &str {
        self.answer.body.as_str()
    }

    /// The body as far as it was read, byte for byte: also one in an encoding that nobody asked for. **It may repeat a secret**
    /// if the server does.
    #[must_use]
    pub fn body_bytes(&self) -> &[u8] {
        self.answer.body.as_bytes()
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
