//! The way back: certificates into the groups that a plan remembers.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::group_lookup::{GroupLookup, GroupMembership, Memberships};
use super::remember_groups::{GroupPlan, RememberedGroup};
use crate::appviewx::certificate_groups::{AssignCertificates, CertificateGroups};
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::error_code::ErrorCode;
use crate::appviewx::types::{ResourceId, check_group_name};
use crate::appviewx::vendor::{AppViewX, Error, SharedError};
use crate::operation::{Incomplete, ItemState, ManyOutcome, OnFailure, RequestBuilder};
use crate::plan_file::OtherServer;
use crate::validation::{Problems, Reason, ValidationError};

impl CertificateGroups {
    /// Assigns certificates back to the groups that a plan remembers. Each one is looked up first: those that are where
    /// the move put them go back; those that somebody has moved since stay, unless
    /// [`even_if_moved_on`](AssignBack::even_if_moved_on). Between the look and the assignment, others may still move
    /// them.
    ///
    /// **Give it the certificates that your move touched, and say which moves were confirmed.** A plan names all that
    /// were looked up: one that was refused, and that somebody else then put where your move would have put it, would
    /// go back as well; [`GroupPlan::only`] leaves it out. And a search that lags behind shows a certificate in its old
    /// group that is not there; [`after_moving`](AssignBack::after_moving) tells that apart.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?.require_complete()?;
    /// groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).comment("CHG 1234 was withdrawn").send().await?.require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Calls:** `POST /certificate/search`, then `PUT /certificate/group/assign` group by group.
    /// - **Permissions:** those of [`assign`](Self::assign), and to view the inventory.
    /// - **Arguments:** a plan of [`remember_groups`](Self::remember_groups), or one that was kept and read again.
    /// - **Errors:** none but `Validation`; the rest is told id by id.
    /// - **Undocumented by the vendor:** whether a search shows a change at once; the points of
    ///   [`assign`](Self::assign).
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory" and "Assign Certificates to a
    ///   Group".
    pub fn assign_back(&self, plan: &GroupPlan) -> AssignBack {
        AssignBack {
            lookup: GroupLookup::new(self.caller.clone()),
            other_server: plan.header().other_server(self.caller.transport().base_url()),
            expected: self.default_group().to_owned(),
            groups: self.clone(),
            plan: plan.clone(),
            moved: HashSet::new(),
            moved_on: MovedOn::Refuse,
            comment: None,
            audit_note: None,
        }
    }
}

/// Assigns certificates to the groups that a plan remembers; see [`CertificateGroups::assign_back`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct AssignBack {
    groups: CertificateGroups,
    lookup: GroupLookup,
    plan: GroupPlan,
    expected: String,
    /// The ids that are known to have left their old group.
    moved: HashSet<ResourceId>,
    moved_on: MovedOn,
    other_server: Option<OtherServer>,
    comment: Option<String>,
    audit_note: Option<String>,
}

/// What happens to certificates that somebody has moved meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MovedOn {
    Refuse,
    AssignAll,
}

impl AssignBack {
    /// The group in which the certificates are expected to be now. Default: the client's
    /// [`default_group`](crate::appviewx::ClientBuilder::default_group), where an unassignment puts them. After an
    /// assignment, it is the group of that.
    pub fn from_group(mut self, name: impl Into<String>) -> Self {
        self.expected = name.into();
        self
    }

    /// Names certificates that are known to have left their old group: those whose move the server confirmed, as
    /// [`confirmed`](ManyOutcome::confirmed) or `successful_ids` name them. Where a search still shows such a
    /// certificate in its old group, it is told as [`NotSeenYet`](AssignBackState::NotSeenYet) instead of
    /// [`AlreadyThere`](AssignBackState::AlreadyThere): **whether a search shows a change at once is undocumented by
    /// the vendor.** Ids that the plan does not name change nothing.
    pub fn after_moving(mut self, resource_ids: impl IntoIterator<Item: Into<ResourceId>>) -> Self {
        self.moved.extend(resource_ids.into_iter().map(Into::into));
        self
    }

    /// Assigns certificates as well that are neither in the expected group nor in their old one: somebody has moved
    /// them since, and that is undone.
    pub fn even_if_moved_on(mut self) -> Self {
        self.moved_on = MovedOn::AssignAll;
        self
    }

