//! What a confirmation found.

use crate::keyfactor::certificate_stores::CertificateLocation;
use crate::keyfactor::server_schedule::ServerSchedule;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::values::ServerTime;
use crate::keyfactor::vendor::SharedError;

/// What Command's inventory says about a location after a removal. It never says more: the inventory is as old as the
/// store's last inventory job.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RemovalVerdict {
    /// The inventory lists neither the alias nor, under whatever alias, the certificate: the expected one, or the one that this
    /// call found under the alias, or the one whose thumbprint the alias is or begins with. It did so before, in this call
    /// or by the word of [`was_listed`](crate::keyfactor::Confirm::was_listed), or an inventory job has ended since this call
    /// began. Every entry of the inventory shows which certificate it holds.
    Gone,
    /// The inventory no longer lists the alias. **That is no proof that the certificate is gone**: nobody knows which one it
    /// was, so that it may stand under another alias. [`all_gone`](Confirmation::all_gone) does not count it. Give the location
    /// its thumbprint, with [`expecting_thumbprint`](CertificateLocation::expecting_thumbprint).
    AliasGone,
    /// The inventory lists the alias, and now with this other certificate. The expected one is nowhere under the alias, not
    /// even in a chain, and under no other alias. As for [`Gone`](Self::Gone), it was listed before, or an inventory job has ended
    /// since this call began: an inventory from before the expected one came into the store shows the same.
    HoldsAnother {
        /// The thumbprint that the inventory shows.
        thumbprint: String,
    },
    /// The alias does not hold the expected certificate any more, and the store does: under this other alias. **It is not
    /// gone.** Some types of store give an entry another alias at the next inventory, without any job.
    UnderAnotherAlias {
        /// The alias under which the inventory lists it now.
        alias: String,
    },
    /// The time was up, and the inventory still listed it, as far as it could be read whole.
    ///
    /// An alias may have several entries of one certificate, such as the bindings of IIS. Its locations are not told apart by
    /// their job fields: of an inventory that shows the parameters of a binding in another form, that would make a removal. As
    /// long as one entry is listed, all locations of the alias are still there. To see which ones are left, read the
    /// [`inventory`](crate::keyfactor::CertificateStores::inventory).
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
    /// The store or its inventory could not be read, or an entry of the inventory does not show which certificate it holds.
    Unreadable(SharedError),
}

/// What Command's inventory says about a location after its certificate was put back. It never says more: the inventory is as
/// old as the store's last inventory job.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PutBackVerdict {
    /// The inventory lists the certificate under its alias, and did not do so before: in this call, or by the word of
    /// [`was_gone`](crate::keyfactor::Confirm::was_gone); or an inventory job lists it that began since this call did, or since
    /// the time of [`newer_than`](crate::keyfactor::Confirm::newer_than).
    Back,
    /// The same, but under this alias. Some stores give an alias back in lower case, and some make one of the thumbprint.
    BackUnderAnotherAlias {
        /// The alias under which the inventory lists it.
        alias: String,
    },
    /// The inventory lists the certificate under this alias, and nothing shows that it is not the inventory from before the
    /// removal, or that this is not another copy of the certificate.
    Listed {
        /// The alias, which may be another one than that of the location.
        alias: String,
    },
    /// The inventory lists the alias with this other certificate, and the expected one nowhere.
    HoldsAnother {
        /// The thumbprint that the inventory shows.
        thumbprint: String,
    },
    /// The inventory does not list it. Of several locations with one alias, as many are listed as the inventory has
    /// entries, in the order in which they were given: entries of one alias are counted, not told apart.
    NotListed,
    /// The store has no inventory schedule, so that waiting would be for ever: what the inventory shows proves nothing.
    NotInventoried {
        /// Whether the old inventory lists the certificate.
        listed: bool,
    },
    /// The time was up before the inventory could be read once.
    NotRead,
    /// The store or its inventory could not be read, or an entry of the inventory does not show which certificate it holds.
    Unreadable(SharedError),
}

impl PutBackVerdict {
    /// Whether the certificate is known to be back, under whatever alias.
    #[must_use]
    pub fn is_back(&self) -> bool {
        matches!(self, Self::Back | Self::BackUnderAnotherAlias { .. })
    }

    /// Whether the inventory lists the certificate, however old it is, under whatever alias.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.is_back() || matches!(self, Self::Listed { .. } | Self::NotInventoried { listed: true })
    }
}

/// A location, and what the inventory says about it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfirmedLocation<V = RemovalVerdict> {
    /// The location.
    pub location: CertificateLocation,
    /// What the inventory says.
    pub verdict: V,
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
    /// Its inventory schedule before; none as well if the store could not be read.
    pub schedule_before: ServerSchedule,
    /// Its inventory schedule afterwards.
    pub schedule_after: ScheduleAfter,
    /// Why the inventory could not be triggered.
    pub error: Option<SharedError>,
}

