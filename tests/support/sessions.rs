//! What the tests of AppViewX sessions share.

use clm::AuthenticationError;
use clm::appviewx::{Client, ClientBuilder, Credentials, Error, UnassignOutcome};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::Received;
use crate::support::scripted::{Answer, Scripted};

pub(crate) const USER: &str = "svc-clm";
/// Must not show anywhere.
pub(crate) const PASSWORD: &str = "marker-password";
pub(crate) const ID: &str = "certificate-1";
pub(crate) const UNASSIGNED: &str = r#"{"response": {"Successful Ids": ["certificate-1"]}, "appStatusCode": null}"#;

/// What the vendor documents of a login's answer, with this in `response`.
pub(crate) fn envelope(response: &Value) -> String {
    json!({"response": response, "message": null, "appStatusCode": null, "tags": null, "headers": null}).to_string()
}

/// A login that went well.
pub(crate) fn welcome(session_id: &str) -> Answer {
    let response = json!({
        "status": "SUCCESS",
        "appStatusCode": null,
        "statusDescription": null,
        "sessionId": session_id,
        "availableLoginAttemptCount": 10,
    });
    Answer::json(200, &envelope(&response))
}

/// A login that was refused.
pub(crate) fn unwelcome(status: u16, attempts: &Value) -> Answer {
    let response = json!({
        "status": "FAILURE",
        "appStatusCode": null,
        "statusDescription": "Login failed. Invalid credentials",
        "sessionId": null,
        "availableLoginAttemptCount": attempts,
    });
    Answer::json(status, &envelope(&response))
}

pub(crate) fn is_login(request: &Received) -> bool {
    request.request_line.contains("/login?") || request.request_line.contains("/acctmgmt-perform-login?")
}

pub(crate) fn is_logout(request: &Received) -> bool {
    request.request_line.contains("/acctmgmt-perform-logout?")
}

/// A server that answers every login with this, and takes every session.
pub(crate) async fn answering_login(answer: Answer) -> Scripted {
    Scripted::choosing(move |_, request| if is_login(request) { answer.clone() } else { Answer::json(200, UNASSIGNED) })
        .await
}

pub(crate) fn logins(server: &Scripted) -> usize {
    server.received().iter().filter(|request| is_login(request)).count()
}

pub(crate) fn builder(origin: &str) -> ClientBuilder {
    let at_once = clm::RetryPolicy::DEFAULT.pauses(std::time::Duration::ZERO, std::time::Duration::ZERO);
    Client::builder(origin).credentials(Credentials::login(USER, PASSWORD)).retry_policy(at_once)
}

pub(crate) fn client(server: &Scripted) -> Client {
    builder(&server.origin).build().unwrap()
}

pub(crate) async fn unassign(client: Client) -> Result<UnassignOutcome, Error> {
    client.certificate_groups().unassign([ID]).send().await
}

pub(crate) async fn at_once(client: &Client, calls: usize) -> Vec<Result<UnassignOutcome, Error>> {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        tasks.spawn(unassign(client.clone()));
    }
    tasks.join_all().await
}

pub(crate) fn authentication(error: &Error) -> &AuthenticationError {
    let Error::Authentication(error) = error else { panic!("not Authentication: {error:?}") };
    error
}

/// Which of the vendor's four ways to prove who one is a request uses.
pub(crate) fn proofs(request: &Received) -> Vec<&'static str> {
    let names = ["authorization", "password", "sessionid", "token", "username"];
    names.into_iter().filter(|name| request.header(name).is_some()).collect()
}
