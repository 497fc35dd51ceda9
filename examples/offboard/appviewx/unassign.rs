//! Unassigns certificates from their group: the plan, the calls, and the groups afterwards.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clm::appviewx::{
    AppViewX, Error, GroupMembership, GroupPlan, MoveInCalls, ResourceId, SharedError, Unassign, UnassignCertificates,
    UnassignOutcome,
};
use clm::{ItemOutcome, ItemState, OnFailure, Outcomes};

use super::find::{Found, Hit};
use super::step::{Step, conclude, show_errors};
use super::{AppViewXJob, IDS_PER_CALL, Target};
use crate::ended::{Ended, Trouble};
use crate::interrupt::Listening;
use crate::plan_file::Written;
use crate::report::{Report, counted, shown};
use crate::shell::argument;
use crate::table::table;

pub(crate) struct Unassignment {
    hits: Vec<Hit>,
    /// `None` if there is nothing to unassign.
    plan: Option<GroupPlan>,
    path: PathBuf,
}

impl AppViewXJob {
    pub(super) async fn find_out(
        &self,
        target: &Target,
        path: Option<&Path>,
        report: &Report,
    ) -> Result<Unassignment, Trouble> {
        let (asked, name) = match target {
            Target::CommonName(name) => (format!("every certificate with the common name {name}"), name.as_str()),
            Target::Group(name) => (format!("every certificate in the group {name}"), name.as_str()),
            Target::Ids(ids) => (counted(ids.len(), "certificate"), ids.first().map_or("", String::as_str)),
        };
        report.line(format!("  to unassign: {asked}"));
        if let Some(comment) = &self.comment {
            report.line(format!("    comment: \"{comment}\""));
        }
        let mut found = self.find(target).await?;
        found.show_others(report);
        if found.hits.is_empty() {
            return Err(Trouble::Refused("no matching certificate was found. Nothing was sent".to_owned()));
        }
        self.leave_those_in_default(&mut found, report);
        let path = path.map_or_else(|| default_path(name), Path::to_owned);
        if found.hits.is_empty() {
            report.line("  nothing to unassign");
            return Ok(Unassignment { hits: Vec::new(), plan: None, path });
        }
        let plan = self.remember(&found.hits).await?;
        let unassignment = Unassignment { hits: found.hits, plan: Some(plan), path };
        unassignment.show(report);
        unassignment.refuse_moving()?;
        Ok(unassignment)
    }

    /// The response for certificates in the default group is undocumented by the vendor.
    fn leave_those_in_default(&self, found: &mut Found, report: &Report) {
        let hits = std::mem::take(&mut found.hits);
        let (there, hits): (Vec<_>, Vec<_>) =
            hits.into_iter().partition(|hit| hit.group().is_some_and(|group| self.is_default(group)));
        found.hits = hits;
        if !there.is_empty() {
            report.line(format!("  skipped {}, already in the default group:", counted(there.len(), "certificate")));
            let ids = there.iter().map(|hit| shown(&hit.id));
            report.lines(&ids.collect::<Vec<_>>());
        }
    }

    async fn remember(&self, hits: &[Hit]) -> Result<GroupPlan, Error> {
        let mut remember = self.client.certificate_groups().remember_groups(hits.iter().map(|hit| &hit.id));
        for category in &self.categories {
            remember = remember.category(category.clone());
        }
        remember.send().await
    }
}

/// A file in the current folder, whatever characters the name contains.
fn default_path(name: &str) -> PathBuf {
    let safe = |it: char| if it.is_ascii_alphanumeric() || matches!(it, '.' | '-') { it } else { '_' };
    PathBuf::from(format!("offboard-appviewx-{}.json", name.chars().map(safe).take(100).collect::<String>()))
}

impl Unassignment {
    pub(super) fn size(&self) -> usize {
        self.hits.len()
    }

    pub(super) fn losses(&self) -> usize {
        self.plan.as_ref().map_or(0, |plan| plan.not_remembered().len())
    }

