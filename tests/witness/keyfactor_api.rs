//! The calls of the Keyfactor program, as the crate spells them now. **A thin layer: only the files
//! `*_api*.rs` and `*_told.rs` name the crate's API.**

use std::time::Duration;

use clm::jiff::Timestamp;
use clm::jiff::civil::Weekday;
use clm::keyfactor::{
    AddCertificates, CertificateLocation, CertificateStoreEntry, CertificateStores, Client, ClientBuilder, ControlJobs,
    Credentials, Error, JobId, OrchestratorJobs, Query, RemoveCertificates, Schedule, ScheduleInventory,
};
use clm::uuid::Uuid;
use clm::{OnFailure, Receipt, RequestBuilder, RetryPolicy};
use serde_json::Value;

use crate::keyfactor_told::{describe_addition, describe_keyfactor_error, describe_one_by_one, describe_removal};
use crate::told::Told;

pub(crate) const USER: &str = r"EXAMPLE\svc-clm";
pub(crate) const PASSWORD: &str = "marker-password";
/// Of `USER` and `PASSWORD`.
pub(crate) const BASIC: &str = "RVhBTVBMRVxzdmMtY2xtOm1hcmtlci1wYXNzd29yZA==";
pub(crate) const TOKEN: &str = "marker-token";
pub(crate) const CLIENT_SECRET: &str = "marker-client-secret";
const FIELD: &str = "marker-field";
const PFX: &str = "marker-pfx";
const ENTRY: &str = "marker-entry";
pub(crate) const SECRETS: &[&str] = &[PASSWORD, BASIC, TOKEN, CLIENT_SECRET, FIELD, PFX, ENTRY];

pub(crate) const DIGITS: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

pub(crate) fn client(origin: &str) -> Client {
    builder(origin).build().unwrap()
}

/// Tries twice at most, without a pause.
pub(crate) fn client_of_two_tries(origin: &str) -> Client {
    builder(origin).retry_policy(two_tries()).build().unwrap()
}

fn two_tries() -> RetryPolicy {
    RetryPolicy::none().max_tries(2).pauses(Duration::ZERO, Duration::ZERO)
}

fn builder(origin: &str) -> ClientBuilder {
    Client::builder(origin).credentials(Credentials::basic(USER, PASSWORD)).retry_policy(RetryPolicy::none())
}

pub(crate) fn store(number: u128) -> Uuid {
    Uuid::from_u128(0xf0cc_0000_0000_4000_8000_0000_0000_0000 | number)
}

