//! What the account of the Keyfactor fake may do, call by call.

use clm::keyfactor::CertificateStoreId;
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::{Answer, get, post, remove};
use KeyfactorPermission::{
    ModifyJobs, ReadCertificates, ReadCertificatesIn, ReadJobs, ReadStores, ReadStoresIn, ScheduleStores,
    ScheduleStoresIn,
};

const CERTIFICATES: &str = "/certificates/collections/read/";
const STORES: &str = "/certificate_stores/read/";
const SCHEDULE: &str = "/certificate_stores/schedule/";
const JOBS: &str = "/agents/management/read/";
const MODIFY: &str = "/agents/management/modify/";

/// Certificate 1 is in collection 4 and in a store of container 7; job 1 waits there.
async fn furnished() -> (FakeKeyfactor, CertificateStoreId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store_in(7);
    let certificate = fake.issue(FakeCertificate::new("www").collection(4));
    let _ = fake.issue(FakeCertificate::new("other"));
    fake.put(store, "a", certificate);
    remove(&fake, store, "a").await;
    (fake, store)
}

async fn call(fake: &FakeKeyfactor, call: &str, store: CertificateStoreId) -> Answer {
    let path = call.replace("{store}", &store.to_string());
    let job = fake.jobs()[0].id;
    let entry = json!({"CertificateStoreId": store, "Alias": "new"});
    let now = json!({"Immediate": true});
    let body = match call {
        "CertificateStores/Certificates/Add" => {
            json!({"CertificateId": 1, "CertificateStores": [entry], "Schedule": now})
        }
        "CertificateStores/Certificates/Add?collection" => {
            json!({"CertificateId": 1, "CertificateStores": [entry], "Schedule": now, "CollectionId": 4})
        }
        "CertificateStores/Schedule" => json!({"StoreIds": [store], "Schedule": now}),
        "OrchestratorJobs/Unschedule" => json!({"JobIds": [job]}),
        "OrchestratorJobs/Reschedule" | "OrchestratorJobs/Acknowledge" => json!({"Query": "Result -eq 4"}),
        _ => return get(fake, &path).await,
    };
    post(fake, &path, body).await
}

