//! The errors of a call, for both vendors.

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

/// The error of a call. `keyfactor::Error` and `appviewx::Error` are aliases of this type.
///
/// Apart from [`Incomplete`](Self::Incomplete), which contains the outcome of a call that was carried out, a change
/// ends in one of three ways: as `Ok`, as an error that means that it was refused or cannot have reached the server, or
/// as [`OutcomeUnknown`](Self::OutcomeUnknown).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::Error;
///
/// match appviewx.certificate_groups().unassign(scene.resource_ids()).send().await {
///     Ok(outcome) => println!("{} confirmed", outcome.successful_ids().len()),
///     Err(Error::OutcomeUnknown(error)) => {
///         eprintln!("perhaps done: {}", error.how_to_find_out())
///     }
///     Err(Error::Incomplete(error)) => eprintln!("done in part: {error}"),
///     Err(error) => eprintln!("nothing was done: {}", error.report()),
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error<V: Vendor> {
    /// The client could not be built. Nothing was sent.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Error};
    ///
    /// if let Err(Error::Configuration(error)) = Client::builder("keyfactor.example.com").build() {
    ///     eprintln!("correct the setting {}: {}", error.setting(), error.problem());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
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
    /// if let Err(Error::Validation(error)) = removed {
    ///     for problem in error.problems() {
    ///         eprintln!("{}: {}", problem.field(), problem.sentence());
    ///     }
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Validation(Box<ValidationError>),
    /// No valid credential could be obtained. The operation was not sent, or it was refused with 401.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let unassigned = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
    /// if let Err(Error::Authentication(error)) = unassigned {
    ///     eprintln!("{error}; {:?} attempts are left", error.remaining_attempts());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Authentication(Box<AuthenticationError>),
    /// A change cannot have reached the server, or a read received no response.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::RetryPolicy;
    /// use clm::keyfactor::Error;
    ///
    /// scene.keyfactor.go_away();
    /// let read = keyfactor.certificate_stores().get(scene.stores()[0]);
    /// if let Err(error @ Error::Transport(_)) = read.retry_policy(RetryPolicy::none()).send().await
    /// {
    ///     eprintln!("nothing was done, so the call can be sent again later: {}", error.report());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Transport(Box<TransportError>),
    /// The server refused the call. Whether a refused call on several stores or certificates may have been partly
    /// carried out is undocumented by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, Schedule};
    ///
    /// scene.keyfactor.restrict_to([]);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// if let Err(Error::Api(error)) = removed {
    ///     eprintln!(
    ///         "{}, {:?}: {}",
    ///         error.status(),
    ///         error.code(),
    ///         error.remediation().unwrap_or_default()
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Api(Box<ApiError<V>>),
    /// A change may have been carried out. **Check before you send it again.**
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, RemoveCertificates, Schedule};
    ///
    /// scene.keyfactor.lose_answers(1);
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    /// if let Err(Error::OutcomeUnknown(error)) = removed {
    ///     eprintln!("{}", error.how_to_find_out());
    ///     let request = error.request::<RemoveCertificates>().expect("the removal");
    ///     assert_eq!(request.locations().len(), 2);
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    OutcomeUnknown(Box<OutcomeUnknown<V>>),
    /// A read received a 2xx response in an unexpected format.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Error;
    /// use clm::testing::FakeAnswer;
    ///
    /// scene.keyfactor.refuse_next(FakeAnswer::status(200).json("not a store"), 1);
    /// let read = keyfactor.certificate_stores().get(scene.stores()[0]).send().await;
    /// if let Err(Error::Decode(error)) = read {
    ///     eprintln!("{error}: {}", error.body());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Decode(Box<DecodeError>),
    /// The result of a read is unreliable or is not what was requested. Nothing was changed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError};
    ///
    /// let unknown = "0".repeat(40);
    /// let located = keyfactor.certificates().locations_of(unknown).send().await;
    /// if let Err(Error::Lookup(error)) = located
    ///     && let LookupError::NothingVisible { certificate } = *error
    /// {
    ///     println!("nothing to do: {certificate} is not there");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    Lookup(Box<V::LookupError>),
    /// `require_complete` or `require_success` found an incomplete outcome, or the response to a raw change could not
    /// be read as the requested type. The change itself was carried out. The error contains the outcome.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, UnassignOutcome};
    ///
    /// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
    /// let outcome = appviewx.certificate_groups().unassign(ids).send().await?;
    /// if let Err(Error::Incomplete(error)) = outcome.require_complete().map_err(Error::from)
    ///     && let Some(outcome) = error.outcome::<UnassignOutcome>()
    /// {
    ///     println!(
    ///         "confirmed: {:?}, not named: {:?}",
    ///         outcome.successful_ids(),
    ///         outcome.unconfirmed_ids()
    ///     );
    /// # } else { panic!("another end");
    /// }
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

    /// The vendor's error code, if the server sent one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     eprintln!("{:?}", error.code());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&V::Code> {
        self.evidence().code
    }

    /// The HTTP status, if a response was received.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     assert_eq!(error.status().map(|it| it.as_u16()), Some(404));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.evidence().answer.map(|answer| answer.status)
    }

    /// The server's message, if it sent a readable one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     eprintln!("{}", error.message().unwrap_or_default());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.evidence().message
    }

    /// Returns a readable report on several lines: what happened, why, and what to do. It combines `Display`,
    /// `source()` and [`remediation`](Self::remediation).
    ///
    /// ```
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// let url = "https://keyfactor.example.com?x=1";
    /// let error =
    ///     Client::builder(url).credentials(Credentials::bearer("token")).build().unwrap_err();
    /// eprintln!("{}", error.report());
    /// # assert_eq!(error.report().to_string(), "cannot build the client: base_url: must not contain a query");
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

    /// What to do about the error, if known. `Display` and `source()` do not contain this text.
    ///
    /// For [`OutcomeUnknown`](Self::OutcomeUnknown) this is the same text as
    /// [`how_to_find_out`](OutcomeUnknown::how_to_find_out). Print only one of the two.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     eprintln!("{}", error.remediation().unwrap_or_default());
    /// }
    /// # Ok(()) }
    /// ```
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

    /// The raw body, as far as it was received, as lossy UTF-8, up to the client's size limit. **It may contain a
    /// secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     eprintln!("{}", error.body().unwrap_or_default());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.evidence().answer.map(|answer| answer.body.as_str())
    }

    /// The bytes of the raw body, as far as they were received, up to the client's size limit. They may be invalid
    /// UTF-8 or in a content encoding that was not requested. **They may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     eprintln!("{} bytes", error.body_bytes().map_or(0, <[u8]>::len));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body_bytes(&self) -> Option<&[u8]> {
        self.evidence().answer.map(|answer| answer.body.as_bytes())
    }

    /// The number of times the call was sent, if it was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     assert_eq!(error.attempts(), Some(1));
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        self.evidence().trace.map(|trace| trace.attempts)
    }

    /// The total duration of the call, if it was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     eprintln!("after {:?}", error.elapsed());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Option<Duration> {
        self.evidence().trace.map(|trace| trace.elapsed)
    }

    /// The correlation id, if the vendor has one and the server sent it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(error) = result {
    ///     eprintln!("{:?}", error.correlation_id());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        let Evidence { trace, answer, .. } = self.evidence();
        answer?;
        trace?.correlation_id.as_ref().map(ServerText::as_str)
    }

    /// The outcome inside [`Incomplete`](Self::Incomplete), if it has this type.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, UnassignOutcome};
    ///
    /// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
    /// let outcome = appviewx.certificate_groups().unassign(ids).send().await?;
    /// if let Err(error) = outcome.require_complete().map_err(Error::from) {
    ///     let outcome =
    ///         error.incomplete::<UnassignOutcome>().expect("the outcome of an unassignment");
    ///     println!("not confirmed: {:?}", outcome.unconfirmed_ids());
    /// }
    /// # Ok(()) }
    /// ```
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

