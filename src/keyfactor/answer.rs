//! How answers of the server are read.

use super::lookup_error::LookupError;
use super::vendor::{Keyfactor, ReadError};
use crate::operation::{Receipt, Vendor as _};
use crate::rows::{self, PageRows, ReadRow, RowLimit};
use crate::transport::{Cause, Exchange};

/// The answer to a change that is answered 204. A 2xx with something in its body is somebody else's, a sign-in page perhaps.
pub(super) fn no_content(exchange: &Exchange) -> Result<Receipt, ReadError> {
    match exchange.answer.body.as_str().trim() {
        "" | "null" => Ok(Receipt::of::<Keyfactor>(exchange)),
        _ => Err(ReadError::Unreadable(Cause::new("expected a response without content"))),
    }
}

/// The row that is the answer to a call that only reads.
pub(super) fn row<R: ReadRow>(exchange: &Exchange) -> Result<R, ReadError> {
    check_version(exchange).map_err(ReadError::Lookup)?;
    rows::read_row(exchange.answer.body.as_str()).map_err(ReadError::Unreadable)
}

/// The rows of a page, up to one that cannot be read.
pub(super) fn rows<R: ReadRow>(exchange: &Exchange, limit: RowLimit) -> Result<PageRows<R>, ReadError> {
    check_version(exchange).map_err(ReadError::Lookup)?;
    rows::read_page(exchange.answer.body.as_str(), limit).map_err(ReadError::Unreadable)
}

/// The length of the list that the answer is a page of, if the server says it.
pub(super) fn total(exchange: &Exchange) -> Option<u64> {
    exchange.answer.header("x-total-count").and_then(|count| count.trim().parse().ok())
}

/// An answer without a version is taken: a proxy may have dropped the header.
fn check_version(exchange: &Exchange) -> Result<(), LookupError> {
    let version = Keyfactor::PRODUCT_VERSION.and_then(|name| exchange.answer.header(name));
    let Some(version) = version else { return Ok(()) };
    let major = version.split('.').next().and_then(|major| major.trim().parse::<u32>().ok());
    match major {
        Some(major) if major < 11 => {
            Err(LookupError::UnsupportedVersion { version: exchange.answer.said(version).into_string() })
        }
        _ => Ok(()),
    }
}
