//! A removal as a plan: what goes, and what can be put back.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::inventory::{Listed, entries_under, holding};
use super::{CertificateLocation, CertificateStoreEntry};
use crate::keyfactor::certificates::{FoundLocation, LocatedCertificate, StoreReadiness};
use crate::keyfactor::client::Client;
use crate::keyfactor::error::Error;
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateId, CertificateStoreId, CollectionId};

/// What is to be removed, and what of it can be put back. Made before the act by
/// [`plan_removal`](super::CertificateStores::plan_removal); it can be kept as JSON. It holds no secret of this program; the
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
    /// The places.
    pub removals: Vec<PlannedRemoval>,
}

/// One place in a [`RemovalPlan`].
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
    pub put_back: PutBack,
}

/// Whether a place can be restored after a removal: the certificate under its alias. The entry's parameters are not.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PutBack {
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

impl PutBack {
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
    pub(super) async fn make(client: Client, located: LocatedCertificate) -> Result<Self, Error> {
        let certificate = located.certificate();
        let held = if certificate.has_private_key { Held::ByCommand } else { Held::Elsewhere };
        let mut by_store: BTreeMap<CertificateStoreId, HashSet<&str>> = BTreeMap::new();
        for found in located.locations() {
            by_store.entry(found.location().store()).or_default().insert(found.location().alias());
        }
        let mut inventories: HashMap<CertificateStoreId, Listed> = HashMap::new();
        for (store, aliases) in by_store {
            inventories.insert(store, entries_under(&client, store, &aliases, &HashSet::new()).await?);
        }
        let planned = |found: &FoundLocation| {
            let location = found.location();
            let entries = inventories.get(&location.store()).map(|listed| listed.under(location.alias()));
            let entry = holding(entries.unwrap_or_default(), location, located.thumbprint())?;
            Ok(PlannedRemoval {
                store_id: location.store(),
                store_machine: found.store_machine().map(str::to_owned),
                store_path: found.store_path().map(str::to_owned),
                alias: location.alias().to_owned(),
                put_back: PutBack::of(&entry.parameters, held),
                parameters: entry.parameters.clone(),
                readiness: found.readiness(),
            })
        };
        let removals = located.locations().iter().map(planned).collect::<Result<_, LookupError>>()?;
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
            CertificateLocation::new(removal.store_id, &removal.alias).expecting_thumbprint(&self.thumbprint)
        })
    }

    /// The places that cannot be put back, or of which it is unclear how: look at them before you remove anything.
    pub fn cannot_be_put_back(&self) -> impl Iterator<Item = &PlannedRemoval> {
        self.removals.iter().filter(|removal| matches!(removal.put_back, PutBack::Impossible | PutBack::Unclear))
    }

    /// What `add_back` adds.
    pub(super) fn entries(&self) -> Vec<CertificateStoreEntry> {
        self.removals.iter().filter_map(PlannedRemoval::entry).collect()
    }
}

impl PlannedRemoval {
    fn entry(&self) -> Option<CertificateStoreEntry> {
        let entry = CertificateStoreEntry::new(self.store_id).alias(&self.alias);
        match self.put_back {
            PutBack::WithPrivateKey => Some(entry.include_private_key()),
            PutBack::WithoutPrivateKey => Some(entry),
            PutBack::Impossible | PutBack::Unclear => None,
        }
    }
}
