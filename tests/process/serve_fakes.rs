//! The example `serve_fakes` as a program of its own, used from the lines that it prints.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clm::keyfactor::{CertificateLocation, ClientBuilder, Error, Query, Schedule};
use clm::{RetryPolicy, appviewx, keyfactor};
use http::Method;
use serde_json::{Value, json};

use crate::support::serve_fakes::{ServeFakes, example, output};
use crate::support::tls::{in_a_process_of_its_own, is_the_child};
use crate::support::{spawn, texts};

const NAME: &str = "www.example.com";
/// Between two questions about a job.
const PAUSE: Duration = Duration::from_millis(20);

fn keyfactor_client(served: &ServeFakes) -> keyfactor::Client {
    ClientBuilder::from_vars(|name| served.variable(name)).unwrap().build().unwrap()
}

fn appviewx_client(served: &ServeFakes) -> appviewx::Client {
    let [url, user, password] =
        ["APPVIEWX_URL", "APPVIEWX_USERNAME", "APPVIEWX_PASSWORD"].map(|name| &served.variables[name]);
    let credentials = appviewx::Credentials::login(user, password.as_str());
    let mut client = appviewx::Client::builder(url.as_str()).credentials(credentials);
    if let Some(file) = served.variables.get("APPVIEWX_CA_CERT") {
        client = client.add_root_certificate(std::fs::read_to_string(file).unwrap());
    }
    client.build().unwrap()
}

/// The folder that the program made, if it serves over TLS.
fn folder(served: &ServeFakes) -> PathBuf {
    Path::new(&served.variables["KEYFACTOR_CA_CERT"]).parent().unwrap().to_owned()
}

/// Finds, removes, follows and confirms; searches, unassigns and logs out.
async fn do_the_whole_job(keyfactor: &keyfactor::Client, appviewx: &appviewx::Client) {
    let mut found = keyfactor.certificates().search(Query::field("IssuedCN").eq(NAME)).rows().unwrap();
    let certificate = found.next().await.unwrap().unwrap();
    assert!(found.next().await.is_none());
    let thumbprint = certificate.thumbprint;
    let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());
    let located = keyfactor.certificates().locations_of(&thumbprint).send().await.unwrap();
    let plan = stores.plan_removal(&located).await.unwrap();
    assert_eq!(plan.removals.len(), 2, "{plan:?}");
    let removal = stores.remove(&plan, Schedule::Immediate).send().await.unwrap();
    let report = jobs.watch(removal.job_ids()).pauses(PAUSE, PAUSE).finish().await.unwrap();
    assert!(removal.is_complete() && report.all_succeeded(), "{report:?}");
    let confirm = stores.confirm_removed(plan.locations()).was_listed().pauses(PAUSE, PAUSE);
    let confirmation = confirm.send().await.unwrap();
    assert!(confirmation.all_gone(), "{confirmation:?}");

    let mut rows = appviewx.certificates().search().common_name_is(NAME).rows().unwrap();
    let mut ids = Vec::new();
    while let Some(row) = rows.next().await {
        ids.push(row.unwrap().resource_id.unwrap());
    }
    assert_eq!(ids.len(), 2, "a search is for server certificates unless told otherwise");
    let outcome = appviewx.certificate_groups().unassign(&ids).comment("CHG 1234").send().await.unwrap();
    assert_eq!(outcome.require_complete().unwrap().successful_ids().len(), 2);
    appviewx.logout().await.unwrap();
}

#[tokio::test]
async fn our_own_clients_do_the_whole_job_over_tls_from_the_printed_lines() {
    let mut served = ServeFakes::start(&[]);
    assert!(served.variables["APPVIEWX_URL"].starts_with("https://"));
    do_the_whole_job(&keyfactor_client(&served), &appviewx_client(&served)).await;
    let asked = served.ask("requests").unwrap();
    let removals = asked.iter().filter(|line| line.contains("/CertificateStores/Certificates/Remove")).count();
    assert_eq!(removals, 1, "{asked:#?}");
    assert!(served.finish().success());
}

