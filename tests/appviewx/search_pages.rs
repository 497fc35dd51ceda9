//! A search over several pages, each held against what was asked for.

use crate::support::appviewx::client;
use crate::support::scripted::{Answer, Scripted};
use clm::appviewx::{Certificate, Error, LookupError, Rows, SortOrder};
use clm::testing::FakeAppViewX;
use serde_json::{Value, json};

/// A page of rows with the ids `r<first>` and on. `range` is what the server says of it.
fn page(first: u64, count: u64, total: impl Into<Value>, range: impl Into<Value>) -> Answer {
    let (total, range) = (total.into(), range.into());
    let objects: Vec<_> = (first..first + count).map(|n| json!({"resourceId": format!("r{n}")})).collect();
    answer(&json!({"objects": objects, "totalRecords": total, "obtainedRecordRange": range}))
}

fn answer(inside: &Value) -> Answer {
    Answer::json(200, &json!({"response": {"response": inside}}).to_string())
}

fn range(start: u64, end: u64) -> Value {
    json!({"start": start.to_string(), "end": end})
}

/// The ids of the rows until the list ends, and how it ended.
async fn read(mut rows: Rows<Certificate>) -> (Vec<String>, Option<LookupError>) {
    let mut ids = Vec::new();
    while let Some(row) = rows.next().await {
        match row {
            Ok(row) => ids.push(row.resource_id.map_or_else(String::new, |id| id.to_string())),
            Err(Error::Lookup(error)) => {
                assert!(rows.next().await.is_none(), "a failure ends the list");
                return (ids, Some(*error));
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    (ids, None)
}

/// Reads a list of pages of two rows; the starts that were asked for come with it.
async fn read_pages(pages: Vec<Answer>) -> (Vec<String>, Option<LookupError>, Vec<String>) {
    let server = Scripted::start(pages).await;
    let search = client(&server.origin).certificates().search().page_size(2);
    let (ids, ended) = read(search.rows().unwrap()).await;
    let received = server.received();
    let starts = received.iter().map(|it| it.json()["filter"]["start"].as_str().unwrap().to_owned()).collect();
    (ids, ended, starts)
}

#[tokio::test]
async fn pages_follow_each_other_until_the_total() {
    for (name, total, ranged) in
        [("numbers", json!(5), true), ("texts", json!("5"), true), ("no ranges", json!(5), false)]
    {
        let of = |start, end| if ranged { range(start, end) } else { Value::Null };
        let pages = vec![
            page(1, 2, total.clone(), of(1, 2)),
            page(3, 2, total.clone(), of(3, 4)),
            page(5, 1, total.clone(), of(5, 6)),
        ];
        let (ids, ended, starts) = read_pages(pages).await;
        assert_eq!(ids, ["r1", "r2", "r3", "r4", "r5"], "{name}");
        assert_eq!((ended, starts), (None, vec!["1".to_owned(), "3".to_owned(), "5".to_owned()]), "{name}");
    }
}

#[tokio::test]
async fn without_a_total_an_empty_page_is_the_end() {
    let pages = vec![
        page(1, 2, Value::Null, Value::Null),
        page(3, 1, Value::Null, Value::Null),
        answer(&json!({"objects": [], "totalRecords": "none"})),
    ];
    let server = Scripted::start(pages).await;
    let (ids, ended) = read(client(&server.origin).certificates().search().rows().unwrap()).await;
    assert_eq!((ids.len(), ended, server.received().len()), (3, None, 3));
}

#[tokio::test]
async fn a_server_that_gives_fewer_rows_is_asked_for_the_rest() {
    let server = Scripted::start([page(1, 2, json!(4), range(1, 2)), page(3, 2, json!(4), range(3, 4))]).await;
    let mut rows = client(&server.origin).certificates().search().page_size(50).rows().unwrap();
    rows.next().await.unwrap().unwrap();
    assert_eq!(rows.total(), Some(4));
    let (ids, ended) = read(rows).await;
    assert_eq!((ids, ended), (vec!["r2".to_owned(), "r3".to_owned(), "r4".to_owned()], None));
    assert_eq!(server.received()[1].json()["filter"], json!({"max": "50", "start": "3"}));
}

#[tokio::test]
async fn another_range_than_the_one_asked_for_is_an_error() {
    for (start, end) in [(1, 2), (4, 5), (0, 1), (3, 3), (3, 5), (u64::MAX, 0)] {
        let pages = vec![page(1, 2, json!(9), range(1, 2)), page(3, 2, json!(9), range(start, end))];
        let (ids, ended, _) = read_pages(pages).await;
        assert_eq!(ids, ["r1", "r2"], "{start} to {end}: the page that was right is given");
        let Some(LookupError::OtherRange { asked, rows, start: said, end: until, .. }) = ended else {
            panic!("{start} to {end}: {ended:?}")
        };
        assert_eq!((asked, rows, said, until), (3, 2, start, end));
    }
    let pages = vec![page(1, 2, json!(9), json!({"start": null, "end": "x"})), page(3, 7, json!(9), json!("3-9"))];
    assert_eq!(read_pages(pages).await.1, None, "a range that cannot be read says nothing");
}

#[tokio::test]
async fn a_range_may_count_from_0_from_the_first_page_on() {
    let pages = |ends: [(u64, u64); 3]| {
        let [one, two, three] = ends.map(|(start, end)| range(start, end));
        vec![page(1, 2, json!(5), one), page(3, 2, json!(5), two), page(5, 1, json!(5), three)]
    };
    for last in [(4, 4), (4, 5)] {
        let (ids, ended, _) = read_pages(pages([(0, 1), (2, 3), last])).await;
        assert_eq!((ids.len(), ended), (5, None), "{last:?}");
    }
    for (ends, rows) in [
        ([(0, 1), (3, 4), (5, 5)], 2),
        ([(0, 2), (2, 3), (4, 4)], 0),
        ([(0, u64::MAX), (2, 3), (4, 4)], 0),
        ([(1, 2), (2, 3), (4, 4)], 2),
    ] {
        let (ids, ended, _) = read_pages(pages(ends)).await;
        assert!(matches!(ended, Some(LookupError::OtherRange { .. })), "{ends:?}: {ended:?}");
        assert_eq!(ids.len(), rows, "{ends:?}");
    }
}

#[tokio::test]
async fn the_range_of_a_page_that_holds_all_rows_says_nothing() {
    for (start, end) in [(0, 1), (0, 2), (7, 9), (2, 1)] {
        let (ids, ended, _) = read_pages(vec![page(1, 2, json!(2), range(start, end))]).await;
        assert_eq!((ids.len(), ended), (2, None), "{start} to {end}");
    }
}

#[tokio::test]
async fn pages_that_overlap_are_told_after_their_rows() {
    for (name, total) in [("with a total", json!(4)), ("without", Value::Null)] {
        let pages =
            vec![page(1, 2, total.clone(), Value::Null), page(2, 2, total, Value::Null), page(9, 0, 4, Value::Null)];
        let (ids, ended, _) = read_pages(pages).await;
        assert_eq!(ids, ["r1", "r2", "r2", "r3"], "{name}");
        assert!(matches!(ended, Some(LookupError::RepeatedRows { rows: 4, repeated: 1, .. })), "{name}: {ended:?}");
    }
}

#[tokio::test]
async fn a_name_that_only_looks_alike_is_not_moved() {
    let fake = FakeAppViewX::start().await;
    for (id, name) in [("a", "www.example.com"), ("b", "www.example.com.evil"), ("c", "WWW.Example.com")] {
        fake.add_certificate(id, "web");
        fake.set_member(id, "commonName", name);
    }
    fake.add_certificate("nameless", "web");
    fake.ignore_search_terms();
    let client = fake.client();
    let search = client.certificates().search().keyword("certcn", "www.example.com").common_name_is("www.example.com");
    let (ids, ended) = read(search.rows().unwrap()).await;
    assert_eq!((&ids, ended), (&vec!["a".to_owned(), "c".to_owned()], None));
    client.certificate_groups().unassign(ids).send().await.unwrap().require_complete().unwrap();
    let groups = ["a", "b", "c", "nameless"].map(|id| fake.group_of(id).unwrap());
    assert_eq!(groups, ["Default", "web", "Default", "web"]);
}

#[tokio::test]
async fn names_below_a_domain_are_found_and_no_others() {
    let fake = FakeAppViewX::start().await;
    for (id, name) in [
        ("a", "www.shop.example.com"),
        ("b", "WWW.Shop.EXAMPLE.com"),
        ("c", "*.shop.example.com"),
        ("d", "shop.example.com"),
        ("e", "workshop.example.com"),
        ("f", "www.shop.example.com.evil"),
        ("g", ".com"),
        ("h", "wwẇ.shop.example.com"),
    ] {
        fake.add_certificate(id, "web");
        fake.set_member(id, "commonName", name);
    }
    fake.add_certificate("nameless", "web");
    fake.add_certificate("i", "mail");
    fake.set_member("i", "commonName", "mail.shop.example.com");
    let search = || fake.client().certificates().search().common_name_ends_with(".shop.example.com");
    let (ids, ended) = read(search().rows().unwrap()).await;
    assert_eq!((ids, ended), (["a", "b", "c", "h", "i"].map(str::to_owned).to_vec(), None));
    let (ids, _) = read(search().in_group("mail").common_name_is("mail.shop.example.com").rows().unwrap()).await;
    assert_eq!(ids, ["i"], "the filters are combined");
    // Where the text would begin there is no boundary of a character.
    let (ids, _) =
        read(fake.client().certificates().search().common_name_ends_with("x.shop.example.com").rows().unwrap()).await;
    assert!(ids.is_empty(), "{ids:?}");
}

#[tokio::test]
async fn a_page_that_comes_twice_ends_the_list() {
    let repeated = vec![page(1, 2, json!(9), Value::Null)];
    let (ids, ended, starts) = read_pages(repeated).await;
    assert_eq!((ids.len(), starts.len()), (2, 2));
    assert!(matches!(ended, Some(LookupError::RepeatedPage { page: 2, .. })), "{ended:?}");

    let ranged = vec![page(1, 2, json!(9), range(1, 2)), page(1, 2, json!(9), range(3, 4))];
    let (_, ended, _) = read_pages(ranged).await;
    assert!(matches!(ended, Some(LookupError::RepeatedPage { page: 2, .. })), "the range is not enough: {ended:?}");

    let nameless =
        |range: Value| answer(&json!({"objects": [{}, {}], "totalRecords": 4, "obtainedRecordRange": range}));
    let (_, ended, _) = read_pages(vec![nameless(Value::Null)]).await;
    assert!(matches!(ended, Some(LookupError::RepeatedPage { page: 2, .. })), "{ended:?}");
    let (ids, ended, _) = read_pages(vec![nameless(range(1, 2)), nameless(range(3, 4))]).await;
    assert_eq!((ids.len(), ended), (4, None), "rows without ids, in ranges that were asked for");
}

#[tokio::test]
async fn a_total_that_differs_from_the_rows_is_reported_after_them() {
    for (name, pages, rows, said) in [
        ("too few", vec![page(1, 2, json!(5), Value::Null), page(3, 0, json!(5), Value::Null)], 2, 5),
        ("too many", vec![page(1, 2, json!(3), Value::Null), page(3, 2, json!(3), Value::Null)], 4, 3),
        ("shrunk", vec![page(1, 2, json!(4), Value::Null), page(3, 0, json!("2"), Value::Null)], 2, 2),
        ("none where some are", vec![page(1, 0, json!(7), Value::Null)], 0, 7),
        ("some where none are", vec![page(1, 1, json!(0), Value::Null)], 1, 0),
    ] {
        let (ids, ended, _) = read_pages(pages).await;
        assert_eq!(ids.len(), rows, "{name}");
        match ended {
            Some(LookupError::OtherTotal { rows: read, total, .. }) => {
                assert_eq!((read, total), (rows as u64, said), "{name}");
                assert_ne!(read, total, "{name}");
            }
            None => assert_eq!(rows as u64, said, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    let none = json!({"response": null, "message": "No matching records found for the given input."}).to_string();
    let (ids, ended, _) = read_pages(vec![page(1, 2, json!(5), Value::Null), Answer::json(404, &none)]).await;
    assert_eq!(ids.len(), 2);
    assert!(matches!(ended, Some(LookupError::OtherTotal { rows: 2, total: 5, .. })), "{ended:?}");
}

#[tokio::test]
async fn a_group_is_compared_exactly_and_here() {
    let fake = FakeAppViewX::start().await;
    for (id, group) in [("a", "web"), ("b", "web-2"), ("c", "Web"), ("d", "web"), ("e", "mail")] {
        fake.add_certificate(id, group);
    }
    let search = fake.client().certificates().search().in_group("web").page_size(2);
    let mut rows = search.rows().unwrap();
    assert_eq!(rows.next().await.unwrap().unwrap().resource_id.unwrap(), "a");
    assert_eq!(rows.total(), Some(5), "the server counts them all");
    let (ids, ended) = read(rows).await;
    assert_eq!((ids, ended), (vec!["d".to_owned()], None));
}

#[tokio::test]
async fn a_search_on_the_fake() {
    let fake = FakeAppViewX::start().await;
    for n in 0..7 {
        fake.add_certificate(format!("id-{n}"), "web");
        fake.set_member(&format!("id-{n}"), "commonName", format!("host{}.example.com", 9 - n));
    }
    let search = || fake.client().certificates().search();
    let sorted = search().sort_by("commonName", SortOrder::Ascending).page_size(3).rows().unwrap();
    let names: Vec<_> = sorted.collect().await.unwrap().into_iter().map(|row| row.common_name.unwrap()).collect();
    assert_eq!(names.len(), 7);
    assert!(names.is_sorted(), "{names:?}");
    let found = search().keyword("certcn", "HOST5").rows().unwrap().collect().await.unwrap();
    assert_eq!(found.iter().map(|row| row.resource_id.clone().unwrap()).collect::<Vec<_>>(), ["id-4"]);
    assert_eq!(search().free_text("nothing like it").rows().unwrap().collect().await.unwrap(), []);
    fake.answer_no_hits_with_404();
    assert_eq!(search().free_text("nothing like it").rows().unwrap().collect().await.unwrap(), []);
    assert_eq!(fake.requests().last().unwrap().status(), 404);
    assert!(fake.unknown_requests().is_empty());
}
