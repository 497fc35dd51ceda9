//! The token of an AppViewX service account: fetched on first use, before it expires and after a 401, each time once.

use std::time::{Duration, SystemTime};

use crate::support;
use crate::support::Received;
use crate::support::scripted::{Answer, Scripted};
use crate::support::sessions::{UNASSIGNED, at_once, authentication, envelope, proofs, unassign};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clm::RetryPolicy;
use clm::appviewx::{Client, ClientBuilder, Credentials, Error};
use clm::testing::FakeAppViewX;
use serde_json::{Value, json};

const ID: &str = "svc-account";
const SECRET: &str = "marker:secret/+ü";

fn builder(origin: &str) -> ClientBuilder {
    let at_once = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
    Client::builder(origin).credentials(Credentials::service_account(ID, SECRET)).retry_policy(at_once)
}

fn client(server: &Scripted) -> Client {
    builder(&server.origin).build().unwrap()
}

fn is_token_request(request: &Received) -> bool {
    request.request_line.contains("/acctmgmt-get-service-token?")
}

fn token_requests(server: &Scripted) -> usize {
    server.received().iter().filter(|request| is_token_request(request)).count()
}

/// A token with this claim.
fn token(number: usize, expires: &Value) -> String {
    let claims = json!({"sub": ID, "aud": "avx", "exp": expires, "grant type": "client_credentials", "number": number});
    format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn given(token: &str) -> Answer {
    Answer::json(200, &envelope(&json!(token)))
}

/// A server that answers every token request with this, and takes every token.
async fn answering(answer: Answer) -> Scripted {
    Scripted::choosing(
        move |_, request| {
            if is_token_request(request) { answer.clone() } else { Answer::json(200, UNASSIGNED) }
        },
    )
    .await
}

#[tokio::test]
async fn the_token_request_and_the_call_after_it_byte_for_byte() {
    let server = answering(given("opaque-token")).await;
    let client = builder(&server.origin).build().unwrap();
    assert!(server.received().is_empty(), "nothing is sent before the first call");
    unassign(client.clone()).await.unwrap();
    unassign(client).await.unwrap();
    let received = server.received();
    assert_eq!(received.len(), 3, "{received:#?}");
    assert_eq!(received[0].request_line, "POST /avxapi/acctmgmt-get-service-token?gwsource=external HTTP/1.1");
    let sent = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        received[0].sorted_headers(),
        [
            sent("accept", "application/json"),
            sent("accept-encoding", "identity"),
            sent("authorization", &format!("Basic {}", STANDARD.encode(format!("{ID}:{SECRET}")))),
            sent("content-length", "29"),
            sent("content-type", "application/x-www-form-urlencoded"),
            sent("host", server.origin.trim_start_matches("http://")),
            sent("user-agent", &format!("clm/{}", env!("CARGO_PKG_VERSION"))),
        ]
    );
    assert_eq!(received[0].body, b"grant_type=client_credentials");
    for call in &received[1..] {
        assert_eq!(call.header("token"), Some("opaque-token"));
        assert_eq!(call.header("content-type"), Some("application/json"));
        assert_eq!(proofs(call), ["token"], "one kind of credential");
    }
}

#[tokio::test]
async fn two_hundred_calls_fetch_one_token_and_one_more_when_it_is_over() {
    let fake = FakeAppViewX::start().await;
    let client = Client::builder(fake.url()).credentials(fake.service_account()).build().unwrap();
    let fetched =
        || fake.requests().iter().filter(|request| request.path() == "/avxapi/acctmgmt-get-service-token").count();
    assert!(at_once(&client, 200).await.iter().all(Result::is_ok));
    assert_eq!(fetched(), 1);
    fake.expire_tokens();
    assert!(at_once(&client, 200).await.iter().all(Result::is_ok));
    assert_eq!(fetched(), 2);
    assert!(fake.unknown_requests().is_empty());
}

