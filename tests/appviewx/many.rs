//! Many certificates: several calls, and each id's own end.

use crate::support::Received;
use crate::support::appviewx::{builder, client, problems};
use crate::support::scripted;
use crate::support::scripted::{Answer, Scripted};
use clm::appviewx::{Client, Error, ErrorCode, MoveInCalls, ResourceId, SharedError, Unassign, UnassignCertificates};
use clm::testing::{AppViewXPermission, FakeAppViewX};
use clm::{BatchBuilder, ItemState, ManyOutcome, OnFailure, Reason, RetryPolicy};
use serde_json::{Value, json};

type Many = ManyOutcome<ResourceId, UnassignCertificates>;
type InCalls = BatchBuilder<MoveInCalls<Unassign>>;

const DENIED: &str = "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED";

/// `id-000`, `id-001` and on.
fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("id-{n:03}")).collect()
}

fn asked(request: &Received) -> Vec<String> {
    serde_json::from_value(request.json()["resourceIds"].clone()).unwrap()
}

fn confirm(ids: &[String]) -> Answer {
    Answer::json(200, &json!({"response": {"Successful Ids": ids}, "appStatusCode": null}).to_string())
}

fn refuse(status: u16, code: &str) -> Answer {
    Answer::json(status, &json!({"response": null, "message": "no", "appStatusCode": code}).to_string())
}

/// A server that takes every id, unless `choose` answers otherwise.
async fn server(choose: impl Fn(usize, &[String]) -> Option<Answer> + Send + Sync + 'static) -> Scripted {
    Scripted::choosing(move |number, request| {
        let asked = asked(request);
        choose(number, &asked).unwrap_or_else(|| confirm(&asked))
    })
    .await
}

fn many(server: &Scripted, count: usize) -> InCalls {
    client(&server.origin).certificate_groups().unassign(ids(count)).in_calls().on_failure(OnFailure::Continue)
}

fn sizes(server: &Scripted) -> Vec<usize> {
    server.received().iter().map(|request| asked(request).len()).collect()
}

/// How many ids ended in each way.
fn tally(outcome: &Many) -> Vec<(&'static str, usize)> {
    let mut tally: Vec<(&'static str, usize)> = Vec::new();
    for it in outcome.items() {
        let name = match &it.state {
            ItemState::Confirmed => "confirmed",
            ItemState::Unconfirmed => "unconfirmed",
            ItemState::Refused(_) => "refused",
            ItemState::RefusedTogether(_) => "refused together",
            ItemState::Unknown(_) => "unknown",
            ItemState::NotSent(_) => "not sent",
            other => panic!("{other:?}"),
        };
        match tally.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => tally.push((name, 1)),
        }
    }
    tally
}

#[tokio::test]
async fn a_large_list_is_split_and_every_id_is_told() {
    let server = server(|_, _| None).await;
    let outcome = many(&server, 250).send().await.unwrap();
    assert_eq!(sizes(&server), [100, 100, 50]);
    assert_eq!((tally(&outcome), outcome.calls()), (vec![("confirmed", 250)], 3));
    let told: Vec<_> = outcome.items().iter().map(|it| it.item.to_string()).collect();
    assert_eq!(told, ids(250), "in the order in which they were asked for");
    assert_eq!((outcome.answers().count(), outcome.ended_by()), (3, None));
    assert!(outcome.require_complete().is_ok());
    let sent: Vec<String> = server.received().iter().flat_map(asked).collect();
    assert_eq!(sent, ids(250), "each id once");
}

#[tokio::test]
async fn more_ids_than_one_call_may_name_are_no_problem_and_repeated_ones_are_sent_once() {
    let server = server(|_, _| None).await;
    let client = builder(&server.origin).max_ids_per_call(3).build().unwrap();
    let call = client.certificate_groups().unassign(["a", "b", "a", "c", "d"]).comment("Why").in_calls();
    let outcome = call.ids_per_call(3).send().await.unwrap();
    assert_eq!(sizes(&server), [3, 1]);
    assert_eq!(outcome.repeated(), ["a"]);
    assert!(server.received().iter().all(|request| request.json()["comment"] == "Why"));
}

