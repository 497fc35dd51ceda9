//! The history of jobs, and those that wait.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::FakeJobKind;
use super::jobs::{Job, Run, Stage};
use super::list::{Listing, Offer, Parameters};
use super::query::{Filter, Kind, Operand, Queried};
use super::state::State;
use super::stores::{AGENT_MACHINE, Store, agent_id};
use super::traps::Trap;
use crate::testing::server::Reply;

/// The number before the first row's. It does not fit into 32 bits: the vendor's numbers are 64 bits wide.
const BEFORE_FIRST: i64 = 5_000_000_000;

/// The number of a row.
pub(super) fn history_id(run: usize) -> i64 {
    i64::try_from(run).map_or(i64::MAX, |run: i64| BEFORE_FIRST.saturating_add(1).saturating_add(run))
}

/// The place of the row with this number.
pub(super) fn run_with(id: i64) -> Option<usize> {
    usize::try_from(id.checked_sub(BEFORE_FIRST + 1)?).ok()
}

impl Job {
    /// The store's type and the kind of job, without anything between them, as seen on real servers.
    fn type_name(&self, store: Option<&Store>) -> String {
        let kind = match self.work.kind() {
            FakeJobKind::Remove | FakeJobKind::Add => "Management",
            FakeJobKind::Inventory => "Inventory",
        };
        format!("{}{kind}", store.map_or("", |store| store.shown.type_name.as_str()))
    }

    fn schedule_type(&self) -> &str {
        self.schedule.as_object().and_then(|members| members.keys().next()).map_or("", String::as_str)
    }

    fn operand<'a>(&'a self, store: Option<&'a Store>, field: &str) -> Operand<'a> {
        match field {
            "AgentId" => Operand::Guid(agent_id()),
            "Agent" => Operand::Text(AGENT_MACHINE.into()),
            "ClientMachine" => store.map_or(Operand::Nothing, |store| Operand::Text(store.machine().into())),
            "JobId" => Operand::Guid(self.id),
            "JobType" => Operand::Text(self.type_name(store).into()),
            "ScheduleType" => Operand::Text(self.schedule_type().into()),
            "TargetPath" => store.map_or(Operand::Nothing, |store| Operand::Text(store.path().into())),
            _ => Operand::Nothing,
        }
    }
}

/// A run with what it belongs to.
#[derive(Clone)]
pub(super) struct HistoryRow<'a> {
    pub(super) index: usize,
    run: &'a Run,
    job: &'a Job,
    store: Option<&'a Store>,
}

impl Queried for HistoryRow<'_> {
    fn operand(&self, field: &str) -> Operand<'_> {
        match field {
            "JobHistoryId" => Operand::Number(history_id(self.index)),
            "Message" => self.run.message.as_ref().map_or(Operand::Nothing, |text| Operand::Text(Cow::Borrowed(text))),
            "OperationStart" => Operand::Time(self.run.start),
            "Result" => Operand::Number(self.run.result.into()),
            "Status" => Operand::Number(self.run.status.into()),
            _ => self.job.operand(self.store, field),
        }
    }
}

impl HistoryRow<'_> {
    fn to_row(&self) -> Value {
        let Self { index, run, job, store } = self;
        json!({
            "JobHistoryId": history_id(*index),
            "AgentMachine": AGENT_MACHINE,
            "JobId": job.id,
            "Schedule": job.schedule,
            "JobType": job.type_name(*store),
            "OperationStart": run.start.to_string(),
            "OperationEnd": run.end.map(|end| end.to_string()),
            "Message": run.message,
            "Result": run.result,
            "Status": run.status,
            "StorePath": store.map(Store::path),
            "ClientMachine": store.map(Store::machine),
        })
    }
}

/// The documented fields; the sort field `JobHistoryId` of the vendor's code, and (assumed) `OperationStart`.
pub(super) const HISTORY: Offer = Offer {
    prefix: "pq",
    fields: &[
        ("Agent", Kind::Text),
        ("AgentId", Kind::Guid),
        ("JobId", Kind::Guid),
        ("JobType", Kind::Text),
        ("Message", Kind::Text),
        ("OperationStart", Kind::Time),
        ("Result", Kind::Number),
        ("ScheduleType", Kind::Text),
        ("Status", Kind::Number),
        ("TargetPath", Kind::Text),
    ],
    sorts: &["JobHistoryId", "OperationStart"],
};

