//! How a client proves who it is.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

use crate::transport::ConfigurationError;

/// How a client proves who it is. `Debug` shows the kind and the user name, never a secret.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Basic { user: String, password: SecretString },
    Bearer { token: SecretString },
}

impl Credentials {
    /// Basic authentication, for servers with an Active Directory behind them. The user name is sent as it is given;
    /// the vendor's tools send `DOMAIN\user`.
    ///
    /// `build()` refuses an empty name or password, a colon in the name, and control characters.
    pub fn basic(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Kind::Basic { user: user.into(), password: password.into() })
    }

    /// A bearer token, used as it is. It is not renewed: once it has expired, calls end as
    /// [`ErrorKind::Unauthorized`](super::ErrorKind::Unauthorized).
    ///
    /// `build()` refuses an empty token and anything but visible ASCII in it.
    pub fn bearer(token: impl Into<SecretString>) -> Self {
        Self(Kind::Bearer { token: token.into() })
    }

    /// The value of the `Authorization` header.
    pub(super) fn authorization(&self) -> Result<HeaderValue, ConfigurationError> {
        let wrong = |problem: &'static str| ConfigurationError::new("credentials", problem);
        let value = match &self.0 {
            Kind::Basic { user, password } => {
                let password = password.expose_secret();
                if user.trim().is_empty() || password.is_empty() {
                    return Err(wrong("user name and password must not be empty"));
                }
                if user.contains(':') {
                    return Err(wrong("a user name with a colon cannot be sent by Basic authentication"));
                }
                if user.chars().chain(password.chars()).any(char::is_control) {
                    return Err(wrong(
                        "user name or password holds a control character (a line end from a file, perhaps)",
                    ));
                }
                format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            }
            Kind::Bearer { token } => {
                let token = token.expose_secret();
                if token.is_empty() {
                    return Err(wrong("the token must not be empty"));
                }
                if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(wrong("the token holds something else than visible ASCII (a line end, perhaps)"));
                }
                format!("Bearer {token}")
            }
        };
        let mut value =
            HeaderValue::try_from(value).map_err(|_| wrong("they hold a character that no header can carry"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Basic { user, password: _ } => {
                f.debug_struct("Basic").field("user", user).field("password", &"[redacted]").finish()
            }
            Kind::Bearer { token: _ } => f.debug_struct("Bearer").field("token", &"[redacted]").finish(),
        }
    }
}
