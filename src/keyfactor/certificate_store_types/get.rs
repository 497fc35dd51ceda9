//! `GET /CertificateStoreTypes/{id}`.

use http::Method;

use super::handle::{CertificateStoreTypes, PERMISSION};
use super::store_type::CertificateStoreType;
use crate::keyfactor::answer;
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::types::CertificateStoreTypeId;
use crate::keyfactor::vendor::{CallLimits, Keyfactor, ReadError};
use crate::operation::{DocumentedCall, Operation, RequestBuilder};
use crate::transport::{Exchange, Path};
use crate::validation::{Problems, Reason};

impl CertificateStoreTypes {
    /// Reads one certificate store type: its capabilities, whether an alias may be given, and the entry parameters
    /// that its jobs need.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use clm::testing::{FakeKeyfactor, FakeStoreType};
    /// # let fake = FakeKeyfactor::start().await;
    /// # let store = fake.add_store_of_type(FakeStoreType::iis());
    /// # let keyfactor = fake.client();
    /// use clm::keyfactor::CustomAlias;
    ///
    /// let store = keyfactor.certificate_stores().get(store).send().await?;
    /// let Some(id) = store.cert_store_type else { panic!("the server names no type") };
    /// let store_type = keyfactor.certificate_store_types().get(id).send().await?;
    /// assert_eq!(store_type.custom_alias, CustomAlias::Forbidden);
    /// let needed: Vec<&str> =
    ///     store_type.needed_on_remove().map(|parameter| parameter.name.as_str()).collect();
    /// assert_eq!(needed, ["SiteName", "IPAddress", "Protocol"]);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /CertificateStoreTypes/{id}`.
    /// - **Permissions:** undocumented by the vendor.
    /// - **Arguments:** the id of the store type, as in
    ///   [`CertificateStore::cert_store_type`](crate::keyfactor::CertificateStore::cert_store_type). 0 is valid (Java
    ///   keystores); values below -1 are refused.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error); `Api` with 404 for an unknown id
    ///   (assumed).
    /// - **Source:** Keyfactor Command reference, "GET Certificate Store Types ID". Servers deviate from it; see
    ///   [`CertificateStoreType`].
    pub fn get(&self, id: impl Into<CertificateStoreTypeId>) -> RequestBuilder<GetStoreType> {
        self.caller.request(GetStoreType::new(id.into()))
    }
}

/// A request for one certificate store type; see [`CertificateStoreTypes::get`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::GetStoreType;
///
/// let request: Request<GetStoreType> = keyfactor.certificate_store_types().get(2).build()?;
/// let store_type = keyfactor.execute(request).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct GetStoreType {
    id: CertificateStoreTypeId,
}

impl GetStoreType {
    pub(in crate::keyfactor) fn new(id: CertificateStoreTypeId) -> Self {
        Self { id }
    }
}

impl Operation for GetStoreType {
    type Vendor = Keyfactor;
    type Outcome = CertificateStoreType;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::read(
            "keyfactor.certificate_store_types.get",
            Method::GET,
            Path::with_values("CertificateStoreTypes/{id}", [self.id.to_string()]),
        )
    }

    fn check(&mut self, _: &CallLimits, problems: &mut Problems) {
        if self.id.get() < -1 {
            let sentence = format!("must be at least -1, is {}", self.id);
            problems.add("id", Reason::OutOfRange, sentence);
        }
        self.call().path.check(problems);
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(PERMISSION)
    }

    fn read(&self, exchange: &Exchange) -> Result<CertificateStoreType, ReadError> {
        let store_type: CertificateStoreType = answer::row(exchange)?;
        if store_type.id != self.id {
            return Err(ReadError::Lookup(LookupError::not_asked("certificate store type", store_type.id, self.id)));
        }
        Ok(store_type)
    }
}
