//! For tests: a proxy in front of a fake that interrupts the run when a change is sent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::report::Report;

/// Printed when an interruption comes during a call.
pub(crate) const HEARD: &str = "Interrupted. The current call completes, and no further call is sent.";

/// Forwards requests and responses. A request that contains `change` causes the interruption, and reaches the fake only after
/// the report shows the interruption. Returns the URL to use instead of the fake's.
pub(crate) async fn interrupting(
    fake: &str,
    change: &'static str,
    report: Arc<Report>,
    interrupt: impl Fn() + Send + Sync + 'static,
) -> String {
    let fake_at = fake.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = fake.replace(&fake_at, &listener.local_addr().unwrap().to_string());
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
                    if String::from_utf8_lossy(&bytes[..length]).contains(change) {
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
    url
}
