//! The table, and whether the bars are kept.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::callgrind::{Counts, count};
use crate::cases::{Case, Side};
use crate::scale;
use crate::server::Server;
use crate::sides::CALLS;

/// Measures the cases of these names, all if none is named.
pub fn run(chosen: &[&str]) -> ExitCode {
    let cases: Vec<Case> = match chosen {
        [] => Case::ALL.to_vec(),
        names => {
            let named: Option<Vec<Case>> = names.iter().map(|name| Case::named(name)).collect();
            let Some(named) = named else {
                eprintln!("the cases are: {}", Case::ALL.map(Case::name).join(", "));
                return ExitCode::from(2);
            };
            named
        }
    };
    let measured = measure(&cases).and_then(|mut missed| {
        if chosen.is_empty() {
            missed.extend(scale::measure(&profiles().map_err(|error| error.to_string())?)?);
        }
        Ok(missed)
    });
    match measured {
        Ok(missed) if missed.is_empty() => ExitCode::SUCCESS,
        Ok(missed) => {
            eprintln!("over the limit: {}", missed.join(", "));
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Prints a row for each case and gives the names of those that cost more than their limit.
fn measure(cases: &[Case]) -> Result<Vec<String>, String> {
    let server = Server::start().map_err(|error| format!("the server cannot be started: {error}"))?;
    let profiles = profiles().map_err(|error| error.to_string())?;
    println!("One call, the mean of {CALLS}. Instructions (I), allocations (A) and their bytes (B); profiles are in");
    println!("{}.", profiles.display());
    println!(
        "| case | by hand: I | A | B | crate: I | A | B | prepared: I | A | B | crate / by hand | limit | bar | prepared / by hand |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    let mut missed = Vec::new();
    for &case in cases {
        let [by_hand, with_crate, prepared] = sides(case, &server.origin, &profiles)?;
        print!("| {} |", case.name());
        for Counts { instructions, allocations, bytes } in [by_hand, with_crate, prepared] {
            print!(" {} | {:.0} | {} |", instructions / CALLS, allocations as f64 / CALLS as f64, bytes / CALLS);
        }
        let [ratio, least] = [with_crate, prepared].map(|side| side.instructions as f64 / by_hand.instructions as f64);
        println!(" {ratio:.3} | {:.2} | {:.2} | {least:.3} |", case.limit() as f64 / 100.0, case.bar() as f64 / 100.0);
        if with_crate.instructions * 100 > by_hand.instructions * case.limit() {
            missed.push(case.name());
        }
    }
    Ok(missed)
}

/// The sides of a case, at the same time: they are counted, not timed.
fn sides(case: Case, origin: &str, profiles: &Path) -> Result<[Counts; 3], String> {
    let counted = std::thread::scope(|scope| {
        let running = Side::ALL.map(|side| {
            let profile = profiles.join(format!("{}.{}", case.name(), side.name()));
            scope.spawn(move || count(&["call", side.name(), &case.name(), origin], &profile))
        });
        running.map(|side| side.join().unwrap_or_else(|_| Err("a side could not be counted".to_owned())))
    });
    let [by_hand, with_crate, prepared] = counted;
    Ok([by_hand?, with_crate?, prepared?])
}

/// A folder beside this program.
fn profiles() -> std::io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().unwrap_or(Path::new(".")).join("cost-profiles");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}
