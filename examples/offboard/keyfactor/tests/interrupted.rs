//! An interruption while calls are being sent.

use std::sync::Arc;

use tokio::sync::Notify;

use super::*;
use crate::interrupt::Interrupt;
#[cfg(unix)]
use crate::interrupt::real::{assert_passes_alone, interrupt_this_process};
use crate::interrupting::{HEARD, interrupting};

/// A run whose first removal is interrupted: that one is finished, nothing further is sent, and what was sent is told.
async fn the_first_removal_is_interrupted(interrupt: Interrupt, cause: impl Fn() + Send + Sync + 'static) {
    let scene = Scene::new().await;
    scene.fake.orchestrator(FakeOrchestrator::new().offline());
    let report = Arc::new(Report::kept());
    let mut job = scene.removal();
    let url = interrupting(&scene.fake.url(), "Certificates/Remove", report.clone(), cause).await;
    job.client = Client::builder(url).credentials(scene.fake.credentials()).build().unwrap();
    job.settings.interrupt = interrupt;
    let client = job.client.clone();
    let ended = crate::run(&Job { mode: Mode::Send, keyfactor: Some(job), appviewx: None }, &report).await;
    let text = report.text();
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(scene.changes().len(), 1, "{text}");
    let jobs = scene.jobs();
    let sent = format!("job {}  web0000", jobs.last().unwrap());
    let record = scene.plan_path().with_extension("jobs");
    let go_on = format!("To continue: offboard --follow '{}'", record.display());
    assert_tells(
        &text,
        &[HEARD, &sent, "Interrupted. Calls that were sent are not withdrawn", &sent, &go_on, "NOT SENT", "0 of 2"],
    );
    assert!(!text.contains("following"), "{text}");

    scene.fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    let mut follow = scene.job(Task::Follow { file: scene.plan_path() });
    follow.client = client;
    let (ended, text) = ran(follow, Mode::Show).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_tells(&text, &["1 location recorded in", "following 1 job ", "1 of 1 location done and confirmed"]);
}

#[tokio::test]
async fn the_call_under_way_is_finished_and_no_further_one_is_sent() {
    let notify = Arc::new(Notify::new());
    let interrupt = Interrupt::When(notify.clone());
    the_first_removal_is_interrupted(interrupt, move || notify.notify_one()).await;
}

#[tokio::test]
async fn an_interruption_before_the_first_call_sends_nothing() {
    let scene = Scene::new().await;
    let notify = Arc::new(Notify::new());
    notify.notify_one();
    let mut job = scene.removal();
    job.settings.interrupt = Interrupt::When(notify);
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_tells(
        &text,
        &["Interrupted. Calls that were sent are not withdrawn. No job is known to be open", "NOT SENT", "NOT SENT"],
    );
    assert_eq!(scene.changes(), []);
}

/// It would interrupt every test of this process, so it has one of its own.
#[cfg(unix)]
#[tokio::test]
#[ignore = "the next test runs it"]
async fn sends_itself_a_signal() {
    the_first_removal_is_interrupted(Interrupt::CtrlC, interrupt_this_process).await;
}

#[cfg(unix)]
#[test]
fn a_real_signal_does_the_same() {
    assert_passes_alone("keyfactor::tests::interrupted::sends_itself_a_signal");
}
