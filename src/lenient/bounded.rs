//! Reading JSON of any content in bounded memory. `{"":0}` has seven bytes and takes about seven hundred as a `Value`, so that an
//! answer of ordinary size could take all the memory of a process.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Bytes of memory for each byte of the body: what an ordinary refusal takes, with room to spare.
const PER_BYTE: usize = 8;
/// Bytes of memory that any body may take, however short it is.
const AT_LEAST: usize = 64 * 1024;
/// A body that is longer than this counts as one of this length.
const LONGEST: usize = 1024 * 1024;

/// What the memory of one more entry of a list comes to: a list that grows is copied, and has room to spare.
const ENTRY: usize = 2 * size_of::<Value>();
/// The same of a first member, with the node of the tree around it, and of one more.
const FIRST_MEMBER: usize = 700;
const MEMBER: usize = 128;
/// The least that a text takes.
const TEXT: usize = 32;

/// How much memory the content of a body may still take.
pub(crate) struct Budget {
    left: Cell<usize>,
    spent: Cell<bool>,
}

impl Budget {
    pub(crate) fn for_body(body: &str) -> Self {
        Self::of(AT_LEAST + PER_BYTE * body.len().min(LONGEST))
    }

    /// Lists and objects are read as empty ones.
    fn none() -> Self {
        Self::of(0)
    }

    fn of(bytes: usize) -> Self {
        Self { left: Cell::new(bytes), spent: Cell::new(false) }
    }

    /// Whether something was left out.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent.get()
    }

    /// After the first value that does not fit, nothing does: what is kept is the beginning.
    fn take(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes).filter(|_| !self.spent.get());
        self.left.set(left.unwrap_or(0));
        self.spent.set(left.is_none());
        left.is_some()
    }

    fn takes_entry(&self) -> bool {
        self.take(ENTRY)
    }

    /// Whether this may be kept as an entry of a list, if it was read as a [member](Kept::member).
    pub(crate) fn takes(&self, entry: &Value) -> bool {
        self.take(ENTRY + entry.as_str().map_or(0, |text| TEXT + text.len()))
    }
}

/// Reads a whole body. A byte order mark in front is passed over.
pub(crate) fn read_seed<'de, S: DeserializeSeed<'de>>(body: &'de str, seed: S) -> Result<S::Value, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(body.strip_prefix('\u{feff}').unwrap_or(body));
    let value = seed.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// What a body is: a text, number or the like as it is, a list or an object without its content.
pub(crate) fn outline(body: &str) -> Result<Value, serde_json::Error> {
    Ok(read_seed(body, Kept::member(&Budget::none()))?.unwrap_or_default())
}

/// A value as far as the budget goes; `None` if nothing of it is kept.
#[derive(Clone, Copy)]
pub(crate) struct Kept<'b> {
    budget: &'b Budget,
    text: TextIs,
}

/// Whether a text counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextIs {
    /// One by itself is never larger than the body.
    Free,
    Counted,
}

impl<'b> Kept<'b> {
    /// An entry of a list.
    pub(crate) fn entry(budget: &'b Budget) -> Self {
        Self { budget, text: TextIs::Counted }
    }

    /// A member that is looked for: a text is kept whatever came before.
    pub(crate) fn member(budget: &'b Budget) -> Self {
        Self { budget, text: TextIs::Free }
    }
}

