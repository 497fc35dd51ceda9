//! A server whose lists have no end. Whatever is read inside another call ends all the same: at the row that decides, or at a
//! limit of the client, and then nothing was sent.

use std::time::Duration;

use clm::keyfactor::{
    CertificateLocation, Client, Error, JobId, LookupError, OpenJobPlace, RemovalVerdict, Schedule, Thumbprint,
};
use clm::{LookupLimit, LookupLimitReached, RetryPolicy};
use serde_json::{Value, json};

use crate::support::keyfactor::{builder, store};
use crate::support::keyfactor_reads::{lookup, ok, page_of, target};
use crate::support::scripted::{Answer, Scripted};

const DIGITS: &str = "00112233445566778899AABBCCDDEEFF00112233";
const OTHERS: &str = "FF112233445566778899AABBCCDDEEFF00112233";

fn limited(server: &Scripted, pages: u32) -> Client {
    builder(&server.origin).max_lookup_pages(pages).retry_policy(RetryPolicy::none()).build().unwrap()
}

fn entry(alias: &str, thumbprint: &str) -> Value {
    json!({"Name": alias, "Certificates": [{"Thumbprint": thumbprint}]})
}

/// An inventory without an end: on its first page these entries, then strangers for ever.
async fn inventory_after(first: Vec<Value>) -> Scripted {
    Scripted::choosing(move |_, request| match page_of(request) {
        1 => ok(&json!(first)),
        page => ok(&json!([entry(&format!("stranger {page}"), OTHERS)])),
    })
    .await
}

fn location(alias: &str) -> CertificateLocation {
    CertificateLocation::new(store(1), alias).expecting_thumbprint(DIGITS)
}

/// The paths that were asked for, without their queries.
fn paths(server: &Scripted) -> Vec<String> {
    server.received().iter().map(|it| target(it).0).collect()
}

fn assert_only_the_inventory(server: &Scripted, pages: usize) {
    assert_eq!(paths(server), vec![format!("CertificateStores/{}/Inventory", store(1)); pages]);
}

fn reached(error: &LookupError) -> &LookupLimitReached {
    match error {
        LookupError::LimitReached(reached) | LookupError::UnfinishedInventory { reached, .. } => reached,
        other => panic!("no limit: {other:?}"),
    }
}

#[tokio::test]
async fn an_endless_inventory_under_expecting_thumbprint_ends_at_the_page_limit_and_nothing_is_sent() {
    let server = inventory_after(vec![entry("www.pfx", DIGITS)]).await;
    let stores = limited(&server, 7).certificate_stores();
    let removal = stores.remove_certificates([location("www.pfx")], Schedule::Immediate);
    let error = removal.send().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the inventory of store {} was not read to its end: received 7 entries", store(1))
    );
    let error = lookup(error);
    let LookupError::UnfinishedInventory { store: of, rows, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*of, *rows), (store(1), 7));
    assert_eq!((reached(&error).limit(), reached(&error).pages()), (LookupLimit::Pages(7), 7));
    assert_eq!(reached(&error).list(), "GET /CertificateStores/{id}/Inventory");
    assert_eq!(
        reached(&error).to_string(),
        "GET /CertificateStores/{id}/Inventory: the look-up stopped after 7 pages: it reached the limit of 7 \
         (`max_lookup_pages`)"
    );
    assert_only_the_inventory(&server, 7);
}

#[tokio::test]
async fn by_default_an_endless_inventory_ends_after_a_thousand_pages() {
    let server = inventory_after(vec![entry("www.pfx", DIGITS)]).await;
    let client = builder(&server.origin).build().unwrap();
    let removal = client.certificate_stores().remove_certificates([location("www.pfx")], Schedule::Immediate);
    let error = lookup(removal.send().await.unwrap_err());
    assert_eq!(reached(&error).limit(), LookupLimit::Pages(1_000));
    assert_only_the_inventory(&server, 1_000);
}

#[tokio::test]
async fn an_alias_that_holds_another_certificate_ends_the_look_at_its_page() {
    let server = inventory_after(vec![entry("a stranger", OTHERS), entry("www.pfx", OTHERS)]).await;
    let stores = limited(&server, 1_000).certificate_stores();
    let removal = stores.remove_certificates([location("unseen.pfx"), location("www.pfx")], Schedule::Immediate);
    let error = lookup(removal.send().await.unwrap_err());
    let LookupError::AliasHoldsAnother { alias, found, .. } = error else { panic!("{error:?}") };
    assert_eq!((alias.as_str(), found.as_deref()), ("www.pfx", Some(OTHERS)));
    assert_only_the_inventory(&server, 1);
}

