//! Did it go, is it back? What Command's inventory says.

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
    /// Waits for Command's inventory to show what became of locations. **It is the inventory that is shown, not the store
    /// itself**, and it is as old as the store's last inventory job.
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
    ///     println!("{}: {:?}", place.location.alias(), place.verdict);
    /// }
    /// assert!(confirmation.all_gone());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Calls:** `GET /CertificateStores/{id}` and `GET /CertificateStores/{id}/Inventory` for each store, and
    ///   `GET /OrchestratorJobs/JobHistory` before each look for the runs of its inventory job; with
    ///   [`trigger_inventory`](ConfirmRemoved::trigger_inventory) also `POST /CertificateStores/Schedule`.
    /// - **Permissions:** to read certificate stores; for the runs, to read orchestrator management; for the trigger, to
    ///   schedule on certificate stores.
    /// - **Arguments:** locations, best with their expected thumbprints, as a plan gives them: aliases change their spelling,
    ///   and without the thumbprint an alias that is not listed proves nothing about the certificate. After a plan, or a removal
    ///   with `expecting_thumbprint`, say [`was_listed`](Confirm::was_listed): what the inventory never listed is not known to be
    ///   gone.
    /// - **Errors:** see [`Confirm::send`].
    pub fn confirm_removed(&self, locations: impl IntoIterator<Item: Into<CertificateLocation>>) -> ConfirmRemoved {
        ConfirmRemoved::new(self.caller.clone(), locations.into_iter().map(Into::into).collect())
    }

    /// Waits for Command's inventory to show that certificates are back in their stores, under their aliases or others: the
    /// mirror of [`confirm_removed`](Self::confirm_removed), with the same calls and permissions. **It is the inventory that is
    /// shown, not the store itself.**
    ///
    /// - **Arguments:** locations with their expected thumbprints, as a plan gives them. After a confirmed removal, say
    ///   [`was_gone`](Confirm::was_gone). Before anything is put back,
    ///   [`look_once`](Confirm::look_once) tells which places hold the certificate already, so that no job is sent
    ///   that must fail.
    /// - **Errors:** see [`Confirm::send`]; a location without an expected thumbprint is refused as well.
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
    /// let place = CertificateLocation::new(store, "www.example.com.pfx").expecting_thumbprint(thumbprint);
    /// let look = keyfactor.certificate_stores().confirm_put_back([place]).look_once().send().await?;
    /// for place in look.locations() {
    ///     match &place.verdict {
    ///         it if it.is_listed() => println!("{} is listed, in the inventory of {:?}", place.location.alias(), place.inventoried_at),
    ///         PutBackVerdict::NotListed => println!("{} is to be put back", place.location.alias()),
    ///         other => println!("{}: {other:?}", place.location.alias()),
    ///     }
    /// }
    /// # assert!(look.locations()[0].verdict.is_listed());
    /// # Ok(()) }
    /// ```
    pub fn confirm_put_back(&self, locations: impl IntoIterator<Item: Into<CertificateLocation>>) -> ConfirmPutBack {
        ConfirmPutBack::new(self.caller.clone(), locations.into_iter().map(Into::into).collect())
    }
}

/// Waits until the inventory shows that certificates are gone; see [`CertificateStores::confirm_removed`].
pub type ConfirmRemoved = Confirm<RemovalVerdict>;

/// Waits until the inventory shows that certificates are back; see [`CertificateStores::confirm_put_back`].
pub type ConfirmPutBack = Confirm<PutBackVerdict>;

/// Waits until the inventory shows what has become of locations: [`ConfirmRemoved`] or [`ConfirmPutBack`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
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
    /// Says that the inventory listed all these locations before the removal: `plan_removal` and a removal with
    /// `expecting_thumbprint` have just seen that.
    ///
    /// What it does not list any more is then [`Gone`](RemovalVerdict::Gone) at once. Without it, an alias that is not
    /// listed may be misspelt, or newer than the inventory: it is waited for until an inventory job has ended, which only
    /// an account that may read the job history can see. Do not say it of a plan that was carried out and undone before.
    pub fn was_listed(mut self) -> Self {
        self.known.before = Before::AsTheCallerSays;
        self
    }
}

