//! A call that is dropped sends nothing further, and says so if its outcome is unknown.

use std::future::{pending, ready};
use std::sync::Arc;

use crate::support::capture;
use crate::support::operations::{Operation, Site};
use crate::support::scripted::{Answer, Scripted};
use clm::keyfactor::{CertificateLocation, Credentials, Schedule};
use clm::{RequestBuilder, appviewx, keyfactor};
use tokio::sync::Notify;

const STORE: &str = "5a0b1c2d-0000-4000-8000-000000000001";
const OTHER: &str = "5a0b1c2d-0000-4000-8000-000000000002";
const JOB: &str = r#"["6c0d0000-0000-4000-8000-00000000000a"]"#;
const UNASSIGNED: &str = r#"{"response": {"Successful Ids": ["id-1", "id-2"]}, "appStatusCode": null}"#;

fn command(server: &Scripted) -> keyfactor::ClientBuilder {
    keyfactor::Client::builder(&server.origin).credentials(Credentials::basic("svc-clm", "password"))
}

fn removal(client: &keyfactor::Client) -> RequestBuilder<keyfactor::RemoveCertificates> {
    let locations = [(STORE, "web01.pfx"), (OTHER, "web 02")];
    let locations = locations.map(|(store, alias)| CertificateLocation::new(id(store), alias));
    client.certificate_stores().remove_certificates(locations, Schedule::Immediate)
}

fn id(text: &str) -> keyfactor::CertificateStoreId {
    text.parse().unwrap()
}

fn gateway(server: &Scripted) -> appviewx::Client {
    let credentials = appviewx::Credentials::session_id("session");
    appviewx::Client::builder(&server.origin).credentials(credentials).build().unwrap()
}

fn unassignment(client: &appviewx::Client) -> RequestBuilder<appviewx::UnassignCertificates> {
    client.certificate_groups().unassign(["id-1", "id-2"])
}

/// Polls the call until `reason` is ready, and drops it. It must not end before.
async fn drop_at(call: impl Future, reason: impl Future<Output = ()>) {
    let call = std::pin::pin!(call);
    tokio::select! {
        biased;
        _ = call => panic!("the call ended, too early to be dropped"),
        () = reason => {}
    }
}

fn assert_dropped(operation: &str, targets: &str, ended: &str, warned: bool) {
    let audit = capture::only_audit();
    assert_eq!(audit.field("clm.operation"), Some(operation));
    assert_eq!(audit.field("targets"), Some(targets));
    assert_eq!(audit.field("ended"), Some(ended));
    let warnings = capture::warnings();
    assert_eq!(warnings.len(), usize::from(warned), "{warnings:#?}");
    for warning in warnings {
        assert_eq!(warning.level, tracing::Level::WARN);
        assert_eq!(warning.field("clm.operation"), Some(operation));
        assert_eq!(warning.field("targets"), Some(targets));
        assert!(warning.message().contains("its outcome is unknown"), "{}", warning.message());
        assert_eq!(warning.spans[0].0, "clm.call", "it belongs to its call");
    }
}

const REMOVE: &str = "keyfactor.certificate_stores.remove_certificates";
const UNASSIGN: &str = "appviewx.certificate_groups.unassign";
const LOCATIONS: &str =
    r#"["5a0b1c2d-0000-4000-8000-000000000001/web01.pfx","5a0b1c2d-0000-4000-8000-000000000002/web 02"]"#;
const UNSENT: &str = "dropped before it was sent";
/// Copies went out, and each was refused.
const REFUSED: &str = "dropped: refused or not connected until then";
const UNKNOWN: &str = "outcome unknown: dropped";

#[tokio::test]
async fn a_call_that_was_never_polled_sends_and_says_nothing() {
    capture::start();
    let server = Scripted::start([Answer::json(200, JOB)]).await;
    let client = command(&server).build().unwrap();
    drop(removal(&client).send());
    drop(client.execute(removal(&client).build().unwrap()));
    assert_eq!(capture::events().len(), 0, "{:#?}", capture::events());
    removal(&client).send().await.unwrap();
    assert_eq!(server.received().len(), 1, "only the call that was awaited");
}

