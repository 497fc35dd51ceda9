//! The inventory schedules of a plan's stores: they stand in its file before something may replace them.

use clm::keyfactor::{CertificateStoreId, ErrorKind, RemovalPlan, Schedule, ScheduleAfter, ServerSchedule};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use serde_json::{Value, json};

/// A plan of one certificate in three stores: with a schedule, without one, and with one that cannot be read.
async fn planned() -> (FakeKeyfactor, [CertificateStoreId; 3], RemovalPlan) {
    let fake = FakeKeyfactor::start().await;
    let stores = [fake.add_store(), fake.add_store(), fake.add_store()];
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    for (store, alias) in stores.into_iter().flat_map(|store| [(store, "a"), (store, "b")]) {
        fake.put(store, alias, id);
    }
    fake.set_store(stores[0], |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    fake.set_store(stores[2], |it| it.inventory_schedule(json!({"Yearly": {"Day": 1}})));
    let of_it = fake.client().certificate_stores();
    let plan = of_it.plan_removal_of([fake.thumbprint(id)]).send().await.unwrap();
    (fake, stores, plan)
}

fn written(plan: &RemovalPlan) -> Value {
    let mut file = Vec::new();
    plan.write_to(&mut file).unwrap();
    assert_eq!(RemovalPlan::from_json(&file).unwrap(), *plan);
    serde_json::from_slice(&file).unwrap()
}

fn schedule_of(plan: &RemovalPlan, store: CertificateStoreId) -> &ServerSchedule {
    let [of_store] = plan.inventory_schedules.iter().filter(|it| it.store_id == store).collect::<Vec<_>>()[..] else {
        panic!("{:?}", plan.inventory_schedules)
    };
    &of_store.schedule
}

fn calls(fake: &FakeKeyfactor) -> usize {
    fake.requests().len()
}

#[tokio::test]
async fn schedules_stand_in_the_plan_and_its_file() {
    let (fake, stores, mut plan) = planned().await;
    assert_eq!(written(&plan).get("inventory_schedules"), None, "as older versions write it");
    let before = calls(&fake);
    plan.save_inventory_schedules(&fake.client().certificate_stores()).await.unwrap();
    assert_eq!(calls(&fake) - before, 3, "one call for each store");
    let in_file = written(&plan)["inventory_schedules"].clone();
    for (store, schedule) in
        stores.iter().zip([json!({"Interval": {"Minutes": 60}}), Value::Null, json!({"Yearly": {"Day": 1}})])
    {
        let row = json!({"store_id": store, "schedule": schedule});
        assert!(in_file.as_array().unwrap().contains(&row), "{row} in {in_file}");
    }
    assert_eq!(schedule_of(&plan, stores[2]), &ServerSchedule::Unknown(json!({"Yearly": {"Day": 1}})));

    let first = plan.clone().only(|it| it.store_id == stores[0]);
    let [saved] = &first.inventory_schedules[..] else { panic!("{:?}", first.inventory_schedules) };
    assert_eq!((saved.store_id, &saved.schedule), (stores[0], &Schedule::Interval { minutes: 60 }.into()));
}

#[tokio::test]
async fn a_second_reading_keeps_what_a_trigger_has_replaced_since() {
    let (fake, stores, mut plan) = planned().await;
    let of_it = fake.client().certificate_stores();
    plan.save_inventory_schedules(&of_it).await.unwrap();
    of_it.schedule_inventory([stores[0]], Schedule::Immediate).send().await.unwrap();
    fake.set_store(stores[1], |it| it.inventory_schedule(json!({"Interval": {"Minutes": 5}})));
    let before = calls(&fake);
    plan.save_inventory_schedules(&of_it).await.unwrap();
    assert_eq!(calls(&fake) - before, 1, "only where nothing could be lost");
    assert_eq!(schedule_of(&plan, stores[0]), &Schedule::Interval { minutes: 60 }.into());
    assert_eq!(schedule_of(&plan, stores[1]), &Schedule::Interval { minutes: 5 }.into());
    fake.run_jobs();

    // Another process, with the file alone.
    let plan = RemovalPlan::from_json(written(&plan).to_string()).unwrap();
    let restored = of_it.restore_inventory_schedules(&plan.inventory_schedules).send().await.unwrap();
    let of_store = |store| &restored.iter().find(|it| it.store_id == store).unwrap().now;
    assert!(matches!(of_store(stores[0]), ScheduleAfter::Restored), "{restored:?}");
    assert!(matches!(of_store(stores[1]), ScheduleAfter::Unchanged), "{restored:?}");
    assert!(matches!(of_store(stores[2]), ScheduleAfter::Unchanged), "{restored:?}");
}

#[tokio::test]
async fn a_store_that_cannot_be_read_leaves_the_plan_as_it_was() {
    let (fake, _, mut plan) = planned().await;
    let before = plan.clone();
    fake.restrict_to([KeyfactorPermission::ReadCertificates]);
    let error = plan.save_inventory_schedules(&fake.client().certificate_stores()).await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
    assert_eq!(plan, before);
}

#[tokio::test]
async fn schedules_in_a_file_are_read_as_servers_write_them_or_the_file_is_refused() {
    let (_fake, stores, plan) = planned().await;
    let with = |schedules: Value| {
        let mut file = written(&plan);
        file["inventory_schedules"] = schedules;
        RemovalPlan::from_json(file.to_string())
    };
    let read = with(json!([{"store_id": stores[0], "schedule": "I_60"}, {"store_id": stores[1]}])).unwrap();
    assert_eq!(schedule_of(&read, stores[0]), &Schedule::Interval { minutes: 60 }.into());
    assert_eq!(schedule_of(&read, stores[1]), &ServerSchedule::Unset);
    for wrong in [json!({}), json!([{"schedule": "I_60"}]), json!([{"store_id": "no id", "schedule": "I_60"}])] {
        let error = with(wrong.clone()).unwrap_err();
        assert!(matches!(&error, clm::PlanError::Malformed(why) if why.contains("inventory_schedules")), "{error:?}");
    }
}

#[tokio::test]
async fn a_schedule_that_was_turned_off_since_stays_off() {
    let (fake, stores, mut plan) = planned().await;
    let of_it = fake.client().certificate_stores();
    plan.save_inventory_schedules(&of_it).await.unwrap();
    fake.set_store(stores[0], |it| it.inventory_schedule(json!({"Off": true})));
    fake.set_store(stores[1], |it| it.inventory_schedule(json!({"Off": true})));
    let before = calls(&fake);
    let restored = of_it.restore_inventory_schedules(&plan.inventory_schedules).send().await.unwrap();
    let of_store = |store| &restored.iter().find(|it| it.store_id == store).unwrap().now;
    match of_store(stores[0]) {
        ScheduleAfter::ChangedSince { now } => assert_eq!(*now, Schedule::Off.into()),
        other => panic!("{other:?}"),
    }
    assert!(matches!(of_store(stores[1]), ScheduleAfter::NoneBefore), "{restored:?}");
    let sent = &fake.requests()[before..];
    assert!(sent.iter().all(|request| request.method() == "GET"), "nothing is set: {sent:?}");
}
