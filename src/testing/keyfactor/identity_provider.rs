//! The identity provider of the fake Keyfactor Command server, as a test sets it up.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::FakeKeyfactor;
use super::token_requests::TOKEN_PATH;
use super::tokens::Tokens;
use crate::keyfactor::{ClientCredentials, Credentials};
use crate::testing::server::{Faults, RecordedRequest, Server, Service, locked};

const CLIENT_ID: &str = "clm-automation";
const CLIENT_SECRET: &str = "fake-keyfactor-client-secret";
/// What many providers are set to; RFC 6749 names no default.
const TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The identity provider of a [`FakeKeyfactor`]: it issues bearer tokens to one client with the OAuth 2.0 client credentials grant.
/// [`FakeKeyfactor::identity_provider`] returns it. Feature `testing`.
///
/// It listens on a port of its own and serves `POST` requests to [`token_url`](FakeKeyfactor::token_url). The fake accepts a token
/// as long as the token is valid: until it expires, until it is [revoked](FakeKeyfactor::revoke_token), or until all tokens are
/// [expired](FakeKeyfactor::expire_tokens).
///
/// **According to RFC 6749:** the form and its members (4.4.2); a member without a value counts as missing, and a repeated member
/// is refused (3.2); client id and secret are in the header, form-encoded (2.3.1), or in the form, but not in both (2.3); the
/// response has `access_token`, `token_type`, `expires_in`, `Cache-Control: no-store`, and `scope` if it differs from the requested
/// one (5.1); the errors are `invalid_request`, `unauthorized_client`, `unsupported_grant_type` and `invalid_scope` with 400, and
/// `invalid_client` with 401 and `WWW-Authenticate` (5.2).
///
/// **Seen in the vendor's tools:** `scope` holds scopes separated by spaces, and `audience` names the API.
///
/// **Assumed:** a missing or unknown audience is `invalid_request`; the status is 401 also for a wrong secret in the form (the RFC
/// allows 400); `temporarily_unavailable` has the status 503 (the RFC defines it for another endpoint); a token is valid for one
/// hour; the order of the checks; the texts. Tokens are opaque: they are not JWTs and have no claims and no signature.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::{Client, Query};
/// use clm::testing::FakeKeyfactor;
///
/// let fake = FakeKeyfactor::start().await;
/// let provider = fake.identity_provider();
/// provider.take_scopes(["command"]);
/// provider.take_audiences(["https://keyfactor.example.com"]);
///
/// let credentials =
///     fake.oauth_credentials().scope("command").audience("https://keyfactor.example.com");
/// let client = Client::builder(fake.url()).credentials(credentials).build()?;
/// client.certificate_stores().list(Query::all()).rows()?.collect().await?;
/// assert_eq!((provider.tokens_issued(), provider.requests().len()), (1, 1));
/// # Ok(()) }
/// ```
pub struct FakeIdentityProvider {
    server: Server,
    provider: Arc<Provider>,
}

/// Where a [`FakeIdentityProvider`] accepts the client id and secret. For a real provider this is a setting of the client.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::testing::{FakeKeyfactor, FakeSecretPlace};
///
/// let fake = FakeKeyfactor::start().await;
/// fake.identity_provider().take_secret_in(FakeSecretPlace::FormOnly);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FakeSecretPlace {
    /// In the header or in the form.
    Either,
    /// Only in the header, as HTTP Basic authentication.
    HeaderOnly,
    /// Only in the form, as `client_id` and `client_secret`.
    FormOnly,
}

/// How a [`FakeIdentityProvider`] refuses all token requests; see [`FakeIdentityProvider::refuse`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Client;
/// use clm::testing::FakeTokenRefusal;
///
/// # let fake = &scene.keyfactor;
/// fake.identity_provider().refuse(FakeTokenRefusal::HtmlPage);
/// let client = Client::builder(fake.url()).credentials(fake.oauth_credentials()).build()?;
/// assert!(client.certificates().get(scene.certificate()).send().await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FakeTokenRefusal {
    /// 400 `unauthorized_client` for requests with the right secret: the client is disabled, or must not use this grant.
    UnauthorizedClient,
    /// 503 `temporarily_unavailable` for all requests.
    TemporarilyUnavailable,
    /// 502 with an HTML page for all requests, as a proxy in front of the provider returns it.
    HtmlPage,
}

/// What answers token requests, and knows which tokens are valid.
#[derive(Default)]
pub(super) struct Provider(Mutex<ProviderState>);

