//! A certificate group, as lists and views tell it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::appviewx::values::Row;

/// What an account needs to read groups.
pub(super) const READ_PERMISSION: &str =
    "The account needs access to the certificate groups: CERT+ > Groups & Policies > Group.";

/// A certificate group.
///
/// A member that is null, missing or of another type than expected is `None`; in the last case it stands in
/// [`extra`](Self::extra).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Value", rename_all = "camelCase")]
#[non_exhaustive]
pub struct CertificateGroup {
    /// Its name, by which other calls name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The name that people see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The policy that applies to its certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
    /// The application that it belongs to.
    #[serde(rename = "applicationID", skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    /// What else the server said about it. A row that is no object stands here as `value`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl From<Value> for CertificateGroup {
    fn from(row: Value) -> Self {
        let mut row = Row::from(row);
        Self {
            name: row.text("name"),
            display_name: row.text("displayName"),
            description: row.text("description"),
            policy_name: row.text("policyName"),
            application_id: row.text("applicationID"),
            extra: row.rest(),
        }
    }
}
