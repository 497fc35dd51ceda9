//! The parts that a plan leaves out.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::CertificateStoreId;
use crate::lenient::one_line;

/// A certificate, or one of its places, that a [`RemovalPlan`](super::RemovalPlan) leaves out. It is not removed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let unknown = "0".repeat(40);
/// let plan = keyfactor
///     .certificate_stores()
///     .plan_removal_of([scene.thumbprint(), unknown.as_str()])
///     .send()
///     .await?;
/// for omitted in &plan.omitted {
///     println!("not removed: {omitted}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Omitted {
    /// The certificate.
    pub thumbprint: Thumbprint,
    /// The store; `None` if the whole certificate is left out, or the server sent no store.
    pub store_id: Option<CertificateStoreId>,
    /// The machine of the store, for display.
    pub store_machine: Option<String>,
    /// The path of the store on its machine, for display.
    pub store_path: Option<String>,
    /// The alias in Command's record of the certificate.
    pub alias: Option<String>,
    /// The reason.
    pub why: OmissionReason,
}

/// Why a plan leaves something out.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::OmissionReason;
///
/// let stores = keyfactor.certificate_stores();
/// let unknown = "0".repeat(40);
/// let plan = stores.plan_removal_of([scene.thumbprint(), unknown.as_str()]).send().await?;
/// assert_eq!(plan.omitted[0].why, OmissionReason::NotFound);
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
#[non_exhaustive]
pub enum OmissionReason {
    /// The alias now holds another certificate.
    #[non_exhaustive]
    HoldsAnother {
        /// The thumbprint in the inventory.
        found: String,
    },
    /// The inventory no longer lists the alias, and does not list the certificate under another one.
    NotListed,
    /// The inventory no longer lists the alias, but lists the certificate under another one. The certificate is
    /// **still in the store**.
    #[non_exhaustive]
    UnderAnotherAlias {
        /// The current alias.
        alias: String,
    },
    /// The inventory lists the alias without a certificate.
    HoldsNothing,
    /// The inventory of the store cannot be read, or is not reliable.
    #[non_exhaustive]
    StoreUnreadable {
        /// The error, for display.
        error: String,
    },
    /// The server does not say whether the certificate itself is here or only part of another certificate's chain, or
    /// it sent no store or no alias.
    PlaceUnclear,
    /// No certificate with this thumbprint is visible to the account.
    NotFound,
    /// The certificate is in no store that the account can see.
    InNoStore,
    /// Several certificates have this thumbprint.
    Ambiguous,
    /// The certificate could not be looked up.
    #[non_exhaustive]
    LookupFailed {
        /// The error, for display.
        error: String,
    },
}

impl OmissionReason {
    /// Of a look into the inventory that found something else than what was expected.
    pub(super) fn of_lookup(error: &LookupError) -> Self {
        match error {
            LookupError::AliasHoldsAnother { found: Some(found), .. } => Self::HoldsAnother { found: found.clone() },
            LookupError::AliasHoldsAnother { found: None, .. } => Self::NotListed,
            LookupError::NothingVisible { .. } => Self::NotFound,
            LookupError::Ambiguous { .. } => Self::Ambiguous,
            other => Self::LookupFailed { error: other.to_string() },
        }
    }
}

impl fmt::Display for OmissionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HoldsAnother { found } => write!(f, "the alias holds another certificate, {}", one_line(found)),
            Self::NotListed => f.write_str("the inventory does not list the alias"),
            Self::UnderAnotherAlias { alias } => {
                write!(
                    f,
                    "the inventory does not list the alias, but lists the certificate under {:?}",
                    one_line(alias)
                )
            }
            Self::HoldsNothing => f.write_str("the inventory lists the alias without a certificate"),
            Self::StoreUnreadable { error } => write!(f, "the store's inventory cannot be used: {}", one_line(error)),
            Self::PlaceUnclear => f.write_str(
                "the server does not report whether the certificate itself is stored \
                                               there",
            ),
            Self::NotFound => f.write_str("no such certificate is visible to this account"),
            Self::InNoStore => f.write_str("it is in no store that is visible to this account"),
            Self::Ambiguous => f.write_str("several certificates have this thumbprint"),
            Self::LookupFailed { error } => write!(f, "the look-up failed: {}", one_line(error)),
        }
    }
}

impl fmt::Display for Omitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", one_line(self.thumbprint.as_str()))?;
        if let Some(alias) = &self.alias {
            write!(f, " under {:?}", one_line(alias))?;
        }
        if let Some(store) = self.store_id {
            write!(f, " in store {store}")?;
        }
        write!(f, ": {}", self.why)
    }
}
