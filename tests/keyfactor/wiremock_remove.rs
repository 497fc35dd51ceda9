//! `POST /CertificateStores/Certificates/Remove` against mounted mocks, as a user of wiremock tests it: the request is the one of the
//! vendor's page and nothing else, and what the page says of the answers is what the client says.

use clm::RequestBuilder;
use clm::RetryPolicy;
use clm::keyfactor::{
    CertificateLocation, Client, Credentials, Error, ErrorCode, ErrorKind, RemoveCertificates, RemoveOutcome, Schedule,
};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Match, Mock, MockBuilder, MockServer, Request, ResponseTemplate};

use crate::support::only_headers::OnlyHeaders;

const IIS: Uuid = Uuid::from_u128(0x1150_0000_0000_4000_8000_0000_0000_0001);
const NETSCALER: Uuid = Uuid::from_u128(0x2e75_0000_0000_4000_8000_0000_0000_0002);
const JOBS: [&str; 2] = ["7ab10000-0000-4000-8000-000000000001", "7ab10000-0000-4000-8000-000000000002"];
const REMOVE: &str = "/KeyfactorAPI/CertificateStores/Certificates/Remove";

/// `EXAMPLE\svc-clm` with the password `secret`.
const BASIC: &str = "Basic RVhBTVBMRVxzdmMtY2xtOnNlY3JldA==";

/// No query at all.
struct NoQuery;

impl Match for NoQuery {
    fn matches(&self, request: &Request) -> bool {
        request.url.query().is_none()
    }
}

const HEADERS: OnlyHeaders = OnlyHeaders(&[
    "accept",
    "accept-encoding",
    "authorization",
    "content-length",
    "content-type",
    "host",
    "user-agent",
    "x-keyfactor-api-version",
    "x-keyfactor-requested-with",
]);

/// The page's example: one IIS personal store and one `NetScaler` store.
fn removal(server: &MockServer) -> RequestBuilder<RemoveCertificates> {
    let client = Client::builder(server.uri())
        .credentials(Credentials::basic(r"EXAMPLE\svc-clm", "secret"))
        .retry_policy(RetryPolicy::DEFAULT.max_tries(3).pauses(Duration::ZERO, Duration::ZERO))
        .build()
        .unwrap();
    client.certificate_stores().remove_certificates(
        [
            CertificateLocation::new(IIS, "8D9F5B3A1C2E4D6F8A0B1C2D3E4F5A6B7C8D9E0F"),
            CertificateLocation::new(NETSCALER, "web01.crt").job_field("RemoveFromServer", "true"),
        ],
        Schedule::Immediate,
    )
}

fn body() -> Value {
    json!({
        "CertificateStores": [
            {"CertificateStoreId": IIS, "Alias": "8D9F5B3A1C2E4D6F8A0B1C2D3E4F5A6B7C8D9E0F"},
            {"CertificateStoreId": NETSCALER, "Alias": "web01.crt", "JobFields": {"RemoveFromServer": "true"}},
        ],
        "Schedule": {"Immediate": true},
    })
}

/// A mock of exactly the documented request.
fn documented(body: &Value) -> MockBuilder {
    Mock::given(method("POST"))
        .and(path(REMOVE))
        .and(NoQuery)
        .and(HEADERS)
        .and(header("accept", "application/json"))
        .and(header("accept-encoding", "identity"))
        .and(header("authorization", BASIC))
        .and(header("content-type", "application/json"))
        .and(header("user-agent", concat!("clm/", env!("CARGO_PKG_VERSION"))))
        .and(header("x-keyfactor-api-version", "1"))
        .and(header("x-keyfactor-requested-with", "APIClient"))
        .and(body_json(body))
}

async fn answered(answer: ResponseTemplate, requests: u64) -> (Result<RemoveOutcome, Error>, MockServer) {
    let server = MockServer::start().await;
    documented(&body()).respond_with(answer).expect(requests).mount(&server).await;
    let outcome = removal(&server).send().await;
    server.verify().await;
    (outcome, server)
}

fn jobs() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(JOBS)
}

#[tokio::test]
async fn the_documented_request_gives_the_ids_of_the_jobs() {
    let (outcome, _server) = answered(jobs().insert_header("X-Keyfactor-Correlation-Id", "c0de"), 1).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.job_ids().iter().map(ToString::to_string).collect::<Vec<_>>(), JOBS);
    assert_eq!(outcome.receipt().attempts(), 1);
    assert_eq!(outcome.receipt().correlation_id(), Some("c0de"));
    outcome.require_complete().unwrap();
}

