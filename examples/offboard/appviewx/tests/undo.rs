use super::*;

/// All three are in the default group, and the plan is there.
async fn unassigned() -> Scene {
    let scene = Scene::new().await;
    let (ended, text) = ran(scene.by_name(3), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    scene
}

impl Scene {
    fn undo(&self, expect: usize) -> AppViewXJob {
        self.job(Task::Undo { plan: self.plan_path() }, expect)
    }
}

#[tokio::test]
async fn a_plan_puts_everything_back() {
    let scene = unassigned().await;
    let (ended, text) = ran(scene.undo(3), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.groups(), ["web-servers", "web-servers", "agents", "partners"]);
    assert_tells(
        &text,
        &[
            "3 of 3 certificate(s) can be put back:",
            &format!("{SERVER}  web-servers  Default  goes back"),
            "sent in 2 call(s), group by group",
            &format!("{CLIENT}  Default  confirmed  agents"),
            "3 of 3 certificate(s) are done and confirmed",
        ],
    );
}

#[tokio::test]
async fn what_has_moved_on_is_shown_and_left_alone() {
    let scene = unassigned().await;
    scene.fake.move_certificate(UPPER, "elsewhere");
    scene.fake.move_certificate(CLIENT, "agents");
    let (ended, text) = ran(scene.undo(3), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["REFUSED: 1 certificate(s) are meant, and --expect says 3"]);
    let (ended, text) = ran(scene.undo(1), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.groups(), ["web-servers", "elsewhere", "agents", "partners"]);
    assert_tells(
        &text,
        &[
            "1 of 3 certificate(s) can be put back:",
            &format!("{SERVER}  web-servers  Default    goes back"),
            &format!("{UPPER}  web-servers  elsewhere  MOVED ON since; left alone"),
            &format!("{CLIENT}  agents       agents     there already"),
            "NOTE: 1 certificate(s) are left alone",
            "1 of 1 certificate(s) are done and confirmed",
        ],
    );
}

#[tokio::test]
async fn nothing_to_put_back_is_refused_and_everything_back_is_not() {
    let scene = unassigned().await;
    let before = scene.changes().len();
    for id in [SERVER, UPPER, CLIENT] {
        scene.fake.move_certificate(id, "elsewhere");
    }
    let (ended, text) = ran(scene.undo(0), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["REFUSED: nothing in this plan can be put back"]);
    for (id, group) in [(SERVER, "web-servers"), (UPPER, "web-servers"), (CLIENT, "agents")] {
        scene.fake.move_certificate(id, group);
    }
    let (ended, text) = ran(scene.undo(0), Mode::Send).await;
    assert_eq!(ended, Ended::NothingToDo, "{text}");
    assert_eq!(scene.changes().len(), before);
}

#[tokio::test]
async fn a_dry_undo_prints_what_would_be_sent() {
    let scene = unassigned().await;
    let before = scene.changes().len();
    let (ended, text) = ran(scene.undo(3), Mode::DryRun).await;
    assert_eq!(ended, Ended::Done);
    assert_eq!(scene.changes().len(), before);
    let printed = printed_calls(&text);
    assert_eq!(ran(scene.undo(3), Mode::Send).await.0, Ended::Done);
    assert_eq!(printed, scene.changes()[before..], "what is printed is what is sent");
}

#[tokio::test]
async fn one_group_that_is_refused_is_a_failure_and_the_other_goes_back() {
    let scene = unassigned().await;
    scene.fake.deny(AppViewXPermission::WriteGroup("agents".to_owned()));
    let (ended, text) = ran(scene.undo(3), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(scene.groups(), ["web-servers", "web-servers", "Default", "partners"]);
    assert_tells(&text, &["REFUSED: ", "2 of 3 certificate(s) are done and confirmed"]);
}

#[tokio::test]
async fn a_plan_that_cannot_be_read_is_an_error() {
    let scene = Scene::new().await;
    std::fs::write(scene.plan_path(), r#"{"vendor": "appviewx"}"#).unwrap();
    let (ended, text) = ran(scene.undo(0), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["FAILED: the plan ", "missing field"]);
    assert!(scene.fake.requests().is_empty());
}
