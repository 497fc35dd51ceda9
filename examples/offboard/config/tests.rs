use super::*;

const LOCATION: &str = "57070000-0000-4000-8000-000000000001=web01.pfx";
const THUMBPRINT: &str = "6A 09 E6 67 F3 BC C9 08 B2 FB 13 66 EA 95 7D 3E 3A DE C1 75";
const HOST: [(&str, &str); 2] = [("KEYFACTOR_HOSTNAME", "command.example.com"), ("KEYFACTOR_AUTH_ACCESS_TOKEN", "t")];
const NO_HOST: &str =
    "cannot build the client: KEYFACTOR_HOSTNAME: must be set to the host name of the Keyfactor Command server";
const NO_USER: &str = "cannot build the client: KEYFACTOR_USERNAME: no credentials are set: set this one, \
                       KEYFACTOR_AUTH_CLIENT_ID or KEYFACTOR_AUTH_ACCESS_TOKEN";
const NO_PASSWORD: &str = "cannot build the client: KEYFACTOR_PASSWORD: must be set: Basic authentication requires a \
                           user name and a password";
const URL: [(&str, &str); 2] = [("APPVIEWX_URL", "https://appviewx.example.com"), ("APPVIEWX_SESSION_ID", "s")];

/// A plan's file, which goes with it.
struct PlanFile(PathBuf);

impl PlanFile {
    fn new(text: impl AsRef<[u8]>) -> Self {
        let path = std::env::temp_dir().join(format!("clm-offboard-test-{:016x}.json", fastrand::u64(..)));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for PlanFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

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
    assert_eq!(problem(&[], &[("KEYFACTOR_HOSTNAME", "")]), NO_HOST);
    assert_eq!(
        problem(&["--yes"], &[]),
        "there is no target: use --thumbprint, --thumbprints, --certificate-id, --location, --common-name, --group, --resource-id, --undo or --follow"
    );
    let plan = PlanFile::new("{}");
    for target in [["--location", LOCATION], ["--thumbprint", THUMBPRINT], ["--undo", plan.path()]] {
        assert_eq!(problem(&target, &[]), NO_HOST);
    }
    assert_eq!(problem(&["--resource-id", "a"], &[]), "APPVIEWX_URL is not set");
    assert!(matches!(read(&["-h"], &HOST), Ok(Config::Help)));
    assert!(matches!(read(&["--help"], &[]), Ok(Config::Help)));
}

#[test]
fn a_partial_configuration_names_the_missing_variable() {
    let host = ("KEYFACTOR_HOSTNAME", "command.example.com");
    assert_eq!(problem(&[], &[host]), NO_USER);
    assert_eq!(problem(&[], &[host, ("KEYFACTOR_USERNAME", "me")]), NO_PASSWORD);
    assert_eq!(problem(&[], &[("KEYFACTOR_PASSWORD", "secret")]), NO_HOST);
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
        "KEYFACTOR_* is set, but there is no target: use --thumbprint, --thumbprints, --certificate-id, --location, --undo or --follow"
    );
    assert_eq!(
        problem(&[], &URL),
        "APPVIEWX_* is set, but there is no target: use --common-name, --group, --resource-id or --undo"
    );
}

#[test]
fn nothing_that_is_given_is_passed_over() {
    let plan = PlanFile::new("{}");
    let any = "--thumbprint, --certificate-id, --location, --undo or --follow";
    for (argument, belongs) in [
        ("--collection-id=4", "--thumbprint, --certificate-id or --location"),
        ("--plan=p.json", "--thumbprint or --certificate-id"),
        ("--no-follow", any),
        ("--deadline=1", any),
        ("--trigger-inventory", any),
    ] {
        let name = argument.split('=').next().unwrap();
        assert_eq!(problem(&["--resource-id=a", argument], &URL), format!("{name} requires {belongs}"));
    }
    assert_eq!(
        problem(&["--location", LOCATION, "--accept-loss"], &HOST),
        "--accept-loss requires --thumbprint, --certificate-id, --common-name, --group or --resource-id"
    );
    assert_eq!(
        problem(&["--location", LOCATION, "--comment=why"], &HOST),
        "--comment requires --common-name, --group, --resource-id or --undo"
    );
    assert_eq!(
        problem(&["--undo", plan.path(), "--collection-id=4"], &HOST),
        "--collection-id requires --thumbprint, --certificate-id or --location"
    );
}

