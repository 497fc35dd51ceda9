//! What a request carried in confidence, to be taken out of what the answer says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

/// The sensitive headers of a request, and the secrets in its body. Some servers and gateways repeat them in what they say.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    headers: Vec<HeaderValue>,
    in_body: Vec<SecretString>,
}

impl Secrets {
    pub(super) fn of(headers: &HeaderMap, in_body: &[SecretString]) -> Self {
        let headers = headers.values().filter(|value| value.is_sensitive()).cloned().collect();
        Self { headers, in_body: in_body.to_vec() }
    }

    /// The text without the secrets. Ask before it is shortened: half a secret is not found.
    pub(crate) fn redact(&self, text: &str) -> String {
        let in_body = self.in_body.iter().map(|secret| secret.expose_secret().to_owned());
        let forms = self.headers.iter().flat_map(forms).chain(in_body);
        let mut forms: Vec<String> = forms.filter(|form| !form.is_empty()).collect();
        // One may be a part of another.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), "[redacted]"))
    }
}

/// A header's value, and what it was made of.
fn forms(value: &HeaderValue) -> Vec<String> {
    let whole = String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut forms = Vec::new();
    if let Some(token) = whole.strip_prefix("Bearer ") {
        forms.push(token.to_owned());
    }
    if let Some(coded) = whole.strip_prefix("Basic ") {
        forms.push(coded.to_owned());
        let pair = STANDARD.decode(coded).ok().and_then(|pair| String::from_utf8(pair).ok());
        if let Some((_, secret)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
            forms.push(secret.to_owned());
        }
    }
    forms.push(whole);
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{ACCEPT, AUTHORIZATION};

    fn redacted(value: &str, text: &str) -> String {
        let mut secret = HeaderValue::try_from(value).unwrap();
        secret.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, secret), (ACCEPT, HeaderValue::from_static("anything"))]);
        Secrets::of(&headers, &["key-of-body".into()]).redact(text)
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
        ] {
            assert_eq!(redacted(value, text), expected);
        }
    }
}
