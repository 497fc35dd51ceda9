//! From a public port to a fake's own, with TLS or without.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Forwards every connection, and gives the port, for as long as the program runs.
pub(crate) async fn forward(port: u16, fake: SocketAddr, tls: Option<TlsAcceptor>) -> io::Result<u16> {
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
async fn connect(mut caller: TcpStream, fake: SocketAddr, tls: Option<TlsAcceptor>) {
    let Ok(mut fake) = TcpStream::connect(fake).await else { return };
    // Each side hears how the other one ends; who hangs up early is no failure of this program.
    let _ = caller.set_nodelay(true);
    let _ = fake.set_nodelay(true);
    let Some(tls) = tls else {
        let _ = copy_bidirectional(&mut caller, &mut fake).await;
        return;
    };
    if let Ok(mut caller) = tls.accept(caller).await {
        let _ = copy_bidirectional(&mut caller, &mut fake).await;
    }
}
