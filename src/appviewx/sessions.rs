//! Login, and the token of a service account.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::client::JSON;
use super::envelope::Envelope;
use crate::lenient::{self, Message};
use crate::transport::{
    Answer, Attempts, Call, Effect, Fresh, NoCredential, Path, ProviderSaid, Record, Renew, Transport,
};

const SESSION_ID: HeaderName = HeaderName::from_static("sessionid");
const TOKEN: HeaderName = HeaderName::from_static("token");

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Servers take much less in a header; beyond it, an answer is a mistake.
const LONGEST_CREDENTIAL: usize = 64 * 1024;

/// Which of the vendor's two spellings of the login call is sent. See [`Credentials::login`](super::Credentials::login).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[non_exhaustive]
pub enum LoginCall {
    /// `POST /login`, as the vendor's pages have it.
    #[default]
    Login,
    /// `POST /acctmgmt-perform-login`, the action's own name, which older tools of the vendor send.
    PerformLogin,
}

impl LoginCall {
    fn path(self) -> Path {
        Path::fixed(match self {
            Self::Login => "login",
            Self::PerformLogin => "acctmgmt-perform-login",
        })
    }
}

/// Where sessions and tokens are had: the client's own server, over a transport that has no credential.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) transport: Transport,
    pub(super) query: Vec<(&'static str, String)>,
}

impl Desk {
    fn call(&self, operation: &'static str, effect: Effect, path: Path) -> Call {
        Call {
            operation,
            effect,
            method: Method::POST,
            path,
            query: self.query.clone(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            secrets: Vec::new(),
            retry_policy: None,
            record: Record::default(),
        }
    }
}

/// Gets sessions.
pub(super) struct Login {
    pub(super) desk: Arc<Desk>,
    pub(super) call: LoginCall,
    /// `username` and `password`. No other call carries them.
    pub(super) headers: HeaderMap,
    pub(super) password: SecretString,
}

impl Renew for Login {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Fresh, NoCredential>> + Send + '_>> {
        Box::pin(self.log_in())
    }

    // A public tool of the vendor logs in again after it; no page says so.
    fn expired_status(&self) -> Option<StatusCode> {
        Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED)
    }

    fn attempts(&self) -> Attempts {
        Attempts::Counted
    }
}

impl Login {
    async fn log_in(&self) -> Result<Fresh, NoCredential> {
        let mut call = self.desk.call("appviewx.login", Effect::Change, self.call.path());
        call.headers = self.headers.clone();
        call.headers.insert(CONTENT_TYPE, JSON);
        call.body = Bytes::from_static(b"{}");
        let said = |answer: &Answer| said(answer, &self.password);
        let exchange = self
            .desk
            .transport
            .execute(call)
            .await
            .map_err(|failure| failure.into_no_credential("the login failed", said))?;
        let envelope = match Envelope::read(&exchange.answer.body) {
            Ok(envelope) => envelope,
            Err(cause) => {
                let failure = exchange.unreadable_change(cause);
                return Err(failure.into_no_credential("the login's answer cannot be read", said));
            }
        };
        let session_id = match lenient::member(&envelope.response, "sessionId") {
            _ if envelope.says_failure() => Err("the login failed"),
            Some(Value::String(id)) if !id.trim().is_empty() => {
                carried(id).ok_or("the login gave a session id that no header can carry")
            }
            None | Some(Value::Null | Value::String(_)) => Err("the login gave no session id"),
            Some(_) => Err("the login gave a session id that is no text"),
        };
        match session_id {
            Ok(session_id) => {
                exchange.audit.finish("done", &exchange.trace, "");
                Ok(Fresh { headers: HeaderMap::from_iter([(SESSION_ID, session_id)]), lifetime: None })
            }
            Err(what) => Err(exchange.refused().into_no_credential(what, said)),
        }
    }
}

/// Gets tokens for a service account.
pub(super) struct ServiceToken {
    pub(super) desk: Arc<Desk>,
    /// `Authorization`. No other call carries it.
    pub(super) headers: HeaderMap,
    pub(super) secret: SecretString,
}

impl Renew for ServiceToken {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<Fresh, NoCredential>> + Send + '_>> {
        Box::pin(self.fetch())
    }
}

impl ServiceToken {
    async fn fetch(&self) -> Result<Fresh, NoCredential> {
        let path = Path::fixed("acctmgmt-get-service-token");
        // A second token does no harm.
        let mut call = self.desk.call("appviewx.service_token", Effect::Read, path);
        call.headers = self.headers.clone();
        call.headers.insert(CONTENT_TYPE, FORM);
        call.body = Bytes::from_static(b"grant_type=client_credentials");
        let said = |answer: &Answer| said(answer, &self.secret);
        let exchange = self
            .desk
            .transport
            .execute(call)
            .await
            .map_err(|failure| failure.into_no_credential("the token request failed", said))?;
        let envelope = match Envelope::read(&exchange.answer.body) {
            Ok(envelope) => envelope,
            Err(cause) => {
                let failure = exchange.unreadable_read(cause);
                return Err(failure.into_no_credential("the answer to the token request cannot be read", said));
            }
        };
        let token = match &envelope.response {
            _ if envelope.says_failure() => Err("the token request failed"),
            Value::String(token) if !token.trim().is_empty() => carried(token)
                .map(|value| (value, lifetime(token, SystemTime::now())))
                .ok_or("the token request gave a token that no header can carry"),
            Value::Null | Value::String(_) => Err("the token request gave no token"),
            _ => Err("the token request gave a token that is no text"),
        };
        match token {
            Ok((token, lifetime)) => Ok(Fresh { headers: HeaderMap::from_iter([(TOKEN, token)]), lifetime }),
            Err(what) => Err(exchange.refused().into_no_credential(what, said)),
        }
    }
}

