//! Certificates are searched and read as they were asked for, and what was not asked for is refused.

use clm::ListBuilder;
use clm::Reason;
use clm::keyfactor::{Error, ErrorKind, LookupError, Query, SearchCertificates};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use serde_json::json;

use crate::support::capture;
use crate::support::keyfactor as keyfactor_support;
use crate::support::keyfactor::client;
use crate::support::keyfactor_reads::{client_of, lookup, ok, paged, target};
use crate::support::scripted::Scripted;

const SORTED: &str = "SortField=CertId&SortAscending=0&PageReturned=1&ReturnLimit=100";

fn names(search: ListBuilder<SearchCertificates>) -> impl Future<Output = Vec<String>> {
    let rows = search.rows().unwrap();
    async { rows.collect().await.unwrap().into_iter().map(|it| it.issued_cn).collect() }
}

#[tokio::test]
async fn every_setter_of_a_search_becomes_its_parameter_and_nothing_else() {
    let server = paged([]).await;
    let certificates = client(&server.origin).certificates();
    let search = || certificates.search(Query::field("CertId").eq(1));
    let query = "QueryString=CertId%20-eq%201&";
    let expected = [
        (search(), String::new()),
        (search().collection_id(4), "collectionId=4&".to_owned()),
        (search().include_revoked(), "IncludeRevoked=true&".to_owned()),
        (search().include_expired(), "IncludeExpired=true&".to_owned()),
        (search().include_locations(), "includeLocations=true&".to_owned()),
        (search().include_metadata(), "includeMetadata=true&".to_owned()),
        (search().include_has_private_key(), "includeHasPrivateKey=true&".to_owned()),
        (
            search().include_revoked().include_expired().include_revoked(),
            "IncludeRevoked=true&IncludeExpired=true&".into(),
        ),
        (
            search().include_locations().collection_id(4).collection_id(5),
            "collectionId=5&includeLocations=true&".into(),
        ),
    ];
    for (number, (search, parameters)) in expected.into_iter().enumerate() {
        search.rows().unwrap().collect().await.unwrap();
        let sent = target(&server.received()[number]);
        assert_eq!(sent, ("Certificates".to_owned(), format!("{query}{parameters}{SORTED}")));
    }
}

// The trap: both are hidden unless they are asked for.
#[tokio::test]
async fn expired_and_revoked_certificates_show_when_they_are_asked_for() {
    let fake = FakeKeyfactor::start().await;
    for certificate in [
        FakeCertificate::new("valid"),
        FakeCertificate::new("expired").expired(),
        FakeCertificate::new("revoked").revoked(),
        FakeCertificate::new("both").revoked().expired(),
    ] {
        let _ = fake.issue(certificate);
    }
    let search = || fake.client().certificates().search(Query::all());
    assert_eq!(names(search()).await, ["valid"]);
    assert_eq!(names(search().include_expired()).await, ["valid", "expired"]);
    assert_eq!(names(search().include_revoked()).await, ["valid", "revoked"]);
    assert_eq!(names(search().include_revoked().include_expired()).await, ["valid", "expired", "revoked", "both"]);
}

#[tokio::test]
async fn a_collection_narrows_a_search_and_its_permission() {
    let fake = FakeKeyfactor::start().await;
    let _ = fake.issue(FakeCertificate::new("inside").collection(4));
    let _ = fake.issue(FakeCertificate::new("outside"));
    fake.restrict_to([KeyfactorPermission::ReadCertificatesIn(4)]);
    let search = || client_of(&fake).certificates().search(Query::all());
    assert_eq!(names(search().collection_id(4)).await, ["inside"]);
    let error = search().rows().unwrap().collect().await.unwrap_err();
    let Error::Api(refusal) = &error else { panic!("{error:?}") };
    assert_eq!(refusal.kind(), ErrorKind::Forbidden);
    assert!(error.remediation().unwrap().contains("`collection_id`"), "{error:?}");
    assert!(error.remediation().unwrap().contains("/certificates/collections/read/"), "{error:?}");
}

#[tokio::test]
async fn scopes_and_ids_that_mean_nothing_are_refused() {
    let server = paged([]).await;
    let certificates = client(&server.origin).certificates();
    let of = |error: Error| match error {
        Error::Validation(error) => *error,
        other => panic!("{other:?}"),
    };
    for (error, fields) in [
        (certificates.search(Query::all()).collection_id(0).rows().unwrap_err(), vec!["collection_id"]),
        (certificates.search(Query::raw("")).collection_id(-4).rows().unwrap_err(), vec!["query", "collection_id"]),
        (of(certificates.get(-1).send().await.unwrap_err()), vec!["id"]),
        (of(certificates.get(1).collection_id(0).send().await.unwrap_err()), vec!["collection_id"]),
        (
            of(certificates.get(-1).collection_id(-1).container_id(0).send().await.unwrap_err()),
            vec!["id", "collection_id", "container_id"],
        ),
        (of(certificates.locations(-1).send().await.unwrap_err()), vec!["id"]),
        (of(certificates.locations(1).container_id(-9).send().await.unwrap_err()), vec!["container_id"]),
    ] {
        let found: Vec<&str> = error.problems().iter().map(clm::Problem::field).collect();
        assert_eq!(found, fields, "{error}");
        let reason = error.problems().last().unwrap().reason();
        assert_eq!(reason, &Reason::OutOfRange, "{error}");
    }
    assert!(server.received().is_empty());
}

