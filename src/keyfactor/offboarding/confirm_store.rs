//! One store of a confirmation, and what is known of it by now.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::{Duration, timeout};

use super::confirmation::{ScheduleAfter, TriggeredInventory};
use super::job_runs::{InventoryRuns, inventory_runs};
use super::place::{Entries, Place, TakenLook, seen, sought};
use super::poll::Polling;
use super::saved_schedules::{READING, is_at_risk, is_replaced, put_back, read_in_time, scheduled};
use super::verdict::{Finding, Verdict};
use crate::keyfactor::certificate_stores::{
    CertificateLocation, CertificateStore, CertificateStores, InventoryEntry, ScheduleInventory, entries_under,
};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::server_schedule::ServerSchedule;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateStoreId, JobHistoryId};
use crate::keyfactor::values::ServerTime;
use crate::keyfactor::vendor::{Caller, Error, SharedError};
use crate::operation::{Lookup, Request};

/// What the caller says of the inventory before the change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Before {
    Unknown,
    /// It listed what is to go, or did not list what is to come.
    AsTheCallerSays,
}

/// What the caller knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) before: Before,
    /// What an inventory must be newer than.
    pub(super) newer_than: Option<Timestamp>,
}

pub(super) struct StoreUnderConfirmation {
    stores: CertificateStores,
    id: CertificateStoreId,
    before: Before,
    places: Vec<Place>,
    row: Option<CertificateStore>,
    inventory: Inventory,
    trigger: Option<TriggeredInventory>,
    /// Of the trigger, and of what it makes needed.
    audit_note: Option<String>,
    at_risk: AtRisk,
    runs: Runs,
    look: Option<Look>,
    error: Option<SharedError>,
}

/// An alias of a look, while not all of its places are known to be there.
#[derive(Default)]
struct OpenAlias<'a> {
    /// How many entries its places need.
    entries: usize,
    /// The places whose certificate no entry has shown so far.
    missing: Vec<&'a Place>,
}

/// What was known at a look, apart from what it showed.
struct Look {
    freshness: Freshness,
    inventoried_at: Option<ServerTime>,
}

/// What is known of the age of the inventory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Freshness {
    Unknown,
    /// An inventory job has ended since the call began.
    Renewed,
    /// It has begun since then as well, or since the time that the caller gave.
    Begun,
}

/// What is known of the runs of the inventory job.
struct Runs {
    history: HistoryAccess,
    /// At the first look at them.
    first: InventoryRuns,
    /// What began after this is new.
    newer_than: Option<Timestamp>,
    freshness: Freshness,
    ended_at: Option<ServerTime>,
}

/// Whether the account may read the job history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum HistoryAccess {
    Permitted,
    Refused,
}

/// Whether the inventory will be renewed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Inventory {
    Scheduled,
    /// Once: there is no schedule.
    Triggered,
    Never,
}

/// Whether an immediate inventory may have replaced the schedule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum AtRisk {
    No,
    /// It was asked for, and nothing more was seen of it.
    UntilItRan,
    /// The store shows that it waits.
    Waits,
    PutBack,
}

impl StoreUnderConfirmation {
    pub(super) fn new(caller: Caller, id: CertificateStoreId, known: Known) -> Self {
        let runs = Runs {
            history: HistoryAccess::Permitted,
            first: InventoryRuns::Unknown,
            newer_than: known.newer_than,
            freshness: Freshness::Unknown,
            ended_at: None,
        };
        Self {
            stores: CertificateStores { caller },
            id,
            before: known.before,
            places: Vec::new(),
            row: None,
            inventory: Inventory::Never,
            trigger: None,
            audit_note: None,
            at_risk: AtRisk::No,
            runs,
            look: None,
            error: None,
        }
    }

    pub(super) fn add(&mut self, location: CertificateLocation) {
        self.places.push(Place::new(location));
    }