    /// Takes a plan that was made for another server: one that has got another name, or from which this one was copied. Without
    /// this, such a plan is refused.
    pub fn accept_other_server(mut self) -> Self {
        self.other_server = None;
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

    /// What the audit event of each assignment says beside its targets, for example the number of a ticket. It stays in
    /// this program: nothing of it is sent.
    pub fn audit_note(mut self, note: impl Into<String>) -> Self {
        self.audit_note = Some(note.into());
        self
    }

    /// Looks where the certificates are now, and assigns those that may go back: group by group, in calls of 100, or of the
    /// client's [`max_ids_per_call`](crate::appviewx::ClientBuilder::max_ids_per_call) if that is smaller. A certificate that is refused does not hold up the others: see [`in_calls`](RequestBuilder::in_calls) and
    /// [`OnFailure::ContinueAfterRefusal`]. After a call that may have arrived, no further group is begun.
    ///
    /// # Errors
    /// [`Error::Validation`] alone, before anything is sent. The outcome says how it went for each certificate.
    pub async fn send(self) -> Result<AssignBackOutcome, Error> {
        self.check()?;
        let ids = self.plan.remembered().iter().map(|it| it.resource_id.clone()).collect();
        let Memberships { of_ids, .. } = self.lookup.clone().memberships(ids).await;
        let mut decided = BTreeMap::new();
        let mut by_group: BTreeMap<&str, Vec<ResourceId>> = BTreeMap::new();
        for (old, (id, membership)) in self.plan.remembered().iter().zip(of_ids) {
            match self.decide(old, membership) {
                Some(state) => drop(decided.insert(id, state)),
                None => by_group.entry(&old.group).or_default().push(id),
            }
        }
        let (mut answers, mut ended_by) = (Vec::new(), None);
        for (group, ids) in by_group {
            let sent = if let Some(error) = &ended_by {
                Err(SharedError::clone(error))
            } else {
                let call = self.assign(group, ids.clone()).in_calls().on_failure(OnFailure::ContinueAfterRefusal);
                // An error of it is no reason to forget what earlier groups came to.
                call.send().await.map_err(SharedError::from)
            };
            match sent {
                Ok(sent) => {
                    let states = sent.items().iter();
                    decided.extend(states.map(|it| (it.item.clone(), AssignBackState::Sent(it.state.clone()))));
                    ended_by = ends_all_groups(&sent);
                    answers.push(sent);
                }
                Err(error) => {
                    let not_sent = AssignBackState::Sent(ItemState::NotSent(error.clone()));
                    decided.extend(ids.into_iter().map(|id| (id, not_sent.clone())));
                    ended_by = Some(error);
                }
            }
        }
        let remembered = self.plan.remembered().iter().filter_map(|it| decided.remove_entry(&it.resource_id));
        let forgotten = self.plan.not_remembered().iter();
        let forgotten = forgotten.map(|it| (it.resource_id.clone(), AssignBackState::NotRemembered(it.why.clone())));
        Ok(AssignBackOutcome { ids: remembered.chain(forgotten).collect(), answers })
    }

    /// The plan may come from a file, so all of it is checked.
    fn check(&self) -> Result<(), ValidationError> {
        let mut problems = Problems::default();
        if let Some(other) = &self.other_server {
            other.add_to(&mut problems);
        }
        let remembered = self.plan.remembered();
        let ids = remembered.iter().map(|it| it.resource_id.clone()).collect();
        let (caller, mut request) = self.assign(&self.expected, ids).into_parts();
        request.operation_mut().check_with_limit(usize::MAX, caller.settings(), &mut problems);
        request.check_settings(&mut problems);
        for (index, it) in remembered.iter().enumerate() {
            check_group_name(&it.group, format_args!("plan.remembered[{index}].group"), &mut problems);
        }
        if let Some(id) = request.repeated().first() {
            problems.add("plan", Reason::Conflict, format!("it names {id} more than once"));
        }
        problems.finish()
    }

    fn assign(&self, group: &str, ids: Vec<ResourceId>) -> RequestBuilder<AssignCertificates> {
        let mut call = self.groups.assign(group, ids);
        if let Some(comment) = &self.comment {
            call = call.comment(comment);
        }
        if let Some(note) = &self.audit_note {
            call = call.audit_note(note);
        }
        call
    }

    /// `None` if the certificate is to be assigned.
    fn decide(&self, old: &RememberedGroup, membership: GroupMembership) -> Option<AssignBackState> {
        match membership {
            GroupMembership::Group(group) if group == old.group && self.moved.contains(&old.resource_id) => {
                Some(AssignBackState::NotSeenYet)
            }
            GroupMembership::Group(group) if group == old.group => Some(AssignBackState::AlreadyThere),
            GroupMembership::Group(group) if group == self.expected => None,
            GroupMembership::Group(_) | GroupMembership::GroupNotNamed if self.moved_on == MovedOn::AssignAll => None,
            GroupMembership::Group(group) => Some(AssignBackState::MovedOn(Some(group))),
            GroupMembership::GroupNotNamed => Some(AssignBackState::MovedOn(None)),
            GroupMembership::NotFound => Some(AssignBackState::NotFound),
            GroupMembership::Unreadable(error) => Some(AssignBackState::Unreadable(error)),
        }
    }
}

/// The error after which the assignments to other groups are not sent either.
fn ends_all_groups(sent: &ManyOutcome<ResourceId, AssignCertificates>) -> Option<SharedError> {
    let mut unknown = sent.items().iter().filter_map(|it| match &it.state {
        ItemState::Unknown(error) => Some(error),
        _ => None,
    });
    // A group that is gone says nothing about the next one.
    let ended_by = sent.ended_by().filter(|error| error.code() != Some(&ErrorCode::GroupNotFound));
    ended_by.or_else(|| unknown.next()).cloned()
}

/// The outcome for one certificate of a plan.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "detail")]
#[non_exhaustive]
pub enum AssignBackState {
    /// It was sent back, and this came of it.
    Sent(ItemState<AppViewX>),
    /// A search shows it in its old group. Nothing was sent. **A search that lags behind shows the same** for a
    /// certificate that is not back: name what was moved with [`after_moving`](AssignBack::after_moving).
    AlreadyThere,
    /// Its move was confirmed, and yet a search shows it in its old group: the search lags behind, or somebody has
    /// moved it back. Nothing was sent. Look again later.
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
        matches!(self, Self::Sent(ItemState::Confirmed) | Self::AlreadyThere)
    }
}

