//! What is answered about certificate stores, their inventories, and where a certificate is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::certificates::Location;
use super::list::{Listing, Offer, Parameters};
use super::places::Place;
use super::query::{Kind, Operand, Queried};
use super::refusal::not_found;
use super::state::State;
use super::stores::{Entry, FakeAgent, Store};
use crate::testing::server::Reply;

/// A store with its GUID.
type Row<'a> = (Uuid, &'a Store);

impl Queried for Row<'_> {
    fn operand(&self, field: &str) -> Operand<'_> {
        let (_, store) = self;
        let shown = &store.shown;
        match field {
            "AddSupported" => Operand::Truth(shown.add_supported),
            "AgentAvailable" => Operand::Truth(shown.agent == FakeAgent::Available),
            "AgentId" => store.agent().map_or(Operand::Nothing, Operand::Guid),
            "Approved" => Operand::Truth(shown.approved),
            "Category" | "CertStoreType" => Operand::Number(shown.type_number.into()),
            "CertificateId" => {
                Operand::Numbers(store.inventory.values().flatten().map(|entry| entry.leaf.into()).collect())
            }
            "ClientMachine" => Operand::Text(store.machine().into()),
            "Container" => store.container_name().map_or(Operand::Nothing, |name| Operand::Text(name.into())),
            "ContainerId" => shown.container.map_or(Operand::Nothing, |id| Operand::Number(id.into())),
            "HasInventoryScheduled" => Operand::Truth(store.inventory_job.is_some()),
            "PrivateKeyAllowed" => Operand::Number(1),
            "RemoveSupported" => Operand::Truth(shown.remove_supported),
            "StorePath" => Operand::Text(store.path().into()),
            _ => Operand::Nothing,
        }
    }
}

/// The documented fields, and one from the vendor's code (`CertStoreType`); by what the list can be sorted is assumed.
const OFFER: Offer = Offer {
    prefix: "certificateStoreQuery",
    fields: &[
        ("AddSupported", Kind::Truth),
        ("AgentAvailable", Kind::Truth),
        ("AgentId", Kind::Guid),
        ("Approved", Kind::Truth),
        ("Category", Kind::Number),
        ("CertStoreType", Kind::Number),
        ("CertificateId", Kind::Number),
        ("ClientMachine", Kind::Text),
        ("Container", Kind::Text),
        ("ContainerId", Kind::Number),
        ("HasInventoryScheduled", Kind::Truth),
        ("PrivateKeyAllowed", Kind::Number),
        ("RemoveSupported", Kind::Truth),
        ("StorePath", Kind::Text),
    ],
    sorts: &["ClientMachine", "StorePath", "ContainerId"],
};

/// An entry of an inventory with its alias and its number.
struct InventoryRow<'a> {
    alias: &'a str,
    entry: &'a Entry,
    item: i32,
}

impl Queried for InventoryRow<'_> {
    fn operand(&self, field: &str) -> Operand<'_> {
        if field == "Name" { Operand::Text(self.alias.into()) } else { Operand::Nothing }
    }
}

/// The documentation names no query; by what an inventory can be sorted is assumed.
const INVENTORY: Offer = Offer { prefix: "query", fields: &[], sorts: &["Name"] };

impl State {
    pub(super) fn list_stores(&self, parameters: &Parameters) -> Result<Reply, Reply> {
        self.permit_listing_stores()?;
        let listing = Listing::read(parameters, &OFFER, &self.traps)?;
        let readable = self.stores.iter().filter(|(_, store)| self.may_read_store(store.shown.container));
        let mut rows: Vec<Row<'_>> = listing.select(readable.map(|(id, store)| (*id, store))).collect();
        if !listing.is_sorted() {
            rows.sort_by_key(|(_, store)| store.machine());
        }
        Ok(listing.reply(rows, &self.traps, |(id, store)| store.to_list_row(id)))
    }

    fn permitted_store(&self, id: &str) -> Result<Row<'_>, Reply> {
        let unknown = || not_found(&format!("Certificate store {id}"));
        let guid: Uuid = id.parse().map_err(|_| unknown())?;
        self.permit_reading_store(guid)?;
        self.stores.get(&guid).map(|store| (guid, store)).ok_or_else(unknown)
    }

    pub(super) fn read_store(&self, id: &str) -> Result<Reply, Reply> {
        let (guid, store) = self.permitted_store(id)?;
        Ok(Reply::json(200, self.traps.written(store.to_single(guid))))
    }

    pub(super) fn list_inventory(&mut self, id: &str, parameters: &Parameters) -> Result<Reply, Reply> {
        let (guid, _) = self.permitted_store(id)?;
        let listing = Listing::read(parameters, &INVENTORY, &self.traps)?;
        if listing.is_first_page() {
            self.poll_inventory_of(guid);
        }
        let (_, store) = self.permitted_store(id)?;
        let rows = store.entries_listed().zip(1..).map(|((alias, entry), item)| InventoryRow { alias, entry, item });
        let rows = listing.select(rows);
        Ok(listing.reply(rows, &self.traps, |InventoryRow { alias, entry, item }| {
            let known = entry.certificates().filter_map(|id| self.certificates.get(id)).enumerate();
            let certificates: Vec<Value> =
                known.map(|(level, certificate)| certificate.to_inventory(item, level)).collect();
            json!({
                "Name": alias,
                "Certificates": certificates,
                "Parameters": entry.parameters,
                "CertStoreId": guid,
            })
        }))
    }

    /// A certificate's places, as Command's inventory has them.
    pub(super) fn locations(&self, certificate: i32) -> Vec<Location<'_>> {
        let mut locations = Vec::new();
        for Place { id, store, alias, entry } in self.places_of(certificate) {
            for (level, _) in entry.certificates().enumerate().filter(|(_, it)| *it == certificate) {
                let row = json!({
                    "StoreMachine": store.machine(),
                    "StorePath": store.path(),
                    "StoreType": store.shown.type_number,
                    "Alias": alias,
                    "ChainLevel": level,
                    "CertStoreId": id,
                });
                locations.push(Location { type_name: &store.shown.type_name, row });
            }
        }
        locations
    }

    /// The places of one certificate, in the words of another call, by type of store. That a chain counts is assumed.
    pub(super) fn location_details(&self, certificate: i32) -> Value {
        let mut groups = BTreeMap::<(i32, &str), (BTreeSet<Uuid>, Vec<Value>)>::new();
        for Place { id, store, alias, .. } in self.places_of(certificate) {
            let group = groups.entry((store.shown.type_number, &store.shown.type_name)).or_default();
            group.0.insert(id);
            group.1.push(json!({
                "StoreId": id,
                "StoreTypeId": store.shown.type_number,
                "ClientMachine": store.machine(),
                "StorePath": store.path(),
                "AgentPool": null,
                "Alias": alias,
                "IPAddress": null,
                "Port": null,
                "NetworkName": null,
            }));
        }
        let groups = groups.into_iter().map(|((number, name), (stores, locations))| {
            json!({"StoreType": name, "StoreTypeId": number, "StoreCount": stores.len(), "Locations": locations})
        });
        groups.collect()
    }
}
