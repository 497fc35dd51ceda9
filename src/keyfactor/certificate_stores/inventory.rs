//! `GET /CertificateStores/{id}/Inventory`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use super::handle::CertificateStores;
use super::inventory_entry::InventoryEntry;
use super::location::CertificateLocation;
use super::store::PERMISSION;
use crate::keyfactor::list_pages::{ListCall, NumberedPages};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::page_position::VENDORS_PAGE;
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{Caller, Error};
use crate::operation::{ListBuilder, Lookup};
use crate::transport::{Connection, Path};
use crate::validation::Problems;

impl CertificateStores {
    /// Lists the entries that Command's **last inventory** found in a store. The inventory may lag behind the store
    /// itself. A store without an inventory schedule is not inventoried again.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let mut entries = keyfactor.certificate_stores().inventory(scene.stores()[0]).rows()?;
    /// while let Some(entry) = entries.next().await {
    ///     println!("{:?}", entry?.alias);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /CertificateStores/{id}/Inventory`, page by page.
    /// - **Permissions:** to read certificate stores, system-wide or for its container (assumed).
    /// - **Errors:** the rows return those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Undocumented by the vendor:** the fields by which the inventory can be sorted. Rows come in the server's
    ///   own order.
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID Inventory".
    pub fn inventory(&self, id: impl Into<CertificateStoreId>) -> ListBuilder<Inventory> {
        ListBuilder::new(self.caller.clone(), Inventory { store: id.into() })
    }
}

/// A request for the inventory of a store; see [`CertificateStores::inventory`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::ListBuilder;
/// use clm::keyfactor::Inventory;
///
/// let list: ListBuilder<Inventory> =
///     keyfactor.certificate_stores().inventory(scene.stores()[0]);
/// for entry in list.rows()?.collect().await? {
///     println!("{}", entry.alias);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Inventory {
    store: CertificateStoreId,
}

impl NumberedPages for Inventory {
    type Row = InventoryEntry;

    fn check(&mut self, problems: &mut Problems) {
        self.call().path.check(problems);
    }

    fn call(&self) -> ListCall {
        ListCall {
            name: "keyfactor.certificate_stores.inventory",
            path: Path::with_values("CertificateStores/{id}/Inventory", [self.store.to_string()]),
            query: Vec::new(),
            connection: Connection::Own,
            permission_needed: PERMISSION,
        }
    }
}

/// Entries of one alias that are kept. An alias may have one for each binding of its certificate: a wildcard certificate has
/// hundreds.
const MOST_OF_ONE_ALIAS: usize = 1_000;

/// What is looked for in a store's inventory.
#[derive(Default)]
pub(in crate::keyfactor) struct Sought<'a> {
    pub(in crate::keyfactor) aliases: HashSet<&'a str>,
    /// Certificates that may stand under another alias.
    pub(in crate::keyfactor) certificates: HashSet<&'a Thumbprint>,
    /// Aliases of which nobody knows the certificate, as [`spelling`] gives them: they may come back spelt differently.
    pub(in crate::keyfactor) spellings: HashSet<String>,
}

/// What different spellings of an alias have in common. An alias is opaque, so that this proves nothing.
pub(in crate::keyfactor) fn spelling(alias: &str) -> String {
    alias.trim().to_lowercase()
}

/// What a store's inventory lists under some aliases.
pub(in crate::keyfactor) struct Listed {
    /// All entries of each alias: with several certificates, or with several bindings of one.
    entries: HashMap<String, Vec<InventoryEntry>>,
    /// Where the certificates that are looked for stand, not only in a chain.
    holders: HashMap<Thumbprint, Holders>,
    /// By their spelling, aliases that are none of those that are looked for.
    respelled: HashMap<String, String>,
    /// The alias of the first entry that does not show the thumbprints of its certificates: it may hold any.
    pub(in crate::keyfactor) unreadable: Option<String>,
    pub(in crate::keyfactor) reading: Reading,
}

