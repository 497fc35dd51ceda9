//! The handle for certificate groups.

use crate::appviewx::vendor::Caller;

/// The operations on certificate groups.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let groups = appviewx.certificate_groups();
/// let plan = groups.remember_groups(scene.resource_ids()).send().await?;
/// groups.unassign(scene.resource_ids()).send().await?.require_complete()?;
/// groups.assign_back(&plan).send().await?.require_complete()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CertificateGroups {
    pub(in crate::appviewx) caller: Caller,
}

impl CertificateGroups {
    /// The name of the group that unassigned certificates are moved to, as set by
    /// [`ClientBuilder::default_group`](crate::appviewx::ClientBuilder::default_group).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// assert_eq!(groups.default_group(), "Default");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn default_group(&self) -> &str {
        &self.caller.settings().default_group
    }
}