#[tokio::test]
async fn our_own_clients_do_the_whole_job_over_plain_http_as_well() {
    let served = ServeFakes::start(&["--plain"]);
    assert!(!served.variables.keys().any(|name| name.ends_with("_CA_CERT")), "{:?}", served.variables);
    assert_eq!(served.variables["KEYFACTOR_HOSTNAME"], "http://127.0.0.1");
    assert!(served.variables["APPVIEWX_URL"].starts_with("http://127.0.0.1:"));
    do_the_whole_job(&keyfactor_client(&served), &appviewx_client(&served)).await;
    assert!(served.finish().success());
}

#[tokio::test]
async fn tokens_are_had_at_the_printed_url_and_anew_when_they_expire() {
    for (arguments, scheme) in [(&["--oauth"][..], "https://"), (&["--oauth", "--plain"], "http://")] {
        let mut served = ServeFakes::start(arguments);
        let url = &served.variables["KEYFACTOR_AUTH_TOKEN_URL"];
        assert!(url.starts_with(&format!("{scheme}127.0.0.1:")), "{url}");
        for name in ["KEYFACTOR_USERNAME", "KEYFACTOR_PASSWORD"] {
            assert_eq!(served.variable(name), None, "the vendor's tools take one of the two only");
        }
        let (keyfactor, appviewx) = (keyfactor_client(&served), appviewx_client(&served));
        let list = async || keyfactor.certificate_stores().list(Query::all()).rows().unwrap().next().await;
        let search = async || appviewx.certificates().search().rows().unwrap().next().await;
        list().await.unwrap().unwrap();
        search().await.unwrap().unwrap();
        served.ask("expire-tokens").unwrap();
        list().await.unwrap().unwrap();
        search().await.unwrap().unwrap();
        let asked = values(&served.ask("requests").unwrap());
        let of_stores = asked.iter().filter(|request| request["path"] == "/KeyfactorAPI/CertificateStores");
        assert_eq!(of_stores.map(|it| it["status"].clone()).collect::<Vec<_>>(), [200, 401, 200]);
        let of_search = asked.iter().filter(|request| request["path"] == "/avxapi/certificate/search");
        assert_eq!(of_search.map(|it| it["status"].clone()).collect::<Vec<_>>(), [200, 401, 200]);
        let of_tokens = asked.iter().filter(|request| request["server"] == "identity provider");
        let of_tokens: Vec<_> = of_tokens.map(|request| &request["body"]).collect();
        assert_eq!(of_tokens.len(), 2, "{asked:#?}");
        for body in of_tokens {
            assert!(body.as_array().unwrap().contains(&json!("grant_type")), "{body}");
        }
        let secret = &served.variables["KEYFACTOR_AUTH_CLIENT_SECRET"];
        assert!(!json!(asked).to_string().contains(secret), "{asked:#?}");
    }
}

#[tokio::test]
async fn from_env_works_with_exactly_these_lines() {
    const TEST: &str = "serve_fakes::from_env_works_with_exactly_these_lines";
    if is_the_child() {
        let client = ClientBuilder::from_env().unwrap().build().unwrap();
        let mut stores = client.certificate_stores().list(Query::all()).rows().unwrap();
        while let Some(store) = stores.next().await {
            println!("store {}", store.unwrap().client_machine.unwrap());
        }
        return;
    }
    for arguments in [&[][..], &["--plain"], &["--oauth"]] {
        let served = ServeFakes::start(arguments);
        let set = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let set: Vec<String> = set.filter(|name| name.starts_with("KEYFACTOR_")).collect();
        let unset = set.iter().map(|name| (name.as_str(), ""));
        let printed = served.variables.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let printed = in_a_process_of_its_own(TEST, &unset.chain(printed).collect::<Vec<_>>()).await;
        for machine in ["web01", "web02", "mail"] {
            assert!(printed.contains(&format!("store {machine}.example.com")), "{arguments:?}: {printed}");
        }
    }
}

