//! Certificate rows.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::keyfactor::values::ServerTime;
use crate::rows::{RawJson, row};

/// A certificate in Command.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// let search = keyfactor.certificates().search(Query::field("IssuedCN").eq("www.example.com"));
/// for certificate in search.include_locations().rows()?.collect().await? {
///     println!(
///         "{} {}: {} place(s)",
///         certificate.id,
///         certificate.issued_cn,
///         certificate.locations.len()
///     );
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Certificate {
    /// Command's id of the certificate.
    pub id: CertificateId,
    /// The SHA-1 thumbprint, in upper-case hex.
    pub thumbprint: String,
    /// The serial number, in upper-case hex.
    pub serial_number: String,
    /// The subject's distinguished name.
    pub issued_dn: String,
    /// The subject's common name.
    pub issued_cn: String,
    /// The issuer's distinguished name.
    pub issuer_dn: String,
    /// The start of the validity period.
    pub not_before: Option<ServerTime>,
    /// The end of the validity period.
    pub not_after: Option<ServerTime>,
    /// The state as text, for example `Active (1)`.
    pub cert_state_string: Option<String>,
    /// Whether Command holds the private key. Always `false` unless requested with the search.
    pub has_private_key: bool,
    /// The locations of the certificate. Empty unless requested with the search.
    pub locations: Vec<CertificateStoreLocation>,
    /// The metadata fields. Empty unless requested with the search.
    pub metadata: BTreeMap<String, Value>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(Certificate: "a certificate", Refused {
    id: Needed "Id",
    thumbprint: Once "Thumbprint",
    serial_number: Plain "SerialNumber",
    issued_dn: Plain "IssuedDN",
    issued_cn: Plain "IssuedCN",
    issuer_dn: Plain "IssuerDN",
    not_before: Plain "NotBefore",
    not_after: Plain "NotAfter",
    cert_state_string: Plain "CertStateString",
    has_private_key: Plain "HasPrivateKey",
    locations: Once "Locations",
    metadata: Plain "Metadata",
});

impl Row for Certificate {
    type Id = CertificateId;

    fn id(&self) -> CertificateId {
        self.id
    }
}

/// A location of a certificate in a store, as of Command's last inventory.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// let search = keyfactor.certificates().search(Query::field("IssuedCN").eq("www.example.com"));
/// for certificate in search.include_locations().rows()?.collect().await? {
///     for place in &certificate.locations {
///         println!("{:?} in {:?}", place.alias, place.cert_store_id);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CertificateStoreLocation {
    /// The machine of the store.
    pub store_machine: Option<String>,
    /// The path of the store on its machine.
    pub store_path: Option<String>,
    /// The alias under which the store holds the certificate. Removals name it.
    pub alias: String,
    /// 0 for the certificate itself. A higher value means that it is only part of another certificate's chain; never
    /// remove such a location.
    pub chain_level: Option<i32>,
    /// The store.
    pub cert_store_id: Option<CertificateStoreId>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(CertificateStoreLocation: "a certificate location", Refused {
    store_machine: Plain "StoreMachine",
    store_path: Plain "StorePath",
    alias: Once "Alias",
    chain_level: Once "ChainLevel",
    cert_store_id: Once "CertStoreId",
});
