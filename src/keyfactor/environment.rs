//! The environment variables of the vendor's own tools.

use std::borrow::Cow;
use std::ffi::OsString;

use super::client::ClientBuilder;
#[cfg(feature = "config-file")]
use super::config_file::Profile;
use super::ignored_variables::warn_of_ignored_variables;
use super::settings::{Given, Setting, Settings, Source};
use super::vendor::Error;
use crate::transport::ConfigurationError;

const CONFIG_FILE: &str = "KEYFACTOR_AUTH_CONFIG_FILE";
const CONFIG_PROFILE: &str = "KEYFACTOR_AUTH_CONFIG_PROFILE";

/// What the vendor's tools know and this crate does not.
const UNSUPPORTED: [(&str, &str); 9] = [
    ("KEYFACTOR_AUTH_PROVIDER", "credentials from another provider are not supported"),
    ("KEYFACTOR_AUTH_KRB_USERNAME", NO_KERBEROS),
    ("KEYFACTOR_AUTH_KRB_PASSWORD", NO_KERBEROS),
    ("KEYFACTOR_AUTH_KRB_REALM", NO_KERBEROS),
    ("KEYFACTOR_AUTH_KRB_KEYTAB", NO_KERBEROS),
    ("KEYFACTOR_AUTH_KRB_CCACHE", NO_KERBEROS),
    ("KEYFACTOR_AUTH_KRB_CONFIG", NO_KERBEROS),
    ("KEYFACTOR_AUTH_KRB_SPN", NO_KERBEROS),
    ("KEYFACTOR_AUTH_KRB_DISABLE_PAFXFAST", NO_KERBEROS),
];
pub(super) const NO_KERBEROS: &str = "Kerberos is not supported";

/// Configuration from the environment variables of the vendor's own tools. Feature `rustls`.
impl ClientBuilder {
    /// Creates a builder from the environment: [`from_vars`](Self::from_vars) with [`std::env::var_os`].
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use clm::keyfactor::ClientBuilder;
    ///
    /// let keyfactor = ClientBuilder::from_env()?.build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// Variables that only other tools for Keyfactor Command read, such as `KEYFACTOR_TIMEOUT`, are ignored. For each
    /// of them that is set, a `tracing` warning names the variable and its replacement, unless that is set too.
    /// [`guide::from_other_clients`](crate::guide::from_other_clients#keyfactor-environment-variables) lists them.
    ///
    /// # Errors
    /// [`Error::Configuration`] names the variable that is missing, invalid or in conflict with another one.
    pub fn from_env() -> Result<Self, Error> {
        let variable = |name: &str| std::env::var_os(name);
        warn_of_ignored_variables(variable);
        Self::from_vars(variable)
    }

    /// Creates a builder from the variables that the vendor's own tools read. The function returns the value of a
    /// variable. Settings that are made on the builder afterwards replace these values.
    ///
    /// ```
    /// use clm::keyfactor::ClientBuilder;
    ///
    /// let keyfactor = ClientBuilder::from_vars(|name| {
    ///     let value = match name {
    ///         "KEYFACTOR_HOSTNAME" => "keyfactor.example.com",
    ///         "KEYFACTOR_USERNAME" => "svc-clm",
    ///         "KEYFACTOR_DOMAIN" => "EXAMPLE",
    ///         "KEYFACTOR_PASSWORD" => "a password",
    ///         _ => return None,
    ///     };
    ///     Some(value.into())
    /// })?;
    /// # Ok::<(), clm::keyfactor::Error>(())
    /// ```
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `KEYFACTOR_HOSTNAME` | required: the host name only. A leading `https://` and trailing slashes after it are ignored, as by the vendor's tools; `http://` is accepted only for a loopback host (`localhost`, `127.0.0.1`, `[::1]`) |
    /// | `KEYFACTOR_PORT` | default 443; 80 for `http://` |
    /// | `KEYFACTOR_API_PATH` | default `KeyfactorAPI`; leading and trailing slashes are ignored |
    /// | `KEYFACTOR_CA_CERT` | a PEM file, or its text: roots in addition to those of the platform |
    /// | `KEYFACTOR_SKIP_VERIFY` | `true`, `1`, `yes`, `on`: [`danger_accept_invalid_certs`](Self::danger_accept_invalid_certs) with its warning; `false`, `0`, `no`, `off` |
    /// | `KEYFACTOR_CLIENT_TIMEOUT` | seconds (`60`), or with units (`60s`, `1m30s`), from one second to a day; see below |
    /// | `KEYFACTOR_USERNAME`, `_PASSWORD`, `_DOMAIN` | [`Credentials::basic`]; the domain may also be part of the user name |
    /// | `KEYFACTOR_AUTH_CLIENT_ID`, `_CLIENT_SECRET`, `_TOKEN_URL` | [`Credentials::client_credentials`] |
    /// | `KEYFACTOR_AUTH_CLIENT_SECRET_IN` | specific to this crate: `header` ([`secret_in_header`]), `form` ([`secret_in_form`]), or `either`, the default: first the header, then the form, as the vendor's tools do |
    /// | `KEYFACTOR_AUTH_SCOPES`, `_AUDIENCE` | scopes, separated by commas or spaces, and audience |
    /// | `KEYFACTOR_AUTH_CA_CERT` | like `KEYFACTOR_CA_CERT`, for the token endpoint only |
    /// | `KEYFACTOR_AUTH_ACCESS_TOKEN` | [`Credentials::bearer`] |
    /// | `KEYFACTOR_AUTH_CONFIG_FILE`, `_CONFIG_PROFILE` | the vendor's JSON file, and the profile in it (default `default`); feature `config-file` |
    ///
    /// Empty variables are treated as unset. Exactly one kind of credentials must be set, completely. Each variable
    /// takes precedence over the same setting in the file, as in the vendor's tools, so host and credentials may come
    /// from different sources. The vendor's default location of the file is not read.
    ///
    /// `KEYFACTOR_SKIP_VERIFY` and `KEYFACTOR_CA_CERT` also apply to the token endpoint.
    ///
    /// `KEYFACTOR_CLIENT_TIMEOUT` sets the [`read_timeout`](Self::read_timeout). It never gives a change less time
    /// than the default, because a change that times out has an unknown outcome. The other limits only increase with
    /// it, except the connect timeout, which is at most half of it and does not affect certainty.
    ///
    /// Kerberos (`KEYFACTOR_AUTH_KRB_…`) and `KEYFACTOR_AUTH_PROVIDER` are refused. All other variables, including
    /// misspelled ones, are ignored, because the function can only be asked for known names.
    ///
    /// [`Credentials::basic`]: super::Credentials::basic
    /// [`Credentials::bearer`]: super::Credentials::bearer
    /// [`secret_in_form`]: super::ClientCredentials::secret_in_form
    /// [`secret_in_header`]: super::ClientCredentials::secret_in_header
    /// [`Credentials::client_credentials`]: super::Credentials::client_credentials
    ///
    /// # Errors
    /// [`Error::Configuration`] names the variable that is missing, invalid or in conflict with another one. It never
    /// contains a value.
    pub fn from_vars(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let variables = Variables { variable, profile: None };
        for (name, problem) in UNSUPPORTED {
            if variables.get(name)?.is_some() {
                return Err(ConfigurationError::new(name, problem).into());
            }
        }
        let profile = variables.profile()?;
        Ok(Settings(Variables { profile, ..variables }).builder()?)
    }
}

