//! Calls without a type: a path leads nowhere else, whatever stands in it.

use crate::raw::{both, command, problem, refused};
use crate::support::scripted::{Answer, Scripted, nobody};
use clm::Reason;
use clm::http::Method;

const LEADS_ELSEWHERE: &[&str] = &[
    "",
    "/",
    "//",
    "///x",
    "//evil.example.com/x",
    "https://evil.example.com/x",
    "HTTPS://evil.example.com",
    "http:/\u{9}/evil.example.com",
    r"\\evil.example.com\x",
    r"/\evil.example.com/x",
    r"a\..\..\b",
    ".",
    "..",
    "...",
    "/..",
    "../x",
    "a/..",
    "a/../b",
    "a/./b",
    "a/ ../b",
    "..;/x",
    "a/..;x=1/b",
    ";/x",
    "%2e%2e",
    "%2E%2E/x",
    "a/%2e%2e/b",
    "a/.%2e/b",
    "%252e%252e/x",
    "a%2fb",
    "a%5cb",
    "a%00b",
    "a//b",
    "a/",
    "a/b/",
    "a?b=c",
    "a#b",
    "a b",
    " a",
    "a\tb",
    "a\nb",
    "a\r\nHost: evil.example.com\r\n\r\nGET /x HTTP/1.1",
    "a\0b",
    "a\u{7f}",
    "a\u{85}b",
    "ü",
    "a\u{202e}b",
    "a\u{ff0f}b",
    "\u{ff0e}\u{ff0e}/x",
    "a|b",
    "a\"b",
    "{",
    "}",
    "{}",
    "a{id}",
    "{id}.pfx",
    "{i d}",
    "{{id}}",
    "{id",
];

#[test]
fn a_path_that_could_lead_elsewhere_is_refused_and_named() {
    both!(|client, vendor| {
        for path in LEADS_ELSEWHERE {
            let case = format!("{vendor}: {path:?}");
            let refused = refused(client(&nobody()).raw(Method::GET, *path), &case);
            let problem = &refused.problems()[0];
            assert_eq!(problem.field(), "path", "{case}: {refused}");
            let fits = match problem.reason() {
                Reason::Empty => path.trim_matches('/').is_empty(),
                Reason::InvalidSegment => true,
                Reason::InvalidCharacters(found) => {
                    found.iter().all(|it| path.chars().nth(it.position - 1) == Some(it.character))
                }
                _ => false,
            };
            assert!(fits, "{case}: {problem:?}");
            assert!(!refused.to_string().contains(char::is_control), "{case}: {refused}");
        }
        let long = "a".repeat(2_049);
        let problem = problem(client(&nobody()).raw(Method::GET, &long), "long");
        assert_eq!(problem.reason(), &Reason::TooLong { limit: 2_048, actual: 2_049 });
        assert!(problem.sentence().len() < 100, "{problem}");
    });
}

#[tokio::test]
async fn a_path_that_is_taken_stays_below_the_base_url() {
    for path in
        ["CertificateStores", "/CertificateStores", "a/b/c", "https:evil.example.com", "@evil.example.com", "a:80"]
    {
        both!(|client, vendor| {
            let server = Scripted::start([Answer::json(200, "[]")]).await;
            client(&server.origin).raw(Method::GET, path).send().await.unwrap();
            let [request] = &server.received()[..] else { panic!("{vendor}: {path}") };
            let below = path.trim_start_matches('/');
            let expected = match vendor {
                "Keyfactor" => format!("GET /KeyfactorAPI/{below} HTTP/1.1"),
                _ => format!("GET /avxapi/{below}?gwsource=external HTTP/1.1"),
            };
            assert_eq!(request.request_line, expected);
            assert_eq!(request.header("host"), Some(server.origin.trim_start_matches("http://")));
        });
    }
}

