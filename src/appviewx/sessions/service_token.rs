//! `POST /acctmgmt-get-service-token`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::login_endpoint::LoginEndpoint;
use super::session_credential::{credential_header, provider_answer};
use crate::appviewx::short_envelope::{ShortEnvelope, Verdict};
use crate::transport::{Effect, NewCredential, NoCredential, Path, Renew};

const TOKEN: HeaderName = HeaderName::from_static("token");

const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

/// Gets tokens for a service account.
pub(in crate::appviewx) struct ServiceToken {
    pub(in crate::appviewx) endpoint: Arc<LoginEndpoint>,
    /// `Authorization`. No other call carries it.
    pub(in crate::appviewx) headers: HeaderMap,
}

impl Renew for ServiceToken {
    fn renew(&self) -> Pin<Box<dyn Future<Output = Result<NewCredential, NoCredential>> + Send + '_>> {
        Box::pin(self.fetch())
    }
}

impl ServiceToken {
    async fn fetch(&self) -> Result<NewCredential, NoCredential> {
        let path = Path::fixed("acctmgmt-get-service-token");
        // A second token does no harm.
        let mut call = LoginEndpoint::call("appviewx.service_token", Effect::Read, path);
        call.headers = self.headers.clone();
        call.headers.insert(CONTENT_TYPE, FORM);
        call.body = Bytes::from_static(b"grant_type=client_credentials");
        let exchange = self
            .endpoint
            .transport
            .execute(call)
            .await
            .map_err(|failure| failure.into_no_credential("the token request failed", provider_answer))?;
        let envelope = match ShortEnvelope::read(exchange.answer.body.as_str()) {
            Ok(envelope) => envelope,
            Err(cause) => {
                let failure = exchange.unreadable_read(cause);
                return Err(failure.into_no_credential("the token response cannot be read", provider_answer));
            }
        };
        let token = match envelope.response() {
            _ if !matches!(envelope.verdict(), Verdict::Success) => Err("the token request failed"),
            Some(Value::String(token)) if !token.trim().is_empty() => credential_header(token)
                .map(|value| (value, lifetime(token, SystemTime::now())))
                .ok_or("the token response contains a token that is not a valid header value"),
            Some(Value::String(_)) => Err("the token response contains no token"),
            None if !envelope.has_response() => Err("the token response contains no token"),
            _ => Err("the token response contains a token that is not a string"),
        };
        match token {
            Ok((token, lifetime)) => Ok(NewCredential { headers: HeaderMap::from_iter([(TOKEN, token)]), lifetime }),
            Err(what) => Err(exchange.refused().into_no_credential(what, provider_answer)),
        }
    }
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
}
