//! What the vendor's tools can be told, wherever it stands, and the client that it makes.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use url::{Host, Url};

use super::client::{Client, ClientBuilder};
use super::credentials::Credentials;
use super::oauth::{SecretIn, SecretPlaces};
use crate::lenient;
use crate::transport::{Cause, ConfigurationError, check_roots, is_loopback};

/// One thing that can be set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Setting {
    Host,
    Port,
    ApiPath,
    SkipVerify,
    CaCert,
    ClientTimeout,
    Username,
    Password,
    Domain,
    ClientId,
    ClientSecret,
    /// A name of this crate's own: the vendor's tools have none.
    ClientSecretIn,
    TokenUrl,
    Scopes,
    Audience,
    AuthCaCert,
    AccessToken,
}

use Setting::{
    AccessToken, ApiPath, Audience, AuthCaCert, CaCert, ClientId, ClientSecret, ClientSecretIn, ClientTimeout, Domain,
    Password, Port, Scopes, SkipVerify, TokenUrl, Username,
};

/// A value, and what the place where it stood calls it.
pub(super) struct Given {
    pub(super) name: Cow<'static, str>,
    pub(super) text: String,
}

impl Given {
    /// A problem with this value. No problem repeats it.
    fn wrong(&self, problem: impl Into<Cow<'static, str>>) -> ConfigurationError {
        ConfigurationError::new(self.name.clone(), problem)
    }
}

/// Where settings stand.
pub(super) trait Source {
    /// What stands there, if it is not empty.
    fn find(&self, setting: Setting) -> Result<Option<Given>, ConfigurationError>;
    /// What a setting is called there.
    fn name(&self, setting: Setting) -> Cow<'static, str>;
}

/// Settings, checked as far as each can be by itself.
pub(super) struct Settings<S>(pub(super) S);

/// A kind of credentials.
#[derive(Clone, Copy)]
enum Kind {
    Basic,
    ClientCredentials,
    Token,
}

impl Kind {
    /// All that belongs to it.
    fn settings(self) -> &'static [Setting] {
        match self {
            Self::Basic => &[Username, Password, Domain],
            Self::ClientCredentials => {
                &[ClientId, ClientSecret, ClientSecretIn, TokenUrl, Scopes, Audience, AuthCaCert]
            }
            Self::Token => &[AccessToken],
        }
    }
}

impl<S: Source> Settings<S> {
    pub(super) fn builder(&self) -> Result<ClientBuilder, ConfigurationError> {
        let mut builder = Client::builder(self.base_url()?);
        if let Some(timeout) = self.find(ClientTimeout)? {
            builder = limited(builder, duration(&timeout)?);
        }
        if let Some(skip) = self.find(SkipVerify)? {
            builder = builder.danger_accept_invalid_certs(is_true(&skip)?);
        }
        if let Some(pem) = self.roots(CaCert)? {
            builder = builder.add_root_certificate(pem);
        }
        Ok(builder.credentials(self.credentials()?))
    }

    /// A value, if it is set. None is blank, and only a certificate may have line ends.
    fn find(&self, setting: Setting) -> Result<Option<Given>, ConfigurationError> {
        let Some(given) = self.0.find(setting)? else { return Ok(None) };
        if given.text.trim().is_empty() {
            return Err(given.wrong("must not be blank; leave it unset or empty if it is not needed"));
        }
        if given.text.contains(char::is_control) && !matches!(setting, CaCert | AuthCaCert) {
            return Err(given.wrong("must not contain control characters (for example a line end from a file)"));
        }
        Ok(Some(given))
    }

    fn required(&self, setting: Setting, why: &'static str) -> Result<Given, ConfigurationError> {
        self.find(setting)?.ok_or_else(|| ConfigurationError::new(self.0.name(setting), why))
    }

    fn base_url(&self) -> Result<String, ConfigurationError> {
        let host = self.required(Setting::Host, "must be set to the host name of the Keyfactor Command server")?;
        let (scheme, name) = scheme_and_rest(&host)?;
        let name = self.host_name(&host, name)?;
        if scheme == Scheme::Http && !Url::parse(&format!("http://{name}")).is_ok_and(|url| is_loopback(&url)) {
            return Err(host.wrong(
                "plain http would send credentials unencrypted and is only allowed for a loopback host; use `https://`",
            ));
        }
        let port = match self.find(Port)? {
            Some(port) => number(&port, 1..=u64::from(u16::MAX), "must be a number from 1 to 65535")?,
            None => scheme.default_port(),
        };
        let origin = format!("{}://{name}:{port}", scheme.as_str());
        Client::builder(origin.clone()).base_url().map_err(|error| error.named(host.name))?;
        let Some(path) = self.find(ApiPath)? else { return Ok(format!("{origin}/KeyfactorAPI")) };
        let segments = path.text.trim_matches('/');
        if segments.is_empty() {
            return Err(path.wrong("must name a path; leave it unset for `KeyfactorAPI`"));
        }
        if segments.split('/').any(|segment| matches!(segment, "." | "..")) || path.text.contains(['?', '#', '%']) {
            return Err(path.wrong("must be only a path, for example `KeyfactorAPI`"));
        }
        let url = format!("{origin}/{segments}");
        Client::builder(url.clone()).base_url().map_err(|error| error.named(path.name))?;
        Ok(url)
    }

