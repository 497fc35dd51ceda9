//! Inventories before and after a removal, and what is said of the certificate.

use std::time::Duration;

use crate::support::jobs::{self, NEVER, client, counted, resource, rows};
use crate::support::scripted::{Answer, Scripted};
use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, Confirmation, Error, LookupError, PutBackVerdict, RemovalVerdict, Schedule,
};
use serde_json::{Value, json};

fn store() -> CertificateStoreId {
    jobs::job(1).get().into()
}

fn thumbprint(of: char) -> String {
    of.to_string().repeat(40)
}

/// Which certificate an entry holds does not matter to it.
fn holding(alias: &str, certificates: &Value) -> Value {
    json!({"Name": alias, "Certificates": certificates})
}

fn entry(alias: &str, of: char) -> Value {
    holding(alias, &json!([{"Thumbprint": thumbprint(of)}]))
}

fn at(alias: &str) -> CertificateLocation {
    CertificateLocation::new(store(), alias)
}

fn of_a(alias: &str) -> CertificateLocation {
    at(alias).expecting_thumbprint(thumbprint('A'))
}

/// A store whose inventory is not renewed, and shows each of these in turn, then always the last one.
async fn showing(inventories: Vec<Vec<Value>>) -> Scripted {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    Scripted::choosing(move |_, request| match resource(request) {
        it if it.ends_with("/Inventory") && jobs::page(request) == 1 => {
            let look = looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            rows(&inventories[look.min(inventories.len() - 1)])
        }
        it if it.starts_with("CertificateStores/") && !it.ends_with("/Inventory") => {
            let schedule = json!({"Interval": {"Minutes": 60}});
            Answer::json(200, &json!({"Id": store(), "InventorySchedule": schedule}).to_string())
        }
        _ => rows(&[]),
    })
    .await
}

fn removal_verdict(verdict: &RemovalVerdict) -> String {
    match verdict {
        RemovalVerdict::UnderAnotherAlias { alias, .. } => format!("under {alias}"),
        RemovalVerdict::HoldsAnother { thumbprint } => format!("another {}", &thumbprint[..1]),
        RemovalVerdict::Unreadable(error) => match &**error {
            Error::Lookup(error) if matches!(**error, LookupError::UnreadableEntry { .. }) => "unreadable".to_owned(),
            other => panic!("{other:?}"),
        },
        other => format!("{other:?}"),
    }
}

/// What is said of each location, after looks at these inventories.
async fn removed(inventories: Vec<Vec<Value>>, locations: Vec<CertificateLocation>) -> (Vec<String>, bool) {
    let server = showing(inventories).await;
    let confirm = client(&server).certificate_stores().confirm_removed(locations).was_listed();
    let confirm = confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(Duration::from_millis(300));
    let confirmation: Confirmation = confirm.send().await.unwrap();
    let verdicts = confirmation.locations().iter().map(|it| removal_verdict(&it.verdict)).collect();
    (verdicts, confirmation.all_gone())
}

