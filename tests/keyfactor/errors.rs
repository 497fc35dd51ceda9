//! What the server's refusals become: one row for every documented or seen status, code and shape of a body.

use std::error::Error as _;

use clm::keyfactor::{ApiError, Client, Error, ErrorCode, ErrorKind};
use http::StatusCode;
use serde_json::json;

use crate::support::keyfactor::{CALL, assert_discreet, client, removal};
use crate::support::{RawServer, reply};

/// The refusal that this answer becomes.
async fn refusal(case: &str, status: u16, headers: &str, body: &[u8]) -> Box<ApiError> {
    let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
    let server = RawServer::start([head.as_bytes(), body].concat()).await;
    let error = removal(&client(&server.origin)).send().await.unwrap_err();
    server.only();
    assert_discreet(case, &error, &server.origin);
    // What the enum says about it is what the refusal itself says.
    let Error::Api(api) = &error else { panic!("{case}: {error:?}") };
    assert_eq!(error.status(), Some(api.status()), "{case}");
    assert_eq!(error.code(), api.code(), "{case}");
    assert_eq!(error.message(), api.message(), "{case}");
    assert_eq!(error.remediation(), api.remediation(), "{case}");
    assert_eq!(error.body(), Some(api.body()), "{case}");
    assert_eq!((error.attempts(), api.attempts()), (Some(1), 1), "{case}");
    assert_eq!(error.elapsed(), Some(api.elapsed()), "{case}");
    assert_eq!(error.correlation_id(), api.correlation_id(), "{case}");
    assert_eq!(error.to_string(), api.to_string(), "{case}");
    assert!(error.source().is_none(), "{case}: a whole refusal needs no cause");
    match error {
        Error::Api(api) => api,
        other => panic!("{case}: {other:?}"),
    }
}

struct Row {
    status: u16,
    body: &'static str,
    kind: ErrorKind,
    code: Option<ErrorCode>,
    message: Option<&'static str>,
    /// What the remediation has to name; `None` for no remediation.
    remediation: Option<&'static str>,
    /// Display behind `POST /…: the server answered `.
    display: &'static str,
}

