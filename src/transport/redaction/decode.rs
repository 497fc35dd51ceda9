//! A text as it was before it was escaped, with the place of each byte in the text as it is.

use std::borrow::Cow;
use std::ops::Range;

/// How a text may have been encoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Decoder {
    Json,
    Html,
    /// `+` for a space, which forms have beside percent-encoding.
    Plus,
    /// `%2F`, in either case.
    Percent,
}

impl Decoder {
    /// In the order in which a text is decoded by several.
    pub(super) const ALL: [Self; 4] = [Self::Json, Self::Html, Self::Plus, Self::Percent];

    /// What every escape begins with.
    pub(super) fn first(self) -> u8 {
        match self {
            Self::Json => b'\\',
            Self::Html => b'&',
            Self::Plus => b'+',
            Self::Percent => b'%',
        }
    }

    /// What stands at the start of a text that begins like an escape.
    fn read(self, text: &[u8]) -> Escape {
        match self {
            Self::Json => json(text),
            Self::Html => html(text),
            Self::Plus => Escape::Char(' ', 1),
            Self::Percent => percent(text),
        }
    }
}

/// An escape, and its length.
enum Escape {
    None,
    Char(char, usize),
    Byte(u8, usize),
    /// The text ends within it.
    Cut,
}

/// A text, perhaps decoded.
pub(super) struct View<'a> {
    bytes: Cow<'a, [u8]>,
    /// Where each byte begins in the text that it was decoded from, and then the end of that; none if nothing was decoded.
    places: Option<Vec<usize>>,
}

impl<'a> View<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { bytes: Cow::Borrowed(text.as_bytes()), places: None }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where this stands in the text.
    pub(super) fn place(&self, range: Range<usize>) -> Range<usize> {
        self.place_of(range.start)..self.place_of(range.end)
    }

    fn place_of(&self, index: usize) -> usize {
        self.places.as_ref().map_or(index, |places| places.get(index).copied().unwrap_or(index))
    }

    /// The byte that stands at or behind this place of the text.
    pub(super) fn index_of(&self, place: usize) -> usize {
        match &self.places {
            None => place.min(self.bytes.len()),
            Some(places) => places.partition_point(|it| *it < place).min(self.bytes.len()),
        }
    }

    /// What it is decoded; `None` if there is nothing to decode.
    pub(super) fn decoded(&self, decoder: Decoder) -> Option<View<'static>> {
        // Most texts hold none, and to see that is all that they cost.
        if !self.bytes.contains(&decoder.first()) {
            return None;
        }
        let first = self.bytes.iter().position(|byte| *byte == decoder.first())?;
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut places = Vec::with_capacity(self.bytes.len() + 1);
        bytes.extend_from_slice(self.bytes.get(..first).unwrap_or_default());
        places.extend((0..first).map(|index| self.place_of(index)));
        let mut index = first;
        while let Some(byte) = self.bytes.get(index) {
            let rest = self.bytes.get(index..).unwrap_or_default();
            let escape = if *byte == decoder.first() { decoder.read(rest) } else { Escape::None };
            let place = self.place_of(index);
            index += match escape {
                Escape::None => {
                    bytes.push(*byte);
                    1
                }
                Escape::Char(character, length) => {
                    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                    length
                }
                Escape::Byte(byte, length) => {
                    bytes.push(byte);
                    length
                }
                Escape::Cut => break,
            };
            places.resize(bytes.len(), place);
        }
        places.push(self.place_of(self.bytes.len()));
        Some(View { bytes: Cow::Owned(bytes), places: Some(places) })
    }

    /// What may be base16 in it, each run read from its first digit and from its second one.
    pub(super) fn base16_runs(&self) -> impl Iterator<Item = Base16Run> + '_ {
        let mut index = 0;
        let runs = std::iter::from_fn(move || {
            loop {
                let rest = self.bytes.get(index..).filter(|rest| !rest.is_empty())?;
                let length = rest.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
                let run = index..index + length;
                index += length.max(1);
                if length >= SHORTEST_RUN {
                    return Some(run);
                }
            }
        });
        runs.flat_map(|run| [run.clone(), run.start + 1..run.end]).map(|run| Base16Run::read(&self.bytes, run))
    }
}

/// The digits of the shortest text that is looked for.
pub(super) const SHORTEST_RUN: usize = 2 * super::needles::SHORTEST;

/// Whether a text holds what an escape begins with, or enough digits of base16.
pub(super) fn may_be_encoded(text: &[u8]) -> bool {
    // Without a way out, so that many bytes are compared at once.
    let has_escape = text.iter().fold(false, |has, byte| has | matches!(byte, b'\\' | b'&' | b'+' | b'%'));
    has_escape || has_run(text)
}

