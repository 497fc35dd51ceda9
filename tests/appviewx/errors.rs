//! What is made of a refusal: every documented row, codes nobody documented, and bodies of every shape.

use crate::support::appviewx::{SESSION, chain, unassign_sample};
use crate::support::{RawServer, reply};
use clm::appviewx::{ApiError, Error, ErrorCode};
use serde_json::{Value, json};

/// The error of a call that a server answers with these bytes. It was sent once.
async fn answered(bytes: impl Into<Vec<u8>>) -> Error {
    let server = RawServer::start(bytes).await;
    let error = unassign_sample(&server.origin).await.unwrap_err();
    assert_eq!(server.received().len(), 1, "{error:?}");
    error
}

async fn refused(status: u16, body: &str) -> Error {
    answered(reply(status, "content-type: application/json\r\n", body)).await
}

fn api(error: &Error) -> &ApiError {
    match error {
        Error::Api(refusal) => refusal,
        other => panic!("not Api: {other:?}"),
    }
}

/// A refusal in the vendor's envelope.
fn envelope(code: &Value, message: &str) -> String {
    json!({"response": null, "message": message, "appStatusCode": code, "tags": {"hint": "a"}, "headers": null})
        .to_string()
}

/// A row of the status table on the vendor's page, and what its remedy must speak of.
type Row = (u16, &'static str, &'static str, ErrorCode, &'static [&'static str]);

const ROWS: [Row; 16] = [
    (
        401,
        "AVX_GW_003",
        "Authentication failed, reason: Invalid credentials",
        ErrorCode::AuthenticationFailed,
        &["password", "session"],
    ),
    (
        400,
        "VALIDATION_ERROR_0004",
        "Mandatory field missing or invalid value",
        ErrorCode::MandatoryFieldMissingOrInvalid,
        &["field"],
    ),
    (
        400,
        "VALIDATION_ERROR_0004",
        "comment exceeds the 255-character limit.",
        ErrorCode::CommentTooLong,
        &["comment", "255"],
    ),
    (
        400,
        "CERT-GEN-0033",
        "Invalid characters in the comments.",
        ErrorCode::CommentCharacters,
        &["comment", "characters"],
    ),
    (
        403,
        "AVX_GW_005",
        "User does not have access to the targeted API.",
        ErrorCode::ApiAccessDenied,
        &["CERT+", "Assign Group"],
    ),
    (
        403,
        "CERT-ACL-0006",
        "Access denied since user does not have all the requisite permissions to update certificates.",
        ErrorCode::CertificateUpdateDenied,
        &["ACL", "without a comment may be allowed"],
    ),
    (
        403,
        "CERT-ACF-0058",
        "User does not have the relevant permissions to perform this action.",
        ErrorCode::CategoryDenied,
        &["category"],
    ),
    (
        403,
        "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED",
        "User does not have RW permission for the certificate group to which the certificate belongs.",
        ErrorCode::CurrentGroupDenied,
        &["group", "write"],
    ),
    (
        403,
        "ACF_NOT_AVAILABLE_FOR_SERVER_CERT",
        "User does not have view permission for the server certificate inventory.",
        ErrorCode::ServerInventoryDenied,
        &["server certificate inventory"],
    ),
    (
        403,
        "ACF_NOT_AVAILABLE_FOR_CLIENT_CERT",
        "User does not have view permission for the client certificate inventory.",
        ErrorCode::ClientInventoryDenied,
        &["client certificate inventory"],
    ),
    (
        403,
        "ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT",
        "User does not have view permission for the code signing certificate inventory.",
        ErrorCode::CodeSigningInventoryDenied,
        &["code signing certificate inventory"],
    ),
    (
        404,
        "DEFAULT_CERT_GROUP_PERMISSION_DENIED",
        "User should have RW permissions for the default certificate group before unassigning certificate.",
        ErrorCode::DefaultGroupDenied,
        &["default certificate group", "write"],
    ),
    // Of pages of other calls.
    (417, "READ_GROUP", "The group can only be read", ErrorCode::GroupReadOnly, &["write", "assumed"]),
    (404, "GROUP_NOT_FOUND", "Invalid group name", ErrorCode::GroupNotFound, &["name", "assumed"]),
    (404, "NO_RECORDS_FOUND", "No matching records", ErrorCode::NoRecords, &["ids", "assumed"]),
    (417, "OPEN_WORK_ORDERS_FOUND", "Open work orders found", ErrorCode::OpenWorkOrders, &["work orders", "assumed"]),
];

