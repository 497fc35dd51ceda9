//! Confirming by search in which group certificates are.

use serde::Serialize;

use super::group_lookup::{GroupLookup, GroupMembership};
use crate::appviewx::certificate_groups::CertificateGroups;
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::types::{ResourceId, check_group_name, check_resource_ids, collect_ids};
use crate::appviewx::vendor::Error;
use crate::operation::{FirstCase, Incomplete};
use crate::validation::Problems;

impl CertificateGroups {
    /// Reads which group certificates are in now, with one search per id. Only rows with exactly that resource id
    /// count; other search results are ignored.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// groups.unassign(scene.resource_ids()).send().await?;
    /// groups
    ///     .confirm_group(scene.resource_ids(), groups.default_group())
    ///     .send()
    ///     .await?
    ///     .require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /certificate/search`, for each id, category by category, until the certificate is found.
    /// - **Permissions:** the right to view the certificate inventory of the categories.
    /// - **Arguments:** resource ids, at least one, and the group's name, which is compared exactly. After an
    ///   unassignment, pass [`default_group`](Self::default_group).
    /// - **Errors:** only `Validation`. Failed reads are reported per id.
    /// - **Undocumented by the vendor:** whether a search shows a change immediately.
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

/// A request to read the groups of certificates; see [`CertificateGroups::confirm_group`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let groups = appviewx.certificate_groups();
/// groups.unassign(scene.resource_ids()).send().await?;
/// let confirm = groups.confirm_group(scene.resource_ids(), groups.default_group());
/// let confirmation = confirm.send().await?.require_complete()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
pub struct ConfirmGroup {
    lookup: GroupLookup,
    resource_ids: Vec<ResourceId>,
    group: String,
}

impl ConfirmGroup {
    /// Adds a category to search. Categories are searched in the order of these calls. Default: server, client and code
    /// signing certificates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::appviewx::CertificateCategory;
    ///
    /// let groups = appviewx.certificate_groups();
    /// let confirmation = groups
    ///     .confirm_group(scene.resource_ids(), "web-servers")
    ///     .category(CertificateCategory::Server)
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn category(mut self, category: CertificateCategory) -> Self {
        self.lookup.category(category);
        self
    }

    /// Searches for each id.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
    /// assert_eq!(confirmation.memberships().len(), 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Only [`Error::Validation`]. Failed reads are in the result, per id.
    pub async fn send(self) -> Result<GroupConfirmation, Error> {
        let mut problems = Problems::default();
        let (ids, _) = check_resource_ids(self.resource_ids, usize::MAX, &mut problems);
        check_group_name(&self.group, "group", &mut problems);
        problems.finish()?;
        let memberships = self.lookup.memberships(ids).await.of_ids;
        Ok(GroupConfirmation { group: self.group, memberships })
    }
}

/// The groups of certificates according to a search. Whether a search shows a change immediately is undocumented by the
/// vendor.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let groups = appviewx.certificate_groups();
/// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
/// for (id, membership) in confirmation.others() {
///     println!("{id} is not in {}: {membership}", confirmation.group());
/// }
/// # assert_eq!(confirmation.others().count(), 1);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct GroupConfirmation {
    group: String,
    #[serde(rename = "places")]
    memberships: Vec<(ResourceId, GroupMembership)>,
}

impl GroupConfirmation {
    /// The expected group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
    /// assert_eq!(confirmation.group(), "web-servers");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Every requested id with its group, in request order and without duplicates.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
    /// for (id, membership) in confirmation.memberships() {
    ///     println!("{id}: {membership}");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn memberships(&self) -> &[(ResourceId, GroupMembership)] {
        &self.memberships
    }

    /// The group of one id, or `None` if it was not requested.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
    /// assert!(confirmation.of(&scene.resource_ids()[0]).is_some());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&GroupMembership> {
        self.memberships.iter().find(|(asked, _)| asked == id).map(|(_, membership)| membership)
    }

    /// The ids that are in the expected group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
    /// for id in confirmation.ids_in_group() {
    ///     println!("{id}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn ids_in_group(&self) -> impl Iterator<Item = &ResourceId> {
        self.memberships.iter().filter(|(_, membership)| self.is_there(membership)).map(|(id, _)| id)
    }

    /// The ids that are not known to be in the expected group, each with its search result.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
    /// for (id, membership) in confirmation.others() {
    ///     eprintln!("{id}: {membership}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn others(&self) -> impl Iterator<Item = &(ResourceId, GroupMembership)> {
        self.memberships.iter().filter(|(_, membership)| !self.is_there(membership))
    }

    fn is_there(&self, membership: &GroupMembership) -> bool {
        matches!(membership, GroupMembership::Group(name) if *name == self.group)
    }

    /// Whether every certificate is in the expected group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
    /// if !confirmation.is_complete() {
    ///     eprintln!("some certificates are in another group");
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.others().next().is_none()
    }

    /// Returns an error if not every certificate is in the expected group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// groups.unassign(scene.resource_ids()).send().await?;
    /// groups.confirm_group(scene.resource_ids(), "Default").send().await?.require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Incomplete`], which contains this confirmation, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Incomplete<Self>> {
        if self.is_complete() {
            return Ok(self);
        }
        let (others, all) = (self.others().count(), self.memberships.len());
        let gap = format!("certificates that are not known to be in the group {:?}: {others} of {all}", self.group);
        let first_case = FirstCase::of(self.others(), |(id, membership)| format!("{id}: {membership}"));
        Err(Incomplete::because(gap, first_case, self))
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl GroupConfirmation {
    /// Creates a confirmation for the expected group from the group of each certificate. Feature `testing`.
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
