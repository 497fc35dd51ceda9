//! A matcher of wiremock's: exactly these headers.

use wiremock::{Match, Request};

/// These headers and no others, in alphabetical order.
pub struct OnlyHeaders(pub &'static [&'static str]);

impl Match for OnlyHeaders {
    fn matches(&self, request: &Request) -> bool {
        let mut names: Vec<&str> = request.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        names == self.0
    }
}
