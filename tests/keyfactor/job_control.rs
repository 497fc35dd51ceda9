//! Unscheduling, rescheduling and acknowledging jobs.

use crate::support::capture;
use crate::support::fake_keyfactor::{history, remove};
use crate::support::jobs::{client, job};
use crate::support::scripted::{Answer, Scripted};
use clm::keyfactor::{
    CertificateStoreId, ControlJobs, Error, ErrorKind, JobAction, JobHistoryId, JobId, JobSelection, JobStatus,
    OrchestratorJobs, Query,
};
use clm::testing::{FakeJobState, FakeKeyfactor, FakeOrchestrator, KeyfactorPermission};
use clm::uuid::Uuid;
use clm::{Reason, Request, RequestBuilder};
use serde_json::{Value, json};

/// A fake that was asked for a removal of each of these aliases.
async fn removing(aliases: &[&str], orchestrator: FakeOrchestrator) -> (FakeKeyfactor, CertificateStoreId, Vec<JobId>) {
    let fake = FakeKeyfactor::start().await;
    fake.orchestrator(orchestrator);
    let store = fake.add_store();
    let mut jobs = Vec::new();
    for alias in aliases {
        fake.add_certificate(store, *alias);
        jobs.push(remove(&fake, store, alias).await);
    }
    (fake, store, jobs)
}

fn states(fake: &FakeKeyfactor) -> Vec<FakeJobState> {
    fake.jobs().iter().map(|job| job.state).collect()
}

type Case = (&'static str, fn(&OrchestratorJobs) -> RequestBuilder<ControlJobs>, &'static str, Value);

/// Every call, what it asks for, and its body.
fn cases() -> Vec<Case> {
    vec![
        (
            "unschedule",
            |it| it.unschedule([job(1), job(2)]),
            "OrchestratorJobs/Unschedule",
            json!({"JobIds": [job(1), job(2)]}),
        ),
        (
            "unschedule by query",
            |it| it.unschedule_matching(Query::field("JobType").contains("Management")),
            "OrchestratorJobs/Unschedule",
            json!({"Query": "JobType -contains \"Management\""}),
        ),
        (
            "reschedule",
            |it| it.reschedule([5_000_000_001_i64, 2]),
            "OrchestratorJobs/Reschedule",
            json!({"JobAuditIds": [5_000_000_001_i64, 2]}),
        ),
        (
            "reschedule by query",
            |it| it.reschedule_matching(Query::field("Result").eq(4)),
            "OrchestratorJobs/Reschedule",
            json!({"Query": "Result -eq 4"}),
        ),
        (
            "acknowledge",
            |it| it.acknowledge([JobHistoryId::from(7)]),
            "OrchestratorJobs/Acknowledge",
            json!({"JobAuditIds": [7]}),
        ),
        (
            "acknowledge by query",
            |it| it.acknowledge_matching(Query::raw("Status -eq 3")),
            "OrchestratorJobs/Acknowledge",
            json!({"Query": "Status -eq 3"}),
        ),
    ]
}

#[tokio::test]
async fn each_call_sends_ids_or_a_query_and_never_both() {
    for (name, build, path, body) in cases() {
        let server = Scripted::start([Answer::Bytes(b"HTTP/1.1 204 -\r\n\r\n".to_vec())]).await;
        build(&client(&server).orchestrator_jobs()).send().await.unwrap();
        let received = server.received();
        assert_eq!(received.len(), 1, "{name}");
        assert_eq!(received[0].request_line, format!("POST /KeyfactorAPI/{path} HTTP/1.1"), "{name}");
        assert_eq!(received[0].json(), body, "{name}");
        assert_eq!(received[0].header("content-type"), Some("application/json"), "{name}");
        assert_eq!(received[0].header("x-keyfactor-requested-with"), Some("APIClient"), "{name}");
    }
}

