//! What can go wrong with a call, for both vendors.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::{ErrorBody, IncompleteOutcome, Operation, OutcomeUnknown, Request, Vendor};
use crate::error_report::ErrorReport;
use crate::operation::Incomplete;
use crate::transport::{
    Answer, AuthenticationError, CallName, Cause, ConfigurationError, DecodeError, Effect, Ended, Evidence, Failure,
    Refusal, ServerText, TransportError, Unknown,
};
use crate::validation::ValidationError;

/// Every way in which a call can fail. `keyfactor::Error` and `appviewx::Error` are aliases of this type.
///
/// A call ends as `Ok`, as an error that says that nothing was done, or as [`OutcomeUnknown`](Self::OutcomeUnknown).
#[derive(Debug)]
#[non_exhaustive]
pub enum Error<V: Vendor> {
    /// The client could not be built. Nothing was sent.
    ///
    /// ```
    /// use clm::keyfactor::{Client, Error};
    ///
    /// let Err(Error::Configuration(error)) = Client::builder("keyfactor.example.com").build() else { panic!() };
    /// println!("{}: {}", error.setting(), error.problem());
    /// ```
    Configuration(Box<ConfigurationError>),
    /// The request is invalid. Nothing was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{CertificateLocation, Error, Schedule};
    ///
    /// let none: [CertificateLocation; 0] = [];
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(none, Schedule::Immediate).send().await;
    /// let Err(Error::Validation(error)) = removed else { panic!() };
    /// for problem in error.problems() {
    ///     println!("{}: {}", problem.field(), problem.sentence());
    /// }
    /// # Ok(()) }
    /// ```
    Validation(Box<ValidationError>),
    /// No valid credential could be obtained. The operation was not sent, or was refused with 401 before.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let unassigned = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// let Err(Error::Authentication(error)) = unassigned else { panic!() };
    /// println!("{error}; {:?} attempts are left", error.remaining_attempts());
    /// # Ok(()) }
    /// ```
    Authentication(Box<AuthenticationError>),
    /// Nothing of a change can have reached the server, or a read got no answer.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::RetryPolicy;
    /// use clm::keyfactor::Error;
    ///
    /// scene.keyfactor.go_away();
    /// let read = keyfactor.certificate_stores().get(scene.stores()[0]).retry_policy(RetryPolicy::none()).send().await;
    /// let Err(error @ Error::Transport(_)) = read else { panic!() };
    /// println!("{}", error.report());
    /// # Ok(()) }
    /// ```
    Transport(Box<TransportError>),
    /// The server refused. Whether it carried out a part of a call on several stores or certificates before it refused is
    /// undocumented by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, Schedule};
    ///
    /// scene.keyfactor.restrict_to([]);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// let Err(Error::Api(error)) = removed else { panic!() };
    /// assert_eq!(error.status(), 403);
    /// println!("{:?}: {}", error.code(), error.remediation().unwrap_or_default());
    /// # Ok(()) }
    /// ```
    Api(Box<ApiError<V>>),
    /// A change may have reached the server. **Find out before you send it again.**
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, RemoveCertificates, Schedule};
    ///
    /// scene.keyfactor.lose_answers(1);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// let Err(Error::OutcomeUnknown(error)) = removed else { panic!() };
    /// println!("{}", error.how_to_find_out());
    /// let request = error.request::<RemoveCertificates>().expect("the removal");
    /// assert_eq!(request.locations().len(), 2);
    /// # Ok(()) }
    /// ```
    OutcomeUnknown(Box<OutcomeUnknown<V>>),
    /// A read was answered 2xx in another shape.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Error;
    /// use clm::testing::FakeAnswer;
    ///
    /// scene.keyfactor.refuse_next(FakeAnswer::status(200).json("not a store"), 1);
    /// let Err(Error::Decode(error)) = keyfactor.certificate_stores().get(scene.stores()[0]).send().await else { panic!() };
    /// println!("{error}: {:?}", error.body());
    /// # Ok(()) }
    /// ```
    Decode(Box<DecodeError>),
    /// What was read cannot be relied on, or is not what was asked for. Nothing was changed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError};
    ///
    /// let nobodys = "0".repeat(40);
    /// let Err(Error::Lookup(error)) = keyfactor.certificates().locations_of(nobodys).send().await else { panic!() };
    /// assert!(matches!(*error, LookupError::NothingVisible { .. }));
    /// # Ok(()) }
    /// ```
    Lookup(Box<V::LookupError>),
    /// `require_complete` or `require_success` found a gap, or the answer to a raw change could not be read as what the caller
    /// wanted. What was done is done; the outcome is inside.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, UnassignOutcome};
    ///
    /// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
    /// let outcome = appviewx.certificate_groups().unassign(ids).send().await?;
    /// let error = Error::from(outcome.require_complete().expect_err("one id is unknown to the server"));
    /// let outcome = error.incomplete::<UnassignOutcome>().expect("the outcome is kept");
    /// println!("confirmed: {:?}, not named: {:?}", outcome.successful_ids(), outcome.unconfirmed_ids());
    /// # Ok(()) }
    /// ```
    Incomplete(Box<IncompleteOutcome>),
}

