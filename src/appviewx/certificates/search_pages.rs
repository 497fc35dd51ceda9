//! The pages of `POST /certificate/search`, and what is checked of them.

use std::collections::HashSet;
use std::sync::Arc;

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;

use super::certificate::Certificate;
use super::search_terms::SortOrder;
use crate::appviewx::envelope::{Envelope, says_no_records};
use crate::appviewx::lists_apart::{ListText, lists_apart};
use crate::appviewx::lookup_error::LookupError;
use crate::appviewx::types::ResourceId;
use crate::appviewx::vendor::{AppViewX, CallDefaults, Error, ReadError};
use crate::lenient;
use crate::operation::{Count, DocumentedCall, Operation, PageCaller, Pages};
use crate::rows::{self, RowLimit};
use crate::transport::{Cause, Connection, Exchange, Path};
use crate::validation::Problems;

/// The call, in errors.
const SEARCH: &str = "POST /certificate/search";

/// What an account needs to search certificates.
const READ_PERMISSION: &str = "\
    The account needs access to the certificate search, and the permission to view the inventory of every category that it \
    searches.";

/// Which rows are given: what the server's own terms cannot be relied on for.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct RowFilter {
    pub(super) group: Option<String>,
    pub(super) common_name: Option<String>,
    pub(super) common_name_end: Option<String>,
}

impl RowFilter {
    fn takes(&self, row: &Certificate) -> bool {
        let in_group = |group: &String| row.group.as_ref() == Some(group);
        let named = |name: &String| row.common_name.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(name));
        let ends = |end: &String| row.common_name.as_ref().is_some_and(|it| ends_with_ignoring_case(it, end));
        self.group.as_ref().is_none_or(in_group)
            && self.common_name.as_ref().is_none_or(named)
            && self.common_name_end.as_ref().is_none_or(ends)
    }
}

fn ends_with_ignoring_case(name: &str, end: &str) -> bool {
    let start = name.len().checked_sub(end.len());
    start.and_then(|start| name.get(start..)).is_some_and(|found| found.eq_ignore_ascii_case(end))
}

/// Where the reading of a search is.
pub(super) struct SearchPages {
    pages: PageCaller<AppViewX>,
    input: Arc<Value>,
    sort: Option<(String, SortOrder)>,
    filter: RowFilter,
    /// Pages in a row of which the filter took no row.
    fruitless: u32,
    /// The number of the page that was read last.
    page: u32,
    /// The rows that were read, whether they were given or not.
    read: u64,
    /// Those of them that stood on the page before as well.
    repeated: u64,
    /// What the server calls the first row, once it said a range: 0 or 1.
    first: Option<u64>,
    /// How many there are, as the server said last.
    announced: Option<u64>,
    is_over: bool,
    /// The ids of the last page.
    last: HashSet<ResourceId>,
    count: Count,
}

impl Pages for SearchPages {
    type Row = Certificate;
    type Error = Error;

    async fn next_page(&mut self) -> Result<Option<Vec<Certificate>>, Error> {
        if self.is_over {
            // The rows come first, then what is wrong with their number.
            return self.check_whole().map_or(Ok(None), |wrong| Err(wrong.into()));
        }
        self.pages.check_fruitless(SEARCH, self.fruitless)?;
        let asked = self.read + 1;
        let Page { mut rows, total, range } = self.ask(asked).await?;
        self.page = self.page.saturating_add(1);
        self.announced = total.or(self.announced);
        if let Some(total) = total {
            self.count.announce(total);
        }
        let count = rows.len() as u64;
        // Where all rows came at once, it cannot matter what they are called.
        let is_whole = asked == 1 && self.announced == Some(count);
        if let Some(range) = range.filter(|_| count > 0 && !is_whole) {
            let first = *self.first.get_or_insert(range.0.min(1));
            check_range(asked, count, range, first, self.announced)?;
        }
        let repeated = self.check_repetition(&rows, range.is_some())?;
        self.read += count;
        self.count.receive(count - repeated);
        self.is_over = count == 0 || self.announced.is_some_and(|total| self.read >= total);
        rows.retain(|row| self.filter.takes(row));
        self.fruitless = if rows.is_empty() { self.fruitless.saturating_add(1) } else { 0 };
        Ok(Some(rows))
    }

    fn count(&self) -> Count {
        self.count.clone()
    }
}

impl SearchPages {
    pub(super) fn new(
        pages: PageCaller<AppViewX>,
        input: Value,
        sort: Option<(String, SortOrder)>,
        filter: RowFilter,
    ) -> Self {
        Self {
            pages,
            input: Arc::new(input),
            sort,
            filter,
            fruitless: 0,
            page: 0,
            read: 0,
            repeated: 0,
            first: None,
            announced: None,
            is_over: false,
            last: HashSet::new(),
            count: Count::default(),
        }
    }

    async fn ask(&mut self, start: u64) -> Result<Page, Error> {
        let page = SearchPage {
            input: Arc::clone(&self.input),
            sort: self.sort.clone(),
            max: self.pages.settings.page_size,
            start,
        };
        match self.pages.read(page).await {
            Err(Error::Api(api)) if api.says_no_records() && may_be_empty(api.status()) => Ok(Page::default()),
            page => page,
        }
    }

    /// What is wrong with the list as a whole.
    fn check_whole(&self) -> Option<LookupError> {
        let (rows, repeated) = (self.read, self.repeated);
        match self.announced {
            Some(total) if total != rows => Some(LookupError::OtherTotal { rows, total }),
            _ if repeated > 0 => Some(LookupError::RepeatedRows { rows, repeated }),
            _ => None,
        }
    }

