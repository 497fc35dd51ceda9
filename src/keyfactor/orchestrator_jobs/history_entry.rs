//! Runs of jobs as Command shows them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::status::{JobResult, JobStatus};
use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::keyfactor::values::ServerTime;

/// One run of a job. A job that is retried, or that recurs, has several: the one with the highest number counts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct JobHistoryEntry {
    /// The number of this run.
    pub job_history_id: JobHistoryId,
    /// The job.
    pub job_id: JobId,
    /// The orchestrator's machine.
    pub agent_machine: Option<String>,
    /// The kind of job, for example `WinCertManagement`.
    pub job_type: Option<String>,
    /// When it began.
    pub operation_start: Option<ServerTime>,
    /// When it ended; none while it runs.
    pub operation_end: Option<ServerTime>,
    /// What the orchestrator said. **Untrusted text**: it may hold line ends and control characters.
    pub message: Option<String>,
    /// How it ended.
    #[serde(default = "unknown_result")]
    pub result: JobResult,
    /// How far it is.
    #[serde(default = "unknown_status")]
    pub status: JobStatus,
    /// The path of the store.
    pub store_path: Option<String>,
    /// The machine of the store.
    pub client_machine: Option<String>,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

fn unknown_result() -> JobResult {
    JobResult::Unknown
}

fn unknown_status() -> JobStatus {
    JobStatus::Unknown
}

impl Row for JobHistoryEntry {
    type Id = JobHistoryId;

    fn id(&self) -> JobHistoryId {
        self.job_history_id
    }
}
