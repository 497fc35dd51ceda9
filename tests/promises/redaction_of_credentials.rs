//! The same for the calls that bring a credential, and for every kind of credential that a call is sent with.

use std::error::Error;
use std::fmt::Debug;

use crate::redaction::{Form, forms};
use crate::support::capture;
use crate::support::scripted::{Answer, Scripted};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clm::{RetryPolicy, appviewx, keyfactor};
use serde_json::{Value, json};
use url::form_urlencoded;

const USER: &str = "svc";
const PASSWORD: &str = "PwMark3c\"<1f&/ +%'\\end";
const TOKEN: &str = "TkMark9d.3e~b/+x-y_z==";
const SESSION: &str = "SsMark77a~b&<\"+/%'\\end";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    ClientCredentialsInForm,
    ClientCredentialsInHeader,
    Basic,
    Bearer,
    BearerFrom,
    Login,
    ServiceAccount,
    PasswordHeaders,
    SessionId,
}

const KINDS: [Kind; 9] = [
    Kind::ClientCredentialsInForm,
    Kind::ClientCredentialsInHeader,
    Kind::Basic,
    Kind::Bearer,
    Kind::BearerFrom,
    Kind::Login,
    Kind::ServiceAccount,
    Kind::PasswordHeaders,
    Kind::SessionId,
];

impl Kind {
    /// The secret that the first call carries.
    fn secret(self) -> &'static str {
        match self {
            Self::Bearer | Self::BearerFrom => TOKEN,
            Self::SessionId => SESSION,
            _ => PASSWORD,
        }
    }

    /// What a gateway, or the client, makes of name and secret.
    fn pair(self) -> Option<String> {
        let form = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        match self {
            Self::ClientCredentialsInForm | Self::ClientCredentialsInHeader => {
                Some(format!("{}:{}", form(USER), form(PASSWORD)))
            }
            Self::Bearer | Self::BearerFrom | Self::SessionId => None,
            _ => Some(format!("{USER}:{PASSWORD}")),
        }
    }

    /// The first call with it against a server that answers everything alike: everything that a program may print.
    async fn shown(self, origin: &str) -> Vec<String> {
        let of_keyfactor = |credentials: keyfactor::Credentials| {
            let builder = keyfactor::Client::builder(origin).credentials(credentials);
            builder.retry_policy(RetryPolicy::none()).build().unwrap()
        };
        let of_appviewx = |credentials: appviewx::Credentials| {
            let builder = appviewx::Client::builder(origin).credentials(credentials);
            builder.retry_policy(RetryPolicy::none()).build().unwrap()
        };
        let client_credentials =
            || keyfactor::Credentials::client_credentials(format!("{origin}/token"), USER, PASSWORD);
        match self {
            Self::ClientCredentialsInForm => {
                read_store(of_keyfactor(client_credentials().secret_in_form().into())).await
            }
            Self::ClientCredentialsInHeader => {
                read_store(of_keyfactor(client_credentials().secret_in_header().into())).await
            }
            Self::Basic => read_store(of_keyfactor(keyfactor::Credentials::basic(USER, PASSWORD))).await,
            Self::Bearer => read_store(of_keyfactor(keyfactor::Credentials::bearer(TOKEN))).await,
            Self::BearerFrom => {
                let fetched = || async { Ok::<_, std::io::Error>(TOKEN.into()) };
                read_store(of_keyfactor(keyfactor::Credentials::bearer_from(fetched))).await
            }
            Self::Login => read_group(of_appviewx(appviewx::Credentials::login(USER, PASSWORD))).await,
            Self::ServiceAccount => {
                read_group(of_appviewx(appviewx::Credentials::service_account(USER, PASSWORD))).await
            }
            Self::PasswordHeaders => {
                read_group(of_appviewx(appviewx::Credentials::password_headers(USER, PASSWORD))).await
            }
            Self::SessionId => read_group(of_appviewx(appviewx::Credentials::session_id(SESSION))).await,
        }
    }
}

/// A text of all of an error.
fn texts(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut shown = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        shown.push(format!("{error} {error:#} {error:?} {error:#?}"));
        next = error.source();
    }
    shown
}

