//! Assigning certificates back to the groups recorded in a plan.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::group_lookup::{GroupLookup, GroupMembership, Memberships};
use super::remember_groups::{GroupPlan, RememberedGroup};
use crate::appviewx::certificate_groups::{AssignCertificates, CertificateGroups};
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::comment::CommentRule;
use crate::appviewx::error_code::ErrorCode;
use crate::appviewx::types::{ResourceId, check_group_name};
use crate::appviewx::vendor::{AppViewX, Error, SharedError};
use crate::lenient::one_line;
use crate::operation::{FirstCase, Incomplete, ItemState, ManyOutcome, OnFailure, RequestBuilder};
use crate::plan_file::OtherServer;
use crate::validation::{Problems, Reason, ValidationError};

impl CertificateGroups {
    /// Puts certificates back into the groups recorded in a plan. Each certificate is looked up first. It is put back
    /// if it is in the group that the move put it in. It is left alone if it has been moved since, unless you call
    /// [`even_if_moved_on`](AssignBack::even_if_moved_on). Someone else may still move a certificate between the
    /// look-up and the assignment.
    ///
    /// **Limit the plan to the certificates that your move may have changed, and pass the confirmed ones to
    /// [`after_moving`](AssignBack::after_moving).** A plan names every certificate that was looked up. If your move of
    /// a certificate was refused and someone else then made the same move, it would be put back as well;
    /// [`GroupPlan::only`] excludes it. A delayed search may also show a certificate in its old group after it was
    /// moved; `after_moving` detects this.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?.require_complete()?;
    /// groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups
    ///     .assign_back(&plan)
    ///     .comment("CHG 1234 was withdrawn")
    ///     .send()
    ///     .await?
    ///     .require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Calls:** `POST /certificate/search`, then `PUT /certificate/group/assign` group by group.
    /// - **Permissions:** those of [`assign`](Self::assign), and the right to view the inventory.
    /// - **Arguments:** a plan from [`remember_groups`](Self::remember_groups), or one read back from a file.
    /// - **Errors:** only `Validation`. All other failures are reported per id.
    /// - **Undocumented by the vendor:** whether a search shows a change immediately, and everything listed under
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
            comment_rule: None,
            audit_note: None,
        }
    }
}

/// A request to put certificates back into the groups recorded in a plan; see [`CertificateGroups::assign_back`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let groups = appviewx.certificate_groups();
/// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
/// groups.unassign(scene.resource_ids()).send().await?;
/// let assign_back = groups.assign_back(&plan).comment("Put back with CHG 1235");
/// assign_back.send().await?.require_complete()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
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
    comment_rule: Option<CommentRule>,
    audit_note: Option<String>,
}

/// What happens to certificates that somebody has moved meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MovedOn {
    Refuse,
    AssignAll,
}

impl AssignBack {
    /// Sets the group in which the certificates are expected now. Default: the client's
    /// [`default_group`](crate::appviewx::ClientBuilder::default_group), where an unassignment puts them. After an
    /// assignment, set its target group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.add_group("archive", "Default");
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// groups.assign("archive", scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).from_group("archive").send().await?;
    /// assert!(outcome.is_complete());
    /// # Ok(()) }
    /// ```
    pub fn from_group(mut self, name: impl Into<String>) -> Self {
        self.expected = name.into();
        self
    }

