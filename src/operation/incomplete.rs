//! Incomplete outcomes as errors.

use std::fmt;

use super::erased::Erased;

/// The first of the cases behind a gap, and how many more there are.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct FirstCase(String);

impl FirstCase {
    pub(crate) fn of<T>(cases: impl IntoIterator<Item = T>, show: impl FnOnce(T) -> String) -> Option<Self> {
        let mut cases = cases.into_iter();
        let first = show(cases.next()?);
        Some(Self(match cases.count() {
            0 => first,
            more => format!("{first} (and {more} more)"),
        }))
    }
}

/// The error of `require_complete` and `require_success` for an incomplete outcome, or of a raw change whose response
/// could not be read. It contains the outcome, so nothing is lost. `source()` is the first case behind the gap, for
/// example the first job that failed, if there is one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
/// let outcome = appviewx.certificate_groups().unassign(ids).send().await?;
/// if let Err(incomplete) = outcome.require_complete() {
///     eprintln!("{incomplete}: {:?}", incomplete.outcome().unconfirmed_ids());
/// # } else { panic!("complete");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
#[error("{gap}")]
pub struct Incomplete<Outcome> {
    gap: String,
    #[source]
    first_case: Option<FirstCase>,
    outcome: Box<Outcome>,
}

impl<Outcome> Incomplete<Outcome> {
    pub(crate) fn new(gap: String, outcome: Outcome) -> Self {
        Self { gap, first_case: None, outcome: Box::new(outcome) }
    }

    pub(crate) fn because(gap: String, first_case: Option<FirstCase>, outcome: Outcome) -> Self {
        Self { first_case, ..Self::new(gap, outcome) }
    }

    /// The outcome.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
    /// let outcome = appviewx.certificate_groups().unassign(ids).send().await?;
    /// if let Err(incomplete) = outcome.require_complete() {
    ///     println!("not confirmed: {:?}", incomplete.outcome().unconfirmed_ids());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Returns the outcome.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
    /// let outcome = appviewx.certificate_groups().unassign(ids).send().await?;
    /// if let Err(incomplete) = outcome.require_complete() {
    ///     let outcome = incomplete.into_outcome();
    ///     println!("confirmed: {:?}", outcome.successful_ids());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn into_outcome(self) -> Outcome {
        *self.outcome
    }
}

/// An [`Incomplete`] with an outcome of any type, inside an [`Error`](super::Error).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::{Error, UnassignOutcome};
///
/// # let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
/// let unassigned = appviewx.certificate_groups().unassign(ids).send().await?;
/// if let Err(Error::Incomplete(error)) = unassigned.require_complete().map_err(Error::from)
///     && let Some(outcome) = error.outcome::<UnassignOutcome>()
/// {
///     eprintln!("not confirmed: {:?}", outcome.unconfirmed_ids());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{gap}")]
pub struct IncompleteOutcome {
    gap: String,
    #[source]
    first_case: Option<FirstCase>,
    outcome: Erased,
}

impl IncompleteOutcome {
    /// The outcome, if it has this type.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, UnassignOutcome};
    ///
    /// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
    /// let outcome = appviewx.certificate_groups().unassign(ids).send().await?;
    /// if let Err(Error::Incomplete(incomplete)) = outcome.require_complete().map_err(Error::from) {
    ///     assert!(incomplete.outcome::<UnassignOutcome>().is_some());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn outcome<T: 'static>(&self) -> Option<&T> {
        self.outcome.get()
    }

    /// Returns the outcome.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::{Error, UnassignOutcome};
    ///
    /// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
    /// let outcome = appviewx.certificate_groups().unassign(ids).send().await?;
    /// if let Err(Error::Incomplete(incomplete)) = outcome.require_complete().map_err(Error::from) {
    ///     let outcome =
    ///         incomplete.into_outcome::<UnassignOutcome>().expect("the outcome of an unassignment");
    ///     println!("confirmed: {:?}", outcome.successful_ids());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The error itself, if the outcome has another type.
    pub fn into_outcome<T: 'static>(self) -> Result<T, Self> {
        let Self { gap, first_case, outcome } = self;
        outcome.into().map_err(|outcome| Self { gap, first_case, outcome })
    }
}

impl<T: fmt::Debug + Send + Sync + 'static> From<Incomplete<T>> for IncompleteOutcome {
    fn from(incomplete: Incomplete<T>) -> Self {
        let Incomplete { gap, first_case, outcome } = incomplete;
        Self { gap, first_case, outcome: Erased::new(*outcome) }
    }
}
