//! `POST /certificategroup/list`, and `GET /certificate/group`.

use std::collections::HashSet;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::moving::check_group;
use crate::appviewx::client::Client;
use crate::appviewx::envelope::Envelope;
use crate::appviewx::error::Error;
use crate::appviewx::lookup::{LookupError, PAGE_SIZE, Read, Rows};
use crate::appviewx::read::Row;
use crate::lenient;
use crate::rows::{Pages, Total};
use crate::transport::{Cause, Path};
use crate::validation::{Problems, Reason, ValidationError};

/// What an account needs to read groups.
const PERMISSION: &str = "The account needs access to the certificate groups: CERT+ > Groups & Policies > Group.";

/// Rows of one page, at most: the vendor's own cap.
const LARGEST_PAGE: u32 = 1_000;

/// A certificate group.
///
/// A member that is null, missing or of another type than expected is `None`; in the last case it stands in
/// [`extra`](Self::extra).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Value", rename_all = "camelCase")]
#[non_exhaustive]
pub struct CertificateGroup {
    /// Its name, by which other calls name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name that people see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The policy that applies to its certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
    /// The application that it belongs to.
    #[serde(rename = "applicationID", skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    /// What else the server said about it. A row that is no object stands here as `value`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl From<Value> for CertificateGroup {
    fn from(row: Value) -> Self {
        let mut row = Row::from(row);
        Self {
            name: row.text("name"),
            display_name: row.text("displayName"),
            description: row.text("description"),
            policy_name: row.text("policyName"),
            application_id: row.text("applicationID"),
            extra: row.rest(),
        }
    }
}

/// A list of groups; see [`CertificateGroups::list`](super::CertificateGroups::list).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before the first row is asked for"]
pub struct GroupList {
    client: Client,
    page_size: u32,
}

impl GroupList {
    pub(super) fn new(client: Client) -> Self {
        Self { client, page_size: PAGE_SIZE }
    }

    /// How many rows are asked for at once: 1 to 1,000, which is the vendor's cap. Default 100, as the vendor's.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    /// Checks the request and gives the rows. Nothing is sent before the first one is asked for.
    ///
    /// # Errors
    /// [`ValidationError`] for a page size out of its range.
    pub fn rows(self) -> Result<Rows<CertificateGroup>, ValidationError> {
        let mut problems = Problems::default();
        if !(1..=LARGEST_PAGE).contains(&self.page_size) {
            let sentence = format!("{} is not between 1 and {LARGEST_PAGE}", self.page_size);
            problems.add("page_size", Reason::OutOfRange, sentence);
        }
        problems.finish()?;
        let total = Total::default();
        let pages = ListPages { list: self, page: 0, next: Next::First, tokens: HashSet::new() };
        Ok(Rows::of(pages, Arc::clone(&total)))
    }
}

/// The page to ask for.
enum Next {
    First,
    Token(String),
    None,
}

/// Where the reading of a list is.
struct ListPages {
    list: GroupList,
    page: u32,
    next: Next,
    /// The tokens that were used.
    tokens: HashSet<String>,
}

impl Pages for ListPages {
    type Row = CertificateGroup;
    type Error = Error;

    async fn next_page(&mut self) -> Result<Option<Vec<CertificateGroup>>, Error> {
        let options = json!({"limit": self.list.page_size});
        let body = match std::mem::replace(&mut self.next, Next::None) {
            Next::First => json!({"searchOptions": options}),
            Next::Token(token) => json!({"searchOptions": options, "nextPageToken": token}),
            Next::None => return Ok(None),
        };
        let read = Read {
            operation: "appviewx.certificate_groups.list",
            method: Method::POST,
            path: Path::fixed("certificategroup/list"),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Some(body),
            permission_needed: PERMISSION,
        };
        let (rows, next) = read.send(&self.list.client, read_page).await?;
        self.page = self.page.saturating_add(1);
        if let Some(next) = next {
            if !self.tokens.insert(next.clone()) {
                return Err(LookupError::RepeatedToken { page: self.page }.into());
            }
            self.next = Next::Token(next);
        }
        Ok(Some(rows))
    }
}

/// The rows and the next page's token. **Assumed**, since that part of the vendor's page could not be read: the rows are
/// the one list of objects in the answer, under whatever name, and the token stands beside it.
fn read_page(envelope: Envelope) -> Result<(Vec<CertificateGroup>, Option<String>), Cause> {
    let mut inside = envelope.response;
    if lenient::member(&inside, "response").is_some_and(|it| it.is_object() || it.is_array()) {
        inside = lenient::take_member(&mut inside, "response").unwrap_or_default();
    }
    let token = match lenient::member(&inside, "nextPageToken") {
        None | Some(Value::Null) => None,
        Some(Value::String(token)) => Some(token.clone()).filter(|token| !token.trim().is_empty()),
        Some(token) => Some(token.to_string()),
    };
    let mut lists: Vec<Vec<Value>> = match inside {
        Value::Array(rows) => vec![rows],
        Value::Object(members) => members.into_iter().filter_map(|(_, value)| as_list(value)).collect(),
        _ => Vec::new(),
    };
    match (lists.pop(), lists.is_empty()) {
        (Some(rows), true) => Ok((rows.into_iter().map(CertificateGroup::from).collect(), token)),
        _ => Err(Cause::new("one list of groups was expected in the response")),
    }
}

fn as_list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(rows) if rows.iter().all(Value::is_object) => Some(rows),
        _ => None,
    }
}

/// Reads one group.
pub(super) async fn view(client: Client, name: String) -> Result<CertificateGroup, Error> {
    let mut problems = Problems::default();
    check_group(&name, "name", &mut problems);
    problems.finish()?;
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&name) {
        headers.insert("groupname", value);
    }
    let read = Read {
        operation: "appviewx.certificate_groups.view",
        method: Method::GET,
        path: Path::fixed("certificate/group"),
        query: vec![("groupName", name.clone())],
        headers,
        body: None,
        permission_needed: PERMISSION,
    };
    let group = read
        .send(&client, |envelope| match envelope.response {
            Value::Object(members) => Ok(CertificateGroup::from(Value::Object(members))),
            _ => Err(Cause::new("a group was expected in the response")),
        })
        .await?;
    match group.name.as_ref().filter(|answered| **answered != name) {
        Some(answered) => Err(LookupError::OtherGroup { asked: name, answered: answered.clone() }.into()),
        None => Ok(group),
    }
}
