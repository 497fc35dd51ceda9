//! The state of the fakes as JSON: written, loaded, and refused with the path of what is wrong.

use std::time::Duration;

use clm::keyfactor::{CertificateStoreId, Query, Schedule};
use clm::testing::{
    AppViewXPermission, FakeAgent, FakeAppViewX, FakeCategory, FakeCertificate, FakeCustomAlias, FakeEntryParameter,
    FakeJobState, FakeKeyfactor, FakeOrchestrator, FakeStore, FakeStoreType, KeyfactorPermission, load_both,
};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::{post, remove};

const PAGE: &str = include_str!("../../docs/fake_state.md");

/// The example of the documentation.
fn documented() -> Value {
    let (_, example) = PAGE.split_once("```json\n").unwrap();
    serde_json::from_str(example.split_once("```").unwrap().0).unwrap()
}

async fn reloaded(state: &Value) -> Value {
    FakeKeyfactor::start_from(state).await.unwrap().snapshot()
}

#[tokio::test]
async fn a_snapshot_of_the_keyfactor_fake_is_complete() {
    let fake = FakeKeyfactor::start().await;
    let certificate = fake.issue(FakeCertificate::new("www").thumbprint("AB12").serial_number("CD34").collection(4));
    let store = fake.add_store();
    fake.set_store(store, |it| it.machine("web01").path("/etc/pki").container(7));
    fake.put(store, "www.pem", certificate);
    remove(&fake, store, "www.pem").await;
    fake.inventory_lags();
    fake.run_jobs();
    let entry = json!([{"alias": "www.pem", "certificate": 1, "chain": [], "parameters": {"PrivateKeyEntry": "Yes"}}]);
    let expected = json!({
        "product_version": "25.4.1+00000000000000000000000000000000000000fa",
        "clock": "2026-03-19T21:00:03Z",
        "permissions": [
            "read_certificates", "revoke_certificates", "read_stores", "read_store_types", "schedule_stores", "read_jobs",
            "modify_jobs",
        ],
        "modes": ["inventory_lags"],
        "certificates": [{
            "id": 1,
            "common_name": "www",
            "thumbprint": "AB12",
            "serial_number": "CD34",
            "not_after": "2126-01-02T00:00:00Z",
            "revocation": "none",
            "revocation_needs_approval": false,
            "private_key": false,
            "collections": [4],
            "metadata": {},
        }],
        "store_types": [],
        "orchestrator": {"pick_up": "by_hand", "running_for": 0, "retries": 0, "end": "succeeds"},
        "stores": [{
            "id": "57070000-0000-4000-8000-000000000001",
            "machine": "web01",
            "path": "/etc/pki",
            "container": 7,
            "approved": true,
            "agent": "available",
            "add_supported": true,
            "remove_supported": true,
            "type": 102,
            "type_name": "FakeCert",
            "properties": {},
            "aliases": "as_given",
            "inventory_schedule": null,
            "inventory_job": null,
            "orchestrator": null,
            "held": [],
            "inventory": entry,
        }],
        "jobs": [{
            "id": "10b00000-0000-4000-8000-000000000001",
            "kind": "remove",
            "store": "57070000-0000-4000-8000-000000000001",
            "alias": "www.pem",
            "certificate": null,
            "overwrite": false,
            "job_fields": {},
            "schedule": {"Immediate": true},
            "recurring": false,
            "requested": "2026-03-19T21:00:01Z",
            "state": "succeeded",
            "retried": 0,
        }],
        "runs": [{
            "job": "10b00000-0000-4000-8000-000000000001",
            "start": "2026-03-19T21:00:02Z",
            "end": "2026-03-19T21:00:03Z",
            "result": "success",
            "status": "completed",
            "message": null,
        }],
    });
    assert_eq!(fake.snapshot(), expected);
    assert_eq!(reloaded(&expected).await, expected);
}

