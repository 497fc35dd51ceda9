//! The rows of a job history as servers write them, and what a watch makes of them.

use crate::support::fake_keyfactor::remove;
use crate::support::jobs::{asked, changes, client, counted, job, page, parameters, row, rows, watch, with};
use crate::support::scripted::{Answer, Scripted};
use clm::keyfactor::{Error, JobHistoryId, JobId, JobResult, JobState, JobStatus, JobsReport, LookupError};
use clm::testing::{FakeKeyfactor, FakeOrchestrator};
use serde_json::{Value, json};

const SUCCESS: JobState = JobState::Done(JobResult::Success);
const FAILURE: JobState = JobState::Done(JobResult::Failure);

/// The changes that a watch of job 1 tells, when the server answers its rounds with these; and its report.
async fn told(answers: impl IntoIterator<Item = Answer>) -> (Vec<JobState>, JobsReport) {
    let server = Scripted::start(answers).await;
    let mut watch = watch(&client(&server), [job(1)]);
    let states = changes(&mut watch).await.into_iter().map(|(id, state)| {
        assert_eq!(id, job(1));
        state
    });
    (states.collect(), watch.report())
}

fn run_that_counts(report: &JobsReport) -> JobHistoryId {
    report.finished()[0].entry.job_history_id
}

/// A server that pages, with or without `X-Total-Count`, and gives at most `most` rows at once.
async fn paging(all: Vec<Value>, most: usize, total: bool) -> Scripted {
    Scripted::choosing(move |_, request| {
        let limit: usize = parameters(request)["ReturnLimit"].parse().unwrap();
        let limit = limit.min(most);
        let found: Vec<Value> = all.iter().skip((page(request) - 1) * limit).take(limit).cloned().collect();
        if total { counted(&found, all.len()) } else { rows(&found) }
    })
    .await
}

#[tokio::test]
async fn results_and_statuses_are_numbers_or_names() {
    for (result, status, state) in [
        (json!(2), json!(3), SUCCESS),
        (json!("Success"), json!("Completed"), SUCCESS),
        (json!("2"), json!("3"), SUCCESS),
        (json!(3), json!("Completed"), JobState::Done(JobResult::Warning)),
        (json!("Failure"), json!(3), FAILURE),
        (json!("failure"), json!("COMPLETED"), FAILURE),
        (json!(4), json!(4), FAILURE),
        (json!("Warning"), json!("Acknowledged"), JobState::Done(JobResult::Warning)),
        (json!(0), json!(3), JobState::Done(JobResult::Unknown)),
        (json!("Unknown"), json!("Completed"), JobState::Done(JobResult::Unknown)),
        (json!(1), json!(3), JobState::Done(JobResult::Other("1".to_owned()))),
        (json!(77), json!(3), JobState::Done(JobResult::Other("77".to_owned()))),
        (json!("Skipped"), json!(3), JobState::Done(JobResult::Other("Skipped".to_owned()))),
    ] {
        let case = format!("{result} {status}");
        let (states, report) = told([rows(&[row(7, job(1), result, status)])]).await;
        assert_eq!(states, [state], "{case}");
        assert_eq!(report.all_succeeded(), report.finished()[0].result.is_success(), "{case}");
    }
}

// An unknown result is no success, and stays readable where it is printed.
#[tokio::test]
async fn an_unknown_result_is_printed_on_one_line() {
    let (_, report) = told([rows(&[row(7, job(1), "Skip\nped", 3)])]).await;
    assert_eq!(report.finished()[0].to_string(), format!("job {}: Skip\\nped", job(1)));
    assert_eq!(report.unsuccessful().count(), 1);
}

#[tokio::test]
async fn only_completed_and_acknowledged_are_the_end() {
    let other = |text: &str| JobState::Other(text.to_owned());
    let statuses = [
        (json!(1), JobState::Pending),
        (json!("InProcess"), JobState::Running),
        (json!(5), JobState::WillRetry),
        (json!("CompletedWillRetry"), JobState::WillRetry),
        (json!(0), other("Unknown")),
        (json!(9), other("9")),
        (json!("Paused"), other("Paused")),
    ];
    let end = rows(&[row(9, job(1), 2, 3)]);
    for (status, state) in statuses {
        let case = status.to_string();
        let (states, _) = told([rows(&[row(7, job(1), 4, status)]), end.clone()]).await;
        assert_eq!(states, [state, SUCCESS], "{case}");
    }
}

