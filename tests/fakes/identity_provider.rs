//! The identity provider of the Keyfactor fake: what it takes and refuses, and how long its tokens are good for.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clm::RetryPolicy;
use clm::keyfactor::{CertificateLocation, RemoveOutcome};
use clm::keyfactor::{CertificateStoreId, Client, ClientCredentials, Credentials, Error, ErrorKind, Schedule};
use clm::testing::{FakeKeyfactor, FakeSecretPlace, FakeTokenRefusal};
use serde_json::{Value, json};

use crate::support::fake_keyfactor::{Answer, HTTP};
use crate::support::oauth::authentication;

const FORM: &str = "application/x-www-form-urlencoded";

/// A token request with this form, and with this header if it is not empty.
async fn ask(fake: &FakeKeyfactor, authorization: &str, form: &str) -> Answer {
    let mut request = HTTP.post(fake.token_url()).header("content-type", FORM).body(form.to_owned());
    if !authorization.is_empty() {
        request = request.header("authorization", authorization);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, body: read(answer).await }
}

async fn read(answer: reqwest::Response) -> Value {
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

fn in_form(fake: &FakeKeyfactor) -> String {
    let provider = fake.identity_provider();
    format!(
        "client_id={}&client_secret={}&grant_type=client_credentials",
        provider.client_id(),
        provider.client_secret()
    )
}

fn client(fake: &FakeKeyfactor, credentials: impl Into<Credentials>) -> Client {
    Client::builder(fake.url()).credentials(credentials).build().unwrap()
}

async fn remove(fake: &FakeKeyfactor, store: CertificateStoreId, client: &Client) -> Result<RemoveOutcome, Error> {
    fake.add_certificate(store, "web01.pfx");
    let location = CertificateLocation::new(store, "web01.pfx");
    client.certificate_stores().remove_certificates([location], Schedule::Immediate).send().await
}

/// The provider's code, and which request of the API was sent: none.
async fn refused(fake: &FakeKeyfactor, credentials: ClientCredentials) -> String {
    let store = fake.add_store();
    let error = remove(fake, store, &client(fake, credentials)).await.unwrap_err();
    assert!(fake.requests().is_empty(), "{:?}", fake.requests());
    authentication(&error).code().unwrap_or_else(|| panic!("{error:?}")).to_owned()
}

#[tokio::test]
async fn a_token_is_given_as_the_rfc_has_it() {
    let fake = FakeKeyfactor::start().await;
    let answer = ask(&fake, "", &in_form(&fake)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json; charset=utf-8")));
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
    let token = answer.body["access_token"].as_str().unwrap();
    assert_eq!(answer.body, json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}));
    assert_eq!(fake.identity_provider().valid_tokens(), [token]);
    assert_ne!(fake.token_url().split('/').nth(2), fake.url().split('/').nth(2), "it has an origin of its own");
}

#[tokio::test]
async fn tokens_have_one_form_and_do_not_follow_from_each_other() {
    let tokens = async || {
        let fake = FakeKeyfactor::start().await;
        (0..50).map(|_| fake.identity_provider().issue_token()).collect::<Vec<_>>()
    };
    let all: BTreeSet<String> = tokens().await.into_iter().chain(tokens().await).collect();
    assert_eq!(all.len(), 100, "no fake repeats a token, its own or another's");
    for token in &all {
        let random = token.strip_prefix("fake-keyfactor-token-").unwrap();
        assert!(random.len() == 32 && random.chars().all(|it| it.is_ascii_hexdigit()), "{token}");
    }
    // Of 128 random bits about one in two differs; 20 is far out.
    let bits: Vec<u128> =
        all.iter().map(|it| u128::from_str_radix(it.rsplit('-').next().unwrap(), 16).unwrap()).collect();
    for (index, one) in bits.iter().enumerate() {
        for other in &bits[..index] {
            assert!((one ^ other).count_ones() > 20, "{one:032x} {other:032x}");
        }
    }
}

