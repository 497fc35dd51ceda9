//! A credential that can be renewed: one renewal at a time, however many calls find out that it is needed.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

use super::authentication::{NoCredential, Tried};
use super::secrets::Confidence;

/// Where a new credential comes from.
pub(crate) trait Renew: Send + Sync {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<NewCredential, NoCredential>> + Send + '_>>;

    /// A status that, beside 401, says that the credential is no longer taken. It counts where no proxy is in use.
    fn expired_status(&self) -> Option<StatusCode> {
        None
    }

    /// What renewals cost.
    fn attempts(&self) -> Attempts {
        Attempts::Free
    }
}

/// What the source makes of many renewals.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Attempts {
    /// They cost nothing. One that is abandoned, because the call that leads it is dropped or runs out of time, is taken
    /// over by the next call in the queue; one that failed is tried anew by a later call.
    Free,
    /// Accounts lock. One that failed, or was abandoned and may have failed, has failed for every call of the next
    /// [`FAILED_LOGIN_STANDS`]; and a credential that a 401 asked for, and that no call succeeded with, is not renewed for another 401
    /// within that time.
    Counted,
}

impl Attempts {
    fn failure_if_abandoned(self) -> Option<NoCredential> {
        let what = "the call that requested it was cancelled before a response was received";
        (self == Self::Counted).then(|| NoCredential::new(what, None))
    }
}

/// The vendor's own tool logs in no more often than that.
const FAILED_LOGIN_STANDS: Duration = Duration::from_secs(60);

/// A credential as its source gives it.
pub(crate) struct NewCredential {
    /// The headers that carry it.
    pub(crate) headers: HeaderMap,
    /// How long it is good for, if the source says so.
    pub(crate) lifetime: Option<Duration>,
}

/// A credential is renewed this long before it expires, or after three quarters of its life if that is later.
const MARGIN: Duration = Duration::from_secs(60);

impl NewCredential {
    /// From when on it is not used any more.
    fn stale_at(&self) -> Option<Instant> {
        let lifetime = self.lifetime?;
        // Beyond what a clock can count is as good as never.
        Instant::now().checked_add(lifetime.saturating_sub(MARGIN.min(lifetime / 4)))
    }
}

/// What a client sends to prove who it is.
pub(crate) enum Credential {
    Fixed(Issued),
    Renewable(Box<Renewable>),
}

/// The headers of one generation of a credential.
#[derive(Clone)]
pub(crate) struct Issued {
    generation: u64,
    /// The credential's own.
    pub(crate) headers: Arc<HeaderMap>,
    /// Those of every call, and its own.
    pub(super) request_headers: Arc<HeaderMap>,
    /// What of it no text may show.
    pub(super) secrets: Option<Arc<Confidence>>,
    stale_at: Option<Instant>,
    /// How many renewals had failed when the call got it.
    failures: u64,
    /// If a refusal of the one before asked for it: when it came.
    renewed_at: Option<Instant>,
    /// A call succeeded with it.
    worked: Arc<AtomicBool>,
}

impl Issued {
    /// What the call goes on with instead. How many renewals had failed when it began still counts.
    pub(crate) fn replaced_by(&self, in_use: Self) -> Self {
        Self { failures: self.failures, ..in_use }
    }

    /// A call succeeded with it.
    pub(crate) fn works(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }

    /// It is new, a refusal asked for it, and all that is known of it is that it does not help.
    fn was_no_help(&self) -> bool {
        !self.worked.load(Ordering::Relaxed) && self.renewed_at.is_some_and(|at| at.elapsed() < FAILED_LOGIN_STANDS)
    }

    fn is_stale(&self) -> bool {
        self.stale_at.is_some_and(|stale_at| Instant::now() >= stale_at)
    }
}

impl Credential {
    pub(crate) fn fixed(headers: HeaderMap) -> Self {
        Self::fixed_with(headers, Vec::new())
    }

    /// The same, with other forms of it that no text may show either.
    pub(crate) fn fixed_with(headers: HeaderMap, other_forms: Vec<SecretString>) -> Self {
        let headers = Arc::new(headers);
        Self::Fixed(Issued {
            generation: 0,
            secrets: Confidence::of(&headers, other_forms),
            headers: Arc::clone(&headers),
            request_headers: headers,
            stale_at: None,
            failures: 0,
            renewed_at: None,
            worked: Arc::default(),
        })
    }

