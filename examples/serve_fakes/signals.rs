//! What ends the program beside its input.

/// Ctrl-C, or a request of the system to end. It is heard from this call on.
#[cfg(unix)]
pub(crate) fn interrupted() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let [mut interrupt, mut terminate, mut hangup] =
        [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(|kind| signal(kind).ok());
    async move {
        tokio::select! {
            () = heard(interrupt.as_mut()) => {}
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

/// Ctrl-C.
#[cfg(not(unix))]
pub(crate) async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
