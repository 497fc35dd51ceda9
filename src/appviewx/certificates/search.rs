//! `POST /certificate/search`.

use std::collections::HashSet;
use std::fmt;

use serde_json::{Map, Value};

use super::certificate::Certificate;
use super::handle::Certificates;
use super::search_pages::{RowFilter, SearchPages};
use super::search_terms::{CertificateCategory, Keyword, SortOrder};
use crate::appviewx::types::ResourceId;
use crate::appviewx::vendor::{AppViewX, Error};
use crate::named_values::{NamedValue, NamedValues};
use crate::operation::{List, ListBuilder, PageCaller, PageSettings, Pages};
use crate::validation::{LONGEST_NAME, LONGEST_TEXT, Problems, Reason};

impl Certificates {
    /// Searches certificates.
    ///
    /// **What a search finds is for the server to say**: whether its terms are compared as a whole, as a part or
    /// without regard to case is undocumented by the vendor. Compare what you act on yourself, or have it compared:
    /// [`common_name_is`](ListBuilder::common_name_is) and [`in_group`](ListBuilder::in_group) do. What this
    /// crate acts on, it compares exactly.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeAppViewX::start().await;
    /// # fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// # fake.set_member("67bc2ca76a105e1a05691c1c", "commonName", "www.example.com");
    /// # let appviewx = fake.client();
    /// use clm::appviewx::Keyword;
    ///
    /// let search = appviewx.certificates().search().keyword(Keyword::SubjectCommonName, "www.example.com");
    /// let mut rows = search.common_name_is("www.example.com").in_group("web-servers").rows()?;
    /// let mut ids = Vec::new();
    /// while let Some(certificate) = rows.next().await {
    ///     ids.extend(certificate?.resource_id);
    /// }
    /// appviewx.certificate_groups().unassign(ids).send().await?.require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /certificate/search`, page by page.
    /// - **Permissions:** to view the certificate inventory of each category (assumed: what could be read of the page
    ///   does not say).
    /// - **Arguments:** none is required. Without [`category`](ListBuilder::category) the server searches server
    ///   certificates. A field that was set to nothing, an id that none can be, a comma in the name of a category, and
    ///   one keyword with two texts are refused; so are names of more than 1,000 and texts of more than 32,767 characters. A page size of 0 counts as 1; a server that gives fewer rows than were
    ///   asked for is asked for the rest.
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error); `Lookup` for pages that are not those that
    ///   were asked for, and, after the rows, for a list that ends before or after the total that the server names or
    ///   whose pages overlap. "No records", as 200 or as 404, is an empty list.
    /// - **Undocumented by the vendor:** how terms are compared; the greatest page size; whether pages have a stable
    ///   order. That `start` counts rows from 1 is **assumed** from the vendor's clients and checked where the answer
    ///   says.
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory".
    pub fn search(&self) -> ListBuilder<CertificateSearch> {
        ListBuilder::new(self.caller.clone(), CertificateSearch::default())
    }
}

/// A search for certificates; see [`Certificates::search`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CertificateSearch {
    categories: Vec<CertificateCategory>,
    resource_id: Option<ResourceId>,
    free_text: Option<String>,
    keywords: NamedValues<String>,
    sort: Option<(String, SortOrder)>,
    filter: RowFilter,
}

