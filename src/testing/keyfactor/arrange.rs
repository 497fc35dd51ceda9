//! How a test arranges certificate stores and orchestrators.

use serde_json::{Map, json};
use uuid::Uuid;

use super::FakeKeyfactor;
use super::certificates::FakeCertificate;
use super::jobs::{Schedule, Target, Work};
use super::orchestrator::FakeOrchestrator;
use super::state::{State, numbered};
use super::store_types::FakeStoreType;
use super::stores::{Entry, FakeStore, Store};
use super::traps::Trap;
use crate::keyfactor::{CertificateId, CertificateStoreId, JobId};

/// The beginning of the GUIDs of stores.
const STORE: u32 = 0x5707_0000;

impl State {
    pub(super) fn add_store(&mut self, shown: FakeStore) -> Uuid {
        let id = self.next_store_id();
        self.set_store(id, |_| shown);
        id
    }

    /// That of the store's number, unless it is taken: a state may have been loaded.
    pub(super) fn next_store_id(&self) -> Uuid {
        let mut number = self.stores.len() as u64 + 1;
        while self.stores.contains_key(&numbered(STORE, number)) {
            number += 1;
        }
        numbered(STORE, number)
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

    /// Command sees what a job did, unless its inventory lags.
    pub(super) fn notice(&mut self, id: Uuid, alias: &str) {
        if self.traps.has(Trap::InventoryLags) {
            return;
        }
        let entries = self.store(id).held.get(alias).cloned();
        self.list(id, alias, entries.unwrap_or_default());
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
        let certificate = FakeCertificate::new(alias.clone());
        self.put(store, alias, self.issue(certificate));
    }

    /// Issues a certificate and puts it into a store, which is added if the fake does not have it. It is in this
    /// collection.
    pub fn add_certificate_in(&self, store: CertificateStoreId, alias: impl Into<String>, collection: i32) {
        let alias = alias.into();
        let certificate = FakeCertificate::new(alias.clone()).collection(collection);
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
        let chain = chain.into_iter().map(CertificateId::get).collect();
        let entry = Entry { chain, ..Entry::of(leaf.get()) };
        self.state(|state| {
            state.list(store.get(), &alias, vec![entry.clone()]);
            state.store(store.get()).held.insert(alias, vec![entry]);
        });
    }

    /// Puts a further entry under an alias, beside those that stand there: one row of the inventory for each, with these
    /// parameters. So did IIS orchestrators before 2.5.0, once for each binding of a certificate: one alias, several
    /// `SiteName`s. Command's inventory knows it.
    ///
    /// A removal whose job fields name some of these parameters takes the entries that have these values; one without job
    /// fields takes all entries of the alias. An entry that is added with job fields shows them as its parameters. All three are
    /// assumed.
    pub fn put_entry(
        &self,
        store: CertificateStoreId,
        alias: impl Into<String>,
        certificate: CertificateId,
        parameters: impl IntoIterator<Item = (&'static str, &'static str)>,
    ) {
        let alias = alias.into();
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let entry = Entry::of(certificate.get()).with(parameters);
        self.state(|state| {
            let id = store.get();
            let mut listed = state.store(id).inventory.get(&alias).cloned().unwrap_or_default();
            listed.push(entry.clone());
            state.list(id, &alias, listed);
            state.store(id).held.entry(alias).or_default().push(entry);
        });
    }

    /// The alias stands for another certificate from now on: a successor, put there by somebody else. Its chain stays, and
    /// Command's inventory knows it.
    pub fn replace(&self, store: CertificateStoreId, alias: &str, certificate: CertificateId) {
        self.state(|state| {
            let id = store.get();
            let listed = state.store(id).inventory.get(alias).cloned();
            state.list(id, alias, with_leaf(listed, certificate));
            let held = state.store(id).held.remove(alias);
            state.store(id).held.insert(alias.to_owned(), with_leaf(held, certificate));
        });
    }

    /// Like [`replace`](Self::replace), but Command's inventory has not seen it yet.
    pub fn replace_unseen(&self, store: CertificateStoreId, alias: &str, certificate: CertificateId) {
        self.state(|state| {
            let held = &mut state.store(store.get()).held;
            let entries = with_leaf(held.remove(alias), certificate);
            held.insert(alias.to_owned(), entries);
        });
    }

    /// Takes an alias out of a store by other means than a job; Command's inventory has not seen it yet.
    pub fn remove_unseen(&self, store: CertificateStoreId, alias: &str) {
        self.state(|state| state.store(store.get()).held.remove(alias));
    }

    /// An entry gets another alias in its store by other means than a job; Command's inventory has not seen it yet.
    pub fn rename_unseen(&self, store: CertificateStoreId, alias: &str, renamed: impl Into<String>) {
        let renamed = renamed.into();
        self.state(|state| {
            let held = &mut state.store(store.get()).held;
            if let Some(entries) = held.remove(alias) {
                held.entry(renamed).or_default().extend(entries);
            }
        });
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
        self.layer(store, |store| store.held.get(alias)?.first().map(|entry| entry.leaf.into()))
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
        self.state(|state| state.set_orchestrator(store.get(), orchestrator));
    }
}

impl FakeKeyfactor {
    /// Adds so many stores of a type that hold a certificate under this alias, with a job in each that is to remove it.
    /// `own` gives the orchestrators of those stores that have one of their own.
    pub(in crate::testing) fn removals_from_many(
        &self,
        stores: usize,
        store_type: &FakeStoreType,
        alias: &str,
        certificate: CertificateId,
        own: impl Fn(usize) -> Option<FakeOrchestrator>,
    ) -> Vec<(CertificateStoreId, JobId)> {
        self.set_store_type(store_type.clone());
        self.state(|state| {
            let add = |index| {
                let id = state.add_store(store_type.of_store());
                if let Some(orchestrator) = own(index) {
                    state.set_orchestrator(id, orchestrator);
                }
                let entries = vec![Entry::of(certificate.get())];
                state.list(id, alias, entries.clone());
                state.store(id).held.insert(alias.to_owned(), entries);
                let (alias, job_fields) = (alias.to_owned(), Map::new());
                let target = Target { work: Work::Remove, store: id, alias, job_fields };
                let now = Schedule { object: json!({"Immediate": true}), recurring: false };
                (id.into(), state.schedule_job(target, now).into())
            };
            (0..stores).map(add).collect()
        })
    }
}

/// The chains and parameters of what stood there stay.
fn with_leaf(entries: Option<Vec<Entry>>, certificate: CertificateId) -> Vec<Entry> {
    let leaf = certificate.get();
    let entries = entries.unwrap_or_else(|| vec![Entry::of(leaf)]);
    entries.into_iter().map(|entry| Entry { leaf, ..entry }).collect()
}
