//! The answer of calls that create orchestrator jobs: an array of job GUIDs.

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::keyfactor::error::PRODUCT_VERSION;
use crate::keyfactor::types::JobId;
use crate::lenient::{self, RawBody};
use crate::transport::{Cause, Exchange};

/// What the server answered, and what it took.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct JobsAnswer {
    pub(super) job_ids: Vec<JobId>,
    pub(super) unrecognized_entries: Vec<Value>,
    pub(super) correlation_id: Option<String>,
    pub(super) product_version: Option<String>,
    pub(super) attempts: u32,
    pub(super) elapsed: Duration,
    #[serde(skip)]
    pub(super) body: RawBody,
}

impl JobsAnswer {
    /// Takes the body out of the answer, if it can be read.
    pub(super) fn read(exchange: &mut Exchange) -> Result<Self, Cause> {
        let entries = match lenient::json(&exchange.answer.body) {
            Ok(Value::Array(entries)) => entries,
            Ok(_) => return Err(Cause::new("an array of job GUIDs was expected")),
            Err(error) => return Err(Cause::json(&error)),
        };
        let mut job_ids: Vec<JobId> = Vec::with_capacity(entries.len());
        let mut unrecognized_entries = Vec::new();
        for entry in entries {
            match entry.as_str().and_then(|text| text.trim().parse().ok()) {
                Some(id) => job_ids.push(id),
                None => unrecognized_entries.push(entry),
            }
        }
        Ok(Self {
            job_ids,
            unrecognized_entries,
            correlation_id: exchange.trace.correlation_id.clone(),
            product_version: exchange.answer.header(PRODUCT_VERSION).map(str::to_owned),
            attempts: exchange.trace.attempts,
            elapsed: exchange.trace.elapsed,
            body: RawBody(std::mem::take(&mut exchange.answer.body)),
        })
    }

    /// Whether there is exactly one job id for each of `asked`, all different, and nothing else.
    pub(super) fn is_complete(&self, asked: usize) -> bool {
        self.different_jobs() == asked && self.job_ids.len() == asked && self.unrecognized_entries.is_empty()
    }

    fn different_jobs(&self) -> usize {
        self.job_ids.iter().collect::<HashSet<_>>().len()
    }

    pub(super) fn gap(&self, what: &str, asked: usize) -> String {
        format!(
            "the server took the {what} of {asked} location(s), but named {} job(s) and {} entries that are no job ids; {} of \
             the jobs are different",
            self.job_ids.len(),
            self.unrecognized_entries.len(),
            self.different_jobs()
        )
    }

    pub(super) fn finish_audit(&self, exchange: Exchange, asked: usize) {
        let ended = if self.is_complete(asked) { "done" } else { "done, with a gap" };
        let named: Vec<String> = self.job_ids.iter().map(JobId::to_string).collect();
        exchange.audit.finish(ended, &exchange.trace, &named.join(", "));
    }
}
