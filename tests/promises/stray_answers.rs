//! A server that leaves an answer nobody asked for on the connection of the call before: it is never taken for the answer of
//! another call.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::{Received, read_request, reply};
use clm::keyfactor::{CertificateLocation, JobId, Schedule};
use clm::{appviewx, keyfactor};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Changes of one run.
const CHANGES: usize = 40;

/// How long after its own answer the server writes the other one.
const LATER: Duration = Duration::from_millis(1);

/// A server on a thread of its own that answers what it is asked, and then writes the stray answer.
struct Server {
    origin: String,
    acted_on: Arc<Mutex<BTreeMap<String, usize>>>,
    /// One message for each stray answer that has left, or found the connection closed.
    strays: Receiver<()>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `own` names what a request asks for, and answers it.
    fn start(stray: Vec<u8>, own: impl Fn(&Received) -> (String, Vec<u8>) + Send + Sync + 'static) -> Self {
        let acted_on = Arc::new(Mutex::new(BTreeMap::new()));
        let (left, strays) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let (address, given) = mpsc::channel();
        let shared = Arc::new((Arc::clone(&acted_on), left, stray, own));
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                address.send(listener.local_addr().unwrap()).unwrap();
                let accept = async {
                    loop {
                        let (mut stream, _) = listener.accept().await.unwrap();
                        let shared = Arc::clone(&shared);
                        tokio::spawn(async move {
                            let (acted_on, left, stray, own) = &*shared;
                            while let Some(request) = read_request(&mut stream).await {
                                let (name, answer) = own(&request);
                                *acted_on.lock().unwrap().entry(name).or_default() += 1;
                                let ended = answer_twice(&mut stream, &answer, stray).await;
                                let _ = left.send(());
                                if ended.is_err() {
                                    return;
                                }
                            }
                        });
                    }
                };
                tokio::select! {
                    () = accept => {}
                    _ = stopped => {}
                }
            });
        });
        let origin = format!("http://{}", given.recv().unwrap());
        Self { origin, acted_on, strays, stop: Some(stop), thread: Some(thread) }
    }

    /// Blocks this thread until the stray answer has left: the client cannot notice it meanwhile.
    fn block_until_it_has_left(&self) {
        self.strays.recv_timeout(Duration::from_secs(20)).expect("the stray answer leaves");
    }

    /// Each of so many changes once.
    fn assert_acted_once(&self) {
        let acted_on = self.acted_on.lock().unwrap();
        assert_eq!(acted_on.len(), CHANGES, "{acted_on:?}");
        assert!(acted_on.values().all(|times| *times == 1), "{acted_on:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the server panicked");
        }
    }
}

async fn answer_twice(stream: &mut TcpStream, answer: &[u8], stray: &[u8]) -> std::io::Result<()> {
    stream.write_all(answer).await?;
    stream.flush().await?;
    // It is the fault itself, not a wait for something.
    tokio::time::sleep(LATER).await;
    stream.write_all(stray).await?;
    stream.flush().await
}

const JSON: &str = "content-type: application/json\r\n";

/// What nobody asked for, by name.
fn strays(success: &str) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("200", reply(200, JSON, success)),
        ("400", reply(400, JSON, r#"{"Message": "no request was read in time"}"#)),
        ("429", reply(429, "content-type: application/json\r\nretry-after: 0\r\n", "{}")),
    ]
}

fn job(number: usize) -> JobId {
    uuid::Uuid::from_u128(0x10b0_0000_0000_4000_8000_0000_0000_0000 + number as u128).into()
}

/// One after the other; each begins when the stray answer of the one before has left.
async fn removals() {
    let foreign = json!([job(99_999)]).to_string();
    for (name, stray) in strays(&foreign) {
        let server = Server::start(stray, |request| {
            let alias = request.json()["CertificateStores"][0]["Alias"].as_str().unwrap().to_owned();
            let answer = json!([job(alias.parse().unwrap())]).to_string();
            (alias, reply(200, JSON, &answer))
        });
        let client = keyfactor::Client::builder(&server.origin)
            .credentials(keyfactor::Credentials::basic("user", "password"))
            .build()
            .unwrap();
        let stores = client.certificate_stores();
        for number in 1..=CHANGES {
            let location = CertificateLocation::new(uuid::Uuid::from_u128(0x5707), number.to_string());
            let removal = stores.remove_certificates([location], Schedule::Immediate).send().await;
            let removal = removal.unwrap_or_else(|error| panic!("{name}, removal {number}: {error:?}"));
            assert_eq!(removal.job_ids(), [job(number)], "{name}: another call's answer");
            server.block_until_it_has_left();
        }
        server.assert_acted_once();
    }
}

async fn unassignments() {
    let success = |id: &str| json!({"response": {"Successful Ids": [id]}, "appStatusCode": null}).to_string();
    for (name, stray) in strays(&success("id-of-another-call")) {
        let server = Server::start(stray, move |request| {
            let id = request.json()["resourceIds"][0].as_str().unwrap().to_owned();
            let answer = reply(200, JSON, &success(&id));
            (id, answer)
        });
        let client = appviewx::Client::builder(&server.origin)
            .credentials(appviewx::Credentials::session_id("session"))
            .build()
            .unwrap();
        for number in 1..=CHANGES {
            let id = format!("id-{number}");
            let outcome = client.certificate_groups().unassign([&id]).send().await;
            let outcome = outcome.unwrap_or_else(|error| panic!("{name}, unassignment {number}: {error:?}"));
            assert_eq!(outcome.successful_ids(), [id], "{name}: another call's answer");
            assert!(outcome.is_complete(), "{name}: {outcome:?}");
            server.block_until_it_has_left();
        }
        server.assert_acted_once();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_stray_answer_is_taken_for_that_of_a_removal_on_one_thread() {
    removals().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_stray_answer_is_taken_for_that_of_a_removal_on_several_threads() {
    removals().await;
}

#[tokio::test(flavor = "current_thread")]
async fn no_stray_answer_is_taken_for_that_of_an_unassignment_on_one_thread() {
    unassignments().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_stray_answer_is_taken_for_that_of_an_unassignment_on_several_threads() {
    unassignments().await;
}
