//! A reply in a test comes to what the same answer of a server comes to.

use std::fmt::Debug;

use clm::testing::Reply;
use clm::{Error, ManyOutcome, Operation, RequestBuilder, RetryPolicy, Vendor, appviewx, http, keyfactor};
use serde_json::json;
use uuid::Uuid;

use crate::support::scripted::{Answer, Scripted, nobody};

const STATUSES: [u16; 22] =
    [200, 201, 204, 206, 301, 304, 400, 401, 403, 404, 405, 407, 408, 409, 413, 415, 429, 500, 501, 502, 503, 504];

const BODIES: [&str; 9] = [
    "",
    "[]",
    "{}",
    r#"["5e1b36a1-6c2e-4c6a-a2ba-4c1d4b6a1f5d","no id"]"#,
    r#"{"ErrorCode":"0xA0110002","Message":"no s3cret","FailedOperations":[{"Reason":"locked"}]}"#,
    r#"{"response":{"Successful Ids":["a"]},"message":"done","appStatusCode":null}"#,
    r#"{"response":null,"message":"no","appStatusCode":"CERT_001","tags":{}}"#,
    r#"{"Id":"00000000-0000-0000-0000-000000000001","ContainerName":"web"}"#,
    "<html><title>Bad gateway</title></html>",
];

/// All that can be seen of an end, but for how long it took.
fn seen<O: Debug, V: Vendor>(ended: &Result<O, Error<V>>) -> String {
    let error = match ended {
        Ok(outcome) => return without_times(&format!("{outcome:?}")),
        Err(error) => error,
    };
    let variant = format!("{error:?}").split(['(', ' ']).next().unwrap().to_owned();
    let (status, code, message) = (error.status(), error.code(), error.message());
    let (body, attempts, correlation) = (error.body(), error.attempts(), error.correlation_id());
    format!(
        "{variant}: {error} / {status:?} {code:?} {message:?} {body:?} {attempts:?} {correlation:?} / {:?}",
        error.remediation()
    )
}

/// `elapsed: 12.3ms` differs from run to run.
fn without_times(text: &str) -> String {
    let mut parts = text.split("elapsed: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once(',').map_or(part, |(_, rest)| rest))
}

fn keyfactor(origin: &str) -> keyfactor::Client {
    let credentials = keyfactor::Credentials::bearer("token");
    keyfactor::Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none()).build().unwrap()
}

fn appviewx(origin: &str) -> appviewx::Client {
    let credentials = appviewx::Credentials::session_id("session");
    appviewx::Client::builder(origin).credentials(credentials).retry_policy(RetryPolicy::none()).build().unwrap()
}

/// Sends the call to a server that answers so, and reads the same as a reply.
async fn compare<O: Operation<Outcome: Debug>>(
    call: impl Fn(&str) -> RequestBuilder<O>,
    answer: Answer,
    reply: Reply,
) -> String {
    let server = Scripted::start([answer.clone()]).await;
    let sent = seen(&call(&server.origin).send().await);
    let replied = seen(&call("http://localhost").build().unwrap().outcome_of(reply));
    assert_eq!(replied, sent, "{answer:?}");
    replied
}

async fn compare_all<O: Operation<Outcome: Debug>>(call: impl Fn(&str) -> RequestBuilder<O>) -> Vec<String> {
    let mut ends = Vec::new();
    for status in STATUSES {
        for body in BODIES {
            // These have no body.
            let body = if matches!(status, 204 | 304) { "" } else { body };
            let headers = "X-Keyfactor-Correlation-Id: 7\r\nX-Keyfactor-Product-Version: 25.4.1\r\n";
            let reply = Reply::text(status, body)
                .header("X-Keyfactor-Correlation-Id", "7")
                .header("X-Keyfactor-Product-Version", "25.4.1");
            ends.push(compare(&call, Answer::with(status, headers, body), reply).await);
        }
    }
    let encoded = Reply::text(200, "[]").header("content-encoding", "gzip");
    ends.push(compare(&call, Answer::with(200, "content-encoding: gzip\r\n", "[]"), encoded).await);
    ends.push(compare(&call, Answer::cut(200, "[\"5e1"), Reply::text(200, "[\"5e1").cut()).await);
    ends.push(compare(&call, Answer::cut(403, "[\"5e1"), Reply::text(403, "[\"5e1").cut()).await);
    ends.push(compare(&call, Answer::Nothing, Reply::nothing()).await);
    ends
}

fn count(ends: &[String], variant: &str) -> usize {
    ends.iter().filter(|end| end.starts_with(variant)).count()
}

#[tokio::test]
async fn a_reply_to_a_removal_comes_to_what_an_answer_comes_to() {
    let ends = compare_all(|origin| {
        let location = keyfactor::CertificateLocation::new(Uuid::from_u128(1), "a").job_field("Password", "s3cret");
        keyfactor(origin).certificate_stores().remove_certificates([location], keyfactor::Schedule::Immediate)
    })
    .await;
    assert!(count(&ends, "OutcomeUnknown") > 40 && count(&ends, "Api") > 80 && count(&ends, "JobsOutcome") > 3);
    assert!(
        ends.iter().any(|end| end.contains("[redacted]")) && !ends.iter().any(|end| end.contains("Message: no s3cret"))
    );
}

