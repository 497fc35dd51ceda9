//! What a request carries in its body in confidence, and what a server then repeats: it shows nowhere.

use crate::support::scripted::{Answer, Scripted};
use crate::support::texts;
use clm::keyfactor::{CertificateLocation, CertificateStoreEntry, Client, Credentials, Error, Schedule};
use clm::{RetryPolicy, uuid::Uuid};
use serde_json::json;

const FIELD: &str = "field-value-s3cret";
const PIN: u64 = 739_154_286;
const ENTRY_PASSWORD: &str = "entry-pw-s3cret";
const PFX_PASSWORD: &str = "pfx-pw-s3cret";
const ALIAS: &str = "www.example.com.pfx";

fn client(server: &Scripted) -> Client {
    let credentials = Credentials::basic("user", "password");
    Client::builder(&server.origin).credentials(credentials).retry_policy(RetryPolicy::none()).build().unwrap()
}

fn store() -> Uuid {
    Uuid::from_u128(0x5707)
}

async fn removal(server: &Scripted) -> Error {
    let location = CertificateLocation::new(store(), ALIAS)
        .job_field("SitePassword", FIELD)
        .job_field("Pin", PIN)
        .job_field("Short", "IIS")
        .job_field("Same", ALIAS);
    let stores = client(server).certificate_stores();
    stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap_err()
}

async fn addition(server: &Scripted) -> Error {
    let entry = CertificateStoreEntry::new(store())
        .alias(ALIAS)
        .job_field("SitePassword", FIELD)
        .job_field("Pin", PIN)
        .entry_password(ENTRY_PASSWORD)
        .pfx_password(PFX_PASSWORD);
    client(server).certificate_stores().add_certificates(7, [entry], Schedule::Immediate).send().await.unwrap_err()
}

/// What a server says that quotes the request, in each place where the crate looks for a text.
fn quoting(secret: &str) -> Vec<String> {
    let said = format!("IIS: the value {secret} of {ALIAS} is not valid");
    vec![
        json!({"Message": said}).to_string(),
        json!({"ErrorCode": said}).to_string(),
        json!({"FailedOperations": [{"Reason": said}]}).to_string(),
        json!({"title": "One or more errors", "errors": {"JobFields": [said]}}).to_string(),
        format!("<html><head><title>{said}</title></head></html>"),
        said,
    ]
}

fn shown(error: &Error) -> String {
    format!("{}\n{error:?}\n{:?}\n{:?}", texts(error), error.message(), error.code())
}

#[tokio::test]
async fn what_a_server_repeats_of_a_request_s_secrets_is_redacted() {
    for (secret, removes) in [(FIELD, true), (&*PIN.to_string(), true), (ENTRY_PASSWORD, false), (PFX_PASSWORD, false)]
    {
        for (status, body) in [400, 500].into_iter().flat_map(|it| quoting(secret).into_iter().map(move |b| (it, b))) {
            let server = Scripted::start([Answer::json(status, &body)]).await;
            let mut errors = vec![addition(&server).await];
            if removes {
                errors.push(removal(&server).await);
            }
            for error in errors {
                let shown = shown(&error);
                assert!(!shown.contains(secret), "{status}, {body}: {shown}");
                assert!(shown.contains("[redacted]"), "{status}, {body}: {shown}");
                // What is no secret can still be read.
                assert!(shown.contains(&format!("IIS: the value [redacted] of {ALIAS} is not valid")), "{shown}");
                assert_eq!(error.body(), Some(body.as_str()), "the raw body stays as it came");
            }
        }
    }
}
