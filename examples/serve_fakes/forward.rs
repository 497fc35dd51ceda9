//! TLS in front of a fake.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Forwards every connection to the fake, for as long as the program runs, and gives the port. 0 is a free one.
pub(crate) async fn forward(port: u16, fake: SocketAddr, tls: TlsAcceptor) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((caller, _)) => {
                    tokio::spawn(connect(caller, fake, tls.clone()));
                }
                // No file descriptor is left, perhaps; later there may be one.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    });
    Ok(port)
}

/// The fake is called first: where it takes no connection, the caller's ends before TLS, and nothing of a request can have
/// been sent.
async fn connect(caller: TcpStream, fake: SocketAddr, tls: TlsAcceptor) {
    let Ok(mut fake) = TcpStream::connect(fake).await else { return };
    // Each side hears how the other one ends; who hangs up early is no failure of this program.
    let _ = caller.set_nodelay(true);
    let _ = fake.set_nodelay(true);
    if let Ok(mut caller) = tls.accept(caller).await {
        let _ = copy_bidirectional(&mut caller, &mut fake).await;
    }
}
