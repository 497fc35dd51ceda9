//! One call for each location, so that each location has its own job; what happens to one says nothing about the others.

use std::sync::Arc;

use clm::keyfactor::{
    CertificateLocation, Client, Error, LocationEnd, LookupError, OneByOneOutcome, RemoveCertificatesBuilder, Request,
    Schedule,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use serde_json::{Value, json};

use crate::support::keyfactor::{JOB, builder, client, store};
use crate::support::keyfactor_reads::{answer, calls, changes, client_of, ok};
use crate::support::scripted::{Answer, Scripted, nobody};

fn locations(count: u128) -> Vec<CertificateLocation> {
    (1..=count).map(|number| CertificateLocation::new(store(number), format!("alias-{number}"))).collect()
}

fn removal(client: &Client, count: u128) -> RemoveCertificatesBuilder {
    client.certificate_stores().remove_certificates(locations(count), Schedule::Immediate)
}

/// What became of each, as one word.
fn ends(outcome: &OneByOneOutcome) -> Vec<&'static str> {
    let word = |end: &LocationEnd| match end {
        LocationEnd::Scheduled(_) => "scheduled",
        LocationEnd::ScheduledOddly(_) => "oddly",
        LocationEnd::Refused(_) => "refused",
        LocationEnd::Unknown(_) => "unknown",
        LocationEnd::NotSent(_) => "not sent",
        other => panic!("{other:?}"),
    };
    outcome.locations().iter().map(|it| word(&it.end)).collect()
}

fn error(end: &LocationEnd) -> &Arc<Error> {
    match end {
        LocationEnd::Refused(error) | LocationEnd::Unknown(error) | LocationEnd::NotSent(error) => error,
        other => panic!("{other:?}"),
    }
}

/// The aliases that were asked for, call by call.
fn asked(server: &Scripted) -> Vec<Value> {
    server.received().iter().map(|it| it.json()["CertificateStores"][0]["Alias"].clone()).collect()
}

fn job(number: usize) -> String {
    format!("d985c4a4-0000-4000-8000-{number:012}")
}

/// A server that schedules, except for the request with this number, counted from 0.
async fn except(odd: usize, given: Answer) -> Scripted {
    Scripted::choosing(move |number, _| if number == odd { given.clone() } else { ok(&json!([job(number)])) }).await
}

#[tokio::test]
async fn every_location_is_a_call_with_its_own_job() {
    let server = except(usize::MAX, Answer::Nothing).await;
    let given = locations(3);
    let twice = given.iter().chain(&given[..1]).cloned();
    let stores = client(&server.origin).certificate_stores();
    let call = stores.remove_certificates(twice, Schedule::Immediate).collection_id(4).reason("moved");
    let outcome = call.one_job_per_location().send().await.unwrap();
    assert!(outcome.is_complete());
    for (number, (it, location)) in outcome.locations().iter().zip(&given).enumerate() {
        assert_eq!(&it.location, location);
        let LocationEnd::Scheduled(scheduled) = &it.end else { panic!("{it:?}") };
        assert_eq!(scheduled.to_string(), job(number));
        let body = json!({
            "CertificateStores": [{"CertificateStoreId": location.store(), "Alias": location.alias()}],
            "Schedule": {"Immediate": true},
            "CollectionId": 4,
        });
        assert_eq!(server.received()[number].json(), body);
    }
    assert_eq!(outcome.job_ids().map(|it| it.to_string()).collect::<Vec<_>>(), [job(0), job(1), job(2)]);
    assert_eq!(outcome.repeated(), &given[..1]);
    assert_eq!(server.received().len(), 3, "each location once");
}

