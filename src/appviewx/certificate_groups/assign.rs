//! `PUT /certificate/group/assign`.

use serde::Serialize;

use super::many::MoveInCalls;
use super::many_outcome::ManyOutcome;
use super::moving::{Move, MoveCertificates, MoveCertificatesBuilder};
use super::outcome::MoveOutcome;
use crate::appviewx::error::{Outcome, Request};

/// Puts certificates into a group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[non_exhaustive]
pub struct Assign {
    pub(super) group: String,
}

/// Builds an assignment; see [`CertificateGroups::assign`](super::CertificateGroups::assign).
pub type AssignCertificatesBuilder = MoveCertificatesBuilder<Assign>;

/// A checked assignment, ready to be sent by [`CertificateGroups::execute`](super::CertificateGroups::execute).
pub type AssignCertificates = MoveCertificates<Assign>;

/// The server took the assignment.
pub type AssignOutcome = MoveOutcome<Assign>;

/// An assignment in several calls.
pub type AssignInCalls = MoveInCalls<Assign>;

/// What became of each id of an assignment in several calls.
pub type AssignManyOutcome = ManyOutcome<Assign>;

impl Move for Assign {
    const OPERATION: &'static str = "appviewx.certificate_groups.assign";
    const PATH: &'static str = "certificate/group/assign";

    fn group(&self) -> Option<&str> {
        Some(&self.group)
    }

    fn request(request: AssignCertificates) -> Request {
        Request::AssignCertificates(request)
    }

    fn outcome(outcome: AssignOutcome) -> Outcome {
        Outcome::AssignCertificates(outcome)
    }

    fn outcome_of_many(outcome: AssignManyOutcome) -> Outcome {
        Outcome::AssignMany(outcome)
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
