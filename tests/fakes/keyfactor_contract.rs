//! Every answer of the Keyfactor fake, held against the vendor's own schema of the call.

use std::collections::{BTreeMap, BTreeSet};

use clm::keyfactor::CertificateStoreId;
use clm::testing::{FakeAgent, FakeCertificate, FakeKeyfactor, FakeOrchestrator, FakeStoreType};
use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::contract::{contract, errors, members_of, validator};
use crate::support::fake_keyfactor::{Answer, get, post};

/// What the fake does not answer.
const UNKNOWN_TO_THE_FAKE: [&str; 3] =
    ["GET /CertificateCollections", "GET /CertificateStoreContainers", "GET /Status/Endpoints"];

/// What the fake answers, and the contract does not know.
const OUTSIDE_THE_CONTRACT: &str = "POST /CertificateStores/Schedule";

struct Exchange {
    /// As the contract names it.
    call: &'static str,
    /// What was sent.
    sent: String,
    answer: Answer,
}

/// A fake with something of everything, and its two stores.
async fn furnished() -> (FakeKeyfactor, [CertificateStoreId; 2]) {
    let fake = FakeKeyfactor::start().await;
    fake.set_store_type(FakeStoreType::iis());
    fake.write_store_types_by_schema();
    let stores = [fake.add_store(), fake.add_store_in(7)];
    fake.set_store(stores[1], |it| {
        it.inventory_schedule(json!({"Daily": {"Time": "2026-03-19T23:30:00Z"}})).properties(json!({"A": "b"}))
    });
    let root = fake.issue(FakeCertificate::new("root"));
    let full = FakeCertificate::new("www").private_key().metadata("Owner", "web").collection(4);
    let leaf = fake.issue(full);
    let revoked = fake.issue(FakeCertificate::new("revoked").revoked());
    let _ = fake.issue(FakeCertificate::new("expired").expired());
    fake.put_with_chain(stores[0], "www", leaf, [root]);
    fake.put(stores[1], "www", leaf);
    fake.put(stores[1], "revoked", revoked);
    for alias in ["done", "warned", "failed", "retried", "running", "waiting"] {
        fake.add_certificate(stores[0], alias);
    }
    (fake, stores)
}

/// Jobs in every state, each by the change that leads there, and what the changes answered.
async fn changed(fake: &FakeKeyfactor, stores: [CertificateStoreId; 2]) -> Vec<Exchange> {
    const REMOVE: &str = "POST /CertificateStores/Certificates/Remove";
    let orchestrator = FakeOrchestrator::new().after_polls(0);
    let mut exchanges = Vec::new();
    for (alias, orchestrator) in [
        ("done", orchestrator.clone()),
        ("warned", orchestrator.clone().warns("slow")),
        ("failed", orchestrator.clone().fails("locked")),
        ("failed", orchestrator.clone().fails("locked")),
        ("retried", orchestrator.clone().retries(1)),
        ("running", orchestrator.clone().running_for(u32::MAX)),
        ("waiting", orchestrator.offline()),
    ] {
        fake.orchestrator(orchestrator);
        let body = json!({"CertificateStores": [{"CertificateStoreId": stores[0], "Alias": alias}],
            "Schedule": {"Immediate": true}});
        exchanges.push(change(fake, REMOVE, body).await);
        get(fake, "OrchestratorJobs/JobHistory").await;
    }
    let add = json!({"CertificateId": 2, "CertificateStores": [{"CertificateStoreId": stores[1], "Alias": "new"}],
        "Schedule": {"Weekly": {"Days": [1], "Time": "2026-03-19T23:30:00Z"}}});
    exchanges.push(change(fake, "POST /CertificateStores/Certificates/Add", add).await);
    let inventory = json!({"StoreIds": [stores[0]], "Schedule": {"Immediate": true}});
    exchanges.push(change(fake, OUTSIDE_THE_CONTRACT, inventory).await);
    exchanges
}

async fn change(fake: &FakeKeyfactor, call: &'static str, body: Value) -> Exchange {
    let path = call.strip_prefix("POST /").unwrap();
    let sent = format!("{path} {body}");
    Exchange { call, sent, answer: post(fake, path, body).await }
}

