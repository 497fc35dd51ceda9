//! Removes certificates from the stores of Keyfactor Command, follows the jobs and confirms the removal. Unassigns
//! certificates from their group in AppViewX CERT+ and reads the new group back. For both it writes a plan, with which
//! `--undo` puts the certificates back.
//!
//! Without arguments and variables, it runs a demo against the fakes that the crate ships:
//!
//! ```text
//! cargo run --example offboard
//! ```
//!
//! `--help` lists the options and the environment variables. Without `--yes`, it only shows what it finds. `--dry-run`
//! prints the calls that would be sent.

mod appviewx;
#[cfg(test)]
mod both_sides;
mod config;
mod consent;
mod demo;
mod ended;
mod environment;
mod help;
mod interrupt;
#[cfg(test)]
mod interrupting;
mod keyfactor;
mod plan_file;
mod probe;
mod progress;
mod report;
mod scratch;
mod shell;
mod table;

use std::process::ExitCode;

use appviewx::AppViewXJob;
use config::{Config, Job, Mode};
use ended::{Ended, Trouble};
use interrupt::Interrupt;
use keyfactor::KeyfactorJob;
use plan_file::Written;
use report::Report;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let report = Report::plain();
    let ended = match Config::read(arguments, variables) {
        Ok(Config::Help) => {
            help::HELP.lines().for_each(|line| report.line(line));
            report.finish(Ended::Done)
        }
        Ok(Config::Demo) => demo::run(&Report::demo()).await,
        Ok(Config::Probe(probe)) => {
            let ended = Box::pin(probe.run(&report)).await.unwrap_or_else(|trouble| report.trouble(&trouble));
            report.finish(ended)
        }
        Ok(Config::Job(job)) => run(&job, &report).await,
        Err(problem) => {
            report.complain(format!("offboard: {problem}"));
            report.complain("Try 'offboard --help'.");
            Ended::Usage
        }
    };
    ended.into()
}

async fn run(job: &Job, report: &Report) -> Ended {
    let ended = Box::pin(act(job, report)).await.unwrap_or_else(|trouble| report.trouble(&trouble));
    if let Some(appviewx) = &job.appviewx {
        appviewx.log_out(report).await;
    }
    report.finish(ended)
}

/// Looks up, shows and checks both sides before the first change.
async fn act(job: &Job, report: &Report) -> Result<Ended, Trouble> {
    if let Some(appviewx) = &job.appviewx {
        appviewx.check()?;
    }
    let mut keyfactor = None;
    if let Some(job) = &job.keyfactor {
        if let keyfactor::Task::Follow { file } = &job.task {
            return job.follow_again(file, report).await;
        }
        keyfactor = Some((job, keyfactor::prepare(job, report).await?));
    }
    let mut appviewx = None;
    if let Some(job) = &job.appviewx {
        appviewx = Some((job, appviewx::prepare(job, report).await?));
    }
    let sides = Sides { keyfactor, appviewx };
    if let Some(ended) = sides.without_changes() {
        if let (Mode::Send, Some((job, prepared))) = (job.mode, &sides.keyfactor) {
            prepared.restore_schedules(job, report).await;
        }
        return Ok(ended);
    }
    match job.mode {
        Mode::Show => sides.hint(report),
        Mode::DryRun => sides.dry_run(report).await,
        Mode::Send => return sides.send(report).await,
    }
    Ok(Ended::Done)
}

