//! Lists that are read page by page.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_core::Stream;

/// The rows of a list. Pages are requested as the rows are consumed. It implements `Stream`; [`next`](Self::next) and
/// [`collect`](Self::collect) work without an additional crate.
///
/// Lists are paged by offset, so rows can be repeated or missed if the list changes while it is read. An error ends the
/// list. If the list ends with fewer rows than the server's total, an error follows the last row.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// let mut rows = keyfactor.certificate_stores().list(Query::all()).rows()?;
/// while let Some(store) = rows.next().await {
///     println!("{}", store?.id);
/// }
/// println!("{} of {:?}", rows.received(), rows.total());
/// # Ok(()) }
/// ```
#[must_use = "nothing is sent until the first row is requested"]
pub struct Rows<T, E> {
    stream: Pin<Box<dyn Stream<Item = Result<T, E>> + Send>>,
    count: Count,
}

/// How long a list is: what the server says, and what came. The pages set it, the list shows it.
#[derive(Clone, Debug, Default)]
pub struct Count(Arc<Mutex<Counted>>);

#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    received: u64,
    announced: Option<Announced>,
    is_without_content: bool,
}

/// How many rows there are, as the server said. Others may change the list while it is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Announced {
    pub(crate) last: u64,
    pub(crate) least: u64,
    pub(crate) most: u64,
}

impl Count {
    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server says that there are so many.
    pub(crate) fn announce(&self, total: u64) {
        let mut counted = self.lock();
        let Announced { least, most, .. } =
            counted.announced.unwrap_or(Announced { last: total, least: total, most: total });
        counted.announced = Some(Announced { last: total, least: least.min(total), most: most.max(total) });
    }

    /// So many rows came that had not come before.
    pub(crate) fn receive(&self, rows: u64) {
        self.lock().received += rows;
    }

    /// The first page came without any content, not even an empty list.
    pub(crate) fn set_without_content(&self) {
        self.lock().is_without_content = true;
    }

    pub(crate) fn received(&self) -> u64 {
        self.lock().received
    }

    /// Whether as many rows came as the server says there are.
    pub(crate) fn is_reached(&self) -> bool {
        let Counted { received, announced, .. } = *self.lock();
        announced.is_some_and(|announced| received >= announced.least)
    }

    pub(crate) fn announced(&self) -> Option<Announced> {
        self.lock().announced
    }
}

/// Where the rows of a list come from.
pub trait Pages: Send + 'static {
    type Row: Send;
    type Error: Send;

    /// The rows of the next page, of which there may be none; `None` at the end of the list.
    fn next_page(&mut self) -> impl Future<Output = Result<Option<Vec<Self::Row>>, Self::Error>> + Send;

    /// How many rows there are and came. The pages keep it up to date.
    fn count(&self) -> Count {
        Count::default()
    }
}

/// Where the reading of a list is. Only the reading of a page is a future: to hand out a row that was read costs little.
struct Position<P: Pages> {
    rows: std::vec::IntoIter<P::Row>,
    stage: Stage<P>,
}

enum Stage<P: Pages> {
    /// The next page is to be read once a row of it is asked for.
    Waiting(P),
    Reading(Pin<Box<dyn Future<Output = (P, PageRead<P>)> + Send>>),
    /// Asked again after its end, it ends again.
    Over,
}

type PageRead<P> = Result<Option<Vec<<P as Pages>::Row>>, <P as Pages>::Error>;

// Nothing of it is pinned: the future has a box of its own.
impl<P: Pages> Unpin for Position<P> {}

async fn read<P: Pages>(mut pages: P) -> (P, PageRead<P>) {
    let page = pages.next_page().await;
    (pages, page)
}

