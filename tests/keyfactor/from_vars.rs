//! The variables of the vendor's own tools: what each sets, and that nothing wrong is passed over in silence.

use std::ffi::OsString;

use crate::support::capture;
use crate::support::tls::{Authority, in_a_process_of_its_own, is_the_child};
use crate::support::vars::{
    HOST, ID, PASSWORD, SECRET, TOKEN, TOKEN_URL, USER, assert_refused, builder, client, refused,
};
use clm::keyfactor::{ClientBuilder, Error};

#[test]
fn host_port_and_path_are_the_base_url() {
    for (variables, expected) in [
        (&[][..], "https://command.example.com/KeyfactorAPI"),
        (&[("KEYFACTOR_PORT", "443")], "https://command.example.com/KeyfactorAPI"),
        (&[("KEYFACTOR_PORT", "8443")], "https://command.example.com:8443/KeyfactorAPI"),
        (&[("KEYFACTOR_PORT", ""), ("KEYFACTOR_API_PATH", "")], "https://command.example.com/KeyfactorAPI"),
        (&[("KEYFACTOR_API_PATH", "/Keyfactor/API//")], "https://command.example.com/Keyfactor/API"),
        (&[("KEYFACTOR_API_PATH", "keyfactorapi")], "https://command.example.com/keyfactorapi"),
        (&[("KEYFACTOR_HOSTNAME", "10.0.0.1")], "https://10.0.0.1/KeyfactorAPI"),
        (&[("KEYFACTOR_HOSTNAME", "[2001:db8::1]")], "https://[2001:db8::1]/KeyfactorAPI"),
        (&[("KEYFACTOR_HOSTNAME", "COMMAND")], "https://command/KeyfactorAPI"),
        (&[("KEYFACTOR_HOSTNAME", "https://command.example.com")], "https://command.example.com/KeyfactorAPI"),
        (&[("KEYFACTOR_HOSTNAME", "HTTPS://command.example.com//")], "https://command.example.com/KeyfactorAPI"),
        (&[("KEYFACTOR_HOSTNAME", "https://[2001:db8::1]/")], "https://[2001:db8::1]/KeyfactorAPI"),
        (
            &[("KEYFACTOR_HOSTNAME", "https://10.0.0.1"), ("KEYFACTOR_PORT", "8443")],
            "https://10.0.0.1:8443/KeyfactorAPI",
        ),
        (&[("KEYFACTOR_HOSTNAME", "https://localhost")], "https://localhost/KeyfactorAPI"),
    ] {
        let variables = [&[HOST, TOKEN], variables].concat();
        assert_eq!(client(&variables).unwrap().base_url().as_str(), expected, "{variables:?}");
    }
}

#[test]
fn a_host_that_is_more_than_a_host_is_refused() {
    let path = "must be only a host name; set the path with KEYFACTOR_API_PATH";
    let port = "must be only a host name; set the port with KEYFACTOR_PORT (write an IPv6 address in brackets)";
    let none = "must be a valid host name";
    let scheme = "must be a host name, optionally after `https://`";
    for (host, problem) in [
        ("https://command.example.com/KeyfactorAPI", path),
        ("https:///command.example.com", path),
        ("https://", none),
        ("https://https://command.example.com", "must not have two schemes"),
        ("https://https", "has `http` or `https` as its host (possibly the scheme is given twice)"),
        ("https://command.example.com:8443", port),
        ("https://svc@command.example.com", none),
        ("https:command.example.com", port),
        ("ftp://command.example.com", scheme),
        ("://command.example.com", scheme),
        (" https://command.example.com", scheme),
        ("command.example.com/KeyfactorAPI", path),
        ("command.example.com/", path),
        (r"command\example", path),
        ("command.example.com?a=b", path),
        ("command.example.com#a", path),
        ("command.example.com:443", port),
        ("2001:db8::1", port),
        ("[2001:db8::1]:443", port),
        ("svc@command.example.com", none),
        ("command.%65xample.com", none),
        ("command example.com", none),
        (" command.example.com", none),
        ("command..<example>", none),
        ("[2001:db8::zz]", none),
        ("https", "has `http` or `https` as its host (possibly the scheme is given twice)"),
        ("command.example.com\n", "must not contain control characters (for example a line end from a file)"),
        (" ", "must not be blank; leave it unset or empty if it is not needed"),
        ("", "must be set to the host name of the Keyfactor Command server"),
    ] {
        assert_refused(&[TOKEN, ("KEYFACTOR_HOSTNAME", host)], "KEYFACTOR_HOSTNAME", problem);
    }
    assert_refused(&[TOKEN], "KEYFACTOR_HOSTNAME", "must be set to the host name of the Keyfactor Command server");
}

