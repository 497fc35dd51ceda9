//! Rows: how the JSON objects that servers send become typed values, for both vendors.
//!
//! [`row!`] says of a row which members it has. They are matched without regard to ASCII case and read once, in whatever order
//! they come. Null is none; a number may be written as text, and a text as a number. What the row does not know is kept as
//! [`RawJson`]. A row without a member that names it is an error which names that member.

mod array;
mod member;
mod page;
mod raw_json;
mod scalar;
mod source;
mod value;

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;

pub(crate) use self::member::{Member, Rule, Taken, finish, take};
pub(crate) use self::page::{PageRows, RowLimit, is_list_of_objects, read_page, read_row, read_rows};
pub use self::raw_json::RawJson;
pub(crate) use self::raw_json::{Extra, members_of, push_text, write_extra};
pub(crate) use self::scalar::{Scalar, number_scalar, text_scalar};
pub(crate) use self::source::text_of_number;
pub(crate) use self::source::{AnyFormat, Source};
use self::source::{Body, text_of_scalar};

/// What is read member by member. [`row!`] implements it.
pub trait ReadRow: Sized {
    /// What it is called in errors, with its article.
    const NOUN: &'static str;
    /// What is done with what has another type than expected.
    const OTHER_TYPE: OtherType;

    fn from_members<'de, S: Source<'de>, A: MapAccess<'de>>(source: S, members: A) -> Result<Self, A::Error>;
}

/// What is done with a member that has another type than expected, and with a row that is no object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OtherType {
    /// It is an error.
    Refused,
    /// It stands among the members that are not known.
    Kept,
}

/// Implements [`ReadRow`], `Deserialize` and `Serialize` for a struct. Of each member: the field, what holds of it
/// ([`Rule`]), and the name as the server spells it. The field `extra` takes the others.
macro_rules! row {
    ($row:ident: $noun:literal, $other_type:ident { $($field:ident: $rule:ident $name:literal,)* }) => {
        impl $crate::rows::ReadRow for $row {
            const NOUN: &'static str = $noun;
            const OTHER_TYPE: $crate::rows::OtherType = $crate::rows::OtherType::$other_type;

            fn from_members<'de, S: $crate::rows::Source<'de>, A: serde::de::MapAccess<'de>>(
                source: S,
                mut members: A,
            ) -> Result<Self, A::Error> {
                #[derive(Clone, Copy)]
                #[expect(non_camel_case_types, reason = "they are the names of the fields")]
                enum Known {
                    $($field),*
                }
                const NAMES: &[(&str, Known)] = &[$(($name, Known::$field)),*];
                $(let mut $field = None;)*
                let mut extra = $crate::rows::Extra::default();
                let mut expected = 0;
                while let Some(name) = members.next_key_seed($crate::rows::NameOf { names: NAMES, expected })? {
                    match name {
                        $($crate::rows::Name::Known(Known::$field, index) => {
                            expected = index + 1;
                            let rule = $crate::rows::Rule::$rule;
                            let value = $crate::rows::take::<Self, S, A, _>(source, $name, &mut members, &mut extra)?;
                            $crate::rows::put::<Self, A::Error, _>(&mut $field, value, rule, $name)?;
                        })*
                        $crate::rows::Name::Unknown(name) => extra.take(source, &name, &mut members)?,
                    }
                }
                Ok(Self {
                    $($field: {
                        let rule = $crate::rows::Rule::$rule;
                        $crate::rows::finish::<Self, A::Error, _>($field, rule, $name)?
                    },)*
                    extra: extra.into(),
                })
            }
        }

        impl<'de> serde::Deserialize<'de> for $row {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::DeserializeSeed as _;
                $crate::rows::RowSeed::new($crate::rows::AnyFormat).deserialize(deserializer)
            }
        }

        impl serde::Serialize for $row {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut map = serializer.serialize_map(None)?;
                $($crate::rows::write::<Self, S::SerializeMap, _>(&mut map, $name, &self.$field)?;)*
                $crate::rows::write_extra(&mut map, &self.extra)?;
                serde::ser::SerializeMap::end(map)
            }
        }
    };
}
pub(crate) use row;

/// Before what this crate says about a row. Errors of serde quote what was read, and it is not shown; these never do.
const OURS: &str = "row: ";

/// An error in the crate's own words.
fn fault<E: Error>(text: fmt::Arguments<'_>) -> E {
    E::custom(format_args!("{OURS}{text}"))
}

