//! Values as the server writes them: of any type, with nulls, and with members that nobody documented.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A time as the server wrote it. **Assumed**, since the vendor does not document it: a number counts milliseconds
/// since 1970.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerTime(Value);

impl ServerTime {
    /// The time, if it can be read.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let milliseconds = match &self.0 {
            Value::Number(number) => number.as_i64()?,
            Value::String(text) => text.trim().parse().ok()?,
            _ => return None,
        };
        Timestamp::from_millisecond(milliseconds).ok()
    }

    /// As it was written.
    #[must_use]
    pub fn raw(&self) -> &Value {
        &self.0
    }
}

impl fmt::Display for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.timestamp() {
            Some(time) => fmt::Display::fmt(&time, f),
            None => fmt::Display::fmt(&self.0, f),
        }
    }
}

impl fmt::Debug for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A row of a list, whose members are taken out one by one. What is left over is kept by the row.
pub(super) struct Row(Map<String, Value>);

impl From<Value> for Row {
    fn from(row: Value) -> Self {
        match row {
            Value::Object(members) => Self(members),
            other => Self(Map::from_iter([("value".to_owned(), other)])),
        }
    }
}

impl Row {
    /// A text. Numbers and booleans are written out, a null is nothing, and anything else stays where it is.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        match self.take_unless(name, |value| value.is_array() || value.is_object())? {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }

    /// A list of texts. A null is an empty one, and anything else stays where it is.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        let is_list = |value: &Value| value.as_array().is_some_and(|entries| entries.iter().all(Value::is_string));
        match self.take_unless(name, |value| !value.is_null() && !is_list(value)) {
            Some(Value::Array(entries)) => {
                entries.into_iter().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A time. A null is none.
    pub(super) fn time(&mut self, name: &str) -> Option<ServerTime> {
        self.0.remove(name).filter(|value| !value.is_null()).map(ServerTime)
    }

    fn take_unless(&mut self, name: &str, stays: impl FnOnce(&Value) -> bool) -> Option<Value> {
        if self.0.get(name).is_none_or(stays) { None } else { self.0.remove(name) }
    }

    /// What is left.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.0
    }
}
