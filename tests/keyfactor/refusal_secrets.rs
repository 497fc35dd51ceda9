//! A refusal that repeats the credential is quoted without it, whichever credential it was.

use clm::RetryPolicy;
use clm::keyfactor::{Client, Credentials};
use serde_json::json;

use crate::support::scripted::{Answer, Scripted};

#[tokio::test]
async fn a_refusal_that_repeats_the_credential_is_quoted_without_it() {
    for credentials in [Credentials::bearer("s3cret-token"), Credentials::basic("svc", "s3cret-password")] {
        let server = Scripted::choosing(|_, request| {
            let sent = request.header("authorization").unwrap();
            let message = format!("bad credential: {sent}");
            Answer::json(400, &json!({"ErrorCode": "x", "Message": message}).to_string())
        })
        .await;
        let client = Client::builder(&server.origin).credentials(credentials);
        let client = client.retry_policy(RetryPolicy::none()).build().unwrap();
        let error = client.certificates().get(1).send().await.unwrap_err();
        assert_eq!(error.message(), Some("bad credential: [redacted]"), "{error}");
    }
}
