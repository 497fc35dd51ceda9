//! Fakes of both servers, for tests and demonstrations without an account. Feature `testing`.
//!
//! The crate is tested with them, and its examples run on them. Each fake listens on a free port of `127.0.0.1`, holds
//! its state in memory and stops when it is dropped. A refusal is brought about by putting the fake into the state
//! that calls for it, not by a canned reply.
//!
//! A fake is **not the vendor's software**. [The guide](crate::guide::fakes) says of each behaviour whether it is documented by the
//! vendor, recorded, inferred or assumed.
//!
//! Faults of the network, and of what stands before a server, are asked for: an answer that is lost, cut or slow, a second one that
//! nobody asked for, a refusal, a server that is away; of one call or of any. See [`FakeFault`], and `lose_answers` with its
//! neighbours at each fake. [`RecordedRequest`] says which call a request was, and what happened to it.
//!
//! A fake runs in a thread of its own. It outlives the runtime that started it, and serves programs that have none.
//!
//! The guide has a page for your own tests: [Test your automation in five minutes](crate::guide::testing).
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
//! let removal = fake
//!     .client()
//!     .certificate_stores()
//!     .remove_certificates([CertificateLocation::new(store, "web01.pfx")], Schedule::Immediate)
//!     .send()
//!     .await?;
//! assert_eq!(removal.job_ids().len(), 1);
//!
//! assert_eq!(fake.aliases(store), ["web01.pfx"], "a job is scheduled, nothing is gone yet");
//! fake.run_jobs();
//! assert!(fake.aliases(store).is_empty());
//! # Ok(()) }
//! # main().unwrap();
//! # }
//! ```
//!
//! # Without any server
//!
//! What a program is handed can be made in a test, without a server, a runtime or a wait: **say what the server says, and the crate's
//! own code makes the value of it.** Nothing here is another list of members that could differ from the real one.
//!
//! | what | how |
//! |---|---|
//! | a row: `JobHistoryEntry`, `ScheduledJob`, `Certificate`, `CertificateStore`, `InventoryEntry`, `CertificateStoreType`, `CertificateGroup`, … | `serde_json::from_value`, with the server's names in any case. Members that name the row are needed, as always |
//! | the outcome of a call, and its receipt | [`Request::outcome_of`](crate::Request::outcome_of) with a [`Reply`] |
//! | `Api`, `OutcomeUnknown`, `Transport`, `Authentication`, `Decode` | the same |
//! | `Validation`, `Configuration` | `build()` of a wrong request or client |
//! | `Lookup` | `Error::from(LookupError::..)` |
//! | `Incomplete` | `require_complete()?` of an outcome with a gap |
//! | the outcome of many calls: `RemoveEachOutcome`, `AddBackEachOutcome`, that of `in_calls()` | [`BatchBuilder::outcome_of`](crate::BatchBuilder::outcome_of) |
//! | a list | [`Rows::of_results`](crate::Rows::of_results) |
//! | `JobsReport`, `JobChange`, `JobsSeen`, `LocatedCertificate` | `of_runs`, `of_run`, `of_rows`, `of_row`: the rows that were seen |
//! | `Progress` of each item | `with` of an outcome and a report that were made so |
//! | `Confirmation`, `TriggeredInventory`, `RestoredSchedule`, `GroupConfirmation`, `AssignBackOutcome` | their `new` |
//! | `LogoutOutcome` | its `outcome_of` |
//! | `RemovalPlan`, `GroupPlan`, `SavedSchedule` | from JSON, with the checks of a plan that is read from a file |
//!
//! None of them can be made without the feature `testing`, but for rows, errors and plans: a program cannot say of itself that a
//! certificate is gone. Futures and streams that belong to a client, such as `JobWatch`, are none of them: use a fake.
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
//! /// What is to be tested.
//! fn summary(removal: &RemoveOutcome, report: &JobsReport) -> String {
//!     let failed = report.unsuccessful().count();
//!     format!("{} job(s), {failed} failed, {} open", removal.job_ids().len(), report.still_open().len())
//! }
//!
//! # let client = Client::builder("https://keyfactor.example.com").credentials(Credentials::bearer("token")).build()?;
//! # let location = CertificateLocation::new(Uuid::from_u128(1), "www.example.com.pfx");
//! let removal = client.certificate_stores().remove_certificates([location], Schedule::Immediate).build()?;
//! let job = JobId::from(Uuid::from_u128(2));
//! let removal = removal.outcome_of(Reply::json(200, json!([job])))?;
//! let run = from_value(json!({"JobHistoryId": 1, "JobId": job, "Status": "Completed", "Result": "Failure"}))?;
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
