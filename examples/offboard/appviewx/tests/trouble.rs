use super::*;
use crate::interrupt::Interrupt;

#[tokio::test]
async fn one_refused_certificate_does_not_hold_up_the_others() {
    let scene = Scene::new().await;
    scene.fake.deny(AppViewXPermission::WriteGroup("agents".to_owned()));
    let (ended, text) = ran(scene.by_name(3), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(scene.groups(), ["Default", "Default", "agents", "partners"]);
    assert_tells(
        &text,
        &[
            &format!("{CLIENT}  www.example.com  Client    agents       R "),
            "sent 3 certificates in 5 calls; the response confirms 2; 3 of 3 sent so far",
            &format!("{CLIENT}:"),
            "CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED",
            "what to do: ",
            "outcome:",
            "confirmed",
            "REFUSED: CERTIFICATE_BELONG_GROUP_PERMISSION_DENIED  -",
            "2 of 3 certificates done and confirmed",
            "--yes --expect 2",
        ],
    );
}

#[tokio::test]
async fn a_refusal_of_the_account_is_told_once_and_nothing_moves() {
    let scene = Scene::new().await;
    scene.fake.deny(AppViewXPermission::AssignGroups);
    let (ended, text) = ran(scene.by_name(3), Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_eq!(text.matches("FAILED: ").count(), 1, "{text}");
    assert_tells(&text, &["AVX_GW_005", "REFUSED with others: AVX_GW_005", "0 of 3 certificates"]);
    assert!(!text.contains("To undo"), "{text}");
}

#[tokio::test]
async fn a_comment_that_is_refused_names_the_option_that_allows_more() {
    let scene = Scene::new().await;
    let job = AppViewXJob { comment: Some("CHG-1".to_owned()), ..scene.by_name(3) };
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Failed, "{text}");
    assert_tells(&text, &["comment: must contain only letters", "'-' at 4", "what to do: ", "add --comment-allows"]);
    assert_eq!(scene.groups(), ["web-servers", "web-servers", "agents", "partners"]);
}

#[tokio::test]
async fn when_the_session_is_over_nothing_moves() {
    let scene = Scene::new().await;
    let job = scene.by_name(3);
    let report = Report::kept();
    let prepared = prepare(&job, &report).await.unwrap();
    scene.fake.expire_sessions();
    assert_eq!(
        prepared.send(&job, None, &mut Interrupt::default().listen(), &report).await.unwrap(),
        Ended::Failed,
        "{}",
        report.text()
    );
    assert_tells(&report.text(), &["401", "REFUSED", "0 of 3 certificates"]);
    assert_eq!(scene.groups(), ["web-servers", "web-servers", "agents", "partners"]);
}

/// Takes requests and closes their connections.
async fn hangs_up() -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let _ = tokio::io::AsyncReadExt::read(&mut connection, &mut [0; 1024]).await;
        }
    });
    let credentials = clm::appviewx::Credentials::session_id("marker");
    Client::builder(url).credentials(credentials).retry_policy(clm::RetryPolicy::none()).build().unwrap()
}

#[tokio::test]
async fn after_a_call_that_may_have_arrived_nothing_more_is_sent() {
    for (more, ended) in [(0, Ended::Open), (150, Ended::Failed)] {
        let scene = Scene::new().await;
        for id in 0..more {
            let id = format!("bulk-{id}");
            scene.fake.add_certificate(&id, "web-servers");
            scene.fake.set_member(&id, "commonName", NAME);
        }
        let mut job = scene.by_name(3 + more);
        let report = Report::kept();
        let prepared = prepare(&job, &report).await.unwrap();
        job.client = hangs_up().await;
        assert_eq!(
            prepared.send(&job, None, &mut Interrupt::default().listen(), &report).await.unwrap(),
            ended,
            "{}",
            report.text()
        );
        let text = report.text();
        assert_tells(
            &text,
            &["how to find out: Check the certificates' group", "UNKNOWN: the call may have arrived", "UNCONFIRMED: "],
        );
        assert_eq!(text.contains("NOT SENT"), more > 0, "{text}");
        assert!(!text.contains("marker") && !text.contains("To undo"), "{text}");
    }
}

#[tokio::test]
async fn a_category_that_cannot_be_searched_stops_it_unless_it_is_left_out() {
    let scene = Scene::new().await;
    scene.fake.deny(AppViewXPermission::ViewInventory(testing::FakeCategory::CodeSigning));
    let (ended, text) = ran(scene.by_name(3), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(&text, &["ACF_NOT_AVAILABLE_FOR_CODE_SIGNING_CERT"]);
    assert_eq!(scene.changes(), []);
    let mut job = scene.by_name(2);
    job.categories = vec![CertificateCategory::Server];
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.groups(), ["Default", "Default", "agents", "partners"]);
}

/// A job that logs in.
fn logging_in(scene: &Scene, expect: usize) -> AppViewXJob {
    let mut job = scene.by_name(expect);
    job.client = Client::builder(scene.fake.url()).credentials(scene.fake.login()).build().unwrap();
    job.session = Session::Own;
    job
}

#[tokio::test]
async fn it_logs_out_of_the_session_that_it_began() {
    let scene = Scene::new().await;
    let before = scene.fake.sessions();
    for (expect, ended) in [(4, Ended::Failed), (3, Ended::Done)] {
        let (end, text) = ran(logging_in(&scene, expect), Mode::Send).await;
        assert_eq!(end, ended, "{text}");
        assert!(text.ends_with("logged out of AppViewX CERT+"), "{text}");
        assert_eq!(scene.fake.sessions(), before);
    }
    let passwords = scene.fake.requests().iter().filter(|request| request.header("password").is_some()).count();
    assert_eq!(passwords, 2, "with the logins only");
}

#[tokio::test]
async fn a_logout_that_fails_is_a_warning() {
    let scene = Scene::new().await;
    let job = logging_in(&scene, 3);
    let report = Report::kept();
    let ended = Box::pin(crate::act(&Job { mode: Mode::Send, keyfactor: None, appviewx: Some(job) }, &report)).await;
    assert_eq!(ended.unwrap(), Ended::Done);
    let job = logging_in(&scene, 3);
    job.client.certificates().search().rows().unwrap().next().await.unwrap().unwrap();
    scene.fake.expire_sessions();
    job.log_out(&report).await;
    assert_tells(&report.text(), &["done and confirmed", "WARNING: the logout from AppViewX CERT+ failed", "FAILED: "]);
}
