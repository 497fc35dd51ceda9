//! One store of a confirmation, and what is known of it by now.

use std::collections::HashMap;
use std::ops::ControlFlow;

use tokio::time::{Duration, timeout};

use super::confirmation::{RemovalVerdict, ScheduleAfter, TriggeredInventory};
use super::job_runs::{LastInventory, last_inventory};
use super::poll::Polling;
use crate::keyfactor::certificate_stores::{
    CertificateLocation, CertificateStore, CertificateStores, InventoryEntry, Listed, Reading, ScheduleInventory,
    Sought, entries_under,
};
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::values::ServerTime;
use crate::keyfactor::vendor::{Caller, Error, SharedError};
use crate::operation::{Lookup, Request};

/// How long what is beside the verdict may take: the job history, and the schedule after a trigger. A trigger has this at
/// least.
const BESIDE_THE_VERDICT: Duration = Duration::from_secs(5);

/// What the caller says of the inventory before the removal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Before {
    Unknown,
    Listed,
}

pub(super) struct StoreUnderConfirmation {
    stores: CertificateStores,
    id: CertificateStoreId,
    before: Before,
    locations: Vec<CheckedLocation>,
    row: Option<CertificateStore>,
    inventory: Inventory,
    trigger: Option<TriggeredInventory>,
    runs: Runs,
    look: Option<Look>,
    error: Option<SharedError>,
}

/// A location, and what the last look at its store showed there.
struct CheckedLocation {
    location: CertificateLocation,
    shown: Shown,
    agreement: Agreement,
    /// Whether any look found the alias.
    was_seen: bool,
}

/// What is under an alias.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Shown {
    Nothing,
    /// Not the expected certificate, but the one with this thumbprint.
    Another(String),
    /// Not the expected certificate, which stands under this other alias.
    Elsewhere(String),
    /// The expected certificate, or one that cannot be told from it.
    Expected,
}

/// Whether a look can be relied on when it misses something: it read all of the inventory, or the look before showed the
/// same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Agreement {
    Sure,
    AnotherLookNeeded,
}

/// What was known at a look, apart from what it showed.
struct Look {
    freshness: Freshness,
    inventoried_at: Option<ServerTime>,
}

/// Whether an inventory job has ended since the call began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Freshness {
    Unknown,
    Renewed,
}

/// What is known of the runs of the inventory job.
struct Runs {
    history: HistoryAccess,
    first: LastInventory,
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
#[derive(Clone, Copy, PartialEq, Eq)]
enum Inventory {
    Scheduled,
    /// Once: there is no schedule.
    Triggered,
    Never,
}

impl StoreUnderConfirmation {
    pub(super) fn new(caller: Caller, id: CertificateStoreId, before: Before) -> Self {
        let runs = Runs {
            history: HistoryAccess::Permitted,
            first: LastInventory::Unknown,
            freshness: Freshness::Unknown,
            ended_at: None,
        };
        Self {
            stores: CertificateStores { caller },
            id,
            before,
            locations: Vec::new(),
            row: None,
            inventory: Inventory::Never,
            trigger: None,
            runs,
            look: None,
            error: None,
        }
    }

    pub(super) fn add(&mut self, location: CertificateLocation) {
        self.locations.push(CheckedLocation {
            location,
            shown: Shown::Nothing,
            agreement: Agreement::AnotherLookNeeded,
            was_seen: false,
        });
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
        let job = self.row.as_ref().and_then(|row| row.cert_store_inventory_job_id);
        let Some(job) = job.filter(|_| self.runs.history == HistoryAccess::Permitted) else { return };
        // A history that does not answer must leave time for the look.
        match timeout(BESIDE_THE_VERDICT.min(polling.left() / 4), last_inventory(&self.stores.caller, job)).await {
            Ok(Ok(last)) => self.runs.take(last),
            Ok(Err(error)) if !error.failure_scope().is_transient() => self.runs.history = HistoryAccess::Refused,
            Ok(Err(_)) | Err(_) => {}
        }
    }

    /// Once, and only for a store that was read: else nobody could tell what became of its schedule.
    pub(super) async fn trigger(&mut self, polling: &Polling) {
        let Some(row) = self.row.as_ref().filter(|_| self.trigger.is_none()) else { return };
        let sent = match self.stores.schedule_inventory([self.id], Schedule::Immediate).build() {
            Ok(request) => self.send_trigger(request, polling.left().max(BESIDE_THE_VERDICT)).await,
            Err(error) => Err(error.into()),
        };
        if sent.is_ok() && self.inventory == Inventory::Never {
            self.inventory = Inventory::Triggered;
        }
        self.trigger = Some(TriggeredInventory {
            store_id: self.id,
            schedule_before: row.inventory_schedule.clone(),
            schedule_after: ScheduleAfter::NotAsked,
            error: sent.err().map(SharedError::from),
        });
    }

