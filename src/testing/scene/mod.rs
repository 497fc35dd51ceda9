//! Ready-made scenes: fakes in the state in which a story begins.

mod arranged;

use std::fmt;

use serde_json::{Map, Value};

#[cfg(feature = "appviewx")]
use super::FakeAppViewX;
use super::FakeKeyfactor;
use crate::keyfactor::{CertificateId, CertificateLocation, CertificateStoreId, JobId};

/// Fakes in a prepared state, with the values that a test needs to know. Feature `testing`.
///
/// A scene is the same in every run, except for the ports. A test may change both fakes further.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::Schedule;
/// use clm::testing::Scene;
///
/// let scene = Scene::offboarding().await;
/// let stores = scene.keyfactor.client().certificate_stores();
/// let removal =
///     stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
///
/// scene.keyfactor.run_jobs();
/// assert_eq!(removal.job_ids().len(), scene.stores().len());
/// assert!(scene.stores().iter().all(|store| scene.keyfactor.aliases(*store).is_empty()));
/// # Ok(()) }
/// ```
#[non_exhaustive]
pub struct Scene {
    /// The fake of Keyfactor Command.
    pub keyfactor: FakeKeyfactor,
    /// The fake of AppViewX.
    #[cfg(feature = "appviewx")]
    pub appviewx: FakeAppViewX,
    certificate: CertificateId,
    thumbprint: String,
    locations: Vec<Location>,
    failing: Vec<CertificateStoreId>,
    stores: Vec<CertificateStoreId>,
    jobs: Vec<JobId>,
    #[cfg(feature = "appviewx")]
    resource_ids: Vec<String>,
}

/// Where the certificate of the story is, and what a removal there has to say.
struct Location {
    store: CertificateStoreId,
    alias: String,
    job_fields: Map<String, Value>,
}

impl Scene {
    /// The common name of the scene's certificate at Keyfactor Command and at AppViewX.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::testing::Scene;
    ///
    /// let search = appviewx.certificates().search().common_name_is(Scene::COMMON_NAME);
    /// assert_eq!(search.rows()?.collect().await?.len(), 2);
    /// # Ok(()) }
    /// ```
    pub const COMMON_NAME: &str = "www.example.com";
    /// The collection of the certificate.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::testing::Scene;
    ///
    /// let certificates = keyfactor.certificates();
    /// let located = certificates
    ///     .locations_of(scene.thumbprint())
    ///     .collection_id(Scene::COLLECTION)
    ///     .send()
    ///     .await?;
    /// assert_eq!(located.locations().len(), 2);
    /// # Ok(()) }
    /// ```
    pub const COLLECTION: i32 = 4;
    /// The AppViewX id of a partner's certificate, which a search for the name finds as well and which must not be changed. It is
    /// in every scene except [`partly_failing`](Self::partly_failing).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// use clm::testing::Scene;
    ///
    /// appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
    /// assert_eq!(
    ///     scene.appviewx.group_of(Scene::PARTNER).as_deref(),
    ///     Some("partners"),
    ///     "it was not moved"
    /// );
    /// # Ok(()) }
    /// ```
    pub const PARTNER: &str = "67bc2ca76a105e1a05691c4c";

    /// **A certificate is to be removed everywhere.** At Keyfactor it is in two stores that take inventory every hour: a PEM file
    /// with an alias, and an IIS server with a binding. In a third store it is part of the chain of another certificate, so it
    /// cannot be removed there. An orchestrator starts a job after a poll has found it waiting, and the next poll finds it running.
    /// Command's inventory changes only when Command takes inventory.
    ///
    /// At AppViewX three certificates have its name: two server certificates in the group `web-servers` and a client certificate in
    /// `agents`. A search for the name finds a fourth, which belongs to a partner: `www.example.com.partner.example`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::Scene;
    ///
    /// let scene = Scene::offboarding().await;
    /// let located =
    ///     scene.keyfactor.client().certificates().locations_of(scene.thumbprint()).send().await?;
    /// assert_eq!((located.locations().len(), located.excluded().len()), (2, 1));
    ///
    /// let groups = scene.appviewx.client().certificate_groups();
    /// let unassigned = groups.unassign(scene.resource_ids()).send().await?;
    /// assert_eq!(unassigned.successful_ids().len(), 3);
    /// # Ok(()) }
    /// ```
    pub async fn offboarding() -> Self {
        arranged::offboarding().await
    }

    /// **One of two orchestrators is offline.** The certificate is in two PEM files. Jobs of the first store end with the first
    /// poll; jobs of the second store wait and never run. A program that follows both must end, and must report which one is still
    /// open: the second of [`stores`](Self::stores), which is one of the [`failing_stores`](Self::failing_stores). AppViewX is as
    /// in [`offboarding`](Self::offboarding).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use clm::keyfactor::Schedule;
    /// use clm::testing::{FakeJobState, Scene};
    ///
    /// let scene = Scene::orchestrator_offline().await;
    /// let keyfactor = scene.keyfactor.client();
    /// let removal = keyfactor
    ///     .certificate_stores()
    ///     .remove_certificates(scene.locations(), Schedule::Immediate)
    ///     .send()
    ///     .await?;
    /// let millisecond = Duration::from_millis(1);
    /// let watch = keyfactor.orchestrator_jobs().watch(removal.job_ids());
    /// let report = watch
    ///     .pauses(millisecond, millisecond)
    ///     .deadline(Duration::from_millis(100))
    ///     .finish()
    ///     .await?;
    /// assert_eq!((report.finished().len(), report.still_open().len()), (1, 1));
    /// assert_eq!(scene.keyfactor.jobs()[1].state, FakeJobState::Waiting);
    /// # Ok(()) }
    /// ```
    pub async fn orchestrator_offline() -> Self {
        arranged::orchestrator_offline().await
    }

