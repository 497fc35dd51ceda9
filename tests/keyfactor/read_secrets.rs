//! Calls that read follow no redirect, and show neither the credential nor the query anywhere.

use std::io::ErrorKind;
use std::net::TcpListener;

use clm::keyfactor::{CertificateLocation, Client, Error, Query, Schedule};
use serde_json::{Value, json};

use crate::support::capture;
use crate::support::keyfactor::{BASIC, PASSWORD, assert_discreet, builder, client, store};
use crate::support::keyfactor_reads::{answer, ok};
use crate::support::scripted::{Answer, Scripted, nobody};
use crate::support::texts;

/// Stands in queries only: who is looked for is nobody else's business.
const WHO: &str = "hunter2-who";

/// How every call that reads ends, by name; `None` if it was answered.
async fn reads(keyfactor: &Client) -> Vec<(&'static str, Option<Error>)> {
    let (certificates, stores) = (keyfactor.certificates(), keyfactor.certificate_stores());
    let query = || Query::field("IssuedCN").contains(WHO);
    let digits = "A".repeat(40);
    let expecting = CertificateLocation::new(store(1), "a").expecting_thumbprint(&digits);
    let removal = stores.remove_certificates([expecting], Schedule::Immediate);
    vec![
        ("search", certificates.search(query()).rows().unwrap().collect().await.err()),
        ("get", certificates.get(2).send().await.err()),
        ("locations", certificates.locations(2).send().await.err()),
        ("locations_of", certificates.locations_of(digits).send().await.err()),
        ("list", stores.list(query()).rows().unwrap().collect().await.err()),
        ("store", stores.get(store(1)).send().await.err()),
        ("inventory", stores.inventory(store(1)).rows().unwrap().collect().await.err()),
        ("a look before a removal", removal.send().await.err()),
    ]
}

/// What nobody may see.
fn assert_clean(case: &str, shown: &str) {
    for hidden in [PASSWORD, BASIC.trim_start_matches("Basic "), WHO, "QueryString"] {
        assert!(!shown.contains(hidden), "{case}: {hidden} in {shown}");
    }
}

#[tokio::test]
async fn no_redirect_of_a_read_is_followed() {
    let foreign = TcpListener::bind("127.0.0.1:0").unwrap();
    foreign.set_nonblocking(true).unwrap();
    let there = format!("http://{}", foreign.local_addr().unwrap());
    for status in [300, 301, 302, 303, 307, 308] {
        for location in [format!("{there}/KeyfactorAPI/CertificateStores"), "/elsewhere".to_owned(), String::new()] {
            let header = format!("location: {location}\r\n");
            let server = Scripted::start([answer(status, &header, &Value::Null)]).await;
            let keyfactor = builder(&server.origin).build().unwrap();
            for (call, error) in reads(&keyfactor).await {
                let error = error.unwrap_or_else(|| panic!("{call}: {status} was taken for an answer"));
                let Error::Api(refusal) = &error else { panic!("{call}: {error:?}") };
                assert_eq!((refusal.status().as_u16(), refusal.attempts()), (status, 1), "{call}");
                assert!(refusal.remediation().unwrap().contains("Redirects are never followed"), "{call}");
            }
            assert_eq!(server.received().len(), 8, "{status}: each call once");
            assert!(server.received().iter().all(|it| it.request_line.starts_with("GET /KeyfactorAPI/")));
        }
    }
    assert_eq!(foreign.accept().map(drop).map_err(|error| error.kind()), Err(ErrorKind::WouldBlock));
}

