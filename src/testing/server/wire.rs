//! A connection's bytes, and what faults do to them.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::locked;

/// The end of a head.
const BLANK_LINE: &[u8] = b"\r\n\r\n";

/// What is done to the next answer on a connection.
#[derive(Clone, Default)]
pub(super) struct Tampering(Arc<Mutex<Plan>>);

#[derive(Default)]
enum Plan {
    #[default]
    None,
    /// The next answer, whose body has this length, is cut.
    Cut { body: usize },
    /// So many bytes still go out. Then the connection fails.
    Left(usize),
    /// These bytes follow the next answer.
    Stray(Bytes),
    /// The answer is under way, or out.
    StrayIsNext(Bytes),
}

impl Tampering {
    /// Cuts the next answer in the middle of its body, which has this length; one without a body in the middle of its head.
    pub(super) fn cut(&self, body: usize) {
        *locked(&self.0) = Plan::Cut { body };
    }

    /// Sends these bytes right after the next answer.
    pub(super) fn add_stray(&self, bytes: Bytes) {
        *locked(&self.0) = Plan::Stray(bytes);
    }
}

pub(super) struct Wire {
    stream: TcpStream,
    tampering: Tampering,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, tampering: Tampering) -> Self {
        Self { stream, tampering }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Self { stream, tampering } = self.get_mut();
        let mut plan = locked(&tampering.0);
        match &mut *plan {
            // An answer of the fakes is in one piece.
            Plan::Cut { body } => {
                let head = bytes.windows(BLANK_LINE.len()).position(|it| it == BLANK_LINE);
                let head = head.map_or(bytes.len(), |at| at + BLANK_LINE.len());
                *plan = Plan::Left(if *body == 0 { head / 2 } else { head + *body / 2 });
            }
            Plan::Stray(bytes) => *plan = Plan::StrayIsNext(std::mem::take(bytes)),
            Plan::None | Plan::Left(_) | Plan::StrayIsNext(_) => {}
        }
        let Plan::Left(left) = &mut *plan else {
            return Pin::new(stream).poll_write(cx, bytes);
        };
        if *left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let allowed = bytes.get(..*left).unwrap_or(bytes);
        let written = ready!(Pin::new(stream).poll_write(cx, allowed))?;
        *left -= written;
        Poll::Ready(Ok(written))
    }

    /// Called once all that there is has been written.
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, tampering } = self.get_mut();
        let mut plan = locked(&tampering.0);
        if let Plan::StrayIsNext(bytes) = &mut *plan {
            while bytes.has_remaining() {
                let written = ready!(Pin::new(&mut *stream).poll_write(cx, bytes))?;
                bytes.advance(written);
            }
            *plan = Plan::None;
        }
        Pin::new(stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
