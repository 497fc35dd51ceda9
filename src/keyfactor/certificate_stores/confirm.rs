//! Did it go? What Command's inventory says.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::time::{Duration, timeout};

use super::inventory::entries_under;
use super::{CertificateLocation, CertificateStore, CertificateStores, InventoryEntry};
use crate::keyfactor::error::Error;
use crate::keyfactor::orchestrator_jobs::last_inventory;
use crate::keyfactor::poll::{Pace, Polling, may_pass};
use crate::keyfactor::read::ServerTime;
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::types::CertificateStoreId;
use crate::validation::Problems;

/// Waits until the inventory shows what became of locations; see [`CertificateStores::confirm_removed`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct ConfirmRemoved {
    handle: CertificateStores,
    locations: Vec<CertificateLocation>,
    trigger: Trigger,
    pace: Pace,
}

/// Whether an inventory is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trigger {
    Off,
    Immediate,
}

/// What Command's inventory says about a location after a removal. It never says more: the inventory is as old as the
/// store's last inventory job.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RemovalVerdict {
    /// The inventory no longer lists the alias.
    Gone,
    /// The inventory lists the alias, and now with this other certificate.
    HoldsAnother {
        /// The thumbprint that the inventory shows.
        thumbprint: String,
    },
    /// The inventory still listed it when the time was up.
    StillThere,
    /// The store has no inventory schedule, so that waiting would be for ever: what the inventory shows proves nothing.
    /// (If it does not list an alias that was looked up with its thumbprint, then it was renewed since: that is `Gone`.)
    NotInventoried {
        /// Whether the old inventory lists the alias.
        listed: bool,
    },
    /// The time was up before the inventory could be read once.
    NotRead,
    /// The store or its inventory could not be read.
    Unreadable(Arc<Error>),
}

/// A location, and what the inventory says about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfirmedLocation {
    /// The location.
    pub location: CertificateLocation,
    /// What the inventory says.
    pub verdict: RemovalVerdict,
    /// When the store's last inventory job ended, where the job history shows it to this account.
    pub inventoried_at: Option<ServerTime>,
}

/// A store whose inventory was triggered, and its schedule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TriggeredInventory {
    /// The store.
    pub store_id: CertificateStoreId,
    /// Its inventory schedule before.
    pub schedule_before: Option<Value>,
    /// Its inventory schedule afterwards; `None` as well if it could not be read.
    pub schedule_after: Option<Value>,
    /// Why the inventory could not be triggered, or its schedule not be read again.
    pub error: Option<Arc<Error>>,
}

impl TriggeredInventory {
    /// Whether the schedule is another one now. Whether an immediate inventory replaces a recurring schedule is documented
    /// nowhere: if it did, set it again with [`schedule_inventory`](CertificateStores::schedule_inventory).
    #[must_use]
    pub fn schedule_changed(&self) -> bool {
        self.error.is_none() && self.schedule_before != self.schedule_after
    }
}

/// What the inventory says about all locations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Confirmation {
    locations: Vec<ConfirmedLocation>,
    triggered: Vec<TriggeredInventory>,
}

impl Confirmation {
    /// Every location, in the order in which they were given.
    #[must_use]
    pub fn locations(&self) -> &[ConfirmedLocation] {
        &self.locations
    }

    /// The stores whose inventory was triggered.
    #[must_use]
    pub fn triggered(&self) -> &[TriggeredInventory] {
        &self.triggered
    }

    /// Whether the inventories list none of the locations any more, or list them with other certificates.
    #[must_use]
    pub fn all_gone(&self) -> bool {
        self.locations.iter().all(|it| matches!(it.verdict, RemovalVerdict::Gone | RemovalVerdict::HoldsAnother { .. }))
    }
}

impl ConfirmRemoved {
    pub(super) fn new(handle: CertificateStores, locations: Vec<CertificateLocation>) -> Self {
        Self { handle, locations, trigger: Trigger::Off, pace: Pace::default() }
    }

