//! Rows keep what they do not know, take null where servers send it, and read what several versions write.

use std::fmt::Debug;

use clm::keyfactor::{
    Certificate, CertificateLocations, CertificateStore, CertificateStoreId, InventoryCertificate, InventoryEntry,
    JobHistoryEntry, JobResult, JobStatus, Query,
};
use clm::testing::{FakeCertificate, FakeKeyfactor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::support::fake_keyfactor::get;
use crate::support::keyfactor::{STORE, client};
use crate::support::keyfactor_reads::paged;

/// One row of every kind, with every member that the vendor declares, as a server answers it.
struct Answered {
    certificate: Value,
    single_certificate: Value,
    locations: Value,
    store: Value,
    single_store: Value,
    entry: Value,
}

async fn answered() -> Answered {
    let fake = FakeKeyfactor::start().await;
    let store: CertificateStoreId = fake.add_store_in(7);
    fake.set_store(store, |it| {
        it.inventory_schedule(json!({"Interval": {"Minutes": 60}})).properties(json!({"A": {"value": "b"}}))
    });
    let root = fake.issue(FakeCertificate::new("root"));
    let leaf = FakeCertificate::new("www").private_key().metadata("Owner", "web").revoked();
    fake.put_with_chain(store, "www.pfx", fake.issue(leaf), [root]);
    let list = "Certificates?includeLocations=true&includeMetadata=true&includeHasPrivateKey=true&IncludeRevoked=true";
    let answer = async |path: String| get(&fake, &path).await.body;
    Answered {
        certificate: answer(format!("{list}&QueryString=CertId -eq 2")).await[0].clone(),
        single_certificate: answer("Certificates/2?includeLocations=true".to_owned()).await,
        locations: answer("Certificates/Locations/2".to_owned()).await,
        store: answer("CertificateStores".to_owned()).await[0].clone(),
        single_store: answer(format!("CertificateStores/{store}")).await,
        entry: answer(format!("CertificateStores/{store}/Inventory")).await[0].clone(),
    }
}

/// Null where it says nothing and where nothing stands are one; so are what is empty and null.
fn without_empty(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| (name.clone(), without_empty(value)))
            .filter(|(_, value)| !matches!(value, Value::Null) && *value != json!({}) && *value != json!([]))
            .filter(|(_, value)| *value != json!("") && *value != json!(false))
            .collect(),
        Value::Array(items) => items.iter().map(without_empty).collect(),
        other => other.clone(),
    }
}

/// Reads it, writes it, and reads it again: nothing is lost on the way.
fn keeps<T: DeserializeOwned + Serialize + PartialEq + Debug>(mut row: Value, places: &[&str]) -> T {
    for place in places {
        row.pointer_mut(place).unwrap()["AddedLater"] = json!({"Since": "99.1", "Values": [1, null]});
    }
    let read: T = serde_json::from_value(row.clone()).unwrap();
    let written = serde_json::to_value(&read).unwrap();
    assert_eq!(without_empty(&written), without_empty(&row));
    assert_eq!(serde_json::from_value::<T>(written).unwrap(), read);
    read
}

// Minor releases may add members, says the vendor.
#[tokio::test]
async fn every_row_keeps_what_it_does_not_know() {
    let it = answered().await;
    let certificate: Certificate = keeps(it.certificate, &["", "/Locations/0"]);
    assert_eq!(certificate.extra.get("AddedLater").unwrap()["Since"], "99.1");
    assert_eq!(certificate.extra.get("KeySizeInBits").unwrap(), 2048);
    assert_eq!(certificate.locations[0].extra.get("StoreType").unwrap(), 102);
    assert!(certificate.extra.get("CRLDistributionPoints").is_some(), "as the wire spells it");
    let certificate: Certificate = keeps(it.single_certificate, &["", "/Locations/0"]);
    assert_eq!(certificate.extra.get("IsCACertificate").unwrap(), false);
    let store: CertificateStore = keeps(it.store, &[""]);
    assert_eq!(store.extra.get("AddedLater").unwrap()["Values"][0], 1);
    let store: CertificateStore = keeps(it.single_store, &[""]);
    assert!(store.extra.get("SetNewPasswordAllowed").is_some());
    let entry: InventoryEntry = keeps(it.entry, &["", "/Certificates/0", "/Certificates/1"]);
    assert_eq!(entry.certificates[1].extra.get("CertState").unwrap(), 0);
    assert_eq!(entry.leaf().unwrap().extra.get("SigningAlgorithm").unwrap(), "SHA-256");
}

