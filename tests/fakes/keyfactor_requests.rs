//! How the Keyfactor fake reads requests: parameters with and without a prefix, and names, paths, schedules, credentials and
//! content types as the vendor's own clients write them.

use clm::keyfactor::CertificateStoreId;
use clm::testing::{FakeCertificate, FakeJobKind, FakeKeyfactor, FakeOrchestrator, FakeStoreType};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::{Answer, HTTP, ask, get, get_with_body, post, post_as, remove, waiting};

/// A fake with a row more than a page of two in every list.
async fn with_three_of_everything() -> FakeKeyfactor {
    let fake = FakeKeyfactor::start().await;
    let mut stores = Vec::new();
    for (machine, number) in [("a", 1), ("b", 2), ("c", 3)] {
        let store = fake.add_store_of_type(FakeStoreType::new(number, format!("Type{number}")));
        fake.set_store(store, |it| it.machine(machine));
        stores.push(store);
    }
    for alias in ["a", "b", "c"] {
        let certificate = fake.issue(FakeCertificate::new(alias));
        fake.put(stores[0], alias, certificate);
    }
    let _ = fake.issue(FakeCertificate::new("d").expired());
    let _ = fake.issue(FakeCertificate::new("e").revoked());
    for _ in ["one run", "one that waits"] {
        fake.run_jobs();
        for store in &stores {
            remove(&fake, *store, "a").await;
        }
    }
    fake
}

/// What the columns of a list are with parameters and their values, of which each has a prefix or none.
async fn column(fake: &FakeKeyfactor, path: &str, member: &str, parameters: &[(&str, &str)]) -> Value {
    let parameters: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let answer = get(fake, &format!("{path}?{}", parameters.join("&"))).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.column(member).into()
}

#[tokio::test]
async fn every_list_takes_its_parameters_with_its_prefix_and_without() {
    let fake = with_three_of_everything().await;
    let first = fake.jobs()[0].store;
    let inventory = format!("CertificateStores/{first}/Inventory");
    for (path, prefix, member, sort, expected) in [
        ("Certificates", "pq", "IssuedCN", "IssuedCN", json!(["a"])),
        ("OrchestratorJobs/JobHistory", "pq", "ClientMachine", "JobHistoryId", json!(["a"])),
        ("OrchestratorJobs/ScheduledJobs", "pq", "ClientMachine", "Requested", json!(["a"])),
        ("CertificateStoreTypes", "cstquery", "ShortName", "Name", json!(["Type1"])),
        ("CertificateStores", "certificateStoreQuery", "ClientMachine", "ClientMachine", json!(["a"])),
        (&*inventory, "query", "Name", "Name", json!(["b"])),
    ] {
        for prefix in [String::new(), format!("{prefix}."), format!("{}.", prefix.to_uppercase())] {
            let names = ["sortField", "sortAscending", "returnLimit", "pageReturned"].map(|it| format!("{prefix}{it}"));
            let values = [sort, "1", "1", if *path == *inventory { "2" } else { "3" }];
            let parameters: Vec<_> = names.iter().map(String::as_str).zip(values).collect();
            assert_eq!(column(&fake, path, member, &parameters).await, expected, "{path} {prefix}");
        }
    }
}

