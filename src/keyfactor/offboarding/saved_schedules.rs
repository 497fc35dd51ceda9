//! Saving and restoring inventory schedules.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::{Duration, timeout};

use super::confirmation::ScheduleAfter;
use crate::keyfactor::certificate_stores::{CertificateStore, CertificateStores, ScheduleInventory};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::server_schedule::ServerSchedule;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{Error, SharedError};
use crate::operation::{Request, check_audit_note};
use crate::transport::CallName;
use crate::validation::{Problems, ValidationError};

/// How long one reading beside the verdict may take: of a store and its schedule, or of the job history.
pub(super) const READING: Duration = Duration::from_secs(5);
/// How long putting one back may take: its loss is worse than a deadline that is passed.
const PUTTING_BACK: Duration = Duration::from_secs(30);

/// The inventory schedule of a store, which can be saved to a file:
/// `{"store_id":"…","schedule":{"Interval":{"Minutes":60}}}`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::SavedSchedule;
///
/// let stores = keyfactor.certificate_stores();
/// let saved = stores.inventory_schedules(scene.stores().iter().copied()).await?;
/// let file = clm::serde_json::to_string(&saved)?;
/// let read: Vec<SavedSchedule> = clm::serde_json::from_str(&file)?;
/// assert_eq!(read, saved);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SavedSchedule {
    /// The store.
    pub store_id: CertificateStoreId,
    /// The schedule of the store.
    #[serde(default)]
    pub schedule: ServerSchedule,
}

/// The result of restoring a store's inventory schedule.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// # let stores = keyfactor.certificate_stores();
/// # let saved = stores.inventory_schedules(scene.stores().iter().copied()).await?;
/// for restored in stores.restore_inventory_schedules(&saved).send().await? {
///     println!("store {}: {}, {}", restored.store_id, restored.was, restored.now);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RestoredSchedule {
    /// The store.
    pub store_id: CertificateStoreId,
    /// The saved schedule.
    pub was: ServerSchedule,
    /// The current state of the schedule.
    pub now: ScheduleAfter,
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl RestoredSchedule {
    /// Creates the result of restoring a store's schedule. Feature `testing`.
    ///
    /// ```
    /// use clm::keyfactor::{RestoredSchedule, ScheduleAfter, ServerSchedule};
    /// use clm::uuid::Uuid;
    ///
    /// let restored = RestoredSchedule::new(
    ///     Uuid::from_u128(1),
    ///     ServerSchedule::Unset,
    ///     ScheduleAfter::Unchanged,
    /// );
    /// ```
    pub fn new(store_id: impl Into<CertificateStoreId>, was: ServerSchedule, now: ScheduleAfter) -> Self {
        Self { store_id: store_id.into(), was, now }
    }
}

impl CertificateStores {
    /// Reads the inventory schedules of stores, which an immediate inventory very likely replaces. Each store is read
    /// once. Save the result to a file before you trigger an inventory, for
    /// [`restore_inventory_schedules`](Self::restore_inventory_schedules).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let schedules = stores.inventory_schedules(scene.stores().iter().copied()).await?;
    /// // … what erases them …
    /// for restored in stores.restore_inventory_schedules(&schedules).send().await? {
    ///     println!("{restored:?}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /CertificateStores/{id}` for each store.
    /// - **Permissions:** to read certificate stores.
    ///
    /// # Errors
    /// Those of [`get`](Self::get) for the first store that cannot be read.
    pub async fn inventory_schedules(
        &self,
        store_ids: impl IntoIterator<Item: Into<CertificateStoreId>>,
    ) -> Result<Vec<SavedSchedule>, Error> {
        let stores: BTreeSet<CertificateStoreId> = store_ids.into_iter().map(Into::into).collect();
        let mut saved = Vec::new();
        for store_id in stores {
            let schedule = self.get(store_id).send().await?.inventory_schedule;
            saved.push(SavedSchedule { store_id, schedule });
        }
        Ok(saved)
    }

