//! Reads whose result is unreliable.

use crate::lenient::one_line;
use crate::operation::LookupLimitReached;

/// The result of a read is unreliable or is not what was requested. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// A page contained only rows of the previous page. The server does not page, or the order is not stable.
    #[error("page {page} of the list repeats the page before it: the list cannot be read to its end")]
    RepeatedPage {
        /// The page number, counted from 1.
        page: u32,
    },
    /// The server reports a different range of rows than the requested one.
    #[error("rows from {asked} on were asked for, and {rows} came, but the server calls them {start} to {end}")]
    OtherRange {
        /// The first requested row, counted from 1.
        asked: u64,
        /// The number of rows received.
        rows: u64,
        /// The first row, as reported by the server.
        start: u64,
        /// The last row, as reported by the server.
        end: u64,
    },
    /// The number of rows differs from the server's total. The list changed while it was read, or rows are missing.
    #[error("the list ended after {rows} rows, but the server says that there are {total}")]
    OtherTotal {
        /// The number of rows received.
        rows: u64,
        /// The total that the server reported last.
        total: u64,
    },
    /// Consecutive pages contained the same rows. The order is not stable, or the list changed while it was read, so
    /// other rows may be missing.
    #[error("{repeated} of the {rows} rows of the list came twice: others may be missing")]
    RepeatedRows {
        /// The number of rows received.
        rows: u64,
        /// How many of them were also on the previous page.
        repeated: u64,
    },
    /// A page token led back to a page that was already read.
    #[error("page {page} of the list leads back to itself: the list cannot be read to its end")]
    RepeatedToken {
        /// The page number, counted from 1.
        page: u32,
    },
    /// The token of the next page exceeds the limit. It may grow from page to page.
    #[error("page {page} of the list names its next page with {length} bytes; at most {limit} are taken")]
    TokenTooLong {
        /// The page number, counted from 1.
        page: u32,
        /// The length of the token in bytes.
        length: usize,
        /// The maximum length in bytes.
        limit: usize,
    },
    /// Too many consecutive pages were empty.
    #[error("{pages} pages of the list without a row came, one after the other: it does not seem to end")]
    EmptyPages {
        /// The number of consecutive empty pages.
        pages: u32,
    },
    /// A look-up reached a limit of the client before it was complete.
    #[error(transparent)]
    LimitReached(#[from] LookupLimitReached),
    /// A search for one certificate was stopped because it returned too many others. The server seems to ignore the
    /// search term.
    #[error("the certificate is not among the first {rows} rows of a search for its id")]
    TooManyRows {
        /// The number of rows received.
        rows: u64,
    },
    /// Two rows of the same certificate name different groups.
    #[error("the server names two groups for the certificate: {} and {}", one_line(.first), one_line(.second))]
    TwoGroups {
        /// One group.
        first: String,
        /// The other one.
        second: String,
    },
    /// The response is about a different group than the requested one.
    #[error("the group {} was asked for, but the server answered with {}", one_line(.asked), one_line(.answered))]
    OtherGroup {
        /// The requested name.
        asked: String,
        /// The name in the response.
        answered: String,
    },
}
