//! The changes that the Keyfactor fake takes beside removals: adding, taking inventory, and acting on jobs.

use clm::keyfactor::{CertificateStoreId, JobId, JobStatus};
use clm::testing::{FakeCertificate, FakeJobKind, FakeJobState, FakeKeyfactor, FakeOrchestrator};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::{Answer, get, history, post, remove, waiting};

async fn add(fake: &FakeKeyfactor, store: CertificateStoreId, certificate: i32, entry: Value) -> Answer {
    let mut location = json!({"CertificateStoreId": store});
    location.as_object_mut().unwrap().extend(entry.as_object().unwrap().clone());
    let body = json!({"CertificateId": certificate, "CertificateStores": [location], "Schedule": {"Immediate": true}});
    post(fake, "CertificateStores/Certificates/Add", body).await
}

#[tokio::test]
async fn an_added_certificate_stands_under_its_alias_once_the_job_has_run() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www"));
    let answer = add(&fake, store, 1, json!({"Alias": "www.pfx", "Overwrite": false})).await;
    let job: JobId = serde_json::from_value(answer.body[0].clone()).unwrap();
    let jobs = fake.jobs();
    assert_eq!((jobs[0].id, jobs[0].kind, jobs[0].alias.as_str()), (job, FakeJobKind::Add, "www.pfx"));
    assert!(fake.aliases(store).is_empty());
    fake.run_jobs();
    assert_eq!(fake.held(store, "www.pfx"), Some(id));
    assert_eq!(fake.inventory_aliases(store), ["www.pfx"]);
    assert_eq!(history(&fake, job).await[0].job_type.as_deref(), Some("FakeCertManagement"));
    // Without an alias, as a type that forbids them takes it.
    assert_eq!(add(&fake, store, 1, json!({})).await.status, 200);
    fake.run_jobs();
    assert_eq!(fake.held(store, &fake.thumbprint(id)), Some(id));
}

#[tokio::test]
async fn overwriting_needs_an_alias_and_not_overwriting_needs_none() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let (old, new) = (fake.issue(FakeCertificate::new("old")), fake.issue(FakeCertificate::new("new")));
    let answer = add(&fake, store, 2, json!({"Alias": "a", "Overwrite": true})).await;
    assert_eq!(answer.status, 400);
    assert!(answer.message().contains("does not exist in certificate store"), "{answer:?}");
    assert!(fake.jobs().is_empty());

    fake.put(store, "a", old);
    assert_eq!(add(&fake, store, 2, json!({"Alias": "a"})).await.status, 200);
    fake.run_jobs();
    assert_eq!((fake.jobs()[0].state, fake.held(store, "a")), (FakeJobState::Failed, Some(old)));
    assert_eq!(add(&fake, store, 2, json!({"Alias": "a", "Overwrite": true})).await.status, 200);
    fake.run_jobs();
    assert_eq!((fake.jobs()[1].state, fake.held(store, "a")), (FakeJobState::Succeeded, Some(new)));
}

#[tokio::test]
async fn what_cannot_be_added_is_refused() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let elsewhere: CertificateStoreId = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
    let _ = fake.issue(FakeCertificate::new("www"));
    for (store, certificate, entry, status) in [
        (store, 7, json!({"Alias": "a"}), 404),
        (elsewhere, 1, json!({"Alias": "a"}), 404),
        (store, 1, json!({"Alias": 5}), 400),
        (store, 1, json!({"Alias": "a", "Overwrite": "yes"}), 400),
        (store, 1, json!({"Alias": "a", "JobFields": []}), 400),
    ] {
        let answer = add(&fake, store, certificate, entry.clone()).await;
        assert_eq!(answer.status, status, "{entry}: {answer:?}");
        assert!(!answer.message().is_empty());
    }
    for body in [json!(null), json!({"CertificateId": 1, "Schedule": {"Immediate": true}})] {
        assert_eq!(post(&fake, "CertificateStores/Certificates/Add", body).await.status, 400);
    }
    assert!(fake.jobs().is_empty());
    // A store whose type cannot do it takes the job, and the job fails.
    fake.set_store(store, |it| it.add_unsupported().remove_unsupported());
    fake.add_certificate(store, "b");
    assert_eq!(add(&fake, store, 1, json!({"Alias": "a"})).await.status, 200);
    remove(&fake, store, "b").await;
    fake.run_jobs();
    assert!(fake.jobs().iter().all(|job| job.state == FakeJobState::Failed));
    assert_eq!(fake.aliases(store), ["b"]);
}

