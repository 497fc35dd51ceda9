//! No secret shows: not in Debug, Display, an error's sources, a serialised outcome, or what is traced.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::io;
use std::sync::{Arc, Mutex};

use crate::support::appviewx::{FIRST, SECOND, success};
use crate::support::capture;
use crate::support::{ClosedPort, RawServer, reply};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use clm::keyfactor::{CertificateLocation, CertificateStoreId, Schedule};
use clm::{appviewx, keyfactor};
use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

const USER: &str = r"EXAMPLE\svc-clm";
const PASSWORD: &str = "Marker-Password-1f0c";
const SESSION: &str = "Marker-Session-77ab";
const TOKEN: &str = "Marker-Token-9d3e";
const TOKEN_URL: &str = "https://idp.example.com/token";
const FIELD: &str = "Marker-Field-5b21";
const NUMBER: u64 = 9_182_736_455;

/// Holds that no secret is in a text, as it is or as Basic authentication encodes it.
fn assert_clean(what: &str, text: &str) {
    let pair = format!("{USER}:{PASSWORD}");
    for secret in ["Marker".to_owned(), NUMBER.to_string(), STANDARD.encode(&pair), URL_SAFE.encode(&pair)] {
        assert!(!text.contains(&secret), "{what}: {secret} shows in {text}");
    }
}

fn assert_debug_is_clean<T: Debug>(what: &str, value: &T) {
    assert_clean(what, &format!("{value:?}"));
    assert_clean(what, &format!("{value:#?}"));
}

