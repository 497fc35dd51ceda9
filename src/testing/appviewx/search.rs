//! The search.

use serde_json::{Map, Value, json};

use super::super::server::{RecordedRequest, Reply, member};
use super::super::text::in_lower_case;
use super::{AppViewXPermission, Certificate, FakeCategory, State, check_call, missing};

/// Rows of a page, if the request does not say.
const PAGE: usize = 10;

impl State {
    pub(super) fn search(&self, request: &RecordedRequest) -> Result<Reply, Reply> {
        self.authenticate(request)?;
        let denied = (403, "AVX_GW_005", "User does not have access to the targeted API.");
        self.permit(&AppViewXPermission::SearchCertificates, denied)?;
        check_call(request)?;
        let body = request.json();
        let (input, filter) = (member(&body, "input"), member(&body, "filter"));
        if !input.is_object() || !filter.is_object() {
            return Err(missing(if input.is_object() { "filter" } else { "input" }));
        }
        let categories = categories(input);
        for category in &categories {
            self.permit_view(*category)?;
        }
        let start = digits(filter, "start")?.unwrap_or(1).max(1);
        let max = digits(filter, "max")?.unwrap_or(PAGE).min(self.search.cap.unwrap_or(usize::MAX));
        let (start, max) = if self.search.ignores_paging { (1, usize::MAX) } else { (start, max) };
        let terms = if self.search.ignores_terms { Terms::default() } else { Terms::read(input) };
        let of_categories = self.certificates.iter().filter(|(_, it)| categories.contains(&it.category));
        let rows = of_categories.map(|(id, certificate)| Row { id, certificate, state: self });
        let rows = in_order(rows.filter(|row| terms.fit(row)), filter);
        let (mut page, mut total) = (Vec::new(), 0_usize);
        for row in rows {
            total += 1;
            if total >= start && page.len() < max {
                page.push(row.written());
            }
        }
        if total == 0 && self.search.no_hits_are_404 {
            return Ok(answer(404, &json!({}), "No matching records found for the given input."));
        }
        let message = match total {
            0 => "No matching records found for the given input.",
            _ => "Matching results found for the given input.",
        };
        let count =
            |it: usize| if self.writing.counts_are_text { Value::from(it.to_string()) } else { Value::from(it) };
        let range = json!({"start": count(start), "end": count((start + page.len()).saturating_sub(1))});
        let found = json!({
            "totalRecords": count(total),
            "obtainedRecords": count(page.len()),
            "obtainedRecordRange": range,
            "objects": page,
        });
        Ok(answer(200, &found, message))
    }
}

/// A row that is not written yet: most are only counted.
#[derive(Clone, Copy)]
struct Row<'a> {
    id: &'a str,
    certificate: &'a Certificate,
    state: &'a State,
}

/// The members that every row has, beside those that were set.
const SHOWN: [&str; 6] = ["resourceId", "group", "permission", "category", "status", "expiryStatus"];

impl<'a> Row<'a> {
    fn text(&self, name: &str) -> Option<&'a str> {
        let set = self.certificate.members.get(name);
        set.map_or_else(|| self.shown(name), Value::as_str)
    }

    /// What a member holds that was not set.
    fn shown(&self, name: &str) -> Option<&'a str> {
        let Self { id, certificate, state } = *self;
        let shown = match name {
            "resourceId" => id,
            "group" => state.search.shown.get(id).unwrap_or(&certificate.group),
            "permission" if state.writes_group(&certificate.group) => "RW",
            "permission" => "R",
            "category" => self::name(certificate.category),
            "status" => "Managed",
            "expiryStatus" => "Valid",
            _ => return None,
        };
        Some(shown)
    }

    fn written(&self) -> Value {
        let mut row = Map::from_iter([("commonName".to_owned(), Value::Null)]);
        row.extend(SHOWN.map(|name| (name.to_owned(), self.shown(name).into())));
        row.extend(self.certificate.members.clone());
        Value::Object(row)
    }
}

/// The rows in the order that was asked for. They are gathered only to be put in another one.
fn in_order<'a>(rows: impl Iterator<Item = Row<'a>> + 'a, filter: &Value) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
    let column = member(filter, "sortColumn").as_str();
    let descending = member(filter, "sortOrder") == "desc";
    if column.is_none() && !descending {
        return Box::new(rows);
    }
    let mut rows: Vec<Row<'_>> = rows.collect();
    if let Some(column) = column {
        rows.sort_by(|one, other| one.text(column).cmp(&other.text(column)));
    }
    if descending {
        rows.reverse();
    }
    Box::new(rows.into_iter())
}

