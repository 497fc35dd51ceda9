//! What a look at an inventory proves about a place.

use super::confirm_store::{Before, Freshness, Inventory};
use super::confirmation::{PutBackVerdict, RemovalVerdict};
use super::place::{Agreement, Entries, Place, Shown};
use crate::keyfactor::certificate_stores::{Reading, spelling};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{Error, SharedError};

/// What is known of a place after a look.
#[derive(Debug)]
pub struct Finding<'a> {
    pub(super) store: CertificateStoreId,
    pub(super) place: &'a Place,
    pub(super) inventory: Inventory,
    pub(super) freshness: Freshness,
    pub(super) before: Before,
}

/// What is said about a place.
pub trait Verdict: Sized + Clone + std::fmt::Debug + Send + 'static {
    const ENTRIES: Entries;

    /// The verdict, if waiting cannot bring a better one.
    fn settled(finding: &Finding<'_>) -> Option<Self>;

    /// The verdict when the time is up.
    fn unsettled(finding: &Finding<'_>) -> Self;

    /// The time was up before the inventory could be read.
    fn not_read() -> Self;

    fn unreadable(error: SharedError) -> Self;
}

impl Finding<'_> {
    /// Nothing came where the inventory belongs, and no inventory job is known to have ended: there may be no inventory yet.
    fn is_without_content(&self) -> bool {
        self.place.reading == Reading::NoContent && !self.is_sure()
    }

    fn no_content(&self) -> SharedError {
        Error::from(LookupError::InventoryWithoutContent { store: self.store }).into()
    }

    /// Nobody can tell what the entry under this alias holds.
    fn unreadable_entry(&self, alias: &str) -> SharedError {
        let fault = format!("the entry {alias:?} does not list the SHA-1 thumbprints of its certificates");
        Error::from(LookupError::UnreadableEntry { store: self.store, fault }).into()
    }

    fn is_sure(&self) -> bool {
        self.place.agreement == Agreement::Sure
    }
}

impl Verdict for RemovalVerdict {
    const ENTRIES: Entries = Entries::Shared;

    fn settled(finding: &Finding<'_>) -> Option<Self> {
        let Finding { place, inventory, freshness, before, .. } = finding;
        let is_renewed = place.was_listed || *before == Before::AsTheCallerSays || *freshness >= Freshness::Renewed;
        match &place.shown {
            Shown::Another(thumbprint) if finding.is_sure() && is_renewed => {
                Some(Self::HoldsAnother { thumbprint: thumbprint.clone() })
            }
            Shown::Nothing if finding.is_sure() && is_renewed => {
                Some(if place.wanted().is_some() { Self::Gone } else { Self::AliasGone })
            }
            // An inventory that is not new may be older than the removal.
            Shown::Elsewhere(alias) if *inventory == Inventory::Never || *freshness >= Freshness::Renewed => {
                Some(Self::UnderAnotherAlias { alias: alias.clone() })
            }
            Shown::Unreadable(alias) => Some(Self::Unreadable(finding.unreadable_entry(alias))),
            // What was never listed may be missing because no inventory has run yet.
            Shown::Nothing if *inventory == Inventory::Never && (!is_renewed || finding.is_without_content()) => {
                Some(Self::NotInventoried { listed: false })
            }
            Shown::Another(_) if *inventory == Inventory::Never && !is_renewed => {
                Some(Self::NotInventoried { listed: false })
            }
            Shown::Held | Shown::PerhapsHeld if *inventory == Inventory::Never => {
                Some(Self::NotInventoried { listed: true })
            }
            _ => None,
        }
    }

    fn unsettled(finding: &Finding<'_>) -> Self {
        match &finding.place.shown {
            Shown::Elsewhere(alias) => Self::UnderAnotherAlias { alias: alias.clone() },
            Shown::Nothing if finding.is_without_content() => Self::Unreadable(finding.no_content()),
            _ if finding.place.was_listed => Self::StillThere,
            _ => Self::NeverListed,
        }
    }

    fn not_read() -> Self {
        Self::NotRead
    }

    fn unreadable(error: SharedError) -> Self {
        Self::Unreadable(error)
    }
}

impl Verdict for PutBackVerdict {
    const ENTRIES: Entries = Entries::OneForEach;

    fn settled(finding: &Finding<'_>) -> Option<Self> {
        let Finding { place, inventory, freshness, before, .. } = finding;
        // It was not there, and is now.
        let has_come = place.was_missing || *before == Before::AsTheCallerSays;
        let is_new = has_come || *freshness >= Freshness::Begun;
        match &place.shown {
            Shown::Held if is_new => Some(Self::Back),
            Shown::Elsewhere(alias) if has_come || (is_new && is_respelt(place, alias)) => {
                Some(Self::BackUnderAnotherAlias { alias: alias.clone() })
            }
            Shown::Unreadable(alias) => Some(Self::Unreadable(finding.unreadable_entry(alias))),
            Shown::PerhapsHeld => Some(Self::Unreadable(finding.unreadable_entry(place.location.alias()))),
            Shown::Held | Shown::Elsewhere(_) if *inventory == Inventory::Never => {
                Some(Self::NotInventoried { listed: true })
            }
            Shown::Nothing if *inventory == Inventory::Never => Some(Self::NotInventoried { listed: false }),
            Shown::Another(thumbprint) if finding.is_sure() && *inventory == Inventory::Never => {
                Some(Self::HoldsAnother { thumbprint: thumbprint.clone() })
            }
            _ => None,
        }
    }

    fn unsettled(finding: &Finding<'_>) -> Self {
        let alias = finding.place.location.alias();
        match &finding.place.shown {
            Shown::Held => Self::Listed { alias: alias.to_owned() },
            Shown::Elsewhere(alias) => Self::Listed { alias: alias.clone() },
            Shown::Another(thumbprint) => Self::HoldsAnother { thumbprint: thumbprint.clone() },
            Shown::Nothing | Shown::Unreadable(_) | Shown::PerhapsHeld => Self::NotListed,
        }
    }

    fn not_read() -> Self {
        Self::NotRead
    }

    fn unreadable(error: SharedError) -> Self {
        Self::Unreadable(error)
    }
}

/// Whether an alias is the place's own in another form: in another case, or the one that the store makes of the thumbprint. Two
/// aliases of one thumbprint with different endings are two bindings.
fn is_respelt(place: &Place, alias: &str) -> bool {
    let own = place.location.alias();
    let ending = |alias: &str| Thumbprint::of_alias(alias).is_some() && Thumbprint::read(alias).is_none();
    let is_made_of_it = Thumbprint::of_alias(alias).is_some_and(|it| place.wanted() == Some(it));
    spelling(own) == spelling(alias) || (is_made_of_it && !(ending(own) && ending(alias)))
}
