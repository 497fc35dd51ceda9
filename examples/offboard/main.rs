//! Takes certificates out of service: removes them from certificate stores through Keyfactor Command, and unassigns
//! them from their group in AppViewX CERT+.
//!
//! Without any argument or variable it shows the whole job on the fakes that the crate ships:
//!
//! ```text
//! cargo run --example offboard
//! ```
//!
//! With them it does the job. `--help` lists what it takes; without `--yes` it only prints what it would send.

mod config;
mod report;

use std::process::ExitCode;

use clm::appviewx::UnassignCertificates;
use clm::keyfactor::{CertificateLocation, RemoveCertificates};
use clm::testing::{FakeAppViewX, FakeKeyfactor};
use clm::{ValidationError, appviewx, keyfactor};

use config::{AppViewXJob, Config, Job, KeyfactorJob, Mode};
use report::Report;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    match Config::read(arguments, variables) {
        Ok(Config::Help) => {
            Report::plain().line(config::HELP);
            ExitCode::SUCCESS
        }
        Ok(Config::Demo) => demo().await,
        Ok(Config::Job(job)) => run(&job, &Report::plain()).await,
        Err(problem) => {
            eprintln!("offboard: {problem}\nTry --help.");
            ExitCode::from(2)
        }
    }
}

async fn run(job: &Job, report: &Report) -> ExitCode {
    // Both requests are checked before either is sent, so that a bad comment does not leave the job half done.
    let removal = match job.keyfactor.as_ref().map(removal).transpose() {
        Ok(removal) => removal,
        Err(error) => return report.keyfactor_error(&error.into()),
    };
    let unassignment = match job.appviewx.as_ref().map(unassignment).transpose() {
        Ok(unassignment) => unassignment,
        Err(error) => return report.appviewx_error(&error.into()),
    };
    if job.mode == Mode::Show {
        report.line("Nothing is sent without --yes. With it, this would be:");
    }
    if let (Some(keyfactor), Some(request)) = (&job.keyfactor, removal) {
        report.removal(keyfactor.client.base_url(), &request);
        if job.mode == Mode::Send
            && let Err(error) = remove(&keyfactor.client, request, report).await
        {
            return report.keyfactor_error(&error);
        }
    }
    if let (Some(appviewx), Some(request)) = (&job.appviewx, unassignment) {
        report.unassignment(appviewx.client.base_url(), &request);
        if job.mode == Mode::Send
            && let Err(error) = unassign(&appviewx.client, request, report).await
        {
            return report.appviewx_error(&error);
        }
    }
    ExitCode::SUCCESS
}

fn removal(job: &KeyfactorJob) -> Result<RemoveCertificates, ValidationError> {
    let certificate_stores = job.client.certificate_stores();
    let mut removal = certificate_stores.remove_certificates(job.locations.clone(), keyfactor::Schedule::Immediate);
    if let Some(id) = job.collection_id {
        removal = removal.collection_id(id);
    }
    removal.build()
}

fn unassignment(job: &AppViewXJob) -> Result<UnassignCertificates, ValidationError> {
    let mut unassignment = job.client.certificate_groups().unassign(&job.resource_ids);
    if let Some(comment) = &job.comment {
        unassignment = unassignment.comment(comment);
    }
    unassignment.build()
}

async fn remove(
    client: &keyfactor::Client,
    request: RemoveCertificates,
    report: &Report,
) -> Result<(), keyfactor::Error> {
    let outcome = client.certificate_stores().execute(request).await?;
    report.removal_outcome(&outcome);
    outcome.require_complete()?;
    Ok(())
}

async fn unassign(
    client: &appviewx::Client,
    request: UnassignCertificates,
    report: &Report,
) -> Result<(), appviewx::Error> {
    let outcome = client.certificate_groups().execute(request).await?;
    report.unassign_outcome(&outcome);
    outcome.require_complete()?;
    Ok(())
}

/// The same job on the fakes: one certificate in two stores, three in a group.
async fn demo() -> ExitCode {
    const ALIAS: &str = "www.example.com.pfx";
    const COLLECTION: i32 = 4;
    const RESOURCE_IDS: [&str; 3] =
        ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c", "67bc2ca76a105e1a05691c3c"];

    let report = Report::demo();
    report.line("No KEYFACTOR_* or APPVIEWX_* variable and no target is given, so this runs on the crate's own fakes.");
    report.line("Nothing leaves this machine. `cargo run --example offboard -- --help` tells how to do it for real.");

    let command = FakeKeyfactor::start().await;
    let stores = [command.add_store(), command.add_store()];
    for store in stores {
        command.add_certificate_in(store, ALIAS, COLLECTION);
    }
    let gateway = FakeAppViewX::start().await;
    for id in RESOURCE_IDS {
        gateway.add_certificate(id, "web-servers");
    }
    let job = Job {
        mode: Mode::Send,
        keyfactor: Some(KeyfactorJob {
            client: command.client(),
            locations: stores.map(|store| CertificateLocation::new(store, ALIAS)).into(),
            collection_id: Some(COLLECTION),
        }),
        appviewx: Some(AppViewXJob {
            client: gateway.client(),
            resource_ids: RESOURCE_IDS.map(str::to_owned).into(),
            comment: Some("Decommissioned with CHG 1234".to_owned()),
        }),
    };
    let ended = run(&job, &report).await;

    report.line("");
    report.line("Afterwards, on the fakes:");
    let holding = || stores.iter().filter(|store| command.aliases(**store).contains(&ALIAS.to_owned())).count();
    report.line(&format!("  {} of 2 stores still hold {ALIAS}: its jobs have not run yet", holding()));
    command.run_jobs();
    report.line(&format!("  the orchestrators run their jobs: {} of 2 stores hold it now", holding()));
    let groups: Vec<String> = RESOURCE_IDS.iter().filter_map(|id| gateway.group_of(id)).collect();
    report.line(&format!("  the three certificates are in: {}", groups.join(", ")));
    ended
}
