//! The credentials of a client.

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::transport::{ConfigurationError, base64_of_pair, basic_authorization};

/// The credentials of a client. `Debug` shows the kind and the user name, never a secret.
///
/// A request carries exactly one kind of credential. How the server handles two kinds at once is undocumented by the
/// vendor.
///
/// ```
/// # fn main() -> Result<(), clm::appviewx::Error> {
/// use clm::appviewx::{Client, Credentials};
///
/// let login = Credentials::login("svc-clm", "a password");
/// let service_account = Credentials::service_account("an-id", "a secret");
/// let appviewx =
///     Client::builder("https://appviewx.example.com:31443").credentials(login).build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Login { user: String, password: SecretString },
    ServiceAccount { id: String, secret: SecretString },
    SessionId { session_id: SecretString },
    PasswordHeaders { user: String, password: SecretString },
}

/// A credential that was checked, as the headers that carry it.
pub(super) enum Proof {
    /// With every call.
    SessionId(HeaderMap),
    /// With every call. `pair` is what a gateway may make of them.
    PasswordHeaders { headers: HeaderMap, pair: Vec<SecretString> },
    /// The same, with the login only.
    Login { headers: HeaderMap, pair: Vec<SecretString> },
    /// With the token request only.
    ServiceAccount(HeaderMap),
}