pub(super) struct ProviderState {
    pub(super) tokens: Tokens,
    pub(super) client_secret: String,
    pub(super) secret_place: FakeSecretPlace,
    /// `None` takes every value.
    pub(super) scopes: Option<BTreeSet<String>>,
    pub(super) scope_required: bool,
    pub(super) audiences: Option<BTreeSet<String>>,
    pub(super) audience_required: bool,
    pub(super) lifetime: Duration,
    pub(super) refusal: Option<FakeTokenRefusal>,
}

impl Default for ProviderState {
    fn default() -> Self {
        Self {
            tokens: Tokens::default(),
            client_secret: CLIENT_SECRET.to_owned(),
            secret_place: FakeSecretPlace::Either,
            scopes: None,
            scope_required: false,
            audiences: None,
            audience_required: false,
            lifetime: TOKEN_LIFETIME,
            refusal: None,
        }
    }
}

impl ProviderState {
    pub(super) fn knows(&self, client_id: &str, client_secret: &str) -> bool {
        client_id == CLIENT_ID && client_secret == self.client_secret
    }
}

impl Provider {
    pub(super) fn state<T>(&self, act: impl FnOnce(&mut ProviderState) -> T) -> T {
        act(&mut locked(&self.0))
    }
}

impl FakeIdentityProvider {
    /// With the faults of its fake.
    fn start(provider: Arc<Provider>, faults: Arc<Faults>) -> Self {
        let service: Arc<dyn Service> = Arc::<Provider>::clone(&provider);
        Self { server: Server::start_with(service, 0, faults), provider }
    }

