//! The handle for certificate groups.

use crate::appviewx::vendor::Caller;

/// The operations on certificate groups.
#[derive(Clone, Debug)]
pub struct CertificateGroups {
    pub(in crate::appviewx) caller: Caller,
}

impl CertificateGroups {
    /// The name of the group that unassigned certificates are moved to, as set by
    /// [`ClientBuilder::default_group`](crate::appviewx::ClientBuilder::default_group).
    #[must_use]
    pub fn default_group(&self) -> &str {
        &self.caller.settings().default_group
    }
}
