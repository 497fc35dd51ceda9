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

/// Ways in which servers differ from their documentation and from each other. Each of them stays on once it is turned on.
impl FakeKeyfactor {
    fn trap(&self, trap: Trap) {
        self.state(|state| state.traps.on.insert(trap));
    }

    /// Writes results and statuses of jobs as names, such as `"Success"`, instead of numbers. Command 10 was seen to do so.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::serde_json::Value;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.write_names_for_numbers();
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    ///
    /// let (client, location) = (fake.client(), CertificateLocation::new(store, "www.pem"));
    /// client
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// let rows: Value = client.raw(Method::GET, "OrchestratorJobs/JobHistory").read().await?;
    /// assert_eq!(rows[0]["Result"], "Success");
    /// # Ok(()) }
    /// ```
    pub fn write_names_for_numbers(&self) {
        self.trap(Trap::NamesForNumbers);
    }

    /// Writes types of certificate stores according to the vendor's schema: numbers for the alias rule and for the type of a
    /// parameter, and only `ValidationOptions` to say when a parameter is required. Without this setting the fake writes what
    /// Command 25 was seen to write: names, and `RequiredWhen` as well.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// use clm::serde_json::Value;
    /// use clm::testing::{FakeKeyfactor, FakeStoreType};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.set_store_type(FakeStoreType::iis());
    /// fake.write_store_types_by_schema();
    ///
    /// let types: Value = fake.client().raw(Method::GET, "CertificateStoreTypes").read().await?;
    /// assert_eq!(types[0]["CustomAliasAllowed"], 0);
    /// # Ok(()) }
    /// ```
    pub fn write_store_types_by_schema(&self) {
        self.trap(Trap::StoreTypesBySchema);
    }

    /// Writes times without a zone; they are UTC. Command 10 was seen to do so.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let id = fake.issue(FakeCertificate::new("www.example.com"));
    /// fake.write_zoneless_times();
    ///
    /// let row = fake.client().certificates().get(id).send().await?;
    /// assert_eq!(row.not_after.unwrap().timestamp(), Some("2126-01-02T00:00:00Z".parse()?));
    /// # Ok(()) }
    /// ```
    pub fn write_zoneless_times(&self) {
        self.trap(Trap::ZonelessTimes);
    }

    /// Adds an undocumented member to every object, as minor releases may.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let id = fake.issue(FakeCertificate::new("www.example.com"));
    /// fake.write_unknown_members();
    ///
    /// let row = fake.client().certificates().get(id).send().await?;
    /// assert_eq!(row.issued_cn, "www.example.com");
    /// # Ok(()) }
    /// ```
    pub fn write_unknown_members(&self) {
        self.trap(Trap::UnknownMembers);
    }

