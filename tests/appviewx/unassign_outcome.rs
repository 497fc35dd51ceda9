//! How an unassignment ends: what is read from an answer, and what is made of every other end.

use crate::support::appviewx::{
    FIRST, SAMPLE_IDS, SECOND, SUCCESS_MESSAGE, THIRD, builder, chain, client, request_of, success, unassign_sample,
    unknown,
};
use crate::support::{ClosedPort, RawServer, reply};
use clm::appviewx::{Error, ErrorCode, UnassignOutcome};
use serde_json::{Value, json};

/// The sample answer of the vendor's page as it is printed: the comma after the array makes it invalid JSON.
const SAMPLE_AS_PRINTED: &str = r#"{
	"Response":
	{
		"Successful Ids": [
			"67bc2ca76a105e1a05691c1c",
			"67bc2ca76a105e1a05691c2c",
			"67bc2ca76a105e1a05691c3c"
		],
	},
	"message": "Group unassign action successfully performed",
	"appStatusCode": null,
	"Tags": { },
	"Headers": null
}"#;

/// Unassigns the sample's ids from a server that answers these bytes, and holds that it was asked exactly once.
async fn answered(bytes: impl Into<Vec<u8>>) -> Result<UnassignOutcome, Error> {
    let server = RawServer::start(bytes).await;
    let result = unassign_sample(&server.origin).await;
    assert_eq!(server.received().len(), 1, "{result:?}");
    result
}

async fn answered_json(status: u16, body: &str) -> Result<UnassignOutcome, Error> {
    answered(reply(status, "content-type: application/json\r\n", body)).await
}

#[tokio::test]
async fn the_sample_as_printed_is_an_unknown_outcome_that_keeps_everything() {
    let error = answered_json(200, SAMPLE_AS_PRINTED).await.unwrap_err();
    assert_eq!(error.status().map(|it| it.as_u16()), Some(200));
    assert_eq!(error.body(), Some(SAMPLE_AS_PRINTED));
    assert_eq!((error.code(), error.message()), (None, None));
    assert_eq!(error.attempts(), Some(1));
    assert_eq!(error.remediation(), Some(error_how_to(&error)));
    assert!(chain(&error).len() >= 2, "the cause says why it cannot be read: {:?}", chain(&error));
    let unknown = unknown(error);
    assert_eq!(unknown.body(), Some(SAMPLE_AS_PRINTED));
    assert_eq!(unknown.headers().unwrap()["content-type"], "application/json");
    let request = request_of(unknown);
    assert_eq!(request.resource_ids(), SAMPLE_IDS);
    assert_eq!(request.comment().map(clm::appviewx::Comment::as_str), Some("Sample Comment"));
}

fn error_how_to(error: &Error) -> &'static str {
    match error {
        Error::OutcomeUnknown(unknown) => unknown.how_to_find_out(),
        other => panic!("not OutcomeUnknown: {other:?}"),
    }
}

#[tokio::test]
async fn the_valid_form_of_the_sample_is_read() {
    let valid = SAMPLE_AS_PRINTED.replace("],\n\t}", "]\n\t}");
    assert_ne!(valid, SAMPLE_AS_PRINTED);
    let outcome = answered_json(200, &valid).await.unwrap();
    assert_eq!(outcome.successful_ids(), SAMPLE_IDS);
    assert!(outcome.unconfirmed_ids().is_empty() && outcome.unexpected_ids().is_empty());
    assert!(outcome.repeated().is_empty());
    assert_eq!(outcome.message(), Some("Group unassign action successfully performed"));
    assert!(outcome.is_complete());
    assert_eq!(outcome.receipt().attempts(), 1);
    assert_eq!(outcome.receipt().body(), valid);
    assert_eq!(outcome.clone().require_complete().unwrap(), outcome);
}

/// An answer, and which of the sample's ids it confirms, leaves open and invents.
struct Reading {
    name: &'static str,
    body: Value,
    successful: &'static [&'static str],
    unconfirmed: &'static [&'static str],
    unexpected: &'static [&'static str],
}

fn reading(
    name: &'static str,
    body: Value,
    successful: &'static [&'static str],
    unconfirmed: &'static [&'static str],
    unexpected: &'static [&'static str],
) -> Reading {
    Reading { name, body, successful, unconfirmed, unexpected }
}