#[tokio::test]
async fn dropped_while_it_waits_for_its_turn_it_was_not_sent() {
    let server = Scripted::start([Answer::Silence, Answer::json(200, JOB)]).await;
    let client = command(&server).max_concurrent_tries(1).build().unwrap();
    let first = tokio::spawn(removal(&client).send());
    server.arrived(1).await;

    capture::start();
    drop_at(removal(&client).send(), ready(())).await;
    assert_dropped(REMOVE, LOCATIONS, UNSENT, false);

    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    removal(&client).send().await.unwrap();
    assert_eq!(server.received().len(), 2, "the one that hung, and the last");
}

#[tokio::test]
async fn dropped_while_its_token_is_fetched_it_was_not_sent() {
    let server = Scripted::start([Answer::json(200, JOB)]).await;
    let fetching = Arc::new(Notify::new());
    let credentials = Credentials::bearer_from({
        let fetching = Arc::clone(&fetching);
        move || {
            fetching.notify_one();
            pending::<Result<_, std::io::Error>>()
        }
    });
    let client = command(&server).credentials(credentials).build().unwrap();
    capture::start();
    drop_at(removal(&client).send(), fetching.notified()).await;
    assert_dropped(REMOVE, LOCATIONS, UNSENT, false);
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn dropped_before_its_answer_a_removal_warns_and_is_not_sent_again() {
    let server = Scripted::start([Answer::Silence, Answer::json(200, JOB)]).await;
    let client = command(&server).build().unwrap();
    capture::start();
    drop_at(removal(&client).send(), server.arrived(1)).await;
    assert_dropped(REMOVE, LOCATIONS, UNKNOWN, true);
    assert_eq!(server.received().len(), 1);

    removal(&client).send().await.unwrap();
    assert_eq!(server.received().len(), 2, "one copy of the dropped call, one of the next");
}

#[tokio::test]
async fn dropped_before_its_answer_an_unassignment_warns_and_is_not_sent_again() {
    for repeat in [false, true] {
        let server = Scripted::start([Answer::Silence, Answer::json(200, UNASSIGNED)]).await;
        let client = gateway(&server);
        let call = unassignment(&client);
        let call = if repeat { call.repeat_after_silence() } else { call };
        capture::start();
        drop_at(call.send(), server.arrived(1)).await;
        assert_dropped(UNASSIGN, r#"["id-1","id-2"]"#, UNKNOWN, true);
        assert_eq!(server.received().len(), 1);

        unassignment(&client).send().await.unwrap();
        assert_eq!(server.received().len(), 2, "one copy of the dropped call, one of the next");
    }
}

#[tokio::test]
async fn dropped_in_the_middle_of_an_answer_the_outcome_is_unknown() {
    let half = b"HTTP/1.1 200 -\r\ncontent-length: 100\r\n\r\n[\"6c0d".to_vec();
    let server = Scripted::start([Answer::Begun(half)]).await;
    let client = command(&server).build().unwrap();
    capture::start();
    drop_at(removal(&client).send(), server.arrived(1)).await;
    assert_dropped(REMOVE, LOCATIONS, UNKNOWN, true);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn dropped_in_a_pause_after_a_refusal_it_was_not_sent() {
    let busy = Answer::with(429, "retry-after: 200\r\n", "");
    let server = Scripted::start([busy, Answer::json(200, JOB)]).await;
    let client = command(&server).build().unwrap();
    capture::start();
    // The pause begins in the same poll in which this event is said.
    let refused = capture::until(|event| event.field("http.response.status_code") == Some("429"));
    drop_at(removal(&client).send(), refused).await;
    assert_dropped(REMOVE, LOCATIONS, REFUSED, false);

    removal(&client).send().await.unwrap();
    assert_eq!(server.received().len(), 2, "one copy of the dropped call, one of the next");
}

#[tokio::test]
async fn dropped_in_a_pause_after_silence_the_outcome_is_unknown() {
    let passing = Answer::with(503, "retry-after: 200\r\n", "");
    let server = Scripted::start([passing, Answer::json(200, UNASSIGNED)]).await;
    let client = gateway(&server);
    capture::start();
    let unanswered = capture::until(|event| event.field("http.response.status_code") == Some("503"));
    drop_at(unassignment(&client).repeat_after_silence().send(), unanswered).await;
    assert_dropped(UNASSIGN, r#"["id-1","id-2"]"#, UNKNOWN, true);

    unassignment(&client).send().await.unwrap();
    assert_eq!(server.received().len(), 2, "one copy of the dropped call, one of the next");
}

#[tokio::test]
async fn dropped_while_its_token_is_renewed_it_was_not_sent() {
    let server = Scripted::start([Answer::json(401, "")]).await;
    let fetching = Arc::new(Notify::new());
    let credentials = Credentials::bearer_from({
        let fetching = Arc::clone(&fetching);
        let fetches = std::sync::atomic::AtomicU32::new(0);
        move || {
            let first = fetches.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            let fetching = Arc::clone(&fetching);
            async move {
                if first {
                    return Ok::<_, std::io::Error>("token".into());
                }
                fetching.notify_one();
                pending().await
            }
        }
    });
    let client = command(&server).credentials(credentials).build().unwrap();
    capture::start();
    drop_at(removal(&client).send(), fetching.notified()).await;
    assert_dropped(REMOVE, LOCATIONS, REFUSED, false);
    assert_eq!(server.received().len(), 1, "it was refused");
}

#[tokio::test]
async fn a_call_that_ended_says_nothing_more_when_its_outcome_is_dropped() {
    let server = Scripted::start([Answer::json(200, JOB), Answer::Nothing]).await;
    let client = command(&server).build().unwrap();
    for ended in ["accepted, with a gap", "outcome unknown"] {
        capture::start();
        drop(removal(&client).send().await);
        assert_eq!(capture::only_audit().field("ended"), Some(ended));
        assert_eq!(capture::warnings().len(), 0);
    }
}

#[tokio::test]
async fn an_aborted_task_warns_like_a_dropped_call() {
    let server = Scripted::start([Answer::Silence]).await;
    let client = command(&server).build().unwrap();
    capture::start();
    let task = tokio::spawn(removal(&client).send());
    server.arrived(1).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_dropped(REMOVE, LOCATIONS, UNKNOWN, true);
}

#[tokio::test]
async fn every_call_that_was_never_polled_sends_and_says_nothing() {
    for (operation, row) in Operation::all() {
        let server = Scripted::start([row.success()]).await;
        capture::start();
        drop((row.send)(&Site::new(&server.origin)));
        assert_eq!(capture::events().len(), 0, "{operation:?}: {:#?}", capture::events());
        (row.send)(&Site::new(&server.origin)).await;
        assert_eq!(server.received().len(), 1, "{operation:?}: only the call that was awaited");
    }
}

#[tokio::test]
async fn every_call_that_is_dropped_while_unanswered_is_not_sent_again_and_warns_if_it_is_a_change() {
    let half = || Answer::Begun(b"HTTP/1.1 200 -\r\ncontent-length: 100\r\n\r\n[\"6c0d".to_vec());
    for (operation, row) in Operation::all() {
        for unanswered in [Answer::Silence, half()] {
            let server = Scripted::start([unanswered.clone(), row.success()]).await;
            capture::start();
            drop_at((row.send)(&Site::new(&server.origin)), server.arrived(1)).await;
            if row.is_change() {
                assert_dropped(row.name, row.targets, UNKNOWN, true);
                assert_eq!(capture::only_audit().field("audit_note"), row.note(), "{operation:?}");
            } else {
                assert!(capture::audit().is_empty(), "{operation:?}: {:?}", capture::audit());
                assert!(capture::warnings().is_empty(), "{operation:?}: {:?}", capture::warnings());
            }
            assert_eq!(server.received().len(), 1, "{operation:?}, {unanswered:?}");

            (row.send)(&Site::new(&server.origin)).await;
            assert_eq!(server.received().len(), 2, "{operation:?}: one copy of the dropped call, one of the next");
        }
    }
}

#[tokio::test]
async fn every_change_that_is_dropped_in_a_pause_after_a_refusal_was_not_sent() {
    for (operation, row) in Operation::changes() {
        let busy = Answer::with(429, "retry-after: 200\r\n", "");
        let server = Scripted::start([busy, row.success()]).await;
        capture::start();
        let refused = capture::until(|event| event.field("http.response.status_code") == Some("429"));
        drop_at((row.send)(&Site::new(&server.origin)), refused).await;
        assert_dropped(row.name, row.targets, REFUSED, false);
        assert_eq!(server.received().len(), 1, "{operation:?}");
    }
}
