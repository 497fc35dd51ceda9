//! The handle for orchestrator jobs. Each operation is a file.

mod control;
mod history;
mod report;
mod status;
mod watch;

pub use self::control::{ControlJobs, ControlJobsBuilder, JobAction, JobSelection};
pub use self::history::{JobHistoryEntry, ScheduledJob};
pub(super) use self::history::{LastInventory, last_inventory};
pub use self::report::{FinishedJob, JobChange, JobState, JobsReport, OpenJob, OpenPlace, WatchStopped};
pub use self::status::{JobResult, JobStatus};
pub use self::watch::JobWatch;

use super::client::Client;
use super::error::Error;
use super::error_code::ErrorKind;
use super::query::Query;
use super::types::{JobHistoryId, JobId};

/// What an account needs to read jobs.
const PERMISSION: &str = "The account needs the permission to read orchestrator management (`/agents/management/read/`). \
                          Removing certificates does not need it, so an account may be allowed to remove and not to follow.";

/// The operations on orchestrator jobs. It owns a clone of its [`Client`].
#[derive(Clone, Debug)]
pub struct OrchestratorJobs {
    client: Client,
}

impl OrchestratorJobs {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Follows jobs until they are over.
    ///
    /// A job without a run is pending, not gone. Of several runs the one with the highest number counts; a run that
    /// will be retried is not the end. Finished jobs are not asked for again, and one query names as many jobs as its URL
    /// can hold. The pauses grow from 2 s to 30 s; after 30 minutes what is known is given back.
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
    /// - **Calls:** `GET /OrchestratorJobs/JobHistory` by `JobId`; at the deadline `GET /OrchestratorJobs/ScheduledJobs`.
    /// - **Permissions:** to read orchestrator management (`/agents/management/read/`), **which a removal does not need**;
    ///   [`can_follow`](Self::can_follow) asks before.
    /// - **Arguments:** at least one job id; the same id twice counts once.
    /// - **Errors:** see [`JobWatch::finish`].
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Job History".
    pub fn watch(&self, job_ids: impl IntoIterator<Item: Into<JobId>>) -> JobWatch {
        JobWatch::new(self.clone(), job_ids.into_iter().map(Into::into).collect())
    }

    /// Whether the account may follow jobs. Ask before the first removal: afterwards is too late.
    ///
    /// - **Call:** `GET /OrchestratorJobs/JobHistory`, one row.
    /// - **Permissions:** to read orchestrator management, which is what it asks for.
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Job History".
    ///
    /// # Errors
    /// Those of [`keyfactor::Error`](super::Error), but for the 403 that is the answer.
    pub fn can_follow(&self) -> impl Future<Output = Result<bool, Error>> + Send + use<> {
        let handle = self.clone();
        async move {
            match history::probe(&handle).await {
                Ok(()) => Ok(true),
                Err(error) if error.kind() == Some(ErrorKind::Forbidden) => Ok(false),
                Err(error) => Err(error),
            }
        }
    }

    /// Withdraws jobs before they run.
    ///
    /// - **Call:** `POST /OrchestratorJobs/Unschedule`, answered 204.
    /// - **Permissions:** to modify orchestrator management, and to schedule on certificate stores.
    /// - **Arguments:** at least one job id. It works for management, discovery and reenrollment jobs, not for inventories
    ///   and SSL or SSH jobs.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error).
    /// - **Documented nowhere:** what is answered for a job that runs or is over.
    /// - **Source:** Keyfactor Command reference, "POST Orchestrator Jobs Unschedule".
    pub fn unschedule(&self, job_ids: impl IntoIterator<Item: Into<JobId>>) -> ControlJobsBuilder {
        let selection = JobSelection::Jobs(job_ids.into_iter().map(Into::into).collect());
        ControlJobsBuilder::new(self.clone(), JobAction::Unschedule, selection)
    }

