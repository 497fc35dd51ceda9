//! Variables that other tools for Keyfactor Command read, and this crate does not.

use std::ffi::OsString;

/// A variable that has no effect here.
struct Ignored {
    name: &'static str,
    /// One of these does the same, so there is nothing to warn of if it is set.
    replaced_by: &'static [&'static str],
    instead: &'static str,
}

const CREDENTIALS: &[&str] =
    &["KEYFACTOR_USERNAME", "KEYFACTOR_AUTH_CLIENT_ID", "KEYFACTOR_AUTH_ACCESS_TOKEN", "KEYFACTOR_AUTH_CONFIG_FILE"];
const FETCHED: &str = "the secret, fetched by the program and passed to `from_vars`";

const IGNORED: &[Ignored] = &[
    Ignored { name: "AZURE_KEYVAULT_NAME", replaced_by: CREDENTIALS, instead: FETCHED },
    Ignored { name: "AZURE_SECRET_NAME", replaced_by: CREDENTIALS, instead: FETCHED },
    same("KEYFACTOR_TIMEOUT", &["KEYFACTOR_CLIENT_TIMEOUT"]),
    same("KEYFACTOR_CLIENT_ID", &["KEYFACTOR_AUTH_CLIENT_ID"]),
    same("KEYFACTOR_CLIENT_SECRET", &["KEYFACTOR_AUTH_CLIENT_SECRET"]),
    same("KEYFACTOR_CA_CERTIFICATE_PATH", &["KEYFACTOR_CA_CERT"]),
    Ignored { name: "KEYFACTOR_APPKEY", replaced_by: &[], instead: "basic authentication or OAuth" },
    same("KEYFACTOR_CONFIG", &["KEYFACTOR_AUTH_CONFIG_FILE"]),
    same("KEYFACTOR_URLBASE", &["KEYFACTOR_API_PATH"]),
    Ignored {
        name: "KEYFACTOR_TOKEN",
        replaced_by: &["KEYFACTOR_USERNAME"],
        instead: "KEYFACTOR_USERNAME and KEYFACTOR_PASSWORD",
    },
    same("COMMAND_IDP_TOKENURL", &["KEYFACTOR_AUTH_TOKEN_URL"]),
    same("COMMAND_IDP_CLIENTID", &["KEYFACTOR_AUTH_CLIENT_ID"]),
    same("COMMAND_IDP_CLIENTSECRET", &["KEYFACTOR_AUTH_CLIENT_SECRET"]),
];

/// A variable that has another name here.
const fn same(name: &'static str, replaced_by: &'static [&'static str; 1]) -> Ignored {
    let [instead] = replaced_by;
    Ignored { name, replaced_by, instead }
}

/// Warns of variables that are set and have no effect. No value is logged.
pub(super) fn warn_of_ignored_variables(variable: impl Fn(&str) -> Option<OsString>) {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    for Ignored { name, replaced_by, instead } in IGNORED {
        if is_set(name) && !replaced_by.iter().copied().any(is_set) {
            tracing::warn!(variable = name, instead, "this environment variable of another tool is ignored");
        }
    }
}
