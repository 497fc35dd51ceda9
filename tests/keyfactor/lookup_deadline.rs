//! The time of look-ups: that of one store's inventory, however many stores a call reads.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use clm::keyfactor::{CertificateLocation, Client, LookupError, Schedule};
use clm::{LookupLimit, RetryPolicy};
use serde_json::{Value, json};

use crate::support::Received;
use crate::support::keyfactor::{builder, store};
use crate::support::keyfactor_reads::{lookup, ok, page_of, target};
use crate::support::scripted::{Answer, Scripted};

const DIGITS: &str = "00112233445566778899AABBCCDDEEFF00112233";
const STORES: u128 = 10;
const DEADLINE: Duration = Duration::from_secs(300);

fn location(number: u128) -> CertificateLocation {
    CertificateLocation::new(store(number), "www.pfx").expecting_thumbprint(DIGITS)
}

/// Stops the clock, and keeps it from going on while a test waits for the network: only `pass` moves it.
fn stop_the_clock() -> tokio::task::JoinHandle<()> {
    tokio::time::pause();
    tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    })
}

/// The clock is moved by the first poll, and there is nothing to wait for.
fn pass(time: Duration) {
    let _ = pin!(tokio::time::advance(time)).poll(&mut Context::from_waker(Waker::noop()));
}

/// A certificate in ten stores; each page of an inventory takes so long.
fn answer(request: &Received, page_takes: Duration) -> Answer {
    let path = target(request).0;
    let places = || -> Vec<Value> {
        (1..=STORES).map(|it| json!({"Alias": "www.pfx", "ChainLevel": 0, "CertStoreId": store(it)})).collect()
    };
    if path.ends_with("/Inventory") {
        pass(page_takes);
        let entry = json!({"Name": "www.pfx", "Certificates": [{"Thumbprint": DIGITS}]});
        return ok(&if page_of(request) == 1 { json!([entry]) } else { json!([]) });
    }
    match path.as_str() {
        "Certificates/9" => ok(&json!({"Id": 9, "Thumbprint": DIGITS, "Locations": places()})),
        "Certificates" if page_of(request) == 1 => ok(&json!([{"Id": 9, "Thumbprint": DIGITS, "Locations": places()}])),
        "CertificateStores/Certificates/Remove" => ok(&json!(["10b00000-0000-4000-8000-000000000001"])),
        _ => ok(&json!([])),
    }
}

async fn slow(page_takes: Duration) -> (Scripted, Client) {
    let server = Scripted::choosing(move |_, request| answer(request, page_takes)).await;
    let builder = builder(&server.origin).lookup_deadline(DEADLINE).read_timeout(DEADLINE * 2);
    let client = builder.read_budget(DEADLINE * 2).between_bytes_timeout(DEADLINE * 2);
    let client = client.retry_policy(RetryPolicy::none()).build().unwrap();
    (server, client)
}

fn inventories(server: &Scripted) -> usize {
    server.received().iter().filter(|it| target(it).0.ends_with("/Inventory")).count()
}

/// The two pages of a store take less than the deadline, those of all stores more.
const A_PAGE: Duration = Duration::from_secs(100);

#[tokio::test]
async fn the_deadline_counts_for_each_store_of_a_removal() {
    let clock = stop_the_clock();
    let (server, client) = slow(A_PAGE).await;
    let begun = tokio::time::Instant::now();
    let stores = client.certificate_stores();
    let removed = stores.remove_certificates((1..=STORES).map(location), Schedule::Immediate).send().await;
    assert_eq!(removed.unwrap().job_ids().len(), 1);
    // The clock stands still but for the pages.
    assert_eq!((inventories(&server), begun.elapsed()), (20, A_PAGE * 20));
    clock.abort();
}

#[tokio::test]
async fn the_deadline_counts_for_each_store_of_a_plan() {
    let clock = stop_the_clock();
    let (server, client) = slow(A_PAGE).await;
    let located = client.certificates().locations_of(9).send().await.unwrap();
    let plan = client.certificate_stores().plan_removal(&located).await.unwrap();
    assert_eq!((plan.locations().count(), inventories(&server)), (10, 20));
    clock.abort();
}

#[tokio::test]
async fn a_store_that_takes_longer_than_the_deadline_is_named_and_nothing_is_sent() {
    let clock = stop_the_clock();
    let (server, client) = slow(DEADLINE * 3 / 4).await;
    let stores = client.certificate_stores();
    let removed = stores.remove_certificates((1..=STORES).map(location), Schedule::Immediate).send().await;
    let LookupError::UnfinishedInventory { store: of, rows: 1, reached, .. } = lookup(removed.unwrap_err()) else {
        panic!("another error")
    };
    assert_eq!((of, reached.limit(), reached.pages()), (store(1), LookupLimit::Deadline(DEADLINE), 1));
    assert_eq!((inventories(&server), server.received().len()), (2, 2));
    clock.abort();
}

#[tokio::test]
async fn the_wait_for_a_place_among_the_tries_counts_and_the_error_says_so() {
    let server = Scripted::start([Answer::Silence]).await;
    let limit = Duration::from_millis(300);
    let builder = builder(&server.origin).max_concurrent_tries(1).lookup_deadline(limit);
    let client = Arc::new(builder.retry_policy(RetryPolicy::none()).build().unwrap());
    let of_task = Arc::clone(&client);
    let holds_the_place = tokio::spawn(async move { of_task.certificates().get(9).send().await.map(drop) });
    server.arrived(1).await;
    let removal = client.certificate_stores().remove_certificates([location(1)], Schedule::Immediate);
    let error = lookup(removal.send().await.unwrap_err());
    let LookupError::UnfinishedInventory { reached, .. } = error else { panic!("another error: {error:?}") };
    assert_eq!((reached.limit(), reached.pages(), server.received().len()), (LookupLimit::Deadline(limit), 0, 1));
    assert!(
        reached.to_string().ends_with(
            "it exceeded its deadline of 300ms (`lookup_deadline`), which includes waiting for `max_concurrent_tries`"
        ),
        "{reached}"
    );
    holds_the_place.abort();
}
