//! The calls that the fake has, and how a request finds its own.

use std::fmt;

use http::Method;

use super::token_requests::TOKEN_PATH;
use crate::testing::server::{Effect, FakeCall, KnownCall, sealed};

/// A call that [`FakeKeyfactor`](super::FakeKeyfactor) serves. `Display` and [`as_str`](Self::as_str) return the name that the
/// client uses for it in spans and in the audit.
///
/// # Example
///
/// ```
/// use clm::testing::KeyfactorCall;
///
/// let call = KeyfactorCall::RemoveCertificates;
/// assert_eq!(call.to_string(), "keyfactor.certificate_stores.remove_certificates");
/// assert_eq!(
///     (call.method().as_str(), call.path()),
///     ("POST", "/CertificateStores/Certificates/Remove")
/// );
/// assert!(call.is_change());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum KeyfactorCall {
    /// `GET /Certificates`.
    SearchCertificates,
    /// `GET /Certificates/{id}`.
    GetCertificate,
    /// `GET /Certificates/Locations/{id}`.
    CertificateLocations,
    /// `POST /Certificates/Revoke`.
    RevokeCertificates,
    /// `GET /CertificateStores`.
    ListStores,
    /// `GET /CertificateStores/{id}`.
    GetStore,
    /// `GET /CertificateStores/{id}/Inventory`.
    Inventory,
    /// `GET /CertificateStoreTypes`.
    ListStoreTypes,
    /// `GET /CertificateStoreTypes/{id}`.
    GetStoreType,
    /// `POST /CertificateStores/Certificates/Add`.
    AddCertificates,
    /// `POST /CertificateStores/Certificates/Remove`.
    RemoveCertificates,
    /// `POST /CertificateStores/Schedule`.
    ScheduleInventory,
    /// `GET /OrchestratorJobs/JobHistory`.
    JobHistory,
    /// `GET /OrchestratorJobs/ScheduledJobs`.
    ScheduledJobs,
    /// `POST /OrchestratorJobs/Unschedule`.
    Unschedule,
    /// `POST /OrchestratorJobs/Reschedule`.
    Reschedule,
    /// `POST /OrchestratorJobs/Acknowledge`.
    Acknowledge,
    /// `GET /Status/Endpoints`. The client has no operation for it.
    ListEndpoints,
    /// `POST /oauth2/token` of the [identity provider](super::FakeIdentityProvider). It does not count as a change.
    RequestToken,
}

/// The segment of a path that stands for any text.
const ID: &str = "{id}";

impl KeyfactorCall {
    /// All calls. No request matches two of them.
    ///
    /// ```
    /// use clm::testing::KeyfactorCall;
    ///
    /// let changes = KeyfactorCall::ALL.iter().filter(|call| call.is_change());
    /// for call in changes {
    ///     println!("{} {}", call.method(), call.path());
    /// }
    /// ```
    pub const ALL: &[Self] = &[
        Self::SearchCertificates,
        Self::GetCertificate,
        Self::CertificateLocations,
        Self::RevokeCertificates,
        Self::ListStores,
        Self::GetStore,
        Self::Inventory,
        Self::ListStoreTypes,
        Self::GetStoreType,
        Self::AddCertificates,
        Self::RemoveCertificates,
        Self::ScheduleInventory,
        Self::JobHistory,
        Self::ScheduledJobs,
        Self::Unschedule,
        Self::Reschedule,
        Self::Acknowledge,
        Self::ListEndpoints,
        Self::RequestToken,
    ];

    /// Name, method, and path below the API path.
    fn row(self) -> (&'static str, Method, &'static str) {
        let (get, post) = (Method::GET, Method::POST);
        match self {
            Self::SearchCertificates => ("keyfactor.certificates.search", get, "/Certificates"),
            Self::GetCertificate => ("keyfactor.certificates.get", get, "/Certificates/{id}"),
            Self::CertificateLocations => ("keyfactor.certificates.locations", get, "/Certificates/Locations/{id}"),
            Self::RevokeCertificates => ("keyfactor.certificates.revoke", post, "/Certificates/Revoke"),
            Self::ListStores => ("keyfactor.certificate_stores.list", get, "/CertificateStores"),
            Self::GetStore => ("keyfactor.certificate_stores.get", get, "/CertificateStores/{id}"),
            Self::Inventory => ("keyfactor.certificate_stores.inventory", get, "/CertificateStores/{id}/Inventory"),
            Self::ListStoreTypes => ("keyfactor.certificate_store_types.list", get, "/CertificateStoreTypes"),
            Self::GetStoreType => ("keyfactor.certificate_store_types.get", get, "/CertificateStoreTypes/{id}"),
            Self::AddCertificates => {
                ("keyfactor.certificate_stores.add_certificates", post, "/CertificateStores/Certificates/Add")
            }
            Self::RemoveCertificates => {
                ("keyfactor.certificate_stores.remove_certificates", post, "/CertificateStores/Certificates/Remove")
            }
            Self::ScheduleInventory => {
                ("keyfactor.certificate_stores.schedule_inventory", post, "/CertificateStores/Schedule")
            }
            Self::JobHistory => ("keyfactor.orchestrator_jobs.history", get, "/OrchestratorJobs/JobHistory"),
            Self::ScheduledJobs => ("keyfactor.orchestrator_jobs.scheduled", get, "/OrchestratorJobs/ScheduledJobs"),
            Self::Unschedule => ("keyfactor.orchestrator_jobs.unschedule", post, "/OrchestratorJobs/Unschedule"),
            Self::Reschedule => ("keyfactor.orchestrator_jobs.reschedule", post, "/OrchestratorJobs/Reschedule"),
            Self::Acknowledge => ("keyfactor.orchestrator_jobs.acknowledge", post, "/OrchestratorJobs/Acknowledge"),
            Self::ListEndpoints => ("keyfactor.status.endpoints", get, "/Status/Endpoints"),
            Self::RequestToken => ("keyfactor.oauth.token", post, TOKEN_PATH),
        }
    }

