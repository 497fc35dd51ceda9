//! `GET /OrchestratorJobs/JobHistory`.

use super::handle::{OrchestratorJobs, PERMISSION};
use super::history_entry::JobHistoryEntry;
use crate::keyfactor::list_pages::{ListCall, NumberedPages};
use crate::keyfactor::query::Query;
use crate::operation::ListBuilder;
use crate::transport::{Connection, Path};
use crate::validation::Problems;

impl OrchestratorJobs {
    /// Lists the runs of jobs, including runs in progress. **A job without a row is pending, not missing.**
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let failed = Query::field("Result").eq(4);
    /// let mut runs = keyfactor.orchestrator_jobs().history(failed).page_size(500).rows()?;
    /// while let Some(run) = runs.next().await {
    ///     println!("{}", run?.job_id);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /OrchestratorJobs/JobHistory`, page by page, latest run first: sorted by `JobHistoryId`, as
    ///   the vendor's own provider does.
    /// - **Permissions:** to read orchestrator management, which a removal does not require.
    /// - **Arguments:** a query. The documented fields are `AgentId`, `Agent`, `JobId`, `Result`, `Status`,
    ///   `JobType`, `Message`, `OperationStart`, `ScheduleType` and `TargetPath`.
    /// - **Errors:** `rows()` refuses a query that cannot be expressed in the vendor's query language; the rows
    ///   return those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Job History".
    pub fn history(&self, query: Query) -> ListBuilder<JobHistory> {
        ListBuilder::new(
            self.caller.clone(),
            JobHistory { query, order: Order::LatestFirst, connection: Connection::Shared },
        )
    }
}

/// A request for the runs of jobs; see [`OrchestratorJobs::history`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::ListBuilder;
/// use clm::keyfactor::{JobHistory, Query};
///
/// let list: ListBuilder<JobHistory> =
///     keyfactor.orchestrator_jobs().history(Query::field("Result").eq(4));
/// println!("{} failed runs", list.rows()?.collect().await?.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct JobHistory {
    query: Query,
    order: Order,
    connection: Connection,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Order {
    /// Whether a server sorts by `JobHistoryId` is not proven.
    Servers,
    /// As the vendor's own provider asks for it.
    LatestFirst,
}

impl JobHistory {
    /// In the server's own order.
    pub(in crate::keyfactor) fn unsorted(query: Query) -> Self {
        Self { query, order: Order::Servers, connection: Connection::Shared }
    }

    /// The same for a caller who decides by it.
    pub(in crate::keyfactor) fn unsorted_alone(query: Query) -> Self {
        Self { query, order: Order::Servers, connection: Connection::Own }
    }
}

impl NumberedPages for JobHistory {
    type Row = JobHistoryEntry;

    fn check(&mut self, problems: &mut Problems) {
        self.query.check(problems);
    }

    fn call(&self) -> ListCall {
        let mut query = self.query.parameter();
        if self.order == Order::LatestFirst {
            query.extend(LATEST_FIRST.map(|(name, value)| (name.into(), value.to_owned())));
        }
        ListCall {
            name: "keyfactor.orchestrator_jobs.history",
            path: Path::fixed("OrchestratorJobs/JobHistory"),
            query,
            connection: self.connection,
            permission_needed: PERMISSION,
        }
    }
}

/// Descending, as the vendor's own provider asks for it.
pub(in crate::keyfactor) const LATEST_FIRST: [(&str, &str); 2] =
    [("SortField", "JobHistoryId"), ("SortAscending", "1")];
