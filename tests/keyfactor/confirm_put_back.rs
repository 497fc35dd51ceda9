//! Confirming by Command's inventory that certificates are back.

use std::time::Duration;

use crate::support::Received;
use crate::support::jobs::{self, NEVER, client, resource, rows};
use crate::support::scripted::{Answer, Scripted};
use clm::Reason;
use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, ConfirmPutBack, Error, PutBackVerdict, RemovalPlan, Schedule,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator, KeyfactorPermission};
use serde_json::{Value, json};

fn store() -> CertificateStoreId {
    jobs::job(1).get().into()
}

fn thumbprint(of: char) -> String {
    of.to_string().repeat(40)
}

fn entry(alias: &str, of: char) -> Value {
    json!({"Name": alias, "Certificates": [{"Thumbprint": thumbprint(of)}]})
}

fn of_a(alias: &str) -> CertificateLocation {
    CertificateLocation::new(store(), alias).expecting_thumbprint(thumbprint('A'))
}

fn named(verdict: &PutBackVerdict) -> String {
    match verdict {
        PutBackVerdict::BackUnderAnotherAlias { alias, .. } => format!("back under {alias}"),
        PutBackVerdict::Listed { alias, .. } => format!("listed as {alias}"),
        PutBackVerdict::HoldsAnother { thumbprint, .. } => format!("another {}", &thumbprint[..1]),
        PutBackVerdict::NotInventoried { listed, .. } => format!("not inventoried, {listed}"),
        PutBackVerdict::Unreadable(error) => format!("unreadable {:?}", error.status().map(|it| it.as_u16())),
        other => format!("{other:?}"),
    }
}

async fn verdicts(confirm: ConfirmPutBack) -> (Vec<String>, bool) {
    let confirmation = confirm.pauses(Duration::ZERO, Duration::from_millis(5)).send().await.unwrap();
    (confirmation.locations().iter().map(|it| named(&it.verdict)).collect(), confirmation.all_back())
}

/// A store with an inventory job. What it lists and the job's runs, by the number of looks before.
async fn serving(
    listed: impl Fn(usize) -> Vec<Value> + Send + Sync + 'static,
    runs: impl Fn(usize) -> Vec<Value> + Send + Sync + 'static,
) -> Scripted {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    Scripted::choosing(move |_, request| match resource(request) {
        jobs::HISTORY => rows(&runs(looks.load(std::sync::atomic::Ordering::SeqCst))),
        it if it.ends_with("/Inventory") && jobs::page(request) == 1 => {
            rows(&listed(looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst)))
        }
        it if it.ends_with("/Inventory") => rows(&[]),
        _ => {
            let schedule = json!({"Interval": {"Minutes": 60}});
            let row = json!({"Id": store(), "InventorySchedule": schedule, "CertStoreInventoryJobId": jobs::job(7)});
            Answer::json(200, &row.to_string())
        }
    })
    .await
}

/// A run of the inventory job: done, or under way.
fn run(number: i64, began: &str, is_over: bool) -> Value {
    let (result, status) = if is_over { (2, 3) } else { (0, 2) };
    jobs::with(jobs::row(number, jobs::job(7), result, status), "OperationStart", began)
}

const EARLY: &str = "2026-03-19T20:00:00Z";
const LATE: &str = "2026-03-19T22:00:00Z";

#[tokio::test]
async fn what_the_inventory_lists_is_back_if_it_was_gone() {
    let bound = format!("{}:Default Web Site:https:*:443:", thumbprint('A'));
    for (case, listed, alias, expected) in [
        ("under its alias", vec![entry("a", 'A')], "a", "Back".to_owned()),
        ("in another case", vec![entry("a", 'A')], "A", "back under a".to_owned()),
        ("as the store chose", vec![entry(&thumbprint('A'), 'A')], "A", format!("back under {}", thumbprint('A'))),
        ("with its binding", vec![entry(&bound, 'A')], &thumbprint('A'), format!("back under {bound}")),
        ("with a successor", vec![entry("a", 'B'), entry("z", 'A')], "a", "back under z".to_owned()),
        ("in two spellings", vec![entry("z", 'A'), entry("A", 'A')], "a", "back under A".to_owned()),
        ("a successor alone", vec![entry("a", 'B')], "a", "another B".to_owned()),
        ("nothing", vec![entry("b", 'B')], "a", "NotListed".to_owned()),
    ] {
        let server = serving(move |_| listed.clone(), |_| Vec::new()).await;
        let confirm = client(&server).certificate_stores().confirm_put_back([of_a(alias)]).was_gone();
        let is_back = expected.to_lowercase().starts_with("back");
        assert_eq!(verdicts(confirm.deadline(Duration::from_millis(300))).await, (vec![expected], is_back), "{case}");
    }
}

