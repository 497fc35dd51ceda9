//! What a call says about itself: one span, one event for each try, under the names of OpenTelemetry; and no content.

use crate::support::capture;
use crate::support::capture::{Event, Fields};
use crate::support::scripted::{Answer, Scripted, nobody};
use clm::keyfactor::{CertificateLocation, Schedule};
use clm::{RequestBuilder, RetryPolicy, appviewx, keyfactor};

const STORE: &str = "5a0b1c2d-0000-4000-8000-000000000001";
const JOB: &str = r#"["6c0d0000-0000-4000-8000-00000000000a"]"#;
const UNASSIGNED: &str = r#"{"response": {"Successful Ids": ["id-1"]}, "appStatusCode": null}"#;

fn command(origin: &str) -> keyfactor::Client {
    let credentials = keyfactor::Credentials::basic("svc-clm", "hunter2-password");
    keyfactor::Client::builder(origin).credentials(credentials).build().unwrap()
}

fn removal(client: &keyfactor::Client) -> RequestBuilder<keyfactor::RemoveCertificates> {
    let store = STORE.parse::<keyfactor::CertificateStoreId>().unwrap();
    let location = CertificateLocation::new(store, "hunter2-alias").job_field("Pin", "hunter2-field");
    client.certificate_stores().remove_certificates([location], Schedule::Immediate)
}

fn gateway(origin: &str) -> appviewx::Client {
    let credentials = appviewx::Credentials::session_id("hunter2-session");
    appviewx::Client::builder(origin).credentials(credentials).gwsource("hunter2-query").build().unwrap()
}

/// The events of the tries.
fn tries() -> Vec<Event> {
    let resend_count = "http.request.resend_count";
    capture::events().into_iter().filter(|event| event.field(resend_count).is_some()).collect()
}

