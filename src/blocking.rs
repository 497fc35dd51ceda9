//! For programs without an asynchronous runtime: wait for a call, or for each row of a list. Feature `blocking`.
//!
//! The API is the same; [`Wait`] adds `wait()` to every future and [`WaitEach`] adds `wait_each()` to every stream. The
//! guide has the rules (`guide::blocking`).
//!
//! ```
//! use clm::blocking::{Wait, WaitEach};
//! use clm::keyfactor::{CertificateLocation, Query, Schedule};
//! # use clm::testing::FakeKeyfactor;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = FakeKeyfactor::start().wait();
//! # let store = fake.add_store();
//! # fake.add_certificate(store, "www.example.com.pfx");
//! # let keyfactor = fake.client();
//! let stores = keyfactor.certificate_stores();
//! for row in stores.list(Query::all()).rows()?.wait_each() {
//!     println!("{:?}", row?.store_path);
//! }
//!
//! let location = CertificateLocation::new(store, "www.example.com.pfx");
//! let removal = stores.remove_certificates([location], Schedule::Immediate).send().wait()?;
//! println!("scheduled: {:?}", removal.job_ids());
//! # Ok(()) }
//! ```

use std::cell::Cell;
use std::fmt;
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::sync::{PoisonError, RwLock};
use std::thread;

use futures_core::Stream;
use tokio::runtime::{Builder, EnterGuard, Handle};
use tokio::task::unconstrained;

/// Waits for a future, for example that of `send()`.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use clm::testing::FakeKeyfactor;
/// use clm::blocking::Wait as _;
///
/// # let fake = FakeKeyfactor::start().wait();
/// # let store = fake.add_store();
/// # let client = fake.client();
/// let store = client.certificate_stores().get(store).send().wait()?;
/// # Ok(()) }
/// ```
pub trait Wait: Future + Sized {
    /// Blocks this thread until the future has completed. A thread of this crate, which is started on first use, drives
    /// connections and timers.
    ///
    /// It can be called on any thread, also inside a tokio runtime, such as in `spawn_blocking`. On a thread that runs
    /// asynchronous tasks, these tasks make no progress until it returns. Their calls can reach their time limits meanwhile.
    /// So can this call, if it waits for something that such a task holds, for example a token that the task is fetching.
    ///
    /// If the thread cannot be started, calls end as [`Error::Transport`](crate::Error::Transport).
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::FakeKeyfactor;
    /// use clm::blocking::Wait as _;
    ///
    /// # let fake = FakeKeyfactor::start().wait();
    /// # let store = fake.add_store();
    /// # let client = fake.client();
    /// let store = client.certificate_stores().get(store).send().wait()?;
    /// # Ok(()) }
    /// ```
    fn wait(self) -> Self::Output {
        let _entered = enter();
        // A task's budget is not renewed while its thread is blocked.
        pollster::block_on(unconstrained(self))
    }
}

impl<F: Future> Wait for F {}

/// Waits for each item of a stream, for example for each row of a list.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use clm::testing::FakeKeyfactor;
/// # use clm::blocking::Wait as _;
/// use clm::blocking::WaitEach as _;
/// use clm::keyfactor::Query;
///
/// # let fake = FakeKeyfactor::start().wait();
/// # let client = fake.client();
/// for store in client.certificate_stores().list(Query::all()).rows()?.wait_each() {
///     println!("{}", store?.id);
/// }
/// # Ok(()) }
/// ```
pub trait WaitEach: Stream + Sized {
    /// Returns an iterator over the items. It blocks this thread for each item, as [`Wait::wait`] does. After it is dropped, no
    /// further call starts.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::FakeKeyfactor;
    /// # use clm::blocking::Wait as _;
    /// use clm::blocking::WaitEach as _;
    /// use clm::keyfactor::Query;
    ///
    /// # let fake = FakeKeyfactor::start().wait();
    /// # let store = fake.add_store();
    /// # let client = fake.client();
    /// for store in client.certificate_stores().list(Query::all()).rows()?.wait_each() {
    ///     println!("{}", store?.id);
    /// }
    /// # Ok(()) }
    /// ```
    fn wait_each(self) -> Iter<Self> {
        Iter { stream: Box::pin(self) }
    }
}

impl<S: Stream> WaitEach for S {}

/// The items of a stream; see [`WaitEach::wait_each`].
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use clm::testing::FakeKeyfactor;
/// # use clm::blocking::Wait as _;
/// use clm::blocking::WaitEach as _;
/// use clm::keyfactor::Query;
///
/// # let fake = FakeKeyfactor::start().wait();
/// # let store = fake.add_store();
/// # let client = fake.client();
/// let stores = client.certificate_stores().list(Query::all()).rows()?.wait_each();
/// let first: Result<Vec<_>, _> = stores.take(10).collect();
/// # assert_eq!(first?.len(), 1);
/// # Ok(()) }
/// ```
pub struct Iter<S> {
    stream: Pin<Box<S>>,
}

impl<S: Stream> Iterator for Iter<S> {
    type Item = S::Item;

    fn next(&mut self) -> Option<S::Item> {
        poll_fn(|context| self.stream.as_mut().poll_next(context)).wait()
    }
}

impl<S: fmt::Debug> fmt::Debug for Iter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Iter").field(&self.stream).finish()
    }
}

thread_local! {
    /// Which of the crate's runtimes waits on this thread use. On the thread of one of them it is the next one: it cannot drive what
    /// it waits for itself.
    static LEVEL: Cell<usize> = const { Cell::new(0) };
}

/// Makes a runtime of the crate's own the one of this thread. If it cannot be started, the next call tries again.
fn enter() -> Option<EnterGuard<'static>> {
    static RUNTIMES: RwLock<Vec<&'static Handle>> = RwLock::new(Vec::new());
    let level = LEVEL.get();
    let running = |runtimes: &Vec<&'static Handle>| runtimes.get(level).copied();
    let known = running(&RUNTIMES.read().unwrap_or_else(PoisonError::into_inner));
    if let Some(handle) = known {
        return Some(handle.enter());
    }
    let mut runtimes = RUNTIMES.write().unwrap_or_else(PoisonError::into_inner);
    if running(&runtimes).is_none() {
        // It runs until the program ends. The one before it is there: this is its thread, or there is none before it.
        runtimes.push(Box::leak(Box::new(start(level)?)));
    }
    let started = running(&runtimes);
    drop(runtimes);
    started.map(Handle::enter)
}

fn start(level: usize) -> Option<Handle> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build().ok()?;
    let handle = runtime.handle().clone();
    let run = move || {
        LEVEL.set(level + 1);
        runtime.block_on(pending::<()>());
    };
    thread::Builder::new().name("clm-blocking".to_owned()).spawn(run).ok()?;
    Some(handle)
}
