//! Fakes of both servers, for tests and demonstrations without an account. Feature `testing`.
//!
//! The crate is tested with them, and its examples run on them. Each fake listens on a free port of `127.0.0.1`, holds
//! its state in memory and stops when it is dropped. A refusal is brought about by putting the fake into the state
//! that calls for it, not by a canned reply.
//!
//! A fake is **not the vendor's software**. The documentation of each says which behaviour is documented by the
//! vendor and which is assumed.
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

#[cfg(feature = "appviewx")]
mod appviewx;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod both;
#[cfg(feature = "keyfactor")]
mod keyfactor;
#[cfg(feature = "keyfactor")]
mod scene;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(not(feature = "keyfactor"), allow(dead_code, reason = "AppViewX alone uses a part of what both share"))]
mod server;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod state;

#[cfg(feature = "appviewx")]
pub use self::appviewx::{AppViewXPermission, FakeAppViewX, FakeCategory};
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
pub use self::both::load_both;
#[cfg(feature = "keyfactor")]
pub use self::keyfactor::{
    FakeAgent, FakeCertificate, FakeCustomAlias, FakeEntryParameter, FakeIdentityProvider, FakeJob, FakeJobKind,
    FakeJobState, FakeKeyfactor, FakeOrchestrator, FakeSecretPlace, FakeStore, FakeStoreType, FakeTokenRefusal,
    KeyfactorPermission,
};
#[cfg(feature = "keyfactor")]
pub use self::scene::Scene;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::server::RecordedRequest;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::state::FakeStateError;
