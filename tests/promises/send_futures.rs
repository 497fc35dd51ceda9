//! Futures that can be spawned, and values that can be sent, shared and kept.

use std::error::Error as StdError;
use std::fmt::Debug;

use crate::support::fault_table::End;
use crate::support::operations::{Operation, Site};
use crate::support::scripted::Scripted;
use clm::keyfactor::{CertificateLocation, Schedule};
use clm::testing::{FakeAppViewX, FakeKeyfactor, KeyfactorCall};
use clm::{
    BatchBuilder, Incomplete, IncompleteOutcome, ItemOutcome, ItemState, ListBuilder, ManyOutcome, OnFailure, Outcomes,
    RawAnswer, RawEffect, Receipt, Request, RequestBuilder, UnreadableAnswer, UnreadableReason, appviewx, keyfactor,
    testing,
};

fn is_send_static<T: Send + 'static>(_: &T) {}

fn is_plain<T: Debug + Send + Sync + 'static>() {}

/// A list is read by one task at a time.
fn is_sent<T: Debug + Send + Unpin + 'static>() {}

fn is_value<T: Clone + Debug + Send + Sync + 'static>() {}

/// An operation, its builder and its checked request.
macro_rules! is_call {
    ($operation:ty) => {
        is_value::<($operation, RequestBuilder<$operation>, Request<$operation>)>();
    };
}

fn is_error<T: StdError + Send + Sync + 'static>() {}

