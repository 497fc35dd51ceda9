//! How lists end: with as many rows as the server counts, or with an error that says how many are missing.

use clm::keyfactor::{Certificate, CertificateStoreId, Error, LookupError, Query, RemovalVerdict, Rows};
use clm::testing::FakeKeyfactor;
use serde_json::Value;

use crate::support::jobs;
use crate::support::keyfactor::{client, store};
use crate::support::keyfactor_reads::{answer, certificates, client_of, lookup, ok, page_of, parameter, target};
use crate::support::scripted::{Answer, Scripted};

/// A server of one list: of each page the rows, and how many there are by then. The last one is repeated.
async fn counting(pages: Vec<(Vec<i32>, u64)>) -> Scripted {
    Scripted::choosing(move |_, request| {
        let (rows, total) = pages.get(page_of(request) - 1).or(pages.last()).unwrap();
        answer(200, &format!("X-Total-Count: {total}\r\n"), &certificates(rows).into())
    })
    .await
}

fn search(server: &Scripted, page_size: u32) -> Rows<Certificate> {
    client(&server.origin).certificates().search(Query::all()).page_size(page_size).rows().unwrap()
}

/// The ids that came, and how the list ended.
async fn read(mut rows: Rows<Certificate>) -> (Vec<i32>, Result<(), Error>) {
    let mut found = Vec::new();
    let ended = rows.read_to_end(&mut found).await;
    assert_eq!(rows.received(), found.len() as u64);
    (found.iter().map(|row| row.id.get()).collect(), ended)
}

#[tokio::test]
async fn fewer_rows_than_were_counted_are_an_error_after_the_rows() {
    for (pages, came, counted) in [
        (vec![(vec![], 1)], vec![], 1),
        (vec![(vec![1, 2], 5), (vec![3], 5), (vec![], 5)], vec![1, 2, 3], 5),
        // A 0 on a page beyond the end is the number of its own rows.
        (vec![(vec![1, 2], 4), (vec![], 0)], vec![1, 2], 4),
        // Rows that come twice hide others, if the order is not stable.
        (vec![(vec![1, 2], 4), (vec![2, 3], 4), (vec![], 4)], vec![1, 2, 3], 4),
    ] {
        let server = counting(pages.clone()).await;
        let (ids, ended) = read(search(&server, 2)).await;
        assert_eq!(ids, came, "{pages:?}");
        let LookupError::FewerRowsThanCounted { counted: said, received, .. } = lookup(ended.unwrap_err()) else {
            panic!("{pages:?}")
        };
        assert_eq!((said, received), (counted, came.len() as u64), "{pages:?}");
        let error = search(&server, 2).collect().await.unwrap_err();
        assert!(matches!(lookup(error), LookupError::FewerRowsThanCounted { .. }), "collect tells it, too");
    }
}

#[tokio::test]
async fn a_list_that_others_change_meanwhile_is_no_gap() {
    for (name, pages, came) in [
        ("shrinks", vec![(vec![1, 2], 4), (vec![3], 3), (vec![], 3)], vec![1, 2, 3]),
        ("shrinks by what was read", vec![(vec![1, 2], 4), (vec![], 1)], vec![1, 2]),
        ("grows in front", vec![(vec![1, 2], 4), (vec![2, 3], 5), (vec![4], 5), (vec![], 5)], vec![1, 2, 3, 4]),
        ("grows behind", vec![(vec![1, 2], 3), (vec![3, 4], 4), (vec![], 4)], vec![1, 2, 3, 4]),
        ("counts too little", vec![(vec![1, 2], 1), (vec![3], 1), (vec![], 1)], vec![1, 2, 3]),
        ("rows alike on one page", vec![(vec![1, 1], 3), (vec![2], 3), (vec![], 3)], vec![1, 2]),
    ] {
        let server = counting(pages).await;
        let mut rows = search(&server, 2);
        let mut found = Vec::new();
        rows.read_to_end(&mut found).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(found.iter().map(|row| row.id.get()).collect::<Vec<_>>(), came, "{name}");
    }
}

#[tokio::test]
async fn the_total_is_what_the_server_said_last() {
    let server = counting(vec![(vec![1, 2], 4), (vec![3], 3), (vec![], 3)]).await;
    let mut rows = search(&server, 2);
    let mut seen = Vec::new();
    while let Some(row) = rows.next().await {
        seen.push((row.unwrap().id.get(), rows.total(), rows.received()));
    }
    assert_eq!(seen, [(1, Some(4), 2), (2, Some(4), 2), (3, Some(3), 3)]);
    assert_eq!((rows.total(), rows.received()), (Some(3), 3));
}

#[tokio::test]
async fn a_page_that_repeats_is_the_end_only_if_as_many_rows_came_as_are_counted() {
    let server = counting(vec![(vec![1, 2, 3], 3)]).await;
    let (ids, ended) = read(search(&server, 100)).await;
    assert_eq!((ids, server.received().len()), (vec![1, 2, 3], 2));
    ended.unwrap();
    let server = counting(vec![(vec![1, 2, 3], 4)]).await;
    let (_, ended) = read(search(&server, 3)).await;
    assert!(matches!(lookup(ended.unwrap_err()), LookupError::RepeatedPage { page: 2, .. }));
}

#[tokio::test]
async fn a_server_that_gives_less_is_asked_for_as_much_as_it_gives_from_the_second_page_on() {
    let sizes = |server: &Scripted| -> Vec<String> {
        server.received().iter().map(|it| parameter(&target(it).1, "ReturnLimit").unwrap()).collect()
    };
    let server = counting(vec![(vec![1, 2, 3], 7), (vec![4, 5, 6], 7), (vec![7], 7), (vec![], 7)]).await;
    read(search(&server, 100)).await.1.unwrap();
    assert_eq!(sizes(&server), ["100", "3", "3", "3"]);
    // A short page is no limit where there are no more rows.
    let server = counting(vec![(vec![1, 2, 3], 3), (vec![], 3)]).await;
    read(search(&server, 100)).await.1.unwrap();
    assert_eq!(sizes(&server), ["100", "100"]);
}