#[tokio::test]
async fn a_change_is_told_once() {
    let running = rows(&[row(7, job(1), 0, 2)]);
    let (states, _) = told([running.clone(), running.clone(), running, rows(&[row(7, job(1), 2, 3)])]).await;
    assert_eq!(states, [JobState::Running, SUCCESS]);
}

// Trap: retries and recurring jobs add rows with the same JobId; the order of the rows is not documented.
#[tokio::test]
async fn the_run_with_the_highest_number_counts_in_whatever_order_the_rows_come() {
    let first = row(7, job(1), 4, 3);
    let second = row(8, job(1), 3, 3);
    let third = row(9, job(1), 2, 3);
    for order in
        [[&first, &second, &third], [&third, &second, &first], [&second, &third, &first], [&third, &first, &second]]
    {
        let (states, report) = told([rows(&order.map(Clone::clone))]).await;
        assert_eq!(run_that_counts(&report), 9.into(), "{order:#?}");
        assert_eq!(states.last(), Some(&SUCCESS), "{order:#?}");
        assert!(report.all_succeeded());
    }
}

#[tokio::test]
async fn an_older_run_that_is_over_does_not_end_a_job_that_runs_again() {
    let (old, new) = (row(7, job(1), 4, 3), row(8, job(1), 0, 2));
    for order in [[old.clone(), new.clone()], [new, old.clone()]] {
        let (states, report) = told([rows(&order), rows(&[old.clone(), row(8, job(1), 2, 3)])]).await;
        assert_eq!((states, run_that_counts(&report)), (vec![JobState::Running, SUCCESS], 8.into()), "{order:#?}");
    }
}

#[tokio::test]
async fn an_older_row_that_comes_later_changes_nothing() {
    let answers = [rows(&[row(8, job(1), 0, 2)]), rows(&[row(7, job(1), 4, 3)]), rows(&[row(8, job(1), 2, 3)])];
    let (states, report) = told(answers).await;
    assert_eq!((states, run_that_counts(&report)), (vec![JobState::Running, SUCCESS], 8.into()));
}

#[tokio::test]
async fn the_same_state_under_a_higher_id_is_another_run() {
    let answers = [rows(&[row(7, job(1), 0, 2)]), rows(&[row(12, job(1), 0, 2)]), rows(&[row(12, job(1), 2, 3)])];
    let (states, report) = told(answers).await;
    assert_eq!(states, [JobState::Running, JobState::Running, SUCCESS]);
    assert_eq!(run_that_counts(&report), 12.into());
}

#[tokio::test]
async fn a_rescheduled_job_is_followed_to_its_new_end() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    fake.orchestrator(FakeOrchestrator::new().after_polls(0).fails("locked"));
    let id = remove(&fake, store, "a").await;
    let orchestrator_jobs = fake.client().orchestrator_jobs();
    let report = watch(&fake.client(), [id]).finish().await.unwrap();
    let failed = report.unsuccessful().next().unwrap().entry.job_history_id;
    orchestrator_jobs.reschedule([failed]).send().await.unwrap();
    fake.orchestrator(FakeOrchestrator::new().after_polls(0));
    fake.run_jobs();
    let report = watch(&fake.client(), [id]).finish().await.unwrap();
    assert!(report.all_succeeded(), "{report:#?}");
    assert!(run_that_counts(&report) > failed);
}

