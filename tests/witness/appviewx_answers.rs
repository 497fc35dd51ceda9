//! What an AppViewX server answers in the program. All are literals.

use crate::answers::{Named, json};
use crate::support::scripted::Answer;

/// As the vendor's sample has it.
pub(crate) fn confirmed(ids: &[&str]) -> String {
    format!(
        r#"{{"response": {{"Successful Ids": [{}]}}, "message": "Group unassign action successfully performed", "appStatusCode": null, "tags": {{}}, "headers": null}}"#,
        ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ")
    )
}

pub(crate) const ALL: &str = r#"{"response": {"Successful Ids": ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c", "67bc2ca76a105e1a05691c3c"]}, "message": "Group unassign action successfully performed", "appStatusCode": null, "tags": {}, "headers": null}"#;

pub(crate) fn refused(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        r#"{{"response": null, "message": "{message}", "appStatusCode": "{code}", "tags": {{"field": "resourceIds"}}, "headers": null}}"#
    );
    json(status, &body)
}

pub(crate) fn successes() -> Vec<Named> {
    vec![
        ("all ids", json(200, ALL)),
        ("one id", json(200, &confirmed(&["67bc2ca76a105e1a05691c2c"]))),
        (
            "more ids, and some that are no text",
            json(
                200,
                r#"{"Response": {"successful ids": ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c", "67bc2ca76a105e1a05691c3c", "another", 7, null, "67bc2ca76a105e1a05691c1c"]}, "Message": null, "AppStatusCode": "", "New": true}"#,
            ),
        ),
        ("no ids", json(200, r#"{"response": {"Successful Ids": []}, "message": "done", "appStatusCode": null}"#)),
        ("no response", json(200, r#"{"response": null, "message": "done", "appStatusCode": "Success"}"#)),
        (
            "ids in another shape",
            json(200, r#"{"response": {"Successful Ids": "67bc2ca76a105e1a05691c1c"}, "message": 7}"#),
        ),
        (
            "a message that repeats the session",
            json(200, r#"{"response": null, "message": "done by marker-session", "appStatusCode": null}"#),
        ),
        (
            "a documented failing code",
            json(200, r#"{"response": null, "message": "No access.", "appStatusCode": "AVX_GW_005", "tags": [1]}"#),
        ),
        (
            "a documented failing code and ids",
            json(
                200,
                r#"{"response": {"Successful Ids": ["67bc2ca76a105e1a05691c1c"]}, "message": "Partly.", "appStatusCode": "CERT-ACF-0058"}"#,
            ),
        ),
        (
            "an unknown failing code",
            json(200, r#"{"response": null, "message": "Oh.", "appStatusCode": "NEW_CODE_1"}"#),
        ),
        ("a failing code that is a number", json(200, r#"{"message": "Oh.", "appStatusCode": 500}"#)),
        (
            "an unknown failing code that repeats the session",
            json(200, r#"{"message": "marker-session is over", "appStatusCode": "marker-session"}"#),
        ),
        (
            "a documented failing code that repeats the session",
            json(200, r#"{"message": "marker-session is over", "appStatusCode": "AVX_GW_003"}"#),
        ),
    ]
}

/// Every row of the vendor's table, and what else may come.
pub(crate) fn refusals() -> Vec<Named> {
    let rows = [
        ("401 AVX_GW_003", 401, "AVX_GW_003", "Authentication failed, reason: Invalid credentials"),
        ("400 of a field", 400, "VALIDATION_ERROR_0004", "Mandatory field missing or invalid value: resourceIds"),
        ("400 of a long comment", 400, "VALIDATION_ERROR_0004", "comment exceeds the 255-character limit."),
        ("400 of characters", 400, "CERT-GEN-0033", "Invalid characters in the comments."),
        ("403 AVX_GW_005", 403, "AVX_GW_005", "User does not have access to the targeted API."),
        ("403 CERT-ACL-0006", 403, "CERT-ACL-0006", "Access denied."),
        ("403 CERT-ACF-0058", 403, "CERT-ACF-0058", "User does not have the relevant permissions."),
        ("403 of the current group", 403, "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED", "No RW permission."),
        ("403 of server certificates", 403, "ACF_NOT_AVAILABLE_FOR_SERVER_CERT", "No view permission."),
        ("403 of client certificates", 403, "ACF_NOT_AVAILABLE_FOR_CLIENT_CERT", "No view permission."),
        ("403 of code signing certificates", 403, "ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT", "No view permission."),
        ("404 of the default group", 404, "DEFAULT_CERT_GROUP_PERMISSION_DENIED", "No RW permission for Default."),
        ("417 READ_GROUP", 417, "READ_GROUP", "The group is read only."),
        ("404 GROUP_NOT_FOUND", 404, "GROUP_NOT_FOUND", "No such group."),
        ("404 NO_RECORDS_FOUND", 404, "NO_RECORDS_FOUND", "No matching records found for the given input."),
        ("417 OPEN_WORK_ORDERS_FOUND", 417, "OPEN_WORK_ORDERS_FOUND", "Open work orders."),
        ("400 of an unknown code", 400, "NEW_CODE_1", "Something new.\\r\\nOn two lines."),
        ("400 of a code with spaces", 400, " CERT-GEN-0033 ", " "),
        ("429 in the vendor's shape", 429, "TOO_MANY", "Slow down."),
        ("500 in the vendor's shape", 500, "INTERNAL", "Unexpected error."),
        ("503 in the vendor's shape", 503, "AVX_GW_001", "The service is starting."),
    ];
    let mut answers: Vec<Named> =
        rows.into_iter().map(|(name, status, code, message)| (name, refused(status, code, message))).collect();
    answers.extend([
        ("403 as RFC 7807", json(403, r#"{"title": "Forbidden", "status": 403, "detail": "Not you."}"#)),
        (
            "400 with a code inside",
            json(400, r#"{"response": {"appStatusCode": "CERT-GEN-0033", "message": "inside"}}"#),
        ),
        (
            "400 with odd types",
            json(400, r#"{"response": [1], "message": {"a": 1}, "appStatusCode": 7, "tags": null}"#),
        ),
        ("400 with a JSON text", json(400, "\"no\"")),
        (
            "400 that repeats the header's secret",
            json(400, r#"{"message": "bad sessionId marker-session", "appStatusCode": "marker-session"}"#),
        ),
        ("500 that repeats the header's secret", json(500, "sessionId: marker-session")),
    ]);
    answers
}

/// A search's answer with these rows.
pub(crate) fn found(rows: &str, total: u64) -> Answer {
    let body = format!(
        r#"{{"response": {{"httpStatusCode": 200, "response": {{"objects": [{rows}], "totalRecords": {total}}}, "message": "Matching results found."}}, "message": null, "appStatusCode": null, "tags": {{}}, "headers": null}}"#
    );
    json(200, &body)
}

/// The same, and the server names the rows' range.
pub(crate) fn ranged(rows: &str, total: u64, start: u64, end: u64) -> Answer {
    let body = format!(
        r#"{{"response": {{"response": {{"objects": [{rows}], "totalRecords": "{total}", "obtainedRecordRange": {{"start": {start}, "end": {end}}}}}}}}}"#
    );
    json(200, &body)
}

pub(crate) const CERTIFICATE: &str = r#"{"resourceId": "67bc2ca76a105e1a05691c1c", "uuid": "u-1", "commonName": "www.example.com", "serialNumber": "1A:2B", "issuerCommonName": "Example CA", "group": "web servers", "permission": "RW", "status": "New Certificate", "expiryStatus": "Valid", "complianceStatus": "Compliant", "category": "Server", "certificateAuthority": "AppViewX", "validFrom": 1767225600000, "validTo": "1798761600000", "subjectAlternativeNames": ["www.example.com"], "thumbPrint": "AB:CD", "new": {"member": [1]}}"#;

pub(crate) fn row(id: &str, group: &str) -> String {
    format!(r#"{{"resourceId": "{id}", "commonName": "www.example.com", "group": {group}}}"#)
}

pub(crate) const GROUPS: &str = r#"{"response": {"groups": [{"name": "web servers", "displayName": "Web servers", "description": null, "policyName": "web", "applicationID": "7", "owner": "ops"}, {"name": 7}], "nextPageToken": "token-2"}, "message": null, "appStatusCode": null}"#;

pub(crate) const LAST_GROUPS: &str = r#"{"response": {"groups": [{"name": "Default"}], "nextPageToken": null}}"#;

pub(crate) const GROUP: &str = r#"{"response": {"name": "web servers", "displayName": "Web servers", "description": "", "policyName": "web", "applicationID": 7, "owner": {"name": "ops"}}, "message": "ok", "appStatusCode": "SUCCESS"}"#;

pub(crate) fn welcome(session: &str) -> Answer {
    let body = format!(
        r#"{{"response": {{"status": "SUCCESS", "appStatusCode": null, "statusDescription": null, "sessionId": {session}, "availableLoginAttemptCount": 10}}, "message": null, "appStatusCode": null, "tags": null, "headers": null}}"#
    );
    json(200, &body)
}

pub(crate) fn unwelcome(status: u16, description: &str) -> Answer {
    let body = format!(
        r#"{{"response": {{"status": "FAILURE", "appStatusCode": "AVX_LOGIN_1", "statusDescription": "{description}", "sessionId": null, "availableLoginAttemptCount": "3"}}, "message": null, "appStatusCode": "AVX_LOGIN_2", "tags": null, "headers": null}}"#
    );
    json(status, &body)
}

pub(crate) const GOODBYE: &str = r#"{"response": {"status": "SUCCESS", "statusDescription": "goodbye marker-session", "sessionId": "marker-session"}, "message": "logged out", "appStatusCode": null}"#;

/// As `remember_groups` makes them.
pub(crate) const PLAN: &str = r#"{"remembered": [{"resource_id": "67bc2ca76a105e1a05691c1c", "group": "web servers"}, {"resource_id": "67bc2ca76a105e1a05691c2c", "group": "mail servers"}], "not_remembered": [{"resource_id": "67bc2ca76a105e1a05691c3c", "why": "its row does not name a group"}]}"#;
