//! A run that is stopped, and what goes on with it; a run that finds nothing to do.

use std::sync::Arc;

use tokio::sync::Notify;

use super::*;
use crate::interrupt::Interrupt;

impl Scene {
    fn record(&self) -> PathBuf {
        self.plan_path().with_extension("jobs")
    }

    fn follow(&self, file: PathBuf) -> KeyfactorJob {
        self.job(Task::Follow { file })
    }

    /// A removal that is interrupted while its jobs wait.
    async fn interrupted(&self) -> (Ended, String) {
        self.fake.orchestrator(FakeOrchestrator::new().offline());
        let mut job = self.removal();
        let notify = Arc::new(Notify::new());
        job.settings.interrupt = Interrupt::When(notify.clone());
        let before = self.fake.jobs().len();
        let somebody = async {
            while self.fake.jobs().len() < before + 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            notify.notify_one();
        };
        tokio::join!(ran(job, Mode::Send), somebody).0
    }
}

#[tokio::test]
async fn ctrl_c_tells_the_jobs_and_follow_picks_them_up() {
    let scene = Scene::new().await;
    let (ended, text) = scene.interrupted().await;
    assert_eq!(ended, Ended::Open, "{text}");
    let jobs = scene.jobs();
    let go_on = format!("To continue: offboard --follow '{}'", scene.record().display());
    let [first, second] = [&jobs[0], &jobs[1]].map(|job| format!("job {job}  web0000"));
    assert_tells(
        &text,
        &["Interrupted. Calls that were sent are not withdrawn", &first, &second, &go_on, "0 of 2 locations"],
    );

    scene.fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    // The plan is as good as the file beside it.
    for file in [scene.plan_path(), scene.record()] {
        let changes = scene.changes();
        let (ended, text) = ran(scene.follow(file), Mode::Show).await;
        assert_eq!(ended, Ended::Done, "{text}");
        assert_tells(&text, &["2 locations recorded in", "following 2 jobs", "2 of 2 locations done and confirmed"]);
        assert_eq!(scene.changes(), changes, "following sends nothing");
    }
}

#[tokio::test]
async fn what_was_being_sent_when_the_program_died_is_in_doubt() {
    let scene = Scene::new().await;
    let _ = scene.interrupted().await;
    let record = read(&scene.record());
    let cut =
        record.lines().take_while(|line| !line.contains("\"sent\"")).fold(String::new(), |all, line| all + line + "\n");
    assert_eq!(cut.matches("\"sending\"").count(), 1, "{record}");
    std::fs::write(scene.record(), cut + "{\"line\":\"sent\",\"pla").unwrap();
    for _ in 0..2 {
        let (ended, text) = ran(scene.follow(scene.record()), Mode::Show).await;
        assert_eq!(ended, Ended::Open, "{text}");
        assert_tells(&text, &["1 location recorded in", "UNKNOWN: the call may have arrived", "0 of 1 location "]);
    }
}

#[tokio::test]
async fn a_file_that_is_no_record_is_refused_before_anything_is_asked() {
    let scene = Scene::new().await;
    for text in ["", "no record\n", "{\"line\":\"not_done\"}\n"] {
        std::fs::write(scene.record(), text).unwrap();
        let (ended, text) = ran(scene.follow(scene.record()), Mode::Show).await;
        assert_eq!(ended, Ended::Failed, "{text}");
        assert_tells(&text, &["FAILED: "]);
    }
    std::fs::write(
        scene.record(),
        r#"{"line":"begun","format":"clm.offboard.jobs","version":1,"server":"https://elsewhere.example.com/","action":"remove"}"#,
    )
    .unwrap();
    let (_, text) = ran(scene.follow(scene.record()), Mode::Show).await;
    assert_tells(&text, &["REFUSED: ", "was recorded for another server, https://elsewhere.example.com/"]);
    assert!(scene.fake.requests().is_empty());
}

#[tokio::test]
async fn a_certificate_that_is_in_no_store_is_already_gone() {
    let scene = Scene::new().await;
    assert_eq!(ran(scene.removal(), Mode::Send).await.0, Ended::Done);
    let changes = scene.changes();
    for mode in [Mode::Send, Mode::Show, Mode::DryRun] {
        let (ended, text) = ran(scene.removal(), mode).await;
        assert_eq!(ended, Ended::NothingToDo, "{text}");
        assert_tells(&text, &["nothing to remove: "]);
        assert_eq!(scene.changes(), changes);
    }
    let other = scene.fake.thumbprint(scene.fake.issue(FakeCertificate::new("other.example.com")));
    let many = |second: &str| {
        let thumbprints = vec![Thumbprint::from(&scene.thumbprint), Thumbprint::from(second)];
        scene.job(Task::Certificates { thumbprints, collection_id: None, plan: None })
    };
    let (ended, text) = ran(many(&other), Mode::Send).await;
    assert_eq!(ended, Ended::NothingToDo, "{text}");
    let none = "nothing to remove: none of the certificates is in a store";
    assert_tells(&text, &["omitted from the plan (2):", &scene.thumbprint, &other, none]);
    let (ended, text) = ran(many("0123456789ABCDEF0123456789ABCDEF01234567"), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "one is unknown: {text}");
    assert_tells(&text, &["omitted from the plan (2):", "REFUSED: nothing can be removed. Nothing was sent"]);
    assert_eq!(scene.changes(), changes);
}

