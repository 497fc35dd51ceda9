//! One event for each change, for the auditor: what, by whom, why, and how it ended.

use super::audit_note::success_of;
use crate::support::Received;
use crate::support::capture;
use crate::support::capture::Event;
use crate::support::fault_table::End;
use crate::support::operations::{Operation, Row, Site, odd_answer};
use crate::support::scripted::{Answer, Scripted, nobody};
use clm::keyfactor::{CertificateLocation, Schedule};
use clm::{Reason, RequestBuilder, RetryPolicy, ValidationError, appviewx, keyfactor};

const STORE: &str = "5a0b1c2d-0000-4000-8000-000000000001";
const OTHER: &str = "5a0b1c2d-0000-4000-8000-000000000002";
const PASSWORD: &str = "audit-marker-password";
const WHY: &str = "audit marker: CHG 4711, asked for by the owner";
const TWO_JOBS: &str = r#"["6c0d0000-0000-4000-8000-00000000000a", "6c0d0000-0000-4000-8000-00000000000b"]"#;
const UNASSIGNED: &str = r#"{"response": {"Successful Ids": ["id-1", "id-2"]}, "appStatusCode": null}"#;
const CORRELATION: &str = "x-keyfactor-correlation-id: 77aa\r\n";

fn command(server: &Scripted) -> keyfactor::Client {
    let credentials = keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", PASSWORD);
    keyfactor::Client::builder(&server.origin).credentials(credentials).build().unwrap()
}

fn removal(client: &keyfactor::Client) -> RequestBuilder<keyfactor::RemoveCertificates> {
    let locations = [(STORE, "web01.pfx"), (OTHER, "web 02")];
    let locations = locations.map(|(store, alias)| location(store, alias));
    client.certificate_stores().remove_certificates(locations, Schedule::Immediate).audit_note(WHY)
}

fn location(store: &str, alias: &str) -> CertificateLocation {
    CertificateLocation::new(store.parse::<keyfactor::CertificateStoreId>().unwrap(), alias)
}

fn gateway(server: &Scripted) -> appviewx::Client {
    let credentials = appviewx::Credentials::password_headers("svc-clm", PASSWORD);
    appviewx::Client::builder(&server.origin).credentials(credentials).build().unwrap()
}

fn unassignment(client: &appviewx::Client) -> RequestBuilder<appviewx::UnassignCertificates> {
    client.certificate_groups().unassign(["id-1", "id-2"]).audit_note(WHY).comment("not the reason")
}

