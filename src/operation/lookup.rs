//! Look-ups: lists that are read before something is decided or sent. They are bounded in time and in pages.

use std::fmt;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Caller, Error, Vendor};
use crate::error_report::counted;
use crate::transport::CallName;

/// A look-up that is under way. Each inventory of a call is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Lookup {
    ends: Instant,
    /// For all of its lists together.
    deadline: Duration,
    /// For each of its lists.
    pages: u32,
}

impl Lookup {
    /// Begins now, with the limits of the client.
    pub(crate) fn begin<V: Vendor>(caller: &Caller<V>) -> Self {
        let (deadline, pages) = caller.transport().lookup_limits();
        let now = Instant::now();
        // A limit beyond what a clock can show is none.
        let ends = now.checked_add(deadline).unwrap_or_else(|| now + Duration::from_secs(365 * 24 * 60 * 60));
        Self { ends, deadline, pages }
    }

    /// Reads the page after so many pages of a list.
    pub(super) async fn read_page<T, V: Vendor>(
        self,
        list: &CallName,
        pages: u32,
        page: impl Future<Output = Result<T, Error<V>>>,
    ) -> Result<T, Error<V>> {
        let reached = |limit: LookupLimit| Err(limit.reached::<V>(list.to_string(), pages));
        if pages >= self.pages {
            return reached(LookupLimit::Pages(self.pages));
        }
        let read = timeout_at(self.ends, page).await;
        read.unwrap_or_else(|_| reached(LookupLimit::Deadline(self.deadline)))
    }
}

/// A look-up reached a limit before it was complete. No change was sent.
///
/// Look-ups are lists that are read as part of another call: before a removal with an expected thumbprint, for a plan,
/// in `locations_of`, or to find the group of a certificate. The client settings
/// [`lookup_deadline`](crate::ClientBuilder::lookup_deadline) and
/// [`max_lookup_pages`](crate::ClientBuilder::max_lookup_pages) limit them. They do not apply to lists that you read
/// row by row, except that in a search with a client-side filter `max_lookup_pages` limits the number of consecutive
/// pages without a match.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Error, LookupError};
///
/// # let builder = clm::keyfactor::Client::builder(scene.keyfactor.url()).credentials(scene.keyfactor.credentials());
/// # scene.keyfactor.hide_total_count();
/// # let keyfactor = builder.max_lookup_pages(1).build()?;
/// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await;
/// if let Err(Error::Lookup(error)) = located
///     && let LookupError::LimitReached(reached) = *error
/// {
///     eprintln!("{} after {} page(s): {}", reached.list(), reached.pages(), reached.limit());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{list}: the look-up stopped after {}: {limit}", counted(*pages as usize, "page"))]
pub struct LookupLimitReached {
    list: String,
    limit: LookupLimit,
    pages: u32,
}

impl LookupLimitReached {
    /// Creates the error for a limit that was reached after this number of pages of a list, for example `GET
    /// /Certificates`. For tests without a server. Feature `testing`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use clm::{LookupLimit, LookupLimitReached};
    ///
    /// let reached = LookupLimitReached::new("GET /Certificates", LookupLimit::Pages(1_000), 1_000);
    /// println!("{reached}");
    /// # }
    /// ```
    #[cfg(feature = "testing")]
    pub fn new(list: impl Into<String>, limit: LookupLimit, pages: u32) -> Self {
        Self { list: list.into(), limit, pages }
    }

    /// The limit that was reached.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use clm::{LookupLimit, LookupLimitReached};
    ///
    /// let reached = LookupLimitReached::new("GET /Certificates", LookupLimit::Pages(1_000), 1_000);
    /// assert!(matches!(reached.limit(), LookupLimit::Pages(1_000)));
    /// # }
    /// ```
    #[must_use]
    pub fn limit(&self) -> LookupLimit {
        self.limit
    }

    /// The list that was being read, as method and path: `GET /CertificateStores/{id}/Inventory`.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use clm::{LookupLimit, LookupLimitReached};
    ///
    /// let reached = LookupLimitReached::new("GET /Certificates", LookupLimit::Pages(1_000), 1_000);
    /// assert_eq!(reached.list(), "GET /Certificates");
    /// # }
    /// ```
    #[must_use]
    pub fn list(&self) -> &str {
        &self.list
    }

    /// The number of pages that were read.
    ///
    /// ```
    /// # #[cfg(feature = "testing")] {
    /// use clm::{LookupLimit, LookupLimitReached};
    ///
    /// let reached = LookupLimitReached::new("GET /Certificates", LookupLimit::Pages(1_000), 1_000);
    /// assert_eq!(reached.pages(), 1_000);
    /// # }
    /// ```
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.pages
    }
}

/// A limit on look-ups.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::{LookupLimit, LookupLimitReached};
///
/// fn setting_to_raise(reached: &LookupLimitReached) -> &'static str {
///     match reached.limit() {
///         LookupLimit::Deadline(_) => "lookup_deadline",
///         LookupLimit::Pages(_) => "max_lookup_pages",
///         _ => "unknown",
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LookupLimit {
    /// The time for all lists of one look-up. Each store's inventory is a separate look-up. See
    /// [`lookup_deadline`](crate::ClientBuilder::lookup_deadline).
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    /// use clm::{LookupLimit, LookupLimitReached};
    ///
    /// let limit = LookupLimit::Deadline(Duration::from_secs(60));
    /// let reached = LookupLimitReached::new("GET /CertificateStores/{id}/Inventory", limit, 12);
    /// if let LookupLimit::Deadline(time) = reached.limit() {
    ///     eprintln!("{time:?} was not enough for {}: raise `lookup_deadline`", reached.list());
    /// }
    /// # Ok(()) }
    /// ```
    Deadline(Duration),
    /// The number of pages of one list.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::{LookupLimit, LookupLimitReached};
    ///
    /// let reached = LookupLimitReached::new("GET /Certificates", LookupLimit::Pages(1_000), 1_000);
    /// if let LookupLimit::Pages(pages) = reached.limit() {
    ///     eprintln!(
    ///         "{pages} pages were not enough for {}: raise `max_lookup_pages`",
    ///         reached.list()
    ///     );
    /// }
    /// # Ok(()) }
    /// ```
    Pages(u32),
}

impl LookupLimit {
    /// It was met after so many pages of this list.
    pub(super) fn reached<V: Vendor>(self, list: String, pages: u32) -> Error<V> {
        Error::Lookup(Box::new(V::LookupError::from(LookupLimitReached { list, limit: self, pages })))
    }
}

impl fmt::Display for LookupLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deadline(limit) => write!(
                f,
                "it exceeded its deadline of {limit:?} (`lookup_deadline`), which includes waiting for \
                 `max_concurrent_tries`"
            ),
            Self::Pages(limit) => write!(f, "it reached the limit of {limit} (`max_lookup_pages`)"),
        }
    }
}
