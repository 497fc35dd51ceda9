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
/// assert!(
///     matches!(problem.reason(), Reason::InvalidCharacters(found) if found[0].character == '-')
/// );
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

const REFUSED: &str = "invalid request, nothing was sent";

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
///
/// ```
/// use clm::appviewx::Comment;
///
/// let error = Comment::new("CHG-1234").unwrap_err();
/// for problem in error.problems() {
///     println!("{}: {}", problem.field(), problem.sentence());
/// }
/// ```
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
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::Reason;
/// use clm::appviewx::Comment;
///
/// if let Err(error) = Comment::new("CHG-1234") {
///     for problem in error.problems() {
///         match problem.reason() {
///             Reason::InvalidCharacters(found) => println!("remove {:?}", found[0].character),
///             Reason::TooLong { limit, actual } => {
///                 println!("{actual} characters, at most {limit}")
///             }
///             _ => println!("{problem}"),
///         }
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    /// A list or a text is empty.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    ///
    /// let none: [clm::keyfactor::CertificateLocation; 0] = [];
    /// let stores = keyfactor.certificate_stores();
    /// let built = stores.remove_certificates(none, clm::keyfactor::Schedule::Immediate).build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::Empty);
    /// # Ok(()) }
    /// ```
    Empty,
    /// A text contains only white space.
    ///
    /// ```
    /// use clm::Reason;
    /// use clm::appviewx::Comment;
    ///
    /// assert_eq!(Comment::new("   ").unwrap_err().problems()[0].reason(), &Reason::Blank);
    /// ```
    Blank,
    /// A GUID is the nil GUID, `00000000-0000-0000-0000-000000000000`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::uuid::Uuid;
    ///
    /// let location = CertificateLocation::new(Uuid::nil(), "www.example.com.pem");
    /// let built = keyfactor
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::Nil);
    /// # Ok(()) }
    /// ```
    Nil,
    /// A value is out of range.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    ///
    /// let built = keyfactor.certificates().get(-1).build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::OutOfRange);
    /// # Ok(()) }
    /// ```
    OutOfRange,
    /// A text is too long. The field documents the unit.
    ///
    /// ```
    /// use clm::Reason;
    /// use clm::appviewx::Comment;
    ///
    /// let error = Comment::new("a".repeat(300)).unwrap_err();
    /// assert_eq!(
    ///     error.problems()[0].reason(),
    ///     &Reason::TooLong { limit: Comment::MAX_LENGTH, actual: 300 }
    /// );
    /// ```
    TooLong {
        /// The maximum length.
        limit: usize,
        /// The actual length.
        actual: usize,
    },
    /// A list has too many entries for one call.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::Reason;
    ///
    /// let ids = (0..1_001).map(|number| format!("67bc{number:020}"));
    /// let unassign = appviewx.certificate_groups().unassign(ids);
    /// if let Reason::TooMany { limit, actual } =
    ///     unassign.clone().build().unwrap_err().problems()[0].reason()
    /// {
    ///     println!("{actual} ids in one call, at most {limit}: sending them in several calls");
    ///     let outcome = unassign.in_calls().send().await?;
    /// # assert_eq!(outcome.items().len(), 1_001);
    /// # } else { panic!("another reason");
    /// }
    /// # Ok(()) }
    /// ```
    TooMany {
        /// The maximum number of entries.
        limit: usize,
        /// The actual number of entries.
        actual: usize,
    },
    /// A text contains characters that its field does not accept.
    ///
    /// ```
    /// use clm::Reason;
    /// use clm::appviewx::Comment;
    ///
    /// let error = Comment::new("CHG-1234").unwrap_err();
    /// if let Reason::InvalidCharacters(found) = error.problems()[0].reason() {
    ///     assert_eq!((found[0].character, found[0].position), ('-', 4));
    /// # } else { panic!("another reason");
    /// }
    /// ```
    InvalidCharacters(Vec<InvalidCharacter>),
    /// A text is not a valid path segment: it is empty, `.` or `..`, or contains a tab or a line break. For raw calls,
    /// also if a server could interpret it as one of these or as several segments.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::http::Method;
    ///
    /// let built = keyfactor.raw(Method::GET, "Certificates/../Agents").build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::InvalidSegment);
    /// # Ok(()) }
    /// ```
    InvalidSegment,
    /// Raw calls do not support this method.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::http::Method;
    ///
    /// let built = keyfactor.raw(Method::TRACE, "Certificates").build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::UnsupportedMethod);
    /// # Ok(()) }
    /// ```
    UnsupportedMethod,
    /// The name is not a valid header name.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::http::Method;
    ///
    /// let built = keyfactor.raw(Method::GET, "Certificates").header("x trace", "1").build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::InvalidHeaderName);
    /// # Ok(()) }
    /// ```
    InvalidHeaderName,
    /// The crate sets this header or query parameter itself.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::http::Method;
    ///
    /// let built =
    ///     keyfactor.raw(Method::GET, "Certificates").header("Authorization", "Bearer abc").build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::Reserved);
    /// # Ok(()) }
    /// ```
    Reserved,
    /// A value cannot be serialised as JSON.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use std::collections::BTreeMap;
    ///
    /// use clm::Reason;
    /// use clm::http::Method;
    ///
    /// let keys_are_no_text = BTreeMap::from([((1, 2), "a")]);
    /// let built = keyfactor.raw(Method::POST, "Agents/Approve").json(&keys_are_no_text).build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::NotJson);
    /// # Ok(()) }
    /// ```
    NotJson,
    /// A query contains a double quote, whose escaping is undocumented by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::keyfactor::Query;
    ///
    /// let search =
    ///     keyfactor.certificates().search(Query::field("IssuedCN").eq("a \"quoted\" name"));
    /// assert_eq!(search.rows().unwrap_err().problems()[0].reason(), &Reason::Unquotable);
    /// # Ok(()) }
    /// ```
    Unquotable,
    /// A text is not a SHA-1 thumbprint of 40 hexadecimal digits.
    ///
    /// ```
    /// use clm::Reason;
    /// use clm::keyfactor::Thumbprint;
    ///
    /// let sha256 = "ab".repeat(32);
    /// assert_eq!(
    ///     sha256.parse::<Thumbprint>().unwrap_err().problems()[0].reason(),
    ///     &Reason::NotAThumbprint
    /// );
    /// ```
    NotAThumbprint,
    /// A value is null, an object or an array, but must be a text, a number or a boolean.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::keyfactor::Schedule;
    ///
    /// let location =
    ///     scene.locations()[0].clone().job_field("SiteName", clm::serde_json::json!(["Shop"]));
    /// let built = keyfactor
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::NotScalar);
    /// # Ok(()) }
    /// ```
    NotScalar,
    /// Two values contradict each other.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::keyfactor::Schedule;
    ///
    /// let location =
    ///     scene.locations()[0].clone().job_field("SiteName", "Shop").job_field("SiteName", "Blog");
    /// let built = keyfactor
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .build();
    /// assert_eq!(built.unwrap_err().problems()[0].reason(), &Reason::Conflict);
    /// # Ok(()) }
    /// ```
    Conflict,
    /// The request needs explicit consent, which was not given.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::Reason;
    /// use clm::keyfactor::Schedule;
    ///
    /// let every_day = Schedule::Daily { time: "2030-01-01T02:00:00Z".parse()? };
    /// let removal =
    ///     keyfactor.certificate_stores().remove_certificates(scene.locations(), every_day);
    /// if removal.clone().build().unwrap_err().problems()[0].reason() == &Reason::NeedsConsent {
    ///     println!("a removal every day; it is meant, so it is allowed");
    ///     removal.allow_recurring().build()?;
    /// # } else { panic!("another reason");
    /// }
    /// # Ok(()) }
    /// ```
    NeedsConsent,
}