fn other(status: u16) -> ErrorKind {
    ErrorKind::Other(StatusCode::from_u16(status).unwrap())
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn rows() -> Vec<Row> {
    // A row by position: status, kind, body, code, message, remediation, display.
    let row = |status, kind, body, code, message, remediation, display| Row {
        status,
        body,
        kind,
        code,
        message,
        remediation,
        display,
    };
    let corrected = Some("Correct what the message names");
    let redirected = Some("Redirects are never followed");
    let moved = |status, display| row(status, other(status), "", None, None, redirected, display);
    vec![
        row(
            400,
            ErrorKind::BadRequest,
            r#"{"ErrorCode":"0xA0110002","Message":"No private key could be found for the given certificate."}"#,
            Some(ErrorCode::PrivateKeyNotFound),
            Some("No private key could be found for the given certificate."),
            corrected,
            "400 Bad Request (0xA0110002): No private key could be found for the given certificate",
        ),
        row(
            400,
            ErrorKind::BadRequest,
            r#"{"ErrorCode":"0xA0110007","Message":"X-CertificateFormat header missing"}"#,
            Some(ErrorCode::CertificateFormatMissing),
            Some("X-CertificateFormat header missing"),
            corrected,
            "400 Bad Request (0xA0110007): X-CertificateFormat header missing",
        ),
        row(
            400,
            ErrorKind::BadRequest,
            r#"{"ErrorCode":"0xA0110029","Message":"The authority is in use."}"#,
            Some(ErrorCode::CertificateAuthorityNotDeleted),
            Some("The authority is in use."),
            corrected,
            "400 Bad Request (0xA0110029): The authority is in use",
        ),
        row(
            400,
            ErrorKind::BadRequest,
            r#"{"ErrorCode":"0xA011004A","Message":"Invalid sort field: Id."}"#,
            Some(ErrorCode::InvalidSortField),
            Some("Invalid sort field: Id."),
            corrected,
            "400 Bad Request (0xA011004A): Invalid sort field: Id",
        ),
        row(
            400,
            ErrorKind::BadRequest,
            r#"{"Message":"Alias does not exist in certificate store."}"#,
            None,
            Some("Alias does not exist in certificate store."),
            corrected,
            "400 Bad Request: Alias does not exist in certificate store",
        ),
        row(401, ErrorKind::Unauthorized, "", None, None, Some(r"DOMAIN\user"), "401 Unauthorized"),
        row(
            401,
            ErrorKind::Unauthorized,
            "<!DOCTYPE html>\n<html><head><title>401 - Unauthorized: Access is denied.</title></head></html>",
            None,
            Some("401 - Unauthorized: Access is denied."),
            Some("the token and its expiry"),
            "401 Unauthorized: 401 - Unauthorized: Access is denied",
        ),
        row(
            403,
            ErrorKind::Forbidden,
            r#"{"ErrorCode":"0xA0140002","Message":"User 7 doesn't have the required permission"}"#,
            Some(ErrorCode::PermissionDenied),
            Some("User 7 doesn't have the required permission"),
            Some("`collection_id`"),
            "403 Forbidden (0xA0140002): User 7 doesn't have the required permission",
        ),
        row(
            403,
            ErrorKind::Forbidden,
            r#"{"Message":"User 7 does not have the required permissions: /metadata/types/read/."}"#,
            None,
            Some("User 7 does not have the required permissions: /metadata/types/read/."),
            Some("`collection_id`"),
            "403 Forbidden: User 7 does not have the required permissions: /metadata/types/read/",
        ),
        row(
            404,
            ErrorKind::NotFound,
            r#"{"ErrorCode":"0xA0130000","Message":"Object not found."}"#,
            Some(ErrorCode::ObjectNotFound),
            Some("Object not found."),
            Some("`KeyfactorAPI`"),
            "404 Not Found (0xA0130000): Object not found",
        ),
        row(404, ErrorKind::NotFound, "", None, None, Some("base URL"), "404 Not Found"),
        row(
            413,
            ErrorKind::PayloadTooLarge,
            "<HTML><HEAD><TITLE>413 - Request Entity Too Large</TITLE></HEAD></HTML>",
            None,
            Some("413 - Request Entity Too Large"),
            Some("fewer locations"),
            "413 Payload Too Large: 413 - Request Entity Too Large",
        ),
        row(
            429,
            ErrorKind::TooManyRequests,
            "slow down\r\n",
            None,
            Some("slow down"),
            Some("Wait before the next call"),
            "429 Too Many Requests: slow down",
        ),
        moved(300, "300 Multiple Choices"),
        moved(301, "301 Moved Permanently"),
        moved(302, "302 Found"),
        moved(303, "303 See Other"),
        moved(304, "304 Not Modified"),
        moved(307, "307 Temporary Redirect"),
        moved(308, "308 Permanent Redirect"),
        row(405, other(405), "", None, None, None, "405 Method Not Allowed"),
        row(409, other(409), r#"{"Message":"busy"}"#, None, Some("busy"), None, "409 Conflict: busy"),
        row(
            418,
            other(418),
            "short and stout",
            None,
            Some("short and stout"),
            None,
            "418 I'm a teapot: short and stout",
        ),
        row(499, other(499), "", None, None, None, "499 <unknown status code>"),
    ]
}

#[tokio::test]
async fn every_documented_and_seen_refusal() {
    for row in rows() {
        let case = format!("{} {}", row.status, row.body);
        let api = refusal(&case, row.status, "X-Keyfactor-Correlation-Id: 6f1c\r\n", row.body.as_bytes()).await;
        assert_eq!(api.status().as_u16(), row.status, "{case}");
        assert_eq!(api.kind(), row.kind, "{case}");
        assert_eq!(api.code(), row.code.as_ref(), "{case}");
        assert_eq!(api.message(), row.message, "{case}");
        assert_eq!(api.body(), row.body, "{case}");
        assert_eq!(api.correlation_id(), Some("6f1c"), "{case}");
        assert!(api.failed_operations().is_empty(), "{case}");
        assert_eq!(api.to_string(), format!("{CALL}: the server returned {}", row.display), "{case}");
        match (api.remediation(), row.remediation) {
            (Some(said), Some(part)) => assert!(said.contains(part), "{case}: {said}"),
            (said, expected) => assert_eq!(said, expected, "{case}"),
        }
    }
}

#[test]
fn codes_are_written_as_the_vendor_writes_them() {
    for (code, text) in [
        (ErrorCode::PrivateKeyNotFound, "0xA0110002"),
        (ErrorCode::CertificateFormatMissing, "0xA0110007"),
        (ErrorCode::CertificateAuthorityNotDeleted, "0xA0110029"),
        (ErrorCode::InvalidSortField, "0xA011004A"),
        (ErrorCode::ObjectNotFound, "0xA0130000"),
        (ErrorCode::PermissionDenied, "0xA0140002"),
        (ErrorCode::Other("KF-AUTH-403".to_owned()), "KF-AUTH-403"),
    ] {
        assert_eq!((code.as_str(), code.to_string().as_str()), (text, text));
    }
}

#[tokio::test]
async fn every_shape_of_a_body_is_read() {
    let denied = || Some(ErrorCode::PermissionDenied);
    for (body, code, message) in [
        (&br#"{"ErrorCode":"0xA0140002","Message":"m"}"#[..], denied(), Some("m")),
        (br#"{"errorcode":"0xA0140002","message":"m"}"#, denied(), Some("m")),
        (br#"{"ErrorCode":" 0xa0140002 ","Message":"m"}"#, denied(), Some("m")),
        (br#"{"ErrorCode":"KF-AUTH-403","Message":"m"}"#, Some(ErrorCode::Other("KF-AUTH-403".to_owned())), Some("m")),
        (br#"{"ErrorCode":"0xA0140002"}"#, denied(), None),
        (br#"{"ErrorCode":5,"Message":"m"}"#, Some(ErrorCode::Other("5".to_owned())), Some("m")),
        (br#"{"ErrorCode":null,"Message":null}"#, None, None),
        (br#"{"ErrorCode":"","Message":"  "}"#, None, None),
        (br#"{"ErrorCode":{"a":1},"Message":["m"]}"#, None, None),
        (b"\xef\xbb\xbf{\"Message\":\"m\"}", None, Some("m")),
        // The reasons of the operations stand in where there is no message, and never push one aside.
        (br#"{"FailedOperations":[{"Reason":"r1"},{"Reason":"r2","StoreId":3}]}"#, None, Some("r1; r2")),
        (br#"{"Message":"m","FailedOperations":[{"Reason":"r1"}]}"#, None, Some("m")),
        (br#"{"Message":"","failedOperations":[{"reason":"r1"},{"Reason":" "},{},7]}"#, None, Some("r1")),
        (br#"{"FailedOperations":[]}"#, None, None),
        (br#"{"FailedOperations":"none"}"#, None, None),
        // RFC 7807.
        (br#"{"type":"about:blank","title":"t","status":403,"detail":"d"}"#, None, Some("d")),
        (br#"{"title":"t","traceId":"00-1"}"#, None, Some("t")),
        (
            br#"{"Title":"t","Errors":{"$.Schedule":["e1","e2"],"Alias":"e3"}}"#,
            None,
            Some("t; $.Schedule: e1; e2; Alias: e3"),
        ),
        (br#"{"errors":{"Alias":["required"]}}"#, None, Some("Alias: required")),
        (br#"{"title":"t","errors":[]}"#, None, Some("t")),
        (br#"{"Message":"m","title":"t","detail":"d"}"#, None, Some("m")),
        // No JSON, or nothing in it.
        (b"plain text\r\n", None, Some("plain text")),
        (b"<html><head><title>\n Access denied </title></head></html>", None, Some("Access denied")),
        (b"<html><body>no title</body></html>", None, None),
        (b"\"only a string\"", None, Some("only a string")),
        (b"\" \"", None, None),
        (b"", None, None),
        (b"  \r\n", None, None),
        (b"null", None, None),
        (b"{}", None, None),
        (b"[]", None, None),
        (b"42", None, None),
        (b"{\"Message\":\"cut off", None, Some("{\"Message\":\"cut off")),
        (b"gr\xfc\xdfe", None, Some("gr\u{fffd}\u{fffd}e")),
        (b"\xff\xfe", None, Some("\u{fffd}\u{fffd}")),
    ] {
        let text = String::from_utf8_lossy(body);
        let api = refusal(&text, 403, "content-type: application/json\r\n", body).await;
        assert_eq!((api.code(), api.message()), (code.as_ref(), message), "{text}");
        assert_eq!(api.body(), text, "the body is not kept");
        let display = api.to_string();
        assert!(!display.contains(['\r', '\n']), "{text}: {display}");
        assert_eq!(message.is_some_and(|it| display.contains(it)), message.is_some(), "{text}: {display}");
    }
}

#[tokio::test]
async fn failed_operations_are_kept_one_by_one() {
    let body =
        r#"{"Message":"m","FailedOperations":[{"Reason":"r1","StoreId":3},{"reason":"r2"},{"Reason":" "},"text"]}"#;
    let api = refusal(body, 400, "", body.as_bytes()).await;
    let operations: Vec<_> = api.failed_operations().iter().map(|it| (it.reason(), it.raw().clone())).collect();
    let expected = [
        (Some("r1"), json!({"Reason": "r1", "StoreId": 3})),
        (Some("r2"), json!({"reason": "r2"})),
        (None, json!({"Reason": " "})),
        (None, json!("text")),
    ];
    assert_eq!(operations, expected);
}

#[tokio::test]
async fn hostile_texts_stay_whole_in_the_accessors_and_short_in_display() {
    let long = "ü".repeat(500_000);
    let hostile = "a\r\nERROR forged\u{0}\u{1b}[31m\u{85}\u{7f}";
    for (case, code, message) in [
        ("control characters", "0xA0140002", hostile),
        ("a long message", "0xA0140002", long.as_str()),
        ("a long code", long.as_str(), "m"),
        ("a code of several lines", hostile, "m"),
    ] {
        let body = json!({"ErrorCode": code, "Message": message}).to_string();
        let api = refusal(case, 403, "", body.as_bytes()).await;
        assert_eq!(api.code().map(ErrorCode::as_str), Some(code), "{case}");
        assert_eq!(api.message(), Some(message), "{case}");
        assert_eq!(api.body(), body, "{case}");
        let display = api.to_string();
        assert!(!display.contains(char::is_control), "{case}: {display}");
        assert!(display.chars().count() < 700, "{case}: {} characters", display.chars().count());
    }
    // Text that is no JSON is the body itself, so its message may be short.
    let api = refusal("text", 403, "", long.as_bytes()).await;
    assert_eq!((api.body(), api.message().map(|it| it.chars().count())), (long.as_str(), Some(501)));

    // The same holds where the outcome is unknown.
    let server = RawServer::json(500, &json!({"Message": hostile}).to_string()).await;
    let error = removal(&client(&server.origin)).send().await.unwrap_err();
    assert_eq!(error.message(), Some(hostile));
    assert!(!error.to_string().contains(char::is_control), "{error}");
}

#[tokio::test]
async fn what_to_do_about_a_403_depends_on_the_scope() {
    let server = RawServer::start(reply(403, "", "")).await;
    let keyfactor: Client = client(&server.origin);
    let both = ["read certificates", "schedule on certificate stores"];
    for (case, build, named) in [
        ("none", removal(&keyfactor), "with `collection_id`"),
        ("collection", removal(&keyfactor).collection_id(4), "in this collection"),
        ("both", removal(&keyfactor).collection_id(4).container_id(9), "in this collection"),
        ("container", removal(&keyfactor).container_id(9), "`container_id` may have no effect"),
    ] {
        let error = build.send().await.unwrap_err();
        let said = error.remediation().unwrap();
        for part in [both[0], both[1], named] {
            assert!(said.contains(part), "{case}: {part} is not in {said}");
        }
    }
}

#[tokio::test]
async fn errors_without_an_answer_say_so() {
    let configuration = Client::builder("").build().unwrap_err();
    let server = RawServer::json(200, "[]").await;
    let keyfactor = client(&server.origin);
    let validation = removal(&keyfactor).collection_id(0).send().await.unwrap_err();
    let incomplete = removal(&keyfactor).send().await.unwrap().require_complete().map_err(Error::from).unwrap_err();
    for (case, error) in [("configuration", configuration), ("validation", validation), ("incomplete", incomplete)] {
        let fits = match &error {
            Error::Configuration(_) => case == "configuration",
            Error::Validation(_) => case == "validation",
            Error::Incomplete(_) => case == "incomplete",
            _ => false,
        };
        assert!(fits, "{case}: {error:?}");
        assert_eq!((error.status(), error.body(), error.message()), (None, None, None), "{case}");
        assert_eq!((error.code(), error.remediation(), error.correlation_id()), (None, None, None), "{case}");
        assert_eq!((error.attempts(), error.elapsed()), (None, None), "{case}");
        assert_discreet(case, &error, &server.origin);
    }
}
