//! A credential that can be renewed: once per expiry, whoever leads, and whatever becomes of it.

use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::super::authentication::NoCredential;
use super::super::token::{Credential, Issued, NewCredential, Renew};

/// How one renewal goes; each takes a second of the paused clock.
#[derive(Clone, Copy, Debug)]
enum Goes {
    Well,
    Wrong,
    /// It never ends.
    Nowhere,
}

/// Goes as it is told, and counts.
#[derive(Default)]
struct Source {
    script: Vec<Goes>,
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
                    let value = HeaderValue::try_from(format!("token {number}")).unwrap();
                    Ok(NewCredential { headers: HeaderMap::from_iter([(AUTHORIZATION, value)]), lifetime: None })
                }
                Goes::Wrong => Err(NoCredential::new("the login failed", None)),
                Goes::Nowhere => pending().await,
            }
        })
    }
}

fn credential(script: &[Goes]) -> (Arc<Credential>, Arc<Source>) {
    let source = Arc::new(Source { script: script.to_vec(), ..Source::default() });
    (Arc::new(Credential::renewable(Shared(Arc::clone(&source)))), source)
}

fn token(issued: &Issued) -> &str {
    issued.headers[AUTHORIZATION].to_str().unwrap()
}

/// What this many calls get that find `refused` refused, or that need a first credential.
async fn together(
    credential: &Arc<Credential>,
    refused: Option<&Issued>,
    calls: usize,
) -> Vec<Result<Issued, NoCredential>> {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        let credential = Arc::clone(credential);
        let refused = refused.cloned();
        tasks.spawn(async move {
            match refused {
                Some(refused) => credential.newer(&refused).await.unwrap(),
                None => credential.current().await,
            }
        });
    }
    tasks.join_all().await
}

