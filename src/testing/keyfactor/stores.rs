//! Certificate stores: what they hold, and what Command's inventory says that they hold.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::FakeKeyfactor;
use super::certificates::Location;
use super::list::{Listing, Offer, Parameters};
use super::orchestrator::FakeOrchestrator;
use super::query::{Kind, Operand, Queried};
use super::refusal::not_found;
use super::state::{State, numbered};
use super::traps::Trap;
use crate::keyfactor::{CertificateId, CertificateStoreId};
use crate::testing::server::Reply;

/// A certificate store as Command describes it; see [`FakeKeyfactor::set_store`].
///
/// What is not set is made up from the store's number, the same in every run.
#[derive(Clone, PartialEq, Debug)]
#[must_use = "the fake knows it once it is given to it"]
pub struct FakeStore {
    pub(super) machine: Option<String>,
    pub(super) path: Option<String>,
    pub(super) container: Option<i32>,
    approved: bool,
    pub(super) agent: FakeAgent,
    add_supported: bool,
    remove_supported: bool,
    type_number: i32,
    pub(super) type_name: String,
    properties: Value,
    /// Null if there is none.
    pub(super) inventory_schedule: Value,
}

/// Whether an orchestrator looks after a store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeAgent {
    /// One does, and it is there.
    Available,
    /// One does, and it is away: its jobs wait.
    Unavailable,
    /// None does: jobs wait.
    Unassigned,
}

impl Default for FakeStore {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeStore {
    /// An approved store in no container, without inventory schedule, with an orchestrator.
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
            inventory_schedule: Value::Null,
        }
    }

    /// The machine that it is on. The vendor's name for it is `ClientMachine`.
    pub fn machine(mut self, machine: impl Into<String>) -> Self {
        self.machine = Some(machine.into());
        self
    }

    /// Its path there.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// The container that it is in.
    pub fn container(mut self, id: i32) -> Self {
        self.container = Some(id);
        self
    }

    /// It was discovered, and nobody has approved it yet. Jobs run all the same (assumed).
    pub fn unapproved(mut self) -> Self {
        self.approved = false;
        self
    }

    /// Whether an orchestrator looks after it.
    pub fn agent(mut self, agent: FakeAgent) -> Self {
        self.agent = agent;
        self
    }

    /// Its type does not support adding certificates: queries say so, and jobs fail (assumed).
    pub fn add_unsupported(mut self) -> Self {
        self.add_supported = false;
        self
    }

    /// Its type does not support removing certificates: queries say so, and jobs fail (assumed).
    pub fn remove_unsupported(mut self) -> Self {
        self.remove_supported = false;
        self
    }

    /// The number of its type, and the name that job types begin with: `FakeCert` for `FakeCertManagement`.
    pub fn store_type(mut self, number: i32, name: impl Into<String>) -> Self {
        self.type_number = number;
        self.type_name = name.into();
        self
    }

    /// The properties of its type. Command answers them as JSON inside a text.
    pub fn properties(mut self, properties: impl Into<Value>) -> Self {
        self.properties = properties.into();
        self
    }

    /// When Command takes inventory of it, as the vendor's schedule object: `{"Interval": {"Minutes": 60}}`. The store gets
    /// an inventory job. Null and `{}` mean never.
    ///
    /// As recorded from real servers: a single store shows the schedule, `{}` if it has none; the list shows null.
    pub fn inventory_schedule(mut self, schedule: impl Into<Value>) -> Self {
        let schedule = schedule.into();
        let is_set = schedule.as_object().is_some_and(|members| !members.is_empty());
        self.inventory_schedule = if is_set { schedule } else { Value::Null };
        self
    }

    /// What stands against jobs that add (or remove, if not).
    pub(super) fn supports(&self, kind: super::FakeJobKind) -> bool {
        match kind {
            super::FakeJobKind::Add => self.add_supported,
            super::FakeJobKind::Remove => self.remove_supported,
            super::FakeJobKind::Inventory => true,
        }
    }
}

/// What stands under an alias.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) leaf: i32,
    pub(super) chain: Vec<i32>,
}

