//! A fake Keyfactor Command server.

mod arrange;
mod asks;
mod body;
mod calls;
mod certificate_calls;
mod certificates;
mod changes;
mod control;
mod faults;
mod history;
mod identity_provider;
mod jobs;
mod list;
mod orchestrator;
mod permissions;
mod places;
mod query;
mod refusal;
mod revocations;
mod running;
mod snapshot;
mod state;
mod store_calls;
mod store_types;
mod stores;
mod token_requests;
mod tokens;
mod traps;
mod variables;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};

pub use self::calls::KeyfactorCall;
pub use self::certificates::FakeCertificate;
pub use self::identity_provider::{FakeIdentityProvider, FakeSecretPlace, FakeTokenRefusal};
pub use self::jobs::{FakeJob, FakeJobKind, FakeJobState};
pub use self::orchestrator::FakeOrchestrator;
pub use self::permissions::KeyfactorPermission;
pub use self::store_types::{FakeCustomAlias, FakeEntryParameter, FakeStoreType};
pub use self::stores::{FakeAgent, FakeStore};

use self::body::body_of;
use self::list::Parameters;
use self::refusal::unauthorized;
use self::state::{State, numbered};
use self::traps::{Trap, in_camel_case};
use super::server::{KnownCall, RecordedRequest, Reply, Server, Service, assert_none_unknown, locked};
use crate::keyfactor::{Client, Credentials};

const USER: &str = r"EXAMPLE\svc-clm";
const PASSWORD: &str = "fake-keyfactor-password";

/// A fake Keyfactor Command server with certificates, certificate stores, orchestrators and an account. Feature `testing`.
///
/// It serves the calls of [`KeyfactorCall`]. It returns 404 for any other request; [`unknown_requests`](Self::unknown_requests)
/// lists them.
///
/// A store has **two states**: what it holds, and what Command's inventory lists for it. A job changes what the store holds. The
/// inventory follows at once, or [lags](Self::inventory_lags).
///
/// **The fake is not the vendor's software.** [The guide](crate::guide::fakes#keyfactor-command) says for each behaviour whether it
/// is documented, recorded, taken from the vendor's code, inferred or assumed.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::{CertificateLocation, Schedule};
/// use clm::testing::FakeKeyfactor;
///
/// let fake = FakeKeyfactor::start().await;
/// let store = fake.add_store();
/// fake.add_certificate(store, "www.pem");
///
/// let location = CertificateLocation::new(store, "www.pem");
/// fake.client()
///     .certificate_stores()
///     .remove_certificates([location], Schedule::Immediate)
///     .send()
///     .await?;
/// fake.run_jobs();
/// fake.assert_removed(store, "www.pem");
/// # Ok(()) }
/// ```
pub struct FakeKeyfactor {
    server: Server,
    /// Most tests need none, so it is started when it is asked for.
    identity_provider: OnceLock<FakeIdentityProvider>,
    command: Arc<Command>,
}

#[derive(Default)]
struct Command(Mutex<State>);

impl FakeKeyfactor {
    /// Starts a fake without stores on a free port of `127.0.0.1`. Its account has every permission system-wide. See the
    /// [example](Self#example).
    ///
    /// # Panics
    /// If no port is available.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// Starts a fake on this port of `127.0.0.1`, for programs that need the address before the server starts.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// # let free = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    /// # let port = free;
    /// let fake = FakeKeyfactor::start_on(port).await;
    /// assert_eq!(fake.url(), format!("http://127.0.0.1:{port}/KeyfactorAPI"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If the port is in use.
    #[expect(clippy::unused_async, reason = "as `start`, which may have to wait one day")]
    pub async fn start_on(port: u16) -> Self {
        let command = Arc::new(Command::default());
        let service: Arc<dyn Service> = Arc::<Command>::clone(&command);
        Self { server: Server::start(service, port), identity_provider: OnceLock::new(), command }
    }