#[tokio::test(start_paused = true)]
async fn two_hundred_calls_cause_one_renewal() {
    let (credential, source) = credential(&[Goes::Well, Goes::Well, Goes::Well]);
    for issued in together(&credential, None, 200).await {
        assert_eq!(token(&issued.unwrap()), "token 1");
    }
    assert_eq!(source.begun(), 1, "the first credential is fetched once");
    let first = credential.current().await.unwrap();
    for issued in together(&credential, Some(&first), 200).await {
        assert_eq!(token(&issued.unwrap()), "token 2");
    }
    assert_eq!(source.begun(), 2);
    // A straggler that still holds the first one gets the second, without a renewal.
    assert_eq!(token(&credential.newer(&first).await.unwrap().unwrap()), "token 2");
    assert_eq!(token(&credential.current().await.unwrap()), "token 2");
    assert_eq!(source.begun(), 2);
    let second = credential.current().await.unwrap();
    assert_eq!(token(&credential.newer(&second).await.unwrap().unwrap()), "token 3");
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_takes_over_from_a_leader_that_was_dropped() {
    let (credential, source) = credential(&[Goes::Well, Goes::Nowhere, Goes::Well]);
    let first = credential.current().await.unwrap();
    source.began.notified().await;

    let leader = tokio::spawn({
        let (credential, first) = (Arc::clone(&credential), first.clone());
        async move { credential.newer(&first).await.unwrap().map(drop) }
    });
    source.began.notified().await;
    assert_eq!(source.begun(), 2, "the leader is in the middle of it");

    let waiting = together(&credential, Some(&first), 199);
    tokio::pin!(waiting);
    // The paused clock moves only when every task waits: by then all of them stand in the queue.
    let early = tokio::time::timeout(Duration::from_secs(60), &mut waiting).await;
    assert!(early.is_err(), "nobody can be served while the leader leads");
    assert_eq!(source.begun(), 2);

    leader.abort();
    for issued in waiting.await {
        assert_eq!(token(&issued.unwrap()), "token 3");
    }
    assert!(leader.await.unwrap_err().is_cancelled());
    assert_eq!(source.begun(), 3, "one call took over, the others got what it got");
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_by_those_who_waited_and_a_later_call_tries_anew() {
    let (credential, source) = credential(&[Goes::Well, Goes::Wrong, Goes::Wrong, Goes::Well]);
    let mut first = credential.current().await.unwrap();
    for expected in [2, 3] {
        for issued in together(&credential, Some(&first), 200).await {
            let error = issued.err().unwrap();
            assert_eq!(error.into_cause().to_string(), "the login failed");
        }
        assert_eq!(source.begun(), expected, "one failing login, not two hundred: accounts lock");
        // What a later call begins with.
        first = credential.current().await.unwrap();
    }
    for issued in together(&credential, Some(&first), 200).await {
        assert_eq!(token(&issued.unwrap()), "token 4");
    }
    assert_eq!(source.begun(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_first_fetch_that_fails_is_tried_anew_by_a_later_call() {
    let (credential, source) = credential(&[Goes::Wrong, Goes::Well]);
    assert!(together(&credential, None, 200).await.iter().all(Result::is_err));
    assert_eq!(source.begun(), 1);
    assert_eq!(token(&credential.current().await.unwrap()), "token 2");
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_fails_after_a_takeover_fails_for_those_who_wait() {
    let (credential, source) = credential(&[Goes::Nowhere, Goes::Wrong]);
    let leader = tokio::spawn({
        let credential = Arc::clone(&credential);
        async move { credential.current().await.map(drop) }
    });
    source.began.notified().await;
    let waiting = together(&credential, None, 50);
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(Duration::from_secs(60), &mut waiting).await.is_err());
    leader.abort();
    assert!(waiting.await.iter().all(Result::is_err));
    assert_eq!(source.begun(), 2);
}

#[tokio::test]
async fn a_fixed_credential_cannot_be_renewed() {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("fixed"))]);
    let credential = Credential::fixed(headers);
    let issued = credential.current().await.unwrap();
    assert_eq!(token(&issued), "fixed");
    assert!(credential.newer(&issued).await.is_none());
}

/// Gives `token 1`, then `token 2`, and so on, each good for this long.
struct Lasting {
    lifetime: Option<Duration>,
    begun: Arc<AtomicU32>,
}

impl Renew for Lasting {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<NewCredential, NoCredential>> + Send + '_>> {
        Box::pin(async {
            let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            tokio::task::yield_now().await;
            let value = HeaderValue::try_from(format!("token {number}")).unwrap();
            Ok(NewCredential { headers: HeaderMap::from_iter([(AUTHORIZATION, value)]), lifetime: self.lifetime })
        })
    }
}

fn lasting(lifetime: Option<Duration>) -> (Arc<Credential>, Arc<AtomicU32>) {
    let begun = Arc::new(AtomicU32::new(0));
    (Arc::new(Credential::renewable(Lasting { lifetime, begun: Arc::clone(&begun) })), begun)
}

// A minute before its end, or after three quarters of a short life.
#[tokio::test(start_paused = true)]
async fn a_credential_is_renewed_shortly_before_it_expires() {
    for (lifetime, fresh_for) in [(3600, 3540), (300, 240), (241, 181), (240, 180), (200, 150), (40, 30), (4, 3)] {
        let (credential, _) = lasting(Some(Duration::from_secs(lifetime)));
        assert_eq!(token(&credential.current().await.unwrap()), "token 1");
        tokio::time::advance(Duration::from_millis(fresh_for * 1000 - 1)).await;
        assert_eq!(token(&credential.current().await.unwrap()), "token 1", "{lifetime} s");
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(token(&credential.current().await.unwrap()), "token 2", "{lifetime} s");
        tokio::time::advance(Duration::from_secs(fresh_for)).await;
        assert_eq!(token(&credential.current().await.unwrap()), "token 3", "{lifetime} s: again");
    }
}

#[tokio::test(start_paused = true)]
async fn five_hundred_calls_that_find_it_stale_cause_one_renewal() {
    let (credential, begun) = lasting(Some(Duration::from_secs(3600)));
    let first = credential.current().await.unwrap();
    tokio::time::advance(Duration::from_secs(3540)).await;
    for issued in together(&credential, None, 500).await {
        assert_eq!(token(&issued.unwrap()), "token 2");
    }
    // One that was sent with the first, and refused meanwhile, gets the second.
    assert_eq!(token(&credential.newer(&first).await.unwrap().unwrap()), "token 2");
    assert_eq!(begun.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_credential_without_a_known_end_is_used_until_it_is_refused() {
    for lifetime in [None, Some(Duration::MAX)] {
        let (credential, begun) = lasting(lifetime);
        let first = credential.current().await.unwrap();
        tokio::time::advance(Duration::from_secs(10 * 365 * 86_400)).await;
        assert_eq!(token(&credential.current().await.unwrap()), "token 1");
        assert_eq!(token(&credential.newer(&first).await.unwrap().unwrap()), "token 2");
        assert_eq!(begun.load(Ordering::SeqCst), 2);
    }
}
