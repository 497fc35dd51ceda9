//! Lists of Keyfactor, read page by page.

use std::marker::PhantomData;
use std::sync::Arc;

use http::Method;

use super::answer;
use super::lookup_error::LookupError;
use super::seen_ids::{SeenIds, WhichPage};
use super::vendor::{CallLimits, Error, Keyfactor, ReadError};
use crate::operation::{DocumentedCall, List, Operation, PageCaller, PageSettings, Pages, Total};
use crate::rows::{PageRows, ReadRow, RowLimit};
use crate::transport::{Connection, DecodeError, Exchange, Parameters, Path, Secrets};
use crate::validation::Problems;

/// The vendor's own page size: a page with fewer rows than this is the last one, whatever the server's maximum is.
pub(super) const VENDORS_PAGE: usize = 50;

/// Rows that may come beyond twice the total, before a list counts as one without an end.
const SLACK: u64 = 1_000;

/// A list whose pages are numbered. The vendor's default is 50 rows; "very large values can be slow".
pub trait NumberedPages: Clone + std::fmt::Debug + Send + Sync + 'static {
    type Row: Row;

    /// Adds every problem with the request.
    fn check(&mut self, problems: &mut Problems);

    /// The call, but for its page.
    fn call(&self) -> ListCall;
}

/// What is read page by page.
#[derive(Clone, Debug)]
pub struct ListCall {
    pub(super) name: &'static str,
    pub(super) path: Path,
    pub(super) query: Parameters,
    pub(super) connection: Connection,
    /// What the account needs, if the server answers 403.
    pub(super) permission_needed: &'static str,
}

impl ListCall {
    /// One page of it.
    pub(super) fn page<T>(mut self, page: u32, rows: usize) -> PageOf<T> {
        self.query.push(("PageReturned".into(), page.to_string()));
        self.query.push(("ReturnLimit".into(), rows.to_string()));
        PageOf { call: self, asked: rows as u64, row: PhantomData }
    }
}

/// One page of a list.
pub(super) struct PageOf<T> {
    pub(super) call: ListCall,
    /// Rows that are asked for.
    asked: u64,
    row: PhantomData<fn() -> T>,
}

/// The rows of a page, and how many there are altogether if the server says so.
pub(super) struct Page<T> {
    rows: Vec<T>,
    total: Option<u64>,
    /// The row after them cannot be read.
    fault: Option<Box<DecodeError>>,
}

impl<T> Page<T> {
    /// All of its rows.
    pub(super) fn whole(self) -> Result<(Vec<T>, Option<u64>), Error> {
        self.fault.map_or(Ok((self.rows, self.total)), |fault| Err(Error::Decode(fault)))
    }
}

impl<T> Clone for PageOf<T> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone(), asked: self.asked, row: PhantomData }
    }
}

impl<T> std::fmt::Debug for PageOf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.call.fmt(f)
    }
}

impl<T: Row> Operation for PageOf<T> {
    type Vendor = Keyfactor;
    type Outcome = Page<T>;

    fn call(&self) -> DocumentedCall {
        let ListCall { name, path, connection, .. } = &self.call;
        DocumentedCall::read(name, Method::GET, path.clone()).over(*connection)
    }

    /// The list was checked as a whole.
    fn check(&mut self, _: &CallLimits, _: &mut Problems) {}

    fn query(&self) -> Parameters {
        self.call.query.clone()
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(self.call.permission_needed)
    }

    fn read(&self, exchange: &Exchange) -> Result<Page<T>, ReadError> {
        let total = answer::total(exchange);
        let limit = RowLimit { asked: self.asked, announced: total };
        let PageRows { mut rows, fault }: PageRows<T> = answer::rows(exchange, limit)?;
        for row in &mut rows {
            row.redact(&exchange.answer.secrets);
        }
        Ok(Page { rows, total, fault: fault.map(|cause| Box::new(exchange.unreadable_part(cause))) })
    }
}

impl<L: NumberedPages> List for L {
    type Vendor = Keyfactor;
    type Row = L::Row;

    /// 0 counts as 1, and the vendor counts to 2,147,483,647.
    fn check(&mut self, page: &mut PageSettings, problems: &mut Problems) {
        page.page_size = page.page_size.clamp(1, i32::MAX.unsigned_abs());
        NumberedPages::check(self, problems);
    }

    fn pages(self, pages: PageCaller<Keyfactor>) -> impl Pages<Row = L::Row, Error = Error> {
        ServerPages::<L::Row> {
            pages,
            call: self.call(),
            page: Some(1),
            seen: SeenIds::default(),
            received: 0,
            total: Total::default(),
            fault: None,
        }
    }
}

/// A row of a list, with the id by which it is recognised.
pub trait Row: ReadRow + Send + 'static {
    type Id: Ord + Send;

    fn id(&self) -> Self::Id;

    /// Takes secrets of the request out of what is said to people. What names or proves something stays as it came.
    fn redact(&mut self, secrets: &Secrets) {
        let _ = secrets;
    }
}

struct ServerPages<T: Row> {
    pages: PageCaller<Keyfactor>,
    call: ListCall,
    /// The next page to ask for; `None` once the list is over.
    page: Option<u32>,
    seen: SeenIds<T::Id>,
    /// Rows that came, those that stood on a page before among them.
    received: u64,
    total: Total,
    /// What comes after the rows of the last page: a row that cannot be read ends the list.
    fault: Option<Box<DecodeError>>,
}

impl<T: Row> Pages for ServerPages<T> {
    type Row = T;
    type Error = Error;

    async fn next_page(&mut self) -> Result<Option<Vec<T>>, Error> {
        if let Some(fault) = self.fault.take() {
            return Err(Error::Decode(fault));
        }
        let Some(page) = self.page else { return Ok(None) };
        let page_size = self.pages.settings.page_size as usize;
        let Page { mut rows, total, fault } = self.pages.read(self.call.clone().page::<T>(page, page_size)).await?;
        if let Some(total) = total {
            self.total.get_or_init(|| total);
        }
        if rows.is_empty() {
            self.page = None;
            return fault.map_or(Ok(None), |fault| Err(Error::Decode(fault)));
        }
        self.received += rows.len() as u64;
        if let Some(total) = total.filter(|total| self.received > total.saturating_mul(2).saturating_add(SLACK)) {
            return Err(LookupError::TooManyRows { rows: self.received, total: Some(total) }.into());
        }
        self.fault = fault;
        if self.seen.keep_new(&mut rows, Row::id) == WhichPage::Repeated {
            return Err(LookupError::RepeatedPage { page }.into());
        }
        self.page = page.checked_add(1);
        Ok(Some(rows))
    }

    fn total(&self) -> Total {
        Arc::clone(&self.total)
    }
}
