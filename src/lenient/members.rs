//! The members of an answer that decide something, with what stands there twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::bounded::{Budget, Kept, Skipped, read_seed};

/// Which members of an object are looked for. Their names are compared without regard to ASCII case; all others are passed over.
pub(crate) struct Shape {
    pub(crate) names: &'static [&'static str],
    /// A member that is looked into in the same way.
    pub(crate) inner: Option<(&'static str, &'static Shape)>,
}

/// What was found.
pub(crate) struct Members {
    /// Only what stands there, of both levels.
    found: Vec<Found>,
    outer: Object,
    inner: Option<Object>,
    inner_is_disputed: bool,
}

/// Where a member stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Outer,
    Inner,
}

/// What is looked into.
struct Object {
    /// The value itself, if it is no object.
    other: Option<Value>,
    is_empty: bool,
}

impl Object {
    fn other(value: Option<Value>) -> Self {
        Self { other: Some(value.unwrap_or_default()), is_empty: true }
    }

    fn is_null(&self) -> bool {
        matches!(self.other, Some(Value::Null))
    }
}

/// What stands under one name.
pub(crate) struct Found {
    level: Level,
    name: &'static str,
    /// The first value that is not null, unless it was left out.
    value: Option<Value>,
    has_value: bool,
    has_null: bool,
    /// There is another value that is not null, and not the same.
    is_disputed: bool,
}

impl Found {
    /// The first value that is not null.
    pub(crate) fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    /// Whether there are two different values, neither of them null.
    pub(crate) fn is_disputed(&self) -> bool {
        self.is_disputed
    }

    /// Whether there is a null, perhaps beside a value.
    pub(crate) fn has_null(&self) -> bool {
        self.has_null
    }

    fn first(level: Level, name: &'static str, value: Option<Value>) -> Self {
        let (value, has_null) = if let Some(Value::Null) = value { (None, true) } else { (value, false) };
        Self { level, name, value, has_value: !has_null, has_null, is_disputed: false }
    }

    fn add(&mut self, value: Option<Value>) {
        match value {
            Some(Value::Null) => self.has_null = true,
            other if self.has_value => self.is_disputed |= other.is_none() || self.value != other,
            first => {
                self.value = first;
                self.has_value = true;
            }
        }
    }
}

/// Members of an ordinary answer.
const USUALLY_FOUND: usize = 6;

/// The members of a body. Any JSON can be read: of what is no object, there are none.
pub(crate) fn members(body: &str, shape: &'static Shape, budget: &Budget) -> Result<Members, serde_json::Error> {
    let mut inside = Inside { found: Vec::with_capacity(USUALLY_FOUND), ..Inside::default() };
    let outer = read_seed(body, ObjectSeed { shape, budget, level: Level::Outer, inside: &mut inside })?;
    let Inside { found, inner, inner_is_disputed } = inside;
    Ok(Members { found, outer, inner, inner_is_disputed })
}

/// The members of one level.
#[derive(Clone, Copy)]
pub(crate) struct LevelOf<'a> {
    found: &'a [Found],
    level: Level,
    object: &'a Object,
}

impl<'a> LevelOf<'a> {
    /// What stands under this name, in all places.
    pub(crate) fn found(self, name: &str) -> Option<&'a Found> {
        self.found.iter().find(|it| it.level == self.level && it.name == name)
    }

    /// The value itself, if it is no object. What a list has in it is not kept.
    pub(crate) fn other(self) -> Option<&'a Value> {
        self.object.other.as_ref()
    }

    /// The first value under this name that is not null.
    pub(crate) fn get(self, name: &str) -> Option<&'a Value> {
        self.found(name)?.value.as_ref()
    }

    /// A text that is not blank.
    pub(crate) fn text(self, name: &str) -> Option<&'a str> {
        self.get(name)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// Whether two different values stand under this name, neither of them null.
    pub(crate) fn is_disputed(self, name: &str) -> bool {
        self.found(name).is_some_and(|found| found.is_disputed)
    }
}

