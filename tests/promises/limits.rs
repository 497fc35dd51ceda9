//! Limits: how much of an answer is read, how long it may pause, how many calls run at once, and which limits are none.

use std::error::Error as _;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clm::keyfactor::{
    CertificateLocation, Client, ClientBuilder, Credentials, Error, OutcomeUnknown, RemoveOutcome, Schedule,
};
use clm::{ConfigurationError, RetryPolicy, appviewx};
use secrecy::SecretString;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

use crate::support::tls::{in_a_process_of_its_own, is_the_child};
use crate::support::{RawServer, Received, read_request, reply, texts};

const JOB: &str = "10b00000-0000-4000-8000-000000000001";

fn client_of(origin: &str) -> ClientBuilder {
    Client::builder(origin)
        .credentials(Credentials::bearer("a-token"))
        // So that a second copy, were there one, would come at once.
        .retry_policy(RetryPolicy::DEFAULT.pauses(Duration::from_millis(1), Duration::from_millis(1)))
}

async fn remove(client: &Client, alias: &str) -> Result<RemoveOutcome, Error> {
    let location = CertificateLocation::new(Uuid::from_u128(0x5707), alias);
    client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await
}

async fn unassign(origin: &str) -> Result<appviewx::UnassignOutcome, appviewx::Error> {
    let credentials = appviewx::Credentials::session_id("a-session");
    let client = appviewx::Client::builder(origin).credentials(credentials).build().unwrap();
    client.certificate_groups().unassign(["67bc2ca76a105e1a05691c1c"]).send().await
}

fn unknown(ended: Result<RemoveOutcome, Error>) -> Box<OutcomeUnknown> {
    match ended {
        Err(Error::OutcomeUnknown(unknown)) => unknown,
        other => panic!("the outcome must be unknown: {other:?}"),
    }
}

// The size of an answer.

const LIMIT: usize = 4096;

/// A good answer of exactly this many bytes.
fn answer_of(length: usize) -> String {
    format!(r#"["{JOB}"{}]"#, " ".repeat(length - JOB.len() - 4))
}

/// An answer in chunks of this size.
fn in_chunks(status: u16, body: &str, size: usize) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status} -\r\ntransfer-encoding: chunked\r\n\r\n");
    for chunk in body.as_bytes().chunks(size) {
        write!(answer, "{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap()).unwrap();
    }
    (answer + "0\r\n\r\n").into_bytes()
}

/// Every way in which a body can be framed.
fn framings(status: u16, body: &str) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("with its length", reply(status, "", body)),
        ("in one chunk", in_chunks(status, body, body.len())),
        ("in small chunks", in_chunks(status, body, 7)),
        ("until the close", format!("HTTP/1.1 {status} -\r\nconnection: close\r\n\r\n{body}").into_bytes()),
    ]
}

#[tokio::test]
async fn an_answer_as_large_as_the_limit_is_taken() {
    for (framing, answer) in framings(200, &answer_of(LIMIT)) {
        let server = RawServer::start(answer).await;
        let client = client_of(&server.origin).max_answer_bytes(LIMIT).build().unwrap();
        let outcome = remove(&client, "web01.pfx").await.unwrap_or_else(|error| panic!("{framing}: {}", texts(&error)));
        assert_eq!(outcome.receipt().body().len(), LIMIT, "{framing}");
        assert_eq!(outcome.job_ids()[0].to_string(), JOB, "{framing}");
    }
}

#[tokio::test]
async fn an_answer_larger_than_the_limit_leaves_it_open_with_what_was_read() {
    for (framing, answer) in framings(200, &answer_of(LIMIT + 1)) {
        let server = RawServer::start(answer).await;
        let client = client_of(&server.origin).max_answer_bytes(LIMIT).build().unwrap();
        let unknown = unknown(remove(&client, "web01.pfx").await);
        assert_eq!(unknown.status().map(|status| status.as_u16()), Some(200), "{framing}");
        assert_eq!(unknown.body(), Some(&answer_of(LIMIT + 1)[..LIMIT]), "{framing}");
        assert!(texts(&*unknown).contains("the response is larger than 4096 bytes"), "{framing}: {}", texts(&*unknown));
        assert_eq!(unknown.attempts(), 1, "{framing}");
        server.only();
    }
}

