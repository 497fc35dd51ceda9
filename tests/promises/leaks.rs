//! No secret shows: not in logs, Debug, Display, errors and their sources, URLs, or serialised outcomes.

use std::fmt::Debug;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::Received;
use crate::support::capture;
use crate::support::fault::{Fault, FaultServer};
pub(crate) use crate::support::operations::Shown;
use crate::support::scripted::{Answer, Scripted, nobody};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use clm::keyfactor::{CertificateLocation, Schedule};
use clm::testing::{FakeAppViewX, FakeKeyfactor};
use clm::{OnFailure, RetryPolicy, appviewx, keyfactor};
use serde::Serialize;

const STORE: &str = "5a0b1c2d-0000-4000-8000-000000000001";
const JOB: &str = r#"["6c0d0000-0000-4000-8000-00000000000a"]"#;
const UNASSIGNED: &str = r#"{"response": {"Successful Ids": ["id-1"]}, "appStatusCode": null}"#;
pub(crate) const USER: &str = r"EXAMPLE\svc-clm";

// No part of one stands in another or in anything that the crate says by itself.
pub(crate) const PASSWORD: &str = "Zq7Marker+Password/1f0c";
const TOKEN: &str = "Zq7Marker.Token-9d3e";
const FETCHED: &str = "Zq7Marker.Fetched-4c2b";
const CLIENT_SECRET: &str = "Zq7Marker.Client-8a1d";
pub(crate) const SESSION: &str = "Zq7Marker_Session~77ab";
pub(crate) const FIELD: &str = "Zq7Marker Field 5b21";
pub(crate) const ENTRY: &str = "Zq7Marker Entry 6e47";
pub(crate) const PFX: &str = "Zq7Marker Pfx 2d90";

/// What must be found nowhere: the markers, and what they become on the wire.
fn forbidden() -> Vec<String> {
    let mut forbidden: Vec<String> =
        ["Zq7Marker", PASSWORD, TOKEN, FETCHED, CLIENT_SECRET, SESSION, FIELD, ENTRY, PFX].map(str::to_owned).into();
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        let pairs = [format!("{USER}:{PASSWORD}"), format!("clm:{CLIENT_SECRET}")];
        for secret in [&*pairs[0], &*pairs[1], PASSWORD, TOKEN, FETCHED, CLIENT_SECRET, SESSION, FIELD, ENTRY, PFX] {
            forbidden.push(engine.encode(secret));
        }
    }
    // Most secrets are the same in every alphabet, and the log is long.
    forbidden.sort();
    forbidden.dedup();
    // Whatever holds another one is found by that.
    forbidden.iter().filter(|it| !forbidden.iter().any(|part| part != *it && it.contains(part))).cloned().collect()
}

impl Shown {
    pub(crate) fn assert_clean(&self, case: &str) {
        self.assert_clean_of(case, &capture::everything());
    }

    pub(crate) fn assert_clean_of(&self, case: &str, log: &str) {
        let forbidden = forbidden();
        for text in self.0.iter().map(String::as_str).chain([log]) {
            if let Some(leak) = forbidden.iter().find(|leak| text.contains(leak.as_str())) {
                let at = text.find(leak.as_str()).unwrap();
                let around: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
                panic!("{case}: {leak} after: {around}");
            }
        }
    }
}

fn show_removal(shown: &mut Shown, result: Result<keyfactor::RemoveOutcome, keyfactor::Error>) {
    match result {
        Ok(outcome) => {
            shown.debug(&outcome);
            shown.serialised(&outcome);
            if let Err(error) = outcome.require_complete() {
                shown.error(&error);
            }
        }
        Err(error) => {
            shown.error(&error);
            let accessors = (error.status(), error.code(), error.message(), error.remediation(), error.body());
            shown.debug(&accessors);
            if let keyfactor::Error::OutcomeUnknown(unknown) = error {
                shown.debug(unknown.request::<keyfactor::RemoveCertificates>().unwrap());
            }
        }
    }
}

fn show_unassignment(shown: &mut Shown, result: Result<appviewx::UnassignOutcome, appviewx::Error>) {
    match result {
        Ok(outcome) => {
            shown.debug(&outcome);
            shown.serialised(&outcome);
            if let Err(error) = outcome.require_complete() {
                shown.error(&error);
            }
        }
        Err(error) => {
            shown.error(&error);
            let accessors = (error.status(), error.code(), error.message(), error.remediation(), error.body());
            shown.debug(&accessors);
            if let appviewx::Error::OutcomeUnknown(unknown) = error {
                shown.debug(unknown.request::<appviewx::UnassignCertificates>().unwrap());
            }
        }
    }
}

