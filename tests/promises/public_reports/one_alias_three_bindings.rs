//! "One alias stands for three bindings." Before version 2.5.0 the IIS orchestrator gave every binding of a certificate the
//! same alias, the thumbprint: three rows of the inventory with one `Name` and three `SiteName`s. Tools that keep rows by
//! their alias saw one binding, removed that one, and put back one of three.

use clm::keyfactor::{CertificateId, CertificateLocation, CertificateStoreEntry, CertificateStoreId, Client, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor};
use serde_json::json;

const SITES: [&str; 3] = ["Default Web Site", "Shop", "Intranet"];

/// A store that holds a certificate under its thumbprint, once for each site.
async fn bound_three_times() -> (FakeKeyfactor, Client, CertificateStoreId, CertificateId, String) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    let alias = fake.thumbprint(id);
    for site in SITES {
        fake.put_entry(store, &alias, id, [("SiteName", site)]);
    }
    let keyfactor = fake.client();
    (fake, keyfactor, store, id, alias)
}

#[tokio::test]
async fn every_binding_is_a_row_a_place_of_the_plan_and_a_job() {
    let (fake, keyfactor, store, id, alias) = bound_three_times().await;
    let stores = keyfactor.certificate_stores();

    let rows = stores.inventory(store).rows().unwrap().collect().await.unwrap();
    let sites: Vec<_> = rows.iter().map(|row| row.parameters["SiteName"].as_str().unwrap()).collect();
    assert_eq!(sites, SITES);
    assert!(rows.iter().all(|row| row.alias == alias));

    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    let planned: Vec<_> = plan.removals.iter().map(|it| it.parameters["SiteName"].as_str().unwrap()).collect();
    assert_eq!(planned, SITES, "the plan keeps each, with its parameters");

    // One job for each binding, told by its job fields.
    let bindings = SITES.map(|site| CertificateLocation::new(store, &alias).job_field("SiteName", site));
    let removal = stores.remove_certificates(bindings, Schedule::Immediate).send().await.unwrap();
    assert_eq!((removal.job_ids().len(), removal.repeated().len()), (3, 0));
    fake.run_jobs();
    assert_eq!(fake.aliases(store), Vec::<String>::new());

    // And back, one by one.
    let entries = SITES.map(|site| CertificateStoreEntry::new(store).alias(&alias).job_field("SiteName", site));
    let addition = stores.add_certificates(id, entries, Schedule::Immediate).send().await.unwrap();
    assert_eq!(addition.job_ids().len(), 3);
    fake.run_jobs();
    let rows = stores.inventory(store).rows().unwrap().collect().await.unwrap();
    assert_eq!(rows.iter().map(|row| json!(row.parameters["SiteName"])).collect::<Vec<_>>(), SITES);
}

/// Of three bindings, one is removed: the alias and its certificate are still there.
#[tokio::test]
async fn a_certificate_is_not_gone_while_one_of_its_bindings_is_listed() {
    let (fake, keyfactor, store, id, alias) = bound_three_times().await;
    let stores = keyfactor.certificate_stores();
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    let binding = CertificateLocation::new(store, &alias).job_field("SiteName", SITES[1]);
    stores.remove_certificates([binding], Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await.unwrap();
    assert!(!confirmation.all_gone(), "{confirmation:?}");
}
