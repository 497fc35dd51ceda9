//! A login that is given up counts as failed for all that it concerns, and a session can be forgotten.

use std::future::pending;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{advance, timeout};

use url::Url;

use super::super::authentication::NoCredential;
use super::super::connections::{Connections, Route, system_proxy_takes};
use super::super::end::{Answer, FailureKind};
use super::super::options::{Options, Proxy};
use super::super::request::Effect;
use super::super::retry::{Next, Try, decide};
use super::super::secrets::Secrets;
use super::super::token::{Attempts, Credential, Issued, NewCredential, Renew};

const GIVEN_UP: &str = "the call that requested it was cancelled before a response was received";
const WRONG: &str = "the login failed";
const FAILED_LOGIN_STANDS: Duration = Duration::from_secs(60);

/// What a call gets for which none is tried.
fn standing(what: &str, seconds: u32) -> String {
    format!("{what}; not retried, so that the account is not locked: the next attempt is possible in {seconds} s")
}

/// How one login goes; each takes a second of the paused clock.
#[derive(Clone, Copy, Debug)]
enum Goes {
    Well,
    Wrong,
    /// Nothing of it was sent.
    NotArrived,
    /// It is never answered.
    Silent,
}

/// Goes as it is told, and counts.
struct Source {
    script: Vec<Goes>,
    attempts: Attempts,
    begun: AtomicU32,
    began: Notify,
}

impl Source {
    fn begun(&self) -> u32 {
        self.begun.load(Ordering::SeqCst)
    }
}

struct Shared(Arc<Source>);

impl Renew for Shared {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<NewCredential, NoCredential>> + Send + '_>> {
        Box::pin(async {
            let number = self.0.begun.fetch_add(1, Ordering::SeqCst) + 1;
            self.0.began.notify_one();
            tokio::time::sleep(Duration::from_secs(1)).await;
            match self.0.script[number as usize - 1] {
                Goes::Well => {
                    let value = HeaderValue::try_from(format!("session {number}")).unwrap();
                    Ok(NewCredential { headers: HeaderMap::from_iter([(COOKIE, value)]), lifetime: None })
                }
                Goes::Wrong => Err(NoCredential::new(WRONG, None)),
                Goes::NotArrived => Err(NoCredential::new(WRONG, None).not_arrived()),
                Goes::Silent => pending().await,
            }
        })
    }

    fn expired_status(&self) -> Option<StatusCode> {
        Some(StatusCode::IM_A_TEAPOT)
    }

    fn attempts(&self) -> Attempts {
        self.0.attempts
    }
}

fn credential_that(attempts: Attempts, script: &[Goes]) -> (Arc<Credential>, Arc<Source>) {
    let source = Source { script: script.to_vec(), attempts, begun: AtomicU32::new(0), began: Notify::new() };
    let source = Arc::new(source);
    (Arc::new(Credential::renewable(Shared(Arc::clone(&source)))), source)
}

fn login(script: &[Goes]) -> (Arc<Credential>, Arc<Source>) {
    credential_that(Attempts::Counted, script)
}

fn session(issued: Result<Issued, NoCredential>) -> Result<String, String> {
    let issued = issued.map_err(|error| error.into_cause().to_string())?;
    Ok(issued.headers[COOKIE].to_str().unwrap().to_owned())
}

/// A call: it begins with the session in use, or waits for one; and if `refused`, it asks for a newer one.
async fn call(credential: Arc<Credential>, refused: Option<Issued>) -> Result<String, String> {
    session(match refused {
        Some(refused) => credential.newer(&refused).await.unwrap(),
        None => credential.current().await,
    })
}

/// The call that leads a login, once it is in the middle of it.
async fn leader(
    credential: &Arc<Credential>,
    source: &Source,
    refused: Option<&Issued>,
) -> JoinHandle<Result<String, String>> {
    let leader = tokio::spawn(call(Arc::clone(credential), refused.cloned()));
    source.began.notified().await;
    leader
}

