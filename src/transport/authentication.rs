//! Errors about credentials.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use super::cause::Cause;
use super::end::{Answer, Evidence, Trace};
use super::secrets::ServerText;
use crate::lenient::clause;

/// No valid credential could be obtained: the token function, login or token request failed or took too long. The
/// operation was not sent, or it was refused with 401.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::{Client, Credentials, Error};
///
/// let credentials = Credentials::login("svc-clm", "a wrong password");
/// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
/// if let Err(Error::Authentication(error)) =
///     appviewx.certificate_groups().view("web-servers").send().await
/// {
///     eprintln!("{}: {:?}", error.problem(), error.remediation());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}: could not obtain a valid credential: {what}{said}{tried}", trace.call)]
pub struct AuthenticationError {
    pub(super) what: &'static str,
    /// By the server that was asked for the credential.
    pub(super) said: Box<ProviderSaid>,
    pub(super) tried: Tried,
    /// The 401, if the operation was sent.
    pub(super) refused: Option<Answer>,
    pub(super) trace: Trace,
    #[source]
    pub(super) cause: Option<Cause>,
    pub(super) remedy: Option<&'static str>,
}

impl AuthenticationError {
    pub(crate) fn evidence<Code>(&self) -> Evidence<'_, Code> {
        Evidence { trace: Some(&self.trace), answer: self.refused.as_ref(), code: None, message: self.message() }
    }

    /// The error code from the identity provider or the login: OAuth's `error`, for example `invalid_client`, or the
    /// vendor's code.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     eprintln!("{:?}", error.code());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.said.code.as_ref().map(ServerText::as_str)
    }

    /// The message from the identity provider or the login: OAuth's `error_description`, or the vendor's status
    /// description.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     eprintln!("{:?}", error.message());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.said.message.as_ref().map(ServerText::as_str)
    }

    /// The number of failed logins that remain before the account is locked, if the server reports it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     eprintln!("{:?}", error.remaining_attempts());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn remaining_attempts(&self) -> Option<u32> {
        self.said.remaining_attempts
    }

    /// The HTTP status from the identity provider or the login, if it responded.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     eprintln!("{:?}", error.provider_status());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn provider_status(&self) -> Option<StatusCode> {
        self.said.status
    }

    /// Whether asking later may go better: the operation was not refused, and the provider was silent or in trouble.
    pub(crate) fn is_transient(&self) -> bool {
        let provider = self.said.status.map(|status| status.as_u16());
        self.refused.is_none() && (self.said.silent == Silence::NoAnswer || matches!(provider, Some(408 | 429 | 500..)))
    }

    /// The time until the client logs in again, counted from the start of this call. `Some` if this is the error of an
    /// earlier login, and no login was tried for this call because accounts lock.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     assert_eq!(error.stands_for(), None, "this call tried to log in");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn stands_for(&self) -> Option<Duration> {
        match self.tried {
            Tried::Before(left) => Some(left),
            Tried::Now | Tried::NotArrived => None,
        }
    }

    /// A short description of the problem.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     eprintln!("{}", error.problem());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn problem(&self) -> &'static str {
        self.what
    }

    /// What to do about the error, if known: if the server that issues the credential could not be reached, or its
    /// certificate was not accepted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     eprintln!("{:?}", error.remediation());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        self.remedy.or_else(|| self.cause.as_ref()?.remedy())
    }

    /// The status that the operation was refused with, if it was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     assert_eq!(error.status(), None);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        self.refused.as_ref().map(|answer| answer.status)
    }

    /// The number of times the operation was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     assert_eq!(error.attempts(), 0);
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
    /// # let scene = clm::testing::Scene::offboarding().await;
    /// use clm::appviewx::{Client, Credentials, Error};
    ///
    /// let credentials = Credentials::login("svc-clm", "a wrong password");
    /// let appviewx = Client::builder(scene.appviewx.url()).credentials(credentials).build()?;
    /// let result = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Authentication(error)) = result {
    ///     eprintln!("after {:?}", error.elapsed());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.trace.elapsed
    }
}

/// Why there is no credential. All calls that waited for the same renewal share it.
#[derive(Clone, Debug)]
pub(crate) struct NoCredential {
    pub(super) what: &'static str,
    pub(super) said: Box<ProviderSaid>,
    pub(super) cause: Option<Cause>,
    pub(super) tried: Tried,
    pub(super) remedy: Option<&'static str>,
}

/// What was tried for a credential that could not be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tried {
    /// It may have reached the server, which may count it.
    Now,
    /// Nothing of it can have reached the server.
    NotArrived,
    /// Nothing: the failure is that of an earlier call, and stands for that long.
    Before(Duration),
}

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Before(left) = self else { return Ok(()) };
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        write!(f, "; not retried, so that the account is not locked: the next attempt is possible in {seconds} s")
    }
}

/// What a server said that was asked for a credential.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProviderSaid {
    pub(crate) code: Option<ServerText>,
    pub(crate) message: Option<ServerText>,
    pub(crate) remaining_attempts: Option<u32>,
    /// Of its answer, if it was asked and answered.
    pub(crate) status: Option<StatusCode>,
    /// It was asked, and did not answer.
    pub(crate) silent: Silence,
}

/// Whether a server that was asked for a credential stayed silent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Silence {
    #[default]
    NotKnown,
    NoAnswer,
}

impl fmt::Display for ProviderSaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = &self.code {
            write!(f, " ({code})")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {}", clause(message.as_str()))?;
        }
        if let Some(remaining) = self.remaining_attempts {
            write!(f, " ({remaining} attempts remain)")?;
        }
        Ok(())
    }
}

impl ProviderSaid {
    /// Of an attempt that was made so, what was answered.
    fn answered(&self, how: &str) -> String {
        match self.status {
            Some(status) => format!("{how}, the server returned {status}{self}"),
            None => format!("{how}, no token was received"),
        }
    }
}

impl NoCredential {
    pub(crate) fn new(what: &'static str, cause: Option<Cause>) -> Self {
        Self { what, said: Box::default(), cause, tried: Tried::Now, remedy: None }
    }

    /// What the server said that was asked for the credential.
    pub(crate) fn said(self, said: ProviderSaid) -> Self {
        Self { said: Box::new(said), ..self }
    }

    pub(crate) fn said_by_provider(&self) -> &ProviderSaid {
        &self.said
    }

    pub(crate) fn with_remedy(self, remedy: &'static str) -> Self {
        Self { remedy: Some(remedy), ..self }
    }

    /// The failure of a second attempt, after a first that was refused. The causes say what came of each, and how it was made.
    pub(crate) fn after(self, first: &Self, how: [&str; 2], what: &'static str) -> Self {
        let [of_first, of_second] = how;
        let second = Cause { source: self.cause.map(Box::new), ..Cause::new(self.said.answered(of_second)) };
        let cause = Cause { source: Some(Box::new(second)), ..Cause::new(first.said.answered(of_first)) };
        Self { what, cause: Some(cause), ..self }
    }

    /// Nothing of the attempt can have reached the server.
    pub(super) fn not_arrived(self) -> Self {
        Self { tried: Tried::NotArrived, ..self }
    }

    /// The same for a later call, for which nothing is tried.
    pub(super) fn standing_for(self, left: Duration) -> Self {
        Self { tried: Tried::Before(left), ..self }
    }

    pub(crate) fn into_cause(self) -> Cause {
        let Self { what, said, cause, tried, remedy: _ } = self;
        Cause { source: cause.map(Box::new), ..Cause::new(format!("{what}{said}{tried}")) }
    }
}
