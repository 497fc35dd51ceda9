//! `clm::blocking`: every operation can be waited for, on every kind of thread.

use std::thread;
use std::time::Duration;

use crate::support::fault_table::End;
use crate::support::operations::{Operation, Site};
use crate::support::scripted::{Answer, Scripted};
use clm::blocking::{Wait, WaitEach};
use clm::keyfactor::{self, CertificateLocation, Credentials, Query, Schedule};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// Every operation, once.
fn every_operation() {
    for (operation, row) in Operation::all() {
        let (status, body) = row.success;
        let server = Scripted::start([Answer::json(status, body)]).wait();
        let ended = (row.send)(&Site::new(&server.origin)).wait();
        assert_eq!((ended.end, server.received().len()), (End::Done, 1), "{operation:?}");
    }
}

#[test]
fn every_operation_on_several_threads_at_once() {
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(every_operation)).collect();
    for thread in threads {
        thread.join().unwrap();
    }
}

#[test]
fn every_operation_on_a_thread_for_blocking_work() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async { tokio::task::spawn_blocking(every_operation).await }).unwrap();
}

/// It holds up what else the thread drives, and ends.
#[test]
fn every_operation_on_threads_that_drive_tasks() {
    let one = Builder::new_current_thread().enable_all().build().unwrap();
    one.block_on(async { every_operation() });
    LocalSet::new().block_on(&one, async { every_operation() });
    let many = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    many.block_on(async { tokio::spawn(async { every_operation() }).await }).unwrap();
}

/// What is spawned while a future is waited for runs on the crate's own thread, which cannot drive connections and timers while it
/// is blocked. Twice, so that the thread that drives them then is blocked as well.
#[test]
fn tasks_on_the_thread_of_this_crate_can_wait_as_well() {
    let (done, ended) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let inner = || async { tokio::spawn(async { every_operation() }).await.unwrap() }.wait();
        async { tokio::spawn(async move { inner() }).await.unwrap() }.wait();
        done.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(120)).expect("they end");
}

/// A runtime without timers or I/O is not the one that calls run in.
#[test]
fn the_runtime_of_the_thread_does_not_matter() {
    let runtime = Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { every_operation() });
}

/// A task may do only so much before it has to yield, which a thread that waits cannot.
#[test]
fn more_than_the_budget_of_a_task() {
    let fake = FakeKeyfactor::start().wait();
    for number in 0..300 {
        let _ = fake.issue(FakeCertificate::new(format!("www{number}.example.com")));
    }
    let keyfactor = fake.client();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let task = runtime.spawn(async move {
        let rows = keyfactor.certificates().search(Query::all()).page_size(1).rows().unwrap();
        rows.wait_each().filter(|row| row.as_ref().unwrap().id.get() > 0).count()
    });
    assert_eq!(task.wait().unwrap(), 300);
}

#[test]
fn an_iterator_that_is_dropped_reads_no_further_page() {
    let fake = FakeKeyfactor::start().wait();
    for number in 0..10 {
        let _ = fake.issue(FakeCertificate::new(format!("www{number}.example.com")));
    }
    let rows = fake.client().certificates().search(Query::all()).page_size(2).rows().unwrap();
    let three: Result<Vec<_>, _> = rows.wait_each().take(3).collect();
    assert_eq!(three.unwrap().len(), 3);
    assert_eq!(fake.requests().len(), 2);
}

#[test]
fn a_batch_is_an_iterator_and_workflows_can_be_waited_for() {
    let fake = FakeKeyfactor::start().wait();
    fake.orchestrator(FakeOrchestrator::new().after_polls(0));
    let certificate = fake.issue(FakeCertificate::new("www.example.com").private_key());
    for _ in 0..3 {
        fake.put(fake.add_store(), "www.pfx", certificate);
    }
    let keyfactor = fake.client();
    let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());

    let located = keyfactor.certificates().locations_of(certificate).send().wait().unwrap();
    let plan = stores.plan_removal(&located).wait().unwrap();
    let removal = stores.remove(&plan, Schedule::Immediate).one_job_per_location();
    let job_ids: Vec<_> = removal.start().unwrap().wait_each().map(|it| it.answer.unwrap().job_ids()[0]).collect();
    let report = jobs.watch(&job_ids).finish().wait().unwrap();
    assert!(report.all_succeeded(), "{report:?}");
    let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().wait().unwrap();
    assert!(confirmation.all_gone(), "{confirmation:?}");
    stores.add_back(&plan, Schedule::Immediate).send().wait().unwrap().require_complete().unwrap();
}

/// A task that is fetching the token stands still as long as this thread waits: the call ends at its limit.
#[test]
fn what_another_task_of_the_thread_holds_is_waited_for_until_the_limit() {
    let provider = Scripted::start([Answer::Silence]).wait();
    let credentials = Credentials::client_credentials(format!("{}/token", provider.origin), "clm", "secret");
    let limit = Duration::from_millis(300);
    let builder = keyfactor::Client::builder("http://127.0.0.1:1/KeyfactorAPI").credentials(credentials);
    let builder = builder.connect_timeout(limit / 3);
    let keyfactor = builder.read_timeout(limit).read_budget(limit).change_timeout(limit).build().unwrap();
    let location = CertificateLocation::new(uuid::Uuid::from_u128(1), "www.pfx");
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stores = keyfactor.certificate_stores();
        let other = tokio::spawn(stores.remove_certificates([location.clone()], Schedule::Immediate).send());
        provider.arrived(1).await;
        let error = stores.remove_certificates([location], Schedule::Immediate).send().wait().unwrap_err();
        assert!(
            matches!(error, keyfactor::Error::Transport(_) | keyfactor::Error::Authentication(_)),
            "nothing was sent: {error:?}"
        );
        other.abort();
    });
}