#[tokio::test]
async fn a_refusal_larger_than_the_limit_is_a_refusal_with_what_was_read() {
    let body = format!(r#"{{"Message":"no","Padding":"{}"}}"#, "x".repeat(LIMIT));
    for (framing, answer) in framings(400, &body) {
        let server = RawServer::start(answer).await;
        let client = client_of(&server.origin).max_answer_bytes(LIMIT).build().unwrap();
        let ended = remove(&client, "web01.pfx").await;
        let Err(Error::Api(error)) = ended else { panic!("{framing}: {ended:?}") };
        assert_eq!(error.status().as_u16(), 400, "{framing}");
        assert_eq!(error.body(), &body[..LIMIT], "{framing}");
        server.only();
    }
}

/// Neither does a length that is only claimed reserve any memory.
#[tokio::test]
async fn a_length_that_is_a_lie_leaves_it_open_with_what_was_read() {
    let server = RawServer::start("HTTP/1.1 200 -\r\ncontent-length: 9000000000000000000\r\n\r\n[\"10b0").await;
    let client = client_of(&server.origin).max_answer_bytes(usize::MAX).build().unwrap();
    let unknown = unknown(remove(&client, "web01.pfx").await);
    assert_eq!(unknown.status().map(|status| status.as_u16()), Some(200));
    assert_eq!(unknown.body(), Some("[\"10b0"));
    server.only();
}

/// The reading stops at the limit: a server that never ends is hung up on.
#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 -\r\ntransfer-encoding: chunked\r\n\r\n").await.unwrap();
        // Ends only when the client hangs up.
        while stream.write_all(b"10\r\n                \r\n").await.is_ok() {}
    });
    let client = client_of(&origin).max_answer_bytes(LIMIT).build().unwrap();
    let unknown = unknown(remove(&client, "web01.pfx").await);
    assert_eq!(unknown.body().map(str::len), Some(LIMIT));
    server.await.unwrap();
}

// The size of a head, which is hyper's limit.

