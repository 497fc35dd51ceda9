//! The vendors' pages of the two documented calls, line by line: what each page says happens, happens in the fake, to requests that are
//! written by hand. The tables follow the pages from top to bottom.

use clm::testing::{AppViewXPermission, FakeAppViewX, FakeCategory, FakeKeyfactor, KeyfactorPermission};
use http::Method;
use serde_json::{Value, json};

use crate::support::fake_keyfactor::{HTTP, get, post};

const ID: &str = "67bc2ca76a105e1a05691c1c";
const REMOVE: &str = "CertificateStores/Certificates/Remove";

/// An unassignment as the page has it, to be changed.
struct Unassignment {
    method: Method,
    headers: Vec<(&'static str, String)>,
    query: &'static str,
    body: Value,
}

impl Unassignment {
    fn of(fake: &FakeAppViewX) -> Self {
        Self {
            method: Method::PUT,
            headers: vec![("content-type", "application/json".to_owned()), ("sessionId", fake.session_id())],
            query: "gwsource=external",
            body: json!({"resourceIds": [ID], "comment": "Sample Comment"}),
        }
    }

    fn headers(self, headers: Vec<(&'static str, String)>) -> Self {
        Self { headers, ..self }
    }

    fn body(self, body: Value) -> Self {
        Self { body, ..self }
    }

    async fn send(self, fake: &FakeAppViewX) -> (u16, Value) {
        let url = format!("{}/avxapi/certificate/group/unassign?{}", fake.url(), self.query);
        let mut request = HTTP.request(self.method, url).body(self.body.to_string());
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.bytes().await.unwrap();
        (status, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
    }
}

async fn gateway(category: FakeCategory) -> FakeAppViewX {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate_of(category, ID, "web");
    fake
}

#[tokio::test]
async fn appviewx_the_sample_and_its_response() {
    let fake = FakeAppViewX::start().await;
    let ids = [ID, "67bc2ca76a105e1a05691c2c", "67bc2ca76a105e1a05691c3c"];
    for id in ids {
        fake.add_certificate(id, "web");
    }
    let sample = json!({"resourceIds": ids, "comment": "Sample Comment"});
    let (status, answer) = Unassignment::of(&fake).body(sample).send(&fake).await;
    assert_eq!(status, 200);
    let documented = json!({
        "Response": {"Successful Ids": ids},
        "message": "Group unassign action successfully performed",
        "appStatusCode": null,
        "Tags": {},
        "Headers": null,
    });
    assert_eq!(answer, documented);
    for id in ids {
        assert_eq!(fake.group_of(id).as_deref(), Some("Default"), "they are assigned to the default group");
    }
}

#[tokio::test]
async fn appviewx_the_headers_and_the_query() {
    let fake = gateway(FakeCategory::Server).await;
    let json = || ("content-type", "application/json".to_owned());
    let (session, user, password) =
        (("sessionId", fake.session_id()), ("username", fake.user().to_owned()), ("password", fake.password()));
    for (headers, status) in [
        (vec![json(), session.clone()], 200),
        (vec![json(), user.clone(), password.clone()], 200),
        (vec![json()], 401),
        (vec![json(), user.clone()], 401),
        (vec![json(), password.clone()], 401),
        (vec![session.clone()], 400),
        (vec![("content-type", "text/plain".to_owned()), session.clone()], 400),
    ] {
        let (answered, body) = Unassignment::of(&fake).headers(headers.clone()).send(&fake).await;
        assert_eq!(answered, status, "{headers:?}: {body}");
    }
    for query in ["", "gwsource=", "source=external"] {
        let (status, body) = Unassignment { query, ..Unassignment::of(&fake) }.send(&fake).await;
        assert_eq!((status, &body["appStatusCode"]), (400, &json!("VALIDATION_ERROR_0004")), "{query}");
    }
    let (status, _) = Unassignment { method: Method::GET, ..Unassignment::of(&fake) }.send(&fake).await;
    assert!(status >= 400 && !fake.unknown_requests().is_empty(), "it is a PUT");
}

/// A row of the page's status codes: what makes it come, and how the message begins.
type Row = (fn(&FakeAppViewX), fn(Unassignment) -> Unassignment, FakeCategory, u16, &'static str, &'static str);

fn rows() -> Vec<Row> {
    use AppViewXPermission::{
        AssignGroups, UpdateCertificates, UseCategory, ViewInventory, WriteDefaultGroup, WriteGroup,
    };
    use FakeCategory::{Client, CodeSigning, Server};
    let mandatory = "Mandatory field missing or invalid value";
    let characters = "Invalid characters in the comments.";
    let view = "User does not have view permission for the";
    vec![
        (
            FakeAppViewX::expire_sessions,
            |it| it,
            Server,
            401,
            "AVX_GW_003",
            "Authentication failed, reason: Invalid credentials",
        ),
        (|_| (), |it| it.body(json!({})), Server, 400, "VALIDATION_ERROR_0004", mandatory),
        (|_| (), |it| it.body(json!({"resourceIds": []})), Server, 400, "VALIDATION_ERROR_0004", mandatory),
        (|_| (), |it| it.body(json!({"resourceIds": ID})), Server, 400, "VALIDATION_ERROR_0004", mandatory),
        (|_| (), |it| it.body(json!({"resourceIds": [1]})), Server, 400, "VALIDATION_ERROR_0004", mandatory),
        (
            |_| (),
            |it| it.body(json!({"resourceIds": [ID], "comment": "a".repeat(256)})),
            Server,
            400,
            "VALIDATION_ERROR_0004",
            "comment exceeds the 255-character limit.",
        ),
        (
            |_| (),
            |it| it.body(json!({"resourceIds": [ID], "comment": "a#b"})),
            Server,
            400,
            "CERT-GEN-0033",
            characters,
        ),
        (
            |_| (),
            |it| it.body(json!({"resourceIds": [ID], "comment": "<b>"})),
            Server,
            400,
            "CERT-GEN-0033",
            characters,
        ),
        (
            |fake| fake.deny(AssignGroups),
            |it| it,
            Server,
            403,
            "AVX_GW_005",
            "User does not have access to the targeted API.",
        ),
        (
            |fake| fake.deny(UpdateCertificates),
            |it| it,
            Server,
            403,
            "CERT-ACL-0006",
            "Access denied since user does not have all the requisite permissions to update certificates.",
        ),
        (
            |fake| fake.deny(UseCategory(Server)),
            |it| it,
            Server,
            403,
            "CERT-ACF-0058",
            "User does not have the relevant permissions to perform this action.",
        ),
        (
            |fake| fake.deny(WriteGroup("web".to_owned())),
            |it| it,
            Server,
            403,
            "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED",
            "User does not have RW permission for the certificate group to which the certificate belongs.",
        ),
        (|fake| fake.deny(ViewInventory(Server)), |it| it, Server, 403, "ACF_NOT_AVAILABLE_FOR_SERVER_CERT", view),
        (|fake| fake.deny(ViewInventory(Client)), |it| it, Client, 403, "ACF_NOT_AVAILABLE_FOR_CLIENT_CERT", view),
        (
            |fake| fake.deny(ViewInventory(CodeSigning)),
            |it| it,
            CodeSigning,
            403,
            "ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT",
            view,
        ),
        (
            |fake| fake.deny(WriteDefaultGroup),
            |it| it,
            Server,
            404,
            "DEFAULT_CERT_GROUP_PERMISSION_DENIED",
            "User should have RW permissions for the default certificate group before unassigning certificate.",
        ),
    ]
}

#[tokio::test]
async fn appviewx_the_status_codes() {
    for (arrange, change, category, status, code, message) in rows() {
        let fake = gateway(category).await;
        let unassignment = change(Unassignment::of(&fake));
        arrange(&fake);
        let (answered, body) = unassignment.send(&fake).await;
        assert_eq!((answered, &body["appStatusCode"]), (status, &json!(code)), "{body}");
        assert!(body["message"].as_str().unwrap().starts_with(message), "{code}: {body}");
        assert_eq!(fake.group_of(ID).as_deref(), Some("web"), "{code}: it stays where it is");
    }
    let fake = gateway(FakeCategory::Server).await;
    let longest = json!({"resourceIds": [ID], "comment": "a".repeat(255)});
    assert_eq!(Unassignment::of(&fake).body(longest).send(&fake).await.0, 200);
    assert_eq!(Unassignment::of(&fake).body(json!({"resourceIds": [ID]})).send(&fake).await.0, 200, "it is optional");
}

#[tokio::test]
async fn keyfactor_the_parameters_and_the_response() {
    let fake = FakeKeyfactor::start().await;
    let (iis, netscaler) = (fake.add_store(), fake.add_store());
    for store in [iis, netscaler] {
        fake.add_certificate_in(store, "web01", 4);
    }
    let stores = json!([
        {"CertificateStoreId": iis, "Alias": "web01"},
        {"CertificateStoreId": netscaler, "Alias": "web01", "JobFields": {"Virtual Server Name": "vs1"}},
    ]);
    let schedule = json!({"Immediate": true});
    for body in [
        json!({"Schedule": schedule}),
        json!({"CertificateStores": [], "Schedule": schedule}),
        json!({"CertificateStores": null, "Schedule": schedule}),
        json!({"CertificateStores": [{"Alias": "web01"}], "Schedule": schedule}),
        json!({"CertificateStores": [{"CertificateStoreId": iis}], "Schedule": schedule}),
        json!({"CertificateStores": stores}),
        json!({"CertificateStores": stores, "Schedule": null}),
        json!({"CertificateStores": stores, "Schedule": schedule, "CollectionId": "four"}),
    ] {
        let refusal = post(&fake, REMOVE, body.clone()).await;
        assert!(refusal.status == 400 && !refusal.message().is_empty(), "{body}: {refusal:?}");
    }
    assert!(fake.jobs().is_empty());
    let answer =
        post(&fake, REMOVE, json!({"CertificateStores": stores, "Schedule": schedule, "CollectionId": 4})).await;
    let jobs: Vec<Value> = fake.jobs().iter().map(|job| json!(job.id)).collect();
    assert_eq!((answer.status, jobs.len(), answer.body), (200, 2, Value::from(jobs.clone())));
    fake.run_jobs();
    let history = get(&fake, "OrchestratorJobs/JobHistory").await.column("JobId");
    assert!(jobs.iter().all(|job| history.contains(job)), "the history tells of the jobs: {history:?}");
    assert!(fake.aliases(iis).is_empty() && fake.aliases(netscaler).is_empty());
}

#[tokio::test]
async fn keyfactor_the_permissions() {
    use KeyfactorPermission::{ReadCertificates, ReadCertificatesIn, ScheduleStores, ScheduleStoresIn};
    for (name, permissions, collection, container, status) in [
        ("system-wide", vec![ReadCertificates, ScheduleStores], None, None, 200),
        ("by the container of the store", vec![ReadCertificates, ScheduleStoresIn(7)], None, None, 200),
        ("by the collection", vec![ReadCertificatesIn(4), ScheduleStores], Some(4), None, 200),
        ("no collection is provided", vec![ReadCertificatesIn(4), ScheduleStores], None, None, 403),
        ("the collection takes precedence", vec![ReadCertificatesIn(4), ScheduleStores], Some(4), Some(99), 200),
        ("and is not saved by the container", vec![ReadCertificatesIn(4), ScheduleStoresIn(7)], Some(5), Some(7), 403),
        ("none for the store", vec![ReadCertificates, ScheduleStoresIn(8)], None, None, 403),
    ] {
        let fake = FakeKeyfactor::start().await;
        let store = fake.add_store_in(7);
        fake.add_certificate_in(store, "web01", 4);
        fake.restrict_to(permissions);
        let locations = json!([{"CertificateStoreId": store, "Alias": "web01"}]);
        let ids = json!({"CollectionId": collection, "ContainerId": container});
        let mut body = json!({"CertificateStores": locations, "Schedule": {"Immediate": true}});
        body.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
        let answer = post(&fake, REMOVE, body).await;
        assert_eq!((answer.status, fake.jobs().len()), (status, usize::from(status == 200)), "{name}: {answer:?}");
    }
}
