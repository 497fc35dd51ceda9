//! One certificate and its outcome.

use clm::ItemState;
use clm::appviewx::{AppViewX, Error, GroupMembership, ResourceId};

use crate::ended::Ended;
use crate::report::{Report, counted, shown};
use crate::table::{or_unknown, table};

pub(super) struct Step {
    pub(super) id: ResourceId,
    /// The group that it was in, if that is known.
    pub(super) from: Option<String>,
    /// The group that it should be in.
    pub(super) to: String,
    pub(super) outcome: ItemState<AppViewX>,
    /// Where a search found it; nothing if there was no reason to look.
    pub(super) membership: Option<GroupMembership>,
}

impl Step {
    pub(super) fn is_there(&self) -> bool {
        matches!(&self.membership, Some(GroupMembership::Group(group)) if *group == self.to)
    }

    /// What is found in the right group is done, whatever the server answered.
    fn ended(&self) -> Ended {
        match self.outcome {
            _ if !self.outcome.is_possibly_done() => Ended::Failed,
            _ if self.is_there() => Ended::Done,
            _ => Ended::Open,
        }
    }

    fn row(&self) -> [String; 4] {
        let outcome = match &self.outcome {
            ItemState::Confirmed => "confirmed".to_owned(),
            ItemState::Unconfirmed => "UNCONFIRMED".to_owned(),
            ItemState::Refused(error) => format!("REFUSED: {}", why(error)),
            ItemState::RefusedTogether(error) => format!("REFUSED with others: {}", why(error)),
            ItemState::Unknown(_) => "UNKNOWN: the call may have arrived".to_owned(),
            ItemState::NotSent(_) => "NOT SENT".to_owned(),
            _ => "in an unknown state".to_owned(),
        };
        let membership = match &self.membership {
            None => "-".to_owned(),
            Some(GroupMembership::Group(group)) if *group == self.to => shown(group),
            Some(GroupMembership::Group(group)) => format!("STILL ELSEWHERE: {}", shown(group)),
            Some(other) => format!("UNCONFIRMED: {}", unread(other)),
        };
        [self.id.to_string(), or_unknown(self.from.as_deref()), outcome, membership]
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
pub(super) fn show_errors<'a>(
    states: impl IntoIterator<Item = (&'a ResourceId, &'a ItemState<AppViewX>)>,
    report: &Report,
) {
    let mut last: Option<&Error> = None;
    for (id, state) in states {
        let Some(error) = state.error() else { continue };
        // Certificates of one call share its error.
        if !last.is_some_and(|last| std::ptr::eq(last, error)) {
            report.complain(format!("  {}:", shown(id)));
            report.appviewx_error(error);
            last = Some(error);
        }
    }
}

/// What a search said of a certificate, in words.
pub(super) fn unread(membership: &GroupMembership) -> String {
    match membership {
        GroupMembership::Group(group) => shown(group),
        GroupMembership::GroupNotNamed => "the search shows no group".to_owned(),
        GroupMembership::NotFound => "not found".to_owned(),
        GroupMembership::Unreadable(error) => shown(error),
        _ => "?".to_owned(),
    }
}

/// The table of all outcomes; the worst of them counts.
pub(super) fn conclude(steps: &[Step], report: &Report) -> Ended {
    report.line("  outcome:");
    report.lines(&table(
        ["certificate", "old group", "response", "current group"],
        &steps.iter().map(Step::row).collect::<Vec<_>>(),
    ));
    let done = steps.iter().filter(|step| step.ended() == Ended::Done).count();
    report.line(format!("  {done} of {} done and confirmed", counted(steps.len(), "certificate")));
    steps.iter().map(Step::ended).max().unwrap_or(Ended::Done)
}
