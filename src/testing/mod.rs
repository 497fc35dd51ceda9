//! Fakes of both servers, for tests and demonstrations without an account. Feature `testing`.
//!
//! **Start here:** [Test your automation in five minutes](crate::guide::testing). For a fake with some state, take a
//! [`Scene`]; for an empty one, start [`FakeKeyfactor`] or [`FakeAppViewX`].
//!
//! ```
//! # #[cfg(feature = "keyfactor")] {
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use clm::keyfactor::{CertificateLocation, Schedule};
//! use clm::testing::FakeKeyfactor;
//!
//! let fake = FakeKeyfactor::start().await;
//! let store = fake.add_store();
//! fake.add_certificate(store, "web01.pfx");
//!
//! let location = CertificateLocation::new(store, "web01.pfx");
//! let stores = fake.client().certificate_stores();
//! let removal = stores.remove_certificates([location], Schedule::Immediate).send().await?;
//! assert_eq!(removal.job_ids().len(), 1);
//!
//! // A job is scheduled, and nothing is removed yet.
//! assert_eq!(fake.aliases(store), ["web01.pfx"]);
//! fake.run_jobs();
//! assert!(fake.aliases(store).is_empty());
//! # Ok(()) }
//! # main().unwrap();
//! # }
//! ```
//!
//! Each fake listens on a free port of `127.0.0.1`, keeps its state in memory and stops when it is dropped. It runs in its
//! own thread: it keeps running when the runtime that started it ends, and also serves programs without a runtime. To get a
//! refusal, a test puts the fake into the state that causes it, for example by removing a permission; no canned response is
//! needed. The crate's own tests and examples use the fakes.
//!
//! A fake is **not the vendor's software**. [The guide](crate::guide::fakes) says for each behaviour whether it is
//! documented by the vendor, recorded, inferred or assumed.
//!
//! | | types |
//! |---|---|
//! | fakes | [`FakeKeyfactor`], [`FakeAppViewX`], [`FakeIdentityProvider`]; arranged: [`Scene`]; from a file: [`load_both`], [`FakeStateError`] |
//! | state of Keyfactor | [`FakeCertificate`], [`FakeStore`], [`FakeStoreType`], [`FakeEntryParameter`], [`FakeOrchestrator`], [`FakeJob`], [`KeyfactorPermission`] |
//! | state of AppViewX | [`FakeCategory`], [`AppViewXPermission`] |
//! | faults: lost, cut, slow or unsolicited responses, refusals, a server that is not reachable; for one call or for all | [`FakeFault`], [`FakeAnswer`], [`FakeTokenRefusal`] |
//! | what was received | [`RecordedRequest`], [`FakeFaultKind`], [`KeyfactorCall`], [`AppViewXCall`] |
//! | without any server | [`Reply`] |
//!
//! # Without any server
//!
//! A test can create the values that the client returns without a server, a runtime or waiting: **it gives the server's response, and
//! the crate's own code reads it.** The values therefore have no second definition that could differ from the real one.
//!
//! | value | how to create it |
//! |---|---|
//! | a row: `JobHistoryEntry`, `ScheduledJob`, `Certificate`, `CertificateStore`, `InventoryEntry`, `CertificateStoreType`, `CertificateGroup`, … | `serde_json::from_value`, with the server's member names in any letter case. The members that identify the row are required |
//! | the outcome of a call, and its receipt | [`Request::outcome_of`](crate::Request::outcome_of) with a [`Reply`] |
//! | `Api`, `OutcomeUnknown`, `Transport`, `Authentication`, `Decode` | the same |
//! | `Validation`, `Configuration` | `build()` of an invalid request or client |
//! | `Lookup` | `Error::from(LookupError::..)` |
//! | `Incomplete` | `require_complete()?` of an incomplete outcome |
//! | the outcome of many calls: `RemoveEachOutcome`, `AddBackEachOutcome`, that of `in_calls()` | [`BatchBuilder::outcome_of`](crate::BatchBuilder::outcome_of) |
//! | a list | [`Rows::of_results`](crate::Rows::of_results) |
//! | `JobsReport`, `JobChange`, `JobsSeen`, `LocatedCertificate` | `of_runs`, `of_run`, `of_rows`, `of_row`, with the rows that the server returned |
//! | `Progress` of each item | `with` of an outcome and a report that were created like this |
//! | `Confirmation`, `TriggeredInventory`, `RestoredSchedule`, `GroupConfirmation`, `AssignBackOutcome` | `new` |
//! | `LogoutOutcome` | `LogoutOutcome::outcome_of` |
//! | `RemovalPlan`, `GroupPlan`, `SavedSchedule` | from JSON, with the same checks as for a plan that is read from a file |
//!
//! Except for rows, errors and plans, they can be created only with the feature `testing`, so a production program cannot claim that a
//! certificate was removed. Futures and streams that belong to a client, such as `JobWatch`, need a fake.
//!
//! ```
//! # #[cfg(feature = "keyfactor")] {
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use clm::keyfactor::{JobsReport, RemoveOutcome};
//! # use clm::keyfactor::{CertificateLocation, Client, Credentials, JobId, Schedule};
//! use clm::serde_json::{from_value, json};
//! use clm::testing::Reply;
//! # use clm::uuid::Uuid;
//!
//! /// The code under test.
//! fn summary(removal: &RemoveOutcome, report: &JobsReport) -> String {
//!     let failed = report.unsuccessful().count();
//!     format!(
//!         "{} job(s), {failed} failed, {} open",
//!         removal.job_ids().len(),
//!         report.still_open().len()
//!     )
//! }
//!
//! # let client = Client::builder("https://keyfactor.example.com").credentials(Credentials::bearer("token")).build()?;
//! # let location = CertificateLocation::new(Uuid::from_u128(1), "www.example.com.pfx");
//! let removal = client
//!     .certificate_stores()
//!     .remove_certificates([location], Schedule::Immediate)
//!     .build()?;
//! let job = JobId::from(Uuid::from_u128(2));
//! let removal = removal.outcome_of(Reply::json(200, json!([job])))?;
//! let run = from_value(
//!     json!({"JobHistoryId": 1, "JobId": job, "Status": "Completed", "Result": "Failure"}),
//! )?;
//! let report = JobsReport::of_runs(removal.job_ids(), [run]);
//!
//! assert_eq!(summary(&removal, &report), "1 job(s), 1 failed, 0 open");
//! # Ok(()) }
//! # main().unwrap();
//! # }
//! ```

