//! Confirming a removal or an addition from Command's inventory.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use jiff::Timestamp;
use tokio::time::Duration;

use super::confirm_store::{Before, Known, StoreUnderConfirmation};
use super::confirmation::{Confirmation, ConfirmedLocation, PutBackVerdict, RemovalVerdict};
use super::place::Entries;
use super::poll::{Pace, Polling};
use super::verdict::Verdict;
use crate::keyfactor::certificate_stores::{CertificateLocation, CertificateStores};
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{Caller, Error};
use crate::operation::check_audit_note;
use crate::transport::CallName;
use crate::validation::{Problems, Reason, ValidationError};

impl CertificateStores {
    /// Waits until Command's inventory shows the result of a removal. **The result comes from the inventory, not from
    /// the store itself**, and is only as recent as the store's last inventory job.
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
    /// for place in confirmation.locations() {
    ///     println!("{place}");
    /// }
    /// assert!(confirmation.all_gone());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Calls:** `GET /CertificateStores/{id}` and `GET /CertificateStores/{id}/Inventory` for each store; before
    ///   each inventory read, `GET /OrchestratorJobs/JobHistory` for the runs of the store's inventory job; with
    ///   [`trigger_inventory`](ConfirmRemoved::trigger_inventory), also `POST /CertificateStores/Schedule`.
    /// - **Permissions:** to read certificate stores; for the job history, to read orchestrator management; for the
    ///   trigger, to schedule on certificate stores.
    /// - **Arguments:** locations, preferably with expected thumbprints, as a plan provides them. The spelling of an
    ///   alias may change, and without a thumbprint a missing alias proves nothing about the certificate. After a
    ///   plan, or a removal with `expecting_thumbprint`, call [`was_listed`](Confirm::was_listed): a certificate that
    ///   the inventory never listed cannot be confirmed as removed.
    /// - **Errors:** see [`Confirm::send`].
    pub fn confirm_removed(&self, locations: impl IntoIterator<Item: Into<CertificateLocation>>) -> ConfirmRemoved {
        ConfirmRemoved::new(self.caller.clone(), locations.into_iter().map(Into::into).collect())
    }

    /// Waits until Command's inventory shows that certificates are back in their stores, under the same or another
    /// alias. It is the counterpart of [`confirm_removed`](Self::confirm_removed), with the same calls and
    /// permissions. **The result comes from the inventory, not from the store itself.**
    ///
    /// - **Arguments:** locations with expected thumbprints, as a plan provides them. After a confirmed removal, call
    ///   [`was_gone`](Confirm::was_gone). Before you put certificates back, use [`look_once`](Confirm::look_once) to
    ///   find the places that already hold the certificate, where a job would fail.
    /// - **Errors:** see [`Confirm::send`]. A location without an expected thumbprint is refused.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::{FakeCertificate, FakeKeyfactor};
    /// # let fake = FakeKeyfactor::start().await;
    /// # let (store, keyfactor) = (fake.add_store(), fake.client());
    /// # let id = fake.issue(FakeCertificate::new("www.example.com"));
    /// # let thumbprint = fake.thumbprint(id);
    /// # fake.put(store, "www.example.com.pfx", id);
    /// use clm::keyfactor::{CertificateLocation, PutBackVerdict};
    ///
    /// let place =
    ///     CertificateLocation::new(store, "www.example.com.pfx").expecting_thumbprint(thumbprint);
    /// let look =
    ///     keyfactor.certificate_stores().confirm_put_back([place]).look_once().send().await?;
    /// for place in look.locations() {
    ///     match &place.verdict {
    ///         it if it.is_listed() => println!(
    ///             "{} is listed, in the inventory of {:?}",
    ///             place.location.alias(),
    ///             place.inventoried_at
    ///         ),
    ///         PutBackVerdict::NotListed => println!("{} is to be put back", place.location.alias()),
    ///         other => println!("{}: {other}", place.location.alias()),
    ///     }
    /// }
    /// # assert!(look.locations()[0].verdict.is_listed());
    /// # Ok(()) }
    /// ```
    pub fn confirm_put_back(&self, locations: impl IntoIterator<Item: Into<CertificateLocation>>) -> ConfirmPutBack {
        ConfirmPutBack::new(self.caller.clone(), locations.into_iter().map(Into::into).collect())
    }
}

