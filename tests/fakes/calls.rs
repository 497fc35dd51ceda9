//! The names of calls: the fakes have those that the client has.

use clm::appviewx;
use clm::http::Method;
use clm::keyfactor::{self, Query};
use clm::testing::{AppViewXCall, FakeAppViewX, FakeKeyfactor, KeyfactorCall};

use crate::support::capture;
use crate::support::operations::{Operation, Site, Vendor};

/// Calls that are no operations of the client.
const LOGIN: &str = "appviewx.login";
const SERVICE_TOKEN: &str = "appviewx.service_token";
const TOKEN: &str = "keyfactor.oauth.token";
/// A call that the client does not have.
const ENDPOINTS: &str = "keyfactor.status.endpoints";

fn is_raw(name: &str) -> bool {
    matches!(name, "keyfactor.raw" | "appviewx.raw")
}

#[tokio::test]
async fn every_operation_of_the_client_is_recorded_under_its_name() {
    for (operation, row) in Operation::all().filter(|(_, row)| !is_raw(row.name)) {
        let (keyfactor, appviewx) = (FakeKeyfactor::start().await, FakeAppViewX::start().await);
        let (url, requests): (_, Box<dyn Fn() -> _>) = match row.vendor {
            Vendor::Keyfactor => (keyfactor.url(), Box::new(|| keyfactor.requests())),
            Vendor::AppViewX => (appviewx.url(), Box::new(|| appviewx.requests())),
        };
        (row.send)(&Site::new(url)).await;
        let requests = requests();
        assert_eq!(requests.len(), 1, "{operation:?}: {requests:?}");
        assert_eq!(requests[0].operation(), Some(row.name), "{operation:?}");
        assert_eq!(requests[0].is_change(), row.is_change(), "{operation:?}");
        assert!(!requests[0].is(KeyfactorCall::ListEndpoints), "{operation:?}");
    }
}

#[test]
fn the_fakes_have_every_operation_and_name_no_other() {
    let mut of_the_client: Vec<&str> = Operation::all().map(|(_, row)| row.name).filter(|it| !is_raw(it)).collect();
    of_the_client.extend([LOGIN, SERVICE_TOKEN, TOKEN, ENDPOINTS]);
    let keyfactor = KeyfactorCall::ALL.iter().map(|call| call.as_str());
    let mut of_the_fakes: Vec<&str> = keyfactor.chain(AppViewXCall::ALL.iter().map(|call| call.as_str())).collect();
    of_the_client.sort_unstable();
    of_the_fakes.sort_unstable();
    assert_eq!(of_the_fakes, of_the_client);
}

#[test]
fn a_call_tells_its_name_method_and_path() {
    let shown = |name: &str, call: String, method: &str, path: &str, change: bool| {
        let change = if change { "changes" } else { "reads" };
        assert_eq!(name, call);
        format!("{name}: {method} {path} {change}")
    };
    let keyfactor = KeyfactorCall::ALL.iter();
    let keyfactor =
        keyfactor.map(|it| shown(it.as_str(), it.to_string(), it.method().as_str(), it.path(), it.is_change()));
    let appviewx = AppViewXCall::ALL.iter();
    let appviewx =
        appviewx.map(|it| shown(it.as_str(), it.to_string(), it.method().as_str(), it.path(), it.is_change()));
    assert_eq!(
        keyfactor.chain(appviewx).collect::<Vec<_>>(),
        [
            "keyfactor.certificates.search: GET /Certificates reads",
            "keyfactor.certificates.get: GET /Certificates/{id} reads",
            "keyfactor.certificates.locations: GET /Certificates/Locations/{id} reads",
            "keyfactor.certificates.revoke: POST /Certificates/Revoke changes",
            "keyfactor.certificate_stores.list: GET /CertificateStores reads",
            "keyfactor.certificate_stores.get: GET /CertificateStores/{id} reads",
            "keyfactor.certificate_stores.inventory: GET /CertificateStores/{id}/Inventory reads",
            "keyfactor.certificate_store_types.list: GET /CertificateStoreTypes reads",
            "keyfactor.certificate_store_types.get: GET /CertificateStoreTypes/{id} reads",
            "keyfactor.certificate_stores.add_certificates: POST /CertificateStores/Certificates/Add changes",
            "keyfactor.certificate_stores.remove_certificates: POST /CertificateStores/Certificates/Remove changes",
            "keyfactor.certificate_stores.schedule_inventory: POST /CertificateStores/Schedule changes",
            "keyfactor.orchestrator_jobs.history: GET /OrchestratorJobs/JobHistory reads",
            "keyfactor.orchestrator_jobs.scheduled: GET /OrchestratorJobs/ScheduledJobs reads",
            "keyfactor.orchestrator_jobs.unschedule: POST /OrchestratorJobs/Unschedule changes",
            "keyfactor.orchestrator_jobs.reschedule: POST /OrchestratorJobs/Reschedule changes",
            "keyfactor.orchestrator_jobs.acknowledge: POST /OrchestratorJobs/Acknowledge changes",
            "keyfactor.status.endpoints: GET /Status/Endpoints reads",
            "keyfactor.oauth.token: POST /oauth2/token reads",
            "appviewx.certificate_groups.unassign: PUT /certificate/group/unassign changes",
            "appviewx.certificate_groups.assign: PUT /certificate/group/assign changes",
            "appviewx.certificates.revoke: PUT /certificate/revoke changes",
            "appviewx.certificates.search: POST /certificate/search reads",
            "appviewx.certificate_groups.list: POST /certificategroup/list reads",
            "appviewx.certificate_groups.view: GET /certificate/group reads",
            "appviewx.login: POST /login changes",
            "appviewx.logout: POST /acctmgmt-perform-logout changes",
            "appviewx.service_token: POST /acctmgmt-get-service-token reads",
        ]
    );
}

