//! The login of AppViewX: on first use, again once when the session is over, and the password in no other call.

use std::time::Duration;

use crate::support;
use crate::support::scripted::{Answer, Scripted};
use crate::support::sessions::*;
use clm::RetryPolicy;
use clm::appviewx::{Client, Credentials, Error, ErrorCode, LoginCall};
use clm::testing::{FakeAppViewX, RecordedRequest};
use serde_json::{Value, json};

fn paths(fake: &FakeAppViewX) -> Vec<(String, u16)> {
    let short = |request: &RecordedRequest| request.path().trim_start_matches("/avxapi/").to_owned();
    fake.requests().iter().map(|request| (short(request), request.status())).collect()
}

fn of_fake(fake: &FakeAppViewX) -> Client {
    Client::builder(fake.url()).credentials(fake.login()).build().unwrap()
}

fn status(error: &Error) -> Option<u16> {
    error.status().map(|status| status.as_u16())
}

#[tokio::test]
async fn the_login_and_the_call_after_it_byte_for_byte() {
    for (call, path) in [(LoginCall::Login, "login"), (LoginCall::PerformLogin, "acctmgmt-perform-login")] {
        let server = answering_login(welcome("session-1")).await;
        let client = builder(&server.origin).login_call(call).gwsource("WEB").build().unwrap();
        assert!(server.received().is_empty(), "nothing is sent before the first call");
        unassign(client.clone()).await.unwrap();
        unassign(client).await.unwrap();

        let received = server.received();
        assert_eq!(received.len(), 3, "{received:#?}");
        let host = server.origin.trim_start_matches("http://").to_owned();
        let agent = format!("clm/{}", env!("CARGO_PKG_VERSION"));
        assert_eq!(received[0].request_line, format!("POST /avxapi/{path}?gwsource=WEB HTTP/1.1"));
        let sent = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            received[0].sorted_headers(),
            [
                sent("accept", "application/json"),
                sent("accept-encoding", "identity"),
                sent("content-length", "2"),
                sent("content-type", "application/json"),
                sent("host", &host),
                sent("password", PASSWORD),
                sent("user-agent", &agent),
                sent("username", USER),
            ]
        );
        assert_eq!(received[0].body, b"{}");
        for call in &received[1..] {
            assert_eq!(call.request_line, "PUT /avxapi/certificate/group/unassign?gwsource=WEB HTTP/1.1");
            assert_eq!(call.header("sessionid"), Some("session-1"));
            assert_eq!(proofs(call), ["sessionid"], "one kind of credential");
        }
    }
}

#[tokio::test]
async fn two_hundred_calls_log_in_once_and_once_more_when_the_session_is_over() {
    let fake = FakeAppViewX::start().await;
    let client = of_fake(&fake);
    let logins = || paths(&fake).iter().filter(|(path, _)| path == "login").count();
    assert!(at_once(&client, 200).await.iter().all(Result::is_ok));
    assert_eq!(logins(), 1);
    fake.expire_sessions();
    assert!(at_once(&client, 200).await.iter().all(Result::is_ok));
    assert_eq!(logins(), 2, "one login however many calls see the 401");
    assert_eq!(fake.sessions(), 1);
    for request in fake.requests() {
        let has = |name| request.header(name).is_some();
        assert_eq!((has("sessionid"), has("username"), has("password")), {
            let login = request.path() == "/avxapi/login";
            (!login, login, login)
        });
        assert!(!has("authorization") && !has("token"));
    }
}

#[tokio::test]
async fn two_hundred_calls_whose_login_is_refused_cost_one_attempt() {
    let fake = FakeAppViewX::start().await;
    let client = of_fake(&fake);
    unassign(client.clone()).await.unwrap();
    fake.set_password("changed meanwhile");
    fake.expire_sessions();
    let before = fake.requests().len();
    for result in at_once(&client, 200).await {
        let error = result.unwrap_err();
        let said = authentication(&error);
        assert_eq!(said.problem(), "the login failed");
        assert_eq!(said.message(), Some("Login failed. Invalid credentials"));
        assert_eq!(said.remaining_attempts(), Some(9));
        assert_eq!((status(&error), said.attempts()), (Some(401), 1), "the refusal of the call is kept");
    }
    let logins = || paths(&fake)[before..].iter().filter(|(path, _)| path == "login").count();
    assert_eq!(logins(), 1, "also for the calls that waited for their turn: accounts lock");
    for _ in 0..12 {
        let error = unassign(client.clone()).await.unwrap_err();
        let said = authentication(&error);
        assert_eq!((said.remaining_attempts(), status(&error)), (Some(9), Some(401)), "a later call does not try");
        assert!(said.stands_for().is_some_and(|left| left <= Duration::from_secs(60)), "{:?}", said.stands_for());
        assert!(error.to_string().contains("; not retried, so that the account is not locked"), "{error}");
    }
    assert_eq!(logins(), 1);
}

