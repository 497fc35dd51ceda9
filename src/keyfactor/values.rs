//! Values as servers of several versions write them.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A time as the server wrote it: with `Z`, or without a zone, which Command 10 does and which means UTC.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ServerTime(String);

impl ServerTime {
    /// The time, if it can be read.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        let text = self.0.trim();
        text.parse().ok().or_else(|| {
            let zoneless: DateTime = text.parse().ok()?;
            TimeZone::UTC.to_timestamp(zoneless).ok()
        })
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ServerTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Null as the type's empty value.
pub(super) fn null_as_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Null or an empty text as none: servers write both where there is no id.
pub(super) fn blank_as_none<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        value => serde_json::from_value(value).map(Some).map_err(D::Error::custom),
    }
}

/// A number, or the name that older servers write instead.
pub(super) fn number_or_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NumberOrName, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        // Not known, or not yet: the vendor's zero.
        Value::Null => NumberOrName::Number(0, "null".to_owned()),
        Value::Number(number) => NumberOrName::Number(number.as_i64().unwrap_or(-1), number.to_string()),
        Value::String(name) => match name.trim().parse() {
            Ok(number) => NumberOrName::Number(number, name),
            Err(_) => NumberOrName::Name(name),
        },
        other => NumberOrName::Name(other.to_string()),
    })
}

/// What stands for a value of an enumeration.
pub(super) enum NumberOrName {
    Number(i64, String),
    Name(String),
}

impl NumberOrName {
    /// The entry of a table of numbers and names, or the text as it was.
    pub(super) fn find<T: Clone>(self, table: &[(i64, T)], name_of: impl Fn(&T) -> &str) -> Result<T, String> {
        let (found, text) = match self {
            Self::Number(number, text) => (table.iter().find(|row| row.0 == number), text),
            Self::Name(name) => {
                let found = table.iter().find(|row| name_of(&row.1).eq_ignore_ascii_case(name.trim()));
                (found, name)
            }
        };
        found.map(|row| row.1.clone()).ok_or(text)
    }
}
