//! A typed client for two certificate-lifecycle-management systems: **Keyfactor Command**, whose orchestrators add
//! certificates to stores and remove them, and **AppViewX CERT+**, whose certificate groups carry policy.
//!
//! **Start here:** [the first program](guide::start) for each vendor, then a complete workflow:
//! [take a certificate out of its stores](guide::offboarding) or [move certificates between groups](guide::regrouping), and
//! put it back. [The guide](guide) has the rest, from signing in to testing. The calls are in [`keyfactor`] and
//! [`appviewx`].
//!
//! ```
//! # #[cfg(all(feature = "keyfactor", feature = "appviewx"))] {
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use clm::keyfactor::{CertificateLocation, Schedule};
//! # let command = clm::testing::FakeKeyfactor::start().await;
//! # let store = command.add_store();
//! # let keyfactor = command.client();
//! # let gateway = clm::testing::FakeAppViewX::start().await;
//! # gateway.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
//! # let appviewx = gateway.client();
//!
//! // Ask the orchestrators to remove what this store holds under this alias.
//! let location = CertificateLocation::new(store, "www.example.com.pfx");
//! let stores = keyfactor.certificate_stores();
//! let removal = stores.remove_certificates([location], Schedule::Immediate).send().await?;
//! println!("scheduled, not done yet: {:?}", removal.job_ids());
//!
//! // Take a certificate out of its group; it lands in the default group.
//! let groups = appviewx.certificate_groups();
//! let outcome = groups.unassign(["67bc2ca76a105e1a05691c1c"]).send().await?;
//! println!("confirmed: {:?}", outcome.successful_ids());
//! # Ok(()) }
//! # main().unwrap();
//! # }
//! ```
//!
//! # The shape of the API
//!
//! Both vendors look alike. A `Client` is built once and cloned freely. It has a handle for each of the vendor's resources.
//! A handle's method takes what the call requires and returns a [`RequestBuilder`]; setters add what is optional, and
//! `send()` sends the call. `build()` returns a [`Request`] instead: a checked value that holds no client and can be kept,
//! compared and sent later by the client's `execute`. A list returns a [`ListBuilder`], whose `rows()` is a stream of
//! [`Rows`].
//!
//! | | types |
//! |---|---|
//! | clients | [`ClientBuilder`], [`RetryPolicy`]; [`keyfactor::Client`], [`keyfactor::Credentials`]; [`appviewx::Client`], [`appviewx::Credentials`] |
//! | handles | [`keyfactor::Certificates`], [`keyfactor::CertificateStores`], [`keyfactor::OrchestratorJobs`], [`keyfactor::CertificateStoreTypes`]; [`appviewx::CertificateGroups`], [`appviewx::Certificates`] |
//! | requests | [`RequestBuilder`], [`Request`], [`ListBuilder`], [`BatchBuilder`], [`OnFailure`]; without a type: [`RawCall`], [`RawEffect`] |
//! | outcomes | [`Receipt`], [`ManyOutcome`], [`ItemOutcome`], [`ItemState`], [`Outcomes`], [`RawAnswer`] |
//! | rows | [`Rows`] |
//! | plans | [`PlanHeader`], [`PlanError`] |
//! | errors | [`Error`], [`ErrorReport`], [`SharedError`]; before sending: [`ConfigurationError`], [`ValidationError`]; from the server: [`AuthenticationError`], [`ApiError`], [`DecodeError`]; on the way: [`TransportError`], [`OutcomeUnknown`]; afterwards: [`Incomplete`], [`LookupLimitReached`] |
//!
//! # Outcomes
//!
//! A call ends as `Ok`, as an error that means that nothing was done, or as [`OutcomeUnknown`]: the change may have reached
//! the server. **The crate never repeats such a change on its own.** See [`guide::errors`] and [`guide::retries`].
//!
//! A response with fewer or more entries than expected is still `Ok`, so that `?` never discards a job id.
//! `require_complete()` turns a gap into an error that contains the outcome.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `keyfactor`, `appviewx` | yes | the two vendors |
//! | `rustls` | yes | TLS with the roots of the platform; without it, `https` URLs are refused |
//! | `config-file` | no | the JSON configuration file of Keyfactor's own tools |
//! | `blocking` | no | `clm::blocking`, for programs without an asynchronous runtime |
//! | `testing` | no | fakes of both servers, in `clm::testing` |
//!
//! Features only add.
#![cfg_attr(clm_docs, feature(doc_cfg))]

#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod error_report;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, unused_imports, reason = "one vendor alone uses a part of what both share")
)]
mod lenient;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod named_values;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, unused_imports, reason = "one vendor alone uses a part of what both share")
)]
mod operation;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, reason = "one vendor alone uses a part of what both share")
)]
mod plan_file;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(
        dead_code,
        unreachable_pub,
        unused_imports,
        unused_macros,
        reason = "one vendor alone uses a part of what both share"
    )
)]
mod rows;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, unused_imports, reason = "one vendor alone uses a part of what both share")
)]
mod transport;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx")),
    allow(dead_code, reason = "one vendor alone uses a part of what both share")
)]
mod validation;

#[cfg(feature = "appviewx")]
pub mod appviewx;
#[cfg(feature = "blocking")]
pub mod blocking;
#[cfg(all(any(fuzzing, test), feature = "keyfactor", feature = "appviewx"))]
pub mod fuzzing;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
pub mod guide;
#[cfg(feature = "keyfactor")]
pub mod keyfactor;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::error_report::ErrorReport;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::operation::{
    ApiError, BatchBuilder, Error, Incomplete, IncompleteOutcome, ItemOutcome, ItemState, ListBuilder, LookupLimit,
    LookupLimitReached, ManyOutcome, OnFailure, Operation, OutcomeUnknown, Outcomes, RawAnswer, RawCall, RawEffect,
    Receipt, Request, RequestBuilder, Rows, SharedError, UnreadableAnswer, UnreadableReason, Vendor,
};
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::plan_file::{PlanError, PlanHeader};
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::transport::{
    AuthenticationError, ClientBuilder, ConfigurationError, DecodeError, RetryPolicy, TransportError,
};
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::validation::{InvalidCharacter, Problem, Reason, ValidationError};

// The types of these show in the API; so that nobody has to find the matching version.
#[cfg(feature = "keyfactor")]
pub use uuid;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use {http, jiff, secrecy, serde_json, url};

/// The README's programs compile and run with the tests.
#[cfg(all(doctest, feature = "keyfactor", feature = "appviewx", feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
