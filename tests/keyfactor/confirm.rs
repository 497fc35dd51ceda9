//! Confirming removals by Command's inventory, and saying no more than it shows.

use std::time::Duration;

use crate::support::fake_keyfactor as fake_support;
use crate::support::fake_keyfactor::remove;
use clm::Reason;
use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, ConfirmRemoved, Confirmation, Error, ErrorKind, RemovalVerdict,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator, KeyfactorPermission};
use clm::uuid::Uuid;
use serde_json::json;

/// A deadline that no test reaches, unless it fails.
const NEVER: Duration = Duration::from_secs(60);
/// Time for some looks.
const SHORT: Duration = Duration::from_secs(1);

/// A fake with a store that holds `a`, whose inventory is taken every hour.
async fn inventoried() -> (FakeKeyfactor, CertificateStoreId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    fake.add_certificate(store, "a");
    (fake, store)
}

fn confirm(fake: &FakeKeyfactor, locations: impl IntoIterator<Item = CertificateLocation>) -> ConfirmRemoved {
    let confirm = fake.client().certificate_stores().confirm_removed(locations);
    confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(NEVER)
}

fn at(store: CertificateStoreId, alias: &str) -> CertificateLocation {
    CertificateLocation::new(store, alias)
}

/// The same, of the first certificate of the fake: absence of an alias is not absence of a certificate.
fn expecting(fake: &FakeKeyfactor, store: CertificateStoreId, alias: &str) -> CertificateLocation {
    at(store, alias).expecting_thumbprint(fake.thumbprint(1.into()))
}

/// The verdicts by their names.
fn verdicts(confirmation: &Confirmation) -> Vec<String> {
    let name = |verdict: &RemovalVerdict| match verdict {
        RemovalVerdict::HoldsAnother { thumbprint } => format!("HoldsAnother {thumbprint}"),
        RemovalVerdict::NotInventoried { listed } => format!("NotInventoried {listed}"),
        RemovalVerdict::Unreadable(error) => format!("Unreadable {:?}", error.status().map(|it| it.as_u16())),
        other => format!("{other:?}"),
    };
    confirmation.locations().iter().map(|it| name(&it.verdict)).collect()
}

/// How often this was asked for, whatever its number of pages.
fn paths(fake: &FakeKeyfactor, ending: &str) -> usize {
    let is_first = |query: &str| query.is_empty() || query.starts_with("PageReturned=1&");
    fake.requests().iter().filter(|it| it.path().ends_with(ending) && is_first(it.query())).count()
}

#[tokio::test]
async fn what_the_inventory_no_longer_lists_is_gone() {
    let (fake, store) = inventoried().await;
    remove(&fake, store, "a").await;
    fake.run_jobs();
    let confirmation = confirm(&fake, [expecting(&fake, store, "a")]).was_listed().send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["Gone"]);
    assert!(confirmation.all_gone() && confirmation.triggered().is_empty());
    assert_eq!(confirmation.locations()[0].location, expecting(&fake, store, "a"));
    assert_eq!(paths(&fake, "/Inventory"), 1);
    assert_eq!(paths(&fake, "/CertificateStores/Schedule"), 0, "nothing is triggered unless it is asked for");
}

// Trap: Command's inventory lags behind the store.
#[tokio::test]
async fn a_certificate_that_is_gone_from_the_store_is_still_there_for_a_lagging_inventory() {
    let (fake, store) = inventoried().await;
    fake.inventory_lags();
    remove(&fake, store, "a").await;
    fake.run_jobs();
    fake.orchestrator(FakeOrchestrator::new().offline());
    assert!(fake.aliases(store).is_empty());
    let confirmation = confirm(&fake, [at(store, "a")]).deadline(SHORT).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["StillThere"]);
    assert!(!confirmation.all_gone());
}

#[tokio::test]
async fn a_lagging_inventory_is_waited_for() {
    let (fake, store) = inventoried().await;
    fake.inventory_lags();
    remove(&fake, store, "a").await;
    fake.run_jobs();
    // Each look has two: at the history, and at the inventory.
    fake.orchestrator(FakeOrchestrator::new().after_polls(6));
    let confirmation = confirm(&fake, [at(store, "a")]).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["Gone"]);
    assert!(paths(&fake, "/Inventory") > 3, "{}", paths(&fake, "/Inventory"));
}

#[tokio::test]
async fn an_orchestrator_that_never_comes_leaves_it_still_there() {
    let (fake, store) = inventoried().await;
    remove(&fake, store, "a").await;
    let confirmation = confirm(&fake, [at(store, "a")]).deadline(SHORT).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["StillThere"]);
    assert_eq!(confirmation.locations()[0].inventoried_at, None, "no inventory has run");
}

