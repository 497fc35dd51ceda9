//! Following jobs until they have finished.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use tokio::time::{Duration, timeout};

use super::job_runs::{find_scheduled, jobs_per_query, last_runs};
use super::poll::{Pace, Polling};
use super::report::{JobChange, JobsReport, Known};
use crate::keyfactor::orchestrator_jobs::{JobHistoryEntry, OrchestratorJobs};
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::keyfactor::vendor::{Caller, Error, SharedError};
use crate::transport::CallName;

impl OrchestratorJobs {
    /// Follows jobs until they have finished.
    ///
    /// A job without a run is pending, not missing. If a job has several runs, the run with the highest id counts; a
    /// run that will be retried does not finish the job. Finished jobs are not queried again, and each query names as
    /// many jobs as fit in its URL. The interval between queries grows from 2 s to 30 s. After 30 minutes, the watch
    /// returns what is known.
    ///
    /// ```no_run
    /// # async fn follow(keyfactor: clm::keyfactor::Client, removal: clm::keyfactor::RemoveOutcome) -> Result<(), clm::keyfactor::Error> {
    /// let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?;
    /// for job in report.unsuccessful() {
    ///     println!("{job}");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// - **Calls:** `GET /OrchestratorJobs/JobHistory`, filtered by `JobId`; at the deadline
    ///   `GET /OrchestratorJobs/ScheduledJobs`.
    /// - **Permissions:** to read orchestrator management (`/agents/management/read/`), **which a removal does not
    ///   require**; check it with [`can_follow`](Self::can_follow) first.
    /// - **Arguments:** at least one job id. Duplicate ids are ignored.
    /// - **Errors:** see [`JobWatch::finish`].
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Job History".
    pub fn watch(&self, job_ids: impl IntoIterator<Item: Into<JobId>>) -> JobWatch {
        JobWatch::new(self.caller.clone(), job_ids.into_iter().map(Into::into).collect())
    }
}

/// How long the last look at the history may take after the deadline, and that at the scheduled jobs.
const LAST_LOOK: Duration = Duration::from_secs(30);

/// A watch that follows jobs; see [`OrchestratorJobs::watch`]. It is a `Stream` of changes. [`next`](Self::next) and
/// [`finish`](Self::finish) work without a stream library.
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
/// let watch = keyfactor.orchestrator_jobs().watch(removal.job_ids());
/// let report = watch.finish().await?.require_success()?;
/// # Ok(()) }
/// ```
#[must_use = "nothing is sent until the first change is requested"]
pub struct JobWatch {
    known: Arc<Mutex<Known>>,
    state: State,
}

enum State {
    Ready { caller: Caller, pace: Pace },
    Running(Pin<Box<dyn Stream<Item = Result<JobChange, SharedError>> + Send>>),
}

impl JobWatch {
    fn new(caller: Caller, job_ids: Vec<JobId>) -> Self {
        let known = Arc::new(Mutex::new(Known::new(job_ids)));
        Self { known, state: State::Ready { caller, pace: Pace::default() } }
    }

    /// Sets how long the jobs are followed. The default is 30 minutes. At the deadline the jobs are queried once
    /// more, and the watch returns what is known.
    ///
    /// This has no effect after the first change has been requested.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let watch = keyfactor.orchestrator_jobs().watch(removal.job_ids());
    /// let report = watch.deadline(Duration::from_millis(100)).finish().await?;
    /// println!("{} open", report.still_open().len());
    /// # Ok(()) }
    /// ```
    pub fn deadline(self, deadline: Duration) -> Self {
        self.paced(|pace| pace.deadline = deadline)
    }

    /// Sets the first and the longest interval between queries. The interval doubles after each round. The defaults
    /// are 2 s and 30 s. Each interval is shortened by a random amount of up to one half.
    ///
    /// This has no effect after the first change has been requested.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let watch = keyfactor.orchestrator_jobs().watch(removal.job_ids());
    /// let report =
    ///     watch.pauses(Duration::from_millis(10), Duration::from_millis(50)).finish().await?;
    /// # Ok(()) }
    /// ```
    pub fn pauses(self, first: Duration, longest: Duration) -> Self {
        self.paced(|pace| (pace.first_pause, pace.longest_pause) = (first, longest.max(first)))
    }

