//! The guide's tables of what the fakes do are held against the fakes: their calls, fields, orders, prefixes and modes.

use std::collections::BTreeSet;

use clm::testing::{AppViewXCall, FakeKeyfactor, KeyfactorCall};

use crate::support::fake_keyfactor::get;

const PAGE: &str = include_str!("../../src/guide/fakes.md");

/// Other spellings of calls, which the fake's own list of them leaves out.
const OTHER_SPELLINGS: [&str; 2] = ["PUT /certificate/action", "POST /acctmgmt-perform-login"];

/// The kinds of evidence. Versions and other words may follow.
const EVIDENCE: [&str; 7] =
    ["documented", "recorded", "vendor's code", "inferred", "else inferred", "assumed", "invented"];

/// The rows below a heading of the first rank, without the tables' own heads.
fn rows(vendor: &str) -> Vec<Vec<&'static str>> {
    let part = PAGE.split("\n# ").find(|part| part.starts_with(vendor)).unwrap();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let rows = rows.map(|row| row.split(" | ").collect::<Vec<_>>());
    rows.filter(|row| row.last() != Some(&"evidence")).collect()
}

/// What stands between backquotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn is_call(cell: &str) -> bool {
    ["`GET /", "`POST /", "`PUT /"].iter().any(|start| cell.starts_with(start))
}

/// The calls that have rows.
fn calls_in(rows: &[Vec<&'static str>]) -> BTreeSet<String> {
    let cells = rows.iter().filter(|row| is_call(row[0])).flat_map(|row| quoted(row[0]));
    cells.map(str::to_owned).collect()
}

#[test]
fn every_call_has_a_row_and_no_other_call_has_one() {
    let named = |method: &http::Method, path: &str| format!("{method} {path}");
    let of_keyfactor = KeyfactorCall::ALL.iter().map(|call| named(&call.method(), call.path()));
    assert_eq!(calls_in(&rows("Keyfactor Command")), of_keyfactor.collect());
    let of_appviewx = AppViewXCall::ALL.iter().map(|call| named(&call.method(), call.path()));
    assert_eq!(calls_in(&rows("AppViewX")), of_appviewx.chain(OTHER_SPELLINGS.map(str::to_owned)).collect());
}

#[test]
fn every_row_names_its_evidence() {
    for vendor in ["Keyfactor Command", "AppViewX"] {
        let rows = rows(vendor);
        assert!(rows.len() > 60, "{vendor} has {} rows", rows.len());
        for row in &rows {
            let cells = if is_call(row[0]) || row[0].starts_with("[`") && row.len() > 2 { 3 } else { 2 };
            assert_eq!(row.len(), cells, "{row:?}");
            for evidence in row.last().unwrap().split(", ") {
                assert!(EVIDENCE.iter().any(|known| evidence.starts_with(known)), "{evidence:?} in {row:?}");
            }
        }
        let distinct: BTreeSet<_> = rows.iter().collect();
        assert_eq!(distinct.len(), rows.len(), "a row stands twice");
    }
}

/// The names that rows of a list name after these words.
fn named_after(words: &str, call: &str) -> Vec<&'static str> {
    let rows = rows("Keyfactor Command");
    let of_call = rows.into_iter().filter(|row| is_call(row[0]) && quoted(row[0]).contains(&call));
    of_call.filter(|row| row[1].starts_with(words)).flat_map(|row| quoted(row[1])).collect()
}

#[tokio::test]
async fn the_fields_orders_and_prefixes_of_lists_are_those_of_the_fake() {
    let fake = FakeKeyfactor::start().await;
    let (one, other) = (fake.add_store(), fake.add_store());
    fake.add_certificate(one, "a");
    fake.add_certificate(one, "b");
    fake.set_store(other, |it| it.store_type(7, "Other"));
    let inventory = format!("CertificateStores/{one}/Inventory");
    for (call, path, fields, sorts) in [
        ("GET /Certificates", "Certificates", 12, 4),
        ("GET /CertificateStores", "CertificateStores", 14, 3),
        ("GET /CertificateStores/{id}/Inventory", &*inventory, 0, 1),
        ("GET /CertificateStoreTypes", "CertificateStoreTypes", 3, 2),
        ("GET /OrchestratorJobs/JobHistory", "OrchestratorJobs/JobHistory", 10, 2),
        ("GET /OrchestratorJobs/ScheduledJobs", "OrchestratorJobs/ScheduledJobs", 6, 3),
    ] {
        let (named_fields, named_sorts) = (named_after("fields ", call), named_after("sorts by ", call));
        assert_eq!((named_fields.len(), named_sorts.len()), (fields, sorts), "{call}");
        for (name, query) in named_fields
            .into_iter()
            .map(|name| (name, format!("QueryString={name} -ne NULL")))
            .chain(named_sorts.into_iter().map(|name| (name, format!("SortField={name}"))))
        {
            assert_eq!(get(&fake, &format!("{path}?{query}")).await.status, 200, "{name} of {call}");
        }
        let prefixes = named_after("the prefix ", call);
        assert_eq!(prefixes.len(), 1, "{call}");
        let answer = get(&fake, &format!("{path}?{}.pageReturned=0", prefixes[0])).await;
        assert_eq!(answer.status, 400, "{} is not the prefix of {call}", prefixes[0]);
    }
}

#[test]
fn every_mode_has_a_row() {
    let keyfactor = include_str!("../../src/testing/keyfactor/traps.rs");
    let modes = keyfactor.lines().filter_map(|line| line.trim().strip_prefix("pub fn ")?.split('(').next());
    let modes: Vec<&str> = modes.collect();
    assert!(modes.len() > 14, "{modes:?}");
    let appviewx = include_str!("../../src/testing/appviewx/snapshot.rs");
    let of_appviewx = appviewx.lines().filter_map(|line| line.trim().strip_prefix("(\"")?.split_once("\", self."));
    let of_appviewx: Vec<&str> = of_appviewx.map(|(name, _)| name).collect();
    assert!(of_appviewx.len() > 5, "{of_appviewx:?}");
    for (vendor, fake, modes) in
        [("Keyfactor Command", "FakeKeyfactor", modes), ("AppViewX", "FakeAppViewX", of_appviewx)]
    {
        let rows = rows(vendor);
        for mode in modes {
            let link = format!("[`{mode}`](crate::testing::{fake}::{mode})");
            assert!(rows.iter().any(|row| row[0] == link), "{mode} has no row");
        }
    }
}
