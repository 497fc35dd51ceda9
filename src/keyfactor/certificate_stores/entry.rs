//! An entry to add to a certificate store.

use std::collections::HashSet;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::inventory_fields::{InventoryFields, JobFieldsFromInventory};
use super::job_fields::{JobFields, WireJobFields};
use crate::keyfactor::types::CertificateStoreId;
use crate::validation::{LONGEST_TEXT, Problems, Reason};

/// The store that receives a certificate, and the options of the new entry. The vendor's `CertificateStoreEntry`.
///
/// Job field values and both passwords are secrets and are never shown by `Debug`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::{CertificateStoreEntry, Schedule};
///
/// # let store = scene.stores()[0];
/// let entry =
///     CertificateStoreEntry::new(store).alias("www.example.com-2.pem").include_private_key();
/// let stores = keyfactor.certificate_stores();
/// stores.add_certificates(scene.certificate(), [entry], Schedule::Immediate).send().await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct CertificateStoreEntry {
    store: CertificateStoreId,
    alias: Option<String>,
    job_fields: JobFields,
    existing: Existing,
    private_key: PrivateKey,
    entry_password: Option<SecretString>,
    pfx_password: Option<SecretString>,
}

/// What becomes of an entry that the store has under the alias already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Existing {
    Kept,
    Overwritten,
}

/// Whether the private key goes with the certificate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum PrivateKey {
    Left,
    Included,
}

impl CertificateStoreEntry {
    /// Creates an entry for a store.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateStoreEntry;
    ///
    /// let entry = CertificateStoreEntry::new(store);
    /// ```
    pub fn new(store: impl Into<CertificateStoreId>) -> Self {
        Self {
            store: store.into(),
            alias: None,
            job_fields: JobFields::default(),
            existing: Existing::Kept,
            private_key: PrivateKey::Left,
            entry_password: None,
            pfx_password: None,
        }
    }

    /// Sets the alias in the store. Depending on the store type, an alias is required, optional, or chosen by the
    /// store and refused if given.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateStoreEntry;
    ///
    /// let entry = CertificateStoreEntry::new(store).alias("www.example.com.pem");
    /// ```
    #[must_use]
    pub fn alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// Replaces the entry that the store already has under this alias. Without this call the vendor's default
    /// applies: the existing entry is kept, and the call or its job fails. One server was seen to refuse this option
    /// for an alias that its inventory does not list.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateStoreEntry;
    ///
    /// let entry = CertificateStoreEntry::new(store).alias("www.example.com.pem").overwrite();
    /// ```
    #[must_use]
    pub fn overwrite(mut self) -> Self {
        self.existing = Existing::Overwritten;
        self
    }

    /// Sends the private key together with the certificate. Command must hold the key.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateStoreEntry;
    ///
    /// let entry = CertificateStoreEntry::new(store).include_private_key();
    /// ```
    #[must_use]
    pub fn include_private_key(mut self) -> Self {
        self.private_key = PrivateKey::Included;
        self
    }

    /// Sets the password of the entry, for store types that protect each entry with its own password.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateStoreEntry;
    ///
    /// let entry = CertificateStoreEntry::new(store).entry_password("a password");
    /// ```
    #[must_use]
    pub fn entry_password(mut self, password: impl Into<SecretString>) -> Self {
        self.entry_password = Some(password.into());
        self
    }

    /// Sets the password of the PFX in which the certificate is sent to the store.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateStoreEntry;
    ///
    /// let entry = CertificateStoreEntry::new(store).pfx_password("a password");
    /// ```
    #[must_use]
    pub fn pfx_password(mut self, password: impl Into<SecretString>) -> Self {
        self.pfx_password = Some(password.into());
        self
    }

