//! The configuration file of the vendor's own tools.

use std::borrow::Cow;
use std::path::Path;

use serde_json::{Map, Value};

use super::client::ClientBuilder;
use super::environment::NO_KERBEROS;
use super::settings::{Given, Setting, Settings, Source, text_of_file};
use super::vendor::Error;
use crate::lenient::{self, one_line};
use crate::transport::{Cause, ConfigurationError};

/// Configuration from the configuration file of the vendor's own tools. Feature `config-file`.
impl ClientBuilder {
    /// Creates a builder from a profile of the vendor's configuration file. The vendor's tools store it as
    /// `~/.keyfactor/command_config.json`, with a profile `default`. Environment variables are not read.
    ///
    /// ```json
    /// {"servers": {"default": {"host": "keyfactor.example.com", "username": "svc-clm", "domain": "EXAMPLE", "password": "…"}}}
    /// ```
    ///
    /// The members `host`, `port`, `api_path`, `skip_tls_verify`, `ca_cert_path`, `username`, `password`, `domain`,
    /// `client_id`, `client_secret`, `token_url`, `scopes`, `audience` and `access_token` have the meaning of the
    /// corresponding variables of [`from_vars`](Self::from_vars). `client_secret_in` is specific to this crate. Null
    /// and empty texts are treated as unset, and only one kind of credentials may be set. The kind is derived from
    /// the members; `auth_type` is ignored. A number may be given as a text. `auth_provider` and Kerberos are
    /// refused; other members are ignored.
    ///
    /// The file must be JSON in UTF-8, or in UTF-16 with a byte order mark. The vendor's tools also accept YAML. The
    /// file's permissions are not checked.
    ///
    /// # Errors
    /// [`Error::Configuration`] names the member that is missing, invalid or in conflict with another one, as
    /// `servers.<profile>.<member>`, `config_file` or `profile`. It never contains a value. If the profile does not
    /// exist, the existing profiles are listed.
    pub fn from_config_file(path: impl AsRef<Path>, profile: &str) -> Result<Self, Error> {
        let profile = Profile::read(path.as_ref(), profile, ("config_file", "profile"))?;
        Ok(Settings(profile).builder()?)
    }
}

/// One profile of the file.
pub(super) struct Profile {
    name: String,
    members: Map<String, Value>,
}

impl Profile {
    /// `names` are what the caller calls the path and the profile.
    pub(super) fn read(
        path: &Path,
        profile: &str,
        (of_path, of_profile): (&'static str, &'static str),
    ) -> Result<Self, ConfigurationError> {
        let wrong = |problem: &'static str| ConfigurationError::new(of_path, problem);
        let text =
            text_of_file(path).map_err(|error| wrong("the file cannot be read").caused_by(Cause::of_error(&error)))?;
        if !text.trim_start().starts_with('{') {
            return Err(wrong("the file is not a JSON object (YAML is not supported)"));
        }
        let json =
            lenient::json(&text).map_err(|error| wrong("the file is not valid JSON").caused_by(Cause::json(&error)))?;
        let Some(Value::Object(servers)) = json.get("servers") else {
            return Err(wrong("the file has no object `servers`"));
        };
        let Some(members) = servers.get(profile) else {
            let mut names: Vec<String> = servers.keys().map(|name| one_line(name)).collect();
            names.sort();
            let problem = match names.as_slice() {
                [] => "the file has no profiles".to_owned(),
                names => format!("the file has no such profile; its profiles are: {}", names.join(", ")),
            };
            return Err(ConfigurationError::new(of_profile, problem));
        };
        let Value::Object(members) = members else {
            return Err(ConfigurationError::new(of_profile, "must be an object in the file"));
        };
        let profile = Self { name: one_line(profile), members: members.clone() };
        profile.check()?;
        Ok(profile)
    }

    /// Refuses what would be another way to authenticate.
    fn check(&self) -> Result<(), ConfigurationError> {
        for (member, value) in &self.members {
            let problem = match member.as_str() {
                "auth_provider" => "credentials from another provider are not supported",
                member if member.starts_with("kerberos") => NO_KERBEROS,
                _ => continue,
            };
            if says_something(value) {
                return Err(ConfigurationError::new(self.path(member), problem));
            }
        }
        match self.members.get("auth_type") {
            Some(Value::String(kind)) if kind.eq_ignore_ascii_case("kerberos") => {
                Err(ConfigurationError::new(self.path("auth_type"), NO_KERBEROS))
            }
            _ => Ok(()),
        }
    }

    fn path(&self, member: &str) -> String {
        format!("servers.{}.{}", self.name, one_line(member))
    }
}

/// The vendor's tools write members that nobody set as `{}`, `""` or `false`.
fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(set) => *set,
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(says_something),
        Value::Object(members) => members.values().any(says_something),
    }
}

impl Source for Profile {
    fn find(&self, setting: Setting) -> Result<Option<Given>, ConfigurationError> {
        let Some((member, value)) = member(setting).and_then(|member| Some((member, self.members.get(member)?))) else {
            return Ok(None);
        };
        let text = match value {
            Value::Null => return Ok(None),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(set) if setting == Setting::SkipVerify => set.to_string(),
            Value::Array(scopes) if setting == Setting::Scopes => {
                let scopes: Option<Vec<&str>> = scopes.iter().map(Value::as_str).collect();
                let problem = || ConfigurationError::new(self.path(member), "must be a list of strings");
                scopes.ok_or_else(problem)?.join(",")
            }
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                return Err(ConfigurationError::new(self.path(member), "must be a string"));
            }
        };
        Ok(Some(Given { name: self.path(member).into(), text }).filter(|given| !given.text.is_empty()))
    }

    fn name(&self, setting: Setting) -> Cow<'static, str> {
        // What has no member is never required.
        self.path(member(setting).unwrap_or_default()).into()
    }
}

fn member(setting: Setting) -> Option<&'static str> {
    Some(match setting {
        Setting::Host => "host",
        Setting::Port => "port",
        Setting::ApiPath => "api_path",
        Setting::SkipVerify => "skip_tls_verify",
        Setting::CaCert => "ca_cert_path",
        Setting::Username => "username",
        Setting::Password => "password",
        Setting::Domain => "domain",
        Setting::ClientId => "client_id",
        Setting::ClientSecret => "client_secret",
        Setting::ClientSecretIn => "client_secret_in",
        Setting::TokenUrl => "token_url",
        Setting::Scopes => "scopes",
        Setting::Audience => "audience",
        Setting::AccessToken => "access_token",
        Setting::ClientTimeout | Setting::AuthCaCert => return None,
    })
}
