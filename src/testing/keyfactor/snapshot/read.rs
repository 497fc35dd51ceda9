//! Reads a state.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::certificates::{FakeCertificate, Revocation};
use super::super::jobs::{COMPLETED, FakeJobKind, FakeJobState, Job, Run, SUCCESS, Stage, Work};
use super::super::orchestrator::{End, FakeOrchestrator, MOST_RETRIES, PickUp};
use super::super::permissions::KeyfactorPermission;
use super::super::state::State;
use super::super::store_types::{FakeCustomAlias, FakeEntryParameter, FakeStoreType};
use super::super::stores::{Entries, Entry, FakeAgent, FakeStore, Spelling, Store};
use super::super::traps::{PageCap, Skips, Trap, Traps};
use super::words;
use crate::testing::state::{
    FakeStateError, Loaded, Object, list, members, number, one_of, parsed, text, truth, unknown_word, word_with,
};

impl State {
    pub(super) fn from_snapshot(value: &Value) -> Loaded<Self> {
        let mut object = Object::of(value)?;
        let mut state = Self::default();
        if let Some(version) = object.take("product_version", text)? {
            state.product_version = Some(version).filter(|version| !version.is_empty());
        }
        if let Some(clock) = object.take("clock", |it| parsed(it, "a time"))? {
            state.set_clock(clock);
        }
        if let Some(permissions) = object.take("permissions", |it| list(it, |_, it| permission(it)))? {
            state.permissions = permissions.into_iter().collect();
        }
        if let Some(modes) = object.take("modes", modes)? {
            state.traps = modes;
        }
        object.list("certificates", |_, it| state.load_certificate(it))?;
        object.list("store_types", |_, it| state.load_store_type(it))?;
        if let Some(orchestrator) = object.take("orchestrator", orchestrator)? {
            state.orchestrator = orchestrator;
        }
        let inventory_jobs = object.list("stores", |_, it| state.load_store(it))?;
        object.list("jobs", |_, it| state.load_job(it))?;
        object.list("runs", |_, it| state.load_run(it))?;
        object.finish()?;
        for (index, (store, job)) in inventory_jobs.into_iter().enumerate() {
            let place = |error: FakeStateError| error.in_member("inventory_job").in_item(index).in_member("stores");
            state.connect_inventory(store, job).map_err(place)?;
        }
        Ok(state)
    }

    fn load_certificate(&mut self, value: &Value) -> Loaded<()> {
        let mut object = Object::of(value)?;
        let id = object.take("id", number)?.unwrap_or_else(|| self.certificates.next_id());
        if self.certificates.get(id).is_some() {
            return Err(FakeStateError::new(format!("{id} is listed twice")).in_member("id"));
        }
        let mut certificate = FakeCertificate::new(object.need("common_name", text)?);
        certificate.thumbprint = object.take("thumbprint", text)?;
        certificate.serial_number = object.take("serial_number", text)?;
        if let Some(time) = object.take("not_after", |it| parsed(it, "a time"))? {
            certificate.not_after = time;
        }
        let revocation = object.take("revocation", |it| one_of(it, &words::REVOCATIONS, words::revocation))?;
        certificate.revocation = revocation.unwrap_or(Revocation::None);
        certificate.revocation_needs_approval = object.take("revocation_needs_approval", truth)?.unwrap_or_default();
        certificate.private_key = object.take("private_key", truth)?.unwrap_or_default();
        certificate.collections = object.list("collections", |_, it| number(it))?.into_iter().collect();
        for (name, value) in object.take("metadata", members)?.unwrap_or_default() {
            let value = text(&value).map_err(|error| error.in_member(name.as_str()).in_member("metadata"))?;
            certificate.metadata.insert(name, value);
        }
        object.finish()?;
        self.certificates.issue_as(id, certificate);
        Ok(())
    }