/// The variables, and behind them the profile of a file.
struct Variables<F> {
    variable: F,
    profile: Option<Profile>,
}

/// No file can be read.
#[cfg(not(feature = "config-file"))]
enum Profile {}

impl<F: Fn(&str) -> Option<OsString>> Variables<F> {
    /// A variable that is set and not empty.
    fn get(&self, name: &'static str) -> Result<Option<String>, ConfigurationError> {
        let Some(value) = (self.variable)(name).filter(|value| !value.is_empty()) else { return Ok(None) };
        value.into_string().map(Some).map_err(|_| ConfigurationError::new(name, "must be valid Unicode"))
    }

    #[cfg(feature = "config-file")]
    fn profile(&self) -> Result<Option<Profile>, ConfigurationError> {
        let (file, profile) = (self.get(CONFIG_FILE)?, self.get(CONFIG_PROFILE)?);
        match (file, profile) {
            (Some(file), profile) => {
                let names = (CONFIG_FILE, CONFIG_PROFILE);
                Profile::read(file.as_ref(), profile.as_deref().unwrap_or("default"), names).map(Some)
            }
            (None, Some(_)) => {
                let problem = "must be set to the path of the configuration file, because a profile is set";
                Err(ConfigurationError::new(CONFIG_FILE, problem))
            }
            (None, None) => Ok(None),
        }
    }

    #[cfg(not(feature = "config-file"))]
    fn profile(&self) -> Result<Option<Profile>, ConfigurationError> {
        for name in [CONFIG_FILE, CONFIG_PROFILE] {
            if self.get(name)?.is_some() {
                let problem = "requires the crate feature `config-file`, which is disabled";
                return Err(ConfigurationError::new(name, problem));
            }
        }
        Ok(None)
    }
}

impl<F: Fn(&str) -> Option<OsString>> Source for Variables<F> {
    fn find(&self, setting: Setting) -> Result<Option<Given>, ConfigurationError> {
        let name = variable(setting);
        if let Some(text) = self.get(name)? {
            return Ok(Some(Given { name: name.into(), text }));
        }
        match &self.profile {
            #[cfg(feature = "config-file")]
            Some(profile) => profile.find(setting),
            #[cfg(not(feature = "config-file"))]
            Some(never) => match *never {},
            None => Ok(None),
        }
    }

    fn name(&self, setting: Setting) -> Cow<'static, str> {
        variable(setting).into()
    }
}

fn variable(setting: Setting) -> &'static str {
    match setting {
        Setting::Host => "KEYFACTOR_HOSTNAME",
        Setting::Port => "KEYFACTOR_PORT",
        Setting::ApiPath => "KEYFACTOR_API_PATH",
        Setting::SkipVerify => "KEYFACTOR_SKIP_VERIFY",
        Setting::CaCert => "KEYFACTOR_CA_CERT",
        Setting::ClientTimeout => "KEYFACTOR_CLIENT_TIMEOUT",
        Setting::Username => "KEYFACTOR_USERNAME",
        Setting::Password => "KEYFACTOR_PASSWORD",
        Setting::Domain => "KEYFACTOR_DOMAIN",
        Setting::ClientId => "KEYFACTOR_AUTH_CLIENT_ID",
        Setting::ClientSecret => "KEYFACTOR_AUTH_CLIENT_SECRET",
        Setting::ClientSecretIn => "KEYFACTOR_AUTH_CLIENT_SECRET_IN",
        Setting::TokenUrl => "KEYFACTOR_AUTH_TOKEN_URL",
        Setting::Scopes => "KEYFACTOR_AUTH_SCOPES",
        Setting::Audience => "KEYFACTOR_AUTH_AUDIENCE",
        Setting::AuthCaCert => "KEYFACTOR_AUTH_CA_CERT",
        Setting::AccessToken => "KEYFACTOR_AUTH_ACCESS_TOKEN",
    }
}
