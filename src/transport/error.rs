//! The errors that both vendors share: what went wrong on the way, and whether anything can have arrived.

use std::borrow::Cow;
use std::time::Duration;

use http::StatusCode;

use super::cause::Cause;
use super::end::{Answer, Evidence, Trace};
use super::request::CallName;

/// The client could not be built. Nothing was sent.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::{Client, Error};
///
/// if let Err(Error::Configuration(error)) = Client::builder("keyfactor.example.com").build() {
///     eprintln!("{}: {}", error.setting(), error.problem());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("cannot build the client: {setting}: {problem}")]
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

    /// The name of the setting, as in the builder, the environment or the configuration file.
    ///
    /// ```
    /// use clm::keyfactor::{Client, Error};
    ///
    /// let Err(Error::Configuration(error)) = Client::builder("keyfactor.example.com").build()
    /// else {
    ///     panic!()
    /// };
    /// println!("{}", error.setting());
    /// ```
    #[must_use]
    pub fn setting(&self) -> &str {
        &self.setting
    }

    /// What is wrong with the setting. It never contains the value of a secret.
    ///
    /// ```
    /// use clm::keyfactor::{Client, Error};
    ///
    /// let Err(Error::Configuration(error)) = Client::builder("keyfactor.example.com").build()
    /// else {
    ///     panic!()
    /// };
    /// println!("{}", error.problem());
    /// ```
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

/// A change cannot have reached the server, or a read received no response.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::RetryPolicy;
/// use clm::keyfactor::Error;
///
/// scene.keyfactor.go_away();
/// let read =
///     keyfactor.certificates().get(scene.certificate()).retry_policy(RetryPolicy::none());
/// if let Err(Error::Transport(error)) = read.send().await {
///     eprintln!("{error}: {:?}", error.remediation());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}{}", trace.call, trace.attempts_made())]
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

    /// What to do about the error, if known: for a certificate that was not accepted, and for a connection that failed
    /// because of the proxy, the host name, the address or a timeout.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # scene.keyfactor.go_away();
    /// use clm::keyfactor::Error;
    ///
    /// let read = keyfactor
    ///     .certificate_stores()
    ///     .get(scene.stores()[0])
    ///     .retry_policy(clm::RetryPolicy::none())
    ///     .send()
    ///     .await;
    /// if let Err(Error::Transport(error)) = read {
    ///     eprintln!("{}", error.remediation().unwrap_or_default());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn remediation(&self) -> Option<&'static str> {
        self.remedy.or_else(|| self.cause.remedy())
    }

    /// Whether the next call meets the same: a certificate that was not accepted stays so, and was tried once.
    pub(crate) fn is_lasting(&self) -> bool {
        self.remedy.is_some()
    }

    /// The number of times the call was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # scene.keyfactor.go_away();
    /// use clm::keyfactor::Error;
    ///
    /// let read = keyfactor
    ///     .certificate_stores()
    ///     .get(scene.stores()[0])
    ///     .retry_policy(clm::RetryPolicy::none())
    ///     .send()
    ///     .await;
    /// if let Err(Error::Transport(error)) = read {
    ///     assert_eq!(error.attempts(), 1);
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
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # scene.keyfactor.go_away();
    /// use clm::keyfactor::Error;
    ///
    /// let read = keyfactor
    ///     .certificate_stores()
    ///     .get(scene.stores()[0])
    ///     .retry_policy(clm::RetryPolicy::none())
    ///     .send()
    ///     .await;
    /// if let Err(Error::Transport(error)) = read {
    ///     eprintln!("after {:?}", error.elapsed());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.trace.elapsed
    }
}

/// A read received a 2xx response in an unexpected format.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Error;
/// use clm::testing::FakeAnswer;
///
/// scene.keyfactor.refuse_next(FakeAnswer::status(200).json("not a certificate"), 1);
/// if let Err(Error::Decode(error)) =
///     keyfactor.certificates().get(scene.certificate()).send().await
/// {
///     eprintln!("{error}; the response was {}", error.body());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{}: the server returned {}, but the response cannot be read", trace.call, answer.status)]
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

    /// The HTTP status.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # scene.keyfactor.refuse_next(clm::testing::FakeAnswer::status(200).json("not a store"), 1);
    /// use clm::keyfactor::Error;
    ///
    /// if let Err(Error::Decode(error)) =
    ///     keyfactor.certificate_stores().get(scene.stores()[0]).send().await
    /// {
    ///     assert_eq!(error.status(), 200);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.answer.status
    }

    /// The body, as far as it was read, as lossy UTF-8. **It may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # scene.keyfactor.refuse_next(clm::testing::FakeAnswer::status(200).json("not a store"), 1);
    /// use clm::keyfactor::Error;
    ///
    /// if let Err(Error::Decode(error)) =
    ///     keyfactor.certificate_stores().get(scene.stores()[0]).send().await
    /// {
    ///     eprintln!("{}", error.body());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body(&self) -> &str {
        self.answer.body.as_str()
    }

    /// The bytes of the body, as far as they were read. They may be in a content encoding that was not requested.
    /// **They may contain a secret** if the server repeats one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # scene.keyfactor.refuse_next(clm::testing::FakeAnswer::status(200).json("not a store"), 1);
    /// use clm::keyfactor::Error;
    ///
    /// if let Err(Error::Decode(error)) =
    ///     keyfactor.certificate_stores().get(scene.stores()[0]).send().await
    /// {
    ///     eprintln!("{} bytes", error.body_bytes().len());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn body_bytes(&self) -> &[u8] {
        self.answer.body.as_bytes()
    }

    /// The number of times the call was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # scene.keyfactor.refuse_next(clm::testing::FakeAnswer::status(200).json("not a store"), 1);
    /// use clm::keyfactor::Error;
    ///
    /// if let Err(Error::Decode(error)) =
    ///     keyfactor.certificate_stores().get(scene.stores()[0]).send().await
    /// {
    ///     assert_eq!(error.attempts(), 1);
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
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # scene.keyfactor.refuse_next(clm::testing::FakeAnswer::status(200).json("not a store"), 1);
    /// use clm::keyfactor::Error;
    ///
    /// if let Err(Error::Decode(error)) =
    ///     keyfactor.certificate_stores().get(scene.stores()[0]).send().await
    /// {
    ///     eprintln!("after {:?}", error.elapsed());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.trace.elapsed
    }
}
