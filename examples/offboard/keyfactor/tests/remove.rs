use super::*;

#[tokio::test]
async fn by_thumbprint_it_finds_plans_removes_follows_and_confirms() {
    let scene = Scene::new().await;
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.held(), [Vec::<String>::new(), Vec::new()]);
    let changes = scene.changes();
    assert_eq!(changes.len(), 2, "one call for each place");
    assert!(changes.iter().all(|(path, _)| path == "/CertificateStores/Certificates/Remove"), "{changes:?}");
    let [first, second] = &scene.jobs()[..] else { panic!("two jobs were expected") };
    let plan = scene.plan_path();
    assert_tells(
        &text,
        &[
            "found in 2 locations:",
            "agent available  approved  removal supported  undo",
            "web00001.example.com  /etc/certificates/00001  www.example.com.pfx  yes              yes       yes",
            &format!("undo plan: {}", plan.display()),
            &format!("job {first}  web00001.example.com"),
            &format!("job {second}  web00002.example.com"),
            "following 2 jobs",
            "waiting for its orchestrator",
            "Success",
            "outcome:",
            "gone",
            "2 of 2 locations done and confirmed",
            &format!("To undo: offboard --undo '{}' --yes --expect 2", plan.display()),
        ],
    );
    let kept: RemovalPlan = serde_json::from_str(&read(&plan)).unwrap();
    assert_eq!(kept.removals.len(), 2);
    assert_eq!(kept.certificates[0].thumbprint.as_str(), scene.thumbprint);
}

#[tokio::test]
async fn without_yes_nothing_is_sent_and_no_plan_is_written() {
    let scene = Scene::new().await;
    let mut job = scene.removal();
    job.consent = Consent::default();
    let (ended, text) = ran(job, Mode::Show).await;
    assert_eq!(ended, Ended::Done);
    assert_tells(&text, &["found in 2 locations:", "Nothing was sent. To proceed, add: --yes --expect 2\n"]);
    assert_eq!(scene.changes(), []);
    assert!(!scene.plan_path().exists());
}

#[tokio::test]
async fn a_dry_run_prints_what_would_be_sent_and_sends_only_reads() {
    let scene = Scene::new().await;
    let job = || {
        let mut job = scene.removal();
        job.settings.inventory = Inventory::Now;
        job
    };
    let (ended, text) = ran(job(), Mode::DryRun).await;
    assert_eq!(ended, Ended::Done);
    assert_eq!(scene.changes(), []);
    assert!(!scene.plan_path().exists());
    let printed = printed_calls(&text);
    assert_eq!(printed.len(), 4, "two removals and two inventories");
    assert_eq!(ran(job(), Mode::Send).await.0, Ended::Done);
    assert_eq!(printed, scene.changes(), "what is printed is what is sent");
}

#[tokio::test]
async fn a_dry_run_names_the_collection_and_what_would_be_refused() {
    let scene = Scene::with(FakeCertificate::new("www.example.com").collection(4)).await;
    scene.fake.restrict_to([KeyfactorPermission::ReadCertificatesIn(4), KeyfactorPermission::ReadStores]);
    let mut job = scene.removal();
    if let Task::Certificate { collection_id, .. } = &mut job.task {
        *collection_id = Some(4);
    }
    let (ended, text) = ran(job, Mode::DryRun).await;
    assert_eq!(ended, Ended::Done);
    assert!(printed_calls(&text).iter().all(|(_, body)| body["CollectionId"] == 4), "{text}");
    assert_tells(
        &text,
        &[
            "This run would be refused: 2 locations cannot be put back",
            "This run would be refused: this account may not read jobs",
        ],
    );
    assert_eq!(scene.changes(), []);
}

#[tokio::test]
async fn a_plan_of_another_size_is_refused() {
    for mode in [Mode::Send, Mode::DryRun] {
        let scene = Scene::new().await;
        let mut job = scene.removal();
        job.consent.expect = Some(3);
        let (ended, text) = ran(job, mode).await;
        assert_eq!(ended, Ended::Failed);
        assert_tells(&text, &["found in 2 locations:", "REFUSED: 2 locations would be changed, but --expect is 3"]);
        assert_eq!(scene.changes(), []);
        assert!(!scene.plan_path().exists());
    }
}

#[tokio::test]
async fn what_cannot_be_put_back_is_marked_and_needs_consent() {
    let scene = Scene::with(FakeCertificate::new("www.example.com")).await;
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(
        &text,
        &["IMPOSSIBLE", "!!! CANNOT BE PUT BACK: 2 locations", "!!!   web00001", "REFUSED", "--accept-loss"],
    );
    assert_eq!(scene.changes(), []);
    assert!(!scene.plan_path().exists());

    let (_, shown) = ran(scene.removal(), Mode::Show).await;
    assert_tells(&shown, &["CANNOT BE PUT BACK", "--yes --expect 2 --accept-loss"]);

    let mut job = scene.removal();
    job.consent.loss = Loss::Accepted;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert!(!text.contains("To undo"), "{text}");
    assert!(scene.plan_path().exists());
}

