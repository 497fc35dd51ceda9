//! Where answers are read: a large one not on the thread that runs the caller's tasks.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::runtime::Handle;

use super::{Error, Operation, Request};
use crate::transport::{Cause, Effect, Exchange};

/// The answer to a read that is larger than this is read on a thread for blocking work, so that other tasks run meanwhile. A
/// smaller one is read in less time than the change of threads is worth. Every flavour of runtime has such threads; where none
/// is free in time, the answer is read where it came.
pub(crate) const LARGE_ANSWER: usize = 256 * 1024;

/// Whether this is done with the answer. That to a change is bounded, and how it ended is audited before anything else can happen.
pub(super) fn is_large<O: Operation>(request: &Request<O>, exchange: &Exchange) -> bool {
    request.effect() == Effect::Read && exchange.answer.body.as_bytes().len() > LARGE_ANSWER
}

/// What a large 2xx answer to a read comes to.
pub(super) async fn read_large<O: Operation>(
    request: Arc<Request<O>>,
    exchange: Exchange,
) -> Result<O::Outcome, Error<O::Vendor>> {
    let Ok(runtime) = Handle::try_current() else { return request.read(exchange) };
    let (unread, asked) = (exchange.without_audit(), Arc::clone(&request));
    if let Some(read) = off_this_thread(&runtime, move || request.read(exchange)).await {
        return read;
    }
    let cause = Cause::new("the runtime was shut down before the response was read");
    Err(Error::from_failure(unread.unreadable_read(cause), asked))
}

/// How long the work waits for a thread. All of them may be taken, even by the one that waits for this answer.
const WAIT_FOR_A_THREAD: Duration = Duration::from_secs(1);

/// Work that no thread has begun is done here after a while. `None` if the runtime is shut down before that. A panic goes on
/// here.
async fn off_this_thread<T: Send + 'static>(runtime: &Handle, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let left = Arc::new(Mutex::new(Some(work)));
    let there = runtime.spawn_blocking({
        let left = Arc::clone(&left);
        move || take(&left).map(|work| work())
    });
    // The timer is made only if it is needed.
    let wait = pin!(async { tokio::time::sleep(WAIT_FOR_A_THREAD).await });
    let ended = match select(there, wait).await {
        Either::Left((ended, _)) => ended,
        Either::Right(((), there)) => match take(&left) {
            Some(work) => {
                there.abort();
                return Some(work());
            }
            None => there.await,
        },
    };
    match ended {
        Ok(done) => done,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
    }
}

/// Whoever has taken the work does it.
fn take<W>(left: &Mutex<Option<W>>) -> Option<W> {
    left.lock().unwrap_or_else(PoisonError::into_inner).take()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::rows::{AnyRow, RowLimit, read_rows};

    #[tokio::test(flavor = "current_thread")]
    async fn the_work_waits_for_a_task_of_the_same_thread() {
        let (ticked, wait) = mpsc::channel();
        let task = tokio::spawn(async move {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            ticked.send(()).unwrap();
        });
        // On the runtime's only thread this would wait for what cannot run.
        let work = move || wait.recv_timeout(Duration::from_secs(60)).is_ok();
        assert_eq!(off_this_thread(&Handle::current(), work).await, Some(true));
        task.await.unwrap();
    }

    #[tokio::test(flavor = "current_thread")]
    async fn other_tasks_run_while_a_page_of_32_mib_is_read() {
        let row = format!("{{\"Id\":1,\"Text\":\"{}\"}},", "x".repeat(4_000));
        let mut page = format!("[{}", row.repeat(32 * 1024 * 1024 / row.len()));
        page.pop();
        page.push(']');
        let size = page.len();
        let ticks = Arc::new(AtomicU64::new(0));
        let ticker = tokio::spawn({
            let ticks = Arc::clone(&ticks);
            async move {
                loop {
                    ticks.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            }
        });
        tokio::task::yield_now().await;
        let before = ticks.load(Ordering::Relaxed);
        let limit = RowLimit { asked: 100, announced: None };
        let read = move || read_rows::<AnyRow>(&page, limit).map(|rows| rows.len());
        let rows = off_this_thread(&Handle::current(), read).await.unwrap().unwrap();
        let during = ticks.load(Ordering::Relaxed) - before;
        ticker.abort();
        println!("{during} turns of another task while {rows} rows of {size} bytes were read");
        assert!(rows > 8_000 && during > 1, "{rows} rows, {during} turns");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_panic_is_not_lost() {
        let work = || -> u8 { std::panic::resume_unwind(Box::new("stop")) };
        let runtime = Handle::current();
        let ended = tokio::spawn(async move { off_this_thread(&runtime, work).await }).await.unwrap_err();
        assert_eq!(ended.into_panic().downcast_ref::<&str>(), Some(&"stop"));
    }

    #[test]
    fn work_for_a_runtime_that_was_shut_down_is_none() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let handle = runtime.handle().clone();
        runtime.shutdown_background();
        let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(other.block_on(off_this_thread(&handle, || 1)), None);
    }

    /// As in `spawn_blocking(|| handle.block_on(list))`, where the call itself takes the only such thread.
    #[test]
    fn work_that_no_thread_is_free_for_is_done_where_the_answer_came() {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(1)
            .enable_time()
            .build()
            .unwrap();
        let handle = runtime.handle().clone();
        let (done, wait) = mpsc::channel();
        runtime.spawn_blocking(move || {
            let read = handle.block_on(off_this_thread(&handle, || std::thread::current().id()));
            done.send((read, std::thread::current().id())).unwrap();
        });
        let ended = wait.recv_timeout(Duration::from_secs(60));
        runtime.shutdown_background();
        let (read, here) = ended.expect("the work waits for itself");
        assert_eq!(read, Some(here));
    }
}
