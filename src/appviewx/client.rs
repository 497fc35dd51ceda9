//! The client and its builder.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::certificate_groups::CertificateGroups;
use super::certificates::Certificates;
use super::comment::CommentRule;
use super::credentials::{Credentials, Proof};
use super::error::Error;
use super::logout::{LogoutOutcome, Session, log_out};
use super::sessions::{Desk, Login, LoginCall, ServiceToken};
use crate::transport::{self, ConfigurationError, Credential, Identity, Transport, base_path};

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Builds a [`Client`]. Credentials are required; everything else has a default.
pub type ClientBuilder = transport::ClientBuilder<Settings>;

/// The settings that only an AppViewX client has. They are set on the [`ClientBuilder`].
#[derive(Clone, Debug)]
pub struct Settings {
    credentials: Option<Credentials>,
    login_call: LoginCall,
    gwsource: String,
    comment_rule: CommentRule,
    default_group: String,
    max_ids_per_call: usize,
}

/// A client of one AppViewX server. Cheap to clone: all clones share one connection pool.
#[derive(Clone, Debug)]
pub struct Client {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    transport: Transport,
    session: Session,
    gwsource: String,
    comment_rule: CommentRule,
    default_group: String,
    max_ids_per_call: usize,
}

impl Client {
    /// Starts a client for the server at `base_url`, for example `https://appviewx.example.com:31443`.
    ///
    /// `/avxapi` is added if the path does not end in it; slashes at the end do not matter.
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        let settings = Settings {
            credentials: None,
            login_call: LoginCall::default(),
            gwsource: "external".to_owned(),
            comment_rule: CommentRule::default(),
            default_group: "Default".to_owned(),
            max_ids_per_call: 1_000,
        };
        // The vendor's own bulk tool keeps to five.
        ClientBuilder::new(base_url.into(), settings).max_concurrent_tries(5)
    }

    /// The base URL of every call, with the API path.
    #[must_use]
    pub fn base_url(&self) -> &Url {
        self.shared.transport.base_url()
    }

    /// The operations on certificate groups.
    #[must_use]
    pub fn certificate_groups(&self) -> CertificateGroups {
        CertificateGroups::new(self.clone())
    }

    /// The operations on certificates.
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        Certificates::new(self.clone())
    }

    /// Ends the session of this client and its clones. It is never done unasked: a session that nobody ended ends when the
    /// server says so.
    ///
    /// With [`Credentials::login`], the next call logs in anew. With [`Credentials::session_id`], further calls end as
    /// [`ErrorCode::AuthenticationFailed`](super::ErrorCode::AuthenticationFailed). A client that has no session, because
    /// it has not logged in yet or sends a password or a token, sends nothing and gets [`LogoutOutcome::NoSession`].
    ///
    /// It waits for a login that is under way, and ends the session that this gives.
    ///
    /// - **Call:** `POST /acctmgmt-perform-logout`, with the session id that is in use, and the body `{}` (assumed: the
    ///   vendor's page shows none). It never logs in.
    /// - **Permissions:** none are documented.
    /// - **Errors:** those of [`appviewx::Error`](super::Error). A 401 is `Api`: the session was over already. Calls that
    ///   are under way may see a 401 themselves; those of `login` then log in anew, as do those that pause between tries or
    ///   wait for their turn. After an error other than a 401, the
    ///   client keeps the session, so that another logout can end it.
    /// - **Documented nowhere:** what the server answers for a session that is over.
    /// - **Source:** AppViewX platform API reference, "Logout active session".
    pub fn logout(&self) -> impl Future<Output = Result<LogoutOutcome, Error>> + Send + use<> {
        log_out(self.clone())
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    pub(super) fn session(&self) -> &Session {
        &self.shared.session
    }

    /// The query that every call carries.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        query(&self.shared.gwsource)
    }

    pub(super) fn comment_rule(&self) -> &CommentRule {
        &self.shared.comment_rule
    }

    pub(super) fn default_group(&self) -> &str {
        &self.shared.default_group
    }

    pub(super) fn max_ids_per_call(&self) -> usize {
        self.shared.max_ids_per_call
    }
}