type Way = (&'static str, fn(&FakeKeyfactor));

/// Ways in which a server may write the history, none of which may change what is made of it.
const WAYS: [Way; 8] = [
    ("as documented", |_| {}),
    ("names for numbers", FakeKeyfactor::write_names_for_numbers),
    ("times without a zone", FakeKeyfactor::write_zoneless_times),
    ("unknown members", FakeKeyfactor::write_unknown_members),
    ("nulls for empty", FakeKeyfactor::write_nulls_for_empty),
    ("no total count", FakeKeyfactor::hide_total_count),
    ("every row twice", FakeKeyfactor::repeat_history_rows),
    ("rows out of order", FakeKeyfactor::shuffle_history_rows),
];

#[tokio::test]
async fn what_servers_do_differently_changes_nothing() {
    for (name, turn_on) in WAYS {
        let fake = FakeKeyfactor::start().await;
        turn_on(&fake);
        let mut ids: Vec<JobId> = Vec::new();
        for orchestrator in [
            FakeOrchestrator::new().after_polls(1).retries(3),
            FakeOrchestrator::new().after_polls(0).warns("slow"),
            FakeOrchestrator::new().after_polls(2).running_for(2).fails("locked"),
        ] {
            let store = fake.add_store();
            fake.add_certificate(store, "a");
            fake.orchestrator_of(store, orchestrator);
            ids.push(remove(&fake, store, "a").await);
        }
        let report = watch(&fake.client(), &ids).finish().await.unwrap();
        let ends: Vec<_> = report.finished().iter().map(|it| (it.job_id, it.result.as_str())).collect();
        assert_eq!(ends, [(ids[0], "Success"), (ids[1], "Warning"), (ids[2], "Failure")], "{name}");
        for finished in report.finished() {
            let (start, end) = (finished.entry.operation_start.as_ref(), finished.entry.operation_end.as_ref());
            let (start, end) = (start.unwrap().timestamp().unwrap(), end.unwrap().timestamp().unwrap());
            assert!(start < end && start.to_string().starts_with("2026-03-19T21:0"), "{name}: {start} {end}");
        }
        assert_eq!(report.finished()[0].entry.message, None, "{name}");
    }
}

#[tokio::test]
async fn rows_without_what_may_be_missing_are_read() {
    let bare = json!({"JobHistoryId": 7, "JobId": job(1), "Status": 3});
    let (states, report) = told([rows(&[bare])]).await;
    assert_eq!(states, [JobState::Done(JobResult::Unknown)]);
    assert_eq!(report.finished()[0].entry.status, JobStatus::Completed);
    assert_eq!(report.finished()[0].to_string(), format!("job {}: Unknown", job(1)));
    let cased = with(row(7, job(1), 2, 3), "Added", json!({"Since": "26.1"}));
    let (states, report) = told([rows(&[cased])]).await;
    assert_eq!(
        (states, report.finished()[0].entry.extra.get("Added").unwrap()),
        (vec![SUCCESS], json!({"Since": "26.1"}))
    );
}

// Trap: a server before version 11 does not know the flat parameters and gives everything.
#[tokio::test]
async fn a_server_that_ignores_filters_is_not_believed() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.orchestrator(FakeOrchestrator::new().after_polls(0));
    for alias in ["a", "b"] {
        fake.add_certificate(store, alias);
    }
    let (other, mine) = (remove(&fake, store, "a").await, remove(&fake, store, "b").await);
    fake.ignore_filters();
    let report = watch(&fake.client(), [mine]).finish().await.unwrap();
    let Some(Error::Lookup(lookup)) = report.stopped_by() else { panic!("{report:?}") };
    let LookupError::NotAsked { what, got, .. } = &**lookup else { panic!("{lookup:?}") };
    assert_eq!((*what, got.as_str()), ("run of job", other.to_string().as_str()));
    assert_eq!(report.still_open()[0].job_id, mine);
    assert!(report.finished().is_empty(), "nothing of the answer was used");
}

#[tokio::test]
async fn a_history_of_several_pages_is_read_to_its_end() {
    // The run that counts is on the last page.
    let history: Vec<Value> =
        (0..2_499).map(|number| row(number, job(1), 4, 5)).chain([row(2_499, job(1), 2, 3)]).collect();
    for (most, total, requests) in
        [(1_000, true, 3), (1_000, false, 4), (100, true, 25), (100, false, 26), (70, false, 37)]
    {
        let server = paging(history.clone(), most, total).await;
        let report = watch(&client(&server), [job(1)]).finish().await.unwrap();
        assert_eq!(run_that_counts(&report), 2_499.into());
        let received = server.received();
        assert_eq!(received.len(), requests, "{most} rows a page, total: {total}");
        assert!(received.iter().zip(1..).all(|(request, number)| page(request) == number));
        assert!(received.iter().all(|request| asked(request) == [job(1)]));
    }
}

