//! No secret of a login or of a service account shows: not in logs, Debug, Display, errors and their sources, URLs, or
//! serialised outcomes; and each travels in its own call only.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use crate::support::capture;
use crate::support::fault::{Fault, FaultServer};
use crate::support::scripted::{Answer, Scripted, nobody};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use clm::RetryPolicy;
use clm::appviewx::{self, Client, Credentials};
use clm::testing::FakeAppViewX;
use serde_json::json;

const USER: &str = "svc-clm";
const UNASSIGNED: &str = r#"{"response": {"Successful Ids": ["id-1"]}, "appStatusCode": null}"#;

// No part of one stands in another or in anything that the crate says by itself.
const PASSWORD: &str = "Zq7Marker+Password/1f0c";
const SECRET: &str = "Zq7Marker:Secret/9d3e";
const SESSION: &str = "Zq7Marker_Session~77ab";
const TOKEN: &str = "Zq7Marker.Token.5b21";

/// What must be found nowhere: the markers, and what they become on the wire.
fn forbidden() -> Vec<String> {
    let mut forbidden = vec!["Zq7Marker".to_owned()];
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        for secret in [&format!("{USER}:{SECRET}"), PASSWORD, SECRET, SESSION, TOKEN] {
            forbidden.push(engine.encode(secret));
        }
    }
    forbidden
}

/// Everything that a program may print.
#[derive(Default)]
struct Shown(Vec<String>);

impl Shown {
    fn debug(&mut self, value: &impl Debug) {
        self.0.push(format!("{value:?} {value:#?}"));
    }

