//! Jobs, and the orchestrators that run them.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::query::{Filter, Operand};
use super::state::numbered;
use crate::keyfactor::{CertificateStoreId, JobId};

/// A job of the fake; see [`FakeKeyfactor::jobs`](super::FakeKeyfactor::jobs).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate)
///     .send()
///     .await?;
/// for job in scene.keyfactor.jobs() {
///     println!("{:?} {} in {}: {:?}", job.kind, job.alias, job.store, job.state);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FakeJob {
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: FakeJobKind,
    /// The store that it changes or takes inventory of.
    pub store: CertificateStoreId,
    /// The alias that it changes; empty for an inventory job.
    pub alias: String,
    /// Whether it runs repeatedly.
    pub recurring: bool,
    /// Its state.
    pub state: FakeJobState,
}

/// The kind of a job of the fake.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
/// use clm::testing::FakeJobKind;
///
/// keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate)
///     .send()
///     .await?;
/// let removals =
///     scene.keyfactor.jobs().into_iter().filter(|job| job.kind == FakeJobKind::Remove);
/// assert_eq!(removals.count(), 2);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeJobKind {
    /// It removes the certificate with its alias.
    Remove,
    /// It adds a certificate with its alias.
    Add,
    /// It reports to Command what the store holds.
    Inventory,
}

/// The state of a job of the fake.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
/// use clm::testing::FakeJobState;
///
/// let location = &scene.locations()[0];
/// let stores = keyfactor.certificate_stores();
/// stores.remove_certificates([location.clone()], Schedule::Immediate).send().await?;
/// scene.keyfactor.run_jobs();
/// let job = scene.keyfactor.job_of(location.store(), location.alias());
/// assert_eq!(job.map(|it| it.state), Some(FakeJobState::Succeeded));
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum FakeJobState {
    /// No orchestrator has run it yet.
    Waiting,
    /// It is running.
    Running,
    /// A run failed, and it will be retried.
    WillRetry,
    /// It did its work.
    Succeeded,
    /// It did its work, and ended with a warning.
    Warned,
    /// It changed nothing: nothing was under its alias, or the orchestrator failed.
    Failed,
    /// It is gone, without a row in the job history.
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
    pub(super) fields: Map<String, Value>,
    pub(super) schedule: Value,
    pub(super) recurring: bool,
    pub(super) requested: Timestamp,
    pub(super) stage: Stage,
    pub(super) state: FakeJobState,
    /// Polls since it began to wait or to run.
    pub(super) polls: u32,
    pub(super) waiting_since: Instant,
    /// Runs that failed since it was picked up.
    pub(super) retried: u32,
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

/// The beginning of the GUIDs of jobs.
const JOB: u32 = 0x10B0_0000;

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

    /// Those that may still run, oldest first.
    pub(super) fn open(&self) -> Vec<usize> {
        self.open.iter().copied().collect()
    }

    pub(super) fn is_open(&self, index: usize) -> bool {
        self.open.contains(&index)
    }

    /// The jobs that a query can be about: by id, if it names some.
    pub(super) fn named(&self, filter: &Filter) -> Option<BTreeSet<usize>> {
        let ids = filter.only("JobId")?.into_iter().filter_map(|value| match value {
            Operand::Guid(id) => self.find(*id),
            _ => None,
        });
        Some(ids.collect())
    }

    /// That of the job's number, unless it is taken: a state may have been loaded.
    pub(super) fn next_id(&self) -> Uuid {
        let mut number = self.all.len() as u64 + 1;
        while self.by_id.contains_key(&numbered(JOB, number)) {
            number += 1;
        }
        numbered(JOB, number)
    }

    /// A job of a state that is loaded. Its GUID must be new.
    pub(super) fn restore(&mut self, job: Job) {
        let index = self.all.len();
        self.by_id.insert(job.id, index);
        if job.stage != Stage::Over {
            self.open.insert(index);
        }
        self.all.push(job);
    }

    /// A run of a state that is loaded, of a job that is there.
    pub(super) fn restore_run(&mut self, run: Run) {
        if let Some(job) = self.all.get_mut(run.job) {
            job.runs.push(self.runs.len());
            self.runs.push(run);
        }
    }

    /// A new job, which waits.
    pub(super) fn push(&mut self, target: Target, schedule: Schedule, requested: Timestamp) -> Uuid {
        let index = self.all.len();
        let id = self.next_id();
        let Target { work, store, alias, job_fields } = target;
        let Schedule { object, recurring } = schedule;
        self.all.push(Job {
            id,
            work,
            store,
            alias,
            fields: job_fields,
            schedule: object,
            recurring,
            requested,
            stage: Stage::Waiting,
            state: FakeJobState::Waiting,
            polls: 0,
            waiting_since: Instant::now(),
            retried: 0,
            runs: Vec::new(),
        });
        self.by_id.insert(id, index);
        self.open.insert(index);
        id
    }

    pub(super) fn count_poll(&mut self, index: usize) {
        if let Some(job) = self.all.get_mut(index) {
            job.polls = job.polls.saturating_add(1);
        }
    }

    /// A run of it begins.
    pub(super) fn begin(&mut self, index: usize, start: Timestamp) {
        let run = self.runs.len();
        self.runs.push(Run { job: index, start, end: None, message: None, result: UNKNOWN, status: IN_PROCESS });
        if let Some(job) = self.all.get_mut(index) {
            (job.stage, job.state, job.polls) = (Stage::Running, FakeJobState::Running, 0);
            job.runs.push(run);
        }
    }

    /// Its run has ended.
    pub(super) fn end(&mut self, index: usize, end: Timestamp, how: Ended) {
        let run = self.all.get(index).and_then(|job| job.runs.last().copied());
        if let Some(run) = run.and_then(|run| self.runs.get_mut(run)) {
            (run.end, run.result, run.status, run.message) = (Some(end), how.result, how.status, how.message);
        }
    }

    /// Another run of it follows.
    pub(super) fn retry(&mut self, index: usize) {
        if let Some(job) = self.all.get_mut(index) {
            (job.stage, job.state, job.retried) = (Stage::WillRetry, FakeJobState::WillRetry, job.retried + 1);
        }
    }

    /// It will not run any more.
    pub(super) fn close(&mut self, index: usize, state: FakeJobState) {
        self.open.remove(&index);
        if let Some(job) = self.all.get_mut(index) {
            (job.stage, job.state) = (Stage::Over, state);
        }
    }

    /// It waits for an orchestrator again, and shows this state.
    pub(super) fn wait(&mut self, index: usize, state: FakeJobState) {
        self.open.insert(index);
        if let Some(job) = self.all.get_mut(index) {
            (job.stage, job.state, job.polls, job.retried) = (Stage::Waiting, state, 0, 0);
            job.waiting_since = Instant::now();
        }
    }
}

/// What a job does, and where.
pub(super) struct Target {
    pub(super) work: Work,
    pub(super) store: Uuid,
    pub(super) alias: String,
    pub(super) job_fields: Map<String, Value>,
}

impl Target {
    pub(super) fn inventory(store: Uuid) -> Self {
        Self { work: Work::Inventory, store, alias: String::new(), job_fields: Map::new() }
    }
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) result: i32,
    pub(super) status: i32,
    pub(super) message: Option<String>,
}

/// A schedule as it was sent.
#[derive(Clone)]
pub(super) struct Schedule {
    pub(super) object: Value,
    pub(super) recurring: bool,
}
