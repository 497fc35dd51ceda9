//! The Keyfactor side: look up the locations, show the plan, send the calls, follow the jobs and confirm the result.

mod confirm;
mod find;
mod follow;
mod record;
mod schedules;
mod see_through;
mod send;
mod step;
mod undo;

use std::path::PathBuf;
use std::time::Duration;

use clm::keyfactor::{
    AddCertificates, CertificateLocation, CertificateRef, CertificateStoreId, Client, RemovalPlan, RemoveCertificates,
    SavedSchedule, Schedule, Thumbprint,
};
use clm::{Request, RequestBuilder};
use serde_json::json;

use crate::consent::Consent;
use crate::ended::{Ended, Trouble};
use crate::interrupt::{Interrupt, Listening};
use crate::plan_file::Written;
use crate::report::Report;
use crate::shell::argument;

use record::{Action, Record};
use send::{Call, Order, removal_call};
use step::{Place, Step};

pub(crate) struct KeyfactorJob {
    pub(crate) client: Client,
    pub(crate) task: Task,
    pub(crate) consent: Consent,
    pub(crate) settings: Settings,
}

pub(crate) enum Task {
    /// Remove a certificate from every store.
    Certificate { certificate: CertificateRef, collection_id: Option<i32>, plan: Option<PathBuf> },
    /// The same for several certificates.
    Certificates { thumbprints: Vec<Thumbprint>, collection_id: Option<i32>, plan: Option<PathBuf> },
    /// Remove whatever these aliases hold.
    Locations { locations: Vec<CertificateLocation>, collection_id: Option<i32> },
    /// Put back what this plan allows.
    Undo { plan: PathBuf },
    /// Follow the jobs of an earlier run.
    Follow { file: PathBuf },
}

/// Whether jobs are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Following {
    #[default]
    On,
    Off,
}

/// Whether to request an inventory of the stores.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Inventory {
    #[default]
    AsScheduled,
    Now,
}

pub(crate) struct Settings {
    pub(crate) following: Following,
    pub(crate) inventory: Inventory,
    /// For the jobs, and again for the inventories.
    pub(crate) deadline: Duration,
    pub(crate) first_pause: Duration,
    pub(crate) longest_pause: Duration,
    pub(crate) interrupt: Interrupt,
    /// For all locations. The values may be secrets.
    pub(crate) job_fields: Vec<(String, String)>,
    pub(crate) audit_note: Option<String>,
    /// The record of sent calls, if there is no plan next to which it is written.
    pub(crate) jobs: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            following: Following::default(),
            inventory: Inventory::default(),
            deadline: Duration::from_secs(30 * 60),
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(30),
            interrupt: Interrupt::default(),
            job_fields: Vec::new(),
            audit_note: None,
            jobs: None,
        }
    }
}

/// Everything that is looked up and checked before the first change.
pub(crate) struct Prepared {
    orders: Orders,
    /// The number of locations that cannot be put back.
    losses: usize,
    plan: Option<(PathBuf, RemovalPlan)>,
    /// The record of sent calls.
    jobs: PathBuf,
    /// The schedules of the stores whose inventories will be requested.
    schedules: Vec<SavedSchedule>,
    /// The schedules that earlier runs may have lost.
    at_risk: Vec<SavedSchedule>,
    /// The best possible result, given what is skipped.
    floor: Ended,
}

enum Orders {
    Remove(Vec<Order<RemoveCertificates>>),
    Add(Vec<Order<AddCertificates>>),
}

/// Looks up and shows everything. Changes nothing.
pub(crate) async fn prepare(job: &KeyfactorJob, report: &Report) -> Result<Prepared, Trouble> {
    report.line("");
    report.line(format!("Keyfactor Command at {}", job.client.base_url()));
    let mut prepared = match &job.task {
        Task::Certificate { certificate, collection_id, plan } => {
            job.find((certificate, *collection_id), plan.as_deref(), report).await?
        }
        Task::Certificates { thumbprints, collection_id, plan } => {
            job.find_many(thumbprints, *collection_id, plan.as_deref(), report).await?
        }
        Task::Locations { locations, collection_id } => job.name(locations, *collection_id, report)?,
        Task::Undo { plan } => job.look_back(plan, report).await?,
        Task::Follow { .. } => return Err(Trouble::Refused("--follow cannot be combined with a change".to_owned())),
    };
    if prepared.size() > 0 {
        job.consent.check_size(prepared.size(), "location")?;
    }
    job.look_at_schedules(&mut prepared, report).await?;
    Ok(prepared)
}

