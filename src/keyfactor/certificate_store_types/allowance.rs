//! What a type of store allows, which servers write as a number or as a name.

use crate::keyfactor::values::enumeration;
use crate::rows::{AnyFormat, Member as _, Scalar, Taken, text_of_number};

/// Whether an alias may be given when a certificate is added to a store. The vendor's `CustomAliasAllowed`; servers
/// send a number or a name.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{CustomAlias, Query};
///
/// let store_types =
///     keyfactor.certificate_store_types().list(Query::all()).rows()?.collect().await?;
/// for store_type in &store_types {
///     if store_type.custom_alias == CustomAlias::Forbidden {
///         println!("{:?} chooses its aliases", store_type.short_name);
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum CustomAlias {
    /// The server did not send it.
    Unknown,
    /// 0: the store chooses the alias. An addition with an alias is refused.
    Forbidden,
    /// 1: an alias may be given.
    Optional,
    /// 2: an addition without an alias is refused.
    Required,
    /// Any other value, as the server sent it.
    Other(String),
}

/// Whether stores of a type accept private keys. Servers send a number or a name.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{PrivateKeyAllowed, Query};
///
/// let store_types =
///     keyfactor.certificate_store_types().list(Query::all()).rows()?.collect().await?;
/// let with_keys =
///     store_types.iter().filter(|it| it.private_key != PrivateKeyAllowed::Forbidden);
/// println!("{} of {} types accept private keys", with_keys.count(), store_types.len());
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum PrivateKeyAllowed {
    /// The server did not send it.
    Unknown,
    /// 0: private keys are not accepted.
    Forbidden,
    /// 1: private keys are accepted.
    Optional,
    /// 2: a private key is required.
    Required,
    /// Any other value, as the server sent it.
    Other(String),
}

/// No server sends it: so that what says nothing stays what it is when it is written and read again.
const UNSAID: i64 = i64::MIN;

impl CustomAlias {
    const TABLE: &'static [(i64, Self)] =
        &[(0, Self::Forbidden), (1, Self::Optional), (2, Self::Required), (UNSAID, Self::Unknown)];

    /// Returns the vendor's name, or the value that the server sent.
    ///
    /// ```
    /// use clm::keyfactor::CustomAlias;
    ///
    /// assert_eq!(CustomAlias::Forbidden.as_str(), "Forbidden");
    /// ```
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

    /// Returns the vendor's name, or the value that the server sent.
    ///
    /// ```
    /// use clm::keyfactor::PrivateKeyAllowed;
    ///
    /// assert_eq!(PrivateKeyAllowed::Optional.as_str(), "Optional");
    /// ```
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
