//! An interruption while a call is being sent: a real signal, in a process of its own.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::interrupt::real::{assert_passes_alone, interrupt_this_process};

/// Passes on what is said to the fake and its answers, but for an unassignment: that one interrupts this process, and is never
/// answered.
async fn interrupting(fake: &FakeAppViewX) -> Client {
    let fake_at = fake.url().replace("http://", "");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&fake_at).await.unwrap();
            let (mut asked, mut answers) = client.into_split();
            let (mut given, mut passed_on) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut given, &mut answers).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 64 * 1024];
                while let Ok(length @ 1..) = asked.read(&mut bytes).await {
                    if String::from_utf8_lossy(&bytes[..length]).contains("group/unassign") {
                        interrupt_this_process();
                        std::future::pending::<()>().await;
                    }
                    passed_on.write_all(&bytes[..length]).await.unwrap();
                }
            });
        }
    });
    Client::builder(url).credentials(fake.login()).build().unwrap()
}

#[tokio::test]
#[ignore = "the next test runs it"]
async fn sends_itself_a_signal() {
    let scene = Scene::new().await;
    let job = AppViewXJob { client: interrupting(&scene.fake).await, session: Session::Own, ..scene.by_name(3) };
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    let look = format!("offboard --undo {}", scene.plan_path().display());
    assert_tells(&text, &["Interrupted. What was sent to AppViewX CERT+ is sent", &look, "logged out"]);
    assert_eq!(scene.groups()[0], "web-servers");
    assert!(scene.plan_path().exists());
}

#[test]
fn a_real_signal_leaves_the_plan_and_says_so() {
    assert_passes_alone("appviewx::tests::interrupted::sends_itself_a_signal");
}