impl<P: Pages> Stream for Position<P> {
    type Item = Result<P::Row, P::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.rows.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            let mut reading = match std::mem::replace(&mut self.stage, Stage::Over) {
                Stage::Over => return Poll::Ready(None),
                // Made where it stays: it is large, and would be copied there.
                Stage::Waiting(pages) => Box::into_pin(Box::write(Box::new_uninit(), read(pages))),
                Stage::Reading(reading) => reading,
            };
            match reading.as_mut().poll(context) {
                Poll::Pending => {
                    self.stage = Stage::Reading(reading);
                    return Poll::Pending;
                }
                Poll::Ready((pages, Ok(Some(rows)))) => {
                    self.rows = rows.into_iter();
                    self.stage = Stage::Waiting(pages);
                }
                Poll::Ready((_, Ok(None))) => return Poll::Ready(None),
                Poll::Ready((_, Err(error))) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

impl<T: Send, E: Send> Rows<T, E> {
    pub(crate) fn of<P: Pages<Row = T, Error = E>>(pages: P) -> Self {
        let count = pages.count();
        let position = Position { rows: Vec::new().into_iter(), stage: Stage::Waiting(pages) };
        Self { stream: Box::pin(position), count }
    }
}

impl<T, E> Rows<T, E> {
    #[cfg(feature = "testing")]
    pub(super) fn of_stream(stream: impl Stream<Item = Result<T, E>> + Send + 'static, count: Count) -> Self {
        Self { stream: Box::pin(stream), count }
    }

    /// Returns the next row, or `None` at the end of the list.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows = appviewx.certificates().search().rows()?;
    /// while let Some(row) = rows.next().await {
    ///     println!("{:?}", row?.common_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        std::future::poll_fn(|context| self.stream.as_mut().poll_next(context)).await
    }

    /// The total number of rows that the server reported last. `None` before the first page was read, or if the server
    /// does not report a total.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows = appviewx.certificates().search().rows()?;
    /// let first = rows.next().await;
    /// println!("{:?} rows", rows.total());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.count.announced().map(|announced| announced.last)
    }

    /// The number of rows received so far, without duplicates. It includes rows that were not returned yet or that a
    /// client-side filter excludes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows = appviewx.certificates().search().rows()?;
    /// let first = rows.next().await;
    /// assert!(rows.received() > 0);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn received(&self) -> u64 {
        self.count.received()
    }

    /// Whether as many rows came as the server ever counted while the list was read. It may not have counted.
    pub(crate) fn every_count_is_reached(&self) -> bool {
        self.count.announced().is_none_or(|announced| self.count.received() >= announced.most)
    }

    /// Whether the list came without content, not even an empty list: an answer of 204, or without a body.
    pub(crate) fn is_without_content(&self) -> bool {
        self.count.lock().is_without_content
    }

    /// Returns all rows.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let rows = appviewx.certificates().search().rows()?.collect().await?;
    /// assert_eq!(rows.len(), 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The first error. Fewer rows than the server's total are also an error. The rows before the error are dropped. To
    /// keep them, use [`read_to_end`](Self::read_to_end) or [`next`](Self::next).
    pub async fn collect(mut self) -> Result<Vec<T>, E> {
        let mut rows = Vec::new();
        self.read_to_end(&mut rows).await?;
        Ok(rows)
    }

    /// Appends all remaining rows to `rows`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let mut rows = appviewx.certificates().search().rows()?;
    /// let mut certificates = Vec::new();
    /// if let Err(error) = rows.read_to_end(&mut certificates).await {
    ///     eprintln!("after {} rows: {}", certificates.len(), error.report());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The first error. The rows before it are in `rows`. [`total`](Self::total) and [`received`](Self::received)
    /// return the expected and the received number of rows.
    pub async fn read_to_end(&mut self, rows: &mut Vec<T>) -> Result<(), E> {
        while let Some(row) = self.next().await {
            rows.push(row?);
        }
        Ok(())
    }
}

impl<T, E> Stream for Rows<T, E> {
    type Item = Result<T, E>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.stream.as_mut().poll_next(context)
    }
}

impl<T, E> fmt::Debug for Rows<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (total, received) = (self.total(), self.received());
        f.debug_struct("Rows").field("total", &total).field("received", &received).finish_non_exhaustive()
    }
}
