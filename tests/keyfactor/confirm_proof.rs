//! What it takes to say that a certificate is gone: an alias that the inventory listed, or an inventory that is new.

#![allow(clippy::cloned_ref_to_slice_refs, reason = "the rows of a table")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::Received;
use crate::support::jobs;
use crate::support::jobs::{NEVER, client, counted, resource, rows};
use crate::support::scripted::{Answer, Scripted};
use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, ConfirmRemoved, Confirmation, Error, LookupError, RemovalVerdict,
    Schedule, ScheduleAfter,
};
use serde_json::{Value, json};

/// Time for some looks.
const SHORT: Duration = Duration::from_secs(1);

fn store() -> CertificateStoreId {
    jobs::job(1).get().into()
}

fn thumbprint(of: char) -> String {
    of.to_string().repeat(40)
}

fn entry(alias: &str, thumbprints: &[String]) -> Value {
    let certificates: Vec<Value> = thumbprints.iter().map(|it| json!({"Thumbprint": it})).collect();
    json!({"Name": alias, "Certificates": certificates})
}

/// With an inventory job, so that the job history is asked for its runs.
fn scheduled_store() -> Answer {
    let schedule = json!({"Interval": {"Minutes": 60}});
    let row = json!({"Id": store(), "InventorySchedule": schedule, "CertStoreInventoryJobId": jobs::job(7)});
    Answer::json(200, &row.to_string())
}

fn run(number: i64, ended: &str) -> Value {
    jobs::with(jobs::row(number, jobs::job(7), 2, 3), "OperationEnd", ended)
}

fn location() -> CertificateLocation {
    CertificateLocation::new(store(), "a")
}

fn expecting() -> CertificateLocation {
    location().expecting_thumbprint(thumbprint('A'))
}

fn confirm(server: &Scripted, location: CertificateLocation) -> ConfirmRemoved {
    let confirm = client(server).certificate_stores().confirm_removed([location]);
    confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(NEVER)
}

fn verdict(confirmation: &Confirmation) -> &RemovalVerdict {
    &confirmation.locations()[0].verdict
}

/// What a server is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Store,
    History,
    /// This page of the inventory.
    Inventory(usize),
    Trigger,
}

/// A server of one store, which answers by what is asked for and by how many inventories were begun before.
async fn serving(answer: impl Fn(Asked, usize) -> Answer + Send + Sync + 'static) -> Scripted {
    let looks = AtomicUsize::new(0);
    Scripted::choosing(move |_, request: &Received| {
        let asked = match resource(request) {
            "CertificateStores/Schedule" => Asked::Trigger,
            jobs::HISTORY => Asked::History,
            it if it.ends_with("/Inventory") => Asked::Inventory(jobs::page(request)),
            _ => Asked::Store,
        };
        let before = match asked {
            Asked::Inventory(1) => looks.fetch_add(1, Ordering::SeqCst),
            // The look that this page belongs to has begun.
            Asked::Inventory(_) => looks.load(Ordering::SeqCst) - 1,
            _ => looks.load(Ordering::SeqCst),
        };
        answer(asked, before)
    })
    .await
}