/// The aliases of a certificate, as far as somebody asks for them: an inventory may have any number.
#[derive(Default)]
struct Holders {
    /// Those that are looked for.
    sought: BTreeSet<String>,
    /// The first ones that are not, one for each entry.
    others: Vec<String>,
}

/// Whether all of an inventory was read. Its rows slide from page to page while others change it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::keyfactor) enum Reading {
    /// It came on one page.
    Whole,
    /// It came on several pages, or on a large one: one row may go, another come, and the row between them stand on neither
    /// page, while the count stays right. Or not all of it was asked for.
    PerhapsNotWhole,
    /// Fewer rows came than the server counted at some time.
    Short,
    /// Not even an empty list came: there may be no inventory yet.
    NoContent,
}

impl Listed {
    pub(in crate::keyfactor) fn under(&self, alias: &str) -> &[InventoryEntry] {
        self.entries.get(alias).map(Vec::as_slice).unwrap_or_default()
    }

    /// The aliases under which a wanted certificate itself stands.
    pub(in crate::keyfactor) fn aliases_of(&self, wanted: &Thumbprint) -> impl Iterator<Item = &str> {
        let holders = self.holders.get(wanted).into_iter();
        holders.flat_map(|it| it.others.iter().chain(&it.sought)).map(String::as_str)
    }

    /// Another alias that is this one, but for its spelling.
    pub(in crate::keyfactor) fn respelled(&self, alias: &str) -> Option<&str> {
        self.respelled.get(&spelling(alias)).map(String::as_str)
    }

    fn keep(&mut self, sought: &Sought<'_>, entry: &InventoryEntry) {
        let is_sought = sought.aliases.contains(entry.alias.as_str());
        if !is_sought && !sought.spellings.is_empty() {
            let spelling = spelling(&entry.alias);
            if sought.spellings.contains(&spelling) {
                self.respelled.entry(spelling).or_insert_with(|| entry.alias.clone());
            }
        }
        if self.unreadable.is_none() && !entry.is_readable() {
            self.unreadable = Some(entry.alias.clone());
        }
        for held in entry.stands_for(&sought.certificates) {
            let holders = self.holders.entry(held).or_default();
            if is_sought {
                holders.sought.insert(entry.alias.clone());
            } else if holders.others.len() < MOST_OF_ONE_ALIAS {
                holders.others.push(entry.alias.clone());
            }
        }
    }
}

/// The entries of an alias, which all hold this certificate; refused if there are none, or if any holds another one.
pub(in crate::keyfactor) fn holding<'a>(
    entries: &'a [InventoryEntry],
    location: &CertificateLocation,
    expected: &Thumbprint,
) -> Result<&'a [InventoryEntry], LookupError> {
    let holds = |entry: &InventoryEntry| entry.leaf().is_some_and(|leaf| expected.is(&leaf.thumbprint));
    let other = entries.iter().find(|entry| !holds(entry));
    match (entries.first(), other) {
        (Some(_), None) => Ok(entries),
        (_, other) => Err(LookupError::AliasHoldsAnother {
            store: location.store(),
            alias: location.alias().to_owned(),
            expected: expected.clone(),
            found: other.and_then(|entry| entry.leaf().map(|leaf| leaf.thumbprint.clone())),
        }),
    }
}

