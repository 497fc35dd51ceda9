//! Certificate stores: what they hold, and what Command's inventory says that they hold.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::jobs::FakeJobKind;
use super::orchestrator::FakeOrchestrator;
use super::places::Inventory;
use super::state::{State, numbered};

/// A certificate store as Command describes it; see [`FakeKeyfactor::set_store`](super::FakeKeyfactor::set_store).
///
/// Values that are not set are derived from the store's number, and are the same in every run.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::Query;
/// use clm::testing::{FakeAgent, FakeKeyfactor};
///
/// let fake = FakeKeyfactor::start().await;
/// let store = fake.add_store();
/// fake.set_store(store, |it| {
///     let it = it
///         .machine("web01.example.com")
///         .path("/etc/ssl/certs")
///         .container(7)
///         .store_type(102, "PEM");
///     it.agent(FakeAgent::Unassigned)
///         .unapproved()
///         .properties(clm::serde_json::json!({"ServerUseSsl": "true"}))
/// });
///
/// let row = fake.client().certificate_stores().get(store).send().await?;
/// assert_eq!(row.store_path.as_deref(), Some("/etc/ssl/certs"));
/// assert_eq!((row.approved, row.agent_assigned), (Some(false), false));
/// assert_eq!(row.properties().unwrap()["ServerUseSsl"], "true");
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[must_use = "has no effect until it is added to the fake"]
pub struct FakeStore {
    pub(super) machine: Option<String>,
    pub(super) path: Option<String>,
    pub(super) container: Option<i32>,
    pub(super) approved: bool,
    pub(super) agent: FakeAgent,
    pub(super) add_supported: bool,
    pub(super) remove_supported: bool,
    pub(super) type_number: i32,
    pub(super) type_name: String,
    pub(super) properties: Value,
    pub(super) spelling: Spelling,
    /// Null if there is none.
    pub(super) inventory_schedule: Value,
}

/// What the orchestrator of a store makes of aliases.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Spelling {
    AsGiven,
    LowerCase,
    OfBindings,
}

/// Whether a store has an orchestrator; see [`FakeStore::agent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::testing::{FakeAgent, FakeKeyfactor};
///
/// let fake = FakeKeyfactor::start().await;
/// let store = fake.add_store();
/// fake.set_store(store, |it| it.agent(FakeAgent::Unassigned));
/// assert!(!fake.client().certificate_stores().get(store).send().await?.agent_assigned);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeAgent {
    /// The store has an orchestrator, and it is online.
    Available,
    /// The store has an orchestrator, and it is offline: jobs wait.
    Unavailable,
    /// The store has no orchestrator: jobs wait.
    Unassigned,
}

impl Default for FakeStore {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeStore {
    /// Creates the description of an approved store that is in no container, has an orchestrator and no inventory schedule. See the
    /// [example](Self#example).
    pub fn new() -> Self {
        Self {
            machine: None,
            path: None,
            container: None,
            approved: true,
            agent: FakeAgent::Available,
            add_supported: true,
            remove_supported: true,
            type_number: 102,
            type_name: "FakeCert".to_owned(),
            properties: json!({}),
            spelling: Spelling::AsGiven,
            inventory_schedule: Value::Null,
        }
    }

    /// Sets the machine of the store, which the vendor calls `ClientMachine`. See the [example](Self#example).
    pub fn machine(mut self, machine: impl Into<String>) -> Self {
        self.machine = Some(machine.into());
        self
    }