    /// Returns the base URL, `http://127.0.0.1:port/KeyfactorAPI`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Client;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let client = Client::builder(fake.url()).credentials(fake.credentials()).build()?;
    /// assert_eq!(client.base_url().as_str().trim_end_matches('/'), fake.url());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.server.origin(), self.state(|state| state.api_path.clone()))
    }

    /// Sets the path of the API. The default is `KeyfactorAPI`; an installation can use another one, such as `Keyfactor/API`. The
    /// [`url`](Self::url) and new clients use the new path. Slashes at the start and the end are ignored.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.set_api_path("Keyfactor/API");
    /// assert!(fake.url().ends_with("/Keyfactor/API"));
    /// # Ok(()) }
    /// ```
    pub fn set_api_path(&self, path: impl AsRef<str>) {
        self.state(|state| path.as_ref().trim_matches('/').clone_into(&mut state.api_path));
    }

    /// Returns credentials that the fake accepts: [`user`](Self::user) and [`password`](Self::password). It also accepts tokens of
    /// its [identity provider](Self::identity_provider). See the example of [`url`](Self::url).
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::basic(USER, PASSWORD)
    }

    /// Returns the account's user name with its domain: `EXAMPLE\svc-clm`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Client, Credentials};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let credentials = Credentials::basic(fake.user(), fake.password());
    /// let _client = Client::builder(fake.url()).credentials(credentials).build()?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn user(&self) -> &str {
        USER
    }

    /// Returns the account's password. `Debug` does not show it, although it is a fake secret. See the example of
    /// [`user`](Self::user).
    #[must_use]
    pub fn password(&self) -> &str {
        PASSWORD
    }

    /// Returns a client of this fake. It uses no proxy. See the [example](Self#example).
    ///
    /// # Panics
    /// Never: the settings are fixed and valid.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests; the settings are fixed")]
    pub fn client(&self) -> Client {
        Client::builder(self.url()).credentials(self.credentials()).build().expect("the fake's settings are valid")
    }

    /// Sets the permissions of the account. It has no others.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeKeyfactor, KeyfactorPermission};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.restrict_to([KeyfactorPermission::ReadStores]);
    /// let client = fake.client();
    /// assert!(client.certificate_stores().list(Query::all()).rows()?.collect().await.is_ok());
    ///
    /// let error = client.certificates().search(Query::all()).rows()?.collect().await.unwrap_err();
    /// assert_eq!(error.status().map(|status| status.as_u16()), Some(403));
    /// # Ok(()) }
    /// ```
    pub fn restrict_to(&self, permissions: impl IntoIterator<Item = KeyfactorPermission>) {
        let permissions = permissions.into_iter().collect();
        self.state(|state| state.permissions = permissions);
    }

    /// Returns the requests that the fake received, oldest first. It keeps the last 10,000 requests, and at most 64 MiB of bodies.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.client().certificate_stores().get(store).send().await?;
    /// assert_eq!(fake.requests()[0].path(), format!("/KeyfactorAPI/CertificateStores/{store}"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    /// Returns the requests that neither the fake nor its identity provider knows; those to the identity provider come last. The
    /// first request of each method and path is also logged as a `tracing` warning.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let _ = fake.client().raw(Method::GET, "Agents").send().await;
    /// assert_eq!(fake.unknown_requests()[0].path(), "/KeyfactorAPI/Agents");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn unknown_requests(&self) -> Vec<RecordedRequest> {
        let mut unknown = self.server.unknown_requests();
        unknown.extend(self.identity_provider.get().into_iter().flat_map(FakeIdentityProvider::unknown_requests));
        unknown
    }

    /// Asserts that the fake and its identity provider received no unknown requests.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.client().certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// fake.assert_no_unknown_requests();
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    /// If there was one. The message lists the method and the path of each.
    #[track_caller]
    pub fn assert_no_unknown_requests(&self) {
        let of_provider = self.identity_provider.get().map_or(0, FakeIdentityProvider::unknown_forgotten);
        assert_none_unknown(&self.unknown_requests(), self.server.unknown_forgotten() + of_provider);
    }

    /// Sets the product version that the server sends in a header of every response, such as `10.5.0.0`. The default is that of a
    /// 25.4.1. The header is not sent if the string is empty or is not a valid header value.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.set_product_version("10.5.0.0");
    /// let answer = fake.client().raw(Method::GET, "CertificateStores").send().await?;
    /// assert_eq!(answer.headers()["X-Keyfactor-Product-Version"], "10.5.0.0");
    /// # Ok(()) }
    /// ```
    pub fn set_product_version(&self, version: impl Into<String>) {
        let version = version.into();
        self.state(|state| state.product_version = Some(version).filter(|version| !version.is_empty()));
    }

    /// Sets the server's clock. It starts at 2026-03-19T21:00:00Z and advances by one second with each job and each run, but not
    /// with real time, so printed times are the same in every run. To compare times of the server with times of the machine, as
    /// [`JobsForLocation::since`](crate::keyfactor::JobsForLocation::since) does, set it to the machine's time.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.set_clock(clm::jiff::Timestamp::now());
    /// # Ok(()) }
    /// ```
    pub fn set_clock(&self, time: jiff::Timestamp) {
        self.state(|state| state.set_clock(time));
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = locked(&self.command.0);
        state.run_due();
        act(&mut state)
    }
}