impl Credentials {
    /// Logs in with user name and password. The first call logs in. Later calls send the session id from the login in
    /// the header `sessionId`, and not the password.
    ///
    /// If a call receives 401, the client logs in again and retries the call once. It is assumed that the server
    /// rejected the call before it acted. If several calls receive 401, only one of them logs in. Without a proxy, 407
    /// is treated like 401: one of the vendor's public tools does so, but no page documents it. If the login fails, all
    /// calls that wait for it, and calls that started earlier and receive a 401 later, fail with
    /// [`Error::Authentication`](super::Error::Authentication). The error contains the server's message and, if the
    /// server sends it, the number of failed logins that remain before the account is locked.
    ///
    /// **After a failed login, the client does not log in again for one minute.** This also applies if the call was
    /// dropped or timed out, but not if the login cannot have reached the server. During that minute, calls of this
    /// client and its clones that need a session fail with the same error without sending anything.
    /// [`AuthenticationError::stands_for`](crate::AuthenticationError::stands_for) returns the remaining time. The
    /// first call after that logs in again. **Stop calling while logins are rejected,** and build a new client for a
    /// new password. Similarly, if a call still receives 401 with a new session, it fails with `Api`, and further 401s
    /// do not cause a login until a minute has passed or a call succeeds with that session.
    ///
    /// If the server reports an expired session with another status, for example 200 with `AVX_GW_003` in the body, the
    /// session is not renewed and the call fails with `Api`. [`Client::logout`](super::Client::logout) discards such a
    /// session once the server has ended it or returns 401.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::login("svc-clm", "a password"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /login` with the headers `username` and `password` and the body `{}`; older servers use
    ///   another path, see [`login_call`](super::ClientBuilder::login_call). The login is audited as a change. It is
    ///   never retried without a response, even if the call that started it is dropped, because accounts lock. The
    ///   session ends with [`Client::logout`](super::Client::logout) or when the server ends it.
    /// - **Undocumented by the vendor:** the lifetime of a session, the number of sessions per account, and whether a
    ///   login rejected with 429 counts as failed (it is assumed not to count, and is retried).
    /// - **Source:** AppViewX API guide, "Login", editions up to 2023; no later page was found.
    ///
    /// `build()` rejects values that a header cannot carry unchanged, as for
    /// [`password_headers`](Self::password_headers).
    pub fn login(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Kind::Login { user: user.into(), password: password.into() })
    }

    /// Authenticates with the id and secret of a service account. The first call requests a token, which is then sent
    /// in the header `token`. The token is renewed shortly before it expires, according to its `exp` claim, and when
    /// the server returns 401. The client does not verify the token. A token whose expiry cannot be read, or is in the
    /// past by the local clock, is used until the server returns 401.
    ///
    /// **It is assumed that certificate group calls accept a token:** their pages list only the session id and the
    /// password headers. If the server rejects the token, use [`login`](Self::login).
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::service_account("an id", "a secret"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /acctmgmt-get-service-token` with Basic authorisation and the form
    ///   `grant_type=client_credentials`, as the vendor's own tools send it; the vendor's pages contradict each other.
    ///   A request without a response is retried, a rejected one is not.
    /// - **Errors:** [`Error::Authentication`](super::Error::Authentication) with the vendor's code, for example
    ///   `ACCT_SA_003` (the account is not valid) or `OAUTH_CLNT_015` (the secret is wrong).
    /// - **Source:** AppViewX platform API reference, "Retrieve access token".
    ///
    /// `build()` rejects an empty id or secret, a colon in the id, and control characters.
    pub fn service_account(id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self(Kind::ServiceAccount { id: id.into(), secret: secret.into() })
    }

    /// Uses an existing session id, sent in the header `sessionId`. It is not renewed: once it has expired, calls fail
    /// with [`ErrorCode::AuthenticationFailed`](super::ErrorCode::AuthenticationFailed).
    ///
    /// `build()` rejects an empty id and characters other than visible ASCII.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::session_id("a-session-id"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn session_id(session_id: impl Into<SecretString>) -> Self {
        Self(Kind::SessionId { session_id: session_id.into() })
    }

    /// Sends user name and password in the plain headers `username` and `password` with every call. The vendor
    /// documents this as the alternative to a session id. Every request then contains the password, and so do the logs
    /// of proxies that log headers. Prefer [`login`](Self::login), which sends it once.
    ///
    /// `build()` rejects values that a header cannot carry unchanged: empty values, control characters, non-ASCII
    /// characters, and leading or trailing white space.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::password_headers("svc-clm", "a password"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn password_headers(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Kind::PasswordHeaders { user: user.into(), password: password.into() })
    }

    /// Who acts, for the audit.
    pub(super) fn principal(&self) -> String {
        match &self.0 {
            Kind::SessionId { .. } => "(the holder of a session)".to_owned(),
            Kind::PasswordHeaders { user, .. } | Kind::Login { user, .. } => user.clone(),
            Kind::ServiceAccount { id, .. } => id.clone(),
        }
    }

    pub(super) fn proof(&self) -> Result<Proof, ConfigurationError> {
        Ok(match &self.0 {
            Kind::SessionId { session_id } => {
                let session_id = session_id.expose_secret();
                let value = header_value("session id", session_id)?;
                if session_id.contains(' ') {
                    return Err(ConfigurationError::new("credentials", "the session id must not contain a space"));
                }
                let mut headers = HeaderMap::new();
                headers.insert("sessionid", value);
                Proof::SessionId(headers)
            }
            Kind::PasswordHeaders { user, password } => Proof::PasswordHeaders {
                headers: password_headers(user, password)?,
                pair: base64_of_pair(user, password),
            },
            Kind::Login { user, password } => {
                Proof::Login { headers: password_headers(user, password)?, pair: base64_of_pair(user, password) }
            }
            Kind::ServiceAccount { id, secret } => {
                let value = basic_authorization(id, secret)
                    .map_err(|problem| ConfigurationError::new("credentials", problem))?;
                Proof::ServiceAccount(HeaderMap::from_iter([(AUTHORIZATION, value)]))
            }
        })
    }
}

fn password_headers(user: &str, password: &SecretString) -> Result<HeaderMap, ConfigurationError> {
    let mut headers = HeaderMap::new();
    let mut user = header_value("user name", user)?;
    // The audit names it too, and what a server says about it is worth reading.
    user.set_sensitive(false);
    headers.insert("username", user);
    headers.insert("password", header_value("password", password.expose_secret())?);
    Ok(headers)
}

/// A header value that arrives as it was given, or an error that does not repeat it.
fn header_value(what: &str, value: &str) -> Result<HeaderValue, ConfigurationError> {
    let wrong = |problem: &str| ConfigurationError::new("credentials", format!("the {what} {problem}"));
    if value.is_empty() {
        return Err(wrong("must not be empty"));
    }
    if value.contains(char::is_control) {
        return Err(wrong(
            "must not contain control characters, which are not allowed in a header (for example a line \
                          end from a file)",
        ));
    }
    if !value.is_ascii() {
        return Err(wrong(
            "must contain only ASCII characters: a header cannot carry others safely, and the vendor accepts it only \
             in a header",
        ));
    }
    if value.trim() != value {
        return Err(wrong("must not begin or end with a space, which a header would lose"));
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| wrong("must be a valid header value"))?;
    value.set_sensitive(true);
    Ok(value)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::SessionId { session_id: _ } => {
                f.debug_struct("SessionId").field("session_id", &"[redacted]").finish()
            }
            Kind::Login { user, password: _ } => {
                f.debug_struct("Login").field("user", user).field("password", &"[redacted]").finish()
            }
            Kind::ServiceAccount { id, secret: _ } => {
                f.debug_struct("ServiceAccount").field("id", id).field("secret", &"[redacted]").finish()
            }
            Kind::PasswordHeaders { user, password: _ } => {
                f.debug_struct("PasswordHeaders").field("user", user).field("password", &"[redacted]").finish()
            }
        }
    }
}
