//! `POST /certificate/search`.

use std::collections::HashSet;
use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Certificate, CertificateCategory, Keyword, SortOrder};
use crate::appviewx::client::Client;
use crate::appviewx::envelope::{Envelope, says_no_records};
use crate::appviewx::error::Error;
use crate::appviewx::lookup::{LookupError, PAGE_SIZE, Read, Rows};
use crate::appviewx::types::ResourceId;
use crate::lenient;
use crate::rows::{Pages, Total};
use crate::transport::{Cause, Path};
use crate::validation::{Problems, Reason, ValidationError};

/// What an account needs to search certificates.
const PERMISSION: &str = "The account needs access to the certificate search, and the permission to view the inventory of \
                          every category that it searches.";

/// A search for certificates; see [`Certificates::search`](super::Certificates::search).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before the first row is asked for"]
pub struct CertificateSearch {
    client: Client,
    categories: Vec<CertificateCategory>,
    resource_id: Option<ResourceId>,
    free_text: Option<String>,
    keywords: Vec<(Keyword, String)>,
    sort: Option<(String, SortOrder)>,
    page_size: u32,
    filter: Filter,
}

/// Which rows are given: what the server's own terms cannot be relied on for.
#[derive(Clone, Debug, Default)]
struct Filter {
    group: Option<String>,
    common_name: Option<String>,
}

impl Filter {
    fn takes(&self, row: &Certificate) -> bool {
        let in_group = |group: &String| row.group.as_ref() == Some(group);
        let named = |name: &String| row.common_name.as_ref().is_some_and(|it| it.eq_ignore_ascii_case(name));
        self.group.as_ref().is_none_or(in_group) && self.common_name.as_ref().is_none_or(named)
    }
}

