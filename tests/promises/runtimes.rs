//! Runtimes: a call without one that can carry it is an error and no panic, and a client may be used from several.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use crate::support::fault_table::End;
use crate::support::operations::{Operation, Site};
use crate::support::{read_request, reply};
use clm::keyfactor::{CertificateLocation, JobId, Query, Schedule};
use clm::{appviewx, keyfactor};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

/// Where a call is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    OutsideOfEveryRuntime,
    WithoutTimers,
    WithoutIo,
    /// `Handle::block_on` goes on to run there.
    AfterAShutdown,
}

const PLACES: [Place; 4] =
    [Place::OutsideOfEveryRuntime, Place::WithoutTimers, Place::WithoutIo, Place::AfterAShutdown];

impl Place {
    fn run<T>(self, future: impl Future<Output = T>) -> T {
        match self {
            Self::OutsideOfEveryRuntime => block_on(future),
            Self::WithoutTimers => Builder::new_current_thread().enable_io().build().unwrap().block_on(future),
            Self::WithoutIo => Builder::new_current_thread().enable_time().build().unwrap().block_on(future),
            Self::AfterAShutdown => {
                let runtime = runtime_of_threads();
                let handle = runtime.handle().clone();
                runtime.shutdown_timeout(Duration::from_secs(60));
                handle.block_on(future)
            }
        }
    }

