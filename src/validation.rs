//! Validation of requests before they are sent. All problems are reported at once, each with its field.

use std::fmt;

use crate::error_report::ErrorReport;

/// A request is invalid, and nothing was sent. The error lists all problems, not only the first one.
///
/// ```
/// # #[cfg(feature = "appviewx")] {
/// use clm::{Reason, appviewx::Comment};
///
/// let refused = Comment::new("CHG-1").unwrap_err();
/// let problem = &refused.problems()[0];
/// assert_eq!(problem.field(), "comment");
/// assert!(matches!(problem.reason(), Reason::InvalidCharacters(found) if found[0].character == '-'));
/// # }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct ValidationError {
    problems: Vec<Problem>,
}

impl ValidationError {
    /// The problems, in the order of the request's fields. The list is never empty.
    ///
    /// ```
    /// use clm::appviewx::Comment;
    ///
    /// let error = Comment::new("CHG-1").unwrap_err();
    /// assert_eq!(error.problems().len(), 1);
    /// ```
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Returns a readable report with one line per problem.
    ///
    /// ```
    /// use clm::appviewx::Comment;
    ///
    /// let error = Comment::new("CHG-1").unwrap_err();
    /// eprintln!("{}", error.report());
    /// ```
    #[must_use]
    pub fn report(&self) -> ErrorReport {
        ErrorReport::of_problems(REFUSED, &self.problems)
    }
}

const REFUSED: &str = "refused before it was sent";

impl fmt::Display for ValidationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{REFUSED}: ")?;
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            fmt::Display::fmt(problem, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ValidationError {}

/// A problem with a request.
#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    field: String,
    reason: Reason,
    sentence: String,
}

impl Problem {
    /// The path of the field, for example `certificate_stores[2].alias`.
    ///
    /// ```
    /// use clm::appviewx::Comment;
    ///
    /// let error = Comment::new("CHG-1").unwrap_err();
    /// assert_eq!(error.problems()[0].field(), "comment");
    /// ```
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The kind of problem, to match on in code.
    ///
    /// ```
    /// use clm::appviewx::Comment;
    ///
    /// let error = Comment::new("CHG-1").unwrap_err();
    /// assert!(matches!(error.problems()[0].reason(), clm::Reason::InvalidCharacters(_)));
    /// ```
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// A readable sentence that describes the problem and how to fix it.
    ///
    /// ```
    /// use clm::appviewx::Comment;
    ///
    /// let error = Comment::new("CHG-1").unwrap_err();
    /// eprintln!("{}", error.problems()[0].sentence());
    /// ```
    #[must_use]
    pub fn sentence(&self) -> &str {
        &self.sentence
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.sentence)
    }
}

/// Why a value was rejected.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// A list or a text is empty.
    Empty,
    /// A text contains only white space.
    Blank,
    /// A GUID is the nil GUID, `00000000-0000-0000-0000-000000000000`.
    Nil,
    /// A value is out of range.
    OutOfRange,
    /// A text is too long. The field documents the unit.
    TooLong {
        /// The maximum length.
        limit: usize,
        /// The actual length.
        actual: usize,
    },
    /// A list has too many entries for one call.
    TooMany {
        /// The maximum number of entries.
        limit: usize,
        /// The actual number of entries.
        actual: usize,
    },
    /// A text contains characters that its field does not accept.
    InvalidCharacters(Vec<InvalidCharacter>),
    /// A text is not a valid path segment: it is empty, `.` or `..`, or contains a tab or a line break. For raw calls,
    /// also if a server could interpret it as one of these or as several segments.
    InvalidSegment,
    /// Raw calls do not support this method.
    UnsupportedMethod,
    /// The name is not a valid header name.
    InvalidHeaderName,
    /// The crate sets this header or query parameter itself.
    Reserved,
    /// A value cannot be serialised as JSON.
    NotJson,
    /// A query contains a double quote, whose escaping is undocumented by the vendor.
    Unquotable,
    /// A text is not a SHA-1 thumbprint of 40 hexadecimal digits.
    NotAThumbprint,
    /// A value is null, an object or an array, but must be a text, a number or a boolean.
    NotScalar,
    /// Two values contradict each other.
    Conflict,
    /// The request needs explicit consent, which was not given.
    NeedsConsent,
}

/// A character that a field does not accept, with its position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct InvalidCharacter {
    /// The character.
    pub character: char,
    /// The position in the text in characters, counted from 1.
    pub position: usize,
}

