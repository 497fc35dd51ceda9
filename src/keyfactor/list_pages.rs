//! Lists of Keyfactor, read page by page.

use std::marker::PhantomData;

use http::{Method, StatusCode};

use super::answer;
use super::lookup_error::LookupError;
use super::page_position::PagePosition;
use super::seen_ids::{SeenIds, WhichPage};
use super::vendor::{CallLimits, Error, Keyfactor, ReadError};
use crate::lenient;
use crate::operation::{Announced, Count, DocumentedCall, List, Operation, PageCaller, PageSettings, Pages};
use crate::rows::{PageRows, ReadRow, RowLimit};
use crate::transport::{Connection, DecodeError, Exchange, Parameters, Path, Secrets};
use crate::validation::Problems;

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
    pub(super) fn page<T>(mut self, position: PagePosition) -> PageOf<T> {
        self.query.push(("PageReturned".into(), position.number.to_string()));
        self.query.push(("ReturnLimit".into(), position.size.to_string()));
        PageOf { call: self, position, row: PhantomData }
    }
}

/// One page of a list.
pub(super) struct PageOf<T> {
    pub(super) call: ListCall,
    position: PagePosition,
    row: PhantomData<fn() -> T>,
}

/// The rows of a page, and how many there are altogether if the server says so.
pub(super) struct Page<T> {
    rows: Vec<T>,
    total: Option<u64>,
    /// The row after them cannot be read.
    fault: Option<Box<DecodeError>>,
    /// There was nothing where a list belongs.
    is_without_content: bool,
}

impl<T> Page<T> {
    /// All of its rows.
    pub(super) fn whole(self) -> Result<(Vec<T>, Option<u64>), Error> {
        self.fault.map_or(Ok((self.rows, self.total)), |fault| Err(Error::Decode(fault)))
    }
}

impl<T> Clone for PageOf<T> {
    fn clone(&self) -> Self {
        Self { call: self.call.clone(), position: self.position, row: PhantomData }
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
        if self.is_without_content(exchange) {
            return Ok(Page { rows: Vec::new(), total, fault: None, is_without_content: true });
        }
        let limit = RowLimit { asked: self.position.size as u64, announced: total };
        let PageRows { mut rows, fault }: PageRows<T> = answer::rows(exchange, limit)?;
        for row in &mut rows {
            row.redact(&exchange.answer.secrets);
        }
        let fault = fault.map(|cause| Box::new(exchange.unreadable_part(cause)));
        Ok(Page { rows, total, fault, is_without_content: false })
    }
}

impl<T> PageOf<T> {
    /// Whether the answer says that there is no row by having none: 204, or null. A 200 without a body says it on the first
    /// page only: later it may be an answer that was cut off.
    fn is_without_content(&self, exchange: &Exchange) -> bool {
        let answer = &exchange.answer;
        let body = lenient::without_mark(answer.body.as_str()).trim();
        match body {
            "" => answer.status == StatusCode::NO_CONTENT || self.position.number == 1,
            body => body == "null",
        }
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
        let position = Some(PagePosition::first(pages.settings.page_size as usize));
        ServerPages::<L::Row> {
            pages,
            call: self.call(),
            position,
            seen: SeenIds::default(),
            rows: 0,
            count: Count::default(),
            fault: None,
        }
    }
}

/// A row of a list, with the id by which it is recognised.
pub trait Row: ReadRow + PartialEq + Send + 'static {
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
    position: Option<PagePosition>,
    seen: SeenIds<T::Id>,
    /// Rows that came, those that stood on a page before among them.
    rows: u64,
    count: Count,
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
        let Some(position) = self.position.take() else { return Ok(None) };
        let page = self.pages.read(self.call.clone().page::<T>(position)).await?;
        let count = page.rows.len();
        self.note(position, &page);
        let Page { mut rows, total, fault, .. } = page;
        if rows.is_empty() {
            return fault.map_or_else(|| self.end(), |fault| Err(Error::Decode(fault)));
        }
        self.rows += count as u64;
        if let Some(total) = total.filter(|total| self.rows > total.saturating_mul(2).saturating_add(SLACK)) {
            return Err(LookupError::TooManyRows { rows: self.rows, total: Some(total) }.into());
        }
        self.fault = fault;
        match self.seen.keep_new(&mut rows, Row::id) {
            // Rows that are alike on one page are counted one by one, as the server does.
            WhichPage::New { again } => self.count.receive((count - again) as u64),
            WhichPage::Repeated if self.count.is_reached() => return Ok(None),
            WhichPage::Repeated => return Err(LookupError::RepeatedPage { page: position.number }.into()),
        }
        self.position = position.next(count, total);
        Ok(Some(rows))
    }

    fn count(&self) -> Count {
        self.count.clone()
    }
}

impl<T: Row> ServerPages<T> {
    /// How many rows there are, as this page says. A page beyond the end is seen with the number of the whole list; a 0 there
    /// is taken for the number of its own rows.
    fn note(&self, position: PagePosition, page: &Page<T>) {
        if position.number == 1 && page.is_without_content {
            self.count.set_without_content();
        }
        let says_nothing = self.rows > 0 && page.rows.is_empty() && page.total == Some(0);
        if let Some(total) = page.total.filter(|_| !says_nothing) {
            self.count.announce(total);
        }
    }

    /// The list has no further page.
    fn end(&self) -> Result<Option<Vec<T>>, Error> {
        let received = self.count.received();
        match self.count.announced() {
            Some(Announced { least, .. }) if least > received => {
                Err(LookupError::FewerRowsThanCounted { counted: least, received }.into())
            }
            _ => Ok(None),
        }
    }
}