impl Prepared {
    pub(crate) fn size(&self) -> usize {
        self.places().len()
    }

    pub(crate) fn losses(&self) -> usize {
        self.losses
    }

    /// Restores the schedules that earlier runs lost, even if there is nothing else to do.
    pub(crate) async fn restore_schedules(&self, job: &KeyfactorJob, report: &Report) {
        job.restore(&self.at_risk, report).await;
    }

    pub(crate) fn omitted(&self) -> usize {
        self.plan.as_ref().map_or(0, |(_, plan)| plan.omitted.len())
    }

    pub(crate) fn floor(&self) -> Ended {
        self.floor
    }

    fn places(&self) -> Vec<&Place> {
        match &self.orders {
            Orders::Remove(orders) => orders.iter().map(|order| &order.place).collect(),
            Orders::Add(orders) => orders.iter().map(|order| &order.place).collect(),
        }
    }

    fn calls(&self) -> Vec<&Call> {
        match &self.orders {
            Orders::Remove(orders) => orders.iter().map(|order| &order.call).collect(),
            Orders::Add(orders) => orders.iter().map(|order| &order.call).collect(),
        }
    }

    /// Prints the calls instead of sending them.
    pub(crate) async fn dry_run(&self, job: &KeyfactorJob, report: &Report) {
        report.line("  Dry run. These calls would be sent to Keyfactor Command, in this order:");
        for call in self.calls() {
            call.show(report);
        }
        for call in job.inventory_calls(&self.places()) {
            call.show(report);
        }
        if let Err(Trouble::Refused(why)) = job.consent.check_losses(self.losses, "location") {
            report.complain(format!("  This run would be refused: {why}"));
        }
        if let Err(Trouble::Refused(why)) = job.consent.check_omissions(self.omitted()) {
            report.complain(format!("  This run would be refused: {why}"));
        }
        if let Err(Trouble::Refused(why)) = job.check_following().await {
            report.complain(format!("  This run would be refused: {why}"));
        }
    }

    /// The checks before the first change.
    pub(crate) async fn check(&self, job: &KeyfactorJob) -> Result<(), Trouble> {
        job.consent.check_losses(self.losses, "location")?;
        job.consent.check_omissions(self.omitted())?;
        job.check_following().await
    }

    pub(crate) fn write_plan(&self, report: &Report) -> Result<Option<Written>, Trouble> {
        self.plan.as_ref().map(|(path, plan)| Written::new(path, |path| plan.save_new(path), report)).transpose()
    }

    /// Sends the calls, follows the jobs and confirms the result.
    pub(crate) async fn send(
        self,
        job: &KeyfactorJob,
        plan: Option<&Written>,
        report: &Report,
    ) -> Result<Ended, Trouble> {
        job.restore(&self.at_risk, report).await;
        let back = self.size() - self.losses;
        if self.size() == 0 {
            return Ok(self.floor);
        }
        let server = job.client.base_url().as_str();
        let mut interrupt = job.settings.interrupt.listen();
        let (steps, action, mut record) = match self.orders {
            Orders::Remove(orders) => {
                let mut record = Record::begin(&self.jobs, server, Action::Remove)?;
                record.schedules(&self.schedules);
                (job.send_removals(orders, (&mut record, &mut interrupt), report).await, Action::Remove, record)
            }
            Orders::Add(orders) => {
                let mut record = Record::begin(&self.jobs, server, Action::PutBack)?;
                record.schedules(&self.schedules);
                (job.send_additions(orders, (&mut record, &mut interrupt), report).await, Action::PutBack, record)
            }
        };
        let ended = job.see_through(steps, action, &self.schedules, (&mut record, &mut interrupt), report).await;
        if let Some(plan) = plan.filter(|_| back > 0) {
            let path = argument(plan.path());
            // Unless everything is done, only the undo itself can determine the number.
            let expect = if ended == Ended::Done { format!(" --yes --expect {back}") } else { String::new() };
            report.line(format!("  To undo: offboard --undo {path}{expect}"));
        }
        Ok(ended.max(self.floor))
    }
}

