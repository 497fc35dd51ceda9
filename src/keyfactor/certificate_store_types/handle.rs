//! The handle for types of certificate stores.

use crate::keyfactor::vendor::Caller;

/// What an account needs to read types of certificate stores.
pub(super) const PERMISSION: &str = "The account needs the permission to read certificate store types; its name is \
                                     undocumented by the vendor.";

/// The operations on certificate store types.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let stores = keyfactor.certificate_stores();
/// let store = stores.get(scene.stores()[1]).send().await?;
/// if let Some(id) = store.cert_store_type {
///     let store_type = keyfactor.certificate_store_types().get(id).send().await?;
///     println!("{:?}", store_type.name);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct CertificateStoreTypes {
    pub(in crate::keyfactor) caller: Caller,
}
