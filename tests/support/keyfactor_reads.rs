//! What the tests of the Keyfactor reads share: servers that answer lists page by page, and what they were asked.

use clm::keyfactor::{Client, Error, LookupError};
use clm::testing::{FakeKeyfactor, RecordedRequest};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::support::Received;
use crate::support::scripted::{Answer, Scripted};

/// An answer after which the connection is closed, and says so.
pub fn answer(status: u16, headers: &str, body: &Value) -> Answer {
    Answer::with(
        status,
        &format!("content-type: application/json\r\nconnection: close\r\n{headers}"),
        &body.to_string(),
    )
}

pub fn ok(body: &Value) -> Answer {
    answer(200, "", body)
}

/// The path below the API path, and the query as it was sent.
pub fn target(received: &Received) -> (String, String) {
    let target = received.request_line.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    (path.strip_prefix("/KeyfactorAPI/").unwrap().to_owned(), query.to_owned())
}

/// The parameters of a query, decoded.
pub fn parameters(query: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

pub fn parameter(query: &str, name: &str) -> Option<String> {
    parameters(query).into_iter().find(|(it, _)| it == name).map(|(_, value)| value)
}

/// The number of the page that a request asks for.
pub fn page_of(received: &Received) -> usize {
    parameter(&target(received).1, "PageReturned").unwrap().parse().unwrap()
}

/// A server of one list: its pages, and empty ones after them.
pub async fn paged(pages: impl IntoIterator<Item = Vec<Value>>) -> Scripted {
    let pages: Vec<Vec<Value>> = pages.into_iter().collect();
    Scripted::choosing(move |_, request| ok(&pages.get(page_of(request) - 1).cloned().unwrap_or_default().into())).await
}

/// Rows of certificates with these ids and nothing else.
pub fn certificates(ids: &[i32]) -> Vec<Value> {
    ids.iter().map(|id| json!({"Id": id})).collect()
}

/// The requests of a fake as `GET path`, in their order.
pub fn calls(fake: &FakeKeyfactor) -> Vec<String> {
    let name = |it: &RecordedRequest| format!("{} {}", it.method(), it.path().strip_prefix("/KeyfactorAPI/").unwrap());
    fake.requests().iter().map(name).collect()
}

/// The requests that may have changed something.
pub fn changes(fake: &FakeKeyfactor) -> usize {
    fake.changes().len()
}

/// The lookup error inside.
pub fn lookup(error: Error) -> LookupError {
    match error {
        Error::Lookup(error) => *error,
        other => panic!("not a lookup error: {other:?}"),
    }
}

/// A client of the fake that tries once.
pub fn client_of(fake: &FakeKeyfactor) -> Client {
    Client::builder(fake.url()).credentials(fake.credentials()).retry_policy(clm::RetryPolicy::none()).build().unwrap()
}