#[test]
fn a_shell_reads_the_lines() {
    let served = ServeFakes::start(&[]);
    for line in served.beginning.lines() {
        assert!(line.starts_with("export ") || line.starts_with('#'), "{line}");
    }
    if !cfg!(unix) {
        return;
    }
    let mut shell = Command::new("sh");
    let read =
        r#"eval "$1"; printf '%s\n' "$KEYFACTOR_USERNAME" "$KEYFACTOR_PORT" "$KEYFACTOR_CA_CERT" "$APPVIEWX_URL""#;
    let said = output(shell.args(["-c", read, "sh", &served.beginning]));
    assert!(said.status.success(), "{said:?}");
    let names = ["KEYFACTOR_USERNAME", "KEYFACTOR_PORT", "KEYFACTOR_CA_CERT", "APPVIEWX_URL"];
    let expected = names.map(|name| format!("{}\n", served.variables[name])).concat();
    assert_eq!(String::from_utf8_lossy(&said.stdout), expected);
    assert_eq!(served.variables["KEYFACTOR_USERNAME"], r"EXAMPLE\svc-clm");
}

/// `None` where there is no curl.
fn curl(served: &ServeFakes, arguments: &[&str]) -> Option<(Option<i32>, String)> {
    let there = Command::new("curl").arg("--version").stdout(Stdio::null()).status();
    if there.is_err() {
        eprintln!("skipped: there is no curl on this machine");
        return None;
    }
    let of = |name: &str| served.variables[name].as_str();
    let user = format!("{}:{}", of("KEYFACTOR_USERNAME"), of("KEYFACTOR_PASSWORD"));
    let host = of("KEYFACTOR_HOSTNAME");
    let host = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    let url = format!("{host}:{}/{}/CertificateStores", of("KEYFACTOR_PORT"), of("KEYFACTOR_API_PATH"));
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--noproxy", "*", "--user", &user, "--header", "x-keyfactor-requested-with: APIClient"]);
    let said = output(curl.args(arguments).arg(&url));
    Some((said.status.code(), String::from_utf8(said.stdout).unwrap()))
}

#[test]
fn curl_trusts_the_authority_and_nothing_else() {
    let served = ServeFakes::start(&[]);
    let Some((status, said)) = curl(&served, &["--cacert", &served.variables["KEYFACTOR_CA_CERT"]]) else { return };
    assert_eq!(status, Some(0), "{said}");
    let stores: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(stores.as_array().map(Vec::len), Some(3), "{stores}");
    // 60: the server's certificate is of an authority that is not trusted.
    assert_eq!(curl(&served, &[]).unwrap(), (Some(60), String::new()));
}

#[test]
fn curl_needs_no_authority_for_plain_http() {
    let served = ServeFakes::start(&["--plain"]);
    let Some((status, said)) = curl(&served, &[]) else { return };
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("web01.example.com"), "{said}");
}

/// Runs `offboard` with the printed variables, in a folder that is there for as long as the fakes are served.
fn offboard(served: &ServeFakes, folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut offboard = example("offboard");
    offboard.args(arguments).envs(&served.variables).current_dir(folder).stdin(Stdio::null());
    for proxy in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        offboard.env_remove(proxy).env_remove(proxy.to_lowercase());
    }
    let said = output(&mut offboard);
    let printed = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    (said.status.code(), printed)
}

#[tokio::test]
async fn offboard_works_with_exactly_these_lines() {
    let served = ServeFakes::start(&[]);
    let found = keyfactor_client(&served).certificates().search(Query::field("IssuedCN").eq(NAME));
    let thumbprint = found.rows().unwrap().next().await.unwrap().unwrap().thumbprint;
    let (target, folder) = (["--thumbprint", &thumbprint, "--common-name", NAME], folder(&served));

    let (status, said) = offboard(&served, &folder, &[&target[..], &["--dry-run"]].concat());
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(said.matches("POST /CertificateStores/Certificates/Remove ").count(), 2, "{said}");
    assert_eq!(said.matches("PUT /certificate/group/unassign ").count(), 1, "{said}");

    let yes = [&target[..], &["--yes", "--expect", "2+3"]].concat();
    let (status, said) = offboard(&served, &folder, &yes);
    assert_eq!(status, Some(0), "{said}");
    for line in ["  2 of 2 locations done and confirmed", "  3 of 3 certificates done and confirmed"] {
        assert!(said.lines().any(|it| it == line), "{line}: {said}");
    }
    for (_, secret) in served.variables.iter().filter(|(name, _)| name.ends_with("_PASSWORD")) {
        assert!(!said.contains(secret), "{said}");
    }

    let (status, said) = offboard(&served, &folder, &target);
    assert_eq!(status, Some(4), "nothing is left to do: {said}");
    let plan = folder.join(format!("offboard-{thumbprint}.json"));
    let undo = ["--undo", plan.to_str().unwrap(), "--yes", "--expect", "2"];
    let alone = served.variables.keys().filter(|name| name.starts_with("APPVIEWX_"));
    let mut back = example("offboard");
    back.args(undo).envs(&served.variables).current_dir(&folder).stdin(Stdio::null());
    for name in alone {
        back.env_remove(name);
    }
    let said = output(&mut back);
    assert_eq!(said.status.code(), Some(0), "{}", String::from_utf8_lossy(&said.stdout));
    assert!(served.finish().success());
}