/// The outcome for each certificate of a plan.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct AssignBackOutcome {
    ids: Vec<(ResourceId, AssignBackState)>,
    answers: Vec<ManyOutcome<ResourceId, AssignCertificates>>,
}

impl AssignBackOutcome {
    /// Every id of the plan, with its outcome.
    #[must_use]
    pub fn ids(&self) -> &[(ResourceId, AssignBackState)] {
        &self.ids
    }

    /// The outcome for one id; `None` if the plan does not name it.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&AssignBackState> {
        self.ids.iter().find(|(known, _)| known == id).map(|(_, state)| state)
    }

    /// What was sent, group by group.
    #[must_use]
    pub fn answers(&self) -> &[ManyOutcome<ResourceId, AssignCertificates>] {
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
    /// [`Incomplete`], which holds this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let back = self.ids.iter().filter(|(_, state)| state.is_back()).count();
        let gap = format!("{back} of {} certificate(s) are known to be back in their group", self.ids.len());
        Err(Incomplete::new(gap, self))
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl AssignBackOutcome {
    /// The outcome for each certificate on its way back, and the runs that were sent: those of
    /// [`BatchBuilder::outcome_of`](crate::BatchBuilder::outcome_of). Feature `testing`.
    ///
    /// ```
    /// use clm::appviewx::{AssignBackOutcome, AssignBackState};
    ///
    /// let moved_on = AssignBackState::MovedOn(Some("dmz".to_owned()));
    ///
    /// let outcome = AssignBackOutcome::new([("67bc2ca76a105e1a05691c1c", moved_on)], []);
    ///
    /// assert!(!outcome.is_complete());
    /// ```
    pub fn new(
        ids: impl IntoIterator<Item = (impl Into<ResourceId>, AssignBackState)>,
        answers: impl IntoIterator<Item = ManyOutcome<ResourceId, AssignCertificates>>,
    ) -> Self {
        let ids = ids.into_iter().map(|(id, state)| (id.into(), state)).collect();
        Self { ids, answers: answers.into_iter().collect() }
    }
}
