//! The race of a change with a server that closes its idle connections: avoided by a short `idle_timeout`, and never
//! answered with a second copy where it is not.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::{read_request, reply};
use clm::keyfactor::{CertificateLocation, Client, Credentials, Error, Schedule};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
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
    /// All connections, also those over which nothing comes.
    accepted: AtomicUsize,
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
        seen.accepted.fetch_add(1, Ordering::SeqCst);
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
    while let Ok(Some(request)) = tokio::time::timeout(SERVER_KEEPS, read_request(&mut stream)).await {
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

fn client(server: &Server, idle_timeout: Duration) -> Client {
    Client::builder(format!("{}/KeyfactorAPI", server.origin))
        .credentials(Credentials::basic("user", "password"))
        .idle_timeout(idle_timeout)
        .build()
        .unwrap()
}

/// One change with an alias of its own, so that its copies can be told from those of all others.
async fn change(client: &Client, number: usize) -> Result<u32, Error> {
    let location = CertificateLocation::new(uuid::Uuid::from_u128(0x5707), format!("{number:04}.pfx"));
    let call = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
    call.send().await.map(|outcome| outcome.attempts())
}

#[tokio::test(flavor = "current_thread")]
async fn a_short_idle_timeout_avoids_the_race() {
    const CHANGES: usize = 1_000;
    let server = Server::start(Closing::Quietly);
    let client = client(&server, Duration::from_millis(50));
    let mut blocked = 0;
    for number in 0..CHANGES {
        if number % 50 == 25 {
            server.block_until_all_is_closed();
            blocked += 1;
        }
        let attempts = change(&client, number).await.unwrap_or_else(|error| panic!("change {number}: {error:?}"));
        assert_eq!(attempts, 1, "change {number}");
    }
    let copies = server.copies();
    println!(
        "idle_timeout below the server's: {CHANGES} changes, {blocked} after a closed connection; {CHANGES} done, 0 \
         errors; {} copies over {} connections",
        copies.values().sum::<usize>(),
        server.connections()
    );
    assert_eq!(copies.len(), CHANGES);
    assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    assert!(server.connections() > blocked, "every closed connection was replaced");
    assert!(server.connections() < CHANGES / 2, "connections are used again");
}

/// What the client's runtime does between the server's closing and the change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meanwhile {
    /// Nothing: the change is written to a connection that is gone.
    Blocked,
    /// It learns that the connection is gone, but hands it to the change before it acts on that: hyper finds the change
    /// waiting at a dead connection, unstarted, and sends it over a new one.
    Noticing,
}

/// What the changes came to.
#[derive(Debug, Default)]
struct Races {
    /// Done without meeting a closed connection.
    none: usize,
    unknown: usize,
    /// Done over another connection. The first one was still in the pool when the change began.
    sent_again_by_hyper: usize,
    /// Done over another connection. The first one may have been found out before the change began.
    replaced: usize,
}

async fn races(closing: Closing, meanwhile: Meanwhile) {
    const CHANGES: usize = 30;
    let server = Server::start(closing);
    let client = client(&server, Duration::from_secs(60));
    let mut races = Races::default();
    for number in 0..CHANGES {
        // In threes: a change that opens or uses a connection, one that uses it again, one that meets its end.
        let doomed = number % 3 == 2;
        let mut noticed = false;
        if doomed {
            let canary = Canary::start(&server).await;
            server.block_until_all_is_closed();
            if meanwhile == Meanwhile::Noticing {
                // The runtime asks the system for news, and then goes on here before it runs other tasks.
                tokio::task::yield_now().await;
            }
            noticed = canary.noticed();
        }
        let connections = server.connections();
        let ended = change(&client, number).await;
        let another = server.connections() > connections;
        let copies = server.copies().get(&format!("{number:04}.pfx")).copied().unwrap_or(0);
        match ended {
            Ok(attempts) => {
                assert_eq!((attempts, copies), (1, 1), "change {number}");
                assert!(!doomed || another, "change {number}: a closed connection carries nothing");
                *match (doomed, noticed) {
                    (false, _) => &mut races.none,
                    (true, false) => &mut races.sent_again_by_hyper,
                    (true, true) => &mut races.replaced,
                } += 1;
            }
            // On a machine that stalls, a race may also come about by itself.
            Err(Error::OutcomeUnknown(unknown)) => {
                assert_eq!((unknown.attempts(), unknown.status()), (1, None), "change {number}");
                assert_eq!(copies, 0, "change {number}: nobody was there to read it, and nobody sent it again");
                races.unknown += 1;
            }
            Err(error) => panic!("change {number}, doomed: {doomed}: {error:?}"),
        }
    }
    let copies = server.copies();
    println!(
        "idle_timeout above the server's, closed {closing:?}, the client {meanwhile:?}: {CHANGES} changes, {races:?}; {} \
         copies over {} connections",
        copies.values().sum::<usize>(),
        server.connections()
    );
    assert_eq!(races.none + races.unknown + races.sent_again_by_hyper + races.replaced, CHANGES);
    assert_eq!(copies.len(), CHANGES - races.unknown);
    assert!(copies.values().all(|count| *count == 1), "{copies:?}");
    // Both are brought about by force. Without them, this shows nothing.
    match meanwhile {
        Meanwhile::Blocked => assert!(races.unknown > 0, "{races:?}"),
        Meanwhile::Noticing => assert!(races.sent_again_by_hyper > 0, "{races:?}"),
    }
}

/// A connection of the same runtime to the same server. While its task has not run after the server closed it, that of
/// hyper's connection has not either.
struct Canary(tokio::task::JoinHandle<()>);

impl Canary {
    async fn start(server: &Server) -> Self {
        let before = server.seen.accepted.load(Ordering::SeqCst);
        let mut stream = TcpStream::connect(server.origin.strip_prefix("http://").unwrap()).await.unwrap();
        let canary = Self(tokio::spawn(async move {
            let _ = stream.read(&mut [0]).await;
        }));
        // Its task has to wait already, and the server has to have it, or its closing could not be waited for.
        tokio::task::yield_now().await;
        while server.seen.accepted.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
        canary
    }

    fn noticed(&self) -> bool {
        self.0.is_finished()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_lost_race_is_an_unknown_outcome_and_never_a_second_copy() {
    races(Closing::Quietly, Meanwhile::Blocked).await;
}

#[tokio::test(flavor = "current_thread")]
async fn a_lost_race_with_a_reset_is_an_unknown_outcome_and_never_a_second_copy() {
    races(Closing::Reset, Meanwhile::Blocked).await;
}

#[tokio::test(flavor = "current_thread")]
async fn what_hyper_sends_again_it_had_never_started() {
    races(Closing::Quietly, Meanwhile::Noticing).await;
}

#[tokio::test(flavor = "current_thread")]
async fn what_hyper_sends_again_after_a_reset_it_had_never_started() {
    races(Closing::Reset, Meanwhile::Noticing).await;
}
