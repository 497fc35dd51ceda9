use super::*;

/// Everything but to read jobs.
const WITHOUT_JOBS: [KeyfactorPermission; 3] =
    [KeyfactorPermission::ReadCertificates, KeyfactorPermission::ReadStores, KeyfactorPermission::ScheduleStores];

#[tokio::test]
async fn it_stops_before_the_first_removal_if_it_may_not_follow() {
    let scene = Scene::new().await;
    scene.fake.restrict_to(WITHOUT_JOBS);
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["REFUSED: this account may not read jobs", "--no-follow"]);
    assert_eq!(scene.changes(), []);
    assert!(!scene.plan_path().exists());
}

#[tokio::test]
async fn without_following_the_inventory_alone_tells() {
    let scene = Scene::new().await;
    scene.fake.restrict_to(WITHOUT_JOBS);
    scene.fake.orchestrator(FakeOrchestrator::new().after(Duration::ZERO));
    let mut job = scene.removal();
    job.settings.following = Following::Off;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_tells(&text, &[&scene.jobs()[0], &scene.jobs()[1], "scheduled, not followed", "gone"]);
    assert!(!text.contains("following"), "{text}");
}

#[tokio::test]
async fn without_following_what_the_inventory_does_not_tell_stays_open() {
    let scene = Scene::new().await;
    scene.fake.orchestrator(FakeOrchestrator::new().offline());
    let mut job = scene.removal();
    job.settings.following = Following::Off;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_tells(&text, &["scheduled, not followed", "UNCONFIRMED", "0 of 2 locations"]);
}

#[tokio::test]
async fn an_orchestrator_that_is_away_leaves_jobs_open() {
    let scene = Scene::new().await;
    scene.fake.orchestrator(FakeOrchestrator::new().offline());
    let mut job = scene.removal();
    job.settings.deadline = Duration::from_millis(50);
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    let jobs = scene.jobs();
    let withdraw = format!("POST /OrchestratorJobs/Unschedule {{\"JobIds\":[\"{}\",\"{}\"]}}", jobs[0], jobs[1]);
    assert_tells(
        &text,
        &[
            &format!("job {}", jobs[0]),
            "following 2 jobs",
            "2 jobs still open",
            &format!("job {}  web00001.example.com www.example.com.pfx: scheduled, not started", jobs[0]),
            "To cancel what has not started",
            &withdraw,
            "OPEN: scheduled, not started",
            "0 of 2 locations",
        ],
    );
    assert!(text.ends_with(&format!("To undo: offboard --undo '{}'", scene.plan_path().display())), "{text}");
    assert_eq!(scene.changes().len(), 2, "nothing is withdrawn unasked");
    assert!(!text.contains("waiting for the inventory"), "it would wait in vain: {text}");
}

#[tokio::test]
async fn one_failed_job_is_a_failure_and_the_other_goes_on() {
    let scene = Scene::new().await;
    let message = "disk full\r\n\u{1b}[2JSuccess";
    scene.fake.orchestrator_of(scene.stores[0], FakeOrchestrator::new().after_polls(1).fails(message));
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(scene.held(), [vec![ALIAS.to_owned()], Vec::new()]);
    assert_tells(
        &text,
        &[
            "waiting for the inventory to confirm the removal at 1 location",
            "outcome:",
            r"FAILED: Failure: disk full\r\n\u{1b}[2JSuccess",
            "gone",
            "1 of 2 locations",
        ],
    );
    assert!(!text.contains(['\r', '\u{1b}']), "an orchestrator's text drew on the terminal");
    let undo = format!("To undo: offboard --undo '{}'", scene.plan_path().display());
    assert!(text.ends_with(&undo), "how many can be put back is not known yet: {text}");
}

#[tokio::test]
async fn one_refused_place_is_a_failure_and_the_other_goes_on() {
    let scene = Scene::new().await;
    scene.fake.set_store(scene.stores[1], |it| it.container(7));
    scene.fake.restrict_to([
        KeyfactorPermission::ReadCertificates,
        KeyfactorPermission::ReadStores,
        KeyfactorPermission::ReadJobs,
        KeyfactorPermission::ScheduleStoresIn(7),
    ]);
    let (ended, text) = ran(scene.removal(), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(scene.held(), [vec![ALIAS.to_owned()], Vec::new()]);
    assert_tells(&text, &["web00001", "FAILED: ", "what to do: ", "following 1 job ", "REFUSED", "1 of 2 locations"]);
}

#[tokio::test]
async fn what_is_found_nowhere_is_an_error() {
    let scene = Scene::new().await;
    let mut job = scene.removal();
    job.task = Task::Certificate { certificate: "00".repeat(20).into(), collection_id: None, plan: None };
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["FAILED: ", "does not exist or is not visible to this account"]);
    assert_eq!(scene.changes(), []);
}

#[tokio::test]
async fn a_server_cannot_forge_a_line_with_an_alias() {
    let scene = Scene::new().await;
    let alias = "a\n  0 of 0 place(s) \u{1b}[2K\u{202e}";
    let certificate = scene.fake.held(scene.stores[0], ALIAS).unwrap();
    let store = scene.fake.add_store();
    scene.fake.put(store, alias, certificate);
    let (_, text) = ran(scene.removal(), Mode::Show).await;
    assert_tells(&text, &["REFUSED: 3 locations"]);
    assert!(text.contains(r"a\n  0 of 0 place(s) \u{1b}[2K\u{202e}"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text}");
}

/// Takes requests and never answers.
async fn silent_server() -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/KeyfactorAPI", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = tokio::io::AsyncReadExt::read(&mut connection, &mut [0; 1024]).await;
        }
    });
    let credentials = clm::keyfactor::Credentials::basic("user", "marker");
    Client::builder(url).credentials(credentials).build().unwrap()
}

#[tokio::test]
async fn after_a_removal_that_may_have_arrived_nothing_more_is_sent() {
    let scene = Scene::new().await;
    let location = |store| CertificateLocation::new(store, ALIAS);
    let [first, second] = scene.stores.map(location);
    for (locations, expected) in [(vec![first.clone()], Ended::Open), (vec![first, second], Ended::Failed)] {
        let mut job = scene.job(Task::Locations { locations, collection_id: None });
        job.client = silent_server().await;
        job.settings.following = Following::Off;
        job.consent = Consent::default();
        let (ended, text) = ran(job, Mode::Send).await;
        assert_eq!(ended, expected, "{text}");
        assert_tells(
            &text,
            &[
                "the outcome is unknown",
                "how to find out: Look for jobs on these stores",
                "UNKNOWN: the call may have arrived",
            ],
        );
        assert_eq!(text.contains("NOT SENT"), expected == Ended::Failed, "{text}");
        assert!(!text.contains("marker"), "{text}");
    }
}

// A wrong password is wrong for every place, and accounts lock.
#[tokio::test]
async fn a_refused_account_is_not_tried_for_every_place() {
    let scene = Scene::new().await;
    let places = scene.stores.map(|store| CertificateLocation::new(store, ALIAS));
    let mut job = scene.job(Task::Locations { locations: places.to_vec(), collection_id: None });
    let wrong = clm::keyfactor::Credentials::basic("EXAMPLE\\svc-clm", "wrong");
    job.client = Client::builder(scene.fake.url()).credentials(wrong).build().unwrap();
    job.settings.following = Following::Off;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    let removals = scene.fake.requests().iter().filter(|it| it.method() == "POST").count();
    assert_eq!(removals, 1, "{text}");
}
