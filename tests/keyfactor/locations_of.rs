//! From a certificate to the places from which it can be removed: all of them, and nothing else.

use clm::Reason;
use clm::keyfactor::{
    CertificateRef, CertificateStoreId, Error, LocatedCertificate, LookupError, OmissionReason, Schedule,
    StoreReadiness, Thumbprint,
};
use clm::testing::{FakeAgent, FakeCertificate, FakeKeyfactor, FakeStore, KeyfactorPermission};
use serde_json::{Value, json};

use crate::support::keyfactor::{client, store};
use crate::support::keyfactor_reads::{answer, calls, changes, client_of, lookup, ok, page_of, parameter, target};
use crate::support::scripted::Scripted;

const DIGITS: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

async fn locate(fake: &FakeKeyfactor, certificate: impl Into<CertificateRef>) -> Result<LocatedCertificate, Error> {
    client_of(fake).certificates().locations_of(certificate).send().await
}

/// Stores and aliases, in their order.
fn places(located: &LocatedCertificate) -> Vec<(CertificateStoreId, &str)> {
    located.locations().iter().map(|it| (it.location().store(), it.location().alias())).collect()
}

#[tokio::test]
async fn every_place_is_found_by_id_and_by_thumbprint_also_of_what_is_revoked_or_expired() {
    for certificate in [
        FakeCertificate::new("valid"),
        FakeCertificate::new("revoked").revoked(),
        FakeCertificate::new("expired").expired(),
        FakeCertificate::new("both").revoked().expired().private_key(),
    ] {
        let fake = FakeKeyfactor::start().await;
        let [one, two] = [fake.add_store(), fake.add_store()];
        fake.set_store(one, |it| it.machine("web01").path("/etc/ssl"));
        let id = fake.issue(certificate);
        fake.put(one, "first.pfx", id);
        fake.put(one, "second.pfx", id);
        fake.put(two, "third.pfx", id);
        fake.add_certificate(two, "another.pfx");
        for located in [locate(&fake, id).await.unwrap(), locate(&fake, fake.thumbprint(id)).await.unwrap()] {
            assert_eq!(places(&located), [(one, "first.pfx"), (one, "second.pfx"), (two, "third.pfx")]);
            assert_eq!(located.certificate().id, id);
            assert_eq!(located.thumbprint().as_str(), fake.thumbprint(id));
            assert!(located.excluded().is_empty() && located.readiness_error().is_none());
            let first = &located.locations()[0];
            assert_eq!((first.store_machine(), first.store_path()), (Some("web01"), Some("/etc/ssl")));
            for found in located.locations() {
                assert_eq!(found.location().expected_thumbprint(), Some(located.thumbprint()));
                assert!(!found.readiness().has_obstacle());
            }
        }
        assert_eq!(changes(&fake), 0);
    }
}

#[tokio::test]
async fn a_private_key_shows_in_what_was_located() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www").private_key());
    fake.put(store, "www", id);
    assert!(locate(&fake, id).await.unwrap().certificate().has_private_key, "the single read cannot be asked for it");
}

// As people and tools write it, and with the mark that comes along from a Windows dialogue.
#[tokio::test]
async fn a_thumbprint_is_taken_as_people_write_it() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www").thumbprint(DIGITS));
    fake.put(store, "www", id);
    let pairs: Vec<&str> = (0..20).map(|number| &DIGITS[2 * number..2 * number + 2]).collect();
    for written in [
        DIGITS.to_owned(),
        DIGITS.to_lowercase(),
        pairs.join(":"),
        pairs.join(" "),
        pairs.join("-").to_lowercase(),
        format!("  {DIGITS}\r\n"),
        format!("\u{200e}{DIGITS}"),
        format!("\u{feff}{}\u{200b}", pairs.join("\u{a0}")),
    ] {
        let located = locate(&fake, &written).await.unwrap_or_else(|error| panic!("{written:?}: {error}"));
        assert_eq!(located.thumbprint().as_str(), DIGITS, "{written:?}");
    }
    let query = fake.requests().iter().find_map(|it| parameter(it.query(), "QueryString")).unwrap();
    assert_eq!(query, format!("Thumbprint -eq \"{DIGITS}\""));
}

