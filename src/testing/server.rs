//! What both fakes stand on: a loopback server, and a bounded log of what it was asked.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, Method};
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// The log forgets the oldest requests beyond these bounds.
const MOST_REQUESTS: usize = 10_000;
const MOST_BODY_BYTES: usize = 64 * 1024 * 1024;

/// A request that a fake received. `Debug` shows neither the values of headers nor the body: both may hold secrets.
#[derive(Clone)]
pub struct RecordedRequest {
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
    status: u16,
    expected: bool,
}

impl RecordedRequest {
    /// The method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, with its leading slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query as it was sent, without the question mark.
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// All headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// A header's value, if it is there and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON; null if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The status that the fake answered.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, query, headers, body, status, expected } = self;
        f.debug_struct("RecordedRequest")
            .field("method", method)
            .field("path", path)
            .field("query", &format_args!("{} bytes", query.len()))
            .field("headers", &headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", body.len()))
            .field("status", status)
            .field("expected", expected)
            .finish()
    }
}

/// What a fake answers.
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
    expected: bool,
}

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body), expected: true }
    }

    /// 204.
    pub(super) fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: None, expected: true }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with another body, if it has one.
    pub(super) fn map_body(mut self, change: impl FnOnce(Value) -> Value) -> Self {
        self.body = self.body.map(change);
        self
    }

    /// For a request that the fake does not know: the answer and the log name it.
    pub(super) fn unexpected(request: &RecordedRequest) -> Self {
        let said = format!("this fake does not know {} {}", request.method, request.path);
        Self { expected: false, ..Self::json(501, Value::from(said)) }
    }
}

/// A member of a request's body; null if it is missing.
pub(super) fn member<'a>(body: &'a Value, name: &str) -> &'a Value {
    body.get(name).unwrap_or(&Value::Null)
}

/// The behaviour of a fake.
pub(super) trait Service: Send + Sync + 'static {
    fn answer(&self, request: &RecordedRequest) -> Reply;
}

/// A running fake.
pub(super) struct Server {
    mock: MockServer,
    log: Arc<Mutex<Log>>,
}

impl Server {
    pub(super) async fn start(service: Arc<dyn Service>) -> Self {
        let mock = MockServer::builder().disable_request_recording().start().await;
        let log = Arc::<Mutex<Log>>::default();
        Mock::given(any()).respond_with(Adapter { service, log: Arc::clone(&log) }).mount(&mock).await;
        Self { mock, log }
    }

    pub(super) fn origin(&self) -> String {
        self.mock.uri()
    }

    pub(super) fn requests(&self) -> Vec<RecordedRequest> {
        locked(&self.log).requests.iter().cloned().collect()
    }

    pub(super) fn unexpected_requests(&self) -> Vec<RecordedRequest> {
        locked(&self.log).requests.iter().filter(|request| !request.expected).cloned().collect()
    }
}

/// Locks also after another thread's panic: a fake's state is plain data, and a test wants its own failure message.
pub(super) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Adapter {
    service: Arc<dyn Service>,
    log: Arc<Mutex<Log>>,
}

impl Respond for Adapter {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut recorded = RecordedRequest {
            method: request.method.clone(),
            path: request.url.path().to_owned(),
            query: request.url.query().unwrap_or_default().to_owned(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            status: 0,
            expected: true,
        };
        let reply = self.service.answer(&recorded);
        recorded.status = reply.status;
        recorded.expected = reply.expected;
        locked(&self.log).record(recorded);
        let mut template = ResponseTemplate::new(reply.status);
        if let Some(body) = reply.body {
            template = template.set_body_raw(body.to_string(), "application/json; charset=utf-8");
        }
        for (name, value) in reply.headers {
            template = template.insert_header(name, value.as_str());
        }
        template
    }
}

/// The requests, oldest first, and the bytes of their bodies.
#[derive(Default)]
struct Log {
    requests: VecDeque<RecordedRequest>,
    bytes: usize,
}

impl Log {
    fn record(&mut self, request: RecordedRequest) {
        self.bytes += request.body.len();
        self.requests.push_back(request);
        while self.requests.len() > MOST_REQUESTS || self.bytes > MOST_BODY_BYTES {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.bytes -= oldest.body.len();
        }
    }
}
