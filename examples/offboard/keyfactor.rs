//! The Keyfactor side: find or read what is meant, show it, and with consent send, follow and confirm it.

mod confirm;
mod find;
mod follow;
mod plan_file;
mod send;
mod step;
mod undo;

use std::path::PathBuf;
use std::time::Duration;

use clm::keyfactor::{CertificateLocation, CertificateRef, CertificateStoreId, Client, RemoveCertificates, Schedule};
use serde_json::json;

use crate::config::Mode;
use crate::ended::{Ended, Trouble};
use crate::report::Report;

use send::{Call, Order, removal_call};
use step::{Place, Step};

pub(crate) struct KeyfactorJob {
    pub(crate) client: Client,
    pub(crate) task: Task,
    pub(crate) consent: Consent,
    pub(crate) settings: Settings,
}

pub(crate) enum Task {
    /// Remove a certificate wherever it is.
    Certificate { certificate: CertificateRef, collection_id: Option<i32>, plan: Option<PathBuf> },
    /// Remove what is under these aliases, whatever it is.
    Locations { locations: Vec<CertificateLocation>, collection_id: Option<i32> },
    /// Put back what this plan can put back.
    Undo { plan: PathBuf },
}

/// What the person at the terminal has agreed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Consent {
    pub(crate) expect: Option<usize>,
    pub(crate) loss: Loss,
}

/// Whether something may go that cannot be put back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Loss {
    #[default]
    Refused,
    Accepted,
}

/// Whether jobs are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Following {
    #[default]
    On,
    Off,
}

/// Whether the stores' inventories are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Inventory {
    #[default]
    AsScheduled,
    Now,
}

pub(crate) struct Settings {
    pub(crate) following: Following,
    pub(crate) inventory: Inventory,
    /// For the jobs, and then for the inventories.
    pub(crate) deadline: Duration,
    pub(crate) first_pause: Duration,
    pub(crate) longest_pause: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            following: Following::default(),
            inventory: Inventory::default(),
            deadline: Duration::from_secs(30 * 60),
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(30),
        }
    }
}

impl Consent {
    fn check_size(self, size: usize) -> Result<(), Trouble> {
        match self.expect {
            Some(expected) if expected != size => Err(Trouble::Refused(format!(
                "{size} place(s) are meant, and --expect says {expected}. Nothing was sent; look at the list above"
            ))),
            _ => Ok(()),
        }
    }

    fn check_losses(self, losses: usize) -> Result<(), Trouble> {
        if losses == 0 || self.loss == Loss::Accepted {
            return Ok(());
        }
        Err(Trouble::Refused(format!(
            "{losses} place(s) cannot be put back. Nothing was sent; --accept-loss goes on all the same"
        )))
    }
}

/// What becomes of a job after everything was shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Next {
    Send,
    /// Nothing more: it was only to be shown.
    Stop,
}

pub(crate) async fn run(job: &KeyfactorJob, mode: Mode, report: &Report) -> Result<Ended, Trouble> {
    report.line("");
    report.line(format!("Keyfactor Command at {}", job.client.base_url()));
    match &job.task {
        Task::Certificate { certificate, collection_id, plan } => {
            job.remove_certificate((certificate, *collection_id), plan.as_deref(), mode, report).await
        }
        Task::Locations { locations, collection_id } => {
            job.remove_locations(locations, *collection_id, mode, report).await
        }
        Task::Undo { plan } => job.undo(plan, mode, report).await,
    }
}

