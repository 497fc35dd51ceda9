//! The client and its builder.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Method};
use secrecy::SecretString;
use url::Url;

use super::certificate_groups::CertificateGroups;
use super::certificates::Certificates;
use super::comment::CommentRule;
use super::credentials::{Credentials, Proof};
use super::envelope::JSON;
use super::sessions::{Login, LoginCall, LoginEndpoint, LogoutOutcome, ServiceToken, Session, log_out};
use super::vendor::{AppViewX, CallDefaults, Caller, Error, RawCall};
use crate::operation::{Operation, Request, RequestBuilder, Vendor as _};
use crate::transport::{self, ConfigurationError, Credential, Identity, Options, Transport, base_path};

/// Builds a [`Client`]. Credentials are required; everything else has a default.
///
/// ```
/// # fn main() -> Result<(), clm::appviewx::Error> {
/// use std::time::Duration;
///
/// use clm::appviewx::{Client, ClientBuilder, CommentRule, Credentials};
///
/// let builder: ClientBuilder = Client::builder("https://appviewx.example.com:31443");
/// let appviewx = builder
///     .credentials(Credentials::login("svc-clm", "a password"))
///     .comment_rule(CommentRule::allowing("-"))
///     .connect_timeout(Duration::from_secs(5))
///     .build()?;
/// # Ok(()) }
/// ```
pub type ClientBuilder = transport::ClientBuilder<Settings>;

/// The settings that only an AppViewX client has. They are set on the [`ClientBuilder`].
#[derive(Clone, Debug)]
pub struct Settings {
    credentials: Option<Credentials>,
    login_call: LoginCall,
    defaults: CallDefaults,
}

/// A client for one AppViewX server. Cloning is cheap: all clones share one session and one set of limits.
///
/// ```
/// # fn main() -> Result<(), clm::appviewx::Error> {
/// use clm::appviewx::{Client, Credentials};
///
/// let appviewx = Client::builder("https://appviewx.example.com:31443")
///     .credentials(Credentials::login("svc-clm", "a password"))
///     .build()?;
/// let groups = appviewx.certificate_groups();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    caller: Caller,
    session: Arc<Session>,
}

