//! Calls without a type: what is sent, and what is refused before anything is.

use std::collections::BTreeSet;

use crate::support::scripted::{Answer, Scripted, nobody};
use clm::http::Method;
use clm::{Problem, RawCall, RawEffect, Reason, RequestBuilder, ValidationError, Vendor, appviewx, keyfactor};
use serde::Serialize;
use serde_json::json;

pub(crate) fn command(origin: &str) -> keyfactor::Client {
    let credentials = keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "password of the account");
    keyfactor::Client::builder(origin).credentials(credentials).build().unwrap()
}

pub(crate) fn gateway(origin: &str) -> appviewx::Client {
    let credentials = appviewx::Credentials::session_id("session-of-the-account");
    appviewx::Client::builder(origin).credentials(credentials).build().unwrap()
}

/// The same for a client of each vendor, whose type has no common name.
macro_rules! both {
    (|$client:ident, $vendor:ident| $body:block) => {{
        {
            let ($client, $vendor) = (crate::raw::command, "Keyfactor");
            $body
        }
        {
            let ($client, $vendor) = (crate::raw::gateway, "AppViewX");
            $body
        }
    }};
}
pub(crate) use both;

fn refused<V: Vendor>(call: RequestBuilder<RawCall<V>>, case: &str) -> ValidationError {
    match call.build() {
        Err(refused) => refused,
        Ok(request) => panic!("{case}: it was taken: {request:?}"),
    }
}

fn problem<V: Vendor>(call: RequestBuilder<RawCall<V>>, case: &str) -> Problem {
    let refused = refused(call, case);
    let [problem] = refused.problems() else { panic!("{case}: {refused}") };
    problem.clone()
}

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

#[test]
fn other_methods_are_refused() {
    for method in ["CONNECT", "TRACE", "OPTIONS", "get", "Get", "delete", "PROPFIND", "GETX"] {
        both!(|client, vendor| {
            let case = format!("{vendor}: {method}");
            let problem = problem(client(&nobody()).raw(method.parse().unwrap(), "a"), &case);
            assert_eq!((problem.field(), problem.reason()), ("method", &Reason::UnsupportedMethod), "{case}");
        });
    }
}

#[tokio::test]
async fn the_body_is_sent_as_it_was_given() {
    #[derive(Serialize)]
    struct Body {
        zulu: u8,
        alpha: Option<&'static str>,
        nested: Vec<f64>,
    }
    let body = Body { zulu: 1, alpha: None, nested: vec![0.5, 1e300] };
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        both!(|client, vendor| {
            let server = Scripted::start([Answer::json(200, "{}")]).await;
            client(&server.origin).raw(method.clone(), "a").json(&body).send().await.unwrap();
            let request = &server.received()[0];
            assert!(request.request_line.starts_with(&format!("{method} /")), "{vendor}: {}", request.request_line);
            assert_eq!(String::from_utf8_lossy(&request.body), r#"{"zulu":1,"alpha":null,"nested":[0.5,1e+300]}"#);
            assert_eq!(request.header("content-type"), Some("application/json"));
        });
    }
    both!(|client, vendor| {
        let server = Scripted::start([Answer::with(429, "retry-after: 0\r\n", ""), Answer::json(200, "{}")]).await;
        let text = "x".repeat(8 * 1024 * 1024);
        client(&server.origin).raw(Method::POST, "a").json(&text).send().await.unwrap();
        let received = server.received();
        let lengths: Vec<_> = received.iter().map(|it| it.body.len()).collect();
        assert_eq!(lengths, [text.len() + 2, text.len() + 2], "{vendor}");
    });
}

#[test]
fn a_body_that_cannot_be_sent_is_refused() {
    let keys = std::collections::HashMap::from([(vec![1], 1)]);
    let problem_of = |call| problem(call, "body");
    let raw = |method| command(&nobody()).raw(method, "a");
    let refused = problem_of(raw(Method::POST).json(&keys));
    assert_eq!((refused.field(), refused.reason()), ("json", &Reason::NotJson));
    for method in [Method::GET, Method::HEAD] {
        let refused = problem_of(raw(method).json(&1));
        assert_eq!((refused.field(), refused.reason()), ("json", &Reason::Conflict));
    }
}

