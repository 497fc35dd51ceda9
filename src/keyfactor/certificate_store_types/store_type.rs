//! Certificate store type rows.

use super::allowance::{CustomAlias, PrivateKeyAllowed};
use super::entry_parameter::EntryParameter;
use super::needs::StoreTypeNeeds;
use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::CertificateStoreTypeId;
use crate::rows::{RawJson, row};

/// A certificate store type.
///
/// Command 25 was seen to deviate from its schema: it sent strings instead of numbers
/// (`"CustomAliasAllowed": "Forbidden"`), and members that the schema does not have. Both forms are read.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
///
/// for store_type in
///     keyfactor.certificate_store_types().list(Query::all()).rows()?.collect().await?
/// {
///     println!(
///         "{} {:?}: alias {}",
///         store_type.id, store_type.short_name, store_type.custom_alias
///     );
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CertificateStoreType {
    /// The id, which the vendor calls `StoreType`. 0 is a valid id.
    pub id: CertificateStoreTypeId,
    /// The display name.
    pub name: Option<String>,
    /// The short name, such as `IISU`. The names of job types begin with it.
    pub short_name: Option<String>,
    /// Whether an alias may be given when a certificate is added.
    pub custom_alias: CustomAlias,
    /// Whether stores of this type accept private keys.
    pub private_key: PrivateKeyAllowed,
    /// The values that jobs need in addition to certificate and alias.
    pub entry_parameters: Vec<EntryParameter>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(CertificateStoreType: "a certificate store type", Refused {
    id: Needed "StoreType",
    name: Plain "Name",
    short_name: Plain "ShortName",
    custom_alias: Once "CustomAliasAllowed",
    private_key: Once "PrivateKeyAllowed",
    entry_parameters: Once "EntryParameters",
});

impl CertificateStoreType {
    /// Returns the parameters that a removal requires.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let types = keyfactor
    ///     .certificate_store_types()
    ///     .list(clm::keyfactor::Query::all())
    ///     .rows()?
    ///     .collect()
    ///     .await?;
    /// for store_type in &types {
    ///     let needed: Vec<_> = store_type.needed_on_remove().map(|it| it.name.as_str()).collect();
    ///     println!("{:?}: {needed:?}", store_type.short_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn needed_on_remove(&self) -> impl Iterator<Item = &EntryParameter> {
        self.entry_parameters.iter().filter(|parameter| parameter.is_required_on_remove())
    }

    /// Returns the parameters that an addition requires.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let types = keyfactor
    ///     .certificate_store_types()
    ///     .list(clm::keyfactor::Query::all())
    ///     .rows()?
    ///     .collect()
    ///     .await?;
    /// for store_type in &types {
    ///     let needed: Vec<_> = store_type.needed_on_add().map(|it| it.name.as_str()).collect();
    ///     println!("{:?}: {needed:?}", store_type.short_name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn needed_on_add(&self) -> impl Iterator<Item = &EntryParameter> {
        self.entry_parameters.iter().filter(|parameter| parameter.is_required_on_add())
    }
}

impl CertificateStoreType {
    pub(in crate::keyfactor) fn needs(&self) -> StoreTypeNeeds {
        fn names<'a>(parameters: impl Iterator<Item = &'a EntryParameter>) -> Vec<String> {
            parameters.map(|parameter| parameter.name.clone()).collect()
        }
        StoreTypeNeeds {
            id: self.id,
            short_name: self.short_name.clone(),
            custom_alias: self.custom_alias.clone(),
            parameters: names(self.entry_parameters.iter().filter(|it| !it.is_secret())),
            needed_on_remove: names(self.needed_on_remove()),
            needed_on_add: names(self.needed_on_add()),
        }
    }
}

impl Row for CertificateStoreType {
    type Id = CertificateStoreTypeId;

    fn id(&self) -> CertificateStoreTypeId {
        self.id
    }
}
