//! The location of a certificate.

use std::collections::HashSet;
use std::fmt;

use secrecy::SecretString;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::inventory_fields::{InventoryFields, JobFieldsFromInventory};
use super::job_fields::{JobFields, WireJobFields};
use crate::keyfactor::thumbprint::Thumbprint;
use crate::keyfactor::types::CertificateStoreId;
use crate::validation::{LONGEST_TEXT, Problems, Reason};

/// The location of a certificate: a store, and the alias under which the store holds it.
///
/// The form of an alias depends on the store type: it may be a file name, a thumbprint or a chosen name. Take it from
/// the store's inventory. It is sent unchanged.
///
/// Job field values that you set may be secrets. `Debug` and serialization show only their names. Values that a plan
/// takes from the inventory are not secrets.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{CertificateLocation, Schedule};
///
/// # let store = scene.stores()[0];
/// let location = CertificateLocation::new(store, "www.example.com.pem")
///     .expecting_thumbprint(scene.thumbprint());
/// println!("removing {location}");
/// keyfactor
///     .certificate_stores()
///     .remove_certificates([location], Schedule::Immediate)
///     .send()
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct CertificateLocation {
    store: CertificateStoreId,
    alias: String,
    job_fields: JobFields,
    expected: Option<Thumbprint>,
    /// The store's path, where this crate looked the store up. It says nothing about what is removed.
    store_path: Option<String>,
}

impl CertificateLocation {
    /// Creates a location from a store's GUID and an alias in that store.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateLocation;
    ///
    /// let location = CertificateLocation::new(store, "www.example.com.pem");
    /// ```
    pub fn new(store: impl Into<CertificateStoreId>, alias: impl Into<String>) -> Self {
        Self {
            store: store.into(),
            alias: alias.into(),
            job_fields: JobFields::default(),
            expected: None,
            store_path: None,
        }
    }

