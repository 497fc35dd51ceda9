//! A login that is slow, silent or hostile: it is sent once, what it brings is not trusted, and nothing of it leaks.

use std::net::TcpListener;
use std::time::Duration;

use crate::support;
use crate::support::capture;
use crate::support::scripted::{Answer, Scripted, nobody};
use crate::support::sessions::*;
use clm::RetryPolicy;
use clm::appviewx::{Client, Credentials, Error};
use serde_json::{Value, json};

const CANNOT_CARRY: &str = "the login response contains a session id that is not a valid header value";
const UNREADABLE: &str = "the login response cannot be read";

/// A client that does not wait for long.
fn impatient(server: &Scripted) -> Client {
    builder(&server.origin)
        .connect_timeout(Duration::from_millis(900))
        .change_timeout(Duration::from_secs(2))
        .build()
        .unwrap()
}

/// What one call comes to whose login is answered like this. The login is sent once, and nothing else is.
async fn refused(answer: Answer) -> Error {
    let case = format!("{answer:?}");
    let server = answering_login(answer).await;
    let error = unassign(client(&server)).await.unwrap_err();
    assert_eq!(server.received().len(), 1, "{case}: {error:?}");
    assert_eq!(authentication(&error).attempts(), 0, "{case}");
    assert_nothing_shows(&error);
    error
}

fn assert_nothing_shows(error: &Error) {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(it) = next {
        for shown in [it.to_string(), format!("{it:?}"), format!("{it:#?}")] {
            assert!(!shown.contains("marker"), "{shown}");
            assert!(shown.len() < 4_000, "{} bytes", shown.len());
        }
        assert!(!it.to_string().contains(char::is_control), "{it}");
        next = it.source();
    }
}

#[tokio::test]
async fn silence_is_met_by_one_login_however_many_wait() {
    for answer in [Answer::Silence, Answer::Begun(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec())] {
        let server = answering_login(answer).await;
        for result in at_once(&impatient(&server), 200).await {
            let error = result.unwrap_err();
            assert_eq!(authentication(&error).attempts(), 0);
        }
        assert_eq!(server.received().len(), 1, "two hundred logins after each other would lock the account");
    }
}

#[tokio::test]
async fn a_session_that_ends_in_silence_costs_one_login() {
    let server = Scripted::choosing(|number, request| match request.header("sessionid") {
        None if number == 0 => welcome("session-1"),
        None => Answer::Silence,
        Some(_) => Answer::json(401, ""),
    })
    .await;
    let client = impatient(&server);
    for result in at_once(&client, 200).await {
        let error = result.unwrap_err();
        authentication(&error);
    }
    assert_eq!(logins(&server), 2, "the first, and one that nobody answered");
}