#[test]
fn plain_http_is_for_loopback_only() {
    let port = ("KEYFACTOR_PORT", "8080");
    for (host, expected) in [
        ("http://localhost", "http://localhost:8080/KeyfactorAPI"),
        ("http://LOCALHOST/", "http://localhost:8080/KeyfactorAPI"),
        ("http://127.0.0.1", "http://127.0.0.1:8080/KeyfactorAPI"),
        ("HTTP://127.1.2.3", "http://127.1.2.3:8080/KeyfactorAPI"),
        ("http://[::1]/", "http://[::1]:8080/KeyfactorAPI"),
    ] {
        let client = client(&[TOKEN, port, ("KEYFACTOR_HOSTNAME", host)]).unwrap();
        assert_eq!(client.base_url().as_str(), expected, "{host}");
    }
    let default = client(&[TOKEN, ("KEYFACTOR_HOSTNAME", "http://localhost")]).unwrap();
    assert_eq!(default.base_url().port_or_known_default(), Some(80));

    let plain = "plain http would send credentials unencrypted and is only allowed for a loopback host; use `https://`";
    for host in [
        "http://command.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://[2001:db8::1]",
        "http://0.0.0.0",
    ] {
        assert_refused(&[TOKEN, port, ("KEYFACTOR_HOSTNAME", host)], "KEYFACTOR_HOSTNAME", plain);
    }
    for (host, problem) in [
        ("http://", "must be a valid host name"),
        ("http://svc@localhost", "must be a valid host name"),
        ("http://localhost@command.example.com", "must be a valid host name"),
        (r"http://localhost\@command.example.com", "must be only a host name; set the path with KEYFACTOR_API_PATH"),
        ("http://localhost/api", "must be only a host name; set the path with KEYFACTOR_API_PATH"),
    ] {
        assert_refused(&[TOKEN, port, ("KEYFACTOR_HOSTNAME", host)], "KEYFACTOR_HOSTNAME", problem);
    }
}

#[test]
fn numbers_and_paths_that_cannot_be_are_refused() {
    let port = "must be a number from 1 to 65535";
    let seconds = "must be a duration from one second to 24 hours: a number of seconds (`60`), or numbers with units \
                   (`60s`, `2m`, `1m30s`, `1h`, `1500ms`)";
    let path = "must be only a path, for example `KeyfactorAPI`";
    for (name, value, problem) in [
        ("KEYFACTOR_PORT", "0", port),
        ("KEYFACTOR_PORT", "65536", port),
        ("KEYFACTOR_PORT", "-1", port),
        ("KEYFACTOR_PORT", "+443", port),
        ("KEYFACTOR_PORT", "https", port),
        ("KEYFACTOR_PORT", "99999999999999999999", port),
        ("KEYFACTOR_CLIENT_TIMEOUT", "0", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "86401", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "60 seconds", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "s", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "1m30", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "-60s", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "999ms", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "25h", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "99999999999999999999h", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "18446744073709551615h", seconds),
        ("KEYFACTOR_CLIENT_TIMEOUT", "1.5", seconds),
        ("KEYFACTOR_API_PATH", "/", "must name a path; leave it unset for `KeyfactorAPI`"),
        ("KEYFACTOR_API_PATH", "a/../b", path),
        ("KEYFACTOR_API_PATH", "a/%2e%2e/b", path),
        ("KEYFACTOR_API_PATH", "a?b=c", path),
        ("KEYFACTOR_API_PATH", "a#b", path),
        ("KEYFACTOR_API_PATH", "a//b", "must not contain an empty path segment"),
        ("KEYFACTOR_API_PATH", r"a\b", "backslash"),
    ] {
        assert_refused(&[HOST, TOKEN, (name, value)], name, problem);
    }
}