#[cfg(unix)]
#[test]
fn a_shell_elsewhere_finds_the_authority() {
    let folder = std::env::temp_dir();
    let mut command = example("serve_fakes");
    command.args(["sh", "-c", r#"cd /; test -f "$KEYFACTOR_CA_CERT""#]);
    let said = output(command.env("TMPDIR", ".").current_dir(folder).stdin(Stdio::null()));
    assert_eq!(said.status.code(), Some(0), "{said:?}");
}

#[test]
fn it_ends_with_its_input_and_leaves_nothing() {
    let served = ServeFakes::start(&[]);
    let folder = folder(&served);
    assert!(folder.join("ca.pem").exists());
    let held = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(held, 1, "no key is written anywhere");
    assert!(served.finish().success());
    assert!(!folder.exists());
}

#[cfg(unix)]
#[test]
fn it_ends_with_a_signal_and_leaves_nothing() {
    for (signal, arguments) in [("INT", &[][..]), ("TERM", &[]), ("HUP", &[]), ("TERM", &["--no-input"])] {
        let mut served = ServeFakes::start(arguments);
        let folder = folder(&served);
        let id = served.id().to_string();
        let killed = output(Command::new("sh").args(["-c", r#"kill -s "$0" "$1""#, signal, &id]));
        assert!(killed.status.success(), "{killed:?}");
        let ended = served.wait();
        assert!(ended.success(), "{signal}: {ended:?}");
        assert!(!folder.exists(), "{signal}");
    }
}

#[test]
fn it_takes_the_ports_that_it_is_told() {
    // One that is free now; that nobody takes it meanwhile is not certain, so there are several tries.
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    for transport in [&[][..], &["--plain"]] {
        let served = (0..20).find_map(|_| {
            let (first, second) = (free(), free());
            let ports = ["--keyfactor-port", &first, "--appviewx-port", &second];
            let mut tried = example("serve_fakes");
            let tried = output(tried.args(transport).args(ports).stdin(Stdio::null()));
            tried.status.success().then(|| (String::from_utf8(tried.stdout).unwrap(), first, second))
        });
        let (printed, first, second) = served.expect("a free port");
        assert!(printed.contains(&format!("export KEYFACTOR_PORT='{first}'\n")), "{printed}");
        assert!(printed.contains(&format!("://127.0.0.1:{second}'\n")), "{printed}");
    }
}

#[test]
fn a_port_in_use_is_told_with_its_option() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for option in ["keyfactor-port", "appviewx-port"] {
        for transport in [&[][..], &["--plain"]] {
            let mut command = example("serve_fakes");
            command.args([&format!("--{option}"), &port]).args(transport).stdin(Stdio::null());
            let said = output(&mut command);
            assert_eq!(said.status.code(), Some(1));
            assert_eq!(String::from_utf8_lossy(&said.stdout), "");
            assert_eq!(
                String::from_utf8_lossy(&said.stderr),
                format!("serve_fakes: port {port} is in use; choose another --{option}, or omit it for a free port\n")
            );
        }
    }
}

#[test]
fn wrong_arguments_are_told_and_nothing_is_served() {
    for (arguments, problem) in [
        (&["--tls"][..], "invalid option '--tls'"),
        (&["--keyfactor-port"], "missing argument for option '--keyfactor-port'"),
        (
            &["--appviewx-port", "65536"],
            r#"cannot parse argument "65536": expected a port number from 1 to 65535, or 0 for a free port"#,
        ),
        (&["--keyfactor-port", "8443", "--appviewx-port=8443"], "--keyfactor-port and --appviewx-port must differ"),
        (
            &["--scene", "offbording"],
            r#"cannot parse argument "offbording": expected one of offboarding, orchestrator-offline, partly-failing, ten-thousand-jobs"#,
        ),
        (&["--scene", "offboarding", "--state", "state.json"], "--scene cannot be combined with --state"),
    ] {
        let said = output(example("serve_fakes").args(arguments).stdin(Stdio::null()));
        assert_eq!(said.status.code(), Some(2), "{arguments:?}");
        assert_eq!(String::from_utf8_lossy(&said.stdout), "", "{arguments:?}");
        assert_eq!(
            String::from_utf8_lossy(&said.stderr),
            format!("serve_fakes: {problem}\nTry 'serve_fakes --help'.\n")
        );
    }
}

#[test]
fn a_program_that_cannot_be_run_is_named() {
    let said = output(example("serve_fakes").arg("no-such-program").stdin(Stdio::null()));
    assert_eq!((said.status.code(), said.stdout.len()), (Some(1), 0));
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.starts_with("serve_fakes: cannot run no-such-program: "), "{said}");
}

#[cfg(unix)]
#[test]
fn a_program_runs_with_the_variables_and_ends_it_with_its_code() {
    let script =
        r#"printf '%s\n' "$KEYFACTOR_USERNAME" "$KEYFACTOR_CA_CERT" "$1"; test -e "$KEYFACTOR_CA_CERT" && exit 7"#;
    let mut command = example("serve_fakes");
    // What follows the program is its own, options too.
    let said = output(command.args(["sh", "-c", script, "sh", "--plain"]).stdin(Stdio::null()));
    assert_eq!(said.status.code(), Some(7), "{said:?}");
    let printed = String::from_utf8(said.stdout).unwrap();
    let [user, authority, argument] = printed.lines().collect::<Vec<_>>()[..] else { panic!("{printed}") };
    assert_eq!((user, argument), (r"EXAMPLE\svc-clm", "--plain"));
    assert!(!Path::new(authority).exists(), "{authority}");
    assert_eq!(String::from_utf8_lossy(&said.stderr), "");

    // What is set for real servers is not for it.
    let mut command = example("serve_fakes");
    for name in [
        "KEYFACTOR_AUTH_ACCESS_TOKEN",
        "KEYFACTOR_CA_CERT",
        "KEYFACTOR_DOMAIN",
        "APPVIEWX_SERVICE_ACCOUNT_ID",
        // The same variable on Windows.
        "Keyfactor_Auth_Client_Id",
    ] {
        command.env(name, "of a real server");
    }
    let script = "env | grep -c -e ^KEYFACTOR_ -e ^APPVIEWX_; env | grep -c 'of a real server'";
    let said = output(command.args(["--plain", "sh", "-c", script]).stdin(Stdio::null()));
    assert_eq!(String::from_utf8_lossy(&said.stdout), "8\n0\n");

    let killed = output(example("serve_fakes").args(["--plain", "sh", "-c", "kill -s KILL $$"]).stdin(Stdio::null()));
    assert_eq!(killed.status.code(), Some(128 + 9));
}

#[cfg(unix)]
#[test]
fn a_program_ends_with_it() {
    let mut command = example("serve_fakes");
    // It says its process id, and would then go on for longer than any test.
    let script = r#"echo $$; dirname "$KEYFACTOR_CA_CERT"; exec sleep 600"#;
    command.args(["sh", "-c", script]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut served = spawn(&mut command);
    let mut lines = BufReader::new(served.stdout.take().unwrap()).lines();
    let (program, folder) = (lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap());
    let kill = |signal: &str, id: &str| {
        output(Command::new("sh").args(["-c", r#"kill -s "$0" "$1""#, signal, id])).status.success()
    };
    assert!(kill("TERM", &served.id().to_string()));
    let ended = served.wait().unwrap();
    assert_eq!(ended.code(), Some(1));
    assert!(!kill("0", &program), "the program runs still");
    assert!(!Path::new(&folder).exists());
}

#[test]
fn commands_are_answered_one_by_one() {
    let mut served = ServeFakes::start(&[]);
    assert_eq!(served.ask("run-jobs"), Ok(vec![]));
    assert_eq!(served.ask("run-everything"), Err(vec![]), "and it goes on");
    assert_eq!(served.ask("run-jobs now"), Err(vec![]));
    let help = served.ask("help").unwrap();
    assert!(help.iter().any(|line| line.starts_with("# run-jobs ")), "{help:?}");
    assert!(help.iter().all(|line| line.starts_with('#')), "{help:?}");
    let printed = output(example("serve_fakes").arg("--help").stdin(Stdio::null()));
    assert!(printed.status.success());
    let printed = String::from_utf8(printed.stdout).unwrap();
    for line in help {
        assert!(printed.contains(line.trim_start_matches(['#', ' '])), "{line} in {printed}");
    }
}

/// A file that is gone after the test.
struct File(PathBuf);

impl File {
    fn holding(text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("clm-state-{:016x}.json", fastrand::u64(..)));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn snapshot(served: &mut ServeFakes) -> Value {
    let lines = served.ask("snapshot").unwrap();
    let [line] = lines.as_slice() else { panic!("one line: {lines:#?}") };
    serde_json::from_str(line).unwrap()
}

#[tokio::test]
async fn a_state_is_served_changed_and_taken_up_again() {
    let state = json!({
        "keyfactor": {
            "certificates": [{"common_name": "only.example.com"}],
            "stores": [{"machine": "web07.example.com", "held": [{"alias": "only", "certificate": 1}]}],
        },
        "appviewx": {"certificates": [{"id": "67bc2ca76a105e1a05691c9c", "group": "agents"}]},
    });
    let file = File::holding(&state.to_string());
    let mut served = ServeFakes::start(&["--state", file.0.to_str().unwrap()]);
    let stores = keyfactor_client(&served).certificate_stores();
    let store = stores.list(Query::all()).rows().unwrap().next().await.unwrap().unwrap();
    assert_eq!(store.client_machine.as_deref(), Some("web07.example.com"));
    let location = CertificateLocation::new(store.id, "only");
    stores.remove_certificates([location], Schedule::Immediate).send().await.unwrap();
    let groups = appviewx_client(&served).certificate_groups();
    groups.unassign(["67bc2ca76a105e1a05691c9c"]).send().await.unwrap().require_complete().unwrap();

    let waiting = snapshot(&mut served);
    assert_eq!(waiting["keyfactor"]["stores"][0]["held"][0]["alias"], "only", "{waiting:#}");
    assert_eq!(waiting["appviewx"]["certificates"][0]["group"], "Default", "{waiting:#}");
    served.ask("run-jobs").unwrap();
    let done = snapshot(&mut served);
    assert_eq!(done["keyfactor"]["stores"][0]["held"].as_array().map_or(0, Vec::len), 0, "{done:#}");

    // What was printed is what can be served.
    let file = File::holding(&format!("\u{feff}{done:#}"));
    let mut again = ServeFakes::start(&["--plain", "--state", file.0.to_str().unwrap()]);
    assert_eq!(snapshot(&mut again), done);
}

#[test]
fn every_scene_is_served() {
    for (scene, stores, jobs) in [
        ("offboarding", 3, 3),
        ("orchestrator-offline", 2, 2),
        ("partly-failing", 10, 10),
        ("ten-thousand-jobs", 10_000, 10_000),
    ] {
        let mut served = ServeFakes::start(&["--plain", "--scene", scene]);
        let state = snapshot(&mut served);
        assert_eq!(state["keyfactor"]["stores"].as_array().map(Vec::len), Some(stores), "{scene}");
        assert_eq!(state["keyfactor"]["jobs"].as_array().map(Vec::len), Some(jobs), "{scene}");
    }
}

#[test]
fn a_state_that_cannot_be_read_is_told_with_its_member() {
    let named = |text: &str, problem: &str| {
        let file = File::holding(text);
        let said = output(example("serve_fakes").arg("--state").arg(&file.0).stdin(Stdio::null()));
        let stderr = String::from_utf8(said.stderr).unwrap();
        assert_eq!((said.status.code(), said.stdout.len()), (Some(1), 0), "{stderr}");
        assert_eq!(stderr, format!("serve_fakes: {}: {problem}\n", file.0.display()));
    };
    named(
        r#"{"keyfactor": {"stores": [{"machine": 7}]}}"#,
        "keyfactor.stores[0].machine: expected a string, found a number",
    );
    named(r#"{"kefyactor": {}}"#, "kefyactor: is not a known member");
    named("{", "EOF while parsing an object at line 1 column 1");
    named("{\"keyfactor\": {\n\"stores\": [{}],\n\"stores\": []}}", "duplicate member 'stores' at line 3 column 13");
    let missing = output(example("serve_fakes").args(["--state", "/nowhere/state.json"]).stdin(Stdio::null()));
    assert_eq!(missing.status.code(), Some(1));
    let said = String::from_utf8_lossy(&missing.stderr).into_owned();
    assert!(said.starts_with("serve_fakes: /nowhere/state.json: "), "{said}");
}

#[tokio::test]
async fn what_was_asked_is_printed_without_secrets() {
    let mut served = ServeFakes::start(&[]);
    let client = keyfactor_client(&served);
    client.certificate_stores().list(Query::all()).rows().unwrap().next().await.unwrap().unwrap();
    let asked = served.ask("requests").unwrap();
    assert_eq!(asked.len(), 1, "{asked:#?}");
    let request: Value = serde_json::from_str(&asked[0]).unwrap();
    assert_eq!((&request["server"], &request["method"]), (&json!("keyfactor"), &json!("GET")), "{request:#}");
    for (name, secret) in served.variables.iter().filter(|(name, _)| name.ends_with("_PASSWORD")) {
        assert!(!asked[0].contains(secret), "{name}: {}", asked[0]);
    }
}

fn values(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn faults_are_had_by_lines_over_tls_and_plain() {
    const REMOVE: &str = "keyfactor.certificate_stores.remove_certificates";
    for arguments in [&[][..], &["--plain"]] {
        let mut served = ServeFakes::start(arguments);
        let stores = keyfactor_client(&served).certificate_stores();
        let store = stores.list(Query::all()).rows().unwrap().next().await.unwrap().unwrap();
        let remove = async || {
            let location = CertificateLocation::new(store.id, "an alias");
            stores.remove_certificates([location], Schedule::Immediate).retry_policy(RetryPolicy::none()).send().await
        };
        served.ask(&format!("lose-answers 1 {REMOVE}")).unwrap();
        served.ask(&format!("cut-answers 1 {REMOVE}")).unwrap();
        served.ask(&format!("refuse-next 503 1 {REMOVE} after 1")).unwrap();
        served.ask("lose-answers 1 appviewx").unwrap();
        assert_eq!(values(&served.ask("faults-left").unwrap()), [json!({"keyfactor": 3, "appviewx": 1})]);

        assert!(matches!(remove().await, Err(Error::OutcomeUnknown(_))), "{arguments:?}: lost");
        assert!(matches!(remove().await, Err(Error::OutcomeUnknown(_))), "{arguments:?}: cut");
        remove().await.unwrap();
        let refused = remove().await.unwrap_err();
        assert_eq!(refused.status().map(|it| it.as_u16()), Some(503), "{arguments:?}: {refused:?}");
        assert_eq!(values(&served.ask("faults-left").unwrap()), [json!({"keyfactor": 0, "appviewx": 1})]);

        let changes = values(&served.ask("changes").unwrap());
        let told: Vec<_> = changes.iter().map(|it| (&it["call"], &it["fault"], &it["status"])).collect();
        let remove = json!(REMOVE);
        let expected = [
            (&remove, &json!("lose_answers"), &json!(200)),
            (&remove, &json!("cut_answers"), &json!(200)),
            (&remove, &Value::Null, &json!(200)),
            (&remove, &json!("refuse_next"), &json!(503)),
        ];
        assert_eq!(told, expected, "{arguments:?}");
        assert!(served.ask("requests").unwrap().len() > changes.len(), "the list is no change");
    }
}

#[tokio::test]
async fn servers_go_away_and_come_back_over_tls_and_plain() {
    for arguments in [&[][..], &["--plain"]] {
        let mut served = ServeFakes::start(arguments);
        let (keyfactor, appviewx) = (keyfactor_client(&served), appviewx_client(&served));
        let list = async || {
            let stores = keyfactor.certificate_stores().list(Query::all()).retry_policy(RetryPolicy::none());
            stores.rows().unwrap().next().await.unwrap().map(drop)
        };
        let search = async || {
            let rows = appviewx.certificates().search().retry_policy(RetryPolicy::none()).rows();
            rows.unwrap().next().await.unwrap().map(drop)
        };
        list().await.unwrap();
        search().await.unwrap();
        served.ask("go-away keyfactor").unwrap();
        served.ask("go-away keyfactor").unwrap();
        let error = list().await.unwrap_err();
        assert!(matches!(error, Error::Transport(_)) && texts(&error).contains("refused"), "{}", texts(&error));
        search().await.unwrap();
        served.ask("come-back keyfactor").unwrap();
        list().await.unwrap();
        served.ask("go-away").unwrap();
        list().await.unwrap_err();
        assert!(matches!(search().await, Err(appviewx::Error::Transport(_))));
        served.ask("come-back").unwrap();
        served.ask("come-back appviewx").unwrap();
        list().await.unwrap();
        search().await.unwrap();
    }
}

#[test]
fn a_command_that_cannot_be_obeyed_is_told() {
    let mut command = example("serve_fakes");
    command.arg("--plain").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut served = spawn(&mut command);
    let mut input = served.stdin.take().unwrap();
    for line in ["jump", "run-jobs now", "lose-answers all", "go-away command", "  "] {
        writeln!(input, "{line}").unwrap();
    }
    input.write_all(b"\xff\nfaults-left\r\n").unwrap();
    drop(input);
    let said = served.wait_with_output().unwrap();
    assert!(said.status.success());
    let printed = String::from_utf8(said.stdout).unwrap();
    let (_, answers) = printed.split_once("# ready\n").unwrap();
    let expected = "# failed: jump\n# failed: run-jobs now\n# failed: lose-answers all\n# failed: go-away command\n\
                    # failed: \u{fffd}\n{\"appviewx\":0,\"keyfactor\":0}\n# done: faults-left\n";
    assert_eq!(answers, expected);
    let told = String::from_utf8(said.stderr).unwrap();
    for problem in [
        r#"serve_fakes: unknown command "jump"; `help` lists the commands"#,
        r#"serve_fakes: unexpected arguments in "run-jobs now"; see `help` for those of run-jobs"#,
        r#"serve_fakes: lose-answers: "all" is not a number"#,
        r#"serve_fakes: unexpected arguments in "go-away command"; see `help` for those of go-away"#,
    ] {
        assert!(told.lines().any(|line| line == problem), "{problem} in {told}");
    }
}

#[tokio::test]
async fn a_request_that_the_fake_does_not_know_is_told() {
    let mut command = example("serve_fakes");
    command.arg("--plain").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut served = spawn(&mut command);
    let mut lines = BufReader::new(served.stdout.take().unwrap()).lines().map(Result::unwrap);
    let port = lines.find_map(|line| Some(line.strip_prefix("export KEYFACTOR_PORT='")?.trim_matches('\'').to_owned()));
    assert!(lines.any(|line| line == "# ready"));
    let client = keyfactor::Client::builder(format!("http://127.0.0.1:{}/KeyfactorAPI", port.unwrap()));
    let client = client.credentials(keyfactor::Credentials::basic("svc-clm", "a password")).build().unwrap();
    let asked = client.raw(Method::GET, "Templates").send().await.unwrap_err();
    assert_eq!(asked.status().map(|it| it.as_u16()), Some(404), "{asked:?}");
    writeln!(served.stdin.as_mut().unwrap(), "requests").unwrap();
    let printed: Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
    assert_eq!((&printed["call"], &printed["path"]), (&Value::Null, &json!("/KeyfactorAPI/Templates")), "{printed:#}");
    let told = served.wait_with_output().unwrap();
    let told = String::from_utf8(told.stderr).unwrap();
    assert!(told.lines().any(|line| line.contains("WARN") && line.contains("/KeyfactorAPI/Templates")), "{told}");
}
