//! A fake Keyfactor Command server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::server::{RecordedRequest, Reply, Server, Service, locked, member};
use crate::keyfactor::{CertificateStoreId, Client, Credentials, JobId};

const USER: &str = r"EXAMPLE\svc-clm";
const PASSWORD: &str = "fake-keyfactor-password";

/// A fake Keyfactor Command server with certificate stores, their inventory and an account. Feature `testing`.
///
/// It knows `POST /KeyfactorAPI/CertificateStores/Certificates/Remove`. Any other request is answered 501 with a body
/// that names it, and is listed by [`unexpected_requests`](Self::unexpected_requests).
///
/// **Documented by the vendor:** the call, the members of its body, the array of job GUIDs; that a collection beats a
/// container; that a collection moves the check of the right to read certificates to that collection; that nothing is
/// removed before an orchestrator runs the job. **Seen on real servers:** the shape of a 403; that members which the
/// server does not know, `ContainerId` among them, are ignored; the response headers.
///
/// **Assumed:** the order in which permissions are checked (it is lost in every copy of the vendor's page) and that
/// one location without permission refuses the whole call; that a certificate must be in the collection; that a
/// request without `x-keyfactor-requested-with`, or with a body of another shape, is answered 400 with a message and no
/// code; that a 401 has the body `null`; that an unknown store is answered 404 with the code `0xA0130000`; that an unknown
/// alias becomes a job that fails; that the job ids come in the order of the locations.
pub struct FakeKeyfactor {
    server: Server,
    command: Arc<Command>,
}

/// What the fake's account may do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum KeyfactorPermission {
    /// Read certificates, system-wide.
    ReadCertificates,
    /// Read the certificates of this collection, in calls that name it.
    ReadCertificatesIn(i32),
    /// Schedule jobs on certificate stores, system-wide.
    ScheduleStores,
    /// Schedule jobs on the certificate stores of this container.
    ScheduleStoresIn(i32),
}

/// A job that a removal created.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FakeJob {
    /// Its GUID.
    pub id: JobId,
    /// The store on which it acts.
    pub store: CertificateStoreId,
    /// The alias that it removes.
    pub alias: String,
    /// Whether it runs again and again.
    pub recurring: bool,
    /// How far it is.
    pub state: FakeJobState,
}

/// How far a job of the fake is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeJobState {
    /// No orchestrator has run it yet.
    Waiting,
    /// It removed the certificate.
    Succeeded,
    /// There was nothing under its alias.
    Failed,
}

#[derive(Default)]
struct Command(Mutex<State>);

struct State {
    permissions: BTreeSet<KeyfactorPermission>,
    bearer_tokens: BTreeSet<String>,
    stores: BTreeMap<Uuid, Store>,
    jobs: Vec<FakeJob>,
    answered: u64,
}

#[derive(Default)]
struct Store {
    container: Option<i32>,
    /// Alias to the collections that the certificate is in.
    inventory: BTreeMap<String, BTreeSet<i32>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            permissions: [KeyfactorPermission::ReadCertificates, KeyfactorPermission::ScheduleStores].into(),
            bearer_tokens: BTreeSet::new(),
            stores: BTreeMap::new(),
            jobs: Vec::new(),
            answered: 0,
        }
    }
}

impl FakeKeyfactor {
    /// Starts a fake without stores, whose account may do everything system-wide.
    ///
    /// # Panics
    /// If no loopback port can be had.
    pub async fn start() -> Self {
        let command = Arc::new(Command::default());
        let service: Arc<dyn Service> = Arc::<Command>::clone(&command);
        Self { server: Server::start(service).await, command }
    }