#[tokio::test]
async fn what_is_no_thumbprint_is_refused_and_nothing_is_sent() {
    let fake = FakeKeyfactor::start().await;
    for (written, found) in [
        ("A".repeat(64), "has 64, as a SHA-256 thumbprint does"),
        ("A".repeat(39), "has 39"),
        ("A".repeat(41), "has 41"),
        (format!("{}G", "A".repeat(39)), "contains 'G'"),
        (format!("{}\"", "A".repeat(39)), "contains '\"'"),
        ("Ａ".repeat(40), "contains 'Ａ'"),
        ("7".to_owned(), "has 1"),
        (String::new(), ""),
        (" \u{200e}:".to_owned(), ""),
    ] {
        let error = locate(&fake, written.as_str()).await.unwrap_err();
        let Error::Validation(error) = &error else { panic!("{written:?}: {error:?}") };
        let [problem] = error.problems() else { panic!("{error:?}") };
        let (reason, sentence) = if found.is_empty() {
            (Reason::Empty, "must not be empty".to_owned())
        } else {
            let rule = "must be a SHA-1 thumbprint: 40 hex digits, optionally with colons and spaces";
            (Reason::NotAThumbprint, format!("{rule}; {found}"))
        };
        let said = (problem.field(), problem.reason(), problem.sentence());
        assert_eq!(said, ("certificate", &reason, sentence.as_str()), "{written:?}");
    }
    let error = client_of(&fake).certificates().locations_of(DIGITS).collection_id(0).send().await.unwrap_err();
    let Error::Validation(error) = &error else { panic!("{error:?}") };
    assert_eq!(error.problems()[0].field(), "collection_id");
    let error = locate(&fake, -1).await.unwrap_err();
    let Error::Validation(error) = &error else { panic!("{error:?}") };
    assert_eq!(error.problems()[0].field(), "id");
    assert!(fake.requests().is_empty());
}

// The trap: a root stands in the chain of many entries; its locations look like those of a certificate of their own.
#[tokio::test]
async fn a_place_in_another_ones_chain_is_excluded() {
    let fake = FakeKeyfactor::start().await;
    let [one, two] = [fake.add_store(), fake.add_store()];
    let [root, leaf] = ["root", "leaf"].map(|name| fake.issue(FakeCertificate::new(name)));
    fake.put_with_chain(one, "leaf.pfx", leaf, [root]);
    fake.put(two, "root.pem", root);
    let located = locate(&fake, root).await.unwrap();
    assert_eq!(places(&located), [(two, "root.pem")]);
    let [excluded] = located.excluded() else { panic!("{located:?}") };
    assert_eq!((excluded.alias.as_str(), excluded.chain_level), ("leaf.pfx", Some(1)));
    assert!(located.readiness_error().is_none(), "{located:?}");

    let stores = fake.client().certificate_stores();
    stores.remove_certificates(located.locations(), Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    assert_eq!((fake.aliases(one), fake.aliases(two)), (vec!["leaf.pfx".to_owned()], vec![]));
}

#[tokio::test]
async fn nothing_that_is_visible_is_an_error_of_its_own() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("inside").collection(4));
    fake.put(store, "www", id);
    let of = |error: Error| match lookup(error) {
        LookupError::NothingVisible { certificate, .. } => certificate,
        other => panic!("{other:?}"),
    };
    assert_eq!(of(locate(&fake, DIGITS).await.unwrap_err()), CertificateRef::Thumbprint(DIGITS.into()));
    let elsewhere = client_of(&fake).certificates().locations_of(fake.thumbprint(id)).collection_id(5).send().await;
    assert_eq!(of(elsewhere.unwrap_err()), CertificateRef::Thumbprint(fake.thumbprint(id).into()));
    // An unknown id is refused by the read of that certificate.
    assert_eq!(locate(&fake, 99).await.unwrap_err().status().unwrap().as_u16(), 404);
    let inside = client_of(&fake).certificates().locations_of(id).collection_id(4).send().await.unwrap();
    assert_eq!(inside.collection_id().unwrap().get(), 4);
}

