//! Signals that end the program.

/// Ctrl-C, from this call on.
#[cfg(unix)]
pub(crate) fn ctrl_c() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).ok();
    async move { heard(interrupt.as_mut()).await }
}

/// Ctrl-C, from this call on.
#[cfg(windows)]
pub(crate) fn ctrl_c() -> impl Future<Output = ()> {
    let mut pressed = tokio::signal::windows::ctrl_c().ok();
    async move {
        tokio::select! {
            Some(()) = async { pressed.as_mut()?.recv().await } => {}
            else => std::future::pending().await,
        }
    }
}

/// A termination signal, from this call on.
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

/// Without a handler, the signal ends this program.
#[cfg(unix)]
async fn heard(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

/// Ctrl-Break, closing the console window, and shutting down the system, from this call on.
#[cfg(windows)]
pub(crate) fn told_to_end() -> impl Future<Output = ()> {
    use tokio::signal::windows::{ctrl_break, ctrl_close, ctrl_shutdown};
    let (mut interrupted, mut closed, mut shut_down) = (ctrl_break().ok(), ctrl_close().ok(), ctrl_shutdown().ok());
    async move {
        tokio::select! {
            Some(()) = async { interrupted.as_mut()?.recv().await } => {}
            Some(()) = async { closed.as_mut()?.recv().await } => {}
            Some(()) = async { shut_down.as_mut()?.recv().await } => {}
            else => std::future::pending().await,
        }
    }
}
