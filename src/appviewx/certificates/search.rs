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
    /// **Do not rely on how the server matches search terms.** It may match whole values or parts, with or without
    /// regard to case. Check the rows before you act on them, or let [`common_name_is`](ListBuilder::common_name_is),
    /// [`common_name_ends_with`](ListBuilder::common_name_ends_with) and [`in_group`](ListBuilder::in_group) filter
    /// them. The crate's own workflows compare exactly.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeAppViewX::start().await;
    /// # fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// # fake.set_member("67bc2ca76a105e1a05691c1c", "commonName", "www.example.com");
    /// # let appviewx = fake.client();
    /// use clm::appviewx::Keyword;
    ///
    /// let search =
    ///     appviewx.certificates().search().keyword(Keyword::SubjectCommonName, "www.example.com");
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
    /// - **Permissions:** the right to view the certificate inventory of each category (assumed: the readable part of
    ///   the vendor's page does not say).
    /// - **Arguments:** none is required. Without [`category`](ListBuilder::category) the server searches server
    ///   certificates. Validation rejects empty values, invalid resource ids, a comma in a category name, one keyword
    ///   with two texts, names of more than 1,000 characters and texts of more than 32,767 characters. A page size of 0
    ///   is treated as 1. If the server returns fewer rows than requested, the rest is requested as well.
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error); `Lookup` if a page is not the requested one,
    ///   and, after the last row, if the number of rows differs from the server's total or pages overlapped. "No
    ///   records", with status 200 or 404, is an empty list.
    /// - **Undocumented by the vendor:** how terms are matched (whole values or parts, case); the maximum page size;
    ///   whether pages have a stable order. That `start` counts rows from 1 is **assumed** from the vendor's clients,
    ///   and checked where the response states it.
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory".
    pub fn search(&self) -> ListBuilder<CertificateSearch> {
        ListBuilder::new(self.caller.clone(), CertificateSearch::default())
    }
}

/// A request to search certificates; see [`Certificates::search`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::ListBuilder;
/// use clm::appviewx::{CertificateSearch, SortOrder};
///
/// let search: ListBuilder<CertificateSearch> = appviewx.certificates().search();
/// let rows = search.in_group("web-servers").sort_by("validTo", SortOrder::Ascending).rows()?;
/// println!("{} certificates", rows.collect().await?.len());
/// # Ok(()) }
/// ```
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
    /// Adds a category to search. Several categories are sent as a comma-separated list, which the vendor's page for
    /// version 2026.1 allows and older pages do not mention.
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

    /// Searches for a resource id. Whether the server matches the whole id is undocumented by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows =
    ///     appviewx.certificates().search().resource_id("67bc2ca76a105e1a05691c1c").rows()?;
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

    /// Searches one field, a documented one or any other by name: `.keyword("certcn", "www.example.com")`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::Keyword;
    ///
    /// let mut rows = appviewx
    ///     .certificates()
    ///     .search()
    ///     .keyword(Keyword::SubjectCommonName, "www.example.com")
    ///     .rows()?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.common_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn keyword(mut self, field: impl Into<Keyword>, text: impl Into<String>) -> Self {
        self.list().keywords.add(field.into().as_str().to_owned(), text.into());
        self
    }

    /// Returns only rows whose group has exactly this name. **The client applies this filter**: no search key for the
    /// group is documented, so the server sends all rows, and [`Rows::total`](crate::Rows::total) counts all of them.
    /// The search ends with a `Lookup` error after [`max_lookup_pages`](crate::ClientBuilder::max_lookup_pages)
    /// consecutive pages without a match, which is 100,000 rows by default. For larger inventories, raise this limit or
    /// the page size.
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

    /// Returns only rows with exactly this common name, ignoring ASCII case. **The client applies this filter**,
    /// because the server's keyword search may match parts of names. Set [`Keyword::SubjectCommonName`] as well, so
    /// that the server does not send all rows. The limit on consecutive pages without a match is that of
    /// [`in_group`](Self::in_group).
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

    /// Returns only rows whose common name ends with this text, ignoring ASCII case. Start the text with a dot:
    /// `.shop.example.com` matches `www.shop.example.com`, whereas `shop.example.com` also matches
    /// `workshop.example.com`. **The client applies this filter.** The limit on consecutive pages without a match is
    /// that of [`in_group`](Self::in_group).
    ///
    /// Without a keyword the server sends all rows of the [`category`](Self::category), so no certificate is missed.
    /// With a keyword it sends fewer, but a server that matches whole values would not find the end of a name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeAppViewX::start().await;
    /// # for (id, name) in [("67bc2ca7", "www.shop.example.com"), ("67bc2ca8", "workshop.example.com")] {
    /// #     fake.add_certificate(id, "web-servers");
    /// #     fake.set_member(id, "commonName", name);
    /// # }
    /// # let appviewx = fake.client();
    /// let search = appviewx.certificates().search().common_name_ends_with(".shop.example.com");
    /// let rows = search.rows()?.collect().await?;
    /// assert_eq!(rows.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn common_name_ends_with(mut self, end: impl Into<String>) -> Self {
        self.list().filter.common_name_end = Some(end.into());
        self
    }

    /// Sorts by a column. The vendor's clients use `commonName` and `requestIds`. By default no column is sent and the
    /// server chooses the order.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::SortOrder;
    ///
    /// let search = appviewx.certificates().search().sort_by("commonName", SortOrder::Ascending);
    /// let rows = search.rows()?.collect().await?;
    /// # Ok(()) }
    /// ```
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
                problems.add(field, Reason::Conflict, "must not contain a comma; add each category separately");
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
            ("common_name_ends_with", self.filter.common_name_end.as_ref(), LONGEST_NAME),
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
                problems.add(field, Reason::Conflict, "is set twice to different values");
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
        problems.add(field, Reason::Blank, "must not be empty (possibly an unset variable); omit it for no filter");
    }
}
