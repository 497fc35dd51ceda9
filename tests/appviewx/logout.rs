//! The logout of AppViewX: on request only, with the session in use, and it never logs in for it.

use crate::support;
use crate::support::capture;
use crate::support::scripted::{Answer, Scripted, nobody};
use crate::support::sessions::*;
use clm::appviewx::{Client, Credentials, Error, LoggedOut, LogoutOutcome, UnassignCertificates};
use clm::testing::FakeAppViewX;
use serde_json::json;

/// A server that answers logouts in turn, and everything else well.
async fn answering_logout(answers: impl IntoIterator<Item = Answer>) -> Scripted {
    let answers: Vec<Answer> = answers.into_iter().collect();
    let logouts = std::sync::atomic::AtomicUsize::new(0);
    Scripted::choosing(move |number, request| {
        if is_logout(request) {
            let logout = logouts.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            answers.get(logout).or(answers.last()).unwrap().clone()
        } else if is_login(request) {
            welcome(&format!("session-{number}"))
        } else {
            Answer::json(200, UNASSIGNED)
        }
    })
    .await
}

fn goodbye() -> Answer {
    let response = json!({"status": "SUCCESS", "statusDescription": "goodbye", "sessionId": "marker-session"});
    Answer::json(200, &envelope(&response))
}

fn logged_out(outcome: Result<LogoutOutcome, Error>) -> LoggedOut {
    match outcome {
        Ok(LogoutOutcome::LoggedOut(logged_out)) => logged_out,
        other => panic!("{other:?}"),
    }
}

