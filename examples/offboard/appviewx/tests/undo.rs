use super::*;

/// All three are in the default group, and the plan is there.
pub(super) async fn unassigned() -> Scene {
    let scene = Scene::new().await;
    let (ended, text) = ran(scene.by_name(3), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    scene
}

impl Scene {
    pub(super) fn undo(&self, expect: usize) -> AppViewXJob {
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
            "to put back: 3 of 3 certificates\n",
            &format!("{SERVER}  web-servers  Default        put back"),
            "sent 2 calls, group by group",
            &format!("{CLIENT}  Default    confirmed  agents"),
            "3 of 3 certificates done and confirmed",
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
    assert_tells(&text, &["REFUSED: 1 certificate would be changed, but --expect is 3"]);
    let (ended, text) = ran(scene.undo(1), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.groups(), ["web-servers", "elsewhere", "agents", "partners"]);
    assert_tells(
        &text,
        &[
            "to put back: 1 of 3 certificates\n",
            &format!("{SERVER}  web-servers  Default        put back"),
            &format!("{UPPER}  web-servers  elsewhere      SKIPPED: moved since"),
            &format!("{CLIENT}  agents       agents         already back"),
            "NOTE: skipped 1 certificate;",
            "1 of 1 certificate done and confirmed",
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
    assert_tells(&text, &["REFUSED: ", "2 of 3 certificates done and confirmed"]);
}

#[tokio::test]
async fn a_plan_that_cannot_be_read_is_an_error() {
    let scene = Scene::new().await;
    for (text, why) in [
        (r#"{"header": {"format": "clm.appviewx.group-plan", "version": 1}}"#, "remembered"),
        (r#"{"header": {"format": "clm.appviewx.group-plan", "ver"#, "the plan is truncated"),
        (r#"{"certificate_id": 1}"#, "clm.appviewx.group-plan"),
    ] {
        std::fs::write(scene.plan_path(), text).unwrap();
        let (ended, said) = ran(scene.undo(0), Mode::Send).await;
        assert_eq!(ended, Ended::Failed);
        assert_tells(&said, &["FAILED: ", "plan.json: ", why]);
    }
    assert!(scene.fake.requests().is_empty());
}

#[tokio::test]
async fn a_plan_is_read_in_the_encodings_of_other_programs() {
    let marked = |text: &str| format!("\u{feff}{text}").into_bytes();
    let utf16 = |text: &str| format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    for encoded in [&marked as &dyn Fn(&str) -> Vec<u8>, &utf16] {
        let scene = unassigned().await;
        let text = std::fs::read_to_string(scene.plan_path()).unwrap();
        std::fs::write(scene.plan_path(), encoded(&text)).unwrap();
        assert_eq!(crate::plan_file::vendor(&scene.plan_path()).unwrap(), crate::plan_file::Vendor::AppViewX);
        let (ended, text) = ran(scene.undo(3), Mode::Send).await;
        assert_eq!(ended, Ended::Done, "{text}");
        assert_eq!(scene.groups(), ["web-servers", "web-servers", "agents", "partners"]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_plan_is_its_owners_alone_and_never_over_another() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = unassigned().await;
    let mode = std::fs::metadata(scene.plan_path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let plan = std::fs::read(scene.plan_path()).unwrap();
    assert_eq!(clm::appviewx::GroupPlan::from_json(&plan).unwrap().remembered().len(), 3);
    for id in [SERVER, UPPER, CLIENT] {
        scene.fake.move_certificate(id, "web-servers");
    }
    let (ended, text) = ran(scene.by_name(3), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_tells(&text, &["FAILED: ", "plan.json: ", "choose another one with --plan or --group-plan"]);
    assert_eq!(std::fs::read(scene.plan_path()).unwrap(), plan);
}

#[tokio::test]
async fn a_plan_for_another_server_needs_consent() {
    let (scene, other) = (unassigned().await, unassigned().await);
    let asked = other.fake.requests().len();
    let undo = || AppViewXJob { client: other.fake.client(), ..scene.undo(3) };
    let (ended, text) = ran(undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    let made_for = format!("REFUSED: the plan was made for {}", scene.fake.client().base_url());
    assert_tells(&text, &[made_for.trim_end_matches('/'), "--accept-other-server"]);
    assert_eq!(other.fake.requests().len(), asked, "nothing was asked");

    let mut accepted = undo();
    accepted.consent.other_server = Loss::Accepted;
    let (ended, text) = ran(accepted, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(other.groups(), ["web-servers", "web-servers", "agents", "partners"]);
    assert_eq!(scene.groups(), ["Default", "Default", "Default", "partners"]);
}