#[tokio::test]
async fn the_secret_is_taken_in_header_form_or_both_as_it_is_set() {
    use FakeSecretPlace::{Either, FormOnly, HeaderOnly};
    type With = fn(ClientCredentials) -> ClientCredentials;
    let header: With = ClientCredentials::secret_in_header;
    let form: With = ClientCredentials::secret_in_form;
    let both: With = |it| it;
    for (place, with, requests) in [
        (Either, header, Some(1)),
        (Either, form, Some(1)),
        (Either, both, Some(1)),
        (HeaderOnly, header, Some(1)),
        (HeaderOnly, form, None),
        (HeaderOnly, both, Some(1)),
        (FormOnly, header, None),
        (FormOnly, form, Some(1)),
        (FormOnly, both, Some(2)),
    ] {
        let fake = FakeKeyfactor::start().await;
        fake.identity_provider().set_client_secret("x y:=&+%/ü");
        fake.identity_provider().take_secret_in(place);
        let credentials = with(fake.oauth_credentials());
        let Some(requests) = requests else {
            assert_eq!(refused(&fake, credentials).await, "invalid_client", "{place:?}");
            continue;
        };
        let store = fake.add_store();
        assert!(remove(&fake, store, &client(&fake, credentials)).await.unwrap().is_complete(), "{place:?}");
        assert_eq!(fake.identity_provider().requests().len(), requests, "{place:?}");
    }
}

#[tokio::test]
async fn token_requests_are_refused_for_what_is_wrong_with_them() {
    let fake = FakeKeyfactor::start().await;
    let provider = fake.identity_provider();
    let good = in_form(&fake);
    let pair = basic(&format!("{}:{}", provider.client_id(), provider.client_secret()));
    let grant = "grant_type=client_credentials";
    for (authorization, form, status, code) in [
        ("", "", 401, "invalid_client"),
        ("", grant, 401, "invalid_client"),
        ("", "grant_type=client_credentials&client_id=clm-automation&client_secret=wrong", 401, "invalid_client"),
        ("", "grant_type=client_credentials&client_id=nobody&client_secret=fake", 401, "invalid_client"),
        (&*basic("clm-automation:wrong"), grant, 401, "invalid_client"),
        ("Basic %%%", grant, 401, "invalid_client"),
        ("Bearer abc", grant, 401, "invalid_client"),
        (&*pair, &*good, 400, "invalid_request"),
        (&*pair, "", 400, "invalid_request"),
        (&*pair, "grant_type=", 400, "invalid_request"),
        (&*pair, "grant_type=password", 400, "unsupported_grant_type"),
        (&*pair, "grant_type=client_credentials&scope=a&scope=b", 400, "invalid_request"),
    ] {
        let answer = ask(&fake, authorization, form).await;
        assert_eq!((answer.status, &answer.body["error"]), (status, &json!(code)), "{authorization} {form}");
        assert!(answer.body["error_description"].is_string(), "{answer:?}");
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401, "{answer:?}");
    }
    let answer =
        HTTP.post(fake.token_url()).header("content-type", "application/json").body("{}").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 400);
    assert_eq!(read(answer).await["error"], "invalid_request");
    assert_eq!(provider.tokens_issued(), 0);
}

#[tokio::test]
async fn scopes_are_taken_as_they_are_set() {
    let fake = FakeKeyfactor::start().await;
    let provider = fake.identity_provider();
    let granted = async |scope: &str| ask(&fake, "", &format!("{}{scope}", in_form(&fake))).await.body;
    assert_eq!(granted("&scope=anything+goes").await["error"], Value::Null);
    provider.take_scopes(["command", "openid"]);
    for (scope, error, told) in [
        ("", Value::Null, json!("command openid")),
        ("&scope=", Value::Null, json!("command openid")),
        ("&scope=command", Value::Null, Value::Null),
        ("&scope=openid+command", Value::Null, Value::Null),
        ("&scope=admin", json!("invalid_scope"), Value::Null),
        ("&scope=command+admin", json!("invalid_scope"), Value::Null),
    ] {
        let body = granted(scope).await;
        assert_eq!((&body["error"], &body["scope"]), (&error, &told), "{scope}: {body}");
    }
    provider.require_scope();
    assert_eq!(granted("").await["error"], "invalid_scope");
    assert_eq!(refused(&fake, fake.oauth_credentials()).await, "invalid_scope");
    assert_eq!(refused(&fake, fake.oauth_credentials().scope("Command")).await, "invalid_scope");
    let store = fake.add_store();
    remove(&fake, store, &client(&fake, fake.oauth_credentials().scope("command"))).await.unwrap();
}

