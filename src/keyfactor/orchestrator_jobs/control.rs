//! `POST /OrchestratorJobs/Unschedule`, `/Reschedule` and `/Acknowledge`.

use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;

use http::Method;
use serde::Serialize;
use serde_json::{Value, json};

use super::handle::OrchestratorJobs;
use crate::keyfactor::answer::no_content;
use crate::keyfactor::query::Query;
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::keyfactor::vendor::{CallLimits, Keyfactor, ReadError};
use crate::operation::{Change, DocumentedCall, Operation, Receipt, RequestBuilder, Taken};
use crate::transport::{Exchange, Path};
use crate::validation::{Problems, Reason};

impl OrchestratorJobs {
    /// Unschedules jobs before they run.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// keyfactor.orchestrator_jobs().unschedule(removal.job_ids()).send().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /OrchestratorJobs/Unschedule`, which returns 204.
    /// - **Permissions:** to modify orchestrator management, and to schedule on certificate stores.
    /// - **Arguments:** at least one job id. Management, discovery and reenrollment jobs are supported; inventory,
    ///   SSL and SSH jobs are not.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Undocumented by the vendor:** the response for a job that is running or finished.
    /// - **Source:** Keyfactor Command reference, "POST Orchestrator Jobs Unschedule".
    pub fn unschedule(&self, job_ids: impl IntoIterator<Item: Into<JobId>>) -> RequestBuilder<ControlJobs> {
        let selection = JobSelection::Jobs(job_ids.into_iter().map(Into::into).collect());
        self.caller.request(ControlJobs { action: JobAction::Unschedule, selection })
    }

    /// Unschedules every job that a query matches. Otherwise it is the same as [`unschedule`](Self::unschedule).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// # keyfactor.certificate_stores().remove_certificates(scene.locations(), clm::keyfactor::Schedule::Immediate).send().await?;
    /// use clm::keyfactor::Query;
    ///
    /// let jobs = keyfactor.orchestrator_jobs();
    /// jobs.unschedule_matching(Query::field("JobType").contains("Management")).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn unschedule_matching(&self, query: Query) -> RequestBuilder<ControlJobs> {
        self.caller.request(ControlJobs { action: JobAction::Unschedule, selection: JobSelection::Matching(query) })
    }

    /// Runs failed jobs again. The ids are those of the failed runs.
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
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /OrchestratorJobs/Reschedule`, which returns 204.
    /// - **Permissions:** to modify orchestrator management (assumed).
    /// - **Arguments:** at least one job **history** id, of a run with the result `Failure` that is completed or
    ///   acknowledged. Inventory jobs, SSL jobs, log retrieval, and custom jobs that run immediately or once are not
    ///   supported.
    /// - **Following the jobs:** a job keeps its id (assumed). Pass the failed runs to
    ///   [`after`](crate::keyfactor::JobWatch::after), or the watch reports the old failure.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Source:** Keyfactor Command reference, "POST Orchestrator Jobs Reschedule".
    pub fn reschedule(
        &self,
        job_history_ids: impl IntoIterator<Item: Into<JobHistoryId>>,
    ) -> RequestBuilder<ControlJobs> {
        let selection = JobSelection::Runs(job_history_ids.into_iter().map(Into::into).collect());
        self.caller.request(ControlJobs { action: JobAction::Reschedule, selection })
    }

    /// Runs every failed job again that a query matches. Otherwise it is the same as
    /// [`reschedule`](Self::reschedule).
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
    /// let failed = Query::field("Result").eq(4);
    /// jobs.reschedule_matching(failed).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn reschedule_matching(&self, query: Query) -> RequestBuilder<ControlJobs> {
        self.caller.request(ControlJobs { action: JobAction::Reschedule, selection: JobSelection::Matching(query) })
    }

    /// Acknowledges failed jobs and warnings. The ids are those of the runs.
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
    /// let failed = Query::field("Result").eq(4);
    /// let runs = jobs.history(failed).rows()?.collect().await?;
    /// jobs.acknowledge(runs.iter().map(|run| run.job_history_id)).send().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /OrchestratorJobs/Acknowledge`, which returns 204.
    /// - **Permissions:** to modify orchestrator management (assumed).
    /// - **Arguments:** at least one job **history** id, of a run with the result `Failure` or `Warning` that is
    ///   completed or will be retried.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Source:** Keyfactor Command reference, "POST Orchestrator Jobs Acknowledge".
    pub fn acknowledge(
        &self,
        job_history_ids: impl IntoIterator<Item: Into<JobHistoryId>>,
    ) -> RequestBuilder<ControlJobs> {
        let selection = JobSelection::Runs(job_history_ids.into_iter().map(Into::into).collect());
        self.caller.request(ControlJobs { action: JobAction::Acknowledge, selection })
    }

    /// Acknowledges every run that a query matches. Otherwise it is the same as [`acknowledge`](Self::acknowledge).
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
    /// let failed = Query::field("Result").eq(4);
    /// jobs.acknowledge_matching(failed).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn acknowledge_matching(&self, query: Query) -> RequestBuilder<ControlJobs> {
        self.caller.request(ControlJobs { action: JobAction::Acknowledge, selection: JobSelection::Matching(query) })
    }
}

