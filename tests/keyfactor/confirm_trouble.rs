//! Confirming removals: inventories that are asked for, and servers in trouble.

use std::time::Duration;

use crate::support::Received;
use crate::support::capture;
use crate::support::fake_keyfactor as fake_support;
use crate::support::fake_keyfactor::remove;
use crate::support::jobs;
use crate::support::jobs::{NEVER, client, resource, rows};
use crate::support::scripted::{Answer, Scripted};
use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, ConfirmRemoved, Confirmation, Error, ErrorKind, RemovalVerdict,
    ScheduleAfter,
};
use clm::testing::{FakeKeyfactor, FakeOrchestrator, KeyfactorCall, KeyfactorPermission};
use serde_json::{Value, json};

const SHORT: Duration = Duration::from_secs(1);
/// Far longer than `SHORT`, and shorter than any request may take.
const HANG: Duration = Duration::from_secs(10);

fn store() -> CertificateStoreId {
    jobs::job(1).get().into()
}

fn quick(confirm: ConfirmRemoved) -> ConfirmRemoved {
    confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(NEVER)
}

fn confirm(fake: &FakeKeyfactor, store: CertificateStoreId) -> ConfirmRemoved {
    let location = CertificateLocation::new(store, "a").expecting_thumbprint(fake.thumbprint(1.into()));
    quick(fake.client().certificate_stores().confirm_removed([location]))
}

/// Of the only location.
fn verdict(confirmation: &Confirmation) -> &RemovalVerdict {
    &confirmation.locations()[0].verdict
}

/// A store whose inventory is taken every hour.
fn scheduled_store() -> Answer {
    Answer::json(200, &json!({"Id": store(), "InventorySchedule": {"Interval": {"Minutes": 60}}}).to_string())
}

/// Of the certificate under an alias of one letter.
fn thumbprint(alias: &str) -> String {
    alias.repeat(40)
}

fn inventory(aliases: &[&str]) -> Answer {
    let row = |alias: &&str| json!({"Name": alias, "Certificates": [{"Thumbprint": thumbprint(alias)}]});
    rows(&aliases.iter().map(row).collect::<Vec<Value>>())
}

/// A server of one store: what it answers about the store and about the first page of its inventory, each by how often
/// it was asked before.
async fn serving(
    about_store: impl Fn(usize) -> Answer + Send + Sync + 'static,
    about_inventory: impl Fn(usize) -> Answer + Send + Sync + 'static,
) -> Scripted {
    let counts = std::sync::Mutex::new([0_usize; 2]);
    let count = move |index: usize| {
        let mut counts = counts.lock().unwrap();
        counts[index] += 1;
        counts[index] - 1
    };
    Scripted::choosing(move |_, request: &Received| match resource(request) {
        it if it.ends_with("/Inventory") && jobs::page(request) == 1 => about_inventory(count(1)),
        it if it.starts_with("CertificateStores/") && !it.ends_with("/Inventory") => about_store(count(0)),
        _ => rows(&[]),
    })
    .await
}

async fn confirming(server: &Scripted, deadline: Duration) -> Confirmation {
    let location = CertificateLocation::new(store(), "a").expecting_thumbprint(thumbprint("a"));
    let confirm =
        quick(client(server).certificate_stores().confirm_removed([location])).was_listed().deadline(deadline);
    let confirmation = tokio::time::timeout(HANG, confirm.send()).await;
    confirmation.expect("it ends with its deadline").unwrap()
}

#[tokio::test]
async fn trouble_with_an_inventory_passes() {
    let server = serving(
        |_| scheduled_store(),
        |look| match look {
            0 => Answer::json(500, ""),
            1 => inventory(&["a"]),
            2 => Answer::Nothing,
            _ => inventory(&["b"]),
        },
    )
    .await;
    assert!(matches!(verdict(&confirming(&server, NEVER).await), RemovalVerdict::Gone));
}

