//! The handle for certificate groups. Each operation is a file.

mod unassign;

pub use self::unassign::{UnassignCertificates, UnassignCertificatesBuilder, UnassignOutcome};

use super::client::Client;
use super::types::ResourceId;

/// The operations on certificate groups. It owns a clone of its [`Client`].
#[derive(Clone, Debug)]
pub struct CertificateGroups {
    client: Client,
}

impl CertificateGroups {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Takes certificates out of their group. They land in the default certificate group, and **from then on the
    /// default group's policy applies to them**, its rules about renewal included.
    ///
    /// - **Call:** `PUT /certificate/group/unassign`.
    /// - **Permissions:** the right to assign groups (CERT+ > Groups & Policies > Group > Assign Group); read-write on
    ///   the group that each certificate is in and on the default group; to view the inventory and use the category of
    ///   each certificate; and, with a comment, to update certificates.
    /// - **Arguments:** the certificates' resource ids, at least one and at most the client's
    ///   [`max_ids_per_call`](super::ClientBuilder::max_ids_per_call). The certificates must be assigned to a group:
    ///   what the server answers otherwise, or for an id that it does not know, is documented nowhere.
    /// - **Errors:** those of [`appviewx::Error`](super::Error).
    /// - **Documented nowhere:** whether a call with one bad id does nothing or the rest, and whether unassigning
    ///   twice is harmless.
    /// - **Source:** AppViewX CERT+ API reference, "Unassign Certificates from a Group".
    pub fn unassign(&self, resource_ids: impl IntoIterator<Item: Into<ResourceId>>) -> UnassignCertificatesBuilder {
        UnassignCertificatesBuilder::new(self.clone(), resource_ids.into_iter().map(Into::into).collect())
    }

    /// Sends a request that was built before, or that an [`OutcomeUnknown`](super::OutcomeUnknown) gave back.
    ///
    /// Nothing remembers whether it was sent already: calling this twice sends it twice.
    pub fn execute(
        &self,
        request: UnassignCertificates,
    ) -> impl Future<Output = Result<UnassignOutcome, super::Error>> + Send + use<> {
        request.execute(self.client.clone())
    }
}
