//! The handle for certificate groups. Each operation is a file.

mod assign;
mod assign_back;
mod confirm;
mod list;
mod many;
mod many_outcome;
mod moving;
mod outcome;
mod place;
mod plan;
mod unassign;

pub use self::assign::{
    Assign, AssignCertificates, AssignCertificatesBuilder, AssignInCalls, AssignManyOutcome, AssignOutcome,
};
pub use self::assign_back::{AssignBack, AssignBackOutcome, AssignBackState};
pub use self::confirm::{ConfirmGroup, GroupConfirmation};
pub use self::list::{CertificateGroup, GroupList};
pub use self::many::{MoveInCalls, Then};
pub use self::many_outcome::{IdOutcome, ManyOutcome, SharedError};
pub use self::moving::{MoveCertificates, MoveCertificatesBuilder};
pub use self::outcome::MoveOutcome;
pub use self::place::Place;
pub use self::plan::{GroupPlan, NotRemembered, RememberGroups, RememberedGroup};
pub use self::unassign::{
    Unassign, UnassignCertificates, UnassignCertificatesBuilder, UnassignInCalls, UnassignManyOutcome, UnassignOutcome,
};

use self::moving::Move;
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

    fn client(&self) -> &Client {
        &self.client
    }

    /// The name of the group in which unassigned certificates land, by the client's
    /// [`default_group`](super::ClientBuilder::default_group).
    #[must_use]
    pub fn default_group(&self) -> &str {
        self.client.default_group()
    }

    /// Takes certificates out of their group. They land in the default certificate group, and **from then on the
    /// default group's policy applies to them**, its rules about renewal included.
    ///
    /// - **Call:** `PUT /certificate/group/unassign`.
    /// - **Permissions:** the right to assign groups (CERT+ > Groups & Policies > Group > Assign Group); read-write on
    ///   the group that each certificate is in and on the default group; to view the inventory and use the category of
    ///   each certificate; and, with a comment, to update certificates.
    /// - **Arguments:** the certificates' resource ids, at least one and at most the client's
    ///   [`max_ids_per_call`](super::ClientBuilder::max_ids_per_call); for more, and for one that must not hold up the
    ///   others, [`in_calls`](UnassignCertificatesBuilder::in_calls). The certificates must be assigned to a group:
    ///   what the server answers otherwise, or for an id that it does not know, is documented nowhere.
    /// - **Errors:** those of [`appviewx::Error`](super::Error).
    /// - **Documented nowhere:** whether a call with one bad id does nothing or the rest, and whether unassigning
    ///   twice is harmless.
    /// - **Source:** AppViewX CERT+ API reference, "Unassign Certificates from a Group".
    pub fn unassign(&self, resource_ids: impl IntoIterator<Item: Into<ResourceId>>) -> UnassignCertificatesBuilder {
        UnassignCertificatesBuilder::new(self.clone(), Unassign {}, collected(resource_ids))
    }

    /// Puts certificates into a group, and **from then on that group's policy applies to them**.
    ///
    /// - **Call:** `PUT /certificate/group/assign`.
    /// - **Permissions:** the right to assign groups; read-write on the group that each certificate is in and on the target
    ///   group.
    /// - **Arguments:** the name of a group that exists; the certificates' resource ids, as for
    ///   [`unassign`](Self::unassign).
    /// - **Errors:** those of [`appviewx::Error`](super::Error).
    /// - **Assumed**, since the rest of the vendor's page could not be read: that the answer and the refusals are those of
    ///   the unassignment. An answer without `Successful Ids` leaves every id unconfirmed; see
    ///   [`confirm_group`](Self::confirm_group).
    /// - **Documented nowhere:** what the server answers for a group that it does not know; the points of
    ///   [`unassign`](Self::unassign).
    /// - **Source:** AppViewX CERT+ API reference, "Assign Certificates to a Group".
    pub fn assign(
        &self,
        group: impl Into<String>,
        resource_ids: impl IntoIterator<Item: Into<ResourceId>>,
    ) -> AssignCertificatesBuilder {
        AssignCertificatesBuilder::new(self.clone(), Assign { group: group.into() }, collected(resource_ids))
    }

    /// Sends a request that was built before, or that an [`OutcomeUnknown`](super::OutcomeUnknown) gave back: a
    /// [`UnassignCertificates`] or an [`AssignCertificates`].
    ///
    /// Nothing remembers whether it was sent already: calling this twice sends it twice.
    pub fn execute<M: Move>(
        &self,
        request: MoveCertificates<M>,
    ) -> impl Future<Output = Result<MoveOutcome<M>, super::Error>> + Send + use<M> {
        request.execute(self.client.clone())
    }

    /// Reads back in which group certificates are now, one search for each id. Only a row with exactly that resource id
    /// counts, whatever else the search finds.
    ///
    /// - **Call:** `POST /certificate/search`, for each id and category until the certificate is found.
    /// - **Permissions:** to view the certificate inventory of the categories.
    /// - **Arguments:** resource ids, at least one; the group's name, compared exactly. After an unassignment it is
    ///   [`default_group`](Self::default_group).
    /// - **Errors:** none but `Validation`; what could not be read is told id by id.
    /// - **Documented nowhere:** whether a search shows a change at once.
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory".
    pub fn confirm_group(
        &self,
        resource_ids: impl IntoIterator<Item: Into<ResourceId>>,
        group: impl Into<String>,
    ) -> ConfirmGroup {
        ConfirmGroup::new(self.client.clone(), collected(resource_ids), group.into())
    }

    /// Looks up in which groups certificates are, before they are moved, for [`assign_back`](Self::assign_back).
    ///
    /// - **Call:** `POST /certificate/search`, as in [`confirm_group`](Self::confirm_group).
    /// - **Permissions:** to view the certificate inventory of the categories. What may not be viewed in one category is
    ///   looked for in the next.
    /// - **Arguments:** resource ids, at least one.
    /// - **Errors:** `Validation`, and the error that ended the run, if no further search could help (no valid credential, no
    ///   connection, no access to the search). Ids whose group could not be learned for another reason are named in the plan.
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory".
    pub fn remember_groups(&self, resource_ids: impl IntoIterator<Item: Into<ResourceId>>) -> RememberGroups {
        RememberGroups::new(self.client.clone(), collected(resource_ids))
    }

    /// Assigns certificates back to the groups that a plan remembers. Each one is looked up first: those that are where the
    /// move put them go back; those that somebody has moved since stay, unless
    /// [`even_if_moved_on`](AssignBack::even_if_moved_on). Between the look and the assignment, others may still move
    /// them.
    ///
    /// **Give it the certificates that your move touched, and say which moves were confirmed.** A plan names all that were
    /// looked up: one that was refused, and that somebody else then put where your move would have put it, would go back as
    /// well; [`GroupPlan::only`] leaves it out. And a search that lags behind shows a certificate in its old group that is
    /// not there; [`after_moving`](AssignBack::after_moving) tells that apart.
    ///
    /// - **Calls:** `POST /certificate/search`, then `PUT /certificate/group/assign` group by group.
    /// - **Permissions:** those of [`assign`](Self::assign), and to view the inventory.
    /// - **Arguments:** a plan of [`remember_groups`](Self::remember_groups), or one that was kept and read again.
    /// - **Errors:** none but `Validation`; the rest is told id by id.
    /// - **Documented nowhere:** whether a search shows a change at once; the points of [`assign`](Self::assign).
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory" and "Assign Certificates to a Group".
    pub fn assign_back(&self, plan: &GroupPlan) -> AssignBack {
        AssignBack::new(self.clone(), plan.clone())
    }

    /// Lists the certificate groups.
    ///
    /// - **Call:** `POST /certificategroup/list`, page by page.
    /// - **Permissions:** access to the groups (assumed).
    /// - **Arguments:** none.
    /// - **Errors:** those of [`appviewx::Error`](super::Error); `Lookup` for a list that leads back to itself.
    /// - **Assumed:** where in the answer the groups stand: that part of the vendor's page could not be read. An answer
    ///   without exactly one list of objects is a `Decode` error.
    /// - **Source:** AppViewX CERT+ API reference, "List Certificate Groups".
    pub fn list(&self) -> GroupList {
        GroupList::new(self.client.clone())
    }

    /// Reads one certificate group.
    ///
    /// - **Call:** `GET /certificate/group`. The vendor's page has the name as a header in its table and as a query in its
    ///   sample, so it is sent as both; as a query alone if no header can carry it.
    /// - **Permissions:** access to the groups (assumed).
    /// - **Arguments:** the group's name. An answer about another group is a `Lookup` error.
    /// - **Source:** AppViewX CERT+ API reference, "View Certificate Group".
    ///
    /// # Errors
    /// Those of [`appviewx::Error`](super::Error). What an unknown name is answered is documented nowhere for this call;
    /// for others it is 404 with `NO_RECORDS_FOUND` or `GROUP_NOT_FOUND`.
    pub fn view<N: Into<String>>(
        &self,
        name: N,
    ) -> impl Future<Output = Result<CertificateGroup, super::Error>> + Send + use<N> {
        list::view(self.client.clone(), name.into())
    }
}

fn collected(ids: impl IntoIterator<Item: Into<ResourceId>>) -> Vec<ResourceId> {
    ids.into_iter().map(Into::into).collect()
}
