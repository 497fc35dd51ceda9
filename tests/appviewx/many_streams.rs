//! Many certificates as a stream: what is handed out when, what is under way at once, and what ends a run.

use std::error::Error as _;
use std::time::Duration;

use crate::support::appviewx::{builder, client, problems};
use crate::support::scripted::{Answer, Scripted};
use crate::support::{Received, capture, read_request, reply};
use clm::appviewx::{AppViewX, Error, ErrorCode, MoveInCalls, ResourceId, SharedError, Unassign, UnassignCertificates};
use clm::{BatchBuilder, ItemOutcome, ItemState, OnFailure, Reason, RetryPolicy};
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

/// A refusal that is about a certificate: with `OnFailure::Continue`, its call is split.
pub(super) const DENIED: &str = "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED";

/// `id-0`, `id-1` and on.
fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("id-{n}")).collect()
}

fn asked(request: &Received) -> Vec<String> {
    serde_json::from_value(request.json()["resourceIds"].clone()).unwrap()
}

fn confirmation(ids: &[String]) -> Value {
    json!({"response": {"Successful Ids": ids}, "appStatusCode": null})
}

pub(super) fn refusal(code: &str) -> Value {
    json!({"response": null, "message": "no", "appStatusCode": code})
}

pub(super) fn many(origin: &str, count: usize) -> BatchBuilder<MoveInCalls<Unassign>> {
    client(origin).certificate_groups().unassign(ids(count)).in_calls().ids_per_call(2)
}

/// A server that takes everything, but answers the first requests with these.
async fn answering(first: impl IntoIterator<Item = (u16, Value)>) -> Scripted {
    let first: Vec<_> = first.into_iter().map(|(status, body)| Answer::json(status, &body.to_string())).collect();
    Scripted::choosing(move |number, request| {
        let taken = || Answer::json(200, &confirmation(&asked(request)).to_string());
        first.get(number).cloned().unwrap_or_else(taken)
    })
    .await
}

/// A request that is at the server and waits for its answer.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) ids: Vec<String>,
    answer: oneshot::Sender<Vec<u8>>,
}

impl Held {
    pub(super) fn confirm(self) {
        let body = confirmation(&self.ids);
        self.answer(200, &body);
    }

    pub(super) fn answer(self, status: u16, body: &Value) {
        let bytes = reply(status, "content-type: application/json\r\n", &body.to_string());
        self.answer.send(bytes).expect("the server waits for it");
    }
}

/// A server that answers when it is told to.
pub(super) struct Holding {
    pub(super) origin: String,
    arriving: mpsc::UnboundedReceiver<Held>,
    _tasks: JoinSet<()>,
}

impl Holding {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (sender, arriving) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let sender = sender.clone();
                connections.spawn(async move {
                    let Some(request) = read_request(&mut stream).await else { return };
                    let (answer, answered) = oneshot::channel();
                    sender.send(Held { ids: asked(&request), answer }).unwrap();
                    let Ok(bytes) = answered.await else { return };
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.shutdown().await;
                });
            }
        });
        Self { origin, arriving, _tasks: tasks }
    }

    pub(super) async fn next(&mut self) -> Held {
        self.arriving.recv().await.unwrap()
    }

    /// Holds that nothing has come in that was not looked at: a request that is sent now is the next one.
    pub(super) async fn nothing_more_has_come(&mut self) {
        let client = client(&self.origin);
        let marker = tokio::spawn(client.certificate_groups().unassign(["marker"]).send());
        let next = self.next().await;
        assert_eq!(next.ids, ["marker"]);
        next.confirm();
        marker.await.unwrap().unwrap();
    }
}

pub(super) type Told = ItemOutcome<ResourceId, UnassignCertificates>;

pub(super) fn names<'a>(told: impl IntoIterator<Item = &'a Told>) -> Vec<&'a str> {
    told.into_iter().map(|it| it.item.as_str()).collect()
}

pub(super) fn not_sent(state: &ItemState<AppViewX>) -> &SharedError {
    match state {
        ItemState::NotSent(error) => error,
        other => panic!("{other:?}"),
    }
}