const NONE: &[&str] = &[];
const ALL: &[&str] = &SAMPLE_IDS;

#[tokio::test]
async fn ids_are_read_from_whatever_shape_an_object_has() {
    let named = |ids: Value| json!({"Response": {"Successful Ids": ids}});
    for case in [
        reading(
            "lower case",
            json!({"response": {"Successful Ids": ALL}, "tags": {}, "headers": null}),
            ALL,
            NONE,
            NONE,
        ),
        reading("any case", json!({"RESPONSE": {"successful ids": ALL}, "TAGS": 1, "HEADERS": []}), ALL, NONE, NONE),
        reading("null beside a value", json!({"Response": null, "response": {"Successful Ids": ALL}}), ALL, NONE, NONE),
        reading(
            "members nobody knows",
            json!({"Response": {"Successful Ids": ALL, "Failed Ids": []}, "x": 1}),
            ALL,
            NONE,
            NONE,
        ),
        reading("no response", json!({}), NONE, ALL, NONE),
        reading("response null", json!({"Response": null}), NONE, ALL, NONE),
        reading("response text", json!({"Response": "done"}), NONE, ALL, NONE),
        reading("response array", json!({"Response": ALL}), NONE, ALL, NONE),
        reading("no ids", json!({"Response": {}}), NONE, ALL, NONE),
        reading("ids null", named(Value::Null), NONE, ALL, NONE),
        reading("ids text", named(json!(FIRST)), NONE, ALL, NONE),
        reading("ids object", named(json!({"a": FIRST})), NONE, ALL, NONE),
        reading("ids empty", named(json!([])), NONE, ALL, NONE),
        reading("partial", named(json!([SECOND])), &[SECOND], &[FIRST, THIRD], NONE),
        reading("order asked, not order answered", named(json!([THIRD, FIRST])), &[FIRST, THIRD], &[SECOND], NONE),
        reading("named twice", named(json!([FIRST, FIRST])), &[FIRST], &[SECOND, THIRD], NONE),
        reading("nobody asked", named(json!(["z", FIRST, "a"])), &[FIRST], &[SECOND, THIRD], &["z", "a"]),
        reading("all and one more", named(json!([FIRST, SECOND, THIRD, "z"])), ALL, NONE, &["z"]),
        reading(
            "another case of letters",
            named(json!([FIRST.to_uppercase()])),
            NONE,
            ALL,
            &["67BC2CA76A105E1A05691C1C"],
        ),
        reading(
            "entries that are no text",
            named(json!([5, FIRST, null, {"id": 1}, true, ["x"]])),
            &[FIRST],
            &[SECOND, THIRD],
            &["5", "null", r#"{"id":1}"#, "true", r#"["x"]"#],
        ),
    ] {
        let Reading { name, body, successful, unconfirmed, unexpected } = case;
        let body = body.to_string();
        let outcome = answered_json(200, &body).await.unwrap();
        assert_eq!(outcome.successful_ids(), successful, "{name}: successful");
        assert_eq!(outcome.unconfirmed_ids(), unconfirmed, "{name}: unconfirmed");
        assert_eq!(outcome.unexpected_ids(), unexpected, "{name}: unexpected");
        assert_eq!(outcome.receipt().body(), body, "{name}: the raw answer stays");
        let complete = unconfirmed.is_empty() && unexpected.is_empty();
        assert_eq!(outcome.is_complete(), complete, "{name}: complete");
        match outcome.clone().require_complete() {
            Ok(kept) => assert!(complete && kept == outcome, "{name}: a gap passed"),
            Err(gap) => {
                assert!(!complete, "{name}: no gap");
                assert_eq!(gap.outcome(), &outcome, "{name}");
                assert_eq!(gap.into_outcome(), outcome, "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_number_that_was_asked_for_as_text_is_confirmed() {
    let server = RawServer::json(200, r#"{"response": {"Successful Ids": [42]}}"#).await;
    let outcome = client(&server.origin).certificate_groups().unassign(["42"]).send().await.unwrap();
    assert_eq!(outcome.successful_ids(), ["42"]);
    assert!(outcome.is_complete());
}

#[tokio::test]
async fn an_incomplete_outcome_says_how_much_is_missing() {
    let outcome = answered_json(200, &success([SECOND, "z"].to_vec())).await.unwrap();
    let error: Error = outcome.require_complete().unwrap_err().into();
    assert!(matches!(error, Error::Incomplete(_)), "{error:?}");
    let said = error.to_string();
    for part in ["confirmed 1 certificate;", "unconfirmed: 2", "not requested: 1"] {
        assert!(said.contains(part), "{said:?} lacks {part:?}");
    }
    assert_eq!((error.status(), error.body(), error.attempts()), (None, None, None));
    assert_eq!(chain(&error).len(), 1);
}

#[tokio::test]
async fn a_message_is_text_or_nothing() {
    for (message, expected) in [
        (json!("Group unassign action successfully performed."), Some("Group unassign action successfully performed.")),
        (json!("  kept as it is \n"), Some("  kept as it is \n")),
        (json!(" "), None),
        (json!(""), None),
        (json!(5), None),
        (Value::Null, None),
    ] {
        let body = json!({"Response": {"Successful Ids": ALL}, "Message": message}).to_string();
        assert_eq!(answered_json(200, &body).await.unwrap().message(), expected, "{message}");
    }
}

#[tokio::test]
async fn serialised_it_has_the_ids_and_not_the_raw_answer() {
    let outcome = answered_json(200, &success([SECOND, "z"].to_vec())).await.unwrap();
    let mut value = serde_json::to_value(&outcome).unwrap();
    let elapsed = value.as_object_mut().unwrap().remove("elapsed");
    assert!(elapsed.is_some_and(|it| it["secs"].is_u64() && it["nanos"].is_u64()), "elapsed is a duration");
    assert_eq!(
        value,
        json!({
            "successful_ids": [SECOND],
            "unconfirmed_ids": [FIRST, THIRD],
            "unexpected_ids": ["z"],
            "repeated": [],
            "message": SUCCESS_MESSAGE,
            "attempts": 1,
        })
    );
}

#[tokio::test]
async fn an_app_status_code_that_says_success_is_a_success() {
    for (name, code) in [
        ("null", r#", "appStatusCode": null"#),
        ("SUCCESS", r#", "appStatusCode": "SUCCESS""#),
        ("Success", r#", "appStatusCode": "Success""#),
        ("success", r#", "appStatusCode": " success ""#),
        ("empty", r#", "appStatusCode": """#),
        ("blank", r#", "AppStatusCode": " ""#),
        ("missing", ""),
    ] {
        for status in [200, 201, 202] {
            let body = format!(r#"{{"response": {{"Successful Ids": ["{FIRST}"]}}{code}}}"#);
            let outcome = answered_json(status, &body).await.unwrap();
            assert_eq!(outcome.successful_ids(), [FIRST], "{name} with {status}");
        }
    }
}

#[tokio::test]
async fn a_documented_app_status_code_in_a_2xx_is_a_refusal() {
    for (code, expected) in [
        (json!("CERT-ACL-0006"), ErrorCode::CertificateUpdateDenied),
        (json!("DEFAULT_CERT_GROUP_PERMISSION_DENIED"), ErrorCode::DefaultGroupDenied),
        (json!("OPEN_WORK_ORDERS_FOUND"), ErrorCode::OpenWorkOrders),
    ] {
        for (status, member) in [(200, "appStatusCode"), (202, "AppStatusCode")] {
            let body = json!({"response": {"Successful Ids": NONE}, "message": "no", member: code}).to_string();
            let error = answered_json(status, &body).await.unwrap_err();
            assert!(matches!(error, Error::Api(_)), "{code}: {error:?}");
            assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{code}");
            assert_eq!(error.code(), Some(&expected), "{code}");
            assert_eq!((error.message(), error.body()), (Some("no"), Some(body.as_str())), "{code}");
        }
    }
}

#[tokio::test]
async fn any_other_app_status_code_in_a_2xx_leaves_the_outcome_open() {
    for code in [json!("CERT-NEW-0001"), json!("CERT-200"), json!("200"), json!(200), json!(false), json!({"a": 1})] {
        for (status, member) in [(200, "appStatusCode"), (202, "AppStatusCode")] {
            let body = json!({"response": {"Successful Ids": NONE}, "message": "no", member: code}).to_string();
            let error = answered_json(status, &body).await.unwrap_err();
            assert_eq!((error.body(), error.status().map(|it| it.as_u16())), (Some(&*body), Some(status)), "{code}");
            let said = chain(&error).join(": ");
            let text = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
            assert!(said.contains("appStatusCode") && said.contains(&text), "{code}: {said}");
            assert_eq!(request_of(unknown(error)).resource_ids(), ALL, "{code}");
        }
    }
}

#[tokio::test]
async fn ids_that_a_refusal_names_as_successful_are_kept() {
    let body = json!({"response": {"Successful Ids": [FIRST]}, "appStatusCode": "OPEN_WORK_ORDERS_FOUND"}).to_string();
    let error = answered_json(417, &body).await.unwrap_err();
    let Error::Api(refusal) = &error else { panic!("{error:?}") };
    assert_eq!(refusal.successful_ids(), [FIRST]);
    // A 2xx contradicts the code as well.
    let error = answered_json(200, &body).await.unwrap_err();
    assert_eq!(error.body(), Some(&*body));
    assert_eq!(request_of(unknown(error)).resource_ids(), ALL);
}

#[tokio::test]
async fn a_2xx_of_another_shape_is_an_unknown_outcome() {
    for (name, status, body) in [
        ("array", 200, r#"["67bc2ca76a105e1a05691c1c"]"#),
        ("JSON text", 200, r#""done""#),
        ("JSON number", 200, "1"),
        ("JSON null", 200, "null"),
        ("plain text", 200, "done"),
        ("a sign-in page", 200, "<!DOCTYPE html><html><head><title>Sign in</title></head></html>"),
        ("empty", 200, ""),
        ("white space", 200, " \r\n"),
        ("no content", 204, ""),
        ("accepted, empty", 202, ""),
        ("a byte order mark alone", 200, "\u{feff}"),
        ("two objects", 200, "{}{}"),
        ("half an object", 200, r#"{"Response": {"Successful Ids": ["#),
        ("an object of somebody else", 200, r#"{"error": "boom"}"#),
    ] {
        let error = answered_json(status, body).await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown(_)), "{name}: {error:?}");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{name}");
        assert_eq!(error.body(), Some(body), "{name}");
        assert_eq!((error.code(), error.message()), (None, None), "{name}");
        assert!(chain(&error).len() >= 2, "{name}: a cause is missing");
        assert_eq!(request_of(unknown(error)).resource_ids(), SAMPLE_IDS, "{name}");
    }
}

#[tokio::test]
async fn a_2xx_that_is_no_utf_8_keeps_what_can_be_read() {
    let mut bytes = reply(200, "", "....");
    let start = bytes.len() - 4;
    bytes[start..].copy_from_slice(b"a\xff\xfeb");
    let error = answered(bytes).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(error.body(), Some("a\u{fffd}\u{fffd}b"));
}

#[tokio::test]
async fn a_byte_order_mark_in_front_is_passed_over() {
    let outcome = answered_json(200, &format!("\u{feff}{}", success(SAMPLE_IDS.to_vec()))).await.unwrap();
    assert_eq!(outcome.successful_ids(), SAMPLE_IDS);
}

#[tokio::test]
async fn a_status_that_leaves_it_open_is_an_unknown_outcome() {
    let json = r#"{"message": "no node answers", "appStatusCode": "AVX_GW_009", "tags": {}}"#;
    let code = ErrorCode::Other("AVX_GW_009".to_owned());
    let page = "<html><head><title>502 Bad Gateway</title></head></html>";
    for (body, code, message) in [
        (json, Some(&code), Some("no node answers")),
        (page, None, Some("502 Bad Gateway")),
        ("upstream timed out", None, Some("upstream timed out")),
        ("", None, None),
    ] {
        for status in [408, 500, 501, 502, 503, 504, 599] {
            let error = answered_json(status, body).await.unwrap_err();
            assert!(matches!(error, Error::OutcomeUnknown(_)), "{status} {body}: {error:?}");
            assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{status} {body}");
            assert_eq!(error.body(), Some(body), "{status}");
            assert_eq!(error.code(), code, "{status} {body}");
            assert_eq!(error.message(), message, "{status} {body}");
            assert_eq!(error.attempts(), Some(1), "{status} {body}");
            let said = error.to_string();
            assert!(said.contains("outcome is unknown") && said.contains(&status.to_string()), "{said}");
            assert!(said.contains(message.unwrap_or_default()), "{said}");
        }
    }
}

#[tokio::test]
async fn a_success_member_in_a_5xx_is_no_success() {
    let error = answered_json(500, &success(SAMPLE_IDS.to_vec())).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown(_)), "{error:?}");
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let port = ClosedPort::reserve();
    let error = unassign_sample(&port.origin()).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    assert_eq!((error.status(), error.code(), error.message()), (None, None, None));
    assert_eq!((error.body(), error.attempts()), (None, Some(1)));
    assert!(error.remediation().is_some_and(|it| it.contains("on this host and port")), "{error:?}");
    let texts = chain(&error);
    assert!(texts.len() >= 2, "the cause is missing: {texts:?}");
    assert!(texts.iter().all(|text| !text.contains("gwsource")), "a query shows: {texts:?}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_unknown_outcome() {
    let whole = success(SAMPLE_IDS.to_vec());
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n";
    let half = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{}", whole.len(), &whole[..30]);
    for (name, bytes, status, body) in [
        ("close without an answer", "", None, None),
        ("half a head", "HTTP/1.1 200 OK\r\ncontent-le", None, None),
        ("no HTTP at all", "go away\r\n\r\n", None, None),
        ("half a body", half.as_str(), Some(200), Some(&whole[..30])),
        ("chunks without an end", chunked, Some(200), Some("{}")),
        ("a head alone", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", Some(200), Some("")),
        ("half a failure", "HTTP/1.1 502 -\r\ncontent-length: 9\r\n\r\nno no", Some(502), Some("no no")),
    ] {
        let error = answered(bytes).await.unwrap_err();
        assert!(matches!(error, Error::OutcomeUnknown(_)), "{name}: {error:?}");
        assert_eq!(error.status().map(|it| it.as_u16()), status, "{name}");
        assert_eq!(error.body(), body, "{name}");
        assert!(chain(&error).len() >= 2, "{name}: the cause is missing");
        assert_eq!(request_of(unknown(error)).resource_ids(), SAMPLE_IDS, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_that_breaks_off_is_still_a_refusal() {
    let error = answered("HTTP/1.1 403 -\r\ncontent-length: 99\r\n\r\nno acc").await.unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error:?}");
    assert_eq!((error.status().map(|it| it.as_u16()), error.body()), (Some(403), Some("no acc")));
}

#[tokio::test]
async fn an_answer_beyond_the_limit_is_cut_and_kept() {
    let server = RawServer::json(200, &success(SAMPLE_IDS.to_vec())).await;
    let client = builder(&server.origin).max_answer_bytes(20).build().unwrap();
    let error = client.certificate_groups().unassign(SAMPLE_IDS).send().await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown(_)), "{error:?}");
    assert_eq!(error.body(), Some(&success(SAMPLE_IDS.to_vec())[..20]));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let second = RawServer::json(200, &success(SAMPLE_IDS.to_vec())).await;
        let elsewhere = format!("location: {}/avxapi/certificate/group/unassign\r\n", second.origin);
        for (name, location) in [("another server", elsewhere.as_str()), ("itself", "location: /avxapi/x\r\n")] {
            let error = answered(reply(status, location, "moved")).await.unwrap_err();
            assert!(matches!(error, Error::Api(_)), "{status} to {name}: {error:?}");
            assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{name}");
            assert_eq!((error.message(), error.body()), (Some("moved"), Some("moved")), "{status} to {name}");
            assert!(error.remediation().is_some_and(|it| it.contains("edirect")), "{status} to {name}");
        }
        assert!(second.received().is_empty(), "{status}: {:#?}", second.received());
    }
}

#[tokio::test]
async fn the_request_of_an_unknown_outcome_can_be_sent_again() {
    let failing = RawServer::json(503, "").await;
    let error = unassign_sample(&failing.origin).await.unwrap_err();
    let request = request_of(unknown(error));
    let working = RawServer::json(200, &success(SAMPLE_IDS.to_vec())).await;
    let outcome = client(&working.origin).execute(request).await.unwrap();
    assert!(outcome.is_complete());
    assert_eq!(failing.received().len(), 1);
    assert_eq!(working.only().body, failing.only().body);
    assert_eq!(working.only().request_line, failing.only().request_line);
}
