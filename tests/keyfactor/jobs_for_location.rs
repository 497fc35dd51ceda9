//! The jobs of a store, after a removal whose answer was lost.

use std::time::Duration;

use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, Client, Error, JobsSeen, LookupError, OutcomeUnknown, RemoveCertificates,
    Schedule,
};
use clm::testing::{FakeKeyfactor, FakeOrchestrator, KeyfactorPermission};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::fault::{Fault, FaultServer};
use crate::support::jobs::{job, resource};
use crate::support::keyfactor::{client, store};
use crate::support::keyfactor_reads::{answer, client_of, lookup, ok, page_of, parameter, target};
use crate::support::scripted::Scripted;

async fn seen(client: &Client, location: &CertificateLocation, since: Option<Timestamp>) -> Result<JobsSeen, Error> {
    let jobs = client.orchestrator_jobs().for_location(location);
    since.map_or(jobs.clone(), |since| jobs.since(since)).send().await
}

/// A removal whose answer does not come: through a proxy before the fake, which plays this fault.
async fn lost(fake: &FakeKeyfactor, store: CertificateStoreId, fault: Fault) -> Box<OutcomeUnknown> {
    let proxy = FaultServer::before(&fake.url());
    proxy.play([fault], Fault::Good);
    let through = Client::builder(format!("{}/KeyfactorAPI", proxy.origin())).credentials(fake.credentials());
    let location = CertificateLocation::new(store, "www.pfx");
    let stores = through.build().unwrap().certificate_stores();
    let removal = stores.remove_certificates([location], Schedule::Immediate);
    match removal.send().await {
        Err(Error::OutcomeUnknown(unknown)) => unknown,
        other => panic!("{other:?}"),
    }
}

async fn with_certificate() -> (FakeKeyfactor, CertificateStoreId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.set_store(store, |it| it.machine("web01.example.com").path(r"C:\certificates\IIS 'My'"));
    fake.add_certificate(store, "www.pfx");
    // Another store of the same machine, with a job of its own.
    let other = fake.add_store();
    fake.set_store(other, |it| it.machine("web01.example.com").path("/other"));
    fake.add_certificate(other, "www.pfx");
    let location = CertificateLocation::new(other, "www.pfx");
    fake.client().certificate_stores().remove_certificates([location], Schedule::Immediate).send().await.unwrap();
    (fake, store)
}

#[tokio::test]
async fn the_job_of_a_removal_whose_answer_was_lost_is_found() {
    for waits in [true, false] {
        let (fake, store) = with_certificate().await;
        let began = Timestamp::now();
        fake.set_clock(began);
        let unknown = lost(&fake, store, Fault::HalfBody).await;
        assert!(
            unknown.how_to_find_out().contains("`orchestrator_jobs().for_location(..)`"),
            "{}",
            unknown.how_to_find_out()
        );
        let made = fake.jobs().last().unwrap().id;
        if !waits {
            fake.run_jobs();
        }
        let request = unknown.request::<RemoveCertificates>().unwrap();
        let keyfactor = client_of(&fake);
        let [location] = request.locations() else { panic!("{request:?}") };
        let found = seen(&keyfactor, location, Some(began)).await.unwrap();
        assert_eq!(found.job_ids(), [made], "waits: {waits}");
        assert_eq!((found.scheduled.len(), found.runs.len()), (usize::from(waits), usize::from(!waits)));
        assert!(!found.is_empty());
        assert!(found.to_string().contains(&format!("job {made}")), "{found}");
        fake.run_jobs();
        let report = keyfactor.orchestrator_jobs().watch(found.job_ids()).finish().await.unwrap();
        assert!(report.all_succeeded(), "{report:?}");
    }
}

#[tokio::test]
async fn where_the_server_did_not_act_none_is_seen_and_nothing_more_is_said() {
    let (fake, store) = with_certificate().await;
    let began = Timestamp::now();
    let unknown = lost(&fake, store, Fault::CloseAfterHalfBody).await;
    let request = unknown.request::<RemoveCertificates>().unwrap();
    let found = seen(&client_of(&fake), &request.locations()[0], Some(began)).await.unwrap();
    assert!(found.is_empty() && found.job_ids().is_empty(), "{found:?}");
    assert_eq!(
        found.to_string(),
        format!(
            "store {store}, web01.example.com, C:\\certificates\\IIS 'My': no jobs that change it were found since \
             {began}, which does not prove that there are none"
        )
    );
}

#[tokio::test]
async fn inventories_and_jobs_of_earlier_times_are_left_out() {
    let (fake, store) = with_certificate().await;
    fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    let location = CertificateLocation::new(store, "www.pfx");
    let keyfactor = client_of(&fake);
    let removal = keyfactor.certificate_stores().remove_certificates([location.clone()], Schedule::Immediate);
    let removal = removal.send().await.unwrap();
    let later = Timestamp::now() + Duration::from_secs(3600);
    assert!(seen(&keyfactor, &location, Some(later)).await.unwrap().is_empty(), "it waits, since before");
    fake.run_jobs();
    assert!(seen(&keyfactor, &location, Some(later)).await.unwrap().is_empty(), "it ran before");
    let found = seen(&keyfactor, &location, None).await.unwrap();
    assert_eq!(found.job_ids(), removal.job_ids());
}