#[tokio::test]
async fn every_call_needs_its_permission() {
    const INVENTORY: &str = "CertificateStores/{store}/Inventory";
    const ADD: &str = "CertificateStores/Certificates/Add";
    const ADD_IN: &str = "CertificateStores/Certificates/Add?collection";
    for (path, permissions, refused) in [
        ("Certificates", vec![ReadCertificates], None),
        ("Certificates", vec![ReadStores, ReadJobs, ModifyJobs, ScheduleStores], Some(CERTIFICATES)),
        ("Certificates", vec![ReadCertificatesIn(4)], Some(CERTIFICATES)),
        ("Certificates?collectionId=0", vec![ReadCertificatesIn(0)], Some(CERTIFICATES)),
        ("Certificates?collectionId=4", vec![ReadCertificatesIn(4)], None),
        ("Certificates?collectionId=5", vec![ReadCertificatesIn(4)], Some(CERTIFICATES)),
        ("Certificates/1", vec![ReadCertificatesIn(4)], Some(CERTIFICATES)),
        ("Certificates/1?collectionId=4", vec![ReadCertificatesIn(4)], None),
        ("Certificates/1?containerId=7", vec![ReadCertificatesIn(4), ReadStoresIn(7)], Some(CERTIFICATES)),
        ("Certificates/Locations/1", vec![ReadStores], Some(CERTIFICATES)),
        ("Certificates/Locations/1?collectionId=4", vec![ReadCertificatesIn(4)], None),
        ("CertificateStores", vec![ReadCertificates, ScheduleStores], Some(STORES)),
        ("CertificateStores", vec![ReadStoresIn(7)], None),
        ("CertificateStores/{store}", vec![ReadStoresIn(7)], None),
        ("CertificateStores/{store}", vec![ReadStoresIn(8)], Some(STORES)),
        (INVENTORY, vec![ReadStores], None),
        (INVENTORY, vec![ReadStoresIn(8)], Some(STORES)),
        (ADD, vec![ReadCertificates, ScheduleStoresIn(7)], None),
        (ADD, vec![ReadCertificates], Some(SCHEDULE)),
        (ADD, vec![ReadCertificatesIn(4), ScheduleStores], Some(CERTIFICATES)),
        (ADD_IN, vec![ReadCertificatesIn(4), ScheduleStores], None),
        (ADD_IN, vec![ReadCertificatesIn(5), ScheduleStores], Some(CERTIFICATES)),
        ("CertificateStores/Schedule", vec![ScheduleStoresIn(7)], None),
        ("CertificateStores/Schedule", vec![ReadStores], Some(SCHEDULE)),
        ("OrchestratorJobs/JobHistory", vec![ReadJobs], None),
        ("OrchestratorJobs/JobHistory", vec![ReadCertificates, ScheduleStores, ModifyJobs], Some(JOBS)),
        ("OrchestratorJobs/ScheduledJobs", vec![ReadStores], Some(JOBS)),
        ("OrchestratorJobs/Unschedule", vec![ModifyJobs, ScheduleStoresIn(7)], None),
        ("OrchestratorJobs/Unschedule", vec![ModifyJobs], Some(SCHEDULE)),
        ("OrchestratorJobs/Unschedule", vec![ReadJobs, ScheduleStores], Some(MODIFY)),
        ("OrchestratorJobs/Reschedule", vec![ModifyJobs], None),
        ("OrchestratorJobs/Reschedule", vec![ReadJobs, ScheduleStores], Some(MODIFY)),
        ("OrchestratorJobs/Acknowledge", vec![ReadJobs, ScheduleStores], Some(MODIFY)),
    ] {
        let (fake, store) = furnished().await;
        fake.restrict_to(permissions.clone());
        let answer = call(&fake, path, store).await;
        let Some(missing) = refused else {
            assert!(answer.status < 300, "{path} with {permissions:?}: {answer:?}");
            continue;
        };
        let message = format!("User 7 does not have the required permissions: {missing}.");
        let body = json!({"ErrorCode": "0xA0140002", "Message": message});
        assert_eq!((answer.status, &answer.body), (403, &body), "{path} with {permissions:?}");
        assert_eq!(fake.jobs().len(), 1, "{path}: nothing was scheduled");
    }
}

#[tokio::test]
async fn an_account_for_a_part_is_shown_that_part() {
    let (fake, store) = furnished().await;
    let _ = fake.add_store();
    fake.restrict_to([ReadStoresIn(7), ReadCertificatesIn(4)]);
    assert_eq!(get(&fake, "CertificateStores").await.column("Id"), [json!(store)]);
    assert_eq!(get(&fake, "Certificates?collectionId=4").await.column("Id"), [json!(1)]);
    // A collection narrows also for an account that may see everything.
    fake.restrict_to([ReadCertificates]);
    assert_eq!(get(&fake, "Certificates").await.column("Id"), [json!(1), json!(2)]);
    assert_eq!(get(&fake, "Certificates?collectionId=4").await.column("Id"), [json!(1)]);
    assert_eq!(get(&fake, "Certificates/2?collectionId=4").await.status, 404);
}

#[tokio::test]
async fn without_credentials_no_call_is_answered() {
    let (fake, _) = furnished().await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["Certificates", "CertificateStores", "OrchestratorJobs/JobHistory", "OrchestratorJobs/Unschedule"] {
        let url = format!("{}/{path}", fake.url());
        let request = if path.ends_with("Unschedule") { http.post(url) } else { http.get(url) };
        let answer = request.header("x-keyfactor-requested-with", "APIClient").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401, "{path}");
        assert_eq!(serde_json::from_str::<Value>(&answer.text().await.unwrap()).unwrap(), Value::Null, "{path}");
    }
}
