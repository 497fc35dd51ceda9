//! The AppViewX side: search for the certificates, save their groups, show the plan, unassign, and read the groups back;
//! and the undo.

mod find;
mod step;
mod unassign;
mod undo;

use std::collections::HashMap;
use std::path::PathBuf;

use clm::RequestBuilder;
use clm::appviewx::{
    CertificateCategory, Client, Comment, CommentRule, Error, GroupMembership, LogoutOutcome, ResourceId,
    UnassignCertificates,
};
use serde_json::{Value, json};

use crate::consent::Consent;
use crate::ended::{Ended, Trouble};
use crate::interrupt::Listening;
use crate::plan_file::Written;
use crate::report::Report;
use crate::shell::argument;

use unassign::Unassignment;
use undo::WayBack;

/// Ids per call.
const IDS_PER_CALL: usize = 100;

pub(crate) struct AppViewXJob {
    pub(crate) client: Client,
    pub(crate) session: Session,
    pub(crate) task: Task,
    /// The categories to search.
    pub(crate) categories: Vec<CertificateCategory>,
    pub(crate) comment: Option<String>,
    pub(crate) comment_rule: CommentRule,
    /// For the audit events of the crate.
    pub(crate) audit_note: Option<String>,
    pub(crate) consent: Consent,
}

/// Who ends the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Session {
    /// The client logs in, so this program logs out.
    Own,
    /// There is no session, or an existing one was given.
    NotOwn,
}

pub(crate) enum Task {
    /// Unassign certificates from their group.
    Unassign { target: Target, plan: Option<PathBuf> },
    /// Assign certificates back to the groups in this plan.
    Undo { plan: PathBuf },
}

/// The certificates to unassign.
pub(crate) enum Target {
    /// Those with this common name, ignoring ASCII case.
    CommonName(String),
    /// Those in the group with exactly this name.
    Group(String),
    /// Those with these ids.
    Ids(Vec<String>),
}

/// The categories for which the vendor documents the unassignment: server, client and code signing.
pub(crate) fn every_category() -> Vec<CertificateCategory> {
    vec![CertificateCategory::Server, CertificateCategory::Client, CertificateCategory::CodeSigning]
}

/// Everything that is looked up and checked before the first change.
pub(crate) enum Prepared {
    Unassign(Unassignment),
    Undo(WayBack),
}

/// Looks up and shows everything. Changes nothing.
pub(crate) async fn prepare(job: &AppViewXJob, report: &Report) -> Result<Prepared, Trouble> {
    report.line("");
    report.line(format!("AppViewX CERT+ at {}", job.client.base_url()));
    let prepared = match &job.task {
        Task::Unassign { target, plan } => Prepared::Unassign(job.find_out(target, plan.as_deref(), report).await?),
        Task::Undo { plan } => Prepared::Undo(job.look_back(plan, report).await?),
    };
    prepared.refuse_nothing()?;
    if prepared.size() > 0 {
        job.consent.check_size(prepared.size(), "certificate")?;
    }
    Ok(prepared)
}

