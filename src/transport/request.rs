//! What a call is, before it is sent.

use bytes::Bytes;
use http::{HeaderMap, Method};

/// Whether a call that may have arrived could have changed something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Nothing changes; doing it twice is harmless.
    #[cfg_attr(not(test), expect(dead_code, reason = "both documented calls are changes"))]
    Read,
    /// Something may change; it is never sent a second time on a guess.
    Change,
}

/// One call, ready to be sent: its body is serialised already.
pub(crate) struct Call {
    pub(crate) effect: Effect,
    pub(crate) method: Method,
    /// Below the client's base path, without a leading slash.
    pub(crate) path: &'static str,
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Call {
    /// How errors name the call: method and path, never a query.
    pub(crate) fn name(&self) -> String {
        format!("{} /{}", self.method, self.path)
    }
}
