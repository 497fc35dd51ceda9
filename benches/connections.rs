//! What a connection of its own costs a call: the same small list, read over a connection of its own and over a shared one, and a
//! removal; with 1 and 32 calls under way; without TLS and with it.
//!
//! `cargo bench --bench connections` prints the table of `docs/performance.md`. The server is a process of its own, so the CPU
//! time is the client's alone. Loopback has no latency: a handshake costs CPU time here, and round trips elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a measurement")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clm::keyfactor::{CertificateLocation, Client, Credentials, Query, Schedule};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

/// Long enough for clock ticks of 10 ms.
const LASTS: Duration = Duration::from_secs(4);
const STORE: Uuid = Uuid::from_u128(0x5707);

fn main() {
    // Cargo adds `--bench`.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let one_thread = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match arguments.first().map(String::as_str) {
        Some("serve") => one_thread().block_on(serve(arguments[1] == "https")),
        _ => one_thread().block_on(measure()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Removal,
    OwnList,
    SharedList,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::Removal => "removal, own connection",
            Self::OwnList => "list, own connection",
            Self::SharedList => "list, shared connection",
        }
    }

    async fn make(self, client: &Client) {
        match self {
            Self::Removal => {
                let location = CertificateLocation::new(STORE, "web01.pfx");
                let stores = client.certificate_stores();
                stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap();
            }
            Self::OwnList => {
                client.certificate_stores().inventory(STORE).rows().unwrap().collect().await.unwrap();
            }
            Self::SharedList => {
                client.certificates().search(Query::all()).rows().unwrap().collect().await.unwrap();
            }
        }
    }
}

async fn measure() {
    println!("| scheme | call | under way | calls/s | client CPU per call | connections per call | resumed |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    for scheme in ["http", "https"] {
        for call in [Call::Removal, Call::OwnList, Call::SharedList] {
            for under_way in [1, 32] {
                let server = Server::start(scheme);
                let client = server.client();
                // What happens once is not counted.
                call.make(&client).await;
                let (began, cpu) = (Instant::now(), cpu_time());
                let tasks: Vec<_> = (0..under_way)
                    .map(|_| {
                        let client = client.clone();
                        tokio::spawn(async move {
                            let mut calls = 0_u32;
                            while began.elapsed() < LASTS {
                                call.make(&client).await;
                                calls += 1;
                            }
                            calls
                        })
                    })
                    .collect();
                let mut calls = 0;
                for task in tasks {
                    calls += task.await.unwrap();
                }
                let (elapsed, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu));
                drop(client);
                let (connections, resumed) = server.finish();
                println!(
                    "| {scheme} | {} | {under_way} | {:.0} | {:.0} µs | {:.2} | {} |",
                    call.name(),
                    f64::from(calls) / elapsed.as_secs_f64(),
                    cpu.as_secs_f64() * 1e6 / f64::from(calls),
                    f64::from(connections) / f64::from(calls + 1),
                    if scheme == "https" { format!("{} %", 100 * resumed / connections) } else { "-".to_owned() },
                );
            }
        }
    }
}

/// User and system time of this process. Linux only.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name in parentheses, the 12th and 13th fields, in ticks of 10 ms.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(10 * ticks)
}

/// The server's process.
struct Server {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    origin: String,
    pem: String,
}

impl Server {
    fn start(scheme: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let command = command.args(["serve", scheme]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let (origin, pem): (String, String) = serde_json::from_str(&line).unwrap();
        Self { child, output, origin, pem }
    }

    fn client(&self) -> Client {
        let builder = Client::builder(&self.origin).credentials(Credentials::basic("user", "password"));
        let builder = if self.pem.is_empty() { builder } else { builder.only_root_certificate(&self.pem) };
        builder.build().unwrap()
    }

    /// How many connections there were, and how many of them resumed a session.
    fn finish(mut self) -> (u32, u32) {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        serde_json::from_str(&said).unwrap()
    }
}

/// Serves until its standard input ends, and says what it saw.
async fn serve(tls: bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (acceptor, pem) = if tls {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = config.with_single_cert(chain, key).unwrap();
        (Some(TlsAcceptor::from(Arc::new(config))), certificate.pem())
    } else {
        (None, String::new())
    };
    let scheme = if tls { "https" } else { "http" };
    println!("{}", serde_json::to_string(&(format!("{scheme}://localhost:{port}"), pem)).unwrap());
    let seen = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let (stop, stopped) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        let _ = stop.send(());
    });
    let shared = Arc::clone(&seen);
    let accept = async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            stream.set_nodelay(true).unwrap();
            let (acceptor, seen) = (acceptor.clone(), Arc::clone(&shared));
            tokio::spawn(async move {
                seen.0.fetch_add(1, Ordering::Relaxed);
                let Some(acceptor) = acceptor else { return answer(stream).await };
                let stream = acceptor.accept(stream).await.ok()?;
                let resumed = stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed);
                seen.1.fetch_add(usize::from(resumed), Ordering::Relaxed);
                answer(stream).await
            });
        }
    };
    tokio::select! {
        () = accept => {}
        _ = stopped => {}
    }
    println!("[{}, {}]", seen.0.load(Ordering::Relaxed), seen.1.load(Ordering::Relaxed));
}

/// Answers until the client hangs up.
async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
    const JOBS: &str = r#"["10b00000-0000-4000-8000-000000000001"]"#;
    let mut stream = tokio::io::BufReader::new(stream);
    loop {
        let (mut line, mut length, mut is_removal) = (String::new(), 0, false);
        while line != "\r\n" {
            line.clear();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            is_removal |= line.contains("/Remove ");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
                length = value.trim().parse().ok()?;
            }
        }
        stream.read_exact(&mut vec![0; length]).await.ok()?;
        let body = if is_removal { JOBS } else { "[]" };
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
        stream.flush().await.ok()?;
    }
}
