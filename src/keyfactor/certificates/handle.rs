//! The handle for certificates.

use crate::keyfactor::vendor::Caller;

/// What an account needs to read certificates.
pub(super) const PERMISSION: &str = "The account needs the permission to read certificates, system-wide or, with `collection_id`, in \
                                     that collection (`/certificates/collections/read/`).";

/// The operations on certificates.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let certificates = keyfactor.certificates();
/// let located = certificates.locations_of(scene.thumbprint()).send().await?;
/// for found in located.locations() {
///     println!("{found}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Certificates {
    pub(in crate::keyfactor) caller: Caller,
}
