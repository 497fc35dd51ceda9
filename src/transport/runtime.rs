//! Whether there is a tokio runtime that can carry calls.

use std::panic::catch_unwind;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::runtime::{Handle, Id};

use super::cause::Cause;

/// More runtimes than a process has at once: beyond it the oldest are looked at again.
const MOST: usize = 64;

/// The runtimes that are known to be fit.
#[derive(Default)]
pub(super) struct CheckedRuntimes(RwLock<Vec<Id>>);

impl CheckedRuntimes {
    /// `Err` outside of a tokio runtime, and in one that has no timers or no I/O.
    pub(super) fn check(&self) -> Result<(), Cause> {
        let Ok(current) = Handle::try_current() else {
            return Err(Cause::new("there is no tokio runtime here"));
        };
        let id = current.id();
        if self.0.read().unwrap_or_else(PoisonError::into_inner).contains(&id) {
            return Ok(());
        }
        if !has_timers() {
            return Err(Cause::new("the tokio runtime has no timers: it was built without `enable_time`"));
        }
        if !has_io() {
            return Err(Cause::new("the tokio runtime has no I/O: it was built without `enable_io`"));
        }
        let mut checked = self.0.write().unwrap_or_else(PoisonError::into_inner);
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

fn has_io() -> bool {
    let socket = std::net::UdpSocket::bind(("127.0.0.1", 0)).and_then(|socket| {
        socket.set_nonblocking(true)?;
        Ok(socket)
    });
    // Where no such socket is to be had, nothing is known.
    let Ok(socket) = socket else { return true };
    catch_unwind(|| drop(UdpSocket::from_std(socket))).is_ok()
}
