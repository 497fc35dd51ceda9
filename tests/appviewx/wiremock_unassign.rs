//! `PUT /certificate/group/unassign` against mounted mocks, as a user of wiremock tests it: the request is the one of the vendor's page
//! and nothing else, and every status and code of the page's table is its variant.

use std::time::Duration;

use clm::appviewx::{Client, Credentials, Error, ErrorCode, UnassignCertificates};
use clm::{RequestBuilder, RetryPolicy};
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Match, Mock, MockBuilder, MockServer, Request, ResponseTemplate};

use crate::support::only_headers::OnlyHeaders;

const IDS: [&str; 3] = ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c", "67bc2ca76a105e1a05691c3c"];
const SESSION: &str = "an-opaque-session";

/// This query and no other parameter.
struct OnlyQuery(&'static str);

impl Match for OnlyQuery {
    fn matches(&self, request: &Request) -> bool {
        request.url.query() == Some(self.0)
    }
}

const WITH_SESSION: OnlyHeaders =
    OnlyHeaders(&["accept", "accept-encoding", "content-length", "content-type", "host", "sessionid", "user-agent"]);

const WITH_PASSWORD: OnlyHeaders = OnlyHeaders(&[
    "accept",
    "accept-encoding",
    "content-length",
    "content-type",
    "host",
    "password",
    "user-agent",
    "username",
]);

fn client(server: &MockServer, credentials: Credentials) -> Client {
    Client::builder(server.uri())
        .credentials(credentials)
        .retry_policy(RetryPolicy::DEFAULT.max_tries(3).pauses(Duration::ZERO, Duration::ZERO))
        .build()
        .unwrap()
}

/// The page's sample request.
fn unassignment(server: &MockServer) -> RequestBuilder<UnassignCertificates> {
    let client = client(server, Credentials::session_id(SESSION));
    client.certificate_groups().unassign(IDS).comment("Sample Comment")
}

/// A mock of exactly the documented request, without its credentials.
fn documented(body: &Value) -> MockBuilder {
    Mock::given(method("PUT"))
        .and(path("/avxapi/certificate/group/unassign"))
        .and(query_param("gwsource", "external"))
        .and(OnlyQuery("gwsource=external"))
        .and(header("accept", "application/json"))
        .and(header("accept-encoding", "identity"))
        .and(header("content-type", "application/json"))
        .and(header("user-agent", concat!("clm/", env!("CARGO_PKG_VERSION"))))
        .and(body_json(body))
}

fn sample() -> MockBuilder {
    documented(&json!({"resourceIds": IDS, "comment": "Sample Comment"}))
        .and(WITH_SESSION)
        .and(header("sessionid", SESSION))
}

/// The page's sample response, with these ids.
fn success(ids: &[&str]) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({
        "Response": {"Successful Ids": ids},
        "message": "Group unassign action successfully performed",
        "appStatusCode": null,
        "Tags": {},
        "Headers": null,
    }))
}

#[tokio::test]
async fn the_documented_request_gives_the_ids_that_were_unassigned() {
    let server = MockServer::start().await;
    sample().respond_with(success(&IDS)).expect(1).mount(&server).await;
    let outcome = unassignment(&server).send().await.unwrap();
    server.verify().await;
    assert_eq!(outcome.successful_ids(), IDS);
    assert_eq!(outcome.message(), Some("Group unassign action successfully performed"));
    assert_eq!(outcome.receipt().attempts(), 1);
    outcome.require_complete().unwrap();
}

#[tokio::test]
async fn the_comment_is_optional_and_user_and_password_stand_for_the_session() {
    let server = MockServer::start().await;
    documented(&json!({"resourceIds": [IDS[0]]}))
        .and(WITH_PASSWORD)
        .and(header("username", "svc-clm"))
        .and(header("password", "secret"))
        .respond_with(success(&IDS[..1]))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&server, Credentials::password_headers("svc-clm", "secret"));
    let outcome = client.certificate_groups().unassign([IDS[0]]).send().await.unwrap();
    server.verify().await;
    assert_eq!(outcome.successful_ids(), [IDS[0]]);
}

#[tokio::test]
async fn ids_that_the_answer_does_not_name_are_unconfirmed() {
    let server = MockServer::start().await;
    sample().respond_with(success(&IDS[..2])).expect(1).mount(&server).await;
    let outcome = unassignment(&server).send().await.unwrap();
    server.verify().await;
    assert_eq!((outcome.successful_ids().len(), outcome.unconfirmed_ids().len()), (2, 1));
    assert_eq!(outcome.unconfirmed_ids(), [IDS[2]]);
    let gap = outcome.require_complete().unwrap_err();
    assert_eq!(gap.outcome().unconfirmed_ids(), [IDS[2]]);
}