/// A session id or a token as a header that arrives as it was given.
fn carried(credential: &str) -> Option<HeaderValue> {
    if credential.len() > LONGEST_CREDENTIAL || !credential.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let mut value = HeaderValue::from_str(credential).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// How long a token is good for, by its claim `exp`. Nobody checks its signature here: it only says when to ask for
/// the next one. If our clock takes a fresh token for an old one, its claim says nothing.
fn lifetime(token: &str, now: SystemTime) -> Option<Duration> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let claims = GeneralPurpose::new(&URL_SAFE, config).decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    let expires = Duration::try_from_secs_f64(claims.get("exp")?.as_f64()?).ok()?;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    expires.checked_sub(now).filter(|left| !left.is_zero())
}

/// What an answer says about a login or a token request that failed. A text that repeats the secret is left out.
fn said(answer: &Answer, secret: &SecretString) -> ProviderSaid {
    let is_clean = |text: &String| !text.contains(secret.expose_secret());
    let Ok(envelope) = Envelope::read(&answer.body) else {
        // What came with a 2xx, and is no envelope, may be a credential itself.
        // A long text is cut, perhaps within the secret, so all of it is looked at.
        let is_quotable = !answer.status.is_success() && is_clean(&answer.body);
        let text = is_quotable.then(|| lenient::message_of_text(&answer.body)).flatten();
        return ProviderSaid { message: text.filter(is_clean).map(Message::from), ..ProviderSaid::default() };
    };
    let inner = |name| lenient::text(&envelope.response, name).map(str::to_owned);
    let message = inner("statusDescription").or_else(|| envelope.message.clone()).or_else(|| inner("message"));
    ProviderSaid {
        code: inner("appStatusCode").or_else(|| envelope.code()).filter(is_clean),
        message: message.filter(is_clean).map(Message::from),
        remaining_attempts: lenient::member(&envelope.response, "availableLoginAttemptCount").and_then(count),
        ..ProviderSaid::default()
    }
}

/// A number, also one in quotes.
fn count(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64()?.try_into().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{URL_SAFE as PADDED, URL_SAFE_NO_PAD};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn token(claims: &str) -> String {
        format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn a_token_lives_until_its_claim_says() {
        for (claims, left) in [
            (r#"{"exp": 2000}"#, Some(1000)),
            (r#"{"exp": 2000.0, "grant type": "client_credentials"}"#, Some(1000)),
            (r#"{"exp": 1001, "aud": "avx", "sub": "ÿ??>>"}"#, Some(1)),
            // A clock that goes wrong must not make every call fetch a token.
            (r#"{"exp": 1000}"#, None),
            (r#"{"exp": 1}"#, None),
            (r#"{"exp": -1}"#, None),
            (r#"{"exp": 1e300}"#, None),
            (r#"{"exp": "2000"}"#, None),
            (r#"{"exp": null}"#, None),
            (r#"{"Exp": 2000}"#, None),
            ("[]", None),
            ("not JSON", None),
        ] {
            assert_eq!(lifetime(&token(claims), at(1000)), left.map(Duration::from_secs), "{claims}");
        }
        let padded = format!("e30.{}.", PADDED.encode(r#"{"exp": 2000}"#));
        assert!(padded.contains('='), "{padded}");
        assert_eq!(lifetime(&padded, at(1000)), Some(Duration::from_secs(1000)));
        for opaque in ["", "opaque", "..", "a.b", "a.!.c", "a.e30.c"] {
            assert_eq!(lifetime(opaque, at(1000)), None, "{opaque}");
        }
    }

    #[test]
    fn a_count_comes_in_any_type() {
        let said = |body: &str| {
            let exchange = crate::transport::answered(StatusCode::OK, body.as_bytes()).unwrap();
            said(&exchange.answer, &"secret".into()).remaining_attempts
        };
        for (written, read) in [
            ("10", Some(10)),
            ("\"3\"", Some(3)),
            ("\" 0 \"", Some(0)),
            ("null", None),
            ("\"\"", None),
            ("\"many\"", None),
            ("-1", None),
            ("1.5", None),
            ("99999999999", None),
            ("{}", None),
            ("true", None),
        ] {
            for (response, name) in
                [("response", "availableLoginAttemptCount"), ("Response", "AvailableLoginAttemptCount")]
            {
                let body = format!(r#"{{"{response}": {{"{name}": {written}}}}}"#);
                assert_eq!(said(&body), read, "{body}");
            }
        }
    }
}
