//! The whole flow against the fake.

mod again;
mod interrupted;
mod output;
mod remove;
mod trouble;
mod types;
mod undo;

use std::path::{Path, PathBuf};

use clm::keyfactor::{CertificateId, CertificateStoreId};
use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator, KeyfactorPermission};
use serde_json::Value;

use super::*;
use crate::config::{Job, Mode};
use crate::consent::Loss;
use crate::scratch::Folder;

pub(super) const ALIAS: &str = "www.example.com.pfx";

/// A certificate in two stores, and a folder for plans.
pub(super) struct Scene {
    pub(super) fake: FakeKeyfactor,
    pub(super) stores: [CertificateStoreId; 2],
    pub(super) thumbprint: String,
    pub(super) certificate: CertificateId,
    folder: Folder,
}

impl Scene {
    /// Command holds the private key, and orchestrators run jobs when somebody looks.
    pub(super) async fn new() -> Self {
        Self::with(FakeCertificate::new("www.example.com").private_key()).await
    }

    pub(super) async fn with(certificate: FakeCertificate) -> Self {
        let fake = FakeKeyfactor::start().await;
        let certificate = fake.issue(certificate);
        let stores = [fake.add_store(), fake.add_store()];
        for store in stores {
            fake.put(store, ALIAS, certificate);
        }
        fake.orchestrator(FakeOrchestrator::new().after_polls(1));
        let folder = Folder::create().unwrap();
        let thumbprint = fake.thumbprint(certificate);
        Self { fake, stores, thumbprint, certificate, folder }
    }

    pub(super) fn plan_path(&self) -> PathBuf {
        self.folder.path().join("the plan.json")
    }

    /// By thumbprint, with the right expectation.
    pub(super) fn removal(&self) -> KeyfactorJob {
        self.job(Task::Certificate {
            certificate: self.thumbprint.as_str().into(),
            collection_id: None,
            plan: Some(self.plan_path()),
        })
    }

    pub(super) fn undo(&self) -> KeyfactorJob {
        self.job(Task::Undo { plan: self.plan_path() })
    }

    pub(super) fn job(&self, task: Task) -> KeyfactorJob {
        let settings = Settings {
            deadline: Duration::from_secs(30),
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(5),
            jobs: Some(self.folder.path().join("locations.jobs")),
            ..Settings::default()
        };
        KeyfactorJob {
            client: self.fake.client(),
            task,
            consent: Consent { expect: Some(2), ..Consent::default() },
            settings,
        }
    }

    /// The changes that the fake was asked for.
    pub(super) fn changes(&self) -> Vec<(String, Value)> {
        let changes = self.fake.requests().into_iter().filter(|request| request.method().as_str() != "GET");
        changes.map(|request| (request.path().replace("/KeyfactorAPI", ""), request.json())).collect()
    }

    pub(super) fn held(&self) -> [Vec<String>; 2] {
        self.stores.map(|store| self.fake.aliases(store))
    }

    pub(super) fn jobs(&self) -> Vec<String> {
        self.fake.jobs().iter().map(|job| job.id.to_string()).collect()
    }
}

/// How it ends, and what is printed.
pub(super) async fn ran(keyfactor: KeyfactorJob, mode: Mode) -> (Ended, String) {
    let report = Report::kept();
    let ended = crate::run(&Job { mode, keyfactor: Some(keyfactor), appviewx: None }, &report).await;
    (ended, report.text())
}

pub(super) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The calls that a dry run printed.
pub(super) fn printed_calls(text: &str) -> Vec<(String, Value)> {
    let calls = text.lines().filter_map(|line| line.trim().strip_prefix("POST "));
    calls
        .map(|call| call.split_once(' ').unwrap())
        .map(|(path, body)| (path.to_owned(), serde_json::from_str(body).unwrap()))
        .collect()
}

/// A text in which all of these stand, in this order.
#[track_caller]
pub(super) fn assert_tells(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { panic!("{part:?} is not there, or not in order:\n{text}") };
        rest = after;
    }
}
