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

/// The identity provider of a [`FakeKeyfactor`]: it gives bearer tokens to one client, by the OAuth 2.0 client credentials
/// grant. Feature `testing`. Had from [`FakeKeyfactor::identity_provider`].
///
/// It listens on a port of its own, as real ones stand on hosts of their own, and answers `POST` of
/// [`token_url`](FakeKeyfactor::token_url). The fake takes a token exactly as long as it is valid: until it expires, is
/// [revoked](FakeKeyfactor::revoke_token), or all of them are [expired](FakeKeyfactor::expire_tokens).
///
/// **As RFC 6749 has it:** the form and its members (4.4.2); that a member without a value is as none and that a repeated one
/// is refused (3.2); client id and secret in the header, form-encoded (2.3.1), or in the form, and not in both (2.3); the
/// answer with `access_token`, `token_type`, `expires_in`, with `scope` where it differs from what was asked for, and with
/// `Cache-Control: no-store` (5.1); the errors `invalid_request`, `unauthorized_client`,
/// `unsupported_grant_type` and `invalid_scope` with 400, and `invalid_client` with 401 and `WWW-Authenticate` (5.2).
///
/// **Seen in the vendor's tools:** that `scope` holds scopes with spaces between them, and that `audience` names the API.
///
/// **Assumed:** that a missing or unknown audience is `invalid_request`; the status 401 also where the form held a wrong
/// secret (the RFC allows 400); `temporarily_unavailable` with 503, which the RFC knows of another endpoint; that a token
/// lives an hour; the order in which the causes are checked; the texts. Tokens are opaque: they are no JWTs, and bear neither
/// claims nor a signature.
pub struct FakeIdentityProvider {
    server: Server,
    provider: Arc<Provider>,
}

/// Where a [`FakeIdentityProvider`] takes client id and secret. Which of them a real one takes is a setting of the client there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FakeSecretPlace {
    /// In the header or in the form.
    Either,
    /// In the header only, as HTTP Basic authentication.
    HeaderOnly,
    /// In the form only, as `client_id` and `client_secret`.
    FormOnly,
}

/// How a [`FakeIdentityProvider`] refuses every token request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FakeTokenRefusal {
    /// 400 `unauthorized_client`, to who shows the right secret: the client is disabled, or may not use this grant.
    UnauthorizedClient,
    /// 503 `temporarily_unavailable`, to everybody.
    TemporarilyUnavailable,
    /// 502 with a page of HTML, as a proxy before the provider gives it, to everybody.
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

    /// The id of the client that it knows.
    #[must_use]
    pub fn client_id(&self) -> &str {
        CLIENT_ID
    }

    /// The secret of that client. It is a fake secret, and still `Debug` does not show it.
    #[must_use]
    pub fn client_secret(&self) -> String {
        self.state(|state| state.client_secret.clone())
    }

    /// Gives the client another secret, as an administrator would. The old one is refused with `invalid_client`; tokens stay
    /// valid.
    pub fn set_client_secret(&self, secret: impl Into<String>) {
        self.state(|state| state.client_secret = secret.into());
    }

    /// Takes client id and secret in this place only. Elsewhere they are refused with `invalid_client`. Default
    /// [`Either`](FakeSecretPlace::Either).
    pub fn take_secret_in(&self, place: FakeSecretPlace) {
        self.state(|state| state.secret_place = place);
    }

    /// Takes these scopes only; any other is refused with `invalid_scope`. A request without a scope is granted all of them,
    /// and told so. Default: any scope is taken.
    pub fn take_scopes(&self, scopes: impl IntoIterator<Item: Into<String>>) {
        let scopes = scopes.into_iter().map(Into::into).collect();
        self.state(|state| state.scopes = Some(scopes));
    }

    /// Refuses a request without a scope with `invalid_scope`.
    pub fn require_scope(&self) {
        self.state(|state| state.scope_required = true);
    }

    /// Takes these audiences only; any other is refused with `invalid_request` (assumed). Default: any audience is taken.
    pub fn take_audiences(&self, audiences: impl IntoIterator<Item: Into<String>>) {
        let audiences = audiences.into_iter().map(Into::into).collect();
        self.state(|state| state.audiences = Some(audiences));
    }

    /// Refuses a request without an audience with `invalid_request` (assumed).
    pub fn require_audience(&self) {
        self.state(|state| state.audience_required = true);
    }

    /// How long the next tokens live: `expires_in` says so in whole seconds. Default one hour. With [`Duration::ZERO`] every
    /// new token is expired when it comes.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.state(|state| state.lifetime = lifetime);
    }

    /// Refuses every token request from now on, until [`stop_refusing`](Self::stop_refusing). Tokens that were issued stay
    /// valid.
    pub fn refuse(&self, refusal: FakeTokenRefusal) {
        self.state(|state| state.refusal = Some(refusal));
    }

    /// Gives tokens again.
    pub fn stop_refusing(&self) {
        self.state(|state| state.refusal = None);
    }

    /// Closes the provider's port and its connections; the fake itself stays, and takes the tokens that were issued. What
    /// hits single requests is a fault of the fake, narrowed to [`KeyfactorCall::RequestToken`](super::KeyfactorCall::RequestToken).
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

    /// Listens again on the port of before [`go_away`](Self::go_away).
    ///
    /// # Panics
    /// If another program has the port by now.
    #[track_caller]
    pub fn come_back(&self) {
        self.server.come_back();
    }

    /// A token as a client would be given it, without a request: for programs that take a token as it is.
    #[must_use]
    pub fn issue_token(&self) -> String {
        self.state(|state| state.tokens.issue(state.lifetime))
    }

    /// How many tokens were issued.
    #[must_use]
    pub fn tokens_issued(&self) -> u64 {
        self.state(|state| state.tokens.issued())
    }

    /// The tokens that the fake takes now, the oldest first; those of [`FakeKeyfactor::accept_bearer`] too.
    #[must_use]
    pub fn valid_tokens(&self) -> Vec<String> {
        self.state(|state| state.tokens.valid())
    }

    /// The requests that the provider was sent, oldest first; as many as [`FakeKeyfactor::requests`] keeps.
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
    /// The identity provider, whose tokens the fake takes: what it knows, refuses and gave out. It starts when it is first asked
    /// for.
    ///
    /// # Panics
    /// If no loopback port can be had.
    #[must_use]
    pub fn identity_provider(&self) -> &FakeIdentityProvider {
        self.identity_provider.get_or_init(|| FakeIdentityProvider::start(self.provider(), self.server.faults()))
    }

    fn provider(&self) -> Arc<Provider> {
        self.state(|state| Arc::clone(&state.identity_provider))
    }

    /// Where the identity provider gives tokens, `http://127.0.0.1:port/oauth2/token`. The port is not that of
    /// [`url`](Self::url).
    #[must_use]
    pub fn token_url(&self) -> String {
        self.identity_provider().token_url()
    }

    /// Client credentials that the identity provider takes.
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

    /// Takes this bearer token as well, until it is revoked or all tokens expire.
    pub fn accept_bearer(&self, token: impl Into<String>) {
        self.provider().state(|state| state.tokens.take(token.into(), None));
    }

    /// Every bearer token that the fake took so far is refused from now on, with 401. New ones can be had.
    pub fn expire_tokens(&self) {
        self.provider().state(|state| state.tokens.revoke_all());
    }

    /// This bearer token is refused from now on, with 401.
    pub fn revoke_token(&self, token: &str) {
        self.provider().state(|state| state.tokens.revoke(token));
    }
}
