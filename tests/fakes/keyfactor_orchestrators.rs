//! The orchestrators of the Keyfactor fake: when they pick jobs up, and how jobs end.

use std::time::Duration;

use clm::keyfactor::{CertificateStoreId, JobHistoryEntry, JobId, JobResult, JobStatus};
use clm::testing::{FakeAgent, FakeJobKind, FakeJobState, FakeKeyfactor, FakeOrchestrator};
use serde_json::json;

use crate::support::fake_keyfactor as fake_support;
use crate::support::fake_keyfactor::{get, history, remove, waiting};

/// A fake with one store, one alias in it and one orchestrator, asked to remove the alias.
async fn removing(orchestrator: FakeOrchestrator) -> (FakeKeyfactor, CertificateStoreId, JobId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    fake.orchestrator(orchestrator);
    let job = remove(&fake, store, "a").await;
    (fake, store, job)
}

/// The runs of a job as the history shows them: result, status, and whether the run has ended.
fn seen(rows: &[JobHistoryEntry]) -> Vec<(JobResult, JobStatus, bool)> {
    rows.iter().map(|it| (it.result.clone(), it.status.clone(), it.operation_end.is_some())).collect()
}

const SUCCESS: (JobResult, JobStatus, bool) = (JobResult::Success, JobStatus::Completed, true);
const RUNNING: (JobResult, JobStatus, bool) = (JobResult::Unknown, JobStatus::InProcess, false);
const WILL_RETRY: (JobResult, JobStatus, bool) = (JobResult::Failure, JobStatus::CompletedWillRetry, true);
const FAILURE: (JobResult, JobStatus, bool) = (JobResult::Failure, JobStatus::Completed, true);

#[tokio::test]
async fn polls_see_nothing_then_the_job_run_then_its_end() {
    let (fake, store, job) = removing(FakeOrchestrator::new().after_polls(2).running_for(1)).await;
    assert_eq!(waiting(&fake).await, [json!(job)]);
    for poll in [vec![], vec![], vec![RUNNING]] {
        assert_eq!(seen(&history(&fake, job).await), poll);
        assert_eq!(fake.aliases(store), ["a"], "nothing happens before the job ends");
    }
    assert_eq!(fake.jobs()[0].state, FakeJobState::Running);
    assert_eq!(waiting(&fake).await, Vec::<serde_json::Value>::new());
    for _ in 0..2 {
        assert_eq!(seen(&history(&fake, job).await), [SUCCESS]);
    }
    assert!(fake.aliases(store).is_empty() && fake.inventory_aliases(store).is_empty());
    let row = &history(&fake, job).await[0];
    assert!(row.job_history_id.get() > i64::from(u32::MAX), "{}: 64 bits are needed", row.job_history_id);
    assert_eq!(row.job_type.as_deref(), Some("FakeCertManagement"));
    assert!(row.operation_start.clone().unwrap().timestamp() < row.operation_end.clone().unwrap().timestamp());
}

#[tokio::test]
async fn only_polls_of_the_job_count() {
    let (fake, store, first) = removing(FakeOrchestrator::new().after_polls(1)).await;
    fake.add_certificate(store, "b");
    let second = remove(&fake, store, "b").await;
    for _ in 0..2 {
        history(&fake, first).await;
    }
    let states = || fake.jobs().iter().map(|it| it.state).collect::<Vec<_>>();
    assert_eq!(states(), [FakeJobState::Succeeded, FakeJobState::Waiting]);
    // Neither a second page, nor the scheduled jobs, nor another list.
    get(&fake, "OrchestratorJobs/JobHistory?PageReturned=2").await;
    waiting(&fake).await;
    get(&fake, "CertificateStores").await;
    assert_eq!(history(&fake, second).await, []);
    // A look at everything counts for every job.
    assert_eq!(get(&fake, "OrchestratorJobs/JobHistory").await.column("JobId"), [json!(first), json!(second)]);
    assert_eq!(states(), [FakeJobState::Succeeded; 2]);
}

