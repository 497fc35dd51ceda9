//! One call for each location, so that each location has its own job: whether the others are sent after a failure, and how
//! many at once, is up to the caller.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clm::keyfactor::{
    CertificateLocation, Client, Error, Keyfactor, LookupError, RemoveCertificates, RemoveEachOutcome, RemoveOutcome,
    Schedule, SharedError,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use clm::{ItemOutcome, ItemState, OnFailure, Reason, RequestBuilder};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use tracing::instrument::WithSubscriber as _;

use crate::support::keyfactor::{JOB, Server, builder, client, store};
use crate::support::keyfactor_reads::{answer, calls, changes, client_of, ok};
use crate::support::scripted::{Answer, Scripted, nobody};
use crate::support::{capture, read_request, reply};

type LocationOutcome = ItemOutcome<CertificateLocation, RemoveCertificates>;

const BOTH: [OnFailure; 2] = [OnFailure::Stop, OnFailure::Continue];

fn locations(count: u128) -> Vec<CertificateLocation> {
    (1..=count).map(|number| CertificateLocation::new(store(number), format!("alias-{number}"))).collect()
}

fn removal(client: &Client, count: u128) -> RequestBuilder<RemoveCertificates> {
    client.certificate_stores().remove_certificates(locations(count), Schedule::Immediate)
}

/// What became of one, as a word.
fn word(state: &ItemState<Keyfactor>) -> &'static str {
    match state {
        ItemState::Confirmed => "confirmed",
        ItemState::Unconfirmed => "unconfirmed",
        ItemState::Refused(_) => "refused",
        ItemState::Unknown(_) => "unknown",
        ItemState::NotSent(_) => "not sent",
        other => panic!("{other:?}"),
    }
}

/// What became of each, as one word.
fn states(outcome: &RemoveEachOutcome) -> Vec<&'static str> {
    outcome.items().iter().map(|it| word(&it.state)).collect()
}

fn error(state: &ItemState<Keyfactor>) -> &SharedError {
    match state {
        ItemState::Refused(error) | ItemState::Unknown(error) | ItemState::NotSent(error) => error,
        other => panic!("{other:?}"),
    }
}

/// The alias of one, and the jobs that the answer to its call named.
fn jobs_of(outcome: &LocationOutcome) -> (String, Vec<String>) {
    let jobs = outcome.answer.as_deref().map(RemoveOutcome::job_ids).unwrap_or_default();
    (outcome.item.alias().to_owned(), jobs.iter().map(ToString::to_string).collect())
}

/// The aliases that were asked for, call by call.
fn asked(server: &Scripted) -> Vec<Value> {
    server.received().iter().map(|it| it.json()["CertificateStores"][0]["Alias"].clone()).collect()
}

fn job(number: usize) -> String {
    format!("d985c4a4-0000-4000-8000-{number:012}")
}

/// A server that schedules, except for the request with this number, counted from 0.
async fn except(odd: usize, given: Answer) -> Scripted {
    Scripted::choosing(move |number, _| if number == odd { given.clone() } else { ok(&json!([job(number)])) }).await
}

/// A server that answers the call for an alias once that alias is let through, with the job of the alias' number.
struct Gated {
    server: Server<()>,
    open: watch::Sender<BTreeSet<u128>>,
    seen: watch::Sender<Seen>,
}

#[derive(Default)]
struct Seen {
    /// In the order in which they came.
    received: Vec<u128>,
    /// Received and not answered.
    waiting: usize,
    most_waiting: usize,
}

impl Gated {
    /// `refused` is answered 409.
    async fn start(refused: Option<u128>) -> Self {
        let (open, seen) = (watch::Sender::new(BTreeSet::new()), watch::Sender::new(Seen::default()));
        let (gate, log) = (open.clone(), seen.clone());
        let server = Server::start(move |mut stream| {
            let (mut gate, log) = (gate.subscribe(), log.clone());
            async move {
                // A client that hangs up before it has asked.
                let Some(request) = read_request(&mut stream).await else { return };
                let alias = request.json()["CertificateStores"][0]["Alias"].as_str().unwrap().to_owned();
                let number: u128 = alias.strip_prefix("alias-").unwrap().parse().unwrap();
                log.send_modify(|it| {
                    it.received.push(number);
                    it.waiting += 1;
                    it.most_waiting = it.most_waiting.max(it.waiting);
                });
                gate.wait_for(|open| open.contains(&number)).await.unwrap();
                log.send_modify(|it| it.waiting -= 1);
                let (status, body) = match refused {
                    Some(refused) if refused == number => (409, json!({"Message": "not this one"})),
                    _ => (200, json!([job(usize::try_from(number).unwrap())])),
                };
                let headers = "content-type: application/json\r\nconnection: close\r\n";
                // A client that hangs up does not want its answer.
                drop(stream.write_all(&reply(status, headers, &body.to_string())).await);
            }
        })
        .await;
        Self { server, open, seen }
    }

