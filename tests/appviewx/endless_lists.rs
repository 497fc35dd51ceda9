//! A server whose lists have no end. What is looked up inside another call ends at a limit of the client, and tells which.

use std::time::Duration;

use clm::appviewx::{CertificateCategory, Client, Error, GroupMembership, LookupError};
use clm::{LookupLimit, RetryPolicy};
use serde_json::{Value, json};

use crate::support::appviewx::{FIRST, SECOND, builder};
use crate::support::scripted::{Answer, Scripted};

fn limited(server: &Scripted, pages: u32) -> Client {
    builder(&server.origin).max_lookup_pages(pages).retry_policy(RetryPolicy::none()).build().unwrap()
}

fn found(rows: &Value) -> Answer {
    Answer::json(200, &json!({"response": {"response": {"objects": rows}}}).to_string())
}

/// A search without an end: on its first page this certificate in this group, then strangers for ever.
async fn endless_search(first: Value) -> Scripted {
    Scripted::choosing(move |_, request| match request.json()["filter"]["start"].as_str().unwrap() {
        "1" => found(&json!([first])),
        start => found(&json!([{"resourceId": format!("stranger{start}"), "group": "web"}])),
    })
    .await
}

fn reached(error: &Error) -> (LookupLimit, u32) {
    let Error::Lookup(error) = error else { panic!("{error:?}") };
    let LookupError::LimitReached(reached) = &**error else { panic!("{error:?}") };
    assert_eq!(reached.list(), "POST /certificate/search");
    (reached.limit(), reached.pages())
}

#[tokio::test]
async fn an_endless_search_for_a_group_ends_at_the_page_limit_for_each_certificate() {
    let server = endless_search(json!({"resourceId": "a stranger", "group": "web"})).await;
    let groups = limited(&server, 3).certificate_groups();
    let confirmation =
        groups.confirm_group([FIRST, SECOND], "web").category(CertificateCategory::Server).send().await.unwrap();
    for id in [FIRST, SECOND] {
        let Some(GroupMembership::Unreadable(error)) = confirmation.of(id) else { panic!("{confirmation:?}") };
        assert_eq!(reached(error), (LookupLimit::Pages(3), 3));
    }
    assert_eq!(server.received().len(), 6);
}

#[tokio::test]
async fn a_plan_of_groups_says_which_limit_it_met_and_remembers_nothing_of_it() {
    let server = endless_search(json!({"resourceId": "a stranger", "group": "web"})).await;
    let groups = limited(&server, 2).certificate_groups();
    let plan = groups.remember_groups([FIRST]).category(CertificateCategory::Server).send().await.unwrap();
    assert!(plan.remembered().is_empty());
    assert_eq!(
        plan.not_remembered()[0].why,
        "POST /certificate/search: the look-up stopped after 2 pages: it reached the limit of 2 (`max_lookup_pages`)"
    );
}

// The limit of pages is far away: what ends it is the number of rows.
#[tokio::test]
async fn a_certificate_in_an_endless_search_is_taken_from_its_first_thousand_rows() {
    let server = endless_search(json!({"resourceId": FIRST, "group": "web"})).await;
    let client = builder(&server.origin).max_lookup_pages(5_000).build().unwrap();
    let confirmation = client
        .certificate_groups()
        .confirm_group([FIRST], "web")
        .category(CertificateCategory::Server)
        .send()
        .await
        .unwrap();
    assert!(confirmation.is_complete(), "{confirmation:?}");
    assert_eq!(server.received().len(), 1_000);
}

#[tokio::test]
async fn a_search_for_a_group_that_takes_too_long_ends_at_its_deadline() {
    let server = Scripted::start([Answer::Silence]).await;
    let limit = Duration::from_millis(300);
    let client = builder(&server.origin).lookup_deadline(limit).build().unwrap();
    let confirmation = client.certificate_groups().confirm_group([FIRST], "web").send().await.unwrap();
    let Some(GroupMembership::Unreadable(error)) = confirmation.of(FIRST) else { panic!("{confirmation:?}") };
    assert_eq!(reached(error), (LookupLimit::Deadline(limit), 0));
}

