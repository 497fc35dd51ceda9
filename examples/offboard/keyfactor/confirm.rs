//! Confirms the result by Command's inventory, which is not the store itself.

use clm::keyfactor::{
    CertificateLocation, Confirmation, ConfirmedLocation, PutBackVerdict, RemovalVerdict, ServerTime,
};

use super::step::{Seen, Step};
use super::{Inventory, KeyfactorJob, schedules};
use crate::report::{Report, counted, shown};

const STALE: &str = "its store has no inventory schedule; see --trigger-inventory";

impl KeyfactorJob {
    pub(super) async fn confirm_gone(&self, steps: &mut [Step], report: &Report) {
        let mut worth: Vec<&mut Step> = steps.iter_mut().filter(|step| step.is_worth_a_look()).collect();
        let locations: Vec<CertificateLocation> = worth.iter().map(|step| step.place.location.clone()).collect();
        if locations.is_empty() {
            return;
        }
        let settings = &self.settings;
        report.line(format!(
            "  waiting for the inventory to confirm the removal at {}",
            counted(locations.len(), "location")
        ));
        // If a thumbprint was expected, the removal has just found it in the inventory.
        let was_listed = locations.iter().all(|location| location.expected_thumbprint().is_some());
        let mut confirm = self.client.certificate_stores().confirm_removed(locations).deadline(settings.deadline);
        if was_listed {
            confirm = confirm.was_listed();
        }
        confirm = confirm.pauses(settings.first_pause, settings.longest_pause);
        if settings.inventory == Inventory::Now {
            confirm = confirm.trigger_inventory();
            if let Some(note) = &settings.audit_note {
                confirm = confirm.audit_note(note);
            }
        }
        match confirm.send().await {
            Ok(confirmation) => {
                for (step, confirmed) in worth.iter_mut().zip(confirmation.locations()) {
                    step.seen = Some(seen(confirmed));
                }
                show_triggered(&confirmation, &worth, report);
            }
            Err(error) => report.keyfactor_error(&error),
        }
    }

    /// The same for certificates that were put back. Before, each was not listed, or listed by an inventory older than its removal.
    pub(super) async fn confirm_back(&self, steps: &mut [Step], report: &Report) {
        let mut worth: Vec<&mut Step> = steps.iter_mut().filter(|step| step.is_worth_a_look()).collect();
        if worth.is_empty() {
            return;
        }
        report.line(format!(
            "  waiting for the inventory to list the certificate again at {}",
            counted(worth.len(), "location")
        ));
        let settings = &self.settings;
        let locations: Vec<CertificateLocation> = worth.iter().map(|step| step.place.location.clone()).collect();
        let mut confirm = self.client.certificate_stores().confirm_put_back(locations).deadline(settings.deadline);
        confirm = confirm.pauses(settings.first_pause, settings.longest_pause);
        if let Some(ended) = worth.iter().filter_map(|step| step.ended_at).max() {
            confirm = confirm.newer_than(ended);
        }
        if worth.iter().all(|step| step.place.was_gone) {
            confirm = confirm.was_gone();
        }
        if settings.inventory == Inventory::Now {
            confirm = confirm.trigger_inventory();
            if let Some(note) = &settings.audit_note {
                confirm = confirm.audit_note(note);
            }
        }
        match confirm.send().await {
            Ok(confirmation) => {
                for (step, confirmed) in worth.iter_mut().zip(confirmation.locations()) {
                    step.seen = Some(seen_back(confirmed));
                }
                show_triggered(&confirmation, &worth, report);
            }
            Err(error) => report.keyfactor_error(&error),
        }
    }
}

/// The time of the inventory.
fn age(inventoried_at: Option<&ServerTime>) -> String {
    inventoried_at.map(|at| format!(", inventory of {}", shown(at))).unwrap_or_default()
}

fn seen(confirmed: &ConfirmedLocation) -> Seen {
    let age = age(confirmed.inventoried_at.as_ref());
    match &confirmed.verdict {
        RemovalVerdict::Gone => Seen::Settled(format!("gone{age}")),
        RemovalVerdict::HoldsAnother { thumbprint } => {
            Seen::Settled(format!("the alias now holds another certificate, {}{age}", shown(thumbprint)))
        }
        RemovalVerdict::UnderAnotherAlias { alias, .. } => {
            Seen::Unsettled(format!("STILL IN THE STORE under another alias, {alias:?}{age}"))
        }
        RemovalVerdict::AliasGone => {
            Seen::Unsettled(format!("the alias is no longer listed, but which certificate it held is unknown{age}"))
        }
        RemovalVerdict::StillThere => Seen::Unsettled(format!("still listed{age}")),
        RemovalVerdict::NeverListed => Seen::Unsettled(format!("not listed, but there was no new inventory{age}")),
        RemovalVerdict::NotInventoried { .. } => Seen::Unsettled(STALE.to_owned()),
        RemovalVerdict::Unreadable(error) => Seen::Unsettled(shown(error)),
        _ => Seen::Unsettled("not read in time".to_owned()),
    }
}

fn seen_back(confirmed: &ConfirmedLocation<PutBackVerdict>) -> Seen {
    let age = age(confirmed.inventoried_at.as_ref());
    match &confirmed.verdict {
        PutBackVerdict::Back => Seen::Settled(format!("back{age}")),
        PutBackVerdict::BackUnderAnotherAlias { alias, .. } => {
            Seen::Settled(format!("back, under the alias {}{age}", shown(alias)))
        }
        PutBackVerdict::Listed { .. } => {
            Seen::Unsettled(format!("listed, but the inventory may be older than the removal{age}"))
        }
        PutBackVerdict::HoldsAnother { thumbprint, .. } => {
            Seen::Unsettled(format!("THE ALIAS HOLDS ANOTHER CERTIFICATE, {}{age}", shown(thumbprint)))
        }
        PutBackVerdict::NotListed => Seen::Unsettled(format!("not listed yet{age}")),
        PutBackVerdict::NotInventoried { .. } => Seen::Unsettled(STALE.to_owned()),
        PutBackVerdict::Unreadable(error) => Seen::Unsettled(shown(error)),
        _ => Seen::Unsettled("not read in time".to_owned()),
    }
}

fn show_triggered<V>(confirmation: &Confirmation<V>, steps: &[&mut Step], report: &Report) {
    for store in confirmation.triggered() {
        let of_store = steps.iter().find(|step| step.place.location.store() == store.store_id);
        let label = of_store.map_or_else(|| format!("store {}", store.store_id), |step| step.place.store_label());
        if let Some(error) = &store.error {
            report.complain(format!("  could not request an inventory of {}:", shown(&label)));
            report.keyfactor_error(error);
        }
        schedules::show(&label, &store.schedule_before, &store.schedule_after, report);
    }
}
