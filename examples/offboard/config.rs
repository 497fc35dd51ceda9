//! What to do, and where: arguments for the targets, the environment for the servers and for every secret.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clm::keyfactor::CertificateLocation;
use clm::{appviewx, keyfactor};

pub(crate) const HELP: &str = "\
offboard: takes certificates out of service

  --location STORE=ALIAS   remove what the certificate store (a GUID) holds under this alias; repeatable
  --collection-id N        check the right to read the certificates in this collection
  --resource-id ID         unassign this certificate from its group; repeatable
  --comment TEXT           why, for the unassignment
  --yes                    send it; without this, only print what would be sent

Keyfactor Command, for --location:
  KEYFACTOR_HOSTNAME       host name, without https://
  KEYFACTOR_PORT           default 443
  KEYFACTOR_API_PATH       default KeyfactorAPI
  KEYFACTOR_USERNAME, KEYFACTOR_PASSWORD, and KEYFACTOR_DOMAIN if the name does not hold it;
  or KEYFACTOR_AUTH_ACCESS_TOKEN

AppViewX CERT+, for --resource-id:
  APPVIEWX_URL             for example https://appviewx.example.com:31443
  APPVIEWX_SESSION_ID; or APPVIEWX_USERNAME and APPVIEWX_PASSWORD

Without any of these it shows the job on the fakes that the crate ships.";

pub(crate) enum Config {
    Help,
    Demo,
    Job(Job),
}

/// Whether anything is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Mode {
    #[default]
    Show,
    Send,
}

pub(crate) struct Job {
    pub(crate) mode: Mode,
    pub(crate) keyfactor: Option<KeyfactorJob>,
    pub(crate) appviewx: Option<AppViewXJob>,
}

pub(crate) struct KeyfactorJob {
    pub(crate) client: keyfactor::Client,
    pub(crate) locations: Vec<CertificateLocation>,
    pub(crate) collection_id: Option<i32>,
}

pub(crate) struct AppViewXJob {
    pub(crate) client: appviewx::Client,
    pub(crate) resource_ids: Vec<String>,
    pub(crate) comment: Option<String>,
}

/// A sentence for the person at the terminal.
type Problem = String;

#[derive(Default)]
struct Targets {
    locations: Vec<CertificateLocation>,
    collection_id: Option<i32>,
    resource_ids: Vec<String>,
    comment: Option<String>,
    mode: Mode,
}

impl Config {
    pub(crate) fn read(
        arguments: impl Iterator<Item = OsString>,
        variables: impl Iterator<Item = (String, OsString)>,
    ) -> Result<Self, Problem> {
        let mut given = false;
        let arguments: Vec<OsString> = arguments.inspect(|_| given = true).collect();
        let Some(targets) = read_targets(arguments).map_err(|error| error.to_string())? else {
            return Ok(Self::Help);
        };
        let mut variables = Variables::of(variables)?;
        if !given && variables.0.is_empty() {
            return Ok(Self::Demo);
        }
        let keyfactor = if variables.any("KEYFACTOR_") || !targets.locations.is_empty() {
            Some(keyfactor_job(&targets, &mut variables)?)
        } else {
            None
        };
        let appviewx = if variables.any("APPVIEWX_") || !targets.resource_ids.is_empty() {
            Some(appviewx_job(&targets, &mut variables)?)
        } else {
            None
        };
        if let Some((name, _)) = variables.0.iter().find(|(_, value)| !value.is_empty()) {
            return Err(format!("{name} is set, but this program does not use it; unset it to go on"));
        }
        if keyfactor.is_none() && appviewx.is_none() {
            return Err("nothing to do: give --location or --resource-id".to_owned());
        }
        if keyfactor.is_none() && targets.collection_id.is_some() {
            return Err("--collection-id belongs to --location, and there is none".to_owned());
        }
        if appviewx.is_none() && targets.comment.is_some() {
            return Err("--comment belongs to --resource-id, and there is none".to_owned());
        }
        Ok(Self::Job(Job { mode: targets.mode, keyfactor, appviewx }))
    }
}