impl KeyfactorJob {
    /// Removes whatever the aliases hold, without a look-up.
    fn name(
        &self,
        locations: &[CertificateLocation],
        collection_id: Option<i32>,
        report: &Report,
    ) -> Result<Prepared, Trouble> {
        // All in one request first, so that repeats and invalid values show before anything is sent.
        let locations = self.removal(locations.to_vec(), collection_id)?.locations().to_vec();
        let mut orders = Vec::new();
        for location in locations {
            let request = self.removal(vec![location.clone()], collection_id)?;
            let call = removal_call(&request, &[], self);
            orders.push(Order { place: Place { machine: None, path: None, location, was_gone: false }, request, call });
        }
        report.line("  to remove immediately, whatever the alias holds (nothing was looked up):");
        for Order { place, .. } in &orders {
            report.line(format!("    store {}  alias {}", place.location.store(), place.location.alias()));
        }
        report.line("    No undo plan is written. Use --thumbprint to get one.");
        let jobs = self
            .settings
            .jobs
            .clone()
            .unwrap_or_else(|| PathBuf::from(format!("offboard-locations-{:08x}.jobs", fastrand::u32(..))));
        Ok(Prepared {
            orders: Orders::Remove(orders),
            losses: 0,
            plan: None,
            jobs,
            schedules: Vec::new(),
            at_risk: Vec::new(),
            floor: Ended::NothingToDo,
        })
    }

    fn removal(
        &self,
        locations: Vec<CertificateLocation>,
        collection_id: Option<i32>,
    ) -> Result<Request<RemoveCertificates>, Trouble> {
        let removal = self.client.certificate_stores().remove_certificates(locations, Schedule::Immediate);
        let removal = self.with_job_fields(removal);
        let removal = match collection_id {
            Some(id) => removal.collection_id(id),
            None => removal,
        };
        Ok(removal.build()?)
    }

    /// Adds the job fields and the audit note that apply to all locations.
    fn with_job_fields(&self, removal: RequestBuilder<RemoveCertificates>) -> RequestBuilder<RemoveCertificates> {
        let fields = &self.settings.job_fields;
        let removal = removal.map_locations(|location| {
            fields.iter().fold(location, |location, (name, value)| location.job_field(name, value.as_str()))
        });
        match &self.settings.audit_note {
            Some(note) => removal.audit_note(note),
            None => removal,
        }
    }

    /// Checks before the first change that jobs can be followed.
    async fn check_following(&self) -> Result<(), Trouble> {
        if self.settings.following == Following::Off || self.client.orchestrator_jobs().can_follow().await? {
            return Ok(());
        }
        Err(Trouble::Refused(
            "this account may not read jobs (/agents/management/read/), so they cannot be followed. Nothing was sent; to \
             proceed anyway, add --no-follow"
                .to_owned(),
        ))
    }

    fn inventory_calls(&self, places: &[&Place]) -> Vec<Call> {
        let inventory = |store: CertificateStoreId| Call {
            path: "CertificateStores/Schedule",
            body: json!({"StoreIds": [store], "Schedule": {"Immediate": true}}),
        };
        match self.settings.inventory {
            Inventory::AsScheduled => Vec::new(),
            Inventory::Now => {
                let stores = places.iter().map(|place| place.location.store());
                stores.collect::<std::collections::BTreeSet<_>>().into_iter().map(inventory).collect()
            }
        }
    }

    async fn send_removals(
        &self,
        orders: Vec<Order<RemoveCertificates>>,
        (record, interrupt): (&mut Record, &mut Listening),
        report: &Report,
    ) -> Vec<Step> {
        let execute = async |it| self.client.execute(it).await.map(send::Answer::from);
        send::one_by_one(orders, record, interrupt, report, execute).await
    }

    async fn send_additions(
        &self,
        orders: Vec<Order<AddCertificates>>,
        (record, interrupt): (&mut Record, &mut Listening),
        report: &Report,
    ) -> Vec<Step> {
        let execute = async |it| self.client.execute(it).await.map(send::Answer::from);
        send::one_by_one(orders, record, interrupt, report, execute).await
    }
}

#[cfg(test)]
mod tests;
