//! Gateways of AppViewX that serve several tenants want the parameter `gwkey` with every call. A client that cannot send it, or
//! leaves it out of the login, is answered for another tenant or not at all.

use clm::RetryPolicy;
use clm::appviewx::{Client, ClientBuilder, Credentials, Error, LoginCall, RevocationReason};
use clm::http::Method;

use crate::support::Received;
use crate::support::capture;
use crate::support::scripted::{Answer, Scripted, nobody};

/// As the vendor's tools send it.
const KEY: &str = "f000ca01";
/// Made only of what a query needs to encode.
const ODD_KEY: &str = "te&na#nt=+ ä";
const ODD_KEY_ENCODED: &str = "te%26na%23nt%3D%2B%20%C3%A4";
const ID: &str = "67bc2ca76a105e1a05691c1c";
const SESSION: &str = "0a1b2c3d-0000-4000-8000-000000000001";

/// Takes every call, whatever it is.
async fn gateway() -> Scripted {
    Scripted::choosing(|_, request| {
        let path = request.request_line.split(['?', ' ']).nth(1).unwrap();
        let response = match path.rsplit('/').next().unwrap() {
            "login" | "acctmgmt-perform-login" => format!(r#"{{"status": "SUCCESS", "sessionId": "{SESSION}"}}"#),
            "acctmgmt-perform-logout" => r#"{"status": "SUCCESS"}"#.to_owned(),
            "acctmgmt-get-service-token" => r#""a-token""#.to_owned(),
            "search" => r#"{"response": {"objects": [], "totalRecords": 0}}"#.to_owned(),
            "unassign" | "assign" => format!(r#"{{"Successful Ids": ["{ID}"]}}"#),
            _ => r#"{"a": 1}"#.to_owned(),
        };
        Answer::json(200, &format!(r#"{{"response": {response}, "message": null, "appStatusCode": null}}"#))
    })
    .await
}

fn builder(server: &Scripted, credentials: Credentials) -> ClientBuilder {
    Client::builder(&server.origin).credentials(credentials).retry_policy(RetryPolicy::none())
}

/// One of every kind of call. What each comes to is the matter of other tests.
async fn call_everything(client: &Client) {
    let (groups, certificates) = (client.certificate_groups(), client.certificates());
    groups.unassign([ID]).send().await.unwrap();
    groups.assign("web", [ID]).send().await.unwrap();
    groups.unassign([ID]).in_calls().send().await.unwrap();
    groups.confirm_group([ID], "web").send().await.unwrap();
    let _ = groups.list().rows().unwrap().collect().await;
    let _ = groups.view("web").send().await;
    let _ = certificates.search().free_text("example").rows().unwrap().collect().await;
    let _ = certificates.revoke(ID, RevocationReason::Superseded).send().await;
    client.raw(Method::GET, "some/thing").query("a", "b").send().await.unwrap();
    client.raw(Method::POST, "some/thing").send().await.unwrap();
    let _ = client.logout().await;
}

fn assert_every_call_has(received: &[Received], key: &str) {
    for request in received {
        let (_, query) = request.request_line.split_once('?').unwrap();
        let query = query.trim_end_matches(" HTTP/1.1");
        let keys: Vec<&str> = query.split('&').filter(|pair| pair.starts_with("gwkey=")).collect();
        assert_eq!(keys, [format!("gwkey={key}")], "{}", request.request_line);
        assert!(query.starts_with(&format!("gwsource=external&gwkey={key}")), "{}", request.request_line);
    }
}

#[tokio::test]
async fn it_goes_with_every_call() {
    for (key, encoded) in [(KEY, KEY), (ODD_KEY, ODD_KEY_ENCODED)] {
        for (credentials, call, first) in [
            (Credentials::login("svc", "password"), LoginCall::Login, "/avxapi/login?"),
            (Credentials::login("svc", "password"), LoginCall::PerformLogin, "/avxapi/acctmgmt-perform-login?"),
            (Credentials::service_account("id", "a-secret"), LoginCall::Login, "/avxapi/acctmgmt-get-service-token?"),
            (Credentials::session_id(SESSION), LoginCall::Login, "/avxapi/certificate/group/unassign?"),
            (Credentials::password_headers("svc", "password"), LoginCall::Login, "/avxapi/certificate/group/unassign?"),
        ] {
            let server = gateway().await;
            let client = builder(&server, credentials).login_call(call).tenant_key(key).build().unwrap();
            call_everything(&client).await;
            let received = server.received();
            assert!(received[0].request_line.contains(first), "{}", received[0].request_line);
            assert!(received.len() >= 10, "{}", received.len());
            assert_every_call_has(&received, encoded);
        }
    }
}

#[tokio::test]
async fn none_is_sent_unless_it_is_set() {
    let server = gateway().await;
    let client = builder(&server, Credentials::login("svc", "password")).build().unwrap();
    call_everything(&client).await;
    // A raw call may still have one of its own, which a client with a key refuses.
    client.raw(Method::GET, "some/thing").query("gwkey", KEY).send().await.unwrap();
    let received = server.received();
    let keys = received.iter().filter(|it| it.request_line.contains("gwkey")).count();
    assert_eq!((keys, received.len() > 10), (1, true));
    let client = builder(&server, Credentials::session_id(SESSION)).tenant_key(KEY).build().unwrap();
    for name in ["gwkey", "GWKEY"] {
        let refused = client.raw(Method::GET, "some/thing").query(name, "x").build().unwrap_err();
        assert!(matches!(refused.problems()[0].reason(), clm::Reason::Reserved), "{refused}");
    }
}

#[tokio::test]
async fn it_shows_nowhere() {
    capture::start();
    let server = Scripted::start([Answer::json(403, "{}")]).await;
    let builder = builder(&server, Credentials::session_id(SESSION)).tenant_key(KEY);
    let mut shown = vec![format!("{builder:?} {builder:#?}")];
    let client = builder.build().unwrap();
    shown.push(format!("{client:?} {client:#?}"));
    let error = client.certificate_groups().unassign([ID]).send().await.unwrap_err();
    shown.push(format!("{error} {error:?} {}", error.report()));
    let gone = Client::builder(nobody()).credentials(Credentials::session_id(SESSION)).tenant_key(KEY);
    let error = gone.retry_policy(RetryPolicy::none()).build().unwrap().certificate_groups().view("web").send().await;
    let error = error.unwrap_err();
    shown.push(format!("{error} {error:?} {}", error.report()));
    shown.push(format!("{:?} {:?}", capture::events(), capture::spans()));
    let shown = shown.join("\n");
    assert!(!shown.contains(KEY), "{shown}");
    assert!(server.received()[0].request_line.contains(KEY));
}

#[test]
fn one_that_cannot_be_is_refused_by_name() {
    let long = "x".repeat(1_001);
    for (key, problem) in [
        ("", "must not be empty (possibly an unset variable)"),
        (" \t", "must not be empty (possibly an unset variable)"),
        ("f000ca01\n", "must not contain control characters (for example a line end from a file)"),
        (&long, "must be at most 1000 characters"),
    ] {
        let builder = Client::builder("https://localhost").credentials(Credentials::session_id(SESSION));
        let error = builder.tenant_key(key).build().unwrap_err();
        let Error::Configuration(refused) = &error else { panic!("{error:?}") };
        assert_eq!((refused.setting(), refused.problem()), ("tenant_key", problem));
        assert!(!format!("{error:?}").contains("f000ca01"), "{error:?}");
    }
}
