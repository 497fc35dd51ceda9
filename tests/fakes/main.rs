//! The tests of the fakes themselves.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

mod agreement;
mod appviewx_answers;
mod asks;
mod behaviour_tables;
mod calls;
mod credentials;
mod faults;
mod guide_testing;
mod identity_provider;
mod keyfactor;
mod keyfactor_answers;
mod keyfactor_changes;
mod keyfactor_contract;
mod keyfactor_lists;
mod keyfactor_orchestrators;
mod keyfactor_permissions;
mod keyfactor_requests;
mod keyfactor_traps;
mod refusals;
mod scenes;
mod server;
mod snapshots;
mod vendor_pages;