    async fn send_trigger(&self, request: Request<ScheduleInventory>, limit: Duration) -> Result<(), Error> {
        let ended = timeout(limit, self.stores.caller.execute(request.clone())).await;
        ended.unwrap_or_else(|_| Err(Error::given_up(request, limit))).map(|_| ())
    }

    /// What became of the trigger, and of the schedule.
    pub(super) async fn triggered(&mut self) -> TriggeredInventory {
        if let Some(mut triggered) = self.trigger.take() {
            triggered.schedule_after = match self.read_again().await {
                Ok(row) => ScheduleAfter::Read(row.inventory_schedule),
                Err(error) => ScheduleAfter::Unreadable(error.into()),
            };
            return triggered;
        }
        // It was never read.
        let error = self.error.clone().unwrap_or_else(|| self.no_answer(Duration::ZERO).into());
        TriggeredInventory {
            store_id: self.id,
            schedule_before: None,
            schedule_after: ScheduleAfter::NotAsked,
            error: Some(error),
        }
    }

    async fn read_again(&self) -> Result<CertificateStore, Error> {
        let read = timeout(BESIDE_THE_VERDICT, self.stores.get(self.id).send()).await;
        read.unwrap_or_else(|_| Err(self.no_answer(BESIDE_THE_VERDICT)))
    }

    /// The store was not read in this time.
    fn no_answer(&self, waited: Duration) -> Error {
        match self.stores.get(self.id).build() {
            Ok(request) => Error::given_up(request, waited),
            Err(error) => error.into(),
        }
    }

