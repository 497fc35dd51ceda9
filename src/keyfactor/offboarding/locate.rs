//! Locating a certificate in certificate stores.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::keyfactor::certificate_stores::{CertificateLocation, CertificateStore, ListStores};
use crate::keyfactor::certificates::{Certificate, CertificateStoreLocation, Certificates};
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::query::Query;
use crate::keyfactor::thumbprint::{CertificateRef, Thumbprint};
use crate::keyfactor::types::{CertificateId, CertificateStoreId, CertificateStoreTypeId, CollectionId};
use crate::keyfactor::vendor::{Caller, Error, SharedError};
use crate::operation::{ListBuilder, Lookup};
use crate::validation::Problems;

impl Certificates {
    /// Finds every location from which a certificate can be removed, by the certificate's id or thumbprint.
    ///
    /// Revoked and expired certificates are included. Places where the certificate is only part of another
    /// certificate's chain are not returned as locations, but as [`excluded`](LocatedCertificate::excluded). Each
    /// location carries the certificate's thumbprint, so a removal is refused if its alias holds another certificate
    /// by then. The result reflects Command's last inventory, which may lag behind the stores.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// for place in located.locations() {
    ///     println!("{}", place);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// - **Calls:** `GET /Certificates/{id}` for an id; `GET /Certificates`, filtered by the thumbprint; and
    ///   `GET /CertificateStores`, filtered by `CertificateId`, `AgentAvailable` and `RemoveSupported`.
    /// - **Permissions:** to read certificates, system-wide or in the given collection; for the readiness of the
    ///   stores, to read certificate stores. Without the latter permission, locations are still returned; see
    ///   [`readiness_error`](LocatedCertificate::readiness_error).
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error); `Lookup` if no such certificate is
    ///   visible to this account, if it is in no store that the account can see, if the server returns something that
    ///   was not requested, or if the search exceeds the client's lookup limits.
    pub fn locations_of(&self, certificate: impl Into<CertificateRef>) -> LocateCertificate {
        LocateCertificate::new(self.caller.clone(), certificate.into())
    }
}

/// A request for the locations of a certificate; see [`Certificates::locations_of`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let locate = keyfactor.certificates().locations_of(scene.thumbprint());
/// let located = locate.collection_id(1).send().await;
/// # drop(located);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until `send()` is called"]
pub struct LocateCertificate {
    certificates: Certificates,
    certificate: CertificateRef,
    collection_id: Option<CollectionId>,
}

impl LocateCertificate {
    pub(super) fn new(caller: Caller, certificate: CertificateRef) -> Self {
        Self { certificates: Certificates { caller }, certificate, collection_id: None }
    }

