//! Some identity providers take client id and secret in the `Authorization` header only, some in the form only. A tool that sends
//! one of the two, and says no more than "401", left its users guessing. The vendor's own tools try both.

use std::ffi::OsString;

use clm::AuthenticationError;
use clm::keyfactor::{Client, ClientBuilder, Credentials, Error};

use crate::support::Received;
use crate::support::scripted::{Answer, Scripted};

const SECRET: &str = "hunter2-of-the-client";
const TOKEN: &str = r#"{"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600}"#;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Header,
    Form,
}

/// Where a token request has id and secret: in one place.
fn place(request: &Received) -> Place {
    let form = String::from_utf8(request.body.clone()).unwrap();
    match (request.header("authorization"), form.contains("client_secret=")) {
        (Some(_), false) => Place::Header,
        (None, true) => Place::Form,
        both => panic!("RFC 6749 forbids more than one: {both:?}, {form}"),
    }
}

/// A provider that takes them in this place only.
async fn provider(takes: Place) -> Scripted {
    Scripted::choosing(move |_, request| {
        let place = place(request);
        if place == takes {
            return Answer::json(200, TOKEN);
        }
        let said = format!(r#"{{"error": "invalid_client", "error_description": "not in the {place:?}: {SECRET}."}}"#);
        Answer::json(401, &said)
    })
    .await
}

async fn command() -> Scripted {
    Scripted::start([Answer::json(200, r#"{"Id": 1}"#)]).await
}

fn client(command: &Scripted, provider: &Scripted) -> Client {
    let credentials = Credentials::client_credentials(format!("{}/token", provider.origin), "clm", SECRET);
    Client::builder(&command.origin).credentials(credentials).build().unwrap()
}

fn places(provider: &Scripted) -> Vec<Place> {
    provider.received().iter().map(place).collect()
}

fn authentication(error: &Error) -> &AuthenticationError {
    let Error::Authentication(error) = error else { panic!("{error:?}") };
    error
}

#[tokio::test]
async fn the_header_is_tried_and_then_the_form() {
    for (takes, tried) in [(Place::Header, vec![Place::Header]), (Place::Form, vec![Place::Header, Place::Form])] {
        let (command, provider) = (command().await, provider(takes).await);
        client(&command, &provider).certificates().get(1).send().await.unwrap();
        assert_eq!(places(&provider), tried, "{takes:?}");
        assert_eq!(command.received()[0].header("authorization"), Some("Bearer token-1"));
    }
}

#[tokio::test]
async fn what_worked_is_used_from_then_on() {
    // Every second call is answered 401, so that a new token is asked for.
    let command = Scripted::choosing(|number, _| match number % 2 {
        0 => Answer::json(401, "{}"),
        _ => Answer::json(200, r#"{"Id": 1}"#),
    })
    .await;
    let provider = provider(Place::Form).await;
    let client = client(&command, &provider);
    for _ in 0..3 {
        client.certificates().get(1).send().await.unwrap();
    }
    assert_eq!(places(&provider), [Place::Header, Place::Form, Place::Form, Place::Form, Place::Form]);
}

#[tokio::test]
async fn an_error_names_both_and_what_each_was_answered() {
    let command = command().await;
    let provider = Scripted::choosing(|_, request| {
        let said = match place(request) {
            Place::Header => format!(r#"{{"error": "invalid_client", "error_description": "no header, {SECRET}."}}"#),
            Place::Form => r#"{"error": "invalid_client", "error_description": "wrong secret."}"#.to_owned(),
        };
        Answer::json(400, &said)
    })
    .await;
    let error = client(&command, &provider).certificates().get(1).send().await.unwrap_err();
    assert_eq!(places(&provider), [Place::Header, Place::Form], "accounts may lock: each once");
    assert!(command.received().is_empty());
    let said = authentication(&error);
    assert_eq!((said.code(), said.message()), (Some("invalid_client"), Some("wrong secret.")));
    let report = error.report().to_string();
    assert_eq!(
        report,
        "GET /Certificates/{id}: could not obtain a valid credential: the token request failed with the client secret \
         in the header and in the form (invalid_client): wrong secret\n  because: with the client secret in the \
         header, the server returned 400 Bad Request (invalid_client): no header, [redacted]\n  because: with the \
         client secret in the form, the server returned 400 Bad Request (invalid_client): wrong secret\n  because: \
         POST /: the server returned 400 Bad Request\n  what to do: Check the client id and client secret, and that \
         the client is active at the identity provider."
    );
    assert!(!format!("{error:?}").contains(SECRET), "{error:?}");
}

#[tokio::test]
async fn other_trouble_than_an_unknown_client_is_not_tried_in_the_form() {
    for answer in [
        Answer::json(400, r#"{"error": "invalid_scope"}"#),
        Answer::json(403, r#"{"error": "access_denied"}"#),
        Answer::json(404, ""),
        Answer::json(500, r#"{"error": "invalid_client"}"#),
        Answer::json(200, "{}"),
    ] {
        let command = command().await;
        let provider = Scripted::start([answer.clone()]).await;
        let error = client(&command, &provider).certificates().get(1).send().await.unwrap_err();
        assert_eq!(authentication(&error).problem(), "the token request failed", "{answer:?}");
        assert_eq!(places(&provider), [Place::Header], "{answer:?}");
    }
}

#[tokio::test]
async fn one_place_can_be_named_and_the_error_says_what_else_there_is() {
    for (takes, other) in [(Place::Header, "`secret_in_header()`"), (Place::Form, "`secret_in_form()`")] {
        let (command, provider) = (command().await, provider(takes).await);
        let credentials = Credentials::client_credentials(format!("{}/token", provider.origin), "clm", SECRET);
        let credentials = match takes {
            Place::Header => credentials.secret_in_form(),
            Place::Form => credentials.secret_in_header(),
        };
        let client = Client::builder(&command.origin).credentials(credentials).build().unwrap();
        let error = client.certificates().get(1).send().await.unwrap_err();
        assert_eq!(provider.received().len(), 1, "the other place is not tried");
        let remedy = authentication(&error).remediation().unwrap();
        assert!(remedy.contains(other), "{remedy}");
    }
}

/// The variables of the vendor's tools have no name for it, so this one is the crate's own.
#[test]
fn the_place_can_be_named_by_a_variable() {
    for (value, shown) in [("header", "Only(Header)"), ("form", "Only(Form)"), ("either", "HeaderThenForm")] {
        let builder = ClientBuilder::from_vars(|name| {
            let value = match name {
                "KEYFACTOR_HOSTNAME" => "command.example.com",
                "KEYFACTOR_AUTH_CLIENT_ID" => "clm",
                "KEYFACTOR_AUTH_CLIENT_SECRET" => SECRET,
                "KEYFACTOR_AUTH_TOKEN_URL" => "https://idp.example.com/token",
                "KEYFACTOR_AUTH_CLIENT_SECRET_IN" => value,
                _ => return None,
            };
            Some(OsString::from(value))
        });
        let builder = format!("{:?}", builder.unwrap());
        assert!(builder.contains(shown) && !builder.contains(SECRET), "{builder}");
    }
}
