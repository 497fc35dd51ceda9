//! An immediate inventory took the place of a recurring schedule: the vendor's demo for Kubernetes stores says that Command
//! removes the schedule once the inventory job has run, and its Go client refuses to ask for one where a schedule exists. The
//! stores were never inventoried again.

use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, ErrorKind, SavedSchedule, Schedule, ScheduleAfter, ServerSchedule,
};
use clm::testing::{FakeKeyfactor, FakeOrchestrator, KeyfactorPermission};
use serde_json::{Value, json};
use tokio::time::Duration;

async fn fake_with(schedule: Value) -> (FakeKeyfactor, CertificateStoreId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.set_store(store, |it| it.inventory_schedule(schedule));
    fake.add_certificate(store, "a");
    fake.inventory_lags();
    (fake, store)
}

async fn shown(fake: &FakeKeyfactor, store: CertificateStoreId) -> ServerSchedule {
    fake.client().certificate_stores().get(store).send().await.unwrap().inventory_schedule
}

async fn trigger(fake: &FakeKeyfactor, store: CertificateStoreId) {
    fake.client().certificate_stores().schedule_inventory([store], Schedule::Immediate).send().await.unwrap();
}

/// As a file keeps it.
async fn saved(fake: &FakeKeyfactor, stores: &[CertificateStoreId]) -> Vec<SavedSchedule> {
    let saved = fake.client().certificate_stores().inventory_schedules(stores.to_vec()).await.unwrap();
    serde_json::from_str(&serde_json::to_string(&saved).unwrap()).unwrap()
}

async fn restore(fake: &FakeKeyfactor, saved: &[SavedSchedule]) -> Vec<ScheduleAfter> {
    let restored = fake.client().certificate_stores().restore_inventory_schedules(saved).send().await.unwrap();
    restored.into_iter().map(|it| it.now).collect()
}

#[tokio::test]
async fn the_schedule_is_back_after_a_triggered_confirmation() {
    let (fake, store) = fake_with(json!({"Daily": {"Time": "2026-03-19T23:30:00Z"}})).await;
    let before = shown(&fake, store).await;
    fake.remove_unseen(store, "a");
    fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    let stores = fake.client().certificate_stores();
    let confirm = stores.confirm_removed([CertificateLocation::new(store, "a")]).was_listed().trigger_inventory();
    let confirmation = confirm.pauses(Duration::from_millis(1), Duration::from_millis(5)).send().await.unwrap();
    let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
    assert!(matches!(triggered.schedule_after, ScheduleAfter::Restored), "{triggered:?}");
    assert!(shown(&fake, store).await.means_the_same_as(&before));
}

#[tokio::test]
async fn a_schedule_that_was_saved_outlives_the_process() {
    for schedule in [
        json!({"Interval": {"Minutes": 60}}),
        json!({"Daily": {"Time": "2026-03-19T23:30:00Z"}}),
        json!({"Weekly": {"Days": [1, 5], "Time": "2026-03-19T23:30:00Z"}}),
        json!({"Monthly": {"Day": 3, "Time": "2026-03-19T23:30:00Z"}}),
        json!({"ExactlyOnce": {"Time": "2199-03-19T23:30:00Z"}}),
    ] {
        let (fake, store) = fake_with(schedule.clone()).await;
        let saved = saved(&fake, &[store]).await;
        // It ends between the trigger and the end of its confirmation.
        trigger(&fake, store).await;
        fake.run_jobs();
        assert!(!shown(&fake, store).await.is_set());
        assert!(matches!(restore(&fake, &saved).await[..], [ScheduleAfter::Restored]), "{schedule}");
        assert!(shown(&fake, store).await.means_the_same_as(&saved[0].schedule), "{schedule}");
        // Once more changes nothing.
        assert!(matches!(restore(&fake, &saved).await[..], [ScheduleAfter::Unchanged]), "{schedule}");
    }
}

#[tokio::test]
async fn what_somebody_set_since_is_left_alone_and_a_time_that_is_over_too() {
    let (fake, store) = fake_with(json!({"Interval": {"Minutes": 60}})).await;
    let hourly = saved(&fake, &[store]).await;
    fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 5}})));
    let outcome = restore(&fake, &hourly).await;
    let [ScheduleAfter::ChangedSince { now, .. }] = &outcome[..] else { panic!("{outcome:?}") };
    assert_eq!(*now, Schedule::Interval { minutes: 5 }.into());

    fake.set_store(store, |it| it.inventory_schedule(json!({"ExactlyOnce": {"Time": "2001-01-01T00:00:00Z"}})));
    let once = saved(&fake, &[store]).await;
    trigger(&fake, store).await;
    assert!(matches!(restore(&fake, &once).await[..], [ScheduleAfter::Over]));

    let plain = fake.add_store();
    let none = saved(&fake, &[plain]).await;
    assert!(matches!(restore(&fake, &none).await[..], [ScheduleAfter::NoneBefore]));
}

#[tokio::test]
async fn one_store_that_fails_does_not_stop_the_other() {
    let (fake, store) = fake_with(json!({"Interval": {"Minutes": 60}})).await;
    let other = fake.add_store();
    fake.set_store(other, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 5}})));
    let mut saved = saved(&fake, &[store, other]).await;
    trigger(&fake, store).await;
    trigger(&fake, other).await;
    saved[0].store_id = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
    let outcome = restore(&fake, &saved).await;
    let [ScheduleAfter::Unreadable(error), ScheduleAfter::Restored] = &outcome[..] else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), Some(ErrorKind::NotFound));

    // It may be read, and not be set.
    saved[0].store_id = store;
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    let outcome = restore(&fake, &saved).await;
    let [ScheduleAfter::Gone { was, error, .. }, ScheduleAfter::Unchanged] = &outcome[..] else {
        panic!("{outcome:?}")
    };
    assert_eq!((was, error.kind()), (&saved[0].schedule, Some(ErrorKind::Forbidden)));
}

#[tokio::test]
async fn a_confirmation_that_is_dropped_after_its_trigger_loses_nothing_that_was_saved() {
    let (fake, store) = fake_with(json!({"Weekly": {"Days": [1, 5], "Time": "2026-03-19T23:30:00Z"}})).await;
    let saved = saved(&fake, &[store]).await;
    let stores = fake.client().certificate_stores();
    let confirm = stores.confirm_removed([CertificateLocation::new(store, "a")]).was_listed().trigger_inventory();
    // Nothing runs the inventory, so it waits until it is dropped.
    let confirm = confirm.pauses(Duration::from_millis(1), Duration::from_millis(5)).send();
    let taken = async { while shown(&fake, store).await != Schedule::Immediate.into() {} };
    tokio::select! {
        ended = confirm => panic!("{ended:?}"),
        () = taken => {}
    }
    fake.run_jobs();
    assert!(!shown(&fake, store).await.is_set(), "the schedule is lost, but for what was saved");
    assert!(matches!(restore(&fake, &saved).await[..], [ScheduleAfter::Restored]));
    assert!(shown(&fake, store).await.means_the_same_as(&saved[0].schedule));
}
