//! The vendor's query language.

use std::fmt;

use uuid::Uuid;

use super::types::{CertificateId, CertificateStoreId, ContainerId, JobId};
use crate::transport::Parameters;
use crate::validation::{Problems, Reason};

/// A filter in the vendor's query language: `Thumbprint -eq "AB12"`, joined by `AND` and `OR`.
///
/// ```
/// use clm::keyfactor::Query;
///
/// let query = Query::field("IssuedCN")
///     .contains("example.com")
///     .and(Query::field("KeySizeInBits").lt(2048));
/// assert_eq!(
///     query.to_string(),
///     r#"(IssuedCN -contains "example.com") AND (KeySizeInBits -lt 2048)"#
/// );
/// ```
///
/// The fields that can be queried differ between lists and from the names in the rows; see the vendor's pages. A
/// query is part of a URL and limited to 8,000 characters; many servers accept less. A value with a double quote is
/// refused when the request is built, because escaping is undocumented by the vendor.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Query {
    /// Empty: everything.
    text: String,
    refused: Vec<Refused>,
}

/// Characters of a query, at most. It stands in a URL, and Windows takes no request line of more than 16 KiB by default.
pub(crate) const LONGEST_QUERY: usize = 8_000;

/// A field of a [`Query`], to be followed by a comparison.
///
/// ```
/// use clm::keyfactor::Query;
///
/// let query =
///     Query::field("ClientMachine").contains("web").and(Query::field("Approved").eq(true));
/// println!("{query}");
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[must_use]
pub struct Field(String);

/// A value in a [`Query`]. Texts and GUIDs are quoted; numbers and booleans are not.
///
/// ```
/// use clm::keyfactor::{CertificateId, Query};
///
/// let by_text = Query::field("IssuedCN").eq("www.example.com");
/// let by_number = Query::field("CertId").eq(CertificateId::from(7));
/// let by_bool = Query::field("Approved").eq(true);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct QueryValue {
    text: String,
    quoted: bool,
}

impl Query {
    /// Starts a comparison.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("IssuedCN").starts_with("www.");
    /// assert_eq!(query.to_string(), r#"IssuedCN -startswith "www.""#);
    /// ```
    pub fn field(name: impl Into<String>) -> Field {
        Field(name.into())
    }

    /// Creates a query without a filter, which matches every row.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let stores = keyfactor.certificate_stores().list(Query::all()).rows()?.collect().await?;
    /// # assert_eq!(stores.len(), 3);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn all() -> Self {
        Self { text: String::new(), refused: Vec::new() }
    }

    /// Creates a query from text in the vendor's language, which is sent unchanged. A blank text is refused when the
    /// request is built, so that an unset variable does not match every row; see [`all`](Self::all).
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::raw(r#"IssuedDate -gt "%TODAY-7%""#);
    /// println!("{query}");
    /// ```
    #[must_use]
    pub fn raw(text: impl Into<String>) -> Self {
        let text = text.into();
        let refused = if text.trim().is_empty() { vec![Refused::Blank] } else { Vec::new() };
        Self { text, refused }
    }

    /// Combines two queries with `AND`.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query =
    ///     Query::field("IssuedCN").eq("www.example.com").and(Query::field("CertRequestId").gt(100));
    /// println!("{query}");
    /// ```
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self.is_all(), other.is_all()) {
            (true, _) => other,
            (false, true) => self,
            (false, false) => self.joined("AND", other),
        }
    }

    /// Combines two queries with `OR`.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("IssuedCN")
    ///     .eq("www.example.com")
    ///     .or(Query::field("IssuedCN").eq("example.com"));
    /// println!("{query}");
    /// ```
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if !self.is_all() && !other.is_all() {
            return self.joined("OR", other);
        }
        // Everything; but what cannot be written stays refused.
        Self { text: String::new(), refused: [self.refused, other.refused].concat() }
    }

    pub(super) fn is_all(&self) -> bool {
        self.text.is_empty() && self.refused.is_empty()
    }

    fn joined(mut self, operator: &str, other: Self) -> Self {
        self.text = format!("({}) {operator} ({})", self.text, other.text);
        self.refused.extend(other.refused);
        self
    }

    /// The parameter of a list, if there is anything to filter.
    pub(super) fn parameter(&self) -> Parameters {
        if self.text.is_empty() { Vec::new() } else { vec![("QueryString".into(), self.text.clone())] }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        if self.text.chars().count() > LONGEST_QUERY {
            // What else is wrong with it would repeat it.
            problems.check_length("query", &self.text, LONGEST_QUERY);
            return;
        }
        for refused in &self.refused {
            match refused {
                Refused::NoValue => {
                    problems.add(
                        "query",
                        Reason::Empty,
                        "must have at least one value in `one_of` (possibly an empty \
                                                          list)",
                    );
                }
                Refused::Blank => {
                    problems.add("query", Reason::Blank, "must not be empty; use `Query::all()` for no filter");
                }
                Refused::Field(name) => problems.add(
                    "query",
                    Reason::Unquotable,
                    format!("{name:?} is not a valid field name: only letters, digits, `_`, `.` and `-` are allowed"),
                ),
                Refused::Value(value) => problems.add(
                    "query",
                    Reason::Unquotable,
                    format!(
                        "the value {value:?} cannot be quoted: how to escape a double quote is undocumented by the \
                         vendor"
                    ),
                ),
            }
        }
    }
}

