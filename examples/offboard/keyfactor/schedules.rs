//! Inventory schedules, which an immediate inventory very likely erases.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clm::keyfactor::{CertificateStoreId, RemovalPlan, RestoredSchedule, SavedSchedule, ScheduleAfter, ServerSchedule};

use super::record::{self, Action};
use super::{Inventory, KeyfactorJob, Prepared};
use crate::ended::Trouble;
use crate::report::{Report, shown};

impl KeyfactorJob {
    /// Shows before the first change what `--trigger-inventory` does to the schedules.
    pub(super) async fn look_at_schedules(&self, prepared: &mut Prepared, report: &Report) -> Result<(), Trouble> {
        if self.settings.inventory == Inventory::AsScheduled || prepared.size() == 0 {
            return Ok(());
        }
        let places = prepared.places().into_iter();
        let labels: BTreeMap<_, _> = places.map(|place| (place.location.store(), place.store_label())).collect();
        prepared.schedules = self.schedules(labels.keys().copied().collect()).await?;
        if let Some((_, plan)) = &mut prepared.plan {
            plan.inventory_schedules.clone_from(&prepared.schedules);
        }
        report.line(
            "  --trigger-inventory very likely erases the inventory schedules of these stores. They are saved to",
        );
        report.line("  a file first, and restored afterwards where they are gone:");
        for saved in &prepared.schedules {
            let label = labels.get(&saved.store_id).map_or_else(|| format!("store {}", saved.store_id), shown);
            report.line(format!("    {label}: {}", shown(&saved.schedule)));
        }
        Ok(())
    }

    pub(super) async fn schedules(&self, stores: BTreeSet<CertificateStoreId>) -> Result<Vec<SavedSchedule>, Trouble> {
        Ok(self.client.certificate_stores().inventory_schedules(stores).await?)
    }

    /// Restores the schedules that an interrupted run lost.
    pub(super) async fn restore(&self, saved: &[SavedSchedule], report: &Report) {
        if saved.is_empty() {
            return;
        }
        let mut restore = self.client.certificate_stores().restore_inventory_schedules(saved);
        if let Some(note) = &self.settings.audit_note {
            restore = restore.audit_note(note);
        }
        let outcomes = match restore.send().await {
            Ok(outcomes) => outcomes,
            Err(error) => return report.keyfactor_error(&error),
        };
        for restored in outcomes {
            let RestoredSchedule { store_id, was, now, .. } = restored;
            show(&format!("store {store_id}"), &was, &now, report);
        }
    }
}

/// Shows a schedule after an inventory was requested.
pub(super) fn show(store: &str, was: &ServerSchedule, now: &ScheduleAfter, report: &Report) {
    let store = format!("the inventory schedule of {}", shown(store));
    match now {
        ScheduleAfter::Restored => report.line(format!("  {store} was erased and has been restored: {}", shown(was))),
        ScheduleAfter::Gone { error, .. } => {
            report.complain(format!("  WARNING: {store} is gone, and could not be restored. It was: {}", shown(was)));
            report.keyfactor_error(error);
        }
        ScheduleAfter::ChangedSince { now, .. } => {
            report.complain(format!("  NOTE: {store} has changed: it is {}, and was {}", shown(now), shown(was)));
        }
        ScheduleAfter::Over => report.line(format!("  {store} was for a single run, which is over: {}", shown(was))),
        ScheduleAfter::Unreadable(error) => {
            report.complain(format!("  WARNING: {store} could not be read. It was: {}", shown(was)));
            report.keyfactor_error(error);
        }
        _ => {}
    }
}

impl KeyfactorJob {
    /// The schedules that earlier runs may have erased on this server: from the records, and for other stores from the plan.
    pub(super) fn at_risk(&self, path: &Path, plan: &RemovalPlan) -> Vec<SavedSchedule> {
        let server = self.client.base_url().as_str();
        let records = [Action::Remove, Action::PutBack].map(|action| record::beside(path, action));
        let read = records.iter().filter_map(|path| record::Read::of(path).ok());
        let mut saved: Vec<SavedSchedule> =
            read.filter(|read| read.server == server).flat_map(|read| read.schedules).collect();
        let on_record: BTreeSet<CertificateStoreId> = saved.iter().map(|it| it.store_id).collect();
        if plan.header.server.as_deref().is_none_or(|it| it == server) {
            let in_plan = plan.inventory_schedules.iter().filter(|it| !on_record.contains(&it.store_id));
            saved.extend(in_plan.cloned());
        }
        saved
    }
}
