//! Planning the removal of many certificates.

use std::collections::HashSet;
use std::pin::pin;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::RemovalPlan;
use super::make::{IfNothing, Planning};
use crate::keyfactor::certificate_stores::CertificateStores;
use crate::keyfactor::offboarding::locate::LocateCertificate;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::CollectionId;
use crate::keyfactor::vendor::{Caller, Error};
use crate::validation::Problems;

impl CertificateStores {
    /// Plans the removal of many certificates. Each certificate is located as with
    /// [`locations_of`](crate::keyfactor::Certificates::locations_of), five at a time. Then the inventory of each
    /// store is read once for all of them. Certificates and places that cannot be found or planned do not stop the
    /// others; they are in [`RemovalPlan::omitted`]. A text that is not a thumbprint does: it refuses the whole call
    /// before anything is sent. To check one, use [`str::parse`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::{FakeCertificate, FakeKeyfactor};
    /// # let fake = FakeKeyfactor::start().await;
    /// # let (store, keyfactor) = (fake.add_store(), fake.client());
    /// # let ids = ["one", "two"].map(|cn| fake.issue(FakeCertificate::new(cn).private_key()));
    /// # for id in ids { fake.put(store, &fake.thumbprint(id), id); }
    /// # let mut list = ids.map(|id| fake.thumbprint(id)).join("\n");
    /// # list.push_str("\n0123456789abcdef0123456789abcdef01234567\n\n");
    /// use clm::keyfactor::Schedule;
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let lines = list.lines().filter(|line| !line.trim().is_empty());
    /// let plan = stores.plan_removal_of(lines).send().await?;
    /// for omitted in &plan.omitted {
    ///     println!("left out: {omitted}");
    /// }
    /// let removal = stores.remove(&plan, Schedule::Immediate).accept_omissions().send().await?;
    /// # assert_eq!((plan.omitted.len(), removal.job_ids().len()), (1, 2));
    /// # Ok(()) }
    /// ```
    ///
    /// - **Calls:** those of `locations_of` for each thumbprint, and `GET /CertificateStores/{id}/Inventory` for each store.
    /// - **Permissions:** to read certificates, system-wide or in the given collection, and certificate stores.
    /// - **Arguments:** at least one thumbprint, and at most
    ///   [`max_locations_per_call`](crate::keyfactor::ClientBuilder::max_locations_per_call) different ones.
    ///   Duplicates are ignored. An empty or invalid thumbprint is refused, with its index.
    /// - **Source:** Keyfactor Command reference, "GET Certificates" and "GET Certificate Stores ID Inventory".
    pub fn plan_removal_of(&self, thumbprints: impl IntoIterator<Item: Into<Thumbprint>>) -> PlanRemovalOf {
        PlanRemovalOf {
            caller: self.caller.clone(),
            thumbprints: thumbprints.into_iter().map(Into::into).collect(),
            collection_id: None,
            if_nothing: IfNothing::Error,
        }
    }
}

/// Certificates that are looked up at once.
const AT_ONCE: usize = 5;

/// A request to plan the removal of many certificates; see [`CertificateStores::plan_removal_of`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let stores = keyfactor.certificate_stores();
/// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// println!("{} entries, {} left out", plan.removals.len(), plan.omitted.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
pub struct PlanRemovalOf {
    caller: Caller,
    thumbprints: Vec<Thumbprint>,
    collection_id: Option<CollectionId>,
    if_nothing: IfNothing,
}

impl PlanRemovalOf {
    /// Limits the search to this collection, and makes the server check the permission to read certificates there.
    /// The id must be positive.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let planning = stores.plan_removal_of([scene.thumbprint()]);
    /// let plan = planning.collection_id(clm::testing::Scene::COLLECTION).send().await?;
    /// # Ok(()) }
    /// ```
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.collection_id = Some(id.into());
        self
    }

    /// Returns a plan without entries if nothing can be planned, instead of an error. Every reason is then in
    /// [`RemovalPlan::omitted`], also for a single thumbprint. An empty list is accepted, and nothing is sent. Use it in a program that runs with the same list again:
    /// certificates that were removed meanwhile are [`InNoStore`](crate::keyfactor::OmissionReason::InNoStore). A removal
    /// by a plan without entries is refused, so check [`removals`](RemovalPlan::removals) first.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let unknown = "0".repeat(40);
    /// let plan = stores.plan_removal_of([unknown]).allow_empty().send().await?;
    /// assert!(plan.removals.is_empty());
    /// println!("{}", plan.omitted[0]);
    /// # Ok(()) }
    /// ```
    pub fn allow_empty(mut self) -> Self {
        self.if_nothing = IfNothing::EmptyPlan;
        self
    }

    /// Sends the requests. Each certificate takes several calls, so show progress to interactive users.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let stores = keyfactor.certificate_stores();
    /// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
    /// println!("{} entries, {} left out", plan.removals.len(), plan.omitted.len());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::Validation`], before anything is sent, if there is no thumbprint and [`allow_empty`](Self::allow_empty)
    /// was not called, there are too many, or one is invalid. Errors that every further call would return, such as a failed connection, 401 or 429. `Lookup` if the
    /// server ignores the filter, or if nothing can be planned and `allow_empty` was not called:
    /// [`NothingPlanned`](crate::keyfactor::LookupError::NothingPlanned) lists every reason, and for a single
    /// thumbprint its own error is returned.
    pub async fn send(self) -> Result<RemovalPlan, Error> {
        let Self { caller, mut thumbprints, collection_id, if_nothing } = self;
        let mut problems = Problems::default();
        for (index, thumbprint) in thumbprints.iter().enumerate() {
            thumbprint.check(format_args!("thumbprints[{index}]"), &mut problems);
        }
        let mut seen = HashSet::new();
        thumbprints.retain(|it| seen.insert(it.clone()));
        let limit = caller.settings().max_locations_per_call;
        if !thumbprints.is_empty() || if_nothing == IfNothing::Error {
            problems.check_count("thumbprints", thumbprints.len(), limit, "thumbprint");
        }
        problems.check_positive("collection_id", collection_id.map(CollectionId::get));
        problems.finish()?;
        let locate = |thumbprint: Thumbprint| {
            let mut locate = LocateCertificate::new(caller.clone(), thumbprint.clone().into());
            if let Some(id) = collection_id {
                locate = locate.collection_id(id);
            }
            async move { (thumbprint, locate.find().await) }
        };
        let mut planning = Planning::new(caller.clone(), collection_id, if_nothing);
        let mut thumbprints = thumbprints.into_iter();
        // The first one alone: a wrong password that is sent several times at once locks the account.
        for thumbprint in thumbprints.by_ref().take(1) {
            planning.add_or_leave_out(locate(thumbprint).await)?;
        }
        let mut others = pin!(stream::iter(thumbprints).map(locate).buffered(AT_ONCE));
        while let Some(found) = others.next().await {
            planning.add_or_leave_out(found)?;
        }
        planning.plan().await
    }
}
