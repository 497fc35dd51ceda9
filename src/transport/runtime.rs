//! Whether there is a tokio runtime that can carry calls.

use std::panic::catch_unwind;
use std::pin::pin;
use std::sync::{PoisonError, RwLock};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::runtime::{Handle, Id};
use tokio::task::coop::unconstrained;
use tokio::time::{Instant, sleep_until};

use super::cause::Cause;

/// More runtimes than a process has at once: beyond it the oldest are looked at again.
const MOST: usize = 64;

/// The runtimes that are known to be fit.
pub(super) struct CheckedRuntimes {
    known: RwLock<Vec<Id>>,
    /// Before most runtimes began: a timer that ends then is over at once, and nothing is woken for it.
    long_ago: Instant,
}

impl Default for CheckedRuntimes {
    fn default() -> Self {
        let now = Instant::now();
        let long_ago = now.checked_sub(Duration::from_secs(24 * 60 * 60)).unwrap_or(now);
        Self { known: RwLock::default(), long_ago }
    }
}

impl CheckedRuntimes {
    /// `Err` outside of a tokio runtime, and in one that has no timers or no I/O, or was shut down.
    pub(super) fn check(&self) -> Result<(), Cause> {
        let Ok(current) = Handle::try_current() else {
            return Err(Cause::new("called outside of a tokio runtime"));
        };
        let id = current.id();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).contains(&id);
        if !known && !has_timers() {
            return Err(Cause::new("the tokio runtime has no timers: it was built without `enable_time`"));
        }
        // It may have been shut down since it was last looked at.
        if !has_running_timers(self.long_ago) {
            return Err(Cause::new("the tokio runtime was shut down"));
        }
        if known {
            return Ok(());
        }
        if !has_io() {
            return Err(Cause::new("the tokio runtime has no I/O: it was built without `enable_io`"));
        }
        let mut checked = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if checked.len() >= MOST {
            checked.clear();
        }
        checked.push(id);
        Ok(())
    }
}

// tokio says what a runtime lacks by a panic, and in no other way.

fn has_timers() -> bool {
    catch_unwind(|| drop(tokio::time::sleep(Duration::ZERO))).is_ok()
}

/// `Handle::block_on` runs on after a shutdown, and a timer panics then as soon as it is polled.
fn has_running_timers(long_ago: Instant) -> bool {
    catch_unwind(|| {
        let timer = sleep_until(long_ago);
        let _ = pin!(unconstrained(timer)).poll(&mut Context::from_waker(Waker::noop()));
    })
    .is_ok()
}

fn has_io() -> bool {
    let socket = std::net::UdpSocket::bind(("127.0.0.1", 0)).and_then(|socket| {
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    // Where no such socket is to be had, nothing is known.
    let Ok(socket) = socket else { return true };
    catch_unwind(|| drop(UdpSocket::from_std(socket))).is_ok()
}