#[tokio::test]
async fn a_page_without_content_is_an_empty_page() {
    for (name, second) in [
        ("204", answer(204, "", &Value::Null)),
        ("null", ok(&Value::Null)),
        ("an empty list", ok(&Value::Array(vec![]))),
    ] {
        let server = Scripted::choosing(move |_, request| match page_of(request) {
            1 => ok(&certificates(&[1, 2]).into()),
            _ => second.clone(),
        })
        .await;
        let (ids, ended) = read(search(&server, 2)).await;
        assert_eq!(ids, [1, 2], "{name}");
        ended.unwrap();
    }
    for (name, first) in
        [("204", Answer::with(204, "", "")), ("no body", Answer::json(200, "")), ("null", Answer::json(200, "null"))]
    {
        let server = Scripted::start([first]).await;
        assert_eq!(read(search(&server, 2)).await.0, [0; 0], "{name}");
    }
    let server = Scripted::start([Answer::with(204, "X-Total-Count: 3\r\n", "")]).await;
    let (_, ended) = read(search(&server, 2)).await;
    assert!(matches!(lookup(ended.unwrap_err()), LookupError::FewerRowsThanCounted { counted: 3, received: 0, .. }));
}

/// It may have been cut off: where it is a list's first answer, nothing speaks against an empty list.
#[tokio::test]
async fn a_later_page_that_is_a_200_without_a_body_is_no_end() {
    let server = Scripted::choosing(|_, request| match page_of(request) {
        1 => ok(&certificates(&[1, 2]).into()),
        _ => Answer::json(200, ""),
    })
    .await;
    let (ids, ended) = read(search(&server, 2)).await;
    assert_eq!(ids, [1, 2]);
    assert!(matches!(ended, Err(Error::Decode(_))), "{ended:?}");
}

#[tokio::test]
async fn every_list_of_the_fake_may_be_answered_204() {
    let fake = FakeKeyfactor::start().await;
    fake.answer_empty_pages_with_204();
    let id = fake.add_store();
    let client = client_of(&fake);
    assert_eq!(client.certificates().search(Query::all()).rows().unwrap().collect().await.unwrap(), []);
    assert_eq!(client.certificate_stores().list(Query::all()).rows().unwrap().collect().await.unwrap().len(), 1);
    assert_eq!(client.certificate_stores().inventory(id).rows().unwrap().collect().await.unwrap(), []);
    assert_eq!(client.orchestrator_jobs().history(Query::all()).rows().unwrap().collect().await.unwrap(), []);
    assert_eq!(client.orchestrator_jobs().scheduled(Query::all()).rows().unwrap().collect().await.unwrap(), []);
    assert!(fake.requests().iter().filter(|it| it.status() == 204).count() >= 5);
}

/// A run beyond what the server gives in a page may be the last one of its job.
#[tokio::test]
async fn runs_of_jobs_are_read_past_a_capped_page() {
    use clm::keyfactor::JobHistoryId;
    let history: Vec<Value> = (0..120)
        .map(|number| {
            jobs::row(number, jobs::job(1), if number == 119 { 2 } else { 4 }, if number == 119 { 3 } else { 5 })
        })
        .collect();
    for skips_as_asked in [true, false] {
        let history = history.clone();
        let server = Scripted::choosing(move |_, request| {
            let asked: usize = parameter(&target(request).1, "ReturnLimit").unwrap().parse().unwrap();
            let size = if skips_as_asked { asked } else { asked.min(50) };
            let page: Vec<Value> =
                history.iter().skip((page_of(request) - 1) * size).take(asked.min(50)).cloned().collect();
            jobs::counted(&page, 120)
        })
        .await;
        let report = jobs::watch(&jobs::client(&server), [jobs::job(1)]).finish().await.unwrap();
        assert!(report.all_succeeded(), "{report:?}");
        assert_eq!(report.finished()[0].entry.job_history_id, JobHistoryId::from(119));
        assert_eq!(server.received().len(), 3);
    }
}

/// An inventory of which rows are missing proves nothing, however often it is read.
#[tokio::test]
async fn an_inventory_with_fewer_rows_than_are_counted_is_unreadable() {
    let of: CertificateStoreId = store(1);
    let server = Scripted::choosing(move |_, request| match target(request).0 {
        path if path.ends_with("/Inventory") => answer(
            200,
            "X-Total-Count: 2\r\n",
            &match page_of(request) {
                1 => serde_json::json!([{"Name": "other", "Certificates": []}]),
                _ => serde_json::json!([]),
            },
        ),
        path if path.starts_with("CertificateStores") => ok(&serde_json::json!({"Id": of})),
        _ => ok(&serde_json::json!([])),
    })
    .await;
    let confirm = client(&server.origin)
        .certificate_stores()
        .confirm_removed([clm::keyfactor::CertificateLocation::new(of, "www.pfx")])
        .was_listed()
        .pauses(std::time::Duration::ZERO, std::time::Duration::from_millis(5))
        .deadline(std::time::Duration::from_secs(1));
    let confirmation = confirm.send().await.unwrap();
    let RemovalVerdict::Unreadable(error) = &confirmation.locations()[0].verdict else { panic!("{confirmation:?}") };
    let Error::Lookup(lookup) = &**error else { panic!("{error:?}") };
    assert!(matches!(**lookup, LookupError::FewerRowsThanCounted { counted: 2, received: 1, .. }), "{lookup:?}");
}
