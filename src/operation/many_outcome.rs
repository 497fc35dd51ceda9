//! The outcomes of the items of a batch.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::{Change, Error, FirstCase, Incomplete, SharedError, Vendor};
use crate::error_report::counted;

/// The outcome of one item of a batch.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::ItemState;
///
/// let outcome =
///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
/// for it in outcome.items() {
///     match &it.state {
///         ItemState::Confirmed => println!("{}: done", it.item),
///         ItemState::Unconfirmed | ItemState::Unknown(_) => {
///             println!("{}: check it, then decide", it.item)
///         }
///         ItemState::NotSent(_) => println!("{}: run again", it.item),
///         state => println!("{}: {state}", it.item),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "error", bound = "")]
#[non_exhaustive]
pub enum ItemState<V: Vendor> {
    /// The server accepted the call, and its response confirms this item.
    Confirmed,
    /// The server accepted the call, but its response does not confirm this item. The change may or may not have been
    /// carried out.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::ItemState;
    ///
    /// let ids = ["67bc2ca76a105e1a05691c1c", "000000000000000000000000"];
    /// let outcome = appviewx.certificate_groups().unassign(ids).in_calls().send().await?;
    /// if outcome.items()[1].state == ItemState::Unconfirmed {
    ///     println!("{}: not named in the response; look up its group", outcome.items()[1].item);
    /// # } else { panic!("another state: {outcome:?}");
    /// }
    /// # Ok(()) }
    /// ```
    Unconfirmed,
    /// The server refused the item in a call with no other item, or the look-up before the call was refused or did not
    /// find the expected state. Nothing was changed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::ItemState;
    /// use clm::keyfactor::Schedule;
    ///
    /// scene.keyfactor.restrict_to([]);
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// let outcome = removal.one_job_per_location().send().await?;
    /// if let ItemState::Refused(error) = &outcome.items()[0].state {
    ///     println!("nothing was changed: {}", error.report());
    /// # } else { panic!("another state: {outcome:?}");
    /// }
    /// # Ok(()) }
    /// ```
    Refused(SharedError<V>),
    /// The server refused a call with this and other items. It is not known which items caused the refusal. If the call
    /// was split, the run ended before this item was sent again.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::ItemState;
    /// use clm::testing::AppViewXPermission;
    ///
    /// scene.appviewx.deny(AppViewXPermission::AssignGroups);
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// if let ItemState::RefusedTogether(error) = &outcome.items()[0].state {
    ///     println!("none of the call's ids was moved: {}", error.report());
    /// # } else { panic!("another state: {outcome:?}");
    /// }
    /// # Ok(()) }
    /// ```
    RefusedTogether(SharedError<V>),
    /// The change may have been carried out. **Check before you send it again.**
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::ItemState;
    /// use clm::keyfactor::Schedule;
    ///
    /// scene.keyfactor.lose_answers(1);
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// let outcome = removal.one_job_per_location().send().await?;
    /// if let ItemState::Unknown(error) = &outcome.items()[0].state {
    ///     println!("check before you send it again: {}", error.report());
    /// # } else { panic!("another state: {outcome:?}");
    /// }
    /// # Ok(()) }
    /// ```
    Unknown(SharedError<V>),
    /// Nothing was sent. The error is that of the item's own call, or of the call that ended the run.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::ItemState;
    /// use clm::keyfactor::Schedule;
    ///
    /// scene.keyfactor.restrict_to([]);
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// let outcome = removal.one_job_per_location().send().await?;
    /// if let ItemState::NotSent(error) = &outcome.items()[1].state {
    ///     println!("to be sent again later, because the call before it failed: {error}");
    /// # } else { panic!("another state: {outcome:?}");
    /// }
    /// # Ok(()) }
    /// ```
    NotSent(SharedError<V>),
}

