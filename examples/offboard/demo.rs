//! The whole job on the fakes: a certificate in two stores of different types, and three in groups.

use std::time::Duration;

use clm::appviewx::{Client, CommentRule};
use clm::keyfactor::CertificateStoreId;
use clm::testing::{
    FakeAppViewX, FakeCategory, FakeCertificate, FakeKeyfactor, FakeOrchestrator, FakeStore, FakeStoreType,
};
use serde_json::json;

use crate::appviewx::{self, AppViewXJob, Session, Target, every_category};
use crate::config::{Job, Mode};
use crate::consent::Consent;
use crate::ended::Ended;
use crate::keyfactor::{Inventory, KeyfactorJob, Settings, Task};
use crate::report::Report;
use crate::scratch::Folder;

const ALIAS: &str = "www.example.com.pem";
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
    let (held, thumbprint) = arrange(&command);
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
                inventory: Inventory::Now,
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
    report.line(format!("  offboard --thumbprint {thumbprint} --collection-id {COLLECTION} --trigger-inventory \\"));
    report.line(format!("    --common-name {COMMON_NAME} --comment 'Decommissioned with CHG 1234' --yes --expect 2+3"));
    let ended = crate::run(&job, report).await;

    report.line("");
    report.line("Afterwards, on the fakes:");
    let holding = held.iter().filter(|store| !command.aliases(**store).is_empty()).count();
    report.line(format!("  {holding} of 2 stores hold the certificate"));
    let stores = command.client().certificate_stores();
    let schedules = match stores.inventory_schedules(held).await {
        Ok(schedules) => schedules,
        Err(error) => return report.trouble(&error.into()),
    };
    let schedules: Vec<String> = schedules.iter().map(|it| it.schedule.to_string()).collect();
    report.line(format!("  their inventory schedules: {}", schedules.join(", ")));
    let groups: Vec<String> = RESOURCE_IDS.iter().filter_map(|id| gateway.group_of(id)).collect();
    report.line(format!("  the groups of the three certificates: {}", groups.join(", ")));
    report.line(format!("  the group of the other row: {}", gateway.group_of(NEIGHBOUR).unwrap_or_default()));
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

/// A PEM file and an IIS server with inventory schedules, and a store that has the certificate in a bundle of another.
fn arrange(command: &FakeKeyfactor) -> ([CertificateStoreId; 2], String) {
    let www = command.issue(FakeCertificate::new("www.example.com").private_key().collection(COLLECTION));
    let partner = command.issue(FakeCertificate::new("partner.example.com").collection(COLLECTION));
    let thumbprint = command.thumbprint(www);
    let hourly = |it: FakeStore| it.inventory_schedule(json!({"Interval": {"Minutes": 60}}));
    let file = command.add_store_of_type(FakeStoreType::pem());
    command.set_store(file, |it| hourly(it.machine("web01.example.com").path("/etc/certificates")));
    command.put(file, ALIAS, www);
    let server = command.add_store_of_type(FakeStoreType::iis());
    command.set_store(server, |it| hourly(it.machine("web02.example.com").path("My")));
    let binding = [("SiteName", "Shop"), ("IPAddress", "*"), ("Protocol", "https")];
    command.put_entry(server, &thumbprint, www, binding);
    let bundle = command.add_store_of_type(FakeStoreType::pem());
    command.set_store(bundle, |it| hourly(it.machine("mail.example.com").path("/etc/certificates")));
    command.put_with_chain(bundle, "partners.pem", partner, [www]);
    command.inventory_lags();
    command.orchestrator(FakeOrchestrator::new().after_polls(1).running_for(1));
    ([file, server], thumbprint)
}
