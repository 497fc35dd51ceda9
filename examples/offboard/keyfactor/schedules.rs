//! Inventory schedules, which an immediate inventory very likely replaces.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clm::keyfactor::{CertificateStoreId, RestoredSchedule, SavedSchedule, ScheduleAfter, ServerSchedule};

use super::record::{self, Action};
use super::{Inventory, KeyfactorJob, Prepared};
use crate::ended::Trouble;
use crate::report::{Report, shown};

impl KeyfactorJob {
    /// What `--trigger-inventory` will do to the schedules, said beforehand.
    pub(super) async fn look_at_schedules(&self, prepared: &mut Prepared, report: &Report) -> Result<(), Trouble> {
        if self.settings.inventory == Inventory::AsScheduled || prepared.size() == 0 {
            return Ok(());
        }
        let places = prepared.places().into_iter();
        let labels: BTreeMap<_, _> = places.map(|place| (place.location.store(), place.store_label())).collect();
        prepared.schedules = self.schedules(labels.keys().copied().collect()).await?;
        report.line(
            "  --trigger-inventory very likely erases the inventory schedules of these stores. They are kept in a",
        );
        report.line("  file before, and set again afterwards where they are gone:");
        for saved in &prepared.schedules {
            let label = labels.get(&saved.store_id).map_or_else(|| format!("store {}", saved.store_id), shown);
            report.line(format!("    {label}: {}", shown(&saved.schedule)));
        }
        Ok(())
    }

    pub(super) async fn schedules(&self, stores: BTreeSet<CertificateStoreId>) -> Result<Vec<SavedSchedule>, Trouble> {
        Ok(self.client.certificate_stores().inventory_schedules(stores).await?)
    }

    /// Sets the schedules again that an interrupted run lost.
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

/// Where a schedule is after an inventory was asked for.
pub(super) fn show(store: &str, was: &ServerSchedule, now: &ScheduleAfter, report: &Report) {
    let store = format!("the inventory schedule of {}", shown(store));
    match now {
        ScheduleAfter::Restored => report.line(format!("  {store} was gone, and is set again: {}", shown(was))),
        ScheduleAfter::Gone { error, .. } => {
            report.complain(format!("  WARNING: {store} is gone. It was: {}", shown(was)));
            report.keyfactor_error(error);
        }
        ScheduleAfter::ChangedSince { now, .. } => {
            report.complain(format!("  NOTE: {store} is another one now: {}. It was: {}", shown(now), shown(was)));
        }
        ScheduleAfter::Over => report.line(format!("  {store} was for one time, which is over: {}", shown(was))),
        ScheduleAfter::Unreadable(error) => {
            report.complain(format!("  WARNING: {store} could not be read. It was: {}", shown(was)));
            report.keyfactor_error(error);
        }
        _ => {}
    }
}

/// What earlier runs of a plan put at risk.
pub(super) fn at_risk(plan: &Path) -> Vec<SavedSchedule> {
    let records = [Action::Remove, Action::PutBack].map(|action| record::beside(plan, action));
    records.iter().filter_map(|path| record::Read::of(path).ok()).flat_map(|read| read.schedules).collect()
}