impl ConfirmPutBack {
    /// Says that the inventory had stopped listing these certificates before they were put back: `confirm_removed` has seen
    /// that they were [`Gone`](RemovalVerdict::Gone) from all of their places, as
    /// [`all_gone`](super::confirmation::Confirmation::all_gone) says. Where one of several places of a store still held the
    /// certificate, it is taken for the one that was put back.
    ///
    /// What it lists is then [`Back`](PutBackVerdict::Back) at once. Without it, an inventory that lists them may still be the
    /// one from before the removal: a new one is waited for, which only an account that may read the job history can see.
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

    /// Takes an inventory job that began after this time for a new one, as if it had begun since this call did: the time at
    /// which the last job of the removal or of the addition ended, as its report says. It is compared with what the job
    /// history says, so that it must be the server's time. A history that this account may not read shows nothing.
    pub fn newer_than(mut self, time: Timestamp) -> Self {
        self.known.newer_than = Some(time);
        self
    }

    /// Reads each inventory once, and waits for nothing: what is said is what the inventories show now, however old they are.
    /// Together with [`trigger_inventory`](Self::trigger_inventory) it is refused.
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
    /// let confirmation = stores.confirm_removed(plan.locations()).was_listed().look_once().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn look_once(mut self) -> Self {
        self.looks = Looks::Once;
        self
    }

    /// Asks for an immediate inventory of the stores, which is a change: it needs the permission to schedule on certificate
    /// stores.
    ///
    /// **An immediate inventory very likely replaces a recurring schedule.** So the schedule is read before; when the immediate
    /// inventory was seen to wait and to be over, else at the end, it is put back if it is gone, and read again
    /// ([`ScheduleAfter`](crate::keyfactor::ScheduleAfter)). To put it back earlier would cancel the immediate inventory (assumed); at the
    /// end of the deadline, that is taken for the smaller loss. **If this call is dropped or the process ends, nothing is put
    /// back**: keep the schedules in a file before, with
    /// [`save_inventory_schedules`](crate::keyfactor::RemovalPlan::save_inventory_schedules) in that of the plan, or as the result of
    /// [`inventory_schedules`](CertificateStores::inventory_schedules), for
    /// [`restore_inventory_schedules`](CertificateStores::restore_inventory_schedules).
    ///
    /// Stores that cannot be read, and those whose schedule cannot be read, are left alone, and reported. A trigger has what is
    /// left of the deadline, and 5 s at least; each reading of a schedule afterwards has 5 s, and putting it back 30 s.
    pub fn trigger_inventory(mut self) -> Self {
        self.trigger = Trigger::Immediate;
        self
    }

    /// What the audit events of a triggered inventory, and of a schedule that is put back after it, say beside their targets, for
    /// example the number of a ticket. It stays in this program: nothing of it is sent. At most 32,767 characters.
    pub fn audit_note(mut self, note: impl Into<String>) -> Self {
        self.audit_note = Some(note.into());
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
    /// [`Error::Validation`] if there is no location, or one that names nothing, if an inventory is asked for and not waited for, or if
    /// the audit note is blank or too long; [`Error::Transport`] without a fit tokio runtime.
    /// What fails for one store is in its locations' verdicts.
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
                let sentence = "a thumbprint is needed: an alias that is listed says nothing about its certificate";
                problems.add(format_args!("{field}.expected_thumbprint"), Reason::Empty, sentence);
            }
        }
        if self.looks == Looks::Once && self.trigger == Trigger::Immediate {
            let sentence = "an inventory that is not waited for would be cancelled when the schedule is put back: leave out \
                            `look_once()`, or `trigger_inventory()`";
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