/// An inventory from before the removal lists it as well.
#[tokio::test]
async fn what_is_listed_is_back_only_in_an_inventory_that_is_new() {
    let always = |_: usize| vec![entry("a", 'A')];
    let confirm = |server: &Scripted| client(server).certificate_stores().confirm_put_back([of_a("a")]);
    let short = Duration::from_millis(300);

    let server = serving(always, |_| vec![run(5, EARLY, true)]).await;
    assert_eq!(verdicts(confirm(&server).deadline(short)).await.0, ["listed as a"]);
    // A run that was under way may have read the store before.
    let server = serving(always, |looks| vec![run(5, EARLY, true), run(6, LATE, looks > 1)]).await;
    assert_eq!(verdicts(confirm(&server).deadline(short)).await.0, ["listed as a"]);
    // One that begins afterwards has not.
    let begins =
        |looks| if looks < 2 { vec![run(5, EARLY, true)] } else { vec![run(5, EARLY, true), run(6, LATE, true)] };
    let server = serving(always, begins).await;
    assert_eq!(verdicts(confirm(&server).deadline(NEVER)).await, (vec!["Back".to_owned()], true));
    // Nor has one that began after a time that the caller knows.
    for (began, expected) in [(EARLY, "listed as a"), (LATE, "Back")] {
        let server = serving(always, move |_| vec![run(5, began, true)]).await;
        let since = "2026-03-19T21:00:00Z".parse().unwrap();
        assert_eq!(verdicts(confirm(&server).newer_than(since).deadline(short)).await.0, [expected], "{began}");
        assert_eq!(verdicts(confirm(&server).newer_than(since).look_once()).await.0, [expected], "{began}");
    }
    // What a look missed, and the next one lists, has come.
    let comes = |looks| if looks == 0 { Vec::new() } else { vec![entry("z", 'A')] };
    let server = serving(comes, |_| Vec::new()).await;
    assert_eq!(verdicts(confirm(&server).deadline(NEVER)).await, (vec!["back under z".to_owned()], true));
    // Another copy may have been there all the time.
    let server = serving(|_| vec![entry("z", 'A')], begins).await;
    assert_eq!(verdicts(confirm(&server).deadline(short)).await.0, ["listed as z"]);
}

#[tokio::test]
async fn one_look_waits_for_nothing() {
    let server = serving(|_| vec![entry("a", 'A'), entry("b", 'B')], |_| vec![run(5, EARLY, true)]).await;
    let stores = client(&server).certificate_stores();
    let look = stores.confirm_put_back([of_a("a"), of_a("b"), of_a("c")]).look_once();
    // `b` may not get what stands under `a`: that is told there.
    assert_eq!(verdicts(look).await.0, ["listed as a", "another B", "NotListed"]);
    let looks = |it: &&Received| resource(it).ends_with("/Inventory") && jobs::page(it) == 1;
    assert_eq!(server.received().iter().filter(looks).count(), 1);
    let gone = stores.confirm_removed([of_a("a"), of_a("c")]).was_listed().look_once().send().await.unwrap();
    let verdicts: Vec<String> = gone.locations().iter().map(|it| format!("{:?}", it.verdict)).collect();
    assert_eq!(verdicts, ["StillThere", "Gone"]);
}

/// The bindings of one alias are counted.
#[tokio::test]
async fn as_many_places_are_back_as_the_alias_has_entries() {
    let site = |alias: &str, site: &str| {
        let mut row = entry(alias, 'A');
        row["Parameters"] = json!({"SiteName": site});
        row
    };
    let t = thumbprint('A');
    for (case, listed, expected) in [
        ("all", vec![site("a", "1"), site("a", "2"), site("a", "3")], ["Back", "Back", "Back"]),
        ("two", vec![site("a", "1"), site("a", "2")], ["Back", "Back", "NotListed"]),
        ("one", vec![site("a", "1")], ["Back", "NotListed", "NotListed"]),
        (
            "two with aliases of their own",
            vec![site(&format!("{t}:1"), "1"), site(&format!("{t}:2"), "2")],
            [&*format!("back under {t}:1"), &*format!("back under {t}:2"), "NotListed"],
        ),
    ] {
        let server = serving(move |_| listed.clone(), |_| Vec::new()).await;
        let places = [of_a("a"), of_a("a"), of_a("a")];
        let confirm = client(&server).certificate_stores().confirm_put_back(places).was_gone();
        let (verdicts, all_back) = verdicts(confirm.deadline(Duration::from_millis(300))).await;
        assert_eq!((verdicts, all_back), (expected.map(str::to_owned).to_vec(), case == "all"), "{case}");
    }
}

async fn planned(fake: &FakeKeyfactor) -> (CertificateStoreId, RemovalPlan) {
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    fake.put(store, "www", id);
    let keyfactor = fake.client();
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    (store, keyfactor.certificate_stores().plan_removal(&located).await.unwrap())
}

#[tokio::test]
async fn a_plan_is_removed_put_back_and_seen_to_be_back() {
    let fake = FakeKeyfactor::start().await;
    let (store, plan) = planned(&fake).await;
    fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    fake.inventory_lags();
    let stores = fake.client().certificate_stores();
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    fake.run_inventory(store);
    stores.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    // The inventory does not know it yet, and then it does.
    let confirm = || stores.confirm_put_back(plan.locations());
    assert_eq!(verdicts(confirm().look_once()).await.0, ["NotListed"]);
    fake.orchestrator(FakeOrchestrator::new().after_polls(0));
    fake.client().orchestrator_jobs().history(clm::keyfactor::Query::all()).rows().unwrap().collect().await.unwrap();
    assert_eq!(verdicts(confirm().deadline(NEVER)).await, (vec!["Back".to_owned()], true));
    // Of a store that is never inventoried, nothing can be said.
    fake.set_store(store, |it| it.inventory_schedule(Value::Null));
    assert_eq!(verdicts(confirm().deadline(NEVER)).await, (vec!["not inventoried, true".to_owned()], false));
    fake.restrict_to([KeyfactorPermission::ScheduleStores]);
    assert_eq!(verdicts(confirm().deadline(NEVER)).await.0, ["unreadable Some(403)"]);
}

#[tokio::test]
async fn a_location_without_a_thumbprint_is_refused_before_the_wire() {
    let fake = FakeKeyfactor::start().await;
    let confirm = fake.client().certificate_stores().confirm_put_back([CertificateLocation::new(store(), "a")]);
    let Err(Error::Validation(error)) = confirm.send().await else { panic!("it was sent") };
    let problem = &error.problems()[0];
    assert_eq!((problem.field(), problem.reason()), ("locations[0].expected_thumbprint", &Reason::Empty));
    assert!(fake.requests().is_empty());
}
