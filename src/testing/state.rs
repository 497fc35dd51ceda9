//! Reading a fake's state from JSON: every problem names the path of the member that it is about.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

/// The error for a state that cannot be loaded into a fake. Nothing was loaded.
///
/// It contains the path of the member in the document, such as `stores[2].machine`.
///
/// # Example
///
/// ```
/// # #[cfg(feature = "keyfactor")] {
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::serde_json::json;
/// use clm::testing::FakeKeyfactor;
///
/// let error =
///     FakeKeyfactor::start_from(&json!({"stores": [{"machin": "web01"}]})).await.unwrap_err();
/// assert_eq!(error.path(), "stores[0].machin");
/// assert_eq!(error.problem(), "is not a known member");
/// # Ok(()) }
/// # main().unwrap();
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FakeStateError {
    /// From the inside out.
    segments: Vec<Segment>,
    problem: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Segment {
    Member(String),
    Item(usize),
}

impl FakeStateError {
    pub(super) fn new(problem: impl Into<String>) -> Self {
        Self { segments: Vec::new(), problem: problem.into() }
    }

    /// The problem of a member of the value that is read.
    pub(super) fn in_member(mut self, name: impl Into<String>) -> Self {
        self.segments.push(Segment::Member(name.into()));
        self
    }

    /// The problem of an item of the list that is read.
    pub(super) fn in_item(mut self, index: usize) -> Self {
        self.segments.push(Segment::Item(index));
        self
    }

    /// Returns the path of the member; empty if the problem is the document itself. See the [example](Self#example).
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for segment in self.segments.iter().rev() {
            // Writing into a `String` cannot fail.
            let _ = match segment {
                Segment::Item(index) => write!(path, "[{index}]"),
                Segment::Member(name) if path.is_empty() => path.write_str(name),
                Segment::Member(name) => write!(path, ".{name}"),
            };
        }
        path
    }

    /// Returns the problem with this member. See the [example](Self#example).
    #[must_use]
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl fmt::Display for FakeStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path();
        if path.is_empty() { f.write_str(&self.problem) } else { write!(f, "{path}: {}", self.problem) }
    }
}

impl std::error::Error for FakeStateError {}

pub(super) type Loaded<T> = Result<T, FakeStateError>;

/// An object whose members are taken one by one. What is left over at the end is unknown.
pub(super) struct Object<'a> {
    members: &'a Map<String, Value>,
    taken: Vec<&'static str>,
}

impl<'a> Object<'a> {
    pub(super) fn of(value: &'a Value) -> Loaded<Self> {
        let members = value.as_object().ok_or_else(|| expected("an object", value))?;
        Ok(Self { members, taken: Vec::new() })
    }

    /// A member; `None` if it is missing or null.
    pub(super) fn take<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&'a Value) -> Loaded<T>,
    ) -> Loaded<Option<T>> {
        self.taken.push(name);
        let value = self.members.get(name).filter(|value| !value.is_null());
        value.map(read).transpose().map_err(|error| error.in_member(name))
    }

    /// A member that cannot be missing.
    pub(super) fn need<T>(&mut self, name: &'static str, read: impl FnOnce(&'a Value) -> Loaded<T>) -> Loaded<T> {
        self.take(name, read)?.ok_or_else(|| FakeStateError::new("is missing").in_member(name))
    }

    /// A list, empty if it is missing; each item is read with its index.
    pub(super) fn list<T>(
        &mut self,
        name: &'static str,
        read: impl FnMut(usize, &'a Value) -> Loaded<T>,
    ) -> Loaded<Vec<T>> {
        Ok(self.take(name, |value| list(value, read))?.unwrap_or_default())
    }

    /// Refuses members that were not taken: a typing error must not be ignored.
    pub(super) fn finish(self) -> Loaded<()> {
        match self.members.keys().find(|name| !self.taken.contains(&name.as_str())) {
            Some(unknown) => Err(FakeStateError::new("is not a known member").in_member(unknown.as_str())),
            None => Ok(()),
        }
    }
}

pub(super) fn expected(what: &str, value: &Value) -> FakeStateError {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    FakeStateError::new(format!("expected {what}, found {found}"))
}

pub(super) fn list<'a, T>(value: &'a Value, mut read: impl FnMut(usize, &'a Value) -> Loaded<T>) -> Loaded<Vec<T>> {
    let items = value.as_array().ok_or_else(|| expected("a list", value))?;
    let read = items.iter().enumerate().map(|(index, item)| read(index, item).map_err(|error| error.in_item(index)));
    read.collect()
}

pub(super) fn text(value: &Value) -> Loaded<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| expected("a string", value))
}

#[cfg(feature = "keyfactor")]
pub(super) fn truth(value: &Value) -> Loaded<bool> {
    value.as_bool().ok_or_else(|| expected("a boolean", value))
}

/// A number that fits.
pub(super) fn number<T: TryFrom<i128>>(value: &Value) -> Loaded<T> {
    let number = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    let number = number.ok_or_else(|| expected("an integer", value))?;
    T::try_from(number).map_err(|_| FakeStateError::new(format!("{number} is out of range")))
}

/// What is written as text and read by `FromStr`.
#[cfg(feature = "keyfactor")]
pub(super) fn parsed<T: std::str::FromStr>(value: &Value, what: &str) -> Loaded<T> {
    let text = value.as_str().ok_or_else(|| expected(what, value))?;
    text.parse().map_err(|_| FakeStateError::new(format!("'{text}' is not {what}")))
}

/// Members that the fake keeps as they are.
pub(super) fn members(value: &Value) -> Loaded<Map<String, Value>> {
    value.as_object().cloned().ok_or_else(|| expected("an object", value))
}

/// One of these, by the word for it.
pub(super) fn one_of<T: Copy>(value: &Value, all: &[T], word: impl Fn(T) -> &'static str) -> Loaded<T> {
    let text = value.as_str().ok_or_else(|| expected("a string", value))?;
    all.iter().copied().find(|it| word(*it) == text).ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|it| word(*it)).collect();
        FakeStateError::new(format!("'{text}' is not one of: {}", known.join(", ")))
    })
}

/// A word, or an object with a word as its one member: `"offline"`, `{"after_polls": 2}`.
pub(super) fn word_with(value: &Value) -> Loaded<(&str, &Value)> {
    match value {
        Value::String(word) => Ok((word, &Value::Null)),
        Value::Object(members) if members.len() == 1 => {
            let (word, given) = members.iter().next().ok_or_else(|| expected("a word", value))?;
            Ok((word, given))
        }
        _ => Err(expected("a string or an object with one member", value)),
    }
}

/// That a word of [`word_with`] is not known.
pub(super) fn unknown_word(word: &str) -> FakeStateError {
    FakeStateError::new(format!("'{word}' is not valid here"))
}
