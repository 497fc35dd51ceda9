//! The requirements of a store type that a plan keeps.

use serde::{Deserialize, Serialize};

use super::allowance::CustomAlias;
use crate::keyfactor::types::CertificateStoreTypeId;

/// The requirements of a store type, as kept in a plan.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let plan = keyfactor.certificate_stores().plan_removal_of([scene.thumbprint()]).send().await?;
/// for entry in &plan.removals {
///     if let Some(needs) = entry.store_type.needs() {
///         println!("{entry}: a removal needs {:?}", needs.needed_on_remove);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoreTypeNeeds {
    /// The id of the store type.
    pub id: CertificateStoreTypeId,
    /// The short name of the store type, such as `IISU`.
    pub short_name: Option<String>,
    /// Whether an alias may be given when a certificate is added.
    pub custom_alias: CustomAlias,
    /// The names of the entry parameters, except secrets, whose values an inventory does not show.
    pub parameters: Vec<String>,
    /// The names of the parameters that a removal requires.
    pub needed_on_remove: Vec<String>,
    /// The names of the parameters that an addition requires.
    pub needed_on_add: Vec<String>,
}

impl StoreTypeNeeds {
    /// How long the names in it are.
    pub(in crate::keyfactor) fn names_bytes(&self) -> usize {
        let names = self.parameters.iter().chain(&self.needed_on_remove).chain(&self.needed_on_add);
        let of_type = self.short_name.iter().map(String::len).chain([self.custom_alias.as_str().len()]);
        names.map(|name| name.len() + size_of::<String>()).chain(of_type).sum()
    }

    /// Whether an inventory shows a parameter of this name as it is.
    pub(in crate::keyfactor) fn shows(&self, name: &str) -> bool {
        self.parameters.iter().any(|known| known == name)
    }
}
