//! Ways in which servers differ from their documentation, and from each other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::FakeKeyfactor;

/// One such way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Trap {
    NamesForNumbers,
    ZonelessTimes,
    UnknownMembers,
    NullsForEmpty,
    HidesTotalCount,
    IgnoresFilters,
    RepeatsPages,
    RepeatsHistory,
    ShufflesHistory,
    InventoryLags,
    ImmediateInventoryReplacesSchedule,
    StoreTypesBySchema,
}

/// Those that are on.
#[derive(Default)]
pub(super) struct Traps(BTreeSet<Trap>);

/// Members that hold a time.
const TIMES: [&str; 8] =
    ["ImportDate", "NotAfter", "NotBefore", "OperationEnd", "OperationStart", "Requested", "RevocationEffDate", "Time"];

const RESULTS: [&str; 5] = ["Unknown", "1", "Success", "Warning", "Failure"];
const STATUSES: [&str; 6] = ["Unknown", "Waiting", "InProcess", "Completed", "Acknowledged", "CompletedWillRetry"];

impl Traps {
    pub(super) fn has(&self, trap: Trap) -> bool {
        self.0.contains(&trap)
    }

    /// An answer as this server writes it.
    pub(super) fn written(&self, value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(|item| self.written(item)).collect(),
            Value::Object(members) => {
                let written = members.into_iter().map(|(name, value)| {
                    let value = self.member(&name, value);
                    (name, value)
                });
                let mut written: Map<String, Value> = written.collect();
                if self.has(Trap::UnknownMembers) {
                    written.insert("AddedLater".to_owned(), json!({"Since": "99.1", "Values": [1, null]}));
                }
                Value::Object(written)
            }
            other => other,
        }
    }

    fn member(&self, name: &str, value: Value) -> Value {
        let nulls = self.has(Trap::NullsForEmpty);
        match value {
            Value::Array(items) if nulls && items.is_empty() => Value::Null,
            Value::Object(members) if nulls && members.is_empty() => Value::Null,
            Value::String(text) if nulls && text.is_empty() => Value::Null,
            Value::String(text) if self.has(Trap::ZonelessTimes) && TIMES.contains(&name) => {
                Value::from(text.trim_end_matches('Z'))
            }
            Value::Number(number) if self.has(Trap::NamesForNumbers) => {
                let names: &[&str] = match name {
                    "Result" => &RESULTS,
                    "Status" => &STATUSES,
                    _ => &[],
                };
                let index = number.as_u64().and_then(|index| usize::try_from(index).ok());
                index.and_then(|index| names.get(index)).map_or(Value::Number(number), |name| Value::from(*name))
            }
            other => self.written(other),
        }
    }
}

/// Ways in which servers differ from their documentation, and from each other. Once turned on, they stay on.
impl FakeKeyfactor {
    fn trap(&self, trap: Trap) {
        self.state(|state| state.traps.0.insert(trap));
    }

    /// Results and statuses of jobs are names, `"Success"`, and not numbers: seen on Command 10.
    pub fn write_names_for_numbers(&self) {
        self.trap(Trap::NamesForNumbers);
    }

    /// Types of certificate stores are written as the vendor's schema has them: numbers for whether an alias may be given and
    /// for the type of a parameter, and `ValidationOptions` alone to say when a parameter is needed. Command 25 was seen to
    /// write names, and `RequiredWhen` as well; so does the fake without this.
    pub fn write_store_types_by_schema(&self) {
        self.trap(Trap::StoreTypesBySchema);
    }

    /// Times have no zone and mean UTC: seen on Command 10.
    pub fn write_zoneless_times(&self) {
        self.trap(Trap::ZonelessTimes);
    }

    /// Every object has a member that no documentation knows, as minor releases may add them.
    pub fn write_unknown_members(&self) {
        self.trap(Trap::UnknownMembers);
    }

    /// Members whose text, list or object is empty are null, as many of them were seen.
    pub fn write_nulls_for_empty(&self) {
        self.trap(Trap::NullsForEmpty);
    }

    /// Lists come without `X-Total-Count`, which no published schema declares.
    pub fn hide_total_count(&self) {
        self.trap(Trap::HidesTotalCount);
    }

    /// Lists give all their rows, whatever `QueryString` says: what happens to parameters that a server does not know.
    pub fn ignore_filters(&self) {
        self.trap(Trap::IgnoresFilters);
    }

    /// Every page of a list is its first one.
    pub fn repeat_pages(&self) {
        self.trap(Trap::RepeatsPages);
    }

    /// The job history gives every row twice in a row. Assumed: lists are paged by offset, so that rows can repeat.
    pub fn repeat_history_rows(&self) {
        self.trap(Trap::RepeatsHistory);
    }

    /// The job history, unless it is asked for an order, gives every second row first. Assumed.
    pub fn shuffle_history_rows(&self) {
        self.trap(Trap::ShufflesHistory);
    }

    /// What jobs change is seen by Command only when it takes inventory of the store again: by
    /// [`run_inventory`](Self::run_inventory), or by an inventory job. Seen on real servers. Without it, Command's inventory
    /// follows every job at once.
    pub fn inventory_lags(&self) {
        self.trap(Trap::InventoryLags);
    }

    /// `POST /CertificateStores/Schedule` with an immediate schedule takes the place of the stored inventory schedule.
    /// Undocumented by the vendor; without it, the stored schedule stays.
    pub fn immediate_inventory_replaces_schedule(&self) {
        self.trap(Trap::ImmediateInventoryReplacesSchedule);
    }
}
