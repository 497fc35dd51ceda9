//! `GET /Certificates`.

use super::certificate::Certificate;
use super::handle::{Certificates, PERMISSION};
use crate::keyfactor::list_pages::{ListCall, NumberedPages};
use crate::keyfactor::query::Query;
use crate::keyfactor::types::CollectionId;
use crate::operation::ListBuilder;
use crate::transport::{Connection, Path};
use crate::validation::Problems;

impl Certificates {
    /// Searches certificates.
    ///
    /// **Expired and revoked certificates are hidden unless you ask for them** with
    /// [`include_expired`](ListBuilder::include_expired) and [`include_revoked`](ListBuilder::include_revoked): that is the
    /// vendor's default.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let by_name = Query::field("IssuedCN").eq("www.example.com");
    /// let mut rows = keyfactor.certificates().search(by_name).rows()?;
    /// while let Some(certificate) = rows.next().await {
    ///     println!("{:?}", certificate?.thumbprint);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /Certificates`, page by page, sorted by `CertId`.
    /// - **Permissions:** to read certificates, system-wide or in the collection given by
    ///   [`collection_id`](ListBuilder::collection_id).
    /// - **Arguments:** a query; fields seen in use are `Thumbprint`, `IssuedCN`, `IssuedDN`, `CertRequestId`.
    /// - **Errors:** `rows()` refuses a query that cannot be written, and a collection id that is not positive; the rows give
    ///   those of [`keyfactor::Error`](crate::keyfactor::Error); `Lookup` for a server before version 11, or a list that does
    ///   not end.
    /// - **Source:** Keyfactor Command reference, "GET Certificates".
    pub fn search(&self, query: Query) -> ListBuilder<SearchCertificates> {
        ListBuilder::new(self.caller.clone(), SearchCertificates::new(query))
    }
}

/// A search for certificates; see [`Certificates::search`].
#[derive(Clone, Debug)]
pub struct SearchCertificates {
    query: Query,
    collection_id: Option<CollectionId>,
    flags: Vec<&'static str>,
}

impl SearchCertificates {
    fn new(query: Query) -> Self {
        Self { query, collection_id: None, flags: Vec::new() }
    }

    fn flag(&mut self, name: &'static str) {
        if !self.flags.contains(&name) {
            self.flags.push(name);
        }
    }
}

impl ListBuilder<SearchCertificates> {
    /// Has the server check the right to read certificates in this collection, and finds only certificates in it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let by_name = Query::field("IssuedCN").eq("www.example.com");
    /// let mut rows = keyfactor.certificates().search(by_name).collection_id(4).rows()?;
    /// while let Some(certificate) = rows.next().await {
    ///     println!("{:?}", certificate?.thumbprint);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn collection_id(mut self, id: impl Into<CollectionId>) -> Self {
        self.list().collection_id = Some(id.into());
        self
    }

    /// Finds revoked certificates as well.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let by_name = Query::field("IssuedCN").eq("www.example.com");
    /// let mut rows = keyfactor.certificates().search(by_name).include_revoked().rows()?;
    /// while let Some(certificate) = rows.next().await {
    ///     println!("{:?}", certificate?.thumbprint);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn include_revoked(mut self) -> Self {
        self.list().flag("IncludeRevoked");
        self
    }

    /// Finds expired certificates as well.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let by_name = Query::field("IssuedCN").eq("www.example.com");
    /// let mut rows = keyfactor.certificates().search(by_name).include_expired().rows()?;
    /// while let Some(certificate) = rows.next().await {
    ///     println!("{:?}", certificate?.thumbprint);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn include_expired(mut self) -> Self {
        self.list().flag("IncludeExpired");
        self
    }

    /// Fills [`Certificate::locations`]; without it they are empty.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let by_name = Query::field("IssuedCN").eq("www.example.com");
    /// let mut rows = keyfactor.certificates().search(by_name).include_locations().rows()?;
    /// while let Some(certificate) = rows.next().await {
    ///     println!("{:?}", certificate?.thumbprint);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn include_locations(mut self) -> Self {
        self.list().flag("includeLocations");
        self
    }

    /// Fills [`Certificate::metadata`].
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let by_name = Query::field("IssuedCN").eq("www.example.com");
    /// let mut rows = keyfactor.certificates().search(by_name).include_metadata().rows()?;
    /// while let Some(certificate) = rows.next().await {
    ///     println!("{:?}", certificate?.thumbprint);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn include_metadata(mut self) -> Self {
        self.list().flag("includeMetadata");
        self
    }

    /// Makes [`Certificate::has_private_key`] true where it is; without it, it reads false everywhere.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let by_name = Query::field("IssuedCN").eq("www.example.com");
    /// let mut rows = keyfactor.certificates().search(by_name).include_has_private_key().rows()?;
    /// while let Some(certificate) = rows.next().await {
    ///     println!("{:?}", certificate?.thumbprint);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn include_has_private_key(mut self) -> Self {
        self.list().flag("includeHasPrivateKey");
        self
    }
}

impl NumberedPages for SearchCertificates {
    type Row = Certificate;

    fn check(&mut self, problems: &mut Problems) {
        self.query.check(problems);
        problems.check_positive("collection_id", self.collection_id.map(CollectionId::get));
    }

    fn call(&self) -> ListCall {
        let mut query = self.query.parameter();
        if let Some(id) = self.collection_id {
            query.push(("collectionId".into(), id.to_string()));
        }
        query.extend(self.flags.iter().map(|name| ((*name).into(), "true".to_owned())));
        // `Id`, the name in the rows, is refused as a sort field; `CertId` is taken.
        query.push(("SortField".into(), "CertId".to_owned()));
        query.push(("SortAscending".into(), "0".to_owned()));
        ListCall {
            name: "keyfactor.certificates.search",
            path: Path::fixed("Certificates"),
            query,
            connection: Connection::Shared,
            permission_needed: PERMISSION,
        }
    }
}
