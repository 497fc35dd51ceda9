//! A removal with one call for each location, so that each job is known by its location.

use std::sync::Arc;

use super::{CertificateLocation, CertificateStores, RemoveCertificatesBuilder, RemoveOutcome};
use crate::keyfactor::error::Error;
use crate::keyfactor::types::JobId;
use crate::validation::ValidationError;

/// Removes with one call for each location; see [`RemoveCertificatesBuilder::one_job_per_location`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct RemoveOneByOne {
    pub(super) handle: CertificateStores,
    pub(super) builder: RemoveCertificatesBuilder,
}

impl RemoveOneByOne {
    /// Checks everything, and sends the calls one after the other. A refusal does not stop the others: what is wrong with
    /// one location says nothing about the next. A call whose outcome is unknown, or that could not be sent or signed in, or
    /// that is refused with 401 or 429, does: the rest stays unsent.
    ///
    /// A future that is dropped sends nothing further and tells nothing of the calls before; their jobs are in the audit
    /// events. Spawn it if it may be dropped. Before each call with an expected thumbprint, the inventory is read anew.
    ///
    /// # Errors
    /// [`ValidationError`] as of [`RemoveCertificatesBuilder::build`]; then nothing was sent. Whatever happens later is in
    /// the outcome.
    pub async fn send(self) -> Result<OneByOneOutcome, ValidationError> {
        // Each call names one, so the limit of a call does not matter.
        let request = self.builder.checked(usize::MAX)?;
        let mut locations = Vec::with_capacity(request.locations().len());
        let mut stopped = None;
        for location in request.locations() {
            let end = match &stopped {
                Some(error) => LocationEnd::NotSent(Arc::clone(error)),
                None => match self.handle.execute(request.only(location.clone())).await {
                    Ok(outcome) => LocationEnd::of(outcome),
                    Err(error) => {
                        let error = Arc::new(error);
                        if matches!(*error, Error::Api(_) | Error::Lookup(_)) {
                            if concerns_every_call(&error) {
                                stopped = Some(Arc::clone(&error));
                            }
                            LocationEnd::Refused(error)
                        } else {
                            stopped = Some(Arc::clone(&error));
                            match *error {
                                Error::OutcomeUnknown(_) => LocationEnd::Unknown(error),
                                _ => LocationEnd::NotSent(error),
                            }
                        }
                    }
                },
            };
            locations.push(LocationOutcome { location: location.clone(), end });
        }
        Ok(OneByOneOutcome { locations, repeated: request.repeated().to_vec() })
    }
}

/// The next call would fare no better, and accounts lock.
fn concerns_every_call(error: &Error) -> bool {
    error.status().is_some_and(|status| matches!(status.as_u16(), 401 | 429))
}

/// What became of every location.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OneByOneOutcome {
    locations: Vec<LocationOutcome>,
    repeated: Vec<CertificateLocation>,
}

/// A location and what became of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocationOutcome {
    /// The location.
    pub location: CertificateLocation,
    /// What became of it.
    pub end: LocationEnd,
}

/// How the call for one location ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LocationEnd {
    /// The server named one job for it: this one.
    Scheduled(JobId),
    /// The server took it, but did not name exactly one job.
    ScheduledOddly(Arc<RemoveOutcome>),
    /// Nothing was removed here: the server refused, or the alias holds another certificate.
    Refused(Arc<Error>),
    /// It may have arrived. **Do not send it again before you know.**
    Unknown(Arc<Error>),
    /// It was not sent: because of this error, of its own call or of an earlier one.
    NotSent(Arc<Error>),
}

impl LocationEnd {
    fn of(outcome: RemoveOutcome) -> Self {
        match outcome.job_ids() {
            [job] if outcome.is_complete() => Self::Scheduled(*job),
            _ => Self::ScheduledOddly(Arc::new(outcome)),
        }
    }

    fn job_ids(&self) -> &[JobId] {
        match self {
            Self::Scheduled(job) => std::slice::from_ref(job),
            Self::ScheduledOddly(outcome) => outcome.job_ids(),
            Self::Refused(_) | Self::Unknown(_) | Self::NotSent(_) => &[],
        }
    }
}

impl OneByOneOutcome {
    /// Every location once, in the order in which they were given.
    #[must_use]
    pub fn locations(&self) -> &[LocationOutcome] {
        &self.locations
    }

    /// Locations that were given again, exactly alike. They were sent once.
    #[must_use]
    pub fn repeated(&self) -> &[CertificateLocation] {
        &self.repeated
    }

    /// All jobs that the server named.
    pub fn job_ids(&self) -> impl Iterator<Item = JobId> + '_ {
        self.locations.iter().flat_map(|outcome| outcome.end.job_ids().iter().copied())
    }

    /// Whether every location has its one job.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.locations.iter().all(|outcome| matches!(outcome.end, LocationEnd::Scheduled(_)))
    }
}
