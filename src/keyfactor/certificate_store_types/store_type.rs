//! Types of certificate stores as Command shows them.

use super::entry_parameter::EntryParameter;
use crate::keyfactor::list_pages::Row;
use crate::keyfactor::types::CertificateStoreTypeId;
use crate::keyfactor::values::enumeration;
use crate::rows::{AnyFormat, Member as _, RawJson, Scalar, Taken, row, text_of_number};

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

impl Row for CertificateStoreType {
    type Id = CertificateStoreTypeId;

    fn id(&self) -> CertificateStoreTypeId {
        self.id
    }
}

/// Whether an alias may be given when a certificate is added to a store. The vendor's `CustomAliasAllowed`, which servers write
/// as a number or as a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CustomAlias {
    /// The server does not say.
    Unknown,
    /// 0: the store chooses it; an addition that gives one is refused.
    Forbidden,
    /// 1.
    Optional,
    /// 2: an addition without one is refused.
    Required,
    /// Anything else, as it was sent.
    Other(String),
}

/// Whether stores of a type take private keys. Servers write it as a number or as a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PrivateKeyAllowed {
    /// The server does not say.
    Unknown,
    /// 0.
    Forbidden,
    /// 1.
    Optional,
    /// 2.
    Required,
    /// Anything else, as it was sent.
    Other(String),
}

/// No server sends it: so that what says nothing stays what it is when it is written and read again.
const UNSAID: i64 = i64::MIN;

impl CustomAlias {
    const TABLE: &'static [(i64, Self)] =
        &[(0, Self::Forbidden), (1, Self::Optional), (2, Self::Required), (UNSAID, Self::Unknown)];

    /// The vendor's name, or what was sent instead.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown => "Unknown",
            Self::Forbidden => "Forbidden",
            Self::Optional => "Optional",
            Self::Required => "Required",
            Self::Other(sent) => sent,
        }
    }
}

impl PrivateKeyAllowed {
    const TABLE: &'static [(i64, Self)] =
        &[(0, Self::Forbidden), (1, Self::Optional), (2, Self::Required), (UNSAID, Self::Unknown)];

    /// The vendor's name, or what was sent instead.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Unknown => "Unknown",
            Self::Forbidden => "Forbidden",
            Self::Optional => "Optional",
            Self::Required => "Required",
            Self::Other(sent) => sent,
        }
    }
}

enumeration!(CustomAlias);
enumeration!(PrivateKeyAllowed);