impl Entry {
    pub(super) fn of(leaf: i32) -> Self {
        Self { leaf, chain: Vec::new() }
    }

    fn certificates(&self) -> impl Iterator<Item = i32> {
        std::iter::once(self.leaf).chain(self.chain.iter().copied())
    }
}

/// A store, in both layers.
pub(super) struct Store {
    number: u64,
    pub(super) shown: FakeStore,
    /// What it holds, by alias.
    pub(super) held: BTreeMap<String, Entry>,
    /// What Command's inventory says that it holds.
    pub(super) inventory: BTreeMap<String, Entry>,
    pub(super) inventory_job: Option<Uuid>,
    pub(super) orchestrator: Option<FakeOrchestrator>,
}

/// The one orchestrator that every store has which has one.
pub(super) const AGENT_MACHINE: &str = "orchestrator.example.com";

pub(super) fn agent_id() -> Uuid {
    numbered(0xA6E7_0000, 1)
}

impl Store {
    pub(super) fn new(number: u64, shown: FakeStore) -> Self {
        Self {
            number,
            shown,
            held: BTreeMap::new(),
            inventory: BTreeMap::new(),
            inventory_job: None,
            orchestrator: None,
        }
    }

    pub(super) fn machine(&self) -> String {
        self.shown.machine.clone().unwrap_or_else(|| format!("web{:05}.example.com", self.number))
    }

    pub(super) fn path(&self) -> String {
        self.shown.path.clone().unwrap_or_else(|| format!("/etc/certificates/{:05}", self.number))
    }

    fn agent(&self) -> Option<Uuid> {
        (self.shown.agent != FakeAgent::Unassigned).then(agent_id)
    }

    fn container_name(&self) -> Option<String> {
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

    fn to_list_row(&self, id: Uuid) -> Value {
        let mut row = self.to_row(id);
        if let (None, Some(members)) = (self.shown.container, row.as_object_mut()) {
            members.insert("ContainerName".to_owned(), json!(""));
        }
        row
    }

    fn to_single(&self, id: Uuid) -> Value {
        let mut row = self.to_row(id);
        if let Some(members) = row.as_object_mut() {
            let schedule = if self.inventory_job.is_some() { self.shown.inventory_schedule.clone() } else { json!({}) };
            members.insert("InventorySchedule".to_owned(), schedule);
        }
        row
    }
}

/// A store with its GUID.
type Row<'a> = (Uuid, &'a Store);

impl Queried for Row<'_> {
    fn operand(&self, field: &str) -> Operand<'_> {
        let (_, store) = self;
        let shown = &store.shown;
        match field {
            "AddSupported" => Operand::Truth(shown.add_supported),
            "AgentAvailable" => Operand::Truth(shown.agent == FakeAgent::Available),
            "AgentId" => store.agent().map_or(Operand::Nothing, Operand::Guid),
            "Approved" => Operand::Truth(shown.approved),
            "Category" | "CertStoreType" => Operand::Number(shown.type_number.into()),
            "CertificateId" => Operand::Numbers(store.inventory.values().map(|entry| entry.leaf.into()).collect()),
            "ClientMachine" => Operand::Text(store.machine().into()),
            "Container" => store.container_name().map_or(Operand::Nothing, |name| Operand::Text(name.into())),
            "ContainerId" => shown.container.map_or(Operand::Nothing, |id| Operand::Number(id.into())),
            "HasInventoryScheduled" => Operand::Truth(store.inventory_job.is_some()),
            "PrivateKeyAllowed" => Operand::Number(1),
            "RemoveSupported" => Operand::Truth(shown.remove_supported),
            "StorePath" => Operand::Text(store.path().into()),
            _ => Operand::Nothing,
        }
    }
}

