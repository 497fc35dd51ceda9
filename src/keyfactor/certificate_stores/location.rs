//! Where a certificate is.

use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use crate::keyfactor::types::CertificateStoreId;
use crate::validation::{Problems, Reason};

/// Where a certificate is: a store, and the alias under which the store holds it.
///
/// What an alias is depends on the type of store: a file name, a thumbprint, a name that somebody chose. Take it from
/// the store's inventory; it is sent byte for byte.
///
/// The values of job fields may be secrets: `Debug` and serialising show their names only.
#[derive(Clone, PartialEq)]
pub struct CertificateLocation {
    store: CertificateStoreId,
    alias: String,
    job_fields: Vec<(String, Value)>,
}

impl CertificateLocation {
    /// A store's GUID, and the alias in it.
    pub fn new(store: impl Into<CertificateStoreId>, alias: impl Into<String>) -> Self {
        Self { store: store.into(), alias: alias.into(), job_fields: Vec::new() }
    }

    /// Sets an entry parameter that the type of store asks for, by its name there: text, a number or a boolean.
    ///
    /// The vendor's own clients send text.
    #[must_use]
    pub fn job_field(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let field = (name.into(), value.into());
        if !self.job_fields.contains(&field) {
            self.job_fields.push(field);
        }
        self
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> CertificateStoreId {
        self.store
    }

    /// The alias.
    #[must_use]
    pub fn alias(&self) -> &str {
        &self.alias
    }

    /// The names of the job fields, in the order in which they were set.
    pub fn job_field_names(&self) -> impl Iterator<Item = &str> {
        self.job_fields.iter().map(|(name, _)| name.as_str())
    }

    /// The job fields as they are sent.
    pub(super) fn job_fields(&self) -> Map<String, Value> {
        self.job_fields.iter().cloned().collect()
    }

    /// `field` is where this location stands in its request.
    pub(super) fn check(&self, field: &str, problems: &mut Problems) {
        if self.store.get().is_nil() {
            problems.add(
                format!("{field}.certificate_store_id"),
                Reason::Nil,
                "the nil GUID names no store (an identifier that was never set, perhaps)",
            );
        }
        if self.alias.is_empty() {
            problems.add(format!("{field}.alias"), Reason::Empty, "an alias is needed: it decides what is removed");
        } else if self.alias.trim().is_empty() {
            problems.add(format!("{field}.alias"), Reason::Blank, "an alias of white space only names nothing");
        }
        for (index, (name, value)) in self.job_fields.iter().enumerate() {
            let field = format!("{field}.job_fields[{name:?}]");
            if name.trim().is_empty() {
                problems.add(&field, Reason::Blank, "a job field needs a name");
            }
            if value.is_null() || value.is_array() || value.is_object() {
                problems.add(
                    &field,
                    Reason::NotScalar,
                    "the value must be text, a finite number or a boolean; leave the field out to send none",
                );
            }
            if self.job_fields.iter().take(index).any(|(earlier, other)| earlier == name && other != value) {
                problems.add(&field, Reason::Conflict, "it is set twice, to different values");
            }
        }
    }

    /// The vendor's `CertificateLocationSpecifier`.
    pub(super) fn to_json(&self) -> Value {
        let mut location = json!({"CertificateStoreId": self.store, "Alias": self.alias});
        if let (false, Some(members)) = (self.job_fields.is_empty(), location.as_object_mut()) {
            members.insert("JobFields".to_owned(), Value::Object(self.job_fields()));
        }
        location
    }
}

impl fmt::Debug for CertificateLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, alias, job_fields: _ } = self;
        f.debug_struct("CertificateLocation")
            .field("store", &format_args!("{store}"))
            .field("alias", alias)
            .field("job_fields", &format_args!("[{}]", self.job_field_names().collect::<Vec<_>>().join(", ")))
            .finish()
    }
}

impl Serialize for CertificateLocation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { store, alias, job_fields: _ } = self;
        let mut fields = serializer.serialize_struct("CertificateLocation", 3)?;
        fields.serialize_field("certificate_store_id", store)?;
        fields.serialize_field("alias", alias)?;
        fields.serialize_field("job_field_names", &self.job_field_names().collect::<Vec<_>>())?;
        fields.end()
    }
}