    /// The saved groups by id.
    fn remembered(&self) -> HashMap<&ResourceId, &str> {
        let remembered = self.plan.iter().flat_map(GroupPlan::remembered);
        remembered.map(|it| (&it.resource_id, it.group.as_str())).collect()
    }

    fn ids(&self) -> Vec<ResourceId> {
        self.hits.iter().map(|hit| hit.id.clone()).collect()
    }

    fn show(&self, report: &Report) {
        let groups = self.remembered();
        report.line(format!("  found {}:", counted(self.hits.len(), "certificate")));
        let row = |hit: &Hit| {
            [
                hit.id.to_string(),
                hit.text(|row| row.common_name.as_ref()),
                hit.text(|row| row.category.as_ref()),
                groups.get(&hit.id).map_or_else(|| "NOT KNOWN".to_owned(), |group| (*group).to_owned()),
                hit.text(|row| row.permission.as_ref()),
                hit.row.as_ref().and_then(|row| row.valid_to.as_ref()).map_or("?".to_owned(), ToString::to_string),
            ]
        };
        report.lines(&table(
            ["certificate", "common name", "category", "group", "permission", "valid until"],
            &self.hits.iter().map(row).collect::<Vec<_>>(),
        ));
        let losses = self.plan.iter().flat_map(GroupPlan::not_remembered);
        if self.losses() > 0 {
            report.complain(format!(
                "  !!! CANNOT BE PUT BACK: {} whose group is not known",
                counted(self.losses(), "certificate")
            ));
        }
        for loss in losses {
            report.complain(format!("  !!!   {}  {}", shown(&loss.resource_id), shown(&loss.why)));
        }
    }

    /// Refuses certificates that were moved between the search and the plan.
    fn refuse_moving(&self) -> Result<(), Trouble> {
        let groups = self.remembered();
        let moved = |hit: &&Hit| hit.group().zip(groups.get(&hit.id)).is_some_and(|(first, now)| first != *now);
        match self.hits.iter().filter(moved).count() {
            0 => Ok(()),
            moved => Err(refused_for_moving(moved)),
        }
    }

    pub(super) async fn look_again(&self, job: &AppViewXJob, report: &Report) -> Result<(), Trouble> {
        report.line("  checking the groups once more before the change");
        let memberships = job.memberships(self.ids()).await?;
        let groups = self.remembered();
        let stands = |hit: &&Hit| match (groups.get(&hit.id), memberships.get(&hit.id)) {
            (Some(group), Some(GroupMembership::Group(now))) => group == now,
            // The loss was accepted.
            (None, _) => true,
            _ => false,
        };
        match self.hits.len() - self.hits.iter().filter(stands).count() {
            0 => Ok(()),
            moved => Err(refused_for_moving(moved)),
        }
    }

    pub(super) fn calls(&self, job: &AppViewXJob) -> Vec<(&'static str, serde_json::Value)> {
        let call = |ids: &[ResourceId]| ("certificate/group/unassign", job.body(None, ids));
        self.ids().chunks(IDS_PER_CALL).map(call).collect()
    }

    pub(super) fn write_plan(&self, report: &Report) -> Result<Option<Written>, Trouble> {
        let Some(plan) = &self.plan else { return Ok(None) };
        Written::new(&self.path, |path| plan.save_new(path), report).map(Some)
    }

    pub(super) async fn send(
        self,
        job: &AppViewXJob,
        plan: Option<&Written>,
        interrupt: &mut Listening,
        report: &Report,
    ) -> Result<Ended, Trouble> {
        let outcomes = self.send_calls(job, interrupt, report).await?;
        let default = job.client.certificate_groups().default_group().to_owned();
        let asked_back = outcomes.iter().filter(|(_, outcome)| outcome.is_possibly_done());
        let memberships = job.memberships(asked_back.map(|(id, _)| id.clone()).collect()).await?;
        let groups = self.remembered();
        let step = |(id, outcome): &(ResourceId, ItemState<AppViewX>)| Step {
            id: id.clone(),
            from: groups.get(id).map(|group| (*group).to_owned()),
            to: default.clone(),
            outcome: outcome.clone(),
            membership: memberships.get(id).cloned(),
        };
        let steps: Vec<Step> = outcomes.iter().map(step).collect();
        let ended = conclude(&steps, report);
        report.line(format!("  The policy of the group {} applies from now on, including renewal.", shown(&default)));
        let back = steps.iter().filter(|step| step.from.is_some() && step.is_there()).count();
        if let Some(plan) = plan.filter(|_| back > 0) {
            let path = argument(plan.path());
            report.line(format!("  To undo: offboard --undo {path} --yes --expect {back}"));
        }
        Ok(ended)
    }