/// The documented fields, and one from the vendor's code (`CertStoreType`); by what the list can be sorted is assumed.
const OFFER: Offer = Offer {
    fields: &[
        ("AddSupported", Kind::Truth),
        ("AgentAvailable", Kind::Truth),
        ("AgentId", Kind::Guid),
        ("Approved", Kind::Truth),
        ("Category", Kind::Number),
        ("CertStoreType", Kind::Number),
        ("CertificateId", Kind::Number),
        ("ClientMachine", Kind::Text),
        ("Container", Kind::Text),
        ("ContainerId", Kind::Number),
        ("HasInventoryScheduled", Kind::Truth),
        ("PrivateKeyAllowed", Kind::Number),
        ("RemoveSupported", Kind::Truth),
        ("StorePath", Kind::Text),
    ],
    sorts: &["ClientMachine", "StorePath", "ContainerId"],
};

/// An entry of an inventory with its alias and its number.
struct InventoryRow<'a> {
    alias: &'a str,
    entry: &'a Entry,
    item: i32,
}

impl Queried for InventoryRow<'_> {
    fn operand(&self, field: &str) -> Operand<'_> {
        if field == "Name" { Operand::Text(self.alias.into()) } else { Operand::Nothing }
    }
}

/// The documentation names no query; by what an inventory can be sorted is assumed.
const INVENTORY: Offer = Offer { fields: &[], sorts: &["Name"] };

impl State {
    pub(super) fn list_stores(&self, parameters: &Parameters) -> Result<Reply, Reply> {
        self.permit_listing_stores()?;
        let listing = Listing::read(parameters, &OFFER, &self.traps)?;
        let readable = self.stores.iter().filter(|(_, store)| self.may_read_store(store.shown.container));
        let mut rows = listing.select(readable.map(|(id, store)| (*id, store)));
        if !listing.is_sorted() {
            rows.sort_by_cached_key(|(_, store)| store.machine());
        }
        Ok(listing.reply(&rows, &self.traps, |(id, store)| store.to_list_row(*id)))
    }

