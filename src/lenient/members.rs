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
    /// Only what stands there.
    slots: Vec<(&'static str, Slot)>,
    inner: Option<Box<Members>>,
    inner_is_disputed: bool,
    /// The value itself, if it is no object.
    other: Option<Value>,
    is_empty: bool,
}

/// What stands under one name.
#[derive(Default)]
struct Slot {
    /// The first value that is not null, unless it was left out.
    value: Option<Value>,
    has_value: bool,
    has_null: bool,
    /// There is another value that is not null, and not the same.
    is_disputed: bool,
}

impl Slot {
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

/// The members of a body. Any JSON can be read: of what is no object, there are none.
pub(crate) fn members(body: &str, shape: &'static Shape, budget: &Budget) -> Result<Members, serde_json::Error> {
    read_seed(body, MembersOf { shape, budget })
}

impl Members {
    fn empty(other: Option<Value>) -> Self {
        Self { slots: Vec::new(), inner: None, inner_is_disputed: false, other, is_empty: true }
    }

    fn slot(&self, name: &str) -> Option<&Slot> {
        self.slots.iter().find(|(it, _)| *it == name).map(|(_, slot)| slot)
    }

    /// Whether it is an object.
    pub(crate) fn is_object(&self) -> bool {
        self.other.is_none()
    }

    /// Whether it has no members at all, or is no object.
    pub(crate) fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Whether it has one of the members that are looked for.
    pub(crate) fn has_any(&self) -> bool {
        self.inner.is_some() || !self.slots.is_empty()
    }

    /// The value itself, if it is no object. What a list has in it is not kept.
    pub(crate) fn other(&self) -> Option<&Value> {
        self.other.as_ref()
    }

    /// The first value under this name that is not null.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.slot(name)?.value.as_ref()
    }

    /// The same, taken out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.slots.iter_mut().find(|(it, _)| *it == name)?.1.value.take()
    }

    /// A member of the one that is looked into, taken out.
    #[cfg(feature = "appviewx")]
    pub(crate) fn take_inner(&mut self, name: &str) -> Option<Value> {
        self.inner.as_deref_mut()?.take(name)
    }

    /// A text that is not blank.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str().filter(|text| !text.trim().is_empty())
    }

    /// Whether two different values stand under this name, neither of them null.
    pub(crate) fn is_disputed(&self, name: &str) -> bool {
        self.slot(name).is_some_and(|slot| slot.is_disputed)
    }

    /// Whether a null stands under this name, perhaps beside a value.
    pub(crate) fn has_null(&self, name: &str) -> bool {
        self.slot(name).is_some_and(|slot| slot.has_null)
    }

    /// The member that is looked into, if it is there and not null.
    pub(crate) fn inner(&self) -> Option<&Self> {
        self.inner.as_deref().filter(|inner| inner.other != Some(Value::Null))
    }

    /// Whether the member that is looked into stands there twice, neither of them null.
    pub(crate) fn inner_is_disputed(&self) -> bool {
        self.inner_is_disputed
    }

    fn add(&mut self, name: &'static str, value: Option<Value>) {
        if let Some((_, slot)) = self.slots.iter_mut().find(|(it, _)| *it == name) {
            return slot.add(value);
        }
        let mut slot = Slot::default();
        slot.add(value);
        self.slots.push((name, slot));
    }

    fn add_inner(&mut self, found: Self) {
        let is_null = found.other == Some(Value::Null);
        if self.inner().is_none() {
            self.inner = Some(Box::new(found));
        } else if !is_null {
            self.inner_is_disputed = true;
        }
    }
}

/// Reads them.
#[derive(Clone, Copy)]
struct MembersOf<'b> {
    shape: &'static Shape,
    budget: &'b Budget,
}

impl MembersOf<'_> {
    fn other<E>(self, value: Result<Option<Value>, E>) -> Result<Members, E> {
        Ok(Members::empty(Some(value?.unwrap_or_default())))
    }
}

impl<'de> DeserializeSeed<'de> for MembersOf<'_> {
    type Value = Members;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Members, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for MembersOf<'_> {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Members, E> {
        self.other(Ok(Some(value.into())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Members, E> {
        self.other(Ok(Some(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Members, E> {
        self.other(Ok(Some(value.into())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Members, E> {
        self.other(Ok(Some(value.into())))
    }

    fn visit_unit<E>(self) -> Result<Members, E> {
        self.other(Ok(Some(Value::Null)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Members, E> {
        self.other(Ok(Some(text.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Members, A::Error> {
        while entries.next_element_seed(Skipped)?.is_some() {}
        self.other(Ok(Some(Value::Array(Vec::new()))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let Self { shape, budget } = self;
        let mut found = Members::empty(None);
        while let Some(name) = map.next_key_seed(NameIn(shape))? {
            found.is_empty = false;
            match name {
                Name::Known(name) => found.add(name, map.next_value_seed(Kept::member(budget))?),
                Name::Inner(shape) => found.add_inner(map.next_value_seed(MembersOf { shape, budget })?),
                Name::Other => map.next_value_seed(Skipped)?,
            }
        }
        Ok(found)
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
            assert_eq!((found.is_disputed("code"), found.has_null("code")), (disputed, null), "{body}");
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
        assert_eq!(read(r#"{"response": "token"}"#).inner().and_then(Members::other), Some(&json!("token")));
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
