//! `PUT /certificate/revoke` and its form in the background: what is sent, what an answer comes to, what is refused before.

use std::time::Duration;

use clm::appviewx::{Error, ErrorCode, RevocationReason, RevocationState, RevokeCertificate, RevokeOutcome};
use clm::testing::{AppViewXPermission, FakeAppViewX};
use clm::{Reason, appviewx};
use serde_json::{Value, json};

use crate::support::appviewx::{FIRST, client};
use crate::support::scripted::{Answer, Scripted};

const CALL: &str = "/avxapi/certificate/revoke?gwsource=external&isSync=true";
/// Five sixths of the default `change_timeout`.
const DEFAULT_TTL: &str = "&ttl=250";

fn certificates(server: &Scripted) -> appviewx::Certificates {
    client(&server.origin).certificates()
}

async fn answered(status: u16, body: &Value) -> Result<RevokeOutcome, Error> {
    let server = Scripted::start([Answer::json(status, &body.to_string())]).await;
    certificates(&server).revoke(FIRST, RevocationReason::Superseded).send().await
}

fn envelope(response: impl Into<Value>, code: impl Into<Value>) -> Value {
    let (response, code) = (response.into(), code.into());
    json!({"response": response, "message": "m", "appStatusCode": code, "tags": {}, "headers": null})
}

#[tokio::test]
async fn every_setter_is_in_the_call() {
    let server = Scripted::start([Answer::json(200, &envelope(Value::Null, json!("SUCCESS")).to_string())]).await;
    let plain = || certificates(&server).revoke(FIRST, RevocationReason::KeyCompromise);
    let body = json!({"resourceId": FIRST, "reason": "Key compromise"});
    let with = |name: &str, value: &str| {
        let mut body = body.clone();
        body[name] = value.into();
        body
    };
    for (revocation, target, body) in [
        (plain(), format!("{CALL}{DEFAULT_TTL}"), body.clone()),
        (plain().comments("Lost: CHG-1"), format!("{CALL}{DEFAULT_TTL}"), with("comments", "Lost: CHG-1")),
        (plain().ttl(Duration::from_secs(60)), format!("{CALL}&ttl=60"), body.clone()),
        (plain().ttl(Duration::from_millis(1_001)), format!("{CALL}&ttl=2"), body.clone()),
        (plain().with_manual_approval(), format!("{CALL}{DEFAULT_TTL}&autoApproval=false"), body.clone()),
        (plain().in_background(), "/avxapi/certificate/action?gwsource=external".to_owned(), with("action", "Revoke")),
    ] {
        revocation.audit_note("CHG 1234").send().await.unwrap();
        let sent = server.received().pop().unwrap();
        assert_eq!(sent.request_line, format!("PUT {target} HTTP/1.1"));
        assert_eq!(sent.json(), body);
    }
    for (reason, text) in [
        (RevocationReason::Unspecified, "Unspecified"),
        (RevocationReason::CaCompromise, "CA compromise"),
        (RevocationReason::AffiliationChanged, "Affiliation Changed"),
        (RevocationReason::Superseded, "Superseded"),
        (RevocationReason::CessationOfOperation, "Cessation of operation"),
        (RevocationReason::Other("Privilege withdrawn".to_owned()), "Privilege withdrawn"),
    ] {
        certificates(&server).revoke(FIRST, reason).send().await.unwrap();
        assert_eq!(server.received().pop().unwrap().json()["reason"], text);
    }
}