/// This many calls that wait in the queue.
async fn waiting(
    credential: &Arc<Credential>,
    refused: Option<&Issued>,
    calls: usize,
) -> JoinSet<Result<String, String>> {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        tasks.spawn(call(Arc::clone(credential), refused.cloned()));
    }
    // The paused clock moves only when every task waits: by then all of them stand in the queue.
    assert!(timeout(Duration::from_secs(60), tasks.join_next()).await.is_err(), "nobody is served meanwhile");
    tasks
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_dropped_has_failed_for_those_who_wait() {
    let (credential, source) = login(&[Goes::Silent, Goes::Well]);
    let leader = leader(&credential, &source, None).await;
    let waiting = waiting(&credential, None, 199).await;
    leader.abort();
    for result in waiting.join_all().await {
        assert_eq!(result, Err(GIVEN_UP.to_owned()));
    }
    assert!(leader.await.unwrap_err().is_cancelled());
    assert_eq!(source.begun(), 1, "not one login after the other into the silence");
    assert_eq!(session(credential.current().await), Err(standing(GIVEN_UP, 60)), "also for a later call");
    assert_eq!(source.begun(), 1);
    advance(FAILED_LOGIN_STANDS).await;
    assert_eq!(session(credential.current().await), Ok("session 2".to_owned()), "a call after that logs in");
}

#[tokio::test(start_paused = true)]
async fn a_login_that_runs_out_of_time_has_failed_for_those_who_wait() {
    let (credential, source) = login(&[Goes::Well, Goes::Silent]);
    let first = credential.current().await.unwrap();
    source.began.notified().await;
    let leader = tokio::spawn({
        let (credential, first) = (Arc::clone(&credential), first.clone());
        async move { timeout(Duration::from_secs(120), call(credential, Some(first))).await.is_err() }
    });
    source.began.notified().await;
    let waiting = waiting(&credential, Some(&first), 199).await;
    for result in waiting.join_all().await {
        assert_eq!(result, Err(GIVEN_UP.to_owned()));
    }
    assert!(leader.await.unwrap());
    assert_eq!(source.begun(), 2);
}

