//! How the AppViewX fake reads searches and logins, and writes its answers: as the vendor's own clients read and write them.

use clm::appviewx::{self, CertificateCategory, Keyword};
use clm::testing::{AppViewXPermission, FakeAppViewX, FakeCategory};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::HTTP;

/// Sends a body with the fake's session, and gives status and answer.
async fn post(fake: &FakeAppViewX, path: &str, content_type: &str, body: Value) -> (u16, Value) {
    let request = HTTP.post(format!("{}/avxapi/{path}?gwsource=external", fake.url()));
    let request = request.header("sessionid", fake.session_id()).header("content-type", content_type);
    let answer = request.body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap())
}

/// What a search finds, in the envelope inside its envelope.
async fn search(fake: &FakeAppViewX, input: Value, filter: Value) -> Value {
    let body = json!({"input": input, "filter": filter});
    let (status, answer) = post(fake, "certificate/search", "application/json", body).await;
    assert_eq!(status, 200, "{answer}");
    answer["response"]["response"].clone()
}

fn ids(found: &Value) -> Vec<&str> {
    found["objects"].as_array().unwrap().iter().map(|row| row["resourceId"].as_str().unwrap()).collect()
}

async fn with_three_certificates() -> FakeAppViewX {
    let fake = FakeAppViewX::start().await;
    for id in ["a", "b", "c"] {
        fake.add_certificate(id, "web");
    }
    fake
}

#[tokio::test]
async fn counts_are_numbers_and_as_a_mode_text() {
    let fake = with_three_certificates().await;
    let page = json!({"start": "2", "max": "1"});
    let found = search(&fake, json!({}), page.clone()).await;
    assert_eq!((&found["totalRecords"], &found["obtainedRecords"]), (&json!(3), &json!(1)));
    assert_eq!(found["obtainedRecordRange"], json!({"start": 2, "end": 2}));
    fake.write_counts_as_text();
    let found = search(&fake, json!({}), page).await;
    assert_eq!((&found["totalRecords"], &found["obtainedRecords"]), (&json!("3"), &json!("1")));
    assert_eq!(found["obtainedRecordRange"], json!({"start": "2", "end": "2"}));
}

#[tokio::test]
async fn the_client_reads_counts_in_both_forms() {
    for as_text in [false, true] {
        let fake = with_three_certificates().await;
        if as_text {
            fake.write_counts_as_text();
        }
        let client = fake.client();
        let mut rows = client.certificates().search().page_size(2).rows().unwrap();
        let first = rows.next().await.unwrap().unwrap();
        assert_eq!((first.resource_id.unwrap().as_str(), rows.total()), ("a", Some(3)), "as text: {as_text}");
        assert_eq!(rows.collect().await.unwrap().len(), 2);
        assert_eq!(fake.requests().len(), 2, "the total and the range say that there is no third page");
    }
}

async fn login(fake: &FakeAppViewX, password: &str) -> (u16, Value) {
    let request = HTTP.post(format!("{}/avxapi/login?gwsource=external", fake.url())).body("{}");
    let request = request.header("username", fake.user()).header("password", password);
    let answer = request.header("content-type", "application/json").send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    (status, body["response"].clone())
}

