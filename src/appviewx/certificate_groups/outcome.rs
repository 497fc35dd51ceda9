//! What the server answered to one call.

use std::collections::HashSet;
use std::time::Duration;

use serde::Serialize;

use super::moving::Move;
use crate::appviewx::envelope::Envelope;
use crate::appviewx::error::Error;
use crate::appviewx::types::ResourceId;
use crate::lenient::RawBody;
use crate::transport::Trace;

/// The server took the unassignment or the assignment.
///
/// Which ids it confirmed is read from a member, `Successful Ids`, that the vendor documents by a sample of the
/// unassignment alone. That an assignment is answered alike is **assumed**: where it is not, every id is unconfirmed.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct MoveOutcome<M> {
    #[serde(flatten)]
    target: M,
    successful_ids: Vec<ResourceId>,
    unconfirmed_ids: Vec<ResourceId>,
    unexpected_ids: Vec<ResourceId>,
    repeated: Vec<ResourceId>,
    message: Option<String>,
    attempts: u32,
    elapsed: Duration,
    #[serde(skip)]
    body: RawBody,
}

impl<M: Move> MoveOutcome<M> {
    pub(super) fn new(
        target: M,
        asked: Vec<ResourceId>,
        repeated: Vec<ResourceId>,
        envelope: Envelope,
        trace: &Trace,
        body: String,
    ) -> Self {
        let named = envelope.successful_ids();
        let unexpected_ids = {
            let asked: HashSet<&ResourceId> = asked.iter().collect();
            named.iter().filter(|id| !asked.contains(id)).cloned().collect()
        };
        let confirmed: HashSet<&ResourceId> = named.iter().collect();
        let (successful_ids, unconfirmed_ids) = asked.into_iter().partition(|id| confirmed.contains(id));
        Self {
            target,
            successful_ids,
            unconfirmed_ids,
            unexpected_ids,
            repeated,
            message: envelope.message,
            attempts: trace.attempts,
            elapsed: trace.elapsed,
            body: RawBody(body),
        }
    }

    /// The ids that were asked for and that the server confirmed, in the order in which they were asked for.
    #[must_use]
    pub fn successful_ids(&self) -> &[ResourceId] {
        &self.successful_ids
    }

    /// The ids that were asked for and that the answer does not name. They may have been moved or not.
    #[must_use]
    pub fn unconfirmed_ids(&self) -> &[ResourceId] {
        &self.unconfirmed_ids
    }

    /// What the answer names although nobody asked for it.
    #[must_use]
    pub fn unexpected_ids(&self) -> &[ResourceId] {
        &self.unexpected_ids
    }

    /// Ids that were given again. They were sent once.
    #[must_use]
    pub fn repeated(&self) -> &[ResourceId] {
        &self.repeated
    }

    /// What the server said.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// Whether the server confirmed every id that was asked for, and no other.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unconfirmed_ids.is_empty() && self.unexpected_ids.is_empty()
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Error::Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Error> {
        if self.is_complete() {
            return Ok(self);
        }
        let gap = format!(
            "the server confirmed {} certificate(s), left {} unconfirmed and named {} that nobody asked for",
            self.successful_ids.len(),
            self.unconfirmed_ids.len(),
            self.unexpected_ids.len()
        );
        Err(Error::incomplete(gap, M::outcome(self)))
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

    pub(super) fn target(&self) -> &M {
        &self.target
    }
}