    fn permitted_store(&self, id: &str) -> Result<Row<'_>, Reply> {
        let unknown = || not_found(&format!("Certificate store {id}"));
        let guid: Uuid = id.parse().map_err(|_| unknown())?;
        self.permit_reading_store(guid)?;
        self.stores.get(&guid).map(|store| (guid, store)).ok_or_else(unknown)
    }

    pub(super) fn read_store(&self, id: &str) -> Result<Reply, Reply> {
        let (guid, store) = self.permitted_store(id)?;
        Ok(Reply::json(200, self.traps.written(store.to_single(guid))))
    }

    pub(super) fn list_inventory(&mut self, id: &str, parameters: &Parameters) -> Result<Reply, Reply> {
        let (guid, _) = self.permitted_store(id)?;
        let listing = Listing::read(parameters, &INVENTORY, &self.traps)?;
        if listing.is_first_page() {
            self.poll_inventory_of(guid);
        }
        let (_, store) = self.permitted_store(id)?;
        let rows = store.inventory.iter().zip(1..).map(|((alias, entry), item)| InventoryRow { alias, entry, item });
        let rows = listing.select(rows);
        Ok(listing.reply(&rows, &self.traps, |InventoryRow { alias, entry, item }| {
            let known = entry.certificates().filter_map(|id| self.certificates.get(id)).enumerate();
            let certificates: Vec<Value> =
                known.map(|(level, certificate)| certificate.to_inventory(*item, level)).collect();
            json!({
                "Name": alias,
                "Certificates": certificates,
                "Parameters": {"PrivateKeyEntry": "Yes"},
                "CertStoreId": guid,
            })
        }))
    }

    /// Every certificate's places, as Command's inventory has them.
    pub(super) fn locations(&self) -> BTreeMap<i32, Vec<Location>> {
        let mut locations = BTreeMap::<i32, Vec<Location>>::new();
        for (id, store) in &self.stores {
            for (alias, entry) in &store.inventory {
                for (level, certificate) in entry.certificates().enumerate() {
                    let row = json!({
                        "StoreMachine": store.machine(),
                        "StorePath": store.path(),
                        "StoreType": store.shown.type_number,
                        "Alias": alias,
                        "ChainLevel": level,
                        "CertStoreId": id,
                    });
                    let location = Location { type_name: store.shown.type_name.clone(), row };
                    locations.entry(certificate).or_default().push(location);
                }
            }
        }
        locations
    }

    /// The places of one certificate, in the words of another call, by type of store. That a chain counts is assumed.
    pub(super) fn location_details(&self, certificate: i32) -> Value {
        let mut groups = BTreeMap::<(i32, &str), (BTreeSet<Uuid>, Vec<Value>)>::new();
        for (id, store) in &self.stores {
            for (alias, _) in
                store.inventory.iter().filter(|(_, entry)| entry.certificates().any(|it| it == certificate))
            {
                let group = groups.entry((store.shown.type_number, &store.shown.type_name)).or_default();
                group.0.insert(*id);
                group.1.push(json!({
                    "StoreId": id,
                    "StoreTypeId": store.shown.type_number,
                    "ClientMachine": store.machine(),
                    "StorePath": store.path(),
                    "AgentPool": null,
                    "Alias": alias,
                    "IPAddress": null,
                    "Port": null,
                    "NetworkName": null,
                }));
            }
        }
        let groups = groups.into_iter().map(|((number, name), (stores, locations))| {
            json!({"StoreType": name, "StoreTypeId": number, "StoreCount": stores.len(), "Locations": locations})
        });
        groups.collect()
    }

    pub(super) fn add_store(&mut self, shown: FakeStore) -> Uuid {
        let number = self.stores.len() as u64 + 1;
        let id = numbered(0x5707_0000, number);
        self.set_store(id, |_| shown);
        id
    }

    /// Describes a store anew; it is added if it is not there.
    pub(super) fn set_store(&mut self, id: Uuid, describe: impl FnOnce(FakeStore) -> FakeStore) {
        let store = self.store(id);
        let before = store.shown.inventory_schedule.clone();
        store.shown = describe(std::mem::take(&mut store.shown));
        if store.shown.inventory_schedule != before {
            let schedule = store.shown.inventory_schedule.clone();
            self.schedule_inventory(id, schedule);
        }
    }

    /// A store, which is added if it is not there.
    pub(super) fn store(&mut self, id: Uuid) -> &mut Store {
        let number = self.stores.len() as u64 + 1;
        self.stores.entry(id).or_insert_with(|| Store::new(number, FakeStore::new()))
    }

    /// Command sees what the store holds.
    pub(super) fn take_inventory(&mut self, id: Uuid) {
        let store = self.store(id);
        store.inventory.clone_from(&store.held);
    }

    /// Command sees what a job did, unless its inventory lags.
    pub(super) fn notice(&mut self, id: Uuid, alias: &str) {
        if self.traps.has(Trap::InventoryLags) {
            return;
        }
        let store = self.store(id);
        match store.held.get(alias) {
            Some(entry) => store.inventory.insert(alias.to_owned(), entry.clone()),
            None => store.inventory.remove(alias),
        };
    }
}

impl FakeKeyfactor {
    /// Adds a certificate store that is in no container.
    #[must_use]
    pub fn add_store(&self) -> CertificateStoreId {
        self.state(|state| state.add_store(FakeStore::new())).into()
    }

    /// Adds a certificate store to a container.
    #[must_use]
    pub fn add_store_in(&self, container: i32) -> CertificateStoreId {
        self.state(|state| state.add_store(FakeStore::new().container(container))).into()
    }

    /// Describes a certificate store anew: `fake.set_store(store, |it| it.machine("web01.example.com"))`. It is added if
    /// the fake does not have it.
    pub fn set_store(&self, store: CertificateStoreId, describe: impl FnOnce(FakeStore) -> FakeStore) {
        self.state(|state| state.set_store(store.get(), describe));
    }

    /// Issues a certificate and puts it into a store, which is added if the fake does not have it. It is in no collection.
    pub fn add_certificate(&self, store: CertificateStoreId, alias: impl Into<String>) {
        let alias = alias.into();
        let certificate = super::FakeCertificate::new(alias.clone());
        self.put(store, alias, self.issue(certificate));
    }

