//! The plan for undo, as a file. It holds no secret.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ended::Trouble;
use crate::report::Report;

/// Whose plan a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Vendor {
    /// The file is a removal plan as it is.
    Keyfactor,
    /// The file names the vendor beside the plan.
    AppViewX,
}

/// What stands beside a plan for AppViewX.
pub(crate) const APPVIEWX: &str = "appviewx";

/// A plan that was written by this run.
pub(crate) struct Written {
    path: PathBuf,
}

impl Written {
    /// Creates the file, never over another one, and has it on the disk before it returns.
    pub(crate) fn new(path: &Path, plan: &impl Serialize, report: &Report) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::PlanFile(path.to_owned(), error);
        let text = serde_json::to_string_pretty(plan).map_err(|error| trouble(error.into()))?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).open(path).map_err(|error| trouble(error.into()))?;
        let written =
            file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.sync_all());
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
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        report.line(format!("  the plan for undo: {}", path.display()));
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Nothing of it was sent: it would stand in the way of the next one.
    pub(crate) fn discard(self, report: &Report) {
        if std::fs::remove_file(&self.path).is_ok() {
            report.line(format!("  nothing of it was sent, so its plan was deleted: {}", self.path.display()));
        }
    }
}

pub(crate) fn read<P: DeserializeOwned>(path: &Path) -> Result<P, Trouble> {
    let trouble = |error| Trouble::PlanFile(path.to_owned(), error);
    let text = std::fs::read_to_string(path).map_err(|error| trouble(error.into()))?;
    serde_json::from_str(&text).map_err(|error| trouble(error.into()))
}

/// Whose plan it is. The rest of the file is not looked at.
pub(crate) fn vendor(path: &Path) -> Result<Vendor, String> {
    #[derive(Deserialize)]
    struct Named {
        vendor: Option<String>,
    }
    let cannot = |error: String| format!("the plan {} cannot be read: {error}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
    let named: Named = serde_json::from_str(&text).map_err(|error| cannot(error.to_string()))?;
    match named.vendor.as_deref() {
        None => Ok(Vendor::Keyfactor),
        Some(APPVIEWX) => Ok(Vendor::AppViewX),
        Some(other) => Err(cannot(format!("it is of a vendor that this program does not know, {other:?}"))),
    }
}
