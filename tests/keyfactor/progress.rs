//! The inputs of a removal beside the jobs that it led to.

use clm::OnFailure;
use clm::keyfactor::{
    CertificateLocation, FollowedJob, JobId, JobsReport, OpenJobPlace, Progress, RemoveOutcome, Schedule,
};
use clm::testing::{FakeKeyfactor, FakeOrchestrator};
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::jobs;
use crate::support::keyfactor::store;
use crate::support::keyfactor_reads::{client_of, ok, page_of};
use crate::support::scripted::Scripted;

/// Three stores: one whose orchestrator carries out, one whose fails, one whose is away.
async fn three() -> (FakeKeyfactor, [CertificateLocation; 3]) {
    let fake = FakeKeyfactor::start().await;
    let stores = [fake.add_store(), fake.add_store(), fake.add_store()];
    for store in stores {
        fake.add_certificate(store, "www.pfx");
    }
    fake.orchestrator_of(stores[1], FakeOrchestrator::new().fails("access\ndenied"));
    fake.orchestrator_of(stores[2], FakeOrchestrator::new().offline());
    (fake, stores.map(|store| CertificateLocation::new(store, "www.pfx")))
}

async fn report(fake: &FakeKeyfactor, jobs: &[JobId]) -> JobsReport {
    let watch = client_of(fake).orchestrator_jobs().watch(jobs).deadline(Duration::from_millis(200));
    watch.pauses(Duration::ZERO, Duration::from_millis(5)).finish().await.unwrap()
}

#[tokio::test]
async fn each_place_has_its_job_where_each_has_a_call() {
    let (fake, locations) = three().await;
    let stores = client_of(&fake).certificate_stores();
    let removals = stores.remove_certificates(locations.clone(), Schedule::Immediate);
    let removals = removals.one_job_per_location().on_failure(OnFailure::ContinueAfterRefusal).send().await.unwrap();
    fake.run_jobs();
    let ids: Vec<JobId> = removals.job_ids().collect();
    let report = report(&fake, &ids).await;
    let lines = removals.with(&report);
    assert_eq!(lines.iter().map(|it| it.item.clone()).collect::<Vec<_>>(), locations);
    let [one, two, three] = &lines[..] else { panic!("{lines:?}") };
    assert!(matches!(&one.progress, Progress::Succeeded(jobs) if jobs[0].job_id() == ids[0] && jobs.len() == 1));
    assert!(matches!(&two.progress, Progress::Failed(jobs) if jobs[0].job_id() == ids[1] && !jobs[0].succeeded()));
    assert!(
        matches!(&three.progress, Progress::Open(jobs) if matches!(jobs[0], FollowedJob::Open(open) if open.job_id == ids[2]))
    );
    let said: Vec<String> = lines.iter().map(ToString::to_string).collect();
    let place = |index: usize| format!("\"www.pfx\" in store {}", locations[index].store());
    assert_eq!(
        said,
        [
            format!("{}: job {}: Success", place(0), ids[0]),
            format!("{}: job {}: Failure: access\\ndenied", place(1), ids[1]),
            format!("{}: job {}: not finished: waiting for its orchestrator", place(2), ids[2]),
        ]
    );
    assert_eq!(removals.items()[1].with(&report), lines[1]);
}

#[tokio::test]
async fn a_job_is_found_in_a_report_by_its_id() {
    let (fake, locations) = three().await;
    let removal = client_of(&fake).certificate_stores().remove_certificates(locations, Schedule::Immediate);
    let removal = removal.send().await.unwrap();
    fake.run_jobs();
    let report = report(&fake, removal.job_ids()).await;
    let [one, two, three] = removal.job_ids() else { panic!("{removal:?}") };
    assert!(report.of(one).unwrap().succeeded());
    assert!(matches!(report.of(two), Some(FollowedJob::Finished(job)) if !job.succeeded()));
    assert!(matches!(report.of(*three), Some(FollowedJob::Open(job)) if job.place == OpenJobPlace::Scheduled));
    assert_eq!(report.of(jobs::job(99)), None);
}

