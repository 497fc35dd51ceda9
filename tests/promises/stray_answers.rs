//! A server that leaves an answer nobody asked for on the connection of the call before: no change and no read that decides
//! something takes it for its own answer.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::{Received, read_request, reply};
use clm::keyfactor::{CertificateLocation, JobId, Query, Schedule};
use clm::{RetryPolicy, appviewx, keyfactor};
use secrecy::SecretString;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Rounds of one run. Each is some shared reads, a read that decides, and a change.
const ROUNDS: usize = 6;
/// Tasks at once, where there are several.
const TASKS: usize = 4;

/// What nobody asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stray {
    /// The answer to another change, with ids that belong to that.
    AnotherAnswer,
    EmptyList,
    /// A gateway that answers an idle connection, or one that limits it.
    Status(u16),
    HalfHead,
}

const STRAYS: [Stray; 8] = [
    Stray::AnotherAnswer,
    Stray::EmptyList,
    Stray::Status(400),
    Stray::Status(401),
    Stray::Status(408),
    Stray::Status(429),
    Stray::Status(500),
    Stray::HalfHead,
];

const JSON: &str = "content-type: application/json\r\n";

impl Stray {
    /// `another` is what a change answers.
    fn bytes(self, another: &str) -> Vec<u8> {
        match self {
            Self::AnotherAnswer => reply(200, JSON, another),
            Self::EmptyList => reply(200, JSON, "[]"),
            Self::Status(status) => {
                let headers = "content-type: application/json\r\nretry-after: 0\r\n";
                reply(status, headers, r#"{"Message": "no request was read in time"}"#)
            }
            Self::HalfHead => b"HTTP/1.1 200 -\r\ncontent-len".to_vec(),
        }
    }
}

/// One run of the matrix.
#[derive(Clone, Copy)]
struct Case {
    stray: Stray,
    /// How long after its own answer the server writes the other one.
    after: Duration,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} after {:?}", self.stray, self.after)
    }
}

fn cases() -> impl Iterator<Item = Case> {
    let after = [Duration::ZERO, Duration::from_millis(1)];
    STRAYS.into_iter().flat_map(move |stray| after.map(|after| Case { stray, after }))
}

/// What a server makes of a request.
enum Asked {
    /// A change of what is named so.
    Change(String, Vec<u8>),
    Read(Vec<u8>),
}

/// A server on a thread of its own that answers what it is asked, and then writes the stray answer.
struct Server {
    origin: String,
    acted_on: Arc<Mutex<BTreeMap<String, usize>>>,
    /// One message for each stray answer that has left, or found the connection closed.
    strays: Mutex<Receiver<()>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(case: Case, another: &str, own: impl Fn(&Received) -> Asked + Send + Sync + 'static) -> Self {
        let acted_on = Arc::new(Mutex::new(BTreeMap::new()));
        let (left, strays) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let (address, given) = mpsc::channel();
        let shared = Arc::new((Arc::clone(&acted_on), left, case.stray.bytes(another), own));
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
                                let answer = match own(&request) {
                                    Asked::Read(answer) => answer,
                                    Asked::Change(name, answer) => {
                                        *acted_on.lock().unwrap().entry(name).or_default() += 1;
                                        answer
                                    }
                                };
                                let ended = answer_twice(&mut stream, &answer, stray, case.after).await;
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
        Self { origin, acted_on, strays: Mutex::new(strays), stop: Some(stop), thread: Some(thread) }
    }

    /// Blocks this thread until the stray answer has left: the client cannot notice it meanwhile.
    fn block_until_it_has_left(&self) {
        let strays = self.strays.lock().unwrap();
        strays.recv_timeout(Duration::from_secs(20)).expect("the stray answer leaves");
        // A shared read may have been tried again.
        while strays.try_recv().is_ok() {}
    }