#[tokio::test]
async fn calls_one_after_the_other_with_a_wrong_password_cost_one_attempt() {
    let fake = FakeAppViewX::start().await;
    fake.set_password("changed before");
    let client = of_fake(&fake);
    for number in 0..12 {
        let error = unassign(client.clone()).await.unwrap_err();
        let said = authentication(&error);
        assert_eq!((said.problem(), said.remaining_attempts()), ("the login failed", Some(9)), "{number}");
        assert_eq!(said.stands_for().is_some(), number > 0);
    }
    assert_eq!(paths(&fake), [("login".to_owned(), 401)]);
    // Another client knows nothing of it.
    fake.set_password("fake-appviewx-password");
    unassign(of_fake(&fake)).await.unwrap();
}

#[tokio::test]
async fn calls_that_are_given_up_one_after_the_other_cost_one_login() {
    let server = answering_login(Answer::Silence).await;
    let client = client(&server);
    tokio::select! {
        result = unassign(client.clone()) => panic!("{result:?}"),
        () = server.arrived(1) => {}
    }
    for _ in 0..10 {
        let error = unassign(client.clone()).await.unwrap_err();
        assert_eq!(
            authentication(&error).problem(),
            "the call that requested it was cancelled before a response was \
                                                      received"
        );
    }
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_locked_account_is_an_authentication_error() {
    let fake = FakeAppViewX::start().await;
    let client = of_fake(&fake);
    fake.set_login_attempts(0);
    let error = unassign(client.clone()).await.unwrap_err();
    let said = authentication(&error);
    assert_eq!(said.message(), Some("Login failed. The account is locked"));
    assert_eq!((said.remaining_attempts(), said.status(), said.attempts()), (Some(0), None, 0));
    assert_eq!(
        error.to_string(),
        "PUT /certificate/group/unassign: could not obtain a valid credential: the login failed: Login failed. The \
         account is locked (0 attempts remain)"
    );
    assert_eq!(support::texts(&*Box::<dyn std::error::Error>::from(error)).matches("POST /login").count(), 1);
    assert_eq!(paths(&fake), [("login".to_owned(), 401)]);
    fake.set_login_attempts(10);
    unassign(of_fake(&fake)).await.unwrap();
}

/// A server that ends the first session with this status, and takes the second one if it is told to.
async fn ending_the_first(status: u16, takes_the_second: bool) -> Scripted {
    Scripted::choosing(move |number, request| match request.header("sessionid") {
        None => welcome(&format!("session-{number}")),
        Some("session-0") => Answer::json(status, ""),
        Some(_) if takes_the_second => Answer::json(200, UNASSIGNED),
        Some(_) => Answer::json(status, ""),
    })
    .await
}

#[tokio::test]
async fn a_401_and_a_407_log_in_again() {
    for status in [401, 407] {
        let server = ending_the_first(status, true).await;
        let client = builder(&server.origin).retry_policy(RetryPolicy::none()).build().unwrap();
        let outcome = unassign(client).await.unwrap();
        assert_eq!((outcome.receipt().attempts(), logins(&server)), (2, 2), "{status}");
        let sessions: Vec<_> = server.received().iter().map(|it| it.header("sessionid").map(str::to_owned)).collect();
        assert_eq!(sessions, [None, Some("session-0".to_owned()), None, Some("session-2".to_owned())], "{status}");
    }
}

#[tokio::test]
async fn a_second_401_is_a_refusal_and_no_loop() {
    for expected in [401, 407] {
        let server = ending_the_first(expected, false).await;
        let error = unassign(client(&server)).await.unwrap_err();
        let Error::Api(api) = &error else { panic!("{error:?}") };
        assert_eq!((api.status().as_u16(), api.attempts(), logins(&server)), (expected, 2, 2));
    }
}

#[tokio::test]
async fn a_401_that_a_login_does_not_cure_leaves_no_sessions_behind() {
    for expected in [401, 407] {
        let server = ending_the_first(expected, false).await;
        let client = client(&server);
        for number in 0..20 {
            let error = unassign(client.clone()).await.unwrap_err();
            let Error::Api(api) = &error else { panic!("{error:?}") };
            let attempts = if number == 0 { 2 } else { 1 };
            assert_eq!((api.status().as_u16(), api.attempts()), (expected, attempts));
        }
        assert_eq!(logins(&server), 2, "not one for every call");
    }
}

// The 407 is then the proxy's, or may be.
#[tokio::test]
async fn a_407_behind_a_proxy_is_a_refusal() {
    let server = ending_the_first(407, true).await;
    let client = builder("http://127.0.0.1:9").proxy(&server.origin).build().unwrap();
    let error = unassign(client).await.unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error:?}");
    assert_eq!((status(&error), logins(&server), server.received().len()), (Some(407), 1, 2));
    // A 401 passed through it.
    let server = ending_the_first(401, true).await;
    unassign(builder("http://127.0.0.1:9").proxy(&server.origin).build().unwrap()).await.unwrap();
    assert_eq!(logins(&server), 2);
}

