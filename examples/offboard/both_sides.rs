//! Both sides in one run, against both fakes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clm::appviewx::CommentRule;
use clm::keyfactor::CertificateStoreId;
use clm::testing::{FakeAppViewX, FakeCertificate, FakeKeyfactor, FakeOrchestrator};
use serde_json::json;

use crate::appviewx::{self, AppViewXJob, Session, Target, every_category};
use crate::config::{Job, Mode};
use crate::consent::Consent;
use crate::ended::Ended;
use crate::keyfactor::{KeyfactorJob, Settings, Task};
use crate::report::Report;
use crate::scratch::Folder;

const ID: &str = "67bc2ca76a105e1a05691c1c";

struct Scene {
    command: FakeKeyfactor,
    store: CertificateStoreId,
    gateway: FakeAppViewX,
    folder: Folder,
}

impl Scene {
    async fn new() -> Self {
        let command = FakeKeyfactor::start().await;
        let certificate = command.issue(FakeCertificate::new("www.example.com").private_key());
        let store = command.add_store();
        command.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
        command.put(store, "www", certificate);
        command.orchestrator(FakeOrchestrator::new().after_polls(1));
        let gateway = FakeAppViewX::start().await;
        gateway.add_certificate(ID, "web-servers");
        gateway.set_member(ID, "commonName", "www.example.com");
        let folder = Folder::create().unwrap();
        Self { command, store, gateway, folder }
    }

    fn plans(&self) -> [PathBuf; 2] {
        ["plan.json", "group-plan.json"].map(|name| self.folder.path().join(name))
    }

    fn job(&self, mode: Mode, expect: [usize; 2]) -> Job {
        let [plan, group_plan] = self.plans();
        let consents = expect.map(|expect| Consent { expect: Some(expect), ..Consent::default() });
        let thumbprint = self.command.thumbprint(self.command.held(self.store, "www").unwrap());
        let settings = Settings {
            deadline: Duration::from_secs(30),
            first_pause: Duration::from_millis(1),
            longest_pause: Duration::from_millis(5),
            ..Settings::default()
        };
        let task = Task::Certificate { certificate: thumbprint.as_str().into(), collection_id: None, plan: Some(plan) };
        let keyfactor = KeyfactorJob { client: self.command.client(), task, consent: consents[0], settings };
        let appviewx = AppViewXJob {
            client: self.gateway.client(),
            session: Session::NotOwn,
            task: appviewx::Task::Unassign {
                target: Target::CommonName("www.example.com".to_owned()),
                plan: Some(group_plan),
            },
            categories: every_category(),
            comment: None,
            comment_rule: CommentRule::default(),
            audit_note: None,
            consent: consents[1],
        };
        Job { mode, keyfactor: Some(keyfactor), appviewx: Some(appviewx) }
    }

    /// What is held where, and in which group.
    fn state(&self) -> (usize, String) {
        (self.command.aliases(self.store).len(), self.gateway.group_of(ID).unwrap())
    }
}

fn exist(paths: &[PathBuf; 2]) -> [bool; 2] {
    paths.each_ref().map(|path| Path::exists(path))
}

#[tokio::test]
async fn appviewx_comes_after_keyfactor() {
    let scene = Scene::new().await;
    let report = Report::kept();
    assert_eq!(crate::run(&scene.job(Mode::Send, [1, 1]), &report).await, Ended::Done, "{}", report.text());
    assert_eq!(scene.state(), (0, "Default".to_owned()));
    assert_eq!(exist(&scene.plans()), [true, true]);
}

#[tokio::test]
async fn the_other_side_is_checked_before_the_first_change() {
    for expect in [[1, 2], [2, 1]] {
        let scene = Scene::new().await;
        let report = Report::kept();
        assert_eq!(crate::run(&scene.job(Mode::Send, expect), &report).await, Ended::Failed);
        assert!(report.text().contains("REFUSED: 1 "), "{}", report.text());
        assert_eq!(scene.state(), (1, "web-servers".to_owned()));
        assert_eq!(exist(&scene.plans()), [false, false]);
    }
}

#[tokio::test]
async fn a_plan_that_cannot_be_written_stops_both_and_leaves_none() {
    let scene = Scene::new().await;
    std::fs::write(&scene.plans()[1], "an older plan").unwrap();
    assert_eq!(crate::run(&scene.job(Mode::Send, [1, 1]), &Report::kept()).await, Ended::Failed);
    assert_eq!(scene.state(), (1, "web-servers".to_owned()));
    assert_eq!(exist(&scene.plans()), [false, true]);
    assert_eq!(std::fs::read_to_string(&scene.plans()[1]).unwrap(), "an older plan");
}

#[tokio::test]
async fn appviewx_is_left_alone_if_keyfactor_is_not_done() {
    let scene = Scene::new().await;
    scene.command.orchestrator(FakeOrchestrator::new().after_polls(1).fails("disk full"));
    let report = Report::kept();
    assert_eq!(crate::run(&scene.job(Mode::Send, [1, 1]), &report).await, Ended::Failed);
    assert!(
        report.text().contains("AppViewX CERT+ was skipped, because Keyfactor Command is not done"),
        "{}",
        report.text()
    );
    assert_eq!(scene.state(), (1, "web-servers".to_owned()));
    assert_eq!(exist(&scene.plans()), [true, false], "the plan of what was not sent is gone");
}

#[tokio::test]
async fn without_yes_both_are_shown_and_the_hint_counts_both() {
    let scene = Scene::new().await;
    let report = Report::kept();
    assert_eq!(crate::run(&scene.job(Mode::Show, [1, 1]), &report).await, Ended::Done);
    assert!(report.text().contains("Nothing was sent. To proceed, add: --yes --expect 1+1\n"), "{}", report.text());
    assert_eq!(scene.state(), (1, "web-servers".to_owned()));
}

#[tokio::test]
async fn a_bad_comment_is_found_before_anything_is_sent() {
    let scene = Scene::new().await;
    let mut job = scene.job(Mode::Send, [1, 1]);
    if let Some(appviewx) = &mut job.appviewx {
        appviewx.comment = Some("<b>".to_owned());
    }
    let report = Report::kept();
    assert_eq!(crate::run(&job, &report).await, Ended::Failed);
    assert!(report.text().contains("comment: "), "{}", report.text());
    assert_eq!((scene.command.requests().len(), scene.gateway.requests().len()), (0, 0));
}

#[tokio::test]
async fn what_moves_while_keyfactor_works_is_not_unassigned() {
    let scene = Scene::new().await;
    scene.command.orchestrator(FakeOrchestrator::new().after_polls(u32::MAX));
    let report = Report::kept();
    let job = scene.job(Mode::Send, [1, 1]);
    let before = scene.command.jobs().len();
    let somebody = async {
        while scene.command.jobs().len() == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        scene.gateway.move_certificate(ID, "elsewhere");
        scene.command.run_jobs();
    };
    let (ended, ()) = tokio::join!(crate::run(&job, &report), somebody);
    assert_eq!(ended, Ended::Failed, "{}", report.text());
    assert!(report.text().contains("REFUSED: 1 certificate changed groups a moment ago"));
    assert_eq!(scene.state(), (0, "elsewhere".to_owned()));
    assert_eq!(exist(&scene.plans()), [true, false]);
}