#[tokio::test]
async fn a_certificate_that_is_listed_under_whatever_alias_is_not_gone() {
    let t = thumbprint('A');
    let spaced = "aa ".repeat(20);
    let coloned = format!("\u{200e}{}", ["aA"; 20].join(":"));
    let bound = format!("{t}:Default Web Site:https:*:443:");
    let chain = |certificates: &[(char, &str, &str)]| {
        let row = |(of, subject, issuer): &(char, &str, &str)| json!({"Thumbprint": thumbprint(*of), "IssuedDN": subject, "IssuerDN": issuer});
        Value::from(certificates.iter().map(row).collect::<Vec<_>>())
    };
    let leaf = ('A', "CN=www", "CN=Issuer, O=x");
    let issuer = ('C', "cn=issuer,o=x", "CN=Root");
    let root = ('D', "CN=Root", "CN=Root");
    for (case, after, location, expected) in [
        ("nothing", vec![], of_a("a"), "Gone"),
        ("a bystander", vec![entry("b", 'B')], of_a("a"), "Gone"),
        ("a successor", vec![entry("a", 'B')], of_a("a"), "another B"),
        ("another alias", vec![entry("b", 'B'), entry("z", 'A')], of_a("a"), "under z"),
        ("another alias, beside a successor", vec![entry("a", 'B'), entry("z", 'A')], of_a("a"), "under z"),
        ("another case", vec![entry("A", 'A')], of_a("a"), "under A"),
        ("the alias of a binding", vec![entry(&bound, 'A')], of_a(&t), &format!("under {bound}")),
        ("the alias of a thumbprint", vec![entry(&t, 'A')], of_a(&bound), &format!("under {t}")),
        ("lower case", vec![holding("z", &json!([{"Thumbprint": t.to_lowercase()}]))], of_a("a"), "under z"),
        ("spaces", vec![holding("z", &json!([{"Thumbprint": spaced}]))], of_a("a"), "under z"),
        ("colons and a mark", vec![holding("z", &json!([{"Thumbprint": coloned}]))], of_a("a"), "under z"),
        ("first of its chain", vec![holding("z", &chain(&[leaf, issuer, root]))], of_a("a"), "under z"),
        ("last of its chain", vec![holding("z", &chain(&[root, issuer, leaf]))], of_a("a"), "under z"),
        ("amid its chain", vec![holding("z", &chain(&[issuer, leaf, root]))], of_a("a"), "under z"),
        // What has issued the entry's certificate is no copy of its own.
        (
            "the issuer of another",
            vec![holding("z", &chain(&[('B', "CN=b", "CN=www"), leaf, issuer]))],
            of_a("a"),
            "Gone",
        ),
        (
            "a root in a chain",
            vec![holding("z", &chain(&[('B', "CN=b", "CN=R"), ('A', "CN=R", "CN=R")]))],
            of_a("a"),
            "Gone",
        ),
        // Without a thumbprint, what the alias says counts, or nothing.
        ("no thumbprint", vec![entry("b", 'B')], at("a"), "AliasGone"),
        ("no thumbprint, another case", vec![entry("b", 'B'), entry("A", 'B')], at("a"), "under A"),
        ("no thumbprint, a space", vec![entry(" a", 'B')], at("a"), "under  a"),
        ("the alias is a thumbprint", vec![entry(&bound, 'A')], at(&t), &format!("under {bound}")),
        ("the alias begins with one", vec![entry("z", 'A')], at(&bound), "under z"),
        ("the alias is a thumbprint in lower case", vec![entry(&t, 'A')], at(&t.to_lowercase()), &format!("under {t}")),
        ("the alias is a thumbprint, and it is gone", vec![entry("b", 'B')], at(&t), "Gone"),
        // Under its alias, nobody can tell it from what is expected.
        ("no thumbprint, a successor", vec![entry("a", 'B')], at("a"), "StillThere"),
    ] {
        let (verdicts, all_gone) = removed(vec![after], vec![location]).await;
        assert_eq!(verdicts, [expected], "{case}");
        assert_eq!(all_gone, expected == "Gone" || expected.starts_with("another"), "{case}");
    }
}

/// What a look has seen under the alias is what is looked for afterwards.
#[tokio::test]
async fn the_certificate_that_was_seen_under_an_alias_is_the_one_that_is_looked_for() {
    for (case, after, expected) in [
        ("gone", vec![entry("b", 'B')], "Gone"),
        ("under another alias", vec![entry("z", 'A')], "under z"),
        ("a successor", vec![entry("a", 'B')], "another B"),
    ] {
        let (verdicts, _) = removed(vec![vec![entry("a", 'A')], after], vec![at("a")]).await;
        assert_eq!(verdicts, [expected], "{case}");
    }
    // Two certificates under one alias: nobody knows which one is meant.
    let two = vec![entry("a", 'A'), entry("a", 'B')];
    assert_eq!(removed(vec![two, vec![]], vec![at("a")]).await, (vec!["AliasGone".to_owned()], false));
}

