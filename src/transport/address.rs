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
        return Err(ConfigurationError::new("base_url", "a query does not belong into it"));
    }
    let path = url.path().trim_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// The URL of a token endpoint, called as it is: some have a query, and some end in a slash.
pub(crate) fn token_url(text: &str, plain_http: PlainHttp) -> Result<Url, ConfigurationError> {
    checked("token_url", text, plain_http)
}

fn checked(setting: &'static str, text: &str, plain_http: PlainHttp) -> Result<Url, ConfigurationError> {
    // Texts here never repeat the URL: it may hold a password by mistake.
    let wrong = |problem: &'static str| ConfigurationError::new(setting, problem);
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
        .parse(text.trim())
        .map_err(|error| wrong("not an absolute URL").caused_by(Cause::new(error.to_string())))?;
    match url.scheme() {
        "https" if cfg!(feature = "rustls") => {}
        "https" => return Err(wrong("https needs the crate's `rustls` feature, which is switched off")),
        "http" if is_loopback(&url) || plain_http == PlainHttp::Allowed => {}
        "http" => {
            return Err(wrong("plain http would send credentials unencrypted; use https, or say `allow_plain_http()`"));
        }
        _ => return Err(wrong("the scheme must be https")),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("it names no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("user name and password do not belong into the URL; pass them as credentials"));
    }
    if url.fragment().is_some() {
        return Err(wrong("a fragment does not belong into it"));
    }
    if let Some(violation) = mended.get() {
        return Err(wrong(violation.description()));
    }
    // `https://https://host` names a host called `https`, and credentials would go to whoever answers to that.
    if matches!(url.host_str(), Some("http" | "https")) {
        return Err(wrong("its host is called like a scheme (a scheme given twice, perhaps)"));
    }
    if url.path().trim_matches('/').contains("//") {
        return Err(wrong("its path holds an empty segment"));
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
