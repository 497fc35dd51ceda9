//! Certificate stores and their inventories are read as they were asked for, and inventories are scheduled.

use clm::keyfactor::{
    CertificateStoreId, Error, ErrorKind, LookupError, Query, Schedule, ScheduleInventory, ServerSchedule,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission};
use clm::{Reason, RequestBuilder};
use serde_json::{Value, json};

use crate::support::keyfactor::{builder, client, store};
use crate::support::keyfactor_reads::{answer, calls, client_of, lookup, ok, paged};
use crate::support::scripted::{Answer, Scripted};

async fn machines(fake: &FakeKeyfactor, query: Query) -> Vec<String> {
    let rows = fake.client().certificate_stores().list(query).rows().unwrap().collect().await.unwrap();
    rows.into_iter().map(|it| it.client_machine.unwrap()).collect()
}

#[tokio::test]
async fn stores_are_found_by_what_they_are() {
    let fake = FakeKeyfactor::start().await;
    let [one, two] = [fake.add_store(), fake.add_store_in(7)];
    fake.set_store(one, |it| it.machine("one").path("/etc/a").remove_unsupported());
    fake.set_store(two, |it| it.machine("two").path("/etc/b").unapproved());
    let www = fake.issue(FakeCertificate::new("www"));
    fake.put(two, "www", www);
    for (query, expected) in [
        (Query::all(), vec!["one", "two"]),
        (Query::field("ClientMachine").eq("two"), vec!["two"]),
        (Query::field("StorePath").starts_with("/etc/"), vec!["one", "two"]),
        (Query::field("ContainerId").eq(7), vec!["two"]),
        (Query::field("CertificateId").eq(www.get()), vec!["two"]),
        (Query::field("RemoveSupported").eq(false), vec!["one"]),
        // The trap: those that were discovered and not approved are listed as well.
        (Query::field("Approved").eq(true), vec!["one"]),
        (Query::field("ClientMachine").one_of(["one", "three"]), vec!["one"]),
    ] {
        assert_eq!(machines(&fake, query.clone()).await, expected, "{query}");
    }
    // The trap: `Id` is no field of the query.
    let by_id =
        fake.client().certificate_stores().list(Query::field("Id").eq(one.get())).rows().unwrap().collect().await;
    assert_eq!(by_id.unwrap_err().status().unwrap().as_u16(), 400);
}

// The trap: the list shows no inventory schedule even where there is one.
#[tokio::test]
async fn one_store_shows_its_schedule_and_the_list_does_not() {
    let fake = FakeKeyfactor::start().await;
    let [with, without] = [fake.add_store(), fake.add_store()];
    fake.set_store(with, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})).properties(json!({"n": 1})));
    let stores = fake.client().certificate_stores();
    let read = stores.get(with).send().await.unwrap();
    assert_eq!(read.inventory_schedule, ServerSchedule::Set(Schedule::Interval { minutes: 60 }));
    assert!(read.has_inventory_schedule());
    assert_eq!(read.properties(), Some(json!({"n": 1})));
    assert!(!stores.get(without).send().await.unwrap().has_inventory_schedule());
    let rows = stores.list(Query::all()).rows().unwrap().collect().await.unwrap();
    assert!(rows.iter().all(|row| !row.inventory_schedule.is_set()));
}

#[tokio::test]
async fn another_store_than_the_one_asked_for_is_refused() {
    let server = Scripted::start([ok(&json!({"Id": store(2)}))]).await;
    let error = lookup(client(&server.origin).certificate_stores().get(store(1)).send().await.unwrap_err());
    let LookupError::NotAsked { what, got, asked, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*what, got, asked), ("certificate store", &store(2).to_string(), &store(1).to_string()));
}

