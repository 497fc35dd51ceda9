//! Runs a process under valgrind's callgrind and reads what it counted.

use std::path::Path;
use std::process::{Command, Stdio};

/// The function within which is counted.
const MEASURED: &str = "*count_these_calls*";

/// What one process did while it was counted.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub instructions: u64,
    pub allocations: u64,
    pub bytes: u64,
}

/// Counts this very program, started again with these arguments. It prints its allocations and their bytes. The profile is
/// left at `profile`, for `callgrind_annotate`.
pub fn count(arguments: &[&str], profile: &Path) -> Result<Counts, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let said = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--collect-atstart=no"])
        .arg(format!("--toggle-collect={MEASURED}"))
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind cannot be started: {error}"))?;
    if !said.status.success() {
        return Err(format!("{arguments:?} failed: {}", String::from_utf8_lossy(&said.stderr)));
    }
    let profile = std::fs::read_to_string(profile).map_err(|error| error.to_string())?;
    let totals = profile.lines().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok());
    let instructions = totals.filter(|&total| total > 0).ok_or(format!("nothing was counted within {MEASURED}"))?;
    let printed = String::from_utf8_lossy(&said.stdout);
    let mut numbers = printed.split_whitespace().map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(allocations)), Some(Ok(bytes))) => Ok(Counts { instructions, allocations, bytes }),
        _ => Err(format!("{arguments:?} printed no allocations: {printed}")),
    }
}
