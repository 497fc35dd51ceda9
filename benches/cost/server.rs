//! A server that costs the client nothing: another process, which answers each request in one piece.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use crate::cases::resource_ids;

/// The server's process, which ends with this one.
pub struct Server {
    child: Child,
    pub origin: String,
}

impl Server {
    pub fn start() -> std::io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut origin = String::new();
        BufReader::new(child.stdout.take().expect("it was asked for")).read_line(&mut origin)?;
        Ok(Self { child, origin: origin.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until its standard input ends.
pub fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback");
    println!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_requests(stream));
        }
    });
    let _ = std::io::stdin().read(&mut [0]);
}

/// Answers until the client hangs up, or says that it will.
fn answer_requests(mut stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let request = Request::read(&mut reader)?;
        stream.write_all(request.answer()?.as_bytes()).ok()?;
        if request.is_last {
            return None;
        }
    }
}

struct Request {
    path: String,
    is_last: bool,
}

impl Request {
    fn read(reader: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let path = line.split(' ').nth(1)?.to_owned();
        let (mut length, mut is_last) = (0, false);
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            let header = line.trim().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            is_last |= header.strip_prefix("connection:").is_some_and(|value| value.trim() == "close");
        }
        std::io::copy(&mut reader.take(length), &mut std::io::sink()).ok()?;
        Some(Self { path, is_last })
    }

    /// The first segment of the path says how much is answered.
    fn answer(&self) -> Option<String> {
        let mut segments = self.path.trim_start_matches('/').splitn(2, '/');
        let size: usize = segments.next()?.parse().ok()?;
        let (path, query) = segments.next().map(|rest| rest.split_once('?').unwrap_or((rest, "")))?;
        let page = query.split('&').find_map(|pair| pair.strip_prefix("PageReturned=")?.parse().ok()).unwrap_or(1);
        let (body, headers) = match path {
            "KeyfactorAPI/CertificateStores/Certificates/Remove" => (jobs(size), KEYFACTOR),
            "avxapi/certificate/group/unassign" => (unassigned(size), ""),
            "KeyfactorAPI/OrchestratorJobs/JobHistory" => (history(size, page), KEYFACTOR),
            _ => return None,
        };
        let close = if self.is_last { "connection: close\r\n" } else { "" };
        Some(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n\
             date: Sun, 29 Nov 2026 12:00:00 GMT\r\n{headers}{close}content-length: {}\r\n\r\n{body}",
            body.len()
        ))
    }
}

const KEYFACTOR: &str = "x-keyfactor-product-version: 25.4.1+0123456789abcdef0123456789abcdef01234567\r\n\
                         x-keyfactor-correlation-id: 8d0f1f9a-3a55-4b12-9a54-0a3b2c1d0e0f\r\n\
                         api-supported-versions: 1.0\r\n";

fn job(index: usize) -> String {
    format!("10b00000-0000-4000-8000-{index:012x}")
}

fn jobs(size: usize) -> String {
    let jobs: Vec<String> = (0..size).map(|index| format!("\"{}\"", job(index))).collect();
    format!("[{}]", jobs.join(","))
}

fn unassigned(size: usize) -> String {
    let ids: Vec<String> = resource_ids(size).map(|id| format!("\"{id}\"")).collect();
    format!(
        r#"{{"response":{{"Successful Ids":[{}]}},"message":"Group unassign action successfully performed.","appStatusCode":null,"tags":{{}},"headers":null}}"#,
        ids.join(",")
    )
}

fn history(size: usize, page: usize) -> String {
    let mut rows = String::from("[");
    for index in 0..size {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(
            rows,
            r#"{comma}{{"JobHistoryId":{id},"AgentMachine":"orchestrator01.example.com","JobId":"{job}","Schedule":{{"Immediate":true}},"JobType":"WinCertManagement","OperationStart":"2026-03-19T21:26:35.1230000Z","OperationEnd":"2026-03-19T21:26:41.4560000Z","Message":"The certificate was removed from the store.","Result":2,"Status":3,"StorePath":"/etc/certificates","ClientMachine":"web{index:03}.example.com"}}"#,
            id = 90_000_000 - (page - 1) * size - index,
            job = job(index),
        );
    }
    rows.push(']');
    rows
}
