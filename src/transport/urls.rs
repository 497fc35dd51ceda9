//! The URLs of a client's calls. What is the same for every call is put together once.

use std::sync::{PoisonError, RwLock};

use url::Url;

use super::cause::Cause;
use super::request::{Parameters, Path, encoded_query};

/// Base URL and query of a client, and the URLs that need nothing more.
pub(super) struct Urls {
    base: Url,
    /// What every call carries, encoded.
    query: String,
    /// By template, of paths that are literals: as many as there are documented calls without a placeholder.
    literal: RwLock<Vec<(&'static str, Url)>>,
}

impl Urls {
    pub(super) fn new(base: Url, query: &Parameters) -> Self {
        Self { base, query: encoded_query(query), literal: RwLock::default() }
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// The URL of a call, whose own parameters follow those that every call carries.
    pub(super) fn of(&self, path: &Path, parameters: &Parameters) -> Result<Url, Cause> {
        let mut url = match path.literal() {
            Some(template) => self.of_literal(template, path)?,
            None => self.without_parameters(path)?,
        };
        if !parameters.is_empty() {
            let own = encoded_query(parameters);
            let query = if self.query.is_empty() { own } else { format!("{}&{own}", self.query) };
            url.set_query(Some(&query));
        }
        Ok(url)
    }

    fn of_literal(&self, template: &'static str, path: &Path) -> Result<Url, Cause> {
        let known =
            |urls: &[(&'static str, Url)]| urls.iter().find(|(it, _)| *it == template).map(|(_, url)| url.clone());
        if let Some(url) = known(&self.literal.read().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(url);
        }
        let url = self.without_parameters(path)?;
        let mut urls = self.literal.write().unwrap_or_else(PoisonError::into_inner);
        if known(&urls).is_none() {
            urls.push((template, url.clone()));
        }
        Ok(url)
    }

    fn without_parameters(&self, path: &Path) -> Result<Url, Cause> {
        let mut url = path.below(&self.base)?;
        if !self.query.is_empty() {
            url.set_query(Some(&self.query));
        }
        Ok(url)
    }
}
