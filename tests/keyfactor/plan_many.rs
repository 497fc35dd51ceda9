//! Plans of many certificates, and plans that leave something out.

use clm::keyfactor::{
    CertificateId, CertificateStoreId, Client, ClientBuilder, Error, LookupError, OmissionReason, RemovalPlan,
    Schedule, Thumbprint,
};
use clm::testing::{FakeCertificate, FakeKeyfactor, KeyfactorPermission, RecordedRequest};
use clm::{OnFailure, Reason, ValidationError};

use crate::support::keyfactor_reads::{calls, changes, client_of, lookup, parameter};

fn validation(error: Error) -> ValidationError {
    let Error::Validation(error) = error else { panic!("{error:?}") };
    *error
}

fn problems(error: &ValidationError) -> Vec<(&str, &Reason)> {
    error.problems().iter().map(|it| (it.field(), it.reason())).collect()
}

/// Certificates in two stores, each under its thumbprint in both.
async fn issued(number: usize) -> (FakeKeyfactor, [CertificateStoreId; 2], Vec<CertificateId>) {
    let fake = FakeKeyfactor::start().await;
    let stores = [fake.add_store(), fake.add_store()];
    let ids: Vec<_> = (0..number)
        .map(|number| fake.issue(FakeCertificate::new(format!("www{number}.example.com")).private_key()))
        .collect();
    for (store, id) in stores.iter().flat_map(|store| ids.iter().map(move |id| (*store, *id))) {
        fake.put(store, fake.thumbprint(id), id);
    }
    (fake, stores, ids)
}

fn builder(fake: &FakeKeyfactor) -> ClientBuilder {
    Client::builder(fake.url()).credentials(fake.credentials())
}

fn thumbprints(fake: &FakeKeyfactor, ids: &[CertificateId]) -> Vec<String> {
    ids.iter().map(|id| fake.thumbprint(*id)).collect()
}

#[tokio::test]
async fn twenty_thumbprints_of_which_some_are_unknown_give_one_plan_of_the_others() {
    let (fake, stores, ids) = issued(16).await;
    let nowhere = fake.issue(FakeCertificate::new("nowhere"));
    let mut given = thumbprints(&fake, &ids);
    given.extend((0..3).map(|number| format!("{number:040X}")));
    given.insert(5, fake.thumbprint(nowhere));
    assert_eq!(given.len(), 20);
    // As people write them, and one twice.
    given[1] = given[1].to_lowercase();
    given.push(given[1].to_uppercase());

    let keyfactor = client_of(&fake);
    let handle = keyfactor.certificate_stores();
    let plan = handle.plan_removal_of(&given).send().await.unwrap();
    assert_eq!(changes(&fake), 0);
    let requests = fake.requests();
    let is_first_page = |it: &&RecordedRequest| parameter(it.query(), "PageReturned").as_deref() == Some("1");
    let inventories = requests.iter().filter(|it| it.path().ends_with("/Inventory")).filter(is_first_page);
    assert_eq!(inventories.count(), 2, "each store is read once for all of them");

    assert_eq!(plan.certificates.iter().map(|it| it.id).collect::<Vec<_>>(), ids);
    assert_eq!(plan.removals.len(), 32);
    assert!(plan.removals.iter().all(|it| it.alias == it.thumbprint.as_str()));
    let omitted: Vec<_> = plan.omitted.iter().map(|it| (it.thumbprint.as_str(), &it.why)).collect();
    let unknown: Vec<String> = (0..3).map(|number| format!("{number:040X}")).collect();
    let nowhere = fake.thumbprint(nowhere);
    assert_eq!(
        omitted,
        [
            (nowhere.as_str(), &OmissionReason::InNoStore),
            (&unknown[0], &OmissionReason::NotFound),
            (&unknown[1], &OmissionReason::NotFound),
            (&unknown[2], &OmissionReason::NotFound),
        ]
    );

    let refused = validation(handle.remove(&plan, Schedule::Immediate).send().await.unwrap_err());
    assert_eq!(refused.problems().len(), 4);
    assert!(refused.problems().iter().all(|it| it.reason() == &Reason::NeedsConsent));
    assert!(refused.to_string().contains(&nowhere) && refused.to_string().contains("accept_omissions()"), "{refused}");
    assert_eq!(changes(&fake), 0);
    let removal = handle.remove(&plan, Schedule::Immediate).accept_omissions().send().await.unwrap();
    assert_eq!(removal.job_ids().len(), 32);
    fake.run_jobs();
    assert_eq!(stores.map(|store| fake.aliases(store).len()), [0, 0]);

    // A call adds one certificate, so each has its own.
    let refused = handle.add_back(&plan, Schedule::Immediate).build().unwrap_err();
    assert_eq!(problems(&refused), [("plan.certificates", &Reason::TooMany { limit: 1, actual: 16 })]);
    let back = handle.add_back_each(&plan, Schedule::Immediate).send().await.unwrap().require_complete().unwrap();
    assert_eq!((back.calls(), back.job_ids().count()), (16, 32));
    fake.run_jobs();
    assert_eq!(stores.map(|store| fake.aliases(store).len()), [16, 16]);
}

