//! The ways in which the Keyfactor fake can differ from the documentation, and that the client reads on.

use clm::keyfactor::{CertificateStoreId, JobResult, JobStatus, Query};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::{get, history, post, remove};

/// Three jobs on one store: one that succeeded, one that warned, one that is under way.
async fn with_jobs() -> (FakeKeyfactor, CertificateStoreId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let polled = FakeOrchestrator::new().after_polls(0);
    for (alias, orchestrator) in
        [("a", polled.clone()), ("b", polled.clone().warns("slow")), ("c", polled.running_for(u32::MAX))]
    {
        fake.add_certificate(store, alias);
        fake.orchestrator(orchestrator);
        let job = remove(&fake, store, alias).await;
        history(&fake, job).await;
    }
    (fake, store)
}

const HISTORY: &str = "OrchestratorJobs/JobHistory";

#[tokio::test]
async fn results_are_numbers_or_names_and_the_client_reads_both() {
    let (fake, _) = with_jobs().await;
    for (results, statuses) in [
        (json!([2, 3, 0]), json!([3, 3, 2])),
        (json!(["Success", "Warning", "Unknown"]), json!(["Completed", "Completed", "InProcess"])),
    ] {
        let answer = get(&fake, HISTORY).await;
        assert_eq!((json!(answer.column("Result")), json!(answer.column("Status"))), (results, statuses));
        for (index, result, status) in [
            (0, JobResult::Success, JobStatus::Completed),
            (1, JobResult::Warning, JobStatus::Completed),
            (2, JobResult::Unknown, JobStatus::InProcess),
        ] {
            let row = &history(&fake, fake.jobs()[index].id).await[0];
            assert_eq!((&row.result, &row.status), (&result, &status));
        }
        fake.write_names_for_numbers();
    }
    // Queries name numbers all the same.
    let warned = get(&fake, &format!("{HISTORY}?QueryString=Result -eq 3")).await;
    assert_eq!(warned.column("Result"), ["Warning"]);
    // What is no result stays a number.
    let _ = fake.issue(FakeCertificate::new("www"));
    assert_eq!(get(&fake, "Certificates").await.body[0]["CertState"], 1);
}

#[tokio::test]
async fn times_have_a_zone_or_none_and_mean_the_same() {
    let (fake, _) = with_jobs().await;
    let job = fake.jobs()[0].id;
    let before = history(&fake, job).await[0].operation_start.clone().unwrap();
    assert!(before.as_str().ends_with('Z'), "{before}");
    fake.write_zoneless_times();
    let after = history(&fake, job).await[0].operation_start.clone().unwrap();
    assert_eq!(after.as_str(), before.as_str().trim_end_matches('Z'));
    assert_eq!(after.timestamp().unwrap(), before.timestamp().unwrap());
    assert_eq!(get(&fake, HISTORY).await.body[2]["OperationEnd"], Value::Null);
    let _ = fake.issue(FakeCertificate::new("Z"));
    let row = &get(&fake, "Certificates?QueryString=IssuedCN -eq Z").await.body[0];
    assert_eq!((row["NotBefore"].as_str(), row["IssuedCN"].as_str()), (Some("2026-01-01T00:00:00"), Some("Z")));
}

#[tokio::test]
async fn unknown_members_are_everywhere_and_are_kept() {
    let (fake, store) = with_jobs().await;
    fake.write_unknown_members();
    let added = json!({"Since": "99.1", "Values": [1, null]});
    assert_eq!(history(&fake, fake.jobs()[0].id).await[0].extra.get("AddedLater").unwrap(), added);
    let client = fake.client();
    assert_eq!(client.certificate_stores().get(store).send().await.unwrap().extra.get("AddedLater").unwrap(), added);
    let entries = client.certificate_stores().inventory(store).rows().unwrap().collect().await.unwrap();
    assert_eq!((entries[0].extra.get("AddedLater").unwrap(), entries[0].alias.as_str()), (added.clone(), "c"));
    assert_eq!(entries[0].leaf().unwrap().extra.get("AddedLater").unwrap(), added);
}

#[tokio::test]
async fn what_is_empty_can_be_null() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www"));
    fake.put(store, "a", id);
    let empty = get(&fake, "Certificates").await.body;
    assert_eq!(
        (&empty[0]["Locations"], &empty[0]["Metadata"], &empty[0]["TemplateName"]),
        (&json!([]), &json!({}), &json!(""))
    );
    fake.write_nulls_for_empty();
    let nulls = get(&fake, "Certificates").await.body;
    for member in ["Locations", "Metadata", "TemplateName", "SubjectAltNameElements"] {
        assert_eq!(nulls[0][member], Value::Null, "{member}");
    }
    assert_eq!(nulls[0]["IssuedCN"], "www");
    let rows =
        fake.client().certificates().search(Query::field("CertId").eq(1)).rows().unwrap().collect().await.unwrap();
    assert!(rows[0].locations.is_empty() && rows[0].metadata.is_empty());
    // A list without rows stays a list.
    assert_eq!(get(&fake, "Certificates?PageReturned=2").await.body, json!([]));
}

#[tokio::test]
async fn history_rows_can_repeat_and_be_out_of_order() {
    let (fake, _) = with_jobs().await;
    let ids = || async { get(&fake, HISTORY).await.column("JobHistoryId") };
    let [one, two, three] = &ids().await[..] else { panic!("three rows") };
    fake.shuffle_history_rows();
    assert_eq!(ids().await, [two, one, three].map(Clone::clone));
    let sorted = get(&fake, &format!("{HISTORY}?SortField=JobHistoryId&SortAscending=1")).await;
    assert_eq!(sorted.column("JobHistoryId"), [three, two, one].map(Clone::clone));
    fake.repeat_history_rows();
    assert_eq!(ids().await, [two, two, one, one, three, three].map(Clone::clone));
}

// A look at a few of many jobs neither looks at the others nor counts as a poll of them.
#[tokio::test]
async fn ten_thousand_jobs_are_polled_by_their_ids() {
    const JOBS: usize = 10_000;
    const IDS: usize = 28;
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    let entries: Vec<Value> =
        (0..JOBS).map(|number| json!({"CertificateStoreId": store, "Alias": format!("a{number}")})).collect();
    for number in 0..JOBS {
        fake.add_certificate(store, format!("a{number}"));
    }
    let body = json!({"CertificateStores": entries, "Schedule": {"Immediate": true}});
    let answer = post(&fake, "CertificateStores/Certificates/Remove", body).await;
    let jobs: Vec<&str> = answer.body.as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
    assert_eq!(jobs.len(), JOBS);
    for _ in 0..2 {
        for chunk in jobs.chunks(IDS) {
            let query: Vec<String> = chunk.iter().map(|id| format!("JobId -eq \"{id}\"")).collect();
            let answer = get(&fake, &format!("{HISTORY}?QueryString={}", query.join(" OR "))).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
    assert!(fake.aliases(store).is_empty());
}
