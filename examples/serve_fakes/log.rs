//! What the fakes were asked, as lines of JSON.

use clm::testing::{FakeFaultKind, KeyfactorCall, RecordedRequest};
use serde_json::{Value, json};

/// One line for each request, oldest first. Of headers the names are shown, and of token requests the names of the form's members:
/// their values hold credentials. Other bodies are shown as they came. Without an operation, it is a request that the fake does not know.
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

/// JSON as it is, other text as a string, null for none.
fn body(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| String::from_utf8_lossy(bytes).into())
}

/// What the members of a form are called.
fn names(form: &[u8]) -> Value {
    url::form_urlencoded::parse(form).map(|(name, _)| Value::from(name)).collect()
}