impl Members {
    /// The members themselves, without those of the one that is looked into.
    pub(crate) fn outer(&self) -> LevelOf<'_> {
        LevelOf { found: &self.found, level: Level::Outer, object: &self.outer }
    }

    /// Those of the member that is looked into, if it is there and not null.
    pub(crate) fn inner(&self) -> Option<LevelOf<'_>> {
        let object = self.inner.as_ref().filter(|inner| !inner.is_null())?;
        Some(LevelOf { found: &self.found, level: Level::Inner, object })
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.outer.other.is_none()
    }

    /// Whether it has no members at all, or is no object.
    pub(crate) fn is_empty(&self) -> bool {
        self.outer.is_empty
    }

    /// Whether it has one of the members that are looked for.
    pub(crate) fn has_any(&self) -> bool {
        self.inner.is_some() || !self.found.is_empty()
    }

    /// See [`LevelOf::other`].
    pub(crate) fn other(&self) -> Option<&Value> {
        self.outer().other()
    }

    /// See [`LevelOf::get`].
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.outer().get(name)
    }

    /// See [`LevelOf::text`].
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.outer().text(name)
    }

    /// See [`LevelOf::is_disputed`].
    pub(crate) fn is_disputed(&self, name: &str) -> bool {
        self.outer().is_disputed(name)
    }

    /// The first value under this name that is not null, taken out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.take_from(Level::Outer, name)
    }

    /// The same of the member that is looked into.
    #[cfg(feature = "appviewx")]
    pub(crate) fn take_inner(&mut self, name: &str) -> Option<Value> {
        self.take_from(Level::Inner, name)
    }

    fn take_from(&mut self, level: Level, name: &str) -> Option<Value> {
        self.found.iter_mut().find(|it| it.level == level && it.name == name)?.value.take()
    }

    /// Whether the member that is looked into stands there twice, neither of them null.
    pub(crate) fn inner_is_disputed(&self) -> bool {
        self.inner_is_disputed
    }
}

/// What was found inside of an object so far.
#[derive(Default)]
struct Inside {
    found: Vec<Found>,
    inner: Option<Object>,
    inner_is_disputed: bool,
}

impl Inside {
    fn add(&mut self, level: Level, name: &'static str, value: Option<Value>) {
        match self.found.iter_mut().find(|it| it.level == level && it.name == name) {
            Some(found) => found.add(value),
            None => self.found.push(Found::first(level, name, value)),
        }
    }
}

/// Reads an object.
struct ObjectSeed<'b, 'i> {
    shape: &'static Shape,
    budget: &'b Budget,
    level: Level,
    inside: &'i mut Inside,
}

