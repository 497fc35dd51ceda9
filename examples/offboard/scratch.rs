//! A temporary folder, for the demo and for tests.

use std::path::{Path, PathBuf};

use crate::ended::Trouble;

/// It is removed on drop, with its content.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn create() -> Result<Self, Trouble> {
        let path = std::env::temp_dir().join(format!("clm-offboard-{:016x}", fastrand::u64(..)));
        match std::fs::create_dir(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(Trouble::PlanFile(path, error.into())),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// What is in it, sorted.
    #[cfg(test)]
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
