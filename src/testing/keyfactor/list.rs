//! What all lists share: parameters, filter, order, pages.

use std::cmp::Ordering;

use serde_json::Value;

use super::query::{Fields, Filter, Queried, compare};
use super::refusal::bad_request;
use super::traps::{PageCap, Skips, Trap, Traps};
use crate::testing::server::{RecordedRequest, Reply};

/// The query parameters of a request. Their names are compared without regard to case; unknown ones are ignored.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn of(request: &RecordedRequest) -> Self {
        Self(url::form_urlencoded::parse(request.query().as_bytes()).into_owned().collect())
    }

    /// The parameters of a list's query, whose names have this prefix and a dot in the schemas of Command 10, and none from 11
    /// on. One with the prefix is enough for those without it to be dropped: inferred from how ASP.NET binds parameters.
    pub(super) fn of_query(&self, prefix: &str) -> Self {
        let dotted = self.0.iter().filter_map(|(name, value)| {
            let (given, name) = name.split_once('.')?;
            given.eq_ignore_ascii_case(prefix).then(|| (name.to_owned(), value.clone()))
        });
        let dotted: Vec<_> = dotted.collect();
        Self(if dotted.is_empty() { self.0.clone() } else { dotted })
    }

    fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<i32>, Reply> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| bad_request(&format!("The value '{text}' is not valid for {name}.")))
    }

    pub(super) fn truth(&self, name: &str) -> Result<bool, Reply> {
        let Some(text) = self.text(name) else { return Ok(false) };
        let lower = text.to_ascii_lowercase();
        lower.parse().map_err(|_| bad_request(&format!("The value '{text}' is not valid for {name}.")))
    }

    /// An id whose value 0 means none.
    pub(super) fn id(&self, name: &str) -> Result<Option<i32>, Reply> {
        Ok(self.number(name)?.filter(|id| *id != 0))
    }
}

/// What can be asked of a list.
pub(super) struct Offer {
    /// What the parameters' names begin with, before a dot, in the schemas of Command 10.
    pub(super) prefix: &'static str,
    pub(super) fields: &'static Fields,
    /// Names that [`Queried::operand`] answers, not all of which are fields of the query language.
    pub(super) sorts: &'static [&'static str],
}

/// What was asked of a list.
pub(super) struct Listing {
    pub(super) filter: Filter,
    page: usize,
    /// The rows that stand on the pages before.
    skipped: usize,
    /// Rows of this page, at most.
    limit: usize,
    sort: Option<&'static str>,
    descending: bool,
    count_shown: bool,
}

impl Listing {
    pub(super) fn read(parameters: &Parameters, offer: &Offer, traps: &Traps) -> Result<Self, Reply> {
        let parameters = parameters.of_query(offer.prefix);
        let filter = match parameters.text("QueryString") {
            Some(text) if !offer.fields.is_empty() && !traps.has(Trap::IgnoresFilters) => {
                read_query(text, offer.fields)?
            }
            _ => Filter::All,
        };
        let sort = match parameters.text("SortField") {
            None => None,
            Some(name) => {
                let known = offer.sorts.iter().find(|sort| sort.eq_ignore_ascii_case(name));
                Some(*known.ok_or_else(|| bad_request(&format!("Invalid sort field: {name}.")))?)
            }
        };
        let descending = match parameters.number("SortAscending")? {
            None | Some(0) => false,
            Some(1) => true,
            Some(_) => return Err(bad_request("SortAscending must be 0 or 1.")),
        };
        let positive = |name: &str, default: usize| match parameters.number(name)?.map(usize::try_from) {
            None => Ok(default),
            Some(Ok(number @ 1..)) => Ok(number),
            Some(_) => Err(bad_request(&format!("{name} must be positive."))),
        };
        let page = positive("PageReturned", 1)?;
        let page = if traps.has(Trap::RepeatsPages) { 1 } else { page };
        let asked = positive("ReturnLimit", 50)?;
        let limit = traps.cap.map_or(asked, |cap| asked.min(cap.rows));
        let size = if let Some(PageCap { skips: Skips::AsGiven, .. }) = traps.cap { limit } else { asked };
        let (skipped, limit) =
            if traps.has(Trap::IgnoresPaging) { (0, usize::MAX) } else { ((page - 1).saturating_mul(size), limit) };
        Ok(Self { filter, page, skipped, limit, sort, descending, count_shown: !traps.has(Trap::HidesTotalCount) })
    }

    /// Whether this is where the reading of a list begins.
    pub(super) fn is_first_page(&self) -> bool {
        self.page == 1
    }

    /// Whether the request asks for an order of its own.
    pub(super) fn is_sorted(&self) -> bool {
        self.sort.is_some()
    }

    /// The rows that were asked for, in their order. They are gathered only to be put in another one.
    pub(super) fn select<'a, R: Queried + 'a>(
        &'a self,
        rows: impl IntoIterator<Item = R> + 'a,
    ) -> Box<dyn Iterator<Item = R> + 'a> {
        let rows = rows.into_iter().filter(|row| self.filter.takes(row));
        if self.sort.is_none() && !self.descending {
            return Box::new(rows);
        }
        let mut rows: Vec<R> = rows.collect();
        if let Some(field) = self.sort {
            rows.sort_by(|one, other| {
                let order = compare(&one.operand(field), &other.operand(field)).unwrap_or(Ordering::Equal);
                if self.descending { order.reverse() } else { order }
            });
        } else if self.descending {
            rows.reverse();
        }
        Box::new(rows.into_iter())
    }

    /// The page of the selected rows that was asked for, each written by `write`. The others are only counted.
    pub(super) fn reply<R>(
        &self,
        rows: impl IntoIterator<Item = R>,
        traps: &Traps,
        mut write: impl FnMut(R) -> Value,
    ) -> Reply {
        let (mut page, mut total) = (Vec::new(), 0);
        for row in rows {
            if total >= self.skipped && page.len() < self.limit {
                page.push(write(row));
            }
            total += 1;
        }
        let reply = if page.is_empty() && traps.has(Trap::NoContentForEmpty) {
            Reply::no_content()
        } else {
            Reply::json(200, traps.written(Value::from(page)))
        };
        if self.count_shown { reply.header("X-Total-Count", total.to_string()) } else { reply }
    }
}

/// Reads a query, or says why not.
pub(super) fn read_query(text: &str, fields: &Fields) -> Result<Filter, Reply> {
    Filter::read(text, fields).map_err(|problem| bad_request(&format!("Invalid query: {problem}.")))
}
