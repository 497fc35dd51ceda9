//! What a fake answers.

use serde_json::Value;

/// What a fake answers.
pub(in crate::testing) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// Instead of a body.
    pub(super) page: Option<&'static str>,
}

impl Reply {
    pub(in crate::testing) fn json(status: u16, body: Value) -> Self {
        Self { body: Some(body), ..Self::empty(status) }
    }

    /// A page for people.
    pub(in crate::testing) fn html(status: u16, page: &'static str) -> Self {
        let reply = Self { page: Some(page), ..Self::empty(status) };
        reply.header("content-type", "text/html; charset=utf-8")
    }

    /// 204.
    pub(in crate::testing) fn no_content() -> Self {
        Self::empty(204)
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

    /// Without a body.
    pub(in crate::testing) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None, page: None }
    }

    /// For a request that the fake does not know.
    pub(in crate::testing) fn unknown() -> Self {
        Self::empty(404)
    }

    /// Whether its status allows none.
    pub(super) fn is_without_body(&self) -> bool {
        matches!(self.status, 204 | 304)
    }
}
