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
pub type ClientBuilder = transport::ClientBuilder<Settings>;

/// The settings that only an AppViewX client has. They are set on the [`ClientBuilder`].
#[derive(Clone, Debug)]
pub struct Settings {
    credentials: Option<Credentials>,
    login_call: LoginCall,
    defaults: CallDefaults,
}

/// A client of one AppViewX server. Cheap to clone: all clones share their session and their limits.
#[derive(Clone, Debug)]
pub struct Client {
    caller: Caller,
    session: Arc<Session>,
}

impl Client {
    /// Starts a client for the server at `base_url`, for example `https://appviewx.example.com:31443`.
    ///
    /// `/avxapi` is added if the path does not end in it; slashes at the end do not matter.
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

    /// The base URL of every call, with the API path.
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

    /// A call to an endpoint that this crate has no type for. Everything else is as for typed calls: what is done after a
    /// fault, limits, connection, redaction, the audit of a change.
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
    /// let call = appviewx.raw(Method::POST, "certificate/search").effect(RawEffect::Read).json(&search);
    /// let found: serde_json::Value = call.read().await?;
    /// assert_eq!(found["response"]["response"]["objects"][0]["resourceId"], "67bc2ca76a105e1a05691c1c");
    ///
    /// // Every method but GET and HEAD is a change: sent once, or you decide; and audited.
    /// let body = serde_json::json!({"resourceIds": ["67bc2ca76a105e1a05691c1c"]});
    /// let call = appviewx.raw(Method::PUT, "certificate/group/unassign").json(&body);
    /// let answer = call.audit_note("CHG 1234").send().await?;
    /// assert_eq!((answer.status().as_u16(), answer.receipt().attempts()), (200, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// - **Path:** below the base URL, not percent-encoded, without a query, at most 2,048 bytes. **It is shown as it is given**
    ///   in errors, spans and the audit, so give what it names, and whatever comes from elsewhere, by
    ///   [`path_value`](crate::RequestBuilder::path_value). An absolute URL, `//host`, `..`, an empty segment, a backslash, a
    ///   percent sign and control characters are refused; the call cannot leave the base URL.
    /// - **Audit:** it names the method and the path, with its values percent-encoded, and nothing of the query and the body. If
    ///   what is changed stands there, name it in [`audit_note`](crate::RequestBuilder::audit_note).
    /// - **Method:** GET and HEAD only read, unless [`effect`](crate::RequestBuilder::effect) says otherwise; POST, PUT, PATCH
    ///   and DELETE are changes, which are never sent again once they may have arrived. Others are refused.
    /// - **Answer:** any 2xx but a page of HTML, which no endpoint of the vendor's is known to give, is the outcome, a
    ///   [`RawAnswer`](crate::RawAnswer) with the body as it came. A page in its place is [`Decode`](Error::Decode) of a call
    ///   that reads and [`OutcomeUnknown`](Error::OutcomeUnknown) of a change. Where
    ///   the body is the vendor's envelope, its codes count as those of typed calls do: a failure is [`Api`](Error::Api).
    /// - **Permissions, limits of the endpoint:** not known here. The parameters `gwsource` and, if it is set, `gwkey` are
    ///   sent as with typed calls. **A logout
    ///   sent by this leaves the client with the session:** use [`logout`](Self::logout).
    pub fn raw(&self, method: Method, path: impl Into<String>) -> RequestBuilder<RawCall> {
        self.caller.request(RawCall::new(method, path))
    }

    /// Sends a request that was built before, or that an [`OutcomeUnknown`](super::OutcomeUnknown) gave back.
    ///
    /// Nothing remembers whether it was sent already: calling this twice sends it twice.
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

    /// Ends the session of this client and its clones. It is never done unasked: a session that nobody ended ends when
    /// the server says so.
    ///
    /// With [`Credentials::login`], the next call logs in anew. With [`Credentials::session_id`], further calls end as
    /// [`ErrorCode::AuthenticationFailed`](super::ErrorCode::AuthenticationFailed). A client that has no session,
    /// because it has not logged in yet or sends a password or a token, sends nothing and gets
    /// [`LogoutOutcome::NoSession`].
    ///
    /// It waits for a login that is under way, and ends the session that this gives.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// appviewx.logout().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /acctmgmt-perform-logout`, with the session id that is in use, and the body `{}` (assumed: the
    ///   vendor's page shows none). It never logs in.
    /// - **Permissions:** none are documented.
    /// - **Errors:** those of [`appviewx::Error`](super::Error). A 401 is `Api`: the session was over already. Calls
    ///   that are under way may see a 401 themselves; those of `login` then log in anew, as do those that pause between
    ///   tries or wait for their turn. After an error other than a 401, the
    ///   client keeps the session, so that another logout can end it.
    /// - **Undocumented by the vendor:** what the server answers for a session that is over.
    /// - **Source:** AppViewX platform API reference, "Logout active session".
    pub fn logout(&self) -> impl Future<Output = Result<LogoutOutcome, Error>> + Send + use<> {
        log_out(self.caller.clone(), Arc::clone(&self.session))
    }
}

impl ClientBuilder {
    /// How the client proves who it is. Required.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.settings.credentials = Some(credentials);
        self
    }

    /// Which spelling of the login call the server takes, for [`Credentials::login`]. Default [`LoginCall::Login`].
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

    /// The vendor's mandatory query parameter `gwsource`, the source of the request. Default `external`, as the
    /// vendor's pages have it; the vendor's own tools send `WEB`. What the values change is undocumented by the vendor.
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

    /// The key of the tenant, for gateways that serve several. It is sent as the query parameter `gwkey` with every call: with
    /// logins, token requests, logouts and raw calls, too. By default none is sent, and the server takes its default tenant.
    ///
    /// The vendor's older pages and its tools have it (often as `f000ca01`); a page on deleting certificates still calls it
    /// mandatory. At most 1,000 characters, without control characters. It shows in no `Debug` and, like all of a query, in no
    /// error, log or audit of this crate; a server that repeats it in a message is quoted.
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

    /// Which characters this deployment accepts in comments. Default [`CommentRule::Documented`].
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

    /// The name of the group in which unassigned certificates land. Default `Default`, the vendor's own name; whether
    /// it can be renamed is undocumented by the vendor. It is only compared with what searches tell, never sent by an
    /// unassignment.
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

    /// The most resource ids that one call may name. Default 1,000. The vendor documents no limit.
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
    /// # Errors
    /// [`Error::Configuration`] names the setting that is missing or wrong.
    pub fn build(self) -> Result<Client, Error> {
        let base_url = with_api_path(self.base_url()?);
        let Settings { credentials, login_call, mut defaults } = self.settings;
        defaults.change_timeout = self.options.change_timeout;
        let credentials = credentials.ok_or_else(|| {
            ConfigurationError::new(
                "credentials",
                "a client needs them: Credentials::login, ::service_account, ::session_id or ::password_headers",
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
