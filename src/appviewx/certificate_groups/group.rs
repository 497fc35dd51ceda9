//! A certificate group, as lists and views return it.

use crate::rows::{RawJson, row};

/// What an account needs to read groups.
pub(super) const READ_PERMISSION: &str =
    "The account needs access to the certificate groups: CERT+ > Groups & Policies > Group.";

/// A certificate group.
///
/// A member that is null, missing or of an unexpected type is `None`. A member of an unexpected type is kept in
/// [`extra`](Self::extra).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// for group in appviewx.certificate_groups().list().rows()?.collect().await? {
///     println!("{:?} has the policy {:?}", group.name, group.policy_name);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CertificateGroup {
    /// The name that other calls use for it.
    pub name: Option<String>,
    /// The display name.
    pub display_name: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// The policy that applies to its certificates.
    pub policy_name: Option<String>,
    /// The id of the application that it belongs to.
    pub application_id: Option<String>,
    /// All other members of the row. A row that is not an object is kept here as `value`.
    pub extra: RawJson,
}

row!(CertificateGroup: "a certificate group", Kept {
    name: Once "name",
    display_name: Plain "displayName",
    description: Plain "description",
    policy_name: Plain "policyName",
    application_id: Plain "applicationID",
});