#[tokio::test]
async fn a_value_of_the_path_stays_one_segment() {
    for (value, encoded) in [
        ("17", "17"),
        ("a b", "a%20b"),
        ("ü€", "%C3%BC%E2%82%AC"),
        ("100%", "100%25"),
        ("a?b#c", "a%3Fb%23c"),
        ("a..b", "a..b"),
        ("..a", "..a"),
        ("a;b", "a;b"),
        ("{id}", "%7Bid%7D"),
        ("https:evil", "https:evil"),
        ("a%20b", "a%2520b"),
    ] {
        both!(|client, vendor| {
            let server = Scripted::start([Answer::json(200, "[]")]).await;
            let call = client(&server.origin).raw(Method::GET, "a/{id}/b/{other}");
            call.path_value("other", "x").path_value("id", value).send().await.unwrap();
            let line = server.received()[0].request_line.clone();
            let path = line.split([' ', '?']).nth(1).unwrap();
            let base = if vendor == "Keyfactor" { "/KeyfactorAPI" } else { "/avxapi" };
            assert_eq!(path, format!("{base}/a/{encoded}/b/x"));
        });
    }
}

#[test]
fn a_value_that_could_be_taken_for_another_path_is_refused_and_named() {
    for value in [
        "",
        ".",
        "..",
        "...",
        " ",
        ". .",
        ".. ",
        "..;",
        "..;x=1",
        ";",
        ";x",
        "%2e",
        "%2e%2e",
        "%2E.",
        ".%2e",
        "%252e%252e",
        "%25252e%25252e",
        "%2e%2e;x",
        "a/b",
        "/",
        "../..",
        "a%2fb",
        "a%2Fb",
        "a%252fb",
        "a\\b",
        "..\\..",
        "a%5cb",
        "a%255Cb",
        "a\r\nb",
        "a\tb",
        "\0",
        "%u002e%u002e",
        "a%u002fb",
        "a%25u005cb",
        "a%u2028b",
        "%c0%ae",
        "a%ffb",
        "a\u{200b}b",
        "a\u{202e}b",
        "a\u{2028}b",
        "\u{feff}",
        "%00",
        "a%0d%0aHost:%20evil",
        "a%250d%250ab",
        "\u{7f}",
        "\u{85}",
    ] {
        both!(|client, vendor| {
            let case = format!("{vendor}: {value:?}");
            let problem = problem(client(&nobody()).raw(Method::GET, "a/{id}").path_value("id", value), &case);
            assert_eq!((problem.field(), problem.reason()), ("path.id", &Reason::InvalidSegment), "{case}");
            assert!(!problem.sentence().contains(char::is_control), "{case}: {problem}");
        });
    }
    let long = "%25".repeat(1_000);
    let problem = problem(command(&nobody()).raw(Method::GET, "a/{id}").path_value("id", &long), "long");
    assert_eq!(problem.reason(), &Reason::TooLong { limit: 2_048, actual: 3_000 });
}

#[test]
fn each_placeholder_has_one_value() {
    let raw = |path: &str| command(&nobody()).raw(Method::GET, path);
    let many = (0..100_000).fold(raw("a"), |call, number| call.path_value(number.to_string(), 1));
    assert_eq!(problem(many, "many").reason(), &Reason::TooMany { limit: 1_000, actual: 100_000 });
    for (call, field, reason) in [
        (raw("a/{id}"), "path.id", Reason::Empty),
        (raw("a/{id}").path_value("ID", 1).path_value("id", 1), "path.ID", Reason::Conflict),
        (raw("a").path_value("id", 1), "path.id", Reason::Conflict),
        (raw("a/{id}").path_value("id", 1).path_value("id", 2), "path.id", Reason::Conflict),
        (raw("a/{id}/{id}").path_value("id", 1), "path", Reason::Conflict),
    ] {
        let problem = problem(call.clone(), &format!("{call:?}"));
        assert_eq!((problem.field(), problem.reason()), (field, &reason));
    }
}

// Placeholders were compared each with each, those of paths that are refused for their length as well: this took minutes.
#[test]
fn a_path_of_very_many_placeholders_is_refused_for_its_length_alone() {
    let path = (0..200_000).map(|index| format!("{{p{index}}}")).collect::<Vec<_>>().join("/");
    let problem = problem(command(&nobody()).raw(Method::GET, &path), "many placeholders");
    assert_eq!(problem.reason(), &Reason::TooLong { limit: 2_048, actual: path.len() });
}