/// An error response of the server, indicated by its status or by a code in its body.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Error;
///
/// scene.keyfactor.restrict_to([]);
/// if let Err(Error::Api(error)) = keyfactor.certificates().get(scene.certificate()).send().await
/// {
///     eprintln!("{}: {}", error.status(), error.message().unwrap_or_default());
///     eprintln!("{}", error.remediation().unwrap_or_default());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
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

    /// Whether an earlier copy of this change received no response and was retried because the request called
    /// `repeat_after_silence()`. In this case the error says nothing about the earlier copy, which may have been
    /// carried out and may even be the cause of the error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     assert!(!error.after_unanswered_copy());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn after_unanswered_copy(&self) -> bool {
        self.refusal.after_unanswered_copy
    }

    /// The HTTP status. For AppViewX it can be 2xx, if only the `appStatusCode` indicates the error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     assert_eq!(error.status(), 404);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.refusal.answer.status
    }

    /// The vendor's error code, if the response contains one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     eprintln!("{:?}", error.code());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&V::Code> {
        self.body.code()
    }

    /// The server's message: the vendor's message member, else for Keyfactor the reasons of the failed operations or
    /// the detail of an RFC 7807 problem, else the body text or the title of an HTML page.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     eprintln!("{}", error.message().unwrap_or_default());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.body.message().map(ServerText::as_str)
    }

    /// Whether the body contains more than was parsed, to limit memory use. The lists and values of such an error are
    /// then only the first part of what the server sent. [`body`](Self::body) contains everything.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     assert!(!error.is_abridged());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_abridged(&self) -> bool {
        self.body.is_abridged()
    }

    /// What to do about the error, if known.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     eprintln!("{}", error.remediation().unwrap_or_default());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        self.remedy.or_else(|| V::remediation(self.status(), &self.body, self.permission_needed))
    }

    /// The raw body, as far as it was received, as lossy UTF-8. **It may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     eprintln!("{}", error.body());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body(&self) -> &str {
        self.refusal.answer.body.as_str()
    }

    /// The bytes of the raw body, as far as they were received. They may be in a content encoding that was not
    /// requested. **They may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     eprintln!("{} bytes", error.body_bytes().len());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body_bytes(&self) -> &[u8] {
        self.refusal.answer.body.as_bytes()
    }

    /// The correlation id, if the vendor has one and the server sent it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     eprintln!("{:?}", error.correlation_id());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.refusal.trace.correlation_id.as_ref().map(ServerText::as_str)
    }

    /// The permission scope that was requested, if the call is a change with such a scope.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     eprintln!("{:?}", error.scope());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn scope(&self) -> Option<&V::Scope> {
        self.scope.as_ref()
    }

    /// The number of times the call was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     assert_eq!(error.attempts(), 1);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.refusal.trace.attempts
    }

    /// The total duration of the call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Error;
    ///
    /// let ids = scene.resource_ids();
    /// let result = appviewx.certificate_groups().assign("no such group", ids).send().await;
    /// if let Err(Error::Api(error)) = result {
    ///     eprintln!("after {:?}", error.elapsed());
    /// }
    /// # Ok(()) }
    /// ```
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
