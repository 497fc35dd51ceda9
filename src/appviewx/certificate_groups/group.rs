//! A certificate group, as lists and views tell it.

use crate::rows::{RawJson, row};

/// What an account needs to read groups.
pub(super) const READ_PERMISSION: &str =
    "The account needs access to the certificate groups: CERT+ > Groups & Policies > Group.";

/// A certificate group.
///
/// A member that is null, missing or of another type than expected is `None`; in the last case it stands in
/// [`extra`](Self::extra).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct CertificateGroup {
    /// Its name, by which other calls name it.
    pub name: Option<String>,
    /// The name that people see.
    pub display_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The policy that applies to its certificates.
    pub policy_name: Option<String>,
    /// The application that it belongs to.
    pub application_id: Option<String>,
    /// What else the server said about it. A row that is no object stands here as `value`.
    pub extra: RawJson,
}

row!(CertificateGroup: "a certificate group", Kept {
    name: Once "name",
    display_name: Plain "displayName",
    description: Plain "description",
    policy_name: Plain "policyName",
    application_id: Plain "applicationID",
});
