//! Following jobs to their end.

use std::time::Duration;

use crate::support::fake_keyfactor::remove;
use crate::support::jobs;
use crate::support::jobs::{NEVER, changes, watch};
use clm::Reason;
use clm::keyfactor::{Error, ErrorKind, FinishedJob, JobId, JobResult, JobState, JobsReport, OpenJob, OpenJobPlace};
use clm::testing::{FakeJobState, FakeKeyfactor, FakeOrchestrator, KeyfactorPermission};
use clm::uuid::Uuid;

/// A fake whose orchestrator behaves like this, asked to remove one alias for each of these orchestrators.
async fn removing<const N: usize>(orchestrators: [FakeOrchestrator; N]) -> (FakeKeyfactor, [JobId; N]) {
    let fake = FakeKeyfactor::start().await;
    let mut jobs = Vec::new();
    for orchestrator in orchestrators {
        let store = fake.add_store();
        fake.add_certificate(store, "a");
        fake.orchestrator_of(store, orchestrator);
        jobs.push(remove(&fake, store, "a").await);
    }
    (fake, jobs.try_into().unwrap())
}

fn prompt() -> FakeOrchestrator {
    FakeOrchestrator::new().after_polls(0)
}

/// The queries about the history, in their order.
fn queries(fake: &FakeKeyfactor) -> Vec<String> {
    let asked = fake.requests().into_iter().filter(|it| it.path().ends_with("/JobHistory"));
    asked.map(|it| it.query().to_owned()).collect()
}

fn ids(finished: &[FinishedJob]) -> Vec<JobId> {
    finished.iter().map(|job| job.job_id).collect()
}

fn places(report: &JobsReport) -> Vec<(JobId, OpenJobPlace)> {
    report.still_open().iter().map(|OpenJob { job_id, place, .. }| (*job_id, *place)).collect()
}

#[tokio::test]
async fn a_job_is_pending_then_runs_then_is_done() {
    let (fake, [job]) = removing([FakeOrchestrator::new().after_polls(2).running_for(1)]).await;
    let mut watch = watch(&fake.client(), [job]);
    let pending = watch.next().await.unwrap().unwrap();
    assert_eq!((pending.job_id, pending.state, pending.entry), (job, JobState::Pending, None));
    let running = watch.next().await.unwrap().unwrap();
    assert_eq!(running.state, JobState::Running);
    let done = watch.next().await.unwrap().unwrap();
    assert_eq!(done.state, JobState::Done(JobResult::Success));
    assert_eq!(done.entry.unwrap().job_id, job);
    assert!(watch.next().await.is_none());
    assert_eq!(queries(&fake).len(), 4, "two that find nothing: pending is said once");
    assert!(fake.unknown_requests().is_empty());
}

#[tokio::test]
async fn a_run_that_will_be_retried_is_not_the_end() {
    let (fake, [job]) = removing([prompt().retries(2)]).await;
    let mut watch = watch(&fake.client(), [job]);
    let states = [JobState::WillRetry, JobState::WillRetry, JobState::Done(JobResult::Success)];
    assert_eq!(changes(&mut watch).await, states.map(|state| (job, state)));
    let report = watch.report();
    assert_eq!(ids(report.finished()), [job]);
    assert!(report.all_succeeded() && report.finished()[0].succeeded());
}

#[tokio::test]
async fn a_watch_takes_the_job_ids_of_a_removal() {
    let (fake, _) = removing([prompt()]).await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    fake.orchestrator(prompt());
    let location = clm::keyfactor::CertificateLocation::new(store, "a");
    let stores = fake.client().certificate_stores();
    let removal = stores.remove_certificates([location], clm::keyfactor::Schedule::Immediate).send().await.unwrap();
    let report = fake.client().orchestrator_jobs().watch(removal.job_ids()).finish().await.unwrap();
    assert_eq!(ids(report.finished()), removal.job_ids());
}

