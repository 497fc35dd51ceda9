//! The results of a confirmation.

use crate::keyfactor::certificate_stores::CertificateLocation;
use crate::keyfactor::server_schedule::ServerSchedule;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::values::ServerTime;
use crate::keyfactor::vendor::SharedError;

/// What Command's inventory shows about a location after a removal. The inventory is only as recent as the store's
/// last inventory job.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{RemovalVerdict, Schedule};
///
/// let stores = keyfactor.certificate_stores();
/// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// stores.remove(&plan, Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
/// let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await?;
/// for it in confirmation.locations() {
///     let alias = it.location.alias();
///     match &it.verdict {
///         RemovalVerdict::Gone => println!("{alias}: removed"),
///         RemovalVerdict::HoldsAnother { thumbprint } => {
///             println!("{alias}: replaced by {thumbprint}")
///         }
///         RemovalVerdict::UnderAnotherAlias { alias: now } => println!("{alias}: now {now}"),
///         other => println!("{alias}: not confirmed: {other}"),
///     }
/// }
/// # assert!(confirmation.all_gone());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RemovalVerdict {
    /// The inventory lists neither the alias nor the certificate, under any alias. The certificate is the expected
    /// one, the one that this call found under the alias, or the one whose thumbprint the alias is or begins with. It
    /// was listed before, as seen by this call or stated with [`was_listed`](crate::keyfactor::Confirm::was_listed),
    /// or an inventory job has finished since this call started. Every entry of the inventory shows which certificate
    /// it holds.
    Gone,
    /// The inventory no longer lists the alias. **This does not prove that the certificate is gone**: which
    /// certificate it was is unknown, so it may be listed under another alias. [`all_gone`](Confirmation::all_gone)
    /// does not accept it. Set the thumbprint of the location with
    /// [`expecting_thumbprint`](CertificateLocation::expecting_thumbprint).
    AliasGone,
    /// The inventory lists the alias with this other certificate. The expected certificate is neither under the
    /// alias, not even in a chain, nor under any other alias. As for [`Gone`](Self::Gone), it was listed before, or
    /// an inventory job has finished since this call started; otherwise the inventory might be older than the
    /// expected certificate.
    HoldsAnother {
        /// The thumbprint in the inventory.
        thumbprint: String,
    },
    /// The alias no longer holds the expected certificate, but the store still does, under this other alias. **The
    /// certificate is not gone.** Some store types rename an entry at the next inventory, without any job.
    UnderAnotherAlias {
        /// The alias in the current inventory.
        alias: String,
    },
    /// At the deadline, the inventory still listed the certificate, or could not be read completely.
    ///
    /// An alias may have several entries of the same certificate, such as IIS bindings. Locations of such an alias
    /// are not distinguished by their job fields, because an inventory that shows a binding's parameters in another
    /// form would then look like a removal. As long as one entry is listed, all locations of the alias have this
    /// verdict. To see which entries are left, read the
    /// [`inventory`](crate::keyfactor::CertificateStores::inventory).
    StillThere,
    /// At the deadline, the inventory had not listed the certificate during this call. It may be removed, or may
    /// never have been in the inventory.
    NeverListed,
    /// The store has no inventory schedule, so the inventory is not updated and proves nothing. (If an alias that was
    /// listed before is no longer listed, the inventory has been updated, and the verdict is `Gone`.)
    NotInventoried {
        /// Whether the existing inventory lists the alias.
        listed: bool,
    },
    /// The inventory could not be read before the deadline.
    NotRead,
    /// The store or its inventory could not be read, or an entry of the inventory does not show which certificate it holds.
    Unreadable(SharedError),
}

impl RemovalVerdict {
    /// Returns whether the inventory proves that the certificate is gone: [`Gone`](Self::Gone), or
    /// [`HoldsAnother`](Self::HoldsAnother) if the alias now holds another certificate.
    ///
    /// ```
    /// use clm::keyfactor::RemovalVerdict;
    ///
    /// assert!(RemovalVerdict::Gone.is_gone());
    /// assert!(!RemovalVerdict::AliasGone.is_gone());
    /// ```
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone | Self::HoldsAnother { .. })
    }
}

