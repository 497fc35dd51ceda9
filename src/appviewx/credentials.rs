//! How a client proves who it is.

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::transport::{ConfigurationError, base64_of_pair, basic_authorization};

/// How a client proves who it is. `Debug` shows the kind and the user name, never a secret.
///
/// A request carries one kind of credential and never two: what the server would make of two is undocumented by the
/// vendor.
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
    /// User name and password for a login. The first call logs in; from then on the session id that the login gave is
    /// sent as the header `sessionId`, and the password is not.
    ///
    /// When the server answers a call with 401, the client logs in again and sends the call once more, which was
    /// refused before acting (assumed). However many calls see it, one of them logs in. 407 counts as 401 where no
    /// proxy is in use: a public tool of the vendor treats it so, no page says so. If the login fails, the calls that
    /// wait for it, and those that began before and hear of the 401 later, end as
    /// [`Error::Authentication`](super::Error::Authentication), with what the server said and, where it says so, how
    /// many more logins may fail before the account locks.
    ///
    /// **A login that failed stands for a minute,** however it failed, unless nothing of it can have arrived: so does
    /// one whose call was dropped or ran out of time. Until then, calls of this client and its clones that need a
    /// session end with that failure and try nothing;
    /// [`AuthenticationError::stands_for`](crate::AuthenticationError::stands_for) says for how long. A call after that
    /// logs in anew: **stop calling while logins are refused,** and build a new client for a new password. In the same
    /// way, a call whose 401 a new session does not cure ends as `Api`, and until a minute has passed or a call
    /// succeeds with that session, further 401s do not log in.
    ///
    /// A session whose end the server tells with another status, for example as a 200 with `AVX_GW_003` inside, is not
    /// renewed: the call ends as `Api`. [`Client::logout`](super::Client::logout) makes the client forget it once the
    /// server has ended it or answers 401.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::login("svc-clm", "a password"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /login` with the headers `username` and `password` and the body `{}`; older servers take
    ///   another path, see [`login_call`](super::ClientBuilder::login_call). It is audited as a change and never
    ///   repeated after silence, also if the call that led it is dropped: accounts lock. The session ends by
    ///   [`Client::logout`](super::Client::logout) or on the server.
    /// - **Undocumented by the vendor:** how long a session lives, how many one account may have, and whether a login
    ///   that is refused with 429 counts as a failed one (it is taken for one that does not count, and sent again).
    /// - **Source:** AppViewX API guide, "Login", up to the edition of 2023; no later page was found.
    ///
    /// `build()` refuses what a header cannot carry unchanged, as with [`password_headers`](Self::password_headers).
    pub fn login(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Kind::Login { user: user.into(), password: password.into() })
    }

    /// Id and secret of a service account. The first call fetches a token, which is then sent as the header `token`; it
    /// is fetched anew shortly before it expires, by its claim `exp`, and when the server answers 401. The token is not
    /// verified here. One whose expiry cannot be read, or has passed by this machine's clock, is used until a 401.
    ///
    /// **That calls on certificate groups take a token is unproven:** their pages name the session id and the password
    /// headers only. If they refuse it, use [`login`](Self::login).
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
    ///   `grant_type=client_credentials`, as the vendor's own tools send it; its pages contradict each other. A request
    ///   that stays unanswered is repeated, one that is refused is not.
    /// - **Errors:** [`Error::Authentication`](super::Error::Authentication) with the vendor's code, for example
    ///   `ACCT_SA_003` (the account is not valid) or `OAUTH_CLNT_015` (the secret is wrong).
    /// - **Source:** AppViewX platform API reference, "Retrieve access token".
    ///
    /// `build()` refuses an empty id or secret, a colon in the id, and control characters.
    pub fn service_account(id: impl Into<String>, secret: impl Into<SecretString>) -> Self {
        Self(Kind::ServiceAccount { id: id.into(), secret: secret.into() })
    }

    /// A session id that a login gave, sent as the header `sessionId`. It is not renewed: once it has expired, calls
    /// end as [`ErrorCode::AuthenticationFailed`](super::ErrorCode::AuthenticationFailed).
    ///
    /// `build()` refuses an empty id and anything but visible ASCII in it.
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

    /// User name and password as the plain headers `username` and `password`, with every call. The vendor documents
    /// it as the alternative to a session id; the password then stands in each request, and in the log of every
    /// proxy that logs headers. Prefer [`login`](Self::login), which sends it once.
    ///
    /// `build()` refuses what a header cannot carry unchanged: an empty value, control characters, anything beyond
    /// ASCII, and white space at either end.
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
                    return Err(ConfigurationError::new("credentials", "the session id holds a space"));
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
        return Err(wrong("holds a control character, which no header carries (a line end from a file, perhaps)"));
    }
    if !value.is_ascii() {
        return Err(wrong(
            "holds a character beyond ASCII, which no header carries safely; the vendor takes it in no other place",
        ));
    }
    if value.trim() != value {
        return Err(wrong("begins or ends with a space, which a header would lose"));
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
