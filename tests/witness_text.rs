//! A written witness: a fixed program over all operations against a server with fixed answers. What was sent, how each
//! call ended and what was logged stands in `tests/witness/*.txt`, and has to stay as it is, byte for byte.
//!
//! A refactoring adapts the thin layers that name the crate's API (`*_api*.rs` and `*_told.rs`), and nothing else.
//! `CLM_WITNESS=write cargo test --test witness_text` writes the files anew.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::too_many_lines, reason = "tables")]

#[path = "witness_text/answers.rs"]
mod answers;
#[path = "witness_text/appviewx_answers.rs"]
mod appviewx_answers;
#[path = "witness_text/appviewx_api.rs"]
mod appviewx_api;
#[path = "witness_text/appviewx_moves.rs"]
mod appviewx_moves;
#[path = "witness_text/appviewx_reads.rs"]
mod appviewx_reads;
#[path = "witness_text/appviewx_told.rs"]
mod appviewx_told;
#[path = "support/capture.rs"]
mod capture;
#[path = "witness_text/keyfactor_answers.rs"]
mod keyfactor_answers;
#[path = "witness_text/keyfactor_api.rs"]
mod keyfactor_api;
#[path = "witness_text/keyfactor_api_reads.rs"]
mod keyfactor_api_reads;
#[path = "witness_text/keyfactor_changes.rs"]
mod keyfactor_changes;
#[path = "witness_text/keyfactor_reads.rs"]
mod keyfactor_reads;
#[path = "witness_text/keyfactor_told.rs"]
mod keyfactor_told;
#[path = "witness_text/keyfactor_whole.rs"]
mod keyfactor_whole;
#[path = "support/scripted.rs"]
mod scripted;
#[path = "witness_text/shared_told.rs"]
mod shared_told;
mod support;
#[path = "witness_text/told.rs"]
mod told;
#[path = "witness_text/witness.rs"]
mod witness;
