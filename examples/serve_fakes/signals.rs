//! What ends the program beside its input.

/// Ctrl-C. It is heard from this call on.
#[cfg(unix)]
pub(crate) fn ctrl_c() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).ok();
    async move { heard(interrupt.as_mut()).await }
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn ctrl_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        // It cannot be heard, so it ends this program as ever.
        std::future::pending::<()>().await;
    }
}

/// A request of the system to end. It is heard from this call on.
#[cfg(unix)]
pub(crate) fn told_to_end() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let [mut terminate, mut hangup] = [SignalKind::terminate(), SignalKind::hangup()].map(|kind| signal(kind).ok());
    async move {
        tokio::select! {
            () = heard(terminate.as_mut()) => {}
            () = heard(hangup.as_mut()) => {}
        }
    }
}

/// What cannot be heard ends this program as ever.
#[cfg(unix)]
async fn heard(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// There is no such request here.
#[cfg(not(unix))]
pub(crate) fn told_to_end() -> impl Future<Output = ()> {
    std::future::pending()
}
