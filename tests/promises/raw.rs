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

pub(crate) fn refused<V: Vendor>(call: RequestBuilder<RawCall<V>>, case: &str) -> ValidationError {
    match call.build() {
        Err(refused) => refused,
        Ok(request) => panic!("{case}: it was taken: {request:?}"),
    }
}

pub(crate) fn problem<V: Vendor>(call: RequestBuilder<RawCall<V>>, case: &str) -> Problem {
    let refused = refused(call, case);
    let [problem] = refused.problems() else { panic!("{case}: {refused}") };
    problem.clone()
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
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "X-Forwarded-Proto",
        "X-Forwarded-Server",
        "X_Forwarded_Host",
        "X-Original-Host",
        "X-Host",
        "X-Real-IP",
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
        // A server may trim it.
        let trimmed = problem(call().path_value("id", "x-hunter2").secret("hunter2\n"), vendor);
        assert_eq!((trimmed.field(), trimmed.reason()), ("path", &Reason::Conflict));
        for unset in ["", " "] {
            let unset = problem(call().path_value("id", 1).secret("hunter2").secret(unset), vendor);
            assert_eq!((unset.field(), unset.reason()), ("secrets[1]", &Reason::Blank));
        }
    });
}

#[test]
fn a_secret_too_short_to_be_looked_for_refuses_no_path() {
    both!(|client, vendor| {
        for (secret, value) in [("12", "1234"), ("123", "1234"), ("a", "a"), ("12\n", "12")] {
            let call = client(&nobody()).raw(Method::POST, "a/{id}").path_value("id", value).secret(secret);
            assert!(format!("{call:?}").contains(value), "{vendor}: {call:?}");
            assert_eq!(call.build().unwrap().path(), "a/{id}", "{vendor}: {secret:?}");
        }
        let refused = problem(client(&nobody()).raw(Method::POST, "a/1234").secret("1234"), vendor);
        assert_eq!((refused.field(), refused.reason()), ("path", &Reason::Conflict));
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