    /// Ignores these runs and all earlier ones. Use it after a [`reschedule`](OrchestratorJobs::reschedule), where
    /// the failed runs would otherwise end the watch at once. Run ids increase across all jobs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # use clm::testing::FakeOrchestrator;
    /// # scene.keyfactor.orchestrator(FakeOrchestrator::new().after_polls(0).fails("locked"));
    /// # keyfactor.certificate_stores().remove_certificates(scene.locations(), clm::keyfactor::Schedule::Immediate).send().await?;
    /// # scene.keyfactor.run_jobs();
    /// use clm::keyfactor::Query;
    ///
    /// let jobs = keyfactor.orchestrator_jobs();
    /// let failed = Query::field("Result").eq(4).and(Query::field("JobType").contains("Management"));
    /// let runs = jobs.history(failed).rows()?.collect().await?;
    /// jobs.reschedule(runs.iter().map(|run| run.job_history_id)).send().await?;
    /// # scene.keyfactor.orchestrator(FakeOrchestrator::new().after_polls(0)); scene.keyfactor.run_jobs();
    /// let watch = jobs.watch(runs.iter().map(|run| run.job_id));
    /// let report = watch.after(runs.iter().map(|run| run.job_history_id)).finish().await?;
    /// # Ok(()) }
    /// ```
    pub fn after(self, job_history_ids: impl IntoIterator<Item: Into<JobHistoryId>>) -> Self {
        let newest = job_history_ids.into_iter().map(Into::into).max();
        locked(&self.known).only_after(newest);
        self
    }

    fn paced(mut self, set: impl FnOnce(&mut Pace)) -> Self {
        if let State::Ready { pace, .. } = &mut self.state {
            set(pace);
        }
        self
    }

    /// Returns the next change, or `None` when every job has finished, the deadline has passed, or the watch has
    /// stopped because of an error. See [`report`](Self::report).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let watch = keyfactor.orchestrator_jobs().watch(removal.job_ids());
    /// let mut watch = watch.pauses(Duration::from_millis(10), Duration::from_millis(50));
    /// while let Some(change) = watch.next().await {
    ///     let change = change?;
    ///     println!("{change}");
    /// }
    /// assert!(watch.report().all_succeeded());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The error that stopped the watch. It is returned once, and is also in the report.
    pub async fn next(&mut self) -> Option<Result<JobChange, SharedError>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Returns what is known so far.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let watch = keyfactor.orchestrator_jobs().watch(removal.job_ids());
    /// assert_eq!(watch.report().still_open().len(), 2);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn report(&self) -> JobsReport {
        locked(&self.known).report()
    }

    /// Follows the jobs until they have finished or the deadline has passed, and returns the report, even if the
    /// watch stopped early. If the server refuses the query, [`JobsReport::stopped_by`] holds the error; a 403 names
    /// the missing permission. Temporary errors, such as a lost connection or a 5xx, do not stop the watch; see
    /// [`JobsReport::last_trouble`].
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
    ///
    /// # Errors
    /// [`Error::Validation`], before anything is sent, if there is no job id or one is nil.
    pub async fn finish(mut self) -> Result<JobsReport, Error> {
        locked(&self.known).check()?;
        while self.next().await.is_some() {}
        Ok(self.report())
    }
}

impl Stream for JobWatch {
    type Item = Result<JobChange, SharedError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::Ready { caller, pace } = &self.state {
            let follower = Follower::new(caller.clone(), Arc::clone(&self.known), *pace);
            let changes = stream::unfold(follower, |mut follower| async {
                let change = follower.next().await?;
                Some((change, follower))
            });
            // Asked again after its end, it ends again.
            self.state = State::Running(Box::pin(changes.fuse()));
        }
        match &mut self.state {
            State::Running(changes) => changes.as_mut().poll_next(context),
            State::Ready { .. } => Poll::Ready(None),
        }
    }
}

impl fmt::Debug for JobWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobWatch").field("report", &self.report()).finish_non_exhaustive()
    }
}