#[tokio::test]
async fn every_query_filters_with_its_prefix_and_without() {
    let fake = with_three_of_everything().await;
    for (path, prefix, member, query, expected) in [
        ("Certificates", "pq", "IssuedCN", "IssuedCN -eq \"b\"", json!(["b"])),
        ("OrchestratorJobs/JobHistory", "pq", "ClientMachine", "JobType -eq \"Type2Management\"", json!(["b"])),
        ("OrchestratorJobs/ScheduledJobs", "pq", "ClientMachine", "JobType -contains \"Type3\"", json!(["c"])),
        ("CertificateStoreTypes", "cstquery", "ShortName", "StoreType -eq 2", json!(["Type2"])),
        ("CertificateStores", "certificateStoreQuery", "ClientMachine", "ClientMachine -ne \"b\"", json!(["a", "c"])),
    ] {
        for prefix in ["", &*format!("{prefix}.")] {
            let name = format!("{prefix}queryString");
            assert_eq!(column(&fake, path, member, &[(&name, query)]).await, expected, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_parameter_with_the_prefix_drops_those_without() {
    let fake = with_three_of_everything().await;
    let store = format!("CertificateStores/{}/Inventory", fake.jobs()[0].store);
    for (path, member, parameters, expected) in [
        ("Certificates", "IssuedCN", vec![("pq.returnLimit", "2"), ("queryString", "CertId -eq 3")], json!(["a", "b"])),
        (
            "Certificates",
            "IssuedCN",
            vec![("QueryString", "CertId -eq 3"), ("pq.pageReturned", "1")],
            json!(["a", "b", "c"]),
        ),
        (
            "Certificates",
            "IssuedCN",
            vec![("pq.unheardOf", "1"), ("QueryString", "CertId -eq 3")],
            json!(["a", "b", "c"]),
        ),
        ("Certificates", "IssuedCN", vec![("pq.includeExpired", "true")], json!(["a", "b", "c", "d"])),
        ("Certificates", "IssuedCN", vec![("pq.includeRevoked", "true")], json!(["a", "b", "c", "e"])),
        (
            "Certificates",
            "IssuedCN",
            vec![("pq.includeExpired", "true"), ("IncludeRevoked", "true")],
            json!(["a", "b", "c", "d"]),
        ),
        // What is no part of the list's query has no prefix, and stays.
        ("Certificates", "IssuedCN", vec![("pq.pageReturned", "1"), ("collectionId", "7")], json!([])),
        ("Certificates", "IssuedCN", vec![("pq.pageReturned", "1"), ("pq.collectionId", "7")], json!(["a", "b", "c"])),
        // The prefix of another list is an unknown parameter.
        ("Certificates", "IssuedCN", vec![("query.returnLimit", "1"), ("ReturnLimit", "2")], json!(["a", "b"])),
        ("CertificateStores", "ClientMachine", vec![("pq.queryString", "ContainerId -eq 3")], json!(["a", "b", "c"])),
        (&*store, "Name", vec![("pq.returnLimit", "1"), ("certificateStoreQuery.returnLimit", "1")], json!(["b", "c"])),
    ] {
        assert_eq!(column(&fake, path, member, &parameters).await, expected, "{path} {parameters:?}");
    }
    let answer = get(&fake, "Certificates?pq.sortField=Id&SortField=CertId").await;
    assert_eq!((answer.status, answer.message()), (400, "Invalid sort field: Id."));
}

#[tokio::test]
async fn with_details_a_list_with_a_prefix_gives_them() {
    let fake = with_three_of_everything().await;
    let answer = get(&fake, "Certificates?includeLocations=true&pq.queryString=IssuedCN -eq \"b\"").await;
    assert_eq!(answer.body[0]["Locations"][0]["Alias"], "b");
}

#[tokio::test]
async fn at_least_is_an_operator() {
    let fake = with_three_of_everything().await;
    for (query, expected) in [
        ("CertId -ge 2", json!(["b", "c"])),
        ("CertId -GE 4", json!([])),
        ("IssuedCN -ge \"c\"", json!(["c"])),
        ("NotAfter -ge \"2027-01-01T00:00:00Z\"", json!(["a", "b", "c"])),
        ("NotAfter -ge \"2127-01-01T00:00:00Z\"", json!([])),
    ] {
        assert_eq!(column(&fake, "Certificates", "IssuedCN", &[("QueryString", query)]).await, expected, "{query}");
    }
}

#[tokio::test]
async fn paths_are_compared_without_regard_to_case_and_to_a_slash_at_their_end() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let server = fake.url().trim_end_matches("/KeyfactorAPI").to_owned();
    fake.accept_bearer("raw");
    let answer = |path: String| ask(HTTP.get(format!("{server}{path}")).bearer_auth("raw"));
    for path in
        ["/keyfactorapi/certificatestores", "/KeyfactorApi/CERTIFICATESTORES/", "/KeyfactorAPI/CertificateStores/"]
    {
        let answer = answer(path.to_owned()).await;
        assert_eq!((answer.status, answer.header("X-Total-Count")), (200, Some("1")), "{path}");
        assert_eq!(answer.column("Id"), [json!(store)], "{path}");
    }
    let upper = store.to_string().to_uppercase();
    for path in
        [format!("/KEYFACTORAPI/certificatestores/{upper}"), format!("/keyfactorapi/certificatestores/{upper}/")]
    {
        assert_eq!(answer(path.clone()).await.body["Id"], json!(store), "{path}");
    }
    let answer = answer("/keyfactorapi/certificates/?ReturnLimit=1".to_owned()).await;
    assert_eq!(answer.header("Api-Supported-Versions"), Some("1.0, 2"), "as under the documented path");
    assert!(fake.unknown_requests().is_empty());
    let body = json!({"StoreIds": [store], "Schedule": {"Immediate": true}});
    assert_eq!(post(&fake, "certificatestores/SCHEDULE/", body).await.status, 204);
}

/// With every member's name changed; what the customer named stays.
fn respelt(value: Value, spell: fn(&str) -> String) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(|item| respelt(item, spell)).collect(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| {
                let value = if name == "JobFields" { value } else { respelt(value, spell) };
                (spell(&name), value)
            });
            Value::Object(members.collect())
        }
        other => other,
    }
}

