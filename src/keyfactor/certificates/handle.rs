//! The handle for certificates.

use crate::keyfactor::vendor::Caller;

/// What an account needs to read certificates.
pub(super) const PERMISSION: &str = "The account needs the permission to read certificates, system-wide or, with `collection_id`, in \
                                     that collection (`/certificates/collections/read/`).";

/// The operations on certificates.
#[derive(Clone, Debug)]
pub struct Certificates {
    pub(in crate::keyfactor) caller: Caller,
}