/// The names in the spans of this thread, in their order.
fn in_spans() -> Vec<String> {
    capture::spans().into_iter().filter_map(|(_, mut fields)| fields.remove("clm.operation")).collect()
}

#[tokio::test]
async fn logins_and_token_requests_have_the_names_of_their_spans() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate("67bc2ca76a105e1a05691c1c", "web");
    for (credentials, name) in [(fake.login(), LOGIN), (fake.service_account(), SERVICE_TOKEN)] {
        let before = fake.requests().len();
        let client = appviewx::Client::builder(fake.url()).credentials(credentials).build().unwrap();
        capture::start();
        client.certificate_groups().view("web").send().await.unwrap();
        let requests = fake.requests().split_off(before);
        let recorded: Vec<_> = requests.iter().map(|it| it.operation().unwrap()).collect();
        assert_eq!(recorded, [name, "appviewx.certificate_groups.view"]);
        let mut spans = in_spans();
        spans.sort_unstable();
        let mut expected = recorded.clone();
        expected.sort_unstable();
        assert_eq!(spans, expected);
    }

    let fake = FakeKeyfactor::start().await;
    let builder = keyfactor::Client::builder(fake.url());
    let client = builder.credentials(fake.oauth_credentials()).build();
    capture::start();
    let stores = client.unwrap().certificate_stores().list(Query::all()).rows().unwrap();
    assert!(stores.collect().await.unwrap().is_empty());
    let provider = fake.identity_provider().requests();
    assert_eq!(provider.iter().map(clm::testing::RecordedRequest::operation).collect::<Vec<_>>(), [Some(TOKEN)]);
    assert!(provider[0].is(KeyfactorCall::RequestToken) && !provider[0].is_change());
    assert!(in_spans().contains(&TOKEN.to_owned()), "{:?}", in_spans());
}

#[tokio::test]
async fn an_unknown_request_is_a_warning_once() {
    capture::start();
    let fake = FakeKeyfactor::start().await;
    let told = || -> Vec<String> {
        let log = capture::everything();
        log.lines().filter(|it| it.contains("clm::testing") && it.contains("/NobodyKnows")).map(str::to_owned).collect()
    };
    let ask = async || {
        let call = fake.client().raw(Method::DELETE, "Certificates/17/NobodyKnows");
        let error = call.json(&serde_json::json!({"Secret": "marker-of-a-body"})).send().await.unwrap_err();
        assert_eq!(error.status().map(|it| it.as_u16()), Some(404));
    };
    ask().await;
    let once = told();
    assert!(!once.is_empty());
    for line in &once {
        assert!(line.contains("WARN") && line.contains("DELETE") && !line.contains("marker-of-a-body"), "{line}");
    }
    ask().await;
    ask().await;
    assert_eq!(told(), once);
    assert_eq!(fake.unknown_requests().len(), 3);
    assert!(fake.unknown_requests().iter().all(|it| it.operation().is_none() && !it.is_change()));
}