fn assert_error_is_clean(what: &str, error: &(dyn StdError + 'static)) {
    let mut next = Some(error);
    while let Some(it) = next {
        assert_clean(what, &it.to_string());
        assert_debug_is_clean(what, &it);
        next = it.source();
    }
}

/// A server that tries to make the client keep a secret: its answer's headers hold one.
async fn server(status: u16, body: &str) -> RawServer {
    let headers = format!("content-type: application/json\r\nset-cookie: s={SESSION}\r\nx-token: {TOKEN}\r\n");
    RawServer::start(reply(status, &headers, body)).await
}

/// The answers that bring about an error of each kind that needs one.
const API: (u16, &str) = (403, r#"{"message": "no", "appStatusCode": "AVX_GW_005", "ErrorCode": "0xA0140002"}"#);
const UNKNOWN: (u16, &str) = (503, "upstream is down");
const UNREADABLE: (u16, &str) = (200, "<html></html>");

mod of_appviewx {
    use super::*;
    use clm::appviewx::{Client, ClientBuilder, Credentials, Error, UnassignOutcome};

    fn all_credentials() -> [(&'static str, Credentials); 2] {
        [("session", Credentials::session_id(SESSION)), ("password", Credentials::password_headers(USER, PASSWORD))]
    }

    fn builder(origin: &str, credentials: &Credentials) -> ClientBuilder {
        Client::builder(origin).credentials(credentials.clone())
    }

    async fn answered(credentials: &Credentials, (status, body): (u16, &str)) -> Result<UnassignOutcome, Error> {
        let server = server(status, body).await;
        let client = builder(&server.origin, credentials).build().unwrap();
        client.certificate_groups().unassign([FIRST, SECOND]).comment("why").send().await
    }

    #[tokio::test]
    async fn values_and_outcomes() {
        for (name, credentials) in all_credentials() {
            assert_debug_is_clean(name, &credentials);
            assert!(format!("{credentials:?}").contains("[redacted]"), "{name}: it shows that there is something");
            let builder = builder("http://127.0.0.1:9", &credentials);
            assert_debug_is_clean(name, &builder);
            let client = builder.build().unwrap();
            assert_debug_is_clean(name, &client);
            let groups = client.certificate_groups();
            assert_debug_is_clean(name, &groups);
            let unassign = groups.unassign([FIRST]).comment("why");
            assert_debug_is_clean(name, &unassign);
            assert_debug_is_clean(name, &unassign.build().unwrap());
            let outcome = answered(&credentials, (200, &success([FIRST].to_vec()))).await.unwrap();
            assert_debug_is_clean(name, &outcome);
            assert_clean(name, &serde_json::to_string(&outcome).unwrap());
        }
        let credentials = Credentials::password_headers(USER, PASSWORD);
        assert!(format!("{credentials:?}").contains("svc-clm"), "the user name is no secret");
    }

    #[tokio::test]
    async fn every_error() {
        for (name, credentials) in all_credentials() {
            let port = ClosedPort::reserve();
            let closed = builder(&port.origin(), &credentials).build().unwrap().certificate_groups();
            let refused = closed.unassign(["a,b"]).comment("<").send().await.unwrap_err();
            assert!(matches!(refused, Error::Validation(_)), "{name}: {refused:?}");
            let transport = closed.unassign([FIRST]).send().await.unwrap_err();
            assert!(matches!(transport, Error::Transport(_)), "{name}: {transport:?}");
            let api = answered(&credentials, API).await.unwrap_err();
            assert!(matches!(api, Error::Api(_)), "{name}: {api:?}");
            let unknown = answered(&credentials, UNKNOWN).await.unwrap_err();
            assert!(matches!(unknown, Error::OutcomeUnknown(_)), "{name}: {unknown:?}");
            let unreadable = answered(&credentials, UNREADABLE).await.unwrap_err();
            assert!(matches!(unreadable, Error::OutcomeUnknown(_)), "{name}: {unreadable:?}");
            let gap = answered(&credentials, (200, "{}")).await.unwrap();
            let gap = Error::from(gap.require_complete().unwrap_err());
            assert!(matches!(gap, Error::Incomplete(_)), "{name}: {gap:?}");
            for error in [refused, transport, api, unknown, unreadable, gap] {
                assert_error_is_clean(name, &error);
            }
        }
    }

    #[test]
    fn configuration_errors() {
        for (name, credentials) in [
            ("session", Credentials::session_id(format!("{SESSION}\n"))),
            ("password", Credentials::password_headers(USER, format!("{PASSWORD}\n"))),
            ("user", Credentials::password_headers(format!("{PASSWORD}ö"), PASSWORD)),
        ] {
            let error = builder("http://127.0.0.1:9", &credentials).build().unwrap_err();
            assert!(matches!(error, Error::Configuration(_)), "{name}: {error:?}");
            assert_error_is_clean(name, &error);
        }
    }
}

mod of_keyfactor {
    use super::*;
    use clm::keyfactor::{Client, ClientBuilder, Credentials, Error, RemoveOutcome};

    fn all_credentials() -> [(&'static str, Credentials); 2] {
        [("basic", Credentials::basic(USER, PASSWORD)), ("bearer", Credentials::bearer(TOKEN))]
    }

    fn builder(origin: &str, credentials: &Credentials) -> ClientBuilder {
        Client::builder(origin).credentials(credentials.clone())
    }

    fn location() -> CertificateLocation {
        let store: CertificateStoreId = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
        CertificateLocation::new(store, "web01.pfx").job_field("StorePassword", FIELD).job_field("Pin", NUMBER)
    }

    async fn answered(credentials: &Credentials, (status, body): (u16, &str)) -> Result<RemoveOutcome, Error> {
        let server = server(status, body).await;
        let client = builder(&server.origin, credentials).build().unwrap();
        // A repeat, so that the list of repeats is not empty either.
        let locations = [location(), location()];
        client.certificate_stores().remove_certificates(locations, Schedule::Immediate).send().await
    }

    #[tokio::test]
    async fn values_and_outcomes() {
        assert_debug_is_clean("location", &location());
        assert_clean("location", &serde_json::to_string(&location()).unwrap());
        for (name, credentials) in all_credentials() {
            assert_debug_is_clean(name, &credentials);
            assert!(format!("{credentials:?}").contains("[redacted]"), "{name}: it shows that there is something");
            let builder = builder("http://127.0.0.1:9", &credentials);
            assert_debug_is_clean(name, &builder);
            let client = builder.build().unwrap();
            assert_debug_is_clean(name, &client);
            let stores = client.certificate_stores();
            assert_debug_is_clean(name, &stores);
            let removal = stores.remove_certificates([location(), location()], Schedule::Immediate);
            assert_debug_is_clean(name, &removal);
            assert_debug_is_clean(name, &removal.build().unwrap());
            let ids = r#"["6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f61"]"#;
            let outcome = answered(&credentials, (200, ids)).await.unwrap();
            assert_eq!(outcome.repeated().len(), 1, "{name}");
            assert_debug_is_clean(name, &outcome);
            assert_clean(name, &serde_json::to_string(&outcome).unwrap());
        }
    }

    #[tokio::test]
    async fn every_error() {
        for (name, credentials) in all_credentials() {
            let port = ClosedPort::reserve();
            let closed = builder(&port.origin(), &credentials).build().unwrap().certificate_stores();
            // Every problem that a job field can have, beside a blank alias.
            let bad = CertificateLocation::new(location().store(), " ")
                .job_field("Secret", json!({"value": FIELD}))
                .job_field("List", json!([NUMBER]))
                .job_field("Twice", FIELD)
                .job_field("Twice", NUMBER)
                .job_field("", FIELD);
            let other = location().job_field("More", FIELD).expecting_thumbprint("A".repeat(40));
            let conflict = [bad, location(), other];
            let refused = closed.remove_certificates(conflict, Schedule::Immediate).send().await.unwrap_err();
            assert!(matches!(&refused, Error::Validation(all) if all.problems().len() >= 6), "{name}: {refused:?}");
            let removal = closed.remove_certificates([location()], Schedule::Immediate);
            let transport = removal.send().await.unwrap_err();
            assert!(matches!(transport, Error::Transport(_)), "{name}: {transport:?}");
            let api = answered(&credentials, API).await.unwrap_err();
            assert!(matches!(api, Error::Api(_)), "{name}: {api:?}");
            let unknown = answered(&credentials, UNKNOWN).await.unwrap_err();
            assert!(matches!(unknown, Error::OutcomeUnknown(_)), "{name}: {unknown:?}");
            let unreadable = answered(&credentials, UNREADABLE).await.unwrap_err();
            assert!(matches!(unreadable, Error::OutcomeUnknown(_)), "{name}: {unreadable:?}");
            let gap = answered(&credentials, (200, "[]")).await.unwrap();
            let gap = Error::from(gap.require_complete().unwrap_err());
            assert!(matches!(gap, Error::Incomplete(_)), "{name}: {gap:?}");
            for error in [refused, transport, api, unknown, unreadable, gap] {
                assert_error_is_clean(name, &error);
            }
        }
    }

    #[test]
    fn configuration_errors() {
        for (name, credentials) in [
            ("password", Credentials::basic(USER, format!("{PASSWORD}\n"))),
            ("user", Credentials::basic(format!("{PASSWORD}:"), PASSWORD)),
            ("token", Credentials::bearer(format!("{TOKEN} {TOKEN}"))),
            ("secret", Credentials::client_credentials(TOKEN_URL, "clm", format!("{PASSWORD}\n")).into()),
            (
                "token URL",
                Credentials::client_credentials(format!("https://svc:{PASSWORD}@idp"), "clm", PASSWORD).into(),
            ),
            ("query", Credentials::client_credentials(format!("ftp://idp?key={TOKEN}"), "clm", PASSWORD).into()),
        ] {
            let error = builder("http://127.0.0.1:9", &credentials).build().unwrap_err();
            assert!(matches!(error, Error::Configuration(_)), "{name}: {error:?}");
            assert_error_is_clean(name, &error);
        }
    }

    #[tokio::test]
    async fn client_credentials() {
        let port = ClosedPort::reserve();
        let url = format!("{}/token?key={TOKEN}", port.origin());
        let client = Credentials::client_credentials(url, "the-client-id", PASSWORD).scope("a").audience("b");
        assert_debug_is_clean("client credentials", &client);
        assert!(format!("{client:?}").contains("[redacted]") && format!("{client:?}").contains("the-client-id"));
        let credentials: Credentials = client.secret_in_header().into();
        assert_debug_is_clean("credentials", &credentials);
        let builder = builder(&port.origin(), &credentials).retry_policy(clm::RetryPolicy::none());
        assert_debug_is_clean("builder", &builder);
        let client = builder.build().unwrap();
        assert_debug_is_clean("client", &client);
        let removal = client.certificate_stores().remove_certificates([location()], Schedule::Immediate);
        let error = removal.send().await.unwrap_err();
        assert!(matches!(error, Error::Authentication(_)), "{error:?}");
        assert_error_is_clean("nobody gives a token", &error);
    }
}

#[test]
fn a_base_url_with_a_password_in_it_shows_nowhere() {
    for url in [
        format!("https://svc:{PASSWORD}@clm.example.com"),
        format!("https://svc:{PASSWORD}%2F@clm.example.com/avxapi"),
        format!("https://:{PASSWORD}@clm.example.com"),
        format!("https://{TOKEN}@clm.example.com"),
        format!("https://svc:{PASSWORD}@"),
        format!("https://svc:{PASSWORD}@clm.example.com:port"),
        format!("https:svc:{PASSWORD}@clm.example.com"),
        format!("ftp://svc:{PASSWORD}@clm.example.com"),
        format!("svc:{PASSWORD}@clm.example.com"),
    ] {
        let appviewx = appviewx::Client::builder(url.as_str()).credentials(appviewx::Credentials::session_id(SESSION));
        assert_debug_is_clean(&url, &appviewx);
        let error = appviewx.build().unwrap_err();
        assert!(matches!(&error, appviewx::Error::Configuration(it) if it.setting() == "base_url"), "{error:?}");
        assert_error_is_clean(&url, &error);

        let keyfactor = keyfactor::Client::builder(url.as_str()).credentials(keyfactor::Credentials::bearer(TOKEN));
        assert_debug_is_clean(&url, &keyfactor);
        let error = keyfactor.build().unwrap_err();
        assert!(matches!(&error, keyfactor::Error::Configuration(it) if it.setting() == "base_url"), "{error:?}");
        assert_error_is_clean(&url, &error);
    }
}

/// `Debug` of an error leaves the raw answer out, since it may hold a token; an outcome holds the same bytes.
#[tokio::test]
async fn the_raw_answer_is_in_no_debug_text() {
    let refusal = format!(r#"{{"message": "no", "session": "{SESSION}"}}"#);
    let groups = |origin: &str| {
        let credentials = appviewx::Credentials::session_id(SESSION);
        appviewx::Client::builder(origin).credentials(credentials).build().unwrap().certificate_groups()
    };
    for status in [403, 503] {
        let server = server(status, &refusal).await;
        let error = groups(&server.origin).unassign([FIRST]).send().await.unwrap_err();
        assert_eq!(error.body(), Some(refusal.as_str()));
        assert_error_is_clean(&format!("refused with {status}"), &error);
    }
    let server = server(200, &format!(r#"{{"Response": {{}}, "session": "{SESSION}"}}"#)).await;
    let outcome = groups(&server.origin).unassign([FIRST]).send().await.unwrap();
    assert!(outcome.receipt().body().contains(SESSION));
    assert_clean("serialised outcome", &serde_json::to_string(&outcome).unwrap());
    assert_debug_is_clean("outcome", &outcome);
}

/// Where the subscriber writes.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// One thread, so that the subscriber of this thread sees all of both calls.
#[tokio::test(flavor = "current_thread")]
async fn nothing_secret_is_traced_during_whole_calls() {
    capture::start(); // A callsite that another thread reaches first would be switched off without it.
    let written = Written::default();
    let writer = written.clone();
    let guard = tracing_subscriber::fmt()
        .with_max_level(tracing::level_filters::LevelFilter::TRACE)
        .with_span_events(FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish()
        .set_default();
    for (status, body) in [(200, "[]"), (200, "{}"), API, UNKNOWN, UNREADABLE, (302, "")] {
        let server = server(status, body).await;
        for credentials in
            [appviewx::Credentials::session_id(SESSION), appviewx::Credentials::password_headers(USER, PASSWORD)]
        {
            let client = appviewx::Client::builder(&server.origin).credentials(credentials).build().unwrap();
            let _any_end = client.certificate_groups().unassign([FIRST]).comment("why").send().await;
        }
        for credentials in [keyfactor::Credentials::basic(USER, PASSWORD), keyfactor::Credentials::bearer(TOKEN)] {
            let client = keyfactor::Client::builder(&server.origin).credentials(credentials).build().unwrap();
            let store: CertificateStoreId = "6a2d9e8f-2c0b-4f6e-9d7a-1b2c3d4e5f60".parse().unwrap();
            let location = CertificateLocation::new(store, "web01.pfx").job_field("StorePassword", FIELD);
            let removal = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
            let _any_end = removal.collection_id(4).container_id(7).send().await;
        }
        assert_eq!(server.received().len(), 4, "every call was made");
    }
    drop(guard);
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    // The warning about the two scopes proves that the subscriber was listening.
    assert!(text.contains("WARN") && text.contains("collection"), "{text}");
    assert_clean("trace", &text);
}
