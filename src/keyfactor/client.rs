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
pub type ClientBuilder = transport::ClientBuilder<Settings>;

/// The settings that only a Keyfactor client has. They are set on the [`ClientBuilder`].
#[derive(Clone, Debug)]
pub struct Settings {
    credentials: Option<Credentials>,
    max_locations_per_call: usize,
}

/// A client of one Keyfactor Command server. Cheap to clone: all clones share their credential and their limits.
#[derive(Clone, Debug)]
pub struct Client {
    caller: Caller,
}

impl Client {
    /// Starts a client for the server at `base_url`, for example `https://keyfactor.example.com/KeyfactorAPI`.
    ///
    /// The path is the API path that was chosen when Command was installed (`KeyfactorAPI`, `Keyfactor/API`, …);
    /// slashes at its end do not matter. An origin without a path gets `/KeyfactorAPI`, the vendor's default.
    ///
    /// With the feature `rustls`, `ClientBuilder::from_env` takes host and credentials from the variables of the vendor's
    /// own tools.
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

    /// The base URL of every call, with the API path.
    #[must_use]
    pub fn base_url(&self) -> &Url {
        self.caller.transport().base_url()
    }

    /// The operations on certificate stores.
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

    /// The operations on types of certificate stores.
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

    /// The operations on certificates.
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

    /// The operations on orchestrator jobs.
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

    /// A call to an endpoint that this crate has no type for. Everything else is as for typed calls: what is done after a
    /// fault, limits, connection, redaction, the audit of a change.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let store = fake.add_store();
    /// # let keyfactor = fake.client();
    ///
    /// let stores: serde_json::Value = keyfactor.raw(Method::GET, "CertificateStores").query("ReturnLimit", 10).read().await?;
    /// assert_eq!(stores[0]["Id"], store.to_string());
    ///
    /// // What a path names stands in a placeholder: errors, spans and logs show the placeholder.
    /// let call = keyfactor.raw(Method::GET, "CertificateStores/{id}").path_value("id", store);
    /// let answer = call.send().await?;
    /// assert_eq!((answer.status().as_u16(), answer.receipt().attempts()), (200, 1));
    ///
    /// // Every method but GET and HEAD is a change: sent once, or you decide; and audited.
    /// let body = serde_json::json!({"StoreIds": [store], "Schedule": {"Immediate": true}});
    /// keyfactor.raw(Method::POST, "CertificateStores/Schedule").json(&body).audit_note("CHG 1234").send().await?;
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
    ///   that reads and [`OutcomeUnknown`](Error::OutcomeUnknown) of a change.
    /// - **Permissions, limits of the endpoint:** not known here. Version 1 of the API is asked for, as by typed calls, unless
    ///   [`api_version`](crate::RequestBuilder::api_version) says otherwise.
    pub fn raw(&self, method: Method, path: impl Into<String>) -> RequestBuilder<RawCall> {
        self.caller.request(RawCall::new(method, path))
    }

    /// Sends a request that was built before, or that an [`OutcomeUnknown`](super::OutcomeUnknown) gave back.
    ///
    /// Nothing remembers whether it was sent already: calling this twice sends it twice.
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
    /// How the client proves who it is. Required.
    pub fn credentials(mut self, credentials: impl Into<Credentials>) -> Self {
        self.settings.credentials = Some(credentials.into());
        self
    }

    /// The most certificate locations that one call may name. Default 1,000.
    ///
    /// The vendor documents no limit. A thousand locations are some hundred kilobytes, far below what IIS takes by
    /// default, and a call that names more is more often a mistake than a wish.
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

    /// Checks every setting and builds the client. Nothing is sent.
    ///
    /// # Errors
    /// [`Error::Configuration`] names the setting that is missing or wrong.
    pub fn build(self) -> Result<Client, Error> {
        let Settings { credentials, max_locations_per_call } = &self.settings;
        let credentials = credentials.as_ref().ok_or_else(|| {
            ConfigurationError::new(
                "credentials",
                "a client needs them: Credentials::basic, ::client_credentials or ::bearer",
            )
        })?;
        if *max_locations_per_call == 0 {
            return Err(ConfigurationError::new("max_locations_per_call", "must be more than zero").into());
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
