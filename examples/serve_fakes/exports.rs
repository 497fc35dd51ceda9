//! Variables as shell commands.

use std::fmt;

use crate::commands::Fakes;

pub(crate) const HOST: &str = "127.0.0.1";

/// The addresses of the fakes.
pub(crate) struct Places {
    pub(crate) keyfactor_port: u16,
    pub(crate) appviewx_url: String,
    /// If set, programs sign in with OAuth instead of a password.
    pub(crate) token_url: Option<String>,
    /// The file with the authority's certificate; `None` for plain http.
    pub(crate) authority: Option<String>,
}

/// The variables as shell commands, followed by `# ready`.
pub(crate) fn exports(variables: &[(&str, String)]) -> String {
    let lines = variables.iter().map(|(name, value)| Export(name, value).to_string());
    lines.chain(["# ready".to_owned()]).collect::<Vec<_>>().join("\n")
}

/// The variables of the vendors' own tools.
pub(crate) fn variables(fakes: &Fakes, places: &Places) -> Vec<(&'static str, String)> {
    let (command, gateway) = (&fakes.keyfactor, &fakes.appviewx);
    let scheme = if places.authority.is_some() { "" } else { "http://" };
    let mut variables = vec![
        ("KEYFACTOR_HOSTNAME", format!("{scheme}{HOST}")),
        ("KEYFACTOR_PORT", places.keyfactor_port.to_string()),
        ("KEYFACTOR_API_PATH", "KeyfactorAPI".to_owned()),
    ];
    if let Some(authority) = &places.authority {
        variables.push(("KEYFACTOR_CA_CERT", authority.clone()));
    }
    match &places.token_url {
        None => variables.extend([
            ("KEYFACTOR_USERNAME", command.user().to_owned()),
            ("KEYFACTOR_PASSWORD", command.password().to_owned()),
        ]),
        Some(token_url) => {
            let provider = command.identity_provider();
            variables.extend([
                ("KEYFACTOR_AUTH_TOKEN_URL", token_url.clone()),
                ("KEYFACTOR_AUTH_CLIENT_ID", provider.client_id().to_owned()),
                ("KEYFACTOR_AUTH_CLIENT_SECRET", provider.client_secret()),
            ]);
            variables.extend(places.authority.iter().map(|it| ("KEYFACTOR_AUTH_CA_CERT", it.clone())));
        }
    }
    variables.extend([
        ("APPVIEWX_URL", places.appviewx_url.clone()),
        ("APPVIEWX_USERNAME", gateway.user().to_owned()),
        ("APPVIEWX_PASSWORD", gateway.password()),
    ]);
    variables.extend(places.authority.iter().map(|it| ("APPVIEWX_CA_CERT", it.clone())));
    variables
}

/// `export NAME='value'`, quoted for any value.
struct Export<'a>(&'a str, &'a str);

impl fmt::Display for Export<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, value) = self;
        // Between single quotes, only a single quote is special in a POSIX shell.
        write!(f, "export {name}='{}'", value.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::Export;

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_what_was_written() {
        for value in
            ["", r"EXAMPLE\svc-clm", "it's", "'", "''\\''", "a b\tc\nd", "$HOME `id` $(id) \\ \"x\" !! *", "-n", "ü€"]
        {
            let script = format!("{}\nprintf %s \"$CLM_VALUE\"", Export("CLM_VALUE", value));
            let said = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            assert!(said.status.success(), "{script}");
            assert_eq!(String::from_utf8(said.stdout).unwrap(), value, "{script}");
        }
    }

    #[test]
    fn every_value_is_quoted() {
        assert_eq!(Export("A", "b").to_string(), "export A='b'");
        assert_eq!(Export("A", "b'c").to_string(), r"export A='b'\''c'");
    }
}