/// A server of one store, which answers these scheduled jobs and these runs.
async fn showing(scheduled: Value, runs: Value) -> Scripted {
    Scripted::choosing(move |_, request| {
        let page = |rows: &Value| if page_of(request) == 1 { ok(rows) } else { ok(&json!([])) };
        match resource(request) {
            "OrchestratorJobs/ScheduledJobs" => page(&scheduled),
            "OrchestratorJobs/JobHistory" => page(&runs),
            _ => ok(&json!({"Id": store(1), "ClientMachine": "WEB01", "Storepath": "/certs"})),
        }
    })
    .await
}

/// What is not said may be the job that is looked for.
#[tokio::test]
async fn rows_are_compared_where_they_say_something() {
    let location = CertificateLocation::new(store(1), "www.pfx");
    let since: Timestamp = "2026-03-19T12:00:00Z".parse().unwrap();
    for (row, is_found) in [
        (
            json!({"ClientMachine": "web01", "Target": "/Certs", "JobType": "WinCertManagement", "Requested": "2026-03-19T12:00:01Z"}),
            true,
        ),
        (
            json!({"ClientMachine": "web01", "Target": "/certs", "JobType": "management", "Requested": "2026-03-19T12:00:00"}),
            true,
        ),
        (
            json!({"clientMachine": "web01", "target": "/certs", "jobType": "Management", "requested": "2026-03-19T11:59:59Z"}),
            false,
        ),
        (json!({"ClientMachine": "web01", "Target": "/certs", "JobType": "WinCertInventory"}), false),
        (json!({"ClientMachine": "web02", "Target": "/certs"}), false),
        (json!({"ClientMachine": "web01", "Target": "/certs2"}), false),
        (json!({"ClientMachine": "web01", "Requested": "yesterday"}), true),
        (json!({"Target": "/certs", "JobType": ""}), true),
        (json!({}), true),
    ] {
        let mut scheduled = row.clone();
        scheduled["Id"] = json!(job(1));
        let server = showing(json!([scheduled]), json!([])).await;
        let found = seen(&client(&server.origin), &location, Some(since)).await.unwrap();
        assert_eq!(found.job_ids() == [job(1)], is_found, "{row}: {found:?}");
    }
    for (row, is_found) in [
        (
            json!({"ClientMachine": "web01", "StorePath": "/certs", "JobType": "xManagement", "OperationStart": "2026-03-19T12:00:01"}),
            true,
        ),
        (json!({"ClientMachine": "web01", "StorePath": "/certs", "OperationStart": "2026-03-19T11:00:01"}), false),
        (json!({"ClientMachine": "web01", "StorePath": "/other"}), false),
        (json!({"StorePath": "/certs"}), true),
    ] {
        let mut run = row.clone();
        run["JobHistoryId"] = json!(7);
        run["JobId"] = json!(job(2));
        let server = showing(json!([]), json!([run])).await;
        let found = seen(&client(&server.origin), &location, Some(since)).await.unwrap();
        assert_eq!(found.job_ids() == [job(2)], is_found, "{row}: {found:?}");
    }
}

/// A job that is picked up between the two lists is in the second one.
#[tokio::test]
async fn those_that_wait_are_read_before_those_that_ran_and_each_alone() {
    let server = showing(json!([]), json!([])).await;
    seen(&client(&server.origin), &CertificateLocation::new(store(1), "a"), None).await.unwrap();
    let asked: Vec<_> = server.received().iter().map(target).collect();
    let paths: Vec<_> = asked.iter().map(|(path, _)| path.clone()).collect();
    let of_store = format!("CertificateStores/{}", store(1));
    assert_eq!(paths, [of_store.as_str(), "OrchestratorJobs/ScheduledJobs", "OrchestratorJobs/JobHistory"]);
    assert_eq!(parameter(&asked[2].1, "QueryString").unwrap(), "TargetPath -eq \"/certs\"");
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_and_no_absence() {
    let (fake, store) = with_certificate().await;
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    let location = CertificateLocation::new(store, "www.pfx");
    let error = seen(&client_of(&fake), &location, None).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);

    let server = Scripted::choosing(|_, request| match resource(request) {
        "OrchestratorJobs/ScheduledJobs" => answer(200, "X-Total-Count: 2\r\n", &json!([])),
        "OrchestratorJobs/JobHistory" => ok(&json!([])),
        _ => ok(&json!({"Id": crate::support::keyfactor::store(1)})),
    })
    .await;
    let location = CertificateLocation::new(crate::support::keyfactor::store(1), "a");
    let error = lookup(seen(&client(&server.origin), &location, None).await.unwrap_err());
    assert!(matches!(error, LookupError::FewerRowsThanCounted { counted: 2, received: 0, .. }), "{error:?}");
}

#[tokio::test]
async fn a_job_that_retries_is_told_once() {
    let (fake, store) = with_certificate().await;
    fake.orchestrator_of(store, FakeOrchestrator::new().retries(2));
    let location = CertificateLocation::new(store, "www.pfx");
    let keyfactor = client_of(&fake);
    let removal = keyfactor.certificate_stores().remove_certificates([location.clone()], Schedule::Immediate);
    let removal = removal.send().await.unwrap();
    fake.run_jobs();
    let found = seen(&keyfactor, &location, None).await.unwrap();
    assert_eq!(found.job_ids(), removal.job_ids());
    assert!(found.runs.is_sorted_by_key(|run| run.job_history_id));
}
