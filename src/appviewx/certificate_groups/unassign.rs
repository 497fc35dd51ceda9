//! `PUT /certificate/group/unassign`. What is checked, the body and the answer stand in `move_certificates.rs`: an assignment
//! shares them.

use serde::Serialize;

use super::handle::CertificateGroups;
use super::move_certificates::{Move, MoveCertificates, MoveOutcome};
use crate::appviewx::types::{ResourceId, collect_ids};
use crate::operation::RequestBuilder;

impl CertificateGroups {
    /// Takes certificates out of their group. They land in the default certificate group, and **from then on the
    /// default group's policy applies to them**, its rules about renewal included.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let outcome = groups.unassign(scene.resource_ids()).comment("Decommissioned with CHG 1234").send().await?;
    /// assert_eq!(outcome.successful_ids().len(), 3);
    /// assert!(outcome.unconfirmed_ids().is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `PUT /certificate/group/unassign`.
    /// - **Permissions:** the right to assign groups (CERT+ > Groups & Policies > Group > Assign Group); read-write on
    ///   the group that each certificate is in and on the default group; to view the inventory and use the category of
    ///   each certificate; and, with a comment, to update certificates.
    /// - **Arguments:** the certificates' resource ids, at least one and at most the client's
    ///   [`max_ids_per_call`](crate::appviewx::ClientBuilder::max_ids_per_call); for more, and for one that must not
    ///   hold up the others, [`in_calls`](RequestBuilder::in_calls). An id that is empty or blank, or that holds a
    ///   comma, white space, a control or an invisible character, is refused, and so is a
    ///   [`comment`](RequestBuilder::comment) that its rule does not accept. The certificates must be assigned to a
    ///   group: what the server answers otherwise, or for an id that it does not know, is undocumented by the vendor.
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error).
    /// - **Undocumented by the vendor:** whether a call with one bad id does nothing or the rest, and whether
    ///   unassigning twice is harmless.
    /// - **Source:** AppViewX CERT+ API reference, "Unassign Certificates from a Group".
    pub fn unassign(
        &self,
        resource_ids: impl IntoIterator<Item: Into<ResourceId>>,
    ) -> RequestBuilder<UnassignCertificates> {
        self.caller.request(MoveCertificates::new(Unassign {}, collect_ids(resource_ids)))
    }
}

/// Takes certificates out of their group: nothing else has to be said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Unassign {}

/// An unassignment; see [`CertificateGroups::unassign`].
pub type UnassignCertificates = MoveCertificates<Unassign>;

/// The server took the unassignment.
pub type UnassignOutcome = MoveOutcome<Unassign>;

impl Move for Unassign {
    const NAME: &'static str = "appviewx.certificate_groups.unassign";
    const PATH: &'static str = "certificate/group/unassign";
    const HOW_TO_FIND_OUT: &'static str = "\
         Look at the certificates' group before you send the unassignment again: POST /certificate/search by \
         resource id, or the certificate inventory in the portal. A certificate that was unassigned is in the \
         default group. Whether unassigning twice is harmless is undocumented by the vendor.";

    fn group(&self) -> Option<&str> {
        None
    }
}
