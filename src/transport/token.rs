//! A credential that can be renewed: one renewal at a time, however many calls find out that it is needed.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use tokio::sync::Mutex;
use tokio::time::{Duration, Instant};

use super::error::NoCredential;

/// Where a new credential comes from.
pub(crate) trait Renew: Send + Sync {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Fresh, NoCredential>> + Send + '_>>;
}

/// A credential as its source gives it.
pub(crate) struct Fresh {
    /// The headers that carry it.
    pub(crate) headers: HeaderMap,
    /// How long it is good for, if the source says so.
    pub(crate) lifetime: Option<Duration>,
}

/// A credential is renewed this long before it expires, or after three quarters of its life if that is later.
const MARGIN: Duration = Duration::from_secs(60);

impl Fresh {
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
    Renewable(Renewable),
}

/// The headers of one generation of a credential.
#[derive(Clone)]
pub(crate) struct Issued {
    generation: u64,
    pub(crate) headers: Arc<HeaderMap>,
    stale_at: Option<Instant>,
}

impl Issued {
    fn is_stale(&self) -> bool {
        self.stale_at.is_some_and(|stale_at| Instant::now() >= stale_at)
    }
}

impl Credential {
    pub(crate) fn fixed(headers: HeaderMap) -> Self {
        Self::Fixed(Issued { generation: 0, headers: Arc::new(headers), stale_at: None })
    }

    pub(crate) fn renewable(source: impl Renew + 'static) -> Self {
        Self::Renewable(Renewable {
            source: Box::new(source),
            issued: RwLock::new(None),
            renewing: Mutex::new(None),
            failures: AtomicU64::new(0),
        })
    }

    /// The credential in use; the first call fetches it.
    pub(crate) async fn current(&self) -> Result<Issued, NoCredential> {
        match self {
            Self::Fixed(issued) => Ok(issued.clone()),
            Self::Renewable(renewable) => match renewable.issued() {
                Some(issued) if issued.is_stale() => renewable.newer_than(issued.generation).await,
                Some(issued) => Ok(issued),
                None => renewable.newer_than(0).await,
            },
        }
    }

    /// A newer credential than the one that was refused; `None` if it cannot be renewed.
    pub(crate) async fn newer(&self, refused: &Issued) -> Option<Result<Issued, NoCredential>> {
        match self {
            Self::Fixed(_) => None,
            Self::Renewable(renewable) => Some(renewable.newer_than(refused.generation).await),
        }
    }
}

pub(crate) struct Renewable {
    source: Box<dyn Renew>,
    issued: RwLock<Option<Issued>>,
    /// Held while a renewal runs. If the call that leads it is dropped, the next one in the queue takes over.
    renewing: Mutex<Option<NoCredential>>,
    failures: AtomicU64,
}

impl Renewable {
    fn issued(&self) -> Option<Issued> {
        self.issued.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn newer_than(&self, generation: u64) -> Result<Issued, NoCredential> {
        let failures = self.failures.load(Ordering::Acquire);
        let mut last_failure = self.renewing.lock().await;
        if let Some(issued) = self.issued().filter(|issued| issued.generation > generation) {
            return Ok(issued);
        }
        // A renewal that failed while this call waited for it has failed for this call too: accounts lock.
        if self.failures.load(Ordering::Acquire) != failures
            && let Some(error) = &*last_failure
        {
            return Err(error.clone());
        }
        match self.source.renew().await {
            Ok(fresh) => {
                let stale_at = fresh.stale_at();
                let issued = Issued { generation: generation + 1, headers: Arc::new(fresh.headers), stale_at };
                *self.issued.write().unwrap_or_else(PoisonError::into_inner) = Some(issued.clone());
                Ok(issued)
            }
            Err(error) => {
                *last_failure = Some(error.clone());
                self.failures.fetch_add(1, Ordering::Release);
                Err(error)
            }
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
