//! Whether a 2xx answer can be one, of whatever endpoint.

use serde::de::IgnoredAny;

use crate::lenient;
use crate::transport::{Answer, Cause};

/// An answer that is a page, or says that it is JSON and is none, is somebody else's or not whole.
pub(super) fn check(answer: &Answer) -> Result<(), Cause> {
    let content_type = answer.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let body = answer.body.as_str().trim_start_matches('\u{feff}').trim_start();
    if matches!(media_type.as_str(), "text/html" | "application/xhtml+xml") || is_page(body) {
        return Err(Cause::new("received an HTML page instead of an API response"));
    }
    let says_json = media_type.ends_with("/json") || media_type.ends_with("+json");
    if !says_json || body.is_empty() {
        return Ok(());
    }
    if std::str::from_utf8(answer.body.as_bytes()).is_err() {
        return Err(Cause::new("declared as JSON, but not valid UTF-8"));
    }
    lenient::read_bytes::<IgnoredAny>(answer.body.as_bytes()).map(drop).map_err(|error| Cause::json(&error))
}

/// No API of either vendor is known to answer with a page: it is that of a proxy, or asks to sign in.
fn is_page(body: &str) -> bool {
    let begins = |with: &str| body.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    begins("<!doctype html") || begins("<html")
}
