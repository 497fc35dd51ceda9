//! A row of a search.

use crate::appviewx::types::ResourceId;
use crate::appviewx::values::ServerTime;
use crate::rows::{RawJson, row};

/// A certificate in the AppViewX inventory. Requests that have not been issued yet are listed as well.
///
/// The fields are named after the members that the vendor's clients read. A member that is null, missing or of an
/// unexpected type is `None`. A member of an unexpected type is kept in [`extra`](Self::extra).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// for certificate in
///     appviewx.certificates().search().in_group("web-servers").rows()?.collect().await?
/// {
///     if let Some(id) = &certificate.resource_id {
///         println!("{id}: {:?}, valid to {:?}", certificate.common_name, certificate.valid_to);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Certificate {
    /// The resource id that other calls use.
    pub resource_id: Option<ResourceId>,
    /// An older identifier.
    pub uuid: Option<String>,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The serial number: upper-case hexadecimal pairs separated by colons.
    pub serial_number: Option<String>,
    /// The issuer's common name.
    pub issuer_common_name: Option<String>,
    /// The name of its group.
    pub group: Option<String>,
    /// The account's permission on it, apparently `RW` or `R` (assumed).
    pub permission: Option<String>,
    /// The status, for example `New Certificate`.
    pub status: Option<String>,
    /// The expiry status, for example `Valid`, `Expired` or `Revoked`.
    pub expiry_status: Option<String>,
    /// The compliance status.
    pub compliance_status: Option<String>,
    /// The category, as the server writes it.
    pub category: Option<String>,
    /// The issuing certificate authority.
    pub certificate_authority: Option<String>,
    /// Start of the validity period.
    pub valid_from: Option<ServerTime>,
    /// End of the validity period.
    pub valid_to: Option<ServerTime>,
    /// The subject alternative names.
    pub subject_alternative_names: Vec<String>,
    /// The fingerprint of the certificate.
    pub thumb_print: Option<String>,
    /// All other members of the row. A row that is not an object is kept here as `value`.
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