#[tokio::test]
async fn an_entry_that_does_not_show_its_certificate_proves_nothing_about_the_store() {
    let sha256 = "AB".repeat(32);
    for certificates in [
        Value::Null,
        json!([]),
        json!([{}]),
        json!([{"Thumbprint": null}]),
        json!([{"Thumbprint": ""}]),
        json!([{"Thumbprint": "n/a"}]),
        json!([{"Thumbprint": 17}]),
        json!([{"Thumbprint": true}]),
        json!([{"Thumbprint": sha256}]),
        json!([{"Thumbprint": {}}]),
        json!([{"Thumbprint": ["A"]}]),
        json!([null]),
        json!(["x"]),
        json!({}),
        json!("none"),
        json!(5),
    ] {
        let other = vec![entry("b", 'B'), holding("z", &certificates)];
        let (verdicts, all_gone) = removed(vec![other.clone()], vec![of_a("a")]).await;
        assert_eq!((verdicts, all_gone), (vec!["unreadable".to_owned()], false), "{certificates}");
        // Under the alias itself, it may be the very one.
        let (verdicts, all_gone) = removed(vec![vec![holding("a", &certificates)]], vec![of_a("a")]).await;
        assert!(
            ["unreadable", "StillThere"].contains(&verdicts[0].as_str()) && !all_gone,
            "{certificates}: {verdicts:?}"
        );
        // It is not back on the word of such an entry, either.
        let server = showing(vec![vec![holding("a", &certificates)]]).await;
        let look = client(&server).certificate_stores().confirm_put_back([of_a("a")]).look_once().send().await.unwrap();
        assert!(matches!(look.locations()[0].verdict, PutBackVerdict::Unreadable(_)), "{certificates}: {look:?}");
        // Nothing is removed from an alias that does not show what it holds.
        let removal = client(&server).certificate_stores().remove_certificates([of_a("a")], Schedule::Immediate);
        let Err(Error::Lookup(_)) = removal.send().await else { panic!("{certificates}: it was sent") };
    }
    // A member that is not there.
    let without = vec![json!({"Name": "z"})];
    assert_eq!(removed(vec![without], vec![of_a("a")]).await.0, ["unreadable"]);
    // What is found is found.
    let found = vec![holding("x", &json!([])), entry("z", 'A')];
    assert_eq!(removed(vec![found], vec![of_a("a")]).await.0, ["under z"]);
}

#[tokio::test]
async fn places_of_one_call_are_told_apart() {
    let b = || at("b").expecting_thumbprint(thumbprint('A'));
    for (case, after, locations, expected) in [
        ("in the other place", vec![entry("b", 'A')], vec![of_a("a"), b()], ["Gone", "StillThere"]),
        ("in neither, but elsewhere", vec![entry("z", 'A')], vec![of_a("a"), b()], ["under z", "under z"]),
        // The other place asks for another certificate: nobody would be told of this one.
        (
            "where another is expected",
            vec![entry("b", 'A')],
            vec![of_a("a"), at("b").expecting_thumbprint(thumbprint('B'))],
            ["under b", "another A"],
        ),
        ("in the other place, in another case", vec![entry("B", 'A')], vec![of_a("a"), b()], ["under B", "under B"]),
    ] {
        let (verdicts, all_gone) = removed(vec![after], locations).await;
        assert_eq!(verdicts, expected, "{case}");
        assert!(!all_gone, "{case}");
    }
}

/// One row goes and another comes while two pages are read: the row between them stands on neither, and the count is right.
#[tokio::test]
async fn an_inventory_of_several_pages_is_read_twice() {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    let server = Scripted::choosing(move |_, request| {
        let names =
            |numbers: std::ops::Range<usize>| numbers.map(|it| entry(&format!("e{it}"), 'B')).collect::<Vec<_>>();
        let page = if resource(request).ends_with("/Inventory") { jobs::page(request) } else { 0 };
        match (resource(request), page) {
            (it, 1) if it.ends_with("/Inventory") => {
                looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                counted(&names(0..100), 102)
            }
            (it, 2) if it.ends_with("/Inventory") => {
                let is_first = looks.load(std::sync::atomic::Ordering::SeqCst) == 1;
                let slid = [entry("e101", 'B'), entry("new", 'B')];
                let still = [entry("a", 'A'), entry("e101", 'B')];
                counted(if is_first { &slid } else { &still }, 102)
            }
            (it, _) if it.ends_with("/Inventory") => counted(&[], 102),
            (it, _) if it.starts_with("CertificateStores/") => Answer::json(200, &json!({"Id": store()}).to_string()),
            _ => rows(&[]),
        }
    })
    .await;
    let confirm = client(&server).certificate_stores().confirm_removed([of_a("a")]).was_listed();
    let confirm = confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(NEVER);
    let confirmation = confirm.send().await.unwrap();
    assert_eq!(removal_verdict(&confirmation.locations()[0].verdict), "NotInventoried { listed: true }");
    assert!(!confirmation.all_gone());
}

/// Without thumbprints, what a look has seen is what is asked for: a certificate that moves to the alias of another place is
/// told, there or here.
#[tokio::test]
async fn a_certificate_that_moves_to_the_alias_of_another_place_is_not_gone() {
    let before = vec![entry("a", 'A'), entry("b", 'B')];
    let (verdicts, all_gone) = removed(vec![before, vec![entry("b", 'A')]], vec![at("a"), at("b")]).await;
    assert_eq!((verdicts, all_gone), (["under b", "another A"].map(str::to_owned).to_vec(), false));
}