#[tokio::test]
async fn all_problems_are_listed_and_nothing_is_sent() {
    let fake = FakeAppViewX::start().await;
    let certificates = fake.client().certificates();
    let refused = certificates
        .revoke("a,b", RevocationReason::Other(" ".to_owned()))
        .comments("")
        .ttl(Duration::ZERO)
        .build()
        .unwrap_err();
    let fields: Vec<_> = refused.problems().iter().map(|it| (it.field(), it.reason())).collect();
    let [(id, Reason::InvalidCharacters(_)), reason, comments, ttl] = fields[..] else { panic!("{refused}") };
    assert_eq!(id, "resource_id");
    assert_eq!([reason, comments], [("reason", &Reason::Blank), ("comments", &Reason::Blank)]);
    assert_eq!(ttl, ("ttl", &Reason::OutOfRange));
    let plain = || certificates.revoke(FIRST, RevocationReason::Superseded);
    let problem = |refused: clm::ValidationError| {
        let [problem] = refused.problems() else { panic!("{refused}") };
        (problem.field().to_owned(), problem.reason().clone())
    };
    let minute = Duration::from_secs(60);
    for both in [plain().ttl(minute).in_background(), plain().in_background().ttl(minute)] {
        assert_eq!(problem(both.build().unwrap_err()), ("ttl".to_owned(), Reason::Conflict));
    }
    // The server has to answer before the client stops waiting.
    for ttl in [Duration::from_millis(299_001), Duration::from_secs(300), Duration::MAX] {
        assert_eq!(problem(plain().ttl(ttl).build().unwrap_err()), ("ttl".to_owned(), Reason::OutOfRange));
    }
    plain().ttl(Duration::from_secs(299)).build().unwrap();
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_request_is_no_revocation() {
    let revoked = RevocationState::Revoked;
    for (response, code, id) in [
        (Value::Null, json!("SUCCESS"), None),
        (Value::Null, Value::Null, None),
        // The id of a request tells that it is not over, whatever else is said.
        (json!({"requestId": "R1"}), json!("SUCCESS"), Some("R1")),
        (json!({"requestId": "R1"}), Value::Null, Some("R1")),
        (json!({"RequestIds": [17]}), Value::Null, Some("17")),
    ] {
        let outcome = answered(200, &envelope(response.clone(), code.clone())).await.unwrap();
        assert_eq!((outcome.state == revoked, outcome.request_id()), (id.is_none(), id), "{response} {code}");
        assert_eq!(outcome.is_revoked(), id.is_none());
        assert_eq!(outcome.message.as_deref(), Some("m"));
        assert_eq!(outcome.receipt.attempts(), 1);
    }
    let body = envelope(json!({"requestId": "R1"}), json!("SUCCESS")).to_string();
    let server = Scripted::start([Answer::json(200, &body)]).await;
    let outcome =
        certificates(&server).revoke(FIRST, RevocationReason::Superseded).in_background().send().await.unwrap();
    assert_eq!((outcome.is_revoked(), outcome.request_id()), (false, Some("R1")));
    let gap = outcome.clone().require_complete().unwrap_err();
    assert_eq!(gap.into_outcome(), outcome);
    // An empty object is no word that anything is revoked.
    let outcome = answered(200, &json!({})).await.unwrap();
    assert!(matches!(outcome.state, RevocationState::Requested { request_id: None, .. }), "{outcome:?}");
}

#[tokio::test]
async fn what_waits_for_an_approval_is_not_revoked() {
    for response in [json!({"requestId": "R1"}), Value::Null] {
        let id = response["requestId"].as_str();
        let server =
            Scripted::start([Answer::json(200, &envelope(response.clone(), json!("SUCCESS")).to_string())]).await;
        let revocation = certificates(&server).revoke(FIRST, RevocationReason::Superseded).with_manual_approval();
        let outcome = revocation.send().await.unwrap();
        assert!(matches!(outcome.state, RevocationState::AwaitingApproval { .. }), "{outcome:?}");
        assert_eq!((outcome.is_revoked(), outcome.request_id()), (false, id));
        let error = Error::from(outcome.require_complete().unwrap_err());
        assert!(error.to_string().contains("awaits approval"), "{error}");
    }
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(FIRST, "web-servers");
    let certificates = fake.client().certificates();
    let revocation = certificates.revoke(FIRST, RevocationReason::Superseded).with_manual_approval();
    assert!(!revocation.send().await.unwrap().is_revoked());
    let rows = certificates.search().resource_id(FIRST).rows().unwrap().collect().await.unwrap();
    assert_ne!(rows[0].expiry_status.as_deref(), Some("Revoked"));
}

#[tokio::test]
async fn every_status_ends_as_the_table_says() {
    for (status, code, known) in [
        (400, "VALIDATION_ERROR_0004", ErrorCode::MandatoryFieldMissingOrInvalid),
        (401, "AVX_GW_003", ErrorCode::AuthenticationFailed),
        (403, "AVX_GW_005", ErrorCode::ApiAccessDenied),
        (404, "NO_RECORDS_FOUND", ErrorCode::NoRecords),
        (406, "CERT-VWF-0006", ErrorCode::Other("CERT-VWF-0006".to_owned())),
        (417, "OPEN_WORK_ORDERS_FOUND", ErrorCode::OpenWorkOrders),
        (200, "OPEN_WORK_ORDERS_FOUND", ErrorCode::OpenWorkOrders),
    ] {
        let error = answered(status, &envelope(Value::Null, json!(code))).await.unwrap_err();
        let Error::Api(refused) = error else { panic!("{status} {code}: {error:?}") };
        assert_eq!((refused.status().as_u16(), refused.code(), refused.message()), (status, Some(&known), Some("m")));
    }
    for (status, body) in [
        (408, Value::Null),
        (500, envelope(Value::Null, json!("X"))),
        (503, Value::Null),
        // A 2xx with a code that no page documents, and one that is no envelope.
        (200, envelope(Value::Null, json!("NEW-0001"))),
        (200, json!(["done"])),
    ] {
        let error = answered(status, &body).await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = error else { panic!("{status} {body}: {error:?}") };
        assert_eq!((unknown.status().unwrap().as_u16(), unknown.attempts()), (status, 1));
        let request = unknown.into_request::<RevokeCertificate>().unwrap();
        assert_eq!(*request.resource_id(), FIRST);
    }
}

#[tokio::test]
async fn the_fake_revokes_once_and_asks_for_the_group() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(FIRST, "web-servers");
    let certificates = fake.client().certificates();
    let revoke = |id: &str| certificates.revoke(id, RevocationReason::Superseded).comments("CHG: 1").send();
    fake.deny(AppViewXPermission::WriteGroup("web-servers".to_owned()));
    assert_eq!(revoke(FIRST).await.unwrap_err().code(), Some(&ErrorCode::CurrentGroupDenied));
    fake.allow(&AppViewXPermission::WriteGroup("web-servers".to_owned()));
    assert!(revoke(FIRST).await.unwrap().is_revoked());
    let rows = certificates.search().resource_id(FIRST).rows().unwrap().collect().await.unwrap();
    assert_eq!(rows[0].expiry_status.as_deref(), Some("Revoked"));
    assert_eq!(fake.comments_on(FIRST), ["CHG: 1"]);
    assert_eq!(revoke(FIRST).await.unwrap_err().status().unwrap().as_u16(), 406);
    assert_eq!(revoke("unknown").await.unwrap_err().code(), Some(&ErrorCode::NoRecords));
    assert!(fake.unknown_requests().is_empty());
}
