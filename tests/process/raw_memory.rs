//! What a large answer to a raw call costs in memory, whatever it holds.
//!
//! Whoever reads is a process of its own, so that neither the other tests nor the server count. It is this program, started
//! again with a role.

use std::io::{self, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

use crate::resident::peak_kib;
use crate::support::{no_start, reply};
use clm::http::Method;
use clm::{RawEffect, appviewx, keyfactor};

const MEBIBYTE: usize = 1024 * 1024;
const ROLE: &str = "CLM_TEST_RAW_MEMORY_ROLE";
const SAYS: &str = "clm-raw-memory: ";
/// What the process has without an answer is some 20 MiB; the body is there once as bytes, and may be there once more while it
/// is put together.
const LIMIT: usize = 64 * MEBIBYTE;

/// A body of some 12 MiB.
fn body(kind: &str) -> String {
    let zeros = "0,".repeat(12 * MEBIBYTE / 2);
    match kind {
        "zeros" => format!("[{zeros}0]"),
        "success" => format!(r#"{{"response": [{zeros}0], "appStatusCode": null}}"#),
        "failure" => format!(r#"{{"response": [{zeros}0], "appStatusCode": "AVX_GW_005"}}"#),
        "members" => format!("{{{}\"message\": null}}", r#""":0,"#.repeat(12 * MEBIBYTE / 5)),
        "nested" => "[".repeat(12 * MEBIBYTE),
        _ => panic!("{kind}"),
    }
}

/// Serves one body to any number of connections, one after the other.
fn serve(body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let whole = reply(200, "content-type: application/json\r\n", body);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            let _ = io::Read::read(&mut stream, &mut head);
            let _ = stream.write_all(&whole);
        }
    });
    origin
}

#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let (vendor, origin) = role.split_once(' ').unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        if vendor == "keyfactor" {
            let credentials = keyfactor::Credentials::basic("svc-clm", "password");
            let client = keyfactor::Client::builder(origin).credentials(credentials).build().unwrap();
            ended(&client.raw(Method::GET, "a").read().await)
        } else {
            let credentials = appviewx::Credentials::session_id("session");
            let client = appviewx::Client::builder(origin).credentials(credentials).build().unwrap();
            ended(&client.raw(Method::POST, "a").effect(RawEffect::Read).read().await)
        }
    });
    println!("{SAYS}{ended} {}", peak_kib());
}

fn ended<V: clm::Vendor>(result: &Result<serde_json::Value, clm::Error<V>>) -> &'static str {
    match result {
        Ok(_) => "Ok",
        Err(clm::Error::Decode(_)) => "Decode",
        Err(clm::Error::Api(_)) => "Api",
        Err(_) => "other",
    }
}

#[test]
fn a_large_answer_of_any_shape_takes_a_few_times_its_size() {
    for (vendor, kind, expected) in [
        ("keyfactor", "zeros", "Decode"),
        ("keyfactor", "members", "Decode"),
        ("keyfactor", "nested", "Decode"),
        ("appviewx", "zeros", "Decode"),
        ("appviewx", "success", "Decode"),
        ("appviewx", "members", "Decode"),
        ("appviewx", "failure", "Api"),
    ] {
        let origin = serve(&body(kind));
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["raw_memory::plays_its_role", "--exact", "--nocapture"]).env(ROLE, format!("{vendor} {origin}"));
        let child = {
            let _alone = no_start();
            command.stdout(Stdio::piped()).spawn().unwrap()
        };
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let said = text.lines().find_map(|line| Some(line.split_once(SAYS)?.1)).unwrap_or_else(|| panic!("{text}"));
        let (ended, kilobytes) = said.split_once(' ').unwrap();
        let peak = kilobytes.parse::<usize>().unwrap() * 1024;
        // Not by `eprintln!`: the figure is worth seeing when the test passes.
        let figure =
            format!("raw call, {vendor}, 12 MiB of {kind}: {ended}, at most {} MiB resident\n", peak / MEBIBYTE);
        io::stderr().write_all(figure.as_bytes()).unwrap();
        assert_eq!(ended, expected, "{vendor}: {kind}");
        assert!(peak < LIMIT, "{vendor}: {kind}: {} MiB", peak / MEBIBYTE);
    }
}
