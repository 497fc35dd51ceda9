//! `GET /CertificateStores/{id}/Inventory`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::CertificateStores;
use super::list::PERMISSION;
use crate::keyfactor::error::Error;
use crate::keyfactor::lookup::{PAGE_SIZE, Paged, Row, Rows};
use crate::keyfactor::read::{ServerTime, null_as_default};
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::transport::Path;
use crate::validation::Problems;

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
    /// The entry's parameters.
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
    type Id = String;

    fn id(&self) -> String {
        self.alias.clone()
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

impl CertificateStores {
    /// Reads what Command's **last inventory** found in a store. It may lag behind the store itself, and a store without
    /// an inventory schedule is never read again.
    ///
    /// - **Call:** `GET /CertificateStores/{id}/Inventory`, page by page.
    /// - **Permissions:** to read certificate stores, system-wide or for its container.
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID Inventory".
    ///
    /// # Errors
    /// The rows give the errors of the calls.
    pub fn inventory(&self, id: impl Into<CertificateStoreId>) -> Result<Rows<InventoryEntry>, Error> {
        let mut problems = Problems::default();
        let id = id.into().to_string();
        let path = Path::filled("CertificateStores/{id}/Inventory", &[("id", &id)], &mut problems);
        problems.finish()?;
        let paged = Paged {
            operation: "keyfactor.certificate_stores.inventory",
            path,
            query: Vec::new(),
            page_size: PAGE_SIZE,
            permission_needed: PERMISSION,
        };
        Ok(paged.rows(self.client.clone()))
    }
}