impl ObjectSeed<'_, '_> {
    /// Of two, the first that is not null counts.
    fn inner<'de, A: MapAccess<'de>>(&mut self, shape: &'static Shape, map: &mut A) -> Result<(), A::Error> {
        let is_first = self.inside.inner.as_ref().is_none_or(Object::is_null);
        let mut passed_over = Inside::default();
        let inside = if is_first { &mut *self.inside } else { &mut passed_over };
        let object = map.next_value_seed(ObjectSeed { shape, budget: self.budget, level: Level::Inner, inside })?;
        if is_first {
            self.inside.inner = Some(object);
        } else {
            self.inside.inner_is_disputed |= !object.is_null();
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for ObjectSeed<'_, '_> {
    type Value = Object;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Object, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ObjectSeed<'_, '_> {
    type Value = Object;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Object, E> {
        Ok(Object::other(Some(value.into())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Object, E> {
        Ok(Object::other(Some(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Object, E> {
        Ok(Object::other(Some(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Object, E> {
        Ok(Object::other(Some(value.into())))
    }

    fn visit_unit<E>(self) -> Result<Object, E> {
        Ok(Object::other(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Object, E> {
        Ok(Object::other(Some(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Object, A::Error> {
        while entries.next_element_seed(Skipped)?.is_some() {}
        Ok(Object::other(Some(Value::Array(Vec::new()))))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Object, A::Error> {
        let mut is_empty = true;
        while let Some(name) = map.next_key_seed(NameIn(self.shape))? {
            is_empty = false;
            match name {
                Name::Known(name) => {
                    let value = map.next_value_seed(Kept::member(self.budget))?;
                    self.inside.add(self.level, name, value);
                }
                Name::Inner(shape) => self.inner(shape, &mut map)?,
                Name::Other => map.next_value_seed(Skipped)?,
            }
        }
        Ok(Object { other: None, is_empty })
    }
}

/// Which member a name is.
enum Name {
    Known(&'static str),
    Inner(&'static Shape),
    Other,
}

impl Name {
    /// Nearly always spelled as it is documented, so that is tried first.
    fn of(name: &str, shape: &'static Shape) -> Self {
        let found = Self::where_it_is(shape, |it| it == name);
        found.or_else(|| Self::where_it_is(shape, |it| it.eq_ignore_ascii_case(name))).unwrap_or(Self::Other)
    }

    fn where_it_is(shape: &'static Shape, is: impl Fn(&str) -> bool) -> Option<Self> {
        match shape.inner {
            Some((name, inner)) if is(name) => Some(Self::Inner(inner)),
            _ => shape.names.iter().find(|name| is(name)).map(|name| Self::Known(name)),
        }
    }
}

struct NameIn(&'static Shape);

impl<'de> DeserializeSeed<'de> for NameIn {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameIn {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(Name::of(name, self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    static INNER: Shape = Shape { names: &["code"], inner: None };
    static OUTER: Shape = Shape { names: &["code", "message", "list"], inner: Some(("response", &INNER)) };

    fn read(body: &str) -> Members {
        members(body, &OUTER, &Budget::for_body(body)).unwrap()
    }

    #[test]
    fn names_are_found_in_any_case_at_both_levels() {
        let found = read(r#"{"CODE": 5, "Message": "m", "else": [1], "Response": {"Code": "x"}}"#);
        assert_eq!((found.get("code"), found.text("message")), (Some(&json!(5)), Some("m")));
        assert_eq!(found.inner().and_then(|inner| inner.text("code")), Some("x"));
        assert!(found.is_object() && found.has_any() && !found.is_empty());
    }

    #[test]
    fn what_stands_there_twice_is_seen() {
        for (body, value, disputed, null) in [
            (r#"{"code": "FAIL"}"#, Some(json!("FAIL")), false, false),
            (r#"{"code": null}"#, None, false, true),
            (r#"{"code": "FAIL", "code": null}"#, Some(json!("FAIL")), false, true),
            (r#"{"code": null, "Code": "FAIL"}"#, Some(json!("FAIL")), false, true),
            (r#"{"code": "FAIL", "CODE": "FAIL"}"#, Some(json!("FAIL")), false, false),
            (r#"{"code": "FAIL", "code": "SUCCESS"}"#, Some(json!("FAIL")), true, false),
            ("{}", None, false, false),
        ] {
            let found = read(body);
            assert_eq!(found.get("code"), value.as_ref(), "{body}");
            assert_eq!(
                (found.is_disputed("code"), found.outer().found("code").is_some_and(Found::has_null)),
                (disputed, null),
                "{body}"
            );
        }
        for (body, disputed) in [
            (r#"{"response": {"code": 1}, "response": null}"#, false),
            (r#"{"response": null, "Response": {"code": 1}}"#, false),
            (r#"{"response": {"code": 1}, "Response": {"code": 1}}"#, true),
            (r#"{"response": {"code": 1}, "Response": []}"#, true),
        ] {
            let found = read(body);
            assert_eq!(found.inner_is_disputed(), disputed, "{body}");
            assert_eq!(found.inner().and_then(|inner| inner.get("code")), Some(&json!(1)), "{body}");
        }
    }

    #[test]
    fn what_is_no_object_has_no_members() {
        for (body, value) in [("[1]", json!([])), ("\"x\"", json!("x")), ("null", json!(null)), ("7", json!(7))] {
            let found = read(body);
            assert_eq!(found.other(), Some(&value), "{body}");
            assert!(!found.is_object() && !found.has_any() && found.is_empty(), "{body}");
        }
        assert!(read("{}").is_empty());
        assert_eq!(read(r#"{"response": "token"}"#).inner().and_then(LevelOf::other), Some(&json!("token")));
        assert!(read(r#"{"response": null}"#).inner().is_none() && read(r#"{"response": null}"#).has_any());
    }

    #[test]
    fn a_text_is_found_behind_whatever_takes_all_the_memory() {
        let list = vec!["{\"\":0}"; 100_000].join(",");
        let body = format!(r#"{{"list": [{list}], "message": "m", "code": 1}}"#);
        let budget = Budget::for_body(&body);
        let found = members(&body, &OUTER, &budget).unwrap();
        assert!(budget.is_spent());
        assert_eq!((found.text("message"), found.get("code")), (Some("m"), Some(&json!(1))));
        let kept = found.get("list").and_then(Value::as_array).map_or(0, Vec::len);
        assert!((1_000..10_000).contains(&kept), "{kept}");
    }
}
