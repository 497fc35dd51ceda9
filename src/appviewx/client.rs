//! The client and its builder.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use url::Url;

use super::certificate_groups::CertificateGroups;
use super::comment::CommentRule;
use super::credentials::Credentials;
use super::error::Error;
use crate::transport::{self, ConfigurationError, Identity, Transport, base_path};

/// Builds a [`Client`]. Credentials are required; everything else has a default.
pub type ClientBuilder = transport::ClientBuilder<Settings>;

/// The settings that only an AppViewX client has. They are set on the [`ClientBuilder`].
#[derive(Clone, Debug)]
pub struct Settings {
    credentials: Option<Credentials>,
    gwsource: String,
    comment_rule: CommentRule,
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
    gwsource: String,
    comment_rule: CommentRule,
    max_ids_per_call: usize,
}

impl Client {
    /// Starts a client for the server at `base_url`, for example `https://appviewx.example.com:31443`.
    ///
    /// `/avxapi` is added if the path does not end in it; slashes at the end do not matter.
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        let settings = Settings {
            credentials: None,
            gwsource: "external".to_owned(),
            comment_rule: CommentRule::default(),
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

    pub(super) fn transport(&self) -> &Transport {
        &self.shared.transport
    }

    /// The query that every call carries.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        vec![("gwsource", self.shared.gwsource.clone())]
    }

    pub(super) fn comment_rule(&self) -> &CommentRule {
        &self.shared.comment_rule
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
        let Settings { credentials, gwsource, comment_rule, max_ids_per_call } = self.settings;
        let credentials = credentials.ok_or_else(|| {
            ConfigurationError::new("credentials", "a client needs them: Credentials::session_id or ::password_headers")
        })?;
        if gwsource.trim().is_empty() {
            return Err(ConfigurationError::new("gwsource", "must not be empty: the vendor calls it mandatory").into());
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
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let identity = Identity {
            headers,
            credential: credentials.credential()?,
            principal: credentials.principal(),
            correlation_header: None,
        };
        let transport = Transport::new(base_url, identity, self.options)?;
        Ok(Client { shared: Arc::new(Shared { transport, gwsource, comment_rule, max_ids_per_call }) })
    }
}
