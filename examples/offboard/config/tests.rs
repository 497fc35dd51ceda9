use super::*;

const LOCATION: &str = "57070000-0000-4000-8000-000000000001=web01.pfx";
const THUMBPRINT: &str = "6A 09 E6 67 F3 BC C9 08 B2 FB 13 66 EA 95 7D 3E 3A DE C1 75";
const HOST: [(&str, &str); 2] = [("KEYFACTOR_HOSTNAME", "command.example.com"), ("KEYFACTOR_AUTH_ACCESS_TOKEN", "t")];
const URL: [(&str, &str); 2] = [("APPVIEWX_URL", "https://appviewx.example.com"), ("APPVIEWX_SESSION_ID", "s")];

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

fn job(arguments: &[&str], variables: &[(&str, &str)]) -> Job {
    match read(arguments, variables) {
        Ok(Config::Job(job)) => *job,
        Ok(_) => panic!("{arguments:?} made no job"),
        Err(problem) => panic!("{arguments:?}: {problem}"),
    }
}

#[test]
fn the_fakes_run_only_if_nothing_at_all_is_given() {
    assert!(matches!(read(&[], &[("HOME", "/home/me")]), Ok(Config::Demo)));
    assert_eq!(problem(&[], &[("KEYFACTOR_HOSTNAME", "")]), "KEYFACTOR_HOSTNAME is not set");
    assert_eq!(problem(&["--yes"], &[]), "nothing to do: give --thumbprint, --location, --undo or --resource-id");
    for target in [["--location", LOCATION], ["--thumbprint", THUMBPRINT], ["--undo", "plan.json"]] {
        assert_eq!(problem(&target, &[]), "KEYFACTOR_HOSTNAME is not set");
    }
    assert_eq!(problem(&["--resource-id", "a"], &[]), "APPVIEWX_URL is not set");
    assert!(matches!(read(&["-h"], &HOST), Ok(Config::Help)));
    assert!(matches!(read(&["--help"], &[]), Ok(Config::Help)));
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
        problem(&["--location", LOCATION], &[host, ("KEYFACTOR_AUTH_ACCESS_TOKEN", "t"), url]),
        "APPVIEWX_USERNAME is not set",
    );
}

#[test]
fn a_server_without_a_target_is_an_error() {
    assert_eq!(
        problem(&[], &HOST),
        "KEYFACTOR_* is set, but no --thumbprint, --certificate-id, --location or --undo names a certificate"
    );
    assert_eq!(problem(&[], &URL), "APPVIEWX_* is set, but no --resource-id names a certificate");
}

#[test]
fn nothing_that_is_given_is_passed_over() {
    let any = "--thumbprint, --certificate-id, --location or --undo, and there is none";
    for (argument, belongs) in [
        ("--collection-id=4", "--thumbprint, --certificate-id or --location, and there is none"),
        ("--plan=p.json", "--thumbprint or --certificate-id, and there is none"),
        ("--accept-loss", "--thumbprint or --certificate-id, and there is none"),
        ("--expect=1", any),
        ("--no-follow", any),
        ("--deadline=1", any),
        ("--trigger-inventory", any),
    ] {
        let name = argument.split('=').next().unwrap();
        assert_eq!(problem(&["--resource-id=a", argument], &URL), format!("{name} belongs to {belongs}"));
    }
    assert_eq!(
        problem(&["--location", LOCATION, "--comment=why"], &HOST),
        "--comment belongs to --resource-id, and there is none"
    );
    assert_eq!(
        problem(&["--undo=p.json", "--collection-id=4"], &HOST),
        "--collection-id belongs to --thumbprint, --certificate-id or --location, and there is none"
    );
    for name in ["https://command.example.com", "command.example.com:8443", "me@command.example.com"] {
        let said = problem(&["--location", LOCATION], &[("KEYFACTOR_HOSTNAME", name)]);
        assert_eq!(said, "KEYFACTOR_HOSTNAME is a host name alone, without https:// and port");
    }
}