/// With every kind of thing in another state than that of a new one.
async fn eventful_keyfactor() -> FakeKeyfactor {
    let fake = FakeKeyfactor::start().await;
    fake.set_product_version("");
    fake.set_clock("2026-06-01T12:00:00Z".parse().unwrap());
    let www =
        fake.issue(FakeCertificate::new("www").metadata("Owner", "web").private_key().collection(4).collection(9));
    let issuer = fake.issue(FakeCertificate::new("issuer").expired().revoked().revocation_needs_approval());
    let secret = FakeEntryParameter::new("PIN").secret().needed_on_add();
    let choice = FakeEntryParameter::new("Kind").options("a,b").default_value("a").needed_on_remove();
    let kind = FakeStoreType::new(7, "Vault").name("A vault").custom_alias(FakeCustomAlias::Required);
    let vault = fake.add_store_of_type(kind.entry_parameter(secret).entry_parameter(choice));
    fake.put_entry(vault, "www", www, [("PIN", "entry-pin-value"), ("Kind", "a")]);
    fake.put_entry(vault, "www", www, [("Kind", "b")]);
    let hourly = json!({"Interval": {"Minutes": 60}});
    let described = |it: FakeStore| it.unapproved().lower_case_aliases().properties(json!({"Port": 1})).container(3);
    fake.set_store(vault, |it| described(it).inventory_schedule(hourly));
    fake.orchestrator_of(vault, FakeOrchestrator::new().after_polls(0).retries(1).fails("no space").running_for(1));
    for (agent, orchestrator) in [
        (FakeAgent::Unavailable, FakeOrchestrator::new().offline()),
        (FakeAgent::Unassigned, FakeOrchestrator::new().after(Duration::from_secs(3600)).warns("slow")),
        (FakeAgent::Available, FakeOrchestrator::new().vanishes()),
    ] {
        let store = fake.add_store();
        fake.put_with_chain(store, "www.pem", www, [issuer]);
        fake.set_store(store, |it| it.agent(agent).add_unsupported().remove_unsupported().aliases_of_bindings());
        fake.orchestrator_of(store, orchestrator);
        remove(&fake, store, "www.pem").await;
        fake.replace_unseen(store, "www.pem", issuer);
    }
    let fields = json!({"PIN": "job-field-value", "Kind": "a"});
    let location = json!({"CertificateStoreId": vault, "Alias": "added", "JobFields": fields});
    let schedule = json!({"ExactlyOnce": {"Time": "2026-07-01T00:00:00Z"}});
    let body = json!({"CertificateId": 1, "CertificateStores": [location], "Schedule": schedule});
    assert_eq!(post(&fake, "CertificateStores/Certificates/Add", body).await.status, 200);
    fake.run_jobs();
    fake.orchestrator_of(vault, FakeOrchestrator::new().after_polls(0).running_for(2).retries(2));
    remove(&fake, vault, "www").await;
    let history = fake.client().orchestrator_jobs().history(Query::all()).rows().unwrap();
    history.collect().await.unwrap();
    remove(&fake, vault, "www").await;
    fake.restrict_to([KeyfactorPermission::ReadStores, KeyfactorPermission::ScheduleStoresIn(3)]);
    fake.write_camel_case();
    fake.cap_pages_skipping_as_given(20);
    fake
}

#[tokio::test]
async fn an_eventful_keyfactor_fake_is_the_same_once_it_is_loaded() {
    let fake = eventful_keyfactor().await;
    let snapshot = fake.snapshot();
    let states: Vec<&Value> = snapshot["jobs"].as_array().unwrap().iter().map(|job| &job["state"]).collect();
    let seen = ["failed", "waiting", "waiting", "vanished", "failed", "running", "waiting"];
    assert_eq!(states, seen, "the story has these states");
    assert_eq!(reloaded(&snapshot).await, snapshot);
    let text = snapshot.to_string();
    assert!(!text.contains("job-field-value") && !text.contains("entry-pin-value"), "{text}");
    let added = &snapshot["jobs"][4];
    assert_eq!((&added["alias"], &added["job_fields"]), (&json!("added"), &json!({"Kind": null, "PIN": null})));
    assert_eq!(snapshot["stores"][0]["held"][0]["parameters"]["PIN"], Value::Null);
    assert_eq!(snapshot["stores"][0]["held"][0]["parameters"]["Kind"], "a");
}