fn in_camel_case(name: &str) -> String {
    name[..1].to_lowercase() + &name[1..]
}

#[tokio::test]
async fn the_names_of_members_are_compared_without_regard_to_case() {
    for spell in [str::to_owned, in_camel_case, str::to_lowercase, str::to_uppercase] {
        let fake = FakeKeyfactor::start().await;
        let (store, hourly) = (fake.add_store(), json!({"Interval": {"Minutes": 60}}));
        fake.add_certificate(store, "a");
        let send = async |path: &str, body: Value| post(&fake, path, respelt(body, spell)).await;
        let location =
            json!({"CertificateStoreId": store, "Alias": "b", "Overwrite": false, "JobFields": {"siteName": "x"}});
        let body = json!({"CertificateId": 1, "CertificateStores": [location], "Schedule": {"Immediate": true}});
        assert_eq!(send("CertificateStores/Certificates/Add", body).await.status, 200);
        fake.run_jobs();
        assert_eq!(fake.aliases(store), ["a", "b"]);
        let entry = &get(&fake, &format!("CertificateStores/{store}/Inventory")).await.body[1];
        assert_eq!(entry["Parameters"]["siteName"], "x", "{entry}");

        let location = json!({"CertificateStoreId": store, "Alias": "b", "JobFields": {"siteName": "y"}});
        let monthly = json!({"Monthly": {"Day": 5, "Time": "2026-04-01T00:00:00Z"}});
        let body = json!({"CertificateStores": [location], "Schedule": monthly, "CollectionId": null});
        let job = send("CertificateStores/Certificates/Remove", body).await.body[0].clone();
        let scheduled = get(&fake, "OrchestratorJobs/ScheduledJobs").await;
        assert_eq!(scheduled.column("Schedule"), [monthly], "as the server spells it");
        assert_eq!(send("OrchestratorJobs/Unschedule", json!({"JobIds": [job]})).await.status, 204);
        assert!(waiting(&fake).await.is_empty());

        assert_eq!(
            send("CertificateStores/Schedule", json!({"StoreIds": [store], "Schedule": hourly})).await.status,
            204
        );
        let shown = get(&fake, &format!("CertificateStores/{store}")).await.body;
        assert_eq!(shown["InventorySchedule"], hourly);

        fake.orchestrator(FakeOrchestrator::new().fails("no"));
        remove(&fake, store, "a").await;
        fake.run_jobs();
        let failed = json!({"Query": "Result -eq 4"});
        assert_eq!(send("OrchestratorJobs/Acknowledge", failed.clone()).await.status, 204);
        assert_eq!(
            get(&fake, "OrchestratorJobs/JobHistory?QueryString=Status -eq 4").await.column("Result"),
            [json!(4), json!(4)],
            "the removal and the inventory"
        );
        assert_eq!(send("OrchestratorJobs/Reschedule", failed).await.status, 204);
        let waits = |job: &clm::testing::FakeJob| job.kind == FakeJobKind::Remove && job.alias == "a";
        assert!(fake.jobs().iter().any(|job| waits(job) && job.state == clm::testing::FakeJobState::Waiting));

        let body = json!({"CertificateIds": [1], "Reason": 4, "Comment": "CHG-1"});
        assert_eq!(send("Certificates/Revoke", body).await.body["RevokedIds"], json!([1]));
    }
}

