//! The values of arguments.

use std::ffi::OsString;
use std::time::Duration;

use clm::appviewx::CertificateCategory;
use clm::keyfactor::{CertificateLocation, CertificateStoreId};

/// The expected number for one server, or for Keyfactor Command and AppViewX CERT+.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Expectation {
    pub(super) first: usize,
    pub(super) second: Option<usize>,
}

/// Errors do not contain the value, because it may be a secret.
pub(super) fn job_field(text: OsString) -> Result<(String, String), String> {
    let text = text.into_string().map_err(|_| "the job field is not valid Unicode")?;
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

pub(super) fn location(text: &str) -> Result<CertificateLocation, String> {
    let (store, alias) = text.split_once('=').ok_or("expected STORE=ALIAS")?;
    let store: CertificateStoreId = store.parse().map_err(|error| format!("the store: {error}"))?;
    Ok(CertificateLocation::new(store, alias))
}

/// `2`, or `2+3` for both sides.
pub(super) fn expectation(text: &str) -> Result<Expectation, String> {
    let number = |text: &str| text.parse().map_err(|_| "expected a number such as 2, or two such as 2+3".to_owned());
    let (first, second) = match text.split_once('+') {
        Some((first, second)) => (first, Some(second)),
        None => (text, None),
    };
    Ok(Expectation { first: number(first)?, second: second.map(number).transpose()? })
}

pub(super) fn category(name: &str) -> Result<CertificateCategory, String> {
    match name {
        "server" => Ok(CertificateCategory::Server),
        "client" => Ok(CertificateCategory::Client),
        "code-signing" => Ok(CertificateCategory::CodeSigning),
        _ => Err("expected server, client or code-signing".to_owned()),
    }
}

/// At most thirty days.
pub(super) fn minutes(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(minutes @ 1..=43_200) => Ok(Duration::from_secs(minutes * 60)),
        _ => Err("expected a number of minutes from 1 to 43200".to_owned()),
    }
}
