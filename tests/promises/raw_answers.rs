//! Calls without a type: how they end, and what is left of their answers.

use std::io::Write as _;

use crate::raw::{both, command, gateway};
use crate::support::capture;
use crate::support::scripted::{Answer, Scripted};
use crate::support::{reply, texts};
use clm::http::Method;
use clm::{RawAnswer, RawEffect, UnreadableReason, appviewx, keyfactor};
use serde::Deserialize;
use serde_json::{Value, json};

const MEBIBYTE: usize = 1024 * 1024;

/// A JSON text of this many bytes.
fn json_of(bytes: usize) -> String {
    format!("\"{}\"", "x".repeat(bytes - 2))
}

fn bytes(status: u16, headers: &str, body: &[u8]) -> Answer {
    let mut whole = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    whole.write_all(body).unwrap();
    Answer::Bytes(whole)
}

#[tokio::test]
async fn an_answer_is_kept_as_it_came() {
    let body = b"PK\x03\x04\xff\xfe\x00\r\n\xef\xbb\xbf";
    for status in [200, 201, 202, 206, 299] {
        for method in [Method::GET, Method::PUT] {
            both!(|client, vendor| {
                let headers = "content-type: application/zip; x=1\r\nx-total-count: 7\r\nset-cookie: marker-cookie\r\n";
                let server = Scripted::start([bytes(status, headers, body)]).await;
                let answer = client(&server.origin).raw(method.clone(), "a").send().await.unwrap();
                let case = format!("{vendor}: {method} {status}");
                assert_eq!(answer.bytes(), body, "{case}");
                assert_eq!(answer.status().as_u16(), status, "{case}");
                assert_eq!(answer.receipt().status(), answer.status());
                assert_eq!(answer.receipt().body(), String::from_utf8_lossy(body), "{case}");
                assert_eq!((answer.receipt().attempts(), answer.content_type()), (1, Some("application/zip; x=1")));
                assert_eq!(answer.headers().get("x-total-count").unwrap(), "7");
                let json = serde_json::to_value(&answer).unwrap();
                assert_eq!((&json["status"], &json["attempts"]), (&json!(status), &json!(1)), "{json}");
                for shown in [format!("{answer:?}"), format!("{answer:#?}"), json.to_string()] {
                    assert!(!shown.contains("PK") && !shown.contains("marker"), "{case}: {shown}");
                }
                assert_eq!(answer, answer.clone());
            });
        }
    }
}

#[tokio::test]
async fn an_answer_is_read_as_what_the_caller_says() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Collection {
        #[serde(rename = "Id")]
        id: u32,
    }
    let body = "\u{feff}{\"Id\": 7, \"Name\": \"x\", \"response\": null}";
    both!(|client, vendor| {
        let server = Scripted::start([Answer::json(200, body)]).await;
        let client = client(&server.origin);
        let call = || client.raw(Method::GET, "a");
        assert_eq!(call().read_as::<Collection>().await.unwrap(), Collection { id: 7 }, "{vendor}");
        assert_eq!(call().read().await.unwrap()["Name"], "x");
        let answer = call().send().await.unwrap();
        assert_eq!(answer.read_as::<Collection>().unwrap(), Collection { id: 7 });
        assert_eq!(answer.read().unwrap()["Id"], 7);
        assert_eq!(answer.bytes(), body.as_bytes());
    });
}