    /// Restores inventory schedules that were lost after they were saved. It is safe to call again at any time.
    ///
    /// Each store is read. If its schedule is missing or is now an immediate one, the saved schedule is set, and the
    /// store is read again. The result is [`Restored`](ScheduleAfter::Restored) only if the store then shows the
    /// saved schedule. A schedule that somebody else has set in the meantime is not changed. A saved one-time
    /// schedule whose time has passed is not restored. If the start of a recurring schedule has passed, it is moved
    /// to the next run. Restoring a schedule may cancel an immediate inventory that has not run yet (assumed).
    ///
    /// - **Calls:** `GET /CertificateStores/{id}`, and `POST /CertificateStores/Schedule` if the schedule is lost.
    ///   The time limit is 5 s for each read and 30 s for each update.
    /// - **Permissions:** to read, and to schedule on certificate stores.
    /// - **Errors:** are in the results. An error for one store does not affect the others.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::FakeKeyfactor;
    /// # let fake = FakeKeyfactor::start().await;
    /// # let (store, keyfactor) = (fake.add_store(), fake.client());
    /// # fake.set_store(store, |it| it.inventory_schedule(clm::serde_json::json!({"Interval": {"Minutes": 60}})));
    /// use clm::keyfactor::{Schedule, ScheduleAfter};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let saved = stores.inventory_schedules([store]).await?; // keep it as JSON
    /// stores.schedule_inventory([store], Schedule::Immediate).send().await?;
    /// # fake.run_jobs();
    /// let restored = stores.restore_inventory_schedules(&saved).send().await?;
    /// assert!(matches!(restored[0].now, ScheduleAfter::Restored));
    /// # Ok(()) }
    /// ```
    pub fn restore_inventory_schedules(&self, saved: &[SavedSchedule]) -> RestoreInventorySchedules {
        RestoreInventorySchedules { stores: self.clone(), saved: saved.to_vec(), audit_note: None }
    }
}

/// A request to restore inventory schedules; see [`CertificateStores::restore_inventory_schedules`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let stores = keyfactor.certificate_stores();
/// let saved = stores.inventory_schedules(scene.stores().iter().copied()).await?;
/// # let _ = &saved;
/// for restored in stores.restore_inventory_schedules(&saved).send().await? {
///     println!("store {}: {}", restored.store_id, restored.now);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
pub struct RestoreInventorySchedules {
    stores: CertificateStores,
    saved: Vec<SavedSchedule>,
    audit_note: Option<String>,
}

impl RestoreInventorySchedules {
    /// Adds a note to the audit events of these changes, for example a ticket number. It is local to this program and
    /// never sent to the server. At most 32,767 characters.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let saved = stores.inventory_schedules(scene.stores().iter().copied()).await?;
    /// // … a triggered inventory replaces them …
    /// let restore = stores.restore_inventory_schedules(&saved);
    /// let restored = restore.audit_note("CHG 1234").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn audit_note(mut self, note: impl Into<String>) -> Self {
        self.audit_note = Some(note.into());
        self
    }

    /// Reads the stores and restores lost schedules. Results are in the order of the saved schedules. If the future
    /// is dropped, no further schedule is set.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let saved = stores.inventory_schedules(scene.stores().iter().copied()).await?;
    /// // … a triggered inventory replaces them …
    /// let restore = stores.restore_inventory_schedules(&saved);
    /// for restored in restore.send().await? {
    ///     println!("store {}: {}", restored.store_id, restored.now);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Validation`], before anything is sent, if the audit note is blank or too long; [`Error::Transport`]
    /// if there is no suitable tokio runtime. Errors for a single store are in its result.
    pub async fn send(self) -> Result<Vec<RestoredSchedule>, Error> {
        let Self { stores, saved, audit_note } = self;
        let mut problems = Problems::default();
        if let Some(note) = &audit_note {
            check_audit_note(note, &mut problems);
        }
        problems.finish()?;
        stores.caller.check_runtime(|| CallName::get("CertificateStores/{id}"))?;
        let mut restored = Vec::new();
        for SavedSchedule { store_id, schedule } in saved {
            let now = if is_at_risk(&schedule) {
                put_back(&stores, store_id, &schedule, audit_note.as_deref()).await
            } else {
                ScheduleAfter::NoneBefore
            };
            restored.push(RestoredSchedule { store_id, was: schedule, now });
        }
        Ok(restored)
    }
}

