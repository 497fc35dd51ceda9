//! The handle for certificate stores. Each operation is a file.

mod add;
mod confirm;
mod confirm_store;
mod confirmation;
mod entry;
mod inventory;
mod job_fields;
mod list;
mod location;
mod one_by_one;
mod outcome;
mod plan;
mod remove;
mod request;
mod schedule_inventory;

pub use self::add::{AddCertificates, AddCertificatesBuilder, AddOutcome};
pub use self::confirm::ConfirmRemoved;
pub use self::confirmation::{Confirmation, ConfirmedLocation, RemovalVerdict, ScheduleAfter, TriggeredInventory};
pub use self::entry::CertificateStoreEntry;
pub use self::inventory::{InventoryCertificate, InventoryEntry};
pub use self::list::CertificateStore;
pub(super) use self::list::stores_where;
pub use self::location::CertificateLocation;
pub use self::one_by_one::{LocationEnd, LocationOutcome, OneByOneOutcome, RemoveOneByOne};
pub use self::outcome::JobsOutcome;
pub use self::plan::{PlannedRemoval, PutBack, RemovalPlan};
pub use self::remove::{RemoveCertificates, RemoveCertificatesBuilder, RemoveOutcome};
pub use self::request::StoreRequest;
pub use self::schedule_inventory::{ScheduleInventory, ScheduleInventoryBuilder};

use super::certificates::LocatedCertificate;
use super::client::Client;
use super::error::Error;
use super::schedule::Schedule;
use super::types::{CertificateId, CertificateStoreId};

/// The operations on certificate stores. It owns a clone of its [`Client`].
#[derive(Clone, Debug)]
pub struct CertificateStores {
    client: Client,
}

impl CertificateStores {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Asks the orchestrators to remove certificates from certificate stores.
    ///
    /// A location names a store and an alias, and **these two alone decide what goes**: whatever certificate stands
    /// under that alias when the job runs. Every location becomes an orchestrator job. An answer means that the jobs
    /// are scheduled, never that a certificate is gone.
    ///
    /// - **Call:** `POST /CertificateStores/Certificates/Remove`.
    /// - **Permissions:** to read certificates (system-wide, or for the collection given by
    ///   [`collection_id`](RemoveCertificatesBuilder::collection_id)) and to schedule on certificate stores
    ///   (system-wide, or for the stores' containers).
    /// - **Arguments:** at least one location and at most the client's
    ///   [`max_locations_per_call`](super::ClientBuilder::max_locations_per_call); a schedule, where the four
    ///   recurring kinds need [`allow_recurring`](RemoveCertificatesBuilder::allow_recurring).
    /// - **Errors:** those of [`keyfactor::Error`](super::Error).
    /// - **Documented nowhere:** whether the job ids come in the order of the locations, what happens to an unknown
    ///   alias, whether one bad location stops the others. Send one location a call if you need the pairing.
    /// - **Source:** Keyfactor Command reference, "POST Certificate Stores Certificates Remove".
    pub fn remove_certificates(
        &self,
        locations: impl IntoIterator<Item: Into<CertificateLocation>>,
        schedule: Schedule,
    ) -> RemoveCertificatesBuilder {
        let locations = locations.into_iter().map(Into::into).collect();
        RemoveCertificatesBuilder::new(self.clone(), locations, schedule)
    }

    /// Makes a plan of a removal before anything is removed: what goes, and what of it can be put back. Every alias is
    /// compared with the certificate.
    ///
    /// - **Call:** `GET /CertificateStores/{id}/Inventory` for each store.
    /// - **Permissions:** to read certificate stores.
    /// - **Documented nowhere:** whether an entry that says nothing about a private key has one; see [`PutBack`].
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID Inventory".
    ///
    /// # Errors
    /// Those of [`keyfactor::Error`](super::Error); `Lookup` if an alias does not hold the certificate.
    /// [`LocatedCertificate::only`] makes a plan of the others.
    pub fn plan_removal(
        &self,
        located: &LocatedCertificate,
    ) -> impl Future<Output = Result<RemovalPlan, Error>> + Send + use<> {
        RemovalPlan::make(self.client.clone(), located.clone())
    }

    /// Carries out a plan: [`remove_certificates`](Self::remove_certificates) of its locations, each with the thumbprint
    /// that is expected there, in the plan's collection. Call, permissions and errors are those of that call, and to read
    /// certificate stores is needed as well.
    pub fn remove(&self, plan: &RemovalPlan, schedule: Schedule) -> RemoveCertificatesBuilder {
        let builder = self.remove_certificates(plan.locations(), schedule);
        match plan.collection_id {
            Some(id) => builder.collection_id(id),
            None => builder,
        }
    }

