//! "204 for an inventory." A store that was never inventoried, or whose last certificate has gone, may be answered with 204 and
//! no body: the vendor's clients take 204 for a success of every call, and crashed at empty answers. It is an empty inventory only
//! where an inventory is known to have run; before that, nobody has looked.

use std::time::Duration;

use clm::keyfactor::{Confirmation, RemovalVerdict, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator};
use serde_json::json;

#[tokio::test]
async fn nothing_at_all_is_an_empty_inventory_only_once_an_inventory_has_run() {
    for schedule in [json!(null), json!({"Interval": {"Minutes": 60}})] {
        let is_scheduled = schedule.is_object();
        let fake = FakeKeyfactor::start().await;
        fake.answer_empty_pages_with_204();
        let store = fake.add_store();
        fake.set_store(store, |it| it.inventory_schedule(schedule));
        let id = fake.issue(FakeCertificate::new("www.example.com"));
        fake.put(store, "www", id);
        let keyfactor = fake.client();
        let stores = keyfactor.certificate_stores();
        let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
        let plan = stores.plan_removal(&located).await.unwrap();
        stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
        fake.run_jobs();
        fake.orchestrator(FakeOrchestrator::new().offline());
        let confirm = |deadline| {
            let confirm = stores.confirm_removed(plan.locations()).was_listed();
            confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(deadline).send()
        };
        let verdict = |confirmation: &Confirmation| confirmation.locations()[0].verdict.clone();

        let confirmation = confirm(Duration::from_secs(1)).await.unwrap();
        match verdict(&confirmation) {
            RemovalVerdict::NotInventoried { listed: false, .. } if !is_scheduled => {}
            RemovalVerdict::Unreadable(error) if is_scheduled => {
                assert!(error.to_string().contains("has no content"), "{error}");
            }
            other => panic!("{other:?}"),
        }
        assert!(!confirmation.all_gone());

        // An inventory runs: then nothing is nothing.
        if is_scheduled {
            fake.orchestrator(FakeOrchestrator::new().after_polls(2));
            let confirmation = confirm(Duration::from_secs(60)).await.unwrap();
            assert!(confirmation.all_gone(), "{confirmation:?}");
        }
    }
}