    /// Withdraws every job that a query finds; otherwise as [`unschedule`](Self::unschedule).
    pub fn unschedule_matching(&self, query: Query) -> ControlJobsBuilder {
        ControlJobsBuilder::new(self.clone(), JobAction::Unschedule, JobSelection::Matching(query))
    }

    /// Withdraws the jobs of a report that have not begun, so that an orchestrator that is switched off does not carry
    /// them out months later. Gives the jobs that it asked to withdraw; if there are none, nothing is sent.
    ///
    /// A job may begin between the report and this call, and what the server does with one that runs or is over is
    /// documented nowhere: look at the jobs again afterwards.
    ///
    /// - **Call and permissions:** those of [`unschedule`](Self::unschedule).
    ///
    /// # Errors
    /// Those of [`unschedule`](Self::unschedule).
    pub fn unschedule_open(
        &self,
        report: &JobsReport,
    ) -> impl Future<Output = Result<Vec<JobId>, Error>> + Send + use<> {
        let not_begun = report.still_open().iter().filter(|job| job.place != OpenPlace::Begun);
        let ids: Vec<JobId> = not_begun.map(|job| job.job_id).collect();
        let handle = self.clone();
        async move {
            if !ids.is_empty() {
                handle.unschedule(&ids).send().await?;
            }
            Ok(ids)
        }
    }

    /// Has failed jobs run again, by the numbers of their failed runs.
    ///
    /// - **Call:** `POST /OrchestratorJobs/Reschedule`, answered 204.
    /// - **Permissions:** to modify orchestrator management (assumed).
    /// - **Arguments:** at least one job **history** id, of runs with the result `Failure` that are completed or
    ///   acknowledged. Not for inventories, SSL jobs, fetching of logs, or custom jobs that run at once or once.
    /// - **To follow them:** the job keeps its id (assumed), so say [`after`](JobWatch::after) with the failed runs, or
    ///   the watch tells of the old failure.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error).
    /// - **Source:** Keyfactor Command reference, "POST Orchestrator Jobs Reschedule".
    pub fn reschedule(&self, job_history_ids: impl IntoIterator<Item: Into<JobHistoryId>>) -> ControlJobsBuilder {
        let selection = JobSelection::Runs(job_history_ids.into_iter().map(Into::into).collect());
        ControlJobsBuilder::new(self.clone(), JobAction::Reschedule, selection)
    }

    /// Has every failed job that a query finds run again; otherwise as [`reschedule`](Self::reschedule).
    pub fn reschedule_matching(&self, query: Query) -> ControlJobsBuilder {
        ControlJobsBuilder::new(self.clone(), JobAction::Reschedule, JobSelection::Matching(query))
    }

    /// Takes note of failed jobs and of warnings, by the numbers of their runs.
    ///
    /// - **Call:** `POST /OrchestratorJobs/Acknowledge`, answered 204.
    /// - **Permissions:** to modify orchestrator management (assumed).
    /// - **Arguments:** at least one job **history** id, of runs with the result `Failure` or `Warning` that are completed
    ///   or will be retried.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error).
    /// - **Source:** Keyfactor Command reference, "POST Orchestrator Jobs Acknowledge".
    pub fn acknowledge(&self, job_history_ids: impl IntoIterator<Item: Into<JobHistoryId>>) -> ControlJobsBuilder {
        let selection = JobSelection::Runs(job_history_ids.into_iter().map(Into::into).collect());
        ControlJobsBuilder::new(self.clone(), JobAction::Acknowledge, selection)
    }

    /// Takes note of every run that a query finds; otherwise as [`acknowledge`](Self::acknowledge).
    pub fn acknowledge_matching(&self, query: Query) -> ControlJobsBuilder {
        ControlJobsBuilder::new(self.clone(), JobAction::Acknowledge, JobSelection::Matching(query))
    }

    /// Sends a request that was built before, or that an [`OutcomeUnknown`](super::OutcomeUnknown) gave back.
    ///
    /// Nothing remembers whether it was sent already: calling this twice sends it twice.
    pub fn execute(&self, request: ControlJobs) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        request.run(self.client.clone())
    }
}