#[tokio::test]
async fn an_unknown_store_is_not_found_and_a_forbidden_one_says_what_is_needed() {
    let fake = FakeKeyfactor::start().await;
    let inside = fake.add_store_in(7);
    let outside = fake.add_store();
    let stores = client_of(&fake).certificate_stores();
    for error in [
        stores.get(store(9)).send().await.unwrap_err(),
        stores.inventory(store(9)).rows().unwrap().collect().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), Some(ErrorKind::NotFound));
    }
    fake.restrict_to([KeyfactorPermission::ReadStoresIn(7)]);
    assert_eq!(stores.get(inside).send().await.unwrap().id, inside);
    let listed = stores.list(Query::all()).rows().unwrap().collect().await.unwrap();
    assert_eq!(listed.iter().map(|it| it.id).collect::<Vec<_>>(), [inside]);
    let forbidden = async |errors: &mut Vec<Error>| {
        errors.push(stores.get(outside).send().await.unwrap_err());
        errors.push(stores.inventory(outside).rows().unwrap().collect().await.unwrap_err());
    };
    let mut errors = Vec::new();
    forbidden(&mut errors).await;
    fake.restrict_to([]);
    forbidden(&mut errors).await;
    errors.push(stores.list(Query::all()).rows().unwrap().collect().await.unwrap_err());
    for error in errors {
        assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
        assert!(error.remediation().unwrap().contains("`/certificate_stores/read/`"), "{error:?}");
    }
}

// The traps: the alias is the entry's `Name`; the chain stands in the same entry, and the root in every one.
#[tokio::test]
async fn an_inventory_tells_the_leaf_from_the_chain() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let [root, issuing] = ["root", "issuing"].map(|name| fake.issue(FakeCertificate::new(name)));
    let [one, two] = ["one", "two"].map(|name| fake.issue(FakeCertificate::new(name)));
    fake.put_with_chain(store, "one.pfx", one, [issuing, root]);
    fake.put_with_chain(store, "two.pfx", two, [root]);
    let rows = fake.client().certificate_stores().inventory(store).rows().unwrap();
    let mut rows = rows;
    let mut entries = Vec::new();
    while let Some(entry) = rows.next().await {
        entries.push(entry.unwrap());
    }
    assert_eq!(rows.total(), Some(2), "entries are counted, not certificates");
    let of: Vec<_> = entries
        .iter()
        .map(|entry| {
            let chain: Vec<_> = entry.chain().iter().map(|it| it.id.unwrap()).collect();
            (entry.alias.as_str(), entry.leaf().unwrap().id.unwrap(), chain)
        })
        .collect();
    assert_eq!(of, [("one.pfx", one, vec![issuing, root]), ("two.pfx", two, vec![root])]);
    assert_eq!(entries[0].leaf().unwrap().thumbprint, fake.thumbprint(one));
    assert_eq!(entries[0].cert_store_id, Some(store));
    assert_eq!(entries[0].parameters["PrivateKeyEntry"], "Yes");
}

#[tokio::test]
async fn an_inventory_is_what_command_last_saw() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "gone.pfx");
    fake.remove_unseen(store, "gone.pfx");
    let aliases = async || {
        let rows = fake.client().certificate_stores().inventory(store).rows().unwrap().collect().await.unwrap();
        rows.into_iter().map(|it| it.alias).collect::<Vec<_>>()
    };
    assert_eq!(aliases().await, ["gone.pfx"]);
    fake.run_inventory(store);
    assert_eq!(aliases().await, [""; 0]);
}

// Aliases that only look alike are different aliases, and none is lost over the pages.
#[tokio::test]
async fn an_inventory_of_many_pages_keeps_every_alias_as_it_is() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let mut given: Vec<String> = (0..250).map(|number| format!("alias-{number:03}")).collect();
    given.extend(["A", "a", " a", "caf\u{e9}", "cafe\u{301}", "/etc/ssl/web.pem", "证书"].map(str::to_owned));
    for alias in &given {
        fake.add_certificate(store, alias);
    }
    given.sort();
    let rows = fake.client().certificate_stores().inventory(store).rows().unwrap().collect().await.unwrap();
    let mut read: Vec<String> = rows.into_iter().map(|it| it.alias).collect();
    read.sort();
    assert_eq!(read, given);
    assert_eq!(fake.requests().len(), 4, "three pages and the empty one");
}

// What the server lists is not lost: the error has the body.
#[tokio::test]
async fn an_entry_without_an_alias_is_an_error_that_says_so() {
    let entry = |name: Value| json!({"Name": name, "Certificates": [{"Id": 1, "Thumbprint": "AA"}]});
    for name in [Value::Null, json!(""), json!(" ")] {
        let server = paged([vec![entry(json!("a")), entry(name.clone())]]).await;
        let mut rows = client(&server.origin).certificate_stores().inventory(store(1)).rows().unwrap();
        assert_eq!(rows.next().await.unwrap().unwrap().alias, "a", "the row before it is a row");
        let error = rows.next().await;
        let Some(Err(Error::Decode(error))) = error else { panic!("{name}: {error:?}") };
        assert!(rows.next().await.is_none(), "the list ends there");
        let cause = std::error::Error::source(&*error).unwrap().to_string();
        assert!(cause.starts_with("row 2 of the page: an inventory entry has no `Name`"), "{name}: {cause}");
        assert_eq!(error.body(), json!([entry(json!("a")), entry(name)]).to_string());
    }
}

