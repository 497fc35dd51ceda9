//! Entry parameters that a type of store asks for.

use std::collections::HashSet;
use std::fmt;

use secrecy::SecretString;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::named_values::{NamedValue, NamedValues};
use crate::validation::{LONGEST_NAME, Problems, Reason, invalid_characters, list_characters};

/// A shorter value of a job field would be found in many a word of a message.
const SHORTEST_SECRET: usize = 6;

/// Job fields, which remember the order in which they were set. Their values may be secrets: only the names are shown.
#[derive(Clone, PartialEq, Default)]
pub(super) struct JobFields(NamedValues<Value>);

impl JobFields {
    /// The same field twice is one.
    pub(super) fn add(&mut self, name: String, value: Value) {
        self.0.add(name, value);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order in which they were set.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.in_order().map(|it| it.name)
    }

    /// As a body carries them; `None` if there are none.
    pub(super) fn wire(&self) -> Option<WireJobFields<'_>> {
        (!self.0.is_empty()).then_some(WireJobFields(&self.0))
    }

    /// The values that are long enough to be told from ordinary words, but for names of what the request is about.
    pub(super) fn secrets(&self, names: &HashSet<&str>) -> impl Iterator<Item = SecretString> {
        let texts = self.0.in_order().filter_map(|it| match it.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let is_secret =
            |text: &String| text.chars().nth(SHORTEST_SECRET - 1).is_some() && !names.contains(text.as_str());
        texts.filter(is_secret).map(SecretString::from)
    }

    /// `field` is where they stand in their request.
    pub(super) fn check(&self, field: impl fmt::Display, problems: &mut Problems) {
        for (index, NamedValue { name, value, is_conflict }) in self.0.in_order().enumerate() {
            if name.chars().count() > LONGEST_NAME {
                problems.check_length(format_args!("{field}.job_fields[{index}]"), name, LONGEST_NAME);
                continue;
            }
            let field = format_args!("{field}.job_fields[{name:?}]");
            if name.trim().is_empty() {
                problems.add(field, Reason::Blank, "a job field needs a name");
            }
            let found = invalid_characters(name, char::is_control);
            if !found.is_empty() {
                let sentence =
                    format!("the name of a job field holds no control character ({})", list_characters(&found));
                problems.add(field, Reason::InvalidCharacters(found), sentence);
            }
            if value.is_null() || value.is_array() || value.is_object() {
                problems.add(
                    field,
                    Reason::NotScalar,
                    "the value must be text, a finite number or a boolean; leave the field out to send none",
                );
            }
            if is_conflict {
                problems.add(field, Reason::Conflict, "it is set twice, to different values");
            }
        }
    }
}

impl fmt::Debug for JobFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.names().collect::<Vec<_>>().join(", "))
    }
}

/// The member `JobFields` of a body: by name, the last value of each. Two are equal if they send the same.
pub(super) struct WireJobFields<'a>(&'a NamedValues<Value>);

impl PartialEq for WireJobFields<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.last_of_each().eq(other.0.last_of_each())
    }
}

impl Serialize for WireJobFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.last_of_each())
    }
}
