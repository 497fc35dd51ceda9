//! `GET /CertificateStoreTypes`.

use super::handle::{CertificateStoreTypes, PERMISSION};
use super::store_type::CertificateStoreType;
use crate::keyfactor::list_pages::{ListCall, NumberedPages};
use crate::keyfactor::query::Query;
use crate::operation::ListBuilder;
use crate::transport::{Connection, Path};
use crate::validation::Problems;

impl CertificateStoreTypes {
    /// Lists certificate store types.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let types = keyfactor.certificate_store_types().list(Query::all()).rows()?.collect().await?;
    /// for it in &types {
    ///     println!("{:?} {:?}", it.id, it.name);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /CertificateStoreTypes`, page by page.
    /// - **Arguments:** a query.
    /// - **Order:** the server's own.
    /// - **Undocumented by the vendor:** the permissions, and the fields by which the list can be filtered and sorted.
    /// - **Errors:** `rows()` refuses a query that cannot be expressed in the vendor's query language; the rows
    ///   return those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Source:** Keyfactor Command reference, "GET Certificate Store Types". Servers deviate from it; see
    ///   [`CertificateStoreType`].
    pub fn list(&self, query: Query) -> ListBuilder<ListStoreTypes> {
        ListBuilder::new(self.caller.clone(), ListStoreTypes { query })
    }
}

/// A request for a list of certificate store types; see [`CertificateStoreTypes::list`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::ListBuilder;
/// use clm::keyfactor::{ListStoreTypes, Query};
///
/// let list: ListBuilder<ListStoreTypes> =
///     keyfactor.certificate_store_types().list(Query::all());
/// println!("{} types", list.rows()?.collect().await?.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ListStoreTypes {
    query: Query,
}

impl NumberedPages for ListStoreTypes {
    type Row = CertificateStoreType;

    fn check(&mut self, problems: &mut Problems) {
        self.query.check(problems);
    }

    fn call(&self) -> ListCall {
        ListCall {
            name: "keyfactor.certificate_store_types.list",
            path: Path::fixed("CertificateStoreTypes"),
            query: self.query.parameter(),
            connection: Connection::Own,
            permission_needed: PERMISSION,
        }
    }
}
