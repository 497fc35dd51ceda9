//! What a raw call is refused for before it is sent.

use http::Method;
use http::header::{self, HeaderName};
use secrecy::ExposeSecret as _;

use super::{RawBody, RawCall};
use crate::lenient::one_line;
use crate::operation::Vendor;
use crate::transport::encoded_query;
use crate::validation::{Problems, Reason, invalid_characters, list_characters};

/// Bytes of a path, and of each value in it.
pub(super) const LONGEST_PATH: usize = 2_048;
/// Bytes of a query as it is sent. Windows servers take 16 KiB for all of the request's head by default.
const LONGEST_QUERY: usize = 32 * 1024;
/// Bytes of a header's value.
const LONGEST_HEADER: usize = 8 * 1024;
const MOST_HEADERS: usize = 50;

const METHODS: [Method; 6] = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// What the crate or its HTTP library sends itself, or what would send the call, or its answer, another way.
const RESERVED: [HeaderName; 17] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::AUTHORIZATION,
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::EXPECT,
    header::HOST,
    header::PROXY_AUTHORIZATION,
    header::RANGE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
];

/// The same for names that the `http` crate has no constant for. Some servers take method and path from them, or the address
/// of the client and the host, the scheme and the base path that they were called by.
const RESERVED_TOO: [&str; 12] = [
    "forwarded",
    "keep-alive",
    "proxy-connection",
    "http2-settings",
    "x-host",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-host",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];

/// What proxies say of the request that they pass on: `X-Forwarded-Host`, `-Proto`, `-Prefix`, and more.
const FORWARDED: &str = "x-forwarded-";

/// A caller's text in a problem's sentence.
pub(super) fn shown(text: &str) -> String {
    one_line(text)
}

impl<V: Vendor> RawCall<V> {
    pub(super) fn check_method(&self, problems: &mut Problems) {
        if !METHODS.contains(&self.method) {
            let sentence = format!("must be GET, HEAD, POST, PUT, PATCH or DELETE, is {}", shown(self.method.as_str()));
            problems.add("method", Reason::UnsupportedMethod, sentence);
        }
    }

    pub(super) fn check_path(&self, problems: &mut Problems) {
        let values = self.path.values().iter().map(|(_, value)| value.as_str());
        // Nothing more is said of such a path, so that nothing repeats it.
        if values.chain([self.path.text()]).any(|text| self.holds_a_secret(text)) {
            problems.add(
                "path",
                Reason::Conflict,
                "must not contain a secret: paths are audited, and logged by servers",
            );
        } else {
            self.path.check(problems);
        }
    }

    pub(super) fn check_query(&self, settings: &V::Settings, problems: &mut Problems) {
        let own = V::query(settings);
        for (index, (name, _)) in self.query.iter().enumerate() {
            let field = format!("query[{index}]");
            if name.trim().is_empty() {
                problems.add(field, Reason::Blank, "must have a parameter name");
            } else if own.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                problems.add(
                    field,
                    Reason::Reserved,
                    format!("must not be {}, which the client sends with every call", shown(name)),
                );
            }
        }
        let length = encoded_query(&crate::operation::Operation::query(self)).len();
        if length > LONGEST_QUERY {
            let reason = Reason::TooLong { limit: LONGEST_QUERY, actual: length };
            problems.add("query", reason, format!("must be at most {LONGEST_QUERY} bytes when encoded, has {length}"));
        }
    }

    pub(super) fn check_headers(&self, problems: &mut Problems) {
        if self.headers.len() > MOST_HEADERS {
            let reason = Reason::TooMany { limit: MOST_HEADERS, actual: self.headers.len() };
            return problems.add(
                "headers",
                reason,
                format!("must have at most {MOST_HEADERS} entries, has {}", self.headers.len()),
            );
        }
        for (index, (name, value)) in self.headers.iter().enumerate() {
            let field = format!("headers[{index}]");
            let invalid = invalid_characters(value, |it| !matches!(it, ' '..='~'));
            let Ok(parsed) = HeaderName::try_from(name) else {
                problems.add(
                    field,
                    Reason::InvalidHeaderName,
                    format!("\"{}\" is not a valid header name", self.shown(name)),
                );
                continue;
            };
            if is_reserved::<V>(&parsed) {
                problems.add(field, Reason::Reserved, format!("the header {parsed} is reserved"));
            } else if self.headers.iter().take(index).any(|(it, _)| it.eq_ignore_ascii_case(name)) {
                problems.add(field, Reason::Conflict, format!("the header {parsed} is set twice"));
            } else if value.len() > LONGEST_HEADER {
                let reason = Reason::TooLong { limit: LONGEST_HEADER, actual: value.len() };
                problems.add(field, reason, format!("the value must be at most {LONGEST_HEADER} bytes long"));
            } else if !invalid.is_empty() {
                let sentence = format!(
                    "the value must contain only printable ASCII characters, has {}",
                    list_characters(&invalid)
                );
                problems.add(field, Reason::InvalidCharacters(invalid), sentence);
            } else if value.trim() != value {
                problems.add(field, Reason::OutOfRange, "the value must not begin or end with a space");
            }
        }
    }

    pub(super) fn check_body(&self, problems: &mut Problems) {
        match &self.body {
            RawBody::NotJson => {
                problems.add(
                    "json",
                    Reason::NotJson,
                    "cannot be serialized as JSON (for example a map with keys that are not strings)",
                );
            }
            RawBody::Json(_) if matches!(self.method, Method::GET | Method::HEAD) => {
                let sentence = format!("must not be set: a {} request has no body", self.method);
                problems.add("json", Reason::Conflict, sentence);
            }
            RawBody::Json(_) | RawBody::None => {}
        }
    }

    pub(super) fn check_secrets(&self, problems: &mut Problems) {
        for (index, secret) in self.secrets.iter().enumerate() {
            if secret.expose_secret().trim().is_empty() {
                let sentence = "must not be empty (possibly an unset variable)";
                problems.add(format!("secrets[{index}]"), Reason::Blank, sentence);
            }
        }
    }
}

/// Some servers take an underscore for a hyphen.
fn is_reserved<V: Vendor>(name: &HeaderName) -> bool {
    let name = name.as_str().replace('_', "-");
    let mut reserved =
        RESERVED.iter().map(HeaderName::as_str).chain(RESERVED_TOO).chain(V::OWN_HEADERS.iter().copied());
    name.starts_with(FORWARDED) || reserved.any(|it| it == name)
}