    fn load_store_type(&mut self, value: &Value) -> Loaded<()> {
        let mut object = Object::of(value)?;
        let number: i32 = object.need("number", number)?;
        let mut store_type = FakeStoreType::new(number, object.need("short_name", text)?);
        if let Some(name) = object.take("name", text)? {
            store_type.name = name;
        }
        let alias = object.take("custom_alias", |it| one_of(it, &words::CUSTOM_ALIASES, words::custom_alias))?;
        store_type.alias = alias.unwrap_or(FakeCustomAlias::Optional);
        store_type.parameters = object.list("entry_parameters", |_, it| entry_parameter(it))?;
        object.finish()?;
        match self.described_types.insert(number, store_type) {
            None => Ok(()),
            Some(_) => Err(FakeStateError::new(format!("{number} is listed twice")).in_member("number")),
        }
    }

    /// Gives the store's GUID and that of its inventory job.
    fn load_store(&mut self, value: &Value) -> Loaded<(Uuid, Option<Uuid>)> {
        let mut object = Object::of(value)?;
        let id = object.take("id", guid)?.unwrap_or_else(|| self.next_store_id());
        if self.stores.contains_key(&id) {
            return Err(FakeStateError::new(format!("{id} is listed twice")).in_member("id"));
        }
        let shown = self.described_store(&mut object)?;
        let mut store = Store::new(self.stores.len() as u64 + 1, shown);
        let orchestrator = object.take("orchestrator", orchestrator)?;
        store.held = object.take("held", |it| self.entries(it))?.unwrap_or_default();
        let inventory = object.take("inventory", |it| self.entries(it))?;
        let inventory = inventory.unwrap_or_else(|| store.held.clone());
        let inventory_job = object.take("inventory_job", guid)?;
        object.finish()?;
        self.stores.insert(id, store);
        for (alias, entries) in inventory {
            self.list(id, &alias, entries);
        }
        if let Some(orchestrator) = orchestrator {
            self.set_orchestrator(id, orchestrator);
        }
        Ok((id, inventory_job))
    }

    /// How Command describes a store. Its type is known by its number, if it is described.
    fn described_store(&self, object: &mut Object<'_>) -> Loaded<FakeStore> {
        let new = FakeStore::new();
        let type_number = object.take("type", number)?.unwrap_or(new.type_number);
        let described = self.described_types.get(&type_number).map(|it| it.short_name.clone());
        let agent = object.take("agent", |it| one_of(it, &words::AGENTS, words::agent))?;
        let spelling = object.take("aliases", |it| one_of(it, &words::SPELLINGS, words::spelling))?;
        let schedule = object.take("inventory_schedule", |it| members(it).map(Value::from))?;
        let store = FakeStore {
            machine: object.take("machine", text)?,
            path: object.take("path", text)?,
            container: object.take("container", number)?,
            approved: object.take("approved", truth)?.unwrap_or(new.approved),
            agent: agent.unwrap_or(FakeAgent::Available),
            add_supported: object.take("add_supported", truth)?.unwrap_or(new.add_supported),
            remove_supported: object.take("remove_supported", truth)?.unwrap_or(new.remove_supported),
            type_number,
            type_name: object.take("type_name", text)?.or(described).unwrap_or(new.type_name),
            properties: object.take("properties", |it| Ok(it.clone()))?.unwrap_or(new.properties),
            spelling: spelling.unwrap_or(Spelling::AsGiven),
            inventory_schedule: Value::Null,
        };
        Ok(store.inventory_schedule(schedule.unwrap_or_default()))
    }

    fn entries(&self, value: &Value) -> Loaded<Entries> {
        let mut entries = Entries::new();
        for (alias, entry) in list(value, |_, it| self.entry(it))? {
            entries.entry(alias).or_default().push(entry);
        }
        Ok(entries)
    }

    fn entry(&self, value: &Value) -> Loaded<(String, Entry)> {
        let mut object = Object::of(value)?;
        let alias = object.need("alias", text)?;
        let mut entry = Entry::of(object.need("certificate", |it| self.known_certificate(it))?);
        entry.chain = object.list("chain", |_, it| self.known_certificate(it))?;
        if let Some(parameters) = object.take("parameters", members)? {
            entry.parameters = parameters;
        }
        object.finish()?;
        Ok((alias, entry))
    }

    fn known_certificate(&self, value: &Value) -> Loaded<i32> {
        let id = number(value)?;
        let known = self.certificates.get(id).map(|it| it.id);
        known.ok_or_else(|| FakeStateError::new(format!("no certificate has the id {id}")))
    }

