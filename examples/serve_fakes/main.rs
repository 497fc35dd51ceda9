//! Serves the fakes of both vendors over TLS to programs in any language, and prints the environment variables that the
//! vendors' own tools read:
//!
//! ```text
//! cargo run --example serve_fakes
//! ```
//!
//! It serves until its standard input closes, or until the command that it was given ends. `--help` lists the options;
//! `docs/serve_fakes.md` has programs in other languages.

mod arguments;
mod beside;
mod certificates;
mod commands;
mod exports;
mod faults;
mod forward;
mod help;
mod log;
mod scene;
mod serve;
mod signals;
mod state;
mod strict;
mod trouble;

use std::process::ExitCode;

use arguments::Asked;

#[tokio::main]
async fn main() -> ExitCode {
    // The fakes report unknown requests as warnings.
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .without_time()
        .init();
    match arguments::read(std::env::args_os().skip(1)) {
        Ok(Asked::Help) => {
            println!("{}", help::text());
            ExitCode::SUCCESS
        }
        Ok(Asked::Serve(options)) => serve::serve(&options).await.unwrap_or_else(|trouble| {
            eprintln!("serve_fakes: {trouble}");
            ExitCode::FAILURE
        }),
        Err(problem) => {
            eprintln!("serve_fakes: {problem}");
            eprintln!("Try 'serve_fakes --help'.");
            ExitCode::from(2)
        }
    }
}