#[tokio::test]
async fn an_id_that_is_given_twice_is_sent_once() {
    let orchestrator_jobs = FakeKeyfactor::start().await.client().orchestrator_jobs();
    let unschedule = orchestrator_jobs.unschedule([job(2), job(1), job(2)]).build().unwrap();
    assert_eq!(unschedule.selection(), &JobSelection::Jobs(vec![job(2), job(1)]));
    let reschedule = orchestrator_jobs.reschedule([9_i64, 8, 9]).build().unwrap();
    assert_eq!(reschedule.selection(), &JobSelection::Runs(vec![9.into(), 8.into()]));
}

#[tokio::test]
async fn what_names_nothing_or_everything_is_refused_before_the_wire() {
    let fake = FakeKeyfactor::start().await;
    let it = fake.client().orchestrator_jobs();
    let (no_job, no_run): ([JobId; 0], [i64; 0]) = ([], []);
    let all = Query::all();
    let either = Query::field("Result").eq(4).or(Query::all());
    let quoted = Query::field("Message").contains("a \" b");
    for (name, builder, field, reason) in [
        ("no job", it.unschedule(no_job), "job_ids", Reason::Empty),
        ("a nil job", it.unschedule([job(1), Uuid::nil().into()]), "job_ids[1]", Reason::Nil),
        ("no run", it.reschedule(no_run), "job_history_ids", Reason::Empty),
        ("no run to acknowledge", it.acknowledge(no_run), "job_history_ids", Reason::Empty),
        ("run 0", it.reschedule([1_i64, 0]), "job_history_ids[1]", Reason::OutOfRange),
        ("run -1", it.acknowledge([-1_i64]), "job_history_ids[0]", Reason::OutOfRange),
        ("every job", it.unschedule_matching(all.clone()), "query", Reason::Empty),
        ("every run", it.reschedule_matching(all.clone().and(all.clone())), "query", Reason::Empty),
        ("any run", it.acknowledge_matching(either), "query", Reason::Empty),
        ("a blank query", it.unschedule_matching(Query::raw("  ")), "query", Reason::Blank),
        ("a query that cannot be quoted", it.unschedule_matching(quoted), "query", Reason::Unquotable),
    ] {
        let problems = builder.clone().build().unwrap_err();
        let problems: Vec<_> = problems.problems().iter().map(|it| (it.field(), it.reason().clone())).collect();
        assert_eq!(problems, [(field, reason)], "{name}");
        assert!(matches!(builder.send().await.unwrap_err(), Error::Validation(_)), "{name}");
    }
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn every_problem_is_named_at_once() {
    let it = FakeKeyfactor::start().await.client().orchestrator_jobs();
    let error = it.reschedule([0_i64, -5]).audit_note("").build().unwrap_err();
    let fields: Vec<&str> = error.problems().iter().map(clm::Problem::field).collect();
    assert_eq!(fields, ["job_history_ids[0]", "job_history_ids[1]", "audit_note"]);
}

#[tokio::test]
async fn a_job_is_withdrawn_before_it_runs() {
    let (fake, store, jobs) = removing(&["a", "b"], FakeOrchestrator::new()).await;
    fake.client().orchestrator_jobs().unschedule([&jobs[0]]).send().await.unwrap();
    fake.run_jobs();
    assert_eq!(states(&fake), [FakeJobState::Unscheduled, FakeJobState::Succeeded]);
    assert_eq!(fake.aliases(store), ["a"]);
}

#[tokio::test]
async fn a_failed_job_runs_again_and_a_noted_one_is_noted() {
    let (fake, store, jobs) = removing(&["a", "b"], FakeOrchestrator::new().fails("locked")).await;
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    fake.run_jobs();
    let (first, second) = (history(&fake, jobs[0]).await, history(&fake, jobs[1]).await);
    orchestrator_jobs.acknowledge([second[0].job_history_id]).send().await.unwrap();
    assert_eq!(history(&fake, jobs[1]).await[0].status, JobStatus::Acknowledged);
    fake.orchestrator(FakeOrchestrator::new());
    orchestrator_jobs.reschedule([first[0].job_history_id]).send().await.unwrap();
    fake.run_jobs();
    assert_eq!(states(&fake), [FakeJobState::Succeeded, FakeJobState::Failed]);
    assert_eq!(fake.aliases(store), ["b"]);
}

#[tokio::test]
async fn queries_choose_the_jobs_that_fit() {
    let (fake, store, _) = removing(&["a", "b"], FakeOrchestrator::new().fails("locked")).await;
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    fake.run_jobs();
    let failed = Query::field("Result").eq(4).and(Query::field("Status").one_of([3, 4]));
    orchestrator_jobs.acknowledge_matching(failed.clone()).send().await.unwrap();
    fake.orchestrator(FakeOrchestrator::new());
    orchestrator_jobs.reschedule_matching(failed).send().await.unwrap();
    assert_eq!(states(&fake), [FakeJobState::Waiting; 2]);
    let waiting = Query::field("JobType").contains("Management");
    orchestrator_jobs.unschedule_matching(waiting).send().await.unwrap();
    fake.run_jobs();
    assert_eq!((states(&fake), fake.aliases(store).len()), (vec![FakeJobState::Unscheduled; 2], 2));
}

#[tokio::test]
async fn what_the_server_refuses_is_an_error_that_says_why() {
    let (fake, store, jobs) = removing(&["a"], FakeOrchestrator::new()).await;
    let it = fake.client().orchestrator_jobs();
    fake.run_jobs();
    let succeeded = history(&fake, jobs[0]).await[0].job_history_id;
    let error = it.unschedule([job(4711)]).send().await.unwrap_err();
    assert_eq!((error.kind(), matches!(error, Error::Api(_))), (Some(ErrorKind::NotFound), true));
    let error = it.reschedule([succeeded]).send().await.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::BadRequest));
    fake.restrict_to([KeyfactorPermission::ReadJobs, KeyfactorPermission::ScheduleStores]);
    fake.add_certificate(store, "b");
    for (builder, also) in
        [(it.unschedule(&jobs), true), (it.reschedule([1_i64]), false), (it.acknowledge([1_i64]), false)]
    {
        let error = builder.send().await.unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
        let remediation = error.remediation().unwrap();
        assert!(remediation.contains("/agents/management/modify/"), "{remediation}");
        assert_eq!(remediation.contains("schedule on certificate stores"), also, "{remediation}");
    }
}

