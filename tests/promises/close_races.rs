//! A server that closes its connection after each answer, without saying so: every change has a certain end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use crate::support::{read_request, reply};
use clm::keyfactor::{CertificateLocation, Client, Credentials, Error, Query, Schedule};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

const IN_TURN: usize = 6_000;
const AT_ONCE: usize = 3_000;
/// As many as a client has under way.
const TASKS: usize = 30;

struct Server {
    origin: String,
    copies: Arc<Mutex<HashMap<String, usize>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start() -> Self {
        let copies = Arc::new(Mutex::new(HashMap::new()));
        let (stop, stopped) = oneshot::channel();
        let (address, given) = mpsc::channel();
        let log = Arc::clone(&copies);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                address.send(listener.local_addr().unwrap()).unwrap();
                let accept = async {
                    loop {
                        let (mut stream, _) = listener.accept().await.unwrap();
                        let log = Arc::clone(&log);
                        tokio::spawn(async move {
                            let Some(request) = read_request(&mut stream).await else { return };
                            let mut body = "[]";
                            if request.request_line.contains("/Remove ") {
                                let alias =
                                    request.json()["CertificateStores"][0]["Alias"].as_str().unwrap().to_owned();
                                *log.lock().unwrap().entry(alias).or_default() += 1;
                                body = r#"["10b00000-0000-4000-8000-000000000001"]"#;
                            }
                            let answer = reply(200, "content-type: application/json\r\n", body);
                            // Closed at once, whether the client has read it or not.
                            drop(stream.write_all(&answer).await);
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
        Self { origin, copies, stop: Some(stop), thread: Some(thread) }
    }

    fn client(&self) -> Client {
        Client::builder(&self.origin).credentials(Credentials::basic("user", "password")).build().unwrap()
    }

    fn assert_acted_once(&self, changes: usize) {
        let copies = self.copies.lock().unwrap();
        let twice: Vec<_> = copies.iter().filter(|(_, copies)| **copies != 1).collect();
        assert!(copies.len() == changes && twice.is_empty(), "{} changes arrived; {twice:?}", copies.len());
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

async fn change(client: &Client, number: usize) -> Result<(), Error> {
    let location = CertificateLocation::new(uuid::Uuid::from_u128(0x5707), format!("{number}.pfx"));
    client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await.map(|_| ())
}

/// Leaves a shared connection behind, which the server closes.
async fn search(client: &Client) {
    let rows = client.certificates().search(Query::all()).rows().unwrap().collect().await;
    assert_eq!(rows.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_in_turn_is_answered() {
    let server = Server::start();
    let client = server.client();
    for number in 0..IN_TURN {
        if number % 10 == 0 {
            search(&client).await;
        }
        change(&client, number).await.unwrap_or_else(|error| panic!("change {number}: {error:?}"));
    }
    server.assert_acted_once(IN_TURN);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_many_at_once_is_answered() {
    let server = Server::start();
    let client = server.client();
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let client = client.clone();
        tasks.spawn(async move {
            for number in 0..AT_ONCE / TASKS {
                if number % 10 == 0 {
                    search(&client).await;
                }
                let number = task * AT_ONCE + number;
                change(&client, number).await.unwrap_or_else(|error| panic!("change {number}: {error:?}"));
            }
        });
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    server.assert_acted_once(AT_ONCE);
}
