//! Keyfactor Command: certificates in the stores that its orchestrators manage.
//!
//! A [`Client`] hands out one handle for each of the vendor's resources; [`CertificateStores`] is the first.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use clm::keyfactor::{CertificateLocation, Schedule};
//! # let fake = clm::testing::FakeKeyfactor::start().await;
//! # let store_id = fake.add_store();
//! # fake.add_certificate(store_id, "MyCertificate.pfx");
//! # let keyfactor = fake.client();
//!
//! let removal = keyfactor
//!     .certificate_stores()
//!     .remove_certificates([CertificateLocation::new(store_id, "MyCertificate.pfx")], Schedule::Immediate)
//!     .send()
//!     .await?;
//! for job in removal.job_ids() {
//!     println!("an orchestrator will run job {job}");
//! }
//! # Ok(()) }
//! ```

mod certificate_stores;
mod certificates;
mod change;
mod client;
mod credentials;
mod error;
mod error_code;
mod lookup;
mod lookup_error;
mod orchestrator_jobs;
mod poll;
mod query;
mod read;
mod schedule;
mod scope;
mod thumbprint;
mod types;

pub use self::certificate_stores::{
    AddCertificates, AddCertificatesBuilder, AddOutcome, CertificateLocation, CertificateStore, CertificateStoreEntry,
    CertificateStores, ConfirmRemoved, Confirmation, ConfirmedLocation, InventoryCertificate, InventoryEntry,
    LocationEnd, LocationOutcome, OneByOneOutcome, PlannedRemoval, PutBack, RemovalPlan, RemovalVerdict,
    RemoveCertificates, RemoveCertificatesBuilder, RemoveOneByOne, RemoveOutcome, ScheduleInventory,
    ScheduleInventoryBuilder, StoreRequest, TriggeredInventory,
};
pub use self::certificates::{
    Certificate, CertificateGet, CertificateLocations, CertificateLocationsGet, CertificateSearch,
    CertificateStoreLocation, Certificates, FoundLocation, LocateCertificate, LocatedCertificate, StoreReadiness,
    StoreTypeLocation, StoreTypeLocations,
};
pub use self::client::{Client, ClientBuilder, Settings};
pub use self::credentials::Credentials;
pub use self::error::{ApiError, Error, FailedOperation, Incomplete, Outcome, OutcomeUnknown, Request};
pub use self::error_code::{ErrorCode, ErrorKind};
pub use self::lookup::Rows;
pub use self::lookup_error::LookupError;
pub use self::orchestrator_jobs::{
    ControlJobs, ControlJobsBuilder, FinishedJob, JobAction, JobChange, JobHistoryEntry, JobResult, JobSelection,
    JobState, JobStatus, JobWatch, JobsReport, OpenJob, OpenPlace, OrchestratorJobs, ScheduledJob, WatchStopped,
};
pub use self::query::{Field, Query, QueryValue};
pub use self::read::ServerTime;
pub use self::schedule::Schedule;
pub use self::thumbprint::{CertificateRef, Thumbprint};
pub use self::types::{
    CertificateId, CertificateStoreId, CollectionId, ContainerId, JobHistoryId, JobId, PermissionScope,
};