#[tokio::test]
async fn what_cannot_be_a_request_is_refused_before_anything_is_sent() {
    let (fake, _, ids) = issued(3).await;
    let handle = fake.client().certificate_stores();
    let nothing: [&str; 0] = [];
    let refused = validation(handle.plan_removal_of(nothing).send().await.unwrap_err());
    assert_eq!(problems(&refused), [("thumbprints", &Reason::Empty)]);
    let given = [fake.thumbprint(ids[0]), "no thumbprint".to_owned(), String::new()];
    let refused = validation(handle.plan_removal_of(given).collection_id(0).send().await.unwrap_err());
    assert_eq!(
        problems(&refused),
        [
            ("thumbprints[1]", &Reason::NotAThumbprint),
            ("thumbprints[2]", &Reason::Empty),
            ("collection_id", &Reason::OutOfRange),
        ]
    );
    let few = builder(&fake).max_locations_per_call(2).build().unwrap().certificate_stores();
    let given = thumbprints(&fake, &ids);
    let refused = validation(few.plan_removal_of(&given).send().await.unwrap_err());
    assert_eq!(problems(&refused), [("thumbprints", &Reason::TooMany { limit: 2, actual: 3 })]);
    assert_eq!(calls(&fake), Vec::<String>::new());
}

#[tokio::test]
async fn with_nothing_left_every_reason_is_told() {
    let (fake, _, _) = issued(1).await;
    let handle = client_of(&fake).certificate_stores();
    let unknown = [format!("{:040X}", 1), format!("{:040X}", 2)];
    let error = lookup(handle.plan_removal_of(&unknown).send().await.unwrap_err());
    let LookupError::NothingPlanned { omitted, .. } = &error else { panic!("{error:?}") };
    assert_eq!(omitted.len(), 2);
    assert!(omitted[1].starts_with(&unknown[1]), "{omitted:?}");
    let error = lookup(handle.plan_removal_of(&unknown[..1]).send().await.unwrap_err());
    assert!(matches!(error, LookupError::NothingVisible { .. }), "{error:?}");
}

#[tokio::test]
async fn with_nothing_left_an_empty_plan_has_every_reason_if_it_is_allowed() {
    let (fake, _, _) = issued(1).await;
    let handle = client_of(&fake).certificate_stores();
    let unused = fake.thumbprint(fake.issue(FakeCertificate::new("unused")));
    let unknown = format!("{:040X}", 1);
    let plan = handle.plan_removal_of([&unknown, &unused]).allow_empty().send().await.unwrap();
    let why: Vec<_> = plan.omitted.iter().map(|it| (it.thumbprint.as_str(), it.why.clone())).collect();
    assert_eq!(why, [(unknown.as_str(), OmissionReason::NotFound), (unused.as_str(), OmissionReason::InNoStore)]);
    assert_eq!((plan.removals.len(), plan.certificates.len()), (0, 0));
    let one = handle.plan_removal_of([&unknown]).allow_empty().send().await.unwrap();
    assert_eq!(one.omitted, plan.omitted[..1]);
    let sent = calls(&fake).len();
    let none = handle.plan_removal_of([""; 0]).allow_empty().send().await.unwrap();
    assert_eq!((none.removals.len(), none.omitted.len()), (0, 0));
    let invalid = validation(handle.plan_removal_of(["12:34"]).allow_empty().send().await.unwrap_err());
    assert_eq!(invalid.problems()[0].field(), "thumbprints[0]");

    // It is a file like any other, and no removal.
    let mut file = Vec::new();
    plan.write_to(&mut file).unwrap();
    assert_eq!(RemovalPlan::from_json(&file).unwrap(), plan);
    let refused = handle.remove(&plan, Schedule::Immediate).accept_omissions().send().await.unwrap_err();
    assert!(matches!(refused, Error::Validation(_)), "{refused:?}");
    assert!(fake.changes().is_empty());
    assert_eq!(calls(&fake).len(), sent, "of an empty list, a wrong one, and an empty plan nothing is sent");

    // What every further call would meet is an error all the same.
    let wrong = clm::keyfactor::Credentials::basic(r"EXAMPLE\nobody", "not-the-password");
    let handle = builder(&fake).credentials(wrong).build().unwrap().certificate_stores();
    let error = handle.plan_removal_of([&unknown, &unused]).allow_empty().send().await.unwrap_err();
    assert_eq!(error.status().map(|it| it.as_u16()), Some(401), "{error:?}");
}

