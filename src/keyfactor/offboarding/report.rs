//! The results of following jobs.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Serialize;

use super::progress::FollowedJob;
use crate::error_report::counted;
use crate::keyfactor::orchestrator_jobs::{JobHistoryEntry, JobResult, JobStatus};
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::keyfactor::vendor::{Error, SharedError};
use crate::lenient::{clause, one_line};
use crate::operation::{FirstCase, Incomplete};
use crate::validation::{Problems, ValidationError};

/// A change in the state of a job.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// # let stores = keyfactor.certificate_stores();
/// let removal =
///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs();
/// let mut watch = keyfactor.orchestrator_jobs().watch(removal.job_ids());
/// while let Some(change) = watch.next().await {
///     println!("{}", change?);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct JobChange {
    /// The job.
    pub job_id: JobId,
    /// The new state.
    pub state: JobState,
    /// The run that led to this state; `None` for a job that no orchestrator has started.
    pub entry: Option<JobHistoryEntry>,
}

/// The state of a job.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{JobState, Schedule};
///
/// let stores = keyfactor.certificate_stores();
/// let removal =
///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs();
/// let mut watch = keyfactor.orchestrator_jobs().watch(removal.job_ids());
/// while let Some(change) = watch.next().await {
///     let change = change?;
///     match change.state {
///         JobState::Done(result) => println!("{}: {result}", change.job_id),
///         state => println!("{}: {state}", change.job_id),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[non_exhaustive]
pub enum JobState {
    /// No orchestrator has started the job.
    Pending,
    /// An orchestrator is running the job.
    Running,
    /// A run has finished, and the job will be retried.
    WillRetry,
    /// The job has finished. A [`JobResult::Warning`] is a success that needs attention.
    Done(JobResult),
    /// A status that is unknown to this crate, as the server sent it. The job is followed further.
    Other(String),
}

impl JobState {
    fn of(entry: &JobHistoryEntry) -> Self {
        match &entry.status {
            JobStatus::Waiting => Self::Pending,
            JobStatus::InProcess => Self::Running,
            JobStatus::CompletedWillRetry => Self::WillRetry,
            JobStatus::Completed | JobStatus::Acknowledged => Self::Done(entry.result.clone()),
            JobStatus::Unknown | JobStatus::Other(_) => Self::Other(entry.status.as_str().to_owned()),
        }
    }
}

/// The result of following jobs.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// # let stores = keyfactor.certificate_stores();
/// let removal =
///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs();
/// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
/// println!("{} failed, {} open", report.unsuccessful().count(), report.still_open().len());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct JobsReport {
    finished: Vec<FinishedJob>,
    still_open: Vec<OpenJob>,
    last_trouble: Option<String>,
    stopped_by: Option<SharedError>,
}

/// A job that has finished.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// # let stores = keyfactor.certificate_stores();
/// let removal =
///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// # scene.keyfactor.run_jobs();
/// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
/// for job in report.finished().iter().filter(|job| !job.succeeded()) {
///     println!("{job}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct FinishedJob {
    /// The job.
    pub job_id: JobId,
    /// The result of the job.
    pub result: JobResult,
    /// The run that counts: the one with the highest id.
    pub entry: JobHistoryEntry,
}

/// A job that had not finished when the watch ended.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use std::time::Duration;
/// use clm::keyfactor::Schedule;
///
/// # scene.keyfactor.orchestrator(clm::testing::FakeOrchestrator::new().offline());
/// # let stores = keyfactor.certificate_stores();
/// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// let watch = keyfactor.orchestrator_jobs().watch(removal.job_ids()).deadline(Duration::from_millis(10));
/// for job in watch.finish().await?.still_open() {
///     println!("{job}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct OpenJob {
    /// The job.
    pub job_id: JobId,
    /// The place of the job.
    pub place: OpenJobPlace,
    /// The last known run.
    pub entry: Option<JobHistoryEntry>,
}

