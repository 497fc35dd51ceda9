//! Lists are read page by page as their rows are asked for, to their end, and a list that has none is found out.

use std::future::ready;
use std::time::Duration;

use clm::RetryPolicy;
use clm::keyfactor::{Certificate, Error, LookupError, Query, Rows};
use clm::testing::{FakeCertificate, FakeKeyfactor};
use futures_util::TryStreamExt as _;
use serde_json::{Value, json};

use crate::support::keyfactor::{STORE, builder, client, store};
use crate::support::keyfactor_reads::{answer, certificates, lookup, ok, page_of, paged, target};
use crate::support::scripted::{Answer, Scripted};

fn search(server: &Scripted, page_size: u32) -> Rows<Certificate> {
    client(&server.origin).certificates().search(Query::all()).page_size(page_size).rows().unwrap()
}

/// The ids of all rows.
async fn ids(rows: Rows<Certificate>) -> Vec<i32> {
    rows.collect().await.unwrap().iter().map(|it| it.id.get()).collect()
}

/// The rows up to the failure, and the failure.
async fn until_failure(rows: &mut Rows<Certificate>) -> (Vec<i32>, Error) {
    let mut ids = Vec::new();
    loop {
        match rows.next().await.expect("the list ended without a failure") {
            Ok(row) => ids.push(row.id.get()),
            Err(error) => return (ids, error),
        }
    }
}

#[tokio::test]
async fn a_page_is_asked_for_when_its_first_row_is() {
    let server = paged([certificates(&[1, 2]), certificates(&[3, 4])]).await;
    let mut rows = search(&server, 2);
    assert_eq!(server.received().len(), 0, "nothing is sent until the first row is requested");
    for (id, requests) in [(1, 1), (2, 1), (3, 2), (4, 2)] {
        assert_eq!(rows.next().await.unwrap().unwrap().id.get(), id);
        assert_eq!(server.received().len(), requests, "row {id}");
    }
    assert!(rows.next().await.is_none());
    assert_eq!(server.received().len(), 3);
}

#[tokio::test]
async fn a_list_ends_at_an_empty_page_and_not_at_a_short_one() {
    for (pages, expected) in [
        (vec![], vec![]),
        (vec![vec![1, 2]], vec![1, 2]),
        (vec![vec![1], vec![2, 3], vec![4]], vec![1, 2, 3, 4]),
        (vec![vec![1, 2], vec![], vec![3]], vec![1, 2]),
        // More rows than were asked for are rows all the same.
        (vec![vec![1, 2, 3, 4]], vec![1, 2, 3, 4]),
    ] {
        let asked: Vec<usize> = (1..=pages.iter().take_while(|page| !page.is_empty()).count() + 1).collect();
        let server = paged(pages.iter().map(|page| certificates(page))).await;
        assert_eq!(ids(search(&server, 2)).await, expected);
        assert_eq!(server.received().iter().map(page_of).collect::<Vec<_>>(), asked, "{pages:?}");
    }
}

// The trap: `Id`, the name in the rows, is refused as a sort field of certificates; `CertId` is taken. And: dotted and
// flat names must never be mixed.
#[tokio::test]
async fn the_parameters_are_the_flat_ones_on_every_page_and_certificates_are_sorted() {
    let server = paged([certificates(&[1]), certificates(&[2])]).await;
    let keyfactor = client(&server.origin);
    let query = Query::field("CertId").gt(0);
    keyfactor.certificates().search(query.clone()).rows().unwrap().collect().await.unwrap();
    let sent: Vec<_> = server.received().iter().map(target).collect();
    let query = "QueryString=CertId%20-gt%200&SortField=CertId&SortAscending=0";
    for (number, (path, raw)) in sent.iter().enumerate() {
        assert_eq!(path, "Certificates");
        assert_eq!(*raw, format!("{query}&PageReturned={}&ReturnLimit=100", number + 1));
    }
    assert_eq!(sent.len(), 3);
}