#[tokio::test]
async fn without_anything_set_only_run_jobs_runs() {
    let (fake, store, job) = removing(FakeOrchestrator::new().running_for(9).retries(1)).await;
    for _ in 0..3 {
        assert_eq!(history(&fake, job).await, []);
    }
    fake.run_jobs();
    assert_eq!(seen(&history(&fake, job).await), [WILL_RETRY, SUCCESS], "to the end, at once");
    assert!(fake.aliases(store).is_empty());
}

#[tokio::test]
async fn a_job_is_picked_up_after_a_time() {
    let (fake, store, job) = removing(FakeOrchestrator::new().after(Duration::from_secs(3600))).await;
    assert_eq!((history(&fake, job).await, fake.aliases(store)), (vec![], vec!["a".to_owned()]));
    fake.orchestrator(FakeOrchestrator::new().after(Duration::ZERO));
    assert!(fake.aliases(store).is_empty(), "no poll is needed");
    assert_eq!(seen(&history(&fake, job).await), [SUCCESS]);
}

#[tokio::test]
async fn an_orchestrator_that_is_away_runs_nothing() {
    for agent in [FakeAgent::Available, FakeAgent::Unavailable, FakeAgent::Unassigned] {
        let offline = agent == FakeAgent::Available;
        let orchestrator = FakeOrchestrator::new().after_polls(0);
        let (fake, store, job) = removing(if offline { orchestrator.offline() } else { orchestrator }).await;
        fake.set_store(store, |it| it.agent(agent));
        assert_eq!(history(&fake, job).await, []);
        fake.run_jobs();
        assert_eq!(
            (fake.jobs()[0].state, waiting(&fake).await),
            (FakeJobState::Waiting, vec![json!(job)]),
            "{agent:?}"
        );
        // It comes back.
        fake.orchestrator(FakeOrchestrator::new().after_polls(0));
        fake.set_store(store, |it| it.agent(FakeAgent::Available));
        fake.run_jobs();
        assert_eq!(fake.jobs()[0].state, FakeJobState::Succeeded, "{agent:?}");
    }
}

#[tokio::test]
async fn jobs_end_as_they_were_told_to() {
    let ends = FakeOrchestrator::new().after_polls(0);
    let warning = (JobResult::Warning, JobStatus::Completed, true);
    for (orchestrator, end, state, message, left) in [
        (ends.clone(), SUCCESS, FakeJobState::Succeeded, None, 0),
        (ends.clone().warns("no restart"), warning, FakeJobState::Warned, Some("no restart"), 0),
        (ends.fails("locked\r\nfile"), FAILURE, FakeJobState::Failed, Some("locked\r\nfile"), 1),
    ] {
        let (fake, store, job) = removing(orchestrator).await;
        let rows = history(&fake, job).await;
        assert_eq!((seen(&rows), rows[0].message.as_deref()), (vec![end], message));
        assert_eq!((fake.jobs()[0].state, fake.aliases(store).len()), (state, left));
    }
}

#[tokio::test]
async fn a_retried_job_has_a_row_for_every_run() {
    let (fake, store, job) = removing(FakeOrchestrator::new().after_polls(1).retries(2)).await;
    let polls = [
        (vec![], FakeJobState::Waiting),
        (vec![WILL_RETRY], FakeJobState::WillRetry),
        (vec![WILL_RETRY, WILL_RETRY], FakeJobState::WillRetry),
        (vec![WILL_RETRY, WILL_RETRY, SUCCESS], FakeJobState::Succeeded),
    ];
    for (expected, state) in polls {
        assert_eq!((seen(&history(&fake, job).await), fake.jobs()[0].state), (expected, state));
    }
    let rows = history(&fake, job).await;
    assert!(rows.windows(2).all(|pair| pair[0].job_history_id < pair[1].job_history_id));
    assert!(rows.iter().all(|row| row.job_id == job));
    assert!(fake.aliases(store).is_empty());
}

