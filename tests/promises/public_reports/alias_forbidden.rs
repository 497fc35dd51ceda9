//! "An alias is not allowed." Types of store such as IIS choose their aliases themselves: the vendor's tools let users put a
//! certificate back under the alias that the inventory had shown, and the server refused.

use clm::keyfactor::{Client, CustomAlias, RemovalPlan, Schedule};
use clm::testing::{FakeCertificate, FakeCustomAlias, FakeKeyfactor, FakeStoreType, KeyfactorPermission};

/// A certificate in a store whose type forbids an alias, and in one whose type needs it.
async fn in_two_stores() -> (FakeKeyfactor, Client, RemovalPlan) {
    let fake = FakeKeyfactor::start().await;
    let forbids = FakeStoreType::new(105, "WinCert").custom_alias(FakeCustomAlias::Forbidden);
    let stores = [fake.add_store_of_type(forbids), fake.add_store_of_type(FakeStoreType::jks())];
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    for store in stores {
        fake.put(store, fake.thumbprint(id), id);
    }
    let keyfactor = fake.client();
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let plan = keyfactor.certificate_stores().plan_removal(&located).await.unwrap();
    (fake, keyfactor, plan)
}

#[tokio::test]
async fn a_forbidden_alias_is_left_out_on_the_way_back() {
    let (fake, keyfactor, plan) = in_two_stores().await;
    let stores = keyfactor.certificate_stores();
    let alias = plan.removals[0].alias.clone();
    let told: Vec<_> = plan.removals.iter().map(|it| it.alias_on_add()).collect();
    assert_eq!(told, [None, Some(alias.as_str())], "the plan says so before anything is removed");

    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    // A plan is kept as a file, and knows the types from then.
    let plan: RemovalPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    let addition = stores.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    assert_eq!(addition.job_ids().len(), 2);
    let sent = fake.requests().last().unwrap().json();
    assert!(sent["CertificateStores"][0].get("Alias").is_none(), "{sent}");
    assert_eq!(sent["CertificateStores"][1]["Alias"], alias.as_str());
    fake.run_jobs();
    for removal in &plan.removals {
        assert_eq!(fake.aliases(removal.store_id), [alias.as_str()]);
    }
}

/// The other way round: without the type, nobody can tell. The alias is given, and the server's refusal is told.
#[tokio::test]
async fn an_account_that_may_not_read_types_is_told_that_it_is_not_known() {
    let (fake, keyfactor, known) = in_two_stores().await;
    fake.restrict_to([
        KeyfactorPermission::ReadCertificates,
        KeyfactorPermission::ReadStores,
        KeyfactorPermission::ScheduleStores,
    ]);
    let id = known.certificates[0].id;
    // Types are read once for a client: this is another one.
    let stores = fake.client().certificate_stores();
    let located = fake.client().certificates().locations_of(id).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    for removal in &plan.removals {
        assert_eq!((removal.store_type.needs(), removal.alias_on_add()), (None, Some(removal.alias.as_str())));
        let why = serde_json::to_value(&removal.store_type).unwrap()["unknown"]["why"].as_str().unwrap().to_owned();
        assert!(why.contains("403"), "{why}");
    }
    let asked = fake.requests().iter().filter(|it| it.path().contains("/CertificateStoreTypes/")).count();
    assert_eq!(asked, 3, "two for the first plan, and one refusal for the second");
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    let error = stores.add_back(&plan, Schedule::Immediate).send().await.unwrap_err();
    assert_eq!(error.message(), Some("The certificate store type 'WinCert' does not allow an alias."));
    let of_client = keyfactor.certificate_stores();
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let again = of_client.plan_removal(&located).await.unwrap();
    assert_eq!(again.removals[0].store_type.needs().unwrap().custom_alias, CustomAlias::Forbidden);
}
