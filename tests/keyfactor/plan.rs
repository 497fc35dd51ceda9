//! A removal as a plan: what goes and what can be put back is known before anything is removed.

use clm::keyfactor::{
    CertificateId, CertificateStoreId, Client, Error, LookupError, OmissionReason, RemovalPlan, Restorability,
    Schedule, StoreReadiness,
};
use clm::testing::{FakeAgent, FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use serde_json::{Value, json};

use crate::support::keyfactor::{client, store};
use crate::support::keyfactor_reads::{changes, client_of, lookup, ok, page_of, target};
use crate::support::scripted::Scripted;

const DIGITS: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

async fn plan(fake: &FakeKeyfactor, certificate: CertificateId) -> RemovalPlan {
    let keyfactor = client_of(fake);
    let located = keyfactor.certificates().locations_of(certificate).send().await.unwrap();
    keyfactor.certificate_stores().plan_removal(&located).await.unwrap()
}

/// A certificate whose key Command holds, in two stores.
async fn in_two_stores() -> (FakeKeyfactor, [CertificateStoreId; 2], CertificateId) {
    let fake = FakeKeyfactor::start().await;
    let stores = [fake.add_store(), fake.add_store()];
    let id = fake.issue(FakeCertificate::new("www.example.com").private_key());
    fake.put(stores[0], "first.pfx", id);
    fake.put(stores[1], "second.pfx", id);
    (fake, stores, id)
}

#[tokio::test]
async fn a_plan_removes_and_puts_back_under_the_old_aliases() {
    let (fake, stores, id) = in_two_stores().await;
    fake.add_certificate(stores[0], "bystander.pfx");
    let plan = plan(&fake, id).await;
    assert_eq!(changes(&fake), 0, "a plan changes nothing");
    let [certificate] = &plan.certificates[..] else { panic!("{plan:?}") };
    assert_eq!(
        (certificate.id, certificate.issued_cn.as_str(), certificate.has_private_key),
        (id, "www.example.com", true)
    );
    assert_eq!(certificate.thumbprint.as_str(), fake.thumbprint(id));
    assert!(plan.removals.iter().all(|it| plan.certificate_of(it) == Some(certificate)));
    assert_eq!(plan.omitted, []);
    let aliases: Vec<_> = plan.removals.iter().map(|it| (it.store_id, it.alias.as_str(), it.put_back)).collect();
    let back = Restorability::WithPrivateKey;
    assert_eq!(aliases, [(stores[0], "first.pfx", back), (stores[1], "second.pfx", back)]);
    assert_eq!(plan.removals[0].parameters["PrivateKeyEntry"], "Yes");
    assert_eq!(plan.cannot_be_put_back().count(), 0);

    let handle = fake.client().certificate_stores();
    let removal = handle.remove(&plan, Schedule::Immediate).send().await.unwrap();
    assert_eq!(removal.job_ids().len(), 2);
    assert!(removal.locations().iter().all(|it| it.expected_thumbprint() == Some(&certificate.thumbprint)));
    fake.run_jobs();
    assert_eq!(stores.map(|it| fake.aliases(it)), [vec!["bystander.pfx".to_owned()], vec![]]);

    let added = handle.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    assert_eq!(added.job_ids().len(), 2);
    let body = fake.requests().last().unwrap().json();
    assert_eq!(
        body,
        json!({
            "CertificateId": id,
            "CertificateStores": [
                {"CertificateStoreId": stores[0], "Alias": "first.pfx", "Overwrite": false, "IncludePrivateKey": true},
                {"CertificateStoreId": stores[1], "Alias": "second.pfx", "Overwrite": false, "IncludePrivateKey": true},
            ],
            "Schedule": {"Immediate": true},
        })
    );
    fake.run_jobs();
    assert_eq!([fake.held(stores[0], "first.pfx"), fake.held(stores[1], "second.pfx")], [Some(id), Some(id)]);
    assert!(fake.held(stores[0], "bystander.pfx").is_some());
}

#[tokio::test]
async fn a_plan_survives_being_kept_as_json() {
    let (fake, stores, id) = in_two_stores().await;
    fake.set_store(stores[1], |it| it.agent(FakeAgent::Unavailable).machine("web02").path("/etc/ssl"));
    let plan = plan(&fake, id).await;
    let text = serde_json::to_string_pretty(&plan).unwrap();
    let read: RemovalPlan = serde_json::from_str(&text).unwrap();
    assert_eq!(read, plan);
    let second = &read.removals[1];
    assert_eq!((second.store_machine.as_deref(), second.store_path.as_deref()), (Some("web02"), Some("/etc/ssl")));
    assert_eq!(second.readiness.agent_available, Some(false));
    assert!(text.contains("\"put_back\": \"with_private_key\""), "{text}");
    let handle = fake.client().certificate_stores();
    assert_eq!(
        handle.remove(&read, Schedule::Immediate).build().unwrap(),
        handle.remove(&plan, Schedule::Immediate).build().unwrap()
    );
    assert_eq!(
        handle.add_back(&read, Schedule::Immediate).build().unwrap(),
        handle.add_back(&plan, Schedule::Immediate).build().unwrap()
    );
}

fn written(thumbprint: &str, more: &Value) -> RemovalPlan {
    let mut removal = json!({"store_id": store(1), "alias": "www.pfx", "put_back": "impossible"});
    removal.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let plan = json!({"certificate_id": 2, "thumbprint": thumbprint, "issued_cn": "www", "has_private_key": false,
        "collection_id": null, "removals": [removal], "added_later": 1});
    serde_json::from_value(plan).unwrap()
}

#[test]
fn a_plan_of_another_version_of_this_crate_is_read() {
    let plan = written(DIGITS, &json!({"added_later": {"a": 1}}));
    assert_eq!(plan.removals[0].readiness, StoreReadiness::default());
    assert!(plan.removals[0].parameters.is_empty());
}

// A plan is a file: people look at it, and tools write it.
#[tokio::test]
async fn a_thumbprint_in_a_kept_plan_is_read_as_it_is_anywhere() {
    let fake = FakeKeyfactor::start().await;
    let id = fake.issue(FakeCertificate::new("www").thumbprint(DIGITS));
    fake.put(store(1), "www.pfx", id);
    let plan = written(&DIGITS.to_lowercase(), &json!({}));
    let removal = client_of(&fake).certificate_stores().remove(&plan, Schedule::Immediate).send().await;
    assert_eq!(removal.unwrap().job_ids().len(), 1);
}

#[tokio::test]
async fn an_alias_that_was_reused_since_the_plan_is_refused_and_nothing_is_sent() {
    let (fake, stores, id) = in_two_stores().await;
    let plan = plan(&fake, id).await;
    let successor = fake.issue(FakeCertificate::new("successor"));
    fake.replace(stores[1], "second.pfx", successor);
    let error = client_of(&fake).certificate_stores().remove(&plan, Schedule::Immediate).send().await.unwrap_err();
    let error = lookup(error);
    let LookupError::AliasHoldsAnother { alias, found, .. } = &error else { panic!("{error:?}") };
    assert_eq!((alias.as_str(), found.as_deref()), ("second.pfx", Some(&*fake.thumbprint(successor))));
    assert_eq!(changes(&fake), 0);
}

#[tokio::test]
async fn an_alias_that_was_reused_since_the_lookup_is_left_out_with_the_reason() {
    let (fake, stores, id) = in_two_stores().await;
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let successor = fake.issue(FakeCertificate::new("successor"));
    fake.replace(stores[0], "first.pfx", successor);
    let plan = keyfactor.certificate_stores().plan_removal(&located).await.unwrap();
    let [omitted] = &plan.omitted[..] else { panic!("{plan:?}") };
    let OmissionReason::HoldsAnother { found, .. } = &omitted.why else { panic!("{omitted:?}") };
    assert_eq!((omitted.store_id, omitted.alias.as_deref()), (Some(stores[0]), Some("first.pfx")));
    assert_eq!(found, &fake.thumbprint(successor));
    assert_eq!(plan.removals.iter().map(|it| it.store_id).collect::<Vec<_>>(), [stores[1]], "the others are planned");

    fake.remove_unseen(stores[0], "first.pfx");
    fake.run_inventory(stores[0]);
    let plan = keyfactor.certificate_stores().plan_removal(&located).await.unwrap();
    assert_eq!(plan.omitted.iter().map(|it| &it.why).collect::<Vec<_>>(), [&OmissionReason::NotListed]);
    assert_eq!(plan.removals.len(), 1);
}

// With nothing left, there is no plan; the error is that of the place.
#[tokio::test]
async fn a_plan_with_nothing_in_it_is_an_error() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www.example.com"));
    fake.put(store, "www.pfx", id);
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    let successor = fake.issue(FakeCertificate::new("successor"));
    fake.replace(store, "www.pfx", successor);
    let error = lookup(keyfactor.certificate_stores().plan_removal(&located).await.unwrap_err());
    let LookupError::AliasHoldsAnother { store: of, found, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*of, found.as_deref()), (store, Some(&*fake.thumbprint(successor))));
    fake.remove_unseen(store, "www.pfx");
    fake.run_inventory(store);
    let error = lookup(keyfactor.certificate_stores().plan_removal(&located).await.unwrap_err());
    assert!(matches!(error, LookupError::AliasHoldsAnother { found: None, .. }), "{error:?}");
}

