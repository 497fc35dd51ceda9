//! Types of certificate stores as Command shows them.

use super::allowance::{CustomAlias, PrivateKeyAllowed};
use super::entry_parameter::EntryParameter;
use super::needs::StoreTypeNeeds;
use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::CertificateStoreTypeId;
use crate::rows::{RawJson, row};

/// A type of certificate store: what its stores have in common.
///
/// Command 25 was seen to answer in another way than its schema says: texts where the schema has numbers
/// (`"CustomAliasAllowed": "Forbidden"`), and members that the schema does not have. Both ways are read.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CertificateStoreType {
    /// Its number. The vendor calls it `StoreType`. 0 is a type as well.
    pub id: CertificateStoreTypeId,
    /// Its name, for people.
    pub name: Option<String>,
    /// Its short name, such as `IISU`, with which names of job types begin.
    pub short_name: Option<String>,
    /// Whether an alias is given when a certificate is added.
    pub custom_alias: CustomAlias,
    /// Whether its stores take private keys.
    pub private_key: PrivateKeyAllowed,
    /// What its jobs are told about an entry beside certificate and alias.
    pub entry_parameters: Vec<EntryParameter>,
    /// What else the server said about it.
    pub extra: RawJson,
}

row!(CertificateStoreType: "a type of certificate store", Refused {
    id: Needed "StoreType",
    name: Plain "Name",
    short_name: Plain "ShortName",
    custom_alias: Once "CustomAliasAllowed",
    private_key: Once "PrivateKeyAllowed",
    entry_parameters: Once "EntryParameters",
});

impl CertificateStoreType {
    /// The parameters that a removal needs.
    pub fn needed_on_remove(&self) -> impl Iterator<Item = &EntryParameter> {
        self.entry_parameters.iter().filter(|parameter| parameter.is_required_on_remove())
    }

    /// The parameters that an addition needs.
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