#[tokio::test]
async fn an_inventory_is_scheduled() {
    let fake = FakeKeyfactor::start().await;
    let [one, two] = [fake.add_store(), fake.add_store()];
    let stores = fake.client().certificate_stores();
    let call = stores.schedule_inventory([one, two, one], Schedule::Immediate).audit_note("after the move");
    let request = call.build().unwrap();
    assert_eq!((request.store_ids(), request.schedule()), (&[one, two][..], &Schedule::Immediate));
    assert!(fake.requests().is_empty(), "nothing is sent before it is executed");
    fake.client().execute(request).await.unwrap();
    stores.schedule_inventory([&one], Schedule::Interval { minutes: 60 }).send().await.unwrap();
    assert_eq!(calls(&fake), ["POST CertificateStores/Schedule"; 2]);
    let bodies: Vec<Value> = fake.requests().iter().map(clm::testing::RecordedRequest::json).collect();
    assert_eq!(bodies[0], json!({"StoreIds": [one, two], "Schedule": {"Immediate": true}}));
    assert_eq!(bodies[1], json!({"StoreIds": [one], "Schedule": {"Interval": {"Minutes": 60}}}));
    assert!(stores.get(one).send().await.unwrap().has_inventory_schedule());
}

#[tokio::test]
async fn an_inventory_schedule_that_means_nothing_is_refused() {
    let fake = FakeKeyfactor::start().await;
    let client = builder(&fake.url()).max_locations_per_call(2).build().unwrap();
    let stores = client.certificate_stores();
    let nil = CertificateStoreId::from(uuid::Uuid::nil());
    let none: [CertificateStoreId; 0] = [];
    let refused = |call: RequestBuilder<ScheduleInventory>| {
        let error = call.build().unwrap_err();
        error.problems().iter().map(|it| (it.field().to_owned(), it.reason().clone())).collect::<Vec<_>>()
    };
    let field = |field: &str, reason: Reason| (field.to_owned(), reason);
    assert_eq!(refused(stores.schedule_inventory(none, Schedule::Immediate)), [field("store_ids", Reason::Empty)]);
    assert_eq!(
        refused(stores.schedule_inventory([store(1), store(2), store(3)], Schedule::Immediate)),
        [field("store_ids", Reason::TooMany { limit: 2, actual: 3 })]
    );
    assert_eq!(
        refused(stores.schedule_inventory([store(1), nil], Schedule::Interval { minutes: 0 }).audit_note(" ")),
        [
            field("store_ids[1]", Reason::Nil),
            field("schedule.minutes", Reason::OutOfRange),
            field("audit_note", Reason::Blank)
        ]
    );
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn a_refused_inventory_says_what_is_needed_and_a_silent_one_comes_back() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.restrict_to([KeyfactorPermission::ReadStores]);
    let error = client_of(&fake).certificate_stores().schedule_inventory([store], Schedule::Immediate).send().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Forbidden));
    assert!(error.remediation().unwrap().contains("schedule on certificate stores"), "{error:?}");

    for (case, given, status) in
        [("silence", Answer::Nothing, None), ("a failure", answer(500, "", &json!({"Message": "oh"})), Some(500))]
    {
        let server = Scripted::start([given]).await;
        let keyfactor = client(&server.origin);
        let request = keyfactor.certificate_stores().schedule_inventory([store], Schedule::Immediate).build().unwrap();
        let error = keyfactor.execute(request.clone()).await.unwrap_err();
        let Error::OutcomeUnknown(unknown) = &error else { panic!("{case}: {error:?}") };
        assert_eq!(unknown.request::<ScheduleInventory>(), Some(&request), "{case}");
        assert_eq!(unknown.status().map(|it| it.as_u16()), status, "{case}");
        assert!(unknown.how_to_find_out().contains("GET /CertificateStores/{id}"), "{case}");
        assert_eq!(server.received().len(), 1, "{case}");
    }
}
