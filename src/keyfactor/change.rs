//! How changes are sent, and those that are answered without content: 204.

use bytes::Bytes;
use http::{HeaderMap, Method};
use secrecy::SecretString;
use serde_json::Value;

use super::client::Client;
use super::error::{Error, Request};
use crate::transport::{Call, Cause, ChangeSettings, Effect, FromFailure as _, Path, Record};

/// The call of a change: a POST of JSON that is never sent again on a guess.
pub(super) fn post(
    operation: &'static str,
    path: &'static str,
    body: &Value,
    secrets: Vec<SecretString>,
    meta: &ChangeSettings,
    record: Record,
) -> Call {
    Call {
        operation,
        effect: Effect::Change,
        method: Method::POST,
        path: Path::fixed(path),
        query: Vec::new(),
        headers: HeaderMap::new(),
        body: Bytes::from(body.to_string()),
        secrets,
        retry_policy: meta.retry_policy,
        record,
    }
}

/// A change whose answer has no content.
pub(super) struct Silent {
    pub(super) operation: &'static str,
    pub(super) path: &'static str,
    pub(super) body: Value,
    /// For the audit, as a JSON array.
    pub(super) targets: Value,
    pub(super) meta: ChangeSettings,
}

impl Silent {
    /// The answer is 204. A 2xx with something in its body is somebody else's, a sign-in page perhaps.
    pub(super) async fn send(self, client: &Client, request: Request) -> Result<(), Error> {
        let Self { operation, path, body, targets, meta } = self;
        let record = Record { targets: targets.to_string(), scope: String::new(), reason: meta.reason.clone() };
        let call = post(operation, path, &body, Vec::new(), &meta, record);
        match client.transport().execute(call).await {
            Ok(exchange) if matches!(exchange.answer.body.trim(), "" | "null") => {
                exchange.audit.finish("done", &exchange.trace, "");
                Ok(())
            }
            Ok(exchange) => {
                let failure = exchange.unreadable_change(Cause::new("an answer without content was expected"));
                Err(Error::from_failure(failure, request))
            }
            Err(failure) => Err(Error::from_failure(failure, request)),
        }
    }
}
