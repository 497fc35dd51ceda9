//! Reading what servers say without trusting its shape: members in either spelling, a message out of whatever came.

mod bounded;
mod members;
mod text;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub(crate) use self::bounded::{Budget, Kept, NUMBER, read_seed};
#[cfg(feature = "keyfactor")]
pub(crate) use self::members::Found;
#[cfg(feature = "appviewx")]
pub(crate) use self::members::LevelOf;
pub(crate) use self::members::{Members, Shape, members};
pub(crate) use self::text::{TextFault, decode, decode_beginning};

/// The longest text of a server that is taken over into a message.
const LONGEST_MESSAGE: usize = 500;

/// A body as JSON, if it is JSON. A byte order mark in front is passed over.
pub(crate) fn json(body: &str) -> Result<Value, serde_json::Error> {
    read(body)
}

/// A body as a value of this type. A byte order mark in front is passed over.
pub(crate) fn read<T: DeserializeOwned>(body: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(without_mark(body))
}

/// A body without the byte order mark in front.
pub(crate) fn without_mark(body: &str) -> &str {
    body.strip_prefix('\u{feff}').unwrap_or(body)
}

/// The same for bytes that may be no text.
pub(crate) fn read_bytes<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body))
}

/// The member `name` in any ASCII case. Of several spellings, one that is not null wins.
pub(crate) fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut found = None;
    for (key, value) in object.as_object()? {
        if key.eq_ignore_ascii_case(name) {
            if !value.is_null() {
                return Some(value);
            }
            found = Some(value);
        }
    }
    found
}

/// The same, taken out of the object.
#[cfg(feature = "appviewx")]
pub(crate) fn take_member(object: &mut Value, name: &str) -> Option<Value> {
    let members = object.as_object_mut()?;
    let spelled = |(key, _): &(&String, &Value)| key.eq_ignore_ascii_case(name);
    let valued = members.iter().filter(spelled).find(|(_, value)| !value.is_null());
    let key = valued.or_else(|| members.iter().find(spelled))?.0.clone();
    members.remove(&key)
}

/// A count that is written as a number or as text.
#[cfg(feature = "appviewx")]
pub(crate) fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The member `name` as text that is not blank.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    member(object, name)?.as_str().filter(|text| !text.trim().is_empty())
}

/// What a body that is no JSON object or array says to people: the title of an HTML page, else the text itself. Redact it, then
/// shorten it.
pub(crate) fn message_of_text(body: &str) -> Option<String> {
    let unquoted = match bounded::outline(body) {
        Ok(Value::String(text)) => Some(text),
        Ok(Value::Object(_) | Value::Array(_)) => return None,
        Ok(_) | Err(_) => None,
    };
    let body = unquoted.as_deref().unwrap_or(body).trim_start_matches('\u{feff}').trim();
    let said = if body.starts_with('<') { html_title(body)? } else { body };
    let said = said.trim();
    (!said.is_empty()).then(|| said.to_owned())
}

fn html_title(page: &str) -> Option<&str> {
    // ASCII lowering keeps every byte's place, so the indices fit the original.
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower.get(open..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    page.get(start..end)
}

/// At most [`LONGEST_MESSAGE`] characters of a text.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// A server's text on one line, shortened, what cannot be seen in it escaped: it is untrusted, and it goes into logs.
pub(crate) fn one_line(text: &str) -> String {
    visible(&shortened(text))
}

/// The same within a sentence: without the full stop at its end, which would stand before another mark.
pub(crate) fn clause(text: &str) -> String {
    let mut line = one_line(text.trim_end());
    if line.ends_with('.') && !line.ends_with("..") {
        line.pop();
    }
    line
}

/// A text in which everything can be seen, on one line.
pub(crate) fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || is_invisible(character) {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

/// Characters that no one sees and that change how a text looks or what it names: zero-width ones, those that turn the
/// direction of writing, line and paragraph separators, and the byte order mark.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn either_spelling_is_found_and_a_value_beats_null() {
        let object = json!({"Tags": null, "tags": {"a": 1}, "Message": "x"});
        assert_eq!(member(&object, "tags"), Some(&json!({"a": 1})));
        assert_eq!(text(&object, "message"), Some("x"));
        assert_eq!(member(&object, "headers"), None);
        assert_eq!(member(&json!([1]), "tags"), None);
    }

    #[test]
    fn a_page_gives_its_title_and_a_text_itself() {
        let page = "<!DOCTYPE html>\n<HTML><Head><TITLE lang=en> 502 Bad Gateway </TITLE></Head></HTML>";
        assert_eq!(message_of_text(page).as_deref(), Some("502 Bad Gateway"));
        assert_eq!(message_of_text("<html>no title</html>"), None);
        assert_eq!(message_of_text("<title>never closed"), None);
        assert_eq!(message_of_text(" upstream timed out \n").as_deref(), Some("upstream timed out"));
        assert_eq!(message_of_text(r#""no upstream""#).as_deref(), Some("no upstream"));
        assert_eq!(message_of_text(" \n"), None);
        assert_eq!(message_of_text(&"ü".repeat(600)).map(|said| said.chars().count()), Some(600));
        assert_eq!(shortened(&"ü".repeat(600)).chars().count(), LONGEST_MESSAGE + 1);
    }

    #[test]
    fn control_characters_do_not_reach_a_log() {
        assert_eq!(one_line("a\r\nb\u{1b}[31mc"), r"a\r\nb\u{1b}[31mc");
        assert_eq!(one_line("a\u{202e}b\u{2028}c\u{feff}d"), r"a\u{202e}b\u{2028}c\u{feff}d");
    }
}