#[tokio::test]
async fn a_reply_to_a_read_comes_to_what_an_answer_comes_to() {
    let ends = compare_all(|origin| keyfactor(origin).certificate_stores().get(Uuid::from_u128(1))).await;
    assert!(count(&ends, "Decode") > 10 && count(&ends, "Api") > 80 && count(&ends, "CertificateStore") > 1);
    assert_eq!(count(&ends, "Transport"), 2, "one without an answer, one cut");
}

#[tokio::test]
async fn a_reply_of_appviewx_comes_to_what_an_answer_comes_to() {
    let ends = compare_all(|origin| appviewx(origin).certificate_groups().unassign(["a"])).await;
    assert!(count(&ends, "OutcomeUnknown") > 40 && count(&ends, "Api") > 80 && count(&ends, "MoveOutcome") > 1);
}

#[tokio::test]
async fn a_reply_to_a_raw_call_comes_to_what_an_answer_comes_to() {
    let ends = compare_all(|origin| keyfactor(origin).raw(http::Method::POST, "Agents").json(&json!({}))).await;
    assert!(count(&ends, "OutcomeUnknown") > 40 && count(&ends, "RawAnswer") > 10);
}

#[tokio::test]
async fn what_never_was_sent_says_so() {
    let removal = |origin: &str| {
        let location = keyfactor::CertificateLocation::new(Uuid::from_u128(1), "a");
        keyfactor(origin).certificate_stores().remove_certificates([location], keyfactor::Schedule::Immediate)
    };
    let sent = removal(&nobody()).send().await;
    let replied = removal("http://localhost").build().unwrap().outcome_of(Reply::no_connection());
    assert_eq!(replied.as_ref().unwrap_err().to_string(), sent.unwrap_err().to_string());
    assert!(matches!(replied, Err(keyfactor::Error::Transport(_))));

    let refused = Reply::no_credential("invalid_client", "no such client");
    match removal("http://localhost").build().unwrap().outcome_of(refused).unwrap_err() {
        keyfactor::Error::Authentication(error) => {
            assert_eq!((error.code(), error.message()), (Some("invalid_client"), Some("no such client")));
            assert_eq!((error.attempts(), error.status()), (0, None));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rows_end_at_the_first_failure() {
    let failed = keyfactor("http://localhost").certificate_stores().get(Uuid::from_u128(1)).build().unwrap();
    let failed = failed.outcome_of(Reply::nothing()).unwrap_err();
    let mut rows = keyfactor::Rows::of_results([Ok(1), Ok(2), Err(failed), Ok(3)]);
    let mut read = Vec::new();
    assert!(matches!(rows.read_to_end(&mut read).await, Err(keyfactor::Error::Transport(_))));
    assert_eq!((read, rows.received(), rows.total(), rows.next().await.is_none()), (vec![1, 2], 2, None, true));
}

#[tokio::test]
async fn a_run_of_replies_splits_and_ends_as_a_run_of_calls_does() {
    let ids = ["a", "b", "bad", "c", "d", "stop", "e", "f"];
    let call = |origin: &str| {
        let whole = appviewx(origin).certificate_groups().unassign(ids);
        whole.in_calls().ids_per_call(3).on_failure(clm::OnFailure::ContinueAfterRefusal)
    };
    let refused = r#"{"response":null,"message":"no","appStatusCode":"CERT-ACF-0058"}"#;
    let done = |named: &[&str]| json!({"response": {"Successful Ids": named}, "appStatusCode": null}).to_string();
    let named_in = move |has: &dyn Fn(&str) -> bool| ids.into_iter().filter(|id| has(id)).collect::<Vec<_>>();
    let server = Scripted::choosing(move |_, request| {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let named = named_in(&|id| body.contains(&format!("\"{id}\"")));
        match () {
            () if named.contains(&"bad") => Answer::json(403, refused),
            () if named.contains(&"stop") => Answer::Nothing,
            () => Answer::json(200, &done(&named)),
        }
    })
    .await;
    let sent = call(&server.origin).send().await.unwrap();
    let replied = call("http://localhost").outcome_of(|request| {
        let named = named_in(&|id| request.resource_ids().iter().any(|it| it == id));
        match () {
            () if named.contains(&"bad") => Reply::text(403, refused),
            () if named.contains(&"stop") => Reply::nothing(),
            () => Reply::text(200, done(&named)),
        }
    });
    let replied = replied.unwrap();
    let states = |outcome: &ManyOutcome<appviewx::ResourceId, appviewx::UnassignCertificates>| {
        let items = outcome.items().iter();
        let states = items.map(|it| {
            let state = format!("{:?}", it.state).split('(').next().unwrap_or_default().to_owned();
            (it.item.to_string(), state, it.state.error().map(ToString::to_string))
        });
        let states: Vec<_> = states.collect();
        (states, outcome.calls(), outcome.split_calls().len(), outcome.ended_by().map(ToString::to_string))
    };
    assert_eq!(states(&replied), states(&sent));
    assert_eq!((replied.calls(), replied.split_calls().len()), (6, 2), "{replied:?}");
    assert_eq!(replied.confirmed().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(replied.possibly_done().collect::<Vec<_>>(), ["a", "b", "c", "d", "stop"]);
}