/// An alias that is misspelt, or newer than the last inventory.
#[tokio::test]
async fn what_was_never_listed_is_not_gone_unless_the_caller_has_seen_it() {
    let server = serving(|asked, _| match asked {
        Asked::Store => scheduled_store(),
        Asked::History => rows(&[run(5, "2026-03-19T21:26:35Z")]),
        _ => rows(&[]),
    })
    .await;
    for (location, is_known) in [(location(), false), (expecting(), true)] {
        let confirmation = confirm(&server, location.clone()).deadline(SHORT).send().await.unwrap();
        assert!(matches!(verdict(&confirmation), RemovalVerdict::NeverListed), "{confirmation:?}");
        assert!(!confirmation.all_gone());
        let confirmation = confirm(&server, location).was_listed().send().await.unwrap();
        // Without a thumbprint, nobody knows which certificate it was.
        match verdict(&confirmation) {
            RemovalVerdict::Gone if is_known => assert!(confirmation.all_gone()),
            RemovalVerdict::AliasGone if !is_known => assert!(!confirmation.all_gone()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_a_new_inventory_does_not_list_is_gone() {
    for first in [Vec::new(), vec![run(5, "2026-03-19T21:26:35Z")]] {
        let server = serving(move |asked, looks| match asked {
            Asked::Store => scheduled_store(),
            Asked::History if looks < 2 => rows(&first),
            Asked::History => rows(&[run(6, "2026-03-19T22:26:35Z")]),
            _ => rows(&[]),
        })
        .await;
        let confirmation = confirm(&server, expecting()).send().await.unwrap();
        assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
        assert_eq!(confirmation.locations()[0].inventoried_at.as_ref().unwrap().as_str(), "2026-03-19T22:26:35Z");
    }
}

// A run that ended after the look says nothing about what the look did not show.
#[tokio::test]
async fn an_inventory_that_ends_after_the_last_look_is_neither_its_age_nor_a_proof() {
    let server = serving(|asked, looks| match asked {
        Asked::Store => scheduled_store(),
        Asked::History if looks == 0 => rows(&[run(5, "2026-03-19T21:26:35Z")]),
        Asked::History => rows(&[run(6, "2026-03-19T22:26:35Z")]),
        Asked::Inventory(_) if looks > 0 => Answer::json(503, ""),
        _ => rows(&[]),
    })
    .await;
    let confirmation = confirm(&server, location()).deadline(SHORT).send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::NeverListed), "{confirmation:?}");
    assert_eq!(confirmation.locations()[0].inventoried_at.as_ref().unwrap().as_str(), "2026-03-19T21:26:35Z");
}

#[tokio::test]
async fn a_history_that_is_refused_is_asked_for_once() {
    let server = serving(|asked, looks| match asked {
        Asked::Store => scheduled_store(),
        Asked::History => Answer::json(403, ""),
        Asked::Inventory(1) if looks < 3 => rows(&[entry("a", &[thumbprint('A')])]),
        _ => rows(&[]),
    })
    .await;
    let confirmation = confirm(&server, expecting()).send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
    assert_eq!(jobs::requests(&server, jobs::HISTORY).len(), 1);
}

// Rows slide from page to page while others remove: the row that was 101st is 100th when the second page is read.
#[tokio::test]
async fn an_inventory_that_was_not_read_whole_needs_a_second_look() {
    for total in [Some(150), None] {
        let page = move |numbers: std::ops::Range<usize>, missing: Option<usize>| {
            let kept = numbers.filter(|number| Some(*number) != missing);
            let held = |number| if number == 100 { 'A' } else { 'B' };
            let entries: Vec<Value> = kept.map(|it| entry(&format!("e{it}"), &[thumbprint(held(it))])).collect();
            total.map_or_else(|| rows(&entries), |total| counted(&entries, total))
        };
        let server = serving(move |asked, looks| match (asked, looks) {
            (Asked::Store, _) => scheduled_store(),
            (Asked::Inventory(1), _) => page(0..100, None),
            (Asked::Inventory(2), 0) => page(100..150, Some(100)),
            (Asked::Inventory(2), _) => page(100..150, None),
            _ => rows(&[]),
        })
        .await;
        let slid = CertificateLocation::new(store(), "e100").expecting_thumbprint(thumbprint('A'));
        let confirmation = confirm(&server, slid).was_listed().deadline(SHORT).send().await.unwrap();
        assert!(matches!(verdict(&confirmation), RemovalVerdict::StillThere), "{total:?}: {confirmation:?}");
        let gone = CertificateLocation::new(store(), "gone").expecting_thumbprint(thumbprint('C'));
        let confirmation = confirm(&server, gone).was_listed().send().await.unwrap();
        assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{total:?}: {confirmation:?}");
    }
}

#[tokio::test]
async fn an_alias_that_stands_twice_is_another_only_if_no_entry_has_the_certificate() {
    let [a, b, c] = ['A', 'B', 'C'].map(thumbprint);
    let nothing = String::new();
    for (entries, another) in [
        (vec![entry("a", &[b.clone()]), entry("a", &[a.clone()])], false),
        (vec![entry("a", &[a.clone()]), entry("a", &[b.clone()])], false),
        (vec![entry("a", &[c.clone(), a])], false),
        (vec![entry("a", &[b.clone()]), entry("a", &[])], false),
        (vec![entry("a", &[b.clone(), nothing])], false),
        (vec![entry("a", &[b.clone()]), entry("a", &[c])], true),
    ] {
        let listed = rows(&entries);
        let server = serving(move |asked, _| match asked {
            Asked::Store => scheduled_store(),
            Asked::Inventory(1) => listed.clone(),
            _ => rows(&[]),
        })
        .await;
        let confirmation = confirm(&server, expecting()).was_listed().deadline(SHORT).send().await.unwrap();
        match verdict(&confirmation) {
            RemovalVerdict::HoldsAnother { thumbprint } if another => assert_eq!(*thumbprint, b),
            RemovalVerdict::StillThere if !another => {}
            _ => panic!("{entries:?}: {confirmation:?}"),
        }
    }
}

// Which of the two goes is undocumented by the vendor.
#[tokio::test]
async fn a_removal_from_an_alias_that_also_holds_another_certificate_is_refused() {
    let [a, b] = ['A', 'B'].map(thumbprint);
    for entries in [[entry("a", &[a.clone()]), entry("a", &[b.clone()])], [entry("a", &[b.clone()]), entry("a", &[a])]]
    {
        let server = serving(move |asked, _| match asked {
            Asked::Inventory(page @ 1..=2) => rows(&entries[page - 1..page]),
            _ => rows(&[]),
        })
        .await;
        let stores = client(&server).certificate_stores();
        let error = stores.remove_certificates([expecting()], Schedule::Immediate).send().await.unwrap_err();
        let Error::Lookup(error) = error else { panic!("{error:?}") };
        let LookupError::AliasHoldsAnother { found, .. } = *error else { panic!("{error:?}") };
        assert_eq!(found.as_ref(), Some(&b));
        assert!(server.received().iter().all(|it| it.request_line.starts_with("GET ")));
    }
}

#[tokio::test]
async fn a_trigger_waits_for_a_store_that_can_be_read_later() {
    let reads = AtomicUsize::new(0);
    let server = serving(move |asked, looks| match asked {
        Asked::Store if reads.fetch_add(1, Ordering::SeqCst) == 0 => Answer::json(500, ""),
        Asked::Store => Answer::json(200, &json!({"Id": store()}).to_string()),
        Asked::Trigger => Answer::json(204, ""),
        Asked::Inventory(1) if looks == 0 => rows(&[entry("a", &[thumbprint('A')])]),
        _ => rows(&[]),
    })
    .await;
    let confirmation = confirm(&server, expecting()).trigger_inventory().send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
    assert!(confirmation.triggered()[0].error.is_none(), "{confirmation:?}");
    assert_eq!(jobs::requests(&server, "CertificateStores/Schedule").len(), 1);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_to_the_deadline_is_told_as_not_triggered() {
    for (about_store, status) in [(Answer::json(500, ""), Some(500)), (Answer::Silence, None)] {
        let server = serving(move |_, _| about_store.clone()).await;
        let confirmation = confirm(&server, location()).trigger_inventory().deadline(SHORT).send().await.unwrap();
        let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
        let error = triggered.error.as_ref().unwrap();
        assert_eq!(error.status().map(|it| it.as_u16()), status, "{error:?}");
        assert!(matches!(&**error, Error::Api(_) | Error::Transport(_)), "{error:?}");
        assert!(matches!(triggered.schedule_after, ScheduleAfter::NotAsked) && !triggered.schedule_changed());
        assert!(server.received().iter().all(|it| it.request_line.starts_with("GET ")));
    }
}

// The client itself would wait a minute for each.
#[tokio::test]
async fn neither_the_trigger_nor_the_schedule_afterwards_outlives_the_deadline_by_much() {
    let reads = AtomicUsize::new(0);
    let server = serving(move |asked, _| match asked {
        Asked::Store if reads.fetch_add(1, Ordering::SeqCst) == 0 => scheduled_store(),
        Asked::Inventory(_) => rows(&[]),
        _ => Answer::Silence,
    })
    .await;
    let confirmed = confirm(&server, location()).trigger_inventory().deadline(Duration::from_millis(50)).send();
    let confirmation = tokio::time::timeout(Duration::from_secs(30), confirmed).await.expect("it ends").unwrap();
    let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
    let error = triggered.error.as_ref().unwrap();
    assert!(matches!(&**error, Error::OutcomeUnknown(_)), "{error:?}");
    let ScheduleAfter::Unreadable(error) = &triggered.schedule_after else { panic!("{triggered:?}") };
    assert!(matches!(&**error, Error::Transport(_)), "{error:?}");
    assert!(triggered.schedule_before.is_set() && !triggered.schedule_changed());
}

#[tokio::test]
async fn a_schedule_that_says_nothing_is_none() {
    let hourly = json!({"Interval": {"Minutes": 60}});
    for (before, after, changed) in [
        (json!({}), Value::Null, false),
        (Value::Null, json!({"Immediate": null, "IsEmpty": true}), false),
        (hourly.clone(), json!({"Interval": {"Minutes": 60}, "Immediate": false}), false),
        (hourly.clone(), json!({}), true),
        (Value::Null, hourly, true),
    ] {
        let [first, later] = [&before, &after]
            .map(|schedule| Answer::json(200, &json!({"Id": store(), "InventorySchedule": schedule}).to_string()));
        let reads = AtomicUsize::new(0);
        let server = serving(move |asked, _| match asked {
            Asked::Store if reads.fetch_add(1, Ordering::SeqCst) == 0 => first.clone(),
            Asked::Store => later.clone(),
            Asked::Trigger => Answer::json(204, ""),
            _ => rows(&[]),
        })
        .await;
        let confirmation = confirm(&server, location()).was_listed().trigger_inventory().send().await.unwrap();
        let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
        assert_eq!(triggered.schedule_changed(), changed, "{before} to {after}");
    }
}

/// An entry whose certificate and a root of its chain are these.
fn chained(alias: &str, leaf: char, root: char) -> Value {
    entry(alias, &[thumbprint(leaf), thumbprint(root)])
}

/// Types of store rename their entries at the next inventory, without any job: an alias that is missing proves nothing.
#[tokio::test]
async fn a_certificate_under_another_alias_is_not_gone() {
    let renamed = format!("{}:Default Web Site:https", thumbprint('A'));
    // Alone, beside others, and beside a successor under the old alias.
    for others in [vec![], vec![entry("b", &[thumbprint('B')])], vec![entry("a", &[thumbprint('B')])]] {
        let mut found = others.clone();
        found.push(chained(&renamed, 'A', 'C'));
        let server = serving(move |asked, _| match asked {
            Asked::Store => Answer::json(200, &json!({"Id": store()}).to_string()),
            Asked::History => rows(&[]),
            Asked::Inventory(1) => counted(&found, found.len()),
            _ => counted(&[], found.len()),
        })
        .await;
        let confirmation = confirm(&server, expecting()).was_listed().send().await.unwrap();
        match verdict(&confirmation) {
            RemovalVerdict::UnderAnotherAlias { alias, .. } => assert_eq!(*alias, renamed),
            other => panic!("{others:?}: {other:?}"),
        }
        assert!(!confirmation.all_gone());
    }
}

/// Written in whatever way, and however late it comes in the inventory.
#[tokio::test]
async fn the_whole_inventory_is_searched_for_the_certificate() {
    let server = serving(|asked, _| match asked {
        Asked::Store => Answer::json(200, &json!({"Id": store()}).to_string()),
        Asked::Inventory(1) => {
            let first: Vec<Value> = (0..100).map(|n| entry(&format!("other-{n}"), &[thumbprint('B')])).collect();
            counted(&first, 101)
        }
        Asked::Inventory(2) => counted(&[entry("late", &[thumbprint('a')])], 101),
        _ => counted(&[], 101),
    })
    .await;
    let confirmation = confirm(&server, expecting()).was_listed().send().await.unwrap();
    assert!(
        matches!(verdict(&confirmation), RemovalVerdict::UnderAnotherAlias { alias, .. } if alias == "late"),
        "{confirmation:?}"
    );
}

/// A root stands in many a chain: that is no copy of it under an alias of its own.
#[tokio::test]
async fn a_certificate_in_another_one_s_chain_does_not_keep_it_from_being_gone() {
    let server = serving(|asked, _| match asked {
        Asked::Store => Answer::json(200, &json!({"Id": store()}).to_string()),
        Asked::Inventory(1) => counted(&[chained("b", 'B', 'A')], 1),
        _ => counted(&[], 1),
    })
    .await;
    let confirmation = confirm(&server, expecting()).was_listed().send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
}

/// While an inventory is to come, it may be the removal that has not been seen yet.
#[tokio::test]
async fn a_renamed_entry_is_waited_for_until_an_inventory_has_ended() {
    let server = serving(|asked, before| match asked {
        Asked::Store => scheduled_store(),
        Asked::History if before < 2 => rows(&[run(5, "2026-03-19T21:26:35Z")]),
        Asked::History => rows(&[run(6, "2026-03-19T22:26:35Z"), run(5, "2026-03-19T21:26:35Z")]),
        Asked::Inventory(1) if before < 2 => counted(&[entry("renamed", &[thumbprint('A')])], 1),
        _ => counted(&[], 0),
    })
    .await;
    let confirmation = confirm(&server, expecting()).was_listed().send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
    // The new inventory still lists it: then no further one is waited for.
    let server = serving(|asked, before| match asked {
        Asked::Store => scheduled_store(),
        Asked::History if before < 2 => rows(&[run(5, "2026-03-19T21:26:35Z")]),
        Asked::History => rows(&[run(6, "2026-03-19T22:26:35Z"), run(5, "2026-03-19T21:26:35Z")]),
        Asked::Inventory(1) => counted(&[entry("renamed", &[thumbprint('A')])], 1),
        _ => counted(&[], 1),
    })
    .await;
    let confirmation = confirm(&server, expecting()).was_listed().send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::UnderAnotherAlias { .. }), "{confirmation:?}");
}

/// Two places of one store that both are to lose it: each tells of its own.
#[tokio::test]
async fn an_alias_that_is_asked_for_as_well_is_told_in_its_own_place() {
    let server = serving(|asked, _| match asked {
        Asked::Store => Answer::json(200, &json!({"Id": store()}).to_string()),
        Asked::Inventory(1) => counted(&[entry("b", &[thumbprint('A')])], 1),
        _ => counted(&[], 1),
    })
    .await;
    let other = CertificateLocation::new(store(), "b").expecting_thumbprint(thumbprint('A'));
    let confirm = client(&server).certificate_stores().confirm_removed([expecting(), other]).was_listed();
    let confirmation = confirm.pauses(Duration::ZERO, Duration::from_millis(5)).deadline(NEVER).send().await.unwrap();
    let [one, two] = confirmation.locations() else { panic!("{confirmation:?}") };
    assert!(matches!(one.verdict, RemovalVerdict::Gone), "{one:?}");
    assert!(matches!(two.verdict, RemovalVerdict::NotInventoried { listed: true, .. }), "{two:?}");
}

const NAMELESS: &str = "row 2 of the page: an inventory entry has no `Name`";

/// Nobody can tell what such an entry is.
#[tokio::test]
async fn an_entry_without_a_name_makes_its_store_unreadable() {
    let named = entry("b", &[thumbprint('B')]);
    let nameless = [
        json!({"Certificates": [{"Thumbprint": thumbprint('A')}]}),
        json!({"Name": null, "Certificates": []}),
        json!({"Name": " ", "Certificates": [{"Thumbprint": thumbprint('B')}]}),
        json!({}),
    ];
    for row in nameless {
        let found = [named.clone(), row.clone()];
        let server = serving(move |asked, _| match asked {
            Asked::Store => scheduled_store(),
            Asked::History => rows(&[]),
            _ => counted(&found, 2),
        })
        .await;
        let confirmation = confirm(&server, expecting()).was_listed().send().await.unwrap();
        let RemovalVerdict::Unreadable(error) = verdict(&confirmation) else { panic!("{row}: {confirmation:?}") };
        let Error::Lookup(lookup) = &**error else { panic!("{row}: {error:?}") };
        assert!(
            matches!(&**lookup, LookupError::UnreadableEntry { store: of, fault, .. } if *of == store() && fault.starts_with(NAMELESS)),
            "{row}: {lookup:?}"
        );
        assert!(!confirmation.all_gone());
        // Neither is anything removed on the word of such an inventory.
        let removal = client(&server).certificate_stores().remove_certificates([expecting()], Schedule::Immediate);
        let Err(Error::Lookup(lookup)) = removal.send().await else { panic!("{row}: it was sent") };
        assert!(matches!(&*lookup, LookupError::UnreadableEntry { fault, .. } if fault.starts_with(NAMELESS)), "{row}");
    }
}

/// Without a schedule, a store has no inventory job until one is asked for: its run is what makes the inventory a new one.
#[tokio::test]
async fn a_triggered_inventory_of_a_store_without_a_schedule_is_seen_to_end() {
    let reads = AtomicUsize::new(0);
    let server = serving(move |asked, looks| match asked {
        Asked::Store if reads.fetch_add(1, Ordering::SeqCst) == 0 => {
            Answer::json(200, &json!({"Id": store()}).to_string())
        }
        Asked::Store if looks < 3 => {
            let waits = json!({"Immediate": true});
            let row = json!({"Id": store(), "InventorySchedule": waits, "CertStoreInventoryJobId": jobs::job(7)});
            Answer::json(200, &row.to_string())
        }
        Asked::Store => Answer::json(200, &json!({"Id": store()}).to_string()),
        Asked::Trigger => Answer::json(204, ""),
        Asked::History if looks >= 2 => rows(&[run(6, "2026-03-19T22:26:35Z")]),
        _ => rows(&[]),
    })
    .await;
    let confirmation = confirm(&server, expecting()).trigger_inventory().deadline(SHORT).send().await.unwrap();
    assert!(matches!(verdict(&confirmation), RemovalVerdict::Gone), "{confirmation:?}");
    let [triggered] = confirmation.triggered() else { panic!("{confirmation:?}") };
    assert!(
        triggered.error.is_none() && matches!(triggered.schedule_after, ScheduleAfter::NoneBefore),
        "{triggered:?}"
    );
    assert_eq!(jobs::requests(&server, "CertificateStores/Schedule").len(), 1);
}