#[tokio::test]
async fn a_plan_needs_the_right_to_read_stores_and_says_so() {
    let (fake, _, id) = in_two_stores().await;
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(id).send().await.unwrap();
    fake.restrict_to([KeyfactorPermission::ReadCertificates]);
    let error = keyfactor.certificate_stores().plan_removal(&located).await.unwrap_err();
    let Error::Api(refusal) = &error else { panic!("{error:?}") };
    assert!(refusal.remediation().unwrap().contains("/certificate_stores/read/"), "{error:?}");
}

/// A server with a certificate under `www.pfx`, and these parameters of its entry.
async fn with_parameters(parameters: Value, has_private_key: bool) -> (Scripted, Client) {
    let server = Scripted::choosing(move |_, request| {
        let (path, _) = target(request);
        let leaf = json!({"Id": 2, "Thumbprint": DIGITS, "IssuedCN": "www", "HasPrivateKey": has_private_key,
            "Locations": [{"Alias": "www.pfx", "ChainLevel": 0, "CertStoreId": store(1)}]});
        let rows = match (path.as_str(), page_of(request)) {
            ("Certificates", 1) => json!([leaf]),
            ("CertificateStores", _) | (_, 2) => json!([]),
            _ => json!([{"Name": "www.pfx", "Certificates": [leaf], "Parameters": parameters}]),
        };
        ok(&rows)
    })
    .await;
    let client = client(&server.origin);
    (server, client)
}

