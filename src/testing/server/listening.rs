//! The server's thread: it accepts connections until the fake is dropped.

use std::future::poll_fn;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::{Shared, connection};

/// After a failed `accept`, for example for want of file descriptors.
const BEFORE_ACCEPTING_AGAIN: Duration = Duration::from_millis(10);

/// What the fake tells its thread.
pub(super) enum Order {}

enum Event {
    Connection(io::Result<TcpStream>),
    /// The fake is dropped.
    Stop,
}

/// Starts the thread. What it cannot do, it says before it runs.
pub(super) fn spawn(
    listener: StdListener,
    orders: UnboundedReceiver<Order>,
    shared: Arc<Shared>,
) -> io::Result<JoinHandle<()>> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _entered = runtime.enter();
        TcpListener::from_std(listener)?
    };
    thread::Builder::new().name("clm-fake".to_owned()).spawn(move || run(runtime, listener, orders, &shared))
}

/// All that the server holds is gone when this returns: connections end with the runtime.
fn run(runtime: Runtime, listener: TcpListener, mut orders: UnboundedReceiver<Order>, shared: &Arc<Shared>) {
    runtime.block_on(async {
        let mut connections = JoinSet::new();
        loop {
            match next_event(&listener, &mut orders).await {
                Event::Connection(Ok(stream)) => {
                    connections.spawn(connection::serve(stream, Arc::clone(shared)));
                }
                Event::Connection(Err(_)) => tokio::time::sleep(BEFORE_ACCEPTING_AGAIN).await,
                Event::Stop => return,
            }
            while connections.try_join_next().is_some() {}
        }
    });
    drop(listener);
    drop(runtime);
}

async fn next_event(listener: &TcpListener, orders: &mut UnboundedReceiver<Order>) -> Event {
    poll_fn(|context| {
        if let Poll::Ready(None) = orders.poll_recv(context) {
            return Poll::Ready(Event::Stop);
        }
        listener.poll_accept(context).map(|accepted| Event::Connection(accepted.map(|(stream, _)| stream)))
    })
    .await
}
