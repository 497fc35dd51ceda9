//! Changes with an unknown outcome.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::erased::Erased;
use super::error::error_body;
use super::{ErrorBody, Operation, Request, Vendor};
use crate::transport::{Answer, Cause, Evidence, ServerText, Trace, Unknown};

/// A change that may have been carried out. **Check before you send it again.**
///
/// The error contains the request and everything that was received. [`how_to_find_out`] describes how to check. If you
/// decide to send the request again, pass it to the client's `execute`.
///
/// [`how_to_find_out`]: Self::how_to_find_out
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Error, RemoveCertificates, Schedule};
///
/// scene.keyfactor.lose_answers(1);
/// let stores = keyfactor.certificate_stores();
/// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
/// if let Err(Error::OutcomeUnknown(error)) = removed
///     && let Some(request) = error.request::<RemoveCertificates>()
/// {
///     eprintln!("{} location(s): {}", request.locations().len(), error.how_to_find_out());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
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

    /// The request that was sent, if it belongs to this operation.
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

    /// Returns the request.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::{Error, UnassignCertificates};
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     let request = unknown
    ///         .into_request::<UnassignCertificates>()
    ///         .expect("the request of an unassignment");
    ///     println!("{:?}", request.resource_ids());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The error itself, if the request belongs to another operation.
    #[expect(clippy::boxed_local, reason = "the error holds it in a box")]
    pub fn into_request<O: Operation<Vendor = V>>(self: Box<Self>) -> Result<Request<O>, Box<Self>> {
        let Self { request, scope, code, message, answer, how_to_find_out, trace, cause } = *self;
        request
            .into()
            .map_err(|request| Box::new(Self { request, scope, code, message, answer, how_to_find_out, trace, cause }))
    }

    /// The status, if a response was received.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     assert_eq!(unknown.status(), None);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.answer.as_ref().map(|answer| answer.status)
    }

    /// The response headers, if a response was received. **They may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     println!("{:?}", unknown.headers());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.answer.as_ref().map(|answer| &answer.headers)
    }

    /// The body, as far as it was received, as lossy UTF-8. **It may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     println!("{:?}", unknown.body());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.answer.as_ref().map(|answer| answer.body.as_str())
    }

    /// The bytes of the body, as far as they were received. They may be in a content encoding that was not requested.
    /// **They may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     println!("{:?}", unknown.body_bytes().map(<[u8]>::len));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body_bytes(&self) -> Option<&[u8]> {
        self.answer.as_ref().map(|answer| answer.body.as_bytes())
    }

    /// The vendor's error code, if the response contains one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     println!("{:?}", unknown.code());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&V::Code> {
        self.code.as_ref()
    }

    /// The vendor's message, if the response contains one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     println!("{:?}", unknown.message());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_ref().map(ServerText::as_str)
    }

    /// The permission scope that was requested, if the call has one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     println!("{:?}", unknown.scope());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scope(&self) -> Option<&V::Scope> {
        self.scope.as_ref()
    }

    /// How to check whether the change was carried out. [`Error::remediation`](super::Error::remediation) returns the
    /// same text, so print only one of the two.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     eprintln!("{}", unknown.how_to_find_out());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn how_to_find_out(&self) -> &'static str {
        self.how_to_find_out
    }

    /// The number of times the call was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     assert_eq!(unknown.attempts(), 1);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.trace.attempts
    }

    /// The total duration of the call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.lose_answers(1);
    /// use clm::appviewx::Error;
    ///
    /// let result = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::OutcomeUnknown(unknown)) = result {
    ///     eprintln!("after {:?}", unknown.elapsed());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.trace.elapsed
    }
}

impl<V: Vendor> fmt::Display for OutcomeUnknown<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the outcome is unknown: ", self.trace.call)?;
        let Some(answer) = &self.answer else {
            return f.write_str("no response was received, and the request may have arrived");
        };
        self.evidence().write_answer(f)?;
        if answer.status.is_success() {
            f.write_str(", but the response cannot be read")?;
        }
        Ok(())
    }
}

impl<V: Vendor> StdError for OutcomeUnknown<V> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}
