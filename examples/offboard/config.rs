//! What to do, and where: arguments for the targets, the environment for the servers and for every secret.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clm::keyfactor::{CertificateLocation, CertificateRef, CertificateStoreId, Thumbprint};

use crate::appviewx::AppViewXJob;
use crate::environment::{Variables, appviewx_client, keyfactor_client};
use crate::keyfactor::{Consent, Following, Inventory, KeyfactorJob, Loss, Settings, Task};

pub(crate) const HELP: &str = "\
offboard: takes certificates out of service

Keyfactor Command, one of:
  --thumbprint HEX         find every store that holds this certificate, and remove it there
  --certificate-id N       the same, by Command's number for it
  --location STORE=ALIAS   remove what the certificate store (a GUID) holds under this alias, whatever
                           it is: nothing is looked up, and there is no plan for undo; repeatable
  --undo PLAN.json         put back what an earlier removal's plan can put back
and with them:
  --collection-id N        look for the certificate, and check the right to read it, in this collection
  --expect N               how many places are meant: another number is refused
  --accept-loss            go on although a place cannot be put back
  --plan FILE              where the plan for undo goes; never over an existing file
                           (default offboard-THUMBPRINT.json)
  --no-follow              do not follow the jobs; needed if the account may not
  --deadline MINUTES       how long jobs are followed, and inventories then waited for (default 30)
  --trigger-inventory      have the stores inventoried right away, to confirm sooner

AppViewX CERT+, after Keyfactor Command and only if that was done:
  --resource-id ID         unassign this certificate from its group; repeatable
  --comment TEXT           why

Both:
  --yes                    send it; by thumbprint, number or plan it needs --expect N as well.
                           Without it, only show what is there
  --dry-run                print the calls that would be sent; sends only reads, also with --yes

Ctrl-C while jobs are followed withdraws nothing: what is sent is sent. Their ids are printed before.

Exit codes:
  0  all done, or nothing was to be sent
  1  something failed or was refused
  2  wrong arguments or variables
  3  nothing failed, but something is still open or unconfirmed

Keyfactor Command's server and account:
  KEYFACTOR_HOSTNAME       host name, without https://
  KEYFACTOR_PORT           default 443
  KEYFACTOR_API_PATH       default KeyfactorAPI
  KEYFACTOR_USERNAME, KEYFACTOR_PASSWORD, and KEYFACTOR_DOMAIN if the name does not hold it;
  or KEYFACTOR_AUTH_ACCESS_TOKEN

AppViewX CERT+'s server and account:
  APPVIEWX_URL             for example https://appviewx.example.com:31443
  APPVIEWX_SESSION_ID; or APPVIEWX_USERNAME and APPVIEWX_PASSWORD

Without any argument and variable it shows the job on the fakes that the crate ships.";

pub(crate) enum Config {
    Help,
    Demo,
    Job(Box<Job>),
}

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Mode {
    /// Reads, to show what is there.
    #[default]
    Show,
    /// Reads; the changes are printed.
    DryRun,
    /// Everything.
    Send,
}

pub(crate) struct Job {
    pub(crate) mode: Mode,
    pub(crate) keyfactor: Option<KeyfactorJob>,
    pub(crate) appviewx: Option<AppViewXJob>,
}

/// A sentence for the person at the terminal.
pub(crate) type Problem = String;

/// The arguments as they were given.
#[derive(Default)]
struct Arguments {
    certificate: Option<CertificateRef>,
    locations: Vec<CertificateLocation>,
    undo: Option<PathBuf>,
    collection_id: Option<i32>,
    expect: Option<usize>,
    accept_loss: Option<Loss>,
    plan: Option<PathBuf>,
    no_follow: Option<Following>,
    deadline: Option<Duration>,
    trigger_inventory: Option<Inventory>,
    resource_ids: Vec<String>,
    comment: Option<String>,
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
        let Some(arguments) = read_arguments(arguments).map_err(|error| error.to_string())? else {
            return Ok(Self::Help);
        };
        let mut variables = Variables::of(variables)?;
        if !anything && variables.is_empty() {
            return Ok(Self::Demo);
        }
        arguments.check()?;
        let mode = arguments.dry_run.or(arguments.yes).unwrap_or_default();
        let task = arguments.task();
        let keyfactor = if variables.any("KEYFACTOR_") || task.is_some() {
            let client = keyfactor_client(&mut variables)?;
            let task = task.ok_or(
                "KEYFACTOR_* is set, but no --thumbprint, --certificate-id, --location or --undo names a certificate",
            )?;
            Some(KeyfactorJob { client, task, consent: arguments.consent(), settings: arguments.settings() })
        } else {
            None
        };
        let appviewx = if variables.any("APPVIEWX_") || !arguments.resource_ids.is_empty() {
            let client = appviewx_client(&mut variables)?;
            if arguments.resource_ids.is_empty() {
                return Err("APPVIEWX_* is set, but no --resource-id names a certificate".to_owned());
            }
            Some(AppViewXJob { client, resource_ids: arguments.resource_ids, comment: arguments.comment })
        } else {
            None
        };
        variables.all_used()?;
        if keyfactor.is_none() && appviewx.is_none() {
            return Err("nothing to do: give --thumbprint, --location, --undo or --resource-id".to_owned());
        }
        Ok(Self::Job(Box::new(Job { mode, keyfactor, appviewx })))
    }
}

