//! Where certificates are now, read back by search.

use serde::Serialize;

use super::group_lookup::{GroupLookup, GroupMembership};
use crate::appviewx::certificate_groups::CertificateGroups;
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::types::{ResourceId, check_group_name, check_resource_ids, collect_ids};
use crate::appviewx::vendor::Error;
use crate::operation::Incomplete;
use crate::validation::Problems;

impl CertificateGroups {
    /// Reads back in which group certificates are now, one search for each id. Only a row with exactly that resource id
    /// counts, whatever else the search finds.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// groups.unassign(scene.resource_ids()).send().await?;
    /// groups.confirm_group(scene.resource_ids(), groups.default_group()).send().await?.require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /certificate/search`, for each id and category until the certificate is found.
    /// - **Permissions:** to view the certificate inventory of the categories.
    /// - **Arguments:** resource ids, at least one; the group's name, compared exactly. After an unassignment it is
    ///   [`default_group`](Self::default_group).
    /// - **Errors:** none but `Validation`; what could not be read is told id by id.
    /// - **Undocumented by the vendor:** whether a search shows a change at once.
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory".
    pub fn confirm_group(
        &self,
        resource_ids: impl IntoIterator<Item: Into<ResourceId>>,
        group: impl Into<String>,
    ) -> ConfirmGroup {
        let lookup = GroupLookup::new(self.caller.clone());
        ConfirmGroup { lookup, resource_ids: collect_ids(resource_ids), group: group.into() }
    }
}

/// Reads back in which group certificates are; see [`CertificateGroups::confirm_group`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct ConfirmGroup {
    lookup: GroupLookup,
    resource_ids: Vec<ResourceId>,
    group: String,
}

impl ConfirmGroup {
    /// Looks in this category, after those that were named before. Default: server, client and code signing
    /// certificates, in that order.
    pub fn category(mut self, category: CertificateCategory) -> Self {
        self.lookup.category(category);
        self
    }

    /// Searches each id.
    ///
    /// # Errors
    /// [`Error::Validation`] alone. What could not be read is in the answer, id by id.
    pub async fn send(self) -> Result<GroupConfirmation, Error> {
        let mut problems = Problems::default();
        let (ids, _) = check_resource_ids(self.resource_ids, usize::MAX, &mut problems);
        check_group_name(&self.group, "group", &mut problems);
        problems.finish()?;
        let memberships = self.lookup.memberships(ids).await.of_ids;
        Ok(GroupConfirmation { group: self.group, memberships })
    }
}

/// Where certificates are, as a search told it. Whether a search shows a change at once is undocumented by the vendor.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct GroupConfirmation {
    group: String,
    #[serde(rename = "places")]
    memberships: Vec<(ResourceId, GroupMembership)>,
}

impl GroupConfirmation {
    /// The group that they were expected in.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Every id, each once, in the order in which they were asked for, with the group that it is in.
    #[must_use]
    pub fn memberships(&self) -> &[(ResourceId, GroupMembership)] {
        &self.memberships
    }

    /// The group of one id; `None` if nobody asked for it.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&GroupMembership> {
        self.memberships.iter().find(|(asked, _)| asked == id).map(|(_, membership)| membership)
    }

    /// The ids that are in the group.
    pub fn ids_in_group(&self) -> impl Iterator<Item = &ResourceId> {
        self.memberships.iter().filter(|(_, membership)| self.is_there(membership)).map(|(id, _)| id)
    }

    /// The ids that are not in the group, or of which that is not known, each with what a search said.
    pub fn others(&self) -> impl Iterator<Item = &(ResourceId, GroupMembership)> {
        self.memberships.iter().filter(|(_, membership)| !self.is_there(membership))
    }

    fn is_there(&self, membership: &GroupMembership) -> bool {
        matches!(membership, GroupMembership::Group(name) if *name == self.group)
    }

    /// Whether every certificate is in the group.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.others().next().is_none()
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Incomplete`], which holds this confirmation, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let (others, all) = (self.others().count(), self.memberships.len());
        let gap = format!("{others} of {all} certificate(s) are not known to be in the group {:?}", self.group);
        Err(Incomplete::new(gap, self))
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl GroupConfirmation {
    /// What is read back: where these certificates are that should be in this group. Feature `testing`.
    ///
    /// ```
    /// use clm::appviewx::{GroupConfirmation, GroupMembership};
    ///
    /// let id = "67bc2ca76a105e1a05691c1c";
    /// let elsewhere = GroupMembership::Group("web-servers".to_owned());
    ///
    /// let confirmation = GroupConfirmation::new("Default", [(id, elsewhere)]);
    ///
    /// assert!(!confirmation.is_complete());
    /// ```
    pub fn new(
        group: impl Into<String>,
        memberships: impl IntoIterator<Item = (impl Into<ResourceId>, GroupMembership)>,
    ) -> Self {
        let memberships = memberships.into_iter().map(|(id, membership)| (id.into(), membership)).collect();
        Self { group: group.into(), memberships }
    }
}