    /// Each of so many changes once.
    fn assert_acted_once(&self, changes: usize, case: Case) {
        let acted_on = self.acted_on.lock().unwrap();
        assert_eq!(acted_on.len(), changes, "{case}: {acted_on:?}");
        assert!(acted_on.values().all(|times| *times == 1), "{case}: {acted_on:?}");
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

async fn answer_twice(stream: &mut TcpStream, answer: &[u8], stray: &[u8], after: Duration) -> std::io::Result<()> {
    if after.is_zero() {
        return stream.write_all(&[answer, stray].concat()).await;
    }
    stream.write_all(answer).await?;
    // It is the fault itself, not a wait for something.
    tokio::time::sleep(after).await;
    stream.write_all(stray).await
}

/// A vendor's client, and a round of its calls.
trait Vendor: Clone + Send + Sync + 'static {
    fn start(case: Case) -> (Server, Self);
    /// Reads over shared connections. How they end does not matter.
    async fn shared_reads(&self);
    /// A read whose answer decides something must be the right one.
    async fn deciding_read(&self, case: Case);
    /// Must succeed with its own answer.
    async fn change(&self, number: usize, case: Case);
}

/// Little patience where nothing is asserted.
fn limits<S>(builder: clm::ClientBuilder<S>) -> clm::ClientBuilder<S> {
    let policy = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
    builder.retry_policy(policy).connect_timeout(Duration::from_secs(5)).read_timeout(Duration::from_secs(20))
}

#[derive(Clone)]
struct Keyfactor(keyfactor::Client);

fn job(number: usize) -> JobId {
    Uuid::from_u128(0x10b0_0000_0000_4000_8000_0000_0000_0000 + number as u128).into()
}

const STORE: Uuid = Uuid::from_u128(0x5707);

impl Vendor for Keyfactor {
    fn start(case: Case) -> (Server, Self) {
        let another = json!([job(99_999)]).to_string();
        let server = Server::start(case, &another, |request| {
            let line = &request.request_line;
            if line.contains("/Remove ") {
                let alias = request.json()["CertificateStores"][0]["Alias"].as_str().unwrap().to_owned();
                let answer = json!([job(alias.parse().unwrap())]).to_string();
                return Asked::Change(alias, reply(200, JSON, &answer));
            }
            let first = line.contains("PageReturned=1&");
            let rows = if first && line.contains("/Inventory") { json!([{"Name": "web01.pfx"}]) } else { json!([]) };
            Asked::Read(reply(200, JSON, &rows.to_string()))
        });
        // A credential that can be renewed, so that a stray 401 would have the change sent again.
        let credentials =
            keyfactor::Credentials::bearer_from(|| async { Ok::<_, String>(SecretString::from("token")) });
        let builder = limits(keyfactor::Client::builder(&server.origin));
        (server, Self(builder.credentials(credentials).build().unwrap()))
    }

    async fn shared_reads(&self) {
        drop(self.0.certificates().search(Query::all()).rows().unwrap().collect().await);
        drop(self.0.orchestrator_jobs().history(Query::all()).rows().unwrap().collect().await);
        drop(self.0.orchestrator_jobs().scheduled(Query::all()).rows().unwrap().collect().await);
    }

    async fn deciding_read(&self, case: Case) {
        let entries = self.0.certificate_stores().inventory(STORE).rows().unwrap().collect().await;
        let entries = entries.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        let aliases: Vec<&str> = entries.iter().map(|entry| entry.alias.as_str()).collect();
        assert_eq!(aliases, ["web01.pfx"], "{case}");
    }

    async fn change(&self, number: usize, case: Case) {
        let location = CertificateLocation::new(STORE, number.to_string());
        let removal = self.0.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await;
        let removal = removal.unwrap_or_else(|error| panic!("{case}, removal {number}: {error:?}"));
        assert_eq!(removal.job_ids(), [job(number)], "{case}: another call's answer");
        assert_eq!(removal.receipt().attempts(), 1, "{case}");
    }
}

#[derive(Clone)]
struct AppViewX(appviewx::Client);

fn moved(id: &str) -> String {
    json!({"response": {"Successful Ids": [id]}, "appStatusCode": null}).to_string()
}

impl Vendor for AppViewX {
    fn start(case: Case) -> (Server, Self) {
        let server = Server::start(case, &moved("id-of-another-call"), |request| {
            let line = &request.request_line;
            if line.contains("/unassign") {
                let id = request.json()["resourceIds"][0].as_str().unwrap().to_owned();
                let answer = reply(200, JSON, &moved(&id));
                return Asked::Change(id, answer);
            }
            let found = json!({"response": {"response": {"objects": [], "totalRecords": 0}}});
            let answer = match line.as_str() {
                line if line.contains("/certificate/search") => found,
                line if line.contains("/certificate/group") => json!({"response": {"name": "web"}}),
                line => panic!("{line}"),
            };
            Asked::Read(reply(200, JSON, &answer.to_string()))
        });
        let builder = limits(appviewx::Client::builder(&server.origin));
        let client = builder.credentials(appviewx::Credentials::session_id("session")).build().unwrap();
        (server, Self(client))
    }

