//! The first case behind a gap is the cause of the error, so that a program that only prints the error shows it.

use std::error::Error as _;
use std::time::Duration;

use clm::OnFailure;
use clm::keyfactor::{Error, JobsReport, Schedule};
use clm::testing::{FakeAnswer, KeyfactorCall, Scene};
use clm::uuid::Uuid;
use serde_json::json;

const MOMENT: Duration = Duration::from_millis(1);

fn lines(error: &Error) -> Vec<String> {
    error.report().lines().map(str::to_owned).collect()
}

async fn followed(scene: &Scene) -> JobsReport {
    let client = scene.keyfactor.client();
    let removal = client.certificate_stores().remove_certificates(scene.locations(), Schedule::Immediate).send().await;
    let watch = client.orchestrator_jobs().watch(removal.unwrap().job_ids()).pauses(MOMENT, MOMENT);
    watch.deadline(Duration::from_secs(1)).finish().await.unwrap()
}

#[tokio::test]
async fn the_first_job_that_failed_is_the_cause() {
    let report = followed(&Scene::partly_failing(3).await).await;
    let failed = report.unsuccessful().next().unwrap().to_string();
    assert!(failed.ends_with(": Failure: Access to the path is denied"), "{failed}");
    let incomplete = report.require_success().unwrap_err();
    assert_eq!(incomplete.source().unwrap().to_string(), format!("{failed} (and 2 more)"));
    let error = Error::from(incomplete);
    assert_eq!(lines(&error)[1..], [format!("  because: {failed} (and 2 more)")]);
    let Error::Incomplete(incomplete) = error else { panic!("{error:?}") };
    let same = incomplete.into_outcome::<String>().unwrap_err();
    assert_eq!(same.source().unwrap().to_string(), format!("{failed} (and 2 more)"));
}

#[tokio::test]
async fn a_job_that_is_still_open_is_the_cause_if_none_failed() {
    let report = followed(&Scene::orchestrator_offline().await).await;
    let open = report.still_open()[0].to_string();
    let error = Error::from(report.require_success().unwrap_err());
    assert_eq!(lines(&error)[1..], [format!("  because: {open}")]);
}

#[tokio::test]
async fn the_first_error_of_many_calls_is_the_cause() {
    let scene = Scene::partly_failing(0).await;
    scene
        .keyfactor
        .refuse_next(FakeAnswer::status(400).json(json!({"Message": "no such store"})), 2)
        .of(KeyfactorCall::RemoveCertificates);
    let removal =
        scene.keyfactor.client().certificate_stores().remove_certificates(scene.locations(), Schedule::Immediate);
    let each = removal.one_job_per_location().on_failure(OnFailure::ContinueAfterRefusal).send().await.unwrap();
    let refused = each.items()[0].state.error().unwrap().to_string();
    assert!(refused.contains("no such store"), "{refused}");
    let error = Error::from(each.require_complete().unwrap_err());
    assert_eq!(lines(&error)[1..], [format!("  because: {refused} (and 1 more)")]);
}

#[test]
fn a_gap_without_a_case_has_no_cause() {
    let nothing = JobsReport::of_runs(Vec::<Uuid>::new(), []);
    assert!(nothing.require_success().unwrap_err().source().is_none());
}