/// The work for one server or both.
struct Sides<'a> {
    keyfactor: Option<(&'a KeyfactorJob, keyfactor::Prepared)>,
    appviewx: Option<(&'a AppViewXJob, appviewx::Prepared)>,
}

impl Sides<'_> {
    /// The result if there is nothing to send to any server.
    fn without_changes(&self) -> Option<Ended> {
        let keyfactor = self.keyfactor.as_ref().map(|(_, it)| (it.size(), it.floor()));
        let appviewx = self.appviewx.as_ref().map(|(_, it)| (it.size(), Ended::NothingToDo));
        let sides: Vec<_> = keyfactor.into_iter().chain(appviewx).collect();
        let nothing = sides.iter().all(|(size, _)| *size == 0);
        sides.iter().map(|(_, floor)| *floor).max().filter(|_| nothing)
    }

    fn hint(&self, report: &Report) {
        let sizes = [
            self.keyfactor.as_ref().map(|(_, it)| (it.size(), it.losses())),
            self.appviewx.as_ref().map(|(_, it)| (it.size(), it.losses())),
        ];
        let expect: Vec<String> = sizes.iter().flatten().map(|(size, _)| size.to_string()).collect();
        let loss = if sizes.iter().flatten().any(|(_, losses)| *losses > 0) { " --accept-loss" } else { "" };
        let omitted = self.keyfactor.as_ref().is_some_and(|(_, it)| it.omitted() > 0);
        let omissions = if omitted { " --accept-omissions" } else { "" };
        let expect = expect.join("+");
        report.line(format!("  Nothing was sent. To proceed, add: --yes --expect {expect}{loss}{omissions}"));
        report.line("  To see the calls first, add: --dry-run");
    }

    async fn dry_run(&self, report: &Report) {
        if let Some((job, prepared)) = &self.keyfactor {
            prepared.dry_run(job, report).await;
        }
        if let Some((job, prepared)) = &self.appviewx {
            prepared.dry_run(job, report);
        }
    }

    async fn send(self, report: &Report) -> Result<Ended, Trouble> {
        let Self { keyfactor, appviewx } = self;
        if let Some((job, prepared)) = &keyfactor {
            prepared.check(job).await?;
        }
        if let Some((job, prepared)) = &appviewx {
            prepared.check(job)?;
        }
        report.check()?;
        let (first, second) = write_plans(keyfactor.as_ref(), appviewx.as_ref(), report)?;
        if let Err(trouble) = report.check() {
            discard(first, report);
            discard(second, report);
            return Err(trouble);
        }
        let heading = |name: &str| {
            report.line("");
            report.line(format!("{name}:"));
        };
        let both = keyfactor.is_some() && appviewx.is_some();
        let mut before = None;
        if let Some((job, prepared)) = keyfactor {
            if both {
                heading("Keyfactor Command");
            }
            before = match prepared.send(job, first.as_ref(), report).await {
                Ok(ended) => Some(ended),
                Err(trouble) => {
                    discard(first, report);
                    discard(second, report);
                    return Err(trouble);
                }
            };
        }
        let Some((job, prepared)) = appviewx else { return Ok(before.unwrap_or(Ended::Done)) };
        match before {
            None => {}
            Some(Ended::Done | Ended::NothingToDo) => {
                heading("AppViewX CERT+");
                // Keyfactor Command may have taken long.
                if let Err(trouble) = prepared.look_again(job, report).await {
                    discard(second, report);
                    return Err(trouble);
                }
            }
            Some(ended) => {
                report.complain(
                    "AppViewX CERT+ was skipped, because Keyfactor Command is not done. Once it is, run offboard",
                );
                report.complain("again with the arguments for AppViewX CERT+ only.");
                discard(second, report);
                return Ok(ended);
            }
        }
        let mut interrupt = Interrupt::default().listen();
        Box::pin(prepared.send(job, second, &mut interrupt, report)).await
    }
}

/// Writes all plans before the first change, or none.
fn write_plans(
    keyfactor: Option<&(&KeyfactorJob, keyfactor::Prepared)>,
    appviewx: Option<&(&AppViewXJob, appviewx::Prepared)>,
    report: &Report,
) -> Result<(Option<Written>, Option<Written>), Trouble> {
    let first = keyfactor.map(|(_, prepared)| prepared.write_plan(report)).transpose()?.flatten();
    match appviewx.map(|(_, prepared)| prepared.write_plan(report)).transpose() {
        Ok(second) => Ok((first, second.flatten())),
        Err(trouble) => {
            discard(first, report);
            Err(trouble)
        }
    }
}

fn discard(plan: Option<Written>, report: &Report) {
    if let Some(plan) = plan {
        plan.discard(report);
    }
}
