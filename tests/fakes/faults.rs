//! Every fault, with a read and a change of each vendor: what the client says, what the fake did, how often it was asked.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use clm::keyfactor::{CertificateLocation, CertificateStoreId, Query, Schedule};
use clm::testing::{AppViewXCall, FakeAnswer, FakeAppViewX, FakeFaultKind, FakeKeyfactor, KeyfactorCall};
use clm::{ClientBuilder, Error, RetryPolicy, Vendor, appviewx, keyfactor};

use crate::support::fault_table::End;

const ID: &str = "67bc2ca76a105e1a05691c1c";
/// Longer than anybody waits here.
const HOUR: Duration = Duration::from_secs(3600);
/// How long clients wait for an answer, where one never comes. Enough for a busy machine to take the request.
const PATIENCE: Duration = Duration::from_secs(3);

/// A fault, for either vendor.
#[derive(Clone, Copy, Debug)]
enum Fault {
    None,
    Lose(usize),
    Cut(usize),
    Refuse(u16, usize),
    RetryAfter(u16, usize),
    Stray(usize),
    StrayOf(u16, usize),
    SlowDown,
    GoAway,
}

macro_rules! set {
    ($fake:expr, $fault:expr) => {
        match $fault {
            Fault::None => {}
            Fault::Lose(times) => {
                $fake.lose_answers(times);
            }
            Fault::Cut(times) => {
                $fake.cut_answers(times);
            }
            Fault::Refuse(status, times) => {
                $fake.refuse_next(status, times);
            }
            Fault::RetryAfter(status, times) => {
                $fake.refuse_next(FakeAnswer::status(status).retry_after(Duration::ZERO), times);
            }
            Fault::Stray(times) => {
                $fake.stray_answers(times);
            }
            Fault::StrayOf(status, times) => {
                $fake.stray_answers_of(status, times);
            }
            Fault::SlowDown => {
                $fake.slow_down(HOUR);
            }
            Fault::GoAway => $fake.go_away(),
        }
    };
}

/// What a call came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cell {
    end: End,
    attempts: u32,
    /// Requests in the fake's log.
    sent: usize,
    /// Whether the change has taken place.
    done: bool,
}

const fn cell(end: End, attempts: u32, sent: usize, done: bool) -> Cell {
    Cell { end, attempts, sent, done }
}

/// A change that is done; three tries at most.
const fn done(end: End, attempts: u32, sent: usize) -> Cell {
    cell(end, attempts, sent, true)
}

/// A read, or a change that is not done.
const fn not(end: End, attempts: u32, sent: usize) -> Cell {
    cell(end, attempts, sent, false)
}

/// The fault, then the change, then the read.
#[rustfmt::skip]
const TABLE: &[(Fault, Cell, Cell)] = &[
    (Fault::None,               done(End::Done, 1, 1),              not(End::Done, 1, 1)),
    (Fault::Lose(1),            done(End::Unknown(None), 1, 1),     not(End::Done, 2, 2)),
    (Fault::Lose(3),            done(End::Unknown(None), 1, 1),     not(End::Transport, 3, 3)),
    (Fault::Cut(1),             done(End::Unknown(Some(200)), 1, 1), not(End::Done, 2, 2)),
    (Fault::Cut(3),             done(End::Unknown(Some(200)), 1, 1), not(End::Transport, 3, 3)),
    (Fault::Refuse(302, 1),     not(End::Api(302), 1, 1),           not(End::Api(302), 1, 1)),
    (Fault::Refuse(400, 1),     not(End::Api(400), 1, 1),           not(End::Api(400), 1, 1)),
    (Fault::Refuse(401, 1),     not(End::Api(401), 1, 1),           not(End::Api(401), 1, 1)),
    (Fault::Refuse(403, 1),     not(End::Api(403), 1, 1),           not(End::Api(403), 1, 1)),
    (Fault::Refuse(404, 1),     not(End::Api(404), 1, 1),           not(End::Api(404), 1, 1)),
    (Fault::Refuse(408, 1),     not(End::Unknown(Some(408)), 1, 1), not(End::Done, 2, 2)),
    (Fault::Refuse(429, 1),     done(End::Done, 2, 2),              not(End::Done, 2, 2)),
    (Fault::RetryAfter(429, 2), done(End::Done, 3, 3),              not(End::Done, 3, 3)),
    (Fault::RetryAfter(429, 3), not(End::Api(429), 3, 3),           not(End::Api(429), 3, 3)),
    (Fault::Refuse(500, 1),     not(End::Unknown(Some(500)), 1, 1), not(End::Api(500), 1, 1)),
    (Fault::Refuse(502, 1),     not(End::Unknown(Some(502)), 1, 1), not(End::Done, 2, 2)),
    (Fault::RetryAfter(503, 1), not(End::Unknown(Some(503)), 1, 1), not(End::Done, 2, 2)),
    (Fault::Refuse(503, 3),     not(End::Unknown(Some(503)), 1, 1), not(End::Api(503), 3, 3)),
    (Fault::Refuse(504, 1),     not(End::Unknown(Some(504)), 1, 1), not(End::Done, 2, 2)),
    (Fault::Stray(1),           done(End::Done, 1, 1),              not(End::Done, 1, 1)),
    (Fault::StrayOf(408, 1),    done(End::Done, 1, 1),              not(End::Done, 1, 1)),
    (Fault::GoAway,             not(End::Transport, 3, 0),          not(End::Transport, 3, 0)),
];

