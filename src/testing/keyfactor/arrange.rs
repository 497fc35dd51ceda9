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
    /// Adds an empty certificate store that is in no container, and returns its id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// assert!(fake.aliases(store).is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn add_store(&self) -> CertificateStoreId {
        self.state(|state| state.add_store(FakeStore::new())).into()
    }

    /// Adds an empty certificate store to a container, and returns its id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store_in(7);
    /// let row = fake.client().certificate_stores().get(store).send().await?;
    /// assert_eq!(row.container_id.map(|id| id.get()), Some(7));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn add_store_in(&self, container: i32) -> CertificateStoreId {
        self.state(|state| state.add_store(FakeStore::new().container(container))).into()
    }

    /// Changes the description of a certificate store. `describe` receives the current description and returns the new one. A store
    /// that the fake does not have is added.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.set_store(store, |it| it.machine("web01.example.com").path("/etc/ssl/certs"));
    ///
    /// let row = fake.client().certificate_stores().get(store).send().await?;
    /// assert_eq!(row.client_machine.as_deref(), Some("web01.example.com"));
    /// # Ok(()) }
    /// ```
    pub fn set_store(&self, store: CertificateStoreId, describe: impl FnOnce(FakeStore) -> FakeStore) {
        // Not while the state is locked: `describe` may ask the fake.
        let shown = describe(self.state(|state| state.store(store.get()).shown.clone()));
        self.state(|state| state.set_store(store.get(), |_| shown));
    }

    /// Issues a certificate that is in no collection, and puts it into a store under this alias. A store that the fake does not
    /// have is added.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web01.pfx");
    /// assert_eq!(fake.aliases(store), ["web01.pfx"]);
    /// # Ok(()) }
    /// ```
    pub fn add_certificate(&self, store: CertificateStoreId, alias: impl Into<String>) {
        let alias = alias.into();
        let certificate = FakeCertificate::new(alias.clone());
        self.put(store, alias, self.issue(certificate));
    }

    /// Issues a certificate in this collection, and puts it into a store under this alias. A store that the fake does not have is
    /// added.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeKeyfactor, KeyfactorPermission};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate_in(store, "web01.pfx", 4);
    /// fake.restrict_to([KeyfactorPermission::ReadCertificatesIn(4)]);
    ///
    /// let search = fake.client().certificates().search(Query::all()).collection_id(4);
    /// assert_eq!(search.rows()?.collect().await?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn add_certificate_in(&self, store: CertificateStoreId, alias: impl Into<String>, collection: i32) {
        let alias = alias.into();
        let certificate = FakeCertificate::new(alias.clone()).collection(collection);
        self.put(store, alias, self.issue(certificate));
    }

    /// Puts a certificate into a store under this alias, and replaces what was there. Command's inventory lists it at once. A store
    /// that the fake does not have is added.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// let certificate = fake.issue(FakeCertificate::new("www.example.com"));
    /// fake.put(store, "www.pem", certificate);
    /// assert_eq!(fake.held(store, "www.pem"), Some(certificate));
    /// # Ok(()) }
    /// ```
    pub fn put(&self, store: CertificateStoreId, alias: impl Into<String>, certificate: CertificateId) {
        self.put_with_chain(store, alias, certificate, []);
    }

    /// Puts a certificate and its chain into a store, as [`put`](Self::put) does for a single certificate. `chain` starts with the
    /// issuer. In the inventory, leaf and chain are one entry, with the leaf first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// let leaf = fake.issue(FakeCertificate::new("www.example.com"));
    /// let issuer = fake.issue(FakeCertificate::new("Example Issuing CA"));
    /// fake.put_with_chain(store, "www.pem", leaf, [issuer]);
    ///
    /// let entries = fake.client().certificate_stores().inventory(store).rows()?.collect().await?;
    /// assert_eq!(entries[0].chain()[0].id, Some(issuer));
    /// # Ok(()) }
    /// ```
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

    /// Adds an entry with these parameters under an alias, and keeps the entries that are already there. The inventory has one row
    /// for each entry, and lists the new one at once. IIS orchestrators before 2.5.0 wrote one such row for each binding of a
    /// certificate: the same alias several times, with different `SiteName`s.
    ///
    /// A removal whose job fields name some of these parameters removes only the entries with the same values. A removal without
    /// job fields removes all entries of the alias. An entry that a job adds has its job fields as parameters. All three are
    /// assumed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// let certificate = fake.issue(FakeCertificate::new("www.example.com"));
    /// for site in ["Shop", "Intranet"] {
    ///     fake.put_entry(store, "www", certificate, [("SiteName", site)]);
    /// }
    ///
    /// let entries = fake.client().certificate_stores().inventory(store).rows()?.collect().await?;
    /// assert_eq!(entries.len(), 2);
    /// # Ok(()) }
    /// ```
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

    /// Replaces the certificate of an alias, as another administrator would. The chain of the entry stays the same. Command's
    /// inventory lists the new certificate at once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// let successor = fake.issue(FakeCertificate::new("www.example.com"));
    /// fake.replace(store, "www.pem", successor);
    /// assert_eq!(fake.held(store, "www.pem"), Some(successor));
    /// # Ok(()) }
    /// ```
    pub fn replace(&self, store: CertificateStoreId, alias: &str, certificate: CertificateId) {
        self.state(|state| {
            let id = store.get();
            let listed = state.store(id).inventory.get(alias).cloned();
            state.list(id, alias, with_leaf(listed, certificate));
            let held = state.store(id).held.remove(alias);
            state.store(id).held.insert(alias.to_owned(), with_leaf(held, certificate));
        });
    }

    /// Replaces the certificate of an alias, as [`replace`](Self::replace) does. Command's inventory still lists the old one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// let before = fake.held(store, "www.pem");
    /// let successor = fake.issue(FakeCertificate::new("www.example.com"));
    /// fake.replace_unseen(store, "www.pem", successor);
    ///
    /// let entries = fake.client().certificate_stores().inventory(store).rows()?.collect().await?;
    /// assert_eq!(entries[0].leaf().and_then(|leaf| leaf.id), before);
    /// # Ok(()) }
    /// ```
    pub fn replace_unseen(&self, store: CertificateStoreId, alias: &str, certificate: CertificateId) {
        self.state(|state| {
            let held = &mut state.store(store.get()).held;
            let entries = with_leaf(held.remove(alias), certificate);
            held.insert(alias.to_owned(), entries);
        });
    }

    /// Removes an alias from a store without a job. Command's inventory still lists it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.remove_unseen(store, "www.pem");
    /// assert!(fake.aliases(store).is_empty());
    /// assert_eq!(fake.inventory_aliases(store), ["www.pem"]);
    /// # Ok(()) }
    /// ```
    pub fn remove_unseen(&self, store: CertificateStoreId, alias: &str) {
        self.state(|state| state.store(store.get()).held.remove(alias));
    }

    /// Renames an alias of a store without a job. Command's inventory still lists the old name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.rename_unseen(store, "www.pem", "www-2026.pem");
    /// assert_eq!(fake.aliases(store), ["www-2026.pem"]);
    /// assert_eq!(fake.inventory_aliases(store), ["www.pem"]);
    /// # Ok(()) }
    /// ```
    pub fn rename_unseen(&self, store: CertificateStoreId, alias: &str, renamed: impl Into<String>) {
        let renamed = renamed.into();
        self.state(|state| {
            let held = &mut state.store(store.get()).held;
            if let Some(entries) = held.remove(alias) {
                held.entry(renamed).or_default().extend(entries);
            }
        });
    }

    /// Takes inventory of a store at once: Command's inventory then lists what the store holds. No inventory job is needed, and
    /// none is created.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.remove_unseen(store, "www.pem");
    /// fake.run_inventory(store);
    /// assert!(fake.inventory_aliases(store).is_empty());
    /// # Ok(()) }
    /// ```
    pub fn run_inventory(&self, store: CertificateStoreId) {
        self.state(|state| state.take_inventory(store.get()));
    }

    /// Returns the aliases that a store holds, sorted.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "web02.pfx");
    /// fake.add_certificate(store, "web01.pfx");
    /// assert_eq!(fake.aliases(store), ["web01.pfx", "web02.pfx"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn aliases(&self, store: CertificateStoreId) -> Vec<String> {
        self.layer(store, |store| store.held.keys().cloned().collect())
    }

    /// Returns the aliases that Command's inventory of a store lists, sorted. They can differ from the [`aliases`](Self::aliases)
    /// of the store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.inventory_lags();
    /// fake.remove_unseen(store, "www.pem");
    /// assert_eq!(fake.inventory_aliases(store), ["www.pem"]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn inventory_aliases(&self, store: CertificateStoreId) -> Vec<String> {
        self.layer(store, |store| store.inventory.keys().cloned().collect())
    }

    /// Returns the certificate that a store holds under an alias.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// assert!(fake.held(store, "www.pem").is_some());
    /// assert_eq!(fake.held(store, "other.pem"), None);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn held(&self, store: CertificateStoreId, alias: &str) -> Option<CertificateId> {
        self.layer(store, |store| store.held.get(alias)?.first().map(|entry| entry.leaf.into()))
    }

    fn layer<T: Default>(&self, store: CertificateStoreId, read: impl FnOnce(&Store) -> T) -> T {
        self.state(|state| state.stores.get(&store.get()).map(read).unwrap_or_default())
    }

    /// Sets how the orchestrator behaves that runs the jobs of all stores without an [orchestrator of their
    /// own](Self::orchestrator_of).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeJobState, FakeKeyfactor, FakeOrchestrator};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.orchestrator(FakeOrchestrator::new().fails("Access to the path is denied."));
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
    pub fn orchestrator(&self, orchestrator: FakeOrchestrator) {
        self.state(|state| state.orchestrator = orchestrator);
    }

    /// Sets how the orchestrator of this store behaves. A store that the fake does not have is added.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::{FakeKeyfactor, FakeOrchestrator};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let (online, offline) = (fake.add_store(), fake.add_store());
    /// fake.orchestrator_of(offline, FakeOrchestrator::new().offline());
    /// for store in [online, offline] {
    ///     fake.add_certificate(store, "www.pem");
    /// }
    ///
    /// let locations = [online, offline].map(|store| CertificateLocation::new(store, "www.pem"));
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates(locations, Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// assert!(fake.aliases(online).is_empty());
    /// assert_eq!(fake.aliases(offline), ["www.pem"]);
    /// # Ok(()) }
    /// ```
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
