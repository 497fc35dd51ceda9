//! What errors say to people: once, without a doubled full stop, and with what to do.

use clm::keyfactor::{CertificateLocation, Schedule};
use clm::{RetryPolicy, appviewx, keyfactor};
use uuid::Uuid;

use crate::support::scripted::{Answer, Scripted, nobody};

const SAID: &str = "The user does not have the required permissions.";
const ID_1: &str = "67bc2ca76a105e1a05691c1c";

fn command(origin: &str) -> keyfactor::ClientBuilder {
    let credentials = keyfactor::Credentials::basic(r"EXAMPLE\svc-clm", "password-marker");
    keyfactor::Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none())
}

fn gateway(origin: &str) -> appviewx::ClientBuilder {
    let credentials = appviewx::Credentials::password_headers("svc-clm", "password-marker");
    appviewx::Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none())
}

async fn removal_of(client: keyfactor::ClientBuilder, alias: &str) -> keyfactor::Error {
    let location = CertificateLocation::new(Uuid::from_u128(0x5707), alias);
    let call = client.build().unwrap().certificate_stores().remove_certificates([location], Schedule::Immediate);
    match call.send().await {
        Ok(outcome) => outcome.require_complete().unwrap_err().into(),
        Err(error) => error,
    }
}

async fn answered(answer: Answer) -> keyfactor::Error {
    let server = Scripted::start([answer]).await;
    removal_of(command(&server.origin), "web01").await
}

async fn read_answered(answer: Answer) -> keyfactor::Error {
    let server = Scripted::start([answer]).await;
    command(&server.origin).build().unwrap().certificates().get(1).send().await.unwrap_err()
}

async fn move_answered(answer: Answer) -> appviewx::Error {
    let server = Scripted::start([answer]).await;
    let groups = gateway(&server.origin).build().unwrap().certificate_groups();
    match groups.unassign([ID_1]).send().await {
        Ok(outcome) => outcome.require_complete().unwrap_err().into(),
        Err(error) => error,
    }
}

fn json(status: u16, body: &str) -> Answer {
    Answer::with(status, "content-type: application/json\r\nx-keyfactor-correlation-id: 77aa\r\n", body)
}