#[tokio::test]
async fn every_mode_of_the_keyfactor_fake_survives() {
    type Mode = (fn(&FakeKeyfactor), &'static str);
    let modes: [Mode; 15] = [
        (FakeKeyfactor::write_names_for_numbers, "write_names_for_numbers"),
        (FakeKeyfactor::write_zoneless_times, "write_zoneless_times"),
        (FakeKeyfactor::write_unknown_members, "write_unknown_members"),
        (FakeKeyfactor::write_nulls_for_empty, "write_nulls_for_empty"),
        (FakeKeyfactor::hide_total_count, "hide_total_count"),
        (FakeKeyfactor::ignore_filters, "ignore_filters"),
        (FakeKeyfactor::repeat_pages, "repeat_pages"),
        (FakeKeyfactor::ignore_paging, "ignore_paging"),
        (FakeKeyfactor::answer_empty_pages_with_204, "answer_empty_pages_with_204"),
        (FakeKeyfactor::write_camel_case, "write_camel_case"),
        (FakeKeyfactor::repeat_history_rows, "repeat_history_rows"),
        (FakeKeyfactor::shuffle_history_rows, "shuffle_history_rows"),
        (FakeKeyfactor::inventory_lags, "inventory_lags"),
        (FakeKeyfactor::immediate_inventory_keeps_schedule, "immediate_inventory_keeps_schedule"),
        (FakeKeyfactor::write_store_types_by_schema, "write_store_types_by_schema"),
    ];
    for (turn_on, name) in modes {
        let fake = FakeKeyfactor::start().await;
        turn_on(&fake);
        let snapshot = fake.snapshot();
        assert_eq!(snapshot["modes"], json!([name]));
        assert_eq!(reloaded(&snapshot).await, snapshot);
    }
}

#[tokio::test]
async fn an_appviewx_fake_is_the_same_once_it_is_loaded() {
    let fake = FakeAppViewX::start().await;
    fake.add_group("web", "Strict");
    fake.add_certificate_of(FakeCategory::Client, "c1", "web");
    fake.add_certificate_of(FakeCategory::CodeSigning, "c2", "agents");
    fake.add_certificate("c3", "web");
    fake.add_certificate_of(FakeCategory::Device, "c4", "web");
    fake.set_member("c1", "commonName", "www");
    fake.lag_behind();
    let unassigned = fake.client().certificate_groups().unassign(["c1"]).comment("CHG 1");
    assert_eq!(unassigned.send().await.unwrap().successful_ids(), ["c1"]);
    for denied in [
        AppViewXPermission::AssignGroups,
        AppViewXPermission::UpdateCertificates,
        AppViewXPermission::UseCategory(FakeCategory::Server),
        AppViewXPermission::ViewInventory(FakeCategory::CodeSigning),
        AppViewXPermission::WriteGroup("web".to_owned()),
        AppViewXPermission::SearchCertificates,
        AppViewXPermission::ReadGroups,
        AppViewXPermission::WriteDefaultGroup,
    ] {
        fake.deny(denied);
    }
    fake.ignore_search_terms();
    fake.ignore_paging();
    fake.answer_no_hits_with_404();
    fake.require_comment();
    fake.tell_login_attempts();
    fake.write_counts_as_text();
    fake.cap_pages(5);
    fake.set_comment_limit(20);
    fake.accept_in_comments("-.");
    let expected = json!({
        "denied": [
            "assign_groups",
            "update_certificates",
            {"use_category": "server"},
            {"view_inventory": "code_signing"},
            {"write_group": "web"},
            "search_certificates",
            "read_groups",
            "write_default_group",
        ],
        "modes": [
            "answer_no_hits_with_404",
            "ignore_paging",
            "ignore_search_terms",
            "require_comment",
            "tell_login_attempts",
            "write_counts_as_text",
            {"cap_pages": 5},
        ],
        "comment_limit": 20,
        "comment_characters": "-.",
        "groups": [{"name": "agents", "policy": "Default"}, {"name": "web", "policy": "Strict"}],
        "certificates": [
            {"id": "c1", "group": "Default", "category": "client", "comments": ["CHG 1"], "members": {"commonName": "www"}},
            {"id": "c2", "group": "agents", "category": "code_signing", "comments": [], "members": {}},
            {"id": "c3", "group": "web", "category": "server", "comments": [], "members": {}},
            {"id": "c4", "group": "web", "category": "device", "comments": [], "members": {}},
        ],
        "groups_in_searches": {"c1": "web", "c2": "agents", "c3": "web", "c4": "web"},
    });
    assert_eq!(fake.snapshot(), expected);
    assert_eq!(FakeAppViewX::start_from(&expected).await.unwrap().snapshot(), expected);
}

#[tokio::test]
async fn the_documented_example_loads_and_its_jobs_run() {
    let (command, gateway) = (FakeKeyfactor::start().await, FakeAppViewX::start().await);
    load_both(&documented(), &command, &gateway).unwrap();
    assert_eq!(gateway.policy_of("67bc2ca76a105e1a05691c1c").as_deref(), Some("Strict"));
    let stores = command.client().certificate_stores().list(Query::all()).rows().unwrap().collect().await.unwrap();
    let [mail, web] = [&stores[0], &stores[1]];
    assert_eq!(
        (mail.client_machine.as_deref(), web.client_machine.as_deref()),
        (Some("mail.example.com"), Some("web01.example.com"))
    );
    let thumbprint = command.thumbprint(1.into());
    let located = command.client().certificates().locations_of(thumbprint.as_str()).send().await.unwrap();
    assert_eq!((located.locations().len(), located.excluded().len()), (1, 1), "one store has it as a part of a chain");
    let jobs = command.jobs();
    assert_eq!(jobs.len(), 1, "the schedule brings its inventory job: {jobs:?}");
    assert_eq!((jobs[0].store, jobs[0].recurring, jobs[0].state), (web.id, true, FakeJobState::Waiting));
    remove(&command, web.id, "www.example.com.pem").await;
    command.run_jobs();
    assert_eq!(command.aliases(web.id), [""; 0]);
    // What was added afterwards does not take the place of what was loaded.
    assert!(![web.id, mail.id].contains(&command.add_store()));
    assert_eq!(command.issue(FakeCertificate::new("next")).get(), 3);
}

#[tokio::test]
async fn a_loaded_job_goes_on_without_the_values_of_its_fields() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "www");
    let location = clm::keyfactor::CertificateLocation::new(store, "www").job_field("SiteName", "Shop");
    let removal = fake.client().certificate_stores().remove_certificates([location], Schedule::Immediate);
    let job = removal.send().await.unwrap().job_ids()[0];
    let snapshot = fake.snapshot();
    assert_eq!(snapshot["jobs"][0]["job_fields"], json!({"SiteName": null}));
    let other = FakeKeyfactor::start_from(&snapshot).await.unwrap();
    other.run_jobs();
    assert_eq!((other.jobs()[0].id, other.jobs()[0].state), (job, FakeJobState::Succeeded));
    assert_eq!(other.aliases(store), [""; 0]);
    fake.run_jobs();
    assert_eq!(other.snapshot(), fake.snapshot());
}

