//! Outcomes with a gap, as errors.

use std::fmt;

use super::erased::Erased;

/// An outcome with a gap, made an error by `require_complete` or `require_success`, or the answer to a raw change that could
/// not be read. The outcome itself is inside: nothing is
/// lost.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{gap}")]
pub struct Incomplete<Outcome> {
    gap: String,
    outcome: Box<Outcome>,
}

impl<Outcome> Incomplete<Outcome> {
    pub(crate) fn new(gap: String, outcome: Outcome) -> Self {
        Self { gap, outcome: Box::new(outcome) }
    }

    /// The outcome as it was.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Gives the outcome back.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        *self.outcome
    }
}

/// An [`Incomplete`] whose outcome can be of any type, inside an [`Error`](super::Error).
#[derive(Debug, thiserror::Error)]
#[error("{gap}")]
pub struct IncompleteOutcome {
    gap: String,
    outcome: Erased,
}

impl IncompleteOutcome {
    /// The outcome, if it is of this type.
    #[must_use]
    pub fn outcome<T: 'static>(&self) -> Option<&T> {
        self.outcome.get()
    }

    /// Gives the outcome back.
    ///
    /// # Errors
    /// Itself, if the outcome is of another type.
    pub fn into_outcome<T: 'static>(self) -> Result<T, Self> {
        let Self { gap, outcome } = self;
        outcome.into().map_err(|outcome| Self { gap, outcome })
    }
}

impl<T: fmt::Debug + Send + Sync + 'static> From<Incomplete<T>> for IncompleteOutcome {
    fn from(incomplete: Incomplete<T>) -> Self {
        let Incomplete { gap, outcome } = incomplete;
        Self { gap, outcome: Erased::new(*outcome) }
    }
}
