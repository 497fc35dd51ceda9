//! An interruption while a call is being sent: a real signal, in a process of its own.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::undo::unassigned;
use super::*;
use crate::interrupt::real::{assert_passes_alone, interrupt_this_process};

/// What is printed when an interruption is heard while a call is under way.
const HEARD: &str = "Interrupted: the call under way is finished, and no further one is sent.";

/// Passes on what is said to the fake and its answers, but for a change: that one interrupts this process, and reaches the fake
/// only when the report says that it was heard.
async fn interrupting(fake: &FakeAppViewX, change: &'static str, report: Arc<Report>) -> Client {
    let fake_at = fake.url().replace("http://", "");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&fake_at).await.unwrap();
            let (mut asked, mut answers) = client.into_split();
            let (mut given, mut passed_on) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut given, &mut answers).await });
            let report = report.clone();
            tokio::spawn(async move {
                let mut bytes = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = asked.read(&mut bytes).await {
                    if String::from_utf8_lossy(&bytes[..length]).contains(change) {
                        interrupt_this_process();
                        while !report.text().contains(HEARD) {
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                    passed_on.write_all(&bytes[..length]).await.unwrap();
                }
            });
        }
    });
    Client::builder(url).credentials(fake.login()).build().unwrap()
}

async fn interrupted(scene: &Scene, change: &'static str, job: AppViewXJob) -> (Ended, String) {
    let report = Arc::new(Report::kept());
    let client = interrupting(&scene.fake, change, report.clone()).await;
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
    let back = format!("offboard --undo {} --yes --expect 100", scene.plan_path().display());
    let parts = [HEARD, "sent 100 in 1 call(s), 100 confirmed", "id-099", "confirmed", "id-100", "NOT SENT"];
    assert_tells(&text, &parts);
    assert_tells(&text, &["100 of 102 certificate(s) are done and confirmed", &back, "logged out"]);
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
    let look = format!("offboard --undo {}", scene.plan_path().display());
    assert_tells(&text, &["Interrupted. What was sent to AppViewX CERT+ is sent", &look, "logged out"]);
    assert_eq!(scene.groups()[0], "Default");
    assert!(scene.plan_path().exists());
}

#[test]
fn a_real_signal_on_the_way_back_leaves_the_plan_and_says_so() {
    assert_passes_alone("appviewx::tests::interrupted::sends_itself_a_signal_on_the_way_back");
}
