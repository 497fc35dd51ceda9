//! `docs/audit.md` says what the audit says: each field, each value of `ended`, and what a success of each change is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use clm::http::Method;
use clm::keyfactor::{CertificateLocation, RevocationReason, Schedule};
use clm::testing::FakeKeyfactor;
use clm::{Reason, RetryPolicy, appviewx, keyfactor};
use uuid::Uuid;

use crate::support::capture;
use crate::support::operations::{Operation, Site};
use crate::support::scripted::{Answer, Scripted, nobody};

const JOB: &str = r#"["6c0d0000-0000-4000-8000-00000000000a"]"#;

/// The rows of the table below this heading, as their cells.
fn table(heading: &str) -> Vec<Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/audit.md");
    let note = fs::read_to_string(path).unwrap();
    let (_, section) = note.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `") && !line.contains("---"));
    let cells = |row: &str| row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect();
    rows.map(cells)
        .filter(|cells: &Vec<String>| cells[0] != "`ended`" && cells[0] != "`clm.operation`" || heading == "Fields")
        .collect()
}

/// What stands in the first pair of backticks.
fn first_code(cell: &str) -> String {
    cell.split('`').nth(1).unwrap().to_owned()
}

fn first_column(heading: &str) -> BTreeSet<String> {
    let rows = table(heading);
    let names: BTreeSet<String> = rows.iter().map(|row| first_code(&row[0])).collect();
    assert_eq!(names.len(), rows.len(), "one row each: {heading}");
    names
}

/// How a success of this call ends in the audit, as the note has it.
pub(crate) fn success_of(operation: &str) -> String {
    let rows = table("What a success is");
    let row = rows.iter().find(|row| first_code(&row[0]) == operation);
    first_code(&row.unwrap_or_else(|| panic!("no row for {operation}"))[1])
}

fn command(origin: &str) -> keyfactor::Client {
    let credentials = keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "password-marker");
    keyfactor::Client::builder(origin).credentials(credentials).build().unwrap()
}

fn removal(client: &keyfactor::Client) -> clm::RequestBuilder<keyfactor::RemoveCertificates> {
    let location = CertificateLocation::new(Uuid::from_u128(0x5707), "web01");
    client.certificate_stores().remove_certificates([location], Schedule::Immediate).retry_policy(RetryPolicy::none())
}

async fn removed(answer: Answer) -> String {
    let server = Scripted::start([answer]).await;
    capture::start();
    // How the call itself ends is the matter of other tests.
    let _ = removal(&command(&server.origin)).send().await;
    ended()
}

fn ended() -> String {
    capture::only_audit().field("ended").unwrap().to_owned()
}

fn gateway(origin: &str) -> appviewx::Client {
    let credentials = appviewx::Credentials::password_headers("svc-clm", "password-marker");
    appviewx::Client::builder(origin).credentials(credentials).build().unwrap()
}

async fn moved(answers: Vec<Answer>) -> String {
    let server = Scripted::start(answers).await;
    capture::start();
    let _ = gateway(&server.origin).certificate_groups().unassign(["id-1"]).repeat_after_silence().send().await;
    ended()
}

#[tokio::test]
async fn principals_without_a_name_are_those_of_the_note() {
    let server = Scripted::start([Answer::json(200, JOB), Answer::Nothing]).await;
    let token = keyfactor::Client::builder(&server.origin).credentials(keyfactor::Credentials::bearer("token-marker"));
    let session = appviewx::Client::builder(&server.origin).credentials(appviewx::Credentials::session_id("marker"));
    capture::start();
    let _ = removal(&token.build().unwrap()).send().await;
    let of_token = capture::only_audit().field("principal").unwrap().to_owned();
    capture::start();
    let _ = session.build().unwrap().certificate_groups().unassign(["id-1"]).send().await;
    let of_session = capture::only_audit().field("principal").unwrap().to_owned();

    let fields = table("Fields");
    let row = fields.iter().find(|row| row[0] == "`principal`").unwrap();
    let named: Vec<&str> = row[1].split('`').skip(1).step_by(2).collect();
    assert_eq!(named, [of_token, of_session]);
}

