//! What a call is, before it is sent.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use secrecy::SecretString;
use url::{Url, form_urlencoded};

use super::audit::Audited;
use super::cause::Cause;
use super::connections::Connection;
use super::retry::RetryPolicy;
use crate::validation::{Problems, Reason};

/// Whether a call that may have arrived could have changed something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    /// Nothing changes; doing it twice is harmless.
    Read,
    /// Something may change; it is never sent a second time on a guess.
    Change,
    /// A change that the caller allows to be repeated after silence. It still never ends as if nothing had arrived.
    RepeatableChange,
}

/// One call, ready to be sent: its body is serialised already.
pub(crate) struct Call {
    /// The crate's name of the operation, for spans and the audit.
    pub(crate) operation: &'static str,
    pub(crate) effect: Effect,
    pub(crate) connection: Connection,
    pub(crate) method: Method,
    pub(crate) path: Path,
    pub(crate) query: Parameters,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Values in the body that are secrets; see [`Secrets`](super::Secrets).
    pub(crate) secrets: Vec<SecretString>,
    /// Instead of the client's.
    pub(crate) retry_policy: Option<RetryPolicy>,
    /// What the audit is told about it, if it is a change.
    pub(crate) audited: Option<Arc<dyn Audited>>,
}

/// Names and values of a query. The names of documented calls are literals.
pub(crate) type Parameters = Vec<(Cow<'static, str>, String)>;

impl Call {
    /// How errors name the call.
    pub(crate) fn name(&self) -> CallName {
        CallName::new(self.method.clone(), &self.path)
    }
}

/// How errors name a call: method and path template, never a value or a query.
#[derive(Clone, Debug)]
pub(crate) struct CallName {
    method: Method,
    template: Cow<'static, str>,
}

impl CallName {
    pub(crate) fn new(method: Method, path: &Path) -> Self {
        Self { method, template: path.template.clone() }
    }

    /// A GET with this template.
    pub(crate) const fn get(template: &'static str) -> Self {
        Self { method: Method::GET, template: Cow::Borrowed(template) }
    }
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.template)
    }
}

/// The path of a call below the client's base path, for example `CertificateStores/{id}`.
#[derive(Clone, Debug)]
pub(crate) struct Path {
    template: Cow<'static, str>,
    /// What stands for the placeholders, in their order.
    values: Vec<String>,
}

impl Path {
    pub(crate) const fn fixed(template: &'static str) -> Self {
        Self { template: Cow::Borrowed(template), values: Vec::new() }
    }

    /// The base URL itself.
    pub(crate) const fn base() -> Self {
        Self::fixed("")
    }

    /// A template whose segments in braces are filled with these values, in their order.
    pub(crate) fn with_values(
        template: impl Into<Cow<'static, str>>,
        values: impl IntoIterator<Item = String>,
    ) -> Self {
        Self { template: template.into(), values: values.into_iter().collect() }
    }

    /// A value that is empty, `.` or `..`, or that holds a tab or a line end, is refused: URLs drop them in silence, and
    /// the call would go elsewhere. The placeholders name the fields.
    pub(crate) fn check(&self, problems: &mut Problems) {
        let fields = self.template.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
        for (field, value) in fields.zip(&self.values) {
            if matches!(value.as_str(), "" | "." | "..") || value.contains(['\t', '\n', '\r']) {
                problems.add(field, Reason::InvalidSegment, format!("{value:?} is not valid as a path segment"));
            }
        }
    }

    /// The template, if it is a literal without placeholders: then every call of it has the same URL.
    pub(super) fn literal(&self) -> Option<&'static str> {
        match self.template {
            // One with a placeholder has no URL without a value.
            Cow::Borrowed(template) if self.values.is_empty() => Some(template),
            Cow::Borrowed(_) | Cow::Owned(_) => None,
        }
    }

    /// The template, for errors and spans.
    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    /// The URL below `base`. `Err` if it is not the one that the template promises: then nothing must be sent.
    pub(crate) fn below(&self, base: &Url) -> Result<Url, Cause> {
        if self.template.is_empty() {
            return Ok(base.clone());
        }
        let broken = || Cause::new("the resulting URL does not match the path of the call");
        let mut url = base.clone();
        let mut values = self.values.iter();
        {
            let mut segments = url.path_segments_mut().map_err(|()| broken())?;
            segments.pop_if_empty();
            for segment in self.template.split('/') {
                let value = if segment.starts_with('{') { values.next().map(String::as_str) } else { Some(segment) };
                segments.push(value.ok_or_else(broken)?);
            }
        }
        let below = url.path().strip_prefix(base.path().trim_end_matches('/'));
        let meant = url.origin() == base.origin()
            && values.next().is_none()
            && below.is_some_and(|path| path.split('/').count() == self.template.split('/').count() + 1);
        if meant { Ok(url) } else { Err(broken()) }
    }
}

/// Percent-encodes a query with `%20` for a space: not every server takes `+`.
pub(crate) fn encoded_query(pairs: &[(Cow<'static, str>, String)]) -> String {
    let mut query = String::new();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            query.push('&');
        }
        push_encoded(&mut query, name);
        query.push('=');
        push_encoded(&mut query, value);
    }
    query
}

/// A text of which only letters and digits of ASCII, `*`, `-`, `.` and `_` stand as they are.
pub(crate) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    push_encoded(&mut encoded, text);
    encoded
}

fn push_encoded(query: &mut String, text: &str) {
    for part in form_urlencoded::byte_serialize(text.as_bytes()) {
        query.push_str(if part == "+" { "%20" } else { part });
    }
}