    pub(crate) fn renewable(source: impl Renew + 'static) -> Self {
        Self::Renewable(Box::new(Renewable {
            source: Box::new(source),
            common: HeaderMap::new(),
            issued: RwLock::new(None),
            renewing: Mutex::new(Renewals { count: 0, last_failure: None }),
            failures: AtomicU64::new(0),
        }))
    }

    /// The same beside the headers that every call has. They are put together once for each generation.
    pub(super) fn beside(self, common: HeaderMap) -> Self {
        match self {
            Self::Fixed(issued) => {
                Self::Fixed(Issued { request_headers: Arc::new(joined(common, &issued.headers)), ..issued })
            }
            Self::Renewable(mut renewable) => {
                renewable.common = common;
                Self::Renewable(renewable)
            }
        }
    }

    /// The credential, if it is always the same one.
    pub(super) fn given(&self) -> Option<Issued> {
        match self {
            Self::Fixed(issued) => Some(issued.clone()),
            Self::Renewable(_) => None,
        }
    }

    /// The credential in use; the first call fetches it.
    pub(crate) async fn current(&self) -> Result<Issued, NoCredential> {
        match self {
            Self::Fixed(issued) => Ok(issued.clone()),
            Self::Renewable(renewable) => {
                let failures = renewable.failures();
                match renewable.issued() {
                    Some(issued) if issued.is_stale() => {
                        renewable.newer_than(issued.generation, failures, RenewalTrigger::MissingCredential).await
                    }
                    Some(issued) => Ok(Issued { failures, ..issued }),
                    None => renewable.newer_than(0, failures, RenewalTrigger::MissingCredential).await,
                }
            }
        }
    }

    /// The credential in use, if there is one. None is fetched.
    pub(crate) fn in_use(&self) -> Option<Issued> {
        match self {
            Self::Fixed(issued) => Some(issued.clone()),
            Self::Renewable(renewable) => renewable.issued(),
        }
    }

    /// The same, once a renewal that is under way is over.
    pub(crate) async fn settled(&self) -> Option<Issued> {
        match self {
            Self::Fixed(issued) => Some(issued.clone()),
            Self::Renewable(renewable) => {
                let _renewals = renewable.renewing.lock().await;
                renewable.issued()
            }
        }
    }

    /// The credential is no longer good. If it is the one in use and can be renewed, the next call fetches another.
    pub(crate) fn forget(&self, ended: &Issued) {
        if let Self::Renewable(renewable) = self {
            let mut issued = renewable.issued.write().unwrap_or_else(PoisonError::into_inner);
            if issued.as_ref().is_some_and(|issued| issued.generation == ended.generation) {
                *issued = None;
            }
        }
    }

    /// Whether this status, beside 401, says that the credential is no longer taken.
    pub(crate) fn expires_with(&self, status: StatusCode) -> bool {
        match self {
            Self::Fixed(_) => false,
            Self::Renewable(renewable) => renewable.source.expired_status() == Some(status),
        }
    }

    /// A newer credential than the one that was refused; `None` if it cannot be renewed, or a newer one would not help.
    pub(crate) async fn newer(&self, refused: &Issued) -> Option<Result<Issued, NoCredential>> {
        match self {
            Self::Fixed(_) => None,
            Self::Renewable(renewable) if renewable.is_futile_after(refused) => None,
            Self::Renewable(renewable) => {
                let newer = renewable.newer_than(refused.generation, refused.failures, RenewalTrigger::ByRefusal);
                Some(newer.await)
            }
        }
    }
}

/// Headers that are added to each call's copy: `host`, `content-length` and the like. A copy has as much room for them.
const OF_A_CALL: usize = 6;

/// The headers of `own` after those of `common`.
fn joined(mut common: HeaderMap, own: &HeaderMap) -> HeaderMap {
    common.extend(own.iter().map(|(name, value)| (name.clone(), value.clone())));
    common.reserve(OF_A_CALL);
    common
}