/// The inventory schedule of a store after its inventory was triggered, or after it was to be put back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ScheduleAfter {
    /// Nothing was triggered, so it was not read.
    NotAsked,
    /// There was none before that could be lost.
    NoneBefore,
    /// It is as before.
    Unchanged,
    /// It was gone, was set again, and the store shows it.
    Restored,
    /// It was gone when it was last read, and could not be put back. Keep what it was, and try
    /// [`restore_inventory_schedules`](crate::keyfactor::CertificateStores::restore_inventory_schedules).
    Gone {
        /// What it was.
        was: ServerSchedule,
        /// Why it could not be put back.
        error: SharedError,
    },
    /// It is another one, which somebody has set since. It was left alone.
    ChangedSince {
        /// What it is.
        now: ServerSchedule,
    },
    /// It was for one time, which is over. It was not put back.
    Over,
    /// The store could not be read, or not in time.
    Unreadable(SharedError),
}

impl TriggeredInventory {
    /// Whether the schedule is gone, or another one now.
    #[must_use]
    pub fn schedule_changed(&self) -> bool {
        matches!(self.schedule_after, ScheduleAfter::Gone { .. } | ScheduleAfter::ChangedSince { .. })
    }
}

/// What the inventory says about all locations: after a removal, or with [`PutBackVerdict`]s after they were put back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Confirmation<V = RemovalVerdict> {
    pub(super) locations: Vec<ConfirmedLocation<V>>,
    pub(super) triggered: Vec<TriggeredInventory>,
}

impl<V> Confirmation<V> {
    /// Every location, in the order in which they were given.
    #[must_use]
    pub fn locations(&self) -> &[ConfirmedLocation<V>] {
        &self.locations
    }

    /// The stores whose inventory was to be triggered; those that could not be are among them, with their errors.
    #[must_use]
    pub fn triggered(&self) -> &[TriggeredInventory] {
        &self.triggered
    }
}

impl Confirmation<PutBackVerdict> {
    /// Whether the inventories show that the certificates are back in all locations, under whatever aliases.
    #[must_use]
    pub fn all_back(&self) -> bool {
        self.locations.iter().all(|it| it.verdict.is_back())
    }
}

impl Confirmation {
    /// Whether the inventories prove of all locations that the certificates are gone: neither the aliases nor, under whatever
    /// alias, the certificates are listed any more, or the aliases are listed with other certificates. An
    /// [`AliasGone`](RemovalVerdict::AliasGone) is no such proof.
    #[must_use]
    pub fn all_gone(&self) -> bool {
        self.locations.iter().all(|it| matches!(it.verdict, RemovalVerdict::Gone | RemovalVerdict::HoldsAnother { .. }))
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl<V> ConfirmedLocation<V> {
    /// A location and what the inventory says about it; `inventoried_at` is none. Feature `testing`.
    pub fn new(location: impl Into<CertificateLocation>, verdict: V) -> Self {
        Self { location: location.into(), verdict, inventoried_at: None }
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl TriggeredInventory {
    /// A store whose inventory was triggered; `error` is none. Feature `testing`.
    pub fn new(
        store_id: impl Into<CertificateStoreId>,
        schedule_before: ServerSchedule,
        schedule_after: ScheduleAfter,
    ) -> Self {
        Self { store_id: store_id.into(), schedule_before, schedule_after, error: None }
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl<V> Confirmation<V> {
    /// The confirmation of these locations, with the stores whose inventory was triggered. Feature `testing`.
    ///
    /// ```
    /// use clm::keyfactor::{CertificateLocation, Confirmation, ConfirmedLocation, RemovalVerdict};
    /// use clm::uuid::Uuid;
    ///
    /// let [one, two] = ["one.pfx", "two.pfx"].map(|alias| CertificateLocation::new(Uuid::from_u128(1), alias));
    /// let moved = RemovalVerdict::UnderAnotherAlias { alias: "three.pfx".to_owned() };
    ///
    /// let confirmation = Confirmation::new(
    ///     [ConfirmedLocation::new(one, RemovalVerdict::Gone), ConfirmedLocation::new(two, moved)],
    ///     [],
    /// );
    ///
    /// assert!(!confirmation.all_gone());
    /// ```
    pub fn new(
        locations: impl IntoIterator<Item = ConfirmedLocation<V>>,
        triggered: impl IntoIterator<Item = TriggeredInventory>,
    ) -> Self {
        Self { locations: locations.into_iter().collect(), triggered: triggered.into_iter().collect() }
    }
}
