//! Jobs, and the orchestrators that run them.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::FakeKeyfactor;
use super::orchestrator::{End, FakeOrchestrator, PickUp};
use super::query::{Filter, Operand};
use super::state::{State, numbered};
use super::stores::{Entry, FakeAgent};
use crate::keyfactor::{CertificateStoreId, JobId};

/// A job of the fake.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FakeJob {
    /// Its GUID.
    pub id: JobId,
    /// What it does.
    pub kind: FakeJobKind,
    /// The store on which it acts.
    pub store: CertificateStoreId,
    /// The alias on which it acts; empty for an inventory.
    pub alias: String,
    /// Whether it runs again and again.
    pub recurring: bool,
    /// How far it is.
    pub state: FakeJobState,
}

/// What a job of the fake does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeJobKind {
    /// It removes what stands under its alias.
    Remove,
    /// It puts a certificate under its alias.
    Add,
    /// It tells Command what the store holds.
    Inventory,
}

/// How far a job of the fake is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeJobState {
    /// No orchestrator has run it yet.
    Waiting,
    /// It is under way.
    Running,
    /// A run has failed, and another one follows.
    WillRetry,
    /// It did what it was for.
    Succeeded,
    /// It did what it was for, with a warning.
    Warned,
    /// It changed nothing: there was nothing under its alias, or the orchestrator failed.
    Failed,
    /// It is gone, and nothing tells what became of it.
    Vanished,
    /// It was unscheduled.
    Unscheduled,
}

/// What a job has to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Remove,
    Add { certificate: i32, overwrite: bool },
    Inventory,
}

impl Work {
    pub(super) fn kind(self) -> FakeJobKind {
        match self {
            Self::Remove => FakeJobKind::Remove,
            Self::Add { .. } => FakeJobKind::Add,
            Self::Inventory => FakeJobKind::Inventory,
        }
    }
}

/// Where a job stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Waiting,
    Running,
    WillRetry,
    /// It will not run any more.
    Over,
}

pub(super) struct Job {
    pub(super) id: Uuid,
    pub(super) work: Work,
    pub(super) store: Uuid,
    pub(super) alias: String,
    pub(super) schedule: Value,
    pub(super) recurring: bool,
    pub(super) requested: Timestamp,
    pub(super) stage: Stage,
    pub(super) state: FakeJobState,
    /// Polls since it began to wait or to run.
    polls: u32,
    waiting_since: Instant,
    retried: u32,
    /// Its rows in the history, oldest first.
    pub(super) runs: Vec<usize>,
}

/// One run of a job.
pub(super) struct Run {
    pub(super) job: usize,
    pub(super) start: Timestamp,
    pub(super) end: Option<Timestamp>,
    pub(super) message: Option<String>,
    pub(super) result: i32,
    pub(super) status: i32,
}

pub(super) const UNKNOWN: i32 = 0;
pub(super) const SUCCESS: i32 = 2;
pub(super) const WARNING: i32 = 3;
pub(super) const FAILURE: i32 = 4;
pub(super) const IN_PROCESS: i32 = 2;
pub(super) const COMPLETED: i32 = 3;
pub(super) const ACKNOWLEDGED: i32 = 4;
pub(super) const COMPLETED_WILL_RETRY: i32 = 5;

/// All jobs and their runs.
#[derive(Default)]
pub(super) struct Jobs {
    all: Vec<Job>,
    by_id: HashMap<Uuid, usize>,
    pub(super) runs: Vec<Run>,
    /// Those that may still run.
    open: BTreeSet<usize>,
}

impl Jobs {
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Job> {
        self.all.iter()
    }

    pub(super) fn get(&self, index: usize) -> Option<&Job> {
        self.all.get(index)
    }

    pub(super) fn find(&self, id: Uuid) -> Option<usize> {
        self.by_id.get(&id).copied()
    }

    fn run_of(&mut self, index: usize) -> Option<&mut Run> {
        let run = self.all.get(index)?.runs.last().copied()?;
        self.runs.get_mut(run)
    }

    /// The jobs that a query can be about: by id, if it names some.
    pub(super) fn named(&self, filter: &Filter) -> Option<BTreeSet<usize>> {
        let ids = filter.only("JobId")?.into_iter().filter_map(|value| match value {
            Operand::Guid(id) => self.find(*id),
            _ => None,
        });
        Some(ids.collect())
    }

    /// It will not run any more.
    pub(super) fn close(&mut self, index: usize, state: FakeJobState) {
        self.open.remove(&index);
        if let Some(job) = self.all.get_mut(index) {
            (job.stage, job.state) = (Stage::Over, state);
        }
    }

