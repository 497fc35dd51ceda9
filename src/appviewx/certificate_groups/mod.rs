//! Certificate groups: one file for each operation.

mod assign;
mod group;
mod handle;
mod list;
mod move_certificates;
mod unassign;
mod view;

pub use self::assign::{Assign, AssignCertificates, AssignOutcome};
pub use self::group::CertificateGroup;
pub use self::handle::CertificateGroups;
pub use self::list::GroupList;
pub(super) use self::move_certificates::Move;
pub use self::move_certificates::{MoveCertificates, MoveOutcome};
pub use self::unassign::{Unassign, UnassignCertificates, UnassignOutcome};
pub use self::view::ViewGroup;