#[test]
fn what_contradicts_itself_is_an_error() {
    let plan = PlanFile::new("{}");
    let one = "use only one of --thumbprint (or --certificate-id), --location, --undo and --follow";
    assert_eq!(problem(&["--thumbprint", THUMBPRINT, "--location", LOCATION], &HOST), one);
    assert_eq!(problem(&["--certificate-id=1", "--undo", plan.path()], &HOST), one);
    assert_eq!(
        problem(&["--certificate-id=1", "--thumbprint", THUMBPRINT], &HOST),
        "--thumbprint cannot be combined with --certificate-id"
    );
    assert_eq!(
        problem(&["--certificate-id=1", "--certificate-id=2"], &HOST),
        "--certificate-id was given more than once"
    );
    assert_eq!(
        problem(&["--certificate-id=1", "--expect=1", "--expect=2"], &HOST),
        "--expect was given more than once"
    );
    assert_eq!(
        problem(&["--undo", plan.path(), "--resource-id=a"], &URL),
        "--undo cannot be combined with --resource-id"
    );
}

#[test]
fn sending_by_what_is_looked_up_needs_an_expectation() {
    let plan = PlanFile::new("{}");
    let needed = "--yes requires --expect N; run without --yes first to see the number";
    assert_eq!(problem(&["--thumbprint", THUMBPRINT, "--yes"], &HOST), needed);
    assert_eq!(problem(&["--undo", plan.path(), "--yes"], &HOST), needed);
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
        assert!(said.contains("expected a number of minutes from 1 to 43200"), "{said}");
    }
}

