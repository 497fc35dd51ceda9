//! What a type of store allows, which servers write as a number or as a name.

use crate::keyfactor::values::enumeration;
use crate::rows::{AnyFormat, Member as _, Scalar, Taken, text_of_number};

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
