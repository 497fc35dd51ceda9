//! How lists end: whole, or with an error that says what is missing.

use clm::appviewx::{Error, LookupError};
use clm::testing::FakeAppViewX;
use serde_json::json;

use crate::support::appviewx::client;
use crate::support::scripted::{Answer, Scripted};

async fn with_certificates(rows: usize) -> FakeAppViewX {
    let fake = FakeAppViewX::start().await;
    for number in 0..rows {
        fake.add_certificate(format!("id-{number:03}"), "web");
    }
    fake
}

#[tokio::test]
async fn pages_with_fewer_rows_than_were_asked_for_lose_none_and_give_none_twice() {
    for (rows, asked) in [(120, 1_000), (120, 50), (120, 30), (50, 1_000)] {
        let fake = with_certificates(rows).await;
        fake.cap_pages(50);
        let mut list = fake.client().certificates().search().page_size(asked).rows().unwrap();
        let mut found = Vec::new();
        list.read_to_end(&mut found).await.unwrap();
        let mut ids: Vec<_> = found.iter().map(|row| row.resource_id.clone().unwrap().to_string()).collect();
        ids.dedup();
        assert_eq!((found.len(), ids.len()), (rows, rows), "{asked} asked for");
        assert_eq!((list.received(), list.total()), (rows as u64, Some(rows as u64)));
    }
}

#[tokio::test]
async fn a_search_that_comes_whole_on_every_page_is_whole() {
    for (rows, asked) in [(0, 100), (1, 100), (120, 100), (120, 50)] {
        let fake = with_certificates(rows).await;
        fake.ignore_paging();
        let found = fake.client().certificates().search().page_size(asked).rows().unwrap().collect().await.unwrap();
        assert_eq!(found.len(), rows, "{asked} asked for");
    }
}

#[tokio::test]
async fn fewer_rows_than_were_counted_are_an_error_after_the_rows() {
    let page = |objects: serde_json::Value| {
        Answer::json(200, &json!({"response": {"response": {"objects": objects, "totalRecords": 3}}}).to_string())
    };
    let server = Scripted::start([page(json!([{"resourceId": "a"}, {"resourceId": "b"}])), page(json!([]))]).await;
    let mut rows = client(&server.origin).certificates().search().rows().unwrap();
    let mut found = Vec::new();
    let Err(Error::Lookup(error)) = rows.read_to_end(&mut found).await else { panic!("{found:?}") };
    assert!(matches!(*error, LookupError::OtherTotal { rows: 2, total: 3, .. }), "{error:?}");
    assert_eq!((found.len(), rows.received(), rows.total()), (2, 2, Some(3)));
}

#[tokio::test]
async fn a_204_is_an_empty_page() {
    let server = Scripted::start([Answer::with(204, "", "")]).await;
    let client = client(&server.origin);
    assert_eq!(client.certificates().search().rows().unwrap().collect().await.unwrap(), []);
    assert_eq!(client.certificate_groups().list().rows().unwrap().collect().await.unwrap(), []);
    assert_eq!(server.received().len(), 2);

    let page = json!({"response": {"response": {"objects": [{"resourceId": "a"}], "totalRecords": 2}}});
    let server = Scripted::start([Answer::json(200, &page.to_string()), Answer::with(204, "", "")]).await;
    let error =
        crate::support::appviewx::client(&server.origin).certificates().search().rows().unwrap().collect().await;
    let Err(Error::Lookup(error)) = error else { panic!("{error:?}") };
    assert!(matches!(*error, LookupError::OtherTotal { rows: 1, total: 2, .. }), "{error:?}");
}

/// The groups are paged by a token, and the vendor documents no number of all groups.
#[tokio::test]
async fn groups_are_counted_as_they_come() {
    let groups = json!({"response": {"groups": [{"certificateGroupName": "a"}, {"certificateGroupName": "b"}]}});
    let server = Scripted::start([Answer::json(200, &groups.to_string())]).await;
    let mut rows = client(&server.origin).certificate_groups().list().rows().unwrap();
    let mut found = Vec::new();
    rows.read_to_end(&mut found).await.unwrap();
    assert_eq!((found.len(), rows.received(), rows.total()), (2, 2, None));
}