#[tokio::test]
async fn a_login_that_is_left_open_is_not_sent_again() {
    for answer in [
        Answer::Nothing,
        Answer::Bytes(b"HTTP/1.1 200".to_vec()),
        Answer::Bytes(b"220 smtp.example.com ESMTP\r\n".to_vec()),
        Answer::cut(200, r#"{"response": {"sessionId": "marker""#),
        Answer::cut(502, "upstream"),
        Answer::json(408, ""),
        Answer::json(500, "{}"),
        Answer::json(502, ""),
        Answer::with(503, "retry-after: 0\r\n", ""),
        Answer::json(504, ""),
    ] {
        let problem = authentication(&refused(answer.clone()).await).problem();
        assert_eq!(problem, "the login failed", "{answer:?}");
    }
}

#[tokio::test]
async fn a_login_that_cannot_have_arrived_or_was_put_off_is_sent_again() {
    let server = Scripted::choosing(|number, request| match request.header("sessionid") {
        None if number < 2 => Answer::with(429, "retry-after: 0\r\n", ""),
        None => welcome("session-1"),
        Some(_) => Answer::json(200, UNASSIGNED),
    })
    .await;
    unassign(client(&server)).await.unwrap();
    assert_eq!(logins(&server), 3);

    let error = unassign(builder(&nobody()).build().unwrap()).await.unwrap_err();
    assert_eq!(authentication(&error).problem(), "the login failed");
    let texts = support::texts(&error);
    assert!(texts.contains("could not connect"), "{texts}");
}

#[tokio::test]
async fn what_is_no_envelope_is_no_login() {
    let page = "<html><head><title>marker: please sign in</title></head></html>";
    for (body, problem) in [
        (page, UNREADABLE),
        ("", UNREADABLE),
        ("marker-session", UNREADABLE),
        (r#""marker-session""#, UNREADABLE),
        ("[]", UNREADABLE),
        ("null", UNREADABLE),
        (r#"{"sessionId": "marker-session"}"#, UNREADABLE),
        (r#"{"response": [{"sessionId": "marker-session"}]}"#, "the login response contains no session id"),
        (
            r#"{"response": {"sessionId": ["marker-session"]}}"#,
            "the login response contains a session id that is not a \
                                                                string",
        ),
        (
            r#"{"response": {"sessionId": {"marker": 1}}}"#,
            "the login response contains a session id that is not a \
                                                           string",
        ),
        (r#"{"response": {"sessionId": true}}"#, "the login response contains a session id that is not a string"),
    ] {
        let error = refused(Answer::with(200, "content-type: text/html\r\n", body)).await;
        let said = authentication(&error);
        assert_eq!((said.problem(), said.message()), (problem, None), "{body}");
    }
    let deep = format!(r#"{{"response": {}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(authentication(&refused(Answer::json(200, &deep)).await).problem(), UNREADABLE);
}

#[tokio::test]
async fn a_page_in_the_way_gives_its_title() {
    let page = "<html><head><title>Down for\u{1b}[31m maintenance</title></head></html>";
    let error = refused(Answer::with(503, "content-type: text/html\r\n", page)).await;
    assert_eq!(authentication(&error).message(), Some("Down for\u{1b}[31m maintenance"));
    assert!(error.to_string().ends_with(r"the login failed: Down for\u{1b}[31m maintenance"), "{error}");
}

#[tokio::test]
async fn a_session_id_that_no_header_can_carry_is_not_used() {
    let long = "marker".repeat(11_000);
    for id in [
        "marker\r\nx-evil: 1",
        "marker\n",
        " marker",
        "mar ker",
        "marker\0",
        "marker\u{7f}",
        "mar\tker",
        "märker",
        "marker\u{202e}",
        long.as_str(),
    ] {
        let error = refused(Answer::json(200, &envelope(&json!({"sessionId": id})))).await;
        assert_eq!(authentication(&error).problem(), CANNOT_CARRY, "{id:?}");
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_to_its_end() {
    let body = format!(r#"{{"response": {{"sessionId": "{}"}}}}"#, "marker".repeat(100_000));
    let server = answering_login(Answer::json(200, &body)).await;
    let client = builder(&server.origin).max_answer_bytes(64 * 1024).build().unwrap();
    let error = unassign(client).await.unwrap_err();
    assert_eq!((authentication(&error).problem(), server.received().len()), ("the login failed", 1));
    let texts = support::texts(&error);
    assert!(texts.contains("the response is larger than 65536 bytes"), "{texts}");
    assert_nothing_shows(&error);
}

#[tokio::test]
async fn a_redirect_does_not_take_the_password_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
        foreign.set_nonblocking(true).unwrap();
        let location = format!("location: http://{}/avxapi/login\r\n", foreign.local_addr().unwrap());
        let body = envelope(&json!({"sessionId": "marker-session"}));
        let error = refused(Answer::with(status, &location, &body)).await;
        assert_eq!(authentication(&error).problem(), "the login failed", "{status}");
        let connected = foreign.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(connected, Err(std::io::ErrorKind::WouldBlock), "{status} was followed");
    }
}

#[tokio::test]
async fn a_server_that_repeats_the_password_is_quoted_without_it() {
    let echo = format!("no login with {PASSWORD}");
    let kinds: [(u16, Value); 4] = [
        (401, json!({"response": {"statusDescription": echo}})),
        (200, json!({"response": {"appStatusCode": echo}})),
        (400, json!({"message": echo, "appStatusCode": echo})),
        (403, json!(echo)),
    ];
    for (status, body) in kinds {
        let error = refused(Answer::json(status, &body.to_string())).await;
        let said = authentication(&error);
        let quoted: Vec<&str> = [said.code(), said.message()].into_iter().flatten().collect();
        assert!(
            !quoted.is_empty() && quoted.iter().all(|text| *text == "no login with [redacted]"),
            "{body}: {quoted:?}"
        );
        assert_nothing_shows(&error);
    }
}

#[tokio::test]
async fn a_login_has_an_event_for_the_auditor_of_its_own() {
    for (answer, ended) in [
        (welcome("marker-session"), "done"),
        (unwelcome(401, &json!(1)), "refused"),
        (unwelcome(200, &json!(1)), "refused"),
        (Answer::json(200, "marker"), "outcome unknown"),
        (Answer::json(502, "marker"), "outcome unknown"),
        (Answer::Nothing, "outcome unknown"),
    ] {
        let server = answering_login(answer).await;
        capture::start();
        let _ = unassign(client(&server)).await;
        let audit = capture::audit();
        let of = |operation| audit.iter().find(|event| event.field("clm.operation") == Some(operation)).unwrap();
        let login = of("appviewx.login");
        assert_eq!((login.field("ended"), login.field("principal")), (Some(ended), Some(USER)));
        assert_eq!(login.field("attempts"), Some("1"));
        let call = of("appviewx.certificate_groups.unassign");
        let expected = if ended == "done" { "done" } else { "not authenticated" };
        assert_eq!((call.field("ended"), audit.len()), (Some(expected), 2));
        assert!(!capture::lines().contains("marker"), "{}", capture::lines());
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_in_the_middle_of_its_login_leaves_a_trace() {
    let server = answering_login(Answer::Silence).await;
    let client = client(&server);
    capture::start();
    tokio::select! {
        result = unassign(client.clone()) => panic!("{result:?}"),
        () = server.arrived(1) => {}
    }
    assert_eq!(capture::warnings().len(), 1, "whether the server logged in is unknown");
    let ended: Vec<_> = capture::audit()
        .iter()
        .map(|event| (event.field("clm.operation").unwrap().to_owned(), event.field("ended").unwrap().to_owned()))
        .collect();
    let login = ("appviewx.login".to_owned(), "outcome unknown: dropped".to_owned());
    assert!(ended.contains(&login), "{ended:?}");
    assert!(ended.iter().any(|(_, ended)| ended == "dropped before it was sent"), "{ended:?}");
}

// A policy of many tries is no licence to guess passwords.
#[tokio::test]
async fn no_policy_repeats_a_refused_login() {
    let server = answering_login(unwelcome(401, &json!(5))).await;
    let policy = RetryPolicy::DEFAULT.max_tries(50).pauses(Duration::ZERO, Duration::ZERO);
    let credentials = Credentials::login(USER, PASSWORD);
    let client = Client::builder(&server.origin).credentials(credentials).retry_policy(policy).build().unwrap();
    let call = client.certificate_groups().unassign([ID]).repeat_after_silence();
    authentication(&call.send().await.unwrap_err());
    assert_eq!(server.received().len(), 1);
}
