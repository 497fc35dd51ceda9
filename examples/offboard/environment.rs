//! The servers and every secret: from the environment alone, since arguments show in lists of processes.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clm::{appviewx, keyfactor};

use crate::config::Problem;

/// Everything that is read of `KEYFACTOR_*`.
pub(crate) fn keyfactor_client(variables: &mut Variables) -> Result<keyfactor::Client, Problem> {
    let host = variables.required("KEYFACTOR_HOSTNAME")?;
    if host.contains(['/', ':', '@']) {
        return Err("KEYFACTOR_HOSTNAME is a host name alone, without https:// and port".to_owned());
    }
    let port = variables.take("KEYFACTOR_PORT").map(|port| format!(":{port}")).unwrap_or_default();
    let path = variables.take("KEYFACTOR_API_PATH").unwrap_or_default();
    let server = format!("https://{host}{port}/{}", path.trim_matches('/'));
    let credentials = if let Some(token) = variables.take("KEYFACTOR_AUTH_ACCESS_TOKEN") {
        keyfactor::Credentials::bearer(token)
    } else {
        let user = variables.required("KEYFACTOR_USERNAME")?;
        let password = variables.required("KEYFACTOR_PASSWORD")?;
        let domain = variables.take("KEYFACTOR_DOMAIN").map(|domain| format!(r"{domain}\")).unwrap_or_default();
        keyfactor::Credentials::basic(format!("{domain}{user}"), password)
    };
    let client = keyfactor::Client::builder(&server).credentials(credentials).build();
    client.map_err(|error| error.to_string())
}

/// Everything that is read of `APPVIEWX_*`.
pub(crate) fn appviewx_client(variables: &mut Variables) -> Result<appviewx::Client, Problem> {
    let server = variables.required("APPVIEWX_URL")?;
    let credentials = if let Some(session_id) = variables.take("APPVIEWX_SESSION_ID") {
        appviewx::Credentials::session_id(session_id)
    } else {
        let user = variables.required("APPVIEWX_USERNAME")?;
        appviewx::Credentials::password_headers(user, variables.required("APPVIEWX_PASSWORD")?)
    };
    let client = appviewx::Client::builder(&server).credentials(credentials).build();
    client.map_err(|error| error.to_string())
}

/// The variables of both vendors that are set. What is left in the end was not understood.
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    pub(crate) fn of(variables: impl Iterator<Item = (String, OsString)>) -> Result<Self, Problem> {
        variables
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
            Some((name, _)) => Err(format!("{name} is set, but this program does not use it; unset it to go on")),
            None => Ok(()),
        }
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name).filter(|value| !value.is_empty())
    }

    fn required(&mut self, name: &str) -> Result<String, Problem> {
        self.take(name).ok_or_else(|| format!("{name} is not set"))
    }
}