    fn let_through(&self, numbers: impl IntoIterator<Item = u128>) {
        self.open.send_modify(|open| open.extend(numbers));
    }

    /// Waits until so many have been received.
    async fn receives(&self, count: usize) {
        self.seen.subscribe().wait_for(|seen| seen.received.len() >= count).await.unwrap();
    }

    fn received(&self) -> Vec<u128> {
        self.seen.borrow().received.clone()
    }
}

/// Long enough for a request that must not come.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

#[tokio::test]
async fn every_location_is_a_call_with_its_own_job() {
    let server = except(usize::MAX, Answer::Nothing).await;
    let given = locations(3);
    let twice = given.iter().chain(&given[..1]).cloned();
    let stores = client(&server.origin).certificate_stores();
    let call = stores.remove_certificates(twice, Schedule::Immediate).collection_id(4).audit_note("moved");
    let outcome = call.one_job_per_location().send().await.unwrap();
    assert!(outcome.is_complete());
    assert_eq!(outcome.items().len(), 3);
    for (number, (it, location)) in outcome.items().iter().zip(&given).enumerate() {
        assert_eq!(&it.item, location);
        assert_eq!(it.state, ItemState::Confirmed, "{it:?}");
        assert_eq!(jobs_of(it).1, [job(number)]);
        let body = json!({
            "CertificateStores": [{"CertificateStoreId": location.store(), "Alias": location.alias()}],
            "Schedule": {"Immediate": true},
            "CollectionId": 4,
        });
        assert_eq!(server.received()[number].json(), body);
    }
    assert_eq!(outcome.job_ids().map(|it| it.to_string()).collect::<Vec<_>>(), [job(0), job(1), job(2)]);
    assert_eq!(outcome.repeated(), &given[..1]);
    assert_eq!(server.received().len(), 3, "each location once");
    assert_eq!((outcome.calls(), outcome.ended_by(), outcome.split_calls().len()), (3, None, 0));
    assert_eq!(outcome.clone().require_complete().unwrap().items().len(), 3);
}

