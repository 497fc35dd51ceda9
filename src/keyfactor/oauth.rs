//! OAuth 2.0 client credentials.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::form_urlencoded;

use super::credentials::authorization;
use super::token_endpoint::TokenEndpoint;
use crate::transport::{
    ConfigurationError, Credential, Identity, Options, Transport, base64_of_pair, shown, token_url,
};

/// OAuth 2.0 client credentials, for servers with an OAuth identity provider. Created by
/// [`Credentials::client_credentials`](super::Credentials::client_credentials).
///
/// `Debug` shows the client id and the token URL without its query, never the secret.
///
/// ```
/// # fn main() -> Result<(), clm::keyfactor::Error> {
/// use clm::keyfactor::{Client, Credentials};
///
/// let oauth =
///     Credentials::client_credentials("https://idp.example.com/token", "an-id", "a secret");
/// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
///     .credentials(oauth.scope("keyfactor"))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "does nothing until it is passed to a client"]
pub struct ClientCredentials {
    token_url: String,
    /// What problems with it call the URL.
    token_url_name: Cow<'static, str>,
    client_id: String,
    client_secret: SecretString,
    scopes: Vec<String>,
    audience: Option<String>,
    places: SecretPlaces,
    #[cfg(feature = "rustls")]
    roots: Vec<String>,
}

/// Where id and secret stand in a token request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SecretIn {
    /// As HTTP Basic authentication.
    Header,
    /// As `client_id` and `client_secret`, with the other fields.
    Form,
}

/// Which of them are tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SecretPlaces {
    Only(SecretIn),
    /// The header, and the form if the provider does not know the client by it.
    HeaderThenForm,
}

impl ClientCredentials {
    pub(super) fn new(token_url: String, client_id: String, client_secret: SecretString) -> Self {
        Self {
            token_url,
            token_url_name: "token_url".into(),
            client_id,
            client_secret,
            scopes: Vec::new(),
            audience: None,
            places: SecretPlaces::HeaderThenForm,
            #[cfg(feature = "rustls")]
            roots: Vec::new(),
        }
    }

