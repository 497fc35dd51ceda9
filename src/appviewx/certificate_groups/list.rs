//! `POST /certificategroup/list`.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::group::{CertificateGroup, READ_PERMISSION};
use super::handle::CertificateGroups;
use crate::appviewx::envelope::Envelope;
use crate::appviewx::lists_apart::{ListText, lists_apart};
use crate::appviewx::lookup_error::LookupError;
use crate::appviewx::vendor::{AppViewX, CallDefaults, Error, ReadError};
use crate::lenient;
use crate::operation::{Count, DocumentedCall, List, ListBuilder, Operation, PageCaller, PageSettings, Pages};
use crate::rows::{self, RowLimit, is_list_of_objects};
use crate::transport::{Cause, Exchange, Path};
use crate::validation::{Problems, Reason};

/// Rows of one page, at most: the vendor's own cap.
const LARGEST_PAGE: u32 = 1_000;

/// Bytes of a page's token, at most. The vendor documents no limit; tokens that were seen have some dozens.
pub(crate) const LONGEST_TOKEN: usize = 8 * 1024;

/// Pages without rows that may follow one another: the next row waits for all of them.
const MOST_EMPTY_PAGES: u32 = 100;

impl CertificateGroups {
    /// Lists the certificate groups.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups().list().rows()?.collect().await?;
    /// for group in &groups {
    ///     println!("{:?}", group.name);
    /// }
    /// # assert!(!groups.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /certificategroup/list`, page by page.
    /// - **Permissions:** access to the groups (assumed).
    /// - **Arguments:** none. The page size is 1 to 1,000 rows, the vendor's maximum. The default is 100, which is also
    ///   the vendor's default.
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error); `Lookup` if a page token repeats, if a page
    ///   token is longer than 8 KiB, or after 100 consecutive empty pages.
    /// - **Assumed:** the position of the groups in the response, because that part of the vendor's page could not be
    ///   read. A response without exactly one list of objects is a `Decode` error.
    /// - **Source:** AppViewX CERT+ API reference, "List Certificate Groups".
    pub fn list(&self) -> ListBuilder<GroupList> {
        ListBuilder::new(self.caller.clone(), GroupList {})
    }
}

/// A request for the list of groups; see [`CertificateGroups::list`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let rows = appviewx.certificate_groups().list().page_size(1_000).rows()?;
/// println!("{} groups", rows.collect().await?.len());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct GroupList {}

impl List for GroupList {
    type Vendor = AppViewX;
    type Row = CertificateGroup;

    fn check(&mut self, page: &mut PageSettings, problems: &mut Problems) {
        if !(1..=LARGEST_PAGE).contains(&page.page_size) {
            let sentence = format!("must be between 1 and {LARGEST_PAGE}, is {}", page.page_size);
            problems.add("page_size", Reason::OutOfRange, sentence);
        }
    }

    fn pages(self, pages: PageCaller<AppViewX>) -> impl Pages<Row = CertificateGroup, Error = Error> {
        GroupPages {
            pages,
            page: 0,
            empty: 0,
            next: Next::First,
            hasher: RandomState::new(),
            tokens: HashSet::new(),
            count: Count::default(),
        }
    }
}

/// The page to ask for.
enum Next {
    First,
    Token(String),
    None,
}

/// Where the reading of a list is.
struct GroupPages {
    pages: PageCaller<AppViewX>,
    page: u32,
    /// Pages without rows, one after the other, up to the last one.
    empty: u32,
    next: Next,
    hasher: RandomState,
    /// The hashes of the tokens that were used: of a list without an end, the tokens themselves would fill the memory.
    tokens: HashSet<u64>,
    /// The vendor documents no number of all groups.
    count: Count,
}

impl Pages for GroupPages {
    type Row = CertificateGroup;
    type Error = Error;