#[tokio::test]
async fn a_collection_is_in_the_body_and_a_container_is_not_beside_it() {
    // "Use either ContainerId or CollectionId, not both. If both are specified, CollectionId takes precedence."
    for (set, expected) in [
        (
            (|call| call.collection_id(4))
                as fn(RequestBuilder<RemoveCertificates>) -> RequestBuilder<RemoveCertificates>,
            json!({"CollectionId": 4}),
        ),
        (|call| call.container_id(7), json!({"ContainerId": 7})),
        (|call| call.container_id(7).collection_id(4), json!({"CollectionId": 4})),
    ] {
        let server = MockServer::start().await;
        let mut expected_body = body();
        expected_body.as_object_mut().unwrap().extend(expected.as_object().unwrap().clone());
        documented(&expected_body).respond_with(jobs()).expect(1).mount(&server).await;
        assert_eq!(set(removal(&server)).send().await.unwrap().job_ids().len(), 2, "{expected}");
        server.verify().await;
    }
}

#[tokio::test]
async fn a_schedule_is_in_the_body() {
    let server = MockServer::start().await;
    let mut at = body();
    at["CertificateStores"] = json!([{"CertificateStoreId": IIS, "Alias": "a"}]);
    at["Schedule"] = json!({"ExactlyOnce": {"Time": "2026-12-24T18:00:00.000Z"}});
    documented(&at).respond_with(ResponseTemplate::new(200).set_body_json([JOBS[0]])).expect(1).mount(&server).await;
    let client = Client::builder(server.uri()).credentials(Credentials::basic(r"EXAMPLE\svc-clm", "secret"));
    let stores = client.build().unwrap().certificate_stores();
    let when = Schedule::ExactlyOnce { time: "2026-12-24T18:00:00Z".parse().unwrap() };
    let call = stores.remove_certificates([CertificateLocation::new(IIS, "a")], when);
    assert_eq!(call.send().await.unwrap().job_ids().len(), 1);
    server.verify().await;
}

#[tokio::test]
async fn every_documented_refusal_is_a_kind_and_is_sent_once() {
    let said = |code: &str, message: &str| json!({"ErrorCode": code, "Message": message});
    // The page names the permissions and no status; the statuses and codes are those of the vendor's pages on errors.
    for (status, said, kind, code) in [
        (400, said("0xA0110002", "No private key."), ErrorKind::BadRequest, Some(ErrorCode::PrivateKeyNotFound)),
        (401, Value::Null, ErrorKind::Unauthorized, None),
        (403, said("0xA0140002", "User 7 may not."), ErrorKind::Forbidden, Some(ErrorCode::PermissionDenied)),
        (404, said("0xA0130000", "No such store."), ErrorKind::NotFound, Some(ErrorCode::ObjectNotFound)),
        (413, Value::Null, ErrorKind::PayloadTooLarge, None),
    ] {
        let (outcome, _server) = answered(ResponseTemplate::new(status).set_body_json(&said), 1).await;
        let Err(Error::Api(refusal)) = outcome else { panic!("{status}: {outcome:?}") };
        assert_eq!(refusal.status().as_u16(), status);
        assert_eq!(refusal.kind(), kind, "{status}");
        assert_eq!(refusal.code(), code.as_ref(), "{status}");
        assert_eq!(refusal.message(), said["Message"].as_str(), "{status}");
        assert!(refusal.remediation().is_some(), "{status}");
    }
}

#[tokio::test]
async fn too_many_requests_are_tried_again_and_a_failing_server_is_not() {
    let (outcome, _server) = answered(ResponseTemplate::new(429).insert_header("Retry-After", "0"), 3).await;
    let Err(Error::Api(refusal)) = outcome else { panic!("{outcome:?}") };
    assert_eq!((refusal.status().as_u16(), refusal.attempts()), (429, 3));

    for status in [408, 500, 502, 503, 504] {
        let (outcome, _server) = answered(ResponseTemplate::new(status), 1).await;
        let Err(Error::OutcomeUnknown(unknown)) = outcome else { panic!("{status}: {outcome:?}") };
        assert_eq!(unknown.status().map(|it| it.as_u16()), Some(status));
        assert_eq!(unknown.attempts(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_success_of_another_shape_is_no_success() {
    for answer in [json!({"jobs": JOBS}), json!("done")] {
        let (outcome, _server) = answered(ResponseTemplate::new(200).set_body_json(&answer), 1).await;
        match outcome {
            Err(Error::OutcomeUnknown(unknown)) => {
                assert_eq!(unknown.status().map(|it| it.as_u16()), Some(200), "{answer}");
            }
            other => panic!("{answer}: {other:?}"),
        }
    }
    // One job less than locations: a gap that the caller sees.
    let (outcome, _server) = answered(ResponseTemplate::new(200).set_body_json([JOBS[0]]), 1).await;
    let outcome = outcome.unwrap();
    assert_eq!(outcome.job_ids().len(), 1);
    let gap = outcome.require_complete().unwrap_err();
    assert_eq!(gap.outcome().job_ids().len(), 1);
}