/// `None` if help was asked for.
fn read_arguments(arguments: Vec<OsString>) -> Result<Option<Arguments>, lexopt::Error> {
    use lexopt::prelude::*;
    let mut given = Arguments::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        let Long(name) = argument else {
            return if matches!(argument, Short('h')) { Ok(None) } else { Err(argument.unexpected()) };
        };
        let name = name.to_owned();
        let once = |first: bool| if first { Ok(()) } else { Err(format!("--{name} was given before")) };
        match name.as_str() {
            "help" => return Ok(None),
            "thumbprint" => {
                let thumbprint = Thumbprint::from(parser.value()?.string()?);
                once(given.certificate.replace(thumbprint.into()).is_none())?;
            }
            "certificate-id" => {
                let id: i32 = parser.value()?.parse()?;
                once(given.certificate.replace(id.into()).is_none())?;
            }
            "location" => given.locations.push(parser.value()?.parse_with(location)?),
            "undo" => once(given.undo.replace(parser.value()?.into()).is_none())?,
            "collection-id" => once(given.collection_id.replace(parser.value()?.parse()?).is_none())?,
            "expect" => once(given.expect.replace(parser.value()?.parse()?).is_none())?,
            "plan" => once(given.plan.replace(parser.value()?.into()).is_none())?,
            "deadline" => once(given.deadline.replace(parser.value()?.parse_with(minutes)?).is_none())?,
            "comment" => once(given.comment.replace(parser.value()?.string()?).is_none())?,
            "resource-id" => given.resource_ids.push(parser.value()?.string()?),
            "accept-loss" => given.accept_loss = Some(Loss::Accepted),
            "no-follow" => given.no_follow = Some(Following::Off),
            "trigger-inventory" => given.trigger_inventory = Some(Inventory::Now),
            "yes" => given.yes = Some(Mode::Send),
            "dry-run" => given.dry_run = Some(Mode::DryRun),
            _ => return Err(Long(&name).unexpected()),
        }
    }
    Ok(Some(given))
}

fn location(text: &str) -> Result<CertificateLocation, String> {
    let (store, alias) = text.split_once('=').ok_or("a location is STORE=ALIAS")?;
    let store: CertificateStoreId = store.parse().map_err(|error| format!("the store: {error}"))?;
    Ok(CertificateLocation::new(store, alias))
}

/// At most thirty days.
fn minutes(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(minutes @ 1..=43_200) => Ok(Duration::from_secs(minutes * 60)),
        _ => Err("a deadline is a number of minutes, 1 to 43200".to_owned()),
    }
}

impl Arguments {
    /// Nothing that is given is passed over: each argument finds the one that it belongs to.
    fn check(&self) -> Result<(), Problem> {
        let (certificate, undo) = (self.certificate.is_some(), self.undo.is_some());
        let locations = !self.locations.is_empty();
        if [certificate, undo, locations].into_iter().filter(|given| *given).count() > 1 {
            return Err("give only one of --thumbprint (or --certificate-id), --location and --undo".to_owned());
        }
        if undo && !self.resource_ids.is_empty() {
            return Err("--undo puts back what a plan holds; it does not go with --resource-id".to_owned());
        }
        let (found, read) = (certificate || locations, certificate || locations || undo);
        let any = "--thumbprint, --certificate-id, --location or --undo";
        for (name, given, belongs, to) in [
            ("collection-id", self.collection_id.is_some(), found, "--thumbprint, --certificate-id or --location"),
            ("plan", self.plan.is_some(), certificate, "--thumbprint or --certificate-id"),
            ("accept-loss", self.accept_loss.is_some(), certificate, "--thumbprint or --certificate-id"),
            ("expect", self.expect.is_some(), read, any),
            ("no-follow", self.no_follow.is_some(), read, any),
            ("deadline", self.deadline.is_some(), read, any),
            ("trigger-inventory", self.trigger_inventory.is_some(), read, any),
            ("comment", self.comment.is_some(), !self.resource_ids.is_empty(), "--resource-id"),
        ] {
            if given && !belongs {
                return Err(format!("--{name} belongs to {to}, and there is none"));
            }
        }
        let looked_up = certificate || undo;
        if looked_up && self.yes.is_some() && self.expect.is_none() && self.dry_run.is_none() {
            return Err("--yes needs --expect N: look first, without --yes, how many places there are".to_owned());
        }
        Ok(())
    }

    fn task(&self) -> Option<Task> {
        let collection_id = self.collection_id;
        if let Some(certificate) = self.certificate.clone() {
            return Some(Task::Certificate { certificate, collection_id, plan: self.plan.clone() });
        }
        if let Some(plan) = self.undo.clone() {
            return Some(Task::Undo { plan });
        }
        let locations = self.locations.clone();
        (!locations.is_empty()).then_some(Task::Locations { locations, collection_id })
    }

    fn consent(&self) -> Consent {
        Consent { expect: self.expect, loss: self.accept_loss.unwrap_or_default() }
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings {
            following: self.no_follow.unwrap_or_default(),
            inventory: self.trigger_inventory.unwrap_or_default(),
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
