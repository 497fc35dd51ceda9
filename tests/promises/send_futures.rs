//! Futures that can be spawned, and values that can be sent, shared and kept.

use std::error::Error as StdError;
use std::fmt::Debug;

use clm::keyfactor::{CertificateLocation, Schedule};
use clm::testing::{FakeAppViewX, FakeKeyfactor};
use clm::{appviewx, keyfactor, testing};

fn is_send_static<T: Send + 'static>(_: &T) {}

fn is_plain<T: Debug + Send + Sync + 'static>() {}

/// A list is read by one task at a time.
fn is_sent<T: Debug + Send + Unpin + 'static>() {}

fn is_value<T: Clone + Debug + Send + Sync + 'static>() {}

fn is_error<T: StdError + Send + Sync + 'static>() {}

#[test]
fn every_public_type_can_be_sent_shared_and_kept() {
    is_value::<appviewx::Client>();
    is_value::<appviewx::CertificateGroups>();
    is_value::<appviewx::UnassignCertificatesBuilder>();
    is_value::<appviewx::UnassignCertificates>();
    is_value::<appviewx::UnassignOutcome>();
    is_value::<(appviewx::AssignCertificatesBuilder, appviewx::AssignCertificates, appviewx::AssignOutcome)>();
    is_value::<(appviewx::UnassignInCalls, appviewx::UnassignManyOutcome, appviewx::IdOutcome, appviewx::SharedError)>(
    );
    is_value::<(appviewx::ConfirmGroup, appviewx::GroupConfirmation, appviewx::Place)>();
    is_value::<(appviewx::RememberGroups, appviewx::GroupPlan, appviewx::AssignBack, appviewx::AssignBackOutcome)>();
    is_value::<(appviewx::Certificates, appviewx::CertificateSearch, appviewx::Certificate, appviewx::ServerTime)>();
    is_value::<(appviewx::CertificateCategory, appviewx::Keyword, appviewx::SortOrder, appviewx::Then)>();
    is_value::<(appviewx::GroupList, appviewx::CertificateGroup, appviewx::LookupError)>();
    is_value::<appviewx::Request>();
    is_value::<appviewx::Outcome>();
    is_value::<appviewx::Credentials>();
    is_value::<appviewx::Comment>();
    is_value::<appviewx::CommentRule>();
    is_value::<appviewx::ErrorCode>();
    is_value::<appviewx::ResourceId>();
    is_plain::<appviewx::ClientBuilder>();

    is_value::<keyfactor::Client>();
    is_value::<keyfactor::CertificateStores>();
    is_value::<keyfactor::RemoveCertificatesBuilder>();
    is_value::<keyfactor::RemoveCertificates>();
    is_value::<keyfactor::RemoveOutcome>();
    is_value::<keyfactor::Request>();
    is_value::<keyfactor::Outcome>();
    is_value::<keyfactor::Credentials>();
    is_value::<CertificateLocation>();
    is_value::<Schedule>();
    is_value::<keyfactor::ErrorCode>();
    is_value::<keyfactor::ErrorKind>();
    is_value::<keyfactor::FailedOperation>();
    is_value::<keyfactor::PermissionScope>();
    is_value::<(keyfactor::CertificateStoreId, keyfactor::JobId, keyfactor::CollectionId, keyfactor::ContainerId)>();
    is_plain::<keyfactor::ClientBuilder>();

    is_value::<keyfactor::Certificates>();
    is_value::<keyfactor::CertificateSearch>();
    is_value::<keyfactor::CertificateGet>();
    is_value::<keyfactor::CertificateLocationsGet>();
    is_value::<keyfactor::LocateCertificate>();
    is_value::<keyfactor::LocatedCertificate>();
    is_value::<keyfactor::FoundLocation>();
    is_value::<keyfactor::StoreReadiness>();
    is_value::<keyfactor::Certificate>();
    is_value::<keyfactor::CertificateStoreLocation>();
    is_value::<keyfactor::CertificateLocations>();
    is_value::<keyfactor::CertificateStore>();
    is_value::<keyfactor::InventoryEntry>();
    is_value::<keyfactor::InventoryCertificate>();
    is_value::<keyfactor::ServerTime>();
    is_value::<keyfactor::Thumbprint>();
    is_value::<keyfactor::CertificateRef>();
    is_value::<keyfactor::CertificateId>();
    is_value::<(keyfactor::Query, keyfactor::Field, keyfactor::QueryValue)>();
    is_value::<keyfactor::RemovalPlan>();
    is_value::<(keyfactor::PlannedRemoval, keyfactor::PutBack)>();
    is_value::<keyfactor::RemoveOneByOne>();
    is_value::<keyfactor::OneByOneOutcome>();
    is_value::<(keyfactor::LocationOutcome, keyfactor::LocationEnd)>();
    is_value::<keyfactor::AddCertificatesBuilder>();
    is_value::<keyfactor::AddCertificates>();
    is_value::<keyfactor::AddOutcome>();
    is_value::<keyfactor::CertificateStoreEntry>();
    is_value::<keyfactor::ScheduleInventoryBuilder>();
    is_value::<keyfactor::ScheduleInventory>();
    is_sent::<keyfactor::Rows<keyfactor::Certificate>>();

    is_value::<clm::Problem>();
    is_value::<clm::Reason>();
    is_value::<clm::InvalidCharacter>();
    is_value::<clm::ValidationError>();
    is_value::<testing::RecordedRequest>();
    is_value::<testing::FakeJob>();
    is_plain::<FakeAppViewX>();
    is_plain::<FakeKeyfactor>();
}

