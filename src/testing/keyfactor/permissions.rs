//! Who may do what.

use serde_json::Value;
use uuid::Uuid;

use super::refusal::{bad_request, forbidden, unauthorized};
use super::state::State;
use super::{PASSWORD, USER};
use crate::testing::server::{RecordedRequest, Reply};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A permission of the fake's account; see [`FakeKeyfactor::restrict_to`](super::FakeKeyfactor::restrict_to).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let scene = clm::testing::Scene::offboarding().await; let keyfactor = scene.keyfactor.client();
/// use clm::keyfactor::Query;
/// use clm::testing::KeyfactorPermission;
///
/// scene.keyfactor.restrict_to([KeyfactorPermission::ReadStores]);
/// assert!(keyfactor.certificate_stores().list(Query::all()).rows()?.collect().await.is_ok());
/// assert!(keyfactor.certificates().search(Query::all()).rows()?.collect().await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum KeyfactorPermission {
    /// Read certificates, system-wide.
    ReadCertificates,
    /// Read the certificates of this collection, in calls that specify it.
    ReadCertificatesIn(i32),
    /// Revoke certificates, system-wide.
    RevokeCertificates,
    /// Revoke the certificates of this collection, in calls that specify it.
    RevokeCertificatesIn(i32),
    /// Read certificate stores and their inventories, system-wide.
    ReadStores,
    /// Read the certificate stores of this container and their inventories.
    ReadStoresIn(i32),
    /// Read certificate store types. The permission for this is undocumented by the vendor.
    ReadStoreTypes,
    /// Schedule jobs on certificate stores, system-wide.
    ScheduleStores,
    /// Schedule jobs on the certificate stores of this container.
    ScheduleStoresIn(i32),
    /// Read the job history and the scheduled jobs.
    ReadJobs,
    /// Unschedule, reschedule and acknowledge jobs.
    ModifyJobs,
}

impl KeyfactorPermission {
    pub(super) const EVERYTHING: [Self; 7] = [
        Self::ReadCertificates,
        Self::RevokeCertificates,
        Self::ReadStores,
        Self::ReadStoreTypes,
        Self::ScheduleStores,
        Self::ReadJobs,
        Self::ModifyJobs,
    ];
}

const READ_CERTIFICATES: &str = "/certificates/collections/read/";
const READ_STORES: &str = "/certificate_stores/read/";
const SCHEDULE_STORES: &str = "/certificate_stores/schedule/";

