//! `GET /Certificates`.

use super::{Certificate, PERMISSION};
use crate::keyfactor::client::Client;
use crate::keyfactor::lookup::{PAGE_SIZE, Paged, Rows};
use crate::keyfactor::query::Query;
use crate::keyfactor::types::CollectionId;
use crate::transport::Path;
use crate::validation::{Problems, ValidationError};

/// A search for certificates; see [`Certificates::search`](super::Certificates::search).
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before the first row is asked for"]
pub struct CertificateSearch {
    client: Client,
    query: Query,
    collection_id: Option<CollectionId>,
    flags: Vec<&'static str>,
    page_size: u32,
}

impl CertificateSearch {
    pub(super) fn new(client: Client, query: Query) -> Self {
        Self { client, query, collection_id: None, flags: Vec::new(), page_size: PAGE_SIZE }
    }

    /// Has the server check the right to read certificates in this collection, and finds only certificates in it.
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.collection_id = Some(id.into());
        self
    }

    /// Finds revoked certificates as well.
    pub fn include_revoked(self) -> Self {
        self.flag("IncludeRevoked")
    }

    /// Finds expired certificates as well.
    pub fn include_expired(self) -> Self {
        self.flag("IncludeExpired")
    }

    /// Fills [`Certificate::locations`]; without it they are empty.
    pub fn include_locations(self) -> Self {
        self.flag("includeLocations")
    }

    /// Fills [`Certificate::metadata`].
    pub fn include_metadata(self) -> Self {
        self.flag("includeMetadata")
    }

    /// Makes [`Certificate::has_private_key`] true where it is; without it, it reads false everywhere.
    pub fn include_has_private_key(self) -> Self {
        self.flag("includeHasPrivateKey")
    }

    fn flag(mut self, name: &'static str) -> Self {
        if !self.flags.contains(&name) {
            self.flags.push(name);
        }
        self
    }

    /// How many rows are asked for at once. Default 100; 0 counts as 1, and the vendor counts to 2,147,483,647.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows.clamp(1, i32::MAX.unsigned_abs());
        self
    }

    /// Checks the request and gives the rows. Nothing is sent before the first one is asked for.
    ///
    /// # Errors
    /// [`ValidationError`] for a query that cannot be written, or a collection id that is not positive.
    pub fn rows(self) -> Result<Rows<Certificate>, ValidationError> {
        let mut problems = Problems::default();
        self.query.check(&mut problems);
        problems.check_positive("collection_id", self.collection_id.map(CollectionId::get));
        problems.finish()?;
        let mut query = self.query.parameter();
        if let Some(id) = self.collection_id {
            query.push(("collectionId", id.to_string()));
        }
        query.extend(self.flags.iter().map(|name| (*name, "true".to_owned())));
        // `Id`, the name in the rows, is refused as a sort field; `CertId` is taken.
        query.push(("SortField", "CertId".to_owned()));
        query.push(("SortAscending", "0".to_owned()));
        let paged = Paged {
            operation: "keyfactor.certificates.search",
            path: Path::fixed("Certificates"),
            query,
            page_size: self.page_size,
            permission_needed: PERMISSION,
        };
        Ok(paged.rows(self.client))
    }
}