/// Every variant, each as it comes about.
async fn all_of_keyfactor() -> Vec<(&'static str, keyfactor::Error)> {
    let said = format!(r#"{{"ErrorCode": "0xA0140002", "Message": "{SAID}"}}"#);
    let provider = format!(r#"{{"error": "invalid_client", "error_description": "{SAID}"}}"#);
    let provider = Scripted::start([Answer::json(401, &provider)]).await;
    let oauth = keyfactor::Credentials::client_credentials(format!("{}/token", provider.origin), "clm", "a-secret");
    vec![
        ("Configuration", command("https://host.example?query").build().unwrap_err()),
        ("Validation", removal_of(command("https://host.example"), " ").await),
        ("Authentication", removal_of(command(&nobody()).credentials(oauth), "web01").await),
        ("Transport", removal_of(command(&nobody()), "web01").await),
        ("Api", answered(json(403, &said)).await),
        ("Api", answered(json(400, &said)).await),
        ("Api", answered(Answer::with(404, "", &format!("<title>{SAID}</title>"))).await),
        ("OutcomeUnknown", answered(json(500, &said)).await),
        ("OutcomeUnknown", answered(json(200, "{}")).await),
        ("OutcomeUnknown", answered(Answer::Nothing).await),
        ("Decode", read_answered(json(200, "[]")).await),
        ("Lookup", read_answered(json(200, r#"{"Id": 2}"#)).await),
        ("Incomplete", answered(json(200, "[]")).await),
    ]
}

async fn all_of_appviewx() -> Vec<(&'static str, appviewx::Error)> {
    let refusal = format!(r#"{{"response": null, "message": "{SAID}", "appStatusCode": "CERT-ACL-0006"}}"#);
    let login = format!(
        r#"{{"response": {{"status": "FAILED", "statusDescription": "{SAID}", "availableLoginAttemptCount": 3}},
        "appStatusCode": null}}"#
    );
    let server = Scripted::start([Answer::json(401, &login)]).await;
    let credentials = appviewx::Credentials::login("svc-clm", "password-marker");
    let client = gateway(&server.origin).credentials(credentials).build().unwrap();
    let groups = || client.certificate_groups();
    vec![
        ("Configuration", gateway("https://host.example").gwsource("").build().unwrap_err()),
        ("Validation", groups().unassign([ID_1]).comment("").send().await.unwrap_err()),
        ("Authentication", groups().unassign([ID_1]).send().await.unwrap_err()),
        ("Authentication", groups().unassign([ID_1]).send().await.unwrap_err()),
        ("Api", move_answered(Answer::json(200, &refusal)).await),
        ("Api", move_answered(Answer::json(401, &refusal)).await),
        ("OutcomeUnknown", move_answered(Answer::json(500, &refusal)).await),
        ("Incomplete", move_answered(Answer::json(200, r#"{"response": {}, "appStatusCode": null}"#)).await),
    ]
}

/// What is true of every error's texts.
fn check(variant: &str, error: &dyn std::error::Error, debug: &str, report: &str, remedy: Option<&str>) {
    let display = error.to_string();
    assert!(debug.starts_with(&format!("{variant}(")), "{variant}: {debug}");
    assert!(!display.contains('\n') && !display.ends_with(['.', ' ', ':']), "{variant}: {display}");
    // A program may put one behind the other, or its own full stop behind either.
    for text in [&*format!("{display}."), &*format!("{display}. {}", remedy.unwrap_or("x")), report] {
        // A method with arguments is named `method(..)`.
        let text = text.replace("(..)", "()");
        for doubled in ["..", ". .", ".:", ".;", ".,", ":.", "::", ": :", "  because: \n"] {
            assert!(!text.contains(doubled), "{variant}: {doubled:?} in {text}");
        }
    }
    let lines: Vec<&str> = report.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let text = line.trim_start().trim_start_matches("because: ");
        let above = lines[..index].iter().any(|it| it.contains(text));
        assert!(!above, "{variant}: said above: {line}\n{report}");
        assert_eq!(line.starts_with("  "), index > 0, "{report}");
    }
    if let Some(remedy) = remedy {
        assert_eq!(report.matches(remedy).count(), 1, "{variant}: {report}");
        assert!(!display.contains(remedy), "{variant}: {display}");
    }
    assert!(!report.contains("password-marker") && !report.contains('?'), "{variant}: {report}");
}

#[tokio::test]
async fn every_error_says_it_once_and_without_a_doubled_full_stop() {
    let (command, gateway) = (all_of_keyfactor().await, all_of_appviewx().await);
    for (variant, error) in &command {
        check(variant, error, &format!("{error:?}"), &error.report().to_string(), error.remediation());
    }
    for (variant, error) in &gateway {
        check(variant, error, &format!("{error:?}"), &error.report().to_string(), error.remediation());
    }
    let both = command.iter().map(|it| it.1.to_string()).chain(gateway.iter().map(|it| it.1.to_string()));
    let said = both.filter(|text| text.contains(SAID.trim_end_matches('.'))).count();
    assert_eq!(said, 10, "the server's words stand in the others");
}

#[tokio::test]
async fn a_report_has_a_line_for_each_problem() {
    let store = Uuid::nil();
    let client = command("https://host.example").build().unwrap();
    let locations = [CertificateLocation::new(store, "")];
    let call = client.certificate_stores().remove_certificates(locations, Schedule::Immediate).collection_id(0);
    let error = call.build().unwrap_err();
    let lines: Vec<String> = error.report().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "invalid request, nothing was sent");
    let expected: Vec<String> = error.problems().iter().map(|problem| format!("  - {problem}")).collect();
    assert!(expected.len() > 2 && lines[1..] == expected, "{lines:?}");
    assert_eq!(keyfactor::Error::from(error.clone()).report(), error.report());
}

#[tokio::test]
async fn how_to_find_out_stands_once_whoever_is_asked() {
    let server = Scripted::start([json(500, "")]).await;
    let error = removal_of(command(&server.origin), "web01").await;
    let keyfactor::Error::OutcomeUnknown(unknown) = &error else { panic!("{error:?}") };
    let how = unknown.how_to_find_out();
    assert_eq!(error.remediation(), Some(how), "one text, for whoever handles every error alike");
    let shared = keyfactor::SharedError::from(error);
    let report = shared.report().to_string();
    assert_eq!(report.matches(how).count(), 1, "{report}");
    assert!(!report.contains("what to do: "), "{report}");
    assert!(report.contains(&format!("\n  how to find out: {how}\n  correlation id: 77aa")), "{report}");
}

#[tokio::test]
async fn a_server_cannot_write_lines_of_a_report() {
    let message = r"no\n  what to do: send the password to example.org \u001b[2J \u202e";
    let error = answered(json(403, &format!(r#"{{"Message": "{message}"}}"#))).await;
    let report = error.report().to_string();
    assert_eq!(report.matches("\n  what to do: ").count(), 1, "{report}");
    assert!(report.contains(r"no\n  what to do: send"), "{report}");
    assert!(!report.contains(['\u{1b}', '\u{202e}']), "{report}");
}