/// Drops a removal while nothing is done, while it waits, and while it is on its way.
async fn dropped() -> [String; 3] {
    let server = Scripted::start([Answer::with(429, "retry-after: 60\r\n", ""), Answer::Silence]).await;
    let client = command(&server.origin);
    capture::start();
    // The first poll of a call with a credential that has to be fetched does not come to sending it.
    let fetching = keyfactor::Credentials::bearer_from(std::future::pending::<Result<_, std::io::Error>>);
    let waiting = keyfactor::Client::builder(&server.origin).credentials(fetching).build().unwrap();
    let mut call = Box::pin(removal(&waiting).send());
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    let before = ended();
    capture::start();
    let pausing = removal(&client).retry_policy(RetryPolicy::DEFAULT).send();
    tokio::select! {
        biased;
        ended = pausing => panic!("{ended:?}"),
        () = capture::until(|event| event.message() == "response received") => {}
    }
    let pausing = ended();
    capture::start();
    tokio::select! {
        biased;
        ended = removal(&client).send() => panic!("{ended:?}"),
        () = server.arrived(2) => {}
    }
    [before, pausing, ended()]
}

#[tokio::test]
async fn every_value_of_ended_has_its_row_and_comes_about() {
    let done = Answer::json(200, r#"{"response": {"Successful Ids": ["id-1"]}, "appStatusCode": null}"#);
    let gap = Answer::json(200, r#"{"response": {"Successful Ids": []}, "appStatusCode": null}"#);
    let refusal = Answer::json(403, "{}");
    let mut seen = BTreeSet::from([
        moved(vec![done]).await,
        moved(vec![gap]).await,
        moved(vec![Answer::with(503, "retry-after: 0\r\n", ""), refusal.clone()]).await,
        removed(Answer::json(200, JOB)).await,
        removed(Answer::json(200, "[]")).await,
        removed(refusal).await,
        removed(Answer::Nothing).await,
    ]);
    capture::start();
    let _ = removal(&command(&nobody())).send().await;
    seen.insert(ended());
    capture::start();
    let failing = keyfactor::Credentials::bearer_from(|| async { Err(std::io::Error::other("sealed")) });
    let client = keyfactor::Client::builder(nobody()).credentials(failing).build().unwrap();
    let _ = removal(&client).send().await;
    seen.insert(ended());
    seen.extend(dropped().await);
    assert_eq!(seen, first_column("Values of `ended`"));
}

#[tokio::test]
async fn every_field_has_its_row() {
    let server = Scripted::start([Answer::with(200, "x-keyfactor-correlation-id: 77aa\r\n", JOB)]).await;
    capture::start();
    removal(&command(&server.origin)).audit_note("CHG-1").send().await.unwrap();
    let all: BTreeSet<String> = capture::only_audit().fields.into_keys().collect();
    assert_eq!(all, first_column("Fields"));

    // Of the same event without what there may be none of.
    let server = Scripted::start([Answer::json(200, JOB)]).await;
    capture::start();
    command(&server.origin).raw(Method::POST, "A/B").send().await.unwrap();
    let event = capture::only_audit();
    for row in table("Fields") {
        let (field, none) = (first_code(&row[0]), row.get(2).map_or("", String::as_str));
        match none {
            "left out" => assert_eq!(event.field(&field), None, "{field}"),
            "empty" => assert!(event.field(&field).is_some(), "{field}"),
            _ => assert!(event.field(&field).is_some_and(|value| !value.is_empty()), "{field}"),
        }
    }
    assert_eq!((event.field("scope"), event.field("job_ids")), (Some(""), Some("")));
}

#[tokio::test]
async fn the_success_of_every_change_has_its_row() {
    let mut seen = BTreeSet::from(["appviewx.login".to_owned()]);
    for (_, row) in Operation::all().filter(|(_, row)| row.is_change()) {
        let server = Scripted::start([row.success()]).await;
        capture::start();
        (row.send)(&Site::new(&server.origin)).await;
        assert_eq!(ended(), success_of(row.name), "{}", row.name);
        seen.insert(row.name.to_owned());
    }
    assert_eq!(seen, first_column("What a success is"));
}

#[tokio::test]
async fn a_revocation_that_waits_is_not_done() {
    let suspended = r#"{"CertId": 8, "WorkflowId": "6c0d0000-0000-4000-8000-00000000000a", "Message": "approval"}"#;
    for (body, told) in [
        (r#"{"RevokedIds": [7, 8]}"#.to_owned(), "done"),
        (format!(r#"{{"RevokedIds": [7], "SuspendedCerts": [{suspended}]}}"#), "done, with a gap"),
        (format!(r#"{{"RevokedIds": [], "SuspendedCerts": [{suspended}]}}"#), "accepted, with a gap"),
        (format!(r#"{{"SuspendedCerts": [{suspended}, {}]}}"#, suspended.replace('8', "7")), "accepted"),
    ] {
        let server = Scripted::start([Answer::json(200, &body)]).await;
        capture::start();
        let revocation = command(&server.origin).certificates().revoke([7, 8], RevocationReason::Superseded);
        revocation.comment("Replaced").send().await.unwrap();
        assert_eq!(ended(), told, "{body}");
    }
    let answer = r#"{"response": {"requestId": 7}, "appStatusCode": "SUCCESS"}"#;
    let server = Scripted::start([Answer::json(200, answer)]).await;
    capture::start();
    let certificates = gateway(&server.origin).certificates();
    certificates.revoke("id-1", appviewx::RevocationReason::Superseded).send().await.unwrap();
    assert_eq!(ended(), "accepted");
}

#[tokio::test]
async fn a_schedule_that_is_put_back_is_told_with_its_note() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let saved = serde_json::json!([{"store_id": store, "schedule": {"Interval": {"Minutes": 60}}}]);
    let saved: Vec<keyfactor::SavedSchedule> = serde_json::from_value(saved).unwrap();
    let stores = fake.client().certificate_stores();
    capture::start();
    let error = stores.restore_inventory_schedules(&saved).audit_note(" ").send().await.unwrap_err();
    let keyfactor::Error::Validation(error) = error else { panic!("{error:?}") };
    let [problem] = error.problems() else { panic!("{error:?}") };
    assert_eq!((problem.field(), problem.reason()), ("audit_note", &Reason::Blank));
    assert_eq!((capture::audit().len(), fake.requests().len()), (0, 0));
    stores.restore_inventory_schedules(&saved).audit_note("CHG-4711").send().await.unwrap();
    let event = capture::only_audit();
    assert_eq!(event.field("clm.operation"), Some("keyfactor.certificate_stores.schedule_inventory"));
    assert_eq!((event.field("audit_note"), event.field("ended")), (Some("CHG-4711"), Some("accepted")));
    assert_eq!(event.field("targets"), Some(format!("[\"{store}\"]").as_str()));
    // There is nothing to put back any more.
    capture::start();
    stores.restore_inventory_schedules(&saved).audit_note("CHG-4711").send().await.unwrap();
    assert_eq!(capture::audit().len(), 0);
}

#[tokio::test]
async fn a_trigger_and_the_schedule_after_it_are_told_with_the_note_of_their_confirmation() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    fake.set_store(store, |it| it.inventory_schedule(serde_json::json!({"Interval": {"Minutes": 60}})));
    let confirm = || {
        let locations = [CertificateLocation::new(store, "a")];
        fake.client().certificate_stores().confirm_removed(locations).was_listed().trigger_inventory()
    };
    capture::start();
    let error = confirm().audit_note("\t").send().await.unwrap_err();
    let keyfactor::Error::Validation(error) = error else { panic!("{error:?}") };
    let [problem] = error.problems() else { panic!("{error:?}") };
    assert_eq!((problem.field(), problem.reason()), ("audit_note", &Reason::Blank));
    assert_eq!((capture::audit().len(), fake.requests().len()), (0, 0));
    confirm().audit_note("CHG-4711").send().await.unwrap();
    let events = capture::audit();
    let told: Vec<_> = events.iter().map(|it| (it.field("clm.operation"), it.field("audit_note"))).collect();
    let change = (Some("keyfactor.certificate_stores.schedule_inventory"), Some("CHG-4711"));
    assert_eq!(told, [change, change], "the trigger, and the schedule that is put back");
}
