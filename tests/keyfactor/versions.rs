//! Command before version 11 does not know the parameters that are sent: its answers are not taken for what was asked.

use clm::keyfactor::{CertificateId, CertificateLocation, CertificateStoreId, Error, LookupError, Query, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor};

use crate::support::keyfactor_reads::{changes, client_of, lookup};

async fn furnished(version: &str) -> (FakeKeyfactor, CertificateStoreId, CertificateId) {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let certificate = fake.issue(FakeCertificate::new("www"));
    fake.put(store, "www", certificate);
    fake.set_product_version(version);
    (fake, store, certificate)
}

/// How each call that reads ends, by name.
async fn reads(
    fake: &FakeKeyfactor,
    store: CertificateStoreId,
    id: CertificateId,
) -> Vec<(&'static str, Option<Error>)> {
    let keyfactor = client_of(fake);
    let (certificates, stores) = (keyfactor.certificates(), keyfactor.certificate_stores());
    let query = || Query::field("CertId").eq(id.get());
    vec![
        ("search", certificates.search(query()).rows().unwrap().collect().await.err()),
        ("get", certificates.get(id).send().await.err()),
        ("locations", certificates.locations(id).send().await.err()),
        ("locations_of an id", certificates.locations_of(id).send().await.err()),
        ("locations_of a thumbprint", certificates.locations_of(fake.thumbprint(id)).send().await.err()),
        ("list", stores.list(Query::all()).rows().unwrap().collect().await.err()),
        ("store", stores.get(store).send().await.err()),
        ("inventory", stores.inventory(store).rows().unwrap().collect().await.err()),
    ]
}

#[tokio::test]
async fn an_answer_of_an_older_server_is_not_taken() {
    for version in ["10.5.0.0", "10.10.1+0123abcd", "9.0", "10", " 10 .4", "0.1"] {
        let (fake, store, id) = furnished(version).await;
        for (call, error) in reads(&fake, store, id).await {
            let error = lookup(error.unwrap_or_else(|| panic!("{call} took an answer of {version}")));
            let LookupError::UnsupportedVersion { version: said, .. } = &error else { panic!("{call}: {error:?}") };
            assert_eq!(said, version.trim(), "{call}");
            assert!(error.to_string().contains(version.trim()), "{error}");
        }
    }
}

#[tokio::test]
async fn newer_servers_and_those_that_do_not_say_are_taken() {
    for version in ["11.0", "11", "12.3.0.0", "25.4.1+0000fa", "25.5.1", "110.1", "", "unknown", "v10"] {
        let (fake, store, id) = furnished(version).await;
        for (call, error) in reads(&fake, store, id).await {
            assert!(error.is_none(), "{call} refused {version:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_removal_that_expects_a_certificate_is_not_sent_to_an_older_server() {
    let (fake, store, id) = furnished("10.5.0.0").await;
    let location = CertificateLocation::new(store, "www").expecting_thumbprint(fake.thumbprint(id));
    let removal = client_of(&fake).certificate_stores().remove_certificates([location], Schedule::Immediate);
    let error = lookup(removal.send().await.unwrap_err());
    assert!(matches!(error, LookupError::UnsupportedVersion { .. }), "{error:?}");
    assert_eq!(changes(&fake), 0);
}

// A refusal says more than a version does.
#[tokio::test]
async fn a_refusal_of_an_older_server_is_that_refusal() {
    let (fake, ..) = furnished("10.5.0.0").await;
    let error = client_of(&fake).certificates().get(99).send().await.unwrap_err();
    assert!(matches!(error, Error::Api(_)), "{error:?}");
    assert_eq!(error.status().unwrap().as_u16(), 404);
}

/// Typed calls ask for version 1 of the API, and a raw call for the one that it is given, once.
#[tokio::test]
async fn a_raw_call_asks_for_another_version_of_its_endpoint() {
    let fake = FakeKeyfactor::start().await;
    let keyfactor = fake.client();
    let call = keyfactor.raw(http::Method::GET, "Certificates");
    call.clone().send().await.unwrap();
    call.api_version(2).api_version(3).send().await.unwrap();
    let asked: Vec<Vec<String>> = fake
        .requests()
        .iter()
        .map(|request| {
            let values = request.headers().get_all("x-keyfactor-api-version").iter();
            values.map(|value| value.to_str().unwrap().to_owned()).collect()
        })
        .collect();
    assert_eq!(asked, [["1"], ["3"]]);
}
