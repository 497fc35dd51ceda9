//! The body of a request, and whether it was written before the answer began.
//!
//! hyper takes the body piece by piece, as the connection takes the bytes. An answer that begins before the last piece was taken
//! cannot be the answer to the request: no server had it. What can be seen is limited: hyper and the system hold some hundred
//! KiB that are on their way, so a smaller body is always taken before an answer is read.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// hyper holds up to 16 pieces.
const PIECE: usize = 16 * 1024;

/// The body of one try, and what is known of it.
pub(super) fn request_body(bytes: Bytes) -> (reqwest::Body, Progress) {
    let progress = Progress(None);
    // One piece is taken with the head.
    if bytes.len() <= PIECE {
        return (bytes.into(), progress);
    }
    let state = Arc::new(AtomicU8::new(BEING_WRITTEN));
    let body = RequestBody { rest: bytes, state: Arc::clone(&state) };
    (reqwest::Body::wrap(body), Progress(Some(state)))
}

const BEING_WRITTEN: u8 = 0;
/// All of it was taken.
const TAKEN: u8 = 1;
/// An answer began before. The last piece is never sent.
const STOPPED: u8 = 2;

/// How far the body of a try got.
#[derive(Debug)]
pub(super) struct Progress(Option<Arc<AtomicU8>>);

/// When an answer began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Begun {
    /// As far as it can be seen, after the request was written.
    Afterwards,
    /// The rest of the request is not sent any more.
    TooEarly,
}

impl Progress {
    /// To be called once, when the head of an answer has come.
    pub(super) fn answer_begins(self) -> Begun {
        match self.0 {
            Some(state) if advance(&state, STOPPED) => Begun::TooEarly,
            _ => Begun::Afterwards,
        }
    }
}

/// Only the first of both steps is taken.
fn advance(state: &AtomicU8, to: u8) -> bool {
    state.compare_exchange(BEING_WRITTEN, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

struct RequestBody {
    rest: Bytes,
    state: Arc<AtomicU8>,
}

/// The connection must not go on with what is left of the body.
#[derive(Debug, thiserror::Error)]
#[error("the response began before the request was fully written")]
struct Stopped;

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Stopped;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Stopped>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        if length == self.rest.len() && !advance(&self.state, TAKEN) {
            return Poll::Ready(Some(Err(Stopped)));
        }
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    /// Exact, so that the length is announced.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(u64::try_from(self.rest.len()).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn large(pieces: usize) -> Bytes {
        (0..pieces * PIECE).map(|number| u8::try_from(number % 251).unwrap()).collect::<Vec<_>>().into()
    }

    fn next(body: &mut RequestBody) -> Option<Result<Bytes, ()>> {
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(body).poll_frame(&mut context) {
            Poll::Ready(frame) => frame.map(|frame| frame.map(|it| it.into_data().unwrap()).map_err(|Stopped| ())),
            Poll::Pending => panic!("it never waits"),
        }
    }

    fn body(bytes: &Bytes) -> (RequestBody, Progress) {
        let state = Arc::new(AtomicU8::new(BEING_WRITTEN));
        (RequestBody { rest: bytes.clone(), state: Arc::clone(&state) }, Progress(Some(state)))
    }

    #[test]
    fn every_byte_is_handed_out_and_its_length_is_announced() {
        for bytes in [large(1), large(3), large(2).slice(..=PIECE), large(2).slice(..2 * PIECE - 1)] {
            let (mut body, progress) = body(&bytes);
            let mut taken = Vec::new();
            while !body.is_end_stream() {
                assert_eq!(body.size_hint().exact(), Some((bytes.len() - taken.len()) as u64));
                taken.extend(next(&mut body).unwrap().unwrap());
            }
            assert_eq!(taken, bytes);
            assert_eq!(next(&mut body), None);
            assert_eq!(progress.answer_begins(), Begun::Afterwards);
        }
    }

    #[test]
    fn the_last_piece_is_kept_back_once_an_answer_has_begun() {
        let bytes = large(3);
        for taken in 0..=2 {
            let (mut body, progress) = body(&bytes);
            for piece in 0..taken {
                assert_eq!(next(&mut body), Some(Ok(bytes.slice(piece * PIECE..(piece + 1) * PIECE))));
            }
            assert_eq!(progress.answer_begins(), Begun::TooEarly);
            for _ in taken..2 {
                assert!(matches!(next(&mut body), Some(Ok(_))));
            }
            assert_eq!(next(&mut body), Some(Err(())));
        }
    }

    #[test]
    fn of_a_small_body_nothing_is_known() {
        let (body, progress) = request_body(large(1));
        assert_eq!(body.as_bytes().map(<[u8]>::len), Some(PIECE));
        assert_eq!(progress.answer_begins(), Begun::Afterwards);
        let (body, progress) = request_body(large(2));
        assert_eq!(body.as_bytes(), None);
        assert_eq!(progress.answer_begins(), Begun::TooEarly);
    }
}
