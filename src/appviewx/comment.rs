//! The comment of a call, and the characters that it may contain.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};

use crate::validation::{Problems, Reason, ValidationError, invalid_characters, list_characters};

/// The field that problems name.
const FIELD: &str = "comment";

/// A comment that satisfies a [`CommentRule`].
///
/// The vendor documents a maximum of 255 characters, and that special characters and HTML tags are invalid. It is
/// **assumed** that a character is a UTF-16 code unit, so a character outside the Basic Multilingual Plane counts as
/// two. For ordinary text this is the number of characters.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::Comment;
///
/// let comment = Comment::new("Decommissioned with CHG 1234")?;
/// appviewx
///     .certificate_groups()
///     .unassign(scene.resource_ids())
///     .comment(comment.as_str())
///     .send()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct Comment(String);

impl Comment {
    /// The maximum length of a comment, in UTF-16 code units.
    ///
    /// ```
    /// use clm::appviewx::Comment;
    ///
    /// let text: String =
    ///     "a long change record ".repeat(20).chars().take(Comment::MAX_LENGTH).collect();
    /// assert!(Comment::new(text).is_ok());
    /// ```
    pub const MAX_LENGTH: usize = 255;

    /// Checks a comment against [`CommentRule::Documented`].
    ///
    /// ```
    /// use clm::appviewx::Comment;
    ///
    /// assert!(Comment::new("Decommissioned with CHG 1234").is_ok());
    /// assert!(Comment::new("CHG-1234").is_err(), "a hyphen is not a documented character");
    /// ```
    ///
    /// # Errors
    /// [`ValidationError`] on the field `comment` with all problems; see [`with_rule`](Self::with_rule).
    pub fn new(text: impl Into<String>) -> Result<Self, ValidationError> {
        Self::with_rule(text, &CommentRule::Documented)
    }

    /// Checks a comment against a rule.
    ///
    /// ```
    /// use clm::appviewx::{Comment, CommentRule};
    ///
    /// assert!(Comment::with_rule("CHG-1234", &CommentRule::allowing("-")).is_ok());
    /// ```
    ///
    /// # Errors
    /// [`ValidationError`] on the field `comment` if it is empty, only white space, longer than
    /// [`MAX_LENGTH`](Self::MAX_LENGTH), or contains characters that the rule does not accept. Each such character is
    /// reported with its position.
    pub fn with_rule(text: impl Into<String>, rule: &CommentRule) -> Result<Self, ValidationError> {
        let text = text.into();
        let mut problems = Problems::default();
        if text.is_empty() {
            problems.add(FIELD, Reason::Empty, "must not be empty (possibly an unset variable); omit it to send none");
        } else if text.chars().all(char::is_whitespace) {
            problems.add(FIELD, Reason::Blank, "must not be blank; omit it to send none");
        }
        // A text of no more bytes has no more units.
        let actual = if text.len() > Self::MAX_LENGTH { text.encode_utf16().count() } else { 0 };
        if actual > Self::MAX_LENGTH {
            let limit = Self::MAX_LENGTH;
            problems.add(
                FIELD,
                Reason::TooLong { limit, actual },
                format!(
                    "must be at most {limit} characters, has {actual} (counted in UTF-16 code units: an assumption)"
                ),
            );
        }
        // Every rule takes these.
        let is_plain =
            text.bytes().fold(true, |all, byte| all & matches!(byte, b' ' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'));
        let found = if is_plain { Vec::new() } else { invalid_characters(&text, |character| !rule.accepts(character)) };
        if !found.is_empty() {
            let sentence = format!("{}; not accepted: {}", rule.explanation(), list_characters(&found));
            problems.add(FIELD, Reason::InvalidCharacters(found), sentence);
        }
        problems.finish()?;
        Ok(Self(text))
    }

    /// The text of the comment.
    ///
    /// ```
    /// # fn main() -> Result<(), clm::ValidationError> {
    /// let comment = clm::appviewx::Comment::new("CHG 1234")?;
    /// assert_eq!(comment.as_str(), "CHG 1234");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// As [`Comment::new`].
impl FromStr for Comment {
    type Err = ValidationError;

    fn from_str(text: &str) -> Result<Self, ValidationError> {
        Self::new(text)
    }
}

impl fmt::Display for Comment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which characters a deployment accepts in a comment. The vendor calls "special characters" invalid but does not
/// define them.
///
/// Every rule rejects `<`, `>` and control characters, including tabs and line breaks.
///
/// ```
/// # fn main() -> Result<(), clm::appviewx::Error> {
/// use clm::appviewx::{Client, CommentRule, Credentials};
///
/// let appviewx = Client::builder("https://appviewx.example.com:31443")
///     .credentials(Credentials::login("svc-clm", "a password"))
///     .comment_rule(CommentRule::allowing("-#"))
///     .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum CommentRule {
    /// A strict reading of the vendor's page: letters and combining marks (Unicode L and M), decimal digits (Nd), and
    /// the space U+0020.
    #[default]
    Documented,
    /// The documented characters and these additional ones, for a deployment that is known to accept them.
    Allowing(BTreeSet<char>),
    /// Everything except `<`, `>` and control characters. The server decides, and returns
    /// [`ErrorCode::CommentCharacters`](super::ErrorCode::CommentCharacters) if it rejects the comment.
    ServerDecides,
}

impl CommentRule {
    /// The documented characters and those in `characters`: `CommentRule::allowing(".,-:#/")`.
    ///
    /// ```
    /// use clm::appviewx::{Comment, CommentRule};
    ///
    /// let rule = CommentRule::allowing(".,-:#/");
    /// assert!(Comment::with_rule("CHG-1234: see #7", &rule).is_ok());
    /// ```
    #[must_use]
    pub fn allowing(characters: &str) -> Self {
        Self::Allowing(characters.chars().collect())
    }

    fn accepts(&self, character: char) -> bool {
        if character.is_control() || matches!(character, '<' | '>') {
            return false;
        }
        match self {
            Self::Documented => is_documented(character),
            Self::Allowing(more) => is_documented(character) || more.contains(&character),
            Self::ServerDecides => true,
        }
    }

    fn explanation(&self) -> &'static str {
        match self {
            Self::Documented => {
                "must contain only letters, digits and spaces, which are safe according to the vendor's page (set a \
                 `CommentRule` for a deployment that accepts more)"
            }
            Self::Allowing(_) => "must contain only letters, digits, spaces and the characters that this client allows",
            Self::ServerDecides => "must not contain angle brackets or control characters",
        }
    }
}

fn is_documented(character: char) -> bool {
    // What the tables say of ASCII.
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == ' ';
    }
    matches!(character.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
        || character.general_category() == GeneralCategory::DecimalNumber
}
