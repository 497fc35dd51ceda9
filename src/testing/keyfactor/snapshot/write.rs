//! Writes the state.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::certificates::Certificate;
use super::super::jobs::{Job, Work};
use super::super::orchestrator::{End, FakeOrchestrator, PickUp};
use super::super::state::State;
use super::super::store_types::{FakeEntryParameter, FakeStoreType};
use super::super::stores::{Entries, Entry, Store};
use super::super::traps::{PageCap, Skips, Traps};
use super::words;

impl State {
    pub(super) fn to_snapshot(&self) -> Value {
        let permission = |it| match words::permission(it) {
            (name, None) => json!(name),
            (name, Some(id)) => json!({name: id}),
        };
        json!({
            "product_version": self.product_version.as_deref().unwrap_or_default(),
            "clock": self.clock().to_string(),
            "permissions": self.permissions.iter().copied().map(permission).collect::<Vec<_>>(),
            "modes": modes(&self.traps),
            "certificates": self.certificates.iter().map(certificate).collect::<Vec<_>>(),
            "store_types": self.described_types.values().map(store_type).collect::<Vec<_>>(),
            "orchestrator": orchestrator(&self.orchestrator),
            "stores": self.stores.iter().map(|(id, store)| self.store_snapshot(*id, store)).collect::<Vec<_>>(),
            "jobs": self.jobs.iter().map(job).collect::<Vec<_>>(),
            "runs": self.run_snapshots(),
        })
    }

    fn store_snapshot(&self, id: Uuid, store: &Store) -> Value {
        let shown = &store.shown;
        let described = self.described_types.get(&shown.type_number);
        let secret: BTreeSet<String> =
            described.into_iter().flat_map(FakeStoreType::secret_parameters).map(str::to_ascii_lowercase).collect();
        json!({
            "id": id,
            "machine": store.machine(),
            "path": store.path(),
            "container": shown.container,
            "approved": shown.approved,
            "agent": words::agent(shown.agent),
            "add_supported": shown.add_supported,
            "remove_supported": shown.remove_supported,
            "type": shown.type_number,
            "type_name": shown.type_name,
            "properties": shown.properties,
            "aliases": words::spelling(shown.spelling),
            "inventory_schedule": shown.inventory_schedule,
            "inventory_job": store.inventory_job,
            "orchestrator": store.orchestrator().map(orchestrator),
            "held": entries(&store.held, &secret),
            "inventory": entries(&store.inventory, &secret),
        })
    }

    fn run_snapshots(&self) -> Vec<Value> {
        let runs = self.jobs.runs.iter().map(|run| {
            json!({
                "job": self.jobs.get(run.job).map(|job| job.id),
                "start": run.start.to_string(),
                "end": run.end.map(|end| end.to_string()),
                "result": words::result(run.result),
                "status": words::status(run.status),
                "message": run.message,
            })
        });
        runs.collect()
    }
}

impl FakeStoreType {
    fn secret_parameters(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().filter(|it| it.secret).map(|it| it.name.as_str())
    }
}

fn modes(traps: &Traps) -> Vec<Value> {
    let cap = traps.cap.map(|PageCap { rows, skips }| match skips {
        Skips::AsAsked => json!({"cap_pages_skipping_as_asked": rows}),
        Skips::AsGiven => json!({"cap_pages_skipping_as_given": rows}),
    });
    traps.on.iter().map(|trap| json!(trap.method())).chain(cap).collect()
}

fn certificate(it: &Certificate) -> Value {
    json!({
        "id": it.id,
        "common_name": it.of.common_name,
        "thumbprint": it.thumbprint,
        "serial_number": it.serial_number,
        "not_after": it.of.not_after.to_string(),
        "revocation": words::revocation(it.of.revocation),
        "revocation_needs_approval": it.of.revocation_needs_approval,
        "private_key": it.of.private_key,
        "collections": it.of.collections,
        "metadata": it.of.metadata,
    })
}

fn store_type(it: &FakeStoreType) -> Value {
    json!({
        "number": it.number,
        "name": it.name,
        "short_name": it.short_name,
        "custom_alias": words::custom_alias(it.alias),
        "entry_parameters": it.parameters.iter().map(entry_parameter).collect::<Vec<_>>(),
    })
}

fn entry_parameter(it: &FakeEntryParameter) -> Value {
    json!({
        "name": it.name,
        "options": it.options,
        "secret": it.secret,
        "default_value": it.default_value,
        "needed_on_add": it.on_add,
        "needed_on_remove": it.on_remove,
    })
}

fn orchestrator(it: &FakeOrchestrator) -> Value {
    json!({
        "pick_up": match it.pick_up {
            PickUp::ByHand => json!("by_hand"),
            PickUp::Never => json!("offline"),
            PickUp::Polls(polls) => json!({"after_polls": polls}),
            PickUp::After(time) => json!({"after_milliseconds": u64::try_from(time.as_millis()).unwrap_or(u64::MAX)}),
        },
        "running_for": it.running_for,
        "retries": it.retries,
        "end": match &it.end {
            End::Success => json!("succeeds"),
            End::Warning(message) => json!({"warns": message}),
            End::Failure(message) => json!({"fails": message}),
            End::Vanishes => json!("vanishes"),
        },
    })
}

/// `secret` has the names of parameters whose values are left out.
fn entries(layer: &Entries, secret: &BTreeSet<String>) -> Vec<Value> {
    let written = |(alias, entry): (&String, &Entry)| {
        json!({
            "alias": alias,
            "certificate": entry.leaf,
            "chain": entry.chain,
            "parameters": without_values(&entry.parameters, |name| secret.contains(&name.to_ascii_lowercase())),
        })
    };
    layer.iter().flat_map(|(alias, entries)| entries.iter().map(move |entry| (alias, entry))).map(written).collect()
}

fn without_values(members: &Map<String, Value>, is_secret: impl Fn(&str) -> bool) -> Map<String, Value> {
    let shown =
        |(name, value): (&String, &Value)| (name.clone(), if is_secret(name) { Value::Null } else { value.clone() });
    members.iter().map(shown).collect()
}

fn job(it: &Job) -> Value {
    let (certificate, overwrite) = match it.work {
        Work::Add { certificate, overwrite } => (Some(certificate), overwrite),
        Work::Remove | Work::Inventory => (None, false),
    };
    json!({
        "id": it.id,
        "kind": words::kind(it.work.kind()),
        "store": it.store,
        "alias": it.alias,
        "certificate": certificate,
        "overwrite": overwrite,
        "job_fields": without_values(&it.fields, |_| true),
        "schedule": it.schedule,
        "recurring": it.recurring,
        "requested": it.requested.to_string(),
        "state": words::state(it.state),
        "retried": it.retried,
    })
}
