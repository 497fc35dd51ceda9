//! What was read is not what was asked for.

use std::fmt;

use super::server_schedule::ServerSchedule;
use super::thumbprint::{CertificateRef, Thumbprint};
use super::types::{CertificateId, CertificateStoreId};
use crate::lenient::one_line;
use crate::operation::LookupLimitReached;

/// What was read cannot be relied on, or is not what was asked for. Nothing was changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The server says that it is a Command before version 11. It does not know the paging and query parameters that this
    /// crate sends, so that its answer may be unfiltered.
    #[error("the server is Keyfactor Command {version}: before version 11 its lists may ignore what was asked for")]
    UnsupportedVersion {
        /// The version as the server prints it.
        version: String,
    },
    /// A page of a list held the rows of one of the two pages before: the server does not page, or goes round.
    #[error("page {page} of the list repeats a page before it: the list cannot be read to its end")]
    RepeatedPage {
        /// The number of the page, from 1.
        page: u32,
    },
    /// A list does not end where it should: many more rows came than the server says there are.
    #[error("{rows} rows of the list came, more than there can be: it does not seem to end")]
    TooManyRows {
        /// How many rows came.
        rows: u64,
        /// How many there are, as the server said, if it said so.
        total: Option<u64>,
    },
    /// A list ended with fewer rows than the server counts: rows are missing. It changed while it was read, or the server gives
    /// less in a page than it skips. The rows that came were handed out before; read the list again, with a smaller
    /// [`page_size`](crate::ListBuilder::page_size) if it ends so again.
    #[error("the list ended after {received} rows, but the server counts {counted}: rows are missing")]
    FewerRowsThanCounted {
        /// How many there are, as the server said. If it said several numbers while the list was read, the smallest one: others
        /// may add and delete meanwhile.
        counted: u64,
        /// How many rows came, each once.
        received: u64,
    },
    /// A look-up met a limit of the client before it had read what it needed.
    #[error(transparent)]
    LimitReached(#[from] LookupLimitReached),
    /// The inventory of a store was not read to its end within the limits of a look-up. An alias may stand twice in it, so that
    /// the entries that were read do not prove what the store holds.
    #[error("the inventory of store {store} was not read to its end: {rows} entries came")]
    UnfinishedInventory {
        /// The store.
        store: CertificateStoreId,
        /// How many entries came.
        rows: u64,
        /// The limit.
        #[source]
        reached: LookupLimitReached,
    },
    /// A row is not what was asked for: the server may have ignored the filter. Nothing of the answer was used.
    #[error("the server answered with the {what} {}, though {} was asked for", one_line(got), one_line(asked))]
    NotAsked {
        /// What it is.
        what: &'static str,
        /// What the server answered with.
        got: String,
        /// What it was asked for.
        asked: String,
    },
    /// The server shows nothing of the kind to this account: it may not exist, or the account may not see it.
    #[error("{certificate} is not visible to this account, or does not exist")]
    NothingVisible {
        /// What was looked for.
        certificate: CertificateRef,
    },
    /// Command knows the certificate, and shows this account no store from which it could be removed.
    #[error(
        "certificate {id} ({thumbprint}) is in no store that this account can see; {excluded} place(s) were left out, in which \
         it only stands in another one's chain, or the server does not say whether it does"
    )]
    InNoStore {
        /// Command's number for it.
        id: CertificateId,
        /// Its thumbprint.
        thumbprint: Thumbprint,
        /// Places in which it is only a member of another certificate's chain, or may be.
        excluded: usize,
    },
    /// Command has several certificates with one thumbprint: name one by its id.
    #[error("several certificates have the thumbprint {thumbprint}: name one by its id")]
    Ambiguous {
        /// The thumbprint.
        thumbprint: Thumbprint,
    },
    /// Command shows no usable thumbprint of this certificate, so that nothing can be compared with it.
    #[error("the server shows no SHA-1 thumbprint of certificate {id}")]
    NoThumbprint {
        /// Command's number for it.
        id: CertificateId,
    },
    /// An entry of a store's inventory cannot be read, perhaps since it has no name: nobody can tell what the store holds under
    /// which alias.
    #[error("the inventory of store {store} proves nothing: {}", one_line(fault))]
    UnreadableEntry {
        /// The store.
        store: CertificateStoreId,
        /// Which row it is, and which member is missing or wrong.
        fault: String,
    },
    /// Of everything that was to be planned, nothing can be. Nothing was sent that could change anything.
    #[error("nothing can be planned: {}", first_few(omitted))]
    NothingPlanned {
        /// What was left out, each with its reason.
        omitted: Vec<String>,
    },
    /// Nothing came where the inventory of a store belongs, not even an empty list, and no inventory job is known to have ended
    /// since: the store may be empty, or never have been inventoried.
    #[error("the inventory of store {store} came without content: nobody may have looked into the store yet")]
    InventoryWithoutContent {
        /// The store.
        store: CertificateStoreId,
    },
    /// An alias holds another certificate than the one that was to be removed. Nothing was sent.
    #[error("the alias {alias:?} of store {store} holds {}, not {expected}", holds(found.as_deref()))]
    AliasHoldsAnother {
        /// The store.
        store: CertificateStoreId,
        /// The alias.
        alias: String,
        /// The thumbprint that was expected there.
        expected: Thumbprint,
        /// The thumbprint that the inventory shows; `None` if it does not list the alias, or no certificate under it.
        found: Option<String>,
    },
    /// A store has an inventory schedule that this crate cannot read, and could not put back.
    #[error("store {store} has an inventory schedule that cannot be read: {}", one_line(shown))]
    UnknownSchedule {
        /// The store.
        store: CertificateStoreId,
        /// The schedule, as the server shows it.
        shown: String,
    },
    /// The server took an inventory schedule, and the store does not show it.
    #[error("the server took the inventory schedule of store {store}, which shows another one: {}", one_line(shown))]
    ScheduleNotShown {
        /// The store.
        store: CertificateStoreId,
        /// The schedule that the store shows.
        shown: String,
    },
}

fn holds(found: Option<&str>) -> String {
    found.map_or_else(|| "no certificate in Command's inventory".to_owned(), one_line)
}

/// The first few, so that many do not fill a log.
fn first_few(all: &[String]) -> String {
    const SHOWN: usize = 5;
    if all.is_empty() {
        return "no place is left to look at".to_owned();
    }
    let more = all.len().saturating_sub(SHOWN);
    let tail = (more > 0).then(|| format!("and {more} more"));
    all.iter().take(SHOWN).cloned().chain(tail).collect::<Vec<_>>().join("; ")
}

impl LookupError {
    pub(super) fn unknown_schedule(store: CertificateStoreId, shown: &ServerSchedule) -> Self {
        Self::UnknownSchedule { store, shown: shown.to_string() }
    }

    pub(super) fn schedule_not_shown(store: CertificateStoreId, shown: &ServerSchedule) -> Self {
        Self::ScheduleNotShown { store, shown: shown.to_string() }
    }

    pub(super) fn not_asked(what: &'static str, got: impl fmt::Display, asked: impl fmt::Display) -> Self {
        Self::NotAsked { what, got: got.to_string(), asked: asked.to_string() }
    }
}
