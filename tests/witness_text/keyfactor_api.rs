//! The calls of the Keyfactor program, as the crate spells them now. **A thin layer: only this file and
//! `keyfactor_told.rs` name the crate's API.**

use std::time::Duration;

use clm::RetryPolicy;
use clm::jiff::Timestamp;
use clm::jiff::civil::Weekday;
use clm::keyfactor::{
    AddCertificatesBuilder, CertificateLocation, CertificateStoreEntry, CertificateStores, Certificates, Client,
    ClientBuilder, ClientCredentials, ConfirmRemoved, ControlJobsBuilder, Credentials, Error, JobId, JobWatch,
    OrchestratorJobs, Query, RemovalPlan, RemoveCertificatesBuilder, Request, Schedule, ScheduleInventoryBuilder,
};
use clm::secrecy::SecretString;
use clm::uuid::Uuid;

use crate::keyfactor_told::{
    as_json, describe_addition, describe_confirmation, describe_keyfactor_error, describe_located, describe_one_by_one,
    describe_plain, describe_plan, describe_removal, describe_report, describe_rows, describe_value, state,
};
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

fn store(number: u128) -> Uuid {
    Uuid::from_u128(0xf0cc_0000_0000_4000_8000_0000_0000_0000 | number)
}

fn job(number: u128) -> Uuid {
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

fn expecting() -> CertificateLocation {
    CertificateLocation::new(store(1), "web01.pfx").expecting_thumbprint(DIGITS)
}

// Errors, with what can be sent again.

fn failed(client: &Client, error: Error) -> Told {
    let mut told = describe_keyfactor_error(&error);
    if let Error::OutcomeUnknown(unknown) = error {
        let client = client.clone();
        let request = unknown.into_request();
        told.again = Some(Box::pin(async move {
            match request {
                Request::RemoveCertificates(request) => drop(client.certificate_stores().execute(request).await),
                Request::AddCertificates(request) => drop(client.certificate_stores().execute(request).await),
                Request::ScheduleInventory(request) => drop(client.certificate_stores().execute(request).await),
                Request::ControlJobs(request) => drop(client.orchestrator_jobs().execute(request).await),
                other => panic!("a request that the witness does not know: {other:?}"),
            }
        }));
    }
    told
}

fn silent(client: &Client, ended: Result<(), Error>) -> Told {
    match ended {
        Ok(()) => Told::new("Ok"),
        Err(error) => failed(client, error),
    }
}

// Removals.

pub(crate) type Removal = fn(&CertificateStores) -> RemoveCertificatesBuilder;

pub(crate) const REMOVAL: Removal = |stores| stores.remove_certificates([first(), second()], Schedule::Immediate);

/// And whether the inventory is read before.
pub(crate) const REMOVALS: [(&str, bool, Removal); 11] = [
    ("of one location, with a reason", false, |it| {
        it.remove_certificates([second()], Schedule::Immediate).reason("CHG 1234, \"quoted\"")
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
        let locations =
            [("", 0), (" \t", 0), ("web", 0)].map(|(alias, _)| CertificateLocation::new(Uuid::nil(), alias));
        it.remove_certificates(locations, Schedule::Immediate)
    }),
    ("with job fields that are no scalars", |it| {
        let location = second().job_field("Null", clm_null()).job_field("", 1).job_field("List", vec![1]);
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

fn clm_null() -> serde_json::Value {
    serde_json::Value::Null
}

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
            let mut told = match stores.execute(request.clone()).await {
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
    match removal.one_job_per_location().send().await {
        Ok(outcome) => describe_one_by_one(&outcome),
        Err(error) => describe_keyfactor_error(&error.into()),
    }
}

pub(crate) async fn remove_nothing_one_by_one(client: Client) -> Told {
    let removal =
        client.certificate_stores().remove_certificates(Vec::<CertificateLocation>::new(), Schedule::Immediate);
    match removal.one_job_per_location().send().await {
        Ok(outcome) => describe_one_by_one(&outcome),
        Err(error) => describe_keyfactor_error(&error.into()),
    }
}

// Additions.

pub(crate) type Addition = fn(&CertificateStores) -> AddCertificatesBuilder;

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
        it.add_certificates(17, [entry(1)], Schedule::Immediate).reason("CHG 1234")
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
        it.add_certificates(17, [entry.job_field("A", clm_null())], Schedule::Immediate)
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
            match stores.execute(request).await {
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

pub(crate) type Inventory = fn(&CertificateStores) -> ScheduleInventoryBuilder;

pub(crate) const INVENTORIES: [(&str, Inventory); 3] = [
    ("now, of two stores and one of them twice", |it| {
        it.schedule_inventory([store(1), store(2), store(1)], Schedule::Immediate).reason("CHG 1234")
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

pub(crate) type Control = fn(&OrchestratorJobs) -> ControlJobsBuilder;

pub(crate) const CONTROLS: [(&str, Control); 6] = [
    ("unschedule two jobs and one of them twice", |it| it.unschedule([job(1), job(2), job(1)]).reason("CHG 1234")),
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
            let mut told = silent(&client, jobs.execute(request.clone()).await);
            told.show(&request);
            told
        }
    }
}

pub(crate) async fn send_control(client: Client, build: Control) -> Told {
    let ended = build(&client.orchestrator_jobs()).send().await;
    silent(&client, ended)
}

// Reads.

pub(crate) async fn certificate(client: Client) -> Told {
    describe_value("Certificate", client.certificates().get(17).send().await)
}

pub(crate) async fn certificate_in_both_scopes(client: Client) -> Told {
    let get = client.certificates().get(17).collection_id(4).container_id(9);
    describe_value("Certificate", get.send().await)
}

pub(crate) async fn certificate_in_a_container(client: Client) -> Told {
    describe_value("Certificate", client.certificates().get(17).container_id(9).send().await)
}

pub(crate) async fn certificate_below_zero(client: Client) -> Told {
    describe_value("Certificate", client.certificates().get(-1).collection_id(0).send().await)
}

pub(crate) async fn certificate_locations(client: Client) -> Told {
    describe_value("CertificateLocations", client.certificates().locations(17).send().await)
}

pub(crate) async fn certificate_locations_in_a_collection(client: Client) -> Told {
    describe_value("CertificateLocations", client.certificates().locations(17).collection_id(4).send().await)
}

pub(crate) async fn search(client: Client) -> Told {
    let search = client.certificates().search(Query::field("IssuedCN").contains("example.com"));
    describe_rows(search.rows().map_err(Error::from)).await
}

pub(crate) async fn search_with_all_flags(client: Client) -> Told {
    let query = Query::field("KeySizeInBits").lt(2048).or(Query::field("Revoked").eq(true));
    let search = client.certificates().search(query).collection_id(4).page_size(2);
    let search = search.include_revoked().include_expired().include_locations().include_metadata();
    describe_rows(search.include_has_private_key().rows().map_err(Error::from)).await
}

pub(crate) async fn search_for_everything(client: Client) -> Told {
    describe_rows(client.certificates().search(Query::all()).page_size(0).rows().map_err(Error::from)).await
}

pub(crate) async fn search_for_what_cannot_be_written(client: Client) -> Told {
    let query = Query::field("A").eq("\"").and(Query::field("B").one_of(Vec::<&str>::new()));
    describe_rows(client.certificates().search(query).collection_id(0).rows().map_err(Error::from)).await
}

pub(crate) async fn list_stores(client: Client) -> Told {
    let query = Query::field("ClientMachine").starts_with("web").and(Query::field("Approved").eq(true));
    describe_rows(client.certificate_stores().list(query).map_err(Error::from)).await
}

pub(crate) async fn list_stores_by_nothing(client: Client) -> Told {
    describe_rows(client.certificate_stores().list(Query::raw("")).map_err(Error::from)).await
}

pub(crate) async fn get_store(client: Client) -> Told {
    let read = client.certificate_stores().get(store(1)).await;
    let asked = read.as_ref().ok().map(|store| (store.has_inventory_schedule(), as_json(&store.properties())));
    let mut told = describe_value("CertificateStore", read);
    if let Some((scheduled, properties)) = asked {
        told.say("has an inventory schedule", scheduled);
        told.say("properties", properties);
    }
    told
}

pub(crate) async fn inventory(client: Client) -> Told {
    describe_rows(client.certificate_stores().inventory(store(1))).await
}

pub(crate) async fn history(client: Client) -> Told {
    describe_rows(
        client.orchestrator_jobs().history(Query::field("JobId").eq(JobId::from(job(1)))).map_err(Error::from),
    )
    .await
}

pub(crate) async fn history_of_nothing(client: Client) -> Told {
    describe_rows(client.orchestrator_jobs().history(Query::raw(" ")).map_err(Error::from)).await
}

pub(crate) async fn scheduled(client: Client) -> Told {
    describe_rows(client.orchestrator_jobs().scheduled(Query::all()).map_err(Error::from)).await
}

pub(crate) async fn scheduled_of_nothing(client: Client) -> Told {
    describe_rows(client.orchestrator_jobs().scheduled(Query::raw("")).map_err(Error::from)).await
}

pub(crate) async fn can_follow(client: Client) -> Told {
    describe_plain(client.orchestrator_jobs().can_follow().await)
}

// The whole job.

pub(crate) type Locate = fn(&Certificates) -> clm::keyfactor::LocateCertificate;

pub(crate) const BY_THUMBPRINT: Locate =
    |it| it.locations_of("01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67");
pub(crate) const BY_ID: Locate = |it| it.locations_of(17).collection_id(4);
pub(crate) const BY_NONSENSE: Locate = |it| it.locations_of("no thumbprint").collection_id(0);

pub(crate) async fn locate(client: Client, locate: Locate) -> Told {
    match locate(&client.certificates()).send().await {
        Ok(located) => describe_located(&located),
        Err(error) => describe_keyfactor_error(&error),
    }
}

/// By thumbprint, and then the plan.
pub(crate) async fn plan(client: Client) -> Told {
    let located = client.certificates().locations_of(DIGITS).send().await.unwrap();
    match client.certificate_stores().plan_removal(&located).await {
        Ok(plan) => describe_plan(&plan),
        Err(error) => describe_keyfactor_error(&error),
    }
}

/// A plan as a file of today has it.
fn kept(plan: &str) -> RemovalPlan {
    serde_json::from_str(plan).unwrap()
}

pub(crate) async fn remove_by_plan(client: Client, plan: &str) -> Told {
    match client.certificate_stores().remove(&kept(plan), Schedule::Immediate).send().await {
        Ok(outcome) => describe_removal(outcome),
        Err(error) => failed(&client, error),
    }
}

pub(crate) async fn add_back(client: Client, plan: &str) -> Told {
    match client.certificate_stores().add_back(&kept(plan), Schedule::Immediate).send().await {
        Ok(outcome) => describe_addition(outcome),
        Err(error) => failed(&client, error),
    }
}

pub(crate) type Confirm = fn(ConfirmRemoved) -> ConfirmRemoved;

/// Of one location with a thumbprint and one without, in two stores or in one.
pub(crate) async fn confirm(client: Client, stores: u128, with: Confirm) -> Told {
    let other = CertificateLocation::new(store(stores), "other.pfx");
    let confirm = client.certificate_stores().confirm_removed([expecting(), other]);
    match with(confirm.pauses(Duration::ZERO, Duration::ZERO).deadline(Duration::from_secs(600))).send().await {
        Ok(confirmation) => describe_confirmation(&confirmation),
        Err(error) => describe_keyfactor_error(&error),
    }
}

/// The pause is longer than the deadline, so that there is one look.
pub(crate) const ONE_LOOK: Confirm =
    |it| it.pauses(Duration::from_secs(600), Duration::from_secs(600)).deadline(Duration::from_secs(1));

pub(crate) async fn confirm_nothing(client: Client) -> Told {
    let locations = [CertificateLocation::new(Uuid::nil(), "")];
    let mut told = Told::new("two refusals");
    for locations in [Vec::new(), locations.to_vec()] {
        let error = client.certificate_stores().confirm_removed(locations).send().await.unwrap_err();
        told.inside("refused", describe_keyfactor_error(&error));
    }
    told
}

pub(crate) type Watch = fn(&OrchestratorJobs) -> JobWatch;

pub(crate) const WATCH: Watch = |it| {
    it.watch([job(1), job(2), job(1)])
        .pauses(Duration::ZERO, Duration::from_millis(1))
        .deadline(Duration::from_secs(600))
};
pub(crate) const WATCH_AFTER: Watch = |it| WATCH(it).after([40_i64, 39]);
pub(crate) const WATCH_ONE_ROUND: Watch = |it| {
    it.watch([job(1), job(2), job(3)])
        .pauses(Duration::from_secs(600), Duration::from_secs(600))
        .deadline(Duration::from_secs(1))
};
pub(crate) const WATCH_NOTHING: Watch = |it| it.watch(Vec::<JobId>::new());
pub(crate) const WATCH_NIL: Watch = |it| it.watch([Uuid::nil()]);

/// Every change, and the report.
pub(crate) async fn watch(client: Client, start: Watch) -> Told {
    let mut watch = start(&client.orchestrator_jobs());
    let mut told = Told::new("a watch");
    while let Some(change) = watch.next().await {
        match change {
            Ok(change) => {
                let run = change.entry.map_or("no run".to_owned(), |entry| format!("run {}", entry.job_history_id));
                told.say("change", format!("{}: {} ({run})", change.job_id, state(&change.state)));
            }
            Err(error) => told.inside("stopped", describe_keyfactor_error(&error)),
        }
    }
    told.show(&watch);
    told.inside("report", describe_report(&watch.report()));
    if let Err(error) = watch.report().require_success() {
        told.inside("require_success", describe_keyfactor_error(&error));
    }
    told
}

/// To its end, and what is open is withdrawn.
pub(crate) async fn watch_and_withdraw(client: Client) -> Told {
    let jobs = client.orchestrator_jobs();
    match WATCH_ONE_ROUND(&jobs).finish().await {
        Err(error) => describe_keyfactor_error(&error),
        Ok(report) => match jobs.unschedule_open(&report).await {
            Err(error) => failed(&client, error),
            Ok(withdrawn) => {
                let mut told = Told::new("Ok, withdrawn");
                told.list("jobs", withdrawn);
                told.inside("report", describe_report(&report));
                told
            }
        },
    }
}

// Credentials.

pub(crate) type Form = fn(ClientCredentials) -> ClientCredentials;

/// A removal and a read by one client, whose tokens come from `provider`.
pub(crate) async fn by_client_credentials(provider: String, api: String, with: Form) -> Told {
    let credentials =
        Credentials::client_credentials(format!("{provider}/oauth2/token?tenant=1"), "clm", CLIENT_SECRET);
    let client = Client::builder(api).credentials(with(credentials)).retry_policy(RetryPolicy::none());
    two_calls(client.build().unwrap()).await
}

async fn two_calls(client: Client) -> Told {
    let mut told = Told::new("a removal and a read");
    told.show(&client);
    told.inside("removal", send_removal(client.clone(), REMOVALS[0].2).await);
    told.inside("read", certificate(client).await);
    told.again = None;
    told
}

pub(crate) async fn by_bearer(origin: String) -> Told {
    let client = Client::builder(origin).credentials(Credentials::bearer(TOKEN)).retry_policy(RetryPolicy::none());
    two_calls(client.build().unwrap()).await
}

pub(crate) async fn by_bearer_from(origin: String) -> Told {
    let credentials = Credentials::bearer_from(|| async { Ok::<_, std::io::Error>(SecretString::from(TOKEN)) });
    let client = Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none());
    two_calls(client.build().unwrap()).await
}

pub(crate) async fn by_bearer_from_that_fails(origin: String) -> Told {
    let credentials =
        Credentials::bearer_from(|| async { Err::<SecretString, _>(std::io::Error::other("the vault is sealed")) });
    let client = Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none());
    two_calls(client.build().unwrap()).await
}

/// Clients that cannot be built.
pub(crate) async fn refused_clients() -> Told {
    let basic = |user: &str, password: &str| Credentials::basic(user, password);
    let good = || basic(USER, PASSWORD);
    let url = "https://keyfactor.example.com/KeyfactorAPI";
    let oauth = |url: &str, id: &str| Credentials::client_credentials(url, id, CLIENT_SECRET);
    let clients: Vec<(&str, ClientBuilder)> = vec![
        ("no credentials", Client::builder(url)),
        ("plain http", Client::builder("http://keyfactor.example.com").credentials(good())),
        ("no URL", Client::builder("keyfactor").credentials(good())),
        ("a query in the URL", Client::builder(format!("{url}?a=b")).credentials(good())),
        ("a user in the URL", Client::builder("https://u:p@keyfactor.example.com").credentials(good())),
        ("no user name", Client::builder(url).credentials(basic("", PASSWORD))),
        ("no password", Client::builder(url).credentials(basic(USER, ""))),
        ("a colon in the name", Client::builder(url).credentials(basic("a:b", PASSWORD))),
        ("a line end in the password", Client::builder(url).credentials(basic(USER, "marker-password\n"))),
        ("no token", Client::builder(url).credentials(Credentials::bearer(""))),
        ("a token of two lines", Client::builder(url).credentials(Credentials::bearer("marker-token\nx"))),
        ("a token URL of plain http", Client::builder(url).credentials(oauth("http://idp.example.com/", "clm"))),
        ("no client id", Client::builder(url).credentials(oauth("https://idp.example.com/", " "))),
        (
            "a scope of two words",
            Client::builder(url).credentials(oauth("https://idp.example.com/", "clm").scope("a b")),
        ),
        ("no locations", Client::builder(url).credentials(good()).max_locations_per_call(0)),
    ];
    let mut told = Told::new("clients that cannot be built");
    for (name, client) in clients {
        told.show(&client);
        match client.build() {
            Ok(_) => told.say(name, "Ok"),
            Err(error) => told.inside(name, describe_keyfactor_error(&error)),
        }
    }
    told
}

/// Where the API path goes, and names as the vendor's tools send them.
pub(crate) async fn base_urls() -> Told {
    let mut told = Told::new("Ok");
    for url in [
        "https://keyfactor.example.com",
        "https://keyfactor.example.com/",
        "https://keyfactor.example.com/Keyfactor/API//",
        "https://keyfactor.example.com:8443/KeyfactorAPI",
    ] {
        told.say(url, client(url).base_url());
    }
    told
}

pub(crate) async fn by_user_at_domain(origin: String) -> Told {
    let credentials = Credentials::basic("svc-clm@EXAMPLE", PASSWORD);
    certificate(Client::builder(origin).credentials(credentials).build().unwrap()).await
}
