//! Certificates. Each documented call is a file.

mod by_id;
mod certificate;
mod get;
mod handle;
mod locations;
mod revoke;
mod revoke_outcome;
mod search;

pub use self::certificate::{Certificate, CertificateStoreLocation};
pub use self::get::GetCertificate;
pub use self::handle::Certificates;
pub use self::locations::{CertificateLocations, GetCertificateLocations, StoreTypeLocation, StoreTypeLocations};
pub use self::revoke::{RevocationReason, RevokeCertificates};
pub use self::revoke_outcome::{RevokeOutcome, SuspendedRevocation};
pub use self::search::SearchCertificates;