#[tokio::test]
async fn an_alias_that_holds_another_certificate_is_told_with_its_thumbprint() {
    let (fake, store) = inventoried().await;
    let old = fake.thumbprint(fake.held(store, "a").unwrap());
    let successor = fake.issue(FakeCertificate::new("successor"));
    fake.replace_unseen(store, "a", successor);
    let location = || [at(store, "a").expecting_thumbprint(old.as_str())];
    let confirmation = confirm(&fake, location()).deadline(SHORT).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["StillThere"], "the inventory has not seen it");
    fake.run_inventory(store);
    let confirmation = confirm(&fake, location()).deadline(SHORT).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["NeverListed"], "an inventory from before the old one came shows the same");
    assert!(!confirmation.all_gone());
    let confirmation = confirm(&fake, location()).was_listed().send().await.unwrap();
    assert_eq!(verdicts(&confirmation), [format!("HoldsAnother {}", fake.thumbprint(successor))]);
    assert!(confirmation.all_gone());
    // Who names no thumbprint is told what the inventory lists, and no more.
    let confirmation = confirm(&fake, [at(store, "a")]).deadline(SHORT).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["StillThere"]);
}

#[tokio::test]
async fn a_certificate_in_the_chain_of_another_is_not_gone() {
    let (fake, store) = inventoried().await;
    let (root, leaf) = (fake.issue(FakeCertificate::new("root")), fake.issue(FakeCertificate::new("leaf")));
    fake.put_with_chain(store, "a", leaf, [root]);
    let location = at(store, "a").expecting_thumbprint(fake.thumbprint(root).as_str());
    let confirmation = confirm(&fake, [location]).deadline(SHORT).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["StillThere"], "that the leaf stands first is undocumented by the vendor");
    assert!(!confirmation.all_gone());
}

// Trap: the inventory of a store without a schedule never changes.
#[tokio::test]
async fn a_store_without_an_inventory_schedule_is_not_waited_for() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    let confirmation = confirm(&fake, [at(store, "a"), at(store, "b")]).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["NotInventoried true", "NotInventoried false"]);
    assert!(!confirmation.all_gone());
    assert_eq!(paths(&fake, "/Inventory"), 1);
}

#[tokio::test]
async fn an_inventory_that_listed_it_before_was_renewed_also_without_a_schedule() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "a");
    let thumbprint = fake.thumbprint(fake.held(store, "a").unwrap());
    let location = || [at(store, "a").expecting_thumbprint(thumbprint.as_str())];
    let confirmation = confirm(&fake, location()).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["NotInventoried true"]);
    remove(&fake, store, "a").await;
    fake.run_jobs();
    let confirmation = confirm(&fake, location()).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["NotInventoried false"], "a thumbprint alone proves nothing");
    let confirmation = confirm(&fake, location()).was_listed().send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["Gone"]);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_does_not_keep_the_others() {
    let (fake, good) = inventoried().await;
    let hidden = fake.add_store_in(7);
    fake.add_certificate(hidden, "b");
    let unknown: CertificateStoreId = Uuid::from_u128(0x4711).into();
    fake.set_store(good, |it| it.container(3));
    remove(&fake, good, "a").await;
    fake.run_jobs();
    fake.restrict_to([KeyfactorPermission::ReadStoresIn(3)]);
    let locations = [expecting(&fake, hidden, "b"), expecting(&fake, good, "a"), expecting(&fake, good, "z")];
    let confirmation = confirm(&fake, locations).was_listed().send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["Unreadable Some(403)", "Gone", "Gone"]);
    let RemovalVerdict::Unreadable(error) = &confirmation.locations()[0].verdict else { panic!() };
    assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
    assert!(error.remediation().unwrap().contains("read certificate stores"), "{:?}", error.remediation());
    assert!(!confirmation.all_gone());
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    let confirmation = confirm(&fake, [at(unknown, "a")]).send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["Unreadable Some(404)"]);
}

