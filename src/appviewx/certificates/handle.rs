//! The handle for certificates.

use crate::appviewx::vendor::Caller;

/// The operations on certificates.
#[derive(Clone, Debug)]
pub struct Certificates {
    pub(in crate::appviewx) caller: Caller,
}
