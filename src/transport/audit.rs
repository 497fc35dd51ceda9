//! What an auditor asks of a change: what, by whom, why, and how it ended. One event for each change.

use std::fmt;
use std::sync::Arc;

use super::end::Trace;
use super::secrets::ServerText;

/// What is known about a change before it is sent. Nothing in it is a secret, and none of it is sent. It is asked for when an
/// event is written that somebody listens to.
pub(crate) trait Audited: Send + Sync {
    /// Stores and aliases, or ids, as a JSON array: none of them can look like two. Empty if nothing is named.
    fn targets(&self) -> String;
    /// Empty if there is none.
    fn scope(&self) -> String;
    /// The caller's words.
    fn note(&self) -> Option<&str>;
}

/// How a change ended, as far as the client knows. `docs/audit.md` says what each is written as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AuditEnd {
    Done,
    DoneWithGap,
    Accepted,
    AcceptedWithGap,
    Refused,
    RefusedAfterUnansweredCopy,
    NotSent,
    NotAuthenticated,
    OutcomeUnknown,
    DroppedBeforeSent,
    DroppedBeforeTaken,
    DroppedUnknown,
}

impl AuditEnd {
    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::DoneWithGap => "done, with a gap",
            Self::Accepted => "accepted",
            Self::AcceptedWithGap => "accepted, with a gap",
            Self::Refused => "refused",
            Self::RefusedAfterUnansweredCopy => "refused after an unanswered copy",
            Self::NotSent => "not sent",
            Self::NotAuthenticated => "not authenticated",
            Self::OutcomeUnknown => "outcome unknown",
            Self::DroppedBeforeSent => "dropped before it was sent",
            Self::DroppedBeforeTaken => "dropped: refused or not connected until then",
            Self::DroppedUnknown => "outcome unknown: dropped",
        }
    }
}

/// Watches a change from before it is sent until its end is known. If it is dropped earlier, so is the call: then it
/// says that the outcome is unknown, where it is.
pub(crate) struct Audit {
    operation: &'static str,
    principal: Arc<str>,
    change: Option<Arc<dyn Audited>>,
    stage: Stage,
    tries: u32,
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, principal, change: _, stage, tries } = self;
        f.debug_struct("Audit")
            .field("operation", operation)
            .field("principal", principal)
            .field("stage", stage)
            .field("tries", tries)
            .finish_non_exhaustive()
    }
}

/// How much of a change can have left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// Calls that only read are not audited.
    NotAudited,
    /// Nothing can have arrived.
    NothingSent,
    /// A try is under way.
    InFlight,
    /// A copy went out, and its end is not known.
    Unanswered,
}

impl Audit {
    pub(super) fn of_change(operation: &'static str, principal: Arc<str>, change: Option<Arc<dyn Audited>>) -> Self {
        Self { operation, principal, change, stage: Stage::NothingSent, tries: 0 }
    }

    /// Of a call that only reads.
    pub(super) fn none() -> Self {
        Self { operation: "", principal: Arc::default(), change: None, stage: Stage::NotAudited, tries: 0 }
    }

    pub(super) fn try_begins(&mut self) {
        self.tries += 1;
        if self.stage == Stage::NothingSent {
            self.stage = Stage::InFlight;
        }
    }

    pub(super) fn try_ended(&mut self) {
        if self.stage == Stage::InFlight {
            self.stage = Stage::NothingSent;
        }
    }

    pub(super) fn left_unanswered(&mut self) {
        if self.stage != Stage::NotAudited {
            self.stage = Stage::Unanswered;
        }
    }

    /// Writes the event. `ended` and `job_ids`, which gives what the server named, are asked if somebody listens.
    pub(crate) fn finish(mut self, ended: impl FnOnce() -> AuditEnd, trace: &Trace, job_ids: impl FnOnce() -> String) {
        self.write(ended, Some(trace), job_ids);
        self.stage = Stage::NotAudited;
    }

    fn write(&self, ended: impl FnOnce() -> AuditEnd, trace: Option<&Trace>, job_ids: impl FnOnce() -> String) {
        if self.stage == Stage::NotAudited {
            return;
        }
        // The values are made only if the event is enabled.
        tracing::info!(
            target: "clm::audit",
            {
                clm.operation = self.operation,
                principal = &*self.principal,
                targets = self.targets(),
                scope = self.change.as_ref().map(|change| change.scope()).unwrap_or_default(),
                audit_note = self.change.as_ref().and_then(|change| change.note()),
                attempts = trace.map_or(self.tries, |trace| trace.attempts),
                correlation_id = trace.and_then(|trace| trace.correlation_id.as_ref().map(ServerText::as_str)),
                job_ids = job_ids(),
                ended = ended().as_str(),
            },
            "a change has ended"
        );
    }

    fn targets(&self) -> String {
        self.change.as_ref().map(|change| change.targets()).unwrap_or_default()
    }
}

/// Of a change that named no jobs.
pub(crate) fn no_jobs() -> String {
    String::new()
}

impl Drop for Audit {
    fn drop(&mut self) {
        match self.stage {
            Stage::NotAudited => {}
            Stage::NothingSent if self.tries == 0 => self.write(|| AuditEnd::DroppedBeforeSent, None, no_jobs),
            Stage::NothingSent => self.write(|| AuditEnd::DroppedBeforeTaken, None, no_jobs),
            Stage::InFlight | Stage::Unanswered => {
                tracing::warn!(
                    clm.operation = self.operation,
                    targets = self.targets(),
                    "the call was dropped after its sending may have begun: its outcome is unknown"
                );
                self.write(|| AuditEnd::DroppedUnknown, None, no_jobs);
            }
        }
    }
}
