//! Types of certificate stores are read as servers write them, and the fake holds jobs to them.

use clm::keyfactor::{
    CertificateLocation, CertificateStoreEntry, CertificateStoreType, CustomAlias, EntryParameter, EntryParameterType,
    Error, ErrorKind, LookupError, PrivateKeyAllowed, Query, Schedule,
};
use clm::testing::{
    FakeCertificate, FakeJobState, FakeKeyfactor, FakeOrchestrator, FakeStoreType, KeyfactorPermission,
};
use serde_json::{Value, json};

use crate::support::keyfactor::client;
use crate::support::keyfactor_reads::{calls, client_of, lookup, ok};
use crate::support::scripted::Scripted;

fn names<'a>(parameters: impl Iterator<Item = &'a EntryParameter>) -> Vec<&'a str> {
    parameters.map(|parameter| parameter.name.as_str()).collect()
}

#[tokio::test]
async fn a_type_says_what_its_stores_need_in_both_spellings() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store_of_type(FakeStoreType::iis());
    let keyfactor = fake.client();
    let id = keyfactor.certificate_stores().get(store).send().await.unwrap().cert_store_type.unwrap();
    for by_schema in [false, true] {
        if by_schema {
            fake.write_store_types_by_schema();
        }
        let iis = keyfactor.certificate_store_types().get(id).send().await.unwrap();
        assert_eq!((iis.id.get(), iis.short_name.as_deref()), (104, Some("IISU")));
        assert_eq!((&iis.custom_alias, &iis.private_key), (&CustomAlias::Forbidden, &PrivateKeyAllowed::Optional));
        assert_eq!(names(iis.needed_on_add()), ["SiteName", "IPAddress", "Protocol"]);
        assert_eq!(names(iis.needed_on_remove()), ["SiteName", "IPAddress", "Protocol"]);
        let protocol = iis.entry_parameters.last().unwrap();
        assert_eq!(protocol.parameter_type, EntryParameterType::MultipleChoice);
        assert_eq!(protocol.options().collect::<Vec<_>>(), ["https", "http"]);
        assert_eq!(protocol.default_value.as_deref(), Some("https"));
        assert_eq!(protocol.required_when.is_null(), by_schema);
        assert!(!protocol.is_required_on_reenrollment() && !protocol.is_required_with_private_key());
        assert_eq!(iis.extra.get("LocalStore"), Some(json!(false)));
        let again: CertificateStoreType = serde_json::from_value(serde_json::to_value(&iis).unwrap()).unwrap();
        assert_eq!(again, iis);
    }
    assert!(fake.unknown_requests().is_empty());
}

#[tokio::test]
async fn type_zero_is_one_and_the_list_has_them_all() {
    let fake = FakeKeyfactor::start().await;
    let _ =
        (fake.add_store(), fake.add_store_of_type(FakeStoreType::jks()), fake.add_store_of_type(FakeStoreType::pem()));
    let types = fake.client().certificate_store_types();
    let jks = types.get(0).send().await.unwrap();
    assert_eq!((jks.name.as_deref(), jks.custom_alias), (Some("Java Keystore"), CustomAlias::Required));
    let mut rows = types.list(Query::all()).page_size(2).rows().unwrap();
    let mut listed = Vec::new();
    while let Some(row) = rows.next().await {
        listed.push(row.unwrap().id.get());
    }
    assert_eq!((listed, rows.total()), (vec![0, 2, 102], Some(3)));
    let rows = types.list(Query::field("ShortName").eq("PEM")).rows().unwrap().collect().await.unwrap();
    assert_eq!(rows.iter().map(|row| row.id.get()).collect::<Vec<_>>(), [2]);
    assert!(calls(&fake).contains(&"GET CertificateStoreTypes/0".to_owned()));
}

fn parameter(members: &Value) -> EntryParameter {
    let mut row = json!({"Name": "SiteName"});
    row.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(row).unwrap()
}

#[test]
fn what_either_member_calls_required_is_required() {
    for (members, required) in [
        (json!({}), false),
        (json!({"RequiredWhen": null, "ValidationOptions": null}), false),
        (json!({"RequiredWhen": {"OnRemove": true}}), true),
        (json!({"RequiredWhen": {"OnAdd": true}}), false),
        (json!({"requiredWhen": {"onRemove": true}}), true),
        (json!({"ValidationOptions": {"OnRemove": 1}}), true),
        (json!({"ValidationOptions": {"OnRemove": 0}}), false),
        // What 2 means is not known.
        (json!({"ValidationOptions": {"OnRemove": 2}}), false),
        (json!({"RequiredWhen": {"OnRemove": false}, "ValidationOptions": {"OnRemove": 1}}), true),
        (json!({"RequiredWhen": {"OnRemove": true}, "ValidationOptions": {"OnRemove": 0}}), true),
        (json!({"RequiredWhen": {"OnRemove": "true"}}), true),
        (json!({"ValidationOptions": {"OnRemove": "Required"}}), true),
        (json!({"ValidationOptions": {"OnRemove": "1"}}), true),
        (json!({"RequiredWhen": "OnRemove", "ValidationOptions": [1]}), false),
    ] {
        let read = parameter(&members);
        assert_eq!(read.is_required_on_remove(), required, "{members}");
        let sent = members.get("ValidationOptions").cloned().unwrap_or_default();
        assert_eq!(read.validation_options, sent, "as it was sent");
    }
    assert!(parameter(&json!({"ValidationOptions": {"OnODKG": 1}})).is_required_on_reenrollment());
    assert!(parameter(&json!({"RequiredWhen": {"OnReenrollment": true}})).is_required_on_reenrollment());
    assert!(parameter(&json!({"RequiredWhen": {"HasPrivateKey": true}})).is_required_with_private_key());
}

