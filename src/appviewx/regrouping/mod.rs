//! Workflows that move certificates between groups in many calls, confirm the result and put the certificates back.

mod assign_back;
mod confirm_group;
mod group_lookup;
mod move_many;
mod remember_groups;
mod shown;

pub use self::assign_back::{AssignBack, AssignBackOutcome, AssignBackState};
pub use self::confirm_group::{ConfirmGroup, GroupConfirmation};
pub use self::group_lookup::GroupMembership;
pub use self::move_many::MoveInCalls;
pub use self::remember_groups::{GroupPlan, NotRemembered, RememberGroups, RememberedGroup};