#[tokio::test]
async fn audiences_are_taken_as_they_are_set() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    remove(&fake, store, &client(&fake, fake.oauth_credentials().audience("any"))).await.unwrap();
    let fake = FakeKeyfactor::start().await;
    fake.identity_provider().take_audiences(["https://keyfactor.example.com"]);
    assert_eq!(ask(&fake, "", &in_form(&fake)).await.status, 200, "none is needed");
    fake.identity_provider().require_audience();
    assert_eq!(refused(&fake, fake.oauth_credentials()).await, "invalid_request");
    assert_eq!(refused(&fake, fake.oauth_credentials().audience("https://other")).await, "invalid_request");
    let credentials = fake.oauth_credentials().audience("https://keyfactor.example.com");
    let store = fake.add_store();
    remove(&fake, store, &client(&fake, credentials)).await.unwrap();
}

#[tokio::test]
async fn a_token_is_taken_exactly_while_it_is_valid() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let provider = fake.identity_provider();
    let with = |token: &str| client(&fake, Credentials::bearer(token.to_owned()));
    let status = async |token: &str| remove(&fake, store, &with(token)).await.err().and_then(|it| it.status());
    let unauthorized = Some(http::StatusCode::UNAUTHORIZED);

    let (first, second) = (provider.issue_token(), provider.issue_token());
    assert_eq!((status(&first).await, status(&second).await), (None, None));
    fake.revoke_token(&first);
    assert_eq!((status(&first).await, status(&second).await), (unauthorized, None));
    assert_eq!(provider.valid_tokens(), [second.as_str()]);
    fake.accept_bearer("named");
    assert_eq!((status("named").await, provider.valid_tokens().len()), (None, 2));
    fake.expire_tokens();
    assert_eq!((status(&second).await, status("named").await), (unauthorized, unauthorized));
    assert_eq!(status(&provider.issue_token()).await, None, "those that come later are good");

    provider.set_token_lifetime(Duration::ZERO);
    assert_eq!(status(&provider.issue_token()).await, unauthorized);
    provider.set_token_lifetime(Duration::MAX);
    assert_eq!(status(&provider.issue_token()).await, None);
}

#[tokio::test]
async fn a_token_that_expired_is_renewed_and_the_change_is_made_once() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    let client = client(&fake, fake.oauth_credentials());
    for _ in 0..2 {
        let removal = remove(&fake, store, &client).await.unwrap();
        assert_eq!((removal.receipt().attempts(), fake.identity_provider().tokens_issued()), (1, 1));
    }
    fake.expire_tokens();
    let removal = remove(&fake, store, &client).await.unwrap();
    assert_eq!((removal.receipt().attempts(), fake.identity_provider().tokens_issued()), (2, 2));
    assert_eq!(fake.jobs().len(), 3, "one for each call");
    let refusal = fake.requests().into_iter().find(|it| it.status() == 401).unwrap();
    assert!(refusal.header("authorization").unwrap().starts_with("Bearer fake-keyfactor-token-"));
}

#[tokio::test]
async fn a_provider_whose_tokens_are_never_good_is_asked_twice() {
    let fake = FakeKeyfactor::start().await;
    fake.identity_provider().set_token_lifetime(Duration::ZERO);
    let store = fake.add_store();
    let error = remove(&fake, store, &client(&fake, fake.oauth_credentials())).await.unwrap_err();
    let Error::Api(refusal) = &error else { panic!("{error:?}") };
    assert_eq!((refusal.kind(), refusal.attempts()), (ErrorKind::Unauthorized, 2));
    assert_eq!(fake.identity_provider().tokens_issued(), 2);
    assert!(fake.jobs().is_empty());
}