pub(crate) fn job(number: u128) -> Uuid {
    Uuid::from_u128(0xd985_0000_0000_4000_8000_0000_0000_0000 | number)
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

fn first() -> CertificateLocation {
    CertificateLocation::new(store(1), "web01.pfx").job_field("EntryPassword", FIELD).job_field("Port", 443)
}

fn second() -> CertificateLocation {
    CertificateLocation::new(store(2), "Ümlaut \"quoted\"")
}

pub(crate) fn expecting() -> CertificateLocation {
    CertificateLocation::new(store(1), "web01.pfx").expecting_thumbprint(DIGITS)
}

// Errors, with what can be sent again.

pub(crate) fn failed(client: &Client, error: Error) -> Told {
    let mut told = describe_keyfactor_error(&error);
    if let Error::OutcomeUnknown(unknown) = error {
        let client = client.clone();
        told.again = Some(Box::pin(async move {
            let unknown = match unknown.into_request::<RemoveCertificates>() {
                Ok(request) => return drop(client.execute(request).await),
                Err(unknown) => unknown,
            };
            let unknown = match unknown.into_request::<AddCertificates>() {
                Ok(request) => return drop(client.execute(request).await),
                Err(unknown) => unknown,
            };
            let unknown = match unknown.into_request::<ScheduleInventory>() {
                Ok(request) => return drop(client.execute(request).await),
                Err(unknown) => unknown,
            };
            match unknown.into_request::<ControlJobs>() {
                Ok(request) => drop(client.execute(request).await),
                Err(other) => panic!("a request that the witness does not know: {other:?}"),
            }
        }));
    }
    told
}

fn silent(client: &Client, ended: Result<Receipt, Error>) -> Told {
    match ended {
        Ok(_) => Told::new("Ok"),
        Err(error) => failed(client, error),
    }
}

// Removals.

pub(crate) type Removal = fn(&CertificateStores) -> RequestBuilder<RemoveCertificates>;

pub(crate) const REMOVAL: Removal = |stores| stores.remove_certificates([first(), second()], Schedule::Immediate);

/// And whether the inventory is read before.
pub(crate) const REMOVALS: [(&str, bool, Removal); 11] = [
    ("of one location, with a reason", false, |it| {
        it.remove_certificates([second()], Schedule::Immediate).audit_note("CHG 1234, \"quoted\"")
    }),
    ("in a collection", false, |it| it.remove_certificates([second()], Schedule::Immediate).collection_id(4)),
    ("in a container", false, |it| it.remove_certificates([second()], Schedule::Immediate).container_id(9)),
    ("in a collection and a container", false, |it| {
        it.remove_certificates([second()], Schedule::Immediate).container_id(9).collection_id(4)
    }),
    ("expecting a thumbprint, with job fields", true, |it| {
        it.remove_certificates([expecting().job_field("EntryPassword", FIELD)], Schedule::Immediate)
    }),
    ("of a location that is given twice", false, |it| {
        it.remove_certificates([first(), second(), first()], Schedule::Immediate)
    }),
    ("every ten minutes, with consent", false, |it| {
        it.remove_certificates([second()], Schedule::Interval { minutes: 10 }).allow_recurring()
    }),
    ("daily, with consent", false, |it| {
        it.remove_certificates([second()], Schedule::Daily { time: at("2026-03-19T23:30:00Z") }).allow_recurring()
    }),
    ("weekly, with consent", false, |it| {
        let schedule = Schedule::Weekly {
            days: vec![Weekday::Saturday, Weekday::Monday, Weekday::Monday],
            time: at("2026-03-19T23:30:00Z"),
        };
        it.remove_certificates([second()], schedule).allow_recurring()
    }),
    ("monthly, with consent", false, |it| {
        let schedule = Schedule::Monthly { day: 31, time: at("2026-03-19T23:30:00Z") };
        it.remove_certificates([second()], schedule).allow_recurring()
    }),
    ("exactly once", false, |it| {
        it.remove_certificates([second()], Schedule::ExactlyOnce { time: at("2026-03-19T21:26:35.9679Z") })
    }),
];

pub(crate) const REFUSED_REMOVALS: [(&str, Removal); 12] = [
    ("of nothing", |it| it.remove_certificates(Vec::<CertificateLocation>::new(), Schedule::Immediate)),
    ("of nil stores and blank aliases", |it| {
        let locations = ["", " \t", "web"].map(|alias| CertificateLocation::new(Uuid::nil(), alias));
        it.remove_certificates(locations, Schedule::Immediate)
    }),
    ("with job fields that are no scalars", |it| {
        let location = second().job_field("Null", Value::Null).job_field("", 1).job_field("List", vec![1]);
        it.remove_certificates([location], Schedule::Immediate)
    }),
    ("with one job field and two values", |it| {
        it.remove_certificates([second().job_field("A", FIELD).job_field("A", 1)], Schedule::Immediate)
    }),
    ("of one location with two job fields", |it| {
        it.remove_certificates([second().job_field("A", 1), second().job_field("A", 2)], Schedule::Immediate)
    }),
    ("with ids that are not positive", |it| {
        it.remove_certificates([second()], Schedule::Immediate).collection_id(0).container_id(-1)
    }),
    ("in both scopes, denied", |it| {
        it.remove_certificates([second()], Schedule::Immediate).collection_id(4).container_id(9).deny_ambiguous_scope()
    }),
    ("that recurs, without consent", |it| it.remove_certificates([second()], Schedule::Interval { minutes: 10 })),
    ("every zero minutes", |it| {
        it.remove_certificates([second()], Schedule::Interval { minutes: 0 }).allow_recurring()
    }),
    ("weekly on no day", |it| {
        let schedule = Schedule::Weekly { days: Vec::new(), time: at("2026-03-19T23:30:00Z") };
        it.remove_certificates([second()], schedule).allow_recurring()
    }),
    ("monthly on the 32nd", |it| {
        let schedule = Schedule::Monthly { day: 32, time: at("2026-03-19T23:30:00Z") };
        it.remove_certificates([second()], schedule).allow_recurring()
    }),
    ("expecting what is no thumbprint", |it| {
        it.remove_certificates([second().expecting_thumbprint("AB CD")], Schedule::Immediate)
    }),
];

/// Built first and executed then, so that the checked request is seen as well.
pub(crate) async fn remove(client: Client, build: Removal) -> Told {
    let stores = client.certificate_stores();
    let builder = build(&stores);
    let mut told = Told::new("");
    told.show(&builder);
    let shown = told.shown;
    let mut told = match builder.build() {
        Err(error) => describe_keyfactor_error(&error.into()),
        Ok(request) => {
            let mut told = match Box::pin(client.execute(request.clone())).await {
                Ok(outcome) => describe_removal(outcome),
                Err(error) => failed(&client, error),
            };
            told.show(&request);
            told
        }
    };
    told.shown.extend(shown);
    told
}

pub(crate) async fn send_removal(client: Client, build: Removal) -> Told {
    match build(&client.certificate_stores()).send().await {
        Ok(outcome) => describe_removal(outcome),
        Err(error) => failed(&client, error),
    }
}

pub(crate) async fn remove_of_at_most_one(origin: String) -> Told {
    send_removal(builder(&origin).max_locations_per_call(1).build().unwrap(), REMOVAL).await
}

pub(crate) async fn remove_one_by_one(client: Client) -> Told {
    let third = CertificateLocation::new(store(3), "third");
    let locations = [first(), second(), third.clone(), third];
    let removal = client.certificate_stores().remove_certificates(locations, Schedule::Immediate);
    match removal.one_job_per_location().on_failure(OnFailure::ContinueAfterRefusal).send().await {
        Ok(outcome) => describe_one_by_one(&outcome),
        Err(error) => describe_keyfactor_error(&error),
    }
}

pub(crate) async fn remove_nothing_one_by_one(client: Client) -> Told {
    let removal =
        client.certificate_stores().remove_certificates(Vec::<CertificateLocation>::new(), Schedule::Immediate);
    match removal.one_job_per_location().on_failure(OnFailure::ContinueAfterRefusal).send().await {
        Ok(outcome) => describe_one_by_one(&outcome),
        Err(error) => describe_keyfactor_error(&error),
    }
}

// Additions.

pub(crate) type Addition = fn(&CertificateStores) -> RequestBuilder<AddCertificates>;

fn entry(number: u128) -> CertificateStoreEntry {
    CertificateStoreEntry::new(store(number))
}

fn whole_entry() -> CertificateStoreEntry {
    let entry = entry(1).alias("web01.pfx").overwrite().include_private_key().entry_password(ENTRY);
    entry.pfx_password(PFX).job_field("ServerName", FIELD).job_field("Port", 443)
}

pub(crate) const ADDITION: Addition =
    |stores| stores.add_certificates(17, [whole_entry(), entry(2)], Schedule::Immediate);

/// And whether the certificate is read before.
pub(crate) const ADDITIONS: [(&str, bool, Addition); 6] = [
    ("of one plain entry, with a reason", false, |it| {
        it.add_certificates(17, [entry(1)], Schedule::Immediate).audit_note("CHG 1234")
    }),
    ("in a collection", false, |it| it.add_certificates(17, [entry(1)], Schedule::Immediate).collection_id(4)),
    ("in a container", false, |it| it.add_certificates(17, [entry(1)], Schedule::Immediate).container_id(9)),
    ("in a collection and a container, expecting a thumbprint", true, |it| {
        let addition = it.add_certificates(17, [entry(1)], Schedule::Immediate).expecting_thumbprint(DIGITS);
        addition.collection_id(4).container_id(9)
    }),
    ("with entries that get passwords later", false, |it| {
        let addition = it.add_certificates(17, [entry(1), entry(2)], Schedule::Immediate);
        addition.map_entries(|entry| entry.entry_password(ENTRY))
    }),
    ("exactly once", false, |it| {
        it.add_certificates(17, [entry(1)], Schedule::ExactlyOnce { time: at("2026-03-19T21:26:35Z") })
    }),
];

pub(crate) const REFUSED_ADDITIONS: [(&str, Addition); 4] = [
    ("of nothing, and no certificate", |it| {
        it.add_certificates(0, Vec::<CertificateStoreEntry>::new(), Schedule::Immediate).collection_id(-1)
    }),
    ("with all that is wrong with an entry", |it| {
        let entry = CertificateStoreEntry::new(Uuid::nil()).alias(" ").entry_password("").pfx_password("");
        it.add_certificates(17, [entry.job_field("A", Value::Null)], Schedule::Immediate)
    }),
    ("of one entry twice, and what is no thumbprint", |it| {
        it.add_certificates(17, [entry(1), entry(1)], Schedule::Immediate).expecting_thumbprint("AB")
    }),
    ("that recurs, in both scopes, denied", |it| {
        let addition = it.add_certificates(17, [entry(1)], Schedule::Interval { minutes: 10 });
        addition.collection_id(4).container_id(9).deny_ambiguous_scope()
    }),
];

pub(crate) async fn add(client: Client, build: Addition) -> Told {
    let stores = client.certificate_stores();
    let builder = build(&stores);
    let mut shown = Told::new("");
    shown.show(&builder);
    let mut told = match builder.build() {
        Err(error) => describe_keyfactor_error(&error.into()),
        Ok(request) => {
            shown.show(&request);
            match client.execute(request).await {
                Ok(outcome) => describe_addition(outcome),
                Err(error) => failed(&client, error),
            }
        }
    };
    told.shown.extend(shown.shown);
    told
}

pub(crate) async fn send_addition(client: Client, build: Addition) -> Told {
    match build(&client.certificate_stores()).send().await {
        Ok(outcome) => describe_addition(outcome),
        Err(error) => failed(&client, error),
    }
}

// Inventory schedules, and what is done with jobs.

pub(crate) type Inventory = fn(&CertificateStores) -> RequestBuilder<ScheduleInventory>;

pub(crate) const INVENTORIES: [(&str, Inventory); 3] = [
    ("now, of two stores and one of them twice", |it| {
        it.schedule_inventory([store(1), store(2), store(1)], Schedule::Immediate).audit_note("CHG 1234")
    }),
    ("daily", |it| it.schedule_inventory([store(1)], Schedule::Daily { time: at("2026-03-19T23:30:00Z") })),
    ("exactly once", |it| {
        it.schedule_inventory([store(1)], Schedule::ExactlyOnce { time: at("2026-03-19T23:30:00Z") })
    }),
];

pub(crate) const REFUSED_INVENTORIES: [(&str, Inventory); 2] = [
    ("of nothing, every zero minutes", |it| {
        it.schedule_inventory(Vec::<Uuid>::new(), Schedule::Interval { minutes: 0 })
    }),
    ("of a nil store", |it| it.schedule_inventory([store(1), Uuid::nil()], Schedule::Immediate)),
];

pub(crate) async fn schedule_inventory(client: Client, build: Inventory) -> Told {
    let ended = build(&client.certificate_stores()).send().await;
    silent(&client, ended)
}

pub(crate) type Control = fn(&OrchestratorJobs) -> RequestBuilder<ControlJobs>;

pub(crate) const CONTROLS: [(&str, Control); 6] = [
    ("unschedule two jobs and one of them twice", |it| it.unschedule([job(1), job(2), job(1)]).audit_note("CHG 1234")),
    ("unschedule what matches", |it| {
        it.unschedule_matching(Query::field("JobType").eq("Management").and(Query::field("Target").contains("web")))
    }),
    ("reschedule two runs", |it| it.reschedule([17_i64, 18])),
    ("reschedule what matches", |it| it.reschedule_matching(Query::raw("Result -eq 4"))),
    ("acknowledge two runs", |it| it.acknowledge([17_i64, 18])),
    ("acknowledge what matches", |it| it.acknowledge_matching(Query::field("Result").ne(2))),
];

pub(crate) const REFUSED_CONTROLS: [(&str, Control); 7] = [
    ("unschedule nothing", |it| it.unschedule(Vec::<JobId>::new())),
    ("unschedule a nil job", |it| it.unschedule([Uuid::nil()])),
    ("unschedule everything", |it| it.unschedule_matching(Query::all())),
    ("unschedule what a blank query finds", |it| it.unschedule_matching(Query::raw(" "))),
    ("reschedule no run", |it| it.reschedule(Vec::<i64>::new())),
    ("reschedule runs that are not positive", |it| it.reschedule([0_i64, -1])),
    ("acknowledge by what cannot be written", |it| {
        it.acknowledge_matching(Query::field("a b").eq("x").or(Query::field("JobType").eq("a\"b")))
    }),
];

pub(crate) async fn control(client: Client, build: Control) -> Told {
    let jobs = client.orchestrator_jobs();
    match build(&jobs).build() {
        Err(error) => describe_keyfactor_error(&error.into()),
        Ok(request) => {
            let mut told = silent(&client, client.execute(request.clone()).await);
            told.show(&request);
            told
        }
    }
}

pub(crate) async fn send_control(client: Client, build: Control) -> Told {
    let ended = build(&client.orchestrator_jobs()).send().await;
    silent(&client, ended)
}