    /// Sends the calls part by part, so that the outcome of a part is printed before the next one is sent. A refusal of one
    /// certificate does not affect the others. After an unknown outcome, a failure that ends the batch, or an interruption, no
    /// further part is sent.
    async fn send_calls(
        &self,
        job: &AppViewXJob,
        interrupt: &mut Listening,
        report: &Report,
    ) -> Result<Vec<(ResourceId, ItemState<AppViewX>)>, Error> {
        let groups = job.client.certificate_groups();
        let ids = self.ids();
        let mut outcomes = Vec::with_capacity(ids.len());
        let mut ended_by = None;
        for part in ids.chunks(IDS_PER_CALL) {
            if let Some(error) = &ended_by {
                let not_sent = ItemState::NotSent(SharedError::clone(error));
                outcomes.extend(part.iter().map(|id| (id.clone(), not_sent.clone())));
                continue;
            }
            let calls = job.with_comment(groups.unassign(part)).in_calls().ids_per_call(IDS_PER_CALL);
            let mut run = calls.on_failure(OnFailure::ContinueAfterRefusal).start()?;
            let mut sent = told(&mut run, interrupt, report).await;
            sent.sort_by_key(|it| part.iter().position(|id| *id == it.item));
            outcomes.extend(sent.iter().map(|it| (it.item.clone(), it.state.clone())));
            show_part(&sent, run.calls(), format_args!("{} of {} sent so far", outcomes.len(), ids.len()), report);
            ended_by = run.ended_by().cloned();
        }
        Ok(outcomes)
    }
}

fn refused_for_moving(moved: usize) -> Trouble {
    Trouble::Refused(format!(
        "{} changed groups a moment ago. Nothing was sent; run this again",
        counted(moved, "certificate")
    ))
}

type Told = ItemOutcome<ResourceId, UnassignCertificates>;

/// All outcomes of a run. After an interruption, the current call completes.
async fn told(run: &mut Outcomes<MoveInCalls<Unassign>>, interrupt: &mut Listening, report: &Report) -> Vec<Told> {
    let mut told = Vec::new();
    loop {
        match interrupt.or(run.next()).await {
            Some(Some(outcome)) => told.push(outcome),
            Some(None) => return told,
            None => break,
        }
    }
    report.complain("  Interrupted. The current call completes, and no further call is sent.");
    run.stop();
    while let Some(outcome) = run.next().await {
        told.push(outcome);
    }
    told
}

fn show_part(sent: &[Told], calls: u32, so_far: std::fmt::Arguments<'_>, report: &Report) {
    let (confirmed, asked) = (sent.iter().filter(|it| it.state.is_confirmed()).count(), sent.len());
    let calls = counted(usize::try_from(calls).unwrap_or(usize::MAX), "call");
    report.line(format!(
        "  sent {} in {calls}; the response confirms {confirmed}; {so_far}",
        counted(asked, "certificate")
    ));
    let mut answers: Vec<&Arc<UnassignOutcome>> = sent.iter().filter_map(|it| it.answer.as_ref()).collect();
    answers.dedup_by(|one, other| Arc::ptr_eq(one, other));
    for answer in answers {
        if let Some(message) = answer.message() {
            report.line(format!("    response: {}", shown(message)));
        }
        for id in answer.unexpected_ids() {
            report.complain(format!("    NOT REQUESTED, but reported as done: {}", shown(id)));
        }
    }
    show_errors(sent.iter().map(|it| (&it.item, &it.state)), report);
}
