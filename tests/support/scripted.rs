//! A server that answers its requests in turn, and tells when one is whole.

use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, OnceLock};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use crate::support::{ClosedPort, Received, read_request, reply};

/// What a request is answered.
#[derive(Clone)]
pub enum Answer {
    /// These bytes; then the connection is closed.
    Bytes(Vec<u8>),
    /// These bytes, and then nothing, but the connection stays open. The request counts as whole once they are out.
    Begun(Vec<u8>),
    /// The connection is closed without an answer.
    Nothing,
    /// No answer, and the connection stays open.
    Silence,
}

impl Answer {
    pub fn json(status: u16, body: &str) -> Self {
        Self::with(status, "content-type: application/json\r\n", body)
    }

    /// `headers` are lines, each with its line end.
    pub fn with(status: u16, headers: &str, body: &str) -> Self {
        Self::Bytes(reply(status, headers, body))
    }

    /// A head that promises more than comes.
    pub fn cut(status: u16, body: &str) -> Self {
        let length = body.len() + 10;
        Self::Bytes(format!("HTTP/1.1 {status} -\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes())
    }
}

// As text: it is read when a test fails.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "Bytes({:?})", String::from_utf8_lossy(bytes)),
            Self::Begun(bytes) => write!(f, "Begun({:?})", String::from_utf8_lossy(bytes)),
            Self::Nothing => f.write_str("Nothing"),
            Self::Silence => f.write_str("Silence"),
        }
    }
}

/// Every connection carries one request. The last answer is repeated.
pub struct Scripted {
    pub origin: String,
    received: Arc<Mutex<Vec<Received>>>,
    arrived: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Scripted {
    pub async fn start(answers: impl IntoIterator<Item = Answer>) -> Self {
        let answers: Vec<Answer> = answers.into_iter().collect();
        Self::choosing(move |number, _| answers.get(number).or(answers.last()).unwrap().clone()).await
    }

    /// Chooses each answer by the number of the request, counted from 0, and by the request.
    pub async fn choosing(choose: impl Fn(usize, &Received) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        let (counter, arrived) = watch::channel(0);
        let log = Arc::clone(&received);
        let choose = Arc::new(choose);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (log, counter, choose) = (Arc::clone(&log), counter.clone(), Arc::clone(&choose));
                connections.spawn(async move {
                    let Some(request) = read_request(&mut stream).await else { return };
                    let (number, answer) = {
                        let mut log = log.lock().unwrap();
                        let answer = choose(log.len(), &request);
                        log.push(request);
                        (log.len(), answer)
                    };
                    if let Answer::Begun(bytes) = &answer {
                        let _ = stream.write_all(bytes).await;
                    }
                    counter.send_modify(|arrived| *arrived = number.max(*arrived));
                    match answer {
                        // A client that has seen enough hangs up, and that is no failure of the server.
                        Answer::Bytes(bytes) => drop(stream.write_all(&bytes).await),
                        Answer::Nothing => {}
                        Answer::Begun(_) | Answer::Silence => pending().await,
                    }
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { origin, received, arrived, task }
    }

    /// Waits until this many requests have come in whole.
    pub async fn arrived(&self, count: usize) {
        self.arrived.clone().wait_for(|arrived| *arrived >= count).await.expect("the server runs");
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An origin that nothing listens on, for as long as the tests run.
pub fn nobody() -> String {
    static PORT: OnceLock<ClosedPort> = OnceLock::new();
    PORT.get_or_init(ClosedPort::reserve).origin()
}
