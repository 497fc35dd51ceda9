//! Where rows come from: a body of an answer, or any format that a user keeps them in.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_json::value::RawValue;

use super::raw_json::push_text;
use crate::lenient::NUMBER;

/// Where rows come from.
pub trait Source<'de>: Copy {
    /// A value as JSON text.
    type Raw: Deserialize<'de>;

    fn text(raw: &Self::Raw) -> &str;

    /// Whether what is read may take up this much more memory.
    fn has_room(self, bytes: usize) -> bool;
}

/// The body of an answer. What is read takes up no more memory than a few times its size, whatever it holds.
#[derive(Clone, Copy)]
pub(super) struct Body<'a> {
    /// The bytes that lists and objects inside of rows may still take up.
    pub(super) room: &'a Cell<usize>,
}

impl<'de> Source<'de> for Body<'_> {
    type Raw = &'de RawValue;

    fn text<'a>(raw: &'a &'de RawValue) -> &'a str {
        raw.get()
    }

    fn has_room(self, bytes: usize) -> bool {
        let left = self.room.get().checked_sub(bytes);
        self.room.set(left.unwrap_or_default());
        left.is_some()
    }
}

/// Whatever a user reads his own values from.
#[derive(Clone, Copy)]
pub(crate) struct AnyFormat;

impl Source<'_> for AnyFormat {
    type Raw = Text;

    fn text(raw: &Text) -> &str {
        &raw.0
    }

    fn has_room(self, _: usize) -> bool {
        true
    }
}

/// A value of any format, written as JSON.
pub(crate) struct Text(pub(super) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::new();
        WriteText(&mut text).deserialize(deserializer)?;
        Ok(Self(text))
    }
}

/// Writes what it reads as JSON.
pub(super) struct WriteText<'a>(pub(super) &'a mut String);

impl<'de> DeserializeSeed<'de> for WriteText<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// The `visit_` methods of what is neither a list nor an object: each gives the JSON text to this function.
macro_rules! text_of_scalar {
    (|$this:ident, $text:ident| $given:expr) => {
        fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Self::Value, E> {
            let $this = self;
            let $text = if value { "true" } else { "false" };
            $given
        }

        fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Self::Value, E> {
            let $this = self;
            let $text = &*value.to_string();
            $given
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Self::Value, E> {
            let $this = self;
            let $text = &*value.to_string();
            $given
        }

        fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Self::Value, E> {
            let $this = self;
            let $text = &*$crate::rows::source::text_of_number(value);
            $given
        }

        fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Self::Value, E> {
            let $this = self;
            let $text = &*serde_json::Value::from(value).to_string();
            $given
        }

        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            let $this = self;
            let $text = "null";
            $given
        }

        fn visit_none<E: serde::de::Error>(self) -> Result<Self::Value, E> {
            self.visit_unit()
        }

        fn visit_some<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }
    };
}
pub(super) use text_of_scalar;

pub(crate) fn text_of_number(value: f64) -> String {
    Number::from_f64(value).map_or_else(|| "null".to_owned(), |number| number.to_string())
}

impl<'de> Visitor<'de> for WriteText<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.0.push('[');
        let start = self.0.len();
        loop {
            if self.0.len() > start {
                self.0.push(',');
            }
            if entries.next_element_seed(WriteText(self.0))?.is_none() {
                break;
            }
        }
        close(self.0, ']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let start = self.0.len();
        self.0.push('{');
        while let Some(name) = members.next_key::<String>()? {
            push_text(self.0, &name);
            self.0.push(':');
            members.next_value_seed(WriteText(self.0))?;
            self.0.push(',');
        }
        close(self.0, '}');
        if let Some(number) = self.0.get(start..).and_then(number_in_object) {
            self.0.truncate(start);
            self.0.push_str(&number);
        }
        Ok(())
    }

    text_of_scalar!(|this, text| {
        this.0.push_str(text);
        Ok(())
    });
}

/// The number in an object with that member, as it was written.
fn number_in_object(object: &str) -> Option<String> {
    let text = object.strip_prefix("{\"")?.strip_prefix(NUMBER)?.strip_prefix("\":\"")?.strip_suffix("\"}")?;
    number_of(text).map(|_| text.to_owned())
}

/// `None` if this is not the text of a number, and nothing else.
pub(super) fn number_of(text: &str) -> Option<Number> {
    if text.trim() == text { serde_json::from_str(text).ok() } else { None }
}

/// Ends a list or an object, instead of with its last comma.
fn close(text: &mut String, end: char) {
    if text.ends_with(',') {
        text.pop();
    }
    text.push(end);
}

/// A list as JSON text.
pub(super) fn text_of_seq<'de, A: SeqAccess<'de>>(entries: A) -> Result<String, A::Error> {
    let mut text = String::new();
    WriteText(&mut text).visit_seq(entries)?;
    Ok(text)
}

/// An object as JSON text.
pub(super) fn text_of_map<'de, A: MapAccess<'de>>(members: A) -> Result<String, A::Error> {
    let mut text = String::new();
    WriteText(&mut text).visit_map(members)?;
    Ok(text)
}