/// Every read call, with every parameter that changes its answer.
async fn read(fake: &FakeKeyfactor, stores: [CertificateStoreId; 2]) -> Vec<Exchange> {
    let all =
        "includeLocations=true&includeMetadata=true&includeHasPrivateKey=true&IncludeRevoked=true&IncludeExpired=true";
    let [one, two] = stores;
    let mut exchanges = Vec::new();
    for (call, path) in [
        ("GET /Certificates", "Certificates".to_owned()),
        ("GET /Certificates", format!("Certificates?{all}&SortField=CertId&SortAscending=1")),
        ("GET /Certificates", "Certificates?PageReturned=9&collectionId=4".to_owned()),
        ("GET /Certificates/{id}", "Certificates/2".to_owned()),
        ("GET /Certificates/{id}", format!("Certificates/3?{all}&containerId=7")),
        ("GET /Certificates/Locations/{id}", "Certificates/Locations/2?collectionId=4".to_owned()),
        ("GET /CertificateStores", "CertificateStores".to_owned()),
        ("GET /CertificateStores/{id}", format!("CertificateStores/{one}")),
        ("GET /CertificateStores/{id}", format!("CertificateStores/{two}")),
        ("GET /CertificateStores/{id}/Inventory", format!("CertificateStores/{one}/Inventory")),
        ("GET /CertificateStores/{id}/Inventory", format!("CertificateStores/{two}/Inventory?ReturnLimit=1")),
        ("GET /CertificateStoreTypes", "CertificateStoreTypes".to_owned()),
        ("GET /CertificateStoreTypes/{id}", "CertificateStoreTypes/104".to_owned()),
        ("GET /OrchestratorJobs/JobHistory", "OrchestratorJobs/JobHistory".to_owned()),
        ("GET /OrchestratorJobs/ScheduledJobs", "OrchestratorJobs/ScheduledJobs".to_owned()),
    ] {
        exchanges.push(Exchange { call, answer: get(fake, &path).await, sent: path });
    }
    exchanges
}

/// Of the answers that the contract declares with a body: by call and status.
fn validators(contract: &Value) -> BTreeMap<(String, String), Validator> {
    let mut validators = BTreeMap::new();
    for (path, methods) in contract["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            for (status, declared) in operation["responses"].as_object().unwrap() {
                let schema = &declared["content"]["application/json"]["schema"];
                if !schema.is_null() {
                    let call = format!("{} {path}", method.to_uppercase());
                    validators.insert((call, status.clone()), validator(contract, schema));
                }
            }
        }
    }
    validators
}

/// Where an answer leaves the contract.
fn complaints(
    contract: &Value,
    validators: &BTreeMap<(String, String), Validator>,
    exchange: &Exchange,
) -> Vec<String> {
    let (method, path) = exchange.call.split_once(' ').unwrap();
    let (status, body) = (exchange.answer.status.to_string(), &exchange.answer.body);
    if contract["paths"][path][method.to_lowercase()]["responses"][&status].is_null() {
        return vec![format!("the status {status} is not declared")];
    }
    match validators.get(&(exchange.call.to_owned(), status)) {
        Some(validator) => errors(validator, body),
        None if body.is_null() => vec![],
        None => vec!["a body is not declared".to_owned()],
    }
}

