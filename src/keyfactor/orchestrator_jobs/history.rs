//! `GET /OrchestratorJobs/JobHistory` and `GET /OrchestratorJobs/ScheduledJobs`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::status::{JobResult, JobStatus};
use super::{OrchestratorJobs, PERMISSION};
use crate::keyfactor::client::Client;
use crate::keyfactor::error::Error;
use crate::keyfactor::lookup::{Answered, PAGE_SIZE, Paged, Read, Row, Rows, VENDORS_PAGE};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::query::Query;
use crate::keyfactor::read::ServerTime;
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
    /// - **Call:** `GET /OrchestratorJobs/JobHistory`, page by page, the latest run first: sorted by `JobHistoryId` as the
    ///   vendor's own provider asks for it.
    /// - **Permissions:** to read orchestrator management, which a removal does not need.
    /// - **Arguments:** a query; documented fields are `AgentId`, `Agent`, `JobId`, `Result`, `Status`, `JobType`,
    ///   `Message`, `OperationStart`, `ScheduleType`, `TargetPath`.
    /// - **Source:** Keyfactor Command reference, "GET Orchestrator Jobs Job History".
    ///
    /// # Errors
    /// [`ValidationError`] for a query that cannot be written. The rows give the errors of the calls.
    pub fn history(&self, query: Query) -> Result<Rows<JobHistoryEntry>, ValidationError> {
        let mut paged = paged("keyfactor.orchestrator_jobs.history", "OrchestratorJobs/JobHistory", query)?;
        paged.query.extend(LATEST_FIRST.map(|(name, value)| (name, value.to_owned())));
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
    pub fn scheduled(&self, query: Query) -> Result<Rows<ScheduledJob>, ValidationError> {
        let paged = paged("keyfactor.orchestrator_jobs.scheduled", "OrchestratorJobs/ScheduledJobs", query)?;
        Ok(paged.rows(self.client.clone()))
    }
}

fn paged(operation: &'static str, path: &'static str, query: Query) -> Result<Paged, ValidationError> {
    let mut problems = Problems::default();
    query.check(&mut problems);
    problems.finish()?;
    let query = query.parameter();
    Ok(Paged { operation, path: Path::fixed(path), query, page_size: PAGE_SIZE, permission_needed: PERMISSION })
}

/// IIS refuses longer URLs by default: its limit is 2,048.
const LONGEST_URL: usize = 2_000;
/// Descending, as the vendor's own provider asks for it.
const LATEST_FIRST: [(&str, &str); 2] = [("SortField", "JobHistoryId"), ("SortAscending", "1")];
/// Rows asked for at once about the jobs of one query.
const HISTORY_PAGE: usize = 1_000;
/// So many pages of runs has no query about a few jobs.
const MOST_PAGES: u32 = 100;

/// One page about these jobs.
fn history_page(jobs: &[JobId], page: u32, rows: usize) -> Read {
    let mut query = Query::field("JobId").one_of(jobs.iter().copied()).parameter();
    query.push(("PageReturned", page.to_string()));
    query.push(("ReturnLimit", rows.to_string()));
    Read {
        operation: "keyfactor.orchestrator_jobs.history",
        path: Path::fixed("OrchestratorJobs/JobHistory"),
        query,
        permission_needed: PERMISSION,
    }
}

/// The last run of an inventory job that ended well.
#[derive(Clone, Debug)]
pub(in crate::keyfactor) enum LastInventory {
    /// That cannot be learnt.
    Unknown,
    /// None has, yet.
    Never,
    Ended {
        run: JobHistoryId,
        at: Option<ServerTime>,
    },
}

