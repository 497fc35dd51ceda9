use super::*;
use crate::scratch::Folder;

#[test]
fn a_plan_is_never_overwritten_and_goes_if_nothing_of_it_was_sent() {
    let folder = Folder::create().unwrap();
    let path = folder.path().join("plan.json");
    let plan = GroupPlan::from_json(r#"{"remembered": [], "not_remembered": []}"#).unwrap();
    let written = Written::new(&path, |path| plan.save_new(path), &Report::kept()).unwrap();
    assert_eq!(read_groups(written.path()).unwrap(), plan);
    assert_eq!(folder.names(), ["plan.json"], "nothing is left beside it");

    let again = Written::new(&path, |path| plan.save_new(path), &Report::kept());
    let Err(Trouble::PlanFile(at, error)) = again else { panic!("a plan was overwritten") };
    assert_eq!(at, path);
    assert_eq!(error.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(folder.names(), ["plan.json"]);

    written.discard(&Report::kept());
    assert_eq!(folder.names(), [""; 0]);
}
