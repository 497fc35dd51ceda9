//! Refusals and answers to changes that are made to fill the memory are read in a few times their size. Who reads is a process
//! of its own with a limit to its memory; the server is the test.

use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;

use clm::{RetryPolicy, appviewx, keyfactor};
use uuid::Uuid;

use crate::resident::peak_kib_without_program;
use crate::support::{read_whole_request, spawn};

const MIB: usize = 1024 * 1024;
/// Much more than is read by default; with the limit raised to it, all of it is read.
const SIZE: usize = 8 * MIB;
/// What the reading process may have, in KiB: address space, of which the threads' stacks are a part.
const ADDRESS_SPACE: usize = 512 * 1024;
const ROLE: &str = "CLM_TEST_ANSWER_ROLE";
const SAYS: &str = "clm-answer: ";

/// What an answer is made of: its beginning, what is repeated, its end.
const HOSTILE: [(&str, u16, [&str; 3], &str); 15] = [
    ("remove", 400, [r#"{"FailedOperations":["#, r#"{"":0}"#, "]}"], "Api"),
    ("remove", 400, [r#"{"errors":{"#, r#""":[0]"#, "}}"], "Api"),
    ("remove", 400, ["[", "[]", "]"], "Api"),
    ("remove", 400, ["", "x", ""], "Api"),
    ("remove", 200, ["[", "0", "]"], "Ok"),
    ("remove", 200, ["[", r#"{"":0}"#, "]"], "Ok"),
    ("remove", 200, ["[", r#""""#, "]"], "Ok"),
    ("revoke", 200, [r#"{"RevokedIds":["#, "7", "]}"], "Ok"),
    ("revoke", 200, [r#"{"SuspendedCerts":["#, r#"{"CertId":9}"#, "]}"], "Ok"),
    ("unassign", 200, [r#"{"response":{"Successful Ids":["#, "0", "]}}"], "Ok"),
    ("unassign", 200, [r#"{"response":["#, r#"{"":0}"#, "]}"], "Ok"),
    ("unassign", 200, [r#"{"response":{"#, r#""appStatusCode":null"#, "}}"], "Ok"),
    ("unassign", 400, [r#"{"tags":["#, r#"{"":0}"#, "]}"], "Api"),
    ("login", 200, [r#"{"response":{"sessionId":["#, r#"{"":0}"#, "]}}"], "Authentication"),
    ("login", 400, [r#"{"response":{"status":["#, "[]", "]}}"], "Authentication"),
];

fn body([head, entry, tail]: [&str; 3]) -> Vec<u8> {
    let mut body = head.as_bytes().to_vec();
    while body.len() + entry.len() + tail.len() + 1 < SIZE {
        body.extend_from_slice(entry.as_bytes());
        if !head.is_empty() {
            body.push(b',');
        }
    }
    body.extend_from_slice(entry.as_bytes());
    body.extend_from_slice(tail.as_bytes());
    body
}

/// Answers every request with this.
fn serve(status: u16, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = answer(stream.unwrap(), status, &body);
        }
    });
    url
}

fn answer(mut stream: TcpStream, status: u16, body: &[u8]) -> io::Result<()> {
    if !read_whole_request(&stream)? {
        return Ok(());
    }
    write!(stream, "HTTP/1.1 {status} -\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len())?;
    stream.write_all(body)
}

/// What the reading process runs. Without a role there is nothing to do.
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let parts: Vec<&str> = role.split(' ').collect();
    let [call, limit, url] = parts[..] else { panic!("{role}") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let end = runtime.block_on(ends(call, limit.parse().unwrap(), url));
    println!("{SAYS}{end} {}", peak_kib_without_program());
}

/// How a call ends, and that what it came to can be shown.
async fn ends(call: &str, limit: usize, url: &str) -> String {
    let store = Uuid::from_u128(0x5707);
    let keyfactor = keyfactor::Client::builder(url)
        .credentials(keyfactor::Credentials::bearer("token"))
        .retry_policy(RetryPolicy::none())
        .max_change_answer_bytes(limit)
        .build()
        .unwrap();
    let credentials = match call {
        "login" => appviewx::Credentials::login("svc", "password"),
        _ => appviewx::Credentials::session_id("session"),
    };
    let appviewx =
        appviewx::Client::builder(url).credentials(credentials).max_change_answer_bytes(limit).build().unwrap();
    let shown = match call {
        "remove" => {
            let locations = [keyfactor::CertificateLocation::new(store, "web01.pfx")];
            let stores = keyfactor.certificate_stores();
            let ended = stores.remove_certificates(locations, keyfactor::Schedule::Immediate).send().await;
            format!("{:?}", ended.and_then(|outcome| Ok(outcome.require_complete()?)).map(|_| ()))
        }
        "revoke" => {
            let certificates = keyfactor.certificates();
            let ended = certificates.revoke([7], keyfactor::RevocationReason::Superseded).comment("c").send().await;
            format!("{:?}", ended.and_then(|outcome| Ok(outcome.require_complete()?)).map(|_| ()))
        }
        _ => {
            let ended = appviewx.certificate_groups().unassign(["id-1"]).send().await;
            format!("{:?}", ended.and_then(|outcome| Ok(outcome.require_complete()?)).map(|_| ()))
        }
    };
    let name = shown.strip_prefix("Err(").unwrap_or("Complete");
    name.chars().take_while(char::is_ascii_alphabetic).collect()
}

/// Has another process make the call: how it ended, and the most memory that it took, in KiB.
fn measured(call: &str, limit: usize, url: &str) -> (String, usize) {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {ADDRESS_SPACE} && exec \"$0\" \"$@\"")]);
    command.arg(std::env::current_exe().unwrap());
    command.args(["answer_memory::plays_its_role", "--exact", "--nocapture"]);
    command.env(ROLE, format!("{call} {limit} {url}")).stdout(Stdio::piped());
    let output = spawn(&mut command).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let said =
        text.lines().find_map(|line| Some(line.split_once(SAYS)?.1)).unwrap_or_else(|| panic!("it died: {text}"));
    let (end, peak) = said.split_once(' ').unwrap();
    (end.to_owned(), peak.parse().unwrap())
}

#[test]
fn hostile_answers_take_a_few_times_their_size() {
    if !std::path::Path::new("/proc/self/status").exists() {
        io::stderr().write_all(b"SKIPPED: no /proc/self/status; no memory is measured\n").unwrap();
        return;
    }
    for (call, status, parts, ends) in HOSTILE {
        let url = serve(status, body(parts));
        for limit in [MIB, 2 * SIZE] {
            let (end, peak) = measured(call, limit, &url);
            let what = parts.concat();
            let figure =
                format!("{call} answered {status} {what}, limit {limit} bytes: {end}, {peak} KiB resident at most\n");
            // Not by `eprintln!`: the figure is worth seeing when the test passes.
            io::stderr().write_all(figure.as_bytes()).unwrap();
            // What is read as a whole, and is no success as a whole, is incomplete.
            let expected = match (ends, limit == MIB) {
                ("Ok", true) => "OutcomeUnknown",
                ("Ok", false) => "Incomplete",
                (other, _) => other,
            };
            assert_eq!(end, expected, "{figure}");
            // The process itself without its program, the body, its copies on the way, and what is made of it.
            let most = (8 * MIB + 5 * limit.min(SIZE)) / 1024;
            assert!(peak < most, "more than {most} KiB: {figure}");
        }
    }
}