    /// It waits for an orchestrator, again. Its state keeps telling of the last run.
    pub(super) fn wait(&mut self, index: usize) {
        self.open.insert(index);
        if let Some(job) = self.all.get_mut(index) {
            (job.stage, job.polls, job.retried, job.waiting_since) = (Stage::Waiting, 0, 0, Instant::now());
        }
    }
}

/// What makes jobs go on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drive {
    Poll,
    Time,
    ToTheEnd,
}

impl State {
    pub(super) fn schedule_job(&mut self, work: Work, store: Uuid, alias: String, schedule: Schedule) -> Uuid {
        let index = self.jobs.all.len();
        let id = numbered(0x10B0_0000, index as u64 + 1);
        let requested = self.next_moment();
        self.jobs.all.push(Job {
            id,
            work,
            store,
            alias,
            schedule: schedule.object,
            recurring: schedule.recurring,
            requested,
            stage: Stage::Waiting,
            state: FakeJobState::Waiting,
            polls: 0,
            waiting_since: Instant::now(),
            retried: 0,
            runs: Vec::new(),
        });
        self.jobs.by_id.insert(id, index);
        self.jobs.open.insert(index);
        id
    }

    /// Gives the store this inventory schedule, and the job for it; null is none.
    pub(super) fn schedule_inventory(&mut self, id: Uuid, object: Value) {
        let store = self.store(id);
        store.shown.inventory_schedule = object.clone();
        let before = store.inventory_job.take().and_then(|job| self.jobs.find(job));
        if let Some(index) = before {
            self.jobs.close(index, FakeJobState::Unscheduled);
        }
        if !object.is_null() {
            let schedule = Schedule { object, recurring: true };
            let job = self.schedule_job(Work::Inventory, id, String::new(), schedule);
            self.store(id).inventory_job = Some(job);
        }
    }

    /// Somebody looks at the job history: at these jobs, or at all.
    pub(super) fn poll(&mut self, named: Option<&BTreeSet<usize>>) {
        let polled: Vec<usize> = match named {
            Some(named) => named.iter().filter(|index| self.jobs.open.contains(index)).copied().collect(),
            None => self.jobs.open.iter().copied().collect(),
        };
        for index in polled {
            self.advance(index, Drive::Poll);
        }
    }

    pub(super) fn poll_inventory_of(&mut self, store: Uuid) {
        let concerns =
            |index: &usize| self.jobs.get(*index).is_some_and(|job| job.store == store && job.work == Work::Inventory);
        let polled: BTreeSet<usize> = self.jobs.open.iter().copied().filter(concerns).collect();
        self.poll(Some(&polled));
    }

    /// Runs what the orchestrators run by the clock.
    pub(super) fn run_due(&mut self) {
        let by_clock = |orchestrator: &FakeOrchestrator| matches!(orchestrator.pick_up, PickUp::After(_));
        let own = |store: &super::stores::Store| store.orchestrator.as_ref().is_some_and(by_clock);
        if !by_clock(&self.orchestrator) && !self.stores.values().any(own) {
            return;
        }
        let open: Vec<usize> = self.jobs.open.iter().copied().collect();
        for index in open {
            self.advance(index, Drive::Time);
        }
    }

    pub(super) fn run_all(&mut self) {
        let open: Vec<usize> = self.jobs.open.iter().copied().collect();
        for index in open {
            self.advance(index, Drive::ToTheEnd);
        }
    }

    /// The orchestrator that looks after a store; none if it is away.
    fn orchestrator_of(&self, store: Uuid) -> Option<&FakeOrchestrator> {
        let store = self.stores.get(&store)?;
        let orchestrator = store.orchestrator.as_ref().unwrap_or(&self.orchestrator);
        (store.shown.agent == FakeAgent::Available && orchestrator.pick_up != PickUp::Never).then_some(orchestrator)
    }

    fn advance(&mut self, index: usize, drive: Drive) {
        loop {
            let Some(job) = self.jobs.get(index) else { return };
            let Some(orchestrator) = self.orchestrator_of(job.store) else { return };
            let (pick_up, running_for) = (orchestrator.pick_up, orchestrator.running_for);
            if matches!(job.stage, Stage::Waiting | Stage::WillRetry) {
                let picked_up = match (drive, pick_up) {
                    (Drive::ToTheEnd, _) => true,
                    (Drive::Poll, _) if job.stage == Stage::WillRetry => true,
                    (Drive::Poll, PickUp::Polls(polls)) => job.polls >= polls.max(u32::from(!job.runs.is_empty())),
                    (_, PickUp::After(time)) => job.stage == Stage::Waiting && job.waiting_since.elapsed() >= time,
                    _ => false,
                };
                if !picked_up {
                    return self.count_poll(index, drive);
                }
                self.begin(index);
            }
            match self.jobs.get(index) {
                Some(job) if job.stage == Stage::Running => {
                    if drive != Drive::ToTheEnd && job.polls < running_for {
                        return self.count_poll(index, drive);
                    }
                }
                _ => return,
            }
            self.finish(index);
            let will_retry = self.jobs.get(index).is_some_and(|job| job.stage == Stage::WillRetry);
            if drive != Drive::ToTheEnd || !will_retry {
                return;
            }
        }
    }