/// Whether something is lost if it is gone.
pub(super) fn is_at_risk(schedule: &ServerSchedule) -> bool {
    !is_replaced(schedule) && !matches!(schedule, ServerSchedule::Set(Schedule::Off))
}

/// Whether a trigger has left nothing of a recurring schedule: none is shown, or an immediate one. One that is turned off was
/// turned off by somebody.
pub(super) fn is_replaced(shown: &ServerSchedule) -> bool {
    matches!(shown, ServerSchedule::Unset | ServerSchedule::Set(Schedule::Immediate))
}

/// Reads a store, and puts its schedule back if it is gone.
pub(super) async fn put_back(
    stores: &CertificateStores,
    id: CertificateStoreId,
    was: &ServerSchedule,
    audit_note: Option<&str>,
) -> ScheduleAfter {
    let shown = match read_in_time(stores, id).await {
        Ok(row) => row.inventory_schedule,
        Err(error) => return ScheduleAfter::Unreadable(error.into()),
    };
    if !is_at_risk(was) {
        return if is_at_risk(&shown) { ScheduleAfter::ChangedSince { now: shown } } else { ScheduleAfter::NoneBefore };
    }
    if shown.means_the_same_as(was) {
        return ScheduleAfter::Unchanged;
    }
    if !is_replaced(&shown) {
        return ScheduleAfter::ChangedSince { now: shown };
    }
    let gone = |error: SharedError| ScheduleAfter::Gone { was: was.clone(), error };
    let schedule = match was {
        ServerSchedule::Set(Schedule::ExactlyOnce { time }) if *time <= Timestamp::now() => return ScheduleAfter::Over,
        ServerSchedule::Set(schedule) => schedule.coming(Timestamp::now()),
        ServerSchedule::Unset | ServerSchedule::Unknown(_) => {
            return gone(Error::from(LookupError::unknown_schedule(id, was)).into());
        }
    };
    let sent = set(stores, id, schedule, audit_note).await;
    // Only the store itself tells whether it has it, however the call ended.
    match (read_in_time(stores, id).await, sent) {
        (Ok(row), _) if row.inventory_schedule.means_the_same_as(was) => ScheduleAfter::Restored,
        (_, Err(error)) => gone(error.into()),
        (Ok(row), Ok(())) => gone(Error::from(LookupError::schedule_not_shown(id, &row.inventory_schedule)).into()),
        (Err(error), Ok(())) => ScheduleAfter::Unreadable(error.into()),
    }
}

async fn set(
    stores: &CertificateStores,
    id: CertificateStoreId,
    schedule: Schedule,
    audit_note: Option<&str>,
) -> Result<(), Error> {
    let request = scheduled(stores, id, schedule, audit_note)?;
    let ended = timeout(PUTTING_BACK, stores.caller.execute(Arc::new(request.clone()))).await;
    ended.unwrap_or_else(|_| Err(Error::given_up(request, PUTTING_BACK))).map(|_| ())
}

/// The request that gives a store this schedule.
pub(super) fn scheduled(
    stores: &CertificateStores,
    id: CertificateStoreId,
    schedule: Schedule,
    audit_note: Option<&str>,
) -> Result<Request<ScheduleInventory>, ValidationError> {
    let request = stores.schedule_inventory([id], schedule);
    let request = match audit_note {
        Some(note) => request.audit_note(note),
        None => request,
    };
    request.build()
}

/// Reads a store, within 5 s.
pub(super) async fn read_in_time(
    stores: &CertificateStores,
    id: CertificateStoreId,
) -> Result<CertificateStore, Error> {
    let request = stores.get(id).build()?;
    let read = timeout(READING, stores.caller.execute(Arc::new(request.clone()))).await;
    read.unwrap_or_else(|_| Err(Error::given_up(request, READING)))
}
