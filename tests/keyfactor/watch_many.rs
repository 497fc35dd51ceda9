//! Many jobs at once: few requests, none of them too long, and few of them again.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use crate::support::jobs;
use crate::support::jobs::{asked, changes, job, parameters, row, rows, watch};
use crate::support::scripted::Scripted;
use clm::keyfactor::{CertificateLocation, Client, Credentials, JobId, JobState, OpenJobPlace, Schedule};
use clm::testing::{FakeKeyfactor, FakeOrchestrator, KeyfactorCall};
use serde_json::{Value, json};

/// IIS refuses queries of more than 2,048 characters unless it is told otherwise; a whole URL stays below this.
const LONGEST_URL: usize = 2_000;

/// A fake that was asked for this many removals.
async fn removing(count: usize, orchestrator: FakeOrchestrator) -> (FakeKeyfactor, Vec<JobId>) {
    let fake = FakeKeyfactor::start().await;
    fake.orchestrator(orchestrator);
    let store = fake.add_store();
    let client = Client::builder(fake.url()).credentials(fake.credentials()).max_locations_per_call(count);
    let client = client.build().unwrap();
    for number in 0..count {
        fake.add_certificate(store, format!("web{number}"));
    }
    let location = |number: usize| CertificateLocation::new(store, format!("web{number}"));
    let stores = client.certificate_stores();
    let removal = stores.remove_certificates((0..count).map(location), Schedule::Immediate).send().await.unwrap();
    assert_eq!(removal.job_ids().len(), count);
    (fake, removal.job_ids().to_vec())
}

/// The lengths of the URLs by which the history was asked for since this request.
fn history_urls(fake: &FakeKeyfactor, since: usize) -> Vec<usize> {
    let origin = fake.url().len() - "/KeyfactorAPI".len();
    let requests = fake.requests().into_iter().skip(since).filter(|it| it.path().ends_with("/JobHistory"));
    requests.map(|it| origin + it.path().len() + 1 + it.query().len()).collect()
}

#[tokio::test]
async fn ten_thousand_jobs_cost_at_most_400_requests_a_round() {
    let (fake, jobs) = removing(10_000, FakeOrchestrator::new().after_polls(1)).await;
    let before = fake.requests().len();
    let mut watch = watch(&fake.client(), &jobs);
    let mut pending = HashSet::new();
    while pending.len() < jobs.len() {
        let change = watch.next().await.unwrap().unwrap();
        assert_eq!(change.state, JobState::Pending);
        pending.insert(change.job_id);
    }
    let first_round = history_urls(&fake, before);
    assert!((300..=400).contains(&first_round.len()), "{} requests", first_round.len());
    assert!(first_round.iter().all(|length| *length < LONGEST_URL), "{:?}", first_round.iter().max());
    // As many as the URL holds: another clause would not have fitted.
    assert!(first_round[0] > LONGEST_URL - 70, "{}", first_round[0]);

    let report = watch.finish().await.unwrap();
    assert!(report.all_succeeded());
    assert!(report.finished().iter().map(|job| &job.job_id).eq(&jobs), "in the order in which they were asked for");
    assert_eq!(history_urls(&fake, before).len(), 2 * first_round.len());
}

// A server without `X-Total-Count` says the end of a list by a page that is shorter than the vendor's own page size.
#[tokio::test]
async fn a_server_without_a_total_costs_no_more() {
    let (fake, jobs) = removing(2_000, FakeOrchestrator::new().after_polls(0)).await;
    fake.hide_total_count();
    let before = fake.requests().len();
    let report = watch(&fake.client(), &jobs).finish().await.unwrap();
    assert_eq!(report.finished().len(), 2_000);
    assert!(history_urls(&fake, before).len() <= 80);
}

/// A server at a long base path, where every job is over at once.
#[tokio::test]
async fn a_long_base_path_makes_more_requests_and_no_longer_urls() {
    for (length, jobs_a_query) in [(1, 25..40), (100, 25..40), (1_000, 10..20), (1_800, 1..2), (3_000, 1..2)] {
        let server = Scripted::choosing(|_, request| {
            let found: Vec<Value> = asked(request).into_iter().map(|id| row(7, id, 2, 3)).collect();
            rows(&found)
        })
        .await;
        let base = format!("{}/{}", server.origin, "a".repeat(length));
        let client = Client::builder(&base).credentials(Credentials::basic("svc-clm", "password")).build().unwrap();
        let ids: Vec<JobId> = (0..100).map(job).collect();
        let report = watch(&client, &ids).finish().await.unwrap();
        assert!(report.all_succeeded() && report.finished().len() == 100, "{length}");
        let received = server.received();
        let urls = received.iter().map(|it| server.origin.len() + it.request_line.split(' ').nth(1).unwrap().len());
        let longest = urls.max().unwrap();
        let most = received.iter().map(|request| asked(request).len()).max().unwrap();
        assert!(jobs_a_query.contains(&most), "{length}: {most} jobs in one query");
        assert!(longest < LONGEST_URL || most == 1, "{length}: {longest}");
        let all: HashSet<JobId> = received.iter().flat_map(asked).collect();
        assert_eq!((all.len(), received.len()), (100, 100_usize.div_ceil(most)), "{length}: each in one query");
    }
}