// Few calls are under way at once. Those that waited for their turn meanwhile hold the same refused session.
#[tokio::test(start_paused = true)]
async fn a_failed_login_has_failed_for_calls_that_began_before_and_hear_of_it_later() {
    let (credential, source) = login(&[Goes::Well, Goes::Wrong, Goes::Well]);
    let mut begun = Vec::new();
    for _ in 0..200 {
        begun.push(credential.current().await.unwrap());
    }
    for refused in begun {
        assert_eq!(call(Arc::clone(&credential), Some(refused)).await, Err(WRONG.to_owned()));
    }
    assert_eq!(source.begun(), 2, "one failing login, not two hundred");
    advance(FAILED_LOGIN_STANDS).await;
    let later = credential.current().await.unwrap();
    assert_eq!(call(Arc::clone(&credential), Some(later)).await, Ok("session 3".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn an_answered_login_is_not_given_up() {
    let (credential, source) = login(&[Goes::Wrong, Goes::Well]);
    let leads = leader(&credential, &source, None).await;
    let results = futures_util::join!(leads, async {
        let mut results = JoinSet::new();
        for _ in 0..50 {
            results.spawn(call(Arc::clone(&credential), None));
        }
        results.join_all().await
    });
    assert_eq!(results.0.unwrap(), Err(WRONG.to_owned()));
    assert!(results.1.iter().all(|result| *result == Err(WRONG.to_owned())), "{:?}", results.1);
    advance(FAILED_LOGIN_STANDS).await;
    let mut later = Vec::new();
    for _ in 0..50 {
        later.push(call(Arc::clone(&credential), None).await);
    }
    assert!(later.iter().all(|result| *result == Ok("session 2".to_owned())), "{later:?}");
    assert_eq!(source.begun(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_stands_for_a_minute() {
    let (credential, source) = login(&[Goes::Wrong, Goes::Wrong, Goes::Well]);
    for logins in [1, 2] {
        assert_eq!(session(credential.current().await), Err(WRONG.to_owned()), "the call that logs in");
        for left in (1..=60).rev() {
            assert_eq!(session(credential.current().await), Err(standing(WRONG, left)));
            advance(Duration::from_millis(500)).await;
            assert_eq!(session(credential.current().await), Err(standing(WRONG, left)), "rounded up");
            advance(Duration::from_millis(500)).await;
        }
        assert_eq!(source.begun(), logins);
    }
    assert_eq!(session(credential.current().await), Ok("session 3".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_refused_renewal_stands_for_later_calls_with_the_old_session() {
    let (credential, source) = login(&[Goes::Well, Goes::Wrong, Goes::Well]);
    let first = credential.current().await.unwrap();
    assert_eq!(call(Arc::clone(&credential), Some(first)).await, Err(WRONG.to_owned()));
    for _ in 0..12 {
        let later = credential.current().await.unwrap();
        assert_eq!(call(Arc::clone(&credential), Some(later)).await, Err(standing(WRONG, 60)));
    }
    assert_eq!(source.begun(), 2);
}

#[tokio::test(start_paused = true)]
async fn calls_that_give_up_one_after_the_other_cost_one_login() {
    let (credential, source) = login(&[Goes::Silent, Goes::Silent]);
    for _ in 0..10 {
        let _ = timeout(Duration::from_millis(50), credential.current()).await;
    }
    assert_eq!(source.begun(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_cannot_have_arrived_stands_for_nobody() {
    let (credential, source) = login(&[Goes::NotArrived, Goes::Well]);
    assert_eq!(session(credential.current().await), Err(WRONG.to_owned()));
    assert_eq!(session(credential.current().await), Ok("session 2".to_owned()));
    assert_eq!(source.begun(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_costs_nothing_is_tried_anew_at_once() {
    let (credential, source) = credential_that(Attempts::Free, &[Goes::Wrong, Goes::Well, Goes::Well, Goes::Well]);
    assert_eq!(session(credential.current().await), Err(WRONG.to_owned()));
    for number in 2..=4 {
        let issued = credential.current().await.unwrap();
        assert_eq!(session(Ok(issued.clone())), Ok(format!("session {number}")));
        if number < 4 {
            credential.newer(&issued).await.unwrap().unwrap();
        }
    }
    assert_eq!(source.begun(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_401_that_a_login_does_not_cure_costs_no_more_logins() {
    let (credential, source) = login(&[Goes::Well; 4]);
    let first = credential.current().await.unwrap();
    assert_eq!(call(Arc::clone(&credential), Some(first.clone())).await, Ok("session 2".to_owned()), "as ever");
    for _ in 0..20 {
        let second = credential.current().await.unwrap();
        assert!(credential.newer(&second).await.is_none(), "a third one would not help either");
    }
    assert_eq!(call(Arc::clone(&credential), Some(first)).await, Ok("session 2".to_owned()), "a straggler");
    assert_eq!(source.begun(), 2);
    let second = credential.current().await.unwrap();
    advance(FAILED_LOGIN_STANDS).await;
    assert_eq!(call(Arc::clone(&credential), Some(second)).await, Ok("session 3".to_owned()));
    assert!(credential.newer(&credential.current().await.unwrap()).await.is_none(), "and so on");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_worked_or_was_ended_is_renewed_whatever_its_age() {
    let (credential, source) = login(&[Goes::Well; 4]);
    let first = credential.current().await.unwrap();
    let second = credential.newer(&first).await.unwrap().unwrap();
    // Of another call: what it knows of the session is known to all.
    credential.current().await.unwrap().works();
    assert_eq!(call(Arc::clone(&credential), Some(second)).await, Ok("session 3".to_owned()));
    let third = credential.current().await.unwrap();
    assert!(credential.newer(&third).await.is_none());
    credential.forget(&third);
    assert_eq!(call(Arc::clone(&credential), Some(third)).await, Ok("session 4".to_owned()));
    assert_eq!(source.begun(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_over_is_still_taken_over() {
    let (credential, source) = credential_that(Attempts::Free, &[Goes::Silent, Goes::Well]);
    let leader = leader(&credential, &source, None).await;
    let waiting = waiting(&credential, None, 20).await;
    leader.abort();
    for result in waiting.join_all().await {
        assert_eq!(result, Ok("session 2".to_owned()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_session_is_not_used_again() {
    let (credential, source) = login(&[Goes::Well, Goes::Well, Goes::Well]);
    assert!(credential.in_use().is_none(), "asking for it fetches none");
    assert_eq!(source.begun(), 0);
    let first = credential.current().await.unwrap();
    assert_eq!(session(Ok(credential.in_use().unwrap())), Ok("session 1".to_owned()));
    credential.forget(&first);
    assert!(credential.in_use().is_none());
    assert_eq!(session(credential.current().await), Ok("session 2".to_owned()));
    // A call that still has the first one gets the second; and the second is not forgotten with the first.
    assert_eq!(call(Arc::clone(&credential), Some(first.clone())).await, Ok("session 2".to_owned()));
    credential.forget(&first);
    assert_eq!(session(Ok(credential.in_use().unwrap())), Ok("session 2".to_owned()));
    assert_eq!(source.begun(), 2);
}

#[tokio::test]
async fn a_fixed_credential_is_never_forgotten() {
    let credential = Credential::fixed(HeaderMap::from_iter([(COOKIE, HeaderValue::from_static("fixed"))]));
    let issued = credential.in_use().unwrap();
    credential.forget(&issued);
    assert_eq!(session(Ok(credential.in_use().unwrap())), Ok("fixed".to_owned()));
}

#[tokio::test]
async fn only_the_sources_own_status_says_expired() {
    let (renewable, _) = login(&[]);
    assert!(renewable.expires_with(StatusCode::IM_A_TEAPOT));
    assert!(!renewable.expires_with(StatusCode::PROXY_AUTHENTICATION_REQUIRED));
    assert!(!Credential::fixed(HeaderMap::new()).expires_with(StatusCode::IM_A_TEAPOT));
}

#[test]
fn an_expiry_renews_as_a_401_does() {
    for effect in [Effect::Read, Effect::Change, Effect::RepeatableChange] {
        let status = StatusCode::PROXY_AUTHENTICATION_REQUIRED;
        let answer = Answer {
            status,
            headers: HeaderMap::new(),
            body: b"what came".to_vec().into(),
            secrets: Secrets::default(),
        };
        let next = decide(effect, Try::Expired(answer));
        let Next::Renew(end) = next else { panic!("{effect:?}: {next:?}") };
        let FailureKind::Refused { answer, after_unanswered_copy: false } = *end else { panic!("{effect:?}: {end:?}") };
        assert_eq!((answer.status, answer.body.as_str()), (status, "what came"));
    }
}

const CHILD: &str = "CLM_TEST_CHILD";
const ELSEWHERE: &str = "https://gateway.example.invalid/avxapi";

/// In a process of its own: variables belong to a whole process, and the other tests share this one.
fn environment_takes_it(variables: &[(&str, &str)]) -> bool {
    let name = std::thread::current().name().unwrap().to_owned();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&name, "--exact", "--nocapture"]).env(CHILD, "");
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
    printed.contains("it takes it: true")
}

#[test]
fn the_environment_says_whether_its_proxy_is_used() {
    if std::env::var_os(CHILD).is_some() {
        println!("it takes it: {}", system_proxy_takes(&Url::parse(ELSEWHERE).unwrap()));
        return;
    }
    let proxy = "http://127.0.0.1:9";
    for (variables, takes) in [
        (&[][..], false),
        (&[("HTTPS_PROXY", proxy)], true),
        (&[("all_proxy", proxy)], true),
        (&[("HTTP_PROXY", proxy)], false),
        (&[("HTTPS_PROXY", proxy), ("NO_PROXY", "example.invalid")], false),
        (&[("HTTPS_PROXY", proxy), ("NO_PROXY", "example.com")], true),
    ] {
        assert_eq!(environment_takes_it(variables), takes, "{variables:?}");
    }
}

#[test]
fn what_the_builder_says_decides_whether_a_proxy_is_used() {
    let explicit = || Proxy::Explicit("http://127.0.0.1:9".to_owned());
    for (proxy, expected) in
        [(Proxy::None, Route::Direct), (Proxy::System, Route::Direct), (explicit(), Route::Proxied)]
    {
        let options = Options { proxy, ..Options::default() };
        let (_, route) = Connections::new(&Url::parse("http://127.0.0.1:9/avxapi").unwrap(), &options).unwrap();
        assert_eq!(route, expected, "{:?}", options.proxy);
    }
}