// The pages are different ones, so that nothing else ends the list.
#[tokio::test]
async fn an_alias_without_an_end_does_not_fill_the_memory() {
    let server = Scripted::choosing(|_, request| {
        let row = |number: usize| {
            json!({"Name": "www.pfx", "Certificates": [{"Thumbprint": DIGITS, "Id": number}],
                   "Parameters": {"page": page_of(request)}})
        };
        ok(&(0..50).map(row).collect::<Vec<_>>().into())
    })
    .await;
    let stores = limited(&server, 1_000).certificate_stores();
    let removal = stores.remove_certificates([location("www.pfx")], Schedule::Immediate);
    let error = lookup(removal.send().await.unwrap_err());
    assert!(matches!(error, LookupError::TooManyRows { .. } | LookupError::RepeatedPage { .. }), "{error:?}");
    // 1,000 of its entries are kept.
    assert!(server.received().len() <= 21, "{}", server.received().len());
}

#[tokio::test]
async fn a_look_up_that_takes_too_long_ends_at_its_deadline() {
    // It answers one page, and then no more.
    let server = Scripted::start([ok(&json!([entry("www.pfx", DIGITS)])), Answer::Silence]).await;
    let limit = Duration::from_millis(300);
    let client = builder(&server.origin).lookup_deadline(limit).build().unwrap();
    let removal = client.certificate_stores().remove_certificates([location("www.pfx")], Schedule::Immediate);
    let error = lookup(removal.send().await.unwrap_err());
    assert_eq!((reached(&error).limit(), reached(&error).pages()), (LookupLimit::Deadline(limit), 1));
    let said =
        "it exceeded its deadline of 300ms (`lookup_deadline`), which includes waiting for `max_concurrent_tries`";
    assert!(reached(&error).to_string().ends_with(said), "{error:?}");
    assert_only_the_inventory(&server, 2);
}

// Each store of a removal has its own pages; see `lookup_deadline` for the time.
#[tokio::test]
async fn the_page_limit_counts_for_each_store() {
    let server = Scripted::choosing(|_, request| {
        if target(request).0.ends_with("Remove") {
            return ok(&json!(["10b00000-0000-4000-8000-000000000001"]));
        }
        match page_of(request) {
            1 => ok(&json!([entry("www.pfx", DIGITS)])),
            2 => ok(&json!([entry("two", OTHERS)])),
            _ => ok(&json!([])),
        }
    })
    .await;
    let locations = [1, 2, 3].map(|it| CertificateLocation::new(store(it), "www.pfx").expecting_thumbprint(DIGITS));
    let stores = limited(&server, 3).certificate_stores();
    stores.remove_certificates(locations, Schedule::Immediate).send().await.unwrap();
    let mut expected = Vec::new();
    for number in [1, 2, 3] {
        expected.extend(vec![format!("CertificateStores/{}/Inventory", store(number)); 3]);
    }
    expected.push("CertificateStores/Certificates/Remove".to_owned());
    assert_eq!(paths(&server), expected);
}

/// A search for certificates without an end: each page has one row, with the next id.
async fn endless_certificates(thumbprint: &'static str) -> Scripted {
    Scripted::choosing(move |_, request| {
        let place = json!({"Alias": "www", "ChainLevel": 0, "CertStoreId": store(1)});
        match target(request).0.as_str() {
            "Certificates" => ok(&json!([{"Id": page_of(request), "Thumbprint": thumbprint, "Locations": [place]}])),
            "Certificates/9" => ok(&json!({"Id": 9, "Thumbprint": thumbprint})),
            _ => ok(&json!([])),
        }
    })
    .await
}

#[tokio::test]
async fn two_rows_decide_that_a_thumbprint_is_ambiguous() {
    let server = endless_certificates(DIGITS).await;
    let located = limited(&server, 1_000).certificates().locations_of(Thumbprint::from(DIGITS)).send().await;
    let LookupError::Ambiguous { thumbprint, .. } = lookup(located.unwrap_err()) else { panic!() };
    assert_eq!(thumbprint.as_str(), DIGITS);
    assert_eq!(paths(&server), ["Certificates", "Certificates"]);
}

