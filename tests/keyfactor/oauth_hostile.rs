//! A token endpoint that is slow, wrong or hostile: the calls end as `Authentication`, nothing reaches the API, and no
//! secret shows.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::time::Duration;

use crate::support::capture;
use crate::support::fault::{Fault, FaultServer, Length};
use crate::support::oauth;
use crate::support::oauth::{
    CLIENT_ID, SECRET, at_once, authentication, builder, client, credentials, remove, taking, token,
};
use crate::support::scripted::{Answer, Scripted, nobody};
use crate::support::texts;
use clm::keyfactor::{Credentials, Error};
use serde_json::json;

const TOKEN: &str = r#"{"access_token": "token-1"}"#;
const PROBLEM: &str = "the token request failed";

/// Everything that an error shows, and everything that was logged meanwhile.
fn shown(error: &Error) -> String {
    let code = if let Error::Authentication(error) = error { error.code() } else { None };
    let accessors = (code, error.message(), error.body());
    let logged = (capture::events(), capture::spans());
    format!("{error:?} {error:#?} {} {accessors:?} {logged:?}", texts(error))
}

/// What a call comes to when the provider answers so. Nothing must have reached the API.
async fn refused(answer: Answer) -> Error {
    capture::start();
    let (idp, api) = (Scripted::start([answer.clone()]).await, taking(1).await);
    let error = remove(client(&api, credentials(&idp).secret_in_form())).await.unwrap_err();
    assert!(api.received().is_empty(), "{answer:?}");
    let shown = shown(&error);
    assert!(!shown.contains("hunter2"), "{answer:?}: {shown}");
    assert_eq!(authentication(&error).problem(), PROBLEM, "{answer:?}");
    error
}

#[tokio::test]
async fn a_success_without_a_usable_token_is_none() {
    let visible = "the token must contain only visible ASCII characters (no line end, for example)";
    for (body, cause) in [
        (json!({}), "the response contains no `access_token`"),
        (json!([]), "the response contains no `access_token`"),
        (json!("hunter2"), "the response contains no `access_token`"),
        (json!({"token": "hunter2"}), "the response contains no `access_token`"),
        (json!({"access_token": null}), "`access_token` is not a string"),
        (json!({"access_token": 7}), "`access_token` is not a string"),
        (json!({"access_token": ["hunter2"]}), "`access_token` is not a string"),
        (json!({"access_token": {"value": "hunter2"}}), "`access_token` is not a string"),
        (json!({"access_token": ""}), "the token must not be empty"),
        (json!({"access_token": " "}), visible),
        (json!({"access_token": "hunter2\r\nx-evil: 1"}), visible),
        (json!({"access_token": "hunter2\n"}), visible),
        (json!({"access_token": "hunter2\u{0}"}), visible),
        (json!({"access_token": "hunter2 hunter2"}), visible),
        (json!({"access_token": "hunter2ü"}), visible),
        (json!({"access_token": "hunter2", "token_type": "mac"}), "`token_type` is not `Bearer`"),
        (json!({"access_token": "hunter2", "token_type": ""}), "`token_type` is not `Bearer`"),
        (json!({"access_token": "hunter2", "token_type": ["Bearer"]}), "`token_type` is not `Bearer`"),
    ] {
        let error = refused(Answer::json(200, &body.to_string())).await;
        let end = format!("POST /: the server returned 200 OK: {cause}");
        assert!(texts(&error).ends_with(&end), "{body}: {}", texts(&error));
        assert_eq!((authentication(&error).code(), authentication(&error).message()), (None, None), "{body}");
    }
}

#[tokio::test]
async fn a_success_that_is_no_json_is_none_and_its_text_is_not_shown() {
    for body in ["", "access_token=hunter2&token_type=bearer", "<title>hunter2</title>", "hunter2", "\"", "{\"hunter2"]
    {
        let error = refused(Answer::json(200, body)).await;
        assert!(texts(&error).contains("not the expected JSON at line"), "{body}: {}", texts(&error));
        assert_eq!(authentication(&error).message(), None, "{body}");
    }
    let error = refused(Answer::json(204, "")).await;
    assert!(texts(&error).contains("204 No Content: not the expected JSON"), "{}", texts(&error));
}