#[tokio::test]
async fn ids_that_are_taken_are_not_given_again() {
    let second: CertificateStoreId = "57070000-0000-4000-8000-000000000002".parse().unwrap();
    let state = json!({
        "certificates": [{"id": 7, "common_name": "www"}],
        "stores": [{"id": second}],
        "jobs": [{"id": "10b00000-0000-4000-8000-000000000002", "kind": "remove", "store": second}],
    });
    let fake = FakeKeyfactor::start_from(&state).await.unwrap();
    assert_eq!(fake.issue(FakeCertificate::new("next")).get(), 8);
    assert_ne!(fake.add_store(), second);
    remove(&fake, second, "www").await;
    let jobs = fake.jobs();
    assert_eq!(jobs.len(), 2);
    assert_ne!(jobs[0].id, jobs[1].id);
}

/// What cannot be loaded, and what is said.
fn wrong_keyfactor() -> Vec<(Value, &'static str)> {
    let guid = "57070000-0000-4000-8000-000000000001";
    vec![
        (json!([]), "expected an object, found a list"),
        (json!({"store": []}), "store: is not a known member"),
        (json!({"clock": "soon"}), "clock: 'soon' is not a time"),
        (json!({"product_version": 25}), "product_version: expected a string, found a number"),
        (json!({"permissions": ["read_everything"]}), "permissions[0]: 'read_everything' is not valid here"),
        (json!({"permissions": [{"read_stores": 4}]}), "permissions[0]: 'read_stores' is not valid here"),
        (json!({"permissions": ["read_stores_in"]}), "permissions[0]: 'read_stores_in' is not valid here"),
        (json!({"permissions": [7]}), "permissions[0]: expected a string or an object with one member, found a number"),
        (
            json!({"permissions": [{"read_stores_in": "7"}]}),
            "permissions[0].read_stores_in: expected an integer, found a string",
        ),
        (json!({"modes": ["inventory_lag"]}), "modes[0]: 'inventory_lag' is not valid here"),
        (
            json!({"modes": [{"cap_pages_skipping_as_asked": -1}]}),
            "modes[0].cap_pages_skipping_as_asked: -1 is out of range",
        ),
        (json!({"certificates": [{}]}), "certificates[0].common_name: is missing"),
        (
            json!({"certificates": [{"common_name": "a", "id": 3}, {"common_name": "b", "id": 3}]}),
            "certificates[1].id: 3 is listed twice",
        ),
        (
            json!({"certificates": [{"common_name": "a", "id": 3_000_000_000_u64}]}),
            "certificates[0].id: 3000000000 is out of range",
        ),
        (
            json!({"certificates": [{"common_name": "a", "revocation": "yes"}]}),
            "certificates[0].revocation: 'yes' is not one of: none, on_hold, revoked",
        ),
        (
            json!({"certificates": [{"common_name": "a", "metadata": {"Owner": 1}}]}),
            "certificates[0].metadata.Owner: expected a string, found a number",
        ),
        (
            json!({"certificates": [{"common_name": "a", "collections": [true]}]}),
            "certificates[0].collections[0]: expected an integer, found a boolean",
        ),
        (json!({"store_types": [{"number": 2}]}), "store_types[0].short_name: is missing"),
        (
            json!({"store_types": [{"number": 2, "short_name": "PEM", "entry_parameters": [{}]}]}),
            "store_types[0].entry_parameters[0].name: is missing",
        ),
        (json!({"orchestrator": {"end": {"fails": null}}}), "orchestrator.end.fails: expected a string, found null"),
        (json!({"orchestrator": {"retries": 10_001}}), "orchestrator.retries: 10001 is out of range: at most 10000"),
        (json!({"orchestrator": {"pick_up": {"offline": 1}}}), "orchestrator.pick_up: 'offline' is not valid here"),
        (json!({"stores": [{}, {}, {"machine": 7}]}), "stores[2].machine: expected a string, found a number"),
        (json!({"stores": [{"machin": "a"}]}), "stores[0].machin: is not a known member"),
        (json!({"stores": [{"id": "1"}]}), "stores[0].id: '1' is not a GUID"),
        (
            json!({"stores": [{"held": [{"alias": "a", "certificate": 1}]}]}),
            "stores[0].held[0].certificate: no certificate has the id 1",
        ),
        (json!({"stores": [{"inventory": [{"certificate": 1}]}]}), "stores[0].inventory[0].alias: is missing"),
        (
            json!({"stores": [{}, {"inventory_job": guid}]}),
            "stores[1].inventory_job: no inventory job of this store has the id 57070000-0000-4000-8000-000000000001",
        ),
        (
            json!({"jobs": [{"kind": "remove", "store": guid}]}),
            "jobs[0].store: no store has the id 57070000-0000-4000-8000-000000000001",
        ),
        (json!({"stores": [{}], "jobs": [{"kind": "add", "store": guid}]}), "jobs[0].certificate: is missing"),
        (
            json!({"certificates": [{"common_name": "a"}], "stores": [{}], "jobs": [{"kind": "remove", "store": guid, "certificate": 1}]}),
            "jobs[0].certificate: is only valid for additions",
        ),
        (
            json!({"stores": [{}], "jobs": [{"kind": "remove", "store": guid, "job_fields": ["SiteName"]}]}),
            "jobs[0].job_fields: expected an object, found a list",
        ),
        (json!({"runs": [{"job": guid}]}), "runs[0].job: no job has the id 57070000-0000-4000-8000-000000000001"),
    ]
}