impl ClientBuilder {
    /// How the client proves who it is. Required.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.settings.credentials = Some(credentials);
        self
    }

    /// Which spelling of the login call the server takes, for [`Credentials::login`]. Default [`LoginCall::Login`].
    pub fn login_call(mut self, call: LoginCall) -> Self {
        self.settings.login_call = call;
        self
    }

    /// The vendor's mandatory query parameter `gwsource`, the source of the request. Default `external`, as the
    /// vendor's pages have it; the vendor's own tools send `WEB`. What the values change is documented nowhere.
    pub fn gwsource(mut self, gwsource: impl Into<String>) -> Self {
        self.settings.gwsource = gwsource.into();
        self
    }

    /// Which characters this deployment accepts in comments. Default [`CommentRule::Documented`].
    pub fn comment_rule(mut self, rule: CommentRule) -> Self {
        self.settings.comment_rule = rule;
        self
    }

    /// The name of the group in which unassigned certificates land. Default `Default`, the vendor's own name; whether it
    /// can be renamed is documented nowhere. It is only compared with what searches tell, never sent by an unassignment.
    pub fn default_group(mut self, name: impl Into<String>) -> Self {
        self.settings.default_group = name.into();
        self
    }

    /// The most resource ids that one call may name. Default 1,000. The vendor documents no limit.
    pub fn max_ids_per_call(mut self, limit: usize) -> Self {
        self.settings.max_ids_per_call = limit;
        self
    }

    /// Checks every setting and builds the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Error::Configuration`] names the setting that is missing or wrong.
    pub fn build(self) -> Result<Client, Error> {
        let mut base_url = self.base_url()?;
        let Settings { credentials, login_call, gwsource, comment_rule, default_group, max_ids_per_call } =
            self.settings;
        let credentials = credentials.ok_or_else(|| {
            ConfigurationError::new(
                "credentials",
                "a client needs them: Credentials::login, ::service_account, ::session_id or ::password_headers",
            )
        })?;
        if gwsource.trim().is_empty() {
            return Err(ConfigurationError::new("gwsource", "must not be empty: the vendor calls it mandatory").into());
        }
        if default_group.trim().is_empty() {
            return Err(ConfigurationError::new("default_group", "must not be empty").into());
        }
        if max_ids_per_call == 0 {
            return Err(ConfigurationError::new("max_ids_per_call", "must be more than zero").into());
        }
        let path = base_path(&base_url).to_owned();
        match path.rsplit('/').next() {
            Some("avxapi") => {}
            Some("") | None => base_url.set_path("avxapi"),
            Some(_) => base_url.set_path(&format!("{path}/avxapi")),
        }
        let accept = HeaderMap::from_iter([(ACCEPT, JSON)]);
        let principal = credentials.principal();
        let identity = |headers, credential| Identity {
            headers,
            credential,
            principal: principal.clone(),
            correlation_header: None,
        };
        let desk = || {
            let identity = identity(accept.clone(), Credential::fixed(HeaderMap::new()));
            let transport = Transport::new(base_url.clone(), identity, self.options.clone())?;
            Ok::<_, ConfigurationError>(Arc::new(Desk { transport, query: query(&gwsource) }))
        };
        let (credential, session) = match credentials.proof()? {
            Proof::SessionId(headers) => (Credential::fixed(headers), Session::Given),
            Proof::PasswordHeaders(headers) => (Credential::fixed(headers), Session::None),
            Proof::Login { headers, password } => {
                let desk = desk()?;
                let login = Login { desk: Arc::clone(&desk), call: login_call, headers, password };
                (Credential::renewable(login), Session::OfLogin(desk))
            }
            Proof::ServiceAccount { headers, secret } => {
                (Credential::renewable(ServiceToken { desk: desk()?, headers, secret }), Session::None)
            }
        };
        let mut headers = accept.clone();
        headers.insert(CONTENT_TYPE, JSON);
        let transport = Transport::new(base_url.clone(), identity(headers, credential), self.options.clone())?;
        let shared = Shared { transport, session, gwsource, comment_rule, default_group, max_ids_per_call };
        Ok(Client { shared: Arc::new(shared) })
    }
}

fn query(gwsource: &str) -> Vec<(&'static str, String)> {
    vec![("gwsource", gwsource.to_owned())]
}
