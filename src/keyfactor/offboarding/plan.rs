//! A removal as a plan: what goes, and what can be put back.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::locate::{FoundLocation, LocatedCertificate, StoreReadiness};
use crate::keyfactor::certificate_stores::{
    AddCertificates, CertificateLocation, CertificateStoreEntry, CertificateStores, InventoryEntry, Listed,
    RemoveCertificates, Sought, entries_under, holding,
};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::schedule::Schedule;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateId, CertificateStoreId, CollectionId};
use crate::keyfactor::vendor::{Caller, Error};
use crate::operation::{Lookup, RequestBuilder};

impl CertificateStores {
    /// Makes a plan of a removal before anything is removed: what goes, and what of it can be put back. Every alias is
    /// compared with the certificate.
    ///
    /// - **Call:** `GET /CertificateStores/{id}/Inventory` for each store.
    /// - **Permissions:** to read certificate stores.
    /// - **Undocumented by the vendor:** whether an entry that says nothing about a private key has one; see [`Restorability`].
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID Inventory".
    ///
    /// # Errors
    /// Those of [`keyfactor::Error`](crate::keyfactor::Error); `Lookup` if an alias does not hold the certificate, or an
    /// inventory does not end within the client's limits of look-ups.
    /// [`LocatedCertificate::only`] makes a plan of the others.
    pub fn plan_removal(
        &self,
        located: &LocatedCertificate,
    ) -> impl Future<Output = Result<RemovalPlan, Error>> + Send + use<> {
        RemovalPlan::make(self.caller.clone(), located.clone())
    }

    /// Carries out a plan: [`remove_certificates`](Self::remove_certificates) of its locations, each with the thumbprint
    /// that is expected there, in the plan's collection. Call, permissions and errors are those of that call, and to read
    /// certificate stores is needed as well.
    pub fn remove(&self, plan: &RemovalPlan, schedule: Schedule) -> RequestBuilder<RemoveCertificates> {
        let builder = self.remove_certificates(plan.locations(), schedule);
        match plan.collection_id {
            Some(id) => builder.collection_id(id),
            None => builder,
        }
    }

    /// Puts back what a plan can put back: [`add_certificates`](Self::add_certificates) under the old aliases, without
    /// overwriting. What it cannot put back is in [`RemovalPlan::cannot_be_put_back`]. The certificate that Command has
    /// under the plan's id is read first, and must have the plan's thumbprint: a plan is a file, and may be old. Call,
    /// permissions and errors are those of `add_certificates`.
    ///
    /// Passwords of entries and job fields are not in the plan, and **the entries' parameters are not put back**; give them with
    /// [`map_entries`](RequestBuilder::map_entries) where the type of store asks for them. Types of store that
    /// choose the alias themselves may refuse the old one.
    pub fn add_back(&self, plan: &RemovalPlan, schedule: Schedule) -> RequestBuilder<AddCertificates> {
        let builder =
            self.add_certificates(plan.certificate_id, plan.entries(), schedule).expecting_thumbprint(&plan.thumbprint);
        match plan.collection_id {
            Some(id) => builder.collection_id(id),
            None => builder,
        }
    }
}

/// What is to be removed, and what of it can be put back. Made before the act by
/// [`plan_removal`](CertificateStores::plan_removal); it can be kept as JSON. It holds no secret of this program; the
/// parameters of the entries are those that the server shows to everybody who may read the store.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RemovalPlan {
    /// Command's number for the certificate.
    pub certificate_id: CertificateId,
    /// Its thumbprint. Every alias must still hold it when the removal is sent.
    pub thumbprint: Thumbprint,
    /// The subject's common name, for people.
    pub issued_cn: String,
    /// Whether Command holds the private key.
    pub has_private_key: bool,
    /// The collection in which the certificate was found, and in which the server is to check permissions.
    pub collection_id: Option<CollectionId>,
    /// The entries: one for each that the inventory lists under the aliases, of those that differ in their parameters.
    pub removals: Vec<PlannedRemoval>,
}

/// One entry of a store in a [`RemovalPlan`]. Several may have one alias: one for each binding of the certificate, with
/// the same thumbprint and other [`parameters`](Self::parameters).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlannedRemoval {
    /// The store.
    pub store_id: CertificateStoreId,
    /// The machine of the store, for people.
    pub store_machine: Option<String>,
    /// The store's path there, for people.
    pub store_path: Option<String>,
    /// The alias.
    pub alias: String,
    /// The entry's parameters as the inventory shows them.
    #[serde(default)]
    pub parameters: Map<String, Value>,
    /// What is known about the store.
    #[serde(default)]
    pub readiness: StoreReadiness,
    /// Whether it can be put back.
    pub put_back: Restorability,
}

/// Whether a place can be restored after a removal: the certificate under its alias. The entry's parameters are not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Restorability {
    /// With its private key, which Command holds.
    WithPrivateKey,
    /// The certificate alone, as it is in the store now.
    WithoutPrivateKey,
    /// **Not by this crate, unless you decide it:** the inventory does not say whether the store holds a private key.
    /// Command has one; to put it into a store that never held it would be wrong, and so would be to leave it out. Set
    /// [`put_back`](PlannedRemoval::put_back) to one of the two above.
    Unclear,
    /// **Not at all by this crate**: the store holds a private key, or may hold one, that Command does not have.
    Impossible,
}