fn debug(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

async fn read_store(client: keyfactor::Client) -> Vec<String> {
    let store: uuid::Uuid = "5a0b1c2d-0000-4000-8000-000000000001".parse().unwrap();
    let error = client.certificate_stores().get(store).send().await.unwrap_err();
    let mut shown = texts(&error);
    shown.push(debug(&(error.code(), error.message(), error.correlation_id(), &client)));
    if let keyfactor::Error::Authentication(error) = &error {
        shown.push(debug(&(error.code(), error.message(), error.problem())));
    }
    shown
}

async fn read_group(client: appviewx::Client) -> Vec<String> {
    let error = client.certificate_groups().view("web").send().await.unwrap_err();
    let mut shown = texts(&error);
    shown.push(debug(&(error.code(), error.message(), error.correlation_id(), &client)));
    if let appviewx::Error::Authentication(error) = &error {
        shown.push(debug(&(error.code(), error.message(), error.problem())));
    }
    shown
}

/// A status, and a body that says this.
type Says = fn(&str) -> (u16, String);

fn as_json(value: &Value) -> String {
    value.to_string()
}

#[rustfmt::skip]
const PLACES: [(&str, Says); 13] = [
    ("plain text", |said| (400, said.to_owned())),
    ("plain text of a gateway", |said| (502, said.to_owned())),
    ("text of JSON", |said| (401, as_json(&json!(said)))),
    ("title of a page", |said| (403, format!("<html><title>{said}</title></html>"))),
    ("error of OAuth", |said| (400, as_json(&json!({"error": said})))),
    ("description of OAuth", |said| (401, as_json(&json!({"error": "invalid_client", "error_description": said})))),
    ("Message", |said| (400, as_json(&json!({"Message": said, "ErrorCode": said})))),
    ("message and code", |said| (400, as_json(&json!({"message": said, "appStatusCode": said})))),
    ("message and code inside", |said| (401, as_json(&json!({"response": {"statusDescription": said, "appStatusCode": said, "message": said}})))),
    ("message of 200", |said| (200, as_json(&json!({"message": said, "appStatusCode": "AVX_GW_003"})))),
    ("code of 200", |said| (200, as_json(&json!({"response": {"appStatusCode": said}})))),
    ("a text of 200", |said| (200, as_json(&json!(said)))),
    ("a redirect", |said| (302, said.to_owned())),
];

#[tokio::test]
async fn no_credential_shows_that_the_answer_to_its_call_repeats() {
    let mut combinations = 0;
    let mut leaks = Vec::new();
    for kind in KINDS {
        let mut quoted = 0;
        for (place, says) in PLACES {
            let forms: Vec<Form> = forms(kind.secret(), kind.pair().as_deref());
            let said = forms.iter().map(|form| form.text.as_str()).collect::<Vec<_>>().join(" | ");
            let (status, body) = says(&said);
            let server = Scripted::start([Answer::json(status, &body)]).await;
            capture::start();
            let mut shown = kind.shown(&server.origin).await;
            shown.push(format!("{:?}", capture::events()));
            let sent = format!("{:?} {}", server.received(), String::from_utf8_lossy(&server.received()[0].body));
            let in_base64 = kind.pair().map(|pair| STANDARD.encode(pair)).unwrap_or_default();
            let sent_somehow = [&kind.secret()[..8], &*in_base64];
            assert!(
                sent_somehow.iter().any(|it| !it.is_empty() && sent.contains(it)),
                "{kind:?}: the secret was not sent"
            );
            quoted += usize::from(shown.iter().any(|text| text.contains("[redacted]")));
            combinations += forms.len();
            for form in &forms {
                let leaked = |text: &&String| form.pieces.iter().any(|piece| text.contains(piece.as_str()));
                if let Some(text) = shown.iter().find(leaked) {
                    let excerpt: String = text.chars().take(600).collect();
                    leaks.push(format!("{kind:?}, {place}, {}: {excerpt}", form.name));
                }
            }
        }
        assert!(quoted >= 6, "{kind:?}: only {quoted} places were quoted");
    }
    println!("{combinations} combinations of place, form and credential, {} leaks", leaks.len());
    assert!(leaks.is_empty(), "{} of {combinations}:\n{}", leaks.len(), leaks.join("\n"));
    assert!(combinations > 1_500, "{combinations}");
}
