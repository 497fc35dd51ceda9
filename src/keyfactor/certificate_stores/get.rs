//! `GET /CertificateStores/{id}`.

use http::Method;

use super::handle::CertificateStores;
use super::store::{CertificateStore, PERMISSION};
use crate::keyfactor::answer;
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::types::CertificateStoreId;
use crate::keyfactor::vendor::{CallLimits, Keyfactor, ReadError};
use crate::operation::{DocumentedCall, Operation, RequestBuilder};
use crate::transport::{Exchange, Path};
use crate::validation::Problems;

impl CertificateStores {
    /// Reads one certificate store.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let store = keyfactor.certificate_stores().get(scene.stores()[0]).send().await?;
    /// println!("{:?} {:?}", store.client_machine, store.store_path);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /CertificateStores/{id}`.
    /// - **Permissions:** to read certificate stores, system-wide or for its container (assumed).
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error); `Api` with 404 for an unknown id.
    /// - **Source:** Keyfactor Command reference, "GET Certificate Stores ID".
    pub fn get(&self, id: impl Into<CertificateStoreId>) -> RequestBuilder<GetStore> {
        self.caller.request(GetStore { id: id.into() })
    }
}

/// A request for one certificate store; see [`CertificateStores::get`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::GetStore;
///
/// let request: Request<GetStore> =
///     keyfactor.certificate_stores().get(scene.stores()[0]).build()?;
/// let store = keyfactor.execute(request).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct GetStore {
    id: CertificateStoreId,
}

impl Operation for GetStore {
    type Vendor = Keyfactor;
    type Outcome = CertificateStore;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::read(
            "keyfactor.certificate_stores.get",
            Method::GET,
            Path::with_values("CertificateStores/{id}", [self.id.to_string()]),
        )
    }

    fn check(&mut self, _: &CallLimits, problems: &mut Problems) {
        self.call().path.check(problems);
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(PERMISSION)
    }

    fn read(&self, exchange: &Exchange) -> Result<CertificateStore, ReadError> {
        let store: CertificateStore = answer::row(exchange)?;
        if store.id != self.id {
            return Err(ReadError::Lookup(LookupError::not_asked("certificate store", store.id, self.id)));
        }
        Ok(store)
    }
}