impl Prepared {
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Unassign(it) => it.size(),
            Self::Undo(it) => it.size(),
        }
    }

    pub(crate) fn losses(&self) -> usize {
        match self {
            Self::Unassign(it) => it.losses(),
            Self::Undo(_) => 0,
        }
    }

    /// It is an error if nothing in a plan can be put back, unless everything is back already.
    fn refuse_nothing(&self) -> Result<(), Trouble> {
        match self {
            Self::Undo(it) => it.refuse_nothing(),
            Self::Unassign(_) => Ok(()),
        }
    }

    /// Prints the calls instead of sending them.
    pub(crate) fn dry_run(&self, job: &AppViewXJob, report: &Report) {
        report.line("  Dry run. These calls would be sent to AppViewX CERT+, in this order:");
        let calls = match self {
            Self::Unassign(it) => it.calls(job),
            Self::Undo(it) => it.calls(job),
        };
        for (path, body) in calls {
            report.line(format!("    PUT /{path} {body}"));
        }
        if let Err(Trouble::Refused(why)) = self.check(job) {
            report.complain(format!("  This run would be refused: {why}"));
        }
    }

    /// The checks before the first change.
    pub(crate) fn check(&self, job: &AppViewXJob) -> Result<(), Trouble> {
        job.consent.check_losses(self.losses(), "certificate")
    }

    pub(crate) fn write_plan(&self, report: &Report) -> Result<Option<Written>, Trouble> {
        match self {
            Self::Unassign(it) => it.write_plan(report),
            Self::Undo(_) => Ok(None),
        }
    }

    /// Checks that every certificate is still in the group of the plan.
    pub(crate) async fn look_again(&self, job: &AppViewXJob, report: &Report) -> Result<(), Trouble> {
        match self {
            Self::Unassign(it) => it.look_again(job, report).await,
            // `assign_back` checks this itself.
            Self::Undo(_) => Ok(()),
        }
    }

    pub(crate) async fn send(
        self,
        job: &AppViewXJob,
        plan: Option<Written>,
        interrupt: &mut Listening,
        report: &Report,
    ) -> Result<Ended, Trouble> {
        if self.size() == 0 {
            report.line("  nothing to send to AppViewX CERT+");
            return Ok(Ended::NothingToDo);
        }
        match self {
            Self::Unassign(it) => it.send(job, plan.as_ref(), interrupt, report).await,
            Self::Undo(it) => {
                let sent = interrupt.or(Box::pin(it.send(job, report))).await;
                sent.unwrap_or_else(|| {
                    report.complain(
                        "  Interrupted. Calls that were sent are not withdrawn; the response to the current call is lost.",
                    );
                    if let Task::Undo { plan } = &job.task {
                        let plan = argument(plan);
                        report.complain(format!("  To see where the certificates are: offboard --undo {plan}"));
                    }
                    Ok(Ended::Open)
                })
            }
        }
    }
}

impl AppViewXJob {
    /// Checks that need no server, so that an invalid comment is found before the first change.
    pub(crate) fn check(&self) -> Result<(), Trouble> {
        if let Some(comment) = &self.comment {
            Comment::with_rule(comment, &self.comment_rule).map_err(Error::from)?;
        }
        match &self.task {
            Task::Unassign { target, .. } => self.check_target(target),
            Task::Undo { .. } => Ok(()),
        }
    }

    /// A failure does not affect the result of the run.
    pub(crate) async fn log_out(&self, report: &Report) {
        if self.session == Session::NotOwn {
            return;
        }
        match self.client.logout().await {
            Ok(LogoutOutcome::NoSession) => {}
            Ok(_) => report.line("  logged out of AppViewX CERT+"),
            Err(error) => {
                report
                    .complain("  WARNING: the logout from AppViewX CERT+ failed; the session lasts until it expires:");
                report.appviewx_error(&error);
            }
        }
    }

    /// Reads the current groups.
    async fn memberships(&self, ids: Vec<ResourceId>) -> Result<HashMap<ResourceId, GroupMembership>, Error> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let groups = self.client.certificate_groups();
        let mut look = groups.confirm_group(ids, groups.default_group());
        for category in &self.categories {
            look = look.category(category.clone());
        }
        Ok(look.send().await?.memberships().iter().cloned().collect())
    }

    fn is_default(&self, group: &str) -> bool {
        group == self.client.certificate_groups().default_group()
    }

    fn with_comment(&self, call: RequestBuilder<UnassignCertificates>) -> RequestBuilder<UnassignCertificates> {
        let call = match &self.audit_note {
            Some(note) => call.audit_note(note),
            None => call,
        };
        match &self.comment {
            Some(comment) => call.comment(comment),
            None => call,
        }
    }

    /// The body of a call, for a dry run. It contains no secret.
    fn body(&self, group: Option<&str>, ids: &[ResourceId]) -> Value {
        let mut body = json!({"resourceIds": ids});
        let members = [("groupName", group), ("comment", self.comment.as_deref())];
        if let Some(body) = body.as_object_mut() {
            let given = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
            body.extend(given);
        }
        body
    }
}

#[cfg(test)]
mod tests;
