//! What a plan knows of the types of its stores, and what becomes of it.

use clm::keyfactor::{
    CertificateId, CertificateLocation, CertificateStoreId, Client, CustomAlias, JobFieldsFromInventory,
    PlannedStoreType, RemovalPlan, Restorability, Schedule, StoreReadiness,
};
use clm::testing::{
    FakeCertificate, FakeCustomAlias, FakeEntryParameter, FakeKeyfactor, FakeStoreType, KeyfactorPermission,
};
use serde_json::{Value, json};

use crate::support::keyfactor::client;
use crate::support::keyfactor_reads::{answer, calls, ok, page_of, target};
use crate::support::scripted::Scripted;

async fn plan(keyfactor: &Client, id: CertificateId) -> RemovalPlan {
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    keyfactor.certificate_stores().plan_removal(&located).await.unwrap()
}

fn types_read(fake: &FakeKeyfactor) -> Vec<String> {
    calls(fake).into_iter().filter(|call| call.contains("CertificateStoreTypes")).collect()
}

const SITE: [(&str, &str); 3] = [("SiteName", "Default Web Site"), ("IPAddress", "*"), ("Protocol", "https")];

/// An IIS store that holds a certificate once for each host, each under an alias of its own.
async fn hosts(names: &[&'static str]) -> (FakeKeyfactor, CertificateStoreId, CertificateId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store_of_type(FakeStoreType::iis());
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    for name in names {
        let alias = format!("{}:{name}", fake.thumbprint(id));
        fake.put_entry(store, alias, id, SITE.into_iter().chain([("HostName", *name)]));
    }
    (fake, store, id)
}

#[tokio::test]
async fn a_type_is_read_once_for_a_client_and_a_failure_is_not_remembered() {
    let (fake, _, id) = hosts(&["a.example.com"]).await;
    for store_type in [FakeStoreType::iis(), FakeStoreType::jks()] {
        let store = fake.add_store_of_type(store_type);
        fake.put_entry(store, fake.thumbprint(id), id, SITE);
    }
    let keyfactor = fake.client();
    let with_types =
        [KeyfactorPermission::ReadCertificates, KeyfactorPermission::ReadStores, KeyfactorPermission::ReadStoreTypes];
    // The first refusal tells of all types.
    fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ReadStores]);
    let unknown = plan(&keyfactor, id).await;
    assert!(unknown.removals.iter().all(|it| it.store_type.needs().is_none()));
    assert_eq!(types_read(&fake), ["GET CertificateStoreTypes/0"]);

    fake.restrict_to(with_types);
    let known = plan(&keyfactor, id).await;
    assert!(known.removals.iter().all(|it| it.store_type.needs().is_some()));
    assert_eq!(types_read(&fake)[1..], ["GET CertificateStoreTypes/0", "GET CertificateStoreTypes/104"]);

    // Now they are known, whatever the account may read; and clones share what they know.
    fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ReadStores]);
    assert_eq!(plan(&keyfactor.clone(), id).await.removals, known.removals);
    assert_eq!(types_read(&fake).len(), 3);
    assert_eq!(plan(&fake.client(), id).await.removals[0].store_type.needs(), None);
}

/// IIS tells hosts apart that share an address by their names.
#[tokio::test]
async fn entries_whose_alias_is_left_out_are_put_back_each_with_all_that_tells_it() {
    let (fake, store, id) = hosts(&["a.example.com", "b.example.com"]).await;
    let keyfactor = fake.client();
    let stores = keyfactor.certificate_stores();
    let plan = plan(&keyfactor, id).await;
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    assert!(fake.aliases(store).is_empty());
    stores.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    let rows = stores.inventory(store).rows().unwrap().collect().await.unwrap();
    let mut hosts: Vec<&str> = rows.iter().filter_map(|row| row.parameters["HostName"].as_str()).collect();
    hosts.sort_unstable();
    assert_eq!(hosts, ["a.example.com", "b.example.com"]);
}