    /// Requests this scope. Call it again for further scopes. By default, no scope is requested, and the provider's
    /// default applies.
    ///
    /// ```
    /// use clm::keyfactor::Credentials;
    ///
    /// let credentials = Credentials::client_credentials(
    ///     "https://idp.example.com/oauth2/token",
    ///     "clm",
    ///     "a secret",
    /// )
    /// .scope("command");
    /// ```
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Requests these scopes in addition to earlier ones.
    ///
    /// ```
    /// use clm::keyfactor::Credentials;
    ///
    /// let credentials = Credentials::client_credentials(
    ///     "https://idp.example.com/oauth2/token",
    ///     "clm",
    ///     "a secret",
    /// )
    /// .scopes(["command", "openid"]);
    /// ```
    pub fn scopes(mut self, scopes: impl IntoIterator<Item: Into<String>>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Sets the API for which the token is requested, as some providers require. It is sent as `audience`.
    ///
    /// ```
    /// use clm::keyfactor::Credentials;
    ///
    /// let credentials = Credentials::client_credentials(
    ///     "https://idp.example.com/oauth2/token",
    ///     "clm",
    ///     "a secret",
    /// )
    /// .audience("https://keyfactor.example.com");
    /// ```
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sends client id and secret only with HTTP Basic authentication, form-encoded as in RFC 6749 (2.3.1). Whether a
    /// provider accepts the header or the form is a setting of its client.
    ///
    /// By default, both are tried, as the vendor's own tools do: first the header, then the form, if the provider
    /// returns 401, `invalid_client` or `invalid_request`. The one that worked is used from then on. If neither
    /// worked, the error contains the provider's response to each. If your provider counts failed attempts, choose
    /// one of them.
    ///
    /// ```
    /// use clm::keyfactor::Credentials;
    ///
    /// let credentials = Credentials::client_credentials(
    ///     "https://idp.example.com/oauth2/token",
    ///     "clm",
    ///     "a secret",
    /// )
    /// .secret_in_header();
    /// ```
    pub fn secret_in_header(mut self) -> Self {
        self.places = SecretPlaces::Only(SecretIn::Header);
        self
    }

    /// Sends client id and secret only in the form, as `client_id` and `client_secret`. See
    /// [`secret_in_header`](Self::secret_in_header) for the default.
    ///
    /// ```
    /// use clm::keyfactor::Credentials;
    ///
    /// let credentials = Credentials::client_credentials(
    ///     "https://idp.example.com/oauth2/token",
    ///     "clm",
    ///     "a secret",
    /// )
    /// .secret_in_form();
    /// ```
    pub fn secret_in_form(mut self) -> Self {
        self.places = SecretPlaces::Only(SecretIn::Form);
        self
    }

    #[cfg(feature = "rustls")]
    pub(super) fn secret_in(mut self, places: SecretPlaces) -> Self {
        self.places = places;
        self
    }

    /// Trusts the certificates of this PEM bundle as additional roots, only at the token endpoint. Feature `rustls`.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Credentials;
    ///
    /// let root = std::fs::read_to_string("idp-root.pem")?;
    /// let credentials = Credentials::client_credentials(
    ///     "https://idp.example.com/oauth2/token",
    ///     "clm",
    ///     "a secret",
    /// )
    /// .add_root_certificate(root);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "rustls")]
    pub fn add_root_certificate(mut self, pem: impl Into<String>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// The token URL is checked with the other settings, so where it came from has to be known then.
    #[cfg(feature = "rustls")]
    pub(super) fn token_url_is_called(mut self, name: Cow<'static, str>) -> Self {
        self.token_url_name = name;
        self
    }

    /// Who acts, for the audit.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What gives the client its tokens, over a way to the network of its own: nothing that is meant for the API goes
    /// to the token endpoint, and nothing that is meant for the endpoint goes to the API.
    pub(super) fn credential(&self, options: &Options) -> Result<Credential, ConfigurationError> {
        self.check()?;
        let url =
            token_url(&self.token_url, options.plain_http).map_err(|error| error.named(self.token_url_name.clone()))?;
        #[cfg_attr(not(feature = "rustls"), expect(unused_mut, reason = "only roots of TLS are added to them"))]
        let mut options = options.for_credentials();
        #[cfg(feature = "rustls")]
        for pem in &self.roots {
            options.tls.add_root(pem.clone());
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let header = match self.places {
            SecretPlaces::Only(SecretIn::Form) => HeaderMap::new(),
            SecretPlaces::Only(SecretIn::Header) | SecretPlaces::HeaderThenForm => {
                authorization(&format!("Basic {}", self.pair()))
                    .map_err(|problem| ConfigurationError::new("client_secret", problem))?
            }
        };
        let identity = Identity {
            headers,
            query: Vec::new(),
            credential: Credential::fixed(HeaderMap::new()),
            principal: self.client_id.clone(),
            correlation_header: None,
        };
        let transport = Transport::new(url, identity, options)?;
        Ok(Credential::renewable(TokenEndpoint::new(transport, self.clone(), header)))
    }

    fn check(&self) -> Result<(), ConfigurationError> {
        let secret = self.client_secret.expose_secret();
        let named = [("client_id", self.client_id.as_str()), ("client_secret", secret)];
        let scopes = self.scopes.iter().map(|scope| ("scope", scope.as_str()));
        let audience = self.audience.iter().map(|audience| ("audience", audience.as_str()));
        for (setting, value) in named.into_iter().chain(scopes).chain(audience) {
            if value.trim().is_empty() {
                return Err(ConfigurationError::new(setting, "must not be empty (possibly an unset variable)"));
            }
            if value.contains(char::is_control) {
                let problem = "must not contain control characters (for example a line end from a file)";
                return Err(ConfigurationError::new(setting, problem));
            }
        }
        if self.scopes.iter().any(|scope| scope.contains(char::is_whitespace)) {
            return Err(ConfigurationError::new("scope", "must not contain white space; pass each scope separately"));
        }
        Ok(())
    }

    pub(super) fn places(&self) -> SecretPlaces {
        self.places
    }

    /// The body of a token request.
    pub(super) fn form(&self, place: SecretIn) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if place == SecretIn::Form {
            form.append_pair("client_id", &self.client_id);
            form.append_pair("client_secret", self.client_secret.expose_secret());
        }
        if !self.scopes.is_empty() {
            form.append_pair("scope", &self.scopes.join(" "));
        }
        if let Some(audience) = &self.audience {
            form.append_pair("audience", audience);
        }
        form.finish()
    }

    /// What the endpoint must not be quoted with.
    pub(super) fn secrets(&self) -> Vec<SecretString> {
        let pair = base64_of_pair(&encoded(&self.client_id), &encoded(self.client_secret.expose_secret()).into());
        std::iter::once(self.client_secret.clone()).chain(pair).collect()
    }

    /// Id and secret as Basic authentication has them.
    fn pair(&self) -> String {
        STANDARD.encode(format!("{}:{}", encoded(&self.client_id), encoded(self.client_secret.expose_secret())))
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token_url,
            token_url_name: _,
            client_id,
            client_secret: _,
            scopes,
            audience,
            places,
            #[cfg(feature = "rustls")]
            roots,
        } = self;
        let mut shows = f.debug_struct("ClientCredentials");
        shows
            .field("token_url", &shown(token_url))
            .field("client_id", client_id)
            .field("client_secret", &"[redacted]")
            .field("scopes", scopes)
            .field("audience", audience)
            .field("secret_in", places);
        #[cfg(feature = "rustls")]
        shows.field("root_bundles", &roots.len());
        shows.finish()
    }
}
