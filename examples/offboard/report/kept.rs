//! Streams for tests.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::{Draws, Report, Streams};

/// What was printed, both streams together.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().trim_end_matches('\n').to_owned()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A stream that takes so many lines, and then is full.
pub(crate) struct Full {
    pub(crate) after: usize,
    pub(crate) kept: Kept,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.after == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.after -= bytes.split(|byte| *byte == b'\n').count() - 1;
        self.kept.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Report {
    pub(crate) fn to(output: impl Write + Send + 'static, errors: impl Write + Send + 'static) -> Self {
        let streams = Streams::new(Box::new(output), Box::new(errors));
        Self { prefix: "", draws: Draws::Never, streams: Mutex::new(streams), kept: Kept::default() }
    }

    /// Keeps what would be printed.
    pub(crate) fn kept() -> Self {
        let kept = Kept::default();
        Self { kept: kept.clone(), ..Self::to(kept.clone(), kept) }
    }

    pub(crate) fn text(&self) -> String {
        self.kept.text()
    }
}