    async fn shared_reads(&self) {
        for _ in 0..3 {
            drop(self.0.certificates().search().free_text("web").rows().unwrap().collect().await);
        }
    }

    async fn deciding_read(&self, case: Case) {
        let group = self.0.certificate_groups().view("web").send().await;
        let group = group.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert_eq!(group.name.as_deref(), Some("web"), "{case}");
    }

    async fn change(&self, number: usize, case: Case) {
        let id = format!("id-{number}");
        let outcome = self.0.certificate_groups().unassign([&id]).send().await;
        let outcome = outcome.unwrap_or_else(|error| panic!("{case}, unassignment {number}: {error:?}"));
        assert_eq!(outcome.successful_ids(), [id], "{case}: another call's answer");
        assert!(outcome.is_complete(), "{case}: {outcome:?}");
        assert_eq!(outcome.receipt().attempts(), 1, "{case}");
    }
}

/// One after the other; each call begins when the stray answer of the one before has left, and the runtime stood still.
async fn in_turn<V: Vendor>() {
    for case in cases() {
        let (server, client) = V::start(case);
        for number in 1..=ROUNDS {
            client.shared_reads().await;
            server.block_until_it_has_left();
            client.change(2 * number, case).await;
            server.block_until_it_has_left();
            client.change(2 * number + 1, case).await;
            server.block_until_it_has_left();
            client.deciding_read(case).await;
            server.block_until_it_has_left();
        }
        server.assert_acted_once(2 * ROUNDS, case);
    }
}

/// Several tasks on several threads, as fast as they can.
async fn at_once<V: Vendor>(round: impl AsyncRound<V>) {
    for case in cases() {
        let (server, client) = V::start(case);
        let tasks = (0..TASKS).map(|task| round.start(client.clone(), task, case));
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        server.assert_acted_once(2 * ROUNDS * TASKS, case);
    }
}

/// Spawns the rounds of one task. Only for a vendor that is known can the compiler see that they are `Send`.
trait AsyncRound<V> {
    fn start(&self, client: V, task: usize, case: Case) -> tokio::task::JoinHandle<()>;
}

macro_rules! rounds {
    ($vendor:ident) => {
        impl AsyncRound<$vendor> for () {
            fn start(&self, client: $vendor, task: usize, case: Case) -> tokio::task::JoinHandle<()> {
                tokio::spawn(async move {
                    for round in 0..ROUNDS {
                        let number = 1 + 2 * (task * ROUNDS + round);
                        client.shared_reads().await;
                        client.change(number, case).await;
                        client.change(number + 1, case).await;
                        client.deciding_read(case).await;
                    }
                })
            }
        }
    };
}

rounds!(Keyfactor);
rounds!(AppViewX);

#[tokio::test(flavor = "current_thread")]
async fn no_stray_answer_is_taken_for_that_of_a_removal_or_an_inventory_on_one_thread() {
    in_turn::<Keyfactor>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_stray_answer_is_taken_for_that_of_a_removal_or_an_inventory_on_several_threads() {
    in_turn::<Keyfactor>().await;
    at_once::<Keyfactor>(()).await;
}

#[tokio::test(flavor = "current_thread")]
async fn no_stray_answer_is_taken_for_that_of_an_unassignment_or_a_group_on_one_thread() {
    in_turn::<AppViewX>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_stray_answer_is_taken_for_that_of_an_unassignment_or_a_group_on_several_threads() {
    in_turn::<AppViewX>().await;
    at_once::<AppViewX>(()).await;
}