#[tokio::test]
async fn of_two_members_that_differ_in_case_the_documented_one_counts() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let location = json!({"CertificateStoreId": store, "ALIAS": "other", "Alias": "a", "alias": "other"});
    let body = json!({"CertificateStores": [location], "Schedule": {"Immediate": true}});
    assert_eq!(post(&fake, "CertificateStores/Certificates/Remove", body).await.status, 200);
    assert_eq!(fake.jobs()[0].alias, "a");
}

/// A removal with this schedule.
async fn removal(fake: &FakeKeyfactor, store: CertificateStoreId, schedule: Value) -> Answer {
    let location = json!({"CertificateStoreId": store, "Alias": "a", "JobFields": null, "EntryPassword": null});
    let body =
        json!({"CertificateStores": [location], "Schedule": schedule, "CollectionId": null, "ContainerId": null});
    post(fake, "CertificateStores/Certificates/Remove", body).await
}

#[tokio::test]
async fn a_kind_of_schedule_that_is_null_is_not_set() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let nulls =
        json!({"Interval": null, "Daily": null, "Weekly": null, "Monthly": null, "ExactlyOnce": null, "Off": null});
    let beside = |kind: &str, value: Value| {
        let mut schedule = nulls.clone();
        schedule["Immediate"] = Value::Null;
        schedule[kind] = value;
        schedule
    };
    let daily = json!({"Time": "2026-04-01T00:00:00Z"});
    for (sent, kept) in [
        (beside("Immediate", json!(true)), json!({"Immediate": true})),
        (beside("Daily", daily.clone()), json!({"Daily": daily})),
        (
            beside("Weekly", json!({"days": [1], "time": "2026-04-01T00:00:00Z", "Later": 1})),
            json!({"Weekly": {"Days": [1], "Time": "2026-04-01T00:00:00Z"}}),
        ),
        (json!({"Immediate": true, "Schedule": null, "IsEmpty": false}), json!({"Immediate": true})),
    ] {
        assert_eq!(removal(&fake, store, sent.clone()).await.status, 200, "{sent}");
        let scheduled = get(&fake, "OrchestratorJobs/ScheduledJobs").await.column("Schedule");
        assert_eq!(scheduled.last(), Some(&kept), "{sent}");
        let body = json!({"StoreIds": [store], "Schedule": sent});
        assert_eq!(post(&fake, "CertificateStores/Schedule", body).await.status, 204, "{sent}");
        let shown = get(&fake, &format!("CertificateStores/{store}")).await.body;
        assert_eq!(shown["InventorySchedule"], kept, "`Off` that is null takes no schedule away: {sent}");
        let job = json!({"JobIds": [fake.jobs().iter().rev().find(|job| job.kind == FakeJobKind::Remove).unwrap().id]});
        assert_eq!(post(&fake, "OrchestratorJobs/Unschedule", job).await.status, 204);
    }
    let off = json!({"StoreIds": [store], "Schedule": {"Off": {}, "Daily": daily}});
    let refused = post(&fake, "CertificateStores/Schedule", off).await;
    assert_eq!((refused.status, &refused.body["Message"]), (400, &json!("Schedule must set exactly one kind.")));
    let jobs = fake.jobs().len();
    for (sent, message) in [
        (nulls.clone(), "Schedule must set exactly one kind."),
        (Value::Null, "Schedule must set exactly one kind."),
        (json!("now"), "Schedule must set exactly one kind."),
        (json!({"Immediate": true, "Daily": daily}), "Schedule must set exactly one kind."),
        (json!({"Interval": {"Minutes": 5}, "Daily": daily}), "Schedule must set exactly one kind."),
        (json!({"Immediate": "true"}), "Schedule is not valid."),
        (json!({"Immediate": false}), "Schedule is not valid."),
        (json!({"Interval": 5}), "Schedule is not valid."),
    ] {
        let answer = removal(&fake, store, sent.clone()).await;
        assert_eq!((answer.status, answer.message()), (400, message), "{sent}");
    }
    assert_eq!(fake.jobs().len(), jobs);
}

