//! Certificates: one file for each operation.

mod certificate;
mod handle;
mod revoke;
mod search;
mod search_pages;
mod search_terms;

pub use self::certificate::Certificate;
pub use self::handle::Certificates;
pub use self::revoke::{RevocationReason, RevocationState, RevokeCertificate, RevokeOutcome};
pub use self::search::CertificateSearch;
pub use self::search_terms::{CertificateCategory, Keyword, SortOrder};