#[test]
fn where_the_client_secret_stands_can_be_said() {
    for (given, shown) in [
        ("header", "secret_in: Only(Header)"),
        ("Form", "secret_in: Only(Form)"),
        ("either", "secret_in: HeaderThenForm"),
        ("", "secret_in: HeaderThenForm"),
    ] {
        let builder = builder(&[HOST, ID, SECRET, TOKEN_URL, ("KEYFACTOR_AUTH_CLIENT_SECRET_IN", given)]).unwrap();
        assert!(format!("{builder:?}").contains(shown), "{given}: {builder:?}");
    }
    let variables = [HOST, ID, SECRET, TOKEN_URL, ("KEYFACTOR_AUTH_CLIENT_SECRET_IN", "hunter2")];
    let problem = "must be `header`, `form` or `either` (the header first, then the form)";
    assert_refused(&variables, "KEYFACTOR_AUTH_CLIENT_SECRET_IN", problem);
}

#[test]
fn a_timeout_may_have_units() {
    for (given, read) in [
        ("60", "60s"),
        ("60s", "60s"),
        ("1m", "60s"),
        ("1m30s", "90s"),
        ("2h", "7200s"),
        ("1500ms", "1.5s"),
        ("60 s", "60s"),
    ] {
        let builder = builder(&[HOST, TOKEN, ("KEYFACTOR_CLIENT_TIMEOUT", given)]).unwrap();
        let shown = format!("{builder:?}");
        assert!(shown.contains(&format!("read_timeout: {read},")), "{given}: {shown}");
    }
}

#[test]
fn a_timeout_lengthens_a_change_and_never_shortens_it() {
    for (seconds, limits) in [
        (
            "5",
            "connect_timeout: 2.5s, read_timeout: 5s, read_budget: 120s, change_timeout: 300s, between_bytes_timeout: 60s",
        ),
        (
            "60",
            "connect_timeout: 10s, read_timeout: 60s, read_budget: 120s, change_timeout: 300s, between_bytes_timeout: 60s",
        ),
        (
            "600",
            "connect_timeout: 10s, read_timeout: 600s, read_budget: 1200s, change_timeout: 600s, between_bytes_timeout: 600s",
        ),
        (
            "1",
            "connect_timeout: 500ms, read_timeout: 1s, read_budget: 120s, change_timeout: 300s, between_bytes_timeout: 60s",
        ),
    ] {
        let builder = builder(&[HOST, TOKEN, ("KEYFACTOR_CLIENT_TIMEOUT", seconds)]).unwrap();
        assert!(format!("{builder:?}").contains(limits), "{seconds}: {builder:?}");
        builder.build().unwrap();
    }
}

#[test]
fn skip_verify_is_the_danger_option_with_its_warning_or_nothing() {
    for (value, danger) in [
        ("true", true),
        ("TRUE", true),
        ("1", true),
        ("yes", true),
        ("on", true),
        ("false", false),
        ("0", false),
        ("No", false),
        ("off", false),
        ("", false),
    ] {
        capture::start();
        client(&[HOST, TOKEN, ("KEYFACTOR_SKIP_VERIFY", value)]).unwrap();
        let warnings = capture::warnings();
        assert_eq!(warnings.len(), usize::from(danger), "{value}: {warnings:?}");
        assert!(warnings.iter().all(|event| event.message().starts_with("danger_accept_invalid_certs: ")));
    }
    for value in ["ture", "2", "-1", "y", "enabled", "true,"] {
        let problem = "must be true, 1, yes, on, false, 0, no or off";
        assert_refused(&[HOST, TOKEN, ("KEYFACTOR_SKIP_VERIFY", value)], "KEYFACTOR_SKIP_VERIFY", problem);
    }
}

