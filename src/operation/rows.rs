//! Lists that are read page by page, as their rows are asked for.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use futures_core::Stream;

/// The rows of a list, read page by page as they are asked for. A `Stream`; [`next`](Self::next) and
/// [`collect`](Self::collect) need no other crate.
///
/// Lists are paged by offset, so rows can repeat or be missed while others change them. A failure ends the list.
#[must_use = "nothing is sent before the first row is asked for"]
pub struct Rows<T, E> {
    stream: Pin<Box<dyn Stream<Item = Result<T, E>> + Send>>,
    total: Total,
}

/// How many rows the server says there are. The pages set it, the list shows it.
pub(crate) type Total = Arc<OnceLock<u64>>;

/// Where the rows of a list come from.
pub trait Pages: Send + 'static {
    type Row: Send;
    type Error: Send;

    /// The rows of the next page, of which there may be none; `None` at the end of the list.
    fn next_page(&mut self) -> impl Future<Output = Result<Option<Vec<Self::Row>>, Self::Error>> + Send;

    /// How many rows there are, once the server has said so.
    fn total(&self) -> Total {
        Total::default()
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
        let total = pages.total();
        let position = Position { rows: Vec::new().into_iter(), stage: Stage::Waiting(pages) };
        Self { stream: Box::pin(position), total }
    }
}

impl<T, E> Rows<T, E> {
    /// The next row, `None` at the end of the list.
    pub async fn next(&mut self) -> Option<Result<T, E>> {
        std::future::poll_fn(|context| self.stream.as_mut().poll_next(context)).await
    }

    /// How many rows the server says the list has, once its first page was read; `None` if it does not say.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total.get().copied()
    }

    /// All rows.
    ///
    /// # Errors
    /// The first failure; the rows before it are dropped. Use [`next`](Self::next) to keep them.
    pub async fn collect(mut self) -> Result<Vec<T>, E> {
        let mut rows = Vec::new();
        while let Some(row) = self.next().await {
            rows.push(row?);
        }
        Ok(rows)
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
        f.debug_struct("Rows").field("total", &self.total()).finish_non_exhaustive()
    }
}
