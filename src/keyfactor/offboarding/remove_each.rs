//! Removing certificates with one call for each location.

use std::collections::VecDeque;

use crate::keyfactor::certificate_stores::{CertificateLocation, RemoveCertificates, RemoveOutcome};
use crate::keyfactor::types::JobId;
use crate::keyfactor::vendor::{Caller, Error, Keyfactor, SharedError};
use crate::operation::{
    Batch, BatchBuilder, CallEnd, Calls, FailureScope, ItemState, ManyOutcome, Numbered, NumberedState, OnFailure,
    PlannedCall, Request, RequestBuilder,
};
use crate::validation::Problems;

impl RequestBuilder<RemoveCertificates> {
    /// Sends one call for each location instead of one call for all, so that each job can be matched with its
    /// location. In a response with several job ids, the order of the ids is undocumented by the vendor. The whole
    /// removal is validated before the first call. Before each call for a location with an expected thumbprint, the
    /// store's inventory is read again.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeKeyfactor::start().await;
    /// # let (one, two, keyfactor) = (fake.add_store(), fake.add_store(), fake.client());
    /// use clm::OnFailure;
    /// use clm::keyfactor::{CertificateLocation, Schedule};
    ///
    /// let locations =
    ///     [one, two].map(|store| CertificateLocation::new(store, "www.example.com.pfx"));
    /// let removal =
    ///     keyfactor.certificate_stores().remove_certificates(locations, Schedule::Immediate);
    /// let mut each =
    ///     removal.one_job_per_location().on_failure(OnFailure::ContinueAfterRefusal).start()?;
    /// while let Some(outcome) = each.next().await {
    ///     println!("{outcome}");
    /// }
    /// # assert_eq!(each.calls(), 2);
    /// # Ok(()) }
    /// ```
    pub fn one_job_per_location(self) -> BatchBuilder<RemoveEach> {
        let (caller, request) = self.into_parts();
        BatchBuilder::new(caller, RemoveEach { request })
    }
}

/// A batch that removes certificates with one call for each location; see
/// [`one_job_per_location`](RequestBuilder::one_job_per_location).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// let outcome = removal.one_job_per_location().concurrency(2).send().await?;
/// assert_eq!(outcome.calls(), 2);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RemoveEach {
    request: Request<RemoveCertificates>,
}

/// The outcome for each location of a removal.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{RemoveEachOutcome, Schedule};
///
/// let removal = keyfactor
///     .certificate_stores()
///     .remove_certificates(scene.locations(), Schedule::Immediate);
/// let outcome: RemoveEachOutcome = removal.one_job_per_location().send().await?;
/// for it in outcome.items() {
///     println!("{it}");
/// }
/// # Ok(()) }
/// ```
pub type RemoveEachOutcome = ManyOutcome<CertificateLocation, RemoveCertificates>;

impl Batch for RemoveEach {
    type Operation = RemoveCertificates;
    type Item = CertificateLocation;
    type Calls = RemovalsLeft;

    fn calls(mut self, _: &Caller, _: OnFailure, problems: &mut Problems) -> RemovalsLeft {
        // Each call names one, so the limit of a call does not matter.
        self.request.operation_mut().check_with_limit(usize::MAX, problems);
        self.request.check_settings(problems);
        let locations = self.request.locations().iter().cloned().enumerate().collect();
        RemovalsLeft { request: self.request, locations }
    }
}

/// The locations whose calls are still to be sent.
#[derive(Debug)]
pub struct RemovalsLeft {
    request: Request<RemoveCertificates>,
    locations: VecDeque<Numbered<CertificateLocation>>,
}

impl Calls for RemovalsLeft {
    type Operation = RemoveCertificates;
    type Item = CertificateLocation;

    fn common(&self) -> &Request<RemoveCertificates> {
        &self.request
    }

    fn count(&self) -> usize {
        self.locations.len()
    }

    fn next_call(&mut self) -> Option<PlannedCall<RemoveCertificates, CertificateLocation>> {
        let (number, location) = self.locations.pop_front()?;
        let request = self.request.with_operation(self.request.only(location.clone()));
        Some(PlannedCall { items: vec![(number, location)], request, refused: None })
    }

    fn settle(
        &mut self,
        items: Vec<Numbered<CertificateLocation>>,
        ended: CallEnd<RemoveCertificates>,
    ) -> Vec<NumberedState<CertificateLocation, RemoveCertificates>> {
        let state = state_of(ended.map(|outcome| outcome.is_complete()));
        items.into_iter().map(|item| (item, state.clone())).collect()
    }

    fn repeated(&self) -> Vec<CertificateLocation> {
        self.request.repeated().to_vec()
    }
}

/// The outcome of the only item of a call, which ended so; `true` if its outcome is complete.
pub(super) fn state_of(ended: Result<bool, SharedError>) -> ItemState<Keyfactor> {
    match ended {
        Ok(true) => ItemState::Confirmed,
        Ok(false) => ItemState::Unconfirmed,
        Err(error) => match error.failure_scope() {
            FailureScope::Unknown => ItemState::Unknown(error),
            _ if matches!(&*error, Error::Api(_) | Error::Lookup(_)) => ItemState::Refused(error),
            _ => ItemState::NotSent(error),
        },
    }
}

impl RemoveEachOutcome {
    /// Returns the ids of the jobs that the server created for these [`items`](Self::items). Outcomes that a stream
    /// has already returned are not included; their job ids are in their `answer`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate);
    /// let outcome = removal.one_job_per_location().send().await?;
    /// let watch = keyfactor.orchestrator_jobs().watch(outcome.job_ids());
    /// # assert_eq!(outcome.job_ids().count(), 2);
    /// # Ok(()) }
    /// ```
    pub fn job_ids(&self) -> impl Iterator<Item = JobId> + '_ {
        self.answers().flat_map(RemoveOutcome::job_ids).copied()
    }
}
