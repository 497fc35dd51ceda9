//! Groups and results in words, on one line.

use std::fmt;

use super::assign_back::AssignBackState;
use super::group_lookup::GroupMembership;
use super::remember_groups::{NotRemembered, RememberedGroup};
use crate::lenient::one_line;

/// The name of the group, or why it is not known.
impl fmt::Display for GroupMembership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => f.pad(&one_line(name)),
            Self::GroupNotNamed => f.pad("group not named"),
            Self::NotFound => f.pad("not found"),
            Self::Unreadable(error) => write!(f, "could not be read: {error}"),
        }
    }
}

impl fmt::Display for AssignBackState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(state) => state.fmt(f),
            Self::AlreadyThere => f.pad("already in its old group"),
            Self::NotSeenYet => f.pad("the search still shows it in its old group"),
            Self::MovedOn(Some(group)) => write!(f, "moved since, to {:?}", one_line(group)),
            Self::MovedOn(None) => f.pad("moved since, to a group that is not named"),
            Self::NotFound => f.pad("not found"),
            Self::Unreadable(error) => write!(f, "its group could not be read: {error}"),
            Self::NotRemembered(why) => write!(f, "its old group is not in the plan: {}", one_line(why)),
        }
    }
}

/// The certificate and its group.
impl fmt::Display for RememberedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", one_line(self.resource_id.as_str()), one_line(&self.group))
    }
}

/// The certificate and the reason.
impl fmt::Display for NotRemembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", one_line(self.resource_id.as_str()), one_line(&self.why))
    }
}
