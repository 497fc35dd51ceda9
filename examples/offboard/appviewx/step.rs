//! One certificate and its outcome.

use clm::ItemState;
use clm::appviewx::{AppViewX, Error, GroupMembership, ResourceId};

use crate::ended::Ended;
use crate::report::{Report, counted, shown};
use crate::table::{or_unknown, table};

pub(super) struct Step {
    pub(super) id: ResourceId,
    /// The old group, if known.
    pub(super) from: Option<String>,
    /// The group after the change.
    pub(super) to: String,
    pub(super) outcome: ItemState<AppViewX>,
    /// The current group; `None` if it was not read.
    pub(super) membership: Option<GroupMembership>,
}

impl Step {
    pub(super) fn is_there(&self) -> bool {
        matches!(&self.membership, Some(GroupMembership::Group(group)) if *group == self.to)
    }

    /// A certificate in the right group is done, whatever the response was.
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

/// A short form of the server's error.
fn why(error: &Error) -> String {
    match (error.code(), error.status()) {
        (Some(code), _) => shown(code),
        (None, Some(status)) => status.to_string(),
        (None, None) => shown(error),
    }
}

/// Shows each error once, with the first certificate it applies to.
pub(super) fn show_errors<'a>(
    states: impl IntoIterator<Item = (&'a ResourceId, &'a ItemState<AppViewX>)>,
    report: &Report,
) {
    let mut last: Option<&Error> = None;
    for (id, state) in states {
        let Some(error) = state.error() else { continue };
        // All certificates of a call share its error.
        if !last.is_some_and(|last| std::ptr::eq(last, error)) {
            report.complain(format!("  {}:", shown(id)));
            report.appviewx_error(error);
            last = Some(error);
        }
    }
}

/// A membership in words.
pub(super) fn unread(membership: &GroupMembership) -> String {
    match membership {
        GroupMembership::Group(group) => shown(group),
        GroupMembership::GroupNotNamed => "the search shows no group".to_owned(),
        GroupMembership::NotFound => "not found".to_owned(),
        GroupMembership::Unreadable(error) => shown(error),
        _ => "?".to_owned(),
    }
}

/// Shows all outcomes, and returns the worst of them.
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