impl State {
    pub(super) fn authenticate(&self, request: &RecordedRequest) -> Result<(), Reply> {
        let (scheme, given) = request.header("authorization").and_then(|it| it.split_once(' ')).unwrap_or_default();
        let token = Some(given).filter(|_| scheme.eq_ignore_ascii_case("Bearer"));
        let known = match token {
            Some(token) => self.identity_provider.state(|provider| provider.tokens.takes(token)),
            None => scheme.eq_ignore_ascii_case("Basic") && is_account(given),
        };
        if !known {
            let refusal = unauthorized();
            return Err(match token {
                Some(_) => refusal.header("WWW-Authenticate", r#"Bearer error="invalid_token""#),
                None => refusal,
            });
        }
        if request.header("x-keyfactor-requested-with").is_none() {
            return Err(bad_request("The header x-keyfactor-requested-with is missing."));
        }
        Ok(())
    }

    fn has(&self, permission: KeyfactorPermission) -> bool {
        self.permissions.contains(&permission)
    }

    /// A collection narrows the certificates to those in it, also for an account that may read them all.
    pub(super) fn permit_reading_certificates(&self, collection: Option<i32>) -> Result<(), Reply> {
        let may = self.has(KeyfactorPermission::ReadCertificates)
            || collection.is_some_and(|id| self.has(KeyfactorPermission::ReadCertificatesIn(id)));
        if may { Ok(()) } else { Err(forbidden(READ_CERTIFICATES)) }
    }

    /// For a change that names a certificate by itself or by its alias; the certificate is `None` if Command knows none.
    pub(super) fn permit_using_certificate(
        &self,
        certificate: Option<i32>,
        collection: Option<i32>,
    ) -> Result<(), Reply> {
        let may = self.has(KeyfactorPermission::ReadCertificates)
            || collection.is_some_and(|id| {
                let known = certificate.and_then(|number| self.certificates.get(number));
                self.has(KeyfactorPermission::ReadCertificatesIn(id))
                    && known.is_none_or(|certificate| certificate.is_in(id))
            });
        if may { Ok(()) } else { Err(forbidden(READ_CERTIFICATES)) }
    }

    /// As for reading: a collection narrows it to the certificates in it.
    pub(super) fn permit_revoking(&self, certificate: i32, collection: Option<i32>) -> Result<(), Reply> {
        let is_in = |id| self.certificates.get(certificate).is_none_or(|certificate| certificate.is_in(id));
        let may = self.has(KeyfactorPermission::RevokeCertificates)
            || collection.is_some_and(|id| self.has(KeyfactorPermission::RevokeCertificatesIn(id)) && is_in(id));
        if may { Ok(()) } else { Err(forbidden("/certificates/collections/revoke/")) }
    }

    pub(super) fn may_read_store(&self, container: Option<i32>) -> bool {
        self.has(KeyfactorPermission::ReadStores)
            || container.is_some_and(|id| self.has(KeyfactorPermission::ReadStoresIn(id)))
    }

    /// The list is for everybody who may read some stores.
    pub(super) fn permit_listing_stores(&self) -> Result<(), Reply> {
        let reads = |it: &KeyfactorPermission| {
            matches!(it, KeyfactorPermission::ReadStores | KeyfactorPermission::ReadStoresIn(_))
        };
        if self.permissions.iter().any(reads) { Ok(()) } else { Err(forbidden(READ_STORES)) }
    }

    pub(super) fn permit_reading_store(&self, store: Uuid) -> Result<(), Reply> {
        if self.may_read_store(self.container_of(store)) { Ok(()) } else { Err(forbidden(READ_STORES)) }
    }

    pub(super) fn permit_reading_store_types(&self) -> Result<(), Reply> {
        if self.has(KeyfactorPermission::ReadStoreTypes) {
            Ok(())
        } else {
            Err(forbidden("/certificate_stores/types/read/"))
        }
    }

    pub(super) fn permit_scheduling(&self, store: Uuid) -> Result<(), Reply> {
        let may = self.has(KeyfactorPermission::ScheduleStores)
            || self.container_of(store).is_some_and(|id| self.has(KeyfactorPermission::ScheduleStoresIn(id)));
        if may { Ok(()) } else { Err(forbidden(SCHEDULE_STORES)) }
    }

    fn container_of(&self, store: Uuid) -> Option<i32> {
        self.stores.get(&store)?.shown.container
    }

    pub(super) fn permit_reading_jobs(&self) -> Result<(), Reply> {
        if self.has(KeyfactorPermission::ReadJobs) { Ok(()) } else { Err(forbidden("/agents/management/read/")) }
    }

    pub(super) fn permit_modifying_jobs(&self) -> Result<(), Reply> {
        if self.has(KeyfactorPermission::ModifyJobs) { Ok(()) } else { Err(forbidden("/agents/management/modify/")) }
    }
}

/// Whether Basic credentials are those of the account. The vendor's clients write it as `DOMAIN\user` or `user@DOMAIN`; that
/// the server takes both, and in this spelling only, is assumed.
fn is_account(credentials: &str) -> bool {
    let text = STANDARD.decode(credentials).ok().and_then(|it| String::from_utf8(it).ok());
    let Some((user, password)) = text.as_deref().and_then(|it| it.split_once(':')) else { return false };
    let with_domain_behind = USER.split_once('\\').map(|(domain, user)| format!("{user}@{domain}"));
    (user == USER || Some(user) == with_domain_behind.as_deref()) && password == PASSWORD
}

/// The `CollectionId` of a body.
pub(super) fn collection_of(id: &Value) -> Result<Option<i32>, Reply> {
    if id.is_null() {
        return Ok(None);
    }
    let number = id.as_i64().and_then(|id| i32::try_from(id).ok());
    number.map(Some).ok_or_else(|| bad_request("CollectionId must be an integer."))
}