#[tokio::test]
async fn neither_credential_nor_query_shows_whatever_the_server_does() {
    for (case, given) in [
        ("empty lists", ok(&json!([]))),
        ("another shape", answer(200, "", &json!(7))),
        ("refused", answer(403, "", &json!({"ErrorCode": "0xA0140002", "Message": "no"}))),
        ("not found", answer(404, "", &Value::Null)),
        ("unauthorised", answer(401, "", &Value::Null)),
        ("failing", answer(500, "", &Value::Null)),
        ("a gateway", Answer::with(502, "content-type: text/html\r\nconnection: close\r\n", "<title>502</title>")),
        ("too old", answer(200, "X-Keyfactor-Product-Version: 10.5\r\n", &json!([]))),
        ("cut", Answer::cut(200, "[")),
        ("silence", Answer::Nothing),
        ("no http", Answer::Bytes(b"220 smtp.example.com ESMTP\r\n".to_vec())),
    ] {
        let server = Scripted::start([given]).await;
        capture::start();
        for (call, error) in reads(&client(&server.origin)).await {
            if let Some(error) = error {
                assert_discreet(&format!("{case}, {call}"), &error, &server.origin);
                assert_clean(case, &format!("{error:?} {error:#?} {}", texts(&error)));
            }
        }
        assert!(server.received().iter().all(|it| it.header("authorization") == Some(BASIC)), "{case}: it did travel");
        let sent: String = server.received().into_iter().map(|it| it.request_line).collect();
        assert!(sent.contains(WHO), "{case}: it did travel");
        assert!(!sent.contains(PASSWORD), "{case}");
        let events = capture::events();
        assert!(!events.is_empty(), "{case}: nothing was captured");
        assert_clean(case, &format!("{events:?} {:?} {}", capture::spans(), capture::lines()));
        assert!(capture::audit().is_empty(), "{case}: a read is no change, and the auditor does not hear of it");
    }
    assert_clean("the whole log", &capture::everything());
}

#[tokio::test]
async fn neither_shows_when_nobody_listens() {
    capture::start();
    for (call, error) in reads(&client(&nobody())).await {
        let error = error.unwrap_or_else(|| panic!("{call}"));
        assert!(matches!(error, Error::Transport(_)), "{call}: {error:?}");
        assert_discreet(call, &error, &nobody());
        assert_clean(call, &format!("{error:?} {}", texts(&error)));
    }
    assert_clean("the log", &capture::lines());
}

// What a server repeats may be shown as its words; lists and builders that wait to be sent show no credential.
#[tokio::test]
async fn what_waits_to_be_sent_shows_no_credential() {
    let keyfactor = client(&nobody());
    let (certificates, stores) = (keyfactor.certificates(), keyfactor.certificate_stores());
    let search = certificates.search(Query::field("IssuedCN").eq("www"));
    let shown = format!(
        "{certificates:?} {stores:?} {search:?} {:?} {:?} {:?} {:?} {:?}",
        certificates.get(2),
        certificates.locations(2),
        certificates.locations_of(2),
        stores.list(Query::all()).rows().unwrap(),
        search.clone().rows().unwrap(),
    );
    assert_clean("builders", &shown);
}

// A server's own words go into errors: on one line, and with nothing in them that cannot be seen.
#[tokio::test]
async fn what_a_server_says_cannot_forge_a_line_of_a_log() {
    let evil = "A\r\nINFO forged \u{1b}[31m\u{202e}";
    let rows = json!([{"Id": 2, "Thumbprint": evil}]);
    let server = Scripted::start([ok(&rows)]).await;
    let error = client(&server.origin).certificates().locations_of("A".repeat(40)).send().await.unwrap_err();
    let inventory = json!([{"Name": "a", "Certificates": [{"Id": 2, "Thumbprint": evil}]}]);
    let server = Scripted::start([ok(&inventory)]).await;
    let location = CertificateLocation::new(store(1), "a").expecting_thumbprint("A".repeat(40));
    let removal = client(&server.origin).certificate_stores().remove_certificates([location], Schedule::Immediate);
    let held = removal.send().await.unwrap_err();
    for error in [error, held] {
        let shown = format!("{} {error:?}", texts(&error));
        assert!(!shown.contains(|it: char| it.is_control() || it == '\u{202e}'), "{shown:?}");
    }
}
