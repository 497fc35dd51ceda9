//! Takes certificates out of service: finds them in the certificate stores of Keyfactor Command, removes them there,
//! follows the jobs and confirms the removal; and unassigns them from their group in AppViewX CERT+.
//!
//! Without any argument or variable it shows the whole job on the fakes that the crate ships:
//!
//! ```text
//! cargo run --example offboard
//! ```
//!
//! With them it does the job. `--help` lists what it takes; without `--yes` it only shows what is there, and `--dry-run`
//! prints the calls that would be sent.

mod appviewx;
mod config;
mod demo;
mod ended;
mod environment;
mod keyfactor;
mod progress;
mod report;
mod table;

use std::process::ExitCode;

use config::{Config, Job};
use ended::Ended;
use report::Report;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1);
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ended = match Config::read(arguments, variables) {
        Ok(Config::Help) => {
            config::HELP.lines().for_each(|line| Report::plain().line(line));
            Ended::Done
        }
        Ok(Config::Demo) => demo::run().await,
        Ok(Config::Job(job)) => run(&job, &Report::plain()).await,
        Err(problem) => {
            Report::plain().complain(format!("offboard: {problem}"));
            Report::plain().complain("Try --help.");
            Ended::Usage
        }
    };
    ended.into()
}

async fn run(job: &Job, report: &Report) -> Ended {
    // AppViewX's request is checked before anything is sent, so that a bad comment does not leave the job half done.
    let unassignment = match job.appviewx.as_ref().map(appviewx::AppViewXJob::request).transpose() {
        Ok(unassignment) => unassignment,
        Err(trouble) => return report.trouble(&trouble),
    };
    let mut ended = Ended::Done;
    if let Some(keyfactor) = &job.keyfactor {
        let end = keyfactor::run(keyfactor, job.mode, report).await;
        ended = end.unwrap_or_else(|trouble| report.trouble(&trouble));
    }
    if let (Some(appviewx), Some(request)) = (&job.appviewx, unassignment) {
        if ended != Ended::Done {
            report.complain("AppViewX CERT+ was left alone: give --resource-id alone once Keyfactor Command is done.");
            return ended;
        }
        let end = appviewx.run(request, job.mode, report).await;
        ended = end.unwrap_or_else(|trouble| report.trouble(&trouble));
    }
    ended
}
