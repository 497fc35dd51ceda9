//! How a plan is made: one reading of each store's inventory for all certificates.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use super::omitted::{OmissionReason, Omitted};
use super::restorability::{Held, Restorability};
use super::store_type::{PlannedStoreType, read_types, type_of};
use super::{PlannedCertificate, PlannedRemoval, RemovalPlan};
use crate::keyfactor::certificate_stores::{InventoryEntry, Listed, Sought, entries_under, holding};
use crate::keyfactor::certificates::CertificateStoreLocation;
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::offboarding::locate::{Found, FoundLocation, LocatedCertificate, Nowhere, unclear};
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::{CertificateStoreId, CollectionId};
use crate::keyfactor::vendor::{Caller, Error, SharedError};
use crate::operation::Lookup;
use crate::plan_file::PlanHeader;

/// What is planned, before the inventories are read.
pub(super) struct Planning {
    caller: Caller,
    collection_id: Option<CollectionId>,
    located: Vec<LocatedCertificate>,
    omitted: Vec<Omitted>,
    /// Why the first of what is left out is left out.
    first: Option<Error>,
    if_nothing: IfNothing,
}

/// What a plan without entries is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum IfNothing {
    Error,
    EmptyPlan,
}

/// What each store lists, or why it cannot be read.
type Inventories = HashMap<CertificateStoreId, Result<Listed, SharedError>>;

impl Planning {
    pub(super) fn new(caller: Caller, collection_id: Option<CollectionId>, if_nothing: IfNothing) -> Self {
        Self { caller, collection_id, located: Vec::new(), omitted: Vec::new(), first: None, if_nothing }
    }

    /// Plans a certificate that was found. Places of which nobody can tell what they hold are left out.
    pub(super) fn add(&mut self, located: LocatedCertificate) {
        let unclear = unclear(located.excluded()).map(|place| Omitted::unclear(located.thumbprint(), place));
        self.omitted.extend(unclear);
        self.located.push(located);
    }

    /// Plans a certificate that was looked up, or leaves it out if it was not found; `Err` if no other could be either.
    pub(super) fn add_or_leave_out(
        &mut self,
        (thumbprint, found): (Thumbprint, Result<Found, Error>),
    ) -> Result<(), Error> {
        match found {
            Ok(Found::Located(located)) => {
                self.add(*located);
                Ok(())
            }
            Ok(Found::InNoStore(nowhere)) => {
                self.leave_out_of_no_store(&nowhere);
                Ok(())
            }
            // It answered with what was not asked for: the next answer would be no better.
            Err(Error::Lookup(error)) if matches!(*error, LookupError::NotAsked { .. }) => Err(Error::Lookup(error)),
            Err(error) => self.leave_out(thumbprint, error),
        }
    }

    /// Leaves out a certificate that can be removed from no place. It is in no store only if the server is clear about its places.
    fn leave_out_of_no_store(&mut self, nowhere: &Nowhere) {
        let before = self.omitted.len();
        self.omitted.extend(nowhere.unclear().map(|place| Omitted::unclear(&nowhere.thumbprint, place)));
        if self.omitted.len() == before {
            self.omitted.push(Omitted::whole(nowhere.thumbprint.clone(), OmissionReason::InNoStore));
        }
        self.first.get_or_insert_with(|| LookupError::from(nowhere).into());
    }

    /// Leaves out a certificate that cannot be planned; `Err` if no other could be either.
    fn leave_out(&mut self, thumbprint: Thumbprint, error: Error) -> Result<(), Error> {
        if ends_planning(&error) {
            return Err(error);
        }
        let why = match &error {
            Error::Lookup(error) => OmissionReason::of_lookup(error),
            error => OmissionReason::LookupFailed { error: error.to_string() },
        };
        self.omitted.push(Omitted::whole(thumbprint, why));
        self.first.get_or_insert(error);
        Ok(())
    }

