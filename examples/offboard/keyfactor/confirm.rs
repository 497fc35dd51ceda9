//! Did it happen? What Command's inventory shows, which is not the store itself.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, Confirmation, ConfirmedLocation, Error, RemovalVerdict, Schedule,
    Thumbprint,
};

use super::step::{JobEnd, Seen, Step};
use super::{Inventory, KeyfactorJob};
use crate::report::{Report, shown};

const STALE: &str = "its store has no inventory schedule, see --trigger-inventory";

impl KeyfactorJob {
    pub(super) async fn confirm_gone(&self, steps: &mut [Step], report: &Report) {
        let mut worth: Vec<&mut Step> = steps.iter_mut().filter(|step| step.is_worth_a_look()).collect();
        let locations: Vec<CertificateLocation> = worth.iter().map(|step| step.place.location.clone()).collect();
        if locations.is_empty() {
            return;
        }
        let settings = &self.settings;
        report.line(format!("  waiting for the inventory to show {} place(s) without it", locations.len()));
        // Where a thumbprint was expected, the removal itself has just seen it there.
        let was_listed = locations.iter().all(|location| location.expected_thumbprint().is_some());
        let mut confirm = self.client.certificate_stores().confirm_removed(locations).deadline(settings.deadline);
        if was_listed {
            confirm = confirm.was_listed();
        }
        confirm = confirm.pauses(settings.first_pause, settings.longest_pause);
        if settings.inventory == Inventory::Now {
            confirm = confirm.trigger_inventory();
        }
        match confirm.send().await {
            Ok(confirmation) => {
                for (step, confirmed) in worth.iter_mut().zip(confirmation.locations()) {
                    step.seen = Some(seen(confirmed));
                }
                show_triggered(&confirmation, report);
            }
            Err(error) => report.keyfactor_error(&error),
        }
    }

    /// The same for what was put back.
    pub(super) async fn confirm_back(&self, steps: &mut [Step], report: &Report) {
        let mut worth: Vec<&mut Step> = steps.iter_mut().filter(|step| step.is_worth_a_look()).collect();
        if worth.is_empty() {
            return;
        }
        report.line(format!("  waiting for the inventory to show {} place(s) with it again", worth.len()));
        let stores: BTreeSet<CertificateStoreId> = worth.iter().map(|step| step.place.location.store()).collect();
        let inventoried = self.inventoried(stores, report).await;
        let began = Instant::now();
        let mut pause = self.settings.first_pause;
        loop {
            let mut waiting = false;
            for step in worth.iter_mut().filter(|step| !matches!(step.seen, Some(Seen::Settled(_)))) {
                let location = &step.place.location;
                step.seen = Some(match self.is_back(location).await {
                    Ok(true) if matches!(step.job, Some(JobEnd::Succeeded(_))) => Seen::Settled("back".to_owned()),
                    // An inventory of before the removal lists it as well.
                    Ok(true) => Seen::Unsettled("listed, but its job is not known to have run".to_owned()),
                    Ok(false) if !inventoried.contains(&location.store()) => Seen::Unsettled(STALE.to_owned()),
                    Ok(false) => {
                        waiting = true;
                        Seen::Unsettled("not listed yet".to_owned())
                    }
                    Err(error) => Seen::Unsettled(shown(error)),
                });
            }
            let left = self.settings.deadline.saturating_sub(began.elapsed());
            if !waiting || left == Duration::ZERO {
                return;
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = (pause * 2).min(self.settings.longest_pause);
        }
    }

    /// The stores whose inventory will be renewed.
    async fn inventoried(&self, stores: BTreeSet<CertificateStoreId>, report: &Report) -> BTreeSet<CertificateStoreId> {
        let handle = self.client.certificate_stores();
        let mut inventoried = BTreeSet::new();
        for store in stores {
            let scheduled = match self.settings.inventory {
                Inventory::AsScheduled => handle.get(store).send().await.map(|row| row.has_inventory_schedule()),
                Inventory::Now => handle.schedule_inventory([store], Schedule::Immediate).send().await.map(|_| true),
            };
            match scheduled {
                Ok(true) => drop(inventoried.insert(store)),
                Ok(false) => {}
                Err(error) => report.keyfactor_error(&error),
            }
        }
        inventoried
    }

    async fn is_back(&self, location: &CertificateLocation) -> Result<bool, Error> {
        let mut rows = self.client.certificate_stores().inventory(location.store()).rows()?;
        while let Some(entry) = rows.next().await {
            let entry = entry?;
            if entry.alias == location.alias() {
                let leaf = entry.leaf().map(|leaf| Thumbprint::from(&leaf.thumbprint));
                return Ok(leaf.as_ref() == location.expected_thumbprint());
            }
        }
        Ok(false)
    }
}

fn seen(confirmed: &ConfirmedLocation) -> Seen {
    let age = confirmed.inventoried_at.as_ref().map(|at| format!(", inventory of {}", shown(at))).unwrap_or_default();
    match &confirmed.verdict {
        RemovalVerdict::Gone => Seen::Settled(format!("gone{age}")),
        RemovalVerdict::HoldsAnother { thumbprint } => {
            Seen::Settled(format!("the alias holds another certificate now, {}{age}", shown(thumbprint)))
        }
        RemovalVerdict::UnderAnotherAlias { alias, .. } => {
            Seen::Unsettled(format!("STILL IN THE STORE under another alias, {alias:?}{age}"))
        }
        RemovalVerdict::AliasGone => {
            Seen::Unsettled(format!("the alias is not listed any more, and which certificate it was is not known{age}"))
        }
        RemovalVerdict::StillThere => Seen::Unsettled(format!("still listed{age}")),
        RemovalVerdict::NeverListed => Seen::Unsettled(format!("not listed, and no new inventory was seen{age}")),
        RemovalVerdict::NotInventoried { .. } => Seen::Unsettled(STALE.to_owned()),
        RemovalVerdict::Unreadable(error) => Seen::Unsettled(shown(error)),
        _ => Seen::Unsettled("not read in time".to_owned()),
    }
}

fn show_triggered(confirmation: &Confirmation, report: &Report) {
    for store in confirmation.triggered() {
        if let Some(error) = &store.error {
            report.complain(format!("  the inventory of store {} could not be triggered:", store.store_id));
            report.keyfactor_error(error);
        }
        if store.schedule_changed() {
            let before = store.schedule_before.as_ref().map(ToString::to_string).unwrap_or_default();
            report.complain(format!(
                "  NOTE: store {} has another inventory schedule now. It was: {}",
                store.store_id,
                shown(before)
            ));
        }
    }
}
