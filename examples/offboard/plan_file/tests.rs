use super::*;
use crate::scratch::Folder;

#[test]
fn a_plan_is_whole_or_not_there_and_its_owners_alone() {
    let folder = Folder::create().unwrap();
    let path = folder.path().join("plan.json");
    let written = Written::new(&path, |file| file.write_all(b"a plan"), &Report::kept()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a plan");
    assert_eq!(folder.names(), ["plan.json"], "nothing is left beside it");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);

    let again = Written::new(&path, |file| file.write_all(b"another"), &Report::kept());
    let Err(Trouble::PlanFile(at, error)) = again else { panic!("a plan was overwritten") };
    assert_eq!(at, path);
    assert_eq!(error.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::AlreadyExists);
    assert!(fs::read_to_string(&path).unwrap().contains("a plan"));
    assert_eq!(folder.names(), ["plan.json"]);

    written.discard(&Report::kept());
    assert_eq!(folder.names(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_plan_does_not_follow_a_link_that_has_its_name() {
    let folder = Folder::create().unwrap();
    let path = folder.path().join("plan.json");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
    assert!(matches!(Written::new(&path, |file| file.write_all(b"1"), &Report::kept()), Err(Trouble::PlanFile(..))));
    assert_eq!(folder.names(), ["plan.json"]);
}