    fn count_poll(&mut self, index: usize, drive: Drive) {
        if let (Some(job), Drive::Poll) = (self.jobs.all.get_mut(index), drive) {
            job.polls = job.polls.saturating_add(1);
        }
    }

    fn end_of(&self, index: usize) -> Option<(End, u32)> {
        let orchestrator = self.orchestrator_of(self.jobs.get(index)?.store)?;
        Some((orchestrator.end.clone(), orchestrator.retries))
    }

    fn begin(&mut self, index: usize) {
        if self.end_of(index).is_some_and(|(end, _)| end == End::Vanishes) {
            return self.jobs.close(index, FakeJobState::Vanished);
        }
        let start = self.next_moment();
        let run = self.jobs.runs.len();
        self.jobs.runs.push(Run { job: index, start, end: None, message: None, result: UNKNOWN, status: IN_PROCESS });
        if let Some(job) = self.jobs.all.get_mut(index) {
            (job.stage, job.state, job.polls) = (Stage::Running, FakeJobState::Running, 0);
            job.runs.push(run);
        }
    }

    fn finish(&mut self, index: usize) {
        let Some((end, retries)) = self.end_of(index) else { return };
        let Some(job) = self.jobs.get(index) else { return };
        let (failed, recurring) = (job.retried, job.recurring);
        if failed < retries {
            let message = format!("Attempt {} failed.", failed + 1);
            self.write_end(index, FAILURE, COMPLETED_WILL_RETRY, Some(message));
            if let Some(job) = self.jobs.all.get_mut(index) {
                (job.stage, job.state, job.retried) = (Stage::WillRetry, FakeJobState::WillRetry, failed + 1);
            }
            return;
        }
        let done = match end {
            End::Failure(message) => Err(message),
            End::Warning(message) => self.act(index).map(|()| Some(message)),
            End::Success | End::Vanishes => self.act(index).map(|()| None),
        };
        let (result, state, message) = match done {
            Ok(None) => (SUCCESS, FakeJobState::Succeeded, None),
            Ok(Some(warning)) => (WARNING, FakeJobState::Warned, Some(warning)),
            Err(failure) => (FAILURE, FakeJobState::Failed, Some(failure)),
        };
        self.write_end(index, result, COMPLETED, message);
        self.jobs.close(index, state);
        if recurring {
            self.jobs.wait(index);
        }
    }

    fn write_end(&mut self, index: usize, result: i32, status: i32, message: Option<String>) {
        let end = self.next_moment();
        if let Some(run) = self.jobs.run_of(index) {
            (run.end, run.result, run.status, run.message) = (Some(end), result, status, message);
        }
    }

    /// Does what the job is for, or says why not.
    fn act(&mut self, index: usize) -> Result<(), String> {
        let Some(job) = self.jobs.get(index) else { return Ok(()) };
        let (work, id, alias) = (job.work, job.store, job.alias.clone());
        let store = self.store(id);
        if !store.shown.supports(work.kind()) {
            return Err(format!("The store does not support {:?}.", work.kind()));
        }
        match work {
            Work::Remove => {
                store
                    .held
                    .remove(&alias)
                    .ok_or_else(|| format!("There is no certificate under the alias '{alias}'."))?;
            }
            Work::Add { overwrite: false, .. } if store.held.contains_key(&alias) => {
                return Err(format!("There is a certificate under the alias '{alias}' already."));
            }
            Work::Add { certificate, .. } => {
                store.held.insert(alias.clone(), Entry::of(certificate));
            }
            Work::Inventory => {
                self.take_inventory(id);
                return Ok(());
            }
        }
        self.notice(id, &alias);
        Ok(())
    }
}

/// A schedule as it was sent.
#[derive(Clone)]
pub(super) struct Schedule {
    pub(super) object: Value,
    pub(super) recurring: bool,
}

impl FakeKeyfactor {
    /// All jobs, oldest first.
    #[must_use]
    pub fn jobs(&self) -> Vec<FakeJob> {
        let shown = |job: &Job| FakeJob {
            id: job.id.into(),
            kind: job.work.kind(),
            store: job.store.into(),
            alias: job.alias.clone(),
            recurring: job.recurring,
            state: job.state,
        };
        self.state(|state| state.jobs.iter().map(shown).collect())
    }

    /// Has the orchestrators run every job that waits or is under way to its end, whatever its time: the fake does not
    /// look at schedules. A recurring job runs again at the next call.
    pub fn run_jobs(&self) {
        self.state(State::run_all);
    }
}
