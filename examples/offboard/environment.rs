//! Servers and secrets come only from environment variables, because process listings show arguments.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clm::appviewx::CommentRule;
use clm::{appviewx, keyfactor};

use crate::appviewx::Session;
use crate::config::{Problem, texts};

const CA_CERT: &str = "APPVIEWX_CA_CERT";

/// Builds the client from the `KEYFACTOR_*` variables that the crate reads. No other one may be set.
pub(crate) fn keyfactor_client(variables: &mut Variables) -> Result<keyfactor::Client, Problem> {
    let asked = RefCell::new(Vec::new());
    let read = |name: &str| {
        asked.borrow_mut().push(name.to_owned());
        variables.0.get(name).map(OsString::from)
    };
    let client = keyfactor::ClientBuilder::from_vars(read).and_then(keyfactor::ClientBuilder::build);
    let client = client.map_err(|error| whole(&error))?;
    for name in asked.into_inner() {
        variables.take(&name);
    }
    Ok(client)
}

/// Builds the client from the `APPVIEWX_*` variables. One kind of credentials must be complete, and no other may be set.
pub(crate) fn appviewx_client(
    variables: &mut Variables,
    comment_rule: CommentRule,
) -> Result<(appviewx::Client, Session), Problem> {
    let server = variables.required("APPVIEWX_URL")?;
    let kinds: [&[&str]; 3] = [
        &["APPVIEWX_USERNAME", "APPVIEWX_PASSWORD"],
        &["APPVIEWX_CLIENT_ID", "APPVIEWX_CLIENT_SECRET"],
        &["APPVIEWX_SESSION_ID"],
    ];
    let set: Vec<&str> =
        kinds.iter().filter_map(|kind| kind.iter().copied().find(|name| variables.has(name))).collect();
    if let [first, second, ..] = set[..] {
        return Err(format!("{first} and {second} are both set, but belong to different kinds of credentials"));
    }
    let (credentials, session) = if let Some(session_id) = variables.take("APPVIEWX_SESSION_ID") {
        (appviewx::Credentials::session_id(session_id), Session::NotOwn)
    } else if variables.has("APPVIEWX_CLIENT_ID") || variables.has("APPVIEWX_CLIENT_SECRET") {
        let id = variables.required("APPVIEWX_CLIENT_ID")?;
        (appviewx::Credentials::service_account(id, variables.required("APPVIEWX_CLIENT_SECRET")?), Session::NotOwn)
    } else {
        let user = variables.required("APPVIEWX_USERNAME")?;
        (appviewx::Credentials::login(user, variables.required("APPVIEWX_PASSWORD")?), Session::Own)
    };
    let mut builder = appviewx::Client::builder(&server).credentials(credentials).comment_rule(comment_rule);
    if let Some(key) = variables.take("APPVIEWX_GWKEY") {
        builder = builder.tenant_key(key);
    }
    if let Some(roots) = variables.take(CA_CERT) {
        builder = builder.add_root_certificate(certificates(roots)?);
    }
    match builder.build() {
        Ok(client) => Ok((client, session)),
        Err(appviewx::Error::Configuration(error)) => Err(match error.setting() {
            "base_url" => format!("APPVIEWX_URL: {}", error.problem()),
            "add_root_certificate" => format!("{CA_CERT}: {}", error.problem()),
            _ => whole(&error),
        }),
        Err(error) => Err(whole(&error)),
    }
}

/// PEM text, or the content of the file that the value names.
fn certificates(given: String) -> Result<String, Problem> {
    if given.contains("-----BEGIN") {
        return Ok(given);
    }
    texts::of_file(Path::new(&given))
        .map_err(|_| format!("{CA_CERT}: the value is neither PEM text nor the path of a readable file"))
}

/// An error with its sources.
fn whole(error: &dyn std::error::Error) -> Problem {
    match error.source() {
        Some(cause) => format!("{error}: {}", whole(cause)),
        None => error.to_string(),
    }
}

/// The variables of both vendors that are set. Those that remain at the end are not supported.
pub(crate) struct Variables(BTreeMap<String, String>);

/// How a system compares the names of variables.
#[derive(Clone, Copy)]
enum Names {
    AsWritten,
    /// As Windows does.
    InAnyCase,
}

impl Names {
    const HERE: Self = if cfg!(windows) { Self::InAnyCase } else { Self::AsWritten };

    fn name(self, name: String) -> String {
        match self {
            Self::AsWritten => name,
            Self::InAnyCase => name.to_ascii_uppercase(),
        }
    }
}

impl Variables {
    pub(crate) fn of(variables: impl Iterator<Item = (String, OsString)>) -> Result<Self, Problem> {
        Self::compared(Names::HERE, variables)
    }

    fn compared(names: Names, variables: impl Iterator<Item = (String, OsString)>) -> Result<Self, Problem> {
        variables
            .map(|(name, value)| (names.name(name), value))
            .filter(|(name, _)| name.starts_with("KEYFACTOR_") || name.starts_with("APPVIEWX_"))
            .map(|(name, value)| match value.into_string() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(format!("{name} is not valid Unicode")),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn any(&self, prefix: &str) -> bool {
        self.0.keys().any(|name| name.starts_with(prefix))
    }

    pub(crate) fn all_used(&self) -> Result<(), Problem> {
        match self.0.iter().find(|(_, value)| !value.is_empty()) {
            Some((name, _)) => Err(format!("{name} is set, but offboard does not support it; unset it to proceed")),
            None => Ok(()),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_empty())
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    fn required(&mut self, name: &str) -> Result<String, Problem> {
        self.take(name).ok_or_else(|| format!("{name} is not set"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_case_of_a_name_counts_where_the_system_says_so() {
        let found = |names| {
            let variables = [("Keyfactor_Hostname", "a"), ("APPVIEWX_URL", "b"), ("Path", "c")];
            let variables = variables.map(|(name, value)| (name.to_owned(), OsString::from(value)));
            Variables::compared(names, variables.into_iter()).unwrap().0.into_keys().collect::<Vec<_>>()
        };
        assert_eq!(found(Names::AsWritten), ["APPVIEWX_URL"]);
        assert_eq!(found(Names::InAnyCase), ["APPVIEWX_URL", "KEYFACTOR_HOSTNAME"]);
    }
}
