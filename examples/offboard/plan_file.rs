//! The undo plan as a file. It contains no secret.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clm::appviewx::GroupPlan;
use clm::keyfactor::RemovalPlan;

use crate::ended::Trouble;
use crate::report::Report;

/// The vendor of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Vendor {
    Keyfactor,
    AppViewX,
}

/// The format in the header of a group plan, without white space.
const GROUP_PLAN: &str = "\"format\":\"clm.appviewx.group-plan\"";

/// A plan written by this run.
pub(crate) struct Written {
    path: PathBuf,
}

impl Written {
    /// Creates a new file, and flushes it to disk before it returns.
    pub(crate) fn new(
        path: &Path,
        save_new: impl FnOnce(&Path) -> io::Result<()>,
        report: &Report,
    ) -> Result<Self, Trouble> {
        save_new(path).map_err(|error| Trouble::PlanFile(path.to_owned(), error.into()))?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        report.line(format!("  undo plan: {}", path.display()));
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Deletes the plan if nothing was sent, so that the next run can write it.
    pub(crate) fn discard(self, report: &Report) {
        if fs::remove_file(&self.path).is_ok() {
            report.line(format!("  deleted the undo plan, because nothing was sent: {}", self.path.display()));
        }
    }
}

/// The number of bytes that identify the vendor.
const BEGINNING: u64 = 4 * 1024;

/// Reads a removal plan. A file that does not start like one is not read further.
pub(crate) fn read_removal(path: &Path) -> Result<RemovalPlan, Trouble> {
    RemovalPlan::load(path).map_err(|error| Trouble::PlanFile(path.to_owned(), error.into()))
}

/// Reads a group plan in the same way.
pub(crate) fn read_groups(path: &Path) -> Result<GroupPlan, Trouble> {
    GroupPlan::load(path).map_err(|error| Trouble::PlanFile(path.to_owned(), error.into()))
}

/// The vendor of a plan, from the start of the file. The rest is checked when the plan is read.
pub(crate) fn vendor(path: &Path) -> Result<Vendor, String> {
    let cannot = |error: String| format!("cannot read the plan {}: {error}", path.display());
    let mut beginning = Vec::new();
    let file = File::open(path).map_err(|error| cannot(error.to_string()))?;
    file.take(BEGINNING).read_to_end(&mut beginning).map_err(|error| cannot(error.to_string()))?;
    let beginning: String = String::from_utf8_lossy(&beginning)
        .chars()
        .filter(|it| !it.is_whitespace() && !matches!(it, '\0' | '\u{feff}' | '\u{fffd}'))
        .collect();
    if !beginning.starts_with('{') {
        return Err(cannot("it is not a plan".to_owned()));
    }
    let is_of_groups = beginning.contains(GROUP_PLAN) || beginning.starts_with("{\"remembered\":");
    Ok(if is_of_groups { Vendor::AppViewX } else { Vendor::Keyfactor })
}

#[cfg(test)]
mod tests;