#[tokio::test]
async fn an_inventory_that_lags_is_brought_up_by_an_inventory_job() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    fake.inventory_lags();
    remove(&fake, store, "a").await;
    fake.run_jobs();
    let both = || (fake.aliases(store).len(), fake.inventory_aliases(store).len());
    assert_eq!(both(), (0, 1));
    let now = json!({"StoreIds": [store], "Schedule": {"Immediate": true}});
    let answer = post(&fake, "CertificateStores/Schedule", now).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    assert_eq!(both(), (0, 1), "it is a job, and has not run yet");
    // It is polled for by asking for the inventory.
    fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    let inventory = format!("CertificateStores/{store}/Inventory");
    assert_eq!(get(&fake, &inventory).await.column("Name"), ["a"]);
    assert_eq!(get(&fake, &inventory).await.column("Name"), Vec::<Value>::new());
    let rows = get(&fake, "OrchestratorJobs/JobHistory?QueryString=JobType -contains \"Inventory\"").await;
    assert_eq!((rows.column("JobType"), rows.column("Result")), (vec![json!("FakeCertInventory")], vec![json!(2)]));
}

#[tokio::test]
async fn a_stored_inventory_schedule_is_a_job_that_stays() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let hourly = json!({"Interval": {"Minutes": 60}});
    let body = json!({"StoreIds": [store], "Schedule": hourly});
    assert_eq!(post(&fake, "CertificateStores/Schedule", body).await.status, 204);
    let path = format!("CertificateStores/{store}");
    let shown = get(&fake, &path).await.body;
    assert_eq!(shown["InventorySchedule"], hourly);
    let job = shown["CertStoreInventoryJobId"].clone();
    assert_eq!(waiting(&fake).await, std::slice::from_ref(&job));
    fake.inventory_lags();
    fake.add_certificate(store, "a");
    fake.remove_unseen(store, "a");
    fake.run_jobs();
    assert!(fake.inventory_aliases(store).is_empty());
    assert_eq!(waiting(&fake).await, std::slice::from_ref(&job), "it runs again");

    let now = json!({"StoreIds": [store], "Schedule": {"Immediate": true}});
    assert_eq!(post(&fake, "CertificateStores/Schedule", now.clone()).await.status, 204);
    let shown = get(&fake, &path).await.body;
    assert_eq!(shown["InventorySchedule"], json!({"Immediate": true}));
    assert!(shown["CertStoreInventoryJobId"].is_string() && shown["CertStoreInventoryJobId"] != job);
    fake.run_jobs();
    let shown = get(&fake, &path).await.body;
    assert_eq!((&shown["InventorySchedule"], &shown["CertStoreInventoryJobId"]), (&json!({}), &Value::Null));
    assert_eq!(fake.jobs()[0].state, FakeJobState::Unscheduled);

    fake.set_store(store, |it| it.inventory_schedule(hourly.clone()));
    assert_eq!(get(&fake, &path).await.body["InventorySchedule"], hourly);
    let off = json!({"StoreIds": [store], "Schedule": {"Off": true}});
    assert_eq!(post(&fake, "CertificateStores/Schedule", off).await.status, 204);
    assert_eq!(get(&fake, &path).await.body["InventorySchedule"], json!({}));
    for body in [json!({"StoreIds": [], "Schedule": hourly}), json!({"StoreIds": [store], "Schedule": {}})] {
        assert_eq!(post(&fake, "CertificateStores/Schedule", body).await.status, 400);
    }
}