    /// Limits the search to this collection, and makes the server check the permission to read certificates there.
    /// The id must be positive.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let certificates = keyfactor.certificates();
    /// let located = certificates
    ///     .locations_of(scene.thumbprint())
    ///     .collection_id(clm::testing::Scene::COLLECTION)
    ///     .send()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.collection_id = Some(id.into());
        self
    }

    /// Sends the requests.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// assert_eq!(located.locations().len(), 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// See [`Certificates::locations_of`].
    pub async fn send(self) -> Result<LocatedCertificate, Error> {
        match self.find().await? {
            Found::Located(located) => Ok(*located),
            Found::InNoStore(nowhere) => Err(LookupError::from(&nowhere).into()),
        }
    }

    /// The same, with the places of a certificate that can be removed from none.
    pub(super) async fn find(self) -> Result<Found, Error> {
        let mut problems = Problems::default();
        if let CertificateRef::Thumbprint(thumbprint) = &self.certificate {
            thumbprint.check("certificate", &mut problems);
        }
        problems.check_positive("collection_id", self.collection_id.map(CollectionId::get));
        problems.finish()?;
        let lookup = Lookup::begin(&self.certificates.caller);
        let (thumbprint, id) = match &self.certificate {
            CertificateRef::Thumbprint(thumbprint) => (thumbprint.clone(), None),
            CertificateRef::Id(id) => (self.thumbprint_of(*id).await?, Some(*id)),
        };
        let certificate = self.certificate_with(&thumbprint, id, lookup).await?;
        let (places, excluded) = places(&certificate, &thumbprint);
        if places.is_empty() {
            return Ok(Found::InNoStore(Nowhere { id: certificate.id, thumbprint, excluded }));
        }
        let known: HashSet<CertificateStoreId> = places
            .iter()
            .map(|(location, _)| location.store())
            .chain(excluded.iter().filter_map(|it| it.cert_store_id))
            .collect();
        let mut stores = Stores::default();
        let read = stores.read(&self.certificates.caller, certificate.id, &known, lookup).await;
        let readiness_error = read.err().map(|error| {
            stores.forget_state();
            SharedError::from(error)
        });
        let locations = places.into_iter().map(|place| stores.found(place)).collect();
        let collection_id = self.collection_id;
        let located =
            LocatedCertificate { certificate, thumbprint, locations, excluded, collection_id, readiness_error };
        Ok(Found::Located(Box::new(located)))
    }

    async fn thumbprint_of(&self, id: CertificateId) -> Result<Thumbprint, Error> {
        let mut get = self.certificates.get(id);
        if let Some(collection) = self.collection_id {
            get = get.collection_id(collection);
        }
        let thumbprint = Thumbprint::from(get.send().await?.thumbprint);
        let mut problems = Problems::default();
        thumbprint.check("thumbprint", &mut problems);
        problems.finish().map_err(|_| LookupError::NoThumbprint { id })?;
        Ok(thumbprint)
    }

    /// The list alone shows whether Command holds the private key, and can be asked for what is revoked or expired.
    async fn certificate_with(
        &self,
        thumbprint: &Thumbprint,
        id: Option<CertificateId>,
        lookup: Lookup,
    ) -> Result<Certificate, Error> {
        let mut search = self
            .certificates
            .search(Query::field("Thumbprint").eq(thumbprint.as_str()))
            .include_revoked()
            .include_expired()
            .include_locations()
            .include_has_private_key();
        if let Some(collection) = self.collection_id {
            search = search.collection_id(collection);
        }
        let mut rows = search.within(lookup).rows()?;
        let mut found: Option<Certificate> = None;
        while let Some(row) = rows.next().await {
            let row = row?;
            if !thumbprint.is(&row.thumbprint) {
                return Err(
                    LookupError::not_asked("certificate with the thumbprint", row.thumbprint, thumbprint).into()
                );
            }
            match &found {
                None if id.is_none_or(|id| id == row.id) => found = Some(row),
                Some(first) if first.id != row.id => {
                    // Two rows decide: one with another thumbprint was refused above.
                    let ambiguous = || LookupError::Ambiguous { thumbprint: thumbprint.clone() }.into();
                    return found.filter(|_| id.is_some()).ok_or_else(ambiguous);
                }
                _ => {}
            }
        }
        found.ok_or_else(|| LookupError::NothingVisible { certificate: self.certificate.clone() }.into())
    }
}

/// How a look-up ends.
pub(super) enum Found {
    Located(Box<LocatedCertificate>),
    InNoStore(Nowhere),
}

/// A certificate that can be removed from no place.
pub(super) struct Nowhere {
    id: CertificateId,
    pub(super) thumbprint: Thumbprint,
    excluded: Vec<CertificateStoreLocation>,
}

impl Nowhere {
    pub(super) fn unclear(&self) -> impl Iterator<Item = &CertificateStoreLocation> {
        unclear(&self.excluded)
    }
}

impl From<&Nowhere> for LookupError {
    fn from(nowhere: &Nowhere) -> Self {
        Self::InNoStore {
            id: nowhere.id,
            thumbprint: nowhere.thumbprint.clone(),
            excluded: nowhere.excluded.len(),
            unclear: nowhere.unclear().count(),
        }
    }
}

/// The excluded places that may hold the certificate itself. Above level 0, it is only in the chain of another certificate.
pub(super) fn unclear(excluded: &[CertificateStoreLocation]) -> impl Iterator<Item = &CertificateStoreLocation> {
    excluded.iter().filter(|it| it.chain_level.is_none_or(|level| level <= 0))
}

/// A place from which the certificate can be removed, and how its record shows it.
type FoundPlace = (CertificateLocation, CertificateStoreLocation);
/// What can be removed, each place once, and what must not be.
type Places = (Vec<FoundPlace>, Vec<CertificateStoreLocation>);

