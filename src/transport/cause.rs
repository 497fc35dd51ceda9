//! Why something failed, in words only.

use std::error::Error as StdError;
use std::fmt;

use crate::lenient::one_line;

/// The texts of an error and of those below it. No foreign error type is kept, so none becomes part of the API.
#[derive(Clone, Debug)]
pub struct Cause {
    pub(super) text: String,
    pub(super) source: Option<Box<Cause>>,
    /// What to do about it, if that is known.
    pub(super) remedy: Option<&'static str>,
}

impl Cause {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), source: None, remedy: None }
    }

    /// The texts on one line, for a log.
    pub(crate) fn whole(&self) -> String {
        let mut text = one_line(&self.text);
        let mut below = self.source.as_deref();
        while let Some(cause) = below {
            text += ": ";
            text += &one_line(&cause.text);
            below = cause.source.as_deref();
        }
        text
    }

    /// Why text is not the JSON that was expected: the place only, since serde's own words may quote the body.
    pub(crate) fn json(error: &serde_json::Error) -> Self {
        Self::new(format!("not the expected JSON at line {}, column {}", error.line(), error.column()))
    }

    /// The texts of any error that is known to hold no URL and no secret.
    pub(crate) fn of_error(error: &dyn StdError) -> Self {
        let source = error.source().map(|below| Box::new(Self::of_error(below)));
        Self { text: error.to_string(), source, remedy: None }
    }

    /// The same, below another text.
    pub(crate) fn below(self, text: impl Into<String>) -> Self {
        Self { source: Some(Box::new(self)), ..Self::new(text) }
    }

    pub(super) fn with_remedy(self, remedy: Option<&'static str>) -> Self {
        Self { remedy, ..self }
    }

    /// What to do about it, or about what is below it.
    pub(crate) fn remedy(&self) -> Option<&'static str> {
        let mut next = Some(self);
        while let Some(cause) = next {
            if cause.remedy.is_some() {
                return cause.remedy;
            }
            next = cause.source.as_deref();
        }
        None
    }

    /// Call `without_url` on the error first: a URL may hold what must not be shown.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        debug_assert!(error.url().is_none(), "the URL must be taken off first");
        Self::of_error(error)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|below| below as _)
    }
}
