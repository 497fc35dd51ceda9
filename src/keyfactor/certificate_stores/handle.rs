//! The handle for certificate stores.

use crate::keyfactor::vendor::Caller;

/// The operations on certificate stores.
#[derive(Clone, Debug)]
pub struct CertificateStores {
    pub(in crate::keyfactor) caller: Caller,
}
