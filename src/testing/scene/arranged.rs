//! How the scenes are arranged.

use serde_json::{Map, Value, json};

use super::{Location, Scene};
use crate::keyfactor::{CertificateId, CertificateStoreId};
#[cfg(feature = "appviewx")]
use crate::testing::{FakeAppViewX, FakeCategory};
use crate::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator, FakeStore, FakeStoreType};

const ALIAS: &str = "www.example.com.pem";
const DENIED: &str = "Access to the path is denied.";

impl Scene {
    /// Without stores: the certificate, and AppViewX as it is in most stories.
    async fn begin() -> Self {
        let keyfactor = FakeKeyfactor::start().await;
        let www = FakeCertificate::new(Self::COMMON_NAME).private_key().collection(Self::COLLECTION);
        let certificate = keyfactor.issue(www);
        let thumbprint = keyfactor.thumbprint(certificate);
        #[cfg(feature = "appviewx")]
        let appviewx = FakeAppViewX::start().await;
        #[cfg(feature = "appviewx")]
        let resource_ids = rows_of_one_name(&appviewx);
        Self {
            keyfactor,
            #[cfg(feature = "appviewx")]
            appviewx,
            certificate,
            thumbprint,
            locations: Vec::new(),
            failing: Vec::new(),
            stores: Vec::new(),
            jobs: Vec::new(),
            #[cfg(feature = "appviewx")]
            resource_ids,
        }
    }

    fn add_location(&mut self, store: CertificateStoreId, alias: &str, job_fields: Map<String, Value>) {
        self.stores.push(store);
        self.locations.push(Location { store, alias: alias.to_owned(), job_fields });
    }

    /// A PEM file that holds the certificate.
    fn add_file(&mut self, machine: &str) -> CertificateStoreId {
        let file = add_file(&self.keyfactor, machine, ALIAS, self.certificate);
        self.add_location(file, ALIAS, Map::new());
        file
    }
}

pub(super) async fn offboarding() -> Scene {
    let mut scene = Scene::begin().await;
    let partner = FakeCertificate::new("partner.example.com").collection(Scene::COLLECTION);
    let partner = scene.keyfactor.issue(partner);
    scene.add_file("web01.example.com");
    let server = scene.keyfactor.add_store_of_type(FakeStoreType::iis());
    scene.keyfactor.set_store(server, |it| hourly(it.machine("web02.example.com").path("My")));
    let binding = [("SiteName", "Shop"), ("IPAddress", "*"), ("Protocol", "https")];
    let alias = scene.thumbprint.clone();
    scene.keyfactor.put_entry(server, &alias, scene.certificate, binding);
    scene.add_location(
        server,
        &alias,
        binding.map(|(name, value)| (name.to_owned(), value.into())).into_iter().collect(),
    );
    let bundle = add_file(&scene.keyfactor, "mail.example.com", "partners.pem", partner);
    scene.keyfactor.put_with_chain(bundle, "partners.pem", partner, [scene.certificate]);
    scene.keyfactor.inventory_lags();
    scene.keyfactor.orchestrator(FakeOrchestrator::new().after_polls(1).running_for(1));
    scene
}

pub(super) async fn orchestrator_offline() -> Scene {
    let mut scene = Scene::begin().await;
    scene.keyfactor.orchestrator(FakeOrchestrator::new().after_polls(0));
    scene.add_file("web01.example.com");
    let away = scene.add_file("web02.example.com");
    scene.keyfactor.orchestrator_of(away, FakeOrchestrator::new().offline());
    scene.failing.push(away);
    scene
}

/// Stores and rows of a story that fails in part.
const PARTS: usize = 10;

pub(super) async fn partly_failing(failing: usize) -> Scene {
    let mut scene = Scene::begin().await;
    scene.keyfactor.orchestrator(FakeOrchestrator::new().after_polls(0));
    for index in 0..PARTS {
        let file = scene.add_file(&format!("web{:02}.example.com", index + 1));
        if index < failing {
            scene.keyfactor.orchestrator_of(file, FakeOrchestrator::new().after_polls(0).fails(DENIED));
            scene.failing.push(file);
        }
    }
    #[cfg(feature = "appviewx")]
    {
        scene.appviewx = FakeAppViewX::start().await;
        scene.resource_ids = (0..PARTS).map(|index| format!("67bc2ca76a105e1a05691d{index:02x}")).collect();
        for id in scene.resource_ids.iter().skip(failing) {
            add_row(&scene.appviewx, id, FakeCategory::Server, Scene::COMMON_NAME, "web-servers");
        }
    }
    scene
}

const JOBS: usize = 10_000;
/// One of so many fails.
const FAILS: usize = 100;

pub(super) async fn ten_thousand_jobs() -> Scene {
    let mut scene = Scene::begin().await;
    let orchestrator = FakeOrchestrator::new().after_polls(1);
    let failing = |index: usize| index % FAILS == FAILS - 1;
    let own = |index: usize| failing(index).then(|| orchestrator.clone().fails(DENIED));
    scene.keyfactor.orchestrator(orchestrator.clone());
    let pem = FakeStoreType::pem();
    let removals = scene.keyfactor.removals_from_many(JOBS, &pem, ALIAS, scene.certificate, own);
    for (index, (store, job)) in removals.into_iter().enumerate() {
        scene.add_location(store, ALIAS, Map::new());
        scene.jobs.push(job);
        if failing(index) {
            scene.failing.push(store);
        }
    }
    scene
}

/// A PEM file with an inventory schedule.
fn add_file(keyfactor: &FakeKeyfactor, machine: &str, alias: &str, certificate: CertificateId) -> CertificateStoreId {
    let file = keyfactor.add_store_of_type(FakeStoreType::pem());
    keyfactor.set_store(file, |it| hourly(it.machine(machine).path("/etc/certificates")));
    keyfactor.put(file, alias, certificate);
    file
}

fn hourly(store: FakeStore) -> FakeStore {
    store.inventory_schedule(json!({"Interval": {"Minutes": 60}}))
}

/// Three of one name, and a neighbour that a search for it gives as well. Gives the ids of the three.
#[cfg(feature = "appviewx")]
fn rows_of_one_name(gateway: &FakeAppViewX) -> Vec<String> {
    let ids = ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c", "67bc2ca76a105e1a05691c3c"];
    let [first, second, third] = ids;
    add_row(gateway, first, FakeCategory::Server, "www.example.com", "web-servers");
    add_row(gateway, second, FakeCategory::Server, "WWW.example.com", "web-servers");
    add_row(gateway, third, FakeCategory::Client, "www.example.com", "agents");
    add_row(gateway, Scene::PARTNER, FakeCategory::Server, "www.example.com.partner.example", "partners");
    ids.map(str::to_owned).into()
}

#[cfg(feature = "appviewx")]
fn add_row(gateway: &FakeAppViewX, id: &str, category: FakeCategory, name: &str, group: &str) {
    gateway.add_certificate_of(category, id, group);
    gateway.set_member(id, "commonName", name);
    gateway.set_member(id, "validTo", 1_900_000_000_000_i64);
}