impl ListBuilder<CertificateSearch> {
    /// Searches this category, beside those that were named before. Several are sent as a list with commas, which the
    /// page of version 2026.1 allows and older ones do not mention.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::CertificateCategory;
    ///
    /// let mut rows = appviewx.certificates().search().category(CertificateCategory::Client).rows()?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.common_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn category(mut self, category: CertificateCategory) -> Self {
        self.list().categories.push(category);
        self
    }

    /// Asks for the certificate of this id. Whether the server compares the whole of it is undocumented by
    /// the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows = appviewx.certificates().search().resource_id("67bc2ca76a105e1a05691c1c").rows()?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.common_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn resource_id(mut self, id: impl Into<ResourceId>) -> Self {
        self.list().resource_id = Some(id.into());
        self
    }

    /// Searches all fields for this text.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows = appviewx.certificates().search().free_text("example.com").rows()?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.common_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn free_text(mut self, text: impl Into<String>) -> Self {
        self.list().free_text = Some(text.into());
        self
    }

    /// Searches a field, one of the documented ones or any other by its name: `.keyword("certcn", "www.example.com")`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Keyword;
    ///
    /// let mut rows = appviewx.certificates().search().keyword(Keyword::SubjectCommonName, "www.example.com").rows()?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.common_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn keyword(mut self, field: impl Into<Keyword>, text: impl Into<String>) -> Self {
        self.list().keywords.add(field.into().as_str().to_owned(), text.into());
        self
    }

    /// Gives only rows whose group has exactly this name. **The filter is the client's own**: no key for the group is
    /// documented, so that the server sends all rows, and [`Rows::total`](crate::Rows::total) counts them all. After
    /// [`max_lookup_pages`](crate::ClientBuilder::max_lookup_pages) pages in a row without such a row, 100,000 rows by default, the
    /// search ends with `Lookup`, so that nobody waits for ever; set a higher limit, or a larger page, for larger inventories.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows = appviewx.certificates().search().in_group("web-servers").rows()?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.common_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn in_group(mut self, name: impl Into<String>) -> Self {
        self.list().filter.group = Some(name.into());
        self
    }

    /// Gives only rows whose common name is exactly this one, but for the case of ASCII letters. **The filter is the
    /// client's own**, since a keyword of the server's may find parts of names: set
    /// [`Keyword::SubjectCommonName`] beside it, so that the server need not send all rows. Pages without such a row are limited
    /// as those of [`in_group`](Self::in_group) are.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows = appviewx.certificates().search().common_name_is("www.example.com").rows()?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.common_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn common_name_is(mut self, name: impl Into<String>) -> Self {
        self.list().filter.common_name = Some(name.into());
        self
    }

    /// Sorts by a column. Seen in use are `commonName` and `requestIds`. Without it, none is sent, and the order is
    /// the server's.
    pub fn sort_by(mut self, column: impl Into<String>, order: SortOrder) -> Self {
        self.list().sort = Some((column.into(), order));
        self
    }
}

impl List for CertificateSearch {
    type Vendor = AppViewX;
    type Row = Certificate;

    fn check(&mut self, page: &mut PageSettings, problems: &mut Problems) {
        page.page_size = page.page_size.max(1);
        let mut named = HashSet::new();
        self.categories.retain(|category| named.insert(category.clone()));
        self.check_terms(problems);
    }

    fn pages(self, pages: PageCaller<AppViewX>) -> impl Pages<Row = Certificate, Error = Error> {
        SearchPages::new(pages, self.input(), self.sort, self.filter)
    }
}

impl CertificateSearch {
    fn check_terms(&self, problems: &mut Problems) {
        for (index, category) in self.categories.iter().enumerate() {
            let field = format!("category[{index}]");
            check_text(category.as_str(), &field, LONGEST_NAME, problems);
            if category.as_str().contains(',') {
                problems.add(field, Reason::Conflict, "a comma makes two of it; name several one by one");
            }
        }
        if let Some(id) = &self.resource_id {
            id.check("resource_id", problems);
        }
        let sort = self.sort.as_ref().map(|(column, _)| column);
        for (field, text, limit) in [
            ("free_text", self.free_text.as_ref(), LONGEST_TEXT),
            ("in_group", self.filter.group.as_ref(), LONGEST_NAME),
            ("common_name_is", self.filter.common_name.as_ref(), LONGEST_NAME),
            ("sort_by", sort, LONGEST_NAME),
        ] {
            if let Some(text) = text {
                check_text(text, field, limit, problems);
            }
        }
        for (index, NamedValue { name, value: text, is_conflict }) in self.keywords.in_order().enumerate() {
            if name.chars().count() > LONGEST_NAME {
                problems.check_length(format_args!("keyword[{index}]"), name, LONGEST_NAME);
                continue;
            }
            let field = format_args!("keyword[{name:?}]");
            check_text(name, field, LONGEST_NAME, problems);
            check_text(text, field, LONGEST_TEXT, problems);
            if is_conflict {
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
            let keywords = self.keywords.last_of_each().map(|(name, text)| (name.to_owned(), text.as_str().into()));
            input.insert("keywordSearch".to_owned(), Value::Object(keywords.collect()));
        }
        Value::Object(input)
    }
}

/// An unset variable must not become a search for everything.
fn check_text(text: &str, field: impl fmt::Display, limit: usize, problems: &mut Problems) {
    problems.check_length(&field, text, limit);
    if text.trim().is_empty() {
        problems.add(field, Reason::Blank, "it is empty (an unset variable, perhaps); to filter nothing, leave it out");
    }
}