fn places(certificate: &Certificate, thumbprint: &Thumbprint) -> Places {
    let mut seen = HashSet::new();
    let mut places = Vec::new();
    let mut excluded = Vec::new();
    for place in &certificate.locations {
        match (place.chain_level, place.cert_store_id) {
            (Some(0), Some(store)) if !place.alias.trim().is_empty() => {
                if seen.insert((store, place.alias.clone())) {
                    let location = CertificateLocation::new(store, &place.alias).expecting_thumbprint(thumbprint);
                    let location = location.in_store_at(place.store_path.as_deref());
                    places.push((location, place.clone()));
                }
            }
            _ => excluded.push(place.clone()),
        }
    }
    (places, excluded)
}

/// A certificate and the locations from which it can be removed. There is at least one location.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
/// println!("{}: {} place(s)", located.certificate().issued_cn, located.locations().len());
/// let plan = keyfactor.certificate_stores().plan_removal(&located).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocatedCertificate {
    certificate: Certificate,
    thumbprint: Thumbprint,
    locations: Vec<FoundLocation>,
    excluded: Vec<CertificateStoreLocation>,
    collection_id: Option<CollectionId>,
    readiness_error: Option<SharedError>,
}

impl LocatedCertificate {
    /// Returns the certificate, as the list returned it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// println!("{}", located.certificate().issued_cn);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Returns the thumbprint of the certificate.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// assert_eq!(located.thumbprint().as_str(), scene.thumbprint());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn thumbprint(&self) -> &Thumbprint {
        &self.thumbprint
    }

    /// Keeps only the locations for which `keep` returns `true`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// let on_web01 = located.only(|it| it.store_machine() == Some("web01.example.com"));
    /// assert_eq!(on_web01.locations().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn only(mut self, keep: impl FnMut(&FoundLocation) -> bool) -> Self {
        self.locations.retain(keep);
        self
    }

    /// Returns the locations. Pass them to
    /// [`remove_certificates`](crate::keyfactor::CertificateStores::remove_certificates), or pass the located
    /// certificate to [`plan_removal`](crate::keyfactor::CertificateStores::plan_removal).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Schedule;
    ///
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// let stores = keyfactor.certificate_stores();
    /// let removal =
    ///     stores.remove_certificates(located.locations(), Schedule::Immediate).send().await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn locations(&self) -> &[FoundLocation] {
        &self.locations
    }

    /// Returns the places that must not be removed: the certificate is only part of another certificate's chain
    /// there, or the server does not say whether it is, or sends no store or alias.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// for place in located.excluded() {
    ///     println!("{} holds it only in a chain", place.alias);
    /// }
    /// # assert_eq!(located.excluded().len(), 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn excluded(&self) -> &[CertificateStoreLocation] {
        &self.excluded
    }

    /// Returns the collection to which the search was limited.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// assert_eq!(located.collection_id(), None);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn collection_id(&self) -> Option<CollectionId> {
        self.collection_id
    }

    /// Returns why the readiness of the stores is unknown, if it could not be read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// if let Some(error) = located.readiness_error() {
    ///     println!("the readiness of the stores is unknown: {error}");
    /// }
    /// # assert!(located.readiness_error().is_none());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn readiness_error(&self) -> Option<&Error> {
        self.readiness_error.as_deref()
    }
}

/// For tests without a server. Feature `testing`.
#[cfg(feature = "testing")]
impl LocatedCertificate {
    /// Returns what is located if the server's list contains this certificate. The readiness of the stores is
    /// unknown; see [`with_readiness`](Self::with_readiness). Feature `testing`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Certificate, LocatedCertificate};
    /// use clm::serde_json::{from_value, json};
    /// use clm::uuid::Uuid;
    ///
    /// let store = Uuid::from_u128(1);
    /// let row: Certificate = from_value(json!({
    ///     "Id": 7, "Thumbprint": "00112233445566778899AABBCCDDEEFF00112233", "IssuedCN": "www.example.com",
    ///     "Locations": [{"CertStoreId": store, "Alias": "www.example.com.pfx", "ChainLevel": 0}],
    /// }))?;
    ///
    /// let located = LocatedCertificate::of_row(row)?;
    ///
    /// assert_eq!(located.locations()[0].location().alias(), "www.example.com.pfx");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`LookupError::InNoStore`], if there is no location from which it can be removed.
    pub fn of_row(certificate: Certificate) -> Result<Self, LookupError> {
        let thumbprint = Thumbprint::from(&*certificate.thumbprint);
        let (places, excluded) = places(&certificate, &thumbprint);
        if places.is_empty() {
            return Err(LookupError::from(&Nowhere { id: certificate.id, thumbprint, excluded }));
        }
        let locations = places.into_iter().map(|place| Stores::default().found(place)).collect();
        Ok(Self { certificate, thumbprint, locations, excluded, collection_id: None, readiness_error: None })
    }

