//! What was read, and cannot be relied on.

use crate::lenient::one_line;
use crate::operation::LookupLimitReached;

/// What was read cannot be relied on, or is not what was asked for. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// A page of a list held only rows of the page before: the server does not page, or not in a stable order.
    #[error("page {page} of the list repeats the page before it: the list cannot be read to its end")]
    RepeatedPage {
        /// The number of the page, from 1.
        page: u32,
    },
    /// The server says that a page holds other rows than those that were asked for.
    #[error("rows from {asked} on were asked for, and {rows} came, but the server calls them {start} to {end}")]
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
    OtherTotal {
        /// How many rows came.
        rows: u64,
        /// How many there are, as the server said last.
        total: u64,
    },
    /// The list ended, and rows stood on two pages, one after the other: the order of the list is not stable or it
    /// changed meanwhile, so that other rows may be missing.
    #[error("{repeated} of the {rows} rows of the list came twice: others may be missing")]
    RepeatedRows {
        /// How many rows came.
        rows: u64,
        /// How many of them stood on the page before as well.
        repeated: u64,
    },
    /// A list went back to a page that was read before.
    #[error("page {page} of the list leads back to itself: the list cannot be read to its end")]
    RepeatedToken {
        /// The number of the page, from 1.
        page: u32,
    },
    /// The token of the next page is longer than a token can be: it grows from page to page, perhaps.
    #[error("page {page} of the list names its next page with {length} bytes; at most {limit} are taken")]
    TokenTooLong {
        /// The number of the page, from 1.
        page: u32,
        /// How long the token is, in bytes.
        length: usize,
        /// How long it may be.
        limit: usize,
    },
    /// Page after page of a list has no rows, and names another one.
    #[error("{pages} pages of the list without a row came, one after the other: it does not seem to end")]
    EmptyPages {
        /// How many of them came.
        pages: u32,
    },
    /// A look-up met a limit of the client before it had read what it needed.
    #[error(transparent)]
    LimitReached(#[from] LookupLimitReached),
    /// A search for one certificate brought so many others that it was given up: the server seems to ignore what was
    /// asked for.
    #[error("the certificate is not among the first {rows} rows of a search for its id")]
    TooManyRows {
        /// How many rows came.
        rows: u64,
    },
    /// Two rows of the certificate name different groups.
    #[error("the server names two groups for the certificate: {} and {}", one_line(.first), one_line(.second))]
    TwoGroups {
        /// One group.
        first: String,
        /// The other one.
        second: String,
    },
    /// Another group was answered than the one that was asked for.
    #[error("the group {} was asked for, but the server answered with {}", one_line(.asked), one_line(.answered))]
    OtherGroup {
        /// The name that was asked for.
        asked: String,
        /// The name that was answered.
        answered: String,
    },
}