#[tokio::test]
async fn a_warning_is_a_success_with_something_to_look_at() {
    let (fake, [job]) = removing([prompt().warns("the service was not restarted")]).await;
    let report = watch(&fake.client(), [job]).finish().await.unwrap();
    let [finished] = report.finished() else { panic!("{report:?}") };
    assert_eq!((&finished.result, finished.succeeded()), (&JobResult::Warning, true));
    assert_eq!(finished.entry.message.as_deref(), Some("the service was not restarted"));
    assert!(report.all_succeeded());
    assert_eq!(report.unsuccessful().count(), 0);
    assert_eq!(report.clone().require_success().unwrap(), report);
}

// Trap: `Message` is text from the orchestrator, and untrusted.
#[tokio::test]
async fn a_failure_carries_what_the_orchestrator_said_and_prints_it_on_one_line() {
    let said = "locked\r\njob 6c0d: Success\u{1b}[2K\u{202e}\u{0}";
    let (fake, [failing, fine]) = removing([prompt().fails(said), prompt()]).await;
    let report = watch(&fake.client(), [failing, fine]).finish().await.unwrap();
    let unsuccessful: Vec<_> = report.unsuccessful().collect();
    let [finished] = unsuccessful[..] else { panic!("{report:?}") };
    assert_eq!((finished.job_id, &finished.result), (failing, &JobResult::Failure));
    assert_eq!(finished.entry.message.as_deref(), Some(said), "as it was said");
    let shown = finished.to_string();
    assert!(shown.starts_with(&format!("job {failing}: Failure: locked")), "{shown}");
    assert!(!shown.chars().any(char::is_control) && !shown.contains('\u{202e}'), "{shown:?}");
    assert!(!report.all_succeeded());
    let error = Error::from(report.clone().require_success().unwrap_err());
    let Error::Incomplete(incomplete) = &error else { panic!("{error:?}") };
    assert_eq!(incomplete.outcome(), Some(&report));
    assert!(error.to_string().contains("of 2 jobs, 1 did not succeed and 0 did not finish"), "{error}");
}

#[tokio::test]
async fn finished_jobs_are_not_asked_for_again() {
    let slow = FakeOrchestrator::new().after_polls(2);
    let (fake, [first, second, third]) = removing([prompt(), slow, prompt()]).await;
    let mut watch = watch(&fake.client(), [first, second, third]);
    let changes = changes(&mut watch).await;
    let of = |job: JobId| changes.iter().filter(|it| it.0 == job).map(|it| it.1.clone()).collect::<Vec<_>>();
    let done = JobState::Done(JobResult::Success);
    assert_eq!((of(first), of(third)), (vec![done.clone()], vec![done.clone()]));
    assert_eq!(of(second), [JobState::Pending, done]);
    let queries = queries(&fake);
    assert_eq!(queries.len(), 3);
    let named = |query: &String, job: JobId| query.contains(&job.to_string());
    assert!([first, second, third].iter().all(|job| named(&queries[0], *job)));
    for query in &queries[1..] {
        assert!(named(query, second) && !named(query, first) && !named(query, third), "{query}");
    }
    assert_eq!(ids(watch.report().finished()), [first, second, third], "in the order in which they were asked for");
}

#[tokio::test]
async fn the_same_id_twice_counts_once() {
    let (fake, [job, other]) = removing([prompt(), prompt()]).await;
    let report = watch(&fake.client(), [job, other, job]).finish().await.unwrap();
    assert_eq!(ids(report.finished()), [job, other]);
    assert_eq!(queries(&fake)[0].matches(&job.to_string()).count(), 1);
}