impl<V: Vendor> Error<V> {
    /// What a failed call comes to. One place turns the transport's ends into these variants.
    pub(crate) fn from_failure<O: Operation<Vendor = V>>(failure: Failure, request: Arc<Request<O>>) -> Self {
        match failure.ended() {
            Ended::NotDone(error) => Self::Transport(Box::new(error)),
            Ended::NotAuthenticated(error) => Self::Authentication(Box::new(error)),
            Ended::Unreadable(error) => Self::Decode(Box::new(error)),
            Ended::Refused(refusal) => Self::Api(Box::new(ApiError::new(&request, refusal))),
            // The audit, which had it as well, is done with it.
            Ended::Unknown(unknown) => Self::unknown(Arc::unwrap_or_clone(request), unknown),
        }
    }

    fn unknown<O: Operation<Vendor = V>>(request: Request<O>, unknown: Unknown) -> Self {
        match request.effect() {
            Effect::Read => Self::Transport(Box::new(unknown.of_read())),
            Effect::Change | Effect::RepeatableChange => {
                Self::OutcomeUnknown(Box::new(OutcomeUnknown::new(request, unknown)))
            }
        }
    }

    /// The call cannot be made.
    pub(super) fn nothing_sent(call: CallName, cause: Cause) -> Self {
        Self::Transport(Box::new(TransportError::nothing_sent(call, cause)))
    }

    /// No answer came in the time that this crate gave the call.
    pub(crate) fn given_up<O: Operation<Vendor = V>>(request: Request<O>, elapsed: Duration) -> Self {
        let failure = Failure::given_up(request.call_name(), elapsed);
        Self::from_failure(failure, Arc::new(request))
    }

    /// The call may have been sent, and nobody read its answer, for this reason.
    pub(super) fn without_answer<O: Operation<Vendor = V>>(
        request: Request<O>,
        elapsed: Duration,
        why: &'static str,
    ) -> Self {
        let failure = Failure::without_answer(request.call_name(), elapsed, why);
        Self::from_failure(failure, Arc::new(request))
    }

    fn error(&self) -> &(dyn StdError + 'static) {
        match self {
            Self::Configuration(error) => &**error,
            Self::Validation(error) => &**error,
            Self::Authentication(error) => &**error,
            Self::Transport(error) => &**error,
            Self::Api(error) => &**error,
            Self::OutcomeUnknown(error) => &**error,
            Self::Decode(error) => &**error,
            Self::Lookup(error) => &**error,
            Self::Incomplete(error) => &**error,
        }
    }

    fn evidence(&self) -> Evidence<'_, V::Code> {
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
    pub fn code(&self) -> Option<&V::Code> {
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

    /// The error for people: what happened, why, and what to do, on several lines. Nothing of it has to be put together from
    /// `Display`, `source()` and [`remediation`](Self::remediation).
    ///
    /// ```
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// let url = "https://keyfactor.example.com?x=1";
    /// let error = Client::builder(url).credentials(Credentials::bearer("token")).build().unwrap_err();
    /// eprintln!("{}", error.report());
    /// # assert_eq!(error.report().to_string(), "the client cannot be built: base_url: a query does not belong into it");
    /// ```
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        let report = match self {
            Self::Validation(error) => error.report(),
            error => ErrorReport::new(error.error()),
        };
        let report = match self {
            Self::OutcomeUnknown(error) => report.how_to_find_out(error.how_to_find_out()),
            error => report.what_to_do(error.remediation()),
        };
        report.correlation_id(self.correlation_id())
    }

    /// What to do about it, if that is known. No other text of the error has it.
    ///
    /// Of [`OutcomeUnknown`](Self::OutcomeUnknown) it is the text of [`how_to_find_out`](OutcomeUnknown::how_to_find_out), so
    /// that code which handles every error alike has that as well: print one of the two.
    #[must_use]
    pub fn remediation(&self) -> Option<&str> {
        match self {
            Self::Api(error) => error.remediation(),
            Self::OutcomeUnknown(error) => Some(error.how_to_find_out()),
            Self::Transport(error) => error.remediation(),
            Self::Authentication(error) => error.remediation(),
            _ => None,
        }
    }

    /// The raw body as far as it came, lossy UTF-8, bounded by the client's answer limit. **It may repeat a secret** if the
    /// server does.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.evidence().answer.map(|answer| answer.body.as_str())
    }

    /// The raw body as far as it came, byte for byte (**it may repeat a secret** if the server does), bounded by the client's answer limit: also one that is no UTF-8, or
    /// in an encoding that nobody asked for.
    #[must_use]
    pub fn body_bytes(&self) -> Option<&[u8]> {
        self.evidence().answer.map(|answer| answer.body.as_bytes())
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

    /// The server's correlation id, if the vendor has one and the server sent it.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        let Evidence { trace, answer, .. } = self.evidence();
        answer?;
        trace?.correlation_id.as_ref().map(ServerText::as_str)
    }

    /// The outcome with a gap inside [`Incomplete`](Self::Incomplete), if it is of this type.
    #[must_use]
    pub fn incomplete<T: 'static>(&self) -> Option<&T> {
        match self {
            Self::Incomplete(incomplete) => incomplete.outcome(),
            _ => None,
        }
    }
}

