//! What the identity provider answers to a token request: RFC 6749, 4.4 and 5.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::json;
use url::form_urlencoded;

use super::calls::KeyfactorCall;
use super::identity_provider::{FakeSecretPlace, FakeTokenRefusal, Provider, ProviderState};
use crate::testing::server::{KnownCall, RecordedRequest, Reply, Service};

pub(super) const TOKEN_PATH: &str = "/oauth2/token";

/// The members of a form, none of them empty.
type Form = BTreeMap<String, String>;

impl Service for Provider {
    fn call(&self, request: &RecordedRequest) -> Option<KnownCall> {
        let token = request.path() == TOKEN_PATH && request.method() == Method::POST;
        token.then(|| KeyfactorCall::RequestToken.known())
    }

    fn answer(&self, request: &RecordedRequest) -> Reply {
        if self.call(request).is_none() {
            return Reply::unknown();
        }
        self.state(|state| state.token(request)).unwrap_or_else(|refusal| refusal)
    }

    fn refusal(&self, status: u16) -> Reply {
        let code = if status == 401 { "invalid_client" } else { "temporarily_unavailable" };
        error(status, code, "The fake was told to refuse this.")
    }

    fn stray(&self) -> Reply {
        not_stored(Reply::json(200, json!({"access_token": "stray-token", "token_type": "Bearer", "expires_in": 3600})))
    }
}

impl ProviderState {
    fn token(&mut self, request: &RecordedRequest) -> Result<Reply, Reply> {
        match self.refusal {
            Some(FakeTokenRefusal::TemporarilyUnavailable) => {
                return Err(error(503, "temporarily_unavailable", "The provider is overloaded or being maintained."));
            }
            Some(FakeTokenRefusal::HtmlPage) => return Err(Reply::html(502, HTML_PAGE)),
            Some(FakeTokenRefusal::UnauthorizedClient) | None => {}
        }
        let form = read_form(request)?;
        self.authenticate(request, &form)?;
        if self.refusal == Some(FakeTokenRefusal::UnauthorizedClient) {
            return Err(error(400, "unauthorized_client", "The client may not use this grant."));
        }
        match form.get("grant_type").map(String::as_str) {
            Some("client_credentials") => {}
            Some(_) => return Err(error(400, "unsupported_grant_type", "Only client_credentials is supported.")),
            None => return Err(invalid_request("grant_type is missing.")),
        }
        let scope = self.granted_scope(form.get("scope"))?;
        self.check_audience(form.get("audience"))?;
        let mut body = json!({
            "access_token": self.tokens.issue(self.lifetime),
            "token_type": "Bearer",
            "expires_in": self.lifetime.as_secs(),
        });
        if let (Some(scope), Some(members)) = (scope, body.as_object_mut()) {
            members.insert("scope".to_owned(), scope.into());
        }
        Ok(not_stored(Reply::json(200, body)))
    }

    fn authenticate(&self, request: &RecordedRequest, form: &Form) -> Result<(), Reply> {
        let in_form = form.contains_key("client_secret");
        let known = match request.header("authorization") {
            Some(_) if in_form => return Err(invalid_request("The client authenticates in two ways.")),
            Some(header) => {
                self.secret_place != FakeSecretPlace::FormOnly
                    && pair_in(header).is_some_and(|(id, secret)| self.knows(&id, &secret))
            }
            None => {
                let member = |name| form.get(name).map(String::as_str).unwrap_or_default();
                self.secret_place != FakeSecretPlace::HeaderOnly
                    && self.knows(member("client_id"), member("client_secret"))
            }
        };
        if known {
            return Ok(());
        }
        let refusal = error(
            401,
            "invalid_client",
            "The client id and secret are unknown, or not accepted in this \
                                                    place.",
        );
        Err(refusal.header("WWW-Authenticate", r#"Basic realm="fake identity provider""#))
    }

    /// What the answer says about it: nothing, if it is what was asked for.
    fn granted_scope(&self, asked: Option<&String>) -> Result<Option<String>, Reply> {
        let invalid_scope = |said: &str| Err(error(400, "invalid_scope", said));
        match (asked, &self.scopes) {
            (None, _) if self.scope_required => invalid_scope("A scope is required."),
            (Some(asked), Some(taken)) if !asked.split(' ').all(|scope| taken.contains(scope)) => {
                invalid_scope("A scope is unknown.")
            }
            (None, Some(taken)) => Ok(Some(joined(taken))),
            (Some(_), _) | (None, None) => Ok(None),
        }
    }

    fn check_audience(&self, asked: Option<&String>) -> Result<(), Reply> {
        match (asked, &self.audiences) {
            (None, _) if self.audience_required => Err(invalid_request("An audience is required.")),
            (Some(asked), Some(taken)) if !taken.contains(asked) => Err(invalid_request("The audience is unknown.")),
            _ => Ok(()),
        }
    }
}

fn read_form(request: &RecordedRequest) -> Result<Form, Reply> {
    let content_type = request.header("content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(invalid_request("The body must be a form."));
    }
    let mut form = Form::new();
    let pairs = form_urlencoded::parse(request.body()).into_owned();
    for (name, value) in pairs.filter(|(_, value)| !value.is_empty()) {
        if form.insert(name, value).is_some() {
            return Err(invalid_request("A parameter is repeated."));
        }
    }
    Ok(form)
}

/// Client id and secret of HTTP Basic authentication. Each of them is form-encoded.
fn pair_in(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (form_decoded(id), form_decoded(secret)))
}

fn form_decoded(text: &str) -> String {
    let member = format!("={}", text.replace('&', "%26"));
    form_urlencoded::parse(member.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

fn joined(scopes: &BTreeSet<String>) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn invalid_request(said: &str) -> Reply {
    error(400, "invalid_request", said)
}

fn error(status: u16, code: &str, said: &str) -> Reply {
    not_stored(Reply::json(status, json!({"error": code, "error_description": said})))
}

fn not_stored(reply: Reply) -> Reply {
    reply.header("Cache-Control", "no-store").header("Pragma", "no-cache")
}

const HTML_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\
                         <body><h1>Bad Gateway</h1><p>The upstream server gave no answer.</p></body></html>\n";
