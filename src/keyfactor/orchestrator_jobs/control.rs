//! `POST /OrchestratorJobs/Unschedule`, `/Reschedule` and `/Acknowledge`.

use std::collections::HashSet;
use std::hash::Hash;

use serde_json::{Value, json};

use super::OrchestratorJobs;
use crate::keyfactor::change::Silent;
use crate::keyfactor::client::Client;
use crate::keyfactor::error::{Error, Request};
use crate::keyfactor::query::Query;
use crate::keyfactor::types::{JobHistoryId, JobId};
use crate::transport::{ChangeSettings, RetryPolicy};
use crate::validation::{Problems, Reason, ValidationError};

/// Builds a change of jobs; see [`OrchestratorJobs::unschedule`], [`OrchestratorJobs::reschedule`] and
/// [`OrchestratorJobs::acknowledge`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct ControlJobsBuilder {
    handle: OrchestratorJobs,
    request: ControlJobs,
}

/// What is done with jobs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum JobAction {
    /// Withdrawn before it runs.
    Unschedule,
    /// Run again after a failure.
    Reschedule,
    /// Taken note of.
    Acknowledge,
}

/// Which jobs are meant: by id or by a query, never both.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum JobSelection {
    /// Jobs.
    Jobs(Vec<JobId>),
    /// Runs of jobs.
    Runs(Vec<JobHistoryId>),
    /// Whatever the query finds.
    Matching(Query),
}

impl JobAction {
    fn operation(self) -> &'static str {
        match self {
            Self::Unschedule => "keyfactor.orchestrator_jobs.unschedule",
            Self::Reschedule => "keyfactor.orchestrator_jobs.reschedule",
            Self::Acknowledge => "keyfactor.orchestrator_jobs.acknowledge",
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Unschedule => "OrchestratorJobs/Unschedule",
            Self::Reschedule => "OrchestratorJobs/Reschedule",
            Self::Acknowledge => "OrchestratorJobs/Acknowledge",
        }
    }
}

impl ControlJobsBuilder {
    pub(super) fn new(handle: OrchestratorJobs, action: JobAction, selection: JobSelection) -> Self {
        Self { handle, request: ControlJobs { action, selection, meta: ChangeSettings::default() } }
    }

    /// Says why, for the audit event of this change. It stays in this program: nothing of it is sent.
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.request.meta.reason = Some(text.into());
        self
    }

    /// How often this call may be tried, instead of the client's policy.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.request.meta.retry_policy = Some(policy);
        self
    }

    /// Checks everything and gives the request as a value of its own. Nothing is sent.
    ///
    /// # Errors
    /// [`ValidationError`] with every problem: no id; a nil job id; a job history id that is not positive; a query that
    /// cannot be written, or that would match everything.
    pub fn build(self) -> Result<ControlJobs, ValidationError> {
        let Self { handle: _, mut request } = self;
        let mut problems = Problems::default();
        match &mut request.selection {
            JobSelection::Jobs(ids) => {
                once_each(ids);
                problems.check_count("job_ids", ids.len(), usize::MAX, "job id");
                for (index, id) in ids.iter().enumerate() {
                    problems.check_guid(&format!("job_ids[{index}]"), id.get(), "job");
                }
            }
            JobSelection::Runs(ids) => {
                once_each(ids);
                problems.check_count("job_history_ids", ids.len(), usize::MAX, "job history id");
                for (index, id) in ids.iter().enumerate().filter(|(_, id)| id.get() <= 0) {
                    let sentence = format!("{id} is not a positive number");
                    problems.add(format!("job_history_ids[{index}]"), Reason::OutOfRange, sentence);
                }
            }
            JobSelection::Matching(query) => {
                query.check(&mut problems);
                if query.is_all() {
                    problems.add("query", Reason::Empty, "a query is needed: every job would be meant");
                }
            }
        }
        request.meta.check(&mut problems);
        problems.finish()?;
        Ok(request)
    }

    /// Builds the request and sends it.
    ///
    /// # Errors
    /// Those of [`build`](Self::build) as [`Error::Validation`], and those of the call.
    pub async fn send(self) -> Result<(), Error> {
        let handle = self.handle.clone();
        handle.execute(self.build()?).await
    }
}

/// The first of each, in their order.
fn once_each<T: Copy + Eq + Hash>(ids: &mut Vec<T>) {
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
}

/// A checked change of jobs, ready to be sent by [`OrchestratorJobs::execute`].
#[derive(Clone, PartialEq, Debug)]
pub struct ControlJobs {
    action: JobAction,
    selection: JobSelection,
    meta: ChangeSettings,
}

impl ControlJobs {
    /// What is done.
    #[must_use]
    pub fn action(&self) -> JobAction {
        self.action
    }

    /// With which jobs.
    #[must_use]
    pub fn selection(&self) -> &JobSelection {
        &self.selection
    }

    /// What the account needs, if the server answers 403.
    pub(in crate::keyfactor) fn permission_needed(&self) -> &'static str {
        match self.action {
            JobAction::Unschedule => {
                "The account needs the permission to modify orchestrator management (`/agents/management/modify/`) and to \
                 schedule on certificate stores."
            }
            JobAction::Reschedule | JobAction::Acknowledge => {
                "The account needs the permission to modify orchestrator management (`/agents/management/modify/`; assumed \
                 from that of Unschedule)."
            }
        }
    }

    fn targets(&self) -> Value {
        match &self.selection {
            JobSelection::Jobs(ids) => json!(ids),
            JobSelection::Runs(ids) => json!(ids),
            JobSelection::Matching(query) => json!([query.to_string()]),
        }
    }

    /// Exactly one member.
    fn to_json(&self) -> Value {
        match &self.selection {
            JobSelection::Jobs(ids) => json!({"JobIds": ids}),
            JobSelection::Runs(ids) => json!({"JobAuditIds": ids}),
            JobSelection::Matching(query) => json!({"Query": query.to_string()}),
        }
    }

    pub(super) async fn run(self, client: Client) -> Result<(), Error> {
        let change = Silent {
            operation: self.action.operation(),
            path: self.action.path(),
            body: self.to_json(),
            targets: self.targets(),
            meta: self.meta.clone(),
        };
        change.send(&client, Request::ControlJobs(self)).await
    }
}
