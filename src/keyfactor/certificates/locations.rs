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
    /// Reads the locations of a certificate, grouped by store type: stores, and locations found by SSL scans. The
    /// result does not distinguish the certificate itself from a member of another certificate's chain. To act on
    /// locations, use [`locations_of`](Self::locations_of).
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
    /// - **Permissions:** to read certificates, system-wide or in the given scope.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Source:** Keyfactor Command reference, "GET Certificates Locations ID".
    pub fn locations(&self, id: impl Into<CertificateId>) -> RequestBuilder<GetCertificateLocations> {
        self.caller.request(GetCertificateLocations(ById::new(id.into())))
    }
}

/// A request for the locations of a certificate; see [`Certificates::locations`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::GetCertificateLocations;
///
/// let request: Request<GetCertificateLocations> =
///     keyfactor.certificates().locations(scene.certificate()).build()?;
/// let locations = keyfactor.execute(request).await?;
/// # Ok(()) }
/// ```
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

/// The locations of a certificate, grouped by store type.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let locations = keyfactor.certificates().locations(scene.certificate()).send().await?;
/// for details in &locations.details {
///     println!("{:?}: {:?} store(s)", details.store_type, details.store_count);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct CertificateLocations {
    /// One group for each store type.
    pub details: Vec<StoreTypeLocations>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(CertificateLocations: "the response with locations", Refused {
    details: Once "Details",
});

/// The locations of a certificate in stores of one type.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let locations = keyfactor.certificates().locations(scene.certificate()).send().await?;
/// for details in &locations.details {
///     println!("{:?}: {} place(s)", details.store_type, details.locations.len());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct StoreTypeLocations {
    /// The name of the store type.
    pub store_type: Option<String>,
    /// The id of the store type.
    pub store_type_id: Option<i32>,
    /// The number of locations.
    pub store_count: Option<i32>,
    /// The locations.
    pub locations: Vec<StoreTypeLocation>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(StoreTypeLocations: "a certificate store type", Refused {
    store_type: Plain "StoreType",
    store_type_id: Plain "StoreTypeId",
    store_count: Plain "StoreCount",
    locations: Once "Locations",
});

/// A location of a certificate: in a store, or at an endpoint found by an SSL scan.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let locations = keyfactor.certificates().locations(scene.certificate()).send().await?;
/// for place in locations.details.iter().flat_map(|details| &details.locations) {
///     println!("{:?} on {:?}: {:?}", place.store_path, place.client_machine, place.alias);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct StoreTypeLocation {
    /// The store.
    pub store_id: Option<CertificateStoreId>,
    /// The machine of the store.
    pub client_machine: Option<String>,
    /// The path of the store on its machine.
    pub store_path: Option<String>,
    /// The alias in the store.
    pub alias: Option<String>,
    /// The scanned address. Some versions of the vendor's schema spell it `IpAddress`.
    pub ip_address: Option<String>,
    /// The scanned port.
    pub port: Option<i32>,
    /// All other members that the server sent.
    pub extra: RawJson,
}

row!(StoreTypeLocation: "a certificate location", Refused {
    store_id: Once "StoreId",
    client_machine: Plain "ClientMachine",
    store_path: Plain "StorePath",
    alias: Once "Alias",
    ip_address: Plain "IPAddress",
    port: Plain "Port",
});