#[tokio::test]
async fn one_of_several_entries_of_an_alias_is_told_by_all_that_is_shown_of_it() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    for site in ["Shop", "Intranet"] {
        fake.put_entry(store, "www", id, [("SiteName", site)]);
    }
    let keyfactor = fake.client();
    fake.set_store_type(FakeStoreType::new(102, "FakeCert").entry_parameter(FakeEntryParameter::new("SiteName")));
    let plan = plan(&keyfactor, id).await;
    assert!(plan.removals.iter().all(|it| it.is_one_of_several));
    let sites: Vec<Value> = plan.removals.iter().map(|it| json!(it.job_fields_on_remove())).collect();
    assert_eq!(sites, [json!({"SiteName": "Shop"}), json!({"SiteName": "Intranet"})]);
    let removal = keyfactor.certificate_stores().remove(&plan, Schedule::Immediate).send().await.unwrap();
    assert_eq!((removal.job_ids().len(), removal.repeated().len()), (2, 0));
    fake.run_jobs();
    assert!(fake.aliases(store).is_empty());
}

#[tokio::test]
async fn a_plan_of_before_that_knows_no_types_is_carried_out_and_put_back() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store_of_type(FakeStoreType::new(7, "Any").custom_alias(FakeCustomAlias::Required));
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    fake.put_entry(store, "www", id, [("SiteName", "Shop")]);
    let keyfactor = fake.client();
    let mut written = serde_json::to_value(plan(&keyfactor, id).await).unwrap();
    let removal = written["removals"][0].as_object_mut().unwrap();
    assert!(removal.remove("store_type").is_some() && removal.remove("is_one_of_several").is_some());
    let plan: RemovalPlan = serde_json::from_value(written).unwrap();
    let removal = &plan.removals[0];
    assert_eq!(
        serde_json::to_value(&removal.store_type).unwrap(),
        json!({"unknown": {"why": "the plan does not contain the store type"}})
    );
    assert_eq!((removal.alias_on_add(), removal.job_fields_on_remove().len()), (Some("www"), 0));
    let stores = keyfactor.certificate_stores();
    stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    let addition = stores.add_back(&plan, Schedule::Immediate);
    addition.job_fields_from_inventory(JobFieldsFromInventory::Always).send().await.unwrap();
    fake.run_jobs();
    assert_eq!(fake.aliases(store), ["www"]);
    let rows = stores.inventory(store).rows().unwrap().collect().await.unwrap();
    assert_eq!(rows[0].parameters["SiteName"], "Shop");
}

/// What the inventory shows is no secret, and an answer that repeats it is told as it came; what the caller gives may be one.
#[tokio::test]
async fn what_comes_from_the_inventory_is_no_secret_and_what_the_caller_gives_may_be() {
    let (fake, store, id) = hosts(&["a.example.com"]).await;
    let plan = plan(&fake.client(), id).await;
    let inventory = json!([{
        "Name": plan.removals[0].alias,
        "CertStoreId": store,
        "Certificates": [{"Thumbprint": plan.removals[0].thumbprint}],
    }]);
    let message = json!({"Message": "no site Default Web Site with pin marker-pin-4711"});
    let server = Scripted::start([ok(&inventory), ok(&json!([])), answer(400, "", &message)]).await;
    let stores = client(&server.origin).certificate_stores();
    let removal = stores.remove(&plan, Schedule::Immediate).accept_other_server();
    let removal = removal.map_locations(|it: CertificateLocation| it.job_field("Pin", "marker-pin-4711"));
    let error = removal.send().await.unwrap_err();
    let said = error.message().unwrap();
    assert!(said.contains("Default Web Site") && !said.contains("marker-pin-4711"), "{said}");
}