impl<V: Vendor> fmt::Display for Error<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.error(), f)
    }
}

impl<V: Vendor> StdError for Error<V> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error().source()
    }
}

impl<V: Vendor> From<ConfigurationError> for Error<V> {
    fn from(error: ConfigurationError) -> Self {
        Self::Configuration(Box::new(error))
    }
}

impl<V: Vendor> From<ValidationError> for Error<V> {
    fn from(error: ValidationError) -> Self {
        Self::Validation(Box::new(error))
    }
}

impl<V: Vendor, T: fmt::Debug + Send + Sync + 'static> From<Incomplete<T>> for Error<V> {
    fn from(incomplete: Incomplete<T>) -> Self {
        Self::Incomplete(Box::new(incomplete.into()))
    }
}

/// The server refused: with a status that says so, or with a code in its answer that does.
#[derive(Debug)]
pub struct ApiError<V: Vendor> {
    scope: Option<V::Scope>,
    /// What the account needs, if the answer is 403.
    permission_needed: Option<&'static str>,
    /// What the operation itself says of this status.
    remedy: Option<&'static str>,
    body: V::ErrorBody,
    refusal: Refusal,
}

impl<V: Vendor> ApiError<V> {
    fn new<O: Operation<Vendor = V>>(request: &Request<O>, refusal: Refusal) -> Self {
        // Of a call that only reads, the scope is no part of what was refused.
        let scope = if request.effect() == Effect::Read { None } else { request.scope() };
        let body = error_body::<V>(&refusal.answer);
        let remedy = request.remedy_of(refusal.answer.status);
        Self { scope, permission_needed: request.permission_needed(), remedy, body, refusal }
    }

    pub(super) fn evidence(&self) -> Evidence<'_, V::Code> {
        let Refusal { answer, trace, .. } = &self.refusal;
        Evidence { trace: Some(trace), answer: Some(answer), code: self.code(), message: self.message() }
    }

    /// What could be read out of the body, for the vendor's own accessors.
    pub(crate) fn error_body(&self) -> &V::ErrorBody {
        &self.body
    }

    /// Whether an earlier copy of this change went unanswered, because the request said `repeat_after_silence()`. The
    /// refusal may then be the echo of that first copy: it proves nothing about it.
    #[must_use]
    pub fn after_unanswered_copy(&self) -> bool {
        self.refusal.after_unanswered_copy
    }

    /// The HTTP status. At AppViewX it is 2xx where only the `appStatusCode` says that the call was refused.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.refusal.answer.status
    }

    /// The vendor's code, if there was one.
    #[must_use]
    pub fn code(&self) -> Option<&V::Code> {
        self.body.code()
    }

    /// What the server said: the vendor's message, else what the body has instead, at Keyfactor the reasons of the failed
    /// operations or an RFC 7807 problem's detail, else the text or page title that came.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.body.message().map(ServerText::as_str)
    }

    /// Whether the body holds more than this error keeps beside it: what is read of a body takes a few times its size in
    /// memory, and no more. The lists and values of such an error are the beginning of what the server sent; all of it is in
    /// [`body`](Self::body).
    #[must_use]
    pub fn is_abridged(&self) -> bool {
        self.body.is_abridged()
    }

    /// What to do about it.
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        self.remedy.or_else(|| V::remediation(self.status(), &self.body, self.permission_needed))
    }

    /// The raw body as far as it came, lossy UTF-8. **It may repeat a secret** if the server does.
    #[must_use]
    pub fn body(&self) -> &str {
        self.refusal.answer.body.as_str()
    }

    /// The raw body as far as it came, byte for byte: also one in an encoding that nobody asked for. **It may repeat a secret**
    /// if the server does.
    #[must_use]
    pub fn body_bytes(&self) -> &[u8] {
        self.refusal.answer.body.as_bytes()
    }

    /// The server's correlation id, if the vendor has one and the server sent it.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.refusal.trace.correlation_id.as_ref().map(ServerText::as_str)
    }

    /// Where the server was asked to look for permissions, if the call is a change and has such a scope.
    #[must_use]
    pub fn scope(&self) -> Option<&V::Scope> {
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

impl<V: Vendor> fmt::Display for ApiError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.refusal.trace.call)?;
        self.evidence().write_answer(f)?;
        f.write_str(&self.refusal.answer.in_encoding())
    }
}

impl<V: Vendor> StdError for ApiError<V> {}

/// What a refusal says. In an encoding that nobody asked for, it says nothing that could be read.
pub(super) fn error_body<V: Vendor>(answer: &Answer) -> V::ErrorBody {
    if answer.encoding().is_some() { V::ErrorBody::default() } else { V::error_body(answer) }
}
