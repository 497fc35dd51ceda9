//! The path of a raw call: text of the caller, of which nothing may lead anywhere else.

use super::check::{LONGEST_PATH, shown};
use crate::transport::Path;
use crate::validation::{Problems, Reason, invalid_characters, list_characters};

/// A path with placeholders, and what stands for them.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct RawPath {
    text: String,
    /// By the name of the placeholder.
    values: Vec<(String, String)>,
}

impl RawPath {
    pub(super) fn new(text: String) -> Self {
        Self { text, values: Vec::new() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn values(&self) -> &[(String, String)] {
        &self.values
    }

    pub(super) fn set(&mut self, name: String, value: String) {
        self.values.push((name, value));
    }

    /// The segments, without the slash that the vendors' pages have in front.
    fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.strip_prefix('/').unwrap_or(&self.text).split('/')
    }

    fn value(&self, placeholder: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| name == placeholder).map(|(_, value)| value.as_str())
    }

    /// As the transport takes it.
    pub(super) fn filled(&self) -> Path {
        let template = self.segments().collect::<Vec<_>>().join("/");
        let values = self.segments().filter_map(placeholder).map(|it| self.value(it).unwrap_or_default().to_owned());
        let values: Vec<String> = values.collect();
        Path::with_values(template, values)
    }

    /// With the values in their places, for the audit.
    pub(super) fn with_values(&self) -> String {
        let segments = self.segments().map(|segment| placeholder(segment).map_or(Some(segment), |it| self.value(it)));
        segments.map(Option::unwrap_or_default).collect::<Vec<_>>().join("/")
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        self.check_text(problems);
        self.check_values(problems);
    }

    fn check_text(&self, problems: &mut Problems) {
        let text = self.text.as_str();
        if text.is_empty() || text == "/" {
            return problems.add("path", Reason::Empty, "it names no endpoint, for example `CertificateStores`");
        }
        if text.len() > LONGEST_PATH {
            let reason = Reason::TooLong { limit: LONGEST_PATH, actual: text.len() };
            return problems.add("path", reason, format!("it has more than {LONGEST_PATH} bytes"));
        }
        let invalid = invalid_characters(text, |it| !is_plain(it) && !matches!(it, '/' | '{' | '}'));
        if !invalid.is_empty() {
            let sentence = format!(
                "it is the path alone and not percent-encoded: no {} can stand in it (a query is given by `query`, and \
                 what a path names by `path_value`)",
                list_characters(&invalid)
            );
            return problems.add("path", Reason::InvalidCharacters(invalid), sentence);
        }
        for segment in self.segments() {
            let problem = if segment.is_empty() {
                "it has an empty segment, and can name no other server"
            } else if is_relative(segment) {
                "it has a segment that leads to another one"
            } else if segment.contains(['{', '}']) && placeholder(segment).is_none() {
                "a placeholder is a whole segment of letters, digits and underscores in braces, for example `{id}`"
            } else {
                continue;
            };
            return problems.add("path", Reason::InvalidSegment, problem);
        }
    }

    /// One value for each placeholder, and no other.
    fn check_values(&self, problems: &mut Problems) {
        let names: Vec<&str> = self.segments().filter_map(placeholder).collect();
        for (index, name) in names.iter().enumerate() {
            if names.iter().take(index).any(|it| it == name) {
                problems.add("path", Reason::Conflict, format!("it has the placeholder {{{name}}} twice"));
            } else if self.value(name).is_none() {
                problems.add(field(name), Reason::Empty, "nothing was given for this placeholder");
            }
        }
        for (index, (name, value)) in self.values.iter().enumerate() {
            if self.values.iter().take(index).any(|(it, _)| it == name) {
                problems.add(field(name), Reason::Conflict, "two values were given for one placeholder");
            } else if !names.contains(&name.as_str()) {
                problems.add(field(name), Reason::Conflict, "the path has no placeholder of this name");
            }
            check_value(&field(name), value, problems);
        }
    }
}

fn field(name: &str) -> String {
    format!("path.{}", shown(name))
}

/// What a segment in braces is called.
fn placeholder(segment: &str) -> Option<&str> {
    let name = segment.strip_prefix('{')?.strip_suffix('}')?;
    let is_name = !name.is_empty() && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_');
    is_name.then_some(name)
}

/// Characters that mean nothing but themselves in a segment. A semicolon begins parameters of a segment in some servers.
fn is_plain(character: char) -> bool {
    character.is_ascii_alphanumeric() || "-._~!$&'()*+,=:@".contains(character)
}

fn check_value(field: &str, value: &str, problems: &mut Problems) {
    if value.len() > LONGEST_PATH {
        let reason = Reason::TooLong { limit: LONGEST_PATH, actual: value.len() };
        return problems.add(field, reason, format!("it has more than {LONGEST_PATH} bytes"));
    }
    let decoded = fully_decoded(value);
    if value.is_empty() || is_relative(&decoded) || decoded.contains(['/', '\\']) || decoded.contains(char::is_control)
    {
        problems.add(field, Reason::InvalidSegment, format!("\"{}\" cannot be a part of a path", shown(value)));
    }
}

/// Whether a server could take this for `.` or `..`: some pass over what follows a semicolon, and white space at the end.
fn is_relative(segment: &str) -> bool {
    let name = segment.split(';').next().unwrap_or_default();
    name.chars().all(|it| it == '.' || it.is_whitespace())
}

/// Without percent-encoding, however many times it was put on: a proxy may take off one and the server another.
fn fully_decoded(value: &str) -> String {
    let mut text = value.to_owned();
    loop {
        let decoded = percent_decoded(&text);
        if decoded == text {
            return text;
        }
        text = decoded;
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let byte = match (first, tail) {
            (b'%', [high, low, ..]) => hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        if let Some(byte) = byte {
            rest = tail.get(2..).unwrap_or_default();
            bytes.push(byte);
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|it| u8::try_from(it).ok())
}
