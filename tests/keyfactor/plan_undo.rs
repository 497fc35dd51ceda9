//! The part of a plan that can be put back after a part of the removal failed.

use std::time::Duration;

use clm::keyfactor::{CertificateLocation, Confirmation, ConfirmedLocation, RemovalPlan, RemovalVerdict, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor, Scene};

const MOMENT: Duration = Duration::from_millis(1);

#[tokio::test]
async fn what_was_removed_goes_back_and_what_was_not_is_left_alone() {
    let scene = Scene::partly_failing(3).await;
    let client = scene.keyfactor.client();
    let (stores, jobs) = (client.certificate_stores(), client.orchestrator_jobs());
    let plan = stores.plan_removal_of([scene.thumbprint()]).send().await.unwrap();
    let removal = stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    let report = jobs.watch(removal.job_ids()).pauses(MOMENT, MOMENT).finish().await.unwrap();
    assert_eq!(report.unsuccessful().count(), 3);

    let kept = RemovalPlan::from_json(serde_json::to_vec(&plan).unwrap()).unwrap();
    let look = stores.confirm_removed(kept.locations()).was_listed().look_once().send().await.unwrap();
    let gone = kept.only_gone(&look);
    let left: Vec<_> = gone.removals.iter().map(|it| it.store_id).collect();
    assert_eq!(left, scene.stores()[3..]);
    let addition = stores.add_back_each(&gone, Schedule::Immediate).send().await.unwrap();
    jobs.watch(addition.job_ids()).pauses(MOMENT, MOMENT).finish().await.unwrap().require_success().unwrap();
    assert!(stores.confirm_put_back(gone.locations()).was_gone().send().await.unwrap().all_back());

    // All of it is back: the next look leaves nothing to put back.
    let look = stores.confirm_removed(plan.locations()).was_listed().look_once().send().await.unwrap();
    let nothing = plan.only_gone(&look);
    assert_eq!((nothing.removals, nothing.certificates), (vec![], vec![]));
}

fn confirmation(places: impl IntoIterator<Item = (CertificateLocation, RemovalVerdict)>) -> Confirmation {
    Confirmation::new(places.into_iter().map(|(location, verdict)| ConfirmedLocation::new(location, verdict)), [])
}

#[tokio::test]
async fn every_other_verdict_is_no_reason_to_put_back() {
    let scene = Scene::partly_failing(0).await;
    let plan =
        scene.keyfactor.client().certificate_stores().plan_removal_of([scene.thumbprint()]).send().await.unwrap();
    let verdicts = [
        RemovalVerdict::Gone,
        RemovalVerdict::AliasGone,
        RemovalVerdict::StillThere,
        RemovalVerdict::NeverListed,
        RemovalVerdict::NotRead,
        RemovalVerdict::Gone,
    ];
    let mut places: Vec<_> = plan.locations().zip(verdicts).collect();
    // Of another certificate under the same alias.
    places[5].0 = places[5].0.clone().expecting_thumbprint("0".repeat(40));
    // The rest is not in the confirmation.
    let gone = plan.clone().only_gone(&confirmation(places));
    assert_eq!(gone.removals, plan.removals[..1]);
}

#[tokio::test]
async fn bindings_of_an_alias_are_gone_together_or_not() {
    let fake = FakeKeyfactor::start().await;
    let (store, id) = (fake.add_store(), fake.issue(FakeCertificate::new("www.example.com").private_key()));
    for site in ["Shop", "Blog"] {
        fake.put_entry(store, "www", id, [("SiteName", site)]);
    }
    let plan = fake.client().certificate_stores().plan_removal_of([fake.thumbprint(id)]).send().await.unwrap();
    let entries = |second: RemovalVerdict| {
        let places = plan.locations().zip([RemovalVerdict::Gone, second]);
        plan.clone().only_gone(&confirmation(places)).removals.len()
    };
    assert_eq!(plan.removals.len(), 2);
    assert_eq!([entries(RemovalVerdict::StillThere), entries(RemovalVerdict::Gone)], [0, 2]);
}
