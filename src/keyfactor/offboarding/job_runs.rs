//! The runs of certain jobs, asked for by their ids.

use std::collections::{HashMap, HashSet};

use crate::keyfactor::list_pages::{NumberedPages as _, PageOf};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::orchestrator_jobs::{JobHistory, JobHistoryEntry, JobStatus, LATEST_FIRST, OrchestratorJobs};
use crate::keyfactor::page_position::{PagePosition, VENDORS_PAGE};
use crate::keyfactor::query::Query;
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::keyfactor::values::ServerTime;
use crate::keyfactor::vendor::{Caller, Error};
use crate::operation::Lookup;
use crate::transport::Connection;

/// IIS refuses longer URLs by default: its limit is 2,048.
const LONGEST_URL: usize = 2_000;
/// Rows asked for at once about the jobs of one query.
const RUNS_PAGE: usize = 1_000;
/// So many pages of runs, or so many runs, has no query about a few jobs.
pub(crate) const MOST_PAGES: u32 = 100;
pub(crate) const MOST_RUNS: usize = 100_000;

/// One page about these jobs. No order is asked for: whether a server sorts by `JobHistoryId` is not proven, and the highest
/// number counts anyway.
fn runs_page(jobs: &[JobId], position: PagePosition) -> PageOf<JobHistoryEntry> {
    JobHistory::unsorted(Query::field("JobId").one_of(jobs.iter().copied())).call().page(position)
}

/// What is known of the runs of an inventory job.
#[derive(Clone, Debug)]
pub(super) enum InventoryRuns {
    /// That cannot be learnt.
    Unknown,
    Known {
        /// The last run, however it ended, or has not.
        newest: Option<JobHistoryId>,
        /// The last one that ended well.
        ended: Option<EndedInventory>,
    },
}

/// A run of an inventory job that ended well.
#[derive(Clone, Debug)]
pub(super) struct EndedInventory {
    pub(super) run: JobHistoryId,
    pub(super) began_at: Option<ServerTime>,
    pub(super) at: Option<ServerTime>,
}

/// Reads the last runs of an inventory job.
pub(super) async fn inventory_runs(caller: &Caller, job: JobId) -> Result<InventoryRuns, Error> {
    let mut page = runs_page(&[job], PagePosition::first(RUNS_PAGE));
    // A confirmation takes it for a part of its proof.
    page.call.connection = Connection::Own;
    page.call.query.extend(LATEST_FIRST.map(|(name, value)| (name.into(), value.to_owned())));
    let (entries, total) = caller.request(page).send().await?.whole()?;
    // A job that recurs gathers runs for years: one page will do, if it is the latest one.
    let is_latest = entries.is_sorted_by(|one, next| one.job_history_id >= next.job_history_id);
    let is_whole = total.is_none_or(|total| entries.len() as u64 >= total) && entries.len() < VENDORS_PAGE;
    if !(is_latest || is_whole) || entries.iter().any(|entry| entry.job_id != job) {
        return Ok(InventoryRuns::Unknown);
    }
    let newest = entries.iter().map(|entry| entry.job_history_id).max();
    let over = entries.into_iter().filter(|entry| entry.status == JobStatus::Completed && entry.result.is_success());
    let ended = over.max_by_key(|entry| entry.job_history_id).map(|entry| EndedInventory {
        run: entry.job_history_id,
        began_at: entry.operation_start,
        at: entry.operation_end,
    });
    Ok(InventoryRuns::Known { newest, ended })
}

/// The last run of each of these jobs: of all its runs, the one with the highest number, in whatever order they come. An older
/// one may say that the job is over, which runs again by now.
pub(super) async fn last_runs(caller: &Caller, jobs: &[JobId]) -> Result<HashMap<JobId, JobHistoryEntry>, Error> {
    let asked: HashSet<JobId> = jobs.iter().copied().collect();
    let mut latest: HashMap<JobId, JobHistoryEntry> = HashMap::new();
    let mut seen: HashSet<JobHistoryId> = HashSet::new();
    let mut position = Some(PagePosition::first(RUNS_PAGE));
    let mut came = 0;
    while let Some(page) = position.filter(|page| page.number <= MOST_PAGES && seen.len() < MOST_RUNS) {
        let (rows, total) = caller.request(runs_page(jobs, page)).send().await?.whole()?;
        let (received, known) = (rows.len(), seen.len());
        came += received as u64;
        for row in rows {
            if !asked.contains(&row.job_id) {
                return Err(LookupError::not_asked("run of job", row.job_id, "another job").into());
            }
            seen.insert(row.job_history_id);
            if latest.get(&row.job_id).is_none_or(|known| known.job_history_id <= row.job_history_id) {
                latest.insert(row.job_id, row);
            }
        }
        let is_last = match total {
            Some(total) => seen.len() as u64 >= total,
            None => received < VENDORS_PAGE,
        };
        match total {
            _ if is_last => return Ok(latest),
            // A run that was not seen may be the last one of its job.
            Some(counted) if received == 0 && came < counted => {
                return Err(LookupError::FewerRowsThanCounted { counted, received: came }.into());
            }
            _ if received == 0 => return Ok(latest),
            _ if seen.len() == known => return Err(LookupError::RepeatedPage { page: page.number }.into()),
            _ => position = page.next(received, total),
        }
    }
    let rows = seen.len() as u64;
    Err(LookupError::TooManyRows { rows, total: None }.into())
}

/// How many jobs one query can name.
pub(super) fn jobs_per_query(caller: &Caller) -> usize {
    let nil = JobId::from(uuid::Uuid::nil());
    let length = |jobs: &[JobId]| {
        let page = runs_page(jobs, PagePosition { number: u32::MAX, size: RUNS_PAGE });
        caller.transport().url_length(&page.call.path, &page.call.query)
    };
    let (one, two) = (length(&[nil]), length(&[nil, nil]));
    1 + LONGEST_URL.saturating_sub(one) / (two - one).max(1)
}

/// Finds out which of these jobs are scheduled. The list has no documented filter by job, so that it is read to the
/// end, or until all are found. What was found before a failure stays in `scheduled`.
pub(super) async fn find_scheduled(
    caller: &Caller,
    jobs: Vec<JobId>,
    scheduled: &mut HashSet<JobId>,
) -> Result<(), Error> {
    let mut open: HashSet<JobId> = jobs.into_iter().collect();
    let handle = OrchestratorJobs { caller: caller.clone() };
    let mut rows = handle.scheduled(Query::all()).within(Lookup::begin(caller)).rows()?;
    while !open.is_empty() {
        let Some(row) = rows.next().await else { break };
        let id = row?.id;
        if open.remove(&id) {
            scheduled.insert(id);
        }
    }
    Ok(())
}
