//! `POST /Certificates/Revoke`: what is sent, what an answer comes to, and what is refused before.

use clm::Reason;
use clm::RetryPolicy;
use clm::keyfactor::{
    CertificateId, Client, Credentials, Error, ErrorKind, PermissionScope, RevocationReason, RevokeCertificates,
    RevokeOutcome,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use serde_json::{Value, json};

use crate::support::scripted::{Answer, Scripted};

fn client(server: &Scripted) -> Client {
    let credentials = Credentials::basic("user", "password");
    Client::builder(&server.origin).credentials(credentials).retry_policy(RetryPolicy::none()).build().unwrap()
}

fn ids(of: &[i32]) -> Vec<CertificateId> {
    of.iter().copied().map(CertificateId::from).collect()
}

async fn answered(status: u16, body: &Value) -> Result<RevokeOutcome, Error> {
    let server = Scripted::start([Answer::json(status, &body.to_string())]).await;
    let revocation = client(&server).certificates().revoke([7, 8], RevocationReason::Superseded);
    revocation.comment("Replaced").send().await
}

#[tokio::test]
async fn every_setter_is_in_the_body() {
    let done = json!({"RevokedIds": [7], "SuspendedCerts": []});
    let server = Scripted::start([Answer::json(200, &done.to_string())]).await;
    let certificates = client(&server).certificates();
    let plain = || certificates.revoke([7], RevocationReason::KeyCompromised).comment("Lost laptop");
    let time = "2026-03-19T21:26:35.967Z".parse().unwrap();
    let base = json!({"CertificateIds": [7], "Reason": 1, "Comment": "Lost laptop"});
    let with = |name: &str, value: Value| {
        let mut body = base.clone();
        body[name] = value;
        body
    };
    for (revocation, body) in [
        (plain(), base.clone()),
        (plain().effective_date(time), with("EffectiveDate", json!("2026-03-19T21:26:35.967Z"))),
        (plain().publish_crl(), with("PublishCRL", json!(true))),
        (plain().collection_id(4), with("CollectionId", json!(4))),
        (plain().container_id(5), with("ContainerId", json!(5))),
        // The collection wins, and the container is not sent.
        (plain().collection_id(4).container_id(5), with("CollectionId", json!(4))),
    ] {
        revocation.audit_note("CHG 1234").send().await.unwrap();
        let sent = server.received().pop().unwrap();
        assert_eq!(sent.request_line, "POST /KeyfactorAPI/Certificates/Revoke HTTP/1.1");
        assert_eq!(sent.json(), body);
    }
    for (reason, code) in [
        (RevocationReason::Unspecified, 0),
        (RevocationReason::KeyCompromised, 1),
        (RevocationReason::CaCompromised, 2),
        (RevocationReason::AffiliationChanged, 3),
        (RevocationReason::Superseded, 4),
        (RevocationReason::CessationOfOperation, 5),
        (RevocationReason::CertificateHold, 6),
        (RevocationReason::RemoveFromHold, -1),
        (RevocationReason::Other(7), 7),
    ] {
        certificates.revoke([7], reason).comment("c").send().await.unwrap();
        assert_eq!(server.received().pop().unwrap().json()["Reason"], code);
    }
}

#[tokio::test]
async fn the_precedence_shows_in_the_request_and_can_be_refused() {
    let fake = FakeKeyfactor::start().await;
    let plain = || fake.client().certificates().revoke([1], RevocationReason::Unspecified).comment("c");
    let both = || plain().collection_id(4).container_id(5);
    let shown = serde_json::to_value(both().build().unwrap().scope()).unwrap();
    assert_eq!(shown, json!({"kind": "collection", "id": 4, "ignored_container": 5}));
    assert_eq!(plain().build().unwrap().scope(), PermissionScope::SystemWideOrContainers);
    let refused = both().deny_ambiguous_scope().build().unwrap_err();
    let [problem] = refused.problems() else { panic!("{refused}") };
    assert_eq!((problem.field(), problem.reason()), ("container_id", &Reason::Conflict));
}

#[tokio::test]
async fn all_problems_are_listed_and_nothing_is_sent() {
    let fake = FakeKeyfactor::start().await;
    let certificates = fake.client().certificates();
    let problems = |ids: &[i32], comment: Option<&str>| {
        let revocation = certificates.revoke(ids.iter().copied(), RevocationReason::Unspecified).collection_id(0);
        let revocation = match comment {
            Some(comment) => revocation.comment(comment),
            None => revocation,
        };
        let refused = revocation.build().unwrap_err();
        refused.problems().iter().map(|it| (it.field().to_owned(), it.reason().clone())).collect::<Vec<_>>()
    };
    let problem = |field: &str, reason| (field.to_owned(), reason);
    let collection = || problem("collection_id", Reason::OutOfRange);
    assert_eq!(
        problems(&[], None),
        [problem("certificate_ids", Reason::Empty), problem("comment", Reason::Empty), collection()]
    );
    assert_eq!(
        problems(&[1, 0, -3], Some(" ")),
        [
            problem("certificate_ids[1]", Reason::OutOfRange),
            problem("certificate_ids[2]", Reason::OutOfRange),
            problem("comment", Reason::Blank),
            collection()
        ]
    );
    let limited = fake.client();
    let many =
        limited.certificates().revoke(1..=1_001, RevocationReason::Unspecified).comment("c").build().unwrap_err();
    assert_eq!(many.problems()[0].reason(), &Reason::TooMany { limit: 1_000, actual: 1_001 });
    // The same id twice counts once.
    let request = certificates.revoke([3, 2, 3], RevocationReason::Unspecified).comment("c").build().unwrap();
    assert_eq!(request.certificate_ids(), ids(&[3, 2]));
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn revoked_suspended_and_not_named_are_told_apart() {
    let workflow = "30f10000-0000-4000-8000-000000000008";
    let suspended = json!([{"CertId": 8, "WorkflowId": workflow, "Message": "waits"}]);
    for (body, revoked, waiting, unconfirmed, unexpected) in [
        (json!({"RevokedIds": [8, 7], "SuspendedCerts": null}), vec![7, 8], vec![], vec![], vec![]),
        (json!({"RevokedIds": [7], "SuspendedCerts": suspended}), vec![7], vec![8], vec![], vec![]),
        (json!({"RevokedIds": [7]}), vec![7], vec![], vec![8], vec![]),
        (json!({"RevokedIds": null, "SuspendedCerts": []}), vec![], vec![], vec![7, 8], vec![]),
        (json!({}), vec![], vec![], vec![7, 8], vec![]),
        (json!({"RevokedIds": [7, 9, 8, 12, 9, 11]}), vec![7, 8], vec![], vec![], vec![9, 12, 11]),
        (json!({"revokedids": [7, "8"], "SUSPENDEDCERTS": []}), vec![7, 8], vec![], vec![], vec![]),
        (
            json!({"RevokedIds": [7], "suspendedCerts": [{"certid": 8, "workflowId": "wf-1"}]}),
            vec![7],
            vec![8],
            vec![],
            vec![],
        ),
        // Both at once is not known to be revoked.
        (json!({"RevokedIds": [7, 8], "SuspendedCerts": suspended}), vec![7], vec![8], vec![8], vec![]),
    ] {
        let outcome = answered(200, &body).await.unwrap();
        assert_eq!(outcome.revoked, ids(&revoked), "{body}");
        let named: Vec<_> = outcome.suspended.iter().map(|it| it.certificate_id).collect();
        assert_eq!(named, ids(&waiting), "{body}");
        assert_eq!(outcome.unconfirmed, ids(&unconfirmed), "{body}");
        assert_eq!(outcome.unexpected, ids(&unexpected), "{body}");
        let complete = revoked.len() == 2 && waiting.is_empty() && unexpected.is_empty();
        assert_eq!(outcome.is_complete(), complete, "{body}");
        assert_eq!(outcome.receipt.body(), body.to_string());
        match outcome.require_complete() {
            Ok(_) => assert!(complete, "{body}"),
            Err(error) => {
                let error = Error::from(error);
                assert!(!complete && error.incomplete::<RevokeOutcome>().is_some(), "{body}: {error:?}");
            }
        }
    }
    let failed = json!({"RevokedIds": [7, 8], "FailedOperations": [{"Reason": "no CRL"}]});
    let outcome = answered(200, &failed).await.unwrap();
    assert_eq!(outcome.failed_operations[0].reason(), Some("no CRL"));
    assert_eq!(serde_json::to_value(&outcome).unwrap()["failed_operations"], json!([{"reason": "no CRL"}]));
    assert!(!outcome.is_complete());
    // One entry that cannot be read does not hide the others.
    let odd = json!({"RevokedIds": [8, "seven"], "SuspendedCerts": [{"Message": "which?"}, 7]});
    let outcome = answered(200, &odd).await.unwrap();
    assert_eq!((outcome.revoked.clone(), outcome.unconfirmed.clone()), (ids(&[8]), ids(&[7])));
    assert_eq!(outcome.unrecognized_entries, [json!("seven"), json!({"Message": "which?"}), json!(7)]);
    assert!(!outcome.is_complete());
    // One that nobody asked for keeps what is said about it.
    let foreign = json!({"RevokedIds": [7, 8], "SuspendedCerts": [{"CertId": 9, "Message": "waits"}]});
    let outcome = answered(200, &foreign).await.unwrap();
    assert_eq!((outcome.unexpected, outcome.suspended[0].message.as_deref()), (ids(&[9]), Some("waits")));
}

#[tokio::test]
async fn a_server_that_repeats_the_credential_is_quoted_without_it() {
    let basic = "dXNlcjpwYXNzd29yZA==";
    let message = format!("denied for {basic}");
    let body = json!({
        "RevokedIds": [7], "SuspendedCerts": [{"CertId": 8, "Message": message}], "FailedOperations": [{"Reason": message}],
    });
    let outcome = answered(200, &body).await.unwrap();
    assert_eq!(outcome.suspended[0].message.as_deref(), Some("denied for [redacted]"), "{outcome:?}");
    for shown in [format!("{outcome:?}"), serde_json::to_string(&outcome).unwrap()] {
        assert!(!shown.contains(basic), "{shown}");
    }
}

#[tokio::test]
async fn an_answer_in_another_shape_leaves_the_outcome_open_and_gives_the_request_back() {
    for body in [json!([7, 8]), json!(null), json!("done"), json!({"RevokedIds": "7"}), json!({"SuspendedCerts": {}})] {
        let error = answered(200, &body).await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = error else { panic!("{body}: {error:?}") };
        assert_eq!(unknown.body(), Some(body.to_string().as_str()));
        assert!(unknown.how_to_find_out().contains("GET /Certificates/{id}"));
        let request = unknown.into_request::<RevokeCertificates>().unwrap();
        assert_eq!(request.certificate_ids(), ids(&[7, 8]));
    }
}

#[tokio::test]
async fn every_status_ends_as_the_table_says() {
    for (status, kind) in [
        (400, ErrorKind::BadRequest),
        (401, ErrorKind::Unauthorized),
        (403, ErrorKind::Forbidden),
        (404, ErrorKind::NotFound),
        (413, ErrorKind::PayloadTooLarge),
        (429, ErrorKind::TooManyRequests),
    ] {
        let error = answered(status, &json!({"Message": "no"})).await.unwrap_err();
        let Error::Api(refused) = error else { panic!("{status}: {error:?}") };
        assert_eq!((refused.kind(), refused.message()), (kind, Some("no")));
        if status == 403 {
            assert!(refused.remediation().unwrap().contains("/certificates/collections/revoke/"));
        }
    }
    for status in [408, 500, 502, 503, 504] {
        let error = answered(status, &json!({"Message": "no"})).await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = error else { panic!("{status}: {error:?}") };
        assert_eq!((unknown.status().unwrap().as_u16(), unknown.attempts()), (status, 1));
    }
}

#[tokio::test]
async fn the_fake_revokes_holds_and_waits_for_approvals() {
    let fake = FakeKeyfactor::start().await;
    let (plain, held) = (fake.issue(FakeCertificate::new("a")), fake.issue(FakeCertificate::new("b").collection(4)));
    let approved = fake.issue(FakeCertificate::new("c").revocation_needs_approval());
    let certificates = fake.client().certificates();
    let revoke = |id: CertificateId, reason| certificates.revoke([id], reason).comment("c").send();
    let outcome =
        certificates.revoke([plain, approved], RevocationReason::Superseded).comment("c").send().await.unwrap();
    assert_eq!(outcome.revoked, [plain]);
    assert_eq!(outcome.suspended[0].certificate_id, approved);
    assert!(!outcome.is_complete());
    // A hold can be taken back, anything else cannot.
    revoke(held, RevocationReason::CertificateHold).await.unwrap().require_complete().unwrap();
    revoke(held, RevocationReason::RemoveFromHold).await.unwrap().require_complete().unwrap();
    let again = revoke(plain, RevocationReason::RemoveFromHold).await.unwrap_err();
    assert_eq!(again.kind(), Some(ErrorKind::BadRequest));
    assert_eq!(revoke(99.into(), RevocationReason::Unspecified).await.unwrap_err().kind(), Some(ErrorKind::NotFound));
    // The scope is real here.
    fake.restrict_to([KeyfactorPermission::RevokeCertificatesIn(4)]);
    let refused = revoke(held, RevocationReason::Unspecified).await.unwrap_err();
    assert_eq!(refused.kind(), Some(ErrorKind::Forbidden));
    let scoped =
        certificates.revoke([held], RevocationReason::Unspecified).comment("c").collection_id(4).container_id(5);
    scoped.send().await.unwrap().require_complete().unwrap();
}