// The trap: the member is `IPAddress` in older and in v25's own documents, and `IpAddress` in version 11's.
#[tokio::test]
async fn locations_by_type_keep_what_they_do_not_know_in_either_spelling() {
    let mut row = answered().await.locations;
    let places = ["", "/Details/0", "/Details/0/Locations/0"];
    row.pointer_mut(places[2]).unwrap()["NetworkName"] = json!("dmz");
    for spelling in ["IPAddress", "IpAddress"] {
        let mut row = row.clone();
        let place = row.pointer_mut(places[2]).unwrap().as_object_mut().unwrap();
        place.remove("IPAddress");
        place.insert(spelling.to_owned(), json!("192.0.2.7"));
        for place in places {
            row.pointer_mut(place).unwrap()["AddedLater"] = json!(1);
        }
        let read: CertificateLocations = serde_json::from_value(row).unwrap();
        let place = &read.details[0].locations[0];
        assert_eq!(place.ip_address.as_deref(), Some("192.0.2.7"), "{spelling}");
        assert_eq!(place.extra.get("NetworkName").unwrap(), "dmz");
        assert_eq!(
            [&read.extra, &read.details[0].extra, &place.extra].map(|it| it.get("AddedLater").unwrap()),
            [1, 1, 1]
        );
    }
}

/// Every member of an object except these, one after the other: null, and not there at all.
fn takes_null<T: DeserializeOwned + Debug>(row: &Value, place: &str, required: &[&str]) {
    let names: Vec<String> = row.pointer(place).unwrap().as_object().unwrap().keys().cloned().collect();
    assert!(names.len() > required.len());
    for name in names.iter().filter(|name| !required.contains(&name.as_str())) {
        let mut changed = row.clone();
        changed.pointer_mut(place).unwrap()[name] = Value::Null;
        serde_json::from_value::<T>(changed.clone()).unwrap_or_else(|error| panic!("{place}/{name} null: {error}"));
        changed.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(name);
        serde_json::from_value::<T>(changed).unwrap_or_else(|error| panic!("{place}/{name} left out: {error}"));
    }
}

#[tokio::test]
async fn every_member_but_the_name_may_be_null_or_left_out() {
    let it = answered().await;
    takes_null::<Certificate>(&it.certificate, "", &["Id"]);
    takes_null::<Certificate>(&it.certificate, "/Locations/0", &[]);
    takes_null::<Certificate>(&it.single_certificate, "", &["Id"]);
    takes_null::<CertificateLocations>(&it.locations, "", &[]);
    takes_null::<CertificateLocations>(&it.locations, "/Details/0", &[]);
    takes_null::<CertificateLocations>(&it.locations, "/Details/0/Locations/0", &[]);
    takes_null::<CertificateStore>(&it.store, "", &["Id"]);
    takes_null::<CertificateStore>(&it.single_store, "", &["Id"]);
    takes_null::<InventoryEntry>(&it.entry, "", &["Name"]);
    takes_null::<InventoryEntry>(&it.entry, "/Certificates/0", &[]);
}

#[tokio::test]
async fn a_row_with_a_value_that_no_list_of_values_has_is_a_row() {
    let it = answered().await;
    let later = [json!(99_999), json!(-1), json!("AddedLater (17)")];
    let mut rows = Vec::new();
    for value in &later {
        for member in ["CertState", "KeyType", "AltKeyType", "RevocationReason"] {
            let mut row = it.certificate.clone();
            row[member] = value.clone();
            row["Id"] = json!(rows.len() + 1);
            rows.push(row);
        }
    }
    let mut row = it.certificate.clone();
    (row["Id"], row["CertStateString"]) = (json!(rows.len() + 1), json!("Teleported (17)"));
    row["Locations"][0]["ChainLevel"] = json!(77);
    rows.push(row);
    let count = rows.len();
    let server = paged([rows]).await;
    let rows = client(&server.origin).certificates().search(Query::all()).rows().unwrap().collect().await.unwrap();
    assert_eq!(rows.len(), count, "no page fails because of one row");
    assert_eq!(rows[count - 1].cert_state_string.as_deref(), Some("Teleported (17)"));
    assert_eq!(rows[0].extra.get("CertState").unwrap(), 99_999);
    // In stores and inventories these are bare numbers, or kept as they are.
    let mut store = it.single_store;
    (store["CertStoreType"], store["ReenrollmentStatus"]) = (json!(-1), json!({"CustomAliasAllowed": "Later"}));
    assert_eq!(serde_json::from_value::<CertificateStore>(store).unwrap().cert_store_type, Some((-1).into()));
    let mut entry = it.entry;
    entry["Certificates"][0]["CertState"] = json!("Later");
    assert_eq!(serde_json::from_value::<InventoryEntry>(entry).unwrap().certificates.len(), 2);
}

// The trap: times of older servers have no zone and mean UTC.
#[test]
fn times_are_read_in_every_form_and_kept_as_they_came() {
    for (text, read) in [
        ("2026-03-19T21:26:35.967Z", Some("2026-03-19T21:26:35.967Z")),
        ("2026-03-19T21:26:35Z", Some("2026-03-19T21:26:35Z")),
        ("2023-05-06T00:27:00", Some("2023-05-06T00:27:00Z")),
        ("2023-05-06T00:27:00.5", Some("2023-05-06T00:27:00.5Z")),
        ("2023-05-06T02:27:00+02:00", Some("2023-05-06T00:27:00Z")),
        ("soon", None),
        ("", None),
    ] {
        let certificate: Certificate = serde_json::from_value(json!({"Id": 1, "NotAfter": text})).unwrap();
        let time = certificate.not_after.unwrap();
        assert_eq!((time.as_str(), time.timestamp()), (text, read.map(|it| it.parse().unwrap())));
        assert_eq!(time.to_string(), text);
    }
}