#[tokio::test]
async fn what_is_wrong_with_one_is_found_before_any_is_sent() {
    let server = except(usize::MAX, Answer::Nothing).await;
    let mut given = locations(2);
    given.push(CertificateLocation::new(store(3), ""));
    let stores = client(&server.origin).certificate_stores();
    let call = stores.remove_certificates(given, Schedule::Immediate).one_job_per_location();
    let Error::Validation(error) = call.clone().send().await.unwrap_err() else {
        panic!("not refused before the wire")
    };
    assert_eq!(error.problems()[0].field(), "certificate_stores[2].alias");
    assert_eq!(call.start().unwrap_err(), *error);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn every_problem_of_a_run_is_named_at_once() {
    let server = except(usize::MAX, Answer::Nothing).await;
    let keyfactor = client(&server.origin);
    let error = removal(&keyfactor, 2).one_job_per_location().concurrency(0).start().unwrap_err();
    let [problem] = error.problems() else { panic!("{error:?}") };
    assert_eq!((problem.field(), problem.reason()), ("concurrency", &Reason::OutOfRange));

    let recurring = Schedule::Interval { minutes: 60 };
    let call = keyfactor.certificate_stores().remove_certificates([CertificateLocation::new(store(1), " ")], recurring);
    let run = call.collection_id(0).audit_note("").one_job_per_location().concurrency(0);
    let Error::Validation(error) = run.send().await.unwrap_err() else { panic!("not refused before the wire") };
    let fields: Vec<_> = error.problems().iter().map(clm::Problem::field).collect();
    assert_eq!(fields, ["certificate_stores[0].alias", "schedule", "collection_id", "audit_note", "concurrency"]);
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_refusal_of_one_does_not_stop_the_others_if_the_caller_wants_to_go_on() {
    for status in [400, 403, 404, 409, 413] {
        let server = except(1, answer(status, "", &json!({"Message": "not this one"}))).await;
        let call = removal(&client(&server.origin), 3).one_job_per_location().on_failure(OnFailure::Continue);
        let outcome = call.send().await.unwrap();
        assert_eq!(states(&outcome), ["confirmed", "refused", "confirmed"], "{status}");
        assert!(!outcome.is_complete());
        assert_eq!(outcome.job_ids().map(|it| it.to_string()).collect::<Vec<_>>(), [job(0), job(2)]);
        let refused = error(&outcome.items()[1].state);
        assert_eq!((refused.status().unwrap().as_u16(), refused.message()), (status, Some("not this one")));
        assert_eq!(asked(&server), ["alias-1", "alias-2", "alias-3"]);
        assert_eq!((outcome.calls(), outcome.ended_by()), (3, None), "{status}");
        assert!(outcome.items()[1].answer.is_none(), "{status}");
        let error = Error::from(outcome.require_complete().unwrap_err());
        assert!(error.to_string().contains("confirmed 2 of 3 locations"), "{error}");
        let inside = error.incomplete::<RemoveEachOutcome>().unwrap();
        assert_eq!(states(inside), ["confirmed", "refused", "confirmed"], "{status}");
    }
}

#[tokio::test]
async fn by_default_nothing_is_sent_after_a_refusal() {
    for status in [400, 403, 404, 409, 413] {
        let server = except(1, answer(status, "", &json!({"Message": "not this one"}))).await;
        let outcome = removal(&client(&server.origin), 4).one_job_per_location().send().await.unwrap();
        assert_eq!(states(&outcome), ["confirmed", "refused", "not sent", "not sent"], "{status}");
        assert_eq!(asked(&server), ["alias-1", "alias-2"], "{status}");
        let refused = error(&outcome.items()[1].state);
        assert_eq!((refused.status().unwrap().as_u16(), refused.message()), (status, Some("not this one")));
        for rest in &outcome.items()[2..] {
            assert_eq!(error(&rest.state), refused, "{status}: it says why");
        }
        assert_eq!((outcome.calls(), outcome.ended_by()), (2, Some(refused)), "{status}");
        assert_eq!(outcome.job_ids().map(|it| it.to_string()).collect::<Vec<_>>(), [job(0)]);
        assert_eq!(outcome.possibly_done().map(CertificateLocation::alias).collect::<Vec<_>>(), ["alias-1"]);
    }
}

// The address is wrong, and it is so for every call.
#[tokio::test]
async fn a_redirect_stops_the_rest_whatever_is_set() {
    for then in BOTH {
        let server = except(1, answer(302, "", &json!({"Message": "not this one"}))).await;
        let call = removal(&client(&server.origin), 3).one_job_per_location().on_failure(then);
        let outcome = call.send().await.unwrap();
        assert_eq!(states(&outcome), ["confirmed", "refused", "not sent"], "{then:?}");
        let refused = error(&outcome.items()[1].state);
        assert_eq!((refused.status().unwrap().as_u16(), refused.message()), (302, Some("not this one")));
        assert_eq!((error(&outcome.items()[2].state), outcome.ended_by()), (refused, Some(refused)), "{then:?}");
        assert_eq!(asked(&server), ["alias-1", "alias-2"]);
    }
}

#[tokio::test]
async fn a_permission_that_is_missing_for_one_store_is_told_of_that_store() {
    let fake = FakeKeyfactor::start().await;
    let [inside, outside] = [fake.add_store_in(7), fake.add_store()];
    for store in [inside, outside] {
        fake.add_certificate(store, "www");
    }
    fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ScheduleStoresIn(7)]);
    let given = [outside, inside].map(|store| CertificateLocation::new(store, "www"));
    let call = client_of(&fake).certificate_stores().remove_certificates(given, Schedule::Immediate);
    let outcome = call.one_job_per_location().on_failure(OnFailure::Continue).send().await.unwrap();
    assert_eq!(states(&outcome), ["refused", "confirmed"]);
    let remediation = error(&outcome.items()[0].state).remediation().unwrap().to_owned();
    assert!(remediation.contains("schedule on certificate stores"), "{remediation}");
    fake.run_jobs();
    assert_eq!((fake.aliases(inside), fake.aliases(outside)), (vec![], vec!["www".to_owned()]));
}

