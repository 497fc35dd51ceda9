//! Reads whose result is unreliable.

use crate::lenient::one_line;
use crate::operation::LookupLimitReached;

/// The result of a read is unreliable or is not what was requested. Nothing was changed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::{Error, LookupError};
///
/// let read = appviewx.certificates().search().in_group("web-servers").rows()?.collect().await;
/// match read {
///     Ok(rows) => println!("{} certificates", rows.len()),
///     Err(Error::Lookup(error)) => match *error {
///         LookupError::OtherTotal { .. } | LookupError::RepeatedRows { .. } => {
///             eprintln!("read it again: {error}")
///         }
///         other => return Err(other.into()),
///     },
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// A page contained only rows of the previous page. The server does not page, or the order is not stable.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// # let objects = clm::serde_json::json!([{"resourceId": "a"}, {"resourceId": "b"}]);
    /// # let body = clm::serde_json::json!({"response": {"response": {"objects": objects, "totalRecords": 9}}});
    /// scene.appviewx.refuse_next(FakeAnswer::status(200).json(body), 2);
    /// let read = appviewx.certificates().search().page_size(2).rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::RepeatedPage { page } = *error
    /// {
    ///     eprintln!(
    ///         "page {page} repeats the one before: sort the search by a column, or use a larger page size"
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("page {page} of the list repeats the previous page: the list cannot be read to its end")]
    RepeatedPage {
        /// The page number, counted from 1.
        page: u32,
    },
    /// The server reports a different range of rows than the requested one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// # let page = |first: &str, start: u32| clm::serde_json::json!({"response": {"response": {
    /// # "objects": [{"resourceId": first}, {"resourceId": format!("{first}2")}], "totalRecords": 9,
    /// # "obtainedRecordRange": {"start": start.to_string(), "end": start + 1}}}});
    /// # let (first_page, other_page) = (page("a", 1), page("b", 6));
    /// scene.appviewx.refuse_next(FakeAnswer::status(200).json(first_page), 1);
    /// scene.appviewx.refuse_next(FakeAnswer::status(200).json(other_page), 1);
    /// let read = appviewx.certificates().search().page_size(2).rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::OtherRange { asked, start, .. } = *error
    /// {
    ///     eprintln!(
    ///         "rows from {asked} were requested, but the server sent rows from {start}: rows would be missing"
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error(
        "rows from {asked} on were requested and {rows} were received, but the server numbers them {start} to \
             {end}"
    )]
    OtherRange {
        /// The first requested row, counted from 1.
        asked: u64,
        /// The number of rows received.
        rows: u64,
        /// The first row, as reported by the server.
        start: u64,
        /// The last row, as reported by the server.
        end: u64,
    },
    /// The number of rows differs from the server's total. The list changed while it was read, or rows are missing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// # let objects = clm::serde_json::json!([{"resourceId": "a"}]);
    /// # let body = clm::serde_json::json!({"response": {"response": {"objects": objects, "totalRecords": 0}}});
    /// scene.appviewx.refuse_next(FakeAnswer::status(200).json(body), 1);
    /// let read = appviewx.certificates().search().rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::OtherTotal { rows, total } = *error
    /// {
    ///     eprintln!("{rows} rows came, but the server counts {total}: read the list again");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the list ended after {rows} rows, but the server reports a total of {total}")]
    OtherTotal {
        /// The number of rows received.
        rows: u64,
        /// The total that the server reported last.
        total: u64,
    },
    /// Consecutive pages contained the same rows. The order is not stable, or the list changed while it was read, so
    /// other rows may be missing.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// # let page = |ids: &[&str]| clm::serde_json::json!({"response": {"response": {
    /// # "objects": ids.iter().map(|id| clm::serde_json::json!({"resourceId": id})).collect::<Vec<_>>(), "totalRecords": 4}}});
    /// for ids in [&["a", "b"][..], &["b", "c"], &[]] {
    ///     scene.appviewx.refuse_next(FakeAnswer::status(200).json(page(ids)), 1);
    /// }
    /// let read = appviewx.certificates().search().page_size(2).rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::RepeatedRows { rows, repeated } = *error
    /// {
    ///     eprintln!(
    ///         "{repeated} of {rows} rows came twice, so others may be missing: sort the search by a column"
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("{repeated} of the {rows} rows of the list were received twice: others may be missing")]
    RepeatedRows {
        /// The number of rows received.
        rows: u64,
        /// How many of them were also on the previous page.
        repeated: u64,
    },
    /// A page token led back to a page that was already read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// # let groups = clm::serde_json::json!([{"name": "web-servers"}]);
    /// # let body = clm::serde_json::json!({"response": {"groups": groups, "nextPageToken": "1"}});
    /// scene.appviewx.refuse_next(FakeAnswer::status(200).json(body), 2);
    /// let read = appviewx.certificate_groups().list().rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::RepeatedToken { page } = *error
    /// {
    ///     eprintln!(
    ///         "page {page} leads back to an earlier page: the groups cannot be listed completely"
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("page {page} of the list leads back to a page that was already read: the list cannot be read to its end")]
    RepeatedToken {
        /// The page number, counted from 1.
        page: u32,
    },
    /// The token of the next page exceeds the limit. It may grow from page to page.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// # let groups = clm::serde_json::json!([{"name": "web-servers"}]);
    /// # let body = clm::serde_json::json!({"response": {"groups": groups, "nextPageToken": "1".repeat(9_000)}});
    /// scene.appviewx.refuse_next(FakeAnswer::status(200).json(body), 1);
    /// let read = appviewx.certificate_groups().list().rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::TokenTooLong { page, length, limit } = *error
    /// {
    ///     eprintln!(
    ///         "page {page} has a token of {length} bytes, and the limit is {limit}: read the group with `view`"
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("page {page} of the list has a next-page token of {length} bytes; at most {limit} are accepted")]
    TokenTooLong {
        /// The page number, counted from 1.
        page: u32,
        /// The length of the token in bytes.
        length: usize,
        /// The maximum length in bytes.
        limit: usize,
    },
    /// Too many consecutive pages were empty.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, LookupError};
    /// # use clm::testing::FakeAnswer;
    ///
    /// # for token in 0..100 {
    /// # let body = clm::serde_json::json!({"response": {"groups": [], "nextPageToken": token.to_string()}});
    /// # scene.appviewx.refuse_next(FakeAnswer::status(200).json(body), 1);
    /// # }
    /// let read = appviewx.certificate_groups().list().rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::EmptyPages { pages } = *error
    /// {
    ///     eprintln!("{pages} empty pages in a row: read the group with `view`");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the list does not seem to end: received {pages} consecutive pages without rows")]
    EmptyPages {
        /// The number of consecutive empty pages.
        pages: u32,
    },
    /// A look-up reached a limit of the client before it was complete.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Client, Error, LookupError};
    ///
    /// let builder = Client::builder(scene.appviewx.url()).credentials(scene.appviewx.credentials());
    /// let appviewx = builder.max_lookup_pages(1).build()?;
    /// let search =
    ///     appviewx.certificates().search().page_size(1).common_name_is("no-such-name.example.com");
    /// let read = search.rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::LimitReached(reached) = *error
    /// {
    ///     eprintln!(
    ///         "{} page(s) without a match: narrow the search, or raise `max_lookup_pages`",
    ///         reached.pages()
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error(transparent)]
    LimitReached(#[from] LookupLimitReached),
    /// A search for one certificate was stopped because it returned too many others. The server seems to ignore the
    /// search term.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, GroupMembership, LookupError};
    ///
    /// # for number in 0..1_001 { scene.appviewx.add_certificate(format!("0{number}"), "web-servers"); }
    /// # let id = "67bc2ca76a105e1a05691fff";
    /// scene.appviewx.ignore_search_terms();
    /// let confirmation =
    ///     appviewx.certificate_groups().confirm_group([id], "web-servers").send().await?;
    /// if let Some(GroupMembership::Unreadable(error)) = confirmation.of(id)
    ///     && let Error::Lookup(error) = &**error
    ///     && let LookupError::TooManyRows { rows } = **error
    /// {
    ///     eprintln!("{id} is not among {rows} rows: the server seems to ignore the search term");
    /// # } else { panic!("another end: {confirmation:?}");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the certificate is not among the first {rows} rows of a search for its id")]
    TooManyRows {
        /// The number of rows received.
        rows: u64,
    },
    /// Two rows of the same certificate name different groups.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, GroupMembership, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// # let id = "67bc2ca76a105e1a05691c1c";
    /// let rows = clm::serde_json::json!([{"resourceId": id, "group": "web"}, {"resourceId": id, "group": "dmz"}]);
    /// # let body = clm::serde_json::json!({"response": {"response": {"objects": rows, "totalRecords": 2}}});
    /// scene.appviewx.refuse_next(FakeAnswer::status(200).json(body), 1);
    /// let confirmation = appviewx.certificate_groups().confirm_group([id], "web").send().await?;
    /// if let Some(GroupMembership::Unreadable(error)) = confirmation.of(id)
    ///     && let Error::Lookup(error) = &**error
    ///     && let LookupError::TwoGroups { first, second } = &**error
    /// {
    ///     eprintln!("{id} is in {first} or in {second}: look it up in AppViewX");
    /// # } else { panic!("another end: {confirmation:?}");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the server names two groups for the certificate: {} and {}", one_line(.first), one_line(.second))]
    TwoGroups {
        /// One group.
        first: String,
        /// The other one.
        second: String,
    },
    /// The response is about a different group than the requested one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// let body = clm::serde_json::json!({"response": {"name": "web-servers-2"}});
    /// scene.appviewx.refuse_next(FakeAnswer::status(200).json(body), 1);
    /// let read = appviewx.certificate_groups().view("web-servers").send().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::OtherGroup { asked, answered } = *error
    /// {
    ///     eprintln!("{asked} was requested, but the server sent {answered}: nothing of it is used");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the server returned the group {}, but {} was requested", one_line(.answered), one_line(.asked))]
    OtherGroup {
        /// The requested name.
        asked: String,
        /// The name in the response.
        answered: String,
    },
}
