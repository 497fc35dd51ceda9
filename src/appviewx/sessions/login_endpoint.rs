//! Where sessions and tokens come from.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::transport::{Call, Connection, Effect, Parameters, Path, Record, Transport};

/// Where sessions and tokens come from: the client's own server, over a transport that has no credential.
#[derive(Debug)]
pub(in crate::appviewx) struct LoginEndpoint {
    pub(in crate::appviewx) transport: Transport,
    pub(in crate::appviewx) query: Parameters,
}

impl LoginEndpoint {
    /// A call that asks for a credential.
    pub(super) fn call(&self, operation: &'static str, effect: Effect, path: Path) -> Call {
        Call {
            operation,
            effect,
            connection: Connection::Own,
            method: Method::POST,
            path,
            query: self.query.clone(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            secrets: Vec::new(),
            retry_policy: None,
            record: Record::default(),
        }
    }
}