#[tokio::test]
async fn a_place_in_the_chain_of_another_certificate_is_listed_and_left_alone() {
    let scene = Scene::new().await;
    let bundle = scene.fake.add_store();
    let leaf = scene.fake.issue(FakeCertificate::new("partner.example.com"));
    let certificate = scene.fake.held(scene.stores[0], ALIAS).unwrap();
    scene.fake.put_with_chain(bundle, "partners.pem", leaf, [certificate]);
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_tells(&text, &["skipped 1 location where", "web00003.example.com", "partners.pem  1"]);
    assert_eq!(scene.fake.aliases(bundle), ["partners.pem"]);
}

#[tokio::test]
async fn a_plan_is_never_written_over_a_file() {
    let scene = Scene::new().await;
    std::fs::write(scene.plan_path(), "an older plan").unwrap();
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["FAILED: ", "plan.json: ", "what to do: the existing file was kept for undo"]);
    assert_eq!(read(&scene.plan_path()), "an older plan");
    assert_eq!(scene.changes(), []);
}

#[tokio::test]
async fn a_triggered_inventory_confirms_a_store_without_schedule() {
    let scene = Scene::new().await;
    scene.fake.inventory_lags();
    let mut job = scene.removal();
    job.settings.inventory = Inventory::Now;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");

    let scene = Scene::new().await;
    scene.fake.inventory_lags();
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_tells(&text, &["UNCONFIRMED: its store has no inventory schedule; see --trigger-inventory", "0 of 2"]);
}

#[tokio::test]
async fn locations_are_removed_without_being_looked_up() {
    let scene = Scene::new().await;
    for store in scene.stores {
        scene.fake.set_store(store, |it| it.inventory_schedule(json!({"Interval": {"Minutes": 60}})));
    }
    let named = |store: CertificateStoreId| CertificateLocation::new(store, ALIAS);
    let locations = vec![named(scene.stores[0]), named(scene.stores[1]), named(scene.stores[0])];
    let job = || scene.job(Task::Locations { locations: locations.clone(), collection_id: None });
    let (_, printed) = ran(job(), Mode::DryRun).await;
    assert_eq!(scene.changes(), []);
    let (ended, text) = ran(job(), Mode::Send).await;
    assert_eq!(ended, Ended::Open, "what was under an alias may be under another one: {text}");
    let unproven = "UNCONFIRMED: the alias is no longer listed";
    assert_tells(
        &text,
        &["nothing was looked up", "No undo plan is written.", "following 2 jobs", unproven, "0 of 2 locations"],
    );
    assert_eq!(printed_calls(&printed), scene.changes(), "a repeated place is sent once");
    assert!(scene.fake.requests().iter().all(|request| request.path() != "/KeyfactorAPI/Certificates"));
}

#[tokio::test]
async fn many_certificates_are_one_plan_and_omissions_need_consent() {
    let scene = Scene::new().await;
    let other = scene.fake.issue(FakeCertificate::new("other.example.com").private_key());
    scene.fake.put(scene.stores[0], "other", other);
    let nowhere = Thumbprint::from("0123456789abcdef0123456789abcdef01234567");
    let thumbprints =
        vec![Thumbprint::from(&scene.thumbprint), Thumbprint::from(scene.fake.thumbprint(other)), nowhere];
    let job = |omissions| {
        let plan = Some(scene.plan_path());
        let task = Task::Certificates { thumbprints: thumbprints.clone(), collection_id: None, plan };
        let mut job = scene.job(task);
        job.consent = Consent { expect: Some(3), omissions, ..Consent::default() };
        job
    };
    let (ended, text) = ran(job(Loss::Refused), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    let left_out = "0123456789ABCDEF0123456789ABCDEF01234567: no such certificate is visible to this account";
    assert_tells(&text, &["found in 3 locations:", "omitted from the plan (1):", left_out, "--accept-omissions"]);
    assert_eq!(scene.changes(), []);
    let (ended, text) = ran(job(Loss::Accepted), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_tells(&text, &["3 of 3 locations done and confirmed"]);
    assert_eq!(scene.held(), [Vec::<String>::new(), Vec::new()]);

    let mut undo = scene.undo();
    undo.consent.expect = Some(3);
    let (ended, text) = ran(undo, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.fake.held(scene.stores[0], "other"), Some(other));
}

#[tokio::test]
async fn a_job_field_for_all_places_is_sent_and_never_shown() {
    let scene = Scene::new().await;
    let job = || {
        let mut job = scene.removal();
        job.settings.job_fields = vec![("Password".to_owned(), "marker-secret".to_owned())];
        job.settings.audit_note = Some("CHG 1".to_owned());
        job
    };
    let (_, printed) = ran(job(), Mode::DryRun).await;
    for (_, body) in printed_calls(&printed) {
        assert_eq!(body["CertificateStores"][0]["JobFields"], json!({"Password": "<set>"}));
    }
    let (ended, text) = ran(job(), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    for (_, body) in scene.changes() {
        assert!(body.to_string().contains("marker-secret"), "{body}");
    }
    let record = read(&scene.plan_path().with_extension("jobs"));
    for text in [printed, text, read(&scene.plan_path()), record] {
        assert!(!text.contains("marker-secret"), "{text}");
    }
}
