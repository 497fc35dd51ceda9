//! Watches that meet trouble: what passes does not end them, and what is known is never lost.

use std::time::Duration;

use crate::support;
use crate::support::jobs;
use crate::support::jobs::{
    HISTORY, NEVER, SCHEDULED, asked, builder, client, job, page, requests, resource, row, rows, watch,
};
use crate::support::scripted::{Answer, Scripted, nobody};
use clm::keyfactor::{Error, ErrorKind, JobId, JobResult, JobState, JobsReport, OpenJobPlace};
use futures_util::FutureExt as _;
use serde_json::{Value, json};

const SUCCESS: JobState = JobState::Done(JobResult::Success);

/// Time for a few answers, and not for one that never comes.
const SHORT: Duration = Duration::from_secs(1);

fn done(number: u64) -> Answer {
    rows(&[row(7, job(number), 2, 3)])
}

fn scheduled(jobs: impl IntoIterator<Item = JobId>) -> Answer {
    let rows: Vec<Value> = jobs.into_iter().map(|id| json!({"Id": id, "JobType": "WinCertManagement"})).collect();
    jobs::rows(&rows)
}

fn places(report: &JobsReport) -> Vec<(JobId, OpenJobPlace)> {
    report.still_open().iter().map(|open| (open.job_id, open.place)).collect()
}