impl KeyfactorJob {
    /// Nothing is looked up: what is under the aliases goes, whatever it is.
    async fn remove_locations(
        &self,
        locations: &[CertificateLocation],
        collection_id: Option<i32>,
        mode: Mode,
        report: &Report,
    ) -> Result<Ended, Trouble> {
        // All at once first, so that repeats and mistakes show before anything is sent.
        let locations = self.removal(locations.to_vec(), collection_id)?.locations().to_vec();
        let mut orders = Vec::new();
        for location in locations {
            let request = self.removal(vec![location.clone()], collection_id)?;
            let call = removal_call(&request);
            orders.push(Order { place: Place { machine: None, path: None, location }, request, call });
        }
        report.line("  asked: remove, immediately, whatever is there (nothing was looked up)");
        for Order { place, .. } in &orders {
            report.line(format!("    store {}  alias {}", place.location.store(), place.location.alias()));
        }
        report.line("    There is no plan for undo: --thumbprint would write one.");
        if self.before_sending(mode, &orders, 0, report).await? == Next::Stop {
            return Ok(Ended::Done);
        }
        let mut steps = self.send_removals(orders, report).await;
        self.follow(&mut steps, report).await;
        self.confirm_gone(&mut steps, report).await;
        Ok(step::conclude(&steps, report))
    }

    fn removal(
        &self,
        locations: Vec<CertificateLocation>,
        collection_id: Option<i32>,
    ) -> Result<RemoveCertificates, Trouble> {
        let removal = self.client.certificate_stores().remove_certificates(locations, Schedule::Immediate);
        let removal = match collection_id {
            Some(id) => removal.collection_id(id),
            None => removal,
        };
        Ok(removal.build()?)
    }

    /// What must be right before the first change; and what is printed in its place.
    async fn before_sending<R>(
        &self,
        mode: Mode,
        orders: &[Order<R>],
        losses: usize,
        report: &Report,
    ) -> Result<Next, Trouble> {
        let size = orders.len();
        self.consent.check_size(size)?;
        match mode {
            Mode::Show => {
                let loss = if losses > 0 { " --accept-loss" } else { "" };
                report.line(format!("  Nothing is sent without --yes. To go on: --yes --expect {size}{loss}"));
                report.line("  To see the calls: --dry-run");
                Ok(Next::Stop)
            }
            Mode::DryRun => {
                report.line("  A dry run: these calls would be sent, one after the other");
                for Order { call, .. } in orders {
                    call.show(report);
                }
                for call in self.inventory_calls(orders) {
                    call.show(report);
                }
                if let Err(Trouble::Refused(why)) = self.consent.check_losses(losses) {
                    report.complain(format!("  It would be refused: {why}"));
                }
                if let Err(Trouble::Refused(why)) = self.check_following().await {
                    report.complain(format!("  It would be refused: {why}"));
                }
                Ok(Next::Stop)
            }
            Mode::Send => {
                self.consent.check_losses(losses)?;
                self.check_following().await?;
                Ok(Next::Send)
            }
        }
    }

    /// Afterwards would be too late.
    async fn check_following(&self) -> Result<(), Trouble> {
        if self.settings.following == Following::Off || self.client.orchestrator_jobs().can_follow().await? {
            return Ok(());
        }
        Err(Trouble::Refused(
            "this account may not read jobs (/agents/management/read/), so that nobody would see how they end. Nothing \
             was sent; --no-follow goes on all the same"
                .to_owned(),
        ))
    }

    fn inventory_calls<R>(&self, orders: &[Order<R>]) -> Vec<Call> {
        let inventory = |store: CertificateStoreId| Call {
            path: "CertificateStores/Schedule",
            body: json!({"StoreIds": [store], "Schedule": {"Immediate": true}}),
        };
        match self.settings.inventory {
            Inventory::AsScheduled => Vec::new(),
            Inventory::Now => {
                let stores = orders.iter().map(|order| order.place.location.store());
                stores.collect::<std::collections::BTreeSet<_>>().into_iter().map(inventory).collect()
            }
        }
    }

    async fn send_removals(&self, orders: Vec<Order<RemoveCertificates>>, report: &Report) -> Vec<Step> {
        let stores = self.client.certificate_stores();
        send::one_by_one(orders, report, async |request| stores.execute(request).await.map(send::Answer::from)).await
    }
}

#[cfg(test)]
mod tests;
