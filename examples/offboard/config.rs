//! Arguments name the targets; environment variables hold the servers and all secrets.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clm::appviewx::{CertificateCategory, CommentRule};
use clm::keyfactor::{CertificateLocation, CertificateRef, Thumbprint};

use self::values::{Expectation, category, expectation, job_field, location, minutes};
use crate::appviewx::{self, AppViewXJob, Target, every_category};
use crate::consent::{Consent, Loss};
use crate::environment::{Variables, appviewx_client, keyfactor_client};
use crate::keyfactor::{Following, Inventory, KeyfactorJob, Settings, Task};
use crate::plan_file::{self, Vendor};
use crate::probe::Probe;

pub(crate) mod texts;
mod values;

pub(crate) enum Config {
    Help,
    Demo,
    Probe(Box<Probe>),
    Job(Box<Job>),
}

/// What the run sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Mode {
    /// Only reads, to show what would be changed.
    #[default]
    Show,
    /// Only reads; the changes are printed.
    DryRun,
    /// Everything.
    Send,
}

pub(crate) struct Job {
    pub(crate) mode: Mode,
    pub(crate) keyfactor: Option<KeyfactorJob>,
    pub(crate) appviewx: Option<AppViewXJob>,
}

/// An error message for the terminal.
pub(crate) type Problem = String;

/// The parsed arguments.
#[derive(Default)]
struct Arguments {
    certificate: Option<CertificateRef>,
    thumbprints: Vec<Thumbprint>,
    job_fields: Vec<(String, String)>,
    accept_omissions: Option<Loss>,
    audit_note: Option<String>,
    comment_allows: Option<String>,
    demo: Option<Mode>,
    probe: Option<Mode>,
    locations: Vec<CertificateLocation>,
    undo: Option<PathBuf>,
    follow: Option<PathBuf>,
    collection_id: Option<i32>,
    expect: Option<Expectation>,
    accept_loss: Option<Loss>,
    accept_other_server: Option<Loss>,
    plan: Option<PathBuf>,
    no_follow: Option<Following>,
    deadline: Option<Duration>,
    trigger_inventory: Option<Inventory>,
    common_name: Option<String>,
    group: Option<String>,
    resource_ids: Vec<String>,
    categories: Vec<CertificateCategory>,
    comment: Option<String>,
    group_plan: Option<PathBuf>,
    yes: Option<Mode>,
    dry_run: Option<Mode>,
}

impl Config {
    pub(crate) fn read(
        arguments: impl Iterator<Item = OsString>,
        variables: impl Iterator<Item = (String, OsString)>,
    ) -> Result<Self, Problem> {
        let arguments: Vec<OsString> = arguments.collect();
        let anything = !arguments.is_empty();
        let count = arguments.len();
        let Some(arguments) = read_arguments(arguments)? else {
            return Ok(Self::Help);
        };
        if arguments.demo.is_some() {
            return if count == 1 {
                Ok(Self::Demo)
            } else {
                Err("--demo cannot be combined with other options".to_owned())
            };
        }
        let mut variables = Variables::of(variables)?;
        if arguments.probe.is_some() {
            return if count == 1 {
                probe(variables)
            } else {
                Err("--probe cannot be combined with other options".to_owned())
            };
        }
        if !anything && variables.is_empty() {
            return Ok(Self::Demo);
        }
        arguments.check()?;
        let mode = arguments.dry_run.or(arguments.yes).unwrap_or_default();
        let undone = arguments.undo.as_deref().map(plan_file::vendor).transpose()?;
        let (task, appviewx_task) = (arguments.task(undone), arguments.appviewx_task(undone));
        arguments.check_undo(undone)?;
        let keyfactor = if variables.any("KEYFACTOR_") || task.is_some() {
            let client = keyfactor_client(&mut variables)?;
            let task = task.ok_or(
                "KEYFACTOR_* is set, but there is no target: use --thumbprint, --thumbprints, --certificate-id, --location, --undo or --follow",
            )?;
            Some(KeyfactorJob { client, task, consent: arguments.consent(), settings: arguments.settings() })
        } else {
            None
        };
        let appviewx = if variables.any("APPVIEWX_") || appviewx_task.is_some() {
            let (client, session) = appviewx_client(&mut variables, arguments.comment_rule())?;
            let task = appviewx_task.ok_or(
                "APPVIEWX_* is set, but there is no target: use --common-name, --group, --resource-id or --undo",
            )?;
            let consent = match arguments.expect {
                Some(expect) if keyfactor.is_some() => Consent { expect: expect.second, ..arguments.consent() },
                _ => arguments.consent(),
            };
            let (comment_rule, audit_note) = (arguments.comment_rule(), arguments.audit_note.clone());
            let categories = Some(arguments.categories).filter(|them| !them.is_empty()).unwrap_or_else(every_category);
            let comment = arguments.comment;
            Some(AppViewXJob { client, session, task, categories, comment, comment_rule, audit_note, consent })
        } else {
            None
        };
        variables.all_used()?;
        if keyfactor.is_none() && appviewx.is_none() {
            return Err(
                "there is no target: use --thumbprint, --thumbprints, --certificate-id, --location, --common-name, --group, --resource-id, --undo or --follow"
                    .to_owned(),
            );
        }
        Ok(Self::Job(Box::new(Job { mode, keyfactor, appviewx })))
    }
}

