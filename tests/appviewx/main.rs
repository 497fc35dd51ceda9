//! The tests of the AppViewX client: one module for each operation, and what belongs to this vendor alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "appviewx")]
mod contradictions;
mod endless_lists;
mod errors;
mod groups;
mod list_ends;
#[cfg(feature = "appviewx")]
mod login;
#[cfg(feature = "appviewx")]
mod login_hostile;
#[cfg(feature = "appviewx")]
mod logout;
mod many;
mod many_stopped;
mod many_streams;
mod revoke;
mod search;
mod search_pages;
#[cfg(feature = "appviewx")]
mod service_account;
#[cfg(feature = "appviewx")]
mod session_leaks;
mod unassign_bytes;
mod unassign_outcome;
mod undo;
mod undo_traps;
mod validation;
mod wiremock_unassign;