#[test]
fn unknown_values_are_kept_and_missing_ones_say_nothing() {
    let read = |members: Value| serde_json::from_value::<CertificateStoreType>(members).unwrap();
    let odd = read(json!({"StoreType": "7", "CustomAliasAllowed": "Sometimes", "PrivateKeyAllowed": 9, "New": [1]}));
    assert_eq!((odd.id.get(), &odd.custom_alias), (7, &CustomAlias::Other("Sometimes".to_owned())));
    assert_eq!(odd.private_key, PrivateKeyAllowed::Other("9".to_owned()));
    assert_eq!(odd.extra.get("New"), Some(json!([1])));
    let sparse = read(json!({"StoreType": 0}));
    assert_eq!((&sparse.custom_alias, sparse.entry_parameters.len()), (&CustomAlias::Unknown, 0));
    assert_eq!(read(serde_json::to_value(&sparse).unwrap()), sparse);
    assert_eq!(parameter(&json!({"Type": "Rainbow"})).parameter_type, EntryParameterType::Other("Rainbow".to_owned()));
    assert_eq!(parameter(&json!({"Type": 3})).parameter_type, EntryParameterType::Secret);
    for (number, alias) in [(0, CustomAlias::Forbidden), (1, CustomAlias::Optional), (2, CustomAlias::Required)] {
        assert_eq!(read(json!({"StoreType": 0, "CustomAliasAllowed": number})).custom_alias, alias);
        assert_eq!(read(json!({"StoreType": 0, "CustomAliasAllowed": alias.as_str()})).custom_alias, alias);
    }
}

#[tokio::test]
async fn another_type_is_refused_and_so_is_a_number_that_is_none() {
    let server = Scripted::start([ok(&json!({"StoreType": 2}))]).await;
    let types = client(&server.origin).certificate_store_types();
    let error = lookup(types.get(0).send().await.unwrap_err());
    let LookupError::NotAsked { what, got, asked, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*what, got.as_str(), asked.as_str()), ("certificate store type", "2", "0"));
    let Error::Validation(error) = types.get(-2).send().await.unwrap_err() else { panic!("it was sent") };
    assert_eq!(error.problems()[0].field(), "id");
}

#[tokio::test]
async fn an_unknown_type_is_not_found_and_a_forbidden_one_says_what_is_needed() {
    let fake = FakeKeyfactor::start().await;
    let types = client_of(&fake).certificate_store_types();
    assert_eq!(types.get(7).send().await.unwrap_err().kind(), Some(ErrorKind::NotFound));
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    for error in
        [types.get(0).send().await.unwrap_err(), types.list(Query::all()).rows().unwrap().collect().await.unwrap_err()]
    {
        assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
        assert!(error.remediation().unwrap().contains("permission to read certificate store types"), "{error:?}");
    }
}

#[tokio::test]
async fn the_fake_refuses_an_alias_that_a_type_forbids_and_an_addition_without_one_that_it_requires() {
    let fake = FakeKeyfactor::start().await;
    let [iis, jks] = [FakeStoreType::iis(), FakeStoreType::jks()].map(|it| fake.add_store_of_type(it));
    let certificate = fake.issue(FakeCertificate::new("www"));
    let stores = fake.client().certificate_stores();
    for (entry, message) in [
        (CertificateStoreEntry::new(iis).alias("www"), "The certificate store type 'IISU' does not allow an alias."),
        (CertificateStoreEntry::new(jks), "The certificate store type 'JKS' requires an alias."),
    ] {
        let error = stores.add_certificates(certificate, [entry], Schedule::Immediate).send().await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (Some(ErrorKind::BadRequest), Some(message)));
    }
    assert!(fake.jobs().is_empty());
}

#[tokio::test]
async fn the_fake_fails_a_job_that_is_not_told_what_its_type_needs() {
    let fake = FakeKeyfactor::start().await;
    fake.orchestrator(FakeOrchestrator::new());
    let store = fake.add_store_of_type(FakeStoreType::iis());
    fake.add_certificate(store, "www");
    let stores = fake.client().certificate_stores();
    let bare = CertificateLocation::new(store, "www");
    let told = bare.clone().job_field("SiteName", "Site").job_field("IPAddress", "*").job_field("Protocol", "https");
    for (location, state) in [(bare, FakeJobState::Failed), (told, FakeJobState::Succeeded)] {
        stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap();
        fake.run_jobs();
        assert_eq!(fake.jobs().last().unwrap().state, state);
    }
    let rows = fake.client().orchestrator_jobs().history(Query::all()).rows().unwrap().collect().await.unwrap();
    let message = rows.iter().find_map(|row| row.message.as_deref()).unwrap();
    assert_eq!(message, "The job does not set the entry parameter 'SiteName'.");
}
