//! The output. In the demo, every line has a prefix.
//!
//! A closed pipe or a full disk does not stop a run half-way: further output goes to standard error, and the run ends as a
//! failure that lists the jobs again. Before the first change, it stops the run.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressDrawTarget;

use crate::ended::{Ended, Trouble};

pub(crate) struct Report {
    prefix: &'static str,
    draws: Draws,
    streams: Mutex<Streams>,
    #[cfg(test)]
    kept: kept::Kept,
}

/// Whether to show progress on standard error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Draws {
    OnTerminals,
    /// For tests.
    #[cfg(test)]
    Never,
}

struct Streams {
    output: Box<dyn Write + Send>,
    errors: Box<dyn Write + Send>,
    /// Why standard output cannot be written.
    broken: Option<io::Error>,
    /// Whether standard error could not be written.
    errors_broken: bool,
    /// The lines with job ids.
    jobs: Vec<String>,
}

impl Streams {
    fn new(output: Box<dyn Write + Send>, errors: Box<dyn Write + Send>) -> Self {
        Self { output, errors, broken: None, errors_broken: false, jobs: Vec::new() }
    }

    fn line(&mut self, line: &str) {
        if self.broken.is_none()
            && let Err(error) = write_line(&mut self.output, line)
        {
            self.complain(&format!(
                "WARNING: cannot write to standard output: {error}. The rest goes to standard error:"
            ));
            self.broken = Some(error);
        }
        if self.broken.is_some() {
            self.complain(line);
        }
    }

    fn complain(&mut self, line: &str) {
        self.errors_broken |= write_line(&mut self.errors, line).is_err();
    }
}

fn write_line(stream: &mut impl Write, line: &str) -> io::Result<()> {
    stream.write_all(format!("{}\n", line.trim_end()).as_bytes())?;
    stream.flush()
}

impl Report {
    pub(crate) fn plain() -> Self {
        Self::to_streams("")
    }

    pub(crate) fn demo() -> Self {
        Self::to_streams("[demo] ")
    }

    fn to_streams(prefix: &'static str) -> Self {
        let streams = Streams::new(Box::new(io::stdout()), Box::new(io::stderr()));
        Self {
            prefix,
            draws: Draws::OnTerminals,
            streams: Mutex::new(streams),
            #[cfg(test)]
            kept: kept::Kept::default(),
        }
    }

    pub(crate) fn prefix(&self) -> &'static str {
        self.prefix
    }

    /// A poisoned lock is used as well: the data is always consistent.
    fn streams(&self) -> MutexGuard<'_, Streams> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prefixed(&self, text: &str) -> String {
        format!("{}{}", self.prefix, visible(text))
    }

    pub(crate) fn line(&self, text: impl AsRef<str>) {
        self.streams().line(&self.prefixed(text.as_ref()));
    }

    /// Lines, indented by four columns.
    pub(crate) fn lines(&self, lines: &[String]) {
        for line in lines {
            self.line(format!("    {line}"));
        }
    }

    /// A line with a job id, which must not be lost.
    pub(crate) fn job(&self, text: impl AsRef<str>) {
        let line = self.prefixed(text.as_ref());
        let mut streams = self.streams();
        streams.line(&line);
        streams.jobs.push(line);
    }

    /// Important lines, on standard error.
    pub(crate) fn complain(&self, text: impl AsRef<str>) {
        self.streams().complain(&self.prefixed(text.as_ref()));
    }

    /// An error if a line so far could not be printed.
    pub(crate) fn check(&self) -> Result<(), Trouble> {
        let streams = self.streams();
        match &streams.broken {
            Some(error) => Err(Trouble::Refused(format!("the plan could not be printed: {error}. Nothing was sent"))),
            None if streams.errors_broken => {
                Err(Trouble::Refused("cannot write to standard error. Nothing was sent".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// If output was lost, the run has failed, and its jobs are listed on standard error.
    pub(crate) fn finish(&self, ended: Ended) -> Ended {
        let mut streams = self.streams();
        if let Some(error) = streams.broken.take() {
            if streams.jobs.is_empty() {
                streams.complain(&format!("{}FAILED: could not write to standard output: {error}", self.prefix));
            } else {
                streams.complain(&format!(
                    "{}FAILED: could not write to standard output: {error}. These jobs were scheduled:",
                    self.prefix
                ));
                for job in std::mem::take(&mut streams.jobs) {
                    streams.complain(&job);
                }
            }
            return ended.max(Ended::Failed);
        }
        if streams.errors_broken { ended.max(Ended::Failed) } else { ended }
    }

    /// The progress bar is hidden if standard error is not a terminal.
    pub(crate) fn progress_target(&self) -> ProgressDrawTarget {
        match self.draws {
            Draws::OnTerminals => ProgressDrawTarget::stderr(),
            #[cfg(test)]
            Draws::Never => ProgressDrawTarget::hidden(),
        }
    }

    pub(crate) fn trouble(&self, trouble: &Trouble) -> Ended {
        match trouble {
            Trouble::Refused(why) => self.complain(format!("REFUSED: {why}")),
            Trouble::Keyfactor(error) => self.keyfactor_error(error),
            Trouble::AppViewX(error) => self.appviewx_error(error),
            Trouble::PlanFile(path, error) => {
                let exists = error.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::AlreadyExists);
                let remediation = exists
                    .then_some("the existing file was kept for undo; choose another one with --plan or --group-plan");
                self.error(&format!("FAILED: {}", path.display()), error.as_ref(), remediation);
            }
        }
        Ended::Failed
    }

    pub(crate) fn keyfactor_error(&self, error: &clm::keyfactor::Error) {
        self.reported(&error.report());
    }

    pub(crate) fn appviewx_error(&self, error: &clm::appviewx::Error) {
        self.reported(&error.report());
        let clm::appviewx::Error::Validation(refused) = error else { return };
        let of_comment =
            |it: &clm::Problem| it.field() == "comment" && matches!(it.reason(), clm::Reason::InvalidCharacters(_));
        if refused.problems().iter().any(of_comment) {
            self.complain("  what to do: if the server accepts these characters in comments, add --comment-allows");
        }
    }

    /// One line each for the error, its causes and the remediation.
    fn reported(&self, report: &clm::ErrorReport) {
        for (number, line) in report.to_string().lines().enumerate() {
            self.complain(format!("{}{line}", if number == 0 { "FAILED: " } else { "" }));
        }
    }

    fn error(&self, what: &str, error: &dyn Error, remediation: Option<&str>) {
        self.complain(format!("{what}: {error}"));
        let mut below = error.source();
        while let Some(cause) = below {
            self.complain(format!("  because: {cause}"));
            below = cause.source();
        }
        if let Some(remediation) = remediation {
            self.complain(format!("  what to do: {remediation}"));
        }
    }
}

/// A number and its noun: `1 location`, `2 locations`.
pub(crate) fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// The maximum length of printed server text.
const LONGEST: usize = 300;

/// Server text on one line, shortened.
pub(crate) fn shown(text: impl fmt::Display) -> String {
    let text = visible(&text.to_string());
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// One line of text, with control and invisible characters escaped.
fn visible(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        let invisible = matches!(
            character,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        );
        if character.is_control() || invisible {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}

#[cfg(test)]
pub(crate) mod kept;

#[cfg(test)]
mod tests;
