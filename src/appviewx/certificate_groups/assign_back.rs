//! The way back: certificates into the groups that a plan remembers.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::CertificateGroups;
use super::assign::{AssignCertificatesBuilder, AssignManyOutcome};
use super::many_outcome::{IdOutcome, SharedError};
use super::moving::check_group;
use super::place::{Lookup, Place, Places};
use super::plan::{GroupPlan, RememberedGroup};
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::error::{Error, Outcome};
use crate::appviewx::error_code::ErrorCode;
use crate::appviewx::types::ResourceId;
use crate::validation::{Problems, Reason, ValidationError};

/// Assigns certificates to the groups that a plan remembers; see
/// [`CertificateGroups::assign_back`](super::CertificateGroups::assign_back).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct AssignBack {
    handle: CertificateGroups,
    lookup: Lookup,
    plan: GroupPlan,
    expected: String,
    /// The ids that are known to have left their old group.
    moved: HashSet<ResourceId>,
    moved_on: MovedOn,
    comment: Option<String>,
    reason: Option<String>,
}

/// What happens to certificates that somebody has moved meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MovedOn {
    Refuse,
    AssignAll,
}

impl AssignBack {
    pub(super) fn new(handle: CertificateGroups, plan: GroupPlan) -> Self {
        Self {
            lookup: Lookup::new(handle.client().clone()),
            expected: handle.default_group().to_owned(),
            handle,
            plan,
            moved: HashSet::new(),
            moved_on: MovedOn::Refuse,
            comment: None,
            reason: None,
        }
    }

    /// The group in which the certificates are expected to be now. Default: the client's
    /// [`default_group`](crate::appviewx::ClientBuilder::default_group), where an unassignment puts them. After an
    /// assignment, it is the group of that.
    pub fn from_group(mut self, name: impl Into<String>) -> Self {
        self.expected = name.into();
        self
    }

    /// Names certificates that are known to have left their old group: those whose move the server confirmed, as
    /// [`confirmed_ids`](AssignManyOutcome::confirmed_ids) or `successful_ids` name them. Where a search still shows such a
    /// certificate in its old group, it is told as [`NotSeenYet`](AssignBackState::NotSeenYet) instead of
    /// [`AlreadyThere`](AssignBackState::AlreadyThere): **whether a search shows a change at once is documented nowhere.**
    /// Ids that the plan does not name change nothing.
    pub fn after_moving(mut self, resource_ids: impl IntoIterator<Item: Into<ResourceId>>) -> Self {
        self.moved.extend(resource_ids.into_iter().map(Into::into));
        self
    }

    /// Assigns certificates as well that are neither in the expected group nor in their old one: somebody has moved them
    /// since, and that is undone.
    pub fn even_if_moved_on(mut self) -> Self {
        self.moved_on = MovedOn::AssignAll;
        self
    }

    /// Looks in this category, after those that were named before. Default: server, client and code signing
    /// certificates, in that order.
    pub fn category(mut self, category: CertificateCategory) -> Self {
        self.lookup.category(category);
        self
    }

    /// Says why, as on [`assign`](CertificateGroups::assign), under the client's rule.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// Says why, for the audit. It is not sent.
    pub fn reason(mut self, text: impl Into<String>) -> Self {
        self.reason = Some(text.into());
        self
    }

    /// Looks where the certificates are now, and assigns those that may go back: group by group, in calls of 100.
    ///
    /// # Errors
    /// [`Error::Validation`] alone, before anything is sent. What became of each certificate is in the outcome.
    pub async fn send(self) -> Result<AssignBackOutcome, Error> {
        self.check()?;
        let ids = self.plan.remembered().iter().map(|it| it.resource_id.clone()).collect();
        let Places { places, .. } = self.lookup.clone().places(ids).await;
        let mut decided = BTreeMap::new();
        let mut by_group: BTreeMap<&str, Vec<ResourceId>> = BTreeMap::new();
        for (old, (id, place)) in self.plan.remembered().iter().zip(places) {
            match self.decide(old, place) {
                Some(state) => drop(decided.insert(id, state)),
                None => by_group.entry(&old.group).or_default().push(id),
            }
        }
        let (mut answers, mut ended_by) = (Vec::new(), None);
        for (group, ids) in by_group {
            if let Some(error) = &ended_by {
                let not_sent = IdOutcome::NotSent(SharedError::clone(error));
                decided.extend(ids.into_iter().map(|id| (id, AssignBackState::Sent(not_sent.clone()))));
                continue;
            }
            let sent = self.assign(group, ids).in_calls().send().await?;
            decided.extend(sent.ids().iter().map(|(id, it)| (id.clone(), AssignBackState::Sent(it.clone()))));
            // A group that is gone says nothing about the next one.
            ended_by = sent.ended_by().filter(|error| error.code() != Some(&ErrorCode::GroupNotFound)).cloned();
            answers.push(sent);
        }
        let remembered = self.plan.remembered().iter().filter_map(|it| decided.remove_entry(&it.resource_id));
        let forgotten = self.plan.not_remembered().iter();
        let forgotten = forgotten.map(|it| (it.resource_id.clone(), AssignBackState::NotRemembered(it.why.clone())));
        Ok(AssignBackOutcome { ids: remembered.chain(forgotten).collect(), answers })
    }