    /// Sets the path of the store on its machine. See the [example](Self#example).
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Sets the container of the store. See the [example](Self#example).
    pub fn container(mut self, id: i32) -> Self {
        self.container = Some(id);
        self
    }

    /// Makes the store one that was discovered and is not approved yet. Its jobs run nevertheless (assumed). See the
    /// [example](Self#example).
    pub fn unapproved(mut self) -> Self {
        self.approved = false;
        self
    }

    /// Sets whether the store has an orchestrator. See the [example](Self#example).
    pub fn agent(mut self, agent: FakeAgent) -> Self {
        self.agent = agent;
        self
    }

    /// The type of the store does not support adding certificates. Queries can filter by this, and additions fail (assumed).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # let fake = &scene.keyfactor;
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    /// use clm::testing::FakeJobState;
    ///
    /// let store = fake.add_store();
    /// fake.set_store(store, |it| it.add_unsupported());
    /// let entry = CertificateStoreEntry::new(store).alias("www.example.com.pfx");
    /// let addition = keyfactor.certificate_stores().add_certificates(
    ///     scene.certificate(),
    ///     [entry],
    ///     Schedule::Immediate,
    /// );
    /// addition.send().await?;
    /// fake.run_jobs();
    /// let job = fake.job_of(store, "www.example.com.pfx");
    /// assert_eq!(job.map(|it| it.state), Some(FakeJobState::Failed));
    /// # Ok(()) }
    /// ```
    pub fn add_unsupported(mut self) -> Self {
        self.add_supported = false;
        self
    }

    /// The type of the store does not support removing certificates. Queries can filter by this, and removals fail (assumed).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeJobState, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.set_store(store, |it| it.remove_unsupported());
    ///
    /// let location = CertificateLocation::new(store, "www.pem");
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// assert_eq!(fake.jobs()[0].state, FakeJobState::Failed);
    /// # Ok(()) }
    /// ```
    pub fn remove_unsupported(mut self) -> Self {
        self.remove_supported = false;
        self
    }

    /// Sets the number and the name of the store's type. Job types start with this name: `FakeCertManagement` for `FakeCert`. See
    /// the [example](Self#example).
    pub fn store_type(mut self, number: i32, name: impl Into<String>) -> Self {
        self.type_number = number;
        self.type_name = name.into();
        self
    }

    /// Sets the properties of the store. Command returns them as JSON in a string. See the [example](Self#example).
    pub fn properties(mut self, properties: impl Into<Value>) -> Self {
        self.properties = properties.into();
        self
    }

    /// The store converts the aliases of added certificates to lower case. According to the notes of the vendor's Terraform
    /// provider, some stores do. Aliases that it already holds stay as they are.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateStoreEntry, Schedule};
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.set_store(store, |it| it.lower_case_aliases());
    /// let certificate = fake.issue(FakeCertificate::new("www.example.com"));
    ///
    /// let entry = CertificateStoreEntry::new(store).alias("WWW.pem");
    /// fake.client()
    ///     .certificate_stores()
    ///     .add_certificates(certificate, [entry], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// assert_eq!(fake.aliases(store), ["www.pem"]);
    /// # Ok(()) }
    /// ```
    pub fn lower_case_aliases(mut self) -> Self {
        self.spelling = Spelling::LowerCase;
        self
    }

    /// The next inventory of the store changes each alias that is a thumbprint to
    /// `<thumbprint>:<site>:<protocol>:<ip>:<port>:<host>`, without a job, as IIS orchestrators write aliases from version 2.5.0
    /// on. Every entry has its own alias, built from its parameters `SiteName`, `Protocol`, `IPAddress`, `Port` and `HostName`; the
    /// part of a missing parameter is empty. Jobs for the old alias then fail (assumed).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.set_store(store, |it| it.aliases_of_bindings());
    /// let certificate = fake.issue(FakeCertificate::new("www.example.com"));
    /// let thumbprint = fake.thumbprint(certificate);
    /// fake.put_entry(
    ///     store,
    ///     &thumbprint,
    ///     certificate,
    ///     [("SiteName", "Shop"), ("Protocol", "https"), ("Port", "443")],
    /// );
    ///
    /// fake.run_inventory(store);
    /// assert_eq!(fake.inventory_aliases(store), [format!("{thumbprint}:Shop:https::443:")]);
    /// # Ok(()) }
    /// ```
    pub fn aliases_of_bindings(mut self) -> Self {
        self.spelling = Spelling::OfBindings;
        self
    }

    /// Sets the inventory schedule of the store, in the vendor's form: `{"Interval": {"Minutes": 60}}`. The store then has an
    /// inventory job. Null and `{}` stand for no schedule.
    ///
    /// As recorded from real servers, a request for one store returns the schedule, or `{}` if there is none; the list of stores
    /// returns null.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.set_store(store, |it| {
    ///     it.inventory_schedule(clm::serde_json::json!({"Interval": {"Minutes": 60}}))
    /// });
    ///
    /// let row = fake.client().certificate_stores().get(store).send().await?;
    /// assert!(row.has_inventory_schedule());
    /// # Ok(()) }
    /// ```
    pub fn inventory_schedule(mut self, schedule: impl Into<Value>) -> Self {
        let schedule = schedule.into();
        let is_set = schedule.as_object().is_some_and(|members| !members.is_empty());
        self.inventory_schedule = if is_set { schedule } else { Value::Null };
        self
    }

    /// Whether its type supports what a job does.
    pub(super) fn supports(&self, kind: FakeJobKind) -> bool {
        match kind {
            FakeJobKind::Add => self.add_supported,
            FakeJobKind::Remove => self.remove_supported,
            FakeJobKind::Inventory => true,
        }
    }
}

/// An entry under an alias.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Entry {
    pub(super) leaf: i32,
    pub(super) chain: Vec<i32>,
    /// As the inventory shows them.
    pub(super) parameters: Map<String, Value>,
}

/// The entries of a store by alias. An alias may have several, and has one at least.
pub(super) type Entries = BTreeMap<String, Vec<Entry>>;

impl Entry {
    pub(super) fn of(leaf: i32) -> Self {
        let parameters = Map::from_iter([("PrivateKeyEntry".to_owned(), json!("Yes"))]);
        Self { leaf, chain: Vec::new(), parameters }
    }

