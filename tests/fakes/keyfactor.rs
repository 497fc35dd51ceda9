//! The fake of Keyfactor Command, through the real client: certificates, stores and inventories.

use clm::keyfactor::{Certificate, CertificateStore, ErrorKind, InventoryEntry, Query, Schedule, ServerSchedule};
use clm::testing::{FakeAgent, FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use serde_json::json;

use crate::support::fake_keyfactor::get;

async fn found(fake: &FakeKeyfactor, query: Query) -> Vec<String> {
    let rows = fake.client().certificates().search(query).rows().unwrap().collect().await.unwrap();
    rows.into_iter().map(|it| it.issued_cn).collect()
}

#[tokio::test]
async fn a_certificate_is_found_by_what_it_is() {
    let fake = FakeKeyfactor::start().await;
    let www = fake.issue(FakeCertificate::new("www.example.com").thumbprint("AB12"));
    let mail = fake.issue(FakeCertificate::new("mail.example.com"));
    let thumbprint = fake.thumbprint(mail);
    assert_eq!(thumbprint.len(), 40);
    assert!(thumbprint.chars().all(|it| it.is_ascii_digit() || ('A'..='F').contains(&it)), "{thumbprint}");
    assert_eq!((www.get(), mail.get()), (1, 2));
    for (query, expected) in [
        (Query::field("Thumbprint").eq("ab12"), vec!["www.example.com"]),
        (Query::field("thumbprint").eq(thumbprint), vec!["mail.example.com"]),
        (Query::field("IssuedCN").contains("EXAMPLE"), vec!["www.example.com", "mail.example.com"]),
        (Query::field("IssuedCN").starts_with("mail"), vec!["mail.example.com"]),
        (Query::field("CertId").gt(1), vec!["mail.example.com"]),
        (Query::field("CertId").eq(7), vec![]),
        (Query::field("Thumbprint").eq("AB12").and(Query::field("CertId").lt(1)), vec![]),
    ] {
        assert_eq!(found(&fake, query.clone()).await, expected, "{query}");
    }
    assert!(fake.unknown_requests().is_empty());
}

#[tokio::test]
async fn expired_and_revoked_certificates_are_hidden_unless_asked_for() {
    let fake = FakeKeyfactor::start().await;
    let _ = fake.issue(FakeCertificate::new("valid"));
    let _ = fake.issue(FakeCertificate::new("expired").expired());
    let _ = fake.issue(FakeCertificate::new("revoked").revoked());
    let search = || fake.client().certificates().search(Query::field("CertId").gt(0));
    for (search, expected) in [
        (search(), vec!["valid"]),
        (search().include_expired(), vec!["valid", "expired"]),
        (search().include_revoked(), vec!["valid", "revoked"]),
        (search().include_expired().include_revoked(), vec!["valid", "expired", "revoked"]),
    ] {
        let rows: Vec<Certificate> = search.rows().unwrap().collect().await.unwrap();
        assert_eq!(rows.iter().map(|it| it.issued_cn.as_str()).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn details_come_when_they_are_asked_for() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let root = fake.issue(FakeCertificate::new("root"));
    let leaf = fake.issue(FakeCertificate::new("www").private_key().metadata("Owner", "web"));
    fake.put_with_chain(store, "www.pfx", leaf, [root]);
    let search = || fake.client().certificates().search(Query::field("IssuedCN").eq("www"));
    let plain = &search().rows().unwrap().collect().await.unwrap()[0];
    assert!(plain.locations.is_empty() && plain.metadata.is_empty() && !plain.has_private_key);
    let full = search().include_locations().include_metadata().include_has_private_key();
    let full = &full.rows().unwrap().collect().await.unwrap()[0];
    assert!(full.has_private_key);
    assert_eq!(full.metadata["Owner"], "web");
    let place = &full.locations[0];
    assert_eq!((place.alias.as_str(), place.chain_level, place.cert_store_id), ("www.pfx", Some(0), Some(store)));
    let root = fake.client().certificates().get(root).send().await.unwrap();
    assert_eq!(root.locations[0].chain_level, Some(1));
    let places = get(&fake, "Certificates/Locations/2").await.body;
    let group = &places["Details"][0];
    assert_eq!((&group["StoreType"], &group["StoreCount"]), (&json!("FakeCert"), &json!(1)));
    let place = &group["Locations"][0];
    assert_eq!((&place["StoreId"], &place["Alias"]), (&json!(store), &json!("www.pfx")));
    let error = fake.client().certificates().get(77).send().await.unwrap_err();
    let clm::keyfactor::Error::Api(refusal) = &error else { panic!("{error:?}") };
    assert_eq!(refusal.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_inventory_lists_the_leaf_and_then_the_chain() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let root = fake.issue(FakeCertificate::new("root"));
    let leaf = fake.issue(FakeCertificate::new("www"));
    fake.put_with_chain(store, "www.pfx", leaf, [root]);
    fake.add_certificate(store, "alone");
    let entries: Vec<InventoryEntry> =
        fake.client().certificate_stores().inventory(store).rows().unwrap().collect().await.unwrap();
    assert_eq!(entries.iter().map(|it| it.alias.as_str()).collect::<Vec<_>>(), ["alone", "www.pfx"]);
    assert_eq!(entries[1].leaf().unwrap().id, Some(leaf));
    assert_eq!(entries[1].chain()[0].id, Some(root));
    assert_eq!(entries[1].chain()[0].extra.get("CertState").unwrap(), 0);
    assert!(entries[0].chain().is_empty());
    let mut rows = fake.client().certificate_stores().inventory(store).rows().unwrap();
    rows.next().await.unwrap().unwrap();
    assert_eq!(rows.total(), Some(2), "entries, not certificates");
}

#[tokio::test]
async fn the_layers_differ_until_inventory_is_taken() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let (old, new) = (fake.issue(FakeCertificate::new("old")), fake.issue(FakeCertificate::new("new")));
    fake.put(store, "a", old);
    fake.replace_unseen(store, "a", new);
    let leaf = || async {
        let rows = fake.client().certificate_stores().inventory(store).rows().unwrap().collect().await.unwrap();
        rows.first().and_then(|it| it.leaf().unwrap().id)
    };
    assert_eq!((fake.held(store, "a"), leaf().await), (Some(new), Some(old)));
    fake.run_inventory(store);
    assert_eq!(leaf().await, Some(new));
    fake.replace(store, "a", old);
    assert_eq!((fake.held(store, "a"), leaf().await), (Some(old), Some(old)));
    fake.remove_unseen(store, "a");
    assert_eq!((fake.aliases(store), fake.inventory_aliases(store)), (vec![], vec!["a".to_owned()]));
}

#[tokio::test]
async fn a_store_is_what_it_was_described_as() {
    let fake = FakeKeyfactor::start().await;
    let (plain, other) = (fake.add_store(), fake.add_store_in(7));
    fake.set_store(other, |it| {
        it.machine("a.example.com")
            .path("/etc/x")
            .unapproved()
            .agent(FakeAgent::Unassigned)
            .properties(json!({"Port": "443"}))
            .inventory_schedule(json!({"Interval": {"Minutes": 60}}))
    });
    let stores = fake.client().certificate_stores();
    let list = |query: Query| {
        let rows = stores.list(query).rows().unwrap();
        async { rows.collect().await.unwrap() }
    };
    let all: Vec<CertificateStore> = list(Query::field("StorePath").contains("/")).await;
    assert_eq!(all.iter().map(|it| it.id).collect::<Vec<_>>(), [other, plain], "by machine");
    assert_eq!(all[0].client_machine.as_deref(), Some("a.example.com"));
    assert_eq!((all[0].approved, all[0].agent_assigned, all[0].agent_id), (Some(false), false, None));
    assert_eq!(all[0].properties(), Some(json!({"Port": "443"})));
    assert_eq!(
        (&all[0].inventory_schedule, all[1].extra.get("ContainerName").unwrap()),
        (&ServerSchedule::Unset, json!(""))
    );
    let single = stores.get(other).send().await.unwrap();
    assert_eq!(single.inventory_schedule, ServerSchedule::Set(Schedule::Interval { minutes: 60 }));
    assert_eq!(stores.get(plain).send().await.unwrap().inventory_schedule, ServerSchedule::Unset);
    let id = fake.issue(FakeCertificate::new("www"));
    fake.put(plain, "www", id);
    for (query, expected) in [
        (Query::field("CertificateId").eq(1), vec![plain]),
        (Query::field("CertificateId").eq(2), vec![]),
        (Query::field("Approved").eq(true), vec![plain]),
        (Query::field("AgentAvailable").eq(false), vec![other]),
        (Query::field("ContainerId").eq(7), vec![other]),
        (Query::field("Container").eq("Container 7"), vec![other]),
        (Query::field("HasInventoryScheduled").eq(true), vec![other]),
        (Query::raw("ContainerId -eq NULL"), vec![plain]),
        (Query::raw("AddSupported -eq true AND (StorePath -eq \"/etc/x\")"), vec![other]),
    ] {
        let rows = list(query.clone()).await;
        assert_eq!(rows.iter().map(|it| it.id).collect::<Vec<_>>(), expected, "{query}");
    }
}

#[tokio::test]
async fn a_fake_can_be_asked_while_it_is_set_up() {
    const KEEPS: [KeyfactorPermission; 1] = [KeyfactorPermission::ReadStores];
    let fake = FakeKeyfactor::start().await;
    let (first, second) = (fake.add_store(), fake.add_store());
    fake.add_certificate(first, "web01.pfx");
    let (done, described) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        fake.set_store(second, |it| it.path(fake.aliases(first).concat()));
        fake.restrict_to(KEEPS.into_iter().filter(|_| fake.jobs().is_empty()));
        let provider = fake.identity_provider();
        provider.take_scopes(["command"].into_iter().filter(|_| provider.tokens_issued() == 0));
        provider.take_audiences(["command"].into_iter().filter(|_| provider.tokens_issued() == 0));
        let _ = done.send(fake);
    });
    let fake = described.recv_timeout(std::time::Duration::from_secs(60)).expect("it ends");
    let row = fake.client().certificate_stores().get(second).send().await.unwrap();
    assert_eq!(row.store_path.as_deref(), Some("web01.pfx"));
}
