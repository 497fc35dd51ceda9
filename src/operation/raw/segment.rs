//! What a server could take a segment of a path for, however many times it decodes it.

use crate::lenient::is_invisible;

/// Whether a value stays one segment, and the one that it is.
pub(super) fn stays_one(value: &str) -> bool {
    let is_odd = |it: char| matches!(it, '/' | '\\') || it.is_control() || is_invisible(it);
    fully_decoded(value).is_some_and(|decoded| !is_relative(&decoded) && !decoded.contains(is_odd))
}

/// Whether a server could take this for nothing, `.` or `..`: some pass over what follows a semicolon, and white space.
pub(super) fn is_relative(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or_default();
    name.chars().all(|it| it == '.' || it.is_whitespace())
}

/// Without percent-encoding, however many times it was put on: a proxy may take off one and the server another. `None` if it
/// is no text then.
pub(super) fn fully_decoded(value: &str) -> Option<String> {
    let mut text = value.to_owned();
    loop {
        let decoded = percent_decoded(&text)?;
        if decoded == text {
            return Some(text);
        }
        text = decoded;
    }
}

/// Windows servers know `%u` with four digits beside what the standard has.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let number = match (first, tail) {
            (b'%', [b'u' | b'U', digits @ ..]) => digits.get(..4).and_then(hex).zip(digits.get(4..)),
            (b'%', digits) => digits.get(..2).and_then(hex).zip(digits.get(2..)),
            _ => None,
        };
        let Some((number, after)) = number else {
            bytes.push(*first);
            continue;
        };
        rest = after;
        match (u8::try_from(number), tail.first()) {
            (Ok(byte), Some(b'u' | b'U')) => bytes.extend(char::from(byte).to_string().into_bytes()),
            (Ok(byte), _) => bytes.push(byte),
            (Err(_), _) => bytes.extend(char::from_u32(number)?.to_string().into_bytes()),
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_goes_on_until_nothing_is_left_to_decode() {
        for (value, decoded) in [
            ("%2e", Some(".")),
            ("%25252e%252E", Some("..")),
            ("%u002e%U002E", Some("..")),
            ("%25u002e", Some(".")),
            ("%u00fc%u2215", Some("ü∕")),
            ("100%", Some("100%")),
            ("%2", Some("%2")),
            ("%zz%u00", Some("%zz%u00")),
            ("%C3%BC", Some("ü")),
            // Too long an encoding of a dot, and a half of a pair.
            ("%c0%ae", None),
            ("%ud800", None),
        ] {
            assert_eq!(fully_decoded(value).as_deref(), decoded, "{value}");
        }
    }
}
