//! Reading the bodies of requests as the server reads them.

use serde_json::{Map, Value};

use super::jobs::Schedule;
use super::refusal::{bad_request, unsupported_media_type};
use crate::testing::server::{self, RecordedRequest, Reply};

/// The body of a change. Inferred: another content type than those that the schema lists for JSON is refused; parameters
/// of it, such as the charset, change nothing. Assumed: what is no JSON is 400.
pub(super) fn body_of(request: &RecordedRequest) -> Result<Value, Reply> {
    let essence = request.header("content-type").and_then(|it| it.split(';').next()).unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    let is_json = matches!(&*essence, "application/json" | "text/json")
        || essence.strip_prefix("application/").is_some_and(|subtype| subtype.ends_with("+json"));
    if !is_json {
        return Err(unsupported_media_type(&essence));
    }
    serde_json::from_slice(request.body()).map_err(|error| bad_request(&format!("The body is not JSON: {error}.")))
}

/// A member of an object; null if it is missing. Its name is compared without regard to the case of ASCII letters; of two
/// that differ in nothing else, the one that is spelt as documented counts.
pub(super) fn member<'a>(object: &'a Value, name: &str) -> &'a Value {
    match server::member(object, name) {
        Value::Null => {
            let mut members = object.as_object().into_iter().flatten();
            members.find(|(given, _)| given.eq_ignore_ascii_case(name)).map_or(&Value::Null, |(_, value)| value)
        }
        found => found,
    }
}

/// The kinds of schedule that are objects, with their members and whether the job runs again and again.
const KINDS: [(&str, &[&str], bool); 5] = [
    ("Interval", &["Minutes"], true),
    ("Daily", &["Time"], true),
    ("Weekly", &["Days", "Time"], true),
    ("Monthly", &["Day", "Time"], true),
    ("ExactlyOnce", &["Time"], false),
];

/// A schedule that runs once, and at once.
const IMMEDIATE: &str = "Immediate";

const SEVERAL: &str = "Schedule must set exactly one kind.";
/// What the manual alone names, to clear a schedule; its shape is not known.
const OFF: &str = "Off";

impl Schedule {
    /// Whether the `Schedule` of a body clears the schedule. As every kind, it stands alone.
    pub(super) fn is_off(body: &Value) -> Result<bool, Reply> {
        let is_set = |name: &str| !member(member(body, "Schedule"), name).is_null();
        if !is_set(OFF) {
            return Ok(false);
        }
        let other = is_set(IMMEDIATE) || KINDS.iter().any(|(name, ..)| is_set(name));
        if other { Err(bad_request(SEVERAL)) } else { Ok(true) }
    }

    /// The `Schedule` of a body, which sets exactly one kind; a kind that is null is not set. What it has beside that is
    /// ignored, and not kept.
    pub(super) fn read(body: &Value) -> Result<Self, Reply> {
        let object = member(body, "Schedule");
        let is_set = |name: &str| !member(object, name).is_null();
        let mut set = KINDS.iter().filter(|(name, ..)| is_set(name));
        match (is_set(IMMEDIATE), set.next(), set.next()) {
            (true, None, None) if *member(object, IMMEDIATE) == Value::Bool(true) => {
                Ok(Self::of(IMMEDIATE, Value::Bool(true), false))
            }
            (false, Some((name, members, recurring)), None) if member(object, name).is_object() => {
                let given = member(object, name);
                let known = members.iter().map(|it| ((*it).to_owned(), member(given, it).clone()));
                let known: Map<String, Value> = known.filter(|(_, value)| !value.is_null()).collect();
                Ok(Self::of(name, Value::Object(known), *recurring))
            }
            (true, None, None) | (false, Some(_), None) => Err(bad_request("Schedule is not valid.")),
            _ => Err(bad_request(SEVERAL)),
        }
    }

    fn of(kind: &str, value: Value, recurring: bool) -> Self {
        Self { object: Value::Object(Map::from_iter([(kind.to_owned(), value)])), recurring }
    }
}