fn store(members: &Value) -> CertificateStore {
    let mut row = json!({"Id": STORE});
    row.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(row).unwrap()
}

// The trap: properties are JSON inside a text.
#[test]
fn properties_are_read_out_of_their_text() {
    for (text, properties) in [
        (json!(r#"{"privateKeyPath":{"value":null},"n":1}"#), Some(json!({"privateKeyPath": {"value": null}, "n": 1}))),
        (json!("{}"), Some(json!({}))),
        (json!("{broken"), None),
        (json!(""), None),
        (Value::Null, None),
    ] {
        let read = store(&json!({"Properties": text}));
        assert_eq!((read.properties(), json!(read.properties_text)), (properties, text));
    }
}

// The traps: `Storepath` in stores, `StorePath` elsewhere; an empty container name here, null there.
#[test]
fn a_path_is_read_in_either_spelling() {
    for name in ["Storepath", "StorePath"] {
        let mut row = json!({"ContainerName": ""});
        row[name] = json!("/etc/ssl");
        assert_eq!(store(&row).store_path.as_deref(), Some("/etc/ssl"));
    }
    let written = serde_json::to_value(store(&json!({"Storepath": "x"}))).unwrap();
    assert_eq!(written["Storepath"], "x", "as the server spells it");
}

// The trap: `{}` and null both mean no schedule.
#[test]
fn a_store_tells_whether_its_inventory_is_read_again() {
    for (schedule, job, scheduled) in [
        (json!({}), Value::Null, false),
        (Value::Null, Value::Null, false),
        (json!({"Daily": {"Time": "2026-03-19T23:30:00Z"}}), Value::Null, true),
        (json!({"Interval": {"Minutes": 60}, "Immediate": null}), Value::Null, true),
        (json!({"Immediate": null, "Interval": null, "Daily": null}), Value::Null, false),
        (json!({"Immediate": false}), Value::Null, false),
        (Value::Null, json!(STORE), true),
        (json!({}), json!(STORE), true),
    ] {
        let read = store(&json!({"InventorySchedule": schedule, "CertStoreInventoryJobId": job}));
        assert_eq!(read.has_inventory_schedule(), scheduled, "{schedule} {job}");
    }
}

// Version 11 writes two more members into a schedule: whether it is empty, and its short form.
#[test]
fn an_empty_schedule_that_says_so_is_none() {
    for schedule in [json!({"IsEmpty": true}), json!({"IsEmpty": true, "Schedule": null, "Immediate": null})] {
        let read = store(&json!({"InventorySchedule": schedule}));
        assert!(!read.has_inventory_schedule(), "{schedule}");
    }
    let read = store(&json!({"InventorySchedule": {"IsEmpty": false, "Interval": {"Minutes": 60}}}));
    assert!(read.has_inventory_schedule());
}

#[test]
fn an_entry_without_certificates_has_no_leaf_and_no_chain() {
    let entry: InventoryEntry = serde_json::from_value(json!({"Name": "A", "Certificates": null})).unwrap();
    assert_eq!((entry.leaf(), entry.chain()), (None, &[] as &[InventoryCertificate]));
}

// A row that says nothing yet is a row.
#[test]
fn a_run_without_result_and_status_is_unknown_yet() {
    for row in [json!({}), json!({"Result": null, "Status": null})] {
        let mut whole = json!({"JobId": STORE, "JobHistoryId": 7});
        whole.as_object_mut().unwrap().extend(row.as_object().unwrap().clone());
        let entry: JobHistoryEntry = serde_json::from_value(whole).unwrap();
        assert_eq!((entry.result, entry.status), (JobResult::Unknown, JobStatus::Unknown), "{row}");
    }
}

// The trap: an empty text stands where others write null.
#[test]
fn an_empty_text_is_no_id() {
    let store = store(&json!({"AgentId": "", "ContainerId": " ", "CertStoreInventoryJobId": ""}));
    assert_eq!((store.agent_id, store.container_id, store.cert_store_inventory_job_id), (None, None, None));
    let certificate: Certificate =
        serde_json::from_value(json!({"Id": 1, "Locations": [{"Alias": "a", "CertStoreId": "", "ChainLevel": ""}]}))
            .unwrap();
    assert_eq!((certificate.locations[0].cert_store_id, certificate.locations[0].chain_level), (None, None));
    let entry: InventoryEntry = serde_json::from_value(json!({"Name": "a", "CertStoreId": ""})).unwrap();
    assert_eq!(entry.cert_store_id, None);
    for (member, wrong) in [
        ("AgentId", json!({"Id": STORE, "AgentId": "agent"})),
        ("ContainerId", json!({"Id": STORE, "ContainerId": []})),
    ] {
        let error = serde_json::from_value::<CertificateStore>(wrong.clone()).unwrap_err();
        assert!(error.to_string().contains(member), "{wrong}: {error}");
    }
}
