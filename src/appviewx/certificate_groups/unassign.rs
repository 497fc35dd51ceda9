//! `PUT /certificate/group/unassign`. What is checked, the body and the answer stand in `move_certificates.rs`: an assignment
//! shares them.

use serde::Serialize;

use super::handle::CertificateGroups;
use super::move_certificates::{Move, MoveCertificates, MoveOutcome};
use crate::appviewx::types::{ResourceId, collect_ids};
use crate::operation::RequestBuilder;

impl CertificateGroups {
    /// Removes certificates from their group and moves them to the default certificate group. **The default group's
    /// policy applies to them from then on**, including its renewal rules.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let groups = appviewx.certificate_groups();
    /// let outcome = groups
    ///     .unassign(scene.resource_ids())
    ///     .comment("Decommissioned with CHG 1234")
    ///     .send()
    ///     .await?;
    /// assert_eq!(outcome.successful_ids().len(), 3);
    /// assert!(outcome.unconfirmed_ids().is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `PUT /certificate/group/unassign`.
    /// - **Permissions:** the right to assign groups (CERT+ > Groups & Policies > Group > Assign Group); read-write
    ///   access to the current group of each certificate and to the default group; the right to view the inventory and
    ///   to use the category of each certificate; with a comment, also the right to update certificates.
    /// - **Arguments:** the resource ids of the certificates, at least one and at most the client's
    ///   [`max_ids_per_call`](crate::appviewx::ClientBuilder::max_ids_per_call). To send more ids, or to process the
    ///   others when one id is refused, use [`in_calls`](RequestBuilder::in_calls). An id must not be empty or blank
    ///   and must not contain a comma, white space, a control character or an invisible character. A
    ///   [`comment`](RequestBuilder::comment) must satisfy its rule. The certificates must be assigned to a group.
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error).
    /// - **Undocumented by the vendor:** the response for an unknown id or for a certificate that is in no group;
    ///   whether a call with one invalid id still moves the others; whether unassigning twice is harmless.
    /// - **Source:** AppViewX CERT+ API reference, "Unassign Certificates from a Group".
    pub fn unassign(
        &self,
        resource_ids: impl IntoIterator<Item: Into<ResourceId>>,
    ) -> RequestBuilder<UnassignCertificates> {
        self.caller.request(MoveCertificates::new(Unassign {}, collect_ids(resource_ids)))
    }
}

/// The kind of move that removes certificates from their group.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::{Error, MoveCertificates, Unassign};
///
/// scene.appviewx.lose_answers(1);
/// let moved = appviewx.certificate_groups().unassign(scene.resource_ids()).send().await;
/// if let Err(Error::OutcomeUnknown(error)) = moved {
///     let request = error.request::<MoveCertificates<Unassign>>().expect("the unassignment");
///     println!("perhaps moved: {:?}", request.resource_ids());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Unassign {}

/// A request to unassign certificates; see [`CertificateGroups::unassign`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::Request;
/// use clm::appviewx::UnassignCertificates;
///
/// let request: Request<UnassignCertificates> =
///     appviewx.certificate_groups().unassign(scene.resource_ids()).build()?;
/// println!("{} ids", request.resource_ids().len());
/// let outcome = appviewx.execute(request).await?;
/// # Ok(()) }
/// ```
pub type UnassignCertificates = MoveCertificates<Unassign>;

/// The outcome of an unassignment that the server accepted.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::UnassignOutcome;
///
/// let outcome: UnassignOutcome =
///     appviewx.certificate_groups().unassign(scene.resource_ids()).send().await?;
/// for id in outcome.unconfirmed_ids() {
///     println!("{id}: not named in the response");
/// }
/// # Ok(()) }
/// ```
pub type UnassignOutcome = MoveOutcome<Unassign>;

impl Move for Unassign {
    const NAME: &'static str = "appviewx.certificate_groups.unassign";
    const PATH: &'static str = "certificate/group/unassign";
    const HOW_TO_FIND_OUT: &'static str = "Check the certificates' group before you send the unassignment again, with \
                                           POST /certificate/search by resource id or in the certificate inventory of \
                                           the portal. A certificate that was unassigned is in the default group. \
                                           Whether unassigning twice is harmless is undocumented by the vendor.";

    fn group(&self) -> Option<&str> {
        None
    }
}