/// An action on jobs.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::JobAction;
///
/// # let id = clm::keyfactor::JobId::from(clm::uuid::Uuid::from_u128(1));
/// let request = keyfactor.orchestrator_jobs().unschedule([id]).build()?;
/// assert_eq!(request.action(), JobAction::Unschedule);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum JobAction {
    /// Unschedules jobs before they run.
    Unschedule,
    /// Runs failed jobs again.
    Reschedule,
    /// Acknowledges runs.
    Acknowledge,
}

/// The vendor's name.
impl fmt::Display for JobAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unschedule => "Unschedule",
            Self::Reschedule => "Reschedule",
            Self::Acknowledge => "Acknowledge",
        })
    }
}

/// Selects jobs, either by ids or by a query.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{JobSelection, Query};
///
/// let jobs = keyfactor.orchestrator_jobs();
/// let request = jobs.acknowledge_matching(Query::field("Result").eq(4)).build()?;
/// if let JobSelection::Matching(query) = request.selection() {
///     println!("all runs that match {query}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum JobSelection {
    /// Jobs by id.
    Jobs(Vec<JobId>),
    /// Runs of jobs by id.
    Runs(Vec<JobHistoryId>),
    /// Everything that the query matches.
    Matching(Query),
}

impl JobAction {
    fn operation(self) -> &'static str {
        match self {
            Self::Unschedule => "keyfactor.orchestrator_jobs.unschedule",
            Self::Reschedule => "keyfactor.orchestrator_jobs.reschedule",
            Self::Acknowledge => "keyfactor.orchestrator_jobs.acknowledge",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Unschedule => "OrchestratorJobs/Unschedule",
            Self::Reschedule => "OrchestratorJobs/Reschedule",
            Self::Acknowledge => "OrchestratorJobs/Acknowledge",
        }
    }
}

/// A request that acts on jobs; see [`OrchestratorJobs::unschedule`], [`OrchestratorJobs::reschedule`] and
/// [`OrchestratorJobs::acknowledge`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::ControlJobs;
///
/// # let id = clm::keyfactor::JobId::from(clm::uuid::Uuid::from_u128(1));
/// let request: Request<ControlJobs> = keyfactor.orchestrator_jobs().unschedule([id]).build()?;
/// println!("{}", request.action());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct ControlJobs {
    action: JobAction,
    selection: JobSelection,
}