/// What Command's inventory shows about a location after its certificate was put back. The inventory is only as
/// recent as the store's last inventory job.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::PutBackVerdict;
///
/// # let stores = keyfactor.certificate_stores();
/// # let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let confirmation =
///     stores.confirm_put_back(plan.locations()).was_gone().look_once().send().await?;
/// for it in confirmation.locations() {
///     match &it.verdict {
///         PutBackVerdict::Back => println!("{}: back", it.location),
///         PutBackVerdict::BackUnderAnotherAlias { alias } => {
///             println!("{}: now {alias}", it.location)
///         }
///         other => println!("{}: not confirmed: {other}", it.location),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PutBackVerdict {
    /// The inventory lists the certificate under its alias. It was not listed before, as seen by this call or stated
    /// with [`was_gone`](crate::keyfactor::Confirm::was_gone), or the inventory job started after this call, or after
    /// the time given with [`newer_than`](crate::keyfactor::Confirm::newer_than).
    Back,
    /// As [`Back`](Self::Back), but under this alias. Some stores return aliases in lower case, and some derive them
    /// from the thumbprint.
    BackUnderAnotherAlias {
        /// The alias in the inventory.
        alias: String,
    },
    /// The inventory lists the certificate under this alias, but it may be the inventory from before the removal, or
    /// this may be another copy of the certificate.
    Listed {
        /// The alias in the inventory, which may differ from that of the location.
        alias: String,
    },
    /// The inventory lists the alias with this other certificate, and does not list the expected one.
    HoldsAnother {
        /// The thumbprint in the inventory.
        thumbprint: String,
    },
    /// The inventory does not list the certificate. If several locations have the same alias, entries are only
    /// counted: as many locations as there are entries are listed, in the order in which they were given.
    NotListed,
    /// The store has no inventory schedule, so the inventory is not updated and proves nothing.
    NotInventoried {
        /// Whether the existing inventory lists the certificate.
        listed: bool,
    },
    /// The inventory could not be read before the deadline.
    NotRead,
    /// The store or its inventory could not be read, or an entry of the inventory does not show which certificate it holds.
    Unreadable(SharedError),
}

impl PutBackVerdict {
    /// Returns whether the certificate is confirmed to be back, under any alias.
    ///
    /// ```
    /// use clm::keyfactor::PutBackVerdict;
    ///
    /// assert!(PutBackVerdict::Back.is_back());
    /// assert!(!PutBackVerdict::NotListed.is_back());
    /// ```
    #[must_use]
    pub fn is_back(&self) -> bool {
        matches!(self, Self::Back | Self::BackUnderAnotherAlias { .. })
    }

    /// Returns whether the inventory lists the certificate under any alias, however old the inventory is.
    ///
    /// ```
    /// use clm::keyfactor::PutBackVerdict;
    ///
    /// assert!(PutBackVerdict::NotInventoried { listed: true }.is_listed());
    /// assert!(!PutBackVerdict::NotListed.is_listed());
    /// ```
    #[must_use]
    pub fn is_listed(&self) -> bool {
        self.is_back() || matches!(self, Self::Listed { .. } | Self::NotInventoried { listed: true })
    }
}

/// A location and its verdict.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// # let stores = keyfactor.certificate_stores();
/// # let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let confirmation = stores.confirm_removed(plan.locations()).look_once().send().await?;
/// for it in confirmation.locations() {
///     println!("{}: {}, inventory of {:?}", it.location, it.verdict, it.inventoried_at);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ConfirmedLocation<V = RemovalVerdict> {
    /// The location.
    pub location: CertificateLocation,
    /// What the inventory shows.
    pub verdict: V,
    /// When the store's last inventory job ended before the read that led to the verdict, if the account may read the
    /// job history. The inventory is from this time or later.
    pub inventoried_at: Option<ServerTime>,
}

/// A store whose inventory was to be triggered, and the state of its schedule.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// # let stores = keyfactor.certificate_stores();
/// # let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// # stores.remove(&plan, clm::keyfactor::Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs();
/// let confirm = stores.confirm_removed(plan.locations()).was_listed().trigger_inventory();
/// let confirmation = confirm.send().await?;
/// for it in confirmation.triggered() {
///     println!("{it}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TriggeredInventory {
    /// The store.
    pub store_id: CertificateStoreId,
    /// The inventory schedule before the trigger. It is also unset if the store could not be read.
    pub schedule_before: ServerSchedule,
    /// The state of the inventory schedule afterwards.
    pub schedule_after: ScheduleAfter,
    /// The error, if the inventory could not be triggered.
    pub error: Option<SharedError>,
}

/// The state of a store's inventory schedule after an inventory was triggered, or after the schedule was to be
/// restored.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::ScheduleAfter;
///
/// # let stores = keyfactor.certificate_stores();
/// # let saved = stores.inventory_schedules(scene.stores().iter().copied()).await?;
/// for restored in stores.restore_inventory_schedules(&saved).send().await? {
///     match &restored.now {
///         ScheduleAfter::Unchanged | ScheduleAfter::Restored => {}
///         other => eprintln!("store {}: {other}", restored.store_id),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ScheduleAfter {
    /// Not read, because no inventory was triggered.
    NotAsked,
    /// There was no schedule that could be lost.
    NoneBefore,
    /// The schedule is unchanged.
    Unchanged,
    /// The schedule was lost and has been restored. The store shows it.
    Restored,
    /// The schedule was lost at the last read and could not be restored. Save it, and call
    /// [`restore_inventory_schedules`](crate::keyfactor::CertificateStores::restore_inventory_schedules).
    Gone {
        /// The lost schedule.
        was: ServerSchedule,
        /// The error that prevented the restore.
        error: SharedError,
    },
    /// Somebody else has set another schedule in the meantime. It was not changed.
    ChangedSince {
        /// The current schedule.
        now: ServerSchedule,
    },
    /// The schedule was for a single time, which has passed. It was not restored.
    Over,
    /// The store could not be read, or not in time.
    Unreadable(SharedError),
}