/// `None` if help was asked for.
fn read_targets(arguments: Vec<OsString>) -> Result<Option<Targets>, lexopt::Error> {
    use lexopt::prelude::*;
    let mut targets = Targets::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("location") => targets.locations.push(parser.value()?.parse_with(location)?),
            Long("collection-id") => targets.collection_id = Some(parser.value()?.parse()?),
            Long("resource-id") => targets.resource_ids.push(parser.value()?.string()?),
            Long("comment") => targets.comment = Some(parser.value()?.string()?),
            Long("yes") => targets.mode = Mode::Send,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(targets))
}

fn location(text: &str) -> Result<CertificateLocation, String> {
    let (store, alias) = text.split_once('=').ok_or("a location is STORE=ALIAS")?;
    let store: keyfactor::CertificateStoreId = store.parse().map_err(|error| format!("the store: {error}"))?;
    Ok(CertificateLocation::new(store, alias))
}

fn keyfactor_job(targets: &Targets, variables: &mut Variables) -> Result<KeyfactorJob, Problem> {
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
    if targets.locations.is_empty() {
        return Err("KEYFACTOR_* is set, but no --location names a certificate".to_owned());
    }
    let client = keyfactor::Client::builder(&server).credentials(credentials).build();
    Ok(KeyfactorJob {
        client: client.map_err(|error| error.to_string())?,
        locations: targets.locations.clone(),
        collection_id: targets.collection_id,
    })
}

fn appviewx_job(targets: &Targets, variables: &mut Variables) -> Result<AppViewXJob, Problem> {
    let server = variables.required("APPVIEWX_URL")?;
    let credentials = if let Some(session_id) = variables.take("APPVIEWX_SESSION_ID") {
        appviewx::Credentials::session_id(session_id)
    } else {
        let user = variables.required("APPVIEWX_USERNAME")?;
        appviewx::Credentials::password_headers(user, variables.required("APPVIEWX_PASSWORD")?)
    };
    if targets.resource_ids.is_empty() {
        return Err("APPVIEWX_* is set, but no --resource-id names a certificate".to_owned());
    }
    let client = appviewx::Client::builder(&server).credentials(credentials).build();
    Ok(AppViewXJob {
        client: client.map_err(|error| error.to_string())?,
        resource_ids: targets.resource_ids.clone(),
        comment: targets.comment.clone(),
    })
}

/// The variables of both vendors that are set. What is left in the end was not understood.
struct Variables(BTreeMap<String, String>);

