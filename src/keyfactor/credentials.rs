//! How a client proves who it is.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::transport::{Cause, ConfigurationError, Credential, Fresh, NoCredential, Renew};

/// How a client proves who it is. `Debug` shows the kind and the user name, never a secret.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Basic { user: String, password: SecretString },
    Bearer { token: SecretString },
    BearerFrom { provider: Provider },
}

/// Fetches a token.
type Provider = Arc<dyn Fn() -> Fetch + Send + Sync>;
type Fetch = Pin<Box<dyn Future<Output = Result<SecretString, NoCredential>> + Send>>;

impl Credentials {
    /// Basic authentication, for servers with an Active Directory behind them. The user name is sent as it is given;
    /// the vendor's tools send `DOMAIN\user`.
    ///
    /// `build()` refuses an empty name or password, a colon in the name, and control characters.
    pub fn basic(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Kind::Basic { user: user.into(), password: password.into() })
    }

    /// A bearer token, used as it is. It is not renewed: once it has expired, calls end as
    /// [`ErrorKind::Unauthorized`](super::ErrorKind::Unauthorized). See [`bearer_from`](Self::bearer_from).
    ///
    /// `build()` refuses an empty token and anything but visible ASCII in it.
    pub fn bearer(token: impl Into<SecretString>) -> Self {
        Self(Kind::Bearer { token: token.into() })
    }

    /// A bearer token that your function fetches, from a vault for example. It is called before the first call, and once
    /// more whenever the server answers 401: however many calls see that 401, one of them fetches.
    ///
    /// If it fails, the calls that needed it end as [`Error::Authentication`](super::Error::Authentication), with the
    /// texts of its error as the source; keep secrets out of those.
    pub fn bearer_from<F, Fetched, E>(fetch: F) -> Self
    where
        F: Fn() -> Fetched + Send + Sync + 'static,
        Fetched: Future<Output = Result<SecretString, E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let provider: Provider = Arc::new(move || {
            let fetched = fetch();
            Box::pin(async move {
                fetched.await.map_err(|error| {
                    let cause = Cause::of_error(&*error.into());
                    NoCredential::new("the function that fetches the bearer token failed", Some(cause))
                })
            })
        });
        Self(Kind::BearerFrom { provider })
    }

    /// Who acts, for the audit.
    pub(super) fn principal(&self) -> String {
        match &self.0 {
            Kind::Basic { user, .. } => user.clone(),
            Kind::Bearer { .. } | Kind::BearerFrom { .. } => "(the holder of a bearer token)".to_owned(),
        }
    }

    /// What the transport sends, as the `Authorization` header.
    pub(super) fn credential(&self) -> Result<Credential, ConfigurationError> {
        match &self.0 {
            Kind::BearerFrom { provider } => Ok(Credential::renewable(FetchedBearer(Arc::clone(provider)))),
            Kind::Basic { user, password } => basic(user, password).map(Credential::fixed),
            Kind::Bearer { token } => bearer(token).map(Credential::fixed),
        }
        .map_err(|problem| ConfigurationError::new("credentials", problem))
    }
}

struct FetchedBearer(Provider);

impl Renew for FetchedBearer {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Fresh, NoCredential>> + Send + '_>> {
        Box::pin(async {
            let headers = bearer(&(self.0)().await?).map_err(|problem| NoCredential::new(problem, None))?;
            Ok(Fresh { headers, lifetime: None })
        })
    }
}

fn basic(user: &str, password: &SecretString) -> Result<HeaderMap, &'static str> {
    let password = password.expose_secret();
    if user.trim().is_empty() || password.is_empty() {
        return Err("user name and password must not be empty");
    }
    if user.contains(':') {
        return Err("a user name with a colon cannot be sent by Basic authentication");
    }
    if user.chars().chain(password.chars()).any(char::is_control) {
        return Err("user name or password holds a control character (a line end from a file, perhaps)");
    }
    authorization(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

fn bearer(token: &SecretString) -> Result<HeaderMap, &'static str> {
    let token = token.expose_secret();
    if token.is_empty() {
        return Err("the token must not be empty");
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token holds something else than visible ASCII (a line end, perhaps)");
    }
    authorization(&format!("Bearer {token}"))
}

fn authorization(value: &str) -> Result<HeaderMap, &'static str> {
    let mut value = HeaderValue::try_from(value).map_err(|_| "they hold a character that no header can carry")?;
    value.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, value)]))
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Basic { user, password: _ } => {
                f.debug_struct("Basic").field("user", user).field("password", &"[redacted]").finish()
            }
            Kind::BearerFrom { provider: _ } => f.write_str("BearerFrom"),
            Kind::Bearer { token: _ } => f.debug_struct("Bearer").field("token", &"[redacted]").finish(),
        }
    }
}
