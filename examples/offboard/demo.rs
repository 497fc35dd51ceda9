//! The whole job on the fakes: a certificate in two stores, and three in a group.

use std::path::PathBuf;
use std::time::Duration;

use clm::keyfactor::CertificateStoreId;
use clm::testing::{FakeAppViewX, FakeCertificate, FakeKeyfactor, FakeOrchestrator, FakeStore};
use serde_json::json;

use crate::appviewx::AppViewXJob;
use crate::config::{Job, Mode};
use crate::ended::{Ended, Trouble};
use crate::keyfactor::{Consent, KeyfactorJob, Settings, Task};
use crate::report::Report;

const ALIAS: &str = "www.example.com.pfx";
const COLLECTION: i32 = 4;
const RESOURCE_IDS: [&str; 3] = ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c", "67bc2ca76a105e1a05691c3c"];

pub(crate) async fn run() -> Ended {
    let report = Report::demo();
    report.line("No KEYFACTOR_* or APPVIEWX_* variable and no target is given, so this runs on the crate's own fakes.");
    report.line("Nothing leaves this machine. `cargo run --example offboard -- --help` tells how to do it for real.");
    let folder = match Folder::create() {
        Ok(folder) => folder,
        Err(trouble) => return report.trouble(&trouble),
    };
    let command = FakeKeyfactor::start().await;
    let (stores, thumbprint) = arrange(&command);
    let gateway = FakeAppViewX::start().await;
    for id in RESOURCE_IDS {
        gateway.add_certificate(id, "web-servers");
    }
    let job = Job {
        mode: Mode::Send,
        keyfactor: Some(KeyfactorJob {
            client: command.client(),
            task: Task::Certificate {
                certificate: thumbprint.as_str().into(),
                collection_id: Some(COLLECTION),
                plan: Some(folder.0.join("plan.json")),
            },
            consent: Consent { expect: Some(2), ..Consent::default() },
            settings: Settings {
                deadline: Duration::from_secs(20),
                first_pause: Duration::from_millis(10),
                longest_pause: Duration::from_millis(50),
                ..Settings::default()
            },
        }),
        appviewx: Some(AppViewXJob {
            client: gateway.client(),
            resource_ids: RESOURCE_IDS.map(str::to_owned).into(),
            comment: Some("Decommissioned with CHG 1234".to_owned()),
        }),
    };
    report.line("");
    report
        .line(format!("As if called with: --thumbprint {thumbprint} --collection-id {COLLECTION} --yes --expect 2 …"));
    let ended = crate::run(&job, &report).await;

    report.line("");
    report.line("Afterwards, on the fakes:");
    let holding = stores.iter().filter(|store| command.aliases(**store).contains(&ALIAS.to_owned())).count();
    report.line(format!("  {holding} of 2 stores hold {ALIAS} now"));
    let groups: Vec<String> = RESOURCE_IDS.iter().filter_map(|id| gateway.group_of(id)).collect();
    report.line(format!("  the three certificates are in: {}", groups.join(", ")));
    report.line("  (This demonstration deletes its plan; the real thing keeps it.)");
    ended
}

/// Two stores whose inventory is taken now and then, and a third one that has the certificate in a bundle of another.
fn arrange(command: &FakeKeyfactor) -> ([CertificateStoreId; 2], String) {
    let www = command.issue(FakeCertificate::new("www.example.com").private_key().collection(COLLECTION));
    let partner = command.issue(FakeCertificate::new("partner.example.com").collection(COLLECTION));
    let stores = [command.add_store(), command.add_store()];
    let described = |it: FakeStore, machine: &str| {
        it.machine(machine).path("/etc/certificates").inventory_schedule(json!({"Interval": {"Minutes": 60}}))
    };
    for (store, machine) in stores.into_iter().zip(["web01.example.com", "web02.example.com"]) {
        command.set_store(store, |it| described(it, machine));
        command.put(store, ALIAS, www);
    }
    let bundle = command.add_store();
    command.set_store(bundle, |it| described(it, "mail.example.com"));
    command.put_with_chain(bundle, "partners.pem", partner, [www]);
    command.inventory_lags();
    command.orchestrator(FakeOrchestrator::new().after_polls(1).running_for(1));
    (stores, command.thumbprint(www))
}

/// A folder of its own, which goes with what is in it.
struct Folder(PathBuf);

impl Folder {
    fn create() -> Result<Self, Trouble> {
        let path = std::env::temp_dir().join(format!("clm-offboard-{:016x}", fastrand::u64(..)));
        match std::fs::create_dir(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(Trouble::PlanFile(path, error.into())),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