#[tokio::test]
async fn no_id_and_a_nil_id_are_refused_before_the_wire() {
    let fake = FakeKeyfactor::start().await;
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    let good = jobs::job(1);
    for (ids, field, reason) in
        [(vec![], "job_ids", Reason::Empty), (vec![good, Uuid::nil().into()], "job_ids[1]", Reason::Nil)]
    {
        let error = orchestrator_jobs.watch(ids).finish().await.unwrap_err();
        let Error::Validation(error) = error else { panic!("{error:?}") };
        let problems: Vec<_> = error.problems().iter().map(|it| (it.field(), it.reason().clone())).collect();
        assert_eq!(problems, [(field, reason)]);
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn an_orchestrator_that_never_comes_is_told_at_the_deadline_and_its_jobs_can_be_withdrawn() {
    let offline = FakeOrchestrator::new().offline();
    let under_way = prompt().running_for(u32::MAX);
    let (fake, [done, away, running]) = removing([prompt(), offline, under_way]).await;
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    let short = Duration::from_secs(1);
    let report = orchestrator_jobs.watch([done, away, running]).deadline(short).finish().await.unwrap();
    assert_eq!(ids(report.finished()), [done]);
    assert_eq!(places(&report), [(away, OpenJobPlace::Scheduled), (running, OpenJobPlace::Begun)]);
    assert!(report.still_open()[0].entry.is_none() && report.still_open()[1].entry.is_some());
    assert_eq!((report.all_succeeded(), report.unsuccessful().count(), report.last_trouble()), (false, 0, None));
    let error = Error::from(report.clone().require_success().unwrap_err());
    assert!(error.to_string().contains("of 3 jobs, 0 did not succeed and 2 did not finish"), "{error}");

    let before = fake.requests().len();
    assert_eq!(orchestrator_jobs.unschedule_open(&report).await.unwrap(), [away]);
    let states: Vec<FakeJobState> = fake.jobs().iter().map(|job| job.state).collect();
    assert_eq!(states, [FakeJobState::Succeeded, FakeJobState::Unscheduled, FakeJobState::Running]);
    assert_eq!(fake.requests().len(), before + 1);
}

#[tokio::test]
async fn where_nothing_is_open_nothing_is_withdrawn() {
    let (fake, [job]) = removing([prompt()]).await;
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    let report = orchestrator_jobs.watch([job]).finish().await.unwrap();
    let before = fake.requests().len();
    assert_eq!(orchestrator_jobs.unschedule_open(&report).await.unwrap(), []);
    assert_eq!(fake.requests().len(), before);
}

#[tokio::test]
async fn a_job_that_vanished_is_open_and_nobody_knows_where() {
    let (fake, [job]) = removing([prompt().vanishes()]).await;
    let watch = fake.client().orchestrator_jobs().watch([job]).deadline(Duration::from_secs(1));
    let report = watch.finish().await.unwrap();
    assert_eq!(places(&report), [(job, OpenJobPlace::Unknown)]);
}

#[tokio::test]
async fn whether_the_account_can_follow_is_asked_before() {
    let fake = FakeKeyfactor::start().await;
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    assert!(orchestrator_jobs.can_follow().await.unwrap());
    fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ScheduleStores]);
    assert!(!orchestrator_jobs.can_follow().await.unwrap());
    assert!(fake.requests().iter().all(|it| it.path().ends_with("/OrchestratorJobs/JobHistory")));
    let stranger = clm::keyfactor::Credentials::basic("nobody", "wrong");
    let client = clm::keyfactor::Client::builder(fake.url()).credentials(stranger).build().unwrap();
    let error = client.orchestrator_jobs().can_follow().await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Unauthorized), "another refusal is no answer");
}