    /// Sets the readiness of a store. Feature `testing`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Certificate, LocatedCertificate, StoreReadiness};
    /// use clm::serde_json::{from_value, json};
    /// use clm::uuid::Uuid;
    ///
    /// let store = Uuid::from_u128(1);
    /// let row: Certificate = from_value(json!({
    ///     "Id": 7, "Thumbprint": "00112233445566778899AABBCCDDEEFF00112233", "IssuedCN": "www.example.com",
    ///     "Locations": [{"CertStoreId": store, "Alias": "www.example.com.pfx", "ChainLevel": 0}],
    /// }))?;
    /// let readiness: StoreReadiness = from_value(
    ///     json!({"agent_available": false, "approved": true, "supports_removal": true}),
    /// )?;
    /// let located = LocatedCertificate::of_row(row)?.with_readiness(store, readiness);
    /// assert!(located.locations()[0].readiness().has_obstacle());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_readiness(mut self, store: impl Into<CertificateStoreId>, readiness: StoreReadiness) -> Self {
        let store = store.into();
        for found in self.locations.iter_mut().filter(|found| found.location.store() == store) {
            found.readiness = readiness;
        }
        self
    }

    /// Sets the error with which the stores could not be read. Feature `testing`.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::{Certificate, Error, LookupError, LocatedCertificate};
    /// use clm::serde_json::{from_value, json};
    /// use clm::uuid::Uuid;
    ///
    /// let store = Uuid::from_u128(1);
    /// let row: Certificate = from_value(json!({
    ///     "Id": 7, "Thumbprint": "00112233445566778899AABBCCDDEEFF00112233", "IssuedCN": "www.example.com",
    ///     "Locations": [{"CertStoreId": store, "Alias": "www.example.com.pfx", "ChainLevel": 0}],
    /// }))?;
    /// let error = Error::from(LookupError::UnsupportedVersion { version: "10.4".to_owned() });
    /// let located = LocatedCertificate::of_row(row)?.with_readiness_error(error);
    /// assert!(located.readiness_error().is_some());
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_readiness_error(self, error: Error) -> Self {
        Self { readiness_error: Some(error.into()), ..self }
    }
}

/// A location of a certificate, and the readiness of its store.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
/// for found in located.locations() {
///     println!("{found}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct FoundLocation {
    location: CertificateLocation,
    store_machine: Option<String>,
    store_path: Option<String>,
    readiness: StoreReadiness,
    store_type: Option<CertificateStoreTypeId>,
}

impl FoundLocation {
    /// Returns the store and alias, with the expected thumbprint.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// for found in located.locations() {
    ///     println!("{}", found.location().alias());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn location(&self) -> &CertificateLocation {
        &self.location
    }

    /// Returns the machine of the store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// for found in located.locations() {
    ///     println!("{:?}", found.store_machine());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn store_machine(&self) -> Option<&str> {
        self.store_machine.as_deref()
    }

    /// Returns the path of the store on its machine.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// for found in located.locations() {
    ///     println!("{:?}", found.store_path());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn store_path(&self) -> Option<&str> {
        self.store_path.as_deref()
    }

    /// Returns the id of the store type, if the server sent it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// for found in located.locations() {
    ///     println!("{:?}", found.store_type());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn store_type(&self) -> Option<CertificateStoreTypeId> {
        self.store_type
    }

    /// Returns whether a removal is expected to be possible.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// for found in located.locations() {
    ///     println!("{:?}", found.readiness());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn readiness(&self) -> StoreReadiness {
        self.readiness
    }
}