/// Characters of a name, at most: of a group, a category, a column, an id or a job field. No vendor documents a limit; a longer
/// one is a mistake, and in a URL most servers would refuse it without saying why.
pub(crate) const LONGEST_NAME: usize = 1_000;

/// Characters of an alias, of a text that is searched for, of a comment that has no limit of the vendor's, of a note for the
/// audit, at most.
pub(crate) const LONGEST_TEXT: usize = 32_767;

/// Collects problems while a request is checked. A field is written only if it has a problem, so `format_args!` costs nothing.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn add(&mut self, field: impl fmt::Display, reason: Reason, sentence: impl Into<String>) {
        self.0.push(Problem { field: field.to_string(), reason, sentence: sentence.into() });
    }

    /// Takes over the problems of a part that was checked on its own.
    pub(crate) fn extend(&mut self, error: ValidationError) {
        self.0.extend(error.problems);
    }

    /// The same of a part whose fields stand below this one.
    pub(crate) fn extend_below(&mut self, field: impl fmt::Display, error: ValidationError) {
        let below = |problem: Problem| Problem { field: format!("{field}.{}", problem.field), ..problem };
        self.0.extend(error.problems.into_iter().map(below));
    }

    /// The number of entries against the most that one call may carry.
    pub(crate) fn check_count(&mut self, field: impl fmt::Display, actual: usize, limit: usize, noun: &str) {
        if actual == 0 {
            self.add(field, Reason::Empty, format!("at least one {noun} is needed"));
        } else if actual > limit {
            self.add(
                field,
                Reason::TooMany { limit, actual },
                format!(
                    "{actual} entries, but one call carries at most {limit}; split the list or raise the client's limit"
                ),
            );
        }
    }

    /// The number of characters against the most that are taken.
    pub(crate) fn check_length(&mut self, field: impl fmt::Display, text: &str, limit: usize) {
        // Most texts are shorter in bytes, which need no counting.
        if text.len() <= limit {
            return;
        }
        let actual = text.chars().count();
        if actual > limit {
            let sentence = format!("{actual} characters, but at most {limit} are taken");
            self.add(field, Reason::TooLong { limit, actual }, sentence);
        }
    }

    /// An id of the kind that starts at 1, where 0 is a way to say "none" that is refused.
    pub(crate) fn check_positive(&mut self, field: impl fmt::Display, id: Option<i32>) {
        if let Some(id) = id.filter(|id| *id <= 0) {
            self.add(
                field,
                Reason::OutOfRange,
                format!("{id} is not a positive number; to mean none, leave the id out"),
            );
        }
    }

    /// A GUID that names something. The nil GUID is one that was never set.
    #[cfg(feature = "keyfactor")]
    pub(crate) fn check_guid(&mut self, field: impl fmt::Display, id: uuid::Uuid, noun: &str) {
        if id.is_nil() {
            let sentence = format!("the nil GUID names no {noun} (an identifier that was never set, perhaps)");
            self.add(field, Reason::Nil, sentence);
        }
    }

    /// `Ok` if nothing was found.
    pub(crate) fn finish(self) -> Result<(), ValidationError> {
        if self.0.is_empty() { Ok(()) } else { Err(ValidationError { problems: self.0 }) }
    }
}

/// The characters of `text` that `refused` picks, with their places.
pub(crate) fn invalid_characters(text: &str, refused: impl Fn(char) -> bool) -> Vec<InvalidCharacter> {
    text.chars()
        .enumerate()
        .filter(|&(_, character)| refused(character))
        .map(|(index, character)| InvalidCharacter { character, position: index + 1 })
        .collect()
}

/// `'<' at 3, U+0009 at 7 and 12 more`: the first few, so that a hostile text does not fill a log.
pub(crate) fn list_characters(found: &[InvalidCharacter]) -> String {
    const SHOWN: usize = 8;
    let more = found.len().saturating_sub(SHOWN);
    let tail = (more > 0).then(|| format!("and {more} more"));
    let shown = found.iter().take(SHOWN).map(|it| {
        if it.character.is_control() {
            format!("U+{:04X} at {}", u32::from(it.character), it.position)
        } else {
            format!("{:?} at {}", it.character, it.position)
        }
    });
    shown.chain(tail).collect::<Vec<_>>().join(", ")
}
