//! What became of many ids, one by one.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::moving::Move;
use super::outcome::MoveOutcome;
use crate::appviewx::error::Error;
use crate::appviewx::types::ResourceId;

/// An error that several ids share: that of the call in which they were. It derefs to the [`Error`].
///
/// Two are equal if they are the same one. Serialised, it is its text.
#[derive(Clone)]
pub struct SharedError(Arc<Error>);

impl From<Error> for SharedError {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl SharedError {
    /// The error itself, if nobody shares it any more.
    pub(super) fn into_error(self) -> Option<Error> {
        Arc::into_inner(self.0)
    }
}

impl Deref for SharedError {
    type Target = Error;

    fn deref(&self) -> &Error {
        &self.0
    }
}

impl PartialEq for SharedError {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for SharedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for SharedError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What became of one id.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "error")]
#[non_exhaustive]
pub enum IdOutcome {
    /// The server confirmed it.
    Confirmed,
    /// The call was taken, and its answer does not name the id. It may have been moved or not.
    Unconfirmed,
    /// The server refused it, in a call that named no other id.
    Refused(SharedError),
    /// The server refused the call in which it was, together with others. Which of them it refused is not known.
    RefusedTogether(SharedError),
    /// The call may have arrived. **Look before you send it again.**
    Unknown(SharedError),
    /// Nothing was sent. The error is that of its own call, or of the call that ended the run.
    NotSent(SharedError),
}

impl IdOutcome {
    /// Whether the server confirmed it.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed)
    }

    /// The error, if there is one.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Confirmed | Self::Unconfirmed => None,
            Self::Refused(error) | Self::RefusedTogether(error) | Self::Unknown(error) | Self::NotSent(error) => {
                Some(error)
            }
        }
    }
}

/// What became of each id of an unassignment or assignment in several calls.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct ManyOutcome<M> {
    pub(super) ids: Vec<(ResourceId, IdOutcome)>,
    pub(super) repeated: Vec<ResourceId>,
    pub(super) answers: Vec<MoveOutcome<M>>,
    pub(super) calls: u32,
    pub(super) split_calls: Vec<SharedError>,
    pub(super) ended_by: Option<SharedError>,
}

impl<M: Move> ManyOutcome<M> {
    /// Every id, in the order in which they were asked for, with what became of it.
    #[must_use]
    pub fn ids(&self) -> &[(ResourceId, IdOutcome)] {
        &self.ids
    }

    /// What became of one id; `None` if nobody asked for it.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&IdOutcome> {
        self.ids.iter().find(|(asked, _)| asked == id).map(|(_, outcome)| outcome)
    }

    /// The ids that the server confirmed.
    pub fn confirmed_ids(&self) -> impl Iterator<Item = &ResourceId> {
        self.ids.iter().filter(|(_, outcome)| outcome.is_confirmed()).map(|(id, _)| id)
    }

    /// The ids that may have been moved: confirmed, unconfirmed or unknown. They are those that a way back has to name;
    /// see [`GroupPlan::only`](super::GroupPlan::only).
    pub fn possibly_moved_ids(&self) -> impl Iterator<Item = &ResourceId> {
        let may = |outcome: &IdOutcome| {
            matches!(outcome, IdOutcome::Confirmed | IdOutcome::Unconfirmed | IdOutcome::Unknown(_))
        };
        self.ids.iter().filter(move |(_, outcome)| may(outcome)).map(|(id, _)| id)
    }

    /// Ids that were given again. They count once.
    #[must_use]
    pub fn repeated(&self) -> &[ResourceId] {
        &self.repeated
    }

    /// What the server answered to the calls that it took, in their order: messages, bodies, and ids that nobody asked for.
    #[must_use]
    pub fn answers(&self) -> &[MoveOutcome<M>] {
        &self.answers
    }

    /// How many calls there were, those that were split among them.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// The refusals of the calls that were split, in their order.
    #[must_use]
    pub fn split_calls(&self) -> &[SharedError] {
        &self.split_calls
    }

    /// The error after which nothing further was sent, if there was one.
    #[must_use]
    pub fn ended_by(&self) -> Option<&SharedError> {
        self.ended_by.as_ref()
    }

    /// Whether the server confirmed every id that was asked for, and no other.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ids.iter().all(|(_, outcome)| outcome.is_confirmed()) && self.answers.iter().all(MoveOutcome::is_complete)
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Error::Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Error> {
        if self.is_complete() {
            return Ok(self);
        }
        let gap = format!("the server confirmed {} of {} certificate(s)", self.confirmed_ids().count(), self.ids.len());
        Err(Error::incomplete(gap, M::outcome_of_many(self)))
    }
}