/// An inventory may show stars for a secret. These are given to no job.
#[tokio::test]
async fn what_an_inventory_shows_for_a_secret_is_given_to_no_job() {
    let fake = FakeKeyfactor::start().await;
    let secret = FakeEntryParameter::new("Pin").secret().needed_on_remove().needed_on_add();
    let shown = FakeEntryParameter::new("SiteName").needed_on_remove();
    let store = fake.add_store_of_type(FakeStoreType::new(7, "Any").entry_parameter(secret).entry_parameter(shown));
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    fake.put_entry(store, "www", id, [("Pin", "****"), ("SiteName", "Shop")]);
    let keyfactor = fake.client();
    let plan = plan(&keyfactor, id).await;
    let removal = &plan.removals[0];
    assert_eq!(json!(removal.job_fields_on_remove()), json!({"SiteName": "Shop"}));
    assert_eq!(removal.missing_on_remove().collect::<Vec<_>>(), ["Pin"]);
    assert_eq!(removal.missing_on_add().collect::<Vec<_>>(), ["Pin"]);
    let all = keyfactor.certificate_stores().remove(&plan, Schedule::Immediate);
    all.job_fields_from_inventory(JobFieldsFromInventory::Always).send().await.unwrap();
    let sent = fake.requests().last().unwrap().json();
    assert_eq!(sent["CertificateStores"][0]["JobFields"], json!({"SiteName": "Shop"}));
}

