//! One certificate, and what became of it.

use clm::appviewx::{Error, IdOutcome, Place, ResourceId};

use crate::ended::Ended;
use crate::report::{Report, shown};
use crate::table::{or_unknown, table};

pub(super) struct Step {
    pub(super) id: ResourceId,
    /// The group that it was in, if that is known.
    pub(super) from: Option<String>,
    /// The group that it should be in.
    pub(super) to: String,
    pub(super) outcome: IdOutcome,
    /// Where a search found it; nothing if there was no reason to look.
    pub(super) place: Option<Place>,
}

impl Step {
    /// Whether it may have been moved.
    pub(super) fn is_worth_a_look(outcome: &IdOutcome) -> bool {
        matches!(outcome, IdOutcome::Confirmed | IdOutcome::Unconfirmed | IdOutcome::Unknown(_))
    }

    pub(super) fn is_there(&self) -> bool {
        matches!(&self.place, Some(Place::Group(group)) if *group == self.to)
    }

    /// What is found in the right group is done, whatever the server answered.
    fn ended(&self) -> Ended {
        match self.outcome {
            _ if !Self::is_worth_a_look(&self.outcome) => Ended::Failed,
            _ if self.is_there() => Ended::Done,
            _ => Ended::Open,
        }
    }

    fn row(&self) -> [String; 4] {
        let outcome = match &self.outcome {
            IdOutcome::Confirmed => "confirmed".to_owned(),
            IdOutcome::Unconfirmed => "UNCONFIRMED".to_owned(),
            IdOutcome::Refused(error) => format!("REFUSED: {}", why(error)),
            IdOutcome::RefusedTogether(error) => format!("REFUSED with others: {}", why(error)),
            IdOutcome::Unknown(_) => "UNKNOWN: it may have arrived".to_owned(),
            IdOutcome::NotSent(_) => "NOT SENT".to_owned(),
            _ => "in a state that this program does not know".to_owned(),
        };
        let place = match &self.place {
            None => "-".to_owned(),
            Some(Place::Group(group)) if *group == self.to => shown(group),
            Some(Place::Group(group)) => format!("STILL ELSEWHERE: {}", shown(group)),
            Some(place) => format!("UNCONFIRMED: {}", unread(place)),
        };
        [self.id.to_string(), or_unknown(self.from.as_deref()), outcome, place]
    }
}

/// What the server said, in a few words.
fn why(error: &Error) -> String {
    match (error.code(), error.status()) {
        (Some(code), _) => shown(code),
        (None, Some(status)) => status.to_string(),
        (None, None) => shown(error),
    }
}

/// Every error once, with the first certificate that it is about.
pub(super) fn show_errors(ids: &[(ResourceId, IdOutcome)], report: &Report) {
    let mut last = None;
    for (id, outcome) in ids {
        let (IdOutcome::Refused(error)
        | IdOutcome::RefusedTogether(error)
        | IdOutcome::Unknown(error)
        | IdOutcome::NotSent(error)) = outcome
        else {
            continue;
        };
        if last != Some(error) {
            report.complain(format!("  {}:", shown(id)));
            report.appviewx_error(error);
            last = Some(error);
        }
    }
}

/// A place that is no group, in words.
pub(super) fn unread(place: &Place) -> String {
    match place {
        Place::Group(group) => shown(group),
        Place::GroupNotNamed => "its row names no group".to_owned(),
        Place::NotFound => "not found".to_owned(),
        Place::Unreadable(error) => shown(error),
        _ => "?".to_owned(),
    }
}

/// The table of what became of everything; the worst of it counts.
pub(super) fn conclude(steps: &[Step], report: &Report) -> Ended {
    report.line("  what became of it:");
    report
        .lines(&table(["certificate", "was in", "answer", "is in"], &steps.iter().map(Step::row).collect::<Vec<_>>()));
    let done = steps.iter().filter(|step| step.ended() == Ended::Done).count();
    report.line(format!("  {done} of {} certificate(s) are done and confirmed", steps.len()));
    steps.iter().map(Step::ended).max().unwrap_or(Ended::Done)
}
