//! A nightly job without an asynchronous runtime: removes a list of certificates from all certificate stores, and writes a
//! report.
//!
//! ```text
//! cargo run --example nightly -- thumbprints.csv report.csv plan.json
//! ```
//!
//! The list is a CSV file with a column `thumbprint` and an optional column `change`, which becomes the audit note. The client
//! is configured by the variables of the vendor's own tools (`KEYFACTOR_HOSTNAME`, …). `offboard --undo plan.json` puts the
//! certificates back. The exit code is 0 only if every certificate of the list is confirmed to be gone from every location.

use std::error::Error;
use std::fs::File;
use std::io::{Read, Write};
use std::process::ExitCode;

use clm::blocking::{Wait, WaitEach};
use clm::keyfactor::{Client, ClientBuilder, RemovalPlan, Schedule, Thumbprint};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            match error.downcast_ref::<clm::keyfactor::Error>() {
                Some(error) => eprintln!("{}", error.report()),
                None => eprintln!("{error}"),
            }
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, report, plan] = arguments.as_slice() else {
        return Err("usage: nightly LIST.csv REPORT.csv PLAN.json".into());
    };
    let keyfactor = ClientBuilder::from_env()?.build()?;
    let list = read_list(File::open(list)?)?;
    // Create both files before the first change: if they cannot be written, nothing is removed.
    offboard(&keyfactor, &list, File::create_new(plan)?, File::create_new(report)?)
}

/// The certificates to remove, and the changes that they belong to.
struct List {
    thumbprints: Vec<Thumbprint>,
    changes: Vec<String>,
}

fn read_list(file: impl Read) -> Result<List> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let headers = reader.headers()?.clone();
    let column = |name: &str| headers.iter().position(|header| header.eq_ignore_ascii_case(name));
    let thumbprint = column("thumbprint").ok_or("the list has no column `thumbprint`")?;
    let change = column("change");
    let mut list = List { thumbprints: Vec::new(), changes: Vec::new() };
    for row in reader.records() {
        let row = row?;
        list.thumbprints.push(row.get(thumbprint).unwrap_or_default().into());
        let change = change.and_then(|column| row.get(column)).filter(|change| !change.is_empty());
        list.changes.extend(change.map(str::to_owned));
    }
    list.changes.dedup();
    Ok(list)
}

/// Returns whether every certificate is confirmed to be gone from every location.
fn offboard(keyfactor: &Client, list: &List, plan_file: impl Write, report_file: impl Write) -> Result<bool> {
    let (stores, jobs) = (keyfactor.certificate_stores(), keyfactor.orchestrator_jobs());
    let plan = stores.plan_removal_of(list.thumbprints.clone()).send().wait()?;
    plan.write_to(plan_file)?;
    if !jobs.can_follow().wait()? {
        return Err("this account may not read jobs; nothing was removed".into());
    }

    // One call for each location, so that a refusal of one does not affect the others.
    let mut removal = stores.remove(&plan, Schedule::Immediate).accept_omissions();
    if !list.changes.is_empty() {
        removal = removal.audit_note(list.changes.join(", "));
    }
    let mut sent = Vec::new();
    let mut job_ids = Vec::new();
    for outcome in removal.one_job_per_location().start()?.wait_each() {
        let ids = outcome.answer.iter().flat_map(|answer| answer.job_ids());
        for id in ids {
            println!("job {id}: {}", outcome.item);
            job_ids.push(*id);
        }
        sent.push(outcome);
    }

    let report = jobs.watch(&job_ids).finish().wait()?;
    let confirmation = stores.confirm_removed(plan.locations()).was_listed().send().wait()?;
    let ended = sent.iter().map(|outcome| outcome.with(&report).progress.to_string());
    let gone = confirmation.locations().iter().map(|it| it.verdict.to_string());
    write_report(&plan, ended.zip(gone), report_file)?;
    Ok(plan.omitted.is_empty() && confirmation.all_gone())
}

