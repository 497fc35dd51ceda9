//! The lists of the Keyfactor fake: pages, order, and the query language.

use clm::testing::{FakeCertificate, FakeKeyfactor};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::get;

/// A fake with certificates of these names, numbered from 1.
async fn with_certificates(names: &[&str]) -> FakeKeyfactor {
    let fake = FakeKeyfactor::start().await;
    for name in names {
        let _ = fake.issue(FakeCertificate::new(*name));
    }
    fake
}

#[tokio::test]
async fn pages_count_from_one_and_end_with_an_empty_one() {
    let fake = with_certificates(&["a", "b", "c", "d", "e"]).await;
    for (parameters, expected) in [
        ("", vec![1, 2, 3, 4, 5]),
        ("?ReturnLimit=2", vec![1, 2]),
        ("?ReturnLimit=2&PageReturned=1", vec![1, 2]),
        ("?ReturnLimit=2&PageReturned=3", vec![5]),
        ("?ReturnLimit=2&PageReturned=4", vec![]),
        ("?returnlimit=2&pagereturned=2", vec![3, 4]),
        ("?ReturnLimit=2&PageReturned=2147483647", vec![]),
        ("?ReturnLimit=2&PageReturned=2&QueryString=CertId -ne 1", vec![4, 5]),
    ] {
        let answer = get(&fake, &format!("Certificates{parameters}")).await;
        assert_eq!(answer.column("Id"), expected, "{parameters}");
        let total = if parameters.contains("&QueryString") { "4" } else { "5" };
        assert_eq!(answer.header("X-Total-Count"), Some(total), "{parameters}");
    }
    let many = with_certificates(&["x"; 51]).await;
    assert_eq!(get(&many, "Certificates").await.column("Id").len(), 50, "the vendor's default");
}

