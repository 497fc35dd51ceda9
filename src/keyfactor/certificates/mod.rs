//! The handle for certificates. Each operation is a file.

mod certificate;
mod get;
mod locate;
mod search;

pub use self::certificate::{Certificate, CertificateStoreLocation};
pub use self::get::{
    CertificateGet, CertificateLocations, CertificateLocationsGet, StoreTypeLocation, StoreTypeLocations,
};
pub use self::locate::{FoundLocation, LocateCertificate, LocatedCertificate, StoreReadiness};
pub use self::search::CertificateSearch;

use super::client::Client;
use super::query::Query;
use super::thumbprint::CertificateRef;
use super::types::CertificateId;

/// What an account needs to read certificates.
const PERMISSION: &str = "The account needs the permission to read certificates, system-wide or, with `collection_id`, in \
                          that collection (`/certificates/collections/read/`).";

/// The operations on certificates. It owns a clone of its [`Client`].
#[derive(Clone, Debug)]
pub struct Certificates {
    client: Client,
}

impl Certificates {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Searches certificates.
    ///
    /// **Expired and revoked certificates are hidden unless you ask for them** with
    /// [`include_expired`](CertificateSearch::include_expired) and
    /// [`include_revoked`](CertificateSearch::include_revoked): that is the vendor's default.
    ///
    /// - **Call:** `GET /Certificates`, page by page, sorted by `CertId`.
    /// - **Permissions:** to read certificates, system-wide or in the collection given by
    ///   [`collection_id`](CertificateSearch::collection_id).
    /// - **Arguments:** a query; fields seen in use are `Thumbprint`, `IssuedCN`, `IssuedDN`, `CertRequestId`.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error); `Lookup` for a server before version 11, or a list
    ///   that does not end.
    /// - **Source:** Keyfactor Command reference, "GET Certificates".
    pub fn search(&self, query: Query) -> CertificateSearch {
        CertificateSearch::new(self.client.clone(), query)
    }

    /// Reads one certificate, with its locations and metadata.
    ///
    /// - **Call:** `GET /Certificates/{id}`.
    /// - **Permissions:** to read certificates, system-wide or in the scope that is given.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error); `Api` with 404 for an unknown id (assumed); `Lookup` if
    ///   the server answers with another certificate.
    /// - **Documented nowhere:** whether it shows expired and revoked certificates.
    ///   [`has_private_key`](Certificate::has_private_key) cannot be asked for here, and may read false where it is not.
    /// - **Source:** Keyfactor Command reference, "GET Certificates ID".
    pub fn get(&self, id: impl Into<CertificateId>) -> CertificateGet {
        CertificateGet::new(self.client.clone(), id.into())
    }

    /// Reads where a certificate is, by type of store: stores, and what SSL scans found. It does not tell the
    /// certificate itself from a member of another one's chain: to act on locations, take
    /// [`locations_of`](Self::locations_of).
    ///
    /// - **Call:** `GET /Certificates/Locations/{id}`.
    /// - **Permissions:** to read certificates, system-wide or in the scope that is given.
    /// - **Errors:** those of [`keyfactor::Error`](super::Error).
    /// - **Source:** Keyfactor Command reference, "GET Certificates Locations ID".
    pub fn locations(&self, id: impl Into<CertificateId>) -> CertificateLocationsGet {
        CertificateLocationsGet::new(self.client.clone(), id.into())
    }

    /// Finds every place from which a certificate can be removed, by its id or its thumbprint.
    ///
    /// Revoked and expired certificates are found as well. Places where the certificate is only a member of another
    /// one's chain are not among the locations; they are listed as
    /// [`excluded`](LocatedCertificate::excluded). Each location carries the certificate's thumbprint, so that a removal
    /// made of it is refused if its alias holds another certificate by then. What is shown is Command's last inventory,
    /// which may lag behind the stores.
    ///
    /// - **Calls:** `GET /Certificates/{id}` for an id; `GET /Certificates` with the thumbprint; and
    ///   `GET /CertificateStores`, asked by `CertificateId`, `AgentAvailable` and `RemoveSupported`.
    /// - **Permissions:** to read certificates, system-wide or in the collection that is given; for the state of the
    ///   stores, to read certificate stores. Without the latter the locations are found all the same, see
    ///   [`readiness_error`](LocatedCertificate::readiness_error).
    /// - **Errors:** those of [`keyfactor::Error`](super::Error); `Lookup` if nothing is visible to this account, if the
    ///   certificate is in no store that it can see, or if the server answers with what was not asked for.
    pub fn locations_of(&self, certificate: impl Into<CertificateRef>) -> LocateCertificate {
        LocateCertificate::new(self.client.clone(), certificate.into())
    }
}