#[tokio::test]
async fn a_query_is_encoded_and_cannot_replace_what_the_client_sends() {
    let server = Scripted::start([Answer::json(200, "[]")]).await;
    let call = gateway(&server.origin).raw(Method::GET, "a").query("x y", "a&b=c#d").query("id", 1).query("id", 2);
    call.query("evil", "\r\nHost: evil HTTP/1.1").query("plus", "1+1").send().await.unwrap();
    assert_eq!(
        server.received()[0].request_line,
        "GET /avxapi/a?gwsource=external&x%20y=a%26b%3Dc%23d&id=1&id=2\
         &evil=%0D%0AHost%3A%20evil%20HTTP%2F1.1&plus=1%2B1 HTTP/1.1"
    );
    for name in ["gwsource", "GwSource"] {
        let problem = problem(gateway(&nobody()).raw(Method::GET, "a").query("x", 1).query(name, "WEB"), name);
        assert_eq!((problem.field(), problem.reason()), ("query[1]", &Reason::Reserved));
    }
    assert!(command(&nobody()).raw(Method::GET, "a").query("gwsource", "WEB").build().is_ok(), "Keyfactor knows none");
    let problem_of = |call| problem(call, "query");
    let raw = || command(&nobody()).raw(Method::GET, "a");
    assert_eq!(problem_of(raw().query(" ", 1)).reason(), &Reason::Blank);
    let long = problem_of(raw().query("x", "%".repeat(11_000)));
    assert_eq!((long.field(), long.reason()), ("query", &Reason::TooLong { limit: 32_768, actual: 33_002 }));
    assert!(raw().query("x", "%".repeat(10_000)).build().is_ok());
}

#[tokio::test]
async fn a_query_of_the_longest_length_is_sent() {
    both!(|client, vendor| {
        let server = Scripted::start([Answer::json(200, "[]")]).await;
        let call = client(&server.origin).raw(Method::GET, "a/{id}").path_value("id", "ü".repeat(1_024));
        call.query("x", "%".repeat(10_900)).send().await.unwrap();
        assert!(server.received()[0].request_line.len() > 38_000, "{vendor}");
    });
}

#[tokio::test]
async fn a_header_is_added_and_none_of_the_crates_own_is_replaced() {
    both!(|client, vendor| {
        let server = Scripted::start([Answer::json(200, "[]")]).await;
        client(&server.origin).raw(Method::GET, "a").send().await.unwrap();
        let call =
            client(&server.origin).raw(Method::GET, "a").header("X-Trace", "it is 1").header("if-match", "\"7\"");
        call.send().await.unwrap();
        let [without, with] = &server.received()[..] else { panic!("{vendor}") };
        let mut expected = without.sorted_headers();
        expected.push(("x-trace".to_owned(), "it is 1".to_owned()));
        expected.push(("if-match".to_owned(), "\"7\"".to_owned()));
        expected.sort();
        assert_eq!(with.sorted_headers(), expected, "{vendor}");
    });
}

#[test]
fn a_header_that_is_not_the_callers_is_refused() {
    for name in [
        "Authorization",
        "authorization",
        "Proxy-Authorization",
        "Cookie",
        "Host",
        "Content-Length",
        "Content-Type",
        "Content-Encoding",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Upgrade",
        "HTTP2-Settings",
        "Expect",
        "Accept",
        "Accept-Encoding",
        "User-Agent",
        "Range",
        "X-HTTP-Method",
        "X-HTTP-Method-Override",
        "X-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "content_length",
        "Transfer_Encoding",
        "X_Original_URL",
    ] {
        both!(|client, vendor| {
            let case = format!("{vendor}: {name}");
            let problem = problem(client(&nobody()).raw(Method::POST, "a").header("x-a", "1").header(name, "x"), &case);
            assert_eq!((problem.field(), problem.reason()), ("headers[1]", &Reason::Reserved), "{case}");
        });
    }
}

