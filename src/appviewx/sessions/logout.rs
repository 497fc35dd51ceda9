//! `POST /acctmgmt-perform-logout`.

use std::fmt;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::login_endpoint::LoginEndpoint;
use crate::appviewx::envelope::JSON;
use crate::appviewx::short_envelope::{ShortEnvelope, Verdict};
use crate::appviewx::vendor::{AppViewX, CallDefaults, Caller, Error, ReadError};
use crate::operation::{Change, DocumentedCall, Operation, Receipt, Taken};
use crate::transport::{Cause, Exchange, Path};
use crate::validation::Problems;

/// What a client's session is.
#[derive(Debug)]
pub(in crate::appviewx) enum Session {
    /// The client logs in.
    OfLogin(Arc<LoginEndpoint>),
    /// It was given to the client.
    Given,
    /// There is none: passwords or tokens are sent.
    None,
}

/// The outcome of a logout. See [`Client::logout`](crate::appviewx::Client::logout).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// println!("{}", appviewx.logout().await?);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub enum LogoutOutcome {
    /// The server ended the session.
    LoggedOut(LoggedOut),
    /// The client had no session. Nothing was sent.
    NoSession,
}

/// The server ended the session.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::LogoutOutcome;
///
/// # let appviewx = clm::appviewx::Client::builder(scene.appviewx.url()).credentials(scene.appviewx.login()).build()?;
/// # appviewx.certificate_groups().view("web-servers").send().await?;
/// if let LogoutOutcome::LoggedOut(logged_out) = appviewx.logout().await? {
///     println!(
///         "{:?}, after {} attempt(s)",
///         logged_out.message(),
///         logged_out.receipt().attempts()
///     );
/// # } else { panic!("no session");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LoggedOut {
    message: Option<String>,
    #[serde(flatten)]
    receipt: Receipt,
}

impl fmt::Display for LogoutOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::LoggedOut(_) => "logged out",
            Self::NoSession => "no session",
        })
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl LogoutOutcome {
    /// Returns what a logout returns for this reply. Nothing is sent. Feature `testing`.
    ///
    /// ```
    /// use clm::appviewx::{Error, LogoutOutcome};
    /// use clm::testing::Reply;
    ///
    /// assert!(matches!(LogoutOutcome::outcome_of(Reply::nothing()), Err(Error::OutcomeUnknown(_))));
    /// ```
    ///
    /// # Errors
    /// The error that this reply causes in a real logout.
    pub fn outcome_of(reply: crate::testing::Reply) -> Result<Self, Error> {
        crate::operation::Request::of(LogOut { headers: HeaderMap::new() }).outcome_of(reply).map(Self::LoggedOut)
    }
}

impl LoggedOut {
    /// The server's message.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::LogoutOutcome;
    ///
    /// if let LogoutOutcome::LoggedOut(logged_out) = appviewx.logout().await? {
    ///     println!("{}", logged_out.message().unwrap_or_default());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The response as received, with its attempts and duration. **Its body may repeat the session id.**
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::LogoutOutcome;
    ///
    /// if let LogoutOutcome::LoggedOut(logged_out) = appviewx.logout().await? {
    ///     println!("{} attempt(s)", logged_out.receipt().attempts());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }
}

/// Ends the session that is in use, if there is one, and makes the client forget it.
pub(in crate::appviewx) async fn log_out(caller: Caller, session: Arc<Session>) -> Result<LogoutOutcome, Error> {
    let credential = caller.transport().credential();
    let (in_use, transport) = match &*session {
        Session::None => (None, caller.transport()),
        Session::Given => (credential.in_use(), caller.transport()),
        // A login that is under way gives a session that nobody else would end.
        // The client's own transport would log in for a session that is no longer taken, only to end the new one.
        Session::OfLogin(endpoint) => (credential.settled().await, &endpoint.transport),
    };
    let Some(in_use) = in_use else { return Ok(LogoutOutcome::NoSession) };
    let mut headers = HeaderMap::new();
    if let Session::OfLogin(_) = &*session {
        headers.clone_from(&in_use.headers);
        headers.insert(CONTENT_TYPE, JSON);
    }
    let request = caller.request(LogOut { headers }).build()?;
    let ended = Caller::send_over(transport, Arc::new(request)).await;
    // After anything but these two, the session may still be there, and another logout can end it.
    let gone = match &ended {
        Ok(_) => true,
        Err(error) => matches!(error, Error::Api(refused) if refused.status() == StatusCode::UNAUTHORIZED),
    };
    if gone {
        credential.forget(&in_use);
    }
    ended.map(LogoutOutcome::LoggedOut)
}

/// A logout. It is never given to callers: it belongs to one session.
#[derive(Clone)]
struct LogOut {
    /// The session id, if the transport does not send it.
    headers: HeaderMap,
}

// The headers hold the session id.
impl fmt::Debug for LogOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogOut").finish_non_exhaustive()
    }
}

impl Operation for LogOut {
    type Vendor = AppViewX;
    type Outcome = LoggedOut;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::change::<Self>("appviewx.logout", Method::POST, Path::fixed("acctmgmt-perform-logout"))
    }

    fn check(&mut self, _: &CallDefaults, _: &mut Problems) {}

    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn body(&self) -> Option<impl Serialize> {
        Some(json!({}))
    }

    fn how_to_find_out(&self) -> &'static str {
        "Log out again: the client still has the session. A 401 then means that the session has already ended. An \
         unused session probably ends by itself, but this is undocumented by the vendor."
    }

    fn read(&self, exchange: &Exchange) -> Result<LoggedOut, ReadError> {
        let envelope = ShortEnvelope::read(exchange.answer.body.as_str()).map_err(ReadError::Unreadable)?;
        match envelope.verdict() {
            Verdict::Success => {}
            Verdict::Failure(_) => return Err(ReadError::Refused),
            Verdict::Contradiction(how) => {
                let cause = Cause::new(format!("the response contradicts itself: {how}"));
                return Err(ReadError::Unreadable(cause));
            }
        }
        if envelope.inner_text("status").is_some_and(|status| !status.eq_ignore_ascii_case("SUCCESS")) {
            return Err(ReadError::Refused);
        }
        let message = envelope.inner_text("statusDescription").or_else(|| envelope.message());
        Ok(LoggedOut {
            message: message.map(|message| exchange.answer.secrets.redact(message)),
            receipt: Receipt::of::<AppViewX>(exchange),
        })
    }
}

impl Change for LogOut {
    const ITEM: &'static str = "session";

    fn taken(&self, _: &LoggedOut) -> Taken {
        Taken::Done
    }
}
