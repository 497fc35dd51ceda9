//! A list of 120 rows was asked for in pages of 1,000; the server gave 50 a page and skipped 1,000 for the second one. Tools that
//! paged on until an empty page took 50 or 70 rows for all of them.

use std::collections::BTreeSet;

use clm::keyfactor::{Error, LookupError, Query};
use clm::testing::{FakeCertificate, FakeKeyfactor};

async fn with_certificates(rows: usize) -> FakeKeyfactor {
    let fake = FakeKeyfactor::start().await;
    for number in 0..rows {
        let _ = fake.issue(FakeCertificate::new(format!("host{number}.example.com")));
    }
    fake
}

#[tokio::test]
async fn a_capped_page_size_is_noticed_and_every_row_comes_once() {
    type Cap = fn(&FakeKeyfactor, usize);
    let caps: [(&str, Cap); 2] = [
        ("skips as asked", FakeKeyfactor::cap_pages_skipping_as_asked),
        ("skips as given", FakeKeyfactor::cap_pages_skipping_as_given),
    ];
    for (name, cap) in caps {
        for (rows, asked) in [(120, 1_000), (120, 100), (120, 50), (120, 30), (100, 1_000), (50, 1_000), (51, 100)] {
            for is_counted in [true, false] {
                let fake = with_certificates(rows).await;
                cap(&fake, 50);
                if !is_counted {
                    fake.hide_total_count();
                }
                let mut list = fake.client().certificates().search(Query::all()).page_size(asked).rows().unwrap();
                let mut found = Vec::new();
                list.read_to_end(&mut found).await.unwrap();
                let ids: BTreeSet<i32> = found.iter().map(|row| row.id.get()).collect();
                let case = format!("{name}: {rows} rows, {asked} asked for, counted: {is_counted}");
                assert_eq!((found.len(), ids.len()), (rows, rows), "{case}");
                assert_eq!(list.received(), rows as u64, "{case}");
                assert_eq!(list.total(), is_counted.then_some(rows as u64), "{case}");
            }
        }
    }
}

/// What cannot be noticed on page one is told at the end.
#[tokio::test]
async fn rows_that_a_server_skips_are_not_taken_for_read() {
    let fake = with_certificates(120).await;
    let mut list = fake.client().certificates().search(Query::all()).page_size(60).rows().unwrap();
    let mut found = Vec::new();
    for _ in 0..60 {
        found.push(list.next().await.unwrap().unwrap());
    }
    // The first page was whole.
    fake.cap_pages_skipping_as_asked(50);
    let Err(Error::Lookup(error)) = list.read_to_end(&mut found).await else { panic!("{} rows", found.len()) };
    assert!(matches!(*error, LookupError::FewerRowsThanCounted { counted: 120, received: 110, .. }), "{error:?}");
    assert_eq!(error.to_string(), "the list ended after 110 rows, but the server counts 120: rows are missing");
    assert_eq!((found.len(), list.received(), list.total()), (110, 110, Some(120)), "what came is kept");
    assert!(list.next().await.is_none(), "a failure ends the list");
}