/// Also after a panic elsewhere: it is plain data.
fn locked(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks for the open jobs round by round.
struct Follower {
    caller: Caller,
    known: Arc<Mutex<Known>>,
    polling: Polling,
    stage: Stage,
    /// What the round still has to ask for.
    queries: VecDeque<Vec<JobId>>,
    /// Changes that were found and not given yet.
    changes: VecDeque<JobChange>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Beginning,
    Asking,
    /// After the deadline, once more.
    LastLook,
    Over,
}

impl Follower {
    fn new(caller: Caller, known: Arc<Mutex<Known>>, pace: Pace) -> Self {
        let (queries, changes) = (VecDeque::new(), VecDeque::new());
        Self { caller, known, polling: Polling::begin(pace), stage: Stage::Beginning, queries, changes }
    }

    async fn next(&mut self) -> Option<Result<JobChange, SharedError>> {
        loop {
            if let Some(change) = self.changes.pop_front() {
                return Some(Ok(change));
            }
            match self.stage {
                Stage::Over => return None,
                Stage::Beginning => {
                    self.stage = Stage::Asking;
                    let checked = locked(&self.known).check().map_err(Error::from);
                    let call = || CallName::get("OrchestratorJobs/JobHistory");
                    if let Err(error) = checked.and_then(|()| self.caller.check_runtime(call)) {
                        return Some(Err(self.stop(error)));
                    }
                    self.begin_round();
                }
                Stage::Asking | Stage::LastLook => {
                    if let Err(error) = self.ask().await {
                        return Some(Err(self.stop(error)));
                    }
                }
            }
        }
    }

    /// The watch is over, and its report says why.
    fn stop(&mut self, error: Error) -> SharedError {
        self.stage = Stage::Over;
        let error = SharedError::from(error);
        locked(&self.known).stopped(error.clone());
        error
    }

    /// Finished jobs are not asked for again.
    fn begin_round(&mut self) {
        let open = locked(&self.known).open();
        self.queries = open.chunks(jobs_per_query(&self.caller).max(1)).map(<[JobId]>::to_vec).collect();
        if self.queries.is_empty() {
            self.stage = Stage::Over;
        }
    }

    /// One query, or the pause after a round.
    async fn ask(&mut self) -> Result<(), Error> {
        let Some(jobs) = self.queries.front() else {
            if locked(&self.known).is_over() {
                self.stage = Stage::Over;
            } else if self.stage == Stage::LastLook {
                self.time_is_up().await;
            } else {
                // What ended during the last pause is not to be called open.
                if self.polling.pause().await.is_none() {
                    self.stage = Stage::LastLook;
                    self.polling.extend(LAST_LOOK);
                }
                self.begin_round();
            }
            return Ok(());
        };
        match timeout(self.polling.left(), last_runs(&self.caller, jobs)).await {
            Err(_) => self.time_is_up().await,
            Ok(Ok(runs)) => self.take(runs),
            // After the deadline, no error hides what is known.
            Ok(Err(error)) if self.stage == Stage::LastLook || error.failure_scope().is_transient() => {
                locked(&self.known).trouble(&error);
                self.queries.pop_front();
            }
            Ok(Err(error)) => return Err(error),
        }
        Ok(())
    }

    fn take(&mut self, mut runs: HashMap<JobId, JobHistoryEntry>) {
        let asked = self.queries.pop_front().unwrap_or_default();
        let mut known = locked(&self.known);
        self.changes.extend(asked.into_iter().filter_map(|job| match runs.remove(&job) {
            Some(run) => known.take(run),
            None => known.still_pending(job),
        }));
    }

    /// Which open jobs wait for their orchestrator? If that cannot be learnt, they stay unknown.
    async fn time_is_up(&mut self) {
        self.stage = Stage::Over;
        let open = locked(&self.known).open();
        let mut scheduled = HashSet::new();
        let looked = timeout(LAST_LOOK, find_scheduled(&self.caller, open, &mut scheduled)).await;
        let mut known = locked(&self.known);
        known.scheduled(&scheduled);
        if let Ok(Err(error)) = looked {
            known.trouble(&error);
        }
    }
}