#[tokio::test]
async fn trouble_to_the_deadline_is_told() {
    let server = serving(|_| scheduled_store(), |_| Answer::json(503, r#"{"Message": "away"}"#)).await;
    let confirmation = confirming(&server, SHORT).await;
    let RemovalVerdict::Unreadable(error) = verdict(&confirmation) else { panic!("{confirmation:?}") };
    assert_eq!((error.status().unwrap().as_u16(), error.message()), (503, Some("away")));
}

// What was not read is not known: that the store has no inventory schedule is not, either.
#[tokio::test]
async fn trouble_with_the_store_does_not_make_it_one_without_an_inventory() {
    let about_store = |read| if read == 0 { Answer::json(500, "") } else { scheduled_store() };
    let server = serving(about_store, |look| if look < 2 { inventory(&["a"]) } else { inventory(&["b"]) }).await;
    let confirmation = confirming(&server, NEVER).await;
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
}

#[tokio::test]
async fn an_inventory_that_is_not_read_before_the_deadline_says_nothing() {
    let server = serving(|_| scheduled_store(), |_| Answer::Silence).await;
    let confirmation = confirming(&server, SHORT).await;
    assert!(matches!(verdict(&confirmation), RemovalVerdict::NotRead), "{confirmation:?}");
    assert!(!confirmation.all_gone());
}

#[tokio::test]
async fn a_deadline_in_the_middle_of_a_later_look_keeps_the_earlier_one() {
    let look = |look| if look == 0 { inventory(&["a"]) } else { Answer::Silence };
    let server = serving(|_| scheduled_store(), look).await;
    let confirmation = confirming(&server, SHORT).await;
    assert!(matches!(verdict(&confirmation), RemovalVerdict::StillThere), "{confirmation:?}");
}

#[tokio::test]
async fn the_deadline_also_ends_the_reading_of_the_store() {
    let server = serving(|_| Answer::Silence, |_| inventory(&["a"])).await;
    let confirmation = confirming(&server, SHORT).await;
    assert!(matches!(verdict(&confirmation), RemovalVerdict::NotRead), "{confirmation:?}");
}

#[tokio::test]
async fn a_history_that_does_not_answer_does_not_keep_the_verdict() {
    let server = Scripted::choosing(|_, request| match resource(request) {
        jobs::HISTORY => Answer::Silence,
        it if it.ends_with("/Inventory") => inventory(&[]),
        _ => {
            let schedule = json!({"Interval": {"Minutes": 60}});
            let row = json!({"Id": store(), "InventorySchedule": schedule, "CertStoreInventoryJobId": jobs::job(7)});
            Answer::json(200, &row.to_string())
        }
    })
    .await;
    let confirmation = confirming(&server, SHORT).await;
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
    assert_eq!(confirmation.locations()[0].inventoried_at, None);
}

#[tokio::test]
async fn the_inventory_of_another_store_is_not_believed() {
    let other = rows(&[json!({"Name": "b", "Certificates": [], "CertStoreId": jobs::job(2)})]);
    let server = serving(|_| scheduled_store(), move |_| other.clone()).await;
    let confirmation = confirming(&server, NEVER).await;
    let RemovalVerdict::Unreadable(error) = verdict(&confirmation) else { panic!("{confirmation:?}") };
    assert!(matches!(&**error, Error::Lookup(_)), "{error:?}");
}

// The time was not up, and what it lists now is not known.
#[tokio::test]
async fn an_inventory_that_is_refused_after_a_look_is_unreadable() {
    let look = |look| if look == 0 { inventory(&["a"]) } else { Answer::json(403, "") };
    let server = serving(|_| scheduled_store(), look).await;
    let confirmation = confirming(&server, NEVER).await;
    let RemovalVerdict::Unreadable(error) = verdict(&confirmation) else { panic!("{confirmation:?}") };
    assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
}

// Trap: many members were seen null.
#[tokio::test]
async fn a_certificate_without_a_thumbprint_is_not_another_one() {
    for certificates in [json!([{"Id": 7, "Thumbprint": null}]), json!([{"Thumbprint": ""}]), json!([{}]), json!(null)]
    {
        let listed = rows(&[json!({"Name": "a", "Certificates": certificates})]);
        let server = serving(|_| scheduled_store(), move |_| listed.clone()).await;
        let location = CertificateLocation::new(store(), "a").expecting_thumbprint("AB".repeat(20).as_str());
        let confirm = quick(client(&server).certificate_stores().confirm_removed([location])).deadline(SHORT);
        let confirmation = confirm.send().await.unwrap();
        assert!(matches!(verdict(&confirmation), RemovalVerdict::StillThere), "{certificates}: {confirmation:?}");
        assert!(!confirmation.all_gone());
    }
}

// A store that is inventoried every hour has thousands of runs after a year; only the last one counts.
#[tokio::test]
async fn the_inventory_s_age_does_not_cost_its_whole_history() {
    let of_job = jobs::job(7);
    let server = Scripted::choosing(move |_, request| match resource(request) {
        jobs::HISTORY => {
            let parameters = jobs::parameters(request);
            let limit: i64 = parameters["ReturnLimit"].parse().unwrap();
            let first = (i64::try_from(jobs::page(request)).unwrap() - 1) * limit;
            let end = "2026-03-19T21:26:35Z";
            let number = |index: i64| if parameters.contains_key("SortField") { 10_000 - index } else { index };
            let runs = (first..(first + limit).min(10_000))
                .map(|index| jobs::with(jobs::row(number(index), of_job, 2, 3), "OperationEnd", end));
            jobs::counted(&runs.collect::<Vec<Value>>(), 10_000)
        }
        it if it.ends_with("/Inventory") => inventory(&[]),
        _ => Answer::json(200, &json!({"Id": store(), "CertStoreInventoryJobId": of_job}).to_string()),
    })
    .await;
    let confirmation = confirming(&server, NEVER).await;
    assert!(confirmation.locations()[0].inventoried_at.is_some());
    let asked = jobs::requests(&server, jobs::HISTORY).len();
    assert!(asked <= 2, "{asked} requests");
}

/// A fake with a store that holds `a`, whose inventory lags and has this schedule.
async fn lagging(schedule: Value) -> (FakeKeyfactor, CertificateStoreId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.set_store(store, |it| it.inventory_schedule(schedule));
    fake.add_certificate(store, "a");
    fake.inventory_lags();
    (fake, store)
}

fn calls(fake: &FakeKeyfactor) -> Vec<String> {
    let end = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    fake.requests().iter().map(|it| format!("{} {}", it.method(), end(it.path()))).collect()
}

#[tokio::test]
async fn an_inventory_is_triggered_on_demand_after_the_schedule_was_read() {
    let (fake, store) = lagging(Value::Null).await;
    remove(&fake, store, "a").await;
    fake.run_jobs();
    fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    let before = fake.requests().len();
    capture::start();
    let confirmation = confirm(&fake, store).trigger_inventory().send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
    let calls = &calls(&fake)[before..];
    assert_eq!(calls[..3], [format!("GET {store}"), "POST Schedule".to_owned(), "GET Inventory".to_owned()]);
    let body = fake.requests()[before + 1].json();
    assert_eq!(body, json!({"StoreIds": [store], "Schedule": {"Immediate": true}}));
    let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
    assert_eq!((triggered.store_id, triggered.schedule_changed()), (store, false));
    assert!(triggered.error.is_none());
    let audit = capture::only_audit();
    assert_eq!(audit.field("clm.operation"), Some("keyfactor.certificate_stores.schedule_inventory"));
}

// Undocumented by the vendor: whether an immediate inventory replaces the stored schedule.
#[tokio::test]
async fn a_schedule_that_an_immediate_inventory_replaced_is_told() {
    let hourly = json!({"Interval": {"Minutes": 60}});
    for replaces in [false, true] {
        let (fake, store) = lagging(hourly.clone()).await;
        if !replaces {
            fake.immediate_inventory_keeps_schedule();
        }
        remove(&fake, store, "a").await;
        fake.run_jobs();
        fake.orchestrator(FakeOrchestrator::new().after_polls(1));
        let confirmation = confirm(&fake, store).trigger_inventory().send().await.unwrap();
        assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
        let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
        assert_eq!(triggered.schedule_before, hourly.clone().into());
        match (&triggered.schedule_after, replaces) {
            (ScheduleAfter::Restored, true) | (ScheduleAfter::Unchanged, false) => {}
            other => panic!("{other:?}"),
        }
        assert!(!triggered.schedule_changed());
    }
}

#[tokio::test]
async fn an_inventory_that_may_not_be_triggered_is_told_and_the_schedule_waited_for() {
    let (fake, store) = lagging(json!({"Interval": {"Minutes": 60}})).await;
    remove(&fake, store, "a").await;
    fake.run_jobs();
    fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    let confirmation = confirm(&fake, store).trigger_inventory().send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
    let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
    let error = triggered.error.as_ref().unwrap();
    assert_eq!((error.kind(), triggered.schedule_changed()), (Some(ErrorKind::Forbidden), false));
    assert!(error.remediation().unwrap().contains("schedule on certificate stores"));
}

#[tokio::test]
async fn a_trigger_without_a_response_prints_that_it_may_have_run_and_what_the_schedule_is() {
    let (fake, store) = lagging(json!({"Interval": {"Minutes": 60}})).await;
    remove(&fake, store, "a").await;
    fake.run_jobs();
    fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    fake.lose_answers(1).of(KeyfactorCall::ScheduleInventory);
    let confirmation = confirm(&fake, store).trigger_inventory().send().await.unwrap();
    let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
    let printed = triggered.to_string();
    let begin = format!("store {store}: inventory may have been triggered: POST /CertificateStores/Schedule: ");
    assert!(printed.starts_with(&begin) && printed.ends_with("; schedule restored"), "{printed}");
}

#[tokio::test]
async fn a_store_that_cannot_be_triggered_and_has_no_schedule_is_not_waited_for() {
    let (fake, store) = lagging(Value::Null).await;
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    let confirmation = confirm(&fake, store).trigger_inventory().send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::NotInventoried { listed: true }), "{confirmation:?}");
    assert!(confirmation.triggered()[0].error.is_some());
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_not_triggered() {
    let (fake, store) = lagging(Value::Null).await;
    fake.restrict_to([KeyfactorPermission::ScheduleStores]);
    let confirmation = confirm(&fake, store).trigger_inventory().send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Unreadable(_)), "{confirmation:?}");
    let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
    assert_eq!(triggered.error.as_ref().unwrap().kind(), Some(ErrorKind::Forbidden));
    assert!(matches!(triggered.schedule_after, ScheduleAfter::NotAsked), "{triggered:?}");
    assert!(!calls(&fake).contains(&"POST Schedule".to_owned()));
}

