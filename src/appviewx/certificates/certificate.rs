//! A row of a search.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::appviewx::types::ResourceId;
use crate::appviewx::values::{Row, ServerTime};

/// A certificate as AppViewX knows it. Requests that were not issued yet have rows as well.
///
/// The names are those of the vendor's rows, as its clients read them. A member that is null, missing or of another
/// type than expected is `None`; in the last case it stands in [`extra`](Self::extra).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(from = "Value", rename_all = "camelCase")]
#[non_exhaustive]
pub struct Certificate {
    /// What other calls name it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<ResourceId>,
    /// An older id of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// The subject's common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub common_name: Option<String>,
    /// Upper-case hex pairs with colons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// The issuer's common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_common_name: Option<String>,
    /// The group that it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the account may do with it; `RW` and `R`, it seems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// Its state, for example `New Certificate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// For example `Valid`, `Expired`, `Revoked`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiry_status: Option<String>,
    /// Whether it complies with its policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compliance_status: Option<String>,
    /// Its category, as the server writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// The authority that issues it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_authority: Option<String>,
    /// Valid from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<ServerTime>,
    /// Valid until.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<ServerTime>,
    /// The subject's alternative names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subject_alternative_names: Vec<String>,
    /// The fingerprint of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb_print: Option<String>,
    /// What else the server said about it. A row that is no object stands here as `value`.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl From<Value> for Certificate {
    fn from(row: Value) -> Self {
        let mut row = Row::from(row);
        Self {
            resource_id: row.text("resourceId").map(ResourceId::from),
            uuid: row.text("uuid"),
            common_name: row.text("commonName"),
            serial_number: row.text("serialNumber"),
            issuer_common_name: row.text("issuerCommonName"),
            group: row.text("group"),
            permission: row.text("permission"),
            status: row.text("status"),
            expiry_status: row.text("expiryStatus"),
            compliance_status: row.text("complianceStatus"),
            category: row.text("category"),
            certificate_authority: row.text("certificateAuthority"),
            valid_from: row.time("validFrom"),
            valid_to: row.time("validTo"),
            subject_alternative_names: row.texts("subjectAlternativeNames"),
            thumb_print: row.text("thumbPrint"),
            extra: row.rest(),
        }
    }
}