#[tokio::test]
async fn order_is_what_was_asked_for() {
    let fake = with_certificates(&["c", "a", "b"]).await;
    for (parameters, expected) in [
        ("SortField=IssuedCN", [2, 3, 1]),
        ("SortField=issuedcn&SortAscending=0", [2, 3, 1]),
        ("SortField=IssuedCN&SortAscending=1", [1, 3, 2]),
        ("SortAscending=1", [3, 2, 1]),
        ("SortField=IssuerDN", [1, 2, 3]),
    ] {
        assert_eq!(get(&fake, &format!("Certificates?{parameters}")).await.column("Id"), expected, "{parameters}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let fake = with_certificates(&["a"]).await;
    for (parameters, message) in [
        ("SortField=Id", "Invalid sort field: Id."),
        ("SortField=CertificateId", "Invalid sort field: CertificateId."),
        ("SortAscending=2", "SortAscending must be 0 or 1."),
        ("PageReturned=0", "PageReturned must be positive."),
        ("ReturnLimit=-1", "ReturnLimit must be positive."),
        ("ReturnLimit=many", "The value 'many' is not valid for ReturnLimit."),
        ("IncludeRevoked=perhaps", "The value 'perhaps' is not valid for IncludeRevoked."),
        ("QueryString=Nothing -eq 1", "Invalid query: unknown field Nothing."),
        ("QueryString=CertId -about 1", "Invalid query: missing or unknown operator after CertId."),
        ("QueryString=CertId -eq", "Invalid query: missing value for CertId."),
        ("QueryString=CertId -eq one", "Invalid query: the value of CertId is not a Number."),
        ("QueryString=CertId -contains 1", "Invalid query: CertId is not a text field."),
        ("QueryString=NotAfter -gt \"%25TODAY-7%25\"", "Invalid query: the value of NotAfter is not a Time."),
        ("QueryString=(CertId -eq 1", "Invalid query: unclosed parenthesis."),
        ("QueryString=IssuedCN -eq \"a", "Invalid query: unclosed quotation mark."),
        ("QueryString=CertId -eq 1 CertId -eq 1", "Invalid query: unexpected Word(\"CertId\")."),
        ("QueryString=CertId -eq 1 AND", "Invalid query: unexpected end."),
    ] {
        let answer = get(&fake, &format!("Certificates?{parameters}")).await;
        assert_eq!((answer.status, answer.message()), (400, message), "{parameters}");
        assert!(answer.body["ErrorCode"].is_null(), "{parameters}: {answer:?}");
    }
    let deep = "(".repeat(600);
    let answer = get(&fake, &format!("Certificates?QueryString={deep}")).await;
    assert_eq!(answer.status, 400, "{answer:?}");
}

#[tokio::test]
async fn queries_select_what_they_say() {
    let fake = with_certificates(&["www.example.com", "Mail.example.com", "www.example.org", "a AND b"]).await;
    for (query, expected) in [
        ("IssuedCN -eq \"WWW.example.com\"", vec![1]),
        ("issuedcn -EQ www.example.com", vec![1]),
        ("IssuedCN -ne \"www.example.com\"", vec![2, 3, 4]),
        ("IssuedCN -contains \".example.\"", vec![1, 2, 3]),
        ("IssuedCN -notcontains \"example\"", vec![4]),
        ("IssuedCN -startswith \"www\"", vec![1, 3]),
        ("IssuedCN -endswith \".org\"", vec![3]),
        ("IssuedCN -eq \"a AND b\"", vec![4]),
        ("IssuedDN -eq \"CN=www.example.org,O=Example\"", vec![3]),
        ("CertId -gt 2", vec![3, 4]),
        ("CertId -lt 2", vec![1]),
        ("CertId -le \"2\"", vec![1, 2]),
        ("CertRequestId -eq NULL", vec![1, 2, 3, 4]),
        ("CertRequestId -ne NULL", vec![]),
        ("NotAfter -gt \"2100-01-01T00:00:00Z\"", vec![1, 2, 3, 4]),
        ("KeySizeInBits -lt 2048", vec![]),
        // AND binds closer than OR.
        ("CertId -eq 1 OR CertId -eq 2 AND IssuedCN -startswith www", vec![1]),
        ("CertId -eq 2 AND IssuedCN -startswith www OR CertId -eq 1", vec![1]),
        ("(CertId -eq 1 OR CertId -eq 2) AND IssuedCN -startswith mail", vec![2]),
        ("((CertId -eq 1)OR(CertId -eq 2))AND (CertId -gt 1)", vec![2]),
        ("certid -eq 1 or certid -eq 3 and certid -gt 0", vec![1, 3]),
    ] {
        let answer = get(&fake, &format!("Certificates?QueryString={query}")).await;
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        assert_eq!(answer.column("Id"), expected, "{query}");
    }
}

// A list that looks up what a query names must find what it would have found by looking at everything.
#[tokio::test]
async fn naming_thumbprints_finds_the_same_as_looking_at_all() {
    let fake = with_certificates(&["a", "b", "c"]).await;
    let thumbprints: Vec<Value> = get(&fake, "Certificates").await.column("Thumbprint");
    let [a, b, _] = &thumbprints[..] else { panic!("{thumbprints:?}") };
    for (query, expected) in [
        (format!("Thumbprint -eq {a} OR Thumbprint -eq {b} OR Thumbprint -eq {a}"), vec![1, 2]),
        (format!("Thumbprint -eq {a} OR CertId -eq 3"), vec![1, 3]),
        (format!("Thumbprint -eq {a} AND Thumbprint -eq {b}"), vec![]),
        (format!("Thumbprint -ne {a} AND (Thumbprint -eq {a} OR Thumbprint -eq {b})"), vec![2]),
    ] {
        assert_eq!(get(&fake, &format!("Certificates?QueryString={query}")).await.column("Id"), expected, "{query}");
    }
}

#[tokio::test]
async fn headers_are_those_of_a_real_server() {
    let fake = with_certificates(&["a"]).await;
    let first = get(&fake, "Certificates").await;
    assert_eq!(first.header("Api-Supported-Versions"), Some("1.0, 2"));
    assert_eq!(first.header("content-type"), Some("application/json; charset=utf-8"));
    let one = get(&fake, "Certificates/1").await;
    assert_eq!((one.header("X-Total-Count"), one.header("Api-Supported-Versions")), (None, Some("1.0")));
    assert_ne!(first.header("X-Keyfactor-Correlation-Id"), one.header("X-Keyfactor-Correlation-Id"));
    for version in ["10.5.0.0", ""] {
        fake.set_product_version(version);
        let told = get(&fake, "Certificates").await;
        assert_eq!(told.header("X-Keyfactor-Product-Version").unwrap_or_default(), version);
    }
    fake.hide_total_count();
    assert_eq!(get(&fake, "Certificates").await.header("X-Total-Count"), None);
}

#[tokio::test]
async fn a_server_can_ignore_filters_and_repeat_pages() {
    let fake = with_certificates(&["a", "b", "c"]).await;
    fake.ignore_filters();
    for query in ["CertId -eq 1", "Nothing -eq 1"] {
        let answer = get(&fake, &format!("Certificates?QueryString={query}&ReturnLimit=2&PageReturned=2")).await;
        assert_eq!(answer.column("Id"), [3], "{query}");
    }
    fake.repeat_pages();
    for page in 1..4 {
        let answer = get(&fake, &format!("Certificates?ReturnLimit=2&PageReturned={page}")).await;
        assert_eq!((answer.column("Id"), answer.header("X-Total-Count")), (vec![json!(1), json!(2)], Some("3")));
    }
}