    /// Asks for an immediate inventory of the stores, which is a change: it needs the permission to schedule on certificate
    /// stores. The schedule is read before and afterwards, and a difference is reported. Stores that cannot be read are
    /// left alone.
    pub fn trigger_inventory(mut self) -> Self {
        self.trigger = Trigger::Immediate;
        self
    }

    /// How long the inventories are waited for. Default 30 minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.pace.deadline = deadline;
        self
    }

    /// The pause after the first look, and the longest one; in between they double. Default 2 s and 30 s.
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.pace.first_pause, self.pace.longest_pause) = (first, longest.max(first));
        self
    }

    /// Looks until every location is settled, or the time is up.
    ///
    /// # Errors
    /// [`Error::Validation`] if there is no location, or one that names nothing. What fails for one store is in its
    /// locations' verdicts.
    pub async fn send(self) -> Result<Confirmation, Error> {
        let mut problems = Problems::default();
        problems.check_count("locations", self.locations.len(), usize::MAX, "certificate location");
        for (index, location) in self.locations.iter().enumerate() {
            location.check(&format!("locations[{index}]"), &mut problems);
        }
        problems.finish()?;
        let mut polling = Polling::begin(self.pace);
        let mut stores = self.stores();
        for store in stores.values_mut() {
            store.read_store(&self.handle, polling.left()).await;
        }
        let mut triggered = Vec::new();
        if self.trigger == Trigger::Immediate {
            for store in stores.values_mut() {
                triggered.extend(store.trigger(&self.handle).await);
            }
        }
        loop {
            for store in stores.values_mut().filter(|store| !store.is_settled()) {
                if store.row.is_none() {
                    store.read_store(&self.handle, polling.left()).await;
                }
                store.look(&self.handle, polling.left()).await;
            }
            if stores.values().all(Store::is_settled) || polling.pause().await.is_none() {
                break;
            }
        }
        for entry in &mut triggered {
            entry.read_again(&self.handle).await;
        }
        let mut ages = HashMap::new();
        for store in stores.values() {
            ages.insert(store.id, store.inventoried_at(&self.handle).await);
        }
        let locations = self.locations.into_iter().map(|location| {
            let verdict =
                stores.get(&location.store()).map_or(RemovalVerdict::NotRead, |store| store.verdict(&location));
            let inventoried_at = ages.get(&location.store()).cloned().flatten();
            ConfirmedLocation { location, verdict, inventoried_at }
        });
        Ok(Confirmation { locations: locations.collect(), triggered })
    }

    fn stores(&self) -> BTreeMap<CertificateStoreId, Store> {
        let mut stores: BTreeMap<CertificateStoreId, Store> = BTreeMap::new();
        for location in &self.locations {
            let store = stores.entry(location.store()).or_insert_with(|| Store::new(location.store()));
            store.locations.push(location.clone());
        }
        stores
    }
}

/// A store and what is known of it by now.
struct Store {
    id: CertificateStoreId,
    locations: Vec<CertificateLocation>,
    row: Option<CertificateStore>,
    inventory: Inventory,
    /// What was found under the aliases at the last look.
    found: Option<HashMap<String, InventoryEntry>>,
    /// The aliases that were found at any look.
    listed: HashSet<String>,
    error: Option<Arc<Error>>,
}

/// How long the age of a store's inventory may take to be read: it is an addition to the verdict, after the deadline.
const AGE: Duration = Duration::from_secs(5);

/// Whether the inventory will be renewed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inventory {
    Scheduled,
    /// Once: there is no schedule.
    Triggered,
    Never,
}

impl Store {
    fn new(id: CertificateStoreId) -> Self {
        Self {
            id,
            locations: Vec::new(),
            row: None,
            inventory: Inventory::Never,
            found: None,
            listed: HashSet::new(),
            error: None,
        }
    }

