//! How the Keyfactor fake writes its answers: every one of them, refusals included.

use clm::testing::{
    FakeAnswer, FakeCertificate, FakeEntryParameter, FakeKeyfactor, FakeStoreType, KeyfactorCall, KeyfactorPermission,
};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::{Answer, HTTP, ask, get, post, post_as};

/// Members whose own members are named by the customer.
const CUSTOMERS: [&str; 2] = ["metadata", "parameters"];

/// The names of all members at every depth, without those that the customer gave.
fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(items) => items.iter().flat_map(names).collect(),
        Value::Object(members) => {
            let inner = members.iter().filter(|(name, _)| !CUSTOMERS.contains(&&*name.to_ascii_lowercase()));
            members.keys().map(String::as_str).chain(inner.flat_map(|(_, value)| names(value))).collect()
        }
        _ => Vec::new(),
    }
}

/// An answer of every call with a body, and one of every kind of refusal, each with what it is.
async fn answers(fake: &FakeKeyfactor) -> Vec<(String, Answer)> {
    let parameter = FakeEntryParameter::new("siteName");
    let store = fake.add_store_of_type(FakeStoreType::new(7, "Seven").entry_parameter(parameter));
    let certificate = fake.issue(FakeCertificate::new("www").metadata("owner", "web").metadata("Team", "Web"));
    let held = fake.issue(FakeCertificate::new("slow").revocation_needs_approval());
    fake.put_entry(store, "a", certificate, [("siteName", "x"), ("Port", "443")]);
    fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 5}})));
    fake.run_jobs();
    let location = json!({"CertificateStoreId": store, "Alias": "a"});
    let removal = json!({"CertificateStores": [location], "Schedule": {"Immediate": true}});
    let addition = json!({"CertificateId": 1, "CertificateStores": [location], "Schedule": {"Immediate": true}});
    let revocation = json!({"CertificateIds": [certificate, held], "Reason": 0, "Comment": "CHG-1"});
    let mut answers = Vec::new();
    for call in KeyfactorCall::ALL.iter().filter(|call| **call != KeyfactorCall::RequestToken) {
        let id = if call.path().starts_with("/CertificateStores/") { store.to_string() } else { "1".to_owned() };
        let id = if *call == KeyfactorCall::GetStoreType { "7".to_owned() } else { id };
        let path = call.path().trim_start_matches('/').replace("{id}", &id);
        let answer = match *call {
            KeyfactorCall::RemoveCertificates => post(fake, &path, removal.clone()).await,
            KeyfactorCall::AddCertificates => post(fake, &path, addition.clone()).await,
            KeyfactorCall::RevokeCertificates => post(fake, &path, revocation.clone()).await,
            KeyfactorCall::ScheduleInventory => {
                post(fake, &path, json!({"StoreIds": [store], "Schedule": {"Immediate": true}})).await
            }
            KeyfactorCall::Unschedule => post(fake, &path, json!({"Query": "JobType -eq \"none\""})).await,
            KeyfactorCall::Reschedule | KeyfactorCall::Acknowledge => {
                post(fake, &path, json!({"Query": "Result -eq 9"})).await
            }
            _ if call.method() == "POST" => panic!("{call} is not asked"),
            _ => {
                get(fake, &format!("{path}?includeLocations=true&includeMetadata=true&includeHasPrivateKey=true")).await
            }
        };
        assert!([200, 204].contains(&answer.status), "{call}: {answer:?}");
        answers.push((call.to_string(), answer));
    }
    let remove = "CertificateStores/Certificates/Remove";
    fake.refuse_next(FakeAnswer::status(409), 1);
    for (kind, status, answer) in [
        ("told to", 409, get(fake, "Certificates").await),
        ("bad request", 400, post(fake, remove, json!({})).await),
        ("not found", 404, get(fake, "Certificates/77").await),
        ("media type", 415, post_as(fake, remove, Some("text/plain"), "{}".to_owned()).await),
        ("unauthorised", 401, ask(HTTP.get(format!("{}/Certificates", fake.url()))).await),
    ] {
        assert_eq!(answer.status, status, "{kind}");
        answers.push((kind.to_owned(), answer));
    }
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    answers.push(("forbidden".to_owned(), get(fake, "Certificates").await));
    answers
}

#[tokio::test]
async fn names_begin_with_capital_letters_and_as_a_mode_with_small_ones() {
    for camel_case in [false, true] {
        let fake = FakeKeyfactor::start().await;
        if camel_case {
            fake.write_camel_case();
        }
        let answers = answers(&fake).await;
        let mut seen = 0;
        for (what, answer) in &answers {
            for name in names(&answer.body) {
                assert_eq!(name.starts_with(|it: char| it.is_ascii_lowercase()), camel_case, "{name} of {what}");
                seen += 1;
            }
        }
        assert!(seen > 150, "{seen} names in {} answers", answers.len());
        let named = |what: &str, name: &str| {
            let (_, answer) = answers.iter().find(|(it, _)| it == what).unwrap();
            let name = if camel_case { name[..1].to_lowercase() + &name[1..] } else { name.to_owned() };
            match &answer.body {
                Value::Array(rows) => rows[0][&name].clone(),
                body => body[&name].clone(),
            }
        };
        let given = json!({"owner": "web", "Team": "Web"});
        assert_eq!(named("keyfactor.certificates.get", "Metadata"), given, "the customer's own names");
        let parameters = named("keyfactor.certificate_stores.inventory", "Parameters");
        assert_eq!((&parameters["siteName"], &parameters["Port"]), (&json!("x"), &json!("443")));
        assert!(named("forbidden", "ErrorCode").is_string() && named("media type", "Message").is_string());
    }
}

#[tokio::test]
async fn every_answer_has_the_headers_of_the_server_and_every_list_its_count() {
    let fake = FakeKeyfactor::start().await;
    fake.set_product_version("25.5.1");
    let lists = [
        KeyfactorCall::SearchCertificates,
        KeyfactorCall::ListStores,
        KeyfactorCall::Inventory,
        KeyfactorCall::ListStoreTypes,
        KeyfactorCall::JobHistory,
        KeyfactorCall::ScheduledJobs,
    ]
    .map(|call| call.to_string());
    let mut correlations = std::collections::BTreeSet::new();
    for (what, answer) in answers(&fake).await {
        assert_eq!(answer.header("x-keyfactor-product-version"), Some("25.5.1"), "{what}");
        correlations.insert(answer.header("x-keyfactor-correlation-id").unwrap().to_owned());
        let count = answer.header("x-total-count").map(|it| it.parse::<usize>().unwrap());
        let rows = answer.body.as_array().map(Vec::len);
        assert_eq!(count, rows.filter(|_| lists.contains(&what)), "{what}");
        let content_type = if answer.status == 204 { None } else { Some("application/json; charset=utf-8") };
        assert_eq!(answer.header("content-type"), content_type, "{what}");
    }
    assert_eq!(correlations.len(), 24, "each answer has an id of its own");
}
