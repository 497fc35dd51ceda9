//! Plans as files on a disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::{PlanError, PlanFormat, read_from, write_to};

/// Writes a plan to a new file, which only its owner may read. Under its name it is whole or not there.
pub(crate) fn save_new(plan: &impl Serialize, path: &Path) -> io::Result<()> {
    let mut text = Vec::new();
    write_to(plan, &mut text)?;
    create_whole(path, &text)
}

/// The plan of a file.
pub(crate) fn load<P: PlanFormat>(path: &Path) -> Result<P, PlanError> {
    read_from(File::open(path).map_err(|error| PlanError::Unreadable(Arc::new(error)))?)
}

/// It is written under another name in the same folder, and then named, which does not follow links or replace a file.
fn create_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    // `..` and the like are no names of files.
    path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidFilename))?;
    // Short, since the name of the plan may be as long as names can be.
    let temporary = path.with_file_name(format!(".clm-{:016x}.tmp", fastrand::u64(..)));
    let written = create_new(&temporary).and_then(|mut file| {
        file.write_all(text)?;
        file.sync_all()
    });
    let named = written.and_then(|()| take_name(&temporary, path, fs::hard_link(&temporary, path)));
    let _ = fs::remove_file(&temporary);
    named?;
    sync_folder_of(path);
    Ok(())
}

/// Gives a file its name, after it was to be linked to it.
fn take_name(temporary: &Path, path: &Path, linked: io::Result<()>) -> io::Result<()> {
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // A file system without links: the name is taken first, so that no other file is overwritten.
            create_new(path)?;
            fs::rename(temporary, path).inspect_err(|_| drop(fs::remove_file(path)))
        }
        linked => linked,
    }
}

fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// So that the name is on the disk as well, where a directory can be opened.
fn sync_folder_of(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::json;

    use super::*;

    /// A folder of a test's own, which goes with what is in it.
    struct Folder(PathBuf);

    impl Folder {
        fn create() -> Self {
            let path = std::env::temp_dir().join(format!("clm-plan-{:016x}", fastrand::u64(..)));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let names = fs::read_dir(&self.0).unwrap().map(|it| it.unwrap().file_name().into_string().unwrap());
            names.collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_plan_is_whole_its_owners_alone_and_never_overwritten() {
        let folder = Folder::create();
        let path = folder.0.join("plan.json");
        save_new(&json!({"a": "plan"}), &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\n  \"a\": \"plan\"\n}\n");
        assert_eq!(folder.names(), ["plan.json"], "nothing is left next to it");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);

        let error = save_new(&json!({"another": "plan"}), &path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(fs::read_to_string(&path).unwrap().contains(r#""a": "plan""#));
        assert_eq!(folder.names(), ["plan.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_plan_does_not_follow_a_link_that_has_its_name() {
        let folder = Folder::create();
        let path = folder.0.join("plan.json");
        std::os::unix::fs::symlink(folder.0.join("elsewhere"), &path).unwrap();
        assert_eq!(save_new(&json!(1), &path).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(folder.names(), ["plan.json"]);
    }

    #[test]
    fn a_plan_is_whole_and_overwrites_nothing_where_files_cannot_be_linked() {
        let folder = Folder::create();
        let (temporary, path) = (folder.0.join("temporary"), folder.0.join("plan.json"));
        create_new(&temporary).unwrap().write_all(b"plan").unwrap();
        take_name(&temporary, &path, Err(io::ErrorKind::Unsupported.into())).unwrap();
        assert_eq!((folder.names(), fs::read(&path).unwrap()), (vec!["plan.json".to_owned()], b"plan".to_vec()));
        create_new(&temporary).unwrap().write_all(b"another").unwrap();
        let error = take_name(&temporary, &path, Err(io::ErrorKind::Unsupported.into())).unwrap_err();
        assert_eq!((error.kind(), fs::read(&path).unwrap()), (io::ErrorKind::AlreadyExists, b"plan".to_vec()));
    }

    #[test]
    fn of_plans_that_are_saved_at_once_under_one_name_one_is_kept_whole() {
        let folder = Folder::create();
        let path = folder.0.join("plan.json");
        let save = |number: usize| save_new(&json!(vec![number; 10_000]), &path).map(|()| number);
        let ends: Vec<io::Result<usize>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|number| scope.spawn(move || save(number))).collect();
            threads.into_iter().map(|it| it.join().unwrap()).collect()
        });
        let [kept] = ends.iter().flatten().collect::<Vec<_>>()[..] else { panic!("{ends:?}") };
        assert!(ends.iter().filter_map(|end| end.as_ref().err()).all(|it| it.kind() == io::ErrorKind::AlreadyExists));
        let read: Vec<usize> = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(read, vec![*kept; 10_000]);
        assert_eq!(folder.names(), ["plan.json"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_name_may_be_as_long_as_the_file_system_allows() {
        let folder = Folder::create();
        let path = folder.0.join("p".repeat(255));
        save_new(&json!(1), &path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "1\n");
    }

    #[test]
    fn a_path_that_cannot_be_written_is_an_error_and_leaves_nothing() {
        let folder = Folder::create();
        for (path, kind) in [
            (folder.0.join("no such folder").join("plan.json"), io::ErrorKind::NotFound),
            (folder.0.join(".."), io::ErrorKind::InvalidFilename),
            (folder.0.clone(), io::ErrorKind::AlreadyExists),
        ] {
            assert_eq!(save_new(&json!(1), &path).unwrap_err().kind(), kind, "{}", path.display());
        }
        assert_eq!(folder.names(), [""; 0]);
    }
}
