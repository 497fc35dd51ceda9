//! Where certificates are now, read back by search.

use serde::Serialize;

use super::moving::{check_group, check_ids};
use super::place::{Lookup, Place};
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::client::Client;
use crate::appviewx::error::{Error, Outcome};
use crate::appviewx::types::ResourceId;
use crate::validation::Problems;

/// Reads back in which group certificates are; see
/// [`CertificateGroups::confirm_group`](super::CertificateGroups::confirm_group).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send()`"]
pub struct ConfirmGroup {
    lookup: Lookup,
    resource_ids: Vec<ResourceId>,
    group: String,
}

impl ConfirmGroup {
    pub(super) fn new(client: Client, resource_ids: Vec<ResourceId>, group: String) -> Self {
        Self { lookup: Lookup::new(client), resource_ids, group }
    }

    /// Looks in this category, after those that were named before. Default: server, client and code signing
    /// certificates, in that order.
    pub fn category(mut self, category: CertificateCategory) -> Self {
        self.lookup.category(category);
        self
    }

    /// Searches each id.
    ///
    /// # Errors
    /// [`Error::Validation`] alone. What could not be read is in the answer, id by id.
    pub async fn send(self) -> Result<GroupConfirmation, Error> {
        let mut problems = Problems::default();
        let (ids, _) = check_ids(self.resource_ids, usize::MAX, &mut problems);
        check_group(&self.group, "group", &mut problems);
        problems.finish()?;
        Ok(GroupConfirmation { group: self.group, places: self.lookup.places(ids).await.places })
    }
}

/// Where certificates are, as a search told it. Whether a search shows a change at once is documented nowhere.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[non_exhaustive]
pub struct GroupConfirmation {
    group: String,
    places: Vec<(ResourceId, Place)>,
}

impl GroupConfirmation {
    /// The group that they were expected in.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Every id, each once, in the order in which they were asked for, with its place.
    #[must_use]
    pub fn places(&self) -> &[(ResourceId, Place)] {
        &self.places
    }

    /// The place of one id; `None` if nobody asked for it.
    #[must_use]
    pub fn of(&self, id: &str) -> Option<&Place> {
        self.places.iter().find(|(asked, _)| asked == id).map(|(_, place)| place)
    }

    /// The ids that are in the group.
    pub fn ids_in_group(&self) -> impl Iterator<Item = &ResourceId> {
        self.places.iter().filter(|(_, place)| self.is_there(place)).map(|(id, _)| id)
    }

    /// The ids that are not in the group, or of which that is not known, each with its place.
    pub fn others(&self) -> impl Iterator<Item = &(ResourceId, Place)> {
        self.places.iter().filter(|(_, place)| !self.is_there(place))
    }

    fn is_there(&self, place: &Place) -> bool {
        matches!(place, Place::Group(name) if *name == self.group)
    }

    /// Whether every certificate is in the group.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.others().next().is_none()
    }

    /// Makes a gap an error.
    ///
    /// # Errors
    /// [`Error::Incomplete`], which holds this confirmation, if [`is_complete`](Self::is_complete) is false.
    pub fn require_complete(self) -> Result<Self, Error> {
        if self.is_complete() {
            return Ok(self);
        }
        let (others, all) = (self.others().count(), self.places.len());
        let gap = format!("{others} of {all} certificate(s) are not known to be in the group {:?}", self.group);
        Err(Error::incomplete(gap, Outcome::ConfirmGroup(self)))
    }
}
