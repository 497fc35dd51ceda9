//! `GET /CertificateStores`.

use super::handle::CertificateStores;
use super::store::{CertificateStore, PERMISSION};
use crate::keyfactor::list_pages::{ListCall, NumberedPages};
use crate::keyfactor::query::Query;
use crate::operation::ListBuilder;
use crate::transport::{Connection, Path};
use crate::validation::Problems;

impl CertificateStores {
    /// Lists certificate stores, including discovered stores that are not yet approved.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// use clm::keyfactor::Query;
    ///
    /// let on_web01 = Query::field("ClientMachine").eq("web01.example.com");
    /// let mut stores = keyfactor.certificate_stores().list(on_web01).rows()?;
    /// while let Some(store) = stores.next().await {
    ///     println!("{:?}", store?.store_path);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /CertificateStores`, page by page.
    /// - **Permissions:** to read certificate stores, system-wide or for their containers (assumed).
    /// - **Arguments:** a query. The documented fields include `AgentAvailable`, `AgentId`, `Approved`, `Category`,
    ///   `CertificateId`, `ClientMachine`, `Container`, `ContainerId` and `StorePath`, but not `Id`.
    /// - **Order:** the server's own, by machine. Other sort fields are undocumented by the vendor.
    /// - **Errors:** `rows()` refuses a query that cannot be expressed in the vendor's query language; the rows
    ///   return those of [`keyfactor::Error`](crate::keyfactor::Error).
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores".
    pub fn list(&self, query: Query) -> ListBuilder<ListStores> {
        ListBuilder::new(self.caller.clone(), ListStores { query })
    }
}

/// A request for a list of certificate stores; see [`CertificateStores::list`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::ListBuilder;
/// use clm::keyfactor::{ListStores, Query};
///
/// let list: ListBuilder<ListStores> =
///     keyfactor.certificate_stores().list(Query::field("Approved").eq(true));
/// println!("{} stores", list.rows()?.collect().await?.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ListStores {
    query: Query,
}

impl ListStores {
    pub(in crate::keyfactor) fn new(query: Query) -> Self {
        Self { query }
    }
}

impl NumberedPages for ListStores {
    type Row = CertificateStore;

    fn check(&mut self, problems: &mut Problems) {
        self.query.check(problems);
    }

    fn call(&self) -> ListCall {
        ListCall {
            name: "keyfactor.certificate_stores.list",
            path: Path::fixed("CertificateStores"),
            query: self.query.parameter(),
            connection: Connection::Own,
            permission_needed: PERMISSION,
        }
    }
}
