//! Entry parameters that a type of store asks for.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use secrecy::SecretString;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::inventory_fields::{InventoryFields, JobFieldsFromInventory};
use crate::named_values::{NamedValue, NamedValues};
use crate::validation::{LONGEST_NAME, Problems, Reason, invalid_characters, list_characters};

/// A shorter value of a job field would be found in many a word of a message.
const SHORTEST_SECRET: usize = 6;

/// Job fields, which remember the order in which they were set. Their values may be secrets: only the names are shown.
#[derive(Clone, Default)]
pub(super) struct JobFields {
    given: NamedValues<Value>,
    /// Taken from the inventory, and no secrets.
    taken: BTreeMap<String, Value>,
    /// What can be taken.
    offered: Option<Box<InventoryFields>>,
}

impl JobFields {
    /// The same field twice is one.
    pub(super) fn add(&mut self, name: String, value: Value) {
        // What the caller says comes first.
        self.taken.retain(|taken, _| !taken.eq_ignore_ascii_case(&name));
        self.given.add(name, value);
    }

    /// What an inventory shows of the entry. What is needed of it is taken.
    pub(super) fn offer(&mut self, offered: InventoryFields) {
        self.offered = Some(Box::new(offered));
        self.choose(JobFieldsFromInventory::default());
    }

    /// Whether an inventory showed the entry.
    pub(super) fn are_offered(&self) -> bool {
        self.offered.is_some()
    }

    /// Takes from the inventory what is to be taken.
    pub(super) fn choose(&mut self, choice: JobFieldsFromInventory) {
        let chosen = self.offered.as_ref().and_then(|offered| offered.chosen(choice));
        let is_given = |name: &str| self.given.in_order().any(|it| it.name.eq_ignore_ascii_case(name));
        let taken = chosen.into_iter().flatten().filter(|(name, _)| !is_given(name));
        self.taken = taken.map(|(name, value)| (name.clone(), value.clone())).collect();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.given.is_empty() && self.taken.is_empty()
    }

    /// Those from the inventory, then the others in the order in which they were set.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.taken.keys().map(String::as_str).chain(self.given.in_order().map(|it| it.name))
    }

    /// As a body carries them; `None` if there are none.
    pub(super) fn wire(&self) -> Option<WireJobFields<'_>> {
        (!self.is_empty()).then_some(WireJobFields(self))
    }

    /// The values that are long enough to be told from ordinary words, but for names of what the request is about.
    pub(super) fn secrets(&self, names: &HashSet<&str>) -> impl Iterator<Item = SecretString> {
        let texts = self.given.in_order().filter_map(|it| match it.value {
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
        let taken = self.taken.iter().map(|(name, value)| NamedValue { name, value, is_conflict: false });
        for (index, NamedValue { name, value, is_conflict }) in taken.chain(self.given.in_order()).enumerate() {
            if name.chars().count() > LONGEST_NAME {
                problems.check_length(format_args!("{field}.job_fields[{index}]"), name, LONGEST_NAME);
                continue;
            }
            let field = format_args!("{field}.job_fields[{name:?}]");
            if name.trim().is_empty() {
                problems.add(field, Reason::Blank, "must have a name");
            }
            let found = invalid_characters(name, char::is_control);
            if !found.is_empty() {
                let sentence = format!("must not have control characters in its name ({})", list_characters(&found));
                problems.add(field, Reason::InvalidCharacters(found), sentence);
            }
            if value.is_null() || value.is_array() || value.is_object() {
                problems.add(
                    field,
                    Reason::NotScalar,
                    "must be a string, a finite number or a boolean; omit the field to send no value",
                );
            }
            if is_conflict {
                problems.add(field, Reason::Conflict, "is set twice to different values");
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
pub(super) struct WireJobFields<'a>(&'a JobFields);

impl<'a> WireJobFields<'a> {
    /// In the order of their names.
    fn by_name(&self) -> BTreeMap<&'a str, &'a Value> {
        let taken = self.0.taken.iter().map(|(name, value)| (name.as_str(), value));
        taken.chain(self.0.given.last_of_each()).collect()
    }
}

impl PartialEq for WireJobFields<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.by_name() == other.by_name()
    }
}

/// What can be taken from the inventory does not count, but for what is taken.
impl PartialEq for JobFields {
    fn eq(&self, other: &Self) -> bool {
        let Self { given, taken, offered: _ } = self;
        *given == other.given && *taken == other.taken
    }
}

impl Serialize for WireJobFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.taken.is_empty() {
            return serializer.collect_map(self.0.given.last_of_each());
        }
        serializer.collect_map(self.by_name())
    }
}
