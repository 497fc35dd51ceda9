//! An interruption while calls are being sent.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use super::*;
use crate::interrupt::Interrupt;
#[cfg(unix)]
use crate::interrupt::real::{assert_passes_alone, interrupt_this_process};

/// What is printed when an interruption is heard while a call is under way.
const HEARD: &str = "Interrupted: the call under way is finished, and no further one is sent.";

/// Passes on what is said to the fake and its answers. A removal causes the interruption, and reaches the fake only when the
/// report says that it was heard.
async fn interrupting(
    fake: &FakeKeyfactor,
    report: Arc<Report>,
    interrupt: impl Fn() + Send + Sync + 'static,
) -> Client {
    let fake_at = fake.url().replace("http://", "").replace("/KeyfactorAPI", "");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/KeyfactorAPI", listener.local_addr().unwrap());
    let interrupt = Arc::new(interrupt);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&fake_at).await.unwrap();
            let (mut asked, mut answers) = client.into_split();
            let (mut given, mut passed_on) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut given, &mut answers).await });
            let (report, interrupt) = (report.clone(), interrupt.clone());
            tokio::spawn(async move {
                let mut bytes = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = asked.read(&mut bytes).await {
                    if String::from_utf8_lossy(&bytes[..length]).contains("Certificates/Remove") {
                        interrupt();
                        while !report.text().contains(HEARD) {
                            tokio::time::sleep(Duration::from_millis(1)).await;
                        }
                    }
                    passed_on.write_all(&bytes[..length]).await.unwrap();
                }
            });
        }
    });
    Client::builder(url).credentials(fake.credentials()).build().unwrap()
}

/// A run whose first removal is interrupted: that one is finished, nothing further is sent, and what was sent is told.
async fn the_first_removal_is_interrupted(interrupt: Interrupt, cause: impl Fn() + Send + Sync + 'static) {
    let scene = Scene::new().await;
    scene.fake.orchestrator(FakeOrchestrator::new().offline());
    let report = Arc::new(Report::kept());
    let mut job = scene.removal();
    job.client = interrupting(&scene.fake, report.clone(), cause).await;
    job.settings.interrupt = interrupt;
    let client = job.client.clone();
    let ended = crate::run(&Job { mode: Mode::Send, keyfactor: Some(job), appviewx: None }, &report).await;
    let text = report.text();
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(scene.changes().len(), 1, "{text}");
    let jobs = scene.jobs();
    let sent = format!("job {}  web0000", jobs.last().unwrap());
    let record = scene.plan_path().with_extension("jobs");
    let go_on = format!("To go on: offboard --follow {}", record.display());
    assert_tells(&text, &[HEARD, &sent, "Interrupted. What was sent is sent", &sent, &go_on, "NOT SENT", "0 of 2"]);
    assert!(!text.contains("following"), "{text}");

    scene.fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    let mut follow = scene.job(Task::Follow { file: scene.plan_path() });
    follow.client = client;
    let (ended, text) = ran(follow, Mode::Show).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_tells(&text, &["1 place(s) are on record", "following 1 job(s)", "1 of 1 place(s) are done and confirmed"]);
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
    assert_tells(&text, &["Interrupted. What was sent is sent; no job is known to be open", "NOT SENT", "NOT SENT"]);
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
