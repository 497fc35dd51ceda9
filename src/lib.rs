//! A typed client for two certificate-lifecycle-management systems: **Keyfactor Command**, whose orchestrators put
//! certificates into stores and take them out, and **AppViewX CERT+**, whose certificate groups carry policy.
//!
//! # The shape of the API
//!
//! Both vendors look alike. A `Client` is built once and cloned freely; it hands out a handle for each of the vendor's
//! resources; a handle's methods take what is required, setters add what is optional, and `send()` ends the chain:
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
//! let removal = keyfactor
//!     .certificate_stores()
//!     .remove_certificates([CertificateLocation::new(store, "www.example.com.pfx")], Schedule::Immediate)
//!     .send()
//!     .await?;
//! println!("scheduled, not done yet: {:?}", removal.job_ids());
//!
//! // Take a certificate out of its group; it lands in the default group.
//! let outcome = appviewx.certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]).send().await?;
//! println!("confirmed: {:?}", outcome.successful_ids());
//! # Ok(()) }
//! # main().unwrap();
//! # }
//! ```
//!
//! A request can also be built first and sent later: `build()` gives a checked value that knows no client, and the
//! handle's `execute` sends it. `send()` is those two in one.
//!
//! # Before the wire
//!
//! Whatever the vendor documents as a constraint is checked before anything is sent. A [`ValidationError`] lists all
//! problems of a request, each with the path of its field, a [`Reason`] to match on and a sentence to print.
//!
//! # After the wire
//!
//! A call ends in one of three ways:
//!
//! - `Ok`: the server took it. What that means is said by each operation; a removal, for example, is only scheduled.
//!   An answer with fewer or more entries than expected is still `Ok`, so that `?` never throws away a job id;
//!   `require_complete()` makes a gap an error that holds the outcome.
//! - An error that proves that nothing happened: `Configuration`, `Validation`, `Transport`, `Api`.
//! - [`OutcomeUnknown`]: the change may have arrived. It holds the request, whatever was answered, and advice where to
//!   look. **The crate never sends a change a second time**; you can, with `execute`.
//!
//! | what happened | how a change ends |
//! |---|---|
//! | no connection came about: DNS, TCP, TLS | `Transport` |
//! | any other failure before a response head: a time-out, a reset, a close | `OutcomeUnknown` |
//! | 2xx, and a body that is cut, too large or of another shape | `OutcomeUnknown` with what was received |
//! | 2xx whose content says that the call failed (AppViewX) | `Api` |
//! | 408 and 5xx | `OutcomeUnknown` with status and body |
//! | 3xx (never followed) and every other 4xx, with whatever body came | `Api` |
//!
//! On both vendors' `Error`: `status()`, `code()`, `message()`, `remediation()`, `body()`, `attempts()` and `elapsed()`
//! answer wherever they make sense.
//!
//! # Defaults of the road
//!
//! Connecting takes at most 10 s, a change 300 s from the connection to the last byte. An answer is read up to 32 MiB.
//! Unused connections are closed after 4 s. HTTP/1.1 only; redirects are never followed; plain `http://` is refused
//! unless the host is this machine or [`ClientBuilder::allow_plain_http`] was said. `https` goes through the proxy that
//! the environment names; plain `http` and loopback never do. All of it is set on the [`ClientBuilder`].
//!
//! # Secrets
//!
//! Passwords, tokens and session ids are taken as [`secrecy::SecretString`] (any `String` or `&str` will do) and never
//! given back. They show in no `Debug`, `Display`, log or serialised value, and neither do the values of job fields.
//!
//! # Features
//!
//! `keyfactor` and `appviewx` (both default) switch the vendors on; `rustls` (default) gives TLS with the roots that the
//! platform trusts; `testing` adds the fakes in `clm::testing`. All of them only add.
#![cfg_attr(clm_docs, feature(doc_cfg))]

#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod lenient;
#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
mod transport;
mod validation;

#[cfg(feature = "appviewx")]
pub mod appviewx;
#[cfg(feature = "keyfactor")]
pub mod keyfactor;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(any(feature = "keyfactor", feature = "appviewx"))]
pub use self::transport::{ClientBuilder, ConfigurationError, DecodeError, Incomplete, OutcomeUnknown, TransportError};
pub use self::validation::{InvalidCharacter, Problem, Reason, ValidationError};

/// The README's programs compile and run with the tests.
#[cfg(all(doctest, feature = "keyfactor", feature = "appviewx", feature = "testing"))]
#[doc = include_str!("../README.md")]
struct Readme;