#[tokio::test]
async fn a_value_is_read_of_one_mebibyte_and_no_more() {
    both!(|client, vendor| {
        let server = Scripted::start([Answer::json(200, &json_of(MEBIBYTE))]).await;
        let value: Value = client(&server.origin).raw(Method::GET, "a").read().await.unwrap();
        assert_eq!(value.as_str().map(str::len), Some(MEBIBYTE - 2), "{vendor}");

        let body = json_of(MEBIBYTE + 1);
        let server = Scripted::start([Answer::json(200, &body)]).await;
        let answer = client(&server.origin).raw(Method::GET, "a").send().await.unwrap();
        let unreadable = answer.read().unwrap_err();
        assert_eq!(unreadable.reason(), UnreadableReason::TooLarge { limit: MEBIBYTE, actual: MEBIBYTE + 1 });
        assert_eq!(unreadable.answer().bytes(), body.as_bytes());
        assert_eq!(unreadable.into_answer(), answer);
        // The caller's own type may be as small as it likes.
        assert_eq!(answer.read_as::<String>().unwrap().len(), MEBIBYTE - 1);

        let error = client(&server.origin).raw(Method::GET, "a").read().await.unwrap_err();
        assert_eq!(error.status().map(|it| it.as_u16()), Some(200));
        assert_eq!(error.body(), Some(body.as_str()));
        assert!(format!("{error:?}").starts_with("Decode("), "{vendor}: {}", texts(&error));
        assert!(
            texts(&error).contains("the body has 1048577 bytes, but at most 1048576 are read"),
            "{}",
            texts(&error)
        );
    });
}

