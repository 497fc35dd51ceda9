//! Where sessions and tokens come from.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::transport::{Call, Connection, Effect, Path, Transport};

/// Where sessions and tokens come from: the client's own server, over a transport that has no credential.
#[derive(Debug)]
pub(in crate::appviewx) struct LoginEndpoint {
    pub(in crate::appviewx) transport: Transport,
}

impl LoginEndpoint {
    /// A call that asks for a credential.
    pub(super) fn call(operation: &'static str, effect: Effect, path: Path) -> Call {
        Call {
            operation,
            effect,
            connection: Connection::Own,
            method: Method::POST,
            path,
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            secrets: Vec::new(),
            retry_policy: None,
            audited: None,
        }
    }
}
