//! The handle for types of certificate stores.

use crate::keyfactor::vendor::Caller;

/// What an account needs to read types of certificate stores.
pub(super) const PERMISSION: &str = "The account needs the permission to read certificate store types; which permission that is, is \
                                     undocumented by the vendor.";

/// The operations on certificate store types.
#[derive(Clone, Debug)]
pub struct CertificateStoreTypes {
    pub(in crate::keyfactor) caller: Caller,
}