#[tokio::test]
async fn a_job_can_vanish() {
    let (fake, store, job) = removing(FakeOrchestrator::new().after_polls(1).vanishes()).await;
    assert_eq!((history(&fake, job).await, waiting(&fake).await), (vec![], vec![json!(job)]));
    assert_eq!((history(&fake, job).await, waiting(&fake).await), (vec![], vec![]));
    assert_eq!((fake.jobs()[0].state, fake.aliases(store)), (FakeJobState::Vanished, vec!["a".to_owned()]));
}

#[tokio::test]
async fn a_store_can_have_an_orchestrator_of_its_own() {
    let (fake, store, one) = removing(FakeOrchestrator::new().after_polls(0)).await;
    let other = fake.add_store();
    fake.add_certificate(other, "a");
    fake.orchestrator_of(other, FakeOrchestrator::new().after_polls(0).fails("no"));
    let two = remove(&fake, other, "a").await;
    assert_eq!(seen(&history(&fake, one).await), [SUCCESS]);
    assert_eq!(seen(&history(&fake, two).await), [FAILURE]);
    let jobs = fake.jobs();
    assert_eq!((jobs[0].store, jobs[1].store, jobs[1].kind), (store, other, FakeJobKind::Remove));
}

#[tokio::test]
async fn a_recurring_job_stays_scheduled_and_gathers_rows() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    fake.orchestrator(FakeOrchestrator::new().after_polls(0));
    let body = json!({"CertificateStores": [{"CertificateStoreId": store, "Alias": "a"}],
        "Schedule": {"Interval": {"Minutes": 60}}});
    let answer = fake_support::post(&fake, "CertificateStores/Certificates/Remove", body).await;
    let job: JobId = serde_json::from_value(answer.body[0].clone()).unwrap();
    for expected in [vec![SUCCESS], vec![SUCCESS], vec![SUCCESS, FAILURE]] {
        assert_eq!(seen(&history(&fake, job).await), expected, "it runs again after one poll more");
        assert_eq!(waiting(&fake).await, [json!(job)]);
    }
}

#[tokio::test]
async fn the_history_is_found_by_what_it_tells() {
    let (fake, _, one) = removing(FakeOrchestrator::new().warns("restart it")).await;
    let other = fake.add_store();
    fake.orchestrator_of(other, FakeOrchestrator::new());
    fake.set_store(other, |it| it.path("/opt/keys").store_type(7, "Other").inventory_schedule(json!({"Daily": {}})));
    fake.run_jobs();
    let agent = get(&fake, "CertificateStores").await.body[0]["AgentId"].as_str().unwrap().to_owned();
    let inventory = fake.jobs()[1].id;
    for (query, expected) in [
        (format!("JobId -eq \"{one}\""), vec![one]),
        (format!("AgentId -eq \"{agent}\""), vec![one, inventory]),
        ("Agent -contains \"orchestrator\"".to_owned(), vec![one, inventory]),
        ("Result -eq \"3\"".to_owned(), vec![one]),
        ("Status -eq 3".to_owned(), vec![one, inventory]),
        ("Message -contains \"restart\"".to_owned(), vec![one]),
        ("JobType -contains \"Inventory\"".to_owned(), vec![inventory]),
        ("JobType -eq \"OtherInventory\"".to_owned(), vec![inventory]),
        ("ScheduleType -eq \"Immediate\"".to_owned(), vec![one]),
        ("TargetPath -eq \"/opt/keys\"".to_owned(), vec![inventory]),
        ("OperationStart -gt \"2026-03-19T21:00:00Z\"".to_owned(), vec![one, inventory]),
        ("OperationStart -gt \"2027-01-01T00:00:00Z\"".to_owned(), vec![]),
    ] {
        let rows = get(&fake, &format!("OrchestratorJobs/JobHistory?QueryString={query}")).await;
        assert_eq!(rows.status, 200, "{query}: {rows:?}");
        assert_eq!(json!(rows.column("JobId")), json!(expected), "{query}");
    }
    let waiting = get(&fake, "OrchestratorJobs/ScheduledJobs?QueryString=JobType -eq \"OtherInventory\"").await;
    assert_eq!((waiting.column("Id"), waiting.column("Target")), (vec![json!(inventory)], vec![json!("/opt/keys")]));
}
