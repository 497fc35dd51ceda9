//! Watches, confirmations and changes of jobs that can be spawned, sent and kept.

use std::fmt::Debug;

use crate::support::fake_keyfactor::{history, remove};
use clm::keyfactor::{
    CertificateLocation, ConfirmPutBack, ConfirmRemoved, Confirmation, ConfirmedLocation, ControlJobs, FinishedJob,
    JobAction, JobChange, JobHistoryEntry, JobResult, JobSelection, JobState, JobStatus, JobWatch, JobsReport, OpenJob,
    OrchestratorJobs, PutBackVerdict, Query, RemovalVerdict, Rows, ScheduledJob, SharedError, TriggeredInventory,
};
use clm::testing::{FakeJobState, FakeKeyfactor, FakeOrchestrator};
use clm::{Request, RequestBuilder};
use futures_util::StreamExt as _;

fn is_send_static<T: Send + 'static>(_: &T) {}

fn is_value<T: Clone + Debug + Send + Sync + 'static>() {}

fn is_sent<T: Debug + Send + 'static>() {}

#[test]
fn every_public_type_can_be_sent_and_kept() {
    is_value::<OrchestratorJobs>();
    is_value::<(Request<ControlJobs>, RequestBuilder<ControlJobs>, JobAction, JobSelection)>();
    is_value::<(JobChange, JobState, JobResult, JobStatus, JobHistoryEntry, ScheduledJob)>();
    is_value::<(JobsReport, FinishedJob, OpenJob)>();
    is_value::<(ConfirmRemoved, Confirmation, ConfirmedLocation, RemovalVerdict, TriggeredInventory)>();
    is_value::<(ConfirmPutBack, Confirmation<PutBackVerdict>, ConfirmedLocation<PutBackVerdict>)>();
    is_sent::<JobWatch>();
    is_sent::<Rows<ScheduledJob>>();
    is_value::<SharedError>();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_can_be_spawned() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    for alias in ["a", "b"] {
        fake.add_certificate(store, alias);
    }
    let (done, waiting) = (remove(&fake, store, "a").await, remove(&fake, store, "b").await);
    fake.client().orchestrator_jobs().unschedule([waiting]).send().await.unwrap();
    fake.run_jobs();
    // Neither the client nor the handle outlives these blocks: the future owns what it needs.
    let finish = { fake.client().orchestrator_jobs().watch(vec![done]).finish() };
    let mut watch = fake.client().orchestrator_jobs().watch([done]);
    let confirm = {
        let stores = fake.client().certificate_stores();
        stores.confirm_removed(vec![CertificateLocation::new(store, "a")]).send()
    };
    let executed = {
        let it = fake.client();
        let request = it.orchestrator_jobs().unschedule(vec![waiting]).build().unwrap();
        it.execute(request)
    };
    let next = async move { watch.next().await };
    let rows = fake.client().orchestrator_jobs().scheduled(Query::all()).rows().unwrap().collect();
    is_send_static(&finish);
    is_send_static(&confirm);
    is_send_static(&executed);
    is_send_static(&next);
    is_send_static(&rows);
    assert!(tokio::spawn(finish).await.unwrap().unwrap().all_succeeded());
    assert_eq!(tokio::spawn(next).await.unwrap().unwrap().unwrap().job_id, done);
    assert_eq!(tokio::spawn(confirm).await.unwrap().unwrap().locations().len(), 1);
    tokio::spawn(executed).await.unwrap().unwrap();
    assert!(tokio::spawn(rows).await.unwrap().unwrap().is_empty());
}

// `can_follow` and `unschedule_open` borrow neither their handle nor the report.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_without_a_builder_can_be_spawned_without_their_handle() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    let job = remove(&fake, store, "a").await;
    let can_follow = { fake.client().orchestrator_jobs().can_follow() };
    assert!(tokio::spawn(can_follow).await.unwrap().unwrap());
    let withdrawn = {
        let orchestrator_jobs = fake.client().orchestrator_jobs();
        let report = orchestrator_jobs.watch([job]).deadline(std::time::Duration::ZERO).finish().await.unwrap();
        orchestrator_jobs.unschedule_open(&report)
    };
    assert_eq!(tokio::spawn(withdrawn).await.unwrap().unwrap(), [job]);
    assert_eq!(fake.jobs()[0].state, FakeJobState::Unscheduled);
    assert!(history(&fake, job).await.is_empty());
}

#[tokio::test]
async fn a_watch_is_a_stream() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    fake.orchestrator(FakeOrchestrator::new().after_polls(0));
    let job = remove(&fake, store, "a").await;
    let changes: Vec<_> = fake.client().orchestrator_jobs().watch([job]).collect().await;
    let states: Vec<JobState> = changes.into_iter().map(|change| change.unwrap().state).collect();
    assert_eq!(states, [JobState::Done(JobResult::Success)]);
}
