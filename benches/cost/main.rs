//! Counts what a call costs: the instructions and the allocations of the client, for the same call made with this crate
//! and written by hand with reqwest. Nothing is timed, so another program on the machine changes nothing.
//!
//! `cargo bench` prints the table and fails if a limit is exceeded. The server is a process of its own, so that only the client
//! is counted; each side of each case is a process under valgrind. `../docs/performance.md` says more.

mod allocations;
mod by_hand;
mod callgrind;
mod cases;
mod report;
mod scale;
mod server;
mod sides;
mod stream;
mod with_crate;

use std::process::ExitCode;

fn main() -> ExitCode {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["serve"] => server::serve(),
        ["call", side, case, origin] => sides::make_calls(side, case, origin),
        ["rows"] => stream::read_rows(),
        ["build", many, size] => scale::build(many, size),
        chosen => return report::run(chosen),
    }
    ExitCode::SUCCESS
}
