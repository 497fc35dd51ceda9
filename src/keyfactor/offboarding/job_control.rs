//! Whether jobs can be followed, and how those that have not begun are withdrawn.

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
    /// Whether the account may follow jobs. Ask before the first removal: afterwards is too late.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// assert!(keyfactor.orchestrator_jobs().can_follow().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /OrchestratorJobs/JobHistory`, one row.
    /// - **Permissions:** to read orchestrator management, which is what it asks for.
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Job History".
    ///
    /// # Errors
    /// Those of [`keyfactor::Error`](crate::keyfactor::Error), but for the 403 that is the answer.
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

    /// Withdraws the jobs of a report that have not begun, so that an orchestrator that is switched off does not carry
    /// them out months later. Gives the jobs that it asked to withdraw; if there are none, nothing is sent.
    ///
    /// A job may begin between the report and this call, and what the server does with one that runs or is over is
    /// undocumented by the vendor: look at the jobs again afterwards.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::Schedule;
    ///
    /// let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// let report = jobs.watch(removal.job_ids()).deadline(Duration::from_millis(100)).finish().await?;
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