/// Probes the servers whose variables are set.
fn probe(mut variables: Variables) -> Result<Config, Problem> {
    let keyfactor = variables.any("KEYFACTOR_").then(|| keyfactor_client(&mut variables)).transpose()?;
    let appviewx =
        variables.any("APPVIEWX_").then(|| appviewx_client(&mut variables, CommentRule::default())).transpose()?;
    variables.all_used()?;
    if keyfactor.is_none() && appviewx.is_none() {
        return Err("--probe requires the variables of a server, KEYFACTOR_* or APPVIEWX_*".to_owned());
    }
    Ok(Config::Probe(Box::new(Probe { keyfactor, appviewx })))
}

/// `None` if help was requested.
fn read_arguments(arguments: Vec<OsString>) -> Result<Option<Arguments>, Problem> {
    use lexopt::prelude::*;
    let mut given = Arguments::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        let Long(name) = argument else {
            return if matches!(argument, Short('h')) { Ok(None) } else { Err(argument.unexpected().to_string()) };
        };
        let name = name.to_owned();
        if name == "help" {
            return Ok(None);
        }
        given.take(&name, &mut parser).map_err(|error| match error {
            lexopt::Error::UnexpectedOption(option) => match texts::nearest(&name) {
                Some(nearest) => format!("invalid option '{option}'; did you mean --{nearest}?"),
                None => format!("invalid option '{option}'"),
            },
            error if error.to_string().contains(&format!("--{name}")) => error.to_string(),
            error => format!("--{name}: {error}"),
        })?;
    }
    Ok(Some(given))
}