    /// Puts back what a plan can put back: [`add_certificates`](Self::add_certificates) under the old aliases, without
    /// overwriting. What it cannot put back is in [`RemovalPlan::cannot_be_put_back`]. The certificate that Command has
    /// under the plan's id is read first, and must have the plan's thumbprint: a plan is a file, and may be old. Call,
    /// permissions and errors are those of `add_certificates`.
    ///
    /// Passwords of entries and job fields are not in the plan, and **the entries' parameters are not put back**; give them with
    /// [`map_entries`](AddCertificatesBuilder::map_entries) where the type of store asks for them. Types of store that
    /// choose the alias themselves may refuse the old one.
    pub fn add_back(&self, plan: &RemovalPlan, schedule: Schedule) -> AddCertificatesBuilder {
        let builder =
            self.add_certificates(plan.certificate_id, plan.entries(), schedule).expecting_thumbprint(&plan.thumbprint);
        match plan.collection_id {
            Some(id) => builder.collection_id(id),
            None => builder,
        }
    }

    /// Waits for Command's inventory to show what became of locations. **It is the inventory that is shown, not the store
    /// itself**, and it is as old as the store's last inventory job.
    ///
    /// - **Calls:** `GET /CertificateStores/{id}` and `GET /CertificateStores/{id}/Inventory` for each store, and
    ///   `GET /OrchestratorJobs/JobHistory` before each look for the runs of its inventory job; with
    ///   [`trigger_inventory`](ConfirmRemoved::trigger_inventory) also `POST /CertificateStores/Schedule`.
    /// - **Permissions:** to read certificate stores; for the runs, to read orchestrator management; for the trigger, to
    ///   schedule on certificate stores.
    /// - **Arguments:** after a plan, or a removal with `expecting_thumbprint`, say
    ///   [`was_listed`](ConfirmRemoved::was_listed): what the inventory never listed is not known to be gone.
    /// - **Errors:** see [`ConfirmRemoved::send`].
    pub fn confirm_removed(&self, locations: impl IntoIterator<Item: Into<CertificateLocation>>) -> ConfirmRemoved {
        ConfirmRemoved::new(self.clone(), locations.into_iter().map(Into::into).collect())
    }

    /// Asks the orchestrators to put a certificate into certificate stores. Every entry becomes an orchestrator job; an
    /// answer means that the jobs are scheduled.
    ///
    /// - **Call:** `POST /CertificateStores/Certificates/Add`.
    /// - **Permissions:** to read the certificate (system-wide, or for the collection given by
    ///   [`collection_id`](AddCertificatesBuilder::collection_id)) and to schedule on certificate stores.
    /// - **Arguments:** the certificate's id; at least one entry and at most the client's
    ///   [`max_locations_per_call`](super::ClientBuilder::max_locations_per_call); a schedule that does not recur.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error).
    /// - **Documented nowhere:** whether the job ids come in the order of the entries, and what one bad entry does to the
    ///   others.
    /// - **Source:** Keyfactor Command reference, "POST Certificate Stores Certificates Add".
    pub fn add_certificates(
        &self,
        certificate: impl Into<CertificateId>,
        entries: impl IntoIterator<Item = CertificateStoreEntry>,
        schedule: Schedule,
    ) -> AddCertificatesBuilder {
        AddCertificatesBuilder::new(self.clone(), certificate.into(), entries.into_iter().collect(), schedule)
    }

    /// Has the orchestrators read what is in certificate stores, now or by a schedule.
    ///
    /// - **Call:** `POST /CertificateStores/Schedule`, answered 204.
    /// - **Permissions:** to schedule on certificate stores, system-wide or for the stores' containers (assumed).
    /// - **Arguments:** at least one store id.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error).
    /// - **Documented nowhere:** whether an immediate inventory replaces a recurring schedule. Read the store's
    ///   [`inventory_schedule`](CertificateStore::inventory_schedule) before and afterwards.
    /// - **Source:** Keyfactor Command reference, "POST Certificate Stores Schedule".
    pub fn schedule_inventory(
        &self,
        store_ids: impl IntoIterator<Item: Into<CertificateStoreId>>,
        schedule: Schedule,
    ) -> ScheduleInventoryBuilder {
        ScheduleInventoryBuilder::new(self.clone(), store_ids.into_iter().map(Into::into).collect(), schedule)
    }

    /// Sends a request that was built before, or that an [`OutcomeUnknown`](super::OutcomeUnknown) gave back.
    ///
    /// Nothing remembers whether it was sent already: calling this twice sends it twice.
    pub fn execute<R: StoreRequest>(
        &self,
        request: R,
    ) -> impl Future<Output = Result<R::Outcome, Error>> + Send + use<R> {
        request.run(self.client.clone())
    }
}