#[tokio::test]
async fn the_largest_numbers_that_a_test_can_set_are_loaded_again() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.orchestrator(FakeOrchestrator::new().after(Duration::MAX).retries(u32::MAX).running_for(u32::MAX));
    fake.orchestrator_of(store, FakeOrchestrator::new().after_polls(u32::MAX));
    fake.cap_pages_skipping_as_asked(usize::MAX);
    let before = fake.snapshot();
    assert_eq!(FakeKeyfactor::start_from(&before).await.unwrap().snapshot(), before);

    let fake = FakeAppViewX::start().await;
    fake.set_comment_limit(usize::MAX);
    fake.cap_pages(usize::MAX);
    let before = fake.snapshot();
    assert_eq!(FakeAppViewX::start_from(&before).await.unwrap().snapshot(), before);
}

#[tokio::test]
async fn what_cannot_be_loaded_into_the_keyfactor_fake_is_named_by_its_path() {
    let fake = FakeKeyfactor::start().await;
    let before = fake.snapshot();
    for (state, said) in wrong_keyfactor() {
        assert_eq!(fake.load(&state).unwrap_err().to_string(), said);
    }
    assert_eq!(fake.snapshot(), before);
    let error = fake.load(&json!({"stores": [{"machine": 7}]})).unwrap_err();
    assert_eq!((error.path().as_str(), error.problem()), ("stores[0].machine", "expected a string, found a number"));
}

