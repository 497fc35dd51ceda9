//! Entry parameters that a type of store asks for.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::validation::{LONGEST_NAME, Problems, Reason, invalid_characters, list_characters};

/// A shorter value of a job field would be found in many a word of a message.
const SHORTEST_SECRET: usize = 6;

/// Job fields in the order in which they were set. Their values may be secrets: only the names are shown.
#[derive(Clone, PartialEq, Default)]
pub(super) struct JobFields(Vec<(String, Value)>);

impl JobFields {
    /// The same field twice is one.
    pub(super) fn add(&mut self, name: String, value: Value) {
        let field = (name, value);
        if !self.0.contains(&field) {
            self.0.push(field);
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// As they are sent, whatever their order.
    pub(super) fn to_map(&self) -> Map<String, Value> {
        self.0.iter().cloned().collect()
    }

    /// As a body carries them, by name; `None` if there are none.
    pub(super) fn wire(&self) -> Option<BTreeMap<&str, &Value>> {
        (!self.0.is_empty()).then(|| self.0.iter().map(|(name, value)| (name.as_str(), value)).collect())
    }

    /// The values that are long enough to be told from ordinary words, but for the entry's own alias.
    pub(super) fn secrets(&self, alias: Option<&str>) -> Vec<SecretString> {
        let texts = self.0.iter().filter_map(|(_, value)| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let is_secret = |text: &String| text.chars().count() >= SHORTEST_SECRET && Some(text.as_str()) != alias;
        texts.filter(is_secret).map(SecretString::from).collect()
    }

    /// `field` is where they stand in their request.
    pub(super) fn check(&self, field: &str, problems: &mut Problems) {
        for (index, (name, value)) in self.0.iter().enumerate() {
            if name.chars().count() > LONGEST_NAME {
                problems.check_length(format!("{field}.job_fields[{index}]"), name, LONGEST_NAME);
                continue;
            }
            let field = format!("{field}.job_fields[{name:?}]");
            if name.trim().is_empty() {
                problems.add(&field, Reason::Blank, "a job field needs a name");
            }
            let found = invalid_characters(name, char::is_control);
            if !found.is_empty() {
                let sentence =
                    format!("the name of a job field holds no control character ({})", list_characters(&found));
                problems.add(&field, Reason::InvalidCharacters(found), sentence);
            }
            if value.is_null() || value.is_array() || value.is_object() {
                problems.add(
                    &field,
                    Reason::NotScalar,
                    "the value must be text, a finite number or a boolean; leave the field out to send none",
                );
            }
            if self.0.iter().take(index).any(|(earlier, other)| earlier == name && other != value) {
                problems.add(&field, Reason::Conflict, "it is set twice, to different values");
            }
        }
    }
}

impl fmt::Debug for JobFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.names().collect::<Vec<_>>().join(", "))
    }
}
