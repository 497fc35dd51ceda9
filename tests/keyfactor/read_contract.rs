//! Every request that reads certificates and stores, and those that add and schedule, held against the vendor's schema.

use std::collections::BTreeSet;

use clm::keyfactor::{CertificateStoreEntry, CertificateStores, Client, Query, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor};
use serde_json::{Value, json};

use crate::support::contract::contract;
use crate::support::contract_requests::Sent;

/// What the vendor documents elsewhere and left out of this description.
const OUTSIDE_THE_CONTRACT: &str = "/CertificateStores/Schedule";

/// Where a request leaves the schema on purpose: the complaint, and the evidence.
const CONTAINER_IN_A_BODY: (&str, &str) = (
    "Additional properties are not allowed ('ContainerId' was unexpected)",
    "the vendor's page of the call: \"Use either ContainerId or CollectionId, not both\"",
);

/// Declared, and not sent: the vendor says that it has no use.
const WITHOUT_USE: [&str; 2] = ["PerformRoleCheck", "RoleIdList"];

/// Those of the stores, their types and their inventories: by what these can be sorted is undocumented by the vendor.
const UNSORTED: [&str; 2] = ["SortField", "SortAscending"];

/// The calls of the contract that this file is about.
const CALLS: [&str; 10] = [
    "get /Certificates",
    "get /Certificates/Locations/{id}",
    "get /Certificates/{id}",
    "get /CertificateStoreTypes",
    "get /CertificateStoreTypes/{id}",
    "get /CertificateStores",
    "get /CertificateStores/{id}",
    "get /CertificateStores/{id}/Inventory",
    "post /CertificateStores/Certificates/Add",
    "post /CertificateStores/Certificates/Remove",
];

async fn read_everything(keyfactor: &Client, fake: &FakeKeyfactor) {
    let certificates = keyfactor.certificates();
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www & more").collection(4).private_key());
    fake.put(store, "www.pfx", id);
    let search = || certificates.search(Query::field("IssuedCN").contains("& +"));
    for search in [
        certificates.search(Query::all()),
        search(),
        search()
            .collection_id(4)
            .include_revoked()
            .include_expired()
            .include_locations()
            .include_metadata()
            .include_has_private_key()
            .page_size(u32::try_from(i32::MAX).unwrap()),
    ] {
        search.rows().unwrap().collect().await.unwrap();
    }
    certificates.get(id).send().await.unwrap();
    certificates.get(id).collection_id(4).container_id(9).send().await.unwrap();
    certificates.get(id).container_id(9).send().await.unwrap();
    certificates.get(0).send().await.unwrap_err();
    certificates.get(i32::MAX).send().await.unwrap_err();
    certificates.locations(id).send().await.unwrap();
    certificates.locations(id).collection_id(4).send().await.unwrap();
    certificates.locations(id).container_id(9).send().await.unwrap();
    let stores = keyfactor.certificate_stores();
    stores.list(Query::all()).rows().unwrap().collect().await.unwrap();
    stores.list(Query::field("Approved").eq(true)).rows().unwrap().collect().await.unwrap();
    stores.get(store).send().await.unwrap();
    let types = keyfactor.certificate_store_types();
    types.list(Query::field("ShortName").eq("JKS")).rows().unwrap().collect().await.unwrap();
    types.get(102).send().await.unwrap();
    types.get(-1).send().await.unwrap_err();
    stores.inventory(store).rows().unwrap().collect().await.unwrap();
    let located = certificates.locations_of(id).collection_id(4).send().await.unwrap();
    certificates.locations_of(fake.thumbprint(id)).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    stores.remove(&plan, Schedule::Immediate).one_job_per_location().send().await.unwrap();
    stores.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    stores.schedule_inventory([store], Schedule::Immediate).send().await.unwrap();
    add_in_every_way(&stores, CertificateStoreEntry::new(store)).await;
}

async fn add_in_every_way(stores: &CertificateStores, entry: CertificateStoreEntry) {
    let full = entry.clone().alias("ä \"x\"").overwrite().include_private_key();
    let full = full.entry_password("p").pfx_password("q").job_field("A", "b").job_field("N", 1.5).job_field("T", true);
    let once = Schedule::ExactlyOnce { time: "2026-03-19T23:30:00Z".parse().unwrap() };
    for call in [
        stores.add_certificates(1, [entry.clone()], Schedule::Immediate),
        stores.add_certificates(1, [full, entry.alias("x")], once).collection_id(4),
    ] {
        // What the fake makes of it is another question.
        drop(call.send().await);
    }
}

