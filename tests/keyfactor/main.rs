//! The tests of the Keyfactor client: one module for each operation, and what belongs to this vendor alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

mod add;
#[cfg(feature = "keyfactor")]
mod bearer_from;
mod certificates;
#[cfg(feature = "config-file")]
mod config_file;
#[cfg(feature = "keyfactor")]
mod confirm;
#[cfg(feature = "keyfactor")]
mod confirm_proof;
#[cfg(feature = "keyfactor")]
mod confirm_put_back;
#[cfg(feature = "keyfactor")]
mod confirm_table;
#[cfg(feature = "keyfactor")]
mod confirm_trouble;
mod contract;
mod contradictions;
mod endless_lists;
mod errors;
mod expected;
#[cfg(all(feature = "keyfactor", feature = "rustls"))]
mod from_vars;
#[cfg(all(feature = "keyfactor", feature = "rustls"))]
mod from_vars_calls;
#[cfg(all(feature = "keyfactor", feature = "rustls"))]
mod ignored_variables;
#[cfg(feature = "keyfactor")]
mod incomplete;
#[cfg(feature = "keyfactor")]
mod job_control;
#[cfg(feature = "keyfactor")]
mod jobs_contract;
mod jobs_for_location;
#[cfg(feature = "keyfactor")]
mod jobs_futures;
mod list_ends;
mod locations_of;
mod lookup_deadline;
#[cfg(feature = "keyfactor")]
mod oauth;
#[cfg(feature = "keyfactor")]
mod oauth_hostile;
#[cfg(all(feature = "keyfactor", feature = "rustls"))]
mod other_clients_page;
mod paging;
mod places;
mod plan;
mod plan_file;
mod plan_many;
mod plan_schedules;
mod plan_store_types;
mod plan_undo;
mod progress;
mod query;
mod read_contract;
mod read_secrets;
#[cfg(feature = "keyfactor")]
mod refusal_secrets;
mod remove_bytes;
mod remove_each;
mod remove_outcome;
#[cfg(feature = "keyfactor")]
mod request_secrets;
#[cfg(feature = "keyfactor")]
mod revoke;
mod rows;
mod schedules;
mod store_types;
mod stores;
mod validation;
mod versions;
#[cfg(feature = "keyfactor")]
mod watch;
#[cfg(feature = "keyfactor")]
mod watch_many;
#[cfg(feature = "keyfactor")]
mod watch_rows;
#[cfg(feature = "keyfactor")]
mod watch_trouble;
mod wiremock_remove;
