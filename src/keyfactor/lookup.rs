//! Reading: one road for every call that only reads, and lists page by page.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;

use super::client::Client;
use super::error::{Error, PRODUCT_VERSION, Request};
use super::lookup_error::LookupError;
use crate::lenient;
use crate::rows::{Pages, Total};
use crate::transport::{Call, Called, Cause, Effect, Exchange, FromFailure as _, Path, Record};

/// Rows asked for at once, unless told otherwise. The vendor's default is 50; "very large values can be slow".
pub(super) const PAGE_SIZE: u32 = 100;

/// The vendor's own page size: a page with fewer rows than this is the last one, whatever the server's maximum is.
pub(super) const VENDORS_PAGE: usize = 50;

/// Rows that may come beyond twice the total, before a list counts as one without an end.
const SLACK: u64 = 1_000;

/// A call that only reads.
pub(super) struct Read {
    pub(super) operation: &'static str,
    pub(super) path: Path,
    pub(super) query: Vec<(&'static str, String)>,
    /// What the account needs, if the server answers 403.
    pub(super) permission_needed: &'static str,
}

/// The value that a call read, and the answer's list length if it had one.
pub(super) struct Answered<T> {
    pub(super) value: T,
    pub(super) total: Option<u64>,
}

impl Read {
    pub(super) async fn send<T: DeserializeOwned>(self, client: &Client) -> Result<Answered<T>, Error> {
        let called: Called<Request> = Called::Read { permission_needed: self.permission_needed };
        let call = Call {
            operation: self.operation,
            effect: Effect::Read,
            method: Method::GET,
            path: self.path,
            query: self.query,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            secrets: Vec::new(),
            retry_policy: None,
            record: Record::default(),
        };
        let exchange = match client.transport().execute(call).await {
            Ok(exchange) => exchange,
            Err(failure) => return Err(Error::from_failure(failure, called)),
        };
        check_version(&exchange)?;
        let total = exchange.answer.header("x-total-count").and_then(|count| count.trim().parse().ok());
        match lenient::read(&exchange.answer.body) {
            Ok(value) => Ok(Answered { value, total }),
            Err(error) => Err(Error::from_failure(exchange.unreadable_read(Cause::json(&error)), called)),
        }
    }
}

/// An answer without a version is taken: a proxy may have dropped the header.
fn check_version(exchange: &Exchange) -> Result<(), LookupError> {
    let Some(version) = exchange.answer.header(PRODUCT_VERSION) else { return Ok(()) };
    let major = version.split('.').next().and_then(|major| major.trim().parse::<u32>().ok());
    match major {
        Some(major) if major < 11 => Err(LookupError::UnsupportedVersion { version: version.to_owned() }),
        _ => Ok(()),
    }
}

/// A row of a list, with the id by which it is recognised.
pub(super) trait Row: DeserializeOwned + Send + 'static {
    type Id: Hash + Eq + Send;

    fn id(&self) -> Self::Id;
}

/// What to read page by page.
pub(super) struct Paged {
    pub(super) operation: &'static str,
    pub(super) path: Path,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) page_size: u32,
    pub(super) permission_needed: &'static str,
}

/// The rows of a list; see [`clm::Rows`](crate::Rows). A row that stands on one of the two pages before is given once.
pub type Rows<T> = crate::rows::Rows<T, Error>;

impl Paged {
    pub(super) fn rows<T: Row>(self, client: Client) -> Rows<T> {
        let total = Total::default();
        let pages = ServerPages {
            client,
            paged: self,
            page: Some(1),
            seen: [HashSet::new(), HashSet::new()],
            received: 0,
            total: Arc::clone(&total),
        };
        Rows::of(pages, total)
    }
}

struct ServerPages<T: Row> {
    client: Client,
    paged: Paged,
    /// The next page to ask for; `None` once the list is over.
    page: Option<u32>,
    /// The ids of the last page and of the one before it.
    seen: [HashSet<T::Id>; 2],
    /// Rows that came, those that stood on a page before among them.
    received: u64,
    total: Total,
}

impl<T: Row> Pages for ServerPages<T> {
    type Row = T;
    type Error = Error;

    async fn next_page(&mut self) -> Result<Option<Vec<T>>, Error> {
        let Some(page) = self.page else { return Ok(None) };
        let mut query = self.paged.query.clone();
        query.push(("PageReturned", page.to_string()));
        query.push(("ReturnLimit", self.paged.page_size.to_string()));
        let read = Read {
            operation: self.paged.operation,
            path: self.paged.path.clone(),
            query,
            permission_needed: self.paged.permission_needed,
        };
        let Answered { value: rows, total } = read.send::<Vec<T>>(&self.client).await?;
        if let Some(total) = total {
            self.total.get_or_init(|| total);
        }
        if rows.is_empty() {
            self.page = None;
            return Ok(None);
        }
        self.received += rows.len() as u64;
        if let Some(total) = total.filter(|total| self.received > total.saturating_mul(2).saturating_add(SLACK)) {
            return Err(LookupError::TooManyRows { rows: self.received, total: Some(total) }.into());
        }
        let [last, before] = &self.seen;
        let mut ids = HashSet::new();
        let mut new = Vec::new();
        for row in rows {
            let id = row.id();
            let is_old = last.contains(&id) || before.contains(&id);
            if ids.insert(id) && !is_old {
                new.push(row);
            }
        }
        // A part of the last page is none: rows that came in before move its end to a page of its own.
        if ids == *last || ids == *before {
            return Err(LookupError::RepeatedPage { page }.into());
        }
        self.seen.swap(0, 1);
        self.seen[0] = ids;
        self.page = page.checked_add(1);
        Ok(Some(new))
    }
}