impl<'de> DeserializeSeed<'de> for Kept<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Kept<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(Value::Null))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        let is_kept = self.text == TextIs::Free || self.budget.take(TEXT + text.len());
        Ok(is_kept.then(|| text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        let is_kept = self.text == TextIs::Free || self.budget.take(TEXT + text.len());
        Ok(is_kept.then_some(Value::String(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut kept = Vec::new();
        while let Some(entry) = entries.next_element_seed(Self::entry(self.budget))? {
            match entry.filter(|_| self.budget.takes_entry()) {
                Some(entry) => kept.push(entry),
                None => skip_rest(&mut entries)?,
            }
        }
        Ok(Some(Value::Array(kept)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut kept = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if name == NUMBER {
                return number(&members.next_value::<String>()?).map(Some);
            }
            let memory = if kept.is_empty() { FIRST_MEMBER } else { MEMBER };
            let is_kept = self.budget.take(memory + name.len());
            match members.next_value_seed(Self::entry(self.budget))?.filter(|_| is_kept) {
                // Of several, one that is not null is kept.
                Some(Value::Null) if kept.contains_key(&name) => {}
                Some(value) => drop(kept.insert(name, value)),
                None => {}
            }
        }
        Ok(Some(Value::Object(kept)))
    }
}

/// The name of the only member of the object as which `serde_json` gives a number if any crate of the program chose its feature
/// `arbitrary_precision`.
pub(crate) const NUMBER: &str = "$serde_json::private::Number";

fn number<E: Error>(written: &str) -> Result<Value, E> {
    serde_json::from_str(written).map_err(E::custom)
}

/// Any value, of which nothing is kept. Unlike `IgnoredAny`, it has the limit of depth.
#[derive(Clone, Copy)]
pub(crate) struct Skipped;

fn skip_rest<'de, A: SeqAccess<'de>>(entries: &mut A) -> Result<(), A::Error> {
    while entries.next_element_seed(Skipped)?.is_some() {}
    Ok(())
}

impl<'de> DeserializeSeed<'de> for Skipped {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skipped {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        skip_rest(&mut entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_key_seed(self)?.is_some() {
            members.next_value_seed(self)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kept(body: &str, budget: &Budget) -> Option<Value> {
        read_seed(body, Kept::entry(budget)).unwrap()
    }

    #[test]
    fn what_fits_is_read_as_any_json() {
        let body =
            r#"{"a": [1, -2, 3.5, null, true, "x", {"b": {}}], "c": "\u00e9", "": [[]], "d": 18446744073709551615}"#;
        let budget = Budget::for_body(body);
        assert_eq!(kept(body, &budget), Some(serde_json::from_str(body).unwrap()));
        assert!(!budget.is_spent());
    }

    #[test]
    fn what_does_not_fit_is_left_out_from_the_first_on() {
        for (body, bytes, expected) in [
            ("[1, 2, 3]", 2 * ENTRY, Some(json!([1, 2]))),
            ("[[1, 2], 3]", 3 * ENTRY, Some(json!([[1, 2]]))),
            (r#"["long", "x"]"#, ENTRY + TEXT + 3, Some(json!([]))),
            (r#"{"a": 1, "b": 2, "c": 3}"#, FIRST_MEMBER + MEMBER + 2, Some(json!({"a": 1, "b": 2}))),
            (r#"{"a": {"b": 1}}"#, FIRST_MEMBER + 1, Some(json!({"a": {}}))),
            (r#""text""#, TEXT, None),
            ("[]", 0, Some(json!([]))),
        ] {
            let budget = Budget::of(bytes);
            assert_eq!(kept(body, &budget), expected, "{body}");
            assert_eq!(budget.is_spent(), body != "[]", "{body}");
        }
    }

    #[test]
    fn the_whole_is_read_also_where_nothing_is_kept() {
        let mut broken = vec!["[1, 2, x]", r#"[{"a": 1}, {"a"}]"#, "[1]]", r#"{"a": [1, }"#, r#"["\ud800"]"#];
        // With its feature `arbitrary_precision`, which another crate may turn on, serde_json takes any number.
        if serde_json::from_str::<Value>("1e999").is_err() {
            broken.push("[1e999]");
        }
        for broken in broken {
            assert!(read_seed(broken, Kept::entry(&Budget::none())).unwrap_err().is_syntax(), "{broken}");
        }
        let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
        assert!(read_seed(&deep, Kept::entry(&Budget::none())).unwrap_err().is_syntax());
        assert!(read_seed(&format!("[0, {deep}]"), Skipped).unwrap_err().is_syntax());
    }

    #[test]
    fn an_outline_has_texts_but_no_content_of_lists_and_objects() {
        for (body, expected) in [
            (r#""text""#, json!("text")),
            ("\u{feff}7", json!(7)),
            (r#"{"a": 1}"#, json!({})),
            ("[1]", json!([])),
            ("null", json!(null)),
        ] {
            assert_eq!(outline(body).unwrap(), expected, "{body}");
        }
        assert!(outline("text").unwrap_err().is_syntax());
    }

    #[test]
    fn of_several_members_one_that_is_not_null_is_kept() {
        let budget = Budget::of(usize::MAX);
        assert_eq!(kept(r#"{"a": 1, "a": null}"#, &budget), Some(json!({"a": 1})));
        assert_eq!(kept(r#"{"a": null, "a": 1}"#, &budget), Some(json!({"a": 1})));
    }

    #[test]
    fn a_number_is_one_also_with_arbitrary_precision() {
        let budget = Budget::of(usize::MAX);
        let body = r#"[{"$serde_json::private::Number": "12"}]"#;
        assert_eq!(kept(body, &budget), Some(json!([12])));
    }
}