#[tokio::test]
async fn an_error_in_a_success_is_kept() {
    let error = refused(Answer::json(200, r#"{"error": "slow_down", "error_description": "try later"}"#)).await;
    let said = authentication(&error);
    assert_eq!((said.code(), said.message()), (Some("slow_down"), Some("try later")));
}

#[tokio::test]
async fn a_success_is_taken_whatever_it_says_beside_the_token() {
    for answer in [
        json!({"access_token": "token-1"}),
        json!({"access_token": "token-1", "token_type": "bearer", "expires_in": 3600, "scope": 7}),
        json!({"access_token": "token-1", "token_type": "BEARER", "expires_in": "3600"}),
        json!({"access_token": "token-1", "token_type": null, "expires_in": null}),
        json!({"access_token": "token-1", "expires_in": 0}),
        json!({"access_token": "token-1", "expires_in": -3600}),
        json!({"access_token": "token-1", "expires_in": "-1"}),
        json!({"access_token": "token-1", "expires_in": "soon"}),
        json!({"access_token": "token-1", "expires_in": [1]}),
        json!({"access_token": "token-1", "expires_in": 1e300}),
        json!({"access_token": "token-1", "expires_in": u64::MAX}),
        json!({"access_token": "token-1", "error": "none", "refresh_token": "hunter2"}),
    ] {
        let (idp, api) = (Scripted::start([Answer::json(200, &answer.to_string())]).await, taking(1).await);
        let client = client(&api, credentials(&idp));
        for _ in 0..3 {
            assert_eq!(remove(client.clone()).await.unwrap(), 1, "{answer}");
        }
        assert_eq!(idp.received().len(), 1, "{answer}: a lifetime that says nothing causes no request for each call");
    }
}

#[tokio::test]
async fn a_description_that_repeats_the_secret_is_kept_without_it() {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD;
    let form = oauth::SECRET_IN_FORM;
    let pair = base64.encode(format!("{CLIENT_ID}:{form}"));
    for status in [400, 401] {
        for repeated in [SECRET, form, &pair, &base64.encode(SECRET)] {
            let body =
                json!({"error": format!("invalid_{repeated}"), "error_description": format!("bad: {repeated}!")});
            let error = refused(Answer::json(status, &body.to_string())).await;
            let said = authentication(&error);
            assert_eq!((said.code(), said.message()), (Some("invalid_[redacted]"), Some("bad: [redacted]!")));
            assert!(!shown(&error).contains(repeated), "{repeated}");
        }
        let page = format!("<title>no such secret: {SECRET}</title>");
        let error = refused(Answer::with(status, "content-type: text/html\r\n", &page)).await;
        assert_eq!(authentication(&error).message(), Some("no such secret: [redacted]"));
        let long = "a".repeat(490);
        let error = refused(Answer::json(status, &format!("{long}{SECRET}"))).await;
        assert_eq!(authentication(&error).message(), Some(&*format!("{long}[redacted]")));
        let error = refused(Answer::json(status, &json!(format!("no, {SECRET}")).to_string())).await;
        assert_eq!(authentication(&error).message(), Some("no, [redacted]"));
        let error = refused(Answer::json(status, &format!("what is {form}"))).await;
        assert_eq!(authentication(&error).message(), Some("what is [redacted]"));
    }
}

#[tokio::test]
async fn a_refusal_in_another_shape_says_what_it_can() {
    for (body, code, message) in [
        ("", None, None),
        (r#"{"error": {"code": 7}}"#, None, None),
        (r#"{"error": "invalid_client"}"#, Some("invalid_client"), None),
        (r#"{"error": " ", "error_description": ["x"]}"#, None, None),
        ("<html><title>502 Bad Gateway</title></html>", None, Some("502 Bad Gateway")),
        ("no route", None, Some("no route")),
    ] {
        let error = refused(Answer::json(400, body)).await;
        let said = authentication(&error);
        assert_eq!((said.code(), said.message()), (code, message), "{body}");
    }
    let two_lines = r#"{"error": "a\r\nb", "error_description": "c\n\u001b[31md"}"#;
    let error = refused(Answer::json(400, two_lines)).await;
    assert!(error.to_string().ends_with(r"(a\r\nb): c\n\u{1b}[31md"), "{error}");
}

#[tokio::test]
async fn a_redirect_takes_the_secret_nowhere() {
    for status in [301, 302, 303, 307, 308] {
        let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
        foreign.set_nonblocking(true).unwrap();
        let location = format!("location: http://{}/token\r\n", foreign.local_addr().unwrap());
        let error = refused(Answer::with(status, &location, "")).await;
        assert!(texts(&error).contains(&format!("the server returned {status}")), "{}", texts(&error));
        let connected = foreign.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(connected, Err(ErrorKind::WouldBlock), "{status} was followed");
    }
}

#[tokio::test]
async fn a_huge_answer_is_not_read_to_its_end() {
    let huge = format!(r#"{{"access_token": "hunter2{}"}}"#, "a".repeat(1024 * 1024));
    let error = refused(Answer::json(200, &huge)).await;
    assert!(texts(&error).ends_with("the response is larger than 1048576 bytes"), "{}", texts(&error));
    let just = json!({"access_token": "token-1", "more": "a".repeat(1_000_000)});
    let (idp, api) = (Scripted::start([Answer::json(200, &just.to_string())]).await, taking(1).await);
    remove(client(&api, credentials(&idp))).await.unwrap();
}

#[tokio::test]
async fn a_smaller_limit_of_the_client_holds_for_the_endpoint_too() {
    let (idp, api) = (Scripted::start([Answer::json(200, &token(1))]).await, taking(1).await);
    let client = builder(&api, credentials(&idp)).max_answer_bytes(20).build().unwrap();
    let error = remove(client).await.unwrap_err();
    assert!(texts(authentication(&error)).ends_with("the response is larger than 20 bytes"), "{}", texts(&error));
}

#[tokio::test]
async fn whatever_the_connection_does_the_call_was_not_sent() {
    let api = taking(1).await;
    for fault in [
        Fault::CloseOnAccept,
        Fault::Reset,
        Fault::CloseAfterHead,
        Fault::CloseAfterHalfBody,
        Fault::CloseBeforeAnswer,
        Fault::HalfHead,
        Fault::NotHttp,
        Fault::HugeHeader,
        Fault::HalfBody,
        Fault::ChunkedGarbage,
        Fault::ChunkedUnended,
        Fault::Length(Length::NoNumber),
        Fault::Length(Length::Twice),
        Fault::Endless(200),
        Fault::Endless(400),
        Fault::Cut(400),
        Fault::Status(500, None),
        Fault::Status(503, None),
        Fault::Status(429, Some("0")),
        Fault::Html(502),
        Fault::NotUtf8,
        Fault::Gzip,
    ] {
        capture::start();
        let idp = FaultServer::answering(TOKEN);
        idp.play([], fault);
        let credentials = Credentials::client_credentials(format!("{}/token", idp.origin()), CLIENT_ID, SECRET);
        let error = remove(client(&api, credentials)).await.unwrap_err();
        assert_eq!(authentication(&error).problem(), PROBLEM, "{fault:?}");
        assert!(!shown(&error).contains("hunter2"), "{fault:?}");
        assert!(!format!("{error:?} {}", texts(&error)).contains("127.0.0.1"), "{fault:?}: {error:?}");
        assert!(idp.seen().connections > 0, "{fault:?}");
    }
    assert!(api.received().is_empty());
}

#[tokio::test]
async fn an_endpoint_that_nobody_serves_is_named_without_its_url() {
    let api = taking(1).await;
    let url = format!("{}/hidden?tenant=hunter2", nobody());
    let error = remove(client(&api, Credentials::client_credentials(url, CLIENT_ID, SECRET))).await.unwrap_err();
    let texts = texts(authentication(&error));
    assert!(texts.contains("the token request failed: could not connect"), "{texts}");
    assert!(!shown(&error).contains("hidden") && !shown(&error).contains("hunter2"), "{texts}");
}

#[tokio::test]
async fn a_slow_endpoint_runs_into_the_calls_time_limit() {
    let (idp, api) = (Scripted::start([Answer::Silence]).await, taking(1).await);
    let client = builder(&api, credentials(&idp))
        .connect_timeout(Duration::from_millis(500))
        .change_timeout(Duration::from_millis(900))
        .build()
        .unwrap();
    for result in at_once(&client, 20).await {
        let error = result.unwrap_err();
        assert_eq!(authentication(&error).problem(), "not received within the time limit of the call");
    }
    assert!(api.received().is_empty());
}

#[tokio::test]
async fn a_slow_endpoint_runs_into_the_time_limit_of_a_read() {
    let (idp, api) = (Scripted::start([Answer::Silence]).await, taking(1).await);
    let client = builder(&api, credentials(&idp))
        .connect_timeout(Duration::from_millis(200))
        .read_timeout(Duration::from_millis(300))
        .read_budget(Duration::from_millis(800))
        .build()
        .unwrap();
    let error = remove(client).await.unwrap_err();
    assert!(
        texts(authentication(&error)).contains("the token request failed: no response was received"),
        "{}",
        texts(&error)
    );
    assert!(api.received().is_empty());
}

// Accounts lock: those that wait for the same token share its failure.
#[tokio::test]
async fn five_hundred_calls_share_one_refusal() {
    let wrong = r#"{"error": "invalid_client"}"#;
    let (idp, api) = (Scripted::start([Answer::json(401, wrong)]).await, taking(1).await);
    let client = client(&api, credentials(&idp));
    for result in at_once(&client, 500).await {
        assert_eq!(authentication(&result.unwrap_err()).code(), Some("invalid_client"));
    }
    assert_eq!((idp.received().len(), api.received().len()), (2, 0), "the header and the form, once each");
    remove(client).await.unwrap_err();
    assert_eq!(idp.received().len(), 4, "a later call tries anew");
}

#[tokio::test]
async fn a_leader_that_is_dropped_leaves_the_request_to_the_next() {
    let idp = Scripted::choosing(|number, _| match number {
        0 => Answer::Silence,
        _ => Answer::json(200, &token(1)),
    })
    .await;
    let api = taking(1).await;
    let client = client(&api, credentials(&idp));
    let leader = tokio::spawn(remove(client.clone()));
    idp.arrived(1).await;
    leader.abort();
    assert!(leader.await.unwrap_err().is_cancelled());
    assert!(at_once(&client, 50).await.iter().all(|result| matches!(result, Ok(1))));
    assert_eq!(idp.received().len(), 2);
}
