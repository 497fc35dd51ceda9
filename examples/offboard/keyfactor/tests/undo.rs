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
        &["to put back: 2 of 2 locations\n", "with private key", "following 2 jobs", "back", "2 of 2 locations done"],
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
        &["to put back: 1 of 2 locations\n", "IMPOSSIBLE", "!!! CANNOT BE PUT BACK: 1 location", "!!!   web00001"],
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
    assert_tells(&text, &["REFUSED: 2 locations would be changed, but --expect is 1"]);
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
async fn an_alias_that_holds_another_certificate_is_left_alone() {
    let scene = removed().await;
    let successor = scene.fake.issue(FakeCertificate::new("www.example.com"));
    scene.fake.put(scene.stores[0], ALIAS, successor);
    let before = scene.changes().len();
    let mut job = scene.undo();
    job.consent.expect = Some(1);
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_eq!(scene.fake.held(scene.stores[0], ALIAS), Some(successor));
    assert_eq!(scene.changes().len(), before + 1, "no job is sent that must fail");
    assert_tells(&text, &["to put back: 1 of 2 locations\n", "SKIPPED: the alias holds", "1 of 1 location "]);
}

#[tokio::test]
async fn what_the_inventory_does_not_show_yet_is_unconfirmed() {
    let scene = removed().await;
    scene.fake.inventory_lags();
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_tells(&text, &["UNCONFIRMED: its store has no inventory schedule", "0 of 2 locations"]);

    let scene = removed().await;
    scene.fake.inventory_lags();
    let mut job = scene.undo();
    job.settings.inventory = Inventory::Now;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
}

#[tokio::test]
async fn a_plan_whose_aliases_all_hold_others_is_refused() {
    let scene = removed().await;
    let successor = scene.fake.issue(FakeCertificate::new("www.example.com"));
    for store in scene.stores {
        scene.fake.put(store, ALIAS, successor);
    }
    let before = scene.changes().len();
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_tells(&text, &["SKIPPED: the alias holds", "REFUSED: nothing in this plan can be put back"]);
    assert_eq!(scene.changes().len(), before);
}

/// The public report: a second undo queued jobs that had to fail, since the alias was taken.
#[tokio::test]
async fn second_undo() {
    let scene = removed().await;
    assert_eq!(ran(scene.undo(), Mode::Send).await.0, Ended::Done);
    let before = scene.changes().len();
    for mode in [Mode::Send, Mode::DryRun, Mode::Show] {
        let (ended, text) = ran(scene.undo(), mode).await;
        assert_eq!(ended, Ended::NothingToDo, "{text}");
        assert_tells(
            &text,
            &["to put back: 0 of 2 locations\n", "already back", "nothing to put back: everything is back already"],
        );
        assert_eq!(scene.changes().len(), before);
    }
}

#[tokio::test]
async fn what_is_back_in_another_case_is_back() {
    let scene = removed().await;
    scene.fake.put(scene.stores[0], ALIAS.to_uppercase(), scene.certificate);
    let mut job = scene.undo();
    job.consent.expect = Some(1);
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_tells(&text, &["already back, under the alias WWW.EXAMPLE.COM.PFX", "1 of 1 location done"]);
    assert_eq!(scene.held()[0], ["WWW.EXAMPLE.COM.PFX"]);
}

#[tokio::test]
async fn without_a_record_an_inventory_that_lists_it_proves_nothing() {
    let scene = Scene::new().await;
    scene.fake.inventory_lags();
    assert_eq!(ran(scene.removal(), Mode::Send).await.0, Ended::Open);
    std::fs::remove_file(scene.plan_path().with_extension("jobs")).unwrap();
    let before = scene.changes().len();
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_tells(&text, &["SKIPPED: the inventory still lists it", "may be older than the removal"]);
    assert_eq!(scene.changes().len(), before);
}

#[test]
fn a_plan_of_ten_thousand_places_is_taken_apart_in_one_go() {
    let place = |number: u32| {
        json!({
            "store_id": format!("57070000-0000-4000-8000-{number:012x}"), "store_machine": null, "store_path": null,
            "alias": "a", "put_back": "with_private_key",
        })
    };
    let places: Vec<Value> = (0..10_000).map(place).collect();
    let plan: RemovalPlan = serde_json::from_value(json!({
        "certificate_id": 1, "thumbprint": "910A2DEC89025CC1BEEB8DA1658EEC67F893A2EE", "issued_cn": "a",
        "has_private_key": true, "collection_id": null, "removals": places,
    }))
    .unwrap();
    let apart = find::places(&plan);
    assert_eq!(apart.len(), 10_000);
    // What is copied for all of them together is a place for each, not the plan for each.
    assert_eq!(apart.iter().map(|(one, _)| one.removals.len() + one.certificates.len()).sum::<usize>(), 20_000);
    assert!(apart.iter().all(|(one, _)| one.removals.capacity() <= 4));
}

#[tokio::test]
async fn a_plan_that_cannot_be_read_is_an_error() {
    let scene = Scene::new().await;
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["FAILED: ", "plan.json: "]);
    std::fs::write(scene.plan_path(), "{\"removals\": []}").unwrap();
    let (ended, text) = ran(scene.undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["FAILED: ", "plan.json: ", "this is not a plan in the format"]);
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
    assert_tells(&text, &["UNCONFIRMED: its store has no inventory schedule", "0 of 2 locations"]);
}

#[tokio::test]
async fn a_plan_for_another_server_needs_consent() {
    let (scene, other) = (Scene::new().await, Scene::new().await);
    assert_eq!(ran(scene.removal(), Mode::Send).await.0, Ended::Done);
    assert_eq!(ran(other.removal(), Mode::Send).await.0, Ended::Done);
    let asked = other.fake.requests().len();
    let undo = || KeyfactorJob { client: other.fake.client(), ..scene.undo() };
    let (ended, text) = ran(undo(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    let made_for = format!("REFUSED: the plan was made for {}, but this is", scene.fake.url());
    assert_tells(&text, &[&made_for, "--accept-other-server"]);
    assert_eq!(other.fake.requests().len(), asked, "nothing was asked");

    // What the first server's record says of the removal counts for nothing there, so that an inventory is waited for.
    for store in other.stores {
        other.fake.run_inventory(store);
    }
    let mut accepted = undo();
    accepted.consent.other_server = Loss::Accepted;
    let (ended, text) = ran(accepted, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(other.held(), [vec![ALIAS.to_owned()], vec![ALIAS.to_owned()]]);
    assert_eq!(scene.held(), [Vec::<String>::new(), Vec::new()]);
}
