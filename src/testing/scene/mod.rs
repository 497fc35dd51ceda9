//! Ready-made scenes: fakes in the state in which a story begins.

mod arranged;

use std::fmt;

use serde_json::{Map, Value};

#[cfg(feature = "appviewx")]
use super::FakeAppViewX;
use super::FakeKeyfactor;
use crate::keyfactor::{CertificateId, CertificateLocation, CertificateStoreId, JobId};

/// Fakes in the state in which a story begins, and what a test of the story needs to know. Feature `testing`.
///
/// Everything in a scene is the same in every run, except for the ports. A test may change both fakes further.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use clm::keyfactor::Schedule;
/// use clm::testing::Scene;
///
/// let scene = Scene::offboarding().await;
/// let stores = scene.keyfactor.client().certificate_stores();
/// let removal = stores.remove_certificates(scene.locations(), Schedule::Immediate).send().await?;
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
    /// The common name of the certificate that the story is about, on both sides.
    pub const COMMON_NAME: &str = "www.example.com";
    /// The collection that it is in.
    pub const COLLECTION: i32 = 4;
    /// The id at AppViewX of a partner's certificate, which a search for the name finds as well and which must stay as it is.
    /// It is in every scene except for [`partly_failing`](Self::partly_failing).
    pub const PARTNER: &str = "67bc2ca76a105e1a05691c4c";

    /// **A certificate is to be taken out of service, everywhere.** At Keyfactor it stands in two stores, a PEM file under an alias and
    /// an IIS server with a binding, which take inventory every hour. A third store has it in the chain of another certificate,
    /// where no removal can be about it. An orchestrator takes up a job once a poll has seen it wait, and the next poll sees it
    /// run. Command sees what the stores hold only when it takes inventory.
    ///
    /// At AppViewX three rows have its name, two server certificates in the group `web-servers` and a client certificate in
    /// `agents`. A search for the name finds a fourth, of a partner's: `www.example.com.partner.example`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::testing::Scene;
    ///
    /// let scene = Scene::offboarding().await;
    /// let located = scene.keyfactor.client().certificates().locations_of(scene.thumbprint()).send().await?;
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

    /// **One of two orchestrators is away.** The certificate stands in two PEM files. The jobs of the first are done by the first
    /// poll of them; those of the second wait and never run. A program that follows both must come to an end, and say which
    /// one is left: the second of [`stores`](Self::stores), which is among the [`failing_stores`](Self::failing_stores). At AppViewX the rows
    /// are those of [`offboarding`](Self::offboarding).
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
    /// let report = watch.pauses(millisecond, millisecond).deadline(Duration::from_millis(100)).finish().await?;
    /// assert_eq!((report.finished().len(), report.still_open().len()), (1, 1));
    /// assert_eq!(scene.keyfactor.jobs()[1].state, FakeJobState::Waiting);
    /// # Ok(()) }
    /// ```
    pub async fn orchestrator_offline() -> Self {
        arranged::orchestrator_offline().await
    }

    /// **Some of it fails.** The certificate stands in ten PEM files. In the first `failing` of them, ten at most, every job fails with
    /// a message of the orchestrator, `Access to the path is denied.`; in the others it is done. All are ended by the first poll.
    ///
    /// At AppViewX ten server certificates have its name, in the group `web-servers`. As many of them are gone meanwhile:
    /// [`resource_ids`](Self::resource_ids) names them first, AppViewX does not know them, and an unassignment leaves them out
    /// of what it confirms.
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
    /// let removals = scene.keyfactor.jobs().into_iter().filter(|job| job.kind == FakeJobKind::Remove);
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

    /// **Ten thousand jobs are under way.** The certificate stood in 10,000 PEM files, and its removal from all of them is scheduled:
    /// [`job_ids`](Self::job_ids). An orchestrator takes up each job once a poll has seen it wait. Every hundredth fails, 100 in
    /// all ([`failing_stores`](Self::failing_stores)). A program that follows them must not ask for each job by itself, nor leave
    /// one out. At AppViewX the rows are those of [`offboarding`](Self::offboarding).
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

    /// The certificate that the story is about.
    #[must_use]
    pub fn certificate(&self) -> CertificateId {
        self.certificate
    }

    /// Its thumbprint.
    #[must_use]
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The stores from which it can be removed.
    #[must_use]
    pub fn stores(&self) -> &[CertificateStoreId] {
        &self.stores
    }

    /// Its place in each of the [`stores`](Self::stores), in their order, with the job fields that a removal there needs.
    #[must_use]
    pub fn locations(&self) -> Vec<CertificateLocation> {
        let location = |it: &Location| {
            let location = CertificateLocation::new(it.store, it.alias.as_str());
            it.job_fields.iter().fold(location, |location, (name, value)| location.job_field(name, value.clone()))
        };
        self.locations.iter().map(location).collect()
    }

    /// Those of the [`stores`](Self::stores) in which removals fail or wait for ever.
    #[must_use]
    pub fn failing_stores(&self) -> &[CertificateStoreId] {
        &self.failing
    }

    /// The jobs that are scheduled when the story begins, one for each of the [`stores`](Self::stores), in their order.
    #[must_use]
    pub fn job_ids(&self) -> &[JobId] {
        &self.jobs
    }

    /// The ids at AppViewX of the certificates that the story is about.
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