#[test]
fn a_variable_that_would_be_ignored_is_an_error() {
    let [host, token] = HOST;
    assert_eq!(
        problem(&["--location", LOCATION], &[host, token, ("KEYFACTOR_RETRIES", "3")]),
        "KEYFACTOR_RETRIES is set, but offboard does not support it; unset it to proceed",
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
    assert_eq!(keyfactor.consent, Consent { loss: Loss::Accepted, ..Consent::default() });
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

/// The beginning of one.
const GROUP_PLAN: &str = r#"{
  "header": {
    "format": "clm.appviewx.group-plan",
    "version": 1"#;

#[test]
fn a_plan_tells_which_vendor_undoes_it() {
    let undo = |text: &str, variables: &[(&str, &str)]| {
        let plan = PlanFile::new(text);
        let job = job(&["--undo", plan.path()], variables);
        (job.keyfactor.is_some(), job.appviewx.is_some())
    };
    assert_eq!(undo(r#"{"certificate_id": 1}"#, &HOST), (true, false));
    assert_eq!(undo(GROUP_PLAN, &URL), (false, true));
    assert_eq!(undo(r#"{"remembered": []}"#, &URL), (false, true));
    let utf16: Vec<u8> =
        "\u{feff}".encode_utf16().chain(GROUP_PLAN.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let plan = PlanFile::new(utf16);
    assert!(job(&["--undo", plan.path()], &URL).appviewx.is_some());

    let plan = PlanFile::new(GROUP_PLAN);
    assert_eq!(problem(&["--undo", plan.path()], &[]), "APPVIEWX_URL is not set");
    let said = problem(&["--undo", plan.path(), "--no-follow"], &URL);
    assert_eq!(said, "--no-follow cannot be combined with a plan for AppViewX CERT+");
    let plan = PlanFile::new("{}");
    let said = problem(&["--undo", plan.path(), "--comment=why"], &HOST);
    assert_eq!(said, "--comment cannot be combined with a plan for Keyfactor Command");
    let given = job(&["--undo", PlanFile::new("{}").path(), "--accept-other-server"], &HOST).keyfactor.unwrap();
    assert_eq!(given.consent.other_server, Loss::Accepted);
    assert_eq!(
        job(&["--undo", PlanFile::new("{}").path()], &HOST).keyfactor.unwrap().consent.other_server,
        Loss::Refused
    );
    let said = problem(&["--thumbprint", THUMBPRINT, "--accept-other-server"], &HOST);
    assert_eq!(said, "--accept-other-server requires --undo");
    for text in ["no plan", "[]", "\0\0\0", ""] {
        let plan = PlanFile::new(text);
        assert!(problem(&["--undo", plan.path()], &URL).starts_with("cannot read the plan "));
    }
    assert!(problem(&["--undo", "/nowhere/plan.json"], &URL).starts_with("cannot read the plan /nowhere/plan.json: "));
}

#[test]
fn each_side_has_its_own_expectation() {
    let both: Vec<_> = HOST.into_iter().chain(URL).collect();
    let named = ["--thumbprint", THUMBPRINT, "--common-name=www"];
    let with = |more: &[&'static str]| [&named[..], more].concat();
    let needed = "--yes requires --expect with two numbers, for locations and certificates: --expect 2+3";
    assert_eq!(problem(&with(&["--yes", "--expect=2"]), &both), needed);
    let job_of = |more: &[&'static str]| {
        let job = job(&with(more), &both);
        (job.keyfactor.unwrap().consent.expect, job.appviewx.unwrap().consent.expect)
    };
    assert_eq!(job_of(&["--yes", "--expect=2+3"]), (Some(2), Some(3)));
    assert_eq!(job_of(&["--expect=2"]), (Some(2), None));
    let one = "--expect with two numbers requires targets for both servers";
    assert_eq!(problem(&["--common-name=www", "--yes", "--expect=2+3"], &URL), one);
    for wrong in ["2+", "+3", "two", "-1", "1+2+3"] {
        let said = problem(&["--common-name=www", &format!("--expect={wrong}")], &URL);
        assert!(said.contains("expected a number such as 2, or two such as 2+3"), "{said}");
    }
}

#[test]
fn what_appviewx_looks_up_needs_an_expectation_and_ids_do_not() {
    for target in ["--common-name=www", "--group=web-servers"] {
        let needed = "--yes requires --expect N; run without --yes first to see the number";
        assert_eq!(problem(&[target, "--yes"], &URL), needed);
        let appviewx = job(&[target, "--yes", "--expect=3"], &URL).appviewx.unwrap();
        assert_eq!((appviewx.consent.expect, appviewx.categories), (Some(3), every_category()));
    }
    assert_eq!(job(&["--resource-id=a", "--yes"], &URL).mode, Mode::Send);
    let one = "use only one of --common-name, --group and --resource-id";
    assert_eq!(problem(&["--common-name=a", "--group=b"], &URL), one);
    assert_eq!(problem(&["--common-name=a", "--resource-id=b"], &URL), one);
    let narrowed = job(&["--group=b", "--category=client", "--category=code-signing"], &URL).appviewx.unwrap();
    assert_eq!(narrowed.categories, [CertificateCategory::Client, CertificateCategory::CodeSigning]);
    assert!(problem(&["--group=b", "--category=root"], &URL).contains("expected server, client or code-signing"));
}

#[test]
fn appviewx_takes_one_kind_of_credentials() {
    let [url, session_id] = URL;
    let session = |variables: &[(&str, &str)]| {
        let all: Vec<_> = [url].into_iter().chain(variables.iter().copied()).collect();
        read(&["--resource-id=a"], &all).map(|config| match config {
            Config::Job(job) => job.appviewx.unwrap().session,
            _ => panic!("no job"),
        })
    };
    let (user, password) = (("APPVIEWX_USERNAME", "me"), ("APPVIEWX_PASSWORD", "marker"));
    let (id, secret) = (("APPVIEWX_CLIENT_ID", "svc"), ("APPVIEWX_CLIENT_SECRET", "marker"));
    assert_eq!(session(&[user, password]), Ok(appviewx::Session::Own));
    assert_eq!(session(&[id, secret]), Ok(appviewx::Session::NotOwn));
    assert_eq!(session(&[session_id]), Ok(appviewx::Session::NotOwn));
    assert_eq!(session(&[id]), Err("APPVIEWX_CLIENT_SECRET is not set".to_owned()));
    assert_eq!(session(&[secret]), Err("APPVIEWX_CLIENT_ID is not set".to_owned()));
    for (variables, second, first) in [
        (&[user, password, session_id][..], "APPVIEWX_SESSION_ID", "APPVIEWX_USERNAME"),
        (&[password, id, secret], "APPVIEWX_CLIENT_ID", "APPVIEWX_PASSWORD"),
        (&[secret, session_id], "APPVIEWX_SESSION_ID", "APPVIEWX_CLIENT_SECRET"),
    ] {
        let said = format!("{first} and {second} are both set, but belong to different kinds of credentials");
        assert_eq!(session(variables), Err(said));
    }
}

#[test]
fn what_the_vendors_own_variables_contradict_is_named() {
    let [host, token] = HOST;
    assert_eq!(
        problem(&["--location", LOCATION], &[host, token, ("KEYFACTOR_USERNAME", "me")]),
        "cannot build the client: KEYFACTOR_AUTH_ACCESS_TOKEN: must not be set together with KEYFACTOR_USERNAME: they \
         belong to different kinds of credentials"
    );
    for name in ["http://command.example.com", "command.example.com:8443", "me@command.example.com"] {
        let said = problem(&["--location", LOCATION], &[("KEYFACTOR_HOSTNAME", name), token]);
        assert!(said.starts_with("cannot build the client: KEYFACTOR_HOSTNAME: "), "{said}");
    }
    let oauth = [
        host,
        ("KEYFACTOR_AUTH_CLIENT_ID", "clm"),
        ("KEYFACTOR_AUTH_CLIENT_SECRET", "marker"),
        ("KEYFACTOR_AUTH_TOKEN_URL", "https://idp.example.com/token"),
    ];
    assert!(job(&["--location", LOCATION], &oauth).keyfactor.is_some());
}

#[test]
fn a_mistyped_option_is_told_the_nearest_one() {
    for (typed, meant) in
        [("--thumbprnt", "thumbprint"), ("--expct", "expect"), ("--trigger-inventroy", "trigger-inventory")]
    {
        assert_eq!(problem(&[typed, "1"], &[]), format!("invalid option '{typed}'; did you mean --{meant}?"));
    }
    assert_eq!(problem(&["--password", "1"], &[]), "invalid option '--password'");
}

#[test]
fn every_option_of_the_help_is_taken() {
    let options = crate::help::HELP.lines().filter_map(|line| line.strip_prefix("  --")?.split_whitespace().next());
    let options: Vec<String> = options.map(|name| format!("--{name}")).collect();
    assert_eq!(options.len(), 28, "{options:?}");
    for option in options {
        let said = read(&[&option], &[]).err().unwrap_or_default();
        assert!(!said.starts_with("invalid option"), "{said}");
    }
}

#[test]
fn an_error_names_its_option() {
    for (arguments, said) in [
        (&["--plan"][..], "missing argument for option '--plan'"),
        (&["--location", "here"], "--location: cannot parse argument \"here\": expected STORE=ALIAS"),
        (&["--certificate-id", "x"], "--certificate-id: cannot parse argument \"x\": invalid digit found in string"),
        (&["--job-field", "hunter2"], "--job-field: expected NAME=VALUE"),
        (&["--yes=1"], "unexpected argument for option '--yes': \"1\""),
    ] {
        assert_eq!(problem(arguments, &[]), said);
    }
}

#[test]
fn the_demonstration_is_asked_for_alone() {
    assert!(matches!(read(&["--demo"], &HOST), Ok(Config::Demo)));
    assert_eq!(problem(&["--demo", "--yes"], &HOST), "--demo cannot be combined with other options");
}

#[test]
fn thumbprints_come_from_arguments_and_from_a_file() {
    let other = "0123456789abcdef0123456789ABCDEF01234567";
    let text = format!("# old ones\r\n{THUMBPRINT}  # web\r\n\r\n{other}");
    let utf16 = |unit: fn(u16) -> [u8; 2]| {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(unit).collect::<Vec<u8>>()
    };
    let marked = format!("\u{feff}{text}").into_bytes();
    for bytes in [text.clone().into_bytes(), marked, utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
        let file = PlanFile::new("");
        std::fs::write(file.path(), bytes).unwrap();
        let Task::Certificates { thumbprints, .. } =
            job(&["--thumbprints", file.path(), "--thumbprint", THUMBPRINT], &HOST).keyfactor.unwrap().task
        else {
            panic!("several certificates were named")
        };
        assert_eq!(thumbprints, [THUMBPRINT, other, THUMBPRINT].map(Thumbprint::from));
    }
    let file = PlanFile::new(format!("{THUMBPRINT}\n123\n{other}\nno thumbprint\n"));
    let said = problem(&["--thumbprints", file.path()], &HOST);
    assert!(said.ends_with("expected a thumbprint of 40 hexadecimal digits in line 2, 4"), "{said}");
    let file = PlanFile::new("# nothing\n");
    assert!(problem(&["--thumbprints", file.path()], &HOST).ends_with("the file contains no thumbprint"));
}

#[test]
fn what_is_given_for_all_places_and_comments_arrives() {
    let keyfactor = job(&["--location", LOCATION, "--job-field=A=b=c", "--audit-note=CHG 1"], &HOST).keyfactor.unwrap();
    assert_eq!(keyfactor.settings.job_fields, [("A".to_owned(), "b=c".to_owned())]);
    assert_eq!(keyfactor.settings.audit_note.as_deref(), Some("CHG 1"));
    let given = job(&["--resource-id=a", "--comment=CHG-1", "--comment-allows", "-"], &URL).appviewx.unwrap();
    assert!(given.check().is_ok());
    let given = job(&["--resource-id=a", "--comment=CHG-1"], &URL).appviewx.unwrap();
    assert!(matches!(given.check(), Err(crate::ended::Trouble::AppViewX(_))));
    assert!(problem(&["--resource-id=a", "--comment-allows=-"], &URL).ends_with("--comment-allows requires --comment"));
    let key = [URL[0], URL[1], ("APPVIEWX_GWKEY", "f000ca01")];
    assert!(job(&["--resource-id=a"], &key).appviewx.is_some());
}

#[test]
fn roots_for_appviewx_are_a_file_or_its_text() {
    let with = |roots| problem(&["--resource-id=a"], &[URL[0], URL[1], ("APPVIEWX_CA_CERT", roots)]);
    let unreadable = "APPVIEWX_CA_CERT: the value is neither PEM text nor the path of a readable file";
    assert_eq!(with("/nowhere/marker.pem"), unreadable);
    assert_eq!(with("/"), unreadable);
    let said = with(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    assert_eq!(said, "APPVIEWX_CA_CERT: contains no certificate");
    let said = with("-----BEGIN marker");
    assert_eq!(said, "APPVIEWX_CA_CERT: is not valid PEM");
    let said = problem(&["--resource-id=a"], &[("APPVIEWX_URL", "http://appviewx.example.com"), URL[1]]);
    assert!(said.starts_with("APPVIEWX_URL: plain http would send credentials unencrypted"), "{said}");
}

// A device without an end would be read for ever.
#[cfg(unix)]
#[test]
fn what_is_no_plan_is_refused_by_its_beginning() {
    let said = problem(&["--undo", "/dev/zero"], &HOST);
    assert_eq!(said, "cannot read the plan /dev/zero: it is not a plan");
    let said = plan_file::read_removal(Path::new("/dev/zero"));
    assert!(matches!(said, Err(crate::ended::Trouble::PlanFile(..))));
}
