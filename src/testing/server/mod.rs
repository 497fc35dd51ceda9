//! What both fakes stand on: a loopback server, and a bounded log of what it was asked.
//!
//! The server runs in a thread of its own, with a runtime of its own: it goes on when the runtime that started it ends, and
//! serves programs that have none.

mod connection;
mod listening;
mod log;
mod reply;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use serde_json::Value;
use tokio::sync::mpsc;

use self::listening::Order;
use self::log::Log;
pub use self::log::RecordedRequest;
pub(super) use self::reply::Reply;

/// The behaviour of a fake.
pub(super) trait Service: Send + Sync + 'static {
    fn answer(&self, request: &RecordedRequest) -> Reply;
}

/// A running fake. It stops when it is dropped: then nothing listens any more, and its connections are closed.
pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// `None` once the server is told to stop.
    orders: Option<mpsc::UnboundedSender<Order>>,
    thread: Option<JoinHandle<()>>,
}

/// What the server's thread works with.
struct Shared {
    service: Arc<dyn Service>,
    log: Mutex<Log>,
}

impl Server {
    /// Listens on this port of 127.0.0.1; 0 stands for any free one.
    #[expect(clippy::panic, reason = "a helper of tests: there is nothing to go on with")]
    pub(super) fn start(service: Arc<dyn Service>, port: u16) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
        let started = listener.and_then(|listener| {
            let address = listener.local_addr()?;
            let shared = Arc::new(Shared { service, log: Mutex::default() });
            let (orders, received) = mpsc::unbounded_channel();
            let thread = listening::spawn(listener, received, Arc::clone(&shared))?;
            Ok(Self { address, shared, orders: Some(orders), thread: Some(thread) })
        });
        started.unwrap_or_else(|error| panic!("a fake cannot listen on port {port} of 127.0.0.1: {error}"))
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        locked(&self.shared.log).iter().cloned().collect()
    }

    pub(super) fn unexpected_requests(&self) -> Vec<RecordedRequest> {
        locked(&self.shared.log).iter().filter(|request| !request.expected).cloned().collect()
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

/// A member of a request's body; null if it is missing.
pub(super) fn member<'a>(body: &'a Value, name: &str) -> &'a Value {
    body.get(name).unwrap_or(&Value::Null)
}

/// Locks also after another thread's panic: a fake's state is plain data, and a test wants its own failure message.
pub(super) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