    /// Reads the inventories, and compares every alias with its certificate.
    pub(super) async fn plan(mut self) -> Result<RemovalPlan, Error> {
        let mut inventories = self.read_inventories().await?;
        let found = self.located.iter().flat_map(LocatedCertificate::locations);
        let types = read_types(&self.caller, found.filter_map(FoundLocation::store_type).collect()).await;
        let asked = self.certificates().len();
        let (mut certificates, mut removals) = (Vec::new(), Vec::new());
        for located in std::mem::take(&mut self.located) {
            let before = removals.len();
            for found in located.locations() {
                let store = found.location().store();
                let Some(inventory) = inventories.get(&store) else { continue };
                match planned(&located, found, inventory, &type_of(found.store_type(), &types)) {
                    Ok(entries) => removals.extend(entries),
                    Err((why, error)) => {
                        self.omitted.push(Omitted::place(located.thumbprint(), found, why));
                        if let (None, Some(error)) = (&self.first, error) {
                            self.first = Some(error.into());
                        }
                    }
                }
            }
            if removals.len() > before {
                certificates.push(PlannedCertificate::of(&located));
            }
        }
        if removals.is_empty() && self.if_nothing == IfNothing::Error {
            return Err(self.nothing_planned(asked, &mut inventories));
        }
        let header = PlanHeader::new::<RemovalPlan>(self.caller.transport().base_url());
        Ok(RemovalPlan {
            header,
            collection_id: self.collection_id,
            certificates,
            removals,
            omitted: self.omitted,
            inventory_schedules: Vec::new(),
        })
    }

    /// All that were asked for.
    fn certificates(&self) -> HashSet<&Thumbprint> {
        let located = self.located.iter().map(LocatedCertificate::thumbprint);
        located.chain(self.omitted.iter().map(|it| &it.thumbprint)).collect()
    }