    /// The list of stores does not show the schedule; the store itself does.
    async fn read_store(&mut self, handle: &CertificateStores, left: Duration) {
        match timeout(left, handle.get(self.id)).await {
            Ok(Ok(row)) => {
                self.inventory = if row.has_inventory_schedule() { Inventory::Scheduled } else { Inventory::Never };
                self.row = Some(row);
            }
            Ok(Err(error)) => self.error = Some(Arc::new(error)),
            Err(_) => {}
        }
    }

    async fn trigger(&mut self, handle: &CertificateStores) -> Option<TriggeredInventory> {
        let row = self.row.as_ref()?;
        let sent = handle.schedule_inventory([self.id], Schedule::Immediate).send().await;
        if sent.is_ok() && self.inventory == Inventory::Never {
            self.inventory = Inventory::Triggered;
        }
        Some(TriggeredInventory {
            store_id: self.id,
            schedule_before: row.inventory_schedule.clone(),
            schedule_after: None,
            error: sent.err().map(Arc::new),
        })
    }

    async fn look(&mut self, handle: &CertificateStores, left: Duration) {
        // Without the store, nobody knows whether its inventory is renewed.
        if self.row.is_none() {
            return;
        }
        let aliases: HashSet<&str> = self.locations.iter().map(CertificateLocation::alias).collect();
        match timeout(left, entries_under(&handle.client, self.id, &aliases)).await {
            Ok(Ok(found)) => {
                self.listed.extend(found.keys().cloned());
                (self.found, self.error) = (Some(found), None);
            }
            Ok(Err(error)) => self.error = Some(Arc::new(error)),
            Err(_) => {}
        }
    }

    fn is_settled(&self) -> bool {
        match (&self.error, &self.found) {
            (Some(error), _) => !may_pass(error),
            (None, None) => false,
            (None, Some(_)) => {
                self.inventory == Inventory::Never
                    || self.locations.iter().all(|it| !matches!(self.verdict(it), RemovalVerdict::StillThere))
            }
        }
    }

    fn verdict(&self, location: &CertificateLocation) -> RemovalVerdict {
        if let Some(error) = self.error.as_ref().filter(|error| !may_pass(error)) {
            return RemovalVerdict::Unreadable(Arc::clone(error));
        }
        let Some(found) = &self.found else {
            return self.error.clone().map_or(RemovalVerdict::NotRead, RemovalVerdict::Unreadable);
        };
        let listed = found.get(location.alias());
        let leaf = listed.and_then(InventoryEntry::leaf).filter(|leaf| !leaf.thumbprint.trim().is_empty());
        match (listed, leaf, location.expected_thumbprint(), self.inventory) {
            (Some(_), Some(leaf), Some(expected), _) if !expected.is(&leaf.thumbprint) => {
                RemovalVerdict::HoldsAnother { thumbprint: leaf.thumbprint.clone() }
            }
            // Whoever expects a thumbprint has seen it there, so the inventory was renewed since.
            (None, _, Some(_), _) => RemovalVerdict::Gone,
            // What was never listed may be missing because no inventory has run yet.
            (None, _, _, Inventory::Triggered) if !self.listed.contains(location.alias()) => {
                RemovalVerdict::NotInventoried { listed: false }
            }
            (listed, _, _, Inventory::Never) => RemovalVerdict::NotInventoried { listed: listed.is_some() },
            (Some(_), ..) => RemovalVerdict::StillThere,
            (None, ..) => RemovalVerdict::Gone,
        }
    }

    /// Left out where the account may not see it: it is an addition to the verdict.
    async fn inventoried_at(&self, handle: &CertificateStores) -> Option<ServerTime> {
        let job = self.row.as_ref()?.cert_store_inventory_job_id?;
        timeout(AGE, last_inventory(&handle.client, job)).await.ok()?
    }
}

impl TriggeredInventory {
    async fn read_again(&mut self, handle: &CertificateStores) {
        match handle.get(self.store_id).await {
            Ok(row) => self.schedule_after = row.inventory_schedule,
            Err(error) => {
                self.error.get_or_insert_with(|| Arc::new(error));
            }
        }
    }
}
