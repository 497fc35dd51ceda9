//! What is printed. In the demonstration every line says so.

use std::error::Error;
use std::fmt;
use std::io::Write as _;

use indicatif::ProgressDrawTarget;

use crate::ended::{Ended, Trouble};

pub(crate) struct Report {
    prefix: &'static str,
    out: Out,
}

enum Out {
    Streams,
    /// For tests.
    #[cfg(test)]
    Kept(std::sync::Mutex<Vec<String>>),
}

impl Report {
    pub(crate) fn plain() -> Self {
        Self { prefix: "", out: Out::Streams }
    }

    pub(crate) fn demo() -> Self {
        Self { prefix: "[demo] ", out: Out::Streams }
    }

    pub(crate) fn prefix(&self) -> &'static str {
        self.prefix
    }

    pub(crate) fn line(&self, text: impl AsRef<str>) {
        let line = format!("{}{}", self.prefix, visible(text.as_ref()));
        match &self.out {
            // A reader that hung up must not stop a job half-way.
            Out::Streams => drop(writeln!(std::io::stdout(), "{}", line.trim_end())),
            #[cfg(test)]
            Out::Kept(kept) => kept.lock().unwrap().push(line),
        }
    }

    /// Lines, four columns in.
    pub(crate) fn lines(&self, lines: &[String]) {
        for line in lines {
            self.line(format!("    {line}"));
        }
    }

    /// What must not be overlooked: to the error stream.
    pub(crate) fn complain(&self, text: impl AsRef<str>) {
        let line = format!("{}{}", self.prefix, visible(text.as_ref()));
        match &self.out {
            Out::Streams => drop(writeln!(std::io::stderr(), "{line}")),
            #[cfg(test)]
            Out::Kept(kept) => kept.lock().unwrap().push(line),
        }
    }

    /// Where progress is drawn: nowhere if the error stream is no terminal.
    pub(crate) fn progress_target(&self) -> ProgressDrawTarget {
        match &self.out {
            Out::Streams => ProgressDrawTarget::stderr(),
            #[cfg(test)]
            Out::Kept(_) => ProgressDrawTarget::hidden(),
        }
    }

    pub(crate) fn trouble(&self, trouble: &Trouble) -> Ended {
        match trouble {
            Trouble::Refused(why) => self.complain(format!("REFUSED: {why}")),
            Trouble::Keyfactor(error) => self.keyfactor_error(error),
            Trouble::AppViewX(error) => self.appviewx_error(error),
            Trouble::PlanFile(path, error) => {
                let exists = error.downcast_ref().map(std::io::Error::kind) == Some(std::io::ErrorKind::AlreadyExists);
                let remediation = exists
                    .then_some("it may be needed for undo, and was kept; name another with --plan or --group-plan");
                self.error(&format!("FAILED: the plan {}", path.display()), error.as_ref(), remediation);
            }
        }
        Ended::Failed
    }

    pub(crate) fn keyfactor_error(&self, error: &clm::keyfactor::Error) {
        self.error("FAILED", error, error.remediation());
    }

    pub(crate) fn appviewx_error(&self, error: &clm::appviewx::Error) {
        self.error("FAILED", error, error.remediation());
    }

    fn error(&self, what: &str, error: &dyn Error, remediation: Option<&str>) {
        self.complain(format!("{what}: {error}"));
        let mut below = error.source();
        while let Some(cause) = below {
            self.complain(format!("  because: {cause}"));
            below = cause.source();
        }
        if let Some(remediation) = remediation {
            self.complain(format!("  What to do: {remediation}"));
        }
    }
}

/// The longest text of a server that is printed.
const LONGEST: usize = 300;

/// A server's text on one line and shortened.
pub(crate) fn shown(text: impl fmt::Display) -> String {
    let text = visible(&text.to_string());
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// On one line: what cannot be seen, and what changes how a terminal shows a text, is escaped.
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
impl Report {
    /// Keeps what would be printed.
    pub(crate) fn kept() -> Self {
        Self { prefix: "", out: Out::Kept(std::sync::Mutex::default()) }
    }

    pub(crate) fn text(&self) -> String {
        match &self.out {
            Out::Streams => String::new(),
            Out::Kept(kept) => kept.lock().unwrap().join("\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_text_cannot_draw_on_the_terminal() {
        let report = Report::kept();
        report.line("alias \u{1b}[2J\r\nforged \u{202e}line");
        assert_eq!(report.text(), r"alias \u{1b}[2J\r\nforged \u{202e}line");
        assert_eq!(shown("ü".repeat(400)).chars().count(), LONGEST + 1);
    }
}
