//! The calls that act on jobs: unschedule, reschedule, acknowledge.

use serde_json::Value;
use uuid::Uuid;

use super::body::member;
use super::history::{HISTORY, SCHEDULED, history_id, run_with};
use super::jobs::{ACKNOWLEDGED, COMPLETED, COMPLETED_WILL_RETRY, FAILURE, Run, Stage, WARNING};
use super::list::read_query;
use super::query::{Fields, Filter};
use super::refusal::{bad_request, not_found};
use super::state::State;
use super::{FakeJobKind, FakeJobState};
use crate::testing::server::Reply;

/// Which jobs, or which of their runs, a request is about.
enum Chosen<T> {
    /// Each of them has to be fit for it.
    Ids(Vec<T>),
    /// Those that fit among the ones that the query finds.
    Query(Filter),
}

impl<T> Chosen<T> {
    fn read(body: &Value, name: &str, fields: &Fields, read: impl Fn(&Value) -> Option<T>) -> Result<Self, Reply> {
        match (member(body, name), member(body, "Query")) {
            (Value::Array(ids), Value::Null) if !ids.is_empty() => {
                let ids: Option<Vec<T>> = ids.iter().map(read).collect();
                ids.map(Self::Ids).ok_or_else(|| bad_request(&format!("{name} is not valid.")))
            }
            (Value::Null, Value::String(query)) => Ok(Self::Query(read_query(query, fields)?)),
            _ => Err(bad_request(&format!("Either {name} or Query must be given, and not both."))),
        }
    }
}

impl State {
    /// A job that does not wait any more is left as it is (assumed).
    pub(super) fn unschedule(&mut self, body: &Value) -> Result<Reply, Reply> {
        let guid = |id: &Value| id.as_str().and_then(|id| id.parse::<Uuid>().ok());
        let chosen = Chosen::read(body, "JobIds", SCHEDULED.fields, guid)?;
        self.permit_modifying_jobs()?;
        let jobs: Vec<usize> = match chosen {
            Chosen::Ids(ids) => {
                let found = ids.iter().map(|id| self.jobs.find(*id).ok_or_else(|| not_found(&format!("Job {id}"))));
                found.collect::<Result<_, Reply>>()?
            }
            Chosen::Query(filter) => {
                let rows = self.scheduled_rows(&filter).filter(|row| filter.takes(row));
                rows.map(|row| row.index).filter(|index| !self.is_inventory(*index)).collect()
            }
        };
        for job in &jobs {
            if self.is_inventory(*job) {
                return Err(bad_request("Inventory jobs cannot be unscheduled."));
            }
            if let Some(job) = self.jobs.get(*job) {
                self.permit_scheduling(job.store)?;
            }
        }
        for index in jobs {
            if self.jobs.get(index).is_some_and(|job| matches!(job.stage, Stage::Waiting | Stage::WillRetry)) {
                self.jobs.close(index, FakeJobState::Unscheduled);
            }
        }
        Ok(Reply::no_content())
    }

    fn is_inventory(&self, job: usize) -> bool {
        self.jobs.get(job).is_some_and(|job| job.work.kind() == FakeJobKind::Inventory)
    }

    /// The job waits again, under its GUID, and its next run has a row of its own (assumed).
    pub(super) fn reschedule(&mut self, body: &Value) -> Result<Reply, Reply> {
        let fits = |run: &Run| run.result == FAILURE && matches!(run.status, COMPLETED | ACKNOWLEDGED);
        for run in self.chosen_runs(body, fits, Some(FakeJobKind::Inventory))? {
            if let Some(job) = self.jobs.runs.get(run).map(|run| run.job) {
                self.jobs.wait(job, FakeJobState::Waiting);
            }
        }
        Ok(Reply::no_content())
    }

    pub(super) fn acknowledge(&mut self, body: &Value) -> Result<Reply, Reply> {
        let fits = |run: &Run| {
            matches!(run.result, FAILURE | WARNING) && matches!(run.status, COMPLETED | COMPLETED_WILL_RETRY)
        };
        for run in self.chosen_runs(body, fits, None)? {
            if let Some(run) = self.jobs.runs.get_mut(run) {
                run.status = ACKNOWLEDGED;
            }
        }
        Ok(Reply::no_content())
    }

    /// The runs that a request chooses and that fit.
    fn chosen_runs(
        &self,
        body: &Value,
        fits: impl Fn(&Run) -> bool,
        except: Option<FakeJobKind>,
    ) -> Result<Vec<usize>, Reply> {
        let chosen = Chosen::read(body, "JobAuditIds", HISTORY.fields, Value::as_i64)?;
        self.permit_modifying_jobs()?;
        let fits = |index: usize| {
            let run = self.jobs.runs.get(index)?;
            let kind = self.jobs.get(run.job)?.work.kind();
            Some(fits(run) && except != Some(kind))
        };
        match chosen {
            Chosen::Ids(ids) => {
                let found = ids.into_iter().map(|id| {
                    let index = run_with(id).filter(|index| fits(*index).is_some());
                    let index = index.ok_or_else(|| not_found(&format!("Job history {id}")))?;
                    match fits(index) {
                        Some(true) => Ok(index),
                        _ => Err(bad_request(&format!(
                            "The state of job history {} does not allow this.",
                            history_id(index)
                        ))),
                    }
                });
                found.collect()
            }
            Chosen::Query(filter) => {
                let rows = self.history_rows(&filter).filter(|row| filter.takes(row));
                Ok(rows.map(|row| row.index).filter(|index| fits(*index) == Some(true)).collect())
            }
        }
    }
}