/// A job that waits, with its store.
pub(super) struct ScheduledRow<'a> {
    pub(super) index: usize,
    job: &'a Job,
    store: Option<&'a Store>,
}

impl Queried for ScheduledRow<'_> {
    fn operand(&self, field: &str) -> Operand<'_> {
        if field == "Requested" { Operand::Time(self.job.requested) } else { self.job.operand(self.store, field) }
    }
}

impl ScheduledRow<'_> {
    fn to_row(&self) -> Value {
        let Self { index: _, job, store } = self;
        json!({
            "Id": job.id,
            "ClientMachine": store.map(Store::machine),
            "Target": store.map(Store::path),
            "Schedule": job.schedule,
            "Requested": job.requested.to_string(),
            "JobType": job.type_name(*store),
        })
    }
}

/// `AgentId` and `JobType` are seen in the vendor's code; the others are assumed, as are the sort fields.
pub(super) const SCHEDULED: Offer = Offer {
    prefix: "pq",
    fields: &[
        ("AgentId", Kind::Guid),
        ("ClientMachine", Kind::Text),
        ("JobId", Kind::Guid),
        ("JobType", Kind::Text),
        ("ScheduleType", Kind::Text),
        ("TargetPath", Kind::Text),
    ],
    sorts: &["ClientMachine", "JobType", "Requested"],
};

impl State {
    /// The rows that a query can be about, oldest first.
    pub(super) fn history_rows(&self, filter: &Filter) -> Box<dyn Iterator<Item = HistoryRow<'_>> + '_> {
        let row = |index: usize| {
            let run = self.jobs.runs.get(index)?;
            let job = self.jobs.get(run.job)?;
            Some(HistoryRow { index, run, job, store: self.stores.get(&job.store) })
        };
        match self.jobs.named(filter) {
            None => Box::new((0..self.jobs.runs.len()).filter_map(row)),
            Some(named) => {
                let runs = named.into_iter().filter_map(|job| self.jobs.get(job)).flat_map(|job| &job.runs);
                let mut runs: Vec<usize> = runs.copied().collect();
                runs.sort_unstable();
                Box::new(runs.into_iter().filter_map(row))
            }
        }
    }

    /// The jobs that wait that a query can be about, oldest first.
    pub(super) fn scheduled_rows(&self, filter: &Filter) -> Box<dyn Iterator<Item = ScheduledRow<'_>> + '_> {
        let row = |index: usize| {
            let job = self.jobs.get(index)?;
            let waits = matches!(job.stage, Stage::Waiting | Stage::WillRetry);
            waits.then(|| ScheduledRow { index, job, store: self.stores.get(&job.store) })
        };
        match self.jobs.named(filter) {
            None => Box::new((0..self.jobs.iter().len()).filter_map(row)),
            Some(named) => Box::new(named.into_iter().filter_map(row)),
        }
    }

    pub(super) fn list_history(&mut self, parameters: &Parameters) -> Result<Reply, Reply> {
        self.permit_reading_jobs()?;
        let listing = Listing::read(parameters, &HISTORY, &self.traps)?;
        if listing.is_first_page() {
            let named = self.jobs.named(&listing.filter);
            self.poll(named.as_ref());
        }
        let mut rows = listing.select(self.history_rows(&listing.filter));
        if self.traps.has(Trap::ShufflesHistory) && !listing.is_sorted() {
            let mut shuffled: Vec<HistoryRow<'_>> = rows.collect();
            shuffled.sort_by_key(|row| row.index % 2 == 0);
            rows = Box::new(shuffled.into_iter());
        }
        let times = if self.traps.has(Trap::RepeatsHistory) { 2 } else { 1 };
        let rows = rows.flat_map(|row| std::iter::repeat_n(row, times));
        Ok(listing.reply(rows, &self.traps, |row| row.to_row()))
    }

    pub(super) fn list_scheduled(&self, parameters: &Parameters) -> Result<Reply, Reply> {
        self.permit_reading_jobs()?;
        let listing = Listing::read(parameters, &SCHEDULED, &self.traps)?;
        let rows = listing.select(self.scheduled_rows(&listing.filter));
        Ok(listing.reply(rows, &self.traps, |row| row.to_row()))
    }
}