    /// **Some jobs fail.** The certificate is in ten PEM files. In the first `failing` of them, ten at most, every job fails with
    /// the message `Access to the path is denied.`; in the others it succeeds. All jobs end with the first poll.
    ///
    /// At AppViewX ten server certificates in the group `web-servers` have its name. The same number of them was deleted meanwhile:
    /// [`resource_ids`](Self::resource_ids) lists them first, AppViewX does not know them, and an unassignment does not confirm
    /// them.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::Schedule;
    /// use clm::testing::{FakeJobKind, FakeJobState, Scene};
    ///
    /// let scene = Scene::partly_failing(3).await;
    /// let stores = scene.keyfactor.client().certificate_stores();
    /// stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
    /// scene.keyfactor.run_jobs();
    /// let removals =
    ///     scene.keyfactor.jobs().into_iter().filter(|job| job.kind == FakeJobKind::Remove);
    /// let failed = removals.filter(|job| job.state == FakeJobState::Failed);
    /// assert!(failed.map(|job| job.store).eq(scene.failing_stores().iter().copied()));
    ///
    /// let groups = scene.appviewx.client().certificate_groups();
    /// let unassigned = groups.unassign(scene.resource_ids()).send().await?;
    /// assert_eq!((unassigned.successful_ids().len(), unassigned.unconfirmed_ids().len()), (7, 3));
    /// # Ok(()) }
    /// ```
    pub async fn partly_failing(failing: usize) -> Self {
        arranged::partly_failing(failing).await
    }

    /// **Ten thousand jobs are scheduled.** The certificate is in 10,000 PEM files, and its removal from all of them is scheduled:
    /// [`job_ids`](Self::job_ids). An orchestrator starts each job after a poll has found it waiting. Every hundredth job fails,
    /// 100 in total ([`failing_stores`](Self::failing_stores)). A program that follows the jobs must not send a request for each of
    /// them, and must not miss one. AppViewX is as in [`offboarding`](Self::offboarding).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// use clm::testing::Scene;
    ///
    /// let scene = Scene::ten_thousand_jobs().await;
    /// let millisecond = Duration::from_millis(1);
    /// let watch = scene.keyfactor.client().orchestrator_jobs().watch(scene.job_ids());
    /// let report = watch.pauses(millisecond, millisecond).finish().await?;
    /// assert_eq!((report.finished().len(), report.unsuccessful().count()), (10_000, 100));
    /// # Ok(()) }
    /// ```
    pub async fn ten_thousand_jobs() -> Self {
        arranged::ten_thousand_jobs().await
    }

    /// Returns the id of the certificate at Keyfactor Command.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::Scene;
    ///
    /// let scene = Scene::offboarding().await;
    /// let located = scene.keyfactor.client().certificates().get(scene.certificate()).send().await?;
    /// assert_eq!(located.issued_cn, Scene::COMMON_NAME);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificate(&self) -> CertificateId {
        self.certificate
    }

    /// Returns the thumbprint of the certificate.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::Scene;
    ///
    /// let scene = Scene::offboarding().await;
    /// let located =
    ///     scene.keyfactor.client().certificates().locations_of(scene.thumbprint()).send().await?;
    /// assert_eq!(located.locations().len(), scene.stores().len());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// Returns the stores from which the certificate can be removed. See the example of [`thumbprint`](Self::thumbprint).
    #[must_use]
    pub fn stores(&self) -> &[CertificateStoreId] {
        &self.stores
    }

    /// Returns the location of the certificate in each of the [`stores`](Self::stores), in the same order, with the job fields that
    /// a removal needs. See the [example](Self#example).
    #[must_use]
    pub fn locations(&self) -> Vec<CertificateLocation> {
        let location = |it: &Location| {
            let location = CertificateLocation::new(it.store, it.alias.as_str());
            it.job_fields.iter().fold(location, |location, (name, value)| location.job_field(name, value.clone()))
        };
        self.locations.iter().map(location).collect()
    }

    /// Returns the [`stores`](Self::stores) in which removals fail or never run.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::Scene;
    ///
    /// let scene = Scene::orchestrator_offline().await;
    /// assert_eq!(scene.failing_stores(), [scene.stores()[1]]);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn failing_stores(&self) -> &[CertificateStoreId] {
        &self.failing
    }

    /// Returns the jobs that the scene has already scheduled, one for each of the [`stores`](Self::stores), in the same order. See
    /// the example of [`ten_thousand_jobs`](Self::ten_thousand_jobs).
    #[must_use]
    pub fn job_ids(&self) -> &[JobId] {
        &self.jobs
    }

    /// Returns the AppViewX ids of the certificates with the scene's common name. See the example of
    /// [`offboarding`](Self::offboarding).
    #[cfg(feature = "appviewx")]
    #[must_use]
    pub fn resource_ids(&self) -> &[String] {
        &self.resource_ids
    }
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scene")
            .field("thumbprint", &self.thumbprint)
            .field("stores", &self.stores.len())
            .field("failing", &self.failing.len())
            .field("jobs", &self.jobs.len())
            .finish_non_exhaustive()
    }
}