// The trap: what a key is in is written in a text, `"Yes"`, or not at all.
#[tokio::test]
async fn what_cannot_be_put_back_is_marked_before_anything_is_removed() {
    let (with, without, never) =
        (Restorability::WithPrivateKey, Restorability::WithoutPrivateKey, Restorability::Impossible);
    let unclear = Restorability::Unclear;
    for (parameters, held, not_held) in [
        (json!({"PrivateKeyEntry": "Yes"}), with, never),
        (json!({"PrivateKeyEntry": "yes", "Other": 1}), with, never),
        (json!({"PrivateKeyEntry": true}), with, never),
        (json!({"PrivateKeyEntry": "No"}), without, without),
        (json!({"privatekeyentry": "no"}), without, without),
        (json!({"PrivateKeyEntry": "False"}), without, without),
        (json!({"PrivateKeyEntry": false}), without, without),
        // What says neither is for people to decide.
        (json!({"PrivateKeyEntry": ""}), unclear, never),
        (json!({"PrivateKeyEntry": "perhaps"}), unclear, never),
        (json!({"PrivateKeyEntry": null}), unclear, never),
        (json!({"PrivateKeyEntry": 0}), unclear, never),
        (json!({}), unclear, never),
        (Value::Null, unclear, never),
    ] {
        for (has_private_key, expected) in [(true, held), (false, not_held)] {
            let (server, keyfactor) = with_parameters(parameters.clone(), has_private_key).await;
            let located = keyfactor.certificates().locations_of(DIGITS).send().await.unwrap();
            let plan = keyfactor.certificate_stores().plan_removal(&located).await.unwrap();
            assert_eq!(plan.removals[0].put_back, expected, "{parameters} {has_private_key}");
            let is_marked = [never, unclear].contains(&expected);
            assert_eq!(plan.cannot_be_put_back().count(), usize::from(is_marked));
            // It can be removed all the same, and what cannot be put back is not asked for.
            assert_eq!(plan.locations().count(), 1);
            let back = keyfactor.certificate_stores().add_back(&plan, Schedule::Immediate).build();
            match expected {
                Restorability::Impossible | Restorability::Unclear => {
                    assert_eq!(back.unwrap_err().problems()[0].reason(), &clm::Reason::Empty);
                }
                _ => assert_eq!(back.unwrap().entries().len(), 1),
            }
            assert!(server.received().iter().all(|it| it.request_line.starts_with("GET ")));
        }
    }
}

