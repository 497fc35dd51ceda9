//! Servers on loopback that keep every byte of every connection, plain or behind TLS, and the certificates for TLS.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::spawn;

/// A certificate authority of its own.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub struct Leaf {
    pub certificate_pem: String,
    pub key_pem: String,
}

impl Authority {
    /// The name tells two authorities apart: with equal names, a foreign one would look like a forged signature.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// An authority's own certificate and its key, with these names: as many self-signed server certificates are made.
    pub fn as_server(names: &[&str]) -> Leaf {
        Self::self_signed(names, IsCa::Ca(BasicConstraints::Unconstrained))
    }

    /// A certificate for these names that signed itself and is no authority.
    pub fn self_signed_leaf(names: &[&str]) -> Leaf {
        Self::self_signed(names, IsCa::ExplicitNoCa)
    }

    fn self_signed(names: &[&str], is_ca: IsCa) -> Leaf {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = is_ca;
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Leaf { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() }
    }

    /// A certificate for these host names or addresses.
    pub fn issue(&self, names: &[&str]) -> Leaf {
        self.issue_between(names, 2000, 3000)
    }

    /// The same, valid from one year's first day to another's.
    pub fn issue_between(&self, names: &[&str], first: i32, last: i32) -> Leaf {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, "a leaf");
        params.not_before = rcgen::date_time_ymd(first, 1, 1);
        params.not_after = rcgen::date_time_ymd(last, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Leaf { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() }
    }
}

/// A server with this certificate. With an authority, it requires a client certificate that this authority issued.
pub fn server_config(
    leaf: &Leaf,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<&Authority>,
) -> ServerConfig {
    let provider = Arc::new(default_provider());
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions).unwrap();
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            config.with_client_cert_verifier(verifier)
        }
    };
    let chain = CertificateDer::pem_slice_iter(leaf.certificate_pem.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(leaf.key_pem.as_bytes()).unwrap();
    config.with_single_cert(chain, key).unwrap()
}

/// What came in on one connection.
#[derive(Debug)]
pub struct Connection {
    /// How the TLS handshake ended on the server's side; `Ok` where there is none.
    pub handshake: Result<(), String>,
    /// Everything that came in, after decryption.
    pub bytes: Vec<u8>,
}

impl Connection {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// A server that answers everything with the same bytes and closes, and keeps what came in until [`finish`].
///
/// [`finish`]: Self::finish
pub struct Recorder {
    address: SocketAddr,
    last_caller: TcpSocket,
    task: JoinHandle<Vec<Connection>>,
}

impl Recorder {
    /// Without TLS. `reply` is the whole answer.
    pub async fn plain(reply: impl Into<Vec<u8>>) -> Self {
        Self::start(None, reply.into()).await
    }

    pub async fn tls(config: ServerConfig, reply: impl Into<Vec<u8>>) -> Self {
        Self::start(Some(TlsAcceptor::from(Arc::new(config))), reply.into()).await
    }

    async fn start(tls: Option<TlsAcceptor>, reply: Vec<u8>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        // The port that the last caller comes from is reserved now, so that nobody else can come from it.
        let last_caller = TcpSocket::new_v4().unwrap();
        last_caller.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let last = last_caller.local_addr().unwrap();
        let reply: Arc<[u8]> = reply.into();
        let task = tokio::spawn(async move {
            let mut connections = Vec::new();
            loop {
                let (stream, caller) = listener.accept().await.unwrap();
                if caller == last {
                    break;
                }
                connections.push(tokio::spawn(serve(stream, tls.clone(), Arc::clone(&reply))));
            }
            let mut seen = Vec::new();
            for connection in connections {
                seen.push(connection.await.unwrap());
            }
            seen
        });
        Self { address, last_caller, task }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// All connections that were ever made, in their order.
    ///
    /// Nothing is missed: connections are accepted in the order in which they were made, and the one that is made here
    /// ends the listening.
    pub async fn finish(self) -> Vec<Connection> {
        let Self { address, last_caller, task } = self;
        let call = last_caller.connect(address).await.unwrap();
        let seen = tokio::time::timeout(Duration::from_secs(60), task).await;
        drop(call);
        seen.unwrap().unwrap()
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, reply: Arc<[u8]>) -> Connection {
    let Some(tls) = tls else {
        return Connection { handshake: Ok(()), bytes: converse(stream, &reply).await };
    };
    match tls.accept(stream).await {
        Ok(stream) => Connection { handshake: Ok(()), bytes: converse(stream, &reply).await },
        Err(error) => Connection { handshake: Err(error.to_string()), bytes: Vec::new() },
    }
}

/// Answers the first request, and keeps whatever comes until the other side closes.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, reply: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return bytes;
        }
    }
    // Who closes early, or without a farewell, is a finding of the tests and no failure of the server.
    let _ = stream.write_all(reply).await;
    let _ = stream.shutdown().await;
    let _ = stream.read_to_end(&mut bytes).await;
    bytes
}

/// Whether a request is there with its body. What does not begin like HTTP is answered at once, as servers do.
fn is_whole(bytes: &[u8]) -> bool {
    match bytes.first() {
        None => return false,
        Some(first) if !first.is_ascii_uppercase() => return true,
        Some(_) => {}
    }
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length:"));
    bytes.len() - end - 4 >= length.map_or(0, |length| length.trim().parse().unwrap())
}

const CHILD: &str = "CLM_TEST_CHILD";

/// Whether this is the process that [`in_a_process_of_its_own`] started.
pub fn is_the_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Runs a test again, with these variables and no proxy or roots but theirs, and gives what it printed. Variables belong to a
/// whole process, and the other tests share this one.
pub async fn in_a_process_of_its_own(test: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).env(CHILD, "");
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD", "SSL_CERT_DIR"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command.envs(variables.iter().copied());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = tokio::task::spawn_blocking(move || spawn(&mut command).wait_with_output()).await.unwrap().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    printed
}
