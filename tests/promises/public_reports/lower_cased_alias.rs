//! "Added, and never found again." Some stores give the alias back in lower case after an addition, as the notes of the vendor's
//! Terraform provider tell. A tool that looks for the alias that it sent waits for ever, or adds the certificate again.

use clm::keyfactor::{PutBackVerdict, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeStore};

#[tokio::test]
async fn what_comes_back_under_an_alias_in_lower_case_is_back() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.set_store(store, FakeStore::lower_case_aliases);
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    fake.put(store, "WWW.Example.com.PFX", id);
    let keyfactor = fake.client();
    let stores = keyfactor.certificate_stores();
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    assert!(stores.confirm_removed(plan.locations()).was_listed().send().await.unwrap().all_gone());

    // Nothing of it is there already; so it is put back.
    let look = stores.confirm_put_back(plan.locations()).look_once().send().await.unwrap();
    assert!(look.locations().iter().all(|it| !it.verdict.is_listed()), "{look:?}");
    stores.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    let confirmation = stores.confirm_put_back(plan.locations()).was_gone().send().await.unwrap();
    match &confirmation.locations()[0].verdict {
        PutBackVerdict::BackUnderAnotherAlias { alias, .. } => assert_eq!(alias, "www.example.com.pfx"),
        other => panic!("{other:?}"),
    }
    assert!(confirmation.all_back());

    // Whoever wants to put it back a second time is told that it is listed, and under which alias.
    let look = stores.confirm_put_back(plan.locations()).look_once().send().await.unwrap();
    assert!(look.locations()[0].verdict.is_listed(), "{look:?}");
}
