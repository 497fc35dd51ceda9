//! `GET /Certificates/{id}`.

use http::Method;

use super::by_id::ById;
use super::certificate::Certificate;
use super::handle::{Certificates, PERMISSION};
use crate::keyfactor::answer;
use crate::keyfactor::lookup_error::LookupError;
use crate::keyfactor::permission_scope::PermissionScope;
use crate::keyfactor::scope::{InCollection, InContainer, Scope};
use crate::keyfactor::types::CertificateId;
use crate::keyfactor::vendor::{CallLimits, Keyfactor, ReadError};
use crate::operation::{DocumentedCall, Operation, RequestBuilder};
use crate::transport::{Exchange, Parameters, Path};
use crate::validation::Problems;

impl Certificates {
    /// Reads one certificate, with its locations and metadata.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
    /// let certificate = keyfactor.certificates().get(scene.certificate()).send().await?;
    /// println!("{:?}", certificate.issued_cn);
    /// # Ok(()) }
    /// ```
    ///
    /// - **Call:** `GET /Certificates/{id}`.
    /// - **Permissions:** to read certificates, system-wide or in the given scope.
    /// - **Errors:** those of [`keyfactor::Error`](crate::keyfactor::Error); `Api` with 404 for an unknown id
    ///   (assumed); `Lookup` if the server returns another certificate.
    /// - **Undocumented by the vendor:** whether the call returns expired and revoked certificates. It cannot request
    ///   [`has_private_key`](Certificate::has_private_key), which may be `false` even though Command holds the key.
    /// - **Source:** Keyfactor Command reference, "GET Certificates ID".
    pub fn get(&self, id: impl Into<CertificateId>) -> RequestBuilder<GetCertificate> {
        self.caller.request(GetCertificate::new(id.into()))
    }
}

/// A request for one certificate; see [`Certificates::get`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::Request;
/// use clm::keyfactor::GetCertificate;
///
/// let request: Request<GetCertificate> =
///     keyfactor.certificates().get(scene.certificate()).build()?;
/// let certificate = keyfactor.execute(request).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct GetCertificate(ById);

impl GetCertificate {
    pub(in crate::keyfactor) fn new(id: CertificateId) -> Self {
        Self(ById::new(id))
    }
}

impl InCollection for GetCertificate {
    fn scope_settings(&mut self) -> &mut Scope {
        &mut self.0.scope
    }
}

impl InContainer for GetCertificate {}

impl Operation for GetCertificate {
    type Vendor = Keyfactor;
    type Outcome = Certificate;

    fn call(&self) -> DocumentedCall {
        DocumentedCall::read(
            "keyfactor.certificates.get",
            Method::GET,
            Path::with_values("Certificates/{id}", [self.0.id.to_string()]),
        )
    }

    fn check(&mut self, _: &CallLimits, problems: &mut Problems) {
        let path = self.call().path;
        self.0.check(&path, problems);
    }

    fn query(&self) -> Parameters {
        self.0.query(&["includeLocations", "includeMetadata"])
    }

    fn scope(&self) -> Option<PermissionScope> {
        Some(self.0.scope.resolved())
    }

    fn permission_needed(&self) -> Option<&'static str> {
        Some(PERMISSION)
    }

    fn read(&self, exchange: &Exchange) -> Result<Certificate, ReadError> {
        let certificate: Certificate = answer::row(exchange)?;
        if certificate.id != self.0.id {
            return Err(ReadError::Lookup(LookupError::not_asked("certificate", certificate.id, self.0.id)));
        }
        Ok(certificate)
    }
}