/// The fields of the event and of the span around it.
fn all_fields(event: &Event) -> Fields {
    assert_eq!(event.spans.len(), 1, "{event:?}");
    let (name, fields) = &event.spans[0];
    assert_eq!(name, "clm.call");
    let mut all = fields.clone();
    all.extend(event.fields.clone());
    all
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_removal_has_one_span_and_an_event_for_each_try() {
    let busy = Answer::with(429, "retry-after: 0\r\nx-keyfactor-correlation-id: 1a\r\n", "");
    let taken = Answer::with(200, "x-keyfactor-correlation-id: 2b\r\n", JOB);
    let server = Scripted::start([busy.clone(), busy, taken]).await;
    let client = command(&server.origin);
    capture::start();
    removal(&client).send().await.unwrap();
    let tries = tries();
    assert_eq!(tries.len(), 3, "{tries:#?}");
    for (index, (status, correlation)) in [("429", "1a"), ("429", "1a"), ("200", "2b")].into_iter().enumerate() {
        assert_eq!(
            all_fields(&tries[index]),
            fields(&[
                ("clm.correlation_id", correlation),
                ("clm.operation", "keyfactor.certificate_stores.remove_certificates"),
                ("http.request.method", "POST"),
                ("http.request.resend_count", &index.to_string()),
                ("http.response.status_code", status),
                ("message", "response received"),
                ("server.address", "127.0.0.1"),
                ("url.template", "CertificateStores/Certificates/Remove"),
            ])
        );
    }
    let others: Vec<_> = capture::events().into_iter().filter(|event| event.target.starts_with("clm")).collect();
    assert_eq!(others.len(), 4, "three tries and the audit: {others:#?}");
    let spans = capture::spans();
    assert_eq!(spans.len(), 1, "one span, however many tries: {spans:#?}");
}

#[tokio::test]
async fn an_unassignment_has_no_correlation_id_and_no_query() {
    let server = Scripted::start([Answer::json(200, UNASSIGNED)]).await;
    let client = gateway(&server.origin);
    capture::start();
    client.certificate_groups().unassign(["id-1"]).send().await.unwrap();
    let [event] = &tries()[..] else { panic!("{:#?}", tries()) };
    assert_eq!(
        all_fields(event),
        fields(&[
            ("clm.operation", "appviewx.certificate_groups.unassign"),
            ("http.request.method", "PUT"),
            ("http.request.resend_count", "0"),
            ("http.response.status_code", "200"),
            ("message", "response received"),
            ("server.address", "127.0.0.1"),
            ("url.template", "certificate/group/unassign"),
        ])
    );
}

#[tokio::test]
async fn a_try_without_an_answer_says_why_and_has_no_status() {
    let server = Scripted::start([Answer::Nothing]).await;
    let at_once = RetryPolicy::DEFAULT.max_tries(2).pauses(std::time::Duration::ZERO, std::time::Duration::ZERO);
    for (origin, attempts) in [(server.origin.clone(), 1), (nobody(), 2)] {
        let client = command(&origin);
        capture::start();
        removal(&client).retry_policy(at_once).send().await.unwrap_err();
        let tries = tries();
        assert_eq!(tries.len(), attempts, "{tries:#?}");
        for (index, event) in tries.iter().enumerate() {
            assert_eq!(event.field("http.request.resend_count"), Some(&*index.to_string()));
            assert_eq!(event.field("http.response.status_code"), None);
            let error = event.field("error").unwrap();
            assert!(!error.is_empty() && !error.contains("127.0.0.1") && !error.contains("http:"), "{error}");
        }
    }
}

#[tokio::test]
async fn calls_at_once_keep_their_own_spans() {
    let command_server = Scripted::start([Answer::json(200, JOB)]).await;
    let gateway_server = Scripted::start([Answer::json(200, UNASSIGNED)]).await;
    let (command, gateway) = (command(&command_server.origin), gateway(&gateway_server.origin));
    capture::start();
    let unassignment = gateway.certificate_groups().unassign(["id-1"]).send();
    let (removed, unassigned) = tokio::join!(removal(&command).send(), unassignment);
    removed.unwrap();
    unassigned.unwrap();
    let mut seen: Vec<_> = tries().iter().map(|event| all_fields(event)["url.template"].clone()).collect();
    seen.sort();
    assert_eq!(seen, ["CertificateStores/Certificates/Remove", "certificate/group/unassign"]);
}

#[tokio::test]
async fn a_call_inside_a_span_of_the_caller_belongs_to_it() {
    use tracing::Instrument as _;
    let server = Scripted::start([Answer::json(200, JOB)]).await;
    let client = command(&server.origin);
    capture::start();
    removal(&client).send().instrument(tracing::info_span!("callers")).await.unwrap();
    let [event] = &tries()[..] else { panic!("{:#?}", tries()) };
    let names: Vec<&str> = event.spans.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["callers", "clm.call"]);
}

#[tokio::test]
async fn no_body_no_query_and_no_secret_at_any_level() {
    let said = r#"{"Message": "hunter2-message", "ErrorCode": "hunter2-code", "message": "hunter2-message"}"#;
    let answers = [
        Answer::with(200, "set-cookie: a=hunter2-cookie\r\n", r#"["hunter2-body"]"#),
        Answer::with(302, "location: https://hunter2-location.example.com/\r\n", ""),
        Answer::json(403, said),
        Answer::cut(200, r#"["hunter2-body"]"#),
        Answer::json(500, said),
        Answer::Nothing,
    ];
    for answer in answers {
        let server = Scripted::start([answer.clone()]).await;
        let (command, gateway) = (command(&server.origin), gateway(&server.origin));
        capture::start();
        let _ = removal(&command).send().await;
        let unassignment = gateway.certificate_groups().unassign(["id-1"]).comment("hunter2 comment");
        let _ = unassignment.send().await;
        assert_eq!(tries().len(), 2, "{answer:?}");
        assert_eq!(server.received().len(), 2, "{answer:?}");
        // The alias is a target of the audit; nothing else of the content is said.
        for event in capture::events().into_iter().filter(|event| event.target != "clm::audit") {
            let shown = format!("{event:?}");
            assert!(!shown.contains("hunter2"), "{answer:?}: {shown}");
        }
        let spans = format!("{:?}", capture::spans());
        assert!(spans.contains("clm.call") && !spans.contains("hunter2"), "{answer:?}: {spans}");
        let audit = format!("{:?}", capture::audit()).replace("hunter2-alias", "");
        assert!(!audit.contains("hunter2"), "{answer:?}: {audit}");
    }
}