fn show_reading(shown: &mut Shown, result: Result<impl Debug + Serialize, appviewx::Error>) {
    match result {
        Ok(read) => {
            shown.debug(&read);
            shown.serialised(&read);
        }
        Err(error) => {
            shown.error(&error);
            shown.debug(&(error.code(), error.message(), error.remediation(), error.body()));
        }
    }
}

/// The calls of AppViewX beside the unassignment.
async fn try_groups(shown: &mut Shown, client: &appviewx::Client) {
    let groups = client.certificate_groups();
    let assignment = groups.assign("web", ["id-1"]);
    shown.debug(&assignment);
    show_reading(shown, assignment.send().await);
    show_reading(
        shown,
        groups.unassign(["id-1", "id-2"]).in_calls().ids_per_call(1).on_failure(OnFailure::Continue).send().await,
    );
    show_reading(shown, groups.confirm_group(["id-1"], "web").send().await);
    show_reading(shown, groups.remember_groups(["id-1"]).send().await);
    let kept = serde_json::json!({"remembered": [{"resource_id": "id-1", "group": "web"}], "not_remembered": []});
    let plan = serde_json::from_value(kept).unwrap();
    show_reading(shown, groups.assign_back(&plan).send().await);
    show_reading(shown, groups.list().rows().unwrap().collect().await);
    show_reading(shown, groups.view("web").send().await);
    let search = client.certificates().search().free_text("id");
    shown.debug(&search);
    show_reading(shown, search.rows().unwrap().collect().await);
}

fn locations() -> [CertificateLocation; 1] {
    let store = STORE.parse::<keyfactor::CertificateStoreId>().unwrap();
    [CertificateLocation::new(store, "web01.pfx").job_field("Pin", FIELD)]
}

fn fetched() -> keyfactor::Credentials {
    let fetches = AtomicU32::new(0);
    keyfactor::Credentials::bearer_from(move || {
        let number = fetches.fetch_add(1, Ordering::SeqCst);
        async move { Ok::<_, std::io::Error>(format!("{FETCHED}{number}").into()) }
    })
}

fn keyfactor_credentials() -> [keyfactor::Credentials; 3] {
    [keyfactor::Credentials::basic(USER, PASSWORD), keyfactor::Credentials::bearer(TOKEN), fetched()]
}

/// Client credentials whose token endpoint is at this origin too.
fn client_credentials(origin: &str) -> [keyfactor::Credentials; 3] {
    let url = format!("{origin}/token?tenant=Zq7Marker");
    let client = || keyfactor::Credentials::client_credentials(url.clone(), "clm", CLIENT_SECRET);
    [client().secret_in_form().into(), client().secret_in_header().into(), client().into()]
}

fn appviewx_credentials() -> [appviewx::Credentials; 2] {
    [appviewx::Credentials::session_id(SESSION), appviewx::Credentials::password_headers(USER, PASSWORD)]
}

/// Every operation with every credential against this origin, and everything that can be shown of it.
async fn try_everything(shown: &mut Shown, origin: &str) {
    let at_once = RetryPolicy::DEFAULT.pauses(std::time::Duration::ZERO, std::time::Duration::ZERO);
    for credentials in keyfactor_credentials().into_iter().chain(client_credentials(origin)) {
        shown.debug(&credentials);
        let builder = keyfactor::Client::builder(origin).credentials(credentials).retry_policy(at_once);
        shown.debug(&builder);
        let client = builder.build().unwrap();
        shown.debug(&client);
        shown.display(client.base_url());
        let call = client.certificate_stores().remove_certificates(locations(), Schedule::Immediate);
        shown.debug(&call);
        let request = call.build().unwrap();
        shown.debug(&request);
        shown.serialised(&request.locations());
        show_removal(shown, client.execute(request).await);
    }
    for credentials in appviewx_credentials() {
        shown.debug(&credentials);
        let builder = appviewx::Client::builder(origin).credentials(credentials).retry_policy(at_once);
        shown.debug(&builder);
        let client = builder.build().unwrap();
        shown.debug(&client);
        shown.display(client.base_url());
        for call in [
            client.certificate_groups().unassign(["id-1"]),
            client.certificate_groups().unassign(["id-1"]).repeat_after_silence(),
        ] {
            shown.debug(&call);
            show_unassignment(shown, call.send().await);
        }
    }
    // One try each, with one credential: what is done with these is the same for all calls.
    let [_, credentials] = appviewx_credentials();
    let builder = appviewx::Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none());
    try_groups(shown, &builder.build().unwrap()).await;
}