    /// The base URL, `http://127.0.0.1:port/KeyfactorAPI`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/KeyfactorAPI", self.server.origin())
    }

    /// Credentials that the fake takes.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        Credentials::basic(USER, PASSWORD)
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

    /// Takes this bearer token as well.
    pub fn accept_bearer(&self, token: impl Into<String>) {
        self.state(|state| state.bearer_tokens.insert(token.into()));
    }

    /// Limits what the account may do to these permissions.
    pub fn restrict_to(&self, permissions: impl IntoIterator<Item = KeyfactorPermission>) {
        self.state(|state| state.permissions = permissions.into_iter().collect());
    }

    /// Adds a certificate store that is in no container.
    #[must_use]
    pub fn add_store(&self) -> CertificateStoreId {
        self.put_store(None)
    }

    /// Adds a certificate store to a container.
    #[must_use]
    pub fn add_store_in(&self, container: i32) -> CertificateStoreId {
        self.put_store(Some(container))
    }

    fn put_store(&self, container: Option<i32>) -> CertificateStoreId {
        self.state(|state| {
            let id = numbered(0x5707_0000, state.stores.len() as u64 + 1);
            state.stores.insert(id, Store { container, ..Store::default() });
            id.into()
        })
    }

    /// Puts a certificate into a store, which is added if the fake does not have it. It is in no collection.
    pub fn add_certificate(&self, store: CertificateStoreId, alias: impl Into<String>) {
        self.put_certificate(store, alias.into(), BTreeSet::new());
    }

    /// Puts a certificate into a store, which is added if the fake does not have it. It is in this collection.
    pub fn add_certificate_in(&self, store: CertificateStoreId, alias: impl Into<String>, collection: i32) {
        self.put_certificate(store, alias.into(), [collection].into());
    }

    fn put_certificate(&self, store: CertificateStoreId, alias: String, collections: BTreeSet<i32>) {
        self.state(|state| state.stores.entry(store.get()).or_default().inventory.insert(alias, collections));
    }

    /// The aliases that a store holds, sorted.
    #[must_use]
    pub fn aliases(&self, store: CertificateStoreId) -> Vec<String> {
        self.state(|state| {
            state.stores.get(&store.get()).map(|it| it.inventory.keys().cloned().collect()).unwrap_or_default()
        })
    }

    /// The jobs that removals created, oldest first.
    #[must_use]
    pub fn jobs(&self) -> Vec<FakeJob> {
        self.state(|state| state.jobs.clone())
    }

    /// Has the orchestrators run every waiting job, whatever its time: the fake has no clock. A recurring job runs
    /// again at the next call.
    pub fn run_jobs(&self) {
        self.state(|state| {
            for job in &mut state.jobs {
                if job.state == FakeJobState::Waiting || job.recurring {
                    let inventory = state.stores.get_mut(&job.store.get()).map(|store| &mut store.inventory);
                    let removed = inventory.and_then(|inventory| inventory.remove(&job.alias)).is_some();
                    job.state = if removed { FakeJobState::Succeeded } else { FakeJobState::Failed };
                }
            }
        });
    }

    /// What the fake was asked, oldest first; the last 10,000 requests and 64 MiB of bodies at most.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.server.requests()
    }

    /// The requests that the fake does not know.
    #[must_use]
    pub fn unexpected_requests(&self) -> Vec<RecordedRequest> {
        self.server.unexpected_requests()
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut locked(&self.command.0))
    }
}

impl fmt::Debug for FakeKeyfactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state(|state| {
            f.debug_struct("FakeKeyfactor")
                .field("url", &self.url())
                .field("permissions", &state.permissions)
                .field("stores", &state.stores.len())
                .field("jobs", &state.jobs)
                .finish_non_exhaustive()
        })
    }
}

/// GUIDs that are the same in every run, so that printed stories can be compared.
fn numbered(kind: u32, number: u64) -> Uuid {
    Uuid::from_u64_pair(u64::from(kind) << 32 | 0x4000, 0x8000_0000_0000_0000 | number)
}

impl Service for Command {
    fn answer(&self, request: &RecordedRequest) -> Reply {
        let mut state = locked(&self.0);
        state.answered += 1;
        let reply = match (request.method().as_str(), request.path()) {
            ("POST", "/KeyfactorAPI/CertificateStores/Certificates/Remove") => {
                state.remove(request).unwrap_or_else(|refusal| refusal)
            }
            _ => Reply::unexpected(request),
        };
        reply
            .header("X-Keyfactor-Product-Version", "25.4.1+00000000000000000000000000000000000000fa")
            .header("X-Keyfactor-Correlation-Id", numbered(0xC0DE_0000, state.answered).to_string())
            .header("Api-Supported-Versions", "1.0")
    }
}

