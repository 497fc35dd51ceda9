//! What is printed. In the demonstration every line says so.

use std::io::Write as _;
use std::process::ExitCode;

use clm::appviewx::{self, UnassignCertificates, UnassignOutcome};
use clm::keyfactor::{self, PermissionScope, RemoveCertificates, RemoveOutcome};
use clm::url::Url;

pub(crate) struct Report {
    prefix: &'static str,
}

impl Report {
    pub(crate) fn plain() -> Self {
        Self { prefix: "" }
    }

    pub(crate) fn demo() -> Self {
        Self { prefix: "[demo] " }
    }

    pub(crate) fn line(&self, text: &str) {
        // A reader that hung up must not stop a job half-way.
        let _ = writeln!(std::io::stdout(), "{}", format!("{}{text}", self.prefix).trim_end());
    }

    pub(crate) fn removal(&self, server: &Url, request: &RemoveCertificates) {
        self.line("");
        self.line(&format!("Keyfactor Command at {server}"));
        self.line("  asked: POST /CertificateStores/Certificates/Remove, immediately");
        for location in request.locations() {
            self.line(&format!("    store {}  alias {}", location.store(), location.alias()));
        }
        self.line(&match request.scope() {
            PermissionScope::Collection { id, .. } => format!("    permissions looked for in collection {id}"),
            _ => "    permissions looked for system-wide and in the stores' containers".to_owned(),
        });
    }

    pub(crate) fn removal_outcome(&self, outcome: &RemoveOutcome) {
        self.line(&format!("  answered: {} orchestrator job(s) scheduled", outcome.job_ids().len()));
        for job in outcome.job_ids() {
            self.line(&format!("    job   {job}"));
        }
        for entry in outcome.unrecognized_entries() {
            self.line(&format!("    no job id: {entry}"));
        }
        if let Some(id) = outcome.correlation_id() {
            self.line(&format!("    correlation id {id}"));
        }
        self.line("    Scheduled is not removed: the orchestrators run these jobs later.");
    }

    pub(crate) fn unassignment(&self, server: &Url, request: &UnassignCertificates) {
        self.line("");
        self.line(&format!("AppViewX CERT+ at {server}"));
        self.line("  asked: PUT /certificate/group/unassign");
        for id in request.resource_ids() {
            self.line(&format!("    certificate {id}"));
        }
        if let Some(comment) = request.comment() {
            self.line(&format!("    comment \"{comment}\""));
        }
    }

    pub(crate) fn unassign_outcome(&self, outcome: &UnassignOutcome) {
        self.line(&format!("  answered: {}", outcome.message().unwrap_or("(no message)")));
        for (what, ids) in [
            ("confirmed    ", outcome.successful_ids()),
            ("UNCONFIRMED  ", outcome.unconfirmed_ids()),
            ("not asked for", outcome.unexpected_ids()),
        ] {
            for id in ids {
                self.line(&format!("    {what} {id}"));
            }
        }
        if outcome.is_complete() {
            self.line("    They are in the default group now: its policy applies, renewal included.");
        }
    }

    pub(crate) fn keyfactor_error(&self, error: &keyfactor::Error) -> ExitCode {
        self.error(error, error.remediation())
    }

    pub(crate) fn appviewx_error(&self, error: &appviewx::Error) -> ExitCode {
        self.error(error, error.remediation())
    }

    fn error(&self, error: &dyn std::error::Error, remediation: Option<&str>) -> ExitCode {
        self.complain(&format!("FAILED: {error}"));
        let mut below = error.source();
        while let Some(cause) = below {
            self.complain(&format!("  because: {cause}"));
            below = cause.source();
        }
        if let Some(remediation) = remediation {
            self.complain(&format!("  What to do: {remediation}"));
        }
        ExitCode::FAILURE
    }

    fn complain(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{}{text}", self.prefix);
    }
}
