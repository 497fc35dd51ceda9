//! `POST /login`.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, StatusCode};
use secrecy::SecretString;
use serde_json::Value;

use super::login_endpoint::LoginEndpoint;
use super::session_credential::{credential_header, provider_answer};
use crate::appviewx::envelope::{JSON, is_failure};
use crate::appviewx::short_envelope::{ShortEnvelope, Verdict};
use crate::transport::{Attempts, AuditEnd, Effect, NewCredential, NoCredential, Path, Renew, no_jobs};

const SESSION_ID: HeaderName = HeaderName::from_static("sessionid");

/// Which of the vendor's two login endpoints is used. See [`Credentials::login`](crate::appviewx::Credentials::login).
///
/// ```
/// # fn main() -> Result<(), clm::appviewx::Error> {
/// use clm::appviewx::{Client, Credentials, LoginCall};
///
/// let appviewx = Client::builder("https://appviewx.example.com:31443")
///     .credentials(Credentials::login("svc-clm", "a password"))
///     .login_call(LoginCall::PerformLogin)
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum LoginCall {
    /// `POST /login`, as on the vendor's pages.
    #[default]
    Login,
    /// `POST /acctmgmt-perform-login`, the name of the action, which older tools of the vendor use.
    PerformLogin,
}

impl LoginCall {
    fn path(self) -> Path {
        Path::fixed(match self {
            Self::Login => "login",
            Self::PerformLogin => "acctmgmt-perform-login",
        })
    }
}

/// Gets sessions.
pub(in crate::appviewx) struct Login {
    pub(in crate::appviewx) endpoint: Arc<LoginEndpoint>,
    pub(in crate::appviewx) call: LoginCall,
    /// `username` and `password`. No other call carries them.
    pub(in crate::appviewx) headers: HeaderMap,
    /// Both, as Basic authentication would have them.
    pub(in crate::appviewx) pair: Vec<SecretString>,
}

impl Renew for Login {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<NewCredential, NoCredential>> + Send + '_>> {
        Box::pin(self.log_in())
    }

    // A public tool of the vendor logs in again after it; no page says so.
    fn expired_status(&self) -> Option<StatusCode> {
        Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED)
    }

    fn attempts(&self) -> Attempts {
        Attempts::Counted
    }
}

impl Login {
    async fn log_in(&self) -> Result<NewCredential, NoCredential> {
        let mut call = LoginEndpoint::call("appviewx.login", Effect::Change, self.call.path());
        call.headers = self.headers.clone();
        call.headers.insert(CONTENT_TYPE, JSON);
        call.body = Bytes::from_static(b"{}");
        call.secrets.clone_from(&self.pair);
        let exchange = self
            .endpoint
            .transport
            .execute(call)
            .await
            .map_err(|failure| failure.into_no_credential("the login failed", provider_answer))?;
        let envelope = match ShortEnvelope::read(exchange.answer.body.as_str()) {
            Ok(envelope) => envelope,
            Err(cause) => {
                let failure = exchange.unreadable_change(cause);
                return Err(failure.into_no_credential("the login response cannot be read", provider_answer));
            }
        };
        let session_id = match envelope.inner("sessionId") {
            _ if envelope.app_status_code().is_some_and(is_failure) => Err("the login failed"),
            Some(Value::String(_)) if !matches!(envelope.verdict(), Verdict::Success) => Err("the login failed"),
            _ if envelope.is_disputed_inside("sessionId") => Err("the login response contains two different session \
                                                                  ids"),
            Some(Value::String(id)) if !id.trim().is_empty() => {
                credential_header(id).ok_or("the login response contains a session id that is not a valid header value")
            }
            None | Some(Value::Null | Value::String(_)) => Err("the login response contains no session id"),
            Some(_) => Err("the login response contains a session id that is not a string"),
        };
        match session_id {
            Ok(session_id) => {
                exchange.audit.finish(|| AuditEnd::Done, &exchange.trace, no_jobs);
                Ok(NewCredential { headers: HeaderMap::from_iter([(SESSION_ID, session_id)]), lifetime: None })
            }
            Err(what) => Err(exchange.refused().into_no_credential(what, provider_answer)),
        }
    }
}
