//! The configuration file of the vendor's own tools: what each member sets, and what is refused.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::capture;
use crate::support::texts;
use clm::ConfigurationError;
use clm::keyfactor::{Client, ClientBuilder, Error};
use serde_json::{Value, json};

/// A file that is gone after the test.
struct File(PathBuf);

impl File {
    fn holding(bytes: impl AsRef<[u8]>) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("clm-config-file-{}-{number}.json", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        Self(path)
    }

    /// With this profile `default`, and one `lab` beside it.
    fn with(profile: &Value) -> Self {
        let lab = json!({"host": "lab.example.com", "access_token": "hunter2"});
        Self::holding(json!({"servers": {"default": profile, "lab": lab}}).to_string())
    }

    fn read(&self, profile: &str) -> Result<ClientBuilder, Error> {
        ClientBuilder::from_config_file(&self.0, profile)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

fn client(profile: &Value) -> Result<Client, Error> {
    File::with(profile).read("default")?.build()
}

/// What the refusal says; it must show no value.
fn said(error: Error) -> (String, String) {
    let shown = format!("{} {error:?}", texts(&error));
    assert!(!shown.contains("hunter2"), "{shown}");
    let Error::Configuration(error) = error else { panic!("{error:?}") };
    let error: ConfigurationError = *error;
    (error.setting().to_owned(), error.problem().to_owned())
}

fn assert_refused(profile: &Value, setting: &str, problem: &str) {
    let refused = said(client(profile).expect_err(&profile.to_string()));
    assert_eq!(refused, (setting.to_owned(), problem.to_owned()), "{profile}");
}

/// This profile with a token, and with these members.
fn with(members: Value) -> Value {
    let mut profile = json!({"host": "command.example.com", "access_token": "hunter2"});
    let Value::Object(members) = members else { panic!("{members}") };
    profile.as_object_mut().unwrap().extend(members);
    profile
}

#[test]
fn the_members_of_the_profile_are_the_base_url() {
    for (members, expected) in [
        (json!({}), "https://command.example.com/KeyfactorAPI"),
        (json!({"port": 8443}), "https://command.example.com:8443/KeyfactorAPI"),
        (json!({"port": "8443", "api_path": "/Keyfactor/API/"}), "https://command.example.com:8443/Keyfactor/API"),
        (json!({"port": null, "api_path": ""}), "https://command.example.com/KeyfactorAPI"),
        (json!({"host": "https://command.example.com/"}), "https://command.example.com/KeyfactorAPI"),
        (json!({"host": "http://127.0.0.1", "port": 8080}), "http://127.0.0.1:8080/KeyfactorAPI"),
    ] {
        assert_eq!(client(&with(members.clone())).unwrap().base_url().as_str(), expected, "{members}");
    }
    let file = File::with(&json!({}));
    assert_eq!(file.read("lab").unwrap().build().unwrap().base_url().host_str(), Some("lab.example.com"));
}

#[test]
fn each_kind_of_credentials_is_read() {
    for (profile, shows) in [
        (with(json!({})), "Bearer"),
        (
            json!({"host": "h", "username": "svc", "password": "hunter2", "domain": "EXAMPLE", "auth_type": "basic"}),
            r#"Basic { user: "EXAMPLE\\svc", password: "[redacted]" }"#,
        ),
        (
            json!({"host": "h", "client_id": "clm", "client_secret": "hunter2", "token_url": "https://idp.example.com/t",
                "client_secret_in": "form", "scopes": ["a", "b c"], "audience": "d"}),
            r#"ClientCredentials { token_url: "https://idp.example.com/t", client_id: "clm", client_secret: "[redacted]", scopes: ["a", "b", "c"], audience: Some("d"), secret_in: Only(Form), "#,
        ),
    ] {
        let builder = File::with(&profile).read("default").unwrap();
        let shown = format!("{builder:?}");
        assert!(shown.contains(shows) && !shown.contains("hunter2"), "{shown}");
        builder.build().unwrap();
    }
}

#[test]
fn what_the_vendors_tools_write_for_unset_members_is_passed_over() {
    let unset = json!({"auth_provider": {"type": "", "profile": "", "parameters": null}, "skip_tls_verify": false,
        "auth_type": "oauth", "kerberos_realm": "", "kerberos_disable_pafxfast": false, "username": "", "scopes": [],
        "something_new": {"x": 1}});
    capture::start();
    client(&with(unset)).unwrap();
    client(&with(json!({"auth_provider": {}}))).unwrap();
    assert_eq!(capture::warnings().len(), 0);
}

#[test]
fn skipping_the_check_is_the_danger_option_with_its_warning() {
    for value in [json!(true), json!("true"), json!(1)] {
        capture::start();
        client(&with(json!({"skip_tls_verify": value}))).unwrap();
        assert_eq!(capture::warnings().len(), 1, "{value}");
    }
    let problem = "must be true, 1, yes, on, false, 0, no or off";
    assert_refused(&with(json!({"skip_tls_verify": "hunter2"})), "servers.default.skip_tls_verify", problem);
    assert_refused(&with(json!({"skip_tls_verify": 2})), "servers.default.skip_tls_verify", problem);
}

#[test]
fn members_that_cannot_be_are_refused_by_name() {
    for (members, member, problem) in [
        (json!({"host": null}), "host", "must be set to the host name of the Keyfactor Command server"),
        (json!({"host": "ftp://hunter2"}), "host", "must be a host name, optionally after `https://`"),
        (
            json!({"host": "http://hunter2"}),
            "host",
            "plain http would send credentials unencrypted and is only allowed for a loopback host; use `https://`",
        ),
        (json!({"host": ["hunter2"]}), "host", "must be a string"),
        (json!({"host": true}), "host", "must be a string"),
        (json!({"port": 0}), "port", "must be a number from 1 to 65535"),
        (json!({"port": 443.5}), "port", "must be a number from 1 to 65535"),
        (json!({"port": {"hunter2": 1}}), "port", "must be a string"),
        (
            json!({"access_token": null}),
            "username",
            "no credentials are set: set this one, servers.default.client_id or servers.default.access_token",
        ),
        (
            json!({"access_token": null, "username": "svc"}),
            "password",
            "must be set: Basic authentication requires a user name and a password",
        ),
        (
            json!({"username": "svc"}),
            "access_token",
            "must not be set together with servers.default.username: they belong to different kinds of credentials",
        ),
        (json!({"access_token": null, "scopes": [1]}), "scopes", "must be a list of strings"),
        (
            json!({"ca_cert_path": "/nowhere/hunter2"}),
            "ca_cert_path",
            "must be PEM text or the path of a readable PEM file",
        ),
        (
            json!({"auth_provider": {"type": "azid"}}),
            "auth_provider",
            "credentials from another provider are not supported",
        ),
        (
            json!({"auth_provider": {"parameters": {"secret_name": "hunter2"}}}),
            "auth_provider",
            "credentials from another provider are not supported",
        ),
        (json!({"kerberos_realm": "hunter2"}), "kerberos_realm", "Kerberos is not supported"),
        (json!({"auth_type": "Kerberos"}), "auth_type", "Kerberos is not supported"),
    ] {
        assert_refused(&with(members), &format!("servers.default.{member}"), problem);
    }
}

#[test]
fn a_token_url_is_named_when_it_is_refused() {
    let profile =
        json!({"host": "h", "client_id": "clm", "client_secret": "hunter2", "token_url": "http://idp/?hunter2"});
    let builder = File::with(&profile).read("default").unwrap();
    let (setting, _) = said(builder.clone().build().unwrap_err());
    assert_eq!(setting, "servers.default.token_url");
    builder.allow_plain_http().build().unwrap();
}

#[test]
fn a_profile_that_does_not_exist_lists_those_that_do() {
    let file = File::holding(r#"{"servers": {"prod": {"password": "hunter2"}, "a\nb": {}, "lab": 7}}"#);
    let refused = |profile| said(file.read(profile).unwrap_err());
    let no_such =
        (r"profile".to_owned(), r"the file has no such profile; its profiles are: a\nb, lab, prod".to_owned());
    assert_eq!(refused("default"), no_such);
    assert_eq!(refused(""), no_such);
    assert_eq!(refused("lab"), ("profile".to_owned(), "must be an object in the file".to_owned()));
    let none = said(File::holding(r#"{"servers": {}}"#).read("default").unwrap_err());
    assert_eq!(none, ("profile".to_owned(), "the file has no profiles".to_owned()));
}

#[test]
fn a_file_in_another_form_is_refused() {
    let yaml = "the file is not a JSON object (YAML is not supported)";
    for (bytes, problem) in [
        (&b"servers:\n  default:\n    password: hunter2\n"[..], yaml),
        (b"---\n", yaml),
        (b"", yaml),
        (b"[\"hunter2\"]", yaml),
        (b"{\"servers\": {\"default\": hunter2}}", "the file is not valid JSON"),
        (b"{\"servers\"", "the file is not valid JSON"),
        (b"{}", "the file has no object `servers`"),
        (b"{\"servers\": [\"hunter2\"]}", "the file has no object `servers`"),
        (b"{\"host\": \"hunter2\"}", "the file has no object `servers`"),
        (b"\xff\xfe{\x00", "the file is not valid JSON"),
        (b"\xff\xfe{", "the file cannot be read"),
        (b"{\"hunter2\": \"\xff\"}", "the file cannot be read"),
    ] {
        let refused = said(File::holding(bytes).read("default").unwrap_err());
        assert_eq!(refused, ("config_file".to_owned(), problem.to_owned()), "{bytes:?}");
    }
    let error = ClientBuilder::from_config_file("/nowhere/hunter2.json", "default").unwrap_err();
    assert_eq!(said(error), ("config_file".to_owned(), "the file cannot be read".to_owned()));
    let marked = format!("\u{feff}\n{}", json!({"servers": {"default": with(json!({}))}}));
    let _builder = File::holding(&marked).read("default").unwrap();
    // As PowerShell writes it.
    for bytes_of in [u16::to_le_bytes, u16::to_be_bytes] {
        let utf16: Vec<u8> = marked.encode_utf16().flat_map(bytes_of).collect();
        let _builder = File::holding(utf16).read("default").unwrap();
    }
}

#[test]
fn a_file_without_end_is_not_read_to_its_end() {
    let file = File::holding(vec![b' '; 4 * 1024 * 1024 + 1]);
    let error = file.read("default").unwrap_err();
    assert!(texts(&error).ends_with("the file is larger than 4 MiB"), "{}", texts(&error));
}

/// The variables, and the file that they name.
fn from_vars(file: &File, variables: &[(&str, &str)]) -> Result<ClientBuilder, Error> {
    ClientBuilder::from_vars(|name| match name {
        "KEYFACTOR_AUTH_CONFIG_FILE" => Some(file.0.clone().into_os_string()),
        _ => variables.iter().find(|(it, _)| *it == name).map(|(_, value)| OsString::from(value)),
    })
}

#[test]
fn variables_name_the_file_and_beat_what_stands_in_it() {
    let file = File::with(&with(json!({"port": 1, "api_path": "of/file"})));
    for (variables, expected) in [
        (&[][..], "https://command.example.com:1/of/file"),
        (&[("KEYFACTOR_AUTH_CONFIG_PROFILE", "lab")], "https://lab.example.com/KeyfactorAPI"),
        (&[("KEYFACTOR_PORT", "2"), ("KEYFACTOR_HOSTNAME", "")], "https://command.example.com:2/of/file"),
        (&[("KEYFACTOR_HOSTNAME", "h"), ("KEYFACTOR_API_PATH", "v")], "https://h:1/v"),
    ] {
        let client = from_vars(&file, variables).unwrap().build().unwrap();
        assert_eq!(client.base_url().as_str(), expected, "{variables:?}");
    }
}

#[test]
fn a_file_that_a_variable_names_is_refused_in_the_variables_name() {
    let file = File::with(&with(json!({"port": 0})));
    let refused = |variables: &[(&str, &str)]| said(from_vars(&file, variables).unwrap_err()).0;
    assert_eq!(refused(&[]), "servers.default.port");
    assert_eq!(refused(&[("KEYFACTOR_AUTH_CONFIG_PROFILE", "hunter2")]), "KEYFACTOR_AUTH_CONFIG_PROFILE");
    assert_eq!(refused(&[("KEYFACTOR_PORT", "1"), ("KEYFACTOR_USERNAME", "svc")]), "servers.default.access_token");
    let yaml = File::holding("servers:\n");
    assert_eq!(said(from_vars(&yaml, &[]).unwrap_err()).0, "KEYFACTOR_AUTH_CONFIG_FILE");
    let nothing = File::with(&json!({}));
    assert_eq!(said(from_vars(&nothing, &[]).unwrap_err()).0, "KEYFACTOR_HOSTNAME");
    let profile = ClientBuilder::from_vars(|name| (name == "KEYFACTOR_AUTH_CONFIG_PROFILE").then(|| "lab".into()));
    assert_eq!(
        said(profile.unwrap_err()),
        (
            "KEYFACTOR_AUTH_CONFIG_FILE".to_owned(),
            "must be set to the path of the configuration file, because a profile is set".to_owned()
        )
    );
}
