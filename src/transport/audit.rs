//! What an auditor asks of a change: what, by whom, why, and how it ended. One event for each change.

use super::end::Trace;

/// What a vendor knows about a change before it is sent. Nothing in it is a secret, and none of it is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    /// Stores and aliases, or ids, as a JSON array: none of them can look like two.
    pub(crate) targets: String,
    pub(crate) scope: String,
    /// The caller's words.
    pub(crate) note: Option<String>,
}

/// Watches a change from before it is sent until its end is known. If it is dropped earlier, so is the call: then it
/// says that the outcome is unknown, where it is.
#[derive(Debug)]
pub(crate) struct Audit {
    operation: &'static str,
    principal: String,
    record: Record,
    stage: Stage,
    tries: u32,
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
    pub(super) fn of_change(operation: &'static str, principal: &str, record: Record) -> Self {
        Self { operation, principal: principal.to_owned(), record, stage: Stage::NothingSent, tries: 0 }
    }

    pub(super) fn of_read(operation: &'static str) -> Self {
        Self { operation, principal: String::new(), record: Record::default(), stage: Stage::NotAudited, tries: 0 }
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

    /// Writes the event. `job_ids` are what the server named, if it names such.
    pub(crate) fn finish(mut self, ended: &str, trace: &Trace, job_ids: &str) {
        self.write(ended, Some(trace), job_ids);
        self.stage = Stage::NotAudited;
    }

    fn write(&self, ended: &str, trace: Option<&Trace>, job_ids: &str) {
        if self.stage == Stage::NotAudited {
            return;
        }
        let Record { targets, scope, note } = &self.record;
        tracing::info!(
            target: "clm::audit",
            {
                clm.operation = self.operation,
                principal = self.principal,
                targets,
                scope,
                audit_note = note.as_deref(),
                attempts = trace.map_or(self.tries, |trace| trace.attempts),
                correlation_id = trace.and_then(|trace| trace.correlation_id.as_deref()),
                job_ids,
                ended,
            },
            "a change has ended"
        );
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        match self.stage {
            Stage::NotAudited => {}
            Stage::NothingSent if self.tries == 0 => self.write("dropped before it was sent", None, ""),
            Stage::NothingSent => self.write("dropped: refused or not connected until then", None, ""),
            Stage::InFlight | Stage::Unanswered => {
                tracing::warn!(
                    clm.operation = self.operation,
                    targets = self.record.targets,
                    "the call was dropped after its sending may have begun: its outcome is unknown"
                );
                self.write("outcome unknown: dropped", None, "");
            }
        }
    }
}
