//! Errors of reads that other calls rely on.

use std::fmt;

use super::server_schedule::ServerSchedule;
use super::thumbprint::{CertificateRef, Thumbprint};
use super::types::{CertificateId, CertificateStoreId};
use crate::lenient::one_line;
use crate::operation::LookupLimitReached;

/// The result of a read is unreliable, or is not what was requested. Nothing was changed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{Error, LookupError};
///
/// let unknown = "0".repeat(40);
/// match keyfactor.certificates().locations_of(unknown).send().await {
///     Err(Error::Lookup(error)) => match *error {
///         LookupError::NothingVisible { certificate } => {
///             println!("no such certificate: {certificate:?}")
///         }
///         LookupError::InNoStore { thumbprint, .. } => println!("{thumbprint} is in no store"),
///         other => return Err(other.into()),
///     },
///     other => println!("{} locations", other?.locations().len()),
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The server reports a Command version older than 11. It does not support the paging and query parameters that
    /// this crate sends, so its response may be unfiltered.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, Query};
    ///
    /// scene.keyfactor.set_product_version("10.4.0");
    /// let read = keyfactor.certificates().search(Query::all()).rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::UnsupportedVersion { version } = *error
    /// {
    ///     eprintln!("Command {version} cannot be used: version 11 is needed");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error(
        "the server runs Keyfactor Command {version}: before version 11, lists may ignore paging and query \
             parameters"
    )]
    UnsupportedVersion {
        /// The version that the server reports.
        version: String,
    },
    /// A page of a list repeats one of the two previous pages: the server does not page, or returns pages in a cycle.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, Query};
    ///
    /// scene.keyfactor.repeat_pages();
    /// let read = keyfactor.certificates().search(Query::all()).page_size(1).rows()?.collect().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::RepeatedPage { page } = *error
    /// {
    ///     eprintln!(
    ///         "the list cannot be read: page {page} repeats an earlier one; use a larger page size"
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("page {page} of the list repeats an earlier page: the list cannot be read to its end")]
    RepeatedPage {
        /// The page number, starting at 1.
        page: u32,
    },
    /// A list does not end: it has returned many more rows than the server counts.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, Schedule};
    ///
    /// # let (store, alias) = (scene.stores()[0], "www.example.com.pem");
    /// # for _ in 0..1_001 {
    /// # scene.keyfactor.put_entry(store, alias, scene.certificate(), [("SiteName", "Shop")]);
    /// # }
    /// # scene.keyfactor.run_inventory(store);
    /// let location = scene.locations()[0].clone().expecting_thumbprint(scene.thumbprint());
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates([location], Schedule::Immediate).send().await;
    /// if let Err(Error::Lookup(error)) = removed
    ///     && let LookupError::TooManyRows { rows, .. } = *error
    /// {
    ///     eprintln!("nothing was sent: the inventory does not end after {rows} rows");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the list does not seem to end: received {rows} rows, more than there can be")]
    TooManyRows {
        /// The number of rows received.
        rows: u64,
        /// The number of rows that the server counts, if it sent one.
        total: Option<u64>,
    },
    /// A list ended with fewer rows than the server counts. It changed while it was read, or the server returns fewer
    /// rows in a page than it skips. The received rows have already been returned. Read the list again, with a
    /// smaller [`page_size`](crate::ListBuilder::page_size) if the error repeats.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, Query};
    ///
    /// # for name in ["a", "b", "c"] { scene.keyfactor.issue(clm::testing::FakeCertificate::new(name)); }
    /// let search = keyfactor.certificates().search(Query::all());
    /// let mut rows = search.clone().page_size(2).rows()?;
    /// # for _ in 0..2 { rows.next().await.unwrap()?; }
    /// # scene.keyfactor.cap_pages_skipping_as_asked(1);
    /// if let Err(Error::Lookup(error)) = rows.collect().await
    ///     && let LookupError::FewerRowsThanCounted { counted, received } = *error
    /// {
    ///     eprintln!(
    ///         "{received} of {counted} rows came; reading the list again with a smaller page"
    ///     );
    ///     let rows = search.page_size(1).rows()?.collect().await?;
    /// # assert_eq!(rows.len(), 5);
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the list ended after {received} rows, but the server counts {counted}: rows are missing")]
    FewerRowsThanCounted {
        /// The number of rows that the server counts. If it changed while the list was read, the smallest number,
        /// because others may add and delete rows.
        counted: u64,
        /// The number of distinct rows received.
        received: u64,
    },
    /// A lookup reached a limit of the client before it was complete.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Client, Error, LookupError};
    ///
    /// # scene.keyfactor.hide_total_count();
    /// let builder =
    ///     Client::builder(scene.keyfactor.url()).credentials(scene.keyfactor.credentials());
    /// let keyfactor = builder.max_lookup_pages(1).build()?;
    /// let read = keyfactor.certificates().locations_of(scene.thumbprint()).send().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::LimitReached(reached) = *error
    /// {
    ///     eprintln!("{}: raise `max_lookup_pages` or `lookup_deadline`", reached.list());
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error(transparent)]
    LimitReached(#[from] LookupLimitReached),
    /// The inventory of a store could not be read completely within the client's lookup limits. An alias may have
    /// further entries, so the entries read so far do not prove what the store holds.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Client, Error, LookupError, Schedule};
    ///
    /// # let store = scene.stores()[0];
    /// # scene.keyfactor.add_certificate(store, "a.pem");
    /// # scene.keyfactor.cap_pages_skipping_as_given(1);
    /// # scene.keyfactor.run_inventory(store);
    /// let builder =
    ///     Client::builder(scene.keyfactor.url()).credentials(scene.keyfactor.credentials());
    /// let stores = builder.max_lookup_pages(1).build()?.certificate_stores();
    /// let location = scene.locations()[0].clone().expecting_thumbprint(scene.thumbprint());
    /// let removed = stores.remove_certificates([location], Schedule::Immediate).send().await;
    /// if let Err(Error::Lookup(error)) = removed
    ///     && let LookupError::UnfinishedInventory { store, rows, .. } = *error
    /// {
    ///     eprintln!(
    ///         "nothing was sent: store {store} has more than {rows} entries; raise `max_lookup_pages`"
    ///     );
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the inventory of store {store} was not read to its end: received {rows} entries")]
    UnfinishedInventory {
        /// The store.
        store: CertificateStoreId,
        /// The number of entries received.
        rows: u64,
        /// The limit that was reached.
        #[source]
        reached: LookupLimitReached,
    },
    /// A row is not what was requested; the server may have ignored the filter. The response was not used.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{CertificateStoreEntry, Error, LookupError, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let entry = CertificateStoreEntry::new(scene.stores()[0]);
    /// let addition = stores.add_certificates(scene.certificate(), [entry], Schedule::Immediate);
    /// let sent = addition.expecting_thumbprint("0".repeat(40)).send().await;
    /// if let Err(Error::Lookup(error)) = sent
    ///     && let LookupError::NotAsked { what, got, asked } = *error
    /// {
    ///     eprintln!("nothing was added: the {what} is {got}, not {asked}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the server returned the {what} {}, but {} was requested", one_line(got), one_line(asked))]
    NotAsked {
        /// What was requested.
        what: &'static str,
        /// What the server returned.
        got: String,
        /// The requested value.
        asked: String,
    },
    /// The server shows no such certificate to this account: it may not exist, or the account may not see it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError};
    ///
    /// let unknown = "0".repeat(40);
    /// let read = keyfactor.certificates().locations_of(unknown).send().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::NothingVisible { certificate } = *error
    /// {
    ///     eprintln!("check the thumbprint and the permissions: {certificate} is not visible");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("{certificate} does not exist or is not visible to this account")]
    NothingVisible {
        /// The requested certificate.
        certificate: CertificateRef,
    },
    /// Command knows the certificate, but shows this account no store from which it can be removed.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError};
    /// use clm::testing::FakeCertificate;
    ///
    /// let id = scene.keyfactor.issue(FakeCertificate::new("unused.example.com"));
    /// let read = keyfactor.certificates().locations_of(id).send().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::InNoStore { thumbprint, unclear: 0, .. } = *error
    /// {
    ///     println!("nothing to remove: {thumbprint} is in no store");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error(
        "certificate {id} ({thumbprint}) is in no store that is visible to this account; excluded places: {excluded} \
         (it is only part of another certificate's chain there, or the server does not report whether it is)"
    )]
    InNoStore {
        /// Command's id of the certificate.
        id: CertificateId,
        /// The thumbprint of the certificate.
        thumbprint: Thumbprint,
        /// The number of places in which it is, or may be, only part of another certificate's chain.
        excluded: usize,
        /// The number of these places of which the server does not report whether they hold the certificate itself. It
        /// **may still be there**.
        unclear: usize,
    },
    /// Command has several certificates with this thumbprint. Use an id instead.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, Query};
    /// use clm::testing::FakeCertificate;
    ///
    /// scene
    ///     .keyfactor
    ///     .issue(FakeCertificate::new("copy.example.com").thumbprint(scene.thumbprint()));
    /// let read = keyfactor.certificates().locations_of(scene.thumbprint()).send().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::Ambiguous { thumbprint } = *error
    /// {
    ///     let both =
    ///         keyfactor.certificates().search(Query::field("Thumbprint").eq(thumbprint.as_str()));
    ///     both.rows()?.collect().await?.iter().for_each(|it| println!("choose an id: {}", it.id));
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("several certificates have the thumbprint {thumbprint}; select one by its id")]
    Ambiguous {
        /// The thumbprint.
        thumbprint: Thumbprint,
    },
    /// Command has no usable thumbprint for this certificate, so nothing can be compared with it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError};
    /// use clm::testing::FakeAnswer;
    ///
    /// let row = clm::serde_json::json!({"Id": 7, "Thumbprint": null});
    /// scene.keyfactor.refuse_next(FakeAnswer::status(200).json(row), 1);
    /// let read = keyfactor.certificates().locations_of(7).send().await;
    /// if let Err(Error::Lookup(error)) = read
    ///     && let LookupError::NoThumbprint { id } = *error
    /// {
    ///     eprintln!("certificate {id} cannot be removed by thumbprint");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the server reports no SHA-1 thumbprint for certificate {id}")]
    NoThumbprint {
        /// Command's id of the certificate.
        id: CertificateId,
    },
    /// An entry of a store's inventory cannot be read, for example because it has no name. What the store holds is
    /// therefore not known completely.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, Schedule};
    /// use clm::testing::{FakeAnswer, KeyfactorCall};
    ///
    /// let inventory = clm::serde_json::json!([{"Certificates": []}]);
    /// scene
    ///     .keyfactor
    ///     .refuse_next(FakeAnswer::status(200).json(inventory), 1)
    ///     .of(KeyfactorCall::Inventory);
    /// let location = scene.locations()[0].clone().expecting_thumbprint(scene.thumbprint());
    /// let stores = keyfactor.certificate_stores();
    /// let removed = stores.remove_certificates([location], Schedule::Immediate).send().await;
    /// if let Err(Error::Lookup(error)) = removed
    ///     && let LookupError::UnreadableEntry { store, fault } = *error
    /// {
    ///     eprintln!("nothing was sent: look at the inventory of store {store}: {fault}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the inventory of store {store} is inconclusive: {}", one_line(fault))]
    UnreadableEntry {
        /// The store.
        store: CertificateStoreId,
        /// The row, and the missing or invalid member.
        fault: String,
    },
    /// Nothing could be planned. No change was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError};
    ///
    /// let unknown = ["0".repeat(40), "1".repeat(40)];
    /// let planned = keyfactor.certificate_stores().plan_removal_of(unknown).send().await;
    /// if let Err(Error::Lookup(error)) = planned
    ///     && let LookupError::NothingPlanned { omitted } = *error
    /// {
    ///     omitted.iter().for_each(|it| println!("left out: {it}"));
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("nothing can be planned: {}", first_few(omitted))]
    NothingPlanned {
        /// What was left out, with reasons.
        omitted: Vec<String>,
    },
    /// The server sent no inventory for a store, not even an empty list, and no inventory job is known to have
    /// finished since. The store may be empty, or may never have been inventoried.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, RemovalVerdict};
    ///
    /// scene.keyfactor.answer_empty_pages_with_204();
    /// # let store = scene.keyfactor.add_store();
    /// # let hourly = clm::serde_json::json!({"Interval": {"Minutes": 60}});
    /// # scene.keyfactor.set_store(store, |it| it.inventory_schedule(hourly));
    /// # let location = clm::keyfactor::CertificateLocation::new(store, "www.example.com.pem");
    /// # let locations = [location.expecting_thumbprint(scene.thumbprint())];
    /// let confirmation =
    ///     keyfactor.certificate_stores().confirm_removed(locations).look_once().send().await?;
    /// if let RemovalVerdict::Unreadable(error) = &confirmation.locations()[0].verdict
    ///     && let Error::Lookup(error) = &**error
    ///     && let LookupError::InventoryWithoutContent { store } = **error
    /// {
    ///     eprintln!("run an inventory job of store {store}, then confirm again");
    /// # } else { panic!("another end: {confirmation:?}");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the inventory of store {store} has no content: the store may not have been inventoried yet")]
    InventoryWithoutContent {
        /// The store.
        store: CertificateStoreId,
    },
    /// The alias holds another certificate than the one to be removed. Nothing was sent.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, Schedule};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let location = scene.locations()[0].clone().expecting_thumbprint("0".repeat(40));
    /// let sent = stores.remove_certificates([location], Schedule::Immediate).send().await;
    /// if let Err(Error::Lookup(error)) = sent
    ///     && let LookupError::AliasHoldsAnother { alias, found, .. } = *error
    /// {
    ///     println!("nothing was removed: {alias} now holds {found:?}");
    /// # } else { panic!("another end");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("the alias {alias:?} of store {store} holds {}, not {expected}", holds(found.as_deref()))]
    AliasHoldsAnother {
        /// The store.
        store: CertificateStoreId,
        /// The alias.
        alias: String,
        /// The expected thumbprint.
        expected: Thumbprint,
        /// The thumbprint in the inventory; `None` if the inventory does not list the alias, or lists no certificate
        /// under it.
        found: Option<String>,
    },
    /// A store has an inventory schedule that this crate cannot read and therefore could not restore.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, ScheduleAfter};
    ///
    /// # let store = scene.stores()[0];
    /// # let fortnightly = clm::serde_json::json!({"Fortnightly": 1});
    /// # scene.keyfactor.set_store(store, |it| it.inventory_schedule(fortnightly));
    /// let stores = keyfactor.certificate_stores();
    /// let saved = stores.inventory_schedules([store]).await?;
    /// # stores.schedule_inventory([store], clm::keyfactor::Schedule::Off).send().await?;
    /// let restored = stores.restore_inventory_schedules(&saved).send().await?;
    /// if let ScheduleAfter::Gone { error, .. } = &restored[0].now
    ///     && let Error::Lookup(error) = &**error
    ///     && let LookupError::UnknownSchedule { store, shown } = &**error
    /// {
    ///     eprintln!("set the schedule of store {store} by hand: it was {shown}");
    /// # } else { panic!("another end: {restored:?}");
    /// }
    /// # Ok(()) }
    /// ```
    #[error("store {store} has an inventory schedule that cannot be read: {}", one_line(shown))]
    UnknownSchedule {
        /// The store.
        store: CertificateStoreId,
        /// The schedule, as the server sent it.
        shown: String,
    },
    /// The server accepted an inventory schedule, but the store does not show it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::{Error, LookupError, ScheduleAfter};
    /// use clm::testing::{FakeAnswer, KeyfactorCall};
    ///
    /// let stores = keyfactor.certificate_stores();
    /// let saved = stores.inventory_schedules([scene.stores()[0]]).await?;
    /// # stores.schedule_inventory([scene.stores()[0]], clm::keyfactor::Schedule::Off).send().await?;
    /// scene.keyfactor.refuse_next(FakeAnswer::status(204), 1).of(KeyfactorCall::ScheduleInventory);
    /// let restored = stores.restore_inventory_schedules(&saved).send().await?;
    /// if let ScheduleAfter::Gone { error, .. } = &restored[0].now
    ///     && let Error::Lookup(error) = &**error
    ///     && let LookupError::ScheduleNotShown { store, .. } = &**error
    /// {
    ///     eprintln!("set the schedule of store {store} by hand: {}", restored[0].was);
    /// # } else { panic!("another end: {restored:?}");
    /// }
    /// # Ok(()) }
    /// ```
    #[error(
        "the server accepted the inventory schedule of store {store}, but reports another one: {}",
        one_line(shown)
    )]
    ScheduleNotShown {
        /// The store.
        store: CertificateStoreId,
        /// The schedule of the store.
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
        return "no places are left to check".to_owned();
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