/// With little patience: a read is given up after its first try.
#[rustfmt::skip]
const SLOW: (Fault, Cell, Cell) =
    (Fault::SlowDown,           done(End::Unknown(None), 1, 1),     not(End::Transport, 1, 1));

fn settings<S>(builder: ClientBuilder<S>, fault: Fault) -> ClientBuilder<S> {
    let builder = builder.retry_policy(RetryPolicy::DEFAULT.max_tries(3).pauses(Duration::ZERO, Duration::ZERO));
    match fault {
        Fault::SlowDown => builder
            .retry_policy(RetryPolicy::none())
            .connect_timeout(PATIENCE / 2)
            .read_timeout(PATIENCE)
            .change_timeout(PATIENCE),
        _ => builder,
    }
}

fn ended<V: Vendor>(error: &Error<V>) -> (End, u32) {
    let status = error.status().map(|status| status.as_u16());
    let end = match error {
        Error::Transport(_) => End::Transport,
        Error::Api(_) => End::Api(status.unwrap()),
        Error::OutcomeUnknown(_) => End::Unknown(status),
        Error::Decode(_) => End::Decode,
        _ => End::Other,
    };
    (end, error.attempts().unwrap_or_default())
}

/// A fake with one thing to change.
async fn keyfactor() -> (FakeKeyfactor, CertificateStoreId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "web01.pfx");
    (fake, store)
}

fn client_of(fake: &FakeKeyfactor, fault: Fault) -> keyfactor::Client {
    settings(keyfactor::Client::builder(fake.url()).credentials(fake.credentials()), fault).build().unwrap()
}

async fn keyfactor_change(fault: Fault) -> Cell {
    let (fake, store) = keyfactor().await;
    let client = client_of(&fake, fault);
    set!(fake, fault);
    let location = CertificateLocation::new(store, "web01.pfx");
    let call = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
    let (end, attempts) = match call.send().await {
        Ok(removal) => {
            let jobs: Vec<_> = fake.jobs().into_iter().map(|job| job.id).collect();
            assert_eq!(removal.job_ids(), jobs, "{fault:?}");
            (End::Done, removal.receipt().attempts())
        }
        Err(error) => ended(&error),
    };
    Cell { end, attempts, sent: fake.requests().len(), done: fake.jobs().len() == 1 }
}

async fn keyfactor_read(fault: Fault) -> Cell {
    let (fake, store) = keyfactor().await;
    let client = client_of(&fake, fault);
    set!(fake, fault);
    let (end, attempts) = match client.certificate_stores().get(store).send().await {
        Ok(found) => {
            assert_eq!(found.id, store, "{fault:?}");
            (End::Done, u32::try_from(fake.requests().len()).unwrap())
        }
        Err(error) => ended(&error),
    };
    Cell { end, attempts, sent: fake.requests().len(), done: !fake.jobs().is_empty() }
}

async fn appviewx() -> FakeAppViewX {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(ID, "web");
    fake
}

fn appviewx_client_of(fake: &FakeAppViewX, fault: Fault) -> appviewx::Client {
    settings(appviewx::Client::builder(fake.url()).credentials(fake.credentials()), fault).build().unwrap()
}