/// The secrets did travel; without this, the tests would prove nothing.
fn assert_travelled(server: &Scripted, case: &str) {
    let sent = format!("{:?}", server.received());
    let body: String = server.received().iter().map(|it| String::from_utf8_lossy(&it.body).into_owned()).collect();
    let basic = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for secret in [basic.as_str(), PASSWORD, TOKEN, FETCHED, SESSION] {
        assert!(sent.contains(secret), "{case}: {secret} was not sent");
    }
    assert!(body.contains(FIELD), "{case}: the job field was not sent");
    assert!(body.contains(CLIENT_SECRET), "{case}: the client secret was not sent");
    let of_token = "POST /token?tenant=Zq7Marker HTTP/1.1";
    let lines: String = server.received().into_iter().map(|it| it.request_line).filter(|it| it != of_token).collect();
    assert!(!lines.contains("Zq7Marker"), "{case}: a secret in a URL: {lines}");
}

#[tokio::test]
async fn no_secret_shows_whatever_the_server_does() {
    capture::start();
    let html = "<html><head><title>502 Bad Gateway</title></head></html>";
    for (case, answers) in [
        ("taken", vec![Answer::json(200, JOB)]),
        ("taken, envelope", vec![Answer::json(200, UNASSIGNED)]),
        ("another shape", vec![Answer::json(200, "7")]),
        ("empty", vec![Answer::json(200, "")]),
        ("unauthorised", vec![Answer::json(401, "")]),
        ("forbidden", vec![Answer::json(403, r#"{"Message": "no", "ErrorCode": "0xA0140002"}"#)]),
        ("failing", vec![Answer::json(500, r#"{"Message": "oh"}"#)]),
        ("gateway", vec![Answer::with(502, "content-type: text/html\r\n", html)]),
        ("cut", vec![Answer::cut(200, JOB)]),
        ("cut refusal", vec![Answer::cut(403, "{")]),
        ("no answer", vec![Answer::Nothing]),
        ("no http", vec![Answer::Bytes(b"220 smtp.example.com ESMTP\r\n".to_vec())]),
    ] {
        let server = Scripted::start(answers).await;
        let mut shown = Shown::default();
        try_everything(&mut shown, &server.origin).await;
        assert_travelled(&server, case);
        shown.assert_clean(case);
    }
    assert!(capture::everything().contains("clm.call"), "nothing was captured");
}

#[tokio::test]
async fn no_secret_shows_when_a_call_is_tried_again() {
    capture::start();
    let server = Scripted::choosing(|number, _| match number % 3 {
        0 => Answer::with(429, "retry-after: 0\r\n", ""),
        1 => Answer::json(401, ""),
        _ => Answer::json(200, JOB),
    })
    .await;
    let mut shown = Shown::default();
    try_everything(&mut shown, &server.origin).await;
    assert_travelled(&server, "again");
    let sent = format!("{:?}", server.received());
    assert!(sent.contains(&format!("{FETCHED}1")), "the token was renewed");
    shown.assert_clean("again");
}

// The fakes act on what reaches them, whatever the client hears.
#[tokio::test]
async fn no_secret_shows_when_a_fault_stands_before_the_fakes() {
    let (command, gateway) = (FakeKeyfactor::start().await, FakeAppViewX::start().await);
    command.accept_bearer(TOKEN);
    for origin in [command.url(), gateway.url()] {
        let server = FaultServer::before(&origin);
        for fault in [
            Fault::Good,
            Fault::CloseOnAccept,
            Fault::Reset,
            Fault::CloseAfterHead,
            Fault::CloseAfterHalfBody,
            Fault::CloseBeforeAnswer,
            Fault::HalfHead,
            Fault::NotHttp,
            Fault::HugeHeader,
            Fault::Interim,
            Fault::HalfBody,
            Fault::ChunkedGarbage,
            Fault::ChunkedUnended,
            Fault::Cut(403),
            Fault::Status(429, Some("0")),
            Fault::Status(503, None),
            Fault::Status(308, None),
            Fault::Html(502),
            Fault::NotUtf8,
            Fault::Bom,
            Fault::Gzip,
        ] {
            let case = format!("{fault:?} before {origin}");
            server.play([], fault);
            capture::start();
            let mut shown = Shown::default();
            try_everything(&mut shown, &server.origin()).await;
            assert!(server.seen().connections > 0, "{case}: nothing arrived");
            shown.assert_clean(&case);
        }
    }
    assert!(!command.requests().is_empty() && !gateway.requests().is_empty(), "the fakes were never asked");
}

#[tokio::test]
async fn no_secret_shows_when_nobody_listens() {
    capture::start();
    let mut shown = Shown::default();
    try_everything(&mut shown, &nobody()).await;
    shown.assert_clean("nobody");
}

#[tokio::test]
async fn no_secret_shows_when_a_call_is_dropped() {
    capture::start();
    let server = Scripted::start([Answer::Silence]).await;
    let mut arrived = 0;
    for credentials in keyfactor_credentials().into_iter().chain(client_credentials(&server.origin)) {
        let client = keyfactor::Client::builder(&server.origin).credentials(credentials).build().unwrap();
        arrived += 1;
        tokio::select! {
            _ = client.certificate_stores().remove_certificates(locations(), Schedule::Immediate).send() => panic!(),
            () = server.arrived(arrived) => {}
        }
    }
    for credentials in appviewx_credentials() {
        let client = appviewx::Client::builder(&server.origin).credentials(credentials).build().unwrap();
        arrived += 1;
        tokio::select! {
            _ = client.certificate_groups().unassign(["id-1"]).send() => panic!(),
            () = server.arrived(arrived) => {}
        }
    }
    assert_travelled(&server, "dropped");
    assert_eq!(capture::warnings().len(), 5);
    Shown::default().assert_clean("dropped");
}

// The token travels to the API and the secret to the provider, whatever the API makes of it.
#[tokio::test]
async fn no_secret_shows_when_a_provider_gives_the_token() {
    capture::start();
    let token = format!(r#"{{"access_token": "{TOKEN}", "refresh_token": "{SESSION}", "expires_in": 60}}"#);
    for answer in [
        Answer::json(200, JOB),
        Answer::json(401, ""),
        Answer::json(403, r#"{"Message": "no"}"#),
        Answer::cut(200, JOB),
        Answer::Nothing,
    ] {
        let api = Scripted::start([answer.clone()]).await;
        let provider = Scripted::start([Answer::with(200, &format!("set-cookie: s={SESSION}\r\n"), &token)]).await;
        let mut shown = Shown::default();
        for credentials in client_credentials(&provider.origin) {
            let client = keyfactor::Client::builder(&api.origin).credentials(credentials).build().unwrap();
            let call = client.certificate_stores().remove_certificates(locations(), Schedule::Immediate);
            show_removal(&mut shown, call.send().await);
            shown.debug(&client);
        }
        let text = |it: Received| format!("{} {:?} {}", it.request_line, it.headers, it.body.escape_ascii());
        let [of_api, of_provider] =
            [&api, &provider].map(|server| server.received().into_iter().map(text).collect::<Vec<_>>().join(" "));
        assert!(of_api.contains(TOKEN) && !of_api.contains(CLIENT_SECRET) && !of_api.contains("clm:"), "{of_api}");
        assert!(of_provider.contains(CLIENT_SECRET), "{of_provider}");
        assert!(!of_provider.contains(TOKEN) && !of_provider.contains("keyfactor"), "{of_provider}");
        shown.assert_clean(&format!("{answer:?}"));
    }
}

#[tokio::test]
async fn a_redirect_takes_nothing_elsewhere() {
    capture::start();
    for status in [301, 302, 303, 307, 308] {
        let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
        foreign.set_nonblocking(true).unwrap();
        let location = format!("location: http://{}/KeyfactorAPI/\r\n", foreign.local_addr().unwrap());
        let server = Scripted::start([Answer::with(status, &location, "")]).await;
        let mut shown = Shown::default();
        try_everything(&mut shown, &server.origin).await;
        assert_travelled(&server, "redirect");
        let connected = foreign.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(connected, Err(ErrorKind::WouldBlock), "{status} was followed");
        shown.assert_clean("redirect");
    }
}

#[tokio::test]
async fn no_secret_shows_with_the_fakes() {
    capture::start();
    let (command, gateway) = (FakeKeyfactor::start().await, FakeAppViewX::start().await);
    command.accept_bearer(TOKEN);
    let store = command.add_store();
    command.add_certificate(store, "web01.pfx");
    gateway.add_certificate("id-1", "web-servers");
    let mut shown = Shown::default();
    let location = || CertificateLocation::new(store, "web01.pfx").job_field("Pin", FIELD);
    for credentials in keyfactor_credentials().into_iter().chain([command.credentials()]) {
        let client = keyfactor::Client::builder(command.url()).credentials(credentials).build().unwrap();
        let call = client.certificate_stores().remove_certificates([location()], Schedule::Immediate);
        show_removal(&mut shown, call.send().await);
    }
    for credentials in appviewx_credentials().into_iter().chain([gateway.credentials(), gateway.password_headers()]) {
        let client = appviewx::Client::builder(gateway.url()).credentials(credentials).build().unwrap();
        let call = client.certificate_groups().unassign(["id-1"]).comment("Decommissioned");
        show_unassignment(&mut shown, call.send().await);
    }
    let statuses = |requests: Vec<clm::testing::RecordedRequest>| -> Vec<u16> {
        requests.iter().map(clm::testing::RecordedRequest::status).collect()
    };
    assert_eq!(statuses(command.requests()), [401, 200, 401, 401, 200], "a fetched token is renewed once");
    assert_eq!(statuses(gateway.requests()), [401, 401, 200, 200]);
    shown.debug(&(&command, &gateway));
    shown.debug(&(command.requests(), gateway.requests()));
    shown.debug(&(command.jobs(), command.unknown_requests()));
    shown.assert_clean("fakes");
    for secret in ["fake-keyfactor-password", "fake-appviewx-password", "fake-appviewx-session"] {
        let leaks = |text: &String| text.contains(secret);
        assert!(!shown.0.iter().any(leaks) && !leaks(&capture::everything()), "{secret}");
    }
}

#[test]
fn no_secret_shows_when_a_client_is_refused() {
    let mut shown = Shown::default();
    for (user, password) in [("", PASSWORD), ("a:b", PASSWORD), ("a\n", PASSWORD), (USER, &format!("{PASSWORD}\n"))] {
        let credentials = keyfactor::Credentials::basic(user, password);
        shown.error(&keyfactor::Client::builder("http://localhost").credentials(credentials).build().unwrap_err());
        let credentials = appviewx::Credentials::password_headers(user, format!("{password}\n"));
        shown.error(&appviewx::Client::builder("http://localhost").credentials(credentials).build().unwrap_err());
    }
    for token in [format!("{TOKEN}\n"), format!("{TOKEN} {TOKEN}"), format!("{TOKEN}ü")] {
        let credentials = keyfactor::Credentials::bearer(token.as_str());
        shown.error(&keyfactor::Client::builder("http://localhost").credentials(credentials).build().unwrap_err());
        let credentials = appviewx::Credentials::session_id(token.as_str());
        shown.error(&appviewx::Client::builder("http://localhost").credentials(credentials).build().unwrap_err());
    }
    for url in [format!("https://svc:{PASSWORD}@example.com"), format!("https://{TOKEN}@example.com/KeyfactorAPI")] {
        let builder = keyfactor::Client::builder(url).credentials(keyfactor::Credentials::bearer(TOKEN));
        shown.debug(&builder);
        shown.error(&builder.build().unwrap_err());
    }
    let proxy = "http://user:Zq7Marker-proxy@127.0.0.1:9/";
    let builder = keyfactor::Client::builder("http://localhost").credentials(keyfactor::Credentials::bearer(TOKEN));
    let builder = builder.proxy(proxy);
    shown.debug(&builder);
    shown.debug(&builder.build().unwrap());
    // Also where the job field is what is wrong.
    let field = serde_json::json!({"nested": FIELD});
    let client = keyfactor::Client::builder("http://localhost").credentials(keyfactor::Credentials::bearer(TOKEN));
    let [location] = locations();
    let location = location.job_field("Pin", field).job_field("Pin", FIELD);
    let call = client.build().unwrap().certificate_stores().remove_certificates([location], Schedule::Immediate);
    let refused = call.build().unwrap_err();
    shown.error(&refused);
    shown.debug(&refused.problems());
    shown.assert_clean("refused");
}
