//! What a fake answers.

use serde_json::Value;

use super::RecordedRequest;

/// What a fake answers.
pub(in crate::testing) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// Instead of a body.
    pub(super) page: Option<&'static str>,
    pub(super) expected: bool,
}

impl Reply {
    pub(in crate::testing) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Some(body), page: None, expected: true }
    }

    /// A page for people.
    pub(in crate::testing) fn html(status: u16, page: &'static str) -> Self {
        let reply = Self { status, headers: Vec::new(), body: None, page: Some(page), expected: true };
        reply.header("content-type", "text/html; charset=utf-8")
    }

    /// 204.
    pub(in crate::testing) fn no_content() -> Self {
        Self { status: 204, headers: Vec::new(), body: None, page: None, expected: true }
    }

    pub(in crate::testing) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same with another body, if it has one.
    pub(in crate::testing) fn map_body(mut self, change: impl FnOnce(Value) -> Value) -> Self {
        self.body = self.body.map(change);
        self
    }

    /// For a request that the fake does not know: the answer and the log name it.
    pub(in crate::testing) fn unexpected(request: &RecordedRequest) -> Self {
        let said = format!("this fake does not know {} {}", request.method, request.path);
        Self { expected: false, ..Self::json(501, Value::from(said)) }
    }
}