    pub(super) fn with(mut self, parameters: Map<String, Value>) -> Self {
        self.parameters.extend(parameters);
        self
    }

    /// Its alias, as IIS orchestrators write it.
    fn binding(&self, thumbprint: &str) -> String {
        let part = |name: &str| member_of(&self.parameters, name).map(text_of).unwrap_or_default();
        let parts = ["SiteName", "Protocol", "IPAddress", "Port", "HostName"].map(part);
        format!("{thumbprint}:{}", parts.join(":"))
    }

    /// Whether these job fields can be about it: none of them names a parameter that it has with another value.
    pub(super) fn agrees_with(&self, job_fields: &Map<String, Value>) -> bool {
        self.parameters.iter().all(|(name, value)| match member_of(job_fields, name) {
            Some(asked) => text_of(asked) == text_of(value),
            None => true,
        })
    }

    pub(super) fn certificates(&self) -> impl Iterator<Item = i32> {
        std::iter::once(self.leaf).chain(self.chain.iter().copied())
    }
}

fn member_of<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    members.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Orchestrators read parameters as text.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A store, in both layers.
pub(super) struct Store {
    /// What it is called if it is not said: machine and path.
    made_up: [String; 2],
    pub(super) shown: FakeStore,
    /// What it holds, by alias.
    pub(super) held: Entries,
    /// What Command's inventory says that it holds.
    pub(super) inventory: Inventory,
    pub(super) inventory_job: Option<Uuid>,
    /// Set by [`State::set_orchestrator`] alone.
    orchestrator: Option<FakeOrchestrator>,
}

/// The one orchestrator that every store has which has one.
pub(super) const AGENT_MACHINE: &str = "orchestrator.example.com";

pub(super) fn agent_id() -> Uuid {
    numbered(0xA6E7_0000, 1)
}

impl State {
    /// This orchestrator looks after a store, which is added if it is not there.
    pub(super) fn set_orchestrator(&mut self, id: Uuid, orchestrator: FakeOrchestrator) {
        if orchestrator.goes_by_clock() {
            self.going_by_clock.insert(id);
        } else {
            self.going_by_clock.remove(&id);
        }
        self.store(id).orchestrator = Some(orchestrator);
    }
}

impl Store {
    pub(super) fn new(number: u64, shown: FakeStore) -> Self {
        Self {
            made_up: [format!("web{number:05}.example.com"), format!("/etc/certificates/{number:05}")],
            shown,
            held: BTreeMap::new(),
            inventory: Inventory::default(),
            inventory_job: None,
            orchestrator: None,
        }
    }

    pub(super) fn orchestrator(&self) -> Option<&FakeOrchestrator> {
        self.orchestrator.as_ref()
    }

    /// What Command's inventory lists, one for each row.
    pub(super) fn entries_listed(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.inventory.iter().flat_map(|(alias, entries)| entries.iter().map(move |entry| (alias, entry)))
    }