#[tokio::test]
async fn each_store_is_read_once_a_look_and_no_more_once_it_is_settled() {
    let (fake, first) = inventoried().await;
    let second = fake.add_store();
    fake.set_store(second, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    fake.add_certificate(second, "c");
    fake.inventory_lags();
    remove(&fake, second, "c").await;
    fake.run_jobs();
    fake.orchestrator(FakeOrchestrator::new().offline());
    fake.orchestrator_of(second, FakeOrchestrator::new().after_polls(4));
    let never = |store, alias| at(store, alias).expecting_thumbprint("0".repeat(40));
    let held = at(second, "c").expecting_thumbprint(fake.thumbprint(2.into()));
    let locations = [held, never(first, "x"), never(first, "y"), never(second, "z")];
    let confirmation = confirm(&fake, locations).was_listed().send().await.unwrap();
    assert_eq!(verdicts(&confirmation), ["Gone"; 4]);
    let names: Vec<&str> = confirmation.locations().iter().map(|it| it.location.alias()).collect();
    assert_eq!(names, ["c", "x", "y", "z"], "in the order in which they were given");
    assert_eq!(paths(&fake, &format!("{first}/Inventory")), 1);
    assert_eq!(paths(&fake, &format!("{second}/Inventory")), 3, "until it is settled");
    assert_eq!((paths(&fake, &format!("/{first}")), paths(&fake, &format!("/{second}"))), (1, 1));
}

#[tokio::test]
async fn the_inventory_s_age_is_told_where_the_history_shows_it() {
    for (zoneless, suffix) in [(false, "Z"), (true, "")] {
        let (fake, store) = inventoried().await;
        if zoneless {
            fake.write_zoneless_times();
        }
        remove(&fake, store, "a").await;
        fake.run_jobs();
        fake.run_jobs();
        let last =
            fake_support::get(&fake, "OrchestratorJobs/JobHistory?QueryString=JobType -contains \"Inventory\"").await;
        let last = last.column("OperationEnd").pop().unwrap();
        let confirmation = confirm(&fake, [at(store, "a")]).was_listed().send().await.unwrap();
        let age = confirmation.locations()[0].inventoried_at.as_ref().unwrap();
        assert_eq!(json!(age), last, "of the last of several runs");
        assert!(age.as_str().ends_with(suffix) && age.timestamp().unwrap().to_string().ends_with('Z'), "{age}");
    }
}

#[tokio::test]
async fn an_inventory_that_failed_or_is_under_way_is_not_its_age() {
    let (fake, store) = inventoried().await;
    fake.orchestrator(FakeOrchestrator::new().after_polls(0));
    remove(&fake, store, "a").await;
    fake.run_jobs();
    fake.orchestrator(FakeOrchestrator::new().offline());
    let first = confirm(&fake, [at(store, "a")]).was_listed().send().await.unwrap().locations()[0]
        .inventoried_at
        .clone()
        .unwrap();
    for orchestrator in [
        FakeOrchestrator::new().after_polls(0).fails("no route"),
        FakeOrchestrator::new().after_polls(0).retries(u32::MAX),
        FakeOrchestrator::new().after_polls(0).running_for(u32::MAX),
    ] {
        fake.orchestrator(orchestrator);
        let confirmation = confirm(&fake, [at(store, "a")]).was_listed().send().await.unwrap();
        assert_eq!(confirmation.locations()[0].inventoried_at.as_ref(), Some(&first));
    }
}

#[tokio::test]
async fn without_the_permission_for_the_history_there_is_no_age_and_the_same_verdict() {
    let (fake, store) = inventoried().await;
    remove(&fake, store, "a").await;
    fake.run_jobs();
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    let confirmation = confirm(&fake, [expecting(&fake, store, "a")]).was_listed().send().await.unwrap();
    assert_eq!(
        (verdicts(&confirmation), &confirmation.locations()[0].inventoried_at),
        (vec!["Gone".to_owned()], &None)
    );
}

#[tokio::test]
async fn what_names_nothing_is_refused_before_the_wire() {
    let (fake, store) = inventoried().await;
    let error = confirm(&fake, []).send().await.unwrap_err();
    let Error::Validation(error) = error else { panic!("{error:?}") };
    assert_eq!((error.problems()[0].field(), error.problems()[0].reason()), ("locations", &Reason::Empty));
    let nil: CertificateStoreId = Uuid::nil().into();
    let wrong = [at(store, "a"), at(nil, ""), at(store, " "), at(store, "a").expecting_thumbprint("no hex")];
    let error = confirm(&fake, wrong).trigger_inventory().send().await.unwrap_err();
    let Error::Validation(error) = error else { panic!("{error:?}") };
    let fields: Vec<&str> = error.problems().iter().map(clm::Problem::field).collect();
    let expected = ["[1].certificate_store_id", "[1].alias", "[2].alias", "[3].expected_thumbprint"];
    assert_eq!(fields, expected.map(|field| format!("locations{field}")));
    let error = confirm(&fake, [at(store, "a")]).look_once().trigger_inventory().send().await.unwrap_err();
    let Error::Validation(error) = error else { panic!("{error:?}") };
    assert_eq!((error.problems()[0].field(), error.problems()[0].reason()), ("trigger_inventory", &Reason::Conflict));
    assert!(fake.requests().is_empty());
}