    /// Names certificates that are known to have left their old group: those whose move the server confirmed, as
    /// returned by [`confirmed`](ManyOutcome::confirmed) or `successful_ids`. If a search still shows such a
    /// certificate in its old group, it is reported as [`NotSeenYet`](AssignBackState::NotSeenYet) instead of
    /// [`AlreadyThere`](AssignBackState::AlreadyThere). **Whether a search shows a change immediately is undocumented
    /// by the vendor.** Ids that the plan does not contain are ignored.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome =
    ///     groups.assign_back(&plan).after_moving(moved.successful_ids().to_vec()).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn after_moving(mut self, resource_ids: impl IntoIterator<Item: Into<ResourceId>>) -> Self {
        self.moved.extend(resource_ids.into_iter().map(Into::into));
        self
    }

    /// Also puts back certificates that are in neither the expected group nor their old one. Someone has moved them
    /// since, and this undoes that move.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).even_if_moved_on().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn even_if_moved_on(mut self) -> Self {
        self.moved_on = MovedOn::AssignAll;
        self
    }

    /// Accepts a plan that was made for another server, for example because the server was renamed or cloned. By
    /// default such a plan is a validation error.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).accept_other_server().send().await?;
    /// # Ok(()) }
    /// ```
    pub fn accept_other_server(mut self) -> Self {
        self.other_server = None;
        self
    }

    /// Adds a category to search. Categories are searched in the order of these calls. Default: server, client and code
    /// signing certificates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::CertificateCategory;
    ///
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).category(CertificateCategory::Server).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn category(mut self, category: CertificateCategory) -> Self {
        self.lookup.category(category);
        self
    }

    /// Sets the comment of each assignment, as for [`assign`](CertificateGroups::assign).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).comment("CHG 1234 was withdrawn").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.comment = Some(text.into());
        self
    }

    /// Sets which characters are accepted in this comment. Overrides the client's
    /// [`comment_rule`](crate::appviewx::ClientBuilder::comment_rule). If the unassignment had a rule of its own, set
    /// the same rule here.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.accept_in_comments("-");
    /// use clm::appviewx::CommentRule;
    ///
    /// let (groups, rule) = (appviewx.certificate_groups(), CommentRule::allowing("-"));
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let unassign =
    ///     groups.unassign(scene.resource_ids()).comment("CHG-1234").comment_rule(rule.clone());
    /// unassign.send().await?;
    /// let back = groups
    ///     .assign_back(&plan)
    ///     .comment("CHG-1234 was withdrawn")
    ///     .comment_rule(rule)
    ///     .send()
    ///     .await?;
    /// assert!(back.is_complete());
    /// # Ok(()) }
    /// ```
    pub fn comment_rule(mut self, rule: CommentRule) -> Self {
        self.comment_rule = Some(rule);
        self
    }

    /// Sets a note for the audit event of each assignment, for example a ticket number. It is not sent to the server.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).audit_note("CHG 1234").send().await?;
    /// # Ok(()) }
    /// ```
    pub fn audit_note(mut self, note: impl Into<String>) -> Self {
        self.audit_note = Some(note.into());
        self
    }

    /// Looks up the certificates and puts them back, group by group, in calls of 100 ids, or of the client's
    /// [`max_ids_per_call`](crate::appviewx::ClientBuilder::max_ids_per_call) if that is smaller. If one certificate is
    /// refused, the others are still processed; see [`in_calls`](RequestBuilder::in_calls) and
    /// [`OnFailure::ContinueAfterRefusal`]. After a call with an unknown outcome, no further group is started.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).send().await?;
    /// assert!(outcome.is_complete());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Only [`Error::Validation`], before anything is sent. The outcome contains the result for each certificate.
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
            problems.add("plan", Reason::Conflict, format!("contains {} more than once", one_line(id.as_str())));
        }
        problems.finish()
    }

    fn assign(&self, group: &str, ids: Vec<ResourceId>) -> RequestBuilder<AssignCertificates> {
        let mut call = self.groups.assign(group, ids);
        if let Some(comment) = &self.comment {
            call = call.comment(comment);
        }
        if let Some(rule) = &self.comment_rule {
            call = call.comment_rule(rule.clone());
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

/// The result for one certificate of a plan.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::AssignBackState;
///
/// # let groups = appviewx.certificate_groups();
/// # let plan = groups.remember_groups(scene.resource_ids()).send().await?;
/// # groups.unassign(scene.resource_ids()).send().await?;
/// let outcome = groups.assign_back(&plan).send().await?;
/// for (id, state) in outcome.ids() {
///     match state {
///         AssignBackState::Sent(sent) => println!("{id}: {sent}"),
///         AssignBackState::NotSeenYet => println!("{id}: check again later"),
///         other => println!("{id}: nothing was sent: {other}"),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "state", content = "detail")]
#[non_exhaustive]
pub enum AssignBackState {
    /// The assignment was attempted, with this result.
    Sent(ItemState<AppViewX>),
    /// A search shows it in its old group. Nothing was sent. **A delayed search shows the same** for a certificate that
    /// is not back. Pass the moved certificates to [`after_moving`](AssignBack::after_moving) to detect this.
    AlreadyThere,
    /// Its move was confirmed, but a search shows it in its old group. The search is delayed, or someone has moved it
    /// back. Nothing was sent. Check again later.
    NotSeenYet,
    /// It is in another group, named here if the row names it. Someone has moved it since. Nothing was sent.
    MovedOn(Option<String>),
    /// No certificate with exactly this id was found. Nothing was sent.
    NotFound,
    /// Its group could not be read. Nothing was sent.
    Unreadable(SharedError),
    /// The plan does not contain its old group, for this reason. Nothing was sent.
    NotRemembered(String),
}

impl AssignBackState {
    /// Whether the certificate is in its old group, according to the server.
    ///
    /// ```
    /// use clm::appviewx::AssignBackState;
    ///
    /// assert!(!AssignBackState::NotFound.is_back());
    /// ```
    #[must_use]
    pub fn is_back(&self) -> bool {
        matches!(self, Self::Sent(ItemState::Confirmed) | Self::AlreadyThere)
    }
}

/// The result for each certificate of a plan.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let groups = appviewx.certificate_groups();
/// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
/// groups.unassign(scene.resource_ids()).send().await?;
/// let outcome = groups.assign_back(&plan).send().await?;
/// for (id, state) in outcome.ids().iter().filter(|(_, state)| !state.is_back()) {
///     println!("{id}: {state}");
/// }
/// # assert!(outcome.is_complete());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct AssignBackOutcome {
    ids: Vec<(ResourceId, AssignBackState)>,
    answers: Vec<ManyOutcome<ResourceId, AssignCertificates>>,
}

impl AssignBackOutcome {
    /// Every id of the plan with its result.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).send().await?;
    /// for (id, state) in outcome.ids() {
    ///     println!("{id}: {state}");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn ids(&self) -> &[(ResourceId, AssignBackState)] {
        &self.ids
    }

    /// The result for one id, or `None` if the plan does not contain it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).send().await?;
    /// assert!(outcome.of(&scene.resource_ids()[0]).is_some());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&AssignBackState> {
        self.ids.iter().find(|(known, _)| known == id).map(|(_, state)| state)
    }

    /// The outcomes of the assignments, group by group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).send().await?;
    /// assert!(!outcome.answers().is_empty());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn answers(&self) -> &[ManyOutcome<ResourceId, AssignCertificates>] {
        &self.answers
    }

    /// Whether every certificate is in its old group, according to the server. The search result for
    /// [`AlreadyThere`](AssignBackState::AlreadyThere) may be outdated; see [`AssignBack::after_moving`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).send().await?;
    /// assert!(outcome.is_complete());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.ids.iter().all(|(_, state)| state.is_back())
    }

    /// Returns an error if the outcome is incomplete.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
    /// let moved = groups.unassign(scene.resource_ids()).send().await?;
    /// let outcome = groups.assign_back(&plan).send().await?.require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Incomplete`], which contains this outcome, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let back = self.ids.iter().filter(|(_, state)| state.is_back()).count();
        let gap = format!("certificates that are known to be back in their group: {back} of {}", self.ids.len());
        let others = self.ids.iter().filter(|(_, state)| !state.is_back());
        let first_case = FirstCase::of(others, |(id, state)| format!("{id}: {state}"));
        Err(Incomplete::because(gap, first_case, self))
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl AssignBackOutcome {
    /// Creates an outcome from the result for each certificate and the runs that were sent, which
    /// [`BatchBuilder::outcome_of`](crate::BatchBuilder::outcome_of) creates. Feature `testing`.
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