/// Whatever a typed call sends, of either vendor and with any credential, is no caller's.
#[tokio::test]
async fn every_header_that_the_crate_sends_is_reserved() {
    let mut names = BTreeSet::new();
    let server = Scripted::start([Answer::json(200, "[]")]).await;
    command(&server.origin).raw(Method::POST, "a").json(&1).send().await.unwrap();
    command(&server.origin).certificates().get(1).send().await.unwrap_err();
    names.extend(server.received().iter().flat_map(crate::support::Received::sorted_headers).map(|(name, _)| name));
    for name in &names {
        let problem = problem(command(&nobody()).raw(Method::POST, "a").header(name, "x"), name);
        assert_eq!(problem.reason(), &Reason::Reserved, "{name}");
    }
    assert!(names.contains("authorization") && names.contains("x-keyfactor-api-version"), "{names:?}");

    let mut names = BTreeSet::new();
    for credentials in [
        appviewx::Credentials::session_id("s"),
        appviewx::Credentials::password_headers("u", "p"),
        appviewx::Credentials::login("u", "p"),
        appviewx::Credentials::service_account("u", "p"),
    ] {
        let server = Scripted::choosing(|_, request| {
            let token = request.request_line.contains("get-service-token");
            let response =
                if token { r#""of-the-account""# } else { r#"{"sessionId": "of-the-login", "status": "SUCCESS"}"# };
            Answer::json(200, &format!(r#"{{"response": {response}, "appStatusCode": null}}"#))
        });
        let server = server.await;
        let client = appviewx::Client::builder(&server.origin).credentials(credentials).build().unwrap();
        client.raw(Method::POST, "a").json(&1).send().await.unwrap();
        names.extend(server.received().iter().flat_map(crate::support::Received::sorted_headers).map(|(name, _)| name));
    }
    for name in &names {
        let problem = problem(gateway(&nobody()).raw(Method::POST, "a").header(name, "x"), name);
        assert_eq!(problem.reason(), &Reason::Reserved, "{name}");
    }
    for name in ["sessionid", "username", "password", "token"] {
        assert!(names.contains(name), "{name} was never sent: {names:?}");
    }
}

#[test]
fn a_header_that_would_break_the_request_is_refused() {
    let call = || command(&nobody()).raw(Method::POST, "a");
    for value in ["a\r\nHost: evil", "a\n", "\r", "a\0b", "a\tb", "ü", "\u{7f}", "a\u{2028}b"] {
        let problem = problem(call().header("x-a", value), &format!("{value:?}"));
        assert_eq!(problem.field(), "headers[0]");
        let Reason::InvalidCharacters(found) = problem.reason() else { panic!("{problem:?}") };
        assert_eq!(value.chars().nth(found[0].position - 1), Some(found[0].character));
        assert!(!problem.sentence().contains(char::is_control), "{problem}");
    }
    for name in ["", " ", "a b", "x-a\r\nHost", "x-a:", "ü", ":path", "x\0"] {
        let problem = problem(call().header(name, "x"), &format!("{name:?}"));
        assert_eq!((problem.field(), problem.reason()), ("headers[0]", &Reason::InvalidHeaderName));
        assert!(!problem.sentence().contains(char::is_control), "{problem}");
    }
    let twice = problem(call().header("x-a", "1").header("X-A", "2"), "twice");
    assert_eq!((twice.field(), twice.reason()), ("headers[1]", &Reason::Conflict));
    let long = problem(call().header("x-a", "x".repeat(8_193)), "long");
    assert_eq!(long.reason(), &Reason::TooLong { limit: 8_192, actual: 8_193 });
    let many = (0..40_000).fold(call(), |call, number| call.header(format!("x-{number}"), "1"));
    let many = problem(many, "many");
    assert_eq!((many.field(), many.reason()), ("headers", &Reason::TooMany { limit: 50, actual: 40_000 }));
}

#[test]
fn a_secret_that_would_show_is_refused() {
    both!(|client, vendor| {
        let call = || client(&nobody()).raw(Method::POST, "a/{id}");
        for (path, value) in
            [("a/{id}", "x-hunter2"), ("a/{id}", "../hunter2"), ("hunter2/{id}", "1"), ("a/../hunter2%", "")]
        {
            let call = client(&nobody()).raw(Method::POST, path).path_value("id", value).query("hunter2", 1);
            let call = call.header("hunter2 ", "x").secret("hunter2");
            let refused = refused(call.clone(), vendor);
            let problem = &refused.problems()[0];
            assert_eq!((problem.field(), problem.reason()), ("path", &Reason::Conflict), "{vendor}: {path}");
            let shown = format!("{refused} {refused:?} {call:?}");
            assert!(!shown.contains("hunter2"), "{vendor}: {shown}");
        }
        for unset in ["", " "] {
            let unset = problem(call().path_value("id", 1).secret("hunter2").secret(unset), vendor);
            assert_eq!((unset.field(), unset.reason()), ("secrets[1]", &Reason::Blank));
        }
    });
}

#[test]
fn a_note_for_the_audit_belongs_to_a_change() {
    both!(|client, vendor| {
        let call = |effect| client(&nobody()).raw(Method::POST, "a").effect(effect).audit_note("CHG 1");
        let refused = problem(call(RawEffect::Read), vendor);
        assert_eq!((refused.field(), refused.reason()), ("audit_note", &Reason::Conflict));
        assert_eq!(call(RawEffect::Change).build().unwrap().audit_note(), Some("CHG 1"));
    });
}

#[test]
fn every_problem_is_told_at_once() {
    let call = command(&nobody()).raw(Method::TRACE, "a/../{id}").query("", 1).header("Host", "x").secret("");
    let refused = refused(call, "all");
    let fields: Vec<_> = refused.problems().iter().map(Problem::field).collect();
    assert_eq!(fields, ["method", "path", "path.id", "query[0]", "headers[0]", "secrets[0]"]);
}

#[test]
fn the_request_shows_names_only() {
    both!(|client, vendor| {
        let call = client(&nobody()).raw(Method::POST, "a/{id}").path_value("id", 17).query("name", "marker-query");
        let call = call.header("x-key", "marker-header").json(&json!({"a": "marker-body"})).secret("marker-secret");
        let request = call.clone().build().unwrap();
        for shown in [format!("{call:?}"), format!("{request:#?}")] {
            assert!(!shown.contains("marker"), "{vendor}: {shown}");
            for name in ["POST", "a/{id}", "17", "name", "x-key", "19 bytes", "Change"] {
                assert!(shown.contains(name), "{vendor}: no {name} in {shown}");
            }
        }
        assert_eq!((request.method(), request.path(), request.effect()), (&Method::POST, "a/{id}", RawEffect::Change));
        assert_eq!(request, call.build().unwrap());
        assert_ne!(request, client(&nobody()).raw(Method::POST, "a/{id}").path_value("id", 17).build().unwrap());
    });
}

#[test]
fn only_get_and_head_read_unless_it_is_said() {
    for (method, effect) in [
        (Method::GET, RawEffect::Read),
        (Method::HEAD, RawEffect::Read),
        (Method::POST, RawEffect::Change),
        (Method::PUT, RawEffect::Change),
        (Method::PATCH, RawEffect::Change),
        (Method::DELETE, RawEffect::Change),
    ] {
        both!(|client, vendor| {
            let call = client(&nobody()).raw(method.clone(), "a");
            assert_eq!(call.clone().build().unwrap().effect(), effect, "{vendor}: {method}");
            for said in [RawEffect::Read, RawEffect::Change] {
                assert_eq!(call.clone().effect(said).build().unwrap().effect(), said, "{vendor}: {method}");
            }
        });
    }
}