    /// A host name or address by itself. Whatever else is in it would send the credentials elsewhere.
    fn host_name<'a>(&self, given: &Given, host: &'a str) -> Result<&'a str, ConfigurationError> {
        if host.contains("://") {
            return Err(given.wrong("must not have two schemes"));
        }
        if host.contains(['/', '\\', '?', '#']) {
            return Err(given.wrong(format!("must be only a host name; set the path with {}", self.0.name(ApiPath))));
        }
        if host.contains(':') && !host.ends_with(']') {
            return Err(given.wrong(format!(
                "must be only a host name; set the port with {} (write an IPv6 address in brackets)",
                self.0.name(Port)
            )));
        }
        if host.contains(['@', '%']) || host.contains(char::is_whitespace) || Host::parse(host).is_err() {
            return Err(given.wrong("must be a valid host name"));
        }
        Ok(host)
    }

    fn credentials(&self) -> Result<Credentials, ConfigurationError> {
        let mut chosen: Option<(Kind, Given)> = None;
        for kind in [Kind::Basic, Kind::ClientCredentials, Kind::Token] {
            let found = kind.settings().iter().find_map(|setting| self.find(*setting).transpose()).transpose()?;
            match (&chosen, found) {
                (_, None) => {}
                (None, Some(found)) => chosen = Some((kind, found)),
                (Some((_, first)), Some(second)) => {
                    let problem = format!(
                        "must not be set together with {}: they belong to different kinds of credentials",
                        first.name
                    );
                    return Err(second.wrong(problem));
                }
            }
        }
        match chosen {
            Some((Kind::Basic, _)) => self.basic(),
            Some((Kind::ClientCredentials, _)) => self.client_credentials(),
            Some((Kind::Token, token)) => {
                let credentials = Credentials::bearer(token.text);
                credentials.check().map_err(|error| error.named(token.name))?;
                Ok(credentials)
            }
            None => {
                let [id, token] = [ClientId, AccessToken].map(|setting| self.0.name(setting));
                let problem = format!("no credentials are set: set this one, {id} or {token}");
                Err(ConfigurationError::new(self.0.name(Username), problem))
            }
        }
    }

    fn basic(&self) -> Result<Credentials, ConfigurationError> {
        const WHY: &str = "must be set: Basic authentication requires a user name and a password";
        let user = self.required(Username, WHY)?;
        let password = self.required(Password, WHY)?;
        let mut account = user.text.clone();
        if let Some(domain) = self.find(Domain)? {
            if domain.text.contains(['\\', '@', '/', ':']) {
                return Err(domain.wrong("must be only a domain"));
            }
            let of_user = account.split_once('\\').map(|(domain, _)| domain);
            let of_user = of_user.or(account.split_once('@').map(|(_, domain)| domain));
            match of_user {
                None => account = format!(r"{}\{account}", domain.text),
                Some(of_user) if of_user.eq_ignore_ascii_case(&domain.text) => {}
                Some(_) => return Err(domain.wrong(format!("must match the domain in {}", user.name))),
            }
        }
        let credentials = Credentials::basic(account, password.text);
        credentials.check().map_err(|error| error.named(user.name))?;
        Ok(credentials)
    }

    fn client_credentials(&self) -> Result<Credentials, ConfigurationError> {
        const WHY: &str = "must be set: OAuth requires a client id, a client secret and a token URL";
        let id = self.required(ClientId, WHY)?;
        let secret = self.required(ClientSecret, WHY)?;
        let url = self.required(TokenUrl, WHY)?;
        let mut client = Credentials::client_credentials(url.text, id.text, secret.text).token_url_is_called(url.name);
        if let Some(place) = self.find(ClientSecretIn)? {
            client = client.secret_in(places(&place)?);
        }
        if let Some(scopes) = self.find(Scopes)? {
            let each = scopes.text.split([',', ' ']).filter(|scope| !scope.is_empty());
            client = client.scopes(each);
        }
        if let Some(audience) = self.find(Audience)? {
            client = client.audience(audience.text);
        }
        if let Some(pem) = self.roots(AuthCaCert)? {
            client = client.add_root_certificate(pem);
        }
        Ok(client.into())
    }

    /// The certificates that a setting names, or holds.
    fn roots(&self, setting: Setting) -> Result<Option<String>, ConfigurationError> {
        let Some(given) = self.find(setting)? else { return Ok(None) };
        let pem = if given.text.contains("-----BEGIN") {
            given.text
        } else {
            text_of_file(Path::new(&given.text)).map_err(|error| {
                let problem = "must be PEM text or the path of a readable PEM file";
                ConfigurationError::new(given.name.clone(), problem).caused_by(Cause::of_error(&error))
            })?
        };
        check_roots(&pem).map_err(|error| error.named(given.name))?;
        Ok(Some(pem))
    }
}