#[test]
fn half_a_kind_of_credentials_names_what_is_missing() {
    let basic = "must be set: Basic authentication requires a user name and a password";
    let oauth = "must be set: OAuth requires a client id, a client secret and a token URL";
    for (variables, missing, problem) in [
        (&[USER][..], "KEYFACTOR_PASSWORD", basic),
        (&[USER, ("KEYFACTOR_PASSWORD", "")], "KEYFACTOR_PASSWORD", basic),
        (&[PASSWORD], "KEYFACTOR_USERNAME", basic),
        (&[("KEYFACTOR_DOMAIN", "EXAMPLE")], "KEYFACTOR_USERNAME", basic),
        (&[ID], "KEYFACTOR_AUTH_CLIENT_SECRET", oauth),
        (&[SECRET], "KEYFACTOR_AUTH_CLIENT_ID", oauth),
        (&[TOKEN_URL], "KEYFACTOR_AUTH_CLIENT_ID", oauth),
        (&[ID, SECRET], "KEYFACTOR_AUTH_TOKEN_URL", oauth),
        (&[ID, SECRET, ("KEYFACTOR_AUTH_TOKEN_URL", "")], "KEYFACTOR_AUTH_TOKEN_URL", oauth),
        (&[("KEYFACTOR_AUTH_SCOPES", "a")], "KEYFACTOR_AUTH_CLIENT_ID", oauth),
    ] {
        assert_refused(&[&[HOST], variables].concat(), missing, problem);
    }
    assert_refused(
        &[HOST],
        "KEYFACTOR_USERNAME",
        "no credentials are set: set this one, KEYFACTOR_AUTH_CLIENT_ID or KEYFACTOR_AUTH_ACCESS_TOKEN",
    );
}

#[test]
fn two_kinds_of_credentials_contradict_each_other() {
    for (variables, second, first) in [
        (&[USER, PASSWORD, TOKEN][..], "KEYFACTOR_AUTH_ACCESS_TOKEN", "KEYFACTOR_USERNAME"),
        (&[PASSWORD, TOKEN], "KEYFACTOR_AUTH_ACCESS_TOKEN", "KEYFACTOR_PASSWORD"),
        (&[USER, PASSWORD, ID, SECRET, TOKEN_URL], "KEYFACTOR_AUTH_CLIENT_ID", "KEYFACTOR_USERNAME"),
        (&[ID, SECRET, TOKEN_URL, TOKEN], "KEYFACTOR_AUTH_ACCESS_TOKEN", "KEYFACTOR_AUTH_CLIENT_ID"),
        (&[TOKEN_URL, TOKEN], "KEYFACTOR_AUTH_ACCESS_TOKEN", "KEYFACTOR_AUTH_TOKEN_URL"),
    ] {
        let problem = format!("must not be set together with {first}: they belong to different kinds of credentials");
        assert_refused(&[&[HOST], variables].concat(), second, &problem);
    }
    // An empty one is none.
    let empty = [("KEYFACTOR_USERNAME", ""), ("KEYFACTOR_PASSWORD", ""), ("KEYFACTOR_AUTH_CLIENT_ID", "")];
    client(&[&[HOST, TOKEN][..], &empty].concat()).unwrap();
}

#[test]
fn what_a_variable_holds_is_checked_in_its_name() {
    let control = "must not contain control characters (for example a line end from a file)";
    let oauth = [HOST, ID, SECRET, TOKEN_URL];
    for (variables, name, value, problem) in [
        (&[HOST, USER][..], "KEYFACTOR_PASSWORD", "hunter2\n", control),
        (
            &[HOST, PASSWORD],
            "KEYFACTOR_USERNAME",
            "svc:hunter2",
            "the name must not contain a colon, which Basic authentication cannot transmit",
        ),
        (&[HOST, USER, PASSWORD], "KEYFACTOR_DOMAIN", r"EXAMPLE\", "must be only a domain"),
        (
            &[HOST],
            TOKEN.0,
            "hunter2 hunter2",
            "the token must contain only visible ASCII characters (no line end, for example)",
        ),
        (&oauth, SECRET.0, "hunter2\r\n", control),
        (&oauth, SECRET.0, "  ", "must not be blank; leave it unset or empty if it is not needed"),
        (&oauth, TOKEN_URL.0, "idp.example.com/hunter2", "has no scheme; write it as `https://…`"),
        (
            &oauth,
            TOKEN_URL.0,
            "https://u:hunter2@idp",
            "must not contain a user name or password; pass them as credentials",
        ),
        (
            &oauth,
            TOKEN_URL.0,
            "http://idp.example.com",
            "plain http would send credentials unencrypted; use https or call `allow_plain_http()`",
        ),
        (
            &oauth,
            "KEYFACTOR_AUTH_CA_CERT",
            "/nowhere/hunter2.pem",
            "must be PEM text or the path of a readable PEM file",
        ),
        (&oauth, "KEYFACTOR_AUTH_CA_CERT", "-----BEGIN hunter2", "is not valid PEM"),
        (
            &[HOST, TOKEN],
            "KEYFACTOR_CA_CERT",
            "/nowhere/hunter2.pem",
            "must be PEM text or the path of a readable PEM file",
        ),
        (&[HOST, TOKEN], "KEYFACTOR_CA_CERT", "/", "must be PEM text or the path of a readable PEM file"),
        (
            &[HOST, TOKEN],
            "KEYFACTOR_CA_CERT",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            "contains no certificate",
        ),
    ] {
        assert_refused(&[variables, &[(name, value)]].concat(), name, problem);
    }
}

#[test]
fn a_private_key_is_no_root_and_is_not_shown() {
    let leaf = Authority::new("an authority").issue(&["localhost"]);
    let error = refused(&[HOST, TOKEN, ("KEYFACTOR_CA_CERT", &leaf.key_pem)]);
    assert_eq!(error.setting(), "KEYFACTOR_CA_CERT");
    assert_eq!(error.problem(), "must contain only certificates, but contains a private key");
}

/// Begins with a text that must not be shown.
#[cfg(unix)]
fn no_unicode() -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(b"hunter2\xff".to_vec())
}

