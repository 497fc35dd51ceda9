//! "Gone, said the tool, and the site still answered with it." From 2.5.0 on, the orchestrator of IIS writes the aliases of
//! its entries another way, `<thumbprint>:<site>:<protocol>:<ip>:<port>:<host>` for `<thumbprint>`, and does so at the next
//! inventory, without any job. A tool that looks for the old alias finds nothing and says that the certificate is gone.

use std::time::Duration;

use clm::keyfactor::{RemovalVerdict, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator};

#[tokio::test]
async fn an_alias_that_is_spelt_another_way_is_not_gone() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    let thumbprint = fake.thumbprint(id);
    fake.put_entry(store, &thumbprint, id, [("SiteName", "Default Web Site"), ("Protocol", "https"), ("Port", "443")]);
    let keyfactor = fake.client();
    let stores = keyfactor.certificate_stores();
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();

    // No orchestrator runs the removal, and one of the new version takes inventory.
    fake.orchestrator(FakeOrchestrator::new().offline());
    fake.set_store(store, clm::testing::FakeStore::aliases_of_bindings);
    fake.run_inventory(store);
    let respelled = format!("{thumbprint}:Default Web Site:https::443:");
    assert_eq!(fake.inventory_aliases(store), std::slice::from_ref(&respelled));

    let confirm = stores.confirm_removed(plan.locations()).was_listed().deadline(Duration::from_secs(1));
    let confirmation = confirm.send().await.unwrap();
    match &confirmation.locations()[0].verdict {
        RemovalVerdict::UnderAnotherAlias { alias, .. } => assert_eq!(*alias, respelled),
        other => panic!("{other:?}"),
    }
    assert!(!confirmation.all_gone());

    // A plan that is made now names the new alias, and goes to its end.
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    assert_eq!(plan.removals[0].alias, respelled);
    fake.orchestrator(FakeOrchestrator::new());
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().await.unwrap();
    assert!(confirmation.all_gone(), "{confirmation:?}");
}