/// The page's table of status codes, from top to bottom.
fn status_codes() -> [(u16, &'static str, &'static str, ErrorCode); 12] {
    [
        (401, "AVX_GW_003", "Authentication failed, reason: Invalid credentials", ErrorCode::AuthenticationFailed),
        (
            400,
            "VALIDATION_ERROR_0004",
            "Mandatory field missing or invalid value",
            ErrorCode::MandatoryFieldMissingOrInvalid,
        ),
        (400, "VALIDATION_ERROR_0004", "comment exceeds the 255-character limit.", ErrorCode::CommentTooLong),
        (400, "CERT-GEN-0033", "Invalid characters in the comments.", ErrorCode::CommentCharacters),
        (403, "AVX_GW_005", "User does not have access to the targeted API.", ErrorCode::ApiAccessDenied),
        (
            403,
            "CERT-ACL-0006",
            "Access denied since user does not have all the requisite permissions to update certificates.",
            ErrorCode::CertificateUpdateDenied,
        ),
        (
            403,
            "CERT-ACF-0058",
            "User does not have the relevant permissions to perform this action.",
            ErrorCode::CategoryDenied,
        ),
        (
            403,
            "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED",
            "User does not have RW permission for the certificate group to which the certificate belongs.",
            ErrorCode::CurrentGroupDenied,
        ),
        (
            403,
            "ACF_NOT_AVAILABLE_FOR_SERVER_CERT",
            "User does not have view permission for the server certificate inventory.",
            ErrorCode::ServerInventoryDenied,
        ),
        (
            403,
            "ACF_NOT_AVAILABLE_FOR_CLIENT_CERT",
            "User does not have view permission for the client certificate inventory.",
            ErrorCode::ClientInventoryDenied,
        ),
        (
            403,
            "ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT",
            "User does not have view permission for the code signing certificate inventory.",
            ErrorCode::CodeSigningInventoryDenied,
        ),
        (
            404,
            "DEFAULT_CERT_GROUP_PERMISSION_DENIED",
            "User should have RW permissions for the default certificate group before unassigning certificate.",
            ErrorCode::DefaultGroupDenied,
        ),
    ]
}

#[tokio::test]
async fn every_documented_status_and_code_is_its_variant_and_is_sent_once() {
    for (status, code, message, expected) in status_codes() {
        let server = MockServer::start().await;
        let body = json!({"response": null, "message": message, "appStatusCode": code, "tags": {}, "headers": null});
        let answer = ResponseTemplate::new(status).set_body_json(body);
        sample().respond_with(answer).expect(1).named(code).mount(&server).await;
        let outcome = unassignment(&server).send().await;
        server.verify().await;
        let Err(Error::Api(refusal)) = outcome else { panic!("{code}: {outcome:?}") };
        assert_eq!(refusal.status().as_u16(), status, "{code}");
        assert_eq!(refusal.code(), Some(&expected), "{code}");
        assert_eq!(expected.as_str(), code);
        assert_eq!(refusal.message(), Some(message), "{code}");
        assert!(refusal.remediation().is_some(), "{code}");
        assert_eq!(refusal.attempts(), 1, "{code}");
    }
}

#[tokio::test]
async fn a_failure_inside_a_success_is_a_refusal() {
    // "It is a non-null value for a failure response."
    let server = MockServer::start().await;
    let body =
        json!({"response": null, "message": "no", "appStatusCode": "CERT-GEN-0033", "tags": {}, "headers": null});
    sample().respond_with(ResponseTemplate::new(200).set_body_json(body)).expect(1).mount(&server).await;
    let outcome = unassignment(&server).send().await;
    server.verify().await;
    let Err(Error::Api(refusal)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refusal.status().as_u16(), refusal.code()), (200, Some(&ErrorCode::CommentCharacters)));
}

#[tokio::test]
async fn too_many_requests_are_tried_again_and_a_failing_server_is_not() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(429).insert_header("Retry-After", "0");
    sample().respond_with(answer).expect(3).mount(&server).await;
    let outcome = unassignment(&server).send().await;
    server.verify().await;
    let Err(Error::Api(refusal)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refusal.status().as_u16(), refusal.attempts()), (429, 3));

    for status in [408, 500, 502, 503, 504] {
        let server = MockServer::start().await;
        sample().respond_with(ResponseTemplate::new(status)).expect(1).mount(&server).await;
        let outcome = unassignment(&server).send().await;
        server.verify().await;
        let Err(Error::OutcomeUnknown(unknown)) = outcome else { panic!("{status}: {outcome:?}") };
        assert_eq!((unknown.status().map(|it| it.as_u16()), unknown.attempts()), (Some(status), 1));
    }
}

#[tokio::test]
async fn what_the_page_forbids_is_not_sent() {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any()).respond_with(success(&IDS)).expect(0).mount(&server).await;
    let groups = client(&server, Credentials::session_id(SESSION)).certificate_groups();
    for comment in ["<b>bold</b>".to_owned(), "50 % off!".to_owned(), "x".repeat(256)] {
        let error = groups.unassign(IDS).comment(&comment).send().await.unwrap_err();
        let Error::Validation(refused) = error else { panic!("{comment}: {error:?}") };
        assert_eq!(refused.problems().len(), 1, "{comment}");
        assert_eq!(refused.problems()[0].field(), "comment", "{comment}");
    }
    server.verify().await;
}
