//! Fakes with much in them: what it costs to set one up, and that what a page costs does not grow with what the fake holds.
//! Counted in allocations of a process of its own, in which nothing else runs but the fake and a socket.

use std::alloc::System;
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use clm::keyfactor::CertificateId;
use clm::testing::{FakeAppViewX, FakeCertificate, FakeKeyfactor, FakeStore};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

use crate::support::spawn;

/// Costs two additions for each allocation. Every other test of this binary has it, and none notices.
#[global_allocator]
pub(crate) static HEAP: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ROLE: &str = "CLM_TEST_LARGE_FAKE_CERTIFICATES";
const SAYS: &str = "clm-large-fake: ";

/// Rows of a page.
const PAGE: usize = 1_000;
const SOME: usize = 1_000;
const MANY: usize = 10_000;
/// Bytes for each further row of a list that has an order. To write a row takes thousands.
const MOST_FOR_ORDER: usize = 100;

/// What is asked for, each a page of 1,000 rows; one certificate has one row.
const KEYFACTOR: [(&str, &str); 10] = [
    ("certificates", "Certificates?ReturnLimit=1000"),
    ("certificates with locations", "Certificates?ReturnLimit=1000&includeLocations=true"),
    ("certificates by a query", "Certificates?ReturnLimit=1000&QueryString=IssuedCN%20-contains%20%22.example.%22"),
    ("certificates in an order", "Certificates?ReturnLimit=1000&SortField=IssuedCN&SortAscending=1"),
    ("a certificate", "Certificates/7?includeLocations=true"),
    ("locations of a certificate", "Certificates/Locations/7"),
    ("stores", "CertificateStores?ReturnLimit=1000"),
    ("stores in an order", "CertificateStores?ReturnLimit=1000&SortField=StorePath"),
    ("job history", "OrchestratorJobs/JobHistory?ReturnLimit=1000&PageReturned=1"),
    ("scheduled jobs", "OrchestratorJobs/ScheduledJobs?ReturnLimit=1000"),
];

/// As many stores as certificates, each certificate in two of them, and a recurring inventory of each store that has run.
async fn keyfactor(certificates: usize) -> FakeKeyfactor {
    let fake = FakeKeyfactor::start().await;
    let hourly = serde_json::json!({"Interval": {"Minutes": 60}});
    let stores: Vec<_> = (0..certificates).map(|_| fake.add_store()).collect();
    for (index, store) in stores.iter().enumerate() {
        let certificate = fake.issue(FakeCertificate::new(format!("www{index:05}.example.com")));
        fake.put(*store, format!("{index:05}.pem"), certificate);
        fake.put(stores[(index + 1) % stores.len()], format!("{index:05}.pem"), certificate);
    }
    println!("{SAYS}set up: {} ms of CPU", cpu_ms());
    for store in &stores {
        fake.set_store(*store, |it: FakeStore| it.inventory_schedule(hourly.clone()));
    }
    fake.run_jobs();
    assert_eq!(fake.thumbprint(CertificateId::from(7)).len(), 40);
    fake.accept_bearer("raw");
    fake
}

async fn appviewx(certificates: usize) -> FakeAppViewX {
    let fake = FakeAppViewX::start().await;
    for index in 0..certificates {
        let id = format!("67bc2ca76a105e1a{index:08}");
        fake.add_certificate(&id, "web-servers");
        fake.set_member(&id, "commonName", format!("www{index:05}.example.com"));
    }
    fake
}

/// Processor time of this process so far, user and system.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()) * 10
}

/// Sends this and reads the answer into `buffer`, which is large enough; its body.
fn ask<'a>(origin: &str, head: &str, body: &str, buffer: &'a mut Vec<u8>) -> &'a str {
    let mut stream = TcpStream::connect(origin.strip_prefix("http://").unwrap()).unwrap();
    let length = body.len();
    write!(stream, "{head}host: fake\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").unwrap();
    buffer.clear();
    stream.read_to_end(buffer).unwrap();
    let (head, body) = std::str::from_utf8(buffer).unwrap().split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}\n{body}");
    body
}