impl Client {
    /// Returns a builder for a client of the server at `base_url`, for example `https://appviewx.example.com:31443`.
    ///
    /// `/avxapi` is appended if the path does not end with it. Trailing slashes are ignored.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::session_id("a-session-id"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        let defaults = CallDefaults {
            gwsource: "external".to_owned(),
            tenant_key: None,
            comment_rule: CommentRule::default(),
            default_group: "Default".to_owned(),
            max_ids_per_call: 1_000,
            change_timeout: Duration::ZERO,
        };
        let settings = Settings { credentials: None, login_call: LoginCall::default(), defaults };
        // The vendor's own bulk tool keeps to five.
        ClientBuilder::new(base_url.into(), settings).max_concurrent_tries(5)
    }

    /// The base URL of every call, including the API path.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// use clm::appviewx::{Client, Credentials};
    ///
    /// let credentials = Credentials::login("svc-clm", "a password");
    /// let appviewx =
    ///     Client::builder("https://appviewx.example.com:31443").credentials(credentials).build()?;
    /// assert_eq!(appviewx.base_url().as_str(), "https://appviewx.example.com:31443/avxapi");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn base_url(&self) -> &Url {
        self.caller.transport().base_url()
    }

    /// The operations on certificate groups.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificate_groups(&self) -> CertificateGroups {
        CertificateGroups { caller: self.caller.clone() }
    }

    /// The operations on certificates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let rows = appviewx.certificates().search().rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        Certificates { caller: self.caller.clone() }
    }

    /// Calls an endpoint that this crate has no typed operation for. Retries, limits, connections, redaction and the
    /// audit of changes work as for typed operations.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::RawEffect;
    /// use clm::http::Method;
    /// # let fake = clm::testing::FakeAppViewX::start().await;
    /// # fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// # let appviewx = fake.client();
    ///
    /// // A POST is a change unless it is said to read.
    /// let search = serde_json::json!({"input": {}, "filter": {"max": 10, "start": 1}});
    /// let call =
    ///     appviewx.raw(Method::POST, "certificate/search").effect(RawEffect::Read).json(&search);
    /// let found: serde_json::Value = call.read().await?;
    /// assert_eq!(
    ///     found["response"]["response"]["objects"][0]["resourceId"],
    ///     "67bc2ca76a105e1a05691c1c"
    /// );
    ///
    /// // Every method but GET and HEAD is a change: sent once, or you decide; and audited.
    /// let body = serde_json::json!({"resourceIds": ["67bc2ca76a105e1a05691c1c"]});
    /// let call = appviewx.raw(Method::PUT, "certificate/group/unassign").json(&body);
    /// let answer = call.audit_note("CHG 1234").send().await?;
    /// assert_eq!((answer.status().as_u16(), answer.receipt().attempts()), (200, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// - **Path:** relative to the base URL, not percent-encoded, without a query, at most 2,048 bytes. **It appears
    ///   unchanged** in errors, spans and the audit, so pass identifiers and external input with
    ///   [`path_value`](crate::RequestBuilder::path_value). Absolute URLs, `//host`, `..`, empty segments, backslashes,
    ///   percent signs and control characters are rejected. The call cannot leave the base URL.
    /// - **Audit:** the event contains the method and the path, with its values percent-encoded, and nothing from the
    ///   query or the body. If those name what is changed, repeat it in
    ///   [`audit_note`](crate::RequestBuilder::audit_note).
    /// - **Method:** GET and HEAD only read, unless [`effect`](crate::RequestBuilder::effect) says otherwise; POST,
    ///   PUT, PATCH and DELETE are changes, which are never retried once they may have arrived. Other methods are
    ///   rejected.
    /// - **Response:** any 2xx response is a [`RawAnswer`](crate::RawAnswer) with the body as received, unless it is an
    ///   HTML page: no endpoint of the vendor is known to return one. An HTML page is [`Decode`](Error::Decode) for a
    ///   read and [`OutcomeUnknown`](Error::OutcomeUnknown) for a change. If the body is the vendor's envelope, its
    ///   codes are evaluated as for typed operations: a failure is [`Api`](Error::Api).
    /// - **Permissions, limits of the endpoint:** not known to this crate. The parameters `gwsource` and, if set,
    ///   `gwkey` are sent as for typed operations. **The client does not notice a logout that is sent this way:** use
    ///   [`logout`](Self::logout).
    pub fn raw(&self, method: Method, path: impl Into<String>) -> RequestBuilder<RawCall> {
        self.caller.request(RawCall::new(method, path))
    }

    /// Sends a request that was built earlier or returned by an [`OutcomeUnknown`](super::OutcomeUnknown).
    ///
    /// The client does not remember whether a request was already sent. Calling this twice sends it twice.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let request = appviewx.certificate_groups().unassign(scene.resource_ids()).build()?;
    /// // The request can be kept, compared, and sent by any client.
    /// let outcome = appviewx.execute(request).await?;
    /// # Ok(()) }
    /// ```
    pub fn execute<O: Operation<Vendor = AppViewX>>(
        &self,
        request: Request<O>,
    ) -> impl Future<Output = Result<O::Outcome, Error>> + Send + use<O> {
        let caller = self.caller.clone();
        async move { caller.execute(Arc::new(request)).await }
    }

    /// Ends the session of this client and its clones. The crate never logs out on its own: otherwise a session lasts
    /// until the server ends it.
    ///
    /// With [`Credentials::login`], the next call logs in again. With [`Credentials::session_id`], later calls fail
    /// with [`ErrorCode::AuthenticationFailed`](super::ErrorCode::AuthenticationFailed). A client without a session,
    /// because it has not logged in yet or because it sends a password or a token, sends nothing and returns
    /// [`LogoutOutcome::NoSession`].
    ///
    /// If a login is in progress, this waits for it and ends the new session.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// appviewx.logout().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /acctmgmt-perform-logout`, with the current session id and the body `{}` (assumed: the
    ///   vendor's page shows no body). It never logs in.
    /// - **Permissions:** none are documented.
    /// - **Errors:** those of [`appviewx::Error`](super::Error). A 401 is `Api`: the session had already ended. Calls
    ///   in progress may receive a 401 themselves. With `login` they then log in again, and so do calls that are
    ///   waiting for a retry or for a free slot. After any other error the client keeps the session, so that you can
    ///   log out again.
    /// - **Undocumented by the vendor:** the response for a session that has already ended.
    /// - **Source:** AppViewX platform API reference, "Logout active session".
    pub fn logout(&self) -> impl Future<Output = Result<LogoutOutcome, Error>> + Send + use<> {
        log_out(self.caller.clone(), Arc::clone(&self.session))
    }
}