#[cfg(feature = "appviewx")]
mod appviewx;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod both;
#[cfg(feature = "keyfactor")]
mod keyfactor;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod reply;
#[cfg(feature = "keyfactor")]
mod scene;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod seen;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(not(feature = "keyfactor"), allow(dead_code, reason = "AppViewX alone uses a part of what both share"))]
mod server;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod state;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod text;

#[cfg(feature = "appviewx")]
pub use self::appviewx::{AppViewXCall, AppViewXPermission, FakeAppViewX, FakeCategory};
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
pub use self::both::load_both;
#[cfg(feature = "keyfactor")]
pub use self::keyfactor::{
    FakeAgent, FakeCertificate, FakeCustomAlias, FakeEntryParameter, FakeIdentityProvider, FakeJob, FakeJobKind,
    FakeJobState, FakeKeyfactor, FakeOrchestrator, FakeSecretPlace, FakeStore, FakeStoreType, FakeTokenRefusal,
    KeyfactorCall, KeyfactorPermission,
};
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub(crate) use self::reply::End;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::reply::Reply;
#[cfg(feature = "keyfactor")]
pub use self::scene::Scene;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::server::{FakeAnswer, FakeCall, FakeFault, FakeFaultKind, RecordedRequest};
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::state::FakeStateError;