#[tokio::test]
async fn stores_and_inventories_are_paged_alike() {
    let server = Scripted::start([ok(&json!([]))]).await;
    let stores = client(&server.origin).certificate_stores();
    stores.list(Query::field("Approved").eq(true)).rows().unwrap().collect().await.unwrap();
    stores.inventory(STORE.parse::<uuid::Uuid>().unwrap()).rows().unwrap().collect().await.unwrap();
    let sent: Vec<_> = server.received().iter().map(target).collect();
    let page = "PageReturned=1&ReturnLimit=100";
    assert_eq!(sent[0], ("CertificateStores".to_owned(), format!("QueryString=Approved%20-eq%20true&{page}")));
    // An inventory takes no query.
    assert_eq!(sent[1], (format!("CertificateStores/{STORE}/Inventory"), page.to_owned()));
}

#[tokio::test]
async fn reads_have_no_body() {
    let server = paged([]).await;
    assert_eq!(ids(search(&server, 2)).await, [0; 0]);
    let request = &server.received()[0];
    assert!(request.request_line.starts_with("GET "));
    assert!(request.body.is_empty(), "not even `null`, which the vendor's own client sends");
    assert_eq!(request.header("x-keyfactor-requested-with"), Some("APIClient"));
}

#[tokio::test]
async fn the_size_of_a_page_is_what_was_asked_for_and_never_zero() {
    for (asked, sent) in [(1, 1), (7, 7), (0, 1), (2_147_483_647, 2_147_483_647)] {
        let server = paged([]).await;
        assert_eq!(ids(search(&server, asked)).await, [0; 0]);
        assert!(target(&server.received()[0]).1.ends_with(&format!("&ReturnLimit={sent}")), "{asked}");
    }
}

#[tokio::test]
async fn the_total_is_the_servers_where_it_says_one() {
    for (headers, total) in [
        ("X-Total-Count: 7\r\n", Some(7)),
        ("x-total-count:  12 \r\n", Some(12)),
        ("X-Total-Count: 0\r\n", Some(0)),
        ("", None),
        ("X-Total-Count: many\r\n", None),
        ("X-Total-Count: -1\r\n", None),
        ("X-Total-Count: 99999999999999999999999\r\n", None),
    ] {
        let server = Scripted::choosing(move |_, request| {
            let rows = if page_of(request) == 1 { certificates(&[1]) } else { vec![] };
            answer(200, headers, &rows.into())
        })
        .await;
        let mut rows = search(&server, 1);
        assert_eq!(rows.total(), None, "nothing was read yet");
        rows.next().await.unwrap().unwrap();
        assert_eq!(rows.total(), total, "{headers:?}");
        // What it says is no reason to stop, or to go on; that rows are missing is told at the end.
        match rows.next().await.transpose() {
            Ok(None) => assert!(total.is_none_or(|total| total <= 1), "{headers:?}"),
            Err(error) => {
                let LookupError::FewerRowsThanCounted { counted, received, .. } = lookup(error) else {
                    panic!("{headers:?}")
                };
                assert_eq!((Some(counted), received), (total, 1));
                assert!(counted > 1);
            }
            Ok(Some(row)) => panic!("{headers:?}: {row:?}"),
        }
        assert_eq!((rows.total(), rows.received()), (total, 1));
    }
}

// The trap: lists are paged by offset, so rows repeat while others are written.
#[tokio::test]
async fn a_row_of_the_last_two_pages_is_given_once() {
    for (pages, expected) in [
        (vec![vec![1, 2], vec![2, 3]], vec![1, 2, 3]),
        (vec![vec![1, 2], vec![3, 4], vec![2, 5]], vec![1, 2, 3, 4, 5]),
        (vec![vec![1, 1, 2]], vec![1, 2]),
        (vec![vec![1, 2], vec![3, 2, 3, 1]], vec![1, 2, 3]),
        // Further back nothing is remembered, so that memory does not grow with the list.
        (vec![vec![1, 2], vec![3, 4], vec![5, 6], vec![1, 7]], vec![1, 2, 3, 4, 5, 6, 1, 7]),
    ] {
        let server = paged(pages.iter().map(|page| certificates(page))).await;
        assert_eq!(ids(search(&server, 2)).await, expected, "{pages:?}");
    }
}