#[tokio::test]
async fn a_plan_in_a_collection_stays_in_it() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store_in(7);
    let id = fake.issue(FakeCertificate::new("www").private_key().collection(4));
    fake.put(store, "www.pfx", id);
    fake.restrict_to([
        KeyfactorPermission::ReadCertificatesIn(4),
        KeyfactorPermission::ReadStoresIn(7),
        KeyfactorPermission::ScheduleStoresIn(7),
    ]);
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(id).collection_id(4).send().await.unwrap();
    assert!(located.readiness_error().is_none(), "{located:?}");
    let plan = keyfactor.certificate_stores().plan_removal(&located).await.unwrap();
    assert_eq!(plan.collection_id.map(clm::keyfactor::CollectionId::get), Some(4));
    let handle = keyfactor.certificate_stores();
    handle.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    assert!(fake.aliases(store).is_empty());
    handle.add_back(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    assert_eq!(fake.held(store, "www.pfx"), Some(id));
    let sent =
        fake.requests().into_iter().filter(|it| it.method() == "POST").map(|it| it.json()["CollectionId"].clone());
    assert_eq!(sent.collect::<Vec<_>>(), [4, 4]);
}

// Every 403 on the way says which permission was missing for that call.
#[tokio::test]
async fn a_refusal_on_the_way_says_what_that_call_needs() {
    let (fake, _, id) = in_two_stores().await;
    let plan = plan(&fake, id).await;
    let handle = client_of(&fake).certificate_stores();
    fake.restrict_to([KeyfactorPermission::ReadCertificates, KeyfactorPermission::ReadStores]);
    let needs = "schedule on certificate stores";
    let removal = handle.remove(&plan, Schedule::Immediate).send().await.unwrap_err();
    let addition = handle.add_back(&plan, Schedule::Immediate).send().await.unwrap_err();
    for error in [removal, addition] {
        assert_eq!(error.status().unwrap().as_u16(), 403);
        assert!(error.remediation().unwrap().contains(needs), "{error:?}");
        assert!(error.message().unwrap().contains("/certificate_stores/schedule/"), "{error:?}");
    }
    assert!(fake.jobs().is_empty());
}

// A plan is a file, and the numbers of a restored database may be others.
#[tokio::test]
async fn a_plan_whose_id_is_another_certificate_s_by_now_puts_nothing_back() {
    let fake = FakeKeyfactor::start().await;
    let (good, other) = (
        fake.issue(FakeCertificate::new("www").private_key()),
        fake.issue(FakeCertificate::new("other").private_key()),
    );
    let store = fake.add_store();
    fake.put(store, "www.pfx", good);
    let keyfactor = fake.client();
    let located = keyfactor.certificates().locations_of(good).send().await.unwrap();
    let stores = keyfactor.certificate_stores();
    let mut plan = stores.plan_removal(&located).await.unwrap();
    plan.certificates[0].id = other;
    fake.assert_untouched();
    fake.mark();
    let error = stores.add_back(&plan, Schedule::Immediate).send().await.unwrap_err();
    let Error::Lookup(lookup) = &error else { panic!("{error:?}") };
    let LookupError::NotAsked { got, asked, .. } = &**lookup else { panic!("{lookup:?}") };
    assert_eq!((got.clone(), asked.as_str()), (fake.thumbprint(other), plan.certificates[0].thumbprint.as_str()));
    fake.assert_untouched();
}

#[tokio::test]
async fn a_plan_can_be_made_of_some_of_the_locations() {
    let fake = FakeKeyfactor::start().await;
    let (good, other) = (fake.issue(FakeCertificate::new("www")), fake.issue(FakeCertificate::new("other")));
    let (kept, reused) = (fake.add_store(), fake.add_store());
    fake.put(kept, "www.pfx", good);
    fake.put(reused, "www.pfx", good);
    let keyfactor = fake.client();
    let located = keyfactor.certificates().locations_of(good).send().await.unwrap();
    fake.replace(reused, "www.pfx", other);
    let stores = keyfactor.certificate_stores();
    let plan = stores.plan_removal(&located).await.unwrap();
    assert_eq!(plan.omitted.iter().map(|it| it.store_id).collect::<Vec<_>>(), [Some(reused)]);
    let plan = stores.plan_removal(&located.only(|found| found.location().store() != reused)).await.unwrap();
    assert_eq!(plan.removals.iter().map(|it| it.store_id).collect::<Vec<_>>(), [kept]);
    assert_eq!(plan.omitted, []);
}
