//! The calls that the fake has, and how a request finds its own.

use http::Method;

/// A call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Call {
    ListCertificates,
    ReadCertificate,
    ReadCertificateLocations,
    Revoke,
    ListStores,
    ReadStore,
    ListInventory,
    ListStoreTypes,
    ReadStoreType,
    Add,
    Remove,
    ScheduleInventory,
    ListHistory,
    ListScheduled,
    Unschedule,
    Reschedule,
    Acknowledge,
    ListEndpoints,
}

/// The segment of a path that stands for any text.
const ID: &str = "{id}";

/// Every call with its path below the API path. No request fits two of them.
pub(super) const CALLS: [(Method, &str, Call); 18] = [
    (Method::GET, "/Certificates", Call::ListCertificates),
    (Method::GET, "/Certificates/{id}", Call::ReadCertificate),
    (Method::GET, "/Certificates/Locations/{id}", Call::ReadCertificateLocations),
    (Method::POST, "/Certificates/Revoke", Call::Revoke),
    (Method::GET, "/CertificateStores", Call::ListStores),
    (Method::GET, "/CertificateStores/{id}", Call::ReadStore),
    (Method::GET, "/CertificateStores/{id}/Inventory", Call::ListInventory),
    (Method::GET, "/CertificateStoreTypes", Call::ListStoreTypes),
    (Method::GET, "/CertificateStoreTypes/{id}", Call::ReadStoreType),
    (Method::POST, "/CertificateStores/Certificates/Add", Call::Add),
    (Method::POST, "/CertificateStores/Certificates/Remove", Call::Remove),
    (Method::POST, "/CertificateStores/Schedule", Call::ScheduleInventory),
    (Method::GET, "/OrchestratorJobs/JobHistory", Call::ListHistory),
    (Method::GET, "/OrchestratorJobs/ScheduledJobs", Call::ListScheduled),
    (Method::POST, "/OrchestratorJobs/Unschedule", Call::Unschedule),
    (Method::POST, "/OrchestratorJobs/Reschedule", Call::Reschedule),
    (Method::POST, "/OrchestratorJobs/Acknowledge", Call::Acknowledge),
    (Method::GET, "/Status/Endpoints", Call::ListEndpoints),
];

impl Call {
    /// The call that a request is for, and the id in its path; empty if the path has none. The case of ASCII letters and one
    /// slash at the end make no difference.
    pub(super) fn of<'a>(method: &Method, path: &'a str, api_path: &str) -> Option<(Self, &'a str)> {
        let below = strip_prefix_ignoring_case(path, &format!("/{api_path}/").replace("//", "/"))?;
        let segments: Vec<&str> = below.strip_suffix('/').unwrap_or(below).split('/').collect();
        CALLS.iter().filter(|(known, ..)| known == method).find_map(|(_, pattern, call)| {
            let mut id = "";
            let mut pattern = pattern.trim_start_matches('/').split('/');
            for segment in &segments {
                match pattern.next()? {
                    ID if !segment.is_empty() => id = segment,
                    literal if literal.eq_ignore_ascii_case(segment) => {}
                    _ => return None,
                }
            }
            pattern.next().is_none().then_some((*call, id))
        })
    }
}

fn strip_prefix_ignoring_case<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "f0cc0000-0000-4000-8000-00000000000A";

    #[test]
    fn every_call_is_found_by_its_own_path() {
        for (method, pattern, call) in CALLS {
            let (path, id) =
                if pattern.contains(ID) { (pattern.replace(ID, STORE), STORE) } else { (pattern.to_owned(), "") };
            assert_eq!(
                Call::of(&method, &format!("/KeyfactorAPI{path}"), "KeyfactorAPI"),
                Some((call, id)),
                "{pattern}"
            );
        }
    }

    #[test]
    fn case_and_one_slash_at_the_end_make_no_difference() {
        let path = format!("/keyfactorapi/CERTIFICATESTORES/{STORE}/inventory/");
        assert_eq!(Call::of(&Method::GET, &path, "KeyfactorAPI"), Some((Call::ListInventory, STORE)));
        assert_eq!(
            Call::of(&Method::GET, "/Keyfactor/api/status/endpoints", "Keyfactor/API"),
            Some((Call::ListEndpoints, ""))
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
            assert_eq!(Call::of(&Method::GET, path, "KeyfactorAPI"), None, "{path}");
        }
        assert_eq!(Call::of(&Method::POST, "/KeyfactorAPI/Certificates", "KeyfactorAPI"), None);
    }
}