#[tokio::test]
async fn every_documented_row_is_a_variant_with_its_remedy() {
    for (status, code, message, variant, remedy) in ROWS {
        let body = envelope(&json!(code), message);
        let error = refused(status, &body).await;
        let refusal = api(&error);

        assert_eq!(error.code(), Some(&variant), "{code}: {message}");
        assert_eq!(refusal.code(), Some(&variant), "{code}: {message}");
        assert_eq!((variant.as_str(), variant.to_string().as_str()), (code, code));
        assert_eq!(variant.documented_status().map(|it| it.as_u16()), Some(status), "{code}");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{code}");
        assert_eq!(refusal.status().as_u16(), status, "{code}");
        assert_eq!((error.message(), refusal.message()), (Some(message), Some(message)), "{code}");
        assert_eq!((error.body(), refusal.body()), (Some(body.as_str()), body.as_str()), "{code}");
        assert_eq!(refusal.tags(), &json!({"hint": "a"}), "{code}");
        assert_eq!((error.attempts(), refusal.attempts()), (Some(1), 1), "{code}");

        let advice = error.remediation().unwrap_or_else(|| panic!("{code}: no remediation"));
        assert_eq!((refusal.remediation(), variant.remediation()), (Some(advice), Some(advice)), "{code}");
        for word in remedy {
            assert!(advice.contains(word), "{code}: {advice:?} lacks {word:?}");
        }
        assert!(!advice.contains("Ensure that"), "{code}: the vendor's words: {advice:?}");

        let said = error.to_string();
        for part in [code, message.trim_end_matches('.'), &status.to_string(), "PUT /certificate/group/unassign"] {
            assert!(said.contains(part), "{code}: {said:?} lacks {part:?}");
        }
        for hidden in [SESSION, "gwsource", "127.0.0.1", "hint"] {
            assert!(!said.contains(hidden), "{code}: {said:?} shows {hidden:?}");
        }
        assert_eq!(chain(&error).len(), 1, "{code}: Display does not repeat a source");
    }
}

#[test]
fn each_row_has_a_remedy_of_its_own() {
    for (index, (_, _, _, one, _)) in ROWS.iter().enumerate() {
        for (_, _, _, other, _) in &ROWS[index + 1..] {
            assert_ne!(one, other);
            assert_ne!(one.remediation(), other.remediation(), "{one:?} and {other:?}");
        }
    }
}

#[tokio::test]
async fn the_message_tells_the_two_validation_rows_apart() {
    let long = Some(&ErrorCode::CommentTooLong);
    let mandatory = Some(&ErrorCode::MandatoryFieldMissingOrInvalid);
    for (message, expected) in [
        ("comment exceeds the 255-character limit.", long),
        ("Comment exceeds the 255-character limit", long),
        ("COMMENT EXCEEDS THE 255-CHARACTER LIMIT.", long),
        ("The comments exceed 255 characters", long),
        ("The maximum length of comment is 255", long),
        ("comment: exceeded the limit of 255", long),
        ("Mandatory field missing or invalid value", mandatory),
        ("Mandatory field missing or invalid value.", mandatory),
        ("Mandatory field missing or invalid value: resourceIds", mandatory),
        ("Mandatory field missing or invalid value: comment", mandatory),
        ("resourceIds must not be empty", mandatory),
        ("resourceIds exceed 255", mandatory),
        ("irgendetwas stimmt nicht", mandatory),
        ("", mandatory),
        (" ", mandatory),
    ] {
        let error = refused(400, &envelope(&json!("VALIDATION_ERROR_0004"), message)).await;
        assert_eq!(error.code(), expected, "{message:?}");
    }
    let without = [
        r#"{"appStatusCode": "VALIDATION_ERROR_0004"}"#,
        r#"{"appStatusCode": "VALIDATION_ERROR_0004", "message": 7}"#,
    ];
    for body in without {
        let error = refused(400, body).await;
        assert_eq!((error.code(), error.message()), (mandatory, None), "{body}");
        assert!(error.remediation().is_some(), "{body}");
    }
    let nested = r#"{"appStatusCode": "VALIDATION_ERROR_0004", "response": {"message": "comment exceeds the 255-character limit."}}"#;
    assert_eq!(refused(400, nested).await.code(), long, "the message stands in the response");
}