/// A run of so many digits goes over two places of those that are half as far apart: only they are looked at, and what is around
/// two digits.
fn has_run(text: &[u8]) -> bool {
    let is_digit = |byte: &&u8| byte.is_ascii_hexdigit();
    let mut was_digit = false;
    for (index, four) in text.chunks(SHORTEST_RUN / 2).enumerate() {
        let is_digit_too = four.first().is_some_and(u8::is_ascii_hexdigit);
        if was_digit && is_digit_too {
            let (before, from) = text.split_at_checked(index * SHORTEST_RUN / 2).unwrap_or_default();
            let before = before.iter().rev().take(SHORTEST_RUN).take_while(is_digit).count();
            if before + from.iter().take(SHORTEST_RUN).take_while(is_digit).count() >= SHORTEST_RUN {
                return true;
            }
        }
        was_digit = is_digit_too;
    }
    false
}

/// Whether a run of digits goes to where the text was cut, if it was.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RunEnd {
    Whole,
    Cut,
}

/// Digits of base16, decoded.
pub(super) struct Base16Run {
    digits: Range<usize>,
    bytes: Vec<u8>,
}

impl Base16Run {
    fn read(bytes: &[u8], digits: Range<usize>) -> Self {
        let text = bytes.get(digits.clone()).unwrap_or_default();
        let mut decoded = Vec::with_capacity(text.len() / 2);
        decoded.extend(text.chunks_exact(2).filter_map(byte_of));
        Self { bytes: decoded, digits }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn end(&self) -> usize {
        self.digits.end
    }

    /// Where these bytes stand. A digit that is left over where the run was cut is half of the next byte.
    pub(super) fn place(&self, range: Range<usize>, run_end: RunEnd) -> Range<usize> {
        let is_last = range.end == self.bytes.len() && run_end == RunEnd::Cut;
        let end = if is_last { self.digits.end } else { self.digits.start + 2 * range.end };
        self.digits.start + 2 * range.start..end
    }
}

fn byte_of(digits: &[u8]) -> Option<u8> {
    let &[high, low] = digits else { return None };
    Some(value_of(high)? << 4 | value_of(low)?)
}

fn value_of(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

fn json(text: &[u8]) -> Escape {
    match text.get(1) {
        None => Escape::Cut,
        Some(b'n') => Escape::Char('\n', 2),
        Some(b'r') => Escape::Char('\r', 2),
        Some(b't') => Escape::Char('\t', 2),
        Some(b'b') => Escape::Char('\u{8}', 2),
        Some(b'f') => Escape::Char('\u{c}', 2),
        Some(other @ (b'"' | b'\\' | b'/')) => Escape::Char(char::from(*other), 2),
        Some(b'u') => match unit(text) {
            Ok(high @ 0xd800..0xdc00) => match text.get(6..).map(unit) {
                Some(Ok(low @ 0xdc00..0xe000)) => {
                    let code = 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    Escape::Char(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                Some(Err(Escape::Cut)) => Escape::Cut,
                _ => Escape::None,
            },
            Ok(code) => char::from_u32(code).map_or(Escape::None, |character| Escape::Char(character, 6)),
            Err(escape) => escape,
        },
        Some(_) => Escape::None,
    }
}

/// The number in `\u00e9`.
fn unit(text: &[u8]) -> Result<u32, Escape> {
    let (begin, digits) = text.split_at(text.len().min(2));
    if !br"\u".starts_with(begin) || !digits.iter().take(4).all(u8::is_ascii_hexdigit) {
        return Err(Escape::None);
    }
    let digits = digits.get(..4).ok_or(Escape::Cut)?;
    let number = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
    number.ok_or(Escape::None)
}

/// The longest one that is read, in bytes: `&#x0010FFFF;`.
const LONGEST_ENTITY: usize = 12;

fn html(text: &[u8]) -> Escape {
    let inside = text.get(1..).unwrap_or_default();
    let is_inside = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'#';
    let length = inside.iter().take(LONGEST_ENTITY).take_while(is_inside).count();
    match inside.get(length) {
        None => return Escape::Cut,
        Some(b';') => {}
        Some(_) => return Escape::None,
    }
    let Some(name) = inside.get(..length).and_then(|name| std::str::from_utf8(name).ok()) else { return Escape::None };
    let character = match name.to_ascii_lowercase().as_str() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        other => match other.strip_prefix("#x") {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => other.strip_prefix('#').and_then(|digits| digits.parse().ok()),
        }
        .and_then(char::from_u32),
    };
    character.map_or(Escape::None, |character| Escape::Char(character, length + 2))
}

fn percent(text: &[u8]) -> Escape {
    match text.get(1..3) {
        Some(digits) => byte_of(digits).map_or(Escape::None, |byte| Escape::Byte(byte, 3)),
        None if text.iter().skip(1).all(u8::is_ascii_hexdigit) => Escape::Cut,
        None => Escape::None,
    }
}