#[tokio::test]
async fn unless_told_otherwise_a_call_names_no_more_than_the_client_allows() {
    for (limit, expected) in [(50, vec![50, 50, 20]), (99, vec![99, 21]), (101, vec![100, 20])] {
        let server = server(|_, _| None).await;
        let client = builder(&server.origin).max_ids_per_call(limit).build().unwrap();
        let outcome = client.certificate_groups().unassign(ids(120)).in_calls().send().await.unwrap();
        assert_eq!((sizes(&server), tally(&outcome)), (expected, vec![("confirmed", 120)]), "{limit}");
    }
}

#[tokio::test]
async fn the_way_back_names_no_more_in_a_call_than_the_client_allows() {
    let fake = FakeAppViewX::start().await;
    for (n, id) in ids(7).into_iter().enumerate() {
        fake.add_certificate(id, if n < 4 { "web" } else { "mail" });
    }
    let limited = Client::builder(fake.url()).credentials(fake.credentials()).max_ids_per_call(2).build().unwrap();
    let groups = limited.certificate_groups();
    let plan = groups.remember_groups(ids(7)).send().await.unwrap();
    assert!(groups.unassign(ids(7)).in_calls().send().await.unwrap().is_complete());
    let back = groups.assign_back(&plan).send().await.unwrap();
    assert!(back.is_complete(), "{back:?}");
    let calls: Vec<_> = back.answers().iter().map(ManyOutcome::calls).collect();
    assert_eq!(calls, [2, 2], "three of \"mail\", four of \"web\"");
    assert_eq!(fake.group_of("id-006").as_deref(), Some("mail"));
}

#[tokio::test]
async fn everything_is_checked_before_the_first_call() {
    let server = server(|_, _| None).await;
    let client = builder(&server.origin).max_ids_per_call(50).build().unwrap();
    let groups = client.certificate_groups();
    let mut given = ids(120);
    given[119] = "a,b".to_owned();
    for (per_call, fields) in
        [(10, vec!["resource_ids[119]", "comment"]), (0, vec!["resource_ids[119]", "comment", "ids_per_call"])]
    {
        let call = groups.assign("web", &given).comment("no <b> here").in_calls().ids_per_call(per_call);
        let error = call.send().await.unwrap_err();
        assert_eq!(problems(&error).into_iter().map(|(field, _)| field).collect::<Vec<_>>(), fields);
    }
    let error = groups.unassign(["a"]).in_calls().ids_per_call(51).send().await.unwrap_err();
    assert_eq!(problems(&error), [("ids_per_call".to_owned(), Reason::OutOfRange)], "more than one call carries");
    let error = groups.unassign(Vec::<String>::new()).in_calls().ids_per_call(1).send().await.unwrap_err();
    assert_eq!(problems(&error), [("resource_ids".to_owned(), Reason::Empty)]);
    assert_eq!(server.received().len(), 0);
}

#[tokio::test]
async fn one_bad_certificate_does_not_block_the_others() {
    for (status, code) in [
        (403, DENIED),
        (403, "CERT-ACF-0058"),
        (403, "ACF_NOT_AVAILABLE_FOR_SERVER_CERT"),
        (403, "ACF_NOT_AVAILABLE_FOR_CLIENT_CERT"),
        (403, "ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT"),
        (403, "ACF_NOT_AVAILABLE_FOR_DEVICE_CERT"),
        (417, "OPEN_WORK_ORDERS_FOUND"),
        (417, "READ_GROUP"),
        (200, DENIED),
    ] {
        let bad = "id-041";
        let server = server(move |_, ids| ids.iter().any(|id| id == bad).then(|| refuse(status, code))).await;
        let outcome = many(&server, 100).send().await.unwrap();
        assert_eq!(tally(&outcome), [("confirmed", 99), ("refused", 1)], "{code}");
        let Some(ItemState::Refused(error)) = outcome.of(bad) else { panic!("{code}: {:?}", outcome.of(bad)) };
        assert_eq!(error.code().unwrap().as_str(), code);
        assert!(server.received().len() <= 15, "{code}: {} calls", server.received().len());
        assert_eq!(outcome.calls() as usize, server.received().len());
        assert_eq!(outcome.ended_by(), None);
        assert!(!outcome.is_complete());
        // Whatever was taken was named in one taken call only.
        let taken: Vec<String> =
            outcome.answers().flat_map(|it| it.successful_ids().to_vec()).map(|id| id.to_string()).collect();
        let expected: Vec<String> = ids(100).into_iter().filter(|id| id != bad).collect();
        assert_eq!(taken, expected, "{code}");
    }
}

