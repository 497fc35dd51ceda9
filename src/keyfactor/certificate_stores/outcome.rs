//! The outcome of calls that create orchestrator jobs: their answer is an array of job GUIDs.

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{CertificateLocation, CertificateStoreEntry};
use crate::keyfactor::error::{Error, Outcome, PRODUCT_VERSION};
use crate::keyfactor::types::{JobId, PermissionScope};
use crate::lenient::{self, RawBody};
use crate::transport::{Cause, Exchange};

/// The server took it: the jobs are scheduled. **Nothing is done yet.** See [`RemoveOutcome`] and [`AddOutcome`].
///
/// [`RemoveOutcome`]: crate::keyfactor::RemoveOutcome
/// [`AddOutcome`]: crate::keyfactor::AddOutcome
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct JobsOutcome<T> {
    job_ids: Vec<JobId>,
    unrecognized_entries: Vec<Value>,
    locations: Vec<T>,
    repeated: Vec<T>,
    scope: PermissionScope,
    correlation_id: Option<String>,
    product_version: Option<String>,
    attempts: u32,
    elapsed: Duration,
    #[serde(skip)]
    body: RawBody,
}

/// How many job ids an error shows.
const SHOWN: usize = 20;

/// What an orchestrator job acts on. Not nameable from outside.
pub trait Target: Sized {
    /// The call, for people.
    const WHAT: &'static str;

    /// For an error that holds the outcome.
    fn outcome(outcome: JobsOutcome<Self>) -> Outcome;
}

impl Target for CertificateLocation {
    const WHAT: &'static str = "removal";

    fn outcome(outcome: JobsOutcome<Self>) -> Outcome {
        Outcome::RemoveCertificates(outcome)
    }
}

impl Target for CertificateStoreEntry {
    const WHAT: &'static str = "addition";

    fn outcome(outcome: JobsOutcome<Self>) -> Outcome {
        Outcome::AddCertificates(outcome)
    }
}

/// What was asked for, each once, what was given again, and where permissions were looked for.
pub(super) struct Asked<T> {
    pub(super) locations: Vec<T>,
    pub(super) repeated: Vec<T>,
    pub(super) scope: PermissionScope,
}

/// The job ids of an answer, and what else stands in it.
pub(super) struct JobIds {
    job_ids: Vec<JobId>,
    unrecognized_entries: Vec<Value>,
}

impl JobIds {
    pub(super) fn read(body: &str) -> Result<Self, Cause> {
        let entries = match lenient::json(body) {
            Ok(Value::Array(entries)) => entries,
            Ok(_) => return Err(Cause::new("an array of job GUIDs was expected")),
            Err(error) => return Err(Cause::json(&error)),
        };
        let mut job_ids: Vec<JobId> = Vec::with_capacity(entries.len());
        let mut unrecognized_entries = Vec::new();
        for entry in entries {
            // The nil GUID names no job.
            match entry.as_str().and_then(|text| text.trim().parse::<JobId>().ok()).filter(|id| !id.get().is_nil()) {
                Some(id) => job_ids.push(id),
                None => unrecognized_entries.push(entry),
            }
        }
        Ok(Self { job_ids, unrecognized_entries })
    }
}

impl<T: Target> JobsOutcome<T> {
    /// Tells the audit, too.
    pub(super) fn new(asked: Asked<T>, jobs: JobIds, exchange: Exchange) -> Self {
        let Asked { locations, repeated, scope } = asked;
        let JobIds { job_ids, unrecognized_entries } = jobs;
        let Exchange { answer, trace, audit, .. } = exchange;
        let outcome = Self {
            job_ids,
            unrecognized_entries,
            locations,
            repeated,
            scope,
            correlation_id: trace.correlation_id.clone(),
            product_version: answer.header(PRODUCT_VERSION).map(str::to_owned),
            attempts: trace.attempts,
            elapsed: trace.elapsed,
            body: RawBody(answer.body),
        };
        let ended = if outcome.is_complete() { "done" } else { "done, with a gap" };
        let named: Vec<String> = outcome.job_ids.iter().map(JobId::to_string).collect();
        audit.finish(ended, &trace, &named.join(", "));
        outcome
    }

    /// The orchestrator jobs, in the order in which the server named them. Whether that is the order of the locations
    /// is documented nowhere. They are all here, also when their number is surprising.
    #[must_use]
    pub fn job_ids(&self) -> &[JobId] {
        &self.job_ids
    }

    /// Entries of the answer that are no GUIDs, or the nil GUID.
    #[must_use]
    pub fn unrecognized_entries(&self) -> &[Value] {
        &self.unrecognized_entries
    }

    /// Where the server was asked to look for permissions.
    #[must_use]
    pub fn scope(&self) -> &PermissionScope {
        &self.scope
    }

    /// Whether there is exactly one job id for each location, all different, and nothing else.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let asked = self.locations.len();
        self.different_jobs() == asked && self.job_ids.len() == asked && self.unrecognized_entries.is_empty()
    }

    fn different_jobs(&self) -> usize {
        self.job_ids.iter().collect::<HashSet<_>>().len()
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Error::Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Error> {
        if self.is_complete() {
            return Ok(self);
        }
        // Whoever only prints the error has the jobs all the same.
        let shown: Vec<String> = self.job_ids.iter().take(SHOWN).map(JobId::to_string).collect();
        let more = self.job_ids.len().saturating_sub(SHOWN);
        let gap = format!(
            "the server took the {} of {} location(s), but named {} job(s) and {} entries that are no job ids; {} of the \
             jobs are different: {}{}",
            T::WHAT,
            self.locations.len(),
            self.job_ids.len(),
            self.unrecognized_entries.len(),
            self.different_jobs(),
            shown.join(", "),
            if more > 0 { format!(" and {more} more") } else { String::new() }
        );
        Err(Error::incomplete(gap, T::outcome(self)))
    }

    /// The server's `X-Keyfactor-Correlation-Id`, for the vendor's support and the server's log.
    #[must_use]
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// The server's `X-Keyfactor-Product-Version` as it was sent, for example `25.4.1+` and a commit.
    #[must_use]
    pub fn product_version(&self) -> Option<&str> {
        self.product_version.as_deref()
    }

    /// How many times the call was tried.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// How long it took altogether.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// The answer as it came.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body.0
    }
}

impl JobsOutcome<CertificateLocation> {
    /// What the removal was asked for, each location once.
    #[must_use]
    pub fn locations(&self) -> &[CertificateLocation] {
        &self.locations
    }

    /// Locations that were given again, exactly alike. They were sent once.
    #[must_use]
    pub fn repeated(&self) -> &[CertificateLocation] {
        &self.repeated
    }
}

impl JobsOutcome<CertificateStoreEntry> {
    /// What was asked for.
    #[must_use]
    pub fn entries(&self) -> &[CertificateStoreEntry] {
        &self.locations
    }
}
