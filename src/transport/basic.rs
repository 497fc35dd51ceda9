//! Basic authorisation.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

/// Name and secret in one text, as Basic authentication has them, in every alphabet and with and without padding. It is as
/// secret as the secret.
pub(crate) fn base64_of_pair(user: &str, secret: &SecretString) -> Vec<SecretString> {
    let pair = format!("{user}:{}", secret.expose_secret());
    [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|engine| engine.encode(&pair).into()).into()
}

/// The value of an `Authorization` header, or what is wrong, which never repeats the secret.
pub(crate) fn basic_authorization(user: &str, secret: &SecretString) -> Result<HeaderValue, &'static str> {
    let secret = secret.expose_secret();
    if user.trim().is_empty() || secret.is_empty() {
        return Err("name and secret must not be empty");
    }
    if user.contains(':') {
        return Err("the name must not contain a colon, which Basic authentication cannot transmit");
    }
    if user.chars().chain(secret.chars()).any(char::is_control) {
        return Err("name and secret must not contain control characters (for example a line end from a file)");
    }
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(format!("{user}:{secret}"))))
        .map_err(|_| "must not contain characters that are not allowed in a header")?;
    value.set_sensitive(true);
    Ok(value)
}
