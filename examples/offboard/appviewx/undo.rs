//! The undo: assigns certificates back to the groups saved in a plan.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use clm::appviewx::{AssignBackState, GroupMembership, GroupPlan, RememberedGroup, ResourceId};
use clm::{ItemState, ManyOutcome};

use super::step::{Step, conclude, show_errors, unread};
use super::{AppViewXJob, IDS_PER_CALL};
use crate::consent::Loss;
use crate::ended::{Ended, Trouble};
use crate::plan_file;
use crate::report::{Report, counted, shown};
use crate::table::table;

pub(crate) struct WayBack {
    plan: GroupPlan,
    /// The current groups.
    memberships: HashMap<ResourceId, GroupMembership>,
    /// The part of the plan that can be put back.
    back: GroupPlan,
    there: usize,
}

impl AppViewXJob {
    pub(super) async fn look_back(&self, path: &Path, report: &Report) -> Result<WayBack, Trouble> {
        let plan = plan_file::read_groups(path)?;
        self.consent.check_server(plan.header().server.as_deref(), self.client.base_url().as_str())?;
        let ids = plan.remembered().iter().map(|it| it.resource_id.clone()).collect();
        let memberships = self.memberships(ids).await?;
        let is_in = |it: &RememberedGroup, group: &str| matches!(memberships.get(&it.resource_id), Some(GroupMembership::Group(now)) if now == group);
        let default = self.client.certificate_groups().default_group().to_owned();
        let there = plan.remembered().iter().filter(|it| is_in(it, &it.group)).count();
        let back = plan.remembered().iter().filter(|it| !is_in(it, &it.group) && is_in(it, &default));
        let back = plan.only(back.map(|it| &it.resource_id));
        let way = WayBack { plan, memberships, back, there };
        way.show(&default, report);
        Ok(way)
    }
}

impl WayBack {
    pub(super) fn size(&self) -> usize {
        self.back.remembered().len()
    }

    pub(super) fn refuse_nothing(&self) -> Result<(), Trouble> {
        if self.size() == 0 && self.there < self.plan.remembered().len() + self.plan.not_remembered().len() {
            return Err(Trouble::Refused("nothing in this plan can be put back. Nothing was sent".to_owned()));
        }
        Ok(())
    }

    fn show(&self, default: &str, report: &Report) {
        let all = self.plan.remembered().len() + self.plan.not_remembered().len();
        report.line(format!("  to put back: {} of {}", self.size(), counted(all, "certificate")));
        let row = |it: &RememberedGroup| {
            let now = self.memberships.get(&it.resource_id);
            let what = match now {
                Some(GroupMembership::Group(now)) if *now == it.group => "already back".to_owned(),
                Some(GroupMembership::Group(now)) if now == default => "put back".to_owned(),
                Some(GroupMembership::Group(_) | GroupMembership::GroupNotNamed) => "SKIPPED: moved since".to_owned(),
                _ => "SKIPPED".to_owned(),
            };
            [it.resource_id.to_string(), it.group.clone(), now.map_or("?".to_owned(), unread), what]
        };
        let forgotten = self.plan.not_remembered().iter();
        let forgotten = forgotten.map(|it| {
            [it.resource_id.to_string(), "NOT KNOWN".to_owned(), "?".to_owned(), format!("SKIPPED: {}", it.why)]
        });
        report.lines(&table(
            ["certificate", "old group", "current group", "undo"],
            &self.plan.remembered().iter().map(row).chain(forgotten).collect::<Vec<_>>(),
        ));
        if self.size() + self.there < all {
            report.complain(format!(
                "  NOTE: skipped {}; certificates that were moved since stay where they are",
                counted(all - self.size() - self.there, "certificate")
            ));
        }
    }

    fn by_group(&self) -> BTreeMap<&str, Vec<ResourceId>> {
        let mut groups: BTreeMap<&str, Vec<ResourceId>> = BTreeMap::new();
        for it in self.back.remembered() {
            groups.entry(&it.group).or_default().push(it.resource_id.clone());
        }
        groups
    }

    pub(super) fn calls(&self, job: &AppViewXJob) -> Vec<(&'static str, serde_json::Value)> {
        let by_group = self.by_group();
        let calls = by_group.iter().flat_map(|(group, ids)| ids.chunks(IDS_PER_CALL).map(move |ids| (group, ids)));
        calls.map(|(group, ids)| ("certificate/group/assign", job.body(Some(group), ids))).collect()
    }

    pub(super) async fn send(self, job: &AppViewXJob, report: &Report) -> Result<Ended, Trouble> {
        let mut way = job.client.certificate_groups().assign_back(&self.back);
        if job.consent.other_server == Loss::Accepted {
            way = way.accept_other_server();
        }
        for category in &job.categories {
            way = way.category(category.clone());
        }
        if let Some(comment) = &job.comment {
            way = way.comment(comment);
        }
        let outcome = way.send().await?;
        for sent in outcome.answers() {
            show_errors(sent.items().iter().map(|it| (&it.item, &it.state)), report);
        }
        let calls: u32 = outcome.answers().iter().map(ManyOutcome::calls).sum();
        report
            .line(format!("  sent {}, group by group", counted(usize::try_from(calls).unwrap_or(usize::MAX), "call")));
        let memberships =
            job.memberships(self.back.remembered().iter().map(|it| it.resource_id.clone()).collect()).await?;
        let mut steps = Vec::new();
        let mut ended = Ended::Done;
        for it in self.back.remembered() {
            let state = outcome.of(it.resource_id.as_str());
            let membership = memberships.get(&it.resource_id).cloned();
            let outcome = match state {
                Some(AssignBackState::Sent(outcome)) => outcome.clone(),
                Some(AssignBackState::AlreadyThere) => ItemState::Confirmed,
                _ => {
                    report.complain(format!("  skipped {}: it was moved a moment ago", shown(&it.resource_id)));
                    ended = Ended::Open;
                    continue;
                }
            };
            let from = Some(job.client.certificate_groups().default_group().to_owned());
            steps.push(Step { id: it.resource_id.clone(), from, to: it.group.clone(), outcome, membership });
        }
        let unread = |it: &&RememberedGroup| {
            matches!(self.memberships.get(&it.resource_id), Some(GroupMembership::Unreadable(_)))
        };
        if self.plan.remembered().iter().any(|it| unread(&it)) {
            ended = Ended::Open;
        }
        Ok(ended.max(conclude(&steps, report)))
    }
}
