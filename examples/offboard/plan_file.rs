//! The plan for undo, as a file. It holds no secret.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clm::appviewx::GroupPlan;
use clm::keyfactor::RemovalPlan;

use crate::ended::Trouble;
use crate::report::Report;

/// Whose plan a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Vendor {
    Keyfactor,
    AppViewX,
}

/// How the header of a group plan names its format, without white space.
const GROUP_PLAN: &str = "\"format\":\"clm.appviewx.group-plan\"";

/// A plan that was written by this run.
pub(crate) struct Written {
    path: PathBuf,
}

impl Written {
    /// Creates the file, never over another one, and has it on the disk before it returns. Under its name it is whole or
    /// not there: it is written beside it, and then named.
    pub(crate) fn new(
        path: &Path,
        write: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
        report: &Report,
    ) -> Result<Self, Trouble> {
        let trouble = |error| Trouble::PlanFile(path.to_owned(), error);
        let mut text = Vec::new();
        write(&mut text).map_err(|error| trouble(error.into()))?;
        create_whole(path, &text).map_err(|error| trouble(error.into()))?;
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        report.line(format!("  undo plan: {}", path.display()));
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Nothing of it was sent: it would stand in the way of the next one.
    pub(crate) fn discard(self, report: &Report) {
        if fs::remove_file(&self.path).is_ok() {
            report.line(format!("  deleted the undo plan, because nothing was sent: {}", self.path.display()));
        }
    }
}

/// A new file, which only its owner may read.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// A new file with this text, and its name on the disk. Fails if there is one of this name.
fn create_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    let beside = path.with_file_name(format!(".{}.{:016x}.tmp", name.display(), fastrand::u64(..)));
    let written = create_new(&beside).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()
    });
    let named = written.and_then(|()| match fs::hard_link(&beside, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // A file system without links: the name is taken first, so that nothing of another is overwritten.
            create_new(path)?;
            fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(path)))
        }
        linked => linked,
    });
    // Half a plan is worth nothing.
    let _ = fs::remove_file(&beside);
    named?;
    sync_folder_of(path);
    Ok(())
}

/// So that a name is on the disk as well, where a directory can be opened.
pub(crate) fn sync_folder_of(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// How much of a file tells whose plan it is.
const BEGINNING: u64 = 4 * 1024;

/// A removal plan: what does not begin like one is not read further.
pub(crate) fn read_removal(path: &Path) -> Result<RemovalPlan, Trouble> {
    let trouble = |error| Trouble::PlanFile(path.to_owned(), error);
    let file = File::open(path).map_err(|error| trouble(error.into()))?;
    RemovalPlan::read_from(file).map_err(|error| trouble(error.into()))
}

/// A group plan, likewise.
pub(crate) fn read_groups(path: &Path) -> Result<GroupPlan, Trouble> {
    let trouble = |error| Trouble::PlanFile(path.to_owned(), error);
    let file = File::open(path).map_err(|error| trouble(error.into()))?;
    GroupPlan::read_from(file).map_err(|error| trouble(error.into()))
}

/// Whose plan it is. Only the beginning of the file is looked at; what is wrong with the rest is told when it is read.
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
