//! The bodies that are sent, held against the vendor's own schema of the call.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::RawServer;
use crate::support::contract::{contract, errors, validator};
use crate::support::keyfactor::{CONTAINER_ALONE, JOB, STORE, client, variants};

const OPERATION: &str = "/CertificateStores/Certificates/Remove";

/// Where a body leaves the schema on purpose: the variant, the error, and the evidence.
const DEVIATIONS: &[(&str, &str, &str)] = &[(
    CONTAINER_ALONE,
    "Additional properties are not allowed ('ContainerId' was unexpected)",
    "the vendor's page of the call: \"Use either ContainerId or CollectionId, not both\"",
)];

fn body_validator(contract: &Value) -> Validator {
    let schema = &contract["paths"][OPERATION]["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert!(schema["$ref"].is_string(), "the contract has no schema of the body: {schema}");
    validator(contract, schema)
}

#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn every_body_is_the_vendors_except_for_what_is_listed() {
    let contract = contract();
    let validator = body_validator(&contract);
    let server = RawServer::json(200, &format!(r#"["{JOB}"]"#)).await;
    let stores = client(&server.origin).certificate_stores();
    let mut seen = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for variant in variants() {
        (variant.build)(&stores).send().await.unwrap();
        let body = server.received().last().unwrap().json();
        kinds.extend(body["Schedule"].as_object().unwrap().keys().cloned());
        let errors = errors(&validator, &body);
        let listed: Vec<_> = DEVIATIONS.iter().filter(|(name, ..)| *name == variant.name).collect();
        let expected: Vec<&str> = listed.iter().map(|(_, error, _)| *error).collect();
        assert_eq!(errors, expected, "{}: {body}", variant.name);
        seen.extend(listed);
    }
    assert_eq!(seen, DEVIATIONS.iter().collect(), "a listed deviation does not occur");
    // Every kind of schedule that the schema knows was held against it.
    let schedule = &contract["components"]["schemas"]["Keyfactor.Common.Scheduling.KeyfactorSchedule"]["properties"];
    assert_eq!(kinds, schedule.as_object().unwrap().keys().cloned().collect());
}

// Without this, a converted schema that takes everything would look like a contract that is kept.
#[test]
#[ignore = "needs the vendor's schema beside the repository"]
fn the_schema_refuses_what_it_has_to() {
    let contract = contract();
    let validator = body_validator(&contract);
    let location = json!({"CertificateStoreId": STORE, "Alias": "A", "JobFields": {"N": "v"}});
    let good = json!({"CertificateStores": [location], "Schedule": {"Immediate": true}, "CollectionId": 4});
    assert_eq!(errors(&validator, &good), Vec::<String>::new());

    // A pointer, what is put there, and whether the vendor's schema takes it.
    let time = "2026-03-19T21:26:35.000Z";
    for (pointer, value, taken) in [
        ("/CollectionId", Value::Null, true),
        ("/CollectionId", json!("4"), false),
        ("/CollectionId", json!(4.5), false),
        ("/CollectionId", json!(2_147_483_648_u32), false),
        ("/CertificateStores", Value::Null, false),
        ("/CertificateStores", json!({}), false),
        ("/CertificateStores/0", json!([]), false),
        ("/CertificateStores/0", json!({"Alias": "A", "Thumbprint": "x"}), false),
        ("/CertificateStores/0/Alias", Value::Null, true),
        ("/CertificateStores/0/Alias", json!(1), false),
        ("/CertificateStores/0/CertificateStoreId", json!("no guid"), false),
        ("/CertificateStores/0/CertificateStoreId", Value::Null, false),
        ("/CertificateStores/0/JobFields", Value::Null, true),
        ("/CertificateStores/0/JobFields", json!([]), false),
        ("/CertificateStores/0/JobFields/N", Value::Null, true),
        ("/CertificateStores/0/JobFields/N", json!(1.5), true),
        ("/Schedule", Value::Null, false),
        ("/Schedule", json!({"immediate": true}), false),
        ("/Schedule", json!({"Immediate": "true"}), false),
        ("/Schedule", json!({"Immediate": null}), true),
        ("/Schedule", json!({"Daily": null}), true),
        ("/Schedule", json!({"Daily": {"Time": time}}), true),
        ("/Schedule", json!({"Daily": {"Time": "21:26"}}), false),
        ("/Schedule", json!({"Daily": {"Time": "2026-03-19T21:26:35.000"}}), false),
        ("/Schedule", json!({"ExactlyOnce": {"Time": time, "Day": 1}}), false),
        ("/Schedule", json!({"Interval": {"Minutes": "60"}}), false),
        ("/Schedule", json!({"Interval": {"Minutes": 2_147_483_648_u32}}), false),
        ("/Schedule", json!({"Weekly": {"Days": [0, 6], "Time": time}}), true),
        ("/Schedule", json!({"Weekly": {"Days": [7], "Time": time}}), false),
        ("/Schedule", json!({"Weekly": {"Days": ["Sunday"], "Time": time}}), false),
        ("/Schedule", json!({"Monthly": {"Day": 31, "Time": time}}), true),
        ("/Schedule", json!({"Monthly": {"Day": 1, "Time": 5}}), false),
    ] {
        let mut body = good.clone();
        *body.pointer_mut(pointer).unwrap() = value.clone();
        let errors = errors(&validator, &body);
        assert_eq!(errors.is_empty(), taken, "{pointer} = {value}: {errors:?}");
    }
    for member in ["CertificateStores", "Schedule"] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(member);
        assert_eq!(errors(&validator, &body), [format!("\"{member}\" is a required property")]);
    }
    let mut body = good;
    body["Unknown"] = Value::Null;
    assert_eq!(
        errors(&validator, &body),
        ["Additional properties are not allowed ('Unknown' was unexpected)"],
        "an unknown member"
    );
}

#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn method_path_and_headers_are_the_vendors() {
    let contract = contract();
    let server = RawServer::json(200, &format!(r#"["{JOB}"]"#)).await;
    let base = contract["servers"][0]["url"].as_str().unwrap();
    let stores = client(&format!("{}{base}", server.origin)).certificate_stores();
    (variants()[0].build)(&stores).send().await.unwrap();
    let request = server.only();
    assert_eq!(request.request_line, format!("POST {base}{OPERATION} HTTP/1.1"));

    let operation = &contract["paths"][OPERATION]["post"];
    let parameters = operation["parameters"].as_array().unwrap();
    let named = |name: &str| parameters.iter().any(|it| it["in"] == "header" && it["name"] == name);
    for parameter in parameters {
        assert_eq!(parameter["in"], "header", "a parameter that the client does not know: {parameter}");
        if parameter["required"] == true {
            let name = parameter["name"].as_str().unwrap();
            assert!(request.header(name).is_some_and(|value| !value.is_empty()), "{name} is required, and not sent");
        }
    }
    for (name, _) in request.headers.iter().filter(|(name, _)| name.starts_with("x-")) {
        assert!(named(name), "{name} is sent, and the contract does not know it");
    }
    assert!(named("x-keyfactor-requested-with"), "the contract lost its required header");
    assert!(operation["requestBody"]["content"][request.header("content-type").unwrap()].is_object());
    // What the client reads is what the vendor answers.
    let answer = &operation["responses"]["200"]["content"][request.header("accept").unwrap()]["schema"];
    assert_eq!(answer, &json!({"type": "array", "items": {"type": "string", "format": "uuid"}}));
}
