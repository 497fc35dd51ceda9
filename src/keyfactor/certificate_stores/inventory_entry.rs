//! What a store's inventory lists.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::keyfactor::values::{ServerTime, blank_as_none, null_as_default};

/// One alias of a certificate store, with the certificate that is under it and its chain.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct InventoryEntry {
    /// The alias: what a removal names. The vendor calls it `Name`.
    #[serde(rename = "Name", default, deserialize_with = "null_as_default")]
    pub alias: String,
    /// The certificate itself first, then its chain; see [`leaf`](Self::leaf) and [`chain`](Self::chain).
    #[serde(default, deserialize_with = "null_as_default")]
    pub certificates: Vec<InventoryCertificate>,
    /// The store, where the server says it.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub cert_store_id: Option<CertificateStoreId>,
    /// The entry's parameters, for example `PrivateKeyEntry`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub parameters: Map<String, Value>,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl InventoryEntry {
    /// The certificate that the alias stands for: the first one, as seen on real servers.
    #[must_use]
    pub fn leaf(&self) -> Option<&InventoryCertificate> {
        self.certificates.first()
    }

    /// The certificates of its chain. A root stands in the chain of many entries: never take one for the entry's own.
    #[must_use]
    pub fn chain(&self) -> &[InventoryCertificate] {
        self.certificates.get(1..).unwrap_or_default()
    }
}

impl Row for InventoryEntry {
    /// An alias that stands twice with two certificates is two rows.
    type Id = (String, Option<String>);

    fn id(&self) -> Self::Id {
        (self.alias.clone(), self.leaf().map(|leaf| leaf.thumbprint.clone()))
    }
}

/// A certificate in an [`InventoryEntry`].
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct InventoryCertificate {
    /// Command's number for it.
    pub id: Option<CertificateId>,
    /// SHA-1 of the certificate, upper-case hex.
    #[serde(default, deserialize_with = "null_as_default")]
    pub thumbprint: String,
    /// The subject's distinguished name.
    #[serde(default, rename = "IssuedDN", deserialize_with = "null_as_default")]
    pub issued_dn: String,
    /// Valid until.
    pub not_after: Option<ServerTime>,
    /// What else the server said about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