impl CertificateSearch {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            categories: Vec::new(),
            resource_id: None,
            free_text: None,
            keywords: Vec::new(),
            sort: None,
            page_size: PAGE_SIZE,
            filter: Filter::default(),
        }
    }

    /// Searches this category, beside those that were named before. Several are sent as a list with commas, which the
    /// page of version 2026.1 allows and older ones do not mention.
    pub fn category(mut self, category: CertificateCategory) -> Self {
        if !self.categories.contains(&category) {
            self.categories.push(category);
        }
        self
    }

    /// Asks for the certificate of this id. Whether the server compares the whole of it is documented nowhere.
    pub fn resource_id(mut self, id: impl Into<ResourceId>) -> Self {
        self.resource_id = Some(id.into());
        self
    }

    /// Searches all fields for this text.
    pub fn free_text(mut self, text: impl Into<String>) -> Self {
        self.free_text = Some(text.into());
        self
    }

    /// Searches a field, one of the documented ones or any other by its name: `.keyword("certcn", "www.example.com")`.
    pub fn keyword(mut self, field: impl Into<Keyword>, text: impl Into<String>) -> Self {
        let keyword = (field.into(), text.into());
        if !self.keywords.contains(&keyword) {
            self.keywords.push(keyword);
        }
        self
    }

    /// Gives only rows whose group has exactly this name. **The filter is the client's own**: no key for the group is
    /// documented, so that the server sends all rows, and [`Rows::total`](crate::Rows::total) counts them all.
    pub fn in_group(mut self, name: impl Into<String>) -> Self {
        self.filter.group = Some(name.into());
        self
    }

    /// Gives only rows whose common name is exactly this one, but for the case of ASCII letters. **The filter is the
    /// client's own**, since a keyword of the server's may find parts of names: set
    /// [`Keyword::SubjectCommonName`] beside it, so that the server need not send all rows.
    pub fn common_name_is(mut self, name: impl Into<String>) -> Self {
        self.filter.common_name = Some(name.into());
        self
    }

    /// Sorts by a column. Seen in use are `commonName` and `requestIds`. Without it, none is sent, and the order is
    /// the server's.
    pub fn sort_by(mut self, column: impl Into<String>, order: SortOrder) -> Self {
        self.sort = Some((column.into(), order));
        self
    }

    /// How many rows are asked for at once. Default 100; 0 counts as 1. The greatest number is documented nowhere; lists
    /// of the same API end at 1,000. A server that gives fewer is asked for the rest.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows.max(1);
        self
    }

    /// Checks the request and gives the rows. Nothing is sent before the first one is asked for.
    ///
    /// # Errors
    /// [`ValidationError`] for a field that was set to nothing, an id that none can be, a comma in the name of a category,
    /// or one keyword with two texts.
    pub fn rows(self) -> Result<Rows<Certificate>, ValidationError> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.finish()?;
        let total = Total::default();
        let pages = SearchPages {
            input: self.input(),
            client: self.client,
            sort: self.sort,
            page_size: self.page_size,
            filter: self.filter,
            page: 0,
            read: 0,
            repeated: 0,
            first: None,
            said: None,
            is_over: false,
            last: HashSet::new(),
            total: Arc::clone(&total),
        };
        Ok(Rows::of(pages, total))
    }

    fn check(&self, problems: &mut Problems) {
        for (index, category) in self.categories.iter().enumerate() {
            let field = format!("category[{index}]");
            not_blank(category.as_str(), &field, problems);
            if category.as_str().contains(',') {
                problems.add(field, Reason::Conflict, "a comma makes two of it; name several one by one");
            }
        }
        if let Some(id) = &self.resource_id {
            id.check("resource_id", problems);
        }
        let sort = self.sort.as_ref().map(|(column, _)| column);
        for (field, text) in [
            ("free_text", &self.free_text),
            ("in_group", &self.filter.group),
            ("common_name_is", &self.filter.common_name),
            ("sort_by", &sort.cloned()),
        ] {
            if let Some(text) = text {
                not_blank(text, field, problems);
            }
        }
        for (index, (keyword, text)) in self.keywords.iter().enumerate() {
            let name = keyword.as_str();
            let field = format!("keyword[{name:?}]");
            not_blank(name, &field, problems);
            not_blank(text, &field, problems);
            if self.keywords.iter().take(index).any(|(earlier, _)| earlier.as_str() == name) {
                problems.add(field, Reason::Conflict, "it is set twice, to different texts");
            }
        }
    }

    /// The vendor's `input`.
    fn input(&self) -> Value {
        let mut input = Map::new();
        if !self.categories.is_empty() {
            let names: Vec<_> = self.categories.iter().map(CertificateCategory::as_str).collect();
            input.insert("category".to_owned(), names.join(",").into());
        }
        if let Some(id) = &self.resource_id {
            input.insert("resourceId".to_owned(), id.as_str().into());
        }
        if let Some(text) = &self.free_text {
            input.insert("freeSearch".to_owned(), text.as_str().into());
        }
        if !self.keywords.is_empty() {
            let keywords = self.keywords.iter().map(|(key, text)| (key.as_str().to_owned(), text.as_str().into()));
            input.insert("keywordSearch".to_owned(), Value::Object(keywords.collect()));
        }
        Value::Object(input)
    }
}

/// An unset variable must not become a search for everything.
fn not_blank(text: &str, field: &str, problems: &mut Problems) {
    if text.trim().is_empty() {
        problems.add(field, Reason::Blank, "it is empty (an unset variable, perhaps); to filter nothing, leave it out");
    }
}

/// Where the reading of a search is.
struct SearchPages {
    client: Client,
    input: Value,
    sort: Option<(String, SortOrder)>,
    page_size: u32,
    filter: Filter,
    /// The number of the page that was read last.
    page: u32,
    /// The rows that were read, whether they were given or not.
    read: u64,
    /// Those of them that stood on the page before as well.
    repeated: u64,
    /// What the server calls the first row, once it said a range: 0 or 1.
    first: Option<u64>,
    /// How many there are, as the server said last.
    said: Option<u64>,
    is_over: bool,
    /// The ids of the last page.
    last: HashSet<ResourceId>,
    total: Total,
}

impl Pages for SearchPages {
    type Row = Certificate;
    type Error = Error;

