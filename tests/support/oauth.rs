//! What the tests of client credentials share: an identity provider, and an API that takes its tokens.

use std::time::Duration;

use clm::keyfactor::{
    CertificateLocation, CertificateStoreId, Client, ClientBuilder, ClientCredentials, Credentials, Error, Schedule,
};
use clm::{AuthenticationError, RetryPolicy};
use tokio::task::JoinSet;

use crate::support::scripted::{Answer, Scripted};

pub const CLIENT_ID: &str = "clm";
pub const SECRET: &str = "hunter2 ü&=+%/\"";
/// `SECRET` as a form has it.
pub const SECRET_IN_FORM: &str = "hunter2+%C3%BC%26%3D%2B%25%2F%22";
pub const STORE: &str = "5a0b1c2d-0000-4000-8000-000000000001";
pub const JOB: &str = r#"["6c0d0000-0000-4000-8000-00000000000a"]"#;

/// An identity provider that gives `token-1`, then `token-2`, and so on.
pub async fn provider() -> Scripted {
    Scripted::choosing(|number, _| Answer::json(200, &token(number + 1))).await
}

pub fn token(number: usize) -> String {
    format!(r#"{{"access_token": "token-{number}", "token_type": "Bearer", "expires_in": 3600}}"#)
}

/// A server that takes the token of this number only.
pub async fn taking(number: usize) -> Scripted {
    let taken = format!("Bearer token-{number}");
    Scripted::choosing(move |_, request| {
        if request.header("authorization") == Some(&taken) { Answer::json(200, JOB) } else { Answer::json(401, "") }
    })
    .await
}

/// The client credentials of the tests, at this provider.
pub fn credentials(provider: &Scripted) -> ClientCredentials {
    Credentials::client_credentials(format!("{}/oauth2/token", provider.origin), CLIENT_ID, SECRET)
}

/// A client without pauses between its tries.
pub fn builder(api: &Scripted, credentials: impl Into<Credentials>) -> ClientBuilder {
    let at_once = RetryPolicy::DEFAULT.pauses(Duration::ZERO, Duration::ZERO);
    Client::builder(&api.origin).credentials(credentials).retry_policy(at_once)
}

pub fn client(api: &Scripted, credentials: impl Into<Credentials>) -> Client {
    builder(api, credentials).build().unwrap()
}

pub async fn remove(client: Client) -> Result<u32, Error> {
    let location = CertificateLocation::new(STORE.parse::<CertificateStoreId>().unwrap(), "web01.pfx");
    let outcome = client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await?;
    Ok(outcome.receipt().attempts())
}

pub async fn at_once(client: &Client, calls: usize) -> Vec<Result<u32, Error>> {
    let mut tasks = JoinSet::new();
    for _ in 0..calls {
        tasks.spawn(remove(client.clone()));
    }
    tasks.join_all().await
}

pub fn authentication(error: &Error) -> &AuthenticationError {
    let Error::Authentication(error) = error else { panic!("{error:?}") };
    error
}