fn is_unassigned(fake: &FakeAppViewX) -> bool {
    fake.group_of(ID).as_deref() == Some("Default")
}

async fn appviewx_change(fault: Fault) -> Cell {
    let fake = appviewx().await;
    let client = appviewx_client_of(&fake, fault);
    set!(fake, fault);
    let (end, attempts) = match client.certificate_groups().unassign([ID]).send().await {
        Ok(outcome) => {
            assert_eq!(outcome.successful_ids(), [ID], "{fault:?}");
            (End::Done, outcome.receipt().attempts())
        }
        Err(error) => ended(&error),
    };
    Cell { end, attempts, sent: fake.requests().len(), done: is_unassigned(&fake) }
}

async fn appviewx_read(fault: Fault) -> Cell {
    let fake = appviewx().await;
    let client = appviewx_client_of(&fake, fault);
    set!(fake, fault);
    let (end, attempts) = match client.certificate_groups().view("web").send().await {
        Ok(group) => {
            assert_eq!(group.name.as_deref(), Some("web"), "{fault:?}");
            (End::Done, u32::try_from(fake.requests().len()).unwrap())
        }
        Err(error) => ended(&error),
    };
    Cell { end, attempts, sent: fake.requests().len(), done: is_unassigned(&fake) }
}

#[tokio::test]
async fn every_fault_ends_a_change_and_a_read_as_the_table_says() {
    for (fault, change, read) in TABLE {
        assert_eq!(keyfactor_change(*fault).await, *change, "{fault:?}, a change at Keyfactor");
        assert_eq!(keyfactor_read(*fault).await, *read, "{fault:?}, a read at Keyfactor");
        assert_eq!(appviewx_change(*fault).await, *change, "{fault:?}, a change at AppViewX");
        assert_eq!(appviewx_read(*fault).await, *read, "{fault:?}, a read at AppViewX");
    }
}

#[tokio::test]
async fn a_slow_answer_comes_after_the_change() {
    let (fault, change, read) = SLOW;
    let ended =
        tokio::join!(keyfactor_change(fault), keyfactor_read(fault), appviewx_change(fault), appviewx_read(fault));
    assert_eq!(ended, (change, read, change, read));
}

#[tokio::test]
async fn a_pause_ends_when_it_is_set_back() {
    let (fake, store) = keyfactor().await;
    fake.slow_down(HOUR).of(KeyfactorCall::GetStore);
    fake.slow_down(HOUR).of(KeyfactorCall::JobHistory);
    fake.slow_down(Duration::ZERO).of(KeyfactorCall::GetStore);
    let client = client_of(&fake, Fault::SlowDown);
    let found = client.certificate_stores().get(store).send().await.unwrap();
    assert_eq!(found.id, store, "the latest setting of the call counts");
    let error = client.orchestrator_jobs().history(Query::all()).rows().unwrap().collect().await.unwrap_err();
    assert_eq!(ended(&error), (End::Transport, 1), "that of another call stays");
    fake.slow_down(Duration::from_millis(1));
    assert!(client.orchestrator_jobs().history(Query::all()).rows().unwrap().collect().await.unwrap().is_empty());
    fake.assert_faults_used();
    assert_eq!(fake.faults_left(), 0);
}

#[tokio::test]
async fn a_stray_answer_is_no_answer_to_the_next_call() {
    let (fake, store) = keyfactor().await;
    let client = fake.client();
    // The history shares its connections.
    let expected = client.orchestrator_jobs().history(Query::all()).rows().unwrap().collect().await.unwrap();
    for _ in 0..5 {
        fake.stray_answers(1).of(KeyfactorCall::JobHistory);
        fake.stray_answers_of(408, 1).of(KeyfactorCall::GetStore);
        for _ in 0..3 {
            let rows = client.orchestrator_jobs().history(Query::all()).rows().unwrap().collect().await.unwrap();
            assert_eq!(rows, expected);
            assert_eq!(client.certificate_stores().get(store).send().await.unwrap().id, store);
        }
        fake.assert_faults_used();
    }
}

