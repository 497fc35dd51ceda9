//! What the tests share: a server that answers with exact bytes and keeps the exact bytes that it received.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses its own part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

pub mod appviewx;
pub mod capture;
pub mod contract;
pub mod contract_requests;
pub mod fake_keyfactor;
pub mod fault;
pub mod fault_table;
pub mod jobs;
pub mod keyfactor;
pub mod keyfactor_reads;
pub mod oauth;
pub mod only_headers;
pub mod operations;
pub mod scripted;
pub mod serve_fakes;
pub mod sessions;
pub mod tls;
pub mod vars;

use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came in, byte for byte.
#[derive(Clone, Debug)]
pub struct Received {
    /// `POST /KeyfactorAPI/… HTTP/1.1`.
    pub request_line: String,
    /// Names as they were sent, in their order.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The headers with lower-case names, sorted.
    pub fn sorted_headers(&self) -> Vec<(String, String)> {
        let mut headers: Vec<_> =
            self.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect();
        headers.sort();
        headers
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A loopback server that answers every request with the same bytes and then closes the connection.
pub struct RawServer {
    pub origin: String,
    received: Arc<Mutex<Vec<Received>>>,
    task: tokio::task::JoinHandle<()>,
}

impl RawServer {
    /// `reply` is the whole answer, head and body.
    pub async fn start(reply: impl Into<Vec<u8>>) -> Self {
        let reply: Arc<[u8]> = reply.into().into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let task = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                if let Some(request) = read_request(&mut stream).await {
                    log.lock().unwrap().push(request);
                    // A client that has seen enough hangs up, and that is no failure of the server.
                    let _ = stream.write_all(&reply).await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        Self { origin, received, task }
    }

    /// A server that answers JSON with this status.
    pub async fn json(status: u16, body: &str) -> Self {
        Self::start(reply(status, "content-type: application/json\r\n", body)).await
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The only request that came in.
    pub fn only(&self) -> Received {
        let received = self.received();
        assert_eq!(received.len(), 1, "{received:#?}");
        received[0].clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A whole answer. `headers` are lines, each with its line end.
pub fn reply(status: u16, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len()).into_bytes()
}

/// Reads one request; `None` if the client closed before it was whole.
pub async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let request_line = lines.next().unwrap().to_owned();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut received = Received { request_line, headers, body: bytes.split_off(head + 4) };
    let length: usize = received.header("content-length").map_or(0, |it| it.parse().unwrap());
    while received.body.len() < length {
        if stream.read_buf(&mut received.body).await.unwrap_or(0) == 0 {
            return None;
        }
    }
    Some(received)
}

/// All texts of an error, from the outside in.
pub fn texts(error: &dyn std::error::Error) -> String {
    let mut texts = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        texts = format!("{texts}: {error}");
        below = error.source();
    }
    texts
}

/// Held while a process starts. Until it runs its own program, it has a copy of every socket of this one, so that a
/// listener which is closed meanwhile goes on listening.
pub fn no_start() -> MutexGuard<'static, ()> {
    static STARTS: Mutex<()> = Mutex::new(());
    STARTS.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn spawn(command: &mut Command) -> Child {
    let _alone = no_start();
    command.spawn().unwrap()
}

/// A port on which nobody listens, and which nobody else can take meanwhile.
pub struct ClosedPort(tokio::net::TcpSocket);

impl ClosedPort {
    pub fn reserve() -> Self {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }
}

/// Reads a request to its end, on a thread without a runtime. False if the client goes before.
pub fn read_whole_request(stream: &std::net::TcpStream) -> std::io::Result<bool> {
    use std::io::{BufRead as _, BufReader, Read as _};

    let mut request = BufReader::new(stream);
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        if request.read_line(&mut line)? == 0 {
            return Ok(false);
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    request.read_exact(&mut vec![0; length])?;
    Ok(true)
}
