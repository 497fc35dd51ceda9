//! What a request carried in confidence, and what a server says without it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::redaction::{self, Needles};
use crate::lenient::{one_line, shortened};

/// A shorter secret would be found in many a word.
const SHORTEST_SECRET: usize = 4;

/// The secrets of a request: those of its credential, and those of the call itself. Some servers and gateways repeat them in
/// what they say.
#[derive(Clone, Default)]
#[cfg_attr(not(feature = "keyfactor"), allow(unreachable_pub, reason = "it stands in a trait of that vendor's rows"))]
pub struct Secrets {
    pub(super) of_credential: Option<Arc<Confidence>>,
    pub(super) of_call: Option<Arc<Confidence>>,
}

/// Sensitive headers, and secrets that travel elsewhere. Nothing is done with them before a text is to be shown.
pub(crate) struct Confidence {
    headers: Vec<HeaderValue>,
    texts: Vec<SecretString>,
    needles: OnceLock<Needles>,
}

impl Confidence {
    /// `None` if there is nothing secret.
    pub(super) fn of(headers: &HeaderMap, texts: Vec<SecretString>) -> Option<Arc<Self>> {
        if headers.is_empty() && texts.is_empty() {
            return None;
        }
        let headers: Vec<HeaderValue> = headers.values().filter(|value| value.is_sensitive()).cloned().collect();
        let is_empty = headers.is_empty() && texts.is_empty();
        (!is_empty).then(|| Arc::new(Self { headers, texts, needles: OnceLock::new() }))
    }

    fn needles(&self) -> &Needles {
        self.needles.get_or_init(|| Needles::new(self.forms()))
    }

    fn forms(&self) -> impl Iterator<Item = String> + '_ {
        let texts = self.texts.iter().flat_map(|text| forms(text.expose_secret()));
        self.headers.iter().flat_map(forms_of_header).chain(texts)
    }
}

impl fmt::Debug for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Secrets {
    /// A text of the server, as it can be shown.
    pub(crate) fn text(&self, text: impl Into<String>) -> ServerText {
        ServerText { shown: OnceLock::new(), given: text.into(), secrets: self.clone() }
    }

    /// The same of a text that may be a whole page: what is kept of it is shortened.
    pub(super) fn beginning_of(&self, text: &str) -> ServerText {
        ServerText::of_shown(shortened(&self.redact(text)))
    }

    /// The same as a plain text. Redact before you shorten: half a secret in the middle of a text is not found.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.without(text).unwrap_or_else(|| text.to_owned())
    }

    /// `None` if the text holds no secret.
    fn without(&self, text: &str) -> Option<String> {
        let Self { of_credential, of_call } = self;
        match (of_credential.as_deref(), of_call.as_deref()) {
            (None, None) => None,
            (Some(one), None) | (None, Some(one)) => redaction::without(&[one.needles()], text),
            (Some(one), Some(other)) => redaction::without(&[one.needles(), other.needles()], text),
        }
    }

    /// The same in its place.
    pub(crate) fn redact_in(&self, text: &mut String) {
        if let Some(shown) = self.without(text) {
            *text = shown;
        }
    }

    /// Names of headers, as they can be shown: whatever case they were sent in, they are kept in lower case.
    pub(super) fn redact_names<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let Self { of_credential, of_call } = self;
        let known = || [of_credential, of_call].into_iter().flatten();
        let lower = Needles::new(known().flat_map(|it| it.forms()).map(|form| form.to_lowercase()));
        let needles: Vec<&Needles> = known().map(|it| it.needles()).chain([&lower]).collect();
        let shown = |name: &str| redaction::without(&needles, name).unwrap_or_else(|| name.to_owned());
        names.into_iter().map(shown).collect()
    }

    /// The same for every text in a JSON value, and for every number and name of a member.
    pub(crate) fn redact_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Number(number) => {
                let text = number.to_string();
                let shown = self.redact(&text);
                if shown == text { value.clone() } else { Value::String(shown) }
            }
            Value::Array(entries) => entries.iter().map(|entry| self.redact_value(entry)).collect(),
            Value::Object(members) => Value::Object(self.redact_members(members)),
            Value::Null | Value::Bool(_) => value.clone(),
        }
    }

    /// The same for each of several values.
    pub(crate) fn redact_values(&self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|value| self.redact_value(value)).collect()
    }

    /// The same for the members of an object.
    fn redact_members(&self, members: &Map<String, Value>) -> Map<String, Value> {
        members.iter().map(|(name, value)| (self.redact(name), self.redact_value(value))).collect()
    }
}

/// A text of a server without the request's secrets: kept whole, shown on one line and shortened.
///
/// Only [`Secrets`] makes one, so that what holds it cannot show a secret.
#[derive(Clone)]
pub struct ServerText {
    /// What it is without the secrets, if it holds any. It is found out when it is first looked at; most texts of a success never
    /// are.
    shown: OnceLock<Option<String>>,
    given: String,
    secrets: Secrets,
}

impl ServerText {
    fn of_shown(shown: String) -> Self {
        Self { shown: OnceLock::from(None), given: shown, secrets: Secrets::default() }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.shown.get_or_init(|| self.secrets.without(&self.given)).as_deref().unwrap_or(&self.given)
    }

    pub(crate) fn into_string(self) -> String {
        let Self { shown, given, secrets } = self;
        shown.into_inner().unwrap_or_else(|| secrets.without(&given)).unwrap_or(given)
    }
}

impl PartialEq for ServerText {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for ServerText {}

impl fmt::Debug for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", one_line(self.as_str()))
    }
}