    async fn read_inventories(&self) -> Result<Inventories, Error> {
        let mut by_store: BTreeMap<CertificateStoreId, HashMap<&str, HashSet<&Thumbprint>>> = BTreeMap::new();
        for located in &self.located {
            for found in located.locations() {
                let by_alias = by_store.entry(found.location().store()).or_default();
                by_alias.entry(found.location().alias()).or_default().insert(located.thumbprint());
            }
        }
        let mut inventories = Inventories::new();
        for (store, mut expected) in by_store {
            let certificates = expected.values().flatten().copied().collect();
            let aliases = expected.keys().copied().collect();
            let sought = Sought { aliases, certificates, ..Sought::default() };
            // An alias that holds another certificate is decided. With all of them decided, the rest does not matter.
            let decides = |alias: &str, entries: &[InventoryEntry]| {
                let is_another = |of: &HashSet<_>| entries.last().is_some_and(|entry| !holds_one(entry, of));
                if expected.get(alias).is_some_and(is_another) {
                    expected.remove(alias);
                }
                Ok(if expected.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            };
            match entries_under(&self.caller, store, &sought, Lookup::begin(&self.caller), decides).await {
                Err(error) if ends_planning(&error) => return Err(error),
                read => drop(inventories.insert(store, read.map_err(SharedError::from))),
            }
        }
        Ok(inventories)
    }

    /// The error of a plan that has nothing in it: for one certificate, that of its first place.
    fn nothing_planned(self, asked: usize, inventories: &mut Inventories) -> Error {
        let mut stores = self.omitted.iter().filter_map(|it| it.store_id);
        let of_store = stores.find_map(|store| inventories.remove(&store)?.err());
        let first = self.first.or_else(|| of_store?.into_error());
        let omitted = self.omitted.iter().map(Omitted::to_string).collect();
        first.filter(|_| asked == 1).unwrap_or_else(|| LookupError::NothingPlanned { omitted }.into())
    }
}

/// Whether the certificate of an entry is one of these.
fn holds_one(entry: &InventoryEntry, of: &HashSet<&Thumbprint>) -> bool {
    entry.leaf().is_some_and(|leaf| of.contains(&Thumbprint::from(leaf.thumbprint.as_str())))
}

/// Whether every further look would fail the same way.
fn ends_planning(error: &Error) -> bool {
    let is_old = matches!(error, Error::Lookup(error) if matches!(**error, LookupError::UnsupportedVersion { .. }));
    is_old || error.failure_scope().ends_a_run()
}

/// The entries of a place, or why it is left out.
fn planned(
    located: &LocatedCertificate,
    found: &FoundLocation,
    inventory: &Result<Listed, SharedError>,
    store_type: &PlannedStoreType,
) -> Result<Vec<PlannedRemoval>, (OmissionReason, Option<LookupError>)> {
    let location = found.location();
    let unreadable = |error: &SharedError| (OmissionReason::StoreUnreadable { error: error.to_string() }, None);
    let listed = inventory.as_ref().map_err(unreadable)?;
    let under = listed.under(location.alias());
    let other_alias = || listed.aliases_of(located.thumbprint()).find(|alias| *alias != location.alias());
    let entries = holding(under, location, located.thumbprint()).map_err(|error| {
        let why = match (OmissionReason::of_lookup(&error), other_alias()) {
            (OmissionReason::NotListed, _) if !under.is_empty() => OmissionReason::HoldsNothing,
            (OmissionReason::NotListed, Some(alias)) => OmissionReason::UnderAnotherAlias { alias: alias.to_owned() },
            (why, _) => why,
        };
        (why, Some(error))
    })?;
    let held = if located.certificate().has_private_key { Held::ByCommand } else { Held::Elsewhere };
    let is_one_of_several = distinct(entries).nth(1).is_some();
    let of_entry = |entry: &InventoryEntry| PlannedRemoval {
        thumbprint: located.thumbprint().clone(),
        store_id: location.store(),
        store_machine: found.store_machine().map(str::to_owned),
        store_path: found.store_path().map(str::to_owned),
        alias: location.alias().to_owned(),
        put_back: Restorability::of(&entry.parameters, held),
        parameters: entry.parameters.clone(),
        is_one_of_several,
        store_type: store_type.clone(),
        readiness: found.readiness(),
    };
    Ok(distinct(entries).map(of_entry).collect())
}

/// The entries of an alias that differ in their parameters. Others cannot be told apart by anything that a job is told.
fn distinct(entries: &[InventoryEntry]) -> impl Iterator<Item = &InventoryEntry> {
    let is_first = |(index, entry): &(usize, &InventoryEntry)| {
        entries.iter().take(*index).all(|earlier| earlier.parameters != entry.parameters)
    };
    entries.iter().enumerate().filter(is_first).map(|(_, entry)| entry)
}

impl PlannedCertificate {
    fn of(located: &LocatedCertificate) -> Self {
        let certificate = located.certificate();
        Self {
            id: certificate.id,
            thumbprint: located.thumbprint().clone(),
            issued_cn: certificate.issued_cn.clone(),
            has_private_key: certificate.has_private_key,
        }
    }
}

impl Omitted {
    fn whole(thumbprint: Thumbprint, why: OmissionReason) -> Self {
        Self { thumbprint, store_id: None, store_machine: None, store_path: None, alias: None, why }
    }

    fn place(thumbprint: &Thumbprint, found: &FoundLocation, why: OmissionReason) -> Self {
        Self {
            thumbprint: thumbprint.clone(),
            store_id: Some(found.location().store()),
            store_machine: found.store_machine().map(str::to_owned),
            store_path: found.store_path().map(str::to_owned),
            alias: Some(found.location().alias().to_owned()),
            why,
        }
    }

    fn unclear(thumbprint: &Thumbprint, place: &CertificateStoreLocation) -> Self {
        Self {
            thumbprint: thumbprint.clone(),
            store_id: place.cert_store_id,
            store_machine: place.store_machine.clone(),
            store_path: place.store_path.clone(),
            alias: Some(place.alias.clone()).filter(|alias| !alias.trim().is_empty()),
            why: OmissionReason::PlaceUnclear,
        }
    }
}
