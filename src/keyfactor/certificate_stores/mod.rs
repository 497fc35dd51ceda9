//! The handle for certificate stores. Each operation is a file.

mod inventory;
mod list;
mod location;
mod remove;

pub use self::inventory::{InventoryCertificate, InventoryEntry};
pub use self::list::CertificateStore;
pub use self::location::CertificateLocation;
pub use self::remove::{RemoveCertificates, RemoveCertificatesBuilder, RemoveOutcome};

use super::client::Client;
use super::schedule::Schedule;

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
        locations: impl IntoIterator<Item = CertificateLocation>,
        schedule: Schedule,
    ) -> RemoveCertificatesBuilder {
        RemoveCertificatesBuilder::new(self.clone(), locations.into_iter().collect(), schedule)
    }

    /// Sends a request that was built before, or that an [`OutcomeUnknown`](super::OutcomeUnknown) gave back.
    ///
    /// Nothing remembers whether it was sent already: calling this twice sends it twice.
    pub fn execute(
        &self,
        request: RemoveCertificates,
    ) -> impl Future<Output = Result<RemoveOutcome, super::Error>> + Send + use<> {
        request.execute(self.client.clone())
    }
}
