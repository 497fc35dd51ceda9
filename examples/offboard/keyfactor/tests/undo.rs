use super::*;

/// Both places are empty, and the plan is there.
async fn removed() -> Scene {
    let scene = Scene::new().await;
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    scene
}

/// Marks the plan's places, the first ones first.
fn mark(scene: &Scene, put_back: &[&str]) {
    let path = scene.plan_path();
    let mut plan: Value = serde_json::from_str(&read(&path)).unwrap();
    for (index, put_back) in put_back.iter().enumerate() {
        plan["removals"][index]["put_back"] = json!(put_back);
    }
    std::fs::write(path, plan.to_string()).unwrap();
}

#[tokio::test]
async fn a_plan_puts_everything_back() {
    let scene = removed().await;
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.held(), [[ALIAS], [ALIAS]]);
    assert_tells(
        &text,
        &["2 of 2 place(s) can be put back:", "with its key", "following 2 job(s)", "back", "2 of 2 place(s) are done"],
    );
}

#[tokio::test]
async fn what_cannot_be_put_back_is_shown_and_left() {
    let scene = removed().await;
    mark(&scene, &["impossible", "without_private_key"]);
    let mut job = scene.undo();
    job.consent.expect = Some(1);
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.held(), [vec![], vec![ALIAS.to_owned()]]);
    assert_tells(
        &text,
        &["1 of 2 place(s) can be put back:", "IMPOSSIBLE", "!!! 1 PLACE(S) CANNOT BE PUT BACK", "!!!   web00001"],
    );
    let (_, added) = scene.changes().pop().unwrap();
    assert_eq!(added["CertificateStores"][0]["IncludePrivateKey"], false);

    mark(&scene, &["impossible", "impossible"]);
    let before = scene.changes().len();
    let mut job = scene.undo();
    job.consent.expect = Some(0);
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["REFUSED: nothing in this plan can be put back"]);
    assert_eq!(scene.changes().len(), before);
}

#[tokio::test]
async fn an_undo_of_another_size_is_refused() {
    let scene = removed().await;
    let before = scene.changes().len();
    let mut job = scene.undo();
    job.consent.expect = Some(1);
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["REFUSED: 2 place(s) are meant, and --expect says 1"]);
    assert_eq!(scene.changes().len(), before);
}

#[tokio::test]
async fn a_dry_undo_prints_what_would_be_sent() {
    let scene = removed().await;
    mark(&scene, &["with_private_key", "without_private_key"]);
    let before = scene.changes().len();
    let (ended, text) = ran(scene.undo(), Mode::DryRun).await;
    assert_eq!(ended, Ended::Done);
    assert_eq!(scene.changes().len(), before);
    let printed = printed_calls(&text);
    assert_eq!(printed.len(), 2);
    assert_eq!(ran(scene.undo(), Mode::Send).await.0, Ended::Done);
    assert_eq!(printed, scene.changes()[before..], "what is printed is what is sent");
}

#[tokio::test]
async fn what_is_there_already_is_not_overwritten() {
    let scene = removed().await;
    let successor = scene.fake.issue(FakeCertificate::new("www.example.com"));
    scene.fake.put(scene.stores[0], ALIAS, successor);
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(scene.fake.held(scene.stores[0], ALIAS), Some(successor));
    assert_tells(&text, &["what became of it:", "FAILED: Failure: ", "back", "1 of 2 place(s)"]);
}

#[tokio::test]
async fn what_the_inventory_does_not_show_yet_is_unconfirmed() {
    let scene = removed().await;
    scene.fake.inventory_lags();
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_tells(&text, &["UNCONFIRMED: its store has no inventory schedule", "0 of 2 place(s)"]);

    let scene = removed().await;
    scene.fake.inventory_lags();
    let mut job = scene.undo();
    job.settings.inventory = Inventory::Now;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
}

#[tokio::test]
async fn another_certificate_under_the_alias_confirms_nothing() {
    let scene = removed().await;
    scene.fake.inventory_lags();
    let successor = scene.fake.issue(FakeCertificate::new("www.example.com"));
    for store in scene.stores {
        scene.fake.put(store, ALIAS, successor);
        scene.fake.remove_unseen(store, ALIAS);
    }
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_tells(&text, &["Success", "UNCONFIRMED", "0 of 2 place(s)"]);
}

#[tokio::test]
async fn a_plan_that_cannot_be_read_is_an_error() {
    let scene = Scene::new().await;
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["FAILED: the plan "]);
    std::fs::write(scene.plan_path(), "{\"removals\": []}").unwrap();
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["FAILED: the plan ", "it is no plan of the format"]);
    assert_eq!(scene.changes(), []);
}

// The inventory of before the removal lists everything, and no job has run.
#[tokio::test]
async fn an_old_inventory_brings_nothing_back() {
    let scene = Scene::new().await;
    scene.fake.inventory_lags();
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    scene.fake.orchestrator(FakeOrchestrator::new().offline());
    let mut job = scene.undo();
    job.settings.following = Following::Off;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_tells(&text, &["UNCONFIRMED: listed, but its job is not known to have run", "0 of 2 place(s)"]);
}