/// A bundle may hold two certificates that are looked for.
#[tokio::test]
async fn every_certificate_of_an_entry_that_is_looked_for_is_found() {
    let row = |of, subject, issuer| json!({"Thumbprint": thumbprint(of), "IssuedDN": subject, "IssuerDN": issuer});
    let issuer = row('C', "CN=Issuer", "CN=Root");
    let bundle = json!([row('B', "CN=b", "CN=Issuer"), row('A', "CN=a", "CN=Issuer"), issuer]);
    let b = at("b").expecting_thumbprint(thumbprint('B'));
    let (verdicts, _) = removed(vec![vec![holding("z", &bundle)]], vec![of_a("a"), b]).await;
    assert_eq!(verdicts, ["under z", "under z"]);
}

/// The words: whose certificates cannot be read. Behind the first one stands perhaps the one that is looked for.
#[tokio::test]
async fn a_chain_that_cannot_be_read_proves_nothing_either() {
    for behind in [json!({}), json!({"Thumbprint": ""}), json!({"Thumbprint": "n/a"})] {
        let chain = json!([{"Thumbprint": thumbprint('B')}, behind]);
        let (verdicts, all_gone) = removed(vec![vec![holding("z", &chain)]], vec![of_a("a")]).await;
        assert_eq!((verdicts, all_gone), (vec!["unreadable".to_owned()], false), "{behind}");
    }
}

/// What each page of an inventory is, by the look and the page.
async fn paged(page_of: impl Fn(usize, usize) -> Answer + Send + Sync + 'static) -> Scripted {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    Scripted::choosing(move |_, request| match resource(request) {
        it if it.ends_with("/Inventory") => {
            let page = jobs::page(request);
            let look = if page == 1 {
                looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst)
            } else {
                looks.load(std::sync::atomic::Ordering::SeqCst) - 1
            };
            page_of(look, page)
        }
        it if it.starts_with("CertificateStores/") => {
            let schedule = json!({"Interval": {"Minutes": 60}});
            Answer::json(200, &json!({"Id": store(), "InventorySchedule": schedule}).to_string())
        }
        _ => rows(&[]),
    })
    .await
}

fn others(numbers: std::ops::Range<usize>) -> Vec<Value> {
    numbers.map(|it| entry(&format!("e{it}"), 'B')).collect()
}

async fn verdict_of_paged(server: &Scripted) -> (String, bool) {
    let confirm = client(server).certificate_stores().confirm_removed([of_a("a")]).was_listed();
    let confirm = confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(Duration::from_millis(300));
    let confirmation = confirm.send().await.unwrap();
    (removal_verdict(&confirmation.locations()[0].verdict), confirmation.all_gone())
}

/// Few rows may come on several pages as well, where a server caps them: then a row can slide between them.
#[tokio::test]
async fn a_small_inventory_of_several_pages_is_read_twice() {
    let server = paged(|look, page| match (look, page) {
        (_, 1) => counted(&others(0..20), 40),
        (0, 2) => counted(&others(21..41), 40),
        (_, 2) => counted(&[vec![entry("a", 'A')], others(21..40)].concat(), 40),
        _ => counted(&[], 40),
    })
    .await;
    assert_eq!(verdict_of_paged(&server).await, ("StillThere".to_owned(), false));
}

/// However often a gap is seen, it stays one.
#[tokio::test]
async fn an_inventory_that_is_known_to_be_short_proves_nothing_however_often_it_is_read() {
    let server = paged(|_, page| counted(&others(0..50), if page == 1 { 120 } else { 50 })).await;
    assert_eq!(verdict_of_paged(&server).await, ("NeverListed".to_owned(), false));
}

/// A wildcard certificate may be bound to hundreds of sites.
#[tokio::test]
async fn a_certificate_with_hundreds_of_bindings_is_waited_for() {
    let bindings = |sites: std::ops::Range<usize>| -> Vec<Value> {
        let of = |site| json!({"Name": "a", "Certificates": [{"Thumbprint": thumbprint('A')}], "Parameters": {"SiteName": format!("site {site}")}});
        sites.map(of).collect()
    };
    let server = paged(move |look, page| match (look, page) {
        (0, 1..=3) => counted(&bindings((page - 1) * 100..page * 100), 300),
        (0, _) => counted(&[], 300),
        _ => counted(&[], 0),
    })
    .await;
    let places = (0..300).map(|site| of_a("a").job_field("SiteName", format!("site {site}")));
    let confirm = client(&server).certificate_stores().confirm_removed(places);
    let confirmation = confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(NEVER).send().await.unwrap();
    assert!(confirmation.all_gone(), "{:?}", confirmation.locations()[0]);
}
