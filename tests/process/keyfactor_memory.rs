//! A list of a million certificates is read in little memory.
//!
//! Who reads and who serves are processes of their own, so that neither the other tests nor the pages of the server count.
//! Both are this program, started again with a role.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;

use clm::keyfactor::{Client, Credentials, Query};

use crate::resident::peak_kib;
use crate::support::spawn;

const MEGABYTE: u64 = 1 << 20;
const LIMIT: u64 = 64 * MEGABYTE;
const PAGE: u64 = 1_000;
const ROLE: &str = "CLM_TEST_MEMORY_ROLE";
/// Before what a process says; the rest of its output is the test harness's.
const SAYS: &str = "clm-memory: ";
const STATUS: &str = "/proc/self/status";

/// This program again, with a role. It ends with this one.
struct Started {
    child: Child,
    /// Closed with this program, also if it is killed: the other one then ends.
    stdin: Option<ChildStdin>,
}

impl Started {
    fn new(role: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["keyfactor_memory::plays_its_role", "--exact", "--nocapture"]).env(ROLE, role);
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let stdin = child.stdin.take();
        Self { child, stdin }
    }

    /// The first thing that it says.
    fn says(&mut self) -> String {
        let output = BufReader::new(self.child.stdout.as_mut().unwrap());
        // The harness prints the test's name before it, on the same line.
        let said = output.lines().map(Result::unwrap).find_map(|line| Some(line.split_once(SAYS)?.1.to_owned()));
        said.expect("it failed before it said anything")
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn say(text: &str) {
    let mut output = io::stdout().lock();
    writeln!(output, "{SAYS}{text}").unwrap();
    output.flush().unwrap();
}

/// What the other processes run. Without a role there is nothing to do.
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    // Whoever started this process holds the other end.
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    let parts: Vec<&str> = role.split(' ').collect();
    match parts[..] {
        ["serve", rows] => serve(rows.parse().unwrap()),
        ["stream", url] => reads(url, Reading::Stream),
        ["collect", url] => reads(url, Reading::Collect),
        _ => panic!("{role}"),
    }
}

/// Serves this many certificates, page by page, to any number of connections.
fn serve(total: u64) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    say(&format!("http://{}", listener.local_addr().unwrap()));
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || answer(stream, total));
    }
}

fn answer(mut stream: TcpStream, total: u64) {
    let mut requests = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut target = String::new();
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if requests.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            if target.is_empty() {
                target.clone_from(&line);
            }
        }
        let number = |name: &str| -> u64 {
            let (_, rest) = target.split_once(name).unwrap_or_else(|| panic!("no {name} in {target}"));
            rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
        };
        let body = page(number("PageReturned="), number("ReturnLimit="), total);
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-total-count: {total}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).is_err() {
            return;
        }
    }
}

/// Every hundredth page has rows as large as those of real servers; the others are lean, so that the test is quick.
fn page(number: u64, limit: u64, total: u64) -> String {
    let first = (number - 1) * limit + 1;
    let filler = if number % 100 == 1 { "x".repeat(2_700) } else { String::new() };
    let mut body = String::from("[");
    for id in first..(first + limit).min(total + 1) {
        let comma = if id == first { "" } else { "," };
        write!(
            body,
            r#"{comma}{{"Id":{id},"Thumbprint":"{id:040X}","SerialNumber":"{id:020X}","IssuedDN":"CN=web{id}.example.com","IssuedCN":"web{id}.example.com","IssuerDN":"CN=Example CA","NotBefore":"2026-01-01T00:00:00Z","NotAfter":"2027-01-01T00:00:00Z","CertStateString":"Active (1)","ContentBytes":"{filler}"}}"#
        )
        .unwrap();
    }
    body.push(']');
    body
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Stream,
    Collect,
}

/// Reads the list, and says how many certificates it had, the sum of their ids and the most memory that this took.
fn reads(url: &str, how: Reading) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (count, sum) = runtime.block_on(async {
        let client = Client::builder(url).credentials(Credentials::basic("svc-clm", "password")).build().unwrap();
        let search = client.certificates().search(Query::all()).page_size(u32::try_from(PAGE).unwrap());
        let mut rows = search.rows().unwrap();
        let (mut count, mut sum) = (0_u64, 0_u64);
        if how == Reading::Collect {
            let all = rows.collect().await.unwrap();
            return (all.len() as u64, all.iter().map(|it| u64::try_from(it.id.get()).unwrap()).sum());
        }
        while let Some(row) = rows.next().await {
            count += 1;
            sum += u64::try_from(row.unwrap().id.get()).unwrap();
        }
        (count, sum)
    });
    say(&format!("{count} {sum} {}", most_resident()));
}

/// The most resident memory that this process ever had, in bytes.
fn most_resident() -> u64 {
    peak_kib() as u64 * 1024
}

/// Whether the system tells how much memory a process has had. If not, that is said.
fn is_measurable() -> bool {
    let measurable = std::path::Path::new(STATUS).exists();
    if !measurable {
        // Not by `eprintln!`: what a passing test prints in this way is not shown.
        io::stderr().write_all(format!("SKIPPED: no {STATUS}; no memory is measured\n").as_bytes()).unwrap();
    }
    measurable
}

/// Has another process read this many certificates from a third one: the most memory that it took.
fn measured(how: &str, certificates: u64) -> u64 {
    let mut server = Started::new(&format!("serve {certificates}"));
    let url = server.says();
    let mut client = Started::new(&format!("{how} {url}"));
    let said = client.says();
    let numbers: Vec<u64> = said.split(' ').map(|number| number.parse().unwrap()).collect();
    let [count, sum, most] = numbers[..] else { panic!("{said}") };
    assert_eq!((count, sum), (certificates, certificates * (certificates + 1) / 2), "every certificate, and each once");
    // Not by `eprintln!`: the figure is worth seeing when the test passes.
    let figure = format!("{how}: {certificates} certificates in {} KiB of resident memory\n", most / 1024);
    io::stderr().write_all(figure.as_bytes()).unwrap();
    most
}

#[test]
fn a_million_certificates_are_read_in_less_than_64_mib() {
    if !is_measurable() {
        return;
    }
    let most = measured("stream", 1_000_000);
    assert!(most < LIMIT, "{} KiB", most / 1024);
}

// Otherwise the measurement could miss what is kept.
#[test]
fn whoever_collects_them_all_needs_more_than_that() {
    if !is_measurable() {
        return;
    }
    let most = measured("collect", 100_000);
    assert!(most > LIMIT, "{} KiB", most / 1024);
}