/// What may stand before a host name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Https,
    Http,
}

impl Scheme {
    fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    fn default_port(self) -> u64 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// Without a scheme it is `https`. The vendor's tools drop whatever scheme there is, with the slashes that end such a URL; a
/// path, which they drop as well, is left to be refused.
fn scheme_and_rest(given: &Given) -> Result<(Scheme, &str), ConfigurationError> {
    let Some((scheme, rest)) = given.text.split_once("://") else { return Ok((Scheme::Https, &given.text)) };
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return Err(given.wrong("must be a host name, optionally after `https://`")),
    };
    Ok((scheme, rest.trim_end_matches('/')))
}

/// A number in decimal digits.
fn number(given: &Given, range: std::ops::RangeInclusive<u64>, what: &'static str) -> Result<u64, ConfigurationError> {
    let digits = Some(given.text.trim()).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits
        .and_then(|digits| digits.parse().ok())
        .filter(|number| range.contains(number))
        .ok_or_else(|| given.wrong(what))
}

fn duration(given: &Given) -> Result<Duration, ConfigurationError> {
    const WHAT: &str = "must be a duration from one second to 24 hours: a number of seconds (`60`), or numbers with \
                        units (`60s`, `2m`, `1m30s`, `1h`, `1500ms`)";
    read_duration(given.text.trim())
        .filter(|duration| (Duration::from_secs(1)..=Duration::from_secs(86_400)).contains(duration))
        .ok_or_else(|| given.wrong(WHAT))
}

/// Whole numbers, each with its unit; one alone is in seconds.
fn read_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut whole = Duration::ZERO;
    while !rest.is_empty() {
        let (digits, after) = rest.split_at(rest.find(|it: char| !it.is_ascii_digit()).unwrap_or(rest.len()));
        let number: u64 = digits.parse().ok()?;
        let (unit, after) = after.split_at(after.find(|it: char| it.is_ascii_digit()).unwrap_or(after.len()));
        let part = match unit.trim() {
            "" if whole.is_zero() && after.is_empty() => Duration::from_secs(number),
            "ms" => Duration::from_millis(number),
            "s" => Duration::from_secs(number),
            "m" => Duration::from_secs(number.checked_mul(60)?),
            "h" => Duration::from_secs(number.checked_mul(3_600)?),
            _ => return None,
        };
        whole = whole.checked_add(part)?;
        rest = after;
    }
    Some(whole)
}

fn places(given: &Given) -> Result<SecretPlaces, ConfigurationError> {
    match given.text.trim().to_ascii_lowercase().as_str() {
        "header" => Ok(SecretPlaces::Only(SecretIn::Header)),
        "form" => Ok(SecretPlaces::Only(SecretIn::Form)),
        "either" => Ok(SecretPlaces::HeaderThenForm),
        _ => Err(given.wrong("must be `header`, `form` or `either` (the header first, then the form)")),
    }
}

/// The vendor's tools have one limit for everything, a minute by default. A change that runs into a limit ends as an
/// unknown outcome, so a change never gets less time than by default; only connecting and reading do.
fn limited(builder: ClientBuilder, timeout: Duration) -> ClientBuilder {
    let default = &builder.options;
    let (connect, budget) = (default.connect_timeout, default.read_budget);
    let (between_bytes, change) = (default.between_bytes_timeout, default.change_timeout);
    builder
        .connect_timeout(connect.min(timeout / 2))
        .read_timeout(timeout)
        .read_budget(budget.max(timeout * 2))
        .between_bytes_timeout(between_bytes.max(timeout))
        .change_timeout(change.max(timeout))
}

fn is_true(given: &Given) -> Result<bool, ConfigurationError> {
    let is = |words: [&str; 4]| words.iter().any(|word| given.text.eq_ignore_ascii_case(word));
    if is(["true", "1", "yes", "on"]) {
        Ok(true)
    } else if is(["false", "0", "no", "off"]) {
        Ok(false)
    } else {
        Err(given.wrong("must be true, 1, yes, on, false, 0, no or off"))
    }
}

/// The text of a file, which is no longer than anything that belongs here: UTF-8, or UTF-16 with a byte order mark.
pub(super) fn text_of_file(path: &Path) -> io::Result<String> {
    const LONGEST: u64 = 4 * 1024 * 1024;
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 4 MiB"));
    }
    lenient::decode(&bytes).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is neither UTF-8 text nor UTF-16 text with a byte order \
                                                    mark",
        )
    })
}
