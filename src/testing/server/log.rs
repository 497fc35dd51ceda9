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

/// A request that a fake received. `Debug` shows neither the values of headers nor the body: both may hold secrets.
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

    /// The status that the fake answered. Where a fault kept the answer back or cut it, the status that it had.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Which call it is, by the name that the client has for it in spans and in the audit:
    /// `keyfactor.certificate_stores.remove_certificates`, for example. `None` if the fake does not know it.
    #[must_use]
    pub fn operation(&self) -> Option<&'static str> {
        self.call.map(|call| call.name)
    }

    /// Whether it is this call.
    #[must_use]
    pub fn is(&self, call: impl FakeCall) -> bool {
        self.operation() == Some(call.name())
    }

    /// Whether its call may change something. A login of AppViewX counts as a change, since accounts lock; a token request does
    /// not. A request that the fake does not know changes nothing.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.call.is_some_and(|call| call.effect == Effect::Change)
    }

    /// The fault that hit it.
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