impl Variables {
    fn of(variables: impl Iterator<Item = (String, OsString)>) -> Result<Self, Problem> {
        variables
            .filter(|(name, _)| name.starts_with("KEYFACTOR_") || name.starts_with("APPVIEWX_"))
            .map(|(name, value)| match value.into_string() {
                Ok(value) => Ok((name, value)),
                Err(_) => Err(format!("{name} is not valid Unicode")),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn any(&self, prefix: &str) -> bool {
        self.0.keys().any(|name| name.starts_with(prefix))
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

    const STORE: &str = "57070000-0000-4000-8000-000000000001=web01.pfx";

    fn read(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Config, Problem> {
        Config::read(
            arguments.iter().map(OsString::from),
            variables.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))),
        )
    }

    fn problem(arguments: &[&str], variables: &[(&str, &str)]) -> Problem {
        match read(arguments, variables) {
            Err(problem) => problem,
            Ok(_) => panic!("{arguments:?} with {variables:?} was taken"),
        }
    }

    #[test]
    fn the_fakes_run_only_if_nothing_at_all_is_given() {
        assert!(matches!(read(&[], &[("HOME", "/home/me")]), Ok(Config::Demo)));
        assert_eq!(problem(&[], &[("KEYFACTOR_HOSTNAME", "")]), "KEYFACTOR_HOSTNAME is not set");
        assert_eq!(problem(&["--yes"], &[]), "nothing to do: give --location or --resource-id");
        assert_eq!(problem(&["--location", STORE], &[]), "KEYFACTOR_HOSTNAME is not set");
        assert_eq!(problem(&["--resource-id", "a"], &[]), "APPVIEWX_URL is not set");
    }

    #[test]
    fn a_partial_configuration_names_the_missing_variable() {
        let host = ("KEYFACTOR_HOSTNAME", "command.example.com");
        assert_eq!(problem(&[], &[host]), "KEYFACTOR_USERNAME is not set");
        assert_eq!(problem(&[], &[host, ("KEYFACTOR_USERNAME", "me")]), "KEYFACTOR_PASSWORD is not set");
        assert_eq!(problem(&[], &[("KEYFACTOR_PASSWORD", "secret")]), "KEYFACTOR_HOSTNAME is not set");
        let url = ("APPVIEWX_URL", "https://appviewx.example.com");
        assert_eq!(problem(&[], &[url]), "APPVIEWX_USERNAME is not set");
        assert_eq!(problem(&[], &[url, ("APPVIEWX_USERNAME", "me")]), "APPVIEWX_PASSWORD is not set");
        assert_eq!(
            problem(&["--location", STORE], &[host, ("KEYFACTOR_AUTH_ACCESS_TOKEN", "t"), url]),
            "APPVIEWX_USERNAME is not set",
        );
    }

    #[test]
    fn nothing_that_is_given_is_passed_over() {
        let url = [("APPVIEWX_URL", "https://appviewx.example.com"), ("APPVIEWX_SESSION_ID", "s")];
        let host = [("KEYFACTOR_HOSTNAME", "command.example.com"), ("KEYFACTOR_AUTH_ACCESS_TOKEN", "t")];
        assert_eq!(
            problem(&["--resource-id=a", "--collection-id=4"], &url),
            "--collection-id belongs to --location, and there is none"
        );
        assert_eq!(
            problem(&["--location", STORE, "--comment=why"], &host),
            "--comment belongs to --resource-id, and there is none"
        );
        for name in ["https://command.example.com", "command.example.com:8443", "me@command.example.com"] {
            let said = problem(&["--location", STORE], &[("KEYFACTOR_HOSTNAME", name)]);
            assert_eq!(said, "KEYFACTOR_HOSTNAME is a host name alone, without https:// and port");
        }
    }

    #[test]
    fn a_variable_that_would_be_ignored_is_an_error() {
        let variables = [
            ("KEYFACTOR_HOSTNAME", "command.example.com"),
            ("KEYFACTOR_AUTH_ACCESS_TOKEN", "t"),
            ("KEYFACTOR_SKIP_VERIFY", "true"),
        ];
        assert_eq!(
            problem(&["--location", STORE], &variables),
            "KEYFACTOR_SKIP_VERIFY is set, but this program does not use it; unset it to go on",
        );
    }

    #[test]
    fn a_whole_configuration_makes_a_job() {
        let variables = [
            ("KEYFACTOR_HOSTNAME", "command.example.com"),
            ("KEYFACTOR_PORT", "8443"),
            ("KEYFACTOR_API_PATH", "/Keyfactor/API/"),
            ("KEYFACTOR_USERNAME", "svc"),
            ("KEYFACTOR_PASSWORD", "secret"),
            ("KEYFACTOR_DOMAIN", "EXAMPLE"),
        ];
        let Ok(Config::Job(job)) = read(&["--location", STORE, "--collection-id=4"], &variables) else {
            panic!("a job was expected");
        };
        let keyfactor = job.keyfactor.unwrap();
        assert_eq!(keyfactor.client.base_url().as_str(), "https://command.example.com:8443/Keyfactor/API");
        assert_eq!(keyfactor.collection_id, Some(4));
        assert_eq!(keyfactor.locations[0].alias(), "web01.pfx");
        assert_eq!(job.mode, Mode::Show, "nothing is sent without --yes");
        assert!(job.appviewx.is_none());
    }

    #[test]
    fn no_argument_takes_a_secret() {
        for argument in ["--password=x", "--session-id=x", "--token=x"] {
            assert!(problem(&[argument], &[]).starts_with("invalid option"), "{argument}");
        }
    }
}
