//! What needs a process of its own: its environment, its memory, or a subscriber for all of its threads that is not
//! the one of `support::capture`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(all(feature = "keyfactor", feature = "appviewx", target_os = "linux"))]
mod answer_memory;
#[cfg(all(feature = "keyfactor", target_os = "linux"))]
mod endless_lists;
mod fault_matrix;
mod fault_matrix_read;
#[cfg(all(feature = "keyfactor", feature = "appviewx", target_os = "linux"))]
mod hostile_pages;
#[cfg(feature = "keyfactor")]
mod keyfactor_memory;
#[cfg(all(feature = "keyfactor", feature = "appviewx", target_os = "linux"))]
mod large_fakes;
#[cfg(all(feature = "appviewx", target_os = "linux"))]
mod million_rows;
mod never_twice;
mod proxy;
#[cfg(all(feature = "keyfactor", feature = "appviewx", target_os = "linux"))]
mod raw_memory;
#[cfg(feature = "keyfactor")]
mod remedies;
#[cfg_attr(
    not(all(feature = "keyfactor", feature = "appviewx", target_os = "linux")),
    allow(dead_code, reason = "the tests of both vendors use it")
)]
mod resident;
#[cfg(all(feature = "keyfactor", feature = "appviewx", target_os = "linux"))]
mod scene_cost;
#[cfg(all(feature = "keyfactor", feature = "appviewx", feature = "rustls"))]
mod serve_fakes;
#[cfg(all(unix, feature = "keyfactor", feature = "appviewx", feature = "rustls"))]
mod serve_fakes_page;
mod tls;
