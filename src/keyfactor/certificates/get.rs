//! `GET /Certificates/{id}` and `GET /Certificates/Locations/{id}`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Certificate, PERMISSION};
use crate::keyfactor::client::Client;
use crate::keyfactor::error::Error;
use crate::keyfactor::lookup::Read;
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::read::{blank_as_none, null_as_default};
use crate::keyfactor::scope::ScopeSettings;
use crate::keyfactor::types::{CertificateId, CertificateStoreId, CollectionId, ContainerId};
use crate::transport::Path;
use crate::validation::{Problems, Reason};

/// Reads one certificate; see [`Certificates::get`](super::Certificates::get).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct CertificateGet(ById);

/// Reads a certificate's locations; see [`Certificates::locations`](super::Certificates::locations).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct CertificateLocationsGet(ById);

/// What both calls have in common.
#[derive(Clone, Debug)]
struct ById {
    client: Client,
    id: CertificateId,
    scope: ScopeSettings,
}

impl ById {
    fn new(client: Client, id: CertificateId) -> Self {
        Self { client, id, scope: ScopeSettings::default() }
    }

    fn read(&self, operation: &'static str, template: &'static str, flags: &[&'static str]) -> Result<Read, Error> {
        let mut problems = Problems::default();
        if self.id.get() < 0 {
            problems.add("id", Reason::OutOfRange, format!("{} is negative", self.id));
        }
        let path = Path::filled(template, &[("id", &self.id.to_string())], &mut problems);
        let scope = self.scope.resolve(&mut problems);
        problems.finish()?;
        scope.warn_of_ignored_container();
        let mut query: Vec<_> = flags.iter().map(|flag| (*flag, "true".to_owned())).collect();
        query.extend(scope.sent().map(|(scope, id)| (scope.parameter(), id.to_string())));
        Ok(Read { operation, path, query, permission_needed: PERMISSION })
    }
}

impl CertificateGet {
    pub(super) fn new(client: Client, id: CertificateId) -> Self {
        Self(ById::new(client, id))
    }

    /// Has the server check the right to read certificates in this collection. With a container id as well, the
    /// collection wins. Positive.
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.0.scope.collection = Some(id.into());
        self
    }

    /// Has the server check the right to read certificates in this container. Positive; sent only without a collection.
    pub fn container_id(mut self, id: impl Into<ContainerId>) -> Self {
        self.0.scope.container = Some(id.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`Certificates::get`](super::Certificates::get).
    pub async fn send(self) -> Result<Certificate, Error> {
        let flags = ["includeLocations", "includeMetadata"];
        let read = self.0.read("keyfactor.certificates.get", "Certificates/{id}", &flags)?;
        let certificate: Certificate = read.send(&self.0.client).await?.value;
        if certificate.id != self.0.id {
            return Err(LookupError::not_asked("certificate", certificate.id, self.0.id).into());
        }
        Ok(certificate)
    }
}

impl CertificateLocationsGet {
    pub(super) fn new(client: Client, id: CertificateId) -> Self {
        Self(ById::new(client, id))
    }

    /// Has the server check the right to read certificates in this collection. With a container id as well, the
    /// collection wins. Positive.
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.0.scope.collection = Some(id.into());
        self
    }

    /// Has the server check the right to read certificates in this container. Positive; sent only without a collection.
    pub fn container_id(mut self, id: impl Into<ContainerId>) -> Self {
        self.0.scope.container = Some(id.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// See [`Certificates::locations`](super::Certificates::locations).
    pub async fn send(self) -> Result<CertificateLocations, Error> {
        let read = self.0.read("keyfactor.certificates.locations", "Certificates/Locations/{id}", &[])?;
        Ok(read.send(&self.0.client).await?.value)
    }
}

/// Where a certificate is, by type of store.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct CertificateLocations {
    /// One entry for each type of store.
    #[serde(default, deserialize_with = "null_as_default")]
    pub details: Vec<StoreTypeLocations>,
    /// What else the server said.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The places of a certificate in stores of one type.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct StoreTypeLocations {
    /// The name of the type.
    pub store_type: Option<String>,
    /// The number of the type.
    pub store_type_id: Option<i32>,
    /// How many there are.
    pub store_count: Option<i32>,
    /// The places.
    #[serde(default, deserialize_with = "null_as_default")]
    pub locations: Vec<StoreTypeLocation>,
    /// What else the server said.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One place of a certificate: in a store, or where an SSL scan found it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct StoreTypeLocation {
    /// The store.
    #[serde(default, deserialize_with = "blank_as_none")]
    pub store_id: Option<CertificateStoreId>,
    /// The machine of the store.
    pub client_machine: Option<String>,
    /// The store's path there.
    pub store_path: Option<String>,
    /// The alias in the store.
    pub alias: Option<String>,
    /// The address that was scanned. Some versions of the vendor's schema spell it `IpAddress`.
    #[serde(rename = "IPAddress", alias = "IpAddress")]
    pub ip_address: Option<String>,
    /// The port that was scanned.
    pub port: Option<i32>,
    /// What else the server said.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