#[tokio::test]
async fn a_waiting_job_can_be_unscheduled() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    for alias in ["a", "b", "c"] {
        fake.add_certificate(store, alias);
    }
    let done = remove(&fake, store, "a").await;
    fake.run_jobs();
    let job = remove(&fake, store, "b").await;
    let body = json!({"JobIds": [job, done]});
    let answer = post(&fake, "OrchestratorJobs/Unschedule", body).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    remove(&fake, store, "c").await;
    fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    let inventory = fake.jobs()[3].id;
    let body = json!({"Query": "JobType -contains \"FakeCert\""});
    assert_eq!(post(&fake, "OrchestratorJobs/Unschedule", body).await.status, 204);
    assert_eq!(waiting(&fake).await, [json!(inventory)], "an inventory cannot be unscheduled");
    fake.run_jobs();
    assert_eq!(fake.aliases(store), ["b", "c"]);
    let states: Vec<_> = fake.jobs().iter().map(|job| job.state).collect();
    assert_eq!(states[..3], [FakeJobState::Succeeded, FakeJobState::Unscheduled, FakeJobState::Unscheduled]);
    let unknown: JobId = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
    for (body, status) in [
        (json!({"JobIds": [unknown]}), 404),
        (json!({"JobIds": [inventory]}), 400),
        (json!({"JobIds": []}), 400),
        (json!({"JobIds": ["no guid"]}), 400),
        (json!({}), 400),
        (json!({"JobIds": [job], "Query": "JobType -contains \"a\""}), 400),
        (json!({"Query": "JobStatus -eq 1"}), 400),
    ] {
        let answer = post(&fake, "OrchestratorJobs/Unschedule", body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {answer:?}");
    }
}

#[tokio::test]
async fn a_failed_job_can_be_acknowledged_and_rescheduled() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "b");
    let failed = remove(&fake, store, "a").await;
    let good = remove(&fake, store, "b").await;
    fake.run_jobs();
    let run = |job| {
        let fake = &fake;
        async move { history(fake, job).await.last().unwrap().clone() }
    };
    let (failure, success) = (run(failed).await.job_history_id, run(good).await.job_history_id);
    for call in ["OrchestratorJobs/Acknowledge", "OrchestratorJobs/Reschedule"] {
        for (body, status) in [
            (json!({"JobAuditIds": [success]}), 400),
            (json!({"JobAuditIds": [failure, success]}), 400),
            (json!({"JobAuditIds": [1]}), 404),
            (json!({"JobAuditIds": ["1"]}), 400),
            (json!({"JobAuditIds": [failure], "Query": "Result -eq 4"}), 400),
            (json!({}), 400),
        ] {
            let answer = post(&fake, call, body.clone()).await;
            assert_eq!(answer.status, status, "{call} {body}: {answer:?}");
        }
        assert_eq!(run(failed).await.status, JobStatus::Completed, "{call}");
        assert_eq!(waiting(&fake).await, Vec::<Value>::new(), "{call}");
    }
    // The manual's own finder.
    let query = "(Result -eq \"4\" OR Result -eq \"3\") AND (Status -eq \"3\" OR Status -eq \"5\")";
    assert_eq!(post(&fake, "OrchestratorJobs/Acknowledge", json!({"Query": query})).await.status, 204);
    assert_eq!(run(failed).await.status, JobStatus::Acknowledged);
    assert_eq!(run(good).await.status, JobStatus::Completed);
    let again = json!({"JobAuditIds": [failure]});
    assert_eq!(post(&fake, "OrchestratorJobs/Acknowledge", again.clone()).await.status, 400, "it is already");

    fake.add_certificate(store, "a");
    assert_eq!(post(&fake, "OrchestratorJobs/Reschedule", again).await.status, 204);
    assert_eq!((waiting(&fake).await, fake.jobs()[0].state), (vec![json!(failed)], FakeJobState::Waiting));
    fake.run_jobs();
    assert_eq!(history(&fake, failed).await.len(), 2);
    assert!(run(failed).await.job_history_id > success && fake.aliases(store).is_empty());
}
