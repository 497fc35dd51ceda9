//! Texts, numbers, ids: what is neither a list nor an object.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::member::{Member, Taken};
use super::source::{Source, text_of_map, text_of_number, text_of_seq};

/// What can be read out of a string or a number. Servers of several versions write one for the other.
pub(crate) trait Scalar: Sized {
    /// What stands for it where it is missing, or null. None for what names a row.
    fn absent() -> Option<Self>;

    /// `None` if it cannot be read as one.
    fn from_text(text: &str) -> Option<Self>;

    fn from_owned_text(text: String) -> Option<Self> {
        Self::from_text(&text)
    }

    fn from_integer(number: i64) -> Option<Self>;

    fn from_float(number: f64) -> Option<Self>;

    fn from_bool(value: bool) -> Option<Self>;

    /// From a list or an object, as JSON.
    fn from_json(json: &str) -> Option<Self> {
        let _ = json;
        None
    }

    /// Whether an empty text is one.
    const TAKES_BLANK: bool;

    fn is_blank(&self) -> bool {
        false
    }
}

impl<T: Scalar> Member for T {
    #[inline]
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(_: S, deserializer: D) -> Result<Taken<Self>, D::Error> {
        deserializer.deserialize_any(ScalarVisitor(PhantomData))
    }

    fn absent() -> Option<Self> {
        T::absent()
    }

    fn is_blank(&self) -> bool {
        T::is_blank(self)
    }
}

struct ScalarVisitor<T>(PhantomData<fn() -> T>);

impl<T: Scalar> ScalarVisitor<T> {
    fn of_json(json: String) -> Taken<T> {
        T::from_json(&json).map_or(Taken::Other(json), Taken::Value)
    }

    /// A number that came as text. An integer that is too large for any type keeps its digits.
    fn of_number(number: String) -> Taken<T> {
        let read = if let Ok(integer) = number.parse() {
            T::from_integer(integer)
        } else if number.contains(['.', 'e', 'E']) {
            number.parse().ok().and_then(T::from_float)
        } else {
            T::from_text(&number)
        };
        read.map_or(Taken::Other(number), Taken::Value)
    }
}

