//! An interruption while a call is being sent: a real signal, in a process of its own.

use std::sync::Arc;

use super::undo::unassigned;
use super::*;
use crate::interrupt::real::{assert_passes_alone, interrupt_this_process};
use crate::interrupting::{HEARD, interrupting};

async fn interrupted(scene: &Scene, change: &'static str, job: AppViewXJob) -> (Ended, String) {
    let report = Arc::new(Report::kept());
    let url = interrupting(&scene.fake.url(), change, report.clone(), interrupt_this_process).await;
    let client = Client::builder(url).credentials(scene.fake.login()).build().unwrap();
    let job = AppViewXJob { client, session: Session::Own, ..job };
    let ended = crate::run(&Job { mode: Mode::Send, keyfactor: None, appviewx: Some(job) }, &report).await;
    (ended, report.text())
}

#[tokio::test]
#[ignore = "a later test runs it"]
async fn sends_itself_a_signal_out_of_two_calls() {
    let scene = Scene::new().await;
    let ids: Vec<String> = (0..IDS_PER_CALL + 2).map(|number| format!("id-{number:03}")).collect();
    for id in &ids {
        scene.fake.add_certificate(id, "big");
    }
    let job = scene.unassign(Target::Group("big".to_owned()), ids.len());
    let (ended, text) = interrupted(&scene, "group/unassign", job).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(scene.changes().len(), 1, "{text}");
    let back = format!("offboard --undo '{}' --yes --expect 100", scene.plan_path().display());
    let parts = [
        HEARD,
        "sent 100 certificates in 1 call; the response confirms 100",
        "id-099",
        "confirmed",
        "id-100",
        "NOT SENT",
    ];
    assert_tells(&text, &parts);
    assert_tells(&text, &["100 of 102 certificates done and confirmed", &back, "logged out"]);
    let is_out = |id: &String| scene.fake.group_of(id).unwrap() == "Default";
    assert_eq!(ids.iter().filter(|id| is_out(id)).count(), IDS_PER_CALL);
}

#[test]
fn a_real_signal_finishes_the_call_under_way_and_sends_no_further_one() {
    assert_passes_alone("appviewx::tests::interrupted::sends_itself_a_signal_out_of_two_calls");
}

#[tokio::test]
#[ignore = "a later test runs it"]
async fn sends_itself_a_signal_on_the_way_back() {
    let scene = unassigned().await;
    let mut job = scene.undo(3);
    job.consent.other_server = Loss::Accepted;
    let (ended, text) = interrupted(&scene, "group/assign", job).await;
    assert_eq!(ended, Ended::Open, "{text}");
    let look = format!("offboard --undo '{}'", scene.plan_path().display());
    assert_tells(&text, &["Interrupted. Calls that were sent are not withdrawn", &look, "logged out"]);
    assert_eq!(scene.groups()[0], "Default");
    assert!(scene.plan_path().exists());
}

#[test]
fn a_real_signal_on_the_way_back_leaves_the_plan_and_says_so() {
    assert_passes_alone("appviewx::tests::interrupted::sends_itself_a_signal_on_the_way_back");
}