    fn known_store(&self, value: &Value) -> Loaded<Uuid> {
        let id = guid(value)?;
        if self.stores.contains_key(&id) {
            Ok(id)
        } else {
            Err(FakeStateError::new(format!("no store has the id {id}")))
        }
    }

    fn load_job(&mut self, value: &Value) -> Loaded<()> {
        let mut object = Object::of(value)?;
        let id = object.take("id", guid)?.unwrap_or_else(|| self.jobs.next_id());
        if self.jobs.find(id).is_some() {
            return Err(FakeStateError::new(format!("{id} is listed twice")).in_member("id"));
        }
        let kind = object.need("kind", |it| one_of(it, &words::KINDS, words::kind))?;
        let certificate = object.take("certificate", |it| self.known_certificate(it))?;
        let overwrite = object.take("overwrite", truth)?.unwrap_or_default();
        let work = match (kind, certificate) {
            (FakeJobKind::Add, Some(certificate)) => Work::Add { certificate, overwrite },
            (FakeJobKind::Add, None) => return Err(FakeStateError::new("is missing").in_member("certificate")),
            (_, Some(_)) => return Err(FakeStateError::new("is only valid for additions").in_member("certificate")),
            (FakeJobKind::Remove, None) => Work::Remove,
            (FakeJobKind::Inventory, None) => Work::Inventory,
        };
        let schedule = object.take("schedule", members)?;
        let schedule = schedule.unwrap_or_else(|| Map::from_iter([("Immediate".to_owned(), json!(true))]));
        let once = schedule.keys().all(|kind| matches!(kind.as_str(), "Immediate" | "ExactlyOnce"));
        let recurring = object.take("recurring", truth)?.unwrap_or(!once);
        let state = object.take("state", |it| one_of(it, &words::STATES, words::state))?;
        let state = state.unwrap_or(FakeJobState::Waiting);
        let requested = object.take("requested", |it| parsed(it, "a time"))?;
        let job = Job {
            id,
            work,
            store: object.need("store", |it| self.known_store(it))?,
            alias: object.take("alias", text)?.unwrap_or_default(),
            fields: object.take("job_fields", members)?.unwrap_or_default(),
            schedule: schedule.into(),
            recurring,
            requested: requested.unwrap_or_else(|| self.next_moment()),
            stage: stage(state, recurring),
            state,
            polls: 0,
            waiting_since: Instant::now(),
            retried: object.take("retried", number)?.unwrap_or_default(),
            runs: Vec::new(),
        };
        object.finish()?;
        self.jobs.restore(job);
        Ok(())
    }

    fn load_run(&mut self, value: &Value) -> Loaded<()> {
        let mut object = Object::of(value)?;
        let job = object.need("job", |it| {
            let id = guid(it)?;
            self.jobs.find(id).ok_or_else(|| FakeStateError::new(format!("no job has the id {id}")))
        })?;
        let start = object.take("start", |it| parsed(it, "a time"))?.unwrap_or_else(|| self.next_moment());
        let run = Run {
            job,
            start,
            end: object.take("end", |it| parsed(it, "a time"))?,
            message: object.take("message", text)?,
            result: object.take("result", |it| one_of(it, &words::RESULTS, words::result))?.unwrap_or(SUCCESS),
            status: object.take("status", |it| one_of(it, &words::STATUSES, words::status))?.unwrap_or(COMPLETED),
        };
        object.finish()?;
        self.jobs.restore_run(run);
        Ok(())
    }

    /// A store with an inventory schedule has the job for it: the one that the document names, or a new one.
    fn connect_inventory(&mut self, store: Uuid, job: Option<Uuid>) -> Loaded<()> {
        let schedule = self.store(store).shown.inventory_schedule.clone();
        if let Some(id) = job {
            let known = self.jobs.find(id).and_then(|index| self.jobs.get(index));
            if known.is_none_or(|job| job.store != store || job.work != Work::Inventory) {
                return Err(FakeStateError::new(format!("no inventory job of this store has the id {id}")));
            }
            self.store(store).inventory_job = Some(id);
        } else if !schedule.is_null() {
            self.schedule_inventory(store, schedule);
        }
        Ok(())
    }
}

