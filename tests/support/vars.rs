//! What the tests of the vendor's variables share.

use std::ffi::OsString;

use clm::ConfigurationError;
use clm::keyfactor::{Client, ClientBuilder, Error};

use crate::support::texts;

pub const HOST: (&str, &str) = ("KEYFACTOR_HOSTNAME", "command.example.com");
pub const TOKEN: (&str, &str) = ("KEYFACTOR_AUTH_ACCESS_TOKEN", "hunter2");
pub const USER: (&str, &str) = ("KEYFACTOR_USERNAME", "svc-clm");
pub const PASSWORD: (&str, &str) = ("KEYFACTOR_PASSWORD", "hunter2 ü");
pub const ID: (&str, &str) = ("KEYFACTOR_AUTH_CLIENT_ID", "clm");
pub const SECRET: (&str, &str) = ("KEYFACTOR_AUTH_CLIENT_SECRET", "hunter2 &");
pub const TOKEN_URL: (&str, &str) = ("KEYFACTOR_AUTH_TOKEN_URL", "https://idp.example.com/token");

pub type Variables<'a> = &'a [(&'a str, &'a str)];

/// The last of two values of a variable counts.
pub fn builder(variables: Variables<'_>) -> Result<ClientBuilder, Error> {
    ClientBuilder::from_vars(|name| {
        variables.iter().rfind(|(it, _)| *it == name).map(|(_, value)| OsString::from(value))
    })
}

pub fn client(variables: Variables<'_>) -> Result<Client, Error> {
    builder(variables)?.build()
}

/// The refusal, which must show no value.
pub fn refused(variables: Variables<'_>) -> ConfigurationError {
    let error = client(variables).expect_err(&format!("{variables:?}"));
    let shown = format!("{} {error:?} {error:#?}", texts(&error));
    for (_, value) in variables.iter().filter(|(_, value)| value.len() > 6) {
        assert!(!shown.contains(value), "{value} in {shown}");
    }
    assert!(!shown.contains("hunter2"), "{shown}");
    let Error::Configuration(error) = error else { panic!("{error:?}") };
    *error
}

pub fn assert_refused(variables: Variables<'_>, setting: &str, problem: &str) {
    let error = refused(variables);
    assert_eq!((error.setting(), error.problem()), (setting, problem), "{variables:?}");
}
