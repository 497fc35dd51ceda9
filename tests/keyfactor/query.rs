//! Queries are built in the vendor's words, refused where nobody knows how to write them, and sent so that servers read
//! them.

use clm::keyfactor::Query;
use clm::testing::{FakeCertificate, FakeKeyfactor};
use clm::{Reason, ValidationError};
use uuid::Uuid;

use crate::support::RawServer;
use crate::support::keyfactor::client;
use crate::support::keyfactor_reads::{paged, parameter, target};

fn id(number: i32) -> Query {
    Query::field("CertId").eq(number)
}

#[test]
fn every_comparison_is_written_in_the_vendors_words() {
    let guid = Uuid::from_u128(0xABCD);
    for (query, text) in [
        (Query::field("IssuedCN").eq("www"), r#"IssuedCN -eq "www""#),
        (Query::field("IssuedCN").ne("www"), r#"IssuedCN -ne "www""#),
        (Query::field("KeySizeInBits").gt(2048), "KeySizeInBits -gt 2048"),
        (Query::field("KeySizeInBits").lt(-1), "KeySizeInBits -lt -1"),
        (Query::field("IssuedCN").contains("www"), r#"IssuedCN -contains "www""#),
        (Query::field("IssuedCN").not_contains("www"), r#"IssuedCN -notcontains "www""#),
        (Query::field("IssuedCN").starts_with("www"), r#"IssuedCN -startswith "www""#),
        (Query::field("IssuedCN").ends_with(".example.com"), r#"IssuedCN -endswith ".example.com""#),
        (Query::field("CertRequestId").le(7), "CertRequestId -le 7"),
        (Query::field("JobHistoryId").eq(i64::MAX), "JobHistoryId -eq 9223372036854775807"),
        (Query::field("Approved").eq(true), "Approved -eq true"),
        (Query::field("Approved").eq(false), "Approved -eq false"),
        (Query::field("AgentId").eq(guid), r#"AgentId -eq "00000000-0000-0000-0000-00000000abcd""#),
        (Query::field("IssuedCN").eq(""), r#"IssuedCN -eq """#),
        (Query::field("IssuedCN").eq(String::from("ü 'x' \\")), r#"IssuedCN -eq "ü 'x' \""#),
        (Query::field("a.b_c-d1").eq(1), "a.b_c-d1 -eq 1"),
    ] {
        assert_eq!(query.to_string(), text);
    }
}

#[test]
fn joined_queries_keep_what_they_mean() {
    for (query, text) in [
        (id(1).and(id(2)), "(CertId -eq 1) AND (CertId -eq 2)"),
        (id(1).or(id(2)), "(CertId -eq 1) OR (CertId -eq 2)"),
        (id(1).or(id(2)).and(id(3)), "((CertId -eq 1) OR (CertId -eq 2)) AND (CertId -eq 3)"),
        (id(1).or(id(2).and(id(3))), "(CertId -eq 1) OR ((CertId -eq 2) AND (CertId -eq 3))"),
        (Query::raw("A -eq 1 OR B -eq 2").and(id(3)), "(A -eq 1 OR B -eq 2) AND (CertId -eq 3)"),
        (Query::field("CertId").one_of([1]), "CertId -eq 1"),
        (Query::field("CertId").one_of([1, 2, 3]), "CertId -eq 1 OR CertId -eq 2 OR CertId -eq 3"),
        (Query::field("CertId").one_of([1, 2]).and(id(3)), "(CertId -eq 1 OR CertId -eq 2) AND (CertId -eq 3)"),
        (Query::field("N").one_of(["a", "b"]), r#"N -eq "a" OR N -eq "b""#),
        // Everything is what it is: it narrows nothing, and nothing can be added to it.
        (Query::all(), ""),
        (Query::all().and(id(1)), "CertId -eq 1"),
        (id(1).and(Query::all()), "CertId -eq 1"),
        (Query::all().or(id(1)), ""),
        (id(1).or(Query::all()), ""),
        (Query::all().and(Query::all()), ""),
    ] {
        assert_eq!(query.to_string(), text);
    }
}

/// What a search and a list of stores say to a query, which have to say the same.
async fn refused(query: &Query) -> ValidationError {
    let server = RawServer::json(200, "[]").await;
    let keyfactor = client(&server.origin);
    let error = keyfactor.certificates().search(query.clone()).rows().unwrap_err();
    let of_stores = keyfactor.certificate_stores().list(query.clone()).rows().unwrap_err();
    assert_eq!(error, of_stores, "{query}");
    assert!(server.received().is_empty(), "{query}: something was sent");
    error
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_and_named() {
    let evil = |text: &str| Query::field("IssuedCN").eq(text);
    for (query, reason, said) in [
        (evil("a\"b"), Reason::Unquotable, "a\\\"b"),
        (evil("\""), Reason::Unquotable, "double quote"),
        (evil("x\" OR CertId -gt 0 OR IssuedCN -eq \""), Reason::Unquotable, "double quote"),
        (evil("a\nb"), Reason::Unquotable, "a\\nb"),
        (evil("a\0"), Reason::Unquotable, "\\0"),
        (Query::field("IssuedCN").contains("\""), Reason::Unquotable, "double quote"),
        (Query::field("IssuedCN").starts_with("\""), Reason::Unquotable, "double quote"),
        (Query::field("IssuedCN").one_of(["a", "b\""]), Reason::Unquotable, "b\\\""),
        (Query::field("").eq(1), Reason::Unquotable, "\"\""),
        (Query::field("CertId -gt 0 OR CertId").eq(1), Reason::Unquotable, "is not a valid field name"),
        (Query::field("Cert\"Id").eq(1), Reason::Unquotable, "is not a valid field name"),
        (Query::field("CertId)").eq(1), Reason::Unquotable, "is not a valid field name"),
        (Query::raw(""), Reason::Blank, "Query::all()"),
        (Query::raw(" \t\n"), Reason::Blank, "Query::all()"),
        (Query::field("CertId").one_of(Vec::<i32>::new()), Reason::Empty, "must have at least one value"),
        (Query::all().or(evil("\"")), Reason::Unquotable, "double quote"),
        // Not lost when it is joined with something else, in either place.
        (id(1).and(evil("\"")), Reason::Unquotable, "double quote"),
        (evil("\"").or(id(1)), Reason::Unquotable, "double quote"),
        (Query::all().and(evil("\"")), Reason::Unquotable, "double quote"),
        (Query::raw("").and(id(1)), Reason::Blank, "empty"),
        (Query::raw("").or(Query::raw("A -eq 1")), Reason::Blank, "empty"),
    ] {
        let error = refused(&query).await;
        let [problem] = error.problems() else { panic!("{query}: {error:?}") };
        assert_eq!((problem.field(), problem.reason()), ("query", &reason), "{query}");
        assert!(problem.sentence().contains(said), "{query}: {problem}");
    }
}

#[tokio::test]
async fn every_problem_of_a_query_is_named_at_once() {
    let query = Query::field("Two words").eq("a\"").and(Query::field("IssuedCN").ne("b\"")).or(Query::raw(" "));
    let error = refused(&query).await;
    let reasons: Vec<&Reason> = error.problems().iter().map(clm::Problem::reason).collect();
    assert_eq!(reasons, [&Reason::Unquotable, &Reason::Unquotable, &Reason::Unquotable, &Reason::Blank]);
}

// The trap: newer clients of the vendor send `+`, and servers were seen to need `%20`.
#[tokio::test]
async fn spaces_are_sent_as_percent_twenty_and_everything_else_survives() {
    for (query, sent) in [
        (id(1).and(id(2)), "QueryString=%28CertId%20-eq%201%29%20AND%20%28CertId%20-eq%202%29&"),
        (Query::field("N").eq("a+b c"), "QueryString=N%20-eq%20%22a%2Bb%20c%22&"),
        (Query::field("N").eq("50%&x=1#y;z"), "QueryString=N%20-eq%20%2250%25%26x%3D1%23y%3Bz%22&"),
        (Query::field("N").eq("%20"), "QueryString=N%20-eq%20%22%2520%22&"),
        (Query::field("N").eq("ü/?"), "QueryString=N%20-eq%20%22%C3%BC%2F%3F%22&"),
        (Query::raw("N -gt \"%TODAY-7%\""), "QueryString=N%20-gt%20%22%25TODAY-7%25%22&"),
    ] {
        let server = paged([]).await;
        let keyfactor = client(&server.origin);
        for rows in [
            keyfactor.certificates().search(query.clone()).rows().unwrap().collect().await.map(drop),
            keyfactor.certificate_stores().list(query.clone()).rows().unwrap().collect().await.map(drop),
        ] {
            rows.unwrap();
        }
        for received in server.received() {
            let (_, raw) = target(&received);
            assert!(raw.starts_with(sent), "{query}: {raw}");
            assert!(!raw.contains('+'), "{query}: {raw}");
            assert_eq!(parameter(&raw, "QueryString"), Some(query.to_string()));
        }
        assert_eq!(server.received().len(), 2);
    }
}

#[tokio::test]
async fn everything_sends_no_query_at_all() {
    let server = paged([]).await;
    client(&server.origin).certificate_stores().list(Query::all()).rows().unwrap().collect().await.unwrap();
    let (path, raw) = target(&server.received()[0]);
    assert_eq!((path.as_str(), parameter(&raw, "QueryString")), ("CertificateStores", None), "{raw}");
}

// Whatever stands in a value, a server that reads the language takes it for that value and nothing more.
#[tokio::test]
async fn no_value_is_read_as_a_part_of_the_language() {
    let values = [
        "plain",
        "a AND b",
        ") OR (CertId -gt 0",
        "OR",
        "-eq",
        "NULL",
        "%TODAY%",
        "it's",
        "back\\slash",
        "ends in \\",
        "(",
        "CN=www,O=Example",
        "ü 证书",
    ];
    let fake = FakeKeyfactor::start().await;
    for value in values {
        let _ = fake.issue(FakeCertificate::new(value));
    }
    for value in values {
        let query = Query::field("IssuedCN").eq(value);
        let rows = fake.client().certificates().search(query).rows().unwrap().collect().await.unwrap();
        let found: Vec<&str> = rows.iter().map(|it| it.issued_cn.as_str()).collect();
        assert_eq!(found, [value]);
    }
    let rows = fake.client().certificates().search(Query::field("IssuedCN").one_of(values)).rows().unwrap();
    assert_eq!(rows.collect().await.unwrap().len(), values.len());
}
