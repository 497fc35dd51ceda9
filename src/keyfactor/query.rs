//! The vendor's filter language, built and not concatenated.

use std::fmt;

use uuid::Uuid;

use crate::validation::{Problems, Reason};

/// A filter in the vendor's query language: `Thumbprint -eq "AB12"`, joined by `AND` and `OR`.
///
/// ```
/// use clm::keyfactor::Query;
///
/// let query = Query::field("IssuedCN").contains("example.com").and(Query::field("KeySizeInBits").lt(2048));
/// assert_eq!(query.to_string(), r#"(IssuedCN -contains "example.com") AND (KeySizeInBits -lt 2048)"#);
/// ```
///
/// Which fields can be queried differs from list to list and is not the same as the names in the rows; the vendor's pages
/// list them. A value with a double quote is refused when the request is built: how one is escaped is documented nowhere.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Query {
    text: String,
    /// Values that cannot be written down.
    refused: Vec<String>,
}

/// A field of a [`Query`], waiting for its comparison.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub struct Field(String);

/// A value of a [`Query`]: text and GUIDs are quoted, numbers and booleans are not.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct QueryValue {
    text: String,
    quoted: bool,
}

impl Query {
    /// Begins a comparison.
    pub fn field(name: impl Into<String>) -> Field {
        Field(name.into())
    }

    /// A query in the vendor's own words, sent as it is.
    #[must_use]
    pub fn raw(text: impl Into<String>) -> Self {
        Self { text: text.into(), refused: Vec::new() }
    }

    /// Both must hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.joined("AND", other)
    }

    /// One must hold.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.joined("OR", other)
    }

    fn joined(mut self, operator: &str, other: Self) -> Self {
        self.text = format!("({}) {operator} ({})", self.text, other.text);
        self.refused.extend(other.refused);
        self
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        if self.text.trim().is_empty() {
            problems.add("query", Reason::Blank, "an empty query; to filter nothing, leave it out");
        }
        for value in &self.refused {
            problems.add(
                "query",
                Reason::Unquotable,
                format!("the value {value:?} cannot be quoted: how a double quote is escaped is documented nowhere"),
            );
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Field {
    /// Equal.
    pub fn eq(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-eq", value)
    }

    /// Not equal.
    pub fn ne(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-ne", value)
    }

    /// Greater than.
    pub fn gt(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-gt", value)
    }

    /// Less than.
    pub fn lt(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-lt", value)
    }

    /// Holds this text.
    pub fn contains(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-contains", value)
    }

    /// Begins with this text.
    pub fn starts_with(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-startswith", value)
    }

    fn compared(self, operator: &str, value: impl Into<QueryValue>) -> Query {
        let QueryValue { text, quoted } = value.into();
        let refused = if quoted && text.contains('"') { vec![text.clone()] } else { Vec::new() };
        let written = if quoted { format!("\"{text}\"") } else { text };
        Query { text: format!("{} {operator} {written}", self.0), refused }
    }
}

impl From<&str> for QueryValue {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), quoted: true }
    }
}

impl From<String> for QueryValue {
    fn from(text: String) -> Self {
        Self { text, quoted: true }
    }
}

impl From<Uuid> for QueryValue {
    fn from(id: Uuid) -> Self {
        Self { text: id.to_string(), quoted: true }
    }
}

impl From<i32> for QueryValue {
    fn from(number: i32) -> Self {
        i64::from(number).into()
    }
}

impl From<i64> for QueryValue {
    fn from(number: i64) -> Self {
        Self { text: number.to_string(), quoted: false }
    }
}

impl From<bool> for QueryValue {
    fn from(truth: bool) -> Self {
        Self { text: truth.to_string(), quoted: false }
    }
}
