//! Lists inside of rows.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize as _;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::member::{Member, Taken};
use super::source::{Source, text_of_map, text_of_scalar};
use super::{ReadRow, RowSeed, fault};

impl<R: ReadRow> Member for Vec<R> {
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(source: S, deserializer: D) -> Result<Taken<Self>, D::Error> {
        deserializer.deserialize_any(RowsVisitor { source, row: PhantomData })
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

struct RowsVisitor<S, R> {
    source: S,
    row: PhantomData<fn() -> R>,
}

impl<'de, S: Source<'de>, R: ReadRow> Visitor<'de> for RowsVisitor<S, R> {
    type Value = Taken<Vec<R>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = entries.next_element_seed(RowSeed::new(self.source))? {
            if !self.source.has_room(size_of::<R>()) {
                return Err(too_much());
            }
            rows.push(row);
        }
        Ok(Taken::Value(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        text_of_map(members).map(Taken::Other)
    }

    text_of_scalar!(|_this, text| Ok(if text == "null" { Taken::Nothing } else { Taken::Other(text.to_owned()) }));
}

/// Texts. A list with something else in it is of another type.
impl Member for Vec<String> {
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(source: S, deserializer: D) -> Result<Taken<Self>, D::Error> {
        let list = S::Raw::deserialize(deserializer)?;
        let text = S::text(&list);
        if text == "null" {
            return Ok(Taken::Nothing);
        }
        let texts = serde_json::Deserializer::from_str(text).deserialize_seq(TextsVisitor { source });
        Ok(texts.map_or_else(|_| Taken::Other(text.to_owned()), Taken::Value))
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

struct TextsVisitor<S> {
    source: S,
}

impl<'de, 'source, S: Source<'source>> Visitor<'de> for TextsVisitor<S> {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = entries.next_element()? {
            if !self.source.has_room(size_of::<String>()) {
                return Err(too_much());
            }
            texts.push(text);
        }
        Ok(texts)
    }
}

/// What a page holds would take up many times its size.
pub(super) fn too_much<E: serde::de::Error>() -> E {
    fault(format_args!("reading it would take many times its size in memory"))
}