    async fn next_page(&mut self) -> Result<Option<Vec<Certificate>>, Error> {
        if self.is_over {
            // The rows come first, then what is wrong with their number.
            return self.check_whole().map_or(Ok(None), |wrong| Err(wrong.into()));
        }
        let asked = self.read + 1;
        let Page { mut rows, total, range } = self.ask(asked).await?;
        self.page = self.page.saturating_add(1);
        self.said = total.or(self.said);
        if let Some(total) = total {
            self.total.get_or_init(|| total);
        }
        let count = rows.len() as u64;
        // Where all rows came at once, it cannot matter what they are called.
        let is_whole = asked == 1 && self.said == Some(count);
        if let Some(range) = range.filter(|_| count > 0 && !is_whole) {
            let first = *self.first.get_or_insert(range.0.min(1));
            check_range(asked, count, range, first, self.said)?;
        }
        self.check_repetition(&rows, range.is_some())?;
        self.read += count;
        self.is_over = count == 0 || self.said.is_some_and(|total| self.read >= total);
        rows.retain(|row| self.filter.takes(row));
        Ok(Some(rows))
    }
}

impl SearchPages {
    async fn ask(&self, start: u64) -> Result<Page, Error> {
        // Numbers as text, as every client sends them.
        let mut filter = json!({"max": self.page_size.to_string(), "start": start.to_string()});
        if let (Some((column, order)), Some(members)) = (&self.sort, filter.as_object_mut()) {
            members.insert("sortColumn".to_owned(), column.as_str().into());
            members.insert("sortOrder".to_owned(), order.as_str().into());
        }
        let read = Read {
            operation: "appviewx.certificates.search",
            method: Method::POST,
            path: Path::fixed("certificate/search"),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Some(json!({"input": self.input, "filter": filter})),
            permission_needed: PERMISSION,
        };
        match read.send(&self.client, Page::read).await {
            Err(Error::Api(api)) if api.says_no_records() && says_nothing(api.status()) => Ok(Page::default()),
            page => page,
        }
    }

    /// What is wrong with the list as a whole.
    fn check_whole(&self) -> Option<LookupError> {
        let (rows, repeated) = (self.read, self.repeated);
        match self.said {
            Some(total) if total != rows => Some(LookupError::OtherTotal { rows, total }),
            _ if repeated > 0 => Some(LookupError::RepeatedRows { rows, repeated }),
            _ => None,
        }
    }

    /// Against lists without an end. Rows without an id prove something only where the server named their range.
    fn check_repetition(&mut self, rows: &[Certificate], has_range: bool) -> Result<(), LookupError> {
        let repeats = |row: &Certificate| match &row.resource_id {
            Some(id) => self.last.contains(id),
            None => self.page > 1 && !has_range,
        };
        let repeated = rows.iter().filter(|row| repeats(row)).count();
        if repeated > 0 && repeated == rows.len() {
            return Err(LookupError::RepeatedPage { page: self.page });
        }
        let is_known = |row: &&Certificate| row.resource_id.as_ref().is_some_and(|id| self.last.contains(id));
        self.repeated += rows.iter().filter(is_known).count() as u64;
        self.last = rows.iter().filter_map(|row| row.resource_id.clone()).collect();
        Ok(())
    }
}

/// "No records" comes as 404, or as 200 with an envelope that says so.
fn says_nothing(status: StatusCode) -> bool {
    status == StatusCode::NOT_FOUND || status.is_success()
}

/// Whether the rows are those that were asked for. **Assumed:** the range counts as `start` does, or from 0 if its first page
/// says so, and its end is the last row that came, or the last one that the page had room for.
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
    fn read(envelope: Envelope) -> Result<Self, Cause> {
        let Envelope { mut response, message, .. } = envelope;
        let mut inside = match lenient::member(&response, "objects") {
            None => lenient::take_member(&mut response, "response").unwrap_or_default(),
            Some(_) => response.take(),
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
        let rows = match lenient::take_member(&mut inside, "objects") {
            Some(Value::Array(rows)) => rows.into_iter().map(Certificate::from).collect(),
            None | Some(Value::Null) if is_empty => Vec::new(),
            _ => return Err(Cause::new("a list of certificates was expected in response.response.objects")),
        };
        Ok(Self { rows, total, range })
    }
}
