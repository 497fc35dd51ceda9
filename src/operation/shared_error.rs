//! An error that several outcomes share.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Error, Vendor};

/// An error that several outcomes share: the error of their common call, or of the call that ended a run. It
/// dereferences to [`Error`].
///
/// Two values are equal if they are the same error. It is serialised as its text.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Error, Schedule};
///
/// scene.keyfactor.restrict_to([]);
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// let outcome = removal.one_job_per_location().send().await?;
/// if let Some(error) = outcome.ended_by()
///     && let Error::Api(refusal) = &**error
/// {
///     eprintln!("{}: {}", refusal.status(), error.report());
/// # } else { panic!("not refused");
/// }
/// # Ok(()) }
/// ```
pub struct SharedError<V: Vendor>(Arc<Error<V>>);

impl<V: Vendor> SharedError<V> {
    /// The error itself, if nobody shares it any more.
    pub(crate) fn into_error(self) -> Option<Error<V>> {
        Arc::into_inner(self.0)
    }
}

impl<V: Vendor> From<Error<V>> for SharedError<V> {
    fn from(error: Error<V>) -> Self {
        Self(Arc::new(error))
    }
}

impl<V: Vendor> Clone for SharedError<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: Vendor> Deref for SharedError<V> {
    type Target = Error<V>;

    fn deref(&self) -> &Error<V> {
        &self.0
    }
}

impl<V: Vendor> PartialEq for SharedError<V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<V: Vendor> fmt::Debug for SharedError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<V: Vendor> fmt::Display for SharedError<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<V: Vendor> std::error::Error for SharedError<V> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl<V: Vendor> Serialize for SharedError<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
