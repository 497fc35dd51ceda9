//! A search of a million rows is read in little memory. The server is another process: this binary, started again.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use clm::appviewx::{Client, Credentials};

use crate::resident::peak_kib;
use crate::support::spawn;
use crate::support::tls::{in_a_process_of_its_own, is_the_child};

const ROWS: u64 = 1_000_000;
const PAGE: u32 = 1_000;
const MOST_KIB: usize = 64 * 1024;
/// Set for the process that is the server.
const ROLE: &str = "CLM_TEST_ROWS_SERVER";

/// The other process, which ends with this one.
struct Server {
    child: Child,
    origin: String,
}

impl Server {
    fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "million_rows::the_server", "--ignored", "--nocapture"]).env(ROLE, "1");
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        // The harness may print before it on the same line.
        let origin = said.find_map(|line| Some(line[line.find("http://")?..].to_owned())).unwrap();
        Self { child, origin }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// No test: what the other process does.
#[test]
#[ignore = "the server of the test beside it"]
fn the_server() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || serve(stream));
        }
    });
    // The end of the input is the end of the process that asked for this one.
    let _ = std::io::stdin().read(&mut [0]);
}

/// Answers searches until the client hangs up.
fn serve(mut stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if line == "\r\n" {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let asked: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let number = |name: &str| asked["filter"][name].as_str().unwrap().parse::<u64>().unwrap();
        let page = page(number("start"), number("max"));
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", page.len());
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(page.as_bytes()).ok()?;
    }
}

fn page(start: u64, max: u64) -> String {
    let end = (start + max - 1).min(ROWS);
    let mut page = String::from(r#"{"response":{"response":{"objects":["#);
    for row in start..=end {
        let comma = if row == start { "" } else { "," };
        let _ = write!(page, r#"{comma}{{"resourceId":"{row:024x}","commonName":"host{row}","group":"web"}}"#);
    }
    let _ = write!(
        page,
        r#"],"totalRecords":"{ROWS}","obtainedRecordRange":{{"start":"{start}","end":"{end}"}}}}}},"appStatusCode":null}}"#
    );
    page
}

#[tokio::test]
async fn a_million_rows_are_read_in_64_mib() {
    // The other tests of this program need memory, too.
    if !is_the_child() {
        let printed = in_a_process_of_its_own("million_rows::a_million_rows_are_read_in_64_mib", &[]).await;
        print!("{printed}");
        return;
    }
    let server = Server::start();
    let client = Client::builder(&server.origin).credentials(Credentials::session_id("session")).build().unwrap();
    let mut rows = client.certificates().search().page_size(PAGE).rows().unwrap();
    let mut read = 0;
    while let Some(row) = rows.next().await {
        let row = row.unwrap();
        read += 1;
        assert_eq!(row.resource_id.unwrap(), format!("{read:024x}"));
    }
    assert_eq!((read, rows.total()), (ROWS, Some(ROWS)));
    let most = peak_kib();
    println!("{ROWS} rows, {most} KiB at most");
    assert!(most < MOST_KIB, "{most} KiB");
}