/// A character that a field does not accept, with its position.
///
/// ```
/// use clm::Reason;
/// use clm::appviewx::Comment;
///
/// let error = Comment::new("CHG-1234").unwrap_err();
/// if let Reason::InvalidCharacters(found) = error.problems()[0].reason() {
///     for it in found {
///         println!("{:?} at position {}", it.character, it.position);
///     }
/// }
/// ```
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
            self.add(field, Reason::Empty, format!("must contain at least one {noun}"));
        } else if actual > limit {
            self.add(
                field,
                Reason::TooMany { limit, actual },
                format!(
                    "must have at most {limit} entries per call, has {actual}; split the list or raise the client's \
                     limit"
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
            let sentence = format!("must be at most {limit} characters, has {actual}");
            self.add(field, Reason::TooLong { limit, actual }, sentence);
        }
    }

    /// An id of the kind that starts at 1, where 0 is a way to say "none" that is refused.
    pub(crate) fn check_positive(&mut self, field: impl fmt::Display, id: Option<i32>) {
        if let Some(id) = id.filter(|id| *id <= 0) {
            self.add(field, Reason::OutOfRange, format!("must be positive, is {id}; omit it to set none"));
        }
    }

    /// A GUID that names something. The nil GUID is one that was never set.
    #[cfg(feature = "keyfactor")]
    pub(crate) fn check_guid(&mut self, field: impl fmt::Display, id: uuid::Uuid, noun: &str) {
        if id.is_nil() {
            let sentence = format!(
                "must not be the nil GUID, which identifies no {noun} (possibly an id that was \
                                    never set)"
            );
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
