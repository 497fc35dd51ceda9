//! The server's thread: it accepts connections until the fake is dropped.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use super::{Shared, connection};

/// After a failed `accept`, for example for want of file descriptors.
const BEFORE_ACCEPTING_AGAIN: Duration = Duration::from_millis(10);
/// Connections that wait to be accepted: what the standard library asks for.
const BACKLOG: u32 = 128;

/// What the fake tells its thread. Each is answered once it is done.
pub(super) enum Order {
    GoAway(mpsc::Sender<io::Result<()>>),
    ComeBack(mpsc::Sender<io::Result<()>>),
}

enum Event {
    Connection(io::Result<TcpStream>),
    Order(Order),
    /// The fake is dropped.
    Stop,
}

/// Starts the thread. What it cannot do, it says before it runs.
///
/// The thread tells the `tracing` subscriber of this one what it has to tell.
pub(super) fn spawn(
    listener: StdListener,
    orders: UnboundedReceiver<Order>,
    shared: Arc<Shared>,
) -> io::Result<JoinHandle<()>> {
    let address = listener.local_addr()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let port = {
        let _entered = runtime.enter();
        Port { address, state: PortState::Open(TcpListener::from_std(listener)?) }
    };
    let subscriber = tracing::dispatcher::get_default(Dispatch::clone);
    thread::Builder::new().name("clm-fake".to_owned()).spawn(move || {
        // Without one here, that of the program counts, also if it is set later.
        let _subscriber = (!subscriber.is::<NoSubscriber>()).then(|| tracing::dispatcher::set_default(&subscriber));
        run(runtime, port, orders, &shared);
    })
}

/// All that the server holds is gone when this returns: connections end with the runtime.
fn run(runtime: Runtime, mut port: Port, mut orders: UnboundedReceiver<Order>, shared: &Arc<Shared>) {
    runtime.block_on(async {
        let mut connections = JoinSet::new();
        loop {
            match next_event(&port, &mut orders).await {
                Event::Connection(Ok(stream)) => {
                    connections.spawn(connection::serve(stream, Arc::clone(shared)));
                }
                Event::Connection(Err(_)) => tokio::time::sleep(BEFORE_ACCEPTING_AGAIN).await,
                Event::Order(Order::GoAway(done)) => {
                    let closed = port.close();
                    connections.shutdown().await;
                    let _ = done.send(closed);
                }
                Event::Order(Order::ComeBack(done)) => {
                    let _ = done.send(port.open());
                }
                Event::Stop => return,
            }
            while connections.try_join_next().is_some() {}
        }
    });
    drop(port);
    drop(runtime);
}

async fn next_event(port: &Port, orders: &mut UnboundedReceiver<Order>) -> Event {
    poll_fn(|context| {
        if let Poll::Ready(order) = orders.poll_recv(context) {
            return Poll::Ready(order.map_or(Event::Stop, Event::Order));
        }
        port.poll_accept(context).map(Event::Connection)
    })
    .await
}

/// The port on which the fake listens, or does not for a time.
struct Port {
    address: SocketAddr,
    state: PortState,
}

enum PortState {
    Open(TcpListener),
    /// Held, so that nobody is given it who asks for any port, and not listening.
    Closed(TcpSocket),
    /// It could not be held.
    Lost,
}

impl Port {
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<TcpStream>> {
        match &self.state {
            PortState::Open(listener) => listener.poll_accept(context).map(|it| it.map(|(stream, _)| stream)),
            PortState::Closed(_) | PortState::Lost => Poll::Pending,
        }
    }

    fn close(&mut self) -> io::Result<()> {
        if let PortState::Open(_) = self.state {
            // First nobody listens, then the port is held.
            self.state = PortState::Lost;
            self.state = PortState::Closed(self.hold()?);
        }
        Ok(())
    }

    fn open(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.state, PortState::Lost) {
            PortState::Open(listener) => self.state = PortState::Open(listener),
            PortState::Closed(socket) => self.state = PortState::Open(socket.listen(BACKLOG)?),
            PortState::Lost => self.state = PortState::Open(self.hold()?.listen(BACKLOG)?),
        }
        Ok(())
    }

    fn hold(&self) -> io::Result<TcpSocket> {
        let socket = TcpSocket::new_v4()?;
        // Connections that were closed a moment ago still count as users of the port.
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        socket.bind(self.address)?;
        Ok(socket)
    }
}