#[test]
fn every_error_can_be_boxed_and_sent() {
    is_error::<appviewx::Error>();
    is_error::<appviewx::ApiError>();
    is_error::<appviewx::OutcomeUnknown>();
    is_error::<appviewx::Incomplete>();
    is_error::<appviewx::LookupError>();
    is_error::<keyfactor::Error>();
    is_error::<keyfactor::ApiError>();
    is_error::<keyfactor::OutcomeUnknown>();
    is_error::<keyfactor::Incomplete>();
    is_error::<keyfactor::LookupError>();
    is_error::<clm::ConfigurationError>();
    is_error::<clm::ValidationError>();
    is_error::<clm::TransportError>();
    is_error::<clm::DecodeError>();
    // An enum that is returned by value stays small: each variant is one box.
    assert!(size_of::<appviewx::Error>() <= 2 * size_of::<usize>());
    assert!(size_of::<keyfactor::Error>() <= 2 * size_of::<usize>());
}

const IDS: [&str; 2] = ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_unassignment_can_be_spawned() {
    let fake = FakeAppViewX::start().await;
    for id in IDS {
        fake.add_certificate(id, "web");
    }
    // Neither the client nor the handle outlives these blocks: the future owns what it needs.
    let sent = { fake.client().certificate_groups().unassign([IDS[0]]).comment("one").send() };
    let executed = {
        let groups = fake.client().certificate_groups();
        let request = groups.unassign([IDS[1]]).comment("two").build().unwrap();
        groups.execute(request)
    };
    is_send_static(&sent);
    is_send_static(&executed);
    let (sent, executed) = (tokio::spawn(sent), tokio::spawn(executed));
    assert_eq!(sent.await.unwrap().unwrap().successful_ids(), [IDS[0]]);
    assert_eq!(executed.await.unwrap().unwrap().successful_ids(), [IDS[1]]);
    assert_eq!((fake.comments_on(IDS[0]), fake.comments_on(IDS[1])), (vec!["one".to_owned()], vec!["two".to_owned()]));
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_other_call_on_groups_can_be_spawned() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(IDS[0], "web");
    let groups = || fake.client().certificate_groups();
    let remembered = groups().remember_groups([IDS[0]]).send();
    is_send_static(&remembered);
    let plan = tokio::spawn(remembered).await.unwrap().unwrap();
    let many = groups().unassign([IDS[0]]).in_calls().send();
    let confirmed = groups().confirm_group([IDS[0]], "Default").send();
    let back = groups().assign_back(&plan).send();
    let rows = fake.client().certificates().search().rows().unwrap();
    let assigned = groups().assign("web", [IDS[0]]).send();
    is_send_static(&many);
    is_send_static(&confirmed);
    is_send_static(&back);
    is_send_static(&rows);
    is_send_static(&assigned);
    assert!(tokio::spawn(many).await.unwrap().unwrap().is_complete());
    assert!(tokio::spawn(confirmed).await.unwrap().unwrap().is_complete());
    assert!(tokio::spawn(back).await.unwrap().unwrap().is_complete());
    assert_eq!(fake.group_of(IDS[0]).as_deref(), Some("web"));
    assert_eq!(tokio::spawn(rows.collect()).await.unwrap().unwrap().len(), 1);
    assert_eq!(tokio::spawn(assigned).await.unwrap().unwrap().unconfirmed_ids(), [IDS[0]], "it is there already");
    let viewed = tokio::spawn(async move { fake.client().certificate_groups().view("web").await });
    assert_eq!(viewed.await.unwrap().unwrap().name.as_deref(), Some("web"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_removal_can_be_spawned() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    for alias in ["one", "two"] {
        fake.add_certificate(store, alias);
    }
    let sent = {
        let locations = vec![CertificateLocation::new(store, "one").job_field("ServerName", "web01")];
        fake.client().certificate_stores().remove_certificates(locations, Schedule::Immediate).send()
    };
    let executed = {
        let stores = fake.client().certificate_stores();
        let locations = [CertificateLocation::new(store, "two")];
        let request = stores.remove_certificates(locations, Schedule::Immediate).build().unwrap();
        stores.execute(request)
    };
    is_send_static(&sent);
    is_send_static(&executed);
    let (sent, executed) = (tokio::spawn(sent), tokio::spawn(executed));
    let mut jobs = sent.await.unwrap().unwrap().job_ids().to_vec();
    jobs.extend(executed.await.unwrap().unwrap().job_ids());
    assert_eq!(jobs.len(), 2);
    assert_ne!(jobs[0], jobs[1]);
    fake.run_jobs();
    assert!(fake.aliases(store).is_empty());
    assert_eq!(fake.requests().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_from_certificate_to_removal_and_back_can_be_spawned() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let id = fake.issue(testing::FakeCertificate::new("www").private_key());
    fake.put(store, "www", id);
    // Neither the client nor the handle outlives the line that makes the future.
    let certificates = || fake.client().certificates();
    let stores = || fake.client().certificate_stores();
    let get = certificates().get(id).send();
    let locations = certificates().locations(id).send();
    let locate = certificates().locations_of(id).send();
    let search = certificates().search(keyfactor::Query::all()).rows().unwrap().collect();
    let list = stores().list(keyfactor::Query::all()).unwrap().collect();
    let inventory = stores().inventory(store).unwrap().collect();
    let schedule = stores().schedule_inventory([store], Schedule::Immediate).send();
    is_send_static(&get);
    is_send_static(&locate);
    is_send_static(&search);
    let spawned = (tokio::spawn(get), tokio::spawn(locations), tokio::spawn(schedule));
    assert_eq!(spawned.0.await.unwrap().unwrap().id, id);
    assert_eq!(spawned.1.await.unwrap().unwrap().details.len(), 1);
    spawned.2.await.unwrap().unwrap();
    let lists = (tokio::spawn(search), tokio::spawn(list), tokio::spawn(inventory));
    assert_eq!(lists.0.await.unwrap().unwrap().len(), 1);
    assert_eq!(lists.1.await.unwrap().unwrap().len(), 1);
    assert_eq!(lists.2.await.unwrap().unwrap().len(), 1);

    let located = tokio::spawn(locate).await.unwrap().unwrap();
    let handle = stores();
    let plan = tokio::spawn(async move { handle.plan_removal(&located).await }).await.unwrap().unwrap();
    let removal = stores().remove(&plan, Schedule::Immediate).one_job_per_location().send();
    let outcome = tokio::spawn(removal).await.unwrap().unwrap();
    assert!(outcome.is_complete());
    fake.run_jobs();
    let back = stores().add_back(&plan, Schedule::Immediate);
    let (sent, executed) = (back.clone().send(), stores().execute(back.build().unwrap()));
    is_send_static(&sent);
    is_send_static(&executed);
    tokio::spawn(sent).await.unwrap().unwrap();
    fake.run_jobs();
    assert_eq!(fake.held(store, "www"), Some(id));
    drop(executed);
    assert_eq!(fake.requests().iter().filter(|it| it.path().ends_with("/Add")).count(), 1, "never polled, never sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_client_serves_many_tasks_and_their_errors_come_back() {
    let fake = FakeAppViewX::start().await;
    for number in 0..32 {
        fake.add_certificate(number.to_string(), "web");
    }
    let client = fake.client();
    let tasks: Vec<_> = (0..32)
        .map(|number: u32| {
            let groups = client.certificate_groups();
            tokio::spawn(async move { groups.unassign([number.to_string()]).send().await })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().unwrap().successful_ids(), [number.to_string().as_str()]);
    }
    assert_eq!(fake.requests().len(), 32);
    fake.expire_sessions();
    let refused = tokio::spawn(client.certificate_groups().unassign(["0"]).send()).await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Some(&appviewx::ErrorCode::AuthenticationFailed));
}

#[tokio::test]
async fn a_future_that_is_never_polled_sends_nothing() {
    let fake = FakeAppViewX::start().await;
    fake.add_certificate(IDS[0], "web");
    let groups = fake.client().certificate_groups();
    drop(groups.unassign([IDS[0]]).send());
    drop(groups.execute(groups.unassign([IDS[0]]).build().unwrap()));
    assert!(fake.requests().is_empty(), "{:?}", fake.requests());
    assert_eq!(fake.group_of(IDS[0]).as_deref(), Some("web"));
}
