//! What a plan keeps of a type of store.

use serde::{Deserialize, Serialize};

use super::allowance::CustomAlias;
use crate::keyfactor::types::CertificateStoreTypeId;

/// What a type of certificate store asks for, as a plan keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoreTypeNeeds {
    /// The number of the type.
    pub id: CertificateStoreTypeId,
    /// Its short name, such as `IISU`.
    pub short_name: Option<String>,
    /// Whether an alias is given when a certificate is added.
    pub custom_alias: CustomAlias,
    /// The names of the entry parameters that it has, but for secrets: an inventory shows no value of these that could be given.
    pub parameters: Vec<String>,
    /// Those that a removal needs.
    pub needed_on_remove: Vec<String>,
    /// Those that an addition needs.
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
