//! Texts that are compared without regard to case.

use std::borrow::Cow;

/// Most texts are in lower case as they are, and are not copied.
pub(super) fn in_lower_case(text: &str) -> Cow<'_, str> {
    if text.chars().any(char::is_uppercase) { text.to_lowercase().into() } else { text.into() }
}