    /// Against lists without an end. Rows without an id prove something only where the server named their range. Gives how many
    /// rows stood on the page before.
    fn check_repetition(&mut self, rows: &[Certificate], has_range: bool) -> Result<u64, LookupError> {
        let repeats = |row: &Certificate| match &row.resource_id {
            Some(id) => self.last.contains(id),
            None => self.page > 1 && !has_range,
        };
        let repeated = rows.iter().filter(|row| repeats(row)).count();
        if repeated > 0 && repeated == rows.len() {
            return Err(LookupError::RepeatedPage { page: self.page });
        }
        let is_known = |row: &&Certificate| row.resource_id.as_ref().is_some_and(|id| self.last.contains(id));
        let known = rows.iter().filter(is_known).count() as u64;
        self.repeated += known;
        self.last = rows.iter().filter_map(|row| row.resource_id.clone()).collect();
        Ok(known)
    }
}

/// "No records" comes as 404, or as 200 with an envelope that says so.
fn may_be_empty(status: StatusCode) -> bool {
    status == StatusCode::NOT_FOUND || status.is_success()
}

/// Whether the rows are those that were asked for. **Assumed:** the range counts as `start` does, or from 0 if its
/// first page says so, and its end is the last row that came, or the last one that the page had room for.
fn check_range(
    asked: u64,
    rows: u64,
    (start, end): (u64, u64),
    first: u64,
    total: Option<u64>,
) -> Result<(), LookupError> {
    let last = total.map_or(end, |total| end.min(total.saturating_sub(1 - first)));
    // Any number may come, so nothing is added.
    let starts = start.checked_sub(first) == asked.checked_sub(1);
    if starts && last.checked_sub(start) == rows.checked_sub(1) {
        return Ok(());
    }
    Err(LookupError::OtherRange { asked, rows, start, end })
}

/// The call of one page.
#[derive(Clone, Debug)]
struct SearchPage {
    input: Arc<Value>,
    sort: Option<(String, SortOrder)>,
    max: u32,
    start: u64,
}

impl Operation for SearchPage {
    type Vendor = AppViewX;
    type Outcome = Page;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::read("appviewx.certificates.search", Method::POST, Path::fixed("certificate/search"))
            .over(Connection::Shared)
    }

    // Whoever acts on a row compares its id first.
    fn check(&mut self, _: &CallDefaults, _: &mut Problems) {}

    fn body(&self) -> Option<impl Serialize> {
        let (sort_column, sort_order) =
            self.sort.as_ref().map(|(column, order)| (column.as_str(), order.as_str())).unzip();
        let filter = WireFilter { max: self.max.to_string(), sort_column, sort_order, start: self.start.to_string() };
        Some(WireSearch { filter, input: &self.input })
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(READ_PERMISSION)
    }

    fn read(&self, exchange: &Exchange) -> Result<Page, ReadError> {
        if exchange.answer.status == StatusCode::NO_CONTENT {
            return Ok(Page::default());
        }
        let (envelope, lists) = lists_apart(exchange, |name| name.eq_ignore_ascii_case("objects"))?;
        Page::read(envelope, &lists, self.max.into()).map_err(ReadError::Unreadable)
    }
}

/// The body of the call.
#[derive(Serialize)]
struct WireSearch<'a> {
    filter: WireFilter<'a>,
    input: &'a Value,
}

/// Numbers are text here, as every client sends them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireFilter<'a> {
    max: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort_column: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort_order: Option<&'a str>,
    start: String,
}

/// One page of a search.
#[derive(Default)]
struct Page {
    rows: Vec<Certificate>,
    total: Option<u64>,
    /// The first and the last row, as the server counts them.
    range: Option<(u64, u64)>,
}

impl Page {
    /// The rows stand in an envelope inside the envelope.
    fn read(envelope: Envelope, lists: &[ListText<'_>], asked: u64) -> Result<Self, Cause> {
        let Envelope { mut response, message, .. } = envelope;
        let (inside, depth) = match lenient::member(&response, "objects") {
            None => (lenient::take_member(&mut response, "response").unwrap_or_default(), 2),
            Some(_) => (response.take(), 1),
        };
        let number = |object: &Value, name| lenient::member(object, name).and_then(lenient::number);
        let total = number(&inside, "totalRecords");
        let range = lenient::member(&inside, "obtainedRecordRange").and_then(|range| {
            let start = number(range, "start")?;
            Some((start, number(range, "end")?))
        });
        let said = [message.as_deref(), lenient::text(&response, "message"), lenient::text(&inside, "message")];
        let is_empty = total == Some(0)
            || number(&inside, "obtainedRecords") == Some(0)
            || said.into_iter().flatten().any(says_no_records);
        let limit = RowLimit { asked, announced: total };
        let mut lists = lists.iter().filter(|list| list.depth == depth);
        // A list was taken out; what is no list stands there still.
        let other = lenient::member(&inside, "objects").is_some_and(|objects| !objects.is_null());
        let rows = match (lists.next(), lists.next()) {
            (Some(_), Some(_)) => return Err(Cause::new("the response has several lists of certificates")),
            (Some(list), None) if !other => rows::read_rows(list.text, limit)?,
            (None, _) if !other && is_empty => Vec::new(),
            _ => return Err(Cause::new("expected a list of certificates in `response.response.objects`")),
        };
        Ok(Self { rows, total, range })
    }
}
