//! One location and its outcome.

use clm::jiff::Timestamp;
use clm::keyfactor::{CertificateLocation, JobId};

use super::record::Known;

use crate::ended::Ended;
use crate::report::{Report, counted};
use crate::table::{or_unknown, table};

/// A location at which a certificate is removed or put back.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) machine: Option<String>,
    pub(super) path: Option<String>,
    pub(super) location: CertificateLocation,
    /// For an undo: whether the inventory does not list it.
    pub(super) was_gone: bool,
}

impl Place {
    /// A short name of the store.
    pub(super) fn store_label(&self) -> String {
        match (&self.machine, &self.path) {
            (Some(machine), Some(path)) => format!("{machine} {path}"),
            _ => format!("store {}", self.location.store()),
        }
    }

    /// A short name.
    pub(super) fn label(&self) -> String {
        match &self.machine {
            Some(machine) => format!("{machine} {}", self.location.alias()),
            None => format!("{} {}", self.location.store(), self.location.alias()),
        }
    }
}

pub(super) struct Step {
    pub(super) place: Place,
    pub(super) sent: Sent,
    /// The result of its jobs; `None` if they were not followed.
    pub(super) job: Option<JobEnd>,
    /// The end of its last job, in the server's time.
    pub(super) ended_at: Option<Timestamp>,
    /// What the inventory shows; `None` if it was not read.
    pub(super) seen: Option<Seen>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Sent {
    Scheduled(Vec<JobId>),
    /// The server accepted it, but returned no job or several.
    Oddly(Vec<JobId>),
    Refused,
    /// The call may have arrived.
    Unknown,
    /// Not sent, because an earlier call failed or the connection did.
    Withheld,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum JobEnd {
    Succeeded(String),
    Failed(String),
    Open(&'static str),
}

/// What the inventory shows, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Seen {
    Settled(String),
    Unsettled(String),
}

impl Known {
    /// A location of an earlier run.
    pub(super) fn step(self, location: CertificateLocation) -> Step {
        let sent = match self.jobs {
            Some(jobs) if self.complete => Sent::Scheduled(jobs),
            Some(jobs) => Sent::Oddly(jobs),
            None if self.not_done => Sent::Withheld,
            None => Sent::Unknown,
        };
        Step::new(Place { machine: self.machine, path: self.path, location, was_gone: false }, sent)
    }
}

impl Step {
    pub(super) fn new(place: Place, sent: Sent) -> Self {
        Self { place, sent, job: None, ended_at: None, seen: None }
    }

    pub(super) fn jobs(&self) -> &[JobId] {
        match &self.sent {
            Sent::Scheduled(jobs) | Sent::Oddly(jobs) => jobs,
            Sent::Refused | Sent::Unknown | Sent::Withheld => &[],
        }
    }

    /// Whether the inventory can show the change by now. It cannot if the job failed or is open.
    pub(super) fn is_worth_a_look(&self) -> bool {
        matches!(self.sent, Sent::Scheduled(_)) && matches!(self.job, None | Some(JobEnd::Succeeded(_)))
    }

    fn ended(&self) -> Ended {
        match (&self.sent, &self.job, &self.seen) {
            (Sent::Refused | Sent::Withheld, ..) | (_, Some(JobEnd::Failed(_)), _) => Ended::Failed,
            (Sent::Scheduled(_), None | Some(JobEnd::Succeeded(_)), Some(Seen::Settled(_))) => Ended::Done,
            _ => Ended::Open,
        }
    }

    fn row(&self) -> [String; 5] {
        let job = match (&self.sent, &self.job) {
            (Sent::Refused, _) => "REFUSED".to_owned(),
            (Sent::Unknown, _) => "UNKNOWN: the call may have arrived".to_owned(),
            (Sent::Withheld, _) => "NOT SENT".to_owned(),
            (_, Some(JobEnd::Succeeded(result))) => result.clone(),
            (_, Some(JobEnd::Failed(said))) => format!("FAILED: {said}"),
            (_, Some(JobEnd::Open(place))) => format!("OPEN: {place}"),
            (_, None) => "scheduled, not followed".to_owned(),
        };
        let seen = match &self.seen {
            Some(Seen::Settled(seen)) => seen.clone(),
            Some(Seen::Unsettled(seen)) => format!("UNCONFIRMED: {seen}"),
            None => "-".to_owned(),
        };
        let Place { machine, path, location, .. } = &self.place;
        let machine = machine.clone().unwrap_or_else(|| format!("store {}", location.store()));
        [machine, or_unknown(path.as_deref()), location.alias().to_owned(), job, seen]
    }
}

/// Shows all outcomes, and returns the worst of them.
pub(super) fn conclude(steps: &[Step], report: &Report) -> Ended {
    let rows: Vec<_> = steps.iter().map(Step::row).collect();
    report.line("  outcome:");
    report.lines(&table(["machine", "path", "alias", "job", "inventory"], &rows));
    let ended = steps.iter().map(Step::ended).max().unwrap_or(Ended::Done);
    let done = steps.iter().filter(|step| step.ended() == Ended::Done).count();
    report.line(format!("  {done} of {} done and confirmed", counted(steps.len(), "location")));
    ended
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(sent: Sent, job: Option<JobEnd>, seen: Option<Seen>) -> Step {
        let store: clm::keyfactor::CertificateStoreId = "57070000-0000-4000-8000-000000000001".parse().unwrap();
        let location = CertificateLocation::new(store, "a");
        Step { place: Place { machine: None, path: None, location, was_gone: false }, sent, job, ended_at: None, seen }
    }

    #[test]
    fn only_what_is_confirmed_is_done() {
        let scheduled = || Sent::Scheduled(Vec::new());
        let succeeded = || Some(JobEnd::Succeeded("Success".to_owned()));
        let settled = || Some(Seen::Settled("gone".to_owned()));
        let unsettled = || Some(Seen::Unsettled("listed".to_owned()));
        for (sent, job, seen, expected) in [
            (scheduled(), succeeded(), settled(), Ended::Done),
            (scheduled(), None, settled(), Ended::Done),
            (scheduled(), succeeded(), unsettled(), Ended::Open),
            (scheduled(), succeeded(), None, Ended::Open),
            (scheduled(), None, None, Ended::Open),
            (scheduled(), Some(JobEnd::Open("scheduled")), settled(), Ended::Open),
            (scheduled(), Some(JobEnd::Failed("no".to_owned())), settled(), Ended::Failed),
            (Sent::Oddly(Vec::new()), succeeded(), settled(), Ended::Open),
            (Sent::Unknown, None, None, Ended::Open),
            (Sent::Refused, None, None, Ended::Failed),
            (Sent::Withheld, None, None, Ended::Failed),
        ] {
            let step = step(sent, job, seen);
            assert_eq!(step.ended(), expected, "{:?}", step.row());
        }
    }
}
