//! Did it go? What Command's inventory says.

use std::collections::BTreeMap;

use tokio::time::Duration;

use super::confirm_store::{Before, StoreUnderConfirmation};
use super::confirmation::{Confirmation, ConfirmedLocation, RemovalVerdict};
use super::poll::{Pace, Polling};
use crate::keyfactor::certificate_stores::{CertificateLocation, CertificateStores};
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{Caller, Error};
use crate::transport::CallName;
use crate::validation::Problems;

impl CertificateStores {
    /// Waits for Command's inventory to show what became of locations. **It is the inventory that is shown, not the store
    /// itself**, and it is as old as the store's last inventory job.
    ///
    /// - **Calls:** `GET /CertificateStores/{id}` and `GET /CertificateStores/{id}/Inventory` for each store, and
    ///   `GET /OrchestratorJobs/JobHistory` before each look for the runs of its inventory job; with
    ///   [`trigger_inventory`](ConfirmRemoved::trigger_inventory) also `POST /CertificateStores/Schedule`.
    /// - **Permissions:** to read certificate stores; for the runs, to read orchestrator management; for the trigger, to
    ///   schedule on certificate stores.
    /// - **Arguments:** after a plan, or a removal with `expecting_thumbprint`, say
    ///   [`was_listed`](ConfirmRemoved::was_listed): what the inventory never listed is not known to be gone.
    /// - **Errors:** see [`ConfirmRemoved::send`].
    pub fn confirm_removed(&self, locations: impl IntoIterator<Item: Into<CertificateLocation>>) -> ConfirmRemoved {
        ConfirmRemoved::new(self.caller.clone(), locations.into_iter().map(Into::into).collect())
    }
}

/// Waits until the inventory shows what became of locations; see [`CertificateStores::confirm_removed`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct ConfirmRemoved {
    caller: Caller,
    locations: Vec<CertificateLocation>,
    before: Before,
    trigger: Trigger,
    pace: Pace,
}

/// Whether an inventory is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trigger {
    Off,
    Immediate,
}

impl ConfirmRemoved {
    fn new(caller: Caller, locations: Vec<CertificateLocation>) -> Self {
        Self { caller, locations, before: Before::Unknown, trigger: Trigger::Off, pace: Pace::default() }
    }

    /// Says that the inventory listed all these locations before the removal: `plan_removal` and a removal with
    /// `expecting_thumbprint` have just seen that.
    ///
    /// What it does not list any more is then [`Gone`](RemovalVerdict::Gone) at once. Without it, an alias that is not
    /// listed may be misspelt, or newer than the inventory: it is waited for until an inventory job has ended, which only
    /// an account that may read the job history can see. Do not say it of a plan that was carried out and undone before.
    pub fn was_listed(mut self) -> Self {
        self.before = Before::Listed;
        self
    }

    /// Asks for an immediate inventory of the stores, which is a change: it needs the permission to schedule on certificate
    /// stores. The schedule is read before and afterwards, and a difference is reported. Stores that cannot be read are
    /// left alone, and reported. A trigger has what is left of the deadline, and 5 s at least; each reading of a schedule
    /// afterwards has 5 s.
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
    /// [`Error::Validation`] if there is no location, or one that names nothing; [`Error::Transport`] without a fit tokio runtime.
    /// What fails for one store is in its locations' verdicts.
    pub async fn send(self) -> Result<Confirmation, Error> {
        let mut problems = Problems::default();
        problems.check_count("locations", self.locations.len(), usize::MAX, "certificate location");
        for (index, location) in self.locations.iter().enumerate() {
            location.check(format_args!("locations[{index}]"), &mut problems);
        }
        problems.finish()?;
        self.caller.check_runtime(|| CallName::get("CertificateStores/{id}"))?;
        let mut polling = Polling::begin(self.pace);
        let mut stores = self.stores();
        loop {
            for store in stores.values_mut().filter(|store| !store.is_settled()) {
                store.prepare(&polling).await;
                if self.trigger == Trigger::Immediate {
                    store.trigger(&polling).await;
                }
            }
            for store in stores.values_mut().filter(|store| !store.is_settled()) {
                store.look(&polling).await;
            }
            if stores.values().all(StoreUnderConfirmation::is_settled) || polling.pause().await.is_none() {
                break;
            }
        }
        let mut triggered = Vec::new();
        if self.trigger == Trigger::Immediate {
            for store in stores.values_mut() {
                triggered.push(store.triggered().await);
            }
        }
        let mut verdicts = BTreeMap::new();
        for (id, store) in &stores {
            verdicts.insert(*id, store.verdicts().into_iter());
        }
        // Each store has its locations in the order in which they were given.
        let locations = self.locations.into_iter().map(|location| {
            let of_store = verdicts.get_mut(&location.store());
            let verdict = of_store.and_then(Iterator::next).unwrap_or(RemovalVerdict::NotRead);
            let inventoried_at = stores.get(&location.store()).and_then(StoreUnderConfirmation::inventoried_at);
            ConfirmedLocation { location, verdict, inventoried_at }
        });
        Ok(Confirmation { locations: locations.collect(), triggered })
    }

    fn stores(&self) -> BTreeMap<CertificateStoreId, StoreUnderConfirmation> {
        let mut stores: BTreeMap<CertificateStoreId, StoreUnderConfirmation> = BTreeMap::new();
        for location in &self.locations {
            let id = location.store();
            let store =
                stores.entry(id).or_insert_with(|| StoreUnderConfirmation::new(self.caller.clone(), id, self.before));
            store.add(location.clone());
        }
        stores
    }
}
