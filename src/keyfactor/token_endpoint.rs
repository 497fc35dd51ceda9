//! Where a token comes from, and how long it is used.

use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use secrecy::SecretString;
use serde_json::Value;

use super::credentials::bearer;
use super::oauth::{ClientCredentials, SecretIn, SecretPlaces};
use crate::lenient::{self, Budget, Found, Members, Shape};
use crate::transport::{
    Answer, Call, Cause, Connection, Effect, Exchange, Failure, NewCredential, NoCredential, Path, ProviderSaid, Renew,
    ServerText, Transport,
};

const FAILED: &str = "the token request failed";
const FAILED_TWICE: &str = "the token request failed with the client secret in the header and in the form";

const CHECK: &str = "Check the client id and client secret, and that the client is active at the identity provider.";
const ONLY_HEADER: &str = "Check the client id and client secret. If they are correct, the provider may accept them \
                           only in the form: call `secret_in_form()`, or neither that nor `secret_in_header()` to try \
                           both (with environment variables: `KEYFACTOR_AUTH_CLIENT_SECRET_IN`).";
const ONLY_FORM: &str = "Check the client id and client secret. If they are correct, the provider may accept them only \
                         in the header: call `secret_in_header()`, or neither that nor `secret_in_form()` to try both \
                         (with environment variables: `KEYFACTOR_AUTH_CLIENT_SECRET_IN`).";

/// Asks the identity provider for tokens.
pub(super) struct TokenEndpoint {
    transport: Transport,
    client: ClientCredentials,
    /// Id and secret, where they stand in the header.
    header: HeaderMap,
    /// Where they stood when a token came.
    worked: OnceLock<SecretIn>,
}

impl Renew for TokenEndpoint {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<NewCredential, NoCredential>> + Send + '_>> {
        Box::pin(async {
            let (first, then) = match (self.worked.get(), self.client.places()) {
                (Some(worked), _) => (*worked, None),
                (None, SecretPlaces::Only(place)) => (place, None),
                (None, SecretPlaces::HeaderThenForm) => (SecretIn::Header, Some(SecretIn::Form)),
            };
            let refused = match self.ask(first).await {
                Ok(token) => return Ok(token),
                Err(error) if is_unknown_client(&error) => error,
                Err(error) => return Err(error),
            };
            match then {
                None => Err(refused.with_remedy(self.remedy(first))),
                Some(place) => self.ask(place).await.map_err(|error| second_failure(&refused, error)),
            }
        })
    }
}

impl TokenEndpoint {
    pub(super) fn new(transport: Transport, client: ClientCredentials, header: HeaderMap) -> Self {
        Self { transport, client, header, worked: OnceLock::new() }
    }

    async fn ask(&self, place: SecretIn) -> Result<NewCredential, NoCredential> {
        let exchange = self.transport.execute(self.call(place)).await.map_err(failed)?;
        let token = read(&exchange).map_err(|cause| failed(exchange.unreadable_read(cause)))?;
        // Several calls never ask at the same time, and what worked once is asked for ever after.
        let _ = self.worked.set(place);
        Ok(token)
    }

    /// A token more does no harm, so the request may be repeated.
    fn call(&self, place: SecretIn) -> Call {
        Call {
            operation: "keyfactor.oauth.token",
            effect: Effect::Read,
            connection: Connection::Own,
            method: Method::POST,
            path: Path::base(),
            query: Vec::new(),
            headers: match place {
                SecretIn::Header => self.header.clone(),
                SecretIn::Form => HeaderMap::new(),
            },
            body: Bytes::from(self.client.form(place)),
            secrets: self.client.secrets(),
            retry_policy: None,
            audited: None,
        }
    }

    /// What to do where only this place was tried.
    fn remedy(&self, place: SecretIn) -> &'static str {
        match (self.client.places(), place) {
            (SecretPlaces::HeaderThenForm, _) => CHECK,
            (SecretPlaces::Only(_), SecretIn::Header) => ONLY_HEADER,
            (SecretPlaces::Only(_), SecretIn::Form) => ONLY_FORM,
        }
    }
}

/// Whether the provider does not know the client by what it was shown: it may look elsewhere for id and secret.
fn is_unknown_client(error: &NoCredential) -> bool {
    let said = error.said_by_provider();
    let is_refusal =
        said.status.is_some_and(|status| status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS);
    let code = said.code.as_ref().map(ServerText::as_str);
    is_refusal
        && (said.status == Some(StatusCode::UNAUTHORIZED) || matches!(code, Some("invalid_client" | "invalid_request")))
}

