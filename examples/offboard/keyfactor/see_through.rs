//! What happens after calls were sent, by this run or an earlier one.

use std::path::Path;

use clm::keyfactor::SavedSchedule;

use super::record::{self, Action, Record};
use super::step::{self, JobEnd, Seen, Sent, Step};
use super::{Inventory, KeyfactorJob};
use crate::ended::{Ended, Trouble};
use crate::interrupt::Listening;
use crate::report::{Report, counted, shown};
use crate::shell::argument;

impl KeyfactorJob {
    /// Follows the jobs and confirms the result.
    pub(super) async fn see_through(
        &self,
        mut steps: Vec<Step>,
        action: Action,
        schedules: &[SavedSchedule],
        (record, interrupt): (&mut Record, &mut Listening),
        report: &Report,
    ) -> Ended {
        let watched = async {
            self.follow(&mut steps, report).await;
            for step in &steps {
                if let (Some(JobEnd::Succeeded(_)), at) = (&step.job, step.ended_at) {
                    record.succeeded(&step.place, at);
                }
            }
            match action {
                Action::Remove => self.confirm_gone(&mut steps, report).await,
                Action::PutBack => self.confirm_back(&mut steps, report).await,
            }
        };
        if interrupt.or(watched).await.is_none() {
            show_open(&steps, report);
            self.restore(schedules, report).await;
            report.complain(format!("  To continue: offboard --follow {}", argument(record.path())));
        }
        for step in steps.iter().filter(|step| matches!(step.seen, Some(Seen::Settled(_)))) {
            record.confirmed(&step.place);
        }
        if let Some(error) = record.broken() {
            report.complain(format!("  WARNING: cannot write to {}: {error}", record.path().display()));
        }
        step::conclude(&steps, report)
    }

    /// Follows the jobs of an earlier run.
    pub(crate) async fn follow_again(&self, file: &Path, report: &Report) -> Result<Ended, Trouble> {
        report.line("");
        report.line(format!("Keyfactor Command at {}", self.client.base_url()));
        let beside = record::beside(file, Action::Remove);
        let file = if file.extension().is_none_or(|it| it != "jobs") && beside.exists() { &beside } else { file };
        let read = record::Read::of(file)?;
        if read.server != self.client.base_url().as_str() {
            let why = format!(
                "{} was recorded for another server, {}. No request was sent",
                file.display(),
                shown(&read.server)
            );
            return Err(Trouble::Refused(why));
        }
        report.line(format!("  {} recorded in {}", counted(read.places.len(), "location"), file.display()));
        let mut schedules = read.schedules.clone();
        if self.settings.inventory == Inventory::Now {
            let stores = read.places.iter().map(|(location, _)| location.store());
            let stores = stores.filter(|store| schedules.iter().all(|it| it.store_id != *store)).collect();
            schedules.extend(self.schedules(stores).await?);
        }
        let steps: Vec<Step> = read.places.into_iter().map(|(location, known)| known.step(location)).collect();
        let mut record = Record::begin(file, &read.server, read.action)?;
        record.schedules(&schedules);
        let mut interrupt = self.settings.interrupt.listen();
        let ended = self.see_through(steps, read.action, &schedules, (&mut record, &mut interrupt), report).await;
        self.restore(&schedules, report).await;
        Ok(ended)
    }
}

/// Shows the jobs that continue without this program, and the locations that may have one.
fn show_open(steps: &[Step], report: &Report) {
    let open = steps.iter().filter(|step| !matches!(step.job, Some(JobEnd::Succeeded(_) | JobEnd::Failed(_))));
    let jobs: Vec<_> = open.flat_map(|step| step.jobs().iter().map(move |job| (job, step.place.label()))).collect();
    let end = if jobs.is_empty() { "No job is known to be open." } else { "Jobs that may still be open:" };
    report.complain(format!("  Interrupted. Calls that were sent are not withdrawn. {end}"));
    for (job, label) in jobs {
        report.complain(format!("    job {job}  {}", shown(label)));
    }
    for step in steps.iter().filter(|step| step.sent == Sent::Unknown) {
        report.complain(format!("    possibly a job with an unknown id  {}", shown(step.place.label())));
    }
}
