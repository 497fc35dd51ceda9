//! The whole flow against the fake.

#[cfg(unix)]
mod interrupted;
mod trouble;
mod undo;

use clm::testing::{self, AppViewXPermission, FakeAppViewX};

use super::*;
use crate::config::{Job, Mode};
use crate::consent::Loss;
use crate::scratch::Folder;

pub(super) const NAME: &str = "www.example.com";
pub(super) const SERVER: &str = "67bc2ca76a105e1a05691c1c";
pub(super) const UPPER: &str = "67bc2ca76a105e1a05691c2c";
pub(super) const CLIENT: &str = "67bc2ca76a105e1a05691c3c";
pub(super) const NEIGHBOUR: &str = "67bc2ca76a105e1a05691c4c";

/// Three certificates of one name in two groups, a neighbour, and a folder for plans.
pub(super) struct Scene {
    pub(super) fake: FakeAppViewX,
    folder: Folder,
}

impl Scene {
    pub(super) async fn new() -> Self {
        let fake = FakeAppViewX::start().await;
        let server = testing::FakeCategory::Server;
        for (id, category, name, group) in [
            (SERVER, server, NAME, "web-servers"),
            (UPPER, server, "WWW.Example.COM", "web-servers"),
            (CLIENT, testing::FakeCategory::Client, NAME, "agents"),
            (NEIGHBOUR, server, "www.example.com.partner.example", "partners"),
        ] {
            fake.add_certificate_of(category, id, group);
            fake.set_member(id, "commonName", name);
        }
        let folder = Folder::create().unwrap();
        Self { fake, folder }
    }

    pub(super) fn plan_path(&self) -> PathBuf {
        self.folder.path().join("the plan.json")
    }

    pub(super) fn job(&self, task: Task, expect: usize) -> AppViewXJob {
        AppViewXJob {
            client: self.fake.client(),
            session: Session::NotOwn,
            task,
            categories: every_category(),
            comment: Some("CHG 1234".to_owned()),
            comment_rule: CommentRule::default(),
            audit_note: None,
            consent: Consent { expect: Some(expect), ..Consent::default() },
        }
    }

    pub(super) fn unassign(&self, target: Target, expect: usize) -> AppViewXJob {
        self.job(Task::Unassign { target, plan: Some(self.plan_path()) }, expect)
    }

    pub(super) fn by_name(&self, expect: usize) -> AppViewXJob {
        self.unassign(Target::CommonName(NAME.to_owned()), expect)
    }

    /// The changes that the fake was asked for.
    pub(super) fn changes(&self) -> Vec<(String, Value)> {
        let changes = self.fake.requests().into_iter().filter(|request| request.method().as_str() == "PUT");
        changes.map(|request| (request.path().replace("/avxapi/", ""), request.json())).collect()
    }

    pub(super) fn groups(&self) -> [String; 4] {
        [SERVER, UPPER, CLIENT, NEIGHBOUR].map(|id| self.fake.group_of(id).unwrap())
    }
}

/// How it ends, and what is printed.
pub(super) async fn ran(appviewx: AppViewXJob, mode: Mode) -> (Ended, String) {
    let report = Report::kept();
    let ended = crate::run(&Job { mode, keyfactor: None, appviewx: Some(appviewx) }, &report).await;
    (ended, report.text())
}

/// The calls that a dry run printed.
pub(super) fn printed_calls(text: &str) -> Vec<(String, Value)> {
    let calls = text.lines().filter_map(|line| line.trim().strip_prefix("PUT /"));
    calls
        .map(|call| call.split_once(' ').unwrap())
        .map(|(path, body)| (path.to_owned(), serde_json::from_str(body).unwrap()))
        .collect()
}

/// A text in which all of these stand, in this order.
#[track_caller]
pub(super) fn assert_tells(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { panic!("{part:?} is not there, or not in order:\n{text}") };
        rest = after;
    }
}

