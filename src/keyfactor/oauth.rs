//! OAuth 2.0 client credentials: where a token comes from, and how long it is used.

use std::borrow::Cow;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::form_urlencoded;

use super::credentials::{authorization, bearer};
use crate::lenient::{self, Budget, Members, Shape};
use crate::transport::{
    Answer, Call, Cause, ConfigurationError, Connection, Credential, Effect, Exchange, Failure, Identity,
    NewCredential, NoCredential, Options, Path, ProviderSaid, Renew, Transport, base64_of_pair, shown, token_url,
};

/// OAuth 2.0 client credentials, for servers with an OAuth identity provider. Made by
/// [`Credentials::client_credentials`](super::Credentials::client_credentials).
///
/// `Debug` shows the client id and the token URL without its query, never the secret.
#[derive(Clone)]
#[must_use = "it does nothing before it is given to a client"]
pub struct ClientCredentials {
    token_url: String,
    /// What problems with it call the URL.
    token_url_name: Cow<'static, str>,
    client_id: String,
    client_secret: SecretString,
    scopes: Vec<String>,
    audience: Option<String>,
    secret_goes: SecretGoes,
    #[cfg(feature = "rustls")]
    roots: Vec<String>,
}

/// How id and secret travel to the token endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum SecretGoes {
    /// As `client_id` and `client_secret`, with the other fields.
    InTheForm,
    /// As HTTP Basic authentication.
    InTheHeader,
}

impl ClientCredentials {
    pub(super) fn new(token_url: String, client_id: String, client_secret: SecretString) -> Self {
        Self {
            token_url,
            token_url_name: "token_url".into(),
            client_id,
            client_secret,
            scopes: Vec::new(),
            audience: None,
            secret_goes: SecretGoes::InTheForm,
            #[cfg(feature = "rustls")]
            roots: Vec::new(),
        }
    }

    /// Asks for this scope. Said again, for one more. Without any, none is asked for: the provider's default applies.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// Asks for these scopes, beside those that were named before.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item: Into<String>>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Names the API that the token is for, as some providers require it. It is sent as `audience`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Sends client id and secret as HTTP Basic authentication, form-encoded as RFC 6749 (2.3.1) has it, instead of in
    /// the form. Which of the two a provider takes is a setting of the client there; the other way is not tried.
    pub fn secret_in_header(mut self) -> Self {
        self.secret_goes = SecretGoes::InTheHeader;
        self
    }