impl fmt::Debug for FakeKeyfactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.url();
        self.state(|state| {
            f.debug_struct("FakeKeyfactor")
                .field("url", &url)
                .field("identity_provider", &self.identity_provider.get())
                .field("permissions", &state.permissions)
                .field("stores", &state.stores.len())
                .field("jobs", &state.jobs.iter().len())
                .finish_non_exhaustive()
        })
    }
}

impl Service for Command {
    fn call(&self, request: &RecordedRequest) -> Option<KnownCall> {
        KeyfactorCall::of(request.method(), request.path(), &locked(&self.0).api_path).map(|(call, _)| call.known())
    }

    fn answer(&self, request: &RecordedRequest) -> Reply {
        let mut state = locked(&self.0);
        state.run_due();
        let call = KeyfactorCall::of(request.method(), request.path(), &state.api_path);
        let reply = match call {
            Some((call, id)) => state.answer(call, id, request).unwrap_or_else(|refusal| refusal),
            None => Reply::unknown(),
        };
        let versions = if matches!(call, Some((KeyfactorCall::SearchCertificates, _))) { "1.0, 2" } else { "1.0" };
        state.complete(reply).header("Api-Supported-Versions", versions)
    }

    fn refusal(&self, status: u16) -> Reply {
        let reply = match status {
            401 => unauthorized(),
            _ => Reply::json(status, json!({"Message": "The fake was told to refuse this."})),
        };
        locked(&self.0).complete(reply)
    }

    fn stray(&self) -> Reply {
        locked(&self.0).complete(Reply::json(200, json!([numbered(0x57A7_0000, 1)])))
    }
}

impl State {
    /// What every answer has.
    fn complete(&mut self, reply: Reply) -> Reply {
        self.answered += 1;
        let correlation = numbered(0xC0DE_0000, self.answered).to_string();
        let reply = if self.traps.has(Trap::CamelCase) { reply.map_body(in_camel_case) } else { reply };
        let reply = match &self.product_version {
            Some(version) => reply.header("X-Keyfactor-Product-Version", version),
            None => reply,
        };
        reply.header("X-Keyfactor-Correlation-Id", correlation)
    }

    fn answer(&mut self, call: KeyfactorCall, id: &str, request: &RecordedRequest) -> Result<Reply, Reply> {
        self.authenticate(request)?;
        let parameters = &Parameters::of(request);
        match call {
            KeyfactorCall::SearchCertificates => self.list_certificates(parameters),
            KeyfactorCall::GetCertificate => self.read_certificate(id, parameters),
            KeyfactorCall::CertificateLocations => self.read_certificate_locations(id, parameters),
            KeyfactorCall::RevokeCertificates => self.revoke(&body_of(request)?),
            KeyfactorCall::ListStores => self.list_stores(parameters),
            KeyfactorCall::GetStore => self.read_store(id),
            KeyfactorCall::Inventory => self.list_inventory(id, parameters),
            KeyfactorCall::ListStoreTypes => self.list_store_types(parameters),
            KeyfactorCall::GetStoreType => self.read_store_type(id),
            KeyfactorCall::AddCertificates => self.add(&body_of(request)?),
            KeyfactorCall::RemoveCertificates => self.remove(&body_of(request)?),
            KeyfactorCall::ScheduleInventory => self.schedule_inventories(&body_of(request)?),
            KeyfactorCall::JobHistory => self.list_history(parameters),
            KeyfactorCall::ScheduledJobs => self.list_scheduled(parameters),
            KeyfactorCall::Unschedule => self.unschedule(&body_of(request)?),
            KeyfactorCall::Reschedule => self.reschedule(&body_of(request)?),
            KeyfactorCall::Acknowledge => self.acknowledge(&body_of(request)?),
            KeyfactorCall::ListEndpoints => Ok(endpoints()),
            // Of another server.
            KeyfactorCall::RequestToken => Err(Reply::unknown()),
        }
    }
}

fn endpoints() -> Reply {
    let endpoints = KeyfactorCall::of_the_api();
    Reply::json(200, endpoints.map(|call| Value::from(format!("{} {}", call.method(), call.path()))).collect())
}