#[tokio::test]
async fn trouble_that_passes_does_not_end_a_watch_and_is_told() {
    for (answer, told) in [
        (Answer::json(500, r#"{"Message": "database away"}"#), "database away"),
        (Answer::json(502, "<html><title>Bad Gateway</title></html>"), "502"),
        (Answer::json(503, ""), "503"),
        (Answer::json(504, ""), "504"),
        (Answer::json(408, ""), "408"),
        (Answer::json(429, ""), "429"),
        (Answer::Nothing, "connection"),
        (Answer::cut(200, "["), "connection"),
    ] {
        let case = format!("{answer:?}");
        let server = Scripted::start([answer.clone(), answer, rows(&[row(7, job(1), 0, 2)]), done(1)]).await;
        let mut watch = watch(&client(&server), [job(1)]);
        assert_eq!(watch.next().await.unwrap().unwrap().state, JobState::Running, "{case}");
        assert_eq!(watch.next().await.unwrap().unwrap().state, SUCCESS, "{case}");
        let report = watch.finish().await.unwrap();
        assert!(report.all_succeeded(), "{case}");
        let trouble = report.last_trouble().unwrap_or_else(|| panic!("{case}: no trouble is told")).to_owned();
        assert!(trouble.contains(told) || told == "connection", "{case}: {trouble}");
        assert_eq!(server.received().len(), 4, "{case}");
    }
}

#[tokio::test]
async fn no_trouble_is_told_where_none_was() {
    let server = Scripted::start([done(1)]).await;
    assert_eq!(watch(&client(&server), [job(1)]).finish().await.unwrap().last_trouble(), None);
}

#[tokio::test]
async fn trouble_with_one_query_does_not_keep_the_others_of_the_round() {
    // The first query of the first round fails; the jobs of the others are over.
    let server = Scripted::choosing(|number, request| match number {
        0 => Answer::json(500, ""),
        _ => rows(&asked(request).into_iter().map(|id| row(7, id, 2, 3)).collect::<Vec<Value>>()),
    })
    .await;
    let ids: Vec<JobId> = (0..100).map(job).collect();
    let report = watch(&client(&server), &ids).finish().await.unwrap();
    assert!(report.all_succeeded() && report.last_trouble().is_some());
    let received = server.received();
    let most = asked(&received[0]).len();
    assert_eq!(received.len(), 100_usize.div_ceil(most) + 1);
    assert_eq!(asked(received.last().unwrap()), ids[..most], "the next round asks for what is open");
}

#[tokio::test]
async fn trouble_to_the_deadline_gives_back_what_is_known() {
    let server = Scripted::start([done(1), Answer::json(503, "")]).await;
    // Only job 1 is known before the trouble begins: a query of its own.
    let mut watch = client(&server).orchestrator_jobs().watch([job(1), job(2)]).deadline(SHORT);
    assert_eq!(watch.next().await.unwrap().unwrap().job_id, job(1));
    let report = watch.finish().await.unwrap();
    assert_eq!(report.finished()[0].job_id, job(1));
    assert_eq!(places(&report), [(job(2), OpenJobPlace::Unknown)]);
    assert!(report.last_trouble().unwrap().contains("503"), "{:?}", report.last_trouble());
}

#[tokio::test]
async fn a_server_that_is_not_there_ends_no_watch_before_the_deadline() {
    let credentials = clm::keyfactor::Credentials::basic("svc-clm", "password");
    let client = clm::keyfactor::Client::builder(nobody()).credentials(credentials).build().unwrap();
    let report = client.orchestrator_jobs().watch([job(1)]).deadline(SHORT).finish().await.unwrap();
    assert_eq!(places(&report), [(job(1), OpenJobPlace::Unknown)]);
}

#[tokio::test]
async fn a_deadline_in_the_middle_of_a_request_gives_back_what_is_known() {
    let server = Scripted::choosing(|_, request| match (resource(request), asked(request).len()) {
        (SCHEDULED, _) if page(request) == 1 => scheduled([job(3), job(9)]),
        (SCHEDULED, _) => scheduled([]),
        (HISTORY, 3) => rows(&[row(7, job(1), 2, 3), row(8, job(2), 0, 2)]),
        _ => Answer::Silence,
    })
    .await;
    let watch = watch(&client(&server), [job(1), job(2), job(3)]).deadline(SHORT);
    let report = watch.finish().await.unwrap();
    assert_eq!(report.finished()[0].job_id, job(1));
    assert_eq!(places(&report), [(job(2), OpenJobPlace::Begun), (job(3), OpenJobPlace::Scheduled)]);
    assert_eq!((requests(&server, HISTORY).len(), requests(&server, SCHEDULED).len()), (2, 2));
}

#[tokio::test]
async fn a_deadline_in_the_middle_of_the_first_request_still_names_every_job() {
    let silent = |_, request: &support::Received| match resource(request) {
        SCHEDULED => Answer::json(403, r#"{"Message": "User 7 does not have the required permissions"}"#),
        _ => Answer::Begun(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[".to_vec()),
    };
    let server = Scripted::choosing(silent).await;
    let report = watch(&client(&server), [job(1), job(2)]).deadline(SHORT).finish().await.unwrap();
    assert_eq!(places(&report), [(job(1), OpenJobPlace::Unknown), (job(2), OpenJobPlace::Unknown)]);
    assert!(report.last_trouble().unwrap().contains("403"), "why it is not known: {:?}", report.last_trouble());
}

#[tokio::test]
async fn what_the_first_page_of_the_scheduled_jobs_showed_is_kept_if_the_second_fails() {
    let server = Scripted::choosing(|_, request| match (resource(request), page(request)) {
        (HISTORY, _) => rows(&[]),
        (_, 1) => scheduled((0..100).map(job)),
        _ => Answer::json(500, r#"{"Message": "database away"}"#),
    })
    .await;
    let ids: Vec<JobId> = (0..150).map(job).collect();
    let report = client(&server).orchestrator_jobs().watch(&ids).deadline(SHORT).finish().await.unwrap();
    assert!(report.last_trouble().unwrap().contains("database away"));
    let scheduled = report.still_open().iter().filter(|open| open.place == OpenJobPlace::Scheduled);
    assert!(scheduled.map(|open| &open.job_id).eq(&ids[..100]), "a hundred were seen there");
}

// A row may say that the job waits: no orchestrator was at it then, and it can be withdrawn.
#[tokio::test]
async fn a_job_whose_row_says_that_it_waits_has_not_begun() {
    let server = Scripted::choosing(|_, request| match resource(request) {
        HISTORY => rows(&[row(7, job(1), 0, 1), row(8, job(2), 0, 2)]),
        SCHEDULED => Answer::json(500, ""),
        _ => Answer::with(204, "", ""),
    })
    .await;
    let orchestrator_jobs = client(&server).orchestrator_jobs();
    let report = orchestrator_jobs.watch([job(1), job(2)]).deadline(SHORT).finish().await.unwrap();
    assert_eq!(places(&report), [(job(1), OpenJobPlace::Unknown), (job(2), OpenJobPlace::Begun)]);
    assert_eq!(orchestrator_jobs.unschedule_open(&report).await.unwrap(), [job(1)]);
}

#[tokio::test]
async fn what_is_refused_ends_a_watch_at_once_with_everything_inside() {
    for (answer, kind) in [
        (Answer::json(400, r#"{"Message": "Invalid query"}"#), Some(ErrorKind::BadRequest)),
        (Answer::json(401, ""), Some(ErrorKind::Unauthorized)),
        (Answer::json(403, ""), Some(ErrorKind::Forbidden)),
        (Answer::json(404, ""), Some(ErrorKind::NotFound)),
    ] {
        let case = format!("{answer:?}");
        let first = rows(&[row(7, job(1), 2, 3), row(8, job(2), 0, 2)]);
        let server = Scripted::start([first, answer]).await;
        let report = watch(&client(&server), [job(1), job(2), job(3)]).finish().await.unwrap();
        let stopped = report.stopped_by().unwrap_or_else(|| panic!("{case}: {report:?}"));
        assert_eq!(stopped.kind(), kind, "{case}");
        assert!(matches!(stopped, Error::Api(_)), "{case}: {stopped:?}");
        assert_eq!((report.finished()[0].job_id, report.finished().len()), (job(1), 1), "{case}");
        assert_eq!(places(&report), [(job(2), OpenJobPlace::Begun), (job(3), OpenJobPlace::Unknown)], "{case}");
        assert_eq!(server.received().len(), 2, "{case}");
        let texts = support::texts(stopped);
        assert!(
            texts.starts_with("GET /OrchestratorJobs/JobHistory: ") && !texts.contains("127.0.0.1"),
            "{case}: {texts}"
        );
        let gap = report.require_success().unwrap_err();
        assert_eq!(gap.outcome().finished().len(), 1, "{case}");
    }
}

// A proxy's page in the place of one answer, in half an hour of asking.
#[tokio::test]
async fn a_page_in_the_place_of_an_answer_passes() {
    for body in ["<html>maintenance</html>", r#"{"Message": "not a list"}"#, r#"[{"JobHistoryId": 7}]"#] {
        let server = Scripted::start([Answer::json(200, body), rows(&[row(7, job(1), 2, 3)])]).await;
        let report = watch(&client(&server), [job(1)]).finish().await.unwrap();
        assert!(report.all_succeeded(), "{body}: {report:?}");
        assert!(report.last_trouble().unwrap().contains("cannot be read"), "{body}");
    }
}

// Whether the list of scheduled jobs holds those that run is undocumented by the vendor.
#[tokio::test]
async fn a_job_that_runs_is_not_withdrawn_whatever_the_list_says() {
    let server = Scripted::choosing(|_, request| match resource(request) {
        HISTORY => rows(&[row(7, job(1), 0, 2)]),
        _ => rows(&[json!({"Id": job(1)}), json!({"Id": job(2)})]),
    })
    .await;
    let orchestrator_jobs = client(&server).orchestrator_jobs();
    let report = orchestrator_jobs.watch([job(1), job(2)]).deadline(SHORT).finish().await.unwrap();
    assert_eq!(places(&report), [(job(1), OpenJobPlace::Begun), (job(2), OpenJobPlace::Scheduled)]);
}

#[tokio::test]
async fn an_old_server_is_not_followed() {
    let body = json!([row(7, job(1), 2, 3)]).to_string();
    let headers = "content-type: application/json\r\nx-keyfactor-product-version: 10.5.0.0\r\n";
    let server = Scripted::start([Answer::with(200, headers, &body)]).await;
    let report = watch(&client(&server), [job(1)]).finish().await.unwrap();
    assert!(matches!(report.stopped_by(), Some(Error::Lookup(_))), "{report:?}");
    assert!(report.finished().is_empty(), "nothing of the answer was used");
}

#[tokio::test]
async fn dropping_a_next_between_two_polls_loses_nothing() {
    let server = Scripted::start([
        rows(&[row(7, job(1), 0, 2), row(8, job(2), 0, 2)]),
        rows(&[row(7, job(1), 2, 3), row(8, job(2), 2, 3)]),
    ])
    .await;
    let mut watch = watch(&client(&server), [job(1), job(2)]);
    let (mut seen, mut dropped) = (Vec::new(), 0_usize);
    // Every future is polled once and dropped; the world goes on in between.
    while seen.len() < 4 {
        if let Some(change) = watch.next().now_or_never() {
            let change = change.unwrap().unwrap();
            seen.push((change.job_id, change.state));
        } else {
            dropped += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let running = JobState::Running;
    assert_eq!(seen, [(job(1), running.clone()), (job(2), running), (job(1), SUCCESS), (job(2), SUCCESS)]);
    assert!(dropped >= 2, "{dropped}");
    assert_eq!(server.received().len(), 2, "and nothing was asked twice");
}

#[tokio::test]
async fn a_watch_that_was_dropped_sends_nothing_further() {
    let server = Scripted::start([rows(&[row(7, job(1), 0, 2)]), Answer::Silence, done(1)]).await;
    let mut dropped = watch(&client(&server), [job(1)]);
    assert_eq!(dropped.next().await.unwrap().unwrap().state, JobState::Running);
    // In the middle of its second request.
    tokio::select! {
        biased;
        change = dropped.next() => panic!("{change:?}"),
        () = server.arrived(2) => {}
    }
    drop(dropped);
    let report = watch(&client(&server), [job(1)]).finish().await.unwrap();
    assert!(report.all_succeeded());
    assert_eq!(server.received().len(), 3, "the third is the other watch's");
}

#[tokio::test]
async fn a_watch_that_is_never_asked_sends_nothing() {
    let server = Scripted::start([done(1)]).await;
    let idle = client(&server).orchestrator_jobs().watch([job(1)]).deadline(NEVER);
    assert_eq!(places(&idle.report()), [(job(1), OpenJobPlace::Unknown)]);
    drop(idle);
    drop(client(&server).orchestrator_jobs().watch([job(1)]).finish());
    watch(&client(&server), [job(1)]).finish().await.unwrap();
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn no_secret_and_no_address_shows_in_what_is_told() {
    let server = Scripted::start([Answer::json(500, ""), Answer::json(403, "")]).await;
    let client = builder(&server).build().unwrap();
    let mut watch = watch(&client, [job(1)]);
    let error = watch.next().await.unwrap().unwrap_err();
    let address = server.origin.trim_start_matches("http://");
    for shown in [format!("{watch:?}"), format!("{error:?}"), support::texts(&error)] {
        assert!(!shown.contains("password") && !shown.contains(address), "{shown}");
    }
    assert!(watch.report().last_trouble().unwrap().contains("500"));
}
