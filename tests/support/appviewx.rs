//! What the tests of AppViewX share beside `support/mod.rs`.

use std::error::Error as StdError;

use clm::Reason;
use clm::appviewx::{Client, ClientBuilder, Credentials, Error, OutcomeUnknown, UnassignCertificates, UnassignOutcome};
use serde_json::{Value, json};

/// The ids of the vendor's sample.
pub(crate) const FIRST: &str = "67bc2ca76a105e1a05691c1c";
pub(crate) const SECOND: &str = "67bc2ca76a105e1a05691c2c";
pub(crate) const THIRD: &str = "67bc2ca76a105e1a05691c3c";
pub(crate) const SAMPLE_IDS: [&str; 3] = [FIRST, SECOND, THIRD];

/// A session id that must not show anywhere.
pub(crate) const SESSION: &str = "d0c7a1b2-marker-session";

pub(crate) const SUCCESS_MESSAGE: &str = "Group unassign action successfully performed";

pub(crate) fn builder(base_url: &str) -> ClientBuilder {
    Client::builder(base_url).credentials(Credentials::session_id(SESSION))
}

/// A client that tries once, so that a test sees what one answer means.
pub(crate) fn client(base_url: &str) -> Client {
    builder(base_url).retry_policy(clm::RetryPolicy::none()).build().unwrap()
}

/// The answer of the vendor's sample, in its valid form.
pub(crate) fn success(ids: impl Into<Value>) -> String {
    json!({
        "Response": {"Successful Ids": ids.into()},
        "message": SUCCESS_MESSAGE,
        "appStatusCode": null,
        "Tags": {},
        "Headers": null,
    })
    .to_string()
}

/// The usual call of these tests: the sample's ids with the sample's comment.
pub(crate) async fn unassign_sample(base_url: &str) -> Result<UnassignOutcome, Error> {
    client(base_url).certificate_groups().unassign(SAMPLE_IDS).comment("Sample Comment").send().await
}

pub(crate) fn unknown(error: Error) -> OutcomeUnknown {
    match error {
        Error::OutcomeUnknown(unknown) => *unknown,
        other => panic!("not OutcomeUnknown: {other:?}"),
    }
}

pub(crate) fn request_of(unknown: OutcomeUnknown) -> clm::Request<UnassignCertificates> {
    Box::new(unknown).into_request().unwrap()
}

/// What an error and those below it say. It ends, and no type of the HTTP library is among them.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> Vec<String> {
    let mut texts = Vec::new();
    let mut next = Some(error);
    while let Some(it) = next {
        assert!(it.downcast_ref::<reqwest::Error>().is_none(), "a foreign error in the chain: {texts:?}");
        assert!(texts.len() < 32, "the chain does not end: {texts:?}");
        texts.push(it.to_string());
        next = it.source();
    }
    texts
}

/// Field and reason of every problem.
pub(crate) fn problems(error: &Error) -> Vec<(String, Reason)> {
    match error {
        Error::Validation(refused) => {
            refused.problems().iter().map(|it| (it.field().to_owned(), it.reason().clone())).collect()
        }
        other => panic!("not Validation: {other:?}"),
    }
}
