//! Checking whether jobs can be followed, and unscheduling jobs that have not started.

use super::report::{JobsReport, OpenJobPlace};
use crate::keyfactor::error_code::ErrorKind;
use crate::keyfactor::list_pages::{ListCall, PageOf, Row};
use crate::keyfactor::orchestrator_jobs::{OrchestratorJobs, READ_JOBS};
use crate::keyfactor::page_position::PagePosition;
use crate::keyfactor::types::JobId;
use crate::keyfactor::vendor::Error;
use crate::rows::AnyRow;
use crate::transport::{Connection, Path};

impl OrchestratorJobs {
    /// Returns whether the account may read the job history, which following jobs requires. Check this before the
    /// first removal.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// assert!(keyfactor.orchestrator_jobs().can_follow().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /OrchestratorJobs/JobHistory`, one row.
    /// - **Permissions:** to read orchestrator management. The call returns `false` if the account lacks this
    ///   permission.
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Job History".
    ///
    /// # Errors
    /// Those of [`keyfactor::Error`](crate::keyfactor::Error), except a 403, which is returned as `false`.
    pub fn can_follow(&self) -> impl Future<Output = Result<bool, Error>> + Send + use<> {
        let caller = self.caller.clone();
        async move {
            match caller.request(one_run()).send().await {
                Ok(_) => Ok(true),
                Err(error) if error.kind() == Some(ErrorKind::Forbidden) => Ok(false),
                Err(error) => Err(error),
            }
        }
    }

    /// Unschedules the jobs of a report that have not started. Otherwise an orchestrator that is offline runs them
    /// when it comes back, possibly months later. Returns the jobs that were requested to be unscheduled. If there
    /// are none, no request is sent.
    ///
    /// A job may start between the report and this call. What the server does with a job that is running or finished
    /// is undocumented by the vendor, so check the jobs again afterwards.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::Schedule;
    ///
    /// let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());
    /// let removal =
    ///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let report =
    ///     jobs.watch(removal.job_ids()).deadline(Duration::from_millis(100)).finish().await?;
    /// // What its orchestrator has not taken yet is withdrawn.
    /// jobs.unschedule_open(&report).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call and permissions:** those of [`unschedule`](Self::unschedule).
    ///
    /// # Errors
    /// Those of [`unschedule`](Self::unschedule).
    pub fn unschedule_open(
        &self,
        report: &JobsReport,
    ) -> impl Future<Output = Result<Vec<JobId>, Error>> + Send + use<> {
        let not_begun = report.still_open().iter().filter(|job| job.place != OpenJobPlace::Begun);
        let ids: Vec<JobId> = not_begun.map(|job| job.job_id).collect();
        let handle = self.clone();
        async move {
            if !ids.is_empty() {
                handle.unschedule(&ids).send().await?;
            }
            Ok(ids)
        }
    }
}

/// Nothing of it is looked at.
impl Row for AnyRow {
    type Id = ();

    fn id(&self) {}
}

/// One row of the history, whichever it is.
fn one_run() -> PageOf<AnyRow> {
    let call = ListCall {
        name: "keyfactor.orchestrator_jobs.can_follow",
        path: Path::fixed("OrchestratorJobs/JobHistory"),
        query: Vec::new(),
        // It decides whether jobs are followed at all.
        connection: Connection::Own,
        permission_needed: READ_JOBS,
    };
    call.page(PagePosition::first(1))
}
