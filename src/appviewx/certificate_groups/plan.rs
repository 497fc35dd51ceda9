//! Which groups certificates are in, kept for the way back.

use serde::{Deserialize, Serialize};

use super::moving::check_ids;
use super::place::{Lookup, Place};
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::client::Client;
use crate::appviewx::error::{Error, Outcome};
use crate::appviewx::types::ResourceId;
use crate::validation::Problems;

/// Looks up in which groups certificates are; see
/// [`CertificateGroups::remember_groups`](super::CertificateGroups::remember_groups).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct RememberGroups {
    lookup: Lookup,
    resource_ids: Vec<ResourceId>,
}

impl RememberGroups {
    pub(super) fn new(client: Client, resource_ids: Vec<ResourceId>) -> Self {
        Self { lookup: Lookup::new(client), resource_ids }
    }

    /// Looks in this category, after those that were named before. Default: server, client and code signing
    /// certificates, in that order.
    pub fn category(mut self, category: CertificateCategory) -> Self {
        self.lookup.category(category);
        self
    }

    /// Searches each id.
    ///
    /// # Errors
    /// [`Error::Validation`] alone. Ids whose group could not be learned are in the plan, each with the reason.
    pub async fn send(self) -> Result<GroupPlan, Error> {
        let mut problems = Problems::default();
        let (ids, _) = check_ids(self.resource_ids, usize::MAX, &mut problems);
        problems.finish()?;
        let mut plan = GroupPlan { remembered: Vec::new(), not_remembered: Vec::new() };
        for (resource_id, place) in self.lookup.places(ids).await {
            let why = match place {
                Place::Group(group) => {
                    plan.remembered.push(RememberedGroup { resource_id, group });
                    continue;
                }
                Place::GroupNotNamed => "its row names no group".to_owned(),
                Place::NotFound => "no certificate with exactly this id was found".to_owned(),
                Place::Unreadable(error) => error.to_string(),
            };
            plan.not_remembered.push(NotRemembered { resource_id, why });
        }
        Ok(plan)
    }
}

/// Which group each certificate was in. It can be serialised and kept; it holds no secret.
///
/// [`CertificateGroups::assign_back`](super::CertificateGroups::assign_back) restores it. Keep it **before** you move
/// anything: a program that ends in the middle has no other way back.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let fake = clm::testing::FakeAppViewX::start().await;
/// # fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
/// # let groups = fake.client().certificate_groups();
/// let ids = ["67bc2ca76a105e1a05691c1c"];
/// let plan = groups.remember_groups(ids).send().await?.require_complete()?;
/// let kept = serde_json::to_string(&plan)?;
///
/// groups.unassign(ids).send().await?;
/// groups.confirm_group(ids, groups.default_group()).send().await?.require_complete()?;
///
/// let outcome = groups.assign_back(&serde_json::from_str(&kept)?).send().await?;
/// assert!(outcome.is_complete());
/// # assert_eq!(fake.group_of(ids[0]).as_deref(), Some("web-servers"));
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GroupPlan {
    remembered: Vec<RememberedGroup>,
    not_remembered: Vec<NotRemembered>,
}

impl GroupPlan {
    /// The certificates whose group is known.
    #[must_use]
    pub fn remembered(&self) -> &[RememberedGroup] {
        &self.remembered
    }

    /// The certificates whose group could not be learned. Nothing brings them back.
    #[must_use]
    pub fn not_remembered(&self) -> &[NotRemembered] {
        &self.not_remembered
    }

    /// Whether the group of every certificate is known.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.not_remembered.is_empty()
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Error::Incomplete`], which holds this plan, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Error> {
        if self.is_complete() {
            return Ok(self);
        }
        let missing = self.not_remembered.len();
        let gap = format!("the group of {missing} of {} certificate(s) is not known", missing + self.remembered.len());
        Err(Error::incomplete(gap, Outcome::RememberGroups(self)))
    }
}

/// A certificate and the group that it was in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RememberedGroup {
    /// The certificate.
    pub resource_id: ResourceId,
    /// The group that it was in.
    pub group: String,
}

/// A certificate whose group could not be learned.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NotRemembered {
    /// The certificate.
    pub resource_id: ResourceId,
    /// Why not, for people.
    pub why: String,
}