    async fn next_page(&mut self) -> Result<Option<Vec<CertificateGroup>>, Error> {
        let token = match std::mem::replace(&mut self.next, Next::None) {
            Next::First => None,
            Next::Token(token) => Some(token),
            Next::None => return Ok(None),
        };
        let page = ListGroupsPage { limit: self.pages.settings.page_size, token };
        let GroupPage { rows, next } = self.pages.read(page).await?;
        self.page = self.page.saturating_add(1);
        self.count.receive(rows.len() as u64);
        self.empty = if rows.is_empty() { self.empty + 1 } else { 0 };
        if let Some(next) = next {
            if self.empty >= MOST_EMPTY_PAGES {
                return Err(LookupError::EmptyPages { pages: self.empty }.into());
            }
            if next.len() > LONGEST_TOKEN {
                let (page, length) = (self.page, next.len());
                return Err(LookupError::TokenTooLong { page, length, limit: LONGEST_TOKEN }.into());
            }
            if !self.tokens.insert(self.hasher.hash_one(&next)) {
                return Err(LookupError::RepeatedToken { page: self.page }.into());
            }
            self.next = Next::Token(next);
        }
        Ok(Some(rows))
    }

    fn count(&self) -> Count {
        self.count.clone()
    }
}

/// The call of one page.
#[derive(Clone, Debug)]
struct ListGroupsPage {
    limit: u32,
    token: Option<String>,
}

/// One page.
struct GroupPage {
    rows: Vec<CertificateGroup>,
    /// The token of the next page, if there is one.
    next: Option<String>,
}

impl Operation for ListGroupsPage {
    type Vendor = AppViewX;
    type Outcome = GroupPage;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::read("appviewx.certificate_groups.list", Method::POST, Path::fixed("certificategroup/list"))
    }

    fn check(&mut self, _: &CallDefaults, _: &mut Problems) {}

    fn body(&self) -> Option<impl Serialize> {
        let options = json!({"limit": self.limit});
        Some(match &self.token {
            None => json!({"searchOptions": options}),
            Some(token) => json!({"nextPageToken": token, "searchOptions": options}),
        })
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(READ_PERMISSION)
    }

    fn read(&self, exchange: &Exchange) -> Result<GroupPage, ReadError> {
        if exchange.answer.status == StatusCode::NO_CONTENT {
            return Ok(GroupPage { rows: Vec::new(), next: None });
        }
        let (envelope, lists) = lists_apart(exchange, may_be_rows)?;
        GroupPage::read(envelope, &lists, self.limit.into()).map_err(ReadError::Unreadable)
    }
}

impl GroupPage {
    /// **Assumed**, since that part of the vendor's page could not be read: the rows are the one list of objects in the
    /// answer, under whatever name, and the next page's token stands beside it.
    fn read(envelope: Envelope, lists: &[ListText<'_>], asked: u64) -> Result<Self, Cause> {
        let mut inside = envelope.response;
        let whole =
            |depth| move |list: &&ListText<'_>| list.depth == depth && list.name.eq_ignore_ascii_case("response");
        let mut depth = 1;
        if lenient::member(&inside, "response").is_some_and(Value::is_object) {
            inside = lenient::take_member(&mut inside, "response").unwrap_or_default();
            depth = 2;
        }
        // The response itself may be the list; then there is nothing beside it.
        let bare: Vec<_> = (0..=depth).rev().flat_map(|depth| lists.iter().filter(whole(depth))).collect();
        let is_bare = !bare.is_empty();
        let beside = lists.iter().filter(|list| list.depth == depth && is_list_of_objects(list.text));
        let mut found = if is_bare { bare } else { beside.collect() };
        let next = match lenient::member(&inside, "nextPageToken") {
            None | Some(Value::Null) => None,
            Some(Value::String(token)) => Some(token.clone()).filter(|token| !token.trim().is_empty()),
            Some(token) => Some(token.to_string()),
        };
        match (found.pop(), found.is_empty()) {
            (Some(list), true) => {
                let limit = RowLimit { asked, announced: None };
                Ok(Self { rows: rows::read_rows(list.text, limit)?, next })
            }
            _ => Err(Cause::new("expected exactly one list of groups in the response")),
        }
    }
}

/// Whether a list of this name may be the one of the rows.
fn may_be_rows(name: &str) -> bool {
    !["message", "appStatusCode", "httpStatusCode", "nextPageToken"].iter().any(|it| it.eq_ignore_ascii_case(name))
}