    /// Returns the id of the client that the provider knows.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let provider = fake.identity_provider();
    /// let secret = provider.client_secret();
    /// let credentials =
    ///     Credentials::client_credentials(fake.token_url(), provider.client_id(), secret);
    /// let client = Client::builder(fake.url()).credentials(credentials).build()?;
    /// client.certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn client_id(&self) -> &str {
        CLIENT_ID
    }

    /// Returns the secret of that client. `Debug` does not show it, although it is a fake secret. See the example of
    /// [`client_id`](Self::client_id).
    #[must_use]
    pub fn client_secret(&self) -> String {
        self.state(|state| state.client_secret.clone())
    }

    /// Changes the secret of the client. The provider refuses the old one with `invalid_client`. Tokens stay valid.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Error, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let old = fake.oauth_credentials();
    /// fake.identity_provider().set_client_secret("rotated");
    ///
    /// let client = Client::builder(fake.url()).credentials(old).build()?;
    /// let error =
    ///     client.certificate_stores().list(Query::all()).rows()?.collect().await.unwrap_err();
    /// assert!(matches!(error, Error::Authentication(_)));
    /// # Ok(()) }
    /// ```
    pub fn set_client_secret(&self, secret: impl Into<String>) {
        self.state(|state| state.client_secret = secret.into());
    }

    /// Sets where the provider accepts the client id and secret. Elsewhere it refuses them with `invalid_client`. The default is
    /// [`Either`](FakeSecretPlace::Either).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Query};
    /// use clm::testing::{FakeKeyfactor, FakeSecretPlace};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.identity_provider().take_secret_in(FakeSecretPlace::HeaderOnly);
    /// let client = Client::builder(fake.url()).credentials(fake.oauth_credentials()).build()?;
    /// client.certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn take_secret_in(&self, place: FakeSecretPlace) {
        self.state(|state| state.secret_place = place);
    }

    /// Accepts only these scopes; the provider refuses others with `invalid_scope`. A request without a scope is granted all of
    /// them, and the response lists them. By default every scope is accepted. See the [example](Self#example).
    pub fn take_scopes(&self, scopes: impl IntoIterator<Item: Into<String>>) {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.state(|state| state.scopes = Some(scopes));
    }

    /// Refuses a request without a scope with `invalid_scope`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.identity_provider().require_scope();
    /// let client = Client::builder(fake.url()).credentials(fake.oauth_credentials()).build()?;
    /// let error =
    ///     client.certificate_stores().list(Query::all()).rows()?.collect().await.unwrap_err();
    /// assert!(error.to_string().contains("invalid_scope"));
    /// # Ok(()) }
    /// ```
    pub fn require_scope(&self) {
        self.state(|state| state.scope_required = true);
    }

    /// Accepts only these audiences; the provider refuses others with `invalid_request` (assumed). By default every audience is
    /// accepted. See the [example](Self#example).
    pub fn take_audiences(&self, audiences: impl IntoIterator<Item: Into<String>>) {
        let audiences = audiences.into_iter().map(Into::into).collect();
        self.state(|state| state.audiences = Some(audiences));
    }

    /// Refuses a request without an audience with `invalid_request` (assumed).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.identity_provider().require_audience();
    /// let client = Client::builder(fake.url()).credentials(fake.oauth_credentials()).build()?;
    /// let error =
    ///     client.certificate_stores().list(Query::all()).rows()?.collect().await.unwrap_err();
    /// assert!(error.to_string().contains("invalid_request"));
    /// # Ok(()) }
    /// ```
    pub fn require_audience(&self) {
        self.state(|state| state.audience_required = true);
    }

    /// Sets the lifetime of tokens that are issued from now on. `expires_in` holds it in whole seconds. The default is one hour.
    /// With [`Duration::ZERO`] a new token has already expired.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.identity_provider().set_token_lifetime(Duration::ZERO);
    /// let _token = fake.identity_provider().issue_token();
    /// assert!(fake.identity_provider().valid_tokens().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.state(|state| state.lifetime = lifetime);
    }

    /// Refuses all token requests until [`stop_refusing`](Self::stop_refusing). Tokens that were issued stay valid.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::RetryPolicy;
    /// use clm::keyfactor::{Client, Error, Query};
    /// use clm::testing::{FakeKeyfactor, FakeTokenRefusal};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.identity_provider().refuse(FakeTokenRefusal::TemporarilyUnavailable);
    /// let client = Client::builder(fake.url()).credentials(fake.oauth_credentials());
    /// let stores = client.retry_policy(RetryPolicy::none()).build()?.certificate_stores();
    /// let error = stores.list(Query::all()).rows()?.collect().await.unwrap_err();
    /// assert!(matches!(error, Error::Authentication(_)));
    ///
    /// fake.identity_provider().stop_refusing();
    /// stores.list(Query::all()).rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn refuse(&self, refusal: FakeTokenRefusal) {
        self.state(|state| state.refusal = Some(refusal));
    }

    /// Issues tokens again after [`refuse`](Self::refuse), whose example shows it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # let fake = &scene.keyfactor;
    /// use clm::keyfactor::Client;
    /// use clm::testing::FakeTokenRefusal;
    ///
    /// let client = Client::builder(fake.url()).credentials(fake.oauth_credentials()).build()?;
    /// fake.identity_provider().refuse(FakeTokenRefusal::UnauthorizedClient);
    /// assert!(client.certificates().get(scene.certificate()).send().await.is_err());
    /// fake.identity_provider().stop_refusing();
    /// client.certificates().get(scene.certificate()).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn stop_refusing(&self) {
        self.state(|state| state.refusal = None);
    }

    /// Closes the provider's port and its connections. The fake itself keeps running and accepts the tokens that were issued. To
    /// make single token requests fail, set a fault of the fake for
    /// [`KeyfactorCall::RequestToken`](super::KeyfactorCall::RequestToken).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::RetryPolicy;
    /// use clm::keyfactor::{Client, Error, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let client = Client::builder(fake.url()).credentials(fake.oauth_credentials());
    /// let client = client.retry_policy(RetryPolicy::none()).build()?;
    /// let stores = client.certificate_stores();
    ///
    /// fake.identity_provider().go_away();
    /// let error = stores.list(Query::all()).rows()?.collect().await.unwrap_err();
    /// assert!(matches!(error, Error::Authentication(_)), "without a token nothing is sent");
    /// assert!(fake.requests().is_empty());
    ///
    /// fake.identity_provider().come_back();
    /// assert!(stores.list(Query::all()).rows()?.collect().await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn go_away(&self) {
        self.server.go_away();
    }

    /// Opens the port again after [`go_away`](Self::go_away), whose example shows it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # let fake = &scene.keyfactor;
    /// use clm::keyfactor::Client;
    ///
    /// let client = Client::builder(fake.url()).credentials(fake.oauth_credentials()).build()?;
    /// fake.identity_provider().go_away();
    /// fake.identity_provider().come_back();
    /// client.certificates().get(scene.certificate()).send().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If another program uses the port.
    #[track_caller]
    pub fn come_back(&self) {
        self.server.come_back();
    }

    /// Issues a token without a request, for programs that are configured with a token.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let token = fake.identity_provider().issue_token();
    /// let client = Client::builder(fake.url()).credentials(Credentials::bearer(token)).build()?;
    /// client.certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn issue_token(&self) -> String {
        self.state(|state| state.tokens.issue(state.lifetime))
    }

    /// Returns the number of tokens that were issued. See the [example](Self#example).
    #[must_use]
    pub fn tokens_issued(&self) -> u64 {
        self.state(|state| state.tokens.issued())
    }

    /// Returns the tokens that the fake accepts, oldest first, including those of [`FakeKeyfactor::accept_bearer`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let token = fake.identity_provider().issue_token();
    /// assert_eq!(fake.identity_provider().valid_tokens(), [token]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn valid_tokens(&self) -> Vec<String> {
        self.state(|state| state.tokens.valid())
    }

    /// Returns the requests that the provider received, oldest first. It keeps as many as [`FakeKeyfactor::requests`] does. See the
    /// [example](Self#example).
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    pub(super) fn unknown_requests(&self) -> Vec<RecordedRequest> {
        self.server.unknown_requests()
    }

    pub(super) fn unknown_forgotten(&self) -> usize {
        self.server.unknown_forgotten()
    }

    fn token_url(&self) -> String {
        format!("{}{TOKEN_PATH}", self.server.origin())
    }

    fn state<T>(&self, act: impl FnOnce(&mut ProviderState) -> T) -> T {
        self.provider.state(act)
    }
}