#[tokio::test]
async fn optional_members_may_be_null() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let _ = fake.issue(FakeCertificate::new("www"));
    let location = json!({
        "CertificateStoreId": store, "Alias": null, "JobFields": null, "Overwrite": null, "EntryPassword": null,
        "PfxPassword": null, "IncludePrivateKey": null,
    });
    let schedule = json!({"Immediate": true});
    let body = json!({"CertificateId": 1, "CertificateStores": [location], "Schedule": schedule, "CollectionId": null});
    let added = post(&fake, "CertificateStores/Certificates/Add", body).await;
    assert_eq!(added.status, 200, "{added:?}");
    let body = json!({"JobIds": [added.body[0]], "Query": null});
    assert_eq!(post(&fake, "OrchestratorJobs/Unschedule", body).await.status, 204);
    assert_eq!(post(&fake, "OrchestratorJobs/Unschedule", json!({"JobIds": null, "Query": ""})).await.status, 400);
    let body = json!({
        "CertificateIds": [1], "Reason": null, "Comment": "CHG-1", "EffectiveDate": null, "CollectionId": null,
        "ContainerId": null, "PublishCRL": null,
    });
    assert_eq!(post(&fake, "Certificates/Revoke", body).await.body["RevokedIds"], json!([1]));
}

#[tokio::test]
async fn the_account_is_written_with_its_domain_before_or_behind_it() {
    let fake = FakeKeyfactor::start().await;
    let _ = fake.issue(FakeCertificate::new("www"));
    let url = format!("{}/Certificates", fake.url());
    for (user, password, status) in [
        (r"EXAMPLE\svc-clm", "fake-keyfactor-password", 200),
        ("svc-clm@EXAMPLE", "fake-keyfactor-password", 200),
        ("svc-clm", "fake-keyfactor-password", 401),
        ("svc-clm@OTHER", "fake-keyfactor-password", 401),
        ("EXAMPLE@svc-clm", "fake-keyfactor-password", 401),
        ("svc-clm@EXAMPLE", "wrong", 401),
    ] {
        assert_eq!(ask(HTTP.get(&url).basic_auth(user, Some(password))).await.status, status, "{user}");
    }
    assert_eq!(ask(HTTP.get(&url)).await.status, 401);
}