/// Where a job stands that shows this state: a recurring one waits after each run.
fn stage(state: FakeJobState, recurring: bool) -> Stage {
    match state {
        FakeJobState::Waiting => Stage::Waiting,
        FakeJobState::Running => Stage::Running,
        FakeJobState::WillRetry => Stage::WillRetry,
        FakeJobState::Succeeded | FakeJobState::Warned | FakeJobState::Failed if recurring => Stage::Waiting,
        _ => Stage::Over,
    }
}

fn guid(value: &Value) -> Loaded<Uuid> {
    parsed(value, "a GUID")
}

fn permission(value: &Value) -> Loaded<KeyfactorPermission> {
    let (word, id) = word_with(value)?;
    let id: Option<i32> = if id.is_null() { None } else { Some(number(id).map_err(|it| it.in_member(word))?) };
    let found = words::permissions(id.unwrap_or_default()).find(|it| words::permission(*it) == (word, id));
    found.ok_or_else(|| unknown_word(word))
}

fn modes(value: &Value) -> Loaded<Traps> {
    let mut traps = Traps::default();
    list(value, |_, it| {
        let (word, rows) = word_with(it)?;
        let skips = match word {
            "cap_pages_skipping_as_asked" => Some(Skips::AsAsked),
            "cap_pages_skipping_as_given" => Some(Skips::AsGiven),
            _ => None,
        };
        if let Some(skips) = skips {
            let rows = number(rows).map_err(|error| error.in_member(word))?;
            traps.cap = Some(PageCap { rows, skips });
            return Ok(());
        }
        let trap = Trap::ALL.iter().find(|trap| trap.method() == word && rows.is_null());
        traps.on.insert(*trap.ok_or_else(|| unknown_word(word))?);
        Ok(())
    })?;
    Ok(traps)
}

fn entry_parameter(value: &Value) -> Loaded<FakeEntryParameter> {
    let mut object = Object::of(value)?;
    let parameter = FakeEntryParameter {
        name: object.need("name", text)?,
        options: object.take("options", text)?.unwrap_or_default(),
        secret: object.take("secret", truth)?.unwrap_or_default(),
        default_value: object.take("default_value", text)?.unwrap_or_default(),
        on_add: object.take("needed_on_add", truth)?.unwrap_or_default(),
        on_remove: object.take("needed_on_remove", truth)?.unwrap_or_default(),
    };
    object.finish()?;
    Ok(parameter)
}

fn orchestrator(value: &Value) -> Loaded<FakeOrchestrator> {
    let mut object = Object::of(value)?;
    let orchestrator = FakeOrchestrator {
        pick_up: object.take("pick_up", pick_up)?.unwrap_or(PickUp::ByHand),
        running_for: object.take("running_for", number)?.unwrap_or_default(),
        retries: object.take("retries", retries)?.unwrap_or_default(),
        end: object.take("end", end)?.unwrap_or(End::Success),
    };
    object.finish()?;
    Ok(orchestrator)
}

fn retries(value: &Value) -> Loaded<u32> {
    let retries = number(value)?;
    if retries <= MOST_RETRIES {
        Ok(retries)
    } else {
        Err(FakeStateError::new(format!("{retries} is out of range: at most {MOST_RETRIES}")))
    }
}

fn pick_up(value: &Value) -> Loaded<PickUp> {
    match word_with(value)? {
        ("by_hand", Value::Null) => Ok(PickUp::ByHand),
        ("offline", Value::Null) => Ok(PickUp::Never),
        ("after_polls", polls) => number(polls).map(PickUp::Polls).map_err(|it| it.in_member("after_polls")),
        ("after_milliseconds", time) => {
            let time = number(time).map_err(|it| it.in_member("after_milliseconds"))?;
            Ok(PickUp::After(Duration::from_millis(time)))
        }
        (word, _) => Err(unknown_word(word)),
    }
}

fn end(value: &Value) -> Loaded<End> {
    match word_with(value)? {
        ("succeeds", Value::Null) => Ok(End::Success),
        ("vanishes", Value::Null) => Ok(End::Vanishes),
        ("warns", message) => text(message).map(End::Warning).map_err(|it| it.in_member("warns")),
        ("fails", message) => text(message).map(End::Failure).map_err(|it| it.in_member("fails")),
        (word, _) => Err(unknown_word(word)),
    }
}