impl Arguments {
    fn take(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<(), lexopt::Error> {
        use lexopt::prelude::*;
        let given = self;
        let once = |first: bool| if first { Ok(()) } else { Err(format!("--{name} was given more than once")) };
        match name {
            "thumbprint" => {
                given.thumbprints.push(Thumbprint::from(parser.value()?.string()?));
            }
            "certificate-id" => {
                let id: i32 = parser.value()?.parse()?;
                once(given.certificate.replace(id.into()).is_none())?;
            }
            "thumbprints" => given.thumbprints.extend(texts::thumbprints(Path::new(&parser.value()?))?),
            "job-field" => given.job_fields.push(job_field(parser.value()?)?),
            "accept-omissions" => given.accept_omissions = Some(Loss::Accepted),
            "accept-other-server" => given.accept_other_server = Some(Loss::Accepted),
            "audit-note" => once(given.audit_note.replace(parser.value()?.string()?).is_none())?,
            "comment-allows" => once(given.comment_allows.replace(parser.value()?.string()?).is_none())?,
            "demo" => given.demo = Some(Mode::Show),
            "probe" => given.probe = Some(Mode::Show),
            "location" => given.locations.push(parser.value()?.parse_with(location)?),
            "follow" => once(given.follow.replace(parser.value()?.into()).is_none())?,
            "undo" => once(given.undo.replace(parser.value()?.into()).is_none())?,
            "collection-id" => once(given.collection_id.replace(parser.value()?.parse()?).is_none())?,
            "expect" => once(given.expect.replace(parser.value()?.parse_with(expectation)?).is_none())?,
            "plan" => once(given.plan.replace(parser.value()?.into()).is_none())?,
            "deadline" => once(given.deadline.replace(parser.value()?.parse_with(minutes)?).is_none())?,
            "comment" => once(given.comment.replace(parser.value()?.string()?).is_none())?,
            "common-name" => once(given.common_name.replace(parser.value()?.string()?).is_none())?,
            "group" => once(given.group.replace(parser.value()?.string()?).is_none())?,
            "group-plan" => once(given.group_plan.replace(parser.value()?.into()).is_none())?,
            "category" => given.categories.push(parser.value()?.parse_with(category)?),
            "resource-id" => given.resource_ids.push(parser.value()?.string()?),
            "accept-loss" => given.accept_loss = Some(Loss::Accepted),
            "no-follow" => given.no_follow = Some(Following::Off),
            "trigger-inventory" => given.trigger_inventory = Some(Inventory::Now),
            "yes" => given.yes = Some(Mode::Send),
            "dry-run" => given.dry_run = Some(Mode::DryRun),
            _ => return Err(Long(name).unexpected()),
        }
        Ok(())
    }
}

impl Arguments {
    /// No argument is ignored: each one must have the argument it requires.
    fn check(&self) -> Result<(), Problem> {
        if self.certificate.is_some() && !self.thumbprints.is_empty() {
            return Err("--thumbprint cannot be combined with --certificate-id".to_owned());
        }
        let (certificate, undo) = (self.names_certificate(), self.undo.is_some());
        let (locations, ids) = (!self.locations.is_empty(), !self.resource_ids.is_empty());
        let (named, group) = (self.common_name.is_some(), self.group.is_some());
        let several = |given: &[bool]| given.iter().filter(|given| **given).count() > 1;
        let follow = self.follow.is_some();
        if several(&[certificate, undo, locations, follow]) {
            return Err(
                "use only one of --thumbprint (or --certificate-id), --location, --undo and --follow".to_owned()
            );
        }
        if several(&[named, group, ids]) {
            return Err("use only one of --common-name, --group and --resource-id".to_owned());
        }
        let searched = named || group;
        let unassigned = searched || ids;
        if follow && (unassigned || self.yes.is_some() || self.expect.is_some() || self.no_follow.is_some()) {
            return Err("--follow can only be combined with --deadline and --trigger-inventory".to_owned());
        }
        if undo && unassigned {
            let other = if ids { "resource-id" } else { "common-name or --group" };
            return Err(format!("--undo cannot be combined with --{other}"));
        }
        let (found, read) = (certificate || locations, certificate || locations || undo || follow);
        let keyfactor = "--thumbprint, --certificate-id, --location, --undo or --follow";
        let appviewx = "--common-name, --group or --resource-id";
        let moved = "--common-name, --group, --resource-id or --undo";
        let any = format!("--thumbprint, --certificate-id, --location, --undo, {appviewx}");
        let planned = format!("--thumbprint, --certificate-id, {appviewx}");
        for (name, given, belongs, to) in [
            ("collection-id", self.collection_id.is_some(), found, "--thumbprint, --certificate-id or --location"),
            ("plan", self.plan.is_some(), certificate, "--thumbprint or --certificate-id"),
            ("accept-loss", self.accept_loss.is_some(), certificate || unassigned, &planned),
            ("expect", self.expect.is_some(), read || unassigned, &any),
            ("no-follow", self.no_follow.is_some(), read, keyfactor),
            ("deadline", self.deadline.is_some(), read, keyfactor),
            ("trigger-inventory", self.trigger_inventory.is_some(), read, keyfactor),
            ("accept-omissions", self.accept_omissions.is_some(), certificate, "--thumbprint or --certificate-id"),
            ("accept-other-server", self.accept_other_server.is_some(), undo, "--undo"),
            (
                "job-field",
                !self.job_fields.is_empty(),
                found || undo,
                "--thumbprint, --certificate-id, --location or --undo",
            ),
            ("audit-note", self.audit_note.is_some(), found || unassigned || undo, &any),
            ("comment-allows", self.comment_allows.is_some(), self.comment.is_some(), "--comment"),
            ("comment", self.comment.is_some(), unassigned || undo, moved),
            ("category", !self.categories.is_empty(), unassigned || undo, moved),
            ("group-plan", self.group_plan.is_some(), unassigned, appviewx),
        ] {
            if given && !belongs {
                return Err(format!("--{name} requires {to}"));
            }
        }
        self.check_expectation()
    }

