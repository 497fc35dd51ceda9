//! What assertions of both fakes say: the requests that were seen, and what differs between two states.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use http::Method;
use serde_json::Value;

use super::RecordedRequest;
use super::server::Server;

/// Lines of a list in a message. Beyond them, their number is said.
const MOST_LINES: usize = 20;

/// Members of a state that may hold secrets: of them, messages show the names only. A store's parameters are the job fields of the
/// addition that put the entry there.
const MAY_HOLD_SECRETS: [&str; 3] = ["job_fields", "parameters", "properties"];

/// A part of a message: its heading, and a line for each of these. Of many, the last ones are shown.
pub(super) fn section<T: Display>(heading: &str, lines: impl IntoIterator<Item = T>) -> String {
    let lines: Vec<T> = lines.into_iter().collect();
    let mut text = format!("\n{heading}:");
    let left_out = lines.len().saturating_sub(MOST_LINES);
    if lines.is_empty() {
        text.push_str(" none");
    }
    if left_out > 0 {
        let _ = write!(text, "\n  {left_out} earlier ones, not shown");
    }
    for line in lines.iter().skip(left_out) {
        let _ = write!(text, "\n  {line}");
    }
    text
}

pub(super) fn requests(seen: &[RecordedRequest]) -> String {
    section("requests", seen.iter().map(line))
}

/// What is said if something was changed: the changes, and what differs from the state that was marked.
pub(super) fn touched(changes: &[RecordedRequest], marked: Option<&Value>, now: &Value) -> Option<String> {
    let differences = marked.map(|marked| differences(marked, now)).unwrap_or_default();
    if changes.is_empty() && differences.is_empty() {
        return None;
    }
    let changes = section("changes received", changes.iter().map(line));
    Some(if marked.is_some() { changes + &section("differences since the mark", differences) } else { changes })
}

/// Panics unless exactly one request since the mark is such a one. `what` names it.
#[track_caller]
#[expect(clippy::panic, reason = "an assertion of tests")]
pub(super) fn assert_sent_once(server: &Server, what: &str, is_it: impl Fn(&RecordedRequest) -> bool) {
    let seen = server.requests_since_mark();
    let count = seen.iter().filter(|it| is_it(it)).count();
    if count < 2 {
        server.assert_none_forgotten();
    }
    match count {
        1 => {}
        0 => panic!("{what} was never sent{}", requests(&seen)),
        _ => panic!("{what} was sent {count} times{}", requests(&seen)),
    }
}

/// Whether a request may change something; of one that the fake does not know, by its method.
pub(super) fn is_change(request: &RecordedRequest) -> bool {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS];
    request.is_change() || (request.operation().is_none() && !reads.contains(request.method()))
}

/// Method, path and status. Queries, headers and bodies may hold secrets.
fn line(request: &RecordedRequest) -> String {
    format!("{} {}: {}", request.method(), request.path(), request.status())
}

/// Where two states differ, each with its path.
fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    found
}

/// The same without values that may be secrets.
fn shown(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), shown_member(name, value))).collect()
        }
        Value::Array(items) => items.iter().map(shown).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn shown_member(name: &str, value: &Value) -> Value {
    if MAY_HOLD_SECRETS.contains(&name) { without_values(value) } else { shown(value) }
}

fn without_values(value: &Value) -> Value {
    match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), without_values(value))).collect(),
        Value::Null => Value::Null,
        Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => "…".into(),
    }
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<String>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            both(before, after, |name, before, after| {
                let path = if path.is_empty() { (*name).clone() } else { format!("{path}.{name}") };
                if MAY_HOLD_SECRETS.contains(&name.as_str()) && before != after {
                    let shown = |side: Option<&Value>| side.map_or(Value::Null, without_values);
                    found.push(format!("{path}: {}, was {} (values are not shown)", shown(after), shown(before)));
                } else {
                    compare(&path, before, after, found);
                }
            });
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            let (before, after) = (named(before), named(after));
            both(before, after, |name, before, after| compare(&format!("{path}[{name}]"), before, after, found));
        }
        (Some(before), Some(after)) => found.push(format!("{path}: {}, was {}", shown(after), shown(before))),
        (None, Some(after)) => found.push(format!("{path}: new, {}", shown(after))),
        (Some(before), None) => found.push(format!("{path}: removed, was {}", shown(before))),
        (None, None) => {}
    }
}

/// Goes through the names of both sides.
fn both<'a, K: Ord>(
    before: impl IntoIterator<Item = (K, &'a Value)>,
    after: impl IntoIterator<Item = (K, &'a Value)>,
    mut each: impl FnMut(&K, Option<&'a Value>, Option<&'a Value>),
) {
    let mut sides: BTreeMap<K, (Option<&Value>, Option<&Value>)> =
        before.into_iter().map(|(name, value)| (name, (Some(value), None))).collect();
    for (name, value) in after {
        sides.entry(name).or_default().1 = Some(value);
    }
    for (name, (before, after)) in &sides {
        each(name, *before, *after);
    }
}

/// The items of a list by their id or alias, so that one which goes does not make all behind it differ; by their place if they
/// have none. Of several with one name, the further ones are counted.
fn named(items: &[Value]) -> Vec<(String, &Value)> {
    let mut seen = BTreeMap::<String, usize>::new();
    let name = |(index, item): (usize, &Value)| {
        let given = ["id", "alias", "name"].iter().find_map(|member| item.get(member));
        given.map_or_else(|| index.to_string(), |it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
    };
    let named = items.iter().enumerate().map(|(index, item)| {
        let name = name((index, item));
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        (if *count == 1 { name } else { format!("{name} #{count}") }, item)
    });
    named.collect()
}