impl<'de, T: Scalar> Visitor<'de> for ScalarVisitor<T> {
    type Value = Taken<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a number")
    }

    #[inline]
    fn visit_str<E>(self, text: &str) -> Result<Taken<T>, E> {
        if !T::TAKES_BLANK && text.trim().is_empty() {
            return Ok(Taken::Nothing);
        }
        Ok(match T::from_text(text) {
            Some(value) => Taken::Value(value),
            None => Taken::Other(Value::from(text).to_string()),
        })
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Taken<T>, E> {
        if T::TAKES_BLANK {
            return Ok(T::from_owned_text(text).map_or(Taken::Nothing, Taken::Value));
        }
        self.visit_str(&text)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Taken<T>, E> {
        Ok(T::from_bool(value).map_or_else(|| Taken::Other(value.to_string()), Taken::Value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Taken<T>, E> {
        Ok(T::from_integer(number).map_or_else(|| Taken::Other(number.to_string()), Taken::Value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Taken<T>, E> {
        let read = match i64::try_from(number) {
            Ok(number) => T::from_integer(number),
            // Only texts take it.
            Err(_) => T::from_text(&number.to_string()),
        };
        Ok(read.map_or_else(|| Taken::Other(number.to_string()), Taken::Value))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Taken<T>, E> {
        Ok(T::from_float(number).map_or_else(|| Taken::Other(text_of_number(number)), Taken::Value))
    }

    fn visit_unit<E>(self) -> Result<Taken<T>, E> {
        Ok(Taken::Nothing)
    }

    fn visit_none<E>(self) -> Result<Taken<T>, E> {
        Ok(Taken::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Taken<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Taken<T>, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<Taken<T>, A::Error> {
        text_of_seq(entries).map(Self::of_json)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Taken<T>, A::Error> {
        let text = text_of_map(members)?;
        Ok(if text.starts_with('{') { Self::of_json(text) } else { Self::of_number(text) })
    }
}

/// What holds any text: numbers and booleans are written out.
macro_rules! text_scalar {
    ($text:ty, absent: $absent:expr) => {
        impl $crate::rows::Scalar for $text {
            const TAKES_BLANK: bool = true;

            fn absent() -> Option<Self> {
                $absent
            }

            #[inline]
            fn from_text(text: &str) -> Option<Self> {
                Some(text.to_owned().into())
            }

            fn from_owned_text(text: String) -> Option<Self> {
                Some(text.into())
            }

            fn from_integer(number: i64) -> Option<Self> {
                Some(number.to_string().into())
            }

            fn from_float(number: f64) -> Option<Self> {
                Some($crate::rows::text_of_number(number).into())
            }

            fn from_bool(value: bool) -> Option<Self> {
                Some(value.to_string().into())
            }

            fn is_blank(&self) -> bool {
                self.as_str().trim().is_empty()
            }
        }
    };
}
pub(crate) use text_scalar;

text_scalar!(String, absent: Some(Self::new()));

/// Numbers, which may be written as text.
macro_rules! number_scalar {
    ($number:ty, of: $primitive:ty) => {
        impl $crate::rows::Scalar for $number {
            const TAKES_BLANK: bool = false;

            fn absent() -> Option<Self> {
                None
            }

            fn from_text(text: &str) -> Option<Self> {
                text.trim().parse::<$primitive>().ok().map(Self::from)
            }

            fn from_integer(number: i64) -> Option<Self> {
                <$primitive>::try_from(number).ok().map(Self::from)
            }

            fn from_float(_: f64) -> Option<Self> {
                None
            }

            fn from_bool(_: bool) -> Option<Self> {
                None
            }
        }
    };
}
pub(crate) use number_scalar;

number_scalar!(i32, of: i32);

impl Scalar for bool {
    const TAKES_BLANK: bool = false;

    fn absent() -> Option<Self> {
        Some(false)
    }

    fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let is = |word: &str| text.eq_ignore_ascii_case(word);
        if is("true") { Some(true) } else { is("false").then_some(false) }
    }

    fn from_integer(_: i64) -> Option<Self> {
        None
    }

    fn from_float(_: f64) -> Option<Self> {
        None
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::{AnyFormat, Body};
    use super::*;
    use std::cell::Cell;

    fn taken<T: Member>(json: &str) -> Taken<T> {
        T::take(AnyFormat, &mut serde_json::Deserializer::from_str(json)).unwrap()
    }

    /// What `serde_json` gives for a number with its feature `arbitrary_precision`.
    fn number(written: &str) -> String {
        format!(r#"{{"$serde_json::private::Number":"{written}"}}"#)
    }

    #[test]
    fn a_number_is_one_also_with_arbitrary_precision() {
        for written in ["17", "1.5", "-3", "123456789012345678901234567890"] {
            let Taken::Value(text) = taken::<String>(&number(written)) else { panic!("{written}") };
            assert_eq!(text, written);
        }
        assert!(matches!(taken::<i32>(&number("17")), Taken::Value(17)));
        assert!(matches!(taken::<i32>(&number("1.5")), Taken::Other(text) if text == "1.5"));
        let Taken::Value(value) = taken::<Value>(&format!(r#"{{"Cost":{},"a":[{}]}}"#, number("1.5"), number("2")))
        else {
            panic!("no value")
        };
        assert_eq!(value, serde_json::json!({"Cost": 1.5, "a": [2]}));
    }

    #[test]
    fn a_number_takes_up_no_room_of_an_object() {
        let room = Cell::new(2 * size_of::<Value>());
        let json = format!("[{},{}]", number("1"), number("2"));
        let read =
            <Value as Member>::take(Body { room: &room }, &mut serde_json::Deserializer::from_str(&json)).unwrap();
        let Taken::Value(value) = read else { panic!("no value") };
        assert_eq!((value, room.get()), (serde_json::json!([1, 2]), 0));
        let json = r#"[{"$serde_json::private::Number":"x"}]"#;
        room.set(2 * size_of::<Value>());
        assert!(<Value as Member>::take(Body { room: &room }, &mut serde_json::Deserializer::from_str(json)).is_err());
    }

    #[test]
    fn an_object_of_that_name_that_is_no_number_stays_an_object() {
        for object in [number("x"), number(" 1"), r#"{"$serde_json::private::Number":"1","b":2}"#.to_owned()] {
            let Taken::Other(json) = taken::<i32>(&object) else { panic!("{object}") };
            assert_eq!(json, object);
            let Taken::Value(value) = taken::<Value>(&object) else { panic!("{object}") };
            assert!(value.is_object(), "{value}");
        }
    }
}
