//! Follows the jobs of all steps.

use std::collections::HashMap;

use clm::jiff::Timestamp;
use clm::keyfactor::{FinishedJob, JobId, JobsReport, OpenJob, OpenJobPlace};
use serde_json::json;

use super::step::{JobEnd, Step};
use super::{Following, KeyfactorJob};
use crate::progress::Progress;
use crate::report::{Report, counted, shown};

impl KeyfactorJob {
    /// An error here leaves jobs open, and keeps what is known.
    pub(super) async fn follow(&self, steps: &mut [Step], report: &Report) {
        let label = |step: &Step| step.place.label();
        let labels: HashMap<JobId, String> =
            steps.iter().flat_map(|step| step.jobs().iter().map(move |job| (*job, label(step)))).collect();
        if labels.is_empty() || self.settings.following == Following::Off {
            return;
        }
        let minutes = self.settings.deadline.as_secs().div_ceil(60);
        report.line(format!(
            "  following {} for at most {minutes} min (Ctrl-C stops following, not the jobs)",
            counted(labels.len(), "job")
        ));
        let ids: Vec<JobId> = steps.iter().flat_map(|step| step.jobs().iter().copied()).collect();
        let settings = &self.settings;
        let mut watch = self.client.orchestrator_jobs().watch(&ids).deadline(settings.deadline);
        watch = watch.pauses(settings.first_pause, settings.longest_pause);
        let progress = Progress::begin(report, &labels);
        // An error ends the watch, and is also in the report.
        while let Some(Ok(change)) = watch.next().await {
            progress.change(&change);
        }
        progress.end();
        let known = watch.report();
        if let Some(error) = known.stopped_by() {
            report.keyfactor_error(error);
        }
        let ends = ends(&known);
        let time = |job: &FinishedJob| Some((job.job_id, job.entry.operation_end.as_ref()?.timestamp()?));
        let times: HashMap<JobId, Timestamp> = known.finished().iter().filter_map(time).collect();
        for step in steps {
            step.job = worst(step.jobs(), &ends);
            step.ended_at = step.jobs().iter().filter_map(|job| times.get(job)).max().copied();
        }
        show_open(&known, &labels, report);
    }
}

fn ends(known: &JobsReport) -> HashMap<JobId, JobEnd> {
    let finished = known.finished().iter().map(|job| (job.job_id, end(job)));
    let open = known.still_open().iter().map(|job| (job.job_id, JobEnd::Open(place(job.place))));
    finished.chain(open).collect()
}

fn end(job: &FinishedJob) -> JobEnd {
    let said = match job.entry.message.as_deref().filter(|message| !message.trim().is_empty()) {
        Some(message) => format!("{}: {}", shown(job.result.as_str()), shown(message)),
        None => shown(job.result.as_str()),
    };
    if job.succeeded() { JobEnd::Succeeded(said) } else { JobEnd::Failed(said) }
}

fn place(place: OpenJobPlace) -> &'static str {
    match place {
        OpenJobPlace::Scheduled => "scheduled, not started",
        OpenJobPlace::Begun => "started",
        _ => "state unknown",
    }
}

/// A server may return several jobs for one location.
fn worst(jobs: &[JobId], ends: &HashMap<JobId, JobEnd>) -> Option<JobEnd> {
    let badness = |end: &&JobEnd| match end {
        JobEnd::Succeeded(_) => 0,
        JobEnd::Open(_) => 1,
        JobEnd::Failed(_) => 2,
    };
    jobs.iter().filter_map(|job| ends.get(job)).max_by_key(badness).cloned()
}

fn show_open(known: &JobsReport, labels: &HashMap<JobId, String>, report: &Report) {
    let open: &[OpenJob] = known.still_open();
    if open.is_empty() {
        return;
    }
    report.complain(format!(
        "  {} still open. An open job may run at any time, even months from now:",
        counted(open.len(), "job")
    ));
    for job in open {
        let label = labels.get(&job.job_id).map(String::as_str).unwrap_or_default();
        report.complain(format!("    job {}  {}: {}", job.job_id, shown(label), place(job.place)));
    }
    if let Some(trouble) = known.last_trouble() {
        report.complain(format!("    last error while following: {}", shown(trouble)));
    }
    let withdrawable: Vec<JobId> =
        open.iter().filter(|job| job.place != OpenJobPlace::Begun).map(|job| job.job_id).collect();
    if !withdrawable.is_empty() {
        report.complain("  To cancel what has not started, unschedule it in Command's portal, or with this call:");
        report.complain(format!("    POST /OrchestratorJobs/Unschedule {}", json!({"JobIds": withdrawable})));
    }
}
