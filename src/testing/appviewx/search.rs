//! The search.

use serde_json::{Map, Value, json};

use super::super::server::{RecordedRequest, Reply, member};
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
        let of_categories = self.certificates.iter().filter(|(_, it)| categories.contains(&it.category));
        let rows = of_categories.map(|(id, it)| self.row(id, it));
        let mut rows: Vec<Value> = rows.filter(|row| self.search.ignores_terms || matches(row, input)).collect();
        if let Some(column) = member(filter, "sortColumn").as_str() {
            rows.sort_by_key(|row| member(row, column).to_string());
        }
        if member(filter, "sortOrder") == "desc" {
            rows.reverse();
        }
        if rows.is_empty() && self.search.no_hits_are_404 {
            return Ok(answer(404, &json!({}), "No matching records found for the given input."));
        }
        let total = rows.len();
        let page: Vec<Value> = rows.into_iter().skip(start - 1).take(max).collect();
        let message = match total {
            0 => "No matching records found for the given input.",
            _ => "Matching results found for the given input.",
        };
        let count = |it: usize| if self.search.counts_are_text { Value::from(it.to_string()) } else { Value::from(it) };
        let range = json!({"start": count(start), "end": count((start + page.len()).saturating_sub(1))});
        let found = json!({
            "totalRecords": count(total),
            "obtainedRecords": count(page.len()),
            "obtainedRecordRange": range,
            "objects": page,
        });
        Ok(answer(200, &found, message))
    }

    fn row(&self, id: &str, certificate: &Certificate) -> Value {
        let mut row = json!({
            "resourceId": id,
            "commonName": null,
            "group": self.search.shown.get(id).unwrap_or(&certificate.group),
            "permission": if self.writes_group(&certificate.group) { "RW" } else { "R" },
            "category": name(certificate.category),
            "status": "Managed",
            "expiryStatus": "Valid",
        });
        if let Some(members) = row.as_object_mut() {
            members.extend(certificate.members.clone());
        }
        row
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

/// Whether every term of the search is a part of the text that it asks about.
fn matches(row: &Value, input: &Value) -> bool {
    let has = |name: &str, term: &Value| is_part(term, member(row, name));
    let id = member(input, "resourceId");
    let free = member(input, "freeSearch");
    let keywords = member(input, "keywordSearch").as_object().into_iter().flat_map(Map::iter);
    let mut named = ["commonName", "serialNumber"].into_iter().map(|name| (name, member(input, name)));
    named.all(|(name, term)| term.as_str().is_none_or(str::is_empty) || has(name, term))
        && (id.is_null() || has("resourceId", id))
        && (free.is_null() || row.as_object().into_iter().flatten().any(|(_, value)| is_part(free, value)))
        && keywords.into_iter().all(|(key, term)| has(member_of(key), term))
}

fn is_part(term: &Value, value: &Value) -> bool {
    match (term, value) {
        (Value::String(term), Value::String(text)) => text.to_lowercase().contains(&term.to_lowercase()),
        (_, Value::Array(values)) => values.iter().any(|value| is_part(term, value)),
        _ => false,
    }
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