fn fields(event: &Event) -> Vec<(&str, &str)> {
    event.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// The reason stays here, whatever is sent.
fn assert_reason_unsent(received: &[Received]) {
    for request in received {
        let sent = format!("{request:?} {}", String::from_utf8_lossy(&request.body));
        // Not the number alone: a port may hold it.
        assert!(!sent.contains("audit marker") && !sent.contains("CHG 4711"), "{sent}");
    }
}

#[tokio::test]
async fn a_removal_that_was_taken() {
    let server = Scripted::start([Answer::with(200, CORRELATION, TWO_JOBS)]).await;
    capture::start();
    let call = removal(&command(&server)).collection_id(4).container_id(7);
    call.send().await.unwrap().require_complete().unwrap();
    let event = capture::only_audit();
    assert_eq!(event.level, tracing::Level::INFO);
    assert_eq!(
        fields(&event),
        [
            ("attempts", "1"),
            ("audit_note", WHY),
            ("clm.operation", "keyfactor.certificate_stores.remove_certificates"),
            ("correlation_id", "77aa"),
            ("ended", "accepted"),
            ("job_ids", "6c0d0000-0000-4000-8000-00000000000a, 6c0d0000-0000-4000-8000-00000000000b"),
            ("message", "a change has ended"),
            ("principal", r"EXAMPLE\svc-clm"),
            ("scope", "collection 4 (container 7 ignored)"),
            (
                "targets",
                r#"["5a0b1c2d-0000-4000-8000-000000000001/web01.pfx","5a0b1c2d-0000-4000-8000-000000000002/web 02"]"#,
            ),
        ]
    );
    assert_reason_unsent(&server.received());
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn an_unassignment_that_was_taken() {
    let server = Scripted::start([Answer::json(200, UNASSIGNED)]).await;
    capture::start();
    unassignment(&gateway(&server)).send().await.unwrap().require_complete().unwrap();
    let event = capture::only_audit();
    assert_eq!(
        fields(&event),
        [
            ("attempts", "1"),
            ("audit_note", WHY),
            ("clm.operation", "appviewx.certificate_groups.unassign"),
            ("ended", "done"),
            ("job_ids", ""),
            ("message", "a change has ended"),
            ("principal", "svc-clm"),
            ("scope", ""),
            ("targets", r#"["id-1","id-2"]"#),
        ]
    );
    assert_reason_unsent(&server.received());
}

#[tokio::test]
async fn an_assignment_names_its_group() {
    let server = Scripted::start([Answer::json(200, UNASSIGNED)]).await;
    capture::start();
    let groups = gateway(&server).certificate_groups();
    let call = groups.assign("web \"servers\"", ["id-1", "id-2"]).audit_note(WHY);
    call.send().await.unwrap().require_complete().unwrap();
    let event = capture::only_audit();
    assert_eq!(event.field("clm.operation"), Some("appviewx.certificate_groups.assign"));
    assert_eq!(event.field("scope"), Some(r#"to group "web \"servers\"""#));
    assert_eq!(event.field("targets"), Some(r#"["id-1","id-2"]"#));
    assert_eq!((event.field("audit_note"), event.field("ended")), (Some(WHY), Some("done")));
    assert_reason_unsent(&server.received());
}

#[tokio::test]
async fn each_of_many_calls_is_a_change_of_its_own_and_a_look_is_none() {
    let server = Scripted::start([Answer::json(200, UNASSIGNED)]).await;
    capture::start();
    let groups = gateway(&server).certificate_groups();
    groups.unassign(["id-1", "id-2", "id-3"]).audit_note(WHY).in_calls().ids_per_call(2).send().await.unwrap();
    let events = capture::audit();
    let told: Vec<_> = events.iter().map(|it| (it.field("targets"), it.field("audit_note"))).collect();
    assert_eq!(told, [(Some(r#"["id-1","id-2"]"#), Some(WHY)), (Some(r#"["id-3"]"#), Some(WHY))]);
    capture::start();
    groups.confirm_group(["id-1"], "web").send().await.unwrap();
    assert!(capture::audit().is_empty());
}

#[tokio::test]
async fn a_reason_is_left_out_if_none_was_given_and_the_scope_is_named() {
    let server = Scripted::start([Answer::json(200, TWO_JOBS)]).await;
    let client = command(&server);
    let locations = || [location(STORE, "web01.pfx"), location(OTHER, "web 02")];
    let removal = || client.certificate_stores().remove_certificates(locations(), Schedule::Immediate);
    for (call, scope) in [
        (removal(), "system-wide or containers"),
        (removal().collection_id(4), "collection 4"),
        (removal().container_id(7), "container 7"),
    ] {
        capture::start();
        call.send().await.unwrap();
        let event = capture::only_audit();
        assert_eq!((event.field("audit_note"), event.field("scope")), (None, Some(scope)));
    }
}

#[tokio::test]
async fn each_end_is_named() {
    for (answers, policy, ended, attempts, correlated) in [
        (vec![Answer::with(403, CORRELATION, "{}")], RetryPolicy::DEFAULT, "refused", "1", true),
        (vec![Answer::with(307, "location: /x\r\n", "")], RetryPolicy::DEFAULT, "refused", "1", false),
        (vec![Answer::with(401, CORRELATION, "")], RetryPolicy::DEFAULT, "refused", "1", true),
        (vec![Answer::with(429, CORRELATION, "")], RetryPolicy::none(), "refused", "1", true),
        (vec![busy(), Answer::with(403, CORRELATION, "")], RetryPolicy::DEFAULT, "refused", "2", true),
        (vec![busy(), Answer::with(200, CORRELATION, TWO_JOBS)], RetryPolicy::DEFAULT, "accepted", "2", true),
        (vec![Answer::with(500, CORRELATION, "")], RetryPolicy::DEFAULT, "outcome unknown", "1", true),
        (vec![Answer::with(503, CORRELATION, "")], RetryPolicy::DEFAULT, "outcome unknown", "1", true),
        (vec![Answer::Nothing], RetryPolicy::DEFAULT, "outcome unknown", "1", false),
        (vec![Answer::cut(200, TWO_JOBS)], RetryPolicy::DEFAULT, "outcome unknown", "1", false),
        (vec![Answer::json(200, "{}")], RetryPolicy::DEFAULT, "outcome unknown", "1", false),
        (vec![busy(), Answer::Nothing], RetryPolicy::DEFAULT, "outcome unknown", "2", false),
    ] {
        let server = Scripted::start(answers.clone()).await;
        capture::start();
        let result = removal(&command(&server)).retry_policy(policy).send().await;
        let case = format!("{answers:?}: {result:?}");
        let event = capture::only_audit();
        assert_eq!(event.field("ended"), Some(ended), "{case}");
        assert_eq!(event.field("attempts"), Some(attempts), "{case}");
        assert_eq!(event.field("correlation_id"), correlated.then_some("77aa"), "{case}");
        assert_eq!(event.field("audit_note"), Some(WHY), "{case}");
        assert_eq!(event.field("principal"), Some(r"EXAMPLE\svc-clm"), "{case}");
        assert_eq!(server.received().len().to_string(), attempts, "{case}");
        assert_reason_unsent(&server.received());
    }
}

fn busy() -> Answer {
    Answer::with(429, "retry-after: 0\r\n", "")
}

#[tokio::test]
async fn a_change_that_never_left() {
    let credentials = keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", PASSWORD);
    let client = keyfactor::Client::builder(nobody()).credentials(credentials).build().unwrap();
    capture::start();
    let error = removal(&client).retry_policy(RetryPolicy::none()).send().await.unwrap_err();
    assert!(matches!(error, keyfactor::Error::Transport(_)), "{error:?}");
    let event = capture::only_audit();
    assert_eq!((event.field("ended"), event.field("attempts")), (Some("not sent"), Some("1")));
    assert_eq!(event.field("job_ids"), Some(""));
}

#[tokio::test]
async fn a_request_that_was_refused_here_is_no_change() {
    let server = Scripted::start([Answer::json(200, TWO_JOBS)]).await;
    let (command, gateway) = (command(&server), gateway(&server));
    capture::start();
    for why in ["", " \t\n"] {
        let refused = removal(&command).audit_note(why).build().unwrap_err();
        assert_blank_reason(&refused);
        let refused = unassignment(&gateway).audit_note(why).build().unwrap_err();
        assert_blank_reason(&refused);
        let error = removal(&command).audit_note(why).send().await.unwrap_err();
        assert!(matches!(&error, keyfactor::Error::Validation(error) if blank_reason(error)), "{error:?}");
        let error = unassignment(&gateway).audit_note(why).send().await.unwrap_err();
        assert!(matches!(&error, appviewx::Error::Validation(error) if blank_reason(error)), "{error:?}");
    }
    assert_eq!(capture::audit().len(), 0);
    assert_eq!(server.received().len(), 0);
}

fn blank_reason(error: &ValidationError) -> bool {
    let [problem] = error.problems() else { return false };
    (problem.field(), problem.reason()) == ("audit_note", &Reason::Blank)
}

fn assert_blank_reason(error: &ValidationError) {
    assert!(blank_reason(error), "{error:?}");
}

#[tokio::test]
async fn an_answer_with_a_gap_is_audited_once_with_the_jobs_that_it_named() {
    let one_job = r#"["6c0d0000-0000-4000-8000-00000000000a", 7]"#;
    let server = Scripted::start([Answer::json(200, one_job)]).await;
    capture::start();
    let outcome = removal(&command(&server)).send().await.unwrap();
    let error = keyfactor::Error::from(outcome.require_complete().unwrap_err());
    assert!(matches!(error, keyfactor::Error::Incomplete(_)), "{error:?}");
    let event = capture::only_audit();
    assert_eq!(event.field("job_ids"), Some("6c0d0000-0000-4000-8000-00000000000a"));

    let none = r#"{"response": {"Successful Ids": []}, "appStatusCode": null}"#;
    let server = Scripted::start([Answer::json(200, none)]).await;
    capture::start();
    let outcome = unassignment(&gateway(&server)).send().await.unwrap();
    let error = appviewx::Error::from(outcome.require_complete().unwrap_err());
    assert!(matches!(error, appviewx::Error::Incomplete(_)), "{error:?}");
    capture::only_audit();
}

// "Done" would be a lie in the audit: the server confirmed one id of two, or none.
#[tokio::test]
async fn an_answer_with_a_gap_is_not_audited_like_a_whole_one() {
    for confirmed in [r#"["id-1"]"#, "[]", "null"] {
        let body = format!(r#"{{"response": {{"Successful Ids": {confirmed}}}, "appStatusCode": null}}"#);
        let server = Scripted::start([Answer::json(200, &body), Answer::json(200, UNASSIGNED)]).await;
        let client = gateway(&server);
        let mut events = Vec::new();
        for _ in 0..2 {
            capture::start();
            unassignment(&client).send().await.unwrap();
            events.push(capture::only_audit().fields);
        }
        assert_ne!(events[0], events[1], "{confirmed}: nobody can tell them apart");
    }
}

#[tokio::test]
async fn a_refusal_in_an_envelope_is_a_refusal() {
    let refusal = r#"{"response": null, "message": "no", "appStatusCode": "CERT-ACL-0006"}"#;
    let server = Scripted::start([Answer::json(200, refusal)]).await;
    capture::start();
    let error = unassignment(&gateway(&server)).send().await.unwrap_err();
    assert!(matches!(error, appviewx::Error::Api(_)), "{error:?}");
    assert_eq!(capture::only_audit().field("ended"), Some("refused"));
}

#[tokio::test]
async fn a_refusal_after_silence_says_so_wherever_it_stands() {
    let in_envelope = r#"{"response": null, "message": "not in a group", "appStatusCode": "CERT-ACL-0006"}"#;
    for refusal in [Answer::json(404, "{}"), Answer::json(200, in_envelope)] {
        let silence = Answer::with(503, "retry-after: 0\r\n", "");
        let server = Scripted::start([silence, refusal.clone()]).await;
        capture::start();
        let error = unassignment(&gateway(&server)).repeat_after_silence().send().await.unwrap_err();
        let appviewx::Error::Api(api) = &error else { panic!("{error:?}") };
        assert_eq!(api.attempts(), 2);
        assert!(api.after_unanswered_copy(), "{refusal:?} may be the echo of the first copy");
        let event = capture::only_audit();
        assert_eq!(event.field("ended"), Some("refused after an unanswered copy"), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_login_that_fails_names_nobody_but_the_call() {
    let server = Scripted::start([Answer::json(200, TWO_JOBS)]).await;
    let credentials = keyfactor::Credentials::bearer_from(|| async {
        Err::<_, std::io::Error>(std::io::Error::other("vault sealed"))
    });
    let client = keyfactor::Client::builder(&server.origin).credentials(credentials).build().unwrap();
    capture::start();
    let error = removal(&client).send().await.unwrap_err();
    assert!(matches!(error, keyfactor::Error::Authentication(_)), "{error:?}");
    let event = capture::only_audit();
    assert_eq!((event.field("ended"), event.field("attempts")), (Some("not authenticated"), Some("0")));
    assert_eq!(event.field("principal"), Some("(the holder of a bearer token)"));
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn no_secret_reaches_the_auditor() {
    let server = Scripted::start([Answer::json(200, TWO_JOBS), Answer::json(200, UNASSIGNED)]).await;
    capture::start();
    let locations = [location(STORE, "a").job_field("Pin", "audit-marker-field"), location(OTHER, "b")];
    let call = command(&server).certificate_stores().remove_certificates(locations, Schedule::Immediate);
    call.send().await.unwrap();
    unassignment(&gateway(&server)).send().await.unwrap();
    assert_eq!(capture::audit().len(), 2);
    let shown = format!("{:?}", capture::audit());
    assert!(!shown.contains(PASSWORD) && !shown.contains("audit-marker-field"), "{shown}");
}

#[tokio::test]
async fn nobody_forges_a_line_of_the_log() {
    let forged =
        "a\nINFO clm::audit: a change has ended ended=\"done\"\r\n\u{1b}[2K\u{85}\u{2028}\u{2029}\0b\" ended=\"done";
    let answers = [
        Answer::json(200, TWO_JOBS),
        Answer::json(403, &serde_json::json!({"Message": forged, "ErrorCode": forged}).to_string()),
        Answer::Bytes(b"HTTP/1.1 403 -\r\nx-keyfactor-correlation-id: a\x85b\r\ncontent-length: 0\r\n\r\n".to_vec()),
        Answer::Nothing,
        Answer::Bytes(b"HTTP/9.9 \n\x1b[2K forged\n\n".to_vec()),
        Answer::Silence,
    ];
    let server = Scripted::start(answers.clone()).await;
    let client = command(&server);
    let locations = [location(STORE, forged), location(OTHER, "b")];
    let call = client.certificate_stores().remove_certificates(locations, Schedule::Immediate).audit_note(forged);
    capture::start();
    for number in 1..=answers.len() {
        let call = call.clone().send();
        tokio::select! {
            biased;
            // What it ends with is the matter of other tests; here it is what the log says about it.
            _ = call => assert!(number < answers.len(), "silence was answered"),
            () = server.arrived(answers.len()) => {}
        }
    }
    assert_eq!(capture::audit().len(), answers.len());
    assert_eq!(capture::warnings().len(), 1, "the dropped one");
    let lines = capture::lines();
    assert_eq!(lines.lines().count(), capture::events().len(), "a line for each event, and no other:\n{lines}");
    let control = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
    assert_eq!(lines.chars().filter(|c| control(*c)).collect::<String>(), "", "{lines}");
}

fn assert_audited(row: &Row, ended: &str, attempts: &str) {
    let event = capture::only_audit();
    let case = format!("{}, {ended}: {event:?}", row.name);
    assert_eq!(event.level, tracing::Level::INFO, "{case}");
    assert_eq!(event.field("clm.operation"), Some(row.name), "{case}");
    assert_eq!(event.field("ended"), Some(ended), "{case}");
    assert_eq!(event.field("attempts"), Some(attempts), "{case}");
    assert_eq!(event.field("principal"), Some(row.principal()), "{case}");
    assert_eq!(event.field("targets"), Some(row.targets), "{case}");
    assert_eq!(event.field("scope"), Some(row.scope), "{case}");
    assert_eq!(event.field("audit_note"), row.note(), "{case}");
}

#[tokio::test]
async fn every_change_is_audited_once_by_its_name_and_no_read_is() {
    for (operation, row) in Operation::all() {
        let success = if row.is_change() { success_of(row.name) } else { String::new() };
        let ended_oddly = if row.end_with_odd_answer() == End::Done { &*success } else { "outcome unknown" };
        for (answers, ended, attempts) in [
            (vec![row.success()], &*success, "1"),
            (vec![busy(), row.success()], &*success, "2"),
            (vec![Answer::json(403, "{}")], "refused", "1"),
            (vec![Answer::with(307, "location: /x\r\n", "")], "refused", "1"),
            (vec![busy(), Answer::json(403, "{}")], "refused", "2"),
            (vec![Answer::json(500, "{}")], "outcome unknown", "1"),
            (vec![Answer::with(503, "retry-after: 0\r\n", "")], "outcome unknown", "1"),
            (vec![Answer::Nothing], "outcome unknown", "1"),
            (vec![Answer::cut(200, "[")], "outcome unknown", "1"),
            (vec![odd_answer()], ended_oddly, "1"),
            (vec![busy(), Answer::Nothing], "outcome unknown", "2"),
        ] {
            let server = Scripted::start(answers).await;
            capture::start();
            (row.send)(&Site::new(&server.origin)).await;
            if row.is_change() {
                assert_audited(&row, ended, attempts);
                assert_eq!(server.received().len().to_string(), attempts, "{operation:?}, {ended}");
            } else {
                assert!(capture::audit().is_empty(), "{operation:?}: {:?}", capture::audit());
            }
            assert_reason_unsent(&server.received());
            assert!(capture::warnings().is_empty(), "{operation:?}: {:?}", capture::warnings());
        }
        capture::start();
        (row.send)(&Site { policy: RetryPolicy::none(), ..Site::new(nobody()) }).await;
        if row.is_change() {
            assert_audited(&row, "not sent", "1");
        } else {
            assert!(capture::audit().is_empty(), "{operation:?}: {:?}", capture::audit());
        }
    }
}
