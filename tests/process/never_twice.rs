//! Never twice, and never timid: random faults, one after another, against changes over a client that is used again.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use crate::support::fault::{Arrival, Fault, FaultServer, Length};
use clm::keyfactor::{CertificateLocation, Schedule};
use clm::{RetryPolicy, appviewx, keyfactor};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use tokio::runtime::Runtime;

/// Sequences that one client meets; each is the road of one change.
const SEQUENCES: usize = 10;
const CASES: u32 = 150;
const MAX_TRIES: usize = 4;

const NOW: Option<&str> = Some("0");
const LATER: Option<&str> = Some("3600");

/// How a change ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Ending {
    Done,
    Transport,
    Api(u16),
    Unknown,
    Other,
}

/// A client of either vendor, which makes the same change again and again.
trait Vendor {
    /// The body of a good answer.
    const GOOD: &str;

    fn client(origin: String) -> Self;
    async fn change(&self) -> Ending;
}

struct Keyfactor(keyfactor::Client);
struct AppViewX(appviewx::Client);

impl Vendor for Keyfactor {
    const GOOD: &str = r#"["10b00000-0000-4000-8000-000000000001"]"#;

    fn client(origin: String) -> Self {
        let builder = keyfactor::Client::builder(format!("{origin}/KeyfactorAPI"));
        Self(limits(builder).credentials(keyfactor::Credentials::basic("user", "password")).build().unwrap())
    }

    async fn change(&self) -> Ending {
        let location = CertificateLocation::new(uuid::Uuid::from_u128(0x5707), "web01.pfx");
        match self.0.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await {
            Ok(_) => Ending::Done,
            Err(keyfactor::Error::Transport(_)) => Ending::Transport,
            Err(keyfactor::Error::Api(refusal)) => Ending::Api(refusal.status().as_u16()),
            Err(keyfactor::Error::OutcomeUnknown(_)) => Ending::Unknown,
            Err(_) => Ending::Other,
        }
    }
}

impl Vendor for AppViewX {
    const GOOD: &str = r#"{"response": {"Successful Ids": ["67bc"]}, "message": "done", "appStatusCode": null}"#;

    fn client(origin: String) -> Self {
        let builder = appviewx::Client::builder(origin);
        Self(limits(builder).credentials(appviewx::Credentials::session_id("session")).build().unwrap())
    }

    async fn change(&self) -> Ending {
        match self.0.certificate_groups().unassign(["67bc"]).send().await {
            Ok(_) => Ending::Done,
            Err(appviewx::Error::Transport(_)) => Ending::Transport,
            Err(appviewx::Error::Api(refusal)) => Ending::Api(refusal.status().as_u16()),
            Err(appviewx::Error::OutcomeUnknown(_)) => Ending::Unknown,
            Err(_) => Ending::Other,
        }
    }
}

fn limits<Settings>(builder: clm::ClientBuilder<Settings>) -> clm::ClientBuilder<Settings> {
    let policy = RetryPolicy::DEFAULT.pauses(Duration::from_millis(1), Duration::from_millis(1));
    builder.retry_policy(policy.max_tries(u32::try_from(MAX_TRIES).unwrap())).max_answer_bytes(64 * 1024)
}

/// Every fault that shows at once. Those after which a change goes on come often, so that roads get long.
fn fault() -> impl Strategy<Value = Fault> {
    let broken = vec![
        Fault::CloseOnAccept,
        Fault::Reset,
        Fault::CloseAfterHead,
        Fault::CloseAfterHalfBody,
        Fault::CloseBeforeAnswer,
        Fault::HalfHead,
        Fault::NotHttp,
        Fault::HugeHeader,
        Fault::Length(Length::NoNumber),
        Fault::Length(Length::Twice),
        Fault::Length(Length::TooLarge),
        Fault::Length(Length::TooSmall),
        Fault::HalfBody,
        Fault::HalfBodyUnannounced,
        Fault::ChunkedGarbage,
        Fault::ChunkedUnended,
        Fault::Endless(200),
        Fault::Endless(403),
        Fault::Endless(429),
        Fault::Cut(200),
        Fault::Cut(403),
        Fault::Cut(429),
        Fault::Cut(503),
        Fault::Body(200, "null"),
        Fault::Body(200, ""),
        Fault::Html(200),
        Fault::Html(502),
        Fault::NotUtf8,
        Fault::NotUtf8Inside,
        Fault::Interim,
        Fault::Bom,
        Fault::Gzip,
    ];
    let statuses = vec![204, 408, 429, 500, 502, 503, 504, 599, 401, 403, 404, 409, 413, 301, 302, 303, 304, 307, 308];
    prop_oneof![
        5 => Just(Fault::Refuse),
        4 => prop_oneof![Just(None), Just(NOW)].prop_map(|after| Fault::Status(429, after)),
        3 => Just(Fault::Good),
        4 => prop::sample::select(broken),
        3 => (prop::sample::select(statuses), prop::sample::select(vec![None, NOW, LATER]))
            .prop_map(|(status, after)| Fault::Status(status, after)),
    ]
}