#[cfg(windows)]
fn no_unicode() -> OsString {
    let half_a_pair = "hunter2".encode_utf16().chain([0xd800]).collect::<Vec<_>>();
    std::os::windows::ffi::OsStringExt::from_wide(&half_a_pair)
}

#[test]
fn a_value_that_is_no_unicode_is_refused_by_name() {
    for name in [HOST.0, USER.0, SECRET.0, "KEYFACTOR_PORT", "KEYFACTOR_AUTH_KRB_REALM", "KEYFACTOR_AUTH_CONFIG_FILE"] {
        let error = ClientBuilder::from_vars(|it| {
            if it == name {
                return Some(no_unicode());
            }
            [HOST, ID].iter().find(|(name, _)| *name == it).map(|(_, value)| value.into())
        });
        let Err(Error::Configuration(error)) = error else { panic!("{name}") };
        assert_eq!((error.setting(), error.problem()), (name, "must be valid Unicode"));
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn kerberos_and_other_providers_are_refused_and_not_ignored() {
    for name in ["USERNAME", "PASSWORD", "REALM", "KEYTAB", "CCACHE", "CONFIG", "SPN", "DISABLE_PAFXFAST"] {
        let name = format!("KEYFACTOR_AUTH_KRB_{name}");
        assert_refused(&[HOST, TOKEN, (&name, "hunter2")], &name, "Kerberos is not supported");
        client(&[HOST, TOKEN, (&name, "")]).unwrap();
    }
    let problem = "credentials from another provider are not supported";
    assert_refused(&[HOST, TOKEN, ("KEYFACTOR_AUTH_PROVIDER", "hunter2")], "KEYFACTOR_AUTH_PROVIDER", problem);
}

#[cfg(not(feature = "config-file"))]
#[test]
fn the_file_needs_its_feature() {
    for name in ["KEYFACTOR_AUTH_CONFIG_FILE", "KEYFACTOR_AUTH_CONFIG_PROFILE"] {
        let problem = "requires the crate feature `config-file`, which is disabled";
        assert_refused(&[HOST, TOKEN, (name, "hunter2")], name, problem);
    }
}

#[test]
fn no_secret_is_in_the_builder() {
    for variables in [&[HOST, TOKEN][..], &[HOST, USER, PASSWORD], &[HOST, ID, SECRET, TOKEN_URL]] {
        let builder = builder(variables).unwrap();
        let shown = format!("{builder:?} {builder:#?} {:?}", builder.clone().build().unwrap());
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

#[tokio::test]
async fn from_env_reads_the_environment() {
    const TEST: &str = "from_vars::from_env_reads_the_environment";
    if is_the_child() {
        println!("{}", ClientBuilder::from_env().unwrap().build().unwrap().base_url());
        return;
    }
    // Whatever else this machine has set must not matter; an empty one is as good as none.
    let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let set: Vec<String> = set.filter(|name| name.starts_with("KEYFACTOR_")).collect();
    let unset = set.iter().map(|name| (name.as_str(), ""));
    let variables: Vec<_> = unset.chain([HOST, TOKEN, ("KEYFACTOR_API_PATH", "from/env")]).collect();
    let printed = in_a_process_of_its_own(TEST, &variables).await;
    assert!(printed.contains("https://command.example.com/from/env"), "{printed}");
}