#[tokio::test]
async fn what_is_wrong_with_one_is_found_before_any_is_sent() {
    let server = except(usize::MAX, Answer::Nothing).await;
    let mut given = locations(2);
    given.push(CertificateLocation::new(store(3), ""));
    let stores = client(&server.origin).certificate_stores();
    let call = stores.remove_certificates(given, Schedule::Immediate).one_job_per_location();
    let error = call.send().await.unwrap_err();
    assert_eq!(error.problems()[0].field(), "certificate_stores[2].alias");
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_refusal_of_one_does_not_stop_the_others() {
    for status in [400, 403, 404, 409, 413, 302] {
        let server = except(1, answer(status, "", &json!({"Message": "not this one"}))).await;
        let outcome = removal(&client(&server.origin), 3).one_job_per_location().send().await.unwrap();
        assert_eq!(ends(&outcome), ["scheduled", "refused", "scheduled"], "{status}");
        assert!(!outcome.is_complete());
        assert_eq!(outcome.job_ids().map(|it| it.to_string()).collect::<Vec<_>>(), [job(0), job(2)]);
        let refused = error(&outcome.locations()[1].end);
        assert_eq!((refused.status().unwrap().as_u16(), refused.message()), (status, Some("not this one")));
        assert_eq!(asked(&server), ["alias-1", "alias-2", "alias-3"]);
    }
}

#[tokio::test]
async fn a_permission_that_is_missing_for_one_store_is_told_of_that_store() {
    let fake = FakeKeyfactor::start().await;
    let [inside, outside] = [fake.add_store_in(7), fake.add_store()];
    for store in [inside, outside] {
        fake.add_certificate(store, "www");
    }
    fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ScheduleStoresIn(7)]);
    let given = [outside, inside].map(|store| CertificateLocation::new(store, "www"));
    let call = client_of(&fake).certificate_stores().remove_certificates(given, Schedule::Immediate);
    let outcome = call.one_job_per_location().send().await.unwrap();
    assert_eq!(ends(&outcome), ["refused", "scheduled"]);
    let remediation = error(&outcome.locations()[0].end).remediation().unwrap().to_owned();
    assert!(remediation.contains("schedule on certificate stores"), "{remediation}");
    fake.run_jobs();
    assert_eq!((fake.aliases(inside), fake.aliases(outside)), (vec![], vec!["www".to_owned()]));
}

