//! The calls that schedule jobs on certificate stores.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::body::member;
use super::jobs::{Schedule, Target, Work};
use super::permissions::collection_of;
use super::refusal::{bad_request, not_found};
use super::state::State;
use super::traps::Trap;
use crate::testing::server::Reply;

/// One entry of a request's `CertificateStores`.
struct Location {
    store: Uuid,
    alias: Option<String>,
    job_fields: Map<String, Value>,
    overwrite: bool,
}

impl Location {
    fn read_all(body: &Value) -> Result<Vec<Self>, Reply> {
        let entries = member(body, "CertificateStores").as_array().filter(|entries| !entries.is_empty());
        let entries = entries.ok_or_else(|| bad_request("CertificateStores must name at least one store."))?;
        entries.iter().map(Self::read).collect()
    }

    fn read(entry: &Value) -> Result<Self, Reply> {
        let store = member(entry, "CertificateStoreId").as_str().and_then(|id| id.parse().ok());
        let job_fields = match member(entry, "JobFields") {
            Value::Null => Some(Map::new()),
            fields => fields.as_object().cloned(),
        };
        let overwrite = match member(entry, "Overwrite") {
            Value::Null => Some(false),
            overwrite => overwrite.as_bool(),
        };
        let alias = match member(entry, "Alias") {
            Value::Null => Some(None),
            alias => alias.as_str().map(|alias| Some(alias.to_owned()).filter(|alias| !alias.is_empty())),
        };
        match (store, alias, overwrite, job_fields) {
            (Some(store), Some(alias), Some(overwrite), Some(job_fields)) => {
                Ok(Self { store, alias, job_fields, overwrite })
            }
            _ => Err(entry_not_valid()),
        }
    }
}

fn entry_not_valid() -> Reply {
    bad_request("An entry of CertificateStores is not valid.")
}

impl State {
    pub(super) fn remove(&mut self, body: &Value) -> Result<Reply, Reply> {
        let locations = Location::read_all(body)?;
        if locations.iter().any(|location| location.alias.is_none()) {
            return Err(entry_not_valid());
        }
        let schedule = Schedule::read(body)?;
        // `ContainerId` is not read: no schema of this call has it, and unknown members are ignored.
        let collection = collection_of(member(body, "CollectionId"))?;
        for location in &locations {
            let alias = location.alias.as_deref().unwrap_or_default();
            let entry = self.stores.get(&location.store).and_then(|store| store.inventory.get(alias)?.first());
            self.permit_using_certificate(entry.map(|entry| entry.leaf), collection)?;
            self.permit_location(location)?;
        }
        let remove = |Location { store, alias, job_fields, .. }| Target {
            work: Work::Remove,
            store,
            alias: alias.unwrap_or_default(),
            job_fields,
        };
        Ok(self.scheduled(locations.into_iter().map(remove), &schedule))
    }

    pub(super) fn add(&mut self, body: &Value) -> Result<Reply, Reply> {
        let id = member(body, "CertificateId").as_i64().and_then(|id| i32::try_from(id).ok());
        let id = id.ok_or_else(|| bad_request("CertificateId must be an integer."))?;
        let locations = Location::read_all(body)?;
        let schedule = Schedule::read(body)?;
        let collection = collection_of(member(body, "CollectionId"))?;
        for location in &locations {
            self.permit_using_certificate(Some(id), collection)?;
            self.permit_location(location)?;
            if let Some(store) = self.stores.get(&location.store) {
                self.type_of(&store.shown).permit_alias(location.alias.as_deref())?;
            }
        }
        let Some(thumbprint) = self.certificates.thumbprint(id) else {
            return Err(not_found(&format!("Certificate {id}")));
        };
        let mut targets = Vec::new();
        for Location { store, alias, job_fields, overwrite } in locations {
            let alias = alias.unwrap_or_else(|| thumbprint.to_owned());
            let known = self.stores.get(&store).is_some_and(|it| it.inventory.contains_key(&alias));
            if overwrite && !known {
                return Err(bad_request(&format!("Alias '{alias}' does not exist in certificate store {store}.")));
            }
            targets.push(Target { work: Work::Add { certificate: id, overwrite }, store, alias, job_fields });
        }
        Ok(self.scheduled(targets, &schedule))
    }

    fn permit_location(&self, location: &Location) -> Result<(), Reply> {
        self.permit_scheduling(location.store)?;
        if self.stores.contains_key(&location.store) { Ok(()) } else { Err(unknown_store(location.store)) }
    }

    fn scheduled(&mut self, targets: impl IntoIterator<Item = Target>, schedule: &Schedule) -> Reply {
        let jobs = targets.into_iter().map(|target| self.schedule_job(target, schedule.clone()));
        Reply::json(200, json!(jobs.collect::<Vec<Uuid>>()))
    }

    pub(super) fn schedule_inventories(&mut self, body: &Value) -> Result<Reply, Reply> {
        let ids = member(body, "StoreIds").as_array().filter(|ids| !ids.is_empty());
        let ids: Option<Vec<Uuid>> =
            ids.and_then(|ids| ids.iter().map(|id| id.as_str().and_then(|id| id.parse().ok())).collect());
        let ids = ids.ok_or_else(|| bad_request("StoreIds must name at least one store."))?;
        let schedule = if Schedule::is_off(body)? { None } else { Some(Schedule::read(body)?) };
        for id in &ids {
            self.permit_scheduling(*id)?;
            if !self.stores.contains_key(id) {
                return Err(unknown_store(*id));
            }
        }
        for id in ids {
            match &schedule {
                None => self.schedule_inventory(id, Value::Null),
                Some(schedule) if schedule.recurring => self.schedule_inventory(id, schedule.object.clone()),
                Some(schedule) => {
                    let keeps = self.traps.has(Trap::ImmediateInventoryKeepsSchedule);
                    if !keeps {
                        self.schedule_inventory(id, Value::Null);
                    }
                    let job = self.schedule_job(Target::inventory(id), schedule.clone());
                    if !keeps {
                        let store = self.store(id);
                        store.shown.inventory_schedule = schedule.object.clone();
                        store.inventory_job = Some(job);
                    }
                }
            }
        }
        Ok(Reply::no_content())
    }
}

fn unknown_store(id: Uuid) -> Reply {
    not_found(&format!("Certificate store {id}"))
}