    /// Reads what has to be known before a look: the store, until it could be read, and the runs of its inventory job. A run
    /// that is read afterwards could be a later one than the look shows.
    pub(super) async fn prepare(&mut self, polling: &Polling) {
        if self.row.is_none() {
            // The list of stores does not show the schedule; the store itself does.
            match timeout(polling.left(), self.stores.get(self.id).send()).await {
                Ok(Ok(row)) => {
                    self.inventory = if row.has_inventory_schedule() { Inventory::Scheduled } else { Inventory::Never };
                    (self.row, self.error) = (Some(row), None);
                }
                Ok(Err(error)) => self.error = Some(error.into()),
                Err(_) => {}
            }
        }
        self.watch_trigger().await;
        let job = self.row.as_ref().and_then(|row| row.cert_store_inventory_job_id);
        let Some(job) = job.filter(|_| self.runs.history == HistoryAccess::Permitted) else { return };
        // A history that does not answer must leave time for the look.
        match timeout(READING.min(polling.left() / 4), inventory_runs(&self.stores.caller, job)).await {
            Ok(Ok(runs)) => self.runs.take(runs),
            Ok(Err(error)) if !error.failure_scope().is_transient() => self.runs.history = HistoryAccess::Refused,
            Ok(Err(_)) | Err(_) => {}
        }
    }

    /// Once, and only for a store that was read, with a schedule that can be put back.
    pub(super) async fn trigger(&mut self, polling: &Polling, audit_note: Option<&str>) {
        let Some(row) = self.row.as_ref().filter(|_| self.trigger.is_none()) else { return };
        let schedule_before = row.inventory_schedule.clone();
        self.audit_note = audit_note.map(str::to_owned);
        let sent = match &schedule_before {
            ServerSchedule::Unknown(_) => Err(LookupError::unknown_schedule(self.id, &schedule_before).into()),
            _ => match scheduled(&self.stores, self.id, Schedule::Immediate, audit_note) {
                Ok(request) => self.send_trigger(request, polling.left().max(READING)).await,
                Err(error) => Err(error.into()),
            },
        };
        if sent.is_ok() && self.inventory == Inventory::Never {
            self.inventory = Inventory::Triggered;
        }
        if matches!(sent, Ok(()) | Err(Error::OutcomeUnknown(_))) {
            self.at_risk = AtRisk::UntilItRan;
        }
        self.trigger = Some(TriggeredInventory {
            store_id: self.id,
            schedule_before,
            schedule_after: ScheduleAfter::NotAsked,
            error: sent.err().map(SharedError::from),
        });
    }

    /// Learns which job the immediate inventory is, while the store shows it, and puts the schedule back as soon as it is seen
    /// to be over: it was shown as waiting, and is not any more. Further inventories come by that schedule.
    async fn watch_trigger(&mut self) {
        let Some(triggered) = self.trigger.as_mut() else { return };
        let before = &triggered.schedule_before;
        let job_before = self.row.as_ref().and_then(|row| row.cert_store_inventory_job_id);
        let has_ended = !matches!(self.at_risk, AtRisk::UntilItRan | AtRisk::Waits);
        if has_ended || (!is_at_risk(before) && job_before.is_some()) {
            return;
        }
        let Ok(row) = read_in_time(&self.stores, self.id).await else { return };
        if row.cert_store_inventory_job_id.is_some() && is_replaced(&row.inventory_schedule) {
            self.at_risk = AtRisk::Waits;
            if row.cert_store_inventory_job_id != job_before {
                self.row = Some(row);
            }
        } else if self.at_risk == AtRisk::Waits && is_replaced(&row.inventory_schedule) && is_at_risk(before) {
            triggered.schedule_after = put_back(&self.stores, self.id, before, self.audit_note.as_deref()).await;
            let is_back = matches!(triggered.schedule_after, ScheduleAfter::Restored);
            self.at_risk = if is_back { AtRisk::PutBack } else { AtRisk::UntilItRan };
        }
    }

    /// How the trigger ended, and what the schedule is now.
    pub(super) async fn triggered(&mut self) -> TriggeredInventory {
        if let Some(mut triggered) = self.trigger.take() {
            if matches!(self.at_risk, AtRisk::UntilItRan | AtRisk::Waits) {
                let (before, note) = (&triggered.schedule_before, self.audit_note.as_deref());
                triggered.schedule_after = put_back(&self.stores, self.id, before, note).await;
            }
            return triggered;
        }
        // It was never read.
        let error = self.error.clone().unwrap_or_else(|| self.no_answer(Duration::ZERO).into());
        TriggeredInventory {
            store_id: self.id,
            schedule_before: ServerSchedule::Unset,
            schedule_after: ScheduleAfter::NotAsked,
            error: Some(error),
        }
    }

    async fn send_trigger(&self, request: Request<ScheduleInventory>, limit: Duration) -> Result<(), Error> {
        let ended = timeout(limit, self.stores.caller.execute(Arc::new(request.clone()))).await;
        ended.unwrap_or_else(|_| Err(Error::given_up(request, limit))).map(|_| ())
    }

