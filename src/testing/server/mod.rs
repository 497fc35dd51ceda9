//! What both fakes stand on: a loopback server, and a bounded log of what it was asked.
//!
//! The server runs in a thread of its own, with a runtime of its own: it goes on when the runtime that started it ends, and
//! serves programs that have none.

mod call;
mod connection;
mod faults;
mod listening;
mod log;
mod reply;
mod wire;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

pub use self::call::FakeCall;
pub(super) use self::call::{Effect, KnownCall, sealed};
use self::faults::Fault;
pub(super) use self::faults::Faults;
pub use self::faults::{FakeAnswer, FakeFault, FakeFaultKind};
use self::listening::Order;
use self::log::Log;
pub use self::log::RecordedRequest;
pub(super) use self::reply::Reply;
use crate::error_report::counted;

/// The behaviour of a fake.
pub(super) trait Service: Send + Sync + 'static {
    /// Which call a request is; `None` if the fake does not know it.
    fn call(&self, request: &RecordedRequest) -> Option<KnownCall>;

    /// Carries a request out.
    fn answer(&self, request: &RecordedRequest) -> Reply;

    /// What the server answers with this status, where nothing more is known of the cause.
    fn refusal(&self, status: u16) -> Reply;

    /// The success of a change that nobody asked for.
    fn stray(&self) -> Reply;
}

/// A running fake. It stops when it is dropped: then nothing listens any more, and its connections are closed.
pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// `None` once the server is told to stop.
    orders: Option<mpsc::UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
    /// The fake's state at the last mark.
    marked: Mutex<Option<Value>>,
}

/// What the server's thread works with.
struct Shared {
    service: Arc<dyn Service>,
    log: Mutex<Log>,
    faults: Arc<Faults>,
}

impl Server {
    /// Listens on this port of 127.0.0.1; 0 stands for any free one.
    pub(super) fn start(service: Arc<dyn Service>, port: u16) -> Self {
        Self::start_with(service, port, Arc::default())
    }

    /// The same with the faults of another server.
    #[expect(clippy::panic, reason = "a helper of tests: there is nothing to go on with")]
    pub(super) fn start_with(service: Arc<dyn Service>, port: u16, faults: Arc<Faults>) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
        let started = listener.and_then(|listener| {
            let address = listener.local_addr()?;
            let shared = Arc::new(Shared { service, log: Mutex::default(), faults });
            let (orders, received) = mpsc::unbounded_channel();
            let thread = listening::spawn(listener, received, Arc::clone(&shared))?;
            Ok(Self { address, shared, orders: Some(orders), thread: Some(thread), marked: Mutex::default() })
        });
        started.unwrap_or_else(|error| panic!("the fake cannot listen on 127.0.0.1:{port}: {error}"))
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        locked(&self.shared.log).iter().cloned().collect()
    }

    /// From here on, what is asked counts for assertions.
    pub(super) fn mark(&self, state: Value) {
        locked(&self.shared.log).mark();
        *locked(&self.marked) = Some(state);
    }

    /// The state at the last mark, if there is one.
    pub(super) fn marked_state(&self) -> Option<Value> {
        locked(&self.marked).clone()
    }

    pub(super) fn requests_since_mark(&self) -> Vec<RecordedRequest> {
        locked(&self.shared.log).since_mark().cloned().collect()
    }

    /// Panics if requests since the mark are forgotten: what they were cannot be said.
    #[track_caller]
    pub(super) fn assert_none_forgotten(&self) {
        let forgotten = locked(&self.shared.log).forgotten_since_mark();
        assert!(
            forgotten == 0,
            "the fake no longer has the first {} since the mark or the start, so this cannot be checked: it keeps the last 10,000 \
             requests and 64 MiB of bodies; call `mark()` later, or assert earlier",
            counted(forgotten, "request")
        );
    }

    pub(super) fn unknown_requests(&self) -> Vec<RecordedRequest> {
        locked(&self.shared.log).iter().filter(|request| request.is_unknown()).cloned().collect()
    }

    pub(super) fn unknown_forgotten(&self) -> usize {
        locked(&self.shared.log).unknown_forgotten()
    }

    /// The faults, for a server that belongs to this one.
    pub(super) fn faults(&self) -> Arc<Faults> {
        Arc::clone(&self.shared.faults)
    }

    /// Closes the port and every connection. Done when it returns.
    pub(super) fn go_away(&self) {
        // Where the port could not be held, it is asked for again.
        let _ = self.order(Order::GoAway);
    }

    #[expect(clippy::panic, reason = "a helper of tests: there is nothing to go on with")]
    #[track_caller]
    pub(super) fn come_back(&self) {
        if let Err(error) = self.order(Order::ComeBack) {
            panic!("the fake cannot listen on {} again: {error}", self.address);
        }
    }

    fn order(&self, order: fn(std::sync::mpsc::Sender<io::Result<()>>) -> Order) -> io::Result<()> {
        let (done, answer) = std::sync::mpsc::channel();
        let gone = || io::Error::other("the fake's thread has ended");
        self.orders.as_ref().ok_or_else(gone)?.send(order(done)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

/// Faults: see `FakeKeyfactor` and `FakeAppViewX`.
impl Server {
    pub(super) fn lose_answers<C: FakeCall>(&self, requests: usize) -> FakeFault<'_, C> {
        self.add(Fault::Lose, requests)
    }

    pub(super) fn cut_answers<C: FakeCall>(&self, requests: usize) -> FakeFault<'_, C> {
        self.add(Fault::Cut, requests)
    }

    pub(super) fn refuse_next<C: FakeCall>(&self, answer: FakeAnswer, requests: usize) -> FakeFault<'_, C> {
        self.add(Fault::Refuse(answer), requests)
    }

    pub(super) fn stray_answers<C: FakeCall>(&self, answer: Option<FakeAnswer>, requests: usize) -> FakeFault<'_, C> {
        self.add(Fault::Stray(answer), requests)
    }

    pub(super) fn slow_down<C: FakeCall>(&self, pause: Duration) -> FakeFault<'_, C> {
        FakeFault::new(&self.shared.faults, self.shared.faults.slow_down(pause))
    }

    pub(super) fn faults_left(&self) -> usize {
        self.shared.faults.left()
    }

    #[track_caller]
    pub(super) fn assert_faults_used(&self) {
        let unused = self.shared.faults.unused();
        assert!(unused.is_empty(), "faults that were not used:{unused}");
    }

    fn add<C: FakeCall>(&self, fault: Fault, requests: usize) -> FakeFault<'_, C> {
        FakeFault::new(&self.shared.faults, self.shared.faults.add(fault, requests))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.orders = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
        {
            // It ends at once: what it waits for are sockets, and this channel.
            let _ = thread.join();
        }
    }
}

#[track_caller]
pub(super) fn assert_none_unknown(unknown: &[RecordedRequest], forgotten: usize) {
    let mut lines: Vec<_> = unknown.iter().map(|it| format!("\n  {} {}", it.method, it.path)).collect();
    if forgotten > 0 {
        lines.push(format!("\n  {forgotten} more that the fake no longer has"));
    }
    let count = unknown.len() + forgotten;
    assert!(count == 0, "{} unknown to the fake:{}", counted(count, "request"), lines.concat());
}

/// A member of a request's body; null if it is missing.
pub(super) fn member<'a>(body: &'a Value, name: &str) -> &'a Value {
    body.get(name).unwrap_or(&Value::Null)
}

/// Locks also after another thread's panic: a fake's state is plain data, and a test wants its own failure message.
pub(super) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
