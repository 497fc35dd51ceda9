//! Job history rows.

use super::status::{JobResult, JobStatus};
use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::keyfactor::values::ServerTime;
use crate::rows::{RawJson, row};
use crate::transport::Secrets;

/// A run of a job. A job that is retried or recurs has several runs; the one with the highest id counts.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// for run in keyfactor.orchestrator_jobs().history(Query::all()).rows()?.collect().await? {
///     println!("job {}: {}, {}, {:?}", run.job_id, run.status, run.result, run.message);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct JobHistoryEntry {
    /// The id of this run.
    pub job_history_id: JobHistoryId,
    /// The job.
    pub job_id: JobId,
    /// The orchestrator's machine.
    pub agent_machine: Option<String>,
    /// The type of the job, for example `WinCertManagement`.
    pub job_type: Option<String>,
    /// When the run started.
    pub operation_start: Option<ServerTime>,
    /// When the run ended; `None` while it is in progress.
    pub operation_end: Option<ServerTime>,
    /// The orchestrator's message. **This is untrusted text** that may contain line breaks and control characters.
    /// The client's credential is redacted; the job fields of the removal are not, because this call does not know
    /// them.
    pub message: Option<String>,
    /// The result of the run.
    pub result: JobResult,
    /// The status of the run.
    pub status: JobStatus,
    /// The path of the store.
    pub store_path: Option<String>,
    /// The machine of the store.
    pub client_machine: Option<String>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(JobHistoryEntry: "a job history entry", Refused {
    job_history_id: Needed "JobHistoryId",
    agent_machine: Plain "AgentMachine",
    job_id: Needed "JobId",
    job_type: Plain "JobType",
    operation_start: Plain "OperationStart",
    operation_end: Plain "OperationEnd",
    message: Plain "Message",
    result: Once "Result",
    status: Once "Status",
    store_path: Plain "StorePath",
    client_machine: Plain "ClientMachine",
});

impl Row for JobHistoryEntry {
    type Id = JobHistoryId;

    fn id(&self) -> JobHistoryId {
        self.job_history_id
    }

    fn redact(&mut self, secrets: &Secrets) {
        if let Some(message) = &mut self.message {
            secrets.redact_in(message);
        }
        if let JobResult::Other(sent) = &mut self.result {
            secrets.redact_in(sent);
        }
        if let JobStatus::Other(sent) = &mut self.status {
            secrets.redact_in(sent);
        }
    }
}
