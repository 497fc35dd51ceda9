//! Pages that are made to fill the memory are read in a few times their size. Who reads is a process of its own, with a
//! limit to its memory; the server is the test.

use std::io::{self, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use clm::{appviewx, keyfactor};
use futures_util::{Stream, StreamExt as _};

use crate::resident::peak_kib_without_program;
use crate::support::{read_whole_request, spawn};

const MIB: usize = 1024 * 1024;
/// The client's largest answer.
const LARGEST: usize = 32 * MIB;
/// What is enough where the kind of page is what matters: unoptimised, 32 MiB take seconds.
const LARGE: usize = 8 * MIB;
/// What the reading process may have, in KiB: address space, of which the threads' stacks are a part.
const ADDRESS_SPACE: usize = 768 * 1024;
/// The most that it may have had resident: a few times the page, and what it needs without one.
const TIMES: usize = 6;
const WITHOUT_PAGE: usize = 4 * MIB;
const ROLE: &str = "CLM_TEST_HOSTILE_ROLE";
const SAYS: &str = "clm-hostile: ";

/// What a page is made of, and what it comes to.
struct Hostile {
    name: &'static str,
    list: List,
    size: usize,
    head: &'static str,
    row: &'static str,
    tail: &'static str,
    /// What the reading process says: the number of rows, or the cause of the error.
    ends: &'static str,
}

#[derive(Clone, Copy)]
enum List {
    Inventory,
    History,
    Search,
    Groups,
    /// One certificate.
    Certificate,
}

const INSIDE: &str = r#"{"response":{"response":{"objects":["#;

fn hostile() -> Vec<Hostile> {
    let sized = |size| move |name, list, head, row, tail, ends| Hostile { name, list, size, head, row, tail, ends };
    let (largest, page) = (sized(LARGEST), sized(LARGE));
    let too_many = "row 10001 of the page: the page has more than 10000 rows: 100 were requested";
    let too_much = "reading it would take many times its size in memory";
    vec![
        largest(
            "inventory of {}",
            List::Inventory,
            "[",
            "{}",
            "]",
            "row 1 of the page: an inventory entry has no `Name`",
        ),
        page("inventory of names", List::Inventory, "[", r#"{"Name":"a"}"#, "]", too_many),
        page("history of runs", List::History, "[", RUN, "]", too_many),
        largest("an entry of {}", List::Inventory, r#"[{"Name":"a","Certificates":["#, "{}", "]}]", too_much),
        page("an entry of zeros", List::Inventory, r#"[{"Name":"a","Parameters":{"a":["#, "0", "]}}]", too_much),
        page(
            "an entry of members",
            List::Inventory,
            r#"[{"Name":"a","Parameters":{"a":["#,
            r#"{"":0}"#,
            "]}}]",
            too_much,
        ),
        page("an entry with unknown members", List::Inventory, r#"[{"Name":"a""#, r#""":0"#, "}]", "1 rows"),
        page("a list in the place of a text", List::Inventory, r#"[{"Name":["#, "0", "]}]", "has an unexpected type"),
        page("a certificate in many places", List::Certificate, r#"{"Id":7,"Locations":["#, "{}", "]}", too_much),
        page("a certificate with metadata", List::Certificate, r#"{"Id":7,"Metadata":{"a":["#, "[]", "]}}", too_much),
        largest("search of {}", List::Search, INSIDE, "{}", "]}}}", too_many),
        page("search of zeros", List::Search, INSIDE, "0", "]}}}", too_many),
        page(
            "a row of names",
            List::Search,
            r#"{"response":{"response":{"objects":[{"subjectAlternativeNames":["#,
            r#""""#,
            "]}]}}}",
            "1 rows",
        ),
        page(
            "an envelope of zeros",
            List::Search,
            r#"{"response":{"response":{"objects":[]}},"tags":["#,
            "0",
            "]}",
            "without its rows the response is larger than 1048576 bytes",
        ),
        page(
            "an envelope of members",
            List::Search,
            r#"{"response":{"response":{"objects":[]"#,
            r#""":0"#,
            "}}}",
            "an object has more than 10000 members",
        ),
        page("groups of {}", List::Groups, r#"{"response":{"groups":["#, "{}", "]}}", too_many),
        page(
            "groups of zeros",
            List::Groups,
            r#"{"response":{"groups":["#,
            "0",
            "]}}",
            "expected exactly one list of groups",
        ),
    ]
}

const RUN: &str = r#"{"JobHistoryId":7,"JobId":"6c0d0000-0000-4000-8000-00000000000a"}"#;

/// A body of the given size, of equal rows.
fn body(page: &Hostile) -> Vec<u8> {
    let mut body = Vec::with_capacity(page.size);
    body.extend_from_slice(page.head.as_bytes());
    let is_begun = !page.head.ends_with(['[', '{']);
    let room = page.size - page.head.len() - page.tail.len() - 1;
    for row in 0..room / (page.row.len() + 1) {
        if row > 0 || is_begun {
            body.push(b',');
        }
        body.extend_from_slice(page.row.as_bytes());
    }
    body.extend_from_slice(page.tail.as_bytes());
    assert!(body.len() <= page.size && body.len() > page.size - 100);
    body
}

/// Answers every request with this body.
fn serve(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = answer(stream.unwrap(), &body);
        }
    });
    url
}

fn answer(mut stream: TcpStream, body: &[u8]) -> io::Result<()> {
    if !read_whole_request(&stream)? {
        return Ok(());
    }
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ";
    write!(stream, "{head}{}\r\n\r\n", body.len())?;
    stream.write_all(body)
}

/// What the reading process runs. Without a role there is nothing to do.
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (list, url) = role.split_once(' ').unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(read(list, url));
    println!("\n{SAYS}{} {ended}", peak_kib_without_program());
}

async fn read(list: &str, url: &str) -> String {
    let one_try = clm::RetryPolicy::none();
    let keyfactor = || {
        let credentials = keyfactor::Credentials::basic("svc-clm", "password");
        keyfactor::Client::builder(url).credentials(credentials).retry_policy(one_try).build().unwrap()
    };
    let appviewx = || {
        let credentials = appviewx::Credentials::session_id("session");
        appviewx::Client::builder(url).credentials(credentials).retry_policy(one_try).build().unwrap()
    };
    let store = keyfactor::CertificateStoreId::from(uuid::Uuid::nil());
    match list {
        "inventory" => first_page(keyfactor().certificate_stores().inventory(store).rows().unwrap()).await,
        "history" => first_page(keyfactor().orchestrator_jobs().history(keyfactor::Query::all()).rows().unwrap()).await,
        "certificate" => told(keyfactor().certificates().get(7).send().await.map(|_| 1)),
        "search" => first_page(appviewx().certificates().search().rows().unwrap()).await,
        "groups" => first_page(appviewx().certificate_groups().list().rows().unwrap()).await,
        other => panic!("{other}"),
    }
}

/// The first row stands for its page: the server has no other.
async fn first_page<T, E: std::error::Error>(mut rows: impl Stream<Item = Result<T, E>> + Unpin) -> String {
    told(rows.next().await.unwrap().map(|_| 1))
}

fn told<E: std::error::Error>(read: Result<usize, E>) -> String {
    match read {
        Ok(rows) => format!("{rows} rows"),
        Err(error) => {
            let mut text = error.to_string();
            let mut below = error.source();
            while let Some(cause) = below {
                text = format!("{text}: {cause}");
                below = cause.source();
            }
            text
        }
    }
}

#[test]
fn no_page_becomes_many_times_its_size() {
    for page in hostile() {
        let url = serve(body(&page));
        let list = match page.list {
            List::Inventory => "inventory",
            List::History => "history",
            List::Search => "search",
            List::Groups => "groups",
            List::Certificate => "certificate",
        };
        let limited = format!("ulimit -v {ADDRESS_SPACE} && exec \"$0\" \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &limited]).arg(std::env::current_exe().unwrap());
        command.args(["hostile_pages::plays_its_role", "--exact", "--nocapture", "--test-threads=1"]);
        let child = spawn(command.env(ROLE, format!("{list} {url}")).stdout(std::process::Stdio::piped()));
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let said = printed.lines().find_map(|line| line.split_once(SAYS));
        let (_, said) = said.unwrap_or_else(|| panic!("{}: it did not end well: {printed}", page.name));
        let (most, ended) = said.split_once(' ').unwrap();
        let most: usize = most.parse().unwrap();
        // Not by `eprintln!`: the figures are worth seeing when the test passes.
        let figure = format!("{} MiB, {}: {} MiB at most: {ended}\n", page.size / MIB, page.name, most / 1024);
        io::stderr().write_all(figure.as_bytes()).unwrap();
        assert!(ended.contains(page.ends), "{}: {ended}", page.name);
        assert!(most * 1024 < TIMES * page.size + WITHOUT_PAGE, "{}: {most} KiB", page.name);
    }
}
