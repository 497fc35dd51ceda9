//! `GET /OrchestratorJobs/ScheduledJobs`.

use super::handle::{OrchestratorJobs, PERMISSION};
use crate::keyfactor::list_pages::{ListCall, NumberedPages, Row};
use crate::keyfactor::query::Query;
use crate::keyfactor::types::JobId;
use crate::operation::ListBuilder;
use crate::rows::{RawJson, row};
use crate::transport::{Connection, Path};
use crate::validation::Problems;

impl OrchestratorJobs {
    /// Lists jobs that wait for their orchestrator or their scheduled time.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let jobs = keyfactor.orchestrator_jobs().scheduled(Query::all()).rows()?.collect().await?;
    /// println!("{} jobs wait", jobs.len());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /OrchestratorJobs/ScheduledJobs`, page by page.
    /// - **Permissions:** to read orchestrator management (assumed).
    /// - **Arguments:** a query. Fields seen in use are `AgentId` and `JobType`.
    /// - **Errors:** `rows()` refuses a query that cannot be expressed in the vendor's query language; the rows
    ///   return those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Scheduled Jobs".
    pub fn scheduled(&self, query: Query) -> ListBuilder<ScheduledJobs> {
        ListBuilder::new(self.caller.clone(), ScheduledJobs { query, connection: Connection::Shared })
    }
}

/// A request for scheduled jobs; see [`OrchestratorJobs::scheduled`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::ListBuilder;
/// use clm::keyfactor::{Query, ScheduledJobs};
///
/// let list: ListBuilder<ScheduledJobs> = keyfactor.orchestrator_jobs().scheduled(Query::all());
/// println!("{} jobs", list.rows()?.collect().await?.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ScheduledJobs {
    query: Query,
    connection: Connection,
}

impl ScheduledJobs {
    /// All of them, for a caller who decides by them.
    pub(in crate::keyfactor) fn all_alone() -> Self {
        Self { query: Query::all(), connection: Connection::Own }
    }
}

impl NumberedPages for ScheduledJobs {
    type Row = ScheduledJob;

    fn check(&mut self, problems: &mut Problems) {
        self.query.check(problems);
    }

    fn call(&self) -> ListCall {
        ListCall {
            name: "keyfactor.orchestrator_jobs.scheduled",
            path: Path::fixed("OrchestratorJobs/ScheduledJobs"),
            query: self.query.parameter(),
            connection: self.connection,
            permission_needed: PERMISSION,
        }
    }
}

/// A job that has not run yet, or that will run again.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// for job in keyfactor.orchestrator_jobs().scheduled(Query::all()).rows()?.collect().await? {
///     println!("{} {:?} on {:?}", job.id, job.job_type, job.client_machine);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct ScheduledJob {
    /// The job.
    pub id: JobId,
    /// The machine on which the job will run.
    pub client_machine: Option<String>,
    /// The target of the job.
    pub target: Option<String>,
    /// The type of the job.
    pub job_type: Option<String>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(ScheduledJob: "a scheduled job", Refused {
    id: Needed "Id",
    client_machine: Plain "ClientMachine",
    target: Plain "Target",
    job_type: Plain "JobType",
});

impl Row for ScheduledJob {
    type Id = JobId;

    fn id(&self) -> JobId {
        self.id
    }
}
