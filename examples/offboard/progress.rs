//! Progress of jobs: a progress bar on a terminal, and lines.

use std::collections::HashMap;
use std::time::Duration;

use clm::keyfactor::{JobChange, JobId, JobState};
use indicatif::{ProgressBar, ProgressStyle};

use crate::report::{Report, shown};

pub(crate) struct Progress<'a> {
    report: &'a Report,
    bar: ProgressBar,
    labels: &'a HashMap<JobId, String>,
}

impl<'a> Progress<'a> {
    /// `labels` has the location of each job.
    pub(crate) fn begin(report: &'a Report, labels: &'a HashMap<JobId, String>) -> Self {
        let length = u64::try_from(labels.len()).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(length), report.progress_target());
        if !bar.is_hidden() {
            let template = format!("{}  {{bar:30}} {{pos}}/{{len}} jobs, {{elapsed}}  {{wide_msg}}", report.prefix());
            bar.set_style(ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self { report, bar, labels }
    }

    /// On a terminal, the bar shows the progress, and lines show only results.
    pub(crate) fn change(&self, change: &JobChange) {
        let label = self.labels.get(&change.job_id).map_or("", String::as_str);
        let said = said(change);
        let over = matches!(change.state, JobState::Done(_));
        if over {
            self.bar.inc(1);
        }
        self.bar.set_message(shown(format!("{label}: {said}")));
        if over || self.bar.is_hidden() {
            self.bar.suspend(|| self.report.line(format!("    job {}  {}: {said}", change.job_id, shown(label))));
        }
    }

    pub(crate) fn end(self) {
        self.bar.finish_and_clear();
    }
}

/// The state of a job in words. Messages of orchestrators are untrusted text.
fn said(change: &JobChange) -> String {
    let message = change.entry.as_ref().and_then(|entry| entry.message.as_deref()).filter(|it| !it.trim().is_empty());
    let state = match &change.state {
        JobState::Other(status) => shown(format!("status {status}")),
        state => shown(state),
    };
    match message {
        Some(message) => format!("{state}: {}", shown(message)),
        None => state,
    }
}