impl From<FoundLocation> for CertificateLocation {
    fn from(found: FoundLocation) -> Self {
        found.location
    }
}

impl From<&FoundLocation> for CertificateLocation {
    fn from(found: &FoundLocation) -> Self {
        found.location.clone()
    }
}

/// What is known about a store before a removal. A field is `None` if the server did not send it, or sent
/// contradictory answers.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
/// for found in located.locations() {
///     println!("{found}: {:?}", found.readiness());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoreReadiness {
    /// Whether the store's orchestrator is available. Otherwise, jobs wait until it is.
    pub agent_available: Option<bool>,
    /// Whether the store is approved.
    pub approved: Option<bool>,
    /// Whether the orchestrator can remove certificates from stores of this type.
    pub supports_removal: Option<bool>,
}

impl StoreReadiness {
    /// Returns whether anything is known that prevents a removal.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let located = keyfactor.certificates().locations_of(scene.thumbprint()).send().await?;
    /// for found in located.locations().iter().filter(|it| it.readiness().has_obstacle()) {
    ///     println!("{}: {:?}", found.location().alias(), found.readiness());
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn has_obstacle(self) -> bool {
        [self.agent_available, self.approved, self.supports_removal].contains(&Some(false))
    }
}

/// The stores of a certificate, asked for by what is only a field of a query and no member of a row.
#[derive(Default)]
struct Stores {
    rows: HashMap<CertificateStoreId, CertificateStore>,
    /// A row says of which type its store is, whatever was asked.
    types: HashMap<CertificateStoreId, CertificateStoreTypeId>,
    available: Answers,
    removal: Answers,
}

/// The stores that were found with a field true, and those with it false.
#[derive(Default)]
struct Answers {
    yes: HashSet<CertificateStoreId>,
    no: HashSet<CertificateStoreId>,
}

impl Answers {
    /// A store that is in both answers tells that the server did not filter by that field.
    fn of(&self, store: CertificateStoreId) -> Option<bool> {
        match (self.yes.contains(&store), self.no.contains(&store)) {
            (true, false) => Some(true),
            (false, true) => Some(false),
            _ => None,
        }
    }
}

impl Stores {
    async fn read(
        &mut self,
        caller: &Caller,
        certificate: CertificateId,
        known: &HashSet<CertificateStoreId>,
        lookup: Lookup,
    ) -> Result<(), Error> {
        for (field, value) in
            [("AgentAvailable", true), ("AgentAvailable", false), ("RemoveSupported", true), ("RemoveSupported", false)]
        {
            let query = Query::field("CertificateId").eq(certificate).and(Query::field(field).eq(value));
            let mut rows = ListBuilder::new(caller.clone(), ListStores::new(query)).within(lookup).rows()?;
            while let Some(row) = rows.next().await {
                let row = row?;
                if !known.contains(&row.id) {
                    return Err(LookupError::not_asked("store of the certificate", row.id, certificate).into());
                }
                let answers = if field == "AgentAvailable" { &mut self.available } else { &mut self.removal };
                if value {
                    answers.yes.insert(row.id)
                } else {
                    answers.no.insert(row.id)
                };
                self.types.extend(row.cert_store_type.map(|of| (row.id, of)));
                self.rows.insert(row.id, row);
            }
        }
        Ok(())
    }

    /// Forgets what half an answer would tell.
    fn forget_state(&mut self) {
        *self = Self { types: std::mem::take(&mut self.types), ..Self::default() };
    }

    fn type_of(&self, store: CertificateStoreId) -> Option<CertificateStoreTypeId> {
        self.types.get(&store).copied()
    }

    fn found(&self, (location, place): FoundPlace) -> FoundLocation {
        FoundLocation {
            readiness: self.readiness(location.store()),
            store_type: self.type_of(location.store()),
            location,
            store_machine: place.store_machine,
            store_path: place.store_path,
        }
    }

    fn readiness(&self, store: CertificateStoreId) -> StoreReadiness {
        StoreReadiness {
            agent_available: self.available.of(store),
            approved: self.rows.get(&store).and_then(|row| row.approved),
            supports_removal: self.removal.of(store),
        }
    }
}