/// Reads the entries of a store that have one of the aliases that are looked for, and the aliases of the certificates. All of
/// the inventory is read, since an alias may stand twice and a certificate may have got another alias; unless `decides`,
/// which is given an alias and its entries so far, refuses them, or says that nothing further matters but further entries of
/// the same alias that follow on its page.
pub(in crate::keyfactor) async fn entries_under(
    caller: &Caller,
    store: CertificateStoreId,
    sought: &Sought<'_>,
    lookup: Lookup,
    mut decides: impl FnMut(&str, &[InventoryEntry]) -> Result<ControlFlow<()>, LookupError> + Send,
) -> Result<Listed, Error> {
    let mut listed = Listed {
        entries: HashMap::new(),
        holders: HashMap::new(),
        respelled: HashMap::new(),
        unreadable: None,
        reading: Reading::PerhapsNotWhole,
    };
    let mut rows = ListBuilder::new(caller.clone(), Inventory { store }).within(lookup).rows()?;
    let mut received = 0;
    let mut on_first_page = 0;
    let mut last_alias: Option<String> = None;
    while let Some(entry) = rows.next().await {
        let entry = entry.map_err(|error| unfinished(error, store, received))?;
        if received == 0 {
            on_first_page = rows.received();
        }
        received += 1;
        if let Some(of) = entry.cert_store_id.filter(|of| *of != store) {
            return Err(LookupError::not_asked("inventory of store", of, store).into());
        }
        if last_alias.as_ref().is_some_and(|alias| *alias != entry.alias) {
            return Ok(listed);
        }
        listed.keep(sought, &entry);
        if !sought.aliases.contains(entry.alias.as_str()) {
            continue;
        }
        let alias = entry.alias.clone();
        let entries = listed.entries.entry(alias.clone()).or_default();
        if entries.len() >= MOST_OF_ONE_ALIAS {
            if last_alias.is_some() {
                return Ok(listed);
            }
            return Err(LookupError::TooManyRows { rows: received, total: rows.total() }.into());
        }
        entries.push(entry);
        if decides(&alias, entries)?.is_break() {
            // No further page is read for it.
            if received >= rows.received() {
                return Ok(listed);
            }
            last_alias = Some(alias);
        }
    }
    listed.reading = if rows.is_without_content() {
        Reading::NoContent
    } else if !rows.every_count_is_reached() {
        Reading::Short
    } else if received < VENDORS_PAGE as u64 && rows.received() == on_first_page {
        Reading::Whole
    } else {
        Reading::PerhapsNotWhole
    };
    Ok(listed)
}

/// Says of which store an inventory met a limit, or has an entry that cannot be read.
fn unfinished(error: Error, store: CertificateStoreId, rows: u64) -> Error {
    match error {
        Error::Lookup(error) => match *error {
            LookupError::LimitReached(reached) => LookupError::UnfinishedInventory { store, rows, reached }.into(),
            other => other.into(),
        },
        Error::Decode(error) => match error.fault_of_row() {
            Some(fault) => LookupError::UnreadableEntry { store, fault }.into(),
            None => Error::Decode(error),
        },
        other => other,
    }
}

/// Refuses a removal whose alias does not hold the certificate that it expects there.
pub(super) async fn still_as_expected(caller: &Caller, locations: &[CertificateLocation]) -> Result<(), Error> {
    let mut by_store: BTreeMap<CertificateStoreId, Vec<(&CertificateLocation, &Thumbprint)>> = BTreeMap::new();
    for location in locations {
        if let Some(thumbprint) = location.expected_thumbprint() {
            by_store.entry(location.store()).or_default().push((location, thumbprint));
        }
    }
    for (store, expected) in by_store {
        let by_alias: HashMap<_, _> =
            expected.iter().map(|(location, it)| (location.alias(), (location, it))).collect();
        let sought = Sought { aliases: by_alias.keys().copied().collect(), ..Sought::default() };
        // An alias that holds another certificate decides: nothing is sent.
        let decides = |alias: &str, entries: &[InventoryEntry]| {
            if let (Some((location, thumbprint)), Some(entry)) = (by_alias.get(alias), entries.last()) {
                holding(std::slice::from_ref(entry), location, thumbprint)?;
            }
            Ok(ControlFlow::Continue(()))
        };
        let listed = entries_under(caller, store, &sought, Lookup::begin(caller), decides).await?;
        for (location, thumbprint) in &expected {
            holding(listed.under(location.alias()), location, thumbprint)?;
        }
    }
    Ok(())
}