#[tokio::test]
async fn a_code_nobody_documented_is_kept_as_it_was_sent() {
    for (code, text) in [
        (json!("CERT-NEW-0001"), "CERT-NEW-0001"),
        (json!("avx_gw_999"), "avx_gw_999"),
        (json!("VALIDATION_ERROR_0005"), "VALIDATION_ERROR_0005"),
        (json!("AVX_GW_003_X"), "AVX_GW_003_X"),
        (json!(""), ""),
        (json!(42), "42"),
        (json!(-1.5), "-1.5"),
        (json!(true), "true"),
        (json!(["a"]), r#"["a"]"#),
    ] {
        let error = refused(400, &envelope(&code, "no")).await;
        let expected = ErrorCode::Other(text.to_owned());
        assert_eq!(api(&error).code(), Some(&expected), "{code}");
        assert_eq!((expected.as_str(), expected.to_string().as_str()), (text, text));
        assert_eq!((expected.documented_status(), expected.remediation()), (None, None), "{code}");
        assert_eq!((error.remediation(), error.message()), (None, Some("no")), "{code}");
    }
    let error = refused(400, &envelope(&Value::Null, "no")).await;
    assert_eq!((error.code(), error.message()), (None, Some("no")), "null is no code");
}

#[tokio::test]
async fn a_code_with_another_status_than_documented_keeps_both() {
    for (status, code, variant) in [
        (403, "AVX_GW_003", ErrorCode::AuthenticationFailed),
        (403, "DEFAULT_CERT_GROUP_PERMISSION_DENIED", ErrorCode::DefaultGroupDenied),
        (417, "CERT-GEN-0033", ErrorCode::CommentCharacters),
        (406, " CERT-ACL-0006 ", ErrorCode::CertificateUpdateDenied),
    ] {
        let error = refused(status, &envelope(&json!(code), "no")).await;
        assert_eq!(error.code(), Some(&variant), "{code}");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{code}");
        assert_ne!(variant.documented_status(), error.status(), "{code}");
        assert_eq!(error.remediation(), variant.remediation(), "{code}");
    }
}

#[tokio::test]
async fn a_documented_code_in_an_unclear_status_stays_unknown_but_named() {
    let error = refused(503, &envelope(&json!("AVX_GW_003"), "try later")).await;
    assert!(matches!(error, Error::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(error.code(), Some(&ErrorCode::AuthenticationFailed));
}

#[tokio::test]
async fn members_are_read_in_either_spelling() {
    for body in [
        r#"{"Message": "no", "AppStatusCode": "AVX_GW_005", "Tags": [1]}"#,
        r#"{"MESSAGE": "no", "APPSTATUSCODE": "AVX_GW_005", "TAGS": [1]}"#,
        r#"{"message": null, "Message": "no", "appStatusCode": null, "AppStatusCode": "AVX_GW_005", "tags": [1], "Tags": null}"#,
    ] {
        let error = refused(403, body).await;
        assert_eq!(error.code(), Some(&ErrorCode::ApiAccessDenied), "{body}");
        assert_eq!(error.message(), Some("no"), "{body}");
        assert_eq!(api(&error).tags(), &json!([1]), "{body}");
    }
}

#[tokio::test]
async fn a_refusal_without_an_envelope_keeps_status_and_body() {
    let page = "<!DOCTYPE html>\n<html><head><title> 403 Forbidden </title></head><body>nginx</body></html>";
    for (name, body, message) in [
        ("text", "access denied by policy\n", Some("access denied by policy")),
        ("a page", page, Some("403 Forbidden")),
        ("a page without a title", "<html><body>no</body></html>", None),
        ("empty", "", None),
        ("white space", " \r\n", None),
        ("an object of others", r#"{"error": "denied"}"#, None),
        ("an empty object", "{}", None),
        ("null", "null", Some("null")),
        ("half an object", r#"{"message": "#, Some(r#"{"message":"#)),
    ] {
        for status in [400, 403, 404, 413, 417, 429] {
            let error = refused(status, body).await;
            assert_eq!(api(&error).status().as_u16(), status, "{name}");
            assert_eq!(error.body(), Some(body), "{name} with {status}");
            assert_eq!(error.message(), message, "{name} with {status}");
            assert_eq!((error.code(), api(&error).tags()), (None, &Value::Null), "{name} with {status}");
            assert_eq!(chain(&error).len(), 1, "{name} with {status}");
        }
    }
}

#[tokio::test]
async fn a_refusal_that_is_no_utf_8_keeps_what_can_be_read() {
    let mut bytes = reply(400, "", "nicht m....glich");
    let at = bytes.len() - 9;
    bytes[at..at + 4].copy_from_slice(b"\xf6\xff\xc3\x28");
    let error = answered(bytes).await;
    assert_eq!(error.body(), Some("nicht m\u{fffd}\u{fffd}\u{fffd}(glich"));
    assert_eq!(error.message(), error.body());
    assert!(error.to_string().contains("nicht m"), "{error}");
}

#[tokio::test]
async fn a_401_has_a_remedy_also_without_a_code() {
    let advice = ErrorCode::AuthenticationFailed.remediation();
    assert!(advice.is_some());
    for body in ["", "Unauthorized", "<html><title>401</title></html>", "{}", r#"{"appStatusCode": "SSO_1"}"#] {
        let error = refused(401, body).await;
        assert!(matches!(error, Error::Api(_)), "{body}: {error:?}");
        assert_eq!(error.remediation(), advice, "{body}");
    }
}

/// A hostile text: line ends, an escape sequence, and a length that fills a disk.
fn hostile() -> String {
    format!("denied\r\nERROR forged line\u{1b}[2J\u{7}\u{85}\0{}", "x".repeat(1 << 19))
}

fn assert_fit_for_a_log(said: &str) {
    assert!(!said.chars().any(char::is_control), "control characters in {said:?}");
    assert!(said.len() < 4_000, "{} bytes", said.len());
    assert!(said.contains(r"denied\r\nERROR forged line\u{1b}[2J"), "{said}");
}

#[tokio::test]
async fn an_untrusted_message_is_short_and_on_one_line_in_display_and_whole_in_its_accessors() {
    let body = envelope(&json!("AVX_GW_005"), &hostile());
    for status in [200, 403, 500] {
        let error = refused(status, &body).await;
        assert_fit_for_a_log(&error.to_string());
        assert_eq!(error.message(), Some(hostile().as_str()), "{status}");
        assert_eq!(error.body(), Some(body.as_str()), "{status}");
    }
}

#[tokio::test]
async fn an_untrusted_code_is_short_and_on_one_line_in_display_and_whole_in_its_accessor() {
    let error = refused(403, &envelope(&json!(hostile()), "no")).await;
    assert_fit_for_a_log(&error.to_string());
    assert_eq!(error.code(), Some(&ErrorCode::Other(hostile())));
}

#[tokio::test]
async fn an_untrusted_text_is_short_and_on_one_line_in_display_and_whole_in_the_body() {
    let page = format!("<title>{}</title>", hostile());
    for (name, body) in [("text", hostile()), ("a page", page)] {
        for status in [403, 500] {
            let error = refused(status, &body).await;
            assert_fit_for_a_log(&error.to_string());
            assert_eq!(error.body(), Some(body.as_str()), "{name} with {status}");
            assert!(error.message().is_some_and(|it| it.starts_with("denied\r\nERROR")), "{name} with {status}");
        }
    }
}