impl<V: Vendor> ItemState<V> {
    /// Whether the server confirmed the item.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert!(outcome.items()[0].state.is_confirmed());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed)
    }

    /// Whether the change may have been carried out: confirmed, unconfirmed or unknown.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert!(outcome.items()[0].state.is_possibly_done());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_possibly_done(&self) -> bool {
        matches!(self, Self::Confirmed | Self::Unconfirmed | Self::Unknown(_))
    }

    /// The error, if the state has one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// for it in outcome.items() {
    ///     if let Some(error) = it.state.error() {
    ///         eprintln!("{}: {}", it.item, error.report());
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<&Error<V>> {
        match self {
            Self::Confirmed | Self::Unconfirmed => None,
            Self::Refused(error) | Self::RefusedTogether(error) | Self::Unknown(error) | Self::NotSent(error) => {
                Some(error)
            }
        }
    }
}

/// The state in words, with the error if there is one, on one line.
impl<V: Vendor> fmt::Display for ItemState<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Confirmed => f.pad("confirmed"),
            Self::Unconfirmed => f.pad("not confirmed"),
            Self::Refused(error) => write!(f, "refused: {error}"),
            Self::RefusedTogether(error) => write!(f, "refused together with other items: {error}"),
            Self::Unknown(error) => write!(f, "may have been carried out: {error}"),
            Self::NotSent(error) => write!(f, "not sent: {error}"),
        }
    }
}

/// An item of a batch and its state.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let outcome =
///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
/// for it in outcome.items() {
///     println!("{}: {}", it.item, it.state);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(bound(serialize = "I: Serialize"))]
#[non_exhaustive]
pub struct ItemOutcome<I, O: Change> {
    /// The item.
    pub item: I,
    /// Its state.
    #[serde(flatten)]
    pub state: ItemState<O::Vendor>,
    /// The outcome of the call with this item, if the server accepted the call.
    #[serde(skip)]
    pub answer: Option<Arc<O::Outcome>>,
}

/// The item and its state.
impl<I: fmt::Display, O: Change> fmt::Display for ItemOutcome<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.item, self.state)
    }
}

/// The outcome of every item of a batch.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let outcome =
///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
/// println!("{} confirmed in {} call(s)", outcome.confirmed().count(), outcome.calls());
/// if let Some(error) = outcome.ended_by() {
///     eprintln!("ended early: {}", error.report());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct ManyOutcome<I, O: Change> {
    pub(super) items: Vec<ItemOutcome<I, O>>,
    pub(super) repeated: Vec<I>,
    pub(super) calls: u32,
    pub(super) split_calls: Vec<SharedError<O::Vendor>>,
    pub(super) ended_by: Option<SharedError<O::Vendor>>,
    /// How many items the batch has.
    pub(super) total: usize,
    pub(super) handed_out: HandedOut,
}

/// What a stream handed out before.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct HandedOut {
    items: usize,
    unconfirmed: usize,
    /// Confirmed ones whose answer has a gap of another kind, for example an item that nobody asked for.
    of_incomplete_answers: usize,
}

impl HandedOut {
    pub(super) fn count<I, O: Change>(&mut self, outcome: &ItemOutcome<I, O>) {
        self.items += 1;
        if !outcome.state.is_confirmed() {
            self.unconfirmed += 1;
        } else if outcome.answer.as_deref().is_some_and(|answer| !O::is_complete(answer)) {
            self.of_incomplete_answers += 1;
        }
    }
}

// The answers stand beside the items: many items share one.
impl<I: Serialize, O: Change<Outcome: Serialize>> Serialize for ManyOutcome<I, O> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { items, repeated, calls, split_calls, ended_by, total: _, handed_out: _ } = self;
        let mut outcome = serializer.serialize_struct("ManyOutcome", 6)?;
        outcome.serialize_field("items", items)?;
        outcome.serialize_field("answers", &self.answers().collect::<Vec<_>>())?;
        outcome.serialize_field("repeated", repeated)?;
        outcome.serialize_field("calls", calls)?;
        outcome.serialize_field("split_calls", split_calls)?;
        outcome.serialize_field("ended_by", ended_by)?;
        outcome.end()
    }
}