/// What a search asks for.
#[derive(Default)]
struct Terms<'a> {
    /// In any member.
    free: Option<Term>,
    by_member: Vec<(&'a str, Term)>,
}

/// A text in lower case; `None` of what is no text, which fits nothing.
struct Term(Option<String>);

impl Term {
    fn read(term: &Value) -> Self {
        Self(term.as_str().map(str::to_lowercase))
    }

    fn fits(&self, row: &Row<'_>, name: &str) -> bool {
        match row.certificate.members.get(name) {
            Some(set) => self.is_part_of_value(set),
            None => row.shown(name).is_some_and(|text| self.is_part_of(text)),
        }
    }

    fn is_part_of_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_part_of(text),
            Value::Array(values) => values.iter().any(|value| self.is_part_of_value(value)),
            _ => false,
        }
    }

    fn is_part_of(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|term| in_lower_case(text).contains(term))
    }
}

impl<'a> Terms<'a> {
    fn read(input: &'a Value) -> Self {
        let asked = |name| Some(member(input, name)).filter(|term| !term.is_null()).map(Term::read);
        let id = asked("resourceId").map(|term| ("resourceId", term));
        let named = ["commonName", "serialNumber"].into_iter().filter_map(|name| {
            let term = member(input, name);
            term.as_str().is_some_and(|text| !text.is_empty()).then(|| (name, Term::read(term)))
        });
        let keywords = member(input, "keywordSearch").as_object().into_iter().flatten();
        let keywords = keywords.map(|(keyword, term)| (member_of(keyword), Term::read(term)));
        Self { free: asked("freeSearch"), by_member: named.chain(id).chain(keywords).collect() }
    }

    /// Whether every term is a part of the text that it asks about.
    fn fit(&self, row: &Row<'_>) -> bool {
        let mut names = SHOWN.into_iter().chain(row.certificate.members.keys().map(String::as_str));
        self.free.as_ref().is_none_or(|term| names.any(|name| term.fits(row, name)))
            && self.by_member.iter().all(|(name, term)| term.fits(row, name))
    }
}

fn answer(status: u16, found: &Value, message: &str) -> Reply {
    let inside = json!({
        "httpStatusCode": status,
        "response": found,
        "message": message,
        "appStatusCode": null,
        "tags": {},
    });
    Reply::json(
        status,
        json!({"response": inside, "message": null, "appStatusCode": null, "tags": {}, "headers": null}),
    )
}

fn name(category: FakeCategory) -> &'static str {
    match category {
        FakeCategory::Server => "Server",
        FakeCategory::Client => "Client",
        FakeCategory::CodeSigning => "Code signing",
        FakeCategory::Device => "Device",
    }
}

/// Those that the request names; server certificates if it names none. The vendor's pages and clients spell one of them `Code
/// signing`, `Code Signing` and `CodeSigning`.
fn categories(input: &Value) -> Vec<FakeCategory> {
    let plain = |name: &str| name.replace(' ', "").to_ascii_lowercase();
    let asked = member(input, "category").as_str().unwrap_or("Server");
    let asked: Vec<String> = asked.split(',').map(plain).collect();
    FakeCategory::ALL.into_iter().filter(|it| asked.contains(&plain(name(*it)))).collect()
}

/// A number of the filter, which is text or a number.
fn digits(filter: &Value, name: &str) -> Result<Option<usize>, Reply> {
    let number = match member(filter, name) {
        Value::Null => return Ok(None),
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| usize::try_from(number).ok()),
    };
    number.map(Some).ok_or_else(|| missing(name))
}

/// The member of a row that a keyword is about.
fn member_of(keyword: &str) -> &str {
    match keyword {
        "subject:cn" | "certcn" => "commonName",
        "subject:o" => "subjectOrganization",
        "subject:ou" => "subjectOrganizationUnit",
        "subject:l" => "subjectLocality",
        "subject:st" => "subjectState",
        "certsan" => "subjectAlternativeNames",
        "certserialno" => "serialNumber",
        "certissuer" => "issuerCommonName",
        "certstatus" => "status",
        other => other,
    }
}