/// An answer with this many headers, its length among them.
fn with_headers(count: usize) -> Vec<u8> {
    let headers = (1..count).fold(String::new(), |headers, number| headers + &format!("x-header-{number}: value\r\n"));
    reply(200, &headers, &format!(r#"["{JOB}"]"#))
}

/// An answer with one header of this many bytes.
fn with_header_of(length: usize) -> Vec<u8> {
    reply(200, &format!("x-header: {}\r\n", "x".repeat(length)), &format!(r#"["{JOB}"]"#))
}

#[tokio::test]
async fn a_head_up_to_hypers_limits_is_taken() {
    for (case, answer) in [("100 headers", with_headers(100)), ("300 KiB", with_header_of(300 * 1024))] {
        let server = RawServer::start(answer).await;
        let outcome = remove(&client_of(&server.origin).build().unwrap(), "web01.pfx").await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{case}: {}", texts(&error)));
        assert_eq!(outcome.job_ids()[0].to_string(), JOB, "{case}");
    }
}

/// Not even the status can be read, so nothing is known; least of all that the change did not arrive.
#[tokio::test]
async fn a_head_beyond_hypers_limits_leaves_it_open() {
    let cases = [
        ("101 headers", with_headers(101)),
        ("500 KiB", with_header_of(500 * 1024)),
        ("10 MiB", with_header_of(10 << 20)),
    ];
    for (case, answer) in cases {
        let server = RawServer::start(answer).await;
        let unknown = unknown(remove(&client_of(&server.origin).build().unwrap(), "web01.pfx").await);
        assert_eq!(unknown.status(), None, "{case}");
        assert_eq!(unknown.body(), None, "{case}");
        assert_eq!(unknown.attempts(), 1, "{case}");
        assert!(unknown.source().is_some(), "{case}");
        server.only();
    }
}

// The depth of JSON, which is serde_json's limit.

fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[tokio::test]
async fn an_answer_too_deep_to_be_read_leaves_it_open_with_its_body() {
    let server = RawServer::json(200, &nested(127)).await;
    let outcome = remove(&client_of(&server.origin).build().unwrap(), "web01.pfx").await.unwrap();
    assert_eq!(outcome.unrecognized_entries().len(), 1);
    assert_eq!(outcome.receipt().body(), nested(127));

    for depth in [128, 129, 100_000] {
        let server = RawServer::json(200, &nested(depth)).await;
        let unknown = unknown(remove(&client_of(&server.origin).build().unwrap(), "web01.pfx").await);
        assert_eq!(unknown.status().map(|status| status.as_u16()), Some(200), "{depth}");
        assert_eq!(unknown.body(), Some(&*nested(depth)), "{depth}");
        server.only();
    }
    // The envelope is one level more.
    for depth in [127, 100_000] {
        let body = format!(r#"{{"response":{}}}"#, nested(depth));
        let server = RawServer::json(200, &body).await;
        let ended = unassign(&server.origin).await;
        let Err(appviewx::Error::OutcomeUnknown(unknown)) = ended else { panic!("{depth}: {ended:?}") };
        assert_eq!(unknown.body(), Some(&*body), "{depth}");
        server.only();
    }
}

#[tokio::test]
async fn a_refusal_too_deep_to_be_read_is_a_refusal_with_its_body() {
    for depth in [127, 128, 129, 100_000] {
        let server = RawServer::json(400, &nested(depth)).await;
        let ended = remove(&client_of(&server.origin).build().unwrap(), "web01.pfx").await;
        let Err(Error::Api(error)) = ended else { panic!("{depth}: {ended:?}") };
        assert_eq!((error.status().as_u16(), error.body()), (400, &*nested(depth)), "{depth}");

        let body = format!(r#"{{"tags":{}}}"#, nested(depth));
        let server = RawServer::json(400, &body).await;
        let ended = unassign(&server.origin).await;
        let Err(appviewx::Error::Api(error)) = ended else { panic!("{depth}: {ended:?}") };
        assert_eq!((error.status().as_u16(), error.body()), (400, &*body), "{depth}");

        let server = RawServer::json(500, &nested(depth)).await;
        let unknown = unknown(remove(&client_of(&server.origin).build().unwrap(), "web01.pfx").await);
        assert_eq!(unknown.status().map(|status| status.as_u16()), Some(500), "{depth}");
        assert_eq!(unknown.body(), Some(&*nested(depth)), "{depth}");
    }
}

// The time between bytes.

/// Answers the first request piece by piece, and after the last one keeps the connection until the client hangs up.
async fn pieces(pieces: Vec<(Duration, Vec<u8>)>) -> (String, JoinHandle<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read_request(&mut stream).await.unwrap();
        for (pause, piece) in pieces {
            tokio::time::sleep(pause).await;
            stream.write_all(&piece).await.unwrap();
        }
        assert!(read_request(&mut stream).await.is_none(), "a second request came");
        request
    });
    (origin, task)
}

#[tokio::test]
async fn an_answer_that_stops_half_way_leaves_it_open_with_what_came() {
    let whole = reply(200, "", &format!(r#"["{JOB}"]"#));
    let half = whole[..whole.len() - 20].to_vec();
    let chunk = b"HTTP/1.1 200 -\r\ntransfer-encoding: chunked\r\n\r\n14\r\n[\"10b00000-0000-4000\r\n".to_vec();
    for answer in [half, chunk] {
        let (origin, server) = pieces(vec![(Duration::ZERO, answer)]).await;
        let client = client_of(&origin).between_bytes_timeout(Duration::from_millis(100)).build().unwrap();
        let unknown = unknown(remove(&client, "web01.pfx").await);
        assert_eq!(unknown.status().map(|status| status.as_u16()), Some(200));
        assert_eq!(unknown.body(), Some("[\"10b00000-0000-4000"));
        assert!(texts(&*unknown).contains("no data was received for 100ms"), "{}", texts(&*unknown));
        assert_eq!(unknown.attempts(), 1);
        // The connection is given up, so that nothing that comes late is taken for the next answer.
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_refusal_that_stops_half_way_is_a_refusal_with_what_came() {
    let answer = b"HTTP/1.1 403 -\r\ncontent-length: 100\r\n\r\nno permission".to_vec();
    let (origin, server) = pieces(vec![(Duration::ZERO, answer)]).await;
    let client = client_of(&origin).between_bytes_timeout(Duration::from_millis(100)).build().unwrap();
    let ended = remove(&client, "web01.pfx").await;
    let Err(Error::Api(error)) = ended else { panic!("{ended:?}") };
    assert_eq!((error.status().as_u16(), error.body(), error.attempts()), (403, "no permission", 1));
    server.await.unwrap();
}

/// The limit is none for the whole, and it begins with the head: a server may think first.
#[tokio::test]
async fn an_answer_may_take_longer_than_the_pause_between_its_bytes() {
    let whole = reply(200, "", &format!(r#"["{JOB}"]"#));
    let limit = Duration::from_millis(1500);
    let mut slowly = vec![(limit + Duration::from_millis(100), whole[..whole.len() - 40].to_vec())];
    slowly.extend(whole[whole.len() - 40..].chunks(10).map(|piece| (Duration::from_millis(500), piece.to_vec())));
    let (origin, server) = pieces(slowly).await;
    let client = client_of(&origin).between_bytes_timeout(limit).build().unwrap();
    let outcome = remove(&client, "web01.pfx").await.unwrap();
    assert_eq!(outcome.job_ids()[0].to_string(), JOB);
    drop(client);
    server.await.unwrap();
}

/// Bytes that keep coming do not outlive the limit of the whole call.
#[tokio::test]
async fn the_limit_of_a_change_holds_for_its_body_too() {
    let answer = b"HTTP/1.1 200 -\r\ncontent-length: 100\r\n\r\n[\"10b0".to_vec();
    let (origin, server) = pieces(vec![(Duration::ZERO, answer)]).await;
    let (short, shorter) = (Duration::from_millis(1200), Duration::from_secs(1));
    let client = client_of(&origin).change_timeout(short).connect_timeout(shorter).build().unwrap();
    let unknown = unknown(remove(&client, "web01.pfx").await);
    assert_eq!(unknown.status().map(|status| status.as_u16()), Some(200));
    assert_eq!(unknown.body(), Some("[\"10b0"));
    server.await.unwrap();
}

// Concurrent tries.

/// A server that holds each answer until it is let go, and counts what is open. A probe is neither held nor counted.
struct Gate {
    origin: String,
    arrivals: mpsc::UnboundedReceiver<String>,
    let_go: Arc<Semaphore>,
    most_open: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

/// What a gate answers to a request, once it is let go.
type Answers = dyn Fn(&Received) -> Vec<u8> + Send + Sync;

impl Gate {
    async fn start() -> Self {
        Self::answering(|_| reply(200, "connection: close\r\n", &format!(r#"["{JOB}"]"#))).await
    }

    async fn answering(answers: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (arrived, arrivals) = mpsc::unbounded_channel();
        let (let_go, most_open) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let open = Arc::new(AtomicUsize::new(0));
        let answers: Arc<Answers> = Arc::new(answers);
        let (gate, most) = (Arc::clone(&let_go), Arc::clone(&most_open));
        let task = tokio::spawn(async move {
            let mut visitors = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (arrived, gate, open, most) = (arrived.clone(), gate.clone(), open.clone(), most.clone());
                let answers = Arc::clone(&answers);
                visitors.spawn(async move { visit(stream, &arrived, &gate, (&open, &most), &*answers).await });
            }
        });
        Self { origin, arrivals, let_go, most_open, task }
    }

    /// The alias in the next request that came whole.
    async fn next(&mut self) -> String {
        self.arrivals.recv().await.unwrap()
    }

    fn let_go(&self, count: usize) {
        self.let_go.add_permits(count);
    }

    fn most_open(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The alias or the resource id in a request.
fn name_in(request: &Received) -> String {
    let body = request.json();
    let alias = &body["CertificateStores"][0]["Alias"];
    alias.as_str().or_else(|| body["resourceIds"][0].as_str()).unwrap().to_owned()
}

const PROBE: &str = "probe";

async fn visit(
    mut stream: TcpStream,
    arrived: &mpsc::UnboundedSender<String>,
    gate: &Semaphore,
    (open, most): (&AtomicUsize, &AtomicUsize),
    answers: &Answers,
) {
    let request = read_request(&mut stream).await.unwrap();
    let name = name_in(&request);
    if name == PROBE {
        arrived.send(name).unwrap();
    } else {
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        arrived.send(name).unwrap();
        gate.acquire().await.unwrap().forget();
        // It is not open any more before the client can know it.
        open.fetch_sub(1, Ordering::SeqCst);
    }
    // The client may have hung up meanwhile.
    let _ = stream.write_all(&answers(&request)).await;
    let _ = stream.shutdown().await;
}

/// Sends this many removals at once, over clones of the client.
fn send_many(client: &Client, count: usize) -> JoinSet<Result<RemoveOutcome, Error>> {
    (0..count)
        .map(|number| {
            let client = client.clone();
            async move { remove(&client, &format!("many-{number}")).await }
        })
        .collect()
}

#[tokio::test]
async fn no_more_calls_than_the_limit_are_ever_open() {
    for limit in [1, 3, 8] {
        let mut gate = Gate::start().await;
        let client = client_of(&gate.origin).max_concurrent_tries(limit).build().unwrap();
        let calls = send_many(&client, 3 * limit);
        for _ in 0..limit {
            assert!(gate.next().await.starts_with("many-"));
        }
        // Another client has a limit of its own. Its call comes and goes: the others had time to arrive, too.
        remove(&client_of(&gate.origin).max_concurrent_tries(1).build().unwrap(), PROBE).await.unwrap();
        assert_eq!(gate.next().await, PROBE);
        assert_eq!(gate.most_open(), limit);
        // Each place that gets free is taken again.
        for _ in 0..2 * limit {
            gate.let_go(1);
            assert!(gate.next().await.starts_with("many-"));
        }
        gate.let_go(limit);
        for ended in calls.join_all().await {
            assert_eq!(ended.unwrap().receipt().attempts(), 1);
        }
        assert_eq!(gate.most_open(), limit);
    }
}

/// Without a limit that is in the way, all are open at once: the gate counts what it should.
#[tokio::test]
async fn a_limit_that_is_not_reached_stops_nobody() {
    let mut gate = Gate::start().await;
    let client = client_of(&gate.origin).max_concurrent_tries(9).build().unwrap();
    let calls = send_many(&client, 9);
    for _ in 0..9 {
        gate.next().await;
    }
    assert_eq!(gate.most_open(), 9);
    gate.let_go(9);
    for ended in calls.join_all().await {
        ended.unwrap();
    }
}

#[tokio::test]
async fn the_default_limits_are_32_for_keyfactor_and_5_for_appviewx() {
    let mut gate = Gate::start().await;
    let calls = send_many(&client_of(&gate.origin).build().unwrap(), 40);
    for _ in 0..32 {
        gate.next().await;
    }
    remove(&client_of(&gate.origin).build().unwrap(), PROBE).await.unwrap();
    gate.let_go(40);
    for ended in calls.join_all().await {
        ended.unwrap();
    }
    assert_eq!(gate.most_open(), 32);

    let mut gate = Gate::answering(|_| reply(200, "connection: close\r\n", r#"{"response":{}}"#)).await;
    let builder =
        || appviewx::Client::builder(&gate.origin).credentials(appviewx::Credentials::session_id("a-session"));
    let (client, other) = (builder().build().unwrap(), builder().build().unwrap());
    let calls: JoinSet<_> =
        (0..8).map(|number| client.certificate_groups().unassign([format!("id-{number}")]).send()).collect();
    for _ in 0..5 {
        gate.next().await;
    }
    other.certificate_groups().unassign([PROBE]).send().await.unwrap();
    gate.let_go(8);
    for ended in calls.join_all().await {
        ended.unwrap();
    }
    assert_eq!(gate.most_open(), 5);
}

/// A pause of an hour would hold the only place for as long.
#[tokio::test]
async fn a_call_that_pauses_holds_no_place() {
    let mut gate = Gate::answering(|request| {
        if name_in(request) == "refused" {
            reply(429, "retry-after: 3600\r\nconnection: close\r\n", "")
        } else {
            reply(200, "connection: close\r\n", &format!(r#"["{JOB}"]"#))
        }
    })
    .await;
    gate.let_go(2);
    let client = client_of(&gate.origin).max_concurrent_tries(1).change_timeout(Duration::from_secs(7200));
    let client = client.build().unwrap();
    let pausing = tokio::spawn({
        let client = client.clone();
        async move { remove(&client, "refused").await }
    });
    assert_eq!(gate.next().await, "refused");
    let outcome = remove(&client, "other").await.unwrap();
    assert_eq!(outcome.receipt().attempts(), 1);
    assert_eq!(gate.next().await, "other");
    assert!(!pausing.is_finished(), "it pauses for an hour");
    pausing.abort();
}

/// The pause ends, and the call goes on where it was.
#[tokio::test]
async fn a_call_that_has_paused_takes_a_place_again() {
    let refusals = AtomicUsize::new(0);
    let mut gate = Gate::answering(move |_| {
        if refusals.fetch_add(1, Ordering::SeqCst) == 0 {
            reply(429, "retry-after: 1\r\nconnection: close\r\n", "")
        } else {
            reply(200, "connection: close\r\n", &format!(r#"["{JOB}"]"#))
        }
    })
    .await;
    gate.let_go(2);
    let client = client_of(&gate.origin).max_concurrent_tries(1).build().unwrap();
    let outcome = remove(&client, "refused once").await.unwrap();
    assert_eq!(outcome.receipt().attempts(), 2);
    assert_eq!((gate.next().await, gate.next().await), ("refused once".to_owned(), "refused once".to_owned()));
    assert_eq!(gate.most_open(), 1);
}

/// Nor does a call that waits for a new credential.
#[tokio::test]
async fn a_call_that_renews_its_credential_holds_no_place() {
    let mut gate = Gate::answering(|request| {
        if name_in(request) == "refused" && request.header("authorization") == Some("Bearer token-1") {
            reply(401, "connection: close\r\n", "")
        } else {
            reply(200, "connection: close\r\n", &format!(r#"["{JOB}"]"#))
        }
    })
    .await;
    gate.let_go(3);
    let (fetches, renewing, go_on) = (AtomicUsize::new(0), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let credentials = Credentials::bearer_from({
        let (renewing, go_on) = (Arc::clone(&renewing), Arc::clone(&go_on));
        move || {
            let number = fetches.fetch_add(1, Ordering::SeqCst) + 1;
            let (renewing, go_on) = (Arc::clone(&renewing), Arc::clone(&go_on));
            async move {
                if number > 1 {
                    renewing.notify_one();
                    go_on.notified().await;
                }
                Ok::<_, std::io::Error>(SecretString::from(format!("token-{number}")))
            }
        }
    });
    let client = client_of(&gate.origin).credentials(credentials).max_concurrent_tries(1).build().unwrap();
    let refused = tokio::spawn({
        let client = client.clone();
        async move { remove(&client, "refused").await }
    });
    assert_eq!(gate.next().await, "refused");
    renewing.notified().await;
    remove(&client, "other").await.unwrap();
    assert_eq!(gate.next().await, "other");
    go_on.notify_one();
    assert_eq!(refused.await.unwrap().unwrap().receipt().attempts(), 2);
    assert_eq!(gate.next().await, "refused");
}

#[tokio::test]
async fn a_call_that_is_dropped_gives_its_place_back() {
    let mut gate = Gate::start().await;
    let client = client_of(&gate.origin).max_concurrent_tries(1).build().unwrap();
    let dropped = tokio::spawn({
        let client = client.clone();
        async move { remove(&client, "dropped").await }
    });
    assert_eq!(gate.next().await, "dropped");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { remove(&client, "waiting").await }
    });
    dropped.abort();
    assert_eq!(gate.next().await, "waiting");
    gate.let_go(2);
    waiting.await.unwrap().unwrap();
}

/// One after the other, each call is open for a third of its limit: the last one waits for longer than its limit before
/// its turn comes, and has all of it left then.
#[tokio::test]
async fn waiting_for_a_place_does_not_use_the_time_of_a_call() {
    let limit = Duration::from_millis(1800);
    let order = Arc::new(Mutex::new(Vec::new()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn({
        let order = Arc::clone(&order);
        async move {
            for _ in 0..6 {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await.unwrap();
                order.lock().unwrap().push(name_in(&request));
                tokio::time::sleep(limit / 3).await;
                let answer = reply(200, "connection: close\r\n", &format!(r#"["{JOB}"]"#));
                stream.write_all(&answer).await.unwrap();
            }
        }
    });
    let client =
        client_of(&origin).max_concurrent_tries(1).change_timeout(limit).connect_timeout(limit / 2).build().unwrap();
    for ended in send_many(&client, 6).join_all().await {
        let outcome = ended.unwrap_or_else(|error| panic!("{}", texts(&error)));
        assert_eq!(outcome.receipt().attempts(), 1);
    }
    server.await.unwrap();
    // The last one of them has waited for five thirds of its limit.
    assert_eq!(order.lock().unwrap().len(), 6);
}

// Limits that are none.

fn configuration(built: Result<Client, Error>) -> ConfigurationError {
    match built {
        Err(Error::Configuration(error)) => *error,
        other => panic!("it must be refused: {other:?}"),
    }
}

#[test]
fn a_limit_of_zero_is_refused_by_name() {
    let zero = Duration::ZERO;
    let settings: [(&str, &dyn Fn(ClientBuilder) -> ClientBuilder); 8] = [
        ("connect_timeout", &|it| it.connect_timeout(zero)),
        ("read_timeout", &|it| it.read_timeout(zero)),
        ("read_budget", &|it| it.read_budget(zero)),
        ("change_timeout", &|it| it.change_timeout(zero)),
        ("between_bytes_timeout", &|it| it.between_bytes_timeout(zero)),
        ("max_answer_bytes", &|it| it.max_answer_bytes(0)),
        ("max_concurrent_tries", &|it| it.max_concurrent_tries(0)),
        ("max_locations_per_call", &|it| it.max_locations_per_call(0)),
    ];
    for (setting, set) in settings {
        let error = configuration(set(client_of("http://127.0.0.1:1")).build());
        assert_eq!(error.setting(), setting);
        assert!(!error.problem().is_empty());
    }
    let settings: [(&str, &dyn Fn(appviewx::ClientBuilder) -> appviewx::ClientBuilder); 4] = [
        ("change_timeout", &|it| it.change_timeout(zero)),
        ("max_answer_bytes", &|it| it.max_answer_bytes(0)),
        ("max_concurrent_tries", &|it| it.max_concurrent_tries(0)),
        ("max_ids_per_call", &|it| it.max_ids_per_call(0)),
    ];
    for (setting, set) in settings {
        let credentials = appviewx::Credentials::session_id("a-session");
        let built = set(appviewx::Client::builder("http://127.0.0.1:1").credentials(credentials)).build();
        let Err(appviewx::Error::Configuration(error)) = built else { panic!("{setting}: {built:?}") };
        assert_eq!(error.setting(), setting);
    }
}

#[test]
fn a_limit_that_cannot_be_counted_is_refused_by_name() {
    for tries in [usize::MAX, Semaphore::MAX_PERMITS + 1] {
        let error = configuration(client_of("http://127.0.0.1:1").max_concurrent_tries(tries).build());
        assert_eq!(error.setting(), "max_concurrent_tries");
    }
    client_of("http://127.0.0.1:1").max_concurrent_tries(Semaphore::MAX_PERMITS).build().unwrap();
}

/// Else the limit of a try could pass while it still connects, and nobody could tell whether anything was sent.
#[test]
fn connecting_must_have_less_time_than_the_call() {
    let (short, long) = (Duration::from_secs(5), Duration::from_secs(5) + Duration::from_nanos(1));
    let settings: [&dyn Fn(ClientBuilder, Duration) -> ClientBuilder; 3] =
        [&|it, limit| it.read_timeout(limit), &|it, limit| it.read_budget(limit), &|it, limit| {
            it.change_timeout(limit)
        }];
    for set in settings {
        let builder = || client_of("http://127.0.0.1:1").connect_timeout(short);
        assert_eq!(configuration(set(builder(), short).build()).setting(), "connect_timeout");
        set(builder(), long).build().unwrap();
    }
}

/// Whoever wants no limit says the largest.
#[tokio::test]
async fn the_largest_limits_are_taken() {
    let server = RawServer::start(reply(200, "", &format!(r#"["{JOB}"]"#))).await;
    let client = client_of(&server.origin)
        .connect_timeout(Duration::from_secs(u64::MAX))
        .read_timeout(Duration::MAX)
        .read_budget(Duration::MAX)
        .change_timeout(Duration::MAX)
        .between_bytes_timeout(Duration::MAX)
        .max_answer_bytes(usize::MAX)
        .max_locations_per_call(usize::MAX)
        .retry_policy(RetryPolicy::DEFAULT.max_tries(u32::MAX).pauses(Duration::MAX, Duration::MAX))
        .build()
        .unwrap();
    for _ in 0..2 {
        assert_eq!(remove(&client, "web01.pfx").await.unwrap().receipt().attempts(), 1);
    }
}

/// Answers every request, keeps every connection, and counts them.
async fn patient_server() -> (String, Arc<AtomicUsize>, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&accepted);
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                while read_request(&mut stream).await.is_some() {
                    stream.write_all(&reply(200, "", &format!(r#"["{JOB}"]"#))).await.unwrap();
                }
            });
        }
    });
    (origin, accepted, server)
}

/// Nor does the longest idle time break anything, unless it is refused by name. A panic in a task of the pool reaches
/// no test; hence a process of its own, whose words are read.
#[tokio::test]
async fn no_idle_time_is_so_long_that_something_panics() {
    if is_the_child() {
        let (origin, _, server) = patient_server().await;
        match client_of(&origin).idle_timeout(Duration::MAX).build() {
            Err(Error::Configuration(error)) => assert_eq!(error.setting(), "idle_timeout"),
            Err(error) => panic!("{error:?}"),
            Ok(client) => {
                for _ in 0..3 {
                    assert_eq!(remove(&client, "web01.pfx").await.unwrap().receipt().attempts(), 1);
                }
            }
        }
        return server.abort();
    }
    let printed = in_a_process_of_its_own("limits::no_idle_time_is_so_long_that_something_panics", &[]).await;
    assert!(!printed.contains("panicked"), "{printed}");
}

/// An idle time of zero keeps no connection; it does not mean "for ever". Nor does a long one.
#[tokio::test]
async fn whatever_the_idle_time_each_call_has_a_connection_of_its_own() {
    for (idle, connections) in [(Duration::ZERO, 3), (Duration::from_secs(3600), 3)] {
        let (origin, accepted, server) = patient_server().await;
        let client = client_of(&origin).idle_timeout(idle).build().unwrap();
        for _ in 0..3 {
            assert_eq!(remove(&client, "web01.pfx").await.unwrap().receipt().attempts(), 1);
        }
        assert_eq!(accepted.load(Ordering::SeqCst), connections, "{idle:?}");
        server.abort();
    }
}
