//! Following jobs until they are over.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::{StreamExt as _, stream};
use tokio::time::{Duration, timeout};

use super::OrchestratorJobs;
use super::history::{JobHistoryEntry, history_of};
use super::report::{JobChange, JobsReport, Known, WatchStopped};
use crate::keyfactor::error::Error;
use crate::keyfactor::poll::{Pace, Polling, may_pass};
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::validation::{Problems, ValidationError};

/// How long the last look at the history may take after the deadline, and that at the scheduled jobs.
const LAST_LOOK: Duration = Duration::from_secs(30);

/// Follows jobs; see [`OrchestratorJobs::watch`]. A `Stream` of changes; [`next`](Self::next) and
/// [`finish`](Self::finish) need no other crate.
#[must_use = "nothing is asked before the first change is asked for"]
pub struct JobWatch {
    known: Arc<Mutex<Known>>,
    state: State,
}

enum State {
    Ready { handle: OrchestratorJobs, pace: Pace },
    Running(Pin<Box<dyn Stream<Item = Result<JobChange, Error>> + Send>>),
}

impl JobWatch {
    pub(super) fn new(handle: OrchestratorJobs, job_ids: Vec<JobId>) -> Self {
        let known = Arc::new(Mutex::new(Known::new(job_ids)));
        Self { known, state: State::Ready { handle, pace: Pace::default() } }
    }

    /// How long the jobs are followed. Default 30 minutes. At the deadline they are looked at once more, and what is known is
    /// given back.
    ///
    /// It has no effect once the first change was asked for.
    pub fn deadline(self, deadline: Duration) -> Self {
        self.paced(|pace| pace.deadline = deadline)
    }

    /// The pause after the first round, and the longest one; in between they double. Default 2 s and 30 s. Each is
    /// shortened at random by up to a half.
    ///
    /// It has no effect once the first change was asked for.
    pub fn pauses(self, first: Duration, longest: Duration) -> Self {
        self.paced(|pace| (pace.first_pause, pace.longest_pause) = (first, longest.max(first)))
    }

    /// Counts runs only that are newer than these: after a [`reschedule`](OrchestratorJobs::reschedule), the failed runs
    /// would end the watch at once. The numbers of runs grow over all jobs.
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

    /// The next change, `None` when every job is over or the deadline has come. See [`report`](Self::report).
    ///
    /// # Errors
    /// See [`finish`](Self::finish). The watch is over then.
    pub async fn next(&mut self) -> Option<Result<JobChange, Error>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// What is known by now.
    #[must_use]
    pub fn report(&self) -> JobsReport {
        locked(&self.known).report()
    }

    /// Follows the jobs to the end, or to the deadline: also then it gives what is known.
    ///
    /// # Errors
    /// [`Error::WatchStopped`], which holds what was known until then, if the server refuses to answer: a 403 says which
    /// permission is missing. [`Error::Validation`] if there is no job id, or a nil one. Trouble that may pass (no
    /// connection, a 5xx) does not end a watch; see [`JobsReport::last_trouble`].
    pub async fn finish(mut self) -> Result<JobsReport, Error> {
        while let Some(change) = self.next().await {
            change?;
        }
        Ok(self.report())
    }
}

impl Stream for JobWatch {
    type Item = Result<JobChange, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let State::Ready { handle, pace } = &self.state {
            let follower = Follower::new(handle.clone(), Arc::clone(&self.known), *pace);
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
    handle: OrchestratorJobs,
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
    fn new(handle: OrchestratorJobs, known: Arc<Mutex<Known>>, pace: Pace) -> Self {
        let (queries, changes) = (VecDeque::new(), VecDeque::new());
        Self { handle, known, polling: Polling::begin(pace), stage: Stage::Beginning, queries, changes }
    }

    async fn next(&mut self) -> Option<Result<JobChange, Error>> {
        loop {
            if let Some(change) = self.changes.pop_front() {
                return Some(Ok(change));
            }
            match self.stage {
                Stage::Over => return None,
                Stage::Beginning => {
                    self.stage = Stage::Asking;
                    if let Err(error) = locked(&self.known).check() {
                        self.stage = Stage::Over;
                        return Some(Err(error.into()));
                    }
                    self.begin_round();
                }
                Stage::Asking | Stage::LastLook => {
                    if let Err(error) = self.ask().await {
                        self.stage = Stage::Over;
                        let stopped = WatchStopped::new(locked(&self.known).report(), error);
                        return Some(Err(Error::WatchStopped(Box::new(stopped))));
                    }
                }
            }
        }
    }

    /// Finished jobs are not asked for again.
    fn begin_round(&mut self) {
        let open = locked(&self.known).open();
        self.queries = open.chunks(self.handle.jobs_per_query().max(1)).map(<[JobId]>::to_vec).collect();
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
        match timeout(self.polling.left(), history_of(&self.handle, jobs)).await {
            Err(_) => self.time_is_up().await,
            Ok(Ok(entries)) => self.take(entries),
            // After the deadline, no error hides what is known.
            Ok(Err(error)) if self.stage == Stage::LastLook || may_pass(&error) => {
                locked(&self.known).trouble(&error);
                self.queries.pop_front();
            }
            Ok(Err(error)) => return Err(error),
        }
        Ok(())
    }

    fn take(&mut self, entries: Vec<JobHistoryEntry>) {
        let asked = self.queries.pop_front().unwrap_or_default();
        let mut runs = latest(entries);
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
        let looked = timeout(LAST_LOOK, self.handle.find_scheduled(open, &mut scheduled)).await;
        let mut known = locked(&self.known);
        known.scheduled(&scheduled);
        if let Ok(Err(error)) = looked {
            known.trouble(&error);
        }
    }
}

/// Of all runs of a job, the one with the highest number, in whatever order they come. An older one may say that the job
/// is over, which runs again by now.
fn latest(entries: Vec<JobHistoryEntry>) -> HashMap<JobId, JobHistoryEntry> {
    let mut latest: HashMap<JobId, JobHistoryEntry> = HashMap::new();
    for entry in entries {
        if latest.get(&entry.job_id).is_none_or(|known| known.job_history_id <= entry.job_history_id) {
            latest.insert(entry.job_id, entry);
        }
    }
    latest
}

/// The ids of a watch: at least one, and none of them nil.
pub(super) fn check(job_ids: &[JobId]) -> Result<(), ValidationError> {
    let mut problems = Problems::default();
    problems.check_count("job_ids", job_ids.len(), usize::MAX, "job id");
    for (index, id) in job_ids.iter().enumerate() {
        problems.check_guid(&format!("job_ids[{index}]"), id.get(), "job");
    }
    problems.finish()
}