/// Which job is whose is undocumented by the vendor.
#[tokio::test]
async fn of_a_call_with_several_places_only_what_holds_of_all_jobs_is_said_of_each() {
    let (fake, locations) = three().await;
    let removal = client_of(&fake).certificate_stores().remove_certificates(locations.clone(), Schedule::Immediate);
    let removal = removal.send().await.unwrap();
    let before = report(&fake, removal.job_ids()).await;
    fake.run_jobs();
    let after = report(&fake, removal.job_ids()).await;
    assert_eq!(removal.with(&after).len(), 3);
    for line in removal.with(&after) {
        let Progress::OneOf(jobs) = &line.progress else { panic!("{line:?}") };
        assert_eq!(jobs.iter().map(FollowedJob::job_id).collect::<Vec<_>>(), removal.job_ids());
        assert!(line.to_string().contains("(it is unknown which)"), "{line}");
    }
    drop(before);

    // All of them succeeded: then each did, whichever is whose.
    let fake = FakeKeyfactor::start().await;
    let locations = [(); 2].map(|()| {
        let store = fake.add_store();
        fake.add_certificate(store, "www.pfx");
        CertificateLocation::new(store, "www.pfx")
    });
    let removal = client_of(&fake).certificate_stores().remove_certificates(locations, Schedule::Immediate);
    let removal = removal.send().await.unwrap();
    fake.run_jobs();
    let report = report(&fake, removal.job_ids()).await;
    assert!(removal.with(&report).iter().all(|it| it.progress.succeeded()), "{:?}", removal.with(&report));
}

/// A server that takes a removal of two places and names these jobs, of which those that it ran succeeded.
async fn naming(named: Vec<Value>, ran: Vec<Value>) -> (RemoveOutcome, JobsReport) {
    let server = Scripted::choosing(move |_, request| match jobs::resource(request) {
        it if it.ends_with("Remove") => ok(&json!(named)),
        jobs::HISTORY if page_of(request) == 1 => ok(&json!(ran)),
        _ => ok(&json!([])),
    })
    .await;
    let client = jobs::client(&server);
    let locations = [1, 2].map(|number| CertificateLocation::new(store(number), "www.pfx"));
    let removal = client.certificate_stores().remove_certificates(locations, Schedule::Immediate).send().await.unwrap();
    let report = jobs::watch(&client, [jobs::job(1)]).finish().await.unwrap();
    (removal, report)
}

#[tokio::test]
async fn a_number_of_jobs_that_does_not_fit_is_no_success() {
    let success = jobs::row(7, jobs::job(1), 2, 3);
    let (removal, report) = naming(vec![json!(jobs::job(1))], vec![success.clone()]).await;
    for line in removal.with(&report) {
        assert!(matches!(&line.progress, Progress::OneOf(jobs) if jobs.len() == 1), "{line:?}");
        assert!(!line.progress.succeeded());
    }
    let (removal, report) = naming(vec![], vec![success.clone()]).await;
    for line in removal.with(&report) {
        assert_eq!(line.progress, Progress::NotFollowed(vec![]));
        assert!(line.to_string().ends_with("accepted by the server without a job id"), "{line}");
    }
    // The report follows one of the two.
    let (removal, report) = naming(vec![json!(jobs::job(1)), json!(jobs::job(2))], vec![success]).await;
    for line in removal.with(&report) {
        assert_eq!(line.progress, Progress::NotFollowed(vec![jobs::job(2)]));
        assert!(line.to_string().ends_with(&format!(": not followed by this report: job {}", jobs::job(2))), "{line}");
    }
}

#[tokio::test]
async fn what_was_not_taken_says_how_its_call_ended() {
    let server = Scripted::choosing(|number, request| match jobs::resource(request) {
        it if it.ends_with("Remove") && number == 0 => ok(&json!([jobs::job(1)])),
        it if it.ends_with("Remove") => crate::support::keyfactor_reads::answer(409, "", &json!({"Message": "no"})),
        _ if page_of(request) == 1 => ok(&json!([jobs::row(7, jobs::job(1), 2, 3)])),
        _ => ok(&json!([])),
    })
    .await;
    let client = jobs::client(&server);
    let locations = [1, 2, 3].map(|number| CertificateLocation::new(store(number), "www.pfx"));
    let removals = client.certificate_stores().remove_certificates(locations, Schedule::Immediate);
    let removals = removals.one_job_per_location().send().await.unwrap();
    let report = jobs::watch(&client, removals.job_ids()).finish().await.unwrap();
    let lines = removals.with(&report);
    assert!(lines[0].progress.succeeded());
    let said: Vec<String> = lines[1..].iter().map(ToString::to_string).collect();
    assert!(matches!(lines[1].progress, Progress::NotTaken(_)) && said[0].contains(": refused: POST "), "{said:?}");
    assert!(matches!(lines[2].progress, Progress::NotTaken(_)) && said[1].contains(": not sent: POST "), "{said:?}");
}
