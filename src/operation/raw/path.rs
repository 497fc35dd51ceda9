//! The path of a raw call: text of the caller, of which nothing may lead anywhere else.

use super::check::{LONGEST_PATH, shown};
use super::segment;
use crate::transport::{Path, percent_encoded};
use crate::validation::{Problems, Reason, invalid_characters, list_characters};

/// Values of one path: more than the longest path has room for.
const MOST_VALUES: usize = 1_000;

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

    /// With the values in their places, percent-encoded, for the audit: none reads like another segment, or like a query.
    pub(super) fn with_values(&self) -> String {
        let value = |placeholder| percent_encoded(self.value(placeholder).unwrap_or_default());
        let segments = self.segments().map(|segment| placeholder(segment).map_or_else(|| segment.to_owned(), value));
        segments.collect::<Vec<_>>().join("/")
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        self.check_text(problems);
        // Each placeholder is compared with the others: of a path that is too long, there may be any number.
        if self.text.len() <= LONGEST_PATH {
            self.check_values(problems);
        }
    }

    fn check_text(&self, problems: &mut Problems) {
        let text = self.text.as_str();
        if text.is_empty() || text == "/" {
            return problems.add("path", Reason::Empty, "must name an endpoint, for example `CertificateStores`");
        }
        if text.len() > LONGEST_PATH {
            let reason = Reason::TooLong { limit: LONGEST_PATH, actual: text.len() };
            return problems.add("path", reason, format!("must be at most {LONGEST_PATH} bytes long"));
        }
        let invalid = invalid_characters(text, |it| !is_plain(it) && !matches!(it, '/' | '{' | '}'));
        if !invalid.is_empty() {
            let sentence = format!(
                "must be a path that is not percent-encoded and contains no {}; set a query with `query` and variable \
                 segments with `path_value`",
                list_characters(&invalid)
            );
            return problems.add("path", Reason::InvalidCharacters(invalid), sentence);
        }
        for segment in self.segments() {
            let problem = if segment.is_empty() {
                "must not contain an empty segment or name another server"
            } else if segment::is_relative(segment) {
                "must not contain a relative segment such as `..`"
            } else if segment.contains(['{', '}']) && placeholder(segment).is_none() {
                "must have as placeholders only whole segments of letters, digits and underscores in braces, for \
                 example `{id}`"
            } else {
                continue;
            };
            return problems.add("path", Reason::InvalidSegment, problem);
        }
    }

    /// One value for each placeholder, and no other.
    fn check_values(&self, problems: &mut Problems) {
        let names: Vec<&str> = self.segments().filter_map(placeholder).collect();
        if self.values.len() > MOST_VALUES {
            let reason = Reason::TooMany { limit: MOST_VALUES, actual: self.values.len() };
            return problems.add(
                "path",
                reason,
                format!("must have at most {MOST_VALUES} values, has {}", self.values.len()),
            );
        }
        for (index, name) in names.iter().enumerate() {
            if names.iter().take(index).any(|it| it == name) {
                problems.add("path", Reason::Conflict, format!("must not contain the placeholder {{{name}}} twice"));
            } else if self.value(name).is_none() {
                problems.add(field(name), Reason::Empty, "no value is set for this placeholder");
            }
        }
        for (index, (name, value)) in self.values.iter().enumerate() {
            if self.values.iter().take(index).any(|(it, _)| it == name) {
                problems.add(field(name), Reason::Conflict, "is set twice");
            } else if !names.contains(&name.as_str()) {
                problems.add(field(name), Reason::Conflict, "the path has no placeholder with this name");
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
        return problems.add(field, reason, format!("must be at most {LONGEST_PATH} bytes long"));
    }
    if !segment::stays_one(value) {
        problems.add(field, Reason::InvalidSegment, format!("\"{}\" is not valid as a path segment", shown(value)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;
    use crate::validation::ValidationError;

    const BASES: [&str; 3] = ["http://127.0.0.1:9", "https://example.com/x", "https://example.com:8443/x/a%20b/"];

    fn checked(text: &str, values: &[(&str, &str)]) -> Result<RawPath, ValidationError> {
        let mut path = RawPath::new(text.to_owned());
        for (name, value) in values {
            path.set((*name).to_owned(), (*value).to_owned());
        }
        let mut problems = Problems::default();
        path.check(&mut problems);
        problems.finish().map(|()| path)
    }

    /// The segments below the base, decoded once, as a server has them.
    fn below(path: &RawPath, base: &Url) -> Vec<String> {
        let url = path.filled().below(base).unwrap();
        assert_eq!((url.origin(), url.query(), url.fragment()), (base.origin(), None, None), "{path:?}");
        let rest = url.path().strip_prefix(base.path().trim_end_matches('/')).unwrap();
        rest.strip_prefix('/').unwrap().split('/').map(|it| segment::percent_decoded(it).unwrap()).collect()
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            proptest::string::string_regex(r"[./\\%2eEfFu0?#:@;{}a \t\n\x00]{0,8}").unwrap(),
            proptest::string::string_regex(r"/?[a-c:@=.~-]{1,3}(/[a-c:@=.~-]{1,3}){0,3}(/\{id\})?").unwrap(),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_taken_stays_below_the_base_as_it_was_given(
            text in texts(), value in texts(), base in prop::sample::select(BASES.to_vec()),
        ) {
            let values = if text.contains("{id}") { vec![("id", value.as_str())] } else { Vec::new() };
            if let Ok(path) = checked(&text, &values) {
                let given = text.strip_prefix('/').unwrap_or(&text).split('/');
                let given: Vec<&str> = given.map(|it| if it == "{id}" { &value } else { it }).collect();
                prop_assert_eq!(&below(&path, &base.parse().unwrap()), &given);
                for segment in given {
                    let decoded = segment::fully_decoded(segment).unwrap();
                    prop_assert!(!decoded.is_empty() && decoded != "." && decoded != ".." && !decoded.contains('/'));
                }
                prop_assert!(!path.with_values().contains(char::is_control));
            }
        }
    }
}
