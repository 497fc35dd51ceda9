//! Where certificates are: a search for each id, of which only the row with exactly that id counts.

use std::sync::{Arc, OnceLock};

use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Serialize;

use super::many::{ends_the_run, is_of_a_category};
use super::many_outcome::SharedError;
use crate::appviewx::certificates::CertificateCategory;
use crate::appviewx::client::Client;
use crate::appviewx::error::Error;
use crate::appviewx::lookup::LookupError;
use crate::appviewx::types::ResourceId;

/// Searches under way at once.
const AT_ONCE: usize = 5;

/// Rows after which a search for one id is given up.
const MOST_ROWS: u64 = 1_000;

/// The group of a certificate, as a search tells it.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "place", content = "detail")]
#[non_exhaustive]
pub enum Place {
    /// The group of this name.
    Group(String),
    /// The certificate was found, and its row names no group.
    GroupNotNamed,
    /// No row has exactly this id, in none of the categories that were searched.
    NotFound,
    /// It could not be read.
    Unreadable(SharedError),
}

/// Where certificates are.
pub(super) struct Places {
    /// In the order in which they were asked for.
    pub(super) places: Vec<(ResourceId, Place)>,
    /// The error after which no further search was sent, if there was one.
    pub(super) ended_by: Option<SharedError>,
}

/// How certificates are looked for.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    client: Client,
    /// In these categories, one after the other, until it is found. If there are none: in those that an unassignment is
    /// documented for.
    categories: Vec<CertificateCategory>,
}

impl Lookup {
    pub(super) fn new(client: Client) -> Self {
        Self { client, categories: Vec::new() }
    }

    pub(super) fn category(&mut self, category: CertificateCategory) {
        self.categories.push(category);
    }

    /// The place of each id.
    pub(super) async fn places(mut self, ids: Vec<ResourceId>) -> Places {
        if self.categories.is_empty() {
            self.categories =
                vec![CertificateCategory::Server, CertificateCategory::Client, CertificateCategory::CodeSigning];
        }
        let lookup = Arc::new(self);
        let ended_by = Arc::new(OnceLock::new());
        let searches = ids.into_iter().map(|id| {
            let (lookup, ended) = (Arc::clone(&lookup), Arc::clone(&ended_by));
            async move {
                let place = lookup.place(&id, &ended).await;
                (id, place)
            }
        });
        let places = stream::iter(searches).buffered(AT_ONCE).collect().await;
        Places { places, ended_by: ended_by.get().cloned() }
    }

    /// `ended` holds the error after which no further search is sent.
    async fn place(&self, id: &ResourceId, ended: &OnceLock<SharedError>) -> Place {
        // What may not be viewed in one category may stand in the next.
        let mut denied = None;
        for category in &self.categories {
            if let Some(error) = ended.get() {
                return Place::Unreadable(error.clone());
            }
            match self.find(id, category).await {
                Ok(Place::NotFound) => {}
                Ok(place) => return place,
                Err(error) => {
                    let error = SharedError::from(error);
                    if ends_the_run(&error) {
                        return Place::Unreadable(ended.get_or_init(|| error).clone());
                    }
                    if !error.code().is_some_and(is_of_a_category) {
                        return Place::Unreadable(error);
                    }
                    denied.get_or_insert(error);
                }
            }
        }
        denied.map_or(Place::NotFound, Place::Unreadable)
    }

    /// All rows are read, since two of them may contradict each other.
    async fn find(&self, id: &ResourceId, category: &CertificateCategory) -> Result<Place, Error> {
        let search = self.client.certificates().search().category(category.clone()).resource_id(id);
        let mut rows = search.rows()?;
        let mut place = Place::NotFound;
        let mut read = 0;
        while let Some(row) = rows.next().await {
            let row = row?;
            read += 1;
            if row.resource_id.as_ref() == Some(id) {
                let group = row.group.filter(|group| !group.trim().is_empty());
                place = match (place, group) {
                    (Place::Group(first), Some(second)) if first != second => {
                        return Err(LookupError::TwoGroups { first, second }.into());
                    }
                    (Place::Group(group), _) | (_, Some(group)) => Place::Group(group),
                    (_, None) => Place::GroupNotNamed,
                };
            }
            if read >= MOST_ROWS {
                return match place {
                    Place::NotFound => Err(LookupError::TooManyRows { rows: read }.into()),
                    found => Ok(found),
                };
            }
        }
        Ok(place)
    }
}
