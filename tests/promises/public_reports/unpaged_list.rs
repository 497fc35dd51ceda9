//! A server gave the whole list on every page, whatever page was asked for. One tool read it for ever, another one called the
//! second page a fault although it had every row.

use clm::keyfactor::Query;
use clm::testing::{FakeCertificate, FakeKeyfactor};

#[tokio::test]
async fn a_list_that_comes_whole_on_every_page_is_whole() {
    for (rows, asked) in [(0, 100), (1, 100), (120, 100), (120, 50), (120, 120)] {
        let fake = FakeKeyfactor::start().await;
        for number in 0..rows {
            let _ = fake.issue(FakeCertificate::new(format!("host{number}.example.com")));
        }
        fake.ignore_paging();
        let search = fake.client().certificates().search(Query::all()).page_size(asked);
        let found = search.rows().unwrap().collect().await.unwrap();
        assert_eq!(found.len(), rows, "{rows} rows, {asked} asked for");
        assert!(fake.requests().len() <= 2, "{} requests", fake.requests().len());
    }
}