/// Asks twice and says what the second one took.
fn count(what: &str, row: &str, origin: &str, head: &str, body: &str, buffer: &mut Vec<u8>) {
    ask(origin, head, body, buffer);
    let region = Region::new(HEAP);
    let rows = ask(origin, head, body, buffer).matches(row).count();
    let counted = region.change();
    println!("{SAYS}{what}: {} {} {rows}", counted.allocations + counted.reallocations, counted.bytes_allocated);
}

/// What the counted process runs. Without a role there is nothing to do.
#[tokio::test]
async fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let certificates = role.parse().unwrap();
    let mut buffer = Vec::with_capacity(64 * 1024 * 1024);
    let fake = keyfactor(certificates).await;
    let url = fake.url();
    let origin = url.strip_suffix("/KeyfactorAPI").unwrap();
    for (what, path) in KEYFACTOR {
        let head = format!(
            "GET /KeyfactorAPI/{path} HTTP/1.1\r\nauthorization: Bearer raw\r\nx-keyfactor-requested-with: APIClient\r\n"
        );
        let row = match what {
            "a certificate" => "\"IssuedCN\":",
            "locations of a certificate" => "\"StoreId\":",
            "job history" => "\"JobHistoryId\":",
            other if other.starts_with("certificates") => "\"IssuedCN\":",
            _ => "\"ClientMachine\":",
        };
        count(what, row, origin, &head, "", &mut buffer);
    }
    let fake = appviewx(certificates).await;
    let head = "POST /avxapi/certificate/search?gwsource=external HTTP/1.1\r\nsessionId: fake-appviewx-session\r\n\
                content-type: application/json\r\n";
    for (what, terms) in [("search", "{}"), ("search by a keyword", r#"{"keywordSearch":{"subject:cn":".EXAMPLE."}}"#)]
    {
        let body = format!(r#"{{"input":{terms},"filter":{{"start":"1","max":"{PAGE}"}}}}"#);
        count(what, "\"resourceId\":", &fake.url(), head, &body, &mut buffer);
    }
}

/// What a process with so many certificates says: of each request allocations, their bytes, and rows.
fn measured(certificates: usize) -> Vec<(String, [usize; 3])> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["large_fakes::plays_its_role", "--exact", "--nocapture"]);
    command.env(ROLE, certificates.to_string()).stdout(Stdio::piped());
    let output = spawn(&mut command).wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let mut figures = Vec::new();
    for line in text.lines().filter_map(|line| Some(line.split_once(SAYS)?.1)) {
        // Not by `eprintln!`: the figures are worth seeing when the test passes.
        io::stderr().write_all(format!("{certificates} certificates, {line}\n").as_bytes()).unwrap();
        let (what, numbers) = line.split_once(": ").unwrap();
        let numbers: Vec<usize> = numbers.split(' ').filter_map(|number| number.parse().ok()).collect();
        if let [allocations, bytes, rows] = numbers[..] {
            figures.push((what.to_owned(), [allocations, bytes, rows]));
        }
    }
    figures
}

#[test]
fn a_page_costs_the_same_however_much_there_is() {
    let (some, many) = (measured(SOME), measured(MANY));
    assert_eq!(some.len(), KEYFACTOR.len() + 2, "{some:?}");
    for ((what, few), (same, much)) in some.iter().zip(&many) {
        assert_eq!((what, few[2]), (same, much[2]), "as many rows");
        assert!(much[0] <= few[0] + few[0] / 50 + 20, "{what}: {} allocations, then {}", few[0], much[0]);
        // What is put in an order is gathered before: a reference to each row.
        let gathered = if what.contains("order") || what == "stores" { MOST_FOR_ORDER * (MANY - SOME) } else { 0 };
        let most = few[1] + few[1] / 50 + 100_000 + gathered;
        assert!(much[1] <= most, "{what}: {} bytes, then {}", few[1], much[1]);
    }
}
