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
/// It has the calls of [`KeyfactorCall`]; any other request is 404, and listed by [`unknown_requests`](Self::unknown_requests).
///
/// It has **two layers**: what a store holds, and what Command's inventory says that it holds. A job changes the store;
/// the inventory follows at once, or lags ([`inventory_lags`](Self::inventory_lags)).
///
/// **What it does is not always what is known of the server**: [the guide](crate::guide::fakes#keyfactor-command) says of each behaviour
/// whether it is documented, recorded, taken from the vendor's code, inferred or assumed.
pub struct FakeKeyfactor {
    server: Server,
    /// Most tests need none, so it is started when it is asked for.
    identity_provider: OnceLock<FakeIdentityProvider>,
    command: Arc<Command>,
}

#[derive(Default)]
struct Command(Mutex<State>);

impl FakeKeyfactor {
    /// Starts a fake without stores, whose account may do everything system-wide.
    ///
    /// # Panics
    /// If no loopback port can be had.
    pub async fn start() -> Self {
        Self::start_on(0).await
    }

    /// The same on this port of `127.0.0.1`, for programs that are told where the server is before it starts.
    ///
    /// # Panics
    /// If the port is in use.
    #[expect(clippy::unused_async, reason = "as `start`, which may have to wait one day")]
    pub async fn start_on(port: u16) -> Self {
        let command = Arc::new(Command::default());
        let service: Arc<dyn Service> = Arc::<Command>::clone(&command);
        Self { server: Server::start(service, port), identity_provider: OnceLock::new(), command }
    }

    /// The base URL, `http://127.0.0.1:port/KeyfactorAPI`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.server.origin(), self.state(|state| state.api_path.clone()))
    }

    /// The path below which the API is: `KeyfactorAPI`, unless the installation chose another, for example `Keyfactor/API`.
    /// The [`url`](Self::url) and new clients follow. Slashes around it are dropped.
    pub fn set_api_path(&self, path: impl AsRef<str>) {
        self.state(|state| path.as_ref().trim_matches('/').clone_into(&mut state.api_path));
    }

    /// Credentials that the fake takes: [`user`](Self::user) and [`password`](Self::password). It takes tokens of its
    /// [identity provider](Self::identity_provider) as well.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::basic(USER, PASSWORD)
    }

    /// The account's user name, with its domain: `EXAMPLE\svc-clm`.
    #[must_use]
    pub fn user(&self) -> &str {
        USER
    }

    /// The account's password. It is a fake secret, and still `Debug` does not show it.
    #[must_use]
    pub fn password(&self) -> &str {
        PASSWORD
    }

    /// A client of this fake. It uses no proxy.
    ///
    /// # Panics
    /// Never: the settings are fixed and right.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a helper of tests; the settings are fixed")]
    pub fn client(&self) -> Client {
        Client::builder(self.url()).credentials(self.credentials()).build().expect("the fake's own settings")
    }

    /// Limits what the account may do to these permissions.
    pub fn restrict_to(&self, permissions: impl IntoIterator<Item = KeyfactorPermission>) {
        let permissions = permissions.into_iter().collect();
        self.state(|state| state.permissions = permissions);
    }

    /// What the fake was asked, oldest first; the last 10,000 requests and 64 MiB of bodies at most.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    /// The requests that the fake does not know, and behind them those that its identity provider does not know. The first of each
    /// method and path is told as a `tracing` warning as well.
    #[must_use]
    pub fn unknown_requests(&self) -> Vec<RecordedRequest> {
        let mut unknown = self.server.unknown_requests();
        unknown.extend(self.identity_provider.get().into_iter().flat_map(FakeIdentityProvider::unknown_requests));
        unknown
    }

    /// Asserts that the fake was asked nothing that it does not know, and neither was its identity provider.
    ///
    /// # Panics
    /// If it was. The message lists method and path of each such request.
    #[track_caller]
    pub fn assert_no_unknown_requests(&self) {
        let of_provider = self.identity_provider.get().map_or(0, FakeIdentityProvider::unknown_forgotten);
        assert_none_unknown(&self.unknown_requests(), self.server.unknown_forgotten() + of_provider);
    }

    /// The product version that the server tells in a header of every answer, for example `10.5.0.0`. A new fake is a 25.4.1. An
    /// empty one is not told, and neither is one that no header can have.
    pub fn set_product_version(&self, version: impl Into<String>) {
        let version = version.into();
        self.state(|state| state.product_version = Some(version).filter(|version| !version.is_empty()));
    }

    /// Sets the server's clock, which goes on by a second with each job and each run, and not by itself: so printed stories can
    /// be compared. It begins at 2026-03-19T21:00:00Z. What compares times of the server with those of the machine, such as
    /// [`JobsForLocation::since`](crate::keyfactor::JobsForLocation::since), needs the machine's: `set_clock(Timestamp::now())`.
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
