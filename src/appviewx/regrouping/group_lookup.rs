//! In which groups certificates are: a search for each id, of which only the row with exactly that id counts.

use std::sync::{Arc, OnceLock};

use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Serialize;
use url::Url;

use crate::appviewx::certificates::{CertificateCategory, Certificates};
use crate::appviewx::error_code::ErrorCode;
use crate::appviewx::lookup_error::LookupError;
use crate::appviewx::types::ResourceId;
use crate::appviewx::vendor::{Caller, Error, SharedError};
use crate::operation::Lookup;

/// Searches under way at once.
const AT_ONCE: usize = 5;

/// Rows after which a search for one id is given up.
const MOST_ROWS: u64 = 1_000;

/// The group of a certificate, according to a search.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let appviewx = scene.appviewx.client();
/// use clm::appviewx::GroupMembership;
///
/// let groups = appviewx.certificate_groups();
/// let confirmation = groups.confirm_group(scene.resource_ids(), "web-servers").send().await?;
/// for (id, membership) in confirmation.memberships() {
///     match membership {
///         GroupMembership::Group(name) => println!("{id} is in {name}"),
///         GroupMembership::NotFound => println!("{id} was not found"),
///         other => println!("{id}: {other}"),
///     }
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "place", content = "detail")]
#[non_exhaustive]
pub enum GroupMembership {
    /// The group of this name.
    Group(String),
    /// The certificate was found, but its row does not name a group.
    GroupNotNamed,
    /// None of the searched categories has a row with exactly this id.
    NotFound,
    /// The group could not be read.
    Unreadable(SharedError),
}

/// In which groups certificates are.
pub(super) struct Memberships {
    /// In the order in which they were asked for.
    pub(super) of_ids: Vec<(ResourceId, GroupMembership)>,
    /// The error after which no further search was sent, if there was one.
    pub(super) ended_by: Option<SharedError>,
}

/// How certificates are looked for.
#[derive(Clone, Debug)]
pub(super) struct GroupLookup {
    certificates: Certificates,
    /// In these categories, one after the other, until it is found. If there are none: in those that an unassignment is
    /// documented for.
    categories: Vec<CertificateCategory>,
}

impl GroupLookup {
    pub(super) fn new(caller: Caller) -> Self {
        Self { certificates: Certificates { caller }, categories: Vec::new() }
    }

    /// The server on which it looks.
    pub(super) fn server(&self) -> &Url {
        self.certificates.caller.transport().base_url()
    }

    pub(super) fn category(&mut self, category: CertificateCategory) {
        self.categories.push(category);
    }

    /// The group of each id.
    pub(super) async fn memberships(mut self, ids: Vec<ResourceId>) -> Memberships {
        if self.categories.is_empty() {
            self.categories =
                vec![CertificateCategory::Server, CertificateCategory::Client, CertificateCategory::CodeSigning];
        }
        let lookup = Arc::new(self);
        let ended_by = Arc::new(OnceLock::new());
        let searches = ids.into_iter().map(|id| {
            let (lookup, ended) = (Arc::clone(&lookup), Arc::clone(&ended_by));
            async move {
                let membership = lookup.membership(&id, &ended).await;
                (id, membership)
            }
        });
        let of_ids = stream::iter(searches).buffered(AT_ONCE).collect().await;
        Memberships { of_ids, ended_by: ended_by.get().cloned() }
    }

    /// `ended` holds the error after which no further search is sent.
    async fn membership(&self, id: &ResourceId, ended: &OnceLock<SharedError>) -> GroupMembership {
        // What may not be viewed in one category may stand in the next.
        let mut denied = None;
        // Each certificate has a look-up of its own: how many there are is for the caller to say.
        let lookup = Lookup::begin(&self.certificates.caller);
        for category in &self.categories {
            if let Some(error) = ended.get() {
                return GroupMembership::Unreadable(error.clone());
            }
            match self.find(id, category, lookup).await {
                Ok(GroupMembership::NotFound) => {}
                Ok(membership) => return membership,
                Err(error) => {
                    let error = SharedError::from(error);
                    if error.failure_scope().ends_a_run() {
                        return GroupMembership::Unreadable(ended.get_or_init(|| error).clone());
                    }
                    if !error.code().is_some_and(ErrorCode::is_about_a_category) {
                        return GroupMembership::Unreadable(error);
                    }
                    denied.get_or_insert(error);
                }
            }
        }
        denied.map_or(GroupMembership::NotFound, GroupMembership::Unreadable)
    }

    /// All rows are read, since two of them may contradict each other.
    async fn find(
        &self,
        id: &ResourceId,
        category: &CertificateCategory,
        lookup: Lookup,
    ) -> Result<GroupMembership, Error> {
        let search = self.certificates.search().category(category.clone()).resource_id(id);
        let mut rows = search.within(lookup).rows()?;
        let mut membership = GroupMembership::NotFound;
        let mut read = 0;
        while let Some(row) = rows.next().await {
            let row = row?;
            read += 1;
            if row.resource_id.as_ref() == Some(id) {
                let group = row.group.filter(|group| !group.trim().is_empty());
                membership = match (membership, group) {
                    (GroupMembership::Group(first), Some(second)) if first != second => {
                        return Err(LookupError::TwoGroups { first, second }.into());
                    }
                    (GroupMembership::Group(group), _) | (_, Some(group)) => GroupMembership::Group(group),
                    (_, None) => GroupMembership::GroupNotNamed,
                };
            }
            if read >= MOST_ROWS {
                return match membership {
                    GroupMembership::NotFound => Err(LookupError::TooManyRows { rows: read }.into()),
                    found => Ok(found),
                };
            }
        }
        Ok(membership)
    }
}
