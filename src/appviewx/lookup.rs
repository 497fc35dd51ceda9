//! Reading: one road for every call that only reads.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use super::client::Client;
use super::envelope::Envelope;
use super::error::{Error, Request};
use crate::lenient::one_line;
use crate::transport::{Call, Called, Cause, Effect, FromFailure as _, Path, Record};

/// Rows asked for at once, unless told otherwise.
pub(super) const PAGE_SIZE: u32 = 100;

/// The rows of a list; see [`clm::Rows`](crate::Rows).
pub type Rows<T> = crate::rows::Rows<T, Error>;

/// What was read cannot be relied on, or is not what was asked for. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// A page of a list held only rows of the page before: the server does not page, or not in a stable order.
    #[error("page {page} of the list repeats the page before it: the list cannot be read to its end")]
    #[non_exhaustive]
    RepeatedPage {
        /// The number of the page, from 1.
        page: u32,
    },
    /// The server says that a page holds other rows than those that were asked for.
    #[error("rows from {asked} on were asked for, and {rows} came, but the server calls them {start} to {end}")]
    #[non_exhaustive]
    OtherRange {
        /// The first row that was asked for, counted from 1.
        asked: u64,
        /// How many rows came.
        rows: u64,
        /// The first row, as the server says.
        start: u64,
        /// The last row, as the server says.
        end: u64,
    },
    /// The list ended with more or fewer rows than the server says it has: it changed meanwhile, or rows are missing.
    #[error("the list ended after {rows} rows, but the server says that there are {total}")]
    #[non_exhaustive]
    OtherTotal {
        /// How many rows came.
        rows: u64,
        /// How many there are, as the server said last.
        total: u64,
    },
    /// The list ended, and rows stood on two pages, one after the other: the order of the list is not stable or it changed
    /// meanwhile, so that other rows may be missing.
    #[error("{repeated} of the {rows} rows of the list came twice: others may be missing")]
    #[non_exhaustive]
    RepeatedRows {
        /// How many rows came.
        rows: u64,
        /// How many of them stood on the page before as well.
        repeated: u64,
    },
    /// A list went back to a page that was read before.
    #[error("page {page} of the list leads back to itself: the list cannot be read to its end")]
    #[non_exhaustive]
    RepeatedToken {
        /// The number of the page, from 1.
        page: u32,
    },
    /// A search for one certificate brought so many others that it was given up: the server seems to ignore what was
    /// asked for.
    #[error("the certificate is not among the first {rows} rows of a search for its id")]
    #[non_exhaustive]
    TooManyRows {
        /// How many rows came.
        rows: u64,
    },
    /// Two rows of the certificate name different groups.
    #[error("the server names two groups for the certificate: {} and {}", one_line(.first), one_line(.second))]
    #[non_exhaustive]
    TwoGroups {
        /// One group.
        first: String,
        /// The other one.
        second: String,
    },
    /// Another group was answered than the one that was asked for.
    #[error("the group {} was asked for, but the server answered with {}", one_line(.asked), one_line(.answered))]
    #[non_exhaustive]
    OtherGroup {
        /// The name that was asked for.
        asked: String,
        /// The name that was answered.
        answered: String,
    },
}

/// A call that only reads.
pub(super) struct Read {
    pub(super) operation: &'static str,
    pub(super) method: Method,
    pub(super) path: Path,
    /// Beside the query that every call carries.
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Value>,
    /// What the account needs, if the server answers 403.
    pub(super) permission_needed: &'static str,
}

impl Read {
    /// Sends the call; `read` makes of the answer what is wanted of it.
    pub(super) async fn send<T>(
        self,
        client: &Client,
        read: impl FnOnce(Envelope) -> Result<T, Cause>,
    ) -> Result<T, Error> {
        let called: Called<Request> = Called::Read { permission_needed: self.permission_needed };
        let mut query = client.query();
        query.extend(self.query);
        let call = Call {
            operation: self.operation,
            effect: Effect::Read,
            method: self.method,
            path: self.path,
            query,
            headers: self.headers,
            body: self.body.map(|body| Bytes::from(body.to_string())).unwrap_or_default(),
            secrets: Vec::new(),
            retry_policy: None,
            record: Record::default(),
        };
        let exchange = match client.transport().execute(call).await {
            Ok(exchange) => exchange,
            Err(failure) => return Err(Error::from_failure(failure, called)),
        };
        let envelope = match Envelope::read(&exchange.answer.body) {
            Ok(envelope) => envelope,
            Err(cause) => return Err(Error::from_failure(exchange.unreadable_read(cause), called)),
        };
        if envelope.says_failure() || envelope.says_failure_inside() {
            return Err(Error::from_failure(exchange.refused(), called));
        }
        match read(envelope) {
            Ok(value) => Ok(value),
            Err(cause) => Err(Error::from_failure(exchange.unreadable_read(cause), called)),
        }
    }
}