#[tokio::test]
async fn refusals_of_the_whole_call_are_not_split() {
    for (status, code) in
        [(403, "CERT-ACL-0006"), (404, "DEFAULT_CERT_GROUP_PERMISSION_DENIED"), (403, "SOMETHING_ELSE")]
    {
        let server = server(move |number, _| (number == 0).then(|| refuse(status, code))).await;
        let outcome = many(&server, 12).ids_per_call(5).send().await.unwrap();
        assert_eq!(sizes(&server), [5, 5, 2], "{code}: it goes on");
        assert_eq!(tally(&outcome), [("refused together", 5), ("confirmed", 7)], "{code}");
        let errors: Vec<&Error> = outcome.items().iter().filter_map(|it| it.state.error()).collect();
        assert!(errors.iter().all(|error| std::ptr::eq(*error, errors[0])), "{code}: one error, shared");
        assert_eq!(errors[0].code().unwrap().as_str(), code);
    }
}

#[tokio::test]
async fn what_refuses_every_certificate_is_not_split_to_the_last() {
    let server = server(|_, _| Some(refuse(403, "CERT-ACF-0058"))).await;
    let outcome = many(&server, 1_000).send().await.unwrap();
    assert!(server.received().len() <= 32, "{} calls", server.received().len());
    assert_eq!(tally(&outcome), [("refused", 8), ("refused together", 992)]);
    assert_eq!((outcome.calls() as usize, outcome.ended_by()), (server.received().len(), None));
    let split = outcome.split_calls();
    assert!(!split.is_empty() && split.iter().all(|it| it.code() == Some(&ErrorCode::CategoryDenied)), "{split:?}");
    let sent: Vec<String> = server.received().iter().flat_map(asked).collect();
    assert!(ids(1_000).iter().all(|id| sent.contains(id)), "every call was sent once at least");
}

#[tokio::test]
async fn splitting_goes_on_after_a_success_or_another_code() {
    // 16 single ids are refused, but never eight alike in a row.
    let by_code = server(|_, ids| match ids {
        [id] if id.ends_with(['1', '3', '5', '7', '9']) => Some(refuse(403, DENIED)),
        _ => Some(refuse(403, "CERT-ACF-0058")),
    })
    .await;
    let outcome = many(&by_code, 16).send().await.unwrap();
    assert_eq!(tally(&outcome), [("refused", 16)]);
    let taken = server(|_, ids| (ids.len() > 1 || ids[0] != "id-007").then(|| refuse(403, DENIED))).await;
    let outcome = many(&taken, 15).send().await.unwrap();
    assert_eq!(tally(&outcome), [("refused", 14), ("confirmed", 1)]);
}

#[tokio::test]
async fn a_caller_may_go_on_without_splitting() {
    let server = server(|number, _| (number == 0).then(|| refuse(403, DENIED))).await;
    let outcome = many(&server, 6).ids_per_call(3).without_splitting().send().await.unwrap();
    assert_eq!(sizes(&server), [3, 3]);
    assert_eq!(tally(&outcome), [("refused together", 3), ("confirmed", 3)]);
    assert_eq!((outcome.split_calls(), outcome.ended_by()), (&[][..], None));
}