#[tokio::test]
async fn by_name_it_finds_plans_unassigns_and_confirms() {
    let scene = Scene::new().await;
    let (ended, text) = ran(scene.by_name(3), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(scene.groups(), ["Default", "Default", "Default", "partners"]);
    assert_eq!(
        scene.changes(),
        [(
            "certificate/group/unassign".to_owned(),
            json!({"resourceIds": [SERVER, UPPER, CLIENT], "comment": "CHG 1234"})
        )]
    );
    let plan = scene.plan_path();
    assert_tells(
        &text,
        &[
            "to unassign: every certificate with the common name www.example.com",
            "comment: \"CHG 1234\"",
            "skipped 1 other row that the search returned:",
            &format!("{NEIGHBOUR}  www.example.com.partner.example  partners"),
            "found 3 certificates:",
            &format!("{SERVER}  www.example.com  Server    web-servers  RW"),
            &format!("{UPPER}  WWW.Example.COM  Server    web-servers  RW"),
            &format!("{CLIENT}  www.example.com  Client    agents       RW"),
            &format!("undo plan: {}", plan.display()),
            "sent 3 certificates in 1 call; the response confirms 3; 3 of 3 sent so far",
            "response: Group unassign action successfully performed",
            "outcome:",
            &format!("{SERVER}  web-servers  confirmed  Default"),
            "3 of 3 certificates done and confirmed",
            "The policy of the group Default applies from now on, including renewal.",
            &format!("To undo: offboard --undo '{}' --yes --expect 3", plan.display()),
        ],
    );
    assert!(!text.contains("logged out"), "the session was given: {text}");
}

#[tokio::test]
async fn whatever_a_search_gives_only_what_is_equal_is_touched() {
    let scene = Scene::new().await;
    scene.fake.ignore_search_terms();
    for (target, expect, groups) in [
        (
            Target::Ids(vec![CLIENT.to_owned(), CLIENT.to_owned()]),
            1,
            ["web-servers", "web-servers", "Default", "partners"],
        ),
        (Target::CommonName("WWW.EXAMPLE.com".to_owned()), 2, ["Default", "Default", "Default", "partners"]),
        (Target::Group("partners".to_owned()), 1, ["Default"; 4]),
    ] {
        let mut job = scene.unassign(target, expect);
        if let Task::Unassign { plan, .. } = &mut job.task {
            *plan = Some(scene.folder.path().join(format!("plan-{}.json", scene.changes().len())));
        }
        let (ended, text) = ran(job, Mode::Send).await;
        assert_eq!(ended, Ended::Done, "{text}");
        assert_eq!(scene.groups(), groups, "{text}");
    }
}

#[tokio::test]
async fn what_is_in_the_default_group_already_is_left_alone() {
    let scene = Scene::new().await;
    for id in [SERVER, UPPER, CLIENT] {
        scene.fake.move_certificate(id, "Default");
        let left = [SERVER, UPPER, CLIENT].iter().filter(|id| scene.fake.group_of(id).unwrap() != "Default").count();
        let (ended, text) = ran(scene.by_name(left), Mode::DryRun).await;
        assert_eq!(ended, if left == 0 { Ended::NothingToDo } else { Ended::Done }, "{text}");
        assert_tells(&text, &["already in the default group:", id]);
        let sent =
            printed_calls(&text).iter().map(|(_, body)| body["resourceIds"].as_array().unwrap().len()).sum::<usize>();
        assert_eq!(sent, left);
    }
    let (ended, text) = ran(scene.by_name(0), Mode::Send).await;
    assert_eq!(ended, Ended::NothingToDo, "{text}");
    assert_tells(&text, &["nothing to unassign"]);
    assert_eq!(scene.changes(), []);
    assert!(!scene.plan_path().exists());
}

#[tokio::test]
async fn without_yes_nothing_is_sent_and_no_plan_is_written() {
    let scene = Scene::new().await;
    let mut job = scene.by_name(3);
    job.consent = Consent::default();
    let (ended, text) = ran(job, Mode::Show).await;
    assert_eq!(ended, Ended::Done);
    assert_tells(&text, &["found 3 certificates:", "Nothing was sent. To proceed, add: --yes --expect 3\n"]);
    assert_eq!(scene.changes(), []);
    assert!(!scene.plan_path().exists());
}

#[tokio::test]
async fn a_dry_run_prints_what_would_be_sent_and_sends_only_reads() {
    let scene = Scene::new().await;
    for id in 0..150 {
        let id = format!("bulk-{id}");
        scene.fake.add_certificate(&id, "web-servers");
        scene.fake.set_member(&id, "commonName", NAME);
    }
    let (ended, text) = ran(scene.by_name(153), Mode::DryRun).await;
    assert_eq!(ended, Ended::Done);
    assert_eq!(scene.changes(), []);
    assert!(!scene.plan_path().exists());
    let printed = printed_calls(&text);
    assert_eq!(printed.len(), 2);
    let (ended, text) = ran(scene.by_name(153), Mode::Send).await;
    assert_eq!(ended, Ended::Done, "{text}");
    assert_eq!(printed, scene.changes(), "what is printed is what is sent");
    assert_tells(
        &text,
        &[
            "sent 100 certificates in 1 call; the response confirms 100; 100 of 153 sent so far",
            "the response confirms 53; 153 of 153 sent so far",
        ],
    );
}

#[tokio::test]
async fn another_number_is_refused_and_nothing_is_sent() {
    for mode in [Mode::Send, Mode::DryRun] {
        let scene = Scene::new().await;
        let (ended, text) = ran(scene.by_name(4), mode).await;
        assert_eq!(ended, Ended::Failed);
        assert_tells(
            &text,
            &["found 3", "REFUSED: 3 certificates would be changed, but --expect is 4. Nothing was sent"],
        );
        assert_eq!(scene.changes(), []);
        assert!(!scene.plan_path().exists());
    }
}

#[tokio::test]
async fn what_is_found_nowhere_is_an_error() {
    let scene = Scene::new().await;
    for target in [Target::CommonName("example.com".to_owned()), Target::Group("Web-Servers".to_owned())] {
        let (ended, text) = ran(scene.unassign(target, 0), Mode::Send).await;
        assert_eq!(ended, Ended::Failed);
        assert_tells(&text, &["REFUSED: no matching certificate was found"]);
        assert_eq!(scene.changes(), []);
    }
}

#[tokio::test]
async fn a_certificate_whose_group_is_not_known_needs_consent() {
    let scene = Scene::new().await;
    let ids = || Target::Ids(vec![SERVER.to_owned(), "nobody".to_owned()]);
    let (ended, text) = ran(scene.unassign(ids(), 2), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(
        &text,
        &[
            "NOT KNOWN",
            "!!! CANNOT BE PUT BACK: 1 certificate",
            "!!!   nobody",
            "REFUSED: 1 certificate ",
            "--accept-loss",
        ],
    );
    assert_eq!(scene.changes(), []);
    assert!(!scene.plan_path().exists());
    let mut job = scene.unassign(ids(), 2);
    job.consent.loss = Loss::Accepted;
    let (ended, text) = ran(job, Mode::Send).await;
    assert_eq!(ended, Ended::Open, "{text}");
    assert_tells(&text, &["web-servers  confirmed", "nobody", "UNCONFIRMED", "1 of 2 certificates", "--expect 1"]);
}

#[tokio::test]
async fn a_plan_is_never_written_over_a_file() {
    let scene = Scene::new().await;
    std::fs::write(scene.plan_path(), "an older plan").unwrap();
    let (ended, text) = ran(scene.by_name(3), Mode::Send).await;
    assert_eq!(ended, Ended::Failed);
    assert_tells(
        &text,
        &["FAILED: ", "plan.json: ", "what to do: the existing file was kept for undo", "--group-plan"],
    );
    assert_eq!(std::fs::read_to_string(scene.plan_path()).unwrap(), "an older plan");
    assert_eq!(scene.changes(), []);
}
