//! TLS in front of a fake.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A port that forwards every connection to a fake.
pub(crate) struct Front {
    port: u16,
    fake: SocketAddr,
    tls: TlsAcceptor,
    accepting: Option<JoinHandle<()>>,
}

impl Front {
    /// Port 0 is a free one.
    pub(crate) async fn open(port: u16, fake: SocketAddr, tls: TlsAcceptor) -> io::Result<Self> {
        let mut front = Self { port, fake, tls, accepting: None };
        front.come_back().await?;
        Ok(front)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Refuses connections from now on, as the fake behind it does.
    pub(crate) async fn go_away(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            // Once the task has ended, the port is closed.
            let _ = accepting.await;
        }
    }

    /// Accepts connections again, on the same port.
    pub(crate) async fn come_back(&mut self) -> io::Result<()> {
        if self.accepting.is_none() {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await?;
            self.port = listener.local_addr()?.port();
            self.accepting = Some(tokio::spawn(accept(listener, self.fake, self.tls.clone())));
        }
        Ok(())
    }
}

async fn accept(listener: TcpListener, fake: SocketAddr, tls: TlsAcceptor) {
    loop {
        match listener.accept().await {
            Ok((caller, _)) => {
                tokio::spawn(connect(caller, fake, tls.clone()));
            }
            // Possibly out of file descriptors; try again later.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// Copies both directions, including how each side ends. A side that closes early is not an error.
async fn connect(caller: TcpStream, fake: SocketAddr, tls: TlsAcceptor) {
    let Ok(mut fake) = TcpStream::connect(fake).await else { return };
    let _ = caller.set_nodelay(true);
    let _ = fake.set_nodelay(true);
    if let Ok(mut caller) = tls.accept(caller).await {
        let _ = copy_bidirectional(&mut caller, &mut fake).await;
    }
}