#[tokio::test]
async fn a_2xx_with_a_code_that_nobody_knows_may_have_been_carried_out() {
    let odd = |_: usize, ids: &[String]| {
        Some(Answer::json(200, &json!({"response": {"Successful Ids": ids}, "appStatusCode": "CERT-200"}).to_string()))
    };
    let server = server(odd).await;
    let outcome = many(&server, 4).ids_per_call(2).on_failure(OnFailure::Stop).send().await.unwrap();
    assert_eq!((server.received().len(), tally(&outcome)), (1, vec![("unknown", 2), ("not sent", 2)]));
    let outcome = many(&server, 4).ids_per_call(2).send().await.unwrap();
    assert_eq!((server.received().len(), tally(&outcome)), (3, vec![("unknown", 4)]), "it goes on");
}

#[tokio::test]
async fn stopping_at_the_first_refusal_is_the_callers_choice() {
    let server = server(|number, _| (number == 1).then(|| refuse(403, DENIED))).await;
    let outcome = many(&server, 9).ids_per_call(3).on_failure(OnFailure::Stop).send().await.unwrap();
    assert_eq!(sizes(&server), [3, 3], "neither split nor gone on");
    assert_eq!(tally(&outcome), [("confirmed", 3), ("refused together", 3), ("not sent", 3)]);
    let ended: &SharedError = outcome.ended_by().unwrap();
    assert_eq!(ended.code(), Some(&ErrorCode::CurrentGroupDenied));
    let Some(ItemState::NotSent(error)) = outcome.of("id-008") else { panic!() };
    assert_eq!(error, ended);
}