#[tokio::test]
async fn a_call_whose_outcome_is_unknown_stops_the_rest() {
    for (case, given) in [
        ("silence", Answer::Nothing),
        ("500", answer(500, "", &Value::Null)),
        ("503", answer(503, "", &Value::Null)),
        ("cut", Answer::cut(200, "[")),
        ("no list", answer(200, "", &json!({}))),
        ("no http", Answer::Bytes(b"220 smtp\r\n".to_vec())),
    ] {
        let server = except(1, given).await;
        let outcome = removal(&client(&server.origin), 4).one_job_per_location().send().await.unwrap();
        assert_eq!(ends(&outcome), ["scheduled", "unknown", "not sent", "not sent"], "{case}");
        assert_eq!(asked(&server), ["alias-1", "alias-2"], "{case}");
        let unknown = error(&outcome.locations()[1].end);
        let Error::OutcomeUnknown(it) = &**unknown else { panic!("{case}: {unknown:?}") };
        let Request::RemoveCertificates(request) = it.request() else { panic!("{case}") };
        assert_eq!(request.locations(), &locations(2)[1..], "only what may have arrived");
        for rest in &outcome.locations()[2..] {
            assert!(Arc::ptr_eq(error(&rest.end), unknown), "{case}: it says why");
        }
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_leaves_everything_unsent() {
    let outcome = removal(&client(&nobody()), 3).one_job_per_location().send().await.unwrap();
    assert_eq!(ends(&outcome), ["not sent"; 3]);
    assert!(matches!(**error(&outcome.locations()[0].end), Error::Transport(_)), "{outcome:?}");
    assert_eq!(outcome.job_ids().count(), 0);
}

// A wrong password is wrong for all of them, and accounts lock: one try is enough.
#[tokio::test]
async fn a_server_that_does_not_know_the_account_is_not_asked_again() {
    let server = except(0, answer(401, "", &Value::Null)).await;
    let outcome = removal(&client(&server.origin), 3).one_job_per_location().send().await.unwrap();
    assert_eq!(asked(&server), ["alias-1"]);
    assert_eq!(ends(&outcome)[1..], ["not sent", "not sent"]);
    assert_eq!(error(&outcome.locations()[0].end).status().unwrap().as_u16(), 401);
}

#[tokio::test]
async fn an_odd_answer_keeps_what_it_says_and_does_not_stop_the_others() {
    for (body, jobs, odd) in [
        (json!([]), 0, 0),
        (json!([JOB, job(77)]), 2, 0),
        (json!([JOB, JOB]), 2, 0),
        (json!(["later"]), 0, 1),
        (json!([JOB, null]), 1, 1),
    ] {
        let server = except(1, ok(&body)).await;
        let outcome = removal(&client(&server.origin), 3).one_job_per_location().send().await.unwrap();
        assert_eq!(ends(&outcome), ["scheduled", "oddly", "scheduled"], "{body}");
        assert!(!outcome.is_complete(), "{body}");
        let LocationEnd::ScheduledOddly(oddly) = &outcome.locations()[1].end else { panic!("{body}") };
        assert_eq!((oddly.job_ids().len(), oddly.unrecognized_entries().len()), (jobs, odd), "{body}");
        assert_eq!(outcome.job_ids().count(), jobs + 2, "no job id is lost: {body}");
    }
}

#[tokio::test]
async fn a_call_that_was_told_to_wait_is_sent_again_alone() {
    let server = Scripted::choosing(|number, _| match number {
        1 => answer(429, "retry-after: 0\r\n", &Value::Null),
        _ => ok(&json!([job(number)])),
    })
    .await;
    let keyfactor = builder(&server.origin).build().unwrap();
    let outcome = removal(&keyfactor, 3).one_job_per_location().send().await.unwrap();
    assert_eq!(ends(&outcome), ["scheduled"; 3]);
    assert_eq!(asked(&server), ["alias-1", "alias-2", "alias-2", "alias-3"]);
}

#[tokio::test]
async fn an_alias_that_holds_another_certificate_is_refused_alone() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let [wanted, successor] = ["wanted", "successor"].map(|name| fake.issue(FakeCertificate::new(name)));
    for alias in ["a", "b", "c"] {
        fake.put(store, alias, wanted);
    }
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(wanted).send().await.unwrap();
    fake.replace(store, "b", successor);
    let call = keyfactor.certificate_stores().remove_certificates(located.locations(), Schedule::Immediate);
    let outcome = call.one_job_per_location().send().await.unwrap();
    assert_eq!(ends(&outcome), ["scheduled", "refused", "scheduled"]);
    let Error::Lookup(refused) = &**error(&outcome.locations()[1].end) else { panic!("{outcome:?}") };
    assert!(matches!(&**refused, LookupError::AliasHoldsAnother { alias, .. } if alias == "b"), "{refused:?}");
    assert_eq!(changes(&fake), 2);
    fake.run_jobs();
    assert_eq!(fake.aliases(store), ["b"]);
    let inventories = calls(&fake).iter().filter(|it| it.ends_with("/Inventory")).count();
    assert_eq!(inventories, 2 * 3, "each just before its own removal, to the end of the list");
}

#[tokio::test]
async fn a_look_at_an_inventory_that_fails_leaves_its_location_unsent() {
    let location = CertificateLocation::new(store(1), "a").expecting_thumbprint("A".repeat(40));
    for given in [Answer::Nothing, Answer::json(200, "{}")] {
        let server = Scripted::start([given.clone()]).await;
        let stores = client(&server.origin).certificate_stores();
        let both = [location.clone(), CertificateLocation::new(store(2), "b")];
        let call = stores.remove_certificates(both, Schedule::Immediate).one_job_per_location();
        let outcome = call.send().await.unwrap();
        assert_eq!(ends(&outcome), ["not sent", "not sent"], "{given:?}");
        assert!(server.received().iter().all(|it| it.request_line.starts_with("GET ")));
    }
}

// One call names one location, so the limit of a call says nothing here.
#[tokio::test]
async fn the_limit_of_a_call_does_not_limit_calls_with_one_location_each() {
    let server = except(9, ok(&json!([]))).await;
    let keyfactor = Client::builder(&server.origin)
        .credentials(clm::keyfactor::Credentials::bearer("token"))
        .max_locations_per_call(2)
        .build()
        .unwrap();
    assert!(removal(&keyfactor, 3).build().is_err());
    let outcome = removal(&keyfactor, 3).one_job_per_location().send().await.unwrap();
    assert_eq!(ends(&outcome), ["scheduled"; 3]);
}