    /// Removes the entries of an alias that these job fields can be about, or says that there are none.
    pub(super) fn take_out(&mut self, alias: &str, job_fields: &Map<String, Value>) -> Result<(), String> {
        let entries = self.held.get_mut(alias).map(std::mem::take).unwrap_or_default();
        let (taken, left): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.agrees_with(job_fields));
        if left.is_empty() {
            self.held.remove(alias);
        } else {
            self.held.insert(alias.to_owned(), left);
        }
        if taken.is_empty() { Err(format!("There is no certificate under the alias '{alias}'.")) } else { Ok(()) }
    }

    /// The alias under which it holds what is added as this one.
    pub(super) fn spelt(&self, alias: String) -> String {
        if self.shown.spelling == Spelling::LowerCase { alias.to_lowercase() } else { alias }
    }

    /// Before an inventory is taken, aliases may change.
    pub(super) fn respell(&mut self) {
        if self.shown.spelling != Spelling::OfBindings {
            return;
        }
        let is_thumbprint = |alias: &str| alias.len() == 40 && alias.bytes().all(|it| it.is_ascii_hexdigit());
        for (alias, entries) in std::mem::take(&mut self.held) {
            for entry in entries {
                let alias = if is_thumbprint(&alias) { entry.binding(&alias) } else { alias.clone() };
                self.held.entry(alias).or_default().push(entry);
            }
        }
    }

    /// Adds an entry. What agrees with it in all of its parameters is in its place.
    pub(super) fn put_in(&mut self, alias: &str, entry: Entry, overwrite: bool) -> Result<(), String> {
        let entries = self.held.entry(alias.to_owned()).or_default();
        if !overwrite && entries.iter().any(|it| it.agrees_with(&entry.parameters)) {
            return Err(format!("There is already a certificate under the alias '{alias}'."));
        }
        entries.retain(|it| !it.agrees_with(&entry.parameters));
        entries.push(entry);
        Ok(())
    }

    pub(super) fn machine(&self) -> &str {
        let [machine, _] = &self.made_up;
        self.shown.machine.as_ref().unwrap_or(machine)
    }

    pub(super) fn path(&self) -> &str {
        let [_, path] = &self.made_up;
        self.shown.path.as_ref().unwrap_or(path)
    }

    pub(super) fn agent(&self) -> Option<Uuid> {
        (self.shown.agent != FakeAgent::Unassigned).then(agent_id)
    }

    pub(super) fn container_name(&self) -> Option<String> {
        self.shown.container.map(|id| format!("Container {id}"))
    }

    /// The members that the list and a single store write alike.
    fn to_row(&self, id: Uuid) -> Value {
        let (machine, path) = (self.machine(), self.path());
        json!({
            "Id": id,
            "DisplayName": format!("{machine} - {path}"),
            "ClientMachine": machine,
            "Storepath": path,
            "ContainerId": self.shown.container,
            "ContainerName": self.container_name(),
            "CertStoreInventoryJobId": self.inventory_job,
            "CertStoreType": self.shown.type_number,
            "Approved": self.shown.approved,
            "CreateIfMissing": false,
            "Properties": self.shown.properties.to_string(),
            "AgentId": self.agent(),
            "AgentAssigned": self.agent().is_some(),
            "InventorySchedule": null,
            "ReenrollmentStatus": {
                "Data": false,
                "AgentId": null,
                "Message": "",
                "JobProperties": null,
                "CustomAliasAllowed": 1,
                "EntryParameters": [],
            },
            "SetNewPasswordAllowed": false,
            "Password": null,
        })
    }

    pub(super) fn to_list_row(&self, id: Uuid) -> Value {
        let mut row = self.to_row(id);
        if let (None, Some(members)) = (self.shown.container, row.as_object_mut()) {
            members.insert("ContainerName".to_owned(), json!(""));
        }
        row
    }

    pub(super) fn to_single(&self, id: Uuid) -> Value {
        let mut row = self.to_row(id);
        if let Some(members) = row.as_object_mut() {
            let schedule = if self.inventory_job.is_some() { self.shown.inventory_schedule.clone() } else { json!({}) };
            members.insert("InventorySchedule".to_owned(), schedule);
        }
        row
    }
}
