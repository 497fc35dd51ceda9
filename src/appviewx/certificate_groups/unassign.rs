//! `PUT /certificate/group/unassign`.

use serde::Serialize;

use super::many::MoveInCalls;
use super::many_outcome::ManyOutcome;
use super::moving::{Move, MoveCertificates, MoveCertificatesBuilder};
use super::outcome::MoveOutcome;
use crate::appviewx::error::{Outcome, Request};

/// Takes certificates out of their group: nothing else has to be said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Unassign {}

/// Builds an unassignment; see [`CertificateGroups::unassign`](super::CertificateGroups::unassign).
pub type UnassignCertificatesBuilder = MoveCertificatesBuilder<Unassign>;

/// A checked unassignment, ready to be sent by [`CertificateGroups::execute`](super::CertificateGroups::execute).
pub type UnassignCertificates = MoveCertificates<Unassign>;

/// The server took the unassignment.
pub type UnassignOutcome = MoveOutcome<Unassign>;

/// An unassignment in several calls.
pub type UnassignInCalls = MoveInCalls<Unassign>;

/// What became of each id of an unassignment in several calls.
pub type UnassignManyOutcome = ManyOutcome<Unassign>;

impl Move for Unassign {
    const OPERATION: &'static str = "appviewx.certificate_groups.unassign";
    const PATH: &'static str = "certificate/group/unassign";

    fn group(&self) -> Option<&str> {
        None
    }

    fn request(request: UnassignCertificates) -> Request {
        Request::UnassignCertificates(request)
    }

    fn outcome(outcome: UnassignOutcome) -> Outcome {
        Outcome::UnassignCertificates(outcome)
    }

    fn outcome_of_many(outcome: UnassignManyOutcome) -> Outcome {
        Outcome::UnassignMany(outcome)
    }
}