impl fmt::Display for ServerText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&one_line(self.as_str()))
    }
}

impl Serialize for ServerText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A header's value, and what it was made of.
fn forms_of_header(value: &HeaderValue) -> Vec<String> {
    let whole = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut all = Vec::new();
    if let Some(token) = whole.strip_prefix("Bearer ") {
        all.extend(forms(token));
    }
    if let Some(coded) = whole.strip_prefix("Basic ") {
        all.extend(forms_of_base64(coded));
        let pair = STANDARD.decode(coded).ok().and_then(|pair| String::from_utf8(pair).ok());
        if let Some((_, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
            all.extend(forms(secret));
        }
    }
    all.extend(forms(&whole));
    all
}

/// The same text in the alphabets of base64, with and without padding.
fn forms_of_base64(coded: &str) -> [String; 3] {
    let bare = coded.trim_end_matches('=').to_owned();
    let of_urls = bare.replace('+', "-").replace('/', "_");
    [coded.to_owned(), bare, of_urls]
}

/// What of a secret is looked for as it is: all of it, and what is left of it without white space at its ends, which servers
/// trim. Nothing of what is too short to be told from words.
pub(crate) fn looked_for(secret: &str) -> impl Iterator<Item = &str> {
    let trimmed = Some(secret.trim()).filter(|trimmed| *trimmed != secret);
    let is_long_enough = |text: &&str| text.chars().nth(SHORTEST_SECRET - 1).is_some();
    std::iter::once(secret).chain(trimmed).filter(is_long_enough)
}

/// A secret as it is, and in base64. Other forms are found by decoding the text.
fn forms(secret: &str) -> Vec<String> {
    let coded = |text: &str| [STANDARD.encode(text), STANDARD_NO_PAD.encode(text), URL_SAFE_NO_PAD.encode(text)];
    looked_for(secret).flat_map(|text| std::iter::once(text.to_owned()).chain(coded(text))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{ACCEPT, AUTHORIZATION};
    use serde_json::json;

    fn secrets(value: &str, in_body: &[&str]) -> Secrets {
        let mut secret = HeaderValue::try_from(value).unwrap();
        secret.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, secret), (ACCEPT, HeaderValue::from_static("anything"))]);
        let texts = in_body.iter().map(|text| (*text).into()).collect();
        Secrets {
            of_credential: Confidence::of(&headers, Vec::new()),
            of_call: Confidence::of(&HeaderMap::new(), texts),
        }
    }

    fn redacted(value: &str, text: &str) -> String {
        secrets(value, &["key-of-body"]).redact(text)
    }

    #[test]
    fn a_secret_is_found_in_every_form_that_was_sent() {
        let basic = format!("Basic {}", STANDARD.encode("svc:pass:word"));
        for (value, text, expected) in [
            ("s3cret-pw", "bad header password: s3cret-pw, s3cret-pw", "bad header password: [redacted], [redacted]"),
            ("Bearer abc.def", "Bearer abc.def or abc.def", "[redacted] or [redacted]"),
            (&basic, "svc with pass:word", "svc with [redacted]"),
            (&basic, &basic.clone(), "[redacted]"),
            (&basic, basic.trim_start_matches("Basic "), "[redacted]"),
            ("s3cret-pw", "anything else", "anything else"),
            ("s3cret-pw", "field key-of-body is bad", "field [redacted] is bad"),
            ("abc", "abc is too short to be told from words", "abc is too short to be told from words"),
            ("abcd", "abcd is not", "[redacted] is not"),
        ] {
            assert_eq!(redacted(value, text), expected);
        }
    }

    #[test]
    fn a_secret_is_found_without_the_white_space_at_its_ends() {
        let coded = STANDARD.encode("hunter2-hunter2");
        for secret in ["hunter2-hunter2\n", "\r\n\t hunter2-hunter2", "hunter2-hunter2\u{a0}"] {
            let secrets = secrets("s3cret-pw", &[secret]);
            for (text, expected) in [
                ("bad key 'hunter2-hunter2'", "bad key '[redacted]'"),
                (&*format!("bad key '{secret}'"), "bad key '[redacted]'"),
                (&*format!("bad key {coded}"), "bad key [redacted]"),
                ("bad key hunter2%2Dhunter2", "bad key [redacted]"),
            ] {
                assert_eq!(secrets.redact(text), expected, "{secret:?}");
            }
        }
        assert_eq!(secrets("s3cret-pw", &["  abc\n"]).redact("abc is too short"), "abc is too short");
    }

    #[test]
    fn every_text_number_and_name_of_a_value_is_looked_through() {
        let secrets = secrets("s3cret-pw", &["918273"]);
        let said = json!({"s3cret-pw": [1, 918_273, true, null, {"a": "x s3cret-pw"}], "n": 9182});
        let shown = json!({"[redacted]": [1, "[redacted]", true, null, {"a": "x [redacted]"}], "n": 9182});
        assert_eq!(secrets.redact_value(&said), shown);
    }

    #[test]
    fn a_server_text_is_whole_and_shown_on_one_line() {
        let text = secrets("s3cret-pw", &[]).text("a\ns3cret-pw");
        assert_eq!(text.as_str(), "a\n[redacted]");
        assert_eq!(
            (format!("{text:?}"), text.to_string()),
            (r#""a\n[redacted]""#.to_owned(), r"a\n[redacted]".to_owned())
        );
        assert_eq!(serde_json::to_string(&text).unwrap(), r#""a\n[redacted]""#);
    }
}