    /// Sets an entry parameter of the store type by name. The value is a text, a number or a boolean.
    ///
    /// The vendor's own clients send texts. A value that you set replaces one from the inventory.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateLocation;
    ///
    /// let location =
    ///     CertificateLocation::new(store, "www.example.com.pem").job_field("SiteName", "Shop");
    /// ```
    #[must_use]
    pub fn job_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.job_fields.add(name.into(), value.into());
        self
    }

    /// Refuses the removal unless the alias holds this certificate.
    ///
    /// The store's inventory is read again just before the removal is sent, which requires the permission to read
    /// certificate stores.
    ///
    /// - If the alias holds another certificate or is not listed, nothing is sent and the call fails with
    ///   [`LookupError::AliasHoldsAnother`](crate::keyfactor::LookupError::AliasHoldsAnother).
    /// - If the inventory cannot be read completely within the client's
    ///   [`lookup_deadline`](crate::keyfactor::ClientBuilder::lookup_deadline) and
    ///   [`max_lookup_pages`](crate::keyfactor::ClientBuilder::max_lookup_pages), nothing is sent and the call fails
    ///   with [`UnfinishedInventory`](crate::keyfactor::LookupError::UnfinishedInventory).
    ///
    /// The check has two gaps. Command's inventory may lag behind the store, so a certificate that was added since
    /// the last inventory job is not seen. A certificate that is added between the check and the start of the job is
    /// not seen either; `ExactlyOnce` and pauses between retries make this interval longer.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateLocation;
    ///
    /// let location = CertificateLocation::new(store, "www.example.com.pem")
    ///     .expecting_thumbprint("0102030405060708090a0b0c0d0e0f1011121314");
    /// ```
    #[must_use]
    pub fn expecting_thumbprint(mut self, thumbprint: impl Into<Thumbprint>) -> Self {
        self.expected = Some(thumbprint.into());
        self
    }

    /// The path of the store, which is no secret where a job field repeats it.
    pub(in crate::keyfactor) fn in_store_at(mut self, path: Option<&str>) -> Self {
        self.store_path = path.map(str::to_owned);
        self
    }

    /// What an inventory shows of the entry.
    pub(in crate::keyfactor) fn shown_as(mut self, fields: InventoryFields) -> Self {
        self.job_fields.offer(fields);
        self
    }

    /// Takes from the inventory what is to be taken.
    pub(super) fn choose(&mut self, choice: JobFieldsFromInventory) {
        self.job_fields.choose(choice);
    }

    /// Returns the thumbprint that the alias must hold, if one was set.
    ///
    /// ```
    /// use clm::keyfactor::CertificateLocation;
    /// use clm::uuid::Uuid;
    ///
    /// let location = CertificateLocation::new(Uuid::from_u128(1), "www.example.com.pem");
    /// assert!(location.expected_thumbprint().is_none());
    /// ```
    #[must_use]
    pub fn expected_thumbprint(&self) -> Option<&Thumbprint> {
        self.expected.as_ref()
    }

    /// Returns the store.
    ///
    /// ```
    /// use clm::keyfactor::CertificateLocation;
    /// use clm::uuid::Uuid;
    ///
    /// let location = CertificateLocation::new(Uuid::from_u128(1), "www.example.com.pem");
    /// assert_eq!(location.store().get(), Uuid::from_u128(1));
    /// ```
    #[must_use]
    pub fn store(&self) -> CertificateStoreId {
        self.store
    }

    /// Returns the alias.
    ///
    /// ```
    /// use clm::keyfactor::CertificateLocation;
    /// use clm::uuid::Uuid;
    ///
    /// let location = CertificateLocation::new(Uuid::from_u128(1), "www.example.com.pem");
    /// assert_eq!(location.alias(), "www.example.com.pem");
    /// ```
    #[must_use]
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// Returns the names of the job fields: first those from the inventory, then the others in the order in which
    /// they were set.
    ///
    /// ```
    /// use clm::keyfactor::CertificateLocation;
    /// use clm::uuid::Uuid;
    ///
    /// let location = CertificateLocation::new(Uuid::from_u128(1), "www.example.com.pem")
    ///     .job_field("SiteName", "Shop");
    /// assert_eq!(location.job_field_names().collect::<Vec<_>>(), ["SiteName"]);
    /// ```
    pub fn job_field_names(&self) -> impl Iterator<Item = &str> {
        self.job_fields.names()
    }

    /// Whether both ask for the same, in whatever order the job fields were set.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.wire() == other.wire() && self.expected == other.expected
    }

    /// Whether both can be asked for in one call: another place, or another entry of the same alias, which the job fields
    /// of both tell.
    pub(super) fn goes_beside(&self, other: &Self) -> bool {
        let is_other_place = self.store != other.store || self.alias != other.alias;
        let both_tell = self.has_job_fields() && other.has_job_fields() && self.wire() != other.wire();
        is_other_place || (both_tell && self.expected == other.expected)
    }

    /// `field` is where this location stands in its request.
    pub(in crate::keyfactor) fn check(&self, field: impl fmt::Display, problems: &mut Problems) {
        problems.check_guid(format_args!("{field}.certificate_store_id"), self.store.get(), "store");
        if self.alias.is_empty() {
            problems.add(
                format_args!("{field}.alias"),
                Reason::Empty,
                "must not be empty: it determines what is removed",
            );
        } else if self.alias.trim().is_empty() {
            problems.add(format_args!("{field}.alias"), Reason::Blank, "must not be blank");
        }
        problems.check_length(format_args!("{field}.alias"), &self.alias, LONGEST_TEXT);
        if let Some(expected) = &self.expected {
            expected.check(format_args!("{field}.expected_thumbprint"), problems);
        }
        self.job_fields.check(field, problems);
    }

    /// What a server's answer must not show: the values of the job fields, but for those in `names`.
    pub(super) fn secrets(&self, names: &HashSet<&str>) -> impl Iterator<Item = SecretString> {
        self.job_fields.secrets(names)
    }

    pub(super) fn has_job_fields(&self) -> bool {
        !self.job_fields.is_empty()
    }

    /// What it names: a job field that repeats it is no secret.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.alias.as_str()).chain(self.store_path.as_deref())
    }

    /// As a body carries it.
    pub(super) fn wire(&self) -> WireLocation<'_> {
        WireLocation { alias: &self.alias, certificate_store_id: self.store, job_fields: self.job_fields.wire() }
    }
}

/// The vendor's `CertificateLocationSpecifier`.
#[derive(PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireLocation<'a> {
    alias: &'a str,
    certificate_store_id: CertificateStoreId,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_fields: Option<WireJobFields<'a>>,
}

impl CertificateLocation {
    /// Whether both name the same store, alias and certificate, with whatever job fields.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        let Self { store, alias, job_fields: _, expected, store_path: _ } = self;
        *store == other.store && *alias == other.alias && *expected == other.expected
    }
}

impl PartialEq for CertificateLocation {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_place(other) && self.job_fields == other.job_fields
    }
}

/// The alias in quotation marks and the store, on one line. Job fields are not shown.
impl fmt::Display for CertificateLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, alias, job_fields: _, expected: _, store_path: _ } = self;
        write!(f, "{alias:?} in store {store}")
    }
}

impl fmt::Debug for CertificateLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, alias, job_fields, expected, store_path: _ } = self;
        f.debug_struct("CertificateLocation")
            .field("store", &format_args!("{store}"))
            .field("alias", alias)
            .field("job_fields", job_fields)
            .field("expected", expected)
            .finish()
    }
}

impl Serialize for CertificateLocation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { store, alias, job_fields, expected, store_path: _ } = self;
        let mut fields = serializer.serialize_struct("CertificateLocation", 4)?;
        fields.serialize_field("certificate_store_id", store)?;
        fields.serialize_field("alias", alias)?;
        fields.serialize_field("job_field_names", &job_fields.names().collect::<Vec<_>>())?;
        fields.serialize_field("expected_thumbprint", expected)?;
        fields.end()
    }
}
