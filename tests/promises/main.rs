//! What the crate promises for both vendors and all operations.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod addresses;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod audit;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod audit_note;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod blocking;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod built;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod built_replies;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod cancellation;
mod close_races;
mod comment;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod connections;
mod early_answers;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod encodings;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod error_examples;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod error_report;
mod foreign_servers;
mod keep_alive;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod leaks;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod leaks_of_operations;
mod limits;
mod limits_note;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod never_twice;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod pictures;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod public_reports;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod raw;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod raw_answers;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod raw_connections;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod raw_paths;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod redaction;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod redaction_of_credentials;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod rows;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod runtimes;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod secrets;
mod send_futures;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod stray_answers;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod text_forms;
mod tls_settings;
#[cfg(all(feature = "keyfactor", feature = "appviewx"))]
mod tracing;