    /// Issues a certificate and puts it into a store, which is added if the fake does not have it. It is in this
    /// collection.
    pub fn add_certificate_in(&self, store: CertificateStoreId, alias: impl Into<String>, collection: i32) {
        let alias = alias.into();
        let certificate = super::FakeCertificate::new(alias.clone()).collection(collection);
        self.put(store, alias, self.issue(certificate));
    }

    /// Puts a certificate under an alias of a store, in place of what stood there; Command's inventory knows it. The
    /// store is added if the fake does not have it.
    pub fn put(&self, store: CertificateStoreId, alias: impl Into<String>, certificate: CertificateId) {
        self.put_with_chain(store, alias, certificate, []);
    }

    /// Like [`put`](Self::put), with the certificates of the chain, the issuer first: they stand behind the leaf in the
    /// same entry of the inventory.
    pub fn put_with_chain(
        &self,
        store: CertificateStoreId,
        alias: impl Into<String>,
        leaf: CertificateId,
        chain: impl IntoIterator<Item = CertificateId>,
    ) {
        let alias = alias.into();
        let entry = Entry { leaf: leaf.get(), chain: chain.into_iter().map(CertificateId::get).collect() };
        self.state(|state| {
            let store = state.store(store.get());
            store.held.insert(alias.clone(), entry.clone());
            store.inventory.insert(alias, entry);
        });
    }

    /// The alias stands for another certificate from now on: a successor, put there by somebody else. Its chain stays, and
    /// Command's inventory knows it.
    pub fn replace(&self, store: CertificateStoreId, alias: &str, certificate: CertificateId) {
        self.state(|state| {
            let store = state.store(store.get());
            for layer in [&mut store.held, &mut store.inventory] {
                layer.entry(alias.to_owned()).or_insert_with(|| Entry::of(0)).leaf = certificate.get();
            }
        });
    }

    /// Like [`replace`](Self::replace), but Command's inventory has not seen it yet.
    pub fn replace_unseen(&self, store: CertificateStoreId, alias: &str, certificate: CertificateId) {
        self.state(|state| {
            let store = state.store(store.get());
            store.held.entry(alias.to_owned()).or_insert_with(|| Entry::of(0)).leaf = certificate.get();
        });
    }

    /// Takes an alias out of a store by other means than a job; Command's inventory has not seen it yet.
    pub fn remove_unseen(&self, store: CertificateStoreId, alias: &str) {
        self.state(|state| state.store(store.get()).held.remove(alias));
    }

    /// Takes inventory of a store at once: Command sees what the store holds. No job is needed for it and none is left.
    pub fn run_inventory(&self, store: CertificateStoreId) {
        self.state(|state| state.take_inventory(store.get()));
    }

    /// The aliases that a store holds, sorted.
    #[must_use]
    pub fn aliases(&self, store: CertificateStoreId) -> Vec<String> {
        self.layer(store, |store| store.held.keys().cloned().collect())
    }

    /// The aliases that Command's inventory of a store lists, sorted.
    #[must_use]
    pub fn inventory_aliases(&self, store: CertificateStoreId) -> Vec<String> {
        self.layer(store, |store| store.inventory.keys().cloned().collect())
    }

    /// The certificate that a store holds under an alias.
    #[must_use]
    pub fn held(&self, store: CertificateStoreId, alias: &str) -> Option<CertificateId> {
        self.layer(store, |store| store.held.get(alias).map(|entry| entry.leaf.into()))
    }

    fn layer<T: Default>(&self, store: CertificateStoreId, read: impl FnOnce(&Store) -> T) -> T {
        self.state(|state| state.stores.get(&store.get()).map(read).unwrap_or_default())
    }

    /// How the orchestrator behaves that looks after every store which has none of its own.
    pub fn orchestrator(&self, orchestrator: FakeOrchestrator) {
        self.state(|state| state.orchestrator = orchestrator);
    }

    /// How the orchestrator of this store behaves. The store is added if the fake does not have it.
    pub fn orchestrator_of(&self, store: CertificateStoreId, orchestrator: FakeOrchestrator) {
        self.state(|state| state.store(store.get()).orchestrator = Some(orchestrator));
    }
}
