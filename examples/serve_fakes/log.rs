//! The recorded requests as lines of JSON.

use clm::testing::{FakeFaultKind, KeyfactorCall, RecordedRequest};
use serde_json::{Value, json};

/// One line per request, oldest first. Only the names of headers and of the form fields of token requests are shown, because
/// their values contain credentials. Other bodies are shown as sent. `call` is null for requests that the fake does not know.
pub(crate) fn lines<'a>(
    server: &str,
    requests: impl Iterator<Item = &'a RecordedRequest>,
) -> impl Iterator<Item = String> {
    requests.map(move |request| line(server, request).to_string())
}

fn line(server: &str, request: &RecordedRequest) -> Value {
    json!({
        "server": server,
        "call": request.operation(),
        "operation": request.operation(),
        "method": request.method().as_str(),
        "path": request.path(),
        "query": request.query(),
        "headers": request.headers().keys().map(http::HeaderName::as_str).collect::<Vec<_>>(),
        "body": if request.is(KeyfactorCall::RequestToken) { names(request.body()) } else { body(request.body()) },
        "status": request.status(),
        "fault": request.fault().map(FakeFaultKind::as_str),
    })
}

/// JSON unchanged, other text as a string, null for an empty body.
fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
}

/// The names of the form fields.
fn names(form: &[u8]) -> Value {
    url::form_urlencoded::parse(form).map(|(name, _)| Value::from(name)).collect()
}
