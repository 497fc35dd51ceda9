//! The credentials of a client.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use super::oauth::ClientCredentials;
use crate::transport::{
    Cause, ConfigurationError, Credential, NewCredential, NoCredential, Options, Renew, basic_authorization,
};

/// The credentials of a client. `Debug` shows their kind and the user name, never a secret.
///
/// ```
/// # fn main() -> Result<(), clm::keyfactor::Error> {
/// use clm::keyfactor::{Client, Credentials};
///
/// let basic = Credentials::basic(r"EXAMPLE\svc-clm", "a password");
/// let bearer = Credentials::bearer("a-token");
/// let oauth =
///     Credentials::client_credentials("https://idp.example.com/token", "an-id", "a secret");
/// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
///     .credentials(oauth)
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Basic { user: String, password: SecretString },
    Bearer { token: SecretString },
    BearerFrom { provider: Provider },
    ClientCredentials(ClientCredentials),
}

/// Fetches a token.
type Provider = Arc<dyn Fn() -> Fetch + Send + Sync>;
type Fetch = Pin<Box<dyn Future<Output = Result<SecretString, NoCredential>> + Send>>;

impl Credentials {
    /// Basic authentication, for servers that use Active Directory. The user name is `DOMAIN\user`, or `user@domain`,
    /// which is sent as `domain\user`, as the vendor's tools do. Any other name is sent unchanged.
    ///
    /// `build()` refuses an empty name or password, a colon in the name, and control characters.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// let credentials = Credentials::basic(r"EXAMPLE\svc-clm", "a password");
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(credentials)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn basic(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Kind::Basic { user: account(user.into()), password: password.into() })
    }

    /// A bearer token. It is not renewed: when it has expired, calls fail with
    /// [`ErrorKind::Unauthorized`](super::ErrorKind::Unauthorized). See [`bearer_from`](Self::bearer_from) for tokens
    /// that can be fetched again.
    ///
    /// `build()` refuses a token that is empty or contains anything but visible ASCII characters.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// let credentials = Credentials::bearer("a-token");
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(credentials)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn bearer(token: impl Into<SecretString>) -> Self {
        Self(Kind::Bearer { token: token.into() })
    }

    /// A bearer token that your function fetches, for example from a vault. The function is called before the first
    /// request and again whenever the server returns 401. If several calls receive that 401, only one of them fetches
    /// a new token.
    ///
    /// If the function fails, the calls that needed the token fail with
    /// [`Error::Authentication`](super::Error::Authentication). The error's text becomes the source, so it must not
    /// contain secrets.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// async fn token_from_vault() -> Result<clm::secrecy::SecretString, std::io::Error> {
    ///     // …
    ///     # Ok("a-token".into())
    /// }
    ///
    /// let credentials = Credentials::bearer_from(token_from_vault);
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI").credentials(credentials).build()?;
    /// # Ok(()) }
    /// ```
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

    /// OAuth 2.0 client credentials. The client requests tokens from the identity provider's token endpoint, with a
    /// `POST` of a form with `grant_type=client_credentials`.
    ///
    /// ```
    /// use clm::keyfactor::{Client, Credentials};
    /// # let client_secret = "secret";
    ///
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(
    ///         Credentials::client_credentials(
    ///             "https://idp.example.com/oauth2/token",
    ///             "clm",
    ///             client_secret,
    ///         )
    ///         .scope("command")
    ///         .audience("https://keyfactor.example.com"),
    ///     )
    ///     .build();
    /// ```
    ///
    /// The first call requests a token. It is used until one minute before it expires, or until the last quarter of
    /// its lifetime if that is shorter than four minutes. If the server returns 401, a new token is requested and the
    /// call is retried once. If the endpoint sends no lifetime, the token is used until a 401. Concurrent calls share
    /// one token request. If it fails, the calls that needed the token fail with
    /// [`Error::Authentication`](super::Error::Authentication), which contains the provider's `error` and
    /// `error_description`; the secret is redacted from these texts.
    ///
    /// Id and secret are sent in the `Authorization` header, or in the form if the provider refuses the header: see
    /// [`secret_in_header`](ClientCredentials::secret_in_header) and
    /// [`secret_in_form`](ClientCredentials::secret_in_form). They are sent only to this URL; redirects are not
    /// followed. By default, no scope is requested. The client's TLS, proxy, time limit and retry settings also apply
    /// to token requests, including `danger_accept_invalid_certs` and `client_identity`. At most one mebibyte of the
    /// response is read.
    ///
    /// `build()` refuses an id, secret, scope or audience that is blank or contains control characters, a scope with
    /// a space, and a URL that is not `https`, as for the base URL. A query in the URL is kept.
    pub fn client_credentials(
        token_url: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> ClientCredentials {
        ClientCredentials::new(token_url.into(), client_id.into(), client_secret.into())
    }

    /// Finds what `build()` would refuse, as far as no other setting matters.
    #[cfg(feature = "rustls")]
    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        self.credential(&Options::default()).map(drop)
    }

    /// Who acts, for the audit.
    pub(super) fn principal(&self) -> String {
        match &self.0 {
            Kind::Basic { user, .. } => user.clone(),
            Kind::ClientCredentials(client) => client.client_id().to_owned(),
            Kind::Bearer { .. } | Kind::BearerFrom { .. } => "(the holder of a bearer token)".to_owned(),
        }
    }

    /// What the transport sends, as the `Authorization` header.
    pub(super) fn credential(&self, options: &Options) -> Result<Credential, ConfigurationError> {
        match &self.0 {
            Kind::ClientCredentials(client) => return client.credential(options),
            Kind::BearerFrom { provider } => Ok(Credential::renewable(FetchedBearer(Arc::clone(provider)))),
            Kind::Basic { user, password } => basic(user, password).map(Credential::fixed),
            Kind::Bearer { token } => bearer(token).map(Credential::fixed),
        }
        .map_err(|problem| ConfigurationError::new("credentials", problem))
    }
}

impl From<ClientCredentials> for Credentials {
    fn from(client: ClientCredentials) -> Self {
        Self(Kind::ClientCredentials(client))
    }
}

struct FetchedBearer(Provider);

impl Renew for FetchedBearer {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<NewCredential, NoCredential>> + Send + '_>> {
        Box::pin(async {
            let headers = bearer(&(self.0)().await?).map_err(|problem| NoCredential::new(problem, None))?;
            Ok(NewCredential { headers, lifetime: None })
        })
    }
}

/// A user name in the form that the vendor's tools send. One that is no plain `user@domain` stays as it is.
fn account(user: String) -> String {
    match user.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !user.contains('\\') => {
            if domain.contains('@') { user } else { format!(r"{domain}\{name}") }
        }
        _ => user,
    }
}

fn basic(user: &str, password: &SecretString) -> Result<HeaderMap, &'static str> {
    Ok(HeaderMap::from_iter([(AUTHORIZATION, basic_authorization(user, password)?)]))
}

pub(super) fn bearer(token: &SecretString) -> Result<HeaderMap, &'static str> {
    let token = token.expose_secret();
    if token.is_empty() {
        return Err("the token must not be empty");
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token must contain only visible ASCII characters (no line end, for example)");
    }
    authorization(&format!("Bearer {token}"))
}

pub(super) fn authorization(value: &str) -> Result<HeaderMap, &'static str> {
    let mut value =
        HeaderValue::try_from(value).map_err(|_| "must not contain characters that are not allowed in a header")?;
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
            Kind::ClientCredentials(client) => client.fmt(f),
            Kind::Bearer { token: _ } => f.debug_struct("Bearer").field("token", &"[redacted]").finish(),
        }
    }
}