impl ControlJobs {
    /// Returns the action.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{JobAction, JobSelection, Query};
    ///
    /// let failed = Query::field("Result").eq(4);
    /// let request = keyfactor.orchestrator_jobs().acknowledge_matching(failed.clone()).build()?;
    /// assert_eq!(request.action(), JobAction::Acknowledge);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn action(&self) -> JobAction {
        self.action
    }

    /// Returns the selected jobs.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{JobAction, JobSelection, Query};
    ///
    /// let failed = Query::field("Result").eq(4);
    /// let request = keyfactor.orchestrator_jobs().acknowledge_matching(failed.clone()).build()?;
    /// assert_eq!(request.selection(), &JobSelection::Matching(failed));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn selection(&self) -> &JobSelection {
        &self.selection
    }
}

impl Operation for ControlJobs {
    type Vendor = Keyfactor;
    type Outcome = Receipt;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::change::<Self>(self.action.operation(), Method::POST, Path::fixed(self.action.path()))
    }

    fn check(&mut self, _: &CallLimits, problems: &mut Problems) {
        match &mut self.selection {
            JobSelection::Jobs(ids) => {
                once_each(ids);
                problems.check_count("job_ids", ids.len(), usize::MAX, "job id");
                for (index, id) in ids.iter().enumerate() {
                    problems.check_guid(format_args!("job_ids[{index}]"), id.get(), "job");
                }
            }
            JobSelection::Runs(ids) => {
                once_each(ids);
                problems.check_count("job_history_ids", ids.len(), usize::MAX, "job history id");
                for (index, id) in ids.iter().enumerate().filter(|(_, id)| id.get() <= 0) {
                    let sentence = format!("must be positive, is {id}");
                    problems.add(format!("job_history_ids[{index}]"), Reason::OutOfRange, sentence);
                }
            }
            JobSelection::Matching(query) => {
                query.check(problems);
                if query.is_all() {
                    problems.add("query", Reason::Empty, "must not be empty: it would select every job");
                }
            }
        }
    }

    /// Exactly one member.
    fn body(&self) -> Option<impl Serialize> {
        Some(match &self.selection {
            JobSelection::Jobs(ids) => WireSelection::JobIds(ids),
            JobSelection::Runs(ids) => WireSelection::JobAuditIds(ids),
            JobSelection::Matching(query) => WireSelection::Query(query.to_string()),
        })
    }

    fn audit_targets(&self) -> Value {
        match &self.selection {
            JobSelection::Jobs(ids) => json!(ids),
            JobSelection::Runs(ids) => json!(ids),
            JobSelection::Matching(query) => json!([query.to_string()]),
        }
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(match self.action {
            JobAction::Unschedule => {
                "The account needs the permission to modify orchestrator management (`/agents/management/modify/`) and to \
                 schedule on certificate stores."
            }
            JobAction::Reschedule | JobAction::Acknowledge => {
                "The account needs the permission to modify orchestrator management (`/agents/management/modify/`; assumed \
                 from that of Unschedule)."
            }
        })
    }

    fn how_to_find_out(&self) -> &'static str {
        "Read the jobs again: GET /OrchestratorJobs/ScheduledJobs shows scheduled jobs, GET \
         /OrchestratorJobs/JobHistory the status of past runs."
    }

    fn read(&self, exchange: &Exchange) -> Result<Receipt, ReadError> {
        no_content(exchange)
    }
}

/// One member, which says what the jobs are chosen by.
#[derive(Serialize)]
enum WireSelection<'a> {
    JobIds(&'a [JobId]),
    JobAuditIds(&'a [JobHistoryId]),
    Query(String),
}

impl Change for ControlJobs {
    const ITEM: &'static str = "job";

    fn taken(&self, _: &Receipt) -> Taken {
        match self.action {
            JobAction::Unschedule | JobAction::Acknowledge => Taken::Done,
            // The jobs are to run again.
            JobAction::Reschedule => Taken::Accepted,
        }
    }
}

/// The first of each, in their order.
fn once_each<T: Copy + Eq + Hash>(ids: &mut Vec<T>) {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
}
