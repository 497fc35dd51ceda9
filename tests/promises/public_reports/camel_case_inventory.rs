//! The vendor's own client for Command 11 reads members in camelCase. A tool that looked for `Certificates` and `Thumbprint`
//! only took every entry of such an inventory for one without a certificate.

use std::time::Duration;

use clm::keyfactor::{CertificateStores, RemovalVerdict, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor};

async fn verdict(stores: &CertificateStores, locations: Vec<clm::keyfactor::CertificateLocation>) -> RemovalVerdict {
    let confirm = stores.confirm_removed(locations).was_listed().deadline(Duration::from_secs(1));
    let confirmation = confirm.pauses(Duration::ZERO, Duration::from_millis(5)).send().await.unwrap();
    confirmation.locations()[0].verdict.clone()
}

#[tokio::test]
async fn members_in_camel_case_are_read_from_the_plan_to_the_way_back() {
    let fake = FakeKeyfactor::start().await;
    fake.write_camel_case();
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    fake.put(store, "www.pfx", id);
    let client = fake.client();
    let stores = client.certificate_stores();

    let entries = stores.inventory(store).rows().unwrap().collect().await.unwrap();
    let leaf = entries[0].leaf().unwrap();
    assert_eq!(
        (entries[0].alias.as_str(), leaf.id, leaf.thumbprint.clone()),
        ("www.pfx", Some(id), fake.thumbprint(id))
    );
    assert_eq!(entries[0].parameters["PrivateKeyEntry"], "Yes");
    assert_eq!(entries[0].cert_store_id, Some(store));

    let located = client.certificates().locations_of(id).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    let locations: Vec<_> = plan.locations().collect();
    assert_eq!((locations[0].store(), locations[0].alias()), (store, "www.pfx"));
    assert!(matches!(verdict(&stores, locations.clone()).await, RemovalVerdict::NotInventoried { listed: true, .. }));

    let removal = stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    let report = client.orchestrator_jobs().watch(removal.job_ids()).finish().await.unwrap();
    assert!(report.all_succeeded(), "{report:?}");
    assert!(matches!(verdict(&stores, locations).await, RemovalVerdict::Gone));
    stores.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    assert_eq!(fake.held(store, "www.pfx"), Some(id));
    assert!(fake.unknown_requests().is_empty());
}