#[tokio::test]
async fn the_row_of_the_id_and_one_more_decide() {
    let server = endless_certificates(DIGITS).await;
    let located = limited(&server, 1_000).certificates().locations_of(9).send().await.unwrap();
    assert_eq!((located.certificate().id.get(), located.locations().len()), (9, 1));
    // The row after it is looked at: one with another thumbprint would tell that the server ignores what it is asked for.
    assert_eq!(paths(&server).iter().filter(|path| *path == "Certificates").count(), 10);
}

#[tokio::test]
async fn a_search_without_the_certificate_and_without_an_end_ends_at_the_page_limit() {
    let server = endless_certificates(DIGITS).await;
    let located = limited(&server, 5).certificates().locations_of(9).send().await;
    let error = lookup(located.unwrap_err());
    assert_eq!((reached(&error).limit(), reached(&error).list()), (LookupLimit::Pages(5), "GET /Certificates"));
    assert_eq!(paths(&server).iter().filter(|path| *path == "Certificates").count(), 5);
}

// Three pages in turn, so that none repeats one of the two before it. What was found stays.
#[tokio::test]
async fn an_endless_list_of_stores_leaves_the_places_as_they_were_found() {
    let server = Scripted::choosing(|_, request| {
        let place = |number| json!({"Alias": "www", "ChainLevel": 0, "CertStoreId": store(number)});
        match (target(request).0.as_str(), page_of(request)) {
            ("Certificates", 1) => {
                ok(&json!([{"Id": 2, "Thumbprint": DIGITS, "Locations": [place(0xa), place(0xb), place(0xc)]}]))
            }
            ("CertificateStores", page) => ok(&json!([{"Id": store(0xa + (page % 3) as u128)}])),
            _ => ok(&json!([])),
        }
    })
    .await;
    let located = limited(&server, 20).certificates().locations_of(DIGITS).send().await.unwrap();
    assert_eq!(located.locations().len(), 3);
    let Some(Error::Lookup(error)) = located.readiness_error() else { panic!("{located:?}") };
    assert_eq!(reached(error).limit(), LookupLimit::Pages(20));
    assert_eq!(paths(&server).iter().filter(|path| *path == "CertificateStores").count(), 20);
}

/// A certificate in one place, whose store's inventory has no end.
async fn endless_behind_a_certificate(first: Vec<Value>) -> Scripted {
    Scripted::choosing(move |_, request| {
        let place = json!({"Alias": "www.pfx", "ChainLevel": 0, "CertStoreId": store(1)});
        let (path, _) = target(request);
        match (path.as_str(), path.ends_with("Inventory").then(|| page_of(request))) {
            (_, Some(1)) => ok(&json!(first)),
            (_, Some(page)) => ok(&json!([entry(&format!("stranger {page}"), OTHERS)])),
            ("Certificates", _) if page_of(request) == 1 => {
                ok(&json!([{"Id": 2, "Thumbprint": DIGITS, "Locations": [place]}]))
            }
            ("Certificates" | "CertificateStores", _) => ok(&json!([])),
            // The store itself: without a schedule, so that one look decides.
            _ => ok(&json!({"Id": store(1)})),
        }
    })
    .await
}

fn inventory_pages(server: &Scripted) -> usize {
    paths(server).iter().filter(|path| path.ends_with("Inventory")).count()
}

#[tokio::test]
async fn a_plan_ends_at_the_page_limit_or_at_the_entry_that_decides() {
    for (held, pages) in [(DIGITS, 6), (OTHERS, 1)] {
        let server = endless_behind_a_certificate(vec![entry("www.pfx", held)]).await;
        let client = limited(&server, 6);
        let located = client.certificates().locations_of(DIGITS).send().await.unwrap();
        let error = lookup(client.certificate_stores().plan_removal(&located).await.unwrap_err());
        match (held, &error) {
            (DIGITS, error) => assert_eq!(reached(error).limit(), LookupLimit::Pages(6)),
            (_, LookupError::AliasHoldsAnother { found, .. }) => assert_eq!(found.as_deref(), Some(OTHERS)),
            (_, other) => panic!("{other:?}"),
        }
        assert_eq!(inventory_pages(&server), pages);
    }
}

