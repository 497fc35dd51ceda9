//! What an AppViewX CERT+ server settles.

use clm::RawEffect;
use clm::appviewx::{Client, Error};
use clm::http::{HeaderName, Method};
use serde_json::{Value, json};

use super::{Finding, Seen, kind, member};

/// A resource id that no certificate has.
const NOBODYS: &str = "000000000000000000000000";

pub(super) async fn findings(client: &Client) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    let every = search(client, &json!({"category": "Server"})).await?;
    findings.push(counts(&every));
    findings.push(correlation(&every));
    let none = search(client, &json!({"category": "Server", "resourceId": NOBODYS})).await?;
    findings.push(none.shape("A3", "a search without results"));
    let device = search(client, &json!({"category": "Device"})).await?;
    findings.push(device.shape("A4", "the category Device"));
    let groups = post(client, "certificategroup/list", &json!({"searchOptions": {"limit": 1}})).await?;
    findings.push(match groups.json() {
        Ok(body) => {
            let token = find(&body, "nextPageToken").map_or("missing", kind);
            Finding::new("A5", format!("nextPageToken on a page with one group: {token}"))
        }
        Err(why) => Finding::open("A5", why),
    });
    Ok(findings)
}

async fn search(client: &Client, input: &Value) -> Result<Seen, Error> {
    post(client, "certificate/search", &json!({"input": input, "filter": {"start": "1", "max": "1"}})).await
}

/// These calls only read, although they are POST calls.
async fn post(client: &Client, path: &str, body: &Value) -> Result<Seen, Error> {
    Seen::of(client.raw(Method::POST, path).effect(RawEffect::Read).json(body).send().await)
}

fn counts(seen: &Seen) -> Finding {
    match seen.json() {
        Ok(body) => match find(&body, "totalRecords") {
            Some(count) => Finding::new("A1", format!("totalRecords of a search: {}", kind(count))),
            None => Finding::open("A1", "the response has no totalRecords"),
        },
        Err(why) => Finding::open("A1", why),
    }
}

/// Only names of headers that look like a correlation id.
fn correlation(seen: &Seen) -> Finding {
    let headers = match seen.headers() {
        Ok(headers) => headers,
        Err(why) => return Finding::open("A2", why),
    };
    let looks_like =
        |name: &str| ["correlation", "request-id", "requestid", "trace"].iter().any(|it| name.contains(it));
    let names: Vec<&str> = headers.keys().map(HeaderName::as_str).filter(|name| looks_like(name)).collect();
    match names.as_slice() {
        [] => Finding::new("A2", "no header that looks like a correlation id"),
        names => Finding::new("A2", format!("headers that look like a correlation id: {}", names.join(", "))),
    }
}

/// A member of the outer object or of a nested `response`.
fn find<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    member(value, name).or_else(|| find(member(value, "response")?, name))
}