#[tokio::test]
async fn a_fault_hits_its_call_and_leaves_others_alone() {
    let (fake, store) = keyfactor().await;
    let client = client_of(&fake, Fault::None);
    fake.refuse_next(400, 1).of(KeyfactorCall::RemoveCertificates);
    assert_eq!(client.certificate_stores().get(store).send().await.unwrap().id, store);
    assert_eq!(fake.faults_left(), 1);
    let location = CertificateLocation::new(store, "web01.pfx");
    let removal = client.certificate_stores().remove_certificates([location], Schedule::Immediate);
    assert_eq!(ended(&removal.clone().send().await.unwrap_err()), (End::Api(400), 1));
    fake.assert_faults_used();
    assert_eq!(removal.send().await.unwrap().job_ids().len(), 1);
    let kinds: Vec<_> = fake.requests().iter().map(|it| (it.operation().unwrap(), it.fault(), it.status())).collect();
    let remove = KeyfactorCall::RemoveCertificates.as_str();
    assert_eq!(
        kinds,
        [
            (KeyfactorCall::GetStore.as_str(), None, 200),
            (remove, Some(FakeFaultKind::Refusal), 400),
            (remove, None, 200)
        ]
    );
}

#[tokio::test]
async fn faults_happen_in_their_order_and_after_as_many_requests_as_they_are_told() {
    let fake = appviewx().await;
    let client = settings(appviewx::Client::builder(fake.url()).credentials(fake.credentials()), Fault::None);
    let client = client.retry_policy(RetryPolicy::none()).build().unwrap();
    fake.refuse_next(403, 1).of(AppViewXCall::ViewGroup).after(2);
    fake.lose_answers(1);
    fake.cut_answers(1).after(1);
    fake.refuse_next(FakeAnswer::status(400).json(serde_json::json!({"message": "of the test"})), 1);
    assert_eq!(fake.faults_left(), 4);

    let view = || client.certificate_groups().view("web").send();
    let mut ends = Vec::new();
    for _ in 0..7 {
        ends.push(view().await.map_or_else(|error| ended(&error).0, |_| End::Done));
    }
    assert_eq!(
        ends,
        [
            // Of the first fault: two pass, one is refused. Nobody else counts them.
            End::Done,
            End::Done,
            End::Api(403),
            End::Transport,
            End::Done,
            End::Transport,
            End::Api(400),
        ]
    );
    fake.assert_faults_used();
    assert_eq!(view().await.unwrap().name.as_deref(), Some("web"));
    assert_eq!(fake.requests().iter().filter(|it| it.fault().is_some()).count(), 4);
}

#[tokio::test]
async fn a_fault_that_did_not_happen_fails_the_test() {
    let (fake, _) = keyfactor().await;
    fake.assert_faults_used();
    fake.lose_answers(2).of(KeyfactorCall::RemoveCertificates);
    fake.refuse_next(503, 1).after(3);
    fake.stray_answers_of(408, 4);
    fake.cut_answers(0);
    fake.slow_down(Duration::ZERO);
    assert_eq!(fake.faults_left(), 7);
    let panic = catch_unwind(AssertUnwindSafe(|| fake.assert_faults_used())).unwrap_err();
    assert_eq!(
        panic.downcast_ref::<String>().unwrap(),
        "faults that were not used:\n  lose_answers: 2 of 2 left for \
         keyfactor.certificate_stores.remove_certificates\n  refuse_next with 503: 1 of 1 left for any call, after 3 \
         more\n  stray_answers with 408: 4 of 4 left for any call"
    );
}

