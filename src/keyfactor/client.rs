//! The client and its builder.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::certificate_store_types::{CertificateStoreTypes, StoreTypeCache};
use super::certificate_stores::CertificateStores;
use super::certificates::Certificates;
use super::credentials::Credentials;
use super::orchestrator_jobs::OrchestratorJobs;
use super::vendor::{CallLimits, Caller, Error, Keyfactor, RawCall};
use crate::operation::{Operation, Request, RequestBuilder, Vendor as _};
use crate::transport::{self, ConfigurationError, Identity, Transport, base_path};

/// Builds a [`Client`]. Credentials are required; everything else has a default.
///
/// ```
/// # fn main() -> Result<(), clm::keyfactor::Error> {
/// use std::time::Duration;
///
/// use clm::keyfactor::{Client, ClientBuilder, Credentials};
///
/// let builder: ClientBuilder = Client::builder("https://keyfactor.example.com/KeyfactorAPI");
/// let keyfactor = builder
///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
///     .lookup_deadline(Duration::from_secs(300))
///     .build()?;
/// # Ok(()) }
/// ```
pub type ClientBuilder = transport::ClientBuilder<Settings>;

/// The settings that are specific to a Keyfactor client. Set them on the [`ClientBuilder`].
#[derive(Clone, Debug)]
pub struct Settings {
    credentials: Option<Credentials>,
    max_locations_per_call: usize,
}

/// A client for one Keyfactor Command server. It is cheap to clone; all clones share credentials and limits.
///
/// ```
/// # fn main() -> Result<(), clm::keyfactor::Error> {
/// use clm::keyfactor::{Client, Credentials};
///
/// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
///     .build()?;
/// let stores = keyfactor.certificate_stores();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    caller: Caller,
}

impl Client {
    /// Starts building a client for the server at `base_url`, for example
    /// `https://keyfactor.example.com/KeyfactorAPI`.
    ///
    /// The path is the API path that was chosen when Command was installed (`KeyfactorAPI`, `Keyfactor/API`, …).
    /// Trailing slashes are ignored. A URL without a path gets `/KeyfactorAPI`, the vendor's default.
    ///
    /// With the feature `rustls`, `ClientBuilder::from_env` reads the host and the credentials from the environment
    /// variables of the vendor's own tools.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(base_url.into(), Settings { credentials: None, max_locations_per_call: 1_000 })
    }

    /// Returns the base URL, including the API path.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// println!("{}", keyfactor.base_url());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn base_url(&self) -> &Url {
        self.caller.transport().base_url()
    }

    /// Returns the operations on certificate stores.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let store = keyfactor.certificate_stores().get(scene.stores()[0]).send().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificate_stores(&self) -> CertificateStores {
        CertificateStores { caller: self.caller.clone() }
    }

    /// Returns the operations on certificate store types.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let types = keyfactor.certificate_store_types().list(Query::all()).rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificate_store_types(&self) -> CertificateStoreTypes {
        CertificateStoreTypes { caller: self.caller.clone() }
    }

    /// Returns the operations on certificates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let certificate = keyfactor.certificates().get(scene.certificate()).send().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificates(&self) -> Certificates {
        Certificates { caller: self.caller.clone() }
    }

    /// Returns the operations on orchestrator jobs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let may_follow = keyfactor.orchestrator_jobs().can_follow().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn orchestrator_jobs(&self) -> OrchestratorJobs {
        OrchestratorJobs { caller: self.caller.clone() }
    }

    /// Builds a request to an endpoint for which this crate has no typed operation. Retries, limits, connections,
    /// redaction and audit events work as in typed operations.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let store = fake.add_store();
    /// # let keyfactor = fake.client();
    ///
    /// let stores: serde_json::Value =
    ///     keyfactor.raw(Method::GET, "CertificateStores").query("ReturnLimit", 10).read().await?;
    /// assert_eq!(stores[0]["Id"], store.to_string());
    ///
    /// // What a path names stands in a placeholder: errors, spans and logs show the placeholder.
    /// let call = keyfactor.raw(Method::GET, "CertificateStores/{id}").path_value("id", store);
    /// let answer = call.send().await?;
    /// assert_eq!((answer.status().as_u16(), answer.receipt().attempts()), (200, 1));
    ///
    /// // Every method but GET and HEAD is a change: sent once, or you decide; and audited.
    /// let body = serde_json::json!({"StoreIds": [store], "Schedule": {"Immediate": true}});
    /// keyfactor
    ///     .raw(Method::POST, "CertificateStores/Schedule")
    ///     .json(&body)
    ///     .audit_note("CHG 1234")
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Path:** relative to the base URL, not percent-encoded, without a query, at most 2,048 bytes. **It is shown
    ///   unchanged** in errors, spans and audit events, so pass identifiers and external values with
    ///   [`path_value`](crate::RequestBuilder::path_value). The path is refused if it is an absolute URL or contains
    ///   `//host`, `..`, an empty segment, a backslash, a percent sign or control characters. A request never leaves
    ///   the base URL.
    /// - **Audit:** the audit event contains the method and the path with percent-encoded values, but neither the
    ///   query nor the body. If these identify the target of a change, describe it in
    ///   [`audit_note`](crate::RequestBuilder::audit_note).
    /// - **Method:** GET and HEAD are reads, unless [`effect`](crate::RequestBuilder::effect) overrides this. POST,
    ///   PUT, PATCH and DELETE are changes, which are never sent again once they may have reached the server. Other
    ///   methods are refused.
    /// - **Response:** any 2xx is a success and returns a [`RawAnswer`](crate::RawAnswer) with the unchanged body,
    ///   except an HTML page, which no known vendor endpoint returns. An HTML page leads to [`Decode`](Error::Decode)
    ///   for a read and to [`OutcomeUnknown`](Error::OutcomeUnknown) for a change.
    /// - **Permissions, endpoint limits:** not known to this crate. Version 1 of the API is requested, as with typed
    ///   operations, unless [`api_version`](crate::RequestBuilder::api_version) selects another one.
    pub fn raw(&self, method: Method, path: impl Into<String>) -> RequestBuilder<RawCall> {
        self.caller.request(RawCall::new(method, path))
    }

    /// Sends a request that was built earlier, or that an [`OutcomeUnknown`](super::OutcomeUnknown) contains.
    ///
    /// The client does not track whether the request was sent before: calling this twice sends it twice.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let request = stores.remove_certificates(scene.locations(), Schedule::Immediate).build()?;
    /// // The request can be kept, compared, and sent by any client.
    /// let removal = keyfactor.execute(request).await?;
    /// # Ok(()) }
    /// ```
    pub fn execute<O: Operation<Vendor = Keyfactor>>(
        &self,
        request: Request<O>,
    ) -> impl Future<Output = Result<O::Outcome, Error>> + Send + use<O> {
        let caller = self.caller.clone();
        async move { caller.execute(Arc::new(request)).await }
    }
}