#[tokio::test]
async fn a_provider_that_refuses_says_why_and_gives_tokens_again() {
    let fake = FakeKeyfactor::start().await;
    let provider = fake.identity_provider();
    provider.refuse(FakeTokenRefusal::UnauthorizedClient);
    assert_eq!(refused(&fake, fake.oauth_credentials()).await, "unauthorized_client");
    assert_eq!(ask(&fake, "", "").await.body["error"], "invalid_client", "only who shows the secret is told");
    provider.refuse(FakeTokenRefusal::TemporarilyUnavailable);
    let answer = ask(&fake, "", &in_form(&fake)).await;
    assert_eq!((answer.status, &answer.body["error"]), (503, &json!("temporarily_unavailable")));
    provider.refuse(FakeTokenRefusal::HtmlPage);
    let page = HTTP.post(fake.token_url()).header("content-type", FORM).body(in_form(&fake)).send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()["content-type"]),
        (502, &"text/html; charset=utf-8".parse().unwrap())
    );
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    let store = fake.add_store();
    let client = client(&fake, fake.oauth_credentials());
    let error = remove(&fake, store, &client).await.unwrap_err();
    assert_eq!((authentication(&error).code(), error.status()), (None, None), "{error:?}");
    provider.stop_refusing();
    assert!(remove(&fake, store, &client).await.unwrap().is_complete());
}

#[tokio::test]
async fn tokens_stay_valid_while_the_provider_is_away() {
    let fake = FakeKeyfactor::start().await;
    let (url, store) = (fake.token_url(), fake.add_store());
    let client = |credentials: Credentials| {
        let builder = Client::builder(fake.url()).credentials(credentials);
        builder.retry_policy(RetryPolicy::none()).build().unwrap()
    };
    let early = client(fake.oauth_credentials().into());
    remove(&fake, store, &early).await.unwrap();
    fake.identity_provider().go_away();
    remove(&fake, store, &early).await.unwrap();
    let late = client(fake.oauth_credentials().into());
    let error = remove(&fake, store, &late).await.unwrap_err();
    assert_eq!((authentication(&error).attempts(), fake.jobs().len()), (0, 2), "{error:?}");
    remove(&fake, store, &client(fake.credentials())).await.unwrap();
    fake.identity_provider().come_back();
    assert_eq!(fake.token_url(), url);
    remove(&fake, store, &late).await.unwrap();
}

#[tokio::test]
async fn a_client_secret_can_be_changed() {
    let fake = FakeKeyfactor::start().await;
    let old = fake.oauth_credentials();
    fake.identity_provider().set_client_secret("changed");
    assert_eq!(refused(&fake, old).await, "invalid_client");
    let store = fake.add_store();
    remove(&fake, store, &client(&fake, fake.oauth_credentials())).await.unwrap();
}

#[tokio::test]
async fn what_is_no_token_request_is_named() {
    let fake = FakeKeyfactor::start().await;
    for request in [HTTP.get(fake.token_url()), HTTP.post(fake.token_url().replace("token", "authorize"))] {
        request.send().await.unwrap();
    }
    let asked: Vec<String> =
        fake.unknown_requests().iter().map(|it| format!("{} {}", it.method(), it.path())).collect();
    assert_eq!(asked, ["GET /oauth2/token", "POST /oauth2/authorize"]);
}

#[tokio::test]
async fn debug_has_neither_secret_nor_token() {
    let fake = FakeKeyfactor::start().await;
    let store = fake.add_store();
    for credentials in [fake.oauth_credentials().secret_in_form(), fake.oauth_credentials().secret_in_header()] {
        remove(&fake, store, &client(&fake, credentials)).await.unwrap();
    }
    let provider = fake.identity_provider();
    let shown =
        format!("{fake:?} {fake:#?} {provider:?} {provider:#?} {:?} {:?}", fake.requests(), provider.requests());
    assert!(shown.contains("clm-automation") && shown.contains("/oauth2/token"), "{shown}");
    let pair = STANDARD.encode(format!("{}:{}", provider.client_id(), provider.client_secret()));
    for secret in provider.valid_tokens().into_iter().chain([provider.client_secret(), pair]) {
        assert!(!shown.contains(&secret), "{secret} shows in {shown}");
    }
}
