//! Ways in which servers differ from their documentation, and from each other.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::FakeKeyfactor;

macro_rules! traps {
    ($($trap:ident = $method:literal),* $(,)?) => {
        /// One such way.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub(super) enum Trap {
            $($trap,)*
        }

        impl Trap {
            pub(super) const ALL: &[Self] = &[$(Self::$trap,)*];

            /// The method that turns it on: its name in a snapshot.
            pub(super) fn method(self) -> &'static str {
                match self {
                    $(Self::$trap => $method,)*
                }
            }
        }
    };
}

traps! {
    NamesForNumbers = "write_names_for_numbers",
    ZonelessTimes = "write_zoneless_times",
    UnknownMembers = "write_unknown_members",
    NullsForEmpty = "write_nulls_for_empty",
    HidesTotalCount = "hide_total_count",
    IgnoresFilters = "ignore_filters",
    RepeatsPages = "repeat_pages",
    IgnoresPaging = "ignore_paging",
    NoContentForEmpty = "answer_empty_pages_with_204",
    CamelCase = "write_camel_case",
    RepeatsHistory = "repeat_history_rows",
    ShufflesHistory = "shuffle_history_rows",
    InventoryLags = "inventory_lags",
    ImmediateInventoryKeepsSchedule = "immediate_inventory_keeps_schedule",
    StoreTypesBySchema = "write_store_types_by_schema",
}

/// Those that are on.
#[derive(Default)]
pub(super) struct Traps {
    pub(super) on: BTreeSet<Trap>,
    /// If lists give no more than some rows in a page.
    pub(super) cap: Option<PageCap>,
}

/// The most rows that a page has, whatever is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PageCap {
    pub(super) rows: usize,
    pub(super) skips: Skips,
}

/// How many rows each page before one counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Skips {
    /// As many as were asked for.
    AsAsked,
    /// As many as it can have.
    AsGiven,
}

/// Members whose names are given by the customer, not by the server.
const NAMED_BY_CUSTOMERS: [&str; 3] = ["Metadata", "Parameters", "JobFields"];

/// With the first letter of every member's name in lower case.
pub(super) fn in_camel_case(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(in_camel_case).collect(),
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| {
                    let value = if NAMED_BY_CUSTOMERS.contains(&name.as_str()) { value } else { in_camel_case(value) };
                    let mut letters = name.chars();
                    let first = letters.next().map(|first| first.to_ascii_lowercase());
                    (first.into_iter().chain(letters).collect(), value)
                })
                .collect(),
        ),
        other => other,
    }
}

/// Members that hold a time.
const TIMES: [&str; 8] =
    ["ImportDate", "NotAfter", "NotBefore", "OperationEnd", "OperationStart", "Requested", "RevocationEffDate", "Time"];

const RESULTS: [&str; 5] = ["Unknown", "1", "Success", "Warning", "Failure"];
const STATUSES: [&str; 6] = ["Unknown", "Waiting", "InProcess", "Completed", "Acknowledged", "CompletedWillRetry"];

impl Traps {
    pub(super) fn has(&self, trap: Trap) -> bool {
        self.on.contains(&trap)
    }

    /// An answer as this server writes it.
    pub(super) fn written(&self, value: Value) -> Value {
        if self.on.is_empty() {
            return value;
        }
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
        self.state(|state| state.traps.on.insert(trap));
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

    /// Every page of a list has all of its rows, whatever `PageReturned` and `ReturnLimit` say. Assumed: what happens to
    /// parameters that a server does not know.
    pub fn ignore_paging(&self) {
        self.trap(Trap::IgnoresPaging);
    }

    /// A page of a list has at most so many rows, and the page of a number begins where pages of the size **that was asked for**
    /// would make it begin: asked for 1,000 rows, a server that gives 50 goes on with the 1,001st. Assumed: whether there is a
    /// largest page, and how it is skipped, is undocumented by the vendor.
    pub fn cap_pages_skipping_as_asked(&self, rows: usize) {
        self.state(|state| state.traps.cap = Some(PageCap { rows, skips: Skips::AsAsked }));
    }

    /// A page of a list has at most so many rows, and the page of a number begins where pages of the size **that it can have**
    /// would make it begin. Assumed, as [`cap_pages_skipping_as_asked`](Self::cap_pages_skipping_as_asked).
    pub fn cap_pages_skipping_as_given(&self, rows: usize) {
        self.state(|state| state.traps.cap = Some(PageCap { rows, skips: Skips::AsGiven }));
    }

    /// A page without rows is answered 204, without a body. Assumed: the vendor's clients take 204 for a success of every call,
    /// and crashed at empty answers.
    pub fn answer_empty_pages_with_204(&self) {
        self.trap(Trap::NoContentForEmpty);
    }

    /// The names of members begin with a small letter, `certStoreId`, in every answer. The models of the vendor's own client for
    /// Command 11 read such answers; those that were recorded have capital letters. The names of metadata fields and of an
    /// entry's parameters are the customer's, and stay as they are (assumed).
    pub fn write_camel_case(&self) {
        self.trap(Trap::CamelCase);
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

    /// `POST /CertificateStores/Schedule` with a schedule that runs once leaves the stored inventory schedule as it is. Without it,
    /// such a schedule replaces the stored one, and is cleared when it has run: very likely what real servers do, by what the
    /// vendor documents of containers and by the vendor's code, and assumed here.
    pub fn immediate_inventory_keeps_schedule(&self) {
        self.trap(Trap::ImmediateInventoryKeepsSchedule);
    }
}