/// The faults of one change, and whether the server closes its connections after complete answers.
type Road = (Vec<Fault>, bool);

fn roads() -> impl Strategy<Value = Vec<Road>> {
    prop::collection::vec((prop::collection::vec(fault(), 1..=6), any::<bool>()), SEQUENCES)
}

/// What all changes came to, for the figures.
#[derive(Default)]
struct Tally {
    endings: BTreeMap<Ending, usize>,
    copies: usize,
    refused: usize,
    connections: usize,
    /// Changes that had to succeed: nothing had arrived, or everything was refused, before a good answer.
    owed: usize,
}

fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap())
}

fn drive<V: Vendor>(name: &str) {
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let tally = std::cell::RefCell::new(Tally::default());
    let result = runner.run(&roads(), |roads| runtime().block_on(travel::<V>(&roads, &mut tally.borrow_mut())));
    let Tally { endings, copies, refused, connections, owed } = tally.into_inner();
    let sequences: usize = endings.values().sum();
    println!("{name}: {sequences} sequences; {copies} copies over {connections} connections, {refused} tries refused");
    println!("{name}: {owed} had to end as Done; by ending: {endings:?}");
    result.unwrap();
    assert_eq!(sequences, SEQUENCES * CASES as usize);
    assert!(refused > 0 && owed > sequences / 10, "too few roads led through a server that was not there");
}

/// Sends one change along each road, all with one client.
async fn travel<V: Vendor>(roads: &[Road], tally: &mut Tally) -> Result<(), TestCaseError> {
    let server = FaultServer::answering(V::GOOD);
    let client = V::client(server.origin());
    for (number, (road, closes)) in roads.iter().enumerate() {
        // A connection that is left open would carry the next change past a server that is not there.
        let next = roads.get(number + 1).is_some_and(|(faults, _)| faults[0].before_connection());
        server.play(road.iter().copied(), Fault::Good);
        server.close_after_answers(*closes || next);
        let ending = server.follow(client.change()).await;
        let (seen, arrivals) = (server.seen(), server.arrivals());
        *tally.endings.entry(ending).or_default() += 1;
        tally.copies += seen.copies;
        tally.refused += seen.refused;
        tally.connections += seen.connections;
        tally.owed += usize::from(owes_success(road));
        judge(road, ending, &arrivals)
            .map_err(|problem| TestCaseError::fail(format!("{problem}: {road:?} came to {ending:?}: {arrivals:?}")))?;
    }
    Ok(())
}

/// Whether a good answer waits within the tries, and before it the server was not there, or refused with 429.
fn owes_success(road: &[Fault]) -> bool {
    let passable = |fault: &&Fault| matches!(fault, Fault::Refuse | Fault::Status(429, None | NOW) | Fault::Cut(429));
    let passed = road.iter().take_while(passable).count();
    passed < MAX_TRIES && road.get(passed).is_none_or(|fault| *fault == Fault::Good)
}

fn judge(road: &[Fault], ending: Ending, arrivals: &[Arrival]) -> Result<(), &'static str> {
    let acted_on = arrivals.iter().filter(|arrival| arrival.acted_on()).count();
    if acted_on > 1 {
        return Err("a second copy was acted on");
    }
    // Stricter: nothing follows a request of which a byte arrived, unless it was refused.
    if let Some((_, before)) = arrivals.split_last()
        && before.iter().any(|arrival| arrival.answered != Some(429))
    {
        return Err("something followed a request that was not refused");
    }
    if owes_success(road) && ending != Ending::Done {
        return Err("a change that nothing had kept from success was given up");
    }
    let last = arrivals.last();
    let proved = match ending {
        Ending::Done => acted_on == 1,
        // Nothing arrived, or all that arrived was refused.
        Ending::Transport => arrivals.iter().all(|arrival| arrival.answered == Some(429)),
        Ending::Api(status) => last.is_some_and(|arrival| arrival.answered == Some(status)),
        Ending::Unknown => true,
        Ending::Other => false,
    };
    if proved { Ok(()) } else { Err("the server's side of the story is another one") }
}

#[test]
fn a_removal_is_never_doubled_and_never_given_up_too_early() {
    drive::<Keyfactor>("Keyfactor");
}

#[test]
fn an_unassignment_is_never_doubled_and_never_given_up_too_early() {
    drive::<AppViewX>("AppViewX");
}