// Whoever asks for the next row would wait for ever.
#[tokio::test]
async fn a_filtered_search_without_an_end_ends_after_so_many_pages_without_a_row() {
    let server = Scripted::choosing(move |_, request| match request.json()["filter"]["start"].as_str().unwrap() {
        "2" => found(&json!([{"resourceId": FIRST, "group": "agents", "commonName": "www.example.com"}])),
        start => found(&json!([{"resourceId": format!("stranger{start}"), "group": "web"}])),
    })
    .await;
    let search = || limited(&server, 5).certificates().search();
    let named = search().common_name_is("www.example.com");
    for filtered in [search().in_group("agents"), named, search().common_name_ends_with(".example.com")] {
        let before = server.received().len();
        let mut rows = filtered.rows().unwrap();
        assert_eq!(rows.next().await.unwrap().unwrap().resource_id, Some(FIRST.into()));
        let error = rows.next().await.unwrap().unwrap_err();
        assert_eq!(reached(&error), (LookupLimit::Pages(5), 5));
        assert_eq!((server.received().len() - before, rows.received()), (2 + 5, 7));
        assert!(rows.next().await.is_none());
    }
}

/// A list of groups without an end, whose tokens are as long as `length` says of their page.
async fn endless_groups(length: impl Fn(usize) -> usize + Send + Sync + 'static) -> Scripted {
    Scripted::choosing(move |number, _| {
        let token = format!("{number:0>width$}", width = length(number));
        Answer::json(200, &json!({"response": {"groups": [{"name": "web"}], "nextPageToken": token}}).to_string())
    })
    .await
}

#[tokio::test]
async fn a_token_that_grows_ends_the_list() {
    let server = endless_groups(|page| 1 << page).await;
    let mut rows = builder(&server.origin).build().unwrap().certificate_groups().list().rows().unwrap();
    let mut read = 0;
    let ended = loop {
        match rows.next().await.unwrap() {
            Ok(_) => read += 1,
            Err(error) => break error,
        }
    };
    let Error::Lookup(error) = ended else { panic!("{ended:?}") };
    let LookupError::TokenTooLong { page, length, limit, .. } = *error else { panic!("{error:?}") };
    // The fifteenth page names its next one with 2 to the 14th bytes.
    assert_eq!((page, length, limit, read), (15, 16_384, 8_192, 14));
    assert_eq!(server.received().len(), 15);
    assert!(rows.next().await.is_none());
}

// Whoever asks for the next row would wait for ever.
#[tokio::test]
async fn pages_of_groups_without_rows_end_the_list() {
    let server = Scripted::choosing(|number, _| {
        let groups = if number == 50 { json!([{"name": "web"}]) } else { json!([]) };
        let token = format!("token {number}");
        Answer::json(200, &json!({"response": {"groups": groups, "nextPageToken": token}}).to_string())
    })
    .await;
    let mut rows = builder(&server.origin).build().unwrap().certificate_groups().list().rows().unwrap();
    assert_eq!(rows.next().await.unwrap().unwrap().name.as_deref(), Some("web"));
    let Some(Err(Error::Lookup(error))) = rows.next().await else { panic!() };
    assert!(matches!(*error, LookupError::EmptyPages { pages: 100, .. }), "{error:?}");
    assert_eq!(server.received().len(), 51 + 100);
}

#[tokio::test]
async fn a_token_of_the_longest_length_is_taken() {
    let server = endless_groups(|_| 8_192).await;
    let mut rows = builder(&server.origin).build().unwrap().certificate_groups().list().rows().unwrap();
    for _ in 0..3 {
        assert_eq!(rows.next().await.unwrap().unwrap().name.as_deref(), Some("web"));
    }
    assert_eq!(server.received()[2].json()["nextPageToken"].as_str().unwrap().len(), 8_192);
}

// Whoever reads row by row decides how far.
#[tokio::test]
async fn a_list_that_its_caller_reads_has_no_page_limit() {
    let server = endless_groups(|_| 8).await;
    let mut rows = limited(&server, 1).certificate_groups().list().rows().unwrap();
    for _ in 0..30 {
        rows.next().await.unwrap().unwrap();
    }
    assert_eq!(server.received().len(), 30);
}