impl TriggeredInventory {
    /// Returns whether the schedule is lost or has been replaced by another one.
    ///
    /// ```
    /// use clm::keyfactor::{ScheduleAfter, ServerSchedule, TriggeredInventory};
    /// use clm::uuid::Uuid;
    ///
    /// let store = TriggeredInventory::new(
    ///     Uuid::from_u128(1),
    ///     ServerSchedule::Unset,
    ///     ScheduleAfter::NoneBefore,
    /// );
    /// assert!(!store.schedule_changed());
    /// ```
    #[must_use]
    pub fn schedule_changed(&self) -> bool {
        matches!(self.schedule_after, ScheduleAfter::Gone { .. } | ScheduleAfter::ChangedSince { .. })
    }
}

/// The results for all locations, after a removal or, with [`PutBackVerdict`]s, after certificates were put back.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// # let stores = keyfactor.certificate_stores();
/// # let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let confirmation = stores.confirm_removed(plan.locations()).look_once().send().await?;
/// for it in confirmation.locations() {
///     println!("{it}");
/// }
/// # assert!(!confirmation.all_gone());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Confirmation<V = RemovalVerdict> {
    pub(super) locations: Vec<ConfirmedLocation<V>>,
    pub(super) triggered: Vec<TriggeredInventory>,
}

impl<V> Confirmation<V> {
    /// Returns every location, in the order in which they were given.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await?;
    /// for it in confirmation.locations() {
    ///     println!("{it}");
    /// }
    /// # assert_eq!(confirmation.locations().len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn locations(&self) -> &[ConfirmedLocation<V>] {
        &self.locations
    }

    /// Returns the result for a location, or `None` if it was not among the given ones. Job fields are compared only if
    /// several locations have the same store, alias and expected thumbprint.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let removal = stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await?;
    /// for location in removal.locations() {
    ///     let is_gone = confirmation.of(location).is_some_and(|it| it.verdict.is_gone());
    ///     println!("{location}: {is_gone}");
    /// #   assert!(is_gone);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn of(&self, location: &CertificateLocation) -> Option<&ConfirmedLocation<V>> {
        let exact = self.locations.iter().find(|it| it.location == *location);
        exact.or_else(|| self.locations.iter().find(|it| it.location.is_same_place(location)))
    }

    /// Returns the stores whose inventory was to be triggered. Stores that could not be triggered are included, with
    /// their errors.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await?;
    /// assert!(confirmation.triggered().is_empty(), "no inventory was requested");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn triggered(&self) -> &[TriggeredInventory] {
        &self.triggered
    }
}

impl Confirmation<PutBackVerdict> {
    /// Returns whether the inventories show that the certificates are back in all locations, under any alias.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// assert!(stores.confirm_removed(plan.locations()).was_listed().send().await?.all_gone());
    /// stores.add_back(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let confirmation = stores.confirm_put_back(plan.locations()).was_gone().send().await?;
    /// assert!(confirmation.all_back());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn all_back(&self) -> bool {
        self.locations.iter().all(|it| it.verdict.is_back())
    }
}

impl Confirmation {
    /// Returns whether the inventories prove for all locations that the certificates are gone: neither the alias nor
    /// the certificate is listed, under any alias, or the alias is listed with another certificate.
    /// [`AliasGone`](RemovalVerdict::AliasGone) is not sufficient.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await?;
    /// assert!(confirmation.all_gone());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn all_gone(&self) -> bool {
        self.locations.iter().all(|it| it.verdict.is_gone())
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl<V> ConfirmedLocation<V> {
    /// Creates a location with a verdict and without `inventoried_at`. Feature `testing`.
    ///
    /// ```
    /// use clm::keyfactor::{CertificateLocation, ConfirmedLocation, RemovalVerdict};
    /// use clm::uuid::Uuid;
    ///
    /// let location = CertificateLocation::new(Uuid::from_u128(1), "www.example.com.pem");
    /// let confirmed = ConfirmedLocation::new(location, RemovalVerdict::Gone);
    /// assert!(confirmed.inventoried_at.is_none());
    /// ```
    pub fn new(location: impl Into<CertificateLocation>, verdict: V) -> Self {
        Self { location: location.into(), verdict, inventoried_at: None }
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl TriggeredInventory {
    /// Creates a store whose inventory was triggered without an error. Feature `testing`.
    ///
    /// ```
    /// use clm::keyfactor::{ScheduleAfter, ServerSchedule, TriggeredInventory};
    /// use clm::uuid::Uuid;
    ///
    /// let store = TriggeredInventory::new(
    ///     Uuid::from_u128(1),
    ///     ServerSchedule::Unset,
    ///     ScheduleAfter::NoneBefore,
    /// );
    /// assert!(!store.schedule_changed());
    /// ```
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
    /// Creates a confirmation from locations and triggered stores. Feature `testing`.
    ///
    /// ```
    /// use clm::keyfactor::{CertificateLocation, Confirmation, ConfirmedLocation, RemovalVerdict};
    /// use clm::uuid::Uuid;
    ///
    /// let [one, two] =
    ///     ["one.pfx", "two.pfx"].map(|alias| CertificateLocation::new(Uuid::from_u128(1), alias));
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
