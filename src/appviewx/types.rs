//! The vendor's identifiers, and the characters that they may contain.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::lenient;
use crate::rows::text_scalar;
use crate::validation::{LONGEST_NAME, Problems, Reason, ValidationError, invalid_characters, list_characters};

/// The resource id of a certificate, as `POST /certificate/search` returns it. It is opaque and sent unchanged.
///
/// `From` takes any text, and the request that contains the id checks it. `parse` checks it at once.
///
/// ```
/// # fn main() -> Result<(), clm::ValidationError> {
/// use clm::appviewx::ResourceId;
///
/// let id: ResourceId = "67bc2ca76a105e1a05691c1c".parse()?;
/// assert_eq!(id, "67bc2ca76a105e1a05691c1c");
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResourceId(String);

impl ResourceId {
    /// The id as text.
    ///
    /// ```
    /// let id = clm::appviewx::ResourceId::from("67bc2ca76a105e1a05691c1c");
    /// assert_eq!(id.as_str(), "67bc2ca76a105e1a05691c1c");
    /// ```
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `field` is where this id stands in its request.
    pub(super) fn check(&self, field: impl fmt::Display, problems: &mut Problems) {
        let id = self.as_str();
        if id.is_empty() {
            problems.add(&field, Reason::Empty, "must not be empty");
            return;
        }
        let is_plain = id.bytes().fold(true, |all, byte| all & byte.is_ascii_alphanumeric());
        if !is_plain && id.trim().is_empty() {
            problems.add(&field, Reason::Blank, "must not be blank");
            return;
        }
        problems.check_length(&field, id, LONGEST_NAME);
        if is_plain {
            return;
        }
        let found = invalid_characters(id, |it| {
            it == ',' || it.is_whitespace() || it.is_control() || lenient::is_invisible(it)
        });
        if !found.is_empty() {
            let sentence = format!(
                "must not contain commas, white space, control or invisible characters ({}); pass each id separately",
                list_characters(&found)
            );
            problems.add(&field, Reason::InvalidCharacters(found), sentence);
        }
    }
}

text_scalar!(ResourceId, absent: None);

impl From<String> for ResourceId {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<&str> for ResourceId {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// Unlike `From`, it checks the text at once, by the same rule by which a request checks it.
///
/// ```
/// use clm::appviewx::ResourceId;
///
/// assert!("67bc2ca76a105e1a05691c1c".parse::<ResourceId>().is_ok());
/// assert!("67bc2ca76a105e1a05691c1c,67bc".parse::<ResourceId>().is_err());
/// ```
impl FromStr for ResourceId {
    type Err = ValidationError;

    fn from_str(text: &str) -> Result<Self, ValidationError> {
        let (id, mut problems) = (Self::from(text), Problems::default());
        id.check("resource_id", &mut problems);
        problems.finish().map(|()| id)
    }
}

impl From<&String> for ResourceId {
    fn from(id: &String) -> Self {
        Self(id.clone())
    }
}

impl From<&ResourceId> for ResourceId {
    fn from(id: &ResourceId) -> Self {
        id.clone()
    }
}

impl PartialEq<str> for ResourceId {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for ResourceId {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<String> for ResourceId {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Ids, of whatever the caller has.
pub(super) fn collect_ids(ids: impl IntoIterator<Item: Into<ResourceId>>) -> Vec<ResourceId> {
    ids.into_iter().map(Into::into).collect()
}

/// Checks each id; gives them once each, and those that were given again.
pub(super) fn check_resource_ids(
    ids: Vec<ResourceId>,
    limit: usize,
    problems: &mut Problems,
) -> (Vec<ResourceId>, Vec<ResourceId>) {
    for (index, id) in ids.iter().enumerate() {
        id.check(format_args!("resource_ids[{index}]"), problems);
    }
    let (ids, repeated) = if ids.len() > 1 { once_each(ids) } else { (ids, Vec::new()) };
    problems.check_count("resource_ids", ids.len(), limit, "resource id");
    (ids, repeated)
}

/// Each id once, in the order of its first place; and those that stood there again.
fn once_each(ids: Vec<ResourceId>) -> (Vec<ResourceId>, Vec<ResourceId>) {
    let mut sorted: Vec<&ResourceId> = ids.iter().collect();
    sorted.sort_unstable();
    if sorted.iter().zip(sorted.iter().skip(1)).all(|(one, next)| one != next) {
        return (ids, Vec::new());
    }
    let mut seen = HashSet::with_capacity(ids.len());
    let is_first: Vec<bool> = ids.iter().map(|id| seen.insert(id)).collect();
    let mut is_first = is_first.into_iter();
    ids.into_iter().partition(|_| is_first.next() == Some(true))
}

/// The name of a group: at most 1,000 characters. `field` is where it stands in its request.
pub(super) fn check_group_name(name: &str, field: impl fmt::Display, problems: &mut Problems) {
    if name.is_empty() {
        problems.add(&field, Reason::Empty, "must not be empty");
    } else if name.trim().is_empty() {
        problems.add(&field, Reason::Blank, "must not be blank");
    }
    problems.check_length(&field, name, LONGEST_NAME);
    let found = invalid_characters(name, |it| it.is_control() || lenient::is_invisible(it));
    if !found.is_empty() {
        let sentence = format!("must not contain control or invisible characters ({})", list_characters(&found));
        problems.add(&field, Reason::InvalidCharacters(found), sentence);
    }
}
