//! `GET /Certificates/Locations/{id}`.

use http::Method;

use super::by_id::ById;
use super::handle::{Certificates, PERMISSION};
use crate::keyfactor::answer;
use crate::keyfactor::permission_scope::PermissionScope;
use crate::keyfactor::scope::{InCollection, InContainer, Scope};
use crate::keyfactor::types::{CertificateId, CertificateStoreId};
use crate::keyfactor::vendor::{CallLimits, Keyfactor, ReadError};
use crate::operation::{DocumentedCall, Operation, RequestBuilder};
use crate::rows::{RawJson, row};
use crate::transport::{Exchange, Parameters, Path};
use crate::validation::Problems;

impl Certificates {
    /// Reads where a certificate is, by type of store: stores, and what SSL scans found. It does not tell the
    /// certificate itself from a member of another one's chain: to act on locations, take
    /// [`locations_of`](Self::locations_of).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let locations = keyfactor.certificates().locations(scene.certificate()).send().await?;
    /// println!("{locations:?}");
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /Certificates/Locations/{id}`.
    /// - **Permissions:** to read certificates, system-wide or in the scope that is given.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Source:** Keyfactor Command reference, "GET Certificates Locations ID".
    pub fn locations(&self, id: impl Into<CertificateId>) -> RequestBuilder<GetCertificateLocations> {
        self.caller.request(GetCertificateLocations(ById::new(id.into())))
    }
}

/// The reading of a certificate's locations; see [`Certificates::locations`].
#[derive(Clone, PartialEq, Debug)]
pub struct GetCertificateLocations(ById);

impl InCollection for GetCertificateLocations {
    fn scope_settings(&mut self) -> &mut Scope {
        &mut self.0.scope
    }
}

impl InContainer for GetCertificateLocations {}

impl Operation for GetCertificateLocations {
    type Vendor = Keyfactor;
    type Outcome = CertificateLocations;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::read(
            "keyfactor.certificates.locations",
            Method::GET,
            Path::with_values("Certificates/Locations/{id}", [self.0.id.to_string()]),
        )
    }

    fn check(&mut self, _: &CallLimits, problems: &mut Problems) {
        let path = self.call().path;
        self.0.check(&path, problems);
    }

    fn query(&self) -> Parameters {
        self.0.query(&[])
    }

    fn scope(&self) -> Option<PermissionScope> {
        Some(self.0.scope.resolved())
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(PERMISSION)
    }

    fn read(&self, exchange: &Exchange) -> Result<CertificateLocations, ReadError> {
        answer::row(exchange)
    }
}

/// Where a certificate is, by type of store.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CertificateLocations {
    /// One entry for each type of store.
    pub details: Vec<StoreTypeLocations>,
    /// What else the server said.
    pub extra: RawJson,
}

row!(CertificateLocations: "the answer about locations", Refused {
    details: Once "Details",
});

/// The places of a certificate in stores of one type.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct StoreTypeLocations {
    /// The name of the type.
    pub store_type: Option<String>,
    /// The number of the type.
    pub store_type_id: Option<i32>,
    /// How many there are.
    pub store_count: Option<i32>,
    /// The places.
    pub locations: Vec<StoreTypeLocation>,
    /// What else the server said.
    pub extra: RawJson,
}

row!(StoreTypeLocations: "a type of store", Refused {
    store_type: Plain "StoreType",
    store_type_id: Plain "StoreTypeId",
    store_count: Plain "StoreCount",
    locations: Once "Locations",
});

/// One place of a certificate: in a store, or where an SSL scan found it.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct StoreTypeLocation {
    /// The store.
    pub store_id: Option<CertificateStoreId>,
    /// The machine of the store.
    pub client_machine: Option<String>,
    /// The store's path there.
    pub store_path: Option<String>,
    /// The alias in the store.
    pub alias: Option<String>,
    /// The address that was scanned. Some versions of the vendor's schema spell it `IpAddress`.
    pub ip_address: Option<String>,
    /// The port that was scanned.
    pub port: Option<i32>,
    /// What else the server said.
    pub extra: RawJson,
}

row!(StoreTypeLocation: "a location of a certificate", Refused {
    store_id: Once "StoreId",
    client_machine: Plain "ClientMachine",
    store_path: Plain "StorePath",
    alias: Once "Alias",
    ip_address: Plain "IPAddress",
    port: Plain "Port",
});