#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn every_request_is_the_vendors_except_for_what_is_listed() {
    let contract = contract();
    let fake = FakeKeyfactor::start().await;
    read_everything(&fake.client(), &fake).await;
    let mut calls = BTreeSet::new();
    let mut parameters = BTreeSet::new();
    let mut outside = 0;
    for request in &fake.requests() {
        let sent = Sent::from(request);
        if sent.path == OUTSIDE_THE_CONTRACT {
            outside += 1;
            continue;
        }
        let shown = format!("{} {} {:?} {}", sent.method, sent.path, sent.query, request.json());
        assert_eq!(sent.complaints(&contract), Vec::<String>::new(), "{shown}");
        let (path, _) = sent.call(&contract).unwrap();
        let call = format!("{} {path}", sent.method);
        parameters.extend(sent.query.iter().map(|(name, _)| (call.clone(), name.clone())));
        calls.insert(call);
    }
    assert_eq!(outside, 1);
    assert_eq!(calls, CALLS.map(str::to_owned).into());
    assert!(fake.unknown_requests().is_empty());

    // Every parameter that the vendor declares is sent by something, or listed.
    for call in CALLS {
        let (method, path) = call.split_once(' ').unwrap();
        for parameter in contract["paths"][path][method]["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap();
            let listed = WITHOUT_USE.contains(&name) || (path.contains("Store") && UNSORTED.contains(&name));
            if parameter["in"] == "query" {
                assert_ne!(parameters.contains(&(call.to_owned(), name.to_owned())), listed, "{call}: {name}");
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn a_container_in_the_body_of_an_addition_is_listed_as_outside() {
    let contract = contract();
    let fake = FakeKeyfactor::start().await;
    let entry = CertificateStoreEntry::new(fake.add_store());
    let id = fake.issue(FakeCertificate::new("www"));
    let stores = fake.client().certificate_stores();
    stores.add_certificates(id, [entry], Schedule::Immediate).container_id(9).send().await.unwrap();
    let (complaint, evidence) = CONTAINER_IN_A_BODY;
    assert_eq!(Sent::from(&fake.requests()[0]).complaints(&contract), [complaint], "{evidence}");
}

// A page larger than the vendor's `int32` is a request that no server can read.
#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn no_size_of_a_page_is_larger_than_the_vendor_counts() {
    let contract = contract();
    let fake = FakeKeyfactor::start().await;
    let search = fake.client().certificates().search(Query::all()).page_size(u32::MAX);
    drop(search.rows().unwrap().collect().await);
    for request in &fake.requests() {
        assert_eq!(Sent::from(request).complaints(&contract), Vec::<String>::new(), "{}", request.query());
    }
}

// Without this, a checker that takes everything would look like a contract that is kept.
#[tokio::test]
#[ignore = "needs the vendor's schema beside the repository"]
async fn the_checker_refuses_what_it_has_to() {
    let contract = contract();
    let good = |path: &str, query: &[(&str, &str)]| Sent {
        method: "get".to_owned(),
        path: path.to_owned(),
        query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        headers: vec![("x-keyfactor-requested-with".to_owned(), "APIClient".to_owned())],
        body: Vec::new(),
    };
    let guid = "f0cc1a2b-0000-4000-8000-00000000c476";
    for (sent, taken) in [
        (good("/Certificates", &[("collectionId", "4"), ("SortAscending", "1")]), true),
        (good("/Certificates", &[("CollectionId", "4")]), false),
        (good("/Certificates", &[("containerId", "4")]), false),
        (good("/Certificates", &[("pq.queryString", "x")]), false),
        (good("/Certificates", &[("collectionId", "four")]), false),
        (good("/Certificates", &[("collectionId", "4"), ("collectionId", "5")]), false),
        (good("/Certificates", &[("includeLocations", "yes")]), false),
        (good("/Certificates", &[("SortAscending", "2")]), false),
        (good("/Certificates", &[("ReturnLimit", "2147483648")]), false),
        (good("/Certificates/7", &[("containerId", "4")]), true),
        (good("/Certificates/-1", &[]), false),
        (good("/Certificates/x", &[]), false),
        (good("/Certificates/Locations/7", &[]), true),
        (good("/Certificates/Locations/7", &[("includeLocations", "true")]), false),
        (good(&format!("/CertificateStores/{guid}"), &[]), true),
        (good("/CertificateStores/7", &[]), false),
        (good(&format!("/CertificateStores/{guid}/Inventory"), &[("QueryString", "x")]), false),
        (good(&format!("/CertificateStores/{guid}/inventory"), &[]), false),
        (good("/CertificateStores/Certificates/Add", &[]), false),
        (Sent { headers: vec![], ..good("/Certificates", &[]) }, false),
        (Sent { body: b"null".to_vec(), ..good("/Certificates", &[]) }, false),
    ] {
        assert_eq!(sent.complaints(&contract).is_empty(), taken, "{} {:?}", sent.path, sent.query);
    }
    let add = |change: fn(&mut Value)| {
        let mut body = json!({"CertificateId": 1, "CertificateStores": [{"CertificateStoreId": guid}],
            "Schedule": {"Immediate": true}});
        change(&mut body);
        let headers = [("x-keyfactor-requested-with", "APIClient"), ("content-type", "application/json")];
        Sent {
            method: "post".to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: body.to_string().into_bytes(),
            ..good("/CertificateStores/Certificates/Add", &[])
        }
    };
    for (sent, taken) in [
        (add(|_| {}), true),
        (add(|it| it["CertificateId"] = json!("1")), false),
        (add(|it| it["CertificateStores"][0]["PfxPassword"] = Value::Null), true),
        (add(|it| it["CertificateStores"][0]["EntryPassword"] = json!("plain")), false),
        (add(|it| it["CertificateStores"][0]["EntryPassword"] = json!({"SecretValue": "x"})), true),
        (add(|it| it["CertificateStores"][0]["Unknown"] = json!(1)), false),
        (add(|it| drop(it.as_object_mut().unwrap().remove("Schedule"))), false),
    ] {
        assert_eq!(sent.complaints(&contract).is_empty(), taken, "{}", String::from_utf8_lossy(&sent.body));
    }
}