/// The sessions that the calls so far came with, without the logins.
fn sessions_sent(server: &Scripted) -> Vec<String> {
    server.received().iter().filter_map(|request| request.header("sessionid").map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_logout_byte_for_byte_and_the_next_call_logs_in_again() {
    let server = answering_logout([goodbye()]).await;
    let client = builder(&server.origin).gwsource("WEB").build().unwrap();
    unassign(client.clone()).await.unwrap();
    let outcome = logged_out(client.logout().await);
    assert_eq!((outcome.message(), outcome.receipt().attempts()), (Some("goodbye"), 1));
    assert!(outcome.receipt().body().contains("goodbye"));

    let logout = server.received()[2].clone();
    assert_eq!(logout.request_line, "POST /avxapi/acctmgmt-perform-logout?gwsource=WEB HTTP/1.1");
    let sent = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = [
        sent("accept", "application/json"),
        sent("accept-encoding", "identity"),
        sent("content-length", "2"),
        sent("content-type", "application/json"),
        sent("host", server.origin.trim_start_matches("http://")),
        sent("sessionid", "session-0"),
        sent("user-agent", &format!("clm/{}", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!((logout.sorted_headers(), logout.body), (expected.to_vec(), b"{}".to_vec()));

    assert_eq!(client.logout().await.unwrap(), LogoutOutcome::NoSession, "it is over already");
    unassign(client).await.unwrap();
    assert_eq!(sessions_sent(&server), ["session-0", "session-0", "session-3"]);
    assert_eq!(logins(&server), 2);
}

#[tokio::test]
async fn a_session_that_was_given_is_ended_too() {
    let server = answering_logout([goodbye()]).await;
    let credentials = Credentials::session_id("session-0");
    let client = Client::builder(&server.origin).credentials(credentials).build().unwrap();
    logged_out(client.logout().await);
    let logout = &server.received()[0];
    assert_eq!(proofs(logout), ["sessionid"]);
    assert_eq!(logout.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type")).count(), 1);
    assert_eq!((logout.header("sessionid"), logout.body.as_slice()), (Some("session-0"), &b"{}"[..]));
}

#[tokio::test]
async fn without_a_session_nothing_is_sent() {
    let fake = FakeAppViewX::start().await;
    for credentials in [fake.login(), fake.password_headers(), fake.service_account()] {
        let client = Client::builder(fake.url()).credentials(credentials).build().unwrap();
        assert_eq!(client.logout().await.unwrap(), LogoutOutcome::NoSession);
        assert!(fake.requests().is_empty(), "no login only to log out");
    }
    for credentials in [fake.password_headers(), fake.service_account()] {
        let client = Client::builder(fake.url()).credentials(credentials).build().unwrap();
        unassign(client.clone()).await.unwrap();
        let before = fake.requests().len();
        assert_eq!(client.logout().await.unwrap(), LogoutOutcome::NoSession);
        assert_eq!(fake.requests().len(), before);
    }
}

#[tokio::test]
async fn with_the_fake_the_session_is_gone() {
    let fake = FakeAppViewX::start().await;
    let client = Client::builder(fake.url()).credentials(fake.login()).build().unwrap();
    unassign(client.clone()).await.unwrap();
    assert_eq!(fake.sessions(), 2);
    assert_eq!(logged_out(client.logout().await).message(), None);
    assert_eq!(fake.sessions(), 1);
    unassign(client.clone()).await.unwrap();
    assert_eq!(fake.sessions(), 2);
    // A client that is dropped ends nothing by itself.
    drop(client);
    assert_eq!(fake.sessions(), 2);
    assert!(fake.unknown_requests().is_empty());
}

#[tokio::test]
async fn a_session_that_is_over_is_a_refusal_and_is_forgotten() {
    let fake = FakeAppViewX::start().await;
    let client = Client::builder(fake.url()).credentials(fake.login()).build().unwrap();
    unassign(client.clone()).await.unwrap();
    fake.expire_sessions();
    let error = client.logout().await.unwrap_err();
    assert!(matches!(&error, Error::Api(api) if api.status() == 401 && api.attempts() == 1), "{error:?}");
    assert_eq!(client.logout().await.unwrap(), LogoutOutcome::NoSession);
    let paths: Vec<_> = fake.requests().iter().map(|request| request.path().to_owned()).collect();
    let expected = ["login", "certificate/group/unassign", "acctmgmt-perform-logout"].map(|it| format!("/avxapi/{it}"));
    assert_eq!(paths, expected, "the 401 must not log in");
}

#[tokio::test]
async fn after_any_other_failure_another_logout_can_end_the_session() {
    let refused = envelope(&json!({"status": "FAILURE", "statusDescription": "not now"}));
    for answer in [
        Answer::json(403, ""),
        Answer::json(407, ""),
        Answer::json(200, &refused),
        Answer::json(200, r#"{"response": null, "appStatusCode": "AVX_1"}"#),
    ] {
        let case = format!("{answer:?}");
        let server = answering_logout([answer, goodbye()]).await;
        let client = client(&server);
        unassign(client.clone()).await.unwrap();
        let error = client.logout().await.unwrap_err();
        assert!(matches!(error, Error::Api(_)), "{case}: {error:?}");
        logged_out(client.logout().await);
        assert_eq!((logins(&server), sessions_sent(&server).len()), (1, 3), "{case}");
    }
}

#[tokio::test]
async fn a_logout_that_stays_open_is_an_unknown_outcome() {
    for answer in [
        Answer::Nothing,
        Answer::cut(200, "{"),
        Answer::json(500, ""),
        Answer::json(503, ""),
        Answer::json(200, ""),
        Answer::json(200, "<html></html>"),
    ] {
        let case = format!("{answer:?}");
        let server = answering_logout([answer, goodbye()]).await;
        let client = client(&server);
        unassign(client.clone()).await.unwrap();
        let error = client.logout().await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = &error else { panic!("{case}: {error:?}") };
        assert_eq!((unknown.request::<UnassignCertificates>(), unknown.attempts()), (None, 1), "{case}");
        assert!(unknown.how_to_find_out().starts_with("Log out again"), "{case}");
        logged_out(client.logout().await);
        assert_eq!(logins(&server), 1, "{case}");
    }
}

#[tokio::test]
async fn a_logout_that_cannot_be_sent_says_so() {
    let credentials = Credentials::session_id("session-0");
    let client = Client::builder(nobody()).credentials(credentials).retry_policy(clm::RetryPolicy::none());
    let error = client.build().unwrap().logout().await.unwrap_err();
    assert!(matches!(&error, Error::Transport(error) if error.attempts() == 1), "{error:?}");
}

#[tokio::test]
async fn a_logout_waits_for_a_login_that_is_under_way_and_ends_its_session() {
    let server = answering_logout([goodbye()]).await;
    let client = client(&server);
    let (result, outcome) = futures_util::join!(unassign(client.clone()), async {
        server.arrived(1).await;
        client.logout().await
    });
    logged_out(outcome);
    result.unwrap();
    let received = server.received();
    let logout = received.iter().find(|request| is_logout(request)).unwrap();
    assert_eq!(logout.header("sessionid"), Some("session-0"), "no session is left behind");
}

#[tokio::test]
async fn a_call_that_pauses_goes_on_with_no_session_that_was_ended_meanwhile() {
    let server = Scripted::choosing(|number, request| {
        if is_login(request) {
            welcome(&format!("session-{number}"))
        } else if is_logout(request) {
            goodbye()
        } else if number == 1 {
            Answer::with(429, "retry-after: 2\r\n", "")
        } else {
            Answer::json(200, UNASSIGNED)
        }
    })
    .await;
    let client = client(&server);
    let (result, outcome) = futures_util::join!(unassign(client.clone()), async {
        server.arrived(2).await;
        client.logout().await
    });
    logged_out(outcome);
    assert_eq!(result.unwrap().receipt().attempts(), 2);
    assert_eq!(sessions_sent(&server), ["session-0", "session-0", "session-3"]);
}

// The calls under way lose their session, and one of them logs in for all.
#[tokio::test]
async fn a_logout_amid_calls_costs_one_login() {
    let fake = FakeAppViewX::start().await;
    let client = Client::builder(fake.url()).credentials(fake.login()).build().unwrap();
    unassign(client.clone()).await.unwrap();
    let (results, outcome) = futures_util::join!(at_once(&client, 200), client.logout());
    logged_out(outcome);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let logins = fake.requests().iter().filter(|request| request.path() == "/avxapi/login").count();
    assert!((1..=2).contains(&logins), "{logins}");
}

#[tokio::test]
async fn a_logout_is_audited_and_shows_no_session() {
    for (answer, ended) in
        [(goodbye(), "done"), (Answer::json(403, ""), "refused"), (Answer::Nothing, "outcome unknown")]
    {
        let server = answering_logout([answer]).await;
        let credentials = Credentials::session_id("marker-session");
        let client = Client::builder(&server.origin).credentials(credentials).build().unwrap();
        capture::start();
        let result = client.logout().await;
        let event = capture::only_audit();
        assert_eq!((event.field("clm.operation"), event.field("ended")), (Some("appviewx.logout"), Some(ended)));
        let mut shown = format!("{result:?} {client:?} {}", capture::lines());
        match result {
            Ok(outcome) => shown += &serde_json::to_string(&outcome).unwrap(),
            Err(error) => shown += &support::texts(&error),
        }
        assert!(!shown.contains("marker"), "{shown}");
    }
}

#[tokio::test]
async fn a_logout_can_be_spawned() {
    let fake = FakeAppViewX::start().await;
    let outcome = tokio::spawn(fake.client().logout()).await.unwrap();
    logged_out(outcome);
}