    /// Returns the client's name for the call, such as `keyfactor.certificate_stores.remove_certificates`. See the
    /// [example](Self#example).
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// Returns the method. See the [example](Self#example).
    #[must_use]
    pub fn method(self) -> Method {
        self.row().1
    }

    /// Returns the path below the API path or below the URL of the identity provider; `{id}` stands for an id. See the
    /// [example](Self#example).
    #[must_use]
    pub fn path(self) -> &'static str {
        self.row().2
    }

    /// Returns whether the call may change something. See the [example](Self#example).
    #[must_use]
    pub fn is_change(self) -> bool {
        self != Self::RequestToken && self.method() == Method::POST
    }

    /// Those that are answered below the API path.
    pub(super) fn of_the_api() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|call| *call != Self::RequestToken)
    }

    /// The call that a request is for, and the id in its path; empty if the path has none. The case of ASCII letters and one
    /// slash at the end make no difference.
    pub(super) fn of<'a>(method: &Method, path: &'a str, api_path: &str) -> Option<(Self, &'a str)> {
        let below = strip_prefix_ignoring_case(path, &format!("/{api_path}/").replace("//", "/"))?;
        let segments: Vec<&str> = below.strip_suffix('/').unwrap_or(below).split('/').collect();
        Self::of_the_api().filter(|call| call.method() == method).find_map(|call| {
            let mut id = "";
            let mut pattern = call.path().trim_start_matches('/').split('/');
            for segment in &segments {
                match pattern.next()? {
                    ID if !segment.is_empty() => id = segment,
                    literal if literal.eq_ignore_ascii_case(segment) => {}
                    _ => return None,
                }
            }
            pattern.next().is_none().then_some((call, id))
        })
    }

    pub(super) fn known(self) -> KnownCall {
        KnownCall { name: self.as_str(), effect: if self.is_change() { Effect::Change } else { Effect::Read } }
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

impl fmt::Display for KeyfactorCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl sealed::Sealed for KeyfactorCall {}

impl FakeCall for KeyfactorCall {
    fn name(self) -> &'static str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "f0cc0000-0000-4000-8000-00000000000A";

    #[test]
    fn every_call_is_found_by_its_own_path() {
        for call in KeyfactorCall::of_the_api() {
            let (method, pattern) = (call.method(), call.path());
            let (path, id) =
                if pattern.contains(ID) { (pattern.replace(ID, STORE), STORE) } else { (pattern.to_owned(), "") };
            assert_eq!(
                KeyfactorCall::of(&method, &format!("/KeyfactorAPI{path}"), "KeyfactorAPI"),
                Some((call, id)),
                "{pattern}"
            );
        }
    }

    #[test]
    fn case_and_one_slash_at_the_end_make_no_difference() {
        let path = format!("/keyfactorapi/CERTIFICATESTORES/{STORE}/inventory/");
        assert_eq!(KeyfactorCall::of(&Method::GET, &path, "KeyfactorAPI"), Some((KeyfactorCall::Inventory, STORE)));
        assert_eq!(
            KeyfactorCall::of(&Method::GET, "/Keyfactor/api/status/endpoints", "Keyfactor/API"),
            Some((KeyfactorCall::ListEndpoints, ""))
        );
    }

    #[test]
    fn other_paths_are_no_calls() {
        for path in [
            "/KeyfactorAPI",
            "/KeyfactorAPI/",
            "/KeyfactorAPI//",
            "/Certificates",
            "/KeyfactorAPI/Certificates//",
            "/KeyfactorAPI/Certificate",
            "/KeyfactorAPI/Certificates/1/2",
            "/Keyfactor/API/Certificates",
        ] {
            assert_eq!(KeyfactorCall::of(&Method::GET, path, "KeyfactorAPI"), None, "{path}");
        }
        assert_eq!(KeyfactorCall::of(&Method::POST, "/KeyfactorAPI/Certificates", "KeyfactorAPI"), None);
    }
}