/// The place of a job that has not finished.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use std::time::Duration;
/// use clm::keyfactor::{OpenJobPlace, Schedule};
///
/// # scene.keyfactor.orchestrator(clm::testing::FakeOrchestrator::new().offline());
/// # let stores = keyfactor.certificate_stores();
/// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
/// let watch = keyfactor.orchestrator_jobs().watch(removal.job_ids()).deadline(Duration::from_millis(10));
/// for job in watch.finish().await?.still_open() {
///     if job.place == OpenJobPlace::Scheduled {
///         println!("job {} still runs when its orchestrator comes back: unschedule it", job.job_id);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[non_exhaustive]
pub enum OpenJobPlace {
    /// The job is scheduled. **It runs when its orchestrator comes back, even if that takes months.**
    Scheduled,
    /// An orchestrator has started the job, or the job is between two runs.
    Begun,
    /// Unknown: the job has no run, and it was not found among the scheduled jobs or these could not be read.
    Unknown,
}

impl FinishedJob {
    /// Returns whether the job succeeded, possibly with a warning.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// assert!(report.finished().iter().all(|job| job.succeeded()));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.result.is_success()
    }
}

/// One line. The orchestrator's message is untrusted text; invisible characters in it are escaped, and a full stop at its
/// end is omitted. [`entry`](FinishedJob::entry) has the message as it was sent.
impl fmt::Display for FinishedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}: {}", self.job_id, one_line(self.result.as_str()))?;
        match &self.entry.message {
            Some(message) if !message.trim().is_empty() => write!(f, ": {}", clause(message)),
            _ => Ok(()),
        }
    }
}