#[tokio::test]
async fn a_change_without_a_json_content_type_is_refused() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let location = json!({"CertificateStoreId": store, "Alias": "a"});
    let body = json!({"CertificateStores": [location], "Schedule": {"Immediate": true}}).to_string();
    let refused = [
        (None, ""),
        (Some("text/plain"), "text/plain"),
        (Some("application/x-www-form-urlencoded; charset=utf-8"), "application/x-www-form-urlencoded"),
        (Some("application/jsonp"), "application/jsonp"),
        (Some("text/problem+json"), "text/problem+json"),
    ];
    for (content_type, named) in refused {
        for path in [
            "CertificateStores/Certificates/Remove",
            "CertificateStores/Certificates/Add",
            "CertificateStores/Schedule",
            "Certificates/Revoke",
            "OrchestratorJobs/Unschedule",
            "OrchestratorJobs/Reschedule",
            "OrchestratorJobs/Acknowledge",
        ] {
            let answer = post_as(&fake, path, content_type, body.clone()).await;
            let message = format!("The content type '{named}' is not supported.");
            assert_eq!((answer.status, answer.message()), (415, &*message), "{path}");
        }
    }
    for broken in ["", "{", r#"{"CertificateStores": [],}"#, "CertificateStores=1"] {
        let path = "CertificateStores/Certificates/Remove";
        let answer = post_as(&fake, path, Some("application/json"), broken.to_owned()).await;
        assert_eq!(answer.status, 400, "{broken}");
        assert!(answer.message().starts_with("The body is not JSON: "), "{broken}: {answer:?}");
    }
    assert!(fake.jobs().is_empty());
    let taken = [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "Application/JSON",
        "text/json",
        "application/json-patch+json",
        "application/vnd.example+json; charset=utf-8",
    ];
    for content_type in taken {
        let answer = post_as(&fake, "CertificateStores/Certificates/Remove", Some(content_type), body.clone()).await;
        assert_eq!(answer.status, 200, "{content_type}");
    }
    assert_eq!(fake.jobs().len(), taken.len());
    let url = format!("{}/CertificateStores/Certificates/Remove", fake.url());
    assert_eq!(ask(HTTP.post(url).body(body)).await.status, 401, "whoever may not ask is not told");
}

#[tokio::test]
async fn a_read_with_a_body_is_answered_as_without() {
    let fake = with_three_of_everything().await;
    for path in ["Certificates", "CertificateStores", "OrchestratorJobs/JobHistory", "Status/Endpoints"] {
        let (with, without) = (get_with_body(&fake, path, "null").await, get(&fake, path).await);
        assert_eq!((with.status, with.body), (200, without.body), "{path}");
    }
}

#[tokio::test]
async fn the_endpoints_are_listed() {
    let fake = FakeKeyfactor::start().await;
    let answer = get(&fake, "Status/Endpoints").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("X-Keyfactor-Product-Version").unwrap().split('+').next(), Some("25.4.1"));
    let listed: Vec<&str> = answer.body.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(listed.len(), 18);
    assert!(listed.contains(&"POST /CertificateStores/Certificates/Remove"), "{listed:?}");
    for endpoint in listed {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let path = path.replace("{id}", "1");
        let answer = match method {
            "GET" => get(&fake, path.trim_start_matches('/')).await,
            _ => post(&fake, path.trim_start_matches('/'), json!({})).await,
        };
        assert!([200, 400, 404].contains(&answer.status), "{endpoint}: {answer:?}");
    }
    assert!(fake.unknown_requests().is_empty());
    let answer = ask(HTTP.get(format!("{}/Status/Endpoints", fake.url()))).await;
    assert_eq!(answer.status, 401);
    assert!(answer.header("X-Keyfactor-Product-Version").is_some());
}

#[tokio::test]
async fn the_api_may_be_below_another_path() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let before = fake.client();
    fake.set_api_path("/Keyfactor/API/");
    assert!(fake.url().ends_with("/Keyfactor/API"), "{}", fake.url());
    assert_eq!(fake.client().certificate_stores().get(store).send().await.unwrap().id, store);
    assert!(fake.unknown_requests().is_empty());
    before.certificate_stores().get(store).send().await.unwrap_err();
    assert_eq!(fake.unknown_requests().len(), 1);
}
