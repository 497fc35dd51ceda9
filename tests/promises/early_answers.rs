//! Answers that begin before the request was written. Where that can be seen, nothing is believed of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{read_request, reply};
use clm::http::Method;
use clm::keyfactor::{Client, Credentials, Error};
use clm::{RawEffect, RetryPolicy};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use uuid::Uuid;

/// More than a connection holds of what was not read.
const LARGE: usize = 8 * 1024 * 1024;

/// When the server answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum When {
    /// As soon as there is a connection.
    Accepted,
    /// The head of the request was read, and nothing of its body.
    HeadRead,
}

#[derive(Default)]
struct Seen {
    connections: usize,
    /// Requests that came whole.
    copies: usize,
}

/// A server that answers too early, then reads what comes, and acts on what is whole.
struct Server {
    origin: String,
    seen: Arc<Mutex<Seen>>,
    task: JoinHandle<()>,
}

impl Server {
    fn start(answer: Vec<u8>, when: When) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(64).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                shared.lock().unwrap().connections += 1;
                let (seen, answer) = (Arc::clone(&shared), answer.clone());
                connections.spawn(async move {
                    if serve(stream, &answer, when).await.is_some() {
                        seen.lock().unwrap().copies += 1;
                    }
                });
            }
        });
        Self { origin, seen, task }
    }

    fn client(&self) -> Client {
        let policy = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
        let builder = Client::builder(&self.origin).credentials(Credentials::basic("user", "password"));
        builder.retry_policy(policy).build().unwrap()
    }

    fn connections(&self) -> usize {
        self.seen.lock().unwrap().connections
    }

    fn copies(&self) -> usize {
        self.seen.lock().unwrap().copies
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, answer: &[u8], when: When) -> Option<()> {
    if when == When::Accepted {
        stream.write_all(answer).await.ok()?;
        read_request(&mut stream).await.map(|_| ())
    } else {
        let length = read_head(&mut stream).await?;
        stream.write_all(answer).await.ok()?;
        stream.read_exact(&mut vec![0; length]).await.ok().map(|_| ())
    }
}

/// Reads byte by byte, and gives the length of the body.
async fn read_head(stream: &mut TcpStream) -> Option<usize> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    assert!(!head.contains("transfer-encoding"), "{head}");
    head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
}

fn answers() -> Vec<(u16, Vec<u8>)> {
    let json = "content-type: application/json\r\n";
    let foreign = json!([Uuid::from_u128(0xf0)]).to_string();
    let statuses = [400, 401, 403, 408, 409, 429, 500, 503].map(|status| {
        let headers = format!("{json}retry-after: 0\r\n");
        (status, reply(status, &headers, r#"{"Message": "nobody asked for it"}"#))
    });
    let mut answers = vec![(200, reply(200, json, &foreign)), (200, reply(200, json, "[]"))];
    answers.extend(statuses);
    answers
}

/// A change with a body of this size.
async fn change(client: &Client, size: usize) -> Result<(), Error> {
    let call = client.raw(Method::POST, "CertificateStores/Certificates/Remove");
    call.json(&json!({"Text": "x".repeat(size)})).send().await.map(|_| ())
}

#[tokio::test]
async fn an_answer_that_begins_before_a_large_request_was_written_is_believed_in_nothing() {
    for (status, answer) in answers() {
        let server = Server::start(answer, When::HeadRead);
        let ended = change(&server.client(), LARGE).await;
        let Err(Error::OutcomeUnknown(unknown)) = ended else { panic!("{status}: {ended:?}") };
        assert_eq!(unknown.status().map(|it| it.as_u16()), Some(status));
        assert_eq!((unknown.attempts(), server.connections()), (1, 1), "{status}");
        // The rest of it was kept back.
        assert_eq!(server.copies(), 0, "{status}");
    }
}

// Servers and gateways refuse a length that is announced, and read nothing of it.
#[tokio::test]
async fn but_a_body_that_is_too_large_is_refused_before_it_is_read() {
    let server = Server::start(reply(413, "connection: close\r\n", "too much"), When::HeadRead);
    let ended = change(&server.client(), LARGE).await;
    let Err(Error::Api(refusal)) = ended else { panic!("{ended:?}") };
    assert_eq!((refusal.status().as_u16(), server.connections(), server.copies()), (413, 1, 0));
}

#[tokio::test]
async fn a_large_read_with_an_answer_that_began_too_early_ends_as_what_refused_it_or_is_tried_again() {
    let tried_again = [200, 408, 429, 503];
    for (status, answer) in answers() {
        let server = Server::start(answer, When::HeadRead);
        let client = server.client();
        let call = client.raw(Method::POST, "Certificates/Query").effect(RawEffect::Read);
        let error = call.json(&json!({"Text": "x".repeat(LARGE)})).send().await.unwrap_err();
        match &error {
            Error::Transport(_) => assert_eq!(status, 200),
            Error::Api(refusal) => assert_eq!(
                (refusal.status().as_u16(), refusal.message()),
                (status, Some("nobody asked for it")),
                "{error:?}"
            ),
            _ => panic!("{status}: {error:?}"),
        }
        let tries = if tried_again.contains(&status) { 4 } else { 1 };
        let attempts = error.attempts().and_then(|it| usize::try_from(it).ok());
        assert_eq!((attempts, server.connections(), server.copies()), (Some(tries), tries, 0), "{status}");
    }
}

// What cannot be seen: a small request is on its way before an answer is looked for. The documentation says so.
#[tokio::test]
async fn an_answer_to_a_connection_is_taken_for_that_to_a_small_request() {
    for (status, answer) in answers() {
        let server = Server::start(answer, When::Accepted);
        let ended = change(&server.client(), 10).await;
        let (shown, attempts) = match &ended {
            Ok(()) => (Some(200), None),
            Err(error) => (error.status().map(|it| it.as_u16()), error.attempts()),
        };
        // If it lay there before the first byte of the request, the connection is given up.
        assert!([Some(status), None].contains(&shown), "{status}: {ended:?}");
        if shown.is_none() {
            assert!(matches!(ended, Err(Error::OutcomeUnknown(_))), "{status}: {ended:?}");
        }
        println!("{status}: {shown:?}, {attempts:?} tries, {} copies", server.copies());
    }
}