#[tokio::test]
async fn only_the_jobs_that_are_open_are_asked_for_in_the_next_round() {
    // Every third job needs a second look, every ninth a third one.
    let seen = std::sync::Mutex::new(HashMap::<JobId, usize>::new());
    let server = Scripted::choosing(move |_, request| {
        let mut seen = seen.lock().unwrap();
        let found = asked(request).into_iter().filter_map(|id| {
            let looks = seen.entry(id).or_default();
            *looks += 1;
            let number = id.get().as_u64_pair().1 & 0xffff;
            let needed = 1 + usize::from(number % 3 == 0) + usize::from(number % 9 == 0);
            (*looks >= needed).then(|| row(7, id, 2, 3))
        });
        rows(&found.collect::<Vec<Value>>())
    })
    .await;
    let ids: Vec<JobId> = (0..900).map(job).collect();
    let report = watch(&jobs::client(&server), &ids).finish().await.unwrap();
    assert!(report.all_succeeded());
    let received = server.received();
    let most = asked(&received[0]).len();
    let queries: usize = [900_usize, 300, 100].iter().map(|open| open.div_ceil(most)).sum();
    assert_eq!(received.len(), queries);
    assert_eq!(received.iter().map(|request| asked(request).len()).sum::<usize>(), 900 + 300 + 100);
    assert!(received.iter().all(|request| parameters(request)["PageReturned"] == "1"));
}

#[tokio::test]
async fn a_history_with_a_thousand_runs_of_each_job_is_followed() {
    let runs = |id: JobId| (0..1_000).map(move |number| row(number, id, 4, 5)).chain([row(1_000, id, 2, 3)]);
    let server = Scripted::choosing(move |_, request| {
        let all: Vec<Value> = asked(request).into_iter().flat_map(runs).collect();
        let page: usize = parameters(request)["PageReturned"].parse().unwrap();
        // Each run of each job has a number of its own.
        let numbered = all.into_iter().enumerate().map(|(index, row)| jobs::with(row, "JobHistoryId", index));
        rows(&numbered.skip((page - 1) * 1_000).take(1_000).collect::<Vec<Value>>())
    })
    .await;
    let ids: Vec<JobId> = (0..3).map(job).collect();
    let report = watch(&jobs::client(&server), &ids).finish().await.unwrap();
    assert!(report.all_succeeded());
    assert_eq!(server.received().len(), 4);
}

#[tokio::test]
async fn the_scheduled_jobs_are_read_to_their_end_and_no_further() {
    let (fake, jobs) = removing(250, FakeOrchestrator::new().offline()).await;
    let scheduled =
        |fake: &FakeKeyfactor| fake.requests().iter().filter(|it| it.path().ends_with("/ScheduledJobs")).count();
    let watch = |jobs: &[JobId]| fake.client().orchestrator_jobs().watch(jobs).deadline(Duration::ZERO);
    let report = watch(&jobs).finish().await.unwrap();
    assert_eq!(report.still_open().len(), 250);
    assert!(report.still_open().iter().all(|job| job.place == OpenJobPlace::Scheduled));
    assert_eq!(scheduled(&fake), 3);
    let report = watch(&jobs[..1]).finish().await.unwrap();
    assert_eq!(
        (report.still_open()[0].place, scheduled(&fake)),
        (OpenJobPlace::Scheduled, 4),
        "found on the first page"
    );
    // 250 jobs are withdrawn by one call.
    let withdrawn = fake.client().orchestrator_jobs().unschedule_open(&watch(&jobs).finish().await.unwrap()).await;
    assert_eq!(withdrawn.unwrap(), jobs);
    fake.assert_sent_once(KeyfactorCall::Unschedule);
    fake.assert_sent_once_with(KeyfactorCall::Unschedule, |body| *body == json!({"JobIds": jobs}));
}

#[tokio::test]
async fn changes_of_many_jobs_come_in_the_order_of_the_jobs() {
    let (fake, jobs) = removing(100, FakeOrchestrator::new().offline()).await;
    let mut watch = fake.client().orchestrator_jobs().watch(&jobs).deadline(Duration::from_secs(1));
    let pending: Vec<(JobId, JobState)> = jobs.iter().map(|id| (*id, JobState::Pending)).collect();
    assert_eq!(changes(&mut watch).await, pending);
}
