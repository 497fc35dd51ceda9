//! Keyfactor Command: certificates in the stores that its orchestrators manage.
//!
//! **Start here:** [the first program](crate::guide::start), then [a complete removal](crate::guide::offboarding). Build a
//! [`Client`] with [`Client::builder`] or [`ClientBuilder::from_env`](ClientBuilder), then call the methods of its handles.
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
//! let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());
//!
//! let located = keyfactor.certificates().locations_of(thumbprint).send().await?;
//! let plan = stores.plan_removal(&located).await?;
//! let removal = stores.remove(&plan, Schedule::Immediate).audit_note("CHG 1234").send().await?;
//! let report = jobs.watch(removal.job_ids()).finish().await?.require_success()?;
//! let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await?;
//! assert!(report.all_succeeded() && confirmation.all_gone());
//! # Ok(()) }
//! ```
//!
//! # Handles
//!
//! | handle | to |
//! |---|---|
//! | [`Certificates`] | [`search`](Certificates::search), [`get`](Certificates::get), find every place of a certificate with [`locations_of`](Certificates::locations_of), [`revoke`](Certificates::revoke) |
//! | [`CertificateStores`] | [`list`](CertificateStores::list), read the [`inventory`](CertificateStores::inventory), plan with [`plan_removal_of`](CertificateStores::plan_removal_of), [`remove`](CertificateStores::remove), put back with [`add_back_each`](CertificateStores::add_back_each), confirm with [`confirm_removed`](CertificateStores::confirm_removed) |
//! | [`OrchestratorJobs`] | follow jobs with [`watch`](OrchestratorJobs::watch), read the [`history`](OrchestratorJobs::history), [`unschedule`](OrchestratorJobs::unschedule) |
//! | [`CertificateStoreTypes`] | read what the jobs of a store type need: [`get`](CertificateStoreTypes::get), [`list`](CertificateStoreTypes::list) |
//! | [`Client::raw`] | call an endpoint that has no method here |
//!
//! # Requests
//!
//! | for | types |
//! |---|---|
//! | signing in | [`ClientBuilder`], [`Credentials`], [`ClientCredentials`] |
//! | ids | [`CertificateId`], [`Thumbprint`], [`CertificateRef`], [`CertificateStoreId`], [`JobId`], [`JobHistoryId`], [`CollectionId`], [`ContainerId`], [`CertificateStoreTypeId`] |
//! | a removal or an addition | [`CertificateLocation`], [`CertificateStoreEntry`], [`Schedule`], [`JobFieldsFromInventory`] |
//! | a plan | [`RemovalPlan`], [`PlannedRemoval`], [`Restorability`], [`Omitted`], [`SavedSchedule`] |
//! | queries | [`Query`], [`Field`], [`QueryValue`] |
//! | a built request | [`RemoveCertificates`], [`AddCertificates`], [`ScheduleInventory`], [`RevokeCertificates`], [`ControlJobs`], [`RawCall`] |
//!
//! # Outcomes
//!
//! | of | types |
//! |---|---|
//! | finding a certificate | [`LocatedCertificate`], [`FoundLocation`], [`StoreReadiness`] |
//! | a removal or an addition | [`RemoveOutcome`], [`AddOutcome`]; one call for each item: [`RemoveEachOutcome`], [`AddBackEachOutcome`] |
//! | following jobs | [`JobWatch`], [`JobChange`], [`JobState`], [`JobsReport`], [`FinishedJob`], [`OpenJob`], [`Progress`] |
//! | confirming | [`Confirmation`], [`RemovalVerdict`], [`PutBackVerdict`], [`ScheduleAfter`] |
//! | a revocation | [`RevokeOutcome`], [`SuspendedRevocation`] |
//! | any change | [`PermissionScope`], [`Receipt`](crate::Receipt) |
//!
//! # Rows
//!
//! Lists return [`Rows`] of [`Certificate`], [`CertificateStore`], [`InventoryEntry`], [`CertificateStoreType`],
//! [`JobHistoryEntry`] and [`ScheduledJob`]. Members that this crate does not know are in [`RawJson`].
//!
//! # Errors
//!
//! The error of every call is [`Error`]. A refusal is an [`ApiError`] with an [`ErrorKind`] and perhaps an [`ErrorCode`]. A change
//! that may have been carried out is [`OutcomeUnknown`]. A read that cannot be relied on is a [`LookupError`]. See
//! [the guide's page on errors](crate::guide::errors).

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
#[cfg(feature = "rustls")]
mod ignored_variables;
mod list_pages;
mod lookup_error;
mod oauth;
mod offboarding;
mod orchestrator_jobs;
mod page_position;
mod permission_scope;
mod query;
mod raw;
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