#[tokio::test]
async fn a_collection_beats_a_container_and_the_container_is_not_sent() {
    let server = Scripted::choosing(|_, request| {
        let one = !target(request).0.contains("Locations");
        ok(&if one { json!({"Id": 2}) } else { json!({"Details": []}) })
    })
    .await;
    let certificates = client(&server.origin).certificates();
    capture::start();
    let details = "includeLocations=true&includeMetadata=true";
    certificates.get(2).send().await.unwrap();
    certificates.get(2).container_id(9).send().await.unwrap();
    certificates.get(2).collection_id(4).send().await.unwrap();
    certificates.locations(2).send().await.unwrap();
    certificates.locations(2).container_id(9).send().await.unwrap();
    certificates.locations(2).collection_id(4).send().await.unwrap();
    assert!(capture::warnings().is_empty(), "{:?}", capture::warnings());
    certificates.get(2).collection_id(4).container_id(9).send().await.unwrap();
    certificates.locations(2).container_id(9).collection_id(4).send().await.unwrap();
    assert_eq!(capture::warnings().len(), 2, "what is not sent is said");
    let sent: Vec<String> = server.received().iter().map(target).map(|(path, raw)| format!("{path}?{raw}")).collect();
    assert_eq!(
        sent,
        [
            format!("Certificates/2?{details}"),
            format!("Certificates/2?{details}&containerId=9"),
            format!("Certificates/2?{details}&collectionId=4"),
            "Certificates/Locations/2?".to_owned(),
            "Certificates/Locations/2?containerId=9".to_owned(),
            "Certificates/Locations/2?collectionId=4".to_owned(),
            format!("Certificates/2?{details}&collectionId=4"),
            "Certificates/Locations/2?collectionId=4".to_owned(),
        ]
    );
}

#[tokio::test]
async fn one_certificate_comes_with_its_locations_and_metadata() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let root = fake.issue(FakeCertificate::new("root"));
    let leaf = fake.issue(FakeCertificate::new("www").metadata("Owner", "web").revoked());
    fake.put_with_chain(store, "www.pfx", leaf, [root]);
    let certificate = fake.client().certificates().get(leaf).send().await.unwrap();
    assert_eq!((certificate.id, certificate.issued_cn.as_str()), (leaf, "www"));
    assert_eq!(certificate.thumbprint, fake.thumbprint(leaf));
    assert_eq!(certificate.metadata["Owner"], "web");
    assert_eq!(certificate.cert_state_string.as_deref(), Some("Revoked (2)"));
    let [place] = &certificate.locations[..] else { panic!("{certificate:?}") };
    assert_eq!((place.alias.as_str(), place.chain_level, place.cert_store_id), ("www.pfx", Some(0), Some(store)));
    let root = fake.client().certificates().get(root).send().await.unwrap();
    assert_eq!(root.locations[0].chain_level, Some(1), "the trap: a chain member's location looks alike");
}

#[tokio::test]
async fn another_certificate_than_the_one_asked_for_is_refused() {
    let server = Scripted::start([ok(&json!({"Id": 3, "Thumbprint": "AB"}))]).await;
    let error = lookup(client(&server.origin).certificates().get(2).send().await.unwrap_err());
    let LookupError::NotAsked { what, got, asked, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*what, got.as_str(), asked.as_str()), ("certificate", "3", "2"));
}

#[tokio::test]
async fn an_unknown_certificate_is_not_found_and_a_forbidden_one_says_what_is_needed() {
    let fake = FakeKeyfactor::start().await;
    let id = fake.issue(FakeCertificate::new("www").collection(4));
    let certificates = client_of(&fake).certificates();
    for error in [
        certificates.get(99).send().await.unwrap_err(),
        certificates.locations(99).send().await.unwrap_err(),
        certificates.get(id).collection_id(5).send().await.unwrap_err(),
    ] {
        let Error::Api(refusal) = &error else { panic!("{error:?}") };
        assert_eq!(refusal.kind(), ErrorKind::NotFound);
        assert_eq!(refusal.scope(), None);
        assert!(error.correlation_id().is_some());
    }
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    for error in [
        certificates.get(id).send().await.unwrap_err(),
        certificates.get(id).collection_id(4).send().await.unwrap_err(),
        certificates.locations(id).send().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
        assert!(error.remediation().unwrap().contains("/certificates/collections/read/"), "{error:?}");
        assert!(error.to_string().contains("does not have the required permissions"), "{error}");
    }
}

// The trap: `StoreId` here and `CertStoreId` there; places that an SSL scan found have no store.
#[tokio::test]
async fn locations_are_by_type_of_store_and_scans_are_among_them() {
    let store = keyfactor_support::STORE;
    let place = json!({"StoreId": store, "StoreTypeId": 102, "ClientMachine": "web01", "StorePath": "/etc", "Alias": "www",
        "AgentPool": null, "IPAddress": null, "Port": null, "NetworkName": null});
    let scan = json!({"StoreId": null, "ClientMachine": null, "StorePath": null, "Alias": null, "IPAddress": "192.0.2.7",
        "Port": 443, "NetworkName": "dmz"});
    let details = json!({"Details": [
        {"StoreType": "PEM", "StoreTypeId": 102, "StoreCount": 1, "Locations": [place]},
        {"StoreType": "SSL", "StoreTypeId": null, "StoreCount": null, "Locations": [scan]},
        {"StoreType": null, "Locations": null},
    ]});
    let server = Scripted::start([ok(&details)]).await;
    let read = client(&server.origin).certificates().locations(2).send().await.unwrap();
    assert_eq!(read.details.len(), 3);
    let place = &read.details[0].locations[0];
    assert_eq!((place.store_id, place.alias.as_deref()), (Some(store.parse().unwrap()), Some("www")));
    let scan = &read.details[1].locations[0];
    assert_eq!((scan.store_id, scan.ip_address.as_deref(), scan.port), (None, Some("192.0.2.7"), Some(443)));
    assert_eq!(scan.extra.get("NetworkName").unwrap(), "dmz");
    assert!(read.details[2].locations.is_empty());
}