impl State {
    fn remove(&mut self, request: &RecordedRequest) -> Result<Reply, Reply> {
        self.authenticate(request)?;
        let body = request.json();
        let locations = Location::read_all(&body)?;
        let schedule = member(&body, "Schedule")
            .as_object()
            .filter(|schedule| schedule.len() == 1)
            .ok_or_else(|| bad_request("Schedule must set exactly one kind."))?;
        let recurring = match schedule.iter().next().map(|(kind, value)| (kind.as_str(), value)) {
            Some(("Immediate", Value::Bool(true)) | ("ExactlyOnce", Value::Object(_))) => false,
            Some(("Interval" | "Daily" | "Weekly" | "Monthly", Value::Object(_))) => true,
            _ => return Err(bad_request("Schedule is not valid.")),
        };
        // `ContainerId` is not read: no schema of this call has it, and unknown members are ignored.
        let collection = match member(&body, "CollectionId") {
            Value::Null => None,
            id => Some(id.as_i64().ok_or_else(|| bad_request("CollectionId must be an integer."))?),
        };
        for location in &locations {
            self.permit(location, collection)?;
        }
        let mut ids = Vec::new();
        for Location { store, alias } in locations {
            let id = JobId::from(numbered(0x10B0_0000, self.jobs.len() as u64 + 1));
            ids.push(id.to_string());
            self.jobs.push(FakeJob { id, store: store.into(), alias, recurring, state: FakeJobState::Waiting });
        }
        Ok(Reply::json(200, json!(ids)))
    }

    fn authenticate(&self, request: &RecordedRequest) -> Result<(), Reply> {
        let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
        let known = request.header("authorization").is_some_and(|given| {
            given == basic || given.strip_prefix("Bearer ").is_some_and(|token| self.bearer_tokens.contains(token))
        });
        if !known {
            return Err(Reply::json(401, Value::Null));
        }
        if request.header("x-keyfactor-requested-with").is_none() {
            return Err(bad_request("The header x-keyfactor-requested-with is missing."));
        }
        Ok(())
    }

    fn permit(&self, location: &Location, collection: Option<i64>) -> Result<(), Reply> {
        use KeyfactorPermission::{ReadCertificates, ReadCertificatesIn, ScheduleStores, ScheduleStoresIn};
        let store = self.stores.get(&location.store);
        let collections = store.and_then(|store| store.inventory.get(&location.alias));
        let may_read = self.permissions.contains(&ReadCertificates)
            || collection.and_then(|id| i32::try_from(id).ok()).is_some_and(|id| {
                self.permissions.contains(&ReadCertificatesIn(id))
                    && collections.is_none_or(|collections| collections.contains(&id))
            });
        let may_schedule = self.permissions.contains(&ScheduleStores)
            || store
                .and_then(|store| store.container)
                .is_some_and(|id| self.permissions.contains(&ScheduleStoresIn(id)));
        let missing = match (may_read, may_schedule) {
            (false, _) => "/certificates/collections/read/",
            (_, false) => "/certificate_stores/schedule/",
            _ if store.is_none() => {
                let message = format!("Certificate store {} was not found.", location.store);
                return Err(Reply::json(404, json!({"ErrorCode": "0xA0130000", "Message": message})));
            }
            _ => return Ok(()),
        };
        let message = format!("User 7 does not have the required permissions: {missing}.");
        Err(Reply::json(403, json!({"ErrorCode": "0xA0140002", "Message": message})))
    }
}

/// One entry of the request's `CertificateStores`.
struct Location {
    store: Uuid,
    alias: String,
}

impl Location {
    fn read_all(body: &Value) -> Result<Vec<Self>, Reply> {
        let entries = member(body, "CertificateStores").as_array().filter(|entries| !entries.is_empty());
        let entries = entries.ok_or_else(|| bad_request("CertificateStores must name at least one store."))?;
        entries.iter().map(Self::read).collect()
    }

    fn read(entry: &Value) -> Result<Self, Reply> {
        let store = member(entry, "CertificateStoreId").as_str().and_then(|id| id.parse().ok());
        let alias = member(entry, "Alias").as_str().filter(|alias| !alias.is_empty());
        let fields = member(entry, "JobFields");
        match (store, alias) {
            (Some(store), Some(alias)) if fields.is_null() || fields.is_object() => {
                Ok(Self { store, alias: alias.to_owned() })
            }
            _ => Err(bad_request("An entry of CertificateStores is not valid.")),
        }
    }
}

fn bad_request(message: &str) -> Reply {
    Reply::json(400, json!({"Message": message}))
}
