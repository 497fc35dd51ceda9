//! The handle for certificates.

use crate::appviewx::vendor::Caller;

/// The operations on certificates.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// let certificates = appviewx.certificates();
/// let rows = certificates.search().common_name_is("www.example.com").rows()?.collect().await?;
/// let ids: Vec<_> = rows.into_iter().filter_map(|row| row.resource_id).collect();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Certificates {
    pub(in crate::appviewx) caller: Caller,
}
