//! A bounded log of what a fake was asked.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use super::call::{Effect, KnownCall};
use super::{FakeCall, FakeFaultKind};

/// The log forgets the oldest requests beyond these bounds.
const MOST_REQUESTS: usize = 10_000;
const MOST_BODY_BYTES: usize = 64 * 1024 * 1024;

/// A request that a fake received. `Debug` does not show header values and the body, because both may contain secrets.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "keyfactor")] {
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::Schedule;
/// use clm::testing::{FakeFaultKind, FakeKeyfactor, KeyfactorCall};
///
/// let fake = FakeKeyfactor::start().await;
/// let store = fake.add_store();
/// fake.lose_answers(1);
/// let stores = fake.client().certificate_stores();
/// let _ = stores.schedule_inventory([store], Schedule::Immediate).send().await;
///
/// let requests = fake.requests();
/// let request = &requests[0];
/// assert_eq!(
///     (request.method().as_str(), request.path()),
///     ("POST", "/KeyfactorAPI/CertificateStores/Schedule")
/// );
/// assert_eq!((request.query(), request.status()), ("", 204));
/// assert_eq!(request.header("content-type"), Some("application/json"));
/// assert_eq!(request.json()["StoreIds"][0], store.to_string());
/// assert!(request.is(KeyfactorCall::ScheduleInventory) && request.is_change());
/// assert_eq!(request.operation(), Some("keyfactor.certificate_stores.schedule_inventory"));
/// assert_eq!(request.fault(), Some(FakeFaultKind::LostAnswer));
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
#[derive(Clone)]
pub struct RecordedRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) status: u16,
    /// `None` if the fake does not know it.
    pub(super) call: Option<KnownCall>,
    pub(super) fault: Option<FakeFaultKind>,
}

impl RecordedRequest {
    /// Returns the method. See the [example](Self#example).
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path with its leading slash. See the [example](Self#example).
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query as it was sent, without the question mark. See the [example](Self#example).
    #[must_use]
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Returns all headers; [`header`](Self::header) returns one. See the [example](Self#example).
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns the value of a header, if it is present and is text. See the [example](Self#example).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the body; [`json`](Self::json) parses it. See the [example](Self#example).
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the body as JSON, or null if it is not JSON. See the [example](Self#example).
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns the status of the fake's response. If a fault suppressed or cut the response, it is the status that the response
    /// had. See the [example](Self#example).
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the client's name for the call, as in spans and in the audit, such as
    /// `keyfactor.certificate_stores.remove_certificates`. It is `None` for an unknown request. See the [example](Self#example).
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.call.map(|call| call.name)
    }

    /// Returns whether the request is for this call. See the [example](Self#example).
    #[must_use]
    pub fn is(&self, call: impl FakeCall) -> bool {
        self.operation() == Some(call.name())
    }

    /// Returns whether the call may change something. An AppViewX login counts as a change, because failed logins lock the account;
    /// a token request does not. An unknown request does not count as a change. See the [example](Self#example).
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.call.is_some_and(|call| call.effect == Effect::Change)
    }

    /// Returns the fault that affected the request. See the [example](Self#example).
    #[must_use]
    pub fn fault(&self) -> Option<FakeFaultKind> {
        self.fault
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.call.is_none()
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, path, query, headers, body, status, call, fault } = self;
        f.debug_struct("RecordedRequest")
            .field("method", method)
            .field("path", path)
            .field("query", &format_args!("{} bytes", query.len()))
            .field("headers", &headers.keys().collect::<Vec<_>>())
            .field("body", &format_args!("{} bytes", body.len()))
            .field("status", status)
            .field("operation", &call.map(|call| call.name))
            .field("fault", fault)
            .finish()
    }
}

/// The requests, oldest first, and the bytes of their bodies.
#[derive(Default)]
pub(super) struct Log {
    requests: VecDeque<RecordedRequest>,
    bytes: usize,
    /// How many came since the mark, also those that are forgotten.
    since_mark: usize,
    /// Requests that the fake does not know, and that are forgotten.
    unknown_forgotten: usize,
}

impl Log {
    pub(super) fn record(&mut self, request: RecordedRequest) {
        self.bytes += request.body.len();
        self.since_mark = self.since_mark.saturating_add(1);
        self.requests.push_back(request);
        while self.requests.len() > MOST_REQUESTS || self.bytes > MOST_BODY_BYTES {
            let Some(oldest) = self.requests.pop_front() else { break };
            self.bytes -= oldest.body.len();
            self.unknown_forgotten += usize::from(oldest.is_unknown());
        }
    }

    pub(super) fn mark(&mut self) {
        self.since_mark = 0;
    }

    /// Those since the mark, or since the start.
    pub(super) fn since_mark(&self) -> impl Iterator<Item = &RecordedRequest> {
        self.requests.iter().skip(self.requests.len().saturating_sub(self.since_mark))
    }

    /// How many of those since the mark are forgotten.
    pub(super) fn forgotten_since_mark(&self) -> usize {
        self.since_mark.saturating_sub(self.requests.len())
    }

    pub(super) fn unknown_forgotten(&self) -> usize {
        self.unknown_forgotten
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &RecordedRequest> {
        self.requests.iter()
    }
}