/// Keeps what was read of a member. A null says nothing; of several values the last one counts, unless something is decided by it.
#[inline]
pub(crate) fn put<R: ReadRow, E: Error, T>(
    field: &mut Option<T>,
    value: Option<T>,
    rule: Rule,
    name: &'static str,
) -> Result<(), E> {
    if value.is_none() {
        return Ok(());
    }
    if rule != Rule::Plain && field.is_some() {
        return Err(fault(format_args!("the member `{name}` of {} is repeated", R::NOUN)));
    }
    *field = value;
    Ok(())
}

/// Writes a member. One that says nothing is null where the server documents its members, and is left out elsewhere.
pub(crate) fn write<R: ReadRow, M: SerializeMap, T: Member + Serialize>(
    map: &mut M,
    name: &'static str,
    value: &T,
) -> Result<(), M::Error> {
    if R::OTHER_TYPE == OtherType::Kept && value.is_absent() { Ok(()) } else { map.serialize_entry(name, value) }
}

/// The name of a member, as far as a row knows it.
pub(crate) enum Name<'de, K> {
    /// Which one, and where it stands in the table.
    Known(K, usize),
    Unknown(std::borrow::Cow<'de, str>),
}

/// Looks a name up in the table of a row. Servers write their members in one order, so the next one is tried first.
pub(crate) struct NameOf<K: 'static> {
    pub(crate) names: &'static [(&'static str, K)],
    pub(crate) expected: usize,
}

impl<K: Copy> NameOf<K> {
    #[inline]
    fn find(&self, name: &str) -> Option<(K, usize)> {
        match self.names.get(self.expected) {
            Some((expected, known)) if *expected == name => Some((*known, self.expected)),
            _ => self.search(name),
        }
    }

    #[cold]
    fn search(&self, name: &str) -> Option<(K, usize)> {
        let index = self.names.iter().position(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some((self.names.get(index)?.1, index))
    }
}

impl<'de, K: Copy> DeserializeSeed<'de> for NameOf<K> {
    type Value = Name<'de, K>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: Copy> Visitor<'de> for NameOf<K> {
    type Value = Name<'de, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    #[inline]
    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(match self.find(name) {
            Some((known, index)) => Name::Known(known, index),
            None => Name::Unknown(name.into()),
        })
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let unknown = || Name::Unknown(name.to_owned().into());
        Ok(self.find(name).map_or_else(unknown, |(known, index)| Name::Known(known, index)))
    }
}

/// Reads a row.
pub(crate) struct RowSeed<S, R> {
    source: S,
    row: PhantomData<fn() -> R>,
}

impl<S, R> RowSeed<S, R> {
    pub(crate) fn new(source: S) -> Self {
        Self { source, row: PhantomData }
    }
}

impl<'de, S: Source<'de>, R: ReadRow> RowSeed<S, R> {
    /// What is no object.
    fn other<E: Error>(text: &str) -> Result<R, E> {
        if R::OTHER_TYPE == OtherType::Refused {
            return Err(fault(format_args!("expected an object for {}", R::NOUN)));
        }
        let object = format!("{{\"value\":{text}}}");
        let mut deserializer = serde_json::Deserializer::from_str(&object);
        // The source of answers, so that rows are compiled for it alone. There is one member, and room for it.
        let room = Cell::new(usize::MAX);
        let read = RowSeed::<_, R>::new(Body { room: &room }).deserialize(&mut deserializer);
        read.map_err(|_| fault(format_args!("{} cannot be read", R::NOUN)))
    }
}

impl<'de, S: Source<'de>, R: ReadRow> DeserializeSeed<'de> for RowSeed<S, R> {
    type Value = R;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Source<'de>, R: ReadRow> Visitor<'de> for RowSeed<S, R> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(R::NOUN)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<R, A::Error> {
        R::from_members(self.source, members)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, entries: A) -> Result<R, A::Error> {
        Self::other(&source::text_of_seq(entries)?)
    }

    text_of_scalar!(|_this, text| Self::other(text));
}

/// A row of which nothing is read.
#[derive(PartialEq)]
pub(crate) struct AnyRow;

impl ReadRow for AnyRow {
    const NOUN: &'static str = "a row";
    const OTHER_TYPE: OtherType = OtherType::Kept;

    fn from_members<'de, S: Source<'de>, A: MapAccess<'de>>(_: S, mut members: A) -> Result<Self, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self)
    }
}