#[tokio::test]
async fn one_short_page_is_one_request_with_and_without_a_total() {
    for total in [true, false] {
        let server = paging(vec![row(7, job(1), 2, 3)], 1_000, total).await;
        watch(&client(&server), [job(1)]).finish().await.unwrap();
        assert_eq!(server.received().len(), 1);
    }
}

// Trap: rows shift between two pages while others are written, so that a row comes on both.
#[tokio::test]
async fn a_row_that_comes_on_two_pages_counts_once() {
    let history: Vec<Value> = (0..100).map(|number| row(number, job(1), 4, 5)).collect();
    let last = row(100, job(1), 2, 3);
    let server = Scripted::choosing(move |_, request| match page(request) {
        1 => counted(&history, 101),
        _ => counted(&[history[98].clone(), history[99].clone(), last.clone()], 101),
    })
    .await;
    let report = watch(&client(&server), [job(1)]).finish().await.unwrap();
    assert_eq!((run_that_counts(&report), server.received().len()), (100.into(), 2));
}

#[tokio::test]
async fn a_server_that_repeats_its_first_page_is_not_asked_for_ever() {
    let history: Vec<Value> = (0..60).map(|number| row(number, job(1), 4, 5)).collect();
    for total in [Some(200), None] {
        let history = history.clone();
        let server = Scripted::choosing(move |_, _| match total {
            Some(total) => counted(&history, total),
            None => rows(&history),
        })
        .await;
        let report = watch(&client(&server), [job(1)]).finish().await.unwrap();
        let Some(Error::Lookup(lookup)) = report.stopped_by() else { panic!("{report:?}") };
        assert!(matches!(**lookup, LookupError::RepeatedPage { page: 2, .. }), "{lookup:?}");
        assert_eq!(server.received().len(), 2);
        assert_eq!(report.still_open()[0].job_id, job(1));
    }
}

#[tokio::test]
async fn a_page_that_no_filter_was_applied_to_is_found_on_any_page() {
    let mut history: Vec<Value> = (0..60).map(|number| row(number, job(1), 4, 5)).collect();
    history.push(row(60, job(2), 2, 3));
    let server = paging(history, 50, false).await;
    let report = watch(&client(&server), [job(1)]).finish().await.unwrap();
    let Some(Error::Lookup(lookup)) = report.stopped_by() else { panic!("{report:?}") };
    assert!(matches!(**lookup, LookupError::NotAsked { .. }), "{lookup:?}");
}

// Trap: a fresh job has no row: `[]` is pending, not gone.
#[tokio::test]
async fn no_row_is_pending_and_not_gone() {
    let (states, _) = told([rows(&[]), rows(&[]), counted(&[], 0), rows(&[row(7, job(1), 2, 3)])]).await;
    assert_eq!(states, [JobState::Pending, SUCCESS]);
}

// Rescheduled, a job keeps its id (assumed): its old failure is the highest row until it runs again.
#[tokio::test]
async fn a_rescheduled_job_is_not_over_because_of_its_old_failure() {
    let (old, new) = (row(7, job(1), 4, 3), row(9, job(1), 2, 3));
    let failed = || rows(std::slice::from_ref(&old));
    let server = Scripted::start([failed(), failed(), rows(&[old.clone(), new])]).await;
    let mut watch = watch(&client(&server), [job(1)]).after([JobHistoryId::from(7)]);
    let states: Vec<JobState> = changes(&mut watch).await.into_iter().map(|(_, state)| state).collect();
    assert_eq!(states, [JobState::Pending, SUCCESS]);
    assert_eq!(run_that_counts(&watch.report()), 9.into());
}

#[tokio::test]
async fn of_no_jobs_none_succeeded() {
    let server = Scripted::start([]).await;
    let mut watch = watch(&client(&server), Vec::<JobId>::new());
    let Some(Err(error)) = watch.next().await else { panic!("an empty list was followed") };
    let Error::Validation(refused) = &*error else { panic!("{error:?}") };
    assert_eq!(refused.problems()[0].field(), "job_ids");
    let report = watch.report();
    assert!(!report.all_succeeded());
    assert!(matches!(report.require_success().map_err(Error::from), Err(Error::Incomplete(_))));
}