#[cfg(unix)]
#[tokio::test]
async fn the_record_is_its_owners_alone() {
    let scene = Scene::new().await;
    let _ = ran(scene.removal(), Mode::Send).await;
    let permissions = std::fs::metadata(scene.record()).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&permissions) & 0o777, 0o600);
}

impl Scene {
    /// A run with `--trigger-inventory` died between the trigger and the end: the schedules are gone, and on record.
    async fn died_after_the_trigger(&self) {
        let _ = self.interrupted().await;
        let schedules: Vec<Value> = self
            .stores
            .iter()
            .map(|store| json!({"store_id": store, "schedule": {"Interval": {"Minutes": 60}}}))
            .collect();
        let line = json!({"line": "schedules", "saved": schedules});
        std::fs::write(self.record(), format!("{}{line}\n", read(&self.record()))).unwrap();
        self.fake.orchestrator(FakeOrchestrator::new().after_polls(1));
    }

    async fn scheduled(&self) -> usize {
        let mut scheduled = 0;
        for store in self.stores {
            let row = self.fake.client().certificate_stores().get(store).send().await.unwrap();
            scheduled += usize::from(row.has_inventory_schedule());
        }
        scheduled
    }
}

#[tokio::test]
async fn follow_sets_a_schedule_again_that_a_stopped_run_lost() {
    let scene = Scene::new().await;
    scene.died_after_the_trigger().await;
    assert_eq!(scene.scheduled().await, 0);
    let (ended, text) = ran(scene.follow(scene.plan_path()), Mode::Show).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(text.matches("was erased and has been restored").count(), 2, "{text}");
    assert_eq!(scene.scheduled().await, 2);
}

#[tokio::test]
async fn undo_sets_a_schedule_again_that_a_stopped_run_lost() {
    let scene = Scene::new().await;
    scene.died_after_the_trigger().await;
    scene.fake.run_jobs();
    let (_, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(text.matches("was erased and has been restored").count(), 2, "{text}");
    assert_eq!(scene.scheduled().await, 2);
}

#[tokio::test]
async fn what_a_trigger_does_to_the_schedule_is_said_before_and_kept() {
    let scene = Scene::new().await;
    for store in scene.stores {
        scene.fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    }
    let job = || {
        let mut job = scene.removal();
        job.settings.inventory = Inventory::Now;
        job
    };
    let (_, text) = ran(job(), Mode::Show).await;
    assert_tells(
        &text,
        &["very likely erases the inventory schedules", "web00001.", ": every 60 minutes", "web00002.", "To proceed"],
    );
    let (ended, text) = ran(job(), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    let again = "was erased and has been restored: every 60 minutes";
    assert_tells(&text, &["the inventory schedule of web00001.", again, "the inventory schedule of web00002.", again]);
    let record = read(&scene.record());
    let at = |part: &str| record.find(part).unwrap();
    assert!(at("\"schedules\"") < at("\"sending\"") && record.contains("\"Minutes\":60"), "{record}");
    assert_eq!(scene.scheduled().await, 2, "it is set again");
    let plan: Value = serde_json::from_str(&read(&scene.plan_path())).unwrap();
    let saved = plan["inventory_schedules"].as_array().unwrap();
    assert_eq!(saved.iter().filter(|it| it["schedule"]["Interval"]["Minutes"] == 60).count(), 2, "{plan}");
}

// The record may be lost, or stand beside another copy of the plan.
#[tokio::test]
async fn undo_sets_a_schedule_again_that_stands_in_the_plan_alone() {
    let scene = Scene::new().await;
    for store in scene.stores {
        scene.fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    }
    let mut job = scene.removal();
    job.settings.inventory = Inventory::Now;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    std::fs::remove_file(scene.record()).unwrap();
    for store in scene.stores {
        scene.fake.set_store(store, |it| it.inventory_schedule(json!({})));
    }
    let (_, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(text.matches("was erased and has been restored: every 60 minutes").count(), 2, "{text}");
    assert_eq!(scene.scheduled().await, 2);
}