#[tokio::test]
async fn a_login_tells_how_many_more_may_fail_if_it_fails_or_as_a_mode() {
    let fake = FakeAppViewX::start().await;
    let (status, refused) = login(&fake, "wrong").await;
    assert_eq!((status, &refused["availableLoginAttemptCount"]), (401, &json!(9)));
    let (status, taken) = login(&fake, &fake.password()).await;
    assert_eq!(
        (status, &taken["status"], &taken["availableLoginAttemptCount"]),
        (200, &json!("SUCCESS"), &Value::Null)
    );
    assert!(taken.as_object().unwrap().contains_key("availableLoginAttemptCount"), "{taken}");
    assert!(taken["sessionId"].is_string(), "{taken}");
    fake.tell_login_attempts();
    assert_eq!(login(&fake, &fake.password()).await.1["availableLoginAttemptCount"], 10);
    for tells in [false, true] {
        let fake = with_three_certificates().await;
        if tells {
            fake.tell_login_attempts();
        }
        let client = appviewx::Client::builder(fake.url()).credentials(fake.login()).build().unwrap();
        assert_eq!(client.certificates().search().rows().unwrap().collect().await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_keyword_is_about_the_member_that_the_vendors_clients_mean() {
    let fake = with_three_certificates().await;
    fake.set_member("a", "subjectAlternativeNames", json!(["www.example.com", "example.com"]));
    fake.set_member("b", "subjectAlternativeNames", json!(["mail.example.org"]));
    for (id, word) in [("a", "One"), ("b", "Two")] {
        for (member, value) in [
            ("commonName", "cn"),
            ("serialNumber", "serial"),
            ("subjectOrganization", "o"),
            ("subjectOrganizationUnit", "ou"),
            ("subjectLocality", "l"),
            ("subjectState", "st"),
            ("issuerCommonName", "issuer"),
            ("status", "status"),
        ] {
            fake.set_member(id, member, format!("{value} {word}"));
        }
    }
    for (keyword, term) in [
        ("certsan", "mail.example"),
        ("subject:cn", "cn two"),
        ("certcn", "cn two"),
        ("subject:o", "o Two"),
        ("subject:ou", "ou Two"),
        ("subject:l", "l Two"),
        ("subject:st", "st Two"),
        ("certserialno", "serial two"),
        ("certissuer", "issuer two"),
        ("certstatus", "status two"),
        ("commonName", "cn two"),
    ] {
        let found = search(&fake, json!({"keywordSearch": {keyword: term}}), json!({})).await;
        assert_eq!(ids(&found), ["b"], "{keyword}");
        let none = search(&fake, json!({"keywordSearch": {keyword: "nothing of the kind"}}), json!({})).await;
        assert!(ids(&none).is_empty(), "{keyword}");
    }
    for (input, expected) in [
        (json!({"commonName": "cn one"}), vec!["a"]),
        (json!({"serialNumber": "serial Two", "commonName": ""}), vec!["b"]),
        (json!({"serialNumber": "", "commonName": ""}), vec!["a", "b", "c"]),
        (json!({"freeSearch": "example.org"}), vec!["b"]),
    ] {
        assert_eq!(ids(&search(&fake, input.clone(), json!({})).await), expected, "{input}");
    }
    let client = fake.client();
    let rows = client.certificates().search().keyword("certsan", "www").rows().unwrap().collect().await.unwrap();
    assert_eq!(rows[0].subject_alternative_names, ["www.example.com", "example.com"]);
    let rows = client.certificates().search().keyword(Keyword::SubjectOrganization, "o two").rows().unwrap();
    assert_eq!(rows.collect().await.unwrap()[0].resource_id.as_ref().unwrap().as_str(), "b");
}

#[tokio::test]
async fn certificates_of_devices_have_a_category_of_their_own() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate_of(FakeCategory::Server, "a", "web");
    fake.add_certificate_of(FakeCategory::CodeSigning, "b", "web");
    fake.add_certificate_of(FakeCategory::Device, "c", "web");
    for (asked, expected) in [
        (json!(null), vec!["a"]),
        (json!("Device"), vec!["c"]),
        (json!("device, Server"), vec!["a", "c"]),
        (json!("Code signing"), vec!["b"]),
        (json!("Code Signing"), vec!["b"]),
        (json!("CodeSigning,Device"), vec!["b", "c"]),
        (json!("Root CA"), vec![]),
    ] {
        assert_eq!(ids(&search(&fake, json!({"category": asked}), json!({})).await), expected, "{asked}");
    }
    let client = fake.client();
    let devices = || client.certificates().search().category(CertificateCategory::Device).rows().unwrap();
    let rows = devices().collect().await.unwrap();
    assert_eq!((rows.len(), rows[0].category.as_deref()), (1, Some("Device")));
    client.certificate_groups().unassign(["c"]).send().await.unwrap().require_complete().unwrap();
    assert_eq!(fake.group_of("c").as_deref(), Some("Default"));
    fake.deny(AppViewXPermission::ViewInventory(FakeCategory::Device));
    let error = devices().collect().await.unwrap_err();
    assert_eq!(error.code().map(ToString::to_string).as_deref(), Some("ACF_NOT_AVAILABLE_FOR_DEVICE_CERT"));
}

#[tokio::test]
async fn parameters_of_a_content_type_change_nothing() {
    let fake = with_three_certificates().await;
    for content_type in ["application/json", "application/json; charset=utf-8", "Application/Json;charset=UTF-8"] {
        let body = json!({"input": {}, "filter": {}});
        assert_eq!(post(&fake, "certificate/search", content_type, body).await.0, 200, "{content_type}");
    }
    let (status, refused) = post(&fake, "certificate/search", "text/plain", json!({"input": {}, "filter": {}})).await;
    assert_eq!((status, &refused["appStatusCode"]), (400, &json!("VALIDATION_ERROR_0004")));
    let request = HTTP.post(format!("{}/avxapi/acctmgmt-get-service-token?gwsource=external", fake.url()));
    let request = request.basic_auth(fake.service_account_id(), Some(fake.service_account_secret()));
    let request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    assert_eq!(request.body("grant_type=client_credentials").send().await.unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn a_certificate_to_be_revoked_is_named_by_its_id_or_by_name_and_serial_number() {
    let named = |name: &str, serial: &str| json!({"commonName": name, "serialNumber": serial});
    for (naming, status, revoked) in [
        (json!({"resourceId": "b"}), 200, true),
        (named("www", "0B"), 200, true),
        (json!({"resourceId": "", "commonName": "www", "serialNumber": "0B"}), 200, true),
        (named("www", "0A"), 200, false),
        (named("ww", "0B"), 404, false),
        (json!({"commonName": "www"}), 400, false),
        (json!({"serialNumber": "0B"}), 400, false),
        (json!({}), 400, false),
    ] {
        let fake = with_three_certificates().await;
        for (id, serial) in [("a", "0A"), ("b", "0B")] {
            fake.set_member(id, "commonName", "www");
            fake.set_member(id, "serialNumber", serial);
        }
        let mut body = json!({"reason": "Superseded"});
        body.as_object_mut().unwrap().extend(naming.as_object().unwrap().clone());
        let request = HTTP.put(format!("{}/avxapi/certificate/revoke?gwsource=external", fake.url()));
        let request = request.header("sessionid", fake.session_id()).header("content-type", "application/json");
        let answered = request.body(body.to_string()).send().await.unwrap().status().as_u16();
        assert_eq!(answered, status, "{naming}");
        let rows = fake.client().certificates().search().resource_id("b").rows().unwrap().collect().await.unwrap();
        assert_eq!(rows[0].expiry_status.as_deref() == Some("Revoked"), revoked, "{naming}");
    }
}

#[tokio::test]
async fn a_service_token_is_asked_for_with_a_form_or_with_json() {
    let fake = FakeAppViewX::start().await;
    let (form, json_type) = ("application/x-www-form-urlencoded", "application/json");
    let payload = |grant: &str| json!({"payload": {"grant_type": grant}}).to_string();
    for (content_type, body, status) in [
        (form, "grant_type=client_credentials".to_owned(), 200),
        (form, "scope=all&grant_type=client_credentials".to_owned(), 200),
        (form, "grant_type=password".to_owned(), 400),
        (form, payload("client_credentials"), 400),
        (json_type, payload("client_credentials"), 200),
        (json_type, payload("password"), 400),
        (json_type, "grant_type=client_credentials".to_owned(), 400),
        ("text/plain", "grant_type=client_credentials".to_owned(), 400),
    ] {
        let request = HTTP.post(format!("{}/avxapi/acctmgmt-get-service-token?gwsource=external", fake.url()));
        let request = request.basic_auth(fake.service_account_id(), Some(fake.service_account_secret()));
        let answer = request.header("content-type", content_type).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{content_type} {body}");
    }
}