#[tokio::test]
async fn a_read_that_cannot_be_read_is_decode_with_its_body() {
    for (body, reason) in [
        (r#"{"Id": "marker"}"#, UnreadableReason::OtherShape),
        ("7", UnreadableReason::OtherShape),
        ("", UnreadableReason::Empty),
        (" \r\n", UnreadableReason::Empty),
        ("null", UnreadableReason::OtherShape),
    ] {
        both!(|client, vendor| {
            let server = Scripted::start([Answer::json(200, body)]).await;
            let call = || client(&server.origin).raw(Method::GET, "a/{id}").path_value("id", "marker");
            let unreadable = call().send().await.unwrap().read_as::<Vec<u8>>().unwrap_err();
            assert_eq!(unreadable.reason(), reason, "{vendor}: {body:?}");
            assert!(!texts(&unreadable).contains("marker"), "{}", texts(&unreadable));
            let error = call().read_as::<Vec<u8>>().await.unwrap_err();
            let shown = format!("{error:?} {}", texts(&error));
            assert!(shown.starts_with("Decode(") && !shown.contains("marker"), "{vendor}: {body:?}: {shown}");
            assert!(error.to_string().starts_with("GET /a/{id}: the server returned 200"), "{error}");
            assert_eq!((error.body(), error.attempts()), (Some(body), Some(1)));
        });
    }
}

#[tokio::test]
async fn the_audit_names_a_value_of_the_path_as_it_is_sent() {
    for (value, audited) in [
        ("17", "17"),
        ("5?force=true", "5%3Fforce%3Dtrue"),
        ("5#a", "5%23a"),
        ("a b;c\"d", "a%20b%3Bc%22d"),
        ("100%25", "100%2525"),
    ] {
        both!(|client, vendor| {
            let server = Scripted::start([Answer::json(200, "{}")]).await;
            capture::start();
            client(&server.origin).raw(Method::DELETE, "a/{id}").path_value("id", value).send().await.unwrap();
            let audit = capture::only_audit();
            let targets = format!("[\"DELETE /a/{audited}\"]");
            assert_eq!(audit.field("targets"), Some(&*targets), "{vendor}: {value}");
        });
    }
}

/// What was done is done: the answer to a change is never lost, whatever it is read as.
#[tokio::test]
async fn a_change_that_cannot_be_read_is_incomplete_with_its_answer() {
    for body in [r#"{"Id": "marker"}"#, "7", "", "null"] {
        for method in [Method::POST, Method::DELETE] {
            both!(|client, vendor| {
                let server = Scripted::start([Answer::json(200, body)]).await;
                capture::start();
                let call = client(&server.origin).raw(method.clone(), "a/{id}").path_value("id", 17);
                let error = call.read_as::<Vec<u8>>().await.unwrap_err();
                let case = format!("{vendor}: {method}: {body:?}: {error:?}");
                let answer = error.incomplete::<RawAnswer>().unwrap_or_else(|| panic!("{case}"));
                assert_eq!((answer.bytes(), answer.status().as_u16()), (body.as_bytes(), 200), "{case}");
                assert!(
                    error.to_string().starts_with(&format!("{method} /a/{{id}}: the server returned 200")),
                    "{error}"
                );
                assert!(!format!("{error:?} {}", texts(&error)).contains("marker"), "{case}");
                let audit = capture::only_audit();
                assert_eq!(audit.field("ended"), Some("accepted"), "{case}");
                assert_eq!(audit.field("targets"), Some(&*format!("[\"{method} /a/17\"]")), "{case}");
                assert_eq!(server.received().len(), 1, "{case}");
            });
        }
    }
}

#[tokio::test]
async fn an_answer_that_has_no_body_by_definition_is_null() {
    both!(|client, vendor| {
        for status in [204, 205] {
            let server = Scripted::start([Answer::with(status, "", "")]).await;
            let value = client(&server.origin).raw(Method::DELETE, "a").read().await.unwrap();
            assert_eq!(value, Value::Null, "{vendor}");
            client(&server.origin).raw(Method::DELETE, "a").read_as::<()>().await.unwrap();
        }
        let server = Scripted::start([Answer::Bytes(b"HTTP/1.1 200 -\r\ncontent-length: 7\r\n\r\n".to_vec())]).await;
        let answer = client(&server.origin).raw(Method::HEAD, "a").send().await.unwrap();
        assert_eq!((answer.read().unwrap(), answer.bytes()), (Value::Null, &b""[..]), "{vendor}");
    });
}

/// A page, an encoded answer, and what says that it is JSON and is none, are no answers of an API.
#[tokio::test]
async fn a_2xx_that_cannot_be_an_answer_is_not_taken() {
    const JSON: &str = "content-type: application/json\r\n";
    for (headers, body) in [
        ("content-type: text/html\r\n", &b"Sign in"[..]),
        ("content-type: TEXT/HTML; charset=utf-8\r\n", b"[]"),
        ("content-type: application/xhtml+xml\r\n", b"<x/>"),
        (JSON, b"<!DOCTYPE HTML><title>Sign in</title>"),
        ("", b"\xef\xbb\xbf \n<html>"),
        ("content-encoding: gzip\r\n", b"\x1f\x8b\x08"),
        ("content-type: application/json\r\ncontent-encoding: br\r\n", b"[]"),
        (JSON, b"[\"6c0d"),
        (JSON, b"[] []"),
        (JSON, b"{\"a\": 1"),
        (JSON, b"[\"\xff\"]"),
        ("content-type: application/problem+json; charset=utf-8\r\n", b"oh"),
    ] {
        both!(|client, vendor| {
            let case = format!("{vendor}: {headers:?} {:?}", String::from_utf8_lossy(body));
            let server = Scripted::start([bytes(200, headers, body)]).await;
            let read = client(&server.origin).raw(Method::GET, "a").send().await.unwrap_err();
            assert!(format!("{read:?}").starts_with("Decode("), "{case}: {read:?}");
            assert_eq!(read.body(), Some(&*String::from_utf8_lossy(body)), "{case}");
            assert_eq!(server.received().len(), 1, "{case}");
            let change = client(&server.origin).raw(Method::PUT, "a").send().await.unwrap_err();
            assert!(format!("{change:?}").starts_with("OutcomeUnknown("), "{case}: {change:?}");
            assert_eq!(change.body(), Some(&*String::from_utf8_lossy(body)), "{case}");
            assert_eq!(server.received().len(), 2, "{case}");
        });
    }
}

#[tokio::test]
async fn a_change_that_may_have_arrived_gives_its_request_back() {
    let server = Scripted::start([Answer::json(500, r#"{"Message": "oh"}"#), Answer::json(200, "{}")]).await;
    let client = command(&server.origin);
    let call = client.raw(Method::PUT, "a/{id}").path_value("id", 17).json(&json!({"b": 1})).header("x-a", "1");
    let call = call.query("c", 2).audit_note("CHG 1");
    let keyfactor::Error::OutcomeUnknown(unknown) = call.send().await.unwrap_err() else { panic!() };
    assert_eq!(
        unknown.to_string(),
        "PUT /a/{id}: the outcome is unknown: the server returned 500 Internal Server Error: oh"
    );
    assert!(unknown.how_to_find_out().contains("this crate does not know whether calling this endpoint twice"));
    let request = unknown.into_request::<keyfactor::RawCall>().unwrap();
    assert_eq!(request.audit_note(), Some("CHG 1"));
    client.execute(request).await.unwrap();
    let [first, second] = &server.received()[..] else { panic!() };
    assert_eq!((&first.request_line, &first.body), (&second.request_line, &second.body));
    assert_eq!(first.sorted_headers(), second.sorted_headers());
}

/// How a raw call of AppViewX ends with an envelope: a read, and a change.
#[tokio::test]
async fn an_envelope_counts_as_it_does_for_typed_calls() {
    const DONE: [&str; 2] = ["Ok(", "Ok("];
    const REFUSED: [&str; 2] = ["Err(Api(", "Err(Api("];
    const OPEN: [&str; 2] = ["Err(Api(", "Err(OutcomeUnknown("];
    for (body, [read, change]) in [
        (r#"{"response": {"a": 1}, "message": "done", "appStatusCode": null}"#, DONE),
        (r#"{"Response": [], "AppStatusCode": "Success"}"#, DONE),
        (r#"{"response": "x", "appStatusCode": " "}"#, DONE),
        (r#"{"response": {"appStatusCode": "SUCCESS", "httpStatusCode": 200}, "appStatusCode": null}"#, DONE),
        // None of the vendor's envelope: it says nothing.
        (r#"{"error": "x", "status": "FAIL"}"#, DONE),
        (r#"[{"appStatusCode": "AVX_GW_005"}]"#, DONE),
        ("{}", DONE),
        (r#"{"message": "no", "appStatusCode": "AVX_GW_005"}"#, REFUSED),
        (r#"{"Message": "no", "AppStatusCode": "CERT-GEN-0033"}"#, REFUSED),
        (r#"{"message": "no", "appStatusCode": "A_CODE_OF_TOMORROW"}"#, OPEN),
        (r#"{"message": "no", "appStatusCode": 7}"#, OPEN),
        // What contradicts itself is no success, and of a change no refusal either.
        (r#"{"appStatusCode": "A_CODE_OF_TOMORROW", "appStatusCode": null}"#, OPEN),
        (
            r#"{"response": {"appStatusCode": "A_CODE_OF_TOMORROW", "Successful Ids": ["x"]}, "appStatusCode": null}"#,
            OPEN,
        ),
        (r#"{"response": {"httpStatusCode": 500, "Successful Ids": ["x"]}, "appStatusCode": "SUCCESS"}"#, OPEN),
    ] {
        let server = Scripted::start([Answer::json(200, body)]).await;
        for (effect, expected) in [(RawEffect::Read, read), (RawEffect::Change, change)] {
            let call = gateway(&server.origin).raw(Method::POST, "a").effect(effect);
            let ended = format!("{:?}", call.send().await);
            assert!(ended.starts_with(expected), "{effect:?}: {body}: {ended}");
        }
        let keyfactors = format!("{:?}", command(&server.origin).raw(Method::POST, "a").send().await);
        assert!(keyfactors.starts_with("Ok("), "no envelope of Keyfactor's: {body}: {keyfactors}");
    }
}

#[tokio::test]
async fn a_refusal_has_the_vendors_code_message_and_remedy() {
    let server = Scripted::start([Answer::json(403, r#"{"Message": "no", "ErrorCode": "0xA0110002"}"#)]).await;
    let error = command(&server.origin).raw(Method::DELETE, "a").send().await.unwrap_err();
    let keyfactor::Error::Api(refusal) = &error else { panic!("{error:?}") };
    assert_eq!(
        (refusal.message(), refusal.code().map(ToString::to_string)),
        (Some("no"), Some("0xA0110002".to_owned()))
    );
    assert!(refusal.scope().is_none());

    let body = r#"{"message": "no access", "appStatusCode": "AVX_GW_005"}"#;
    let server = Scripted::start([Answer::json(200, body)]).await;
    let error = gateway(&server.origin).raw(Method::DELETE, "a").send().await.unwrap_err();
    assert_eq!(error.code(), Some(&appviewx::ErrorCode::ApiAccessDenied));
    assert_eq!((error.message(), error.body()), (Some("no access"), Some(body)));
    assert!(error.remediation().is_some());
}

#[tokio::test]
async fn a_declared_secret_is_redacted_from_what_the_server_says() {
    const SECRET: &str = "hunter2-of-the-caller";
    both!(|client, vendor| {
        for (status, body) in [
            (400, format!(r#"{{"Message": "bad {SECRET}", "message": "bad {SECRET}"}}"#)),
            (500, format!("bad {SECRET}")),
            (409, format!("<html><title>bad {SECRET}</title></html>")),
        ] {
            let server = Scripted::start([Answer::json(status, &body)]).await;
            capture::start();
            let call = client(&server.origin).raw(Method::POST, "a").json(&json!({"Password": SECRET})).secret(SECRET);
            let error = call.query("key", SECRET).header("x-key", SECRET).send().await.unwrap_err();
            let shown = format!("{error:?} {} {:?} {:?}", texts(&error), error.message(), capture::events());
            assert!(!shown.contains("hunter2"), "{vendor}: {status}: {shown}");
            assert_eq!(error.message(), Some("bad [redacted]"), "{vendor}: {status}");
            assert_eq!(error.body(), Some(&*body), "the body is the caller's");
            assert!(server.received()[0].request_line.contains(SECRET), "it was sent");
        }
    });
}

#[tokio::test]
async fn spans_and_errors_name_the_path_as_it_was_given() {
    both!(|client, vendor| {
        let server = Scripted::start([Answer::json(404, "{}")]).await;
        capture::start();
        let call = client(&server.origin).raw(Method::GET, "/a/{id}").path_value("id", "marker").query("b", "marker");
        let error = call.send().await.unwrap_err();
        assert!(error.to_string().starts_with("GET /a/{id}: the server returned 404"), "{error}");
        let spans = format!("{:?}", capture::spans());
        assert!(spans.contains("a/{id}") && spans.contains(".raw") && !spans.contains("marker"), "{vendor}: {spans}");
        assert!(capture::audit().is_empty(), "a GET is no change");
    });
}

/// A POST that is said to read is tried again, and a GET that is said to change is not.
#[tokio::test]
async fn what_the_caller_says_decides_what_is_tried_again() {
    both!(|client, vendor| {
        for (method, effect, tries) in [
            (Method::POST, RawEffect::Read, 2),
            (Method::DELETE, RawEffect::Read, 2),
            (Method::GET, RawEffect::Read, 2),
            (Method::GET, RawEffect::Change, 1),
            (Method::HEAD, RawEffect::Change, 1),
            (Method::POST, RawEffect::Change, 1),
        ] {
            let server =
                Scripted::start([Answer::Bytes(reply(503, "retry-after: 0\r\n", "")), Answer::with(204, "", "")]).await;
            capture::start();
            let ended = client(&server.origin).raw(method.clone(), "a").effect(effect).send().await;
            let case = format!("{vendor}: {method} {effect:?}: {ended:?}");
            assert_eq!(server.received().len(), tries, "{case}");
            assert_eq!(ended.is_ok(), tries == 2, "{case}");
            assert_eq!(capture::audit().len(), usize::from(effect == RawEffect::Change), "{case}");
        }
    });
}
