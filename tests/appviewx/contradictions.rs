//! An answer to a change that says both that it failed and that it succeeded is neither: the outcome is unknown, and the whole
//! answer is kept.

use clm::appviewx::{Client, Credentials, Error, ErrorCode, RevocationReason};
use serde_json::{Value, json};

use crate::support::RawServer;
use crate::support::appviewx::{FIRST, chain, client, request_of, unknown};
use crate::support::scripted::Answer;
use crate::support::sessions::{answering_login, authentication, unassign};

const IDS: &str = r#""Successful Ids": ["67bc2ca76a105e1a05691c1c"]"#;

/// A 200 to an unassignment, an assignment and a revocation.
async fn answered(body: &str) -> [Result<bool, Error>; 3] {
    let server = RawServer::json(200, body).await;
    let client = client(&server.origin);
    let groups = client.certificate_groups();
    let unassigned = groups.unassign([FIRST]).send().await.map(|outcome| outcome.is_complete());
    let assigned = groups.assign("web-servers", [FIRST]).send().await.map(|outcome| outcome.is_complete());
    let revoked = client.certificates().revoke(FIRST, RevocationReason::Superseded).send().await;
    assert_eq!(server.received().len(), 3, "{body}");
    [unassigned, assigned, revoked.map(|outcome| outcome.is_revoked())]
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_is_no_success() {
    for (body, says) in [
        (format!(r#"{{"response": {{"appStatusCode": "FAIL", {IDS}}}}}"#), "successful ids"),
        (
            format!(r#"{{"response": {{"appStatusCode": "CERT-ACL-0006", {IDS}}}, "appStatusCode": null}}"#),
            "successful ids",
        ),
        (format!(r#"{{"response": {{{IDS}}}, "appStatusCode": "CERT-ACL-0006"}}"#), "successful ids"),
        (format!(r#"{{"response": {{"httpStatusCode": 409, {IDS}}}}}"#), "successful ids"),
        (format!(r#"{{"response": {{"status": "FAILED", {IDS}}}}}"#), "successful ids"),
        (format!(r#"{{"response": {{{IDS}}}, "appStatusCode": "FAIL", "appStatusCode": null}}"#), "two different"),
        (format!(r#"{{"response": {{{IDS}}}, "appStatusCode": null, "appStatusCode": "FAIL"}}"#), "two different"),
        (format!(r#"{{"response": {{{IDS}}}, "AppStatusCode": "FAIL", "appStatusCode": "SUCCESS"}}"#), "two different"),
        (format!(r#"{{"response": {{{IDS}, "appstatuscode": null, "appStatusCode": "FAIL"}}}}"#), "two different"),
        (
            r#"{"response": {"appStatusCode": "CERT-ACL-0006"}, "appStatusCode": "SUCCESS"}"#.to_owned(),
            "reports failure, another success",
        ),
        (
            r#"{"response": {"appStatusCode": "CERT-ACL-0006", "status": "SUCCESS"}}"#.to_owned(),
            "reports failure, another success",
        ),
        (format!(r#"{{"response": {{{IDS}}}, "Response": {{"appStatusCode": "FAIL"}}}}"#), "two different responses"),
        (format!(r#"{{"response": {{{IDS}, "successful ids": ["another"]}}}}"#), "two lists"),
        (format!(r#"{{"response": {{{IDS}, "Failed Ids": ["{FIRST}"]}}}}"#), "as both failed and successful"),
        (
            r#"{"response": {"appStatusCode": "FAIL"}}"#.to_owned(),
            "the appStatusCode FAIL is not documented as a refusal",
        ),
        (r#"{"response": {"httpStatusCode": 500}}"#.to_owned(), "no code gives the reason"),
    ] {
        for ended in answered(&body).await {
            let Err(error) = ended else { panic!("{body}: a success") };
            assert_eq!((error.status().map(|it| it.as_u16()), error.body()), (Some(200), Some(&*body)));
            assert!(matches!(error, Error::OutcomeUnknown(_)), "{body}: {error:?}");
            assert!(chain(&error).join(": ").contains(says), "{body}: {:?}", chain(&error));
        }
    }
}

#[tokio::test]
async fn a_contradiction_gives_the_request_back() {
    let body = format!(r#"{{"response": {{"appStatusCode": "FAIL", {IDS}}}}}"#);
    let server = RawServer::json(200, &body).await;
    let error = client(&server.origin).certificate_groups().unassign([FIRST]).send().await.unwrap_err();
    assert_eq!(request_of(unknown(error)).resource_ids(), [FIRST]);
    server.only();
}

/// A documented code inside counts as one outside does.
#[tokio::test]
async fn an_inner_code_that_is_documented_is_a_refusal() {
    for body in [
        r#"{"response": {"appStatusCode": "CERT-ACL-0006", "message": "no"}, "appStatusCode": null}"#,
        r#"{"Response": {"AppStatusCode": "CERT-ACL-0006", "Message": "no", "Successful Ids": []}}"#,
    ] {
        for ended in answered(body).await {
            let Err(error) = ended else { panic!("{body}: a success") };
            assert!(matches!(error, Error::Api(_)), "{body}: {error:?}");
            assert_eq!(
                (error.code(), error.message()),
                (Some(&ErrorCode::CertificateUpdateDenied), Some("no")),
                "{body}"
            );
        }
    }
}

#[tokio::test]
async fn what_only_stands_there_twice_is_a_success() {
    for body in [
        format!(r#"{{"response": {{{IDS}}}, "Response": null}}"#),
        format!(
            r#"{{"response": {{{IDS}, "appStatusCode": "SUCCESS"}}, "appStatusCode": "SUCCESS", "appStatusCode": null}}"#
        ),
        format!(r#"{{"response": {{{IDS}, {IDS}, "httpStatusCode": 200, "status": "Success", "Failed Ids": []}}}}"#),
    ] {
        for ended in answered(&body).await {
            assert!(ended.unwrap_or_else(|error| panic!("{body}: {error:?}")), "{body}: a gap");
        }
    }
}

#[tokio::test]
async fn a_login_that_contradicts_itself_gives_no_session() {
    for (response, problem) in [
        (json!({"sessionId": "session-1", "appStatusCode": "FAIL"}), "the login failed"),
        (json!({"sessionId": "session-1", "status": "FAILED"}), "the login failed"),
        (
            json!({"sessionId": "session-1", "sessionid": "session-2"}),
            "the login response contains two different \
                                                                       session ids",
        ),
        (json!({"sessionId": "session-1", "status": "SUCCESS", "httpStatusCode": 401}), "the login failed"),
    ] {
        let body = json!({"response": response, "appStatusCode": Value::Null}).to_string();
        let server = answering_login(Answer::json(200, &body)).await;
        let client = crate::support::sessions::client(&server);
        let error = unassign(client).await.unwrap_err();
        assert_eq!(authentication(&error).problem(), problem, "{body}");
        assert_eq!(server.received().len(), 1, "{body}: nothing but the login is sent");
    }
}

#[tokio::test]
async fn a_token_that_stands_beside_a_failure_is_none() {
    for body in [
        r#"{"response": "a.b.c", "appStatusCode": "FAIL", "appStatusCode": null}"#,
        r#"{"response": "a.b.c", "Response": "d.e.f"}"#,
    ] {
        let server = RawServer::json(200, body).await;
        let credentials = Credentials::service_account("svc", "secret");
        let client = Client::builder(&server.origin).credentials(credentials).build().unwrap();
        let error = client.certificate_groups().unassign([FIRST]).send().await.unwrap_err();
        assert_eq!(authentication(&error).problem(), "the token request failed", "{body}");
        server.only();
    }
}

#[tokio::test]
async fn a_logout_that_contradicts_itself_leaves_the_session() {
    for body in [
        r#"{"response": {"status": "SUCCESS", "appStatusCode": "FAIL"}}"#,
        r#"{"response": {"status": "SUCCESS"}, "appStatusCode": "FAIL", "appStatusCode": null}"#,
    ] {
        let server = RawServer::json(200, body).await;
        let client = client(&server.origin);
        let error = client.logout().await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown(_)), "{body}: {error:?}");
        assert_eq!(error.body(), Some(body));
        client.logout().await.unwrap_err();
        assert_eq!(server.received().len(), 2, "{body}: the session is still known");
    }
}