/// Answers after which nobody knows whether the change took place.
fn unknowns() -> [(&'static str, Answer); 6] {
    [
        ("silence", Answer::Nothing),
        ("500", answer(500, "", &Value::Null)),
        ("503", answer(503, "", &Value::Null)),
        ("cut", Answer::cut(200, "[")),
        ("no list", answer(200, "", &json!({}))),
        ("no http", Answer::Bytes(b"220 smtp\r\n".to_vec())),
    ]
}

fn assert_holds_its_request(case: &str, unknown: &SharedError) {
    let Error::OutcomeUnknown(it) = &**unknown else { panic!("{case}: {unknown:?}") };
    let request = it.request::<RemoveCertificates>().unwrap();
    assert_eq!(request.locations(), &locations(2)[1..], "only what may have arrived");
}

#[tokio::test]
async fn a_call_whose_outcome_is_unknown_stops_the_rest() {
    for (case, given) in unknowns() {
        let server = except(1, given).await;
        let outcome = removal(&client(&server.origin), 4).one_job_per_location().send().await.unwrap();
        assert_eq!(states(&outcome), ["confirmed", "unknown", "not sent", "not sent"], "{case}");
        assert_eq!(asked(&server), ["alias-1", "alias-2"], "{case}");
        let unknown = error(&outcome.items()[1].state);
        assert_holds_its_request(case, unknown);
        for rest in &outcome.items()[2..] {
            assert_eq!(error(&rest.state), unknown, "{case}: it says why");
        }
        assert_eq!((outcome.calls(), outcome.ended_by()), (2, Some(unknown)), "{case}");
        assert_eq!(outcome.possibly_done().map(CertificateLocation::alias).collect::<Vec<_>>(), ["alias-1", "alias-2"]);
    }
}

#[tokio::test]
async fn a_call_whose_outcome_is_unknown_does_not_stop_the_others_if_the_caller_wants_to_go_on() {
    for (case, given) in unknowns() {
        let server = except(1, given).await;
        let call = removal(&client(&server.origin), 4).one_job_per_location().on_failure(OnFailure::Continue);
        let outcome = call.send().await.unwrap();
        assert_eq!(states(&outcome), ["confirmed", "unknown", "confirmed", "confirmed"], "{case}");
        assert_eq!(asked(&server), ["alias-1", "alias-2", "alias-3", "alias-4"], "{case}: it is not sent again");
        assert_holds_its_request(case, error(&outcome.items()[1].state));
        assert_eq!((outcome.calls(), outcome.ended_by(), outcome.is_complete()), (4, None, false), "{case}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_leaves_everything_unsent() {
    for then in BOTH {
        let call = removal(&client(&nobody()), 3).one_job_per_location().on_failure(then);
        let outcome = call.send().await.unwrap();
        assert_eq!(states(&outcome), ["not sent"; 3]);
        let first = error(&outcome.items()[0].state);
        assert!(matches!(**first, Error::Transport(_)), "{outcome:?}");
        assert!(outcome.items().iter().all(|it| error(&it.state) == first), "{then:?}: only the first was tried");
        assert_eq!(outcome.job_ids().count(), 0);
        assert_eq!((outcome.calls(), outcome.ended_by()), (1, Some(first)), "{then:?}");
    }
}

// A wrong password is wrong for all of them, and accounts lock: one try is enough.
#[tokio::test]
async fn a_server_that_does_not_know_the_account_is_not_asked_again() {
    for then in BOTH {
        let server = except(0, answer(401, "", &Value::Null)).await;
        let call = removal(&client(&server.origin), 3).one_job_per_location().on_failure(then);
        let outcome = call.send().await.unwrap();
        assert_eq!(asked(&server), ["alias-1"]);
        assert_eq!(states(&outcome)[1..], ["not sent", "not sent"]);
        assert_eq!(error(&outcome.items()[0].state).status().unwrap().as_u16(), 401);
    }
}

#[tokio::test]
async fn a_server_that_asks_to_wait_is_not_asked_again_whatever_is_set() {
    for then in BOTH {
        let server = except(1, answer(429, "", &Value::Null)).await;
        let call = removal(&client(&server.origin), 4).one_job_per_location().on_failure(then);
        let outcome = call.send().await.unwrap();
        assert_eq!(asked(&server), ["alias-1", "alias-2"], "{then:?}");
        assert_eq!(states(&outcome), ["confirmed", "refused", "not sent", "not sent"], "{then:?}");
        assert_eq!(outcome.ended_by().unwrap().status().unwrap().as_u16(), 429, "{then:?}");
    }
}

#[tokio::test]
async fn without_a_credential_nothing_is_sent_whatever_is_set() {
    for then in BOTH {
        let server = except(usize::MAX, Answer::Nothing).await;
        let failing = clm::keyfactor::Credentials::client_credentials(format!("{}/token", nobody()), "clm", "secret");
        let none = clm::RetryPolicy::none();
        let keyfactor = Client::builder(&server.origin).credentials(failing).retry_policy(none).build().unwrap();
        let outcome = removal(&keyfactor, 3).one_job_per_location().on_failure(then).send().await.unwrap();
        assert_eq!(states(&outcome), ["not sent"; 3], "{then:?}");
        assert!(matches!(**outcome.ended_by().unwrap(), Error::Authentication(_)), "{outcome:?}");
        assert_eq!((outcome.calls(), server.received().len()), (1, 0), "{then:?}");
    }
}

#[tokio::test]
async fn an_odd_answer_keeps_what_it_says_and_does_not_stop_the_others() {
    for (body, jobs, odd) in [
        (json!([]), 0, 0),
        (json!([JOB, job(77)]), 2, 0),
        (json!([JOB, JOB]), 2, 0),
        (json!(["later"]), 0, 1),
        (json!([JOB, null]), 1, 1),
    ] {
        let server = except(1, ok(&body)).await;
        let outcome = removal(&client(&server.origin), 3).one_job_per_location().send().await.unwrap();
        assert_eq!(states(&outcome), ["confirmed", "unconfirmed", "confirmed"], "{body}");
        assert!(!outcome.is_complete(), "{body}");
        let Some(oddly) = &outcome.items()[1].answer else { panic!("{body}") };
        assert_eq!((oddly.job_ids().len(), oddly.unrecognized_entries().len()), (jobs, odd), "{body}");
        assert_eq!(outcome.job_ids().count(), jobs + 2, "no job id is lost: {body}");
        assert_eq!((outcome.calls(), outcome.ended_by()), (3, None), "{body}");
    }
}

#[tokio::test]
async fn a_call_that_was_told_to_wait_is_sent_again_alone() {
    let server = Scripted::choosing(|number, _| match number {
        1 => answer(429, "retry-after: 0\r\n", &Value::Null),
        _ => ok(&json!([job(number)])),
    })
    .await;
    let keyfactor = builder(&server.origin).build().unwrap();
    let outcome = removal(&keyfactor, 3).one_job_per_location().send().await.unwrap();
    assert_eq!(states(&outcome), ["confirmed"; 3]);
    assert_eq!(asked(&server), ["alias-1", "alias-2", "alias-2", "alias-3"]);
    assert_eq!(outcome.calls(), 3, "two tries are one call");
}

#[tokio::test]
async fn an_alias_that_holds_another_certificate_is_refused_alone() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let [wanted, successor] = ["wanted", "successor"].map(|name| fake.issue(FakeCertificate::new(name)));
    for alias in ["a", "b", "c"] {
        fake.put(store, alias, wanted);
    }
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(wanted).send().await.unwrap();
    fake.replace(store, "b", successor);
    let call = keyfactor.certificate_stores().remove_certificates(located.locations(), Schedule::Immediate);
    let outcome = call.one_job_per_location().on_failure(OnFailure::Continue).send().await.unwrap();
    assert_eq!(states(&outcome), ["confirmed", "refused", "confirmed"]);
    let Error::Lookup(refused) = &**error(&outcome.items()[1].state) else { panic!("{outcome:?}") };
    assert!(matches!(&**refused, LookupError::AliasHoldsAnother { alias, .. } if alias == "b"), "{refused:?}");
    assert_eq!(changes(&fake), 2);
    fake.run_jobs();
    assert_eq!(fake.aliases(store), ["b"]);
    let inventories = calls(&fake).iter().filter(|it| it.ends_with("/Inventory")).count();
    assert_eq!(inventories, 2 + 1 + 2, "each just before its own removal: to the end of the list, or to what decides");
}

#[tokio::test]
async fn a_look_at_an_inventory_that_fails_leaves_its_location_unsent() {
    let location = CertificateLocation::new(store(1), "a").expecting_thumbprint("A".repeat(40));
    for given in [Answer::Nothing, Answer::json(200, "{}")] {
        let server = Scripted::start([given.clone()]).await;
        let stores = client(&server.origin).certificate_stores();
        let both = [location.clone(), CertificateLocation::new(store(2), "b")];
        let call = stores.remove_certificates(both, Schedule::Immediate).one_job_per_location();
        let outcome = call.send().await.unwrap();
        assert_eq!(states(&outcome), ["not sent", "not sent"], "{given:?}");
        assert!(server.received().iter().all(|it| it.request_line.starts_with("GET ")));
    }
}

// One call names one location, so the limit of a call says nothing here.
#[tokio::test]
async fn the_limit_of_a_call_does_not_limit_calls_with_one_location_each() {
    let server = except(9, ok(&json!([]))).await;
    let keyfactor = Client::builder(&server.origin)
        .credentials(clm::keyfactor::Credentials::bearer("token"))
        .max_locations_per_call(2)
        .build()
        .unwrap();
    let refused = removal(&keyfactor, 3).build().unwrap_err();
    assert_eq!(refused.problems()[0].reason(), &Reason::TooMany { limit: 2, actual: 3 });
    let outcome = removal(&keyfactor, 3).one_job_per_location().send().await.unwrap();
    assert_eq!(states(&outcome), ["confirmed"; 3]);
}

#[tokio::test]
async fn each_outcome_is_handed_out_before_the_next_call_is_sent() {
    let server = except(usize::MAX, Answer::Nothing).await;
    let mut each = removal(&client(&server.origin), 3).one_job_per_location().start().unwrap();
    a_while().await;
    assert_eq!((server.received().len(), each.calls()), (0, 0), "nothing is sent before the first one is asked for");
    for number in 0..3 {
        let outcome = each.next().await.unwrap();
        assert_eq!(outcome.state, ItemState::Confirmed);
        assert_eq!(jobs_of(&outcome), (format!("alias-{}", number + 1), vec![job(number)]));
        a_while().await;
        assert_eq!(server.received().len(), number + 1, "the next one was not asked for");
        assert_eq!(usize::try_from(each.calls()), Ok(number + 1));
    }
    for _ in 0..2 {
        assert!(each.next().await.is_none());
    }
    assert_eq!((server.received().len(), each.ended_by()), (3, None));
}

#[tokio::test]
async fn a_run_is_a_stream_that_tells_of_what_was_not_sent_as_well() {
    let server = except(1, answer(409, "", &json!({"Message": "not this one"}))).await;
    let each = removal(&client(&server.origin), 4).one_job_per_location().start().unwrap();
    let outcomes: Vec<LocationOutcome> = each.collect().await;
    let told: Vec<_> = outcomes.iter().map(|it| (it.item.clone(), word(&it.state))).collect();
    let words = ["confirmed", "refused", "not sent", "not sent"];
    assert_eq!(told, locations(4).into_iter().zip(words).collect::<Vec<_>>());
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn what_is_left_is_all_that_the_end_of_a_run_gives() {
    let server = except(3, answer(409, "", &json!({"Message": "not this one"}))).await;
    let mut each = removal(&client(&server.origin), 5).one_job_per_location().start().unwrap();
    for number in 0..2 {
        assert_eq!(jobs_of(&each.next().await.unwrap()).1, [job(number)]);
    }
    let rest = each.finish().await;
    assert_eq!(rest.items().iter().map(|it| it.item.clone()).collect::<Vec<_>>(), &locations(5)[2..]);
    assert_eq!(states(&rest), ["confirmed", "refused", "not sent"]);
    assert_eq!(rest.job_ids().map(|it| it.to_string()).collect::<Vec<_>>(), [job(2)]);
    assert_eq!(asked(&server), ["alias-1", "alias-2", "alias-3", "alias-4"], "none was sent twice");
    assert_eq!((rest.calls(), rest.ended_by()), (4, Some(error(&rest.items()[1].state))));
}

#[tokio::test]
async fn as_many_calls_are_under_way_as_are_allowed_and_never_more() {
    let gated = Gated::start(None).await;
    let run = removal(&client(&gated.server.origin), 7).one_job_per_location().concurrency(3);
    let run = tokio::spawn(run.send());
    gated.receives(3).await;
    a_while().await;
    assert_eq!(gated.seen.borrow().waiting, 3, "and no fourth one");
    // The last of them is answered first, and makes room for exactly one more.
    gated.let_through([3]);
    gated.receives(4).await;
    a_while().await;
    assert_eq!((gated.seen.borrow().waiting, gated.received().len()), (3, 4));
    gated.let_through(1..=7);
    let outcome = run.await.unwrap().unwrap();
    assert!(outcome.is_complete() && outcome.calls() == 7, "{outcome:?}");
    assert_eq!(gated.seen.borrow().most_waiting, 3);
    let mut received = gated.received();
    received.sort_unstable();
    assert_eq!(received, (1..=7).collect::<Vec<_>>(), "each once");
    // Each location has its own job, in whatever order the answers came.
    let jobs: Vec<_> = outcome.items().iter().map(jobs_of).collect();
    assert_eq!(jobs, (1..=7).map(|it| (format!("alias-{it}"), vec![job(it)])).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_clients_own_limit_holds_as_well() {
    let gated = Gated::start(None).await;
    let keyfactor = builder(&gated.server.origin).max_concurrent_tries(2).build().unwrap();
    let run = tokio::spawn(removal(&keyfactor, 5).one_job_per_location().concurrency(4).send());
    gated.receives(2).await;
    a_while().await;
    assert_eq!(gated.received().len(), 2);
    gated.let_through(1..=5);
    assert!(run.await.unwrap().unwrap().is_complete());
    assert_eq!(gated.seen.borrow().most_waiting, 2);
}

#[tokio::test]
async fn outcomes_come_in_the_order_in_which_they_are_known() {
    let gated = Gated::start(None).await;
    let mut each = removal(&client(&gated.server.origin), 3).one_job_per_location().concurrency(3).start().unwrap();
    for number in [3, 1, 2] {
        gated.let_through([number]);
        let alias = format!("alias-{number}");
        let of_this = job(usize::try_from(number).unwrap());
        assert_eq!(jobs_of(&each.next().await.unwrap()), (alias, vec![of_this]));
    }
    assert!(each.next().await.is_none());
}

#[tokio::test]
async fn after_a_refusal_the_calls_under_way_run_to_their_end_and_no_other_is_sent() {
    let gated = Gated::start(Some(2)).await;
    let run = removal(&client(&gated.server.origin), 6).one_job_per_location().concurrency(3);
    let mut each = run.start().unwrap();
    gated.let_through([2]);
    let refused = each.next().await.unwrap();
    assert_eq!((refused.item.alias(), word(&refused.state)), ("alias-2", "refused"));
    assert_eq!(each.ended_by(), Some(error(&refused.state)));
    gated.receives(3).await;
    gated.let_through(1..=6);
    let rest = each.finish().await;
    let told: Vec<_> = rest.items().iter().map(|it| (it.item.alias(), word(&it.state))).collect();
    let (done, unsent) = ("confirmed", "not sent");
    assert_eq!(
        told,
        [("alias-1", done), ("alias-3", done), ("alias-4", unsent), ("alias-5", unsent), ("alias-6", unsent)]
    );
    assert!(rest.items()[2..].iter().all(|it| error(&it.state) == error(&refused.state)), "it says why");
    assert_eq!((rest.calls(), gated.received().len()), (3, 3));
}

#[tokio::test]
async fn a_run_that_was_dropped_sends_nothing_further_and_its_call_under_way_runs_to_its_end() {
    capture::start();
    let gated = Gated::start(None).await;
    let mut each = removal(&client(&gated.server.origin), 3).one_job_per_location().start().unwrap();
    tokio::select! {
        biased;
        outcome = each.next() => panic!("{outcome:?}"),
        () = gated.receives(1) => {}
    }
    drop(each);
    gated.let_through(1..=3);
    // Its answer is read: the auditor hears of the job.
    capture::until(|event| event.target == "clm::audit").await;
    let event = capture::only_audit();
    assert_eq!((event.field("ended"), event.field("job_ids")), (Some("accepted"), Some(job(1).as_str())), "{event:?}");
    a_while().await;
    assert_eq!(gated.received(), [1]);
    assert_eq!(capture::audit().len(), 1);
    assert_eq!(gated.server.ends().await.len(), 1, "one connection");
}

#[tokio::test]
async fn a_next_that_is_dropped_loses_nothing() {
    let gated = Gated::start(None).await;
    let mut each = removal(&client(&gated.server.origin), 2).one_job_per_location().start().unwrap();
    tokio::select! {
        biased;
        outcome = each.next() => panic!("{outcome:?}"),
        () = gated.receives(1) => {}
    }
    gated.let_through(1..=2);
    for number in [1, 2] {
        assert_eq!(jobs_of(&each.next().await.unwrap()).1, [job(number)]);
    }
    assert!(each.next().await.is_none());
    assert_eq!(gated.received(), [1, 2], "each once");
}

#[tokio::test]
async fn each_call_is_an_event_for_the_auditor_with_the_words_for_its_location() {
    let server = except(1, answer(409, "", &Value::Null)).await;
    let keyfactor = client(&server.origin);
    let told = || {
        let audit = capture::audit();
        let fields = |name: &'static str| audit.iter().map(move |it| it.field(name).map(str::to_owned));
        fields("targets").zip(fields("audit_note")).collect::<Vec<_>>()
    };
    let targets = |number: u128| Some(json!([format!("{}/alias-{number}", store(number))]).to_string());
    capture::start();
    let run = removal(&keyfactor, 3).audit_note("moved").one_job_per_location().on_failure(OnFailure::Continue);
    run.clone().send().await.unwrap();
    let moved = || Some("moved".to_owned());
    assert_eq!(told(), [(targets(1), moved()), (targets(2), moved()), (targets(3), moved())]);
    capture::start();
    run.audit_note_for(|named| {
        let aliases: Vec<&str> = named.iter().map(CertificateLocation::alias).collect();
        format!("CHG 4711 for {}", aliases.join(", "))
    })
    .send()
    .await
    .unwrap();
    let note = |number: u128| Some(format!("CHG 4711 for alias-{number}"));
    assert_eq!(told(), [(targets(1), note(1)), (targets(2), note(2)), (targets(3), note(3))]);
    for request in server.received() {
        assert!(!String::from_utf8_lossy(&request.body).contains("4711"), "the note stays here");
    }
}

/// What a subscriber of one future only is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<u8>>>);

impl io::Write for Told {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many warnings, events for the auditor, and events of single tries the subscriber of this call was told.
async fn told_to_its_own_subscriber(call: impl Future<Output = bool>) -> [usize; 3] {
    let told = Told::default();
    let writer = told.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    assert!(call.with_subscriber(subscriber).await, "complete");
    let told = String::from_utf8(told.0.lock().unwrap().clone()).unwrap();
    [" WARN ", " clm::audit", " DEBUG "].map(|what| told.lines().filter(|line| line.contains(what)).count())
}

#[tokio::test]
async fn a_subscriber_of_the_run_is_told_of_each_call_and_once_of_an_ignored_container() {
    capture::start(); // A callsite that another thread reaches first would be switched off without it.
    let server = except(usize::MAX, Answer::Nothing).await;
    let keyfactor = client(&server.origin);
    let removal = |count| removal(&keyfactor, count).collection_id(4).container_id(5);
    let plain = removal(1).send();
    let [warnings, audits, tries] = Box::pin(told_to_its_own_subscriber(async { plain.await.is_ok() })).await;
    assert_eq!((warnings, audits), (1, 1));
    assert!(tries > 0);
    let each = removal(3).one_job_per_location().send();
    let told = told_to_its_own_subscriber(async { each.await.unwrap().is_complete() }).await;
    assert_eq!(told, [1, 3, 3 * tries], "the container is one setting of the whole run");
    assert!(capture::audit().is_empty(), "and nobody else is told");
}

// The answers of all calls are shared, and so are the errors: what is kept is not copied.
#[tokio::test]
async fn an_outcome_can_be_cloned_and_sent() {
    let server = except(1, answer(409, "", &Value::Null)).await;
    let outcome =
        tokio::spawn(removal(&client(&server.origin), 3).one_job_per_location().send()).await.unwrap().unwrap();
    let same = outcome.clone();
    assert_eq!(states(&same), states(&outcome));
    assert!(Arc::ptr_eq(same.items()[0].answer.as_ref().unwrap(), outcome.items()[0].answer.as_ref().unwrap()));
    assert_eq!(error(&same.items()[1].state), error(&outcome.items()[1].state));
    assert_eq!(tokio::spawn(async move { same.job_ids().count() }).await.unwrap(), 1);
}
