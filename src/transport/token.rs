//! A credential that can be renewed: one renewal at a time, however many calls find out that it is needed.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use http::HeaderMap;
use tokio::sync::Mutex;

use super::error::NoCredential;

/// Where a new credential comes from, as the headers that carry it.
pub(crate) trait Renew: Send + Sync {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<HeaderMap, NoCredential>> + Send + '_>>;
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
}

impl Credential {
    pub(crate) fn fixed(headers: HeaderMap) -> Self {
        Self::Fixed(Issued { generation: 0, headers: Arc::new(headers) })
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
            Ok(headers) => {
                let issued = Issued { generation: generation + 1, headers: Arc::new(headers) };
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