#[tokio::test]
async fn a_server_that_repeats_its_pages_is_found_out() {
    for (pages, given, repeated) in [
        (vec![vec![1, 2], vec![1, 2]], vec![1, 2], 2),
        (vec![vec![1, 2], vec![2, 1]], vec![1, 2], 2),
        (vec![vec![1, 2], vec![3, 4], vec![3, 4]], vec![1, 2, 3, 4], 3),
    ] {
        let server = paged(pages.iter().map(|page| certificates(page))).await;
        let mut rows = search(&server, 2);
        let (ids, error) = until_failure(&mut rows).await;
        assert_eq!(ids, given, "what came before is not lost");
        let LookupError::RepeatedPage { page, .. } = lookup(error) else { panic!("{pages:?}") };
        assert_eq!(page, repeated, "{pages:?}");
        assert!(rows.next().await.is_none(), "a failure ends the list");
        assert_eq!(server.received().len(), pages.len());
    }
    let fake = FakeKeyfactor::start().await;
    fake.repeat_pages();
    for name in ["one", "two", "three"] {
        let _ = fake.issue(FakeCertificate::new(name));
    }
    let search = fake.client().certificates().search(Query::all()).page_size(2);
    let error = search.rows().unwrap().collect().await.unwrap_err();
    assert!(matches!(lookup(error), LookupError::RepeatedPage { page: 2, .. }));
}

// A row that comes in before a full last page moves that page's last row to a page of its own.
#[tokio::test]
async fn a_list_that_moves_by_a_row_is_no_repeated_page() {
    let server = paged([certificates(&[1, 2]), certificates(&[2])]).await;
    assert_eq!(ids(search(&server, 2)).await, [1, 2]);
}

#[tokio::test]
async fn a_server_whose_pages_go_round_is_found_out() {
    let server = Scripted::choosing(|number, _| match number {
        // So that the test ends.
        20.. => answer(500, "", &Value::Null),
        _ if number % 2 == 0 => ok(&certificates(&[1, 2]).into()),
        _ => ok(&certificates(&[3, 4]).into()),
    })
    .await;
    let (ids, error) = until_failure(&mut search(&server, 2)).await;
    assert_eq!(ids, [1, 2, 3, 4]);
    assert!(matches!(&error, Error::Lookup(it) if matches!(**it, LookupError::RepeatedPage { .. })), "{error:?}");
}

#[tokio::test]
async fn a_list_that_ended_stays_ended() {
    let server = paged([certificates(&[1])]).await;
    let mut rows = search(&server, 2);
    rows.next().await.unwrap().unwrap();
    for _ in 0..3 {
        assert!(rows.next().await.is_none());
    }
    assert_eq!(server.received().len(), 2);
}

