//! `GET /OrchestratorJobs/JobHistory` and `GET /OrchestratorJobs/ScheduledJobs`.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{OrchestratorJobs, PERMISSION};
use crate::keyfactor::lookup::{PAGE_SIZE, Paged, Row, Rows};
use crate::keyfactor::query::Query;
use crate::keyfactor::read::{ServerTime, number_or_name};
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::transport::Path;
use crate::validation::{Problems, ValidationError};

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
    pub result: JobResult,
    /// How far it is.
    pub status: JobStatus,
    /// The path of the store.
    pub store_path: Option<String>,
    /// The machine of the store.
    pub client_machine: Option<String>,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Row for JobHistoryEntry {
    type Id = JobHistoryId;

    fn id(&self) -> JobHistoryId {
        self.job_history_id
    }
}

/// How a job ended. Servers write it as a number or as a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[non_exhaustive]
pub enum JobResult {
    /// 0: not known, or not yet.
    Unknown,
    /// 2.
    Success,
    /// 3: it succeeded, and there is something to look at.
    Warning,
    /// 4.
    Failure,
    /// Anything else, as it was sent.
    Other(String),
}

/// How far a job is. Servers write it as a number or as a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[non_exhaustive]
pub enum JobStatus {
    /// 0.
    Unknown,
    /// 1.
    Waiting,
    /// 2.
    InProcess,
    /// 3: it is over.
    Completed,
    /// 4: it is over, and somebody has taken note.
    Acknowledged,
    /// 5: this run is over, and another one follows.
    CompletedWillRetry,
    /// Anything else, as it was sent.
    Other(String),
}

impl<'de> Deserialize<'de> for JobResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = [
            (0, "Unknown", Self::Unknown),
            (2, "Success", Self::Success),
            (3, "Warning", Self::Warning),
            (4, "Failure", Self::Failure),
        ];
        Ok(number_or_name(deserializer)?.find(&table).unwrap_or_else(Self::Other))
    }
}

impl<'de> Deserialize<'de> for JobStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let table = [
            (0, "Unknown", Self::Unknown),
            (1, "Waiting", Self::Waiting),
            (2, "InProcess", Self::InProcess),
            (3, "Completed", Self::Completed),
            (4, "Acknowledged", Self::Acknowledged),
            (5, "CompletedWillRetry", Self::CompletedWillRetry),
        ];
        Ok(number_or_name(deserializer)?.find(&table).unwrap_or_else(Self::Other))
    }
}

/// A job that has not run yet, or that runs again.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct ScheduledJob {
    /// The job.
    pub id: JobId,
    /// The machine on which it will run.
    pub client_machine: Option<String>,
    /// What it acts on.
    pub target: Option<String>,
    /// The kind of job.
    pub job_type: Option<String>,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Row for ScheduledJob {
    type Id = JobId;

    fn id(&self) -> JobId {
        self.id
    }
}

impl OrchestratorJobs {
    /// Lists the runs of jobs, those that are under way among them. **A job without a row here is pending, not gone.**
    ///
    /// - **Call:** `GET /OrchestratorJobs/JobHistory`, page by page.
    /// - **Permissions:** to read orchestrator management, which a removal does not need.
    /// - **Arguments:** a query; documented fields are `AgentId`, `Agent`, `JobId`, `Result`, `Status`, `JobType`,
    ///   `Message`, `OperationStart`, `ScheduleType`, `TargetPath`.
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Job History".
    ///
    /// # Errors
    /// [`ValidationError`] for a query that cannot be written. The rows give the errors of the calls.
    pub fn history(&self, query: &Query) -> Result<Rows<JobHistoryEntry>, ValidationError> {
        let paged = paged("keyfactor.orchestrator_jobs.history", "OrchestratorJobs/JobHistory", query)?;
        Ok(paged.rows(self.client.clone()))
    }

    /// Lists jobs that wait for their orchestrator or their time.
    ///
    /// - **Call:** `GET /OrchestratorJobs/ScheduledJobs`, page by page.
    /// - **Permissions:** to read orchestrator management.
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Scheduled Jobs".
    ///
    /// # Errors
    /// [`ValidationError`] for a query that cannot be written. The rows give the errors of the calls.
    pub fn scheduled(&self, query: &Query) -> Result<Rows<ScheduledJob>, ValidationError> {
        let paged = paged("keyfactor.orchestrator_jobs.scheduled", "OrchestratorJobs/ScheduledJobs", query)?;
        Ok(paged.rows(self.client.clone()))
    }
}

fn paged(operation: &'static str, path: &'static str, query: &Query) -> Result<Paged, ValidationError> {
    let mut problems = Problems::default();
    query.check(&mut problems);
    problems.finish()?;
    Ok(Paged {
        operation,
        path: Path::fixed(path),
        query: vec![("QueryString", query.to_string())],
        page_size: PAGE_SIZE,
        permission_needed: PERMISSION,
    })
}