#[test]
fn every_public_type_can_be_sent_shared_and_kept() {
    is_value::<appviewx::Client>();
    is_value::<appviewx::CertificateGroups>();
    is_call!(appviewx::UnassignCertificates);
    is_value::<appviewx::UnassignOutcome>();
    is_call!(appviewx::AssignCertificates);
    is_value::<appviewx::AssignOutcome>();
    is_value::<BatchBuilder<appviewx::MoveInCalls<appviewx::Unassign>>>();
    is_value::<BatchBuilder<appviewx::MoveInCalls<appviewx::Assign>>>();
    is_sent::<Outcomes<appviewx::MoveInCalls<appviewx::Unassign>>>();
    is_value::<ManyOutcome<appviewx::ResourceId, appviewx::UnassignCertificates>>();
    is_value::<ManyOutcome<appviewx::ResourceId, appviewx::AssignCertificates>>();
    is_value::<ItemOutcome<appviewx::ResourceId, appviewx::AssignCertificates>>();
    is_value::<(ItemState<appviewx::AppViewX>, appviewx::SharedError)>();
    is_value::<(appviewx::ConfirmGroup, appviewx::GroupConfirmation, appviewx::GroupMembership)>();
    is_value::<(appviewx::RememberGroups, appviewx::GroupPlan, appviewx::AssignBack, appviewx::AssignBackOutcome)>();
    is_value::<(appviewx::Certificates, appviewx::CertificateSearch, appviewx::Certificate, appviewx::ServerTime)>();
    is_value::<ListBuilder<appviewx::CertificateSearch>>();
    is_value::<(appviewx::CertificateCategory, appviewx::Keyword, appviewx::SortOrder, OnFailure)>();
    is_value::<(appviewx::GroupList, appviewx::CertificateGroup, appviewx::LookupError)>();
    is_value::<ListBuilder<appviewx::GroupList>>();
    is_call!(appviewx::ViewGroup);
    is_value::<(appviewx::LogoutOutcome, appviewx::LoggedOut)>();
    is_value::<appviewx::Credentials>();
    is_value::<appviewx::Comment>();
    is_value::<appviewx::CommentRule>();
    is_value::<appviewx::ErrorCode>();
    is_value::<appviewx::ResourceId>();
    is_plain::<appviewx::ClientBuilder>();

    is_value::<keyfactor::Client>();
    is_value::<keyfactor::CertificateStores>();
    is_call!(keyfactor::RemoveCertificates);
    is_value::<keyfactor::RemoveOutcome>();
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
    is_value::<ListBuilder<keyfactor::SearchCertificates>>();
    is_call!(keyfactor::GetCertificate);
    is_call!(keyfactor::GetCertificateLocations);
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
    is_value::<(keyfactor::PlannedRemoval, keyfactor::Restorability)>();
    is_value::<(keyfactor::PlannedCertificate, keyfactor::Omitted, keyfactor::OmissionReason)>();
    is_value::<keyfactor::PlanRemovalOf>();
    is_value::<(keyfactor::RestoreInventorySchedules, keyfactor::RestoredSchedule, keyfactor::SavedSchedule)>();
    is_value::<(clm::PlanHeader, clm::PlanError)>();
    is_value::<BatchBuilder<keyfactor::AddBackEach>>();
    is_sent::<Outcomes<keyfactor::AddBackEach>>();
    is_value::<keyfactor::AddBackEachOutcome>();
    is_value::<BatchBuilder<keyfactor::RemoveEach>>();
    is_sent::<Outcomes<keyfactor::RemoveEach>>();
    is_value::<keyfactor::RemoveEachOutcome>();
    is_value::<ItemOutcome<CertificateLocation, keyfactor::RemoveCertificates>>();
    is_value::<(ItemState<keyfactor::Keyfactor>, keyfactor::SharedError)>();
    is_call!(keyfactor::AddCertificates);
    is_value::<keyfactor::AddOutcome>();
    is_value::<keyfactor::CertificateStoreEntry>();
    is_call!(keyfactor::ScheduleInventory);
    is_call!(keyfactor::ControlJobs);
    is_value::<Receipt>();
    is_call!(keyfactor::RawCall);
    is_call!(appviewx::RawCall);
    is_value::<(RawAnswer, RawEffect, UnreadableReason)>();
    is_call!(keyfactor::GetStore);
    is_value::<(ListBuilder<keyfactor::ListStores>, ListBuilder<keyfactor::Inventory>)>();
    is_value::<(ListBuilder<keyfactor::JobHistory>, ListBuilder<keyfactor::ScheduledJobs>)>();
    is_value::<(keyfactor::JobsReport, keyfactor::JobChange, keyfactor::OpenJobPlace)>();
    is_sent::<keyfactor::JobWatch>();
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
    is_error::<Incomplete<appviewx::UnassignOutcome>>();
    is_error::<Incomplete<ManyOutcome<appviewx::ResourceId, appviewx::UnassignCertificates>>>();
    is_error::<appviewx::SharedError>();
    is_error::<appviewx::LookupError>();
    is_error::<keyfactor::Error>();
    is_error::<keyfactor::ApiError>();
    is_error::<keyfactor::OutcomeUnknown>();
    is_error::<Incomplete<keyfactor::RemoveOutcome>>();
    is_error::<Incomplete<keyfactor::RemoveEachOutcome>>();
    is_error::<keyfactor::SharedError>();
    is_error::<IncompleteOutcome>();
    is_error::<UnreadableAnswer>();
    is_error::<Incomplete<RawAnswer>>();
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
        let client = fake.client();
        let request = client.certificate_groups().unassign([IDS[1]]).comment("two").build().unwrap();
        client.execute(request)
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
    let viewed = tokio::spawn(async move { fake.client().certificate_groups().view("web").send().await });
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
        let client = fake.client();
        let locations = [CertificateLocation::new(store, "two")];
        let removal = client.certificate_stores().remove_certificates(locations, Schedule::Immediate);
        client.execute(removal.build().unwrap())
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
    let list = stores().list(keyfactor::Query::all()).rows().unwrap().collect();
    let inventory = stores().inventory(store).rows().unwrap().collect();
    let schedule = stores().schedule_inventory([store], Schedule::Immediate).send();
    let location = CertificateLocation::new(store, "www");
    let seen = fake.client().orchestrator_jobs().for_location(&location).send();
    is_send_static(&seen);
    assert!(tokio::spawn(seen).await.unwrap().unwrap().is_empty());
    let restored = stores().restore_inventory_schedules(&[]).send();
    is_send_static(&restored);
    assert!(tokio::spawn(restored).await.unwrap().unwrap().is_empty());
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
    let many = stores().plan_removal_of([fake.thumbprint(id)]).send();
    is_send_static(&many);
    assert_eq!(tokio::spawn(many).await.unwrap().unwrap().removals, plan.removals);
    let removal = stores().remove(&plan, Schedule::Immediate).one_job_per_location().send();
    let outcome = tokio::spawn(removal).await.unwrap().unwrap();
    assert!(outcome.is_complete());
    fake.run_jobs();
    let back = stores().add_back(&plan, Schedule::Immediate);
    let (sent, executed) = (back.clone().send(), fake.client().execute(back.build().unwrap()));
    is_send_static(&sent);
    is_send_static(&executed);
    tokio::spawn(sent).await.unwrap().unwrap();
    fake.run_jobs();
    assert_eq!(fake.held(store, "www"), Some(id));
    drop(executed);
    // Never polled, never sent.
    fake.assert_sent_once(KeyfactorCall::AddCertificates);
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
    let client = fake.client();
    let groups = client.certificate_groups();
    drop(groups.unassign([IDS[0]]).send());
    drop(client.execute(groups.unassign([IDS[0]]).build().unwrap()));
    assert!(fake.requests().is_empty(), "{:?}", fake.requests());
    assert_eq!(fake.group_of(IDS[0]).as_deref(), Some("web"));
}

// That each future can be sent is seen by the compiler, where the table boxes them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_can_be_spawned() {
    for (operation, row) in Operation::all() {
        let server = Scripted::start([row.success()]).await;
        // Neither the client nor the handle outlives this block: the future owns what it needs.
        let call = { (row.send)(&Site::new(&server.origin)) };
        is_send_static(&call);
        let ended = tokio::spawn(call).await.unwrap();
        assert_eq!(ended.end, End::Done, "{operation:?}: {:?}", ended.shown.last());
        assert_eq!(ended.attempts, row.is_change().then_some(1), "{operation:?}");
        assert_eq!(server.received().len(), 1, "{operation:?}");
    }
}