impl Restorability {
    /// `PrivateKeyEntry` was seen on real servers as `Yes`; that `No` is its counterpart is assumed.
    fn of(parameters: &Map<String, Value>, command_has_key: Held) -> Self {
        let said = parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case("PrivateKeyEntry"));
        let is = |text: &str, words: [&str; 2]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        let has_key = match said.map(|(_, value)| value) {
            Some(Value::String(text)) if is(text, ["yes", "true"]) => Some(true),
            Some(Value::String(text)) if is(text, ["no", "false"]) => Some(false),
            Some(Value::Bool(entry)) => Some(*entry),
            _ => None,
        };
        match (has_key, command_has_key) {
            (Some(false), _) => Self::WithoutPrivateKey,
            (Some(true), Held::ByCommand) => Self::WithPrivateKey,
            (None, Held::ByCommand) => Self::Unclear,
            (_, Held::Elsewhere) => Self::Impossible,
        }
    }
}

/// Where a private key is.
#[derive(Clone, Copy)]
enum Held {
    ByCommand,
    Elsewhere,
}

impl RemovalPlan {
    async fn make(caller: Caller, located: LocatedCertificate) -> Result<Self, Error> {
        let certificate = located.certificate();
        let held = if certificate.has_private_key { Held::ByCommand } else { Held::Elsewhere };
        let mut by_store: BTreeMap<CertificateStoreId, HashMap<&str, &CertificateLocation>> = BTreeMap::new();
        for found in located.locations() {
            let location = found.location();
            by_store.entry(location.store()).or_default().insert(location.alias(), location);
        }
        let mut inventories: HashMap<CertificateStoreId, Listed> = HashMap::new();
        for (store, locations) in by_store {
            let sought = Sought { aliases: locations.keys().copied().collect(), certificates: HashSet::new() };
            // An alias that holds another certificate decides: there is no plan.
            let decides = |alias: &str, entries: &[InventoryEntry]| {
                if let Some(location) = locations.get(alias) {
                    holding(entries, location, located.thumbprint())?;
                }
                Ok(ControlFlow::Continue(()))
            };
            let listed = entries_under(&caller, store, &sought, Lookup::begin(&caller), decides).await?;
            inventories.insert(store, listed);
        }
        let planned = |found: &FoundLocation| {
            let location = found.location();
            let entries = inventories.get(&location.store()).map(|listed| listed.under(location.alias()));
            let entries = holding(entries.unwrap_or_default(), location, located.thumbprint())?;
            let of_entry = |entry: &InventoryEntry| PlannedRemoval {
                store_id: location.store(),
                store_machine: found.store_machine().map(str::to_owned),
                store_path: found.store_path().map(str::to_owned),
                alias: location.alias().to_owned(),
                put_back: Restorability::of(&entry.parameters, held),
                parameters: entry.parameters.clone(),
                readiness: found.readiness(),
            };
            Ok::<_, LookupError>(distinct(entries).map(of_entry).collect::<Vec<_>>())
        };
        let mut removals = Vec::new();
        for found in located.locations() {
            removals.extend(planned(found)?);
        }
        Ok(Self {
            certificate_id: certificate.id,
            thumbprint: located.thumbprint().clone(),
            issued_cn: certificate.issued_cn.clone(),
            has_private_key: certificate.has_private_key,
            collection_id: located.collection_id(),
            removals,
        })
    }

    /// The places, each with the thumbprint that is expected there.
    pub fn locations(&self) -> impl Iterator<Item = CertificateLocation> + '_ {
        self.removals.iter().map(|removal| {
            CertificateLocation::new(removal.store_id, &removal.alias)
                .expecting_thumbprint(&self.thumbprint)
                .in_store_at(removal.store_path.as_deref())
        })
    }

    /// The places that cannot be put back, or of which it is unclear how: look at them before you remove anything.
    pub fn cannot_be_put_back(&self) -> impl Iterator<Item = &PlannedRemoval> {
        self.removals
            .iter()
            .filter(|removal| matches!(removal.put_back, Restorability::Impossible | Restorability::Unclear))
    }

    /// What `add_back` adds. Entries of one alias that differ in nothing that is sent are added once.
    fn entries(&self) -> Vec<CertificateStoreEntry> {
        let mut entries: Vec<_> = self.removals.iter().filter_map(PlannedRemoval::entry).collect();
        entries.dedup();
        entries
    }
}

/// The entries of an alias that differ in their parameters. Others cannot be told apart by anything that a job is told.
fn distinct(entries: &[InventoryEntry]) -> impl Iterator<Item = &InventoryEntry> {
    let is_first = |(index, entry): &(usize, &InventoryEntry)| {
        entries.iter().take(*index).all(|earlier| earlier.parameters != entry.parameters)
    };
    entries.iter().enumerate().filter(is_first).map(|(_, entry)| entry)
}

impl PlannedRemoval {
    fn entry(&self) -> Option<CertificateStoreEntry> {
        let entry = CertificateStoreEntry::new(self.store_id).alias(&self.alias);
        match self.put_back {
            Restorability::WithPrivateKey => Some(entry.include_private_key()),
            Restorability::WithoutPrivateKey => Some(entry),
            Restorability::Impossible | Restorability::Unclear => None,
        }
    }
}
