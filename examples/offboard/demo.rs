//! The whole job on the fakes: a certificate in two stores, and three in groups.

use std::time::Duration;

use clm::appviewx::{Client, CommentRule};
use clm::keyfactor::CertificateStoreId;
use clm::testing::{FakeAppViewX, FakeCategory, FakeCertificate, FakeKeyfactor, FakeOrchestrator, FakeStore};
use serde_json::json;

use crate::appviewx::{self, AppViewXJob, Session, Target, every_category};
use crate::config::{Job, Mode};
use crate::consent::Consent;
use crate::ended::Ended;
use crate::keyfactor::{KeyfactorJob, Settings, Task};
use crate::report::Report;
use crate::scratch::Folder;

const ALIAS: &str = "www.example.com.pfx";
const COLLECTION: i32 = 4;
const COMMON_NAME: &str = "www.example.com";
const NEIGHBOUR: &str = "67bc2ca76a105e1a05691c4c";
const RESOURCE_IDS: [&str; 3] = ["67bc2ca76a105e1a05691c1c", "67bc2ca76a105e1a05691c2c", "67bc2ca76a105e1a05691c3c"];

pub(crate) async fn run(report: &Report) -> Ended {
    report.line("No KEYFACTOR_* or APPVIEWX_* variable and no target is given, so this runs on the crate's own fakes.");
    report.line("Nothing leaves this machine. `cargo run --example offboard -- --help` tells how to do it for real.");
    let folder = match Folder::create() {
        Ok(folder) => folder,
        Err(trouble) => return report.trouble(&trouble),
    };
    let command = FakeKeyfactor::start().await;
    let (stores, thumbprint) = arrange(&command);
    let gateway = FakeAppViewX::start().await;
    arrange_groups(&gateway);
    let built = Client::builder(gateway.url()).credentials(gateway.login()).build();
    let gateway_client = match built {
        Ok(client) => client,
        Err(error) => return report.trouble(&error.into()),
    };
    let job = Job {
        mode: Mode::Send,
        keyfactor: Some(KeyfactorJob {
            client: command.client(),
            task: Task::Certificate {
                certificate: thumbprint.as_str().into(),
                collection_id: Some(COLLECTION),
                plan: Some(folder.path().join("plan.json")),
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
            client: gateway_client,
            session: Session::Own,
            task: appviewx::Task::Unassign {
                target: Target::CommonName(COMMON_NAME.to_owned()),
                plan: Some(folder.path().join("group-plan.json")),
            },
            categories: every_category(),
            comment: Some("Decommissioned with CHG 1234".to_owned()),
            comment_rule: CommentRule::default(),
            audit_note: None,
            consent: Consent { expect: Some(3), ..Consent::default() },
        }),
    };
    report.line("");
    report.line("As if called with:");
    report.line(format!("  --thumbprint {thumbprint} --collection-id {COLLECTION} --common-name {COMMON_NAME} …"));
    report.line("  --comment 'Decommissioned with CHG 1234' --yes --expect 2+3");
    let ended = crate::run(&job, report).await;

    report.line("");
    report.line("Afterwards, on the fakes:");
    let holding = stores.iter().filter(|store| command.aliases(**store).contains(&ALIAS.to_owned())).count();
    report.line(format!("  {holding} of 2 stores hold {ALIAS} now"));
    let groups: Vec<String> = RESOURCE_IDS.iter().filter_map(|id| gateway.group_of(id)).collect();
    report.line(format!("  the three certificates are in: {}", groups.join(", ")));
    report.line(format!("  the neighbour is in: {}", gateway.group_of(NEIGHBOUR).unwrap_or_default()));
    report.line("  (This demonstration deletes its plans; the real thing keeps them.)");
    report.finish(ended)
}

/// Three of one name, and a neighbour that a search for it gives as well.
fn arrange_groups(gateway: &FakeAppViewX) {
    let [first, second, third] = RESOURCE_IDS;
    let server = FakeCategory::Server;
    for (id, category, name, group) in [
        (first, server, "www.example.com", "web-servers"),
        (second, server, "WWW.example.com", "web-servers"),
        (third, FakeCategory::Client, "www.example.com", "agents"),
        (NEIGHBOUR, server, "www.example.com.partner.example", "partners"),
    ] {
        gateway.add_certificate_of(category, id, group);
        gateway.set_member(id, "commonName", name);
        gateway.set_member(id, "validTo", 1_900_000_000_000_i64);
    }
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
