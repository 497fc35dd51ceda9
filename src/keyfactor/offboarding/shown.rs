//! States, verdicts and places in words, on one line.

use std::fmt;

use super::confirmation::{ConfirmedLocation, PutBackVerdict, RemovalVerdict, ScheduleAfter, TriggeredInventory};
use super::locate::FoundLocation;
use super::plan::{PlannedCertificate, PlannedRemoval, Restorability};
use super::report::{JobChange, JobState, OpenJob, OpenJobPlace};
use super::saved_schedules::{RestoredSchedule, SavedSchedule};
use crate::keyfactor::vendor::Error;
use crate::lenient::one_line;

/// In words, or the result of the job.
impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.pad("waiting for its orchestrator"),
            Self::Running => f.pad("running"),
            Self::WillRetry => f.pad("will be retried"),
            Self::Done(result) => result.fmt(f),
            Self::Other(sent) => f.pad(&one_line(sent)),
        }
    }
}

/// The job and its new state.
impl fmt::Display for JobChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}: {}", self.job_id, self.state)
    }
}

impl fmt::Display for OpenJobPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Scheduled => "waiting for its orchestrator",
            Self::Begun => "started",
            Self::Unknown => "not found",
        })
    }
}

/// One line, as for [`FinishedJob`](super::FinishedJob).
impl fmt::Display for OpenJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}: not finished: {}", self.job_id, self.place)
    }
}

// What both verdicts say of an inventory that decides nothing.
const LISTED_WITHOUT_SCHEDULE: &str = "listed, but the store has no inventory schedule";
const NOT_LISTED_WITHOUT_SCHEDULE: &str = "not listed, but the store has no inventory schedule";
const NOT_READ: &str = "the inventory was not read in time";
const UNUSABLE: &str = "the inventory cannot be used";

impl fmt::Display for RemovalVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.pad("gone"),
            Self::AliasGone => f.pad("the alias is gone; the certificate may be listed under another alias"),
            Self::HoldsAnother { thumbprint } => write!(f, "replaced by {}", one_line(thumbprint)),
            Self::UnderAnotherAlias { alias } => write!(f, "still listed, under the alias {alias:?}"),
            Self::StillThere => f.pad("still listed"),
            Self::NeverListed => f.pad("not listed during this call"),
            Self::NotInventoried { listed: true } => f.pad(LISTED_WITHOUT_SCHEDULE),
            Self::NotInventoried { listed: false } => f.pad(NOT_LISTED_WITHOUT_SCHEDULE),
            Self::NotRead => f.pad(NOT_READ),
            Self::Unreadable(error) => write!(f, "{UNUSABLE}: {error}"),
        }
    }
}

impl fmt::Display for PutBackVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Back => f.pad("back"),
            Self::BackUnderAnotherAlias { alias } => write!(f, "back, under the alias {alias:?}"),
            Self::Listed { alias } => write!(f, "listed under the alias {alias:?}, perhaps from before the removal"),
            Self::HoldsAnother { thumbprint } => write!(f, "not back: the alias holds {}", one_line(thumbprint)),
            Self::NotListed => f.pad("not listed"),
            Self::NotInventoried { listed: true } => f.pad(LISTED_WITHOUT_SCHEDULE),
            Self::NotInventoried { listed: false } => f.pad(NOT_LISTED_WITHOUT_SCHEDULE),
            Self::NotRead => f.pad(NOT_READ),
            Self::Unreadable(error) => write!(f, "{UNUSABLE}: {error}"),
        }
    }
}

/// The location and its verdict.
impl<V: fmt::Display> fmt::Display for ConfirmedLocation<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.location, self.verdict)
    }
}

impl fmt::Display for ScheduleAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAsked => f.pad("not read"),
            Self::NoneBefore => f.pad("none before"),
            Self::Unchanged => f.pad("unchanged"),
            Self::Restored => f.pad("restored"),
            Self::Gone { was, error } => write!(f, "lost; it was {was}, and could not be restored: {error}"),
            Self::ChangedSince { now } => write!(f, "changed since to {now}"),
            Self::Over => f.pad("over"),
            Self::Unreadable(error) => write!(f, "could not be read: {error}"),
        }
    }
}

/// The store and the state of its schedule, with the error if the inventory could not be triggered.
impl fmt::Display for TriggeredInventory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "store {}: ", self.store_id)?;
        match &self.error {
            None => return write!(f, "inventory triggered, schedule {}", self.schedule_after),
            Some(error) if matches!(**error, Error::OutcomeUnknown(_)) => {
                write!(f, "inventory may have been triggered: {error}")?;
            }
            Some(error) => write!(f, "inventory not triggered: {error}")?,
        }
        match &self.schedule_after {
            ScheduleAfter::NotAsked => Ok(()),
            after => write!(f, "; schedule {after}"),
        }
    }
}

impl fmt::Display for SavedSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "store {}: {}", self.store_id, self.schedule)
    }
}

/// The store, the saved schedule, and the current state.
impl fmt::Display for RestoredSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "store {}: {}: {}", self.store_id, self.was, self.now)
    }
}

impl fmt::Display for Restorability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::WithPrivateKey => "with its private key",
            Self::WithoutPrivateKey => "without a private key",
            Self::Unclear => "needs a decision about the private key",
            Self::Impossible => "not possible",
        })
    }
}

/// The alias in quotation marks, the store, and its machine and path if they are known.
impl fmt::Display for FoundLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location().fmt(f)?;
        write_place(f, self.store_machine(), self.store_path())
    }
}

/// The alias in quotation marks, the store, and its machine and path if they are known.
impl fmt::Display for PlannedRemoval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in store {}", self.alias, self.store_id)?;
        write_place(f, self.store_machine.as_deref(), self.store_path.as_deref())
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, machine: Option<&str>, path: Option<&str>) -> fmt::Result {
    for text in [machine, path].into_iter().flatten() {
        write!(f, ", {}", one_line(text))?;
    }
    Ok(())
}

/// The common name in quotation marks and the thumbprint.
impl fmt::Display for PlannedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, {}", self.issued_cn, one_line(self.thumbprint.as_str()))
    }
}