#[test]
fn what_contradicts_itself_is_an_error() {
    let one = "give only one of --thumbprint (or --certificate-id), --location and --undo";
    assert_eq!(problem(&["--thumbprint", THUMBPRINT, "--location", LOCATION], &HOST), one);
    assert_eq!(problem(&["--certificate-id=1", "--undo=p.json"], &HOST), one);
    assert_eq!(problem(&["--certificate-id=1", "--thumbprint", THUMBPRINT], &HOST), "--thumbprint was given before");
    assert_eq!(problem(&["--certificate-id=1", "--expect=1", "--expect=2"], &HOST), "--expect was given before");
    assert_eq!(
        problem(&["--undo=p.json", "--resource-id=a"], &URL),
        "--undo puts back what a plan holds; it does not go with --resource-id"
    );
}

#[test]
fn sending_by_what_is_looked_up_needs_an_expectation() {
    let needed = "--yes needs --expect N: look first, without --yes, how many places there are";
    assert_eq!(problem(&["--thumbprint", THUMBPRINT, "--yes"], &HOST), needed);
    assert_eq!(problem(&["--undo=p.json", "--yes"], &HOST), needed);
    let mode = |arguments: &[&str]| job(arguments, &HOST).mode;
    assert_eq!(mode(&["--thumbprint", THUMBPRINT]), Mode::Show, "nothing is sent without --yes");
    assert_eq!(mode(&["--thumbprint", THUMBPRINT, "--yes", "--expect=2"]), Mode::Send);
    assert_eq!(mode(&["--location", LOCATION, "--yes"]), Mode::Send, "its places are named");
    assert_eq!(mode(&["--thumbprint", THUMBPRINT, "--dry-run"]), Mode::DryRun);
    assert_eq!(mode(&["--dry-run", "--thumbprint", THUMBPRINT, "--yes", "--expect=2"]), Mode::DryRun);
}

#[test]
fn a_deadline_is_minutes() {
    let settings = |argument: &str| job(&["--certificate-id=1", argument], &HOST).keyfactor.unwrap().settings;
    assert_eq!(settings("--no-follow").deadline, Duration::from_secs(30 * 60));
    assert_eq!(settings("--deadline=5").deadline, Duration::from_secs(300));
    for wrong in ["0", "-1", "1.5", "43201", "soon", "18446744073709551615"] {
        let said = problem(&["--certificate-id=1", &format!("--deadline={wrong}")], &HOST);
        assert!(said.contains("a deadline is a number of minutes, 1 to 43200"), "{said}");
    }
}

#[test]
fn a_variable_that_would_be_ignored_is_an_error() {
    let [host, token] = HOST;
    assert_eq!(
        problem(&["--location", LOCATION], &[host, token, ("KEYFACTOR_SKIP_VERIFY", "true")]),
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
    let given = ["--thumbprint", THUMBPRINT, "--collection-id=4", "--accept-loss", "--no-follow", "--plan=p.json"];
    let job = job(&given, &variables);
    let keyfactor = job.keyfactor.unwrap();
    assert_eq!(keyfactor.client.base_url().as_str(), "https://command.example.com:8443/Keyfactor/API");
    assert_eq!(keyfactor.consent, Consent { expect: None, loss: Loss::Accepted });
    assert_eq!(keyfactor.settings.following, Following::Off);
    assert!(job.appviewx.is_none());
    let Task::Certificate { certificate, collection_id, plan } = keyfactor.task else {
        panic!("a certificate was named");
    };
    assert_eq!(certificate, CertificateRef::from(THUMBPRINT));
    assert_eq!((collection_id, plan), (Some(4), Some(PathBuf::from("p.json"))));
}

#[test]
fn no_argument_takes_a_secret() {
    for argument in ["--password=x", "--session-id=x", "--token=x"] {
        assert!(problem(&[argument], &[]).starts_with("invalid option"), "{argument}");
    }
}
