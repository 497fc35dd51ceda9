//! Incomplete outcomes as errors.

use std::fmt;

use super::erased::Erased;

/// The error of `require_complete` and `require_success` for an incomplete outcome, or of a raw change whose response
/// could not be read. It contains the outcome, so nothing is lost.
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

    /// The outcome.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Returns the outcome.
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        *self.outcome
    }
}

/// An [`Incomplete`] with an outcome of any type, inside an [`Error`](super::Error).
#[derive(Debug, thiserror::Error)]
#[error("{gap}")]
pub struct IncompleteOutcome {
    gap: String,
    outcome: Erased,
}

impl IncompleteOutcome {
    /// The outcome, if it has this type.
    #[must_use]
    pub fn outcome<T: 'static>(&self) -> Option<&T> {
        self.outcome.get()
    }

    /// Returns the outcome.
    ///
    /// # Errors
    /// The error itself, if the outcome has another type.
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
