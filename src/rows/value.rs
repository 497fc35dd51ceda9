//! Members that are any JSON. How much memory they take up is counted.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::array::too_much;
use super::member::{Member, Taken};
use super::source::{Source, number_of};
use crate::lenient::NUMBER;

/// What a member of an object takes up beside the bytes of its texts.
const MEMBER: usize = size_of::<String>() + size_of::<Value>();

/// What an object takes up before its second member: it is a tree, whose first node has room for 11 members.
const OBJECT: usize = 12 * MEMBER;

impl Member for Value {
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(source: S, deserializer: D) -> Result<Taken<Self>, D::Error> {
        Ok(match (ValueSeed { source, place: Place::Member }).deserialize(deserializer)? {
            Self::Null => Taken::Nothing,
            value => Taken::Value(value),
        })
    }

    fn absent() -> Option<Self> {
        Some(Self::Null)
    }

    fn is_absent(&self) -> bool {
        self.is_null()
    }
}

impl Member for Map<String, Value> {
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(source: S, deserializer: D) -> Result<Taken<Self>, D::Error> {
        Ok(match (ValueSeed { source, place: Place::Member }).deserialize(deserializer)? {
            Value::Null => Taken::Nothing,
            Value::Object(members) => Taken::Value(members),
            other => Taken::Other(other.to_string()),
        })
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Member for BTreeMap<String, Value> {
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(source: S, deserializer: D) -> Result<Taken<Self>, D::Error> {
        Ok(match Map::take(source, deserializer)? {
            Taken::Value(members) => Taken::Value(members.into_iter().collect()),
            Taken::Nothing => Taken::Nothing,
            Taken::Other(text) => Taken::Other(text),
        })
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

#[derive(Clone, Copy)]
struct ValueSeed<S> {
    source: S,
    place: Place,
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is a member of a row. Rows are counted.
    Member,
    Inside,
}

impl<'de, S: Source<'de>> ValueSeed<S> {
    fn inside(self) -> Self {
        Self { place: Place::Inside, ..self }
    }

    fn count<E: Error>(self, bytes: usize) -> Result<(), E> {
        if self.source.has_room(bytes) { Ok(()) } else { Err(too_much()) }
    }
}

impl<'de, S: Source<'de>> DeserializeSeed<'de> for ValueSeed<S> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Source<'de>> Visitor<'de> for ValueSeed<S> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = entries.next_element_seed(self.inside())? {
            self.count(size_of::<Value>())?;
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut cost = if self.place == Place::Inside { OBJECT } else { MEMBER };
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.inside())?;
            let is_number = object.is_empty() && name == NUMBER && value.as_str().and_then(number_of).is_some();
            // An object that stands for a number is not kept.
            if !is_number {
                self.count(cost)?;
                cost = MEMBER;
            }
            object.insert(name, value);
        }
        Ok(number_in(&object).map_or(Value::Object(object), Value::Number))
    }
}

/// The number that an object stands for.
fn number_in(object: &Map<String, Value>) -> Option<Number> {
    let text = if object.len() == 1 { object.get(NUMBER) } else { None };
    number_of(text?.as_str()?)
}