    /// Targets that are looked up require an expected number.
    fn check_expectation(&self) -> Result<(), Problem> {
        let searched = self.common_name.is_some() || self.group.is_some();
        let both =
            (self.names_certificate() || !self.locations.is_empty()) && (searched || !self.resource_ids.is_empty());
        let second = self.expect.and_then(|expect| expect.second);
        if second.is_some() && !both {
            return Err("--expect with two numbers requires targets for both servers".to_owned());
        }
        if self.yes.is_none() || self.dry_run.is_some() {
            return Ok(());
        }
        let looked_up = searched || self.names_certificate() || self.undo.is_some();
        if looked_up && self.expect.is_none() {
            return Err("--yes requires --expect N; run without --yes first to see the number".to_owned());
        }
        if both && searched && second.is_none() {
            return Err(
                "--yes requires --expect with two numbers, for locations and certificates: --expect 2+3".to_owned()
            );
        }
        Ok(())
    }

    fn check_undo(&self, undone: Option<Vendor>) -> Result<(), Problem> {
        let (vendor, given) = match undone {
            None => return Ok(()),
            Some(Vendor::Keyfactor) => (
                "Keyfactor Command",
                [("comment", self.comment.is_some()), ("category", !self.categories.is_empty()), ("", false)],
            ),
            Some(Vendor::AppViewX) => (
                "AppViewX CERT+",
                [
                    ("no-follow", self.no_follow.is_some()),
                    ("deadline", self.deadline.is_some()),
                    ("trigger-inventory", self.trigger_inventory.is_some()),
                ],
            ),
        };
        match given.into_iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(format!("--{name} cannot be combined with a plan for {vendor}")),
            None => Ok(()),
        }
    }

    fn names_certificate(&self) -> bool {
        self.certificate.is_some() || !self.thumbprints.is_empty()
    }

    fn comment_rule(&self) -> CommentRule {
        self.comment_allows.as_deref().map_or_else(CommentRule::default, CommentRule::allowing)
    }

    fn task(&self, undone: Option<Vendor>) -> Option<Task> {
        let collection_id = self.collection_id;
        let plan = self.plan.clone();
        if let Some(certificate) = self.certificate.clone() {
            return Some(Task::Certificate { certificate, collection_id, plan });
        }
        match &self.thumbprints[..] {
            [] => {}
            [only] => return Some(Task::Certificate { certificate: only.clone().into(), collection_id, plan }),
            several => return Some(Task::Certificates { thumbprints: several.to_vec(), collection_id, plan }),
        }
        if let Some(file) = self.follow.clone() {
            return Some(Task::Follow { file });
        }
        if let (Some(plan), Some(Vendor::Keyfactor)) = (self.undo.clone(), undone) {
            return Some(Task::Undo { plan });
        }
        let locations = self.locations.clone();
        (!locations.is_empty()).then_some(Task::Locations { locations, collection_id })
    }

    fn appviewx_task(&self, undone: Option<Vendor>) -> Option<appviewx::Task> {
        if let (Some(plan), Some(Vendor::AppViewX)) = (self.undo.clone(), undone) {
            return Some(appviewx::Task::Undo { plan });
        }
        let ids = Some(self.resource_ids.clone()).filter(|ids| !ids.is_empty()).map(Target::Ids);
        let target = self.common_name.clone().map(Target::CommonName);
        let target = target.or(self.group.clone().map(Target::Group)).or(ids)?;
        Some(appviewx::Task::Unassign { target, plan: self.group_plan.clone() })
    }

    /// The consent for the first server, which is Keyfactor Command if there are two.
    fn consent(&self) -> Consent {
        Consent {
            expect: self.expect.map(|it| it.first),
            loss: self.accept_loss.unwrap_or_default(),
            omissions: self.accept_omissions.unwrap_or_default(),
            other_server: self.accept_other_server.unwrap_or_default(),
        }
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings {
            following: self.no_follow.unwrap_or_default(),
            inventory: self.trigger_inventory.unwrap_or_default(),
            job_fields: self.job_fields.clone(),
            audit_note: self.audit_note.clone(),
            ..Settings::default()
        };
        if let Some(deadline) = self.deadline {
            settings.deadline = deadline;
        }
        settings
    }
}

#[cfg(test)]
mod tests;