impl JobsReport {
    /// Returns the finished jobs, in the order in which they were requested.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// for job in report.finished() {
    ///     println!("{job}");
    /// }
    /// # assert_eq!(report.finished().len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn finished(&self) -> &[FinishedJob] {
        &self.finished
    }

    /// Returns the jobs that have not finished, in the order in which they were requested.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// for job in report.still_open() {
    ///     println!("{job}");
    /// }
    /// # assert!(report.still_open().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn still_open(&self) -> &[OpenJob] {
        &self.still_open
    }

    /// Returns the finished jobs that did not succeed: failures and unknown results.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// for job in report.unsuccessful() {
    ///     eprintln!("{job}");
    /// }
    /// # assert_eq!(report.unsuccessful().count(), 0);
    /// # Ok(()) }
    /// ```
    pub fn unsuccessful(&self) -> impl Iterator<Item = &FinishedJob> {
        self.finished.iter().filter(|job| !job.succeeded())
    }

    /// Returns whether every job has finished and succeeded, possibly with a warning. It is `false` if there are no
    /// jobs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// assert!(report.all_succeeded());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn all_succeeded(&self) -> bool {
        self.still_open.is_empty() && !self.finished.is_empty() && self.finished.iter().all(FinishedJob::succeeded)
    }

    /// Returns the last temporary error, whether or not a later query succeeded.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// if let Some(trouble) = report.last_trouble() {
    ///     eprintln!("{trouble}");
    /// }
    /// # assert_eq!(report.last_trouble(), None);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn last_trouble(&self) -> Option<&str> {
        self.last_trouble.as_deref()
    }

    /// Returns the error that stopped the watch before its jobs finished and before its deadline, because the server
    /// refused the query. `None` if the watch was not stopped.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// if let Some(error) = report.stopped_by() {
    ///     eprintln!("{}", error.report());
    /// }
    /// # assert!(report.stopped_by().is_none());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn stopped_by(&self) -> Option<&Error> {
        self.stopped_by.as_deref()
    }

    /// Returns an error if any job has failed or has not finished.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// let report = report.require_success()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns [`Incomplete`], which holds this report, if [`all_succeeded`](Self::all_succeeded) is false.
    pub fn require_success(self) -> Result<Self, Incomplete<Self>> {
        if self.all_succeeded() {
            return Ok(self);
        }
        let stopped = self.stopped_by.as_ref();
        let stopped = stopped.map(|error| format!("; following them was stopped: {error}")).unwrap_or_default();
        let gap = format!(
            "of {}, {} did not succeed and {} did not finish{stopped}",
            counted(self.finished.len() + self.still_open.len(), "job"),
            self.unsuccessful().count(),
            self.still_open.len()
        );
        let failed = self.unsuccessful().map(FollowedJob::Finished);
        let first_case =
            FirstCase::of(failed.chain(self.still_open.iter().map(FollowedJob::Open)), |job| job.to_string());
        Err(Incomplete::because(gap, first_case, self))
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl JobsReport {
    /// Returns the report of a watch that has seen these runs. The rules of the watch apply: the run with the highest
    /// id counts, a job without a run is open, and runs of other jobs are ignored. Feature `testing`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{JobId, JobsReport, OpenJobPlace};
    /// use clm::serde_json::{from_value, json};
    /// use clm::uuid::Uuid;
    ///
    /// let [failed, waiting] = [1, 2].map(|it| JobId::from(Uuid::from_u128(it)));
    /// let run = json!({"JobHistoryId": 7, "JobId": failed, "Status": "Completed", "Result": "Failure", "Message": "locked"});
    ///
    /// let report =
    ///     JobsReport::of_runs([failed, waiting], [from_value(run)?]).with_scheduled([waiting]);
    ///
    /// assert_eq!(report.unsuccessful().next().unwrap().entry.message.as_deref(), Some("locked"));
    /// assert_eq!(report.still_open()[0].place, OpenJobPlace::Scheduled);
    /// # Ok(()) }
    /// ```
    pub fn of_runs(
        jobs: impl IntoIterator<Item: Into<JobId>>,
        runs: impl IntoIterator<Item = JobHistoryEntry>,
    ) -> Self {
        let mut known = Known::new(jobs.into_iter().map(Into::into).collect());
        for run in runs {
            known.take(run);
        }
        known.report()
    }

    /// Marks these open jobs as scheduled when the watch ended. Feature `testing`.
    ///
    /// ```
    /// use clm::keyfactor::{JobId, JobsReport, OpenJobPlace};
    /// use clm::uuid::Uuid;
    ///
    /// let job = JobId::from(Uuid::from_u128(1));
    /// let report = JobsReport::of_runs([job], []).with_scheduled([job]);
    /// assert_eq!(report.still_open()[0].place, OpenJobPlace::Scheduled);
    /// ```
    #[must_use]
    pub fn with_scheduled(mut self, jobs: impl IntoIterator<Item: Into<JobId>>) -> Self {
        let scheduled: HashSet<JobId> = jobs.into_iter().map(Into::into).collect();
        for open in self.still_open.iter_mut().filter(|open| scheduled.contains(&open.job_id)) {
            open.place = Job { state: None, entry: open.entry.clone(), scheduled: true }.place();
        }
        self
    }

    /// Sets the error that stopped the watch. Feature `testing`.
    ///
    /// ```
    /// use clm::keyfactor::{Error, JobId, JobsReport, LookupError};
    /// use clm::uuid::Uuid;
    ///
    /// let job = JobId::from(Uuid::from_u128(1));
    /// let error = Error::from(LookupError::UnsupportedVersion { version: "10.4".to_owned() });
    /// let report = JobsReport::of_runs([job], []).with_stopped_by(error);
    /// assert!(report.stopped_by().is_some());
    /// ```
    #[must_use]
    pub fn with_stopped_by(self, error: Error) -> Self {
        Self { stopped_by: Some(error.into()), ..self }
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl JobChange {
    /// Returns the change that a watch reports when it first sees this run. Feature `testing`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{JobChange, JobResult, JobState};
    /// use clm::serde_json::{from_value, json};
    /// use clm::uuid::Uuid;
    ///
    /// let run = json!({"JobHistoryId": 7, "JobId": Uuid::from_u128(1), "Status": "Completed", "Result": "Success"});
    /// assert_eq!(JobChange::of_run(from_value(run)?).state, JobState::Done(JobResult::Success));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn of_run(run: JobHistoryEntry) -> Self {
        Self { job_id: run.job_id, state: JobState::of(&run), entry: Some(run) }
    }

    /// Returns the change that a watch reports for a job that no orchestrator has started. Feature `testing`.
    ///
    /// ```
    /// use clm::keyfactor::{JobChange, JobState};
    /// use clm::uuid::Uuid;
    ///
    /// assert_eq!(JobChange::pending(Uuid::from_u128(1)).state, JobState::Pending);
    /// ```
    pub fn pending(job: impl Into<JobId>) -> Self {
        Self { job_id: job.into(), state: JobState::Pending, entry: None }
    }
}

/// The jobs of a watch.
#[derive(Debug)]
pub(super) struct Known {
    order: Vec<JobId>,
    jobs: HashMap<JobId, Job>,
    /// Runs up to this one are of earlier times.
    after: Option<JobHistoryId>,
    last_trouble: Option<String>,
    stopped_by: Option<SharedError>,
}

#[derive(Debug, Default)]
struct Job {
    state: Option<JobState>,
    /// The run with the highest number.
    entry: Option<JobHistoryEntry>,
    scheduled: bool,
}

impl Job {
    fn is_over(&self) -> bool {
        matches!(self.state, Some(JobState::Done(_)))
    }

    fn place(&self) -> OpenJobPlace {
        match (&self.entry, self.scheduled) {
            // Whether the list of scheduled jobs holds those that run is undocumented by the vendor.
            (Some(entry), _) if entry.status == JobStatus::InProcess => OpenJobPlace::Begun,
            (_, true) => OpenJobPlace::Scheduled,
            (Some(entry), false) if entry.status != JobStatus::Waiting => OpenJobPlace::Begun,
            (_, false) => OpenJobPlace::Unknown,
        }
    }
}

impl Known {
    /// Each job once.
    pub(super) fn new(job_ids: Vec<JobId>) -> Self {
        let mut jobs = HashMap::new();
        let order = job_ids.into_iter().filter(|id| jobs.insert(*id, Job::default()).is_none()).collect();
        Self { order, jobs, after: None, last_trouble: None, stopped_by: None }
    }

    pub(super) fn only_after(&mut self, run: Option<JobHistoryId>) {
        self.after = self.after.max(run);
    }

    /// At least one job, and none of them nil.
    pub(super) fn check(&self) -> Result<(), ValidationError> {
        let mut problems = Problems::default();
        problems.check_count("job_ids", self.order.len(), usize::MAX, "job id");
        for (index, id) in self.order.iter().enumerate() {
            problems.check_guid(format_args!("job_ids[{index}]"), id.get(), "job");
        }
        problems.finish()
    }

    fn in_order(&self) -> impl Iterator<Item = (JobId, &Job)> {
        self.order.iter().filter_map(|id| Some((*id, self.jobs.get(id)?)))
    }

    pub(super) fn open(&self) -> Vec<JobId> {
        self.in_order().filter(|(_, job)| !job.is_over()).map(|(id, _)| id).collect()
    }

    pub(super) fn is_over(&self) -> bool {
        self.jobs.values().all(Job::is_over)
    }

    /// The newest run of a job that an answer holds. An older one than is known changes nothing.
    pub(super) fn take(&mut self, entry: JobHistoryEntry) -> Option<JobChange> {
        if self.after.is_some_and(|after| entry.job_history_id <= after) {
            return self.still_pending(entry.job_id);
        }
        let job = self.jobs.get_mut(&entry.job_id)?;
        if job.is_over() || job.entry.as_ref().is_some_and(|known| known.job_history_id > entry.job_history_id) {
            return None;
        }
        let state = JobState::of(&entry);
        let same_run = job.entry.as_ref().is_some_and(|known| known.job_history_id == entry.job_history_id);
        let changed = !same_run || job.state.as_ref() != Some(&state);
        job.state = Some(state.clone());
        job.entry = Some(entry.clone());
        changed.then_some(JobChange { job_id: entry.job_id, state, entry: Some(entry) })
    }

    /// No run was found: said once for each job.
    pub(super) fn still_pending(&mut self, id: JobId) -> Option<JobChange> {
        let job = self.jobs.get_mut(&id)?;
        if job.state.is_some() {
            return None;
        }
        job.state = Some(JobState::Pending);
        Some(JobChange { job_id: id, state: JobState::Pending, entry: None })
    }

    pub(super) fn scheduled(&mut self, ids: &HashSet<JobId>) {
        for id in ids {
            if let Some(job) = self.jobs.get_mut(id) {
                job.scheduled = true;
            }
        }
    }

    pub(super) fn trouble(&mut self, error: &Error) {
        self.last_trouble = Some(error.to_string());
    }

    pub(super) fn stopped(&mut self, error: SharedError) {
        self.stopped_by = Some(error);
    }

    pub(super) fn report(&self) -> JobsReport {
        let mut finished = Vec::new();
        let mut still_open = Vec::new();
        for (job_id, job) in self.in_order() {
            match (&job.state, &job.entry) {
                (Some(JobState::Done(result)), Some(entry)) => {
                    finished.push(FinishedJob { job_id, result: result.clone(), entry: entry.clone() });
                }
                _ => still_open.push(OpenJob { job_id, place: job.place(), entry: job.entry.clone() }),
            }
        }
        let (last_trouble, stopped_by) = (self.last_trouble.clone(), self.stopped_by.clone());
        JobsReport { finished, still_open, last_trouble, stopped_by }
    }
}