#[tokio::test]
async fn a_refusal_has_the_shape_of_the_vendors() {
    let (command, store) = keyfactor().await;
    command.refuse_next(403, 1);
    let error = command.client().certificate_stores().get(store).send().await.unwrap_err();
    assert_eq!(error.message(), Some("The fake was told to refuse this."));
    assert_eq!(error.body(), Some(r#"{"Message":"The fake was told to refuse this."}"#));
    assert!(error.correlation_id().is_some());
    command.refuse_next(401, 1);
    let error = command.client().certificate_stores().get(store).send().await.unwrap_err();
    assert_eq!(error.body(), Some("null"));

    let gateway = appviewx().await;
    gateway.refuse_next(403, 1);
    let error = gateway.client().certificate_groups().view("web").send().await.unwrap_err();
    assert_eq!(error.message(), Some("The fake was told to refuse this."));
    gateway.refuse_next(401, 1);
    let error = gateway.client().certificate_groups().view("web").send().await.unwrap_err();
    assert_eq!(error.code().map(|code| code.as_str().to_owned()).as_deref(), Some("AVX_GW_003"));
    gateway.refuse_next(FakeAnswer::status(418).json("a page"), 1);
    let error = gateway.client().certificate_groups().view("web").send().await.unwrap_err();
    assert_eq!((ended(&error).0, error.body()), (End::Api(418), Some(r#""a page""#)));
}

#[tokio::test]
async fn logins_and_token_requests_are_hit_as_well() {
    let fake = appviewx().await;
    let policy = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
    let client = |credentials| {
        let builder = appviewx::Client::builder(fake.url()).credentials(credentials);
        builder.retry_policy(policy).build().unwrap()
    };
    let sessions = fake.sessions();
    fake.lose_answers(1).of(AppViewXCall::Login);
    let error = client(fake.login()).certificate_groups().unassign([ID]).send().await.unwrap_err();
    assert!(matches!(error, appviewx::Error::Authentication(_)), "a login is a change: {error:?}");
    assert_eq!((fake.requests().len(), fake.sessions()), (1, sessions + 1));
    assert!(!is_unassigned(&fake));

    fake.lose_answers(1).of(AppViewXCall::ServiceToken);
    let outcome = client(fake.service_account()).certificate_groups().unassign([ID]).send().await.unwrap();
    assert_eq!(outcome.successful_ids(), [ID], "a token more does no harm");
    fake.assert_faults_used();

    let (fake, store) = keyfactor().await;
    let builder = keyfactor::Client::builder(fake.url()).retry_policy(policy);
    let client = builder.credentials(fake.oauth_credentials()).build();
    fake.refuse_next(503, 1).of(KeyfactorCall::RequestToken);
    fake.lose_answers(1).of(KeyfactorCall::RequestToken);
    assert_eq!(client.unwrap().certificate_stores().get(store).send().await.unwrap().id, store);
    fake.assert_faults_used();
    let provider = fake.identity_provider().requests();
    assert_eq!(
        provider.iter().map(clm::testing::RecordedRequest::fault).collect::<Vec<_>>(),
        [Some(FakeFaultKind::Refusal), Some(FakeFaultKind::LostAnswer), None]
    );
}

#[tokio::test]
async fn a_fake_that_was_away_is_as_it_was() {
    let (fake, store) = keyfactor().await;
    let url = fake.url();
    let client = settings(keyfactor::Client::builder(&url).credentials(fake.credentials()), Fault::None);
    let client = client.retry_policy(RetryPolicy::none()).build().unwrap();
    for _ in 0..10 {
        fake.go_away();
        fake.go_away();
        let error = client.certificate_stores().get(store).send().await.unwrap_err();
        assert_eq!(ended(&error), (End::Transport, 1));
        fake.come_back();
        fake.come_back();
        assert_eq!(fake.url(), url);
        assert_eq!(client.certificate_stores().get(store).send().await.unwrap().id, store);
    }
    assert_eq!(fake.requests().len(), 10);
    // A fake that is away can be dropped.
    fake.go_away();
    drop(fake);
}

// On Windows, no other program can take a port that a fake holds.
#[cfg(unix)]
#[tokio::test]
async fn a_port_that_another_program_took_is_a_panic_that_says_so() {
    let fake = appviewx().await;
    let address = fake.url().strip_prefix("http://").unwrap().to_owned();
    fake.go_away();
    let other = std::net::TcpListener::bind(&address).unwrap();
    let panic = catch_unwind(AssertUnwindSafe(|| fake.come_back())).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.starts_with(&format!("the fake cannot listen on {address} again: ")), "{said}");
    drop(other);
    fake.come_back();
    let group = fake.client().certificate_groups().view("web").send().await.unwrap();
    assert_eq!(group.name.as_deref(), Some("web"));
}

#[tokio::test]
async fn going_away_ends_a_request_that_is_under_way() {
    let fake = appviewx().await;
    fake.slow_down(HOUR);
    let client = appviewx_client_of(&fake, Fault::None);
    let call = tokio::spawn(client.certificate_groups().unassign([ID]).send());
    while !is_unassigned(&fake) {
        tokio::task::yield_now().await;
    }
    fake.go_away();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(ended(&error), (End::Unknown(None), 1));
}

#[test]
#[should_panic(expected = "the status of a response must be between 200 and 599, is 100")]
fn an_interim_status_is_no_answer() {
    let _ = FakeAnswer::status(100);
}