    pub(super) async fn look(&mut self, polling: &Polling) {
        // Without the store, nobody knows whether its inventory is renewed.
        if self.row.is_none() {
            return;
        }
        let caller = &self.stores.caller;
        let sought = Sought {
            aliases: self.locations.iter().map(|place| place.location.alias()).collect(),
            certificates: self.locations.iter().filter_map(|place| place.location.expected_thumbprint()).collect(),
        };
        // A certificate that is there decides for its place, whatever else the inventory lists.
        let mut open: HashMap<&str, Vec<&CertificateLocation>> = HashMap::new();
        for CheckedLocation { location, .. } in &self.locations {
            open.entry(location.alias()).or_default().push(location);
        }
        let decides = |alias: &str, entries: &[InventoryEntry]| {
            if let Some(locations) = open.get_mut(alias) {
                locations.retain(|location| Shown::of(location, entries) != Shown::Expected);
                if locations.is_empty() {
                    open.remove(alias);
                }
            }
            Ok(if open.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        };
        let read = entries_under(caller, self.id, &sought, Lookup::begin(caller), decides);
        match timeout(polling.left(), read).await {
            Ok(Ok(listed)) => {
                let seen = self.seen_at(&listed);
                for (place, shown) in self.locations.iter_mut().zip(seen) {
                    place.take(shown, listed.reading, self.look.is_some());
                }
                let Runs { freshness, ended_at, .. } = &self.runs;
                self.look = Some(Look { freshness: *freshness, inventoried_at: ended_at.clone() });
                self.error = None;
            }
            Ok(Err(error)) => self.error = Some(error.into()),
            Err(_) => {}
        }
    }

    /// What an inventory shows of each place.
    fn seen_at(&self, listed: &Listed) -> Vec<Shown> {
        let seen = |place: &CheckedLocation| {
            let location = &place.location;
            let shown = Shown::of(location, listed.under(location.alias()));
            let Some(expected) = location.expected_thumbprint().filter(|_| shown != Shown::Expected) else {
                return shown;
            };
            // A certificate that another place of this call asks for is told there.
            let is_asked_for = |alias: &str| {
                self.locations
                    .iter()
                    .map(|other| &other.location)
                    .any(|other| other.alias() == alias && other.expected_thumbprint().is_none_or(|it| it == expected))
            };
            let elsewhere = listed.aliases_of(expected).find(|alias| !is_asked_for(alias));
            elsewhere.map_or(shown, |alias| Shown::Elsewhere(alias.to_owned()))
        };
        self.locations.iter().map(seen).collect()
    }

    pub(super) fn is_settled(&self) -> bool {
        match (&self.error, &self.look) {
            (Some(error), _) => !error.failure_scope().is_transient(),
            (None, None) => false,
            (None, Some(look)) => self.locations.iter().all(|place| self.settled(place, look).is_some()),
        }
    }

    /// In the order in which the locations were added.
    pub(super) fn verdicts(&self) -> Vec<RemovalVerdict> {
        self.locations.iter().map(|place| self.verdict(place)).collect()
    }

    /// Of the look that the verdicts are from.
    pub(super) fn inventoried_at(&self) -> Option<ServerTime> {
        self.look.as_ref()?.inventoried_at.clone()
    }

    fn verdict(&self, place: &CheckedLocation) -> RemovalVerdict {
        if let Some(error) = self.error.as_ref().filter(|error| !error.failure_scope().is_transient()) {
            return RemovalVerdict::Unreadable(error.clone());
        }
        let Some(look) = &self.look else {
            return self.error.clone().map_or(RemovalVerdict::NotRead, RemovalVerdict::Unreadable);
        };
        let unsettled = match &place.shown {
            Shown::Elsewhere(alias) => RemovalVerdict::UnderAnotherAlias { alias: alias.clone() },
            _ if place.was_seen => RemovalVerdict::StillThere,
            _ => RemovalVerdict::NeverListed,
        };
        self.settled(place, look).unwrap_or(unsettled)
    }

    /// The verdict, if waiting cannot bring a better one.
    fn settled(&self, place: &CheckedLocation, look: &Look) -> Option<RemovalVerdict> {
        let is_renewed = place.was_seen || self.before == Before::Listed || look.freshness == Freshness::Renewed;
        match (&place.shown, place.agreement, self.inventory) {
            (Shown::Another(thumbprint), Agreement::Sure, _) => {
                Some(RemovalVerdict::HoldsAnother { thumbprint: thumbprint.clone() })
            }
            (Shown::Nothing, Agreement::Sure, _) if is_renewed => Some(RemovalVerdict::Gone),
            // An inventory that is not new may be older than the removal.
            (Shown::Elsewhere(alias), _, inventory)
                if inventory == Inventory::Never || look.freshness == Freshness::Renewed =>
            {
                Some(RemovalVerdict::UnderAnotherAlias { alias: alias.clone() })
            }
            // What was never listed may be missing because no inventory has run yet.
            (Shown::Nothing, _, Inventory::Never) if !is_renewed => {
                Some(RemovalVerdict::NotInventoried { listed: false })
            }
            (Shown::Expected, _, Inventory::Never) => Some(RemovalVerdict::NotInventoried { listed: true }),
            _ => None,
        }
    }
}

impl CheckedLocation {
    fn take(&mut self, shown: Shown, reading: Reading, has_look_before: bool) {
        let is_sure = reading == Reading::Whole || (has_look_before && shown == self.shown);
        self.agreement = if is_sure { Agreement::Sure } else { Agreement::AnotherLookNeeded };
        self.was_seen |= shown != Shown::Nothing;
        self.shown = shown;
    }
}

impl Shown {
    /// That the certificate itself stands before its chain was seen on real servers and is undocumented by the vendor: it counts
    /// wherever it stands in an entry. So may one without a thumbprint be the one that is expected.
    fn of(location: &CertificateLocation, entries: &[InventoryEntry]) -> Self {
        let certificates = || entries.iter().flat_map(|entry| &entry.certificates);
        let may_be_it = |thumbprint: &str| {
            thumbprint.trim().is_empty() || location.expected_thumbprint().is_none_or(|it| it.is(thumbprint))
        };
        let without = entries.iter().any(|entry| entry.certificates.is_empty());
        match entries.first().map(InventoryEntry::leaf) {
            None => Self::Nothing,
            Some(Some(leaf)) if !without && !certificates().any(|it| may_be_it(&it.thumbprint)) => {
                Self::Another(leaf.thumbprint.clone())
            }
            Some(_) => Self::Expected,
        }
    }
}

impl Runs {
    fn take(&mut self, last: LastInventory) {
        match (&self.first, &last) {
            (_, LastInventory::Unknown) => return,
            (LastInventory::Unknown, _) => self.first = last.clone(),
            (LastInventory::Never, LastInventory::Ended { .. }) => self.freshness = Freshness::Renewed,
            (LastInventory::Ended { run: first, .. }, LastInventory::Ended { run, .. }) if run > first => {
                self.freshness = Freshness::Renewed;
            }
            _ => {}
        }
        if let LastInventory::Ended { at, .. } = last {
            self.ended_at = at;
        }
    }
}