#[tokio::test]
async fn a_certificate_in_no_store_is_an_error_of_its_own() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let [root, leaf, nowhere] = ["root", "leaf", "nowhere"].map(|name| fake.issue(FakeCertificate::new(name)));
    fake.put_with_chain(store, "leaf.pfx", leaf, [root]);
    for (certificate, in_chains) in [(root, 1), (nowhere, 0)] {
        let error = lookup(locate(&fake, certificate).await.unwrap_err());
        let LookupError::InNoStore { id, thumbprint, excluded, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*id, thumbprint.as_str(), *excluded), (certificate, &*fake.thumbprint(certificate), in_chains));
        assert!(error.to_string().contains(thumbprint.as_str()), "{error}");
    }
}

#[tokio::test]
async fn two_certificates_with_one_thumbprint_have_to_be_named_by_id() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let [one, two] = ["one", "two"].map(|name| fake.issue(FakeCertificate::new(name).thumbprint(DIGITS)));
    fake.put(store, "one", one);
    fake.put(store, "two", two);
    let error = lookup(locate(&fake, DIGITS).await.unwrap_err());
    let LookupError::Ambiguous { thumbprint, .. } = &error else { panic!("{error:?}") };
    assert_eq!(thumbprint.as_str(), DIGITS);
    assert_eq!(places(&locate(&fake, two).await.unwrap()), [(store, "two")]);
}

// Nothing of an answer that holds anything else is used, wherever in it the wanted one stands.
#[tokio::test]
async fn a_server_that_ignores_filters_feeds_no_removal() {
    for wanted_first in [true, false] {
        let fake = FakeKeyfactor::start().await;
        fake.ignore_filters();
        let store = fake.add_store();
        let mut names = vec!["other"; 3];
        names.insert(if wanted_first { 0 } else { 3 }, "wanted");
        let ids: Vec<_> = names.iter().map(|name| fake.issue(FakeCertificate::new(*name))).collect();
        for (number, id) in ids.iter().enumerate() {
            fake.put(store, format!("{number}"), *id);
        }
        let wanted = ids[if wanted_first { 0 } else { 3 }];
        let other = ids[usize::from(wanted_first)];
        for error in
            [locate(&fake, wanted).await.unwrap_err(), locate(&fake, fake.thumbprint(wanted)).await.unwrap_err()]
        {
            let error = lookup(error);
            let LookupError::NotAsked { got, asked, .. } = &error else { panic!("{error:?}") };
            assert_eq!((got, asked), (&fake.thumbprint(other), &fake.thumbprint(wanted)));
        }
        assert_eq!(changes(&fake), 0);
    }
}

#[tokio::test]
async fn a_certificate_without_a_usable_thumbprint_cannot_be_compared() {
    for shown in [Value::Null, json!(""), json!("AB12"), json!("A".repeat(64)), json!("q83vASNFZ4mrze8BI0VniavN7wE=")] {
        let server = Scripted::start([ok(&json!({"Id": 2, "Thumbprint": shown}))]).await;
        let error = lookup(client(&server.origin).certificates().locations_of(2).send().await.unwrap_err());
        let LookupError::NoThumbprint { id, .. } = &error else { panic!("{error:?}") };
        assert_eq!(id.get(), 2);
        assert_eq!(server.received().len(), 1);
    }
}

/// A server with one certificate at these locations, whose stores are not to be had.
async fn with_locations(locations: Value) -> Scripted {
    Scripted::choosing(move |_, request| match target(request).0.as_str() {
        "Certificates" if page_of(request) == 1 => {
            ok(&json!([{"Id": 2, "Thumbprint": DIGITS.to_lowercase(), "Locations": locations}]))
        }
        "Certificates" => ok(&json!([])),
        _ => answer(403, "", &Value::Null),
    })
    .await
}

