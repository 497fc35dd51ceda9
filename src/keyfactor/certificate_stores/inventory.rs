//! `GET /CertificateStores/{id}/Inventory`.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::handle::CertificateStores;
use super::inventory_entry::InventoryEntry;
use super::location::CertificateLocation;
use super::store::PERMISSION;
use crate::keyfactor::list_pages::{ListCall, NumberedPages, VENDORS_PAGE};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{Caller, Error};
use crate::operation::{Connection, ListBuilder};
use crate::transport::Path;
use crate::validation::Problems;

impl CertificateStores {
    /// Reads what Command's **last inventory** found in a store. It may lag behind the store itself, and a store without
    /// an inventory schedule is never read again.
    ///
    /// - **Call:** `GET /CertificateStores/{id}/Inventory`, page by page.
    /// - **Permissions:** to read certificate stores, system-wide or for its container.
    /// - **Errors:** the rows give those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Undocumented by the vendor:** by which fields it can be sorted, so that the order is the server's own.
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID Inventory".
    pub fn inventory(&self, id: impl Into<CertificateStoreId>) -> ListBuilder<Inventory> {
        ListBuilder::new(self.caller.clone(), Inventory { store: id.into() })
    }
}

/// The inventory of a store; see [`CertificateStores::inventory`].
#[derive(Clone, Debug)]
pub struct Inventory {
    store: CertificateStoreId,
}

impl NumberedPages for Inventory {
    type Row = InventoryEntry;

    fn check(&mut self, problems: &mut Problems) {
        self.call().path.check(problems);
    }

    fn call(&self) -> ListCall {
        ListCall {
            name: "keyfactor.certificate_stores.inventory",
            path: Path::with_values("CertificateStores/{id}/Inventory", [self.store.to_string()]),
            query: Vec::new(),
            connection: Connection::Own,
            permission_needed: PERMISSION,
        }
    }
}

/// What a store's inventory lists under some aliases.
pub(in crate::keyfactor) struct Listed {
    /// All entries of each alias: one may stand twice, with two certificates.
    entries: HashMap<String, Vec<InventoryEntry>>,
    /// Every alias of the inventory under which one of the wanted certificates stands, not only in a chain.
    holders: HashMap<Thumbprint, Vec<String>>,
    pub(in crate::keyfactor) reading: Reading,
}

/// Whether all of an inventory was read. Its rows slide from page to page while others change it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::keyfactor) enum Reading {
    Whole,
    /// Fewer rows came than the server counts, or it counts none and they were more than one page.
    PerhapsNotWhole,
}

impl Listed {
    pub(in crate::keyfactor) fn under(&self, alias: &str) -> &[InventoryEntry] {
        self.entries.get(alias).map(Vec::as_slice).unwrap_or_default()
    }

    /// The aliases under which a wanted certificate itself stands.
    pub(in crate::keyfactor) fn aliases_of(&self, wanted: &Thumbprint) -> impl Iterator<Item = &str> {
        self.holders.get(wanted).into_iter().flatten().map(String::as_str)
    }
}

/// Of the entries of an alias, the one that holds this certificate; refused if any of them holds another one.
pub(in crate::keyfactor) fn holding<'a>(
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
pub(in crate::keyfactor) async fn entries_under(
    caller: &Caller,
    store: CertificateStoreId,
    aliases: &HashSet<&str>,
    wanted: &HashSet<&Thumbprint>,
) -> Result<Listed, Error> {
    let mut found: HashMap<String, Vec<InventoryEntry>> = HashMap::new();
    let mut holders: HashMap<Thumbprint, Vec<String>> = HashMap::new();
    let mut rows = ListBuilder::new(caller.clone(), Inventory { store }).rows()?;
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
pub(super) async fn still_as_expected(caller: &Caller, locations: &[CertificateLocation]) -> Result<(), Error> {
    let mut by_store: BTreeMap<CertificateStoreId, Vec<(&CertificateLocation, &Thumbprint)>> = BTreeMap::new();
    for location in locations {
        if let Some(thumbprint) = location.expected_thumbprint() {
            by_store.entry(location.store()).or_default().push((location, thumbprint));
        }
    }
    for (store, expected) in by_store {
        let aliases = expected.iter().map(|(location, _)| location.alias()).collect();
        let listed = entries_under(caller, store, &aliases, &HashSet::new()).await?;
        for (location, thumbprint) in expected {
            holding(listed.under(location.alias()), location, thumbprint)?;
        }
    }
    Ok(())
}