#[tokio::test]
async fn a_session_that_was_given_is_never_renewed() {
    for expected in [401, 407] {
        let server = ending_the_first(expected, true).await;
        let credentials = Credentials::session_id("session-0");
        let client = Client::builder(&server.origin).credentials(credentials).build().unwrap();
        let error = unassign(client).await.unwrap_err();
        assert!(matches!(&error, Error::Api(api) if api.attempts() == 1), "{error:?}");
        assert_eq!((status(&error), server.received().len()), (Some(expected), 1));
    }
}

#[tokio::test]
async fn the_logins_own_401_and_407_log_in_no_further() {
    for status in [400, 401, 403, 407, 423] {
        let server = answering_login(unwelcome(status, &json!(3))).await;
        let error = unassign(client(&server)).await.unwrap_err();
        assert_eq!(authentication(&error).remaining_attempts(), Some(3), "{status}");
        assert_eq!((server.received().len(), authentication(&error).attempts()), (1, 0), "{status}");
    }
}

/// Every key of the envelope in either spelling, and what nobody promised in `tags` and `headers`.
#[tokio::test]
async fn a_logins_answer_is_read_whatever_its_spelling() {
    let inner = [("sessionId", "status", "appStatusCode"), ("SessionId", "Status", "AppStatusCode")];
    for (response, message, code, tags, headers) in [
        ("response", "message", "appStatusCode", "tags", "headers"),
        ("Response", "Message", "AppStatusCode", "Tags", "Headers"),
    ] {
        for (session, status, inner_code) in inner {
            for loose in [json!({"a": "b"}), json!({}), Value::Null, json!("text"), json!(7)] {
                let body = json!({
                    response: {session: "session-1", status: "SUCCESS", inner_code: null},
                    message: null, code: null, tags: loose, headers: loose,
                });
                assert_logs_in(&body.to_string()).await;
            }
            let body = json!({response: {session: "session-1", status: "SUCCESS", inner_code: null}});
            assert_logs_in(&body.to_string()).await;
            let body = json!({response: {session: "session-1"}, code: "SUCCESS", message: "welcome"});
            assert_logs_in(&format!("\u{feff}{body}")).await;
        }
    }
    for count in [json!(10), json!("10"), Value::Null, json!({"no": "number"})] {
        assert_logs_in(&envelope(&json!({"sessionId": "session-1", "availableLoginAttemptCount": count}))).await;
    }
    assert_logs_in(r#"{"response": null, "Response": {"sessionid": null, "sessionId": "session-1"}}"#).await;
}

async fn assert_logs_in(body: &str) {
    let server = answering_login(Answer::json(200, body)).await;
    unassign(client(&server)).await.unwrap_or_else(|error| panic!("{body}: {error:?}"));
    assert_eq!(server.received()[1].header("sessionid"), Some("session-1"), "{body}");
}

#[tokio::test]
async fn a_login_without_a_session_id_says_what_the_server_said() {
    for (attempts, remaining) in [(json!(2), Some(2)), (json!("2"), Some(2)), (Value::Null, None)] {
        let server = answering_login(unwelcome(200, &attempts)).await;
        let error = unassign(client(&server)).await.unwrap_err();
        let said = authentication(&error);
        assert_eq!(said.problem(), "the login response contains no session id");
        assert_eq!(said.message(), Some("Login failed. Invalid credentials"));
        assert_eq!((said.remaining_attempts(), said.code(), said.attempts()), (remaining, None, 0));
        assert_eq!(server.received().len(), 1);
    }
    for (body, problem, code, message) in [
        ("{}", "the login response contains no session id", None, None),
        (r#"{"response": "FAILURE"}"#, "the login response contains no session id", None, None),
        (r#"{"response": {"sessionId": ""}}"#, "the login response contains no session id", None, None),
        (r#"{"response": {"sessionId": " \t"}}"#, "the login response contains no session id", None, None),
        (
            r#"{"response": {"sessionId": 7}}"#,
            "the login response contains a session id that is not a string",
            None,
            None,
        ),
        (
            r#"{"response": {"sessionId": "session-1"}, "appStatusCode": "AVX_1", "message": "no"}"#,
            "the login failed",
            Some("AVX_1"),
            Some("no"),
        ),
        (
            r#"{"Response": {"AppStatusCode": "AVX_2", "StatusDescription": "inner"}, "Message": "outer"}"#,
            "the login response contains no session id",
            Some("AVX_2"),
            Some("inner"),
        ),
        (r#"{"response": {"message": "inner"}, "appStatusCode": 7}"#, "the login failed", Some("7"), Some("inner")),
    ] {
        let server = answering_login(Answer::json(200, body)).await;
        let error = unassign(client(&server)).await.unwrap_err();
        let said = authentication(&error);
        assert_eq!((said.problem(), said.code(), said.message()), (problem, code, message), "{body}");
        assert_eq!(server.received().len(), 1, "{body}");
    }
}

#[tokio::test]
async fn a_password_of_every_printable_character_arrives_as_it_is() {
    let every: String = (' '..='~').rev().chain("end".chars()).collect();
    assert_eq!(every.chars().filter(|it| it.is_ascii_graphic() || *it == ' ').count(), 95 + 3);
    let server = answering_login(welcome("session-1")).await;
    let credentials = Credentials::login(every.as_str(), every.as_str());
    let client = Client::builder(&server.origin).credentials(credentials).build().unwrap();
    unassign(client).await.unwrap();
    let login = &server.received()[0];
    assert_eq!((login.header("username"), login.header("password")), (Some(every.as_str()), Some(every.as_str())));
}

#[test]
fn what_no_header_carries_is_refused_before_the_wire() {
    for bad in
        ["", " marker", "marker ", "mar\nker", "marker\r\n", "mar\u{7f}ker", "mar\0ker", "mar\tker", "märker", "😀"]
    {
        for credentials in [Credentials::login(USER, bad), Credentials::login(bad, PASSWORD)] {
            let refused = Client::builder("http://localhost").credentials(credentials).build().unwrap_err();
            let Error::Configuration(error) = &refused else { panic!("{bad:?}: {refused:?}") };
            assert_eq!(error.setting(), "credentials", "{bad:?}");
            let shown = format!("{refused} {refused:?}");
            assert!(bad.is_empty() || !shown.contains(bad.trim()), "{shown}");
        }
    }
}

#[tokio::test]
async fn the_fake_refuses_two_kinds_of_credentials_in_one_request() {
    let fake = FakeAppViewX::start().await;
    let session = ("sessionid", "fake-appviewx-session");
    let (user, password) = (("username", USER), ("password", "fake-appviewx-password"));
    let (token, basic) = (("token", "any"), ("authorization", "Basic any"));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["certificate/group/unassign", "acctmgmt-perform-logout"] {
        for (headers, refused) in [
            (&[session][..], false),
            (&[user, password], false),
            (&[session, password], true),
            (&[session, token], true),
            (&[session, basic], true),
            (&[user, password, token], true),
        ] {
            let url = format!("{}/avxapi/{path}?gwsource=external", fake.url());
            let request = if path.starts_with("acct") { http.post(url) } else { http.put(url) };
            let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            let said = request.send().await.unwrap().text().await.unwrap();
            assert_eq!(said.contains("FAKE_TWO_CREDENTIALS"), refused, "{path} {headers:?}: {said}");
        }
    }
}

#[tokio::test]
async fn the_fake_refuses_a_login_as_the_vendor_documents_it() {
    let fake = FakeAppViewX::start().await;
    let login = |user: &str, password: &str| {
        let credentials = Credentials::login(user, password);
        let client = Client::builder(fake.url()).credentials(credentials).login_call(LoginCall::PerformLogin);
        unassign(client.build().unwrap())
    };
    for (user, password) in [(USER, "wrong"), ("nobody", "fake-appviewx-password")] {
        let error = login(user, password).await.unwrap_err();
        assert_eq!(authentication(&error).message(), Some("Login failed. Invalid credentials"));
    }
    login(USER, "fake-appviewx-password").await.unwrap();
    fake.set_login_attempts(0);
    let headers = Client::builder(fake.url()).credentials(fake.password_headers()).build().unwrap();
    let error = unassign(headers).await.unwrap_err();
    assert_eq!(error.code(), Some(&ErrorCode::AuthenticationFailed));
    assert!(fake.unknown_requests().is_empty());
}
