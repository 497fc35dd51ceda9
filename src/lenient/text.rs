//! Text of files, in the encodings that people's tools write: PowerShell, for one, writes UTF-16 and byte order marks.

/// Why bytes are no text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TextFault {
    /// They end in the middle of a character.
    CutOff,
    /// They are in none of the encodings that are read.
    NotText,
}

/// An encoding that is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Utf8,
    Utf16LittleEndian,
    Utf16BigEndian,
}

impl Encoding {
    /// What the mark in front says, and what follows it. Without one, it is UTF-8.
    fn of(bytes: &[u8]) -> (Self, &[u8]) {
        if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
            (Self::Utf8, rest)
        } else if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
            (Self::Utf16LittleEndian, rest)
        } else if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
            (Self::Utf16BigEndian, rest)
        } else {
            (Self::Utf8, bytes)
        }
    }

    fn units(self, bytes: &[u8]) -> impl Iterator<Item = u16> + '_ {
        let (pairs, _) = bytes.as_chunks();
        pairs.iter().map(move |pair| match self {
            Self::Utf16BigEndian => u16::from_be_bytes(*pair),
            Self::Utf8 | Self::Utf16LittleEndian => u16::from_le_bytes(*pair),
        })
    }
}

/// The text of a file: UTF-8 with or without a byte order mark, or UTF-16 with one. The mark is left out.
pub(crate) fn decode(bytes: &[u8]) -> Result<String, TextFault> {
    let (encoding, bytes) = Encoding::of(bytes);
    if encoding == Encoding::Utf8 {
        let text = str::from_utf8(bytes);
        return text.map(str::to_owned).map_err(|error| match error.error_len() {
            None => TextFault::CutOff,
            Some(_) => TextFault::NotText,
        });
    }
    let mut text = String::with_capacity(bytes.len() / 2);
    for character in char::decode_utf16(encoding.units(bytes)) {
        match character {
            Ok(character) => text.push(character),
            Err(half) => return Err(fault_of_half(half.unpaired_surrogate(), encoding.units(bytes).last())),
        }
    }
    if bytes.len() % 2 == 0 { Ok(text) } else { Err(TextFault::CutOff) }
}

/// The first half of a character at the very end was cut off from the second.
fn fault_of_half(half: u16, last: Option<u16>) -> TextFault {
    let is_first_half = (0xD800..0xDC00).contains(&half);
    if is_first_half && last == Some(half) { TextFault::CutOff } else { TextFault::NotText }
}

/// The beginning of a text, of which there may be more: what cannot be read in it is replaced.
pub(crate) fn decode_beginning(bytes: &[u8]) -> String {
    let (encoding, bytes) = Encoding::of(bytes);
    if encoding == Encoding::Utf8 {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let characters = char::decode_utf16(encoding.units(bytes));
    characters.map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, bytes_of: impl Fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn text_is_read_in_each_encoding() {
        let text = "{\"cn\": \"m\u{fc}ller \u{1f600}\"}";
        let marked = format!("\u{feff}{text}").into_bytes();
        let encodings =
            [text.as_bytes().to_vec(), marked, utf16(text, u16::to_le_bytes), utf16(text, u16::to_be_bytes)];
        for bytes in encodings {
            assert_eq!(decode(&bytes).as_deref(), Ok(text));
            assert_eq!(decode_beginning(&bytes), text);
        }
        assert_eq!(decode(b"").as_deref(), Ok(""));
        assert_eq!(decode(b"\xFF\xFE").as_deref(), Ok(""));
    }

    #[test]
    fn text_that_ends_inside_of_a_character_is_cut_off() {
        for bytes in [b"a\xF0\x9F\x98".to_vec(), b"\xFF\xFEa\0\x3D\xD8".to_vec(), b"\xFE\xFF\0a\0".to_vec()] {
            assert_eq!(decode(&bytes), Err(TextFault::CutOff), "{bytes:?}");
        }
        for bytes in [b"a\xFFb".to_vec(), b"\xFF\xFE\x3D\xD8a\0".to_vec(), b"\xFF\xFE\x00\xDE".to_vec()] {
            assert_eq!(decode(&bytes), Err(TextFault::NotText), "{bytes:?}");
        }
        assert_eq!(decode_beginning(b"{\"a\xF0\x9F"), "{\"a\u{fffd}");
    }
}