// Trap: a removal does not need the permission to read the job history.
#[tokio::test]
async fn a_403_keeps_the_job_ids_and_says_which_permission_is_missing() {
    let (fake, [job, other]) = removing([prompt(), prompt()]).await;
    fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ScheduleStores]);
    let mut watch = watch(&fake.client(), [job, other]);
    let error = watch.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
    assert!(error.remediation().unwrap().contains("/agents/management/read/"), "{:?}", error.remediation());
    assert!(error.message().unwrap().contains("does not have the required permissions"), "{:?}", error.message());
    let report = watch.report();
    assert_eq!(places(&report), [(job, OpenJobPlace::Unknown), (other, OpenJobPlace::Unknown)]);
    assert!(matches!(&*error, Error::Api(_)), "{error:?}");
    let same = std::ptr::eq(report.stopped_by().unwrap(), std::ptr::from_ref(&*error));
    assert!(same, "the report holds the same one");
    assert!(watch.next().await.is_none(), "it is told once");
    assert_eq!(watch.finish().await.unwrap(), report);
    assert_eq!(queries(&fake).len(), 1, "what was refused once is not asked again");
}

#[tokio::test]
async fn what_was_known_is_kept_when_the_permission_goes_away() {
    let (fake, [done, open]) = removing([prompt(), FakeOrchestrator::new().offline()]).await;
    let mut watch = watch(&fake.client(), [done, open]).pauses(Duration::from_millis(1), Duration::from_millis(1));
    assert_eq!(watch.next().await.unwrap().unwrap().state, JobState::Done(JobResult::Success));
    assert_eq!(watch.next().await.unwrap().unwrap().state, JobState::Pending);
    fake.restrict_to([]);
    let report = watch.finish().await.unwrap();
    let stopped = report.stopped_by().unwrap();
    assert!(matches!(stopped, Error::Api(_)) && stopped.kind() == Some(ErrorKind::Forbidden), "{stopped:?}");
    assert_eq!((ids(report.finished()), places(&report)), (vec![done], vec![(open, OpenJobPlace::Unknown)]));
}

// A user who reads the changes one by one asks for the report in the end.
#[tokio::test]
async fn a_watch_that_is_over_stays_over_and_still_has_its_report() {
    let (fake, [job]) = removing([prompt()]).await;
    let mut watch = watch(&fake.client(), [job]);
    assert_eq!(changes(&mut watch).await, [(job, JobState::Done(JobResult::Success))]);
    for _ in 0..2 {
        assert!(watch.next().await.is_none());
    }
    let report = watch.finish().await.unwrap();
    assert_eq!(ids(report.finished()), [job]);
    assert_eq!(queries(&fake).len(), 1);
}

#[tokio::test]
async fn a_list_that_is_over_stays_over() {
    let (fake, [_]) = removing([FakeOrchestrator::new().offline()]).await;
    let mut rows = fake.client().orchestrator_jobs().scheduled(clm::keyfactor::Query::all()).rows().unwrap();
    assert!(rows.next().await.is_some());
    for _ in 0..2 {
        assert!(rows.next().await.is_none());
    }
}

#[tokio::test]
async fn the_deadline_is_fixed_once_the_watch_has_begun() {
    let (fake, [job]) = removing([FakeOrchestrator::new().after_polls(1)]).await;
    let mut watch =
        fake.client().orchestrator_jobs().watch([job]).deadline(NEVER).pauses(Duration::ZERO, Duration::ZERO);
    assert_eq!(watch.next().await.unwrap().unwrap().state, JobState::Pending);
    let report = watch.deadline(Duration::ZERO).pauses(NEVER, NEVER).finish().await.unwrap();
    assert_eq!(ids(report.finished()), [job]);
}

// The last pause may be as long as half a minute: a job that ends in it is over at the deadline.
#[tokio::test]
async fn what_ended_during_the_last_pause_is_not_called_open() {
    let (fake, [job]) = removing([FakeOrchestrator::new().after_polls(1)]).await;
    let watch = fake.client().orchestrator_jobs().watch([job]).deadline(Duration::from_secs(1)).pauses(NEVER, NEVER);
    let report = watch.finish().await.unwrap();
    assert!(report.all_succeeded(), "{report:?}");
    assert_eq!(queries(&fake).len(), 2, "one before the pause, one after the deadline");
}
