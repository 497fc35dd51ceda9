//! The plan for undo, as a file. It holds no secret.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use clm::keyfactor::RemovalPlan;

use crate::ended::Trouble;

/// Creates the file, never over another one, and has it on the disk before it returns.
pub(super) fn write_new(path: &Path, plan: &RemovalPlan) -> Result<(), Trouble> {
    let trouble = |error| Trouble::PlanFile(path.to_owned(), error);
    let text = serde_json::to_string_pretty(plan).map_err(|error| trouble(error.into()))?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| trouble(error.into()))?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half a plan is worth nothing, and would stand in the way of the next one.
        let _ = std::fs::remove_file(path);
        return Err(trouble(error.into()));
    }
    // So that the name is on the disk as well, where a directory can be opened.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

pub(super) fn read(path: &Path) -> Result<RemovalPlan, Trouble> {
    let trouble = |error| Trouble::PlanFile(path.to_owned(), error);
    let text = std::fs::read_to_string(path).map_err(|error| trouble(error.into()))?;
    serde_json::from_str(&text).map_err(|error| trouble(error.into()))
}
