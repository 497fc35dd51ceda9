//! Every request by which jobs are followed and changed and removals confirmed, held against the vendor's own schema.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::contract::{contract, errors, validator};
use crate::support::fake_keyfactor::{history, remove};
use clm::keyfactor::{CertificateLocation, Query};
use clm::testing::{FakeKeyfactor, FakeOrchestrator, RecordedRequest};
use serde_json::{Value, json};

/// What is called, and the contract does not know.
const OUTSIDE_THE_CONTRACT: &str = "POST /CertificateStores/Schedule";

/// Every call of this part of the crate, with everything that it can send.
async fn everything() -> FakeKeyfactor {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    for alias in ["a", "b", "c"] {
        fake.add_certificate(store, alias);
    }
    fake.orchestrator(FakeOrchestrator::new().after_polls(0).fails("locked"));
    let jobs = [remove(&fake, store, "a").await, remove(&fake, store, "b").await];
    let client = fake.client();
    let it = client.orchestrator_jobs();
    assert!(it.can_follow().await.unwrap());
    it.watch(jobs).finish().await.unwrap();
    let (one, two) = (history(&fake, jobs[0]).await, history(&fake, jobs[1]).await);
    fake.orchestrator(FakeOrchestrator::new().offline());
    let away = remove(&fake, store, "c").await;
    let report = it.watch([away]).deadline(Duration::ZERO).finish().await.unwrap();
    it.reschedule([one[0].job_history_id, two[0].job_history_id]).send().await.unwrap();
    it.unschedule_open(&report).await.unwrap();
    it.unschedule(jobs).send().await.unwrap();
    let failed = || Query::field("Result").eq(4).and(Query::field("Status").one_of([3, 4]));
    it.acknowledge([one[0].job_history_id]).send().await.unwrap();
    it.acknowledge_matching(failed()).send().await.unwrap();
    it.reschedule_matching(failed()).send().await.unwrap();
    it.unschedule_matching(Query::field("JobType").contains("Management")).send().await.unwrap();
    assert!(it.scheduled(Query::field("JobType").contains("Inventory")).rows().unwrap().next().await.is_some());
    let confirm = client.certificate_stores().confirm_removed([CertificateLocation::new(store, "a")]);
    confirm.trigger_inventory().deadline(Duration::from_secs(1)).send().await.unwrap();
    fake
}

/// The call as the contract names it, with its description.
fn described<'a>(contract: &'a Value, request: &RecordedRequest) -> (String, Option<&'a Value>) {
    let path = request.path().strip_prefix("/KeyfactorAPI").unwrap();
    let is_guid = |segment: &str| segment.len() == 36;
    let segments: Vec<&str> = path.split('/').map(|it| if is_guid(it) { "{id}" } else { it }).collect();
    let path = segments.join("/");
    let method = request.method().as_str();
    let described = contract["paths"].get(&path).and_then(|methods| methods.get(method.to_lowercase()));
    (format!("{method} {path}"), described)
}

/// What of a request the contract does not allow.
fn complaints(contract: &Value, operation: &Value, request: &RecordedRequest) -> Vec<String> {
    let declared = operation["parameters"].as_array().unwrap();
    let find = |place: &str, name: &str| {
        declared.iter().find(|it| it["in"] == place && it["name"].as_str().unwrap().eq_ignore_ascii_case(name))
    };
    let mut complaints = Vec::new();
    for (name, text) in url::form_urlencoded::parse(request.query().as_bytes()) {
        let Some(parameter) = find("query", &name) else {
            complaints.push(format!("the parameter {name} is not declared"));
            continue;
        };
        let validator = validator(contract, &parameter["schema"]);
        let number = text.parse::<i64>().map(Value::from);
        let value = number.ok().filter(|number| validator.is_valid(number)).unwrap_or_else(|| json!(text));
        complaints.extend(errors(&validator, &value));
    }
    for parameter in declared.iter().filter(|it| it["in"] == "header" && it["required"] == true) {
        let name = parameter["name"].as_str().unwrap();
        if request.header(name).is_none() {
            complaints.push(format!("the header {name} is missing"));
        }
    }
    match operation.get("requestBody") {
        None if request.body().is_empty() => {}
        None => complaints.push("a body is sent".to_owned()),
        Some(body) => {
            let schema = &body["content"]["application/json"]["schema"];
            complaints.extend(errors(&validator(contract, schema), &request.json()));
        }
    }
    complaints
}

#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn every_request_is_one_that_the_vendor_describes() {
    let contract = contract();
    let fake = everything().await;
    let mut seen = BTreeSet::new();
    for request in fake.requests() {
        let (call, operation) = described(&contract, &request);
        if call != OUTSIDE_THE_CONTRACT {
            let operation = operation.unwrap_or_else(|| panic!("{call} is not in the contract"));
            let complaints = complaints(&contract, operation, &request);
            assert_eq!(complaints, Vec::<String>::new(), "{call}?{} {}", request.query(), request.json());
        }
        seen.insert(call);
    }
    let calls = [
        "GET /CertificateStores/{id}",
        "GET /CertificateStores/{id}/Inventory",
        "GET /OrchestratorJobs/JobHistory",
        "GET /OrchestratorJobs/ScheduledJobs",
        "POST /CertificateStores/Certificates/Remove",
        "POST /OrchestratorJobs/Acknowledge",
        "POST /OrchestratorJobs/Reschedule",
        "POST /OrchestratorJobs/Unschedule",
        OUTSIDE_THE_CONTRACT,
    ];
    assert_eq!(seen, calls.map(str::to_owned).into());
    assert!(fake.unknown_requests().is_empty());
}

// Ids or a query: the schema allows both in one body, the vendor's page does not.
#[tokio::test]
async fn no_body_names_ids_and_a_query() {
    let fake = everything().await;
    let mut bodies = 0;
    for request in fake.requests().iter().filter(|it| it.path().contains("/OrchestratorJobs/") && it.method() == "POST")
    {
        let body = request.json();
        let members: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        let ids = if request.path().ends_with("/Unschedule") { "JobIds" } else { "JobAuditIds" };
        assert!(members == ["Query"] || members == [ids], "{members:?}");
        bodies += 1;
    }
    assert_eq!(bodies, 7);
}

// Trap: dotted and flat parameters must not be mixed; the flat ones are those of version 11 and later.
#[tokio::test]
async fn no_parameter_has_a_dot() {
    let fake = everything().await;
    for request in fake.requests() {
        for (name, _) in url::form_urlencoded::parse(request.query().as_bytes()) {
            assert!(!name.contains('.'), "{name}");
        }
        assert!(!request.query().contains('+'), "a space is %20: {}", request.query());
    }
}
