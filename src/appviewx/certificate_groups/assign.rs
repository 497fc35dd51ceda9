//! `PUT /certificate/group/assign`.

use serde::Serialize;

use super::handle::CertificateGroups;
use super::move_certificates::{Move, MoveCertificates, MoveOutcome};
use crate::appviewx::types::{ResourceId, collect_ids};
use crate::operation::RequestBuilder;

impl CertificateGroups {
    /// Puts certificates into a group, and **from then on that group's policy applies to them**.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.add_group("archive", "Default");
    /// let ids = scene.resource_ids();
    /// let outcome = appviewx.certificate_groups().assign("archive", ids).comment("Moved with CHG 1234").send().await?;
    /// assert_eq!(outcome.successful_ids().len(), 3);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `PUT /certificate/group/assign`.
    /// - **Permissions:** the right to assign groups; read-write on the group that each certificate is in and on the
    ///   target group.
    /// - **Arguments:** the name of a group that exists, not blank and without control or invisible characters; the
    ///   certificates' resource ids and the comment, as for [`unassign`](Self::unassign).
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error).
    /// - **Assumed**, since the rest of the vendor's page could not be read: that the answer and the refusals are those
    ///   of the unassignment, and that the server takes a comment. An answer without `Successful Ids` leaves every id
    ///   unconfirmed; see [`confirm_group`](Self::confirm_group).
    /// - **Undocumented by the vendor:** what the server answers for a group that it does not know; the points of
    ///   [`unassign`](Self::unassign).
    /// - **Source:** AppViewX CERT+ API reference, "Assign Certificates to a Group".
    pub fn assign(
        &self,
        group: impl Into<String>,
        resource_ids: impl IntoIterator<Item: Into<ResourceId>>,
    ) -> RequestBuilder<AssignCertificates> {
        self.caller.request(MoveCertificates::new(Assign { group: group.into() }, collect_ids(resource_ids)))
    }
}

/// Puts certificates into a group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Assign {
    group: String,
}

/// An assignment; see [`CertificateGroups::assign`].
pub type AssignCertificates = MoveCertificates<Assign>;

/// The server took the assignment.
pub type AssignOutcome = MoveOutcome<Assign>;

impl Move for Assign {
    const NAME: &'static str = "appviewx.certificate_groups.assign";
    const PATH: &'static str = "certificate/group/assign";
    const HOW_TO_FIND_OUT: &'static str = "\
         Look at the certificates' group before you send the assignment again: POST /certificate/search by \
         resource id, or the certificate inventory in the portal. Whether assigning twice is harmless is \
         undocumented by the vendor.";

    fn group(&self) -> Option<&str> {
        Some(&self.group)
    }
}

impl AssignCertificates {
    /// The group.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.target().group
    }
}

impl AssignOutcome {
    /// The group.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.target().group
    }
}
