//! The AppViewX side: unassign certificates from their group.

use clm::appviewx::{Client, UnassignCertificates, UnassignOutcome};
use serde_json::json;

use crate::config::Mode;
use crate::ended::{Ended, Trouble};
use crate::report::{Report, shown};

pub(crate) struct AppViewXJob {
    pub(crate) client: Client,
    pub(crate) resource_ids: Vec<String>,
    pub(crate) comment: Option<String>,
}

impl AppViewXJob {
    /// The checked request. Nothing is sent.
    pub(crate) fn request(&self) -> Result<UnassignCertificates, Trouble> {
        let mut unassignment = self.client.certificate_groups().unassign(&self.resource_ids);
        if let Some(comment) = &self.comment {
            unassignment = unassignment.comment(comment);
        }
        unassignment.build().map_err(|error| Trouble::AppViewX(error.into()))
    }

    pub(crate) async fn run(
        &self,
        request: UnassignCertificates,
        mode: Mode,
        report: &Report,
    ) -> Result<Ended, Trouble> {
        show(&self.client, &request, report);
        match mode {
            Mode::Show => {
                report.line("  Nothing is sent without --yes.");
                Ok(Ended::Done)
            }
            Mode::DryRun => {
                let ids = request.resource_ids();
                let body = match request.comment() {
                    Some(comment) => json!({"resourceIds": ids, "comment": comment}),
                    None => json!({"resourceIds": ids}),
                };
                report.line("  A dry run: this call would be sent");
                report.line(format!("    PUT /certificate/group/unassign {body}"));
                Ok(Ended::Done)
            }
            Mode::Send => {
                let outcome = self.client.certificate_groups().execute(request).await?;
                show_outcome(&outcome, report);
                Ok(if outcome.is_complete() { Ended::Done } else { Ended::Open })
            }
        }
    }
}

fn show(client: &Client, request: &UnassignCertificates, report: &Report) {
    report.line("");
    report.line(format!("AppViewX CERT+ at {}", client.base_url()));
    report.line("  asked: unassign from their group");
    for id in request.resource_ids() {
        report.line(format!("    certificate {id}"));
    }
    if let Some(comment) = request.comment() {
        report.line(format!("    comment \"{comment}\""));
    }
}

fn show_outcome(outcome: &UnassignOutcome, report: &Report) {
    report.line(format!("  answered: {}", shown(outcome.message().unwrap_or("(no message)"))));
    for (what, ids) in [
        ("confirmed    ", outcome.successful_ids()),
        ("UNCONFIRMED  ", outcome.unconfirmed_ids()),
        ("not asked for", outcome.unexpected_ids()),
    ] {
        for id in ids {
            report.line(format!("    {what} {}", shown(id)));
        }
    }
    if outcome.is_complete() {
        report.line("    They are in the default group now: its policy applies, renewal included.");
    }
}
