//! A written witness: a fixed program over all operations against a server with fixed answers. What was sent, how each
//! call ended and what was logged stands in `tests/witness/*.txt`, and has to stay as it is, byte for byte.
//!
//! A refactoring adapts the thin layers that name the crate's API (`*_api*.rs` and `*_told.rs`), and nothing else.
//! `CLM_WITNESS=write cargo test --test witness` writes the files anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::too_many_lines, reason = "tables")]

mod answers;
mod appviewx_answers;
mod appviewx_api;
mod appviewx_moves;
mod appviewx_reads;
mod appviewx_told;
mod keyfactor_answers;
mod keyfactor_api;
mod keyfactor_api_reads;
mod keyfactor_changes;
mod keyfactor_reads;
mod keyfactor_told;
mod keyfactor_whole;
mod raw_api;
mod raw_calls;
mod raw_told;
mod shared_told;
#[path = "../support/mod.rs"]
mod support;
mod told;
mod witness;