impl ClientBuilder {
    /// Sets the credentials. Required.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.settings.credentials = Some(credentials.into());
        self
    }

    /// Sets the maximum number of certificate locations in one call. The default is 1,000.
    ///
    /// The vendor documents no limit. 1,000 locations take some hundred kilobytes, far below what IIS accepts by
    /// default. A longer list is more likely a mistake.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::keyfactor::Error> {
    /// let keyfactor = clm::keyfactor::Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(clm::keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .max_locations_per_call(50)
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn max_locations_per_call(mut self, limit: usize) -> Self {
        self.settings.max_locations_per_call = limit;
        self
    }

    /// Validates all settings and builds the client. Nothing is sent.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials};
    ///
    /// let keyfactor = Client::builder("https://keyfactor.example.com/KeyfactorAPI")
    ///     .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "a password"))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Configuration`] names the missing or invalid setting.
    pub fn build(self) -> Result<Client, Error> {
        let Settings { credentials, max_locations_per_call } = &self.settings;
        let credentials = credentials.as_ref().ok_or_else(|| {
            ConfigurationError::new(
                "credentials",
                "must be set, for example with `Credentials::basic`, `::client_credentials` or `::bearer`",
            )
        })?;
        if *max_locations_per_call == 0 {
            return Err(ConfigurationError::new("max_locations_per_call", "must be greater than zero").into());
        }
        let mut base_url = self.base_url()?;
        if base_path(&base_url).is_empty() {
            base_url.set_path("KeyfactorAPI");
        }
        let mut headers = HeaderMap::new();
        headers.insert("x-keyfactor-requested-with", HeaderValue::from_static("APIClient"));
        headers.insert("x-keyfactor-api-version", HeaderValue::from_static("1"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let limits =
            CallLimits { max_locations_per_call: *max_locations_per_call, store_types: StoreTypeCache::default() };
        let identity = Identity {
            headers,
            query: Keyfactor::query(&limits),
            credential: credentials.credential(&self.options)?,
            principal: credentials.principal(),
            correlation_header: Keyfactor::CORRELATION_ID,
        };
        let transport = Transport::new(base_url, identity, self.options)?;
        Ok(Client { caller: Caller::new(transport, limits) })
    }
}