pub(crate) struct Renewable {
    source: Box<dyn Renew>,
    /// The headers that every call has.
    common: HeaderMap,
    issued: RwLock<Option<Issued>>,
    /// Held while a renewal runs. If the call that leads it is dropped, the next one in the queue gets it.
    renewing: Mutex<Renewals>,
    failures: AtomicU64,
}

/// How the renewals so far went.
struct Renewals {
    /// Of those that went well. No generation is given twice, also if one was forgotten meanwhile.
    count: u64,
    /// With the time of it.
    last_failure: Option<(NoCredential, Instant)>,
}

/// What asks for a renewal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum RenewalTrigger {
    /// A call that has no credential to begin with.
    MissingCredential,
    /// The server no longer takes the one in use.
    ByRefusal,
}

impl Renewals {
    /// The last failure, if it stands for a call that begins now.
    fn standing(&self, attempts: Attempts) -> Option<NoCredential> {
        let (error, at) = self.last_failure.as_ref()?;
        let left = FAILED_LOGIN_STANDS.checked_sub(at.elapsed()).filter(|left| !left.is_zero())?;
        (attempts == Attempts::Counted && error.tried != Tried::NotArrived).then(|| error.clone().standing_for(left))
    }
}

impl Renewable {
    fn failures(&self) -> u64 {
        self.failures.load(Ordering::Acquire)
    }

    fn issued(&self) -> Option<Issued> {
        self.issued.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the credential in use is this one, and another attempt would only cost.
    fn is_futile_after(&self, refused: &Issued) -> bool {
        let in_use = self.issued().is_some_and(|issued| issued.generation == refused.generation);
        self.source.attempts() == Attempts::Counted && in_use && refused.was_no_help()
    }

    /// `failures` is how many renewals had failed when the call began.
    async fn newer_than(&self, generation: u64, failures: u64, asked: RenewalTrigger) -> Result<Issued, NoCredential> {
        let mut renewals = self.renewing.lock().await;
        if let Some(issued) = self.issued().filter(|issued| issued.generation > generation) {
            return Ok(issued);
        }
        // A renewal that failed since this call began has failed for this call too: accounts lock.
        if self.failures() != failures
            && let Some((error, _)) = &renewals.last_failure
        {
            return Err(error.clone());
        }
        let attempts = self.source.attempts();
        if let Some(error) = renewals.standing(attempts) {
            return Err(error);
        }
        let failure = attempts.failure_if_abandoned();
        let mut led = RenewalUnderWay { renewable: self, failure, renewals: &mut renewals };
        match self.source.renew().await {
            Ok(fresh) => {
                led.failure = None;
                Ok(led.issue(fresh, asked))
            }
            Err(error) => {
                led.failure = Some(error.clone());
                Err(error)
            }
        }
    }
}

/// A renewal that is under way. Once it is over, its failure is there for those who wait.
struct RenewalUnderWay<'a> {
    renewable: &'a Renewable,
    renewals: &'a mut Renewals,
    /// As long as it is under way, what it comes to if it is abandoned.
    failure: Option<NoCredential>,
}

impl RenewalUnderWay<'_> {
    fn issue(&mut self, fresh: NewCredential, asked: RenewalTrigger) -> Issued {
        self.renewals.count += 1;
        let issued = Issued {
            generation: self.renewals.count,
            stale_at: fresh.stale_at(),
            secrets: Confidence::of(&fresh.headers, Vec::new()),
            request_headers: Arc::new(joined(self.renewable.common.clone(), &fresh.headers)),
            headers: Arc::new(fresh.headers),
            failures: self.renewable.failures(),
            renewed_at: (asked == RenewalTrigger::ByRefusal).then(Instant::now),
            worked: Arc::default(),
        };
        *self.renewable.issued.write().unwrap_or_else(PoisonError::into_inner) = Some(issued.clone());
        issued
    }
}

impl Drop for RenewalUnderWay<'_> {
    fn drop(&mut self) {
        if let Some(error) = self.failure.take() {
            self.renewals.last_failure = Some((error, Instant::now()));
            self.renewable.failures.fetch_add(1, Ordering::Release);
        }
    }
}

// Both hold secrets; neither shows more than its kind and the names of its headers.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(issued) => f.debug_tuple("Fixed").field(&issued.headers.keys().collect::<Vec<_>>()).finish(),
            Self::Renewable(_) => f.write_str("Renewable"),
        }
    }
}