impl ClientBuilder {
    /// Sets the credentials. Required.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// use clm::appviewx::{Client, Credentials};
    ///
    /// let credentials = Credentials::login("svc-clm", "a password");
    /// let appviewx =
    ///     Client::builder("https://appviewx.example.com:31443").credentials(credentials).build()?;
    /// # Ok(()) }
    /// ```
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.settings.credentials = Some(credentials);
        self
    }

    /// Sets which login endpoint [`Credentials::login`] uses. Default [`LoginCall::Login`].
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::login("svc-clm", "a password"))
    ///     .login_call(clm::appviewx::LoginCall::PerformLogin)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn login_call(mut self, call: LoginCall) -> Self {
        self.settings.login_call = call;
        self
    }

    /// Sets the vendor's mandatory query parameter `gwsource`, the source of the request. Default `external`, as on the
    /// vendor's pages; the vendor's own tools send `WEB`. The effect of the value is undocumented by the vendor.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::session_id("a-session-id"))
    ///     .gwsource("web")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn gwsource(mut self, gwsource: impl Into<String>) -> Self {
        self.settings.defaults.gwsource = gwsource.into();
        self
    }

    /// Sets the tenant key, for gateways that serve several tenants. It is sent as the query parameter `gwkey` with
    /// every call, including logins, token requests, logouts and raw calls. By default no key is sent and the server
    /// uses its default tenant.
    ///
    /// The vendor's older pages and tools use it (often with the value `f000ca01`), and a page on deleting certificates
    /// still calls it mandatory. At most 1,000 characters, without control characters. The key never appears in `Debug`
    /// output. Like the rest of the query, it does not appear in errors, logs or the audit either, unless the server
    /// repeats it in a message.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::session_id("a-session-id"))
    ///     .tenant_key("f000ca01")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn tenant_key(mut self, key: impl Into<SecretString>) -> Self {
        self.settings.defaults.tenant_key = Some(key.into());
        self
    }

    /// Sets which characters this deployment accepts in comments. Default [`CommentRule::Documented`].
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::session_id("a-session-id"))
    ///     .comment_rule(clm::appviewx::CommentRule::allowing("-"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn comment_rule(mut self, rule: CommentRule) -> Self {
        self.settings.defaults.comment_rule = rule;
        self
    }

    /// Sets the name of the group that unassigned certificates are moved to. Default `Default`, the vendor's own name.
    /// Whether it can be renamed is undocumented by the vendor. The name is only compared with search results; an
    /// unassignment does not send it.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::session_id("a-session-id"))
    ///     .default_group("Unassigned")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn default_group(mut self, name: impl Into<String>) -> Self {
        self.settings.defaults.default_group = name.into();
        self
    }

    /// Sets the maximum number of resource ids in one call. Default 1,000. The vendor documents no limit.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::appviewx::Error> {
    /// let appviewx = clm::appviewx::Client::builder("https://appviewx.example.com:31443")
    ///     .credentials(clm::appviewx::Credentials::session_id("a-session-id"))
    ///     .max_ids_per_call(50)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn max_ids_per_call(mut self, limit: usize) -> Self {
        self.settings.defaults.max_ids_per_call = limit;
        self
    }

    /// Checks every setting and builds the client. Nothing is sent.
    ///
    /// ```
    /// use clm::appviewx::{Client, Error};
    ///
    /// let Err(Error::Configuration(error)) =
    ///     Client::builder("https://appviewx.example.com:31443").build()
    /// else {
    ///     panic!()
    /// };
    /// assert_eq!(error.setting(), "credentials");
    /// ```
    ///
    /// # Errors
    /// [`Error::Configuration`], which names the missing or invalid setting.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = with_api_path(self.base_url()?);
        let Settings { credentials, login_call, mut defaults } = self.settings;
        defaults.change_timeout = self.options.change_timeout;
        let credentials = credentials.ok_or_else(|| {
            ConfigurationError::new(
                "credentials",
                "must be set with `Credentials::login`, `::service_account`, `::session_id` or `::password_headers`",
            )
        })?;
        defaults.check()?;
        let principal = credentials.principal();
        let transport = |options: Options, headers, credential| {
            let principal = principal.clone();
            let query = AppViewX::query(&defaults);
            let identity =
                Identity { headers, query, credential, principal, correlation_header: AppViewX::CORRELATION_ID };
            Transport::new(base_url.clone(), identity, options)
        };
        let login_endpoint = || {
            let headers = HeaderMap::from_iter([(ACCEPT, JSON)]);
            let transport = transport(self.options.for_credentials(), headers, Credential::fixed(HeaderMap::new()))?;
            Ok::<_, ConfigurationError>(Arc::new(LoginEndpoint { transport }))
        };
        let (credential, session) = match credentials.proof()? {
            Proof::SessionId(headers) => (Credential::fixed(headers), Session::Given),
            Proof::PasswordHeaders { headers, pair } => (Credential::fixed_with(headers, pair), Session::None),
            Proof::Login { headers, pair } => {
                let endpoint = login_endpoint()?;
                let login = Login { endpoint: Arc::clone(&endpoint), call: login_call, headers, pair };
                (Credential::renewable(login), Session::OfLogin(endpoint))
            }
            Proof::ServiceAccount(headers) => {
                let token = ServiceToken { endpoint: login_endpoint()?, headers };
                (Credential::renewable(token), Session::None)
            }
        };
        let headers = HeaderMap::from_iter([(ACCEPT, JSON), (CONTENT_TYPE, JSON)]);
        let transport = transport(self.options.clone(), headers, credential)?;
        Ok(Client { caller: Caller::new(transport, defaults), session: Arc::new(session) })
    }
}

/// The base URL of the API: `/avxapi` is added if the path does not end in it.
fn with_api_path(mut base_url: Url) -> Url {
    let path = base_path(&base_url).to_owned();
    match path.rsplit('/').next() {
        Some("avxapi") => {}
        Some("") | None => base_url.set_path("avxapi"),
        Some(_) => base_url.set_path(&format!("{path}/avxapi")),
    }
    base_url
}
