//! A removal that names the certificate it expects is refused where the alias holds another, and then nothing is sent.

use clm::Reason;
use clm::keyfactor::{CertificateId, CertificateLocation, CertificateStoreId, Error, LookupError, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use serde_json::json;

use crate::support::keyfactor::{client, store};
use crate::support::keyfactor_reads::{calls, changes, client_of, lookup, ok, target};
use crate::support::scripted::{Answer, Scripted};

struct Arranged {
    fake: FakeKeyfactor,
    store: CertificateStoreId,
    expected: CertificateId,
    another: CertificateId,
}

/// One store with the expected certificate under `www.pfx`, and its issuer in the same entry.
async fn arranged() -> Arranged {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let [expected, another] = ["expected", "another"].map(|name| fake.issue(FakeCertificate::new(name)));
    fake.put_with_chain(store, "www.pfx", expected, [another]);
    Arranged { fake, store, expected, another }
}

impl Arranged {
    fn location(&self, alias: &str, of: CertificateId) -> CertificateLocation {
        CertificateLocation::new(self.store, alias).expecting_thumbprint(self.fake.thumbprint(of))
    }

    /// Sends a removal, both ways: the same has to come of it.
    async fn refused(&self, location: CertificateLocation) -> LookupError {
        let keyfactor = client_of(&self.fake);
        let stores = keyfactor.certificate_stores();
        let sent = stores.remove_certificates([location.clone()], Schedule::Immediate).send().await.unwrap_err();
        let built = stores.remove_certificates([location], Schedule::Immediate).build().unwrap();
        let executed = keyfactor.execute(built).await.unwrap_err();
        assert_eq!(changes(&self.fake), 0, "a change was sent");
        let (sent, executed) = (lookup(sent), lookup(executed));
        assert_eq!(sent, executed);
        sent
    }
}

fn found(error: &LookupError) -> Option<&str> {
    match error {
        LookupError::AliasHoldsAnother { found, .. } => found.as_deref(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_expected_certificate_is_removed_after_a_look_at_the_inventory() {
    let it = arranged().await;
    let stores = client_of(&it.fake).certificate_stores();
    let location = it.location("www.pfx", it.expected);
    let removal = stores.remove_certificates([location.clone()], Schedule::Immediate).send().await.unwrap();
    assert_eq!(removal.locations(), [location]);
    let inventory = format!("GET CertificateStores/{}/Inventory", it.store);
    // An alias may stand twice, so that all of the inventory is read.
    assert_eq!(calls(&it.fake), [inventory.as_str(), inventory.as_str(), "POST CertificateStores/Certificates/Remove"]);
    // What is expected is not sent: the call has no member for it.
    let body = it.fake.requests()[2].json();
    assert_eq!(body["CertificateStores"], json!([{"CertificateStoreId": it.store, "Alias": "www.pfx"}]));
    it.fake.run_jobs();
    assert!(it.fake.aliases(it.store).is_empty());
}

#[tokio::test]
async fn without_an_expectation_nothing_is_read() {
    let it = arranged().await;
    let location = CertificateLocation::new(it.store, "www.pfx");
    let stores = client_of(&it.fake).certificate_stores();
    stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap();
    assert_eq!(calls(&it.fake), ["POST CertificateStores/Certificates/Remove"]);
}

#[tokio::test]
async fn an_alias_that_was_given_to_another_certificate_is_refused() {
    let it = arranged().await;
    let located = it.fake.client().certificates().locations_of(it.expected).send().await.unwrap();
    it.fake.replace(it.store, "www.pfx", it.another);
    let error = it.refused(located.locations()[0].location().clone()).await;
    let LookupError::AliasHoldsAnother { store, alias, expected, found, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*store, alias.as_str()), (it.store, "www.pfx"));
    assert_eq!(expected.as_str(), it.fake.thumbprint(it.expected));
    assert_eq!(found.as_deref(), Some(&*it.fake.thumbprint(it.another)));
    for part in
        [it.fake.thumbprint(it.expected), it.fake.thumbprint(it.another), "www.pfx".into(), it.store.to_string()]
    {
        assert!(error.to_string().contains(&part), "{error}");
    }
    assert_eq!(it.fake.held(it.store, "www.pfx"), Some(it.another));
}

// The trap: a match with any certificate of the entry would hit its chain.
#[tokio::test]
async fn a_certificate_in_the_entrys_chain_is_not_the_one_that_is_expected() {
    let it = arranged().await;
    let error = it.refused(it.location("www.pfx", it.another)).await;
    assert_eq!(found(&error), Some(&*it.fake.thumbprint(it.expected)));
}

#[tokio::test]
async fn an_alias_that_the_inventory_does_not_list_is_refused() {
    let it = arranged().await;
    for alias in ["gone.pfx", "WWW.pfx", "www.pfx "] {
        let error = it.refused(it.location(alias, it.expected)).await;
        assert_eq!(found(&error), None, "{alias:?}");
        assert!(error.to_string().contains("no certificate in Command's inventory"), "{error}");
    }
}

// Of several locations, one that is not as expected keeps all of them from being sent.
#[tokio::test]
async fn one_location_that_is_not_as_expected_stops_the_whole_call() {
    let it = arranged().await;
    let other = it.fake.add_store();
    it.fake.put(other, "www.pfx", it.another);
    let locations = [
        it.location("www.pfx", it.expected),
        CertificateLocation::new(other, "www.pfx").expecting_thumbprint(it.fake.thumbprint(it.expected)),
        CertificateLocation::new(other, "whatever"),
    ];
    let stores = client_of(&it.fake).certificate_stores();
    let error = stores.remove_certificates(locations, Schedule::Immediate).send().await.unwrap_err();
    assert_eq!(found(&lookup(error)), Some(&*it.fake.thumbprint(it.another)));
    assert_eq!(changes(&it.fake), 0);
}

#[tokio::test]
async fn without_the_right_to_read_the_store_nothing_is_sent() {
    let it = arranged().await;
    it.fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ScheduleStores]);
    let removal = client_of(&it.fake)
        .certificate_stores()
        .remove_certificates([it.location("www.pfx", it.expected)], Schedule::Immediate);
    let error = removal.send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert!(error.remediation().unwrap().contains("/certificate_stores/read/"), "what the read needs: {error:?}");
    assert_eq!(changes(&it.fake), 0);
}

#[tokio::test]
async fn what_is_expected_is_compared_however_it_is_written_and_checked_before() {
    let it = arranged().await;
    let stores = client_of(&it.fake).certificate_stores();
    let lower = it.fake.thumbprint(it.expected).to_lowercase();
    let spaced = format!("\u{200e}{} {}", &lower[..20], &lower[20..]);
    let location = CertificateLocation::new(it.store, "www.pfx").expecting_thumbprint(spaced);
    stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap();

    for (written, reason) in [("A".repeat(64), Reason::NotAThumbprint), (String::new(), Reason::Empty)] {
        let location = CertificateLocation::new(it.store, "www.pfx").expecting_thumbprint(written);
        let error = stores.remove_certificates([location], Schedule::Immediate).build().unwrap_err();
        let [problem] = error.problems() else { panic!("{error:?}") };
        assert_eq!((problem.field(), problem.reason()), ("certificate_stores[0].expected_thumbprint", &reason));
    }
    let twice = [it.location("www.pfx", it.expected), it.location("www.pfx", it.another)];
    let error = stores.remove_certificates(twice, Schedule::Immediate).build().unwrap_err();
    assert_eq!(error.problems()[0].reason(), &Reason::Conflict, "one alias cannot be expected to hold two");
}

#[tokio::test]
async fn an_alias_far_back_in_a_large_inventory_is_found() {
    let it = arranged().await;
    for number in 0..230 {
        it.fake.add_certificate(it.store, format!("a{number:03}"));
    }
    let stores = client_of(&it.fake).certificate_stores();
    let location = it.location("www.pfx", it.expected);
    stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap();
    assert_eq!(calls(&it.fake).len(), 5, "three pages and their end, and the removal");
}

#[tokio::test]
async fn the_inventory_of_another_store_is_refused() {
    let thumbprint = "A".repeat(40);
    let entry =
        json!({"Name": "www.pfx", "CertStoreId": store(9), "Certificates": [{"Id": 1, "Thumbprint": thumbprint}]});
    let server = Scripted::start([ok(&json!([entry]))]).await;
    let location = CertificateLocation::new(store(1), "www.pfx").expecting_thumbprint(thumbprint);
    let removal = client(&server.origin).certificate_stores().remove_certificates([location], Schedule::Immediate);
    let error = lookup(removal.send().await.unwrap_err());
    let LookupError::NotAsked { got, asked, .. } = &error else { panic!("{error:?}") };
    assert_eq!((got, asked), (&store(9).to_string(), &store(1).to_string()), "{error}");
    assert!(server.received().iter().all(|it| target(it).0.ends_with("/Inventory")));
}

#[tokio::test]
async fn a_read_that_fails_leaves_the_removal_unsent_and_known_to_be() {
    let location = || CertificateLocation::new(store(1), "www.pfx").expecting_thumbprint("A".repeat(40));
    for (case, given) in [
        ("silence", Answer::Nothing),
        ("no list", Answer::json(200, "{}")),
        ("failing", Answer::json(503, "")),
        ("cut", Answer::cut(200, "[")),
    ] {
        let server = Scripted::start([given]).await;
        let stores = client(&server.origin).certificate_stores();
        let error = stores.remove_certificates([location()], Schedule::Immediate).send().await.unwrap_err();
        match (case, &error) {
            ("silence" | "cut", Error::Transport(_)) | ("no list", Error::Decode(_)) | ("failing", Error::Api(_)) => {}
            _ => panic!("{case}: {error:?}"),
        }
        let only: Vec<_> = server.received().into_iter().map(|it| it.request_line).collect();
        assert!(only.iter().all(|line| line.starts_with("GET ")), "{case}: {only:?}");
    }
}
