//! Changes of which nobody knows whether they took place.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::erased::Erased;
use super::error::error_body;
use super::{ErrorBody, Operation, Request, Vendor};
use crate::transport::{Answer, Cause, Evidence, ServerText, Trace, Unknown};

/// A change may have arrived, and was not clearly refused. **Do not send it again before you know.**
///
/// It holds the request as it was built and whatever came back, so that nothing is lost. [`how_to_find_out`] says
/// where to look. Sending the request again is up to you: the client's `execute` takes it.
///
/// [`how_to_find_out`]: Self::how_to_find_out
#[derive(Debug)]
pub struct OutcomeUnknown<V: Vendor> {
    request: Erased,
    scope: Option<V::Scope>,
    code: Option<V::Code>,
    message: Option<ServerText>,
    answer: Option<Answer>,
    how_to_find_out: &'static str,
    trace: Trace,
    cause: Option<Cause>,
}

impl<V: Vendor> OutcomeUnknown<V> {
    pub(super) fn new<O: Operation<Vendor = V>>(request: Request<O>, unknown: Unknown) -> Self {
        let Unknown { answer, trace, cause } = unknown;
        // A 2xx says nothing about a failure, and half of it would only look as if it did.
        let refusal = answer.as_ref().filter(|answer| !answer.status.is_success());
        let body = refusal.map(error_body::<V>);
        Self {
            scope: request.scope(),
            code: body.as_ref().and_then(ErrorBody::code).cloned(),
            message: body.as_ref().and_then(ErrorBody::message).cloned(),
            answer,
            how_to_find_out: request.how_to_find_out(),
            trace,
            cause,
            request: Erased::new(request),
        }
    }

    pub(super) fn evidence(&self) -> Evidence<'_, V::Code> {
        Evidence { trace: Some(&self.trace), answer: self.answer.as_ref(), code: self.code(), message: self.message() }
    }

    /// The request as it was sent, if it is one of this operation.
    ///
    /// ```no_run
    /// # async fn again(unknown: clm::keyfactor::OutcomeUnknown, keyfactor: clm::keyfactor::Client) -> Result<(), clm::keyfactor::Error> {
    /// use clm::keyfactor::RemoveCertificates;
    ///
    /// if let Some(request) = unknown.request::<RemoveCertificates>() {
    ///     // Only once you know that it did not take place:
    ///     keyfactor.execute(request.clone()).await?;
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn request<O: Operation<Vendor = V>>(&self) -> Option<&Request<O>> {
        self.request.get()
    }

    /// Gives the request back.
    ///
    /// # Errors
    /// Itself, if the request is one of another operation.
    #[expect(clippy::boxed_local, reason = "the error holds it in a box")]
    pub fn into_request<O: Operation<Vendor = V>>(self: Box<Self>) -> Result<Request<O>, Box<Self>> {
        let Self { request, scope, code, message, answer, how_to_find_out, trace, cause } = *self;
        request
            .into()
            .map_err(|request| Box::new(Self { request, scope, code, message, answer, how_to_find_out, trace, cause }))
    }

    /// The status, if an answer began.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// The answer's headers, if an answer began. **One may repeat a secret** if the server does.
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.answer.as_ref().map(|answer| &answer.headers)
    }

    /// The body as far as it came, lossy UTF-8. **It may repeat a secret** if the server does.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.answer.as_ref().map(|answer| answer.body.as_str())
    }

    /// The body as far as it came, byte for byte: also one in an encoding that nobody asked for. **It may repeat a secret** if
    /// the server does.
    #[must_use]
    pub fn body_bytes(&self) -> Option<&[u8]> {
        self.answer.as_ref().map(|answer| answer.body.as_bytes())
    }

    /// The vendor's code, if the answer had one.
    #[must_use]
    pub fn code(&self) -> Option<&V::Code> {
        self.code.as_ref()
    }

    /// The vendor's message, if the answer had one.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_ref().map(ServerText::as_str)
    }

    /// Where the server was asked to look for permissions, if the call has such a scope.
    #[must_use]
    pub fn scope(&self) -> Option<&V::Scope> {
        self.scope.as_ref()
    }

    /// Where to look to learn whether the change took place. The error's [`remediation`](super::Error::remediation) is this
    /// same text: print one of the two.
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

impl<V: Vendor> fmt::Display for OutcomeUnknown<V> {
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

impl<V: Vendor> StdError for OutcomeUnknown<V> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