/// One alias with two entries, and a type that names what tells them apart.
async fn two_sites(sites: [&'static str; 2]) -> (FakeKeyfactor, CertificateStoreId, CertificateId) {
    let fake = FakeKeyfactor::start().await;
    let store_type = FakeStoreType::new(7, "Any").entry_parameter(FakeEntryParameter::new("SiteName"));
    let store = fake.add_store_of_type(store_type);
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    for site in sites {
        fake.put_entry(store, "www", id, [("SiteName", site)]);
    }
    (fake, store, id)
}

/// Without job fields, nothing tells the entries of one alias apart: they are one removal, and one addition.
#[tokio::test]
async fn entries_of_an_alias_without_job_fields_are_removed_and_put_back_as_one() {
    let (fake, store, id) = two_sites(["Shop", "Intranet"]).await;
    let keyfactor = fake.client();
    let stores = keyfactor.certificate_stores();
    let plan = plan(&keyfactor, id).await;
    let removal = stores.remove(&plan, Schedule::Immediate).job_fields_from_inventory(JobFieldsFromInventory::Never);
    assert_eq!(removal.send().await.unwrap().job_ids().len(), 1);
    fake.run_jobs();
    assert!(fake.aliases(store).is_empty());
    let addition = stores.add_back(&plan, Schedule::Immediate);
    let addition = addition.job_fields_from_inventory(JobFieldsFromInventory::Never).send().await.unwrap();
    assert_eq!((addition.job_ids().len(), addition.entries().len()), (1, 1));
    fake.run_jobs();
    assert_eq!(fake.aliases(store), ["www"]);
    fake.remove_unseen(store, "www");
    let each = stores.add_back_each(&plan, Schedule::Immediate);
    let each = each.job_fields_from_inventory(JobFieldsFromInventory::Never).send().await.unwrap();
    assert_eq!(each.job_ids().count(), 1);
}

#[tokio::test]
async fn an_entry_that_shows_nothing_beside_one_that_does_is_refused_with_a_way_out() {
    let (fake, store, id) = two_sites(["Shop", ""]).await;
    let keyfactor = fake.client();
    let stores = keyfactor.certificate_stores();
    let plan = plan(&keyfactor, id).await;
    let refused = stores.remove(&plan, Schedule::Immediate).build().unwrap_err();
    let sentence = refused.problems()[0].sentence();
    assert!(
        sentence.contains("`map_locations`") && sentence.contains("`job_fields_from_inventory(Never)`"),
        "{sentence}"
    );
    let refused = stores.add_back(&plan, Schedule::Immediate).build().unwrap_err();
    let sentence = refused.problems()[0].sentence();
    assert!(sentence.contains("`map_entries`"), "{sentence}");

    let removal = stores.remove(&plan, Schedule::Immediate).job_fields_from_inventory(JobFieldsFromInventory::Never);
    removal.send().await.unwrap();
    fake.run_jobs();
    assert!(fake.aliases(store).is_empty());
}

/// An inventory may have one name twice, in two cases.
#[tokio::test]
async fn of_names_that_differ_in_case_alone_none_is_guessed() {
    let fake = FakeKeyfactor::start().await;
    let needed = |name| FakeEntryParameter::new(name).needed_on_remove();
    let store_type = ["SiteName", "Protocol", "Port"].map(needed).into_iter();
    let store_type = store_type.fold(FakeStoreType::new(7, "Any"), FakeStoreType::entry_parameter);
    let store = fake.add_store_of_type(store_type);
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    let shown = [
        ("SITENAME", "Intranet"),
        ("sitename", "Shop"),
        ("PROTOCOL", "http"),
        ("Protocol", "https"),
        ("PORT", "443"),
        ("port", "443"),
        ("PRIVATEKEYENTRY", "No"),
        ("PrivateKeyEntry", "Yes"),
    ];
    fake.put_entry(store, "www", id, shown);
    let plan = plan(&fake.client(), id).await;
    let removal = &plan.removals[0];
    assert_eq!(json!(removal.job_fields_on_remove()), json!({"Port": "443", "Protocol": "https"}));
    assert_eq!(removal.missing_on_remove().collect::<Vec<_>>(), ["SiteName"]);
    assert_eq!(removal.put_back, Restorability::Unclear);
}

/// Each place has the names of its type: a type without an end would make a plan without one.
#[tokio::test]
async fn a_type_with_endless_names_is_not_known_and_stops_no_plan() {
    for (name, count) in [("n".repeat(20_000), 1), ("name".to_owned(), 2_000)] {
        let fake = FakeKeyfactor::start().await;
        let parameters = (0..count).map(|number| FakeEntryParameter::new(format!("{name}{number}")));
        let store_type = parameters.fold(FakeStoreType::new(7, "Any"), FakeStoreType::entry_parameter);
        let store = fake.add_store_of_type(store_type);
        let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
        fake.put(store, "www", id);
        let plan = plan(&fake.client(), id).await;
        let PlannedStoreType::Unknown { why } = &plan.removals[0].store_type else { panic!("it is known") };
        assert_eq!(why, "the names of its entry parameters are too many or too long");
    }
}

/// A server that cannot be asked which stores support a removal still says of which types they are.
#[tokio::test]
async fn the_types_are_known_where_the_state_of_the_stores_is_not() {
    let thumbprint = "0123456789ABCDEF0123456789ABCDEF01234567";
    let server = Scripted::choosing(move |_, request| {
        let (path, query) = target(request);
        let store = json!("57070000-0000-4000-8000-000000000001");
        let certificates = json!([{"Thumbprint": thumbprint}]);
        if path == "CertificateStoreTypes/104" {
            return ok(&json!({"StoreType": 104, "CustomAliasAllowed": "Forbidden"}));
        }
        match (path.as_str(), page_of(request)) {
            ("Certificates", 1) => ok(&json!([{"Id": 2, "Thumbprint": thumbprint, "HasPrivateKey": true,
                "Locations": [{"Alias": "www", "ChainLevel": 0, "CertStoreId": store}]}])),
            ("CertificateStores", _) if query.contains("RemoveSupported") => {
                answer(400, "", &json!({"Message": "no field RemoveSupported"}))
            }
            ("CertificateStores", 1) => ok(&json!([{"Id": store, "CertStoreType": 104, "Approved": true}])),
            (it, 1) if it.ends_with("/Inventory") => ok(&json!([{"Name": "www", "Certificates": certificates}])),
            _ => ok(&json!([])),
        }
    })
    .await;
    let plan = client(&server.origin).certificate_stores().plan_removal_of([thumbprint]).send().await.unwrap();
    let removal = &plan.removals[0];
    assert_eq!(removal.readiness, StoreReadiness::default());
    assert_eq!(removal.store_type.needs().map(|it| &it.custom_alias), Some(&CustomAlias::Forbidden));
    assert_eq!(removal.alias_on_add(), None);
}