#[tokio::test]
async fn what_cannot_be_loaded_into_the_appviewx_fake_is_named_by_its_path() {
    let fake = FakeAppViewX::start().await;
    let before = fake.snapshot();
    for (state, said) in [
        (json!("x"), "expected an object, found a string"),
        (json!({"sessions": []}), "sessions: is not a known member"),
        (json!({"denied": ["everything"]}), "denied[0]: 'everything' is not valid here"),
        (
            json!({"denied": [{"use_category": "root_ca"}]}),
            "denied[0].use_category: 'root_ca' is not one of: server, client, code_signing, device",
        ),
        (json!({"modes": [{"cap_pages": "5"}]}), "modes[0].cap_pages: expected an integer, found a string"),
        (json!({"groups": [{"name": "web"}, {"name": "web"}]}), "groups[1].name: 'web' is listed twice"),
        (json!({"certificates": [{"id": "a"}, {"id": "a"}]}), "certificates[1].id: 'a' is listed twice"),
        (
            json!({"certificates": [{"id": "a", "comments": "b"}]}),
            "certificates[0].comments: expected a list, found a string",
        ),
        (json!({"groups_in_searches": {"a": "web"}}), "groups_in_searches.a: no certificate has this id"),
    ] {
        assert_eq!(fake.load(&state).unwrap_err().to_string(), said);
    }
    assert_eq!(fake.snapshot(), before);
}

#[tokio::test]
async fn a_document_for_both_is_loaded_whole_or_not_at_all() {
    let (command, gateway) = (FakeKeyfactor::start().await, FakeAppViewX::start().await);
    let before = (command.snapshot(), gateway.snapshot());
    let document = json!({"keyfactor": {"stores": [{}]}, "appviewx": {"certificates": [{}]}});
    let error = load_both(&document, &command, &gateway).unwrap_err();
    assert_eq!(error.to_string(), "appviewx.certificates[0].id: is missing");
    let document = json!({"keyfactor": {"stores": [{}, {}, {"machine": 7}]}});
    let error = load_both(&document, &command, &gateway).unwrap_err().to_string();
    assert!(PAGE.contains(&format!("`{error}`")), "the page shows another error: {error}");
    let error = load_both(&json!({"Keyfactor": {}}), &command, &gateway).unwrap_err();
    assert_eq!(error.to_string(), "Keyfactor: is not a known member");
    assert_eq!((command.snapshot(), gateway.snapshot()), before);
}

#[tokio::test]
async fn what_was_asked_and_tokens_stay_when_a_state_is_loaded() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    remove(&fake, store, "www").await;
    fake.load(&json!({})).unwrap();
    assert_eq!(fake.requests().len(), 1);
    let answer = crate::support::fake_keyfactor::get(&fake, "CertificateStores").await;
    assert_eq!((answer.status, answer.body), (200, json!([])));
}

#[tokio::test]
async fn a_certificate_gets_an_id_of_its_own_also_after_the_last_number() {
    let state = json!({"certificates": [{"id": i32::MAX, "common_name": "last"}, {"common_name": "loaded"}]});
    let fake = FakeKeyfactor::start_from(&state).await.unwrap();
    let [second, third] = ["second", "third"].map(|name| fake.issue(FakeCertificate::new(name)).get());
    assert_eq!((second, third), (2, 3));
    let ids: Vec<_> = fake.snapshot()["certificates"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert_eq!(ids, [1, 2, 3, i32::MAX]);
}