#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn every_answer_in_the_documented_mode_is_the_vendors() {
    let contract = contract();
    let validators = validators(&contract);
    let (fake, stores) = furnished().await;
    let mut exchanges = changed(&fake, stores).await;
    exchanges.extend(read(&fake, stores).await);
    let history = get(
        &fake,
        "OrchestratorJobs/JobHistory?QueryString=JobType -contains \"Management\" AND Result -eq 4 AND Status -eq 3",
    )
    .await;
    let [failed, again] = &history.column("JobHistoryId")[..] else { panic!("{history:?}") };
    for (call, body) in [
        ("POST /OrchestratorJobs/Acknowledge", json!({"JobAuditIds": [failed]})),
        ("POST /OrchestratorJobs/Reschedule", json!({"JobAuditIds": [again]})),
        ("POST /Certificates/Revoke", json!({"CertificateIds": [2], "Reason": 4, "Comment": "Replaced"})),
        ("POST /OrchestratorJobs/Unschedule", json!({"Query": "JobType -contains \"Management\""})),
    ] {
        exchanges.push(change(&fake, call, body).await);
    }
    exchanges.extend(read(&fake, stores).await);

    let mut seen = BTreeSet::new();
    for exchange in &exchanges {
        if exchange.call == OUTSIDE_THE_CONTRACT {
            assert_eq!((exchange.answer.status, &exchange.answer.body), (204, &Value::Null));
            continue;
        }
        assert_eq!(
            complaints(&contract, &validators, exchange),
            Vec::<String>::new(),
            "{}: {:?}",
            exchange.sent,
            exchange.answer
        );
        assert!(exchange.answer.status < 300, "{}: {:?}", exchange.sent, exchange.answer);
        seen.insert(exchange.call.to_owned());
    }
    // Every call of the contract was made, and every state of a job was in an answer.
    let paths = contract["paths"].as_object().unwrap().iter();
    let calls = paths.flat_map(|(path, methods)| {
        methods.as_object().unwrap().keys().map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    seen.extend(UNKNOWN_TO_THE_FAKE.map(str::to_owned));
    assert_eq!(seen, calls.collect());
    let histories = exchanges.iter().filter(|it| it.call == "GET /OrchestratorJobs/JobHistory");
    let states: BTreeSet<(i64, i64)> = histories
        .flat_map(|it| it.answer.body.as_array().unwrap())
        .map(|row| (row["Result"].as_i64().unwrap(), row["Status"].as_i64().unwrap()))
        .collect();
    assert_eq!(states, [(0, 2), (2, 3), (3, 3), (4, 3), (4, 4), (4, 5)].into());
    assert!(fake.unknown_requests().is_empty());
}

#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn every_member_that_the_vendor_declares_is_answered() {
    let contract = contract();
    let (fake, stores) = furnished().await;
    fake.set_store(stores[0], |it| it.agent(FakeAgent::Unassigned));
    changed(&fake, stores).await;
    for exchange in read(&fake, stores).await {
        let path = exchange.call.strip_prefix("GET ").unwrap();
        let schema = &contract["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let mut declared = members_of(&contract, schema);
        let rows = match &exchange.answer.body {
            Value::Array(rows) => rows.as_slice(),
            single => std::slice::from_ref(single),
        };
        for row in rows {
            let mut answered: Vec<String> = row.as_object().unwrap().keys().cloned().collect();
            answered.sort();
            declared.sort();
            assert_eq!(answered, declared, "{}", exchange.sent);
        }
    }
}

/// How a server leaves the contract, and the read calls whose answers then do.
type Way = (&'static str, fn(&FakeKeyfactor), &'static [&'static str]);

const WAYS: [Way; 9] = [
    ("names for numbers", FakeKeyfactor::write_names_for_numbers, &["/OrchestratorJobs/JobHistory"]),
    (
        "zoneless times",
        FakeKeyfactor::write_zoneless_times,
        &[
            "/CertificateStores/{id}",
            "/CertificateStores/{id}/Inventory",
            "/Certificates",
            "/Certificates/{id}",
            "/OrchestratorJobs/JobHistory",
            "/OrchestratorJobs/ScheduledJobs",
        ],
    ),
    (
        "unknown members",
        FakeKeyfactor::write_unknown_members,
        &[
            "/CertificateStoreTypes",
            "/CertificateStoreTypes/{id}",
            "/CertificateStores",
            "/CertificateStores/{id}",
            "/CertificateStores/{id}/Inventory",
            "/Certificates",
            "/Certificates/Locations/{id}",
            "/Certificates/{id}",
            "/OrchestratorJobs/JobHistory",
            "/OrchestratorJobs/ScheduledJobs",
        ],
    ),
    ("nulls for empty", FakeKeyfactor::write_nulls_for_empty, &[]),
    ("no total", FakeKeyfactor::hide_total_count, &[]),
    ("no filter", FakeKeyfactor::ignore_filters, &[]),
    ("pages repeat", FakeKeyfactor::repeat_pages, &[]),
    ("rows repeat", FakeKeyfactor::repeat_history_rows, &[]),
    ("rows out of order", FakeKeyfactor::shuffle_history_rows, &[]),
];

// The traps are exempt, each by its name and for its calls: no other answer leaves the contract.
#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn the_traps_leave_the_contract_where_they_say() {
    let contract = contract();
    let validators = validators(&contract);
    for (name, turn_on, leaving) in WAYS {
        let (fake, stores) = furnished().await;
        changed(&fake, stores).await;
        turn_on(&fake);
        let mut left = BTreeSet::new();
        for exchange in read(&fake, stores).await {
            if !complaints(&contract, &validators, &exchange).is_empty() {
                left.insert(exchange.call.strip_prefix("GET ").unwrap());
            }
        }
        assert_eq!(left, leaving.iter().copied().collect(), "{name}");
    }
}

// Real servers leave the schema here, and so does the fake unless it is told otherwise.
#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn store_types_leave_the_contract_as_real_servers_do() {
    let contract = contract();
    let validators = validators(&contract);
    let fake = FakeKeyfactor::start().await;
    fake.set_store_type(FakeStoreType::iis());
    let sent = "CertificateStoreTypes/104".to_owned();
    let answer = get(&fake, &sent).await;
    let exchange = Exchange { call: "GET /CertificateStoreTypes/{id}", sent, answer };
    let left: BTreeSet<String> = complaints(&contract, &validators, &exchange).into_iter().collect();
    let beyond = "is not valid under any of the schemas listed in the 'anyOf' keyword";
    let options = r#"{"EntrySupported":false,"StoreRequired":false,"Style":"Default"}"#;
    let names = [r#""Forbidden""#, r#""MultipleChoice""#, r#""Optional""#, r#""PFX""#, r#""String""#, options];
    let mut expected: BTreeSet<String> = names.map(|name| format!("{name} {beyond}")).into();
    expected.insert("Additional properties are not allowed ('RequiredWhen' was unexpected)".to_owned());
    assert_eq!(left, expected);
}