    fn problem(self) -> &'static str {
        match self {
            Self::OutsideOfEveryRuntime => "called outside of a tokio runtime",
            Self::WithoutTimers => "the tokio runtime has no timers: it was built without `enable_time`",
            Self::WithoutIo => "the tokio runtime has no I/O: it was built without `enable_io`",
            Self::AfterAShutdown => "the tokio runtime was shut down",
        }
    }

    /// The error says that nothing was sent, and why.
    fn assert_named(self, error: &(dyn std::error::Error + 'static), attempts: Option<u32>) {
        let cause = error.source().unwrap_or_else(|| panic!("{self:?}: no cause: {error}")).to_string();
        assert_eq!((cause.as_str(), attempts), (self.problem(), Some(0)), "{self:?}: {error}");
        assert!(error.to_string().contains("nothing was sent"), "{self:?}: {error}");
    }

    fn assert_keyfactor(self, error: &keyfactor::Error) {
        assert!(matches!(error, keyfactor::Error::Transport(_)), "{self:?}: {error:?}");
        self.assert_named(error, error.attempts());
    }

    fn assert_appviewx(self, error: &appviewx::Error) {
        assert!(matches!(error, appviewx::Error::Transport(_)), "{self:?}: {error:?}");
        self.assert_named(error, error.attempts());
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// An executor that is not tokio's.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(ended) => return ended,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// Nothing listens there, and nothing is to be asked.
const NOBODY: &str = "http://127.0.0.1:1";
const STORE: Uuid = Uuid::from_u128(0x5707);
const JOB: Uuid = Uuid::from_u128(0x10b);

fn keyfactor_client(origin: &str) -> keyfactor::Client {
    let credentials = keyfactor::Credentials::basic("user", "password");
    keyfactor::Client::builder(origin).credentials(credentials).build().unwrap()
}

fn appviewx_client(credentials: appviewx::Credentials) -> appviewx::Client {
    appviewx::Client::builder(NOBODY).credentials(credentials).build().unwrap()
}

#[test]
fn every_operation_without_a_fit_runtime_is_an_error() {
    for place in PLACES {
        for (operation, row) in Operation::all() {
            let ended = place.run((row.send)(&Site::new(NOBODY)));
            assert_eq!((ended.end, ended.attempts), (End::Transport, Some(0)), "{place:?}: {operation:?}");
        }
    }
}

#[test]
fn a_login_without_a_fit_runtime_is_an_error() {
    for place in PLACES {
        let client = appviewx_client(appviewx::Credentials::login("user", "password"));
        let error = place.run(client.certificate_groups().unassign(["id-1"]).send()).unwrap_err();
        place.assert_appviewx(&error);
    }
}

#[test]
fn a_look_up_and_what_waits_without_a_fit_runtime_are_errors() {
    for place in PLACES {
        let client = keyfactor_client(NOBODY);
        let stores = client.certificate_stores();
        let expected = CertificateLocation::new(STORE, "web01.pfx").expecting_thumbprint("0".repeat(40));
        let removal = stores.remove_certificates([expected.clone()], Schedule::Immediate).send();
        place.assert_keyfactor(&place.run(removal).unwrap_err());

        let located = client.certificates().locations_of("0".repeat(40)).send();
        place.assert_keyfactor(&place.run(located).unwrap_err());

        let seen = client.orchestrator_jobs().for_location(&expected).send();
        place.assert_keyfactor(&place.run(seen).unwrap_err());

        place.assert_keyfactor(&place.run(stores.restore_inventory_schedules(&[]).send()).unwrap_err());

        place.assert_keyfactor(&place.run(stores.confirm_removed([expected]).send()).unwrap_err());

        let report = place.run(client.orchestrator_jobs().watch([JobId::from(JOB)]).finish());
        let report = report.unwrap();
        place.assert_keyfactor(report.stopped_by().expect("it was stopped"));
    }
}

#[test]
fn a_batch_without_a_fit_runtime_ends_with_what_it_did_not_send() {
    for place in PLACES {
        let client = keyfactor_client(NOBODY);
        let locations = ["a", "b", "c"].map(|alias| CertificateLocation::new(STORE, alias));
        let removal = client.certificate_stores().remove_certificates(locations, Schedule::Immediate);
        let batch = removal.one_job_per_location().on_failure(clm::OnFailure::Continue).concurrency(2);
        let outcome = place.run(batch.send()).unwrap();
        assert_eq!((outcome.items().len(), outcome.calls()), (3, 0), "{place:?}: {outcome:?}");
        place.assert_keyfactor(outcome.ended_by().expect("the first failure"));
        for item in outcome.items() {
            assert!(!item.state.is_possibly_done(), "{place:?}: {item:?}");
            place.assert_keyfactor(item.state.error().expect("an error"));
        }

        let client = appviewx_client(appviewx::Credentials::session_id("session"));
        let moved = client.certificate_groups().unassign(["id-1", "id-2"]).in_calls().ids_per_call(1);
        let outcome = place.run(moved.send()).unwrap();
        assert_eq!((outcome.items().len(), outcome.calls()), (2, 0), "{place:?}: {outcome:?}");
        place.assert_appviewx(outcome.ended_by().expect("the first failure"));
    }
}

/// A server on a thread of its own that keeps every connection, and notes over which each request came.
struct Server {
    origin: String,
    connections: Arc<Mutex<Vec<usize>>>,
}

impl Server {
    /// It ends with the process.
    fn start() -> Self {
        let connections = Arc::new(Mutex::new(Vec::new()));
        let (address, given) = mpsc::channel();
        let log = Arc::clone(&connections);
        std::thread::spawn(move || {
            runtime().block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                address.send(listener.local_addr().unwrap()).unwrap();
                for number in 0.. {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    let log = Arc::clone(&log);
                    tokio::spawn(async move {
                        while let Some(request) = read_request(&mut stream).await {
                            log.lock().unwrap().push(number);
                            let change = request.request_line.contains("/Remove");
                            let body = if change { format!("[\"{JOB}\"]") } else { "[]".to_owned() };
                            let answer = reply(200, "content-type: application/json\r\n", &body);
                            if stream.write_all(&answer).await.is_err() {
                                return;
                            }
                        }
                    });
                }
            });
        });
        Self { origin: format!("http://{}", given.recv().unwrap()), connections }
    }

    /// The connection of each request so far.
    fn connections(&self) -> Vec<usize> {
        self.connections.lock().unwrap().clone()
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn runtime_of_threads() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

async fn search(client: &keyfactor::Client) {
    let rows = client.certificates().search(Query::all()).rows().unwrap().collect().await;
    assert_eq!(rows.unwrap().len(), 0);
}

async fn remove(client: &keyfactor::Client) {
    let location = CertificateLocation::new(STORE, "web01.pfx");
    let removal = client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await;
    assert_eq!(removal.unwrap().job_ids(), [JobId::from(JOB)]);
}

#[test]
fn a_client_is_used_by_turns_from_two_runtimes() {
    let server = Server::start();
    let client = keyfactor_client(&server.origin);
    let (first, second) = (runtime(), runtime());
    for _ in 0..3 {
        first.block_on(search(&client));
        // What the first one drives stands still meanwhile.
        second.block_on(search(&client));
        second.block_on(remove(&client));
    }
    let connections = server.connections();
    let of_first: Vec<usize> = connections.iter().step_by(3).copied().collect();
    assert_eq!(of_first, [of_first[0]; 3], "the first runtime shares its connections: {connections:?}");
    let others = connections.iter().filter(|number| **number != of_first[0]);
    let mut others: Vec<usize> = others.copied().collect();
    others.dedup();
    assert_eq!(others.len(), 6, "each call of the second one has its own: {connections:?}");
}

#[test]
fn a_client_outlives_the_runtime_of_its_shared_connections() {
    let server = Server::start();
    let client = keyfactor_client(&server.origin);
    runtime().block_on(async { tokio::join!(search(&client), search(&client)) });
    for _ in 0..3 {
        runtime().block_on(async {
            search(&client).await;
            remove(&client).await;
        });
    }
    assert_eq!(server.connections().len(), 8);
}

#[test]
fn a_runtime_that_is_blocked_holds_no_call_of_another() {
    let server = Server::start();
    let client = keyfactor_client(&server.origin);
    let (is_blocked, until_blocked) = mpsc::channel();
    let go_on = mpsc::channel::<()>();
    let of_thread = client.clone();
    let thread = std::thread::spawn(move || {
        runtime().block_on(async {
            search(&of_thread).await;
            is_blocked.send(()).unwrap();
            // Whoever drives the connections that this runtime shares is asleep.
            go_on.1.recv_timeout(Duration::from_secs(60)).unwrap();
            search(&of_thread).await;
        });
    });
    until_blocked.recv_timeout(Duration::from_secs(60)).unwrap();
    runtime().block_on(async {
        search(&client).await;
        remove(&client).await;
    });
    go_on.0.send(()).unwrap();
    thread.join().unwrap();
    assert_eq!(server.connections(), [0, 1, 2, 0]);
}

#[test]
fn a_runtime_that_is_shut_down_after_a_call_is_an_error() {
    for runtime in [runtime(), runtime_of_threads()] {
        let server = Server::start();
        let client = keyfactor_client(&server.origin);
        let handle = runtime.handle().clone();
        runtime.block_on(search(&client));
        runtime.shutdown_timeout(Duration::from_secs(60));
        for turn in 1..3 {
            let location = CertificateLocation::new(STORE, "web01.pfx");
            let removal = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
            Place::AfterAShutdown.assert_keyfactor(&handle.block_on(removal.send()).unwrap_err());
            assert_eq!(server.connections().len(), 1, "turn {turn}");
        }
    }
}
