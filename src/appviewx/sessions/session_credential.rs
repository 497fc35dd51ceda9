//! How the answers to logins and token requests are read.

use http::HeaderValue;
use serde_json::Value;

use crate::appviewx::short_envelope::ShortEnvelope;
use crate::transport::{Answer, ProviderSaid};

/// Servers take much less in a header; beyond it, an answer is a mistake.
const LONGEST_CREDENTIAL: usize = 64 * 1024;

/// A session id or a token as a header that arrives as it was given.
pub(super) fn credential_header(credential: &str) -> Option<HeaderValue> {
    if credential.len() > LONGEST_CREDENTIAL || !credential.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let mut value = HeaderValue::from_str(credential).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What an answer says about a login or a token request that failed.
pub(super) fn provider_answer(answer: &Answer) -> ProviderSaid {
    let Ok(envelope) = ShortEnvelope::read(answer.body.as_str()) else {
        // What came with a 2xx, and is no envelope, may be a credential itself.
        let message = if answer.status.is_success() { None } else { answer.said_as_text() };
        return ProviderSaid { message, ..ProviderSaid::default() };
    };
    let inner = |name| envelope.inner_text(name).map(str::to_owned);
    let message =
        inner("statusDescription").or_else(|| envelope.message().map(str::to_owned)).or_else(|| inner("message"));
    let code = inner("appStatusCode").or_else(|| envelope.code());
    ProviderSaid {
        code: code.map(|code| answer.said(&code)),
        message: message.map(|message| answer.said(&message)),
        remaining_attempts: envelope.inner("availableLoginAttemptCount").and_then(count),
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
    use http::StatusCode;

    #[test]
    fn a_count_comes_in_any_type() {
        let told = |body: &str| {
            let exchange = crate::transport::answered(StatusCode::OK, body.as_bytes()).unwrap();
            provider_answer(&exchange.answer).remaining_attempts
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
                assert_eq!(told(&body), read, "{body}");
            }
        }
    }
}
