//! How a client proves who it is.

use std::fmt;

use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::transport::{ConfigurationError, Credential};

/// How a client proves who it is. `Debug` shows the kind and the user name, never a secret.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    SessionId { session_id: SecretString },
    PasswordHeaders { user: String, password: SecretString },
}

impl Credentials {
    /// A session id that a login gave, sent as the header `sessionId`. It is not renewed: once it has expired, calls
    /// end as [`ErrorCode::AuthenticationFailed`](super::ErrorCode::AuthenticationFailed).
    ///
    /// `build()` refuses an empty id and anything but visible ASCII in it.
    pub fn session_id(session_id: impl Into<SecretString>) -> Self {
        Self(Kind::SessionId { session_id: session_id.into() })
    }

    /// User name and password as the plain headers `username` and `password`, with every call. The vendor documents
    /// it as the alternative to a session id; the password then stands in each request, and in the log of every
    /// proxy that logs headers. Prefer a session.
    ///
    /// `build()` refuses what a header cannot carry unchanged: an empty value, control characters, anything beyond
    /// ASCII, and white space at either end.
    pub fn password_headers(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Kind::PasswordHeaders { user: user.into(), password: password.into() })
    }

    /// Who acts, for the audit.
    pub(super) fn principal(&self) -> String {
        match &self.0 {
            Kind::SessionId { .. } => "(the holder of a session)".to_owned(),
            Kind::PasswordHeaders { user, .. } => user.clone(),
        }
    }

    pub(super) fn credential(&self) -> Result<Credential, ConfigurationError> {
        let mut headers = HeaderMap::new();
        match &self.0 {
            Kind::SessionId { session_id } => {
                let session_id = session_id.expose_secret();
                headers.insert("sessionid", carried("session id", session_id)?);
                if session_id.contains(' ') {
                    return Err(ConfigurationError::new("credentials", "the session id holds a space"));
                }
            }
            Kind::PasswordHeaders { user, password } => {
                headers.insert("username", carried("user name", user)?);
                headers.insert("password", carried("password", password.expose_secret())?);
            }
        }
        Ok(Credential::fixed(headers))
    }
}

/// A header value that arrives as it was given, or an error that does not repeat it.
fn carried(what: &str, value: &str) -> Result<HeaderValue, ConfigurationError> {
    let wrong = |problem: &str| ConfigurationError::new("credentials", format!("the {what} {problem}"));
    if value.is_empty() {
        return Err(wrong("must not be empty"));
    }
    if value.contains(char::is_control) {
        return Err(wrong("holds a control character, which no header carries (a line end from a file, perhaps)"));
    }
    if !value.is_ascii() {
        return Err(wrong(
            "holds a character beyond ASCII, which no header carries safely; sign in for a session instead",
        ));
    }
    if value.trim() != value {
        return Err(wrong("begins or ends with a space, which a header would lose; sign in for a session instead"));
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| wrong("cannot be carried by a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::SessionId { session_id: _ } => {
                f.debug_struct("SessionId").field("session_id", &"[redacted]").finish()
            }
            Kind::PasswordHeaders { user, password: _ } => {
                f.debug_struct("PasswordHeaders").field("user", user).field("password", &"[redacted]").finish()
            }
        }
    }
}
