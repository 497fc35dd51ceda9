//! The program of the calls without a type.

use crate::answers::{foreign_refusals, json, odd_successes, silences};
use crate::raw_api::{self as api, Raw, Refused};
use crate::support::scripted::Answer;
use crate::witness::Witness;
use crate::{appviewx_answers, keyfactor_answers};

const REFUSED: [(&str, Refused); 15] = [
    ("an absolute URL", Refused::Path("https://evil.example.com/x")),
    ("another host", Refused::Path("//evil.example.com/x")),
    ("a way up", Refused::Path("a/../b")),
    ("a way up, encoded", Refused::Path("a/%2e%2e/b")),
    ("a backslash", Refused::Path(r"a\b")),
    ("a line end in the path", Refused::Path("a\r\nb")),
    ("a query in the path", Refused::Path("a?b=c")),
    ("no value for a placeholder", Refused::Path("a/{id}")),
    ("a way up in a value", Refused::PathValue("..")),
    ("CONNECT", Refused::Method("CONNECT")),
    ("a line end in a header", Refused::Header("x-a", "1\r\nHost: evil.example.com")),
    ("a credential", Refused::Header("Authorization", "Basic x")),
    ("a parameter without a name", Refused::Query("")),
    ("a GET with a body", Refused::BodyOfAGet),
    ("a note for the audit of a read", Refused::NoteOfARead),
];

#[tokio::test]
async fn raw_calls_of_keyfactor() {
    const GOOD: &str = r#"{"Id": 17}"#;
    let mut witness = Witness::new("keyfactor_raw", api::KEYFACTOR_SECRETS);
    let answers = [odd_successes(GOOD), silences(), keyfactor_answers::refusals(), foreign_refusals()].concat();
    for (title, call) in [("GET", Raw::Read), ("DELETE", Raw::Change)] {
        for (name, answer) in &answers {
            let call = async |origin: String| api::keyfactor_call(&origin, call).await;
            witness.call(&format!("{title}, answered {name}"), std::slice::from_ref(answer), call).await;
        }
    }
    for (title, call) in [("a POST that reads", Raw::PostThatReads), ("a PUT with everything", Raw::WithEverything)] {
        for (ending, answer) in [
            ("success", keyfactor_answers::named(200, GOOD)),
            ("403 that repeats the secret", json(403, r#"{"Message": "No marker-raw-secret."}"#)),
            ("closed before a head", Answer::Nothing),
        ] {
            let call = async |origin: String| api::keyfactor_call(&origin, call).await;
            witness.call(&format!("{title}: {ending}"), &[answer], call).await;
        }
    }
    for (name, call) in REFUSED {
        let call = async |origin: String| api::refused_keyfactor_call(&origin, call).await;
        witness.call(&format!("refused: {name}"), &[json(200, GOOD)], call).await;
    }
    witness.finish();
}

#[tokio::test]
async fn raw_calls_of_appviewx() {
    const GOOD: &str = r#"{"response": {"requestId": 7}, "message": "done", "appStatusCode": null}"#;
    let mut witness = Witness::new("appviewx_raw", api::APPVIEWX_SECRETS);
    let vendors = [appviewx_answers::successes(), appviewx_answers::refusals()].concat();
    let answers = [vendors, odd_successes(GOOD), silences(), foreign_refusals()].concat();
    for (title, call) in [("GET", Raw::Read), ("DELETE", Raw::Change)] {
        for (name, answer) in &answers {
            let call = async |origin: String| api::appviewx_call(&origin, call).await;
            witness.call(&format!("{title}, answered {name}"), std::slice::from_ref(answer), call).await;
        }
    }
    for (title, call) in [("a POST that reads", Raw::PostThatReads), ("a PUT with everything", Raw::WithEverything)] {
        for (ending, answer) in [
            ("success", json(200, GOOD)),
            ("403 that repeats the secret", json(403, r#"{"message": "No marker-raw-secret."}"#)),
            ("closed before a head", Answer::Nothing),
        ] {
            let call = async |origin: String| api::appviewx_call(&origin, call).await;
            witness.call(&format!("{title}: {ending}"), &[answer], call).await;
        }
    }
    for (name, call) in REFUSED.into_iter().chain([("the client's own parameter", Refused::Query("gwsource"))]) {
        let call = async |origin: String| api::refused_appviewx_call(&origin, call).await;
        witness.call(&format!("refused: {name}"), &[json(200, GOOD)], call).await;
    }
    witness.finish();
}
