//! The demo on the fakes: a certificate in two stores of different types, and three certificates in groups.

use std::time::Duration;

use clm::appviewx::{Client, CommentRule};
use clm::testing::Scene;

use crate::appviewx::{self, AppViewXJob, Session, Target, every_category};
use crate::config::{Job, Mode};
use crate::consent::Consent;
use crate::ended::Ended;
use crate::keyfactor::{Inventory, KeyfactorJob, Settings, Task};
use crate::report::Report;
use crate::scratch::Folder;

const COLLECTION: i32 = Scene::COLLECTION;
const COMMON_NAME: &str = Scene::COMMON_NAME;

pub(crate) async fn run(report: &Report) -> Ended {
    report.line("This demo runs on the fakes that the crate ships. Nothing leaves this machine.");
    report.line("For real servers, see: cargo run --example offboard -- --help");
    let folder = match Folder::create() {
        Ok(folder) => folder,
        Err(trouble) => return report.trouble(&trouble),
    };
    let scene = Scene::offboarding().await;
    let (command, gateway, thumbprint) = (&scene.keyfactor, &scene.appviewx, scene.thumbprint());
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
                certificate: thumbprint.into(),
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
    report.line("Equivalent command:");
    report.line(format!("  offboard --thumbprint {thumbprint} --collection-id {COLLECTION} --trigger-inventory \\"));
    report.line(format!("    --common-name {COMMON_NAME} --comment 'Decommissioned with CHG 1234' --yes --expect 2+3"));
    let ended = crate::run(&job, report).await;

    report.line("");
    report.line("State of the fakes afterwards:");
    let holding = scene.stores().iter().filter(|store| !command.aliases(**store).is_empty()).count();
    report.line(format!("  stores that hold the certificate: {holding} of 2"));
    let stores = command.client().certificate_stores();
    let schedules = match stores.inventory_schedules(scene.stores().iter().copied()).await {
        Ok(schedules) => schedules,
        Err(error) => return report.trouble(&error.into()),
    };
    let schedules: Vec<String> = schedules.iter().map(|it| it.schedule.to_string()).collect();
    report.line(format!("  inventory schedules of the stores: {}", schedules.join(", ")));
    let groups: Vec<String> = scene.resource_ids().iter().filter_map(|id| gateway.group_of(id)).collect();
    report.line(format!("  groups of the three certificates: {}", groups.join(", ")));
    report
        .line(format!("  group of the skipped certificate: {}", gateway.group_of(Scene::PARTNER).unwrap_or_default()));
    report.line("  (The demo deletes its undo plans. A real run keeps them.)");
    report.finish(ended)
}
