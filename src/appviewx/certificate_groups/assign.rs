//! `PUT /certificate/group/assign`.

use serde::Serialize;

use super::handle::CertificateGroups;
use super::move_certificates::{Move, MoveCertificates, MoveOutcome};
use crate::appviewx::types::{ResourceId, collect_ids};
use crate::operation::RequestBuilder;

impl CertificateGroups {
    /// Assigns certificates to a group. **That group's policy applies to them from then on.**
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.add_group("archive", "Default");
    /// let ids = scene.resource_ids();
    /// let outcome = appviewx
    ///     .certificate_groups()
    ///     .assign("archive", ids)
    ///     .comment("Moved with CHG 1234")
    ///     .send()
    ///     .await?;
    /// assert_eq!(outcome.successful_ids().len(), 3);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `PUT /certificate/group/assign`.
    /// - **Permissions:** the right to assign groups; read-write access to the current group of each certificate and to
    ///   the target group.
    /// - **Arguments:** the name of an existing group, not blank and without control or invisible characters. The
    ///   resource ids and the comment follow the rules of [`unassign`](Self::unassign).
    /// - **Errors:** those of [`appviewx::Error`](crate::appviewx::Error).
    /// - **Assumed**, because the rest of the vendor's page could not be read: the response and the error codes are
    ///   those of the unassignment, and the server accepts a comment. A response without `Successful Ids` leaves every
    ///   id unconfirmed; see [`confirm_group`](Self::confirm_group).
    /// - **Undocumented by the vendor:** the response for an unknown group, and everything listed under
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

/// The kind of move that assigns certificates to a group.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::{Assign, Error, MoveCertificates};
///
/// scene.appviewx.lose_answers(1);
/// let moved = appviewx.certificate_groups().assign("agents", scene.resource_ids()).send().await;
/// if let Err(Error::OutcomeUnknown(error)) = moved {
///     let request = error.request::<MoveCertificates<Assign>>().expect("the assignment");
///     println!("perhaps moved to {}: {:?}", request.group(), request.resource_ids());
/// # } else { panic!("another end");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Assign {
    group: String,
}

/// A request to assign certificates; see [`CertificateGroups::assign`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::Request;
/// use clm::appviewx::AssignCertificates;
///
/// let assign = appviewx.certificate_groups().assign("agents", scene.resource_ids());
/// let request: Request<AssignCertificates> = assign.build()?;
/// println!("{} ids to {}", request.resource_ids().len(), request.group());
/// let outcome = appviewx.execute(request).await?;
/// # Ok(()) }
/// ```
pub type AssignCertificates = MoveCertificates<Assign>;

/// The outcome of an assignment that the server accepted.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::AssignOutcome;
///
/// let outcome: AssignOutcome =
///     appviewx.certificate_groups().assign("agents", scene.resource_ids()).send().await?;
/// println!("{} certificates are in {}", outcome.successful_ids().len(), outcome.group());
/// # Ok(()) }
/// ```
pub type AssignOutcome = MoveOutcome<Assign>;

impl Move for Assign {
    const NAME: &'static str = "appviewx.certificate_groups.assign";
    const PATH: &'static str = "certificate/group/assign";
    const HOW_TO_FIND_OUT: &'static str = "Check the certificates' group before you send the assignment again, with \
                                           POST /certificate/search by resource id or in the certificate inventory of \
                                           the portal. Whether assigning twice is harmless is undocumented by the \
                                           vendor.";

    fn group(&self) -> Option<&str> {
        Some(&self.group)
    }
}

impl AssignCertificates {
    /// The name of the target group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// let request = appviewx.certificate_groups().assign("archive", scene.resource_ids()).build()?;
    /// assert_eq!(request.group(), "archive");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn group(&self) -> &str {
        &self.target().group
    }
}

impl AssignOutcome {
    /// The name of the target group.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
    /// # scene.appviewx.add_group("archive", "Default");
    /// let outcome =
    ///     appviewx.certificate_groups().assign("archive", scene.resource_ids()).send().await?;
    /// assert_eq!(outcome.group(), "archive");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn group(&self) -> &str {
        &self.target().group
    }
}