pub(super) fn refused_together(state: &ItemState<AppViewX>) -> &SharedError {
    match state {
        ItemState::RefusedTogether(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn by_default_nothing_is_sent_after_a_refusal() {
    let server = answering([(403, refusal(DENIED))]).await;
    let outcome = many(&server.origin, 5).send().await.unwrap();
    assert_eq!(
        server.received().iter().map(asked).collect::<Vec<_>>(),
        [["id-0", "id-1"]],
        "one call, and no part of it"
    );
    assert_eq!((outcome.calls(), outcome.split_calls()), (1, &[][..]));
    let ended_by = outcome.ended_by().unwrap();
    assert_eq!(ended_by.code(), Some(&ErrorCode::CurrentGroupDenied));
    assert_eq!(names(outcome.items()), ids(5));
    let (refused, left) = outcome.items().split_at(2);
    for it in refused {
        let ItemState::RefusedTogether(error) = &it.state else { panic!("{it:?}") };
        assert_eq!(error, ended_by);
    }
    assert!(left.iter().all(|it| not_sent(&it.state) == ended_by && it.answer.is_none()), "{left:?}");
}

#[tokio::test]
async fn the_ids_of_a_call_are_handed_out_before_the_next_call_is_sent() {
    let server = answering([]).await;
    let mut outcomes = many(&server.origin, 4).start().unwrap();
    assert_eq!((outcomes.calls(), server.received().len()), (0, 0), "nothing is sent before it is asked for");
    for (id, sent) in [("id-0", 1), ("id-1", 1), ("id-2", 2), ("id-3", 2)] {
        let told = outcomes.next().await.unwrap();
        assert_eq!((told.item.as_str(), &told.state), (id, &ItemState::Confirmed));
        assert!(told.answer.unwrap().successful_ids().contains(&told.item));
        assert_eq!((outcomes.calls() as usize, server.received().len()), (sent, sent), "{id}");
    }
    assert!(outcomes.next().await.is_none() && outcomes.next().await.is_none(), "it ends, and stays at its end");
    assert_eq!((outcomes.ended_by(), server.received().len()), (None, 2));
    let told: Vec<Told> = many(&server.origin, 3).start().unwrap().collect().await;
    assert_eq!(names(&told), ids(3), "as a `Stream`");
}

#[tokio::test]
async fn three_calls_are_at_the_server_at_once_and_never_four() {
    let mut server = Holding::start().await;
    let client = builder(&server.origin).max_concurrent_tries(32).build().unwrap();
    let call = client.certificate_groups().unassign(ids(7)).in_calls().ids_per_call(1).concurrency(3);
    let mut outcomes = call.start().unwrap();
    assert!(outcomes.next().now_or_never().is_none());
    assert_eq!(outcomes.calls(), 3);
    let mut under_way = vec![server.next().await, server.next().await, server.next().await];
    under_way.sort_by(|one, two| one.ids.cmp(&two.ids));
    assert_eq!(under_way.iter().map(|it| it.ids.concat()).collect::<Vec<_>>(), ["id-0", "id-1", "id-2"]);
    server.nothing_more_has_come().await;
    for (begun, next) in (4..).zip(["id-3", "id-4", "id-5", "id-6"]) {
        let answered = under_way.pop().unwrap();
        let id = answered.ids.concat();
        answered.confirm();
        let told = outcomes.next().await.unwrap();
        assert_eq!(
            (told.item.as_str(), told.state),
            (id.as_str(), ItemState::Confirmed),
            "in the order of the answers"
        );
        assert!(outcomes.next().now_or_never().is_none());
        assert_eq!(outcomes.calls(), begun, "one more for each that has ended");
        under_way.push(server.next().await);
        assert_eq!(under_way.last().unwrap().ids, [next]);
        server.nothing_more_has_come().await;
    }
    assert_eq!(under_way.len(), 3);
    under_way.into_iter().rev().for_each(Held::confirm);
    let rest = outcomes.finish().await;
    assert_eq!(names(rest.items()), ["id-0", "id-1", "id-6"], "in the order in which they were given");
    assert!(rest.is_complete() && rest.calls() == 7);
    server.nothing_more_has_come().await;
}

#[tokio::test]
async fn no_call_at_once_is_a_problem_beside_all_others() {
    let server = answering([]).await;
    let error = many(&server.origin, 4).concurrency(0).send().await.unwrap_err();
    assert_eq!(problems(&error), [("concurrency".to_owned(), Reason::OutOfRange)]);
    let call = client(&server.origin).certificate_groups().unassign(["a", "b,c"]).in_calls();
    let error = Error::from(call.ids_per_call(0).concurrency(0).start().unwrap_err());
    let found: Vec<_> = problems(&error).into_iter().map(|(field, _)| field).collect();
    assert_eq!(found, ["resource_ids[1]", "ids_per_call", "concurrency"]);
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn a_stream_that_is_dropped_sends_nothing_further_and_lets_its_call_end() {
    capture::start();
    let mut server = Holding::start().await;
    let mut outcomes = many(&server.origin, 6).start().unwrap();
    assert!(outcomes.next().now_or_never().is_none());
    let held = server.next().await;
    assert_eq!(held.ids, ["id-0", "id-1"]);
    drop(outcomes);
    server.nothing_more_has_come().await;
    capture::start();
    held.confirm();
    capture::until(|event| event.target == "clm::audit").await;
    let audit = capture::only_audit();
    assert_eq!((audit.field("ended"), audit.field("targets")), (Some("done"), Some(r#"["id-0","id-1"]"#)));
    server.nothing_more_has_come().await;
    assert_eq!(capture::warnings().len(), 0, "its outcome is known: {:?}", capture::warnings());
}

#[tokio::test]
async fn what_was_handed_out_is_not_told_again_at_the_end() {
    let server = answering([]).await;
    let given = ["id-0", "id-1", "id-0", "id-2", "id-3", "id-4"];
    let call = client(&server.origin).certificate_groups().unassign(given).in_calls().ids_per_call(2);
    let mut outcomes = call.start().unwrap();
    for id in ["id-0", "id-1", "id-2"] {
        assert_eq!(outcomes.next().await.unwrap().item, id);
    }
    assert_eq!(server.received().len(), 2);
    let rest = outcomes.finish().await;
    assert_eq!(names(rest.items()), ["id-3", "id-4"]);
    assert_eq!((rest.of("id-2"), rest.of("id-4")), (None, Some(&ItemState::Confirmed)));
    assert_eq!((rest.repeated(), rest.calls()), (&["id-0".into()][..], 3));
    assert!(rest.is_complete());
    assert_eq!(server.received().iter().flat_map(asked).collect::<Vec<_>>(), ids(5), "each id once");
}

#[tokio::test]
async fn too_many_requests_end_a_run_that_goes_on_after_failures() {
    let server = answering([(403, refusal("SOMETHING_ELSE")), (429, refusal(DENIED))]).await;
    let outcome = many(&server.origin, 8).on_failure(OnFailure::Continue).send().await.unwrap();
    assert_eq!((server.received().len(), outcome.calls()), (2, 2), "after 403 it goes on, after 429 it does not");
    let ended_by = outcome.ended_by().unwrap();
    assert_eq!(ended_by.status().map(|it| it.as_u16()), Some(429));
    for (n, it) in outcome.items().iter().enumerate() {
        match (n, &it.state) {
            (0 | 1, ItemState::RefusedTogether(error)) => assert_ne!(error, ended_by),
            (2 | 3, ItemState::RefusedTogether(error)) | (4.., ItemState::NotSent(error)) => {
                assert_eq!(error, ended_by);
            }
            (n, state) => panic!("{n}: {state:?}"),
        }
    }
}

#[tokio::test]
async fn calls_under_way_run_to_their_end_after_a_failure() {
    capture::start();
    let mut server = Holding::start().await;
    let run = tokio::spawn(many(&server.origin, 8).concurrency(2).send());
    let (one, two) = (server.next().await, server.next().await);
    let (first, second) = if one.ids[0] == "id-0" { (one, two) } else { (two, one) };
    first.answer(403, &refusal(DENIED));
    capture::until(|event| event.target == "clm::audit").await;
    server.nothing_more_has_come().await;
    second.confirm();
    let outcome = run.await.unwrap().unwrap();
    server.nothing_more_has_come().await;
    let ended_by = outcome.ended_by().unwrap();
    assert_eq!((outcome.calls(), ended_by.status().map(|it| it.as_u16())), (2, Some(403)));
    assert_eq!(names(outcome.items()), ids(8));
    assert_eq!(outcome.confirmed().collect::<Vec<_>>(), ["id-2", "id-3"]);
    assert!(outcome.items()[4..].iter().all(|it| not_sent(&it.state) == ended_by));
}

#[tokio::test]
async fn no_id_is_lost_if_a_call_is_to_be_split_after_the_run_has_ended() {
    capture::start();
    let mut server = Holding::start().await;
    let run = tokio::spawn(many(&server.origin, 6).on_failure(OnFailure::Continue).concurrency(2).send());
    let (one, two) = (server.next().await, server.next().await);
    let (first, second) = if one.ids[0] == "id-0" { (one, two) } else { (two, one) };
    first.answer(429, &refusal(""));
    capture::until(|event| event.target == "clm::audit").await;
    server.nothing_more_has_come().await;
    second.answer(403, &refusal(DENIED));
    let outcome = run.await.unwrap().unwrap();
    server.nothing_more_has_come().await;
    assert_eq!(names(outcome.items()), ids(6), "every id is told");
    assert_eq!((outcome.calls(), outcome.possibly_done().count(), outcome.is_complete()), (2, 0, false));
    let ended_by = outcome.ended_by().unwrap();
    assert_eq!(ended_by.status().map(|it| it.as_u16()), Some(429));
    let [together, refused, left] = [0, 2, 4].map(|first| &outcome.items()[first..first + 2]);
    assert!(together.iter().all(|it| refused_together(&it.state) == ended_by), "{together:?}");
    for it in refused {
        let error = refused_together(&it.state);
        assert_eq!(error.code(), Some(&ErrorCode::CurrentGroupDenied), "it was at the server, and this is its refusal");
        assert_eq!(outcome.split_calls(), std::slice::from_ref(error));
    }
    assert!(left.iter().all(|it| not_sent(&it.state) == ended_by), "{left:?}");
}

#[tokio::test]
async fn parts_that_are_not_sent_again_stay_as_the_refusal_of_their_call_left_them() {
    let server = answering([(403, refusal(DENIED)), (429, refusal(""))]).await;
    let outcome = many(&server.origin, 4).on_failure(OnFailure::Continue).send().await.unwrap();
    let sent: Vec<_> = server.received().iter().map(asked).collect();
    assert_eq!(sent, [vec!["id-0", "id-1"], vec!["id-0"]]);
    let ended_by = outcome.ended_by().unwrap();
    assert_eq!(ended_by.status().map(|it| it.as_u16()), Some(429));
    assert_eq!(outcome.items()[0].state, ItemState::Refused(ended_by.clone()));
    let refused = refused_together(&outcome.items()[1].state);
    assert_eq!((refused.code(), outcome.calls()), (Some(&ErrorCode::CurrentGroupDenied), 2));
    assert!(outcome.items()[2..].iter().all(|it| not_sent(&it.state) == ended_by), "they were never at the server");
}

#[tokio::test]
async fn a_part_that_does_not_reach_the_server_stays_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await.unwrap();
        // Nobody listens any more when the answer goes out.
        drop(listener);
        let headers = "content-type: application/json\r\nconnection: close\r\n";
        stream.write_all(&reply(403, headers, &refusal(DENIED).to_string())).await.unwrap();
    });
    let at_once = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
    let client = builder(&origin).retry_policy(at_once).build().unwrap();
    let call = client.certificate_groups().unassign(ids(3)).in_calls().ids_per_call(2);
    let outcome = call.on_failure(OnFailure::Continue).send().await.unwrap();
    server.await.unwrap();
    let ended_by = outcome.ended_by().unwrap();
    assert!(matches!(**ended_by, Error::Transport(_)), "{ended_by:?}");
    for it in &outcome.items()[..2] {
        assert_eq!(refused_together(&it.state).code(), Some(&ErrorCode::CurrentGroupDenied), "{it:?}");
    }
    assert_eq!(not_sent(&outcome.items()[2].state), ended_by);
}

#[tokio::test]
async fn a_gap_in_an_answer_that_was_handed_out_is_one_of_the_whole() {
    let foreign = confirmation(&["id-0".to_owned(), "foreign".to_owned()]);
    let server = answering([(200, foreign)]).await;
    let mut outcomes = many(&server.origin, 2).ids_per_call(1).start().unwrap();
    let first = outcomes.next().await.unwrap();
    assert_eq!((first.item.as_str(), first.state), ("id-0", ItemState::Confirmed));
    let rest = outcomes.finish().await;
    assert_eq!((names(rest.items()), rest.confirmed().count()), (vec!["id-1"], 1));
    assert_eq!(rest.answers().count(), 1, "the other one was handed out");
    assert!(!rest.is_complete());
    let gap = rest.require_complete().unwrap_err().to_string();
    assert!(
        gap.contains("confirmed 1 of 1 certificate; handed out earlier and confirmed by an incomplete response: 1"),
        "{gap}"
    );
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_run_that_outlives_its_runtime_tells_of_every_id() {
    let servers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    for then in [OnFailure::Stop, OnFailure::ContinueAfterRefusal, OnFailure::Continue] {
        for handed_out in [0, 2] {
            let mut server = servers.block_on(Holding::start());
            let calls = many(&server.origin, 8).on_failure(then).concurrency(2);
            let mut outcomes = calls.start().unwrap();
            let first = runtime();
            let held = first.block_on(async {
                if handed_out > 0 {
                    assert!(outcomes.next().now_or_never().is_none());
                    let (one, two) = (server.next().await, server.next().await);
                    let (one, two) = if one.ids[0] == "id-0" { (one, two) } else { (two, one) };
                    one.confirm();
                    for id in ["id-0", "id-1"] {
                        assert_eq!(outcomes.next().await.unwrap().item, id);
                    }
                    assert!(outcomes.next().now_or_never().is_none());
                    [two, server.next().await]
                } else {
                    assert!(outcomes.next().now_or_never().is_none());
                    [server.next().await, server.next().await]
                }
            });
            let mut under_way: Vec<_> = held.iter().flat_map(|it| it.ids.clone()).collect();
            under_way.sort_unstable();
            drop(first);
            let outcome = runtime().block_on(outcomes.finish());
            assert_eq!(names(outcome.items()), ids(8)[handed_out..], "{then:?}");
            let (unknown, left) = outcome.items().split_at(4);
            assert_eq!(names(unknown), under_way, "{then:?}");
            for it in unknown {
                let ItemState::Unknown(error) = &it.state else { panic!("{then:?}: {it:?}") };
                let Error::OutcomeUnknown(unknown) = &**error else { panic!("{then:?}: {error:?}") };
                let request = unknown.request::<UnassignCertificates>().unwrap();
                assert!(request.resource_ids().contains(&it.item), "{then:?}: the request is that of its call");
                let cause = unknown.source().unwrap().to_string();
                assert_eq!(cause, "the runtime was shut down before a response was received");
            }
            let ended_by = outcome.ended_by().unwrap();
            assert!(unknown.iter().any(|it| it.state == ItemState::Unknown(ended_by.clone())));
            assert!(left.iter().all(|it| not_sent(&it.state) == ended_by), "{then:?}: {left:?}");
            assert!(!outcome.is_complete() && outcome.require_complete().is_err());
        }
    }
}

#[tokio::test]
async fn the_audit_note_of_each_call_is_made_of_what_it_names() {
    capture::start();
    let server = answering([]).await;
    let note =
        |ids: &[ResourceId]| format!("CHG 7: {}", ids.iter().map(ResourceId::as_str).collect::<Vec<_>>().join(" "));
    let call = client(&server.origin).certificate_groups().unassign(ids(3)).audit_note("for all");
    let outcome = call.in_calls().ids_per_call(2).audit_note_for(note).send().await.unwrap();
    assert!(outcome.is_complete());
    let audit = capture::audit();
    let told: Vec<_> = audit.iter().map(|it| (it.field("targets").unwrap(), it.field("audit_note"))).collect();
    let expected = [(r#"["id-0","id-1"]"#, Some("CHG 7: id-0 id-1")), (r#"["id-2"]"#, Some("CHG 7: id-2"))];
    assert_eq!(told, expected);
    assert!(server.received().iter().all(|it| !String::from_utf8_lossy(&it.body).contains("CHG")), "it is not sent");
    capture::start();
    let call = client(&server.origin).certificate_groups().unassign(ids(3)).audit_note("for all");
    call.in_calls().ids_per_call(2).send().await.unwrap();
    let reasons: Vec<_> = capture::audit().iter().map(|it| it.field("audit_note").map(str::to_owned)).collect();
    assert_eq!(reasons, [Some("for all".to_owned()), Some("for all".to_owned())]);
}
