//! Which calls share a connection: job history, scheduled jobs and searches, where their answers decide nothing.

use std::future::Future;
use std::time::Duration;

use crate::support::fault::{Fault, FaultServer};
use clm::http::Method;
use clm::keyfactor::{CertificateLocation, Query, Schedule};
use clm::testing::{FakeAppViewX, FakeKeyfactor};
use clm::{appviewx, keyfactor};

/// Counts what a call needs: (new connections, requests).
async fn needed<T>(server: &FaultServer, call: impl Future<Output = T>) -> (usize, usize) {
    server.play([], Fault::Good);
    call.await;
    let seen = server.seen();
    assert!(seen.copies > 0, "nothing was sent");
    (seen.connections, seen.copies)
}

/// Each request over a connection of its own.
macro_rules! own {
    ($server:expr, $($call:expr),* $(,)?) => {$(
        let (connections, requests) = needed($server, $call).await;
        assert_eq!(connections, requests, stringify!($call));
    )*};
}

/// All of them over one that is there already.
macro_rules! shared {
    ($server:expr, $($call:expr),* $(,)?) => {$(
        let (connections, _) = needed($server, $call).await;
        assert_eq!(connections, 0, stringify!($call));
    )*};
}

/// So long that a slow machine does not count.
const LONG: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn of_keyfactor_job_history_scheduled_jobs_and_searches_share_a_connection() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.add_certificate(store, "web01.pfx");
    let server = FaultServer::before(&fake.url());
    let builder = keyfactor::Client::builder(format!("{}/KeyfactorAPI", server.origin()));
    let client = builder.credentials(fake.credentials()).idle_timeout(LONG).build().unwrap();
    let (stores, certificates, jobs) = (client.certificate_stores(), client.certificates(), client.orchestrator_jobs());
    let search = || certificates.search(Query::all()).rows().unwrap().collect();

    let first = search().await.unwrap();
    let (id, thumbprint) = (first[0].id, first[0].thumbprint.clone());
    shared!(
        &server,
        search(),
        jobs.history(Query::all()).rows().unwrap().collect(),
        jobs.scheduled(Query::all()).rows().unwrap().collect(),
    );
    let location = || CertificateLocation::new(store, "web01.pfx");
    own!(
        &server,
        stores.list(Query::all()).rows().unwrap().collect(),
        stores.get(store).send(),
        stores.inventory(store).rows().unwrap().collect(),
        certificates.get(id).send(),
        certificates.locations(id).send(),
        certificates.locations_of(&thumbprint).send(),
        jobs.can_follow(),
        jobs.for_location(&location()).send(),
        client.raw(Method::GET, "Certificates").send(),
        stores.confirm_removed([CertificateLocation::new(store, "gone.pfx")]).was_listed().send(),
        stores.remove_certificates([location().expecting_thumbprint(&thumbprint)], Schedule::Immediate).send(),
        stores.schedule_inventory([store], Schedule::Immediate).send(),
    );
    // None of them used the shared one, or closed it.
    shared!(&server, search());
}

#[tokio::test]
async fn of_appviewx_searches_share_a_connection_unless_they_decide_something() {
    let fake = FakeAppViewX::start().await;
    for id in ["id-1", "id-2"] {
        fake.add_certificate(id, "Web");
    }
    let server = FaultServer::before(&fake.url());
    let builder = appviewx::Client::builder(server.origin());
    let client = builder.credentials(fake.credentials()).idle_timeout(LONG).build().unwrap();
    let groups = client.certificate_groups();
    let search = || client.certificates().search().resource_id("id-1").rows().unwrap().collect();

    search().await.unwrap();
    shared!(&server, search(), client.certificates().search().resource_id("id-2").rows().unwrap().collect());
    own!(
        &server,
        groups.list().rows().unwrap().collect(),
        groups.view("Web").send(),
        groups.remember_groups(["id-1", "id-2"]).send(),
        groups.confirm_group(["id-1", "id-2"], "Web").send(),
        groups.unassign(["id-1"]).send(),
        groups.unassign(["id-2"]).in_calls().send(),
        client.raw(Method::GET, "certificate/group").send(),
    );
    shared!(&server, search());
}

#[tokio::test]
async fn a_shared_connection_is_kept_as_long_as_the_settings_say() {
    let fake = FakeKeyfactor::start().await;
    for (kept, expected) in [(LONG, 0), (Duration::from_millis(1), 1), (Duration::ZERO, 1)] {
        let server = FaultServer::before(&fake.url());
        let builder = keyfactor::Client::builder(format!("{}/KeyfactorAPI", server.origin()));
        let client = builder.credentials(fake.credentials()).idle_timeout(kept).build().unwrap();
        let search = || client.certificates().search(Query::all()).rows().unwrap().collect();
        search().await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
        let (connections, _) = needed(&server, search()).await;
        assert_eq!(connections, expected, "{kept:?}");
    }
}