    /// Trusts the certificates of this PEM bundle as roots at the token endpoint only, beside those that the client
    /// trusts. Feature `rustls`.
    #[cfg(feature = "rustls")]
    pub fn add_root_certificate(mut self, pem: impl Into<String>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// The token URL is checked with the other settings, so where it came from has to be known then.
    #[cfg(feature = "rustls")]
    pub(super) fn token_url_is_called(mut self, name: Cow<'static, str>) -> Self {
        self.token_url_name = name;
        self
    }

    /// Who acts, for the audit.
    pub(super) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What gives the client its tokens, over a way to the network of its own: nothing that is meant for the API goes
    /// to the token endpoint, and nothing that is meant for the endpoint goes to the API.
    pub(super) fn credential(&self, options: &Options) -> Result<Credential, ConfigurationError> {
        self.check()?;
        let url =
            token_url(&self.token_url, options.plain_http).map_err(|error| error.named(self.token_url_name.clone()))?;
        #[cfg_attr(not(feature = "rustls"), expect(unused_mut, reason = "only roots of TLS are added to them"))]
        let mut options = options.for_credentials();
        #[cfg(feature = "rustls")]
        for pem in &self.roots {
            options.tls.add_root(pem.clone());
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let proof = match self.secret_goes {
            SecretGoes::InTheForm => HeaderMap::new(),
            SecretGoes::InTheHeader => authorization(&format!("Basic {}", self.pair()))
                .map_err(|problem| ConfigurationError::new("client_secret", problem))?,
        };
        let identity = Identity {
            headers,
            query: Vec::new(),
            credential: Credential::fixed(proof),
            principal: self.client_id.clone(),
            correlation_header: None,
        };
        let transport = Transport::new(url, identity, options)?;
        Ok(Credential::renewable(TokenEndpoint { transport, client: self.clone() }))
    }

    fn check(&self) -> Result<(), ConfigurationError> {
        let secret = self.client_secret.expose_secret();
        let named = [("client_id", self.client_id.as_str()), ("client_secret", secret)];
        let scopes = self.scopes.iter().map(|scope| ("scope", scope.as_str()));
        let audience = self.audience.iter().map(|audience| ("audience", audience.as_str()));
        for (setting, value) in named.into_iter().chain(scopes).chain(audience) {
            if value.trim().is_empty() {
                return Err(ConfigurationError::new(setting, "it is empty (an unset variable, perhaps)"));
            }
            if value.contains(char::is_control) {
                let problem = "it holds a control character (a line end from a file, perhaps)";
                return Err(ConfigurationError::new(setting, problem));
            }
        }
        if self.scopes.iter().any(|scope| scope.contains(char::is_whitespace)) {
            return Err(ConfigurationError::new("scope", "one of them holds a space; name each scope by itself"));
        }
        Ok(())
    }

    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if self.secret_goes == SecretGoes::InTheForm {
            form.append_pair("client_id", &self.client_id);
            form.append_pair("client_secret", self.client_secret.expose_secret());
        }
        if !self.scopes.is_empty() {
            form.append_pair("scope", &self.scopes.join(" "));
        }
        if let Some(audience) = &self.audience {
            form.append_pair("audience", audience);
        }
        form.finish()
    }

    /// What the endpoint must not be quoted with.
    fn secrets(&self) -> Vec<SecretString> {
        let pair = base64_of_pair(&encoded(&self.client_id), &encoded(self.client_secret.expose_secret()).into());
        std::iter::once(self.client_secret.clone()).chain(pair).collect()
    }

    /// Id and secret as Basic authentication has them.
    fn pair(&self) -> String {
        STANDARD.encode(format!("{}:{}", encoded(&self.client_id), encoded(self.client_secret.expose_secret())))
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            token_url,
            token_url_name: _,
            client_id,
            client_secret: _,
            scopes,
            audience,
            secret_goes,
            #[cfg(feature = "rustls")]
            roots,
        } = self;
        let mut shows = f.debug_struct("ClientCredentials");
        shows
            .field("token_url", &shown(token_url))
            .field("client_id", client_id)
            .field("client_secret", &"[redacted]")
            .field("scopes", scopes)
            .field("audience", audience)
            .field("secret_goes", secret_goes);
        #[cfg(feature = "rustls")]
        shows.field("root_bundles", &roots.len());
        shows.finish()
    }
}

/// Asks the identity provider for tokens.
struct TokenEndpoint {
    transport: Transport,
    client: ClientCredentials,
}

impl Renew for TokenEndpoint {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<NewCredential, NoCredential>> + Send + '_>> {
        Box::pin(async {
            let exchange = self.transport.execute(self.call()).await.map_err(Self::failed)?;
            read(&exchange).map_err(|cause| Self::failed(exchange.unreadable_read(cause)))
        })
    }
}

impl TokenEndpoint {
    /// A token more does no harm, so the request may be repeated.
    fn call(&self) -> Call {
        Call {
            operation: "keyfactor.oauth.token",
            effect: Effect::Read,
            connection: Connection::Own,
            method: Method::POST,
            path: Path::base(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::from(self.client.form()),
            secrets: self.client.secrets(),
            retry_policy: None,
            audited: None,
        }
    }

    fn failed(failure: Failure) -> NoCredential {
        failure.into_no_credential("the token request failed", Self::said)
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
        return Err(Cause::new(format!("it holds two different values of `{twice}`")));
    }
    match found.get("token_type") {
        None => {}
        Some(Value::String(kind)) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(_) => return Err(Cause::new("`token_type` is not `Bearer`")),
    }
    let token = match found.get("access_token") {
        Some(Value::String(token)) => SecretString::from(token.as_str()),
        None if !found.has_null("access_token") => return Err(Cause::new("it holds no `access_token`")),
        _ => return Err(Cause::new("`access_token` is no text")),
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
            let mut exchange = crate::transport::answered(http::StatusCode::OK, body).unwrap();
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