impl<I, O: Change> ManyOutcome<I, O> {
    /// The items with their states, in request order. Items that a stream returned earlier are not included.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// for it in outcome.items() {
    ///     println!("{it}");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn items(&self) -> &[ItemOutcome<I, O>] {
        &self.items
    }

    /// The confirmed items.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert_eq!(outcome.confirmed().count(), 3);
    /// # Ok(()) }
    /// ```
    pub fn confirmed(&self) -> impl Iterator<Item = &I> {
        self.items.iter().filter(|outcome| outcome.state.is_confirmed()).map(|outcome| &outcome.item)
    }

    /// The items whose change may have been carried out: confirmed, unconfirmed or unknown. To put the items back, name
    /// these items.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert_eq!(outcome.possibly_done().count(), 3);
    /// # Ok(()) }
    /// ```
    pub fn possibly_done(&self) -> impl Iterator<Item = &I> {
        self.items.iter().filter(|outcome| outcome.state.is_possibly_done()).map(|outcome| &outcome.item)
    }

    /// The outcomes of the accepted calls with at least one of these [`items`](Self::items), without duplicates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert_eq!(outcome.answers().count(), 1);
    /// # Ok(()) }
    /// ```
    pub fn answers(&self) -> impl Iterator<Item = &O::Outcome> {
        let mut seen = HashSet::new();
        let answers = self.items.iter().filter_map(|outcome| outcome.answer.as_deref());
        answers.filter(move |answer| seen.insert(std::ptr::from_ref(*answer).addr()))
    }

    /// Items that were given more than once. They count once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert!(outcome.repeated().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn repeated(&self) -> &[I] {
        &self.repeated
    }

    /// The number of calls, including refused calls that were split.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert_eq!(outcome.calls(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// The refusals of the calls that were split.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert!(outcome.split_calls().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn split_calls(&self) -> &[SharedError<O::Vendor>] {
        &self.split_calls
    }

    /// The error that ended the run, if there was one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// if let Some(error) = outcome.ended_by() {
    ///     eprintln!("{}", error.report());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn ended_by(&self) -> Option<&SharedError<O::Vendor>> {
        self.ended_by.as_ref()
    }

    /// Whether the server confirmed every item, including those that a stream returned earlier, and named no other.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome =
    ///     appviewx.certificate_groups().unassign(scene.resource_ids()).in_calls().send().await?;
    /// assert!(outcome.is_complete());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let HandedOut { items, unconfirmed, of_incomplete_answers } = self.handed_out;
        unconfirmed == 0
            && of_incomplete_answers == 0
            && items + self.items.len() == self.total
            && self.items.iter().all(|outcome| outcome.state.is_confirmed())
            && self.answers().all(O::is_complete)
    }

    /// Returns an error if the outcome is incomplete.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let outcome = appviewx
    ///     .certificate_groups()
    ///     .unassign(scene.resource_ids())
    ///     .in_calls()
    ///     .send()
    ///     .await?
    ///     .require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Incomplete`], which contains this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let gap = self.gap();
        let errors = self.items.iter().filter_map(|it| it.state.error());
        let first_case = FirstCase::of(errors, Error::to_string);
        Err(Incomplete::because(gap, first_case, self))
    }

    fn gap(&self) -> String {
        let confirmed = self.confirmed().count();
        let confirmed = format!("the server confirmed {confirmed} of {}", counted(self.items.len(), O::ITEM));
        let HandedOut { items, unconfirmed, of_incomplete_answers } = self.handed_out;
        let missing = self.total.saturating_sub(items + self.items.len());
        let incomplete = self.answers().filter(|answer| !O::is_complete(answer)).count();
        let gaps = [
            (incomplete, "incomplete responses"),
            (unconfirmed, "handed out earlier and not confirmed"),
            (of_incomplete_answers, "handed out earlier and confirmed by an incomplete response"),
            (missing, "without an outcome"),
        ];
        let gaps = gaps.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("; {what}: {count}"));
        std::iter::once(confirmed).chain(gaps).collect()
    }
}
