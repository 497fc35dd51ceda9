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
    /// **Expired and revoked certificates are not returned by default**, which is the vendor's behavior. Include them
    /// with [`include_expired`](ListBuilder::include_expired) and [`include_revoked`](ListBuilder::include_revoked).
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
    /// - **Arguments:** a query. Fields seen in use are `Thumbprint`, `IssuedCN`, `IssuedDN` and `CertRequestId`.
    /// - **Errors:** `rows()` refuses a query that cannot be expressed in the vendor's query language, and a
    ///   collection id that is not positive; the rows return those of [`keyfactor::Error`](crate::keyfactor::Error);
    ///   `Lookup` for a server older than version 11, or a list that does not end.
    /// - **Source:** Keyfactor Command reference, "GET Certificates".
    pub fn search(&self, query: Query) -> ListBuilder<SearchCertificates> {
        ListBuilder::new(self.caller.clone(), SearchCertificates::new(query))
    }
}

/// A search for certificates; see [`Certificates::search`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::ListBuilder;
/// use clm::keyfactor::{Query, SearchCertificates};
///
/// let search: ListBuilder<SearchCertificates> = keyfactor.certificates().search(Query::all());
/// let certificates = search.include_expired().include_revoked().rows()?.collect().await?;
/// # Ok(()) }
/// ```
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
    /// Limits the search to this collection, and makes the server check the permission to read certificates there.
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

    /// Includes revoked certificates.
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

    /// Includes expired certificates.
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

    /// Requests [`Certificate::locations`], which are otherwise empty.
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

    /// Requests [`Certificate::metadata`], which is otherwise empty.
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

    /// Requests [`Certificate::has_private_key`], which is otherwise always `false`.
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
