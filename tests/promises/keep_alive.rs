//! A server that closes its idle connections never meets a change on one of them: each call has a connection of its own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::{Received, read_request, reply};
use clm::keyfactor::{CertificateLocation, Client, Credentials, Error, Schedule};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// How long the server keeps an idle connection.
const SERVER_KEEPS: Duration = Duration::from_millis(200);

/// How the server closes them.
#[derive(Clone, Copy, Debug)]
enum Closing {
    /// With FIN, as servers do.
    Quietly,
    /// With RST, as some load balancers do.
    Reset,
}

/// A server on a thread and a runtime of its own, so that it goes on while the client's runtime is blocked.
struct Server {
    origin: String,
    seen: Arc<Seen>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Seen {
    /// Connections over which a request came.
    connections: AtomicUsize,
    /// Connections that are open at this moment.
    open: AtomicUsize,
    /// Every complete copy, as the alias that it is to remove.
    aliases: Mutex<Vec<String>>,
}

impl Server {
    fn start(closing: Closing) -> Self {
        let seen = Arc::new(Seen::default());
        let (stop, stopped) = oneshot::channel();
        let (address, given) = std::sync::mpsc::channel();
        let shared = Arc::clone(&seen);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
                address.send(listener.local_addr().unwrap()).unwrap();
                tokio::select! {
                    () = accept(&listener, &shared, closing) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { origin: format!("http://{}", given.recv().unwrap()), seen, stop: Some(stop), thread: Some(thread) }
    }

    /// Blocks this thread, and the client's runtime with it, until the server has closed every connection. The client
    /// cannot notice it meanwhile.
    fn block_until_all_is_closed(&self) {
        for _ in 0..2_000 {
            if self.seen.open.load(Ordering::SeqCst) == 0 {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the server never closed its idle connections");
    }

    fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// How many copies of each alias came in.
    fn copies(&self) -> BTreeMap<String, usize> {
        let mut copies = BTreeMap::new();
        for alias in self.seen.aliases.lock().unwrap().iter() {
            *copies.entry(alias.clone()).or_default() += 1;
        }
        copies
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

async fn accept(listener: &TcpListener, seen: &Arc<Seen>, closing: Closing) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        seen.open.fetch_add(1, Ordering::SeqCst);
        let seen = Arc::clone(seen);
        connections.spawn(async move {
            serve(stream, &seen, closing).await;
            seen.open.fetch_sub(1, Ordering::SeqCst);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Answers one request after the other, until none comes for too long. The connection is closed on return.
async fn serve(mut stream: TcpStream, seen: &Seen, closing: Closing) {
    let mut requests = 0;
    while let Some(request) = next_request(&mut stream, requests).await {
        requests += 1;
        seen.connections.fetch_add(usize::from(requests == 1), Ordering::SeqCst);
        let alias = request.json()["CertificateStores"][0]["Alias"].as_str().unwrap().to_owned();
        seen.aliases.lock().unwrap().push(alias);
        let answer = reply(200, "content-type: application/json\r\n", r#"["10b00000-0000-4000-8000-000000000001"]"#);
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
    if let Closing::Reset = closing {
        stream.set_zero_linger().unwrap();
    }
}

/// A connection is closed when it is idle between two requests. A client on a busy machine has its time for the first.
async fn next_request(stream: &mut TcpStream, before: usize) -> Option<Received> {
    let request = read_request(stream);
    if before == 0 { request.await } else { tokio::time::timeout(SERVER_KEEPS, request).await.ok().flatten() }
}

fn client(server: &Server) -> Client {
    Client::builder(format!("{}/KeyfactorAPI", server.origin))
        .credentials(Credentials::basic("user", "password"))
        // Longer than the server's: it is not what keeps the two apart.
        .idle_timeout(Duration::from_secs(60))
        .build()
        .unwrap()
}

/// One change with an alias of its own, so that its copies can be told from those of all others.
async fn change(client: &Client, number: usize) -> Result<u32, Error> {
    let location = CertificateLocation::new(uuid::Uuid::from_u128(0x5707), format!("{number:04}.pfx"));
    let call = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
    call.send().await.map(|outcome| outcome.receipt().attempts())
}

/// What the client's runtime does between the server's closing and the change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meanwhile {
    /// Nothing: it has not heard of it.
    Blocked,
    /// It learns that the connection is gone.
    Noticing,
}

/// Changes of which every third begins when the server has closed all connections.
async fn changes(count: usize, closing: Closing, meanwhile: Meanwhile) {
    let server = Server::start(closing);
    let client = client(&server);
    for number in 0..count {
        if number % 3 == 2 {
            server.block_until_all_is_closed();
            if meanwhile == Meanwhile::Noticing {
                // The runtime asks the system for news, and then goes on here before it runs other tasks.
                tokio::task::yield_now().await;
            }
        }
        let attempts = change(&client, number).await.unwrap_or_else(|error| panic!("change {number}: {error:?}"));
        assert_eq!(attempts, 1, "change {number}");
    }
    let copies = server.copies();
    assert_eq!(copies.len(), count);
    assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
    assert_eq!(server.connections(), count, "each has its own");
}

#[tokio::test(flavor = "current_thread")]
async fn no_change_meets_a_connection_that_the_server_has_closed() {
    changes(30, Closing::Quietly, Meanwhile::Blocked).await;
}

#[tokio::test(flavor = "current_thread")]
async fn no_change_meets_a_connection_that_the_server_has_reset() {
    changes(30, Closing::Reset, Meanwhile::Blocked).await;
}

#[tokio::test(flavor = "current_thread")]
async fn nor_one_whose_end_the_client_is_about_to_notice() {
    changes(30, Closing::Quietly, Meanwhile::Noticing).await;
}

#[tokio::test(flavor = "current_thread")]
async fn nor_one_whose_reset_the_client_is_about_to_notice() {
    changes(30, Closing::Reset, Meanwhile::Noticing).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_changes_at_once_have_a_connection_each() {
    const CHANGES: usize = 1_000;
    let server = Server::start(Closing::Quietly);
    let client = client(&server);
    let mut running = JoinSet::new();
    for number in 0..CHANGES {
        let client = client.clone();
        running
            .spawn(async move { change(&client, number).await.unwrap_or_else(|error| panic!("{number}: {error:?}")) });
    }
    for attempts in running.join_all().await {
        assert_eq!(attempts, 1);
    }
    let copies = server.copies();
    assert_eq!(copies.len(), CHANGES);
    assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
    assert_eq!(server.connections(), CHANGES, "each has its own");
}
