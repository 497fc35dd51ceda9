//! The members of rows.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess};

use super::raw_json::Extra;
use super::source::Source;
use super::{OtherType, ReadRow, fault};

/// What holds of a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rule {
    /// Nothing in particular. If it stands there twice, the last value counts.
    Plain,
    /// Something is decided by it: it must not stand there twice.
    Once,
    /// It names the row: it stands there, once, and is not blank.
    Needed,
}

/// What a member of a row can be.
pub(crate) trait Member: Sized {
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(source: S, deserializer: D) -> Result<Taken<Self>, D::Error>;

    /// What stands for a member that is missing, or null. None for what names a row.
    fn absent() -> Option<Self>;

    /// Whether it says nothing.
    fn is_absent(&self) -> bool {
        false
    }

    /// Whether it is a text with nothing in it.
    fn is_blank(&self) -> bool {
        false
    }
}

/// What was read of a member.
pub(crate) enum Taken<T> {
    Value(T),
    /// Null, or an empty text where a number or an id belongs.
    Nothing,
    /// Something of another type than expected, as JSON.
    Other(String),
}

impl<T> Taken<T> {
    fn map<U>(self, change: impl FnOnce(T) -> U) -> Taken<U> {
        match self {
            Self::Value(value) => Taken::Value(change(value)),
            Self::Nothing => Taken::Nothing,
            Self::Other(text) => Taken::Other(text),
        }
    }
}

impl<T: Member> Member for Option<T> {
    #[inline]
    fn take<'de, S: Source<'de>, D: Deserializer<'de>>(source: S, deserializer: D) -> Result<Taken<Self>, D::Error> {
        Ok(T::take(source, deserializer)?.map(Some))
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

struct MemberSeed<S, T> {
    source: S,
    member: PhantomData<fn() -> T>,
}

impl<'de, S: Source<'de>, T: Member> DeserializeSeed<'de> for MemberSeed<S, T> {
    type Value = Taken<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Taken<T>, D::Error> {
        T::take(self.source, deserializer)
    }
}

/// Reads the value of a member; `None` if it says nothing.
#[inline]
pub(crate) fn take<'de, R: ReadRow, S: Source<'de>, A: MapAccess<'de>, T: Member>(
    source: S,
    name: &'static str,
    members: &mut A,
    extra: &mut Extra,
) -> Result<Option<T>, A::Error> {
    match members.next_value_seed(MemberSeed::<S, T> { source, member: PhantomData })? {
        Taken::Value(value) => Ok(Some(value)),
        Taken::Nothing => Ok(None),
        Taken::Other(text) if R::OTHER_TYPE == OtherType::Kept => {
            extra.add(name, &text);
            Ok(None)
        }
        Taken::Other(_) => Err(fault(format_args!("the member `{name}` of {} has an unexpected type", R::NOUN))),
    }
}

/// What a row has of a member, once all were read.
pub(crate) fn finish<R: ReadRow, E: Error, T: Member>(
    value: Option<T>,
    rule: Rule,
    name: &'static str,
) -> Result<T, E> {
    let missing = || fault(format_args!("{} has no `{name}`", R::NOUN));
    match value {
        Some(value) if rule != Rule::Needed || !value.is_blank() => Ok(value),
        None if rule != Rule::Needed => T::absent().ok_or_else(missing),
        _ => Err(missing()),
    }
}