/// Waits until the inventory shows that certificates are removed; see [`CertificateStores::confirm_removed`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::ConfirmRemoved;
///
/// # let stores = keyfactor.certificate_stores();
/// # let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let confirm: ConfirmRemoved = stores.confirm_removed(plan.locations());
/// let confirmation = confirm.look_once().send().await?;
/// println!("{}", confirmation.all_gone());
/// # Ok(()) }
/// ```
pub type ConfirmRemoved = Confirm<RemovalVerdict>;

/// Waits until the inventory shows that certificates are back; see [`CertificateStores::confirm_put_back`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::ConfirmPutBack;
///
/// # let stores = keyfactor.certificate_stores();
/// # let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let confirm: ConfirmPutBack = stores.confirm_put_back(plan.locations());
/// let confirmation = confirm.look_once().send().await?;
/// println!("{}", confirmation.all_back());
/// # Ok(()) }
/// ```
pub type ConfirmPutBack = Confirm<PutBackVerdict>;

/// Waits until the inventory shows the result of a change: [`ConfirmRemoved`] or [`ConfirmPutBack`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use std::time::Duration;
///
/// # let stores = keyfactor.certificate_stores();
/// # let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let confirm = stores.confirm_removed(plan.locations()).was_listed();
/// let confirmation = confirm.deadline(Duration::from_secs(600)).look_once().send().await?;
/// println!("{}", confirmation.all_gone());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
pub struct Confirm<V> {
    caller: Caller,
    locations: Vec<CertificateLocation>,
    known: Known,
    trigger: Trigger,
    looks: Looks,
    pace: Pace,
    audit_note: Option<String>,
    verdict: PhantomData<fn() -> V>,
}

/// Whether an inventory is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Trigger {
    Off,
    Immediate,
}

/// How often the inventories are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Looks {
    Once,
    UntilSettled,
}

impl ConfirmRemoved {
    /// States that the inventory listed all these locations before the removal. `plan_removal`, or a removal with
    /// `expecting_thumbprint`, has just verified this.
    ///
    /// A location that is no longer listed is then [`Gone`](RemovalVerdict::Gone) at once. Without this call, a
    /// missing alias might be misspelled or newer than the inventory, so the confirmation waits until an inventory
    /// job has finished. Only an account that may read the job history can see that. Do not call this for a plan that
    /// was carried out and undone in the meantime.
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
    pub fn was_listed(mut self) -> Self {
        self.known.before = Before::AsTheCallerSays;
        self
    }
}

impl ConfirmPutBack {
    /// States that the inventory no longer listed these certificates before they were put back: `confirm_removed`
    /// has found them [`Gone`](RemovalVerdict::Gone) from all their places, and
    /// [`all_gone`](super::confirmation::Confirmation::all_gone) is true. If one of several places in a store still
    /// held the certificate, that entry would be mistaken for the one that was put back.
    ///
    /// A certificate that is listed is then [`Back`](PutBackVerdict::Back) at once. Without this call, the inventory
    /// might still be the one from before the removal, so the confirmation waits for a new one. Only an account that
    /// may read the job history can see that.
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
    pub fn was_gone(mut self) -> Self {
        self.known.before = Before::AsTheCallerSays;
        self
    }
}

impl<V: Verdict> Confirm<V> {
    fn new(caller: Caller, locations: Vec<CertificateLocation>) -> Self {
        let known = Known { before: Before::Unknown, newer_than: None };
        let (trigger, looks, pace) = (Trigger::Off, Looks::UntilSettled, Pace::default());
        Self { caller, locations, known, trigger, looks, pace, audit_note: None, verdict: PhantomData }
    }