#[tokio::test]
async fn a_plan_of_no_place_at_all_is_an_error() {
    let (fake, _, ids) = issued(1).await;
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(ids[0]).send().await.unwrap();
    let error = lookup(keyfactor.certificate_stores().plan_removal(&located.only(|_| false)).await.unwrap_err());
    assert!(matches!(&error, LookupError::NothingPlanned { omitted, .. } if omitted.is_empty()), "{error:?}");
    assert_eq!(error.to_string(), "nothing can be planned: no places are left to check");
}

// What every further call would meet ends the plan: a plan of the rest would be one of the server's mood.
#[tokio::test]
async fn a_credential_that_is_refused_ends_the_plan() {
    let (fake, _, ids) = issued(2).await;
    let wrong = clm::keyfactor::Credentials::basic(r"EXAMPLE\nobody", "not-the-password");
    let keyfactor = builder(&fake).credentials(wrong).build().unwrap();
    let error = keyfactor.certificate_stores().plan_removal_of(thumbprints(&fake, &ids)).send().await.unwrap_err();
    assert_eq!(error.status().map(|it| it.as_u16()), Some(401), "{error:?}");
    assert_eq!(calls(&fake).len(), 1);
}

#[tokio::test]
async fn a_store_that_the_account_may_not_read_is_left_out() {
    let fake = FakeKeyfactor::start().await;
    let (open, closed) = (fake.add_store_in(7), fake.add_store_in(8));
    let id = fake.issue(FakeCertificate::new("www").private_key());
    fake.put(open, "www.pfx", id);
    fake.put(closed, "www.pfx", id);
    fake.restrict_to([
        KeyfactorPermission::ReadCertificates,
        KeyfactorPermission::ReadStoresIn(7),
        KeyfactorPermission::ScheduleStoresIn(7),
    ]);
    let handle = client_of(&fake).certificate_stores();
    let plan = handle.plan_removal_of([fake.thumbprint(id)]).send().await.unwrap();
    assert_eq!(plan.removals.iter().map(|it| it.store_id).collect::<Vec<_>>(), [open]);
    let [omitted] = &plan.omitted[..] else { panic!("{plan:?}") };
    let OmissionReason::StoreUnreadable { error, .. } = &omitted.why else { panic!("{omitted:?}") };
    assert_eq!(omitted.store_id, Some(closed));
    assert!(error.contains("403"), "{error}");

    // One job for each location is no way round it.
    let each = handle.remove(&plan, Schedule::Immediate).one_job_per_location().start();
    let refused = each.err().unwrap();
    assert_eq!(problems(&refused), [("plan.omitted[0]", &Reason::NeedsConsent)]);
    let each = handle.remove(&plan, Schedule::Immediate).accept_omissions().one_job_per_location().send().await;
    assert_eq!(each.unwrap().require_complete().unwrap().items().len(), 1);
    // What stayed needs no way back.
    drop(handle.add_back_each(&plan, Schedule::Immediate).start().unwrap());
}

#[tokio::test]
async fn a_certificate_under_another_alias_is_left_out_and_told() {
    let (fake, stores, ids) = issued(1).await;
    let keyfactor = client_of(&fake);
    let located = keyfactor.certificates().locations_of(ids[0]).send().await.unwrap();
    let thumbprint = fake.thumbprint(ids[0]);
    fake.remove_unseen(stores[0], &thumbprint);
    fake.put(stores[0], "respelled", ids[0]);
    fake.run_inventory(stores[0]);
    let plan = keyfactor.certificate_stores().plan_removal(&located).await.unwrap();
    let [omitted] = &plan.omitted[..] else { panic!("{plan:?}") };
    assert!(
        matches!(&omitted.why, OmissionReason::UnderAnotherAlias { alias, .. } if alias == "respelled"),
        "{omitted:?}"
    );
    assert_eq!(plan.removals.len(), 1);
}