/// Reads the last run of an inventory job.
pub(in crate::keyfactor) async fn last_inventory(client: &Client, job: JobId) -> Result<LastInventory, Error> {
    let mut read = history_page(&[job], 1, HISTORY_PAGE);
    read.query.extend(LATEST_FIRST.map(|(name, value)| (name, value.to_owned())));
    let Answered { value: entries, total } = read.send::<Vec<JobHistoryEntry>>(client).await?;
    // A job that recurs gathers runs for years: one page will do, if it is the latest one.
    let is_latest = entries.is_sorted_by(|one, next| one.job_history_id >= next.job_history_id);
    let is_whole = total.is_none_or(|total| entries.len() as u64 >= total) && entries.len() < VENDORS_PAGE;
    if !(is_latest || is_whole) || entries.iter().any(|entry| entry.job_id != job) {
        return Ok(LastInventory::Unknown);
    }
    let over = entries.into_iter().filter(|entry| entry.status == JobStatus::Completed && entry.result.is_success());
    let last = over.max_by_key(|entry| entry.job_history_id);
    Ok(last.map_or(LastInventory::Never, |entry| LastInventory::Ended {
        run: entry.job_history_id,
        at: entry.operation_end,
    }))
}

/// Asks for one row, whichever it is.
pub(super) async fn probe(handle: &OrchestratorJobs) -> Result<(), Error> {
    let read = Read {
        operation: "keyfactor.orchestrator_jobs.can_follow",
        path: Path::fixed("OrchestratorJobs/JobHistory"),
        query: vec![("PageReturned", "1".to_owned()), ("ReturnLimit", "1".to_owned())],
        permission_needed: PERMISSION,
    };
    read.send::<Vec<Value>>(&handle.client).await.map(|_| ())
}

/// All runs of these jobs. No order is asked for: whether a server sorts by `JobHistoryId` is not proven, and the
/// highest number counts anyway.
pub(super) async fn history_of(handle: &OrchestratorJobs, jobs: &[JobId]) -> Result<Vec<JobHistoryEntry>, Error> {
    let asked: HashSet<JobId> = jobs.iter().copied().collect();
    let mut entries: Vec<JobHistoryEntry> = Vec::new();
    let mut seen: HashSet<JobHistoryId> = HashSet::new();
    for page in 1..=MOST_PAGES {
        let read = history_page(jobs, page, HISTORY_PAGE);
        let Answered { value: rows, total } = read.send::<Vec<JobHistoryEntry>>(&handle.client).await?;
        let received = rows.len();
        let known = seen.len();
        for row in rows {
            if !asked.contains(&row.job_id) {
                return Err(LookupError::not_asked("run of job", row.job_id, "other jobs").into());
            }
            seen.insert(row.job_history_id);
            entries.push(row);
        }
        let is_last = match total {
            Some(total) => seen.len() as u64 >= total,
            None => received < VENDORS_PAGE,
        };
        if received == 0 || is_last {
            return Ok(entries);
        }
        if seen.len() == known {
            return Err(LookupError::RepeatedPage { page }.into());
        }
    }
    let rows = seen.len() as u64;
    Err(LookupError::TooManyRows { rows, total: None }.into())
}

impl OrchestratorJobs {
    /// How many jobs one query can name.
    pub(super) fn jobs_per_query(&self) -> usize {
        let nil = JobId::from(uuid::Uuid::nil());
        let length = |jobs: &[JobId]| {
            let read = history_page(jobs, u32::MAX, HISTORY_PAGE);
            self.client.transport().url_length(&read.path, &read.query)
        };
        let (one, two) = (length(&[nil]), length(&[nil, nil]));
        1 + LONGEST_URL.saturating_sub(one) / (two - one).max(1)
    }

    /// Finds out which of these jobs are scheduled. The list has no documented filter by job, so that it is read to the
    /// end, or until all are found. What was found before a failure stays in `scheduled`.
    pub(super) async fn find_scheduled(&self, jobs: Vec<JobId>, scheduled: &mut HashSet<JobId>) -> Result<(), Error> {
        let mut open: HashSet<JobId> = jobs.into_iter().collect();
        let mut rows = self.scheduled(Query::all())?;
        while !open.is_empty() {
            let Some(row) = rows.next().await else { break };
            let id = row?.id;
            if open.remove(&id) {
                scheduled.insert(id);
            }
        }
        Ok(())
    }
}