impl fmt::Debug for FakeIdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state(|state| {
            let ProviderState {
                tokens,
                client_secret: _,
                secret_place,
                scopes,
                scope_required,
                audiences,
                audience_required,
                lifetime,
                refusal,
            } = state;
            f.debug_struct("FakeIdentityProvider")
                .field("token_url", &self.token_url())
                .field("client_id", &CLIENT_ID)
                .field("tokens_issued", &tokens.issued())
                .field("secret_place", secret_place)
                .field("scopes", scopes)
                .field("scope_required", scope_required)
                .field("audiences", audiences)
                .field("audience_required", audience_required)
                .field("token_lifetime", lifetime)
                .field("refusal", refusal)
                .finish_non_exhaustive()
        })
    }
}

/// OAuth.
impl FakeKeyfactor {
    /// Returns the identity provider whose tokens the fake accepts. The first call starts it. See the
    /// [example](FakeIdentityProvider#example) of its type.
    ///
    /// # Panics
    /// If no port is available.
    #[must_use]
    pub fn identity_provider(&self) -> &FakeIdentityProvider {
        self.identity_provider.get_or_init(|| FakeIdentityProvider::start(self.provider(), self.server.faults()))
    }

    fn provider(&self) -> Arc<Provider> {
        self.state(|state| Arc::clone(&state.identity_provider))
    }

    /// Returns the URL for token requests, `http://127.0.0.1:port/oauth2/token`. The port differs from that of [`url`](Self::url).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// assert!(fake.token_url().ends_with("/oauth2/token"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn token_url(&self) -> String {
        self.identity_provider().token_url()
    }

    /// Returns client credentials that the identity provider accepts.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Client, Schedule};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// fake.add_certificate(store, "web02.pfx");
    /// fake.identity_provider().take_scopes(["command"]);
    ///
    /// let credentials = fake.oauth_credentials().scope("command");
    /// let client = Client::builder(fake.url()).credentials(credentials).build()?;
    /// let remove = |alias| {
    ///     let locations = [CertificateLocation::new(store, alias)];
    ///     client.certificate_stores().remove_certificates(locations, Schedule::Immediate).send()
    /// };
    /// remove("web01.pfx").await?;
    ///
    /// // The token is refused from now on. The client gets another one, and sends the removal with that.
    /// fake.expire_tokens();
    /// let removal = remove("web02.pfx").await?;
    /// assert_eq!((removal.receipt().attempts(), fake.jobs().len()), (2, 2));
    /// assert_eq!(fake.identity_provider().tokens_issued(), 2);
    /// # Ok(()) }
    /// ```
    pub fn oauth_credentials(&self) -> ClientCredentials {
        let provider = self.identity_provider();
        Credentials::client_credentials(self.token_url(), provider.client_id(), provider.client_secret())
    }

    /// Accepts this bearer token as well, until it is revoked or all tokens are expired.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials, Query};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.accept_bearer("token-of-the-test");
    /// let credentials = Credentials::bearer("token-of-the-test");
    /// let client = Client::builder(fake.url()).credentials(credentials).build()?;
    /// client.certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn accept_bearer(&self, token: impl Into<String>) {
        self.provider().state(|state| state.tokens.take(token.into(), None));
    }

    /// Expires all bearer tokens: the fake refuses them with 401. The identity provider still issues new ones. See the example of
    /// [`oauth_credentials`](Self::oauth_credentials).
    pub fn expire_tokens(&self) {
        self.provider().state(|state| state.tokens.revoke_all());
    }

    /// Revokes a bearer token: the fake refuses it with 401.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let token = fake.identity_provider().issue_token();
    /// fake.revoke_token(&token);
    /// assert!(fake.identity_provider().valid_tokens().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn revoke_token(&self, token: &str) {
        self.provider().state(|state| state.tokens.revoke(token));
    }
}