#[tokio::test]
async fn more_places_than_a_call_carries_are_refused_with_the_way_out() {
    let (fake, stores, ids) = issued(2).await;
    let keyfactor = builder(&fake).max_locations_per_call(3).build().unwrap();
    let handle = keyfactor.certificate_stores();
    let plan = handle.plan_removal_of(thumbprints(&fake, &ids)).send().await.unwrap();
    let refused = handle.remove(&plan, Schedule::Immediate).build().unwrap_err();
    assert_eq!(problems(&refused), [("certificate_stores", &Reason::TooMany { limit: 3, actual: 4 })]);
    assert!(refused.to_string().contains("one_job_per_location()"), "{refused}");
    let each = handle.remove(&plan, Schedule::Immediate).one_job_per_location().send().await.unwrap();
    assert_eq!(each.require_complete().unwrap().job_ids().count(), 4);
    fake.run_jobs();
    assert_eq!(stores.map(|store| fake.aliases(store).len()), [0, 0]);
}

#[tokio::test]
async fn each_certificate_that_is_put_back_is_told_by_itself() {
    let (fake, stores, ids) = issued(3).await;
    let handle = client_of(&fake).certificate_stores();
    let plan = handle.plan_removal_of(thumbprints(&fake, &ids)).send().await.unwrap();
    handle.remove(&plan, Schedule::Immediate).send().await.unwrap();
    fake.run_jobs();
    // The plan is old: a number is another certificate's by now.
    let mut old = plan.clone();
    old.certificates[1].id = ids[0];
    let back = handle.add_back_each(&old, Schedule::Immediate).on_failure(OnFailure::ContinueAfterRefusal);
    let back = back.audit_note_for(|items| format!("back: {}", items[0].issued_cn)).send().await.unwrap();
    let states: Vec<_> = back.items().iter().map(|it| (it.item.id, it.state.is_confirmed())).collect();
    assert_eq!(states, [(ids[0], true), (ids[0], false), (ids[2], true)]);
    let Some(Error::Lookup(error)) = back.items()[1].state.error() else { panic!("{back:?}") };
    assert!(matches!(**error, LookupError::NotAsked { .. }), "{error:?}");
    fake.run_jobs();
    assert_eq!(stores.map(|store| fake.aliases(store).len()), [2, 2]);
}

#[tokio::test]
async fn a_plan_of_another_server_is_refused_unless_it_is_accepted() {
    let (fake, _, ids) = issued(2).await;
    let plan = client_of(&fake).certificate_stores().plan_removal_of(thumbprints(&fake, &ids)).send().await.unwrap();
    let server = plan.header.server.clone().unwrap();
    assert_eq!(server, fake.url());

    let other = FakeKeyfactor::start().await;
    let handle = client_of(&other).certificate_stores();
    let one = |plan: RemovalPlan| {
        let only = Thumbprint::from(fake.thumbprint(ids[0]));
        plan.only(|it| it.thumbprint == only)
    };
    let refusals = [
        handle.remove(&plan, Schedule::Immediate).build().unwrap_err(),
        handle.remove(&plan, Schedule::Immediate).one_job_per_location().start().err().unwrap(),
        handle.add_back(&one(plan.clone()), Schedule::Immediate).build().unwrap_err(),
        handle.add_back_each(&plan, Schedule::Immediate).start().err().unwrap(),
    ];
    for refused in &refusals {
        assert_eq!(problems(refused), [("plan.server", &Reason::NeedsConsent)]);
        let text = refused.to_string();
        assert!(text.contains(&server) && text.contains(&*other.url()), "{text}");
    }
    handle.remove(&plan, Schedule::Immediate).accept_other_server().build().unwrap();
    handle.add_back(&one(plan.clone()), Schedule::Immediate).accept_other_server().build().unwrap();
    drop(handle.add_back_each(&plan, Schedule::Immediate).accept_other_server().start().unwrap());

    // The vendor spells its path in several ways.
    let mut spelled = plan.clone();
    spelled.header.server = Some(server.replace("KeyfactorAPI", "KeyfactorApi"));
    fake.client().certificate_stores().remove(&spelled, Schedule::Immediate).build().unwrap();
    assert_eq!(changes(&other), 0);
}