    fn error(&mut self, error: &(dyn Error + 'static)) {
        let mut next = Some(error);
        while let Some(error) = next {
            self.debug(&error);
            self.0.push(format!("{error} {error:#}"));
            next = error.source();
        }
    }

    fn failure(&mut self, error: &appviewx::Error) {
        self.error(error);
        self.debug(&(error.status(), error.code(), error.message(), error.remediation(), error.body()));
        if let appviewx::Error::Authentication(error) = error {
            self.debug(&(error.code(), error.message(), error.problem(), error.status()));
        }
    }

    fn assert_clean(&self, case: &str) {
        let forbidden = forbidden();
        for text in self.0.iter().chain([&capture::everything()]) {
            if let Some(leak) = forbidden.iter().find(|leak| text.contains(leak.as_str())) {
                panic!("{case}: {leak} shows in: {text}");
            }
        }
    }
}

fn all_credentials() -> [Credentials; 2] {
    [Credentials::login(USER, PASSWORD), Credentials::service_account(USER, SECRET)]
}

/// A call and a logout with each credential, and everything that can be shown of it.
async fn try_everything(shown: &mut Shown, origin: &str, all: [Credentials; 2]) {
    let at_once = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
    for credentials in all {
        shown.debug(&credentials);
        let builder = Client::builder(origin).credentials(credentials).retry_policy(at_once);
        shown.debug(&builder);
        let client = builder.build().unwrap();
        for _ in 0..2 {
            match client.certificate_groups().unassign(["id-1"]).send().await {
                Ok(outcome) => shown.0.push(serde_json::to_string(&outcome).unwrap()),
                Err(error) => shown.failure(&error),
            }
            // With a credential in it, and without.
            shown.debug(&client);
            match client.logout().await {
                Ok(outcome) => {
                    shown.debug(&outcome);
                    shown.0.push(serde_json::to_string(&outcome).unwrap());
                }
                Err(error) => shown.failure(&error),
            }
        }
        shown.debug(&client);
    }
}

/// A server that gives credentials, and answers calls and logouts with this.
async fn giving(answer: Answer) -> Scripted {
    Scripted::choosing(move |_, request| {
        let line = &request.request_line;
        if line.contains("/login?") {
            Answer::json(200, &json!({"response": {"sessionId": SESSION}}).to_string())
        } else if line.contains("/acctmgmt-get-service-token?") {
            Answer::json(200, &json!({"response": TOKEN}).to_string())
        } else {
            answer.clone()
        }
    })
    .await
}

/// The secrets did travel, each in its own call; without this, the tests would prove nothing.
fn assert_travelled(server: &Scripted, case: &str) {
    let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{SECRET}")));
    let mut kinds = Vec::new();
    for request in server.received() {
        assert!(!request.request_line.contains("Zq7Marker"), "{case}: a secret in a URL: {}", request.request_line);
        assert!(!String::from_utf8_lossy(&request.body).contains("Zq7Marker"), "{case}: a secret in a body");
        let line = &request.request_line;
        let (name, secret) = if line.contains("/login?") {
            ("password", PASSWORD)
        } else if line.contains("/acctmgmt-get-service-token?") {
            ("authorization", basic.as_str())
        } else if request.header("token").is_some() {
            ("token", TOKEN)
        } else {
            ("sessionid", SESSION)
        };
        assert_eq!(request.header(name), Some(secret), "{case}: {line}");
        let proofs = ["password", "authorization", "token", "sessionid"];
        assert_eq!(proofs.iter().filter(|name| request.header(name).is_some()).count(), 1, "{case}: {line}");
        kinds.push(name);
    }
    for kind in ["password", "authorization", "token", "sessionid"] {
        assert!(kinds.contains(&kind), "{case}: nothing was sent with {kind}");
    }
}

#[tokio::test]
async fn no_secret_shows_whatever_the_server_does() {
    capture::start();
    for (case, answer) in [
        ("taken", Answer::json(200, UNASSIGNED)),
        ("another shape", Answer::json(200, "7")),
        ("unauthorised", Answer::json(401, "")),
        ("proxy", Answer::json(407, "")),
        ("forbidden", Answer::json(403, r#"{"message": "no", "appStatusCode": "AVX_GW_005"}"#)),
        ("failing", Answer::json(500, "{}")),
        ("redirect", Answer::with(307, "location: http://127.0.0.1:9/\r\n", "")),
        ("cut", Answer::cut(200, UNASSIGNED)),
        ("no answer", Answer::Nothing),
    ] {
        let server = giving(answer).await;
        let mut shown = Shown::default();
        try_everything(&mut shown, &server.origin, all_credentials()).await;
        assert_travelled(&server, case);
        shown.assert_clean(case);
    }
    assert!(capture::everything().contains("clm.call"), "nothing was captured");
}

/// A status and a body that say this.
type Says = fn(&str) -> (u16, String);

/// What the server says repeats the secrets that came with the call. The raw body is left as it came.
#[tokio::test]
async fn a_refusal_that_repeats_a_secret_is_quoted_without_it() {
    capture::start();
    let bodies: [Says; 5] = [
        |said| (400, json!({"message": said, "appStatusCode": said}).to_string()),
        |said| (403, json!({"response": {"message": said, "appStatusCode": said}}).to_string()),
        |said| (200, json!({"message": said, "appStatusCode": "AVX_GW_005"}).to_string()),
        // A code that no page documents leaves the outcome open, and stands in the cause.
        |said| (200, json!({"message": said, "appStatusCode": said}).to_string()),
        // Where a text is cut, half a secret must not stay.
        |said| (400, format!("{}{said}", "x".repeat(480))),
    ];
    for body in bodies {
        let all = all_credentials().into_iter();
        for credentials in all.chain([Credentials::session_id(SESSION), Credentials::password_headers(USER, PASSWORD)])
        {
            let server = Scripted::choosing(move |_, request| {
                let line = &request.request_line;
                let carried = ["sessionid", "token", "password"].map(|name| request.header(name).unwrap_or_default());
                if line.contains("/login?") {
                    Answer::json(200, &json!({"response": {"sessionId": SESSION}}).to_string())
                } else if line.contains("/acctmgmt-get-service-token?") {
                    Answer::json(200, &json!({"response": TOKEN}).to_string())
                } else {
                    let (status, body) = body(&format!("{USER}: {}", carried.concat()));
                    Answer::json(status, &body)
                }
            })
            .await;
            let mut shown = Shown::default();
            let case = format!("{credentials:?}");
            let client = Client::builder(&server.origin).credentials(credentials).build().unwrap();
            let error = client.certificate_groups().unassign(["id-1"]).send().await.unwrap_err();
            assert!(error.body().unwrap().contains("Zq7Marker"), "{case}: nothing came back");
            match &error {
                appviewx::Error::OutcomeUnknown(unknown) => assert_eq!(unknown.message(), None, "{case}"),
                _ => assert!(error.message().unwrap().ends_with("svc-clm: [redacted]"), "{case}: {error}"),
            }
            shown.error(&error);
            shown.debug(&(error.code(), error.message()));
            if let Err(error) = client.logout().await {
                shown.error(&error);
                shown.debug(&(error.code(), error.message()));
            }
            shown.assert_clean(&case);
        }
    }
}

#[tokio::test]
async fn no_secret_shows_when_no_credential_is_had() {
    capture::start();
    let echo = |secret: &str| json!({"message": secret, "appStatusCode": secret}).to_string();
    for (case, answer) in [
        ("unauthorised", Answer::json(401, "")),
        ("html", Answer::with(502, "content-type: text/html\r\n", "<title>502 Bad Gateway</title>")),
        ("the password comes back", Answer::json(401, &echo(PASSWORD))),
        ("half of it where the text is cut", Answer::json(502, &format!("{}{PASSWORD}", "x".repeat(490)))),
        ("a session in another shape", Answer::json(200, &json!(SESSION).to_string())),
        ("a session that no header carries", {
            Answer::json(200, &json!({"response": {"sessionId": format!("{SESSION}\n")}}).to_string())
        }),
        ("a token that no header carries", {
            Answer::json(200, &json!({"response": format!("{TOKEN} {TOKEN}")}).to_string())
        }),
        ("cut", Answer::cut(200, SESSION)),
        ("no answer", Answer::Nothing),
    ] {
        let server = Scripted::start([answer]).await;
        let mut shown = Shown::default();
        let login = Credentials::login(USER, PASSWORD);
        // The same secret, so that what comes back is the secret of both.
        try_everything(&mut shown, &server.origin, [login, Credentials::service_account(USER, PASSWORD)]).await;
        assert!(server.received().len() >= 3, "{case}: one login, and a token request for each call");
        shown.assert_clean(case);
    }
    let mut shown = Shown::default();
    try_everything(&mut shown, &nobody(), all_credentials()).await;
    shown.assert_clean("nobody");
}

// The fake acts on what reaches it, whatever the client hears.
#[tokio::test]
async fn no_secret_shows_when_a_fault_stands_before_the_fake() {
    let fake = FakeAppViewX::start().await;
    let server = FaultServer::before(&fake.url());
    for fault in [
        Fault::Good,
        Fault::CloseOnAccept,
        Fault::CloseAfterHead,
        Fault::CloseBeforeAnswer,
        Fault::HalfHead,
        Fault::NotHttp,
        Fault::HugeHeader,
        Fault::HalfBody,
        Fault::Cut(403),
        Fault::Status(429, Some("0")),
        Fault::Status(503, None),
        Fault::Status(308, None),
        Fault::Html(502),
        Fault::NotUtf8,
        Fault::Gzip,
    ] {
        capture::start();
        server.play([], fault);
        let mut shown = Shown::default();
        try_everything(&mut shown, &server.origin(), [fake.login(), fake.service_account()]).await;
        for text in shown.0.iter().chain([&capture::everything()]) {
            assert!(!text.contains("fake-appviewx-"), "{fault:?}: {text}");
        }
    }
    let of = |path: &str| fake.requests().iter().any(|request| request.path().ends_with(path));
    assert!(of("login") && of("acctmgmt-get-service-token") && of("acctmgmt-perform-logout") && of("unassign"));
    let shown = format!("{fake:?} {:#?}", fake.requests());
    assert!(!shown.contains("fake-appviewx-"), "{shown}");
}

#[test]
fn credentials_say_what_they_are_and_no_more() {
    let [login, service] = all_credentials();
    assert_eq!(format!("{login:?}"), r#"Login { user: "svc-clm", password: "[redacted]" }"#);
    assert_eq!(format!("{service:?}"), r#"ServiceAccount { id: "svc-clm", secret: "[redacted]" }"#);
    let mut shown = Shown::default();
    for credentials in [
        Credentials::login(USER, format!("{PASSWORD}\n")),
        Credentials::login(format!("{PASSWORD}ö"), PASSWORD),
        Credentials::service_account(USER, format!("{SECRET}\n")),
        Credentials::service_account(SECRET, PASSWORD),
    ] {
        shown.error(&Client::builder("http://localhost").credentials(credentials).build().unwrap_err());
    }
    shown.assert_clean("refused");
}