#[tokio::test]
async fn a_place_that_does_not_say_what_it_is_is_excluded() {
    let place =
        |alias: &str, level: Value, store: Value| json!({"Alias": alias, "ChainLevel": level, "CertStoreId": store});
    let locations = json!([
        place("good", json!(0), json!(store(1))),
        place("again", json!(0), json!(store(2))),
        place("again", json!(0), json!(store(2))),
        place("Good", json!(0), json!(store(1))),
        place("no level", Value::Null, json!(store(1))),
        place("no store", json!(0), Value::Null),
        place("negative", json!(-1), json!(store(1))),
        place("chain", json!(2), json!(store(1))),
    ]);
    let server = with_locations(locations).await;
    let located = client(&server.origin).certificates().locations_of(DIGITS).send().await.unwrap();
    assert_eq!(places(&located), [(store(1), "good"), (store(2), "again"), (store(1), "Good")], "each place once");
    let excluded: Vec<&str> = located.excluded().iter().map(|it| it.alias.as_str()).collect();
    assert_eq!(excluded, ["no level", "no store", "negative", "chain"]);
}

// One place that names nothing must not keep the others from being removed.
#[tokio::test]
async fn a_place_without_an_alias_is_excluded() {
    let place = |alias: Value| json!({"Alias": alias, "ChainLevel": 0, "CertStoreId": store(1)});
    let server = with_locations(json!([place(Value::Null), place(json!("")), place(json!("good"))])).await;
    let keyfactor = client(&server.origin);
    let located = keyfactor.certificates().locations_of(DIGITS).send().await.unwrap();
    let removal = keyfactor.certificate_stores().remove_certificates(located.locations(), Schedule::Immediate).build();
    assert_eq!(removal.map(|it| it.locations().len()), Ok(1), "{located:?}");
}

// Otherwise a program that is done with what is in no store would be done with a certificate that is still in one.
#[tokio::test]
async fn a_certificate_whose_places_are_unclear_is_not_in_no_store() {
    let place = |level: Value, store: Value| json!({"Alias": "www", "ChainLevel": level, "CertStoreId": store});
    let in_chain = place(json!(1), json!(store(9)));
    for (number, unclear) in
        [place(Value::Null, json!(store(1))), place(json!(0), Value::Null), place(json!(-1), json!(store(1)))]
            .into_iter()
            .enumerate()
    {
        let server = with_locations(json!([in_chain, unclear])).await;
        let keyfactor = client(&server.origin);
        let error = lookup(keyfactor.certificates().locations_of(DIGITS).send().await.unwrap_err());
        assert!(matches!(error, LookupError::InNoStore { excluded: 2, unclear: 1, .. }), "{number}: {error:?}");
        let plan = keyfactor.certificate_stores().plan_removal_of([DIGITS]).allow_empty().send().await.unwrap();
        let [omitted] = &plan.omitted[..] else { panic!("{number}: {plan:?}") };
        assert_eq!((&omitted.why, omitted.alias.as_deref()), (&OmissionReason::PlaceUnclear, Some("www")), "{number}");
    }

    let server = with_locations(json!([in_chain])).await;
    let keyfactor = client(&server.origin);
    let error = lookup(keyfactor.certificates().locations_of(DIGITS).send().await.unwrap_err());
    assert!(matches!(error, LookupError::InNoStore { excluded: 1, unclear: 0, .. }), "{error:?}");
    let plan = keyfactor.certificate_stores().plan_removal_of([DIGITS]).allow_empty().send().await.unwrap();
    assert_eq!(plan.omitted.iter().map(|it| &it.why).collect::<Vec<_>>(), [&OmissionReason::InNoStore]);
}

