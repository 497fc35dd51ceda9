//! `GET /CertificateStores/{id}/Inventory`.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::list::PERMISSION;
use super::{CertificateLocation, CertificateStores};
use crate::keyfactor::client::Client;
use crate::keyfactor::error::Error;
use crate::keyfactor::lookup::{PAGE_SIZE, Paged, Row, Rows, VENDORS_PAGE};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::read::{ServerTime, blank_as_none, null_as_default};
use crate::keyfactor::thumbprint::Thumbprint;
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

/// All entries of a store's inventory, in large pages.
pub(super) fn entries(client: &Client, store: CertificateStoreId) -> Result<Rows<InventoryEntry>, Error> {
    let mut problems = Problems::default();
    let path = Path::filled("CertificateStores/{id}/Inventory", &[("id", &store.to_string())], &mut problems);
    problems.finish()?;
    let paged = Paged {
        operation: "keyfactor.certificate_stores.inventory",
        path,
        query: Vec::new(),
        page_size: PAGE_SIZE,
        permission_needed: PERMISSION,
    };
    Ok(paged.rows(client.clone()))
}

/// What a store's inventory lists under some aliases.
pub(super) struct Listed {
    /// All entries of each alias: one may stand twice, with two certificates.
    pub(super) entries: HashMap<String, Vec<InventoryEntry>>,
    /// Every alias of the inventory under which one of the wanted certificates stands, not only in a chain.
    holders: HashMap<Thumbprint, Vec<String>>,
    pub(super) reading: Reading,
}

/// Whether all of an inventory was read. Its rows slide from page to page while others change it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reading {
    Whole,
    /// Fewer rows came than the server counts, or it counts none and they were more than one page.
    PerhapsNotWhole,
}

impl Listed {
    pub(super) fn under(&self, alias: &str) -> &[InventoryEntry] {
        self.entries.get(alias).map(Vec::as_slice).unwrap_or_default()
    }

    /// The aliases under which a wanted certificate itself stands.
    pub(super) fn aliases_of(&self, wanted: &Thumbprint) -> impl Iterator<Item = &str> {
        self.holders.get(wanted).into_iter().flatten().map(String::as_str)
    }
}

/// Of the entries of an alias, the one that holds this certificate; refused if any of them holds another one.
pub(super) fn holding<'a>(
    entries: &'a [InventoryEntry],
    location: &CertificateLocation,
    expected: &Thumbprint,
) -> Result<&'a InventoryEntry, LookupError> {
    let thumbprint = |entry: &InventoryEntry| entry.leaf().map(|leaf| leaf.thumbprint.clone());
    let other = entries.iter().find(|entry| !thumbprint(entry).is_some_and(|found| expected.is(&found)));
    match (entries.first(), other) {
        (Some(entry), None) => Ok(entry),
        (_, other) => Err(LookupError::AliasHoldsAnother {
            store: location.store(),
            alias: location.alias().to_owned(),
            expected: expected.clone(),
            found: other.and_then(thumbprint),
        }),
    }
}

/// The entries of a store that have one of these aliases, and the aliases of the wanted certificates. All of the inventory is
/// read: an alias may stand twice, and a certificate may have got another alias.
pub(super) async fn entries_under(
    client: &Client,
    store: CertificateStoreId,
    aliases: &HashSet<&str>,
    wanted: &HashSet<&Thumbprint>,
) -> Result<Listed, Error> {
    let mut found: HashMap<String, Vec<InventoryEntry>> = HashMap::new();
    let mut holders: HashMap<Thumbprint, Vec<String>> = HashMap::new();
    let mut rows = entries(client, store)?;
    let mut received = 0;
    while let Some(entry) = rows.next().await {
        let entry = entry?;
        received += 1;
        if let Some(of) = entry.cert_store_id.filter(|of| *of != store) {
            return Err(LookupError::not_asked("inventory of store", of, store).into());
        }
        if entry.alias.trim().is_empty() {
            return Err(LookupError::UnnamedEntry { store }.into());
        }
        let held = entry.leaf().map(|leaf| Thumbprint::from(leaf.thumbprint.as_str()));
        if let Some(held) = held.filter(|held| wanted.contains(held)) {
            holders.entry(held).or_default().push(entry.alias.clone());
        }
        if aliases.contains(entry.alias.as_str()) {
            found.entry(entry.alias.clone()).or_default().push(entry);
        }
    }
    let is_whole = rows.total().map_or(received < VENDORS_PAGE as u64, |total| received >= total);
    let reading = if is_whole { Reading::Whole } else { Reading::PerhapsNotWhole };
    Ok(Listed { entries: found, holders, reading })
}

/// Refuses a removal whose alias does not hold the certificate that it expects there.
pub(super) async fn still_as_expected(client: &Client, locations: &[CertificateLocation]) -> Result<(), Error> {
    let mut by_store: BTreeMap<CertificateStoreId, Vec<(&CertificateLocation, &Thumbprint)>> = BTreeMap::new();
    for location in locations {
        if let Some(thumbprint) = location.expected_thumbprint() {
            by_store.entry(location.store()).or_default().push((location, thumbprint));
        }
    }
    for (store, expected) in by_store {
        let aliases = expected.iter().map(|(location, _)| location.alias()).collect();
        let listed = entries_under(client, store, &aliases, &HashSet::new()).await?;
        for (location, thumbprint) in expected {
            holding(listed.under(location.alias()), location, thumbprint)?;
        }
    }
    Ok(())
}

impl CertificateStores {
    /// Reads what Command's **last inventory** found in a store. It may lag behind the store itself, and a store without
    /// an inventory schedule is never read again.
    ///
    /// - **Call:** `GET /CertificateStores/{id}/Inventory`, page by page.
    /// - **Permissions:** to read certificate stores, system-wide or for its container.
    /// - **Documented nowhere:** by which fields it can be sorted, so that the order is the server's own.
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID Inventory".
    ///
    /// # Errors
    /// The rows give the errors of the calls.
    pub fn inventory(&self, id: impl Into<CertificateStoreId>) -> Result<Rows<InventoryEntry>, Error> {
        entries(&self.client, id.into())
    }
}