#[tokio::test]
async fn a_list_that_failed_stays_ended() {
    let server = Scripted::start([answer(404, "", &Value::Null)]).await;
    let mut rows = search(&server, 2);
    assert_eq!(rows.next().await.unwrap().unwrap_err().status().unwrap().as_u16(), 404);
    for _ in 0..3 {
        assert!(rows.next().await.is_none());
    }
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_failure_comes_after_the_rows_before_it() {
    for (failure, status) in [
        (answer(403, "", &json!({"Message": "no"})), Some(403)),
        (answer(500, "", &Value::Null), Some(500)),
        (Answer::json(200, "{}"), Some(200)),
        (Answer::json(200, "[{\"Id\": 1}, 7]"), Some(200)),
        (Answer::Nothing, None),
    ] {
        let given = failure.clone();
        let server = Scripted::choosing(move |_, request| match page_of(request) {
            1 => ok(&certificates(&[1, 2]).into()),
            _ => given.clone(),
        })
        .await;
        let mut rows = search(&server, 2);
        let (ids, error) = until_failure(&mut rows).await;
        assert_eq!((ids, error.status().map(|it| it.as_u16())), (vec![1, 2], status), "{failure:?}");
        match (status, &error) {
            (Some(403 | 500), Error::Api(_)) | (Some(200), Error::Decode(_)) | (None, Error::Transport(_)) => {}
            _ => panic!("{failure:?}: {error:?}"),
        }
        assert!(rows.next().await.is_none());
        assert_eq!(search(&server, 2).collect().await.unwrap_err().status(), error.status(), "collect gives it, too");
    }
}

#[tokio::test]
async fn a_wait_for_a_row_can_be_given_up_and_taken_up_again() {
    let server = paged([certificates(&[1, 2]), certificates(&[3])]).await;
    let mut rows = search(&server, 2);
    let mut ids = Vec::new();
    loop {
        // Begun, and dropped at once: what it began goes on.
        tokio::select! {
            biased;
            row = rows.next() => match row {
                Some(row) => { ids.push(row.unwrap().id.get()); continue }
                None => break,
            },
            () = ready(()) => {}
        }
        match rows.next().await {
            Some(row) => ids.push(row.unwrap().id.get()),
            None => break,
        }
    }
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(server.received().iter().map(page_of).collect::<Vec<_>>(), [1, 2, 3], "no page was asked for twice");
}

#[tokio::test]
async fn a_list_is_a_stream() {
    let server = paged([certificates(&[1, 2]), certificates(&[3])]).await;
    let ids: Vec<i32> = search(&server, 2).map_ok(|row| row.id.get()).try_collect().await.unwrap();
    assert_eq!(ids, [1, 2, 3]);
    assert_eq!(format!("{:?}", search(&server, 2)), "Rows { total: None, received: 0, .. }");
}

// A circle of three pages or more has an end if the server says how long the list is.
#[tokio::test]
async fn a_list_that_goes_far_beyond_its_total_is_given_up() {
    let server = Scripted::choosing(|number, _| {
        let first = i32::try_from(number % 3).unwrap() * 300 + 1;
        let page: Vec<i32> = (first..first + 300).collect();
        answer(200, "X-Total-Count: 900\r\n", &certificates(&page).into())
    })
    .await;
    let (ids, error) = until_failure(&mut search(&server, 300)).await;
    assert!(matches!(lookup(error), LookupError::TooManyRows { rows: 3_000, total: Some(900), .. }));
    assert_eq!(ids.len(), 2_700, "what came before is not lost");
}

// A read may be sent again without harm, and is: unless the caller wants to hear of the first failure.
#[tokio::test]
async fn a_read_and_a_page_are_tried_once_if_the_caller_says_so() {
    let at_once = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
    for (policy, tries) in [(None, 4), (Some(RetryPolicy::none()), 1)] {
        let server = Scripted::start([answer(503, "", &Value::Null)]).await;
        let stores = builder(&server.origin).retry_policy(at_once).build().unwrap().certificate_stores();
        let read = policy.map_or(stores.get(store(1)), |policy| stores.get(store(1)).retry_policy(policy));
        let error = read.send().await.unwrap_err();
        assert_eq!((error.status().unwrap().as_u16(), error.attempts()), (503, Some(tries)));
        assert_eq!(server.received().len(), usize::try_from(tries).unwrap());

        // The second page fails.
        let server = Scripted::choosing(|_, request| match page_of(request) {
            1 => ok(&vec![json!({"Id": store(1)})].into()),
            _ => answer(503, "", &Value::Null),
        })
        .await;
        let stores = builder(&server.origin).retry_policy(at_once).build().unwrap().certificate_stores();
        let list = policy.map_or(stores.list(Query::all()), |policy| stores.list(Query::all()).retry_policy(policy));
        let mut rows = list.rows().unwrap();
        assert_eq!(rows.next().await.unwrap().unwrap().id, store(1));
        let error = rows.next().await.unwrap().unwrap_err();
        assert_eq!((error.status().unwrap().as_u16(), error.attempts()), (503, Some(tries)));
        assert_eq!(server.received().len(), 1 + usize::try_from(tries).unwrap());
    }
}