#[tokio::test]
async fn a_confirmation_stops_reading_when_every_certificate_is_still_there() {
    let server = endless_behind_a_certificate(vec![entry("www.pfx", DIGITS)]).await;
    let stores = limited(&server, 1_000).certificate_stores();
    let confirmed = stores.confirm_removed([location("www.pfx")]).send().await.unwrap();
    let verdict = &confirmed.locations()[0].verdict;
    assert!(matches!(verdict, RemovalVerdict::NotInventoried { listed: true }), "{verdict:?}");
    assert_eq!(inventory_pages(&server), 1);
}

#[tokio::test]
async fn a_confirmation_of_an_endless_inventory_calls_nothing_gone() {
    let server = endless_behind_a_certificate(vec![]).await;
    // An empty first page would be the end.
    let first = endless_behind_a_certificate(vec![entry("another", OTHERS)]).await;
    for (server, pages) in [(server, 1), (first, 4)] {
        let stores = limited(&server, 4).certificate_stores();
        let confirmed = stores.confirm_removed([location("www.pfx")]).was_listed().send().await.unwrap();
        let verdict = &confirmed.locations()[0].verdict;
        match (pages, verdict) {
            (1, RemovalVerdict::Gone) => {}
            (4, RemovalVerdict::Unreadable(error)) => {
                let Error::Lookup(error) = &**error else { panic!("{error:?}") };
                assert_eq!(reached(error).limit(), LookupLimit::Pages(4));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(inventory_pages(&server), pages);
    }
}

// A watch ends at its deadline with what is known; what is beside it must end, too.
#[tokio::test]
async fn an_endless_list_of_scheduled_jobs_leaves_the_job_unknown() {
    let job = JobId::from(uuid_of(1));
    let server = Scripted::choosing(|_, request| match target(request).0.as_str() {
        "OrchestratorJobs/ScheduledJobs" => ok(&json!([{"Id": uuid_of(1_000 + page_of(request) as u128)}])),
        _ => ok(&json!([])),
    })
    .await;
    let jobs = limited(&server, 8).orchestrator_jobs();
    let report = jobs.watch([job]).deadline(Duration::ZERO).finish().await.unwrap();
    assert_eq!(report.still_open()[0].place, OpenJobPlace::Unknown);
    assert!(report.last_trouble().unwrap().contains("`max_lookup_pages`"), "{:?}", report.last_trouble());
    let scheduled = paths(&server).iter().filter(|path| path.ends_with("ScheduledJobs")).count();
    assert_eq!(scheduled, 8);
}

#[tokio::test]
async fn an_endless_history_ends_the_watch_after_a_hundred_pages() {
    let server = Scripted::choosing(|_, request| {
        let page = page_of(request);
        let run = |number: usize| {
            json!({"JobHistoryId": page * 100 + number, "JobId": uuid_of(1), "Status": "InProcess", "Result": "Unknown"})
        };
        ok(&(0..50).map(run).collect::<Vec<_>>().into())
    })
    .await;
    let jobs = limited(&server, 1_000).orchestrator_jobs();
    let report = jobs.watch([JobId::from(uuid_of(1))]).finish().await.unwrap();
    let Some(Error::Lookup(error)) = report.stopped_by() else { panic!("{report:?}") };
    assert!(matches!(**error, LookupError::TooManyRows { rows: 5_000, .. }), "{error:?}");
    assert_eq!(server.received().len(), 100);
}

fn uuid_of(number: u128) -> uuid::Uuid {
    uuid::Uuid::from_u128(0x10b0_0000_0000_4000_8000_0000_0000_0000 + number)
}

// Whoever reads row by row decides how far.
#[tokio::test]
async fn a_list_that_its_caller_reads_has_no_page_limit() {
    let server = inventory_after(vec![entry("www.pfx", DIGITS)]).await;
    let client = builder(&server.origin).max_lookup_pages(1).lookup_deadline(Duration::from_nanos(1)).build().unwrap();
    let mut rows = client.certificate_stores().inventory(store(1)).rows().unwrap();
    for number in 1..=30 {
        rows.next().await.unwrap().unwrap_or_else(|error| panic!("{number}: {error}"));
    }
    assert_eq!(server.received().len(), 30);
}

#[test]
fn limits_of_look_ups_are_positive() {
    for (named, built) in [
        ("lookup_deadline", builder("https://localhost").lookup_deadline(Duration::ZERO).build()),
        ("max_lookup_pages", builder("https://localhost").max_lookup_pages(0).build()),
    ] {
        let Err(Error::Configuration(error)) = built else { panic!("{named} was taken") };
        assert_eq!(error.setting(), named);
    }
}
