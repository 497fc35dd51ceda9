//! Lists: what every one of them can be told, and where its rows come from.

use std::fmt;

use super::{Caller, Error, Lookup, LookupLimit, Operation, Pages, RequestBuilder, Rows, Vendor};
use crate::transport::RetryPolicy;
use crate::validation::{Problems, ValidationError};

/// A documented call that returns a paged list.
pub trait List: Clone + fmt::Debug + Send + Sync + 'static {
    /// Whose call it is.
    type Vendor: Vendor;
    /// What the rows are.
    type Row: Send + 'static;

    /// Rows asked for at once, unless told otherwise.
    const PAGE_SIZE: u32 = 100;

    /// Adds every problem with the request, its page size among them.
    fn check(&mut self, page: &mut PageSettings, problems: &mut Problems);

    /// The pages, once the list was checked.
    fn pages(self, pages: PageCaller<Self::Vendor>) -> impl Pages<Row = Self::Row, Error = Error<Self::Vendor>>;
}

/// What every list can be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageSettings {
    /// Rows asked for at once.
    pub(crate) page_size: u32,
    /// Instead of the client's.
    retry_policy: Option<RetryPolicy>,
    /// The look-up that the list is a part of.
    lookup: Option<Lookup>,
}

/// Sends the request of each page.
#[derive(Debug)]
pub struct PageCaller<V: Vendor> {
    caller: Caller<V>,
    pub(crate) settings: PageSettings,
    /// How many pages were read.
    pages: u32,
}

impl<V: Vendor> PageCaller<V> {
    /// Reads one page.
    pub(crate) async fn read<O: Operation<Vendor = V>>(&mut self, page: O) -> Result<O::Outcome, Error<V>> {
        let mut request = RequestBuilder::new(self.caller.clone(), page);
        if let Some(policy) = self.settings.retry_policy {
            request = request.retry_policy(policy);
        }
        let page = match self.settings.lookup {
            Some(lookup) => {
                let list = request.call_name();
                self.caller.check_runtime(|| list.clone())?;
                lookup.read_page(&list, self.pages, request.send_alone()).await?
            }
            None => request.send().await?,
        };
        self.pages = self.pages.saturating_add(1);
        Ok(page)
    }

    /// Against lists without an end whose caller waits for a row that a filter of the client's takes: an error once so many
    /// pages in a row gave none as a look-up may read.
    pub(crate) fn check_fruitless(&self, list: &str, pages: u32) -> Result<(), Error<V>> {
        let (_, limit) = self.caller.transport().lookup_limits();
        if pages < limit { Ok(()) } else { Err(LookupLimit::Pages(limit).reached::<V>(list.to_owned(), pages)) }
    }
}

/// Builds a list request. Setters add optional parts. [`rows`](Self::rows) checks the request and returns the rows.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// let list = keyfactor.certificate_stores().list(Query::field("Approved").eq(true));
/// let stores = list.page_size(100).rows()?.collect().await?;
/// # assert!(!stores.is_empty());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until the first row is requested"]
pub struct ListBuilder<L: List> {
    caller: Caller<L::Vendor>,
    list: L,
    settings: PageSettings,
}

impl<L: List> ListBuilder<L> {
    pub(crate) fn new(caller: Caller<L::Vendor>, list: L) -> Self {
        Self { caller, list, settings: PageSettings { page_size: L::PAGE_SIZE, retry_policy: None, lookup: None } }
    }

    /// Sets the number of rows per page. Default 100. The operation's documentation states its limits. If the server
    /// returns fewer rows on the first page although there are more, later pages use that smaller size.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let rows = keyfactor
    ///     .certificate_stores()
    ///     .list(Query::all())
    ///     .page_size(500)
    ///     .rows()?
    ///     .collect()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn page_size(mut self, rows: u32) -> Self {
        self.settings.page_size = rows;
        self
    }

    /// Sets the retry policy for the call of each page. Overrides the client's policy.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::RetryPolicy;
    ///
    /// let rows = appviewx
    ///     .certificates()
    ///     .search()
    ///     .retry_policy(RetryPolicy::none())
    ///     .rows()?
    ///     .collect()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.settings.retry_policy = Some(policy);
        self
    }

    /// Checks the request and returns the rows. Nothing is sent until the first row is requested.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let mut rows = keyfactor.certificate_stores().list(Query::all()).rows()?;
    /// while let Some(store) = rows.next().await {
    ///     println!("{:?}", store?.store_path);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ValidationError`] with all problems and their fields. Errors of the calls are returned by the rows.
    pub fn rows(mut self) -> Result<Rows<L::Row, Error<L::Vendor>>, ValidationError> {
        let mut problems = Problems::default();
        self.list.check(&mut self.settings, &mut problems);
        problems.finish()?;
        let Self { caller, list, settings } = self;
        Ok(Rows::of(list.pages(PageCaller { caller, settings, pages: 0 })))
    }

    /// Reads it as a part of a look-up, within the limits of that.
    pub(crate) fn within(mut self, lookup: Lookup) -> Self {
        self.settings.lookup = Some(lookup);
        self
    }

    /// What is asked for, for the setters of one list.
    pub(crate) fn list(&mut self) -> &mut L {
        &mut self.list
    }
}
