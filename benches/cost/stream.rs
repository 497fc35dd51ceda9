//! Reads a million rows of job history. This one is timed, so it is not part of `cargo bench` without arguments:
//! `cargo bench -- rows`.

use std::time::Instant;

use clm::keyfactor::{Client, Credentials, Query};
use tokio::runtime::Builder;

use crate::server::Server;

const ROWS: usize = 1_000_000;
const PAGE: u32 = 1_000;

pub fn read_rows() {
    let server = Server::start().expect("a server");
    let base = format!("{}/{PAGE}/KeyfactorAPI", server.origin);
    let credentials = Credentials::basic("svc", "password");
    let client = Client::builder(base).credentials(credentials).build().expect("a client");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let begun = Instant::now();
    runtime.block_on(async {
        let mut rows = client.orchestrator_jobs().history(Query::all()).page_size(PAGE).rows().expect("a list");
        for _ in 0..ROWS {
            rows.next().await.expect("another row").expect("a row that can be read");
        }
    });
    let seconds = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name| status.lines().find_map(|line: &str| line.strip_prefix(name)).unwrap_or("unknown").trim();
    println!("{ROWS} rows in {seconds:.1} s: {:.0} a second; memory at most {}", ROWS as f64 / seconds, of("VmHWM:"));
}