    /// Writes null in place of an empty string, list or object. Servers were seen to do so for many members.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let id = fake.issue(FakeCertificate::new("www.example.com"));
    /// fake.write_nulls_for_empty();
    ///
    /// let row = fake.client().certificates().get(id).send().await?;
    /// assert!(row.locations.is_empty() && row.metadata.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn write_nulls_for_empty(&self) {
        self.trap(Trap::NullsForEmpty);
    }

    /// Lists have no `X-Total-Count` header. No published schema declares it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let _store = fake.add_store();
    /// fake.hide_total_count();
    ///
    /// let stores = fake.client().certificate_stores();
    /// assert_eq!(stores.list(Query::all()).rows()?.collect().await?.len(), 1);
    /// # Ok(()) }
    /// ```
    pub fn hide_total_count(&self) {
        self.trap(Trap::HidesTotalCount);
    }

    /// Lists return all rows and ignore `QueryString`, as a server ignores parameters that it does not know (assumed).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let _ = fake.issue(FakeCertificate::new("www.example.com"));
    /// let _ = fake.issue(FakeCertificate::new("mail.example.com"));
    /// fake.ignore_filters();
    ///
    /// let query = Query::field("IssuedCN").eq("www.example.com");
    /// let rows = fake.client().certificates().search(query).rows()?.collect().await?;
    /// assert_eq!(rows.len(), 2);
    /// # Ok(()) }
    /// ```
    pub fn ignore_filters(&self) {
        self.trap(Trap::IgnoresFilters);
    }

    /// Every page of a list is the first page, so the list never ends.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Error, LookupError, Query};
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// for name in ["www.example.com", "mail.example.com", "ftp.example.com"] {
    ///     let _ = fake.issue(FakeCertificate::new(name));
    /// }
    /// fake.repeat_pages();
    ///
    /// let search = fake.client().certificates().search(Query::all()).page_size(2);
    /// let Err(Error::Lookup(error)) = search.rows()?.collect().await else { panic!() };
    /// assert!(matches!(*error, LookupError::RepeatedPage { page: 2, .. }));
    /// # Ok(()) }
    /// ```
    pub fn repeat_pages(&self) {
        self.trap(Trap::RepeatsPages);
    }

    /// Every page of a list has all rows; `PageReturned` and `ReturnLimit` are ignored, as a server ignores parameters that it does
    /// not know (assumed).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// for name in ["www.example.com", "mail.example.com", "ftp.example.com"] {
    ///     let _ = fake.issue(FakeCertificate::new(name));
    /// }
    /// fake.ignore_paging();
    ///
    /// let search = fake.client().certificates().search(Query::all()).page_size(2);
    /// assert_eq!(search.rows()?.collect().await?.len(), 3);
    /// # Ok(()) }
    /// ```
    pub fn ignore_paging(&self) {
        self.trap(Trap::IgnoresPaging);
    }

    /// Limits pages of a list to this number of rows. The offset of a page is computed from the **requested** page size: after a
    /// request for 1,000 rows, a server with a limit of 50 continues with row 1,001. Assumed: a page limit, and how offsets are
    /// computed with it, are undocumented by the vendor.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// for name in ["www.example.com", "mail.example.com", "ftp.example.com"] {
    ///     let _ = fake.issue(FakeCertificate::new(name));
    /// }
    /// fake.cap_pages_skipping_as_asked(2);
    ///
    /// let search = fake.client().certificates().search(Query::all());
    /// assert_eq!(search.rows()?.collect().await?.len(), 3, "the client notices the limit");
    /// # Ok(()) }
    /// ```
    pub fn cap_pages_skipping_as_asked(&self, rows: usize) {
        self.state(|state| state.traps.cap = Some(PageCap { rows, skips: Skips::AsAsked }));
    }

    /// Limits pages of a list to this number of rows. The offset of a page is computed from the **limited** page size. Assumed, as
    /// for [`cap_pages_skipping_as_asked`](Self::cap_pages_skipping_as_asked).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::{FakeCertificate, FakeKeyfactor};
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// for name in ["www.example.com", "mail.example.com", "ftp.example.com"] {
    ///     let _ = fake.issue(FakeCertificate::new(name));
    /// }
    /// fake.cap_pages_skipping_as_given(2);
    ///
    /// let search = fake.client().certificates().search(Query::all());
    /// assert_eq!(search.rows()?.collect().await?.len(), 3);
    /// # Ok(()) }
    /// ```
    pub fn cap_pages_skipping_as_given(&self, rows: usize) {
        self.state(|state| state.traps.cap = Some(PageCap { rows, skips: Skips::AsGiven }));
    }

    /// Returns 204 without a body for a page that has no rows. Assumed: the vendor's clients accept 204 as a success of every call,
    /// and crashed on empty responses.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Query;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// fake.answer_empty_pages_with_204();
    /// let stores = fake.client().certificate_stores();
    /// assert!(stores.list(Query::all()).rows()?.collect().await?.is_empty());
    /// # Ok(()) }
    /// ```
    pub fn answer_empty_pages_with_204(&self) {
        self.trap(Trap::NoContentForEmpty);
    }

    /// Writes member names with a lower-case first letter, such as `certStoreId`, in every response. The models of the vendor's own
    /// client for Command 11 read such responses; recorded responses have capital letters. The names of metadata fields and of
    /// entry parameters belong to the customer and are not changed (assumed).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// use clm::serde_json::Value;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let _store = fake.add_store();
    /// fake.write_camel_case();
    ///
    /// let stores: Value = fake.client().raw(Method::GET, "CertificateStores").read().await?;
    /// assert!(stores[0]["clientMachine"].is_string());
    /// # Ok(()) }
    /// ```
    pub fn write_camel_case(&self) {
        self.trap(Trap::CamelCase);
    }

    /// The job history returns every row twice, one after the other. Assumed: lists are paged by offset, so rows can repeat.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// use clm::keyfactor::Schedule;
    /// use clm::serde_json::Value;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.repeat_history_rows();
    /// let client = fake.client();
    /// client.certificate_stores().schedule_inventory([store], Schedule::Immediate).send().await?;
    /// fake.run_jobs();
    ///
    /// let rows: Value = client.raw(Method::GET, "OrchestratorJobs/JobHistory").read().await?;
    /// assert_eq!(rows[0], rows[1]);
    /// # Ok(()) }
    /// ```
    pub fn repeat_history_rows(&self) {
        self.trap(Trap::RepeatsHistory);
    }

    /// The job history returns every second row first, unless the request asks for an order (assumed).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::http::Method;
    /// use clm::keyfactor::Schedule;
    /// use clm::serde_json::Value;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let stores = [fake.add_store(), fake.add_store()];
    /// fake.shuffle_history_rows();
    /// let client = fake.client();
    /// client.certificate_stores().schedule_inventory(stores, Schedule::Immediate).send().await?;
    /// fake.run_jobs();
    ///
    /// let rows: Value = client.raw(Method::GET, "OrchestratorJobs/JobHistory").read().await?;
    /// assert!(rows[0]["JobHistoryId"].as_i64() > rows[1]["JobHistoryId"].as_i64());
    /// # Ok(()) }
    /// ```
    pub fn shuffle_history_rows(&self) {
        self.trap(Trap::ShufflesHistory);
    }

    /// Command's inventory of a store changes only when it takes inventory of the store again: with
    /// [`run_inventory`](Self::run_inventory), or with an inventory job. Real servers were seen to behave like this. Without this
    /// setting the inventory changes at the end of each job.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.add_certificate(store, "www.pem");
    /// fake.inventory_lags();
    ///
    /// let location = CertificateLocation::new(store, "www.pem");
    /// fake.client()
    ///     .certificate_stores()
    ///     .remove_certificates([location], Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// fake.run_jobs();
    /// assert_eq!(fake.inventory_aliases(store), ["www.pem"]);
    /// fake.run_inventory(store);
    /// assert!(fake.inventory_aliases(store).is_empty());
    /// # Ok(()) }
    /// ```
    pub fn inventory_lags(&self) {
        self.trap(Trap::InventoryLags);
    }

    /// `POST /CertificateStores/Schedule` with a schedule that runs once does not change the stored inventory schedule. Without
    /// this setting such a schedule replaces the stored one and is cleared after its run. Real servers very likely do the latter,
    /// according to what the vendor documents for containers and to the vendor's code; the fake assumes it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Schedule;
    /// use clm::testing::FakeKeyfactor;
    ///
    /// let fake = FakeKeyfactor::start().await;
    /// let store = fake.add_store();
    /// fake.set_store(store, |it| {
    ///     it.inventory_schedule(clm::serde_json::json!({"Interval": {"Minutes": 60}}))
    /// });
    /// fake.immediate_inventory_keeps_schedule();
    ///
    /// let stores = fake.client().certificate_stores();
    /// stores.schedule_inventory([store], Schedule::Immediate).send().await?;
    /// fake.run_jobs();
    /// assert!(stores.get(store).send().await?.has_inventory_schedule());
    /// # Ok(()) }
    /// ```
    pub fn immediate_inventory_keeps_schedule(&self) {
        self.trap(Trap::ImmediateInventoryKeepsSchedule);
    }
}
