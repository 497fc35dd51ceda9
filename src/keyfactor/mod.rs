//! Keyfactor Command: certificates in the stores that its orchestrators manage.
//!
//! A [`Client`] hands out one handle for each of the vendor's resources: [`certificates()`](Client::certificates),
//! [`certificate_stores()`](Client::certificate_stores), [`certificate_store_types()`](Client::certificate_store_types) and
//! [`orchestrator_jobs()`](Client::orchestrator_jobs).
//!
//! # The whole job
//!
//! A removal names a store and an alias, and these two alone decide what goes. So: find the certificate, look at the plan,
//! remove, follow the jobs, and look whether it went.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use clm::keyfactor::Schedule;
//! # use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator};
//! # let fake = FakeKeyfactor::start().await;
//! # fake.orchestrator(FakeOrchestrator::new().after_polls(0));
//! # let certificate = fake.issue(FakeCertificate::new("www.example.com").private_key());
//! # let thumbprint = fake.thumbprint(certificate);
//! # fake.put(fake.add_store(), "www.example.com.pfx", certificate);
//! # let keyfactor = fake.client();
//!
//! let stores = keyfactor.certificate_stores();
//!
//! // Where is it? Revoked and expired certificates are found too; members of other certificates' chains are not.
//! let located = keyfactor.certificates().locations_of(thumbprint).send().await?;
//! // What would go, and what of it could be put back? The plan can be kept as JSON.
//! let plan = stores.plan_removal(&located).await?;
//! assert_eq!(plan.cannot_be_put_back().count(), 0);
//! // May this account follow the jobs? Afterwards is too late to ask.
//! assert!(keyfactor.orchestrator_jobs().can_follow().await?);
//!
//! // Each alias must still hold the certificate, else nothing is sent.
//! let removal = stores.remove(&plan, Schedule::Immediate).audit_note("CHG 1234").send().await?;
//! // The jobs are scheduled, nothing is removed yet. Follow them to the end.
//! let report = keyfactor.orchestrator_jobs().watch(removal.job_ids()).finish().await?.require_success()?;
//! assert!(report.still_open().is_empty());
//! // One job for each location, and nothing else in the answer?
//! removal.require_complete()?;
//! // What does Command's inventory say now?
//! let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await?;
//! assert!(confirmation.all_gone());
//!
//! // And back again.
//! let addition = stores.add_back(&plan, Schedule::Immediate).send().await?;
//! # keyfactor.orchestrator_jobs().watch(addition.job_ids()).finish().await?.require_success()?;
//! # Ok(()) }
//! ```
//!
//! # Reading
//!
//! Lists are [`Rows`]: streams that read page by page, as their rows are asked for. Names of members are matched
//! without regard to ASCII case, a null is none, and a number may be written as text. Every row keeps what this crate does not
//! know of it in `extra`, as [`RawJson`], and an unknown value of an enumeration stays readable instead of failing the page. A
//! row without the member that names it (`Id`, `JobId`, `Name`) is an [`Error::Decode`] which says so; so is one in which a
//! member that decides something stands twice, such as `Id`, `Thumbprint`, `Alias`, `Result`, `Status` or `StoreId`. Rows that
//! something is done with are compared with what was asked for: a server that ignores a filter gives
//! [`LookupError::NotAsked`], never a removal. An answer of Command before version 11, which does not know the parameters
//! that are sent, gives [`LookupError::UnsupportedVersion`].

mod answer;
mod certificate_store_types;
mod certificate_stores;
mod certificates;
mod client;
#[cfg(feature = "config-file")]
mod config_file;
mod credentials;
#[cfg(feature = "rustls")]
mod environment;
mod error_body;
mod error_code;
mod list_pages;
mod lookup_error;
mod oauth;
mod offboarding;
mod orchestrator_jobs;
mod page_position;
mod permission_scope;
mod query;
mod schedule;
mod scope;
mod seen_ids;
mod server_schedule;
#[cfg(feature = "rustls")]
mod settings;
mod thumbprint;
mod token_endpoint;
mod types;
mod values;
mod vendor;

pub use self::certificate_store_types::{
    CertificateStoreType, CertificateStoreTypes, CustomAlias, EntryParameter, EntryParameterType, GetStoreType,
    ListStoreTypes, PrivateKeyAllowed, StoreTypeNeeds,
};
pub use self::certificate_stores::{
    AddCertificates, AddOutcome, CertificateLocation, CertificateStore, CertificateStoreEntry, CertificateStores,
    GetStore, Inventory, InventoryCertificate, InventoryEntry, JobFieldsFromInventory, JobsOutcome, ListStores,
    RemoveCertificates, RemoveOutcome, ScheduleInventory,
};
pub use self::certificates::{
    Certificate, CertificateLocations, CertificateStoreLocation, Certificates, GetCertificate, GetCertificateLocations,
    RevocationReason, RevokeCertificates, RevokeOutcome, SearchCertificates, StoreTypeLocation, StoreTypeLocations,
    SuspendedRevocation,
};
pub use self::client::{Client, ClientBuilder, Settings};
pub use self::credentials::Credentials;
pub use self::error_body::FailedOperation;
pub use self::error_code::{ErrorCode, ErrorKind};
pub use self::lookup_error::LookupError;
pub use self::oauth::ClientCredentials;
pub use self::offboarding::{
    AddBackEach, AddBackEachOutcome, Confirm, ConfirmPutBack, ConfirmRemoved, Confirmation, ConfirmedLocation,
    FinishedJob, FollowedJob, FoundLocation, ItemProgress, JobChange, JobState, JobWatch, JobsForLocation, JobsReport,
    JobsSeen, LocateCertificate, LocatedCertificate, OmissionReason, Omitted, OpenJob, OpenJobPlace, PlanRemovalOf,
    PlannedCertificate, PlannedRemoval, PlannedStoreType, Progress, PutBackVerdict, RemovalPlan, RemovalVerdict,
    RemoveEach, RemoveEachOutcome, Restorability, RestoreInventorySchedules, RestoredSchedule, SavedSchedule,
    ScheduleAfter, StoreReadiness, TriggeredInventory,
};
pub use self::orchestrator_jobs::{
    ControlJobs, JobAction, JobHistory, JobHistoryEntry, JobResult, JobSelection, JobStatus, OrchestratorJobs,
    ScheduledJob, ScheduledJobs,
};
pub use self::permission_scope::PermissionScope;
pub use self::query::{Field, Query, QueryValue};
pub use self::schedule::Schedule;
pub use self::server_schedule::ServerSchedule;
pub use self::thumbprint::{CertificateRef, Thumbprint};
pub use self::types::{
    CertificateId, CertificateStoreId, CertificateStoreTypeId, CollectionId, ContainerId, JobHistoryId, JobId,
};
pub use self::values::ServerTime;
pub use self::vendor::{ApiError, Error, Keyfactor, OutcomeUnknown, RawCall, Rows, SharedError};
pub use crate::rows::RawJson;