#[tokio::test]
async fn an_unknown_outcome_gives_the_request_back_and_execute_takes_it() {
    for (name, build, path, body) in cases() {
        let server = Scripted::start([Answer::Nothing, Answer::Bytes(b"HTTP/1.1 204 -\r\n\r\n".to_vec())]).await;
        let keyfactor = client(&server);
        let request = build(&keyfactor.orchestrator_jobs()).build().unwrap();
        let error = keyfactor.execute(request.clone()).await.unwrap_err();
        assert_eq!(server.received().len(), 1, "{name}: it is not sent again by itself");
        let Error::OutcomeUnknown(unknown) = error else { panic!("{name}: {error:?}") };
        assert!(unknown.how_to_find_out().contains("/OrchestratorJobs/ScheduledJobs"), "{name}");
        let again = unknown.into_request::<ControlJobs>().unwrap();
        assert_eq!(again, request, "{name}");
        keyfactor.execute(again).await.unwrap();
        let received = server.received();
        assert_eq!((received.len(), received[1].json()), (2, body), "{name}");
        assert!(received[1].request_line.contains(path), "{name}");
    }
}

#[tokio::test]
async fn a_server_error_after_the_request_leaves_the_outcome_unknown() {
    for status in [500, 502, 503, 504, 408] {
        let server = Scripted::start([Answer::json(status, r#"{"Message": "away"}"#)]).await;
        let error = client(&server).orchestrator_jobs().unschedule([job(1)]).send().await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = &error else { panic!("{error:?}") };
        assert_eq!((unknown.status().unwrap().as_u16(), unknown.message()), (status, Some("away")));
        assert_eq!(server.received().len(), 1);
    }
}

#[tokio::test]
async fn a_request_says_what_it_does_and_with_what() {
    let it = FakeKeyfactor::start().await.client().orchestrator_jobs();
    let request: Request<ControlJobs> = it.acknowledge_matching(Query::raw("Status -eq 3")).build().unwrap();
    assert_eq!(request.action(), JobAction::Acknowledge);
    assert_eq!(request.selection(), &JobSelection::Matching(Query::raw("Status -eq 3")));
    assert_eq!(it.unschedule([job(1)]).build().unwrap().action(), JobAction::Unschedule);
    assert_eq!(it.reschedule([1_i64]).build().unwrap().action(), JobAction::Reschedule);
}

#[tokio::test]
async fn each_change_is_one_event_for_the_auditor() {
    let targets = [
        json!([job(1), job(2)]),
        json!(["JobType -contains \"Management\""]),
        json!([5_000_000_001_i64, 2]),
        json!(["Result -eq 4"]),
        json!([7]),
        json!(["Status -eq 3"]),
    ];
    for ((name, build, _, _), targets) in cases().into_iter().zip(targets) {
        let server = Scripted::start([Answer::Bytes(b"HTTP/1.1 204 -\r\n\r\n".to_vec())]).await;
        capture::start();
        build(&client(&server).orchestrator_jobs()).audit_note("CHG 4711").send().await.unwrap();
        let event = capture::only_audit();
        let action = name.split(' ').next().unwrap();
        let operation = format!("keyfactor.orchestrator_jobs.{action}");
        assert_eq!(event.field("clm.operation"), Some(operation.as_str()), "{name}");
        assert_eq!(event.field("targets"), Some(targets.to_string().as_str()), "{name}");
        let ended = if action == "reschedule" { "accepted" } else { "done" };
        assert_eq!((event.field("audit_note"), event.field("ended")), (Some("CHG 4711"), Some(ended)), "{name}");
        let received = server.received();
        assert!(!String::from_utf8_lossy(&received[0].body).contains("4711"), "{name}: the reason stays here");
    }
}

#[tokio::test]
async fn looking_at_jobs_is_no_event_for_the_auditor() {
    let fake = FakeKeyfactor::start().await;
    capture::start();
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    assert!(orchestrator_jobs.can_follow().await.unwrap());
    assert!(orchestrator_jobs.scheduled(Query::all()).rows().unwrap().collect().await.unwrap().is_empty());
    assert!(capture::audit().is_empty());
}

#[tokio::test]
async fn scheduled_jobs_are_listed_as_they_wait() {
    let (fake, _, jobs) = removing(&["a", "b", "c"], FakeOrchestrator::new()).await;
    fake.write_unknown_members();
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    let waiting = orchestrator_jobs.scheduled(Query::all()).rows().unwrap().collect().await.unwrap();
    assert!(waiting.iter().map(|it| &it.id).eq(&jobs));
    assert_eq!(waiting[0].job_type.as_deref(), Some("FakeCertManagement"));
    assert!(waiting[0].extra.get("Schedule").is_some() && waiting[0].extra.get("AddedLater").is_some());
    let none = orchestrator_jobs.scheduled(Query::field("JobType").contains("Inventory")).rows().unwrap();
    assert!(none.collect().await.unwrap().is_empty());
    let error = orchestrator_jobs.scheduled(Query::raw("")).rows().unwrap_err();
    assert_eq!(error.problems()[0].field(), "query");
}

// A 200 with something in it is not the 204 that the vendor documents: a proxy's sign-in page, perhaps.
#[tokio::test]
async fn an_answer_with_content_leaves_the_outcome_unknown() {
    for body in ["<html><title>Sign in</title></html>", r#"{"ErrorCode": "0xA0140002", "Message": "no"}"#, "[]"] {
        let server = Scripted::start([Answer::json(200, body)]).await;
        let error = client(&server).orchestrator_jobs().unschedule([job(1)]).send().await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = &error else { panic!("{body}: {error:?}") };
        assert_eq!((unknown.status().map(|it| it.as_u16()), unknown.body()), (Some(200), Some(body)));
        assert_eq!(server.received().len(), 1);
    }
    for body in ["", "null", " \n"] {
        let server = Scripted::start([Answer::json(200, body)]).await;
        client(&server).orchestrator_jobs().unschedule([job(1)]).send().await.unwrap();
    }
}
