//! JSON that is kept as text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::page::cause;
use super::source::{Source, Text};
use super::{Name, NameOf, fault};
use crate::transport::Cause;

/// JSON as the server wrote it. It is stored as text and parsed on demand.
///
/// Two values are equal if they represent the same JSON value, regardless of member order and white space. For texts
/// longer than 1 MiB, only the bytes are compared and `Debug` shows only the length.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// for certificate in appviewx.certificates().search().rows()?.collect().await? {
///     for (name, json) in certificate.extra.members() {
///         println!("{name}: {json}");
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct RawJson {
    /// `None` stands for `{}`, which most rows have.
    text: Option<Box<str>>,
}

/// A longer text is not parsed unless its value is asked for: it may become many times its size.
const LONGEST_PARSED: usize = 1024 * 1024;

impl RawJson {
    /// The JSON text.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let row: clm::keyfactor::CertificateStore = clm::serde_json::from_str(
    ///     r#"{"Id": "57070000-0000-4000-8000-000000000001", "NewMember": {"A": 1}}"#,
    /// )?;
    /// println!("{}", row.extra.as_str());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_deref().unwrap_or("{}")
    }

    /// The parsed value. `None` if `serde_json` cannot represent it: more than 128 levels of nesting, or a number out
    /// of range.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let row: clm::keyfactor::CertificateStore = clm::serde_json::from_str(
    ///     r#"{"Id": "57070000-0000-4000-8000-000000000001", "NewMember": {"A": 1}}"#,
    /// )?;
    /// println!("{:?}", row.extra.value());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn value(&self) -> Option<Value> {
        serde_json::from_str(self.as_str()).ok()
    }

    /// The value of a member with this name, else of one that matches ignoring ASCII case. `None` if there is no such
    /// member, if a [`Value`] cannot represent it, or if this is not an object.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let row: clm::keyfactor::CertificateStore = clm::serde_json::from_str(
    ///     r#"{"Id": "57070000-0000-4000-8000-000000000001", "NewMember": {"A": 1}}"#,
    /// )?;
    /// println!("{:?}", row.extra.get("NewMember"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Value> {
        serde_json::from_str(self.get_raw(name)?).ok()
    }

    /// The JSON text of a member, looked up as in [`get`](Self::get).
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let row: clm::keyfactor::CertificateStore = clm::serde_json::from_str(
    ///     r#"{"Id": "57070000-0000-4000-8000-000000000001", "NewMember": {"A": 1}}"#,
    /// )?;
    /// println!("{:?}", row.extra.get_raw("NewMember"));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn get_raw(&self, name: &str) -> Option<&str> {
        let mut deserializer = serde_json::Deserializer::from_str(self.text.as_deref()?);
        deserializer.deserialize_map(OneMember { name }).ok()?
    }

    /// The members in their original order, each with the JSON text of its value. Empty if this is not an object.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let row: clm::keyfactor::CertificateStore = clm::serde_json::from_str(
    ///     r#"{"Id": "57070000-0000-4000-8000-000000000001", "NewMember": {"A": 1}}"#,
    /// )?;
    /// for (name, value) in row.extra.members() {
    ///     println!("{name}: {value}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn members(&self) -> impl Iterator<Item = (Cow<'_, str>, &str)> {
        let members = self.text.as_deref().and_then(|text| serde_json::from_str::<Members<'_>>(text).ok());
        members.map(|members| members.0).unwrap_or_default().into_iter()
    }

    /// Whether this is an empty object.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let row: clm::keyfactor::CertificateStore = clm::serde_json::from_str(
    ///     r#"{"Id": "57070000-0000-4000-8000-000000000001", "NewMember": {"A": 1}}"#,
    /// )?;
    /// assert!(!row.extra.is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_none()
    }
}

impl PartialEq for RawJson {
    fn eq(&self, other: &Self) -> bool {
        let is_long = self.as_str().len().max(other.as_str().len()) > LONGEST_PARSED;
        self.text == other.text || !is_long && self.value().is_some_and(|value| other.value() == Some(value))
    }
}

impl Eq for RawJson {}

impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.as_str().len() > LONGEST_PARSED {
            return write!(f, "{} bytes", self.as_str().len());
        }
        match self.value() {
            Some(Value::Object(members)) => fmt::Debug::fmt(&members, f),
            Some(value) => fmt::Debug::fmt(&value, f),
            None => fmt::Debug::fmt(self.as_str(), f),
        }
    }
}

impl Serialize for RawJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_raw(self.as_str()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Text(text) = Text::deserialize(deserializer)?;
        Ok(Self { text: (text != "{}").then(|| text.into_boxed_str()) })
    }
}

/// In every format. What no value can hold is written as a text.
fn write_raw(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// Writes the members that a row does not know, beside those that it knows.
pub(crate) fn write_extra<M: SerializeMap>(map: &mut M, extra: &RawJson) -> Result<(), M::Error> {
    extra.members().try_for_each(|(name, value)| map.serialize_entry(&name, &write_raw(value)))
}

/// The members that a row does not know, while they are read: the text of an object without its end.
#[derive(Default)]
pub(crate) struct Extra {
    text: String,
}

/// Bytes beside the name and the value of the only member of an object: braces, quotation marks and a colon.
const AROUND_ONE: usize = 5;

impl Extra {
    /// Takes the member that is next.
    pub(crate) fn take<'de, S: Source<'de>, A: MapAccess<'de>>(
        &mut self,
        _: S,
        name: &str,
        members: &mut A,
    ) -> Result<(), A::Error> {
        let value: S::Raw = members.next_value()?;
        self.add(name, S::text(&value));
        Ok(())
    }

    pub(crate) fn add(&mut self, name: &str, value: &str) {
        if self.text.is_empty() {
            // Most rows have none, or a single one: its text is then neither grown nor shrunk.
            self.text.reserve_exact(name.len() + value.len() + AROUND_ONE);
        }
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        push_text(&mut self.text, name);
        self.text.push(':');
        self.text.push_str(value);
    }
}

impl From<Extra> for RawJson {
    fn from(extra: Extra) -> Self {
        let Extra { mut text } = extra;
        if text.is_empty() {
            return Self::default();
        }
        text.push('}');
        Self { text: Some(text.into_boxed_str()) }
    }
}

/// Writes a text as JSON.
pub(crate) fn push_text(json: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < b' ' || matches!(byte, b'"' | b'\\')) {
        json.push_str(&Value::from(text).to_string());
    } else {
        json.push('"');
        json.push_str(text);
        json.push('"');
    }
}

/// The members of an object that somebody else reads, each with its value as it was written.
pub(crate) fn members_of(object: &str) -> Result<Vec<(Cow<'_, str>, &str)>, Cause> {
    let mut deserializer = serde_json::Deserializer::from_str(object);
    let members = deserializer.deserialize_map(MembersVisitor { most: MOST_MEMBERS });
    members.and_then(|members| deserializer.end().map(|()| members)).map_err(|error| cause(&error, None))
}

/// Members of an object that is no row, at most.
const MOST_MEMBERS: usize = 10_000;

/// The members of an object.
struct Members<'a>(Vec<(Cow<'a, str>, &'a str)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor { most: usize::MAX }).map(Members)
    }
}

struct MembersVisitor {
    most: usize,
}

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(Cow<'de, str>, &'de str)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = entries.next_key_seed(NameOf::<()> { names: &[], expected: 0 })? {
            let value = entries.next_value::<&RawValue>()?.get();
            if members.len() >= self.most {
                return Err(fault(format_args!("an object has more than {} members", self.most)));
            }
            if let Name::Unknown(name) = name {
                members.push((name, value));
            }
        }
        Ok(members)
    }
}

/// Finds the value of a member: in this spelling, else the first in any case.
struct OneMember<'a> {
    name: &'a str,
}

impl<'de> Visitor<'de> for OneMember<'_> {
    type Value = Option<&'de str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let (mut exact, mut any_case) = (None, None);
        while let Some(spelled) = members.next_key_seed(NameOf::<()> { names: &[], expected: 0 })? {
            let value = members.next_value::<&RawValue>()?.get();
            let Name::Unknown(spelled) = spelled else { continue };
            if spelled == self.name {
                exact.get_or_insert(value);
            } else if spelled.eq_ignore_ascii_case(self.name) {
                any_case.get_or_insert(value);
            }
        }
        Ok(exact.or(any_case))
    }
}
