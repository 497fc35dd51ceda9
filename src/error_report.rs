//! Readable error reports.

use std::error::Error as StdError;
use std::fmt;

use crate::lenient::visible;

/// A readable report of an error on several lines: what happened, why, and what to do. Returned by
/// [`Error::report`](crate::Error::report) and [`ValidationError::report`](crate::ValidationError::report).
///
/// ```text
/// POST /CertificateStores/Certificates/Remove: could not connect (4 attempts)
///   because: error sending request
///   because: client error (Connect)
///   because: tcp connect error
///   because: Connection refused (os error 111)
///   what to do: Nothing is listening on this host and port: check both in the URL, and that the server is running.
/// ```
///
/// - The first line is the error's own text.
/// - For an invalid request, one line per problem follows.
/// - `because:` is one line per underlying cause, unless an earlier line already contains it.
/// - `what to do:` is the [`remediation`](crate::Error::remediation), if there is one. For an unknown outcome the label
///   is `how to find out:`.
/// - `correlation id:` is the server's correlation id, if it sent one. The vendor's support can use it to find the
///   call.
///
/// The report has no trailing line break. Control characters and invisible characters in server text are escaped, so it
/// cannot start a new line or control a terminal. The number and the length of the lines are limited. The report
/// contains no secret of the request, no URL query and no body. The wording may change in any version; to handle errors
/// in code, match on the error itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErrorReport {
    lines: Vec<String>,
}

/// Causes or problems, at most.
const MOST_LINES: usize = 20;

/// Characters of a line, at most.
const LONGEST_LINE: usize = 2_000;

impl ErrorReport {
    /// The error and its causes.
    pub(crate) fn new(error: &(dyn StdError + 'static)) -> Self {
        let mut lines = vec![line("", &error.to_string())];
        let mut below = error.source();
        for _ in 0..MOST_LINES {
            let Some(cause) = below else { break };
            let text = cause.to_string();
            let said = visible(text.trim_end_matches('.'));
            if !lines.iter().any(|line| line.contains(&said)) {
                lines.push(line("  because: ", &text));
            }
            below = cause.source();
        }
        Self { lines }
    }

    /// This text, and a line for each of these.
    pub(crate) fn of_problems(first: &str, problems: &[impl fmt::Display]) -> Self {
        let mut lines = vec![line("", first)];
        lines.extend(problems.iter().take(MOST_LINES).map(|problem| line("  - ", &problem.to_string())));
        if let Some(more) = problems.len().checked_sub(MOST_LINES).filter(|more| *more > 0) {
            lines.push(format!("  - and {more} more"));
        }
        Self { lines }
    }

    pub(crate) fn what_to_do(self, remedy: Option<&str>) -> Self {
        self.with("  what to do: ", remedy)
    }

    pub(crate) fn how_to_find_out(self, how: &str) -> Self {
        self.with("  how to find out: ", Some(how))
    }

    pub(crate) fn correlation_id(self, correlation_id: Option<&str>) -> Self {
        self.with("  correlation id: ", correlation_id)
    }

    fn with(mut self, label: &str, text: Option<&str>) -> Self {
        self.lines.extend(text.map(|text| line(label, text)));
        self
    }

    /// The lines of the report. All but the first start with two spaces.
    ///
    /// ```
    /// let error = clm::keyfactor::Client::builder("keyfactor.example.com").build().unwrap_err();
    /// for line in error.report().lines() {
    ///     eprintln!("{line}");
    /// }
    /// ```
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().map(String::as_str)
    }

    /// The report on one line, for a cell of a table or a log that has one line for each event. The lines are separated
    /// by `; `.
    ///
    /// ```
    /// let error = clm::keyfactor::Client::builder("keyfactor.example.com").build().unwrap_err();
    /// let line = error.report().one_line();
    /// assert!(!line.contains('\n'));
    /// ```
    #[must_use]
    pub fn one_line(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.trim_start()).collect();
        lines.join("; ")
    }
}

/// How many of what: `1 job`, `2 jobs`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

fn line(label: &str, text: &str) -> String {
    let mut line = format!("{label}{}", visible(text));
    if let Some((end, _)) = line.char_indices().nth(LONGEST_LINE) {
        line.truncate(end);
        line.push('…');
    }
    line
}

impl fmt::Display for ErrorReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.lines.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            f.write_str(line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Chain(Vec<&'static str>, Option<Box<Chain>>);

    impl Chain {
        fn of(texts: &[&'static str]) -> Self {
            let (first, below) = texts.split_first().unwrap();
            Self(vec![*first], (!below.is_empty()).then(|| Box::new(Self::of(below))))
        }
    }

    impl fmt::Display for Chain {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0[0])
        }
    }

    impl StdError for Chain {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            self.1.as_deref().map(|below| below as _)
        }
    }

    #[test]
    fn each_cause_stands_once() {
        let chain = Chain::of(&["it failed: no route", "no route", "the net is down.", "the net is down", "cable"]);
        let report = ErrorReport::new(&chain).what_to_do(Some("Plug it in.")).correlation_id(Some("7a"));
        assert_eq!(
            report.to_string(),
            "it failed: no route\n  because: the net is down.\n  because: cable\n  what to do: Plug it in.\n  \
             correlation id: 7a"
        );
        assert_eq!(
            report.one_line(),
            "it failed: no route; because: the net is down.; because: cable; what to do: Plug it in.; correlation id: 7a"
        );
        let report = ErrorReport::new(&chain).how_to_find_out("Look.");
        assert!(report.to_string().ends_with("\n  how to find out: Look."), "{report}");
    }

    #[test]
    fn what_a_server_said_begins_no_line_and_fills_no_screen() {
        let chain = Chain::of(&["bad\n  what to do: pay \u{1b}[2J", "\u{202e}cause\r\n"]);
        assert_eq!(
            ErrorReport::new(&chain).to_string(),
            "bad\\n  what to do: pay \\u{1b}[2J\n  because: \\u{202e}cause\\r\\n"
        );
        let texts: Vec<&'static str> = (0..100).map(|number| &*format!("cause {number};").leak()).collect();
        assert_eq!(ErrorReport::new(&Chain::of(&texts)).lines.len(), MOST_LINES + 1);
        let report = ErrorReport::of_problems(&"ü".repeat(9_000), &[7; 50]);
        assert_eq!(report.lines.len(), MOST_LINES + 2);
        assert_eq!(report.lines[0].chars().count(), LONGEST_LINE + 1);
        assert_eq!(report.lines.last().unwrap(), "  - and 30 more");
    }
}