// The store holds `b`, and was never inventoried: Command's inventory of it lists nothing yet.
#[tokio::test]
async fn an_inventory_from_before_the_trigger_proves_nothing() {
    let (fake, store) = lagging(Value::Null).await;
    fake.add_certificate(store, "old");
    let id = fake.held(store, "old").unwrap();
    let add = json!({"CertificateId": id, "CertificateStores": [{"CertificateStoreId": store, "Alias": "b"}],
        "Schedule": {"Immediate": true}});
    fake_support::post(&fake, "CertificateStores/Certificates/Add", add).await;
    fake.run_jobs();
    assert!(fake.held(store, "b").is_some() && !fake.inventory_aliases(store).contains(&"b".to_owned()));
    fake.orchestrator(FakeOrchestrator::new().offline());
    let location = CertificateLocation::new(store, "b");
    let confirm = quick(fake.client().certificate_stores().confirm_removed([location])).trigger_inventory();
    let confirmation = confirm.deadline(SHORT).send().await.unwrap();
    assert!(confirmation.triggered()[0].error.is_none());
    assert!(matches!(verdict(&confirmation), RemovalVerdict::NeverListed), "{confirmation:?}");
    assert!(!confirmation.all_gone());
}

#[tokio::test]
async fn a_trigger_of_unknown_outcome_is_told() {
    let server = Scripted::choosing(|_, request| match resource(request) {
        "CertificateStores/Schedule" => Answer::Nothing,
        it if it.ends_with("/Inventory") => inventory(&[]),
        jobs::HISTORY => rows(&[]),
        _ => scheduled_store(),
    })
    .await;
    let location = CertificateLocation::new(store(), "a");
    let confirm = quick(client(&server).certificate_stores().confirm_removed([location])).trigger_inventory();
    let confirmation = confirm.was_listed().send().await.unwrap();
    let error = confirmation.triggered()[0].error.as_ref().unwrap();
    assert!(matches!(&**error, Error::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(jobs::requests(&server, "CertificateStores/Schedule").len(), 1, "it is not sent again by itself");
    assert!(!confirmation.triggered()[0].schedule_changed());
}