fn write_report(plan: &RemovalPlan, ended: impl Iterator<Item = (String, String)>, file: impl Write) -> Result<()> {
    let mut report = csv::Writer::from_writer(file);
    report.write_record(["thumbprint", "machine", "path", "alias", "job", "certificate"])?;
    for (place, (job, certificate)) in plan.removals.iter().zip(ended) {
        let machine = place.store_machine.as_deref().unwrap_or_default();
        let path = place.store_path.as_deref().unwrap_or_default();
        report.write_record([place.thumbprint.as_str(), machine, path, &place.alias, &job, &certificate])?;
    }
    for left_out in &plan.omitted {
        let machine = left_out.store_machine.as_deref().unwrap_or_default();
        let path = left_out.store_path.as_deref().unwrap_or_default();
        let alias = left_out.alias.as_deref().unwrap_or_default();
        report.write_record([left_out.thumbprint.as_str(), machine, path, alias, "", &left_out.why.to_string()])?;
    }
    Ok(report.flush()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clm::testing::{FakeCertificate, FakeKeyfactor, FakeOrchestrator};

    #[test]
    fn a_list_is_removed_and_unknown_certificates_are_reported() {
        let fake = FakeKeyfactor::start().wait();
        fake.orchestrator(FakeOrchestrator::new().after_polls(0));
        let store = fake.add_store();
        let certificate = fake.issue(FakeCertificate::new("www.example.com"));
        fake.put(store, "www.pfx", certificate);
        let known = fake.thumbprint(certificate);
        let unknown = "00112233445566778899AABBCCDDEEFF00112233";
        let list = format!("Change, Thumbprint\nCHG-1, {known}\nCHG-1, {unknown}\n");

        let list = read_list(list.as_bytes()).unwrap();
        assert_eq!(list.changes, ["CHG-1"]);
        let (mut plan, mut report) = (Vec::new(), Vec::new());
        let all_gone = offboard(&fake.client(), &list, &mut plan, &mut report).unwrap();

        assert!(!all_gone, "one of the two is unknown");
        assert!(fake.aliases(store).is_empty());
        let report = String::from_utf8(report).unwrap();
        let [header, done, left_out] = report.lines().collect::<Vec<_>>()[..] else { panic!("{report}") };
        assert_eq!(header, "thumbprint,machine,path,alias,job,certificate");
        assert!(done.starts_with(known.as_str()) && done.contains(",www.pfx,") && done.ends_with(",gone"), "{done}");
        assert!(left_out.starts_with(unknown), "{left_out}");
        assert_eq!(RemovalPlan::from_json(&plan).unwrap().removals.len(), 1);
    }

    #[test]
    fn a_list_needs_no_changes() {
        let fake = FakeKeyfactor::start().wait();
        fake.orchestrator(FakeOrchestrator::new().after_polls(0));
        let store = fake.add_store();
        let certificate = fake.issue(FakeCertificate::new("www.example.com"));
        fake.put(store, "www.pfx", certificate);
        let list = read_list(format!("thumbprint\n{}\n", fake.thumbprint(certificate)).as_bytes()).unwrap();
        assert!(offboard(&fake.client(), &list, Vec::new(), Vec::new()).unwrap());
        assert!(fake.aliases(store).is_empty());
    }

    #[test]
    fn an_invalid_list_is_refused_before_anything_is_sent() {
        let said = read_list("serial\n1\n".as_bytes()).err().unwrap().to_string();
        assert_eq!(said, "the list has no column `thumbprint`");

        let fake = FakeKeyfactor::start().wait();
        let list = read_list("thumbprint\nxyz\n".as_bytes()).unwrap();
        let refused = offboard(&fake.client(), &list, Vec::new(), Vec::new()).unwrap_err();
        assert!(refused.to_string().contains("thumbprints[0]"), "{refused}");
        assert!(fake.requests().is_empty());
    }
}