    /// The store was not read in this time.
    fn no_answer(&self, waited: Duration) -> Error {
        match self.stores.get(self.id).build() {
            Ok(request) => Error::given_up(request, waited),
            Err(error) => error.into(),
        }
    }

    pub(super) async fn look(&mut self, polling: &Polling, entries: Entries) {
        // Without the store, nobody knows whether its inventory is renewed.
        if self.row.is_none() {
            return;
        }
        let caller = &self.stores.caller;
        let wanted: HashSet<Thumbprint> = self.places.iter().filter_map(Place::wanted).collect();
        let sought = sought(&self.places, &wanted);
        // A certificate that is there decides for its place, whatever else the inventory lists.
        let mut open: HashMap<&str, OpenAlias<'_>> = HashMap::new();
        for place in &self.places {
            let open = open.entry(place.location.alias()).or_default();
            open.entries += 1;
            open.missing.push(place);
        }
        let decides = |alias: &str, entries: &[InventoryEntry]| {
            if let (Some(places), Some(entry)) = (open.get_mut(alias), entries.last()) {
                places.missing.retain(|place| !place.is_there(entry));
                if places.missing.is_empty() && entries.len() >= places.entries {
                    open.remove(alias);
                }
            }
            Ok(if open.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        let read = entries_under(caller, self.id, &sought, Lookup::begin(caller), decides);
        match timeout(polling.left(), read).await {
            Ok(Ok(listed)) => {
                let (reading, freshness) = (listed.reading, self.runs.freshness);
                let look = TakenLook { reading, has_look_before: self.look.is_some(), freshness };
                let seen = seen(&self.places, &listed, entries);
                for (place, shown) in self.places.iter_mut().zip(seen) {
                    let entries = listed.under(place.location.alias());
                    place.take(shown, entries, look);
                }
                let Runs { freshness, ended_at, .. } = &self.runs;
                self.look = Some(Look { freshness: *freshness, inventoried_at: ended_at.clone() });
                self.error = None;
            }
            Ok(Err(error)) => self.error = Some(error.into()),
            Err(_) => {}
        }
    }

    pub(super) fn is_settled<V: Verdict>(&self) -> bool {
        match (&self.error, &self.look) {
            (Some(error), _) => !error.failure_scope().is_transient(),
            (None, None) => false,
            (None, Some(look)) => self.places.iter().all(|place| V::settled(&self.finding(place, look)).is_some()),
        }
    }

    /// In the order in which the locations were added.
    pub(super) fn verdicts<V: Verdict>(&self) -> Vec<V> {
        self.places.iter().map(|place| self.verdict(place)).collect()
    }

    /// Of the look that the verdicts are from.
    pub(super) fn inventoried_at(&self) -> Option<ServerTime> {
        self.look.as_ref()?.inventoried_at.clone()
    }

    fn verdict<V: Verdict>(&self, place: &Place) -> V {
        if let Some(error) = self.error.as_ref().filter(|error| !error.failure_scope().is_transient()) {
            return V::unreadable(error.clone());
        }
        let Some(look) = &self.look else {
            return self.error.clone().map_or_else(V::not_read, V::unreadable);
        };
        let finding = self.finding(place, look);
        V::settled(&finding).unwrap_or_else(|| V::unsettled(&finding))
    }

    fn finding<'a>(&self, place: &'a Place, look: &Look) -> Finding<'a> {
        let (inventory, freshness, before) = (self.inventory, look.freshness, self.before);
        Finding { store: self.id, place, inventory, freshness, before }
    }
}

impl Runs {
    fn take(&mut self, runs: InventoryRuns) {
        let InventoryRuns::Known { ended, .. } = &runs else { return };
        if let Some(ended) = ended {
            self.ended_at.clone_from(&ended.at);
            let began_at = ended.began_at.as_ref().and_then(ServerTime::timestamp);
            let is_asked_for = began_at.is_some_and(|began| self.newer_than.is_some_and(|time| began > time));
            let is_later = |run: Option<JobHistoryId>| run.is_none_or(|run| ended.run > run);
            let since = match &self.first {
                InventoryRuns::Known { newest, .. } if is_later(*newest) => Freshness::Begun,
                InventoryRuns::Known { ended: first, .. } if is_later(first.as_ref().map(|it| it.run)) => {
                    Freshness::Renewed
                }
                _ => Freshness::Unknown,
            };
            self.freshness = self.freshness.max(if is_asked_for { Freshness::Begun } else { since });
        }
        if matches!(self.first, InventoryRuns::Unknown) {
            self.first = runs;
        }
    }
}