    /// The plan may come from a file, so all of it is checked.
    fn check(&self) -> Result<(), ValidationError> {
        let mut problems = Problems::default();
        let remembered = self.plan.remembered();
        let ids = remembered.iter().map(|it| it.resource_id.clone()).collect();
        let request = self.assign(&self.expected, ids).check(usize::MAX, &mut problems);
        for (index, it) in remembered.iter().enumerate() {
            check_group(&it.group, &format!("plan.remembered[{index}].group"), &mut problems);
        }
        if let Some(id) = request.repeated().first() {
            problems.add("plan", Reason::Conflict, format!("it names {id} more than once"));
        }
        problems.finish()
    }

    fn assign(&self, group: &str, ids: Vec<ResourceId>) -> AssignCertificatesBuilder {
        let mut call = self.handle.assign(group, ids);
        if let Some(comment) = &self.comment {
            call = call.comment(comment);
        }
        if let Some(reason) = &self.reason {
            call = call.reason(reason);
        }
        call
    }

    /// `None` if the certificate is to be assigned.
    fn decide(&self, old: &RememberedGroup, place: Place) -> Option<AssignBackState> {
        match place {
            Place::Group(group) if group == old.group && self.moved.contains(&old.resource_id) => {
                Some(AssignBackState::NotSeenYet)
            }
            Place::Group(group) if group == old.group => Some(AssignBackState::AlreadyThere),
            Place::Group(group) if group == self.expected => None,
            Place::Group(_) | Place::GroupNotNamed if self.moved_on == MovedOn::AssignAll => None,
            Place::Group(group) => Some(AssignBackState::MovedOn(Some(group))),
            Place::GroupNotNamed => Some(AssignBackState::MovedOn(None)),
            Place::NotFound => Some(AssignBackState::NotFound),
            Place::Unreadable(error) => Some(AssignBackState::Unreadable(error)),
        }
    }
}

/// What became of one certificate of a plan.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "detail")]
#[non_exhaustive]
pub enum AssignBackState {
    /// It was sent back, and this came of it.
    Sent(IdOutcome),
    /// A search shows it in its old group. Nothing was sent. **A search that lags behind shows the same** for a
    /// certificate that is not back: name what was moved with [`after_moving`](AssignBack::after_moving).
    AlreadyThere,
    /// Its move was confirmed, and yet a search shows it in its old group: the search lags behind, or somebody has moved
    /// it back. Nothing was sent. Look again later.
    NotSeenYet,
    /// It is in this other group, or in one that is not named, so that somebody has moved it since. Nothing was sent.
    MovedOn(Option<String>),
    /// No certificate with exactly this id was found. Nothing was sent.
    NotFound,
    /// Where it is could not be read. Nothing was sent.
    Unreadable(SharedError),
    /// The plan does not know its old group, for this reason. Nothing was sent.
    NotRemembered(String),
}

impl AssignBackState {
    /// Whether the certificate is in its old group, as far as the server said.
    #[must_use]
    pub fn is_back(&self) -> bool {
        matches!(self, Self::Sent(IdOutcome::Confirmed) | Self::AlreadyThere)
    }
}

/// What became of each certificate of a plan.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct AssignBackOutcome {
    ids: Vec<(ResourceId, AssignBackState)>,
    answers: Vec<AssignManyOutcome>,
}

impl AssignBackOutcome {
    /// Every id of the plan, with what became of it.
    #[must_use]
    pub fn ids(&self) -> &[(ResourceId, AssignBackState)] {
        &self.ids
    }

    /// What became of one id; `None` if the plan does not name it.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&AssignBackState> {
        self.ids.iter().find(|(known, _)| known == id).map(|(_, state)| state)
    }

    /// What was sent, group by group.
    #[must_use]
    pub fn answers(&self) -> &[AssignManyOutcome] {
        &self.answers
    }

    /// Whether every certificate is in its old group, as far as the server said. What a search says of those that are
    /// [`AlreadyThere`](AssignBackState::AlreadyThere) may be old; see [`AssignBack::after_moving`].
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ids.iter().all(|(_, state)| state.is_back())
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Error::Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Error> {
        if self.is_complete() {
            return Ok(self);
        }
        let back = self.ids.iter().filter(|(_, state)| state.is_back()).count();
        let gap = format!("{back} of {} certificate(s) are known to be back in their group", self.ids.len());
        Err(Error::incomplete(gap, Outcome::AssignBack(self)))
    }
}