#[tokio::test]
async fn a_call_that_may_have_arrived_is_neither_split_nor_sent_again() {
    for (name, silence) in
        [("closed", Answer::Nothing), ("503", refuse(503, DENIED)), ("another shape", Answer::json(200, "[]"))]
    {
        for (then, expected, calls) in [
            (OnFailure::Stop, vec![("confirmed", 2), ("unknown", 2), ("not sent", 2)], 2),
            (OnFailure::Continue, vec![("confirmed", 4), ("unknown", 2)], 3),
        ] {
            let answer = silence.clone();
            let server = server(move |number, _| (number == 1).then(|| answer.clone())).await;
            let outcome = many(&server, 6).ids_per_call(2).on_failure(then).send().await.unwrap();
            assert_eq!(server.received().len(), calls, "{name}, {then:?}");
            let sent: Vec<String> = server.received().iter().flat_map(asked).collect();
            assert_eq!(sent, ids(calls * 2), "{name}: each id once");
            assert_eq!(tally(&outcome), expected, "{name}, {then:?}");
            let Some(ItemState::Unknown(error)) = outcome.of("id-002") else { panic!("{name}") };
            assert!(matches!(**error, Error::OutcomeUnknown(_)), "{name}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_refusal_after_an_unanswered_copy_proves_nothing() {
    let server = server(|number, _| Some(if number == 0 { Answer::Nothing } else { refuse(403, DENIED) })).await;
    let at_once = RetryPolicy::DEFAULT.pauses(std::time::Duration::ZERO, std::time::Duration::ZERO);
    let client = builder(&server.origin).retry_policy(at_once).build().unwrap();
    let call = client.certificate_groups().unassign(ids(4)).repeat_after_silence().in_calls();
    let outcome = call.on_failure(OnFailure::Continue).send().await.unwrap();
    assert_eq!((server.received().len(), tally(&outcome)), (2, vec![("unknown", 4)]), "not split");
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_is_looked_at_not_repeated() {
    let both = json!({"response": {"Successful Ids": ["id-001"]}, "message": "no", "appStatusCode": DENIED});
    let server = server(move |_, _| Some(Answer::json(403, &both.to_string()))).await;
    let outcome = many(&server, 4).ids_per_call(2).on_failure(OnFailure::Stop).send().await.unwrap();
    assert_eq!(server.received().len(), 1);
    assert_eq!(tally(&outcome), [("refused together", 1), ("unknown", 1), ("not sent", 2)]);
    assert!(matches!(outcome.of("id-001"), Some(ItemState::Unknown(_))));
    let outcome = many(&server, 4).ids_per_call(2).send().await.unwrap();
    assert_eq!(sizes(&server), [2, 2, 2], "it goes on, and splits nothing that may be done");
    assert_eq!(tally(&outcome), [("refused together", 3), ("unknown", 1)]);
    assert!(matches!(outcome.of("id-001"), Some(ItemState::Unknown(_))));
}

#[tokio::test]
async fn what_no_further_call_can_help_ends_the_run() {
    for (status, code) in [
        (401, "AVX_GW_003"),
        (401, "X"),
        (429, "X"),
        (403, "AVX_GW_005"),
        (400, "CERT-GEN-0033"),
        (404, "GROUP_NOT_FOUND"),
        (404, ""),
        (302, ""),
    ] {
        let server = server(move |_, _| Some(refuse(status, code))).await;
        let outcome = many(&server, 6).ids_per_call(2).send().await.unwrap();
        assert_eq!(server.received().len(), 1, "{status} {code}");
        assert_eq!(tally(&outcome), [("refused together", 2), ("not sent", 4)], "{status} {code}");
    }
    let groups = client(&scripted::nobody()).certificate_groups();
    let call = groups.unassign(ids(6)).in_calls().ids_per_call(2).on_failure(OnFailure::Continue);
    let outcome = call.send().await.unwrap();
    assert_eq!((tally(&outcome), outcome.calls()), (vec![("not sent", 6)], 1));
    assert!(matches!(**outcome.ended_by().unwrap(), Error::Transport(_)));
}

#[tokio::test]
async fn nothing_is_only_counted() {
    let server = server(|number, _| match number {
        0 => Some(confirm(&["id-001".to_owned(), "z".to_owned()])),
        1 => Some(refuse(403, DENIED)),
        _ => None,
    })
    .await;
    let outcome = many(&server, 3).ids_per_call(2).send().await.unwrap();
    assert_eq!(tally(&outcome), [("unconfirmed", 1), ("confirmed", 1), ("refused", 1)]);
    assert_eq!(outcome.answers().next().unwrap().unexpected_ids(), ["z"]);
    assert_eq!(outcome.of("z"), None);
    assert_eq!(outcome.confirmed().map(ToString::to_string).collect::<Vec<_>>(), ["id-001"]);
    let kept = serde_json::to_value(&outcome).unwrap();
    assert_eq!(kept["items"][0], json!({"item": "id-000", "state": "unconfirmed"}));
    assert_eq!(kept["items"][2]["state"], "refused");
    let said = Value::String(outcome.of("id-002").unwrap().error().unwrap().to_string());
    assert_eq!(kept["items"][2]["error"], said);
    assert_eq!(kept["answers"].as_array().map(Vec::len), Some(1));
    assert_eq!(kept["answers"][0]["unexpected_ids"], json!(["z"]));
    let error = outcome.clone().require_complete().unwrap_err();
    assert!(error.to_string().contains("confirmed 1 of 3"), "{error}");
    let error = Error::from(error);
    let Error::Incomplete(gap) = error else { panic!("{error:?}") };
    assert_eq!(gap.into_outcome::<Many>().unwrap(), outcome);
}

#[tokio::test]
async fn read_only_groups_on_the_fake() {
    let fake = FakeAppViewX::start().await;
    for (n, id) in ids(40).into_iter().enumerate() {
        fake.add_certificate(id, if n % 13 == 5 { "locked" } else { "web" });
    }
    fake.add_group("mail", "Default");
    fake.deny(AppViewXPermission::WriteGroup("locked".to_owned()));
    let groups = fake.client().certificate_groups();
    let outcome = groups
        .assign("mail", ids(40))
        .in_calls()
        .on_failure(OnFailure::Continue)
        .ids_per_call(20)
        .send()
        .await
        .unwrap();
    let refused: Vec<_> = outcome
        .items()
        .iter()
        .filter(
            |it| matches!(&it.state, ItemState::Refused(error) if error.code() == Some(&ErrorCode::CurrentGroupDenied)),
        )
        .map(|it| it.item.to_string())
        .collect();
    assert_eq!(refused, ["id-005", "id-018", "id-031"]);
    assert_eq!(outcome.confirmed().count(), 37);
    for id in ids(40) {
        let expected = if refused.contains(&id) { "locked" } else { "mail" };
        assert_eq!(fake.group_of(&id).as_deref(), Some(expected), "{id}");
    }
}
