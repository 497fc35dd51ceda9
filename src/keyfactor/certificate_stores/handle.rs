//! The handle for certificate stores.

use crate::keyfactor::vendor::Caller;

/// The operations on certificate stores.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Schedule;
///
/// let stores = keyfactor.certificate_stores();
/// let plan = stores.plan_removal_of([scene.thumbprint()]).send().await?;
/// let removal = stores.remove(&plan, Schedule::Immediate).send().await?;
/// println!("{} jobs", removal.job_ids().len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CertificateStores {
    pub(in crate::keyfactor) caller: Caller,
}
