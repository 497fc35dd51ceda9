//! Which URLs are taken. These rules stand once, for every server that is given a credential.

use std::cell::Cell;
use std::net::Ipv4Addr;

use url::{Host, SyntaxViolation, Url};

use super::cause::Cause;
use super::error::ConfigurationError;

/// Whether a plain `http://` URL off loopback is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PlainHttp {
    LoopbackOnly,
    Allowed,
}

/// The URL that calls are appended to: no query, and slashes at its end do not matter.
pub(crate) fn base_url(text: &str, plain_http: PlainHttp) -> Result<Url, ConfigurationError> {
    let mut url = checked("base_url", text, plain_http)?;
    if url.query().is_some() {
        return Err(ConfigurationError::new("base_url", "must not contain a query"));
    }
    let path = url.path().trim_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// The URL of a token endpoint, called as it is: some have a query, and some end in a slash.
pub(crate) fn token_url(text: &str, plain_http: PlainHttp) -> Result<Url, ConfigurationError> {
    checked("token_url", text, plain_http)
}

/// Bytes of a URL that a client is given, at most. What a call adds to it has to fit into a URL as well.
pub(crate) const LONGEST_URL: usize = 8_000;

/// What is wrong with a URL as it was written, of a server or a proxy. The parser would mend or ignore all of it, and the calls
/// would go elsewhere than it says.
fn problem_of_text(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST_URL {
        return Some("must be at most 8,000 bytes long");
    }
    if text.chars().any(|it| it.is_control() || is_ignorable(it)) {
        return Some("must not contain control or invisible characters");
    }
    let (_, after_scheme) = text.split_once("://")?;
    let (authority, path) = after_scheme.split_once(['/', '?', '#']).unwrap_or((after_scheme, ""));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    // The parser takes `%2e` for a dot.
    let is_dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if path.split('/').any(is_dots) {
        return Some("must not contain a `.` or `..` path segment");
    }
    // User name and password are refused elsewhere, where they are.
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.contains('%') && !host.starts_with('[') {
        return Some("must not have a percent-encoded host");
    }
    None
}

/// This problem, if the text begins with a host instead of a scheme. The parser would take `localhost:8080` for a scheme.
fn no_scheme(text: &str, problem: &'static str) -> Option<&'static str> {
    let has_scheme = text.split_once(':').is_some_and(|(scheme, rest)| {
        let is_known = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        let is_host = scheme.starts_with('[') || rest.starts_with(|first: char| first.is_ascii_digit());
        is_known || rest.starts_with("//") || !is_host
    });
    (!text.is_empty() && !has_scheme).then_some(problem)
}

/// What is wrong with host and port of a URL that was parsed.
fn problem_of_host(url: &Url) -> Option<&'static str> {
    if url.port() == Some(0) {
        return Some("must not use port 0");
    }
    let Some(Host::Domain(name)) = url.host() else { return None };
    // One dot at the end says that the name is whole.
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.is_empty() || name.len() > 253 || name.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Some("has an invalid host name: each label must have 1 to 63 characters, and the name at most 253");
    }
    None
}

/// Characters that have no look of their own (`Default_Ignorable_Code_Point` in Unicode). Host names lose them in silence.
fn is_ignorable(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// The URL of a proxy. Its user name and password may stand in it.
pub(crate) fn proxy_url(text: &str) -> Result<Url, ConfigurationError> {
    // The text is never repeated: it may hold a password.
    let wrong = |problem: &'static str| ConfigurationError::new("proxy", problem);
    let text = text.trim();
    if let Some(problem) = problem_of_text(text) {
        return Err(wrong(problem));
    }
    if let Some(problem) = no_scheme(text, "has no scheme; write it as `http://…`") {
        return Err(wrong(problem));
    }
    let url = Url::parse(text).map_err(|_| wrong("must be an absolute URL"))?;
    // Another scheme than these would be passed over in silence.
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("must be an http or https URL with a host"));
    }
    problem_of_host(&url).map_or(Ok(url), |problem| Err(wrong(problem)))
}

fn checked(setting: &'static str, text: &str, plain_http: PlainHttp) -> Result<Url, ConfigurationError> {
    // Texts here never repeat the URL: it may hold a password by mistake.
    let wrong = |problem: &'static str| ConfigurationError::new(setting, problem);
    let text = text.trim();
    if let Some(problem) = problem_of_text(text) {
        return Err(wrong(problem));
    }
    if let Some(problem) = no_scheme(text, "has no scheme; write it as `https://…`") {
        return Err(wrong(problem));
    }
    // The parser mends what it can: in `https:///KeyfactorAPI`, where the host was never set, it finds a host. Only
    // a character that has to be encoded is mended without a change of meaning.
    let mended = Cell::new(None);
    let mended_by = |violation| {
        if violation != SyntaxViolation::NonUrlCodePoint {
            mended.set(Some(violation));
        }
    };
    let url = Url::options()
        .syntax_violation_callback(Some(&mended_by))
        .parse(text)
        .map_err(|error| wrong("must be an absolute URL").caused_by(Cause::new(error.to_string())))?;
    match url.scheme() {
        "https" if cfg!(feature = "rustls") => {}
        "https" => return Err(wrong("https requires the crate feature `rustls`, which is disabled")),
        "http" if is_loopback(&url) || plain_http == PlainHttp::Allowed => {}
        "http" => {
            return Err(wrong("plain http would send credentials unencrypted; use https or call `allow_plain_http()`"));
        }
        _ => return Err(wrong("must have the scheme https")),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("must not contain a user name or password; pass them as credentials"));
    }
    if url.fragment().is_some() {
        return Err(wrong("must not contain a fragment"));
    }
    if let Some(violation) = mended.get() {
        return Err(wrong(violation.description()));
    }
    // `https://https://host` names a host called `https`, and credentials would go to that host.
    if matches!(url.host_str(), Some("http" | "https")) {
        return Err(wrong("has `http` or `https` as its host (possibly the scheme is given twice)"));
    }
    if let Some(problem) = problem_of_host(&url) {
        return Err(wrong(problem));
    }
    if url.path().trim_matches('/').contains("//") {
        return Err(wrong("must not contain an empty path segment"));
    }
    Ok(url)
}

/// A URL as it may be shown: what stands before an `@`, or in a query, may be a secret.
pub(crate) fn shown(url: &str) -> &str {
    if url.contains(['@', '?', '#']) { "[redacted]" } else { url }
}

/// The base path of a parsed base URL, without slashes at its ends.
pub(crate) fn base_path(url: &Url) -> &str {
    url.path().trim_matches('/')
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().as_ref().is_some_and(Ipv4Addr::is_loopback)
        }
        None => false,
    }
}