#[tokio::test]
async fn readiness_tells_what_speaks_against_a_removal() {
    let fake = FakeKeyfactor::start().await;
    let stores = [fake.add_store(), fake.add_store(), fake.add_store(), fake.add_store()];
    fake.set_store(stores[1], |it| it.agent(FakeAgent::Unavailable));
    fake.set_store(stores[2], FakeStore::unapproved);
    fake.set_store(stores[3], FakeStore::remove_unsupported);
    let id = fake.issue(FakeCertificate::new("www"));
    for store in stores {
        fake.put(store, "www", id);
    }
    let located = locate(&fake, id).await.unwrap();
    let of = |readiness: StoreReadiness| (readiness.agent_available, readiness.approved, readiness.supports_removal);
    let found: Vec<_> = located.locations().iter().map(|it| of(it.readiness())).collect();
    let (yes, no) = (Some(true), Some(false));
    assert_eq!(found, [(yes, yes, yes), (no, yes, yes), (yes, no, yes), (yes, yes, no)]);
    let against: Vec<bool> = located.locations().iter().map(|it| it.readiness().has_obstacle()).collect();
    assert_eq!(against, [false, true, true, true]);
    assert!(!StoreReadiness::default().has_obstacle(), "what is not known does not");
}

#[tokio::test]
async fn without_the_right_to_read_stores_the_places_are_found_all_the_same() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www"));
    fake.put(store, "www", id);
    fake.restrict_to([KeyfactorPermission::ReadCertificates]);
    let located = locate(&fake, id).await.unwrap();
    assert_eq!(places(&located), [(store, "www")]);
    assert_eq!(located.locations()[0].readiness(), StoreReadiness::default());
    let error = located.readiness_error().unwrap();
    assert_eq!(error.status().unwrap().as_u16(), 403);
    assert!(error.remediation().unwrap().contains("/certificate_stores/read/"), "{error:?}");
}

#[tokio::test]
async fn a_store_in_both_answers_says_nothing_and_a_foreign_one_spoils_them() {
    for foreign in [false, true] {
        let server = Scripted::choosing(move |_, request| {
            let (path, query) = target(request);
            let row = |number| json!({"Id": store(number), "Approved": true});
            match (path.as_str(), page_of(request)) {
                ("Certificates", 1) => ok(&json!([{"Id": 2, "Thumbprint": DIGITS,
                    "Locations": [{"Alias": "www", "ChainLevel": 0, "CertStoreId": store(1)}]}])),
                ("CertificateStores", 1) if foreign => ok(&json!([row(1), row(9)])),
                ("CertificateStores", 1) if query.contains("AgentAvailable") => ok(&json!([row(1)])),
                _ => ok(&json!([])),
            }
        })
        .await;
        let located = client(&server.origin).certificates().locations_of(DIGITS).send().await.unwrap();
        let readiness = located.locations()[0].readiness();
        assert_eq!((readiness.agent_available, readiness.supports_removal), (None, None));
        assert_eq!(readiness.approved, (!foreign).then_some(true));
        match located.readiness_error() {
            None => assert!(!foreign),
            Some(Error::Lookup(error)) => {
                let LookupError::NotAsked { got, asked, .. } = &**error else { panic!("{error:?}") };
                assert_eq!((foreign, got, asked.as_str()), (true, &store(9).to_string(), "2"));
            }
            Some(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_collection_is_named_in_every_read_of_certificates() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(FakeCertificate::new("www").collection(4));
    fake.put(store, "www", id);
    fake.restrict_to([KeyfactorPermission::ReadCertificatesIn(4)]);
    assert_eq!(locate(&fake, id).await.unwrap_err().status().unwrap().as_u16(), 403);
    let located = client_of(&fake).certificates().locations_of(id).collection_id(4).send().await.unwrap();
    assert_eq!(places(&located), [(store, "www")]);
    let of_certificates = fake.requests().into_iter().skip(1).filter(|it| it.path().contains("/Certificates"));
    let collections: Vec<_> = of_certificates.map(|it| parameter(it.query(), "collectionId")).collect();
    assert_eq!(collections, vec![Some("4".to_owned()); 3], "{:?}", calls(&fake));
}

#[test]
fn a_thumbprint_is_what_it_was_made_of() {
    let thumbprint = Thumbprint::from("ab:cd");
    assert_eq!((thumbprint.as_str(), thumbprint.to_string()), ("ABCD", "ABCD".to_owned()));
    assert_eq!(format!("{thumbprint:?}"), "Thumbprint(ABCD)");
    assert_eq!(serde_json::to_value(&thumbprint).unwrap(), "ABCD");
}
