//! A row of a search.

use crate::appviewx::types::ResourceId;
use crate::appviewx::values::ServerTime;
use crate::rows::{RawJson, row};

/// A certificate as AppViewX knows it. Requests that were not issued yet have rows as well.
///
/// The names are those of the vendor's rows, as its clients read them. A member that is null, missing or of another
/// type than expected is `None`; in the last case it stands in [`extra`](Self::extra).
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Certificate {
    /// What other calls name it by.
    pub resource_id: Option<ResourceId>,
    /// An older id of it.
    pub uuid: Option<String>,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// Upper-case hex pairs with colons.
    pub serial_number: Option<String>,
    /// The issuer's common name.
    pub issuer_common_name: Option<String>,
    /// The group that it is in.
    pub group: Option<String>,
    /// What the account may do with it; `RW` and `R`, it seems.
    pub permission: Option<String>,
    /// Its state, for example `New Certificate`.
    pub status: Option<String>,
    /// For example `Valid`, `Expired`, `Revoked`.
    pub expiry_status: Option<String>,
    /// Whether it complies with its policy.
    pub compliance_status: Option<String>,
    /// Its category, as the server writes it.
    pub category: Option<String>,
    /// The authority that issues it.
    pub certificate_authority: Option<String>,
    /// Valid from.
    pub valid_from: Option<ServerTime>,
    /// Valid until.
    pub valid_to: Option<ServerTime>,
    /// The subject's alternative names.
    pub subject_alternative_names: Vec<String>,
    /// The fingerprint of the certificate.
    pub thumb_print: Option<String>,
    /// What else the server said about it. A row that is no object stands here as `value`.
    pub extra: RawJson,
}

row!(Certificate: "a certificate", Kept {
    resource_id: Once "resourceId",
    uuid: Plain "uuid",
    common_name: Once "commonName",
    serial_number: Plain "serialNumber",
    issuer_common_name: Plain "issuerCommonName",
    group: Once "group",
    permission: Plain "permission",
    status: Plain "status",
    expiry_status: Plain "expiryStatus",
    compliance_status: Plain "complianceStatus",
    category: Plain "category",
    certificate_authority: Plain "certificateAuthority",
    valid_from: Plain "validFrom",
    valid_to: Plain "validTo",
    subject_alternative_names: Plain "subjectAlternativeNames",
    thumb_print: Plain "thumbPrint",
});