/// Why a query cannot be sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Refused {
    Blank,
    /// `one_of` without values.
    NoValue,
    Field(String),
    /// It holds a double quote or a control character.
    Value(String),
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Field {
    /// Matches values that are equal.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("ContainerId").eq(3);
    /// assert_eq!(query.to_string(), "ContainerId -eq 3");
    /// ```
    pub fn eq(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-eq", value)
    }

    /// Matches values that are not equal.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("ContainerId").ne(3);
    /// assert_eq!(query.to_string(), "ContainerId -ne 3");
    /// ```
    pub fn ne(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-ne", value)
    }

    /// Matches greater values.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("CertRequestId").gt(100);
    /// assert_eq!(query.to_string(), "CertRequestId -gt 100");
    /// ```
    pub fn gt(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-gt", value)
    }

    /// Matches smaller values.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("CertRequestId").lt(100);
    /// assert_eq!(query.to_string(), "CertRequestId -lt 100");
    /// ```
    pub fn lt(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-lt", value)
    }

    /// Matches smaller and equal values.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("CertRequestId").le(100);
    /// assert_eq!(query.to_string(), "CertRequestId -le 100");
    /// ```
    pub fn le(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-le", value)
    }

    /// Matches values that contain this text.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("IssuedCN").contains("example");
    /// assert_eq!(query.to_string(), r#"IssuedCN -contains "example""#);
    /// ```
    pub fn contains(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-contains", value)
    }

    /// Matches values that do not contain this text.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("IssuedCN").not_contains("example");
    /// assert_eq!(query.to_string(), r#"IssuedCN -notcontains "example""#);
    /// ```
    pub fn not_contains(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-notcontains", value)
    }

    /// Matches values that start with this text.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("IssuedCN").starts_with("www.");
    /// assert_eq!(query.to_string(), r#"IssuedCN -startswith "www.""#);
    /// ```
    pub fn starts_with(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-startswith", value)
    }

    /// Matches values that end with this text. To select the names below a domain, start the text with a dot.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("IssuedCN").ends_with(".shop.example.com");
    /// assert_eq!(query.to_string(), r#"IssuedCN -endswith ".shop.example.com""#);
    /// ```
    pub fn ends_with(self, value: impl Into<QueryValue>) -> Query {
        self.compared("-endswith", value)
    }

    /// Matches values that are equal to any of these. An empty list is refused.
    ///
    /// ```
    /// use clm::keyfactor::Query;
    ///
    /// let query = Query::field("ContainerId").one_of([3, 4]);
    /// println!("{query}");
    /// ```
    pub fn one_of(self, values: impl IntoIterator<Item: Into<QueryValue>>) -> Query {
        let mut all = Query { text: String::new(), refused: vec![Refused::NoValue] };
        for (index, value) in values.into_iter().enumerate() {
            let one = self.clone().eq(value);
            if index == 0 {
                all = one;
            } else {
                all.text = format!("{} OR {}", all.text, one.text);
                all.refused.extend(one.refused);
            }
        }
        all
    }

    fn compared(self, operator: &str, value: impl Into<QueryValue>) -> Query {
        let QueryValue { text, quoted } = value.into();
        let Self(field) = self;
        let mut refused = Vec::new();
        if field.is_empty() || !field.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '.' | '-')) {
            refused.push(Refused::Field(field.clone()));
        }
        if text.contains('"') || text.chars().any(char::is_control) {
            refused.push(Refused::Value(text.clone()));
        }
        let written = if quoted { format!("\"{text}\"") } else { text };
        Query { text: format!("{field} {operator} {written}"), refused }
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

impl From<CertificateStoreId> for QueryValue {
    fn from(id: CertificateStoreId) -> Self {
        id.get().into()
    }
}

impl From<JobId> for QueryValue {
    fn from(id: JobId) -> Self {
        id.get().into()
    }
}

impl From<CertificateId> for QueryValue {
    fn from(id: CertificateId) -> Self {
        id.get().into()
    }
}

impl From<ContainerId> for QueryValue {
    fn from(id: ContainerId) -> Self {
        id.get().into()
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
