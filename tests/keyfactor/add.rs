//! Certificates are put into stores as they were asked for, and no password of it shows anywhere.

use std::fmt::Debug;

use clm::keyfactor::{
    AddCertificates, AddOutcome, CertificateStoreEntry, CertificateStores, Error, ErrorKind, Schedule,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use clm::{Reason, RequestBuilder};
use serde_json::{Value, json};

use crate::support::capture;
use crate::support::keyfactor::{JOB, builder, client, scope_parts, store};
use crate::support::keyfactor_reads::{answer, changes, client_of};
use crate::support::scripted::{Answer, Scripted};
use crate::support::{RawServer, texts};

const CALL: &str = "POST /KeyfactorAPI/CertificateStores/Certificates/Add HTTP/1.1";
const ENTRY: &str = "hunter2-entry";
const PFX: &str = "hunter2-pfx";
const FIELD: &str = "hunter2-field";

/// Every secret that an entry can have.
fn secret_entry() -> CertificateStoreEntry {
    CertificateStoreEntry::new(store(1)).alias("www").entry_password(ENTRY).pfx_password(PFX).job_field("Pin", FIELD)
}

fn add(stores: &CertificateStores, entry: CertificateStoreEntry) -> RequestBuilder<AddCertificates> {
    stores.add_certificates(7, [entry], Schedule::Immediate)
}

#[tokio::test]
async fn every_setter_becomes_exactly_this_body() {
    let server = RawServer::json(200, &format!(r#"["{JOB}"]"#)).await;
    let stores = client(&server.origin).certificate_stores();
    let id = store(1);
    let entry = || CertificateStoreEntry::new(id);
    let plain = |more: Value| {
        let mut entry = json!({"CertificateStoreId": id, "Overwrite": false, "IncludePrivateKey": false});
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"CertificateId": 7, "CertificateStores": [entry], "Schedule": {"Immediate": true}})
    };
    let with = |name: &str, value: Value| {
        let mut body = plain(json!({}));
        body[name] = value;
        body
    };
    let once = Schedule::ExactlyOnce { time: "2026-03-19T23:30:00Z".parse().unwrap() };
    let table = [
        // The trap: types of store that choose the alias refuse one, so none is sent that was not asked for.
        (add(&stores, entry()), plain(json!({}))),
        (add(&stores, entry().alias(" Ümlaut \"x\" ")), plain(json!({"Alias": " Ümlaut \"x\" "}))),
        (add(&stores, entry().overwrite()), plain(json!({"Overwrite": true}))),
        (add(&stores, entry().include_private_key()), plain(json!({"IncludePrivateKey": true}))),
        (add(&stores, entry().entry_password(ENTRY)), plain(json!({"EntryPassword": {"SecretValue": ENTRY}}))),
        (add(&stores, entry().pfx_password(PFX)), plain(json!({"PfxPassword": PFX}))),
        (
            add(&stores, entry().job_field("Site", "a").job_field("Port", 443).job_field("On", true)),
            plain(json!({"JobFields": {"Site": "a", "Port": 443, "On": true}})),
        ),
        (add(&stores, entry()).collection_id(4), with("CollectionId", json!(4))),
        (add(&stores, entry()).container_id(9), with("ContainerId", json!(9))),
        (add(&stores, entry()).container_id(9).collection_id(4), with("CollectionId", json!(4))),
        (
            stores.add_certificates(7, [entry()], once),
            with("Schedule", json!({"ExactlyOnce": {"Time": "2026-03-19T23:30:00.000Z"}})),
        ),
        (add(&stores, entry()).map_entries(|it| it.pfx_password(PFX)), plain(json!({"PfxPassword": PFX}))),
    ];
    for (number, (call, body)) in table.into_iter().enumerate() {
        call.audit_note("not sent").send().await.unwrap();
        let received = &server.received()[number];
        assert_eq!((received.request_line.as_str(), received.json()), (CALL, body));
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_before_anything_is_sent() {
    let server = RawServer::json(200, "[]").await;
    let stores = builder(&server.origin).max_locations_per_call(3).build().unwrap().certificate_stores();
    let entry = || CertificateStoreEntry::new(store(1)).alias("A");
    let nil = || CertificateStoreEntry::new(uuid::Uuid::nil());
    let field = |field: &str, reason: Reason| (field.to_owned(), reason);
    let recurring = Schedule::Interval { minutes: 60 };
    for (call, expected) in [
        (stores.add_certificates(7, [], Schedule::Immediate), vec![field("certificate_stores", Reason::Empty)]),
        (
            stores.add_certificates(7, (1..5).map(|it| CertificateStoreEntry::new(store(it))), Schedule::Immediate),
            vec![field("certificate_stores", Reason::TooMany { limit: 3, actual: 4 })],
        ),
        (
            stores.add_certificates(0, [nil()], Schedule::Immediate),
            vec![
                field("certificate_id", Reason::OutOfRange),
                field("certificate_stores[0].certificate_store_id", Reason::Nil),
            ],
        ),
        (add(&stores, entry().alias(" ")), vec![field("certificate_stores[0].alias", Reason::Blank)]),
        (add(&stores, entry().alias("")), vec![field("certificate_stores[0].alias", Reason::Blank)]),
        (
            add(&stores, entry().entry_password("").pfx_password("")),
            vec![
                field("certificate_stores[0].entry_password", Reason::Empty),
                field("certificate_stores[0].pfx_password", Reason::Empty),
            ],
        ),
        (
            add(&stores, entry().job_field("A", json!([1])).job_field("B", Value::Null)),
            vec![
                field("certificate_stores[0].job_fields[\"A\"]", Reason::NotScalar),
                field("certificate_stores[0].job_fields[\"B\"]", Reason::NotScalar),
            ],
        ),
        (
            stores.add_certificates(7, [entry(), entry().overwrite()], Schedule::Immediate),
            vec![field("certificate_stores[1]", Reason::Conflict)],
        ),
        (stores.add_certificates(7, [entry()], recurring), vec![field("schedule", Reason::Conflict)]),
        (add(&stores, entry()).collection_id(0), vec![field("collection_id", Reason::OutOfRange)]),
        (
            add(&stores, entry()).collection_id(4).container_id(9).deny_ambiguous_scope(),
            vec![field("container_id", Reason::Conflict)],
        ),
        (add(&stores, entry()).audit_note(""), vec![field("audit_note", Reason::Blank)]),
    ] {
        let error = call.clone().build().unwrap_err();
        let found: Vec<_> = error.problems().iter().map(|it| (it.field().to_owned(), it.reason().clone())).collect();
        assert_eq!(found, expected, "{error}");
        let Error::Validation(sent) = call.send().await.unwrap_err() else { panic!("{error}") };
        assert_eq!(*sent, error);
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_collection_beats_a_container_here_as_well() {
    let fake = FakeKeyfactor::start().await;
    let stores = fake.client().certificate_stores();
    let of = |call: RequestBuilder<AddCertificates>| scope_parts(call.build().unwrap().scope());
    let call = || add(&stores, CertificateStoreEntry::new(store(1)));
    assert_eq!(of(call()), ("none", None, None));
    assert_eq!(of(call().container_id(9)), ("container", Some(9), None));
    capture::start();
    assert_eq!(of(call().container_id(9).collection_id(4)), ("collection", Some(4), Some(9)));
    assert_eq!(capture::warnings().len(), 1);
}

#[tokio::test]
async fn a_certificate_lands_where_it_was_asked_to() {
    let fake = FakeKeyfactor::start().await;
    let [one, two] = [fake.add_store(), fake.add_store()];
    let id = fake.issue(FakeCertificate::new("www").private_key());
    let entries = [one, two].map(|store| CertificateStoreEntry::new(store).alias("www.pfx").include_private_key());
    let request = fake.client().certificate_stores().add_certificates(id, entries.clone(), Schedule::Immediate);
    let request = request.build().unwrap();
    assert_eq!((request.certificate_id(), request.entries()), (id, &entries[..]));
    assert_eq!(request.schedule(), &Schedule::Immediate);
    let outcome = fake.client().execute(request).await.unwrap();
    assert_eq!((outcome.job_ids().len(), outcome.entries(), outcome.receipt().attempts()), (2, &entries[..], 1));
    assert!(outcome.is_complete() && outcome.unrecognized_entries().is_empty());
    assert!(outcome.receipt().correlation_id().is_some() && outcome.receipt().product_version().is_some());
    assert_eq!(fake.aliases(one), [""; 0], "scheduled, not done yet");
    fake.run_jobs();
    assert_eq!([fake.held(one, "www.pfx"), fake.held(two, "www.pfx")], [Some(id), Some(id)]);
}

#[tokio::test]
async fn a_refusal_says_what_is_needed() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www"));
    for permissions in [vec![KeyfactorPermission::ReadCertificates], vec![KeyfactorPermission::ScheduleStores]] {
        fake.restrict_to(permissions);
        let stores = client_of(&fake).certificate_stores();
        let entry = CertificateStoreEntry::new(store).alias("www");
        let error = stores.add_certificates(id, [entry], Schedule::Immediate).send().await.unwrap_err();
        let Error::Api(refusal) = &error else { panic!("{error:?}") };
        assert_eq!(refusal.kind(), ErrorKind::Forbidden);
        assert!(refusal.remediation().unwrap().contains("read the certificate"), "{error:?}");
        assert!(refusal.remediation().unwrap().contains("schedule on certificate stores"), "{error:?}");
        assert_eq!(refusal.scope().copied().map(scope_parts), Some(("none", None, None)));
    }
    assert!(fake.jobs().is_empty());
}

#[tokio::test]
async fn every_odd_answer_keeps_its_job_ids_and_its_gap() {
    let other = "d985c4a4-0000-4000-8000-000000000002";
    for (body, jobs, odd, complete) in [
        (json!([JOB]), 1, 0, true),
        (json!([]), 0, 0, false),
        (json!([JOB, other]), 2, 0, false),
        (json!([JOB, JOB]), 2, 0, false),
        (json!([JOB, "later", 7, null]), 1, 3, false),
        (json!([JOB.to_uppercase()]), 1, 0, true),
    ] {
        let server = RawServer::json(200, &body.to_string()).await;
        let outcome = add(&client(&server.origin).certificate_stores(), secret_entry()).send().await.unwrap();
        assert_eq!((outcome.job_ids().len(), outcome.unrecognized_entries().len()), (jobs, odd), "{body}");
        assert_eq!((outcome.is_complete(), outcome.receipt().body()), (complete, body.to_string().as_str()));
        match outcome.clone().require_complete().map_err(Error::from) {
            Ok(same) => assert!(complete && same == outcome, "{body}"),
            Err(Error::Incomplete(error)) => {
                assert!(!complete, "{body}");
                assert_eq!(error.outcome::<AddOutcome>(), Some(&outcome), "{body}");
                assert!(error.to_string().contains("addition"), "{error}");
            }
            Err(other) => panic!("{body}: {other:?}"),
        }
    }
}

// An addition is a change: what may have arrived is not sent again, and comes back to be decided about.
#[tokio::test]
async fn an_addition_that_may_have_arrived_is_not_repeated() {
    for (case, given) in [
        ("silence", Answer::Nothing),
        ("a failure", answer(500, "", &json!({"Message": "oh"}))),
        ("a gateway", answer(502, "", &Value::Null)),
        ("cut", Answer::cut(200, "[")),
        ("an object", answer(200, "", &json!({}))),
        ("null", answer(200, "", &Value::Null)),
    ] {
        let server = Scripted::start([given]).await;
        let keyfactor = builder(&server.origin).build().unwrap();
        let request = add(&keyfactor.certificate_stores(), secret_entry()).build().unwrap();
        let error = keyfactor.execute(request.clone()).await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = &error else { panic!("{case}: {error:?}") };
        assert_eq!(unknown.request::<AddCertificates>(), Some(&request), "{case}");
        assert!(unknown.how_to_find_out().contains("GET /OrchestratorJobs/ScheduledJobs"), "{case}");
        assert_eq!(server.received().len(), 1, "{case}");
    }
}

fn assert_discreet(case: &str, shown: &str) {
    for secret in [ENTRY, PFX, FIELD, "hunter2"] {
        assert!(!shown.contains(secret), "{case}: {secret} in {shown}");
    }
}

fn debug(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

#[tokio::test]
async fn no_password_and_no_job_field_shows() {
    capture::start();
    for (case, given) in [
        ("taken", answer(200, "", &json!([JOB]))),
        ("odd", answer(200, "", &json!([]))),
        ("refused", answer(403, "", &json!({"Message": "no", "ErrorCode": "0xA0140002"}))),
        ("failing", answer(500, "", &Value::Null)),
        ("silence", Answer::Nothing),
        // Whatever the server repeats is in the body, and there alone.
        ("echo", answer(200, "", &json!({"PfxPassword": PFX, "SecretValue": ENTRY, "Pin": FIELD}))),
    ] {
        let server = Scripted::start([given]).await;
        let keyfactor = client(&server.origin);
        let call = add(&keyfactor.certificate_stores(), secret_entry()).audit_note("moved");
        let request = call.clone().build().unwrap();
        assert_discreet(case, &debug(&(&call, &request, secret_entry())));
        match keyfactor.execute(request).await {
            Ok(outcome) => {
                assert_discreet(case, &format!("{} {}", debug(&outcome), serde_json::to_string(&outcome).unwrap()));
                if let Err(error) = outcome.require_complete().map_err(Error::from) {
                    assert_discreet(case, &format!("{} {}", debug(&error), texts(&error)));
                }
            }
            Err(error) => assert_discreet(case, &format!("{} {}", debug(&error), texts(&error))),
        }
        let sent = String::from_utf8(server.received()[0].body.clone()).unwrap();
        assert!([ENTRY, PFX, FIELD].iter().all(|secret| sent.contains(secret)), "{case}: it was not sent");
        assert!(!server.received()[0].request_line.contains("hunter2"));
    }
    assert_discreet("a refusal before the wire", &{
        let stores = client("http://127.0.0.1:1").certificate_stores();
        let twice = [secret_entry(), secret_entry().job_field("Pin", "hunter2-other")];
        let error = stores.add_certificates(0, twice, Schedule::Immediate).build().unwrap_err();
        format!("{error} {}", debug(&error))
    });
    assert_discreet("the log", &capture::everything());
    let audits = capture::audit();
    assert_eq!(audits.len(), 6);
    assert!(audits.iter().all(|it| it.field("clm.operation") == Some("keyfactor.certificate_stores.add_certificates")));
    assert!(audits.iter().all(|it| it.field("audit_note") == Some("moved")), "{:?}", audits[0]);
}

#[tokio::test]
async fn passwords_given_to_what_is_put_back_are_sent() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www").private_key());
    fake.put(store, "www", id);
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let handle = keyfactor.certificate_stores();
    let plan = handle.plan_removal(&located).await.unwrap();
    assert_eq!(changes(&fake), 0);
    handle
        .add_back(&plan, Schedule::Immediate)
        .map_entries(|entry| {
            assert_eq!((entry.store(), entry.alias_asked_for()), (store, Some("www")));
            entry.pfx_password(PFX).overwrite()
        })
        .send()
        .await
        .unwrap();
    let sent = fake.requests().last().unwrap().json()["CertificateStores"][0].clone();
    assert_eq!((&sent["PfxPassword"], &sent["Overwrite"]), (&json!(PFX), &json!(true)));
}