#[tokio::test]
async fn a_token_is_fetched_anew_before_it_expires() {
    let server = Scripted::choosing(|number, request| {
        if is_token_request(request) {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
            given(&token(number, &json!(now + 2)))
        } else {
            Answer::json(200, UNASSIGNED)
        }
    })
    .await;
    let client = client(&server);
    let renewed = async {
        while token_requests(&server) < 2 {
            unassign(client.clone()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), renewed).await.expect("the claim `exp` is not heeded");
    assert!(server.received().iter().all(|request| is_token_request(request) || request.header("token").is_some()));
}

// Else every call would fetch one.
#[tokio::test]
async fn a_token_without_a_usable_expiry_is_used_until_a_401() {
    for given_token in ["opaque".to_owned(), token(1, &json!(1)), token(1, &Value::Null), "a.!.c".to_owned()] {
        let server = answering(given(&given_token)).await;
        let client = client(&server);
        for _ in 0..3 {
            unassign(client.clone()).await.unwrap();
        }
        assert_eq!(token_requests(&server), 1, "{given_token}");
    }
}

#[tokio::test]
async fn a_401_fetches_one_more_and_a_407_does_not() {
    for (status, requests) in [(401, 2), (407, 1)] {
        let server = Scripted::choosing(move |number, request| match request.header("token") {
            None => given(&format!("token-{number}")),
            Some(_) => Answer::json(status, ""),
        })
        .await;
        let error = unassign(client(&server)).await.unwrap_err();
        assert!(matches!(&error, Error::Api(api) if api.status().as_u16() == status), "{error:?}");
        assert_eq!(token_requests(&server), requests, "{status}");
    }
}

#[tokio::test]
async fn a_refused_request_is_sent_once_and_says_why() {
    let refusal = |code: &str| json!({"response": null, "message": "no", "appStatusCode": code}).to_string();
    for (status, code) in [(400, "ACCT_SA_003"), (400, "OAUTH_CLNT_015"), (400, "ACCT_SA_001"), (401, "X"), (200, "Y")]
    {
        let server = answering(Answer::json(status, &refusal(code))).await;
        let error = unassign(client(&server)).await.unwrap_err();
        let said = authentication(&error);
        assert_eq!(said.problem(), "the token request failed", "{status}");
        assert_eq!((said.code(), said.message(), said.remaining_attempts()), (Some(code), Some("no"), None));
        assert_eq!(server.received().len(), 1, "wrong secrets may lock the account");
    }
}

#[tokio::test]
async fn the_fake_names_what_is_wrong() {
    let fake = FakeAppViewX::start().await;
    for (id, secret, code) in
        [("nobody", "fake-appviewx-secret", "ACCT_SA_003"), ("svc-account", "wrong", "OAUTH_CLNT_015")]
    {
        let credentials = Credentials::service_account(id, secret);
        let error = unassign(Client::builder(fake.url()).credentials(credentials).build().unwrap()).await.unwrap_err();
        assert_eq!(authentication(&error).code(), Some(code));
    }
    fake.set_token_lifetime(Duration::ZERO);
    let client = Client::builder(fake.url()).credentials(fake.service_account()).build().unwrap();
    let error = unassign(client).await.unwrap_err();
    assert!(matches!(&error, Error::Api(api) if api.status() == 401 && api.attempts() == 2), "{error:?}");
}

#[tokio::test]
async fn silence_is_repeated() {
    for answer in [Answer::Nothing, Answer::cut(200, "{"), Answer::json(503, ""), Answer::json(408, "")] {
        let case = format!("{answer:?}");
        let server = Scripted::choosing(move |number, request| match request.header("token") {
            None if number < 2 => answer.clone(),
            None => given("token"),
            Some(_) => Answer::json(200, UNASSIGNED),
        })
        .await;
        unassign(client(&server)).await.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert_eq!(token_requests(&server), 3, "{case}");
    }
}

#[tokio::test]
async fn what_is_no_token_is_not_used() {
    let none = "the token response contains no token";
    let unreadable = "the token response cannot be read";
    let uncarried = "the token response contains a token that is not a valid header value";
    let no_text = "the token response contains a token that is not a string";
    let long = format!(r#"{{"response": "{}"}}"#, "marker".repeat(11_000));
    for (body, problem) in [
        ("{}", none),
        (r#"{"response": null}"#, none),
        (r#"{"response": ""}"#, none),
        (r#"{"response": " "}"#, none),
        (r#"{"response": {"access_token": "marker"}}"#, no_text),
        (r#"{"response": ["marker"]}"#, no_text),
        (r#"{"response": 7}"#, no_text),
        (r#"{"response": "mar ker"}"#, uncarried),
        (r#"{"response": "marker\r\nx-evil: 1"}"#, uncarried),
        (r#"{"response": "märker"}"#, uncarried),
        (long.as_str(), uncarried),
        ("marker", unreadable),
        (r#""marker""#, unreadable),
        ("", unreadable),
        ("<html><title>marker</title></html>", unreadable),
    ] {
        let server = answering(Answer::json(200, body)).await;
        let error = unassign(client(&server)).await.unwrap_err();
        assert_eq!(authentication(&error).problem(), problem, "{body}");
        assert_eq!(server.received().len(), 1, "{body}");
        let shown = format!("{} {error:?}", support::texts(&error));
        assert!(!shown.contains("marker"), "{shown}");
    }
    // Every spelling of the envelope, and what nobody promised beside it.
    for body in [
        r#"{"Response": "token", "Message": null, "AppStatusCode": null, "Tags": "x", "Headers": {}}"#,
        r#"{"response": "token", "tags": {}, "headers": null}"#,
    ] {
        let server = answering(Answer::json(200, body)).await;
        unassign(client(&server)).await.unwrap();
        assert_eq!(server.received()[1].header("token"), Some("token"), "{body}");
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_secret_is_not_quoted() {
    let echo = json!({"message": format!("not {SECRET}"), "appStatusCode": SECRET}).to_string();
    let server = answering(Answer::json(400, &echo)).await;
    let error = unassign(client(&server)).await.unwrap_err();
    let shown = format!("{} {error:?}", support::texts(&error));
    assert!(!shown.contains("marker"), "{shown}");
}

#[test]
fn what_basic_authorisation_cannot_carry_is_refused_before_the_wire() {
    for (id, secret) in
        [("", "s"), (" ", "s"), ("id", ""), ("i:d", "s"), ("id\n", "s"), ("id", "marker\n"), ("id", "\0")]
    {
        let credentials = Credentials::service_account(id, secret);
        let refused = Client::builder("http://localhost").credentials(credentials).build().unwrap_err();
        let Error::Configuration(error) = &refused else { panic!("{id:?}: {refused:?}") };
        assert_eq!(error.setting(), "credentials", "{id:?}");
        assert!(!format!("{refused} {refused:?}").contains("marker"));
    }
}
