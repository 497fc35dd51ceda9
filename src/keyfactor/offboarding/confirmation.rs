//! What a confirmation found.

use serde_json::Value;

use crate::keyfactor::certificate_stores::{CertificateLocation, meaning};
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::values::ServerTime;
use crate::keyfactor::vendor::SharedError;

/// What Command's inventory says about a location after a removal. It never says more: the inventory is as old as the
/// store's last inventory job.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RemovalVerdict {
    /// The inventory no longer lists the alias: it did so before, in this call or by the word of
    /// [`was_listed`](crate::keyfactor::ConfirmRemoved::was_listed), or an inventory job has ended since this call began. Nor does it
    /// list the expected certificate under another alias, if one is expected.
    Gone,
    /// The inventory lists the alias, and now with this other certificate. The expected one is nowhere under the alias, not
    /// even in a chain, and under no other alias.
    HoldsAnother {
        /// The thumbprint that the inventory shows.
        thumbprint: String,
    },
    /// The alias does not hold the expected certificate any more, and the store does: under this other alias. **It is not
    /// gone.** Some types of store give an entry another alias at the next inventory, without any job.
    #[non_exhaustive]
    UnderAnotherAlias {
        /// The alias under which the inventory lists it now.
        alias: String,
    },
    /// The time was up, and the inventory still listed it, as far as it could be read whole.
    StillThere,
    /// The time was up, and the inventory did not list it in this call: it may be gone, or never have been in the inventory.
    NeverListed,
    /// The store has no inventory schedule, so that waiting would be for ever: what the inventory shows proves nothing.
    /// (If it does not list an alias that it listed before, then it was renewed since: that is `Gone`.)
    NotInventoried {
        /// Whether the old inventory lists the alias.
        listed: bool,
    },
    /// The time was up before the inventory could be read once.
    NotRead,
    /// The store or its inventory could not be read.
    Unreadable(SharedError),
}

/// A location, and what the inventory says about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfirmedLocation {
    /// The location.
    pub location: CertificateLocation,
    /// What the inventory says.
    pub verdict: RemovalVerdict,
    /// When the store's last inventory job had ended before the look that the verdict is from, where the job history shows
    /// it to this account. The inventory that was seen is of this time, or later.
    pub inventoried_at: Option<ServerTime>,
}

/// A store whose inventory was to be triggered, and its schedule.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TriggeredInventory {
    /// The store.
    pub store_id: CertificateStoreId,
    /// Its inventory schedule before; `None` as well if the store could not be read.
    pub schedule_before: Option<Value>,
    /// Its inventory schedule afterwards.
    pub schedule_after: ScheduleAfter,
    /// Why the inventory could not be triggered.
    pub error: Option<SharedError>,
}

/// The inventory schedule of a store after its inventory was triggered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ScheduleAfter {
    /// It is this; `None` if the store has none.
    Read(Option<Value>),
    /// It could not be read, or not in time.
    Unreadable(SharedError),
    /// Nothing was triggered, so it was not read.
    NotAsked,
}

impl TriggeredInventory {
    /// Whether the schedule is another one now. Whether an immediate inventory replaces a recurring schedule is undocumented by the
    /// vendor: if it did, set it again with [`schedule_inventory`](crate::keyfactor::CertificateStores::schedule_inventory).
    #[must_use]
    pub fn schedule_changed(&self) -> bool {
        match &self.schedule_after {
            ScheduleAfter::Read(after) => meaning(self.schedule_before.as_ref()) != meaning(after.as_ref()),
            ScheduleAfter::Unreadable(_) | ScheduleAfter::NotAsked => false,
        }
    }
}

/// What the inventory says about all locations.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Confirmation {
    pub(super) locations: Vec<ConfirmedLocation>,
    pub(super) triggered: Vec<TriggeredInventory>,
}

impl Confirmation {
    /// Every location, in the order in which they were given.
    #[must_use]
    pub fn locations(&self) -> &[ConfirmedLocation] {
        &self.locations
    }

    /// The stores whose inventory was to be triggered; those that could not be are among them, with their errors.
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
