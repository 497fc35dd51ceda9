//! The handle for orchestrator jobs.

use crate::keyfactor::vendor::Caller;

/// What an account needs to read jobs.
pub(in crate::keyfactor) const PERMISSION: &str = "The account needs the permission to read orchestrator management \
                                                   (`/agents/management/read/`). Removing certificates does not \
                                                   require it, so an account may be allowed to remove certificates but \
                                                   not to follow the jobs.";

/// The operations on orchestrator jobs.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// let jobs = keyfactor.orchestrator_jobs();
/// let waiting = jobs.scheduled(Query::all()).rows()?.collect().await?;
/// println!("{} scheduled jobs", waiting.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct OrchestratorJobs {
    pub(in crate::keyfactor) caller: Caller,
}