/// What it comes to that the provider refused the header, and that the form brought no token either.
fn second_failure(header: &NoCredential, form: NoCredential) -> NoCredential {
    let refused_again = is_unknown_client(&form);
    let error = form.after(
        header,
        ["with the client secret in the header", "with the client secret in the form"],
        FAILED_TWICE,
    );
    if refused_again { error.with_remedy(CHECK) } else { error }
}

fn failed(failure: Failure) -> NoCredential {
    failure.into_no_credential(FAILED, said)
}

fn said(answer: &Answer) -> ProviderSaid {
    let found = members(answer.body.as_str()).ok();
    let member = |name| found.as_ref().and_then(|found| found.text(name)).map(|text| answer.said(text));
    // The text of a success may be a token in another form.
    let text = || if answer.status.is_success() { None } else { answer.said_as_text() };
    ProviderSaid {
        code: member("error"),
        message: member("error_description").or_else(text),
        remaining_attempts: None,
        ..ProviderSaid::default()
    }
}

/// What is looked for in an answer.
static SHAPE: Shape =
    Shape { names: &["access_token", "token_type", "expires_in", "error", "error_description"], inner: None };

fn members(body: &str) -> Result<Members, serde_json::Error> {
    lenient::members(body, &SHAPE, &Budget::for_body(body))
}

/// The token of a 2xx answer. Nothing of the answer stands in the causes.
fn read(exchange: &Exchange) -> Result<NewCredential, Cause> {
    let found = members(exchange.answer.body.as_str()).map_err(|error| Cause::json(&error))?;
    if let Some(twice) = ["access_token", "token_type"].into_iter().find(|name| found.is_disputed(name)) {
        return Err(Cause::new(format!("the response contains two different values of `{twice}`")));
    }
    match found.get("token_type") {
        None => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(_) => return Err(Cause::new("`token_type` is not `Bearer`")),
    }
    let token = match found.get("access_token") {
        Some(Value::String(token)) => SecretString::from(token.as_str()),
        None if !found.outer().found("access_token").is_some_and(Found::has_null) => {
            return Err(Cause::new("the response contains no `access_token`"));
        }
        _ => return Err(Cause::new("`access_token` is not a string")),
    };
    let headers = bearer(&token).map_err(Cause::new)?;
    // It was issued at some time during the call, perhaps at its begin.
    let lifetime = lifetime(found.get("expires_in")).map(|lifetime| lifetime.saturating_sub(exchange.trace.elapsed));
    Ok(NewCredential { headers, lifetime: lifetime.filter(|lifetime| !lifetime.is_zero()) })
}

/// How long the token is good for. Zero, less than that, or anything but a number says nothing: such a token is used
/// until it is refused, and the endpoint is not asked for every call.
fn lifetime(expires_in: Option<&Value>) -> Option<Duration> {
    let seconds = match expires_in? {
        Value::Number(seconds) => seconds.as_f64()?,
        Value::String(seconds) => seconds.trim().parse().ok()?,
        _ => return None,
    };
    (seconds > 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_time_of_the_request_is_taken_off_the_lifetime() {
        let lifetime = |elapsed| {
            let body = br#"{"access_token": "t", "expires_in": 60}"#;
            let mut exchange = crate::transport::answered(StatusCode::OK, body).unwrap();
            exchange.trace.elapsed = Duration::from_secs(elapsed);
            read(&exchange).unwrap().lifetime
        };
        assert_eq!(lifetime(0), Some(Duration::from_secs(60)));
        assert_eq!(lifetime(50), Some(Duration::from_secs(10)));
        assert_eq!([lifetime(60), lifetime(61)], [None, None], "it is used until it is refused");
    }

    #[test]
    fn a_lifetime_is_a_number_of_seconds_or_unknown() {
        let seconds = |expires_in: Value| lifetime(Some(&expires_in));
        assert_eq!(seconds(json!(3600)), Some(Duration::from_secs(3600)));
        assert_eq!(seconds(json!("3599")), Some(Duration::from_secs(3599)));
        assert_eq!(seconds(json!(" 60.5 ")), Some(Duration::from_millis(60_500)));
        assert_eq!(seconds(json!(1.5)), Some(Duration::from_millis(1500)));
        for endless in [json!(1e300), json!(u64::MAX), json!("1e300"), json!("inf")] {
            assert!(seconds(endless.clone()) > Some(Duration::from_secs(u64::from(u32::MAX))), "{endless}");
        }
        for nonsense in [
            json!(0),
            json!(-1),
            json!("-1"),
            json!("NaN"),
            json!("soon"),
            json!(""),
            json!(null),
            json!([1]),
            json!(true),
        ] {
            assert_eq!(seconds(nonsense.clone()), None, "{nonsense}");
        }
        assert_eq!(lifetime(None), None);
    }
}
