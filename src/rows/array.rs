//! Lists inside of rows.

use std::fmt;
use std::marker::PhantomData;

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

/// What a page holds would take up many times its size.
pub(super) fn too_much<E: serde::de::Error>() -> E {
    fault(format_args!("what it holds would take up many times its size in memory"))
}
