//! Certificates: search.

mod certificate;
mod search;
mod terms;

pub use self::certificate::Certificate;
pub use self::search::CertificateSearch;
pub use self::terms::{CertificateCategory, Keyword, SortOrder};

use super::client::Client;

/// The operations on certificates. It owns a clone of its [`Client`].
#[derive(Clone, Debug)]
pub struct Certificates {
    client: Client,
}

impl Certificates {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Searches certificates.
    ///
    /// **What a search finds is for the server to say**: whether its terms are compared as a whole, as a part or without
    /// regard to case is documented nowhere. Compare what you act on yourself, or have it compared:
    /// [`common_name_is`](CertificateSearch::common_name_is) and [`in_group`](CertificateSearch::in_group) do. What this
    /// crate acts on, it compares exactly.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let fake = clm::testing::FakeAppViewX::start().await;
    /// # fake.add_certificate("67bc2ca76a105e1a05691c1c", "web-servers");
    /// # fake.set_member("67bc2ca76a105e1a05691c1c", "commonName", "www.example.com");
    /// # let appviewx = fake.client();
    /// use clm::appviewx::Keyword;
    ///
    /// let search = appviewx.certificates().search().keyword(Keyword::SubjectCommonName, "www.example.com");
    /// let mut rows = search.common_name_is("www.example.com").in_group("web-servers").rows()?;
    /// let mut ids = Vec::new();
    /// while let Some(certificate) = rows.next().await {
    ///     ids.extend(certificate?.resource_id);
    /// }
    /// appviewx.certificate_groups().unassign(ids).send().await?.require_complete()?;
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `POST /certificate/search`, page by page.
    /// - **Permissions:** to view the certificate inventory of each category (assumed: what could be read of the page does
    ///   not say).
    /// - **Arguments:** none is required. Without [`category`](CertificateSearch::category) the server searches server
    ///   certificates.
    /// - **Errors:** those of [`appviewx::Error`](super::Error); `Lookup` for pages that are not those that were asked for,
    ///   and, after the rows, for a list that ends before or after the total that the server names or whose pages overlap. "No records", as 200 or as 404, is an
    ///   empty list.
    /// - **Documented nowhere:** how terms are compared; the greatest page size; whether pages have a stable order. That
    ///   `start` counts rows from 1 is **assumed** from the vendor's clients and checked where the answer says.
    /// - **Source:** AppViewX CERT+ API reference, "Search/Get Certificate Inventory".
    pub fn search(&self) -> CertificateSearch {
        CertificateSearch::new(self.client.clone())
    }
}