    /// Accepts an inventory job that started after this time as a new one, as if it had started after this call. Use
    /// the time at which the last job of the removal or addition ended, from its report. It is compared with the job
    /// history, so it must be the server's time. It has no effect if the account may not read the job history.
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
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// let ends =
    ///     report.finished().iter().filter_map(|job| job.entry.operation_end.as_ref()?.timestamp());
    /// let mut confirm = stores.confirm_removed(plan.locations()).was_listed();
    /// if let Some(last) = ends.max() {
    ///     confirm = confirm.newer_than(last);
    /// }
    /// assert!(confirm.send().await?.all_gone());
    /// # Ok(()) }
    /// ```
    pub fn newer_than(mut self, time: Timestamp) -> Self {
        self.known.newer_than = Some(time);
        self
    }

    /// Reads each inventory once and does not wait. The verdicts reflect the current inventories, however old they
    /// are. It cannot be combined with [`trigger_inventory`](Self::trigger_inventory).
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
    /// let confirmation =
    ///     stores.confirm_removed(plan.locations()).was_listed().look_once().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn look_once(mut self) -> Self {
        self.looks = Looks::Once;
        self
    }

    /// Requests an immediate inventory of the stores. This is a change, and it requires the permission to schedule on
    /// certificate stores.
    ///
    /// **An immediate inventory very likely replaces a recurring schedule.** The schedule is therefore read first.
    /// Once the immediate inventory has been seen waiting and then finished, or otherwise at the end of the call, a
    /// lost schedule is restored and read again ([`ScheduleAfter`](crate::keyfactor::ScheduleAfter)). Restoring it
    /// earlier would cancel the immediate inventory (assumed); at the deadline, this is accepted as the smaller loss.
    /// **If this call is dropped or the process ends, nothing is restored.** Save the schedules to a file first:
    /// either in the plan's file, with
    /// [`save_inventory_schedules`](crate::keyfactor::RemovalPlan::save_inventory_schedules), or as the result of
    /// [`inventory_schedules`](CertificateStores::inventory_schedules).
    /// [`restore_inventory_schedules`](CertificateStores::restore_inventory_schedules) restores them.
    ///
    /// Stores that cannot be read, and stores whose schedule cannot be read, are not triggered; they are reported.
    /// The time limit of a trigger is the rest of the deadline, but at least 5 s. The time limit is 5 s for each
    /// later read of a schedule, and 30 s for restoring it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// let schedules = stores.inventory_schedules(scene.stores().iter().copied()).await?;
    /// // … write the schedules to a file …
    /// let removal = stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let confirmation =
    ///     stores.confirm_removed(plan.locations()).was_listed().trigger_inventory().send().await?;
    /// for store in confirmation.triggered() {
    ///     println!("store {}: {}", store.store_id, store.schedule_after);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn trigger_inventory(mut self) -> Self {
        self.trigger = Trigger::Immediate;
        self
    }

    /// Adds a note to the audit events of triggered inventories and restored schedules, for example a ticket number.
    /// It is local to this program and never sent to the server. At most 32,767 characters.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let confirm = stores
    ///     .confirm_removed(plan.locations())
    ///     .was_listed()
    ///     .trigger_inventory()
    ///     .audit_note("CHG 1234");
    /// let confirmation = confirm.send().await?;
    /// # Ok(()) }
    /// ```
    pub fn audit_note(mut self, note: impl Into<String>) -> Self {
        self.audit_note = Some(note.into());
        self
    }

    /// Sets how long to wait for the inventories. The default is 30 minutes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let confirmation = stores
    ///     .confirm_removed(plan.locations())
    ///     .was_listed()
    ///     .deadline(Duration::from_secs(60))
    ///     .send()
    ///     .await?;
    /// assert!(confirmation.all_gone());
    /// # Ok(()) }
    /// ```
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.pace.deadline = deadline;
        self
    }

    /// Sets the first and the longest interval between reads. The interval doubles after each read. The defaults are
    /// 2 s and 30 s.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// stores.remove(&plan, Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs(); scene.stores().iter().for_each(|store| scene.keyfactor.run_inventory(*store));
    /// let confirm = stores.confirm_removed(plan.locations()).was_listed();
    /// let confirmation =
    ///     confirm.pauses(Duration::from_secs(5), Duration::from_secs(60)).send().await?;
    /// assert!(confirmation.all_gone());
    /// # Ok(()) }
    /// ```
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        (self.pace.first_pause, self.pace.longest_pause) = (first, longest.max(first));
        self
    }

    /// Reads the inventories until every location is settled or the deadline has passed.
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
    ///
    /// # Errors
    /// [`Error::Validation`] if there is no location or one is empty, if an inventory is triggered but not waited
    /// for, or if the audit note is blank or too long; [`Error::Transport`] if there is no suitable tokio runtime.
    /// Errors for a single store are in the verdicts of its locations.
    pub async fn send(self) -> Result<Confirmation<V>, Error> {
        self.check()?;
        self.caller.check_runtime(|| CallName::get("CertificateStores/{id}"))?;
        let mut polling = Polling::begin(self.pace);
        let mut stores = self.stores();
        loop {
            for store in stores.values_mut().filter(|store| !store.is_settled::<V>()) {
                store.prepare(&polling).await;
                if self.trigger == Trigger::Immediate {
                    store.trigger(&polling, self.audit_note.as_deref()).await;
                }
            }
            for store in stores.values_mut().filter(|store| !store.is_settled::<V>()) {
                store.look(&polling, V::ENTRIES).await;
            }
            let is_over = self.looks == Looks::Once || stores.values().all(StoreUnderConfirmation::is_settled::<V>);
            if is_over || polling.pause().await.is_none() {
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
            verdicts.insert(*id, store.verdicts::<V>().into_iter());
        }
        // Each store has its locations in the order in which they were given.
        let locations = self.locations.into_iter().map(|location| {
            let of_store = verdicts.get_mut(&location.store());
            let verdict = of_store.and_then(Iterator::next).unwrap_or_else(V::not_read);
            let inventoried_at = stores.get(&location.store()).and_then(StoreUnderConfirmation::inventoried_at);
            ConfirmedLocation { location, verdict, inventoried_at }
        });
        Ok(Confirmation { locations: locations.collect(), triggered })
    }

    fn check(&self) -> Result<(), ValidationError> {
        let mut problems = Problems::default();
        problems.check_count("locations", self.locations.len(), usize::MAX, "certificate location");
        for (index, location) in self.locations.iter().enumerate() {
            let field = format!("locations[{index}]");
            location.check(&field, &mut problems);
            if V::ENTRIES == Entries::OneForEach && location.expected_thumbprint().is_none() {
                let sentence = "must be set: a listed alias says nothing about its certificate";
                problems.add(format_args!("{field}.expected_thumbprint"), Reason::Empty, sentence);
            }
        }
        if self.looks == Looks::Once && self.trigger == Trigger::Immediate {
            let sentence = "must not be used with `look_once()`: restoring the schedule would cancel the inventory";
            problems.add("trigger_inventory", Reason::Conflict, sentence);
        }
        if let Some(note) = &self.audit_note {
            check_audit_note(note, &mut problems);
        }
        problems.finish()
    }

    fn stores(&self) -> BTreeMap<CertificateStoreId, StoreUnderConfirmation> {
        let mut stores: BTreeMap<CertificateStoreId, StoreUnderConfirmation> = BTreeMap::new();
        for location in &self.locations {
            let id = location.store();
            let store =
                stores.entry(id).or_insert_with(|| StoreUnderConfirmation::new(self.caller.clone(), id, self.known));
            store.add(location.clone());
        }
        stores
    }
}