    /// Sets an entry parameter of the store type by name. The value is a text, a number or a boolean.
    ///
    /// ```
    /// # let store = clm::uuid::Uuid::from_u128(1);
    /// use clm::keyfactor::CertificateStoreEntry;
    ///
    /// let entry = CertificateStoreEntry::new(store).job_field("SiteName", "Shop");
    /// ```
    #[must_use]
    pub fn job_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.job_fields.add(name.into(), value.into());
        self
    }

    /// What an inventory showed of the entry.
    pub(in crate::keyfactor) fn shown_as(mut self, fields: InventoryFields) -> Self {
        self.job_fields.offer(fields);
        self
    }

    /// Takes from the inventory what is to be taken.
    pub(super) fn choose(&mut self, choice: JobFieldsFromInventory) {
        self.job_fields.choose(choice);
    }

    /// Whether it is one of an inventory that is put back.
    pub(super) fn is_of_inventory(&self) -> bool {
        self.job_fields.are_offered()
    }

    /// Returns the store.
    ///
    /// ```
    /// use clm::keyfactor::CertificateStoreEntry;
    /// use clm::uuid::Uuid;
    ///
    /// let entry = CertificateStoreEntry::new(Uuid::from_u128(1)).alias("www.example.com.pem");
    /// assert_eq!(entry.store().get(), Uuid::from_u128(1));
    /// ```
    #[must_use]
    pub fn store(&self) -> CertificateStoreId {
        self.store
    }

    /// Returns the alias, if one was set.
    ///
    /// ```
    /// use clm::keyfactor::CertificateStoreEntry;
    /// use clm::uuid::Uuid;
    ///
    /// let entry = CertificateStoreEntry::new(Uuid::from_u128(1)).alias("www.example.com.pem");
    /// assert_eq!(entry.alias_asked_for(), Some("www.example.com.pem"));
    /// ```
    #[must_use]
    pub fn alias_asked_for(&self) -> Option<&str> {
        self.alias.as_deref()
    }

    /// Whether both can be asked for under one alias of a store: each has job fields, and they are not the same.
    pub(super) fn goes_beside(&self, other: &Self) -> bool {
        !self.job_fields.is_empty() && !other.job_fields.is_empty() && self.job_fields.wire() != other.job_fields.wire()
    }

    /// `field` is where this entry stands in its request.
    pub(super) fn check(&self, field: impl fmt::Display, problems: &mut Problems) {
        problems.check_guid(format_args!("{field}.certificate_store_id"), self.store.get(), "store");
        if self.alias.as_ref().is_some_and(|alias| alias.trim().is_empty()) {
            let sentence = "must not be blank; omit it to let the store choose";
            problems.add(format_args!("{field}.alias"), Reason::Blank, sentence);
        }
        if let Some(alias) = &self.alias {
            problems.check_length(format_args!("{field}.alias"), alias, LONGEST_TEXT);
        }
        for (name, password) in [("entry_password", &self.entry_password), ("pfx_password", &self.pfx_password)] {
            if password.as_ref().is_some_and(|password| password.expose_secret().is_empty()) {
                problems.add(
                    format_args!("{field}.{name}"),
                    Reason::Empty,
                    "must not be empty; omit it to send no password",
                );
            }
        }
        self.job_fields.check(field, problems);
    }

    /// What a server's answer must not show: the values of the job fields, and the passwords.
    /// A job field that repeats one of the `names` is no secret.
    pub(super) fn secrets(&self, names: &HashSet<&str>) -> impl Iterator<Item = SecretString> {
        let passwords = [&self.entry_password, &self.pfx_password].into_iter().flatten().cloned();
        self.job_fields.secrets(names).chain(passwords)
    }

    /// As a body carries it.
    pub(super) fn wire(&self) -> WireEntry<'_> {
        fn exposed(password: Option<&SecretString>) -> Option<&str> {
            password.map(SecretString::expose_secret)
        }
        WireEntry {
            alias: self.alias.as_deref(),
            certificate_store_id: self.store,
            entry_password: exposed(self.entry_password.as_ref()).map(|secret_value| WirePassword { secret_value }),
            include_private_key: self.private_key == PrivateKey::Included,
            job_fields: self.job_fields.wire(),
            overwrite: self.existing == Existing::Overwritten,
            pfx_password: exposed(self.pfx_password.as_ref()),
        }
    }
}

/// The vendor's `CertificateStoreEntry`.
#[derive(PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct WireEntry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'a str>,
    certificate_store_id: CertificateStoreId,
    #[serde(skip_serializing_if = "Option::is_none")]
    entry_password: Option<WirePassword<'a>>,
    include_private_key: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_fields: Option<WireJobFields<'a>>,
    overwrite: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pfx_password: Option<&'a str>,
}

#[derive(PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct WirePassword<'a> {
    secret_value: &'a str,
}

impl PartialEq for CertificateStoreEntry {
    fn eq(&self, other: &Self) -> bool {
        self.wire() == other.wire()
    }
}

/// The alias in quotation marks, if one was set, and the store, on one line. Job fields and passwords are not shown.
impl fmt::Display for CertificateStoreEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.alias {
            Some(alias) => write!(f, "{alias:?} in store {}", self.store),
            None => write!(f, "store {}", self.store),
        }
    }
}

impl fmt::Debug for CertificateStoreEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, alias, job_fields, existing, private_key, entry_password, pfx_password } = self;
        let redacted = |password: &Option<SecretString>| password.as_ref().map(|_| "[redacted]");
        f.debug_struct("CertificateStoreEntry")
            .field("store", &format_args!("{store}"))
            .field("alias", alias)
            .field("job_fields", job_fields)
            .field("existing", existing)
            .field("private_key", private_key)
            .field("entry_password", &redacted(entry_password))
            .field("pfx_password", &redacted(pfx_password))
            .finish()
    }
}

/// What it is, without the values of job fields and without passwords.
impl Serialize for CertificateStoreEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { store, alias, job_fields, existing, private_key, entry_password: _, pfx_password: _ } = self;
        let mut fields = serializer.serialize_struct("CertificateStoreEntry", 5)?;
        fields.serialize_field("certificate_store_id", store)?;
        fields.serialize_field("alias", alias)?;
        fields.serialize_field("job_field_names", &job_fields.names().collect::<Vec<_>>())?;
        fields.serialize_field("overwrite", &(*existing == Existing::Overwritten))?;
        fields.serialize_field("include_private_key", &(*private_key == PrivateKey::Included))?;
        fields.end()
    }
}
